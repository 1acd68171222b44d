# How often `code` polls for an interrupt, and what comes of an interrupt at one of
# those polls: "stopped" when it ends as an interrupt, else the value.

polls_of <- function(code) {
  .Call(C_ffi_test_stop_at, .Machine$integer.max)
  on.exit(.Call(C_ffi_test_stop_at, -1L))
  force(code)
  .Call(C_ffi_test_stop_at, -1L)
}

stopped_at <- function(poll, code) {
  .Call(C_ffi_test_stop_at, as.integer(poll))
  on.exit(.Call(C_ffi_test_stop_at, -1L))
  tryCatch(code, interrupt = function(c) if (inherits(c, "latentmr_interrupt")) "stopped" else "another interrupt")
}

# The first and last poll and some between; afterwards the same call gives what it gave.
expect_interruptible <- function(run, least = 3) {
  want <- run()
  count <- polls_of(run())
  expect_gte(count, least)
  for (poll in unique(round(seq(0, count - 1, length.out = 4)))) expect_identical(stopped_at(poll, run()), "stopped")
  expect_identical(stopped_at(count, run()), want)
  expect_identical(run(), want)
}
