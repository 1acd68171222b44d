# Methods for the generics of packages that need not be installed, called by themselves
# (beside ivreg's in peers/test-iv-ecosystem.R).

method <- function(name) get(paste0(name, ".iv_reg"), asNamespace("LatentMR"))
d <- transform(mtcars, gears = factor(gear))
fit <- iv_reg(mpg ~ hp + gears | wt | disp + cyl, d)

test_that("insight: formula, statistic, degrees of freedom, family", {
  parts <- method("find_formula")(fit)
  expect_identical(all.vars(parts$conditional), c("mpg", "wt", "hp", "gears"))
  expect_identical(all.vars(parts$instruments), c("disp", "cyl", "hp", "gears"))
  expect_length(parts$instruments, 2)
  expect_null(method("find_formula")(iv_reg(mpg ~ hp, d, "ols"))$instruments)
  expect_null(method("find_formula")(iv_fit(d$mpg, d$wt, d$disp, rep(1, 32))))
  expect_identical(method("find_statistic")(fit), "t-statistic")
  df <- method("get_df")
  expect_equal(c(df(fit), df(fit, "wald"), df(fit, "normal"), df(fit, "model")), c(27, 27, Inf, 5))
  expect_equal(df(iv_reg(mpg ~ 1 | wt | disp, d, cluster = ~carb)), 5)
  reduced <- iv_reg(mpg ~ 1 | wt | disp, d, vcov = "CR2", cluster = ~carb)
  expect_equal(2 * pt(-abs(coef(reduced) / sqrt(diag(vcov(reduced)))), df(reduced)), tidy(reduced)$p.value, ignore_attr = TRUE)
  expect_identical(stats::family(fit)$family, "gaussian")
})

test_that("performance: measures and tests of the fit", {
  y <- d$mpg
  e <- residuals(fit)
  shown <- method("model_performance")(fit)
  expect_equal(shown$R2, 1 - sum(e^2) / sum((y - mean(y))^2))
  expect_equal(shown$RMSE, sqrt(mean(e^2)))
  expect_equal(shown$Sigma, sqrt(sum(e^2) / 27))
  expect_equal(shown$Sargan_p, overid_test(fit)$p.value[1])
  expect_null(shown$Hansen)
  robust <- method("model_performance")(iv_reg(mpg ~ hp + gears | wt | disp + cyl, d, vcov = "HC1"))
  expect_equal(robust$Hansen, overid_test(fit)$statistic[4])
  expect_identical(names(method("model_performance")(fit, c("R2_adj", "Sargan"))), c("R2_adjusted", "Sargan", "Sargan_p"))
  expect_identical(names(method("model_performance")(iv_reg(mpg ~ 1 | wt | disp, d), "Sargan")), character())
  expect_equal(unlist(method("r2")(fit)), c(shown$R2, shown$R2_adjusted), ignore_attr = TRUE)
})

test_that("marginaleffects and emmeans: designs at other data and coefficients", {
  new <- data.frame(rowid = 4:6, gears = factor(c(3, 5, 4)), hp = c(90, 100, 200), wt = 2:4)
  moved <- fit
  moved$coefficients[["wt"]] <- 1
  got <- method("get_predict")(moved, new)
  b <- coef(moved)
  expect_equal(got$estimate, b[[1]] + new$wt + b[["hp"]] * new$hp + c(0, b[["gears5"]], b[["gears4"]]))
  expect_identical(got$rowid, 4:6)
  expect_equal(method("get_predict")(fit, d)$estimate, unname(predict(fit)))
  expect_equal(predict(fit, d, type = "response"), predict(fit))
  expect_error(predict(fit, d, type = "link"), class = "latentmr_error_argument")
  terms <- stats::delete.response(terms(fit))
  basis <- method("emm_basis")(fit, terms, fit$levels, new, vcov. = "HC1")
  expect_equal(drop(basis$X %*% basis$bhat), predict(fit, new), ignore_attr = TRUE)
  expect_equal(basis$V, vcov(fit, "HC1"), ignore_attr = TRUE)
  expect_identical(basis$dffun(NULL, basis$dfargs), 27L)
  twice <- iv_reg(mpg ~ hp + I(2 * hp) | wt | disp, d)
  expect_error(method("emm_basis")(twice, terms, fit$levels, new), class = "latentmr_error_argument")
})
