# Predictions of a fit.

#' @rdname iv_methods
#' @importFrom stats predict na.pass
#' @export
predict.iv_reg <- function(object, newdata, na.action = na.pass, se.fit = FALSE, interval = "none",
                           level = 0.95, df = Inf, type = "response", ...) {
  check_dots(...)
  check_made(object)
  check_choice(type, "type", "response")
  check_choice(interval, "interval", c("none", "confidence", "prediction"))
  check_flag(se.fit, "se.fit")
  check_number(level, "level", 0, 1, open = TRUE)
  check_df(df)
  if (missing(newdata)) {
    X <- model.matrix(object)
    offset <- object$offset
    gone <- object$na.action
  } else {
    new <- new_design(object, newdata, na.action)
    X <- new$X
    offset <- new$offset
    gone <- NULL
  }
  X <- X[, identified(object), drop = FALSE]
  fit <- predicted(X, object$coefficients, offset)
  if (!se.fit && interval == "none") return(naresid(gone, fit))
  se <- sqrt(rowSums((X %*% vcov(object, complete = FALSE)) * X))
  out <- if (se.fit) cbind(fit = fit, se.fit = se) else cbind(fit = fit)
  if (interval != "none") {
    wide <- if (interval == "prediction") sqrt(se^2 + object$sigma^2) else se
    q <- stats::qt((1 + level) / 2, df)
    out <- cbind(out, lwr = fit - q * wide, upr = fit + q * wide)
  }
  naresid(gone, out)
}

identified <- function(object) names(object$coefficients)[!is.na(object$coefficients)]

predicted <- function(X, coefficients, offset) {
  fit <- drop(X %*% coefficients[colnames(X)])
  if (is.null(offset)) fit else fit + offset
}

new_design <- function(object, newdata, na.action) {
  frame <- new_frame(object, newdata, na.action)
  terms <- stats::delete.response(object$terms$regressors)
  list(
    X = model.matrix(terms, frame, contrasts.arg = object$contrasts$regressors),
    offset = new_offset(object, frame, newdata)
  )
}

# The model frame of the regressors for new people: bases and scales as they were fitted,
# levels those of the fit.
new_frame <- function(object, newdata, na.action) {
  need_formula(object)
  if (!is.data.frame(newdata)) abort_argument("newdata", "a data frame", describe(newdata))
  terms <- stats::delete.response(object$terms$regressors)
  check_new_columns(terms, newdata)
  newdata <- plain_columns(typed_missing(newdata, object))
  levels <- object$levels[intersect(names(object$levels), vapply(as.list(attr(terms, "variables"))[-1], deparse1, ""))]
  misfit <- new_misfit(newdata, levels, attr(terms, "dataClasses"))
  if (!is.null(misfit)) abort_misfit(misfit)
  tryCatch(
    {
      frame <- told_frame(stats::model.frame(terms, newdata, na.action = na.action, xlev = levels))
      stats::.checkMFClasses(attr(terms, "dataClasses"), frame)
      frame
    },
    error = function(e) abort_misfit(conditionMessage(e))
  )
}

abort_misfit <- function(what) {
  abort(
    sprintf("`newdata` does not fit the model: %s.", what), "latentmr_error_argument", argument = "newdata",
    hint = "Its columns must be of the kind, and its factors of the levels, that the fit had."
  )
}

# What columns of new people are that those of the fit were not, or NULL; what is made of columns is R's to check.
new_misfit <- function(newdata, levels, classes) {
  for (name in intersect(names(classes), names(newdata))) {
    now <- stats::.MFclass(newdata[[name]])
    both <- c(now, classes[[name]])
    known <- all(both %in% c("numeric", "logical", "factor", "character"))
    if (known && both[1] != both[2] && !all(both %in% c("factor", "character"))) {
      return(sprintf("variable '%s' was fitted with type \"%s\" but type \"%s\" was supplied", name, classes[[name]], now))
    }
    if (is.null(levels[[name]])) next
    new <- setdiff(as.character(newdata[[name]]), c(levels[[name]], NA))
    several <- if (length(new) > 1) "s" else ""
    if (length(new)) return(sprintf("factor %s has new level%s %s", name, several, list_some(new, 5)))
  }
}

check_new_columns <- function(terms, newdata) {
  envir <- environment(terms)
  for (name in setdiff(all.vars(terms), names(newdata))) {
    found <- get0(name, envir = envir)
    # a constant; a vector that happens to lie there is of the people of the fit
    if (!is.null(found) && !is.function(found) && length(found) == 1) next
    abort(
      sprintf("`newdata` has no column \"%s\".", name), c("latentmr_error_column", "latentmr_error_argument"),
      argument = "newdata", column = name, hint = near_names(name, names(newdata))
    )
  }
}

# A column of NA alone is logical, whatever it was in the fit.
typed_missing <- function(newdata, object) {
  for (name in names(newdata)) {
    v <- newdata[[name]]
    if (!is.logical(v) || !all(is.na(v))) next
    fitted <- object$model[[name]]
    newdata[[name]] <- if (is.logical(fitted)) {
      v
    } else if (is.factor(fitted)) {
      factor(v, levels(fitted), exclude = if (anyNA(levels(fitted))) NULL else NA)
    } else if (is.character(fitted)) {
      as.character(v)
    } else {
      as.double(v)
    }
  }
  newdata
}

# offset() in the formula and the argument, as predict.lm() has them.
new_offset <- function(object, frame, newdata) {
  at <- attr(object$terms$full, "offset")
  calls <- as.list(attr(object$terms$full, "variables"))[at + 1]
  if (!is.null(object$call$offset)) calls <- c(calls, object$call$offset)
  if (!length(calls)) return(NULL)
  Reduce(`+`, lapply(calls, function(e) eval(e, newdata, environment(object$terms$regressors))))
}
