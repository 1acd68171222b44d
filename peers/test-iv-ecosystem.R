# Fits of iv_reg() in the packages that work on fitted models, beside ivreg's. Each part runs where its
# package is installed.

d <- transform(mtcars, gears = factor(gear))
ours <- iv_reg(mpg ~ hp + gears | wt | disp + cyl, d)
ivreg_fit <- function() {
  skip_if_not_installed("ivreg")
  ivreg::ivreg(mpg ~ hp + gears | wt | disp + cyl, data = d)
}
same <- function(f, theirs, tolerance = 1e-8) expect_equal(f(ours), f(theirs), tolerance = tolerance, ignore_attr = TRUE)

test_that("insight, parameters and performance say what they say of ivreg", {
  skip_if_not_installed("insight")
  theirs <- ivreg_fit()
  for (name in c(
    "find_formula", "find_response", "find_predictors", "find_parameters", "find_statistic", "get_parameters",
    "get_statistic", "get_varcov", "get_df", "get_residuals", "get_sigma", "get_predicted", "model_info", "n_obs", "link_function"
  )) {
    same(getExportedValue("insight", name), theirs)
  }
  expect_identical(insight::find_predictors(ours)$conditional, c("wt", "hp", "gears"))
  skip_if_not_installed("parameters")
  same(function(m) as.data.frame(parameters::model_parameters(m)), theirs)
  same(function(m) as.data.frame(parameters::model_parameters(m, vcov = "HC1")), theirs)
  clustered <- iv_reg(mpg ~ hp | wt | disp + cyl, d, cluster = ~carb)
  ci <- as.data.frame(parameters::model_parameters(clustered))[c("CI_low", "CI_high")]
  expect_equal(as.matrix(ci), confint(clustered), ignore_attr = TRUE, tolerance = 1e-10)
  reduced <- iv_reg(mpg ~ hp | wt | disp + cyl, d, vcov = "CR2", cluster = ~carb)
  shown <- as.data.frame(parameters::model_parameters(reduced))
  expect_equal(as.matrix(shown[c("CI_low", "CI_high")]), confint(reduced), ignore_attr = TRUE, tolerance = 1e-10)
  expect_equal(shown$p, unname(summary(reduced)$coefficients[, 4]))
  skip_if_not_installed("performance")
  same(function(m) unlist(performance::r2(m)), theirs)
  both <- c("R2", "R2_adjusted", "RMSE", "Sigma", "Sargan", "Sargan_p", "Wu_Hausman", "Wu_Hausman_p", "weak_instruments")
  same(function(m) unlist(as.data.frame(performance::model_performance(m))[both]), theirs)
  expect_identical(names(performance::model_performance(ours, "common")), c("R2", "R2_adjusted", "RMSE"))
})

test_that("marginaleffects: slopes, predictions, hypotheses", {
  skip_if_not_installed("marginaleffects")
  # its releases of 2026 use %||%, which base R has from 4.4 on: before, what a user types once in a session
  if (!exists("%||%")) {
    assign("%||%", function(x, y) if (is.null(x)) y else x, globalenv())
    on.exit(rm("%||%", envir = globalenv()))
  }
  theirs <- ivreg_fit()
  # derivatives by differences: not the last digits
  for (f in list(marginaleffects::avg_slopes, marginaleffects::avg_comparisons, marginaleffects::predictions)) {
    same(function(m) as.data.frame(f(m))[c("estimate", "std.error")], theirs, 1e-4)
  }
  same(function(m) as.data.frame(marginaleffects::hypotheses(m, "wt = hp"))[c("estimate", "std.error")], theirs, 1e-5)
  same(function(m) as.data.frame(marginaleffects::avg_slopes(m, vcov = "HC1"))$std.error, theirs, 1e-4)
  slope <- as.data.frame(marginaleffects::avg_slopes(ours, variables = "wt"))
  expect_equal(slope$std.error, sqrt(vcov(ours)["wt", "wt"]), tolerance = 1e-4)
})

test_that("modelsummary and texreg make tables", {
  skip_if_not_installed("modelsummary")
  theirs <- ivreg_fit()
  same(modelsummary::get_estimates, theirs)
  rows <- function(m) subset(modelsummary::modelsummary(list(m), output = "data.frame"), part == "estimates")[, 4]
  same(rows, theirs)
  same(function(m) subset(modelsummary::modelsummary(list(m), vcov = "HC1", output = "data.frame"), part == "estimates")[, 4], theirs)
  skip_if_not_installed("texreg")
  theirs <- suppressWarnings(texreg::extract(theirs))
  table <- suppressWarnings(texreg::extract(ours))
  for (slot in c("coef.names", "coef", "se", "pvalues")) expect_equal(slot(table, slot), slot(theirs, slot), tolerance = 1e-8, ignore_attr = TRUE)
})

test_that("emmeans: means of a factor are predictions at the means of the others", {
  skip_if_not_installed("emmeans")
  grid <- data.frame(gears = factor(3:5), hp = mean(d$hp), wt = mean(d$wt))
  for (type in c("iid", "HC1")) {
    shown <- summary(emmeans::emmeans(ours, "gears", vcov. = type))
    X <- model.matrix(~ wt + hp + gears, grid)
    expect_equal(shown$emmean, drop(X %*% coef(ours)[colnames(X)]), ignore_attr = TRUE)
    expect_equal(shown$SE, sqrt(diag(X %*% vcov(ours, type)[colnames(X), colnames(X)] %*% t(X))), ignore_attr = TRUE)
    expect_equal(shown$df, rep(27, 3))
  }
  expect_equal(summary(emmeans::emmeans(ours, ~gears, at = list(wt = 3)))$emmean, unname(predict(ours, transform(grid, wt = 3))))
})

test_that("predictions and degrees of freedom are ivreg's", {
  theirs <- ivreg_fit()
  new <- d[c(3, 1, 9), ]
  same(df.residual, theirs)
  same(function(m) predict(m, new), theirs)
  same(function(m) predict(m, new, se.fit = TRUE), theirs)
  same(function(m) predict(m, new, interval = "confidence"), theirs)
  skip_if_not_installed("insight")
  same(function(m) as.numeric(insight::get_predicted(m, data = new)), theirs)
})
