# The dimension of the invariant block when latents are not Gaussian: latents of the published design
# (help page of simulate_mr(), design "authors", 2,000 people per environment) drawn from uniform, Laplace and
# t (5 degrees of freedom) laws of variance one, mixed linearly afresh for every seed. Share of data sets where
# the right dimension is found, by null law and by the point of it that decides, and how often it is too
# large (the error that costs bias).
#
#   Rscript bench/bench-dimension.R           20 seeds
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments)) as.integer(arguments[1]) else 20)
n <- 2000
laws <- list(
  normal = stats::rnorm, uniform = function(k) stats::runif(k, -1, 1) * sqrt(3),
  laplace = function(k) stats::rexp(k) * sample(c(-1, 1), k, TRUE) / sqrt(2), t5 = function(k) stats::rt(k, 5) / sqrt(5 / 3)
)
rules <- list(
  `gaussian, 95 %` = encoder_control(null = "gaussian", dimension_level = .95),
  `gaussian, 99.9 %` = encoder_control(null = "gaussian"),
  `permutation, 95 %` = encoder_control(null = "permutation", dimension_level = .95),
  `permutation, 99.9 %` = encoder_control()
)

draw_data <- function(law, environments, seed) {
  set.seed(seed)
  total <- n * environments
  draw <- function() matrix(laws[[law]](2 * total), total)
  e <- rep(seq_len(environments), each = n)
  eta <- if (environments == 2) list(c(1, 1), c(2, 2)) else list(c(1, 1), c(2, 1), c(1, 2))
  root <- chol(matrix(c(1, .5, .5, 1), 2))
  h <- draw() + 2 * (e - 1)
  latent <- cbind(draw() %*% root + h * do.call(rbind, eta)[e, ], draw() %*% root)
  x <- rowSums(latent) + rowSums(h) + stats::rnorm(total)
  mr_data(latent %*% matrix(stats::rnorm(16), 4), x, x + rowSums(h) + stats::rnorm(total), paste0("e", e), kind = "continuous")
}

cells <- expand.grid(law = names(laws), environments = 2:3, stringsAsFactors = FALSE)
table <- do.call(rbind, Map(function(law, environments) {
  size <- vapply(seeds, function(seed) {
    data <- draw_data(law, environments, seed)
    vapply(rules, function(control) as.double(learn_instruments(data, control = control, seed = seed)$n_latent[["invariant"]]), 0)
  }, numeric(length(rules)))
  data.frame(
    law = law, environments = environments, null = names(rules), data_sets = length(seeds), right = rowMeans(size == 2),
    too_large = rowMeans(size > 2), row.names = NULL
  )
}, cells$law, cells$environments))
print(table, digits = 3, row.names = FALSE)
dir.create("bench/results", FALSE, TRUE)
utils::write.csv(format(table, digits = 4), "bench/results/dimension.csv", row.names = FALSE)
