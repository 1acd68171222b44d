# Tests and sets that hold however weak the instruments are, under
# heteroskedasticity or within clusters: Kleibergen (2005) for the moments Q_Z'(y - Xb). With
# p = Q_Z'(y, X), after the covariates, and Omega the covariance of its contributions (of people, or summed
# within clusters; about their mean, so that no residual of a first stage is needed), at the
# effects b, v = (1, -b):
#   g = p v, S = var(g) = (v x I)'Omega (v x I), AR = g'S^-1 g
#   D = p A - cov(p A, g) S^-1 g      independent of g; A spans what is across v
#   LM = g'S^-1 D (D'S^-1 D)^-1 D'S^-1 g
#   CLR = (AR - r + sqrt((AR - r)^2 + 4 r LM)) / 2,  r a test that D has rank k - 1
# Nothing depends on the choice of A, nor on the length of v: infinite effects are
# directions as all others.

weakiv_types <- c("HC0", "HC1", "cluster")

# From the factor of a fit: p (L x (k + 1)), omega, the degrees of freedom.
reduced_form <- function(f, type, cluster) {
  by <- if (type == "cluster") cluster
  p <- f$r[f$Z, c(f$Y, f$X), drop = FALSE]
  omega <- over_ways(by, function(way) {
    second <- .Call(C_ffi_iv_reduced, f$rows, f$r, way$index, as.integer(way$count), cpu_level())
    second - tcrossprod(as.vector(p)) / if (type == "cluster") way$count else f$n
  })
  # Hotelling's: with G independent sums of L contributions AR (G - L) / (L (G - 1)) ~ F(L, G - L).
  df <- if (type == "cluster") by$count - f$L else f$n - f$K - f$L
  factor <- switch(type, HC0 = 1, HC1 = f$n / df, cluster = by$count / df * (f$n - 1) / (f$n - f$K))
  list(
    p = p, omega = if (df > 0) factor * omega else NA * omega, L = f$L, k = f$k, df = as.double(df),
    units = chol(crossprod(f$r[c(f$X, f$Y), c(f$Y, f$X), drop = FALSE]))
  )
}

# sum_ab u_a v_b Omega_ab for columns u, v of weights over (y, X).
reduced_cov <- function(red, u, v) {
  L <- red$L
  out <- matrix(0, L, L)
  for (a in which(u != 0)) for (b in which(v != 0)) {
    out <- out + u[a] * v[b] * red$omega[(a - 1) * L + seq_len(L), (b - 1) * L + seq_len(L), drop = FALSE]
  }
  out
}

# AR, LM and rank at the direction v; `method` says which are needed.
robust_parts <- function(red, v, method = "CLR") {
  g <- drop(red$p %*% v)
  if (anyNA(red$omega)) return(list(ar = NA_real_, lm = NA_real_, rank = NA_real_))
  half <- or_else(chol(reduced_cov(red, v, v)), NULL)
  if (is.null(half) || min(diag(half)) < 1e-7 * max(diag(half))) {
    return(list(ar = NA_real_, lm = NA_real_, rank = NA_real_))
  }
  white <- backsolve(half, g, transpose = TRUE)
  out <- list(ar = sum(white^2), lm = NA_real_, rank = NA_real_)
  if (method == "AR") return(out)
  a <- qr.Q(qr(v), complete = TRUE)[, -1, drop = FALSE]
  back <- backsolve(half, white)
  cross <- lapply(seq_len(red$k), function(j) reduced_cov(red, a[, j], v))
  d <- vapply(seq_len(red$k), function(j) drop(red$p %*% a[, j] - cross[[j]] %*% back), numeric(red$L))
  d <- matrix(d, red$L)
  dw <- backsolve(half, d, transpose = TRUE)
  out$lm <- min(out$ar, sum(qr.fitted(qr(dw), white)^2))
  if (method == "CLR") {
    out$rank <- robust_rank(red, v, a, d, lapply(cross, function(x) backsolve(half, t(x), transpose = TRUE)))
  }
  out
}

# The statistic that D has rank k - 1. k = 1: D'V^-1 D. More: Kleibergen and Paap
# (2006) in units of the residuals given e, V of the one combination that is weakest.
robust_rank <- function(red, v, a, d, cross) {
  k <- red$k
  combine <- function(w) {
    u <- drop(a %*% w)
    x <- Reduce(`+`, Map(`*`, cross, w))
    reduced_cov(red, u, u) - crossprod(x)
  }
  if (k == 1) return(quadratic(combine(1), d[, 1]))
  units <- qr.R(qr(qr.resid(qr(red$units %*% v), red$units %*% a)))
  theta <- t(backsolve(units, t(d), transpose = TRUE))
  parts <- svd(theta, nu = red$L, nv = k)
  w <- backsolve(units, parts$v[, k])
  across <- parts$u[, k:red$L, drop = FALSE]
  quadratic(crossprod(across, combine(w) %*% across), c(parts$d[k], rep(0, red$L - k)))
}

robust_weakiv_test <- function(red, beta) {
  p <- robust_parts(red, c(1, -beta))
  lr <- quasi_lr(p)
  data.frame(
    test = c("AR", "LM", "CLR"), statistic = c(p$ar / red$L, p$lm / red$k, lr),
    df1 = c(red$L, red$k, NA), df2 = c(red$df, red$df, NA),
    p.value = vapply(c("AR", "LM", "CLR"), function(method) robust_p(red, p, method), 0, USE.NAMES = FALSE)
  )
}

quasi_lr <- function(p) {
  gap <- p$rank - p$ar
  root <- sqrt(gap^2 + 4 * p$rank * p$lm)
  if (is.na(gap)) NA_real_ else if (gap > 0) 2 * p$rank * p$lm / (gap + root) else (root - gap) / 2
}

robust_p <- function(red, p, method) {
  if (is.na(p$ar) || (method != "AR" && is.na(p$lm))) return(NA_real_)
  switch(method,
    AR = pf(p$ar / red$L, red$L, red$df, lower.tail = FALSE),
    LM = pf(p$lm / red$k, red$k, red$df, lower.tail = FALSE),
    CLR = if (is.na(p$rank)) NA_real_ else clr_p_value(quasi_lr(p), p$rank, red$L, red$k, red$df)
  )
}

# The set of one effect: p-values around the circle of directions v, in coordinates
# where the residuals of y and x have unit variance, at `points` angles; ends by
# root finding, and by a search for the peak where neighbours come near the line.
robust_weakiv_set <- function(red, method, level, points = 512L) {
  if (red$L == 1) method <- "AR"
  direction <- function(t) backsolve(red$units, c(cos(t), sin(t)))
  height <- function(t) robust_p(red, robust_parts(red, direction(t), method), method) - (1 - level)
  t <- seq(0, pi, length.out = points + 1)
  h <- vapply(t, height, 0)
  if (anyNA(h)) {
    abort(
      "The covariance of the reduced form is singular: there are fewer clusters (or people) than instruments.",
      c("latentmr_error_weights", "latentmr_error_singular"),
      hint = "vcov = \"HC1\" needs no clusters; fewer instruments need fewer."
    )
  }
  # A peak or a valley between two points of one sign.
  inner <- 2:points
  turning <- inner[(h[inner] - h[inner - 1]) * (h[inner + 1] - h[inner]) <= 0]
  for (i in turning) {
    top <- h[i] < 0
    best <- stats::optimize(height, t[c(i - 1, i + 1)], maximum = top, tol = 1e-10)
    value <- if (top) best$objective else best$objective
    at <- if (top) best$maximum else best$minimum
    if (sign(value) != sign(h[i])) {
      t <- c(t, at)
      h <- c(h, value)
    }
  }
  order <- order(t)
  t <- t[order]
  h <- h[order]
  change <- which(sign(h[-1]) != sign(h[-length(h)]))
  ends <- vapply(
    change, function(i) stats::uniroot(height, t[c(i, i + 1)], f.lower = h[i], f.upper = h[i + 1], tol = 1e-12)$root, 0
  )
  effect <- function(t) {
    v <- direction(t)
    -v[2] / v[1]
  }
  ends <- sort(vapply(ends, effect, 0))
  at <- function(b) robust_p(red, robust_parts(red, c(1, -b), method), method) >= 1 - level
  if (!length(ends)) {
    if (h[1] >= 0) return(data.frame(ci_type = "line", lo = -Inf, up = Inf, level = level))
    return(data.frame(ci_type = "empty", lo = NA_real_, up = NA_real_, level = level))
  }
  m <- length(ends)
  inside <- c(
    at(ends[1] - max(1, abs(ends[1]))), if (m > 1) vapply(seq_len(m - 1), function(i) at(mean(ends[c(i, i + 1)])), NA),
    at(ends[m] + max(1, abs(ends[m])))
  )
  lo <- c(-Inf, ends)[inside]
  up <- c(ends, Inf)[inside]
  join_pieces(data.frame(lo = lo, up = up), data.frame(lo = numeric(), up = numeric()), level)
}
