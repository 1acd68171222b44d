# Is the first printed line true? Designs of bench/designs/ (made without the package),
# the headline of latent_mr() with its verdict, and the strongest that a user can do
# today on the same draws.
#
#   Rscript bench/bench-trust.R              every cell, 100 draws, resumed where it stopped
#   Rscript bench/bench-trust.R 400          as many draws
#   Rscript bench/bench-trust.R 60 null,one  cells whose name matches one of these
#
# One file per cell in RESULTS (bench/results/trust), one line per draw and arm;
# WORKERS processes (2), SECONDS: stop after so many. The table is
# bench/results/trust.csv: bias, RMSE, coverage with its exact 95 % Monte Carlo
# interval, type I error (coverage of a linear estimator does not depend on the
# effect), misses without an objection, objections.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)

# ---- the cells: how each is drawn, and what the analyst is given ----
strong <- c(.9, .9)
cells <- list(
  admix_05 = list(function() admixture(fst = .05)),
  admix_01_opposite = list(function() admixture(fst = .01, confounder = "opposite", structure = strong)),
  admix_threshold = list(function() admixture(fst = .03, confounder = "threshold")),
  admix_uneven = list(function() admixture(fst = .03, sites = 2, n = 1000)),
  null_02 = list(function() admixture(fst = .02, effect = 0, structure = strong), null = TRUE),
  null_003 = list(function() admixture(fst = .003, effect = 0, structure = strong), null = TRUE),
  null_opposite_02 = list(function() admixture(fst = .02, effect = 0, structure = c(.9, -.9)), null = TRUE),
  null_ibd = list(function() isolation(effect = 0, structure = strong), null = TRUE),
  one_law_01 = list(function() admixture(fst = .01, law = "same"), modes = c("panel", "background")),
  one_law_02 = list(function() admixture(fst = .02, law = "same"), modes = c("panel", "background")),
  ibd_smooth = list(function() isolation(), modes = c("panel", "background")),
  ibd_sharp = list(function() isolation(confounder = "sharp"), modes = c("panel", "background")),
  divergent_25 = list(function() divergent(fst = .25)),
  divergent_20_wide = list(function() divergent(fst = .2, wide = TRUE)),
  divergent_10 = list(function() divergent(fst = .1)),
  batch = list(function() hidden_batch()),
  dosage = list(function() dosages(fst = .03, background = 0)),
  balanced = list(function() pleiotropy("balanced")),
  directional_40 = list(function() pleiotropy("directional", share = .4), unseen = TRUE),
  correlated_40 = list(function() pleiotropy("correlated", share = .4), unseen = TRUE),
  selected = list(function() selected(fst = .02, background = 0)),
  case_control = list(function() case_control(fst = .02), null = TRUE),
  polygenic_rg0 = list(function() polygenic(rg = 0), modes = "background"),
  polygenic_rg5 = list(function() polygenic(rg = .5), modes = "background"),
  mating_outcome = list(function() mating(on = "outcome", r = .4), unseen = TRUE),
  mating_cross = list(function() mating(on = "cross", r = .4), unseen = TRUE),
  mating_by_site = list(function() mating(on = "cross", r = c(0, .2, .4, .6)), unseen = TRUE),
  dynastic = list(function() mating(on = "exposure", r = 0, generations = 1, dynastic = c(.4, .4)), unseen = TRUE),
  families_valid = list(function() mating(on = "exposure", r = 0, generations = 1)),
  still_confounded = list(function() still_confounded(), unseen = TRUE)
)

# ---- the arms that need no package of ours but for the engine of 2SLS ----
fitted_iv <- function(d, z, w, estimator, vcov, cluster = NULL) {
  fit <- iv_fit(d$outcome, cbind(x = d$exposure), unname(z), unname(w), estimator = estimator, vcov = vcov, cluster = cluster)
  b <- unname(coef(fit)[1])
  half <- qnorm(.975) * sqrt(vcov(fit)[1, 1])
  c(b = b, lo = b - half, up = b + half)
}

leading <- function(x, count = 10) {
  s <- scale(x)
  s <- s[, is.finite(colSums(s)), drop = FALSE]
  e <- eigen(crossprod(s) / nrow(s), symmetric = TRUE)
  scale(s %*% e$vectors[, seq_len(min(count, ncol(s))), drop = FALSE])
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
# estimate.
mixed_root <- function(d) {
  z <- scale(d$background)
  z <- z[, is.finite(colSums(z))]
  s <- svd(z, nv = 0)
  lambda <- s$d^2 / ncol(z)
  w <- dummies(d$environment)
  turn <- function(v, h) v * sqrt(1 / (1 - h)) + s$u %*% ((1 / sqrt(h * lambda + 1 - h) - sqrt(1 / (1 - h))) * crossprod(s$u, v))
  likelihood <- function(h) {
    q <- qr(turn(w, h))
    r <- qr.resid(q, turn(d$exposure, h))
    n <- length(r)
    -(n - ncol(w)) / 2 * log(sum(r^2)) - .5 * (sum(log(h * lambda + 1 - h)) + (n - length(lambda)) * log(1 - h)) - sum(log(abs(diag(qr.R(q)))))
  }
  grid <- seq(0, .9, .05)
  h <- grid[which.max(vapply(grid, likelihood, 0))]
  function(v) turn(v, h)
}

standard_arms <- function(d) {
  sites <- dummies(d$environment)
  z <- d$genotypes
  robust <- if (is.null(d$family)) NULL else d$family
  ujive <- function(w) fitted_iv(d, z, w, "ujive", if (is.null(robust)) "many" else "cluster", robust)
  liml <- function(w) fitted_iv(d, z, w, "liml", if (is.null(robust)) "bekker" else "cluster", robust)
  arms <- list(
    ols = fitted_iv(d, z, sites, "ols", "HC1"), `2sls` = fitted_iv(d, z, sites, "2sls", "HC1"), ujive = ujive(sites), liml = liml(sites)
  )
  if (ncol(z) > 12) {
    pc <- cbind(sites, leading(z))
    arms <- c(arms, list(ujive_panel_pc = ujive(pc), liml_panel_pc = liml(pc)))
  }
  if (!is.null(d$background)) {
    without <- cbind(sites, leading(d$background))
    with <- cbind(sites, leading(cbind(z, d$background)))
    arms <- c(arms, list(
      ujive_genome_pc = ujive(without), liml_genome_pc = liml(without), ujive_genome_pc_with = ujive(with), liml_genome_pc_with = liml(with)
    ))
    arms <- c(arms, summary_arms(each_variant(d, mixed_root(d)), "mixed_")[1])
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
given <- function(d, mode) {
  args <- d[c("genotypes", "exposure", "outcome", "environment", "ids")]
  if (mode == "background") args$background <- d$background
  if (mode == "family") args$family <- d$family
  if (mode != "family" && !is.null(d$family)) args$cluster <- d$family
  suppressWarnings(do.call(mr_data, args))
}

ours <- function(d, mode, seed) {
  fit <- suppressWarnings(latent_mr(given(d, mode), by_environment = TRUE, force = TRUE, seed = seed))
  frame <- as.data.frame(fit)
  frame <- frame[frame$environment == "pooled", ]
  objected <- if (exists("verdict")) any(verdict(fit)$objects) else length(fit$warnings) > 0
  rows <- lapply(seq_len(nrow(frame)), function(i) c(b = frame$b[i], lo = frame$lo_ci[i], up = frame$up_ci[i]))
  names(rows) <- frame$estimator
  first <- fit$headline
  head <- if (is.na(first)) c(b = NA, lo = NA, up = NA) else rows[[first]]
  rows <- c(list(headline = head), rows)
  list(rows = setNames(rows, paste0(mode, ":", names(rows))), objected = objected)
}

one_draw <- function(cell, seed) {
  set.seed(seed)
  d <- cell[[1]]()
  modes <- cell$modes
  if (is.null(modes)) modes <- "panel"
  fits <- lapply(setNames(nm = modes), function(mode) ours(d, mode, seed))
  arms <- do.call(rbind, c(standard_arms(d), unlist(lapply(unname(fits), `[[`, "rows"), recursive = FALSE)))
  data.frame(
    arm = rownames(arms), b = arms[, "b"] - d$truth$effect, lo = arms[, "lo"] - d$truth$effect, up = arms[, "up"] - d$truth$effect,
    objected = vapply(sub(":.*", "", rownames(arms)), function(m) if (is.null(fits[[m]])) NA else fits[[m]]$objected, NA),
    seed = seed, row.names = NULL
  )
}

# ---- running ----
arguments <- commandArgs(TRUE)
draws <- if (length(arguments)) as.integer(arguments[1]) else 100L
wanted <- if (length(arguments) > 1) strsplit(arguments[2], ",")[[1]] else ""
folder <- Sys.getenv("RESULTS", "bench/results/trust")
workers <- as.integer(Sys.getenv("WORKERS", "2"))
deadline <- Sys.time() + as.numeric(Sys.getenv("SECONDS", "1e9"))
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
chosen <- names(cells)[Reduce(`|`, lapply(wanted, grepl, x = names(cells), fixed = TRUE))]
batch <- 10L
for (first in seq(1, draws, by = batch)) for (name in chosen) {
  file <- file.path(folder, paste0(name, ".csv"))
  done <- if (file.exists(file)) unique(read.csv(file)$seed)
  seeds <- setdiff(20000L + first - 1L + seq_len(min(batch, draws - first + 1L)), done)
  if (!length(seeds) || Sys.time() > deadline) next
  rows <- parallel::mclapply(seeds, function(s) one_draw(cells[[name]], s), mc.cores = workers, mc.preschedule = FALSE)
  failed <- vapply(rows, inherits, NA, "try-error")
  if (any(failed)) stop(name, ": ", rows[[which(failed)[1]]])
  new <- do.call(rbind, rows)
  if (length(done)) new <- rbind(read.csv(file), new)
  write.csv(new, paste0(file, ".tmp"), row.names = FALSE)
  file.rename(paste0(file, ".tmp"), file)
  message(name, ": ", length(unique(new$seed)), " draws")
}

# ---- the table ----
exact <- function(hits, n) if (n) binom.test(hits, n)$conf.int else c(NA, NA)
table <- do.call(rbind, lapply(names(cells), function(name) {
  file <- file.path(folder, paste0(name, ".csv"))
  if (!file.exists(file)) return(NULL)
  runs <- read.csv(file)
  do.call(rbind, lapply(split(runs, factor(runs$arm, unique(runs$arm))), function(r) {
    good <- is.finite(r$b)
    covered <- r$lo <= 0 & r$up >= 0
    ci <- exact(sum(covered, na.rm = TRUE), sum(!is.na(covered)))
    data.frame(
      cell = name, null = isTRUE(cells[[name]]$null), unseen = isTRUE(cells[[name]]$unseen), arm = r$arm[1], draws = nrow(r),
      withheld = sum(!good), bias = signif(mean(r$b[good]), 3), bias_mcse = signif(sd(r$b[good]) / sqrt(sum(good)), 2),
      rmse = signif(sqrt(mean(r$b[good]^2)), 3), coverage = round(mean(covered, na.rm = TRUE), 3), coverage_lo = round(ci[1], 3), coverage_up = round(ci[2], 3),
      width = signif(median(r$up - r$lo, na.rm = TRUE), 3), objected = round(mean(r$objected), 3),
      missed_unsaid = round(mean(!covered & !r$objected, na.rm = TRUE), 3), row.names = NULL
    )
  }))
}))
write.csv(table, "bench/results/trust.csv", row.names = FALSE, na = "")
heads <- table[grepl(":headline$", table$arm), ]
print(heads[c("cell", "arm", "draws", "withheld", "bias", "rmse", "coverage", "width", "objected", "missed_unsaid")], row.names = FALSE)
