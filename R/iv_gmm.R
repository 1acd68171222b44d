# Two-step generalized method of moments (Hansen 1982) in the coordinates of Q: the
# moments are Q'(y - W g - X b) with Q = (Q_W, Q_Z), the weight the inverse of
# S = sum of (e_i q_i)(e_i q_i)' (of sums by cluster) at the residuals of 2SLS.

add_gmm <- function(fit, type, cluster) {
  f <- fit$f
  fit$first <- iv_estimate(f, 1)
  s <- iv_scores(f, fit$first, all = TRUE, cluster = if (type == "cluster") cluster)$all
  scale <- sqrt(diag(s))
  half <- if (all(scale > 0)) or_else(chol(s / outer(scale, scale)), NULL)
  if (is.null(half) || min(diag(half)) < 1e-7) {
    abort(
      sprintf(
        "The weight of the %d moments does not exist: their covariance is singular%s.", f$K + f$L,
        if (type == "cluster") sprintf(" with %d clusters", cluster$count) else ""
      ),
      c("latentmr_error_weights", "latentmr_error_singular"),
      hint = "Use fewer instruments and covariates than clusters, or estimator = \"2sls\"."
    )
  }
  wz <- c(f$W, f$Z)
  whiten <- function(a) backsolve(half, a / scale, transpose = TRUE)
  design <- qr(whiten(f$r[wz, c(f$W, f$X), drop = FALSE]), LAPACK = TRUE)
  theta <- qr.coef(design, whiten(f$r[wz, f$Y, drop = FALSE]))[, 1]
  back <- order(design$pivot)
  fit$gmm <- list(
    half = half, scale = scale, q = qr.Q(design),
    bread = chol2inv(qr.R(design))[back, back, drop = FALSE],
    inverse = backsolve(qr.R(design), diag(f$K + f$k))[back, , drop = FALSE]
  )
  e <- f$r[, f$Y] - f$r[, c(f$W, f$X), drop = FALSE] %*% theta
  fit$est <- list(
    beta = unname(theta[f$K + seq_len(f$k)]), gamma = unname(theta[seq_len(f$K)]),
    hinv = fit$first$hinv, rss = sum(e^2), kappa = NA_real_, shift = 0
  )
  fit$unscaled <- fit$gmm$bread
  fit
}

# (D'WD)^-1 D'W S W D (D'WD)^-1 with S at the residuals of the second step; tests
# at those of the first, so that Hansen's J is the minimum of the second.
gmm_infer <- function(fit, type, cluster) {
  by <- if (type == "cluster") cluster
  first <- iv_scores(fit$f, fit$first, robust = TRUE, tests = TRUE, cluster = by)
  at <- fit
  at$est <- fit$first
  c(
    gmm_covariance(fit, type, cluster),
    list(diagnostics = iv_diagnostics(at, first, type, by), strength = iv_strength(at, first, type, by))
  )
}

gmm_covariance <- function(fit, type, cluster) {
  f <- fit$f
  g <- fit$gmm
  last <- iv_scores(f, fit$est, all = TRUE, cluster = if (type == "cluster") cluster)
  middle <- backsolve(g$half, last$all / outer(g$scale, g$scale), transpose = TRUE)
  middle <- backsolve(g$half, t(middle), transpose = TRUE)
  vcov <- g$inverse %*% crossprod(g$q, middle %*% g$q) %*% t(g$inverse)
  list(vcov = small_sample(type, f$n, f$K + f$k, cluster$count) * (vcov + t(vcov)) / 2, residuals = last$residuals)
}

# Q W D back in the columns of (w, z): the regressors behind estfun().
gmm_projected <- function(object) {
  f <- object$engine$f
  g <- object$engine$gmm
  wz <- c(f$W, f$Z)
  white <- backsolve(g$half, f$r[wz, c(f$W, f$X), drop = FALSE] / g$scale, transpose = TRUE)
  weighted <- backsolve(g$half, white) / g$scale
  b <- backsolve(f$r[wz, wz, drop = FALSE], weighted)
  w <- design_matrix(f$rows$w)[, f$rows$keep_w, drop = FALSE]
  z <- design_matrix(f$rows$z)[, f$rows$keep_z, drop = FALSE]
  out <- z %*% b[f$K + seq_len(f$L), , drop = FALSE]
  if (f$K > 0) out <- out + w %*% b[seq_len(f$K), , drop = FALSE]
  colnames(out) <- c(f$rows$names$w[f$rows$keep_w], f$rows$names$x[f$rows$keep_x])
  out
}
