# Where genotypes come from: class `genotypes`. A format is one R file with these nine
# methods (the matrix below, PLINK in R/data_plink_genotypes.R,
# dosages in memory in R/data_dosage_genotypes.R) and, where it has bytes of its
# own, one core file (src/core/genotype/source.h). Nothing else asks which format it is.
#
#   dim(x)                       people, variants
#   variants(x), samples(x)      tables of the file, in the order of `dim`; NULL where it has none
#   pick(x, rows, cols)          the same for some people and variants: positions, NULL for all
#   scan(x, rows, environment)   src/core/genotype/variant_scan.h, of people at positions `rows`
#   decode(x, cols, rows)        a double matrix of people x variants, missing calls NA
#   bits(x, rows)                list(source, person): what the core reads 2-bit codes from, and
#                                where its people at `rows` stand there, 0-based; for
#                                formats of hard calls, and others whose values are 0, 1, 2, NA
#   numerators(x, rows)          the same for dosages as whole numbers (`dosages` of source.h), from
#                                which moments are exact; NULL where the format has none
#   words(x)                     where they are, for the print
#
# pick() is called with positions in the object, and so are scan(), decode() and bits().

pick <- function(x, rows = NULL, cols = NULL) UseMethod("pick")
scan <- function(x, rows, environment) UseMethod("scan")
decode <- function(x, cols = NULL, rows = NULL) UseMethod("decode")
bits <- function(x, rows) UseMethod("bits")
numerators <- function(x, rows) UseMethod("numerators")
words <- function(x) UseMethod("words")

# Without samples of a file there is nobody to describe.
#' @exportS3Method
variants.genotypes <- function(x, ...) check_dots(...)

#' @exportS3Method
samples.genotypes <- function(x, ...) check_dots(...)

# A format that decodes only: everything else goes through doubles.
scan.genotypes <- function(x, rows, environment) {
  .Call(C_ffi_variant_scan, decode(x, NULL, rows), seq_along(rows), as.integer(environment), nlevels(environment))
}

bits.genotypes <- function(x, rows) list(source = decode(x, NULL, rows), person = seq_along(rows) - 1L)

numerators.genotypes <- function(x, rows) NULL

words.genotypes <- function(x) "read when needed"

# Formats that hold 0, 1, 2 and missing calls only say so by a class `hard_calls`; what others
# hold, their scan says.
hard_calls <- function(x) inherits(x, "hard_calls")

# ---- a matrix in memory ----

genotype_matrix <- function(x) structure(list(x = x), class = c("genotype_matrix", "genotypes"))

in_memory <- function(x) inherits(x, "genotype_matrix")

#' @exportS3Method
dim.genotype_matrix <- function(x) dim(x$x)

pick.genotype_matrix <- function(x, rows = NULL, cols = NULL) {
  x$x <- decode(x, cols, rows)
  x
}

scan.genotype_matrix <- function(x, rows, environment) {
  .Call(C_ffi_variant_scan, x$x, as.integer(rows), as.integer(environment), nlevels(environment))
}

decode.genotype_matrix <- function(x, cols = NULL, rows = NULL) {
  if (is.null(rows) && is.null(cols)) return(x$x)
  if (is.null(rows)) return(x$x[, cols, drop = FALSE])
  if (is.null(cols)) return(x$x[rows, , drop = FALSE])
  x$x[rows, cols, drop = FALSE]
}

bits.genotype_matrix <- function(x, rows) list(source = x$x, person = as.integer(rows) - 1L)

words.genotype_matrix <- function(x) "in memory"

# ---- what all formats have in common ----

# Genotypes of an mr_data object as a double matrix, n x length(cols), missing
# calls NA; decoded on the spot when they live in files.
mr_genotypes <- function(data, cols = NULL) decode(data$genotypes, cols)

# Two sets of variants of the same people as one, which stays in the file when both are in
# the same one (formats that keep positions in `cols`).
beside <- function(a, b) {
  shared <- function(x) unclass(x)[setdiff(names(x), c("cols", "variants"))]
  if (identical(class(a), class(b)) && !is.null(a$cols) && identical(shared(a), shared(b))) {
    a$cols <- c(a$cols, b$cols)
    return(a)
  }
  genotype_matrix(cbind(decode(a), decode(b)))
}
