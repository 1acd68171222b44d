#' Settings of the encoders
#'
#' Every constant of [learn_instruments()] in one place, with its source.
#'
#' @param level Quantile of the null distribution above which a direction counts
#'   as moving or structured (linear encoder). The default, .95, is that of the
#'   largest eigenvalue, so that with no structure at all nothing is removed in
#'   95 of 100 data sets.
#' @param partial_level Genotypes: quantile of the same null above which a direction is
#'   partialled out although it does not count as found (at most `level`, and at most a tenth of the panel). A direction
#'   partialled out for nothing costs one variant's worth of strength, one that is missed costs
#'   bias: with .6 instead of .95 the error of the estimates was within 1 % of the same in cells
#'   1, 3, 8, 13 and 14 of [simulate_mr()] and 2 to 5 % smaller in cells 7, 8 and 13 with
#'   opposite individual confounding (60 data sets each;
#'   `PARTIAL_LEVEL=.95 RESULTS=elsewhere Rscript bench/bench-snp-panels.R panel`).
#' @param dimension_level The same quantile for the size of the invariant block of continuous instruments (from the
#'   gamma law of the draws' mean and variance). A direction that is called moving for nothing costs strength, in
#'   the published design with two environments a tenfold error; one that moves so little as to pass costs hardly
#'   any bias. At .95 it befell 3 of 40 data sets, at .999 none of the same 40 (`bench/bench-published.R`).
#' @param draws Number of draws of the null distribution.
#' @param null For continuous instruments: `"permutation"` permutes the environment
#'   labels of the rows (of 20,000 of them at most), which is right whatever the law of
#'   the latents, and needs an `mr_data` object; `"gaussian"` draws the null from
#'   Gaussian variables and needs moments only: too wide for latents with light tails,
#'   too narrow for heavy ones. `"auto"`: permutation when there are rows.
#' @param r2_min Squared correlation within environments above which two variants
#'   are put into one linkage-disequilibrium block, besides being significant at
#'   1 % over all pairs. Lower values join more, and then hide structure, which
#'   correlates variants too.
#' @param ld_window Base pairs within which two variants of one chromosome are put into
#'   one block as soon as their correlation is significant, whatever `r2_min` says
#'   (chromosomes of all variants must be known). Residual linkage of neighbours, of
#'   squared correlation .01 to .05 say, otherwise counts as structure in a large cohort and
#'   outranks the real one. 0 switches this off.
#' @param background_r2 Squared correlation within environments above which a background
#'   variant is dropped: with an instrument (on the same chromosome and within `ld_window`,
#'   where places are known) or with a background variant kept before it (in file order,
#'   within 500 variants of one chromosome). Linkage of .05 to .1 left between blocks of five
#'   was taken for 2 to 8 components more (cell 11 of [simulate_mr()]).
#' @param max_components At most this many background components. 0, with `latent_mr(random = "background")`: families
#'   (of one breeding population, say) are left to the random effects, which fill the components otherwise.
#' @param closure Largest c(d) at which the products of d latents count as closed
#'   (encoders `"closure"`, `"auto"`). It is rounding error for an exact polynomial mixing, .0015 with a
#'   tenth of noise, and above .05 where there is none.
#' @param flow [flow_control()].
#' @param check Excess of the check above which it alarms, see [learn_instruments()].
#' @param autoencoder [autoencoder_control()].
#' @param reference Encoder `"mechanism_sparsity"`: the name of an environment that touches no latent, if one is known.
#'   Then no majority is asked for, and two environments are enough.
#' @param sparse_starts The same: starts of the search for its rows.
#' @param sparse_mixing The same: how the instruments mix the latents. `"linear"`; `"closure"` or `"flow"` learn a code
#'   of people's rows first, as the encoders of these names do but without an invariant block, and look for its
#'   rows in that code.
#' @param ... Nothing: an argument without a use is an error.
#' @return A list of class `encoder_control` that prints.
#' @examples
#' encoder_control()
#' encoder_control(level = .99, draws = 500)
#' @export
encoder_control <- function(level = 0.95, partial_level = 0.6, dimension_level = 0.999, draws = 200, null = "auto",
                            r2_min = 0.05, ld_window = 3e6, background_r2 = 0.05, max_components = 20, closure = 0.01,
                            check = 0.02, flow = flow_control(), autoencoder = autoencoder_control(), reference = NULL,
                            sparse_starts = 20, sparse_mixing = "linear", ...) {
  check_dots(...)
  check_number(level, "level", 0.5, 1, open = TRUE)
  check_number(partial_level, "partial_level", 0.5, 1, open = TRUE)
  if (!missing(partial_level) && partial_level > level) {
    abort_argument("partial_level", sprintf("at most `level` (%s)", format(level)), format(partial_level))
  }
  check_number(dimension_level, "dimension_level", 0.5, 1, open = TRUE)
  check_number(draws, "draws", 20, 1e5, whole = TRUE)
  check_choice(null, "null", c("auto", "gaussian", "permutation"))
  check_number(r2_min, "r2_min", 0, 1)
  check_number(ld_window, "ld_window", 0, 1e9)
  check_number(background_r2, "background_r2", 0, 1)
  check_number(max_components, "max_components", 0, 200, whole = TRUE)
  check_number(closure, "closure", 0, 1)
  check_number(check, "check", 0)
  if (!inherits(flow, "flow_control")) abort_argument("flow", "made by flow_control()", describe(flow))
  check_made(flow)
  if (!inherits(autoencoder, "autoencoder_control")) {
    abort_argument("autoencoder", "made by autoencoder_control()", describe(autoencoder))
  }
  check_made(autoencoder)
  if (!is.null(reference)) check_string(reference, "reference")
  check_number(sparse_starts, "sparse_starts", 1, 1000, whole = TRUE)
  check_choice(sparse_mixing, "sparse_mixing", c("linear", "closure", "flow"))
  structure(
    list(
      level = level, partial_level = partial_level, dimension_level = dimension_level, draws = as.integer(draws),
      null = null, r2_min = r2_min, ld_window = ld_window, background_r2 = background_r2,
      max_components = as.integer(max_components), closure = as.double(closure), check = check, flow = flow,
      autoencoder = autoencoder, reference = reference, sparse_starts = as.integer(sparse_starts),
      sparse_mixing = sparse_mixing
    ),
    class = "encoder_control"
  )
}

#' @export
print.encoder_control <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat("Encoder settings\n")
  print_settings(x, 15)
  pointed(print(x$flow))
  pointed(print(x$autoencoder))
  invisible(x)
}

#' Settings of the flow encoder
#'
#' @param starts Fits of the flow in the dimension that is chosen (as many again when the check alarms). They run by
#'   [future::plan()].
#' @param rounds Rounds of four hinges (at most 8).
#' @param rows People per environment that a flow is fitted to, and as many to judge it
#'   (with more than six environments six times as many in all, at least 500 each).
#' @param gain Held-out loss (in nats a person) that a flow must gain over the linear code.
#' @param tolerance Eigenvalue of M below which a direction of a flow counts as invariant whatever the
#'   null says: a flow comes near the mixing, and with many people the null sees the rest.
#' @param ... Nothing: an argument without a use is an error.
#' @return A list of class `flow_control`, for `encoder_control(flow = )`.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' encoder_control(flow = flow_control(starts = 2))
#' @export
flow_control <- function(starts = 4, rounds = 6, rows = 5000, gain = 0.01, tolerance = 0.005, ...) {
  check_dots(...)
  check_number(starts, "starts", 1, 1000, whole = TRUE)
  check_number(rounds, "rounds", 1, 8, whole = TRUE)
  check_number(rows, "rows", 100, 1e6, whole = TRUE)
  check_number(gain, "gain", 0)
  check_number(tolerance, "tolerance", 0)
  structure(
    list(
      starts = as.integer(starts), rounds = as.integer(rounds), rows = as.integer(rows), gain = gain,
      tolerance = tolerance
    ),
    class = "flow_control"
  )
}

#' @export
print.flow_control <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat("Settings of the flow\n")
  print_settings(x, 15)
  invisible(x)
}

# Which settings the encoders read, and which their components of background variants (R/moments_background.R).
encoder_settings <- local({
  stationary <- c("dimension_level", "draws", "null")
  code <- c(stationary, "closure", "check")
  sparse <- c("reference", "sparse_starts", "sparse_mixing")
  auto <- c(code, "flow", sparse)
  list(
    genotypes = c("level", "partial_level", "draws", "r2_min", "ld_window"), linear = stationary, closure = code,
    flow = c(code, "flow"), auto = auto, mechanism_sparsity = c(stationary, sparse),
    autoencoder = c(auto, "autoencoder")
  )
})

warn_encoder_settings <- function(control, data, encoder) {
  continuous <- data$kind == "continuous"
  used <- if (continuous) encoder_settings[[encoder]] else encoder_settings$genotypes
  if (encoder == "autoencoder") used <- c(used, encoder)
  mixing <- control$sparse_mixing
  if (encoder == "mechanism_sparsity" && mixing != "linear") used <- c(used, encoder_settings[[mixing]])
  if (!is.null(data$background)) used <- c(used, names(background_defaults))
  idle <- setdiff(names(control), used)
  by <- vapply(idle, function(name) {
    of <- names(encoder_settings)[-1]
    of <- of[vapply(encoder_settings[of], function(read) name %in% read, NA)]
    if (name %in% encoder_settings$genotypes) {
      "genotypes and dosages"
    } else if (length(of)) {
      paste("encoder", quote_all(of, 7), "and continuous instruments"[name != "autoencoder"])
    } else {
      "background variants in `data`"
    }
  }, "")
  what <- sprintf("encoder = \"%s\" and %s", encoder, if (continuous) "continuous instruments" else "these genotypes")
  warn_idle_settings(control, by, encoder_control(), what)
}

# Components of background variants are computed where moments are. The control of
# what is learned from them must be the one they were made with; it is when none is given.
moments_control <- function(control, data, given, encoder) {
  check_control(control)
  if (given) warn_encoder_settings(control, data, encoder)
  made <- if (inherits(data, "mr_moments")) data$background$control
  other <- names(made)[vapply(names(made), function(name) control[[name]] != made[[name]], NA)]
  if (!length(other)) return(control)
  if (given) {
    words <- function(x) paste(other, vapply(x[other], format, ""), sep = " = ", collapse = ", ")
    abort_argument(
      "control", sprintf("one with %s, with which the background components of `data` were computed", words(made)),
      words(control),
      "mr_moments(control = ) computes them with other settings; without `control` these are taken."
    )
  }
  control[other] <- made[other]
  control
}

object_laws$flow_control <- law_of_settings(flow_control)
object_laws$encoder_control <- law_of_settings(encoder_control)
