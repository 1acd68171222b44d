# OneSampleMR (CRAN wants R 4.5 for it): its estimators on the data of its own tests. What it gave (0.1.7, R 4.2 with that line
# of DESCRIPTION relaxed in a copy) is pinned; where it is installed it is asked again.
library(LatentMR)

set.seed(9)
n <- 1000
Z <- rbinom(n, 1, .5)
X <- rbinom(n, 1, .7 * Z + .2 * (1 - Z))
m0 <- plogis(1 + .8 * X - .39 * Z)
Y <- rbinom(n, 1, plogis(.5 * X + log(m0 / (1 - m0))))
one <- data.frame(Z, X, Y)
set.seed(123456)
d <- data.frame(G1 = rbinom(n, 2, .5), G2 = rbinom(n, 2, .3), G3 = rbinom(n, 2, .4), C1 = runif(n), C2 = runif(n))
U <- runif(n)
d$X <- rbinom(n, 1, plogis(.7 * d$G1 + d$G2 - d$G3 + U + d$C1 + d$C2))
d$Y <- rbinom(n, 1, plogis(-2 + .8 * d$X + U + d$C1 + d$C2))
ours <- function(formula, data, ...) suppressMessages(iv_binary(formula, data, vcov = "HC0", ...))
single <- Y ~ 1 | X | Z
several <- Y ~ C1 + C2 | X | G1 + G2 + G3
close_to <- function(x, y, tolerance) expect_lt(max(abs(unname(x) / unname(y) - 1)), tolerance)

# estimate and error of X: OneSampleMR's tsps() and tsri(), link logit and logadd (log), one instrument and three
pinned <- list(
  tsps = list(logit = list(c(.614506792, .274643603), c(.776611199, .495924242)), log = list(c(.1373457319, .0615886399), c(.318345351, .209612920))),
  tsri = list(logit = list(c(.670470342, .284359639), c(.774768061, .506900874)), log = list(c(.135324261, .061656088), c(.393197349, .222400427)))
)

test_that("two-stage estimators: estimates equal; errors equal with one instrument", {
  for (estimator in names(pinned)) for (link in c("logit", "log")) {
    printed <- pinned[[estimator]][[link]]
    fit <- ours(single, one, estimator = estimator, link = link)
    close_to(c(coef(fit)[["X"]], sqrt(vcov(fit)["X", "X"])), printed[[1]], 1e-6)
    fit <- ours(several, d, estimator = estimator, link = link)
    close_to(coef(fit)[["X"]], printed[[2]][1], 1e-6)
    # its second-stage equation has the fitted exposure as a known factor (?iv_binary): .7 to .8 % less here
    apart <- sqrt(vcov(fit)["X", "X"]) / printed[[2]][2]
    expect_gt(apart, 1.005)
    expect_lt(apart, 1.009)
  }
})

test_that("the identity link is 2SLS with robust errors", {
  fit <- ours(single, one, estimator = "2sls")
  close_to(c(coef(fit)[["X"]], sqrt(vcov(fit)["X", "X"])), c(.1064741050, .0474585442), 1e-7)
  fit <- ours(several, d, estimator = "2sls")
  close_to(c(coef(fit)[["X"]], sqrt(vcov(fit)["X", "X"])), c(.180669479, .115734855), 1e-7)
})

test_that("multiplicative structural mean model: its estmethod = \"gmmalt\"", {
  fit <- ours(single, one, estimator = "msmm")
  close_to(c(coef(fit)[["X"]], sqrt(vcov(fit)["X", "X"])), c(.13136, .060323), 2e-3)
  fit <- ours(Y ~ 1 | X | G1 + G2 + G3, d, estimator = "msmm")
  close_to(c(coef(fit), sqrt(vcov(fit)["X", "X"])), c(-.97710, .44606, .24426), 5e-5)
  # J: 1.3727 at its last weight, ours at that of the first step (the minimum)
  expect_equal(fit$hansen[["statistic"]], 1.38067, tolerance = 1e-5)
})

test_that("OneSampleMR itself", {
  skip_if_not_installed("OneSampleMR")
  for (estimator in names(pinned)) for (link in c("logit", "log")) {
    ask <- getExportedValue("OneSampleMR", estimator)
    for (w in 1:2) {
      theirs <- suppressWarnings(ask(list(Y ~ X | Z, Y ~ X + C1 + C2 | G1 + G2 + G3 + C1 + C2)[[w]], data = list(one, d)[[w]],
                                     link = c(logit = "logit", log = "logadd")[[link]]))$fit
      at <- if (estimator == "tsri" && w == 1) 4 else if (w == 1) 4 else 8
      close_to(c(coef(theirs)[at], sqrt(diag(vcov(theirs)))[at]), pinned[[estimator]][[link]][[w]], 1e-6)
    }
  }
})

test_that("Sanderson-Windmeijer F: the same statistic; the p-value has the L - (k - 1) degrees of freedom, as Stata", {
  set.seed(3)
  n <- 200
  e <- data.frame(z1 = rnorm(n), z2 = rnorm(n), z3 = rnorm(n), z4 = rnorm(n))
  e$x1 <- .2 * e$z1 + .15 * e$z2 + rnorm(n)
  e$x2 <- .1 * e$z2 + .2 * e$z3 + .1 * e$z4 + rnorm(n)
  e$y <- e$x1 + e$x2 + rnorm(n)
  table <- first_stage(iv_reg(y ~ 1 | x1 + x2 | z1 + z2 + z3 + z4, e))$table
  expect_equal(table$conditional_df1, c(3, 3))
  expect_equal(table$conditional_p, pf(table$conditional_f, 3, n - 5, lower.tail = FALSE))
  skip_if_not_installed("OneSampleMR")
  skip_if_not_installed("ivreg")
  theirs <- OneSampleMR::fsw(ivreg::ivreg(y ~ x1 + x2 | z1 + z2 + z3 + z4, data = e, model = TRUE))$fswres
  expect_equal(table$conditional_f, unname(theirs[, 1]), tolerance = 1e-8)
  # fsw() takes pf(, k, ), shows L - (k - 1) in the table
  expect_equal(unname(theirs[, 4]), pf(table$conditional_f, 2, n - 5, lower.tail = FALSE), tolerance = 1e-8)
})
