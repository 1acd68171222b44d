#' Genotypes from files of any known format
#'
#' Looks at the content of a file, not at its name, and calls [read_plink()] (bed), [read_pgen()] (PLINK 2) or
#' [read_bgen()] (BGEN) with their defaults; a `.raw` table (`plink2 --export A`) is read as [mr_data()] takes it, several
#' of the same people as one. Those functions have the options. [read_mr_data()] and `background` take the same paths.
#'
#' @param path Path of a file, or the common start of the files of a set (`cohort` for `cohort.pgen`,
#'   `cohort.pvar` and `cohort.psam`), or several of one format (one per chromosome). A start that fits sets of two formats is an error.
#'
#' @section VCF, BCF and Hail:
#' Are converted, once, by plink2 (<https://www.cog-genomics.org/plink/2.0/>); the error for such a file has the
#' command:
#'
#' * VCF with dosages (field DS): `plink2 --vcf x.vcf.gz dosage=DS --make-pgen --out x`;
#' * VCF with hard calls alone: `plink2 --vcf x.vcf.gz --make-pgen --out x`;
#' * BCF: `plink2 --bcf x.bcf dosage=DS --make-pgen --out x`;
#' * BGEN whose first allele is not the reference: `plink2 --bgen x.bgen ref-last --sample x.sample --make-pgen --out x`;
#' * Hail matrix tables, in Python: `hl.export_bgen(mt, "x")` with probabilities, `hl.export_plink(mt, "x")` with hard calls.
#'
#' Without pgenlibr write BGEN in place of PGEN: `--export bgen-1.2 ref-first bits=16` in place of `--make-pgen`.
#' @inheritSection read_bgen Errors
#' @param ... Nothing: an argument without a use is an error.
#' @return What the function of the format returns: an object of class `plink_bed`, `genotype_pgen` or `genotype_bgen`; of a
#'   `.raw` file a data frame.
#' @examples
#' folder <- system.file("extdata", package = "LatentMR")
#' class(read_genotypes(file.path(folder, "chr21")))
#' read_genotypes(file.path(folder, "small.bgen"))
#' @export
read_genotypes <- function(path, ...) {
  check_dots(...)
  check_given("path")
  check_paths(path)
  opened_genotypes(path, "path")
}

# The same for another argument: an object as it is, text by its content.
opened_genotypes <- function(x, arg) {
  if (!is.character(x) || !length(x) || anyNA(x) || !all(nzchar(x))) {
    if (inherits(x, c("plink_bed", "genotypes"))) return(x)
    return(read_plink(x)) # which says what it must be
  }
  kinds <- vapply(x, genotype_kind, "", USE.NAMES = FALSE)
  if (length(unique(kinds)) > 1) {
    other <- match(FALSE, kinds == kinds[1])
    abort_argument(arg, "files of one format", sprintf("%s (%s) and %s (%s)", x[1], kinds[1], x[other], kinds[other]))
  }
  switch(kinds[1],
    bed = read_plink(x),
    pgen = read_pgen(sub("[.](pgen|pvar|psam|pvar[.]zst)$", "", x)),
    bgen = read_bgen(bgen_paths(x)),
    raw = read_raw_tables(x, arg),
    abort_foreign(kinds[1], x[1])
  )
}

bgen_paths <- function(x) ifelse(file.exists(x), x, paste0(x, ".bgen"))

# "bed", "pgen", "bgen", "raw"; or a format that is converted: "vcf", "bcf", "hail".
genotype_kind <- function(path) {
  if (dir.exists(path) && file.exists(file.path(path, "metadata.json.gz"))) return("hail")
  start <- sub("[.](bed|bim|fam|pgen|pvar|pvar[.]zst|psam)$", "", path)
  if (!file.exists(path) || dir.exists(path) || start != path) {
    if (start != path && grepl("[.](bed|pgen)$", path) && file.exists(path)) {
      kind <- content_kind(path)
      return(if (is.na(kind)) "pgen" else kind)
    }
    endings <- c(bed = ".bed", pgen = ".pgen", bgen = ".bgen")
    there <- endings[file.exists(paste0(start, endings))]
    if (start != path) there <- there[names(there) %in% if (grepl("[.](bed|bim|fam)$", path)) "bed" else "pgen"]
    if (length(there) > 1) {
      abort_argument("path", "the start of files of one format",
                     sprintf("\"%s\", which has %s", path, paste(there, collapse = " and ")),
                     sprintf("Say which: %s.", paste0("\"", path, there, "\"", collapse = " or ")),
                     "latentmr_error_file")
    }
    if (!length(there) && dir.exists(path)) abort_folder(path)
    return(if (length(there)) names(there) else "bed")
  }
  kind <- content_kind(path)
  if (!is.na(kind)) return(kind)
  beside <- file.exists(paste0(path, c(".bed", ".pgen", ".bgen")))
  if (any(beside) || !is.null(convert_hint(path))) return("bed") # read_plink() says what to do
  abort_unknown(path)
}

abort_folder <- function(path) {
  sets <- sort(unique(sub("[.](bed|pgen|bgen)$", "", dir(path, "[.](bed|pgen|bgen)$"))))
  abort_file(
    sprintf("'%s' is a folder.", path),
    if (length(sets)) {
      sprintf("File sets in it: %s.", quote_all(sets, 5))
    } else {
      "Give the path of a file, or the common start of the files of a set."
    },
    "latentmr_error_file_missing"
  )
}

abort_unknown <- function(path) {
  beside <- c(sample = "BGEN file", fam = "bed file", bim = "bed file")
  ending <- lower(sub(".*[.]", "", basename(path)))
  abort_file(
    sprintf("'%s' is no file of genotypes of a known format.", path),
    if (ending %in% names(beside)) {
      sprintf("It names samples or variants: give the path of the %s that it came with.", beside[[ending]])
    } else if (ending %in% c("csv", "tsv", "xlsx", "rds")) {
      "A table of people is `pheno` of read_mr_data(); genotypes in columns of a data frame go to mr_data()."
    } else {
      "Known by their first bytes are bed, pgen, BGEN and .raw; VCF, BCF and others are converted: ?read_genotypes."
    },
    "latentmr_error_format"
  )
}

# By the first bytes; NA: nothing of this.
content_kind <- function(path) {
  connection <- gzfile(path, "rb") # reads what is not packed as it is
  on.exit(close(connection))
  bytes <- tryCatch(suppressWarnings(readBin(connection, "raw", 64)), error = function(e) raw())
  if (starts_with(bytes, c(0x6c, 0x1b))) return(if (length(bytes) > 2 && bytes[3] %in% as.raw(0:1)) "bed" else "pgen")
  if (length(bytes) >= 20 && identical(bytes[17:20], charToRaw("bgen"))) return("bgen")
  if (starts_with(bytes, charToRaw("##fileformat=VCF"))) return("vcf")
  if (starts_with(bytes, charToRaw("BCF"))) return("bcf")
  head <- rawToChar(bytes[bytes > as.raw(0)])
  if (grepl("^#?FID[ \t]+IID[ \t]+PAT[ \t]+MAT", head, useBytes = TRUE)) return("raw")
  if (grepl("^CHR[ \t]+SNP[ \t]+\\(C\\)M", head, useBytes = TRUE)) return("traw")
  if (grepl("[.]bgen$", lower(path))) "bgen" else if (grepl("[.]bed$", lower(path))) "bed" else NA_character_
}

abort_foreign <- function(kind, path) {
  name <- basename(path)
  out <- sub("[.](vcf|bcf|mt|traw)([.]b?gz)?$", "", name)
  convert <- switch(kind,
    vcf = , bcf = sprintf(
      "plink2 --%s %s dosage=DS --make-pgen --out %s (without dosage=DS where it has no field DS)", kind, name, out
    ),
    hail = sprintf("hl.export_bgen(hl.read_matrix_table(\"%s\"), \"%s\") in Python, or hl.export_plink()", name, out),
    traw = "plink2 --export A in place of A-transpose"
  )
  what <- c(vcf = "a VCF file", bcf = "a BCF file", hail = "a Hail matrix table", traw = "a .traw table")[[kind]]
  abort_file(
    sprintf("'%s' is %s, which is converted before it is read.", path, what), sprintf("Convert it: %s.", convert),
    "latentmr_error_format"
  )
}
