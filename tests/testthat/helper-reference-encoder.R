# Slow twins, on rows and in plain R, of the linear encoder and of what is
# estimated behind it. Nothing here shares code with the package.

ref_residual <- function(a, on) {
  a <- as.matrix(a)
  if (!ncol(a)) return(a)
  qr.resid(qr(on, tol = 1e-10), a)
}

ref_dummies <- function(e) {
  e <- factor(e)
  if (nlevels(e) == 1) return(matrix(1, length(e), 1))
  stats::model.matrix(~ e)
}

# Steps 1-3: between and within covariance given W, blocks, whitening, M.
ref_structure_matrix <- function(z, e, s = NULL, block = NULL, chromosome = NULL, near = FALSE, r2_min = .05) {
  n <- nrow(z)
  p <- ncol(z)
  w <- cbind(ref_dummies(e), s)
  zc <- sweep(z, 2, colMeans(z))
  inside <- ref_residual(zc, w)
  within <- crossprod(inside) / n
  between <- crossprod(zc) / n - within
  if (is.null(block)) {
    r2 <- stats::cov2cor(within)^2
    by_chance <- stats::qchisq(1 - .01 / choose(p, 2), 1) / n
    joined <- r2 > max(r2_min, by_chance) | (near & r2 > by_chance)
    if (!is.null(chromosome)) joined <- joined & outer(chromosome, chromosome, "==")
    block <- seq_len(p)
    for (pass in seq_len(p)) {
      old <- block
      for (j in seq_len(p)) block[j] <- min(block[joined[j, ] | seq_len(p) == j])
      if (identical(old, block)) break
    }
  }
  block <- as.integer(factor(block, unique(block)))
  sd <- sqrt(diag(within))
  corr <- within / outer(sd, sd)
  t_columns <- t_block <- NULL
  for (b in seq_len(max(block))) {
    in_b <- which(block == b)
    eig <- eigen(corr[in_b, in_b, drop = FALSE], symmetric = TRUE)
    keep <- which(eig$values >= 1e-3)
    part <- matrix(0, p, length(keep))
    part[in_b, ] <- sweep(eig$vectors[, keep, drop = FALSE], 2, sqrt(eig$values[keep]), "/") / sd[in_b]
    t_columns <- cbind(t_columns, part)
    t_block <- c(t_block, rep(b, length(keep)))
  }
  a <- t(t_columns) %*% within %*% t_columns
  a[outer(t_block, t_block, "==")] <- 0
  ea <- eigen(a, symmetric = TRUE)
  plus <- ea$vectors %*% (pmax(ea$values, 0)^2 * t(ea$vectors))
  m <- t(t_columns) %*% between %*% t_columns + plus / 2
  em <- eigen((m + t(m)) / 2, symmetric = TRUE)
  list(values = em$values, directions = t_columns %*% em$vectors, block = block, m = m, rank = qr(w)$rank - 1)
}

# Step 4: draws of the largest eigenvalue when nothing is there.
ref_null_draws <- function(n, p, q, draws = 60) {
  replicate(draws, {
    m <- matrix(stats::rnorm(q * p), q, p) / sqrt(n)
    w <- stats::rWishart(1, n - q, diag(p))[, , 1]
    a <- stats::cov2cor(w)
    diag(a) <- 0
    ea <- eigen(a, symmetric = TRUE)
    plus <- ea$vectors %*% (pmax(ea$values, 0)^2 * t(ea$vectors))
    max(eigen(crossprod(m) + plus / 2, symmetric = TRUE, only.values = TRUE)$values)
  })
}

# The block C of step 5 as explicit columns.
ref_block <- function(e, v, covariates = NULL, s = NULL, interact = TRUE) {
  d <- ref_dummies(e)
  inter <- function(x) {
    if (is.null(x) || !ncol(x) || ncol(d) == 1) return(NULL)
    do.call(cbind, lapply(seq_len(ncol(d))[-1], function(j) d[, j] * x))
  }
  if (is.null(s)) {
    cbind(d, v, if (interact) inter(v), covariates)
  } else {
    cbind(d, s, if (interact) inter(s), v, covariates)
  }
}

# Nagar's error: x'Px, the noise om of (x, y), p instruments and the degrees of freedom left.
ref_nagar_error <- function(b, signal, om, p, df) {
  e <- om[2, 2] - 2 * b * om[1, 2] + b^2 * om[1, 1]
  xe <- om[1, 2] - b * om[1, 1]
  h <- signal - p * om[1, 1]
  sqrt(e * h + p * (1 + p / df) * (e * om[1, 1] + xe^2)) / abs(h)
}

# Nagar's bias-corrected 2SLS from residual columns.
ref_nagar <- function(y, x, z, c_block) {
  n <- length(y)
  rank_c <- qr(c_block, tol = 1e-10)$rank
  r <- ref_residual(cbind(x, y, z), c_block)
  qz <- qr(r[, -(1:2), drop = FALSE], tol = 1e-8)
  p <- qz$rank
  q <- qr.Q(qz)[, seq_len(p), drop = FALSE]
  g <- crossprod(q, r[, 1:2])
  om <- (crossprod(r[, 1:2]) - crossprod(g)) / (n - rank_c - p)
  den <- sum(g[, 1]^2) - p * om[1, 1]
  b <- (sum(g[, 1] * g[, 2]) - p * om[1, 2]) / den
  c(b = b, se = ref_nagar_error(b, sum(g[, 1]^2), om, p, n - rank_c - p))
}

# Step 6: spectral REML.
ref_reml <- function(y, x, z, e, directions, values, k, c, covariates = NULL, c_block, level = .95) {
  n <- length(y)
  statistics <- function(dirs, block) {
    rank_c <- qr(block, tol = 1e-10)$rank
    xy <- ref_residual(cbind(x, y), block)
    zr <- ref_residual(z %*% dirs, block)
    plain <- zr
    zr <- sweep(zr, 2, sqrt(colSums(zr^2)), "/")
    corr <- crossprod(zr)
    keep <- rep(TRUE, ncol(zr))
    ortho <- zr * 0
    for (j in seq_len(ncol(zr))) {
      v <- zr[, j]
      for (pass in 1:2) {
        prev <- ortho[, which(keep[seq_len(j - 1)]), drop = FALSE]
        if (ncol(prev)) v <- v - prev %*% crossprod(prev, v)
      }
      keep[j] <- sum(v^2) >= 1e-8
      if (keep[j]) ortho[, j] <- v / sqrt(sum(v^2))
    }
    g <- crossprod(ortho[, keep, drop = FALSE], xy)
    om <- (crossprod(xy) - crossprod(g)) / (n - rank_c - sum(keep))
    size <- rowSums(crossprod(ortho[, keep, drop = FALSE], plain[, keep, drop = FALSE])^2)
    list(g = g, om = om, keep = keep, rank = rank_c, size = size / mean(size))
  }
  p <- ncol(directions)
  st <- statistics(directions[, (k + 1):p, drop = FALSE], c_block)
  b0 <- sum(st$g[, 1] * st$g[, 2] - st$om[1, 2]) / sum(st$g[, 1]^2 - st$om[1, 1])
  turn <- function(s) {
    a <- rbind(c(1, -b0), c(0, 1))
    list(g = s$g %*% a, om = t(a) %*% s$om %*% a)
  }
  t1 <- turn(st)
  scale <- 1 / sqrt(diag(t1$om))
  g <- sweep(t1$g, 2, scale, "*")
  om <- t1$om * outer(scale, scale)
  t0 <- turn(statistics(directions, cbind(ref_dummies(e), covariates)))
  g0 <- sweep(t0$g, 2, scale, "*")
  om0 <- t0$om * outer(scale, scale)
  lam <- pmax(values[(k + 1):p], 0)[st$keep] / c
  none <- lam < 1e-6
  st$size[none] <- mean(st$size[none])
  weights <- list(sq = lam^2, edge = .2 / (1.2 - pmin(1, sqrt(lam))))
  lead <- seq_len(max(k, 1))
  top <- crossprod(g0[lead, , drop = FALSE]) - length(lead) * om0
  dirs <- list(top = eigen(top, symmetric = TRUE)$vectors[, 1], noise = eigen(om, symmetric = TRUE)$vectors[, 1])
  pk <- nrow(g)
  sbar <- crossprod(g) / pk - om
  fits <- list()
  for (wn in names(weights)) for (dn in names(dirs)) {
    w <- weights[[wn]]
    d <- dirs[[dn]]
    nll <- function(par) {
      theta <- par[1]
      gg <- exp(par[2]) * st$size
      psi <- par[3]^2
      tau <- par[4]^2
      v11 <- gg + om[1, 1] + psi * w * d[1]^2
      v12 <- gg * theta + om[1, 2] + psi * w * d[1] * d[2]
      v22 <- gg * theta^2 + om[2, 2] + psi * w * d[2]^2 + tau
      det <- v11 * v22 - v12^2
      if (any(det <= 0) || any(v11 <= 0)) return(1e10)
      qf <- (g[, 1]^2 * v22 - 2 * g[, 1] * g[, 2] * v12 + g[, 2]^2 * v11) / det
      .5 * sum(log(det) + qf) - 5 * log(exp(par[2]) / (exp(par[2]) + psi * mean(w) * d[1]^2))
    }
    start_theta <- sbar[1, 2] / max(sbar[1, 1], .02)
    start_g <- log(max(sbar[1, 1], .02))
    best <- NULL
    for (st2 in list(c(.3, .3), c(1, .05), c(.05, 1))) {
      o <- stats::optim(c(start_theta, start_g, st2), nll, method = "BFGS", control = list(maxit = 500, reltol = 1e-14))
      o <- stats::optim(o$par, nll, method = "BFGS", control = list(maxit = 500, reltol = 1e-15))
      if (is.null(best) || o$value < best$value) best <- o
    }
    h <- stats::optimHess(best$par, nll, control = list(ndeps = rep(1e-4, 4)))
    eh <- eigen((h + t(h)) / 2, symmetric = TRUE)
    inv <- eh$vectors %*% (1 / pmax(eh$values, 1e-6) * t(eh$vectors))
    unit <- scale[1] / scale[2]
    fits[[paste(wn, dn)]] <- c(theta = best$par[1] * unit, s = sqrt(inv[1, 1]) * unit, value = -best$value,
                               g = exp(best$par[2]), psi = best$par[3]^2, tau = best$par[4]^2)
  }
  f <- do.call(rbind, fits)
  w <- c(2, 2, 1, 1) / 3 * c(.75, .25) * exp((f[, "value"] - max(f[, "value"])) / 2)
  w <- w / sum(w)
  b <- b0 + sum(w * f[, "theta"])
  v <- max(mean((f[, "theta"] - mean(f[, "theta"]))^2), sum(w * (f[, "theta"] - b + b0)^2))
  half <- function(level) {
    a <- 1 - level
    sqrt(sum(w * (stats::qt(1 - a / 2, pk - 1) * f[, "s"])^2) + stats::qnorm(1 - a / 2)^2 * v)
  }
  list(b = b, half = half(level), se = half(.95) / 1.959964, fits = f, b0 = b0, p = pk)
}

# Moments by environment from rows: columns (z, covariates, s, x, y).
ref_view <- function(z, e, x, y, covariates = NULL, s = NULL) {
  e <- factor(e)
  u <- unname(cbind(z, covariates, s, x, y))
  parts <- split(seq_along(e), e)
  means <- vapply(parts, function(i) colMeans(u[i, , drop = FALSE]), numeric(ncol(u)))
  list(
    n = as.double(lengths(parts)), mean = unname(matrix(means, ncol(u))),
    cross = unname(lapply(parts, function(i) {
      crossprod(sweep(u[i, , drop = FALSE], 2, colMeans(u[i, , drop = FALSE])))
    }))
  )
}

# Stationary subspace from rows.
ref_stationary <- function(z, e) {
  e <- factor(e)
  mu <- colMeans(z)
  s <- crossprod(sweep(z, 2, mu)) / nrow(z)
  sd <- sqrt(diag(s))
  eig <- eigen(s / outer(sd, sd), symmetric = TRUE)
  keep <- eig$values > 1e-8 * eig$values[1]
  white <- sweep(eig$vectors[, keep] / sd, 2, sqrt(eig$values[keep]), "/")
  x <- sweep(z, 2, mu) %*% white
  m <- 0
  for (l in levels(e)) {
    xe <- x[e == l, , drop = FALSE]
    me <- colMeans(xe)
    se <- crossprod(sweep(xe, 2, me)) / nrow(xe)
    d <- se - diag(ncol(x))
    m <- m + mean(e == l) * (tcrossprod(me) + d %*% d / 2)
  }
  em <- eigen(m, symmetric = TRUE)
  order <- rev(seq_along(em$values))
  list(values = em$values[order], directions = white %*% em$vectors[, order])
}

# Linear HSIC within environments by Gram matrices.
ref_linear_hsic <- function(x, y, e) {
  statistic <- center <- variance <- 0
  for (l in levels(factor(e))) {
    i <- e == l
    k <- tcrossprod(scale(x[i, , drop = FALSE])) * sum(i) / (sum(i) - 1)
    g <- tcrossprod(scale(y[i, , drop = FALSE])) * sum(i) / (sum(i) - 1)
    statistic <- statistic + sum(k * g)
    center <- center + sum(diag(k)) * sum(diag(g)) / sum(i)
    variance <- variance + 2 * sum(k^2) * sum(g^2) / sum(i)^2
  }
  c(statistic, stats::pgamma(statistic, center^2 / variance, scale = variance / center, lower.tail = FALSE))
}

# A reference view with the column positions that the package expects.
view_of <- function(view, p, covariates = 0, structure = 0) {
  at <- function(from, size) from + seq_len(size)
  view$columns <- list(
    variants = seq_len(p), covariates = at(p, covariates), structure = at(p + covariates, structure),
    exposure = p + covariates + structure + 1L, outcome = p + covariates + structure + 2L
  )
  view$environments <- paste0("e", seq_along(view$n))
  view
}

# How many variants greedy pruning within environments at r^2 > .05 drops.
twice_linked <- function(x, e) {
  x <- apply(x, 2, function(g) g - ave(g, e))
  r2 <- cor(x)^2
  kept <- integer()
  for (j in seq_len(ncol(x))) if (!any(r2[j, kept] > .05)) kept <- c(kept, j)
  ncol(x) - length(kept)
}

# ---- components of [instruments, background] ----
# The instruments (first p columns of x, nothing missing) whitened within their linkage
# blocks, all columns then standardised. list(values, scores, count).
reference_components <- function(x, p, environment, block, top) {
  within <- apply(x, 2, function(v) v - ave(v, environment))
  white <- lapply(split(seq_len(p), block), function(j) {
    eig <- eigen(stats::cor(within[, j, drop = FALSE]), symmetric = TRUE)
    keep <- eig$values > 1e-3
    sweep(x[, j, drop = FALSE], 2, apply(within[, j, drop = FALSE], 2, sd), "/") %*%
      eig$vectors[, keep, drop = FALSE] %*% diag(1 / sqrt(eig$values[keep]), sum(keep))
  })
  panel <- scale(cbind(do.call(cbind, white), x[, -seq_len(p), drop = FALSE]))
  corr <- stats::cor(panel)
  eig <- eigen(corr, symmetric = TRUE)
  list(
    values = eig$values[seq_len(top)], scores = panel %*% eig$vectors[, seq_len(top)],
    count = reference_tracy_widom(eig$values[seq_len(top)], corr, nrow(x))
  )
}

reference_tracy_widom <- function(values, corr, n) {
  for (j in seq_along(values)) {
    before <- values[seq_len(j - 1)]
    left <- ncol(corr) - j + 1
    s1 <- sum(diag(corr)) - sum(before)
    s2 <- sum(corr^2) - sum(before^2)
    effective <- min(n, left / max(s2 * left / s1^2 - 1, 1e-12))
    a <- sqrt(effective - 1)
    b <- sqrt(left)
    scale <- (a + b) * (1 / a + 1 / b)^(1 / 3) / effective
    if ((values[j] / (s1 / left) - (a + b)^2 / effective) / scale <= 2.0234) return(j - 1L)
  }
  length(values)
}
