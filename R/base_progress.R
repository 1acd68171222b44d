# Progress of long work.

# A function of the share done (0 to 1), for C or R loops to call: once the work has
# taken a second it moves progressr's bar, which ends with `frame`, and speaks (see
# speaker()). NULL, which C takes for no report, when options(LatentMR.quiet = TRUE).
progress_of <- function(what, frame = parent.frame(), say = TRUE, long = long_wait(), after = 1) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(NULL)
  force(what)
  force(frame)
  speak <- speaker(what, say, long, after)
  start <- clock()
  bar <- NULL
  done <- 0
  function(share) {
    speak(share)
    now <- floor(100 * share)
    if (is.null(bar)) {
      if (clock() - start < after || now < 1 || now >= 100) return(invisible())
      bar <<- progressr::progressor(100, envir = frame, message = what)
    }
    if (now > done) bar(amount = now - done)
    done <<- max(done, now)
    invisible()
  }
}

clock <- function() proc.time()[["elapsed"]]

# Seconds that nobody waits without a word; documents and tests are not told of less than twenty.
long_wait <- function() if (in_document() || identical(Sys.getenv("TESTTHAT"), "true")) 20 else 2

in_document <- function() isTRUE(getOption("knitr.in.progress"))

# Work in one piece, of which no share is known: its name and expected seconds, before it begins.
say_work <- function(what, seconds) {
  if (isTRUE(getOption("LatentMR.quiet")) || seconds < long_wait()) return(invisible())
  inform(sprintf("%s: about %s.", what, in_words(seconds)), "latentmr_message_time")
}

# A log is read: nobody sees bars, and it is no document that knitr makes.
in_batch <- function() {
  !interactive() && !isTRUE(getOption("progressr.enable")) && !in_document()
}

# A function of the share done that says, after a second, how long the whole will take
# when that is long (by the share done so far); and in a batch job, whose log no bar
# reaches, how far the work is, every few seconds and less often as time goes on.
speaker <- function(what, say = TRUE, long = long_wait(), after = 1, every = function(taken) max(5, taken / 20),
                    batch = in_batch()) {
  force(what)
  force(long)
  force(batch)
  start <- last <- clock()
  function(share) {
    now <- clock()
    taken <- now - start
    if (taken < after || share <= 0 || share >= 1) return(invisible())
    left <- taken * (1 / share - 1)
    if (say && (share >= .01 || taken >= 3)) {
      say <<- FALSE
      if (taken + left > long) inform(sprintf("%s: about %s.", what, in_words(taken + left)), "latentmr_message_time")
    } else if (batch && now - last >= every(taken)) {
      last <<- now
      inform(sprintf("%s: %.0f %%, about %s left.", what, 100 * share, in_words(left)), "latentmr_message_progress")
    }
    invisible()
  }
}

# Work that is spread over the workers of future::plan(): `work` is called with a
# function to call after each of `steps` pieces, which moves progressr's bar from
# wherever it runs; speaks here.
spread_work <- function(what, steps, work, speak = speaker(what)) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(work(function(...) invisible()))
  bar <- progressr::progressor(steps, message = what, enable = TRUE)
  force(speak)
  done <- 0
  withCallingHandlers(
    work(function(amount = 1) bar(message = what, amount = amount)),
    # Others' bars move as well.
    progression = function(p) {
      if (!identical(p$type, "update") || !identical(p$message, what)) return()
      done <<- done + p$amount
      speak(done / steps)
    }
  )
}

# A job that was killed or cancelled, or has no memory left; future says which and quotes the job's log.
abort_worker <- function(e) {
  abort(
    sprintf("A worker of future::plan() ended before its work did: %s", conditionMessage(e)), "latentmr_error_worker",
    hint = "Run it again, with fewer workers if memory was short. A scan with a `folder` keeps the chunks that are done."
  )
}

# lapply() over the workers of future::plan(); without any it is lapply() itself, so that time limits and interrupts
# reach the work (future 1.80 takes limits off). Pieces draw nothing from the session's stream. Later versions of
# future make an error of an interrupt; it leaves here as the interrupt that it was.
over_workers <- function(x, f, ...) {
  if (inherits(future::plan(), "sequential")) return(lapply(x, f, ...))
  tryCatch(
    future.apply::future_lapply(x, f, ..., future.seed = NULL, future.packages = "LatentMR"),
    FutureError = function(e) {
      if (!grepl("was interrupted", conditionMessage(e), fixed = TRUE)) abort_worker(e)
      signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
      invokeRestart("abort")
    }
  )
}

# progress_of() for loops in R over `total` pieces: a function to call after each.
progress_steps <- function(what, total, frame = parent.frame()) {
  force(frame)
  report <- progress_of(what, frame)
  if (is.null(report)) return(function() invisible())
  at <- 0
  function() {
    at <<- at + 1
    report(at / total)
  }
}
