# A format of genotypes that the package does not know: a text file with a line for each
# variant (snp, chr, pos, effect allele, other allele, then everybody's copies) below a line of
# identifiers. What a new format needs are these methods of class `genotypes`; all else is
# inherited.

write_lines_format <- function(path, g, ids, variants) {
  body <- apply(ifelse(is.na(t(g)), "NA", format(t(g), digits = 17, trim = TRUE)), 1, paste, collapse = " ")
  writeLines(c(paste(ids, collapse = " "), do.call(paste, c(unname(variants), list(body)))), path)
}

read_lines_format <- function(path) {
  lines <- strsplit(readLines(path), " ")
  head <- do.call(rbind, lapply(lines[-1], utils::head, 5))
  variants <- data.frame(
    snp = head[, 1], chr = head[, 2], pos = as.numeric(head[, 3]), effect_allele = head[, 4], other_allele = head[, 5]
  )
  structure(
    list(path = path, ids = lines[[1]], table = variants, rows = seq_along(lines[[1]]), cols = seq_len(nrow(variants))),
    class = c("genotype_lines", "genotypes")
  )
}

lines_format_methods <- list(
  dim = function(x) c(length(x$rows), length(x$cols)),
  variants = function(x, ...) x$table[x$cols, , drop = FALSE],
  samples = function(x, ...) data.frame(fid = x$ids, iid = x$ids)[x$rows, , drop = FALSE],
  pick = function(x, rows = NULL, cols = NULL) {
    if (!is.null(rows)) x$rows <- x$rows[rows]
    if (!is.null(cols)) x$cols <- x$cols[cols]
    x
  },
  decode = function(x, cols = NULL, rows = NULL) {
    at <- pick(x, rows, cols)
    lines <- strsplit(readLines(x$path)[at$cols + 1L], " ")
    matrix(unlist(lapply(lines, function(line) suppressWarnings(as.numeric(line[-(1:5)]))[at$rows])), length(at$rows))
  }
)

# Until the end of the test.
local_lines_format <- function(frame = parent.frame()) {
  for (name in names(lines_format_methods)) {
    registerS3method(name, "genotype_lines", lines_format_methods[[name]], envir = asNamespace("LatentMR"))
  }
}
