# Objects of every kind in every argument: an error of ours that names the argument, and
# nothing that base R says.
wrong_things <- function(n) {
  list(
    fun = function(x) x, env = new.env(), complex = complex(n, 1, 1), list = as.list(seq_len(n)), formula = y ~ x,
    raw = as.raw(seq_len(n) %% 255), frame = data.frame(), date = as.Date("2020-01-01") + seq_len(n),
    missing = NA, missing_text = NA_character_, none = character(), nothing = numeric(), infinite = Inf,
    array = array(1, c(2, 2, 2)), nan = rep(NaN, n), matrix_of_lists = matrix(list(1), 2, 2)
  )
}

# "" for an error of ours, or what else happened.
fault_of <- function(call) {
  tryCatch({
    suppressMessages(call)
    "nothing was said"
  }, latentmr_error_internal = function(e) conditionMessage(e), latentmr_error = function(e) "",
  error = function(e) paste("base R:", conditionMessage(e)),
  latentmr_warning = function(w) "", warning = function(w) paste("base R warns:", conditionMessage(w)))
}

expect_refused <- function(fun, arguments, arg, allowed = character(), n = 200) {
  things <- wrong_things(n)
  for (name in setdiff(names(things), allowed)) {
    arguments[arg] <- list(things[[name]])
    expect_identical(fault_of(do.call(fun, arguments)), "", info = paste(arg, name))
  }
}

test_that("constructors and readers refuse what is no data", {
  p <- known_parts()
  given <- list(p$g, p$bmi, p$sbp, p$site, p$covariates)
  names(given) <- c("genotypes", "exposure", "outcome", "environment", "covariates")
  for (arg in c("genotypes", "exposure", "outcome", "environment", "structure", "block", "background", "variants", "kind", "units", "scale_traits")) {
    expect_refused(mr_data, given, arg)
  }
  expect_refused(mr_data, given, "covariates", "frame") # no columns: no covariates
  f <- known_files()
  given <- list(bfile = f$bfile, pheno = f$pheno, exposure = "bmi", outcome = "sbp", environment = "site")
  for (arg in c("bfile", "pheno", "exposure", "outcome", "environment", "covariates", "instruments", "id", "encoding", "outcome_kind")) {
    expect_refused(read_mr_data, given, arg)
  }
  expect_refused(read_mr_data, given, "keep")
  expect_refused(read_mr_data, given, "remove", c("none", "nothing")) # an empty list
  expect_refused(read_plink, list(), "prefix")
})

test_that("functions of a fit refuse other objects", {
  for (name in c("average_effect", "ar_set", "weakiv_test", "weakiv_set", "overid_test", "direction_test", "verdict", "report",
                 "flow", "variants", "samples", "first_stage", "iv_compare", "leave_one_out", "single_variant", "strobe_mr", "as_twosample")) {
    fun <- get(name, asNamespace("LatentMR"))
    for (thing in wrong_things(20)) expect_identical(fault_of(fun(thing)), "", info = name)
  }
})

test_that("iv_reg() says which argument it cannot use", {
  set.seed(1)
  d <- data.frame(y = rnorm(60), x = rnorm(60), z = rnorm(60))
  given <- list(y ~ 1 | x | z, data = d)
  expect_refused(iv_reg, given, "weights", n = 60)
  expect_refused(iv_reg, given, "offset", n = 60)
  expect_refused(iv_reg, given, "na.action", "fun", n = 60)
  expect_refused(iv_reg, given, "contrasts", n = 60)
  expect_refused(iv_reg, given, "subset", n = 60)
  expect_refused(iv_reg, given, "data", "env", n = 60)
  expect_error(iv_reg(y ~ 1 | x | z, d, weights = 1:3), "`weights` cannot be used", class = "latentmr_error_argument")
  fit <- iv_reg(y ~ 1 | x | z, d)
  expect_refused(confint, list(fit), "parm")
  expect_identical(rownames(confint(fit, -1)), "x")
  expect_identical(rownames(confint(fit, c("x", "(Intercept)"))), c("x", "(Intercept)"))
  expect_error(confint(fit, c(1, -2)), "`parm`", class = "latentmr_error_argument")
})

test_that("a formula, a data frame and survival times where they do not belong: what does", {
  d <- data.frame(x = 1:3, z = 1:3)
  expect_error(latent_mr(x ~ 1 | z), "iv_reg\\(\\), iv_binary\\(\\) and iv_curve\\(\\) take formulas", class = "latentmr_error_argument")
  expect_error(latent_mr(x ~ 1 | z, data = d), "mr_data\\(\\) takes its columns", class = "latentmr_error_argument")
  associations <- data.frame(SNP = "rs1", beta = .1, se = .1)
  expect_error(latent_mr(associations), "mr_moments_from_summary\\(\\)", class = "latentmr_error_argument")
  time <- structure(cbind(time = c(3, 5, 2, 8), status = c(1, 0, 1, 1)), class = "Surv", type = "right")
  x <- c(1, 3, 2, 2)
  g <- cbind(rs1 = c(0, 1, 2, 1))
  for (wrong in list(
    quote(iv_reg(time ~ x, estimator = "ols")), quote(iv_binary(time ~ 1 | x | g)), quote(iv_curve(time ~ x | g)),
    quote(mr_data(g, x, time, rep("a", 4)))
  )) expect_error(eval(wrong), "times to an event.*latent_hazard[(][)]", class = "latentmr_error_argument")
})

test_that("simple accessors and formulas of what is no fit any more", {
  for (class in c("iv_reg", "latent_mr", "iv_binary")) for (f in list(coef, vcov, nobs, formula)) {
    expect_error(f(structure(1, class = class)), class = "latentmr_error_object")
  }
  for (f in list(df.residual, residuals, weights, terms, update)) {
    expect_error(f(structure("a", class = "iv_reg")), class = "latentmr_error_object")
  }
  for (f in list(flow, update)) expect_error(f(structure(1, class = "latent_mr")), class = "latentmr_error_object")
  expect_error(nobs(structure(1, class = "iv_curve")), class = "latentmr_error_object")
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
  expect_error(update(fit, formula = 3), "`formula.` must be a formula", class = "latentmr_error_argument")
  fit["formula"] <- list(globalenv())
  expect_condition_text(
    update(fit, . ~ . - hp), "latentmr_error_object", paste0(
      "`object$formula` must be a formula, not an environment.\n",
      "i The <iv_reg> object was made by another version of the package, or changed on the way: make it again."
    )
  )
  expect_error(formula(fit), class = "latentmr_error_object")
  expect_error(hsic_test(1:30 + 0, rnorm(30), permutations = -1), "`permutations`", class = "latentmr_error_argument")
  expect_error(mmd_test(1:30 + 0, rnorm(30), permutations = 0), "`permutations`", class = "latentmr_error_argument")
})

test_that("a variable that lies about does not stand for one that `newdata` lacks", {
  d <- data.frame(age = rnorm(30), z = rnorm(30))
  ldl <- d$ldl <- d$z + rnorm(30)
  d$sbp <- d$ldl + rnorm(30)
  fit <- iv_reg(sbp ~ age | ldl | z, data = d)
  expect_error(predict(fit, newdata = d["age"]), "`newdata` has no column \"ldl\"", class = "latentmr_error_column")
})

test_that("things that no argument can be, found by trying them on every function", {
  expect_condition_text(
    hsic_test(1:30 + 0, rnorm(30), kernel = function(x) x), "latentmr_error_argument",
    "`kernel` must be one value or two (for `x` and for `y`), not a function."
  )
  expect_error(hsic_test(1:30 + 0, rnorm(30), kernel = character()), "`kernel`", class = "latentmr_error_argument")
  expect_error(hsic_test(1:30 + 0, rnorm(30), bandwidth = quote(x)), "`bandwidth`", class = "latentmr_error_argument")
  # more elements than an integer counts
  expect_identical(describe(seq_len(3e9)), "a numeric vector of length 3000000000")
  expect_error(outlying_variants(seq_len(3e9)), "of length 3000000000", class = "latentmr_error_argument")
})
