# What Stata's commands print, on data that CRAN has.
library(LatentMR)

near <- function(x, printed, digits) expect_lt(abs(x - printed), 0.51 * 10^-digits)

test_that("ivreg2's C statistic: wages of very young men", {
  skip_if_not_installed("Ecdat")
  env <- new.env()
  data("Griliches", package = "Ecdat", envir = env)
  d <- env$Griliches
  for (name in c("rns", "mrt", "smsa")) d[[name]] <- as.integer(d[[name]] == "yes")
  # ivreg2 lw s expr tenure rns smsa (iq = med kww mrt age), r orthog(mrt age)
  test <- overid_test(iv_reg(lw ~ school + expr + tenure + rns + smsa | iq | med + kww + mrt + age, d), instruments = c("mrt", "age"))
  near(test$statistic[test$test == "Hansen J"], 51.545, 3)
  near(test$statistic[test$test == "C (Hansen)"], 51.429, 3)
  # with dummies of the years and gmm: Baum, Schaffer and Stillman (2003), Stata Journal 3:1
  fit <- iv_reg(lw ~ school + expr + tenure + rns + smsa + factor(year) | iq | med + kww + mrt + age, d)
  test <- overid_test(fit, instruments = c("mrt", "age"))
  near(test$statistic[test$test == "Hansen J"], 74.165, 3)
  near(test$statistic[test$test == "C (Hansen)"], 72.989, 3)
})
