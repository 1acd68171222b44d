# Square roots of checked weights; NULL for none.
weight_roots <- function(weights, n) {
  if (is.null(weights)) return(NULL)
  weights <- iv_vector(weights, "weights", n)
  if (any(weights < 0)) abort_argument("weights", "non-negative", sprintf("%d negative numbers", sum(weights < 0)))
  if (!any(weights > 0)) abort_argument("weights", "positive for somebody", "all zero")
  sqrt(weights)
}

iv_rows <- function(parts, y, root, exogenous, estimator) {
  X <- parts$X
  rows <- list(
    y = y, x = design_columns(X, !exogenous), w = design_columns(X, exogenous),
    z = if (estimator != "ols") design_columns(parts$Z, !(design_names(parts$Z) %in% design_names(X)[exogenous])),
    root = root
  )
  if (estimator == "ols") return(rows)
  if (is.null(rows$x)) {
    abort(
      "No regressor is endogenous: every one is among the instruments.",
      c("latentmr_error_exogenous", "latentmr_error_argument"), argument = "formula",
      hint = "Use estimator = \"ols\", or leave the endogenous regressor out of the instruments."
    )
  }
  if (is.null(rows$z)) {
    abort(
      "No excluded instrument: every one is among the regressors.",
      c("latentmr_error_unidentified", "latentmr_error_argument"), argument = "formula",
      hint = "The third part of y ~ w | x | z, or the second of y ~ x + w | z + w, adds instruments."
    )
  }
  rows
}

# From the call to the model frame and the matrices of both parts.
iv_model <- function(call, formula, data, cluster, contrasts, envir) {
  named <- is.list(contrasts) && !is.data.frame(contrasts) && !is.null(names(contrasts)) &&
    all(nzchar(names(contrasts)))
  if (!is.null(contrasts) && !named) {
    abort_argument("contrasts", "NULL or a list named by factors of the formula", describe(contrasts))
  }
  given <- formula
  formula <- iv_formula(formula)
  check_formula_data(
    formula, data, as.list(call)[intersect(c("weights", "subset", "offset"), names(call))], environment(formula)
  )
  frame <- call[c(1, match(c("formula", "data", "subset", "na.action", "weights", "offset"), names(call), 0))]
  frame$formula <- formula
  frame$drop.unused.levels <- TRUE
  plain <- plain_columns(data)
  if (is.data.frame(data) && any(vapply(data, is_integer64, NA))) frame$data <- plain
  if (!is.null(cluster)) frame$cluster <- cluster_frame(cluster_values(cluster, plain))
  frame[[1]] <- quote(stats::model.frame)
  frame <- formula_frame(frame, data, envir)
  check_contrasts(contrasts, frame)
  parts <- iv_matrices(formula, frame, plain, contrasts, columns = TRUE)
  if (length(Formula::as.Formula(given))[2] == 2) {
    inform_two_parts(lapply(parts$terms[c("regressors", "instruments")], attr, "term.labels"))
  }
  list(formula = formula, frame = frame, parts = parts)
}

# What R says of weights, offset, subset, cluster and na.action, with the argument it means.
frame_or_abort <- function(expr) {
  tryCatch(expr, error = function(e) {
    if (!identical(class(e), c("simpleError", "error", "condition")) || is_time_limit(e)) stop(e)
    said <- conditionMessage(e)
    # na.fail(), in the language of the session
    if (said %in% c("missing values in object", gettext("missing values in object", domain = "R-stats"))) {
      abort_argument("data", "without missing values", "one that has some",
                     hint = "na.action = na.omit leaves these rows out, and the print counts them.")
    }
    arg <- if (grepl("(weights)", said, fixed = TRUE)) {
      "weights"
    } else if (grepl("offset", said, fixed = TRUE)) {
      "offset"
    } else if (grepl("(cluster)", said, fixed = TRUE)) {
      "cluster"
    } else if (grepl("subscript", said, fixed = TRUE)) {
      "subset"
    } else if (of_formula(e, said)) {
      "formula"
    } else if (grepl("non-function|function \"", said)) {
      "na.action"
    } else {
      "data"
    }
    abort(
      sprintf("`%s` cannot be used: %s.", arg, said), "latentmr_error_argument", argument = arg,
      hint = if (arg == "formula") {
        "Its variables are columns of `data`, or have one value for each of its rows; its functions are there."
      } else {
        paste(
          "`weights`, `offset`, `subset` and `cluster` are columns of `data`, or have one value for each of its rows;",
          "`na.action` is a function such as na.omit."
        )
      }
    )
  })
}

# A function that is not there (its call is that of the condition), a term that is none, a variable of another length.
of_formula <- function(e, said) {
  head <- if (is.call(e$call)) deparse1(e$call[[1]]) else ""
  grepl("ExtractVars", said, fixed = TRUE) || grepl("lengths differ", said, fixed = TRUE) ||
    grepl(sprintf("\"%s\"", head), said, fixed = TRUE)
}

# Which regressors are exogenous: those that are a column of the instruments.
iv_exogenous <- function(parts, estimator, without = "Least squares without instruments is estimator = \"ols\".") {
  if (estimator == "ols" && is.null(parts$Z)) return(rep(TRUE, NCOL0(parts$X)))
  if (is.null(parts$Z)) {
    abort_argument(
      "formula", "y ~ w | x | z or y ~ x + w | z + w", "one without instruments",
      hint = without
    )
  }
  design_names(parts$X) %in% design_names(parts$Z)
}
