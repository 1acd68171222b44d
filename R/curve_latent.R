#' @param data For a `latent_mr` fit: the `mr_data` object it was made from.
#' @rdname iv_curve
#' @details
#' From a `latent_mr` fit: the instruments are the learned ones, the covariates the block that
#' the fit partials out (environments, variant block, structure; of a cross-fitted fit fold by fold), linearly. More
#' than ten instruments become one score for each exposure, the first-stage prediction from the other
#' nine tenths of the people (10-fold cross-fitting), so that many weak
#' instruments do not pull the curve towards the confounded regression.
#' @export
iv_curve.latent_mr <- function(x, data, estimator = "f2bmld",
                               control = curve_control(covariates = "linear"), seed = NULL, ...) {
  check_dots(...)
  check_made(x)
  check_choice(estimator, "estimator", curve_estimators)
  if (length(x$exposure) > 3) {
    abort_argument("x", "a fit of at most three exposures", sprintf("one of %d", length(x$exposure)))
  }
  if (!inherits(control, "curve_control")) abort_argument("control", "the value of curve_control()", describe(control))
  check_made(control)
  if (missing(data) || !inherits(data, "mr_data")) {
    abort_argument(
      "data", "the mr_data object of the fit", if (missing(data)) "missing" else describe(data),
      hint = "A curve needs rows, which latent_mr() does not keep."
    )
  }
  check_data(data)
  check_own_people(x, data, "the mr_data object of the fit")
  seed <- draw_seed(seed)
  rows <- latent_curve_rows(x, data, seed)
  fit <- rows_curve(rows, estimator, control, seed)
  fit$call <- match.call()
  fit$dropped <- 0L
  fit$units <- x$units
  fit
}

latent_curve_rows <- function(x, data, seed) {
  working <- working_again(x, data)
  rows <- dense_rows(working$data, working$encoder, working$view, working$fold)
  w <- block_columns(latent_block("latent", working$encoder, working$view), rows, working$view)
  w <- w[, apply(w, 2, function(v) max(v) > min(v)), drop = FALSE]
  z <- rows$instruments
  names <- sprintf("latent%d", seq_len(ncol(z)))
  several <- length(x$exposure) > 1
  exposures <- matrix(as.double(rows$x), length(rows$y))
  if (ncol(z) > 10) {
    z <- apply(exposures, 2, crossfit_score, z, w, seed)
    names <- if (several) sprintf("score of %s", x$exposure) else "score"
  }
  list(
    y = as.double(rows$y), x = if (several) exposures else drop(exposures), z = plain_matrix(z), w = plain_matrix(w),
    names = list(
      outcome = x$outcome, exposure = x$exposure, instruments = names, covariates = sprintf("w%d", seq_len(ncol(w)))
    )
  )
}

# Prediction of x from z given w, by the people of the other folds.
crossfit_score <- function(x, z, w, seed, folds = 10) {
  fold <- with_seed(seed, sample(rep_len(seq_len(folds), length(x))))
  score <- numeric(length(x))
  for (k in seq_len(folds)) {
    out <- fold == k
    fit <- iv_fit(x[!out], w = unname(cbind(1, w[!out, , drop = FALSE], z[!out, , drop = FALSE])), estimator = "ols")
    score[out] <- z[out, , drop = FALSE] %*% first_stage_slopes(fit, 1 + ncol(w), ncol(z))
  }
  score
}
