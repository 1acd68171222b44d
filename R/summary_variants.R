#' Tables of the variants, in TwoSampleMR's columns
#'
#' Estimates variant by variant (`single_variant()`), heterogeneity and the intercept of
#' MR-Egger (`variant_tests()`), from the associations of [as_twosample()]. The frames have the
#' columns of `TwoSampleMR::mr_singlesnp()`, `mr_heterogeneity()` and `mr_pleiotropy_test()`,
#' so its plots run on them. Without each variant: [leave_one_out()] of the same estimators.
#'
#' With associations \eqn{(b_{Xj}, s_{Xj})} and \eqn{(b_{Yj}, s_{Yj})}:
#' \describe{
#' \item{single variants}{the Wald ratio \eqn{b_{Yj}/b_{Xj}}, error \eqn{s_{Yj}/|b_{Xj}|}.}
#' \item{`ivw`, `ivw_fixed`}{generalised least squares of \eqn{b_Y} on \eqn{b_X} with
#'   covariance \eqn{s_{Yj} s_{Yk} \rho_{jk}}; \eqn{\rho} is the correlation of the residual
#'   variants within blocks of linkage disequilibrium, 0 between blocks, so that it
#'   is the usual inverse-variance weighting when every variant is its own block.
#'   `ivw` multiplies the error by \eqn{\max(1, \sqrt{Q/df})} (multiplicative random
#'   effects), `ivw_fixed` does not.}
#' \item{`egger`}{the same with an intercept, every variant turned to raise the
#'   exposure; errors as `ivw`. The intercept is the mean direct effect.}
#' \item{`weighted_median`}{weights \eqn{b_{Xj}^2/s_{Yj}^2}; the error is the standard
#'   deviation over 1,000 draws of both associations from their normal laws, weights
#'   fixed. Correlation is not used.}
#' \item{Q}{the residual sum of squares of `ivw` and `egger`, \eqn{\chi^2} on `Q_df`.}
#' }
#' P-values are normal, as in MendelianRandomization; TwoSampleMR takes MR-Egger's
#' from the t law. A variant that is determined by the others of its block, or by
#' what is partialled out, has no row.
#'
#' @param fit A [latent_mr()] fit on genotypes or dosages.
#' @param ... Nothing: an argument without a use is an error.
#' @return `single_variant()`: data frame with columns
#'   `exposure, outcome, id.exposure, id.outcome, samplesize, SNP, b, se, p`; the last rows are named `All`. Its print is
#'   folded ([print.mr_table()]) to the rows of all variants and those with the smallest errors.
#'   `variant_tests()`: one row for MR-Egger and one for IVW, with
#'   `id.exposure, id.outcome, outcome, exposure, method, Q, Q_df, Q_pval` and, in MR-Egger's row,
#'   `egger_intercept, se, pval` of its intercept. What the variants are too few for is `NA`.
#' @section Errors: `latentmr_error_argument` for a fit on continuous instruments, for
#'   anything but a fit.
#' @references Burgess, Butterworth and Thompson (2013), Genet Epidemiol 37:658. Burgess,
#'   Dudbridge and Thompson (2016), Stat Med 35:1880 (correlated variants). Bowden, Davey
#'   Smith and Burgess (2015), Int J Epidemiol 44:512 (MR-Egger). Bowden et al. (2016), Genet
#'   Epidemiol 40:304 (weighted median). Bowden et al. (2017), Stat Med 36:1783 (Q).
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' fit <- latent_mr(data, methods = c("ivw", "weighted_median"), seed = 1)
#' single_variant(fit)
#' variant_tests(fit)
#' tail(leave_one_out(fit, "variant", method = "ivw"))
#' @export
single_variant <- function(fit, ...) {
  check_dots(...)
  check_given()
  a <- fit_associations(fit, "A table of variants")
  x <- summary_input(a)
  all <- list(summary_ivw(x), summary_egger(x))
  ratio_se <- x$sy / abs(x$bx)
  b <- c(x$by / x$bx, vapply(all, `[[`, 0, "b"))
  se <- c(ratio_se, vapply(all, `[[`, 0, "se"))
  out <- ratio_table(fit, c(fit_snp(fit)[x$index], paste("All -", summary_names(c("ivw", "egger")))), b, se)
  all <- seq_along(b) > length(ratio_se)
  folded_table(
    out, order(!all, out$se), "those of all variants first, then the smallest errors", c("SNP", "b", "se", "p")
  )
}

#' @rdname single_variant
#' @export
variant_tests <- function(fit, ...) {
  check_dots(...)
  check_given()
  x <- summary_input(fit_associations(fit, "A table of variants"))
  egger <- summary_egger(x)
  rows <- lapply(list(egger, summary_ivw(x)), function(f) if (is.null(f$q)) rep(NA_real_, 3) else f$q)
  q <- unname(do.call(rbind, rows))
  intercept <- if (is.null(egger$intercept)) rep(NA_real_, 3) else unname(egger$intercept)
  data.frame(
    fit_names(fit), method = summary_names(c("egger", "ivw")), Q = q[, 1], Q_df = q[, 2], Q_pval = q[, 3],
    egger_intercept = c(intercept[1], NA), se = c(intercept[2], NA), pval = c(intercept[3], NA),
    stringsAsFactors = FALSE
  )
}

summary_without <- function(x, j) {
  if (!length(j)) return(x)
  rho <- if (!is.null(x$rho)) x$rho[-j, -j, drop = FALSE]
  list(index = x$index[-j], bx = x$bx[-j], sx = x$sx[-j], by = x$by[-j], sy = x$sy[-j], rho = rho)
}

estimate_pair <- function(x) c(x$b, x$se)

# Without variant j the precision matrix P of the others is P - P_j P_j' / P_jj, so
# all sums of squares A'PA of A = (columns, by) come from one inverse.
gls_without_each <- function(method, x) {
  egger <- method == "egger"
  sign <- if (egger) ifelse(x$bx < 0, -1, 1) else rep(1, length(x$bx))
  a <- cbind(if (egger) 1, x$bx * sign, x$by * sign)
  k <- ncol(a) - 1
  df <- nrow(a) - 1 - k
  if (df < egger) return(matrix(NA_real_, 2, nrow(a))) # MR-Egger of two variants is none
  if (is.null(x$rho)) { # independent: P is diagonal
    alone <- 1 / x$sy^2
    pa <- alone * a
  } else {
    precision <- chol2inv(chol(x$rho * outer(x$sy * sign, x$sy * sign)))
    alone <- diag(precision)
    pa <- precision %*% a
  }
  total <- crossprod(a, pa)
  vapply(seq_len(nrow(a)), function(j) {
    s <- total - tcrossprod(pa[j, ]) / alone[j]
    inverse <- or_else(solve(s[1:k, 1:k, drop = FALSE]), NULL)
    if (is.null(inverse)) return(c(NA_real_, NA_real_))
    b <- inverse %*% s[1:k, k + 1]
    q <- s[k + 1, k + 1] - sum(b * s[1:k, k + 1])
    factor <- if (method == "ivw_fixed" || df == 0) 1 else sqrt(max(1, q / df))
    c(b[k], sqrt(inverse[k, k]) * factor)
  }, numeric(2))
}

ratio_table <- function(fit, snp, b, se, df = Inf) {
  data.frame(
    exposure = fit$exposure, outcome = fit$outcome, id.exposure = fit$exposure, id.outcome = fit$outcome,
    samplesize = as.double(fit$latent$n), SNP = snp, b = b, se = se, p = wald_p(b, se, df), stringsAsFactors = FALSE
  )
}

fit_names <- function(fit) {
  data.frame(
    id.exposure = fit$exposure, id.outcome = fit$outcome, outcome = fit$outcome, exposure = fit$exposure,
    stringsAsFactors = FALSE
  )
}

fit_snp <- function(fit) clean_snp(fit$variants$snp)

# Estimate and error without each variant, then with all of them.
summary_each_left_out <- function(x, method, seed) {
  left <- if (method == "weighted_median") {
    step <- progress_steps("Medians without one variant", length(x$index))
    vapply(seq_along(x$index), function(j) {
      on.exit(step())
      estimate_pair(summary_method(method, summary_without(x, j), seed))
    }, numeric(2))
  } else {
    gls_without_each(method, x)
  }
  cbind(left, estimate_pair(summary_method(method, x, seed)))
}
