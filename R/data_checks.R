# Checks of the columns given to mr_data(): types and impossible values. What is
# missing is removed and counted later, in mr_data_rows.R.

# A numeric column without infinite values; one-column matrices and data frames
# are taken as vectors. Traits of two values become 0 and 1.
check_trait <- function(x, arg, kind = "auto", role = arg) {
  refuse_survival(x, arg)
  x <- plain_numbers(x, arg)
  if ((is.matrix(x) || is.data.frame(x)) && ncol(x) == 1) {
    ids <- row_ids(x)
    x <- if (is.data.frame(x)) x[[1]] else x[, 1]
    if (is.matrix(x) && ncol(x) == 1) x <- x[, 1] # scale() in a data frame
    if (!is.null(ids)) names(x) <- ids
  }
  must <- "a numeric vector, one value per participant"
  if (is.character(x)) x <- stats::setNames(text_trait(x, arg), names(x))
  if (is.factor(x) || is.logical(x) || (role == "outcome" && kind == "auto")) x <- recode_binary(x, arg)
  if (is.factor(x) || is.character(x)) {
    abort_argument(arg, must, describe(x), "Convert it with as.numeric() once you know what its values mean.")
  }
  if (is.object(x) || is.matrix(x) || !is.numeric(x)) {
    abort_argument(arg, must, describe(x), object_hint(x, if (!is.null(x)) "Convert it with as.numeric()."))
  }
  if (!length(x)) abort_argument(arg, must, "empty")
  check_not_infinite(x, arg)
  out <- as.double(x)
  if (!is.null(names(x))) names(out) <- names(x) # else it would be copied
  if (role == "outcome" && kind == "auto" && setequal(few_values(out), 0:2)) {
    counts <- if (arg == "outcome") "say outcome_kind = \"number\"" else "subtract 1 from all: effects are the same"
    abort_argument(
      arg, "without doubt about its coding", "one with the values 0, 1 and 2 only", class = "latentmr_error_coding",
      hint = sprintf(
        "If they are PLINK's missing, control and case, set the 0 to missing (`na_codes = c(-9, 0)` of read_mr_data(), or NA); if they are counts, %s.",
        counts
      )
    )
  }
  out
}

# Times to an event are no outcome of linear estimators; they have their own functions.
refuse_survival <- function(x, arg) {
  if (!inherits(x, "Surv")) return(invisible())
  must <- if (arg == "formula") "one whose outcome are numbers" else "numbers"
  abort_argument(arg, must, "times to an event (survival::Surv)", paste(
    "Give whether the event came as 0 and 1; then the times to latent_hazard(), or to iv_hazard() without latent",
    "instruments."
  ))
}

# "auto": what has two values becomes 0 and 1; "number": taken as it is.
outcome_kinds <- c("auto", "number")

# Text given for a trait: numbers, or words for yes and no; otherwise as it is.
text_trait <- function(x, arg) {
  found <- numbers_in_text(x)
  if (!is.null(found$values)) {
    if (found$comma) {
      inform(sprintf("`%s` has decimal commas, read as such.", arg), "latentmr_message_comma")
    } else {
      inform(sprintf("`%s` is text, read as the numbers that it holds.", arg), "latentmr_message_coding")
    }
    return(found$values)
  }
  values <- two_words(x, arg)
  if (!is.null(values)) return(values)
  abort_argument(arg, "a numeric vector, one value per participant", sprintf(
    "text with %s in it", quote_all(found$odd, 3)
  ),
                 odd_hint(found$odd, codes = FALSE))
}

# One exposure is a vector, several are a matrix with their names.
check_exposures <- function(x, names) {
  if (is.null(dim(x)) || ncol(x) < 2) return(check_trait(x, "exposure"))
  ids <- row_ids(x)
  check_unique_names(names, "exposure")
  columns <- lapply(
    seq_along(names),
    function(j) unname(check_trait(if (is.data.frame(x)) x[[j]] else x[, j], sprintf("exposure$%s", names[j])))
  )
  matrix(unlist(columns), ncol = length(names), dimnames = list(ids, names))
}

exposure_columns <- function(x) {
  if (is.null(dim(x))) list(x) else lapply(seq_len(ncol(x)), function(j) x[, j])
}

# Nor so large that squares are infinite, nor so small that they are 0.
check_not_infinite <- function(x, arg) {
  marks <- column_marks(as.double(x))[1, ]
  if (marks[["infinite"]] > 0) {
    abort_argument(
      arg, "finite or missing",
      sprintf("infinite (%d %s, the first at position %d)", marks[["infinite"]],
              if (marks[["infinite"]] == 1) "value" else "values", marks[["first"]]),
      "Set what could not be measured to NA; such participants are removed and counted."
    )
  }
  largest <- max(0, abs(marks[c("low", "high")]), na.rm = TRUE)
  if (largest == 0 || (largest >= 1e-140 && largest <= 1e140)) return(invisible())
  abort_argument(
    arg, "numbers whose squares can be computed, from 1e-140 to 1e140 in size",
    sprintf("%s at most", format(largest, digits = 3)), "Give it in another unit."
  )
}

# A row for each column of numbers (src/core/la/column_marks.h).
column_marks <- function(x) {
  marks <- .Call(C_ffi_column_marks, x)
  colnames(marks) <- c("missing", "infinite", "first", "low", "high", "who", "values")
  marks
}

# Columns of haven keep codes for missing values, which as.numeric() would make values.
object_hint <- function(x, otherwise = NULL) {
  if (inherits(x, "haven_labelled_spss")) {
    return("haven::zap_missing() makes its codes for missing values NA; then haven::zap_labels() for numbers, haven::as_factor() for groups.")
  }
  if (inherits(x, "haven_labelled")) return("haven::zap_labels() leaves its numbers, haven::as_factor() makes it groups.")
  otherwise
}

check_varies <- function(x, arg, what) {
  if (length(unique(utils::head(x, 1000))) < 2 && length(unique(x)) < 2) {
    abort_argument(arg, sprintf("different between the %s analysed participants", big(length(x))),
                   sprintf("constant (%s)", format(x[1])), what)
  }
}

# Factor of environments; missing stays missing.
as_environment <- function(x, arg = "environment") {
  if (is.data.frame(x) && ncol(x) == 1) x <- stats::setNames(x[[1]], row_ids(x))
  must <- "a factor, character vector or whole numbers: the group of each participant"
  if (is.matrix(x) || is.data.frame(x) || !(is.factor(x) || is.character(x) || is.numeric(x) || is.logical(x))) {
    abort_argument(arg, must, describe(x))
  }
  if (!length(x)) abort_argument(arg, must, "empty")
  x <- plain_numbers(x, arg)
  if (is.object(x) && !is.factor(x)) abort_argument(arg, must, describe(x), object_hint(x))
  if (is_continuous(x)) {
    abort_argument(
      arg, must, "continuous numbers",
      "An environment is a group such as an ancestry, cohort or site; give principal components to `structure`."
    )
  }
  out <- as_groups(x)
  if (length(out) > 20 && nlevels(out) > length(out) / 2) {
    abort_argument(
      arg, must, sprintf("one with %s different values in %s", big(nlevels(out)), plural(length(out), "participant")),
      "It looks like an identifier, a date or a measurement."
    )
  }
  out
}

# Numbers that are no codes of groups; from a file they come as text, where 1.5 may be one.
is_continuous <- function(x) {
  if (is.factor(x)) return(FALSE)
  if (is.numeric(x)) return(any(x != round(x) | is.infinite(x), na.rm = TRUE))
  cells <- unique(x[!is.na(x)])
  length(cells) > 20 && all(grepl(number_pattern, cells)) && any(as.numeric(cells) %% 1 != 0)
}

# Without levels that nobody has, or that stand for a missing group (addNA(), "").
plain_factor <- function(x) {
  out <- factor(as.character(x), setdiff(as.character(levels(x)), c("", NA)))
  names(out) <- names(x)
  droplevels(out)
}

# Factor with levels in an order that does not depend on the locale.
as_groups <- function(x, arg = "environment") {
  ids <- names(x)
  x <- plain_numbers(x, arg)
  if (is.factor(x)) check_utf8(levels(x), arg, sprintf("Levels of `%s`", arg))
  if (!is.factor(x)) {
    if (is.numeric(x) && any(abs(x) >= 2^53, na.rm = TRUE)) {
      abort_argument(
        arg, "text, or whole numbers below 2^53", "larger numbers, which have lost digits", "Read the codes as text."
      )
    }
    text <- if (is.numeric(x)) number_strings(x) else as.character(x)
    text <- enc2utf8(check_utf8(text, arg, sprintf("Values of `%s`", arg)))
    text[!is.na(text) & text == ""] <- NA
    levels <- unique(text[!is.na(text)])
    # Codes such as 1, 2, 10 by their value; 01 and 1 are two groups.
    numbers <- all(grepl("^(0|-?[1-9][0-9]{0,14})$", levels))
    levels <- levels[order(if (numbers) as.numeric(levels) else levels, method = "radix")]
    x <- factor(text, levels = levels)
  } else if (anyNA(levels(x)) || any(levels(x) == "")) {
    x <- factor(as.character(x), setdiff(levels(x), c("", NA)))
  }
  names(x) <- ids
  x
}

as_cluster <- function(x, arg = "cluster") {
  if (is.null(x)) return(NULL)
  if (is.data.frame(x) && ncol(x) == 1) x <- stats::setNames(x[[1]], row_ids(x))
  if (is.matrix(x) || is.data.frame(x) || !is.atomic(x) || !length(x)) {
    abort_argument(arg, "a vector with the family or site of each participant, or NULL", describe(x))
  }
  if (inherits(x, "families")) class(x) <- "factor"
  x <- plain_numbers(x, arg)
  if (is_continuous(x)) {
    abort_argument(
      arg, "a vector with the family or site of each participant, or NULL", "continuous numbers",
      "Everybody would be alone: give the column that groups people."
    )
  }
  as_groups(x, arg)
}

# Numeric matrix of structure columns with unique names.
as_structure <- function(x, arg = "structure") {
  if (is.null(x)) return(NULL)
  must <- "a numeric matrix or data frame, one row per participant, or NULL"
  ids <- row_ids(x)
  x <- plain_numbers(x, arg)
  if (is.data.frame(x)) {
    bad <- !vapply(x, is.numeric, NA) | vapply(x, is.object, NA)
    if (any(bad)) {
      abort_argument(arg, must, sprintf("a data frame whose column \"%s\" is not numeric", names(x)[bad][1]),
                     "Groups are covariates, or the environment.")
    }
    x <- as.matrix(x)
  } else if (is.numeric(x) && is.null(dim(x))) {
    x <- matrix(x, ncol = 1, dimnames = list(NULL, "structure"))
  }
  if (!is.matrix(x) || !is.numeric(x)) abort_argument(arg, must, describe(x))
  if (!ncol(x) || !nrow(x)) abort_argument(arg, must, "empty")
  if (is.null(colnames(x))) colnames(x) <- paste0("S", seq_len(ncol(x)))
  check_unique_names(colnames(x), arg)
  check_not_infinite(x, arg)
  storage.mode(x) <- "double"
  rownames(x) <- ids
  x
}

check_unique_names <- function(x, arg) {
  check_utf8(as.character(x), arg, sprintf("Names of the columns of `%s`", arg))
  twice <- unique(x[duplicated(x)])
  if (length(twice)) {
    abort_argument(arg, "a table whose columns have different names",
                   paste("one with several columns called", quote_all(twice)))
  }
  if (anyNA(x) || any(x == "")) abort_argument(arg, "a table whose columns have names", "one with an unnamed column")
}

# The different values, without missing ones; NULL where the first rows show that they are many.
few_values <- function(x) if (length(unique(utils::head(x, 1000))) <= 6) unique(x[!is.na(x)])

# Logical, two-level factors and PLINK's 1 and 2 become 0 and 1; anything else is
# returned as it is.
recode_binary <- function(x, name) {
  if (is.logical(x)) return(setNames(as.double(x), names(x)))
  if (is.factor(x)) {
    x <- plain_factor(x)
    used <- levels(x)
    if (length(used) != 2) return(x)
    # the order of the alphabet says nothing where the words do
    if (any(vapply(word_pairs, function(pair) identical(lower(trimws(used)), rev(pair)), NA))) used <- rev(used)
    inform(
      sprintf("%s: \"%s\" is taken as 0 and \"%s\" as 1.", quote_all(name), used[1], used[2]), "latentmr_message_coding"
    )
    return(setNames(as.double(x == used[2]), names(x)))
  }
  if (is.numeric(x) && !is.object(x)) {
    seen <- few_values(x)
    if (length(seen) == 2 && all(seen %in% 1:2)) {
      inform(
        sprintf(
          "%s has the values 1 and 2 only: read as in PLINK, 1 is a control (0) and 2 a case (1).", quote_all(name)
        ),
        "latentmr_message_coding"
      )
      return(x - 1)
    }
  }
  x
}

# 0/1 values of an outcome, recoded with a message where they are coded otherwise.
binary_values <- function(y, name, arg) {
  refuse_survival(y, "formula")
  if (is.null(y) || !is.null(dim(y))) abort_argument(arg, "one with a single outcome on its left", describe(y))
  y <- recode_binary(y, name)
  if (!is.numeric(y) || !all(y %in% 0:1)) {
    abort_argument(
      arg, "one whose outcome has two values: 0 and 1, FALSE and TRUE, 1 and 2, or a factor with two levels",
      if (is.numeric(y)) sprintf("%s with %d values", quote_all(name), length(unique(y))) else describe(y),
      hint = "iv_reg() is for other outcomes."
    )
  }
  as.double(y)
}

# What to do about an argument that was not given (check_given()).
given_hints <- list(
  pheno = paste(
    "`bfile` names the genotypes (PLINK, PGEN, BGEN), `pheno` the table of people: read_mr_data(\"cohort\", \"people.csv\",",
    "exposure = \"ldl\", outcome = \"sbp\", environment = \"site\"). One table with genotypes in its columns: read it, then mr_data()."
  ),
  environment = paste(
    "The group of each participant: ancestry, country, cohort, recruitment site. People of one ancestry still differ by recruitment",
    "site, region of birth or cohort; with one group only give the same value to everybody, and `structure` or `background`.",
    "See \"What may be an environment\" in ?mr_data."
  )
)
