# Outcomes that need not fit in memory: a file of text, or a function that reads some of them. They are gone through
# once to plan (who is missing, is every column a trait), then each chunk reads its own columns.
#
# A source is list(names, path, id, size, mtime), or list(names, read) with read(names) a table of these traits.

# NULL: `x` is no source but a table.
outcome_source <- function(x) {
  if (is.list(x) && !is.data.frame(x) && is.function(x$read)) return(function_source(x))
  if (is.character(x) && length(x) == 1 && is.null(dim(x)) && !is.na(x) && file.exists(x)) return(file_source(x))
  NULL
}

function_source <- function(x) {
  if (!setequal(names(x), c("names", "read"))) {
    abort_argument(
      "outcomes", "list(names = , read = ) when it reads outcomes", sprintf("one of %s", quote_all(names(x)))
    )
  }
  check_strings(x$names, "outcomes$names")
  check_unique_names(x$names, "outcomes")
  x[c("names", "read")]
}

file_source <- function(path) {
  path <- normalizePath(path, winslash = "/")
  if (dir.exists(path)) {
    abort_argument("outcomes", "the path of a file", sprintf("'%s', a folder", path), class = "latentmr_error_file")
  }
  if (starts_with(readBin(path, "raw", 2), c(0x1f, 0x8b))) {
    abort_file(
      sprintf("'%s' is packed.", path), "Unpack it first (gunzip): its columns are read a chunk at a time.",
      "latentmr_error_format"
    )
  }
  columns <- names(read_columns(path, nrows = 0))
  known <- lower(sub("^#", "", columns))
  id <- which(known %in% c("iid", "eid", "id", "person_id"))[1]
  names <- columns[-c(which(known == "fid"), if (!is.na(id)) id, length(columns) + 1)]
  if (!length(names)) {
    abort_file(
      sprintf("'%s' has no column of an outcome: its columns are %s.", path, quote_all(columns, 6)),
      "Its first line names the columns: IID, then a column for each outcome.", "latentmr_error_format"
    )
  }
  check_unique_names(names, "outcomes")
  info <- file.info(path, extra_cols = FALSE)
  list(
    names = names, path = path, id = if (is.na(id)) NULL else columns[id], size = info$size,
    mtime = as.numeric(info$mtime)
  )
}

# Some columns of a table of text. What fread() warns of, such as a line with other columns, ends the reading.
read_columns <- function(path, ...) {
  fault <- function(e) {
    abort_file(
      sprintf("'%s' cannot be read: %s", path, sub("\n.*", "", conditionMessage(e))),
      "A line for each person, as many columns in each, separated by tabs or commas, and a first line of names.",
      "latentmr_error_format"
    )
  }
  tryCatch(
    data.table::fread(
      path, ..., header = TRUE, na.strings = c("NA", ""), data.table = FALSE, showProgress = FALSE, encoding = "UTF-8"
    ), error = fault, warning = fault
  )
}

source_table <- function(source, names) {
  if (!is.null(source$read)) {
    table <- source$read(names)
    if (!(is.data.frame(table) || is.matrix(table)) || !all(names %in% colnames(table))) {
      abort_argument(
        "outcomes$read", sprintf("a function that returns a table with the columns asked for (%s)", quote_all(names, 3)),
        sprintf("one that returns %s", describe(table))
      )
    }
    ids <- row_ids(table)
    table <- table[, names, drop = FALSE]
    if (is.data.frame(table)) attr(table, "ids") <- ids
    return(table)
  }
  now <- file.info(source$path, extra_cols = FALSE)
  if (!isTRUE(now$size == source$size && as.numeric(now$mtime) == source$mtime)) {
    abort_file(sprintf("'%s' has changed since the scan began, or is gone.", source$path), "Run the scan again.",
               "latentmr_error_io")
  }
  id <- source$id
  table <- read_columns(source$path, select = c(id, names), colClasses = if (!is.null(id)) list(character = id))
  ids <- if (!is.null(id)) clean_ids(table[[id]])
  table <- table[names]
  attr(table, "ids") <- ids
  table
}

source_values <- function(source, names, data, look = TRUE) {
  trait_table(source_table(source, names), data, "outcomes", look)$values
}

# What scan_traits() returns, without the values: names, marks, source. `most`: values that are looked at together,
# 128 MB of them.
planned_outcomes <- function(source, data, most = 2^24) {
  total <- length(source$names)
  width <- max(1, floor(most / length(data$environment)))
  said <- character()
  once_each <- function(restart) function(condition) {
    text <- conditionMessage(condition)
    if (text %in% said) invokeRestart(restart)
    said <<- c(said, text)
  }
  marks <- list()
  for (at in split(seq_len(total), (seq_len(total) - 1) %/% width)) {
    values <- withCallingHandlers(
      source_values(source, source$names[at], data), message = once_each("muffleMessage"),
      warning = once_each("muffleWarning")
    )
    marks <- c(marks, list(column_marks(values)))
  }
  list(names = source$names, marks = do.call(rbind, marks), source = source)
}

# The jobs of a chunk with the values of all outcomes of the chunk, and which of them are theirs (`at`).
loaded_jobs <- function(jobs, data) {
  source <- jobs[[1]]$outcomes$source
  if (is.null(source)) return(jobs)
  names <- unique(unlist(lapply(jobs, function(job) job$outcomes$names)))
  values <- suppressMessages(suppressWarnings(source_values(source, names, data, look = FALSE)))
  marks <- column_marks(values)
  lapply(jobs, function(job) {
    at <- match(job$outcomes$names, names)
    if (!identical(marks[at, , drop = FALSE], job$outcomes$marks)) {
      abort_argument("outcomes$read", "a function that returns the same every time", "one whose values have changed")
    }
    job$outcomes[c("values", "at")] <- list(values, at)
    job
  })
}
