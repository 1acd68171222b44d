# The published design (help page of simulate_mr(), design "authors") with encoder = "auto": eight
# cells (polynomial mixing of degree 1, 2, 3 and an invertible network; 2 and 3 environments), 10,000
# people per environment, with the published mixing and with five mixings drawn afresh. Bias and SD
# beside the oracle (two-stage least squares with the true exogenous block) and raw two-stage least
# squares in the same run, and the processor seconds of a fit.
#
#   Rscript bench/bench-encoders.R           20 seeds with the published mixing, 1 for each fresh one
#   Rscript bench/bench-encoders.R 5 2       other numbers
#
# Resumes where it stopped: every fit is a line of bench/results/encoders-runs.csv; the table is
# bench/results/encoders.csv.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- as.integer(commandArgs(TRUE))
seeds <- if (length(arguments)) arguments[1] else 20
fresh <- if (length(arguments) > 1) arguments[2] else 1
n <- 10000
runs_file <- "bench/results/encoders-runs.csv"
dir.create("bench/results", FALSE, TRUE)

cells <- expand.grid(mixing = c("poly1", "poly2", "poly3", "mlp"), environments = 2:3, stringsAsFactors = FALSE)
plan <- rbind(
  merge(cells, data.frame(mixing_seed = NA, seed = seq_len(seeds))),
  merge(cells, transform(expand.grid(mixing_seed = 1:5, seed = seq_len(fresh)), seed = 1000 + mixing_seed + 5 * (seed - 1)))
)
# Fresh mixings among the seeds, so that a run that is cut short has both.
plan <- plan[order(ifelse(is.na(plan$mixing_seed), plan$seed, 4 * (plan$seed - 1000) - 1.5)), ]
key <- function(x) paste(x$mixing, x$environments, x$mixing_seed, x$seed)
done <- if (file.exists(runs_file)) utils::read.csv(runs_file)

one <- function(mixing, environments, mixing_seed, seed) {
  d <- simulate_mr("authors",
    mixing = mixing, environments = environments, n = n, seed = seed,
    mixing_seed = if (!is.na(mixing_seed)) mixing_seed
  )
  time <- system.time(
    fit <- suppressWarnings(latent_mr(d, "auto", methods = c("2sls", "latent_2sls", "latent_2sls_only"), by_environment = FALSE, seed = seed))
  )
  frame <- as.data.frame(fit)
  b <- function(id) frame$b[frame$estimator == id] - 1
  at <- frame$estimator == "latent_2sls"
  oracle <- iv_fit(d$outcome, d$exposure, d$truth$W, rep(1, n * environments))
  w <- predict(fit$encoder, d)
  data.frame(
    mixing = mixing, environments = environments, mixing_seed = mixing_seed, seed = seed, encoder = fit$encoder$selected,
    invariant = fit$encoder$n_latent[["invariant"]], latent = b("latent_2sls"), only = b("latent_2sls_only"), raw = b("2sls"),
    oracle = unname(coef(oracle)[1]) - 1, covered = frame$lo_ci[at] <= 1 && 1 <= frame$up_ci[at],
    worst_w = if (ncol(w) >= 2) min(cancor(w, d$truth$W)$cor) else NA, check = if (is.null(fit$encoder$check)) NA else sum(fit$encoder$check),
    cpu = sum(time[c("user.self", "sys.self")]), elapsed = time[["elapsed"]], row.names = NULL
  )
}

todo <- plan[!key(plan) %in% if (is.null(done)) character() else key(done), ]
for (i in seq_len(nrow(todo))) {
  row <- with(todo[i, ], one(mixing, environments, mixing_seed, seed))
  utils::write.table(format(row, digits = 6), runs_file,
    sep = ",", row.names = FALSE, quote = FALSE, append = file.exists(runs_file), col.names = !file.exists(runs_file)
  )
}

runs <- utils::read.csv(runs_file)
runs$mixings <- ifelse(is.na(runs$mixing_seed), "published", "fresh")
table <- do.call(rbind, lapply(split(runs, ~ environments + mixing + mixings, drop = TRUE), function(x) {
  data.frame(
    mixings = x$mixings[1], mixing = x$mixing[1], environments = x$environments[1], fits = nrow(x),
    encoder = paste(names(table(x$encoder)), collapse = "/"), right_dimension = mean(x$invariant == 2),
    bias = mean(x$latent), sd = sd(x$latent), oracle_bias = mean(x$oracle), oracle_sd = sd(x$oracle), sd_ratio = sd(x$latent) / sd(x$oracle),
    worst = max(abs(x$latent)), only_bias = mean(x$only), raw_bias = mean(x$raw), coverage = mean(x$covered), cpu = median(x$cpu), cpu_most = max(x$cpu)
  )
}))
table <- table[order(table$mixings != "published", table$mixing == "mlp", table$mixing, table$environments), ]
print(table, digits = 3, row.names = FALSE)
utils::write.csv(format(table, digits = 4), "bench/results/encoders.csv", row.names = FALSE)
