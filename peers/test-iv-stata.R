# What Stata's commands print, on data that CRAN has or on Stata's hsng.dta (the 50 states in the census of 1980; as a csv, where HSNG
# names it), and tables of Stata's results that other packages keep for their own tests:
#   estimatr's tests/testthat/stata-iv-ests.txt and stata-iv-diagnostics.txt: numbers below, data mtcars
#   linearmodels' linearmodels/tests/iv/results: read where LINEARMODELS is the root of a copy of bashtage/linearmodels
#   ManyIV's tests/testthat/test_stata.R: numbers below, data of the package (not on CRAN: R CMD INSTALL of a copy of kolesarm/ManyIV)
library(LatentMR)

near <- function(x, printed, digits) expect_lt(abs(x - printed), 0.51 * 10^-digits)
as_printed <- function(x, printed, tolerance = 2e-6) expect_lt(max(abs(unname(x) / printed - 1)), tolerance)

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

# ivregress 2sls|liml|gmm rent pcturban (hsngval = faminc i.region), vce()
hsng <- function() {
  skip_if(Sys.getenv("HSNG") == "", "HSNG is not set")
  utils::read.csv(Sys.getenv("HSNG"), stringsAsFactors = TRUE)
}
rent <- rent ~ pcturban | hsngval | faminc + region

test_that("ivregress 2sls: rents", {
  fit <- iv_reg(rent, hsng())
  as_printed(coef(fit), c(120.70651454, .00223983298, .08151596819)[c(1, 2, 3)])
  se <- function(...) sqrt(diag(vcov(fit, ...)))[["hsngval"]]
  as_printed(se()^2, 1.147578e-07)
  as_printed(se("HC1")^2, 4.804130e-07)
  as_printed(se(cluster = ~division)^2, 1.730715e-07)
})

test_that("ivregress liml: robust and clustered errors have the middle that meat = \"projected\" names", {
  d <- hsng()
  fit <- function(...) iv_reg(rent, d, "liml", meat = "projected", ...)
  as_printed(fit()$kappa, 1.256906483)
  as_printed(coef(fit())[c("hsngval", "pcturban", "(Intercept)")], c(.00266862318, -.18273906839, 117.6086951))
  v <- function(...) vcov(fit(...))["hsngval", "hsngval"]
  as_printed(v(), 1.852579e-07)
  as_printed(v(vcov = "HC1"), 6.729952e-07)
  near(coef(fit())[["hsngval"]] / sqrt(v(cluster = ~division)), 5.9089571618, 6)
  # without `small`: no factor, robust or clustered
  G <- nlevels(d$division)
  as_printed(v(vcov = "HC0") * 50 / 47, 6.729952e-07)
  as_printed(v(cluster = ~division) / (G / (G - 1) * 49 / 47), (.00266862318 / 5.9089571618)^2 / (G / (G - 1) * 49 / 47))
  # the other middle, the k-class's own (ivmodel's): 13 % less here
  as_printed(iv_reg(rent, d, "liml", vcov = "HC1")$vcov["hsngval", "hsngval"], 5.843660e-07)
})

test_that("ivregress gmm: rents", {
  fit <- iv_reg(rent, hsng(), "gmm", vcov = "HC0")
  as_printed(coef(fit)[c("hsngval", "pcturban", "(Intercept)")], c(.00146432787, .76154815601, 112.12271295))
  as_printed(vcov(fit)["hsngval", "hsngval"], 2.000509e-07)
  near(fit$diagnostics["Hansen J", 3], 6.8364006463, 8)
})

# ivregress 2sls mpg (hp am = wt gear), small; weights [aweight = drat / 5]; V[1,1], V[2,2], V[3,3], F, r2, r2_a, rmse
estimates <- list(
  iid = list(
    c(.0001602, 2.2793852, 5.2396632, 44.808289, .75605596, .73923223, 3.0776867),
    c(.00015649, 2.3424049, 5.2400158, 46.736059, .76415188, .74788649, 3.0971208)
  ),
  HC1 = list(
    c(.00015781, 2.2003453, 4.7873499, 41.366981, .75605596, .73923223, 3.0776867),
    c(.00014704, 2.0834808, 4.5677404, 45.410829, .76415188, .74788649, 3.0971208)
  ),
  cluster = list(
    c(.00004096, .7950331, .31612954, 108.37591, .75605596, .73923223, 3.0776867),
    c(.00006651, .64892154, .54670656, 81.595912, .76415188, .74788649, 3.0971208)
  )
)

test_that("estimatr's table: ivregress 2sls with and without weights", {
  for (type in names(estimates)) for (weighted in 1:2) {
    arguments <- list(mpg ~ 1 | hp + am | wt + gear, mtcars, vcov = type)
    if (type == "cluster") arguments$cluster <- mtcars$cyl
    if (weighted == 2) arguments$weights <- mtcars$drat / mean(mtcars$drat)
    s <- summary(do.call(iv_reg, arguments))
    printed <- estimates[[type]][[weighted]]
    as_printed(diag(s$vcov)[c("hp", "am", "(Intercept)")], printed[1:3], 1e-4)
    as_printed(c(s$waldtest[1], s$r.squared, s$adj.r.squared, s$sigma), printed[4:7], 1e-6)
  }
})

# estat firststage, endogenous, overid; errors: small, rob, cluster(cyl); constant, then none. Of each first stage F, of
# the regression-based test of endogeneity F, of the overidentifying restrictions Sargan (score test when robust).
diagnostics <- list(
  list(mpg ~ 1 | hp | wt, mpg ~ 0 | hp | wt,
    weak = list(22.998737, 60.763169, 111.06094, 282.49539, 271.63797, 88.701936),
    endog = c(37.5609, 35.460434, 30.699387, 13.040548, 21.814041, 3.9831298)),
  list(mpg ~ 1 | hp + am | wt + gear, mpg ~ 0 | hp + am | wt + gear,
    weak = list(c(16.699987, 35.541819), c(27.565656, 77.611179), c(960.39475, 1878.568),
      c(140.11773, 68.76829), c(198.51053, 76.755646), c(125.30453, 13504.401)),
    endog = c(4.9756537, 5.2051983, 4.803949, 74.999626, 90.63959, 260.8136)),
  list(mpg ~ gear | hp | wt, mpg ~ 0 + gear | hp | wt,
    weak = list(32.413956, 28.881051, 675.0204, 39.331604, 94.273346, 78.227076),
    endog = c(14.269359, 16.492556, 8.4945694, 3.9155489, 4.9821876, 12.722345)),
  list(mpg ~ gear | hp | wt + am, mpg ~ 0 + gear | hp | wt + am,
    weak = list(16.465278, 12.963381, 2299.2858, 20.821094, 42.220045, 739.99192),
    endog = c(11.127253, 12.930604, 5.9125743, 3.6331882, 4.1280347, 30.775677),
    overid = c(1.9409554, NA, NA, .23214555, NA, NA))
)

test_that("estimatr's table: first stages, endogeneity, overidentification", {
  for (model in diagnostics) for (i in 1:6) {
    fit <- iv_reg(model[[if (i <= 3) 1 else 2]], mtcars)
    type <- c("iid", "HC1", "cluster")[(i - 1) %% 3 + 1]
    s <- if (type == "cluster") summary(fit, cluster = mtcars$cyl) else summary(fit, vcov = type)
    weak <- grepl("^Weak", rownames(s$diagnostics))
    # Stata's `import delimited` keeps seven digits of the data
    as_printed(s$diagnostics[weak, 3], model$weak[[i]], 1e-5)
    as_printed(s$diagnostics["Wu-Hausman", 3], model$endog[i], 1e-5)
    if (!is.null(model$overid) && type == "iid") as_printed(s$diagnostics["Sargan", 3], model$overid[i], 1e-6)
  }
})

# ivreg2 lwage (educ exper = age kidslt6 kidsge6), first, small
test_that("ivreg2 on Mroz's women: Sanderson-Windmeijer, Cragg-Donald, Sargan", {
  skip_if_not_installed("AER")
  env <- new.env()
  data("PSID1976", package = "AER", envir = env)
  d <- subset(env$PSID1976, participation == "yes")
  fit <- iv_reg(log(wage) ~ 1 | education + experience | age + youngkids + oldkids, d)
  table <- first_stage(fit)$table
  as_printed(table$partial_f, c(4.4661716, 55.044363), 1e-6)
  as_printed(table$conditional_f, c(6.6942505, 81.812373), 1e-6)
  as_printed(table$conditional_df1, c(2, 2))
  as_printed(table$conditional_p, c(.00137303, 8.961e-31), 1e-3)
  near(first_stage(fit)$joint$f[1], 4.463, 3)
  near(fit$diagnostics["Sargan", 3], 1.168, 3)
  # Stata divides by n: .0806975, .007568
  se <- sqrt(diag(vcov(fit)) * df.residual(fit) / nobs(fit))
  near(se[["education"]], .0806975, 7)
  near(se[["experience"]], .007568, 6)
  near(weakiv_test(fit, c(0, 0))$statistic[1], 2.08, 2)
  near(weakiv_test(fit, c(0, 0))$p.value[1], .1025, 4)
})

# ---- linearmodels' tables ----
stata_tables <- function(file) {
  lines <- readLines(file)
  start <- grep("^#+ !", lines)
  out <- Map(function(from, to) {
    part <- Filter(length, strsplit(lines[(from + 1):to], "\t"))
    head <- vapply(part, `[`, "", 1)
    split <- grep("Variance", head)
    weight <- c(grep("GMM Weight", head), length(part) + 1)[1]
    top <- part[3:(split - 1)]
    value <- suppressWarnings(as.numeric(vapply(top, function(p) p[2], "")))
    names(value) <- vapply(top, `[`, "", 1)
    rows <- part[(split + 3):(weight - 1)]
    V <- do.call(rbind, lapply(rows, function(p) as.numeric(p[-1])))
    name <- vapply(rows, `[`, "", 1)
    list(value = value[nzchar(names(value))], V = matrix(V, length(name), dimnames = list(name, name)))
  }, start, c(start[-1] - 1, length(lines)))
  stats::setNames(out, sub("^#+ !(.*)! #+$", "\\1", lines[start]))
}

# Stata without `small`: errors over n, robust and clustered without a factor.
no_small <- function(fit, type) {
  n <- nobs(fit)
  m <- n - df.residual(fit)
  G <- fit$cluster$count
  switch(type, iid = (n - m) / n, HC0 = , HC1 = 1, cluster = 1 / (G / (G - 1) * (n - 1) / (n - m)))
}

compare_table <- function(fit, table, type, small, what) {
  name <- sub("_cons", "(Intercept)", colnames(table$V), fixed = TRUE)
  V <- vcov(fit)[name, name, drop = FALSE] * if (small) 1 else no_small(fit, type)
  root <- sqrt(diag(table$V))
  expect_lt(max(abs(V - table$V) / outer(root, root)), 2e-6, label = what)
  expect_equal(unname(coef(fit)[name]), unname(table$value[colnames(table$V)]), tolerance = 1e-7, label = what)
  if ("kappa" %in% names(table$value)) expect_equal(fit$kappa, table$value[["kappa"]], tolerance = 1e-9, label = what)
  if (!is.na(table$value["J"])) {
    if (length(fit$instruments) > length(fit$endogenous)) {
      expect_equal(fit$diagnostics["Hansen J", 3], table$value[["J"]], tolerance = 1e-6, label = what)
    }
  }
}

test_that("linearmodels' tables of ivregress 2sls, liml and gmm on simulated data: 768 settings", {
  folder <- file.path(Sys.getenv("LINEARMODELS"), "linearmodels/tests/iv/results")
  skip_if_not(nzchar(Sys.getenv("LINEARMODELS")) && dir.exists(folder), "a copy of linearmodels (LINEARMODELS)")
  skip_if_not_installed("haven")
  d <- as.data.frame(haven::read_dta(file.path(folder, "simulated-data.dta")))
  tables <- stata_tables(file.path(folder, "stata-iv-simulated-results.txt"))
  left <- c(hac = 0, "gmm, weighted, centred or iid" = 0)
  for (key in names(tables)) {
    part <- strsplit(key, "-")[[1]]
    value <- sub(".*_", "", part[2:5])
    kind <- sub("^[a-z]+\\((.*)\\)$", "\\1", part[6])
    other <- strsplit(c(part, "")[7], "_")[[1]]
    if (grepl("hac", kind)) { left[1] <- left[1] + 1; next }
    weighted <- value[4] == "True"
    if (part[1] == "gmm" && (weighted || "center" %in% other || kind == "unadjusted")) { left[2] <- left[2] + 1; next }
    small <- "small" %in% other
    dep <- c(unadjusted = "y_unadjusted", robust = "y_robust", "cluster cluster_id" = "y_clustered")[[kind]]
    type <- c(unadjusted = "iid", robust = if (small) "HC1" else "HC0", "cluster cluster_id" = "cluster")[[kind]]
    w <- c(if ("noconstant" %in% other) "0" else "1", if (value[2] == "3") c("x3", "x4", "x5"))
    f <- paste(dep, "~", paste(w, collapse = " + "), "|", if (value[1] == "2") "x1 + x2" else "x1", "|", if (value[3] == "2") "z1 + z2" else "z1")
    arguments <- list(stats::as.formula(f), d, part[1], vcov = type)
    if (type == "cluster") arguments$cluster <- d$cluster_id
    if (weighted) arguments$weights <- d$weights
    if (part[1] == "liml") arguments$meat <- "projected"
    compare_table(do.call(iv_reg, arguments), tables[[key]], type, small, key)
  }
  expect_identical(unname(left), c(192, 240))
})

# ---- Angrist and Krueger (1991) with the data of ManyIV ----
test_that("ManyIV's numbers of ivregress and ivreg2: schooling and wages", {
  skip_if_not_installed("ManyIV")
  env <- new.env()
  data("ak80", package = "ManyIV", envir = env)
  d <- env$ak80
  pick <- function(fit, ...) unname(c(coef(fit)[["education"]], sqrt(diag(vcov(fit, ...)))[["education"]]))
  by_n <- function(fit) sqrt(df.residual(fit) / nobs(fit))
  check <- function(formula, data, printed, ...) {
    for (estimator in names(printed)) {
      ours <- iv_reg(formula, data, estimator, vcov = "HC0", meat = if (estimator %in% c("2sls", "ols")) "kclass" else "projected")
      got <- c(pick(ours, "iid"), pick(ours)[2])
      if (estimator != "ols") got[2] <- got[2] * by_n(ours)
      if (estimator == "ols") got[3] <- pick(ours, "HC1")[2]
      keep <- !is.na(printed[[estimator]])
      expect_equal(got[keep], printed[[estimator]][keep], tolerance = 1e-8, label = estimator)
    }
  }
  # Table V, columns 1 and 2
  check(lwage ~ factor(yob) | education | qob:factor(yob), d, list(
    "2sls" = c(.0891154613, .0161098202, .0162120317), b2sls = c(.0937333665, .0180984698, .0204147326),
    liml = c(.0928764165, .0177441446, .0196323640)
  ))
  # its first hundred men: mbtsls' variance is not one
  check(lwage ~ factor(yob) | education | qob, d[1:100, ], list(
    "2sls" = c(-.1609028242, .3277804536, .4120184496), liml = c(-.2054464334, .3788818685, .49813860131)
  ))
  # ivreg2, kclass() prints .3505927902 there; the instruments explain less than noise would
  expect_error(iv_reg(lwage ~ factor(yob) | education | qob, d[1:100, ], "b2sls"), class = "latentmr_error_unidentified")
  # Table VII, columns 1 and 2: quarter of birth by year and by state of birth
  check(lwage ~ factor(yob) + sob | education | qob:sob + qob:factor(yob), d, list(
    ols = c(.0673389705, .0003464258, .0003883466), "2sls" = c(.0928180625, .0093013345, .0096641481),
    b2sls = c(.1089429483, .0120411994, .0159979308), liml = c(.1063979834, .0116383738, .0149803714)
  ))
  # columns 5 and 6, as the paper prints them: with race, city, marriage and region
  for (printed in list(list("ols", .0628, .0003), list("2sls", .0831, .0095))) {
    fit <- iv_reg(lwage ~ factor(yob) + sob + black + smsa + married + division | education | qob:sob + qob:factor(yob), d, printed[[1]])
    near(pick(fit)[1], printed[[2]], 4)
    near(pick(fit)[2], printed[[3]], 4)
  }
  fit <- iv_reg(lwage ~ 1 | education | I(qob == "Q1"), subset(d, division == "Pacific"))
  expect_equal(c(pick(fit)[1], pick(fit)[2] * by_n(fit)), c(.1289102761, .0720969950), tolerance = 1e-8)
})
