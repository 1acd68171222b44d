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
#' @param band Where the band of the unshrunk fit comes from (closed solver with linear
#'   covariates): `"posterior"` (default, see [predict.iv_curve()] for the evidence),
#'   `"sandwich"` (features learned on one half of the rows, two-stage least squares with White's
#'   errors on the other, halves exchanged and averaged), `"bootstrap"` (people drawn with
#'   replacement, output layers solved again, hidden layers kept; through
#'   `future.apply`, the same numbers for any number of workers).
#' @param draws Bootstrap draws.
#' @param tuning How `estimator = "kiv"` chooses the penalty of its second stage: `"causal"`
#'   (Singh et al.'s validation on the exposures of the first half, which pulls the
#'   curve towards the regression of outcome on exposure) or `"held-out"` (on the
#'   predicted features of the first half, a consistent risk).
#' @param rank Largest rank of the kernel matrices of `"kiv"` (pivoted Cholesky).
#' @param shape `"free"` (default); `"increasing"` or `"decreasing"`: the curve keeps that direction over the whole
#'   range of the exposure in the data (at 120 exposures). The coefficients of the closed form are moved by as little as
#'   that takes in the metric of their posterior, by quadratic programming (package quadprog): a curve that is
#'   monotone already stays as it is. Bands become the narrowest around all curves of that shape inside the free
#'   fit's, which keeps the level of a uniform band. A test that the truth has this shape stands in the print and in the
#'   tests of `summary()`: the distance of the free fit, against that of 499 draws around a flat curve. For `estimator = "f2bmld"`, `solver = "closed"` and linear
#'   covariates (`"auto"` takes them).
#' @param adam [adam_control()]: settings of the three-net loop (solver `"adam"`).
#' @param ... Nothing: an argument without a use is an error.
#' @return A list of class `curve_control`.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' curve_control(members = 2)
#' @export
curve_control <- function(solver = "closed", members = 4, units = 50, instrument_units = 100, polish = 30,
                          covariates = "auto", band = "posterior", draws = 200, tuning = "causal", rank = 500,
                          shape = "free", adam = adam_control(), ...) {
  check_dots(...)
  check_choice(solver, "solver", c("closed", "adam"))
  check_number(members, "members", min = 1, max = 64, whole = TRUE)
  check_number(units, "units", min = 5, max = 500, whole = TRUE)
  check_number(instrument_units, "instrument_units", min = 5, max = 1000, whole = TRUE)
  check_number(polish, "polish", min = 0, max = 1000, whole = TRUE)
  check_choice(covariates, "covariates", c("auto", "linear", "flexible"))
  check_choice(band, "band", c("posterior", "sandwich", "bootstrap"))
  check_number(draws, "draws", min = 50, max = 1e5, whole = TRUE)
  check_choice(tuning, "tuning", c("causal", "held-out"))
  check_number(rank, "rank", min = 10, max = 2000, whole = TRUE)
  check_shape_settings(shape, solver, covariates, band)
  if (!inherits(adam, "adam_control")) abort_argument("adam", "made by adam_control()", describe(adam))
  check_made(adam)
  structure(
    list(
      solver = solver, members = members, units = units, instrument_units = instrument_units,
      polish = polish, covariates = covariates, band = band, draws = draws, tuning = tuning, rank = rank,
      shape = shape, adam = adam
    ),
    class = "curve_control"
  )
}

#' @export
print.curve_control <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat("Settings of iv_curve()\n")
  print_settings(x, 17)
  if (x$solver == "adam") print(x$adam)
  invisible(x)
}

#' Settings of the three-net loop
#'
#' Settings of `iv_curve(control = curve_control(solver = "adam"))`, the literal loop of F2BMLD: ten Adam steps
#' (moments .5 and .9) on each instrument net, then one on the treatment net.
#'
#' @param width,batch,steps Units of each net, rows of a minibatch, outer steps of the loop. As published: `width = 50`,
#'   whose errors were 4, 10 and 29 % larger than those of 10 units on the three designs of `bench/bench-ablation.R`
#'   (3 data sets each).
#' @param rate Step size of Adam.
#' @param lambda Weight of the penalty of the Lagrangian.
#' @param penalty Weight of the sum of squared parameters in every loss.
#' @param langevin Standard deviation of the Langevin noise that is added to the
#'   parameters after every Adam step (0: none).
#' @param mean_field Whether outputs are averages over units (1/N) instead of sums.
#' @param split Whether the two stages use disjoint halves of the rows, with their
#'   roles exchanged and the two curves averaged (`FALSE`: the same rows in both stages).
#' @param ... Nothing: an argument without a use is an error.
#' @return A list of class `adam_control`, for `curve_control(adam = )`.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' curve_control(solver = "adam", adam = adam_control(steps = 2000))
#' @export
adam_control <- function(width = 10, batch = 128, steps = 10000, rate = 1e-3, lambda = .3, penalty = 1e-5,
                         langevin = 0, mean_field = FALSE, split = FALSE, ...) {
  check_dots(...)
  check_number(width, "width", min = 1, max = 4096, whole = TRUE)
  check_number(batch, "batch", min = 1, max = 1e5, whole = TRUE)
  check_number(steps, "steps", min = 100, max = 1e8, whole = TRUE)
  check_number(rate, "rate", min = 0, max = 1, open = TRUE)
  check_number(lambda, "lambda", min = 0, max = 1000, open = TRUE)
  check_number(penalty, "penalty", min = 0)
  check_number(langevin, "langevin", min = 0)
  check_flag(mean_field, "mean_field")
  check_flag(split, "split")
  structure(
    list(
      width = width, batch = batch, steps = steps, rate = rate, lambda = lambda, penalty = penalty,
      langevin = langevin, mean_field = mean_field, split = split
    ),
    class = "adam_control"
  )
}

#' @export
print.adam_control <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat("Settings of the three-net loop\n")
  print_settings(x, 17)
  invisible(x)
}

object_laws$adam_control <- law_of_settings(adam_control)
object_laws$curve_control <- law_of_settings(curve_control)
