quiet <- function(code) suppressWarnings(suppressMessages(code))

quality_data <- function(n = 120, p = 4, seed = 1, covariates = NULL, structure = NULL) {
  d <- simulate_mr("authors", environments = 3, n = n, seed = seed)
  if (!is.null(covariates)) d$covariates <- covariates
  if (!is.null(structure)) d$structure <- structure
  d
}

test_that("MMD of a latent in an environment is that of the definition", {
  d <- quality_data()
  learned <- quiet(learn_instruments(d, n_latent = c(2, 2), seed = 1))
  q <- summary(learned)$quality
  expect_s3_class(q, "instrument_quality")
  table <- as.data.frame(q)
  w <- scale(predict(learned, d)) * sqrt(360 / 359) # divisor n
  for (l in 1:2) {
    k <- ref_gram(w[, l, drop = FALSE], sigma = 1)
    for (e in levels(d$environment)) {
      a <- (d$environment == e) / sum(d$environment == e) - (d$environment != e) / sum(d$environment != e)
      # Null mean: tr Kc / n over n p (1 - p).
      null <- sum(diag(ref_centre(k))) / 360 / (360 * (1 / 3) * (2 / 3))
      row <- table[table$latent == paste0("w", l) & table$against == e, ]
      expect_equal(row$value, sum(a * (k %*% a)) - null, tolerance = 1e-8)
      expect_identical(row$n, 120L)
    }
  }
  expect_identical(unique(table$latent[table$quantity == "mmd"]), c("w1", "w2", "v1", "v2"))
})

test_that("p-values are those of two-group tests, HSIC those of hsic_test within environments", {
  d <- quality_data(covariates = cbind(age = rnorm(360), constant = 1), structure = cbind(PC = rnorm(360)))
  d$environment <- factor(rep(c("a", "b"), c(200, 160)))
  learned <- quiet(learn_instruments(d, n_latent = c(2, 2), seed = 1))
  table <- as.data.frame(summary(learned)$quality)
  w <- scale(predict(learned, d)) * sqrt(360 / 359)
  v <- scale(predict(learned, d, "variant"))
  test <- mmd_test(w[, 1], environment = d$environment, bandwidth = 1)
  both <- table[table$latent == "w1", ]
  expect_equal(both$p_value, rep(test$p.value, 2), tolerance = 1e-8)
  expect_equal(both$value[1], both$value[2])
  hsic_row <- function(name) table[table$quantity == "hsic" & table$against == name, ]
  test <- hsic_test(w, v, d$environment)
  expect_equal(hsic_row("variant block")$p_value, test$p.value, tolerance = 1e-6)
  expect_equal(hsic_row("covariates")$p_value, hsic_test(w, d$covariates[, 1], d$environment)$p.value, tolerance = 1e-6)
  expect_equal(hsic_row("structure columns")$p_value, hsic_test(w, d$structure[, 1], d$environment)$p.value, tolerance = 1e-6)
})

test_that("what is called detectable is found with about 80 % power", {
  expect_equal(normal_shift(.05), uniroot(function(t) {
    f <- function(s) integrate(function(x) exp(-x^2 / 2) * dnorm(x, s, sqrt(2)), -30, 30)$value
    2 * f(0) - 2 * f(t) - .05
  }, c(0, 5), tol = 1e-10)$root, tolerance = 1e-6)
  expect_true(is.na(normal_shift(3)))
  e <- factor(rep(c("a", "b"), each = 150))
  found <- vapply(1:150, function(i) with_seed(i, {
    x <- rnorm(300) + .35 * (e == "b")
    row <- quality_latent((x - mean(x)) / sd(x), e, 1L)
    c(row$detectable_shift[1], row$p_value[1] < .05)
  }), c(0, 0))
  expect_equal(mean(found[1, ]), .35, tolerance = .03)
  expect_gt(mean(found[2, ]), .7)
  expect_lt(mean(found[2, ]), .9)
})

test_that("columns together are each by itself, by features and exactly, as mmd_test() of one environment against the others", {
  set.seed(1)
  for (n in c(90, 1100)) {
    e <- factor(sample(c("a", "b", "c"), n, TRUE, c(.5, .3, .2)))
    x <- scale(matrix(rnorm(3 * n), n) + .3 * (e == "b"))
    got <- quality_latent(x, e, 7L)
    for (j in 1:3) {
      g <- mmd_groups(x[, j], NULL, e, "rbf", 1, 1)
      out <- mmd_numbers(g, if (n > 1000) "features" else "exact", 15, 7L)
      mean <- out$numbers[["trace_mean"]] / 2
      law <- gamma_law(mean, out$numbers[["trace_var"]] / 2)
      for (f in 1:3) {
        at <- 3 * (j - 1) + f
        q <- replace(g$size, f, 0) / (n - g$size[f])
        gap <- sum(q * out$biased[f, ]) - drop(q %*% out$biased %*% q) / 2
        weight <- g$size[f] * (n - g$size[f]) / n
        expect_equal(got$value[at], gap - mean / weight, tolerance = 1e-10)
        expect_equal(got$p_value[at], gamma_tail(weight * gap, law), tolerance = 1e-10)
        expect_equal(got$detectable[at], gamma_detectable(law) / weight, tolerance = 1e-10)
      }
    }
  }
  expect_interruptible(function() quality_latent(x, e, 7L))
})

test_that("the report sees what moves and what a covariate carries", {
  d <- simulate_mr("snp", cell = 1, n = 500, seed = 2)
  fit <- quiet(latent_mr(d, seed = 1))
  table <- as.data.frame(summary(fit)$quality)
  moves <- tapply(table$p_value, table$latent, min)
  expect_true(all(moves[c("v1", "v2")] < 1e-10))
  strength <- table[table$quantity == "first-stage F", ]
  expect_equal(strength$value, c(fit$diagnostics$f, fit$diagnostics$f_effective, fit$diagnostics$environments$f))
  expect_output(print(summary(fit)), "Instrument quality: .* of 48 invariant latents")
  expect_output(print(summary(fit)), "First-stage F: [0-9.]+ for everybody")
  # A parental score with one law everywhere: no test of environments sees it, a covariate does.
  set.seed(1)
  d <- simulate_mr("authors", n = 400, seed = 3)
  d$covariates <- cbind(score = d$truth$W[, 1] + rnorm(800))
  table <- as.data.frame(summary(quiet(learn_instruments(d, n_latent = c(2, 2), seed = 1)))$quality)
  expect_lt(table$p_value[table$against == "covariates"], 1e-6)
  expect_gt(min(p.adjust(table$p_value[table$quantity == "mmd" & table$block == "invariant"], "holm")), .05)
})

test_that("new people, samples of many, one environment, small environments, moments, background", {
  d <- quality_data(n = 2000)
  learned <- quiet(learn_instruments(d, n_latent = c(2, 2), seed = 1))
  others <- quality_data(n = 100, seed = 2)
  q <- summary(learned, data = others)$quality
  expect_identical(unique(as.data.frame(q)$n[1:12]), 100L)
  expect_identical(attr(q, "people"), 300L)
  expect_conditions(summary(learned, data = mr_moments(others, seed = 1, disclosure = FALSE)))
  # People drawn within environments, the same for the same seed.
  drawn <- quality_people(d, 1000, 3L)
  expect_identical(drawn, quality_people(d, 1000, 3L))
  expect_equal(as.vector(table(d$environment[drawn])), rep(666, 3), tolerance = .01)
  expect_identical(length(quality_people(d, 10, 3L)), 6000L)

  some <- quality_people(others, 5, 1L)
  one <- rows_of_data(others, which(others$environment == "e1"))
  table <- as.data.frame(quality_report(learned, one, 1L))
  expect_true(all(table$note[table$quantity == "mmd"] == "needs two environments"))
  expect_true(is.finite(table$p_value[table$against == "variant block"]))
  few <- rows_of_data(others, c(1:60, 101:160, 201:203))
  table <- as.data.frame(quality_report(learned, few, 1L))
  expect_setequal(unique(table$against[table$quantity == "mmd"]), c("e1", "e2"))

  sums <- quiet(learn_instruments(mr_moments(others, seed = 1, disclosure = FALSE), n_latent = c(2, 2), seed = 1))
  table <- as.data.frame(summary(sums)$quality)
  expect_true(all(is.na(table$value)) && all(grepl("^needs rows", table$note)))
  expect_output(print(summary(sums)), "Laws between environments .* needs rows of\\s+people")

  d <- simulate_mr("snp", cell = 3, n = 300, seed = 1, background = 150)
  table <- as.data.frame(summary(quiet(learn_instruments(d, seed = 1)))$quality)
  expect_identical(table$note[table$against == "variant block"], "there is no variant block")
})

test_that("the sentences", {
  d <- simulate_mr("authors", environments = 2, n = 200, seed = 4)
  d$covariates <- cbind(age = rep(c(1, 5, 2, 4, 3), 80))
  expect_snapshot(print(summary(quiet(learn_instruments(d, n_latent = c(2, 2), seed = 1)))$quality))
})
