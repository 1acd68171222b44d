# Rows within families from sums within families.
quiet <- function(code) suppressWarnings(suppressMessages(code))
moments_fit <- function(data, ...) quiet(latent_mr(data, by_environment = FALSE, seed = 1, ...))

sums_data <- function(seed = 1, rows = TRUE) {
  s <- sibship_parts(rep(c(2, 3, 2, 1), 60), 8, seed = seed)
  s$g[sample(length(s$g), 80)] <- NA
  s$age <- rnorm(length(s$y))
  s$y <- s$y + .5 * s$age
  s
}

test_that("2SLS as from rows; Nagar's is bias-adjusted 2SLS with a dummy for every family", {
  s <- sums_data()
  data <- sibship_data(s, covariates = data.frame(age = s$age))
  m <- quiet(mr_moments(data, disclosure = FALSE, seed = 3))
  expect_output(print(m), "families +sums within 180 of siblings, 420 participants")
  fit <- moments_fit(m)
  rows <- moments_fit(data)
  expect_equal(fit$estimates$family_2sls$b, rows$estimates$family_2sls$b)
  expect_equal(fit$diagnostics$family$kclass, rows$diagnostics$family$kclass, ignore_attr = TRUE)
  expect_identical(fit$headline, "family_nagar")
  expect_null(fit$estimates$family_ujive)
  inside <- which(ave(s$family, s$family, FUN = length) > 1)
  by_hand <- function(use) {
    z <- apply(s$g[use, ], 2, within_twin, s$family[use])
    dummies <- outer(s$family[use], unique(s$family[use]), "==") + 0
    coef(iv_fit(s$y[use], s$x[use], z, w = cbind(age = s$age[use], dummies), estimator = "b2sls"))[["x"]]
  }
  expect_equal(fit$estimates$family_nagar$b, by_hand(inside))
  # Its error: without the families of each fold in turn.
  fold <- with(draw_blocks(data$environment, data$cluster, 10L, 3L), rep(table$fold, table$n)[order(order)])
  without <- vapply(1:10, function(f) by_hand(inside[fold[inside] != f]), 0)
  error <- sqrt(.9 * sum((without - mean(without))^2))
  expect_equal(fit$estimates$family_nagar$se_plain, error)
  expect_identical(fit$estimates$family_nagar$df, 9)
  expect_identical(fit$estimates$family_nagar$vcov, "jackknife")
  # The contrast, with the same folds of the population's estimate.
  test <- fit$family$contrast
  expect_equal(test$difference, fit$estimates$latent_nagar$b - fit$estimates$family_nagar$b)
  expect_equal(test$pval, 2 * pt(-abs(test$difference / test$se), 9))
  expect_gt(test$se / rows$family$contrast$se, .8)
  expect_lt(test$se / rows$family$contrast$se, 1.3)
  expect_output(print(summary(fit)), "Population less family estimate [(]Structure removed [(]Nagar[)][)]")
  expect_true("families" %in% verdict(fit)$check)
})

test_that("sites add up, whatever allele each counts", {
  s <- sums_data(2)
  data <- function(use, flip = FALSE) {
    part <- lapply(s[c("x", "y", "family", "site", "age")], `[`, use)
    g <- s$g[use, ]
    alleles <- data.frame(snp = paste0("rs", 1:8), chr = 1:8, pos = 1, effect_allele = "A", other_allele = "C")
    if (flip) {
      g[, 2:4] <- 2 - g[, 2:4]
      alleles[2:4, 4:5] <- alleles[2:4, 5:4]
      g <- g[, 8:1]
      alleles <- alleles[8:1, ]
    }
    sibship_data(c(part, list(g = g)), covariates = data.frame(age = part$age), variants = alleles)
  }
  one <- s$site == "site 1"
  moments <- function(d) quiet(mr_moments(d, disclosure = FALSE, seed = 1, folds = 5))
  both <- combine_moments(moments(data(one)), moments(data(!one, flip = TRUE)))
  fit <- moments_fit(both)
  whole <- moments_fit(moments(data(rep(TRUE, length(one)))))
  for (id in c("family_2sls", "family_nagar")) expect_equal(fit$estimates[[id]]$b, whole$estimates[[id]]$b, info = id)
  expect_identical(fit$family[c("people", "families")], whole$family[c("people", "families")])
  # A site without families: no sums within them.
  bare <- data(!one)
  bare["family"] <- list(NULL)
  expect_null(combine_moments(moments(data(one)), moments(bare))$family)
  # Environments on their own.
  each <- quiet(latent_mr(both, seed = 1))
  alone <- moments_fit(moments(data(one)))
  expect_equal(each$by_environment[["site 1"]]$family_nagar$b, alone$estimates$family_nagar$b)
})

test_that("sums within families that few families make are left out, and UJIVE is refused with the reason", {
  s <- sibship_parts(rep(2, 300), 4, seed = 3)
  data <- sibship_data(s)
  kept <- quiet(mr_moments(data, folds = 5, disclosure = FALSE, seed = 1))
  expect_error(latent_mr(kept, methods = "family_ujive"), "family_nagar that of family_ujive [(]which leaves out each family's rows[)]", class = "latentmr_error_argument")
  few <- sibship_data(sibship_parts(rep(2:1, c(20, 400)), 4, seed = 3))
  expect_message(m <- mr_moments(few, folds = 2), "sums within families are left out: a block has fewer than 30 families", class = "latentmr_message_disclosure")
  expect_null(m$family)
  expect_error(latent_mr(m, methods = "family_nagar"), "estimators that need no families", class = "latentmr_error_argument")
  torn <- kept
  torn$family$cross <- torn$family$cross[-1, ]
  expect_error(latent_mr(torn), class = "latentmr_error_moments")
  # A site without says why.
  expect_message(
    both <- combine_moments(kept, m), "left out, as site 2 has none (a block has fewer than 30 families)", fixed = TRUE,
    class = "latentmr_message_families"
  )
  expect_null(both$family)
})
