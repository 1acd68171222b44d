# What comes back from a file or from another site is looked at before it is used.

set.seed(1)
validate_data <- function(kind = "genotype", n = 160) {
  g <- random_genotypes(n, 5, .1)
  g[, 2] <- ifelse(is.na(g[, 2]), 1, g[, 2])
  if (kind == "dosage") g[] <- pmin(g * .9, 2)
  if (kind == "continuous") g <- 100 + g
  x <- cbind(age = rnorm(n, 50, 10), d = rnorm(n, 3), y = rbinom(n, 1, .3))
  moments_data(g, x, environment = rep(c("a", "b"), length.out = n), kind = kind, structure = cbind(PC1 = rnorm(n)))
}
data <- validate_data()
good <- mr_moments(data, folds = 3, seed = 1, disclosure = FALSE)

within_blocks <- function(m, ...) {
  new <- list(...)
  m$blocks[[names(new)]][1] <- new[[1]]
  m
}

expect_refused <- function(m, text, class = "latentmr_error_moments") {
  error <- expect_error(latent_mr(m, seed = 1), class = class)
  expect_s3_class(error, "latentmr_error_object")
  expect_match(conditionMessage(error), text, fixed = TRUE)
}

test_that("moments that sums can be pass, whatever made them", {
  check <- function(m) expect_identical(suppressMessages(check_moments(m, "m")), m)
  for (kind in c("genotype", "dosage", "continuous")) {
    d <- validate_data(kind)
    m <- mr_moments(d, folds = 4, seed = 2, disclosure = FALSE)
    check(m)
    expect_true(possible_moments(m))
    other <- d
    if (kind != "continuous") {
      other$genotypes$x[, 1:2] <- 2 - other$genotypes$x[, 1:2]
      other$variants[1:2, c("effect_allele", "other_allele")] <- d$variants[1:2, c("other_allele", "effect_allele")]
    }
    other$covariates <- other$covariates + 1e6
    both <- combine_moments(m, mr_moments(other, folds = 2, seed = 3, disclosure = FALSE))
    check(both)
    expect_true(possible_moments(both))
  }
  # Blocks of one person, a variant without a call, one of one value, a constant column.
  few <- moments_data(random_genotypes(7, 4, 0), environment = c("a", "a", rep("b", 5)))
  few$genotypes$x[, 2] <- NA
  few$genotypes$x[, 3] <- 2
  few$covariates[] <- 4
  check(mr_moments(few, folds = 5, seed = 1, disclosure = FALSE))
  path <- withr::local_tempfile()
  saveRDS(good, path)
  check(readRDS(path))
})

test_that("a number that no sums over people can be is named", {
  change <- function(part, row, block, value) {
    good[[part]][row, block] <- value
    good
  }
  expect_refused(change("gg", 1, 1, -1L), "`data$gg[, 1]` must be a whole number from ")
  expect_refused(change("gg", 1, 1, good$gg[1, 1] + 1L), "that differs from `sg` by an even one for rs1 in fold 1 of \"a\" (27 people)")
  expect_refused(change("gg", 2, 4, NA), "for rs1 and rs2 in fold 1 of \"b\" (27 people), not NA.")
  expect_refused(change("gx", 3, 2, NaN), "for rs3 and age in fold 2 of \"a\" (27 people), not NA.")
  expect_refused(change("gx", 6, 2, 1e5), "for rs1 and PC1 in fold 2 of \"a\" (27 people), not 1e+05.")
  expect_refused(change("sg", 4, 1, Inf), "`data$sg[, 1]` must be a whole number from 0 to ")
  expect_refused(change("sm", 1, 1, .5), "for the missing flag of rs1 in fold 1 of \"a\" (27 people), not 0.5.")
  expect_refused(change("mm", 1, 1, good$mm[1, 1] + 1L), "`data$mm[, 1]` must be ")
  expect_refused(change("gm", 1, 1, 1L), "`data$gm[, 1]` must be 0 for rs1 and the missing flag of rs1 in fold 1 of \"a\" (27 people), not 1.")
  expect_refused(change("sx", 1, 3, 1e7), "`data$xx[, 3]` must be a finite number from ")
  expect_refused(change("xx", 1, 1, -1), "`data$xx[, 1]` must be a finite number from ")
  expect_refused(change("mx", 1, 1, 1e9), "`data$mx[, 1]` must be ")
  negative <- good
  negative$gg <- -negative$gg
  expect_refused(negative, "`data$gg[, 1]` must be ")
  # Two copies in everybody are four in the squares: 54 squares of one copy would be twice as many people.
  all_two <- good
  all_two$sg[2, 1] <- 54
  all_two$gg[3, 1] <- 54L
  expect_refused(all_two, "`data$gg[, 1]` must be 108 for rs2 in fold 1 of \"a\" (27 people), not 54.")
  flagged <- good
  flagged$binary <- FALSE
  expect_identical(check_moments(flagged, "m"), flagged)
  continuous <- validate_data()
  continuous$outcome <- continuous$outcome + .5
  continuous <- mr_moments(continuous, folds = 2, seed = 1, disclosure = FALSE)
  continuous$binary <- TRUE
  expect_refused(continuous, "`data$binary` must be FALSE")
})

test_that("fields that do not fit each other are named", {
  change <- function(change) {
    out <- change(good)
    class(out) <- "mr_moments"
    out
  }
  expect_refused(change(function(m) m[names(m) != "block"]), "`data$block` must be 5 levels of a factor, or NULL, not missing.")
  expect_refused(change(function(m) replace(m, "structure", list(sprintf("PC%d", 1:1e5)))), "`data$pilot` must be 100,003 finite numbers")
  expect_refused(change(function(m) within_blocks(m, n = 0L)), "`data$blocks$n` must be 6 whole numbers from 1 to 2,147,483,647, not 0 in place 1.")
  expect_refused(change(function(m) within_blocks(m, n = 1e300)), "not 1e+300 in place 1.")
  expect_refused(change(function(m) within_blocks(m, environment = NA)), "`data$blocks$environment` must be 6 levels of a factor, not a factor with NA.")
  expect_refused(change(function(m) within_blocks(m, fold = m$blocks$fold[2])), "with fold 2 of \"a\" twice")
  expect_refused(change(function(m) replace(m, "environments", list(c("b", "a")))), "`data$blocks$environment` must be a factor whose levels are `environments`")
  expect_refused(change(function(m) replace(m, "missing", list(rev(m$missing)))), "each above the last, not out of order")
  expect_refused(change(function(m) replace(m, "gpilot", list(m$gpilot + 1))), "`data$gpilot` must be 0 for every variant")
  repeated <- change(function(m) replace(m, "variants", list(m$variants[c(1:5, 5), ])))
  expect_refused(repeated, "`data$variants$snp` must be 6 different names, not \"rs5\" twice.")
  # units, scaling, coding and version may be missing: then they are not known; and families: then there are none
  for (name in setdiff(names(good), c("flow", "units", "family", "withheld_families", "coding", "scaled", "version"))) {
    expect_error(check_moments(good[setdiff(names(good), name)], "m"), class = "latentmr_error_argument")
    expect_error(check_moments(structure(good[setdiff(names(good), name)], class = "mr_moments"), "m"), class = "latentmr_error_moments")
  }
})

test_that("attributes that readRDS() took as they were do not fit the data", {
  torn <- function(from, to) {
    text <- rawToChar(serialize(good, NULL, ascii = TRUE))
    expect_true(grepl(from, text, fixed = TRUE))
    unserialize(charToRaw(sub(from, to, text, fixed = TRUE)))
  }
  rows <- nrow(good$gg)
  m <- torn(sprintf("\n13\n2\n%d\n6\n", rows), sprintf("\n13\n2\n%d\n600000\n", rows))
  expect_identical(dim(m$gg), c(rows, 600000L))
  expect_error(check_moments(m, "m"), "`m$gg` must be as long as its dimensions say, not torn.", fixed = TRUE, class = "latentmr_error_moments")
})

test_that("every way in looks: sites, learning, controls, print", {
  bad <- good
  bad$sg[1] <- -1
  expect_error(combine_moments(good, bad), "`..2$sg[, 1]` must be", fixed = TRUE, class = "latentmr_error_moments")
  expect_error(c(bad, good), "`..1$sg[, 1]` must be", fixed = TRUE, class = "latentmr_error_moments")
  expect_error(combine_moments(bad), class = "latentmr_error_moments")
  expect_error(learn_instruments(bad), class = "latentmr_error_moments")
  expect_error(print(bad), class = "latentmr_error_moments")
  fit <- suppressWarnings(latent_mr(good, n_latent = c(3, 1), methods = "latent_2sls", by_environment = FALSE, seed = 1))
  expect_error(negative_control(fit, "age", bad), class = "latentmr_error_moments")
  # A site whose variants are there twice leads beyond the first one's.
  for (extra in c(10, 1e5)) {
    site <- good
    site$variants <- site$variants[rep(seq_len(5), length.out = 5 + extra), ]
    expect_error(combine_moments(good, site), "`..2$variants$snp` must be", fixed = TRUE, class = "latentmr_error_moments")
  }
  # Counts of more people than a count holds.
  many <- good
  many$blocks$n[] <- 2000000000L
  many$binary <- FALSE
  expect_error(combine_moments(many, many), "one fold of an environment", ignore.case = TRUE, class = "latentmr_error_combine")
})

test_that("one pass over the numbers agrees with the rules on whole matrices", {
  withr::local_seed(3)
  parts <- c("gg", "gm", "mm", "sg", "sm", "gx", "mx", "sx", "xx")
  seen <- c(refused = 0, possible = 0)
  trials <- mutations(60)
  for (kind in c("genotype", "dosage", "continuous")) {
    m <- mr_moments(validate_data(kind, 60), folds = 2, seed = 1, disclosure = FALSE)
    m$binary <- FALSE
    for (i in seq_len(trials)) {
      bad <- m
      part <- sample(parts, 1)
      at <- sample(length(bad[[part]]), 1)
      now <- as.double(bad[[part]][at])
      bad[[part]][at] <- sample(c(now + 1, now - 1, now + 2, now * 1.05, -now - 1, 2 * now + 3, now + .01), 1)
      found <- inherits(tryCatch(check_moments(bad, "m"), error = identity), "latentmr_error_moments")
      expect_identical(found, !possible_moments(bad), info = paste(kind, part, at, now, bad[[part]][at]))
      seen <- seen + c(found, !found)
    }
  }
  expect_true(all(seen > trials / 5))
})
