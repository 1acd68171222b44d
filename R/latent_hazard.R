# Times to an event with latent instruments: the same block and instruments as the rows of latent_mr().

#' Effects on a hazard with latent instruments
#'
#' The difference in the hazard of an event that one unit of the exposure makes, from times to the event, with the
#' instruments of [latent_mr()]: the variants, the learned block partialled out of them. The model and the
#' estimators are those of [iv_hazard()]: environments have baseline hazards of their own, the other columns of the
#' block
#' (variant directions, structure, their products with environments, covariates) have effects on the hazard that are
#' constant in time.
#'
#' The encoder never sees an outcome, so that the fit may be one of any outcome of these people: the event as 0
#' and 1, for instance, whose estimates are then risk differences over the whole follow-up. Follow-up is of
#' everybody: take people without it out first, `data[i, ]`. With many weak variants `"ujive"` has the least bias and
#' the largest error; [iv_hazard()] has the numbers.
#'
#' @param x A [latent_mr()] fit, or an `mr_data` object (the encoder is then learned with `encoder = "linear"`).
#' @param time,event,entry As in [iv_hazard()], a value for each participant: in the order of the data, or named by
#'   identifier (more people may be named). `time` may be what `survival::Surv()` returns, in the order of the data.
#' @param data For a fit: the `mr_data` object it was made from.
#' @param name Name of the event.
#' @param time_unit,level As in [iv_hazard()].
#' @param seed One whole number; `NULL` takes one from R's generator. For an `mr_data` object only.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `iv_hazard`, as of [iv_hazard()]; errors are by cluster when the data name clusters.
#' @section Errors: Those of [iv_hazard()]; `latentmr_error_argument` for several exposures, or data that are not
#'   those of
#'   the fit; `latentmr_error_memory` when the rows do not fit.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' set.seed(1)
#' hazard <- pmax(0.05 + 0.01 * data$exposure, 0.001)
#' time <- rexp(length(hazard), hazard)
#' latent_hazard(data, pmin(time, 10), time <= 10, time_unit = "years", seed = 1)
#' @export
latent_hazard <- function(x, time, event = NULL, data = NULL, entry = NULL, name = NULL, time_unit = NULL,
                          level = 0.95, seed = NULL, ...) {
  check_dots(...)
  check_given(c("x", "time"))
  if (is.null(name)) name <- label_of(substitute(event), "event")
  check_string(name, "name")
  check_string(time_unit, "time_unit", null = TRUE)
  check_number(level, "level", 0.5, 1, open = TRUE)
  data <- hazard_data(x, data)
  follow <- people_follow_up(time, event, entry, data)
  set <- if (inherits(x, "latent_mr")) {
    working_again(x, data)
  } else {
    encoder <- suppress_fit_warnings(learn_instruments(data, seed = draw_seed(seed)))
    working_set(data, encoder, encoder$control, seed = encoder$seed)
  }
  rows <- dense_rows(set$data, set$encoder, set$view, set$fold)
  w <- block_columns(latent_block("latent", set$encoder, set$view), rows, set$view)
  pieces <- list(
    x = as.double(rows$x), z = unname(rows$instruments), w = unname(w), strata = droplevels(rows$environment),
    cluster = if (!is.null(rows$cluster)) droplevels(rows$cluster)
  )
  hazard_object(follow, pieces, c(data$exposure_name, name), time_unit, level, data$units[1])
}

suppress_fit_warnings <- function(expr) {
  withCallingHandlers(expr, latentmr_warning_fit = function(w) invokeRestart("muffleWarning"))
}

hazard_data <- function(x, data) {
  if (inherits(x, "mr_data")) {
    if (!is.null(data)) abort_argument("data", "NULL when `x` is the data", describe(data))
    check_data(x)
    data <- x
  } else if (inherits(x, "latent_mr")) {
    check_made(x)
    if (!inherits(data, "mr_data")) {
      abort_argument(
        "data", "the mr_data object of the fit", describe(data), "A hazard needs rows, which a fit does not keep."
      )
    }
    check_fit_data(x, data)
  } else {
    abort_argument("x", "a latent_mr() fit or an mr_data object", describe(x))
  }
  if (length(data$exposure_name) > 1) {
    abort_argument(
      "x", "of one exposure", sprintf("of %d", length(data$exposure_name)), "Make data with one of them at a time."
    )
  }
  data
}

people_follow_up <- function(time, event, entry, data) {
  n <- length(data$outcome)
  if (!inherits(time, "Surv")) {
    time <- people_values(time, "time", data)
    if (!is.null(event)) event <- people_values(event, "event", data)
    if (!is.null(entry)) entry <- people_values(entry, "entry", data)
  }
  follow <- follow_up(time, event, entry)
  if (length(follow$time) != n) {
    abort_argument("time", sprintf("of length %s, the participants of the data", big(n)), sprintf(
      "of length %s", big(length(follow$time))
    ))
  }
  follow
}

# By identifier when named.
people_values <- function(x, arg, data) {
  n <- length(data$outcome)
  if (!is.null(names(x)) && !is.null(data$ids)) {
    at <- match(data$ids, names(x))
    if (all(is.na(at))) {
      abort(
        sprintf(
          "None of the names of `%s` is a participant of the data: %s; the data have %s.%s", arg, quote_all(names(x), 3),
          quote_all(data$ids, 3), cause_words(lost_cause(names(x), data$ids))
        ),
        c("latentmr_error_ids", "latentmr_error_argument"), argument = arg,
        hint = sprintf("Name `%s` by the identifiers of samples(data), or unname() it where it is in their order.", arg)
      )
    }
    if (anyNA(at)) {
      abort_argument(
        arg, "given for everybody", sprintf("without %s of %s participants", big(sum(is.na(at))), big(n)),
        "Take people without follow-up out of the data: data[i, ]."
      )
    }
    return(unname(x[at]))
  }
  if (length(x) != n) {
    abort_argument(
      arg, sprintf("of length %s, the participants of the data, or named by identifier", big(n)), describe(x)
    )
  }
  x
}
