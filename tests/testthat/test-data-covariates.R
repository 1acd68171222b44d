code <- function(...) code_covariates(as_covariates(data.frame(..., stringsAsFactors = FALSE)))

test_that("groups become columns against their first level", {
  out <- code(age = c(30, 40, 50, 60), sex = c("M", "F", "F", "M"), smoker = c(TRUE, FALSE, TRUE, TRUE),
              site = factor(c("b", "c", "b", "a"), levels = c("c", "b", "a", "unused")))
  expect_identical(colnames(out$x), c("age", "sexM", "smokerTRUE", "siteb", "sitea"))
  expect_identical(out$x[, "sexM"], c(1, 0, 0, 1))
  expect_identical(out$x[, "siteb"], c(1, 0, 1, 0))
  expect_identical(out$coding$reference, c(NA, "F", "FALSE", "c", "c"))
  expect_identical(out$dropped, character())
})

test_that("the coding is that of model.matrix without its intercept", {
  frame <- data.frame(a = c(1.5, 2, -3, 0, 2, 2), b = factor(c("x", "y", "z", "x", "y", "z")), c = c("u", "v", "u", "v", "v", "u"))
  mm <- model.matrix(~ a + b + c, frame)[, -1]
  expect_equal(unname(code_covariates(as_covariates(frame))$x), unname(mm), ignore_attr = TRUE)
})

test_that("ordered factors are coded like others", {
  expect_identical(colnames(code(o = factor(c("lo", "hi", "mid"), c("lo", "mid", "hi"), ordered = TRUE))$x), c("omid", "ohi"))
})

test_that("columns that do not vary are left out and named", {
  out <- code(one = 1, level = "a", x = 1:3, gone = factor("b", levels = c("a", "b")))
  expect_identical(colnames(out$x), "x")
  expect_identical(out$dropped, c("one", "level", "gone"))
  expect_identical(dim(code(one = c(1, 1))$x), c(2L, 0L))
})

test_that("matrices and vectors are covariates", {
  expect_identical(names(as_covariates(matrix(1:4, 2))), c("C1", "C2"))
  expect_identical(names(as_covariates(c(1, 2))), "covariate")
  expect_null(as_covariates(data.frame()[1:2, ]))
  expect_null(as_covariates(NULL))
})

test_that("what cannot be a covariate is an error that names the column", {
  expect_conditions({
    as_covariates(list(1))
    as_covariates(matrix("a", 2, 2))
    code(born = as.Date("2020-01-01") + 0:3)
    as_covariates(data.frame(x = I(list(1, 2))))
    code(x = c(1, -Inf))
    code(id = sprintf("p%d", 1:50))
    as_covariates(data.frame(a = 1, a = 2, check.names = FALSE))
    code(ab = c("c", "d", "e"), abd = c(1, 2, 4))
    as_covariates(data.frame(a = numeric()))
  })
})

test_that("empty text is missing", {
  expect_identical(is.na(as_covariates(data.frame(s = c("a", "", NA)))$s), c(FALSE, TRUE, TRUE))
})
