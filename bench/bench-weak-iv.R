# Weak instruments: size of the AR, LM and CLR tests at the true effect, and speed of
# LIML + Fuller + AR + CLR + 2SLS beside ivmodel, in one run on the same arrays.
# LATENTMR_BENCH_N sets the number of rows (default 100,000), LATENTMR_BENCH_DRAWS
# the draws (default 4,000; 0: speed only).
library(LatentMR)
draws <- as.numeric(Sys.getenv("LATENTMR_BENCH_DRAWS", "4000"))
results <- list()

# First-stage F about 1, 5, 30; errors correlated .9; three covariates.
draw <- function(strength, n = 250, L = 5) {
  z <- matrix(rnorm(n * L), n)
  w <- cbind(1, matrix(rnorm(n * 3), n))
  u <- rnorm(n)
  x <- drop(z %*% rep(sqrt((strength - 1) / n), L)) + u + w[, 2]
  y <- 0.5 * x + 0.9 * u + sqrt(1 - 0.81) * rnorm(n) + w[, 3]
  fit <- iv_fit(y, x, z, w)
  c(fit$strength$partial_f[[1]], weakiv_test(fit, 0.5)$p.value < 0.05, abs(coef(fit)[[1]] - 0.5) > 1.96 * sqrt(vcov(fit)[1, 1]))
}
set.seed(1)
size <- if (draws) do.call(rbind, lapply(c(1, 5, 30), function(strength) {
  out <- replicate(draws, draw(strength))
  data.frame(
    f = strength, mean_f = mean(out[1, ]), draws = draws, ar = mean(out[2, ]), lm = mean(out[3, ]),
    clr = mean(out[4, ]), wald_2sls = mean(out[5, ])
  )
}))
if (draws) print(size, digits = 4)

n <- as.numeric(Sys.getenv("LATENTMR_BENCH_N", "100000"))
L <- 50
K <- 20
z <- matrix(rnorm(n * L), n)
w <- matrix(rnorm(n * K), n)
u <- rnorm(n)
x <- drop(z %*% rep(0.02, L)) + u + rnorm(n)
y <- 0.5 * x + u + rnorm(n)
megabytes <- 8 * n * (L + K + 2) / 2^20
timed <- function(expr) {
  gc(reset = TRUE)
  base <- sum(gc()[, 2])
  seconds <- system.time(value <- expr)[["elapsed"]]
  list(seconds = seconds, peak = (sum(gc()[, 6]) - base) / megabytes, value = value)
}
w1 <- cbind(1, w)
ours <- timed({
  fit <- iv_fit(y, x, z, w1)
  list(table = iv_compare(fit), ar = ar_set(fit), clr = weakiv_set(fit, "CLR"))
})
speed <- data.frame(n = n, who = "LatentMR", seconds = ours$seconds, peak_over_data = ours$peak)
if (requireNamespace("ivmodel", quietly = TRUE)) {
  theirs <- timed(ivmodel::ivmodel(y, x, z, w))
  speed <- rbind(speed, data.frame(n = n, who = "ivmodel", seconds = theirs$seconds, peak_over_data = theirs$peak))
  m <- theirs$value
  stopifnot(
    all.equal(ours$value$table$estimate[3], m$LIML$point.est[[1]], tolerance = 1e-6),
    all.equal(ours$value$table$estimate[4], m$Fuller$point.est[[1]], tolerance = 1e-6),
    all.equal(c(ours$value$ar$lo, ours$value$ar$up), as.vector(m$AR$ci), tolerance = 1e-6),
    all.equal(c(ours$value$clr$lo, ours$value$clr$up), as.vector(m$CLR$ci), tolerance = 1e-4)
  )
}
print(speed)
dir.create("bench/results", showWarnings = FALSE, recursive = TRUE)
if (draws) utils::write.csv(size, "bench/results/weak-iv-size.csv", row.names = FALSE)
utils::write.csv(speed, "bench/results/weak-iv-speed.csv", row.names = FALSE)
