quiet <- function(expr) suppressMessages(suppressWarnings(expr))
numbers_of <- function(clumps) as.integer(sub("rs", "", clumps$SNP[clumps$kept]))

test_that("by hand: the strongest takes its neighbour, and the third is free again", {
  # r2 of b with a and c is .5, of a with c is 0; b's p-value is the second.
  g <- cbind(a = c(0, 0, 2, 2), b = c(0, 1, 1, 2), c = c(0, 2, 0, 2))[rep(1:4, 10), ]
  variants <- data.frame(snp = c("a", "b", "c"), chr = 1, pos = c(100, 200, 300))
  files <- genotypes_of(g, variants)
  kept <- quiet(clump(files, c(a = .01, b = .02, c = .04), r2 = .5, kb = 1, threshold = .05))
  expect_identical(kept$kept, c(TRUE, FALSE, TRUE))
  expect_identical(kept$index, c("a", "a", "c"))
  expect_equal(kept$r2, c(1, .5, 1))
  # b first: it takes both; nobody is near enough at .1 kb, and c is out at .03.
  expect_identical(quiet(clump(files, c(a = .02, b = .01, c = .04), .5, 1, .05))$index, c("b", "b", "b"))
  expect_identical(quiet(clump(files, c(a = .02, b = .01, c = .04), .5, .1, .05))$index, c("a", "b", "c"))
  expect_identical(quiet(clump(files, c(a = .02, b = .01, c = .04), .5, 1, .03))$index, c("b", "b", NA))
})

test_that("PLINK 1.9's --clump keeps the same (v1.90b6.26; peers/test-clump-peers.R)", {
  inbred <- linked_panel(200, 60, 2, inbred = TRUE)
  files <- panel_files(inbred)
  expect_setequal(
    numbers_of(quiet(clump(files, inbred$p, r2 = .2, kb = 100, threshold = .5))),
    c(8, 12, 15, 20, 32, 48, 26, 38, 59, 5, 29, 56, 45, 1, 41, 53)
  )
  expect_setequal(
    numbers_of(quiet(clump(files, inbred$p, r2 = .05, kb = 40, threshold = 1))),
    c(8, 12, 20, 24, 32, 48, 38, 59, 29, 4, 53, 16, 44)
  )
  outbred <- linked_panel(200, 60, 1)
  expect_setequal(
    numbers_of(quiet(clump(panel_files(outbred), outbred$p, r2 = .05, kb = 40, threshold = 1))),
    c(6, 17, 24, 31, 59, 30, 39, 55, 2, 46, 10, 51, 35)
  )
})

test_that("one variant after the other gives the same over the options", {
  x <- linked_panel(120, 40, 3)
  x$g[cbind(sample(120, 60, TRUE), sample(40, 60, TRUE))] <- NA
  group <- rep(c("a", "b", "c"), c(30, 40, 50))
  files <- panel_files(x)
  for (ld in c("within", "max")) {
    for (s in list(c(.05, 1e4, 1), c(.2, 60, .3), c(.6, 35, .6), c(0, 20, 1))) {
      got <- quiet(clump(files, x$p, s[1], s[2], s[3], ld, environment = group))
      want <- slow_clump(x$g, x$variants, x$p, group, s[1], s[2], s[3], ld)
      expect_identical(got$index, want, info = paste(ld, paste(s, collapse = " ")))
    }
  }
})

test_that("tiles hold every pair that is near, and no tile is larger than it may be", {
  set.seed(4)
  place <- list(chr = rep(1:2, c(150, 50)), pos = c(sort(sample(5000, 150)), sort(sample(1500, 50))))
  tiles <- LatentMR:::tiles_of(place, 300, 20L)
  expect_true(all(lengths(tiles) <= 40))
  near <- outer(place$chr, place$chr, "==") & abs(outer(place$pos, place$pos, "-")) < 300
  covered <- matrix(FALSE, 200, 200)
  for (tile in tiles) covered[tile, tile] <- TRUE
  expect_true(all(covered[near]))
  expect_gt(length(tiles), 10)
  expect_condition_text(
    LatentMR:::tiles_of(place, 2000, 20L), "latentmr_error_memory",
    paste0("More than 40 variants within the threshold lie within `kb` of each other.\n",
           "i Take a smaller `threshold` or a smaller `kb`.")
  )
})

test_that("p-values of the exposure are those of lm()", {
  data <- simulate_mr("snp", cell = 3, n = 60, seed = 1)
  n <- length(data$outcome)
  data$covariates <- matrix(rnorm(n), n, dimnames = list(NULL, "age"))
  found <- quiet(clump(data, r2 = .1, kb = 1, threshold = 1))
  g <- LatentMR:::mr_genotypes(data)
  want <- vapply(c(1, 7, ncol(g)), function(j) {
    coef(summary(lm(data$exposure ~ g[, j] + data$environment + data$covariates)))[2, 4]
  }, 0)
  expect_equal(found$pval[c(1, 7, ncol(g))], want, tolerance = 1e-8)
  expect_message(suppressWarnings(clump(data, r2 = .1)), "winner's curse", class = "latentmr_message_clump")
})

test_that("what is left goes on into data, and flow() counts the others by reason", {
  x <- linked_panel(200, 60, 1)
  x$p["rs60"] <- NA
  files <- panel_files(x)
  kept <- quiet(clump(files, x$p, r2 = .2, kb = 100, threshold = .5))
  set.seed(1)
  pheno <- data.frame(
    IID = sprintf("%03d", 1:200), x = rnorm(200), y = rnorm(200), site = rep(c("a", "b"), 100)
  )
  data <- quiet(read_mr_data(files, pheno, "x", "y", "site", instruments = kept))
  part <- quiet(read_mr_data(files, pheno, "x", "y", "site"))[, kept]
  removed <- function(data) {
    rows <- flow(data)
    rows <- rows[rows$unit == "variants" & rows$environment == "(all)" & rows$action == "removed", ]
    setNames(rows$count, rows$reason)
  }
  want <- c(
    "without a p-value" = 1L, "p-value above 0.5" = sum(x$p > .5, na.rm = TRUE),
    "linked with a stronger variant (r2 >= 0.2 within 100 kb)" = sum(!kept$kept & !is.na(kept$index))
  )
  for (one in list(data, part)) {
    expect_identical(variants(one)$snp, kept$SNP[kept$kept])
    expect_identical(removed(one)[names(want)], want)
    expect_identical(sum(removed(one)) + nrow(variants(one)), 60L)
  }
  expect_output(print(kept), "<clumps> 17 kept of 59 variants with a p-value", fixed = TRUE)
  expect_output(print(kept[1:3, c("SNP", "kept")]), "SNP")
  # A table of a GWAS, in other spellings; strangers are said.
  gwas <- data.frame(RSID = c(names(x$p), "rs999"), P = c(x$p, .1))
  expect_message(got <- suppressWarnings(clump(files, gwas, .2, 100, .5)), "1 of 60 p-values")
  expect_identical(got$kept, kept$kept)
})

test_that("other files: the variants of a BGEN file by their dosages", {
  path <- file.path(system.file("extdata", package = "LatentMR"), "small.bgen")
  object <- read_genotypes(path)
  table <- variants(object)
  g <- LatentMR:::decode(object)
  p <- setNames(seq(.01, .4, length.out = nrow(table)), table$snp)
  got <- quiet(clump(path, p, r2 = .05, kb = 1e6, threshold = .3))
  want <- slow_clump(g, table, p, rep("all", nrow(g)), .05, 1e6, .3, "within")
  expect_identical(got$index, want)
})

test_that("places that are not known are near to all", {
  x <- linked_panel(100, 10, 5)
  data <- quiet(mr_data(
    `colnames<-`(x$g, names(x$p)), rnorm(100), rnorm(100), rep(c("a", "b"), 50), kind = "genotype"
  ))
  got <- quiet(clump(data, x$p, r2 = .3, kb = 1, threshold = 1))
  want <- slow_clump(
    x$g, transform(x$variants, chr = 1, pos = 1), x$p, rep(c("a", "b"), 50), .3, 1, 1, "within"
  )
  expect_identical(got$index, want)
})

test_that("what cannot be is refused before any work", {
  x <- linked_panel(100, 10, 5)
  files <- panel_files(x)
  data <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  expect_conditions({
    clump(files)
    clump(1:3, x$p)
    clump(files, unname(x$p))
    clump(files, -x$p)
    clump(files, data.frame(a = 1))
    clump(files, c(other = .1))
    clump(files, x$p, r2 = 2)
    clump(files, x$p, ld = "total")
    clump(files, x$p, environment = 1:3)
    clump(data, c(rs1 = .1), environment = data$environment)
    clump(files, x$p, r2 = .01, threshold = 1)
    clump(files, x$p, r2 = .2, threshold = 1, ld = "max", environment = rep(c("a", "b"), c(90, 10)))
  })
  # P-values as text are numbers; a variant named twice has its smallest, and it is said.
  named <- data.frame(SNP = names(x$p), P = format(x$p, digits = 17))
  asked <- function(p) quiet(clump(files, p, r2 = .2, threshold = 1))
  expect_equal(asked(named), asked(x$p))
  expect_equal(asked(transform(named, P = factor(P))), asked(x$p))
  twice <- c(x$p, setNames(1, names(x$p)[2]))
  expect_identical(asked(twice), asked(x$p))
  expect_condition_text(
    suppressWarnings(clump(files, twice, r2 = .2, threshold = 1)), "latentmr_message_clump",
    sprintf("1 variant has several p-values, such as \"%s\": the smallest counts.", names(x$p)[2])
  )
  expect_condition_text(clump(files, transform(named, P = replace(P, 3, "<1e-300"))), "latentmr_error_argument", paste0(
    "`p` must be numbers, not \"<1e-300\" for \"", names(x$p)[3], "\".\ni Read the column as numbers, with a point in decimals."
  ))
  # Nothing below the threshold is no error.
  none <- quiet(clump(files, x$p + .001, threshold = 1e-9))
  expect_false(any(none$kept))
  expect_condition_text(
    quiet(simulate_mr("snp", cell = 3, n = 100, seed = 1)[, none]), "latentmr_error_argument",
    paste0("`j` must be a clumping that keeps a variant, not one that keeps none of 10.\n",
           "i All p-values are above its threshold: take a larger `threshold` in clump().")
  )
})
