#' Settings of the autoencoder
#'
#' The cross-environment autoencoder (`encoder = "autoencoder"` of [learn_instruments()]) minimises, with s = (What,
#' Vhat) its
#' standardised code,
#' \deqn{L = rec + mmd \cdot MMD^2(\hat W) + hsic \cdot (mean_e HSIC_e + HSIC)(\hat V, \hat W) / 2 - entropy \cdot
#' mean_e \log\det cor_e(s)
#'   + relatedness \cdot mean (q(\hat W) - X)^2} (`src/core/autoencoder/autoencoder.h`, `code_loss.h`). rec is the
#' mean squared error of the standardised instruments, as principal components each divided by the square root of
#' its standard deviation (so that small directions count), or for genotypes and dosages the mean of
#' \eqn{-g \log \pi - (2 - g) \log(1 - \pi)}; missing calls are left out (and continuous instruments that have some
#' are only standardised). MMD is pooled over environments with weights p_e; HSIC is taken within environments
#' (which exogeneity needs) and over everybody; both are the unbiased statistics, because in a batch the biased ones
#' are mostly their null mean, and training then lowers that by bending the code. The code is standardised over
#' everybody, never within environments, before all of them: nothing falls by shrinking it.
#'
#' The encoder is a linear map plus a net of two hidden layers with layer normalisation and ReLU; the decoder is
#' such a net too, or linear in the monomials of the code. With a warm start the linear map begins as the
#' closed-form code and the net at nearly zero; the decoder learns that code first (`settle`), and weights are
#' replaced only when the criterion falls by more than its noise. From a random start the net first learns to
#' reconstruct (`settle`, at a rate of .01; a polynomial decoder is fitted anew every epoch at first); then its code
#' is whitened and turned so that the penalties are small (`src/core/autoencoder/code_turn.h`: the best of six
#' random rotations followed downhill, the net held still), and then everything is trained with the penalties.
#' Without the turn the penalties are met by bending the code, and it stays bent. Nothing counts before the
#' penalties have their weight, and then the latest weights within the noise of the best are taken: training removes
#' more than the held-out people can see.
#'
#' Criterion, for early stopping and between restarts: on held-out people (at most 1,000 an environment), normalised
#' HSIC of What and Vhat within environments plus normalised HSIC of What with the environment, Gaussian kernels,
#' each less its expectation when nothing depends; among weights whose reconstruction is within 5 % (and .02 of the
#' variance) of the best seen.
#'
#' In the published design one random start with
#' `kernel = "rbf", mmd = 50, hsic = 50, epochs = 300, settle = .6, ramp = .1` for all mixings
#' (`bench/bench-autoencoder.R`, 8 seeds) has a mean bias of at most .009 in every cell and a standard deviation of
#' .004 to .011 with polynomial mixings, .045 and .030 (two and three environments) with the invertible net; the
#' warm start has a bias of at most .006. On genotypes the binomial autoencoder lost to `encoder = "linear"` in all
#' four cells tried (eight data sets each, `Rscript bench/bench-autoencoder.R 8 snp`).
#'
#' Sources: (P) the published method, <https://arxiv.org/abs/2602.19782> and its simulation code; (M) measured here,
#' `bench/bench-autoencoder.R`.
#'
#' @param units Units of each hidden layer, a multiple of 16 (P leaves it open; M); 0: a linear encoder.
#' @param decoder `"mlp"`, `"polynomial"` of `decoder_degree` (P: the true degree of a polynomial mixing), or
#'   `"auto"`: polynomial where the closure encoder finds a polynomial mixing, else `"mlp"`.
#' @param decoder_degree 1, 2 or 3.
#' @param kernel Of MMD and HSIC in training: `"poly2"` (P's default, (x'y + 1)^2), `"poly3"` or `"rbf"` (width at
#'   the median distance of a standard Gaussian code; its statistics are about a hundred times smaller, so its
#'   weights should be larger).
#' @param mmd,hsic Weights; 1 and 1 is the corner of P's grid whose rerun is public.
#' @param entropy Weight of the log-determinant of the correlation (P: .01, of the covariance).
#' @param relatedness Weight of the prediction of the exposure from What (P: 0). Above 0 [latent_mr()] asks for
#'   `crossfit >= 2`.
#' @param warm_start `FALSE`: random start, as P. Wants more `epochs` and `settle` than the defaults: see above.
#' @param restarts Trainings from different random numbers; `NULL`: 1 with a warm start, else 3. They run by
#'   [future::plan()].
#' @param epochs At most this many passes over the longest environment (P: 400 or 800; M).
#' @param patience Epochs without a better criterion after which training stops.
#' @param batch People of each environment in a step (P: about 500); short environments are passed over more often.
#' @param held_out Share of every environment kept for the criterion.
#' @param settle Share of the epochs before the penalties begin (with a warm start the encoder is held still).
#' @param ramp Share of the epochs over which the penalties then grow to their weights.
#' @param rate,weight_decay Of AdamW, moments .9 and .999, the rate falling along a half cosine to a hundredth (P: 1e-3,
#'   1e-4, no schedule).
#' @param clip Largest norm of a gradient.
#' @param precision `"single"` or `"double"` arithmetic in training; results are double either way.
#' @param ... Nothing: an argument without a use is an error.
#' @return A list of class `autoencoder_control` that prints with the source of each value; for
#'   `encoder_control(autoencoder = )`.
#' @section Errors: `latentmr_error_argument`. Training that diverges ends in [learn_instruments()] with
#'   `latentmr_error_nonfinite`, whose `state` holds the last good parameters and the history.
#' @examples
#' autoencoder_control(kernel = "rbf", mmd = 100, hsic = 100)
#' encoder_control(autoencoder = autoencoder_control(epochs = 50))
#' @export
autoencoder_control <- function(units = 64, decoder = "auto", decoder_degree = 2, kernel = "poly2", mmd = 1, hsic = 1,
                                entropy = 0.01, relatedness = 0, warm_start = TRUE, restarts = NULL, epochs = 200,
                                patience = 50, batch = 500, held_out = 0.2, settle = 0.2, ramp = 0.2, rate = 3e-3,
                                weight_decay = 1e-4, clip = 1, precision = "single", ...) {
  check_dots(...)
  check_number(units, "units", 0, 512, whole = TRUE)
  if (units %% 16) abort_argument("units", "a multiple of 16", describe(units))
  check_choice(decoder, "decoder", c("auto", "mlp", "polynomial"))
  check_number(decoder_degree, "decoder_degree", 1, 3, whole = TRUE)
  check_choice(kernel, "kernel", c("poly2", "poly3", "rbf"))
  check_number(mmd, "mmd", 0)
  check_number(hsic, "hsic", 0)
  check_number(entropy, "entropy", 0)
  check_number(relatedness, "relatedness", 0)
  check_flag(warm_start, "warm_start")
  check_number(restarts, "restarts", 1, 100, whole = TRUE, null = TRUE)
  check_number(epochs, "epochs", 1, 1e5, whole = TRUE)
  check_number(patience, "patience", 1, 1e5, whole = TRUE)
  check_number(batch, "batch", 4, 1e5, whole = TRUE)
  check_number(held_out, "held_out", 0, 0.5)
  check_number(settle, "settle", 0, 1)
  check_number(ramp, "ramp", 0, 1)
  check_number(rate, "rate", 0, 1, open = TRUE)
  check_number(weight_decay, "weight_decay", 0, 1)
  check_number(clip, "clip", 0, Inf)
  check_choice(precision, "precision", c("single", "double"))
  structure(
    list(
      units = as.integer(units), decoder = decoder, decoder_degree = as.integer(decoder_degree), kernel = kernel,
      mmd = mmd,
      hsic = hsic, entropy = entropy, relatedness = relatedness, warm_start = warm_start, restarts = restarts,
      epochs = epochs, patience = patience, batch = batch, held_out = held_out, settle = settle, ramp = ramp,
      rate = rate, weight_decay = weight_decay, clip = clip, precision = precision
    ),
    class = "autoencoder_control"
  )
}

# Where each value comes from: P the published method, M measured.
autoencoder_sources <- c(
  units = "M", decoder = "P, M", decoder_degree = "P", kernel = "P", mmd = "P", hsic = "P", entropy = "P",
  relatedness = "P",
  warm_start = "M (P: FALSE)", restarts = "M", epochs = "M (P: 400, 800)", patience = "M", batch = "P", held_out = "M",
  settle = "M", ramp = "M", rate = "M (P: 0.001)", weight_decay = "P", clip = "M", precision = "M"
)

#' @export
print.autoencoder_control <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat("Settings of the autoencoder (P: published method, M: measured; of the defaults)\n")
  shown <- vapply(x, function(v) if (is.null(v)) "NULL" else format(v), "")
  cat(sprintf("  %-15s %-10s %s\n", names(x), shown, autoencoder_sources[names(x)]), sep = "")
  invisible(x)
}

object_laws$autoencoder_control <- law_of_settings(autoencoder_control)
