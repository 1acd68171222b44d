# People of three environments, and the tables of associations that they give, with lm() of each variant
# by environment as the reference.
associated_people <- function(n = c(a = 700, b = 500, c = 600), p = 12, seed = 1, exposures = 1) {
  set.seed(seed)
  e <- rep(names(n), n)
  f <- vapply(names(n), function(k) stats::plogis(stats::rnorm(p, 0, .7)), numeric(p))
  u <- stats::rnorm(sum(n))
  g <- vapply(seq_len(p), function(j) stats::rbinom(sum(n), 2, f[j, match(e, names(n))]), numeric(sum(n)))
  g[, 2] <- ifelse(stats::runif(sum(n)) < .6, g[, 1], g[, 2]) # linked
  colnames(g) <- paste0("rs", seq_len(p))
  x <- vapply(seq_len(exposures), function(j) drop(g %*% stats::rnorm(p, 0, .2)) + u + stats::rnorm(sum(n)), numeric(sum(n)))
  y <- .3 * x[, 1] + u + stats::rnorm(sum(n))
  list(g = g, x = if (exposures == 1) x[, 1] else x, y = y, environment = e)
}

association_table <- function(people, trait, digits = NULL, sd = TRUE, rows = TRUE) {
  out <- do.call(rbind, lapply(unique(people$environment), function(e) {
    here <- people$environment == e & rows
    g <- people$g[here, ]
    v <- people[[trait]][here]
    if (is.matrix(v)) v <- v[, 1]
    fit <- vapply(seq_len(ncol(g)), function(j) summary(stats::lm(v ~ g[, j]))$coefficients[2, c(1, 2, 4)], numeric(3))
    data.frame(
      SNP = colnames(g), effect_allele = "A", other_allele = "G", eaf = colMeans(g) / 2, beta = fit[1, ], se = fit[2, ],
      pval = fit[3, ], samplesize = nrow(g), environment = e, sd = sqrt(colMeans(g^2) - colMeans(g)^2)
    )
  }))
  if (!is.null(digits)) out[c("eaf", "beta", "se")] <- lapply(out[c("eaf", "beta", "se")], signif, digits)
  if (!sd) out$sd <- NULL
  out
}

own_linkage <- function(people) {
  e <- unique(people$environment)
  stats::setNames(lapply(e, function(k) stats::cor(people$g[people$environment == k, ])), e)
}

own_overlap <- function(people) {
  e <- unique(people$environment)
  vapply(e, function(k) stats::cor(people$x[people$environment == k], people$y[people$environment == k]), 0)
}

hush <- function(x) suppressWarnings(suppressMessages(x))

# Three ancestries, no linkage; errors given by hand.
plain_tables <- function(p = 30, n_x = 20000, n_y = 8000, seed = 1) {
  set.seed(seed)
  b <- stats::rnorm(p, 0, .1)
  one <- function(environment, effect, n) {
    f <- stats::plogis(stats::rnorm(p, 0, .8))
    sd <- sqrt(2 * f * (1 - f))
    data.frame(
      SNP = paste0("rs", seq_len(p)), effect_allele = rep(c("A", "C"), length.out = p), other_allele = "G", eaf = f,
      beta = effect, se = 1 / (sqrt(n) * sd), samplesize = n, environment = environment
    )
  }
  x <- do.call(rbind, lapply(c("EUR", "AFR", "EAS"), one, effect = b, n = n_x))
  x$other_allele[x$effect_allele == "C"] <- "T"
  y <- x
  y$beta <- .3 * x$beta
  y$samplesize <- n_y
  y$se <- x$se * sqrt(n_x / n_y)
  y$environment <- x$environment
  list(x = x, y = y)
}

# The same with noise, and instruments of another strength.
noisy_tables <- function(p = 40, seed = 7, strength = 1) {
  t <- plain_tables(p = p, seed = seed)
  t$x$beta <- strength * t$x$beta
  t$y$beta <- strength * t$y$beta
  set.seed(seed + 100)
  t$y$beta <- t$y$beta + stats::rnorm(nrow(t$y)) * t$y$se
  t$x$beta <- t$x$beta + stats::rnorm(nrow(t$x)) * t$x$se
  t
}
