#' Settings of `iv_curve()`
#'
#' @param solver `"closed"` (default): output layers in closed form, no step size, batch or
#'   number of steps to choose. `"adam"`: the literal three-net loop.
#' @param members,units Number of treatment nets that are averaged, and tanh units of each
#'   (closed solver).
#' @param instrument_units Random tanh units of the instruments, before principal
#'   components (closed solver).
#' @param polish Steps of the exact treatment gradient on the hidden layers when the
#'   instruments are strong (closed solver; 0: none).
#' @param covariates How covariates of the formula enter: `"linear"` (partialled out
#'   exactly; the curve is a function of the exposure alone), `"flexible"` (the curve may depend on
#'   them: blocks of tanh units with prior variances chosen by evidence; no shrinkage to
#'   a line), `"auto"` (default): flexible where its evidence is better by more than 5 log
#'   units and there are at most 8 covariates and 20,000 rows, else linear.
#' @param tuning How `estimator = "kiv"` chooses the penalty of its second stage: `"causal"`
#'   (Singh et al.'s validation on the exposures of the first half, which pulls the
#'   curve towards the regression of outcome on exposure) or `"held-out"` (on the
#'   predicted features of the first half, a consistent risk).
#' @param rank Largest rank of the kernel matrices of `"kiv"` (pivoted Cholesky).
#' @return A list of class `curve_control`.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' curve_control(members = 2)
#' @export
curve_control <- function(solver = "closed", members = 4, units = 50, instrument_units = 100,
                          polish = 30, covariates = "auto", tuning = "causal", rank = 500) {
  check_choice(solver, "solver", "closed")
  check_number(members, "members", min = 1, max = 64, whole = TRUE)
  check_number(units, "units", min = 5, max = 500, whole = TRUE)
  check_number(instrument_units, "instrument_units", min = 5, max = 1000, whole = TRUE)
  check_number(polish, "polish", min = 0, max = 1000, whole = TRUE)
  check_choice(covariates, "covariates", c("auto", "linear", "flexible"))
  check_choice(tuning, "tuning", c("causal", "held-out"))
  check_number(rank, "rank", min = 10, max = 2000, whole = TRUE)
  structure(
    list(
      solver = solver, members = members, units = units, instrument_units = instrument_units,
      polish = polish, covariates = covariates, tuning = tuning, rank = rank
    ),
    class = "curve_control"
  )
}

#' @export
print.curve_control <- function(x, ...) {
  cat("Settings of iv_curve()\n")
  cat(sprintf("  %-17s %s\n", names(x), vapply(x, format, "")), sep = "")
  invisible(x)
}

# Priors of the closed solver: five variances (in units of the residual variance)
# with weights, for the square of the exposure and for the tanh block. The weak
# ones put mass on lines and parabolas, because weak instruments cannot tell
# rougher curves from noise. The band of strong designs has no mass on the line: a
# posterior that may collapse on it covers too little where the truth bends.
curve_priors <- local({
  square <- c(0, .01, .1, 1, 10, .5, .1, .15, .15, .1)
  weak <- c(square, 0, .01, .03, .1, .3, .6, .1, .1, .1, .1)
  c(
    weak,
    square, 0, .01, .1, .3, 1, .3, .05, .1, .2, .35,
    weak,
    square, 0, .1, 1, 3, 10, 0, 0, .2, .5, .3
  )
})

closed_options <- function(control) {
  as.double(c(
    control$members, control$units, control$instrument_units, control$polish, .02,
    .11, # above this strength the instruments count as strong
    4, 2, 1, 2 # s = k (1 - tau V / D): k strong, weak; tau strong, weak
  ))
}
