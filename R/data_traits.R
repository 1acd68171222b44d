# Tables of traits of the people of a data set, one column each.

# list(values, names): people x traits, NA where missing.
trait_table <- function(x, data, arg) {
  must <- "a matrix or data frame with a column for each trait and a row for each participant of `data`, or NULL"
  if (is.atomic(x) && is.null(dim(x)) && length(x)) {
    abort_argument(arg, must, describe(x), "A single trait is a data frame of one column: its name is in the result.")
  }
  if (!(is.data.frame(x) || is.matrix(x)) || !ncol(x) || is.null(colnames(x))) {
    abort_argument(arg, must, if (is.matrix(x) && ncol(x)) "a matrix without column names" else describe(x))
  }
  names <- colnames(x)
  check_unique_names(names, arg)
  at <- trait_rows(x, data, arg)
  columns <- lapply(seq_along(names), function(j) {
    column <- if (is.data.frame(x)) x[[j]] else x[, j]
    one <- sprintf("%s$%s", arg, names[j])
    column <- check_trait(unname(column), one)
    if (arg == "outcomes") column <- recode_binary(column, one)
    column[at]
  })
  list(values = matrix(unlist(columns), ncol = length(names)), names = names)
}

# Row of the table for every person of the data: by identifier where the table has row names.
trait_rows <- function(x, data, arg) {
  ids <- row_ids(x)
  n <- length(data$environment)
  if (is.null(ids)) {
    if (nrow(x) == n) return(seq_len(n))
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
  at
}
