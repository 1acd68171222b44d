# The design of a formula as a list of double vectors, so that the numeric
# columns of the data are read where they lie: model.matrix() would copy them all.

# A named list with attribute `contrasts`, equal to the columns of
# model.matrix(terms, frame, contrasts); NULL when the formula needs that function
# (interactions, matrices, factors without an intercept).
design_list <- function(terms, frame, contrasts) {
  labels <- attr(terms, "term.labels")
  intercept <- attr(terms, "intercept") == 1
  if (any(attr(terms, "order") != 1) || !all(labels %in% names(frame))) return(NULL)
  plain <- vapply(labels, function(label) is_plain(frame[[label]]), NA)
  if (!all(plain) && !intercept) return(NULL)
  if (!all(vapply(frame[labels], NROW, 0L) == nrow(frame))) return(NULL)
  coded <- code_terms(terms, frame, contrasts, plain)
  columns <- lapply(seq_along(labels), function(j) {
    if (!plain[j]) return(coded[[labels[j]]])
    setNames(list(as.double(frame[[labels[j]]])), labels[j])
  })
  one <- if (intercept) list("(Intercept)" = rep(1, nrow(frame)))
  structure(c(one, unlist(columns, recursive = FALSE)), contrasts = attr(coded, "contrasts"))
}

is_plain <- function(v) (is.double(v) || is.integer(v)) && is.null(dim(v)) && !is.object(v)

# Columns of the terms that are not plain numbers: factors, logicals, characters.
code_terms <- function(terms, frame, contrasts, plain) {
  if (all(plain)) return(NULL)
  labels <- attr(terms, "term.labels")
  if (any(plain)) terms <- stats::drop.terms(terms, which(plain))
  m <- stats::model.matrix(stats::delete.response(terms), frame, contrasts)
  term <- attr(m, "assign")
  out <- lapply(seq_len(sum(!plain)), function(t) {
    names <- colnames(m)[term == t]
    setNames(lapply(names, function(name) unname(m[, name])), names)
  })
  structure(setNames(out, labels[!plain]), contrasts = attr(m, "contrasts"))
}

# Either form of a design: its names, some of its columns, the whole as a matrix.
design_names <- function(m) if (is.list(m)) names(m) else colnames(m)

design_columns <- function(m, which) {
  if (!any(which)) return(NULL)
  if (is.list(m)) {
    m <- m[which]
    attr(m, "contrasts") <- NULL
    return(m)
  }
  m <- m[, which, drop = FALSE]
  attr(m, "assign") <- attr(m, "contrasts") <- NULL
  m
}

design_matrix <- function(m) {
  if (is.list(m)) do.call(cbind, m) else m
}

NCOL0 <- function(m) if (is.null(m)) 0L else if (is.list(m)) length(m) else ncol(m)

# model.frame(), which lets na.omit() copy the data only when a value is missing.
iv_frame <- function(call, envir) {
  action <- if (is.null(call$na.action)) getOption("na.action") else eval(call$na.action, envir)
  known <- list(
    "na.omit", "na.exclude", "na.fail", "na.pass", stats::na.omit, stats::na.exclude, stats::na.fail, stats::na.pass
  )
  if (any(vapply(known, identical, NA, action))) {
    quick <- call
    quick$na.action <- quote(stats::na.pass)
    frame <- eval(quick, envir)
    if (!any(vapply(frame, anyNA, NA))) return(frame)
  }
  eval(call, envir)
}
