# The truth is the fit without the row.

without <- function(fit, data) {
  t(vapply(seq_len(nrow(data)), function(i) {
    coef(fit) - coef(update(fit, data = data[-i, ]))
  }, coef(fit)))
}

car_fits <- function() {
  cars <- mtcars
  cars$many <- rep(c(.5, 1, 2, 3), 8)
  list(
    cars = cars,
    plain = iv_reg(mpg ~ qsec | wt + hp | disp + cyl + gear + drat, data = cars),
    weighted = iv_reg(mpg ~ qsec | wt + hp | disp + cyl + gear + drat, data = cars, weights = many),
    exact = iv_reg(mpg ~ qsec | wt | disp, data = cars),
    ols = iv_reg(mpg ~ qsec + wt, data = cars, estimator = "ols")
  )
}

test_that("changes of the coefficients are those of the fit without the row", {
  fits <- car_fits()
  cars <- fits$cars
  for (fit in fits[-1]) {
    brute <- without(fit, cars)
    expect_equal(unname(dfbeta(fit)), unname(brute), tolerance = 1e-8)
    expect_identical(dimnames(dfbeta(fit)), list(rownames(cars), names(coef(fit))))
  }
  found <- influence(fits$plain)
  s <- vapply(seq_len(nrow(cars)), function(i) update(fits$plain, data = cars[-i, ])$sigma, 0)
  expect_equal(unname(found$sigma), s, tolerance = 1e-8)
})

test_that("ordinary least squares: R's own diagnostics", {
  fit <- iv_reg(mpg ~ wt + hp, data = mtcars, estimator = "ols")
  twin <- lm(mpg ~ wt + hp, mtcars)
  expect_equal(dfbeta(fit), dfbeta(twin))
  expect_equal(dfbetas(fit), dfbetas(twin))
  expect_equal(cooks.distance(fit), cooks.distance(twin))
  expect_equal(rstudent(fit), rstudent(twin))
  expect_equal(influence(fit)$dffits, dffits(twin))
})

test_that("two-stage least squares: ivreg's numbers", {
  # ivreg 0.6-8 on the same formulas and data: influence(m) at rows 3, 17 and 31 (all of it in peers/test-iv-peers.R)
  fits <- car_fits()
  at <- c(3, 17, 31)
  wanted <- list(
    plain = list(
      sigma = c(2.7128779821, 2.6769777783, 3.4723061184), dffits = c(-.2460372285, .9605247645, -1.0091748351),
      cookd = c(.0143306872, .2126725842, .3949787026), hatvalues = c(.0875417769, .1204191949, .2820877495),
      rstudent = c(-1.0117966880, 2.4539989365, -.5838958582)
    ),
    weighted = list(
      sigma = c(3.0079954137, 3.2605512889, 5.3553863298), dffits = c(-.3600296687, .3093499913, 2.6607613218),
      cookd = c(.0276240067, .0239628262, 4.7824363428), hatvalues = c(.1118416083, .0405712721, .4384267768),
      rstudent = c(-1.6600062654, 1.4788674154, -.5767189204)
    )
  )
  for (name in names(wanted)) {
    found <- influence(fits[[name]])
    for (part in names(wanted[[name]])) {
      expect_equal(unname(found[[part]][at]), wanted[[name]][[part]], tolerance = 1e-8)
    }
  }
  expect_equal(unname(influence(fits$plain)$dfbeta[at, "wt"]), c(-.2011980097, .8544265139, 1.9730966005), tolerance = 1e-8)
  expect_equal(unname(influence(fits$weighted)$dfbeta[at, "hp"]), c(.0147627145, -.0046497843, .1950823690), tolerance = 1e-7)
  residual <- residuals(fits$plain, "regressors")
  expect_equal(unname(residual[at]), c(-2.8812670904, 2.6541391127, -.7942779027), tolerance = 1e-8)
  expect_equal(
    unname(residuals(fits$weighted, "projected")[at, "wt"]), c(.1538375924, .4340899519, -.0815022275), tolerance = 1e-8
  )
})

test_that("rows left out, methods of the result, columns of broom, pictures", {
  cars <- mtcars
  cars$wt[3] <- NA
  fit <- iv_reg(mpg ~ qsec | wt | disp + cyl, data = cars, na.action = na.exclude)
  found <- influence(fit)
  expect_identical(names(found$cookd), rownames(cars))
  expect_identical(which(is.na(found$cookd)), c("Datsun 710" = 3L))
  complete <- iv_reg(mpg ~ qsec | wt | disp + cyl, data = cars[-3, ])
  expect_equal(found$cookd[-3], cooks.distance(complete))
  expect_identical(cooks.distance(found), found$cookd)
  expect_identical(rstudent(found), found$rstudent)
  expect_identical(hatvalues(found), found$hatvalues)
  expect_identical(dfbeta(found), found$dfbeta)
  added <- augment(fit, cars)
  expect_identical(
    setdiff(names(added), names(cars)), c(".fitted", ".resid", ".hat", ".sigma", ".cooksd", ".std.resid")
  )
  expect_identical(nrow(augment(complete)), 31L)
  # standardised by hand
  expect_equal(added$.std.resid[-3], unname(residuals(complete) / (complete$sigma * sqrt(1 - hatvalues(complete)))))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(plot(fit), fit)
})

test_that("other estimators and wrong arguments are refused in words", {
  fit <- iv_reg(mpg ~ qsec | wt | disp + cyl, data = mtcars, estimator = "liml")
  expect_error(influence(fit), "`model` must be a fit of estimator \"2sls\" or \"ols\", not one of \"liml\".", class = "latentmr_error_argument", fixed = TRUE)
  expect_error(plot(fit, which = 5), "`which` must be some of the numbers 1 to 4", class = "latentmr_error_argument")
  fit <- iv_reg(mpg ~ qsec | wt | disp + cyl, data = mtcars)
  expect_error(augment(fit, mtcars[-1, ]), "`data` must be the 32 rows of the fit, not 31 rows.", class = "latentmr_error_argument", fixed = TRUE)
  expect_error(augment(fit, 1), "`data` must be a data frame", class = "latentmr_error_argument")
  expect_error(influence(fit, kind = "both"), class = "latentmr_error_argument")
})
