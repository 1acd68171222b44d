# Negative-control outcomes for the linear estimators: a table with a row per control
# (and endogenous variable or estimator).

#' @param data For a [latent_mr()] fit: the `mr_data` or `mr_moments` object it was made from. For an [iv_reg()]
#'   fit: a data frame in which controls named in `outcome` are looked up, as long as the data of the fit.
#' @param methods Ids of [mr_methods()] to run on the control; `NULL` is the fit's headline.
#' @details For fits of [latent_mr()], [iv_reg()] and [iv_fit()] `outcome` may also name covariates of the fit (age,
#' sex): these are then no longer adjusted for, all columns of a factor together. From moments alone this needs
#' nobody's row. Several controls are given as several names or as a data frame. For a `latent_mr` fit a vector with
#' names and a table with row names are joined by the identifiers of the people. The encoder is that of the fit, which
#' has seen no outcome; of a cross-fitted fit those of its folds.
#' @return For fits of [latent_mr()], [iv_reg()] and [iv_fit()]: a data frame of class `negative_control_table`, one
#'   row per control and estimator, with the nine columns of `TwoSampleMR::mr()` (the control is the `outcome`),
#'   `lo_ci`, `up_ci`, `nobs`, `estimator`, `vcov`, then `ar_statistic`, `ar_df1`, `ar_df2`, `ar_pval`
#'   (Anderson-Rubin test: are the instruments associated with the control at all, in whatever direction?),
#'   `detectable` (effect that is significant at 5 % in four of five samples) and `verdict`: `"silent"`, `"effect"`
#'   (`pval` below .05), `"association"` (`ar_pval` below .05), with Holm's correction over the controls. `print()`
#'   says it in words.
#' @rdname negative_control
#' @export
negative_control.latent_mr <- function(fit, outcome, data, name = NULL, methods = NULL, ...) {
  check_dots(...)
  check_given("outcome")
  check_made(fit)
  check_string(name, "name", null = TRUE)
  if (is.null(name)) name <- control_label(substitute(outcome))
  check_fit_data(fit, if (!missing(data)) data)
  has_rows <- inherits(data, "mr_data")
  chosen <- if (is.null(methods)) method_rows(fit$leading) else negative_methods(fit, methods, has_rows)
  known <- if (has_rows) colnames(data$covariates) else data$covariates
  outcome <- people_columns(outcome, "outcome")
  controls <- control_columns(outcome, name, known, if (has_rows) data$covariate_coding, "data")
  rows <- lapply(controls, function(control) negative_latent(fit, data, control, chosen))
  negative_table(do.call(rbind, rows))
}

#' @export
negative_control.default <- function(fit, outcome, ...) {
  abort_argument("fit", "a fit of latent_mr(), iv_reg(), iv_fit() or iv_curve()", describe(fit))
}

negative_methods <- function(fit, methods, has_rows) {
  resolve_methods(methods, list(
    kind = fit$kind, rows = has_rows, data_rows = has_rows, structure = FALSE, mode = fit$mode,
    score = !is.null(fit$score), binary = FALSE, family = !is.null(fit$family),
    imputed = isTRUE(fit$family$imputed > 0),
    random = !is.null(fit$random)
  ))
}

# A list of controls, each with a name, the columns of covariates that leave the
# block, and either one of these (column) or the values of people.
control_columns <- function(outcome, name, known, coding = NULL, where, argument = "outcome") {
  if (is.logical(outcome) || is.numeric(outcome)) {
    if (!is.null(dim(outcome)) && ncol(outcome) != 1) {
      outcome <- as.data.frame(outcome)
    } else {
      outcome <- setNames(list(outcome), name)
    }
  }
  if (is.list(outcome) && length(outcome) && !is.null(names(outcome))) {
    return(Map(function(values, name) list(name = name, values = values, drop = character()), outcome, names(outcome)))
  }
  must <- "names of covariates of the fit, a numeric vector or a data frame of them"
  if (!is.character(outcome) || !length(outcome) || anyNA(outcome)) abort_argument(argument, must, describe(outcome))
  unlist(lapply(outcome, function(one) {
    group <- if (is.null(coding)) one else coding$column[coding$variable == one | coding$column == one]
    # Dummies of one factor leave together: they hold each other's information.
    variable <- coding$variable[match(group[1], coding$column)]
    drop <- if (is.null(coding)) one else coding$column[coding$variable %in% variable]
    if (!length(group) || !all(group %in% known)) {
      abort_argument(
        argument, if (length(known)) paste("among the covariates", quote_all(known)) else must, sprintf("\"%s\"", one),
        if (!length(known)) sprintf("`%s` has no covariates: give the control as a numeric vector.", where)
      )
    }
    lapply(group, function(column) list(name = column, column = column, drop = drop))
  }), recursive = FALSE)
}

# The columns of a table of people with its identifiers as names; one that was sorted or cut and has none is taken by
# position with a warning.
people_columns <- function(x, arg) {
  if (!is.data.frame(x) && !(is.matrix(x) && ncol(x) > 1)) return(x)
  ids <- row_ids(x)
  warn_row_numbers(x, arg)
  lapply(as.list(as.data.frame(x)), function(v) if (is.null(ids)) v else stats::setNames(v, ids))
}

control_label <- function(expression) {
  text <- deparse1(expression)
  if (nchar(text) > 40) "control" else text
}

# One control as numbers, a value for each of n people.
control_values <- function(values, name, n, ids = NULL, argument = "outcome") {
  if (is.logical(values)) values <- values + 0
  if (is.matrix(values) && ncol(values) == 1) values <- values[, 1]
  if (!is.numeric(values) || is.factor(values)) {
    abort_argument(argument, sprintf("numeric (`%s`)", name), describe(values), "Code groups as 0 and 1.")
  }
  if (!is.null(ids) && !is.null(names(values))) {
    at <- match(ids, names(values))
    if (anyNA(at)) {
      abort_argument(
        argument, sprintf("with a value for everybody (`%s`)", name),
        sprintf("without %d of %d people of the fit", sum(is.na(at)), n)
      )
    }
    values <- values[at]
  }
  if (length(values) != n) {
    abort_argument(argument, sprintf("a numeric vector of length %d, the people of the fit", n), describe(values))
  }
  bad <- sum(!is.finite(values))
  if (bad) {
    abort_argument(
      argument, sprintf("finite for everybody (`%s`)", name), sprintf("missing or infinite for %d of %d", bad, n),
      "Fit again without these people."
    )
  }
  values <- as.double(values)
  if (max(values) == min(values)) abort_argument(argument, sprintf("a control that varies (`%s`)", name), "a constant")
  unname(values)
}

# The exposure and the outcome of the fit, in whatever unit, are no controls of it. traits: named list.
check_no_trait <- function(values, name, traits, argument = "outcome") {
  for (trait in names(traits)) {
    if (!same_numbers(values, as.double(traits[[trait]]))) next
    abort_argument(
      argument, sprintf("a trait that the exposure cannot affect (`%s`)", name),
      sprintf("%s of the fit itself", quote_all(trait))
    )
  }
}

data_traits <- function(data) {
  stats::setNames(c(exposure_columns(data$exposure), list(data$outcome)), c(data$exposure_name, data$outcome_name))
}

negative_latent <- function(fit, data, control, chosen) {
  if (!is.null(control$values)) {
    if (inherits(data, "mr_moments")) {
      abort_argument(
        "outcome", "the name of a covariate when `data` holds no rows", describe(control$values),
        "mr_moments() has no person's row."
      )
    }
    control$values <- control_values(control$values, control$name, length(data$outcome), data$ids)
    check_no_trait(control$values, control$name, data_traits(data))
  }
  set <- working_again(fit, data, control)
  rows <- working_rows(set)
  blocks <- set_blocks(chosen, set)
  jackknife <- latent_jackknife(chosen, set, FALSE)
  again <- if (!is.null(fit$learned)) relearn_folds(chosen, set, blocks$latent, fit$level, FALSE, FALSE)
  estimates <- estimate_methods(learned_methods(chosen, again), set, rows, fit$level, jackknife, blocks)
  if (!is.null(again)) estimates <- learned_errors(estimates, again$estimates, fit$level)
  learned <- learned_parts(again, estimates)
  estimates <- estimates[chosen$id]
  frame <- list(exposure = fit$exposure, outcome = control$name)
  ar <- do.call(rbind, lapply(chosen$id, negative_ar, blocks, learned))
  k <- length(fit$exposure)
  out <- cbind(estimate_rows(frame, estimates, "pooled"), ar[rep(seq_along(chosen$id), each = k), ])
  out[c(mr_names, "lo_ci", "up_ci", "df", "nobs", "estimator", "vcov", "ar_statistic", "ar_df1", "ar_df2", "ar_pval")]
}

# Each estimator's own instruments and block; least squares has no instruments. Of directions that were learned, with
# the learning counted: those of the latent block alone.
negative_ar <- function(id, blocks, learned) {
  method <- latent_registry()[[id]]
  block <- blocks[[block_key(method)]]
  if (!is.null(learned) && rests_on_encoder(method)) {
    return(ar_columns(if (block_key(method) == "latent") learned_ar_test(learned, 0) else rep(NA_real_, 4)))
  }
  none <- method$instruments == "none" || !is.null(block_problem(block))
  ar_columns(if (none) rep(NA_real_, 4) else kclass_ar_test(block$kclass, rep(0, block$kclass$k)))
}

mr_names <- c("id.exposure", "id.outcome", "outcome", "exposure", "method", "nsnp", "b", "se", "pval")

ar_columns <- function(ar) {
  ar <- unname(ar)
  data.frame(ar_statistic = ar[3], ar_df1 = ar[1], ar_df2 = ar[2], ar_pval = ar[4])
}

#' @rdname negative_control
#' @export
negative_control.iv_reg <- function(fit, outcome, data = NULL, name = NULL, ...) {
  check_dots(...)
  check_given("outcome")
  check_made(fit)
  check_string(name, "name", null = TRUE)
  if (is.null(name)) name <- control_label(substitute(outcome))
  fit_moments(fit) # has instruments
  rows <- fit$engine$f$rows
  elsewhere <- if (is.character(outcome)) setdiff(outcome, rows$names$w)
  check_idle("data", !length(elsewhere), "names in `outcome` that are no exogenous variables of the fit")
  if (length(elsewhere) && is.data.frame(data)) {
    unknown <- setdiff(elsewhere, names(data))
    if (length(unknown)) {
      abort_argument(
        "outcome", "among the exogenous variables of the fit and the columns of `data`", quote_all(unknown)
      )
    }
    controls <- c(
      if (length(setdiff(outcome, elsewhere))) {
        control_columns(setdiff(outcome, elsewhere), name, rows$names$w, NULL, "fit")
      },
      if (length(elsewhere)) control_columns(as.list(data[elsewhere]), name, NULL, NULL, "data")
    )
  } else {
    controls <- control_columns(outcome, name, setdiff(rows$names$w, "(Intercept)"), NULL, "fit")
  }
  negative_table(do.call(rbind, lapply(controls, function(control) negative_iv(fit, control))))
}

negative_iv <- function(fit, control) {
  old <- fit$engine$f$rows
  rows <- old[c("y", "x", "z", "w")]
  rows["root"] <- list(old$root)
  rows$names <- old$names
  if (is.null(control$column)) {
    values <- control$values
    if (is.atomic(values) && is.null(dim(values))) values <- fit_rows(values, fit)
    rows$y <- control_values(values, control$name, fit$n)
    x <- if (is.list(old$x)) old$x else exposure_columns(as.matrix(old$x))
    check_no_trait(rows$y, control$name, c(stats::setNames(x, old$names$x), list(outcome = old$y)))
  } else {
    at <- match(control$column, old$names$w)
    rows$y <- if (is.list(old$w)) old$w[[at]] else old$w[, at]
    rows["w"] <- list(design_columns(old$w, seq_along(old$names$w) != at))
    rows$names$w <- old$names$w[-at]
    if (max(rows$y) == min(rows$y)) {
      abort_argument("outcome", sprintf("a control that varies (`%s`)", control$name), "a constant")
    }
  }
  control_of <- list(kappa = if (fit$estimator == "kclass") fit$kappa, fuller = 1)
  again <- iv_engine(rows, fit$estimator, fit$vcov_type, fit$cluster, fit$engine$f$tol, control_of)
  terms <- endogenous_kept(again)
  b <- unname(coef(again)[terms])
  se <- unname(sqrt(diag(vcov(again)))[terms])
  ci <- confint(again, terms)
  data.frame(
    id.exposure = terms, id.outcome = control$name, outcome = control$name, exposure = terms,
    method = estimator_name(again$estimator), nsnp = again$engine$f$L + 0, b = b, se = se,
    pval = 2 * stats::pt(-abs(b / se), inference_df(again)), lo_ci = ci[, 1], up_ci = ci[, 2], df = inference_df(again),
    nobs = again$nobs + 0,
    estimator = again$estimator, vcov = again$vcov_type,
    ar_columns(kclass_ar_test(fit_moments(again), rep(0, length(terms)))), stringsAsFactors = FALSE, row.names = NULL
  )
}

negative_table <- function(out) {
  rownames(out) <- NULL
  out$detectable <- (stats::qt(.975, out$df) + stats::qt(.8, out$df)) * out$se
  # One family of tests: the controls.
  by <- interaction(out$method, out$exposure, drop = TRUE)
  holm <- function(p) stats::ave(p, by, FUN = function(v) stats::p.adjust(v, "holm"))
  effect <- holm(out$pval) < .05
  associated <- holm(out$ar_pval) < .05
  out$verdict <- ifelse(
    effect & !is.na(effect), "effect", ifelse(associated & !is.na(associated), "association", "silent")
  )
  out$verdict[is.na(out$pval)] <- NA
  structure(out, class = c("negative_control_table", "data.frame"))
}

#' @export
print.negative_control_table <- function(x, ...) {
  check_dots(...)
  if (!all(c("verdict", "ar_pval", "detectable", "method", "b") %in% names(x))) return(NextMethod())
  cat("Negative controls: the exposure cannot affect them, so every one should be silent\n")
  for (i in seq_len(nrow(x))) cat_page(negative_words(x[i, ]), initial = "  ", prefix = "    ")
  invisible(x)
}

negative_words <- function(row) {
  head <- sprintf("%s, %s", row$outcome, row$method)
  if (is.na(row$verdict)) return(sprintf("%s: could not be estimated.", head))
  numbers <- sprintf(
    "Effect of %s %s, %s to %s, %s%s", row$exposure, format_b(row$b), format_b(row$lo_ci), format_b(row$up_ci),
    p_is(row$pval), if (is.na(row$ar_pval)) "" else paste("; instruments against it", p_is(row$ar_pval))
  )
  switch(row$verdict,
    silent = sprintf(
      "%s: silent. %s. An effect of %s would have been seen in four of five samples.", head, numbers,
      format_b(row$detectable)
    ),
    effect = sprintf(
      "%s: NOT silent. %s. %s", head, numbers,
      if (row$estimator == "ols") {
        "Least squares is confounded."
      } else {
        "The instruments are not exogenous, or the method makes effects out of nothing."
      }
    ),
    association = sprintf(
      "%s: associated with the instruments, though no effect comes of it. %s. Something that moves it is tied to the instruments: pleiotropy or structure.",
      head, numbers
    )
  )
}

# ---- latent_mr(controls = ) ----

# Checked before any work: list(values, name).
named_controls <- function(controls, data, expression) {
  if (is.null(controls)) return(NULL)
  rows <- inherits(data, "mr_data")
  known <- if (rows) colnames(data$covariates) else data$covariates
  name <- control_label(expression)
  controls <- people_columns(controls, "controls")
  list_of <- control_columns(controls, name, known, if (rows) data$covariate_coding, "data", "controls")
  for (one in Filter(function(one) !is.null(one$values), list_of)) {
    if (!rows) abort_argument("controls", "names of covariates when `data` holds no rows", describe(controls))
    values <- control_values(one$values, one$name, length(data$outcome), data$ids, "controls")
    check_no_trait(values, one$name, data_traits(data), "controls")
  }
  list(values = controls, name = name)
}

with_controls <- function(fit, data, controls) {
  if (is.null(controls)) return(fit)
  fit$controls <- negative_control.latent_mr(fit, controls$values, data, name = controls$name)
  fit
}
