# Parents of the participants: their genotypes, from the same PLINK files or from two
# matrices, or what is known of them from siblings. In mr_data:
#
#   parents   NULL, or list(genotypes, father, mother): an object of class `genotypes` with the variants
#             analysed, and the row of each participant's parents in it, NA where there is none;
#             or list(shared): imputed from siblings, with a table of segments that they share by descent, or NULL

# For the rows of `source`.
parents_source <- function(parents, source) {
  if (is.null(parents)) return(NULL)
  if (identical(parents, "siblings")) return(list(shared = NULL))
  if (is.data.frame(parents)) return(list(shared = shared_segments(parents)))
  if (identical(parents, "fam")) return(fam_parents(source))
  good <- is.list(parents) && setequal(names(parents), c("father", "mother"))
  if (!good) {
    abort_argument(
      "parents",
      "\"fam\", list(father = , mother = ) with a matrix each, \"siblings\", a table of segments shared by descent, or NULL",
      describe(parents)
    )
  }
  both <- lapply(c(father = "father", mother = "mother"), function(who) parent_matrix(parents[[who]], who, source))
  n <- source$n
  known <- lapply(both, function(x) rowSums(!is.na(x)) > 0)
  list(
    genotypes = genotype_matrix(rbind(both$father, both$mother)),
    father = ifelse(known$father, seq_len(n), NA_integer_), mother = ifelse(known$mother, n + seq_len(n), NA_integer_)
  )
}

# Rows as the genotypes have them, by identifier where both have one; columns by name.
parent_matrix <- function(x, who, source) {
  arg <- sprintf("parents$%s", who)
  own <- genotype_source(x, arg)
  if (own$p != source$p) {
    abort_argument(arg, sprintf("a matrix of the %s variants", big(source$p)), sprintf("one of %s", big(own$p)))
  }
  values <- clamp_dosages(decode(own$genotypes), arg)
  outside <- which(values < 0 | values > 2)
  if (length(outside)) {
    abort_argument(
      arg, "allele counts or dosages from 0 to 2, or NA", sprintf("one with %s", format(values[outside[1]]))
    )
  }
  named <- !is.null(colnames(x))
  if (named && !identical(own$variants$snp, source$variants$snp)) {
    at <- match(source$variants$snp, own$variants$snp)
    if (anyNA(at)) {
      abort_argument(
        arg, "a matrix with the columns of the genotypes",
        paste("one without", quote_all(source$variants$snp[is.na(at)], 5))
      )
    }
    values <- values[, at, drop = FALSE]
  }
  if (!is.null(own$ids) && !is.null(source$ids)) return(values[match(source$ids, own$ids), , drop = FALSE])
  if (own$n != source$n) {
    abort_argument(
      arg, sprintf("a matrix with row names, or with a row for each of the %s rows of the genotypes", big(source$n)),
      sprintf("one of %s rows without names", big(own$n))
    )
  }
  values
}

# The fam file names fathers and mothers by their IID within the family; full siblings have both in common.
fam_parents <- function(source) {
  people <- samples(source$genotypes)
  if (is.null(people) || is.null(people$father)) {
    abort_argument("parents", "\"fam\" for genotypes in PLINK files only", "\"fam\" for a matrix",
                   "Of a matrix: parents = list(father = , mother = ).")
  }
  key <- paste(people$fid, people$iid, sep = "\r")
  find <- function(parent) {
    at <- match(paste(people$fid, parent, sep = "\r"), key)
    ifelse(is.na(parent) | parent == "0", NA_integer_, at)
  }
  known <- !(is.na(people$father) | people$father == "0" | is.na(people$mother) | people$mother == "0")
  couple <- paste(people$fid, people$father, people$mother, sep = "\r")
  list(
    genotypes = source$genotypes, father = find(people$father), mother = find(people$mother),
    family = ifelse(known, match(couple, couple), NA_integer_)
  )
}

# Those of the people at `rows` and the variants at `cols`, looked at.
parents_of_people <- function(parents, source, rows, cols) {
  if (is.null(parents) || is.null(parents$genotypes)) return(parents)
  out <- list(
    genotypes = pick(parents$genotypes, NULL, cols), father = parents$father[rows], mother = parents$mother[rows]
  )
  who <- which(!is.na(out$father) & !is.na(out$mother))
  if (!length(who)) {
    abort_argument("parents", "genotypes of both parents of some participants", "of nobody's two")
  }
  of <- function(name) decode(out$genotypes, NULL, out[[name]][who])
  child <- decode(pick(source$genotypes, rows, cols), NULL, who)
  father <- of("father")
  mother <- of("mother")
  refuse_same_people(child, father, mother)
  wrong <- .Call(C_ffi_parent_errors, child, father, mother)
  if (wrong[1] > .02 * wrong[2]) {
    abort_argument(
      "parents", "the parents of the participants, their alleles counted as those of the participants",
      sprintf("others: %s of the children's genotypes cannot come from them", percent(wrong[1] / wrong[2])),
      "Look for rows in another order, or variants whose other allele is counted."
    )
  }
  out
}

# Everybody with the genotypes of a parent, or parents alike: an argument given twice.
refuse_same_people <- function(child, father, mother) {
  same <- function(a, b) {
    differ <- a != b
    any(!is.na(differ)) && !any(differ, na.rm = TRUE)
  }
  told <- function(arg, who) {
    abort_argument(
      arg, sprintf("other people than the %s", who), sprintf("the genotypes of the %s again, all the same", who),
      "Give the genotypes of the father and of the mother of each participant."
    )
  }
  if (same(father, child)) told("parents$father", "participants")
  if (same(mother, child)) told("parents$mother", "participants")
  if (same(father, mother)) told("parents$mother", "fathers")
}

check_imputation <- function(parents, kind, ids) {
  if (is.null(parents) || !is.null(parents$genotypes)) return(invisible())
  if (kind != "genotype") {
    abort_argument("parents", "genotyped when the instruments are dosages", "imputed",
                   "Imputation from siblings reads calls of 0, 1 and 2.")
  }
  if (is.null(parents$shared) || any(parents$shared$id1 %in% ids & parents$shared$id2 %in% ids)) return(invisible())
  abort_argument("parents", "a table with segments of pairs of participants", "one without any pair of them",
                 "ID1 and ID2 are identifiers as those of the participants.")
}

# Families of the rows when the fam file says them and the user does not.
parents_family <- function(family, parents, rows) {
  if (!is.null(family) || is.null(parents)) return(family)
  if (is.null(parents$genotypes)) {
    abort_argument("family", "given when parents are imputed from siblings", "NULL", "Siblings have the same value.")
  }
  code <- if (is.null(parents$family)) rep(NA_integer_, length(rows)) else parents$family[rows]
  factor(code)
}

# People with both parents genotyped.
has_parents <- function(data) {
  x <- data$parents
  if (is.null(x$genotypes)) return(rep(FALSE, length(data$environment)))
  !is.na(x$father) & !is.na(x$mother)
}

parents_of <- function(data, who) {
  of <- function(rows) decode(data$parents$genotypes, NULL, rows)
  list(father = of(data$parents$father[who]), mother = of(data$parents$mother[who]))
}

pick_parents <- function(parents, rows = NULL, cols = NULL) {
  if (is.null(parents$genotypes)) return(parents)
  if (!is.null(rows)) for (name in c("father", "mother")) parents[[name]] <- parents[[name]][rows]
  if (!is.null(cols)) parents$genotypes <- pick(parents$genotypes, NULL, cols)
  parents
}

parents_words <- function(x) {
  if (is.null(x$parents)) return(NULL)
  if (!is.null(x$parents$genotypes)) {
    return(sprintf("both genotyped of %s", plural(sum(has_parents(x)), "participant")))
  }
  paste(
    "imputed from siblings, as under random mating;",
    if (is.null(x$parents$shared)) "what they share by descent not known" else "what they share by descent given"
  )
}

# ---- segments that siblings share by descent ----

segment_columns <- list(
  id1 = c("id1", "iid1"), id2 = c("id2", "iid2"), type = c("ibdtype", "ibd_type"), chr = c("chr", "chrom"),
  from = c("start_coordinate", "startmb", "start_mb"), to = c("stop_coordinate", "stopmb", "stop_mb")
)

# As KING and snipar write them: id1, id2, alleles shared, chr, from and to in base pairs.
shared_segments <- function(x) {
  plain <- lower(names(x))
  at <- vapply(segment_columns, function(known) match(TRUE, plain %in% known), 1L)
  if (anyNA(at)) {
    abort_argument(
      "parents", "a table of segments with ID1, ID2, IBDType, Chr and StartMB, StopMB (or start_coordinate, stop_coordinate)",
      paste("one with", quote_all(names(x), 12))
    )
  }
  out <- lapply(as.list(at), function(j) x[[j]])
  unit <- if (grepl("mb$", plain[at[["from"]]])) 1e6 else 1
  shared <- match(sub("^IBD", "", upper(as.character(out$type))), c("0", "1", "2")) - 1L
  if (anyNA(shared)) {
    abort_argument("parents", "a table whose IBDType is IBD1 or IBD2 (or 1, 2)", "one with other values")
  }
  data.frame(
    id1 = as_ids(out$id1, "parents$ID1"), id2 = as_ids(out$id2, "parents$ID2"), shared = shared,
    chr = plain_chromosome(out$chr), from = as.numeric(out$from) * unit, to = as.numeric(out$to) * unit
  )
}
