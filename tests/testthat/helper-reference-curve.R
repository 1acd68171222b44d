# Slow obvious twins of the curve solvers.

# Kiefer design of Singh et al. 2019 with a sigmoid.
sigmoid_data <- function(n, seed) {
  set.seed(seed)
  t <- rnorm(n)
  u <- .5 * t + sqrt(.75) * rnorm(n)
  w <- rnorm(n)
  x <- pnorm((w + t) / sqrt(2))
  data.frame(y = sigmoid(x) + u, x = x, z = pnorm(w))
}
sigmoid <- function(x) log(abs(16 * x - 8) + 1) * sign(x - .5)

# Evidence and posterior by dense matrices: flat column as the limit that
# restricted likelihood takes, i.e. contrasts N with N'g0 = 0.
slow_evidence <- function(g, g0, g2, r, k2, kr) {
  N <- qr.Q(qr(cbind(g0, diag(length(g)))))[, -1]
  e <- drop(crossprod(N, g))
  V <- diag(length(e)) + k2 * tcrossprod(crossprod(N, g2)) + kr * tcrossprod(crossprod(N, r))
  X <- cbind(g0, g2, r)
  prior <- c(0, 1 / k2, rep(1 / kr, ncol(r)))
  H <- solve(crossprod(X) + diag(prior))
  list(
    log_det = as.numeric(determinant(V)$modulus), quad = drop(e %*% solve(V, e)),
    coef = drop(H %*% crossprod(X, g)), cov = H
  )
}

# A two-layer tanh net from the parameter block of the C code.
slow_net <- function(theta, x, units, scale) {
  stride <- ceiling(units / 8) * 8
  rows <- matrix(theta[seq_len((ncol(x) + 2) * stride)], stride)[seq_len(units), , drop = FALSE]
  d <- ncol(x)
  hidden <- tanh(tcrossprod(x, rows[, seq_len(d), drop = FALSE]) + rep(rows[, d + 1], each = nrow(x)))
  drop(scale * hidden %*% rows[, d + 2]) + theta[(d + 2) * stride + 1]
}

# KIV as published, with whole Gram matrices (Singh et al. 2019, algorithms 1, 2).
slow_kiv <- function(x1, z1, y1, x2, z2, y2, width_x, width_z, lambda, xi) {
  gram <- function(a, b, v) exp(-outer(a, b, "-")^2 / (2 * v^2))
  n <- length(x1)
  m <- length(x2)
  W <- gram(x1, x1, width_x) %*% solve(gram(z1, z1, width_z) + n * lambda * diag(n), gram(z1, z2, width_z))
  alpha <- solve(W %*% t(W) + m * xi * gram(x1, x1, width_x) + 1e-9 * diag(n), W %*% y2)
  list(
    at = function(x) drop(gram(x, x1, width_x) %*% alpha),
    stage1 = mean(1 - 2 * colSums(gram(x1, x2, width_x) * (g <- solve(gram(z1, z1, width_z) + n * lambda * diag(n), gram(z1, z2, width_z)))) +
      colSums(g * (gram(x1, x1, width_x) %*% g))),
    stage2 = mean((y1 - drop(gram(x1, x1, width_x) %*% alpha))^2)
  )
}
