# Slow twins of the estimators for 0/1 outcomes, in the user's own columns, with
# numerical derivatives.

ref_jacobian <- function(f, at, step = 1e-5) {
  vapply(seq_along(at), function(j) {
    h <- step * max(1, abs(at[j]))
    up <- down <- at
    up[j] <- at[j] + h
    down[j] <- at[j] - h
    (f(up) - f(down)) / (2 * h)
  }, numeric(length(f(at))))
}

# Two stages as one vector of estimating equations; V = A^-1 B A^-T. Coefficients
# of (x, w) and, for tsri, of the residuals.
ref_two_stage <- function(y, x, z, w, estimator, link, cluster = seq_along(y), weights = rep(1, length(y))) {
  ZW <- cbind(w, z)
  k <- ncol(x)
  q <- ncol(ZW)
  mean_of <- if (link == "logit") stats::plogis else exp
  regressors <- function(delta) {
    fitted <- ZW %*% matrix(delta, q)
    switch(estimator, tsps = cbind(fitted, w), tsri = cbind(x, w, x - fitted), glm = cbind(x, w))
  }
  scores <- function(theta) {
    delta <- theta[seq_len(q * k)]
    H <- regressors(delta)
    v <- x - ZW %*% matrix(delta, q)
    weights * cbind(
      do.call(cbind, lapply(seq_len(k), function(j) ZW * v[, j])),
      H * drop(y - mean_of(H %*% theta[-seq_len(q * k)]))
    )
  }
  delta <- as.vector(qr.coef(qr(sqrt(weights) * ZW), sqrt(weights) * x))
  family <- if (link == "logit") stats::binomial() else stats::poisson()
  b <- suppressWarnings(stats::glm.fit(regressors(delta), y, weights, family = family, control = list(epsilon = 1e-14, maxit = 100)))$coefficients
  theta <- c(delta, b)
  A <- ref_jacobian(function(t) colSums(scores(t)), theta)
  B <- crossprod(rowsum(scores(theta), cluster))
  inverse <- solve(A)
  own <- q * k + seq_len(k + ncol(w))
  list(b = unname(b[seq_len(k + ncol(w))]), vcov = (inverse %*% B %*% t(inverse))[own, own], control = unname(b[-seq_len(k + ncol(w))]))
}

# Two-step GMM of the multiplicative structural mean model by a general optimiser.
ref_msmm <- function(y, x, z, w, cluster = seq_along(y), start, weights = rep(1, length(y))) {
  ZW <- cbind(w, z)
  XW <- cbind(x, w)
  rows <- function(theta) weights * ZW * drop(y * exp(-XW %*% theta) - 1)
  step <- function(W, from) {
    half <- chol(W)
    value <- function(theta) sum((half %*% colSums(rows(theta)))^2)
    for (i in 1:4) from <- stats::optim(from, value, method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))$par
    from
  }
  S <- function(theta) crossprod(rowsum(rows(theta), cluster))
  one <- step(solve(crossprod(ZW, weights * ZW)), start)
  W <- solve(S(one))
  two <- step(W, one)
  D <- ref_jacobian(function(t) colSums(rows(t)), two)
  H <- solve(t(D) %*% W %*% D)
  g <- colSums(rows(two))
  list(b = unname(two), vcov = H %*% t(D) %*% W %*% S(two) %*% W %*% D %*% H, j = drop(g %*% W %*% g))
}

# 0/1 outcome with k exposures, L instruments, K covariates (the first is 1).
binary_design <- function(n = 600, L = 3, k = 1, K = 3, seed = 1) {
  d <- iv_design(n, L, k, K, seed = seed)
  d$x <- d$x / 2
  d$y <- rbinom(n, 1, stats::plogis(-0.8 + drop(d$x %*% rep(0.5, k)) + 0.3 * rnorm(n)))
  d$frame <- data.frame(y = d$y, d$x, d$z, d$w[, -1, drop = FALSE], cl = rep_len(1:60, n))
  W <- paste0("w", seq_len(K - 1), collapse = " + ")
  d$formula <- stats::as.formula(sprintf(
    "y ~ %s | %s | %s", if (K > 1) W else "1", paste(colnames(d$x), collapse = " + "), paste(colnames(d$z), collapse = " + ")
  ))
  d
}
