quiet <- function(code) suppressWarnings(suppressMessages(code))

test_that("Table 1 has means, counts and the largest standardised difference, by hand", {
  # Two sites of ten; the outcome is 0/1.
  set.seed(1)
  n <- 20
  site <- rep(c("a", "b"), each = 10)
  g <- matrix(rbinom(n * 3, 2, .5), n)
  x <- c(1:10, 3:12)
  y <- rep(c(1, 0, 1, 0), c(4, 6, 8, 2))
  smoke <- rep(c("never", "former", "now", "never", "now"), c(5, 3, 2, 5, 5))
  code <- rep(c(1, 2), n / 2)
  data <- quiet(mr_data(g, x, y, site, covariates = data.frame(smoke, code), kind = "genotype", units = c(exposure = "kg", outcome = NA)))
  table <- table_one(data)
  by_name <- setNames(table, vapply(table, `[[`, "", "name"))
  expect_identical(names(by_name), c("x", "y", "smoke: former", "smoke: never", "smoke: now", "code = 2"))
  expect_equal(by_name$x$mean, c(6.5, 5.5, 7.5))
  # Variances of 1:10 and 3:12 are both 55 / 6.
  expect_equal(by_name$x$difference, 2 / sqrt(55 / 6))
  expect_equal(by_name$y$mean * by_name$y$n, c(12, 4, 8))
  # Shares .4 and .8: variances .24 and .16.
  expect_equal(by_name$y$difference, .4 / sqrt(.2))
  expect_equal(by_name[["smoke: former"]]$mean * c(20, 10, 10), c(3, 3, 0))
  expect_equal(by_name[["smoke: never"]]$difference, 0)
  expect_equal(by_name[["code = 2"]]$mean, c(.5, .5, .5))
  text <- table_one_text(table, data)
  expect_identical(text["y", ], c(All = "12 (60.0%)", a = "4 (40.0%)", b = "8 (80.0%)", "Standardised difference" = "0.89"))
  expect_identical(rownames(text)[c(1, 2, nrow(text))], c("People", "x (kg)", "Genotype calls missing"))
  expect_identical(unname(text["People", 1:3]), c("20", "10", "10"))
})

test_that("of many environments the environments are the rows, with the numbers of the table", {
  data <- quiet(simulate_mr("snp", cell = 3, n = 60, seed = 1))
  fit <- list(exposure = "exposure", outcome = "outcome")
  html <- report_description(fit, data)
  cells <- table_one_text(table_one(data), data)
  for (text in cells["exposure", ]) expect_has(html, text)
  many <- data
  many$environment <- factor(rep_len(paste("site", 1:9), length(many$outcome)))
  many$counts <- NULL
  expect_match(report_description(fit, data), "<th scope=\"col\">(Trait|Environment)</th>")
  expect_match(report_description(fit, NULL), "report\\(data = \\)")
})

test_that("the call that made the data is in the code of the page", {
  g <- matrix(rbinom(200 * 4, 2, .4), 200)
  x <- rnorm(200)
  y <- rnorm(200)
  data <- quiet(mr_data(g, x, y, rep(c("a", "b"), 100), kind = "genotype"))
  expect_identical(data$made[1], "data <- mr_data(genotypes = g, exposure = x, outcome = y, environment = rep(c(\"a\", \"b\"), ")
  call <- list(call = quote(latent_mr(data = data)), seed = 1)
  expect_has(report_code(call, NULL, data), "data &#60;- mr_data(genotypes = g")
  expect_has(report_code(call, "mine <- 1", data), "mine &#60;- 1")
  expect_false(grepl("mr_data(genotypes", report_code(call, "mine <- 1", data), fixed = TRUE))
  # Values in the call are no code to read.
  data <- quiet(do.call(mr_data, list(g, x, y, rep(c("a", "b"), 100), kind = "genotype")))
  expect_lt(sum(nchar(data$made)), 200)
  expect_match(quiet(data[1:100, ])$made[length(quiet(data[1:100, ])$made)], "a part of it")
})
