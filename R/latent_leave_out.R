#' Leave-one-out: environments, chromosomes, variants
#'
#' The estimate without each environment, each chromosome or each variant: does the result hang on one of them?
#'
#' Without a chromosome or a variant means that its variants are no instruments: they become controls, i.e. they are
#' partialled out with the block C and may have effects of their own on the outcome. (To drop them altogether would
#' leave them in what C and linked variants know of them.) With \eqn{\tilde V} these variants after C,
#' \eqn{[y\,x]'M_C[y\,x]} loses \eqn{[y\,x]'\tilde V(\tilde V'\tilde V)^{-1}\tilde V'[y\,x]} and nothing else
#' changes, so that all rows come from the fit's cross products. Environments are left out with their people; their
#' rows are those of the fit.
#'
#' Errors are classical (LIML and Fuller: Bekker's), times \eqn{\sqrt{\max(1, J/df)}} for all but 2SLS as in
#' [latent_mr()]; for environments they are those of the fit.
#'
#' @param fit A [latent_mr()] fit.
#' @param over `"environment"`, `"chromosome"` or `"variant"`.
#' @param method Estimator for chromosomes and variants: `"latent_nagar"`, `"latent_2sls"`, `"latent_liml"` or
#'   `"latent_fuller"`; `NULL` is Nagar's on genotypes, 2SLS on continuous instruments. For variants also `"ivw"`,
#'   `"ivw_fixed"`, `"egger"` and `"weighted_median"`, the estimators on summary data of [single_variant()], from
#'   which a variant left out is gone. Environments have the estimator that the fit has for them.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame of class `leave_one_out`, the columns of `TwoSampleMR::mr_leaveoneout()` first:
#'   `exposure, outcome, id.exposure, id.outcome, samplesize, SNP` (what was left out; last row `All`), `b, se, p`,
#'   then `nsnp` (instruments left). Rows that cannot be estimated are `NA`. `print()` says which one moves the
#'   estimate most.
#' @section Errors: `latentmr_error_argument` when the fit has one environment, no chromosomes, or, for chromosomes and
#'   variants, an encoder other than
#'   the linear one or cross-fitting.
#' @seealso [single_variant()] for the associations of single variants.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' data$variants$chr <- as.character(rep(1:5, each = 10))
#' fit <- latent_mr(data, methods = "latent_nagar", seed = 1)
#' leave_one_out(fit, "chromosome")
#' leave_one_out(fit, "environment")
#' leave_one_out(fit, "variant", method = "ivw")
#' @export
leave_one_out <- function(fit, over = "environment", method = NULL, ...) {
  check_dots(...)
  check_given()
  if (!inherits(fit, "latent_mr")) abort_argument("fit", "a latent_mr() fit", describe(fit))
  check_made(fit)
  check_choice(over, "over", c("environment", "chromosome", "variant"))
  if (!is.null(method)) check_choice(method, "method", c(moment_methods(), if (over == "variant") summary_methods()))
  if (over == "environment" && !is.null(method)) {
    abort_argument("method", "NULL for environments", describe(method), "The fit has one estimator for them.")
  }
  if (is.null(method)) {
    method <- if (over == "environment") {
      local_method(fit)
    } else if (fit$kind == "continuous") {
      "latent_2sls"
    } else {
      "latent_nagar"
    }
  }
  out <- if (over == "environment") {
    environments_left_out(fit, method)
  } else if (method %in% summary_methods()) {
    associations_left_out(fit, method)
  } else {
    variants_left_out(fit, over, method)
  }
  structure(out, class = c("leave_one_out", "data.frame"), over = over, method = method)
}

# One row a part and exposure.
left_out_table <- function(fit, parts) {
  k <- length(fit$exposure)
  pick <- function(name) unlist(lapply(parts, function(x) rep_len(as.double(x[[name]]), k)), use.names = FALSE)
  out <- ratio_table(fit, rep(names(parts), each = k), pick("b"), pick("se"), pick("df"))
  out$samplesize <- pick("nobs")
  out$nsnp <- pick("nsnp")
  out
}

environments_left_out <- function(fit, method) {
  if (is.null(fit$leave_one_out)) {
    abort_argument(
      "fit", "a fit by environment of two environments or more", "another one", "latent_mr(by_environment = TRUE)."
    )
  }
  all <- fit$estimates[[method]]
  if (is.null(all)) {
    all <- empty_estimate(latent_registry()[[method]], fit$latent, "it is not among the methods of the fit")
  }
  left_out_table(fit, c(fit$leave_one_out, list(All = all)))
}

variants_left_out <- function(fit, over, method) {
  need_one_exposure(fit, "Leaving variants out")
  need_linear(fit, "fit")
  groups <- if (over == "variant") {
    setNames(as.list(seq_len(nrow(fit$variants))), fit$variants$snp)
  } else {
    chromosome_groups(fit)
  }
  left_out_table(fit, lapply(c(groups, list(All = integer())), function(control) moment_estimate(fit, control, method)))
}

# From the associations of single variants, where a variant left out is gone.
associations_left_out <- function(fit, method) {
  x <- summary_input(fit_associations(fit, "A table of variants"))
  both <- summary_each_left_out(x, method, fit$seed)
  out <- ratio_table(fit, c(fit_snp(fit)[x$index], "All"), both[1, ], both[2, ])
  out$nsnp <- length(x$index) - c(rep(1, length(x$index)), 0)
  out
}

chromosome_groups <- function(fit) {
  chr <- plain_chromosome(fit$variants$chr)
  if (!length(chr) || anyNA(chr)) {
    abort_argument(
      "fit", "a fit on variants with chromosomes",
      if (length(chr)) sprintf("one with %d of %d missing", sum(is.na(chr)), length(chr)) else "one without"
    )
  }
  split(seq_along(chr), factor(chr, unique(chr)))
}

# Codes that are not linear in the variants do not lose a variant this way, nor do
# blocks that differ between folds.
need_linear <- function(fit, argument) {
  if (isTRUE(fit$crossfit > 0)) {
    abort_argument(argument, "a fit with crossfit = 0", sprintf("one with crossfit = %d", fit$crossfit))
  }
  if (fit$encoder$method %in% c("code", "sparse")) {
    abort_argument(argument, "a fit with the linear encoder", sprintf("one with encoder \"%s\"", fit$encoder$encoder))
  }
}

# The latent estimators that need the cross products only.
moment_methods <- function() {
  rows <- latent_registry()
  names(rows)[vapply(rows, function(x) x$partialled == "latent" && x$instruments == "latent" && !is.null(x$kclass), NA)]
}

# The cross products of a fit with some variants as controls.
moments_with_controls <- function(fit, control) {
  m <- fit$latent$kclass
  if (!length(control)) return(m)
  s <- fit$latent$variants
  out <- if (is.null(s$gg)) {
    .Call(
      C_ffi_controls, sums_products(s, control), s$gyx[control, , drop = FALSE], seq_along(control), s$least[control]
    )
  } else {
    .Call(C_ffi_controls, s$gg, s$gyx, as.integer(control), s$least)
  }
  kclass_moments(m$r0 - out$explained, m$r1, m$n, m$L - out$rank, m$K + out$rank)
}

moment_estimate <- function(fit, control, method) {
  m <- moments_with_controls(fit, control)
  method <- latent_registry()[[method]]
  none <- list(b = NA_real_, se = NA_real_, df = NA_real_, nobs = m$n, nsnp = max(m$L, 0))
  # Nagar's estimate and J need more than one instrument.
  if (m$L < if (method$many) 2 else 1) return(none)
  fitted <- tryCatch(kclass_estimate(m, method$kclass), latentmr_error = function(e) NULL)
  # Less strength than chance would give.
  weak <- method$kclass == "nagar" && !(kclass_nagar(m)$h[1] > 0)
  if (is.null(fitted) || weak) return(none)
  factor <- 1
  df <- Inf
  if (method$many) {
    df <- max(m$L - m$k, 1)
    sargan <- kclass_tests(m, kclass_fit(m, 1)$coefficients)$sargan
    factor <- sqrt(max(1, sargan[["statistic"]] / sargan[["df1"]], na.rm = TRUE))
  }
  list(b = fitted$b, se = standard_errors(fitted$covariance) * factor, df = df, nobs = m$n, nsnp = m$L)
}

#' @export
print.leave_one_out <- function(x, ...) {
  check_dots(...)
  check_printed(x, "leave_one_out")
  whole <- !is.null(attr(x, "over")) && all(c("SNP", "b", "se", "p", "nsnp") %in% names(x)) &&
    identical(utils::tail(x$SNP, 1), "All")
  if (!whole) return(NextMethod())
  exposures <- unique(x$exposure)
  for (e in exposures) cat(
    page_lines(leave_one_out_words(x[x$exposure == e, ], attr(x, "over")), exdent = 2), sep = "\n"
  )
  cat("\n")
  pointed(
    print(
      as.data.frame(unclass(x))[c(if (length(exposures) > 1) "exposure", "SNP", "b", "se", "p", "nsnp")], digits = 3,
      row.names = FALSE
    )
  )
  invisible(x)
}

leave_one_out_words <- function(x, over = attr(x, "over")) {
  last <- nrow(x)
  rest <- x[-last, ]
  use <- which(is.finite(rest$b))
  if (!length(use)) return(sprintf("No estimate without a single %s.", over))
  all <- x$b[last]
  far <- use[which.max(abs(rest$b[use] - all))]
  sign_turns <- sum(sign(rest$b[use]) != sign(all), na.rm = TRUE)
  paste0(
    sprintf(
      "Without one %s at a time the effect of %s on %s is %s to %s, with all %s.", over, x$exposure[1], x$outcome[1],
      format_b(min(rest$b[use])), format_b(max(rest$b[use])), format_b(all)
    ),
    if (is.finite(all)) sprintf(
      " %s \"%s\" moves it most, to %s (%.1f standard errors).", sentence_case(over),
      rest$SNP[far], format_b(rest$b[far]), abs(rest$b[far] - all) / x$se[last]
    ),
    if (sign_turns) sprintf(" Its sign turns without %d of them.", sign_turns),
    if (length(use) < nrow(rest)) sprintf(" Without %d of them there is no estimate.", nrow(rest) - length(use))
  )
}
