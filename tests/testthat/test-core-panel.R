test_that("a panel gives back the genotypes of its people, in runs and picked", {
  set.seed(1)
  g <- matrix(sample(c(0, 1, 2, NA), 23 * 3, TRUE), 23)
  bytes <- .Call(C_ffi_bed_pack, g)
  raw <- matrix(bytes, ncol = 3)
  fill <- c(.3, .7, 1.1)
  center <- c(1, .5, 0)
  for (person in list(0:22, 22:0, c(5L, 5L, 9L), 3L, sample(0:22, 17))) {
    n <- length(person)
    whole <- g[person + 1, , drop = FALSE]
    for (j in 1:3) whole[is.na(whole[, j]), j] <- fill[j]
    whole <- sweep(whole, 2, center)
    for (who in list(seq_len(n) - 1L, max(0, n - 6):(n - 1), if (n > 3) c(0L, 2L, 3L) else 0L, if (n > 9) 3:8 else 0L)) {
      got <- .Call(C_ffi_test_panel, raw, as.integer(person), as.integer(who), fill, center)
      expect_equal(got, whole[who + 1, , drop = FALSE], tolerance = 1e-15)
    }
  }
})

test_that("and numbers, of more people than are looked up at a time", {
  set.seed(2)
  g <- matrix(rnorm(1300 * 4), 1300)
  g[sample(length(g), 60)] <- NA
  fill <- c(.3, .7, 1.1, -1)
  center <- c(1, .5, 0, .2)
  for (person in list(0:1299, sample(0:1299), 7L)) {
    whole <- g[person + 1, , drop = FALSE]
    for (j in 1:4) whole[is.na(whole[, j]), j] <- fill[j]
    whole <- sweep(whole, 2, center)
    for (count in unique(pmin(c(1, 511, 512, 513, 1300), length(person)))) {
      who <- length(person) - rev(seq_len(count))
      got <- .Call(C_ffi_test_panel, g, as.integer(person), as.integer(who), fill, center)
      expect_equal(got, whole[who + 1, , drop = FALSE], tolerance = 1e-15)
    }
  }
})
