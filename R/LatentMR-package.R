#' Mendelian randomization with latent exogenous instruments
#'
#' Variants serve as instruments for an exposure; population stratification ties
#' them to confounders. LatentMR learns, from people of several environments (ancestries, cohorts,
#' sites), which part of the genotypes moves or carries structure, partials it out, and estimates the effect
#' with what is left, beside the standard estimators and with tests of what it assumes. Assortative mating and
#' parents' effects move with no environment: they are seen, and removed, within families only
#' (`mr_data(family = )`).
#'
#' The whole way:
#'
#' ```r
#' data <- read_mr_data("cohort", "pheno.tsv", exposure = "ldl", outcome = "sbp", environment = "site",
#'   instruments = "instruments.txt", background = "others") # names, one a line; without them all are instruments
#' fit <- latent_mr(data)
#' fit
#' plot(fit)
#' report(fit, "report.html", data = data)
#' ```
#'
#' @section Getting data in:
#' [read_mr_data()] (PLINK and phenotype files), [mr_data()] (matrices), [read_genotypes()]:
#' [read_plink()], [read_pgen()], [read_bgen()] (genotypes),
#' [families()] (relatives); [flow()], [variants()] and [samples()] say what was read, left out and kept;
#' [mr_moments()], [combine_moments()], [export_moments()], [read_moments()], [fingerprint()] and, through
#' DataSHIELD, [ds.mr_moments()] and [ds.mr_scan()] (sites that share sums instead of rows;
#' [mrDataDS()], [mrShapeDS()] and [mrMomentsDS()] run there);
#' [mr_moments_from_summary()] (associations by ancestry instead of people); [panels] (shipped
#' real genotypes); [simulate_mr()] and [simulate_cohort()] (known truth);
#' [mr_power()] (how many people).
#'
#' @section The analysis:
#' [latent_mr()] is the main job, [latent_scan()] the same for many outcomes and exposures, [mr_methods()] the
#' list of estimators; [latent_hazard()] is for times to an event; [learn_instruments()] the encoder alone, with
#' [encoder_control()], [flow_control()] and [autoencoder_control()].
#'
#' @section Is it to be believed:
#' The print of [latent_mr()] comes first, [verdict()] is its first lines as a table. [environment_test()] (does the law
#' move?), [hsic_test()], [mmd_test()] (dependence and change by kernels), [frequency_alignment()]
#' (stratification left in associations), [leave_one_out()], [direction_test()],
#' [outlying_variants()], [plausibly_exogenous()], [negative_control()], [ar_set()], [weakiv_set()],
#' [weakiv_test()], [first_stage()], [overid_test()], [endogeneity_test()],
#' [wild_test()].
#'
#' @section Variants, and summary-data MR:
#' [select_variants()] and [clump()] choose variants, with [ld_regions()];
#' [read_gwas()] (tables of associations of any program), [as_gwas()], [write_gwas()], [summary_mr()];
#' [single_variant()], [variant_tests()];
#' [as_twosample()] and [as_mrinput()] hand over to TwoSampleMR and MendelianRandomization.
#'
#' @section Dose-response:
#' [iv_curve()] (of several exposures: [iv_surface]) with [curve_control()] and [adam_control()], [average_effect()],
#' [average_derivative()], [stratum_table()].
#'
#' @section Instrumental variables in general:
#' [iv_reg()] (formula), [iv_fit()] (matrices), [iv_compare()], [iv_binary()] (0/1 outcomes),
#' [iv_hazard()] (times to an event).
#'
#' @section Showing it:
#' [plot.latent_mr()], [plot.latent_scan()] and [plot.iv_curve()], [report()] (one HTML page), [strobe_mr()] (reporting
#' checklist); [as.data.frame.latent_mr()], and `tidy()`, `glance()` and `augment()` of the generics package.
#'
#' @section Options:
#' `options(LatentMR.quiet = TRUE)` silences messages and progress (warnings and errors stay).
#' `options(LatentMR.threads = 4)` is the number of threads of the passes over people; unset it is half of the cores, and one in a
#' forked process. The numbers are the same, bit for bit, whatever it is.
#' `options(LatentMR.memory = "16GB")` is the memory that dense work may take; `options(LatentMR.cpu = 0)` keeps
#' to plain C instead of the processor's vector instructions.
#'
#' @section Progress, interrupts, parallel work: Work of more than a second reports through progressr:
#' `progressr::handlers(global = TRUE)` once in a session shows bars. A batch job (`Rscript job.R > log 2>&1`) gets
#' a line every few seconds instead; with `options(progressr.enable = TRUE)` it has the bars of
#' `progressr::handlers()`. Work of more than two seconds says so when it has begun (20 in documents of knitr), but for
#' `options(LatentMR.quiet = TRUE)`. Long loops stop within a fraction of a second when interrupted, or when a time
#' limit ([setTimeLimit()]) is over, and leave nothing open.
#' Restarts and folds of encoders run where `future::plan()` says, with the same numbers everywhere.
#'
#' @section Errors and warnings:
#' All classes are listed in [LatentMR_conditions].
#' Errors have the class `latentmr_error` and one below it (`latentmr_error_argument`,
#' `latentmr_error_unidentified`, `latentmr_error_package`, ...), warnings `latentmr_warning`, messages
#' `latentmr_message`, for [tryCatch()].
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' fit <- latent_mr(data, seed = 1)
#' fit
#' citation("LatentMR")
#' @useDynLib LatentMR, .registration = TRUE, .fixes = "C_"
#' @importFrom compiler cmpfun
#' @importFrom generics tidy glance augment
#' @importFrom stats setNames pf pchisq qf
"_PACKAGE"

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment
