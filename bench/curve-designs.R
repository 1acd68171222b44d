# Data-generating processes of the curve benchmarks (sources in each comment).
# Each returns list(y, x, z, w, grid, truth, centred, names): the curve is judged on
# `grid` (a matrix whose first column is the exposure), against `truth`.

design <- function(y, x, z, grid, truth, w = NULL, centred = FALSE) {
  list(y = y, x = x, z = as.matrix(z), w = w, grid = grid, truth = truth, centred = centred)
}

# Singh et al. 2019, section 6: confounder correlation .5, noise in both.
kiv_design <- function(n, shape = "sigmoid") {
  t <- rnorm(n)
  u <- .5 * t + sqrt(.75) * rnorm(n)
  w <- rnorm(n)
  x <- pnorm((w + t) / sqrt(2))
  h <- switch(shape,
    sigmoid = function(x) log(abs(16 * x - 8) + 1) * sign(x - .5),
    linear = function(x) 4 * x - 2
  )
  grid <- seq(0, 1, length.out = 1000)
  design(h(x) + u, x, pnorm(w), grid, h(grid))
}

# Hartford et al. 2017, outcome scaled to unit noise (so that confounding matters).
demand_design <- function(n, rho) {
  psi <- function(t) 2 * ((t - 5)^4 / 600 + exp(-4 * (t - 5)^2) + t / 10 - 2)
  f <- function(p, t, s) (100 + (10 + p) * s * psi(t) - 2 * p + 292.1) / 158
  s <- sample(7, n, TRUE)
  t <- runif(n, 0, 10)
  cost <- rnorm(n)
  v <- rnorm(n)
  p <- 25 + (cost + 3) * psi(t) + v
  e <- rho * v + sqrt(1 - rho^2) * rnorm(n)
  grid <- as.matrix(expand.grid(p = seq(10, 25, length.out = 20), t = seq(0, 10, length.out = 20), s = 1:7))
  design(f(p, t, s) + e, (p - 17.779) / 3.7, cost,
    cbind((grid[, "p"] - 17.779) / 3.7, grid[, "t"], grid[, "s"]),
    f(grid[, "p"], grid[, "t"], grid[, "s"]), w = cbind(t = t, s = s))
}

# Bennett et al. 2019 (DeepGMM), k = 2 as in their code; standardised outcome.
zoo_shapes <- list(
  sin = sin, step = function(x) ifelse(x < 0, 1, 2.5), abs = abs, linear = identity
)
zoo_design <- function(n, shape, k = 2) {
  g <- zoo_shapes[[shape]]
  draw <- function(n) {
    z <- matrix(runif(2 * n, -3, 3), n)
    confounder <- rnorm(n)
    x <- z[, 1] + confounder + rnorm(n, 0, .1)
    list(z = z, x = x, y = g(x) + k * confounder + rnorm(n, 0, .1))
  }
  d <- draw(n)
  test <- draw(2000)$x
  design((d$y - mean(d$y)) / sd(d$y), d$x, d$z, test, (g(test) - mean(d$y)) / sd(d$y))
}

# Dikkala et al. 2020 (AGMM), second process, gamma = .6; standardised outcome.
agmm_shapes <- list(
  sin = sin, step = function(x) ifelse(x < 0, 1, 2.5), abs = abs, linear = identity,
  sigmoid = function(x) 2 / (1 + exp(-2 * x)), "2dpoly" = function(x) -1.5 * x + .9 * x^2
)
agmm_design <- function(n, shape, gamma = .6) {
  tau <- agmm_shapes[[shape]]
  draw <- function(n) {
    confounder <- rnorm(n)
    z <- rnorm(n)
    p <- 2 * gamma * z + 2 * (1 - gamma) * confounder + rnorm(n, 0, .1)
    list(z = z, p = p, y = tau(p) + 2 * confounder + rnorm(n, 0, .1))
  }
  d <- draw(n)
  q <- quantile(d$p, c(.05, .95))
  grid <- seq(q[1], q[2], length.out = 1000)
  design((d$y - mean(d$y)) / sd(d$y), d$p, d$z, grid, (tau(grid) - mean(d$y)) / sd(d$y))
}

# 100 points in the central 95 % of the exposure; the curve is judged centred.
mr_design <- function(y, x, z, h) {
  q <- quantile(x, c(.025, .975))
  grid <- seq(q[1], q[2], length.out = 100)
  design(y, x, z, grid, h(grid), centred = TRUE)
}

# Tian et al. 2023 (doubly-ranked stratification), the authors' generator.
tian_design <- function(n, name) {
  z <- rnorm(n, 0, .5)
  u <- rnorm(n)
  e <- rnorm(n)
  x <- switch(substr(name, 1, 1),
    A = .5 * z + u + e,
    B = .5 * z + (2 * z^3 + 2) * (z < -1) + u + e,
    C = -10 + (1.5 + .4 * u) * (z + 5) + u + e
  )
  h <- switch(substr(name, 2, 2),
    "1" = function(x) 0 * x, "2" = function(x) .1 * x^2,
    "3" = function(x) -.1 * x^2 * (x > 0), "4" = function(x) 5 * pmax(x - .6, 0)
  )
  mr_design(h(x) + u + rnorm(n), x, z, h)
}

# A polygenic score of variance share r2.
prs_shapes <- list(
  null = function(x) 0 * x, linear = function(x) .3 * x, quadratic = function(x) .3 * x^2,
  abs = function(x) .3 * abs(x), tanh = function(x) tanh(2 * x)
)
prs_design <- function(n, r2, shape) {
  h <- prs_shapes[[shape]]
  z <- rnorm(n)
  u <- rnorm(n)
  x <- sqrt(r2) * z + sqrt((1 - r2) / 2) * (u + rnorm(n))
  mr_design(h(x) + u + rnorm(n), x, z, h)
}

curve_mse <- function(fit, d) {
  e <- fit - d$truth
  if (d$centred) e <- e - mean(e)
  mean(e^2)
}
