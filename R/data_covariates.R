# Covariates: a data frame of numbers and groups in, dummy coded columns out.

as_covariates <- function(x, arg = "covariates", categorical = NULL) {
  if (is.null(x)) return(NULL)
  x <- plain_numbers(x, arg)
  must <- "a data frame (numbers, factors, text, logicals) or numeric matrix, one row per participant, or NULL"
  ids <- row_ids(x)
  if (is.matrix(x)) {
    if (!is.numeric(x) && !is.logical(x)) {
      abort_argument(arg, must, describe(x), "Use data.frame() to mix numbers and text.")
    }
    if (is.null(colnames(x)) && ncol(x)) colnames(x) <- paste0("C", seq_len(ncol(x)))
    x <- as.data.frame(x)
  } else if (!is.data.frame(x)) {
    if (!is.atomic(x) || is.null(x) || !length(x)) abort_argument(arg, must, describe(x))
    x <- data.frame(covariate = unname(x))
  }
  if (!ncol(x)) return(NULL)
  if (!nrow(x)) abort_argument(arg, must, "empty")
  x <- as.data.frame(x)
  check_unique_names(names(x), arg)
  for (name in names(x)) {
    x[[name]] <- as_covariate(x[[name]], sprintf("%s$%s", arg, name), name %in% categorical)
  }
  attr(x, "ids") <- ids
  x
}

as_covariate <- function(column, arg, categorical = FALSE) {
  must <- "numbers, a factor, text or logical"
  if (is.matrix(column) && ncol(column) == 1) column <- column[, 1]
  if (is.matrix(column) || is.list(column)) abort_argument(arg, must, describe(column))
  if (is.character(column) && !categorical) column <- text_covariate(column, arg)
  if (categorical || is.logical(column) || is.character(column) || is.factor(column)) return(as_groups(column, arg))
  if (!is.numeric(column) || is.object(column)) {
    abort_argument(
      arg, must, describe(column),
      object_hint(column, "Convert dates and labelled columns with as.numeric() or factor().")
    )
  }
  check_not_infinite(column, arg)
  as.double(column)
}

# Text that holds nothing but numbers is numbers, as from a file; but it is said.
text_covariate <- function(column, arg) {
  found <- covariate_column(column, arg, arg, FALSE)$values
  if (is.numeric(found) && !all(is.na(found))) {
    inform(sprintf("`%s` is text that holds numbers only: taken as numbers.", arg), "latentmr_message_coding",
           hint = "For groups make it a factor, or name it in `categorical`.")
  }
  found
}

check_categorical <- function(categorical, covariates) {
  check_strings(categorical, "categorical", null = TRUE)
  absent <- setdiff(categorical, covariates)
  if (!length(absent)) return(invisible())
  abort_argument("categorical", "names of covariates", quote_all(absent), if (length(covariates)) {
    sprintf("The covariates are %s.", quote_all(covariates))
  } else {
    "There are no covariates."
  })
}

# Treatment coding against the first level, no intercept. Columns that do not
# vary are left out and returned in `dropped`.
code_covariates <- function(frame) {
  n <- nrow(frame)
  columns <- list()
  coding <- list()
  dropped <- character()
  for (name in names(frame)) {
    column <- frame[[name]]
    if (is.factor(column)) {
      column <- droplevels(column)
      labels <- levels(column)
      if (length(labels) > 20 && length(labels) > n / 2) {
        abort_argument(
          paste0("covariates$", name), "numbers, or groups with several participants each",
          sprintf("text with %s different values in %s participants", big(length(labels)), big(n)),
          "It looks like an identifier, a date, or numbers stored as text."
        )
      }
      if (length(labels) < 2) {
        dropped <- c(dropped, name)
        next
      }
      for (label in labels[-1]) {
        columns[[paste0(name, label)]] <- as.double(column == label)
        coding[[length(coding) + 1]] <- data.frame(
          column = paste0(name, label), variable = name, level = label, reference = labels[1]
        )
      }
    } else if (n && all(column == column[1])) {
      dropped <- c(dropped, name)
    } else {
      columns[[name]] <- column
      coding[[length(coding) + 1]] <- data.frame(
        column = name, variable = name, level = NA_character_, reference = NA_character_
      )
    }
  }
  x <- matrix(0, n, length(columns), dimnames = list(NULL, names(columns)))
  for (j in seq_along(columns)) x[, j] <- columns[[j]]
  empty <- data.frame(column = character(), variable = character(), level = character(), reference = character())
  coding <- do.call(rbind, c(list(empty), coding))
  check_unique_names(coding$column, "covariates")
  list(x = x, coding = coding, dropped = dropped)
}
