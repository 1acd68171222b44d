test_that("an error names the call that the user typed", {
  caught <- tryCatch(variants(1), error = identity)
  expect_identical(conditionCall(caught), quote(variants(1)))
  expect_s3_class(caught, c("latentmr_error_argument", "latentmr_error", "error", "condition"), exact = TRUE)
})

test_that("hints stand on a line of their own, and notes can be silenced", {
  expect_condition_text(abort("No.", "latentmr_error_x", hint = "Try."), "latentmr_error_x", "No.\ni Try.")
  expect_condition_text(warn("Low.", "latentmr_warning_x"), "latentmr_warning_x", "Low.")
  expect_condition_text(inform("Read.", "latentmr_message_x"), "latentmr_message_x", "Read.")
  old <- options(LatentMR.quiet = TRUE)
  on.exit(options(old))
  expect_length(conditions_of(inform("Read.")), 0)
})

test_that("what pins conditions shows class and text of each, whatever testthat prints", {
  several <- function() {
    message("one")
    warn("two\nlines", "latentmr_warning_a")
    abort("three", c("latentmr_error_b", "latentmr_error_c"), hint = "four")
  }
  code <- quote({
    several()
    abort("alone")
    1 +
      1
  })
  expect_identical(condition_lines(code, environment()), c(
    "several()", "  simpleMessage: one", "  latentmr_warning_a: two\n  lines",
    "  latentmr_error_b, latentmr_error_c: three\n  i four",
    "abort(\"alone\")", "  latentmr_error: alone",
    "1 + 1", "  signals nothing"
  ))
  expect_failure(expect_condition_text(abort("three", "a"), "b", "three"), "signals a, not a condition of class b")
  expect_failure(expect_condition_text(abort("three", "a"), "a", "four"))
})
