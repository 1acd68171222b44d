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
#' The print of [latent_mr()] comes first, [verdict()] is its first lines as a table. [environment_test()]
#' (does the law move?), [hsic_test()], [mmd_test()] (dependence and change by kernels), [frequency_alignment()]
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
#' [plot.latent_mr()], [plot.latent_scan()] and [plot.iv_curve()], [report()] (one HTML page), [strobe_mr()]
#' (reporting checklist); [as.data.frame.latent_mr()], and `tidy()`, `glance()` and `augment()` of the generics
#' package.
#'
#' @section Options:
#' `options(LatentMR.quiet = TRUE)` silences messages and progress (warnings and errors stay).
#' `options(LatentMR.threads = 4)` is the number of threads of the passes over people and of permutation tests; unset it is half of
#' the cores, and one in a forked process. The numbers are the same, bit for bit, whatever it is.
#' `options(LatentMR.memory = "16GB")` is the memory that dense work may take; `options(LatentMR.cpu = 0)` keeps
#' to plain C instead of the processor's vector instructions.
#'
#' @section Progress, interrupts, parallel work: Work of more than a second reports through progressr:
#' `progressr::handlers(global = TRUE)` once in a session shows bars. A batch job (`Rscript job.R > log 2>&1`) gets
#' a line every few seconds instead; with `options(progressr.enable = TRUE)` it has the bars of
#' `progressr::handlers()`. Work of more than two seconds says so when it has begun (20 in documents of knitr),
#' but for `options(LatentMR.quiet = TRUE)`. Long loops stop within a fraction of a second when interrupted, or
#' when a time limit ([setTimeLimit()]) is over, and leave nothing open.
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
#' * *Background variants*: further variants of the genome, no instruments, that show ancestry. *Component*: a
#'   principal component of background variants and instruments.
#' * *Mode*, how structure is seen: *background*, by components; *structure*, by columns of your own; *panel*, by the
#'   instruments themselves. See [latent_mr()].
#' @section What is learned from the genotypes:
#' * *Latent direction*: a weighted sum of the instruments. The *encoder* finds them; it never sees exposure or
#'   outcome.
#' * *Moving (variant) block*: the directions whose law differs between environments, or that carry structure within
#'   them. They are partialled out. *Still (invariant) block*: the others, the instruments that are left. "Variant"
#'   is the opposite of invariant there, elsewhere a place of the genome.
#' * *Partialled out*: held fixed, as covariates are in a regression, in exposure, outcome and instruments.
#'   *Structure removed* in the print: with these directions or components partialled out.
#' * *Eigenvalue*: how much a direction moves or carries. The picture of the *spectrum* has it for every
#'   direction, with the height that chance alone would reach.
#' @section Estimators:
#' A name says what is done with structure, the bracket how the effect is computed ([mr_methods()] has all). The line
#' marked `>`, in the report "report first", is the one to quote. What is done:
#' * *Ordinary regression*: the outcome on the exposure, confounders and all. *All variants as they are*:
#'   instruments with nothing but the environments and covariates partialled out; *Allele score as it is*: the
#'   same with one weighted sum of the variants.
#' * *Adjusted for components*: what most studies do, principal components or columns of structure as covariates.
#' * *Structure removed*: with the moving directions or components partialled out, each with a slope of its own
#'   in every environment. *Allele score*: with a score as the instrument. *Outlying variants as controls*:
#'   variants that tell another effect are covariates.
#' * *What does not move, alone*: the invariant block as instruments, nothing partialled out; *What moves, alone*: the
#'   variant block.
#' * *Within families*: siblings compared with each other, or children with what their parents could have handed on.
#'   *Parents imputed*: parents' genotypes guessed from siblings. *Relatives as random effects*: correlation by
#'   kinship or ancestry taken out of all columns.
#' * *Not cross-fitted*: encoder and effect from the same people, beside the estimate whose encoder is from others.
#'
#' How:
#' * *OLS*: ordinary least squares. *2SLS*: two-stage least squares, the usual estimator with one sample. Many weak
#'   instruments pull it towards OLS.
#' * *LIML* (limited information maximum likelihood; *Fuller*: a little shrunk) and *UJIVE* (the unbiased jackknife,
#'   Kolesar 2013: everybody's exposure is predicted from the others; *JIVE1*: an older form) are not pulled.
#'   *Nagar*: the same for moments, which hold no people.
#' * *REML* (`latent_reml`, restricted maximum likelihood): a model of all instruments that counts structure too faint
#'   to be seen in single directions. *Joint likelihood*: latents and effect estimated together.
#' * *Two-step GMM*: instruments weighted by how noisy they are. *Multiplicative SMM* (structural mean model): a risk
#'   ratio of a 0/1 outcome. *Two-stage residual inclusion*, *two-stage predictor substitution*: odds ratios of
#'   one, by a logistic second stage.
#' * *Inverse variance weighted*, *MR Egger*, *Weighted median*: from associations of single variants, as in
#'   TwoSampleMR. *Wald ratio*: of one variant, association with the outcome over that with the exposure.
#' @section Effects and intervals:
#' * *Effect*: change of the outcome by one unit of the exposure. *Risk difference*, *cases per 1,000*: the
#'   same where the outcome is 0/1. *Odds ratio*, *risk ratio*, *hazard ratio*: factors; their logarithms are effects.
#' * *Interval*: 95 % unless asked otherwise. *p*: of no effect, from the law of the interval. *se*: its error;
#'   *se_plain*: without the factor for instruments that disagree. *vcov*: how it was computed, see [latent_mr()].
#' * *Robust*: right, too, where people vary differently (*heteroskedasticity*). *By cluster*: where those of one
#'   family or site resemble each other.
#' * *Weight* of an environment: its share of what the instruments say about the exposure.
#' @section Strength:
#' * *F*: how much of the exposure the instruments explain, over what chance alone would; above 10 is usual.
#'   *Effective F* (Montiel Olea and Pflueger 2013): the same where people are heteroskedastic. *Conditional
#'   F*: of one of several exposures, beyond what the instruments explain of the others. *First stage*: the
#'   regression that F is of. *R2*: the share of the exposure that a variant explains.
#' * *Anderson-Rubin set*, *CLR set* (conditional likelihood ratio, Moreira 2003): the effects that the data do not
#'   contradict, right however weak the instruments are. CLR is mostly the narrower, the one to quote where F
#'   is small. Anderson-Rubin is empty where no single effect fits all instruments. Of continuous instruments the set
#'   counts the *learning* of the instruments as well, as do their errors (`"jackknife"`, `"learned"`).
#' @section Tests:
#' * *Verdict*: the tests that can say that the instruments are not valid. One that *objects* has p below 5 %
#'   by *Holm*: p-values made larger since there are several tests.
#' * *J* (Sargan's and Basmann's, robust: Hansen's): do all instruments tell one effect? *J/df*: about 1 where
#'   they do.
#' * *Q* (Cochran's): do the environments, or the variants, tell one effect? *I2*: the share of their
#'   differences that is not chance. *Heterogeneity*: that they do not.
#' * *Wu-Hausman*: do ordinary regression and instruments differ?
#' * *HSIC*: dependence of any kind, by kernels (*normalised*: 0 none, 1 full); *MMD*: change of any kind between
#'   environments. *Would have been seen*: the size that the test finds in four of five cases.
#' * *Pleiotropy*: variants that move the outcome by other ways than the exposure; *directional*: mostly one
#'   way, which the *intercept of MR Egger* sees.
#' * *Palindromic*: A/T or C/G, alleles that read the same on both strands. *Hardy-Weinberg*: counts of a
#'   variant in the proportions of random mating; a very small p says that calls are bad. *Linkage*:
#'   correlation of variants that are near each other.
#' @seealso [latent_mr()], [verdict()], [mr_methods()], `vignette("LatentMR")`
#' @name LatentMR_words
NULL

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment
