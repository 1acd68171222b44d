# Methods for generics of packages that need not be installed: registered when
# they are loaded.
.onLoad <- function(libname, pkgname) {
  register_later("sandwich", "estfun", "iv_reg")
  register_later("sandwich", "bread", "iv_reg")
  register_later("sandwich", "vcovHC", "iv_reg")
  register_later("clubSandwich", "model_matrix", "iv_reg")
  register_later("clubSandwich", "vcovCR", "iv_reg")
  for (generic in c("find_formula", "find_statistic", "get_df")) register_later("insight", generic, "iv_reg")
  register_later("performance", "model_performance", "iv_reg")
  register_later("performance", "r2", "iv_reg")
  register_later("marginaleffects", "get_predict", "iv_reg")
  register_later("emmeans", "recover_data", "iv_reg")
  register_later("emmeans", "emm_basis", "iv_reg")
  # marginaleffects takes classes that it does not list when this option names them.
  when_loaded("marginaleffects", function(...) {
    options(marginaleffects_model_classes = union(getOption("marginaleffects_model_classes"), "iv_reg"))
  })
  when_loaded("resourcer", register_genotype_resource)
  # Another package has a generic of this name: whichever is attached last works.
  register_later("report", "report", "latent_mr")
  register_absent()
}

register_later <- function(package, generic, class) {
  method <- get(paste(generic, class, sep = "."), envir = topenv())
  when_loaded(package, function(...) {
    home <- asNamespace(package)
    if (exists(generic, home)) registerS3method(generic, class, method, envir = home)
  })
}

when_loaded <- function(package, action) {
  if (isNamespaceLoaded(package)) action()
  setHook(packageEvent(package, "onLoad"), action)
}

.onUnload <- function(libpath) library.dynam.unload("LatentMR", libpath)

# What generics of R would do with the lists that our objects are: garbage, or an error of their own.
absent_methods <- list(
  mr_data = c(
    rbind = "Give all people to one mr_data(); moments of separate data sets go together by combine_moments().",
    c = "Give all people to one mr_data(); moments of separate data sets go together by combine_moments().",
    cbind = "Make it again with mr_data(), with more columns.", merge = "Give more columns to mr_data().",
    subset = "Some people are data[i, ], some instruments data[, j].", plot = "plot() draws a fit of latent_mr()."
  ),
  mr_moments = c(
    rbind = "combine_moments() adds up moments of several sites.",
    cbind = "combine_moments() adds up moments of several sites.",
    "+" = "combine_moments() adds up moments of several sites.", plot = "plot() draws a fit of latent_mr()."
  ),
  gwas = c(plot = "plot() draws a fit of latent_mr(); summary_mr() gives estimates."),
  latent_mr = c(
    residuals = "iv_curve(fit, data) and plot(fit) show how outcome and exposure go together.",
    fitted = "The fit is of an effect, not of each person's outcome: coef(fit), as.data.frame(fit).",
    predict = "The fit is of an effect: coef(fit) is the change of the outcome per unit of the exposure.",
    anova = "verdict(fit) and overid_test(fit) test the fit; as.data.frame(fit) compares estimators.",
    augment = "A fit keeps no person's row: predict(fit$encoder, data) has the latents of people."
  ),
  latent_scan = c(tidy = "It is a data frame with a row for each estimate: as.data.frame(scan)."),
  iv_reg = c(
    logLik = "Estimators with instruments have no likelihood: anova() compares models, overid_test() tests instruments.",
    extractAIC = "Estimators with instruments have no likelihood: anova() compares models.",
    drop1 = "anova(fit, smaller) tests what is left out; update() makes the smaller fit.",
    simulate = "No law of the outcome is assumed: predict() and residuals() are what a simulation needs."
  ),
  iv_binary = c(
    predict = "It estimates an effect, not each person's risk: tidy(fit, exponentiate = TRUE).",
    anova = "tidy(fit) has the tests of single effects."
  )
)

register_absent <- function() {
  for (class in names(absent_methods)) {
    for (generic in names(absent_methods[[class]])) {
      home <- Filter(function(package) exists(generic, asNamespace(package), inherits = FALSE), c("stats", "generics"))
      home <- if (length(home)) asNamespace(home[1]) else baseenv()
      method <- absent_method(generic, class, absent_methods[[class]][[generic]])
      registerS3method(generic, class, method, envir = home)
    }
  }
}

absent_method <- function(generic, class, what) {
  force(generic)
  force(class)
  force(what)
  function(...) {
    abort(
      sprintf("There is no %s of a <%s> object.", if (generic == "+") "sum" else paste0(generic, "()"), class),
      "latentmr_error_argument", hint = what
    )
  }
}

# Functions that a fit calls more than once, which R would compile during the first one of a session
# (tools/compiled.R): they are compiled when the package is installed. Byte code of all is 1.4 MB.
compiled <- c(
  "add_background", "agreement_check", "allele_score", "analysed_traits", "announce", "as_block", "as_covariates",
  "as_environment", "as_groups", "as_ids", "as_structure", "assemble_pieces", "autoencoder_control",
  "binary_warnings", "bind_sizes", "blind_moments", "blind_view", "block_check", "block_problem", "block_products",
  "block_words", "build_background", "build_mr_data", "by_trait", "cached_maps", "cell_maps", "check_chromosomes",
  "check_copies", "check_design_arguments", "check_dots", "check_field", "check_fields", "check_given",
  "check_mr_data", "check_n_latent", "check_named", "check_number", "check_parents_law", "check_random",
  "check_repeats", "check_row_numbers", "check_source_law", "check_trait", "choose_headline", "choose_variants",
  "claimed_bytes", "clr_p_value", "cochran_q", "code_covariates", "conditional_f", "control_checks",
  "covariances_pass", "decide_kind", "default_methods", "draw_blocks", "effect_columns", "effect_way",
  "encoder_control", "encoder_frame", "environment_estimates", "environment_table_of", "environment_weights",
  "environments_words", "estimate_methods", "estimate_one", "estimate_rows", "factor_tests", "family_account",
  "family_kclass", "family_set", "family_sums", "far_end", "far_values", "filled_names", "filter_rows",
  "filter_variants", "finish_estimate", "first_stages", "fit_map", "fixed_checks", "flow_add",
  "genotype_source", "given_model", "headline_sentence", "hsic_pair", "hsic_table", "identification",
  "instrument_directions", "instrument_table", "iv_estimate", "iv_scores", "iv_scores_pass", "kclass_row_fit",
  "kclass_tests", "kclass_weakiv_set", "kernel_numbers", "kernel_sample", "latent_block", "latent_diagnose",
  "latent_diagnostics", "latent_estimate", "latent_jackknife", "latent_mr", "latent_parts", "latent_rows", "learn",
  "least_moments", "linked_share", "log_scaling", "log_variants_read", "lost_strength", "make_view", "meat_cell",
  "mixed_set", "mmd_groups", "moment_columns", "moments_control", "moments_means", "moments_pass", "mr_data",
  "mr_methods", "mr_moments", "nagar_vcov", "name_scan", "named_controls", "new_instruments", "new_moments",
  "new_row_model", "null_check", "null_diagnostic", "number_fault", "opened_files", "parents_of_people",
  "parents_source", "place_cells", "plain_integers", "pooled_rows", "predict.latent_instruments",
  "print.latent_mr", "print_rows", "progress_of", "quality_hsic", "quality_latent", "quality_latents",
  "quality_pairs", "quality_people", "quality_report", "quality_strength", "recode_binary", "refuse_column_name",
  "relearned", "repeated_variants", "resolve_methods", "robust_wu", "row_covariance", "row_diagnostics",
  "row_factor", "row_jackknife", "row_model", "row_stream", "same_numbers", "scale_pieces", "set_blocks",
  "shape_fits", "shared_partial", "shared_scores", "shown_rows", "simulated_data", "summary_effects",
  "table_lines", "test_checks", "text_fault", "title_words", "torn_part", "torn_shape", "trait_scaling",
  "trait_scores", "trait_totals", "traits_block", "turned_each", "turned_products", "unit_words", "user_call",
  "value_fault", "variant_sums", "variant_table", "verdict_of", "view_delete_blocks", "warn_environment",
  "warn_far_values", "warn_lost_ids", "warn_sex", "warn_trait_units", "warn_units", "warn_unlike_siblings",
  "warn_values", "weakiv_whiten", "with_call", "with_outcomes", "working_outcome", "working_set", "working_source"
)
for (name in compiled) assign(name, cmpfun(get(name)))
rm(name)
