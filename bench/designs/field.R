# What goes wrong in the field: thoughts of an epidemiologist about sites, laboratories, recruitment and traits,
# with nothing of the method in mind. Each takes the effect and returns a list as the other designs do.

# Nothing is wrong that an analysis of sites should not repair; what nobody sees without other data.
field_clean <- c("plain", "noisy_site", "laboratory", "heavy")
field_unseen <- c("survivors", "missing_not_at_random")

field <- function(g, x, y, site, effect) {
  name_all(list(
    genotypes = g, exposure = x, outcome = y, environment = paste0("site", site), truth = list(effect = effect)
  ))
}
# Frequencies of sites that drifted apart, calls of people, a score of genotypes with variance one.
site_calls <- function(site, p = 50, drift = .01, f = runif(p, .1, .9)) {
  sites <- max(site)
  fs <- vapply(seq_len(sites), function(s) pmin(pmax(rbeta(p, f * (1 - drift) / drift, (1 - f) * (1 - drift) / drift), .03), .97), f)
  draw_calls(t(fs)[site, , drop = FALSE])
}
trait_score <- function(g, weights = rnorm(ncol(g))) unit(drop(scale(g) %*% weights))
even_sites <- function(n, sites) sample(rep_len(seq_len(sites), n))

field_designs <- list(
  # Nothing but individual confounding and sites that drifted.
  plain = function(effect, n = 4000) {
    site <- even_sites(n, 4)
    g <- site_calls(site)
    u <- rnorm(n)
    x <- .35 * trait_score(g) + .6 * u + rnorm(n) + site / 4
    field(g, x, effect * x + .6 * u + rnorm(n) - site / 3, site, effect)
  },
  # One axis of ancestry at all sites; what it does to the outcome differs by site, even in sign.
  site_loading = function(effect, n = 4000) {
    d <- admixture(n = n, background = 0, fst = .03, effect = effect, law = "same", structure = c(0, 0))
    a <- d$truth$adjust[, 1]
    site <- as.integer(factor(d$environment))
    field(d$genotypes, d$exposure + .5 * a, d$outcome + (effect * .5 + c(-.6, 0, .6, 1)[site]) * a, site, effect)
  },
  # Clinics of 200 to 6,000 people.
  uneven = function(effect, n = 6000) {
    d <- admixture(n = 4 * n, background = 0, fst = .02, effect = effect)
    site <- as.integer(factor(d$environment))
    take <- unlist(lapply(1:4, function(s) which(site == s)[seq_len(c(200, 300, 800, n)[s])]))
    field(d$genotypes[take, ], d$exposure[take], d$outcome[take], site[take], effect)
  },
  # One site coded its exposure the wrong way round.
  reversed = function(effect, n = 4000) {
    d <- field_designs$plain(effect, n)
    at <- d$environment == "site2"
    d$exposure[at] <- -d$exposure[at]
    d
  },
  # The measurement error of one site is as large as what it measures.
  noisy_site = function(effect, n = 4000) {
    d <- field_designs$plain(effect, n)
    at <- d$environment == "site2"
    d$exposure[at] <- d$exposure[at] + rnorm(sum(at), sd = sd(d$exposure))
    d
  },
  # One site reports in other units (mg/dl for mmol/l).
  other_scale = function(effect, n = 4000) {
    d <- field_designs$plain(effect, n)
    at <- d$environment == "site3"
    d$exposure[at] <- 18 * d$exposure[at]
    d
  },
  # One person in a hundred is a case; the effect is a risk difference.
  rare_cases = function(effect, n = 6000) {
    d <- admixture(n = n, background = 0, fst = .02, effect = 0)
    risk <- .01 + effect / 100 * d$exposure + .004 * d$truth$adjust[, 1]
    field(d$genotypes, d$exposure, rbinom(n, 1, pmin(pmax(risk, .0005), 1)), as.integer(factor(d$environment)), effect / 100)
  },
  # Variants chosen in a study half of whose people are ours; a third of the candidates do nothing.
  cursed = function(effect, n = 4000) {
    all <- n + n / 2
    site <- even_sites(all, 4)
    g <- site_calls(site, 150)
    u <- rnorm(all)
    x <- .5 * trait_score(g, rnorm(150) * rep(c(0, 1), c(50, 100))) + .6 * u + rnorm(all)
    study <- seq(n / 2 + 1, all)
    keep <- which(abs(cor(g[study, ], x[study])) * sqrt(length(study)) > 2)
    here <- seq_len(n)
    field(g[here, keep], x[here], (effect * x + .6 * u + rnorm(all))[here], site[here], effect)
  },
  # Neighbours in linkage, no map; ancestry mixed within sites.
  linked = function(effect, n = 4000) {
    q <- rbeta(n, 2, 2)
    site <- 1L + (q + rnorm(n, sd = .2) > .5) + 2L * rbinom(n, 1, .5)
    p <- split_populations(60, 2, .03)
    half <- function() {
      h <- matrix(rbinom(n * 60, 1, outer(q, p[, 1]) + outer(1 - q, p[, 2])), n)
      for (j in seq_len(60)[-1]) if ((j - 1) %% 4) {
        copy <- runif(n) < .6
        h[copy, j] <- h[copy, j - 1]
      }
      h
    }
    g <- half() + half()
    t <- traits(g, unit(q), effect)
    field(g, t$exposure, t$outcome, site, effect)
  },
  # One clinic recruited families, and did not say so: siblings share genes and a home that moves both traits.
  relatives_one_site = function(effect, n = 4000) {
    site <- even_sites(n, 4)
    g <- site_calls(site)
    at <- which(site == 1)
    at <- at[seq_len(4 * (length(at) %/% 4))]
    f <- colMeans(g[at, ]) / 2
    parents <- function() draw_calls(matrix(rep(f, each = length(at) / 4), length(at) / 4))
    mother <- parents()
    father <- parents()
    family <- rep(seq_len(length(at) / 4), 4)
    g[at, ] <- do.call(rbind, replicate(4, child_of(mother, father), simplify = FALSE))
    home <- numeric(n)
    home[at] <- rnorm(length(at) / 4)[family]
    u <- rnorm(n)
    x <- .35 * trait_score(g) + .6 * u + .8 * home + rnorm(n)
    field(g, x, effect * x + .6 * u + .8 * home + rnorm(n), site, effect)
  },
  # The dead are not in the sample: exposure and frailty kill together.
  survivors = function(effect, n = 4000) {
    d <- field_designs$plain(effect, 2 * n)
    frail <- rnorm(2 * n)
    d$outcome <- d$outcome + .6 * frail
    alive <- order(d$exposure + 1.5 * frail + rnorm(2 * n))[seq_len(n)]
    alive <- sort(alive)
    field(d$genotypes[alive, ], d$exposure[alive], d$outcome[alive], as.integer(factor(d$environment[alive])), effect)
  },
  # Laboratory batches, mostly one a site, shift both measurements.
  laboratory = function(effect, n = 4000) {
    d <- field_designs$plain(effect, n)
    site <- as.integer(factor(d$environment))
    batch <- ifelse(runif(n) < .8, site, sample(4, n, TRUE))
    shift <- c(-1, .5, 1.5, 0)[batch]
    field(d$genotypes, d$exposure + shift, d$outcome + shift, site, effect)
  },
  # The effect is another at every site; .3 (or 0) is their mean.
  effects_differ = function(effect, n = 4000) {
    d <- field_designs$plain(0, n)
    site <- as.integer(factor(d$environment))
    field(d$genotypes, d$exposure, d$outcome + (effect + c(-.4, -.1, .1, .4)[site]) * d$exposure, site, effect)
  },
  # Long tails in both traits.
  heavy = function(effect, n = 4000) {
    site <- even_sites(n, 4)
    g <- site_calls(site, drift = .02)
    u <- rt(n, 3)
    x <- exp(.5 * trait_score(g) / 1.5 + .4 * u / 1.7 + .6 * rnorm(n))
    field(g, x, effect * x + .5 * u + rt(n, 2.5), site, effect)
  },
  # Birth cohorts: frequencies moved with migration, traits with time; the environment is the wave of recruitment.
  cohorts = function(effect, n = 4000) {
    born <- runif(n, -1, 1)
    wave <- 1L + (born + rnorm(n, sd = .5) > -.4) + (born + rnorm(n, sd = .5) > .4)
    f <- runif(50, .2, .8)
    g <- draw_calls(plogis(outer(born, rnorm(50, sd = .25)) + rep(qlogis(f), each = n)))
    u <- rnorm(n)
    x <- .35 * trait_score(g) + .6 * u + born + rnorm(n)
    field(g, x, effect * x + .6 * u + born^2 + .8 * born + rnorm(n), wave, effect)
  },
  # Values are missing because of what they are: calls of one homozygote at one site, outcomes of the ill.
  missing_not_at_random = function(effect, n = 4000) {
    d <- field_designs$plain(effect, n)
    lost <- d$genotypes == 2 & d$environment == "site1" & runif(length(d$genotypes)) < .2
    d$genotypes[lost] <- NA
    d$outcome[runif(n) < plogis(d$outcome / sd(d$outcome) - 2)] <- NA
    d
  },
  # A third of the variants act through another trait that moves exposure and outcome.
  mediated = function(effect, n = 4000) {
    site <- even_sites(n, 4)
    g <- site_calls(site)
    u <- rnorm(n)
    other <- .35 * trait_score(g[, 1:17]) + rnorm(n)
    x <- .35 * trait_score(g[, -(1:17)]) + .5 * other + .6 * u + rnorm(n)
    field(g, x, effect * x + .4 * other + .6 * u + rnorm(n), site, effect)
  },
  # Towns within sites differ in both traits and a little in frequencies; nobody wrote down the town.
  towns = function(effect, n = 4000) {
    town <- sample(12, n, TRUE, prob = 12:1)
    g <- site_calls(town, drift = .004)
    level <- rnorm(12)
    u <- rnorm(n)
    x <- .35 * trait_score(g) + .6 * u + .5 * level[town] + rnorm(n)
    field(g, x, effect * x + .6 * u + .5 * (level + rnorm(12, sd = .3))[town] + rnorm(n), 1L + (town - 1L) %/% 3L, effect)
  }
)
