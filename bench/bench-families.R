# Families: what environments cannot show. Siblings in four sites (bench/designs/families.R) under parents' effects
# and mating that is not random, and without either; population rows, family rows, the contrast between them, and by
# hand in R the siblings' differences on the same draws.
#
#   Rscript bench/bench-families.R                 100 draws a cell
#   Rscript bench/bench-families.R 400 valid       400 draws of the cells whose names have "valid"
#
# Resumable: draws that bench/results/families-runs.csv has are not repeated. SECONDS=600 stops after that time.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)

cells <- list(
  valid = function() mating(on = "exposure", r = 0, generations = 1),
  valid_small = function() mating(families = 400, on = "exposure", r = 0, generations = 1),
  dynastic = function() mating(on = "exposure", r = 0, generations = 1, dynastic = c(.4, .4)),
  cross = function() mating(on = "cross", r = .4),
  # Mating moves the population rows by .08, as in the trial that asked for family rows.
  cross_08 = function() mating(on = "cross", r = .4, h2 = .6, direct = .6, free = .4),
  cross_large = function() mating(families = 3000, on = "cross", r = .4),
  # More of both traits is inherited, so that mating moves the population rows by about .1.
  cross_strong = function() mating(on = "cross", r = .4, h2 = .6, direct = .7, free = .3),
  outcome_4 = function() mating(on = "outcome", r = .4, effect = .5),
  outcome_6 = function() mating(on = "outcome", r = .6, effect = .5),
  parents_valid = function() mating(families = 750, on = "exposure", r = 0, generations = 1),
  parents_dynastic = function() {
    mating(families = 750, on = "exposure", r = 0, generations = 1, dynastic = c(.4, .4))
  },
  parents_cross = function() mating(families = 750, on = "cross", r = .4)
)

interval <- function(b, se) c(b = b, lo = b - qnorm(.975) * se, up = b + qnorm(.975) * se)

# Siblings' differences from the mean of the family, whole families left out of the first stage.
by_hand <- function(d) {
  family <- match(d$family, d$family)
  within <- function(v) v - (rowsum(v, family) / tabulate(family)[sort(unique(family))])[match(family, sort(unique(family))), ]
  y <- within(d$outcome)
  x <- within(d$exposure)
  z <- within(d$genotypes)
  one <- function(estimator, vcov) {
    fit <- iv_fit(y, x, z, estimator = estimator, vcov = vcov, cluster = d$family)
    interval(unname(coef(fit)), sqrt(vcov(fit)[1, 1]))
  }
  list(sib_2sls = one("2sls", "cluster"), sib_ujive = one("ujive", "many"))
}

rows_of <- function(fit) {
  frame <- as.data.frame(fit)
  rows <- lapply(seq_len(nrow(frame)), function(i) c(b = frame$b[i], lo = frame$lo_ci[i], up = frame$up_ci[i]))
  setNames(rows, frame$estimator)
}

one_draw <- function(name, seed) {
  set.seed(seed)
  d <- cells[[name]]()
  args <- d[c("genotypes", "exposure", "outcome", "environment", "ids")]
  fit_of <- function(..., methods = c("latent_ujive", "latent_reml", "family_ujive", "family_2sls")) {
    data <- do.call(mr_data, c(args, list(kind = "genotype", family = d$family, ...)))
    suppressWarnings(latent_mr(data, methods = methods, by_environment = FALSE, seed = seed))
  }
  fit <- fit_of()
  arms <- c(rows_of(fit)[c("latent_ujive", "latent_reml", "family_ujive", "family_2sls")], by_hand(d))
  row <- function(arms, contrast) {
    arms <- do.call(rbind, arms) - d$truth$effect
    data.frame(
      cell = name, seed = seed, arm = rownames(arms), arms, row.names = NULL, se = contrast$se, pval = contrast$pval,
      difference = contrast$difference
    )
  }
  if (!grepl("parents", name)) return(row(arms, fit$family$contrast))
  # Parents' genotypes as controls; parents imputed from the siblings (what they share is not known).
  trios <- fit_of(parents = list(father = unname(d$father), mother = unname(d$mother)))
  imputed <- fit_of(parents = "siblings", methods = c("family_ujive", "imputed_ujive", "imputed_2sls"))
  both <- rows_of(trios)[c("family_ujive", "family_2sls")]
  names(both) <- c("parents_ujive", "parents_2sls")
  rbind(
    row(arms, fit$family$contrast), row(both, trios$family$contrast),
    row(rows_of(imputed)[c("imputed_ujive", "imputed_2sls")], imputed$family$contrast)
  )
}

arguments <- commandArgs(TRUE)
draws <- if (length(arguments)) as.integer(arguments[1]) else 100L
chosen <- if (length(arguments) > 1) grep(arguments[2], names(cells), value = TRUE) else names(cells)
deadline <- Sys.time() + as.numeric(Sys.getenv("SECONDS", "1e9"))
folder <- Sys.getenv("RESULTS", "bench/results")
file <- file.path(folder, "families-runs.csv")
runs <- if (file.exists(file)) read.csv(file)
for (seed in seq_len(draws)) for (name in chosen) {
  if (any(runs$cell == name & runs$seed == seed) || Sys.time() > deadline) next
  new <- one_draw(name, seed)
  new[c("b", "lo", "up", "se", "difference")] <- signif(new[c("b", "lo", "up", "se", "difference")], 5)
  new$pval <- signif(new$pval, 4)
  runs <- rbind(runs, new)
  write.csv(runs, paste0(file, ".tmp"), row.names = FALSE)
  file.rename(paste0(file, ".tmp"), file)
}

table <- do.call(rbind, lapply(split(runs, list(factor(runs$arm, unique(runs$arm)), factor(runs$cell, names(cells)))), function(r) {
  good <- is.finite(r$b)
  if (!any(good)) return(NULL)
  data.frame(
    cell = r$cell[1], arm = r$arm[1], draws = nrow(r), bias = signif(mean(r$b[good]), 3),
    bias_mcse = signif(sd(r$b[good]) / sqrt(sum(good)), 2), sd = signif(sd(r$b[good]), 3),
    rmse = signif(sqrt(mean(r$b[good]^2)), 3), coverage = round(mean(r$lo <= 0 & r$up >= 0, na.rm = TRUE), 3),
    width = signif(mean(r$up - r$lo, na.rm = TRUE), 3), rejects = round(mean(r$pval < .05, na.rm = TRUE), 3),
    contrast_sd_over_se = signif(sd(r$difference) / mean(r$se), 3)
  )
}))
write.csv(table, file.path(folder, "families.csv"), row.names = FALSE)
print(table, row.names = FALSE)
