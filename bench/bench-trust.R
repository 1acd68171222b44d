# Is the first printed line true? Designs of bench/designs/ (made without the package),
# the headline of latent_mr() with its verdict, and the strongest that a user can do
# today on the same draws.
#
#   Rscript bench/bench-trust.R              every cell, 100 draws, resumed where it stopped
#   Rscript bench/bench-trust.R 400          as many draws
#   Rscript bench/bench-trust.R 60 null,one  cells whose name matches one of these
#   Rscript bench/bench-trust.R 0            the table alone, from the draws there are
#
# One file per cell in RESULTS (bench/results/trust, not in the repository), one line per
# draw and arm; WORKERS processes (2), SECONDS: stop after so many. Cells take turns of
# ROUND draws (2), those of a null effect twice as many, so that the table is complete
# at any time. The tables are bench/results/trust.csv and, of the designs of bench/designs/field.R,
# bench/results/trust-field.csv: bias, RMSE, coverage with its exact
# 95 % Monte Carlo interval, type I error (coverage of a linear estimator does not depend
# on the effect), misses without an objection, objections and what objected. The arm
# "set" is what the first line says in place of an interval where it withholds one.
# APART=0 leaves out the estimates by environment, and with them Cochran's Q among the
# objections: half the time. The field's table is then bench/results/trust-field-first.csv: the first line in more data sets.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)

# ---- the cells: how each is drawn, and what the analyst is given ----
# null: no effect. clean: nothing wrong but what the encoder is for, so that an objection is
# false. unseen: what the print names as not to be seen without families, or at all.
# modes: what is given beside instruments and environments: nothing ("panel"), background
# variants ("background"), ten components of the background ("structure"), of background and
# instruments ("structure_with", and said so), families ("family").
strong <- c(.9, .9)
two <- c("panel", "background")
four <- c(two, "structure", "structure_with")
cells <- list(
  admix_05 = list(function() admixture(fst = .05, background = 300), modes = four),
  admix_01_opposite = list(function() admixture(fst = .01, confounder = "opposite", structure = strong, background = 300), modes = two),
  admix_threshold = list(function() admixture(fst = .03, confounder = "threshold", background = 0)),
  admix_uneven = list(function() admixture(fst = .03, sites = 2, n = 1000, background = 0)),
  clean = list(function() admixture(fst = .02, background = 0, structure = c(0, 0)), clean = TRUE),
  clean_null = list(function() admixture(fst = .02, background = 0, effect = 0, structure = c(0, 0)), null = TRUE, clean = TRUE),
  null_02 = list(function() admixture(fst = .02, effect = 0, structure = strong, background = 300), null = TRUE, modes = four),
  null_003 = list(function() admixture(fst = .003, effect = 0, structure = strong, background = 300), null = TRUE, modes = two),
  null_opposite_02 = list(function() admixture(fst = .02, effect = 0, confounder = "opposite", structure = strong, background = 300), null = TRUE, modes = two),
  null_ibd = list(function() isolation(effect = 0, structure = strong, background = 300), null = TRUE, modes = two),
  one_law_01 = list(function() admixture(fst = .01, law = "same", background = 300), modes = two),
  one_law_02 = list(function() admixture(fst = .02, law = "same", background = 300), modes = four),
  ibd_smooth = list(function() isolation(background = 300), modes = two),
  ibd_sharp = list(function() isolation(confounder = "sharp", background = 300), modes = two),
  divergent_25 = list(function() divergent(fst = .25)),
  divergent_20_wide = list(function() divergent(fst = .2, wide = TRUE)),
  divergent_10 = list(function() divergent(fst = .1)),
  batch = list(function() hidden_batch(background = 300), modes = two),
  dosage = list(function() dosages(fst = .03, background = 0)),
  balanced = list(function() pleiotropy("balanced", background = 0)),
  directional_40 = list(function() pleiotropy("directional", share = .4, background = 0)),
  correlated_40 = list(function() pleiotropy("correlated", share = .4, background = 0)),
  correlated_all = list(function() pleiotropy("correlated", share = 1, background = 0), unseen = TRUE),
  selected = list(function() selected(fst = .02, background = 0)),
  case_control = list(function() case_control(fst = .02), null = TRUE),
  polygenic_rg0 = list(function() polygenic(rg = 0, background = 300), modes = two),
  polygenic_rg5 = list(function() polygenic(rg = .5, background = 300), modes = two),
  mating_outcome = list(function() mating(families = 750, on = "outcome", r = .4), unseen = TRUE, modes = c("panel", "family")),
  mating_exposure = list(function() mating(families = 750, on = "exposure", r = .4), unseen = TRUE, modes = c("panel", "family")),
  mating_cross = list(function() mating(families = 750, on = "cross", r = .4), unseen = TRUE, modes = c("panel", "family")),
  mating_by_site = list(function() mating(families = 750, on = "cross", r = c(0, .2, .4, .6)), unseen = TRUE, modes = c("panel", "family")),
  dynastic = list(function() mating(families = 750, on = "exposure", r = 0, generations = 1, dynastic = c(.4, .4)), unseen = TRUE, modes = c("panel", "family")),
  families_valid = list(function() mating(families = 750, on = "exposure", r = 0, generations = 1), clean = TRUE, modes = c("panel", "family")),
  still_confounded = list(function() still_confounded(), unseen = TRUE),
  # Relatives measured together: with components only, and with random effects and two negative controls.
  relatives = list(function() relatives(), modes = c("background", "random")),
  relatives_null = list(function() relatives(effect = 0), null = TRUE, modes = c("background", "random")),
  relatives_rg5 = list(function() relatives(rg = .5), modes = c("background", "random"))
)
# What goes wrong in the field (bench/designs/field.R), with an effect and without; of the arms only our own.
for (name in names(field_designs)) for (effect in c(.3, 0)) local({
  design <- field_designs[[name]]
  kind <- list(null = effect == 0, clean = name %in% field_clean, unseen = name %in% field_unseen, lean = TRUE)
  size <- effect
  cells[[paste0("field_", name, if (!effect) "_null")]] <<- c(list(function() design(size)), kind)
})

# ---- the arms that need no package of ours but for the engine of 2SLS ----
fitted_iv <- function(d, z, w, estimator, vcov, cluster = NULL) {
  fit <- iv_fit(d$outcome, cbind(x = d$exposure), unname(z), unname(w), estimator = estimator, vcov = vcov, cluster = cluster)
  b <- unname(coef(fit)[1])
  half <- qnorm(.975) * sqrt(vcov(fit)[1, 1])
  c(b = b, lo = b - half, up = b + half)
}

standardised <- function(x) {
  s <- scale(x)
  s[, is.finite(colSums(s)), drop = FALSE]
}

products <- function(a, b) LatentMR:::core_product(t(a), b)

# Principal components of standardised columns; m: their correlations.
leading <- function(s, m = products(s, s) / nrow(s), count = 10) {
  v <- eigen(m, symmetric = TRUE)$vectors[, seq_len(min(count, ncol(s))), drop = FALSE]
  scale(LatentMR:::core_product(s, v))
}

dummies <- function(e) outer(as.integer(factor(e)), seq_along(unique(e)), `==`) + 0

# Regressions of the traits on each variant, the sites partialled out; `root` turns
# the rows into independent ones (mixed model).
each_variant <- function(d, root = identity) {
  w <- qr(root(dummies(d$environment)))
  g <- qr.resid(w, root(d$genotypes))
  x <- qr.resid(w, root(d$exposure))
  y <- qr.resid(w, root(d$outcome))
  ss <- colSums(g^2)
  one <- function(v) {
    b <- drop(crossprod(g, v)) / ss
    list(b = b, se = sqrt((sum(v^2) - b^2 * ss) / (nrow(g) - 2) / ss))
  }
  list(x = one(x), y = one(y))
}

summary_arms <- function(a, prefix = "") {
  w <- 1 / a$y$se^2
  sign <- sign(a$x$b)
  interval <- function(b, se) c(b = b, lo = b - qnorm(.975) * se, up = b + qnorm(.975) * se)
  ivw <- summary(lm(a$y$b ~ 0 + a$x$b, weights = w))
  egger <- summary(lm(I(a$y$b * sign) ~ I(a$x$b * sign), weights = w))
  ratio <- a$y$b / a$x$b
  weight <- (a$x$b / a$y$se)^2
  median_of <- function(r) {
    o <- order(r)
    share <- (cumsum(weight[o]) - weight[o] / 2) / sum(weight)
    approx(share, r[o], .5, rule = 2)$y
  }
  drawn <- replicate(200, median_of(rnorm(length(ratio), a$y$b, a$y$se) / rnorm(length(ratio), a$x$b, a$x$se)))
  out <- list(
    ivw = interval(ivw$coefficients[1, 1], ivw$coefficients[1, 2] / min(1, ivw$sigma)),
    egger = interval(egger$coefficients[2, 1], egger$coefficients[2, 2] / min(1, egger$sigma)),
    median = interval(median_of(ratio), sd(drawn))
  )
  setNames(out, paste0(prefix, names(out)))
}

# Mixed model: polygenic variance from the background variants by REML over a grid,
# each trait's rows turned by the exposure's covariance; then the inverse-variance
# estimate. z: standardised background, m: its products.
mixed_root <- function(d, z, m) {
  e <- eigen(m * nrow(z), symmetric = TRUE)
  keep <- e$values > 1e-8 * e$values[1]
  u <- LatentMR:::core_product(z, sweep(e$vectors[, keep], 2, sqrt(e$values[keep]), "/"))
  lambda <- e$values[keep] / ncol(z)
  w <- dummies(d$environment)
  turn <- function(v, h) {
    v <- as.matrix(v)
    flat <- sqrt(1 / (1 - h))
    v * flat + LatentMR:::core_product(u, (1 / sqrt(h * lambda + 1 - h) - flat) * products(u, v))
  }
  likelihood <- function(h) {
    q <- qr(turn(w, h))
    r <- qr.resid(q, turn(d$exposure, h))
    n <- length(r)
    -(n - ncol(w)) / 2 * log(sum(r^2)) - .5 * (sum(log(h * lambda + 1 - h)) + (n - length(lambda)) * log(1 - h)) - sum(log(abs(diag(qr.R(q)))))
  }
  grid <- seq(0, .9, .1)
  h <- grid[which.max(vapply(grid, likelihood, 0))]
  function(v) turn(v, h)
}

# Ten components of the background without and with the instruments.
genome_components <- function(d) {
  if (is.null(d$background)) return(NULL)
  own <- standardised(d$genotypes)
  both <- cbind(own, standardised(d$background))
  m <- products(both, both) / nrow(both)
  rest <- -seq_len(ncol(own))
  list(
    without = leading(both[, rest], m[rest, rest]), with = leading(both, m), mixed = mixed_root(d, both[, rest], m[rest, rest])
  )
}

standard_arms <- function(d, components) {
  sites <- dummies(d$environment)
  z <- d$genotypes
  robust <- if (is.null(d$family)) NULL else d$family
  ujive <- function(w) fitted_iv(d, z, w, "ujive", if (is.null(robust)) "many" else "cluster", robust)
  liml <- function(w) fitted_iv(d, z, w, "liml", if (is.null(robust)) "bekker" else "cluster", robust)
  arms <- list(
    ols = fitted_iv(d, z, sites, "ols", "HC1"), `2sls` = fitted_iv(d, z, sites, "2sls", "HC1"), ujive = ujive(sites), liml = liml(sites)
  )
  if (ncol(z) > 12) {
    pc <- cbind(sites, leading(standardised(z)))
    arms <- c(arms, list(ujive_panel_pc = ujive(pc), liml_panel_pc = liml(pc)))
  }
  if (!is.null(d$background)) {
    without <- cbind(sites, components$without)
    with <- cbind(sites, components$with)
    arms <- c(arms, list(
      ujive_genome_pc = ujive(without), liml_genome_pc = liml(without), ujive_genome_pc_with = ujive(with), liml_genome_pc_with = liml(with)
    ))
    arms <- c(arms, summary_arms(each_variant(d, components$mixed), "mixed_")[1])
  }
  if (ncol(z) > 12) arms <- c(arms, summary_arms(each_variant(d)))
  if (!is.null(d$family)) {
    within <- function(v) v - apply(as.matrix(v), 2, function(x) ave(x, d$family))
    f <- list(outcome = drop(within(d$outcome)), exposure = drop(within(d$exposure)))
    none <- matrix(0, length(f$outcome), 0)
    arms$sib_2sls <- fitted_iv(f, within(z), none, "2sls", "cluster", d$family)
  }
  arms$oracle <- fitted_iv(d, z, cbind(sites, d$truth$adjust), if (ncol(z) > 12) "liml" else "2sls", "HC1")
  arms
}

# ---- ours ----
apart <- Sys.getenv("APART", "1") == "1"
given <- function(d, mode, components) {
  args <- d[c("genotypes", "exposure", "outcome", "environment", "ids")]
  if (mode %in% c("background", "random")) args$background <- d$background
  if (startsWith(mode, "structure")) {
    with <- mode == "structure_with"
    args$structure <- components[[if (with) "with" else "without"]]
    colnames(args$structure) <- paste0("PC", seq_len(ncol(args$structure)))
    args$structure_includes_instruments <- with
  }
  if (mode == "family") args$family <- d$family
  if (mode != "family" && !is.null(d$family)) args$cluster <- d$family
  suppressWarnings(do.call(mr_data, args))
}

# The piece of a set that holds the truth, else its first; an empty set covers nothing.
set_ends <- function(set, truth) {
  holds <- which(set$lo <= truth & set$up >= truth)
  at <- c(holds, 1)[1]
  if (!nrow(set) || is.na(set$lo[at])) c(b = NA, lo = Inf, up = -Inf) else c(b = NA, lo = set$lo[at], up = set$up[at])
}

ours <- function(d, mode, seed, components = NULL) {
  more <- if (mode == "random") list(random = c("background", "cluster"), controls = d$controls)
  fit <- suppressWarnings(do.call(latent_mr, c(
    list(given(d, mode, components), by_environment = apart, force = TRUE, seed = seed), more
  )))
  frame <- as.data.frame(fit)
  frame <- frame[frame$environment == "pooled", ]
  checks <- verdict(fit)
  rows <- lapply(seq_len(nrow(frame)), function(i) c(b = frame$b[i], lo = frame$lo_ci[i], up = frame$up_ci[i]))
  names(rows) <- frame$estimator
  first <- fit$headline
  head <- if (is.na(first)) c(b = NA, lo = NA, up = NA) else rows[[first]]
  rows <- c(list(headline = head), if (is.na(first)) list(set = set_ends(LatentMR:::head_diagnostics(fit)$set, d$truth$effect)), rows)
  j <- checks$pval[checks$check == "J"]
  list(
    rows = setNames(rows, paste0(mode, ":", names(rows))), objected = any(checks$objects), f = min(fit$diagnostics$f),
    why = paste(checks$check[checks$objects], collapse = " + "), j = if (length(j)) j else NA
  )
}

one_draw <- function(cell, seed) {
  set.seed(seed)
  d <- cell[[1]]()
  modes <- cell$modes
  if (is.null(modes)) modes <- "panel"
  components <- genome_components(d)
  standard <- if (!isTRUE(cell$lean)) standard_arms(d, components)
  fits <- lapply(setNames(nm = modes), function(mode) ours(d, mode, seed, components))
  arms <- do.call(rbind, c(standard, unlist(lapply(unname(fits), `[[`, "rows"), recursive = FALSE)))
  of <- fits[match(sub(":.*", "", rownames(arms)), modes)]
  field <- function(name, none) unname(vapply(of, function(x) if (is.null(x)) none else x[[name]], none))
  data.frame(
    arm = rownames(arms), b = arms[, "b"] - d$truth$effect, lo = arms[, "lo"] - d$truth$effect, up = arms[, "up"] - d$truth$effect,
    objected = field("objected", NA), why = field("why", ""), j = signif(field("j", NA_real_), 3), f = signif(field("f", NA_real_), 4),
    seed = seed, row.names = NULL
  )
}

# ---- the table ----
exact <- function(hits, n) if (n) binom.test(hits, n)$conf.int else c(NA, NA)

most <- function(why) {
  counts <- sort(table(why[nzchar(why)]), decreasing = TRUE)
  counts <- counts[seq_len(min(2, length(counts)))]
  paste(sprintf("%s (%d)", names(counts), counts), collapse = "; ")
}

arm_line <- function(name, r) {
  good <- is.finite(r$b)
  covered <- r$lo <= 0 & r$up >= 0
  ci <- exact(sum(covered, na.rm = TRUE), sum(!is.na(covered)))
  data.frame(
    cell = name, null = isTRUE(cells[[name]]$null), clean = isTRUE(cells[[name]]$clean), unseen = isTRUE(cells[[name]]$unseen),
    arm = r$arm[1], draws = nrow(r), withheld = sum(!good), bias = signif(mean(r$b[good]), 3),
    bias_mcse = signif(sd(r$b[good]) / sqrt(sum(good)), 2), rmse = signif(sqrt(mean(r$b[good]^2)), 3),
    coverage = round(mean(covered, na.rm = TRUE), 3), coverage_lo = round(ci[1], 3), coverage_up = round(ci[2], 3),
    width = signif(median(r$up - r$lo, na.rm = TRUE), 3), objected = round(mean(r$objected), 3),
    missed_unsaid = round(sum(!covered & !r$objected, na.rm = TRUE) / nrow(r), 3), why = most(r$why), row.names = NULL
  )
}

runs_of <- function(name) {
  file <- file.path(folder, paste0(name, ".csv"))
  if (file.exists(file)) read.csv(file, na.strings = "NA", colClasses = c(why = "character"))
}

write_table <- function() {
  all <- Filter(Negate(is.null), lapply(setNames(nm = names(cells)), runs_of))
  table <- do.call(rbind, lapply(names(all), function(name) {
    runs <- all[[name]]
    do.call(rbind, lapply(split(runs, factor(runs$arm, unique(runs$arm))), arm_line, name = name))
  }))
  table$missed_unsaid[is.na(table$objected)] <- NA
  field <- startsWith(table$cell, "field_")
  write <- function(x, name) if (NROW(x)) write.csv(x, file.path("bench/results", name), row.names = FALSE, na = "")
  write(table[!field, ], "trust.csv")
  write(
    table[field & grepl(":(headline|set|latent_ujive|latent_liml|2sls)$", table$arm), ],
    if (apart) "trust-field.csv" else "trust-field-first.csv"
  )
  write(compared(all), "trust-summary.csv")
  invisible(table)
}

# Over all cells of structure: RMSE of a first line over that of the best that users have,
# both over the data sets in which both have a number (few a cell, hence over all together),
# with a 95 % interval from data sets drawn again; coverage of both, objections and misses of
# the first line.
compared <- function(all) {
  all <- all[grepl("^(admix|null|one_law|ibd|divergent|batch|dosage|polygenic|clean)", names(all))]
  pairs <- list(
    c("panel:headline", "2sls"), c("panel:headline", "liml_panel_pc"), c("panel:headline", "ujive_panel_pc"),
    c("background:headline", "ujive_genome_pc"), c("background:headline", "ujive_genome_pc_with"),
    c("background:headline", "mixed_ivw"), c("background:headline", "panel:headline"),
    c("background:headline", "structure:headline"), c("background:headline", "structure_with:headline")
  )
  do.call(rbind, lapply(pairs, function(pair) {
    both <- lapply(all, function(runs) {
      x <- merge(runs[runs$arm == pair[1], ], runs[runs$arm == pair[2], ], by = "seed")
      x[is.finite(x$b.x) & is.finite(x$b.y), ]
    })
    both <- both[vapply(both, nrow, 0L) > 0]
    if (!length(both)) return(NULL)
    x <- do.call(rbind, both)
    ratio <- function(i) sqrt(sum(x$b.x[i]^2) / sum(x$b.y[i]^2))
    set.seed(1)
    again <- quantile(replicate(2000, ratio(sample.int(nrow(x), replace = TRUE))), c(.025, .975))
    inside <- function(lo, up) lo <= 0 & up >= 0
    own <- inside(x$lo.x, x$up.x)
    data.frame(
      first = pair[1], over = pair[2], cells = length(both), draws = nrow(x), rmse_ratio = round(ratio(seq_len(nrow(x))), 3),
      ratio_lo = round(again[[1]], 3), ratio_up = round(again[[2]], 3), coverage = round(mean(own), 3),
      coverage_lo = round(exact(sum(own), nrow(x))[1], 3), coverage_up = round(exact(sum(own), nrow(x))[2], 3),
      other_coverage = round(mean(inside(x$lo.y, x$up.y)), 3), objected = round(mean(x$objected.x), 3),
      missed_unsaid = round(mean(!own & !x$objected.x), 3)
    )
  }))
}

# ---- running ----
arguments <- commandArgs(TRUE)
draws <- if (length(arguments)) as.integer(arguments[1]) else 100L
wanted <- if (length(arguments) > 1) strsplit(arguments[2], ",")[[1]] else ""
folder <- Sys.getenv("RESULTS", "bench/results/trust")
workers <- as.integer(Sys.getenv("WORKERS", "2"))
turn <- as.integer(Sys.getenv("ROUND", "2"))
deadline <- Sys.time() + as.numeric(Sys.getenv("SECONDS", "1e9"))
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
chosen <- names(cells)[Reduce(`|`, lapply(wanted, grepl, x = names(cells), fixed = TRUE))]
chosen <- chosen[order(!vapply(cells[chosen], function(cell) isTRUE(cell$null), NA))]

seeds_done <- function(name) unique(runs_of(name)$seed)

take_turn <- function(name, seeds) {
  file <- file.path(folder, paste0(name, ".csv"))
  rows <- parallel::mclapply(seeds, function(s) one_draw(cells[[name]], s), mc.cores = workers, mc.preschedule = FALSE)
  failed <- vapply(rows, inherits, NA, "try-error")
  if (any(failed)) stop(name, ": ", rows[[which(failed)[1]]])
  new <- do.call(rbind, rows)
  new <- rbind(runs_of(name), new)
  write.csv(new, paste0(file, ".tmp"), row.names = FALSE)
  file.rename(paste0(file, ".tmp"), file)
}

repeat {
  worked <- FALSE
  for (name in chosen) {
    many <- if (isTRUE(cells[[name]]$null)) 2L else 1L
    left <- setdiff(20000L + seq_len(draws * many), seeds_done(name))
    seeds <- left[seq_len(min(turn * many, length(left)))]
    if (!length(seeds) || Sys.time() > deadline) next
    take_turn(name, seeds)
    worked <- TRUE
  }
  table <- write_table()
  if (!worked) break
  message(format(Sys.time(), "%H:%M"), ": ", min(lengths(lapply(chosen, seeds_done))), " draws of every cell")
}
heads <- table[grepl(":(headline|set)$", table$arm), ]
print(heads[c("cell", "arm", "draws", "withheld", "bias", "rmse", "coverage", "width", "objected", "missed_unsaid")], row.names = FALSE)
