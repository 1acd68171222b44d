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
is_path <- function(x) {
  is.character(x) && length(x) == 1 && !is.na(x) && (file.exists(x) || grepl("[/\\\\]|[.][A-Za-z]{2,8}$", x))
}

read_columns <- function(path, arg) {
  text <- file_text(path, arg)
  lines <- strsplit(`Encoding<-`(rawToChar(text), "UTF-8"), "\r\n|\r|\n")[[1]]
  lines <- lines[grepl("[^[:space:]]", lines)]
  if (!length(lines)) return(list(character()))
  cells <- strsplit(trimws(lines), if (any(grepl("\t", lines))) "\t" else if (any(grepl(",", lines))) " *, *" else "[[:space:]]+")
  width <- lengths(cells)
  if (any(width != width[1])) {
    odd <- which(width != width[1])[1]
    abort(sprintf("`%s`: line %d of %s has %s, the first line %d.", arg, odd, path, plural(width[odd], "column"), width[1]),
          "latentmr_error_format", argument = arg)
  }
  lapply(seq_len(width[1]), function(j) vapply(cells, `[`, "", j))
}

read_id_list <- function(x, arg, people) {
  if (is.null(x)) return(NULL)
  if (is.atomic(x) && !length(x)) return(character())
  if (!is_path(x)) return(unique(to_canonical(as_ids(x, arg), NULL, people, sprintf("`%s`", arg))))
  columns <- read_columns(x, arg)
  if (length(columns) > 2) {
    abort(sprintf("`%s`: %s has %d columns.", arg, x, length(columns)), "latentmr_error_format", argument = arg,
          hint = "Give a file with one column (identifier) or two (FID and IID).")
  }
  header <- length(columns[[1]]) && tolower(columns[[length(columns)]][1]) %in% id_columns
  if (header) columns <- lapply(columns, `[`, -1)
  id <- clean_ids(columns[[length(columns)]])
  fid <- if (length(columns) == 2) columns[[1]]
  unique(to_canonical(id, fid, people, sprintf("`%s`", arg)))
}

variant_columns <- c("snp", "rsid", "id", "variant_id", "variant", "markername", "#id", "name")

read_variant_list <- function(x, arg) {
  if (!is_path(x)) {
    check_strings(x, arg, hint = "Give names of variants, or the path of a file with them.")
    return(unique(enc2utf8(x)))
  }
  columns <- read_columns(x, arg)
  top <- tolower(vapply(columns, function(column) c(column, "")[1], ""))
  at <- match(variant_columns, top)
  at <- at[!is.na(at)]
  if (length(at)) return(unique(columns[[at[1]]][-1]))
  if (length(columns) > 1) {
    abort(sprintf("`%s`: %s has %d columns and none is called snp, rsid, id or variant_id.", arg, x, length(columns)),
          "latentmr_error_format", argument = arg, hint = "Give a file with one variant per line, or with such a header.")
  }
  unique(columns[[1]])
}

# The source with the named variants only; what it lacks is kept in `absent`.
choose_variants <- function(source, names, arg) {
  if (is.null(names)) return(source)
  names <- read_variant_list(names, arg)
  plain <- plain_names(source$variants)
  cols <- which(source$variants$snp %in% names | plain %in% names)
  absent <- setdiff(names, c(source$variants$snp, plain))
  if (!length(cols)) {
    abort(
      sprintf("None of the %s variants in `%s` is in the PLINK files: %s; the files have %s.", big(length(names)), arg,
              quote_all(names, 3), quote_all(source$variants$snp, 3)),
      c("latentmr_error_variants", "latentmr_error_argument"), argument = arg,
      hint = "Look for another kind of name (rsid, chr:pos) or another genome build."
    )
  }
  if (length(absent)) {
    warn(
      sprintf("%s of the %s variants in `%s` %s not in the PLINK files: %s.", big(length(absent)), big(length(names)), arg,
              if (length(absent) == 1) "is" else "are", quote_all(absent, 5)),
      "latentmr_warning_variants", variants = absent
    )
  }
  keep_variants(source, cols, absent)
}

# Names before read_plink() told repeated ones apart, by alleles and then numbers.
plain_names <- function(variants) {
  unnumbered <- sub("_[0-9]+$", "", variants$snp)
  alleles <- paste0(":", variants$other_allele, ":", variants$effect_allele)
  ifelse(endsWith(unnumbered, alleles), substr(unnumbered, 1, nchar(unnumbered) - nchar(alleles)), variants$snp)
}

keep_variants <- function(source, cols, absent = character()) {
  source$unused <- source$p - length(cols)
  source$absent <- absent
  source$cols <- cols
  source$p <- length(cols)
  source$variants <- source$variants[cols, , drop = FALSE]
  source
}

background_source <- function(background, source, instruments, people) {
  if (is.null(background)) return(NULL)
  if (identical(background, "others")) {
    if (is.null(instruments)) {
      abort_argument("background", "given together with `instruments` when it is \"others\"", "alone",
                     "Name the instruments: the other variants are then the background.")
    }
    chosen <- read_variant_list(instruments, "instruments")
    return(keep_variants(source, which(!(source$variants$snp %in% chosen | plain_names(source$variants) %in% chosen))))
  }
  other <- inherits(background, "plink_bed") ||
    (is.character(background) && length(background) && !anyNA(background) &&
       all(file.exists(paste0(sub("[.]bed$", "", background), ".bed"))))
  if (!other) return(choose_variants(source, background, "background"))
  second <- genotype_source(if (is.character(background)) read_plink(background) else background, "background")
  if (people$by_pair) second$ids <- paste(second$fids, second$ids, sep = "_")
  second
}
