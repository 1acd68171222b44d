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

#' Words of the print, the report and the help pages
#'
#' What a newcomer meets without an explanation, in the order in which an analysis does.
#'
#' @section Design:
#' * *Instrument*: a variant that moves the exposure and serves to tell its effect. *Panel*: all of one analysis.
#' * *Environment*: a group fixed before the exposure in which allele frequencies differ from the others: ancestry,
#'   country, cohort, recruitment site.
#' * *Structure*: whatever ties genotypes to confounders because people are no random draw from one population:
#'   ancestry, place, families. It shows as frequencies that differ between environments, or as correlation of
#'   variants that are far apart.
#' * *Background variants*: further variants of the genome, no instruments, that show ancestry. *Component*: a principal
#'   component of background variants and instruments.
#' * *Mode*, how structure is seen: *background*, by components; *structure*, by columns of your own; *panel*, by the
#'   instruments themselves. See [latent_mr()].
#' @section What is learned from the genotypes:
#' * *Latent direction*: a weighted sum of the instruments. The *encoder* finds them; it never sees exposure or outcome.
#' * *Moving (variant) block*: the directions whose law differs between environments, or that carry structure within
#'   them. They are partialled out. *Still (invariant) block*: the others, the instruments that are left. "Variant"
#'   is the opposite of invariant there, elsewhere a place of the genome.
#' * *Partialled out*: held fixed, as covariates are in a regression, in exposure, outcome and instruments.
#'   *Structure removed* in the print: with these directions or components partialled out.
#' @section Estimators:
#' * *OLS*: ordinary regression of the outcome on the exposure, confounders and all.
#' * *2SLS*: two-stage least squares, the usual estimator with one sample. Many weak instruments pull it towards OLS.
#' * *LIML* (limited information maximum likelihood) and *UJIVE* (the unbiased jackknife, Kolesar 2013: everybody's
#'   exposure is predicted from the others) are not pulled. *Nagar*: the same for moments, which hold no people.
#' * *REML* (`latent_reml`, restricted maximum likelihood): a model of all instruments that counts structure too faint
#'   to be seen in single directions.
#' @section Strength:
#' * *F*: how much of the exposure the instruments explain, over what chance alone would; above 10 is usual. *Effective
#'   F* (Montiel Olea and Pflueger 2013): the same where people are heteroskedastic. *Conditional F*: of one of several
#'   exposures, beyond what the instruments explain of the others.
#' * *Anderson-Rubin set*, *CLR set* (conditional likelihood ratio, Moreira 2003): the effects that the data do not
#'   contradict, right however weak the instruments are. CLR is mostly the narrower, the one to quote where F is small.
#'   Anderson-Rubin is empty where no single effect fits all instruments.
#' @section Tests:
#' * *J* (Sargan's, robust: Hansen's): do all instruments tell one effect? *J/df*: about 1 where they do.
#' * *Q* (Cochran's): do the environments tell one effect? *I2*: the share of their differences that is not chance.
#' * *HSIC*: dependence of any kind, by kernels; *MMD*: change of any kind between environments.
#' * *Holm*: p-values made larger since there are several tests.
#' * *Pleiotropy*: variants that move the outcome by other ways than the exposure.
#' @seealso [latent_mr()], [verdict()], `vignette("LatentMR")`
#' @name LatentMR_words
NULL

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment
