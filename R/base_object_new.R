# The objects that users hold, and their fields. What is public is described in the value
# section of the help page of the class (public_fields: its topic and its fields). The rest is
# private: it may have another name or shape in the next version. The rules of what is read
# back from files are in R/base_object_rules.R.

public_fields <- list(
  mr_data = list(topic = "mr_data", c(
    "outcome", "exposure", "outcome_name", "exposure_name", "environment", "covariates", "structure", "variants",
    "kind", "block", "cluster", "family", "ids", "units", "scaling", "flow", "truth"
  )),
  mr_moments = list(topic = "mr_moments", c(
    "outcome", "exposure", "units", "covariates", "structure", "variants", "kind", "environments", "blocks", "pilot",
    "gpilot", "missing", "gg", "gm", "mm", "sg", "sm", "gx", "mx", "sx", "xx", "flow", "seed", "disclosure",
    "withheld"
  )),
  latent_instruments = list(topic = "learn_instruments", c(
    "encoder", "values", "threshold", "invariant", "variant", "n_latent", "center", "block", "mode", "kind",
    "variants", "environments", "quality", "history", "touched", "majority", "control", "seed"
  )),
  latent_mr = list(topic = "latent_mr", c(
    "headline", "outcome", "exposure", "units", "kind", "level", "nobs", "methods", "crossfit", "encoder", "quality",
    "family", "random", "controls", "variants", "warnings", "flow", "truth", "seed", "call", "versions"
  )),
  iv_reg = list(topic = "iv_reg", c(
    "coefficients", "vcov", "residuals", "sigma", "df.residual", "rank", "nobs", "estimator", "kappa", "vcov_type",
    "weights", "endogenous", "exogenous", "instruments", "diagnostics", "call", "formula", "terms", "model",
    "na.action"
  )),
  iv_binary = list(topic = "iv_binary", c(
    "coefficients", "vcov", "scale", "units", "estimator", "link", "control", "hansen", "solutions", "linear", "nobs",
    "cases", "call", "formula"
  )),
  iv_hazard = list(topic = "iv_hazard", c(
    "estimates", "fstat", "nobs", "events", "person_time", "strata", "time_unit", "per", "scale", "units", "outcome",
    "exposure", "level", "clusters", "delayed"
  )),
  iv_curve = list(topic = "iv_curve", c(
    "estimator", "solver", "names", "nobs", "range", "shrink", "identification", "references", "tests", "control",
    "seed", "call", "formula"
  )),
  iv_surface = list(topic = "iv_surface", c(
    "names", "nobs", "range", "shrink", "identification", "references", "tests", "control", "seed", "call", "formula"
  )),
  iv_first_stage = list(topic = "first_stage", c("table", "joint", "critical", "tf", "vcov")),
  direction_test = list(topic = "direction_test", c("direction", "variants")),
  negative_control = list(topic = "negative_control", c("fit", "tests")),
  environment_test = list(topic = "environment_test", c(
    "scope", "variable", "method", "n", "statistic", "p_value", "p_adjusted", "effect", "detectable"
  )),
  overid_test = list(topic = "overid_test", c("test", "statistic", "df1", "df2", "p.value")),
  plausibly_exogenous = list(topic = "plausibly_exogenous", c("term", "scale", "b_min", "b_max", "lo_ci", "up_ci")),
  clumps = list(topic = "clump", c("SNP", "chr", "pos", "pval", "kept", "index", "r2")),
  mr_verdict = list(topic = "verdict", c("check", "finding", "statistic", "pval", "p_holm", "objects"))
)

private <- list(
  mr_data = c(
    "genotypes", "background", "background_fit", "covariate_coding", "structure_includes_instruments", "sex",
    "counts", "removed_variants", "flagged_variants", "parents", "made", "version"
  ),
  mr_moments = c(
    "structure_includes_instruments", "block", "background", "clustered", "binary", "family", "withheld_families",
    "summary", "squares", "coding", "scaled", "version"
  ),
  plink_bed = c("files", "samples", "variants"),
  genotype_pgen = c("files", "people", "table", "at", "left_out", "rows", "cols"),
  genotype_bgen = c("files", "people", "table", "at", "left_out", "rows", "cols"),
  latent_instruments = c(
    "method", "null", "above", "taken", "directions", "dropped", "capped", "rank_w", "unlinked", "within",
    "structure_slopes",
    "structure_mean", "imputation", "n_latent_given", "parameters", "code_center", "check", "selected", "restart",
    "notes", "warnings", "details", "components", "panel_values", "background", "folds", "crossfit", "map", "stable",
    "starts", "mixing", "version"
  ),
  latent_mr = c(
    "estimates", "leading", "mode", "rows_used", "held", "clustered", "clusters", "cluster_sizes", "latent", "dropped",
    "binary",
    "cases", "score", "columns", "by_environment", "leave_one_out", "diagnostics", "fold_encoders", "naive", "withheld",
    "unavailable", "people", "tables", "learned"
  ),
  iv_reg = c(
    "df_terms", "cov.unscaled", "rss", "n", "cluster", "strength", "aliased_instruments", "engine", "stage1_names",
    "levels", "contrasts", "offset", "version"
  ),
  iv_binary = c("vcov_type", "cluster", "endogenous", "df", "outcome", "na.action", "version"),
  iv_curve = c("data", "model", "curve", "alike", "uneven", "band", "shape", "design", "dropped", "units", "version"),
  iv_hazard = c("instruments", "covariates", "version"),
  iv_surface = c("data", "model", "design", "dropped", "units", "version"),
  negative_control = "name"
)

known_fields <- function(class) c(public_fields[[class]][[2]], private[[class]])

# An object of `class` from a list of its fields, in the order of the lists above, with the version that makes it.
new_object <- function(class, fields) {
  known <- known_fields(class)
  if ("version" %in% known && !"version" %in% names(fields)) fields$version <- package_version_text()
  if (!all(names(fields) %in% known)) stop("no field of ", class, ": ", quote_all(setdiff(names(fields), known)))
  structure(fields[known[known %in% names(fields)]], class = class)
}
