# How many background variants does the background mode need? The headline with the first K
# background variants, with the panel alone, and where all of them are in one region.
#
#   Rscript bench/bench-background.R [draws]     16; SEED0 shifts the seeds
#
# Bias, RMSE, coverage, components found, and how often they were not used (the panel's own
# structure stands in: then the line is that of K = 0). FORCE=1 uses components wherever there
# are any, as before there was such a rule.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
draws <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 16L
seed0 <- as.integer(Sys.getenv("SEED0", "900"))
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)
if (nzchar(Sys.getenv("FORCE"))) {
  assignInNamespace("background_fallback", function(...) NULL, "LatentMR")
}
strong <- c(.9, .9)
designs <- list(
  one_law = function() admixture(n = 2500, fst = .02, law = "same", background = 160, structure = strong),
  laws_differ = function() admixture(n = 2500, fst = .02, background = 160, structure = strong),
  isolation = function() isolation(n = 2500, background = 160, structure = strong),
  one_block = function() one_block(n = 2500, fst = .02, law = "same", background = 160, structure = strong)
)
one <- function(d, k) {
  given <- d[c("genotypes", "exposure", "outcome", "environment")]
  if (k) given$background <- d$background[, seq_len(k), drop = FALSE]
  fit <- suppressWarnings(suppressMessages(latent_mr(
    do.call(mr_data, given), methods = c("latent_ujive", if (!k) "latent_reml"), by_environment = FALSE, seed = 1
  )))
  if (k && fit$mode == "panel") return(NULL)
  e <- fit$estimates[[fit$leading]]
  c(b = e$b, covers = e$lo <= .3 & .3 <= e$up, components = if (k) fit$encoder$components else NA)
}
rows <- list()
for (name in names(designs)) for (s in seq_len(draws)) {
  set.seed(seed0 + s)
  d <- designs[[name]]()
  panel <- one(d, 0)
  for (k in if (name == "one_block") c(0, 160) else c(0, 5, 20, 40, 80, 160)) {
    r <- if (k) one(d, k) else panel
    rows[[length(rows) + 1]] <- data.frame(
      design = name, k = k, seed = s, t(if (is.null(r)) panel else r), unused = is.null(r)
    )
  }
}
rows <- do.call(rbind, rows)
rows$error <- rows$b - .3
table <- do.call(rbind, by(rows, list(rows$k, rows$design), function(r) data.frame(
  design = r$design[1], background = r$k[1], draws = nrow(r), bias = mean(r$error), rmse = sqrt(mean(r$error^2)),
  coverage = mean(r$covers), components = mean(r$components), unused = mean(r$unused)
)))
table[-(1:3)] <- lapply(table[-(1:3)], signif, 3)
print(table, row.names = FALSE)
write.csv(table, "bench/results/background.csv", row.names = FALSE)
