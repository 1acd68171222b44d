# One trait twice: exposure and outcome that are the same numbers, or that stand among what is adjusted for.

# Columns that are another one up to unit and origin.
same_numbers <- function(a, b) {
  known <- !is.na(a) & !is.na(b)
  if (sum(known) < 3) return(FALSE)
  a <- a[known] - mean(a[known])
  b <- b[known] - mean(b[known])
  size <- sqrt(sum(a^2)) * sqrt(sum(b^2))
  size > 0 && abs(sum(a * b)) > (1 - 1e-12) * size
}

# `names` of exposures and outcome; `frame`: what is adjusted for, of which the rows `alive` are taken.
check_copies <- function(exposure, outcome, names, frame, alive) {
  exposures <- exposure_columns(exposure)
  for (j in seq_along(exposures)) {
    if (same_numbers(exposures[[j]], outcome)) abort_copy("outcome", names[length(names)], "exposure", names[j])
  }
  traits <- c(exposures, list(outcome))
  roles <- c(rep("exposure", length(exposures)), "outcome")
  for (arg in c("covariates", "structure")) {
    columns <- Filter(is.numeric, as.list(as.data.frame(pick_frame(frame[[arg]], alive))))
    for (name in names(columns)) {
      copy <- which(vapply(traits, same_numbers, NA, columns[[name]]))[1]
      if (!is.na(copy)) abort_copy(arg, name, roles[copy], names[copy])
    }
  }
}

abort_copy <- function(arg, name, role, trait) {
  abort_argument(
    arg, sprintf("other numbers than the %s", role),
    sprintf("the same up to unit and origin: \"%s\" is \"%s\"", name, trait),
    "Nothing can be estimated of a trait from itself: leave it out, or give the column that was meant."
  )
}

# The name of a column where its values are due.
refuse_column_name <- function(given, rows) {
  for (arg in names(given)) {
    x <- given[[arg]]
    if (!is.character(x) || length(x) != 1 || is.na(x) || isTRUE(rows == 1)) next
    abort_argument(
      arg, "the values, one for each participant", sprintf("\"%s\"", x),
      sprintf("If that is the name of a column, give the column itself, d$%s; read_mr_data() takes names.", x)
    )
  }
}

# People in rows.
check_turned <- function(genotypes, ids) {
  if (is.null(ids) || length(dim(genotypes)) != 2 || is.null(colnames(genotypes))) return(invisible())
  if (any(rownames(genotypes) %in% ids) || !all(ids %in% colnames(genotypes))) return(invisible())
  abort_argument("genotypes", "a matrix of people in rows", "one of people in columns", "Turn it: t(genotypes).")
}

# Groups whose name is how others write that something is missing.
warn_missing_groups <- function(levels, what) {
  odd <- levels[lower(trimws(levels)) %in% setdiff(missing_words, "")]
  if (!length(odd)) return(invisible())
  warn(
    sprintf("Groups of %s may stand for missing values: %s.", what, quote_all(odd, 5)), "latentmr_warning_levels",
    levels = odd, hint = "If they do, set them to NA: these people are then left out, and counted."
  )
}
