# inst/extdata/hgdp: `hgdp_subset` of CRAN's popkin (GPL-3), a subset of the
# Human Genome Diversity Panel, 5,000 SNPs by 159 people whose column names are
# their regions. It names no people, alleles, chromosomes or positions and its
# SNPs are in random order: the placeholders below say so.
source("data-raw/plink.R")
data(hgdp_subset, package = "popkin")
region <- colnames(hgdp_subset)
samples <- data.frame(
  fid = region, iid = sprintf("person%03d", seq_along(region)),
  father = 0, mother = 0, sex = 0, phenotype = -9
)
variants <- data.frame(
  snp = rownames(hgdp_subset), chr = 0, pos = 0, cm = 0, # unplaced
  effect_allele = "1", other_allele = "2" # the counted allele and the other one, unknown
)
write_panel("inst/extdata/hgdp", unname(t(hgdp_subset)), samples, variants)
write_table(data.frame(iid = samples$iid, region = region), "inst/extdata/hgdp.samples.tsv")
