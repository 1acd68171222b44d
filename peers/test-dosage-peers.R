# The quality of imputation against plink2's MaCH R2, on the same dosages.

test_that("R2 of dosages is that of plink2 --freq cols=+machr2", {
  plink2 <- Sys.which("plink2")
  skip_if(!nzchar(plink2), "plink2 is not installed")
  set.seed(1)
  n <- 400
  p <- 12
  calls <- matrix(rbinom(n * p, 2, rep(runif(p, .05, .5), each = n)), n)
  k <- round(1000 * (1 + rep(runif(p, .2, 1), each = n) * (calls - 1)))
  folder <- withr::local_tempdir()
  at <- function(name) file.path(folder, name)
  ids <- sprintf("i%d", seq_len(n))
  table <- cbind(sprintf("rs%d", seq_len(p)), "A", "C", format(t(k) / 1000, nsmall = 3, trim = TRUE))
  write.table(table, at("dose.txt"), quote = FALSE, row.names = FALSE, col.names = FALSE)
  writeLines(sprintf("%s %s 0 0 1 -9", ids, ids), at("dose.fam"))
  run <- system2(plink2, c(
    "--import-dosage", at("dose.txt"), "noheader format=1", "--fam", at("dose.fam"), "--make-pgen",
    "--out", at("dose")
  ), stdout = FALSE, stderr = FALSE)
  skip_if(run != 0, "this plink2 does not import dosages")
  system2(plink2, c("--pfile", at("dose"), "--freq cols=+machr2", "--out", at("dose")), stdout = FALSE, stderr = FALSE)
  theirs <- read.delim(at("dose.afreq"))
  counts <- list(called = matrix(n, p), mean = colMeans(k) / 1000, ss = rowSums((t(k) - colMeans(k))^2) / 1e6)
  ours <- imputation_info(lapply(counts, as.matrix))[, 1]
  # Their dosages are steps of 1 / 16384, their text has six digits.
  expect_equal(ours, theirs$MACH_R2, tolerance = 1e-4)
})
