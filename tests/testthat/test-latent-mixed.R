# Random effects of relatedness against rows written out.
quiet <- function(code) suppressWarnings(suppressMessages(code))

# Families of four with a polygenic background and an environment that both traits share; a
# measurement that the exposure cannot move, the same within families.
related_parts <- function(families = 60, p = 8, m = 80, seed = 1) {
  set.seed(seed)
  family <- rep(seq_len(families), each = 4)
  n <- length(family)
  genotypes <- function(p) {
    f <- runif(p, .2, .8)
    allele <- function() matrix(rbinom(families * p, 1, rep(f, each = families)), families)
    four <- list(allele(), allele(), allele(), allele())
    half <- function(a, b) ifelse(matrix(runif(n * p) < .5, n), a[family, ], b[family, ])
    half(four[[1]], four[[2]]) + half(four[[3]], four[[4]])
  }
  g <- genotypes(p)
  b <- genotypes(m)
  u <- rnorm(families)[family]
  x <- drop(scale(g) %*% rep(.4, p)) + drop(scale(b) %*% rnorm(m)) / 12 + .6 * u + rnorm(n)
  list(
    g = g, b = b, family = family, x = x, y = .3 * x + drop(scale(b) %*% rnorm(m)) / 12 + .6 * u + rnorm(n),
    day = u + rnorm(families)[family], age = rnorm(n), site = rep(c("a", "b"), each = n / 2), id = sprintf("p%03d", seq_len(n))
  )
}

related_data <- function(s, outcome = s$y, order = seq_along(s$y), ...) {
  quiet(mr_data(
    s$g[order, ], exposure = s$x[order], outcome = outcome[order], environment = s$site[order],
    background = s$b[order, ], cluster = s$family[order], covariates = data.frame(age = s$age[order]),
    ids = s$id[order], ...
  ))
}

mixed_fit_of <- function(data, random = c("background", "cluster"), ...) {
  quiet(latent_mr(data, random = random, by_environment = FALSE, seed = 1, ...))
}

relatedness_twin <- function(b, site) {
  z <- apply(b, 2, function(v) {
    v <- v - stats::ave(v, site, FUN = function(x) mean(x, na.rm = TRUE))
    v[is.na(v)] <- 0
    v / sqrt(mean(v^2))
  })
  tcrossprod(z) / ncol(z)
}

test_that("the relatedness of people is the mean product of standardised background variants", {
  s <- related_parts()
  s$b[sample(length(s$b), 300)] <- NA
  data <- related_data(s)
  expect_equal(relatedness_matrix(data), relatedness_twin(mr_background(data), s$site), tolerance = 1e-10)
})

test_that("the rows are generalised least squares with the covariance of the model", {
  s <- related_parts()
  data <- related_data(s)
  fit <- mixed_fit_of(data, control = encoder_control(max_components = 0))
  k <- relatedness_twin(mr_background(data), s$site)
  c <- outer(s$family, s$family, "==") + 0
  w <- cbind(outer(s$site, c("a", "b"), "==") + 0, s$age)
  variances <- function(y) mixed_components(y, w, list(background = k, cluster = s$family))$variance
  of <- function(v) v[[1]] * k + v[[2]] * c + v[[3]] * diag(nrow(k))
  gls <- function(inverse) {
    left <- function(a) a - w %*% solve(t(w) %*% inverse %*% w, t(w) %*% inverse %*% a)
    hat <- left(s$g) %*% solve(t(left(s$g)) %*% inverse %*% left(s$g), t(left(s$g)) %*% inverse %*% left(s$x))
    drop(t(hat) %*% inverse %*% s$y) / drop(t(hat) %*% inverse %*% s$x)
  }
  b <- gls(solve(of(variances(s$y))))
  v <- variances(s$y - b * s$x)
  expect_equal(fit$estimates$mixed_2sls$b, gls(solve(of(v))), tolerance = 1e-5)
  expect_equal(unname(fit$random$variance), unname(v), tolerance = 1e-4)
  expect_identical(names(fit$random$variance), c("background", "cluster", "residual"))
  expect_identical(fit$headline, "mixed_ujive")
  # Whitened rows are a regression without relatives: the engine on them.
  order <- order(s$family, s$id)
  half <- backsolve(chol(of(fit$random$variance)[order, order]), cbind(s$y, s$x, w, s$g)[order, ], transpose = TRUE)
  by_hand <- iv_fit(
    half[, 1], cbind(x = half[, 2]), unname(half[, -(1:5)]), unname(half[, 3:5]), estimator = "ujive", vcov = "many",
    cluster = s$family[order]
  )
  expect_equal(fit$estimates$mixed_ujive$b, coef(by_hand)[["x"]], tolerance = 1e-6)
  expect_equal(fit$estimates$mixed_ujive$se_plain, sqrt(vcov(by_hand)[1, 1]), tolerance = 1e-6)
  expect_equal(head_kclass(fit)$L, 8)
})

test_that("numbers do not turn with the order of the people", {
  s <- related_parts()
  one <- mixed_fit_of(related_data(s))
  set.seed(2)
  two <- mixed_fit_of(related_data(s, order = sample(length(s$y))))
  rows <- c("mixed_ujive", "mixed_liml", "mixed_2sls")
  for (id in rows) expect_equal(one$estimates[[id]][c("b", "se")], two$estimates[[id]][c("b", "se")], tolerance = 1e-6)
})

test_that("an outcome that is the same within clusters is estimated between them", {
  s <- related_parts()
  fit <- mixed_fit_of(related_data(s, s$day), control = encoder_control(max_components = 0))
  expect_true(fit$random$together)
  expect_identical(fit$random$rows, 60L)
  mean_of <- function(x) rowsum(x, s$family) / 4
  w <- mean_of(cbind(outer(s$site, c("a", "b"), "==") + 0, s$age))
  a <- outer(1:60, s$family, "==") / 4
  k <- a %*% relatedness_twin(mr_background(related_data(s)), s$site) %*% t(a)
  v <- fit$random$variance
  half <- backsolve(
    chol(v[["background"]] * k + v[["residual"]] * diag(60)), cbind(mean_of(s$day), mean_of(s$x), w, mean_of(s$g)),
    transpose = TRUE
  )
  by_hand <- iv_fit(half[, 1], cbind(x = half[, 2]), unname(half[, -(1:5)]), unname(half[, 3:5]))
  expect_equal(fit$estimates$mixed_2sls$b, coef(by_hand)[["x"]], tolerance = 1e-6)
  expect_match(random_words(fit), "between 60 of them", fixed = TRUE)
  alone <- mixed_fit_of(related_data(s, s$day), "cluster")
  expect_identical(alone$random$variance, c(residual = 1))
})

test_that("negative controls are part of the verdict", {
  s <- related_parts(120)
  loud <- 2 * s$x + rnorm(length(s$x))
  fit <- mixed_fit_of(related_data(s), controls = data.frame(loud, quiet = s$age + rnorm(480)))
  expect_identical(fit$controls$outcome, c("loud", "quiet"))
  expect_identical(unique(fit$controls$estimator), "mixed_ujive")
  one <- quiet(negative_control(fit, loud, related_data(s)))
  expect_equal(one$b, fit$controls$b[1])
  said <- verdict(fit)
  expect_true(said$objects[said$check == "negative controls"])
  expect_match(said$finding[said$check == "negative controls"], "cannot: loud (p", fixed = TRUE)
  silent <- mixed_fit_of(related_data(s), "cluster", controls = "age")
  expect_identical(silent$controls$outcome, "age")
  # The background has no component, so that the panel's few variants are told.
  said <- verdict(silent)
  expect_identical(said$check[said$objects], "few variants")
  moments <- quiet(mr_moments(related_data(s), disclosure = FALSE, seed = 1))
  from_sums <- quiet(latent_mr(moments, controls = "age", by_environment = FALSE, seed = 1))
  expect_identical(from_sums$controls$outcome, "age")
})

test_that("what cannot be is refused before any work", {
  s <- related_parts()
  data <- related_data(s)
  said <- function(...) conditionMessage(expect_error(latent_mr(...), class = "latentmr_error_argument"))
  expect_match(said(data, random = "grm"), "`random` must be NULL, \"background\", \"cluster\" or both, not \"grm\"", fixed = TRUE)
  expect_match(said(data, random = "cluster", crossfit = 2), "`random` must be NULL with crossfit", fixed = TRUE)
  moments <- quiet(mr_moments(data, disclosure = FALSE, seed = 1))
  expect_match(said(moments, random = "cluster"), "`random` must be NULL for moments", fixed = TRUE)
  plain <- quiet(mr_data(s$g, exposure = s$x, outcome = s$y, environment = s$site))
  expect_match(said(plain, random = "cluster"), "where `data` has no clusters", fixed = TRUE)
  expect_match(said(plain, random = "background"), "where `data` has no background variants", fixed = TRUE)
  expect_match(said(plain, methods = "mixed_liml"), "random = \"background\", \"cluster\" or both", fixed = TRUE)
  expect_match(said(data, controls = "sex"), "`controls` must be among the covariates \"age\"", fixed = TRUE)
  expect_match(said(data, controls = data.frame(a = 1:3)), "`controls` must be a numeric vector of length 240", fixed = TRUE)
  expect_match(said(moments, controls = data.frame(a = 1:240)), "`controls` must be names of covariates", fixed = TRUE)
  withr::local_options(LatentMR.memory = "0.5MB")
  expect_error(latent_mr(data, random = "cluster"), class = "latentmr_error_memory")
})

test_that("relatives who share circumstances: ordinary 2SLS is off, the random effects are not", {
  skip_on_cran()
  draws <- vapply(1:20, function(seed) {
    s <- related_parts(60, 30, 150, seed)
    s$y <- s$y + 1.5 * stats::ave(drop(scale(s$g) %*% rep(.3, 30)), s$family)
    e <- mixed_fit_of(related_data(s), control = encoder_control(max_components = 0))$estimates
    c(plain = e[["2sls"]]$b, mixed = e$mixed_ujive$b, inside = abs(e$mixed_ujive$b - .3) < 1.96 * e$mixed_ujive$se)
  }, numeric(3))
  expect_gt(mean(draws["plain", ]), .5)
  expect_lt(mean(draws["mixed", ]), mean(draws["plain", ]) - .1)
})
