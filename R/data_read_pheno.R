# Phenotype files: columns by name, identifiers, codes for missing values.

id_columns <- c("iid", "#iid", "id", "eid", "person_id")
fid_columns <- c("fid", "#fid")

# One list per file: ids, fid (or NULL), columns (data frame of those asked for: numbers
# where every cell is one, else text), label. `groups` names columns to keep as text.
read_tables <- function(pheno, wanted, id, groups = character(), encoding = utf8) {
  if (is.matrix(pheno)) {
    abort_argument(
      "pheno", "the path of a file, several paths, or a data frame", describe(pheno), "as.data.frame(pheno)."
    )
  }
  if (is.data.frame(pheno)) {
    openers <- list(open_frame(pheno))
  } else {
    check_strings(pheno, "pheno", hint = "Give the path of a file, several paths, or a data frame.")
    openers <- lapply(pheno, open_phenotypes, groups, encoding)
  }
  home <- lapply(wanted, function(column) which(vapply(openers, function(o) column %in% o$names, NA)))
  check_columns(wanted, home, openers)
  home <- unlist(home)
  lapply(seq_along(openers), function(i) {
    opener <- openers[[i]]
    id_at <- find_id(opener$names, id, opener$label)
    fid_at <- opener$names[match(fid_columns, lower(opener$names))]
    fid_at <- fid_at[!is.na(fid_at)][1]
    if (!lower(id_at) %in% c("iid", "#iid")) fid_at <- NA
    columns <- unique(wanted[home == i])
    if (id_at %in% columns) {
      role <- sub("[0-9]+$", "", c(names(wanted)[wanted == id_at], "pheno")[1])
      abort_argument(role, "a column with values of people", sprintf("\"%s\", their identifier", id_at))
    }
    keys <- c(id_at, if (!is.na(fid_at)) fid_at)
    check_unique_names(opener$names[opener$names %in% c(keys, columns)], "pheno")
    frame <- opener$read(unique(c(keys, columns)), keys)
    if (!nrow(frame)) {
      abort(
        sprintf("The phenotypes in %s have no rows.", opener$label), c("latentmr_error_empty", "latentmr_error_format")
      )
    }
    list(
      ids = as_ids(frame[[id_at]], sprintf("column %s of %s", id_at, opener$label)),
      fid = if (!is.na(fid_at)) as_ids(frame[[fid_at]], sprintf("column %s of %s", fid_at, opener$label)),
      columns = frame[columns], label = opener$label
    )
  })
}

open_frame <- function(pheno) {
  frame <- plain_numbers(as.data.frame(pheno), "pheno")
  # scale() makes matrices of one column.
  for (j in which(vapply(frame, function(x) is.matrix(x) && ncol(x) == 1, NA))) frame[[j]] <- frame[[j]][, 1]
  names <- names(frame)
  names[is.na(names)] <- ""
  list(names = names, label = "pheno", read = function(columns, ids) frame[match(columns, names)])
}

open_phenotypes <- function(path, groups, encoding) {
  table <- open_text_table(path, "pheno", encoding = encoding)
  if (!length(table$names)) {
    abort(sprintf("The phenotype file %s is empty.", path), c("latentmr_error_empty", "latentmr_error_format"))
  }
  list(
    names = table$names, label = basename(path),
    read = function(columns, ids) {
      values <- table$columns(match(columns, table$names), !columns %in% c(ids, groups))
      as_frame(stats::setNames(values, columns))
    }
  )
}

check_columns <- function(wanted, home, openers) {
  all_names <- unique(unlist(lapply(openers, `[[`, "names")))
  absent <- wanted[lengths(home) == 0]
  if (length(absent)) {
    abort(
      sprintf("The phenotypes have no column %s.", quote_all(absent)),
      c("latentmr_error_column", "latentmr_error_argument"), columns = unname(absent),
      hint = sprintf("Nearest to \"%s\": %s.", absent[1], quote_all(utils::head(nearest(absent[1], all_names), 3)))
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
    abort(sprintf("`id`: %s has no column \"%s\".", label, id), c("latentmr_error_column", "latentmr_error_argument"),
          argument = "id", hint = sprintf(
            "Its columns nearest to that: %s.", quote_all(utils::head(nearest(id, names), 3))
          ))
  }
  at <- match(id_columns, lower(names))
  at <- at[!is.na(at)]
  if (!length(at)) {
    abort(sprintf("No column of identifiers was found in %s (looked for IID, id, eid, person_id).", label),
          c("latentmr_error_column", "latentmr_error_argument"), argument = "id",
          hint = sprintf("Name it with `id`. The columns: %s.", quote_all(names)))
  }
  names[at[1]]
}

# Codes are compared as numbers where a cell is one, as text elsewhere.
apply_na_codes <- function(tables, codes) {
  counts <- list()
  if (!length(codes)) return(list(tables = tables, counts = counts))
  text <- as.character(codes)
  numbers <- suppressWarnings(as.numeric(text))
  numbers <- numbers[!is.na(numbers)]
  for (i in seq_along(tables)) {
    for (name in names(tables[[i]]$columns)) {
      column <- tables[[i]]$columns[[name]]
      if (is.list(column) || !is.null(dim(column))) next
      if (is.numeric(column) && !is.factor(column)) {
        hit <- column %in% numbers
      } else {
        cells <- unique(as.character(column))
        value <- rep(NA_real_, length(cells))
        value[grepl(number_pattern, cells)] <- as.numeric(cells[grepl(number_pattern, cells)])
        hit <- as.character(column) %in% cells[cells %in% text | value %in% numbers]
      }
      if (!any(hit)) next
      column[hit] <- NA
      tables[[i]]$columns[[name]] <- column
      counts[[name]] <- sum(hit)
    }
  }
  list(tables = tables, counts = counts)
}

# Columns of text become what their roles say: numbers, groups. `words`: counts of words
# that stood for a missing number, by column.
convert_columns <- function(tables, roles, categorical) {
  words <- list()
  for (i in seq_along(tables)) {
    for (name in names(tables[[i]]$columns)) {
      column <- tables[[i]]$columns[[name]]
      role <- names(roles)[vapply(roles, function(x) name %in% x, NA)][1]
      if (role %in% c("environment", "cluster", "family") || !is.null(dim(column)) || is.list(column)) next
      found <- if (name %in% categorical) {
        list(values = as_groups(column))
      } else if (role == "covariates") {
        covariate_column(column, name, "covariates")
      } else {
        number_column(column, name, role)
      }
      if (isTRUE(found$comma)) {
        inform(sprintf("The column \"%s\" has decimal commas, read as such.", name), "latentmr_message_comma")
      }
      tables[[i]]$columns[[name]] <- found$values
      if (length(found$words)) words[[name]] <- found$words
    }
  }
  list(tables = tables, words = words)
}
