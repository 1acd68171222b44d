test_that("variants() has call rates, frequencies and Hardy-Weinberg tests by environment", {
  parts <- known_parts()
  parts$g[1:10, 2] <- NA
  parts$g[parts$site == "east", 3] <- NA
  d <- known_data(parts = parts, block = c("x", "x", "y", "y"))
  v <- variants(d)
  expect_identical(names(v), c("snp", "chr", "pos", "effect_allele", "other_allele", "block", "n", "call_rate", "eaf", "maf"))
  expect_equal(v$call_rate, c(1, .95, .5, 1))
  expect_equal(v$eaf, unname(colMeans(parts$g, na.rm = TRUE)) / 2)
  expect_equal(v$maf, pmin(v$eaf, 1 - v$eaf))
  e <- variants(d, environments = TRUE)
  expect_identical(e$snp, rep(colnames(parts$g), each = 2))
  expect_identical(e$environment, rep(c("east", "west"), 4))
  expect_identical(is.na(e$eaf), seq_len(8) == 5)
  expect_identical(is.na(e$hwe_p), seq_len(8) == 5)
  at <- parts$site == "west"
  expect_equal(e$eaf[4], mean(parts$g[at, 2], na.rm = TRUE) / 2)
  n <- table(factor(parts$g[at, 2], 0:2))
  expect_equal(e$hwe_p[4], slow_hwe(n[[1]], n[[2]], n[[3]]))
  expect_conditions(variants(d, environments = "all"))
})

test_that("continuous instruments have means and standard deviations", {
  parts <- known_parts()
  set.seed(1)
  z <- matrix(rnorm(400, 5), 200, dimnames = list(parts$ids, c("z1", "z2")))
  z[3, 1] <- NA
  d <- mr_data(z, parts$bmi, parts$sbp, parts$site, kind = "continuous")
  v <- variants(d)
  expect_equal(v$mean, unname(colMeans(z, na.rm = TRUE)))
  expect_equal(v$sd, unname(apply(z, 2, sd, na.rm = TRUE)))
  e <- variants(d, environments = TRUE)
  expect_equal(e$sd, as.vector(apply(z, 2, function(x) tapply(x, parts$site, sd, na.rm = TRUE))))
  expect_null(e$hwe_p)
})

test_that("samples() has a row for each participant", {
  parts <- known_parts()
  d <- known_data(structure = parts$pcs)
  s <- samples(d)
  expect_identical(names(s), c("id", "environment", "bmi", "sbp", "age", "sexM", "PC1", "PC2"))
  expect_identical(s$id, parts$ids)
  expect_identical(s$bmi, unname(parts$bmi))
})

test_that("counts are made again when they are not at hand", {
  d <- known_data()
  expect_identical(mr_counts(mr_subset(d, 1:200)), d$counts)
})

test_that("print and summary fit a page", {
  parts <- known_parts()
  parts$g <- cbind(parts$g, flat = 1, only_east = ifelse(parts$site == "west", NA, parts$g[, 2]))
  parts$bmi[3] <- NA
  d <- known_data(parts = parts, structure = parts$pcs, block = 1:6, background = parts$g * 0 + parts$g[, c(2, 1, 2, 3, 4, 5)])
  expect_snapshot({
    print(d)
    print(summary(d))
  })
  big <- known_parts(400)
  big$site[] <- rep(sprintf("site %02d", 1:20), each = 20)
  lines <- format_mr_data(known_data(parts = big))
  expect_true(any(grepl("and 8 more environments", lines)))
  expect_lt(length(lines), 45)
  expect_lt(max(nchar(lines)), 110)
})
