# Monotone curves: how often the test of monotonicity rejects a true shape at 5 %, how often a false one; what the
# shape gains over the free curve (root mean squared error of the centred curve over the central 90 % of the exposure);
# how often pointwise and uniform bands hold the truth there.
#
#   Rscript bench/bench-shape.R [draws [truths]]     100, all; SEED0 shifts the seeds
#
# z, u normal, x = strength z + u, y = h(x) + u + noise, n = 1,000. The flat curve is the edge of the null.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
draws <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 100L
seed0 <- as.integer(Sys.getenv("SEED0", "7000"))
truths <- list(
  flat = function(x) 0 * x, line = function(x) .5 * x, kink = function(x) pmax(x, 0), plateau = function(x) tanh(2 * x),
  U = function(x) .3 * x^2, decreasing = function(x) -.2 * x
)
one <- function(h, strength, seed, n = 1000) {
  set.seed(seed)
  z <- rnorm(n)
  u <- rnorm(n)
  x <- strength * z + u
  d <- data.frame(z, x, y = h(x) + u + rnorm(n))
  free <- iv_curve(y ~ x | z, d, seed = seed)
  fit <- iv_curve(y ~ x | z, d, seed = seed, control = curve_control(shape = "increasing"))
  at <- quantile(x, seq(.05, .95, length.out = 40), names = FALSE)
  truth <- h(at)
  error <- function(fit) sqrt(mean((predict(fit, at) - mean(predict(fit, at)) - truth + mean(truth))^2))
  inside <- function(fit, interval) {
    band <- predict(fit, at, interval)
    band[, "lwr"] <= truth & truth <= band[, "upr"]
  }
  c(
    reject = tail(fit$tests$p.value, 1) < .05, free = error(free), shaped = error(fit),
    pointwise = mean(inside(fit, "confidence")), uniform = all(inside(fit, "uniform")),
    width = mean(apply(predict(fit, at, "confidence")[, c("lwr", "upr")], 1, diff)) /
      mean(apply(predict(free, at, "confidence")[, c("lwr", "upr")], 1, diff))
  )
}
chosen <- if (length(commandArgs(TRUE)) > 1) commandArgs(TRUE)[-1] else names(truths)
cells <- expand.grid(truth = chosen, strength = c(1, .4), stringsAsFactors = FALSE)
table <- do.call(rbind, lapply(seq_len(nrow(cells)), function(i) {
  r <- vapply(seq_len(draws), function(s) one(truths[[cells$truth[i]]], cells$strength[i], seed0 + s), numeric(6))
  data.frame(
    cells[i, ], draws = draws, reject = mean(r["reject", ]), rmse_free = median(r["free", ]),
    rmse_shaped = median(r["shaped", ]), pointwise = mean(r["pointwise", ]), uniform = mean(r["uniform", ]),
    width = median(r["width", ])
  )
}))
table[-(1:3)] <- lapply(table[-(1:3)], signif, 3)
print(table, row.names = FALSE)
write.csv(table, "bench/results/shape.csv", row.names = FALSE)
