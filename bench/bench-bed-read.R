# Time to read a bed file into a matrix, against the readers that R has:
# 50,000 samples x 1,000 variants, in the page cache, one process, best of five
# (elapsed, and processor time: the two differ on a machine with other work).
# Arguments: samples, variants.
library(LatentMR)
arguments <- as.integer(commandArgs(TRUE))
n <- if (length(arguments)) arguments[1] else 50000L
p <- if (length(arguments) > 1) arguments[2] else 1000L

set.seed(1)
prefix <- tempfile("bench")
frequency <- runif(p, .05, .5)
g <- vapply(frequency, function(f) rbinom(n, 2L, f), integer(n))
g[sample(length(g), length(g) %/% 100)] <- NA
LatentMR:::write_plink(prefix, g)
rm(g)
path <- paste0(prefix, ".bed")
rows <- sort(sample(n, n %/% 2))

best <- function(expression, times = 5) {
  seconds <- vapply(seq_len(times), function(k) {
    gc(FALSE)
    spent <- system.time(expression())
    c(spent[["elapsed"]], spent[["user.self"]] + spent[["sys.self"]])
  }, c(elapsed = 0, processor = 0))
  apply(seconds, 1, min)
}
has <- function(package) requireNamespace(package, quietly = TRUE)

bed <- read_plink(prefix)
results <- list(
  "LatentMR, double" = best(function() as.matrix(bed, double = TRUE)),
  "LatentMR, integer" = best(function() as.matrix(bed)),
  "LatentMR, half of the samples" = best(function() bed[rows, ])
)
if (has("pgenlibr")) {
  pgen <- pgenlibr::NewPgen(path, raw_sample_ct = n)
  results[["pgenlibr, double"]] <- best(function() pgenlibr::ReadList(pgen, seq_len(p)))
  results[["pgenlibr, integer"]] <- best(function() pgenlibr::ReadIntList(pgen, seq_len(p)))
}
if (has("BEDMatrix")) {
  mapped <- suppressMessages(BEDMatrix::BEDMatrix(path, n = n, p = p))
  results[["BEDMatrix, integer"]] <- best(function() mapped[, ], 2)
}
if (has("genio")) {
  results[["genio, integer"]] <- best(function() genio::read_bed(path, m_loci = p, n_ind = n, verbose = FALSE), 2)
}
if (has("snpStats")) {
  results[["snpStats, double"]] <- best(function() {
    as(snpStats::read.plink(path, paste0(prefix, ".bim"), paste0(prefix, ".fam"))$genotypes, "numeric")
  }, 2)
}
seconds <- do.call(rbind, results)
table <- data.frame(
  reader = rownames(seconds), samples = n, variants = p, round(seconds, 3),
  ratio = round(seconds[, "elapsed"] / seconds[1, "elapsed"], 2), row.names = NULL
)
print(table, row.names = FALSE)
dir.create("bench/results", FALSE, TRUE)
write.csv(table, "bench/results/bed-read.csv", row.names = FALSE)
