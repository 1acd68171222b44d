# Does the curve stay on the line where the truth is straight, and leave it where it is not?
# Root mean squared error of iv_curve() over that of linear 2SLS on the same draws: in the
# median and in the worst tenth of data sets; and how often the line was left.
#
#   Rscript bench/bench-curve-straight.R [draws]     30; SEED0 shifts the seeds
#
# Straight truths: ten Gaussian instruments or thirty SNPs, confounding 5 SD of the noise's
# scale. Wiggly ones: two uniform instruments, n = 2,000, which see nothing of sin 3x (smoothed to a hundredth of it),
# and one strong Gaussian instrument (the AGMM design of Dikkala et al. 2020).
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
draws <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 30L
seed0 <- as.integer(Sys.getenv("SEED0", "5000"))

straight <- function(n, r2, snp = FALSE) {
  p <- if (snp) 30 else 10
  z <- if (snp) matrix(rbinom(n * p, 2, .3), n) else matrix(rnorm(n * p), n)
  u <- rnorm(n)
  x <- sqrt(r2) * drop(scale(z %*% rnorm(p))) + sqrt(1 - r2) * (.6 * u + .8 * rnorm(n))
  list(y = 128 + 2 * x + 5 * u + rnorm(n, sd = 3), x = x, z = z, h = function(x) 2 * x)
}
wiggly <- function(h, n = 2000) {
  z <- matrix(runif(2 * n, -3, 3), n)
  e <- rnorm(n)
  x <- .5 * z[, 1] + .5 * z[, 2] + e + rnorm(n, sd = .1)
  list(y = h(x) + e + rnorm(n, sd = .1), x = x, z = z, h = h)
}
strong <- function(h, share, n = 2000) {
  z <- rnorm(n)
  e <- rnorm(n)
  x <- 2 * share * z + 2 * (1 - share) * e + rnorm(n, sd = .1)
  list(y = h(x) + 2 * e + rnorm(n, sd = .1), x = x, z = z, h = h)
}
cells <- list()
for (n in c(1000, 3000, 20000)) for (r2 in c(.05, .15, .4, .7)) for (snp in c(FALSE, TRUE)) local({
  a <- list(n = n, r2 = r2, snp = snp)
  cells[[sprintf("straight %s n=%d R2=%.2f", if (snp) "snp" else "gauss", n, r2)]] <<- function() do.call(straight, a)
})
truths <- list(
  sin = sin, `sin 3x` = function(x) sin(3 * x), `3x exp(-x^2)` = function(x) 3 * x * exp(-x^2),
  step = function(x) as.numeric(x > 0), abs = abs, quadratic = function(x) x^2 / 4
)
for (name in names(truths)) local({
  h <- truths[[name]]
  cells[[paste("wiggly", name)]] <<- function() wiggly(h)
})
for (name in names(truths)) local({
  h <- truths[[name]]
  cells[[paste("strong", name)]] <<- function() strong(h, if (name == "sin 3x") .9 else .8)
})

one <- function(cell, seed) {
  set.seed(seed)
  d <- cell()
  frame <- data.frame(y = d$y, x = d$x)
  frame$z <- d$z
  fit <- suppressWarnings(iv_curve(y ~ x | z, frame, seed = seed))
  at <- quantile(d$x, seq(.02, .98, .01), names = FALSE)
  error <- function(v) sqrt(mean((v - d$h(at) - mean(v - d$h(at)))^2))
  c(curve = error(predict(fit, at)), line = error(coef(iv_reg(y ~ x | z, frame))[["x"]] * at), left = as.numeric(fit$shrink > 0), fit$identification$strong)
}
table <- do.call(rbind, lapply(names(cells), function(name) {
  r <- vapply(seq_len(draws), function(s) one(cells[[name]], seed0 + s), numeric(4))
  worst <- function(v) quantile(v, .9, names = FALSE)
  data.frame(
    design = name, draws = draws, strong = mean(r[4, ]), left_the_line = mean(r[3, ]), rmse_curve = median(r[1, ]), rmse_line = median(r[2, ]),
    ratio_median = median(r[1, ]) / median(r[2, ]), ratio_worst_tenth = worst(r[1, ]) / worst(r[2, ])
  )
}))
table[-1] <- lapply(table[-1], signif, 3)
print(table, row.names = FALSE)
write.csv(table, "bench/results/curve-straight.csv", row.names = FALSE)
