# Which people a fit is of: what is computed from a fit and data together needs the data that it was made from.

# Kept by a fit, nobody's row: sums of digits for every part of the rows (NULL from moments), and totals of the traits.
people_mark <- function(data) {
  if (inherits(data, "mr_moments")) return(list(totals = trait_totals(data)))
  parts <- list(
    identifiers = data$ids, environment = as.character(data$environment), exposure = unname(data$exposure),
    outcome = unname(data$outcome), covariates = unname(data$covariates), structure = unname(data$structure)
  )
  list(rows = vapply(parts, function(x) substr(object_digest(x), 1, 12), ""), totals = trait_totals(data))
}

# A row for each exposure and the outcome: sum and sum of squares over everybody.
trait_totals <- function(data) {
  if (inherits(data, "mr_data")) {
    traits <- cbind(data$exposure, data$outcome)
    return(unname(cbind(colSums(traits), colSums(traits^2))))
  }
  q <- match(c(data$exposure, data$outcome[1]), c(data$covariates, data$structure, data$exposure, data$outcome))
  n <- sum(data$blocks$n)
  pilot <- data$pilot[q]
  sum <- rowSums(data$sx[q, , drop = FALSE])
  squares <- rowSums(data$xx[q * (q + 1) / 2, , drop = FALSE])
  unname(cbind(sum + n * pilot, squares + 2 * pilot * sum + n * pilot^2))
}

# The fit's own data. Other people of the same number are found by these marks. `outcome`: is that of the data used?
check_own_people <- function(fit, data, must, outcome = TRUE) {
  moments <- inherits(data, "mr_moments")
  n <- if (moments) sum(data$blocks$n) else length(data$outcome)
  exposure <- if (moments) data$exposure else data$exposure_name
  if (n != fit$nobs || !identical(data$variants$snp, fit$variants$snp) || !identical(exposure, fit$exposure) ||
        outcome && !identical(if (moments) data$outcome else data$outcome_name, fit$outcome)) {
    abort_argument("data", must, "another one")
  }
  other <- other_parts(fit$people, people_mark(data), n)
  if (!outcome) other <- setdiff(other, "outcome")
  if (!length(other)) return(invisible())
  abort_argument(
    "data", must, sprintf("one of as many people with other values (%s)", paste(other, collapse = ", ")),
    "A fit goes with the data that it was made from, in the same order: keep both, or fit again."
  )
}

# Which parts differ. A fit of rows and moments of the same people have the totals in common, to rounding: a sum is at
# most sqrt(n) times the root of the sum of squares.
other_parts <- function(own, given, n) {
  if (is.null(own) || identical(own, given)) return(character())
  if (!is.null(own$rows) && !is.null(given$rows)) return(names(own$rows)[own$rows != given$rows])
  if (!identical(dim(own$totals), dim(given$totals))) return("exposure")
  size <- pmax(own$totals[, 2], given$totals[, 2])
  off <- rowSums(abs(own$totals - given$totals) > 1e-7 * cbind(sqrt(n * size), size)) > 0
  c("exposure", "outcome")[unique(1 + (which(off) == length(off)))]
}

# The fit's own rows or moments.
check_fit_data <- function(fit, data) {
  must <- "the mr_data or mr_moments object of the fit"
  if (!inherits(data, "mr_data") && !inherits(data, "mr_moments")) {
    abort_argument("data", must, describe(data), "A fit keeps no moments of covariates.")
  }
  check_data(data)
  check_own_people(fit, data, must, outcome = FALSE)
  moments <- inherits(data, "mr_moments")
  if (moments && has_code(fit$encoder)) {
    abort_argument(
      "data", "the mr_data object of the fit", "moments",
      sprintf("Moments hold no rows, which the encoder \"%s\" reads.", fit$encoder$encoder)
    )
  }
  folds <- if (moments) length(unique(data$blocks$fold)) else Inf
  if (folds < fit$crossfit) {
    abort_argument(
      "data", sprintf("moments of at least %d folds, as the fit is cross-fitted", fit$crossfit),
      sprintf("of %d", folds), "mr_moments(folds = ) makes more."
    )
  }
}
