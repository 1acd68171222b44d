#' Dose-response curves by instrumental variables
#'
#' Estimates the structural function `h` in `Y = h(X) + U`, `E[U | Z] = 0`, where `U` may
#' be correlated with the exposure `X`: nonparametric instrumental variable
#' regression by F2BMLD (fully first-order bilevel mean-field Langevin dynamics) with its
#' output layers solved exactly, shrunk to linear two-stage least squares as far as the
#' data do not contradict a line.
#'
#' @details
#' With exact inner nets the three-net game of F2BMLD is a projected least squares in
#' the treatment net: `L = lambda / (2 (1 + lambda)) |P (h(x) - y)|^2 / n`, `P` the
#' projection on an instrument basis. Here the basis is `[1, z, z^2, z^3]` with principal
#' components of random tanh units, cut by generalised cross-validation; the
#' treatment side is a line, a square and `members` nets of tanh units, averaged over a
#' grid of prior variances by their evidence. Lines and parabolas in that average, and the line
#' below, are fitted with `z` (parabolas: and its powers) alone unless more instruments halve
#' the approximate mean squared error (Donald and Newey 2001): every further one pulls
#' two-stage least squares towards the regression. Covariates are
#' partialled out exactly, or the curve depends on them (`covariates` in
#' [curve_control()]): blocks `xi(w)`, `x (w, xi(w))`, `psi(x)`, `psi(x, w)` of tanh units,
#' one prior variance each.
#'
#' The *strength* `rho` is the share that the instruments explain of the parabola of which they explain
#' least, given covariates: the smaller squared canonical correlation of `(x, x^2)`, without what noise explains (of
#' a Gaussian exposure, the square of the first stage's R2). Above .13 the
#' instruments are *strong*: all of the prior is on curves rougher than parabolas, and the hidden
#' layers take `polish` steps along the exact treatment gradient. Below it they are *weak*, and see
#' little more than a parabola: the square has a flat prior, so that the fit is quadratic two-stage least
#' squares with some room beside it.
#'
#' Two curves come back. The *unshrunk* fit has the band. The *shrunk* curve (what `predict()` gives first) is
#' `linear 2SLS + s (fit - linear 2SLS)` with `s = k (1 - tau V / D)` in `[0, 1]`, `D` the mean squared difference
#' from the line and `V` what noise alone gives; `s = 0` is exactly the line of linear 2SLS with the instruments as
#' given; `k = 8`. With strong instruments `tau = 3` and `s` is at most `4 (gain + 1/2)`, `gain` the log evidence of the
#' fit's prior (over nets and variances) less that of the line (`Rscript
#' bench/bench-curve-straight.R`). With weak ones `D / V` is about the square of the t of quadratic
#' two-stage least squares: `tau = 5`, which 2.5 % of straight lines exceed, or `tau = 1.64` (t = 1.28, 10 % on one
#' side) where the control function bends alike. That is the regression of the outcome on `x`, `x^2` and a cubic of
#' the first-stage residual (Blundell and Powell 2003), far more precise but right only if that residual does not
#' depend on the instruments; it never decides alone, and counts only if its bend is significant at 1 %, has the
#' sign of the bend of two-stage least squares, lies within two of its standard errors, and if the variance of the
#' residual does not change with the instruments (p > .05). Adaptive bands that are honest for a shrunk curve do not
#' exist in general, so none is drawn around it.
#'
#' The instruments see only so many directions of a curve (a biallelic SNP: two beside the
#' mean). Their number is estimated by sequential tests of canonical correlations
#' (Anderson 1951) and printed; where there is but one (a binary instrument), `s` is 0.
#'
#' A curve enters the data through `E[h(X) | Z]`, in which its slope at an exposure `x` weighs as much as the
#' instruments shift people across `x`, that is change `P(X > x)` (Angrist and Imbens 1995). This is tested at every
#' percentile of the exposure (likelihood ratio with the instruments and their powers, 5 % over all percentiles by
#' Bonferroni). The part of the curve outside the first and last exposure that is moved, or in a stretch of more
#' than ten percentiles that is not, is extrapolation, whatever the band: it is named in the print, grey in the
#' plot, marked in `as.data.frame()`.
#'
#' Where the spread of the residuals differs with the instruments (regression of their squares on instruments and their
#' squares, p < .01; Koenker 1981), which the evidence and the posterior do not know, `V` and the noise in the posterior
#' covariance have White's form, and `s` is at most `4 (b - 1/2)`, `b = -log(-e p log p)` the largest log evidence that
#' the `p` of the linearity test stands for (Sellke, Bayarri and Berger 2001); the print says so. The tests of linearity
#' always have White's errors, from the residuals of linear 2SLS. Surfaces take one variance.
#'
#' Two or three exposures (`y ~ w | x1 + x2 | z`, or a fit of several) give a surface, see [iv_surface].
#'
#' @param x A formula `y ~ x | z` or `y ~ w | x | z` (covariates, exposure,
#'   instruments; also `y ~ x + w | z + w`), or a fitted object.
#' @param formula The same.
#' @param data Data frame.
#' @param estimator `"f2bmld"`; `"kiv"`: kernel instrumental variables (Singh, Sahani and
#'   Gretton 2019) in low-rank form, no bands; `"sieve"`: CRAN's `npiv`, where installed, with its
#'   own uniform bands (95 %). Tests, strength and references are the same for all.
#' @param control Settings, see [curve_control()].
#' @param seed Whole number, or `NULL` to draw one from R's generator. Same data and seed
#'   give the same numbers.
#' @param subset,na.action As in [lm()]. Rows with missing values are handled by
#'   `na.action`; their number is printed. An `offset()` in the formula is subtracted from the outcome: the curve is
#'   that of what is left.
#' @param ... Not used; anything given is an error.
#' @return Of several exposures an object of class [iv_surface]; of one an object of class `iv_curve` with methods for `predict`, `plot`, `print`, `summary`, `tidy`, `glance`,
#'   `as.data.frame`, `nobs`, [average_effect()], [average_derivative()]. Its fields: `estimator`, `solver`, `names`
#'   (of outcome, exposure, instruments, covariates), `nobs`, `range` (of the exposure, percentiles 1 and 99),
#'   `shrink` (s), `identification` (strength, directions, exposures that are moved), `references`, `tests`,
#'   `control`, `seed`, `call`, `formula`. Others are private.
#' @section Errors: `latentmr_error_argument` (also for factors, constants, infinite values,
#'   fewer than 50 rows, more instruments than half of the rows),
#'   `latentmr_error_singular` when the instruments do not vary given the covariates.
#' @references Angrist and Imbens (1995), Journal of the American Statistical Association
#'   90:431. Blundell and Powell (2003), in Advances in Economics and Econometrics, volume 2,
#'   Cambridge University Press, chapter 8. Donald and Newey (2001), Econometrica 69:1161. Chen, Nitanda, Gretton and
#'   Suzuki (2025), arXiv:2511.14710. Singh, Sahani
#'   and Gretton (2019), NeurIPS. Anderson (1951), Annals of Mathematical Statistics 22:327. Koenker (1981), Journal of
#'   Econometrics 17:107. Sellke, Bayarri and Berger (2001), American Statistician 55:62.
#' @examples
#' set.seed(1)
#' z <- rnorm(500)
#' u <- rnorm(500)
#' d <- data.frame(z, x = z + u, y = abs(z + u) + u + rnorm(500))
#' fit <- iv_curve(y ~ x | z, data = d, seed = 1)
#' fit
#' predict(fit, data.frame(x = c(-1, 0, 1)), interval = "confidence")
#' average_effect(fit, from = 0, to = 1)
#' @export
iv_curve <- function(x, ...) {
  check_given("x")
  UseMethod("iv_curve")
}

#' @export
iv_curve.default <- function(x, ...) {
  abort_argument("x", "a formula such as y ~ x | z or a latent_mr fit", describe(x))
}

#' @rdname iv_curve
#' @export
iv_curve.formula <- function(formula, data, estimator = "f2bmld", control = curve_control(),
                             seed = NULL, subset, na.action, ...) {
  check_dots(...)
  check_given("formula", lazy = in_data)
  check_choice(estimator, "estimator", curve_estimators)
  if (!inherits(control, "curve_control")) abort_argument("control", "the value of curve_control()", describe(control))
  check_made(control)
  seed <- draw_seed(seed)
  call <- match.call()
  call[[1]] <- quote(iv_curve) # the method is not exported: update() calls what was called,
  names(call)[names(call) == "formula"] <- "" # whose first argument is `x`
  if (missing(data)) data <- environment(formula)
  frame <- match.call(expand.dots = FALSE)
  frame <- frame[c(1, match(c("formula", "data", "subset", "na.action"), names(frame), 0))]
  frame$formula <- iv_formula(formula)
  check_formula_data(frame$formula, data, as.list(frame)["subset"], environment(formula))
  if (is.data.frame(data)) frame$data <- plain_columns(data)
  frame$drop.unused.levels <- TRUE
  frame[[1]] <- quote(stats::model.frame)
  frame <- formula_frame(frame, data, parent.frame())
  check_frame_finite(frame)
  rows <- curve_rows(frame$formula, frame, data, formula = iv_formula(formula))
  fit <- rows_curve(rows, estimator, control, seed)
  fit$design <- rows$design
  fit$call <- call
  fit$formula <- formula
  fit$dropped <- length(attr(frame, "na.action"))
  fit
}

curve_estimators <- c("f2bmld", "kiv", "sieve")

# Of one exposure a curve, of several (a matrix) a surface.
rows_curve <- function(rows, estimator, control, seed) {
  say_work("The curve", 1e-6 * length(rows$y) * (20 + ncol(rows$z))) # measured: 4 s for 100,000 and 20 instruments
  if (is.matrix(rows$x)) vector_fit(rows, estimator, control, seed) else curve_fit(rows, estimator, control, seed)
}

# Everything after the data are matrices: shared by the formula method, latent_mr fits
# and negative controls. `model` is always the closed solver with linear covariates:
# tests and identification come from it; `curve` is what another solver found.
curve_fit <- function(rows, estimator, control, seed) {
  check_shape(control, estimator)
  check_curve_rows(rows)
  model <- closed_fit(rows, control, seed)
  uneven <- curve_uneven(model, rows)
  model$cov <- uneven_cov(model, uneven)
  found <- solve_curve(rows, estimator, control, seed)
  fit <- new_object(
    "iv_curve",
    list(
      estimator = estimator, solver = found$solver, control = control, seed = seed, nobs = length(rows$y),
      names = rows$names, data = rows[c("y", "x", "z", "w")], model = model, curve = found$curve,
      uneven = uneven
    )
  )
  fit$range <- unname(stats::quantile(rows$x, c(.01, .99)))
  fit$identification <- curve_identification(fit)
  fit$references <- curve_references(rows)
  fit$alike <- bends_alike(fit$references)
  fit$shrink <- if (is_shrunk(fit)) curve_solver(fit)$shrink(fit) else 1
  fit$band <- other_band(fit, rows)
  fit$shape <- curve_shape(fit)
  fit$tests <- curve_tests(fit)
  fit
}
