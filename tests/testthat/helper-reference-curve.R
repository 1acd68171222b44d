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
  stride <- ceiling(units / 16) * 16
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

# The three-net loop in doubles, one line per formula, from the same random words
# (C_ffi_test_rng) as the fast one, the treatment net h(a) - mask h(next) where there is a second row; n a power of two, so that a row is the word's low bits.
slow_loop <- function(y, a, z, width, batch, steps, inner, rate, lambda, r1, r2, seed, nxt = NULL, mask = NULL) {
  words <- matrix(.Call(LatentMR:::C_ffi_test_rng, seed, 2L, 20000L, 0L, 1), ncol = 2, byrow = TRUE)
  used <- 0
  word <- function() words[used <<- used + 1, ]
  uniform <- function() {
    w <- word()
    (w[1] * 2^21 + w[2] %/% 2048 + .5) / 2^53
  }
  rows <- function() vapply(seq_len(batch), function(i) word()[2] %% length(y), 0) + 1
  start <- function(d) {
    bound <- c(rep(1 / sqrt(d), d + 1), 1 / sqrt(width))
    weights <- sapply(bound, function(b) replicate(width, b * (2 * uniform() - 1)))
    list(p = c(weights, (2 * uniform() - 1) / sqrt(width)), m = 0, v = 0, k = 0)
  }
  value <- function(net, x) {
    w <- matrix(net$p[-length(net$p)], width)
    d <- ncol(x)
    t <- tanh(tcrossprod(x, w[, seq_len(d), drop = FALSE]) + rep(w[, d + 1], each = nrow(x)))
    list(out = drop(t %*% w[, d + 2]) + net$p[length(net$p)], t = t, x = x, v = w[, d + 2])
  }
  slope <- function(at, up) {
    g <- (up %o% at$v) * (1 - at$t^2)
    c(crossprod(g, at$x), colSums(g), crossprod(at$t, up), sum(up))
  }
  step <- function(net, at, up, decay, after = NULL, m = 0) {
    g <- slope(at, up) + 2 * decay * net$p
    if (!is.null(after)) g <- g - slope(after, m * up)
    net$k <- net$k + 1
    net$m <- .5 * net$m + .5 * g
    net$v <- .9 * net$v + .1 * g^2
    net$p <- net$p - rate * net$m / (1 - .5^net$k) / (sqrt(net$v / (1 - .9^net$k)) + 1e-8)
    net
  }
  ha <- start(ncol(a))
  ht <- start(ncol(z))
  hw <- start(ncol(z))
  mean <- 0
  for (k in seq_len(steps)) {
    b1 <- rows()
    b2 <- rows()
    target <- value(ha, a[b1, , drop = FALSE])$out
    if (!is.null(nxt)) target <- target - mask[b1] * value(ha, nxt[b1, , drop = FALSE])$out
    for (j in seq_len(inner)) {
      at <- value(ht, z[b1, , drop = FALSE])
      ht <- step(ht, at, 2 / batch * (at$out - target), r1)
    }
    for (j in seq_len(inner)) {
      at <- value(hw, z[c(b2, b1), , drop = FALSE])
      hw <- step(hw, at, 2 / batch * c(rep(1, batch), rep(lambda, batch)) * (at$out - c(y[b2], target)), lambda * r1)
    }
    b1 <- rows()
    gap <- value(ht, z[b1, , drop = FALSE])$out - value(hw, z[b1, , drop = FALSE])$out
    after <- if (!is.null(nxt)) value(ha, nxt[b1, , drop = FALSE])
    ha <- step(ha, value(ha, a[b1, , drop = FALSE]), 2 / batch * lambda * gap, r2, after, mask[b1])
    if (2 * (k - 1) >= steps) mean <- mean + ha$p
  }
  mean / (steps - ceiling(steps / 2))
}
