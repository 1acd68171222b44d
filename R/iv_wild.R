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
#' and `t*` the statistic `(b* - beta) / se*` of the same estimator with clustered errors. The sums by cluster are
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
#' @param fit A fit of [iv_reg()] or [iv_fit()] of estimator `"2sls"` with one endogenous variable, or `"ols"`.
#' @param term Whose effect: in a 2SLS fit the endogenous variable (the default), in OLS any regressor.
#' @param beta The effect tested.
#' @param cluster Clusters in one way, as in [iv_reg()]; `NULL` is those of the fit.
#' @param weights `"rademacher"` (1 or -1), `"webb"` (six points) or `"mammen"` (two points, skewed).
#' @param reps Draws, at least 99.
#' @param level Confidence level of the set; `NULL`: no set.
#' @param seed Whole number; `NULL` draws one from R's generator, so that `set.seed()` works.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame with one row per piece of the set and columns `term`, `beta`, `estimate`, `std.error` (clustered),
#'   `statistic` (`t` against `beta`), `p.value`, `ci_type`, `lo`, `up`, `level` (as in [weakiv_set()]), `clusters`,
#'   `weights`, `reps` (draws made), `exact`.
#' @section Missing values: the set is `NA` with `level = NULL`.
#' @section Errors: `latentmr_error_argument` for other estimators, several endogenous variables, clusters in several
#'   ways or none; `latentmr_error_singular` where the scores of all clusters are zero.
#' @references Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90:414. Davidson and MacKinnon
#'   (2010), JBES 28:128. Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19:4. Webb (2023), Canadian
#'   Journal of Economics 56:839. Mammen (1993), Annals of Statistics 21:255. MacKinnon and Webb (2018), Econometrics
#'   Journal 21:114.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars, cluster = ~carb)
#' wild_test(fit, beta = -3)
#' wild_test(iv_reg(mpg ~ hp + wt, data = mtcars, estimator = "ols"), "hp", cluster = ~carb, weights = "webb", seed = 1)
#' @export
wild_test <- function(fit, term = NULL, beta = 0, cluster = NULL, weights = "rademacher", reps = 9999, level = 0.95,
                      seed = NULL, ...) {
  check_given("fit")
  check_dots(...)
  if (!inherits(fit, "iv_reg")) abort_argument("fit", "a fit of iv_reg() or iv_fit()", describe(fit))
  check_made(fit)
  check_number(beta, "beta")
  check_choice(weights, "weights", names(wild_weights))
  check_number(reps, "reps", min = 99, max = 1e7, whole = TRUE)
  if (!is.null(level)) check_number(level, "level", 0, 1, open = TRUE)
  term <- wild_term(fit, term)
  object <- wild_object(fit, cluster)
  seed <- draw_seed(seed)
  boot <- wild_boot(wild_factor(fit, term), object$cluster, weights, reps, seed)
  estimate <- object$coefficients[[term]]
  se <- sqrt(object$vcov[term, term])
  test <- boot$test(beta)
  set <- data.frame(ci_type = NA_character_, lo = NA_real_, up = NA_real_, level = NA_real_)
  if (!is.null(level)) set <- wild_set(function(b) boot$test(b)$p, estimate, se, level)
  factor <- small_sample("cluster", object$nobs, object$rank, object$cluster$count)
  data.frame(
    term = term, beta = beta, estimate = estimate, std.error = se, statistic = test$t / sqrt(factor), p.value = test$p,
    set, clusters = object$cluster$count, weights = weights, reps = boot$draws, exact = boot$exact, row.names = NULL
  )
}

wild_weights <- c(rademacher = 0L, webb = 1L, mammen = 2L)

wild_term <- function(fit, term) {
  if (!(fit$estimator %in% c("2sls", "ols"))) {
    abort_argument("fit", "of estimator \"2sls\" or \"ols\"", sprintf("of \"%s\"", fit$estimator))
  }
  if (fit$estimator == "2sls") {
    known <- endogenous_kept(fit)
    if (length(known) > 1) {
      abort_argument("fit", "one with one endogenous variable", sprintf("one with %d", length(known)))
    }
  } else {
    known <- names(fit$coefficients)[!is.na(fit$coefficients)]
  }
  if (is.null(term)) {
    inner <- setdiff(known, "(Intercept)")
    if (length(inner) == 1) return(inner)
  }
  check_choice(term, "term", known)
  term
}

# The fit with clustered errors.
wild_object <- function(fit, cluster) {
  if (is.null(cluster) && is.null(fit$cluster)) {
    abort_argument(
      "cluster", "given for a fit without clusters", "NULL", hint = "`cluster` takes ~ family, as in iv_reg()."
    )
  }
  cluster <- if (is.null(cluster)) fit$cluster else iv_cluster(fit_cluster(fit, cluster), fit$n, fit$engine$f$rows$root)
  check_one_way(cluster, "the wild bootstrap")
  iv_with_vcov(fit, "cluster", cluster)
}

# The factor of the equation; least squares is that of x as its own instrument.
wild_factor <- function(fit, term) {
  f <- fit$engine$f
  if (fit$estimator == "2sls") return(f)
  rows <- f$rows
  columns <- c(column_list(rows$x)[rows$keep_x], column_list(rows$w)[rows$keep_w])
  names <- c(rows$names$x[rows$keep_x], rows$names$w[rows$keep_w])
  own <- names == term
  new <- list(y = rows$y, x = columns[own], z = columns[own], w = if (!all(own)) columns[!own], root = NULL)
  new["root"] <- list(rows$root)
  iv_factor(new, forced = 2L, f$tol)
}

# test(b): t (without small-sample factor) and p-value of each effect; with `drawn` every t* too.
wild_boot <- function(f, cluster, weights, reps, seed, drawn = FALSE) {
  sums <- .Call(C_ffi_iv_wild_sums, f$rows, f$r, cluster$index, as.integer(cluster$count), cpu_level())
  exact <- weights == "rademacher" && 2^cluster$count <= reps
  draws <- as.integer(if (exact) 2^cluster$count else reps)
  options <- list(K = f$K, kind = if (exact) 3L else wild_weights[[weights]], seed = seed, draws = draws)
  options$drawn <- as.integer(drawn)
  test <- function(b) {
    out <- .Call(C_ffi_iv_wild, sums, as.double(b), wild_first_stage(f, b), options)
    list(t = out$t, p = if (exact) out$beyond / draws else (1 + out$beyond) / (1 + draws), drawn = out$drawn)
  }
  list(test = test, draws = draws, exact = exact)
}

# pi of the header for each effect: what the instruments explain of x given the error under it.
wild_first_stage <- function(f, b) {
  x <- f$r[f$Z, f$X]
  y <- f$r[f$Z, f$Y]
  left <- f$r[f$X, f$X]
  pi <- vapply(b, function(b) {
    e <- c(f$r[f$X, f$Y] - b * left, f$r[f$Y, f$Y])
    x - (y - b * x) * e[1] * left / sum(e^2)
  }, numeric(f$L))
  matrix(pi, f$L)
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
