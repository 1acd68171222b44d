# Words about encoder = "mechanism_sparsity".

print_sparse <- function(x) {
  touched <- x$touched
  cat(sprintf(
    "  %d latents, %s touched in no environment; rows from the best of %s\n", nrow(touched),
    format(x$n_latent[["invariant"]]), plural(length(x$starts), "start")
  ))
  cat("  Which environment (column) touches (x) which latent (row); `alone`: environments that leave it alone\n")
  shown <- seq_len(min(ncol(touched), 20))
  table <- as.data.frame(ifelse(touched[, shown, drop = FALSE] == 1, "x", "."), stringsAsFactors = FALSE)
  names(table) <- shorten(colnames(touched)[shown], 8)
  table$alone <- sparse_alone(x)
  rownames(table) <- paste0("    ", rownames(touched))
  pointed(print(table, right = FALSE))
  if (ncol(touched) > length(shown)) cat(sprintf("  and %d environments more\n", ncol(touched) - length(shown)))
  lines <- c(if (has_code(x)) code_lines(x), stability_line(x), x$notes)
  cat_page(lines, initial = "  ", prefix = "    ")
  cat_page(sparse_notes(x), initial = "  ", prefix = "    ")
  cat_page(x$warnings, initial = "  ! ", prefix = "    ")
  invisible(x)
}

# "4 of 6", and how near to no majority that is.
sparse_alone <- function(x) {
  environments <- ncol(x$touched)
  margin <- x$majority - environments %/% 2
  word <- if (!is.null(x$control$reference)) "" else ifelse(margin < 1, " (none)", ifelse(margin == 1, " (thin)", ""))
  sprintf("%d of %d%s", x$majority, environments, word)
}

sparse_notes <- function(x) {
  thin <- if (is.null(x$control$reference)) sum(x$majority == ncol(x$touched) %/% 2 + 1)
  c(
    if (isTRUE(thin > 0)) sprintf(
      "Thin: of %s one environment more would leave no majority. What touches a latent in the same way in most environments is taken for its common law: Hansen's J and Cochran's Q show it.",
      plural(thin, "latent")
    ),
    "The agreement of environments was tested with the kurtosis of normal variables."
  )
}

# What latent_mr() and learn_instruments() raise.
sparse_warnings <- function(touched, majority, reference) {
  lost <- if (reference) 0L else sum(2 * majority <= ncol(touched))
  empty <- colnames(touched)[colSums(touched == 0) == 0]
  c(
    if (lost) sprintf(
      "%s no majority of environments that leave %s alone and count%s as touched everywhere.",
      sentence_case(paste(plural(lost, "latent"), if (lost == 1) "has" else "have")), if (lost == 1) "it" else "them",
      if (lost == 1) "s" else ""
    ),
    if (length(empty)) sprintf("No instrument in %s: every latent is touched there.", quote_all(empty, 5))
  )
}
