# Argument checks. Each names the argument as the user typed it, what it must
# be, what it was, and (hint) what to do next.

abort_argument <- function(arg, must, was, hint = NULL, class = NULL) {
  abort(
    sprintf("`%s` must be %s, not %s.", arg, must, was),
    c(class, "latentmr_error_argument"),
    hint = hint, argument = arg
  )
}

check_flag <- function(x, arg, null = FALSE, na = FALSE) {
  if (null && is.null(x)) return(invisible(x))
  if (is.logical(x) && length(x) == 1 && (na || !is.na(x))) return(invisible(x))
  abort_argument(arg, if (na) "TRUE, FALSE or NA" else "TRUE or FALSE", describe(x))
}

check_number <- function(x, arg, min = -Inf, max = Inf, whole = FALSE, null = FALSE,
                         open = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  good <- is.numeric(x) && length(x) == 1 && is.finite(x) &&
    (if (open) x > min && x < max else x >= min && x <= max) && (!whole || x == round(x))
  if (good) return(invisible(x))
  range <- if (is.finite(min) && is.finite(max)) {
    sprintf(if (open) " strictly between %s and %s" else " from %s to %s", format(min), format(max))
  } else if (is.finite(min)) {
    sprintf(if (open) " above %s" else " of at least %s", format(min))
  } else if (is.finite(max)) {
    sprintf(if (open) " below %s" else " of at most %s", format(max))
  } else {
    ""
  }
  abort_argument(
    arg, paste0(if (whole) "one whole number" else "one number", range, if (null) " or NULL"),
    describe(x), hint
  )
}

check_string <- function(x, arg, null = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  if (is.character(x) && length(x) == 1 && !is.na(x) && nzchar(x)) return(invisible(x))
  abort_argument(arg, paste0("one character string", if (null) " or NULL"), describe(x), hint)
}

check_strings <- function(x, arg, null = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  if (is.character(x) && length(x) > 0 && !anyNA(x) && all(nzchar(x))) return(invisible(x))
  abort_argument(
    arg, paste0("a character vector without missing or empty entries", if (null) " or NULL"),
    describe(x), hint
  )
}

check_choice <- function(x, arg, choices) {
  if (is.character(x) && length(x) == 1 && x %in% choices) return(invisible(x))
  hint <- NULL
  if (is.character(x) && length(x) == 1 && !is.na(x)) {
    near <- if (validUTF8(x)) within_two(x, choices)
    if (length(near)) hint <- sprintf("Did you mean \"%s\"?", near[1])
  }
  abort_argument(arg, paste("one of", quote_all(choices, 12)), describe(x), hint)
}

# Coefficients by name or position: their positions.
check_parm <- function(parm, names) {
  at <- if (is.character(parm)) {
    match(parm, names)
  } else if (is.numeric(parm) && !is.object(parm)) {
    match(abs(parm), seq_along(names))
  }
  if (!is.null(at) && length(at) && !anyNA(at) && length(unique(sign(if (is.numeric(parm)) parm else 1))) == 1) {
    return(if (is.numeric(parm) && parm[1] < 0) seq_along(names)[-at] else at)
  }
  abort_argument("parm", sprintf("among %s, or numbers from 1 to %d", quote_all(names), length(names)), describe(parm))
}

# `choices` with those most like `x` first.
nearest <- function(x, choices) choices[order(utils::adist(lower(x), lower(choices))[1, ])]

# Those of `choices` that two letters make of `x`, the nearest first.
within_two <- function(x, choices) {
  if (!length(choices)) return(character())
  away <- utils::adist(lower(x), lower(choices))[1, ]
  choices[order(away)][sort(away) <= 2]
}

# For the `...` that a generic asks for and its method has no use for, and that functions have for this alone: an
# argument that nothing reads is an error, with the arguments that are read.
check_dots <- function(...) {
  if (!...length()) return(invisible())
  given <- names(substitute(list(...)))[-1]
  given <- if (is.null(given)) rep("", ...length()) else given
  known <- setdiff(names(formals(sys.function(sys.parent()))), "...")
  near <- if (nzchar(given[1])) within_two(given[1], known)
  abort(
    sprintf(
      "Unknown argument%s: %s.", if (...length() > 1) "s" else "", quote_all(ifelse(nzchar(given), given, "(unnamed)"))
    ),
    "latentmr_error_argument", argument = given[1],
    hint = if (length(near)) {
      sprintf("Did you mean \"%s\"?", near[1])
    } else if (length(known)) {
      sprintf("The arguments are %s.", quote_all(known, Inf))
    } else {
      "There are no arguments."
    }
  )
}

# Arguments of the calling function (`up` calls above) that its others leave without a use: one that was given another
# value than its default is an error. `by`: what they go with.
check_idle <- function(arguments, idle, by, up = 1) {
  if (!idle) return(invisible())
  defaults <- formals(sys.function(sys.parent(up)))
  frame <- parent.frame(up)
  for (arg in arguments) {
    value <- get(arg, frame)
    if (is.null(value) || isTRUE(all.equal(value, eval(defaults[[arg]], frame)))) next
    abort_argument(arg, "left out here", describe(value), sprintf("It goes with %s.", by))
  }
}

# Encodings are of text files: is one named?
check_idle_encoding <- function(encoding, file, ...) {
  paths <- is.character(file) || is.list(file) && any(vapply(file, is.character, NA)) && !is.data.frame(file)
  named <- vapply(list(...), function(x) is.character(x) && any(file.exists(x)), NA)
  if (paths || any(named) || identical(encoding, "UTF-8")) return(invisible())
  abort_argument("encoding", "left out here", describe(encoding), "It goes with files; values in memory have theirs.")
}

# Settings of a control that what was chosen (`with`) does not read, though they were changed: a warning, as one control
# may serve several. `by`: what each goes with, by name; `defaults`: what the function that makes the control gives.
warn_idle_settings <- function(control, by, defaults, with) {
  changed <- Filter(function(name) !identical(control[[name]], defaults[[name]]), names(by))
  if (!length(changed)) return(invisible())
  are <- if (length(changed) == 1) "is" else "are"
  warn(
    sprintf("%s of `control` %s not used with %s.", quote_all(changed), are, with),
    "latentmr_warning_setting", settings = changed, argument = "control",
    hint = paste(sprintf("\"%s\" goes with %s.", changed, by[changed]), collapse = " ")
  )
}

# Text of another encoding, from an old file, that says so nowhere.
check_utf8 <- function(x, arg, what) {
  if (isTRUE(l10n_info()[["Latin-1"]])) return(invisible(x))
  bad <- which(!validUTF8(x) & Encoding(x) != "latin1")
  if (!length(bad)) return(invisible(x))
  abort(
    sprintf("%s are not all in UTF-8: %s.", what, quote_all(iconv(x[bad], "UTF-8", "UTF-8", sub = "byte"), 3)),
    c("latentmr_error_encoding", "latentmr_error_argument"), argument = arg,
    hint = "If they are Latin 1: x <- iconv(x, \"latin1\", \"UTF-8\")."
  )
}

# In the order exposure (exposures), outcome; by name where there are names:
# c(outcome = "mmHg", exposure = "mmol/L"), of several exposures by their own.
check_units <- function(units, exposures = "exposure") {
  if (is.null(units)) return(NULL)
  several <- length(exposures) > 1
  roles <- c(if (several) exposures else "exposure", "outcome")
  if (!is.character(units) || length(units) != length(roles) || anyNA(units)) {
    must <- if (several) {
      sprintf("%d units, of the %d exposures and the outcome", length(roles), length(exposures))
    } else {
      "two units, of exposure and outcome"
    }
    abort_argument("units", paste("NULL or", must), describe(units))
  }
  if (is.null(names(units))) return(units)
  if (!setequal(names(units), roles)) {
    abort_argument("units", paste("without names, or named", quote_all(roles)), paste("named", quote_all(names(units))))
  }
  unname(units[roles])
}

# Arguments without a default that were not given: said by name, before R meets them
# somewhere deep. `needed`: those of the calling function that have none; hints by name.
# `lazy`: arguments that are looked up among the columns of `data` first.
check_given <- function(needed = NULL, hints = NULL, lazy = NULL) {
  caller <- sys.function(sys.parent())
  frame <- parent.frame()
  check_named(setdiff(names(formals(caller)), c("...", lazy)), frame, parent.frame(2))
  if (is.null(needed)) {
    needed <- setdiff(names(formals(caller)), "...")
    needed <- needed[vapply(formals(caller)[needed], function(x) is.name(x) && !nzchar(x), NA)]
  }
  absent <- needed[vapply(needed, function(name) eval(call("missing", as.name(name)), frame), NA)]
  if (!length(absent)) return(invisible())
  hint <- hints[[absent[1]]]
  abort(
    sprintf("`%s` must be given.", absent[1]), "latentmr_error_argument", argument = absent[1],
    hint = if (is.null(hint)) {
      sprintf("The arguments are %s.", quote_all(setdiff(names(formals(caller)), "..."), Inf))
    } else {
      hint
    }
  )
}

in_data <- c("weights", "subset", "na.action", "offset")

# Arguments given by the name of an object that is not there (a column without its quotes), or as a column that its data
# frame has not (NULL to R, which would be taken as not given). `frame` of the function called, `where` it was called.
check_named <- function(arguments, frame, where) {
  for (arg in arguments) {
    if (eval(call("missing", as.name(arg)), frame)) next
    given <- eval(call("substitute", as.name(arg)), frame)
    if (is.name(given)) {
      given <- as.character(given)
      tryCatch(eval(as.name(arg), frame), error = function(e) {
        own <- sprintf("(^|[^[:alnum:]._])\\Q%s\\E($|[^[:alnum:]._])", given)
        if (inherits(e, "latentmr_error") || !grepl(own, conditionMessage(e), perl = TRUE)) stop(e)
        abort(
          sprintf("`%s` is given as %s, and there is no object of that name.", arg, given), "latentmr_error_argument",
          argument = arg, hint = sprintf("Make it first; the name of a column, or of a choice, is text: %s = \"%s\".", arg, given)
        )
      })
    } else if (is.call(given) && identical(given[[1]], as.name("$")) && is.name(given[[2]])) {
      check_column_given(arg, given, get0(as.character(given[[2]]), where))
    }
  }
}

check_column_given <- function(arg, given, data) {
  column <- as.character(given[[3]])
  if (!is.data.frame(data) || any(startsWith(names(data), column))) return(invisible())
  abort(
    sprintf("`%s` is given as %s, and %s has no column \"%s\".", arg, deparse1(given), deparse1(given[[2]]), column),
    c("latentmr_error_column", "latentmr_error_argument"), argument = arg, column = column,
    hint = near_names(column, names(data))
  )
}
