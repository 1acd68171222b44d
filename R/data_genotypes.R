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
  check_name_bytes(colnames(genotypes), arg)
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

check_name_bytes <- function(names, arg) {
  names <- as.character(names)
  bad <- sum(!validUTF8(names) & Encoding(names) != "latin1")
  if (!bad) return(invisible())
  abort(
    sprintf("The names of %s are not UTF-8.", plural(bad, "variant")),
    c("latentmr_error_encoding", "latentmr_error_argument"), argument = arg,
    hint = "Say what they are: colnames(x) <- iconv(colnames(x), \"latin1\", \"UTF-8\")."
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
    own <- as.character(variants$snp)
    at <- match(names, own)
    if (anyNA(at)) {
      abort_argument("variants", "a data frame that describes every column of the genotypes",
                     paste("one without", quote_all(names[is.na(at)], 5)))
    }
    if (!anyDuplicated(names)) {
      variants <- variants[at, , drop = FALSE]
    } else if (!identical(as.vector(names), own)) {
      abort_argument("variants", "in the order of the genotypes where names repeat",
                     sprintf("in another (\"%s\" is there more than once)", names[anyDuplicated(names)]))
    }
  }
  for (name in intersect(names(blank), names(variants))) {
    column <- variants[[name]]
    blank[[name]] <- if (name == "pos") base_pairs(column) else as.character(column)
  }
  same <- which(blank$effect_allele == blank$other_allele)
  if (length(same)) {
    abort_argument(
      "variants", "a data frame with two alleles of every variant",
      sprintf("one with \"%s\" twice for \"%s\"", blank$effect_allele[same[1]], blank$snp[same[1]])
    )
  }
  folded(blank)
}

base_pairs <- function(pos) {
  must <- "places in base pairs, or NA"
  if (is.factor(pos)) pos <- as.character(pos)
  if (is.character(pos)) {
    found <- numbers_in_text(pos)
    if (is.null(found$values) || found$comma) {
      odd <- if (found$comma) grep(",", pos, value = TRUE) else found$odd
      was <- sprintf("text with %s in it", quote_all(odd, 3))
      abort_argument("variants$pos", must, was, odd_hint(odd, codes = FALSE))
    }
    pos <- found$values
  }
  if (!is.numeric(pos) && !all(is.na(pos))) abort_argument("variants$pos", must, describe(pos))
  pos <- as.numeric(pos)
  bad <- pos[!is.na(pos) & (pos < 0 | is.infinite(pos))]
  if (length(bad)) abort_argument("variants$pos", must, format(bad[1]))
  pos
}

folded <- function(variants) {
  variants$chr <- plain_chromosome(variants$chr)
  variants
}
