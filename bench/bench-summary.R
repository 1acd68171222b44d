# latent_mr() on moments from summary statistics by ancestry, against inverse-variance weighting, MR-Egger and the
# weighted median of the same tables (variants meta-analysed over ancestries).
#
#   Rscript bench/bench-summary.R                      every cell, 40 draws of people, 1,000 of polygenic tables
#   Rscript bench/bench-summary.R 40 distinct,shared   so many draws of the cells whose name begins so
#   Rscript bench/bench-summary.R 200 alignment        size and power of frequency_alignment()
#   Rscript bench/bench-summary.R bound                the best error (below) against maximum likelihood, 400 draws
#   ARMS=best,ldscore Rscript bench/bench-summary.R 20   these arms alone
#   DRAWS=folder Rscript bench/bench-summary.R 1000 poly_    in pieces of 10 draws, each a file there: the same call again
#                                                      goes on, several at once share the pieces (of a dead one, delete .lock)
#   DRAWS=folder Rscript bench/bench-summary.R table     the table of all pieces there, whatever cells and arms they are of
#
# Cells of people (distinct, shared): four ancestries of PEOPLE (5,000) each, mixtures of four populations (Balding and
# Nichols, fst .05); distinct: each mostly one population; shared: the same mixture everywhere. 60 instruments, effect .3,
# a confounder of people and one along ancestry; GWAS adjusted for 5 components of 300 variants; 500 null variants outside
# of these. One sample, two (halves), and half overlap of the same draw. Arms: `cross`: no LD, the correlation of the
# traits as intercept; `null`: no LD, noise from the null variants.
# Cells of polygenic tables (poly_*): z statistics drawn with LD (AR .6 in blocks of 20) for four ancestries of 360,000,
# 20,000, 8,000 and 6,000; 60 instruments; a background of heritability h2 in both traits with genetic correlation rg, a
# share of causal variants; stratification that is the same everywhere. Arms: `mean` (as if no background), `ldscore`,
# `known` (the true noise). Instruments and seeds are the same in all cells poly_h* and poly_none, so that `known`, `none`,
# `tables` and `best` are too: one of them is enough. paired_bias is the bias of `ldscore` by its difference to `known` in
# the same draws plus that of all draws of `known`: known better than the mean of few draws. poly_flat_*: LD scores that
# hardly differ, which are refused (lost).
# Winner's curse: instruments chosen at p < 5e-8 in the same tables; poly_curse_none without a background, poly_curse_rg0 with
# one whose effects on the traits are independent, poly_curse with one of rg .5: most of what is chosen is then pleiotropic.
# Arm `best`: the smallest error that any estimator can have on average, for these tables, their overlap and a noise of the
# shape that the null variants show (best_variance()). PEOPLE=2000, one, two samples and half overlap: distinct .043, .071,
# .057 (latent_reml .048, .062, .056; its 40 draws are known to 11 %), shared .059, .086, .072 (.054, .084, .068).
# Arms `peers` (PEERS=folder): MREILLS, TEMR and MR-APSS on the same tables, bench/summary-peers.R.
# The table is bench/results/summary.csv.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
asked <- commandArgs(TRUE)
bound_only <- identical(asked[1], "bound")
table_only <- identical(asked[1], "table")
draws <- if (length(asked) && !bound_only && !table_only) as.integer(asked[1])
folder <- Sys.getenv("DRAWS")
arms <- Sys.getenv("ARMS")
wants <- function(arm) !nzchar(arms) || arm %in% strsplit(arms, ",")[[1]]
wanted <- if (length(asked) > 1) strsplit(asked[2], ",")[[1]] else ""
people <- as.integer(Sys.getenv("PEOPLE", "5000"))
truth <- .3
ancestries <- c("EUR", "AFR", "EAS", "SAS")

# ---- the best error ----

# Cramer and Rao's bound for the effect b when both tables and all that surrounds them are known but the variants' effects:
# of variant j the vector u_j = (effects on the exposure, on the outcome; an entry for each ancestry) is normal with
#   mean gamma_j d(b), d(b) = (1, ..., 1, b, ..., b), and covariance Omega_j, the noise with its overlap,
# gamma_j normal with variance tau_j^2. Then u_j ~ N(0, Omega_j + tau_j^2 d d'). With d' the derivative of d in b and
#   a = d'Omega^-1 d,  kappa = d''Omega^-1 d' - (d'Omega^-1 d)^2 / a,  lambda = tau^2 a,
# whitening by Omega^-1/2 leaves I + lambda v v', v a unit vector that turns by sqrt(kappa / a) a unit of b; its
# information (Anderson 2003, Multivariate Statistical Analysis, 11.6) is lambda^2 / (1 + lambda) times the square of that,
# and what is known of b and of tau^2 does not mix. So
#   1 / Var(b) <= sum_j tau_j^2 kappa_j lambda_j / (1 + lambda_j).
# With one ancestry and p variants alike this is s^2 / (p tau^2) + det(Omega) / (p tau^4), s^2 the variance of y - b x: the
# first term is that of two-stage least squares, the second what many weak instruments add (Bekker 1994, Econometrica
# 62:657): LIML with known noise has it too, whatever the law of gamma. Overlap enters through Omega alone.
best_variance <- function(tau2, omega, b = truth) {
  half <- nrow(omega[[1]]) / 2
  d <- rep(c(1, b), each = half)
  turn <- rep(c(0, 1), each = half)
  information <- vapply(seq_along(omega), function(j) {
    inverse <- chol2inv(chol(omega[[j]]))
    a <- sum(d * (inverse %*% d))
    mixed <- sum(d * (inverse %*% turn))
    kappa <- sum(turn * (inverse %*% turn)) - mixed^2 / a
    lambda <- tau2[j] * a
    tau2[j] * kappa * lambda / (1 + lambda)
  }, 0)
  1 / sum(information)
}

# Noise of every variant: standard errors of the tables times `shape`, the correlation of the noise.
table_noise <- function(x, y, shape) {
  snp <- unique(x$SNP)
  se <- vapply(list(x, y), function(t) {
    vapply(ancestries, function(e) t$se[t$environment == e][match(snp, t$SNP[t$environment == e])], numeric(length(snp)))
  }, matrix(0, length(snp), length(ancestries)))
  lapply(seq_along(snp), function(j) outer(c(se[j, , ]), c(se[j, , ])) * shape)
}

best_row <- function(tau2, omega) row("best", "bound", best_variance(tau2, omega), NA, NA)

# Maximum likelihood over (b, tau^2) in two ancestries of other sizes, noise known: its error is the bound's.
check_best <- function(draws = 400, p = 2000, tau = .05) {
  se <- c(.02, .05, .03, .04)
  shape <- diag(4)
  shape[1, 3] <- shape[3, 1] <- .5
  shape[2, 4] <- shape[4, 2] <- -.3
  shape[1, 2] <- shape[2, 1] <- .2
  omega <- outer(se, se) * shape
  root <- chol(omega)
  found <- vapply(seq_len(draws), function(seed) {
    set.seed(seed)
    gamma <- rnorm(p, 0, tau)
    u <- outer(gamma, rep(c(1, truth), each = 2)) + matrix(rnorm(4 * p), p) %*% root
    s <- crossprod(u) / p
    loss <- function(v) {
      d <- rep(c(1, v[1]), each = 2)
      m <- omega + exp(v[2]) * tcrossprod(d)
      as.numeric(determinant(m)$modulus) + sum(diag(solve(m, s)))
    }
    optim(c(truth, 2 * log(tau)), loss, method = "BFGS")$par[1]
  }, 0)
  best <- sqrt(best_variance(rep(tau^2, p), rep(list(omega), p)))
  cat(sprintf(
    "maximum likelihood: bias %.5f, error %.5f (Monte Carlo %.5f); best %.5f\n", mean(found) - truth, sd(found),
    sd(found) / sqrt(2 * draws), best
  ))
}

# ---- people ----

mixture <- function(n, weight) {
  x <- matrix(rgamma(n * 4, rep(weight, each = n)), n)
  x / rowSums(x)
}

draw_people <- function(design, instruments = 60, background = 300, null = 500, fst = .05, confounding = .5) {
  p <- instruments + background + null
  base <- runif(p, .1, .9)
  scale <- (1 - fst) / fst
  frequency <- matrix(rbeta(4 * p, base * scale, (1 - base) * scale), p)
  gamma <- rnorm(instruments, 0, sqrt(.08 / instruments))
  axis <- c(1, -1, .5, -.5)
  cohorts <- lapply(seq_along(ancestries), function(e) {
    weight <- if (design == "distinct") replace(rep(.4, 4), e, 8) else rep(1, 4)
    q <- mixture(people, weight)
    g <- matrix(rbinom(people * p, 2, tcrossprod(q, frequency)), people)
    own <- drop(q %*% axis)
    own <- (own - mean(own)) / .5
    u <- rnorm(people)
    z <- sweep(g[, seq_len(instruments)], 2, sqrt(2 * base[seq_len(instruments)] * (1 - base[seq_len(instruments)])), "/")
    x <- drop(z %*% gamma) + confounding * own + .5 * u + rnorm(people, 0, .8)
    list(g = g, x = x, y = truth * x + confounding * own + .5 * u + rnorm(people, 0, .8))
  })
  inside <- base[seq_len(instruments)]
  attr(cohorts, "tau2") <- .08 / instruments / (2 * inside * (1 - inside)) # of an allele
  cohorts
}

# Association of every variant given the components, of some people.
gwas <- function(one, trait, components, rows, columns, environment) {
  w <- cbind(1, components)[rows, ]
  basis <- qr(w)
  v <- qr.resid(basis, one[[trait]][rows])
  g <- one$g[rows, columns]
  left <- qr.resid(basis, g + 0)
  gg <- colSums(left^2)
  b <- drop(crossprod(left, v)) / gg
  se <- sqrt((sum(v^2) - b^2 * gg) / (length(rows) - ncol(w) - 1) / gg)
  data.frame(
    SNP = paste0("rs", columns), effect_allele = "A", other_allele = "G", eaf = colMeans(g) / 2, beta = b, se = se,
    samplesize = length(rows), environment = environment
  )
}

people_tables <- function(cohorts, sample, instruments = 60, background = 300, null = 500) {
  rows <- switch(sample,
    one = list(seq_len(people), seq_len(people)),
    two = list(seq_len(people %/% 2), (people %/% 2 + 1):people),
    half = list(seq_len(2 * people %/% 3), (people %/% 3 + 1):people)
  )
  chosen <- list(main = seq_len(instruments), null = instruments + background + seq_len(null))
  tables <- lapply(chosen, function(columns) {
    lapply(c(exposure = "x", outcome = "y"), function(trait) do.call(rbind, lapply(seq_along(cohorts), function(e) {
      gwas(cohorts[[e]], trait, cohorts[[e]]$components, rows[[if (trait == "x") 1 else 2]], columns, ancestries[e])
    })))
  })
  both <- length(intersect(rows[[1]], rows[[2]])) / sqrt(length(rows[[1]]) * length(rows[[2]]))
  tables$overlap <- both * vapply(cohorts, function(one) {
    cor(lm.fit(cbind(1, one$components), cbind(one$x, one$y))$residuals)[1, 2]
  }, 0)
  names(tables$overlap) <- ancestries
  tables
}

add_components <- function(one, background) {
  g <- scale(one$g[, background])
  g[is.na(g)] <- 0
  one$components <- g %*% eigen(crossprod(g), TRUE)$vectors[, 1:5]
  one
}

# Correlation of the noise, with what ancestries share, from the null variants.
null_shape <- function(null) {
  z <- lapply(null, function(t) vapply(ancestries, function(e) {
    here <- t$environment == e
    (t$beta / t$se)[here]
  }, numeric(sum(t$environment == ancestries[1]))))
  crossprod(do.call(cbind, z)) / nrow(z[[1]])
}

# ---- estimates ----

row <- function(arm, estimator, b, lo, up) data.frame(arm = arm, estimator = estimator, b = b, lo = lo, up = up)
source("bench/summary-peers.R")

latent_rows_of <- function(arm, moments) {
  if (inherits(moments, "condition")) return(row(arm, c("latent_nagar", "latent_reml"), NA, NA, NA))
  fit <- tryCatch(suppressWarnings(latent_mr(
    moments, methods = c("latent_nagar", "latent_reml"), seed = 1, by_environment = FALSE
  )), latentmr_error = identity)
  if (inherits(fit, "condition")) return(row(arm, c("latent_nagar", "latent_reml"), NA, NA, NA))
  t <- as.data.frame(fit)
  row(arm, t$estimator, t$b, t$lo_ci, t$up_ci)
}

usual_rows <- function(x, y) {
  meta <- function(t) {
    w <- tapply(1 / t$se^2, factor(t$SNP, unique(t$SNP)), sum)
    list(b = c(tapply(t$beta / t$se^2, factor(t$SNP, unique(t$SNP)), sum)) / c(w), se = 1 / sqrt(c(w)))
  }
  x <- meta(x)
  y <- meta(y)
  a <- list(bx = x$b, sx = x$se, by = y$b, sy = y$se, rho = NULL)
  fits <- list(ivw = LatentMR:::summary_ivw(a), egger = LatentMR:::summary_egger(a), weighted_median = LatentMR:::summary_median(a, 1L))
  do.call(rbind, lapply(names(fits), function(id) {
    f <- fits[[id]]
    row("tables", id, f$b, f$b - 1.96 * f$se, f$b + 1.96 * f$se)
  }))
}

try_moments <- function(...) tryCatch(suppressWarnings(mr_moments_from_summary(...)), latentmr_error = identity)

one_draw_of_people <- function(design, seed) {
  set.seed(seed)
  cohorts <- draw_people(design)
  tau2 <- attr(cohorts, "tau2")
  cohorts <- lapply(cohorts, add_components, background = 61:360)
  do.call(rbind, lapply(c("one", "two", "half"), function(sample) {
    t <- people_tables(cohorts, sample)
    x <- t$main$exposure
    y <- t$main$outcome
    out <- rbind(
      if (wants("cross")) latent_rows_of("cross", try_moments(x, y, overlap = t$overlap)),
      if (wants("null")) latent_rows_of("null", try_moments(x, y, null = c(t$null, polygenic = FALSE))),
      if (wants("tables")) usual_rows(x, y), if (wants("peers")) peer_rows(x, y, t$null),
      if (wants("best")) best_row(tau2, table_noise(x, y, null_shape(t$null)))
    )
    cbind(cell = paste(design, sample, sep = "_"), draw = seed, out)
  }))
}

# ---- polygenic tables ----

sizes <- list(x = c(360000, 20000, 8000, 6000), y = c(300000, 15000, 9000, 5000))

# Variants in blocks of 20 with correlation r^|i - j|, r from .1 to .9 by block (flat: .6 in all, so that LD scores hardly
# differ); everything per standardised variant.
polygenic_tables <- function(h2 = .3, causal = .1, rg = 0, kappa = .002, curse = FALSE, flat = FALSE, variants = 6000, genome = 60000, strength = .01) {
  block <- 20L
  blocks <- variants %/% block
  decay <- rep_len(if (flat) .6 else c(4, 9, 2, 7, 1, 5, 8, 3, 6) / 10, blocks)
  r <- lapply(setNames(nm = unique(decay)), function(r) r^abs(outer(seq_len(block), seq_len(block), "-")))
  root <- lapply(r, chol)
  within <- function(b, matrices, multiply = `%*%`) {
    b <- matrix(b, block)
    for (d in names(matrices)) b[, decay == d] <- multiply(matrices[[d]], b[, decay == d])
    as.vector(b)
  }
  l <- unlist(lapply(r[as.character(decay)], function(r) colSums(r^2)), use.names = FALSE)
  on <- rbinom(variants, 1, causal)
  own <- matrix(rnorm(2 * variants), variants) %*% chol(matrix(c(1, rg, rg, 1), 2)) * sqrt(h2 / (genome * causal)) * on
  spread <- function(b) within(b, r)
  strong <- seq(10, variants, by = block * max(1, blocks %/% 60))[1:60]
  # The instruments' own blocks have no background: what is wrong is the noise alone.
  own[outer((strong - 1) %/% block * block, seq_len(block), "+"), ] <- 0
  effect <- own[, 1]
  effect[strong] <- rnorm(60, 0, strength)
  bx <- spread(effect)
  by <- truth * bx + spread(own[, 2])
  delta <- rnorm(variants)
  rho <- .4
  f <- runif(variants, .05, .95)
  shift <- lapply(ancestries, function(e) plogis(qlogis(f) + rnorm(variants, 0, .5)))
  tables <- lapply(seq_along(ancestries), function(e) {
    noise <- lapply(1:2, function(t) within(rnorm(variants), root, crossprod))
    noise[[2]] <- rho * noise[[1]] + sqrt(1 - rho^2) * noise[[2]]
    sd <- sqrt(2 * shift[[e]] * (1 - shift[[e]]))
    Map(function(b, n, z) data.frame(
      SNP = paste0("rs", seq_len(variants)), effect_allele = "A", other_allele = "G", eaf = shift[[e]],
      beta = (b + kappa * delta + z / sqrt(n)) / sd, se = 1 / (sqrt(n) * sd), samplesize = n,
      environment = ancestries[e], ldscore = l
    ), list(bx, by), c(sizes$x[e], sizes$y[e]), noise)
  })
  trait <- function(t) do.call(rbind, lapply(tables, `[[`, t))
  x <- trait(1)
  y <- trait(2)
  chosen <- if (curse) cursed(x, block) else paste0("rs", strong)
  far <- setdiff(paste0("rs", seq_len(variants)), paste0("rs", outer(strong, -10:10, "+")))
  pick <- function(t, snp) t[t$SNP %in% snp, ]
  # Of a standardised variant: sampling, and stratification that is the same everywhere.
  n <- c(sizes$x, sizes$y)
  omega <- diag(1 / n) + kappa^2
  at <- cbind(1:4, 5:8)
  omega[at] <- omega[at[, 2:1]] <- rho / sqrt(n[1:4] * n[5:8]) + kappa^2
  list(
    x = pick(x, chosen), y = pick(y, chosen), null = list(exposure = pick(x, far), outcome = pick(y, far)),
    noise = omega * sqrt(outer(n, n)), best = if (!curse) best_row(rep(strength^2, 60), rep(list(omega), 60))
  )
}

# The most significant variant of every block that has one below 5e-8, over all ancestries.
cursed <- function(x, block) {
  w <- 1 / x$se^2
  id <- factor(x$SNP, unique(x$SNP))
  z <- c(tapply(w * x$beta, id, sum)) / sqrt(c(tapply(w, id, sum)))
  at <- split(seq_along(z), (seq_along(z) - 1L) %/% block)
  best <- vapply(at, function(i) i[which.max(abs(z[i]))], 0L)
  names(z)[best[abs(z[best]) > 5.45]]
}

one_polygenic_draw <- function(cell, settings, seed) {
  set.seed(seed)
  t <- do.call(polygenic_tables, settings)
  plain <- lapply(t$null, function(x) x[names(x) != "ldscore"])
  out <- rbind(
    if (wants("none")) latent_rows_of("none", try_moments(t$x, t$y, overlap = .4)),
    if (wants("known")) latent_rows_of("known", try_moments(t$x, t$y, overlap = t$noise)),
    if (wants("mean")) latent_rows_of("mean", try_moments(t$x, t$y, null = c(plain, polygenic = FALSE))),
    if (wants("ldscore")) latent_rows_of("ldscore", try_moments(t$x, t$y, null = t$null)),
    if (wants("tables")) usual_rows(t$x, t$y), if (wants("peers")) peer_rows(t$x, t$y, t$null, isTRUE(settings$curse)),
    if (wants("best")) t$best
  )
  if (is.null(out)) return(NULL)
  cbind(cell = cell, draw = seed, out)
}

# ---- frequency_alignment(): size and power ----

one_alignment <- function(cell, settings, seed) {
  set.seed(seed)
  p <- settings$p
  base <- rnorm(p)
  f <- plogis(base + matrix(rnorm(4 * p, 0, .4), p))
  b <- rnorm(p, 0, settings$effects) * rbinom(p, 1, .2)
  t <- do.call(rbind, lapply(1:4, function(e) {
    sd <- sqrt(2 * f[, e] * (1 - f[, e]))
    u <- f[, 1 + e %% 4] - f[, e]
    z <- b + rnorm(p) + settings$kappa * u / sd / sqrt(mean((u / sd)^2))
    data.frame(
      SNP = paste0("rs", seq_len(p)), effect_allele = "A", other_allele = "G", eaf = f[, e], beta = z / (100 * sd),
      se = 1 / (100 * sd), samplesize = 10000, environment = ancestries[e]
    )
  }))
  pval <- frequency_alignment(t)$pval
  data.frame(cell = cell, draw = seed, arm = "frequency", estimator = ancestries, b = pval, lo = NA, up = NA)
}

# ---- cells ----

grid <- expand.grid(h2 = c(.1, .5), causal = c(.01, .5), rg = c(-.5, 0, .5))
polygenic <- c(
  setNames(lapply(seq_len(nrow(grid)), function(i) as.list(grid[i, ])), sprintf(
    "poly_h%g_c%g_rg%g", 100 * grid$h2, 100 * grid$causal, 100 * grid$rg
  )),
  list(
    poly_flat_rg50 = list(h2 = .5, causal = .5, rg = .5, flat = TRUE),
    "poly_flat_rg-50" = list(h2 = .5, causal = .5, rg = -.5, flat = TRUE),
    poly_none = list(h2 = 0, causal = .1), poly_clean = list(h2 = 0, causal = .1, kappa = 0),
    poly_curse = list(h2 = .3, causal = .05, rg = .5, curse = TRUE),
    poly_curse_rg0 = list(h2 = .3, causal = .05, curse = TRUE), poly_curse_none = list(h2 = 0, causal = .1, curse = TRUE)
  )
)
alignment <- list()
for (p in c(50, 500)) for (effects in c(0, 5)) for (kappa in c(0, .15, .3)) {
  alignment[[sprintf("alignment_p%d_effects%g_kappa%g", p, effects, kappa)]] <- list(p = p, effects = effects, kappa = kappa)
}
cells <- c(
  lapply(setNames(nm = c("distinct", "shared")), function(design) function(seed) one_draw_of_people(design, seed)),
  Map(function(name, s) function(seed) one_polygenic_draw(name, s, seed), names(polygenic), polygenic),
  Map(function(name, s) function(seed) one_alignment(name, s, seed), names(alignment), alignment)
)
cells <- cells[vapply(names(cells), function(name) any(startsWith(name, wanted)), NA)]
if (bound_only) {
  check_best()
  quit("no")
}
if (!length(cells)) stop("no such cell", call. = FALSE)

# Ten draws of a cell: from their file, or into it. A piece that another process has begun is left to it (NULL).
piece_draws <- 10L
one_piece <- function(name, seeds) {
  work <- function() do.call(rbind, lapply(seeds, cells[[name]]))
  if (!nzchar(folder)) return(work())
  path <- file.path(folder, sprintf(
    "%s-%05d-%05d-people%d%s.rds", name, min(seeds), max(seeds), people, if (nzchar(arms)) paste0("-", gsub(",", "-", arms)) else ""
  ))
  if (file.exists(path)) return(readRDS(path))
  lock <- paste0(path, ".lock")
  if (!dir.create(lock, showWarnings = FALSE)) return(NULL)
  on.exit(unlink(lock, recursive = TRUE))
  out <- work()
  saveRDS(out, paste0(path, ".new"))
  file.rename(paste0(path, ".new"), path)
  out
}
if (nzchar(folder)) dir.create(folder, recursive = TRUE, showWarnings = FALSE)

runs_of <- function(name) {
  count <- if (is.null(draws)) if (name %in% c("distinct", "shared")) 40 else 1000 else draws
  pieces <- split(seq_len(count), (seq_len(count) - 1L) %/% piece_draws)
  out <- do.call(rbind, lapply(unname(pieces), function(seeds) one_piece(name, seeds)))
  cat(name, length(unique(out$draw)), "draws\n")
  out
}
runs <- do.call(rbind, if (table_only) {
  lapply(list.files(folder, "[.]rds$", full.names = TRUE), readRDS)
} else {
  lapply(names(cells), runs_of)
})
runs <- runs[!duplicated(runs[c("cell", "draw", "arm", "estimator")]), ]

# Bias of `ldscore` (above), with an interval.
known <- runs[runs$arm == "known" & grepl("poly_(h|none)", runs$cell), ]
known <- known[!duplicated(known[c("draw", "estimator")]), ]
paired <- function(r) {
  k <- known[known$estimator == r$estimator[1], ]
  gap <- (r$b - k$b[match(r$draw, k$draw)])[is.finite(r$b)]
  same <- r$arm[1] == "ldscore" && grepl("poly_(h|none)", r$cell[1]) && sum(is.finite(gap)) > 1
  if (!same) return(c(NA, NA, NA))
  gap <- gap[is.finite(gap)]
  mean(k$b) - truth + mean(gap) + c(0, -1, 1) * 1.96 * sqrt(var(k$b) / nrow(k) + var(gap) / length(gap))
}

# The columns _lo and _up are 95 % intervals of what so many draws tell: normal for means, exact (Clopper and Pearson)
# for shares. error: mean half width of the intervals over 1.96.
line <- function(draws, lost, ...) {
  given <- list(...)
  columns <- c(
    "bias", "bias_lo", "bias_up", "paired_bias", "paired_lo", "paired_up", "rmse", "error", "coverage", "coverage_lo",
    "coverage_up", "rejects"
  )
  out <- data.frame(draws = draws, lost = lost, matrix(NA_real_, 1, length(columns), dimnames = list(NULL, columns)))
  out[names(given)] <- given
  out
}

summary_of <- function(r) {
  good <- is.finite(r$b)
  b <- r$b[good]
  if (r$arm[1] == "frequency") {
    exact <- binom.test(sum(b < .05), length(b))$conf.int
    return(line(nrow(r), sum(!good), rejects = mean(b < .05), coverage_lo = 1 - exact[2], coverage_up = 1 - exact[1]))
  }
  if (r$arm[1] == "best") return(line(nrow(r), 0, bias = 0, rmse = sqrt(mean(b))))
  if (!length(b)) return(line(nrow(r), sum(!good)))
  inside <- r$lo[good] <= truth & r$up[good] >= truth
  exact <- binom.test(sum(inside), length(b))$conf.int
  p <- paired(r)
  line(
    nrow(r), sum(!good), bias = mean(b) - truth, bias_lo = mean(b) - truth - 1.96 * sd(b) / sqrt(length(b)),
    bias_up = mean(b) - truth + 1.96 * sd(b) / sqrt(length(b)), paired_bias = p[1], paired_lo = p[2], paired_up = p[3],
    rmse = sqrt(mean((b - truth)^2)), error = mean(r$up[good] - r$lo[good]) / 3.92, coverage = mean(inside),
    coverage_lo = exact[1], coverage_up = exact[2], rejects = mean(r$lo[good] > 0 | r$up[good] < 0)
  )
}
key <- interaction(runs$cell, runs$arm, if (any(runs$arm != "frequency")) runs$estimator else "all", drop = TRUE, lex.order = TRUE)
parts <- split(runs, key)
table <- do.call(rbind, lapply(parts, function(r) {
  cbind(cell = r$cell[1], arm = r$arm[1], estimator = if (r$arm[1] == "frequency") "all" else r$estimator[1], summary_of(r))
}))
rownames(table) <- NULL
table[-(1:5)] <- round(table[-(1:5)], 4)
options(width = 200)
print(table, row.names = FALSE)

# What was not run keeps its lines.
keep <- function(new, path) {
  if (!file.exists(path)) return(new)
  old <- read.csv(path)
  old[setdiff(names(new), names(old))] <- NA
  rbind(old[!paste(old$cell, old$arm) %in% paste(new$cell, new$arm), names(new)], new)
}
dir.create("bench/results", showWarnings = FALSE)
path <- "bench/results/summary.csv"
write.csv(keep(table, path), path, row.names = FALSE)
