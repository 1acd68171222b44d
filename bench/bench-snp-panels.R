# RMSE, coverage and interval length of the estimators on simulated SNP panels
# (help page of simulate_mr(), design "snp") and on cohorts resampled from real
# genotypes (simulate_cohort()).
#
#   Rscript bench/bench-snp-panels.R                  everything, resumed where it stopped
#   Rscript bench/bench-snp-panels.R panel 60         one mode, 60 replicates a cell
#   Rscript bench/bench-snp-panels.R panel 60 1,3,14  some cells (ids of the table below)
#
# One file per cell and mode in bench/results/snp-panels; `future::plan()` by the
# environment variable WORKERS (2). The table is printed at the end and written to
# bench/results/snp-panels.csv.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)

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
fill <- function(d) {
  for (name in c("effect", "h2", "pleiotropy")) if (is.null(d[[name]])) d[[name]] <- NA
  if (is.null(d$stress)) d$stress <- "plain"
  d[c("family", "cell", "effect", "h2", "stress", "pleiotropy")]
}
cells <- do.call(rbind, lapply(list(plain, effect, stress, pleiotropy, hgdp, chr21), fill))
cells$id <- with(cells, paste0(
  family, cell, ifelse(is.na(effect), "", paste0("_b", effect)), ifelse(stress == "plain", "", paste0("_", stress)),
  ifelse(is.na(pleiotropy), "", paste0("_p", pleiotropy, "_h", h2))
))

draw <- function(row, seed, background) {
  if (row$family %in% c("hgdp", "chr21")) return(draw_cohort(row, seed, background))
  args <- list("snp", cell = row$cell, stress = row$stress, background = background, seed = seed)
  for (name in c("effect", "h2", "pleiotropy")) if (!is.na(row[[name]])) args[[name]] <- row[[name]]
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
  fit <- iv_fit(d$outcome, cbind(x = d$exposure), z, block, estimator = "2sls", vcov = "HC1")
  b <- unname(coef(fit)[1])
  c(b = b, half = qnorm(.975) * sqrt(vcov(fit)[1, 1]))
}

# Leading components of standardised columns; `cross`: their correlation matrix
# when it is known already.
components <- function(x, cross = crossprod(scale(x)) / nrow(x), count = 10) {
  x <- scale(x)
  x[is.na(x)] <- 0
  cross[is.na(cross)] <- 0
  x %*% .Call(LatentMR:::C_ffi_eigen_top, cross, as.integer(count))$vectors
}

fill_in <- function(z, e) {
  for (j in which(colSums(is.na(z)) > 0)) {
    m <- ave(z[, j], e, FUN = function(g) mean(g, na.rm = TRUE))
    z[is.na(z[, j]), j] <- m[is.na(z[, j])]
  }
  z
}

replicate_once <- function(row, mode, seed) {
  background <- if (mode == "panel") 0 else 1200
  d <- draw(row, seed, background)
  z <- fill_in(LatentMR:::mr_genotypes(d), d$environment)
  dummies <- outer(as.integer(d$environment), seq_len(nlevels(d$environment)), "==") + 0
  truth <- d$truth$effect
  arms <- list(
    raw = tsls(d, z, matrix(1, nrow(z), 1)), environment = tsls(d, z, dummies),
    panel_pc = tsls(d, z, cbind(dummies, components(z))),
    oracle = tsls(d, z, cbind(dummies, d$truth$Q[, -1]))
  )
  fitted <- d
  if (mode != "panel") {
    g <- LatentMR:::mr_background(d)
    g <- fill_in(g, d$environment)
    # One pass of exact counts instead of two dense products.
    both <- LatentMR:::panel_moments(LatentMR:::panel_data(d, list(x = cbind(LatentMR:::mr_genotypes(d), LatentMR:::mr_background(d)))))$corr
    of_g <- ncol(z) + seq_len(ncol(g))
    without <- components(g, both[of_g, of_g])
    arms$genome_pc <- tsls(d, z, cbind(dummies, without))
    arms$genome_pc_with <- tsls(d, z, cbind(dummies, components(cbind(z, g), both)))
    if (mode == "structure") {
      colnames(without) <- paste0("PC", 1:10)
      fitted["background"] <- list(NULL)
      fitted$structure <- without
      fitted$structure_includes_instruments <- FALSE
    }
  }
  ids <- c("ols", "latent_2sls", "latent_liml", "latent_ujive", "latent_nagar", "latent_reml")
  fit <- suppressWarnings(latent_mr(fitted, methods = ids, force = TRUE, by_environment = FALSE, seed = seed))
  frame <- as.data.frame(fit)
  for (id in frame$estimator) {
    at <- frame$estimator == id
    arms[[id]] <- c(b = frame$b[at], half = (frame$up_ci[at] - frame$lo_ci[at]) / 2)
  }
  arms <- do.call(rbind, arms)
  data.frame(
    arm = rownames(arms), b = arms[, "b"] - truth, half = arms[, "half"], seed = seed,
    k = if (mode == "background") ncol(fit$encoder$variant) + fit$encoder$components else ncol(fit$encoder$variant),
    j = fit$diagnostics$sargan$ratio, f = fit$diagnostics$f, flagged = length(fit$warnings) > 0, row.names = NULL
  )
}

# ---- running ----
arguments <- commandArgs(TRUE)
modes <- if (length(arguments) >= 1 && arguments[1] != "all") arguments[1] else c("panel", "structure", "background")
replicates <- if (length(arguments) >= 2) as.integer(arguments[2]) else 60
wanted <- if (length(arguments) >= 3) strsplit(arguments[3], ",")[[1]] else cells$id
folder <- Sys.getenv("RESULTS", "bench/results/snp-panels")
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
future::plan(future::multicore, workers = as.integer(Sys.getenv("WORKERS", "2")))

for (mode in modes) for (i in which(cells$id %in% wanted | sub("plain", "", cells$id) %in% wanted)) {
  row <- cells[i, ]
  if (mode != "panel" && !row$family %in% c("plain", "hgdp")) next
  file <- file.path(folder, sprintf("%s-%s.rds", mode, row$id))
  if (file.exists(file) && max(readRDS(file)$seed) >= replicates) next
  took <- system.time({
    runs <- future.apply::future_lapply(seq_len(replicates), function(s) replicate_once(row, mode, s), future.seed = TRUE)
  })[["elapsed"]]
  saveRDS(do.call(rbind, runs), file)
  message(sprintf("%s %s: %.0f s", mode, row$id, took))
}

# ---- the table ----
summarise <- function(file) {
  x <- readRDS(file)
  by <- split(x, x$arm)
  name <- sub("[.]rds$", "", basename(file))
  mode <- sub("-.*", "", name)
  rmse <- vapply(by, function(a) sqrt(mean(a$b^2)), 0)
  best <- min(rmse[intersect(names(rmse), c("environment", "panel_pc", if (mode != "panel") "genome_pc"))])
  headline <- if (mode == "panel") "latent_reml" else "latent_ujive"
  out <- lapply(names(by), function(arm) {
    a <- by[[arm]]
    data.frame(
      mode = mode, id = sub("^[^-]*-", "", name), arm = arm, headline = arm == headline, replicates = nrow(a),
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
