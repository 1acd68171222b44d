# What it gains and costs to take outlying variants out of the instruments
# (latent_outlier, see ?outlying_variants): RMSE, bias and coverage beside the other
# estimators of the same fit, with MR-Egger and the weighted median as peers.
#
#   Rscript bench/bench-pleiotropy.R                 every cell, 40 replicates, some minutes
#   Rscript bench/bench-pleiotropy.R 10 directional3 a cell, 10 replicates
#
# Cells of simulate_mr("snp"), effect .3. `directional`: a share of the variants has a
# direct effect on the outcome of `size` a standard deviation of the variant, in the direction in
# which it raises the exposure; `balanced`: normal direct effects of that size on all of them.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)

cells <- data.frame(
  id = c("directional3", "directional3_small", "directional3_40", "directional1", "directional7", "directional9", "none3", "none7", "balanced3"),
  cell = c(3, 3, 3, 1, 7, 9, 3, 7, 3), kind = c(rep("directional", 6), "none", "none", "balanced"),
  share = c(.2, .2, .4, .2, .2, .2, 0, 0, 1), size = c(.07, .035, .07, .07, .07, .1, 0, 0, .02)
)
ids <- c("ols", "2sls", "latent_2sls", "latent_liml", "latent_nagar", "latent_reml", "latent_outlier", "ivw", "egger", "weighted_median")

once <- function(row, seed) {
  d <- simulate_mr("snp", cell = row$cell, seed = seed)
  set.seed(seed + 1e6)
  z <- scale(LatentMR:::mr_genotypes(d))
  direct <- switch(row$kind,
    directional = (runif(ncol(z)) < row$share) * sign(d$truth$strength) * row$size,
    balanced = rnorm(ncol(z), 0, row$size), none = numeric(ncol(z))
  )
  d$outcome <- d$outcome + drop(z %*% direct)
  fit <- suppressWarnings(latent_mr(mr_moments(d, seed = seed, disclosure = FALSE), methods = ids, by_environment = FALSE, seed = seed))
  out <- as.data.frame(fit)[c("estimator", "b", "lo_ci", "up_ci")]
  found <- fit$estimates$latent_outlier$outliers
  out$right <- if (is.null(found)) NA else mean((found$outlying_first + found$outlying_second)[direct != 0] / 2)
  out$wrong <- if (is.null(found)) NA else mean((found$outlying_first + found$outlying_second)[direct == 0] / 2)
  out
}

args <- commandArgs(TRUE)
replicates <- if (length(args)) as.integer(args[1]) else 40L
wanted <- if (length(args) > 1) args[2] else cells$id
results <- do.call(rbind, lapply(which(cells$id %in% wanted), function(i) {
  runs <- do.call(rbind, lapply(seq_len(replicates), function(seed) once(cells[i, ], seed)))
  by <- split(runs, factor(runs$estimator, ids))
  out <- do.call(rbind, lapply(by, function(r) {
    data.frame(
      cell = cells$id[i], estimator = r$estimator[1], replicates = sum(is.finite(r$b)), bias = mean(r$b - .3, na.rm = TRUE),
      sd = sd(r$b, na.rm = TRUE), rmse = sqrt(mean((r$b - .3)^2, na.rm = TRUE)),
      coverage = mean(r$lo_ci <= .3 & r$up_ci >= .3, na.rm = TRUE), length = mean(r$up_ci - r$lo_ci, na.rm = TRUE)
    )
  }))
  out$ratio <- out$rmse / out$rmse[out$estimator == "latent_nagar"]
  cat(sprintf("\n%s (%d replicates): invalid variants found %.2f, valid ones %.2f\n", cells$id[i], replicates, mean(runs$right), mean(runs$wrong)))
  print(format(out[-1], digits = 2), row.names = FALSE)
  out
}))
if (length(args) < 2) write.csv(results, "bench/results/pleiotropy.csv", row.names = FALSE)
