# 0/1 outcomes: bias, error and coverage of 95 % intervals of the risk difference, log
# risk ratio and log odds ratios in designs in which each is true, strong and weaker
# instruments; and speed beside stats::glm() on the same arrays.
# LATENTMR_BENCH_DRAWS sets the draws (default 1,000), LATENTMR_BENCH_N the rows of the
# speed table (default 200,000).
library(LatentMR)
draws <- as.numeric(Sys.getenv("LATENTMR_BENCH_DRAWS", "1000"))

# Exposure with a bounded confounder v; the risk is linear, log-linear or logistic in
# (x, v), so that the control function is right and, on the first two scales, the
# structural mean model as well. Effect 0.05 (risk difference) or 0.3.
draw <- function(scale, strength, n = 2000, L = 10) {
  z <- matrix(rbinom(n * L, 2, 0.3), n)
  v <- runif(n, -1, 1)
  x <- drop(z %*% rep(strength / sqrt(L), L)) + v + runif(n, -0.5, 0.5)
  w <- cbind(1, rnorm(n))
  risk <- switch(scale,
    linear = 0.3 + 0.05 * x - 0.12 * v, log = exp(-2 + 0.3 * x - 0.5 * v), logit = stats::plogis(-1 + 0.3 * x - 0.5 * v)
  )
  list(y = stats::rbinom(n, 1, risk), x = x, z = z, w = w)
}
cells <- list(
  list("linear", "2sls", "logit", 0.05), list("log", "msmm", "log", 0.3), list("log", "tsri", "log", 0.3),
  list("log", "tsps", "log", 0.3), list("logit", "tsri", "logit", 0.3), list("logit", "tsps", "logit", 0.3),
  list("logit", "glm", "logit", 0.3)
)
one <- function(d, estimator, link) {
  linear <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC1")
  fit <- suppressWarnings(LatentMR:::binary_object(linear, estimator, link, "HC1"))
  c(fit$coefficients[[1]], sqrt(fit$vcov[1, 1]), linear$strength$partial_f[[1]])
}
out <- NULL
for (strength in c(0.25, 0.8)) for (cell in cells) {
  set.seed(1)
  values <- replicate(draws, tryCatch(one(draw(cell[[1]], strength), cell[[2]], cell[[3]]), latentmr_error = function(e) rep(NA, 3)))
  b <- values[1, ]
  good <- is.finite(b)
  row <- data.frame(
    risk = cell[[1]], estimator = cell[[2]], link = cell[[3]], mean_f = mean(values[3, good]), truth = cell[[4]],
    failed = sum(!good), bias = mean(b[good]) - cell[[4]], sd = sd(b[good]), mean_se = mean(values[2, good]),
    coverage = mean(abs(b[good] - cell[[4]]) < stats::qnorm(0.975) * values[2, good]), draws = draws
  )
  print(row, digits = 3)
  out <- rbind(out, row)
}

n <- as.numeric(Sys.getenv("LATENTMR_BENCH_N", "200000"))
set.seed(2)
d <- draw("logit", 0.8, n, 50)
seconds <- function(expr) system.time(expr)[["elapsed"]]
linear <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC1")
speed <- data.frame(
  n = n, instruments = 50,
  tsri = seconds(ours <- LatentMR:::binary_fit(linear$engine$f, "tsri", "logit", "HC0", NULL)),
  msmm = seconds(LatentMR:::binary_fit(linear$engine$f, "msmm", "log", "HC0", NULL)),
  glm_second_stage_alone = seconds({
    v <- d$x - qr.fitted(qr(cbind(d$w, d$z)), d$x)
    theirs <- stats::glm.fit(cbind(d$x, d$w, v), d$y, family = stats::binomial())
  })
)
stopifnot(all.equal(ours$beta, theirs$coefficients[[1]], tolerance = 1e-6))
print(speed)
dir.create("bench/results", showWarnings = FALSE, recursive = TRUE)
utils::write.csv(out, "bench/results/binary.csv", row.names = FALSE)
utils::write.csv(speed, "bench/results/binary-speed.csv", row.names = FALSE)
