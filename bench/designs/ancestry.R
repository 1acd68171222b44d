# Designs in which ancestry, place or the laboratory moves genotypes and traits
# together. Nothing of the package is used: a design is a list of plain vectors and
# matrices (what mr_data() takes) and `truth`, the effect and, where there is one,
# what a perfect analyst would adjust for.

# Allele frequencies of populations that split from one (Balding and Nichols 1995).
split_populations <- function(variants, populations, fst, least = .1) {
  f <- runif(variants, least, 1 - least)
  out <- vapply(seq_len(populations), function(k) rbeta(variants, f * (1 - fst) / fst, (1 - f) * (1 - fst) / fst), f)
  pmin(pmax(out, .02), .98)
}

unit <- function(x) (x - mean(x)) / sd(x)

# Exposure and outcome from genotypes, a confounder that goes with structure, and one
# that goes with nothing. h2: share of the exposure that the instruments explain;
# structure: effect of the structure's confounder on each, in SD of the noise.
traits <- function(g, structured, effect, h2 = .1, structure = c(.5, .5), free = .6, weights = NULL) {
  n <- nrow(g)
  beta <- if (is.null(weights)) rnorm(ncol(g)) else weights
  score <- unit(drop(g %*% (beta / apply(g, 2, sd))))
  u <- rnorm(n)
  x <- sqrt(h2) * score + sqrt(1 - h2) * unit(structure[1] * structured + free * u + rnorm(n))
  y <- effect * x + structure[2] * structured + free * u + rnorm(n)
  list(exposure = x, outcome = y)
}

draw_calls <- function(frequency) {
  matrix(rbinom(length(frequency), 2, frequency), nrow(frequency), ncol(frequency))
}

name_all <- function(d) {
  n <- length(d$exposure)
  colnames(d$genotypes) <- paste0("rs", seq_len(ncol(d$genotypes)))
  if (!is.null(d$background)) colnames(d$background) <- paste0("bg", seq_len(ncol(d$background)))
  if (is.null(d$ids)) d$ids <- paste0("id", seq_len(n))
  d
}

# Two ancestries, every person a mixture of both. Sites differ in their mean
# proportion, or have one law ("same"). `confounder` is linear in the proportion, a
# threshold of it, or of opposite sign from site to site.
admixture <- function(n = 4000, sites = 4, variants = 50, background = 800, fst = .05, law = "differ",
                      confounder = "linear", effect = .3, h2 = .1, structure = c(.5, .5), concentration = 4) {
  p <- split_populations(variants + background, 2, fst)
  site <- sample(rep_len(seq_len(sites), n))
  mean <- if (law == "same") rep(.5, sites) else seq(.2, .8, length.out = sites)
  q <- rbeta(n, concentration * mean[site], concentration * (1 - mean[site]))
  g <- draw_calls(outer(q, p[, 1]) + outer(1 - q, p[, 2]))
  a <- unit(switch(confounder,
    linear = q, threshold = as.numeric(q > .6), opposite = (q - mean[site]) * (-1)^site
  ))
  t <- traits(g[, seq_len(variants)], a, effect, h2, structure)
  name_all(list(
    genotypes = g[, seq_len(variants)], background = if (background) g[, -seq_len(variants)],
    exposure = t$exposure, outcome = t$outcome, environment = paste0("site", site),
    truth = list(effect = effect, adjust = cbind(a, q))
  ))
}

# Ancestries far apart that share some sites; no chromosomes are given, so that the
# correlation between variants looks like linkage.
divergent <- function(n = 3000, sites = 3, variants = 40, fst = .2, effect = .3, h2 = .1, background = 0, wide = FALSE) {
  p <- split_populations(variants + background, 2, fst)
  site <- sample(rep_len(seq_len(sites), n))
  share <- seq(.1, .9, length.out = sites)[site]
  q <- if (wide) rbeta(n, 2 * share, 2 * (1 - share)) else rbinom(n, 1, share) * .9 + .05
  g <- draw_calls(outer(q, p[, 1]) + outer(1 - q, p[, 2]))
  t <- traits(g[, seq_len(variants)], unit(q), effect, h2)
  name_all(list(
    genotypes = g[, seq_len(variants)], background = if (background) g[, -seq_len(variants)],
    exposure = t$exposure, outcome = t$outcome, environment = paste0("site", site),
    truth = list(effect = effect, adjust = cbind(unit(q)))
  ))
}

# A smooth random surface over places in the unit square.
surface <- function(place, count, roughness = 2, waves = 24) {
  wave <- matrix(rnorm(2 * waves, sd = roughness), 2)
  phase <- runif(waves, 0, 2 * pi)
  basis <- cos(place %*% wave * 2 + rep(phase, each = nrow(place)))
  basis %*% matrix(rnorm(waves * count), waves) * sqrt(2 / waves)
}

# Isolation by distance: frequencies change smoothly over a map; sites are regions of
# the map; the confounder is smooth, or one district ("sharp").
isolation <- function(n = 4000, sites = 4, variants = 50, background = 800, drift = .35, confounder = "smooth",
                      effect = .3, h2 = .1, structure = c(.5, .5)) {
  place <- matrix(runif(2 * n), n)
  site <- 1L + (place[, 1] > .5) + 2L * (place[, 2] > .5)
  if (sites == 2) site <- 1L + (place[, 1] > .5)
  m <- variants + background
  base <- qlogis(runif(m, .15, .85))
  g <- draw_calls(plogis(rep(base, each = n) + drift * surface(place, m)))
  a <- unit(if (confounder == "smooth") drop(surface(place, 1)) else {
    as.numeric(abs(place[, 1] - .35) < .2 & abs(place[, 2] - .6) < .2)
  })
  t <- traits(g[, seq_len(variants)], a, effect, h2, structure)
  name_all(list(
    genotypes = g[, seq_len(variants)], background = if (background) g[, -seq_len(variants)],
    exposure = t$exposure, outcome = t$outcome, environment = paste0("region", site),
    truth = list(effect = effect, adjust = cbind(a))
  ))
}

# Two genotyping batches within each site: calls of one are biased towards an allele,
# and who was typed in which goes with the traits.
hidden_batch <- function(n = 4000, sites = 4, variants = 50, background = 800, share = .06, effect = .3, h2 = .1) {
  m <- variants + background
  f <- runif(m, .1, .9)
  site <- sample(rep_len(seq_len(sites), n))
  fs <- pmin(pmax(outer(f, rnorm(sites, 0, .03), `+`), .03), .97)
  g <- draw_calls(t(fs)[site, ])
  batch <- rbinom(n, 1, .5)
  wrong <- matrix(rbinom(n * m, 1, share), n) == 1 & batch == 1 & rep(runif(m) < .5, each = n)
  t <- traits(g[, seq_len(variants)], unit(batch), effect, h2)
  g[wrong] <- pmin(g[wrong] + 1L, 2L)
  name_all(list(
    genotypes = g[, seq_len(variants)], background = if (background) g[, -seq_len(variants)],
    exposure = t$exposure, outcome = t$outcome, environment = paste0("site", site),
    truth = list(effect = effect, adjust = cbind(batch))
  ))
}

# Admixture seen through imputed dosages whose quality falls from site to site.
dosages <- function(..., quality = c(.95, .5)) {
  d <- admixture(...)
  site <- factor(d$environment)
  r2 <- seq(quality[1], quality[2], length.out = nlevels(site))[site]
  blur <- function(g) {
    mean <- apply(g, 2, function(x) ave(x, site))
    out <- mean + sqrt(r2) * sqrt(r2) * (g - mean) + sqrt(r2 * (1 - r2)) * apply(g, 2, sd)[col(g)] * rnorm(length(g))
    round(pmin(pmax(out, 0), 2), 3)
  }
  d$genotypes[] <- blur(d$genotypes)
  if (!is.null(d$background)) d$background[] <- blur(d$background)
  d
}
