# Designs in which the variants themselves are at fault, or who is in the sample.

# Direct effects of variants on the outcome. kind: "balanced" (mean zero, of its own),
# "directional" (all of one sign), "correlated" (through a confounder that the variant
# also moves). share: of the variants that have them.
pleiotropy <- function(kind = "balanced", share = .3, size = .5, effect = .3, h2 = .1, ...) {
  d <- admixture(effect = effect, h2 = h2, ...)
  p <- ncol(d$genotypes)
  bad <- seq_len(p) %in% sample(p, round(share * p))
  g <- apply(d$genotypes, 2, unit)
  each <- size * sqrt(h2 / p)
  if (kind == "correlated") {
    moved <- drop(g[, bad, drop = FALSE] %*% rep(each, sum(bad)))
    d$exposure <- d$exposure + moved
    d$outcome <- d$outcome + effect * moved + 2 * moved
  } else {
    direct <- if (kind == "balanced") rnorm(sum(bad), sd = 2 * each) else abs(rnorm(sum(bad), mean = 2 * each, sd = each / 2))
    if (kind == "directional") {
      towards <- sign(drop(cor(g[, bad, drop = FALSE], d$exposure)))
      direct <- direct * towards
    }
    d$outcome <- d$outcome + drop(g[, bad, drop = FALSE] %*% direct)
  }
  d
}

# Many candidates, of which those associated with the exposure in the same people are
# taken (winner's curse).
selected <- function(candidates = 300, threshold = 1e-4, effect = .3, n = 4000, ...) {
  d <- admixture(n = n, variants = candidates, effect = effect, h2 = .15, ...)
  site <- factor(d$environment)
  inside <- function(x) x - ave(x, site)
  t <- vapply(seq_len(candidates), function(j) {
    r <- cor(inside(d$genotypes[, j]), inside(d$exposure))
    r * sqrt((n - 5) / (1 - r^2))
  }, 0)
  keep <- which(2 * pnorm(-abs(t)) < threshold)
  if (length(keep) < 8) keep <- order(-abs(t))[1:8]
  d$genotypes <- d$genotypes[, keep]
  d
}

# Cases and controls in equal number from a large population; the truth is on the
# scale of the liability, and zero.
case_control <- function(n = 3000, prevalence = .1, ...) {
  d <- admixture(n = round(n / prevalence), background = 0, effect = 0, ...)
  case <- d$outcome > quantile(d$outcome, 1 - prevalence)
  take <- c(sample(which(case), n %/% 2), sample(which(!case), n - n %/% 2))
  for (name in c("exposure", "outcome", "environment", "ids")) d[[name]] <- d[[name]][take]
  d$outcome <- as.numeric(case[take])
  d$genotypes <- d$genotypes[take, ]
  d$truth$adjust <- d$truth$adjust[take, , drop = FALSE]
  d
}

# Background variants in linkage with one another, that act on exposure and outcome
# with a genetic correlation rg; all sites share one law of ancestry.
polygenic <- function(n = 4000, sites = 4, variants = 50, background = 800, fst = .02, rg = 0, causal = .5,
                      heritability = .3, effect = .3, h2 = .1, chunk = 10, decay = .7, law = "same") {
  d <- admixture(n = n, sites = sites, variants = variants, background = background, fst = fst, law = law, effect = effect, h2 = h2)
  b <- d$background
  for (j in seq_len(ncol(b))[-1]) {
    if ((j - 1) %% chunk) {
      copy <- runif(nrow(b)) < decay
      b[copy, j] <- b[copy, j - 1]
    }
  }
  d$background <- b
  acts <- runif(ncol(b)) < causal
  one <- rnorm(sum(acts))
  two <- rg * one + sqrt(1 - rg^2) * rnorm(sum(acts))
  g <- apply(b[, acts, drop = FALSE], 2, unit)
  own <- sd(d$exposure) * sqrt(heritability / (1 - heritability))
  ax <- own * unit(drop(g %*% one))
  ay <- sd(d$outcome) * sqrt(heritability / (1 - heritability)) * unit(drop(g %*% two))
  d$exposure <- d$exposure + ax
  d$outcome <- d$outcome + effect * ax + ay
  d
}

# What no environment can show: a confounded block of continuous instruments that is
# still, while the valid one moves.
still_confounded <- function(n = 4000, environments = 4, effect = 1) {
  e <- sample(rep_len(seq_len(environments), n))
  valid <- cbind(rnorm(n), rnorm(n)) + e / 2
  bad <- matrix(rnorm(2 * n), n)
  u <- .7 * bad[, 1] + rnorm(n)
  x <- valid[, 1] - .5 * valid[, 2] + bad[, 1] + bad[, 2] + u + rnorm(n)
  y <- effect * x + 2 * u + rnorm(n)
  z <- cbind(valid, bad) %*% matrix(rnorm(16), 4)
  colnames(z) <- paste0("z", 1:4)
  list(
    genotypes = z, exposure = x, outcome = y, environment = paste0("env", e), ids = paste0("id", seq_len(n)),
    truth = list(effect = effect, adjust = matrix(u))
  )
}

# Admixture whose background variants are all in one region: copies of one variant, each
# wrong in a tenth of the people, so that they say nothing of ancestry.
one_block <- function(..., background = 100, wrong = .1) {
  d <- admixture(..., background = background)
  first <- d$background[, 1]
  keep <- matrix(runif(length(first) * background) > wrong, length(first))
  d$background[] <- ifelse(keep, first, d$background)
  d
}
