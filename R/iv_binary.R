#' Instrumental variable estimation with a 0/1 outcome
#'
#' Effects of an exposure on the risk of an outcome, as risk difference, log risk
#' ratio or log odds ratio, with errors that account for the first stage.
#'
#' @details
#' With instruments `z`, covariates `w` (including the intercept), exposures `x` and
#' `m` their linear first stage on `(z, w)`:
#'
#' * `"2sls"`, a risk difference: two-stage least squares, as [iv_reg()], with robust
#'   errors because the variance of a 0/1 outcome is not constant.
#' * `"msmm"`, a log risk ratio: the multiplicative structural mean model (Hernan and
#'   Robins 2006; Clarke, Palmer and Windmeijer 2015), `E[(y exp(-x b - w c) - 1) (z, w)] = 0`,
#'   by two-step GMM. First weight `((z, w)'(z, w))^-1`; Hansen's J is the minimum of the second
#'   step. It needs no model for the exposure and allows any exposure.
#' * `"tsps"`, two-stage predictor substitution: the second stage is the logistic
#'   (`link = "logit"`, log odds ratio) or log-linear (`link = "log"`, log risk
#'   ratio; quasi-Poisson) regression on `(m, w)`.
#' * `"tsri"`, two-stage residual inclusion (a control function; Terza, Basu and Rathouz
#'   2008): the regression on `(x, w, x - m)`. The coefficient of the residual shows the confounding.
#' * `"glm"`: the regression on `(x, w)`, without instruments, to compare with.
#'
#' Odds ratios are not collapsible: `"tsps"` tends to the odds ratio averaged over what
#' moves `x` beside the instruments, `"tsri"` to one given the residual; both are close to that of a
#' person only when effects are small. With no effect they are right. In case-control samples only
#' the odds ratio has a meaning, and the first stage is that of the sample, unless `weights` undo the sampling.
#'
#' Errors are the sandwich of both stages' estimating equations stacked (M-estimation; for `"msmm"` that of GMM,
#' with the covariance of the moments at the final estimate), with the factors of [iv_fit()] where `m` counts the
#' columns of the second stage. With `weights` every estimating equation is weighted and so is each person's part in
#' the sandwich, as for survey weights. Intervals are normal; with `"cluster"` t on the number of clusters minus
#' one; of `"2sls"` as in [iv_reg()].
#'
#' OneSampleMR: the same estimates. Its `tsps()` and `tsri()` take the fitted exposure, where it is a factor of the second
#' stage's equations, as known: the same errors with one instrument. `"msmm"` is its `estmethod = "gmmalt"`, whose J has the
#' last weight; its gamma regression (`"logmult"`) is not here.
#'
#' The outcome may be 0/1 or logical; a factor with two levels (the second is 1) and
#' the numbers 1 and 2 (PLINK: control, case) are recoded with a message.
#'
#' @inheritParams iv_reg
#' @param formula `y ~ w | x | z` or `y ~ x + w | z + w`, as in [iv_reg()].
#' @param estimator `"tsri"`, `"tsps"`, `"msmm"`, `"2sls"` or `"glm"`.
#' @param link `"logit"` or `"log"`, for `"tsri"`, `"tsps"` and `"glm"` (`"msmm"` is `"log"` always).
#' @param weights Non-negative weights of people: counts, or the inverse of the probability to be in the sample
#'   (those of a case-control sample make its estimates those of the population). Their scale does not matter;
#'   people of weight 0 are left out.
#' @param subset,na.action,offset As in [glm()]; rows with missing values are handled by `na.action`. The offset
#'   is on the scale of the estimate (log odds, log risk, or risk).
#' @param tol As in [iv_fit()].
#' @param vcov `"HC0"`, `"HC1"` or `"cluster"` (the default when `cluster` is given).
#' @param object,x An `iv_binary` object.
#' @param parm,level As in [stats::confint()].
#' @param conf.int,conf.level As in `broom`.
#' @param exponentiate Whether estimates and limits are shown as ratios; an error on the scale
#'   of a risk difference.
#' @param digits Digits shown, as in [stats::printCoefmat()].
#' @param row.names,stringsAsFactors As in [as.data.frame()].
#' @param optional No effect: the columns have names.
#' @param ... Nothing: an argument without a use is an error.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `iv_binary`: a list with `coefficients` (in the order of the formula; `(Intercept)` first
#'   where there is one), `vcov`, `scale` (`"risk difference"`, `"log risk ratio"`, `"log odds ratio"`),
#'   `units`, `estimator`, `link`, `control` (coefficients of the residuals, `"tsri"`), `hansen` (`"msmm"`),
#'   `solutions` (2 when the starting values of `"msmm"` led to different roots, with a warning),
#'   `linear` (the two-stage least squares fit: [first_stage()], [ar_set()], [weakiv_test()] of
#'   it hold for the risk difference), `nobs`, `cases` (outcomes that are 1), `call`, `formula`; others are private.
#'   Methods: `coef`, `vcov`, `confint`, `nobs`, `print`, `summary`, `tidy`, `glance`.
#'
#'   `as.data.frame()`: one row per exposure with the nine columns of `TwoSampleMR::mr()`, then `lo_ci`,
#'   `up_ci`, `or`, `or_lci95`, `or_uci95` (those of `TwoSampleMR::generate_odds_ratios()`: exp of
#'   a log odds ratio and its 95 % limits), `rr`, `rr_lci95`, `rr_uci95` (the same of a log risk ratio; what an estimator
#'   does not give is `NA`), `nobs`, `estimator`, `vcov`, `fstat`, `fstat_type`,
#'   `scale`, `units`.
#' @section Missing values: `na.action`, as in [iv_reg()].
#' @section Errors: `latentmr_error_argument`; `latentmr_error_unidentified` as [iv_fit()];
#'   `latentmr_error_separation` when regressors tell the outcomes apart without error;
#'   `latentmr_error_noconv` when a second stage has no solution; `latentmr_error_weights` when the weight of GMM does
#'   not exist.
#' @references Hernan and Robins (2006), Epidemiology 17:360. Clarke, Palmer and Windmeijer (2015),
#'   Statistical Science 30:96. Terza, Basu and Rathouz (2008), Journal of Health Economics 27:531. Palmer
#'   et al. (2011), American Journal of Epidemiology 173:1392. Burgess et al. (2014), American Journal of
#'   Epidemiology 180:111 (several solutions). Stefanski and Boos (2002), American Statistician 56:29.
#' @examples
#' set.seed(1)
#' n <- 2000
#' d <- data.frame(z1 = rbinom(n, 2, 0.3), z2 = rbinom(n, 2, 0.4), age = rnorm(n))
#' u <- rnorm(n)
#' d$ldl <- 0.6 * d$z1 + 0.5 * d$z2 + 0.3 * d$age + u + rnorm(n)
#' d$chd <- rbinom(n, 1, plogis(-1 + 0.4 * d$ldl - 0.5 * u))
#' fit <- iv_binary(chd ~ age | ldl | z1 + z2, data = d)
#' summary(fit)
#' tidy(fit, exponentiate = TRUE)
#' do.call(rbind, lapply(c("2sls", "msmm", "tsps", "tsri"), function(e) {
#'   as.data.frame(iv_binary(chd ~ age | ldl | z1 + z2, data = d, estimator = e))
#' }))[, c("method", "b", "se", "or", "rr", "scale")]
#' @export
iv_binary <- function(formula, data, estimator = "tsri", link = "logit", vcov = NULL, cluster = NULL,
                      weights, subset, na.action, offset, contrasts = NULL, tol = 1e-7, ...) {
  check_dots(...)
  check_given("formula", lazy = in_data)
  check_choice(estimator, "estimator", binary_estimators)
  check_choice(link, "link", c("logit", "log"))
  check_idle("link", estimator == "2sls", "estimators \"tsri\", \"tsps\" and \"glm\"")
  if (is.null(vcov) && is.null(cluster)) vcov <- "HC1"
  asked <- asked_type(vcov, cluster, "2sls")
  vcov <- asked$type
  check_choice(vcov, "vcov", c("HC0", "HC1", "cluster"))
  check_number(tol, "tol", min = 0, max = 0.1)
  call <- match.call()
  if (missing(data)) data <- environment(formula)
  model <- iv_model(match.call(expand.dots = FALSE), formula, data, asked$cluster, contrasts, parent.frame())
  y <- binary_values(stats::model.response(model$frame), names(model$frame)[1], "formula")
  exogenous <- iv_exogenous(model$parts, "2sls", "Without instruments it is a regression: glm(family = binomial).")
  root <- weight_roots(stats::model.weights(model$frame), length(y))
  if (!is.null(root)) {
    # Their scale does not matter to the estimates; one moves the steps of Newton's method.
    root <- root / sqrt(mean(root[root > 0]^2))
  }
  offset <- frame_or_abort(stats::model.offset(model$frame))
  if (!is.null(offset)) check_finite(offset, "offset")
  y <- setNames(y, rownames(model$frame))
  rows <- iv_rows(model$parts, if (estimator == "2sls" && !is.null(offset)) y - offset else y, root, exogenous, "2sls")
  if (estimator != "2sls") rows$offset <- offset
  engine <- finite_frame(model$frame, iv_engine(rows, "2sls", vcov, model$frame[["(cluster)"]], tol))
  fit <- binary_object(engine, estimator, link, vcov, y)
  fit$coefficients <- fit$coefficients[design_names(model$parts$X)]
  kept <- names(fit$coefficients)[!is.na(fit$coefficients)]
  fit$vcov <- fit$vcov[kept, kept, drop = FALSE]
  fit$outcome <- names(model$frame)[1]
  fit$units <- effect_units(fit$scale, fit$outcome, fit$endogenous)
  fit$call <- call
  fit$formula <- stats::formula(model$formula)
  fit$na.action <- attr(model$frame, "na.action")
  fit
}

# From a fitted two-stage least squares model with a 0/1 outcome.
binary_object <- function(linear, estimator, link, type, outcome = linear$engine$f$rows$y) {
  f <- linear$engine$f
  seen <- unname(if (is.null(f$rows$root)) outcome else outcome[f$rows$root > 0])
  if (length(unique(seen)) < 2) {
    abort(
      sprintf("Every outcome is %g: there is no effect to estimate.", seen[1]), "latentmr_error_argument",
      argument = "formula"
    )
  }
  out <- if (estimator == "2sls") {
    list(vcov = linear$vcov, hansen = linear$diagnostics["Hansen J", ])
  } else {
    part <- binary_fit(f, estimator, link, type, linear$cluster)
    if (isTRUE(part$solutions > 1)) {
      warn(
        "The multiplicative structural mean model has several solutions: the one that fits the moments best is shown.",
        "latentmr_warning_solutions",
        hint = "The data do not tell them apart: compare with the risk difference, estimator = \"2sls\"."
      )
    }
    c(part[c("control", "solutions")], list(hansen = part$j, part = part))
  }
  if (estimator == "2sls") {
    coefficients <- linear$coefficients
  } else {
    x <- linear$endogenous
    coefficients <- 0 * linear$coefficients
    coefficients[x[f$rows$keep_x]] <- out$part$beta
    coefficients[linear$exogenous[f$rows$keep_w]] <- out$part$gamma
    turn <- c(f$K + seq_len(f$k), seq_len(f$K))
    kept <- c(x[f$rows$keep_x], linear$exogenous[f$rows$keep_w])
    out$vcov <- structure(out$part$vcov[turn, turn, drop = FALSE], dimnames = list(kept, kept))
  }
  scale <- binary_scale(estimator, link)
  new_object("iv_binary", list(
    coefficients = coefficients, vcov = out$vcov, scale = scale, units = NULL, estimator = estimator,
    link = if (estimator %in% c("tsps", "tsri", "glm")) link, vcov_type = type, cluster = linear$cluster,
    control = out$control, hansen = out$hansen, solutions = out$solutions, endogenous = linear$endogenous,
    df = if (estimator == "2sls") inference_df(linear) else if (type == "cluster") linear$cluster$count - 1 else Inf,
    nobs = linear$nobs, cases = sum(seen), linear = linear
  ))
}

# unit: of exposure and outcome, NA where not known. "sbp (mmHg) per mmol/L of ldl"
effect_units <- function(scale, outcome, exposure, unit = c(NA, NA)) {
  of <- c(
    "risk difference" = "probability of %s per %s of %s", "log risk ratio" = "log probability of %s per %s of %s",
    "log odds ratio" = "log odds of %s per %s of %s", "log hazard ratio" = "log hazard of %s per %s of %s",
    "mean difference" = "%s per %s of %s"
  )[[scale]]
  if (scale == "mean difference") outcome <- with_unit(outcome, unit[2])
  sprintf(of, outcome, if (is.na(unit[1])) "unit" else unit[1], exposure)
}
