# The model frame of a formula: what R would say in its own words, or not at all, said with the argument that it means.

# `call`: of stats::model.frame, with its formula; `envir`: where it was written.
formula_frame <- function(call, data, envir) {
  where <- environment(call$formula)
  check_subset(frame_or_abort(subset_value(call$subset, data, where)), data)
  whole <- call
  whole$na.action <- quote(stats::na.pass)
  frame <- frame_or_abort(told_frame(iv_frame(call, envir), function() eval(whole, envir)))
  if (nrow(frame) == 0) {
    abort("No rows are left after `subset` and `na.action`.", "latentmr_error_argument", argument = "data")
  }
  check_factors(frame)
  frame
}

subset_value <- function(subset, data, where) if (is.data.frame(data) && !is.null(subset)) eval(subset, data, where)

# A condition has a value for every row: R repeats a shorter one, cuts 2.7 to 2, and takes text for row names.
check_subset <- function(value, data) {
  if (is.null(value)) return(invisible())
  n <- nrow(data)
  good <- if (is.logical(value)) {
    length(value) %in% c(1, n)
  } else if (is.numeric(value) && !is.object(value)) {
    !anyNA(value) && all(value == round(value) & abs(value) <= n)
  } else {
    is.character(value) && all(value %in% rownames(data))
  }
  if (good) return(invisible())
  abort_argument(
    "subset", sprintf("a condition on the columns of `data`, such as age > 60, or places of its %s", plural(n, "row")),
    describe(value), if (is.character(value)) "Write the condition without quotes."
  )
}

# R's warnings become one of ours: "NaNs produced" says neither where nor what becomes of these rows. `whole`: the frame
# with every row.
told_frame <- function(expr, whole = function() frame) {
  said <- character()
  frame <- withCallingHandlers(expr, warning = function(w) {
    if (!inherits(w, "simpleWarning")) return()
    said <<- c(said, conditionMessage(w))
    invokeRestart("muffleWarning")
  })
  if (!length(said)) return(frame)
  undefined <- vapply(suppressWarnings(whole()), function(v) {
    if (is.numeric(v)) sum(rowSums(as.matrix(is.nan(v))) > 0) else 0
  }, 0)
  for (name in names(undefined)[undefined > 0]) {
    warn(
      sprintf("`%s` is not defined in %s: missing there.", name, plural(undefined[[name]], "row")),
      "latentmr_warning_formula", column = name
    )
  }
  if (!any(undefined > 0)) warn(sprintf("The formula: %s.", list_some(unique(said), 3)), "latentmr_warning_formula")
  frame
}

# A factor of one value has no contrast, numbers that came as text have one for each person.
check_factors <- function(frame) {
  for (name in grep("^[(]", names(frame), invert = TRUE, value = TRUE)) {
    v <- frame[[name]]
    if (!is.factor(v) && !is.character(v)) next
    values <- if (is.factor(v)) levels(v) else unique(v)
    if (length(values) == 1) {
      abort(
        sprintf("`%s` is \"%s\" in every row that is used: it has no effect of its own.", name, values),
        "latentmr_error_argument", argument = name, hint = "Leave it out of the formula."
      )
    }
    many <- length(values) > min(30, length(v) / 2)
    found <- if (many) numbers_in_text(as.character(values))
    if (many && !is.null(found$values)) {
      text <- if (is.factor(v)) sprintf("as.character(%s)", name) else name
      abort_argument(
        name, "numeric", sprintf("%s of %d numbers", if (is.factor(v)) "a factor" else "text", length(values)),
        sprintf("Numbers are as.numeric(%s).", if (found$comma) sprintf("sub(\",\", \".\", %s)", text) else text)
      )
    }
  }
}

check_contrasts <- function(contrasts, frame) {
  factors <- names(frame)[vapply(frame, function(v) is.factor(v) || is.character(v) || is.logical(v), NA)]
  factors <- factors[!startsWith(factors, "(")]
  unknown <- setdiff(names(contrasts), factors)
  if (!length(unknown)) return(invisible())
  abort_argument(
    "contrasts", "a list named by factors of the formula", sprintf("one with \"%s\"", unknown[1]),
    if (length(factors)) near_names(unknown[1], factors) else "There is no factor in it."
  )
}

# The columns of a formula's matrices have other names than the variables that they came from: these are named.
finite_frame <- function(frame, expr) {
  tryCatch(expr, latentmr_error_argument = function(e) {
    if (is.character(e$argument) && all(e$argument %in% c("x", "z", "w"))) check_frame_finite(frame)
    stop(e)
  })
}

check_frame_finite <- function(frame) {
  for (name in grep("^[(]", names(frame), invert = TRUE, value = TRUE)) {
    v <- frame[[name]]
    if (!is.numeric(v)) next
    bad <- which(rowSums(as.matrix(!is.finite(v))) > 0)
    if (!length(bad)) next
    abort(
      sprintf("`%s` is not finite in %s: %s.", name, plural(length(bad), "row"), list_some(rownames(frame)[bad], 3)),
      "latentmr_error_argument", argument = name,
      hint = "Correct these values, or set them to NA: `na.action` leaves out what is missing, not what is infinite."
    )
  }
}
