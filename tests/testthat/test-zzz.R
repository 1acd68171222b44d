test_that("functions that fits call again and again are compiled when the package is installed", {
  home <- asNamespace("LatentMR")
  expect_gt(length(compiled), 100)
  expect_identical(anyDuplicated(compiled), 0L)
  # The last line of what R prints of a compiled function.
  lines <- vapply(compiled, function(name) any(grepl("^<bytecode", capture.output(print.function(home[[name]])))), NA)
  expect_identical(compiled[!lines], character())
})
