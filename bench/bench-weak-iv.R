# Weak instruments: size of the AR, LM and CLR tests at the true effect, and speed of
# LIML + Fuller + AR + CLR + 2SLS beside ivmodel, in one run on the same arrays.
# Robust and clustered versions under heteroskedasticity and within clusters.
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

# The same under heteroskedasticity (error variance grows with the instrument) and within
# clusters (60 of 5, instruments and errors shared), with the robust tests and, beside
# them, those for equal variances.
draw_robust <- function(kind, strength, n = if (kind == "cluster") 300 else 250, L = 5) {
  cluster <- rep(seq_len(n / 5), each = 5)
  shared <- function(v) if (kind == "cluster") sqrt(0.5) * v + sqrt(0.5) * rnorm(n / 5)[cluster] else v
  z <- matrix(vapply(seq_len(L), function(j) shared(rnorm(n)), numeric(n)), n)
  w <- cbind(1, matrix(rnorm(n * 3), n))
  u <- shared(rnorm(n))
  if (kind == "heteroskedastic") u <- u * sqrt(0.2 + 0.8 * z[, 1]^2)
  x <- drop(z %*% rep(sqrt((strength - 1) / n), L)) + u + w[, 2]
  e <- 0.9 * u + sqrt(1 - 0.81) * shared(rnorm(n))
  y <- 0.5 * x + e + w[, 3]
  fit <- iv_fit(y, x, z, w, vcov = if (kind == "cluster") "cluster" else "HC1", cluster = if (kind == "cluster") cluster)
  c(weakiv_test(fit, 0.5)$p.value < 0.05, weakiv_test(fit, 0.5, vcov = "iid")$p.value < 0.05)
}
set.seed(2)
robust <- if (draws) do.call(rbind, lapply(c("heteroskedastic", "cluster"), function(kind) {
  do.call(rbind, lapply(c(1, 5, 30), function(strength) {
    out <- rowMeans(replicate(draws, draw_robust(kind, strength)))
    data.frame(
      errors = kind, f = strength, draws = draws, ar = out[1], lm = out[2], clr = out[3],
      ar_equal_variances = out[4], lm_equal_variances = out[5], clr_equal_variances = out[6]
    )
  }))
}))
if (draws) print(robust, digits = 3)

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
if (draws) {
  utils::write.csv(size, "bench/results/weak-iv-size.csv", row.names = FALSE)
  utils::write.csv(robust, "bench/results/weak-iv-robust-size.csv", row.names = FALSE)
}
utils::write.csv(speed, "bench/results/weak-iv-speed.csv", row.names = FALSE)
