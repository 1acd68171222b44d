# Formulas: their parts, what each variable is for, and the designs made from them.

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
  check_formula_roles(formula, parts[2])
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

# Top-level terms of one side: y ~ a + b:c -> "a", "b:c".
plus_terms <- function(e) {
  if (is.call(e) && identical(e[[1]], as.name("+"))) return(unlist(lapply(as.list(e)[-1], plus_terms)))
  if (is.call(e) && identical(e[[1]], as.name("("))) return(plus_terms(e[[2]]))
  deparse1(e)
}

# A bar inside a part is R's "or": 1 | family, which is a random intercept elsewhere, would be a column of TRUE.
refuse_bars <- function(sides) {
  for (e in sides) {
    head <- if (is.call(e)) as.character(e[[1]])[1] else ""
    if (head %in% c("+", "(")) refuse_bars(as.list(e)[-1])
    if (!head %in% c("|", "||")) next
    abort_argument(
      "formula", "parts with single bars between them", sprintf("one with (%s)", deparse1(e)),
      "There are no random effects of groups here: errors for groups are cluster = ~ group."
    )
  }
}

# Each variable has one role: nothing is named twice, the outcome stands on the left alone,
# an endogenous variable is neither a covariate nor an instrument.
check_formula_roles <- function(formula, parts) {
  sides <- lapply(seq_len(parts), function(j) stats::formula(formula, lhs = 0, rhs = j)[[2]])
  terms <- lapply(sides, plus_terms)
  refuse_bars(sides)
  for (side in terms) {
    twice <- unique(side[duplicated(side) & !(side %in% c("0", "1"))])
    if (length(twice)) {
      abort_argument(
        "formula", "one that names every variable once in a part", sprintf("one with %s twice", quote_all(twice))
      )
    }
  }
  outcome <- stats::formula(formula, rhs = 0)[[2]]
  alone <- if (length(all.vars(outcome)) == 1) all.vars(outcome)
  own <- intersect(c(alone, deparse1(outcome)), c(unlist(lapply(sides, all.vars)), unlist(terms)))
  if (length(own)) {
    abort_argument(
      "formula", "one with the outcome on the left alone", sprintf("one with %s on the right too", quote_all(own[1]))
    )
  }
  if (parts < 3) return(invisible())
  both <- intersect(terms[[2]], c(terms[[1]], terms[[3]]))
  if (length(both)) {
    other <- if (both[1] %in% terms[[1]]) "among the exogenous regressors" else "among the instruments"
    abort_argument(
      "formula", "one that gives every variable one role",
      sprintf("one with %s in the second part and %s", quote_all(both[1]), other),
      hint = "In y ~ w | x | z stand exogenous regressors, endogenous regressors, excluded instruments."
    )
  }
}

# y ~ a | b: `a` is endogenous and `b` its instrument, which who thinks of
# y ~ covariates | exposure does not mean. `labels`: terms of regressors and instruments.
inform_two_parts <- function(labels) {
  if (is.null(labels$instruments) || any(labels$regressors %in% labels$instruments)) return(invisible())
  inform(
    sprintf(
      "Two-part formula: %s taken as endogenous, %s as the instrument%s.", were(labels$regressors),
      quote_all(labels$instruments), if (length(labels$instruments) > 1) "s" else ""
    ),
    "latentmr_message_formula", hint = "y ~ w | x | z (exogenous | endogenous | instruments) leaves no doubt."
  )
}

were <- function(names) paste(quote_all(names), if (length(names) > 1) "are" else "is")

# Columns that the formula and its companions need: there, and once.
check_formula_data <- function(formula, data, arguments, envir) {
  if (is.environment(data)) return(check_formula_variables(formula, arguments, envir))
  if (!is.data.frame(data)) {
    if (is.list(data)) return(invisible())
    abort_argument("data", "a data frame", describe(data))
  }
  wanted <- unique(c(all.vars(stats::formula(formula)), unlist(lapply(arguments, all.vars))))
  repeated <- intersect(wanted, names(data)[duplicated(names(data))])
  if (length(repeated)) {
    abort_argument(
      "data", "a data frame with one column of each name", sprintf("one with several columns %s", quote_all(repeated))
    )
  }
  for (name in setdiff(wanted, c(names(data), "."))) {
    found <- get0(name, envir = envir)
    if (is.data.frame(found) && nrow(found) != nrow(data)) {
      abort_argument(
        "formula", "one of columns of `data`", sprintf("one of %s$..., which has other rows", name), "Leave the d$ out."
      )
    }
    if (!is.null(found) && !is.function(found)) {
      if (length(found) > 1 && is.atomic(found)) say_outside(name)
      next
    }
    abort(
      sprintf("`data` has no column \"%s\".", name), c("latentmr_error_column", "latentmr_error_argument"),
      argument = "data", column = name, hint = near_names(name, names(data))
    )
  }
}

say_outside <- function(name) {
  inform(
    sprintf("\"%s\" is no column of `data`: the variable of that name where the formula was written is used.", name),
    "latentmr_message_formula"
  )
}

# Without `data`: variables where the formula was written.
check_formula_variables <- function(formula, arguments, envir) {
  for (name in setdiff(c(all.vars(stats::formula(formula)), unlist(lapply(arguments, all.vars))), ".")) {
    found <- get0(name, envir = envir)
    if (!is.null(found) && !is.function(found)) next
    abort(
      sprintf("`data` is not given, and there is no variable \"%s\" where the formula was written.", name),
      c("latentmr_error_column", "latentmr_error_argument"), argument = "data", column = name,
      hint = "Give the data frame that has it: data = ."
    )
  }
}

# X and Z: matrices, or with `columns` lists of columns where that can be done.
iv_matrices <- function(formula, frame, data, contrasts, columns = FALSE) {
  design <- function(terms) {
    m <- if (columns) design_list(terms, frame, contrasts)
    if (is.null(m)) stats::model.matrix(terms, frame, contrasts) else m
  }
  # What a basis or a scale was made of stays with the terms: predict() needs it.
  terms_of <- function(...) with_predvars(stats::terms(formula, data = data, ...), attr(frame, "terms"))
  full <- terms_of()
  regressors <- terms_of(rhs = 1)
  X <- design(regressors)
  instruments <- Z <- NULL
  if (length(formula)[2] == 2) {
    instruments <- stats::delete.response(terms_of(rhs = 2))
    Z <- design(instruments)
  }
  list(
    X = X, Z = Z, terms = list(regressors = regressors, instruments = instruments, full = full),
    contrasts = list(regressors = attr(X, "contrasts"), instruments = attr(Z, "contrasts"))
  )
}

# `terms` of some of the variables of `whole`, the terms of a model frame, with what that
# learned of them: the basis of poly() and its like, and the classes.
with_predvars <- function(terms, whole) {
  names <- function(calls) vapply(as.list(calls)[-1], deparse1, "")
  known <- names(attr(whole, "variables"))
  own <- names(attr(terms, "variables"))
  at <- match(own, known)
  if (is.null(attr(whole, "predvars")) || anyNA(at)) return(terms)
  attr(terms, "predvars") <- as.call(c(quote(list), as.list(attr(whole, "predvars"))[-1][at]))
  attr(terms, "dataClasses") <- attr(whole, "dataClasses")[own]
  terms
}
