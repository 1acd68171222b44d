# Lines and tables of prints, within the width of the console.

# Columns of a print: those of the console, at least 40 and no more than can be read.
page_width <- function(most = 100L) min(max(getOption("width"), 40L), most)

# Lines of a print: within its width, words that are wider than that broken.
page_lines <- function(text, ..., width = page_width()) {
  broken <- gsub(sprintf("(\\S{%d})(?=\\S)", width - 8L), "\\1 ", text, perl = TRUE)
  strwrap(broken, width, ...)
}

# A data frame of which the first `labels` columns name the rows: they stand in every part that it is wrapped into.
print_labelled <- function(frame, labels = 1L, digits = NULL) {
  old <- options(width = page_width())
  on.exit(options(old))
  name <- do.call(paste, c(unname(lapply(frame[seq_len(labels)], as.character)), sep = ", "))
  frame <- frame[-seq_len(labels)]
  rownames(frame) <- make.unique(name)
  pointed(print(frame, digits = digits))
}

cat_page <- function(texts, ...) for (text in texts) cat(page_lines(text, ...), sep = "\n")

# Columns of text, each with its title, of the rows `at`.
left_columns <- function(columns, at) {
  pad <- function(text) {
    text <- text[c(1L, at + 1L)]
    paste0(text, strrep(" ", max(nchar(text, "width")) - nchar(text, "width")))
  }
  sub(" +$", "", do.call(paste, c(lapply(columns, pad), sep = "  ")))
}

# Each row in two lines or more: what it is, and its numbers, the first without its title.
folded_rows <- function(name, columns) {
  lapply(seq_along(name), function(i) {
    value <- vapply(columns, `[`, "", i + 1L)
    title <- vapply(columns, `[`, "", 1)
    title <- c("", ifelse(title == "p" & !startsWith(value, "<"), "p = ", paste0(title, " "))[-1])
    numbers <- paste0(title, value)[nzchar(value)]
    indent <- substr(name[i], 1, 2)
    c(
      page_lines(substring(name[i], 3), initial = indent, prefix = "    "),
      page_lines(paste(numbers, collapse = ", "), initial = "    ", prefix = "    ")
    )
  })
}
