# Formulas: roles, columns, kinds of variables, predictions for new people.

people <- function() {
  set.seed(31)
  n <- 150
  d <- data.frame(z1 = rnorm(n), z2 = rbinom(n, 2, .4), age = runif(n, 30, 70), bmi = rnorm(n, 27, 4))
  d$site <- factor(sample(c("a", "b", NA), n, TRUE))
  d$smoker <- sample(c("never", "past", "now"), n, TRUE)
  d$male <- sample(c(TRUE, FALSE), n, TRUE)
  u <- rnorm(n)
  d$ldl <- d$z1 + d$z2 + u + rnorm(n)
  d$sbp <- 100 + 2 * d$ldl + .3 * d$age - u + rnorm(n)
  d
}

test_that("predictions for the training rows are the fitted values, whatever made the columns", {
  d <- people()
  d$std <- scale(d$bmi)
  formulas <- list(
    sbp ~ poly(age, 2) + male | ldl | z1 + z2, sbp ~ splines::ns(age, 3) | ldl | z1 + z2, sbp ~ splines::bs(age, df = 4) | ldl | z1 + z2,
    sbp ~ scale(age) + smoker | ldl | z1 + z2, sbp ~ std | ldl | z1 + z2, sbp ~ age | poly(ldl, 2) | poly(z1, 3) + z2,
    sbp ~ log(age):male | ldl | z1 * z2, sbp ~ addNA(site) + offset(.3 * age) | ldl | z1, sbp ~ cut(age, 3) | scale(ldl) | scale(z1) + z2,
    sbp ~ ldl + scale(bmi) | z1 + scale(bmi), I(sbp / 10) ~ age | ldl | factor(z2)
  )
  for (f in formulas) {
    fit <- iv_reg(f, d)
    expect_equal(predict(fit, d), predict(fit), info = deparse1(f))
    # cut() makes other levels of other rows, which is an error as in lm()
    if (!grepl("cut", deparse1(f))) expect_equal(predict(fit, d[7:9, ]), predict(fit)[7:9], info = deparse1(f))
    expect_equal(predict(fit, d, se.fit = TRUE, interval = "confidence"), predict(fit, se.fit = TRUE, interval = "confidence"))
  }
  # by hand: the centred and scaled age of the training rows
  fit <- iv_reg(sbp ~ scale(age) | ldl | z1 + z2, d)
  by_hand <- coef(fit)[[1]] + 3 * coef(fit)[["ldl"]] + coef(fit)[[3]] * (50 - mean(d$age)) / sd(d$age)
  expect_equal(predict(fit, data.frame(age = 50, ldl = 3))[[1]], by_hand)
})

test_that("offsets count in the fit and for new people, from the formula and the argument", {
  d <- people()
  inside <- iv_reg(sbp ~ bmi + offset(.3 * age) | ldl | z1 + z2, d)
  outside <- iv_reg(sbp ~ bmi | ldl | z1 + z2, d, offset = .3 * age)
  plain <- iv_reg(I(sbp - .3 * age) ~ bmi | ldl | z1 + z2, d)
  expect_equal(coef(inside), coef(plain))
  expect_equal(coef(outside), coef(plain))
  new <- d[1:5, c("ldl", "bmi", "age")]
  expect_equal(predict(inside, new), predict(plain, new) + .3 * new$age)
  expect_equal(predict(outside, new), predict(plain, new) + .3 * new$age)
  expect_equal(predict(inside, interval = "confidence"), predict(inside, d, interval = "confidence"))
})

test_that("missing values in new people give missing predictions, of any kind of column", {
  d <- people()
  d$site <- addNA(d$site)
  fit <- iv_reg(sbp ~ site + smoker + male + log(age) | ldl | factor(z2) + z1, d)
  new <- d[1:4, ]
  for (name in c("smoker", "male", "age", "ldl")) {
    some <- new
    some[[name]] <- NA
    expect_silent(p <- predict(fit, some))
    expect_true(all(is.na(p)), info = name)
    some[[name]] <- new[[name]]
    some[[name]][2] <- NA
    expect_identical(unname(is.na(predict(fit, some))), c(FALSE, TRUE, FALSE, FALSE), info = name)
  }
  # NA is a level of `site`
  new$site <- NA
  expect_equal(predict(fit, new), predict(fit, transform(new, site = addNA(factor(NA, c("a", "b"))))))
  expect_false(anyNA(predict(fit, new)))
  # instruments are not needed, nor looked at
  expect_silent(predict(fit, d[1:3, c("site", "smoker", "male", "age", "ldl")]))
})

test_that("one-column matrices are columns", {
  d <- people()
  plain <- iv_reg(sbp ~ bmi | ldl | z1 + z2, transform(d, bmi = as.numeric(scale(bmi)), z1 = as.numeric(scale(z1)), sbp = as.numeric(scale(sbp))))
  m <- d
  for (name in c("bmi", "z1", "sbp")) m[[name]] <- scale(d[[name]])
  expect_equal(coef(iv_reg(sbp ~ bmi | ldl | z1 + z2, m)), coef(plain))
  m$ldl <- matrix(d$ldl)
  expect_equal(unname(coef(iv_reg(sbp ~ bmi | ldl | z1 + z2, m))), unname(coef(plain)))
  expect_equal(coef(iv_fit(m$sbp, m$ldl, cbind(m$z1, m$z2), cbind(1, bmi = drop(m$bmi)))), setNames(coef(plain)[c(2, 1, 3)], c("x", "w1", "bmi")))
})

test_that("a two-part formula says what it takes for what, once per role in doubt", {
  d <- people()
  expect_condition_text(
    iv_reg(sbp ~ ldl | z1 + z2, d), "latentmr_message_formula",
    "Two-part formula: \"ldl\" is taken as endogenous, \"z1\", \"z2\" as the instruments.\ni y ~ w | x | z (exogenous | endogenous | instruments) leaves no doubt."
  )
  expect_silent(iv_reg(sbp ~ ldl + age | z1 + age, d))
  expect_silent(iv_reg(sbp ~ ldl + age | . - ldl + z1, d))
  expect_silent(iv_reg(sbp ~ age | ldl | z1, d))
})

test_that("roles and columns in doubt are refused in words", {
  d <- people()
  two <- cbind(d, age = d$bmi)
  expect_conditions({
    iv_reg(sbp ~ age | ldl + ldl | z1 + z2, d)
    iv_reg(sbp ~ age + sbp | ldl | z1, d)
    iv_reg(log(sbp) ~ age | ldl | z1 + sbp, d)
    iv_reg(sbp ~ ldl + sbp | z1 + z2, d)
    iv_reg(sbp ~ age + ldl | ldl | z1, d)
    iv_reg(sbp ~ age | ldl + bmi | z1 + z2 + ldl, d)
    iv_reg(sbp ~ age | ldl | z1, two)
    iv_reg(sbp ~ agee | ldl | z1, d)
    iv_reg(sbp ~ age | ldl | z3, d)
    iv_reg(sbp ~ age | ldl | z1, d, weights = wieght)
    iv_reg(sbp ~ age | ldl | z1, as.matrix(d[1:4]))
    iv_binary(male ~ agee | ldl | z1, d)
    predict(iv_reg(sbp ~ age | ldl | z1, d), data.frame(aeg = 50, ldl = 3))
    predict(iv_reg(sbp ~ smoker | ldl | z1, d), data.frame(smoker = "sometimes", ldl = 3))
    predict(iv_reg(sbp ~ age | ldl | z1, d), data.frame(age = "fifty", ldl = 3))
    predict(iv_reg(sbp ~ age | ldl | z1, d), cbind(age = 50, ldl = 3))
  })
  # a formula may name what it needs twice when that is another column
  expect_silent(iv_reg(I(sbp / age) ~ age | ldl | z1, d))
  expect_silent(iv_reg(sbp ~ age | ldl | z1, two[!duplicated(names(two))]))
  expect_silent(iv_reg(sbp ~ bmi | ldl | z1, two))
})
