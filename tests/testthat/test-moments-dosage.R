# Moments of dosages as whole numbers: exact against a slow twin, and the estimators on them
# against the same on a matrix of doubles.

# k of 0 .. 2 s, NA where missing; `ends`: 0 and 2 s only, where 32 bits are closest to their end.
numerator_case <- function(n, scale, missing = 0, ends = FALSE) {
  k <- vapply(scale, function(s) if (ends) sample(c(0, 2 * s), n, TRUE) else floor(runif(n) * (2 * s + 1)), numeric(n))
  k <- matrix(k, n)
  k[runif(length(k)) < missing] <- NA
  k
}

dosage_object <- function(k, scale) {
  g <- sweep(k, 2, scale, "/")
  p <- ncol(k)
  table <- data.frame(snp = paste0("v", seq_len(p)), chr = NA_character_, pos = NA_real_, effect_allele = "A", other_allele = "C")
  genotype_dosages(.Call(C_ffi_dosage_pack, g, as.integer(scale)), scale, nrow(k), table)
}

dosage_sums <- function(k, scale, order, size, columns, memory = 1e9, level = cpu_level()) {
  from <- numerators(if (is.matrix(k)) dosage_object(k, scale) else k, order)
  .Call(C_ffi_moments_dosage, from$source, order - 1L, from$person, as.integer(size), columns, memory, level, NULL)
}

# Plain C, AVX2 and AVX-512, of which this machine has some.
levels_of_dosages <- function() Filter(function(level) level <= cpu_level(), c(0L, 2L, 3L))

# Whole numbers below 2^53 are exact in doubles, products and sums too.
slow_dosage_sums <- function(k, scale, order, size, x) {
  missing <- unname(which(colSums(is.na(k)) > 0))
  pilot <- colMeans(x)
  block <- rep(seq_along(size), size)
  packed <- function(a) a[upper.tri(a, TRUE)]
  parts <- lapply(seq_along(size), function(b) {
    at <- order[block == b]
    g <- k[at, , drop = FALSE]
    m <- is.na(g[, missing, drop = FALSE]) + 0
    g[is.na(g)] <- 0
    z <- sweep(x[at, , drop = FALSE], 2, pilot)
    list(
      gg = packed(crossprod(g) / outer(scale, scale)), gm = as.vector(crossprod(g, m) / scale), mm = packed(crossprod(m)),
      sg = colSums(g) / scale, sm = colSums(m), gx = as.vector(crossprod(g, z) / scale), mx = as.vector(crossprod(m, z)),
      sx = colSums(z), xx = packed(crossprod(z))
    )
  })
  list(missing = missing, parts = sapply(names(parts[[1]]), function(name) {
    matrix(unlist(lapply(parts, `[[`, name)), ncol = length(size))
  }, simplify = FALSE))
}

expect_exact <- function(fast, slow, info) {
  expect_identical(fast$missing, slow$missing, info = info)
  for (name in c("gg", "gm", "mm", "sg", "sm")) expect_identical(fast$parts[[name]], slow$parts[[name]], info = paste(name, info))
  for (name in c("gx", "mx", "sx", "xx")) {
    expect_equal(fast$parts[[name]], slow$parts[[name]], tolerance = 1e-12, info = paste(name, info))
  }
}

test_that("sums are those of the slow twin to the last bit, at every scale, width and instruction set", {
  set.seed(1)
  panels <- list(
    1, c(255, 255), c(16384, 255, 1000, 1), rep(32767, 3), rep(16384, 26), rep(c(255, 7, 10000), 17), rep(c(16383, 2), 25)
  )
  for (scale in panels) {
    for (n in c(1, 545, 2081)) {
      for (missing in c(0, .05)) {
        k <- numerator_case(n, scale, missing, ends = n == 545)
        object <- dosage_object(k, scale)
        order <- sample(n)
        size <- if (n == 1) 1 else c(n - n %/% 3, n %/% 3)
        x <- matrix(rnorm(2 * n), n)
        slow <- slow_dosage_sums(k, scale, order, size, x)
        for (level in levels_of_dosages()) {
          fast <- dosage_sums(object, scale, order, size, list(x), level = level)
          expect_exact(fast, slow, paste(scale[1], length(scale), n, missing, level))
        }
      }
    }
  }
})

test_that("the largest numerators fill 32 bits and no more", {
  set.seed(2)
  n <- 20011 # two chunks in a block
  for (s in c(255, 16384, 32767)) {
    k <- cbind(rep(0, n), rep(2 * s, n), s, sample(c(0, 2 * s), n, TRUE))
    x <- matrix(rnorm(n), n)
    slow <- slow_dosage_sums(k, rep(s, 4), seq_len(n), n, x)
    for (level in levels_of_dosages()) {
      expect_exact(dosage_sums(k, rep(s, 4), seq_len(n), n, list(x), level = level), slow, paste(s, level))
    }
  }
  # By hand: all have two copies, or none.
  expect_identical(slow$parts$gg[1:3, 1], c(0, 0, 4 * n))
})

test_that("little memory means more passes and the same numbers", {
  set.seed(3)
  scale <- c(255, 16384, 1000)
  k <- numerator_case(40000, scale, .01)
  k[1:15000, 2] <- NA # nobody of some chunk has a call
  order <- order(runif(40000))
  x <- matrix(rnorm(40000), 40000)
  whole <- dosage_sums(k, scale, order, c(25000, 15000), list(x))
  parts <- dosage_sums(k, scale, order, c(25000, 15000), list(x), memory = 0)
  expect_identical(whole$passes, 1L)
  expect_identical(parts$passes, 4L) # who has no call, then three chunks one by one
  expect_identical(parts[c("missing", "parts", "pilot")], whole[c("missing", "parts", "pilot")])
  expect_exact(whole, slow_dosage_sums(k, scale, order, c(25000, 15000), x), "memory")
})

dosage_people <- function(n = 600, p = 8, missing = .02) {
  site <- rep_len(1:3, n)
  ancestry <- rnorm(n) + site / 2
  scale <- rep_len(c(255, 16384, 1000), p)
  copies <- matrix(rbinom(n * p, 2, plogis(outer(ancestry, rnorm(p, 0, .5)) - .5)), n)
  k <- round(sweep(pmin(pmax(copies + matrix(rnorm(n * p, 0, .15), n), 0), 2), 2, scale, "*"))
  g <- sweep(k, 2, scale, "/")
  x <- drop(g %*% rnorm(p, 0, .4)) + ancestry + rnorm(n)
  g[runif(length(g)) < missing] <- NA
  list(g = g, scale = scale, x = x, y = .3 * x - ancestry + rnorm(n), site = paste0("s", site), age = rnorm(n))
}

both_data <- function(people, ...) {
  table <- data.frame(
    snp = paste0("v", seq_len(ncol(people$g))), chr = "1", pos = seq_len(ncol(people$g)) * 1e6, effect_allele = "A",
    other_allele = "C"
  )
  ids <- sprintf("p%04d", seq_len(nrow(people$g)))
  whole <- genotype_dosages(
    .Call(C_ffi_dosage_pack, people$g, as.integer(people$scale)), people$scale, nrow(people$g), table, data.frame(iid = ids)
  )
  make <- function(g, ...) {
    suppressWarnings(suppressMessages(mr_data(g, people$x, people$y, people$site, cbind(age = people$age), ids = ids, ...)))
  }
  list(whole = make(whole, ...), dense = make(unname(people$g), variants = table, ...))
}

test_that("the estimators are those of the matrix of doubles, from rows and from moments", {
  set.seed(4)
  data <- both_data(dosage_people())
  expect_s3_class(data$whole$genotypes, "genotype_dosages")
  expect_identical(data$whole$kind, "dosage")
  expect_identical(data$whole$counts, data$dense$counts)
  moments <- lapply(data, mr_moments, folds = 3, disclosure = FALSE, seed = 1)
  for (part in c("missing", "sm", "mm")) expect_identical(moments$whole[[part]], moments$dense[[part]])
  for (part in block_parts) expect_equal(moments$whole[[part]], moments$dense[[part]], tolerance = 1e-12)
  fits <- lapply(data, function(d) suppressWarnings(suppressMessages(latent_mr(d, seed = 1))))
  columns <- c("b", "se", "pval")
  a <- as.data.frame(fits$whole)
  expect_equal(a[columns], as.data.frame(fits$dense)[columns], tolerance = 1e-8)
  expect_true(all(is.finite(a$b)))
  from <- lapply(moments, function(m) suppressWarnings(suppressMessages(latent_mr(m, seed = 1))))
  expect_equal(as.data.frame(from$whole)[columns], as.data.frame(from$dense)[columns], tolerance = 1e-8)
})

test_that("a release of dosages is that of the matrix of doubles, drawn calls and withheld variants too", {
  set.seed(5)
  people <- dosage_people(1500, 6, missing = .01)
  people$g[, 4] <- 0
  people$g[1:75, 4] <- 1 # 25 carriers of a copy in an environment: 12.5 expected carriers
  data <- both_data(people)
  held <- held_dosages(data$whole$genotypes)
  expect_identical(decode(held), mr_genotypes(data$dense))
  drawn <- lapply(data, complete_calls, seed = 1L)
  expect_s3_class(drawn$whole$genotypes, "genotype_dosages")
  expect_identical(mr_genotypes(drawn$whole), mr_genotypes(drawn$dense))
  expect_false(anyNA(mr_genotypes(drawn$whole)))
  release <- lapply(data, function(d) suppressWarnings(suppressMessages(mr_moments(d, folds = 2, seed = 1))))
  expect_identical(release$whole$withheld, "v4")
  expect_identical(release$dense$withheld, release$whole$withheld)
  for (part in c("gg", "sg", "gx")) expect_equal(release$whole[[part]], release$dense[[part]], tolerance = 1e-12)
  # Nothing is held twice where no call is missing.
  complete <- data$whole
  complete$genotypes <- drawn$whole$genotypes
  expect_identical(complete_calls(complete, 1L)$genotypes, complete$genotypes)
})

test_that("carriers of a dosage are half the expected copies of the rarer allele", {
  m <- list(sg = cbind(c(0, 39, 40, 200 - 39, 200, 100)), blocks = data.frame(n = 100))
  expect_identical(expected_carriers(m, 1), c(0, 19.5, 20, 19.5, 0, 50)) # by hand
  x <- cbind(c(0, .5, .51, 1.49, 1.5, 2, 2, 2), c(.2, .3, .4, .5, 0, .1, .2, .3), c(NA, 0, 0, 0, 0, 0, 0, 2))
  expect_identical(rounded_differing(x), apply(round(x), 2, differing) + 0)
})
