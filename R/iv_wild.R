# The wild cluster bootstrap (src/core/iv/iv_wild.h): front, and confidence sets by inversion.

#' Wild cluster bootstrap
#'
#' A test of one effect, and its confidence set, for errors that depend within few or unequal clusters, where
#' [vcov()] of type `"cluster"` rejects too often: the t statistic is compared with those of data made again by signs
#' (weights) drawn for whole clusters, the effect tested imposed on them.
#'
#' @details
#' Least squares: the restricted wild cluster bootstrap (Cameron, Gelbach and Miller 2008). Two-stage least squares: the
#' wild restricted efficient bootstrap (Davidson and MacKinnon 2010) with clusters (Roodman, MacKinnon, Nielsen and Webb
#' 2019). With `e = y - x beta` after the covariates and `x = Z pi + e delta + v` (the efficient first stage under the
#' null), a draw is
#'
#' `x* = Z pi + u_g (x - Z pi)`, `y* = x* beta + u_g e`, with one `u_g` for each cluster,
#'
#' and `t*` the statistic `(b* - beta) / se*` of the same estimator with clustered errors. LIML and Fuller (Davidson and
#' MacKinnon 2010, section 2) have their own `kappa` in every draw, and clustered errors with Stata's middle
#' (`meat = "projected"` of [iv_fit()]), whatever that of the fit. With several endogenous
#' variables the hypothesis is on one effect: the others are those of the same estimator given it, and every
#' endogenous variable has its efficient first stage and is drawn with the same `u_g`. An exogenous regressor is its own
#' instrument. With clusters in several ways the errors of every draw are clustered in all of them, and the draws
#' are by one (`by`; Roodman et al. 2019, section 3; MacKinnon, Nielsen and Webb 2021); a draw whose variance is not
#' above zero, which happens with these, counts as no evidence against the effect. The sums by cluster are
#' enough for all draws: people are read once. `p.value` is `(1 + #(|t*| >= |t|)) / (1 + reps)`; where all `2^G` signs of
#' `"rademacher"` are no more than `reps`, each of them is taken once, nothing is random (`exact`), and it is their share
#' with `|t*| >= |t|`. (Stata's boottest counts `|t*| > |t|` over `reps`.)
#'
#' The set has the effects whose p-value is not below `1 - level`, with the same draws for every effect: 41 effects as the
#' tangent of equal angles around the estimate, up to 50 errors from it, and 10,000 errors away; its ends by bisection
#' to a millionth of the error.
#'
#' With `G` clusters there are `2^G` signs, so that with five clusters no p-value below 1/16 exists for least squares;
#' `weights = "webb"` has `6^G` (Webb 2023). Very few treated clusters remain a problem (MacKinnon and Webb 2018).
#'
#' @param fit A fit of [iv_reg()] or [iv_fit()] of estimator `"2sls"`, `"liml"`, `"fuller"` or `"ols"`.
#' @param term Whose effect: any regressor; the default is the endogenous variable where there is one.
#' @param beta The effect tested.
#' @param cluster Clusters, as in [iv_reg()]; `NULL` is those of the fit.
#' @param weights `"rademacher"` (1 or -1), `"webb"` (six points) or `"mammen"` (two points, skewed).
#' @param reps Draws, at least 99.
#' @param level Confidence level of the set; `NULL`: no set.
#' @param seed Whole number; `NULL` draws one from R's generator, so that `set.seed()` works.
#' @param by With clusters in several ways, the name or place of the one that the draws are by; `NULL`: the one with
#'   the fewest clusters.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame with one row per piece of the set and columns `term`, `beta`, `estimate`, `std.error` (clustered),
#'   `statistic` (`t` against `beta`), `p.value`, `ci_type`, `lo`, `up`, `level` (as in [weakiv_set()]), `clusters` (drawn),
#'   `weights`, `reps` (draws made), `exact`.
#' @section Missing values: the set is `NA` with `level = NULL`.
#' @section Errors: `latentmr_error_argument` for other estimators or no clusters; `latentmr_error_singular` where the variance by clusters is not above zero.
#' @references Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90:414. Davidson and MacKinnon
#'   (2010), JBES 28:128. Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19:4. Webb (2023), Canadian
#'   Journal of Economics 56:839. Mammen (1993), Annals of Statistics 21:255. MacKinnon and Webb (2018), Econometrics
#'   Journal 21:114. MacKinnon, Nielsen and Webb (2021), JBES 39:505.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars, cluster = ~carb)
#' wild_test(fit, beta = -3)
#' wild_test(iv_reg(mpg ~ hp + wt, data = mtcars, estimator = "ols"), "hp", cluster = ~carb, weights = "webb", seed = 1)
#' @export
wild_test <- function(fit, term = NULL, beta = 0, cluster = NULL, weights = "rademacher", reps = 9999, level = 0.95,
                      seed = NULL, by = NULL, ...) {
  check_dots(...)
  check_given("fit")
  if (!inherits(fit, "iv_reg")) abort_argument("fit", "a fit of iv_reg() or iv_fit()", describe(fit))
  check_made(fit)
  check_number(beta, "beta")
  check_choice(weights, "weights", names(wild_weights))
  check_number(reps, "reps", min = 99, max = 1e7, whole = TRUE)
  if (!is.null(level)) check_number(level, "level", 0, 1, open = TRUE)
  term <- wild_term(fit, term)
  object <- wild_object(fit, cluster)
  seed <- draw_seed(seed)
  boot <- wild_boot(
    wild_factor(fit, term), object$cluster, weights, reps, seed,
    by = wild_by(by, object$cluster), shift = wild_shift(fit)
  )
  estimate <- object$coefficients[[term]]
  se <- sqrt(object$vcov[term, term])
  test <- boot$test(beta)
  set <- data.frame(ci_type = NA_character_, lo = NA_real_, up = NA_real_, level = NA_real_)
  if (!is.null(level)) set <- wild_set(function(b) boot$test(b)$p, estimate, se, level)
  factor <- small_sample("cluster", object$nobs, object$rank, object$cluster$count)
  data.frame(
    term = term, beta = beta, estimate = estimate, std.error = se, statistic = test$t / sqrt(factor), p.value = test$p,
    set, clusters = boot$groups, weights = weights, reps = boot$draws, exact = boot$exact, row.names = NULL
  )
}

wild_weights <- c(rademacher = 0L, webb = 1L, mammen = 2L)

wild_term <- function(fit, term) {
  if (!(fit$estimator %in% c("2sls", "liml", "fuller", "ols"))) {
    abort_argument(
      "fit", "of estimator \"2sls\", \"liml\", \"fuller\" or \"ols\"", sprintf("of \"%s\"", fit$estimator),
      hint = "The bootstrap draws statistics of these; weakiv_set(fit, cluster = ) does not hang on the estimator."
    )
  }
  known <- names(fit$coefficients)[!is.na(fit$coefficients)]
  if (is.null(term)) {
    inner <- if (fit$estimator != "ols") endogenous_kept(fit) else setdiff(known, "(Intercept)")
    if (length(inner) == 1) return(inner)
  }
  check_choice(term, "term", known)
  term
}

# What is taken from LIML's kappa; NULL: two-stage least squares.
wild_shift <- function(fit) {
  switch(fit$estimator, liml = 0, fuller = kclass_liml(factor_moments(fit$engine$f)) - fit$kappa, NULL)
}

# The fit with clustered errors, for LIML with the middle of two-stage least squares.
wild_object <- function(fit, cluster) {
  if (is.null(cluster) && is.null(fit$cluster)) {
    abort_argument(
      "cluster", "given for a fit without clusters", "NULL", hint = "`cluster` takes ~ family, as in iv_reg()."
    )
  }
  cluster <- if (is.null(cluster)) fit$cluster else iv_cluster(fit_cluster(fit, cluster), fit$n, fit$engine$f$rows$root)
  if (!is.null(wild_shift(fit))) {
    fit$engine$meat <- "projected"
    fit$vcov_type <- "iid" # that of the fit may have the other middle
  }
  iv_with_vcov(fit, "cluster", cluster)
}

# The factor of the equation with `term` among its x, and where (`of`): an exogenous regressor is its own instrument.
wild_factor <- function(fit, term) {
  f <- fit$engine$f
  rows <- f$rows
  at <- match(term, rows$names$x[rows$keep_x])
  if (fit$estimator != "ols" && !is.na(at)) return(c(f, list(of = at)))
  x <- column_list(rows$x)[rows$keep_x]
  w <- column_list(rows$w)[rows$keep_w]
  own <- rows$names$w[rows$keep_w] == term
  z <- if (fit$estimator != "ols") column_list(rows$z)[rows$keep_z]
  new <- list(y = rows$y, x = c(w[own], x), z = c(w[own], z), w = if (!all(own)) w[!own], root = NULL)
  if (fit$estimator == "ols") {
    columns <- c(x, w)
    own <- c(rows$names$x[rows$keep_x], rows$names$w[rows$keep_w]) == term
    new <- list(y = rows$y, x = columns[own], z = columns[own], w = if (!all(own)) columns[!own], root = NULL)
  }
  new["root"] <- list(rows$root)
  c(iv_factor(new, forced = length(new$x) + 1L, f$tol), list(of = 1L))
}

# Cells of the clusters in all ways, and where each lies: in a group of the draws, in a cluster of every way.
wild_cells <- function(cluster, by = 1L) {
  ways <- cluster$ways
  if (is.null(ways)) ways <- list(c(cluster, sign = 1))
  cells <- ways[[length(ways)]]
  first <- match(seq_len(cells$count) - 1L, cells$index)
  each <- lapply(ways, function(way) list(of = way$index[first], count = way$count, sign = as.double(way$sign)))
  list(cells = cells, by = list(group = each[[by]]$of, groups = each[[by]]$count, ways = each))
}

# Which grouping the draws are by: its place; the one of fewest clusters.
wild_by <- function(by, cluster) {
  counts <- if (is.null(cluster$ways)) cluster$count else cluster$counts
  if (is.null(by)) return(which.min(counts))
  at <- if (is.character(by)) match(by, cluster$names) else if (is.numeric(by) && !is.object(by)) by
  if (length(at) == 1 && at %in% seq_along(counts)) return(as.integer(at))
  if (length(counts) == 1) abort_argument("by", "NULL where people are clustered in one way", describe(by))
  known <- if (is.null(cluster$names)) "" else paste0(", or among ", quote_all(cluster$names))
  abort_argument("by", sprintf("NULL, or the place of a grouping from 1 to %d%s", length(counts), known), describe(by))
}

# test(b): t (without small-sample factor) and p-value of each effect; with `drawn` every t* too.
wild_boot <- function(f, cluster, weights, reps, seed, drawn = FALSE, by = 1L, shift = NULL) {
  within <- wild_cells(cluster, by)
  sums <- .Call(C_ffi_iv_wild_sums, f$rows, f$r, within$cells$index, as.integer(within$cells$count), cpu_level())
  groups <- within$by$groups
  exact <- weights == "rademacher" && 2^groups <= reps
  draws <- as.integer(if (exact) 2^groups else reps)
  options <- list(
    K = f$K, L = f$L, of = f$of - 1L, kind = if (exact) 3L else wild_weights[[weights]], seed = seed, draws = draws,
    drawn = as.integer(drawn), shift = shift
  )
  test <- function(b) {
    null <- wild_null(f, b, shift)
    out <- .Call(C_ffi_iv_wild, sums, null$beta, null$pi, within$by, options)
    list(t = out$t, p = if (exact) out$beyond / draws else (1 + out$beyond) / (1 + draws), drawn = out$drawn)
  }
  list(test = test, draws = draws, exact = exact, groups = groups)
}

# The other effects by two-stage least squares, or LIML, given each effect b.
wild_others <- function(f, b, others, shift) {
  if (!is.null(shift)) {
    m <- factor_moments(f)
    return(vapply(b, function(one) {
      T <- diag(f$k + 1)[, c(1, 1 + others), drop = FALSE]
      T[1 + f$of, 1] <- -one
      given <- kclass_moments(crossprod(T, m$r0 %*% T), crossprod(T, m$r1 %*% T), f$n, f$L, f$K)
      kclass_fit(given, kclass_liml(given) - shift)$coefficients
    }, numeric(length(others))))
  }
  x <- f$r[f$Z, f$X, drop = FALSE]
  left <- f$r[f$Z, f$Y] - outer(x[, f$of], b)
  found <- qr.coef(qr(x[, others, drop = FALSE], LAPACK = FALSE, tol = f$tol), left)
  if (anyNA(found)) abort_first_stage(f, others)
  found
}

# beta and Pi of the header for each effect b: the other effects given b, and what the instruments explain of each x
# given the error under these.
wild_null <- function(f, b, shift = NULL) {
  x <- f$r[f$Z, f$X, drop = FALSE]
  y <- f$r[f$Z, f$Y]
  left <- f$r[f$X, f$X, drop = FALSE]
  others <- seq_len(f$k)[-f$of]
  beta <- matrix(0, f$k, length(b))
  beta[f$of, ] <- b
  if (length(others)) beta[others, ] <- wild_others(f, b, others, shift)
  pi <- vapply(seq_along(b), function(j) {
    e <- c(f$r[f$X, f$Y] - left %*% beta[, j], f$r[f$Y, f$Y])
    as.vector(x - outer(y - drop(x %*% beta[, j]), drop(e[seq_len(f$k)] %*% left)) / sum(e^2))
  }, numeric(f$L * f$k))
  list(beta = beta, pi = matrix(pi, f$L * f$k))
}

# Effects with a p-value of 1 - level or more.
wild_set <- function(p, estimate, se, level) {
  far <- c(tan(seq(-1, 1, length.out = 41) * atan(50)), 1e4)
  b <- estimate + se * c(-1e4, far)
  inside <- p(b) >= 1 - level
  change <- which(inside[-1] != inside[-length(b)])
  low <- b[change]
  high <- b[change + 1]
  enters <- inside[change + 1]
  while (length(change) && max(high - low) > 1e-6 * se) {
    middle <- (low + high) / 2
    after <- (p(middle) >= 1 - level) == enters
    if (all(middle == low | middle == high)) break
    high[after] <- middle[after]
    low[!after] <- middle[!after]
  }
  ends <- (low + high) / 2
  lo <- c(if (inside[1]) -Inf, ends[enters])
  up <- c(ends[!enters], if (inside[length(b)]) Inf)
  if (!length(lo)) return(data.frame(ci_type = "empty", lo = NA_real_, up = NA_real_, level = level))
  join_pieces(data.frame(lo = lo, up = up), data.frame(lo = numeric(), up = numeric()), level)
}
