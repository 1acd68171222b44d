# inst/extdata/mice: heterogeneous stock mice of CRAN's BGLR (data set `mice`, GPL-3; Valdar et al. 2006,
# Nat Genet 38:879), 1,814 animals. Of 10,346 SNPs: 40 instruments for body weight, at least 5 Mb apart, chosen by
# their association with weight given sex in a random half of the animals (column `half` of mice.samples.tsv:
# "chosen"), and every thirtieth of the others as background.
source("data-raw/plink.R")
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
variants <- data.frame(
  snp = sub("_[^_]*$", "", map$snp_id[keep]), chr = map$chr[keep], pos = round(1e6 * map$mbp[keep]), cm = 0,
  effect_allele = counted, other_allele = mapply(function(a, b) setdiff(a, b)[1], both, counted)
)
id <- as.character(pheno$SUBJECT.NAME)
samples <- data.frame(fid = pheno$cage, iid = id, father = 0, mother = 0, sex = 2 - sex, phenotype = -9)
write_panel("inst/extdata/mice", x[, keep], samples, variants)
write_table(data.frame(
  iid = id, half = ifelse(seq_along(id) %in% chosen, "chosen", "estimated"), sex = 2 - sex, cage = pheno$cage,
  weight = round(weight, 2), length = pheno$Obesity.BodyLength, study_day = pheno$Obesity.Date.StudyDay,
  cage_density = pheno$CageDensity, litter = pheno$Litter
), "inst/extdata/mice.samples.tsv")
writeLines(variants$snp[keep %in% take], "inst/extdata/mice.instruments.txt")
