test_that("defaults are PLINK's codes for unknown, and names come from the matrix", {
  prefix <- tempfile()
  g <- matrix(c(0, 1, NA, 2, 2, 0), 3, dimnames = list(c("a", "b", "c"), NULL))
  expect_identical(write_plink(prefix, g), prefix)
  expect_identical(readLines(paste0(prefix, ".bim")), c("0\tsnp1\t0\t0\t0\t0", "0\tsnp2\t0\t0\t0\t0"))
  expect_identical(readLines(paste0(prefix, ".fam"))[2], "b\tb\t0\t0\t0\t-9")
  bed <- read_plink(prefix)
  expect_identical(unname(as.matrix(bed, double = TRUE)), unname(g))
  expect_identical(rownames(bed), c("a", "b", "c"))
  expect_identical(variants(bed)$effect_allele, c(NA_character_, NA))
})

test_that("large positions and phenotypes keep their digits", {
  prefix <- tempfile()
  write_plink(prefix, matrix(1L, 2, 2), data.frame(pos = c(100000L, 248956422L), cm = c(1e-7, 1 / 3)),
              data.frame(iid = factor(c("x", "y")), phenotype = c(100000, pi)))
  bed <- read_plink(prefix)
  expect_identical(variants(bed)$pos, c(100000L, 248956422L))
  expect_equal(variants(bed)$cm, c(1e-7, 1 / 3), tolerance = 1e-14)
  expect_equal(samples(bed)$phenotype, c(100000, pi), tolerance = 1e-14)
  expect_identical(samples(bed)$iid, c("x", "y"))
})

test_that("what PLINK files cannot hold is refused before anything is written", {
  prefix <- tempfile()
  g <- matrix(0, 2, 2)
  expect_conditions({
    write_plink(prefix, g + 0.5)
    write_plink(prefix, matrix(c(0L, 1L, 3L, 1L), 2))
    write_plink(prefix, 1:3)
    write_plink(prefix, g[0, ])
    write_plink(prefix, g, data.frame(snp = c("a", "b c")))
    write_plink(prefix, g, samples = data.frame(iid = "a"))
    write_plink("/no/such/folder/x", g)
  })
  expect_false(any(file.exists(paste0(prefix, c(".bed", ".bim", ".fam")))))
})
