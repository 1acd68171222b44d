# Tables of traits of the people of a data set, one column each.

# list(values, names): people x traits, NA where missing. `look`: are values that give away a mistake looked for?
trait_table <- function(x, data, arg, look = TRUE) {
  must <- "a matrix or data frame with a column for each trait and a row for each participant of `data`, or NULL"
  refuse_survival(x, arg)
  if (is.atomic(x) && is.null(dim(x)) && length(x)) {
    abort_argument(arg, must, describe(x), "A single trait is a data frame of one column: its name is in the result.")
  }
  if (!(is.data.frame(x) || is.matrix(x)) || !ncol(x) || is.null(colnames(x))) {
    abort_argument(arg, must, if (is.matrix(x) && ncol(x)) "a matrix without column names" else describe(x))
  }
  names <- colnames(x)
  check_unique_names(names, arg)
  at <- trait_rows(x, data, arg)
  role <- sub("s$", "", arg)
  values <- .Call(C_ffi_zeros, length(at), length(names))
  as_it_is <- identical(at, seq_len(nrow(x)))
  for (j in seq_along(names)) {
    column <- if (is.data.frame(x)) x[[j]] else x[, j]
    column <- check_trait(unname(column), sprintf("%s$%s", arg, names[j]), role = role)
    if (!as_it_is) column <- column[at]
    if (look) warn_trait_values(column, data$environment, names[j])
    values[, j] <- column
  }
  list(values = values, names = names)
}

# Row of the table for every person of the data: by identifier where the table has row names.
trait_rows <- function(x, data, arg) {
  ids <- row_ids(x)
  n <- length(data$environment)
  if (is.null(ids)) {
    if (nrow(x) == n) {
      warn_row_numbers(x, arg)
      return(seq_len(n))
    }
    abort_argument(
      arg, sprintf("a table with a row for each of the %s participants of `data`, in their order", big(n)),
      sprintf("one of %s rows", big(nrow(x))), "With identifiers as row names it is joined by them."
    )
  }
  if (is.null(data$ids)) {
    abort_argument(arg, "a table without row names when `data` has no identifiers", "one with row names")
  }
  twice <- ids[duplicated(ids)]
  if (length(twice)) {
    abort_argument(arg, "a table with one row for each participant", sprintf("one with %s twice", quote_all(twice[1])))
  }
  at <- match(data$ids, ids)
  if (all(is.na(at))) {
    abort_argument(
      arg, "a table whose row names are identifiers of `data`",
      sprintf("one of %s, where `data` has %s", quote_all(ids, 3), quote_all(data$ids, 3))
    )
  }
  say_joined(arg, ids, data$ids)
  at
}

# Rows taken by position out of a data frame that was visibly sorted or cut.
warn_row_numbers <- function(x, arg) {
  own <- row_numbers(x)
  if (is.null(own)) return(invisible())
  warn(
    sprintf(
      "`%s` has no identifiers and was sorted or cut since it was made (its row names begin %s): its rows are taken in the order of `data`.",
      arg, paste(utils::head(own, 3), collapse = ", ")
    ),
    "latentmr_warning_ids", argument = arg,
    hint = "Give it identifiers as row names, and it is joined by them; `row.names<-`(x, NULL) says that its order is right."
  )
}

# Who is lost by joining: told, and a warning where that is many people.
say_joined <- function(arg, ids, known) {
  without <- sum(!known %in% ids)
  extra <- ids[!ids %in% known]
  if (!without && !length(extra)) return(invisible())
  lost <- c(
    if (without) sprintf("%s of %s have no row", big(without), plural(length(known), "participant")),
    if (length(extra)) sprintf("%s of %s are of nobody in `data`, such as %s", big(length(extra)),
                               plural(length(ids), "row"), quote_all(extra, 3))
  )
  words <- sprintf("`%s`, joined by row names: %s.", arg, paste(lost, collapse = "; "))
  cause <- if (without && length(extra)) lost_cause(extra, known)
  if (without <= lost_share * length(known)) return(inform(words, "latentmr_message_ids"))
  warn(
    paste0(words, cause_words(cause)), "latentmr_warning_ids", argument = arg,
    hint = if (is.null(cause)) "Who has no row has missing values there." else cause$remedy
  )
}
