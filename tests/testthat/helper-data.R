# A small cohort with everything in it, identifiers included, and no randomness.
known_parts <- function(n = 200) {
  ids <- sprintf("p%03d", seq_len(n))
  i <- seq_len(n)
  g <- cbind(rs1 = i %% 3, rs2 = (i %/% 3) %% 3, rs3 = (i %/% 9) %% 2, rs4 = (i * i) %% 3 %% 2 + (i %% 5 == 0))
  rownames(g) <- ids
  named <- function(x) stats::setNames(x, ids)
  list(
    g = g, bmi = named(25 + g[, 1] + sin(i)), sbp = named(120 + cos(i) + .5 * g[, 1]),
    site = named(rep(c("west", "east"), length.out = n)),
    covariates = data.frame(age = 40 + i %% 30, sex = c("F", "M")[1 + (i %/% 2) %% 2], row.names = ids),
    pcs = matrix(c(sin(2 * i), cos(3 * i)), n, dimnames = list(ids, c("PC1", "PC2"))),
    ids = ids
  )
}

known_data <- function(n = 200, ..., parts = known_parts(n)) {
  bmi <- parts$bmi
  sbp <- parts$sbp
  mr_data(parts$g, bmi, sbp, parts$site, parts$covariates, kind = "genotype", ...)
}

# PLINK files of a 0/1/2/NA matrix, written byte by byte.
write_bed_files <- function(prefix, g, fid = rownames(g), iid = rownames(g), snp = colnames(g), chr = 1) {
  code <- c(3L, 2L, 0L)[g + 1L]
  code[is.na(code)] <- 1L
  code <- rbind(matrix(code, nrow(g)), matrix(0L, (-nrow(g)) %% 4, ncol(g)))
  four <- matrix(code, 4)
  con <- file(paste0(prefix, ".bed"), "wb")
  writeBin(as.raw(c(0x6c, 0x1b, 0x01, four[1, ] + 4L * four[2, ] + 16L * four[3, ] + 64L * four[4, ])), con)
  close(con)
  writeLines(enc2utf8(paste(fid, iid, 0, 0, 0, -9)), paste0(prefix, ".fam"), useBytes = TRUE)
  writeLines(enc2utf8(paste(chr, snp, 0, seq_along(snp), "A", "G", sep = "\t")), paste0(prefix, ".bim"), useBytes = TRUE)
  prefix
}

# The known cohort as files: PLINK and a phenotype table.
known_files <- function(dir = new_dir(), parts = known_parts(), name = "cohort", ...) {
  prefix <- write_bed_files(file.path(dir, name), parts$g, ...)
  pheno <- data.frame(IID = parts$ids, bmi = parts$bmi, sbp = parts$sbp, site = parts$site, parts$covariates, parts$pcs, family = rep(1:50, 4))
  path <- file.path(dir, paste0(name, ".pheno.tsv"))
  data.table::fwrite(pheno, path, sep = "\t", na = "NA", quote = FALSE)
  list(bfile = prefix, path = path, pheno = pheno, dir = dir)
}

new_dir <- function() {
  dir <- tempfile("data")
  dir.create(dir)
  dir
}

# The same object for some of its people: positions, or a logical vector.
mr_subset <- function(data, rows) {
  n <- length(data$outcome)
  rows <- seq_len(n)[rows]
  pick <- function(part) {
    if (is.null(part)) return(NULL)
    if (is.null(part$bed)) part$x <- part$x[rows, , drop = FALSE] else part$rows <- part$rows[rows]
    part
  }
  data$genotypes <- pick(data$genotypes)
  data["background"] <- list(pick(data$background))
  for (name in c("exposure", "outcome", "ids")) data[[name]] <- data[[name]][rows]
  for (name in c("environment", "cluster")) {
    if (!is.null(data[[name]])) data[[name]] <- droplevels(data[[name]][rows])
  }
  for (name in c("covariates", "structure")) {
    if (!is.null(data[[name]])) data[[name]] <- data[[name]][rows, , drop = FALSE]
  }
  data["counts"] <- list(NULL)
  data
}

# Two exposures: genotypes in three sites; confounders of both exposures; effects 0.3 and -0.2.
two_exposures <- function(n = 500, p = 12, seed = 1) {
  set.seed(seed)
  site <- rep(c("a", "b", "c"), length.out = n)
  f <- matrix(runif(3 * p, 0.2, 0.6), 3, dimnames = list(c("a", "b", "c"), NULL))
  g <- vapply(seq_len(p), function(j) as.double(rbinom(n, 2, f[site, j])), numeric(n))
  colnames(g) <- paste0("rs", seq_len(p))
  u <- rnorm(n)
  age <- rnorm(n)
  ldl <- drop(g %*% rnorm(p, 0.3, 0.2)) + u + 0.2 * age + rnorm(n)
  hdl <- drop(g %*% rnorm(p, 0, 0.4)) - 0.5 * u + rnorm(n)
  list(g = g, x = cbind(ldl, hdl), y = 0.3 * ldl - 0.2 * hdl + u + rnorm(n) * (1 + 0.3 * g[, 1]), site = site, age = age)
}
two_data <- function(d, ...) suppressMessages(mr_data(d$g, d$x, d$y, d$site, covariates = data.frame(age = d$age), kind = "genotype", ...))

read_known <- function(f, pheno = f$path, ...) {
  read_mr_data(f$bfile, pheno, "bmi", "sbp", "site", c("age", "sex"), ...)
}

# What does not depend on where the genotypes live.
same_data <- function(a, b) {
  parts <- c("exposure", "outcome", "environment", "covariates", "structure", "ids", "kind", "exposure_name", "outcome_name", "counts")
  expect_equal(unclass(a)[parts], unclass(b)[parts])
  expect_identical(mr_genotypes(a), mr_genotypes(b))
  expect_identical(a$variants$snp, b$variants$snp)
}

# The background variants of data as a matrix.
mr_background <- function(data, cols = NULL) if (!is.null(data$background)) decode(data$background, cols)
