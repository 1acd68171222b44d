# The example files of the BGEN reference (example/ of its repository; test/data of github.com/limix/bgen has them,
# too), which are not kept here. BGEN_EXAMPLES names the folder that holds them.
library(LatentMR)

folder <- Sys.getenv("BGEN_EXAMPLES")
example <- function(name) file.path(folder, paste0("example.", name, ".bgen"))
reads <- function(name) suppressMessages(read_bgen(example(name)))

# Each is the same data at a number of bits: 500 samples, 199 variants of one chromosome, the first calls of sample 1
# missing. Sums are those of plink2's import where it takes the file (to its four digits).
test_that("dimensions, names, alleles, missing calls and sums are those of the files", {
  skip_if(!nzchar(folder), "BGEN_EXAMPLES is not set")
  sums <- c("1bits" = 99582, "14bits" = 99581.1337, "32bits" = 99581.1375)
  steps <- c("1bits" = 1, "14bits" = 1 / (2^14 - 1), "32bits" = 1 / (2^32 - 1))
  last <- NULL
  for (name in names(sums)[file.exists(example(names(sums)))]) {
    bgen <- reads(name)
    g <- as.matrix(bgen)
    expect_identical(dim(g), c(500L, 199L))
    expect_identical(unname(which(is.na(g), arr.ind = TRUE)), rbind(c(1L, 1L), c(1L, 6L)))
    expect_equal(sum(g, na.rm = TRUE), sums[[name]], tolerance = 1e-9)
    expect_identical(unlist(variants(bgen)[1, c("snp", "chr", "effect_allele", "other_allele")], use.names = FALSE),
                     c("RSID_2", "1", "G", "A"))
    expect_identical(variants(bgen)$pos[1:2], c(2000L, 3000L))
    expect_identical(rownames(g)[c(1, 500)], c("sample_001", "sample_500"))
    if (!is.null(last)) expect_lt(max(abs(g - last$g), na.rm = TRUE), 1.01 * last$step)
    last <- list(g = g, step = steps[[name]])
  }
})

test_that("a probability is that of the reader of limix (test/src/assert_interface_2.c)", {
  skip_if(!file.exists(example("14bits")))
  g <- as.matrix(reads("14bits"))
  expect_equal(g[[1, 4]], 0.02838308002197399704 + 2 * 0.96673380943661113562, tolerance = 1e-13)
  expect_lte(g[[2, 4]], 2 * (1 - 0.99047793444424092613))
})

test_that("layout 1 is refused with the command that writes the file again", {
  skip_if(!file.exists(example("v11")))
  expect_error(reads("v11"), "layout 1 .version 1.1.: layout 2 is read", class = "latentmr_error_format")
})
