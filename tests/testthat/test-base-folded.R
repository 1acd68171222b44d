test_that("a table prints its first rows and counts the rest", {
  frame <- data.frame(snp = letters[1:12], p = c(.123456, 12:2 / 1000), none = NA, pos = c(4294967295, 1:11))
  x <- folded_table(frame, order(frame$p), "smallest p first", c("snp", "p", "none", "pos"))
  expect_identical(capture.output(print(x, rows = 2)), c(
    "12 rows, smallest p first:", " snp     p pos", "   l 0.002  11", "   k 0.003  10", "... 10 rows more: as.data.frame()"
  ))
  expect_match(capture.output(print(x, rows = 12)), "4294967295", all = FALSE)
  expect_identical(as.data.frame(x), frame)
  expect_identical(x[2:3, ], frame[2:3, ])
  expect_identical(x["p"], frame["p"])
  expect_identical(x$p, frame$p)
  expect_identical(x[["p"]], frame$p)
  # Changed so that the rank no longer fits: as data frames print.
  x[13, ] <- x[1, ]
  expect_identical(capture.output(print(x)), capture.output(pointed(print(unfolded(x)))))
  expect_error(print(x, rows = 0), "`rows` must be", class = "latentmr_error_argument")
  expect_identical(capture.output(print(folded_table(frame[0, ]))), capture.output(print(frame[0, ], row.names = FALSE)))
})

test_that("flow, variants and methods fold within the width of a page", {
  data <- known_data()
  expect_identical(as.data.frame(flow(data)), data$flow)
  for (x in list(flow(data), variants(data), mr_methods())) {
    text <- capture.output(print(x))
    expect_lte(length(text), 30)
    expect_lte(max(nchar(text)), 90)
    expect_match(tail(text, 1), "as.data.frame()", fixed = TRUE)
  }
  expect_match(capture.output(print(flow(data))), "rules? concerned none", all = FALSE)
  expect_identical(mr_methods()[1, ], as.data.frame(mr_methods())[1, ])
})
