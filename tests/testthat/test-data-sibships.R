# Families that are none, and environments that are identifiers.

set.seed(1)
n <- 240
named <- function(x) stats::setNames(x, sprintf("%04d", seq_len(n)))
people <- function(g) `dimnames<-`(g, list(names(named(1:n)), paste0("rs", seq_len(ncol(g)))))
e <- named(rep(rep(c("A", "B"), 60), 2))
x <- named(rnorm(n))
y <- named(rnorm(n))
quiet <- function(call) suppressMessages(call)

test_that("families that are no siblings are warned of, siblings are not", {
  g <- people(matrix(rbinom(n * 4, 2, .4), n))
  expect_warning(
    quiet(mr_data(g, x, y, e, family = named(rep(1:60, 4)))), "not by about .5 (180 pairs)",
    class = "latentmr_warning_family", fixed = TRUE
  )
  gamete <- function(a, b) ifelse(matrix(rbinom(480, 1, .5), 120) == 1, a, b)
  alleles <- replicate(4, matrix(rbinom(480, 1, .4), 120), FALSE)
  sib <- function() gamete(alleles[[1]], alleles[[2]]) + gamete(alleles[[3]], alleles[[4]])
  siblings <- people(rbind(sib(), sib()))
  expect_no_warning(quiet(mr_data(siblings, x, y, e, family = named(rep(1:120, 2)))), class = "latentmr_warning_family")
})

test_that("identifiers are no environments", {
  g <- people(matrix(rbinom(n * 4, 2, .4), n))
  error <- expect_error(quiet(mr_data(g, x, y, named(names(x)))), class = "latentmr_error_argument")
  expect_match(conditionMessage(error), "not one with 240 different values in 240 participants.", fixed = TRUE)
  expect_match(conditionMessage(error), "i It looks like an identifier, a date or a measurement.", fixed = TRUE)
})
