# inst/extdata/mice.rds: heterogeneous stock mice of CRAN's BGLR (data set `mice`, GPL-3; Valdar et al. 2006,
# Nat Genet 38:879), 1,814 animals. Of 10,346 SNPs: 40 instruments for body weight, at least 5 Mb apart, chosen by
# their association with weight given sex in a random half of the animals, and every thirtieth of the others as
# background; kept are the animals of the other half.
data(mice, package = "BGLR")
pheno <- mice.pheno
autosome <- which(mice.map$chr %in% as.character(1:19))
x <- unname(mice.X[, autosome])
map <- mice.map[autosome, ]
weight <- pheno$Obesity.EndNormalBW
sex <- pheno$GENDER == "M"

set.seed(1)
chosen <- sort(sample(nrow(x), nrow(x) %/% 2))
left <- resid(lm(weight[chosen] ~ sex[chosen]))
z <- scale(x[chosen, ])
t <- drop(crossprod(z, left)) / sqrt(length(chosen)) / sd(left)
t[!is.finite(t)] <- 0
take <- integer()
for (j in order(-abs(t))) {
  if (all(map$chr[take] != map$chr[j] | abs(map$mbp[take] - map$mbp[j]) > 5)) take <- c(take, j)
  if (length(take) == 40) break
}
background <- setdiff(seq(1, ncol(x), by = 30), take)
keep <- sort(c(take, background))

# The name ends in the counted allele.
counted <- sub(".*_", "", map$snp_id[keep])
both <- strsplit(map$alleles[keep], ";")
used <- setdiff(seq_len(nrow(x)), chosen)
id <- as.character(pheno$SUBJECT.NAME)[used]
variants <- data.frame(
  snp = sub("_[^_]*$", "", map$snp_id[keep]), chr = map$chr[keep], pos = round(1e6 * map$mbp[keep]),
  effect_allele = counted, other_allele = unname(mapply(function(a, b) setdiff(a, b)[1], both, counted)),
  instrument = keep %in% take
)
genotypes <- matrix(as.integer(x[used, keep]), length(used), dimnames = list(id, variants$snp))
people <- data.frame(
  iid = id, sex = 2L - sex[used], cage = as.character(pheno$cage[used]), weight = round(weight[used], 2),
  length = pheno$Obesity.BodyLength[used], study_day = pheno$Obesity.Date.StudyDay[used],
  cage_density = pheno$CageDensity[used], litter = pheno$Litter[used]
)
saveRDS(list(genotypes = genotypes, variants = variants, people = people), "inst/extdata/mice.rds", compress = "xz")
