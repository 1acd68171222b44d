# Published answers (recomputed by others to the digits given) on the data of AER.

d95 <- function() {
  env <- new.env()
  data("CigarettesSW", package = "AER", envir = env)
  d <- env$CigarettesSW
  d$rprice <- d$price / d$cpi
  d$rincome <- d$income / d$population / d$cpi
  d$tdiff <- (d$taxs - d$tax) / d$cpi
  d$rtax <- d$tax / d$cpi
  d[d$year == "1995", ]
}

near <- function(object, expected, digits) expect_lte(abs(unname(object) - expected), 0.51 * 10^-digits)

test_that("cigarette demand: Stock and Watson, eq. 12.15 and 12.16", {
  skip_if_not_installed("AER")
  fit <- iv_reg(log(packs) ~ log(rincome) | log(rprice) | tdiff, d95())
  near(coef(fit)[["log(rprice)"]], -1.14338, 5)
  near(sqrt(diag(vcov(fit)))[["log(rprice)"]], 0.35949, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 45.158, 3)
  near(fit$diagnostics["Wu-Hausman", "statistic"], 1.102, 3)
  near(fit$diagnostics["Wu-Hausman", "p-value"], 0.2996, 4)
  expect_equal(unname(fit$diagnostics["Sargan", ]), c(0, NA, NA, NA))
  fit <- iv_reg(log(packs) ~ log(rincome) | log(rprice) | tdiff + rtax, d95())
  se <- sqrt(diag(vcov(fit, "HC1")))
  near(coef(fit)[["log(rprice)"]], -1.27742, 5)
  near(se[["log(rprice)"]], 0.24961, 5)
  near(coef(fit)[["log(rincome)"]], 0.28040, 5)
  near(se[["log(rincome)"]], 0.25389, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 244.73, 2)
  near(fit$diagnostics["Wu-Hausman", "statistic"], 3.068, 3)
  near(fit$diagnostics["Sargan", "statistic"], 0.3326, 4)
  near(fit$diagnostics["Sargan", "p-value"], 0.564, 3)
})

test_that("Mroz wages, two endogenous variables (Stata ivreg2 through OneSampleMR)", {
  skip_if_not_installed("AER")
  env <- new.env()
  data("PSID1976", package = "AER", envir = env)
  d <- env$PSID1976[env$PSID1976$participation == "yes", ]
  fit <- iv_reg(log(wage) ~ 1 | education + experience | age + youngkids + oldkids, d)
  near(coef(fit)[["education"]], 0.10584, 5)
  near(coef(fit)[["experience"]], 0.01615, 5)
  near(sqrt(vcov(fit)["education", "education"]), 0.08098, 5)
  near(fit$diagnostics["Weak instruments (education)", "statistic"], 4.466, 3)
  near(fit$diagnostics["Weak instruments (experience)", "statistic"], 55.044, 3)
  near(fit$diagnostics["Sargan", "statistic"], 1.168, 3)
  near(fit$diagnostics["Sargan", "p-value"], 0.2798, 4)
  near(fit$strength$cragg_donald, 4.463, 3)
  ar <- kclass_ar_test(factor_moments(fit$engine$f), c(0, 0))
  near(ar[["statistic"]], 2.08, 2)
  expect_identical(unname(ar[1:2]), c(3, 424))
  fit <- iv_reg(log(wage) ~ experience + I(experience^2) | education | feducation + meducation, d)
  near(coef(fit)[["education"]], 0.06140, 5)
  near(sqrt(vcov(fit)["education", "education"]), 0.03144, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 55.40, 2)
  near(fit$diagnostics["Sargan", "statistic"], 0.3781, 4)
  near(fit$diagnostics["Sargan", "p-value"], 0.539, 3)
  near(fit$diagnostics["Wu-Hausman", "statistic"], 2.793, 3)
})

test_that("college distance, weak instrument, fertility", {
  skip_if_not_installed("AER")
  env <- new.env()
  data("CollegeDistance", "WeakInstrument", "Fertility", package = "AER", envir = env)
  fit <- iv_reg(wage ~ unemp + ethnicity + gender + urban | education | distance, env$CollegeDistance)
  near(coef(fit)[["education"]], 0.64710, 5)
  near(sqrt(vcov(fit)["education", "education"]), 0.13594, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 50.307, 3)
  near(fit$diagnostics["Wu-Hausman", "statistic"], 41.12, 2)
  fit <- iv_reg(y ~ x | z, env$WeakInstrument)
  near(coef(fit)[["x"]], 1.15773, 5)
  near(sqrt(vcov(fit)["x", "x"]), 0.42691, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 4.566, 3)
  set <- ar_set(fit)
  expect_identical(set$ci_type, "interval")
  near(set$lo, -7.2045, 4)
  near(set$up, 1.7292, 4)
  f <- env$Fertility
  y <- as.double(f$work)
  x <- matrix(as.double(f$morekids == "yes"), dimnames = list(NULL, "morekids"))
  z <- as.double(f$gender1 == f$gender2)
  fit <- iv_fit(y, x, z, rep(1, length(y)))
  near(coef(iv_fit(y, x, NULL, rep(1, length(y)), "ols"))[["morekids"]], -5.38700, 5)
  near(coef(fit)[["morekids"]], -6.31369, 5)
  near(sqrt(vcov(fit, "HC1")[1, 1]), 1.27469, 5)
  near(fit$strength$partial_f, 1237.2, 1)
  near(coef(fit, "stage1")[["z"]], 0.067525, 6)
  for (group in list(list("afam", 13156, -2.50), list("hispanic", 18897, -7.69))) {
    own <- f[[group[[1]]]] == "yes"
    if (sum(own) == group[[2]]) {
      fit <- iv_fit(y[own], x[own, , drop = FALSE], z[own], rep(1, sum(own)))
      near(coef(fit)[["morekids"]], group[[3]], 2)
    }
  }
})

# Kmenta's partly artificial food market (Kmenta 1971, Elements of Econometrics, p. 565;
# the copy in ivreg, GPL >= 2).
test_that("Kmenta: two-stage least squares of the demand equation", {
  fit <- iv_reg(Q ~ P + D | D + F + A, read.csv(test_path("kmenta.csv")))
  near(coef(fit)[["P"]], -0.24356, 5)
  near(sqrt(vcov(fit)["P", "P"]), 0.09648, 5)
  near(fit$diagnostics["Weak instruments", "statistic"], 88.025, 3)
  near(fit$diagnostics["Wu-Hausman", "statistic"], 11.422, 3)
  near(fit$diagnostics["Sargan", "statistic"], 2.983, 3)
})

# NIST StRD: certified coefficients.
test_that("Longley to the digits lm gives, Wampler exact", {
  certified <- c(
    -3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
    -1.03322686717359, -0.511041056535807e-01, 1829.15146461355
  )
  l <- datasets::longley
  X <- cbind(1, l$GNP.deflator, l$GNP * 1000, l$Unemployed * 10, l$Armed.Forces * 10, l$Population * 1000, l$Year)
  colnames(X) <- paste0("b", 0:6)
  fit <- iv_fit(l$Employed * 1000, NULL, NULL, X, "ols")
  reference <- stats::lm.fit(X, l$Employed * 1000)
  digits <- function(b) -log10(max(abs(b / certified - 1)))
  expect_gte(digits(coef(fit)), min(9, digits(reference$coefficients) - 0.5))
  x <- 0:20
  X <- outer(x, 0:5, "^")
  colnames(X) <- paste0("b", 0:5)
  fit <- iv_fit(rowSums(X), NULL, NULL, X, "ols")
  expect_equal(unname(coef(fit)), rep(1, 6), tolerance = 1e-9)
  w2 <- drop(X %*% 10^-(0:5))
  fit <- iv_fit(w2, NULL, NULL, X, "ols")
  ours <- max(abs(coef(fit) / 10^-(0:5) - 1))
  lm_s <- max(abs(stats::lm.fit(X, w2)$coefficients / 10^-(0:5) - 1))
  expect_lte(ours, max(1e-9, 10 * lm_s))
})

test_that("Filip: at lm's tolerance the last power is NA and named, at 1e-11 the digits of lm", {
  filip <- read.table(test_path("filip.txt"), header = TRUE)
  X <- outer(filip$x, 0:10, "^")
  colnames(X) <- paste0("b", 0:10)
  loose <- iv_fit(filip$y, NULL, NULL, X, "ols")
  expect_identical(names(which(is.na(coef(loose)))), names(which(is.na(stats::lm.fit(X, filip$y)$coefficients))))
  certified <- c(
    -1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349,
    -75.1242017393757, -10.8753180355343, -1.06221498588947, -0.670191154593408e-01,
    -0.246781078275479e-02, -0.402962525080404e-04
  )
  tight <- iv_fit(filip$y, NULL, NULL, X, "ols", tol = 1e-11)
  expect_lt(max(abs(coef(tight) / certified - 1)), 1e-6)
})
