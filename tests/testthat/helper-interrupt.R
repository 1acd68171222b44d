# Loops in C ask R at each poll whether to go on. Here a function of the test is
# called at a poll instead, with the share that is done, and what it raises must come out of the
# call as itself.

# Only the main thread polls, and its share of the turns varies from run to run: one thread unless a test asks.
one_thread <- function() options(LatentMR.threads = getOption("LatentMR.threads", 1L))

# How often `code` polls.
polls_of <- function(code) {
  old <- one_thread()
  on.exit(options(old))
  .Call(C_ffi_test_stop_at, .Machine$integer.max, NULL)
  on.exit(.Call(C_ffi_test_stop_at, -1L, NULL), add = TRUE)
  force(code)
  .Call(C_ffi_test_stop_at, -1L, NULL)
}

at_poll <- function(poll, call, code) {
  old <- one_thread()
  on.exit(options(old))
  .Call(C_ffi_test_stop_at, as.integer(poll), call)
  on.exit(.Call(C_ffi_test_stop_at, -1L, NULL), add = TRUE)
  force(code)
}

# The shares that `run` reports, at `among` of its polls from the first to the last: no clock decides.
shares_of <- function(run, among = 8) {
  got <- NA_real_
  count <- polls_of(run())
  vapply(unique(round(seq(0, count - 1, length.out = among))), function(poll) {
    at_poll(poll, function(share) got <<- share, run())
    got
  }, 0)
}

# An interrupt at a poll: "stopped" when an interrupt comes out (behind workers not the same
# object, but one), else the value.
stopped_at <- function(poll, code) {
  interrupt <- function(share) {
    signalCondition(structure(class = c("test_interrupt", "interrupt", "condition"), list(message = "", call = NULL)))
    invokeRestart("abort")
  }
  tryCatch(at_poll(poll, interrupt, code), interrupt = function(c) "stopped")
}

# A time limit that is over at a poll: "timed out" when R's own error comes out.
timed_out_at <- function(poll, code) {
  on.exit(setTimeLimit())
  late <- function(share) {
    setTimeLimit(elapsed = 1e-3, transient = TRUE)
    for (i in 1:300000) identity(i) # R looks at its limits now and then
  }
  tryCatch(at_poll(poll, late, code), error = function(e) {
    # In the language of the session.
    said <- c("reached elapsed time limit", gettext("reached elapsed time limit", domain = "R"))
    if (identical(class(e), c("simpleError", "error", "condition")) && conditionMessage(e) %in% said) "timed out" else e
  })
}

# Any condition: a calling handler sees it, and may leave by a restart of its own.
left_at <- function(poll, code) {
  strange <- function(share) signalCondition(structure(class = c("strange", "condition"), list(message = "", call = NULL)))
  withRestarts(
    withCallingHandlers(at_poll(poll, strange, code), strange = function(c) invokeRestart("leave", "left")),
    leave = identity
  )
}

open_files <- function() if (dir.exists("/proc/self/fd")) length(dir("/proc/self/fd")) else NA

# The first and last poll and some between; afterwards the same call gives what it gave.
expect_interruptible <- function(run, least = 3, among = 4) {
  want <- run()
  files <- open_files()
  count <- polls_of(run())
  expect_gte(count, least)
  for (poll in unique(round(seq(0, count - 1, length.out = among)))) {
    expect_identical(stopped_at(poll, run()), "stopped")
    expect_identical(timed_out_at(poll, run()), "timed out")
    expect_identical(left_at(poll, run()), "left")
  }
  expect_identical(stopped_at(count, run()), want)
  expect_identical(run(), want)
  expect_identical(open_files(), files)
}
