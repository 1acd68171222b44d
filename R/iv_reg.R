#' Instrumental variable regression by formula
#'
#' Estimates linear models with endogenous regressors by two-stage least squares,
#' limited information maximum likelihood, Fuller's or another k-class, the jackknife
#' estimators, two-step GMM or ordinary least squares. Formulas, methods, print and diagnostics follow
#' `ivreg::ivreg()`, and its results are equal to it.
#'
#' @details
#' Formulas are `y ~ w | x | z` (exogenous regressors, endogenous regressors,
#' excluded instruments; coefficients in the order intercept, x, w) or
#' `y ~ x + w | z + w` (regressors; all instruments, exogenous regressors
#' included). The intercept is included in both parts unless it is removed. A
#' regressor is exogenous when its column is one of the instruments' or an exact
#' linear function of them. `y ~ w` alone is for `estimator = "ols"`.
#'
#' Formulas of the estimators and covariances: [iv_fit()]. Intervals and p-values
#' use t with `n - m` degrees of freedom, with `vcov = "cluster"` the number of
#' clusters minus one, with `"CR2"` those of Satterthwaite for each coefficient.
#'
#' @param formula `y ~ w | x | z` or `y ~ x + w | z + w`.
#' @param data Data frame.
#' @param estimator,vcov,kappa,fuller,tol,meat As in [iv_fit()].
#' @param cluster A one-sided formula or the name of a column of `data`, or a vector with
#'   a value for each row of `data`. It makes the errors clustered (unless `vcov` says otherwise, with a
#'   warning). Two ways: `~ family + site`, two names, or a list of two vectors; `~ family:site` is their interaction.
#' @param weights,subset,na.action,offset As in [lm()]. Rows with missing values
#'   in any variable of the formula, weights or cluster are handled by `na.action`.
#' @param contrasts As in [lm()].
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `iv_reg` with methods for `coef`, `vcov`, `confint`, `residuals`, `fitted`, `predict`,
#'   `model.matrix`, `formula`, `terms`, `update`, `anova`, `print`, `summary` (see [summary.iv_reg()]),
#'   `hatvalues`, `nobs`, `df.residual`, `weights`, `deviance`, [ar_set()], `tidy` and `glance`, and for
#'   `sandwich`'s `bread`, `estfun` and `vcovHC`. Its fields: `coefficients`, `vcov`, `residuals`, `sigma`,
#'   `df.residual`, `rank`, `nobs`, `estimator`, `kappa` (of a k-class estimator), `vcov_type`, `weights`,
#'   `endogenous`, `exogenous`, `instruments` (names), `diagnostics`, and with a formula `call`, `formula`, `terms`,
#'   `model`, `na.action`. Others are private.
#' @section Missing values: `na.action` (default of `options("na.action")`, i.e.
#'   rows with any missing value are left out and reported in `summary()`).
#' @section Errors: `latentmr_error_argument`, `latentmr_error_unidentified`; see
#'   [iv_fit()].
#' @references Wooldridge (2010), Econometric Analysis of Cross Section and Panel
#'   Data, ch. 5. Anderson and Rubin (1949), Annals of Mathematical Statistics 20:46.
#' @examples
#' set.seed(1)
#' d <- data.frame(z1 = rbinom(300, 2, 0.3), z2 = rbinom(300, 2, 0.4), age = rnorm(300, 60, 8))
#' u <- rnorm(300)
#' d$ldl <- d$z1 + d$z2 + 0.01 * d$age + u + rnorm(300)
#' d$sbp <- 120 + 2 * d$ldl + 0.3 * d$age - 3 * u + rnorm(300)
#' fit <- iv_reg(sbp ~ age | ldl | z1 + z2, data = d)
#' summary(fit)
#' summary(fit, vcov = "HC1")$diagnostics
#' ar_set(fit)
#' confint(iv_reg(sbp ~ ldl + age | z1 + z2 + age, data = d, estimator = "liml", vcov = "bekker"))
#' @export
iv_reg <- function(formula, data, estimator = "2sls", vcov = NULL, cluster = NULL, weights,
                   subset, na.action, offset, contrasts = NULL, kappa = NULL, fuller = 1,
                   tol = 1e-7, meat = "kclass", ...) {
  check_dots(...)
  check_given("formula", lazy = in_data)
  call <- match.call()
  control <- check_kappa(estimator, kappa, fuller, meat)
  asked <- asked_type(vcov, cluster, estimator)
  check_number(tol, "tol", min = 0, max = 0.1)
  if (missing(data)) data <- environment(formula)
  model <- iv_model(match.call(expand.dots = FALSE), formula, data, asked$cluster, contrasts, parent.frame())
  formula <- model$formula
  frame <- model$frame
  parts <- model$parts
  y <- stats::model.response(frame)
  if (is.logical(y)) y <- y + 0
  refuse_survival(y, "formula")
  if (is.null(y) || is.matrix(y) || !is.numeric(y)) {
    abort_argument("formula", "one with a single numeric outcome on its left", describe(y))
  }
  check_frame_finite(frame[1])
  offset <- frame_or_abort(stats::model.offset(frame))
  root <- weight_roots(stats::model.weights(frame), length(y))
  response <- setNames(as.double(if (is.null(offset)) y else y - offset), names(y))
  exogenous <- iv_exogenous(parts, estimator)
  run <- function(exogenous) {
    rows <- iv_rows(parts, response, root, exogenous, estimator)
    finite_frame(frame, iv_engine(rows, estimator, asked$type, frame[["(cluster)"]], tol, control))
  }
  # Only a regressor that is coded otherwise among the instruments needs a second run.
  fit <- tryCatch(run(exogenous), latentmr_error_exogenous = function(e) {
    if (is.null(e$variables)) stop(e)
    run(exogenous | design_names(parts$X) %in% e$variables)
  })
  fit <- reorder_coefficients(fit, design_names(parts$X))
  if (fit$vcov_type != "CR2") warn_uneven_clusters(fit$cluster, root)
  fit$stage1_names <- design_names(parts$Z)
  fit$call <- call
  fit$formula <- stats::formula(formula)
  fit$terms <- parts$terms
  fit$levels <- stats::.getXlevels(parts$terms$full, frame)
  fit$contrasts <- parts$contrasts
  fit$na.action <- attr(frame, "na.action")
  fit$model <- frame
  fit$offset <- offset
  fit
}

reorder_coefficients <- function(fit, names) {
  fit$coefficients <- fit$coefficients[names]
  kept <- names[!is.na(fit$coefficients)]
  fit$vcov <- fit$vcov[kept, kept, drop = FALSE]
  if (!is.null(fit$df_terms)) fit$df_terms <- fit$df_terms[kept]
  fit$cov.unscaled <- fit$cov.unscaled[kept, kept, drop = FALSE]
  fit
}
