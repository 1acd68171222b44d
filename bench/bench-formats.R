# Reading dosages: BGEN against the decompression alone, PGEN against pgenlibr alone. plink2 makes the files.
# Decompression is R's memDecompress() and zlib's uncompress() into one buffer (needs a compiler); a matrix of the size of
# the result is made, too, since what is read needs its memory, and uncompress() none. The table says whether this build unpacks by libdeflate.
#   Rscript bench/bench-formats.R [people, 100000] [variants, 400]
# Values are compared with each other (all) and with what plink2 writes as text (ten variants). Times are the
# processor's, of three runs the shortest. Writes bench/results/formats.csv (or RESULTS/formats.csv):
# rows of the other build stay.
library(LatentMR)
size <- as.integer(commandArgs(TRUE))
n <- if (length(size) > 0) size[1] else 100000L
p <- if (length(size) > 1) size[2] else 400L
stopifnot(nzchar(Sys.which("plink2")), requireNamespace("pgenlibr"))
options(LatentMR.quiet = TRUE)
folder <- tempfile("formats")
dir.create(folder)
prefix <- file.path(folder, "set")
set.seed(1)
writer <- pgenlibr::NewPgenWriter(paste0(prefix, ".pgen"), n, p, dosage_present = TRUE)
for (j in seq_len(p)) { # 90 % dosages, 1 % missing
  x <- rbinom(n, 2, runif(1, .05, .5))
  x <- ifelse(runif(n) < .9, pmin(pmax(x + rnorm(n, 0, .1), 0), 2), x)
  x[runif(n) < .01] <- NA
  pgenlibr::AppendDosages(writer, x)
}
pgenlibr::ClosePgenWriter(writer)
writeLines(c("#CHROM\tPOS\tID\tREF\tALT", sprintf("1\t%d\trs%d\tA\tG", seq_len(p), seq_len(p))), paste0(prefix, ".pvar"))
writeLines(c("#IID", sprintf("p%06d", seq_len(n))), paste0(prefix, ".psam"))
export <- function(version, bits, out) {
  system2("plink2", c("--pfile", prefix, "--export", paste0("bgen-", version), "ref-first", paste0("bits=", bits), "--out",
                      file.path(folder, out)), stdout = FALSE)
  file.path(folder, paste0(out, ".bgen"))
}
# Largest difference of ten variants from the counts of ALT that plink2 writes as text; NA must be the same.
from_plink2 <- function(input, g) {
  out <- file.path(folder, "ten")
  system2("plink2", c(input, "--snps", sprintf("rs1-rs%d", min(p, 10L)), "--export", "A", "--out", out), stdout = FALSE)
  text <- data.table::fread(paste0(out, ".raw"), data.table = FALSE)[-(1:6)]
  text <- 2 - as.matrix(text) # it counts REF
  stopifnot(identical(is.na(unname(text)), is.na(unname(g[, seq_len(ncol(text))]))))
  max(abs(text - g[, seq_len(ncol(text))]), na.rm = TRUE)
}
# Bytes of a variant before its compressed stream: three names, the position, the alleles and two sizes.
before_stream <- function(bytes) {
  number <- function(at, size) sum(as.integer(bytes[at + seq_len(size)]) * 256^(seq_len(size) - 1))
  at <- 0
  for (name in 1:3) at <- at + 2 + number(at, 2)
  alleles <- number(at + 4, 2)
  at <- at + 6
  for (allele in seq_len(alleles)) at <- at + 4 + number(at, 4)
  at + 8
}
seconds <- function(expr, times = 3) {
  expr <- substitute(expr)
  frame <- parent.frame()
  min(vapply(seq_len(times), function(i) sum(system.time(eval(expr, frame))[1:2]), 0))
}

source <- file.path(folder, "uncompress.c")
writeLines(c(
  "#include <zlib.h>", "#include <R.h>", "#include <Rinternals.h>",
  "SEXP all(SEXP streams, SEXP size) {",
  "  unsigned char *to = (unsigned char *)R_alloc((size_t)Rf_asReal(size), 1);",
  "  for (R_xlen_t i = 0; i < XLENGTH(streams); i++) {",
  "    SEXP from = VECTOR_ELT(streams, i);",
  "    uLongf got = (uLongf)Rf_asReal(size);",
  "    if (uncompress(to, &got, RAW(from), (uLong)XLENGTH(from)) != Z_OK) Rf_error(\"damaged\");",
  "  }",
  "  return R_NilValue;",
  "}"
), source)
stopifnot(system2(file.path(R.home("bin"), "R"), c("CMD", "SHLIB", source, "-lz"), stdout = FALSE) == 0)
uncompress <- getNativeSymbolInfo("all", dyn.load(sub("[.]c$", .Platform$dynlib.ext, source)))

pgen <- read_pgen(prefix)
g <- as.matrix(pgen)
ours <- seconds(LatentMR:::decode.genotype_pgen(pgen)) # as the passes read; as.matrix() looks at the object and names its sides, too
handle <- pgenlibr::NewPgen(paste0(prefix, ".pgen"))
alone <- seconds(h <- pgenlibr::ReadList(handle, seq_len(p)))
stopifnot(identical(unname(g), h))
rows <- data.frame(
  what = c("read_pgen()", "pgenlibr::ReadList()"), seconds = c(ours, alone), ratio = c(ours / alone, 1),
  from_plink2 = c(from_plink2(c("--pfile", prefix), g), NA)
)
rm(h)
for (bits in c(8, 16)) {
  path <- export("1.2", bits, paste0("zlib", bits))
  opening <- seconds(bgen <- read_bgen(path))
  b <- as.matrix(bgen)
  reading <- seconds(LatentMR:::decode.genotype_bgen(bgen))
  step <- 1 / (2^bits - 1)
  stopifnot(identical(is.na(b), is.na(g)), max(abs(b - g), na.rm = TRUE) < 1.01 * step + 1 / 16384)
  packed <- lapply(seq_len(p), function(j) {
    connection <- file(path, "rb")
    on.exit(close(connection))
    seek(connection, bgen$at$start[j])
    bytes <- readBin(connection, "raw", bgen$at$bytes[j])
    bytes[-seq_len(before_stream(bytes))]
  })
  zlib <- seconds(.Call(uncompress, packed, 8 * n + 1e6))
  unpacking <- seconds(for (stream in packed) memDecompress(stream, "gzip"))
  empty <- seconds(matrix(0, n, p))
  rows <- rbind(rows, data.frame(
    what = sprintf(c("read_bgen(), %d bits: opening", "read_bgen(), %d bits: values", "memDecompress() alone, %d bits",
                     "uncompress() alone, %d bits", "a matrix of zeros, for %d bits"), bits),
    seconds = c(opening, reading, unpacking, zlib, empty), ratio = c(NA, reading, unpacking, zlib, empty) / zlib,
    from_plink2 = c(NA, from_plink2(c("--bgen", path, "ref-first"), b), NA, NA, NA)
  ))
  rm(packed)
}
library <- getLoadedDLLs()[["LatentMR"]][["path"]]
rows$libdeflate <- nzchar(Sys.which("ldd")) && any(grepl("deflate", system2("ldd", shQuote(library), stdout = TRUE)))
rows$million_per_second <- n * p / rows$seconds / 1e6
cat(sprintf("%d people x %d variants\n", n, p))
print(rows, digits = 3)
out <- file.path(Sys.getenv("RESULTS", "bench/results"), "formats.csv")
rows <- cbind(people = n, variants = p, rows)
if (file.exists(out)) {
  before <- utils::read.csv(out)
  rows <- rbind(rows, before[before$libdeflate != rows$libdeflate[1], ])
}
utils::write.csv(rows, out, row.names = FALSE)
unlink(folder, recursive = TRUE)
