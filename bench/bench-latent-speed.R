# Speed of learn_instruments() and latent_mr() from moments, with their parts.
#
#   Rscript bench/bench-latent-speed.R          p = 200 and 1,000
#   Rscript bench/bench-latent-speed.R 200
#
# 4 environments x 10 folds, 20 covariates; processor seconds, so that other work on
# the machine does not count. The number of people does not matter: it is moments
# that are read.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
sizes <- as.integer(commandArgs(TRUE))
if (!length(sizes)) sizes <- c(200L, 1000L)

moments_of <- function(p, n = 20000, environments = 4, folds = 10) {
  set.seed(1)
  base <- runif(p, .1, .7)
  f <- vapply(seq_len(environments), function(e) base + .2 * runif(p, 0, 1), numeric(p))
  e <- rep(seq_len(environments), each = n / environments)
  g <- matrix(rbinom(n * p, 2, t(f)[e, ]), n, dimnames = list(NULL, paste0("rs", seq_len(p))))
  g[sample(length(g), length(g) / 200)] <- NA
  x <- rnorm(n) + drop(scale(rowSums(g[, seq_len(p / 4)], na.rm = TRUE)))
  covariates <- matrix(rnorm(n * 20), n, dimnames = list(NULL, paste0("c", 1:20)))
  mr_moments(mr_data(g, x, .3 * x + rnorm(n), paste0("site", e), covariates, kind = "genotype"), folds = folds, seed = 1, disclosure = FALSE)
}

parts <- c(
  "moments by environment" = "moments_view", "encoder, matrices" = "structure_spectrum", "encoder, null" = "fit_structure",
  "estimates, everybody" = "estimate_methods", "blocks and scores" = "block_scores", "panel components" = "panel_components",
  "jackknife" = "latent_jackknife", "single environments" = "environment_estimates",
  "all but one" = "leave_one_environment_out", "diagnostics" = "latent_diagnostics", "HSIC" = "linear_hsic"
)

for (p in sizes) {
  m <- moments_of(p)
  seconds <- function(code) {
    t <- system.time(suppressWarnings(code))
    t[["user.self"]] + t[["sys.self"]]
  }
  learn <- seconds(learn_instruments(m, seed = 1))
  file <- tempfile()
  utils::Rprof(file, interval = .005)
  whole <- seconds(latent_mr(m, seed = 1))
  utils::Rprof(NULL)
  profile <- utils::summaryRprof(file)$by.total
  of <- profile$total.time[match(sprintf("\"%s\"", parts), rownames(profile))]
  cat(sprintf("\np = %d: learn_instruments() %.2f s, latent_mr() %.2f s; of this, in and below:\n", p, learn, whole))
  print(data.frame(part = names(parts), call = unname(parts), seconds = ifelse(is.na(of), 0, of)), row.names = FALSE)
}
