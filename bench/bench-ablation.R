# The three-net loop (solver = "adam", 10,000 steps, batch 128) with other widths and weights of its penalty: median mean
# squared error of the curve over draws. One setting is changed at a time: lambda at width 50 with sums of
# units, widths at lambda .3 with sums of units and with averages (mean_field). The closed form beside it.
# Designs: the sigmoid of the paper of KIV, n = 1,000, step and straight line of the paper of AGMM, n = 2,000. Resumes.
#   Rscript bench/bench-ablation.R [draws, 3]
# The default was 50 units when these were chosen; all settings are given here.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
source("bench/curve-designs.R")
arguments <- as.integer(commandArgs(TRUE))
draws <- if (length(arguments)) arguments[1] else 3
file <- "bench/results/ablation.csv"
settings <- rbind(
  data.frame(setting = "closed form", width = NA, lambda = NA, mean_field = NA),
  data.frame(setting = "lambda", width = 50, lambda = c(.03, .3, 1, 10), mean_field = FALSE),
  data.frame(setting = "width", width = c(5, 10, 20, 200), lambda = .3, mean_field = FALSE),
  data.frame(setting = "width, mean of units", width = c(5, 10, 20, 50), lambda = .3, mean_field = TRUE)
)
designs <- list(kiv_sigmoid = function() kiv_design(1000), agmm_step = function() agmm_design(2000, "step"), line = function() agmm_design(2000, "linear"))
one <- function(design, s, seed) {
  set.seed(seed)
  d <- designs[[design]]()
  control <- if (is.na(s$width)) curve_control() else {
    curve_control("adam", adam = adam_control(width = s$width, lambda = s$lambda, mean_field = s$mean_field))
  }
  data <- data.frame(y = d$y, x = d$x, d$z)
  fit <- iv_curve(stats::reformulate(paste("x |", paste(names(data)[-(1:2)], collapse = " + ")), "y"), data, control = control, seed = seed)
  value <- stats::predict(fit, as.matrix(d$grid)[, 1])
  mean((value - d$truth)^2)
}
done <- if (file.exists(file)) utils::read.csv(file) else NULL
for (i in seq_len(nrow(settings))) {
  s <- settings[i, ]
  same <- done$setting == s$setting & done$width %in% s$width & done$lambda %in% s$lambda
  if (any(same & done$draws >= draws)) next
  mse <- vapply(names(designs), function(design) {
    stats::median(vapply(9000 + seq_len(draws), function(seed) one(design, s, seed), 0))
  }, 0)
  done <- rbind(done[!same, ], data.frame(s, draws = draws, as.list(signif(mse, 3))))
  utils::write.csv(done, file, row.names = FALSE)
}
print(done, row.names = FALSE)
