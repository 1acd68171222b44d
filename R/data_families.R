#' Families from a table of kinship coefficients
#'
#' Relatives share instruments, exposure and outcome beyond what the model
#' explains: an estimator that leaves one person out of the first stage
#' ([latent_mr()]'s UJIVE) is then biased towards least squares, and errors are
#' too small. `families()` turns the pairs of relatives that KING (or plink 2's
#' `--make-king-table`) lists into the groups that `cluster` of [mr_data()] and
#' [read_mr_data()] takes: whole families are then left out of the first stage,
#' kept together in folds, and summed in the errors.
#'
#' Two people are linked when their kinship coefficient is at least `threshold`;
#' a family is a connected component of these links, so that it may hold people
#' who are related only through others, who need not be among `ids`. Expected
#' coefficients are 1/2 for duplicates and identical twins, 1/4 for the first
#' degree, 1/8 for the second, 1/16 for the third; KING's limits between them are
#' \eqn{2^{-3/2}, 2^{-5/2}, 2^{-7/2}, 2^{-9/2}} = .354, .177, .0884, .0442
#' (Manichaikul et al. 2010, Bioinformatics 26:2867). The default links the third
#' degree and closer.
#'
#' @param kin Data frame, or paths of text files as [read_mr_data()] reads them (`.kin` holds the pairs within
#'   the families of the fam file, `.kin0` those between them: give both when
#'   both exist). Columns, whatever the case: `ID1` and `ID2` (or `IID1` and
#'   `IID2`), `Kinship`, and if there are any `FID1` and `FID2` (or `FID`). Pairs with
#'   missing kinship count as not related, with a warning. No identifier may be
#'   missing.
#' @param ids Everybody of the study: a vector of identifiers, or an object of
#'   [read_plink()]; people without a relative in the table are families of their own.
#'   `NULL`: the people in the table only; [mr_data()] and
#'   [read_mr_data()] add the others.
#' @param threshold Smallest kinship coefficient of a link, above 0.
#' @param encoding Of the files: see [read_mr_data()].
#' @param x A `families` object.
#' @param ... Nothing: an argument without a use is an error.
#' @section Identifiers:
#' Text. With columns of family identifiers, people are known by IID, or by
#' FID_IID where that finds more of `ids`, or where `ids` is `NULL` and one IID stands
#' for several people.
#' @section Errors: `latentmr_error_argument`: `kin` is not such a table, or an
#'   argument is not what it must be (`latentmr_error_column`: a column is not
#'   there; `latentmr_error_io`, `latentmr_error_format`: a file cannot be read);
#'   `latentmr_error_ids`: nobody in the table is among `ids`, an identifier is
#'   missing or repeated in `ids`, or one IID stands for several people.
#' @return A factor of class `families`, named by identifier, in the order of
#'   `ids` (of first appearance in the table when `NULL`). A family is
#'   called by the first of its members in this order.
#' @examples
#' kin <- data.frame(FID1 = 0, ID1 = c("ann", "ann", "eve"), FID2 = 0,
#'                   ID2 = c("bob", "cid", "fay"), Kinship = c(.251, .246, .02))
#' families(kin)
#' family <- families(kin, ids = c("ann", "bob", "cid", "dan", "eve", "fay"))
#' family
#' table(table(family))
#' @export
families <- function(kin, ids = NULL, threshold = 2^-4.5, encoding = "UTF-8", ...) {
  check_dots(...)
  check_given()
  check_encoding(encoding)
  check_idle_encoding(encoding, kin)
  check_number(threshold, "threshold", 0, 1, open = TRUE)
  pairs <- read_kin(kin, encoding)
  who <- study_ids(ids)
  people <- kin_names(pairs, who)
  known <- unique(c(who, rbind(people$a, people$b)))
  if (!length(known)) {
    abort_argument("kin", "a table with at least one pair when `ids` is not given", "one without rows")
  }
  near <- which(!is.na(pairs$kinship) & pairs$kinship >= threshold)
  component <- .Call(
    C_ffi_components, length(known), match(people$a[near], known), match(people$b[near], known)
  )
  shown <- if (is.null(who)) seq_along(known) else seq_along(who)
  warn_chained(component[shown], threshold)
  new_families(known[shown], component[shown])
}

# Chance links among many pairs chain everybody into one family.
warn_chained <- function(component, threshold) {
  size <- max(tabulate(component))
  if (size < 50 || size < .1 * length(component)) return(invisible())
  warn(
    sprintf(
      "One family holds %s of %s people, chained by pairs with a kinship of %s or more: hardly relatives all.",
      big(size), big(length(component)), format(threshold, digits = 3)
    ),
    "latentmr_warning_kinship", people = size, threshold = threshold,
    hint = "Kinship from few variants, or over several ancestries, is noise at this threshold: take it from genome-wide variants, or a higher `threshold` (.0884 second degree, .177 first)."
  )
}

new_families <- function(ids, component) {
  first <- which(!duplicated(component))
  family <- factor(match(component, component[first]), levels = seq_along(first), labels = ids[first])
  names(family) <- ids
  class(family) <- c("families", "factor")
  family
}

#' @rdname families
#' @export
print.families <- function(x, ...) {
  check_dots(...)
  check_families(x)
  size <- table(x)
  together <- size[size > 1]
  cat(sprintf(
    "Families of %s: %s people are in %s of two or more%s\n", plural(length(x), "participant"), big(sum(together)),
    if (length(together) == 1) "1 family" else paste(big(length(together)), "families"),
    if (length(together)) sprintf(", the largest of %s", big(max(together))) else ""
  ))
  shown <- utils::head(names(together), 5)
  for (family in shown) {
    members <- names(x)[x == family]
    cat(sprintf("  %s\n", paste0(paste(utils::head(members, 8), collapse = " "), if (length(members) > 8) " ...")))
  }
  if (length(together) > length(shown)) cat("  ...\n")
  invisible(x)
}

check_families <- function(x) {
  good <- is.null(torn_part(x)) && inherits(x, "factor") && !is.null(names(x)) && !anyNA(names(x)) &&
    !anyDuplicated(names(x)) && !anyNA(x)
  if (good) return(invisible(x))
  field_fault("families", "cluster")("", "a factor with a family for each name", "torn, or without some")
}

# Families for exactly these people, in this order: those that the table does not
# name are on their own. Other clusters are left as they are.
complete_families <- function(cluster, ids) {
  if (!inherits(cluster, "families")) return(cluster)
  check_families(cluster)
  if (is.null(ids)) return(cluster)
  ids <- unique(ids[!is.na(ids)])
  code <- as.integer(cluster)[match(ids, names(cluster))]
  alone <- is.na(code)
  code[alone] <- nlevels(cluster) + seq_len(sum(alone))
  new_families(ids, code)
}

# ---- reading ----

# fid1, fid2 (NULL when there are none), id1, id2, kinship.
read_kin <- function(kin, encoding) {
  if (is.data.frame(kin)) return(kin_columns(kin, "the table"))
  if (!is.character(kin)) {
    abort_argument("kin", "a data frame of pairs, or paths of KING's .kin and .kin0 files", describe(kin))
  }
  check_strings(kin, "kin")
  tables <- lapply(kin, function(path) kin_columns(read_kin_file(path, encoding), basename(path)))
  whole <- all(!vapply(tables, function(table) is.null(table$fid1), NA))
  columns <- c("id1", "id2", "kinship", if (whole) c("fid1", "fid2"))
  sapply(columns, function(name) unlist(lapply(tables, `[[`, name)), simplify = FALSE)
}

# Identifiers stay text: leading zeros, and a FID that is 0 here and a name there.
read_kin_file <- function(path, encoding) {
  table <- open_text_table(path, "kin", encoding = encoding)
  if (!length(table$names)) {
    abort(sprintf("`kin`: the file %s is empty.", path), "latentmr_error_format", argument = "kin")
  }
  number <- lower(table$names) == "kinship"
  as_frame(stats::setNames(table$columns(seq_along(table$names), number), table$names))
}

kin_columns <- function(frame, label) {
  frame <- plain_numbers(frame, "kin")
  plain <- sub("^#", "", lower(names(frame)))
  column <- function(names, needed = TRUE) {
    at <- match(names, plain)
    at <- at[!is.na(at)]
    if (length(at)) return(frame[[at[1]]])
    if (!needed) return(NULL)
    abort(
      sprintf("`kin`: %s has no column %s.", label, c(id1 = "ID1", id2 = "ID2", kinship = "Kinship")[[names[1]]]),
      c("latentmr_error_column", "latentmr_error_argument"), argument = "kin",
      hint = sprintf("It must have ID1, ID2 and Kinship, as KING writes them; it has %s.", quote_all(names(frame)))
    )
  }
  kinship <- column("kinship")
  if (is.character(kinship)) {
    found <- numbers_in_text(kinship)
    if (is.null(found$values)) {
      abort_argument("kin", "a table with a numeric column Kinship", sprintf(
        "one with %s in it (%s)", quote_all(found$odd, 3), label
      ),
                     odd_hint(found$odd, codes = FALSE))
    }
    kinship <- found$values
  }
  if (!is.numeric(kinship) && !all(is.na(kinship))) {
    abort_argument(
      "kin", "a table with a numeric column Kinship", sprintf("one with %s in it (%s)", describe(kinship), label)
    )
  }
  fid1 <- column(c("fid1", "fid"), FALSE)
  fid2 <- column(c("fid2", "fid"), FALSE)
  out <- list(id1 = column(c("id1", "iid1")), id2 = column(c("id2", "iid2")), kinship = as.numeric(kinship))
  if (!is.null(fid1) && !is.null(fid2)) out <- c(out, list(fid1 = fid1, fid2 = fid2))
  for (name in setdiff(names(out), "kinship")) {
    ids <- out[[name]]
    out[[name]] <- if (length(ids) && !all(is.na(ids))) as_ids(ids, "kin") else as.character(ids)
    if (!anyNA(out[[name]])) next
    abort(sprintf("`kin`: row %d of %s has no %s.", which(is.na(out[[name]]))[1], label, upper(name)),
          "latentmr_error_ids", argument = "kin")
  }
  check_kinship(out$kinship, label)
  unknown <- sum(is.na(out$kinship))
  if (unknown) {
    warn(sprintf("%s of %s in %s %s no kinship coefficient and %s taken as not related.", plural(unknown, "pair"),
                 big(length(out$kinship)), label, if (unknown == 1) "has" else "have",
                 if (unknown == 1) "is" else "are"),
         "latentmr_warning_kinship")
  }
  out
}

check_kinship <- function(kinship, label) {
  high <- sum(kinship > .55, na.rm = TRUE)
  if (!high) return(invisible())
  most <- max(kinship, na.rm = TRUE)
  if (most > 1) {
    abort_argument(
      "kin", "a table of kinship coefficients, at most 1", sprintf("one with %s (%s)", format(most), label),
      "They are shares: .25 for siblings."
    )
  }
  warn(
    sprintf("%s of %s in %s %s a kinship above .5.", plural(high, "pair"), big(length(kinship)), label,
            if (high == 1) "has" else "have"),
    "latentmr_warning_kinship", hint = "Relatedness is twice the kinship: halve it. Kinship is .25 for siblings."
  )
}

# ---- identifiers ----

study_ids <- function(ids) {
  if (is.null(ids)) return(NULL)
  if (inherits(ids, "plink_bed")) {
    known <- sample_ids(ids$samples, sample_names(ids$samples))
    return(known[!is.na(known)])
  }
  ids <- as_ids(ids, "ids")
  twice <- unique(ids[duplicated(ids)])
  if (!anyNA(ids) && !length(twice)) return(ids)
  abort(
    if (anyNA(ids)) {
      "`ids` holds missing identifiers."
    } else {
      sprintf("`ids` holds %s more than once.", quote_all(twice, 3))
    },
    "latentmr_error_ids", argument = "ids", hint = "Give every person of the study once."
  )
}

# The two people of each pair under the names of the study.
kin_names <- function(pairs, who) {
  if (is.null(pairs$fid1)) {
    check_kin_overlap(c(pairs$id1, pairs$id2), who)
    return(list(a = pairs$id1, b = pairs$id2))
  }
  iid <- c(pairs$id1, pairs$id2)
  pair <- paste(c(pairs$fid1, pairs$fid2), iid, sep = "_")
  person <- iid[!duplicated(pair)]
  several <- unique(person[duplicated(person)])
  by_pair <- if (is.null(who)) length(several) > 0 else sum(who %in% pair) > sum(who %in% iid)
  if (by_pair) {
    inform("`kin`: people are known by FID_IID.", "latentmr_message_ids")
  } else if (any(several %in% who)) {
    abort(
      sprintf(
        "`kin`: %s %s for several people, of different FID.", quote_all(several, 3),
        if (length(several) == 1) "stands" else "stand"
      ),
      "latentmr_error_ids", argument = "kin", hint = "Give `ids` as FID_IID."
    )
  }
  name <- if (by_pair) pair else iid
  check_kin_overlap(name, who)
  half <- seq_along(pairs$id1)
  list(a = name[half], b = name[length(half) + half])
}

check_kin_overlap <- function(name, who) {
  if (is.null(who) || !length(name) || any(name %in% who)) return(invisible())
  abort(
    sprintf(
      "Nobody in the kinship table is among `ids`. Table: %s. `ids`: %s.", quote_all(unique(name), 3), quote_all(who, 3)
    ),
    "latentmr_error_ids", argument = "ids",
    hint = "Look for identifiers of another application, lost leading zeros, FID_IID against IID."
  )
}
