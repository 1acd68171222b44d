# Methods for the generics of insight (and with it parameters and modelsummary), performance,
# marginaleffects and emmeans, registered when these packages are loaded (R/zzz.R).

#' @importFrom stats family
#' @export
family.iv_reg <- function(object, ...) {
  check_dots(...)
  stats::gaussian()
}

# insight: the equation, and all instruments (ivreg's method takes y ~ w | x | z apart at its
# first bar, and loses x).
find_formula.iv_reg <- function(x, verbose = TRUE, ...) {
  if (is.null(x$terms)) return(NULL)
  instruments <- formula(x, "instruments")
  out <- list(conditional = formula(x, "regressors"))
  if (!is.null(instruments)) out$instruments <- stats::formula(stats::delete.response(stats::terms(instruments)))
  structure(out, class = c("insight_formula", "list"))
}

find_statistic.iv_reg <- function(x, ...) "t-statistic"

# Those of the t tests: with CR2 a number for each coefficient.
get_df.iv_reg <- function(x, type = "residual", verbose = TRUE, ...) {
  type <- lower(type)
  if (type == "normal") return(Inf)
  if (type == "model") return(x$rank)
  if (!is.null(x$df_terms)) return(unname(x$df_terms))
  inference_df(x)
}

# performance: the columns that it has for ivreg, and the robust ones where the fit is robust.
model_performance.iv_reg <- function(model, metrics = "all", verbose = TRUE, ...) {
  s <- summary(model)
  out <- data.frame(
    R2 = s$r.squared, R2_adjusted = s$adj.r.squared, RMSE = sqrt(mean(model$residuals^2)), Sigma = model$sigma
  )
  rows <- c(Sargan = "Sargan", Hansen = "Hansen J", Wu_Hausman = "Wu-Hausman", weak_instruments = "Weak instruments")
  for (name in names(rows)[rows %in% rownames(s$diagnostics)]) {
    test <- s$diagnostics[rows[[name]], ]
    if (is.na(test[["statistic"]])) next
    out[[name]] <- test[["statistic"]]
    out[[paste0(name, "_p")]] <- test[["p-value"]]
  }
  if (identical(metrics, "common")) out <- out[c("R2", "R2_adjusted", "RMSE")]
  if (!all(metrics %in% c("all", "common"))) {
    wanted <- sub("^R2_adj$", "R2_adjusted", sub("^SIGMA$", "Sigma", metrics))
    out <- out[sub("_p$", "", names(out)) %in% wanted]
  }
  structure(out, class = c("performance_model", "data.frame"))
}

r2.iv_reg <- function(model, ...) {
  fit <- fit_measures(model)
  structure(
    list(R2 = c(R2 = fit$r.squared), R2_adjusted = c("adjusted R2" = fit$adj.r.squared)),
    model_type = "Instrumental-Variable", class = "r2_generic"
  )
}

# marginaleffects: predictions at coefficients that it has moved, so that the object is not looked at as a whole.
get_predict.iv_reg <- function(model, newdata = model$model, type = "response", ...) {
  new <- new_design(model, newdata, na.pass)
  X <- new$X[, identified(model), drop = FALSE]
  out <- data.frame(estimate = unname(predicted(X, model$coefficients, new$offset)))
  if ("rowid" %in% names(newdata)) out <- cbind(rowid = newdata$rowid, out)
  out
}

# emmeans
recover_data.iv_reg <- function(object, ...) {
  need_formula(object)
  # The generic is there: this is its method, registered when emmeans was loaded.
  getExportedValue("emmeans", "recover_data")(
    object$call, stats::delete.response(object$terms$regressors), object$na.action, frame = object$model,
    pwts = object$weights, ...
  )
}

emm_basis.iv_reg <- function(object, trms, xlev, grid, vcov. = NULL, ...) {
  X <- model.matrix(
    trms, stats::model.frame(trms, grid, na.action = na.pass, xlev = xlev), contrasts.arg = object$contrasts$regressors
  )
  if (anyNA(object$coefficients)) {
    abort_argument("object", "a fit whose coefficients are all identified", "one with some that are not")
  }
  chosen <- chosen_vcov(object, vcov.)
  list(
    X = X[, names(object$coefficients), drop = FALSE], bhat = unname(object$coefficients), nbasis = matrix(NA),
    V = unname(chosen$v[names(object$coefficients), names(object$coefficients)]), dffun = function(k, dfargs) dfargs$df,
    dfargs = list(df = chosen$df), misc = list()
  )
}
