# What a column of text holds: numbers, words that stand for a missing one, or groups.

# In small letters. Beside missing_cells, which are missing in groups too.
missing_words <- c(
  "", "na", "n/a", "n.a.", "nan", "-nan", "nan(ind)", "none", "null", "nil", "-", "--", "?", ".", "<na>", "#n/a",
  "#null!",
  "#value!", "#div/0!", "#num!"
)
number_pattern <- "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$"
infinite_pattern <- "^[-+]?inf(inity)?$"
numberlike_pattern <- "^[<>=~]* *[-+]?[0-9]+([., ][0-9]+)* *(%|[[:alpha:]].*)?$"
comma_pattern <- "^[-+]?[0-9]*,[0-9]+([eE][-+]?[0-9]+)?$"
thousands_pattern <- "^[-+]?[1-9][0-9]{0,2},[0-9]{3}$"

# list(values, words, odd, share): the numbers (NULL when some cell is neither number nor
# missing), which words stand for a missing one with their counts, what else there is,
# the share among the cells that are not missing of what is or looks like a number. `comma`: with decimal commas.
numbers_in_text <- function(text) {
  cells <- unique(text)
  at <- match(text, cells)
  plain <- trimws(cells)
  small <- lower(plain)
  missing <- is.na(cells) | small %in% missing_words
  number <- grepl(number_pattern, plain) | grepl(infinite_pattern, small)
  comma <- grepl(comma_pattern, plain)
  whole <- grepl("^[-+]?[0-9]+$", plain)
  by_comma <- any(comma) && all(missing | comma | whole) && !all(grepl(thousands_pattern, plain[comma]))
  if (by_comma) {
    number <- comma | whole
    plain <- chartr(",", ".", plain)
  }
  odd <- !missing & !number
  said <- missing & !is.na(cells) & !cells %in% missing_cells
  size <- tabulate(at, length(cells))
  values <- if (!any(odd)) {
    values <- rep(NA_real_, length(cells))
    values[number] <- as.numeric(plain[number])
    values[at]
  }
  # Beside numbers what is written like them: with a comma, or, where it is no small set of
  # codes, with a unit or a limit.
  like <- number | comma | sum(odd) > 20 & grepl(numberlike_pattern, plain)
  list(
    values = values, words = stats::setNames(size[said], cells[said]), odd = cells[odd],
    share = sum(size[like]) / max(1, sum(size[!missing])), comma = by_comma
  )
}

# What the cells that are no numbers look like, and what to do.
odd_hint <- function(odd, groups = FALSE, codes = TRUE) {
  odd <- trimws(odd)
  if (all(grepl("^[\u2010-\u2015\u2212][0-9]", odd))) return("They have a dash for the minus sign: write \"-\".")
  number <- "[-+]?[0-9]+([.,][0-9]+)?"
  if (any(grepl(thousands_pattern, odd)) && all(grepl(comma_pattern, odd))) {
    return(
      "A comma with three digits behind it may be a decimal comma or mark thousands: write them with a point, or without a mark."
    )
  }
  if (all(grepl(comma_pattern, odd))) {
    return("Decimal commas are read when every value of the column has one or is whole: here some have a point.")
  }
  program <- grepl("^0x[[:xdigit:]]+$|^[0-9.]+[dD][-+]?[0-9]+$", odd) # numbers of programs, no units
  if (all(grepl(sprintf("^%s *(%%|[[:alpha:]][^ ]*)$", number), odd) & !program)) {
    return("They are numbers with a unit: remove the unit.")
  }
  if (all(grepl(sprintf("^[<>=~]+ *%s$", number), odd))) {
    return("They are limits of what could be measured: set them to a number, or add them to `na_codes`.")
  }
  if (all(grepl("^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|^[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}", odd))) {
    return("They look like dates: give the age, the year or a number of days.")
  }
  if (all(grepl("^[-+]?[0-9]{1,3}([ ',.][0-9]{3})+([.,][0-9]+)?$", odd))) {
    return("Write numbers without marks for thousands.")
  }
  if (all(lower(odd) %in% unlist(word_pairs))) {
    return(paste0(
      "They are answers, not numbers: write 0 and 1 for them, or see whether cells have slipped into another column",
      if (groups) "; if the column holds groups, name it in `categorical`", "."
    ))
  }
  if (all(grepl("^[-+0-9.]*[0-9][-+0-9.]*$", odd))) return("They are no numbers: correct them, or set them to NA.")
  paste0(
    "If these mean missing, ", if (codes) "add them to `na_codes`" else "set them to NA",
    if (groups) "; if the column holds groups, name it in `categorical`" else "", "."
  )
}

# A column of numbers, whatever type it came in; anything else that it holds is an error.
number_column <- function(column, name, role) {
  if (is.object(column) && !is.factor(column)) return(list(values = column)) # refused later, by its class
  if (is.numeric(column) || all(is.na(column))) return(list(values = as.double(column)))
  if (is_two_valued(column) && role %in% c("exposure", "outcome")) return(list(values = column))
  text <- as.character(column)
  found <- numbers_in_text(text)
  if (is.null(found$values) && role %in% c("exposure", "outcome")) {
    coded <- two_words(text, name)
    if (!is.null(coded)) return(list(values = coded))
  }
  if (is.character(column) && !is.null(found$values)) return(found)
  abort_argument(
    role, "the name of a numeric column",
    sprintf("\"%s\", which holds %s", name, if (length(found$odd)) quote_all(found$odd, 3) else describe(column)),
    if (length(found$odd)) odd_hint(found$odd) else "If it means missing, add it to `na_codes`."
  )
}

# A covariate: numbers when it holds nothing else, groups when it is text, an error when
# it is nearly all numbers.
covariate_column <- function(column, name, arg, codes = TRUE) {
  if (!is.character(column)) return(list(values = column))
  found <- numbers_in_text(column)
  if (!is.null(found$values)) return(found)
  if (found$share >= .5) {
    abort_argument(
      arg, "numbers, or groups", sprintf("numbers in \"%s\" and else %s", name, quote_all(found$odd, 5)),
      odd_hint(found$odd, TRUE, codes)
    )
  }
  list(values = column)
}

# Words for no and yes, in small letters.
word_pairs <- list(
  c("no", "yes"), c("n", "y"), c("false", "true"), c("f", "t"), c("control", "case"), c("controls", "cases"),
  c("unaffected", "affected"), c("absent", "present"), c("negative", "positive"),
  c("alive", "dead"), c("alive", "deceased")
)

# 0 and 1 for a column of two such words, with a message; otherwise NULL.
two_words <- function(text, name) {
  small <- lower(trimws(text))
  small[small %in% missing_words] <- NA
  for (pair in word_pairs) {
    if (!all(is.na(small) | small %in% pair) || all(is.na(small))) next
    shown <- vapply(pair, function(word) c(text[!is.na(small) & small == word], word)[1], "")
    inform(
      sprintf("%s: \"%s\" is taken as 0 and \"%s\" as 1.", quote_all(name), shown[1], shown[2]),
      "latentmr_message_coding"
    )
    return(as.double(match(small, pair) - 1))
  }
  NULL
}

# integer64 as numbers, in a vector or in the columns of a data frame.
plain_numbers <- function(x, arg) if (is.data.frame(x)) plain_columns(x) else plain_integers(x, arg)
