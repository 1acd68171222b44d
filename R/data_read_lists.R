# Lists of people and of variants, and the one identifier by which people of all
# files are known: IID, or FID_IID where an IID is not one person.

canonical_ids <- function(source, tables) {
  iid <- source$ids
  pair <- paste(source$fids, iid, sep = "_")
  pair[is.na(iid)] <- NA
  by_pair <- anyDuplicated(iid[!is.na(iid)]) > 0 && any(vapply(tables, function(table) {
    !is.null(table$fid) || sum(table$ids %in% pair) > sum(table$ids %in% iid)
  }, NA))
  list(iid = iid, pair = pair, by_pair = by_pair, ids = if (by_pair) pair else iid)
}

# Identifiers of another table as canonical ones; what matches nobody is left.
to_canonical <- function(ids, fid, people, label) {
  if (!is.null(fid) && people$by_pair) return(ifelse(is.na(ids), NA, paste(fid, ids, sep = "_")))
  by_iid <- sum(!is.na(ids) & ids %in% people$iid)
  by_pair <- sum(!is.na(ids) & ids %in% people$pair)
  if (by_pair <= by_iid && !people$by_pair) return(ids)
  if (!people$by_pair) {
    inform(sprintf("%s: %s of %s identifiers match FID_IID, %s match IID; joined by FID_IID.", label, big(by_pair),
                   big(length(ids)), big(by_iid)), "latentmr_message_ids")
  }
  at <- match(ids, people$pair)
  ifelse(is.na(at), ids, people$ids[at])
}

# A vector is taken as it is; one string that is or looks like the path of a file
# is read: a list of withdrawals must not pass for an identifier that is nobody's.
# `known`: identifiers that are no paths ("A/1").
is_path <- function(x, known = character()) {
  is.character(x) && length(x) == 1 && !is.na(x) && !x %in% known &&
    (file.exists(x) || grepl("[/\\\\]|[.][A-Za-z]{2,8}$", x))
}

# The columns of a list as text: header (NULL when the first line is none of `heads`)
# and columns. Row names, as write.table() and write.csv() put them in front, are left.
read_list_file <- function(path, arg, heads, encoding = utf8) {
  table <- open_text_table(path, arg, header = FALSE, missing = character(), encoding = encoding)
  columns <- table$columns(seq_along(table$names))
  while (length(columns) > 1 && !any(nzchar(columns[[length(columns)]]))) columns[[length(columns)]] <- NULL
  if (length(columns) && table$row_names) {
    # The first line is then a header, without a name for them.
    header <- table$names[seq_along(columns)[-1]]
    return(list(header = lower(header), columns = lapply(columns[-1], `[`, -1)))
  }
  top <- lower(table$names[seq_along(columns)])
  if (!any(top %in% heads)) return(list(header = NULL, columns = columns))
  columns <- lapply(columns, `[`, -1)
  if (!nzchar(top[1]) && length(top) > 1) return(list(header = top[-1], columns = columns[-1]))
  list(header = top, columns = columns)
}

read_id_list <- function(x, arg, people, encoding = utf8) {
  if (is.null(x)) return(NULL)
  if (is.atomic(x) && !length(x)) return(character())
  if (!is_path(x, c(people$iid, people$pair))) {
    return(unique(to_canonical(as_ids(x, arg), NULL, people, sprintf("`%s`", arg))))
  }
  list <- read_list_file(x, arg, c(id_columns, fid_columns), encoding)
  columns <- list$columns
  # A table with more columns, such as a fam file, is one when its header says which to take.
  at <- match(id_columns, list$header)
  at <- at[!is.na(at)][1]
  if (length(columns) > 2 && is.na(at)) {
    abort(sprintf("`%s`: %s has %d columns.", arg, x, length(columns)), "latentmr_error_format", argument = arg,
          hint = "Give a file with one column (identifier) or two (FID and IID), or a header with IID.")
  }
  if (!length(columns)) return(character())
  fid_at <- match(fid_columns, list$header)
  fid_at <- fid_at[!is.na(fid_at)][1]
  if (is.na(at)) at <- length(columns)
  if (is.na(fid_at) && length(columns) == 2 && at == 2) fid_at <- 1
  id <- clean_ids(columns[[at]])
  fid <- if (!is.na(fid_at)) columns[[fid_at]]
  unique(to_canonical(id[!is.na(id)], fid[!is.na(id)], people, sprintf("`%s`", arg)))
}

variant_columns <- c("snp", "rsid", "id", "variant_id", "variant", "markername", "#id", "name")

read_variant_list <- function(x, arg, encoding = utf8) {
  if (is.data.frame(x)) {
    at <- match(variant_columns, lower(names(x)))
    if (all(is.na(at))) {
      abort_argument(arg, "names, a file with them, or a data frame with a column snp, rsid, id or variant_id",
                     sprintf("a data frame with the columns %s", quote_all(names(x))))
    }
    x <- as.character(x[[at[!is.na(at)][1]]])
    if (anyNA(x) || any(!nzchar(x))) {
      abort_argument(arg, "without missing names", sprintf("with %s of them", big(sum(is.na(x) | !nzchar(x)))))
    }
    return(unique(enc2utf8(x)))
  }
  if (!is_path(x)) {
    check_strings(x, arg, hint = "Give names of variants, or the path of a file with them.")
    return(unique(enc2utf8(x)))
  }
  list <- read_list_file(x, arg, variant_columns, encoding)
  at <- match(variant_columns, list$header)
  at <- at[!is.na(at)]
  if (!length(at) && length(list$columns) > 1) {
    abort(sprintf(
      "`%s`: %s has %d columns and none is called snp, rsid, id or variant_id.", arg, x, length(list$columns)
    ),
          "latentmr_error_format", argument = arg, hint = "Give a file with one variant per line, or with such a header.")
  }
  if (!length(list$columns)) return(character())
  names <- list$columns[[if (length(at)) at[1] else 1]]
  unique(names[nzchar(names)])
}

# The source with the named variants only; what it lacks is kept in `absent`.
# Variants that only show ancestry may be among them.
inform_all_instruments <- function(source, background) {
  inform(
    sprintf("No `instruments` were named: all %s variants of the files are taken as such.", big(source$p)),
    "latentmr_message_instruments",
    hint = if (is.null(background)) "instruments = names or their file; background = \"others\" for those that only show ancestry."
  )
}

choose_variants <- function(source, names, arg, encoding = utf8) {
  if (is.null(names)) return(source)
  if (inherits(names, "gwas")) return(choose_associations(source, names, arg))
  clumps <- if (inherits(names, "clumps")) clumped_apart(names, source$variants, arg)
  names <- read_variant_list(if (is.null(clumps)) names else names$SNP[names$kept], arg, encoding)
  where <- if (inherits(source$genotypes, "genotype_bed")) "PLINK files" else "genotypes"
  plain <- plain_names(source$variants)
  cols <- which(source$variants$snp %in% names | plain %in% names)
  absent <- setdiff(names, c(source$variants$snp, plain))
  if (!length(cols)) {
    cause <- variant_cause(names, source$variants)
    abort(
      sprintf("None of the %s variants in `%s` is in the %s: %s; %s have %s.%s", big(length(names)), arg, where,
              quote_all(names, 3), if (where == "genotypes") "they" else "the files", quote_all(source$variants$snp, 3),
              cause_words(cause)),
      c("latentmr_error_variants", "latentmr_error_argument"), argument = arg,
      hint = if (is.null(cause)) {
        "Look for another kind of name (rsid, chr:pos) or another genome build."
      } else {
        cause$remedy
      }
    )
  }
  if (length(absent)) {
    cause <- variant_cause(absent, source$variants)
    warn(
      sprintf("%s of the %s variants in `%s` %s not in the %s: %s.%s", big(length(absent)), big(length(names)), arg,
              if (length(absent) == 1) "is" else "are", where, quote_all(absent, 5), cause_words(cause)),
      "latentmr_warning_variants", variants = absent, hint = cause$remedy
    )
  }
  keep_source_variants(source, cols, absent, clumps$removed)
}

# The variants that clump() kept among those of the data, and how many others went for which reason.
clumped_apart <- function(clumps, variants, arg) {
  check_made(clumps, arg)
  if (!any(clumps$kept)) {
    abort_argument(
      arg, "a clumping that keeps a variant", sprintf("one that keeps none of %s", big(nrow(clumps))),
      "All p-values are above its threshold: take a larger `threshold` in clump()."
    )
  }
  at <- match(variants$snp, clumps$SNP)
  plain <- plain_names(variants)
  at[is.na(at)] <- match(plain[is.na(at)], clumps$SNP)
  kept <- clumps$kept[at] %in% TRUE
  rule <- attr(clumps, "rule")
  none <- is.na(at)
  linked <- !none & !kept & !is.na(clumps$index[at])
  list(
    cols = which(kept),
    removed = c(
      "without a p-value" = sum(none), stats::setNames(sum(!none & !kept & !linked), rule[["weak"]]),
      stats::setNames(sum(linked), rule[["linked"]])
    )
  )
}

# Names before read_plink() told repeated ones apart, by alleles and then numbers.
plain_names <- function(variants) {
  unnumbered <- sub("_[0-9]+$", "", variants$snp)
  alleles <- paste0(":", variants$other_allele, ":", variants$effect_allele)
  ifelse(endsWith(unnumbered, alleles), substr(unnumbered, 1, nchar(unnumbered) - nchar(alleles)), variants$snp)
}

keep_source_variants <- function(source, cols, absent = character(), reasons = NULL) {
  source$unused <- source$p - length(cols)
  source$reasons <- reasons
  source$absent <- absent
  source$genotypes <- pick(source$genotypes, NULL, cols)
  source$p <- length(cols)
  source$variants <- source$variants[cols, , drop = FALSE]
  source
}

# A list of names is a file, too.
are_genotype_files <- function(x) {
  if (!is.character(x) || !length(x) || anyNA(x) || !all(nzchar(x))) return(FALSE)
  there <- function(path) file.exists(paste0(sub("[.](bed|pgen|bgen)$", "", path), c(".bed", ".pgen", ".bgen")))
  all(vapply(x, function(path) {
    any(there(path)) && (!file.exists(path) || grepl("[.]bed$", path) || genotype_kind(path) %in% c("pgen", "bgen"))
  }, NA))
}

background_source <- function(background, source, instruments, people, encoding = utf8) {
  if (is.null(background)) return(NULL)
  if (identical(background, "others")) {
    if (is.null(instruments)) {
      abort_argument("background", "given together with `instruments` when it is \"others\"", "alone",
                     "Name the instruments: the other variants are then the background.")
    }
    # Those of a table of associations that go by another name leave in build_background().
    chosen <- read_variant_list(instruments, "instruments", encoding)
    return(
      keep_source_variants(source, which(!(source$variants$snp %in% chosen | plain_names(source$variants) %in% chosen)))
    )
  }
  other <- inherits(background, c("plink_bed", "genotypes")) || are_genotype_files(background)
  if (!other) return(choose_variants(source, background, "background", encoding))
  second <- genotype_source(opened_genotypes(background, "background"), "background")
  if (people$by_pair) second$ids <- paste(second$fids, second$ids, sep = "_")
  second
}
