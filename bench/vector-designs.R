# Curves of two exposures with known truth: three Gaussian instruments that explain r2 of each exposure (their
# two indices correlated .2), a confounder that loads 1 and .7, noise.
vector_truths <- list(
  `tanh(1.5 x1) + .3 x2` = function(x) tanh(1.5 * x[, 1]) + .3 * x[, 2],
  `.5 x1 x2` = function(x) .5 * x[, 1] * x[, 2],
  `max(x1, 0) / (1 + exp(-3 x2))` = function(x) pmax(x[, 1], 0) / (1 + exp(-3 * x[, 2])),
  `.5 x1 - .3 x2` = function(x) .5 * x[, 1] - .3 * x[, 2]
)
vector_design <- function(n, r2, h) {
  z <- matrix(rnorm(3 * n), n)
  load <- cbind(c(1, .5, 0), c(0, .5, 1))
  index <- z %*% load / rep(sqrt(colSums(load^2)), each = n)
  u <- rnorm(n)
  noise <- cbind(u, .7 * u) + matrix(rnorm(2 * n), n)
  x <- sqrt(r2) * index + sqrt(1 - r2) * noise / rep(sqrt(c(2, 1.49)), each = n)
  data.frame(y = h(x) + u + rnorm(n), x1 = x[, 1], x2 = x[, 2], z1 = z[, 1], z2 = z[, 2], z3 = z[, 3])
}
# 15 x 15 points of the central 80 % of each exposure.
vector_grid <- function(d) {
  side <- function(x) seq(quantile(x, .1), quantile(x, .9), length.out = 15)
  expand.grid(x1 = side(d$x1), x2 = side(d$x2))
}
