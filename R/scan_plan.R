# Which pairs share people and variants, and in which pieces they are done.

# Jobs: lists of exposures and outcomes (positions) whose pairs have the same people and the
# same instruments, so that G'G, the encoder and all that is learned from them are theirs together.
scan_jobs <- function(exposures, outcomes, instruments) {
  by_exposure <- pattern_codes(exposures$marks)
  if (!is.null(instruments)) {
    set <- match(instruments, unique(instruments))
    by_exposure <- match(paste(by_exposure, set), unique(paste(by_exposure, set)))
  }
  by_outcome <- pattern_codes(outcomes$marks)
  jobs <- list()
  for (e in unique(by_exposure)) {
    for (o in unique(by_outcome)) {
      jobs[[length(jobs) + 1L]] <- list(exposures = which(by_exposure == e), outcomes = which(by_outcome == o))
    }
  }
  jobs
}

# Columns with the same code are missing for the same people. `marks`: column_marks().
pattern_codes <- function(marks) {
  key <- sprintf("%.0f of %.0f", marks[, "who"], marks[, "missing"])
  match(key, unique(key))
}

# Chunks of about `size` pairs: lists of jobs. A job with more pairs is cut.
scan_chunks <- function(jobs, size) {
  jobs <- unlist(lapply(jobs, cut_job, size), recursive = FALSE)
  pairs <- vapply(jobs, job_pairs, 0)
  chunk <- integer(length(jobs))
  current <- 1L
  held <- 0
  for (i in seq_along(jobs)) {
    if (held > 0 && held + pairs[i] > size) {
      current <- current + 1L
      held <- 0
    }
    chunk[i] <- current
    held <- held + pairs[i]
  }
  unname(split(jobs, chunk))
}

job_pairs <- function(job) as.double(length(job$exposures)) * length(job$outcomes)

cut_job <- function(job, size) {
  if (job_pairs(job) <= size) return(list(job))
  pieces <- function(x, most) split(x, (seq_along(x) - 1L) %/% max(1L, as.integer(most)))
  unlist(lapply(pieces(job$exposures, size), function(e) {
    lapply(pieces(job$outcomes, size %/% length(e)), function(o) list(exposures = e, outcomes = o))
  }), recursive = FALSE, use.names = FALSE)
}
