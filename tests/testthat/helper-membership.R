# Who is in it? Somebody who has a person's genotypes, the allele frequencies of everybody and nothing else, against a
# file of moments: the share of members that a test at level .05 finds (Homer et al. 2008; Sankararaman et al. 2009,
# Nature Genetics 41:965). `use`: "frequencies" (sums of each variant) or "products" (sums of squares and of
# products too, linkage equilibrium known).
membership_people <- function(n, frequency) {
  p <- length(frequency)
  matrix(stats::rbinom(n * p, 2, rep(frequency, each = n)), n, p, dimnames = list(NULL, paste0("rs", seq_len(p))))
}

membership_scores <- function(g, m, frequency, use) {
  n <- sum(m$blocks$n)
  sd <- sqrt(2 * frequency * (1 - frequency))
  z <- sweep(sweep(g, 2, 2 * frequency), 2, sd, "/")
  sums <- (rowSums(m$sg) - 2 * n * frequency) / sd
  score <- as.vector(z %*% sums) / n
  if (use == "frequencies") return(score)
  p <- length(frequency)
  a <- matrix(0, p, p)
  a[upper.tri(a, TRUE)] <- rowSums(m$gg)
  a[lower.tri(a)] <- t(a)[lower.tri(a)]
  s <- rowSums(m$sg)
  center <- 2 * frequency
  a <- (a - outer(s, center) - outer(center, s) + n * outer(center, center)) / outer(sd, sd) / n
  diag(a) <- 0
  score + rowSums((z %*% a) * z) / 2
}

# One data set of n people in one environment, p variants; `least`: limits of the file, NULL for mr_moments() alone.
membership_power <- function(n, p, seed, use = "frequencies", outsiders = 4000, export = TRUE, ...) {
  set.seed(seed)
  frequency <- stats::runif(p, .2, .5)
  g <- membership_people(n, frequency)
  x <- as.vector(g %*% stats::rnorm(p, 0, .1)) + stats::rnorm(n)
  data <- mr_data(g, x, x + stats::rnorm(n), rep("a", n), kind = "genotype")
  m <- suppressWarnings(suppressMessages(mr_moments(data, folds = 1, disclosure = export)))
  if (export) {
    file <- tempfile()
    on.exit(unlink(file))
    suppressMessages(export_moments(m, file, ...))
    m <- read_moments(file)
  }
  keep <- match(m$variants$snp, colnames(g))
  others <- membership_people(outsiders, frequency)
  score <- function(g) membership_scores(g[, keep, drop = FALSE], m, frequency[keep], use)
  mean(score(g) > stats::quantile(score(others), .95))
}
