# Rows of people recovered from moments, with the default disclosure control and without it (there the
# lattices of two blocks only are reduced).
#   Rscript bench/attacks/run.R [seeds = 1] [designs = all] [sizes = 12,30,60,100,200,500] [variants = 10,30,60,100]
# writes bench/results/attacks.csv.
suppressMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
# The attacks and the data sets are those of the tests.
source("tests/testthat/helper-attacks.R")
source("tests/testthat/helper-attack-designs.R")

given <- commandArgs(TRUE)
option <- function(i, default) if (length(given) >= i && given[i] != "all") strsplit(given[i], ",")[[1]] else default
seeds <- seq_len(as.integer(option(1, "1")))
designs <- option(2, attack_designs)
sizes <- as.integer(option(3, c("12", "30", "60", "100", "200", "500")))
variants <- as.integer(option(4, c("10", "30", "60", "100")))

attack_one <- function(data, disclosure, weights) {
  m <- tryCatch(
    suppressWarnings(mr_moments(data, seed = if (!disclosure) 1, disclosure = disclosure)),
    latentmr_error_disclosure = function(e) NULL
  )
  if (is.null(m)) {
    return(data.frame(released = FALSE, blocks = NA, smallest = NA, variants = NA, people = NA, rows = 0, seconds = 0))
  }
  start <- proc.time()[["elapsed"]]
  unit <- if (data$kind == "dosage") .001 else 1
  rows <- attack_release(m, unit = unit, weights = weights, lattices = if (disclosure) Inf else 2)
  data.frame(
    released = TRUE, blocks = nrow(m$blocks), smallest = min(m$blocks$n), variants = nrow(m$variants),
    people = sum(m$blocks$n), rows = attack_recovered(rows, attack_truth(data), m$variants$snp),
    seconds = round(proc.time()[["elapsed"]] - start, 1)
  )
}

out <- NULL
for (design in designs) for (n in sizes) for (p in variants) for (seed in seeds) {
  data <- attack_data(design, n, p, seed)
  for (disclosure in c(FALSE, TRUE)) {
    one <- cbind(
      data.frame(design = design, n = n, p = p, seed = seed, disclosure = disclosure),
      attack_one(data, disclosure, if (design == "score") stats::setNames(attack_weights(p), paste0("rs", seq_len(p))))
    )
    out <- rbind(out, one)
    utils::write.csv(out, "bench/results/attacks.csv", row.names = FALSE)
    cat(paste(format(unlist(one)), collapse = " "), "\n")
  }
}
