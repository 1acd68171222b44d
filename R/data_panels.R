#' Genotype panels that come with the package
#'
#' Three panels of real genotypes, in the package's folder `extdata`. The first two are PLINK files (bed, bim,
#' fam) with a table of the people, and are there to simulate cohorts on ([simulate_cohort()]) and to try the
#' functions that read files; neither comes with an exposure or an outcome. The third has traits, and answers
#' that are known to be wrong.
#'
#' @section hgdp:
#' 159 people of the Human Genome Diversity Panel and 5,000 SNPs, no call missing. From the data set
#' `hgdp_subset` of the CRAN package popkin (A. Ochoa and J. D. Storey; GPL-3), whose source is the
#' Stanford HGDP genotypes. People by region (family id of the fam file and column `region` of
#' `hgdp.samples.tsv`): AFRICA 21, AMERICA 15, CENTRAL_SOUTH_ASIA 27, EAST_ASIA 54, EUROPE 24,
#' MIDDLE_EAST 12, OCEANIA 6.
#'
#' The frequencies and the population structure are real. The source names no people, alleles,
#' chromosomes or positions, and its SNPs are in random order. These fields hold placeholders: person
#' ids `person001` to `person159`, sex 0, chromosome 0 and position 0 (unplaced), alleles 1 (the counted
#' one) and 2. Nothing can be learnt from this panel about linkage disequilibrium.
#'
#' @section chr21:
#' All 2,504 people of the 1000 Genomes Project, phase 3, and the 482 biallelic variants among the
#' first 485 of chromosome 21 (positions on GRCh37, real alleles and linkage, no call missing). From the
#' example files of the CRAN package pgenlibr (C. Chang and others; LGPL-3). The counted allele is the
#' ALT allele of the source. Super-populations (family id of the fam file): AFR 661, AMR 347, EAS 504,
#' EUR 503, SAS 489; `chr21.samples.tsv` has the columns `iid`, `super_population`, `population` (26)
#' and `sex` (1 male, 2 female). Most variants are rare: 22 have a minor allele frequency above 5 %.
#' One region this short cannot tell five ancestries apart.
#'
#' @section mice:
#' Half of the 1,814 heterogeneous stock mice, descended from eight inbred strains and kept in cages of litter
#' mates. From the data set `mice` of the CRAN package BGLR (P. Perez and G. de los Campos; GPL-3; Valdar and
#' others 2006). `mice.rds` is a list: `genotypes` (907 mice x 371 autosomal SNPs, counts of the effect allele, 0
#' to 2), `variants` (`snp`, `chr`, `pos`, `effect_allele`, `other_allele`, `instrument`) and `people` (`iid`,
#' `sex`: 1 male, 2 female, `cage`, `weight` in g, `length` in cm, `study_day`, `cage_density`: mice in the cage,
#' `litter`: number). The 40 instruments for body weight, at least 5 Mb apart, were chosen in the other half; the
#' others are every thirtieth SNP. Weight moves length; it cannot move the day of the study, the density of the
#' cage or the litter (`vignette("relatives")`).
#'
#' @section lipids:
#' `lipids.tsv`: published associations of 28 variants with LDL and HDL cholesterol, triglycerides and coronary heart
#' disease (log odds ratio), `<trait>_beta` and `<trait>_se` per copy of `effect_allele`, frequencies `eaf`
#' (Waterworth and others 2010). From the example data of the CRAN package MendelianRandomization (O. Yavorska and
#' S. Burgess; GPL-2 or GPL-3), which gives no names of variants and no sample sizes. For [read_gwas()] and
#' [summary_mr()].
#'
#' @section Files:
#' `file.path(system.file("extdata", package = "LatentMR"), "hgdp")` is the prefix of the first, with
#' `"chr21"` of the second. The scripts in `data-raw/` of the source repository made them.
#' @references
#' Waterworth DM and others (2010). Genetic variants influencing circulating lipid levels and risk of coronary artery
#' disease. Arteriosclerosis, Thrombosis, and Vascular Biology 30, 2264-2276.
#'
#' Li JZ and others (2008). Worldwide human relationships inferred from genome-wide patterns of
#' variation. Science 319, 1100-1104.
#'
#' The 1000 Genomes Project Consortium (2015). A global reference for human genetic variation.
#' Nature 526, 68-74.
#'
#' Valdar W and others (2006). Genome-wide genetic association of complex traits in heterogeneous stock
#' mice. Nature Genetics 38, 879-887.
#'
#' Ochoa A, Storey JD (2021). Estimating FST and kinship for arbitrary population structures.
#' PLoS Genetics 17, e1009241.
#' @examples
#' folder <- system.file("extdata", package = "LatentMR")
#' people <- read.delim(file.path(folder, "hgdp.samples.tsv"))
#' table(people$region)
#' @name panels
#' @aliases hgdp chr21 mice lipids
NULL
