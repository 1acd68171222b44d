# The rules that the tables of R/base_object_rules.R are written in. Sizes are
# numbers, names of sizes or expressions of them: see R/base_object.R.

field <- function(fault, what, size = list(), null = FALSE, optional = FALSE, ...) {
  list(fault = fault, what = what, size = size, null = null, optional = optional, ...)
}

# `scan = FALSE`: the values are looked at where they are used, in C.
numbers <- function(..., min = -Inf, max = Inf, whole = FALSE, na = FALSE, inf = FALSE, type = NULL, scan = TRUE,
                    ordered = FALSE, named = NULL, null = FALSE, optional = FALSE) {
  field(
    number_fault, number_words(whole, inf), list(...), null, optional,
    min = min, max = max, whole = whole, na = na, inf = inf, type = type, scan = scan, ordered = ordered, named = named
  )
}

number <- function(...) numbers(1, ...)

number_words <- function(whole, inf) {
  one <- if (whole) "whole number" else if (inf) "number" else "finite number"
  c(paste("one", one), paste0(one, "s"))
}

# Symmetric; `positive`: what a matrix of second moments can be.
symmetric <- function(size, positive = FALSE, ...) {
  rule <- numbers(size, size, ...)
  rule$fault <- symmetric_fault
  rule$what <- rep(if (positive) "second moments" else "numbers, the same on both sides of the diagonal", 2)
  rule$positive <- positive
  rule
}

# None is empty, but where it may be missing.
texts <- function(..., among = NULL, distinct = FALSE, na = FALSE, null = FALSE, optional = FALSE) {
  what <- if (!is.null(among)) {
    c("one of", "words among")
  } else {
    c("one text", if (distinct) "different names" else "texts")
  }
  field(text_fault, what, list(...), null, optional, among = among, distinct = distinct, na = na)
}

text <- function(...) texts(1, ...)

# Text or numbers: both are in use.
chromosomes <- function(size) {
  rule <- texts(size, na = TRUE)
  rule$fault <- function(value, rule, sizes) {
    if (is.character(value)) {
      text_fault(value, rule, sizes)
    } else {
      number_fault(value, numbers(size, min = 0, whole = TRUE, na = TRUE), sizes)
    }
  }
  rule$what <- c("one text or number", "texts or numbers")
  rule
}

flags <- function(..., na = FALSE, null = FALSE, optional = FALSE) {
  field(flag_fault, rep(if (na) "TRUE, FALSE or NA" else "TRUE or FALSE", 2), list(...), null, optional, na = na)
}

flag <- function(...) flags(1, ...)

# `levels`: a size, the number of levels.
groups <- function(size, levels = NULL, na = FALSE, null = FALSE, optional = FALSE) {
  field(
    group_fault, c("one level of a factor", "levels of a factor"), list(size), null, optional, levels = levels, na = na
  )
}

# A data frame; its other columns are free.
frame <- function(rows, ..., null = FALSE, optional = FALSE) {
  field(
    frame_fault, c("a data frame of one row", "rows of a data frame"), list(rows), null, optional, fields = list(...)
  )
}

# A list with these fields; its others are free. `more`: fields by names that are arguments here.
parts <- function(..., null = FALSE, optional = FALSE, more = NULL) {
  field(list_fault, c("a list", "a list"), list(), null, optional, fields = c(list(...), more))
}

# A list of any length (or `size`) of one thing.
several <- function(each, size = NULL, null = FALSE, optional = FALSE) {
  field(list_fault, c("a list of one part", "parts of a list"), list(size), null, optional, each = each)
}

# An object of this package, by the table of its class.
object_of <- function(class, null = FALSE, optional = FALSE) {
  field(object_fault, rep(sprintf("a <%s> object", class), 2), list(), null, optional, class = class)
}

# A list by a table of its own, whose sizes are its own but for `size`.
table_of <- function(table, size, null = FALSE, optional = FALSE) {
  field(list_fault, c("a list", "a list"), list(), null, optional, table = table, shared = size)
}

# Columns of people: a double matrix, a list of double vectors, or NULL.
columns <- function(people, size) {
  field(columns_fault, c("one column", "columns of people"), list(size), TRUE, FALSE, people = people)
}

anything <- function(null = TRUE, optional = FALSE) field(function(...) NULL, rep("there", 2), list(), null, optional)

shape_fits <- function(value, rule, sizes) {
  size <- attr(value, "dim", exact = TRUE)
  if (!length(rule$size)) return(TRUE)
  actual <- if (is.null(size)) length(value) else size
  if (length(actual) != length(rule$size)) return(FALSE)
  good <- TRUE
  for (i in seq_along(actual)) good <- size_fits(rule$size[[i]], actual[i], sizes) && good
  good
}

number_fault <- function(value, rule, sizes) {
  nothing <- is.logical(value) && rule$na && all(is.na(value))
  good <- (typeof(value) %in% (if (is.null(rule$type)) c("double", "integer") else rule$type) || nothing) &&
    !is.object(value)
  if (!good || !shape_fits(value, rule, sizes)) return(describe(value))
  if (!is.null(rule$named) && !all(rule$named %in% names(value))) {
    return(sprintf("without the name %s", quote_all(setdiff(rule$named, names(value)), 1)))
  }
  if (rule$scan && length(value)) value_fault(value, rule, sizes)
}

value_fault <- function(value, rule, sizes) {
  with_one <- function(bad) {
    at <- which(bad)[1]
    if (length(value) == 1) describe(value[[1]]) else sprintf("%s in place %s", format(value[at]), big(at))
  }
  if (!rule$na && anyNA(value)) return(with_one(is.na(value)))
  if (anyNA(value) && all(is.na(value))) return(NULL)
  ends <- c(min(value, na.rm = TRUE), max(value, na.rm = TRUE)) # range() copies
  if (!rule$inf && any(is.infinite(ends))) return(with_one(is.infinite(value)))
  min <- size_value(rule$min, sizes)
  max <- size_value(rule$max, sizes)
  if (ends[1] < min || ends[2] > max) return(with_one(value < min | value > max))
  if (rule$whole && is.double(value) && any(value != round(value), na.rm = TRUE)) {
    return(with_one(value != round(value)))
  }
  if (rule$ordered && is.unsorted(value, strictly = TRUE)) "out of order"
}

symmetric_fault <- function(value, rule, sizes) {
  was <- number_fault(value, rule, sizes)
  if (!is.null(was) || !length(value) || anyNA(value)) return(was)
  if (!is.double(value)) storage.mode(value) <- "double"
  # What is partialled out to nothing leaves rounding, of either sign.
  switch(.Call(C_ffi_symmetric, value, rule$positive) + 1L,
    NULL, "another on either side of the diagonal", sprintf("with %s on the diagonal", format(min(diag(value)))),
    "larger off the diagonal than the diagonal allows"
  )
}

text_fault <- function(value, rule, sizes) {
  if (!is.character(value) || is.object(value) || !shape_fits(value, rule, sizes)) return(describe(value))
  if (!rule$na && anyNA(value)) return("with NA")
  if (!all(validUTF8(value))) return("not valid UTF-8")
  if (!rule$na && !all(nzchar(value))) return("with an empty one")
  if (!is.null(rule$among) && !all(value %in% c(rule$among, if (rule$na) NA))) {
    return(quote_all(setdiff(value, rule$among), 3))
  }
  if (rule$distinct && anyDuplicated(value)) sprintf("%s twice", quote_all(value[anyDuplicated(value)]))
}

flag_fault <- function(value, rule, sizes) {
  good <- is.logical(value) && !is.object(value) && (rule$na || !anyNA(value)) && shape_fits(value, rule, sizes)
  if (!good) describe(value)
}

group_fault <- function(value, rule, sizes) {
  if (!is.factor(value) || !shape_fits(value, rule, sizes)) return(describe(value))
  if (!size_fits(rule$levels, nlevels(value), sizes)) return(sprintf("a factor of %d levels", nlevels(value)))
  if (!rule$na && anyNA(value)) "a factor with NA"
}

frame_fault <- function(value, rule, sizes) {
  if (!is.data.frame(value) || !size_fits(rule$size[[1]], nrow(value), sizes)) describe(value)
}

list_fault <- function(value, rule, sizes) {
  if (typeof(value) != "list" || is.data.frame(value)) return(describe(value))
  if (!is.null(rule$each) && !size_fits(rule$size[[1]], length(value), sizes)) describe(value)
}

columns_fault <- function(value, rule, sizes) {
  people <- size_value(rule$people, sizes)
  good <- if (typeof(value) == "list") {
    all(vapply(value, function(x) is.double(x) && length(x) == people, NA))
  } else {
    is.double(value) && is.matrix(value) && nrow(value) == people
  }
  width <- if (typeof(value) == "list") length(value) else NCOL(value)
  if (!good || !size_fits(rule$size[[1]], width, sizes)) describe(value)
}

object_fault <- function(value, rule, sizes) {
  if (!inherits(value, rule$class)) describe(value)
}

# What a field must be, in words.
rule_words <- function(rule, sizes) {
  counts <- vapply(rule$size, function(size) {
    value <- size_value(size, sizes)
    if (is.null(value)) "any number of" else big(value)
  }, "")
  what <- if (!length(counts) || identical(counts, "1")) {
    rule$what[1]
  } else if (length(counts) == 1) {
    paste(counts, rule$what[2])
  } else {
    sprintf("a matrix of %s %s", paste(counts, collapse = " x "), rule$what[2])
  }
  if (!is.null(rule$among)) what <- paste(what, quote_all(rule$among, 20))
  end <- function(word, size) {
    value <- size_value(size, sizes)
    if (length(value) && is.finite(value)) paste0(" ", word, " ", big(value))
  }
  paste0(
    what, end("from", rule$min), end("to", rule$max), if (isTRUE(rule$ordered)) ", each above the last",
    if (rule$null) ", or NULL"
  )
}
