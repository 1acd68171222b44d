# One person whose value lies between those that all others keep to: the sums modulo that step
# are the person's genotypes.
whole_but_one <- function(kind = "genotype") {
  set.seed(1)
  g <- matrix(rbinom(300 * 8, 2, .4) + 0, 300, 8, dimnames = list(NULL, paste0("rs", 1:8)))
  age <- round(rnorm(300, 50, 9))
  if (kind == "genotype") age[11] <- 50.3 else g[7, 2] <- .3
  list(g = g, data = suppressMessages(mr_data(
    g, rnorm(300), rnorm(300), rep("a", 300), covariates = data.frame(age), kind = kind, structure = cbind(pc = rnorm(300))
  )))
}
modulo <- function(x, value) {
  rest <- (x + 1e-9) %% 1
  vapply(rest, function(r) which.min(abs(r - (0:2 * value) %% 1)) - 1, 0)
}

test_that("one value between whole numbers gives the person's genotypes; the release is refused", {
  d <- whole_but_one()
  m <- mr_moments(d$data, folds = 1, seed = 1, disclosure = FALSE)
  expect_identical(modulo(m$gx[1:8, 1] + m$pilot[1] * m$sg[, 1], .3), unname(d$g[11, ]))
  expect_error(
    mr_moments(d$data), "one person has a value of `age` between steps of 1 that the others keep to",
    class = "latentmr_error_disclosure"
  )
  d$data$covariates[11, ] <- 50
  expect_s3_class(suppressWarnings(suppressMessages(mr_moments(d$data))), "mr_moments")
})

test_that("one dosage among calls gives the person's genotypes; the variant is withheld", {
  d <- whole_but_one("dosage")
  m <- mr_moments(d$data, folds = 1, seed = 1, disclosure = FALSE)
  products <- unpack(m$gg[, 1], 8)[2, ]
  if (any(m$gpilot != 0)) {
    products <- products + m$gpilot[2] * m$sg[, 1] + m$gpilot * m$sg[2, 1] + 300 * m$gpilot[2] * m$gpilot
  }
  expect_identical(modulo(products[-2], .3), unname(d$g[7, -2]))
  m <- suppressMessages(suppressWarnings(mr_moments(d$data)))
  expect_true("rs2" %in% m$withheld)
  expect_lt(length(m$withheld), 8)
})

test_that("grids are found whatever their step, and where there is none none is", {
  set.seed(2)
  found <- function(x) vapply(grids_of(x)$off, function(grid) sum(grid$off), 0)
  steps <- function(x) vapply(grids_of(x)$off, `[[`, 0, "step")
  inches <- 2.54 * round(rnorm(300, 65, 3))
  expect_length(found(inches), 0)
  expect_identical(found(replace(inches, 4, 160)), 1)
  expect_equal(steps(replace(inches, 4, 160)), 2.54)
  tenths <- round(rnorm(300), 1)
  expect_true(1 %in% found(replace(tenths, c(8, 9), tenths[8:9] + c(.03, 1))))
  expect_equal(grids_of(tenths)$step, .1)
  expect_true(any(found(replace(tenths / 7, 1:3, rnorm(3))) == 3))
  for (x in list(rnorm(300), exp(rnorm(300)), tenths, rpois(300, .2), rpois(300, 5), round(exp(rnorm(300)), 1), rep(1, 300),
                 rbinom(300, 2, .3), rep(c(5, 10), 150), qnorm((seq_len(300) - .375) / 300.25))) {
    expect_length(found(x + 0), 0)
  }
})

test_that("traits rounded to many decimals lie on their grid, whatever their size; who is between is found", {
  for (seed in 1:4) {
    for (digits in 3:6) {
      for (mean in c(3.4, 12, 130, 1e4)) {
        set.seed(seed)
        x <- round(rnorm(400, mean, sqrt(mean) / 2), digits)
        expect_length(grids_of(x)$off, 0)
      }
    }
  }
  x <- round(rnorm(400, 12, 1.6), 5)
  expect_true(list(7L) %in% lapply(grids_of(replace(x, 7, x[7] + 3e-6))$off, function(grid) which(grid$off)))
})

test_that("two columns whose difference is whole for all but one", {
  set.seed(3)
  from <- round(rnorm(200, 40, 5), 2)
  to <- from + rpois(200, 5)
  to[9] <- to[9] + .5
  off <- off_grids(cbind(from, to), factor(rep("a", 200)), pairs = 2)
  expect_true(any(colSums(off[, grepl("`to`|`from`", colnames(off)) & grepl(" - ", colnames(off)), drop = FALSE]) == 1))
  expect_identical(ncol(off_grids(cbind(from, to = rnorm(200)), factor(rep("a", 200)), pairs = 2)), 0L)
})

test_that("columns that differ in a person whom the search for steps does not look at are refused in words", {
  # Of more than 200 values some are looked at: here all of those are one number.
  alone <- c(rep(0, 400), 1, rep(0, 400))
  looked <- round(seq(1, 801, length.out = 200))
  expect_false(401 %in% looked)
  expect_identical(grids_of(alone)$off, list())
  set.seed(5)
  g <- matrix(rbinom(600 * 4, 2, .3), 600, 4, dimnames = list(NULL, paste0("rs", 1:4)))
  x <- rnorm(600, 50, 10)
  y <- x
  y[2] <- y[2] + 1
  data <- suppressWarnings(suppressMessages(mr_data(g, x, y, rep("a", 600), kind = "genotype")))
  expect_error(mr_moments(data), class = "latentmr_error_disclosure")
})
