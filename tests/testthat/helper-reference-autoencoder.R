# The autoencoder in plain R, from the formulas: nets as matrices, kernels as Gram
# matrices. Parameters come as the core's padded vector.

ref_pad <- function(x) ceiling(x / 16) * 16

ref_net <- function(theta, inputs, outputs, units) {
  at <- 0
  take <- function(rows, columns, stored = ref_pad(columns)) {
    m <- matrix(theta[at + seq_len(rows * stored)], rows, stored, byrow = TRUE)
    at <<- at + rows * stored
    m[, seq_len(columns), drop = FALSE]
  }
  net <- list(skip = take(inputs, outputs), bias = drop(take(1, outputs)))
  if (units) {
    net$first <- take(inputs, units)
    net$norm1 <- take(3, units)
    net$second <- take(units, units)
    net$norm2 <- take(3, units)
    net$third <- take(units, outputs)
  }
  net$rest <- theta[-seq_len(at)]
  net
}

ref_norm_relu <- function(y, norm) {
  y <- sweep(y, 2, norm[1, ], "+")
  centred <- y - rowMeans(y)
  x <- centred / sqrt(rowMeans(centred^2) + 1e-5)
  pmax(sweep(sweep(x, 2, norm[2, ], "*"), 2, norm[3, ], "+"), 0)
}

ref_net_value <- function(net, x) {
  y <- x %*% net$skip
  if (!is.null(net$first)) y <- y + ref_norm_relu(ref_norm_relu(x %*% net$first, net$norm1) %*% net$second, net$norm2) %*% net$third
  sweep(y, 2, net$bias, "+")
}

ref_standard <- function(u) {
  centred <- sweep(u, 2, colMeans(u))
  sweep(centred, 2, sqrt(colMeans(centred^2)), "/")
}

# Degree by degree, columns in order.
ref_monomials <- function(s, degree) {
  d <- ncol(s)
  powers <- lapply(seq_len(degree), function(k) {
    sets <- as.matrix(expand.grid(rep(list(seq_len(d)), k)))[, k:1, drop = FALSE]
    sets <- sets[apply(sets, 1, function(r) !is.unsorted(r)), , drop = FALSE]
    apply(sets, 1, function(r) apply(s[, r, drop = FALSE], 1, prod))
  })
  do.call(cbind, powers)
}

ref_code_kernel <- function(x, degree) {
  if (degree) return((tcrossprod(x) + 1)^degree)
  median <- 2 * ncol(x) * (1 - 2 / (9 * ncol(x)))^3
  exp(-as.matrix(dist(x))^2 / (2 * median))
}

# The U-statistic, by centring without the diagonal (Szekely and Rizzo 2014).
ref_u_centred <- function(a) {
  n <- nrow(a)
  diag(a) <- 0
  u <- a - outer(rowSums(a), colSums(a), "+") / (n - 2) + sum(a) / ((n - 1) * (n - 2))
  diag(u) <- 0
  u
}

ref_hsic_unbiased <- function(k, l) {
  n <- nrow(k)
  sum(ref_u_centred(k) * ref_u_centred(l)) / (n * (n - 3))
}

# mmd, hsic within, hsic pooled, log det
ref_code_terms <- function(s, m, e, degree) {
  w <- s[, seq_len(m), drop = FALSE]
  v <- s[, -seq_len(m), drop = FALSE]
  k <- ref_code_kernel(w, degree)
  parts <- split(seq_along(e), e)
  hsic <- function(i) if (ncol(v)) ref_hsic_unbiased(k[i, i], ref_code_kernel(v, degree)[i, i]) else 0
  c(
    ref_mmd_pooled(k, e, unbiased = TRUE), mean(vapply(parts, hsic, 0)), hsic(seq_along(e)),
    mean(vapply(parts, function(i) as.numeric(determinant(cor(s[i, , drop = FALSE]) + 1e-6 * diag(ncol(s)))$modulus), 0))
  )
}

# Gradient of mmd MMD + half (HSIC within + pooled) - entropy log det.
ref_code_gradient <- function(s, m, e, degree, mmd, half, entropy) {
  n <- nrow(s)
  size <- as.vector(table(e)[as.character(e)])
  w <- s[, seq_len(m), drop = FALSE]
  kernel <- function(d) if (degree) list(degree = degree) else list(gamma = 1 / (4 * d * (1 - 2 / (9 * d))^3))
  out <- 0 * s
  same <- outer(e, e, "==")
  out[, seq_len(m)] <- mmd * ref_gram_gradient(w, kernel(m), ifelse(same, (1 - size / n) / (n * (size - 1)), -1 / n^2) * (1 - diag(n)))
  if (m < ncol(s)) {
    v <- s[, -seq_len(m), drop = FALSE]
    add <- function(i, weight) {
      weights <- function(z, k) ref_u_centred(ref_gram_of(z[i, , drop = FALSE], k)) / (length(i) * (length(i) - 3))
      of <- function(z, k, c) ref_gram_gradient(z[i, , drop = FALSE], k, c)
      kw <- kernel(m)
      kv <- kernel(ncol(v))
      out[i, ] <<- out[i, ] + weight * cbind(of(w, kw, weights(v, kv)), of(v, kv, weights(w, kw)))
    }
    add(seq_len(n), half)
    for (k in unique(e)) add(which(e == k), half / length(unique(e)))
  }
  for (k in unique(e)) {
    out[e == k, ] <- out[e == k, ] - entropy / length(unique(e)) * .Call(C_ffi_test_logdet, s[e == k, ], 1L, 1e-6)$gradient
  }
  out
}

# shape, data, options as the core takes them: terms in its order.
ref_autoencoder <- function(shape, data, options, theta) {
  d <- shape[3] + shape[4]
  encoder <- ref_net(theta, shape[1], d, shape[5])
  s <- ref_standard(ref_net_value(encoder, data[[1]]))
  features <- if (shape[6]) ref_monomials(s, shape[6]) else s
  decoder <- ref_net(encoder$rest, ncol(features), shape[2], if (shape[6]) 0 else shape[5])
  out <- ref_net_value(decoder, features)
  target <- data[[2]]
  rec <- if (shape[7]) {
    eta <- sweep(out, 2, data[[3]], "+")
    mean(-(target * plogis(eta, log.p = TRUE) + (2 - target) * plogis(-eta, log.p = TRUE)), na.rm = TRUE)
  } else {
    mean((out - target)^2, na.rm = TRUE)
  }
  m <- shape[3]
  related <- 0
  if (shape[8] && options$related > 0) {
    q <- decoder$rest
    A <- matrix(q[seq_len(m * m)], m, m, byrow = TRUE)
    hidden <- tanh(sweep(s[, seq_len(m), drop = FALSE] %*% t(A), 2, q[m * m + seq_len(m)], "+"))
    related <- mean((hidden %*% q[m * m + m + seq_len(m)] + q[m * m + 2 * m + 1] - data[[4]])^2)
  }
  code <- ref_code_terms(s, m, data[[5]], options$kernel)
  total <- rec + options$mmd * code[1] + options$hsic / 2 * (code[2] + code[3]) - options$entropy * code[4] + options$related * related
  c(total, rec, related, code)
}

# Which look is taken, from the history of one training.
ref_taken <- function(history, warm, ready) {
  crit <- history[, 9] + history[, 10]
  taken <- 0
  for (i in seq_len(nrow(history))) {
    if (!warm && history[i, 1] < ready) next
    so_far <- which(warm | history[, 1] >= ready)
    so_far <- so_far[so_far <= i]
    limit <- min(history[so_far, 8]) * 1.05 + .02
    if (!taken) {
      taken <- i
      lowest <- crit[i]
      next
    }
    if (history[i, 8] > limit) next
    stale <- history[taken, 8] > limit
    if (stale || crit[i] < lowest + (if (warm) -1 else 1) * history[i, 11]) {
      lowest <- if (stale) crit[i] else min(crit[i], lowest)
      taken <- i
    }
  }
  history[taken, 1]
}
