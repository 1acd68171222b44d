# Slow twins of what is done with invalid instruments, on rows.

# x'Py - L Om_xy, x'Px - L Om_xx, x'Px, y'Py and L, instruments z and controls in `block`.
ref_nagar_sums <- function(y, x, z, block) {
  r <- ref_residual(cbind(x, y, z), block)
  q <- qr(r[, -(1:2), drop = FALSE], tol = 1e-6)
  hat <- qr.fitted(q, r[, 1:2])
  left <- r[, 1:2] - hat
  om <- crossprod(left) / (length(y) - qr(block)$rank - q$rank)
  c(
    xy = sum(hat[, 1] * hat[, 2]) - q$rank * om[1, 2], xx = sum(hat[, 1]^2) - q$rank * om[1, 1],
    strength = sum(hat[, 1]^2), yy = sum(hat[, 2]^2), L = q$rank, om = om
  )
}

# The t of each variant in the regression of y - b x on it and the block.
ref_outlier_t <- function(y, x, z, block, b) {
  v <- y - b * x
  unname(apply(z, 2, function(g) coef(summary(lm(v ~ 0 + block + g)))["g", "t value"]))
}

ref_outliers <- function(y, x, z, block, level = .05, rounds = 20) {
  df <- length(y) - qr(block)$rank - 1
  one <- function(trait) apply(z, 2, function(g) coef(summary(lm(trait ~ 0 + block + g)))["g", 1:2])
  bx <- one(x)
  by <- one(y)
  b <- ref_weighted_median(by[1, ] / bx[1, ], (bx[1, ] / by[2, ])^2)
  start <- b
  out <- abs(ref_outlier_t(y, x, z, block, b)) > qt(1 - level / 2, df)
  for (i in seq_len(rounds)) {
    s <- ref_nagar_sums(y, x, z[, !out, drop = FALSE], cbind(block, z[, out, drop = FALSE]))
    b <- s[["xy"]] / s[["xx"]]
    again <- abs(ref_outlier_t(y, x, z, block, b)) > qt(1 - level / 2, df)
    if (identical(again, out)) break
    out <- again
  }
  list(outlying = out, t = ref_outlier_t(y, x, z, block, b), b = c(start, b), rounds = i)
}
