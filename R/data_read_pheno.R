# Phenotype files: header, columns, identifiers, codes for missing values.

missing_strings <- c("", "NA", "N/A", "NaN", "nan", ".")
id_columns <- c("iid", "#iid", "id", "eid", "person_id")
fid_columns <- c("fid", "#fid")

# One list per file: ids, fid (or NULL), columns (data frame of those asked
# for), label.
read_tables <- function(pheno, wanted, id) {
  if (is.data.frame(pheno)) {
    frame <- as.data.frame(pheno)
    openers <- list(list(names = names(frame), label = "pheno", read = function(columns, ids) frame[columns]))
  } else {
    check_strings(pheno, "pheno", hint = "Give the path of a file, several paths, or a data frame.")
    openers <- lapply(pheno, open_table)
  }
  home <- lapply(wanted, function(column) which(vapply(openers, function(o) column %in% o$names, NA)))
  check_columns(wanted, home, openers)
  home <- unlist(home)
  lapply(seq_along(openers), function(i) {
    opener <- openers[[i]]
    id_at <- find_id(opener$names, id, opener$label)
    fid_at <- opener$names[match(fid_columns, tolower(opener$names))]
    fid_at <- fid_at[!is.na(fid_at)][1]
    if (!tolower(id_at) %in% c("iid", "#iid")) fid_at <- NA
    columns <- unique(wanted[home == i])
    keys <- c(id_at, if (!is.na(fid_at)) fid_at)
    frame <- opener$read(unique(c(keys, columns)), keys)
    if (!nrow(frame)) {
      abort(sprintf("The phenotypes in %s have no rows.", opener$label), c("latentmr_error_empty", "latentmr_error_format"))
    }
    list(
      ids = as_ids(frame[[id_at]], sprintf("column %s of %s", id_at, opener$label)),
      fid = if (!is.na(fid_at)) clean_ids(as.character(frame[[fid_at]])),
      columns = frame[columns], label = opener$label
    )
  })
}

open_table <- function(path) {
  text <- file_text(path, "pheno")
  header <- if (length(text)) tryCatch(read_text(text, nrows = 0L)$frame, error = function(e) {
    abort(sprintf("Cannot read the phenotype file %s: %s", path, conditionMessage(e)),
          "latentmr_error_format", hint = "It must be a text table with a header.")
  })
  if (!length(header)) abort(sprintf("The phenotype file %s is empty.", path), c("latentmr_error_empty", "latentmr_error_format"))
  names <- enc2utf8(names(header))
  check_unique_names(names, "pheno")
  list(
    names = names, label = basename(path),
    read = function(columns, ids) {
      table <- read_text(text, select = match(columns, names), colClasses = list(character = match(ids, names)))
      if (length(table$said)) {
        abort(sprintf("The phenotype file %s is not a complete table: %s", path, table$said[1]), "latentmr_error_format",
              hint = "Every line must have as many cells as the header.")
      }
      names(table$frame) <- enc2utf8(names(table$frame))
      table$frame[columns]
    }
  )
}

# From memory: data.table maps a file, and one that is cut short then ends R.
read_text <- function(bytes, ...) {
  if (!any(bytes == charToRaw("\n"))) bytes <- c(bytes, charToRaw("\n"))
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  said <- character()
  frame <- withCallingHandlers(
    data.table::fread(
      text = text, ..., header = TRUE, na.strings = missing_strings, integer64 = "double", data.table = FALSE,
      showProgress = FALSE, encoding = "UTF-8", check.names = FALSE
    ),
    warning = function(w) {
      said <<- c(said, conditionMessage(w))
      invokeRestart("muffleWarning")
    }
  )
  list(frame = frame, said = said)
}

check_columns <- function(wanted, home, openers) {
  all_names <- unique(unlist(lapply(openers, `[[`, "names")))
  absent <- wanted[lengths(home) == 0]
  if (length(absent)) {
    near <- all_names[order(utils::adist(absent[1], all_names, ignore.case = TRUE)[1, ])]
    abort(
      sprintf("The phenotypes have no column %s.", quote_all(absent)),
      c("latentmr_error_column", "latentmr_error_argument"), columns = unname(absent),
      hint = sprintf("Nearest to \"%s\": %s.", absent[1], quote_all(utils::head(near, 3)))
    )
  }
  double <- wanted[lengths(home) > 1]
  if (length(double)) {
    abort(
      sprintf("The column \"%s\" stands in several phenotype files: %s.", double[1],
              paste(vapply(openers[home[[match(double[1], wanted)]]], `[[`, "", "label"), collapse = ", ")),
      c("latentmr_error_column", "latentmr_error_argument"), columns = unname(double),
      hint = "Rename it in one of them, or leave that file out."
    )
  }
}

find_id <- function(names, id, label) {
  if (!is.null(id)) {
    if (id %in% names) return(id)
    near <- names[order(utils::adist(id, names, ignore.case = TRUE)[1, ])]
    abort(sprintf("`id`: %s has no column \"%s\".", label, id), c("latentmr_error_column", "latentmr_error_argument"),
          argument = "id", hint = sprintf("Its columns nearest to that: %s.", quote_all(utils::head(near, 3))))
  }
  at <- match(id_columns, tolower(names))
  at <- at[!is.na(at)]
  if (!length(at)) {
    abort(sprintf("No column of identifiers was found in %s (looked for IID, id, eid, person_id).", label),
          c("latentmr_error_column", "latentmr_error_argument"), argument = "id",
          hint = sprintf("Name it with `id`. The columns: %s.", quote_all(names)))
  }
  names[at[1]]
}

# Codes are compared as numbers in numeric columns, as text in the others.
apply_na_codes <- function(tables, codes) {
  counts <- list()
  if (!length(codes)) return(list(tables = tables, counts = counts))
  numbers <- suppressWarnings(as.numeric(codes))
  for (i in seq_along(tables)) {
    for (name in names(tables[[i]]$columns)) {
      column <- tables[[i]]$columns[[name]]
      if (is.list(column) || !is.null(dim(column))) next
      hit <- if (is.numeric(column)) column %in% numbers[!is.na(numbers)] else as.character(column) %in% as.character(codes)
      if (any(hit)) {
        column[hit] <- NA
        if (is.character(column)) column <- utils::type.convert(column, as.is = TRUE)
        tables[[i]]$columns[[name]] <- column
        counts[[name]] <- sum(hit)
      }
    }
  }
  list(tables = tables, counts = counts)
}
