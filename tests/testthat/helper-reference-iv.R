# Slow twins of the IV engine, written from the formulas with dense projections.

ref_resid <- function(A, B) {
  if (is.null(A) || ncol(A) == 0) return(B)
  qr.resid(qr(A, tol = 1e-12), B)
}

# r0 = [y X]'M_W[y X], r1 = [y X]'M_ZW[y X].
ref_moments <- function(y, x, z, w) {
  yx <- cbind(y, x)
  list(r0 = crossprod(ref_resid(w, yx)), r1 = crossprod(ref_resid(cbind(w, z), yx)))
}

# k-class with dense matrices: coefficients of (x, w) and the classical covariance.
ref_kclass <- function(y, x, z, w, kappa) {
  X <- cbind(x, w)
  MX <- ref_resid(cbind(z, w), X)
  H <- crossprod(X) - kappa * crossprod(MX)
  b <- solve(H, crossprod(X, y) - kappa * crossprod(MX, y))
  e <- drop(y - X %*% b)
  s2 <- sum(e^2) / (length(y) - ncol(X))
  list(b = drop(b), vcov = s2 * solve(H), s2 = s2, residuals = e, projected = X - kappa * MX)
}

# Small IV design with k endogenous variables, L instruments, K covariates.
iv_design <- function(n = 200, L = 4, k = 1, K = 3, strength = 0.4, seed = 1) {
  set.seed(seed)
  z <- matrix(rnorm(n * L), n, L)
  w <- cbind(1, matrix(rnorm(n * (K - 1)), n, K - 1))
  u <- rnorm(n)
  x <- z %*% matrix(runif(L * k, 0.5, 1.5) * strength, L, k) + w %*% matrix(0.3, K, k) + 0.7 * u +
    matrix(rnorm(n * k), n, k)
  y <- drop(x %*% rep(0.5, k) + w %*% rep(1, K) + u + rnorm(n) * (1 + abs(z[, 1])))
  colnames(z) <- paste0("z", seq_len(L))
  colnames(w) <- c("(Intercept)", if (K > 1) paste0("w", seq_len(K - 1)))
  colnames(x) <- paste0("x", seq_len(k))
  list(y = y, x = x, z = z, w = w)
}

# UJIVE by n (or G) refits: the instrument is the prediction of x by (z, w) minus
# the one by w, each fitted without the person (cluster).
ref_ujive_instrument <- function(x, z, w, cluster = seq_len(nrow(x))) {
  ZW <- cbind(w, z)
  P <- 0 * x
  for (c in unique(cluster)) {
    out <- cluster == c
    full <- qr.coef(qr(ZW[!out, , drop = FALSE]), x[!out, , drop = FALSE])
    part <- qr.coef(qr(w[!out, , drop = FALSE]), x[!out, , drop = FALSE])
    P[out, ] <- ZW[out, , drop = FALSE] %*% full - w[out, , drop = FALSE] %*% part
  }
  P
}

# Its G as a dense matrix, and the many-instrument variance of the effects by
# direct double sums.
ref_ujive_g <- function(z, w, cluster) {
  H <- function(A) {
    Q <- qr.Q(qr(A))
    tcrossprod(Q)
  }
  same <- outer(cluster, cluster, "==")
  part <- function(h) solve(diag(nrow(h)) - h * same, h * !same)
  part(H(cbind(w, z))) - part(H(w))
}

ref_many <- function(y, x, z, w, b, cluster = seq_along(y)) {
  G <- ref_ujive_g(z, w, cluster)
  xw <- ref_resid(w, x)
  P <- ref_resid(w, G %*% x)
  e <- drop(y - cbind(x, w) %*% b)
  k <- ncol(x)
  S <- crossprod(rowsum(P * e, cluster))
  for (a in seq_len(k)) for (b2 in seq_len(k)) {
    for (c in unique(cluster)) for (d in setdiff(unique(cluster), c)) {
      i <- cluster == c
      j <- cluster == d
      S[a, b2] <- S[a, b2] + sum(e[i] * (G[i, j, drop = FALSE] %*% xw[j, a])) * sum(e[j] * (G[j, i, drop = FALSE] %*% xw[i, b2]))
    }
  }
  A <- solve(crossprod(P, xw))
  A %*% S %*% t(A)
}

# JIVE1 by refits: the prediction of x by (z, w) fitted without the person (cluster).
ref_jive1_instrument <- function(x, z, w, cluster = seq_len(nrow(x))) {
  ZW <- cbind(w, z)
  P <- 0 * x
  for (c in unique(cluster)) {
    out <- cluster == c
    P[out, ] <- ZW[out, , drop = FALSE] %*% qr.coef(qr(ZW[!out, , drop = FALSE]), x[!out, , drop = FALSE])
  }
  P
}

# Two-step GMM by dense matrices: coefficients of (x, w), their covariance, J.
ref_gmm <- function(y, x, z, w, cluster = seq_along(y)) {
  Z <- cbind(z, w)
  X <- cbind(x, w)
  S <- function(e) crossprod(rowsum(Z * e, cluster))
  step <- function(W) {
    A <- crossprod(X, Z) %*% W
    list(A = A, b = solve(A %*% crossprod(Z, X), A %*% crossprod(Z, y)))
  }
  e <- drop(y - X %*% step(solve(crossprod(Z)))$b)
  W <- solve(S(e))
  two <- step(W)
  u <- drop(y - X %*% two$b)
  H <- solve(two$A %*% crossprod(Z, X))
  g <- crossprod(Z, u)
  list(b = drop(two$b), vcov = H %*% two$A %*% S(u) %*% t(two$A) %*% H, J = drop(t(g) %*% W %*% g))
}

# Weak-instrument statistics of one or several effects from the rows, by the formulas
# of Kleibergen (2002, 2007): AR and LM as chi-squared, LR, rank.
ref_weakiv <- function(y, x, z, w, beta) {
  n <- length(y)
  df <- n - ncol(z) - ncol(w)
  e <- ref_resid(w, y - x %*% beta)
  zr <- ref_resid(w, z)
  xr <- ref_resid(w, x)
  ve <- ref_resid(cbind(z, w), e)
  vx <- ref_resid(cbind(z, w), xr)
  see <- sum(ve^2) / df
  first <- solve(crossprod(zr), crossprod(zr, xr - e %*% (crossprod(ve, vx) / df / see)))
  D <- zr %*% first
  P <- function(A, v) A %*% solve(crossprod(A), crossprod(A, v))
  ar <- sum(e * P(zr, e)) / see
  lm <- sum(e * P(D, e)) / see
  free <- crossprod(vx) / df - crossprod(vx, ve) %*% crossprod(ve, vx) / df^2 / see
  rank <- min(Re(eigen(solve(free, crossprod(D)))$values))
  list(ar = ar, lm = lm, rank = rank, lr = (ar - rank + sqrt((ar + rank)^2 - 4 * rank * (ar - lm))) / 2)
}
