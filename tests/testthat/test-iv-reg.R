# The formula interface and the methods against AER::ivreg, sandwich and lmtest.

wages <- function() {
  set.seed(21)
  n <- 240
  d <- data.frame(
    z1 = rnorm(n), z2 = rbinom(n, 2, 0.3), age = round(rnorm(n, 50, 9)), sex = factor(sample(c("f", "m"), n, TRUE)),
    site = factor(sample(letters[1:4], n, TRUE)), weight = runif(n, 0.5, 2), family = sample(60, n, TRUE)
  )
  u <- rnorm(n)
  d$ldl <- d$z1 + 0.5 * d$z2 + 0.02 * d$age + (d$site == "b") + u + rnorm(n)
  d$bmi <- 0.5 * d$z1 - d$z2 + u + rnorm(n)
  d$sbp <- 120 + 2 * d$ldl - d$bmi + 0.1 * d$age + 2 * (d$sex == "m") + 3 * u + rnorm(n) * (1 + d$z1^2)
  d
}

same_as_aer <- function(ours, theirs) {
  expect_equal(coef(ours), coef(theirs), tolerance = 1e-8)
  expect_equal(vcov(ours), vcov(theirs), tolerance = 1e-8)
  expect_equal(residuals(ours), residuals(theirs), tolerance = 1e-8)
  expect_equal(fitted(ours), fitted(theirs), tolerance = 1e-8)
  expect_equal(model.matrix(ours), model.matrix(theirs, "regressors"), tolerance = 1e-8)
  expect_equal(
    model.matrix(ours, "projected"), model.matrix(theirs, "projected"), tolerance = 1e-8, ignore_attr = c("assign", "contrasts")
  )
  expect_equal(sandwich::bread(ours), sandwich::bread(theirs), tolerance = 1e-8)
  expect_equal(sandwich::estfun(ours), sandwich::estfun(theirs), tolerance = 1e-8, ignore_attr = TRUE)
  a <- summary(ours)
  b <- summary(theirs, diagnostics = TRUE)
  expect_equal(a$diagnostics, b$diagnostics, tolerance = 1e-8)
  expect_equal(a$coefficients, b$coefficients, tolerance = 1e-8, ignore_attr = TRUE)
  for (field in c("sigma", "r.squared", "adj.r.squared")) expect_equal(a[[field]], b[[field]], tolerance = 1e-8)
  expect_equal(a$waldtest, b$waldtest, tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(confint(ours)[, 2], coef(theirs) + qt(0.975, theirs$df.residual) * sqrt(diag(vcov(theirs))), tolerance = 1e-8)
  expect_equal(nobs(ours), nobs(theirs))
  expect_equal(df.residual(ours), df.residual(theirs))
  expect_equal(deviance(ours), theirs$df.residual * theirs$sigma^2, tolerance = 1e-8)
}

test_that("equal to AER::ivreg: one and several endogenous variables, factors, weights, missing values", {
  skip_if_not_installed("AER")
  skip_if_not_installed("sandwich")
  d <- wages()
  same_as_aer(
    iv_reg(sbp ~ age + sex + site | ldl | z1 + z2, d),
    AER::ivreg(sbp ~ ldl + age + sex + site | z1 + z2 + age + sex + site, data = d)
  )
  same_as_aer(
    iv_reg(sbp ~ age | ldl + bmi | z1 * z2, d),
    AER::ivreg(sbp ~ ldl + bmi + age | z1 * z2 + age, data = d)
  )
  same_as_aer(
    iv_reg(sbp ~ ldl + age | . - ldl + z1, d), AER::ivreg(sbp ~ ldl + age | . - ldl + z1, data = d)
  )
  d$ldl[c(3, 9)] <- NA
  d$site[5] <- NA
  same_as_aer(
    iv_reg(sbp ~ log(age) + site | ldl | z1 + z2, d, weights = weight, subset = age > 30),
    AER::ivreg(sbp ~ ldl + log(age) + site | z1 + z2 + log(age) + site, data = d, weights = weight, subset = age > 30)
  )
  fit <- iv_reg(sbp ~ site | ldl | z1 + z2, d, na.action = na.exclude)
  twin <- AER::ivreg(sbp ~ ldl + site | z1 + z2 + site, data = d, na.action = na.exclude)
  expect_equal(residuals(fit), residuals(twin), tolerance = 1e-8)
  expect_equal(fitted(fit), fitted(twin), tolerance = 1e-8)
  expect_length(hatvalues(fit), 240)
})

test_that("robust covariances and diagnostics equal sandwich on AER's fit", {
  skip_if_not_installed("AER")
  skip_if_not_installed("sandwich")
  d <- wages()
  fit <- iv_reg(sbp ~ age + sex | ldl + bmi | z1 * z2, d)
  twin <- AER::ivreg(sbp ~ ldl + bmi + age + sex | z1 * z2 + age + sex, data = d)
  for (type in c("HC0", "HC1")) {
    v <- function(o, ...) sandwich::vcovHC(o, type = type)
    expect_equal(vcov(fit, type), v(twin), tolerance = 1e-8)
    ours <- summary(fit, vcov = type)$diagnostics
    expect_equal(ours[1:4, ], summary(twin, vcov. = v, diagnostics = TRUE)$diagnostics, tolerance = 1e-8)
  }
  # tests are regressions, where HC2, HC3 agree too; the coefficients differ because AER's
  # leverages are not those of the projected regressors
  for (type in c("HC2", "HC3")) {
    v <- function(o, ...) sandwich::vcovHC(o, type = type)
    ours <- summary(fit, vcov = type)$diagnostics
    expect_equal(ours[1:4, ], summary(twin, vcov. = v, diagnostics = TRUE)$diagnostics, tolerance = 1e-8)
    expect_equal(vcov(fit, type), sandwich::vcovHC(fit, type = type), tolerance = 1e-8)
    # both formulas of ?iv_fit by hand
    X <- model.matrix(twin, "regressors")
    hat <- model.matrix(twin, "projected")
    bread <- solve(crossprod(hat))
    by_hand <- function(h) bread %*% crossprod(hat * (residuals(twin) / (1 - h)^(if (type == "HC2") .5 else 1))) %*% bread
    expect_equal(vcov(fit, type)[colnames(X), colnames(X)], by_hand(rowSums(hat %*% bread * hat)), tolerance = 1e-8)
    expect_equal(v(twin), by_hand(rowSums(X %*% bread * hat)), tolerance = 1e-8, ignore_attr = TRUE)
    expect_gt(max(abs(v(twin)[colnames(X), colnames(X)] / vcov(fit, type)[colnames(X), colnames(X)] - 1)), 1e-4)
  }
  v <- function(o, ...) sandwich::vcovCL(o, cluster = d$family, type = "HC1")
  expect_equal(vcov(fit, "cluster", cluster = d$family), v(twin), tolerance = 1e-8)
  ours <- summary(fit, vcov = "cluster", cluster = d$family)
  # the statistics are the same; ours have G - 1 degrees of freedom
  given <- c("df1", "statistic")
  expect_equal(ours$diagnostics[1:4, given], summary(twin, vcov. = v, diagnostics = TRUE)$diagnostics[, given], tolerance = 1e-8)
  expect_identical(unname(ours$diagnostics[1:3, "df2"]), rep(length(unique(d$family)) - 1, 3))
  for (by in list(d$family, "family", ~family)) {
    cl <- iv_reg(sbp ~ age + sex | ldl + bmi | z1 * z2, d, vcov = "cluster", cluster = by)
    expect_equal(vcov(cl), v(twin), tolerance = 1e-8)
  }
  expect_equal(vcov(cl), sandwich::vcovCL(cl, cluster = d$family, type = "HC1"), tolerance = 1e-8)
})

test_that("a combination of the endogenous variables that is exogenous costs Wu-Hausman a degree of freedom", {
  skip_if_not_installed("AER")
  skip_if_not_installed("sandwich")
  d <- wages()
  d$years <- d$age - d$ldl
  fit <- iv_reg(sbp ~ sex | ldl + years | z1 + z2 + age, d)
  twin <- AER::ivreg(sbp ~ ldl + years + sex | z1 + z2 + age + sex, data = d)
  expect_identical(fit$diagnostics["Wu-Hausman", "df1"], 1)
  expect_equal(fit$diagnostics, summary(twin, diagnostics = TRUE)$diagnostics, tolerance = 1e-8)
  liml <- iv_reg(sbp ~ sex | ldl + years | z1 + z2 + age, d, estimator = "liml")
  m <- ref_moments(d$sbp, cbind(d$ldl, d$years), cbind(d$z1, d$z2, d$age), cbind(1, d$sex == "m"))
  expect_equal(liml$kappa, 1 / max(Re(eigen(solve(m$r0, m$r1))$values)), tolerance = 1e-9)
  # HC1 on the coefficient of one fitted exposure; dropping either gives the same
  hat <- fitted(lm(ldl ~ z1 + z2 + age + sex, d))
  aux <- lm(sbp ~ ldl + years + sex + hat, d)
  wald <- coef(aux)[["hat"]]^2 / sandwich::vcovHC(aux, type = "HC1")["hat", "hat"]
  ours <- summary(fit, vcov = "HC1")$diagnostics["Wu-Hausman", ]
  expect_equal(unname(ours[1:3]), c(1, aux$df.residual, wald), tolerance = 1e-8)
})

test_that("sandwich and lmtest work on every estimator", {
  skip_if_not_installed("sandwich")
  skip_if_not_installed("lmtest")
  d <- wages()
  for (est in c("ols", "2sls", "liml", "ujive")) {
    fit <- eval(bquote(iv_reg(sbp ~ age + sex | ldl | z1 * z2, .(d), estimator = .(est))))
    for (type in c("HC0", "HC1")) expect_equal(sandwich::vcovHC(fit, type = type), vcov(fit, type), tolerance = 1e-8)
    expect_equal(sandwich::sandwich(fit), vcov(fit, "HC0"), tolerance = 1e-8)
    expect_equal(colSums(sandwich::estfun(fit)), 0 * coef(fit), tolerance = 1e-6)
    table <- lmtest::coeftest(fit, vcov. = vcov(fit, "HC1"))
    expect_equal(table[, 2], summary(fit, vcov = "HC1")$coefficients[, 2], tolerance = 1e-12)
    wald <- lmtest::waldtest(fit, . ~ . - sex | . - sex, test = "F")
    expect_identical(nrow(wald), 2L)
    own <- anova(update(fit, . ~ . - sex | . - sex), fit)
    expect_equal(own$F[2], wald$F[2], tolerance = 1e-8)
  }
})

test_that("anova equals AER's", {
  skip_if_not_installed("AER")
  d <- wages()
  a <- anova(iv_reg(sbp ~ 1 | ldl | z1 + z2, d), iv_reg(sbp ~ age + sex | ldl | z1 + z2, d))
  b <- anova(AER::ivreg(sbp ~ ldl | z1 + z2, data = d), AER::ivreg(sbp ~ ldl + age + sex | z1 + z2 + age + sex, data = d))
  expect_identical(names(a), names(b))
  expect_equal(as.data.frame(a), as.data.frame(b), tolerance = 1e-8, ignore_attr = TRUE)
})

test_that("ols by formula equals lm, with leverages and aliased coefficients", {
  d <- wages()
  d$copy <- 3 - 2 * d$age
  fit <- iv_reg(sbp ~ ldl + age + site + copy, d, estimator = "ols", weights = weight)
  twin <- lm(sbp ~ ldl + age + site + copy, d, weights = weight)
  expect_equal(coef(fit), coef(twin), tolerance = 1e-10)
  expect_equal(vcov(fit), vcov(twin), tolerance = 1e-9)
  expect_equal(hatvalues(fit), hatvalues(twin), tolerance = 1e-9)
  expect_equal(weights(fit), weights(twin))
  # the same with the regressor declared endogenous
  other <- iv_reg(sbp ~ age + site | ldl | z1, d, estimator = "ols", weights = weight)
  expect_equal(coef(other)[["ldl"]], coef(twin)[["ldl"]], tolerance = 1e-10)
  expect_null(other$diagnostics)
})

test_that("a regressor coded otherwise among the instruments is exogenous", {
  skip_if_not_installed("AER")
  d <- wages()
  fit <- iv_reg(sbp ~ 0 + site + ldl | z1 + z2 + site, d)
  twin <- AER::ivreg(sbp ~ 0 + site + ldl | z1 + z2 + site, data = d)
  expect_equal(coef(fit), coef(twin), tolerance = 1e-8)
  expect_equal(vcov(fit), vcov(twin), tolerance = 1e-8)
  expect_identical(fit$endogenous, "ldl")
})

test_that("offset, update, predict, stage 1", {
  skip_if_not_installed("AER")
  d <- wages()
  fit <- iv_reg(sbp ~ age + sex | ldl | z1 + z2, d, offset = 2 * age)
  twin <- AER::ivreg(sbp ~ ldl + age + sex | z1 + z2 + age + sex, data = d, offset = 2 * age)
  expect_equal(coef(fit), coef(twin), tolerance = 1e-8)
  expect_equal(fitted(fit), drop(model.matrix(fit) %*% coef(fit)) + 2 * d$age, tolerance = 1e-8)
  fit <- iv_reg(sbp ~ age + sex | ldl | z1 + z2, d)
  twin <- AER::ivreg(sbp ~ ldl + age + sex | z1 + z2 + age + sex, data = d)
  new <- d[1:5, c("age", "sex", "ldl")]
  expect_equal(predict(fit, new), predict(twin, d[1:5, ]), tolerance = 1e-8)
  expect_equal(predict(fit), fitted(fit), tolerance = 1e-10)
  X <- model.matrix(fit)[1:5, ]
  p <- predict(fit, new, se.fit = TRUE, interval = "confidence")
  expect_equal(p[, "se.fit"], sqrt(diag(X %*% vcov(fit) %*% t(X))), tolerance = 1e-10)
  expect_equal(p[, "upr"], p[, "fit"] + qnorm(0.975) * p[, "se.fit"], tolerance = 1e-10)
  more <- update(fit, . ~ . - sex | . - sex, vcov = "HC1")
  expect_identical(names(coef(more)), c("(Intercept)", "ldl", "age"))
  expect_identical(more$vcov_type, "HC1")
  first <- lm(ldl ~ z1 + z2 + age + sex, d)
  expect_equal(coef(fit, "stage1"), coef(first), tolerance = 1e-9)
  expect_equal(vcov(fit, component = "stage1"), vcov(first), tolerance = 1e-9)
  expect_identical(deparse(formula(fit, "regressors")), "sbp ~ ldl + (age + sex)")
  expect_identical(deparse(formula(fit, "instruments")), "~z1 + z2 + (age + sex)")
})

test_that("tidy and glance have the columns of broom and estimatr", {
  d <- wages()
  fit <- iv_reg(sbp ~ age + sex | ldl + bmi | z1 * z2, d, vcov = "HC1")
  t <- tidy(fit)
  expect_identical(names(t), c("term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high", "df", "outcome"))
  expect_identical(t$term, names(coef(fit)))
  expect_equal(t$conf.low, unname(confint(fit)[, 1]))
  expect_identical(unique(t$outcome), "sbp")
  g <- glance(fit, diagnostics = TRUE)
  expect_identical(names(g), c(
    "r.squared", "adj.r.squared", "sigma", "statistic", "p.value", "df", "df.residual", "nobs", "se_type",
    "statistic.weakinst", "p.value.weakinst", "statistic.endogeneity", "p.value.endogeneity", "statistic.overid",
    "p.value.overid", "statistic.Sargan", "p.value.Sargan", "statistic.Wu.Hausman", "p.value.Wu.Hausman"
  ))
  expect_equal(g$statistic.weakinst, min(fit$diagnostics[1:2, "statistic"]))
  expect_equal(g$statistic.overid, fit$diagnostics["Hansen J", "statistic"])
  i <- tidy(fit, instruments = TRUE)
  expect_identical(names(i), c("term", "num.df", "den.df", "statistic", "p.value"))
  expect_identical(i$term, c("ldl", "bmi"))
})

test_that("print and summary", {
  d <- wages()
  expect_snapshot({
    fit <- iv_reg(sbp ~ age | ldl | z1 + z2, d, estimator = "liml", vcov = "bekker")
    fit
    summary(fit)
    d$copy <- 2 * d$age
    d$bmi[3] <- NA
    summary(iv_reg(sbp ~ age + copy | ldl + bmi | z1 * z2, d, vcov = "cluster", cluster = ~family))
  })
})

test_that("wrong formulas are refused in words", {
  d <- wages()
  expect_conditions({
    iv_reg(sbp ~ age + ldl, d)
    iv_reg(sbp ~ age | ldl | z1 | z2, d)
    iv_reg(sbp ~ ldl | ldl + z1, d)
    iv_reg(sbp ~ ldl + age | age, d)
    iv_reg("sbp ~ ldl", d)
    iv_reg(sbp ~ age | ldl | z1, d, vcov = "robust")
    iv_reg(sbp ~ age | ldl | z1, d, cluster = "nobody", vcov = "cluster")
    iv_reg(sbp ~ age | ldl | z1, d, robust = TRUE)
    iv_reg(site ~ age | ldl | z1, d)
    iv_reg(sbp ~ age | ldl | z1, d, subset = age > 1000)
    formula(iv_fit(d$sbp, d$ldl, d$z1, rep(1, 240)))
    anova(iv_reg(sbp ~ age | ldl | z1, d), iv_reg(sbp ~ sex | ldl | z1, d))
  })
})

test_that("the design by columns is model.matrix()'s, and is refused where it could not be", {
  set.seed(3)
  d <- data.frame(a = rnorm(30), i = 1:30, f = factor(rep(c("u", "v", "w"), 10)), s = rep(c("x", "y"), 15), l = rep(c(TRUE, FALSE, FALSE), 10))
  d$m <- matrix(rnorm(60), 30, dimnames = list(NULL, c("p", "q")))
  same <- function(formula, contrasts = NULL) {
    frame <- stats::model.frame(formula, d)
    terms <- attr(frame, "terms")
    ours <- design_list(terms, frame, contrasts)
    twin <- stats::model.matrix(terms, frame, contrasts)
    expect_identical(names(ours), colnames(twin))
    expect_identical(attr(ours, "contrasts"), attr(twin, "contrasts"))
    expect_equal(do.call(cbind, ours), twin, ignore_attr = TRUE)
    expect_true(all(vapply(ours, is.double, NA)))
  }
  same(a ~ i + f + l + s)
  same(a ~ f, list(f = "contr.sum"))
  same(a ~ log(i) + I(i^2) + m + offset(i))
  same(a ~ i - 1)
  same(a ~ 1)
  for (formula in list(a ~ f - 1, a ~ i:f, a ~ i * l)) {
    frame <- stats::model.frame(formula, d)
    expect_null(design_list(attr(frame, "terms"), frame, NULL))
  }
})

test_that("rows with missing values go as na.action says, on both ways to the frame", {
  d <- data.frame(iv_design(n = 60, L = 2, K = 2, seed = 4)[c("y", "x", "z")], w = rnorm(60), g = rep(letters[1:3], 20))
  names(d)[2] <- "x"
  full <- iv_reg(y ~ w + g | x | z.z1 + z.z2, d)
  expect_null(full$na.action)
  d$w[7] <- NA
  d$g[d$g == "c"] <- NA
  fit <- iv_reg(y ~ w + g | x | z.z1 + z.z2, d)
  expect_equal(coef(fit), coef(iv_reg(y ~ w + g | x | z.z1 + z.z2, stats::na.omit(d))))
  expect_length(fit$na.action, 21)
  expect_condition_text(
    iv_reg(y ~ w | x | z.z1, d, na.action = na.fail), "latentmr_error_argument",
    "`data` must be without missing values, not one that has some.\ni na.action = na.omit leaves these rows out, and the print counts them."
  )
  expect_length(residuals(iv_reg(y ~ w | x | z.z1, d, na.action = na.exclude)), 60)
})
