# encoder = "mechanism_sparsity" where every site touches few latents: error of latent_joint (and of latent_2sls), coverage
# of its 95 % interval and masks, beside 2SLS with all instruments and 2SLS that knows latents and masks (effect 1). Seeds
# 5001 and following; the constants were chosen on 1 to 2100. SEED0 shifts them. No estimate that learns the rows can come to
# 2SLS that knows them: bench-mechanism-bound.R.
# Designs: bench/mechanism-designs.R, from moments with ten folds; the last row is one draw of 16 latents and 30 sites. Resumes
# cell by cell.
#   Rscript bench/bench-mechanism-sparsity.R [draws, 100]
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
source("bench/mechanism-designs.R")
arguments <- as.integer(commandArgs(TRUE))
draws <- if (length(arguments)) arguments[1] else 100
seed0 <- as.integer(Sys.getenv("SEED0", "5000"))
file <- "bench/results/mechanism-sparsity.csv"
done <- if (file.exists(file)) utils::read.csv(file) else NULL
one <- function(cell, seed) {
  s <- do.call(draw, c(list(seed), cell))
  s$correlation <- if (is.null(cell$correlation)) 0 else cell$correlation
  made <- as_moments(s)
  seconds <- sum(system.time(fit <- suppressMessages(suppressWarnings(latent_mr(
    made$moments, "mechanism_sparsity", methods = c("2sls", "latent_2sls", "latent_joint"), by_environment = FALSE, seed = 1
  ))))[c("user.self", "sys.self")])
  e <- fit$estimates$latent_joint
  data.frame(
    all = fit$estimates$`2sls`$b - 1, two = fit$estimates$latent_2sls$b - 1, b = e$b - 1, oracle = oracle(s) - 1, covered = e$lo <= 1 & 1 <= e$up,
    se = e$se_plain * e$factor, given = abs(e$b - 1) <= stats::qnorm(.975) * e$se_conditional,
    rejected = fit$diagnostics$sargan$pval < .01, wrong = wrong_marks(fit$encoder, s, made$data), seconds = seconds
  )
}

root <- function(x) sqrt(mean(x^2))
keep <- function(row) {
  numbers <- vapply(row, is.numeric, NA)
  row[numbers] <- lapply(row[numbers], signif, 3)
  done <<- rbind(done[done$cell != row$cell, ], row)
  utils::write.csv(done, file, row.names = FALSE)
  print(row, row.names = FALSE)
}
for (name in names(cells)) {
  if (any(done$cell == name & done$draws >= draws)) next
  x <- do.call(rbind, lapply(seed0 + seq_len(draws), function(seed) one(cells[[name]], seed)))
  keep(data.frame(
    cell = name, draws = draws, rmse_all = root(x$all), rmse = root(x$b), rmse_oracle = root(x$oracle), ratio = root(x$b) / root(x$oracle),
    ratio_2sls = root(x$two) / root(x$oracle),
    median_ratio = stats::median(abs(x$b)) / stats::median(abs(x$oracle)), bias = mean(x$b), se = root(x$se), coverage = mean(x$covered),
    coverage_given = mean(x$given), j_rejects = mean(x$rejected), wrong_marks = mean(x$wrong), seconds = stats::median(x$seconds)
  ))
}
if (!any(done$cell == "largest")) {
  x <- one(list(d = 16, sites = 30, moved = 4), 1)
  row <- done[1, ]
  row[] <- NA
  row[c("cell", "draws", "bias", "se", "wrong_marks", "seconds")] <- list("largest", 1, x$b, x$se, x$wrong, x$seconds)
  keep(row)
}
