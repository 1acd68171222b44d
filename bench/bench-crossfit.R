# Cross-fitted and naive estimates side by side: bias, SD, RMSE and coverage of 95 %
# intervals over replicates; the linear encoder from moments, closure (quadratic
# mixing) from rows. On genotypes
# (simulate_mr("snp"), truth 0.3) the headline is spectral REML; on continuous
# instruments (simulate_mr("authors"), truth 1) 2SLS.
#   Rscript bench/bench-crossfit.R [replicates, 60]
# Cells that bench/results/crossfit.csv has are not run again.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- as.numeric(commandArgs(TRUE))
replicates <- if (length(arguments)) arguments[1] else 60
file <- "bench/results/crossfit.csv"
done <- if (file.exists(file)) read.csv(file) else NULL
cells <- rbind(
  data.frame(design = "snp", cell = c(1, 3, 7, 13, 16), n = NA, encoder = "linear"),
  data.frame(design = "authors", cell = c(2, 3), n = 5000, encoder = "linear"),
  data.frame(design = "authors", cell = 2, n = 300, encoder = "linear"),
  data.frame(design = "authors", cell = 2, n = c(300, 2000), encoder = "closure")
)
draw <- function(row, seed) {
  if (row$design == "snp") return(simulate_mr("snp", cell = row$cell, seed = seed))
  simulate_mr("authors", environments = row$cell, n = row$n, mixing = if (row$encoder == "linear") "poly1" else "poly2", seed = seed)
}
for (i in seq_len(nrow(cells))) {
  row <- cells[i, ]
  label <- paste(row$design, row$cell, if (!is.na(row$n)) paste0("n", row$n), if (row$encoder != "linear") row$encoder)
  label <- trimws(label)
  if (any(done$cell == label & done$replicates >= replicates)) next
  truth <- if (row$design == "snp") .3 else 1
  all <- do.call(rbind, lapply(seq_len(replicates), function(seed) {
    data <- draw(row, 1000 + seed)
    if (row$encoder == "linear") data <- mr_moments(data, folds = 10, seed = seed, disclosure = FALSE)
    do.call(rbind, lapply(c(5, 10), function(folds) {
      fit <- suppressWarnings(latent_mr(data, row$encoder, crossfit = folds, by_environment = FALSE, force = TRUE, seed = seed))
      frame <- as.data.frame(fit)
      frame <- frame[frame$estimator %in% c("latent_2sls", "latent_nagar", "latent_reml"), ]
      frame$K <- folds
      frame
    }))
  }))
  all <- all[all$K == 5 | all$crossfit > 0, ]
  parts <- split(all, list(all$estimator, all$crossfit), drop = TRUE)
  table <- do.call(rbind, lapply(parts, function(x) data.frame(
    cell = label, estimator = x$estimator[1], crossfit = x$crossfit[1], replicates = replicates,
    bias = mean(x$b) - truth, sd = sd(x$b), rmse = sqrt(mean((x$b - truth)^2)),
    coverage = mean(x$lo_ci <= truth & x$up_ci >= truth), se = mean(x$se)
  )))
  rownames(table) <- NULL
  done <- rbind(done[done$cell != label, ], table)
  dir.create(dirname(file), showWarnings = FALSE)
  write.csv(done, file, row.names = FALSE)
  print(format(table, digits = 3), row.names = FALSE)
}
