# What a formula and its companions can have wrong: named, and never in R's own words.

people <- local({
  set.seed(4)
  n <- 120
  d <- data.frame(z1 = rbinom(n, 2, .3), z2 = rbinom(n, 2, .5), age = rnorm(n, 60, 8), sex = rep(c("F", "M"), n / 2))
  d$site <- rep(letters[1:6], each = 20)
  u <- rnorm(n)
  d$ldl <- d$z1 + d$z2 + u + rnorm(n)
  d$sbp <- 120 + 2 * d$ldl - 3 * u + rnorm(n)
  d
})
three <- sbp ~ age | ldl | z1 + z2
refused <- function(expr, text, class = "latentmr_error_argument") expect_condition_text(expr, class, text)

test_that("an object that is not there, and a column that a data frame has not, are named with the argument", {
  said <- paste0(
    "`cluster` is given as site, and there is no object of that name.\n",
    "i Make it first; the name of a column, or of a choice, is text: cluster = \"site\"."
  )
  refused(iv_reg(three, people, cluster = site), said)
  refused(wild_test(iv_reg(three, people), cluster = site), said)
  refused(iv_fit(people$sbp, people$ldl, people[1:2], cluster = people$sites), class = "latentmr_error_column", paste0(
    "`cluster` is given as people$sites, and people has no column \"sites\".\ni Did you mean \"site\"?"
  ))
  # a setting that may be NULL, a wrapper's argument, and columns of `data` by name
  set <- list()
  expect_identical(iv_reg(three, people, cluster = set$cluster)$vcov_type, "iid")
  wrapper <- function(...) iv_reg(three, people, ...)
  type <- "HC1"
  expect_identical(wrapper(vcov = type)$vcov_type, "HC1")
  # an error inside an argument is that error
  inner <- function(v) iv_reg(three, people, vcov = v)
  expect_error(inner(stop("mine")), "^mine$")
})

test_that("a subset is a condition or places, not shorter, not text, not fractions", {
  must <- "`subset` must be a condition on the columns of `data`, such as age > 60, or places of its 120 rows, not "
  refused(iv_reg(three, people, subset = "age > 60"), paste0(must, "\"age > 60\".\ni Write the condition without quotes."))
  refused(iv_reg(three, people, subset = c(TRUE, FALSE, TRUE)), paste0(must, "a logical vector of length 3."))
  refused(iv_curve(three, people, subset = age), paste0(must, "a numeric vector of length 120."))
  refused(iv_binary(three, people, subset = 1:200), paste0(must, "a numeric vector of length 200."))
  expect_identical(iv_reg(three, people, subset = -(1:20))$nobs, 100L)
  expect_identical(iv_reg(three, people, subset = age > 60 & site != "a")$nobs, sum(people$age > 60 & people$site != "a"))
})

test_that("a factor of one value, numbers as text and unknown contrasts are named", {
  women <- people[people$sex == "F", ]
  said <- "`sex` is \"F\" in every row that is used: it has no effect of its own.\ni Leave it out of the formula."
  refused(iv_reg(sbp ~ sex | ldl | z1 + z2, women), said)
  refused(iv_curve(sbp ~ sex | ldl | z1 + z2, women), said)
  text <- transform(people, ldl = as.character(ldl), age = factor(as.character(age))) # not with decimal commas of OutDec
  refused(iv_reg(three, transform(people, ldl = as.character(ldl))), "`ldl` must be numeric, not text of 120 numbers.\ni Numbers are as.numeric(ldl).")
  comma <- transform(text, age = factor(sub(".", ",", format(people$age + .5), fixed = TRUE)))
  refused(iv_reg(sbp ~ age | z1 | z2, comma), paste0(
    "`age` must be numeric, not a factor of ", nlevels(comma$age), " numbers.\n",
    "i Numbers are as.numeric(sub(\",\", \".\", as.character(age)))."
  ))
  refused(iv_reg(sbp ~ age | z1 | z2, text), "`age` must be numeric, not a factor of 120 numbers.\ni Numbers are as.numeric(as.character(age)).")
  refused(iv_reg(sbp ~ sex | ldl | z1, people, contrasts = list(sx = "contr.sum")), paste0(
    "`contrasts` must be a list named by factors of the formula, not one with \"sx\".\ni Did you mean \"sex\"?"
  ))
  expect_identical(iv_reg(sbp ~ sex | ldl | z1, people, contrasts = list(sex = "contr.sum"))$nobs, 120L)
})

test_that("infinite and undefined values are told by variable and row", {
  people$ldl[3] <- Inf
  said <- paste0(
    "`ldl` is not finite in 1 row: 3.\n",
    "i Correct these values, or set them to NA: `na.action` leaves out what is missing, not what is infinite."
  )
  refused(iv_reg(three, people), said)
  refused(iv_curve(three, people), said)
  refused(iv_binary(z1 > 0 ~ age | ldl | z2, people), said)
  people$ldl[3] <- -1
  k <- sum(people$ldl < 0)
  said <- sprintf("`log(ldl)` is not defined in %d rows: missing there.", k)
  expect_condition_text(fit <- iv_reg(sbp ~ age | log(ldl) | z1 + z2, people), "latentmr_warning_formula", said)
  expect_identical(fit$nobs, 120L - k)
  expect_condition_text(predict(fit, data.frame(age = 60, ldl = -2)), "latentmr_warning_formula", "`log(ldl)` is not defined in 1 row: missing there.")
})

test_that("new people of an unknown level are named for a curve too", {
  curve <- iv_curve(sbp ~ sex | ldl | z1 + z2, people, seed = 1)
  refused(predict(curve, data.frame(ldl = 1, sex = "X")), paste0(
    "`newdata` does not fit the model: factor sex has new level X.\n",
    "i Its columns must be of the kind, and its factors of the levels, that the fit had."
  ))
})

test_that("update() keeps the three parts that were written", {
  fit <- iv_reg(three, people)
  parts <- function(fit) list(fit$endogenous, fit$exogenous, fit$instruments)
  expect_identical(parts(update(fit, . ~ . - age)), list("ldl", "(Intercept)", c("z1", "z2")))
  expect_identical(parts(update(fit, . ~ . | . | . - z2)), list("ldl", c("(Intercept)", "age"), "z1"))
  expect_identical(coef(update(fit, . ~ . + sex)), coef(iv_reg(sbp ~ age + sex | ldl | z1 + z2, people)))
  two <- iv_reg(sbp ~ ldl + age | z1 + z2 + age, people)
  expect_identical(parts(update(two, . ~ . | . - z2)), list("ldl", c("(Intercept)", "age"), "z1"))
  gone <- local({
    here <- people
    iv_reg(three, here)
  })
  refused(update(gone, estimator = "liml"), paste0(
    "`data` is given as here, and there is no object of that name.\n",
    "i Make it first; the name of a column, or of a choice, is text: data = \"here\"."
  ))
})

test_that("the outcome among the regressors, weights of nobody and factors are refused by iv_fit()", {
  z <- as.matrix(people[1:2])
  refused(iv_fit(people$sbp, people$sbp, z), "`x` must be without the outcome, not one with a column that is `y`.")
  refused(iv_fit(people$sbp, people$ldl, z, cbind(1, people$sbp)), "`w` must be without the outcome, not one with a column that is `y`.")
  refused(iv_fit(people$sbp, people$ldl, z, weights = 0 * people$age), "`weights` must be positive for somebody, not all zero.")
  refused(iv_fit(people$sbp, factor(people$sex), z), paste0(
    "`x` must be a numeric matrix, not a factor vector of length 120.\ni Code its levels: model.matrix(~ f)[, -1]."
  ))
  clustered <- iv_reg(three, people, cluster = ~site)
  refused(wild_test(clustered, by = "site", reps = 99), "`by` must be NULL where people are clustered in one way, not \"site\".")
  # the nearest choice, not the first near one
  refused(iv_compare(clustered, "2SLS"), paste0(
    "`estimators` must be one of \"ols\", \"2sls\", \"liml\", \"fuller\", not \"2SLS\".\ni Did you mean \"2sls\"?"
  ))
})
