# Tables of genotypes in memory: PLINK's .raw, and dosages that rounding took out of [0, 2].

raw_columns <- c("fid", "iid", "pat", "mat", "sex", "phenotype")

# The file that PLINK's --recode A writes, identifiers as the text that they are.
read_raw_table <- function(path, arg, must) {
  if (is.na(path) || !nzchar(path) || !grepl("[.](raw|txt|tsv|gz)$", lower(path))) {
    abort_argument(arg, must, describe(path), "To read files use read_mr_data(), or give read_plink(prefix).")
  }
  check_file(path, arg)
  table <- open_text_table(path, arg)
  if (!is_raw_head(table$names)) {
    abort_argument(
      arg, "a .raw table of PLINK (FID, IID, PAT, MAT, SEX, PHENOTYPE, then variants)",
      sprintf("%s, whose columns are %s", path, quote_all(table$names, 6)),
      "Write it with plink2 --export A, or read it and give a matrix with the identifiers as row names."
    )
  }
  at <- seq_along(table$names)
  columns <- table$columns(at, at > 6)
  structure(columns, names = table$names, row.names = seq_along(columns[[1]]), class = "data.frame")
}

# Several as one table, of the same people in the same order.
read_raw_tables <- function(paths, arg) {
  tables <- lapply(paths, read_raw_table, arg, "a .raw table")
  check_same_people(Map(function(table, path) {
    list(files = list(path = path), samples = list2DF(list(fid = table[[1]], iid = table[[2]])))
  }, tables, paths))
  names <- lapply(tables, function(table) names(table)[-(1:6)])
  again <- anyDuplicated(unlist(lapply(names, unique)))
  if (again) {
    name <- unlist(lapply(names, unique))[again]
    both <- paths[vapply(names, function(x) name %in% x, NA)]
    abort_argument(
      arg, "files of different variants", sprintf("\"%s\" in %s and %s", name, both[1], both[2]),
      "Leave the variant out of one: plink2 --exclude."
    )
  }
  out <- c(unclass(tables[[1]]), unlist(lapply(tables[-1], function(table) unclass(table)[-(1:6)]), recursive = FALSE))
  columns <- c(names(tables[[1]])[1:6], unlist(names))
  structure(out, names = columns, row.names = seq_along(out[[1]]), class = "data.frame")
}

is_raw_head <- function(names) length(names) > 6 && identical(sub("^#", "", lower(names[1:6])), raw_columns)

# A data frame as PLINK's --recode A writes it: the six columns in front are no
# instruments. list(genotypes, ids, sex, variants), or NULL when it is none.
raw_table <- function(genotypes, rename = TRUE) {
  if (!is_raw_head(names(genotypes))) return(NULL)
  x <- genotypes[-(1:6)]
  variants <- if (rename) raw_variants(names(genotypes)[-(1:6)])
  if (!is.null(variants)) names(x) <- variants$snp
  # --recode AD has a column of heterozygotes beside each.
  if (any(endsWith(names(genotypes), "_HET"))) {
    abort_argument("genotypes", "a table with one column a variant", "one with columns of heterozygotes (_HET)",
                   "Write it with --recode A, not AD.")
  }
  iid <- as_ids(genotypes[[2]], "genotypes$IID")
  if (anyDuplicated(iid)) iid <- paste(as_ids(genotypes[[1]], "genotypes$FID"), iid, sep = "_")
  sex <- suppressWarnings(as.integer(as.character(genotypes[[5]])))
  known_by <- if (identical(iid, as_ids(genotypes[[2]], "IID"))) "IID" else "FID_IID"
  inform(
    sprintf("`genotypes` is a .raw table of PLINK: %s, known by %s; its first six columns are no instruments.%s",
            plural(ncol(x), "variant"), known_by, raw_names_words(variants, names(genotypes)[-(1:6)])),
    "latentmr_message_raw",
    hint = if (is.numeric(genotypes[[2]])) {
      "Its IID came as numbers: 007 would be 7 now. mr_data(\"cohort.raw\", ...) reads the file with identifiers as text."
    }
  )
  list(genotypes = x, ids = iid, sex = ifelse(sex %in% 1:2, sex, NA_integer_), variants = variants)
}

# "rs1_A" or "rs1_A(/G)": the allele counted, and the other one. Variants are known by what stands before, where that is
# theirs alone, else by the column. NULL: other names.
raw_variants <- function(columns) {
  columns <- sub("[.][0-9]+$", "", columns) # what R appends to repeated names
  pattern <- "^(.*)_([^_()/]+)([(]/([^()]*)[)])?$"
  if (!all(grepl(pattern, columns))) return(NULL)
  known <- function(allele) ifelse(allele %in% c("", "0", "."), NA_character_, allele)
  snp <- sub(pattern, "\\1", columns)
  shared <- duplicated(snp) | duplicated(snp, fromLast = TRUE) | snp %in% c("", ".")
  snp[shared] <- columns[shared]
  data.frame(
    snp = make.unique(snp, sep = "_"), effect_allele = known(sub(pattern, "\\2", columns)),
    other_allele = known(sub(pattern, "\\4", columns))
  )
}

raw_names_words <- function(variants, columns) {
  kept <- if (!is.null(variants)) which(variants$snp == columns)
  if (!length(kept)) return("")
  sprintf(
    " %s without an id of %s own keep%s the name of the column, such as \"%s\".", plural(length(kept), "variant"),
    if (length(kept) == 1) "its" else "their", if (length(kept) == 1) "s" else "", columns[kept[1]]
  )
}

# Columns that describe people are no instruments.
check_no_people_columns <- function(names, arg) {
  found <- names[sub("^#", "", lower(names)) %in% c(raw_columns, "eid", "person_id")]
  if (!length(found)) return(invisible())
  abort_argument(arg, "a table of variants only", sprintf("one with %s", quote_all(found)),
                 "Keep identifiers in the row names; a .raw table of PLINK is given whole, as a data frame with its six first columns.")
}

dosage_rounding <- 1e-3

# Values that rounding put a little below 0 or above 2, back at it; only where everything
# is a dosage.
clamp_dosages <- function(x, arg) {
  seen <- suppressWarnings(range(x, na.rm = TRUE))
  if (seen[1] >= 0 && seen[2] <= 2 || seen[1] < -dosage_rounding || seen[2] > 2 + dosage_rounding) return(x)
  outside <- which(x < 0 | x > 2)
  inform(
    sprintf("`%s`: %s outside [0, 2] by at most %s set to the nearest of 0 and 2.", arg, plural(length(outside), "value"),
            format(max(-seen[1], seen[2] - 2), digits = 2)),
    "latentmr_message_dosage"
  )
  x[outside] <- ifelse(x[outside] < 0, 0, 2)
  x
}

# Nearly all of the `called` values 0, 1 or 2 and a few outside of [0, 2]: codes for missing
# calls, not another kind of instrument. x: the columns where there are others.
check_call_codes <- function(x, called, kind, arg) {
  values <- x[!is.na(x) & x != 0 & x != 1 & x != 2]
  if (length(values) > .2 * called || all(values >= 0 & values <= 2)) return(invisible())
  if (kind == "dosage" && any(values != round(values))) return(invisible()) # its own message
  seen <- sort(unique(values))
  abort_argument(
    arg, "0, 1, 2 or NA when they are genotypes",
    sprintf(
      "%s in %s of %s calls and 0, 1, 2 everywhere else", list_some(format_each(seen), 5), big(length(values)),
      big(called)
    ),
    sprintf("If %s missing, set %s to NA; else say kind = \"continuous\".", if (length(seen) == 1) "it means" else "these mean",
            if (length(seen) == 1) "it" else "them")
  )
}
