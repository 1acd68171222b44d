# Outcome, exposure, instruments and covariates of a curve as plain matrices.

curve_rows <- function(terms, frame, data, formula) {
  parts <- iv_matrices(formula, frame, data, NULL)
  y <- stats::model.response(frame)
  refuse_survival(y, "formula")
  if (is.null(y) || is.matrix(y) || !is.numeric(y)) {
    abort_argument("formula", "one with a single numeric outcome on its left", describe(y))
  }
  if (is.null(parts$Z)) {
    abort_argument(
      "formula", "y ~ x | z or y ~ w | x | z", "one without instruments",
      "Without them a curve is a regression: lm() with splines, or the package mgcv."
    )
  }
  exogenous <- iv_exogenous(parts, "2sls")
  if (all(exogenous)) {
    abort_argument("formula", "y ~ x | z or y ~ w | x | z with one exposure", "one without an exposure")
  }
  check_curve_exposures(parts, frame, !exogenous)
  offset <- frame_or_abort(stats::model.offset(frame))
  if (!is.null(offset)) y <- y - offset
  rows <- iv_rows(parts, as.double(y), NULL, exogenous, "2sls")
  w <- rows$w
  w <- if (is.null(w)) matrix(0, length(y), 0) else w[, colnames(w) != "(Intercept)", drop = FALSE]
  x <- if (sum(!exogenous) == 1) as.double(rows$x) else plain_matrix(rows$x)
  list(
    y = as.double(y), x = x, z = plain_matrix(rows$z), w = plain_matrix(w),
    names = list(
      outcome = names(frame)[1], exposure = colnames(parts$X)[!exogenous],
      instruments = colnames(rows$z), covariates = colnames(w)
    ),
    design = list(
      terms = stats::delete.response(parts$terms$regressors),
      levels = stats::.getXlevels(parts$terms$regressors, frame), contrasts = parts$contrasts$regressors
    )
  )
}

# Numeric, at most three, each a variable of its own.
check_curve_exposures <- function(parts, frame, endogenous) {
  term <- attr(parts$X, "assign")[endogenous]
  label <- attr(parts$terms$regressors, "term.labels")[term]
  for (name in unique(label)) {
    if (is.null(frame[[name]]) || is.numeric(frame[[name]])) next
    abort(
      sprintf("The exposure `%s` must be numeric, not %s.", name, describe(frame[[name]])),
      "latentmr_error_argument", argument = name
    )
  }
  names <- colnames(parts$X)[endogenous]
  if (sum(endogenous) > 3) {
    abort(
      sprintf("Three exposures are possible, not %d: %s.", sum(endogenous), quote_all(names)),
      "latentmr_error_argument", argument = "formula", hint = "iv_reg() estimates their slopes together."
    )
  }
  variable <- lapply(unique(label), function(l) all.vars(str2lang(l)))
  if (length(names) > length(unique(label)) || anyDuplicated(unlist(variable))) {
    abort(
      sprintf("One variable makes several exposures: %s.", quote_all(names)), "latentmr_error_argument",
      argument = "formula", hint = "Give the variable itself: the curve finds the shape."
    )
  }
}

plain_matrix <- function(m) matrix(as.double(m), nrow(m), ncol(m))

# Exposure and covariates of newdata. Covariates matter to curves that depend on
# them: NULL means averaged over the people in the data.
curve_newdata <- function(fit, newdata) {
  name <- fit$names$exposure
  if (is.null(newdata)) return(list(x = curve_grid(fit), w = NULL))
  w <- NULL
  if (is.data.frame(newdata)) {
    w <- newdata_covariates(fit, newdata)
    if (!is.null(w$x)) return(w)
    if (!name %in% names(newdata)) {
      abort_argument("newdata", sprintf("a data frame with the column `%s`", name), describe(newdata))
    }
    newdata <- newdata[[name]]
  }
  if (!is.numeric(newdata) || is.matrix(newdata)) {
    abort_argument("newdata", "a data frame or a numeric vector of exposures", describe(newdata))
  }
  if (any(is.infinite(newdata))) abort_argument("newdata", "finite exposures", "infinite in places")
  list(x = as.double(newdata), w = NULL)
}

newdata_covariates <- function(fit, newdata) {
  if (!length(fit$names$covariates) || is.null(fit$design)) return(NULL)
  if (!all(all.vars(fit$design$terms) %in% names(newdata))) return(NULL)
  misfit <- new_misfit(newdata, fit$design$levels, attr(fit$design$terms, "dataClasses"))
  if (!is.null(misfit)) abort_misfit(misfit)
  frame <- tryCatch(
    told_frame(stats::model.frame(fit$design$terms, newdata, na.action = stats::na.pass, xlev = fit$design$levels)),
    error = function(e) abort_misfit(conditionMessage(e))
  )
  m <- stats::model.matrix(fit$design$terms, frame, contrasts.arg = fit$design$contrasts)
  list(x = as.double(m[, fit$names$exposure]), w = plain_matrix(m[, fit$names$covariates, drop = FALSE]))
}

# Covariates of at most 200 evenly spaced people.
some_people <- function(w) w[unique(round(seq(1, nrow(w), length.out = 200))), , drop = FALSE]

# A curve one(x, w) at exposures x: at their covariates w, or (NULL) its mean over `people`.
over_people <- function(one, x, w, people) {
  if (!is.null(w)) return(one(x, w))
  if (!ncol(people)) return(one(x, matrix(0, length(x), 0)))
  vapply(x, function(v) mean(one(rep(v, nrow(people)), people)), 0)
}

# A curve that nothing is shrunk of.
one_curve <- function(value) list(fit = value, unshrunk = value)

check_curve_rows <- function(rows) {
  n <- length(rows$y)
  if (n < 50) {
    abort(
      sprintf("A curve needs at least 50 complete rows, not %d.", n), "latentmr_error_argument",
      argument = "data", hint = "iv_reg() estimates a line from fewer."
    )
  }
  check_curve_column(rows$y, rows$names$outcome, "outcome")
  x <- as.matrix(rows$x)
  for (j in seq_len(ncol(x))) check_curve_column(x[, j], rows$names$exposure[j], "exposure")
  for (j in seq_len(ncol(rows$z))) check_curve_column(rows$z[, j], rows$names$instruments[j], "instrument")
  for (j in seq_len(ncol(rows$w))) check_curve_column(rows$w[, j], rows$names$covariates[j], "covariate")
  known <- 1 + ncol(rows$w) + ncol(rows$z)
  if (known > n / 2) {
    abort(
      sprintf("%d instruments and %d covariates are too many for %d rows.", ncol(rows$z), ncol(rows$w), n),
      "latentmr_error_argument", argument = "formula",
      hint = "At most half as many as rows: use a score, or the latent instruments of latent_mr()."
    )
  }
  copies <- rows$names$instruments[duplicated(rows$z, MARGIN = 2)]
  if (length(copies)) {
    warn(sprintf("Repeated instruments add nothing: %s.", quote_all(copies)), "latentmr_warning_duplicate")
  }
}

check_curve_column <- function(v, name, role) {
  bad <- sum(!is.finite(v))
  if (bad) {
    abort(
      sprintf(
        "The %s `%s` has %d value%s that %s not finite.", role, name, bad, if (bad == 1) "" else "s",
        if (bad == 1) "is" else "are"
      ),
      "latentmr_error_argument", argument = name
    )
  }
  if (min(v) == max(v)) {
    abort(sprintf("The %s `%s` is constant.", role, name), "latentmr_error_argument", argument = name)
  }
}
