#' Pictures of a fit
#'
#' Every picture is a ggplot: add to it, save it with `ggplot2::ggsave()`, take its
#' numbers from `$data`. `attr(, "size")` is the width and height in inches at which it
#' reads well. On a smaller device it is fitted when it is drawn: smaller letters, lines broken anew, labels left out
#' where they would overprint, no captions on the smallest. Shapes and line types repeat what colours say.
#'
#' @param x A [latent_mr()] fit or a [learn_instruments()] encoder.
#' @param type What to draw.
#'   * `"forest"` (fits; default): all estimators with the conditional likelihood ratio set, the headline in every
#'     environment and without each. Sets that are rays or the whole line end in
#'     arrows; so does what goes on beyond the picture. Of several exposures: all estimators, a panel for each.
#'   * `"environments"`: every estimator in every environment.
#'   * `"first_stage"`: F and weight of every environment.
#'   * `"scatter"`, `"funnel"`, `"single_variant"`, `"leave_one_out"`: the pictures of
#'     summary-data MR from the associations of [as_twosample()]; of more than 24 variants
#'     the last two name the 24 that matter most, `$data` has all. These, `"environments"` and `"first_stage"` are
#'     for one exposure.
#'   * `"spectrum"` (encoders; default): eigenvalues of the encoder with their null line; of a nonlinear one also
#'     those of the instruments before and the c(d) of the closure.
#'   * `"latent"`: densities of the leading latents in every environment; needs `data`.
#'   * `"quality"`: the change of every latent between environments and the dependence of the invariant
#'     block on other columns, over the smallest that the data would show.
#'   * `"history"`: losses of an encoder that was trained in steps.
#'   * `"mask"`: which environments touch which latents (`encoder = "mechanism_sparsity"`).
#' @param data For `"latent"`: the `mr_data` object.
#' @param units `NULL`: those of the data, if known; or the units of exposure (exposures) and outcome for the axes,
#'   such as `c("mmol/L", "mmHg")`.
#' @param ... Nothing: an argument without a use is an error.
#' @return A `ggplot`.
#' @section Errors: `latentmr_error_argument`: an unknown type, a type that the fit
#'   has no numbers for (`by_environment = FALSE`; pictures of variants for
#'   continuous instruments), `data` missing.
#' @seealso [single_variant()], [plot.iv_curve()].
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' fit <- latent_mr(data, seed = 1)
#' plot(fit, units = c("mmol/L", "mmHg"))
#' plot(fit, "scatter")
#' plot(fit, "latent", data = data)
#' head(plot(fit, "first_stage")$data)
#' @importFrom ggplot2 .data
#' @export
plot.latent_mr <- function(x, type = "forest", data = NULL, units = NULL, ...) {
  check_dots(...)
  check_made(x)
  check_choice(type, "type", fit_pictures)
  several <- length(x$exposure) > 1
  units <- own_units(check_units(units, x$exposure), x$units, x$exposure, x$outcome)
  if (type == "latent" && inherits(data, "mr_data")) {
    check_data(data)
    check_own_people(x, data, "the mr_data object of the fit")
  }
  if (several && type %in% one_exposure_pictures) need_one_exposure(x, sprintf("The picture \"%s\"", type))
  switch(type,
    forest = if (several) plot_exposures(x, units) else plot_forest(x, units),
    environments = plot_environments(x, units), first_stage = plot_first_stage(x),
    scatter = plot_scatter(x, units), funnel = plot_funnel(x, units), single_variant = plot_single(x, units),
    leave_one_out = plot_leave_one_variant(x, units), spectrum = plot_spectrum(x$encoder),
    latent = plot_latents(x$encoder, data), history = plot_training(x$encoder),
    quality = plot_quality(x$quality), mask = plot_mask(x$encoder)
  )
}

fit_pictures <- c(
  "forest", "environments", "first_stage", "scatter", "funnel", "single_variant", "leave_one_out", "spectrum", "latent",
  "history", "quality", "mask"
)

one_exposure_pictures <- c("environments", "first_stage", "scatter", "funnel", "single_variant", "leave_one_out")

#' @rdname plot.latent_mr
#' @export
plot.latent_instruments <- function(x, type = "spectrum", data = NULL, ...) {
  check_dots(...)
  check_made(x)
  check_choice(type, "type", c("spectrum", "latent", "history", "quality", "mask"))
  switch(type,
    spectrum = plot_spectrum(x), latent = plot_latents(x, data), history = plot_training(x),
    quality = plot_quality(x$quality), mask = plot_mask(x)
  )
}
