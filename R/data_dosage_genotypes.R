# Class `genotypes` (R/data_genotypes_class.R) of dosages in memory, two bytes each: `raw` holds
# dosage * scale - scale of people x variants as 16-bit whole numbers, the low byte first, and -32768
# where missing (src/core/genotype/dosage.h); `scale` (1 to 32767) is a number for each variant.
# Samples `rows` and variants `cols` are positions in the whole, NULL for all.

# What readers of dosage files call. variants, samples: tables as read_plink() has them; samples may be NULL.
genotype_dosages <- function(raw, scale, people, variants, samples = NULL) {
  scale <- as.integer(scale)
  stopifnot(
    is.raw(raw), !anyNA(scale), all(scale >= 1L & scale <= 32767L), length(raw) == 2 * people * length(scale),
    is.data.frame(variants), nrow(variants) == length(scale), is.null(samples) || nrow(samples) == people
  )
  structure(
    list(
      raw = raw, scale = scale, people = as.integer(people), variants = variants, samples = samples, rows = NULL,
      cols = NULL
    ),
    class = c("genotype_dosages", "genotypes")
  )
}

dosage_rows <- function(x, rows = NULL) at_positions(x$rows, rows, x$people)
dosage_cols <- function(x, cols = NULL) at_positions(x$cols, cols, length(x$scale))

# As the core reads it: variants at positions `cols`.
dosage_source <- function(x, cols = NULL) {
  list(dosages = x$raw, scale = x$scale, people = x$people, col = dosage_cols(x, cols) - 1L)
}

#' @exportS3Method
dim.genotype_dosages <- function(x) c(length(dosage_rows(x)), length(dosage_cols(x)))

#' @exportS3Method
variants.genotype_dosages <- function(x, ...) {
  check_dots(...)
  x$variants[dosage_cols(x), , drop = FALSE]
}

#' @exportS3Method
samples.genotype_dosages <- function(x, ...) {
  check_dots(...)
  if (!is.null(x$samples)) x$samples[dosage_rows(x), , drop = FALSE]
}

pick.genotype_dosages <- function(x, rows = NULL, cols = NULL) {
  if (!is.null(rows)) x$rows <- dosage_rows(x, rows)
  if (!is.null(cols)) x$cols <- dosage_cols(x, cols)
  x
}

scan.genotype_dosages <- function(x, rows, environment) {
  .Call(C_ffi_variant_scan, dosage_source(x), dosage_rows(x, rows), as.integer(environment), nlevels(environment))
}

decode.genotype_dosages <- function(x, cols = NULL, rows = NULL) {
  everybody <- is.null(x$rows) && is.null(rows)
  .Call(C_ffi_source_matrix, dosage_source(x, cols), if (!everybody) dosage_rows(x, rows))
}

bits.genotype_dosages <- function(x, rows) list(source = dosage_source(x), person = dosage_rows(x, rows) - 1L)

numerators.genotype_dosages <- function(x, rows) bits(x, rows)

# Any genotypes that have numerators as dosages in memory.
held_dosages <- function(x) {
  n <- dim(x)[1]
  whole <- numerators(x, seq_len(n))
  held <- .Call(C_ffi_source_dosages, whole$source, whole$person)
  genotype_dosages(held$raw, held$scale, n, variants(x), samples(x))
}

# Values of some variants replaced; dosages at the scale of the variant.
replace_dosages <- function(x, cols, values) {
  at <- dosage_cols(x, cols)
  bytes <- .Call(C_ffi_dosage_pack, values, x$scale[at])
  stopifnot(is.raw(bytes), nrow(values) == x$people)
  size <- 2 * x$people
  for (j in seq_along(at)) x$raw[(at[j] - 1) * size + seq_len(size)] <- bytes[(j - 1) * size + seq_len(size)]
  x
}

words.genotype_dosages <- function(x) "dosages in memory, two bytes each"
