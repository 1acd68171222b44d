#' Fingerprint of moments
#'
#' Says in a few letters what moments are sums of: which variants with which alleles, which columns in which units and
#' coding, by which version of the package. Nothing of people goes into it, so it can be read out on the telephone:
#' sites whose fingerprints agree can be combined, and where they do not, the part that differs says what to look at.
#'
#' @param m An `mr_moments` object.
#' @param ... Nothing: an argument without a use is an error.
#' @return A named character vector: `variants` (first 12 digits of the MD5 sum of names, effect and other alleles, in the
#'   order of the names; the order of the object does not count), `columns` (the same of kind, exposure, outcome,
#'   covariates with their coding, structure, units and scaling), and `version` of the package that made the sums.
#' @section Errors: `latentmr_error_argument` when `m` is no `mr_moments` object, `latentmr_error_moments` when it was changed
#'   on the way.
#' @seealso [combine_moments()], [export_moments()], which writes the fingerprint into its file.
#' @examples
#' set.seed(1)
#' g <- matrix(rbinom(300 * 3, 2, .4), 300, 3)
#' data <- mr_data(g, rnorm(300), rnorm(300), rep("a", 300), kind = "genotype")
#' fingerprint(mr_moments(data))
#' @export
fingerprint <- function(m, ...) {
  check_dots(...)
  check_given()
  if (!inherits(m, "mr_moments")) {
    abort_argument("m", "an mr_moments object", describe(m), "Make one with mr_moments().")
  }
  check_moments(m, "m")
  fingerprint_of(m)
}

fingerprint_of <- function(m) {
  v <- m$variants[order(m$variants$snp, method = "radix"), ]
  cells <- c(list(kind = m$kind), m[c("exposure", "outcome", "covariates", "structure", "units", "scaled")])
  coding <- lapply(m$coding, as.character)
  cells <- c(cells, coding, list(block = as.character(m$block)))
  c(
    variants = text_sum(paste(v$snp, v$effect_allele, v$other_allele, sep = "\t")),
    columns = text_sum(paste(names(cells), vapply(cells, paste, "", collapse = "\t"), sep = "\t")),
    version = if (is.null(m$version)) NA_character_ else m$version
  )
}

text_sum <- function(lines) substr(bytes_sum(charToRaw(paste(enc2utf8(lines), collapse = "\n"))), 1, 12)

# The MD5 sum: of R it takes files only. It finds damage, not forgery.
bytes_sum <- function(bytes) {
  path <- tempfile()
  on.exit(unlink(path))
  writeBin(bytes, path)
  unname(tools::md5sum(path))
}

# MD5 of an object, without what says which R wrote it.
object_digest <- function(x) {
  bytes <- serialize(x, NULL, version = 2)
  bytes[seq_len(14)] <- as.raw(0)
  bytes_sum(bytes)
}

# The groups behind the covariate columns.
coding_of <- function(data) {
  coding <- data$covariate_coding
  if (is.null(coding) || !length(colnames(data$covariates))) return(NULL)
  coding <- coding[match(colnames(data$covariates), coding$column), c("column", "variable", "level", "reference")]
  rownames(coding) <- NULL
  if (anyNA(coding$column)) NULL else coding
}

# How each trait was scaled at the site: its number means another thing otherwise.
scaled_traits <- function(data) {
  traits <- c(data$exposure_name, data$outcome_name)
  done <- data$scaling$scale[match(traits, data$scaling$trait)]
  if (is.null(done)) return(rep("none", length(traits)))
  ifelse(is.na(done), "none", done)
}
