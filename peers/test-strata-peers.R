# Strata of the exposure against SUMnlmr and DRMR (both on GitHub only), where they are installed.
library(LatentMR)

set.seed(11)
n <- 1000
d <- data.frame(z = rnorm(n))
u <- rnorm(n)
d$x <- .5 * d$z + u + rnorm(n)
d$y <- .3 * d$x^2 / 4 + u + rnorm(n)
fit <- iv_curve(y ~ x | z, data = d, seed = 1, control = curve_control(members = 1))
ours <- stratum_table(fit, 5)

test_that("SUMnlmr: strata and their associations, ranges for pictures", {
  skip_if_not_installed("SUMnlmr")
  for (method in c("residual", "doubly-ranked")) {
    named <- if (method == "residual") "residual" else "ranked"
    theirs <- SUMnlmr::create_nlmr_summary(d$y, d$x, d$z, q = 5, strata_method = named)$summary
    shown <- ours[ours$method == method, names(theirs)]
    expect_equal(shown, theirs, ignore_attr = TRUE, tolerance = 1e-8)
  }
})

test_that("DRMR: strata and their effects", {
  skip_if_not_installed("DRMR")
  theirs <- DRMR::getSummaryInf(DRMR::Stratify(data.frame(Z = d$z, X = d$x, Y = d$y), Ns = 5), getHeterQ = FALSE)
  columns <- c("size", "min", "1q", "mean", "3q", "max", "Fvalue", "bx", "bxse", "by", "byse", "est", "se")
  # DRMR takes the five numbers from summary(), which older R rounded
  expect_equal(ours[ours$method == "doubly-ranked", columns], as.data.frame(theirs$DRres)[columns], ignore_attr = TRUE, tolerance = 1e-7)
  residual <- ours[ours$method == "residual", ]
  columns <- setdiff(columns, c("est", "se"))
  expect_equal(residual[columns], as.data.frame(theirs$Rres)[columns], ignore_attr = TRUE, tolerance = 1e-7)
  # its effect has the stratum's own association with the exposure, ours that of everybody (Staley and Burgess)
  expect_equal(residual$by / residual$bx, as.data.frame(theirs$Rres)$est, tolerance = 1e-7)
  everybody <- coef(lm(x ~ z, d))[["z"]]
  expect_equal(residual$est, residual$by / everybody, tolerance = 1e-10)
})
