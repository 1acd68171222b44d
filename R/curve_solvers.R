# The registry of what finds a curve. A new solver is an entry here and a file R/curve_<name>.R.
# An entry:
#   label        what it is called in print
#   asked(estimator, control, rows)   whether it is what the user asked for
#   fit(rows, control, seed)          what is kept as `fit$curve`, a list; NULL: it is not this
#                                     one after all, and the next that was asked for has its turn
#   value(fit, at, derivative)        list(fit, unshrunk) at the exposures `at$x` and the
#                                     covariates `at$w` (NULL: averaged over people)
#   covariance(fit, at, derivative)   of the unshrunk fit; absent: it has none
# and, where it has them:
#   lines(fit, number)                lines of print() of its own
#   shrink(fit)                       how far the curve leaves the line: then print, table and
#                                     plot show the shrunk curve beside the unshrunk fit
#   band(fit, rows)                   bands from the rows, by `curve_control(band = )`
#   slope(fit)                        average derivative: c(shrunk, unshrunk, standard error)
#   std_error(fit, at, derivative)    where there is no covariance
#   uniform                           list(level, whose, bounds(fit, at, derivative))
# `fit$solver` is the name of the entry; nothing but curve_solver() reads it.
curve_solvers <- function() {
  list(
    adam = list(
      label = "F2BMLD, three-net loop",
      asked = function(estimator, control, rows) estimator == "f2bmld" && control$solver == "adam",
      fit = adam_fit, value = adam_value, lines = adam_lines
    ),
    kiv = list(
      label = "kernel instrumental variables", asked = function(estimator, control, rows) estimator == "kiv",
      fit = kiv_fit, value = kiv_value
    ),
    sieve = list(
      label = "sieve of npiv", asked = function(estimator, control, rows) estimator == "sieve",
      fit = sieve_fit, value = sieve_value, std_error = sieve_std_error,
      uniform = list(level = .95, whose = "npiv", bounds = sieve_bounds)
    ),
    surface = list(
      label = "F2BMLD, closed form, flexible covariates",
      asked = function(estimator, control, rows) estimator == "f2bmld" && surface_wanted(rows, control),
      fit = surface_fit, value = surface_value, covariance = surface_covariance, lines = surface_lines
    ),
    closed = list(
      label = "F2BMLD, closed form", asked = function(estimator, control, rows) TRUE,
      # The model that every curve is fitted with for its tests is the curve itself.
      fit = function(rows, control, seed) list(), value = closed_value, covariance = closed_covariance,
      lines = closed_lines, shrink = curve_shrink, band = closed_band, slope = closed_mean_slope
    )
  )
}

curve_solver <- function(fit) curve_solvers()[[fit$solver]]

curve_label <- function(fit) curve_solver(fit)$label

# The first that was asked for and finds something.
solve_curve <- function(rows, estimator, control, seed) {
  for (name in names(curve_solvers())) {
    solver <- curve_solvers()[[name]]
    if (!solver$asked(estimator, control, rows)) next
    found <- solver$fit(rows, control, seed)
    if (!is.null(found)) return(list(solver = name, curve = found))
  }
}

has_band <- function(fit) {
  solver <- curve_solver(fit)
  !is.null(solver$covariance) || !is.null(solver$std_error)
}

is_shrunk <- function(fit) !is.null(curve_solver(fit)$shrink)

solver_lines <- function(fit, number) {
  lines <- curve_solver(fit)$lines
  if (!is.null(lines)) lines(fit, number)
}
