# a b, or t(a) b, by the core: R's reference BLAS takes ten times as long and does not poll
# for interrupts. A missing value stays R's to spread.
core_product <- function(a, b, transposed = FALSE) {
  a <- as_double_matrix(a)
  b <- as_double_matrix(b)
  if (anyNA(a) || anyNA(b)) return(if (transposed) crossprod(a, b) else a %*% b)
  out <- .Call(C_ffi_product, a, b, transposed)
  names <- list(if (transposed) colnames(a) else rownames(a), colnames(b))
  if (!is.null(names[[1]]) || !is.null(names[[2]])) dimnames(out) <- names
  out
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

as_double_matrix <- function(x) {
  x <- as.matrix(x)
  if (!is.double(x)) storage.mode(x) <- "double"
  x
}

# Pivoted Cholesky: `pivot`, as many as the rank, and `factor` R, R'R = a[pivot, pivot]; stops
# when no diagonal left is above `least`.
pivoted <- function(a, least) .Call(C_ffi_pivoted, as_double_matrix(a), least)

# Positions of a full-rank subset, by pivoted Cholesky of the correlation matrix.
full_rank <- function(gg) sort(pivoted(stats::cov2cor(gg), ASSOCIATION_SHARE)$pivot)

collinear <- function(a, tol) {
  scale <- sqrt(diag(a))
  if (any(!(scale > 0))) return(TRUE)
  min(eigen(a / outer(scale, scale), symmetric = TRUE, only.values = TRUE)$values) < tol
}

# What C must leave of a variant: this share of its variance within environments,
# and more than rounding of its variance over everybody (src/core/moments/scores.h).
ASSOCIATION_SHARE <- 1e-8
