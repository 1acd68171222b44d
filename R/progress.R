# Progress of long work.

# A function of the share done (0 to 1), for C or R loops to call: once the work has
# taken a second it moves progressr's bar, which ends with `frame`, and says how
# long the whole will take when that is long (by the share done so far). NULL, which C
# takes for no report, when options(LatentMR.quiet = TRUE).
progress_of <- function(what, frame = parent.frame(), say = TRUE, long = 20, after = 1) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(NULL)
  force(what)
  force(frame)
  start <- proc.time()[["elapsed"]]
  bar <- NULL
  done <- 0
  function(share) {
    now <- floor(100 * share)
    if (is.null(bar)) {
      taken <- proc.time()[["elapsed"]] - start
      if (taken < after || now < 1 || now >= 100) return(invisible())
      if (say && taken / share > long) inform(sprintf("%s: about %s.", what, in_words(taken / share)), "latentmr_message_time")
      bar <<- progressr::progressor(100, envir = frame, message = what)
    }
    if (now > done) bar(amount = now - done)
    done <<- max(done, now)
    invisible()
  }
}

# progressr's own bar, for work that is spread over the workers of future::plan();
# nothing in a quiet session.
session_bar <- function(steps, frame = parent.frame()) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(function(...) invisible())
  progressr::progressor(steps, envir = frame)
}

# progress_of() for loops in R over `total` pieces: a function to call after each.
progress_steps <- function(what, total, frame = parent.frame()) {
  report <- progress_of(what, frame)
  if (is.null(report)) return(function() invisible())
  at <- 0
  function() {
    at <<- at + 1
    report(at / total)
  }
}

in_words <- function(seconds) {
  if (seconds < 90) sprintf("%.0f seconds", seconds) else if (seconds < 5400) sprintf("%.0f minutes", seconds / 60) else sprintf("%.1f hours", seconds / 3600)
}
