# What the values themselves give away about a mistake: codes for missing values, other
# units in an environment, environments made from a trait. All of it warns, nothing is
# changed.

# ---- codes for missing values ----

# Values at either end that stand far off: repeated ones, or one on its own. Median and
# quartiles of the rest say what is far; the gap to the next value, that it is no long tail.
far_values <- function(x) {
  x <- sort(x[is.finite(x)])
  found <- list()
  for (side in c(1, -1)) {
    y <- if (side > 0) x else -rev(x)
    for (k in 1:3) {
      far <- far_end(y)
      if (is.null(far)) break
      found[[length(found) + 1]] <- data.frame(
        value = side * far$value, count = far$count, nearest = side * far$nearest
      )
      y <- y[seq_len(length(y) - far$count)]
    }
  }
  do.call(rbind, found)
}

# Of sorted numbers.
far_end <- function(y) {
  if (length(y) < 20) return(NULL)
  value <- y[length(y)]
  left <- findInterval(value, y, left.open = TRUE) # how many are below it
  count <- length(y) - left
  if (left < 10 || count > left / 2) return(NULL)
  quarter <- sorted_quantiles(y, left, c(.25, .5, .75))
  spread <- (quarter[3] - quarter[1]) / 1.349
  if (!(spread > 0)) spread <- stats::sd(y[seq_len(left)])
  if (!(spread > 0)) return(NULL)
  distance <- value - quarter[2]
  gap <- (value - y[left]) / distance
  far <- if (count >= 3) distance > 5 * spread && gap > .5 else distance > 20 * spread && gap > .9
  if (far) list(value = value, count = count, nearest = y[left])
}

# As quantile() of the first n of sorted numbers.
sorted_quantiles <- function(y, n, p) {
  at <- (n - 1) * p + 1
  low <- floor(at)
  part <- at - low
  (1 - part) * y[low] + part * y[pmin(low + 1, n)]
}

warn_far_values <- function(x, name) {
  far <- far_values(x)
  if (is.null(far)) return(invisible())
  words <- sprintf("%s in %s (the nearest other value is %s)", number_strings(far$value),
                   ifelse(far$count == 1, "one person", paste(big_each(far$count), "people")), format_each(far$nearest))
  codes <- paste(number_strings(far$value), collapse = ", ")
  warn(
    sprintf("\"%s\" has values far from all others: %s.", name, paste(words, collapse = "; ")),
    "latentmr_warning_far_value", column = name, values = far$value,
    hint = sprintf("Codes for missing values? Then say na_codes = %s when reading, or set them to NA.",
                   if (nrow(far) == 1) codes else sprintf("c(%s)", codes))
  )
}

format_each <- function(x) vapply(x, format, "", digits = 4)

# ---- units ----

unit_ratio <- 3 # of standard deviations: more is not what populations differ by

# Between the units in which one quantity is usually given.
unit_factors <- data.frame(
  factor = c(38.67, 88.5, 18.02, 10, 100, 1000),
  words = c(
    "38.67, as cholesterol in mg/dL and mmol/L",
    "88.5, as triglycerides in mg/dL and mmol/L or creatinine in umol/L and mg/dL",
    "18.02, as glucose in mg/dL and mmol/L", "10, as g/L and g/dL or mm and cm",
    "100, as cm and m or per cent and shares",
    "1000, as g and kg"
  )
)
# Smaller ones show only together with the level.
level_factors <- data.frame(
  factor = c(2.2046, 2.54), words = c("2.2, as pounds and kilograms", "2.54, as cm and inches")
)

# spread, level: standard deviation (robust where rows are known) and median or mean of a
# trait in each group, named by group.
warn_units <- function(spread, level, name, what = "environment") {
  good <- is.finite(spread) & spread > 0
  spread <- spread[good]
  level <- level[good]
  if (length(spread) < 2) return(invisible())
  others <- function(v) vapply(seq_along(v), function(k) stats::median(v[-k]), 0)
  ratio <- spread / others(spread)
  at <- which.max(abs(log(ratio)))
  times <- max(ratio[at], 1 / ratio[at])
  shift <- level[at] / others(level)[at]
  unit <- unit_words(times, if (ratio[at] > 1) shift else 1 / shift, min(level / spread))
  if (times <= unit_ratio && is.null(unit)) return(invisible())
  warn(
    sprintf("The standard deviation of \"%s\" in %s \"%s\" is %s times that of %s%s.", name, what, names(spread)[at],
            format(ratio[at], digits = 3),
            if (length(spread) == 2) sprintf("%s \"%s\"", what, names(spread)[-at]) else "the others",
            if (is.null(unit)) "" else sprintf(": a factor of about %s", unit)),
    "latentmr_warning_units", column = name, environment = names(spread)[at], ratio = ratio[[at]],
    hint = "Are the units the same everywhere? Estimates are in units of the outcome per unit of the exposure."
  )
}

# times: of the standard deviations, above 1; shift: of the levels. Far from zero the
# levels tell the factor more exactly.
unit_words <- function(times, shift, level_in_sd) {
  exact <- level_in_sd > 2 && is.finite(shift) && shift > 0 &&
    abs(log(shift / times)) < (if (times > unit_ratio) .4 else .2)
  table <- if (times > unit_ratio) unit_factors else level_factors
  if (!exact && times <= unit_ratio) return(NULL)
  off <- abs(log(times / table$factor)) / .15
  if (exact) off <- pmin(abs(log(shift / table$factor)) / .05, if (times > unit_ratio) off else Inf)
  if (min(off) < 1) table$words[which.min(off)]
}

# Of two values only is no measurement with a unit.
measured <- function(x) length(unique(utils::head(x, 1000))) > 2 || length(unique(x)) > 2

least_quartiles <- 30 # people of an environment: quartiles of fewer say little

warn_trait_units <- function(x, environment, name) {
  # A code for missing in many people of one environment, named already, is no unit.
  code <- x %in% far_values(x)$value
  x <- x[!code]
  environment <- environment[!code]
  if (!measured(x)) return(invisible())
  large <- as.integer(environment) %in% which(tabulate(environment, nlevels(environment)) >= least_quartiles)
  x <- x[large]
  environment <- droplevels(environment[large])
  spread <- tapply(x, environment, function(v) {
    wide <- stats::IQR(v) / 1.349
    if (wide > 0) wide else stats::sd(v)
  })
  warn_units(c(spread), c(tapply(x, environment, stats::median)), name)
}

# ---- environments ----

explained_most <- .5
integer_levels <- 30L

# Share of the variance of x between environments.
explained_share <- function(x, environment) {
  mean <- tapply(x, environment, mean)[as.integer(environment)]
  total <- sum((x - mean(x))^2)
  if (total > 0) sum((mean - mean(x))^2) / total else 0
}

warn_environment <- function(traits, environment) {
  for (name in names(traits)) {
    share <- explained_share(traits[[name]], environment)
    if (share <= explained_most) next
    warn(
      sprintf("The environments explain %s of the variance of \"%s\".", percent(share), name),
      "latentmr_warning_environment", column = name, share = share,
      hint = "Were they made from it, from case status, or does it have other units there? See \"What may be an environment\" in ?mr_data."
    )
  }
  warn_environment_levels(levels(environment))
}

warn_environment_levels <- function(levels) {
  if (length(levels) > integer_levels && all(grepl("^-?[0-9]+$", levels))) {
    warn(
      sprintf("The environment has %d levels that are whole numbers (%s).", length(levels), list_some(levels, 5)),
      "latentmr_warning_environment", levels = levels,
      hint = "An age, a year or a count is no environment; one that is a code of sites may be. See \"What may be an environment\" in ?mr_data."
    )
  }
}

# Groups that are one but for how their name is written.
warn_alike <- function(levels, what) {
  key <- gsub("[[:space:]\u00a0]+", "", lower(levels))
  twice <- key[duplicated(key)]
  if (!length(twice)) return(invisible())
  pairs <- vapply(unique(twice), function(k) quote_all(levels[key == k], 4), "")
  warn(
    sprintf("Groups of %s differ only in capital letters or blanks: %s.", what, list_some(pairs, 3)),
    "latentmr_warning_levels", levels = levels[key %in% twice], hint = "If they are one group, write them alike."
  )
}

# Of one more trait of people who are there already. Most traits are cleared by their shape alone, in one pass.
warn_trait_values <- function(x, environment, name) {
  x <- as.double(x)
  shape <- column_shape(x, environment)
  if (!shape$whole[["n"]]) return(invisible())
  if (shape_clear(shape)) {
    if (shape_measured(shape)) warn_units(shape_spread(shape), shape_levels(shape), name)
    return(warn_environment_levels(levels(environment)[shape$count > 0]))
  }
  known <- !is.na(x)
  x <- x[known]
  environment <- droplevels(environment[known])
  warn_far_values(x, name)
  warn_trait_units(x, environment, name)
  warn_environment(stats::setNames(list(x), name), environment)
}

# list(whole, count, mean, quarter) of src/core/la/column_shape.h, by environment (a factor).
column_shape <- function(x, environment) {
  out <- .Call(C_ffi_column_shape, x, environment, nlevels(environment))
  names(out$whole) <- c("n", "low", "next_low", "low_count", "high", "next_high", "high_count", "mean", "squares")
  colnames(out$quarter) <- levels(environment)
  out
}

# Can no value be far, no environment be what the trait was cut into, and is every spread the quartiles'? What cannot
# be told from the shape is looked at in full.
shape_clear <- function(shape) {
  s <- shape$whole
  between <- sum(shape$count * (shape$mean - s[["mean"]])^2, na.rm = TRUE)
  if (!(between < .999 * explained_most * s[["squares"]])) return(FALSE)
  wide <- shape$quarter[3, ] > shape$quarter[1, ]
  if (shape_measured(shape) && !all(wide[shape_large(shape)])) return(FALSE)
  # Two different values: what is left without the one has no spread, so that nothing is far from it.
  if (!shape_measured(shape)) return(TRUE)
  near_end(s, s[["high"]], s[["next_high"]], s[["high_count"]], max(shape$quarter[3, ], na.rm = TRUE)) &&
    near_end(s, s[["low"]], s[["next_low"]], s[["low_count"]], min(shape$quarter[1, ], na.rm = TRUE))
}

# far_end() finds nothing where the gap is less than half of the distance to the median of the rest. That is at least as
# far away as the nearest quartile of a group, and within a standard deviation of the mean of the rest.
near_end <- function(s, value, nearest, count, quarter) {
  rest <- s[["n"]] - count
  center <- (s[["n"]] * s[["mean"]] - count * value) / rest
  squares <- s[["squares"]] - count * rest / s[["n"]] * (value - center)^2
  far <- max(abs(value - quarter), abs(value - center) - sqrt(max(0, squares) / rest))
  abs(value - nearest) < .49 * far
}

shape_measured <- function(shape) isTRUE(shape$whole[["next_low"]] < shape$whole[["high"]])

shape_large <- function(shape) shape$count >= least_quartiles

shape_spread <- function(shape) (shape$quarter[3, ] - shape$quarter[1, ])[shape_large(shape)] / 1.349

shape_levels <- function(shape) shape$quarter[2, shape_large(shape)]

# All of them, for the people that stay.
warn_values <- function(exposure, outcome, names, covariates, environment) {
  traits <- stats::setNames(c(exposure_columns(exposure), list(outcome)), names)
  numeric <- if (!is.null(covariates)) covariates[vapply(covariates, is.numeric, NA)]
  columns <- c(traits, as.list(numeric))
  for (name in names(columns)) warn_far_values(columns[[name]], name)
  for (name in names(traits)) warn_trait_units(traits[[name]], environment, name)
  warn_environment(traits, environment)
  warn_alike(levels(environment), "the environment")
  warn_missing_groups(levels(environment), "the environment")
  groups <- if (!is.null(covariates)) covariates[vapply(covariates, is.factor, NA)]
  for (name in names(groups)) {
    levels <- levels(droplevels(groups[[name]]))
    warn_alike(levels, sprintf("\"%s\"", name))
    warn_missing_groups(levels, sprintf("\"%s\"", name))
  }
}
