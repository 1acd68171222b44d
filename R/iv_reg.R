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
#' clusters minus one.
#'
#' @param formula `y ~ w | x | z` or `y ~ x + w | z + w`.
#' @param data Data frame.
#' @param estimator,vcov,kappa,fuller,tol As in [iv_fit()].
#' @param cluster A one-sided formula or the name of a column of `data`, or a vector with
#'   a value for each row of `data`.
#' @param weights,subset,na.action,offset As in [lm()]. Rows with missing values
#'   in any variable of the formula, weights or cluster are handled by `na.action`.
#' @param contrasts As in [lm()].
#' @param ... Not used; anything given is an error.
#' @return An object of class `iv_reg` with methods for `coef`, `vcov`, `confint`,
#'   `residuals`, `fitted`, `predict`, `model.matrix`, `formula`, `terms`,
#'   `update`, `anova`, `print`, `summary` (see [summary.iv_reg()]), `hatvalues`,
#'   `nobs`, `df.residual`, `weights`, `deviance`, [ar_set()], `tidy` and `glance`, and
#'   for `sandwich`'s `bread`, `estfun` and `vcovHC`.
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
iv_reg <- function(formula, data, estimator = "2sls", vcov = "iid", cluster = NULL, weights,
                   subset, na.action, offset, contrasts = NULL, kappa = NULL, fuller = 1,
                   tol = 1e-7, ...) {
  if (...length()) {
    abort(sprintf("Unknown argument%s: %s.", if (...length() > 1) "s" else "", quote_all(ifelse(nzchar(names(list(...))), names(list(...)), "(unnamed)"))), "latentmr_error_argument")
  }
  call <- match.call()
  control <- check_kappa(estimator, kappa, fuller)
  if (missing(vcov)) vcov <- default_vcov(estimator, cluster)
  check_number(tol, "tol", min = 0, max = 0.1)
  if (missing(data)) data <- environment(formula)
  model <- iv_model(match.call(expand.dots = FALSE), formula, data, cluster, contrasts, parent.frame())
  formula <- model$formula
  frame <- model$frame
  parts <- model$parts
  y <- stats::model.response(frame)
  if (is.logical(y)) y <- y + 0
  if (is.null(y) || is.matrix(y) || !is.numeric(y)) abort_argument("formula", "one with a single numeric outcome on its left", describe(y))
  check_finite(y, names(frame)[1])
  offset <- stats::model.offset(frame)
  root <- weight_roots(stats::model.weights(frame), length(y))
  response <- setNames(as.double(if (is.null(offset)) y else y - offset), names(y))
  exogenous <- iv_exogenous(parts, estimator)
  run <- function(exogenous) {
    iv_engine(iv_rows(parts, response, root, exogenous, estimator), estimator, vcov, frame[["(cluster)"]], tol, control)
  }
  # Only a regressor that is coded otherwise among the instruments needs a second run.
  fit <- tryCatch(run(exogenous), latentmr_error_exogenous = function(e) {
    if (is.null(e$variables)) stop(e)
    run(exogenous | design_names(parts$X) %in% e$variables)
  })
  fit <- reorder_coefficients(fit, design_names(parts$X))
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

# Three-part formulas become the two of ivreg: regressors | instruments.
iv_formula <- function(formula) {
  if (!inherits(formula, "formula")) abort_argument("formula", "a formula such as y ~ w | x | z", describe(formula))
  formula <- Formula::as.Formula(formula)
  parts <- length(formula)
  if (parts[1] != 1 || !(parts[2] %in% 1:3)) {
    abort_argument(
      "formula", "y ~ w | x | z or y ~ x + w | z + w",
      sprintf("one with %d left and %d right-hand parts", parts[1], parts[2])
    )
  }
  if (parts[2] == 3) {
    formula <- Formula::as.Formula(
      stats::formula(formula, rhs = c(2, 1), collapse = TRUE),
      stats::formula(formula, lhs = 0, rhs = c(3, 1), collapse = TRUE)
    )
  }
  # a dot among the instruments stands for the regressors: y ~ x + w | . - x + z
  has_dot <- function(f) inherits(try(stats::terms(f), silent = TRUE), "try-error")
  if (length(formula)[2] == 2 && has_dot(formula)) {
    first <- stats::formula(formula, rhs = 1)
    second <- stats::formula(formula, lhs = 0, rhs = 2)
    if (!has_dot(first) && has_dot(second)) {
      formula <- Formula::as.Formula(first, stats::update(stats::formula(formula, lhs = 0, rhs = 1), second))
    }
  }
  formula
}

# X and Z: matrices, or with `columns` lists of columns where that can be done.
iv_matrices <- function(formula, frame, data, contrasts, columns = FALSE) {
  design <- function(terms) {
    m <- if (columns) design_list(terms, frame, contrasts)
    if (is.null(m)) stats::model.matrix(terms, frame, contrasts) else m
  }
  full <- stats::terms(formula, data = data)
  regressors <- stats::terms(formula, data = data, rhs = 1)
  X <- design(regressors)
  instruments <- Z <- NULL
  if (length(formula)[2] == 2) {
    instruments <- stats::delete.response(stats::terms(formula, data = data, rhs = 2))
    Z <- design(instruments)
  }
  list(
    X = X, Z = Z, terms = list(regressors = regressors, instruments = instruments, full = full),
    contrasts = list(regressors = attr(X, "contrasts"), instruments = attr(Z, "contrasts"))
  )
}

reorder_coefficients <- function(fit, names) {
  fit$coefficients <- fit$coefficients[names]
  kept <- names[!is.na(fit$coefficients)]
  fit$vcov <- fit$vcov[kept, kept, drop = FALSE]
  fit$cov.unscaled <- fit$cov.unscaled[kept, kept, drop = FALSE]
  fit
}

cluster_values <- function(cluster, data) {
  if (inherits(cluster, "formula")) {
    variables <- all.vars(cluster)
    if (length(variables) != 1 || length(cluster) != 2) abort_argument("cluster", "a formula with one variable, ~ family", sprintf("`%s`", deparse1(cluster)))
    value <- tryCatch(eval(cluster[[2]], data, environment(cluster)), error = function(e) NULL)
    if (is.null(value)) abort_argument("cluster", "a variable of `data`", sprintf("\"%s\"", variables))
    return(value)
  }
  if (is.character(cluster) && length(cluster) == 1 && is.data.frame(data) && nrow(data) != 1) {
    if (!(cluster %in% names(data))) abort_argument("cluster", "a column of `data`", describe(cluster))
    return(data[[cluster]])
  }
  if (is.data.frame(data) && length(cluster) != nrow(data)) {
    abort_argument("cluster", sprintf("as long as `data` has rows (%d)", nrow(data)), describe(cluster))
  }
  cluster
}
