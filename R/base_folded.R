# Tables that print folded: the rows and columns to read first, the rest counted.

# `rank`: rows, those to read first in front; `first`: the words for that; `columns`: those shown; `lines`: text in
# place of rows; `note`: sentences below whole rows that are not rounded. It stays a data frame for everything else; a
# part of it prints as data frames do.
folded_table <- function(frame, rank = seq_len(nrow(frame)), first = "", columns = names(frame), lines = NULL,
                         note = NULL) {
  attr(frame, "fold") <- list(
    rank = rank, first = first, columns = intersect(columns, names(frame)), lines = lines, note = note,
    rows = nrow(frame)
  )
  class(frame) <- unique(c("mr_table", class(frame)))
  frame
}

unfolded <- function(frame) {
  # With it goes what stands in front: a class that prints the whole in a way of its own.
  classes <- class(frame)
  attr(frame, "fold") <- NULL
  class(frame) <- classes[seq_along(classes) > match("mr_table", classes, 0L)]
  frame
}

#' Tables that print folded
#'
#' [flow()], [variants()], [single_variant()], [mr_methods()] and [outlying_variants()] give data frames of which
#' the print shows a few lines, the ones to read first. `as.data.frame()` prints them whole; any part of
#' one is a plain data frame.
#'
#' @param x A table.
#' @param rows How many rows are shown.
#' @param ... Nothing: an argument without a use is an error.
#' @return `x`, invisibly; `as.data.frame()`: the plain data frame; `[`: part of it.
#' @examples
#' mr_methods()
#' as.data.frame(mr_methods())[1:3, c("id", "reference")]
#' @export
print.mr_table <- function(x, rows = 10, ...) {
  check_dots(...)
  check_number(rows, "rows", min = 1, whole = TRUE)
  fold <- attr(x, "fold")
  plain <- unfolded(x)
  if (!identical(fold$rows, nrow(plain)) || !all(fold$columns %in% names(plain))) {
    pointed(print(plain))
    return(invisible(x))
  }
  if (length(fold$lines)) {
    cat(fold$lines, sep = "\n")
    cat(sprintf("as.data.frame() has all %s.\n", plural(fold$rows, "row")))
    return(invisible(x))
  }
  if (length(fold$note)) {
    pointed(print(plain, row.names = FALSE))
    cat_page(fold$note)
    return(invisible(x))
  }
  shown <- utils::head(fold$rank, rows)
  if (nzchar(fold$first)) cat(sprintf("%s, %s:\n", plural(fold$rows, "row"), fold$first))
  print(short_columns(plain[shown, fold$columns, drop = FALSE]), row.names = FALSE)
  left <- fold$rows - length(shown)
  columns <- length(plain) - length(fold$columns)
  more <- c(if (left > 0) plural(left, "row"), if (columns > 0) plural(columns, "column"))
  if (length(more)) cat(sprintf("... %s more: as.data.frame()\n", paste(more, collapse = " and ")))
  invisible(x)
}

# Fractions with three figures; columns that are wholly missing are none.
short_columns <- function(frame) {
  frame <- frame[!vapply(frame, function(v) nrow(frame) > 0 && all(is.na(v)), NA)]
  fraction <- vapply(frame, function(v) is.double(v) && any(v %% 1 != 0, na.rm = TRUE), NA)
  frame[fraction] <- lapply(frame[fraction], function(v) format(signif(v, 3)))
  frame
}

#' @rdname print.mr_table
#' @export
`[.mr_table` <- function(x, ...) {
  x <- unfolded(x)
  x[...]
}

#' @rdname print.mr_table
#' @param row.names,optional As in [as.data.frame()].
#' @export
as.data.frame.mr_table <- function(x, row.names = NULL, optional = FALSE, ...) {
  check_dots(...)
  as.data.frame(unfolded(x), row.names = row.names, optional = optional)
}
