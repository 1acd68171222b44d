test_that("messages name the argument, the rule, the value and the remedy", {
  expect_conditions({
    check_number("a", "level", 0, 1)
    check_number(2, "level", 0, 1, open = TRUE)
    check_number(1.5, "n_latent", 1, whole = TRUE)
    check_flag(NA, "force")
    check_string(character(), "bfile")
    check_choice("linaer", "encoder", c("linear", "auto"))
    check_choice(NULL, "encoder", c("linear", "auto"))
  })
})

test_that("core failures become classed errors", {
  expect_error(.Call(C_ffi_test_error, 4L, "rank 2 of 3"), "rank 2 of 3", class = "latentmr_error_singular")
  expect_error(.Call(C_ffi_test_error, 2L, "no"), class = "latentmr_error")
  # A stop that nobody asked for is a fault; those that are asked for: test-base-conditions.R.
  expect_error(.Call(C_ffi_test_error, 7L, ""), class = "latentmr_error_internal")
})
