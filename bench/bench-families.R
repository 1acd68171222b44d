# Siblings with weak instruments: UJIVE that leaves one person out against UJIVE
# that leaves one family out (clusters from families()), and 2SLS.
#
#   Rscript bench/bench-families.R            100 replicates a cell
#   Rscript bench/bench-families.R 200
#
# 1,000 pairs of full siblings at two sites (one population), 40 variants; half the
# confounder and half the noise of the exposure are shared by the pair; the true effect is .3.
# `strength` is the expected first-stage F less one; the share of pairs that are
# siblings varies, the others are strangers in families of their own.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
replicates <- if (length(arguments)) as.integer(arguments[1]) else 100
cells <- expand.grid(strength = c(4, 20), related = c(0, .2, 1))

draw <- function(cell, seed, pairs = 1000, p = 40) {
  set.seed(seed)
  n <- 2 * pairs
  related <- seq_len(pairs) <= cell$related * pairs
  f <- runif(p, .2, .8)
  haplotype <- function() matrix(rbinom(pairs * p, 1, rep(f, each = pairs)), pairs)
  child <- function(parents) {
    pick <- function(a, b) ifelse(matrix(runif(pairs * p) < .5, pairs), a, b)
    pick(parents[[1]], parents[[2]]) + pick(parents[[3]], parents[[4]])
  }
  parents <- replicate(4, haplotype(), FALSE)
  second <- child(parents)
  second[!related, ] <- (haplotype() + haplotype())[!related, ]
  g <- rbind(child(parents), second)
  pair <- rep(seq_len(pairs), 2)
  family <- c(seq_len(pairs), ifelse(related, seq_len(pairs), pairs + seq_len(pairs)))
  shared <- function() sqrt(.5) * (rnorm(n)[family] + rnorm(n))
  u <- shared()
  score <- drop(scale(g %*% rnorm(p)))
  x <- score * sqrt(cell$strength * p / n) + .7 * u + .7 * shared()
  y <- .3 * x + u + rnorm(n)
  id <- rownames(g) <- paste0("s", seq_len(n))
  kin <- data.frame(ID1 = id[seq_len(pairs)], ID2 = id[pairs + seq_len(pairs)], Kinship = ifelse(related, .25, 0))
  mr_data(g, setNames(x, id), setNames(y, id), setNames(paste("site", pair %% 2), id), cluster = families(kin, id), kind = "genotype")
}

one <- function(cell, seed) {
  d <- draw(cell, seed)
  alone <- d
  alone["cluster"] <- list(NULL)
  fit <- function(data, methods) {
    as.data.frame(suppressWarnings(latent_mr(data, methods = methods, by_environment = FALSE, force = TRUE, seed = seed)))
  }
  a <- fit(alone, c("latent_2sls", "latent_ujive"))
  b <- fit(d, "latent_ujive")
  a <- rbind(a, b)
  data.frame(
    arm = c("2SLS", "UJIVE, one person out", "UJIVE, one family out"),
    error = a$b - .3, covered = a$lo_ci <= .3 & .3 <= a$up_ci, f = a$fstat
  )
}

tables <- list()
for (i in seq_len(nrow(cells))) {
  runs <- do.call(rbind, lapply(seq_len(replicates), function(seed) one(cells[i, ], seed)))
  table <- do.call(rbind, lapply(split(runs, factor(runs$arm, unique(runs$arm))), function(r) {
    data.frame(
      related = cells$related[i], F = mean(r$f), arm = r$arm[1], bias = mean(r$error), error_of_bias = sd(r$error) / sqrt(nrow(r)),
      median_bias = median(r$error), rmse = sqrt(mean(r$error^2)), coverage = mean(r$covered)
    )
  }))
  print(table, digits = 2, row.names = FALSE)
  tables[[i]] <- table
}
utils::write.csv(format(do.call(rbind, tables), digits = 3), "bench/results/families.csv", row.names = FALSE)
