# Mutated BGEN files: a classed error, or what the slow twin reads. From the root of the sources:
#   Rscript bench/attacks/bgen.R [trials, 10000]        sh tools/sanitize.sh bench/attacks/bgen.R
# Ends with an error when a file is read as something else, or an error has no class.
library(LatentMR)
source("tests/testthat/helper-reference-bgen.R")
options(LatentMR.quiet = TRUE)
trials <- as.integer(c(commandArgs(TRUE), 10000)[1])
set.seed(20261130)
path <- tempfile(fileext = ".bgen")
n <- 9
ids <- sprintf("%02d", seq_len(n))
designs <- list(
  list(packing = 0, v = list(drawn_variant(1, n, 8, FALSE), drawn_variant(2, n, 3, TRUE))),
  list(packing = 1, v = list(drawn_variant(1, n, 16, FALSE), drawn_variant(2, n, 8, TRUE, ploidy = rep(1:2, length.out = n)))),
  list(packing = 1, v = list(drawn_variant(1, n, 8, FALSE, c("A", "C", "G")), drawn_variant(2, n, 32, FALSE)))
)
outcomes <- c(read = 0, refused = 0)
wrong <- character()
for (trial in seq_len(trials)) {
  design <- designs[[trial %% length(designs) + 1]]
  write_bgen_file(path, design$v, ids, design$packing)
  bytes <- readBin(path, "raw", 1e5)
  kind <- trial %% 4
  at <- sample(length(bytes), sample(3, 1))
  bytes <- if (kind == 0) {
    bytes[seq_len(sample(length(bytes) - 1, 1))]
  } else if (kind == 1) {
    replace(bytes, at, as.raw(sample(0:255, length(at), TRUE)))
  } else if (kind == 2) {
    append(bytes, as.raw(sample(0:255, 3)), sample(length(bytes), 1))
  } else {
    replace(bytes, at, xor(bytes[at], as.raw(2^sample(0:7, length(at), TRUE))))
  }
  writeBin(bytes, path)
  got <- tryCatch({
    bgen <- read_bgen(path, multiallelic = "split")
    list(ids = samples(bgen)$iid, g = unname(as.matrix(bgen)))
  }, latentmr_error_file = function(e) NULL, error = function(e) e)
  outcomes[1 + is.null(got)] <- outcomes[1 + is.null(got)] + 1
  if (is.null(got)) next
  if (inherits(got, "error")) {
    wrong <- c(wrong, sprintf("trial %d: an error without its class: %s", trial, conditionMessage(got)))
    next
  }
  slow <- tryCatch(reference_bgen(path), error = function(e) NULL)
  copies <- if (!is.null(slow)) do.call(cbind, lapply(slow$variants, function(v) v$copies[, -1, drop = FALSE]))
  same <- !is.null(slow) && isTRUE(all.equal(got$g, copies, tolerance = 1e-15)) && identical(got$ids, slow$ids)
  if (!same) wrong <- c(wrong, sprintf("trial %d is read differently", trial))
}
print(outcomes)
if (length(wrong)) stop(paste(wrong, collapse = "\n"))
