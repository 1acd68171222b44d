# Names of variants across tables of associations. Several alternative alleles under one name get them into their names
# (rs1:A:G), and variants without a name are chr:pos:other:effect; another table may have one of them alone under the
# name itself, or count the other allele.

# Keys by which tables are joined, a vector for each of `tables` (SNP, effect_allele, other_allele): names in small
# letters, without blanks; where a name got its alleles in any of the tables, name and alleles in an order that
# depends neither on the counted allele nor on the strand.
join_keys <- function(tables) {
  named <- lapply(tables, allele_names)
  bases <- unique(unlist(lapply(named, function(x) x$base[x$renamed])))
  lapply(named, function(x) {
    own <- x$base %in% bases & !is.na(x$pair)
    ifelse(own, paste(x$base, x$pair, sep = ":"), x$snp)
  })
}

# list(snp, base, renamed, pair).
allele_names <- function(table) {
  snp <- clean_snp(as.character(table$SNP))
  effect <- clean_allele(table$effect_allele, length(snp))
  other <- clean_allele(table$other_allele, length(snp))
  ends <- function(a, b) endsWith(snp, lower(paste0(":", a, ":", b))) & !is.na(a) & !is.na(b)
  renamed <- (ends(other, effect) | ends(effect, other)) %in% TRUE
  base <- ifelse(renamed, substr(snp, 1, nchar(snp) - nchar(effect) - nchar(other) - 2), snp)
  list(snp = snp, base = base, renamed = renamed, pair = unordered_alleles(effect, other))
}

unordered_alleles <- function(effect, other) {
  pair <- function(a, b) ifelse(a < b, paste(a, b, sep = ":"), paste(b, a, sep = ":"))
  own <- pair(effect, other)
  strand <- function(x) chartr("ACGT", "TGCA", x)
  turned <- pair(strand(effect), strand(other))
  single <- nchar(effect) == 1 & nchar(other) == 1 & !effect %in% c("D", "I")
  ifelse(single & turned < own, turned, own)
}
