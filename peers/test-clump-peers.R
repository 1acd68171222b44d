# clump() beside PLINK 1.9's --clump on the same files (Debian package plink1.9; LATENTMR_PLINK names another program).
# PLINK measures linkage by haplotype frequencies from an EM algorithm. Where people are inbred these
# are known and both must agree to the variant; elsewhere a clump may differ only where a pair lies on
# the two sides of r2 by the two measures.

source(file.path("..", "tests", "testthat", "helper-reference-clump.R"), local = TRUE)

plink <- function() {
  found <- Sys.getenv("LATENTMR_PLINK", Sys.which("plink1.9"))
  if (!nzchar(found)) skip("PLINK 1.9 is not installed")
  found
}

run_plink <- function(prefix, ...) {
  status <- system2(plink(), c("--bfile", prefix, "--allow-no-sex", ..., "--out", prefix), stdout = FALSE, stderr = FALSE)
  if (status != 0) stop(paste(readLines(paste0(prefix, ".log")), collapse = "\n"))
}

plink_clumps <- function(prefix, p, r2, kb, threshold) {
  table <- paste0(prefix, ".p")
  utils::write.table(data.frame(SNP = names(p), P = p), table, row.names = FALSE, quote = FALSE)
  run_plink(prefix, "--clump", table, "--clump-p1", threshold, "--clump-p2", threshold, "--clump-r2", r2, "--clump-kb", kb)
  utils::read.table(paste0(prefix, ".clumped"), header = TRUE)$SNP
}

settings <- list(c(.2, 100, .5), c(.05, 40, 1), c(.5, 250, .5), c(.01, 1e4, 1), c(.2, 20, 1), c(0, 30, 1))

test_that("inbred people: the same variants", {
  for (seed in 1:5) {
    x <- linked_panel(200, 60, seed, inbred = TRUE)
    files <- panel_files(x)
    for (s in settings) {
      mine <- suppressWarnings(clump(files, x$p, s[1], s[2], s[3]))
      expect_setequal(mine$SNP[mine$kept], plink_clumps(files, x$p, s[1], s[2], s[3]))
    }
  }
})

test_that("people with two strands: what differs hangs on pairs on the two sides of r2", {
  same <- 0
  for (seed in 1:5) {
    x <- linked_panel(500, 60, seed)
    files <- panel_files(x)
    run_plink(files, "--r2", "inter-chr", "--ld-window-r2", 0)
    counts <- utils::read.table(paste0(files, ".ld"), header = TRUE)
    for (s in settings) {
      mine <- suppressWarnings(clump(files, x$p, s[1], s[2], s[3]))
      theirs <- plink_clumps(files, x$p, s[1], s[2], s[3])
      agree <- setequal(mine$SNP[mine$kept], theirs)
      same <- same + agree
      near <- abs(counts$R2 - s[1]) < .05
      expect_true(agree || any(near))
    }
    # Its --r2 is the squared correlation of counts: ours.
    bed <- read_plink(files)
    r2 <- stats::cor(as.matrix(bed))^2
    expect_equal(r2[cbind(counts$SNP_A, counts$SNP_B)], counts$R2, tolerance = 1e-5)
  }
  expect_gt(same, 15)
})
