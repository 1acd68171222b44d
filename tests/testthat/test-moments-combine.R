moments_on <- function(data, folds = 4L, seed = 1L) {
  blocks <- draw_blocks(data$environment, data$cluster, folds, seed)
  new_moments(data, blocks, moments_pass(data, blocks, 1e9), seed)
}
part <- function(data, i) {
  data$genotypes$x <- data$genotypes$x[i, , drop = FALSE]
  data$covariates <- data$covariates[i, , drop = FALSE]
  data$environment <- droplevels(data$environment[i])
  data$exposure <- data$exposure[i]
  data$outcome <- data$outcome[i]
  data
}
swap <- function(data, v) {
  data$genotypes$x[, v] <- 2 - data$genotypes$x[, v]
  a <- data$variants
  data$variants[v, c("effect_allele", "other_allele")] <- a[v, c("other_allele", "effect_allele")]
  data
}
expect_same_reading <- function(a, b, tolerance = 1e-11) {
  for (e in a$environments) {
    x <- moments_environment(a, e)
    y <- moments_environment(b, e)
    expect_identical(x$n, y$n)
    expect_equal(x$mean, y$mean, tolerance = tolerance)
    expect_equal(x$cross, y$cross, tolerance = tolerance)
  }
}

set.seed(1)
g <- random_genotypes(500, 6, .1)
g[, 1] <- ifelse(is.na(g[, 1]), 1, g[, 1])
g[1:250, 5] <- ifelse(is.na(g[1:250, 5]), 2, g[1:250, 5]) # missing at the second site only
x <- cbind(age = rnorm(500, 50, 10), d = rnorm(500, 3), y = rnorm(500))
data <- moments_data(g, x, environment = c(rep(c("a", "b"), c(150, 100)), rep(c("b", "c"), 125)))
one <- part(data, 1:250)
two <- part(data, 251:500)

test_that("two halves add up to the whole, integers exactly", {
  both <- combine_moments(moments_on(one), moments_on(two))
  whole <- moments_on(data)
  expect_identical(both$environments, c("a", "b", "c"))
  expect_identical(both$missing, whole$missing)
  by_environment <- function(m, k) rowsum(t(m[[k]]), as.integer(m$blocks$environment))
  for (k in counts) expect_equal(by_environment(both, k), by_environment(whole, k), tolerance = 0)
  expect_type(both$gg, "integer")
  expect_same_reading(whole, both, 1e-12)
  expect_identical(c(moments_on(one), moments_on(two)), both)
  expect_identical(combine_moments(list(moments_on(one), moments_on(two))), both)
  expect_identical(both$flow$site, 1:2)
  three <- c(both, moments_on(part(data, 1:99)))
  expect_identical(three$flow$site, 1:3)
  expect_equal(sum(three$blocks$n), 599)
})

test_that("blocks of the same environment and fold are added", {
  both <- c(moments_on(one, 4L), moments_on(two, 6L))
  expect_identical(tabulate(both$blocks$environment), c(4L, 6L, 6L))
  expect_equal(both$blocks$n[both$blocks$environment == "b" & both$blocks$fold == 1], 25 + 21)
})

test_that("swapped alleles are recoded exactly, order does not matter", {
  plain <- c(moments_on(one), moments_on(two))
  other <- swap(two, c(1, 3, 5))
  turned <- c(6, 2, 5, 1, 3, 4)
  other$genotypes$x <- other$genotypes$x[, turned]
  other$variants <- other$variants[turned, ]
  out <- c(moments_on(one), moments_on(other))
  for (k in counts) expect_identical(out[[k]], plain[[k]])
  for (k in sums) expect_close(out[[k]], plain[[k]])
  expect_identical(out$variants, plain$variants)
})

test_that("dosages swap, continuous instruments are re-shifted", {
  for (kind in c("dosage", "continuous")) {
    shift <- if (kind == "continuous") 1e4 * (1:6) else 0
    whole <- data
    whole$kind <- kind
    whole$genotypes$x <- sweep(g, 2, -shift)
    half <- part(whole, 251:500)
    if (kind == "dosage") half <- swap(half, 2:4)
    out <- c(moments_on(part(whole, 1:250)), moments_on(half))
    expect_same_reading(moments_on(whole), out, 1e-10)
  }
})

test_that("sites that differ are refused by name", {
  a <- moments_on(one)
  other <- function(change) {
    b <- moments_on(two)
    change(b)
  }
  expect_conditions({
    combine_moments()
    combine_moments(a, 3)
    combine_moments(a, other(function(b) {
      b$kind <- "dosage"
      b
    }))
    combine_moments(a, other(function(b) {
      b$covariates <- "sex"
      b
    }))
    combine_moments(a, other(function(b) {
      b$variants$snp[2:3] <- c("rs20", "rs30")
      b
    }))
    combine_moments(a, other(function(b) {
      b$variants$effect_allele[4] <- "T"
      b$variants$other_allele[5] <- NA
      b
    }))
    combine_moments(a, other(function(b) {
      b$block <- factor(1:6)
      b
    }))
  })
  moved <- function(m, pos) {
    m$variants$chr <- "1"
    m$variants$pos <- pos
    m
  }
  expect_error(c(moved(a, 1:6), moved(a, c(1:5, 7))), "other places than site 1 for 1 variant: rs6 \\(1:7, not 1:6\\)",
               class = "latentmr_error_combine")
})

test_that("a swap of complementary alleles is done, with a warning", {
  a <- one
  b <- two
  a$variants$effect_allele[2] <- b$variants$effect_allele[2] <- "A"
  a$variants$other_allele[2] <- b$variants$other_allele[2] <- "T"
  expect_conditions(out <- c(moments_on(a), moments_on(swap(b, 2))))
  expect_identical(out$gg, c(moments_on(one), moments_on(two))$gg)
})

test_that("components that each site computed for itself are not added up", {
  d <- simulate_mr("snp", cell = 1, n = 100, background = 60, seed = 1)
  m <- suppressMessages(mr_moments(d, seed = 1, disclosure = FALSE))
  expect_error(combine_moments(m, m), "background components", class = "latentmr_error_combine")
})

test_that("the same people at two sites are said", {
  set.seed(1)
  site <- function(e) {
    g <- matrix(stats::rbinom(400, 2, .4), 100, dimnames = list(NULL, paste0("rs", 1:4)))
    suppressMessages(mr_data(g, stats::rnorm(100), stats::rnorm(100), rep(e, length.out = 100), kind = "genotype"))
  }
  sums <- function(x, seed) mr_moments(x, seed = seed, disclosure = FALSE)
  a <- site(c("u", "v"))
  b <- a
  b$environment <- factor(ifelse(b$environment == "u", "w", "z")) # another name, other folds
  expect_condition_text(
    combine_moments(sums(a, 1), sums(b, 2)), "latentmr_warning_duplicate", paste0(
      "Sites 1 and 2 have the same people, means and variances in \"w\", \"z\": everybody there would count twice.\n",
      "i Was one file read twice? Errors would be too small. fingerprint() says what a file is of."
    )
  )
  expect_no_warning(combine_moments(sums(a, 1), sums(site("w"), 2)))
})
