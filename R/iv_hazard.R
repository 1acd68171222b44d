# Additive hazards with instruments: closed forms over risk sets (Lin and Ying 1994), and
# errors of both stages.

#' Effects on a hazard by instrumental variables
#'
#' The difference in the hazard of an event that one unit of an exposure makes, from times to an event that may be
#' censored, with instruments. Additive hazards: \eqn{h_i(t) = h_{0s}(t) + \beta x_i + \gamma'w_i + u_i}, a baseline of
#' any shape in every stratum s, and u not observed. Unlike a hazard ratio, \eqn{\beta} does not depend on what
#' else is in
#' the model, and people who are left later in time are still comparable by their instruments: given survival the
#' law of the instruments and that of u stay independent, because the survival function factors.
#'
#' With \eqn{\tilde f_i(t)} what is left of \eqn{f_i} less its mean over those at risk at t in the stratum, all
#' estimators
#' solve \eqn{\sum_i \int \tilde h_i(t) (dN_i(t) - Y_i(t) \theta'g_i dt) = 0}, which is linear in
#' \eqn{\theta}:
#' \describe{
#' \item{`"ujive"`}{\eqn{g = (x, w)} and \eqn{h = (v - v_0, w)}: v is the prediction of x by the first stage that the
#'   other people (other clusters) give, \eqn{v_0} the one that they give by strata and w alone. The difference is what
#'   the instruments add, and the person's own x is in neither: no bias from many weak instruments, and none from many
#'   covariates (Kolesar 2013). With h and \eqn{h_0} the diagonals of the projections,
#'   \eqn{v_i = (\hat x_i - h_i x_i) / (1 - h_i)}, \eqn{v_{0i}} likewise. The estimating equation is that of Li, Fine
#'   and Brookhart (2015).}
#' \item{`"iv"`}{the same with the fitted values of the first stage.}
#' \item{`"two_stage"`}{\eqn{g = h = (\hat x, w)}: fitted values in place of the exposure (Tchetgen Tchetgen et al.
#' 2015).}
#' \item{`"naive"`}{\eqn{g = h = (x, w)}, without instruments: Lin and Ying's (1994), to compare with.}
#' }
#' The first stage is least squares of x on strata, w and z. It must hold that x less its mean given (z, w) is
#' independent
#' of z (a location shift), that z changes the hazard through x only, and that censoring is independent of all this
#' given strata and w. People may come under observation later than 0 (`entry`): those at risk at t are then who
#' entered before t; it must not depend on u. Tied times need no rule: everybody who ends at t is at risk at t.
#'
#' Errors are sandwiches of the stacked estimating equations: the martingale influence of the second stage and, for
#' `"iv"` and `"two_stage"`, that of the first (of `"ujive"` the pairs term of many instruments). They allow for any
#' heteroskedasticity, and for clusters when given. Intervals are normal; with clusters t on
#' their number minus one.
#'
#' Which to report: with strong instruments all three with instruments agree, and `"two_stage"` has by a little the
#' smallest error. With 60 instruments and a mean F of 2.2 the median bias, as a share of that without instruments,
#' was -7 % (`"ujive"`), 37 % (`"iv"`) and 27 % (`"two_stage"`), the standard deviation of `"ujive"` twice that of
#' the others, and all 95 % intervals covered 95 % (200 draws:
#' `LATENTMR_BENCH_DRAWS=200 Rscript bench/bench-hazard.R`).
#'
#' @param time End of each person's observation, from the same origin: positive numbers; or what `survival::Surv()`
#'   returns (right-censored, or with entry times), `event` and `entry` then being `NULL`.
#' @param event 1 (or `TRUE`) when the event came at `time`, 0 when observation ended without.
#' @param x The exposure: a numeric vector.
#' @param z Instruments: a numeric matrix or data frame, a row a person.
#' @param w Covariates with a time-constant effect on the hazard: a numeric matrix or data frame, or `NULL`.
#' @param entry Start of each person's observation, from 0 to below `time`; `NULL`: 0.
#' @param strata A factor, text or whole numbers: each value has a baseline hazard of its own. `NULL`: one.
#' @param cluster Family or site of each person, or `NULL`.
#' @param time_unit Unit of `time`, such as `"years"`: effects are then per 1,000 person-years. `NULL`: per one
#'   unit of `time`.
#' @param level Confidence level.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `iv_hazard`: a list with `estimates` (a data frame: `estimator`, `b`, `se`, `lo_ci`,
#'   `up_ci`,
#'   `pval`, a row for each of `"ujive"`, `"iv"`, `"two_stage"`, `"naive"`), `fstat` (partial F of the
#'   first stage), `nobs`, `events`, `person_time`, `strata` (data frame: `stratum`, `n`, `events`, `person_time`),
#'   `time_unit`, `per`, `scale`, `units`, `exposure`, `outcome`, `level`, `clusters` (their number, or `NULL`) and
#'   `delayed` (how many people entered
#'   after 0). Methods: `print`, `coef`, `vcov`, `confint`, `nobs`, `tidy`.
#'
#'   `as.data.frame()`: a row for each estimator with the nine columns of `TwoSampleMR::mr()`, then `lo_ci`, `up_ci`,
#'   `nobs`, `events`, `person_time`, `estimator`, `fstat`, `scale` (`"hazard difference"`) and `units`.
#' @section Errors: `latentmr_error_argument`: times that are not positive, missing values, no event, an event code
#'   other
#'   than 0 and 1, entry at or after the end; `latentmr_error_unidentified`: an exposure that is
#'   among the covariates, or a function of them or of the instruments; instruments that are functions of strata and
#'   covariates; fewer people than columns.
#' @references Kolesar (2013), Estimation in an instrumental variables model with treatment effect heterogeneity. Lin
#'   and Ying (1994), Biometrika 81:61. Tchetgen Tchetgen, Walter, Vansteelandt, Martinussen and Glymour
#'   (2015), Epidemiology 26:402. Li, Fine and Brookhart (2015), Biometrics 71:122. Martinussen, Vansteelandt,
#'   Tchetgen Tchetgen and Zucker (2017), Biometrics 73:1140.
#' @examples
#' set.seed(1)
#' n <- 2000
#' z <- cbind(a = rbinom(n, 2, 0.3), b = rbinom(n, 2, 0.4))
#' u <- rexp(n)
#' ldl <- 1 + 0.5 * z[, 1] + 0.4 * z[, 2] + u + rexp(n)
#' death <- rexp(n, 0.02 + 0.01 * ldl + 0.02 * u)
#' end <- runif(n, 5, 15)
#' fit <- iv_hazard(pmin(death, end), death <= end, ldl, z, time_unit = "years")
#' fit # the truth is 10
#' as.data.frame(fit)
#' @export
iv_hazard <- function(time, event = NULL, x, z, w = NULL, entry = NULL, strata = NULL, cluster = NULL,
                      time_unit = NULL, level = 0.95, ...) {
  check_dots(...)
  check_given(c("time", "x", "z"))
  check_string(time_unit, "time_unit", null = TRUE)
  check_number(level, "level", 0.5, 1, open = TRUE)
  follow <- follow_up(time, event, entry)
  names <- c(label_of(substitute(x), "exposure"), label_of(substitute(event), "event"))
  n <- length(follow$time)
  rows <- list(
    x = hazard_vector(x, "x", n), z = hazard_matrix(z, "z", n), w = hazard_matrix(w, "w", n),
    strata = hazard_groups(strata, "strata", n), cluster = if (!is.null(cluster)) hazard_groups(cluster, "cluster", n)
  )
  hazard_object(follow, rows, names, time_unit, level)
}

# ---- what is given ----

follow_up <- function(time, event, entry) {
  surv <- inherits(time, "Surv")
  if (surv) {
    if (!is.null(event) || !is.null(entry)) {
      abort_argument(
        if (is.null(event)) "entry" else "event", "NULL with times of survival::Surv(), which have events and entries",
        "given"
      )
    }
    parts <- surv_parts(time)
    time <- parts$time
    event <- parts$event
    entry <- parts$entry
  }
  if (is.null(event)) abort_argument("event", "given with `time`", "missing", "1 where the event came, 0 elsewhere.")
  time <- hazard_vector(time, "time", NULL, time_hint(time))
  n <- length(time)
  if (any(time <= 0)) {
    abort_argument(
      "time", "positive", sprintf("%s for %s", format(min(time)), plural(sum(time <= 0), "participant")),
      "It runs from the start of the time scale to the end of observation: leave people without any observation out."
    )
  }
  event <- check_event(event, n, if (surv) "time" else "event")
  list(time = time, event = event, entry = check_entry(entry, time))
}

# Columns of what survival::Surv() returns.
surv_parts <- function(time) {
  type <- attr(time, "type")
  parts <- unclass(time)
  ends <- c(right = "time", counting = "stop")
  if (!is.character(type) || length(type) != 1 || !is.matrix(parts)) {
    abort_argument("time", "what survival::Surv() returns", "a part of it", "Make it again: Surv(time, event).")
  }
  if (!type %in% names(ends)) {
    abort_argument(
      "time", "right-censored, with or without entry times", sprintf("of type \"%s\"", type),
      paste(
        if (startsWith(type, "m")) {
          "Of several kinds of event take one: event == \"death\"."
        } else {
          "Other censoring has no closed form."
        },
        "Surv(time, event) and Surv(entry, time, event) are taken."
      )
    )
  }
  list(time = parts[, ends[[type]]], event = parts[, "status"], entry = if (type == "counting") parts[, "start"])
}

check_event <- function(event, n, arg) {
  must <- sprintf("0 and 1, or TRUE and FALSE, one for each of the %s times", big(n))
  if (is.factor(event) || is.character(event)) {
    values <- unique(as.character(event))
    abort_argument(
      arg, must, describe(event),
      event_hint(values)
    )
  }
  if (!is.numeric(event) && !is.logical(event) || length(event) != n) abort_argument(arg, must, describe(event))
  event <- hazard_vector(if (is.logical(event)) event + 0 else event, arg, n)
  odd <- event[!event %in% 0:1]
  if (length(odd)) {
    hint <- if (all(event %in% 1:2)) "1 and 2 as 0 and 1: event == 2." else "Say which value is the event: event == 1."
    abort_argument(arg, "0 and 1, or TRUE and FALSE", sprintf("one with %s", format(odd[1])), hint)
  }
  if (!any(event == 1)) {
    abort_argument(
      arg, if (arg == "time") "with an event for somebody" else "1 for somebody", "0 for everybody",
      "Everybody is censored: without events there is no hazard."
    )
  }
  event
}

# The word for the event where it is known; otherwise the choice is the user's.
event_hint <- function(values) {
  values <- values[!is.na(values)]
  if (!length(values)) return(NULL)
  yes <- values[lower(values) %in% c("1", "dead", "died", "death", "event", vapply(word_pairs, `[`, "", 2))]
  if (length(yes) == 1) return(sprintf("Say which is the event: event == \"%s\".", yes))
  sprintf("Say which of %s is the event: event == \"...\".", quote_all(values, 5))
}

check_entry <- function(entry, time) {
  if (is.null(entry)) return(numeric(length(time)))
  entry <- hazard_vector(entry, "entry", length(time), time_hint(entry))
  late <- which(entry < 0 | entry >= time)
  if (length(late)) {
    one <- late[1]
    abort_argument(
      "entry", "from 0 to below `time`", sprintf(
        "%s with the time %s (participant %s)%s", format(entry[one]), format(time[one]), big(one),
        if (length(late) > 1) sprintf(" and so for %s more", big(length(late) - 1)) else ""
      ), "People whose observation ended before it began are not in the data."
    )
  }
  entry
}

# Dates and intervals of time are no numbers.
time_hint <- function(x) {
  if (inherits(x, "difftime")) return("Say in which unit: as.numeric(x, units = \"days\").")
  if (inherits(x, c("Date", "POSIXt"))) {
    return("Give the time from the start, in one unit: as.numeric(difftime(x, start, units = \"days\")).")
  }
  if (is.character(x) || is.factor(x)) "Read it as numbers: as.numeric(as.character(x))."
}

hazard_vector <- function(x, arg, n, hint = NULL) {
  if (inherits(x, "AsIs")) x <- unclass(x)
  if ((is.matrix(x) || is.data.frame(x)) && ncol(x) == 1) x <- x[, 1]
  must <- if (is.null(n)) "a numeric vector" else sprintf("a numeric vector of length %s, as `time`", big(n))
  if (!is.numeric(x) || is.object(x) || !is.null(dim(x)) || !length(x) || (!is.null(n) && length(x) != n)) {
    abort_argument(arg, must, describe(x), hint)
  }
  bad <- sum(!is.finite(x))
  if (bad) {
    abort_argument(
      arg, "finite for everybody", sprintf("missing or infinite for %s", plural(bad, "participant")),
      "Leave these people out of all arguments."
    )
  }
  as.double(x)
}

hazard_matrix <- function(x, arg, n) {
  if (is.null(x)) return(matrix(0, n, 0))
  if (is.data.frame(x)) x <- as.matrix(x)
  if (inherits(x, "AsIs")) x <- unclass(x)
  if (is.null(dim(x))) x <- matrix(x, ncol = 1)
  must <- sprintf("a numeric matrix with a row for each of the %s participants", big(n))
  if (!is.numeric(x) || is.object(x) || nrow(x) != n || (arg == "z" && !ncol(x))) abort_argument(arg, must, describe(x))
  if (!all(is.finite(x))) {
    abort_argument(arg, "finite", sprintf("missing or infinite for %s", plural(
      sum(rowSums(!is.finite(x)) > 0), "participant"
    )), "Leave these people out of all arguments.")
  }
  unname(matrix(as.double(x), n))
}

hazard_groups <- function(x, arg, n) {
  if (is.null(x)) return(factor(rep("all", n)))
  must <- sprintf("a group for each of the %s participants", big(n))
  if (!is.atomic(x) || !is.null(dim(x)) || length(x) != n) abort_argument(arg, must, describe(x))
  x <- droplevels(as_groups(unname(x), arg))
  if (anyNA(x)) abort_argument(arg, must, sprintf("missing for %s", plural(sum(is.na(x)), "participant")))
  x
}
