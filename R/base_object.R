# Objects of the package come back from files (readRDS()), from other versions of
# the package and from other sites. Before one is used, every field is checked
# against the table of its class (R/base_object_rules.R): there, of its type, of a
# size that agrees with the others, within its range. One walk over all attributes
# comes first, since readRDS() takes them from the file as they are.

# `x` must be an object of `class`; `arg` is how the user named it.
check_object <- function(x, class, arg) {
  if (!inherits(x, class)) abort_argument(arg, sprintf("an object of class <%s>", class), describe(x))
  fault <- field_fault(class, arg, version_of(x))
  if (typeof(x) != "list") fault("", "a list", typeof(x))
  check_claims(x, class, arg)
  torn <- torn_part(x)
  if (!is.null(torn)) fault(torn$path, torn$must, torn$was)
  check_table(x, class, "", new.env(parent = baseenv()), fault)
  invisible(x)
}

rules_of <- function(table) made_once(paste("rules of", table), object_rules()[[table]])

# The fields, then what they must be to each other.
check_table <- function(x, table, path, sizes, fault) {
  check_fields(x, rules_of(table), path, sizes, fault)
  law <- object_laws[[table]]
  if (!is.null(law)) law(x, sizes, function(field, must, was) fault(paste0(path, field), must, was))
}

# The same for an object that its class led here.
check_made <- function(x, arg = deparse(substitute(x))) {
  check_object(x, intersect(class(x), names(object_rules()))[1], arg)
}

# For what takes one field and looks at no other: the object is a list, at least.
check_list <- function(x, arg = deparse(substitute(x))) {
  if (!is.list(x)) check_made(x, arg)
}

# The version that an object says it was made by, when it is another: nothing of the object has been looked at yet.
version_of <- function(x) {
  if (typeof(x) != "list") return(NULL)
  version <- .subset2(x, if (is.null(.subset2(x, "versions"))) "version" else "versions")
  version <- if (is.character(version)) as.character(.subset(version, 1)) else NA_character_
  if (grepl("^[0-9.]{1,20}$", version, useBytes = TRUE) && version != package_version_text()) version
}

# Raises what is wrong with the field at `path`.
field_fault <- function(class, arg, version = NULL) {
  by <- if (is.null(version)) {
    "another version of the package"
  } else {
    sprintf("version %s of the package (this is %s)", version, package_version_text())
  }
  function(path, must, was) {
    abort_argument(
      paste0(arg, path), must, was,
      class = c(if (class == "mr_moments") "latentmr_error_moments", "latentmr_error_object"),
      hint = sprintf("The <%s> object was made by %s, or changed on the way: make it again.", class, by)
    )
  }
}

check_fields <- function(x, rules, path, sizes, fault) {
  for (name in names(rules)) {
    rule <- rules[[name]]
    here <- paste0(path, "$", name)
    at <- match(name, names(x))
    if (!is.na(at)) {
      check_field(.subset2(x, at), rule, here, sizes, fault)
      next
    }
    # `$` takes a field that begins like the one asked for.
    near <- startsWith(as.character(names(x)), name)
    if (!rule$optional || any(near)) fault(here, rule_words(rule, sizes), "missing")
    bind_sizes(rule, sizes)
  }
}

check_field <- function(value, rule, path, sizes, fault) {
  if (is.null(value)) {
    if (!rule$null) fault(path, rule_words(rule, sizes), "NULL")
    return(bind_sizes(rule, sizes))
  }
  was <- rule$fault(value, rule, sizes)
  if (!is.null(was)) fault(path, rule_words(rule, sizes), was)
  check_fields(value, rule$fields, path, sizes, fault)
  if (!is.null(rule$each)) {
    for (i in seq_along(value)) check_field(.subset2(value, i), rule$each, sprintf("%s[[%d]]", path, i), sizes, fault)
  }
  if (!is.null(rule$class)) check_table(value, rule$class, path, new.env(parent = baseenv()), fault)
  if (!is.null(rule$table)) {
    check_table(value, rule$table, path, list2env(mget(rule$shared, sizes), parent = baseenv()), fault)
  }
  invisible()
}

# A size is a number, or text: the name of a size, which takes the first value
# that it meets, or an expression of such names.
size_fits <- function(size, actual, sizes) {
  if (is.null(size)) return(TRUE)
  known <- size_value(size, sizes)
  if (!is.null(known)) return(actual == known)
  assign(size, as.numeric(actual), sizes)
  TRUE
}

# NULL for a name that has met nothing yet.
size_value <- function(size, sizes) {
  if (!is.character(size)) return(size)
  known <- made_once(paste("size", size), function() {
    expr <- str2lang(size)
    list(expr = expr, names = all.vars(expr))
  })
  if (is.symbol(known$expr)) return(sizes[[size]])
  if (all(known$names %in% names(sizes))) eval(known$expr, sizes)
}

# What is not there has none of what it alone would count.
bind_sizes <- function(rule, sizes) {
  for (size in rule$size) if (!is.null(size) && is.null(size_value(size, sizes))) assign(size, 0, sizes)
  invisible()
}

# A sequence is kept as its ends, and so may any length be in a small file: nothing is
# touched before what is asked for is known to be within the limit.
check_claims <- function(x, class, arg) {
  bytes <- claimed_bytes(x)
  limit <- memory_limit()
  if (bytes <= limit) return(invisible())
  abort(
    sprintf(
      "`%s` asks for %s that are not there yet, more than the %s allowed.", arg, format_bytes(bytes),
      format_bytes(limit)
    ),
    c(
      "latentmr_error_memory", if (class == "mr_moments") "latentmr_error_moments", "latentmr_error_object",
      "latentmr_error_argument"
    ),
    argument = arg, bytes = bytes, limit = limit,
    hint = "This package makes no such object: it was changed on the way. options(LatentMR.memory = ) is the limit."
  )
}

claimed_bytes <- function(x, depth = 0) {
  own <- if (is.atomic(x)) .Call(C_ffi_claimed, x) else 0
  if (depth > 40 || is.language(x)) return(own)
  parts <- c(if (typeof(x) == "list") lapply(seq_along(unclass(x)), function(i) .subset2(x, i)), unname(attributes(x)))
  for (part in parts) {
    if (length(part) > 1e5 || typeof(part) == "list" || !is.null(attributes(part))) {
      own <- own + claimed_bytes(part, depth + 1)
    }
  }
  own
}

# The first part of `x` whose attributes do not fit it, or NULL. Vectors of any
# length cost one look, but for the codes of factors.
torn_part <- function(x, path = "", depth = 0) {
  torn <- function(must, was = "torn") list(path = path, must = must, was = was)
  if (depth > 40) return(torn("a list that is not nested so deeply"))
  bare <- unclass(x)
  n <- length(bare)
  names <- attr(x, "names", exact = TRUE)
  if (!is.null(names) && (!is.character(names) || length(names) != n)) {
    return(torn("a vector with a name for each of its parts"))
  }
  must <- torn_shape(bare, n)
  if (is.null(must) && inherits(x, "factor") && !whole_factor(bare)) must <- "a factor with a level for each code"
  if (is.null(must) && inherits(x, "data.frame") && !whole_frame(x, bare, names)) {
    must <- "a data frame with columns as long as it has rows"
  }
  if (!is.null(must)) return(torn(must))
  if (typeof(bare) != "list") return(NULL)
  for (i in seq_len(n)) {
    named <- !is.null(names) && !is.na(names[i]) && nzchar(names[i])
    found <- torn_part(
      .subset2(bare, i), paste0(path, if (named) paste0("$", names[i]) else sprintf("[[%d]]", i)), depth + 1
    )
    if (!is.null(found)) return(found)
  }
  NULL
}

torn_shape <- function(x, n) {
  size <- attr(x, "dim", exact = TRUE)
  sides <- attr(x, "dimnames", exact = TRUE)
  if (!is.null(size) && (!is.integer(size) || anyNA(size) || any(size < 0L) || prod(size) != n)) {
    return("as long as its dimensions say")
  }
  if (is.null(sides)) return(NULL)
  long <- if (is.list(sides) && length(sides) == length(size)) lengths(sides) else -1L
  if (any(long != 0L & long != size)) "an array with a name for each row and column"
}

whole_factor <- function(codes) {
  levels <- attr(codes, "levels", exact = TRUE)
  if (typeof(codes) != "integer" || !is.character(levels) || anyDuplicated(levels)) return(FALSE)
  if (!length(codes) || all(is.na(codes))) return(TRUE)
  min(codes, na.rm = TRUE) >= 1L && max(codes, na.rm = TRUE) <= length(levels)
}

whole_frame <- function(x, columns, names) {
  typeof(columns) == "list" && (length(names) || !length(columns)) &&
    all(vapply(columns, NROW, 0L) == abs(.row_names_info(x, 1L)))
}
