# Do intervals, sets and tests of continuous instruments count the learning of the directions? Coverage of the true
# effect by the rows and by the Anderson-Rubin set, how often J, Cochran's Q and the verdict object although all
# assumptions hold; with the learning counted (as it is) and given the directions (jackknife = FALSE).
# Designs of bench/designs/continuous.R and the published one (simulate_mr("authors")), seeds 1 and following.
#   Rscript bench/bench-learned.R [draws, 200]        writes bench/results/learned.csv, cell by cell
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
source("bench/designs/continuous.R")
given <- as.integer(commandArgs(TRUE))
draws <- if (length(given)) given[1] else 200
file <- "bench/results/learned.csv"
plain <- function(...) function(seed) {
  d <- continuous_instruments(seed, ...)
  list(data = mr_data(d$instruments, d$exposure, d$outcome, d$environment, kind = "continuous"), effect = d$effect)
}
designs <- list(
  "600 an environment" = plain(), "1,500 an environment" = plain(n = 1500),
  "6 instruments with noise" = plain(p = 6, noise = .3), "t on 5 df" = plain(heavy = TRUE),
  "published, 3 environments of 1,000" = function(seed) {
    list(data = simulate_mr("authors", mixing = "poly1", environments = 3, n = 1000, seed = seed), effect = 1)
  }
)
inside <- function(set, effect) any(set$lo <= effect & effect <= set$up, na.rm = TRUE)
one <- function(d, counted) {
  fit <- suppressWarnings(latent_mr(d$data, jackknife = if (!counted) FALSE, force = TRUE, seed = 1))
  rows <- as.data.frame(fit)
  covers <- function(id) with(rows[rows$estimator == id, ], lo_ci <= d$effect & d$effect <= up_ci)
  said <- verdict(fit)
  p <- function(check) if (check %in% said$check) said$pval[said$check == check] < .05 else NA
  c(
    latent_2sls = covers("latent_2sls"), latent_ujive = covers("latent_ujive"), set = inside(ar_set(fit), d$effect),
    J = p("J"), Q = p("Q"), objects = any(said$objects)
  )
}
table <- NULL
for (name in names(designs)) {
  got <- lapply(seq_len(draws), function(seed) {
    d <- suppressWarnings(designs[[name]](seed))
    c(counted = one(d, TRUE), given = one(d, FALSE))
  })
  table <- rbind(table, data.frame(design = name, draws = draws, t(round(colMeans(do.call(rbind, got), na.rm = TRUE), 3))))
  print(table[nrow(table), ], row.names = FALSE)
  utils::write.csv(table, file, row.names = FALSE)
}
