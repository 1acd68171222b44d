#' Per-variant associations for summary-data packages
#'
#' `as_twosample()` gives the associations of every variant with exposure and
#' outcome as the harmonised data frame of TwoSampleMR, `as_mrinput()` as an
#' object of MendelianRandomization. Both are of the same people and adjusted for
#' exactly the block C that the `latent_*` estimators of the fit partial out
#' (environments, variant block or structure with their slopes, covariates).
#'
#' With tilde for the residual on C, n people and K columns of C,
#' \deqn{\beta_j = \tilde g_j'\tilde y / \tilde g_j'\tilde g_j, \quad
#'   se_j^2 = (\tilde y'\tilde y - \beta_j \tilde g_j'\tilde y) / ((n - K - 1)\, \tilde g_j'\tilde g_j):}
#' what `lm(y ~ g_j + C)` gives (Frisch-Waugh-Lovell), from the moments, without
#' another pass over people. P-values are from the t law. Errors are classical,
#' also when the data name clusters. Missing calls are the variant's mean in the
#' person's environment.
#'
#' One sample, not two: exposure and outcome overlap fully, so weak instruments
#' pull summary-data estimates towards least squares, not towards zero.
#'
#' @section Harmonised frame:
#' Columns, order and classes of `TwoSampleMR::harmonise_data()` on frames of
#' `format_data()`. Identifiers are the names of exposure and outcome, so that
#' results are reproducible. The effect allele is the counted allele; `eaf` is its
#' frequency in everybody, missing calls imputed. `SNP` is in lower case, without
#' blanks, p-values stop at 1e-200, as there; alleles other than A, C, G, T strings,
#' D or I, or unknown, are `NA`. `palindromic` marks A/T and C/G, `ambiguous`
#' those with a frequency between 0.42 and 0.58 (tolerance 0.08), or an unknown
#' one. Both associations are of the same calls, so strands cannot differ:
#' `action` is 1, and ambiguous variants are kept. A variant that C explains has
#' `NA` associations and `mr_keep` `FALSE`. Rows stand in the order of the panel.
#' `attr(, "log")` is that of TwoSampleMR. Continuous scales are assumed; for 0/1
#' outcomes beta is a risk difference.
#'
#' @section Tables of associations:
#' Instead of a fit both take a frame of [read_gwas()] of the exposure, and `outcome`, one of the outcome. Variants are
#' matched by name, the outcome's effects turned to the exposure's effect allele, strands by the alleles,
#' palindromic variants by frequency (`action = 2`): those with a frequency between 0.42 and 0.58 are `ambiguous` and
#' not kept, those with other alleles are marked `remove`. Environments that both have are matched, each its own
#' `id`; two frames of one environment each are matched whatever these are called. Without `outcome`
#' `as_twosample()` gives the frame of `TwoSampleMR::format_data()`.
#'
#' @param fit A [latent_mr()] fit on genotypes or dosages, or a frame of [read_gwas()].
#' @param outcome The outcome's frame of [read_gwas()], or `NULL`.
#' @param action Palindromic variants of two frames, as in TwoSampleMR: 1 takes both studies to be on one strand, 2
#'   infers it from the frequency, 3 keeps no palindromic variant.
#' @param type `"exposure"` or `"outcome"`: what a frame alone is of.
#' @param units `NULL`: those of the data, if known; or units of exposure and outcome, `c("kg/m2", "mmHg")`: adds
#'   the columns of units.
#' @param ... Nothing: an argument without a use is an error.
#' @return `as_twosample()`: a data frame with a row for every variant.
#' @section Errors: `latentmr_error_argument` for a fit on continuous instruments and
#'   for anything but a fit; `latentmr_error_package` when MendelianRandomization is
#'   not installed.
#' @references Hemani et al. (2018), eLife 7:e34408. Yavorska and Burgess (2017), Int J
#'   Epidemiol 46:1734.
#' @seealso [single_variant()] for the tables; the estimators `ivw`, `ivw_fixed`,
#'   `egger` and `weighted_median` of [mr_methods()].
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' fit <- latent_mr(data, methods = c("latent_2sls", "ivw", "egger"), seed = 1)
#' head(as_twosample(fit)[, c("SNP", "beta.exposure", "se.exposure", "beta.outcome")])
#' if (nzchar(system.file(package = "MendelianRandomization"))) as_mrinput(fit)
#' @export
as_twosample <- function(fit, units = NULL, outcome = NULL, type = "exposure", action = 2, ...) {
  check_dots(...)
  check_given()
  if (inherits(fit, "gwas")) return(gwas_twosample(fit, units, outcome, type, action))
  check_no_frame(outcome)
  check_idle(c("type", "action"), TRUE, "frames of read_gwas()")
  a <- fit_associations(fit, "A harmonised frame")
  units <- own_units(check_units(units), fit$units, fit$exposure, fit$outcome)
  v <- fit$variants
  p <- nrow(v)
  effect <- clean_allele(v$effect_allele, p)
  other <- clean_allele(v$other_allele, p)
  eaf <- variant_frequency(fit)
  palindromic <- palindromic_alleles(effect, other)
  middle <- is.na(eaf) | (eaf > .42 & eaf < .58)
  outcome <- association_columns(fit, "outcome", a$sy, a$py, units[2])
  exposure <- association_columns(fit, "exposure", a$sx, a$px, units[1])
  id <- match("id.outcome", names(outcome))
  out <- data.frame(
    SNP = fit_snp(fit),
    effect_allele.exposure = effect, other_allele.exposure = other,
    effect_allele.outcome = effect, other_allele.outcome = other,
    beta.exposure = a$bx, beta.outcome = a$by, eaf.exposure = eaf, eaf.outcome = eaf,
    remove = FALSE, palindromic = palindromic, ambiguous = palindromic & middle,
    outcome[c(id, seq_along(outcome)[-id])], exposure,
    action = 1, SNP_index = 1L, mr_keep = a$usable, stringsAsFactors = FALSE
  )
  attr(out, "log") <- data.frame(
    id.exposure = fit$exposure, id.outcome = fit$outcome, alleles = "2-2",
    switched_alleles = 0L, flipped_alleles_basic = 0L, flipped_alleles_palindrome = 0,
    incompatible_alleles = 0L, candidate_variants = p, variants_absent_from_reference = 0L,
    total_variants = p, total_variants_for_mr = sum(a$usable), proxy_variants = 0
  )
  out
}

# The columns of one trait in the order of format_data(), names with the suffix.
association_columns <- function(fit, type, se, pval, unit) {
  v <- fit$variants
  p <- nrow(v)
  twosample_columns(
    list(
      se = se, pval = pval, samplesize = rep(as.double(fit$latent$n), p), chr = as.character(v$chr),
      pos = as.integer(v$pos), units = if (!is.null(unit)) rep(unit, p), id = rep(fit[[type]], p)
    ), type, rep(fit[[type]], p)
  )
}

# columns: without the suffix; those that nobody knows are left out.
twosample_columns <- function(columns, type, trait) {
  unknown <- vapply(columns, function(x) all(is.na(x)), NA)
  columns <- columns[!unknown | names(columns) %in% c("se", "pval")]
  columns$pval <- pmax(columns$pval, 1e-200)
  se <- columns$se
  unit <- columns$units
  names(columns) <- paste0(names(columns), ".", type)
  columns[[type]] <- trait
  columns[[paste0("mr_keep.", type)]] <- !is.na(se)
  columns[[paste0("pval_origin.", type)]] <- rep("reported", length(trait))
  if (!is.null(unit)) columns[[paste0("units.", type, "_dat")]] <- unit
  as.data.frame(columns, optional = TRUE, stringsAsFactors = FALSE)
}

variant_frequency <- function(fit) {
  eaf <- fit$latent$variants$mean / 2
  eaf[!is.finite(eaf) | eaf <= 0 | eaf >= 1] <- NA
  eaf
}

#' @rdname as_twosample
#' @param correlation Correlation of the residual variants \eqn{\tilde g_j}: `"block"`
#'   (within the blocks of linkage disequilibrium of the encoder, zero between
#'   them: what `ivw` and `egger` use; none is set when every variant is its own
#'   block), `TRUE` (all of it: inverse-variance weighting is then 2SLS with the
#'   latent block, up to the residual variance of the outcome) or `FALSE` (none).
#'   A variant that others determine (duplicates; with `TRUE` as many as there are
#'   directions of the panel in C) is left out, with a message.
#'   For frames of [read_gwas()] a matrix of correlations of the variants instead, with their names and signs for the
#'   exposure's effect alleles, or `NULL`: none.
#' @return `as_mrinput()`: an object of class `MRInput` with the usable variants.
#' @export
as_mrinput <- function(fit, correlation = "block", outcome = NULL, action = 2, ...) {
  check_dots(...)
  check_given()
  if (inherits(fit, "gwas")) return(gwas_mrinput(fit, outcome, if (!missing(correlation)) correlation, action))
  check_no_frame(outcome)
  a <- fit_associations(fit, "An input of MendelianRandomization")
  if (!identical(correlation, "block") && !isTRUE(correlation) && !isFALSE(correlation)) {
    abort_argument("correlation", "TRUE, FALSE or \"block\"", describe(correlation))
  }
  make <- suggested("MendelianRandomization", "mr_input")
  x <- summary_input(a, if (isTRUE(correlation)) "full" else if (isFALSE(correlation)) "none" else "block")
  out <- setdiff(seq_along(a$bx), x$index)
  v <- fit$variants
  if (length(out)) {
    inform(
      sprintf("%d of %d variants are left out: %s.", length(out), nrow(v), quote_all(v$snp[out])),
      "latentmr_message_variants",
      hint = "They are explained by what is partialled out or determined by the other variants."
    )
  }
  j <- x$index
  text <- function(x) ifelse(is.na(x), "", x)
  arguments <- list(
    bx = x$bx, bxse = x$sx, by = x$by, byse = x$sy, exposure = fit$exposure, outcome = fit$outcome, snps = v$snp[j],
    effect_allele = text(clean_allele(v$effect_allele, nrow(v))[j]),
    other_allele = text(clean_allele(v$other_allele, nrow(v))[j]), eaf = variant_frequency(fit)[j]
  )
  if (!is.null(x$rho)) arguments$correlation <- unname(x$rho)
  do.call(make, arguments)
}

# A function of a package that is used only when it is there.
suggested <- function(package, name) {
  if (!requireNamespace(package, quietly = TRUE)) {
    abort(
      sprintf("The package %s is needed and is not installed.", package), "latentmr_error_package",
      hint = sprintf("install.packages(\"%s\")", package)
    )
  }
  getExportedValue(package, name)
}
