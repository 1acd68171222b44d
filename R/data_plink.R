#' Genotypes from PLINK files
#'
#' Opens the bed, bim and fam files of one or several PLINK 1 file sets as one
#' table of samples by variants. Nothing is decoded before it is asked for, and
#' no file stays open: the object can be saved, and used again as long as the
#' files are where they were.
#'
#' @param prefix Path and common start of the three files, with or without
#'   `.bed`. Several prefixes (a file set per chromosome) are joined side by side;
#'   they must hold the same samples in the same order.
#' @param x A `plink_bed` object.
#' @param i,j Samples and variants: positions, names, logical or negative, as for a
#'   matrix. Missing means all.
#' @param drop Whether one row or column comes back as a vector.
#' @param double Whether `as.matrix()` returns numbers of type double (8 bytes
#'   each) instead of integers (4 bytes).
#' @param ... Nothing: an argument without a use is an error.
#'
#' @section What is counted:
#' A genotype is the number of copies of `effect_allele`: A1, column 5 of the bim
#' file. That is what PLINK's `--recode A`, BEDMatrix and genio count; snpStats
#' and, by default, PLINK 2 count the other one. Missing calls are `NA`.
#'
#' @section Names:
#' Rows are named by individual id when these differ, else by family and
#' individual id joined with `_`. Columns are named by the variant id. An id that
#' occurs more than once gets `:other:effect` appended, a variant without one
#' (`.`) is named `chr:pos:other:effect`, and what is then still repeated is
#' numbered; a message says how many. Ids are text: leading zeros stay. Samples that share a
#' negative number (UK Biobank's withdrawn ones) are named `withdrawn` and match nobody.
#'
#' @section Files that do not belong together:
#' The size of the bed file must be that of the counts of lines in the bim and fam
#' files, and the unused places of the last byte of every variant must be empty; a fam
#' file that has lost lines shows by one or the other (1,024 variants spread over the
#' file are looked at when it is opened, every variant when it is read). One line too
#' many within the last byte shows as a last sample with two copies of the effect
#' allele everywhere, which is warned of from 100 variants on. Nothing in the files
#' shows when lines of the fam file were exchanged; nor, where the number of samples
#' is a multiple of 4, is there any unused place to look at: keep the three files of a
#' set together. A bed file that is written while it is read is refused, and so is one that was written since
#' [read_plink()] opened it, unless (up to 256 MB) a sum over its bytes is still the same: a copy of the file in its
#' place.
#'
#' @section Memory:
#' A matrix takes 4 bytes a genotype (8 as double). More than
#' `getOption("LatentMR.memory")` (bytes, or text such as `"2GB"`; 8 GB unless set)
#' is refused with an error of class `latentmr_error_memory`.
#'
#' @section Errors:
#' `latentmr_error_file`: a file is missing (`latentmr_error_file_missing`),
#' cannot be read (`latentmr_error_io`), is not what it should be
#' (`latentmr_error_format`: wrong magic number, stored sample by sample, wrong
#' size, genotypes of more people than the fam file has, malformed line, not UTF-8;
#' also when it has changed since it was opened or while it was read),
#' or the samples of several sets differ (`latentmr_error_samples`).
#' `latentmr_error_argument`: an index names no sample or variant.
#' @param ... Nothing: an argument without a use is an error.
#' @return `read_plink()`: an object of class `plink_bed` with methods for `dim()`,
#'   `dimnames()`, `[`, `as.matrix()`, [variants()] and [samples()]. `[` and
#'   `as.matrix()`: an integer matrix, samples in rows, of 0, 1, 2 and `NA`.
#' @source File format: <https://www.cog-genomics.org/plink/1.9/formats#bed>.
#' @examples
#' folder <- system.file("extdata", package = "LatentMR")
#' bed <- read_plink(file.path(folder, "hgdp"))
#' bed
#' bed[1:3, c("rs302665", "rs2899446")]
#' head(variants(bed))
#' @export
read_plink <- function(prefix, ...) {
  check_dots(...)
  check_given()
  check_strings(prefix, "prefix")
  prefix <- vapply(prefix, plink_prefix, "", USE.NAMES = FALSE)
  if (anyDuplicated(prefix)) {
    abort_argument("prefix", "different file sets", sprintf("\"%s\" twice", prefix[anyDuplicated(prefix)]))
  }
  sets <- lapply(prefix, read_plink_set)
  for (set in sets[-1]) check_same_samples(set, sets[[1]])
  files <- do.call(rbind, lapply(sets, `[[`, "files"))
  if (sum(as.numeric(files$variants)) > .Machine$integer.max) {
    abort_argument("prefix", sprintf("file sets of at most %s variants together", big(.Machine$integer.max)),
                   sprintf("of %s", big(sum(as.numeric(files$variants)))))
  }
  files$first <- cumsum(c(1L, files$variants))[seq_along(prefix)]
  variants <- if (length(sets) == 1) {
    sets[[1]]$variants
  } else {
    as.data.frame(data.table::rbindlist(lapply(sets, `[[`, "variants")))
  }
  variants <- equal_alleles(name_variants(variants))
  structure(list(files = files, samples = sets[[1]]$samples, variants = variants), class = "plink_bed")
}

#' Variants and samples of an object
#'
#' @param x An object with genotypes, such as one of [read_plink()] or
#'   [mr_data()].
#' @param ... Nothing: an argument without a use is an error.
#' @return `variants()`: a data frame, one row a variant, with at least `snp`,
#'   `chr`, `pos` (base pairs), `effect_allele` (the allele whose copies the
#'   genotypes count) and `other_allele`; alleles that the file does not know (`0`
#'   or `.`) are `NA`. For a `plink_bed` also `cm` (centimorgans).
#'
#'   `samples()`: a data frame, one row a sample. For a `plink_bed`: `fid`, `iid`,
#'   `father`, `mother`, `sex` (1 male, 2 female, `NA` unknown) and `phenotype`, as
#'   it stands in the fam file (where -9, and 0 for cases and controls, mean
#'   missing). Of several file sets the first one's fam file is shown.
#' @examples
#' bed <- read_plink(file.path(system.file("extdata", package = "LatentMR"), "chr21"))
#' head(variants(bed))
#' table(samples(bed)$fid)
#' @export
variants <- function(x, ...) {
  check_given("x")
  UseMethod("variants")
}

#' @rdname variants
#' @export
samples <- function(x, ...) {
  check_given("x")
  UseMethod("samples")
}

#' @export
variants.default <- function(x, ...) {
  abort_argument("x", "an object that carries genotypes, such as one of read_plink() or mr_data()", describe(x))
}

#' @export
samples.default <- variants.default

# Of a table of variants, what a print shows of every one.
VARIANT_COLUMNS <- c("snp", "chr", "pos", "effect_allele", "other_allele")

#' @export
variants.plink_bed <- function(x, ...) {
  check_dots(...)
  check_made(x)
  folded_table(x$variants, columns = VARIANT_COLUMNS)
}

#' @export
samples.plink_bed <- function(x, ...) {
  check_dots(...)
  check_made(x)
  x$samples
}

#' @export
dim.plink_bed <- function(x) {
  if (!is.list(x) || !is.data.frame(x$samples) || !is.data.frame(x$variants)) check_made(x)
  c(nrow(x$samples), nrow(x$variants))
}

#' @export
dimnames.plink_bed <- function(x) {
  check_made(x)
  list(sample_names(x$samples), x$variants$snp)
}

sample_names <- function(samples) {
  if (!anyDuplicated(samples$iid)) return(samples$iid)
  gone <- withdrawn_samples(samples)
  name <- if (anyDuplicated(samples$iid[!gone])) paste(samples$fid, samples$iid, sep = "_") else samples$iid
  name[gone] <- "withdrawn"
  make.unique(name, sep = "_")
}

# As identifiers: those who withdrew have none.
sample_ids <- function(samples, names = samples$iid) {
  ids <- clean_ids(names)
  if (anyDuplicated(samples$iid)) ids[withdrawn_samples(samples)] <- NA
  ids
}

#' @rdname read_plink
#' @export
as.matrix.plink_bed <- function(x, double = FALSE, ...) {
  check_dots(...)
  check_made(x)
  check_flag(double, "double")
  named_matrix(x, NULL, NULL, double)
}

#' @rdname read_plink
#' @export
`[.plink_bed` <- function(x, i, j, ..., drop = TRUE) {
  check_dots(...)
  check_made(x)
  check_flag(drop, "drop")
  if (!missing(i) && missing(j) && nargs() - (!missing(drop)) < 3) {
    abort_argument("i", "one of two indices", "the only one",
                   "Samples are rows and variants are columns: x[i, ] or x[, j].")
  }
  rows <- if (!missing(i)) as_positions(i, nrow(x$samples), sample_names(x$samples), "i", "sample")
  cols <- if (!missing(j)) as_positions(j, nrow(x$variants), x$variants$snp, "j", "variant")
  out <- named_matrix(x, rows, cols, FALSE)
  if (drop) drop(out) else out
}

named_matrix <- function(bed, rows, cols, double) {
  n <- if (is.null(rows)) nrow(bed$samples) else length(rows)
  p <- if (is.null(cols)) nrow(bed$variants) else length(cols)
  check_matrix_memory(n, p, if (double) 8 else 4)
  out <- bed_matrix(bed, rows, cols, double)
  rownames <- sample_names(bed$samples)
  dimnames(out) <- list(
    if (is.null(rows)) rownames else rownames[rows], if (is.null(cols)) bed$variants$snp else bed$variants$snp[cols]
  )
  out
}

check_matrix_memory <- function(n, p, each) {
  bytes <- as.numeric(n) * p * each
  limit <- memory_limit()
  if (bytes > limit) {
    abort(
      sprintf(
        "A matrix of %s x %s genotypes takes %s, more than the %s allowed.", big(n), big(p), format_bytes(bytes),
        format_bytes(limit)
      ),
      c("latentmr_error_memory", "latentmr_error_argument"), bytes = bytes, limit = limit,
      hint = "Select samples and variants with [i, j], or raise options(LatentMR.memory = ). mr_data() and mr_moments() need no such matrix."
    )
  }
}

# Genotypes of the samples `rows` and variants `cols` (positions in the whole
# object, NULL for all) without names.
bed_matrix <- function(bed, rows = NULL, cols = NULL, double = TRUE) {
  files <- bed$files
  cols <- if (is.null(cols)) seq_len(nrow(bed$variants)) else as.integer(cols)
  file <- findInterval(cols, files$first)
  .Call(
    C_ffi_bed_matrix, opened_files(bed), nrow(bed$samples),
    if (!is.null(rows)) as.integer(rows) - 1L, file - 1L, cols - files$first[file], double
  )
}

# An index of a matrix as positions; unlike a matrix, nothing is recycled, and
# what names nothing is an error.
as_positions <- function(index, n, names, arg, what) {
  must <- sprintf("positions, names, or TRUE or FALSE for each %s", what)
  if (is.factor(index)) abort_argument(arg, must, "a factor", "Use as.character() of it.")
  if (!is.null(dim(index)) || !(is.numeric(index) || is.character(index) || is.logical(index))) {
    abort_argument(arg, must, describe(index))
  }
  if (anyNA(index)) abort_argument(arg, must, sprintf("one with NA in place %d", which(is.na(index))[1]))
  if (is.character(index)) {
    at <- match(index, names)
    if (anyNA(at)) {
      abort_argument(arg, sprintf("the names of %ss in the files", what), quote_all(unique(index[is.na(at)]), 5),
                     sprintf("%s names are %s.", if (what == "sample") "Sample" else "Variant", quote_all(names, 3)))
    }
    return(at)
  }
  if (is.logical(index)) {
    if (!length(index) %in% c(1L, n)) {
      abort_argument(arg, sprintf("one TRUE or FALSE for each of the %s", plural(n, what)), describe(index))
    }
    return(which(rep_len(index, n)))
  }
  if (any(index != trunc(index))) abort_argument(arg, must, format(index[index != trunc(index)][1]))
  if (any(index < 0) && any(index > 0)) abort_argument(arg, must, "both positive and negative numbers")
  far <- abs(index) > n
  if (any(far)) {
    abort_argument(arg, sprintf("%s positions from 1 to %s", what, big(n)), big(index[far][1]))
  }
  seq_len(n)[index]
}

#' @export
print.plink_bed <- function(x, ...) {
  check_dots(...)
  check_made(x)
  some <- utils::head(x$variants, 4)
  alleles <- sprintf("%s counts %s (other %s)", some$snp, some$effect_allele, some$other_allele)
  files <- if (nrow(x$files) == 1) {
    x$files$bed
  } else {
    sprintf("%s and %s", x$files$bed[1], plural(nrow(x$files) - 1, "more set"))
  }
  lines <- c(
    sprintf(
      "<plink_bed> %s x %s, read when asked for", plural(nrow(x$samples), "sample"), plural(nrow(x$variants), "variant")
    ),
    sprintf("files:    %s (%s)", files, format_bytes(sum(x$files$size))),
    "genotype: copies of the effect allele (A1, column 5 of the bim file)",
    paste("samples: ", first_few(sample_names(x$samples))),
    paste("variants:", first_few(alleles, 3)),
    paste(
      "memory:  ", format_bytes(4 * nrow(x$samples) * as.numeric(nrow(x$variants))),
      "by as.matrix(), twice that as double"
    )
  )
  cat(lines, sep = "\n")
  invisible(x)
}

first_few <- function(x, max = 5) {
  paste0(paste(utils::head(x, max), collapse = ", "), if (length(x) > max) ", ...")
}
