#' Conditions: what can be caught
#'
#' Every error, warning and message of the package has a class, so that a script can catch one and let the others pass:
#' `tryCatch(expr, latentmr_error_ids = function(e) ...)`, `withCallingHandlers(expr, latentmr_warning_units = function(w) ...)`.
#' All inherit from `latentmr_error`, `latentmr_warning` or `latentmr_message`. Errors name the argument (`e$argument`) where there
#' is one; the call is the one that you typed. `options(LatentMR.quiet = TRUE)` silences the messages.
#'
#' @section Errors:
#' Functions that run on a server of DataSHIELD (`mrDataDS()`, `mrShapeDS()`, `mrMomentsDS()`) answer with plain errors:
#' DataSHIELD hands on their text alone. All others have classes.
#'
#' * `latentmr_error_argument`: an argument is not what it must be, or was not given: `argument` names it. Most
#'   errors below are of this class too;
#' * `latentmr_error_column`: a column or variable is not there: `columns`, the nearest ones in the hint;
#' * `latentmr_error_coding`: an outcome whose coding is in doubt (0, 1 and 2);
#' * `latentmr_error_ids`: rows cannot be joined by identifier, or one identifier has several different rows;
#' * `latentmr_error_list`: nobody on a list of people is in the data;
#' * `latentmr_error_variants`: none of the variants named is in the files;
#' * `latentmr_error_gwas`: a table of associations lacks a column, or one holds what it cannot: `field`;
#' * `latentmr_error_chromosome`: instruments on chromosome Y or in the mitochondria;
#' * `latentmr_error_empty`: no row, participant or variant is there, or left;
#' * `latentmr_error_file`: something is wrong with a file; one of the next five says what;
#' * `latentmr_error_file_missing`: a file of genotypes is not there;
#' * `latentmr_error_io`: a file cannot be opened, read or written;
#' * `latentmr_error_format`: a file is not what it should be, is damaged, or was changed meanwhile;
#' * `latentmr_error_encoding`: a text file in another encoding than was said, or names that are not UTF-8;
#' * `latentmr_error_samples`: file sets hold different people;
#' * `latentmr_error_memory`: more memory than `options(LatentMR.memory = )` allows;
#' * `latentmr_error_object`: an object whose fields do not fit each other or hold what they cannot;
#' * `latentmr_error_moments`: the same of moments, from a file or another site;
#' * `latentmr_error_polygenic`: null variants that carry a polygenic background or stratification;
#' * `latentmr_error_combine`: moments of sites that cannot be added up;
#' * `latentmr_error_disclosure`: moments that may not leave the machine;
#' * `latentmr_error_ledger`: a question that a DataSHIELD site does not answer after those before;
#' * `latentmr_error_exchange`: a file that export_moments() did not write, or that was changed since;
#' * `latentmr_error_checksum`: the same, and its length or sum shows it;
#' * `latentmr_error_unidentified`: the effect is not identified;
#' * `latentmr_error_exogenous`: a regressor counts as exogenous and should not, or none is endogenous;
#' * `latentmr_error_singular`: a matrix is singular: dependent columns, or an exact fit;
#' * `latentmr_error_leverage`: JIVE1 does not exist: a person cannot be left out;
#' * `latentmr_error_separation`: the outcome is separated: no finite odds ratio;
#' * `latentmr_error_weights`: weights that cannot be used: of an allele score, or of moment conditions;
#' * `latentmr_error_noconv`: an iteration did not converge;
#' * `latentmr_error_encoder`: the instruments do not fit the encoder asked for;
#' * `latentmr_error_nonfinite`: training of an encoder ran into numbers that are not finite; `state` has the last
#'   good ones;
#' * `latentmr_error_worker`: a worker of future::plan() was killed, cancelled or lost: the message has what is known of it;
#' * `latentmr_error_package`: a package is needed that is not installed;
#' * `latentmr_error_internal`: should not happen: please report it.
#' @section Warnings:
#' * `latentmr_warning_far_value`: a value far from all others: a code for missing values? `column`, `values`;
#' * `latentmr_warning_units`: a trait in other units in one environment or site: `column`, `environment`, `ratio`;
#' * `latentmr_warning_environment`: environments that look made from a trait or that are no groups; environments of
#'   one table of associations only;
#' * `latentmr_warning_levels`: groups whose names differ only in capital letters or blanks, or are words for a
#'   missing value: `levels`;
#' * `latentmr_warning_ids`: people whom the genotypes or a list do not know, with the likely cause: `ids`; an argument
#'   whose names leave people out: `ids`, `argument`; a data frame that was sorted or cut and is taken by position:
#'   `argument`;
#' * `latentmr_warning_variants`: variants named that the files do not have: `variants`;
#' * `latentmr_warning_gwas`: a table of associations whose columns disagree, or with values that cannot be;
#' * `latentmr_warning_linkage`: an `r2` of [clump()] that unlinked variants reach by chance: `chance`;
#' * `latentmr_warning_sex`: sex of the phenotypes against that of the fam file;
#' * `latentmr_warning_chromosome`: instruments on chromosome X without sex among the covariates; chromosomes that no genome has:
#'   `codes`;
#' * `latentmr_warning_imputation`: dosages whose quality differs between environments: `variants`;
#' * `latentmr_warning_constant`: a trait that does not vary in an environment: `environments`;
#' * `latentmr_warning_small_environment`: environments of fewer than 10 people, removed: `environments`;
#' * `latentmr_warning_samples`: a fam file that may have a line too many;
#' * `latentmr_warning_family`: people of one family who are not alike as full siblings are: `correlation`;
#' * `latentmr_warning_kinship`: pairs without a kinship coefficient; one family that holds many of the people: `people`, `threshold`;
#' * `latentmr_warning_disclosure`: variants that a site withheld;
#' * `latentmr_warning_version`: sites that have other versions of the package: `versions`;
#' * `latentmr_warning_palindromic`: palindromic variants of sites that may be on the other strand: `variants`;
#' * `latentmr_warning_overlap`: the overlap of samples was taken as 0, or intercepts were brought together;
#' * `latentmr_warning_fit`: what speaks against a fit of [latent_mr()] or [learn_instruments()], also in
#'   `fit$warnings`;
#' * `latentmr_warning_setting`: settings of a control that nothing reads with what was chosen: `settings`;
#' * `latentmr_warning_formula`: a term that is not defined for some rows, such as the logarithm of a negative number;
#' * `latentmr_warning_cluster`: an error that takes people as independent, with clusters; one cluster that holds most
#'   people: `clusters`, `effective`, `share`;
#' * `latentmr_warning_vcov`: a covariance that was not positive semi-definite;
#' * `latentmr_warning_leverage`: people who carry a first stage alone, or carry no instrument;
#' * `latentmr_warning_duplicate`: repeated instruments; sites with the same people: `sites`;
#' * `latentmr_warning_solutions`: a structural mean model with several solutions.
#' @section Messages:
#' * `latentmr_message_order`: nothing has identifiers: rows are taken in order;
#' * `latentmr_message_ids`: joined by FID_IID; people lost in joining a table of traits;
#' * `latentmr_message_scan`: chunks of a scan are there already;
#' * `latentmr_message_kind`: the kind of the instruments was chosen;
#' * `latentmr_message_instruments`: every variant of the files was taken as an instrument;
#' * `latentmr_message_names`: variants that were renamed;
#' * `latentmr_message_raw`: a .raw table was recognised;
#' * `latentmr_message_dosage`: dosages set to 0 or 2;
#' * `latentmr_message_withdrawn`: samples with a shared negative number;
#' * `latentmr_message_chromosome`: instruments on chromosome X;
#' * `latentmr_message_coding`: how a trait of two values, or text, was read;
#' * `latentmr_message_comma`: decimal commas were read;
#' * `latentmr_message_scale`: a trait was not scaled;
#' * `latentmr_message_families`: a site has no sums within families, and so none are left;
#' * `latentmr_message_split`: people in no part;
#' * `latentmr_message_weights`: what became of the weights of an allele score, and their columns;
#' * `latentmr_message_gwas`: what was worked out from other columns of a table of associations, or renamed there;
#' * `latentmr_message_clump`: whose p-values [clump()] takes, and what it leaves out;
#' * `latentmr_message_regions`: variants without a place, of which no region is known;
#' * `latentmr_message_variants`: variants left out of a summary, or of what was read from a file;
#' * `latentmr_message_formula`: how a two-part formula was read;
#' * `latentmr_message_ld`: whose people a matrix of correlations was taken to be of;
#' * `latentmr_message_structure`: directions added to structure columns;
#' * `latentmr_message_encoder`: the encoder that `"auto"` took;
#' * `latentmr_message_background`: components that were computed;
#' * `latentmr_message_disclosure`: what disclosure control changed;
#' * `latentmr_message_ties`: people drawn into strata;
#' * `latentmr_message_overwrite`: files that were there and were replaced: `files`;
#' * `latentmr_message_report`: where a report was written;
#' * `latentmr_message_progress`: how far long work is;
#' * `latentmr_message_time`: how long it will take.
#' @examples
#' wrong <- tryCatch(read_plink("no_such_prefix"), latentmr_error_file_missing = identity)
#' class(wrong)
#' conditionMessage(wrong)
#' @name LatentMR_conditions
NULL

# Errors and warnings raised on purpose. Every error inherits from
# latentmr_error; its call is the call that the user typed.

abort <- function(message, class = NULL, ..., hint = NULL, call = user_call()) {
  stop(make_condition(message, c(class, "latentmr_error", "error"), hint, call, ...))
}

warn <- function(message, class = NULL, ..., hint = NULL, call = user_call()) {
  warning(make_condition(message, c(class, "latentmr_warning", "warning"), hint, call, ...))
}

# Warnings of `expr` say where they belong: 'In "Kenya": ...'.
said_of <- function(where, expr) {
  withCallingHandlers(expr, latentmr_warning = function(w) {
    w$message <- paste0(where, ": ", conditionMessage(w))
    warning(w)
    invokeRestart("muffleWarning")
  })
}

# A note to the user: silenced by options(LatentMR.quiet = TRUE).
inform <- function(message, class = NULL, ..., hint = NULL) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(invisible())
  condition <- make_condition(message, c(class, "latentmr_message", "message"), hint, NULL, ...)
  condition$message <- paste0(condition$message, "\n")
  message(condition)
}

make_condition <- function(message, class, hint, call, ...) {
  text <- paste(c(message, if (length(hint)) paste("i", hint)), collapse = "\n")
  structure(class = c(class, "condition"), list(message = text, call = call, ...))
}

# The first call on the stack that entered this package.
user_call <- function() {
  home <- topenv()
  for (i in seq_len(sys.nframe())) {
    if (identical(topenv(environment(sys.function(i))), home)) return(sys.call(i))
  }
  NULL
}

# Called from C with the kind of a failed status: see src/glue.c.
abort_core <- function(kind, message) {
  abort(
    message, c(paste0("latentmr_error_", kind), if (kind %in% c("io", "format")) "latentmr_error_file"),
    hint = if (kind == "internal") {
      "An object of another version of the package, or one that was changed, does this: make it again. Otherwise please report it."
    }
  )
}

# `expr`, or `otherwise` where numbers do not allow it: one of our errors, or one of R's own
# (a singular matrix). Whatever else is raised goes on: a time limit, a condition of the user.
or_else <- function(expr, otherwise) {
  tryCatch(expr, error = function(e) {
    plain <- identical(class(e), c("simpleError", "error", "condition"))
    if (is_time_limit(e) || !(plain || inherits(e, "latentmr_error"))) stop(e)
    otherwise
  })
}

# R gives its time limits no class; what it says depends on the language.
is_time_limit <- function(e) {
  said <- c(
    "reached CPU time limit", "reached elapsed time limit", "reached session CPU time limit",
    "reached session elapsed time limit"
  )
  conditionMessage(e) %in% c(said, gettext(said, domain = "R"))
}
