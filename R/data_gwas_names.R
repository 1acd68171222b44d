# Names of variants across tables of associations. Several alternative alleles under one name get them into their names
# (rs1:A:G), and variants without a name are chr:pos:other:effect; another table may have one of them alone under the
# name itself, or count the other allele.

# Keys by which tables are joined, a vector for each of `tables` (SNP, effect_allele, other_allele): names in small
# letters, without blanks; where a name got its alleles in any of the tables, name and alleles in an order that
# depends neither on the counted allele nor on the strand.
join_keys <- function(tables) {
  named <- lapply(tables, allele_names)
  bases <- unique(unlist(lapply(named, function(x) x$base[x$renamed])))
  Map(function(x, table) {
    at <- if (length(bases)) which(x$base %in% bases)
    pair <- unordered_alleles(table$effect_allele[at], table$other_allele[at])
    at <- at[!is.na(pair)]
    x$snp[at] <- paste(x$base[at], pair[!is.na(pair)], sep = ":")
    x$snp
  }, named, tables)
}

# list(snp, base: without the alleles, renamed: has it them?).
allele_names <- function(table) {
  snp <- clean_snp(as.character(table$SNP))
  out <- list(snp = snp, base = snp, renamed = logical(length(snp)))
  at <- grep(":", snp, fixed = TRUE)
  effect <- clean_allele(table$effect_allele[at], length(at))
  other <- clean_allele(table$other_allele[at], length(at))
  ends <- function(a, b) endsWith(snp[at], lower(paste0(":", a, ":", b))) & !is.na(a) & !is.na(b)
  has <- (ends(other, effect) | ends(effect, other)) %in% TRUE
  own <- at[has]
  out$renamed[own] <- TRUE
  out$base[own] <- substr(snp[own], 1, nchar(snp[own]) - nchar(effect[has]) - nchar(other[has]) - 2)
  out
}

unordered_alleles <- function(effect, other) {
  effect <- clean_allele(effect, length(effect))
  other <- clean_allele(other, length(other))
  pair <- function(a, b) ifelse(a < b, paste(a, b, sep = ":"), paste(b, a, sep = ":"))
  own <- pair(effect, other)
  strand <- function(x) chartr("ACGT", "TGCA", x)
  turned <- pair(strand(effect), strand(other))
  single <- nchar(effect) == 1 & nchar(other) == 1 & !effect %in% c("D", "I")
  ifelse(single & turned < own, turned, own)
}
