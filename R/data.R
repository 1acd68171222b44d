#' Genotypes, exposure and outcome of people from several environments
#'
#' Puts together what an analysis needs, checks it, and keeps the account of
#' every participant and variant removed. To read from files use
#' [read_mr_data()].
#'
#' @section What may be an environment:
#' A group whose members are fixed before the exposure, and in which allele
#' frequencies or genetic structure differ from the other groups: ancestry,
#' country, cohort, recruitment site. It must not depend on the exposure, the
#' outcome or anything that follows from them. So never: disease status or
#' anything chosen by it (cases and controls, hospital against population
#' sample), a genotyping batch or array that holds the cases, a group made by
#' cutting the exposure, or clusters found in the same genotypes that are used
#' as instruments.
#'
#' With people of one ancestry take recruitment sites, regions of birth or
#' cohorts as environments: they differ in fine structure. With one environment
#' only, give `structure` (principal components) or `background` (variants from
#' which components are learned); without either nothing tells structure from
#' instrument, and the analysis is refused.
#'
#' @section Joining:
#' By identifier only, never by position, as soon as anything has identifiers:
#' row names of `genotypes` (or IID of the fam file; FID_IID when an IID stands
#' for several people), names of
#' vectors, row names of matrices, character row names of data frames, or `ids`.
#' `ids` holds the identifiers of the rows of `exposure`, `outcome`,
#' `environment`, `covariates`, `structure`, `cluster` and `family`, and also of the rows
#' of a `genotypes` or `background` matrix that has no row names. An argument
#' with names of its own is joined by them; they must be the same set as `ids`.
#' When nothing at all has identifiers the lengths must agree, the rows are
#' taken as they stand, and a message says so. It names data frames that were visibly sorted or cut (their
#' whole-number row names are not 1, 2, 3 and so on); two of them with other such names are an error. A frame that
#' was sorted beside a vector that was not cannot be seen. Identifiers are compared as text.
#'
#' @section Rules for participants, in this order:
#' Removed and counted: rows without identifier; copies of an earlier row with
#' the same identifier and the same values (different values are an error, and
#' so are two rows of genotypes for one person); people not on the list `keep`,
#' or on the list `remove` ([read_mr_data()]); people without genotypes (or
#' background genotypes); a missing (`NA`, `NaN`) environment, exposure, outcome,
#' covariate, structure column or cluster; environments of fewer than 10 people
#' after all that, with a warning. People genotyped but without a phenotype row
#' are counted. The people that stay are in the order of the genotypes.
#' Infinite values and an exposure or outcome that does not vary are errors.
#'
#' @section Rules for variants, in this order:
#' Removed and counted, after the people: variants without a call in any
#' environment; constant variants; variants with the same values as an earlier
#' one, missing calls included (for genotypes also the mirror image, 2 minus
#' them); variants collinear with earlier ones, when 1 - R2 given these is below
#' 1e-8 (Cholesky factor, in file order, of the correlation matrix after missing
#' calls are filled as below; looked for when n p^2 <= 5e9, n p <= 5e7 and there
#' are more people than variants; otherwise the table of [flow()] says so, and
#' the rank is dealt with when the encoder is fitted). A variant without a call,
#' or constant, in some environments but not in all stays; it is counted and
#' named in `summary()`. Missing calls stay `NA` here; when used they take
#' the mean of the variant in the person's environment (the pooled mean where
#' the environment has no calls or only equal ones). Background variants: the
#' first two rules only, and those that are also instruments are removed.
#' Missing or repeated variant names are made unique (`rs1:G:A`, other and effect allele, where these are known) and
#' counted.
#'
#' Chromosome codes are folded: 01, 1.0 and chr1 are 1; 23, 24, 25, 26 and M are X, Y, XY, MT and MT. Codes
#' that no genome has, such as 99, are a warning (known are numbers up to 95, X, Y, XY, MT, 0, arms, Roman numerals,
#' scaffolds).
#' Instruments on Y or in the mitochondria are an error, background variants there
#' are removed and counted. For instruments on X, sex should be among the covariates (a warning otherwise).
#' A covariate called sex or gender is compared with the sex of the fam file: more than 2 % of
#' disagreement is a warning.
#'
#' @param genotypes Instruments: a numeric matrix or data frame, n people x p
#'   variants, a table as PLINK's `--export A` writes it (.raw: IID names the people, the six columns in front are no
#'   instruments) or the path of its file (identifiers are then text: 007 stays 007), or a `plink_bed` object of [read_plink()]. Missing: `NA`. Unless `kind = "continuous"`, values
#'   outside of 0 to 2 by at most .001 are set to its ends, with a message, and a few values far outside among
#'   calls of 0, 1 and 2 are refused as codes for missing.
#' @param exposure,outcome Numeric vectors, one value per participant, in any unit; estimates are in units of the
#'   outcome per unit of the exposure. Traits of two values may be 0/1, logical, a factor with two levels (the
#'   second is 1, with a message) or words for no and yes (see Values in [read_mr_data()]); an outcome with the
#'   values 1 and 2 only is read as in PLINK (control, case), with a message; one with the values 0, 1 and 2 only is
#'   refused, since PLINK's 0 means missing (see `outcome_kind`). Several exposures: a matrix or data frame with a
#'   column for each; [latent_mr()] then estimates their effects given each other.
#' @param environment Factor, text or whole numbers: the group of each
#'   participant; see below. Continuous numbers are refused.
#' @param covariates Data frame (numbers, factors, text, logicals) or numeric
#'   matrix, one row per participant. Groups become 0/1 columns against their
#'   first level (text: in alphabetical order of the C locale); columns that do
#'   not vary are left out and counted. Text that holds numbers only is taken as numbers, with a message.
#' @param categorical Names of covariates that are groups whatever they look like, such as
#'   codes of sites or batches.
#' @param outcome_kind `"auto"` makes 0 and 1 of an outcome that has two values;
#'   `"number"` takes the values as they are: counts, for instance.
#' @param structure Numeric matrix or data frame, one row per participant:
#'   principal components or other measures of ancestry.
#' @param structure_includes_instruments Were the instruments among the variants
#'   from which `structure` was computed? `TRUE`, `FALSE`, or `NA` (not known, taken
#'   as `FALSE`); see Components and instruments.
#' @param background Variants to learn structure from that are not instruments:
#'   a matrix as `genotypes`, or a `plink_bed` object.
#' @param block LD block of each variant (p values, or named by variant), or
#'   `NULL`: blocks are then found from the data.
#' @param ids Identifiers of the rows, see Joining.
#' @param cluster Family, household or site of each participant: people of one
#'   cluster may be dependent. Or the result of [families()].
#' @param family The sibship of each participant: full siblings have the same value, who has no sibling in the
#'   data a value alone or `NA`. Or the result of [families()], made of full siblings only. See Families.
#' @param parents Genotypes of the participants' parents, see Families: `"fam"` (PLINK files: the people whom the fam
#'   file names as father and mother), or `list(father = , mother = )` with two matrices like `genotypes`, a row for
#'   each participant, `NA` where unknown; or parents imputed from siblings: `"siblings"`, or a table of
#'   the segments that siblings share by descent (KING's or snipar's: `ID1`, `ID2`, `IBDType`, `Chr`, `StartMB` and `StopMB`, or
#'   `start_coordinate` and `stop_coordinate`). `NULL`: none.
#' @param kind `"genotype"` (0, 1, 2 copies of the effect allele), `"dosage"`
#'   (expected copies, between 0 and 2), `"continuous"` (any other instruments),
#'   or `"auto"`: the first of these that the values allow, with a message.
#' @param variants Data frame with a row for each column of `genotypes` and
#'   columns among `snp`, `chr`, `pos`, `effect_allele` (the one counted) and
#'   `other_allele`; `NULL` takes the column names. With a `plink_bed` object it
#'   must be `NULL`.
#'
#' @param instruments Names of the columns of `genotypes` to use, or a table of associations whose variants and
#'   effects are taken, see [read_mr_data()]; `NULL`: all. Other arguments by variant (`block`) then hold the chosen
#'   ones.
#' @param units Units of the exposure (exposures) and the outcome, such as `c("mmol/L", "mmHg")` or
#'   `c(outcome = "mmHg")`; `NULL`: not
#'   known. They stay with the data: moments, fits, tables, axes and reports say them, and sites in other units are not
#'   combined.
#' @param scale_traits `"none"`; `"sd"`: a trait is divided by its standard deviation in the analysed participants;
#'   `"inverse_normal"`: it is replaced, within each environment, by the normal scores of its ranks
#'   \eqn{\Phi^{-1}((r - 3/8) / (n + 1/4))} (Blom 1958), equal values by equal scores, so that neither mean nor
#'   spread differs between environments. One for all traits, or named: `c(exposure = "sd")`. Traits of two values
#'   are left. What was done stands in [flow()] and in the units.
#' @section Components and instruments: Components load on their own variants by construction.
#'   When the instruments were among these (`TRUE`), only what the components leave unexplained
#'   can be tested for structure; when not (`FALSE`), the components miss a part of
#'   ancestry that the instruments still carry, and the panel's own prediction of
#'   the components is partialled out too. Saying the wrong one costs: with ten
#'   components of 1,200 variants (cell 1 of [simulate_mr()], 20 data sets, true effect .3) the root mean
#'   squared error of `latent_ujive` was .025 when told the truth of either kind, .036 when
#'   components that held the instruments were called `FALSE` (all ten directions are then partialled
#'   out of 50 variants), .030 when components without them were called `TRUE`; in cell 3 .029 and
#'   .032 against .035 and .037 (`Rscript bench/bench-snp-panels.R includes 20 1,3`). Components of
#'   10^5 variants are precise, and the two differ little.
#' @section Families: What siblings differ in is chance at meiosis. Comparisons within families are therefore free of
#'   what environments cannot show: parents who act on their children, assortative mating, and ancestry. With
#'   `family`, [latent_mr()] adds the rows `family_ujive` and `family_2sls`, reports the first of them first, and
#'   tests whether the population rows differ. Only full siblings may share a value: cousins, half siblings, or
#'   parents with their children differ by more than chance. Without `cluster` the families are the clusters
#'   too; a `cluster` that is given must hold families whole. Genotypes or dosages only.
#'
#'   Where both parents were genotyped, a child's genotype less half of the parents' is chance at meiosis too: such
#'   people need no sibling, and inform with the parents' genotypes as controls in place of the mean of the
#'   family. `parents = "fam"` takes full siblings from the fam file when `family` is not given, and clusters of
#'   everybody with a parent in common. More than 2 % of genotypes that children cannot have from such parents is an
#'   error.
#'
#'   Parents imputed from pairs of siblings (Young et al. 2022, Nat Genet 54:897) give two rows more,
#'   `imputed_ujive` and `imputed_2sls`: they compare people of
#'   different families too, given the parents they must have had. That holds under random mating within
#'   environments only, so these rows stand apart and are never the headline. What they gain over the rows
#'   within families is little where siblings' traits are correlated, and nearly nothing without a table of
#'   segments, when sharing is inferred from the two genotypes. Hard calls only.
#' @section Warnings about values: What is used is not changed by any of these.
#'   `latentmr_warning_far_value`: a value of a trait or covariate, repeated or alone, far from all
#'   others (a code for missing values?). `latentmr_warning_units`: a trait whose standard deviation (from
#'   quartiles) in one environment is more than 3 times, or less than a third of, that of the others; the usual factors
#'   between units are named. `latentmr_warning_environment`: environments that explain more than half
#'   of the variance of a trait, or are more than 30 whole numbers. `latentmr_warning_levels`: groups
#'   whose names differ only in capital letters or blanks, or are those of missing values.
#'   `latentmr_warning_family`: pairs of one family whose genotypes correlate by much less than .5, that of full
#'   siblings. `latentmr_warning_ids`:
#'   more than 2 % of the rows find no genotype, with the likely cause. `latentmr_warning_imputation`: dosages
#'   whose quality (`info` of [variants()]) in two environments differs by more than .2 and four standard
#'   errors. `latentmr_warning_sex` and `latentmr_warning_chromosome`: see Rules for variants.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `mr_data`. See it with `print()`, `summary()`, [flow()], [variants()] and [samples()].
#'   Its fields, with n people analysed: `outcome` (n numbers), `exposure` (n numbers; of several exposures a matrix
#'   with a column each), `outcome_name`, `exposure_name`, `environment` (factor), `covariates` (n rows, as coded),
#'   `structure` (n rows, or `NULL`), `variants` (data frame), `kind`, `block`, `cluster` and `family` (factors or
#'   `NULL`),
#'   `ids` (or `NULL`), `units` and `scaling` (a data frame; or `NULL`), `flow`, `truth` (of simulated data). Others
#'   are private.
#' @section Errors: All inherit from `latentmr_error`: `latentmr_error_argument` (an argument is not what it must
#' be; `latentmr_error_coding`: an outcome of 0, 1 and 2), `latentmr_error_ids` (rows cannot be joined, or one
#' identifier has several different rows), `latentmr_error_empty` (no participant or no variant is left).
#' @examples
#' set.seed(1)
#' n <- 300
#' site <- rep(c("A", "B", "C"), each = n / 3)
#' freq <- cbind(A = c(.2, .5), B = c(.4, .3), C = c(.3, .4))
#' g <- t(sapply(site, function(s) rbinom(2, 2, freq[, s])))
#' dimnames(g) <- list(paste0("id", 1:n), c("rs1", "rs2"))
#' ldl <- setNames(g[, 1] + rnorm(n), rownames(g))
#' sbp <- setNames(.5 * ldl + rnorm(n), rownames(g))
#' sbp[7] <- NA
#' data <- mr_data(g, ldl, sbp, setNames(site, rownames(g)))
#' data
#' flow(data)
#' @export
mr_data <- function(genotypes, exposure, outcome, environment, covariates = NULL, structure = NULL,
                    structure_includes_instruments = NA, background = NULL, block = NULL, ids = NULL,
                    cluster = NULL, kind = "auto", variants = NULL, categorical = NULL, outcome_kind = "auto",
                    units = NULL, scale_traits = "none", family = NULL, parents = NULL,
                    instruments = NULL, ...) {
  check_dots(...)
  check_given(hints = given_hints)
  names <- c(
    exposure_names(exposure, label_of(substitute(exposure), "exposure")), label_of(substitute(outcome), "outcome")
  )
  check_choice(kind, "kind", c("auto", "genotype", "dosage", "continuous"))
  check_choice(outcome_kind, "outcome_kind", outcome_kinds)
  check_categorical(categorical, colnames(covariates))
  units <- trait_units(units, names)
  scales <- trait_scaling(scale_traits, names)
  check_flag(structure_includes_instruments, "structure_includes_instruments", na = TRUE)
  refuse_column_name(list(
    exposure = exposure, outcome = outcome, environment = environment, ids = ids, cluster = cluster, family = family
  ), nrow(genotypes))
  source <- with_sample_names(genotype_source(genotypes, "genotypes", variants))
  check_chosen_parents(instruments, parents)
  source <- choose_variants(source, instrument_table(instruments, source), "instruments")
  parents <- parents_source(parents, source)
  if (!is.null(background)) background <- with_sample_names(genotype_source(background, "background"))
  if (kind != "continuous" && in_memory(source$genotypes)) {
    source$genotypes$x <- clamp_dosages(source$genotypes$x, "genotypes")
  }
  block <- as_block(block, source)
  everybody <- as_ids(ids, "ids")
  sorted <- check_row_numbers(list(
    genotypes = genotypes, exposure = exposure, outcome = outcome, environment = environment, covariates = covariates,
    structure = structure
  ))
  study <- if (is.null(everybody)) row_ids(exposure) else everybody
  check_turned(genotypes, study)
  cluster <- complete_families(cluster, study)
  family <- complete_families(family, study)
  pieces <- list(
    exposure = check_exposures(exposure, names[-length(names)]),
    outcome = check_trait(outcome, "outcome", outcome_kind),
    environment = as_environment(environment), covariates = as_covariates(covariates, categorical = categorical),
    structure = as_structure(structure), cluster = as_cluster(cluster),
    family = as_cluster(family, "family")
  )
  pieces <- pieces[!vapply(pieces, is.null, NA)]
  check_includes(structure_includes_instruments, pieces$structure)
  table <- assemble_pieces(pieces, everybody, source$ids, source$n, sorted)
  given <- if (table$by == "order") table$ids else everybody
  source <- label_rows(source, given, "genotypes")
  if (!is.null(background)) background <- label_rows(background, given, "background")
  frame <- c(list(ids = table$ids), table$pieces)
  data <- build_mr_data(
    frame, source, background, block, kind, structure_includes_instruments, names, units = units, scales = scales,
    parents = parents
  )
  with_call(data, match.call(), "mr_data")
}

# Several exposures are the columns of a matrix or data frame.
exposure_names <- function(x, label) {
  if (length(dim(x)) > 2) {
    abort_argument("exposure", "a numeric vector, or a matrix with a column for each exposure", "an array")
  }
  if (is.null(dim(x)) || NCOL(x) < 2) return(label)
  if (is.null(colnames(x))) sprintf("%s%d", label, seq_len(ncol(x))) else colnames(x)
}

# The name of a trait as the user wrote it: x, d$x and d[["x"]] are all "x".
label_of <- function(expr, otherwise) {
  if (is.symbol(expr)) return(as.character(expr))
  if (is.call(expr) && as.character(expr[[1]])[1] %in% c("$", "[[")) {
    last <- expr[[3]]
    if (is.symbol(last) || is.character(last)) return(as.character(last))
  }
  otherwise
}

# PLINK samples under the names that dimnames() gives them: FID_IID when an IID
# is not one person.
with_sample_names <- function(source) {
  people <- samples(source$genotypes)
  if (!is.null(people)) source$ids <- sample_ids(people, sample_names(people))
  source
}

# Identifiers for the rows of genotypes that have none.
label_rows <- function(source, ids, arg) {
  if (!is.null(source$ids)) return(source)
  if (is.null(ids)) {
    abort(
      sprintf("`%s` has no row names, while other arguments have identifiers: they cannot be joined.", arg),
      "latentmr_error_ids", argument = arg,
      hint = sprintf("Give `%s` row names.", arg)
    )
  }
  if (length(ids) != source$n) {
    abort_argument(arg, sprintf("a matrix with row names, or with a row for each of the %s `ids`", big(length(ids))),
                   sprintf("one of %s rows without names", big(source$n)))
  }
  source$ids <- ids
  source
}

check_includes <- function(includes, structure) {
  if (is.null(structure) && !is.na(includes)) {
    abort_argument("structure_includes_instruments", "NA when `structure` is not given", as.character(includes))
  }
}

as_block <- function(block, source, arg = "block") {
  if (is.null(block)) return(NULL)
  must <- sprintf("a vector with the LD block of each of the %s variants", big(source$p))
  if (!is.atomic(block) || !is.null(dim(block))) abort_argument(arg, must, describe(block))
  named <- !is.null(names(block))
  if (named) {
    at <- match(source$variants$snp, names(block))
    if (anyNA(at)) {
      abort_argument(arg, must, paste("one without", quote_all(source$variants$snp[is.na(at)], 5)),
                     "Its names must be the names of the variants.")
    }
    block <- block[at]
  } else if (length(block) != source$p) {
    abort_argument(arg, must, describe(block))
  }
  block <- unname(as_groups(block))
  if (anyNA(block)) {
    abort_argument(arg, must, sprintf("one that is missing for %s", quote_all(source$variants$snp[is.na(block)], 5)),
                   "A variant on its own is a block of one.")
  }
  block
}
