# One large cohort: 200,000 people of 12 sites, 200 variants, structure that is
# weak inside the country and strong between ancestries, and residual linkage.
#
#   Rscript bench/bench-biobank.R          10 replicates of all designs, resumed where it stopped
#   Rscript bench/bench-biobank.R 20 ld    20 replicates, with residual linkage only
#
# Frequencies: Balding-Nichols, .1 between two ancestries, .001 between four
# subpopulations of the first. Sites mix the subpopulations (Dirichlet) and hold 1 to 20 %
# people of the second ancestry, half of them admixed. Design "ld": variants stand in
# groups of four with r^2 of .01 to .05 inside (an allele uses its group's common uniform
# with probability sqrt(r)), 60 kb; "free": independent given ancestry. The confounder is one half
# ancestry, one half subpopulation, with individual noise of sd .5; h2 = .05, effect .3. Design "drift": every
# site has drifted by .001 on its own, there are no subpopulations inside and the confounder is ancestry,
# so that all but one of the directions that move between sites are harmless.
# From moments: 2SLS + sites, + 10 panel components, + true ancestry (oracle), latent_*.
# One file per replicate in bench/results/biobank (or RESULTS).
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
replicates <- if (length(arguments)) as.integer(arguments[1]) else 10
designs <- if (length(arguments) >= 2) arguments[2] else c("free", "ld", "drift")
folder <- Sys.getenv("RESULTS", "bench/results/biobank")
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
n <- 200000
p <- 200
sites <- 12

beta_nichols <- function(f, fst) {
  out <- stats::rbeta(length(f), f * (1 - fst) / fst, (1 - f) * (1 - fst) / fst)
  pmin(pmax(out, .01), .99)
}

# Shares of the populations of the first ancestry (four subpopulations, or the
# site's own), then that of the second.
draw_shares <- function(site, drift) {
  within <- if (drift) {
    diag(sites)[site, ]
  } else {
    matrix(stats::rgamma(n * 4, (.3 + matrix(stats::rexp(sites * 4), sites))[site, ]), n)
  }
  within <- within / rowSums(within)
  second <- stats::runif(n) < stats::runif(sites, .01, .2)[site]
  share <- ifelse(second, ifelse(stats::runif(n) < .5, 1, stats::rbeta(n, 2, 2)), 0)
  cbind(within * (1 - share), share)
}

# In slabs of variants, so that 80 million alleles need little memory.
draw_panel <- function(shares, linked) {
  f0 <- stats::runif(p, .05, .95)
  first <- beta_nichols(f0, .1)
  frequencies <- rbind(t(replicate(ncol(shares) - 1, beta_nichols(first, .001))), beta_nichols(f0, .1))
  g <- matrix(0L, n, p)
  for (from in seq(1, p, 4)) {
    columns <- from:(from + 3)
    chance <- shares %*% frequencies[, columns]
    common <- if (linked) sqrt(stats::runif(1, .1, .22)) else 0
    for (haplotype in 1:2) {
      u <- matrix(stats::runif(4 * n), n)
      if (linked) {
        pick <- stats::runif(4 * n) < common
        u[pick] <- rep(stats::runif(n), 4)[pick]
      }
      g[, columns] <- g[, columns] + (u < chance)
    }
  }
  g
}

draw_moments <- function(seed, design) {
  set.seed(seed)
  site <- rep(seq_len(sites), length.out = n)
  drift <- design == "drift"
  shares <- draw_shares(site, drift)
  second <- shares[, ncol(shares)]
  g <- draw_panel(shares, design == "ld")
  unit <- function(x) (x - mean(x)) / stats::sd(x)
  # sd in scale() costs more memory than the score itself.
  weight <- stats::rnorm(p) / sqrt(colMeans(g) * (2 - colMeans(g)) / 2)
  score <- unit(drop(g %*% weight))
  u <- unit(second)
  if (!drift) u <- u + unit(drop(shares[, 1:4] %*% stats::rnorm(4)))
  u <- unit(u) + .5 * stats::rnorm(n) + stats::rnorm(sites, 0, .3)[site]
  x <- sqrt(.05) * score + .5 * u + .8 * stats::rnorm(n)
  y <- .3 * x + u + stats::rnorm(n)
  dimnames(g) <- list(NULL, paste0("snp", seq_len(p)))
  # Shares of the site's own population are one less the second's: known with that.
  q <- if (drift) cbind(second) else shares[, -1]
  colnames(q) <- paste0("q", seq_len(ncol(q)))
  # Groups of four within 60 kb, on 22 chromosomes, 10 Mb from group to group.
  group <- (seq_len(p) - 1) %/% 4
  where <- data.frame(snp = colnames(g), chr = group %% 22 + 1, pos = 1e7 * (group %/% 22 + 1) + 2e4 * ((seq_len(p) - 1) %% 4))
  d <- mr_data(g, x, y, paste0("site", site), variants = where, structure = q, structure_includes_instruments = FALSE,
               kind = "genotype")
  rm(g)
  mr_moments(d, folds = 10, seed = seed, disclosure = FALSE)
}

# The moments without their structure columns: what an analyst has.
without_structure <- function(m) {
  numeric <- c(m$covariates, m$structure, m$exposure, m$outcome)
  keep <- which(!numeric %in% m$structure)
  q <- length(numeric)
  pairs <- which(upper.tri(diag(q), diag = TRUE), arr.ind = TRUE)
  rows <- function(x, size) x[as.vector(outer(seq_len(size), (keep - 1) * size, "+")), , drop = FALSE]
  m$xx <- m$xx[pairs[, 1] %in% keep & pairs[, 2] %in% keep, , drop = FALSE]
  m$sx <- m$sx[keep, , drop = FALSE]
  m$gx <- rows(m$gx, nrow(m$variants))
  m$mx <- rows(m$mx, length(m$missing))
  m$pilot <- m$pilot[keep]
  m$structure <- character()
  m$structure_includes_instruments <- NA
  m
}

estimate <- function(m, seed, ...) {
  quiet <- function(...) suppressWarnings(latent_mr(..., force = TRUE, by_environment = FALSE, seed = seed))
  oracle <- as.data.frame(quiet(m, methods = "2sls_structure"))
  oracle$estimator <- "oracle"
  fit <- quiet(without_structure(m), ...)
  frame <- rbind(as.data.frame(fit), oracle)
  data.frame(
    seed = seed, arm = frame$estimator, error = frame$b - .3, half = (frame$up_ci - frame$lo_ci) / 2,
    k = ncol(fit$encoder$variant), above = fit$encoder$above, j = fit$diagnostics$sargan$ratio, f = fit$diagnostics$f
  )
}

main <- function() {
  for (design in designs) for (seed in seq_len(replicates)) {
    file <- file.path(folder, sprintf("%s-%03d.rds", design, seed))
    if (!file.exists(file)) saveRDS(estimate(draw_moments(seed, design), seed), file)
  }
  tables <- lapply(designs, function(design) {
    runs <- do.call(rbind, lapply(list.files(folder, sprintf("^%s-.*rds$", design), full.names = TRUE), readRDS))
    do.call(rbind, lapply(split(runs, factor(runs$arm, unique(runs$arm))), function(a) {
      data.frame(
        design = design, arm = a$arm[1], replicates = nrow(a), rmse = sqrt(mean(a$error^2)), bias = mean(a$error),
        coverage = mean(abs(a$error) <= a$half), length = stats::median(2 * a$half), k = mean(a$k), above = mean(a$above), J_df = mean(a$j), F = mean(a$f)
      )
    }))
  })
  table <- do.call(rbind, tables)
  print(table, digits = 3, row.names = FALSE)
  utils::write.csv(format(table, digits = 4), sub("/?$", ".csv", folder), row.names = FALSE)
}

if (!interactive() && !nzchar(Sys.getenv("BIOBANK_FUNCTIONS"))) main()
