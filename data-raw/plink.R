# PLINK 1 files from a matrix of counts of the effect allele, people in rows:
# as plain as the format, so that it can stand against the package's reader.
write_panel <- function(prefix, x, samples, variants) {
  stopifnot(nrow(x) == nrow(samples), ncol(x) == nrow(variants), x %in% c(0:2, NA))
  code <- ifelse(is.na(x), 1L, c(3L, 2L, 0L)[x + 1L]) # 2 copies 00, missing 01, 1 copy 10, none 11
  code <- rbind(code, matrix(0L, -nrow(x) %% 4, ncol(x)))
  bytes <- colSums(matrix(code, 4) * 4L^(0:3))
  writeBin(c(as.raw(c(0x6c, 0x1b, 0x01)), as.raw(bytes)), paste0(prefix, ".bed"))
  write <- function(table, extension) {
    write.table(table, paste0(prefix, extension),
      sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE
    )
  }
  write(variants[c("chr", "snp", "cm", "pos", "effect_allele", "other_allele")], ".bim")
  write(samples[c("fid", "iid", "father", "mother", "sex", "phenotype")], ".fam")
}

write_table <- function(table, file) {
  write.table(table, file, sep = "\t", quote = FALSE, row.names = FALSE)
}
