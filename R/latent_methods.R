# The registry of estimators. A new one is a row here, an R file with its `fit` (and, where
# there is arithmetic over people or variants, a file of src/core). A row:
#   id, name      name: the same in frames, prints, pictures and reports: what it is for people, its technical name in
#                 brackets (of TwoSampleMR's estimators the name there); `reference` in mr_methods()
#   default       which instruments, data or arguments make it run unasked
#   partialled    what is partialled out: "basic", "structure", "latent" (R/latent_block.R),
#                 "family" (R/latent_family.R), "imputed" (R/latent_imputed.R), "mixed" (R/latent_mixed.R)
#   instruments   "none", "variants", "latent", "invariant", "variant", "score" (R/latent_estimates.R)
#   needs         among "rows" of people, a "score", a "0/1 outcome", "variants"
#                 (allele counts or dosages), "families", "imputed parents", "touched latents"
#   exposures     the most it takes at a time
#   many          TRUE: on genotypes its interval is t on L - k degrees of freedom, wider
#                 by sqrt(J / df) where the instruments disagree
#   everybody     TRUE: not for single environments, where a neighbour stands in
#   relearned     TRUE: from moments alone, so that latent_mr(jackknife = TRUE) can repeat it
#   scale         of an effect on a 0/1 outcome
#   kclass        which k-class it is, where it is one: a word of kclass_estimate()
#   fit(block, context)          effects: list(b), one number for each exposure; whatever else it
#                                holds is kept with the estimate; list(note) where there is none
#   error(fit, block, context)   list(se, vcov): errors and what they are called; with `df` or
#                                `factor` where these are its own
# `block` and `context` are described in R/latent_estimates.R.
estimator <- function(id, name, reference, fit, error, partialled = "latent", instruments = "latent", default = "no",
                      needs = character(), exposures = Inf, many = FALSE, everybody = FALSE, relearned = FALSE,
                      scale = "risk difference", kclass = NULL) {
  as.list(environment())
}

latent_registry <- function() made_once("estimators", make_registry)

make_registry <- function() {
  kclass <- function(id, name, reference, kind, ..., error = sandwich_error(kind)) {
    estimator(id, name, reference, fit = kclass_effects(kind), error = error, kclass = kind, ...)
  }
  rows <- list(
    kclass("ols", "Ordinary regression (OLS)", "least squares", "ols", partialled = "basic",
           instruments = "none", default = "all"),
    kclass("2sls", "All variants as they are (2SLS)", "Theil 1953; Basmann 1957, Econometrica 25:77", "2sls",
      partialled = "basic", instruments = "variants", default = "all"),
    kclass("2sls_structure", "Adjusted for components (2SLS)", "Price et al. 2006, Nat Genet 38:904", "2sls",
      partialled = "structure", instruments = "variants", default = "all"),
    kclass(
      "latent_2sls", "Structure removed (2SLS)", "2SLS with the latent block partialled out", "2sls", default = "all",
      relearned = TRUE
    ),
    kclass("latent_liml", "Structure removed (LIML)", "Anderson and Rubin 1949; Bekker 1994, Econometrica 62:657",
      "liml", default = "all", many = TRUE, relearned = TRUE, error = bekker_error("liml")),
    kclass("latent_fuller", "Structure removed (Fuller)", "Fuller 1977, Econometrica 45:939; Bekker 1994, Econometrica 62:657",
      "fuller", many = TRUE, relearned = TRUE, error = bekker_error("fuller")),
    estimator("latent_ujive", "Structure removed (UJIVE)", "Kolesar 2013; Chao et al. 2012, Econom Theory 28:42",
      row_effects("ujive", "many"), row_errors, default = "all", needs = "rows", many = TRUE),
    estimator("latent_jive1", "Structure removed (JIVE1)", "Angrist, Imbens and Krueger 1999, J Appl Econom 14:57",
      row_effects("jive1"), row_errors, needs = "rows", many = TRUE),
    estimator(
      "latent_gmm", "Structure removed (two-step GMM)", "Hansen 1982, Econometrica 50:1029", row_effects("gmm"),
      row_errors, needs = "rows"
    ),
    estimator("latent_msmm", "Structure removed (multiplicative SMM)", "Hernan and Robins 2006, Epidemiology 17:360",
      binary_effects("msmm"), row_errors, default = "binary", needs = c("rows", "0/1 outcome"),
      scale = "log risk ratio"),
    estimator("latent_tsri", "Structure removed (two-stage residual inclusion)",
      "Terza, Basu and Rathouz 2008, J Health Econ 27:531",
      binary_effects("tsri"), row_errors, needs = c("rows", "0/1 outcome"),
      scale = "log odds ratio"),
    estimator("latent_tsps", "Structure removed (two-stage predictor substitution)",
      "Palmer et al. 2011, Am J Epidemiol 173:1392",
      binary_effects("tsps"), row_errors, needs = c("rows", "0/1 outcome"), scale = "log odds ratio"),
    kclass("latent_nagar", "Structure removed (Nagar)", "Nagar 1959, Econometrica 27:575", "nagar",
      default = "genotype", many = TRUE, error = nagar_errors),
    estimator("latent_reml", "Structure removed (REML)", "spectral REML, see ?latent_mr", reml_effects, reml_errors,
      default = "genotype", needs = "variants", exposures = 1, everybody = TRUE),
    estimator("latent_outlier", "Structure removed (outlying variants as controls)", "see ?outlying_variants",
      outlier_effects, outlier_errors, needs = "variants", exposures = 1, everybody = TRUE),
    kclass("latent_2sls_only", "What does not move, alone (2SLS)", "2SLS with the invariant block", "2sls",
      partialled = "basic", instruments = "invariant",
      default = "all", relearned = TRUE),
    kclass("latent_2sls_variant", "What moves, alone (2SLS)", "2SLS with the variant block", "2sls",
      partialled = "basic", instruments = "variant",
      default = "continuous", relearned = TRUE),
    kclass("score", "Allele score as it is (2SLS)", "Burgess and Thompson 2013, Int J Epidemiol 42:1134", "2sls",
      partialled = "basic", instruments = "score",
      default = "score", needs = "score", exposures = 1),
    kclass("latent_score", "Structure removed (allele score, 2SLS)", "the score with the latent block partialled out",
      "2sls", instruments = "score", default = "score", needs = "score", exposures = 1)
  )
  rows <- c(append(rows, c(joint_estimators(), family_estimators(), mixed_estimators()), 15), associated_estimators())
  setNames(rows, vapply(rows, `[[`, "", "id"))
}

# Of the variants' associations, adjusted for the structure.
associated_estimators <- function() {
  lapply(summary_methods(), function(id) {
    s <- summary_estimators()[[id]]
    estimator(
      id, s$name, s$reference, summary_effects(id), summary_errors, needs = "variants", exposures = s$exposures
    )
  })
}

# Rows of latents and effect in one (R/latent_joint.R).
joint_estimators <- function() {
  list(estimator(
    "latent_joint", "Structure removed (joint likelihood)", "Anderson and Rubin 1956 (factor models); see ?learn_instruments",
    joint_effects, joint_errors, default = "sparse", needs = "touched latents", everybody = TRUE, relearned = TRUE
  ))
}

# Within families (R/latent_family.R).
family_estimators <- function() {
  row <- function(id, name, reference, ..., kind = "family", needs = "families", from = "rows") {
    estimator(
      id, name, reference, error = family_errors, partialled = kind, instruments = "variants", default = kind,
      needs = c(from, needs), ...
    )
  }
  young <- "Young et al. 2022, Nat Genet 54:897"
  list(
    row(
      "family_ujive", "Within families (UJIVE)", "Brumpton et al. 2020, Nat Commun 11:3519; Kolesar 2013",
      fit = family_effects("ujive"), many = TRUE
    ),
    row(
      "family_2sls", "Within families (2SLS)", "Brumpton et al. 2020, Nat Commun 11:3519", fit = family_kclass("2sls"),
      from = NULL
    ),
    row(
      "family_nagar", "Within families (Nagar)", "Nagar 1959, Econometrica 27:575", fit = family_kclass("nagar"),
      many = TRUE, from = NULL
    ),
    row(
      "imputed_ujive", "Parents imputed (UJIVE)", young, fit = family_effects("ujive"), many = TRUE, kind = "imputed",
      needs = "imputed parents"
    ),
    row(
      "imputed_2sls", "Parents imputed (2SLS)", young, fit = family_effects("2sls"), kind = "imputed",
      needs = "imputed parents"
    )
  )
}

# Relatedness as random effects (R/latent_mixed.R).
mixed_estimators <- function() {
  row <- function(kind, name, reference, ...) {
    estimator(
      paste0("mixed_", kind), name, reference, fit = mixed_effects(kind), error = row_errors, partialled = "mixed",
      instruments = "variants", default = "random", needs = c("rows", "random effects"), everybody = TRUE, ...
    )
  }
  gilmour <- "Gilmour, Thompson and Cullis 1995, Biometrics 51:1440"
  list(
    row("ujive", "Relatives as random effects (UJIVE)", paste("Kolesar 2013;", gilmour), many = TRUE),
    row("liml", "Relatives as random effects (LIML)", gilmour, many = TRUE),
    row("2sls", "Relatives as random effects (2SLS)", gilmour)
  )
}

#' The estimators of latent_mr()
#'
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame with one row per estimator: `id` (used in `methods =` and
#'   in the column `estimator` of the results), `name` (fills the column
#'   `method`), `partialled` (what is partialled out: `basic` = intercepts of the
#'   environments and covariates, `structure` = also the structure columns or the
#'   leading components of the panel, `latent` = the encoder's block, `family` = family means or parents'
#'   genotypes, `imputed` = parents imputed from siblings, `mixed` = the encoder's block, of rows made independent, see
#'   [latent_mr()]),
#'   `default` (`genotype`, `continuous`, `all` or `no`: for which instruments it
#'   is run when `methods = NULL`; `score`: when `latent_mr()` has `score_weights`; `binary`: when
#'   the outcome is 0/1; `sparse`: with `encoder = "mechanism_sparsity"`;
#'   `family`, `imputed`: when the data have families, or imputed parents; `random`: when `latent_mr()` has `random`), `needs` (`moments`, or `rows` of people), `exposures` (`one`, or `several` at a time)
#'   and `reference`.
#' @examples
#' mr_methods()[, c("id", "name", "default")]
#' @export
mr_methods <- function(...) {
  check_dots(...)
  rows <- latent_registry()
  pick <- function(name) vapply(rows, `[[`, "", name, USE.NAMES = FALSE)
  is <- function(name, is, is_not) ifelse(vapply(rows, name, NA, USE.NAMES = FALSE), is, is_not)
  out <- data.frame(
    id = pick("id"), name = pick("name"), partialled = pick("partialled"), default = pick("default"),
    needs = is(function(x) "rows" %in% x$needs, "rows", "moments"),
    exposures = is(function(x) x$exposures > 1, "several", "one"), reference = pick("reference")
  )
  folded_table(out, order(out$default == "no"), "those run unasked first", c("id", "name", "default"))
}

# Rows of mr_methods() by id.
method_rows <- function(ids) {
  table <- mr_methods()
  table[match(ids, table$id), ]
}

# The rows to run: defaults by kind of instruments, or what the user named. `given`
# says what there is: kind, mode, rows (usable), data_rows (in the data), structure, score, binary, family,
# imputed, random.
resolve_methods <- function(methods, given) {
  table <- mr_methods()
  if (is.null(methods)) return(table[default_methods(table, given), ])
  if (is.data.frame(methods) && "id" %in% names(methods)) methods <- methods$id
  if (!is.character(methods) || !length(methods)) {
    abort_argument("methods", "ids of mr_methods() or rows of it, or NULL", describe(methods))
  }
  wrong <- setdiff(methods, table$id)
  if (length(wrong)) {
    abort_argument(
      "methods", paste("among", quote_all(table$id, 40)), quote_all(wrong),
      paste0(near_hint(wrong[1], table$id), "mr_methods() lists them.")
    )
  }
  check_needs(unique(methods), given)
  table[match(unique(methods), table$id), ]
}

default_methods <- function(table, given) {
  family <- if (given$kind == "continuous") "continuous" else "genotype"
  keep <- table$default %in% c(
    "all", family, if (given$score) "score", if (given$binary && given$rows) "binary",
    if (given$mode == "sparse") "sparse",
    if (given$family) "family", if (given$imputed) "imputed", if (given$random) "random"
  )
  if (!given$moving) keep <- keep & table$id != "latent_2sls_variant"
  if (given$kind == "continuous" && !given$structure) keep <- keep & table$id != "2sls_structure"
  # Nagar stands in for UJIVE where there are no rows; spectral REML is for the
  # panel mode.
  twins <- if (given$rows) c("latent_nagar", "family_nagar") else c("latent_ujive", "family_ujive")
  keep <- keep & !table$id %in% twins
  if (given$mode != "panel") keep <- keep & table$id != "latent_reml"
  # The whole panel is invariant there: it would be "2sls" again.
  if (given$mode == "background") keep <- keep & table$id != "latent_2sls_only"
  keep
}

# Refuses estimators for which something is missing.
check_needs <- function(ids, given) {
  registry <- latent_registry()
  needing <- function(what) ids[vapply(registry[ids], function(x) what %in% x$needs, NA)]
  wrong <- needing("rows")
  if (!given$rows && length(wrong)) {
    abort_argument(
      "methods",
      paste(
        "estimators that need moments only, when",
        if (given$data_rows) "the rows do not fit the memory allowed" else "`data` holds no rows"
      ),
      quote_all(wrong),
      c(
        "latent_nagar is the moment twin of latent_ujive, family_nagar that of family_ujive (which leaves out each family's rows).",
        if (given$data_rows) "options(LatentMR.memory = \"16GB\") allows more."
      )
    )
  }
  refuse <- function(what, there, must, hint) {
    wrong <- needing(what)
    if (!there && length(wrong)) abort_argument("methods", must, quote_all(wrong), hint)
  }
  refuse(
    "score", given$score, "estimators without an allele score, when `score_weights` is NULL",
    "`score_weights`: a data frame with SNP, effect_allele, other_allele and beta."
  )
  refuse(
    "0/1 outcome", given$binary, "estimators of a mean difference, when the outcome is not 0/1",
    "Odds ratios and risk ratios are for outcomes of two values."
  )
  refuse(
    "families", given$family, "estimators that need no families, when `data` has none",
    "mr_data(family = ) says who are siblings."
  )
  refuse(
    "imputed parents", given$imputed, "estimators without imputed parents, when `data` has none",
    "mr_data(family = , parents = \"siblings\") imputes them."
  )
  refuse(
    "random effects", given$random, "estimators without random effects, when `random` is NULL",
    "random = \"background\", \"cluster\" or both."
  )
  refuse(
    "touched latents", given$mode == "sparse", "estimators for any encoder, when this one knows no touched latents",
    "encoder = \"mechanism_sparsity\" finds which environments touch which latents."
  )
  wrong <- needing("variants")
  if (given$kind == "continuous" && length(wrong)) {
    abort_argument("methods", paste("other than", quote_all(wrong), "for continuous instruments"), quote_all(wrong))
  }
}

# The scale of every estimator's effect. An outcome in log odds or log hazards (associations of a table) has that.
effect_scales <- function(fit, ids = fit$leading) {
  if (!isTRUE(fit$binary)) return(rep(outcome_scale(fit), length(ids)))
  vapply(latent_registry()[ids], `[[`, "", "scale", USE.NAMES = FALSE)
}

outcome_scale <- function(fit) {
  unit <- if (is.null(fit$units)) NA_character_ else fit$units[[length(fit$units)]]
  scale <- log_scale(unit)
  if (is.na(scale)) "mean difference" else scale
}

short_name <- function(id) method_rows(id)$name
