# How often somebody who has a person's genotypes finds out, from the moments of a site, that the person is among its
# people: tests/testthat/helper-membership.R. Table in bench/results/membership.csv.
#   Rscript bench/bench-membership.R [data sets per row, 40]
library(LatentMR)
source("tests/testthat/helper-membership.R")
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
sets <- if (length(arguments)) as.integer(arguments[1]) else 40L
least <- function(p) LatentMR:::membership_least(p, .1)
rows <- rbind(
  # As many people as the defaults ask for.
  data.frame(n = least(c(8, 20, 50)), p = c(8, 20, 50), limits = "defaults"),
  # max_power = 1: variants and two numeric columns a tenth of the people.
  data.frame(n = c(300, 1000, 2000), p = c(28, 98, 198), limits = "max_power = 1"),
  # disclosure = FALSE.
  data.frame(n = 1000, p = c(330, 1000), limits = "none")
)
out <- do.call(rbind, lapply(seq_len(nrow(rows)), function(i) {
  do.call(rbind, lapply(c("frequencies", "products"), function(use) {
    power <- vapply(seq_len(sets), function(seed) {
      membership_power(
        rows$n[i], rows$p[i], seed, use, export = rows$limits[i] != "none",
        max_power = if (rows$limits[i] == "defaults") .1 else 1
      )
    }, 0)
    n <- rows$n[i]
    p <- rows$p[i]
    sums <- if (use == "frequencies") p else p + p * (p - 1) / 2
    data.frame(
      people = n, variants = p, limits = rows$limits[i], known = use, data_sets = sets,
      power = round(mean(power), 4), mc_error = round(stats::sd(power) / sqrt(sets), 4),
      theory = round(stats::pnorm(sqrt(sums / n) - stats::qnorm(.95)), 4)
    )
  }))
}))
print(out, row.names = FALSE)
dir.create("bench/results", showWarnings = FALSE)
utils::write.csv(out, "bench/results/membership.csv", row.names = FALSE)
