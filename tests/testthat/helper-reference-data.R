# Slow obvious twins of the routines of the data layer.

slow_scan <- function(x, environment) {
  by <- function(f) {
    out <- t(apply(x, 2, function(g) tapply(g, environment, function(v) f(v[!is.na(v)]))))
    dimnames(out) <- list(NULL, levels(environment))
    out
  }
  list(
    called = by(length), n0 = by(function(v) sum(v == 0)), n1 = by(function(v) sum(v == 1)), n2 = by(function(v) sum(v == 2)),
    mean = by(function(v) if (length(v)) mean(v) else 0), ss = by(function(v) if (length(v)) sum((v - mean(v))^2) else 0)
  )
}

# Columns that earlier ones determine, by regression on all of these.
slow_collinear <- function(x) {
  x <- scale(x)
  kept <- logical(ncol(x))
  for (j in seq_len(ncol(x))) {
    rest <- if (any(kept)) qr.resid(qr(x[, kept, drop = FALSE]), x[, j]) else x[, j]
    kept[j] <- sum(rest^2) > 1e-8 * sum(x[, j]^2)
  }
  which(!kept)
}

# All numbers of heterozygotes with the same allele counts, probabilities by
# lgamma (Wigginton et al. 2005, equation 1).
slow_hwe <- function(n0, n1, n2) {
  n <- n0 + n1 + n2
  a <- 2 * n0 + n1
  b <- 2 * n - a
  h <- seq(a %% 2, min(a, b), by = 2)
  log_p <- h * log(2) + lfactorial(n) - lfactorial((a - h) / 2) - lfactorial(h) - lfactorial((b - h) / 2) +
    lfactorial(a) + lfactorial(b) - lfactorial(2 * n)
  p <- exp(log_p)
  sum(p[p <= p[h == n1] * (1 + 1e-8)])
}
