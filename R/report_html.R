# Pieces of HTML. Everything that comes from data goes through html_text().

# Text as HTML in ASCII: the five special characters and whatever is not ASCII
# become references, so that neither encodings nor markup can break the page.
html_text <- function(x, squeeze = TRUE) {
  x <- enc2utf8(as.character(x))
  if (squeeze) x <- gsub("[[:space:]]+", " ", x)
  x[is.na(x)] <- "NA"
  vapply(x, function(text) {
    if (!validUTF8(text)) text <- iconv(text, "latin1", "UTF-8", sub = "?")
    code <- utf8ToInt(text)
    special <- code > 126 | code < 32 | code %in% utf8ToInt("<>&\"'\\`")
    paste0(ifelse(special, paste0("&#", code, ";"), intToUtf8(code, multiple = TRUE)), collapse = "")
  }, "", USE.NAMES = FALSE)
}

# Into the document as it stands, past the Markdown reader.
html_out <- function(...) cat("\n\n``````````{=html}\n", ..., "\n``````````\n\n", sep = "")

html_p <- function(text, class = NULL) {
  sprintf("<p%s>%s</p>\n", if (is.null(class)) "" else sprintf(" class=\"%s\"", class), text)
}

# A data frame of text or numbers; the first column heads the rows. `numeric`:
# columns set to the right. On narrow screens the rows of tables of more than three
# columns become blocks. `after`: HTML behind the text of a column's cells.
html_table <- function(frame, caption, numeric = NULL, class = NULL, after = NULL) {
  head <- html_text(trimws(names(frame)))
  cells <- lapply(frame, html_text)
  for (name in names(after)) cells[[name]] <- paste0(cells[[name]], after[[name]])
  right <- names(frame) %in% numeric
  stack <- length(frame) > 3
  cell <- function(i, j) {
    tag <- if (j == 1) "th scope=\"row\"" else "td"
    sprintf(
      "<%s%s%s>%s</%s>", tag,
      if (right[j]) sprintf(" class=\"num%s\"", if (grepl(" ", cells[[j]][i])) "" else " whole") else "",
      if (stack) sprintf(" data-label=\"%s\"", head[j]) else "", cells[[j]][i], if (j == 1) "th" else "td"
    )
  }
  rows <- vapply(seq_len(nrow(frame)), function(i) {
    paste0("<tr>", paste(vapply(seq_along(cells), function(j) cell(i, j), ""), collapse = ""), "</tr>")
  }, "")
  columns <- sprintf("<th scope=\"col\"%s>%s</th>", ifelse(right, " class=\"num\"", ""), head)
  class <- c(if (stack) "stack", class)
  paste0(
    sprintf(
      "<p class=\"caption\">%s</p>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n",
      html_text(caption), html_text(caption)
    ),
    sprintf(
      "<table aria-label=\"%s\"%s>\n", html_text(caption),
      if (length(class)) sprintf(" class=\"%s\"", paste(class, collapse = " ")) else ""
    ),
    "<thead><tr>", paste(columns, collapse = ""), "</tr></thead>\n<tbody>\n", paste(rows, collapse = "\n"),
    "\n</tbody>\n</table>\n</div>\n"
  )
}

html_list <- function(items) paste0("<ul>\n", paste0("<li>", items, "</li>", collapse = "\n"), "\n</ul>\n")

html_code <- function(lines) {
  sprintf("<pre tabindex=\"0\"><code>%s</code></pre>\n", paste(html_text(lines, squeeze = FALSE), collapse = "\n"))
}

# A picture inside the page, at its own size.
html_figure <- function(plot, alt, dpi = 144) {
  size <- attr(plot, "size")
  path <- tempfile(fileext = ".png")
  on.exit(unlink(path))
  ggplot2::ggsave(path, plot, width = size[[1]], height = size[[2]], dpi = dpi, device = "png")
  check_png(path)
  sprintf(
    "<figure class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"%s\"></figure>\n",
    html_text(plot$labels$title), knitr::image_uri(path), as.integer(96 * size[[1]]), as.integer(96 * size[[2]]),
    html_text(alt)
  )
}

# R's devices do not say that a disk is full: a picture ends with the chunk IEND.
check_png <- function(path) {
  bytes <- if (file.exists(path)) readBin(path, "raw", file.size(path)) else raw()
  if (identical(utils::tail(bytes, 8)[1:4], charToRaw("IEND"))) return(invisible())
  abort_write(path, "the picture is not whole, is the disk of temporary files full?", user_call())
}
