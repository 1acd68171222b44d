#' How strong a violation of exclusion the result survives
#'
#' Instruments may have effects of their own on the outcome (pleiotropy). `plausibly_exogenous()` gives the union of
#' the confidence intervals over all direct effects within stated bounds (Conley, Hansen and Rossi 2012), and the
#' size of violation at which it reaches zero.
#'
#' With direct effects \eqn{\gamma} of the instruments Z (per unit, i.e. per allele), \eqn{y - Z\gamma} is an
#' outcome for which they are valid. Two-stage least squares (any k-class with fixed kappa) is linear in the
#' outcome: \deqn{b(\gamma) = b - a'\gamma, \quad v(\gamma) = (1, -\gamma')\,V\,(1, -\gamma')',} with a the effects
#' that it would find for each instrument as outcome, and V its covariance for the outcomes \eqn{(y, Z)}. The union
#' of \eqn{b(\gamma) \mp t\sqrt{v(\gamma)}} over the box of bounds has its ends in corners, all of which are looked
#' at for up to 16 instruments; with more, instruments are switched one at a time from the corner that moves b most,
#' until none helps. The union covers the effect with at least the stated probability if the direct effects are
#' within the bounds; it supposes nothing else about them, not that they balance out, and is therefore wide for many
#' variants.
#'
#' For fits of [latent_mr()] everything comes from the cross products of the fit (variants after the block C);
#' errors are classical, for Nagar's estimate times \eqn{\sqrt{\max(1, J/df)}}. For [iv_reg()] they are those of the
#' fit (`vcov`).
#'
#' @param fit A fit of [latent_mr()] with the linear encoder, or of [iv_reg()] or [iv_fit()] with estimator `"2sls"` or
#'   `"kclass"`.
#' @param gamma Largest direct effect of an instrument on the outcome, in units of the outcome per unit of the
#'   instrument (per counted allele): one
#'   number or one for each instrument, meaning \eqn{|\gamma_j| \le} `gamma`; or a matrix with two columns, lower and
#'   upper bounds.
#' @param level Confidence level.
#' @param method For `latent_mr`: `"latent_nagar"` or `"latent_2sls"`; `NULL` is Nagar's on genotypes, 2SLS on
#'   continuous instruments.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame of class `plausibly_exogenous`: `term`, `scale` (share of the bounds: 0 is exact exclusion, 1
#'   the bounds given), `b_min` and `b_max` (range of the estimates), `lo_ci` and `up_ci` (union of the intervals).
#'   Attributes: `tipping`, for each term the multiple of the bounds at which the union reaches zero (0 when the
#'   interval holds it without violation, `Inf` when no multiple up to a million does); `gamma`, a list with the
#'   direct effects behind both ends at scale 1.
#' @section Errors: `latentmr_error_argument` for an estimator that is not linear in the outcome and for wrong bounds.
#' @references Conley, Hansen and Rossi (2012), Review of Economics and Statistics 94:260.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp, data = mtcars)
#' plausibly_exogenous(fit, .01)
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' fit <- latent_mr(data, methods = "latent_2sls", by_environment = FALSE, seed = 1)
#' plausibly_exogenous(fit, .002)
#' @export
plausibly_exogenous <- function(fit, gamma, level = 0.95, ...) {
  check_given("fit")
  UseMethod("plausibly_exogenous")
}

#' @export
plausibly_exogenous.default <- function(fit, gamma, level = 0.95, ...) {
  abort_argument("fit", "a fit of latent_mr() with one exposure, of iv_reg() or of iv_fit()", describe(fit))
}

#' @rdname plausibly_exogenous
#' @export
plausibly_exogenous.latent_mr <- function(fit, gamma, level = 0.95, method = NULL, ...) {
  check_dots(...)
  check_made(fit)
  need_one_exposure(fit, "The union of intervals")
  need_linear(fit, "fit")
  check_number(level, "level", 0, 1, open = TRUE)
  if (is.null(method)) method <- if (fit$kind == "continuous") "latent_2sls" else "latent_nagar"
  check_choice(method, "method", c("latent_nagar", "latent_2sls"))
  box <- gamma_bounds(if (!missing(gamma)) gamma, fit$variants$snp)
  violation_table(
    list(latent_violation(fit, method, level)), box, fit$exposure, level, fit$outcome,
    if (fit$kind == "continuous") "instruments" else "variants"
  )
}

# b, a, V and the quantile, from cross products. M_ZC takes all of Z out, so that the
# instruments as outcomes have no noise of their own.
latent_violation <- function(fit, method, level) {
  m <- fit$latent$kclass
  s <- fit$latent$variants
  nagar <- method == "latent_nagar"
  estimate <- moment_estimate(fit, integer(), method)
  strength <- m$r0[2, 2] - m$r1[2, 2]
  size <- if (nagar) kclass_nagar(m)$h[1] else strength
  # A variant that C explains cannot act but through C.
  usable <- sums_squares(s) > s$least
  gx <- ifelse(usable, s$gyx[, 2], 0)
  a <- gx / size
  b <- estimate$b
  slope <- c(b, a)
  if (nagar) {
    om <- m$r1 / m$df
    inner <- om[2, 2] * tcrossprod(slope)
    inner[1, ] <- inner[1, ] - om[1, 2] * slope
    inner[, 1] <- inner[, 1] - om[1, 2] * slope
    inner[1, 1] <- inner[1, 1] + om[1, 1]
    # As nagar_vcov(): variance of the noise, and its covariance with that of the exposure.
    with_x <- -om[2, 2] * slope
    with_x[1] <- with_x[1] + om[1, 2]
    trace <- m$L + m$L^2 / m$df
    v <- (inner * (size + trace * om[2, 2]) + trace * tcrossprod(with_x)) / size^2
  } else {
    need_pairs(fit, "Plausible exogeneity by this estimator")
    gg <- s$gg * outer(usable, usable)
    cross <- rbind(c(m$r0[1, 1], s$gyx[, 1] * usable), cbind(s$gyx[, 1] * usable, gg))
    with_x <- c(m$r0[1, 2], gx)
    inner <- cross - outer(slope, with_x) - outer(with_x, slope) + m$r0[2, 2] * tcrossprod(slope)
    v <- inner / (m$n - m$K - 1) / size
  }
  # J is that of exact exclusion.
  v <- v * (estimate$se^2 / v[1, 1])
  df <- if (nagar) max(m$L - 1, 1) else Inf
  list(b = b, a = a, v = unname(v), t = stats::qt((1 + level) / 2, df))
}

#' @rdname plausibly_exogenous
#' @export
plausibly_exogenous.iv_reg <- function(fit, gamma, level = 0.95, ...) {
  check_dots(...)
  check_made(fit)
  check_number(level, "level", 0, 1, open = TRUE)
  fit_moments(fit) # has instruments
  if (!(fit$estimator %in% c("2sls", "b2sls", "kclass"))) {
    abort_argument(
      "fit", "one with estimator \"2sls\", \"b2sls\" or \"kclass\"", sprintf("one with \"%s\"", fit$estimator),
      "Others are not linear in the outcome."
    )
  }
  f <- fit$engine$f
  names <- f$rows$names$z[f$rows$keep_z]
  box <- gamma_bounds(if (!missing(gamma)) gamma, names)
  t <- stats::qt((1 + level) / 2, inference_df(fit))
  outcome <- if (is.null(fit$formula)) "the outcome" else deparse1(fit$formula[[2]])
  violation_table(iv_violation(fit, t), box, endogenous_kept(fit), level, outcome, "instruments")
}

# For each endogenous variable b, a, V: the estimator run on the outcomes y and z_j.
iv_violation <- function(fit, t) {
  f <- fit$engine$f
  outcomes <- c(f$Y, f$Z)
  coef <- vapply(outcomes, function(j) {
    f$r[, f$Y] <- f$r[, j]
    est <- iv_estimate(f, fit$kappa)
    c(est$gamma, est$beta)
  }, numeric(f$K + f$k))
  coef <- matrix(coef, ncol = length(outcomes))
  v <- outcome_variance(fit, outcomes, coef)
  lapply(seq_len(f$k), function(k) {
    list(b = fit$engine$est$beta[k], a = coef[f$K + k, -1], v = matrix(v[, , k], length(outcomes)), t = t)
  })
}

# q x q x k: covariances of the effects found on the outcomes, columns of the factor.
outcome_variance <- function(fit, outcomes, coef) {
  f <- fit$engine$f
  est <- fit$engine$est
  type <- fit$vcov_type
  m <- f$K + f$k
  if (type == "iid") {
    e <- f$r[, outcomes, drop = FALSE] - f$r[, c(f$W, f$X), drop = FALSE] %*% coef
    return(outer(crossprod(e) / (f$n - m), diag(fit$engine$unscaled)[f$K + seq_len(f$k)]))
  }
  power <- type_power(type)
  cluster <- if (type == "cluster") fit$cluster
  leverage <- if (power > 0) iv_scores(f, est, leverage = TRUE)$leverage
  small_sample(type, f$n, m, cluster$count) * over_ways(cluster, function(by) {
    options <- list(
      hinv = est$hinv, shift = est$shift, power = power, cluster = by$index, clusters = as.integer(by$count),
      leverage = leverage
    )
    .Call(C_ffi_iv_outcomes, f$rows, f$r, coef, options, cpu_level())
  })
}

# lower and upper, one of each per instrument.
gamma_bounds <- function(gamma, names) {
  L <- length(names)
  must <- sprintf("one non-negative number or %d of them, or a matrix of %d x 2 with lower and upper bounds", L, L)
  if (is.data.frame(gamma)) gamma <- as.matrix(gamma)
  if (!is.numeric(gamma) || !length(gamma) || any(!is.finite(gamma))) abort_argument("gamma", must, describe(gamma))
  if (is.matrix(gamma) && ncol(gamma) == 2) {
    if (!(nrow(gamma) %in% c(1, L)) || any(gamma[, 1] > gamma[, 2]) || any(gamma[, 1] > 0) || any(gamma[, 2] < 0)) {
      abort_argument(
        "gamma", must, "other bounds",
        "Lower bounds are at most 0, upper bounds at least 0: exclusion is among what is allowed."
      )
    }
    return(list(lo = rep_len(as.double(gamma[, 1]), L), hi = rep_len(as.double(gamma[, 2]), L)))
  }
  if (!(length(gamma) %in% c(1, L)) || any(gamma < 0)) abort_argument("gamma", must, describe(gamma))
  if (!is.null(names(gamma))) {
    if (!setequal(names(gamma), names)) {
      abort_argument("gamma", paste("named", quote_all(names)), paste("named", quote_all(names(gamma))))
    }
    gamma <- gamma[names]
  }
  hi <- rep_len(as.double(gamma), L)
  list(lo = -hi, hi = hi)
}

violation_table <- function(each, box, terms, level, outcome, what) {
  scales <- c(0, .25, .5, .75, 1)
  union <- function(x, scale) .Call(C_ffi_exclusion, x$b, x$t, x$a, x$v, box$lo * scale, box$hi * scale)
  rows <- Map(function(x, term) {
    ends <- vapply(scales, function(s) union(x, s)$ends, numeric(2))
    reach <- c(sum(pmax(x$a * box$lo, x$a * box$hi)), -sum(pmin(x$a * box$lo, x$a * box$hi)))
    data.frame(
      term = term, scale = scales, b_min = x$b - scales * reach[1], b_max = x$b + scales * reach[2],
      lo_ci = ends[1, ], up_ci = ends[2, ]
    )
  }, each, terms)
  out <- do.call(rbind, unname(rows))
  tipping <- vapply(each, function(x) tipping_scale(function(s) union(x, s)$ends), 0)
  worst <- lapply(each, function(x) union(x, 1)$gamma)
  structure(
    out, class = c("plausibly_exogenous", "data.frame"), tipping = setNames(tipping, terms),
    gamma = setNames(worst, terms),
    box = box, level = level, outcome = outcome, what = what
  )
}

# The multiple of the bounds at which the union reaches zero; it only grows.
tipping_scale <- function(ends) {
  outside <- function(s) {
    e <- ends(s)
    if (anyNA(e)) NA_real_ else max(e[1], -e[2])
  }
  start <- outside(0)
  if (is.na(start)) return(NA_real_)
  if (start <= 0) return(0)
  up <- 1
  while (outside(up) > 0) {
    if (up > 1e6) return(Inf)
    up <- 4 * up
  }
  stats::uniroot(outside, c(0, up), tol = 1e-10 * up)$root
}

#' @export
print.plausibly_exogenous <- function(x, ...) {
  check_dots(...)
  check_printed(x, "plausibly_exogenous")
  whole <- !is.null(attr(x, "tipping")) && all(c("term", "scale", "lo_ci", "up_ci") %in% names(x))
  if (!whole) return(NextMethod())
  cat_page(violation_words(x), exdent = 2)
  cat("\n")
  pointed(print(as.data.frame(unclass(x))[seq_along(x)], digits = 4, row.names = FALSE))
  invisible(x)
}

violation_words <- function(x) {
  box <- attr(x, "box")
  same <- diff(range(box$hi)) == 0 && all(box$lo == -box$hi)
  vapply(names(attr(x, "tipping")), function(term) {
    tip <- attr(x, "tipping")[[term]]
    rows <- x[x$term == term, ]
    bound <- if (same) sprintf("of at most %s", format(box$hi[1], digits = 3)) else "within the bounds given"
    head <- sprintf(
      "Effect of %s on %s with direct effects of the %s %s each: between %s and %s (%g %% union of intervals; %s to %s if there are none).",
      term, attr(x, "outcome"), attr(x, "what"), bound, format_b(rows$lo_ci[5]), format_b(rows$up_ci[5]),
      100 * attr(x, "level"),
      format_b(rows$lo_ci[1]), format_b(rows$up_ci[1])
    )
    tail <- if (is.na(tip)) {
      ""
    } else if (tip == 0) {
      "Zero is in the interval even if there are none."
    } else if (tip == Inf) {
      "No multiple of the bounds brings zero in."
    } else if (same) {
      sprintf("Zero comes in when they may reach %s.", format(tip * box$hi[1], digits = 3))
    } else {
      sprintf("Zero comes in at %.3g times the bounds.", tip)
    }
    paste(head, tail)
  }, "", USE.NAMES = FALSE)
}
