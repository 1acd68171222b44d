# Estimators for 0/1 outcomes on the factor of a linear IV model (R/iv_factor.R):
# Newton's method and two-step GMM on sums that one pass over the rows gives
# (src/core/iv/iv_nonlinear.h). Everything here is small algebra.

binary_estimators <- c("2sls", "msmm", "tsps", "tsri", "glm")

# What an estimator reads and returns. `link` counts for tsps, tsri and glm.
binary_scale <- function(estimator, link) {
  if (estimator == "2sls") return("risk difference")
  if (estimator == "msmm" || link == "log") "log risk ratio" else "log odds ratio"
}

# f: iv_factor() of the rows. Returns beta (k), gamma (K), vcov of
# (gamma, beta), control (the coefficients of the first-stage residuals), j
# (Hansen's test), iterations, solutions.
binary_fit <- function(f, estimator, link, type, cluster) {
  by <- if (type == "cluster") cluster
  check_one_way(by, sprintf("estimator \"%s\"", estimator))
  out <- if (estimator == "msmm") ratio_fit(f, by) else glm_fit(f, estimator, link, by)
  keep <- seq_len(f$K + f$k)
  back <- iv_back(f)
  theta <- drop(back %*% out$theta[keep])
  vcov <- small_sample(type, f$n, length(out$theta), cluster$count) * back %*% out$vcov[keep, keep] %*% t(back)
  list(
    beta = theta[f$K + seq_len(f$k)], gamma = theta[seq_len(f$K)], vcov = (vcov + t(vcov)) / 2,
    control = out$control, j = out$j, iterations = out$iterations, solutions = out$solutions
  )
}

nonlinear_options <- function(residual, regressors, cluster = NULL, covariance = FALSE, offset = NULL) {
  list(
    offset = offset,
    residual = match(residual, c("logit", "log", "ratio")) - 1L,
    regressors = match(regressors, c("predictor", "residual", "exposure")) - 1L,
    cluster = cluster$index, clusters = as.integer(cluster$count), covariance = as.integer(covariance)
  )
}

nonlinear_sums <- function(f, theta, options) {
  .Call(C_ffi_iv_nonlinear, f$rows, f$r, as.double(theta), options, cpu_level())
}

# Logistic or log-linear (quasi-Poisson) second stage by Newton's method, and the
# sandwich of both stages stacked: with d_j the first-stage coefficients in the
# coordinates Q, whose own influence is q v_j, and S the score of the second stage,
#   u_i = I^-1 (h_i r_i + sum_j (dS / d d_j) q_i v_ij).
glm_fit <- function(f, estimator, link, cluster) {
  regressors <- c(tsps = "predictor", tsri = "residual", glm = "exposure")[[estimator]]
  options <- nonlinear_options(link, regressors, cluster, offset = f$rows$offset)
  m <- f$K + f$k * if (estimator == "tsri") 2 else 1
  at <- newton(f, rep(0, m), options, link)
  s <- at$sums
  inverse <- solve0(s$information)
  from_q <- NULL
  if (estimator != "glm") {
    sign <- if (estimator == "tsps") 1 else -1
    slot <- if (estimator == "tsps") f$K + seq_len(f$k) else f$K + f$k + seq_len(f$k)
    from_q <- vapply(slot, function(j) {
      change <- -sign * at$theta[j] * t(s$cross)
      change[j, ] <- change[j, ] + sign * s$moments
      inverse %*% change
    }, matrix(0, m, f$K + f$L))
  }
  meat <- .Call(C_ffi_iv_nonlinear_meat, f$rows, f$r, as.double(at$theta), options, inverse, from_q, cpu_level())
  list(
    theta = at$theta, vcov = meat, iterations = at$iterations,
    control = if (estimator == "tsri") at$theta[f$K + f$k + seq_len(f$k)]
  )
}

newton <- function(f, theta, options, link, limit = 60L) {
  s <- nonlinear_sums(f, theta, options)
  for (iteration in seq_len(limit)) {
    step <- newton_step(s)
    if (is.null(step)) abort_separated(f)
    decrement <- sum(step * s$score)
    if (decrement < 1e-18 * f$n) return(list(theta = theta, sums = s, iterations = iteration))
    size <- 1
    repeat {
      to <- nonlinear_sums(f, theta + size * step, options)
      if (is.finite(to$objective) && to$objective >= s$objective - 1e-12 * abs(s$objective)) break
      size <- size / 2
      if (size < 1e-10) {
        # nothing but rounding is left to gain
        if (decrement < 1e-10) return(list(theta = theta, sums = s, iterations = iteration))
        abort_noconv("The second stage did not converge.")
      }
    }
    theta <- theta + size * step
    s <- to
    # A probability of 0 or 1 to the last digit: the likelihood has no maximum.
    if (link == "logit" && s$largest > 36) abort_separated(f)
  }
  abort_noconv(sprintf("The second stage did not converge in %d steps.", limit))
}

# NULL when the information is singular or not finite.
newton_step <- function(s) {
  scale <- sqrt(diag(s$information))
  if (any(!is.finite(s$information)) || any(scale <= 0)) return(NULL)
  half <- or_else(chol(s$information / outer(scale, scale)), NULL)
  if (is.null(half)) return(NULL)
  backsolve(half, backsolve(half, s$score / scale, transpose = TRUE)) / scale
}

abort_separated <- function(f) {
  abort(
    "The outcome is separated: a combination of the regressors tells the 0 from the 1 without error, and the odds ratio has no finite estimate.",
    c("latentmr_error_separation", "latentmr_error_noconv"),
    hint = "Leave out covariates (or groups of a factor) in which every outcome is 0, or every one is 1; or give more people."
  )
}

abort_noconv <- function(message) {
  abort(
    message, "latentmr_error_noconv",
    hint = "Weak instruments and rare outcomes do this. The risk difference, estimator = \"2sls\", always exists."
  )
}

# Multiplicative structural mean model by two-step GMM: moments g = sum q (y exp(-h'theta) - 1),
# first with equal weights in the coordinates Q (those of 2SLS), then with the
# inverse of their covariance there.
ratio_fit <- function(f, cluster) {
  plain <- nonlinear_options("ratio", "exposure", cluster, offset = f$rows$offset)
  full <- nonlinear_options("ratio", "exposure", cluster, covariance = TRUE, offset = f$rows$offset)
  first <- ratio_first(f, plain)
  weight <- moment_weight(nonlinear_sums(f, first$theta, full)$covariance, f, cluster)
  at <- gauss_newton(f, first$theta, plain, weight)
  s <- nonlinear_sums(f, at$theta, full)
  a <- weight(s$cross)
  half <- qr(a, LAPACK = TRUE)
  inverse <- chol2inv(qr.R(half))
  order <- order(half$pivot)
  inverse <- inverse[order, order, drop = FALSE]
  middle <- weight(t(weight(s$covariance)))
  list(
    theta = at$theta, vcov = inverse %*% crossprod(a, middle %*% a) %*% inverse,
    j = chisq_row(sum(weight(s$moments)^2), f$L - f$k), iterations = first$iterations + at$iterations,
    solutions = first$solutions
  )
}

# The moments can have several roots (Burgess et al. 2014): started from both ends,
# the log-linear fits with the exposure as it is and as the instruments predict it.
ratio_first <- function(f, options) {
  starts <- lapply(c("predictor", "exposure"), function(regressors) {
    tryCatch(
      newton(f, rep(0, f$K + f$k), nonlinear_options("log", regressors, offset = f$rows$offset), "log")$theta,
      latentmr_error_noconv = function(e) NULL
    )
  })
  fits <- lapply(starts[!vapply(starts, is.null, NA)], function(theta) {
    tryCatch(gauss_newton(f, theta, options, identity), latentmr_error_noconv = function(e) NULL)
  })
  fits <- fits[!vapply(fits, is.null, NA)]
  if (!length(fits)) abort_noconv("The multiplicative structural mean model has no solution near its starting values.")
  best <- fits[[which.min(vapply(fits, function(x) x$value, 0))]]
  b <- vapply(fits, function(x) x$theta[f$K + seq_len(f$k)], numeric(f$k))
  b <- matrix(b, f$k)
  spread <- if (ncol(b) > 1) max(abs(b[, 1] - b[, 2]) / (1e-4 + abs(b[, 1]))) else 0
  best$solutions <- if (spread > 1e-3) 2L else 1L
  best
}

# x -> whitened rows of x (or a vector), with S = D R'R D.
moment_weight <- function(s, f, cluster) {
  scale <- sqrt(diag(s))
  half <- if (all(is.finite(scale)) && all(scale > 0)) or_else(chol(s / outer(scale, scale)), NULL)
  if (is.null(half) || min(diag(half)) < 1e-7) {
    abort(
      sprintf(
        "The weight of the %d moments does not exist: their covariance is singular%s.", f$K + f$L,
        if (length(cluster)) sprintf(" with %d clusters", cluster$count) else ""
      ),
      c("latentmr_error_weights", "latentmr_error_singular"),
      hint = "Use fewer instruments and covariates than clusters."
    )
  }
  function(x) backsolve(half, x / scale, transpose = TRUE)
}

# Least squares of the whitened moments by Levenberg and Marquardt's method; ends when
# a full step moves no moment by a millionth of a standard error.
gauss_newton <- function(f, theta, options, weight, limit = 100L) {
  s <- nonlinear_sums(f, theta, options)
  value <- sum(weight(s$moments)^2)
  damp <- 0
  for (iteration in seq_len(limit)) {
    a <- as.matrix(weight(s$cross))
    b <- as.vector(weight(s$moments))
    if (!all(is.finite(a))) break
    size <- sqrt(colSums(a^2))
    if (any(size == 0)) break
    full <- or_else(qr.coef(qr(a, LAPACK = TRUE), b), NULL)
    if (is.null(full)) break # exactly singular
    if (all(is.finite(full)) && sqrt(sum((a %*% full)^2)) < 1e-8) {
      return(list(theta = theta, value = value, iterations = iteration))
    }
    repeat {
      step <- if (damp == 0) {
        full
      } else {
        qr.coef(qr(rbind(a, sqrt(damp) * diag(size, length(size))), LAPACK = TRUE), c(b, 0 * size))
      }
      if (all(is.finite(step))) {
        to <- nonlinear_sums(f, theta + step, options)
        now <- sum(weight(to$moments)^2)
        if (is.finite(now) && now <= value * (1 + 1e-12)) break
      }
      damp <- if (damp == 0) 1e-4 else 4 * damp
      if (damp > 1e12) abort_noconv("The multiplicative structural mean model did not converge.")
    }
    damp <- if (damp < 1e-6) 0 else damp / 10
    theta <- theta + step
    s <- to
    value <- now
  }
  abort_noconv("The multiplicative structural mean model did not converge.")
}
