# The contract of class `genotypes`, over a matrix, PLINK files and a format that only the
# tests know.

format_people <- function(n = 240, p = 8, dosage = FALSE) {
  withr::local_seed(5)
  site <- rep_len(1:3, n)
  ancestry <- rnorm(n) + site / 2
  g <- matrix(rbinom(n * p, 2, plogis(outer(ancestry, rnorm(p, 0, .5)) - .5)), n)
  if (dosage) g <- pmin(pmax(g + matrix(round(runif(n * p, -.3, .3), 3), n), 0), 2)
  x <- drop(g %*% rnorm(p, 0, .4)) + ancestry + rnorm(n)
  g[sample(length(g), 20)] <- NA
  list(
    g = g, ids = sprintf("p%03d", seq_len(n)),
    pheno = data.frame(IID = sprintf("p%03d", seq_len(n)), x = x, y = .3 * x - ancestry + rnorm(n), site = paste0("s", site), age = rnorm(n)),
    variants = data.frame(snp = paste0("rs", seq_len(p)), chr = "1", pos = seq_len(p) * 1e6, effect_allele = "A", other_allele = "C")
  )
}

format_read <- function(people, source) {
  suppressWarnings(suppressMessages(read_mr_data(source, people$pheno, "x", "y", "site", covariates = "age", id = "IID")))
}

format_objects <- function(people, folder) {
  path <- file.path(folder, "lines.txt")
  write_lines_format(path, people$g, people$ids, people$variants)
  list(matrix = genotype_matrix(people$g), lines = read_lines_format(path))
}

test_that("a new format goes from reading to the report with the numbers of the matrix", {
  local_lines_format()
  for (dosage in c(FALSE, TRUE)) {
    people <- format_people(dosage = dosage)
    folder <- withr::local_tempdir()
    lines <- format_objects(people, folder)$lines
    data <- format_read(people, lines)
    expect_s3_class(data$genotypes, "genotype_lines")
    expect_identical(data$kind, if (dosage) "dosage" else "genotype")
    plain <- suppressWarnings(suppressMessages(mr_data(
      people$g, people$pheno$x, people$pheno$y, people$pheno$site, cbind(age = people$pheno$age), ids = people$ids, variants = people$variants
    )))
    expect_identical(mr_genotypes(data), mr_genotypes(plain))
    fits <- lapply(list(data, plain), function(d) suppressWarnings(suppressMessages(latent_mr(d, seed = 1))))
    a <- as.data.frame(fits[[1]])
    b <- as.data.frame(fits[[2]])
    expect_equal(a$b, b$b, tolerance = 1e-10)
    expect_equal(a$se, b$se, tolerance = 1e-10)
    expect_true(all(is.finite(a$b)))
    expect_equal(fits[[1]]$quality$value, fits[[2]]$quality$value)
    expect_match(paste(capture.output(print(data)), collapse = "\n"), "read when needed")
    released <- suppressWarnings(suppressMessages(mr_moments(data, folds = 2, disclosure = FALSE, seed = 1)))
    expect_identical(released$gg, suppressWarnings(suppressMessages(mr_moments(plain, folds = 2, disclosure = FALSE, seed = 1)))$gg)
  }
})

test_that("a new format is background, too", {
  local_lines_format()
  people <- format_people(p = 30)
  path <- file.path(withr::local_tempdir(), "lines.txt")
  write_lines_format(path, people$g, people$ids, people$variants)
  # Where the variants of a matrix are is not known.
  lines <- read_lines_format(path)
  lines$table[c("chr", "pos")] <- list(NA_character_, NA_real_)
  both <- lapply(list(lines, people$g), function(g) {
    one <- if (is.matrix(g)) {
      colnames(g) <- people$variants$snp
      list(g[, 1:6], g[, 7:30])
    } else {
      list(pick(g, NULL, 1:6), pick(g, NULL, 7:30))
    }
    suppressWarnings(suppressMessages(mr_data(
      one[[1]], people$pheno$x, people$pheno$y, people$pheno$site, background = one[[2]], ids = people$ids, kind = "genotype"
    )))
  })
  fits <- lapply(both, function(d) suppressWarnings(suppressMessages(latent_mr(d, seed = 1))))
  expect_equal(as.data.frame(fits[[1]])$b, as.data.frame(fits[[2]])$b, tolerance = 1e-10)
  expect_identical(mr_background(both[[1]]), mr_background(both[[2]]))
})

test_that("every method takes positions in the object, of what was picked before", {
  local_lines_format()
  people <- format_people()
  people$g <- people$g + 0
  folder <- withr::local_tempdir()
  all <- format_objects(people, folder)
  write_plink(file.path(folder, "set"), people$g, samples = data.frame(iid = people$ids))
  all$bed <- genotype_bed(read_plink(file.path(folder, "set")))
  bytes <- .Call(C_ffi_dosage_pack, people$g, rep(255L, ncol(people$g)))
  all$dosages <- genotype_dosages(bytes, rep(255L, ncol(people$g)), nrow(people$g), people$variants)
  rows <- c(5L, 2L, 200L, 7:40)
  cols <- c(3L, 1L, 8L)
  for (name in names(all)) {
    x <- all[[name]]
    expect_identical(dim(x), dim(people$g), info = name)
    expect_identical(decode(x), people$g + 0, info = name)
    expect_identical(decode(x, 2, 3:5), people$g[3:5, 2, drop = FALSE] + 0, info = name)
    some <- pick(pick(x, rows, cols), NULL, 2:3)
    want <- people$g[rows, cols[2:3]] + 0
    expect_identical(dim(some), dim(want), info = name)
    expect_identical(decode(some), want, info = name)
    expect_identical(decode(pick(some, 4:1)), want[4:1, ], info = name)
    expect_identical(decode(beside(some, pick(x, rows, 4))), cbind(want, people$g[rows, 4]), info = name)
    environment <- factor(rep_len(c("a", "b"), length(rows)))
    counts <- c("called", "n0", "n1", "n2")
    expect_identical(
      lapply(scan(some, seq_along(rows), environment)[counts], unname),
      lapply(scan(genotype_matrix(want), seq_along(rows), environment)[counts], unname), info = name
    )
    codes <- bits(some, rev(seq_along(rows)))
    expect_identical(
      .Call(C_ffi_moments_pack, codes$source, codes$person),
      .Call(C_ffi_moments_pack, want, rev(seq_along(rows)) - 1L), info = name
    )
  }
  expect_s3_class(beside(pick(all$bed, rows, 1:2), pick(all$bed, rows, 5)), "genotype_bed")
  expect_s3_class(beside(pick(all$bed, rows, 1:2), pick(all$bed, rev(rows), 5)), "genotype_matrix")
})
