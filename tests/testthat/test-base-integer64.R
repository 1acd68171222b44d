# integer64 made without bit64: the bits of a little-endian 64-bit integer as a double.
int64 <- function(...) {
  v <- c(...)
  bits <- vapply(v, function(x) {
    if (is.na(x)) return(as.raw(c(rep(0, 7), 128)))
    n <- if (x < 0) x + 2^64 else x
    # negative numbers through their complement: 2^64 is beyond what a double resolves
    if (x < 0) {
      byte <- (-x - 1) %/% 256^(0:7) %% 256
      return(as.raw(255 - byte))
    }
    as.raw(x %/% 256^(0:7) %% 256)
  }, raw(8))
  structure(readBin(as.vector(bits), "double", length(v), endian = "little"), class = "integer64")
}

test_that("integer64 become the numbers they are", {
  x <- c(0, 1, -1, 255, 65536, -70000, 2^31, -2^40 - 3, 2^53, NA)
  expect_identical(plain_integers(int64(x), "x"), x)
  expect_identical(plain_integers(structure(int64(1, 2), names = c("a", "b")), "x"), c(a = 1, b = 2))
  expect_identical(plain_integers(c(1.5, 2), "x"), c(1.5, 2))
  expect_identical(plain_integers(int64(numeric()), "x"), numeric())
  expect_condition_text(
    plain_integers(int64(2^60), "cluster"), "latentmr_error_argument",
    "`cluster` must be whole numbers of at most 2^53, or text, not integer64 with larger ones.\ni Codes of that length are labels: turn them into text with as.character()."
  )
  d <- plain_columns(data.frame(a = 1:2, b = I(int64(3, 4))))
  expect_identical(as.vector(d$b), c(3, 4))
})

test_that("bit64 agrees where it is installed", {
  skip_if_not_installed("bit64")
  x <- bit64::as.integer64(c("5", "-12345678901", NA, "9007199254740992"))
  expect_identical(plain_integers(x, "x"), suppressWarnings(as.double(x)))
})

test_that("iv_reg() and iv_fit() take integer64 columns, exposures and clusters", {
  d <- data.frame(iv_design(n = 60, L = 2, seed = 5)[c("y", "x", "z")])
  names(d) <- c("y", "x", "z1", "z2")
  d$age <- rep(40:59, 3)
  d$g <- rep(1:12, 5)
  long <- d
  long$age <- int64(d$age)
  long$g <- int64(d$g)
  a <- iv_reg(y ~ age | x | z1 + z2, d, cluster = ~g)
  b <- iv_reg(y ~ age | x | z1 + z2, long, cluster = ~g)
  expect_identical(coef(a), coef(b))
  expect_identical(vcov(a), vcov(b))
  expect_identical(vcov(a), vcov(iv_reg(y ~ age | x | z1 + z2, d, cluster = long$g)))
  expect_identical(
    coef(iv_fit(d$y, d$x, cbind(d$z1, d$z2), w = d$age)), coef(iv_fit(d$y, d$x, cbind(d$z1, d$z2), w = long$age))
  )
  expect_identical(coef(iv_fit(long$age, d$x, d$z1, rep(1, 60))), coef(iv_fit(d$age, d$x, d$z1, rep(1, 60))))
  expect_equal(weights(iv_fit(d$y, d$x, d$z1, weights = long$g)), as.double(d$g))
})
