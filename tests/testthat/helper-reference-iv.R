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
