# Two environments of 100; each variant is bad in one way.
made <- function(...) {
  set.seed(1)
  n <- 200
  half <- rep(1:2, each = 100)
  of_100 <- function(f) sample(rep(0:2, round(100 * c((1 - f)^2, 2 * f * (1 - f), f^2))))
  draw <- function(f1, f2 = f1) c(of_100(f1), of_100(f2))
  g <- cbind(
    good = draw(.3, .5), calls = replace(draw(.3), 101:120, NA), rare = c(rep(0:1, c(94, 6)), rep(0:1, c(96, 4))),
    rare_b = c(of_100(.4), rep(0:1, c(98, 2))), no_het = c(of_100(.3), sample(rep(c(0, 2), 50))),
    at = draw(.5), cg = draw(.2), hla = draw(.3)[sample(n)], long = draw(.5)[sample(n)], nowhere = draw(.3)[sample(n)]
  )
  variants <- data.frame(
    snp = colnames(g), chr = c(rep("1", 7), "chr06", "8", NA), pos = c(1e6 * 1:7, 30e6, 8.05e6, NA),
    effect_allele = c(rep("A", 6), "C", rep("A", 3)), other_allele = c(rep("G", 5), "T", "G", rep("G", 3))
  )
  suppressMessages(mr_data(
    g, rnorm(n), rnorm(n), c("a", "b")[half], kind = "genotype", variants = variants, ...
  ))
}
data <- made()
lost <- function(...) setdiff(variants(data)$snp, variants(suppressMessages(select_variants(data, ...)))$snp)

test_that("each rule takes what is bad in its way, by hand", {
  expect_identical(lost(), character())
  expect_identical(lost(call_rate = .85), "calls") # 100 and 80 of 100
  expect_identical(lost(call_rate = .8), character())
  expect_identical(lost(maf = .03), "rare") # 10 alleles of 400
  expect_identical(lost(maf = .025), character())
  expect_identical(lost(maf_within = .03), c("rare", "rare_b")) # 4 and 2 alleles of 200
  expect_identical(lost(hwe = 1e-6), "no_het")
  expect_identical(lost(palindromic = .42), "at")
  expect_identical(lost(palindromic = 0), c("at", "cg"))
  expect_identical(lost(regions = "hla", build = 37), "hla")
  expect_identical(lost(regions = c("hla", "long_range"), build = 37), c("hla", "long"))
  # Chromosome 8 from 8,105,067 on in build 38.
  expect_identical(lost(regions = c("long_range"), build = "38"), "hla")
  expect_identical(lost(regions = data.frame(CHR = 1, start = 1e6, end = 2e6)), c("good", "calls"))
})

test_that("flow() counts by rule and everything fits afterwards", {
  part <- suppressMessages(select_variants(
    data, .85, .03, .03, 1e-6, .42, regions = c("long_range", "hla"), build = 37
  ))
  rows <- flow(part)
  rows <- rows[rows$unit == "variants" & rows$environment == "(all)", ]
  rows <- rows[match("call rate below 0.85 in an environment", rows$reason):nrow(rows), ]
  expect_identical(rows$reason, c(
    "call rate below 0.85 in an environment", "frequency below 0.03", "frequency below 0.03 in an environment",
    "Hardy-Weinberg p below 1e-06 in an environment", "palindromic, frequency above 0.42",
    "in a region of long-range LD (build 37)", "in the HLA region (build 37)", "analysed"
  ))
  expect_identical(rows$count, c(1L, 1L, 1L, 1L, 1L, 2L, 0L, 3L))
  expect_identical(rows$remaining, c(9L, 8L, 7L, 6L, 5L, 3L, 3L, 3L))
  expect_identical(variants(part)$snp, c("good", "cg", "nowhere"))
  whole <- variants(data, environments = TRUE)
  expect_equal(
    as.data.frame(variants(part, environments = TRUE)), whole[whole$snp %in% variants(part)$snp, ], ignore_attr = "row.names"
  )
  expect_identical(part$outcome, data$outcome)
  expect_true("no_het" %in% summary(part)$removed_variants$snp)
  expect_message(select_variants(data, regions = "hla", build = 37), "1 variant without a place stay")
  expect_identical(variants(part[1:150, ])$snp, c("good", "cg", "nowhere"))
})

test_that("on X the test is of women, from files", {
  set.seed(2)
  n <- 200
  women <- rep(c(TRUE, FALSE), n / 2)
  x <- ifelse(women, rbinom(n, 2, .4), 2 * rbinom(n, 1, .4))
  g <- cbind(a = rbinom(n, 2, .3), x = x, y = c(rbinom(n, 2, .5)))
  id <- sprintf("%03d", 1:n)
  prefix <- tempfile()
  LatentMR:::write_plink(prefix, g, data.frame(
    chr = c(1, 23, 1), snp = colnames(g), pos = 1:3, effect_allele = "A", other_allele = "G"
  ), data.frame(fid = id, iid = id, sex = ifelse(women, 2L, 1L)))
  pheno <- data.frame(IID = id, e = rnorm(n), o = rnorm(n), site = rep(c("u", "v"), each = n / 2))
  data <- suppressWarnings(suppressMessages(read_mr_data(prefix, pheno, "e", "o", "site")))
  expect_identical(nrow(variants(suppressMessages(select_variants(data, hwe = 1e-4)))), 3L)
  data$sex <- NULL # nobody is known to be a woman: no test
  expect_identical(nrow(variants(suppressMessages(select_variants(data, hwe = .99)))[2, ]), 1L)
})

test_that("background variants are filtered by the same rules, and dosages have frequencies", {
  set.seed(3)
  back <- matrix(rbinom(200 * 30, 2, rep(c(.01, .4), each = 200 * 15)), 200)
  colnames(back) <- paste0("b", 1:30)
  with <- suppressMessages(made(background = back))
  part <- select_variants(with, maf = .1, of = "background")
  expect_identical(sum(flow(part)$count[flow(part)$reason == "frequency below 0.1"]), 15L - sum(colSums(back[, 1:15]) == 0))
  expect_identical(dim(part$background)[2], 15L)
  expect_identical(variants(part), variants(with))
  dosage <- suppressMessages(mr_data(
    cbind(a = runif(200, 0, .1), b = runif(200, 0, 2)), rnorm(200), rnorm(200), rep(c("a", "b"), 100)
  ))
  expect_identical(variants(select_variants(dosage, maf = .1))$snp, "b")
  expect_condition_text(
    select_variants(dosage, hwe = .1), "latentmr_error_argument",
    "`hwe` must be NULL for dosages, not given.\ni The test is of counts of genotypes."
  )
})

test_that("regions: ends are inside, both builds are there, none overlaps the next of its name", {
  for (build in 37:38) {
    table <- ld_regions(build)
    expect_identical(sum(table$name == "hla"), 1L)
    expect_true(all(table$start < table$end))
    for (rows in split(table, paste(table$name, table$chr))) {
      rows <- rows[order(rows$start), ]
      expect_true(all(rows$start[-1] > rows$end[-nrow(rows)]))
    }
  }
  expect_identical(unlist(ld_regions(37)[1, 3:4], use.names = FALSE), c(28477797, 33448354))
  expect_identical(lost(regions = data.frame(chr = 1, start = 1e6, end = 1e6)), "good")
})

test_that("what cannot be asked for is refused", {
  z <- suppressMessages(mr_data(
    matrix(rnorm(400), 200), rnorm(200), rnorm(200), rep(c("a", "b"), 100), kind = "continuous"
  ))
  expect_conditions({
    select_variants(1)
    select_variants(data, maf = .6)
    select_variants(data, regions = "hla")
    select_variants(data, build = 37)
    select_variants(data, regions = "mhc", build = 37)
    select_variants(data, regions = data.frame(chr = 1, start = 2, end = 1))
    select_variants(data, regions = data.frame(chr = c(1, NA), start = 2, end = 3))
    select_variants(data, regions = data.frame(chr = 1, start = "1,000", end = "2,000"))
    select_variants(data)
    select_variants(data, .9, max = 1)
    select_variants(data, of = "background")
    select_variants(z, maf = .1)
    select_variants(z, palindromic = 0, maf = NULL)
    select_variants(z, regions = "hla", build = 38)
    select_variants(data[, "calls"], call_rate = 1)
    ld_regions(36)
  })
})
