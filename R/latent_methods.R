#' The estimators of latent_mr()
#'
#' @return A data frame with one row per estimator: `id` (used in `methods =` and
#'   in the column `estimator` of the results), `name` (fills the column
#'   `method`), `block` (what is partialled out: `basic` = intercepts of the
#'   environments and covariates, `structure` = also the structure columns or the
#'   leading components of the panel, `latent` = the encoder's block),
#'   `default` (`genotype`, `continuous`, `all` or `no`: for which instruments it
#'   is run when `methods = NULL`; `weights`: when `latent_mr()` has `weights`; `binary`: when
#'   the outcome is 0/1), `needs` (`moments`, or `rows` of people) and
#'   `reference`.
#' @examples
#' mr_methods()[, c("id", "name", "default")]
#' @export
mr_methods <- function() {
  rows <- list(
    c("ols", "OLS", "basic", "all", "moments", "least squares"),
    c("2sls", "2SLS (all variants)", "basic", "all", "moments", "Theil 1953; Basmann 1957, Econometrica 25:77"),
    c("2sls_structure", "2SLS (adjusted for structure)", "structure", "all", "moments", "Price et al. 2006, Nat Genet 38:904"),
    c("latent_2sls", "Latent IV (2SLS)", "latent", "all", "moments", "2SLS with the latent block partialled out"),
    c("latent_liml", "Latent IV (LIML)", "latent", "all", "moments", "Anderson and Rubin 1949; Bekker 1994, Econometrica 62:657"),
    c("latent_fuller", "Latent IV (Fuller)", "latent", "no", "moments", "Fuller 1977, Econometrica 45:939; Bekker 1994, Econometrica 62:657"),
    c("latent_ujive", "Latent IV (UJIVE)", "latent", "all", "rows", "Kolesar 2013; Chao et al. 2012, Econom Theory 28:42"),
    c("latent_jive1", "Latent IV (JIVE1)", "latent", "no", "rows", "Angrist, Imbens and Krueger 1999, J Appl Econom 14:57"),
    c("latent_gmm", "Latent IV (two-step GMM)", "latent", "no", "rows", "Hansen 1982, Econometrica 50:1029"),
    c("latent_msmm", "Latent IV (multiplicative SMM)", "latent", "binary", "rows", "Hernan and Robins 2006, Epidemiology 17:360"),
    c("latent_tsri", "Latent IV (two-stage residual inclusion)", "latent", "binary", "rows", "Terza, Basu and Rathouz 2008, J Health Econ 27:531"),
    c("latent_tsps", "Latent IV (two-stage predictor substitution)", "latent", "no", "rows", "Palmer et al. 2011, Am J Epidemiol 173:1392"),
    c("latent_nagar", "Latent IV (Nagar)", "latent", "genotype", "moments", "Nagar 1959, Econometrica 27:575"),
    c("latent_reml", "Latent IV (REML)", "latent", "genotype", "moments", "spectral REML, see ?latent_mr"),
    c("latent_outlier", "Latent IV (outlying variants as controls)", "latent", "no", "moments", "see ?outlying_variants"),
    c("latent_2sls_only", "Latent IV (invariant block alone)", "basic", "all", "moments", "2SLS with the invariant block"),
    c("score", "Allele score", "basic", "weights", "moments", "Burgess and Thompson 2013, Int J Epidemiol 42:1134"),
    c("latent_score", "Latent IV (allele score)", "latent", "weights", "moments", "the score with the latent block partialled out"),
    c("ivw", summary_names[["ivw"]], "latent", "no", "moments", "Burgess et al. 2013, Genet Epidemiol 37:658; random effects"),
    c("ivw_fixed", summary_names[["ivw_fixed"]], "latent", "no", "moments", "Burgess et al. 2013, Genet Epidemiol 37:658"),
    c("egger", summary_names[["egger"]], "latent", "no", "moments", "Bowden et al. 2015, Int J Epidemiol 44:512"),
    c("weighted_median", summary_names[["weighted_median"]], "latent", "no", "moments", "Bowden et al. 2016, Genet Epidemiol 40:304")
  )
  out <- as.data.frame(do.call(rbind, rows))
  names(out) <- c("id", "name", "block", "default", "needs", "reference")
  out
}

# The ids to run: defaults by kind of instruments, or what the user named.
resolve_methods <- function(methods, kind, has_rows, has_structure, mode, given_rows = has_rows, has_weights = FALSE, binary = FALSE) {
  table <- mr_methods()
  family <- if (kind == "continuous") "continuous" else "genotype"
  if (is.null(methods)) {
    keep <- table$default %in% c("all", family, if (has_weights) "weights", if (binary && has_rows) "binary")
    if (kind == "continuous" && !has_structure) keep <- keep & table$id != "2sls_structure"
    # Nagar stands in for UJIVE where there are no rows; spectral REML is for the
    # panel mode.
    keep <- keep & table$id != (if (has_rows) "latent_nagar" else "latent_ujive")
    if (mode != "panel") keep <- keep & table$id != "latent_reml"
    return(table[keep, ])
  }
  if (is.data.frame(methods) && "id" %in% names(methods)) methods <- methods$id
  if (!is.character(methods) || !length(methods)) {
    abort_argument("methods", "ids of mr_methods() or rows of it, or NULL", describe(methods))
  }
  wrong <- setdiff(methods, table$id)
  if (length(wrong)) {
    abort_argument("methods", paste("among", quote_all(table$id, 40)), quote_all(wrong), "mr_methods() lists them.")
  }
  chosen <- table[match(unique(methods), table$id), ]
  if (!has_rows && any(chosen$needs == "rows")) {
    abort_argument(
      "methods",
      paste("estimators that need moments only, when", if (given_rows) "the rows do not fit the memory allowed" else "`data` holds no rows"),
      quote_all(chosen$id[chosen$needs == "rows"]),
      c("latent_nagar is the moment twin of latent_ujive.", if (given_rows) "options(LatentMR.memory = \"16GB\") allows more.")
    )
  }
  wrong <- intersect(chosen$id, score_methods())
  if (!has_weights && length(wrong)) {
    abort_argument("methods", "estimators without an allele score, when `weights` is NULL", quote_all(wrong), "`weights`: a data frame with SNP, effect_allele, other_allele and beta.")
  }
  wrong <- intersect(chosen$id, binary_methods())
  if (!binary && length(wrong)) {
    abort_argument("methods", "estimators of a mean difference, when the outcome is not 0/1", quote_all(wrong), "Odds ratios and risk ratios are for outcomes of two values.")
  }
  wrong <- intersect(chosen$id, c("latent_reml", "latent_outlier", summary_methods()))
  if (kind == "continuous" && length(wrong)) {
    abort_argument("methods", paste("other than", quote_all(wrong), "for continuous instruments"), quote_all(wrong))
  }
  chosen
}
