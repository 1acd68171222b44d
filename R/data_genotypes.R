# What is given as genotypes: a matrix, a table, a plink_bed or another object of class
# `genotypes`. Returns list(genotypes, n, p, ids, fids, sex, variants).

genotype_source <- function(genotypes, arg = "genotypes", variants = NULL) {
  if (inherits(genotypes, "plink_bed")) {
    check_made(genotypes, arg)
    genotypes <- genotype_bed(genotypes)
  }
  if (inherits(genotypes, "genotypes")) {
    if (!is.null(variants)) {
      abort_argument("variants", "NULL when the genotypes come from PLINK files, whose bim file describes them",
                     describe(variants))
    }
    people <- samples(genotypes)
    return(list(
      genotypes = genotypes, n = dim(genotypes)[1], p = dim(genotypes)[2],
      ids = if (!is.null(people)) sample_ids(people),
      fids = if (!is.null(people$fid)) clean_ids(people$fid), sex = people$sex,
      variants = folded(variants(genotypes)[c("snp", "chr", "pos", "effect_allele", "other_allele")])
    ))
  }
  must <- "a numeric matrix or data frame (people in rows, variants in columns), a .raw file or a plink_bed object"
  if (is.character(genotypes) && length(genotypes) == 1 && is.null(dim(genotypes))) {
    genotypes <- read_raw_table(genotypes, arg, must)
  }
  ids <- if (is.data.frame(genotypes) || is.matrix(genotypes)) row_ids(genotypes)
  raw <- if (is.data.frame(genotypes)) raw_table(genotypes, is.null(variants))
  if (!is.null(raw)) {
    genotypes <- raw$genotypes
    ids <- raw$ids
    if (is.null(variants)) variants <- raw$variants
  }
  genotypes <- plain_numbers(genotypes, arg)
  if (is.data.frame(genotypes)) {
    bad <- !vapply(genotypes, is.numeric, NA) | vapply(genotypes, is.object, NA)
    if (any(bad)) {
      abort_argument(arg, must, sprintf("a data frame whose column \"%s\" is not numeric", names(genotypes)[bad][1]),
                     "Keep identifiers in the row names and only variants in the columns.")
    }
    genotypes <- as.matrix(genotypes)
  }
  if (!is.matrix(genotypes) || !is.numeric(genotypes)) abort_argument(arg, must, describe(genotypes))
  if (!nrow(genotypes) || !ncol(genotypes)) abort_argument(arg, must, describe(genotypes))
  names <- colnames(genotypes)
  check_no_people_columns(names, arg)
  if (!is.double(genotypes)) storage.mode(genotypes) <- "double"
  dimnames(genotypes) <- NULL
  list(
    genotypes = genotype_matrix(genotypes), n = nrow(genotypes), p = ncol(genotypes), ids = ids, fids = NULL,
    sex = raw$sex,
    variants = variant_table(variants, names, ncol(genotypes))
  )
}

variant_table <- function(variants, names, p) {
  blank <- data.frame(
    snp = if (is.null(names)) paste0("v", seq_len(p)) else enc2utf8(names), chr = NA_character_, pos = NA_real_,
    effect_allele = NA_character_, other_allele = NA_character_
  )
  if (is.null(variants)) return(blank)
  must <- "a data frame with columns among snp, chr, pos, effect_allele, other_allele, or NULL"
  if (!is.data.frame(variants)) abort_argument("variants", must, describe(variants))
  if (!any(names(blank) %in% names(variants))) {
    abort_argument("variants", must, paste("one with columns", quote_all(names(variants))))
  }
  if (nrow(variants) != p) {
    abort_argument("variants", sprintf("a data frame with a row for each of the %s variants", big(p)),
                   sprintf("one with %s", big(nrow(variants))))
  }
  if (!is.null(names) && !is.null(variants$snp)) {
    at <- match(names, as.character(variants$snp))
    if (anyNA(at)) {
      abort_argument("variants", "a data frame that describes every column of the genotypes",
                     paste("one without", quote_all(names[is.na(at)], 5)))
    }
    variants <- variants[at, , drop = FALSE]
  }
  for (name in intersect(names(blank), names(variants))) {
    column <- variants[[name]]
    blank[[name]] <- if (name == "pos") as.numeric(column) else as.character(column)
  }
  folded(blank)
}

folded <- function(variants) {
  variants$chr <- plain_chromosome(variants$chr)
  variants
}
