# From the text of a file to the columns of a table: the one way for phenotypes, lists,
# kinship and weights. Cells are text; what is a number is said by the caller.

# Cells that are missing in every column.
missing_cells <- c("", "NA", "N/A", "n/a", "NaN", "nan", ".", "<NA>", "#N/A", "NULL")

# Opens a table: names of its columns (header = TRUE), how many rows, and
# `columns(at, numbers)`, a list of vectors: doubles where `numbers` and every cell is a
# number or missing, text elsewhere.
open_text_table <- function(path, arg, header = TRUE, missing = missing_cells, encoding = utf8) {
  open_text_bytes(file_text(path, arg, encoding), path, arg, header, missing)
}

open_text_bytes <- function(bytes, path, arg, header = TRUE, missing = missing_cells) {
  head <- .Call(C_ffi_table_head, bytes, NA_integer_, path)
  if (!length(head$head)) {
    return(
      list(
        names = character(), rows = 0, path = path, row_names = FALSE,
        columns = function(at, numbers) rep(list(character()), length(at))
      )
    )
  }
  names <- if (header) table_names(head$head) else head$head
  if (!length(names)) names <- head$head
  shape <- table_shape(bytes, head, names, path, arg)
  names <- shape$names
  list(
    names = names, rows = shape$rows + !header, path = path, row_names = shape$row_names,
    columns = function(at, numbers = FALSE) {
      .Call(
        C_ffi_table_cells, bytes, head$separator, path, as.integer(header), shape$rows + !header, length(names),
        as.integer(at) - 1L, rep_len(numbers, length(at)), missing
      )
    }
  )
}

# Empty cells at the end of a header are no columns.
table_names <- function(head) head[seq_len(max(0, which(nzchar(head))))]

# Every record must fit the header; all of them one cell longer, the first cell is a
# row name, as write.table() writes them.
table_shape <- function(bytes, head, names, path, arg) {
  shape <- .Call(C_ffi_table_shape, bytes, head$separator, path, length(names))
  if (shape$longer && shape$wide == shape$records) {
    return(list(names = c(row_names_column, names), rows = shape$records, row_names = TRUE))
  }
  line <- if (shape$odd_line) shape$odd_line else shape$longer_line
  if (!line) return(list(names = names, rows = shape$records, row_names = FALSE))
  cells <- if (shape$odd_line) shape$odd_cells else length(names) + 1
  separator <- switch(
    as.character(head$separator), "0" = "blanks", "9" = "tabs", sprintf("\"%s\"", intToUtf8(head$separator))
  )
  abort(
    sprintf("`%s`: line %s of %s has %s, the first line %s (separated by %s).", arg, big(line), path,
            plural(cells, "cell"), big(length(names)), separator),
    c("latentmr_error_format", "latentmr_error_file"), argument = arg,
    hint = "Every line must have as many cells as the first: write missing values as NA, and put text with separators in quotes."
  )
}

row_names_column <- "(row names)"
