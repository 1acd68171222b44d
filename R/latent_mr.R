#' Mendelian randomization with latent instruments
#'
#' The main job: learns which part of the genotypes moves between environments or
#' carries structure ([learn_instruments()]), partials it out, and estimates the
#' effect of the exposure on the outcome with what is left, beside the standard
#' estimators and their tests.
#'
#' With Vhat the variant block, e the environment and Z the instruments, every
#' `latent_*` estimator partials out \eqn{(1, e, \hat V, e \times \hat V)} and the
#' covariates (with common slopes) and uses Z, so residualised, as instruments; in
#' structure mode \eqn{(1, e, S, e \times S, \hat V)}, in background mode \eqn{(1, e, PC, e
#' \times PC)}. The interactions are left out when there are fewer than 100 people
#' per column. If the confounder given the ancestry is linear in Vhat within
#' environments, what is left of Z is uncorrelated with it, whatever part of Z is
#' called invariant. Confounding that has the same law everywhere and is not tied to
#' structure (a parental score, assortative mating) cannot be seen by this or by any test printed here except HSIC
#' against a covariate that measures it; families show it, see Families.
#'
#' From `mr_data` the errors are heteroskedasticity robust (or clustered, when the
#' data name clusters); from `mr_moments` they are classical, Bekker's for LIML, and that of many instruments for
#' Nagar's estimator, which the folds check: a warning where the delete-one-fold jackknife is larger than chance
#' allows (p < .001), and the jackknife itself where it is larger and people come in clusters. With clusters LIML and
#' Fuller have the cluster-robust error: Bekker's takes people as independent.
#' Intervals of `latent_liml`, `latent_ujive` and `latent_nagar` on genotypes are
#' \eqn{b \pm t_{p-1} se \sqrt{\max(1, J/df)}} with Sargan's J; p is the number of instruments that are left after
#' partialling out. The column `se` has this factor (`summary()` also has the error without it), and `df` the degrees of
#' freedom of the t law (`Inf`: the normal one) that gives both interval and p: \eqn{b \pm t_{df} se},
#' \eqn{2 P(t_{df} < -|b / se|)}.
#'
#' @section Cross-fitting (`crossfit = K`):
#' The encoder of every one of K folds (drawn within environments, clusters whole) is learned on the people of the
#' other folds. The latent rows and the tests are then cross-fitted; under each latent row stands the same estimator
#' with the encoder of everybody. The linear encoder sees neither exposure nor outcome, so that the two estimate the
#' same: where they differ by more than a standard error, the encoder follows few people. `latent_2sls_only` is
#' never cross-fitted. `vignette("method")` has the details.
#'
#' @section Errors given the encoder: The usual errors take the directions as known. With genotypes that is nearly
#' so; with continuous instruments 95 % intervals covered 87 to 94 % in four cells of the published design.
#' `jackknife` learns the encoder anew without each of ten folds, and covers 96 to 98 % there
#' (`bench/bench-jackknife.R`), at ten times the work of the linear algebra. It replaces the errors of `latent_2sls`,
#' `latent_liml`, `latent_fuller`, `latent_2sls_only` and `latent_2sls_variant`, of everybody and of single environments; errors of
#' the other latent rows (UJIVE, GMM, odds and risk ratios: `vcov` `"learned"`) are multiplied by what the learning adds to
#' that of `latent_2sls`. J, Wu-Hausman, Cochran's Q and the Anderson-Rubin set count the learning too ([weakiv_test()],
#' `bench/bench-learned.R`): taken as known, the directions make sets too narrow and tests reject what is true. Where they
#' are (`jackknife = FALSE`, `crossfit`, several exposures, an autoencoder), J and Q do not object in the
#' [verdict()], and it says so. Clusters stay whole in a fold. With `encoder = "mechanism_sparsity"` masks are held and rows learned anew; where Sargan's J rejects at 1 %, which is
#' how a missed touch shows, intervals of the latent rows are wider by \eqn{\sqrt{J/df}} (`bench/bench-mechanism-sparsity.R`).
#'
#' @section Spectral REML (`latent_reml`):
#' The headline in panel mode (structure is learned from the instruments themselves, without background variants and
#' structure columns): a random-effects model of the scores of the instruments, with components for strength, for
#' structure below the detection limit and for pleiotropy; the data do not tell the last two apart, so that the
#' summary has one share for both. The formula is in `vignette("method")`. In structure and background modes it was no
#' better than UJIVE (`bench/bench-snp-panels.R`).
#'
#' @section Modes: How structure is seen follows from the data: components of background variants and
#' instruments where `background` was given, the columns of `structure` with the panel's own directions where these were,
#' else the panel alone. In 19 designs with 1,200 further variants (60 data sets each, `bench/bench-snp-panels.R`) the
#' root mean squared error of the headline in background mode was .97 of that in structure mode on average (.89 to 1.12;
#' ten components made without the instruments, and said so), .69 of that in panel mode (.21 to .95). The print says
#' which was taken and why. With two environments or more, background variants of which no component stands out, or
#' that are worth fewer independent variants than the instruments (\eqn{m^2 / \sum r^2}, of the background given its
#' components), are not used: the structure is that of the same data without them, and print and
#' verdict say so. With 50 instruments and 20 to 40 such variants the components left more bias than the panel alone,
#' with 80 and more less (`bench/bench-background.R`).
#'
#' @param data An `mr_data` object, or `mr_moments` (no rows needed).
#' @param encoder `"linear"`, `"mechanism_sparsity"`, `"auto"`, `"closure"`, `"flow"` or `"autoencoder"` (see
#'   [learn_instruments()]).
#' @param n_latent `c(invariant, variant)` dimensions, or `NULL` to choose.
#' @param methods Estimators: ids of [mr_methods()] or rows of it; `NULL` for the
#'   defaults.
#' @param crossfit Number of folds K for cross-fitting, at least 2; 0 for none. Moments
#'   must hold K folds or more (`mr_moments(folds = )`).
#' @param score_weights Weights of an allele score from other people (a published association study of the
#'   exposure), for the estimators `score` and `latent_score`: a data frame, or a text file (see [read_mr_data()]),
#'   with columns `SNP`, `effect_allele`, `other_allele` and `beta` (also under TwoSampleMR's names, `beta.exposure`
#'   and so on, and rsid, EA, NEA, A1 (effect), A2, BETA, with a message). Matched by variant and alleles (also
#'   where the data hold several variants of one name): weights of the other allele change sign, weights on the
#'   other strand are recognised; palindromic variants (A/T, C/G), other alleles, unknown variants and missing
#'   weights are left out. `$score$table` has what became of every row. `NULL`: the weights
#'   that came with the instruments (a table of associations, see [read_mr_data()]), else no score.
#' @param level Confidence level.
#' @param force `TRUE` goes on where nothing identifies the effect, with a warning
#'   instead of the error.
#' @param by_environment `FALSE` leaves out the estimates of single environments and
#'   without each of them (and Cochran's Q) and the tests of instrument quality, which take most of the time: for
#'   simulations and scans over many outcomes.
#' @param jackknife `TRUE`, for continuous instruments: errors that include the learning of the encoder (see "Errors
#'   given the encoder"). `NULL`: wherever that can be done, which is with one exposure, five folds or more, no
#'   `crossfit` and another encoder than `"autoencoder"`. `FALSE`: errors given the encoder.
#' @param random Random effects of relatedness (see "Relatedness"): `"background"` (the background variants of
#'   `data`), `"cluster"`, or both; `NULL`: none.
#' @param controls Negative-control outcomes, which the exposure cannot affect, as `outcome` of [negative_control()]: names of
#'   covariates, which are then adjusted for by the other estimates only, or a data frame with a row for each
#'   participant. Their table is `$controls` and part of the [verdict()]. `NULL`: none.
#' @param control [encoder_control()]. For moments with background components it must have the settings they were
#'   computed with (`mr_moments(control = )`); these are taken when none is given.
#' @param seed One whole number; `NULL` takes one from R's generator.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `latent_mr`. `as.data.frame()` gives the table, whose first nine columns are those of
#'   `TwoSampleMR::mr()`; `environments = TRUE` adds the rows of every environment; `note` says why a row has no
#'   estimate; the column `crossfit` is there when asked for. Also `print`, `summary`, `plot`, `tidy`, `glance` and [ar_set()]. Its field `headline` names
#'   the estimator to report first: on genotypes `latent_reml` in panel mode, else `latent_ujive` (`latent_nagar`
#'   from moments); for continuous instruments `latent_2sls`
#'   (`latent_joint` with `encoder = "mechanism_sparsity"`); with families `family_ujive` (`family_nagar` from moments). Other fields: `outcome`, `exposure` (names), `units`,
#'   `kind`, `level`, `nobs`, `methods` (rows of [mr_methods()]), `crossfit`, `encoder` ([learn_instruments()]),
#'   `quality`, `family` (a list, or `NULL`: `people`, `families` and `trios` that inform, the number of people
#'   whose parents are `imputed`, and `contrast`: `b` of the
#'   population, `family`, `difference`, `se`, `statistic`, `df`, `pval`, `note`),
#'   `random` (see Relatedness) and `controls` (a table of [negative_control()]), or `NULL`, `variants`, `warnings`, `flow`,
#'   `truth` (of simulated data), `seed`, `call`, `versions`. What is not named here is private.
#' @section What the print says:
#' At most 25 lines: what objects (see [verdict()]), the effect as a sentence, the estimators with their intervals (the
#' one to report first marked `>`), strength, whether the environments agree, what nothing here can see. "Structure
#' removed" are the `latent_*` estimators. `summary()` has the tests with what each cannot see, errors and F of every row, the
#' environments, the account of people, the warnings. Figures follow from the width of the interval; the decimal mark is
#' always a point. [LatentMR_words] explains every word.
#' @section Errors of the estimates: What the column `vcov` says: `HC1`, robust to heteroskedasticity (k-class estimators from rows
#' of people, GMM, ratios of 0/1 outcomes); `cluster`, the same where people of a cluster or family may be correlated;
#' `iid`, classical, one variance for everybody (from moments, which hold no rows); `bekker`, for many instruments of one variance
#' (LIML, Fuller); `many`, for many instruments, from rows robust to heteroskedasticity (UJIVE, Nagar); `jackknife`, from the
#' estimates without each fold of people (moments with folds); `reml` and `likelihood`, from the curvature of the likelihood; `random`,
#' `fixed` and `bootstrap`, of estimators on single variants: heterogeneity over variants added, none taken to be there,
#' drawn again ([single_variant()]). With `many`, `bekker` and `reml` the error is further widened where the instruments disagree.
#' @section Outcomes of two values:
#' When every outcome is 0 or 1 the linear estimators give risk differences, and `latent_msmm` (log risk ratio)
#' stands beside them; on request `latent_tsri` and `latent_tsps` (log odds ratios), which reject a true null too
#' often where cases were sampled or many variants are weak. What they are: [iv_binary()]. The columns `scale` and
#' `units` say what an effect is; `or`, `or_lci95`, `or_uci95` (as `TwoSampleMR::generate_odds_ratios()`) are exp of
#' the estimate and its 95 % limits where that is a log odds ratio, `rr`, `rr_lci95`, `rr_uci95` where it is a log risk ratio
#' (`hr` and so on: a log hazard ratio), and `NA` elsewhere: a risk difference is no ratio. An outcome whose unit is the log odds ratio
#' or the log hazard ratio ([mr_moments_from_summary()]) has that scale in every row. The print and `summary()$odds` turn a risk
#' difference b into cases per 1,000 people and into the odds ratio \eqn{\exp(b / (p (1 - p)))}, p the share of cases: that
#' of the logistic curve with this slope at the overall risk. Its test is that of the risk difference, it is the same in
#' expectation in case-control samples (the risk difference is not), and its log is too small by about the share of the
#' outcome's variance that the exposure explains. The estimators on log scales need rows of people. With many weak
#' instruments they have the bias of 2SLS, which `latent_ujive` has not.
#'
#' @section Families: With `mr_data(family = )` the rows `family_ujive` and `family_2sls` stand beside those of the
#' population, and `family_ujive` is the headline, whatever the tests say. Every column is less the mean of its
#' family, which is the same as family means of the genotypes as controls; missing calls leave the mean of the
#' other siblings. Whole families are left out of the first stage, and errors are by family
#' (`"many"`, or `"cluster"` for 2SLS). People without a sibling in the data count in the population rows only. The print
#' and `$family` say how many inform, and whether population and family differ: the difference of
#' `latent_ujive` and `family_ujive` with the error of their stacked influence functions, summed by
#' family, each with the pairs term of the many-instrument error (so never a difference of two variances). People
#' with both parents genotyped (`mr_data(parents = )`) are not compared with their siblings but with their parents:
#' the genotype less half of the parents' is the instrument, the parents' genotypes are controls. Parents
#' imputed from siblings give rows of their own, `imputed_ujive` and `imputed_2sls`, which assume random mating. What
#' environments cannot show is free of within families: parents who act on their children, assortative
#' mating, ancestry (Brumpton et al. 2020, Nat Commun 11:3519; Howe et al. 2022, Nat Genet 54:581). What is left
#' is pleiotropy that all variants share, and siblings who act on each other. Errors are about twice those of the
#' population: [mr_power()] has `family_size` and `within`. Structure is not needed: a fit of one environment is
#' refused no more, and its population rows are called not identified. From moments (`mr_moments(disclosure = FALSE)`
#' of data with families: sums within families of each block) the rows are `family_nagar`, the moment twin
#' of `family_ujive`, and `family_2sls`, with errors and contrast by delete-one-fold jackknife; UJIVE itself leaves each family
#' out, which needs its rows. Parents' genotypes and imputed parents need rows too.
#' @section Relatedness: Relatives who were measured together carry alleles and circumstances together, and
#' components do not reach families. With `random` the rows `mixed_ujive` (then the headline), `mixed_liml` and
#' `mixed_2sls` stand beside the others: what the exposure does not explain of the outcome has the covariance
#' \eqn{V = s_g K + s_c C + s_e I}, K the mean product of the standardised background variants (within
#' environments; VanRaden 2008, J Dairy Sci 91:4414), C one within clusters; the variances are found by
#' average-information REML (Gilmour, Thompson and Cullis 1995, Biometrics 51:1440), first for the outcome, then for
#' the outcome less the effect of the first pass; rows are multiplied by \eqn{V^{-1/2}} (its Cholesky factor, people
#' in the order of cluster and id) and the estimators run on them, given the same columns as the latent ones. Errors
#' allow for heteroskedasticity, and for clusters where the data name them. An outcome that is the same within
#' clusters is estimated between them, from means of clusters. `$random`: `terms`, `variance` and `se` of the components (`NA` at the bound), `together`,
#' `rows`. Memory grows with the square, time with the cube of the number of participants; above the memory budget it
#' is refused. Both terms together took 29 s of one core and 1 GB at 5,000 participants, 204 s and 2.1 GB at 10,000, 27
#' minutes and 6.8 GB at 20,000, where the budget has to be raised (`options(LatentMR.memory = "16GB")`;
#' `Rscript bench/bench-random.R 5000 10000 20000`). K holds all chromosomes: to leave out that of the instrument, as scans of one variant after the other
#' do, is not possible where the instruments of all chromosomes are used together under one V. What it would avoid,
#' that K takes part of the instruments' own signal, makes no bias but costs strength: give background variants that
#' are apart from the instruments where there are enough (`vignette("relatives")` does).
#' @section Several exposures: With several exposures in `data` the effects are estimated given each other
#' (multivariable Mendelian randomization), a row per estimator and exposure; everything else is as with one.
#' Estimators whose `exposures` in [mr_methods()] is `one` are `NA` and say so. The F of an exposure is Sanderson
#' and Windmeijer's conditional F; `summary()$first_stage` has a row per exposure. Anderson-Rubin sets are
#' projections. Errors: `latentmr_error_unidentified` when the instruments do not tell the exposures apart, or an
#' exposure is a function of the others.
#'
#' @section Allele scores: `score` is the usual one-sample instrument: the sum of counted alleles times
#' `score_weights`, with the environments and covariates partialled out; `latent_score` partials out the latent
#' block. Weights that were estimated in the people of `data` make it 2SLS with all variants, with its bias, and
#' hide that in one large F.
#'
#' Instruments that were chosen for their association with the exposure in the people of `data` have
#' overestimated strength (winner's curse) and estimates pulled towards least squares. A warning is given
#' when the variants look so: given environments and covariates, five or more lie just above one of the usual
#' thresholds of p and none below it. Variants chosen in a study that only shares people with `data` do not look so, and
#' their estimates lean as well (design `cursed` of `vignette("validation")`).
#' @section Invalid instruments: `latent_outlier` takes variants out of the instruments whose association with the
#' outcome does not go through the exposure, found on one half of the people and used on the other:
#' [outlying_variants()]. [plausibly_exogenous()] says how large direct effects of the variants the result survives,
#' [negative_control()] looks for effects that cannot be, [direction_test()] for the reverse direction,
#' [leave_one_out()] for variants, chromosomes and environments on which the result hangs.
#' @section Errors: `latentmr_error_unidentified` when fewer than three instruments are
#'   left, when continuous instruments come from one environment or from
#'   environments that do not differ, or when genotypes come from one environment
#'   without structure or background; the same class, `force` or not, when no
#'   number can be computed (too few people for the columns, an exposure or outcome
#'   that is a function of other columns). An estimator or an environment that
#'   alone cannot be computed is `NA`, with the reason in the print and in
#'   `summary(fit)$estimates$note`. `latentmr_error_argument` for a wrong
#'   argument; `latentmr_error_object` for `data` whose fields do not fit each other or hold
#'   what they cannot (moments, for which the class is also `latentmr_error_moments`: numbers that
#'   no sums over people can be), as an object of another version has, or one that was changed on the way.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 500, seed = 1)
#' fit <- latent_mr(data, seed = 1)
#' fit
#' as.data.frame(fit)
#' @order 1
#' @export
latent_mr <- function(data, encoder = "linear", n_latent = NULL, methods = NULL, score_weights = NULL, crossfit = 0,
                      level = 0.95, force = FALSE, by_environment = TRUE, jackknife = NULL, random = NULL,
                      controls = NULL, control = encoder_control(), seed = NULL, ...) {
  check_dots(...)
  check_given()
  check_data_class(data)
  check_choice(encoder, "encoder", encoder_names())
  check_flag(by_environment, "by_environment")
  check_number(level, "level", 0.5, 1, open = TRUE)
  check_flag(force, "force")
  check_data(data)
  control <- moments_control(control, data, !missing(control), encoder)
  encoder <- resolve_encoder(encoder, data)
  crossfit <- check_crossfit(crossfit, data)
  check_relatedness(encoder, control, crossfit)
  check_sparse_crossfit(encoder, crossfit)
  sure <- isTRUE(jackknife)
  jackknife <- check_jackknife(jackknife, data, encoder, crossfit)
  random <- check_random(random, data, crossfit)
  check_environment_names(data)
  controls <- named_controls(controls, data, substitute(controls))
  seed <- draw_seed(seed)
  score <- allele_score(score_weights, data$variants, data$kind)
  on.exit(.Call(C_ffi_work_free)) # what core calls kept for each other (src/glue.h)
  notes <- NULL
  learner <- function(source) {
    fitted <- learn(source$data, source$moments, source$view, encoder, n_latent, control, seed)
    if (fitted$method == "sparse") check_sparse_crossfit("mechanism_sparsity", crossfit)
    notes <<- population_notes(
      identification(fitted, source$view, source$moments, force || has_families(data)), has_families(data)
    )
    fitted
  }
  set <- working_set(data, learner, control, crossfit, seed = seed, score = score, random = random, null = TRUE)
  asked <- list(
    methods = methods, crossfit = crossfit, level = level, by_environment = by_environment, jackknife = jackknife,
    sure = sure, seed = seed
  )
  if (crossfit) set$plain <- turned_set(set$plain, by_environment) else set <- turned_set(set, by_environment)
  got <- latent_estimate(set, asked, score)
  fit <- latent_diagnose(got, set, asked, notes)
  fit$people <- people_mark(data)
  if (inherits(data, "mr_moments")) fit$tables <- data$summary
  fit$call <- match.call()
  for (text in fit$warnings) warn(text, "latentmr_warning_fit")
  with_controls(new_latent_mr(fit), data, controls)
}

# The effects: fields of the fit, the rows they are from and the latent block.
latent_estimate <- function(set, asked, score) {
  moments <- set$source$moments
  data <- set$source$data
  has_rows <- inherits(data, "mr_data")
  rows <- working_rows(set)
  plain <- if (asked$crossfit) set$plain else set
  chosen <- resolve_methods(asked$methods, list(
    kind = moments$kind, rows = !is.null(rows), data_rows = has_rows, structure = length(moments$structure) > 0,
    mode = set$encoder$mode, moving = ncol(plain$encoder$variant) > 0, score = !is.null(score),
    binary = isTRUE(moments$binary), family = set$families,
    imputed = !is.null(set$family$imputed), random = !is.null(set$mixed)
  ))
  blocks <- set_blocks(chosen, set)
  refuse_block(blocks$latent, asked$crossfit)
  folds <- latent_jackknife(chosen, set, asked$by_environment && is.null(rows))
  step <- progress_steps("Estimates", length(chosen$id))
  again <- if (asked$jackknife) {
    relearn_folds(chosen, plain, blocks$latent, asked$level, asked$by_environment, asked$sure)
  }
  wanted <- learned_methods(chosen, again)
  estimates <- estimate_methods(wanted, set, rows, asked$level, folds, blocks, step)
  if (!is.null(again)) estimates <- learned_errors(estimates, again$estimates, asked$level)
  learned <- learned_parts(again, estimates)
  estimates <- estimates[chosen$id]
  leading <- choose_headline(chosen, set$encoder, !is.null(rows), estimates)
  fit <- list(
    estimates = estimates, methods = chosen, headline = leading, leading = leading, level = asked$level,
    encoder = set$fitted, crossfit = asked$crossfit, held = asked$jackknife && is.null(again),
    outcome = moments$outcome[1], exposure = moments$exposure, units = moments$units,
    kind = moments$kind, mode = set$encoder$mode, variants = moments$variants, flow = moments$flow, seed = asked$seed,
    rows_used = !is.null(rows), clustered = !is.null(rows$cluster),
    clusters = if (!is.null(rows$cluster)) nlevels(droplevels(factor(rows$cluster))),
    cluster_sizes = if (!is.null(rows$cluster)) cluster_sizes(rows$cluster), nobs = view_people(set$view),
    latent = latent_parts(blocks, set), dropped = latent_dropped(blocks$latent, set), binary = moments$binary,
    cases = if (has_rows && moments$binary) sum(data$outcome) else moment_cases(moments), score = score,
    truth = if (has_rows) data$truth,
    columns = list(covariates = moments$covariates, structure = moments$structure),
    family = family_account(set, blocks[["family variants"]], estimates),
    random = random_account(set$mixed, blocks[["mixed variants"]])
  )
  if (asked$crossfit) {
    fit$fold_encoders <- set$fold_encoders
    fit <- add_naive(fit, naive_estimates(chosen, plain, !is.null(rows), asked$level))
  }
  if (asked$by_environment) {
    step <- progress_steps("Estimates by environment", 2 * length(set$view$environments))
    each <- environment_estimates(fit, wanted, set, rows, step)
    if (!is.null(again)) each <- learned_environments(each, again, asked$level, c(chosen$id, local_method(fit)))
    fit$by_environment <- lapply(each, `[[`, "estimates")
    fit$leave_one_out <- leave_one_environment_out(fit, set, rows, step, blocks)
  }
  fit["learned"] <- list(learned)
  list(
    fit = fit, rows = rows, block = blocks$latent, again = again, family = blocks[["family variants"]],
    mixed = blocks[["mixed variants"]],
    strength = if (asked$by_environment) lapply(each, `[[`, "strength")
  )
}

# What a fit keeps of the latent block: no person's row.
latent_parts <- function(blocks, set) {
  block <- blocks$latent
  own <- !is.null(set$view$noise)
  out <- c(block[c("kclass", "part", "n", "rank")], list(
    own_noise = own, variants = variant_sums(block, set$view, set$encoder)
  ))
  if (set$moments$kind != "continuous") {
    out$z <- of_exposure(set, "exposure z", {
      basic <- blocks[["basic variants"]]
      if (is.null(basic)) {
        partial <- shared_partial(set, "basic", latent_block("basic", set$encoder, set$view))
        basic <- list(partial = partial, n = block$n, rank = partial$rank)
      }
      exposure_z(basic, set$view, set$encoder)
    })
  }
  out$part$folds <- NULL
  out
}

latent_dropped <- function(block, set) block_dropped(block$partial, block$part, set_columns(set))

refuse_block <- function(block, crossfit) {
  problem <- block_problem(block)
  if (is.null(problem)) return(invisible())
  several <- block$kclass$k > 1
  abort(
    sprintf("Nothing can be estimated: %s.", problem), "latentmr_error_unidentified",
    hint = if (several) {
      "Check the exposures and the outcome named, or give more people, more variants, fewer exposures."
    } else {
      paste0(
        "Check the exposure and the outcome named, or give more people, fewer variants, fewer covariates",
        if (crossfit) sprintf(", fewer folds than crossfit = %d", crossfit), "."
      )
    }
  )
}

# got: of latent_estimate().
latent_diagnose <- function(got, set, asked, notes) {
  fit <- got$fit
  fit$diagnostics <- latent_diagnostics(fit, got$block, got$strength, set, got$rows)
  if (!is.null(got$again)) fit$diagnostics <- learned_diagnostics(fit, got$again)
  for (own in c("family", "mixed")) fit$diagnostics[own] <- list(row_diagnostics(fit, got[[own]]))
  fit$diagnostics["null"] <- list(null_diagnostic(fit, set$source$null))
  if (asked$crossfit && set$fitted$method == "code") fit$diagnostics <- whole_hsic(fit$diagnostics, set$plain)
  fit$withheld <- withheld_words(fit)
  if (!is.null(fit$withheld)) fit$headline <- NA_character_
  fit$quality <- add_strength(if (asked$by_environment) quality_report(set$fitted, set$source$data, asked$seed), fit)
  fit$unavailable <- unavailable_words(fit$estimates, fit$methods)
  fit$warnings <- c(notes, set$fitted$warnings, latent_warnings(fit), binary_warnings(fit))
  fit$versions <- made_with()
  fit["controls"] <- list(NULL)
  fit
}

# Its fields are those of latent_estimate() and latent_diagnose().
new_latent_mr <- function(fields) new_object("latent_mr", fields)

made_with <- function() c(LatentMR = as.character(utils::packageVersion("LatentMR")), R = as.character(getRversion()))

# "pooled" names the rows of everybody in the result.
check_environment_names <- function(data) {
  names <- if (inherits(data, "mr_data")) levels(data$environment) else data$environments
  if (!"pooled" %in% names) return(invisible())
  abort_argument(
    "data", "one with environments of other names", "with an environment named \"pooled\"",
    "\"pooled\" stands for everybody together in the result: rename it."
  )
}

# Which estimators have no number, and why; NULL when all have.
unavailable_words <- function(estimates, chosen) {
  notes <- lapply(estimates, `[[`, "note")
  notes <- unlist(notes[chosen$id])
  notes <- notes[notes != no_form]
  if (!length(notes)) return(NULL)
  paste(sprintf("%s could not be estimated: %s.", chosen$name[match(names(notes), chosen$id)], notes), collapse = " ")
}

# The first in the order of preference that could be estimated; with families theirs, whatever
# any test says and whether or not it could be; then that of random effects.
choose_headline <- function(chosen, encoder, has_rows, estimates) {
  for (id in c("family_ujive", "family_nagar")) if (id %in% chosen$id && (has_rows || id != "family_ujive")) return(id)
  if ("mixed_ujive" %in% chosen$id) return("mixed_ujive")
  order <- if (encoder$kind == "continuous") {
    c("latent_joint", "latent_2sls", "latent_liml", "latent_ujive")
  } else {
    c(
      if (encoder$mode == "panel") "latent_reml", if (has_rows) "latent_ujive", "latent_nagar", "latent_2sls",
      "latent_liml"
    )
  }
  order <- c(order, chosen$id)
  order <- order[order %in% chosen$id]
  good <- vapply(estimates[order], function(x) all(is.finite(x$b)), NA)
  order[c(which(good), 1)[1]]
}

# The estimator of single environments and leave-one-out: REML needs the spectrum
# of everybody, outlying variants their halves, so a neighbour stands in.
local_method <- function(fit) {
  if (!latent_registry()[[fit$leading]]$everybody) return(fit$leading)
  if (fit$kind == "continuous") return("latent_2sls")
  if (fit$rows_used) "latent_ujive" else "latent_nagar"
}

# Of every environment: list(estimates, strength).
environment_estimates <- function(fit, chosen, set, rows, step) {
  whole <- vapply(latent_registry()[chosen$id], `[[`, NA, "everybody")
  chosen <- method_rows(unique(c(chosen$id[!whole], local_method(fit))))
  environments <- set$view$environments
  lapply(setNames(environments, environments), function(e) {
    on.exit(step())
    one <- set
    one$view <- view_subset(set$view, e)
    said_of(sprintf("In \"%s\"", e), {
      blocks <- set_blocks(chosen, one)
      list(
        estimates = subset_estimates(chosen, set, rows, e, fit$level, blocks),
        strength = environment_strength(
          if (is_family(fit$leading)) blocks[["family variants"]] else blocks$latent, fit$level, fit$exposure
        )
      )
    })
  })
}

leave_one_environment_out <- function(fit, set, rows, step, blocks) {
  environments <- set$view$environments
  if (length(environments) < 2) return(NULL)
  chosen <- method_rows(local_method(fit))
  if (!is.null(rows)) rows["whole"] <- list(whole_hat(rows, set$view, blocks$latent, chosen$id))
  lapply(setNames(environments, environments), function(e) {
    on.exit(step())
    said_of(sprintf("Without \"%s\"", e), subset_estimates(chosen, set, rows, setdiff(environments, e), fit$level)[[1]])
  })
}

subset_estimates <- function(chosen, set, rows, environments, level, blocks = NULL) {
  set$view <- view_subset(set$view, environments)
  if (!is.null(rows)) rows <- rows_subset(rows, environments)
  if (is.null(blocks)) blocks <- set_blocks(chosen, set)
  estimate_methods(chosen, set, rows, level, NULL, blocks)
}
