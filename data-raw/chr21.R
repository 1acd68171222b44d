# inst/extdata/chr21: the start of chromosome 21 in the 1000 Genomes Project,
# phase 3 (2,504 people), from the extdata of CRAN's pgenlibr (LGPL-3). The three
# sites with several alleles are left out: a bed file holds two.
source("data-raw/plink.R")
folder <- system.file("extdata", package = "pgenlibr", mustWork = TRUE)
file <- function(extension) file.path(folder, paste0("chr21_phase3_start", extension))
people <- read.table(file(".psam"), header = TRUE, comment.char = "")
names(people)[1] <- "iid"
pvar <- read.table(
  text = grep("^##", system2("zstdcat", file(".pvar.zst"), stdout = TRUE), invert = TRUE, value = TRUE),
  header = TRUE, comment.char = "", colClasses = "character"
)
names(pvar)[1] <- "CHROM"
pgen <- pgenlibr::NewPgen(file(".pgen"), pvar = pgenlibr::NewPvar(file(".pvar.zst")))
keep <- which(!grepl(",", pvar$ALT, fixed = TRUE))
x <- pgenlibr::ReadIntList(pgen, keep) # copies of ALT
pvar <- pvar[keep, ]

# The frequencies that the source states, for all and by super-population.
stated <- function(name) as.numeric(sub(sprintf("(^|.*;)%s=([^;]*).*", name), "\\2", pvar$INFO))
stopifnot(max(abs(colMeans(x) / 2 - stated("AF"))) < 1e-5)
for (s in unique(people$SuperPop)) {
  stopifnot(max(abs(colMeans(x[people$SuperPop == s, ]) / 2 - stated(paste0(s, "_AF")))) < 1e-4)
}

samples <- data.frame(
  fid = people$SuperPop, iid = people$iid, father = 0, mother = 0,
  sex = people$SEX, phenotype = -9
)
variants <- data.frame(
  snp = pvar$ID, chr = pvar$CHROM, pos = pvar$POS, cm = 0,
  effect_allele = pvar$ALT, other_allele = pvar$REF
)
write_panel("inst/extdata/chr21", x, samples, variants)
write_table(
  data.frame(iid = people$iid, super_population = people$SuperPop, population = people$Population, sex = people$SEX),
  "inst/extdata/chr21.samples.tsv"
)
