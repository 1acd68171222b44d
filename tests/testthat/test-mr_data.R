quietly <- function(expr) suppressMessages(expr)

test_that("the object has the parts that every later step reads", {
  d <- known_data()
  expect_s3_class(d, "mr_data")
  expect_identical(dim(d), c(200L, 4L))
  expect_type(d$exposure, "double")
  expect_identical(levels(d$environment), c("east", "west"))
  expect_identical(colnames(d$covariates), c("age", "sexM"))
  expect_identical(d$ids, sprintf("p%03d", 1:200))
  expect_identical(d$exposure_name, "bmi")
  expect_identical(d$kind, "genotype")
})
