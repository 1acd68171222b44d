# testthat works out a difference before it says that there is none: four thousandths of a second, twenty thousand
# times. What is identical, true, or near in every number is so without it; everything else goes to testthat.

# Each number within the tolerance of its own: then so is their mean, which testthat compares.
near_each <- function(a, b, tolerance) {
  is.double(a) && is.double(b) && identical(attributes(a), attributes(b)) && is.numeric(tolerance) &&
    isTRUE(all(a == b | abs(a - b) < tolerance * abs(b)))
}

expect_identical <- function(object, expected, ..., label = deparse1(substitute(object))) {
  if (identical(object, expected)) succeed() else testthat::expect_identical(object, expected, ..., label = label)
  invisible(object)
}

expect_equal <- function(object, expected, ..., tolerance = testthat_tolerance(), label = deparse1(substitute(object))) {
  if (identical(object, expected) || near_each(object, expected, tolerance)) {
    succeed()
  } else {
    testthat::expect_equal(object, expected, ..., tolerance = tolerance, label = label)
  }
  invisible(object)
}

expect_true <- function(object, ..., label = deparse1(substitute(object))) {
  if (isTRUE(object)) succeed() else testthat::expect_true(object, ..., label = label)
  invisible(object)
}

expect_false <- function(object, ..., label = deparse1(substitute(object))) {
  if (isFALSE(object)) succeed() else testthat::expect_false(object, ..., label = label)
  invisible(object)
}
