# The pairs of a job. Everything goes the road of latent_mr(): the encoder is learned once for
# the people and variants of the job, each pair is then estimated by latent_estimate() and
# latent_diagnose().

# What a job needs: data (mr_data), exposures and outcomes (list(values, names), its own columns
# only), variants (positions, NULL for all), score_weights, asked (of latent_scan()).
# Returns list(table, estimates): a row for each pair, and for each pair and estimator.
run_job <- function(job, data, asked, step) {
  pairs <- expand.grid(outcome = seq_along(job$outcomes$names), exposure = seq_along(job$exposures$names))
  said <- character()
  group <- withCallingHandlers(
    tryCatch(scan_group(job, data, asked), latentmr_error = why_not),
    # Said of every set of people: it stands in the rows.
    latentmr_warning_small_environment = function(w) {
      said <<- c(said, conditionMessage(w))
      invokeRestart("muffleWarning")
    }
  )
  rows <- lapply(seq_len(nrow(pairs)), function(i) {
    names <- list(exposure = job$exposures$names[pairs$exposure[i]], outcome = job$outcomes$names[pairs$outcome[i]])
    fit <- if (is.character(group)) group else scan_fit(group, pairs$exposure[i], pairs$outcome[i], asked)
    out <- pair_rows(fit, names, said)
    step() # not on exit: what it signals would take the place of an error
    out
  })
  list(table = bind_rows(lapply(rows, `[[`, "table")), estimates = bind_rows(lapply(rows, `[[`, "estimates")))
}

# Of a pair the reason stands in its row; what is wrong with the call stops the scan.
why_not <- function(e) {
  if (isTRUE(e$argument %in% c("encoder", "n_latent", "methods", "score_weights", "control"))) stop(e)
  sub("\n.*", "", conditionMessage(e))
}

bind_rows <- function(frames) as.data.frame(data.table::rbindlist(frames, fill = TRUE))

# People without one of the traits of the job, small environments and variants that do not vary
# go as mr_data() has them go: list(data, who, cols), the places of the others. Traits are matrices from here on.
job_data <- function(job, data, asked) {
  # Traits of a job are missing for the same people.
  own <- if (is.null(job$outcomes$at)) seq_along(job$outcomes$names) else job$outcomes$at
  present <- which(!is.na(job$exposures$values[, 1]) & !is.na(job$outcomes$values[, own[1]]))
  if (!length(present)) {
    abort("Nobody has both the exposure and the outcome.", c("latentmr_error_empty", "latentmr_error_argument"))
  }
  # Each person's place stands in for the traits meanwhile.
  data$outcome <- data$exposure <- as.double(seq_along(data$environment))
  data$exposure_name <- "exposure"
  data["units"] <- list(NULL)
  cols <- if (is.null(job$variants)) seq_len(nrow(data$variants)) else job$variants
  people <- job_people(data, present, asked$kept)
  out <- part_of_variants(people$data, data, people$rows, cols, people$flow)
  who <- as.integer(out$outcome)
  out$outcome <- .Call(C_ffi_part, job$outcomes$values, who, own)
  out$outcome_name <- job$outcomes$names
  out$exposure <- job$exposures$values[who, , drop = FALSE]
  out$exposure_name <- job$exposures$names
  list(data = out, who = who, cols = match(out$variants$snp, data$variants$snp))
}

# The people of the job before are often those of this one: exposures with instruments of their own. `kept`: an
# environment, or NULL. What is said of people is said again.
job_people <- function(data, present, kept) {
  if (!identical(kept$present, present)) {
    said <- list()
    people <- withCallingHandlers(part_of_people(data, present), latentmr_warning_small_environment = function(w) {
      said <<- c(said, list(w))
      invokeRestart("muffleWarning")
    })
    kept <- if (is.null(kept)) new.env(parent = emptyenv()) else kept
    kept$present <- present
    kept$people <- people
    kept$said <- said
  }
  for (w in kept$said) warning(w)
  kept$people
}

# list(data, set, notes, score, binary): the encoder, learned once; `set` as of working_set(). `data` are moments
# where that is what there is.
scan_group <- function(job, data, asked) {
  from_moments <- inherits(data, "mr_moments")
  if (from_moments) {
    moments <- job_moments(job, data)
  } else {
    part <- job_data(job, data, asked)
    moments <- part_moments(part, data, asked)
    data <- part$data
  }
  view <- moments_view(moments)
  source <- list(data = if (asked$rows) data else moments, moments = moments, view = view)
  fitted <- learn(source$data, moments, view, asked$encoder, asked$n_latent, asked$control, asked$seed)
  families <- has_families(source$data)
  notes <- population_notes(identification(fitted, view, moments, asked$force || families), families)
  set <- list(data = source$data, moments = moments, view = view, encoder = fitted)
  set$source <- source
  set$fitted <- fitted
  set$families <- families
  set <- turned_set(set, FALSE)
  set$view$people <- new.env(parent = emptyenv())
  list(
    data = if (!from_moments) data, set = set, notes = notes, binary = moments$binary,
    score = allele_score(job$score_weights, moments$variants, moments$kind)
  )
}

# Moments of the job's traits and variants.
job_moments <- function(job, m) {
  m <- moments_traits(
    m, match(job$exposures$names, m$exposure), match(job$outcomes$names, m$outcome),
    m$binary[match(job$outcomes$names, m$outcome)]
  )
  if (is.null(job$variants)) return(m)
  keep_variants(m, seq_len(nrow(m$variants)) %in% job$variants)
}

# Encoders that are directions of the instruments: the moments of the pairs serve as they are. Others
# put columns of their own beside the instruments.
shared_encoders <- c("structure", "stationary")

# The set of one pair, as working_set() gives it.
pair_set <- function(group, exposure, outcome, asked) {
  set <- group$set
  moments <- set$source$moments
  rows <- asked$rows
  one <- moments_traits(moments, exposure, outcome, group$binary[outcome])
  whole <- set$view
  set$view <- view_traits(whole, moments, exposure, outcome)
  set$moments <- one
  data <- one
  if (rows) {
    data <- group$data
    data$outcome <- data$outcome[, outcome]
    data$exposure <- data$exposure[, exposure]
    data$outcome_name <- one$outcome
    data$exposure_name <- one$exposure
  }
  if (!set$fitted$method %in% shared_encoders) {
    return(working_set(data, set$fitted, asked$control, seed = asked$seed, score = group$score))
  }
  set$data <- data
  set$source <- list(data = data, moments = one, view = set$view)
  set <- working_outcome(set, NULL, group$score)
  if (!in_squares(whole)) {
    set$shared <- list(
      view = whole, pick = view_columns(moments, exposure, outcome), exposure = exposure, outcome = outcome,
      set = group$set[c("data", "moments", "encoder")]
    )
  }
  set["family"] <- list(family_set(set))
  set["mixed"] <- list(NULL)
  set
}

# A fit of latent_mr(), or the reason why there is none.
scan_fit <- function(group, exposure, outcome, asked) {
  tryCatch({
    if (!is.null(group$data)) {
      check_varies(group$data$exposure[, exposure], "exposure", NULL)
      check_varies(group$data$outcome[, outcome], "outcome", NULL)
    }
    set <- pair_set(group, exposure, outcome, asked)
    latent_diagnose(latent_estimate(set, asked, group$score), set, asked, group$notes)
  }, latentmr_error = why_not)
}
