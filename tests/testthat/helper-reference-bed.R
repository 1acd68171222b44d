# Slow twins of the PLINK readers, written from the format's description
# (https://www.cog-genomics.org/plink/1.9/formats), one genotype at a time.

reference_bed <- function(path, n, p) {
  bytes <- as.integer(readBin(path, "raw", file.size(path)))
  stride <- ceiling(n / 4)
  stopifnot(identical(bytes[1:3], c(108L, 27L, 1L)), length(bytes) == 3 + p * stride)
  counts <- c(2L, NA, 1L, 0L) # codes 00 01 10 11: copies of A1
  g <- matrix(0L, n, p)
  for (j in seq_len(p)) {
    for (i in seq_len(n)) {
      byte <- bytes[3 + (j - 1) * stride + (i - 1) %/% 4 + 1]
      g[i, j] <- counts[byte %/% 4^((i - 1) %% 4) %% 4 + 1]
    }
  }
  g
}

# Lines of white-space separated fields as a character matrix; blank lines at
# the end are not lines.
reference_table <- function(path, columns) {
  lines <- sub("\r$", "", readLines(path, encoding = "UTF-8", warn = FALSE))
  while (length(lines) && !nzchar(gsub("[ \t]", "", lines[length(lines)]))) lines <- lines[-length(lines)]
  fields <- strsplit(gsub("^[ \t]+|[ \t]+$", "", lines), "[ \t]+")
  stopifnot(length(fields) > 0, lengths(fields) == columns)
  do.call(rbind, fields)
}

reference_plink <- function(prefix) {
  bim <- reference_table(paste0(prefix, ".bim"), 6)
  fam <- reference_table(paste0(prefix, ".fam"), 6)
  allele <- function(x) ifelse(x %in% c("0", "."), NA, x)
  list(
    genotypes = reference_bed(paste0(prefix, ".bed"), nrow(fam), nrow(bim)),
    fid = fam[, 1], iid = fam[, 2], sex = match(fam[, 5], c("1", "2")),
    chr = bim[, 1], snp = bim[, 2], cm = as.numeric(bim[, 3]), pos = as.integer(as.numeric(bim[, 4])),
    effect_allele = allele(bim[, 5]), other_allele = allele(bim[, 6])
  )
}

# A bed file with the given codes (0 to 3, one column a variant).
write_codes <- function(path, codes) {
  n <- nrow(codes)
  padded <- rbind(codes, matrix(0L, -n %% 4, ncol(codes)))
  byte <- colSums(matrix(padded, 4) * c(1, 4, 16, 64))
  writeBin(c(as.raw(c(0x6c, 0x1b, 0x01)), as.raw(byte)), path)
}
