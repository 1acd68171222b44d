# RMSE, coverage and interval length of the estimators on simulated SNP panels
# (help page of simulate_mr(), design "snp") and on cohorts resampled from real
# genotypes (simulate_cohort()).
#
#   Rscript bench/bench-snp-panels.R                  everything, resumed where it stopped
#   Rscript bench/bench-snp-panels.R panel 60         one part, 60 replicates a cell
#   Rscript bench/bench-snp-panels.R panel 60 1,3,14  some cells (ids of the table below)
#
# Parts: panel (no structure, no background); genome (1,200 further variants: the
# same data in structure mode, given ten components of them, and in background mode);
# includes (structure mode with components that held the instruments or did not,
# and what `structure_includes_instruments` says of them).
# Seeds 1001, 1002, ...: settings were chosen on others.
# One file per cell and mode in RESULTS (bench/results/snp-panels), extended when more
# replicates are asked for; WORKERS processes (2). The table is printed at the end and
# written beside that folder (bench/results/snp-panels.csv).
# PARTIAL_LEVEL=.95 RESULTS=... runs with another line of the encoder (encoder_control()).
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
control <- encoder_control(partial_level = as.numeric(Sys.getenv("PARTIAL_LEVEL", "0.6")))

# ---- the cells ----
plain <- data.frame(family = "plain", cell = 1:16)
effect <- merge(data.frame(cell = c(1, 3, 7, 8, 13, 14)), data.frame(effect = c(0, -1)))
effect$family <- "effect"
stress <- merge(data.frame(cell = c(1, 3, 7, 8, 13)), data.frame(stress = c("none", "opposite", "sparse", "heteroskedastic")))
stress$family <- "stress"
pleiotropy <- data.frame(
  family = "pleiotropy", cell = c(3, 7, 13, 3, 7, 14, 1, 3, 7, 14),
  h2 = c(.15, .15, .15, .02, .03, .02, .15, .02, .03, .02), pleiotropy = c(rep(.5, 6), 1, 0, 0, 0)
)
hgdp <- data.frame(family = "hgdp", cell = 101:103)
chr21 <- data.frame(family = "chr21", cell = 104)
# Calls lost: 2 %, 10 %, or 0 to 20 % rising from site to site.
missing <- merge(data.frame(cell = c(1, 3, 7, 14)), data.frame(missing = c("2", "10", "site")))
missing$family <- "missing"
fill <- function(d) {
  for (name in c("effect", "h2", "pleiotropy", "missing")) if (is.null(d[[name]])) d[[name]] <- NA
  if (is.null(d$stress)) d$stress <- "plain"
  d[c("family", "cell", "effect", "h2", "stress", "pleiotropy", "missing")]
}
cells <- do.call(rbind, lapply(list(plain, effect, stress, pleiotropy, missing, hgdp, chr21), fill))
cells$id <- with(cells, paste0(
  family, cell, ifelse(is.na(effect), "", paste0("_b", effect)), ifelse(stress == "plain", "", paste0("_", stress)),
  ifelse(is.na(pleiotropy), "", paste0("_p", pleiotropy, "_h", h2)), ifelse(is.na(missing), "", paste0("_m", missing))
))

draw <- function(row, seed, background) {
  if (row$family %in% c("hgdp", "chr21")) return(draw_cohort(row, seed, background))
  args <- list("snp", cell = row$cell, stress = row$stress, background = background, seed = seed)
  for (name in c("effect", "h2", "pleiotropy")) if (!is.na(row[[name]])) args[[name]] <- row[[name]]
  sites <- c(6, 6, 6, 8, 12, 8, 5, 2, 6, 6, 6, 8, 6, 6, 8, 4)[row$cell]
  if (!is.na(row$missing)) args$missing <- if (row$missing == "site") seq(0, .2, length.out = sites) else as.numeric(row$missing) / 100
  do.call(simulate_mr, args)
}

# HGDP: 101 eight admixed sites, 102 three sites, 103 the seven regions; chr21: 104
# the five super-populations and one linked region.
draw_cohort <- function(row, seed, background) {
  switch(as.character(row$cell),
    "101" = simulate_cohort("hgdp", n = 2000, sites = 8, admixed = TRUE, variants = 50, background = background, seed = seed),
    "102" = simulate_cohort("hgdp", n = 2000, sites = 3, admixed = TRUE, variants = 50, background = background, seed = seed),
    "103" = simulate_cohort("hgdp", n = 2000, sites = 7, admixed = FALSE, variants = 50, background = background, seed = seed),
    "104" = simulate_cohort("chr21", n = 2000, sites = 5, admixed = FALSE, variants = 22, seed = seed)
  )
}

# ---- the arms ----
tsls <- function(d, z, block) {
  fit <- iv_fit(d$outcome, cbind(x = d$exposure), unname(z), unname(block), estimator = "2sls", vcov = "HC1")
  b <- unname(coef(fit)[1])
  c(b = b, half = qnorm(.975) * sqrt(vcov(fit)[1, 1]))
}

# Leading components of standardised columns, from their correlation matrix.
components <- function(x, corr = stats::cor(x), count = 10) {
  corr[is.na(corr)] <- 0
  v <- eigen(corr, symmetric = TRUE)$vectors[, seq_len(count), drop = FALSE]
  centre <- colMeans(x)
  sd <- sqrt(pmax(colMeans(x^2) - centre^2, 0))
  v <- v * ifelse(sd > 0, 1 / sd, 0)
  sweep(x %*% v, 2, drop(centre %*% v))
}

fill_in <- function(z, e) {
  for (j in which(colSums(is.na(z)) > 0)) {
    m <- ave(z[, j], e, FUN = function(g) mean(g, na.rm = TRUE))
    z[is.na(z[, j]), j] <- m[is.na(z[, j])]
  }
  z
}

# The arms that need no encoder; with further variants also their components
# without and with the instruments.
standard_arms <- function(d, z, dummies, genome) {
  arms <- list(
    raw = tsls(d, z, matrix(1, nrow(z), 1)), environment = tsls(d, z, dummies),
    panel_pc = tsls(d, z, cbind(dummies, components(z))), oracle = tsls(d, z, cbind(dummies, d$truth$Q[, -1]))
  )
  if (!is.null(genome)) {
    arms$genome_pc <- tsls(d, z, cbind(dummies, genome$without))
    arms$genome_pc_with <- tsls(d, z, cbind(dummies, genome$with))
  }
  arms
}

# Correlation matrix of a panel from exact counts.
correlation <- function(panel) {
  view <- LatentMR:::moments_view(mr_moments(panel, folds = 1, seed = 1L, disclosure = FALSE))
  g <- view$columns$variants
  center <- view$mean[g, ] - LatentMR:::pooled_mean(view)[g]
  total <- Reduce(`+`, lapply(view$cross, function(a) a[g, g])) + center %*% (view$n * t(center))
  sd <- sqrt(pmax(diag(total), 1e-300))
  total / outer(sd, sd)
}

# Components of the further variants without and with the instruments (one pass of
# exact counts for both).
genome_components <- function(d, z) {
  if (is.null(d$background)) return(NULL)
  g <- LatentMR:::decode(d$background)
  both <- correlation(LatentMR:::panel_data(d, LatentMR:::genotype_matrix(cbind(LatentMR:::mr_genotypes(d), g))))
  g <- fill_in(g, d$environment)
  of_g <- ncol(z) + seq_len(ncol(g))
  list(without = components(g, both[of_g, of_g]), with = components(cbind(z, g), both))
}

with_structure <- function(d, structure, includes) {
  d["background"] <- list(NULL)
  d$structure <- `colnames<-`(structure, paste0("PC", seq_len(ncol(structure))))
  d$structure_includes_instruments <- includes
  d
}

latent_arms <- function(d, mode, truth, seed, ids) {
  fit <- suppressWarnings(latent_mr(d, methods = ids, force = TRUE, by_environment = FALSE, control = control, seed = seed))
  frame <- as.data.frame(fit)
  arms <- lapply(seq_len(nrow(frame)), function(i) c(b = frame$b[i], half = (frame$up_ci[i] - frame$lo_ci[i]) / 2))
  names(arms) <- frame$estimator
  k <- ncol(fit$encoder$variant)
  list(arms = arms, about = data.frame(
    k = if (mode == "background") k + fit$encoder$components else k, j = fit$diagnostics$sargan$ratio,
    f = fit$diagnostics$f, flagged = length(fit$warnings) > 0
  ))
}

replicate_once <- function(row, part, seed, modes) {
  d <- draw(row, seed, if (part == "panel") 0 else 1200)
  z <- fill_in(LatentMR:::mr_genotypes(d), d$environment)
  dummies <- outer(as.integer(d$environment), seq_len(nlevels(d$environment)), "==") + 0
  truth <- d$truth$effect
  genome <- genome_components(d, z)
  standard <- standard_arms(d, z, dummies, genome)
  versions <- switch(part,
    panel = list(panel = d),
    genome = list(structure = with_structure(d, genome$without, FALSE), background = d),
    includes = list(
      without_FALSE = with_structure(d, genome$without, FALSE), without_TRUE = with_structure(d, genome$without, TRUE),
      with_FALSE = with_structure(d, genome$with, FALSE), with_TRUE = with_structure(d, genome$with, TRUE)
    )
  )
  ids <- if (part == "includes") "latent_ujive" else c("ols", "latent_2sls", "latent_liml", "latent_ujive", "latent_nagar", "latent_reml")
  out <- lapply(modes, function(mode) {
    fitted <- latent_arms(versions[[mode]], mode, truth, seed, ids)
    arms <- do.call(rbind, c(standard, fitted$arms))
    data.frame(mode = mode, arm = rownames(arms), b = arms[, "b"] - truth, half = arms[, "half"], seed = seed, fitted$about, row.names = NULL)
  })
  do.call(rbind, out)
}

# ---- running ----
arguments <- commandArgs(TRUE)
parts <- if (length(arguments) >= 1 && arguments[1] != "all") arguments[1] else c("panel", "genome", "includes")
replicates <- if (length(arguments) >= 2) as.integer(arguments[2]) else 60
wanted <- if (length(arguments) >= 3) strsplit(arguments[3], ",")[[1]] else cells$id
folder <- Sys.getenv("RESULTS", "bench/results/snp-panels")
workers <- as.integer(Sys.getenv("WORKERS", "2"))
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
modes_of <- list(
  panel = "panel", genome = c("structure", "background"), includes = c("without_FALSE", "without_TRUE", "with_FALSE", "with_TRUE")
)
in_part <- list(
  panel = rep(TRUE, nrow(cells)), genome = cells$family %in% c("plain", "hgdp"),
  includes = cells$family == "plain" & cells$cell %in% c(1, 3, 7, 8, 14)
)

for (part in parts) for (i in which(in_part[[part]] & (cells$id %in% wanted | sub("plain", "", cells$id) %in% wanted))) {
  row <- cells[i, ]
  file_of <- function(mode) file.path(folder, sprintf("%s-%s-%s.rds", part, mode, row$id))
  before <- lapply(setNames(nm = modes_of[[part]]), function(mode) if (file.exists(file_of(mode))) readRDS(file_of(mode)))
  lacking <- lapply(before, function(runs) setdiff(1000 + seq_len(replicates), runs$seed))
  seeds <- sort(unique(unlist(lacking)))
  if (!length(seeds)) next
  took <- system.time({
    runs <- parallel::mclapply(seeds, function(s) {
      replicate_once(row, part, s, names(lacking)[vapply(lacking, function(left) s %in% left, TRUE)])
    }, mc.cores = workers, mc.preschedule = FALSE)
  })[["elapsed"]]
  failed <- vapply(runs, inherits, TRUE, "try-error")
  if (any(failed)) stop(row$id, ": ", runs[[which(failed)[1]]])
  runs <- do.call(rbind, runs)
  for (mode in unique(runs$mode)) saveRDS(rbind(before[[mode]], runs[runs$mode == mode, ]), file_of(mode))
  message(sprintf("%s %s: %.0f s", part, row$id, took))
}

# ---- the table ----
summarise <- function(file) {
  x <- readRDS(file)
  by <- split(x, x$arm)
  name <- sub("[.]rds$", "", basename(file))
  mode <- x$mode[1]
  rmse <- vapply(by, function(a) sqrt(mean(a$b^2)), 0)
  best <- min(rmse[intersect(names(rmse), c("environment", "panel_pc", if (mode != "panel") "genome_pc"))])
  headline <- if (mode == "panel") "latent_reml" else "latent_ujive"
  out <- lapply(names(by), function(arm) {
    a <- by[[arm]]
    data.frame(
      mode = mode, id = sub("^[^-]*-[^-]*-", "", name), arm = arm, headline = arm == headline, replicates = nrow(a),
      rmse = rmse[[arm]], bias = mean(a$b), ratio = rmse[[arm]] / best, to_oracle = rmse[[arm]] / rmse[["oracle"]],
      coverage = mean(abs(a$b) <= a$half), length = median(2 * a$half), k = mean(a$k), j = mean(a$j), f = mean(a$f),
      flagged = mean(a$flagged)
    )
  })
  do.call(rbind, out)
}
files <- list.files(folder, "[.]rds$", full.names = TRUE)
table <- do.call(rbind, lapply(files, summarise))
utils::write.csv(format(table, digits = 4), sub("/?$", ".csv", folder), row.names = FALSE)
heads <- table[table$headline, ]
heads$family <- sub("[0-9].*", "", heads$id)
print(heads[c("mode", "id", "replicates", "rmse", "bias", "ratio", "to_oracle", "coverage", "length", "k", "j", "f")], digits = 3, row.names = FALSE)
for (mode in unique(heads$mode)) for (family in unique(heads$family[heads$mode == mode])) {
  h <- heads[heads$mode == mode & heads$family == family, ]
  cat(sprintf(
    "%s, %s: %d cells, ratio mean %.3f, worst %.2f; coverage pooled %.3f, worst %.2f\n", mode, family, nrow(h),
    mean(h$ratio), max(h$ratio), mean(h$coverage), min(h$coverage)
  ))
}
