# Units of the traits, and traits brought to a common scale. Both are kept with the data:
# every table and axis made of them says the units.

trait_scales <- c("none", "sd", "inverse_normal")

# One value for each trait, NA (or "none") where nothing is given: unnamed (one for all, or
# one each, exposures first), or named by trait or by "exposure" and "outcome".
by_trait <- function(x, traits, arg, must, otherwise = NA_character_) {
  k <- length(traits)
  if (!is.character(x) || !length(x)) abort_argument(arg, must, describe(x))
  if (is.null(names(x))) {
    if (!length(x) %in% c(if (arg == "scale_traits") 1L, k)) abort_argument(arg, must, describe(x))
    return(rep_len(unname(x), k))
  }
  out <- rep(otherwise, k)
  for (name in names(x)) {
    at <- if (name %in% traits) {
      match(name, traits)
    } else if (name == "outcome") {
      k
    } else if (name == "exposure") {
      seq_len(k - 1)
    }
    if (is.null(at)) {
      abort_argument(
        arg, sprintf("named %s", quote_all(c("exposure", "outcome", traits))), sprintf("named %s", quote_all(name))
      )
    }
    out[at] <- x[[name]]
  }
  out
}

# NULL where no unit is known.
trait_units <- function(units, traits) {
  if (is.null(units)) return(NULL)
  must <- sprintf("NULL or %s, of %s (NA for one that is not known)", if (length(traits) == 2) "two units" else sprintf(
    "%d units", length(traits)
  ),
                  quote_all(traits))
  out <- by_trait(units, traits, "units", must)
  if (any(!is.na(out) & !nzchar(trimws(out)))) abort_argument("units", must, "one with an empty unit")
  if (all(is.na(out))) NULL else enc2utf8(out)
}

trait_scaling <- function(scale_traits, traits) {
  must <- paste("one of", quote_all(trait_scales), "or one for each trait")
  out <- by_trait(scale_traits, traits, "scale_traits", must, "none")
  for (name in out) check_choice(name, "scale_traits", trait_scales)
  out
}

# list(exposure, outcome, units, scaling) of the people that stay. `scaling`: what was
# done, NULL for nothing; a trait of two values is left.
scale_pieces <- function(exposure, outcome, environment, traits, units, scales) {
  values <- c(exposure_columns(exposure), list(outcome))
  tables <- list()
  for (j in which(scales != "none")) {
    x <- values[[j]]
    if (all(x %in% 0:1)) {
      inform(sprintf("\"%s\" has two values and is not scaled.", traits[j]), "latentmr_message_scale")
      next
    }
    unit <- if (is.null(units)) NA_character_ else units[j]
    done <- if (scales[j] == "sd") by_sd(x, unit) else by_normal_scores(x, environment, unit)
    values[[j]] <- done$x
    if (is.null(units)) units <- rep(NA_character_, length(traits))
    units[j] <- done$unit
    tables[[length(tables) + 1]] <- data.frame(trait = traits[j], scale = scales[j], done$table)
  }
  k <- length(values)
  if (length(tables)) {
    exposure <- if (is.null(dim(exposure))) {
      values[[1]]
    } else {
      `colnames<-`(do.call(cbind, values[-k]), colnames(exposure))
    }
  }
  list(exposure = exposure, outcome = values[[k]], units = units, scaling = do.call(rbind, tables))
}

by_sd <- function(x, unit) {
  sd <- stats::sd(x)
  list(
    x = x / sd, unit = sprintf("SD (%s)", paste(c(format(sd, digits = 3), if (!is.na(unit)) unit), collapse = " ")),
    table = data.frame(environment = flow_all, n = length(x), mean = mean(x), sd = sd, unit = unit)
  )
}

# Blom's normal scores of the ranks within each environment; equal values keep equal scores.
by_normal_scores <- function(x, environment, unit) {
  score <- function(v) stats::qnorm((rank(v) - 3 / 8) / (length(v) + 1 / 4))
  list(
    x = unsplit(lapply(split(x, environment), score), environment), unit = "SD (inverse normal)",
    table = data.frame(
      environment = levels(environment), n = as.integer(table(environment)), mean = c(tapply(x, environment, mean)),
      sd = c(tapply(x, environment, stats::sd)), unit = unit, row.names = NULL
    )
  )
}

log_scaling <- function(log, scaling) {
  for (trait in unique(scaling$trait)) {
    here <- scaling[scaling$trait == trait, ]
    reason <- if (here$scale[1] == "sd") {
      sprintf(
        "%s divided by its SD (%s)", trait,
        paste(c(format(here$sd, digits = 4), if (!is.na(here$unit)) here$unit), collapse = " ")
      )
    } else {
      sprintf("%s to normal scores within environments", trait)
    }
    log <- flow_add(log, "values", reason, "changed", sum(here$n))
  }
  log
}

# ---- words ----

# Units for axes: those asked for, else the object's own, NULL when nothing is known.
own_units <- function(asked, own, exposures, outcome) {
  if (!is.null(asked) || is.null(own)) return(asked)
  none <- c(sprintf("unit of %s", exposures), sprintf("units of %s", outcome))
  ifelse(is.na(own), none, own)
}

# The scale of effects on a trait of this unit where that is a logarithm of a ratio, NA elsewhere.
log_scale <- function(unit) {
  known <- c(
    "log odds" = "log odds ratio", "log odds ratio" = "log odds ratio", "log or" = "log odds ratio",
    "logor" = "log odds ratio", "log hazard" = "log hazard ratio", "log hazard ratio" = "log hazard ratio",
    "log hr" = "log hazard ratio", "loghr" = "log hazard ratio"
  )
  unname(known[lower(trimws(unit))])
}

# "ldl", "ldl (mmol/L)"
with_unit <- function(name, unit) ifelse(is.na(unit), name, sprintf("%s (%s)", name, unit))
