# Checks of the arguments of iv_fit() and iv_reg().

iv_vector <- function(v, arg, n) {
  v <- plain_integers(v, arg)
  if (is.matrix(v) && ncol(v) == 1) v <- setNames(v[, 1], rownames(v))
  if (is.logical(v)) v <- v + 0
  if (!is.numeric(v) || is.factor(v) || !is.null(dim(v))) abort_argument(arg, "a numeric vector", describe(v))
  if (!is.null(n) && length(v) != n) {
    abort_argument(arg, sprintf("as long as `y` (%d)", n), sprintf("of length %d", length(v)))
  }
  if (length(v) == 0) abort_argument(arg, "at least one number", "empty")
  check_finite(v, arg)
  storage.mode(v) <- "double"
  v
}

# Finite values of the matrices are checked by with_finite(), after the fact.
iv_matrix <- function(m, arg, n) {
  if (is.null(m)) return(NULL)
  if (is.factor(m)) abort_argument(arg, "a numeric matrix", describe(m), "Code its levels: model.matrix(~ f)[, -1].")
  m <- if (is.data.frame(m)) as.matrix(plain_columns(m)) else plain_integers(m, arg)
  if (is.null(dim(m))) dim(m) <- c(length(m), 1L)
  if (is.logical(m)) m <- m + 0
  if (!is.numeric(m) || length(dim(m)) != 2) abort_argument(arg, "a numeric matrix", describe(m))
  if (nrow(m) != n) {
    abort_argument(
      arg, sprintf("a matrix with a row for each of the %d values of `y`", n), sprintf("one with %d rows", nrow(m))
    )
  }
  if (ncol(m) == 0) return(NULL)
  if (!is.double(m)) storage.mode(m) <- "double"
  m
}

check_finite <- function(v, arg) {
  bad <- if (is.list(v)) sum(vapply(v, function(column) sum(!is.finite(column)), 0L)) else sum(!is.finite(v))
  if (bad) {
    abort(
      sprintf(
        "`%s` has %d value%s that %s missing or infinite.", arg, bad, if (bad == 1) "" else "s",
        if (bad == 1) "is" else "are"
      ),
      "latentmr_error_argument", argument = arg,
      hint = "Drop these rows from every argument, or use iv_reg(na.action = na.omit)."
    )
  }
}

# Runs the factor; when it meets a value that is not finite, says where.
with_finite <- function(rows, expr) {
  tryCatch(expr, latentmr_error_nonfinite = function(e) {
    for (part in c("x", "z", "w")) if (!is.null(rows[[part]])) check_finite(rows[[part]], part)
    stop(e)
  })
}

# Names are kept beside the matrices: setting them would copy the data.
column_names <- function(m, prefix) {
  names <- design_names(m)
  if (is.null(names)) {
    return(if (NCOL0(m) == 1) prefix else sprintf("%s%d", prefix, seq_len(NCOL0(m))))
  }
  # cbind(1, hp) names its second column only
  without <- is.na(names) | !nzchar(names)
  names[without] <- sprintf("%s%d", prefix, which(without))
  repeated <- unique(names[duplicated(names)])
  if (length(repeated)) {
    abort(
      sprintf("`%s` has repeated column names: %s.", prefix, quote_all(repeated)), "latentmr_error_argument",
      argument = prefix,
      hint = sprintf("Give every column a name of its own, or none to any: colnames(%s) <- NULL numbers them.", prefix)
    )
  }
  names
}

iv_estimators <- c("2sls", "b2sls", "liml", "fuller", "kclass", "jive1", "ujive", "gmm", "ols")

# What the estimator needs beside the data: `kappa` of "kclass", `fuller`, `meat` of the robust errors.
check_kappa <- function(estimator, kappa, fuller, meat) {
  check_choice(estimator, "estimator", iv_estimators)
  check_number(fuller, "fuller", min = 0)
  check_idle("fuller", estimator != "fuller", "estimator = \"fuller\"", up = 2)
  check_choice(meat, "meat", c("kclass", "projected"))
  if (meat == "projected" && !(estimator %in% c("liml", "fuller", "kclass", "b2sls"))) {
    abort_argument(
      "meat", sprintf("\"kclass\" with estimator \"%s\"", estimator), "\"projected\"",
      hint = "The two differ for \"liml\", \"fuller\", \"kclass\" and \"b2sls\"."
    )
  }
  if (estimator == "kclass") {
    check_number(kappa, "kappa", min = 0, hint = "0 is ordinary least squares, 1 is two-stage least squares.")
  } else if (!is.null(kappa)) {
    abort_argument(
      "kappa", sprintf("NULL with estimator \"%s\"", estimator), describe(kappa),
      hint = "`kappa` goes with estimator = \"kclass\"."
    )
  }
  list(kappa = kappa, fuller = fuller, meat = meat)
}
