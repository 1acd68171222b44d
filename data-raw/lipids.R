# inst/extdata/lipids.tsv: 28 variants, lipids and coronary heart disease (Waterworth and others 2010), from the
# package MendelianRandomization (GPL-2 | GPL-3). Rscript data-raw/lipids.R, where that package is installed.
from <- function(name) getExportedValue("MendelianRandomization", name)
out <- data.frame(
  SNP = paste0("snp_", 1:28), effect_allele = from("lipid_effect"), other_allele = from("lipid_other"), eaf = from("lipid_eaf"),
  ldl_beta = from("ldlc"), ldl_se = from("ldlcse"), hdl_beta = from("hdlc"), hdl_se = from("hdlcse"),
  tg_beta = from("trig"), tg_se = from("trigse"), chd_beta = from("chdlodds"), chd_se = from("chdloddsse")
)
write.table(out, "inst/extdata/lipids.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
