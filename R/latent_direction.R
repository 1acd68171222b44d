#' Direction of the effect: which trait stands nearer to the instruments
#'
#' If the exposure acts on the outcome, and the instruments act through the exposure alone, they explain a larger
#' share of the variance of the exposure than of the outcome. The reverse speaks for an effect of the outcome on the
#' exposure, or for instruments that reach the outcome on other ways (Steiger's test of direction, on individual
#' data).
#'
#' Exposure and outcome are of the same people, so the two correlations are correlated themselves; the test for two
#' samples, `TwoSampleMR::mr_steiger()`, takes them as independent. After the block C of the fit was partialled out
#' of everything:
#'
#' * each variant: \eqn{r_{gX}} and \eqn{r_{gY}} in absolute value by Steiger's (1980) z for dependent correlations.
#'   With \eqn{m} their mean, \eqn{r} the correlation of exposure and outcome (times the sign of
#'   \eqn{r_{gX} r_{gY}}), \eqn{s = \{r(1 - 2m^2) - m^2(1 - 2m^2 - r^2)/2\}/(1 - m^2)^2}:
#'   \eqn{z = (\mathrm{atanh}|r_{gX}| - \mathrm{atanh}|r_{gY}|) \sqrt{(n - K - 2)/(2 - 2s)}}, K columns of C,
#'   intercept included;
#' * all instruments together: adjusted \eqn{R^2 = 1 - \{r_1/(n - K - L)\}/\{r_0/(n - K)\}}, with \eqn{r_0} and
#'   \eqn{r_1} what is left of a trait after C, and after C and the L instruments. The variance of the difference is
#'   by the delta method from \eqn{\Omega = r_1/(n - K - L)} and \eqn{S = (r_0 - r_1 - L\Omega)/n} (two by two, of
#'   exposure and outcome): \eqn{Cov(S_{XX}, S_{YY}) = 4 S_{XY}\Omega_{XY}/n + 2L\Omega_{XY}^2/n^2},
#'   \eqn{Cov(\Omega_{XX}, \Omega_{YY}) = 2\Omega_{XY}^2/(n - K - L)}, normal errors, instruments held fixed. The
#'   terms in L are what many weak instruments add.
#'
#' Everything comes from moments. P-values are two-sided and normal.
#'
#' Error of measurement lowers the share that is explained. In the exposure it works against the right verdict; an
#' outcome measured with much error can look farther from the instruments than it is: the print says how much error
#' would turn the verdict. Confounding of exposure and outcome does not disturb the test; for a 0/1 trait the shares
#' are on the scale of probabilities, not of liability.
#'
#' @param fit A [latent_mr()] fit, or one of [iv_reg()] or [iv_fit()] with one endogenous variable.
#' @param ... Nothing: an argument without a use is an error.
#' @return List of class `direction_test`: `direction`, a data frame with the columns of
#'   `TwoSampleMR::directionality_test()`:
#'   `id.exposure, id.outcome, exposure, outcome, snp_r2.exposure, snp_r2.outcome, correct_causal_direction, steiger_pval`,
#'   and `z`; `variants`, a data frame with `SNP` and the columns of `TwoSampleMR::steiger_filtering()`: `rsq.exposure,
#'   rsq.outcome, steiger_dir, steiger_pval` (`NA` for a variant that C explains; `NULL` for fits of iv_reg()).
#' @section Errors: `latentmr_error_argument` for other objects and for several endogenous variables.
#' @references Steiger (1980), Psychological Bulletin 87:245. Hemani, Tilling and Davey Smith (2017), PLOS Genetics
#'   13:e1007081.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' fit <- latent_mr(data, methods = "latent_2sls", seed = 1)
#' direction_test(fit)
#' @export
direction_test <- function(fit, ...) {
  check_given("fit")
  UseMethod("direction_test")
}

#' @export
direction_test.default <- function(fit, ...) {
  abort_argument("fit", "a fit of latent_mr() with one exposure, of iv_reg() or of iv_fit()", describe(fit))
}

#' @rdname direction_test
#' @export
direction_test.latent_mr <- function(fit, ...) {
  check_dots(...)
  check_made(fit)
  need_one_exposure(fit, "The direction test")
  out <- whole_direction(fit$latent$kclass, fit$exposure, fit$outcome)
  sums <- fit$latent$variants
  gg <- sums_squares(sums)
  own <- diag(sums$r0)
  usable <- is.finite(gg) & gg > sums$least & all(own > 0)
  correlation <- sums$gyx / sqrt(outer(gg, own))
  correlation[!usable, ] <- NA
  r <- pmin(pmax(correlation, -1), 1)
  z <- .Call(C_ffi_steiger, r[, 2], r[, 1], sums$r0[1, 2] / sqrt(prod(own)), sums$df - 1)
  out$variants <- data.frame(
    SNP = fit$variants$snp, rsq.exposure = r[, 2]^2, rsq.outcome = r[, 1]^2, steiger_dir = abs(r[, 2]) > abs(r[, 1]),
    steiger_pval = wald_p(z), stringsAsFactors = FALSE
  )
  out
}

#' @rdname direction_test
#' @export
direction_test.iv_reg <- function(fit, ...) {
  check_dots(...)
  check_made(fit)
  m <- fit_moments(fit)
  if (m$k != 1) abort_argument("fit", "a fit with one endogenous variable", sprintf("one with %d", m$k))
  outcome <- if (is.null(fit$formula)) "y" else deparse1(fit$formula[[2]])
  whole_direction(m, endogenous_kept(fit), outcome)
}

# `m`: R/iv_kclass.R.
whole_direction <- function(m, exposure, outcome) {
  out <- .Call(C_ffi_direction, m$r0, m$r1, kclass_sizes(m))
  structure(class = "direction_test", list(
    direction = data.frame(
      id.exposure = exposure, id.outcome = outcome, exposure = exposure, outcome = outcome, snp_r2.exposure = out[1],
      snp_r2.outcome = out[2], correct_causal_direction = out[1] > out[2], steiger_pval = wald_p(out[4]),
      z = out[4], stringsAsFactors = FALSE
    )
  ))
}

#' @export
print.direction_test <- function(x, ...) {
  check_dots(...)
  check_printed(x, "direction_test")
  cat_page(direction_words(x$direction), exdent = 2)
  v <- x$variants
  if (!is.null(v)) {
    sure <- function(way) which(v$steiger_dir == way & v$steiger_pval < .05)
    text <- sprintf(
      "Variant by variant: %d of %d explain more of %s than of %s, %d of them beyond chance (5 %%); %d explain more of %s beyond chance%s.",
      sum(v$steiger_dir, na.rm = TRUE), sum(!is.na(v$steiger_dir)), x$direction$exposure, x$direction$outcome,
      length(sure(TRUE)), length(sure(FALSE)), x$direction$outcome,
      if (length(sure(FALSE))) sprintf(": %s", quote_all(v$SNP[sure(FALSE)])) else ""
    )
    cat_page(text, exdent = 2)
  }
  invisible(x)
}

direction_words <- function(d) {
  share <- function(r) sprintf("%.2g %%", 100 * r)
  head <- sprintf(
    "The instruments explain %s of the variance of %s and %s of that of %s, given what is partialled out",
    share(d$snp_r2.exposure),
    d$exposure, share(d$snp_r2.outcome), d$outcome
  )
  if (!isTRUE(d$steiger_pval < .05)) {
    return(sprintf("%s: no direction can be told (difference %s).", head, p_is(d$steiger_pval)))
  }
  if (d$correct_causal_direction) {
    sprintf(
      "%s: as when %s acts on %s (difference %s). The verdict would turn if less than %s of the variance of %s were real and the rest error of measurement.",
      head, d$exposure, d$outcome, p_is(d$steiger_pval), share(d$snp_r2.outcome / d$snp_r2.exposure), d$outcome
    )
  } else {
    sprintf(
      "%s: against an effect of %s on %s through which alone they act (difference %s). Either %s acts on %s, or the instruments reach %s on other ways, or less than %s of the variance of %s is real and the rest error of measurement.",
      head, d$exposure, d$outcome, p_is(d$steiger_pval), d$outcome, d$exposure, d$outcome,
      share(d$snp_r2.exposure / d$snp_r2.outcome), d$exposure
    )
  }
}
