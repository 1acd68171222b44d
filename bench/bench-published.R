# The published design (help page of simulate_mr(), design "authors"): bias and SD
# over seeds beside the oracle (two-stage least squares with the true exogenous
# block; `given_v` also partials the true confounded block out) and raw two-stage
# least squares, and the processor seconds of a fit.
#
#   Rscript bench/bench-published.R             linear mixing, 20 seeds
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments)) as.integer(arguments[1]) else 20)
n <- 10000

one <- function(environments, seed) {
  d <- simulate_mr("authors", mixing = "poly1", environments = environments, n = n, seed = seed)
  seconds <- sum(system.time(fit <- suppressWarnings(latent_mr(d, by_environment = FALSE, seed = seed)))[c("user.self", "sys.self")])
  frame <- as.data.frame(fit)
  dummies <- outer(as.integer(d$environment), seq_len(environments), "==") + 0
  oracle <- iv_fit(d$outcome, d$exposure, d$truth$W, rep(1, nrow(dummies)))
  v <- cbind(dummies, do.call(cbind, lapply(seq_len(environments), function(e) dummies[, e] * d$truth$V)))
  given_v <- iv_fit(d$outcome, d$exposure, d$truth$W, v)
  at <- frame$estimator == "latent_2sls"
  data.frame(
    environments = environments, seed = seed, seconds = seconds,
    latent = frame$b[at] - 1, raw = frame$b[frame$estimator == "2sls"] - 1, oracle = unname(coef(oracle)[1]) - 1,
    given_v = unname(coef(given_v)[1]) - 1, kept = fit$encoder$n_latent[["invariant"]],
    covered = frame$lo_ci[at] <= 1 && 1 <= frame$up_ci[at]
  )
}
runs <- do.call(rbind, lapply(2:3, function(e) do.call(rbind, lapply(seeds, function(s) one(e, s)))))
table <- do.call(rbind, lapply(split(runs, runs$environments), function(x) {
  data.frame(
    environments = x$environments[1], seeds = nrow(x), bias = mean(x$latent), sd = sd(x$latent),
    oracle_bias = mean(x$oracle), oracle_sd = sd(x$oracle), given_v_sd = sd(x$given_v), sd_ratio = sd(x$latent) / sd(x$oracle),
    raw_bias = mean(x$raw), right_dimension = mean(x$kept == 2), coverage = mean(x$covered), seconds = median(x$seconds)
  )
}))
print(table, digits = 3, row.names = FALSE)
dir.create("bench/results", FALSE, TRUE)
utils::write.csv(format(table, digits = 4), "bench/results/published.csv", row.names = FALSE)
