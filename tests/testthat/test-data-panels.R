# The shipped files against what their sources say about them.
panel <- function(name) file.path(system.file("extdata", package = "LatentMR"), name)
read_panel <- function(name) {
  fam <- utils::read.table(paste0(panel(name), ".fam"), col.names = c("fid", "iid", "father", "mother", "sex", "phenotype"))
  bim <- utils::read.table(paste0(panel(name), ".bim"),
    col.names = c("chr", "snp", "cm", "pos", "a1", "a2"), colClasses = c(a1 = "character", a2 = "character")
  )
  people <- utils::read.delim(paste0(panel(name), ".samples.tsv"))
  size <- file.size(paste0(panel(name), ".bed"))
  list(fam = fam, bim = bim, people = people, size = size)
}

test_that("hgdp has the people of seven regions and marks what is unknown", {
  files <- read_panel("hgdp")
  expect_identical(files$size, 3 + 5000 * ceiling(159 / 4))
  expect_identical(c(table(files$people$region)), c(
    AFRICA = 21L, AMERICA = 15L, CENTRAL_SOUTH_ASIA = 27L, EAST_ASIA = 54L,
    EUROPE = 24L, MIDDLE_EAST = 12L, OCEANIA = 6L
  ))
  expect_identical(files$fam$fid, files$people$region)
  expect_identical(files$fam$iid, files$people$iid)
  expect_identical(anyDuplicated(files$bim$snp), 0L)
  expect_true(all(files$bim$chr == 0 & files$bim$pos == 0 & files$bim$a1 == "1" & files$bim$a2 == "2"))
})

test_that("chr21 has the people of five super-populations, alleles and positions", {
  files <- read_panel("chr21")
  expect_identical(files$size, 3 + 482 * 626)
  expect_identical(c(table(files$people$super_population)), c(AFR = 661L, AMR = 347L, EAS = 504L, EUR = 503L, SAS = 489L))
  expect_length(unique(files$people$population), 26)
  expect_identical(files$fam$fid, files$people$super_population)
  expect_identical(files$fam$sex, files$people$sex)
  expect_false(is.unsorted(files$bim$pos))
  expect_true(all(grepl("^[ACGT]+$", c(files$bim$a1, files$bim$a2))))
})

test_that("mice has its animals, cages and traits; the instruments are among its variants", {
  mice <- readRDS(paste0(panel("mice"), ".rds"))
  expect_identical(dim(mice$genotypes), c(907L, 371L))
  expect_identical(rownames(mice$genotypes), mice$people$iid)
  expect_identical(colnames(mice$genotypes), mice$variants$snp)
  expect_true(all(mice$genotypes %in% 0:2))
  expect_identical(sum(mice$variants$instrument), 40L)
  expect_true(all(mice$variants$chr %in% 1:19))
  expect_identical(c(table(mice$people$sex)), c(`1` = sum(mice$people$sex == 1), `2` = 907L - sum(mice$people$sex == 1)))
  # Heavier mice are longer, males heavier.
  expect_gt(cor(mice$people$weight, mice$people$length), .4)
  expect_gt(mean(mice$people$weight[mice$people$sex == 1]), mean(mice$people$weight[mice$people$sex == 2]))
})
