#' Scans: many outcomes and exposures
#'
#' The effects of every exposure on every outcome, pair by pair, as [latent_mr()] gives them, with what pairs share
#' computed once: the cross products of the genotypes and the encoder of each set of people and variants.
#'
#' A row is that of `latent_mr(by_environment = FALSE, jackknife = FALSE)` with the same `seed` on the data of the
#' pair: the people who have both traits, without environments of fewer than 10 of them and without variants that do
#' not vary among them (`data[i, j]`, [mr_data-parts]). Pairs are grouped by who is missing, so that 1,000 outcomes in 20
#' patterns take 20 encoders. `p_holm` and `p_bh` correct `pval` over all pairs that have one (Holm 1979, Scandinavian
#' Journal of Statistics 6:65; Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289).
#'
#' Times to an event are not scanned: their estimator goes through the people at risk at every event, so that the
#' products which pairs share here would serve none of them. Give whether the event came as 0 and 1, and the times of
#' what is found to [latent_hazard()].
#'
#' With `rows = FALSE` a row is that of `latent_mr(mr_moments(folds = 1, disclosure = FALSE))`: `latent_nagar` instead of
#' `latent_ujive`, and errors that take people as independent and, but for those two, as equally noisy. This is many
#' times faster and the default where nobody comes in clusters. With `rows = TRUE` the genotypes are read again for every
#' pair: errors allow for heteroskedasticity and clusters. Read hits of a long scan again with `latent_mr()`, which also
#' looks at the environments one by one.
#'
#' Encoders are learned from genotypes and people alone, `"linear"` once for all pairs of a group. Background variants
#' of `data` become components once for the whole scan, of all people and instruments of `data`, as
#' `latent_mr(data)` has them; a pair takes these of its own people. Its row is then that of `latent_mr()` where nobody
#' is left out and `instruments` is `NULL`, and nearly that elsewhere, where `latent_mr()` of the pair alone would learn
#' its components from fewer people and variants. More than 4,000 instruments have no place in that panel: give
#' components as `structure` instead.
#'
#' @section Chunks:
#' The pairs are done in chunks. With a `folder` each is a file of it, which takes its name when it is whole. A scan that was
#' stopped (Ctrl-C, a killed job, power) goes on when the same call is made again: chunks that are there are read, not
#' computed. A file there says which scan it is, by a digest of data, traits and settings, and its seed, which is taken
#' from there when `seed` is `NULL`; the folder of another scan is refused. Chunks run where [future::plan()] says, with the same numbers everywhere.
#'
#' @section Outcomes in a file:
#' `outcomes` may be the path of a text file (separated by tabs or commas) with names in the first line, a line for each
#' person and a column for each outcome; a column `IID` (`eid`, `id`) joins the people, without one the lines are in the
#' order of `data`; `FID` is passed over, `NA` and empty cells are missing. Or `list(names = , read = )`: the names of
#' all outcomes, and a function of some of these names that returns a table with these columns, from whatever keeps
#' them. They are gone through once, 128 MB at a time, then each chunk reads its own: rows are those of the table in
#' memory.
#'
#' @param data An [mr_data()] object, or [mr_moments()], which hold several outcomes with `mr_moments(outcomes = )`: a row is
#'   then that of `latent_mr()` of the moments with that outcome. Of an [mr_data()] object the own exposure and outcome play no
#'   part when `exposures` and `outcomes` are given; people whom these miss are left out of single pairs.
#' @param outcomes,exposures Matrix, data frame or data.table with a column for each trait and a row for each
#'   participant of `data`: in their order (with a warning where row names show that it was sorted or cut), or with
#'   identifiers as row names (who is lost is told). `NA` for missing values. Outcomes of two
#'   values are 0/1 (or 1/2, or a factor); those of 0, 1 and 2 are refused, as by [mr_data()], which also says what is
#'   far from all other values or in other units. `NULL`: the outcome or exposures of `data`. For moments: names of
#'   theirs, or `NULL` for all. `outcomes` that need not be in memory at once are a file or a function, see below.
#' @param instruments `NULL`: all variants of `data` are instruments of every exposure. Or a list with the names (or
#'   positions) of the variants of each exposure, named by exposure: its cis variants, say. Only these are read.
#' @param encoder,n_latent,methods,level,force,control,seed As in [latent_mr()].
#' @param score_weights As in [latent_mr()], the same for all exposures.
#' @param rows `TRUE` estimates from rows, `FALSE` from moments (see Details); `NULL`: from rows where `data` have
#'   clusters or families.
#' @param chunk Pairs in a chunk, about.
#' @param folder Where chunks are kept, or `NULL`. It is made when it is not there.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame of class `latent_scan`, a row for each pair. First the nine columns of `TwoSampleMR::mr()` for
#'   the estimator to report first, then `lo_ci`, `up_ci`, `df`, `nobs`, `estimator`, `p_holm`, `p_bh`, `vcov`, `scale`, `or`,
#'   `or_lci95`, `or_uci95` (of log odds ratios; `hr` and so on of log hazard ratios), `b`, `se` and `pval` of UJIVE or Nagar and of LIML (`b_ujive`, `b_nagar`,
#'   `b_liml` and so on), `F` and `F_effective` of the first stage, `J`, `J_df`, `J_pval` (Hansen's from rows, else Sargan's),
#'   `ar_pval` (Anderson-Rubin test of no effect), `snp_r2.exposure`, `snp_r2.outcome`, `correct_causal_direction`,
#'   `steiger_pval` ([direction_test()]), `environments` (their number), `withheld` (why [latent_mr()] gives no point
#'   estimate in its first line), `objections` (checks of the [verdict()] that object, `"background variants"` not
#'   among them; `""`: none) and `note` (its
#'   warnings, or why there is no estimate; the row is then `NA`). `as.data.frame(estimates = TRUE)` has a row
#'   for each pair and estimator, with the columns of `as.data.frame()` of a fit.
#' @section Errors: `latentmr_error_argument` for a wrong argument, for traits that are not of the participants of
#'   `data`, and for a `folder` of another scan; `latentmr_error_file` for a damaged chunk. A pair that cannot be estimated
#'   stops nothing: its `note` says why.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' set.seed(1)
#' outcomes <- data.frame(ldl = data$outcome, noise = rnorm(length(data$outcome)))
#' outcomes$ldl[1:20] <- NA
#' scan <- latent_scan(data, outcomes, seed = 1)
#' scan
#' as.data.frame(scan)[c("outcome", "b", "se", "p_holm", "F", "objections")]
#' @export
latent_scan <- function(data, outcomes = NULL, exposures = NULL, instruments = NULL, encoder = "linear",
                        n_latent = NULL, methods = NULL, score_weights = NULL, rows = NULL, level = 0.95,
                        force = FALSE, control = encoder_control(), chunk = 100, folder = NULL, seed = NULL, ...) {
  check_dots(...)
  check_given()
  check_data_class(data)
  check_data(data)
  check_choice(encoder, "encoder", encoder_names())
  check_flag(rows, "rows", null = TRUE)
  check_number(level, "level", 0.5, 1, open = TRUE)
  check_flag(force, "force")
  control <- moments_control(control, data, !missing(control), encoder)
  check_number(chunk, "chunk", min = 1, max = 1e6, whole = TRUE)
  encoder <- resolve_encoder(encoder, data)
  rows <- scan_rows(rows, data)
  check_environment_names(data)
  seed <- scan_seed(seed, folder)
  exposures <- scan_traits(exposures, data, "exposures")
  outcomes <- scan_traits(outcomes, data, "outcomes")
  instruments <- scan_instruments(instruments, exposures$names, data$variants)
  asked <- list(
    encoder = encoder, n_latent = n_latent, methods = methods, control = control, level = level, force = force,
    rows = rows, memory = 1e9, seed = seed,
    crossfit = 0L, by_environment = FALSE, jackknife = FALSE, sure = FALSE
  )
  chunks <- scan_chunks(scan_jobs(exposures, outcomes, instruments), chunk)
  chunks <- lapply(chunks, lapply, job_columns, exposures, outcomes, instruments, score_weights)
  folder <- open_folder(folder, if (!is.null(folder)) scan_fingerprint(data, chunks, asked), length(chunks), seed)
  parts <- run_chunks(chunks, data, asked, folder)
  scan_table(parts, exposures$names, outcomes$names, asked[c("rows", "level", "seed")])
}

# Are rows of people read for every pair?
scan_rows <- function(rows, data) {
  moments <- inherits(data, "mr_moments")
  if (moments && isTRUE(rows)) {
    abort_argument("rows", "FALSE or NULL for moments", "TRUE", "Moments hold no rows: give the mr_data object.")
  }
  if (moments && !is.null(data$summary) && length(data$exposure) > 1) {
    abort_argument("data", "moments of one exposure, when they come from summary statistics", exposures_words(data$exposure))
  }
  if (is.null(rows)) !moments && (!is.null(data$cluster) || has_families(data)) else rows
}

job_columns <- function(job, exposures, outcomes, instruments, score_weights) {
  pick <- function(traits, at) {
    c(
      list(names = traits$names[at], marks = traits$marks[at, , drop = FALSE], source = traits$source),
      if (is.null(traits$source)) list(values = traits$values[, at, drop = FALSE])
    )
  }
  list(
    exposures = pick(exposures, job$exposures), outcomes = pick(outcomes, job$outcomes),
    variants = instruments[[exposures$names[job$exposures[1]]]], score_weights = score_weights
  )
}
