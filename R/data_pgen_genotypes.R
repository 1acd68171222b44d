#' Dosages and hard calls from PLINK 2 files
#'
#' Opens one or several PLINK 2 file sets (pgen, pvar or pvar.zst, psam) through the package pgenlibr as one table of
#' samples by variants. Nothing is decoded before it is asked for and no file stays open. It goes where an object of
#' [read_plink()] goes: [read_mr_data()], [mr_data()], `background`.
#'
#' @param path Path of a `.pgen` file or the common start of the three files; of several sets (one per
#'   chromosome), which hold the same samples in the same order.
#' @param variants Names of the variants to read (column ID of the pvar file, or what a variant without an id of its own
#'   is called: see [read_bgen()]), or `NULL`: all.
#' @param multiallelic What becomes of variants of more than two alleles: see [read_bgen()]; `"split"` counts each
#'   ALT allele.
#'
#' @section What is counted:
#' The copies of the ALT allele, `effect_allele`; REF is `other_allele`. Dosages (0 to 2, in steps of 1/16384) where the
#' file has them, hard calls elsewhere, as plink2 takes them; a file of hard calls alone gives 0, 1, 2 and `NA`. Men have 0
#' or 2 copies on X.
#'
#' @section Names:
#' Identifiers are FID (`0` where the psam file has none) and IID; sex from the column SEX. Variants and chromosomes are named
#' under the rules
#' of [read_bgen()].
#'
#' @section pgenlibr:
#' Is a suggested package: `install.packages("pgenlibr")`. Without it the error has class `latentmr_error_package`. A
#' `.pvar.zst` is read through it variant by variant, in half a minute for a million; a `.pvar` in seconds.
#' @inheritSection read_bgen Errors
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `genotype_pgen` with methods for `dim()`, `dimnames()`, `[`, `as.matrix()` (doubles, missing
#'   `NA`), [variants()] and [samples()].
#' @source Format: <https://github.com/chrchang/plink-ng/tree/master/pgen_spec>.
#' @seealso [read_genotypes()].
#' @examples
#' if (requireNamespace("pgenlibr", quietly = TRUE)) {
#'   folder <- tempfile()
#'   dir.create(folder)
#'   prefix <- file.path(folder, "two")
#'   writeLines(c("#IID", "ann", "bob", "cyd"), paste0(prefix, ".psam"))
#'   writeLines(c("#CHROM\tPOS\tID\tREF\tALT", "1\t100\trs1\tA\tG"), paste0(prefix, ".pvar"))
#'   writer <- pgenlibr::NewPgenWriter(paste0(prefix, ".pgen"), 3, 1, dosage_present = TRUE)
#'   pgenlibr::AppendDosages(writer, c(0, 1.25, NA))
#'   pgenlibr::ClosePgenWriter(writer)
#'   as.matrix(read_pgen(prefix))
#' }
#' @export
read_pgen <- function(path, variants = NULL, multiallelic = "refuse", ...) {
  check_dots(...)
  check_given("path")
  check_paths(path)
  check_variant_names(variants)
  check_choice(multiallelic, "multiallelic", c("refuse", "leave_out", "split"))
  check_pgenlibr()
  sets <- lapply(path, read_pgen_set, variants, multiallelic)
  check_wanted(variants, lapply(sets, `[[`, "found"))
  joined_files(sets, "genotype_pgen")
}

check_pgenlibr <- function(package = "pgenlibr") {
  if (requireNamespace(package, quietly = TRUE)) return(invisible())
  abort(
    "PLINK 2 files (pgen) are read by the package pgenlibr, which is not installed.", "latentmr_error_package",
    hint = paste("install.packages(\"pgenlibr\"); or write a BGEN file:",
                 "plink2 --pfile <prefix> --export bgen-1.2 ref-first bits=16.")
  )
}

# list(files, samples, variants, at, left_out, found) of one set.
read_pgen_set <- function(path, wanted, multiallelic) {
  path <- sub("[.](pgen|pvar|psam|pvar[.]zst)$", "", path)
  pgen <- paste0(path, ".pgen")
  if (!file.exists(pgen)) {
    if (file.exists(path)) pgen <- path
    refuse_other_format(path, "pgen")
  }
  pgen <- genotype_path(pgen, "pgen", "Give the path and the common start of the .pgen, .pvar and .psam files.")
  start <- sub("[.]pgen$", "", pgen)
  pvar <- beside_pgen(start, c(".pvar", ".pvar.zst"))
  samples <- read_psam(beside_pgen(start, ".psam"))
  table <- if (endsWith(pvar, ".zst")) packed_pvar(pvar, wanted) else read_pvar(pvar, wanted)
  psam <- attr(samples, "path")
  attr(samples, "path") <- NULL
  counts <- pgen_counts(pgen)
  if (is.null(counts)) {
    counts <- with_pgen(pgen, if (any(table$alleles > 2)) pvar, nrow(samples), function(handle) {
      c(pgenlibr::GetVariantCt(handle), pgenlibr::GetRawSampleCt(handle))
    })
  }
  check_pgen_counts(counts, pgen, pvar, psam, table$all, nrow(samples))
  resolved <- pick_wanted(resolve_alleles(table, pvar, multiallelic, "place"), wanted)
  info <- file.info(pgen, extra_cols = FALSE)
  files <- file_identity(pgen, info$size, as.numeric(info$mtime))
  files$pvar <- if (any(table$alleles > 2)) pvar else NA_character_
  list(
    files = files, samples = samples, left_out = resolved$left_out, variants = resolved$variants, at = resolved$at,
    found = resolved$found
  )
}

# Numbers of variants and samples in the header of a pgen file; NULL where it has none (a bed file).
pgen_counts <- function(path) {
  bytes <- readBin(path, "raw", 11)
  if (length(bytes) < 11 || !starts_with(bytes, c(0x6c, 0x1b)) || bytes[3] <= as.raw(1)) return(NULL)
  number <- function(at) sum(as.numeric(as.integer(bytes[at + 0:3])) * 256^(0:3))
  c(number(4), number(8))
}

check_pgen_counts <- function(counts, pgen, pvar, psam, variants, samples) {
  if (counts[2] != samples) {
    abort_file(
      sprintf("'%s' has %s, '%s' has %s.", pgen, plural(counts[2], "sample"), psam, big(samples)),
      "The psam file belongs to another pgen file, or a line of it was lost: copy the three files again.",
      c("latentmr_error_samples", "latentmr_error_format")
    )
  }
  if (counts[1] != variants) {
    abort_file(sprintf("'%s' has %s, '%s' has %s.", pgen, plural(counts[1], "variant"), pvar, big(variants)),
               "The pvar file belongs to another pgen file: copy the three files again.", "latentmr_error_format")
  }
}

beside_pgen <- function(start, endings) {
  there <- paste0(start, endings)
  there <- there[file.exists(there)]
  if (length(there)) return(there[1])
  abort_file(
    sprintf("There is no file '%s'.", paste0(start, endings[1])),
    "The three files of a set (.pgen, .pvar, .psam) have the same name but for the ending.", "latentmr_error_file_missing"
  )
}

# A pgen file open for the time of `use`. What pgenlibr says becomes an error of a class.
with_pgen <- function(path, pvar, samples, use, ...) {
  handle <- table <- NULL
  on.exit({
    if (!is.null(handle)) pgenlibr::ClosePgen(handle)
    if (!is.null(table)) pgenlibr::ClosePvar(table)
  })
  tryCatch({
    if (!is.null(pvar) && !is.na(pvar)) table <- pgenlibr::NewPvar(pvar)
    handle <- pgenlibr::NewPgen(path, pvar = table, raw_sample_ct = samples)
    use(handle, ...)
  }, error = function(e) {
    if (inherits(e, "latentmr_error")) stop(e)
    abort_file(
      sprintf("'%s' cannot be read: %s", path, conditionMessage(e)),
      "Its pvar or psam file belongs to another one, or it is damaged: copy the three files again.", "latentmr_error_format"
    )
  })
}

# ---- the text files ----

# Below lines of comments (##) a header that begins with # or none: list(names, columns, rows).
read_headed <- function(path) {
  bytes <- file_text(path, "path")
  at <- 1
  while (starts_with(bytes[at + 0:1], c(0x23, 0x23))) {
    end <- grepRaw("\n", bytes, offset = at, fixed = TRUE)
    at <- if (length(end)) end + 1 else length(bytes) + 1
    if (at > length(bytes)) break
  }
  bytes <- bytes[seq_along(bytes) >= at]
  header <- starts_with(bytes, 0x23)
  table <- open_text_bytes(bytes, path, "path", header, character())
  if (header) table$names <- sub("^#", "", table$names)
  c(table, header = header)
}

read_psam <- function(path) {
  table <- read_headed(path)
  names <- if (table$header) table$names else c("FID", "IID", "PAT", "MAT", "SEX", "PHENO")[seq_along(table$names)]
  if (!"IID" %in% names || !table$rows) {
    abort_file(
      if (table$rows) {
        sprintf("'%s' has no column IID: its columns are %s.", path, quote_all(table$names, 6))
      } else {
        sprintf("'%s' has no sample.", path)
      }, "It is not a .psam file: copy the three files again.", "latentmr_error_format"
    )
  }
  column <- function(name) if (name %in% names) table$columns(match(name, names))[[1]]
  fid <- column("FID")
  samples <- data.frame(
    fid = if (is.null(fid)) "0" else fid, iid = column("IID"), sex = sex_of_text(column("SEX"), table$rows)
  )
  empty <- which(!nzchar(samples$iid))
  if (length(empty)) {
    abort_file(sprintf("Row %d of '%s' has no IID.", empty[1], path), "Write the file again: plink2 --make-just-psam.",
               "latentmr_error_format")
  }
  structure(check_repeated_samples(samples, path, "rows %d and %d"), path = path)
}

pvar_columns <- c("CHROM", "POS", "ID", "REF", "ALT")

# The columns that resolve_alleles() takes, for `wanted` variants; `all`: how many the file has.
read_pvar <- function(path, wanted) {
  table <- read_headed(path)
  names <- if (table$header) table$names else c("CHROM", "ID", if (length(table$names) > 5) "CM", "POS", "ALT", "REF")
  at <- match(pvar_columns, names)
  if (anyNA(at) || max(at) > length(table$names)) {
    abort_file(sprintf("'%s' is not a .pvar file: its columns are %s.", path, quote_all(table$names, 6)),
               "Write it again: plink2 --make-pgen.", "latentmr_error_format")
  }
  columns <- stats::setNames(table$columns(at, pvar_columns == "POS"), pvar_columns)
  if (!is.numeric(columns$POS) && table$rows) abort_position(path)
  keep <- wanted_variants(wanted, columns$ID, function(at) columns$POS[at])
  pvar_table(lapply(columns, `[`, keep), keep, table$rows, path)
}

abort_position <- function(path) {
  abort_file(sprintf("'%s' has a position that is no whole number from 0.", path), "Copy or make the file again.",
             "latentmr_error_format")
}

packed_pvar <- function(path, wanted) {
  tryCatch({
    pvar <- pgenlibr::NewPvar(path)
    on.exit(pgenlibr::ClosePvar(pvar))
    all <- pgenlibr::GetVariantCt(pvar)
    id <- vapply(seq_len(all), function(i) pgenlibr::GetVariantId(pvar, i), "")
    pos <- function(at) vapply(at, function(i) as.numeric(pgenlibr::GetVariantPos(pvar, i)), 0)
    keep <- wanted_variants(wanted, id, pos)
    alt <- function(i) {
      alleles <- seq_len(pgenlibr::GetAlleleCt(pvar, i))[-1]
      paste(vapply(alleles, function(a) pgenlibr::GetAlleleCode(pvar, i, a), ""), collapse = ",")
    }
    columns <- list(
      CHROM = vapply(keep, function(i) pgenlibr::GetVariantChrom(pvar, i), ""),
      POS = pos(keep), ID = id[keep],
      REF = vapply(keep, function(i) pgenlibr::GetAlleleCode(pvar, i, 1), ""), ALT = vapply(keep, alt, "")
    )
  }, error = function(e) {
    abort_file(sprintf("'%s' cannot be read: %s", path, conditionMessage(e)), "Copy or make the file again.",
               "latentmr_error_format")
  })
  if (!all(validUTF8(unlist(columns[-2])))) {
    abort_file(sprintf("'%s' is not in UTF-8.", path), NULL, "latentmr_error_format")
  }
  pvar_table(columns, keep, all, path)
}

pvar_table <- function(columns, keep, all, path) {
  pos <- as.numeric(columns$POS)
  if (anyNA(pos) || any(pos < 0 | pos != trunc(pos) | pos > .Machine$integer.max)) abort_position(path)
  known <- function(x) replace(x, x %in% c("", ".", "0"), NA)
  alts <- strsplit(columns$ALT, ",", fixed = TRUE)
  alts[!lengths(alts)] <- ""
  more <- vector("list", length(alts))
  many <- which(lengths(alts) > 1)
  more[many] <- lapply(many, function(i) known(c(columns$REF[i], alts[[i]])))
  list(
    place = keep, rsid = replace(columns$ID, columns$ID %in% c("", "."), NA), chr = columns$CHROM, pos = pos,
    alleles = lengths(alts) + 1L, first = known(columns$REF), second = known(vapply(alts, `[`, "", 1)), more = more,
    all = all
  )
}

# ---- class genotypes ----

decode.genotype_pgen <- function(x, cols = NULL, rows = NULL) {
  check_pgenlibr()
  people <- if (!is.null(x$rows) || !is.null(rows)) file_rows(x, rows)
  at <- x$at[file_cols(x, cols), , drop = FALSE]
  parts <- lapply(unique(at$file), function(f) {
    path <- unchanged_pgen(x$files, f)
    with_pgen(path, x$files$pvar[f], nrow(x$people), pgen_columns, at[at$file == f, , drop = FALSE], people)
  })
  if (length(parts) == 1) return(parts[[1]])
  out <- matrix(NA_real_, if (is.null(people)) nrow(x$people) else length(people), nrow(at))
  for (i in seq_along(parts)) out[, at$file == unique(at$file)[i]] <- parts[[i]]
  out
}

# people: NULL for all.
pgen_columns <- function(handle, at, people) {
  if (is.null(people) && all(at$alleles == 2L)) return(pgenlibr::ReadList(handle, at$place))
  buffer <- pgenlibr::Buf(handle)
  out <- matrix(NA_real_, if (is.null(people)) length(buffer) else length(people), nrow(at))
  for (j in seq_len(nrow(at))) {
    pgenlibr::Read(handle, buffer, at$place[j], at$allele[j] + 1L)
    out[, j] <- if (is.null(people)) buffer else buffer[people]
  }
  out
}

unchanged_pgen <- function(files, f) {
  path <- files$path[f]
  now <- file.info(path, extra_cols = FALSE)
  if (is.na(now$size)) {
    abort_file(sprintf("There is no file '%s' any more.", path), NULL, "latentmr_error_io")
  }
  same <- now$size == files$size[f] && abs(as.numeric(now$mtime) - files$mtime[f]) < 1e-6
  if (same || same_content(files, f, now)) return(path)
  abort_file(sprintf("'%s' has changed since read_pgen() opened it.", path), "Call read_pgen() again.",
             "latentmr_error_format")
}

# Two bytes a person and variant: k / 16384 is what the format holds. NULL where values are on no such grid.
numerators.genotype_pgen <- function(x, rows) {
  parts <- lapply(column_parts(x, rows), function(cols) {
    .Call(C_ffi_dosage_pack, decode(x, cols, rows), rep(16384L, length(cols)))
  })
  if (!all(vapply(parts, is.raw, NA))) return(NULL)
  p <- length(file_cols(x))
  list(
    source = list(
      dosages = do.call(c, parts), scale = rep(16384L, p), people = length(rows), col = seq_len(p) - 1L
    ), person = seq_along(rows) - 1L
  )
}

bits.genotype_pgen <- function(x, rows) {
  packed <- numerators(x, rows)
  if (is.null(packed)) NextMethod() else packed
}

counted_words.genotype_pgen <- function(x) "ALT"
