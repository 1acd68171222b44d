# What disclosure control does not prevent, so that nobody thinks it does: releases made with the
# default settings, and somebody who has more than one release, or who holds the phenotypes.
#   Rscript bench/attacks/beyond.R
# writes bench/results/attacks-beyond.csv.
suppressMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
source("tests/testthat/helper-attacks.R")
source("tests/testthat/helper-attack-designs.R")

without_person <- function(data, i) {
  for (part in c("exposure", "outcome", "environment")) data[[part]] <- data[[part]][-i]
  data$covariates <- data$covariates[-i, , drop = FALSE]
  data$genotypes$x <- data$genotypes$x[-i, , drop = FALSE]
  data$ids <- data$ids[-i]
  data
}

# The same people but one: the difference of the totals is his row.
two_releases <- function(n, p, seed) {
  data <- attack_data("common", n, p, seed)
  total <- function(m) attack_block_products(m, seq_len(nrow(m$blocks)))
  release <- function(data) suppressWarnings(mr_moments(data, folds = 1))
  all <- release(data)
  less <- release(without_person(data, 1))
  b <- total(all)
  row <- (b$products - total(less)$products)[1, b$what %in% c("g", "x")]
  attack_recovered(rbind(row), attack_truth(data), all$variants$snp)
}

# Genotypes of one variant from its sums with columns x that are known for everybody: a whole-number
# vector g of 0, 1 and 2 with given sum(g) and x'g is the short vector of a lattice (Lagarias and Odlyzko 1985).
known_columns <- function(x, gx, sum) {
  n <- nrow(x)
  digits <- 2^21
  sd <- apply(x, 2, stats::sd)
  far <- cbind(round(digits * sweep(sweep(x, 2, colMeans(x)), 2, sd, "/")), 1000)
  aim <- c(round(digits * (gx - sum * colMeans(x)) / sd), 1000 * sum)
  basis <- rbind(cbind(diag(2, n), far, 0), c(rep(-2, n), -aim, 1))
  found <- attack_lll(tcrossprod(basis), most = 2e5)
  for (i in which(abs(found[, n + 1]) == 1)) {
    g <- found[i, seq_len(n)] * found[i, n + 1]
    if (all(g %in% 0:2) && sum(g) == sum) return(g)
  }
  NULL
}

# Somebody who holds the numeric columns of the n people of a block, in their order.
phenotypes_known <- function(n, seed) {
  set.seed(seed)
  x <- matrix(stats::rnorm(n * 4), n)
  g <- stats::rbinom(n, 2, .35)
  identical(as.numeric(known_columns(x, as.vector(g %*% x), sum(g))), as.numeric(g))
}

out <- NULL
for (seed in 1:5) {
  out <- rbind(
    out,
    data.frame(attack = "two releases that differ by one person", people = 3 * 300, seed = seed, recovered = two_releases(300, 8, seed)),
    data.frame(attack = "numeric columns known, one variant", people = c(30, 40), seed = seed,
               recovered = c(30, 40) * c(phenotypes_known(30, seed), phenotypes_known(40, seed)))
  )
}
print(out)
utils::write.csv(out, "bench/results/attacks-beyond.csv", row.names = FALSE)
