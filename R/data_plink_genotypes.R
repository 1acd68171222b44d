# Class `genotypes` (R/data_genotypes_class.R) over PLINK files: samples `rows` and variants
# `cols` of a plink_bed, positions in the whole, NULL for all.

genotype_bed <- function(bed, rows = NULL, cols = NULL) {
  structure(list(bed = bed, rows = rows, cols = cols), class = c("genotype_bed", "hard_calls", "genotypes"))
}

bed_rows <- function(x, rows = NULL) at_positions(x$rows, rows, nrow(x$bed$samples))
bed_cols <- function(x, cols = NULL) at_positions(x$cols, cols, nrow(x$bed$variants))

# Positions `some` (NULL: all) of those that are kept (NULL: all n).
at_positions <- function(kept, some, n) {
  if (is.null(kept)) return(if (is.null(some)) seq_len(n) else as.integer(some))
  as.integer(if (is.null(some)) kept else kept[some])
}

#' @exportS3Method
dim.genotype_bed <- function(x) c(length(bed_rows(x)), length(bed_cols(x)))

#' @exportS3Method
variants.genotype_bed <- function(x, ...) {
  check_dots(...)
  x$bed$variants[bed_cols(x), , drop = FALSE]
}

#' @exportS3Method
samples.genotype_bed <- function(x, ...) {
  check_dots(...)
  x$bed$samples[bed_rows(x), , drop = FALSE]
}

pick.genotype_bed <- function(x, rows = NULL, cols = NULL) {
  if (!is.null(rows)) x$rows <- bed_rows(x, rows)
  if (!is.null(cols)) x$cols <- bed_cols(x, cols)
  x
}

# Counted from the 2-bit codes.
scan.genotype_bed <- function(x, rows, environment) {
  .Call(C_ffi_variant_scan, bed_places(x), bed_rows(x, rows), as.integer(environment), nlevels(environment))
}

decode.genotype_bed <- function(x, cols = NULL, rows = NULL) {
  everybody <- is.null(x$rows) && is.null(rows)
  bed_matrix(x$bed, if (!everybody) bed_rows(x, rows), bed_cols(x, cols), double = TRUE)
}

bits.genotype_bed <- function(x, rows) list(source = bed_places(x), person = bed_rows(x, rows) - 1L)

words.genotype_bed <- function(x) paste("read when needed from", plural(nrow(x$bed$files), "PLINK file set"))

# For each variant its file and its place there, 0-based.
bed_places <- function(x) {
  files <- x$bed$files
  cols <- bed_cols(x)
  file <- findInterval(cols, files$first)
  list(
    files = opened_files(x$bed), n_samples = nrow(x$bed$samples),
    file = file - 1L, col = cols - files$first[file]
  )
}
