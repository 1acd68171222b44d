# What as.data.frame() and data.frame() ask of every method: names of the rows, factors.
# `optional` asks nothing: the columns have names.
asked_frame <- function(frame, row.names = NULL, stringsAsFactors = FALSE) {
  check_flag(stringsAsFactors, "stringsAsFactors")
  if (!is.null(row.names)) {
    if (length(row.names) != nrow(frame) || anyDuplicated(row.names)) {
      abort_argument("row.names", sprintf("NULL or %d different names", nrow(frame)), describe(row.names))
    }
    attr(frame, "row.names") <- if (is.numeric(row.names)) as.integer(row.names) else as.character(row.names)
  }
  if (stringsAsFactors) {
    text <- vapply(frame, is.character, NA)
    frame[text] <- lapply(frame[text], factor)
  }
  frame
}
