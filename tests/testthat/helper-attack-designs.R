# Data sets to attack: `n` people in each of three environments, `p` variants, and what
# makes a release dangerous. Returns an mr_data object; quiet about it.

attack_designs <- c(
  "common", "rare", "singletons", "twins of variants", "missing calls", "haploid", "groups",
  "carrier as covariate", "outlier", "twin covariates", "zeros", "whole numbers", "components",
  "score", "dosages", "continuous", "continuous twins"
)

attack_data <- function(design, n, p, seed) {
  set.seed(seed)
  total <- 3 * n
  e <- rep(c("a", "b", "c"), each = n)
  frequency <- matrix(stats::runif(3 * p, .15, .85), 3)
  half <- seq_len(p %/% 2)
  if (design %in% c("rare", "carrier as covariate")) frequency[, half] <- stats::runif(3 * length(half), .005, .05)
  g <- matrix(stats::rbinom(total * p, 2, frequency[rep(1:3, each = n), ]), total, p)
  x <- as.vector(g %*% stats::rnorm(p, 0, .1)) + stats::rnorm(total)
  y <- .3 * x + stats::rnorm(total)
  covariates <- data.frame(age = stats::rnorm(total, 50, 8), sex = sample(c("F", "M"), total, TRUE))
  structure <- NULL
  kind <- "genotype"
  one <- sample(total, 6)
  if (design == "singletons") {
    g[, half] <- 0
    g[cbind(sample(total, length(half), TRUE), half)] <- 1
  }
  if (design == "twins of variants") for (j in half) {
    g[, p %/% 2 + j] <- g[, j]
    few <- sample(n, 3) + c(0, n, 2 * n) # one in each environment
    g[few, p %/% 2 + j] <- (g[few, j] + 1) %% 3
  }
  if (design == "missing calls") g[sample(length(g), length(g) %/% 50)] <- NA
  if (design == "haploid") g <- 2 * (g > 0)
  if (design == "groups") covariates$centre <- replace(sample(c("k", "l"), total, TRUE), one, paste0("x", 1:6))
  if (design == "carrier as covariate") {
    covariates$carrier <- (g[, p] > 0) + 0
    covariates$carrier[one[1:2]] <- 1 - covariates$carrier[one[1:2]]
  }
  if (design == "outlier") x[one[1]] <- 1000 * stats::sd(x)
  if (design == "twin covariates") covariates$corrected <- replace(covariates$age, one[1], covariates$age[one[1]] + 1)
  if (design == "zeros") covariates$packs <- replace(numeric(total), one, stats::rexp(6, 1 / 10))
  if (design == "whole numbers") {
    covariates$age <- round(covariates$age)
    x <- round(10 * x)
    y <- (y > stats::quantile(y, .7)) + 0
  }
  if (design == "components") structure <- stats::prcomp(g, scale. = TRUE)$x[, 1:3]
  if (design == "score") {
    told <- g
    told[one[1], 1] <- (g[one[1], 1] + 1) %% 3
    covariates$score <- as.vector(told %*% attack_weights(p))
  }
  if (design == "dosages") {
    kind <- "dosage"
    g <- round(pmin(pmax(g + ifelse(stats::runif(length(g)) < .3, stats::rnorm(length(g), 0, .1), 0), 0), 2), 3)
  }
  if (startsWith(design, "continuous")) {
    kind <- "continuous"
    g <- matrix(stats::rnorm(total * p), total) + g
    if (design == "continuous twins") for (j in half) g[, p %/% 2 + j] <- replace(g[, j], sample(total, 1), 9)
  }
  colnames(g) <- paste0("rs", seq_len(p))
  suppressMessages(suppressWarnings(LatentMR::mr_data(
    g, x, y, e, covariates, structure = structure, kind = kind
  )))
}

# Published weights of a score.
attack_weights <- function(p) c(2, seq(.1, 1, length.out = p - 1))

# What an attacker wants: for every person the genotypes and the numeric columns.
attack_truth <- function(data) {
  x <- cbind(data$covariates, data$structure, data$exposure, data$outcome)
  list(g = data$genotypes$x, x = x, ids = data$variants$snp)
}

# How many people have one of the rows found as theirs: all genotypes that were called
# and all numeric columns that the row gives. Genotypes alone may be guessed: of those
# only what is beyond the number that the allele frequencies let expect.
attack_recovered <- function(rows, truth, variants) {
  if (!NROW(rows)) return(0L)
  rows <- unique(rows)
  g <- truth$g[, match(variants, truth$ids), drop = FALSE]
  whole <- cbind(g, truth$x)
  scale <- c(rep(1, ncol(g)), pmax(apply(truth$x, 2, stats::sd), 1e-12))
  owner <- vapply(seq_len(nrow(rows)), function(i) {
    off <- abs(t(whole) - rows[i, ]) / scale
    off[is.na(off)] <- 0
    good <- colSums(off < 1e-4) == ncol(whole)
    if (any(good)) which(good)[1] else NA_integer_
  }, 0L)
  guess <- is.na(rows[, ncol(rows)])
  sure <- unique(owner[!guess & !is.na(owner)])
  lucky <- sum(apply(rows[guess, seq_len(ncol(g)), drop = FALSE], 1, attack_chance, g))
  more <- length(setdiff(owner[guess & !is.na(owner)], sure))
  length(sure) + as.integer(if (more > lucky + 3 * sqrt(lucky)) round(more - lucky) else 0)
}

# The expected number of people with these genotypes, at most 1.
attack_chance <- function(row, g) {
  one <- vapply(seq_along(row), function(j) mean(g[, j] == row[j], na.rm = TRUE), 0)
  if (anyNA(one)) 0 else min(1, nrow(g) * prod(one))
}
