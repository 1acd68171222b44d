# Sums within families that may leave: attacks on those that are kept, which find a family, and the same data released,
# where the sums are left out with the reason.
quietly <- function(x) suppressWarnings(suppressMessages(x))

# `pairs` of siblings and as many people without; genotypes of the second sibling share half an allele's chance.
pairs_parts <- function(pairs = 150, p = 4, seed = 1, single = pairs) {
  set.seed(seed)
  n <- 2 * pairs + single
  draw <- function(n) matrix(rbinom(n * p, 2, .4), n, p)
  g <- draw(n)
  colnames(g) <- paste0("rs", seq_len(p))
  second <- pairs + seq_len(pairs)
  same <- matrix(runif(pairs * p) < .5, pairs)
  g[second, ] <- ifelse(same, g[seq_len(pairs), ], g[second, ])
  x <- g[, 1] * .5 + rnorm(n)
  list(
    g = g, x = x, y = .3 * x + rnorm(n),
    family = c(rep(seq_len(pairs), 2), pairs + seq_len(single))
  )
}
pairs_data <- function(s, family = s$family, ...) {
  quietly(mr_data(
    s$g, s$x, s$y, rep("a", length(s$y)), covariates = s$covariates, family = family, kind = "genotype", ...
  ))
}
kept <- function(...) quietly(mr_moments(pairs_data(...), folds = 1, disclosure = FALSE, seed = 1))
left_out <- function(s, pattern, ...) {
  m <- NULL
  expect_message(m <- suppressWarnings(mr_moments(pairs_data(s, ...), folds = 1)), "sums within families are left out", class = "latentmr_message_disclosure")
  expect_null(m$family)
  expect_match(m$withheld_families, pattern)
  expect_output(print(m), "families +left out: ")
  # The sums of all people are there as before.
  expect_identical(m$variants$snp, paste0("rs", seq_len(ncol(s$g))))
}
# What each row of the cross products is: variants, exposure, outcome.
row_of <- function(s, i) unname(c(s$g[i, ], s$x[i], s$y[i]))

test_that("what passes is what is kept: every number, and the estimates", {
  s <- pairs_parts(300, single = 200)
  m <- quietly(mr_moments(pairs_data(s), folds = 2))
  whole <- quietly(mr_moments(pairs_data(s), folds = 2, disclosure = FALSE, seed = 1))
  expect_identical(m$family, whole$family)
  expect_null(m$withheld_families)
  expect_identical(sum(m$family$families), 300L)
  fit <- quietly(latent_mr(m, seed = 1))
  rows <- quietly(latent_mr(whole, seed = 1))
  for (id in c("family_2sls", "family_nagar")) expect_equal(fit$estimates[[id]]$b, rows$estimates[[id]]$b, tolerance = 1e-8, info = id)
})

test_that("a single carrier within families: the difference of two siblings, all columns", {
  s <- pairs_parts()
  s$g[151:300, 4] <- s$g[1:150, 4]
  s$g[1, 4] <- 1
  s$g[151, 4] <- 0
  w <- family_cross(kept(s), 1)
  expect_equal(abs(w[4, ]) / sqrt(w[4, 4] / 2), abs(row_of(s, 1) - row_of(s, 151)), tolerance = 1e-10)
  left_out(s, "few families differ in \"rs4\"")
})

test_that("a family of many is one carrier", {
  # 40 siblings of whom 20 carry: 2 W counts 20, as 20 pairs would.
  s <- pairs_parts(150, single = 190)
  s$g[151:300, 4] <- s$g[1:150, 4]
  s$family[301:340] <- 1000
  s$g[301:340, 4] <- rep(0:1, each = 20)
  w <- family_cross(kept(s), 1)
  expect_equal(2 * w[4, 4], 20)
  means <- colMeans(do.call(rbind, lapply(321:340, row_of, s = s))) - colMeans(do.call(rbind, lapply(301:320, row_of, s = s)))
  expect_equal(w[4, ] / w[4, 4], means, tolerance = 1e-10)
  left_out(s, "few families differ in \"rs4\"")
  # One of many in the squares of the exposure.
  s <- pairs_parts(150, single = 190)
  s$family[301:340] <- 1000
  s$x[301:340] <- s$x[301:340] + rep(c(-2, 2), 20)
  left_out(s, "one of the families has much of a combination of numeric columns")
})

test_that("a variant that is the sum of two others in all families but one", {
  s <- pairs_parts(300, single = 300)
  s$g[, 2:3] <- pmin(s$g[, 2:3], 1)
  s$g[1:600, 4] <- s$g[1:600, 2] + s$g[1:600, 3] # not of people without siblings: A is not short
  s$g[1, 2:4] <- c(1, 0, 2)
  d <- c(0, 1, 1, -1, 0, 0)
  w <- family_cross(kept(s), 1)
  step <- as.vector(w %*% d)
  expect_equal(abs(step) / sqrt(sum(d * step) / 2), abs(row_of(s, 1) - row_of(s, 301)), tolerance = 1e-8)
  left_out(s, "few families tell \"rs[234]\" from the other columns")
})

test_that("means of families, which A - W has: all alike but one", {
  s <- pairs_parts(150, single = 0)
  s$g[, 4] <- rep(c(0, 2), each = 150)
  s$g[c(1, 151), 4] <- 2
  s$g[c(2:21, 152:171), 4] <- 1
  m <- kept(s)
  rest <- family_products(m, 1)$rest
  about <- colMeans(do.call(rbind, lapply(1:300, row_of, s = s)))
  # The family's mean, all columns, to the weight of one in 150.
  expect_equal(rest[4, ] / rest[4, 4], ((row_of(s, 1) + row_of(s, 151)) / 2 - about) * 150 / 149, tolerance = 1e-10)
  left_out(s, "few families, by their means, differ in \"rs4\"")
})

test_that("more columns than families: lattice reduction finds the siblings", {
  s <- pairs_parts(8, p = 9, single = 300)
  w <- family_cross(kept(s), 1)
  b <- list(n = 8, products = 2 * w, what = rep(c("g", "x"), c(9, 2)))
  basis <- attack_lll(round(2 * w[1:9, 1:9]))
  sums <- cbind(basis, matrix(0, nrow(basis), 2)) %*% b$products
  square <- rowSums(sums[, 1:9] * basis)
  rows <- abs(sums[abs(square - 1) < 1e-6, , drop = FALSE])
  truth <- t(vapply(1:8, function(i) abs(row_of(s, i) - row_of(s, i + 8)), numeric(11)))
  found <- apply(rows, 1, function(r) min(apply(abs(truth - rep(r, each = 8)), 1, max)) < 1e-8)
  expect_gt(sum(found), 0)
  left_out(s, "fewer than 36 families")
})

test_that("two objects that differ by one family are that family; a server answers about the first only", {
  s <- pairs_parts(300, single = 200)
  torn <- s
  torn$family[1] <- 9999
  d <- family_cross(kept(s), 1) - family_cross(kept(torn), 1)
  expect_equal(abs(d[1, ]) * sqrt(2 / d[1, 1]), abs(row_of(s, 1) - row_of(s, 301)) * sqrt(d[1, 1] * 2) / abs(s$g[1, 1] - s$g[301, 1]))
  withr::local_options(latentmr.ledger = withr::local_tempfile())
  D <- data.frame(id = seq_along(s$x), x = s$x, y = s$y, f = s$family, h = torn$family, name = paste0("f", 999 - s$family))
  D <- cbind(D, s$g)
  ask <- function(...) {
    mr <- quietly(mrDataDS(D, "x", "y", variants = "rs1,rs2,rs3,rs4", id = "id", ...))
    quietly(mrMomentsDS(mr, folds = 1))
  }
  first <- ask(family = "f")
  expect_false(is.null(moments_of_bytes(first, "here")$family))
  expect_identical(ask(family = "name"), first)
  expect_error(ask(family = "h"), "or other people are siblings")
  expect_error(ask(), "or other people are siblings")
})

test_that("groups, cells and steps of few families", {
  s <- pairs_parts()
  s$covariates <- data.frame(sex = rep(0:1, 225))
  s$covariates$sex[1:4] <- 1 - s$covariates$sex[151:154]
  left_out(s, "few families differ in \"sex\"")
  # Two families differ in rs4 and sex at once.
  s <- pairs_parts(300, single = 300)
  s$covariates <- data.frame(sex = rep(0:1, 450))
  s$covariates$sex[1:40] <- 1 - s$covariates$sex[301:340]
  s$g[301:340, 4] <- s$g[1:40, 4]
  s$g[1:2, 4] <- 2 - s$g[301:302, 4] + (s$g[301:302, 4] == 1)
  left_out(s, "few families differ in one variant or trait and another")
  # Whole years but for 30 pairs at the same half, of whom one has only one sibling there.
  s <- pairs_parts(300, single = 300)
  s$covariates <- data.frame(age = round(50 + 9 * s$y))
  s$covariates$age[c(1:30, 301:329)] <- s$covariates$age[c(1:30, 301:329)] + .5
  left_out(s, "few families have values between the steps of the others")
})

test_that("a missing call takes that of a sibling, a random one where no sibling has one", {
  x <- c(NA, 2, 1, NA, NA, 0, 1, 2, NA)
  sib <- c(1, 1, 2, 2, 3, NA, NA, NA, NA)
  set.seed(1)
  out <- sibling_calls(x, c(1, 1, 2, 2, 3, 3, NA, NA, NA)[1:9], factor(rep("a", 9)))
  expect_identical(out, c(2, 2, 1, 1, 0, 0, 1, 2, NA))
  out <- sibling_calls(c(NA, NA, 1, 1, NA), c(1, 1, 2, 2, NA), factor(rep("a", 5)))
  expect_identical(out, c(1, 1, 1, 1, NA))
  s <- pairs_parts(300, single = 200)
  s$g[sample(length(s$g), 100)] <- NA
  m <- quietly(mr_moments(pairs_data(s), folds = 1))
  whole <- kept(s)
  # Pairs: a difference of nothing, as where nothing is released.
  expect_equal(m$family, whole$family)
  expect_true(is_positive(stats::cov2cor(family_products(m, 1)$rest)))
  expect_message(mr_moments(pairs_data(s), folds = 1, memory = 1e4), "`memory` is less", class = "latentmr_message_disclosure")
})

test_that("folds are lowered for families, to five; variants and blocks that go are gone from their sums", {
  s <- pairs_parts(600, single = 600)
  # In 160 pairs: 16 in a fold of ten.
  s$g[601:1200, 4] <- s$g[1:600, 4]
  change <- seq_len(160)
  s$g[change, 4] <- ifelse(s$g[600 + change, 4] == 0, 1, 0)
  m <- quietly(mr_moments(pairs_data(s), folds = 10))
  expect_identical(nrow(m$blocks), 5L)
  expect_identical(length(m$family$people), 5L)
  whole <- quietly(mr_moments(pairs_data(s), folds = 10, disclosure = FALSE, seed = 1))
  expect_equal(rowSums(m$family$cross), rowSums(whole$family$cross))
  less <- keep_variants(whole, c(TRUE, FALSE, TRUE, TRUE), 1:3)
  expect_equal(family_cross(less, 1:3), family_cross(whole, 1:3)[-2, -2])
  expect_silent(check_moments(less, "m"))
})

test_that("dosages between the calls of few families", {
  s <- pairs_parts(300, single = 300)
  data <- function(s) quietly(mr_data(
    s$g, s$x, s$y, rep("a", length(s$y)), family = s$family, kind = "dosage"
  ))
  expect_false(is.null(quietly(mr_moments(data(s), folds = 1))$family))
  s$g[c(1:30, 301:329), 2] <- pmin(s$g[c(1:30, 301:329), 2], 1) + .25
  m <- quietly(mr_moments(data(s), folds = 1))
  expect_match(m$withheld_families, "dosages between the steps of \"rs2\"|tell \"rs2\"|few families")
})
