# Identifiers: where each piece of the data has its own, and how the pieces are
# put into one table. Rows are joined by identifier, never by position, as soon
# as anything has identifiers.

# Whole numbers as digits: as.character(100000) is "1e+05".
number_strings <- function(x) {
  out <- ifelse(x == round(x), sprintf("%.0f", x), as.character(x))
  out[is.na(x)] <- NA
  as.character(out)
}

as_ids <- function(x, arg) {
  if (is.null(x)) return(NULL)
  x <- plain_numbers(x, arg)
  good <- is.character(x) || is.factor(x) || (is.numeric(x) && !is.object(x))
  if (!good || !is.null(dim(x)) || !length(x)) {
    abort_argument(arg, "a vector of identifiers, one per participant", describe(x))
  }
  if (is.numeric(x) && !is.factor(x)) {
    if (any(x != round(x) | abs(x) >= 2^53, na.rm = TRUE)) {
      abort_argument(arg, "a vector of identifiers: text or whole numbers below 2^53", "other numbers",
                     "Read identifiers as text, so that no digit is lost.")
    }
    x <- number_strings(x)
  }
  clean_ids(as.character(x))
}

clean_ids <- function(x) {
  check_utf8(x, "ids", "Identifiers")
  x <- enc2utf8(x)
  x[!is.na(x) & x == ""] <- NA
  x
}

# Identifiers that a piece carries itself: names, row names. The automatic row
# names of a data frame, and whole-number ones left by subsetting, are positions.
row_ids <- function(x) {
  if (is.data.frame(x)) {
    own <- attr(x, "ids")
    if (!is.null(own)) return(own)
    own <- attr(x, "row.names")
    return(if (is.character(own)) clean_ids(own))
  }
  own <- if (is.null(dim(x))) names(x) else rownames(x)
  if (is.null(own)) NULL else clean_ids(own)
}

# The whole-number row names of a data frame that was sorted or cut after it was made: no
# identifiers, but of two frames they must be the same.
row_numbers <- function(x) {
  if (!is.data.frame(x) || !is.null(attr(x, "ids"))) return(NULL)
  own <- attr(x, "row.names")
  if (is.integer(own) && !identical(own, seq_along(own))) own
}

# Names of those that were.
check_row_numbers <- function(given) {
  numbers <- lapply(given, row_numbers)
  known <- which(!vapply(numbers, is.null, NA))
  for (i in known[-1]) {
    if (identical(numbers[[i]], numbers[[known[1]]]) || length(numbers[[i]]) != length(numbers[[known[1]]])) next
    names <- names(given)[c(known[1], i)]
    off <- which(numbers[[i]] != numbers[[known[1]]])[1]
    abort(
      sprintf("Rows of `%s` and `%s` are not in the same order: row %d has the row name %d in one and %d in the other.", names[1], names[2],
              off, numbers[[known[1]]][off], numbers[[i]][off]),
      "latentmr_error_ids", argument = names[2],
      hint = "They were sorted or cut differently. Give identifiers in `ids` or as names, or bring them into one order."
    )
  }
  names(given)[known]
}

piece_rows <- function(x) if (is.null(dim(x))) length(x) else nrow(x)

piece_pick <- function(x, rows) {
  if (is.null(dim(x))) unname(x[rows]) else x[rows, , drop = FALSE]
}

# One table out of the pieces. Returns the identifiers of its rows (missing and
# repeated ones still there), the pieces in that order, and `by`: "ids" or
# "order".
# `sorted`: names of data frames that were visibly sorted or cut.
assemble_pieces <- function(pieces, ids, genotype_ids, genotype_n, sorted = character()) {
  own <- lapply(pieces, row_ids)
  for (name in names(pieces)) check_ids_differ(own[[name]], name, ids)
  own <- without_positions(own, ids)
  named <- !vapply(own, is.null, NA)
  rows <- vapply(pieces, piece_rows, 1)
  if (is.null(ids) && !any(named)) return(assemble_by_order(pieces, rows, genotype_ids, genotype_n, sorted))
  if (is.null(ids)) {
    if (!all(named)) {
      with <- names(pieces)[named][1]
      without <- names(pieces)[!named][1]
      abort(
        sprintf("`%s` has identifiers (names or row names) and `%s` has none: they cannot be joined.", with, without),
        "latentmr_error_ids", argument = without,
        hint = sprintf(
          "Name `%s` by participant, or give the identifiers of the rows in `ids`.%s", without,
          if (all(grepl("^[0-9]+$", own[[with]]))) {
            sprintf(
              " If the names of `%s` (%s) only number its rows: %s.", with, quote_all(own[[with]], 3),
              if (is.null(dim(pieces[[with]]))) sprintf("unname(%s)", with) else sprintf("rownames(%s) <- NULL", with)
            )
          } else {
            ""
          }
        )
      )
    }
    ids <- union_ids(own)
    for (name in names(pieces)) warn_partial_piece(own[[name]], intersect(ids, genotype_ids), name)
  } else {
    for (name in names(pieces)[named]) check_same_ids(own[[name]], ids, name)
  }
  for (name in names(pieces)) {
    piece <- pieces[[name]]
    if (named[[name]]) {
      check_repeats(own[[name]], list(piece), sprintf("`%s`", name))
      pieces[[name]] <- piece_pick(piece, match(ids, own[[name]], incomparables = NA))
    } else {
      if (rows[[name]] != length(ids)) {
        abort_argument(name, sprintf("of the length of `ids` (%s)", big(length(ids))), big(rows[[name]]))
      }
      pieces[[name]] <- piece_pick(piece, seq_along(ids))
    }
  }
  list(ids = ids, pieces = pieces, by = "ids")
}

# A few names for many rows are the groups of a lookup, c(a = "Oslo", b = "Bergen")[site], and no people.
check_ids_differ <- function(own, arg, ids) {
  known <- own[!is.na(own)]
  few <- length(unique(known))
  if (length(known) < 20 || few > length(known) / 10 || any(known %in% ids)) return(invisible())
  abort(
    sprintf("The names of `%s` are no identifiers: %s different ones for %s rows (%s).", arg, big(few),
            big(length(known)), quote_all(unique(known), 3)),
    c("latentmr_error_ids", "latentmr_error_argument"), argument = arg,
    hint = sprintf("unname(%s) where its rows are in the order of the others.", arg)
  )
}

# Where other pieces have no names, 1, 2, 3 and so on are the numbers of the rows (model.matrix() makes them).
without_positions <- function(own, ids) {
  if (!is.null(ids) || !any(vapply(own, is.null, NA))) return(own)
  lapply(own, function(x) if (!identical(x, as.character(seq_along(x)))) x)
}

# Every identifier seen in any piece, in order of appearance, then one row for
# each repeat and each missing one, so that these are removed and counted.
union_ids <- function(own) {
  seen <- unique(unlist(lapply(own, function(x) x[!is.na(x)]), use.names = FALSE))
  longest <- function(x) if (length(x)) x[[which.max(lengths(x))]] else character()
  repeats <- longest(lapply(own, function(x) x[!is.na(x) & duplicated(x)]))
  missing <- longest(lapply(own, function(x) x[is.na(x)]))
  c(seen, repeats, missing)
}

assemble_by_order <- function(pieces, rows, genotype_ids, genotype_n, sorted) {
  if (!is.null(genotype_ids)) {
    abort(
      sprintf("The genotypes have identifiers (the first is \"%s\") and `%s` has none: they cannot be joined.",
              genotype_ids[1], names(pieces)[1]),
      "latentmr_error_ids", argument = "ids",
      hint = "Give the identifiers of the rows of the exposure, outcome, environment and covariates in `ids`."
    )
  }
  wrong <- which(rows != genotype_n)
  if (length(wrong)) {
    abort_argument(
      names(pieces)[wrong[1]],
      sprintf("of the length of the genotypes (%s participants)", big(genotype_n)),
      big(rows[wrong[1]]),
      "Nothing here has identifiers. Give names and row names, or `ids`, and the rows are joined by them."
    )
  }
  inform(
    sprintf(
      "No identifiers: the %s rows of the genotypes and of the other arguments are taken to be in the same order.%s",
      big(genotype_n), if (length(sorted)) {
        sprintf(
          " The row names of %s are not 1, 2, 3 and so on: sorted or cut. Are the others in that order too?",
          list_some(sprintf("`%s`", sorted), 6)
        )
      } else {
        ""
      }
    ),
    "latentmr_message_order"
  )
  list(ids = as.character(seq_len(genotype_n)), pieces = lapply(pieces, function(x) piece_pick(x, seq_len(genotype_n))),
       by = "order")
}

check_same_ids <- function(own, ids, arg) {
  extra <- setdiff(own, c(ids, NA))
  lacking <- setdiff(ids, c(own, NA))
  if (!length(extra) && !length(lacking)) return(invisible())
  abort(
    sprintf(
      "The names of `%s` and `ids` do not agree: %s.", arg,
      paste(c(
        if (length(extra)) sprintf("%s of its names are not in `ids` (%s)", big(length(extra)), quote_all(extra, 3)),
        if (length(lacking)) {
          sprintf("%s of `ids` are not among its names (%s)", big(length(lacking)), quote_all(lacking, 3))
        }
      ), collapse = "; ")
    ),
    "latentmr_error_ids", argument = arg,
    hint = sprintf("Give `ids` without names on `%s`, or names everywhere and no `ids`.", arg)
  )
}

# Rows with the same identifier must be equal in every column used: which of two
# different rows is the person cannot be known.
check_repeats <- function(ids, columns, arg) {
  again <- which(!is.na(ids) & duplicated(ids))
  if (!length(again)) return(invisible())
  first <- match(ids[again], ids)
  differs <- logical(length(again))
  for (column in columns) {
    a <- piece_pick(column, again)
    b <- piece_pick(column, first)
    if (is.data.frame(a)) {
      for (name in names(a)) differs <- differs | !same_values(a[[name]], b[[name]])
    } else {
      same <- same_values(a, b)
      differs <- differs | if (is.matrix(same)) rowSums(!same) > 0 else !same
    }
  }
  if (any(differs)) {
    who <- unique(ids[again[differs]])
    abort(
      sprintf("%s %s several times in %s with different values: %s.", big(length(who)),
              if (length(who) == 1) "identifier stands" else "identifiers stand", arg, quote_all(who, 5)),
      "latentmr_error_ids", ids = who,
      hint = "Keep one row per participant. Copies that are equal in every column used are removed and counted."
    )
  }
}

same_values <- function(a, b) (is.na(a) & is.na(b)) | (!is.na(a) & !is.na(b) & a == b)
