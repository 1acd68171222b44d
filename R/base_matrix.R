# a b, or t(a) b, by the core: R's reference BLAS takes ten times as long.
core_product <- function(a, b, transposed = FALSE) {
  if (!is.double(a)) storage.mode(a) <- "double"
  .Call(C_ffi_product, a, b, transposed)
}

solve0 <- function(a) {
  if (ncol(a) == 0) return(a)
  scale <- sqrt(diag(a))
  if (any(scale == 0)) return(a * 0)
  solve(a / outer(scale, scale), tol = 0) / outer(scale, scale)
}

replace_na_by <- function(x, value) {
  x[is.na(x)] <- value
  x
}

# Zero mean, unit standard deviation with divisor n, column by column; a
# constant column becomes 0.
standardise <- function(x) {
  if (is.null(dim(x))) return(drop(standardise(matrix(x))))
  x <- x - rep(colMeans(x), each = nrow(x))
  spread <- sqrt(colMeans(x^2))
  spread[spread == 0] <- 1
  x / rep(spread, each = nrow(x))
}

# Positions of a full-rank subset, by pivoted Cholesky of the correlation matrix.
full_rank <- function(gg) {
  root <- suppressWarnings(chol(stats::cov2cor(gg), pivot = TRUE, tol = ASSOCIATION_SHARE))
  sort(attr(root, "pivot")[seq_len(attr(root, "rank"))])
}

collinear <- function(a, tol) {
  scale <- sqrt(diag(a))
  if (any(!(scale > 0))) return(TRUE)
  min(eigen(a / outer(scale, scale), symmetric = TRUE, only.values = TRUE)$values) < tol
}

# What C must leave of a variant: this share of its variance within environments,
# and more than rounding of its variance over everybody (src/core/moments/scores.h).
ASSOCIATION_SHARE <- 1e-8
