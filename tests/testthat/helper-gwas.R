# The same five associations as the usual programs write them. Layouts from their documentation:
# GWAS-SSF (github.com/EBISPOT/gwas-summary-statistics-standard), GWAS-VCF (github.com/MRCIEU/gwas-vcf-specification),
# FinnGen (finngen.gitbook.io), Pan-UKB (pan.ukbb.broadinstitute.org/docs/per-phenotype-files), BBJ (jenger.riken.jp),
# REGENIE (rgcgithub.github.io/regenie/options), SAIGE (saigegit.github.io/SAIGE-doc), PLINK 1.9 and 2
# (cog-genomics.org/plink), METAL (genome.sph.umich.edu/wiki/METAL_Documentation), BOLT-LMM (manual, section 5),
# fastGWA and COJO (yanglab.westlake.edu.cn/software/gcta), Neale lab (nealelab.is/uk-biobank), OpenGWAS, TwoSampleMR.
gwas_truth <- function() {
  x <- data.frame(
    SNP = c("rs11", "rs22", "rs33", "rs44", "rs55"), chr = c("1", "2", "9", "X", "22"), pos = c(100L, 200L, 300L, 400L, 50000000L),
    effect_allele = c("A", "C", "G", "T", "AT"), other_allele = c("G", "T", "A", "C", "A"),
    eaf = c(.2, .35, .62, .08, .9), beta = c(.05, -.03, .002, .08, -.2), se = c(.01, .012, .011, .02, .005)
  )
  x$pval <- 2 * pnorm(-abs(x$beta / x$se))
  x$lp <- -(log(2) + pnorm(-abs(x$beta / x$se), log.p = TRUE)) / log(10)
  x$n <- 10000
  x$p <- ifelse(x$pval < 1e-300, "0", sprintf("%.8g", x$pval)) # as single precision prints it
  x$chr23 <- sub("X", "23", x$chr)
  x
}

rows_of <- function(head, ..., sep = "\t") c(gsub(" +", sep, head), paste(..., sep = sep))

gwas_texts <- function(x = gwas_truth()) {
  g <- function(v) sprintf("%.10g", v)
  x[c("eafs", "b", "s", "l", "or", "z")] <- lapply(list(x$eaf, x$beta, x$se, x$lp, exp(x$beta), x$beta / x$se), g)
  lo <- g(exp(x$beta - qnorm(.975) * x$se))
  hi <- g(exp(x$beta + qnorm(.975) * x$se))
  with(x, list(
    `GWAS-SSF` = rows_of(
      "chromosome base_pair_location effect_allele other_allele beta standard_error effect_allele_frequency p_value rsid n",
      chr23, pos, effect_allele, other_allele, b, s, eafs, p, SNP, n
    ),
    `GWAS-SSF, odds ratios` = rows_of(
      "chromosome base_pair_location effect_allele other_allele odds_ratio standard_error effect_allele_frequency neg_log_10_p_value variant_id rs_id ci_lower ci_upper n",
      chr23, pos, effect_allele, other_allele, or, "#NA", eafs, l, paste(chr, pos, other_allele, effect_allele, sep = "_"),
      SNP, lo, hi, n
    ),
    `GWAS Catalog, harmonised` = rows_of(
      "hm_variant_id hm_rsid hm_chrom hm_pos hm_other_allele hm_effect_allele hm_beta hm_effect_allele_frequency chromosome base_pair_location effect_allele other_allele beta standard_error p_value n",
      "v", SNP, chr, pos, other_allele, effect_allele, b, eafs, chr, pos + 7, other_allele, effect_allele, g(-beta), s, p, n
    ),
    `GWAS-VCF` = c(
      "##fileformat=VCFv4.2", "##FORMAT=<ID=ES,Number=A,Type=Float,Description=\"Effect size\">",
      "##SAMPLE=<ID=study1,TotalVariants=5,StudyType=Continuous>",
      rows_of("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT study1", chr, pos, SNP, other_allele, effect_allele, ".", "PASS",
              paste0("AF=", eafs), "ES:SE:LP:AF:SS:ID", paste(b, s, l, eafs, n, SNP, sep = ":"))
    ),
    FinnGen = rows_of(
      "#chrom pos ref alt rsids nearest_genes pval mlogp beta sebeta af_alt af_alt_cases af_alt_controls",
      chr23, pos, other_allele, effect_allele, paste0(SNP, ",rs9"), "GENE", p, l, b, s, eafs, eafs, eafs
    ),
    BBJ = rows_of(
      "SNP CHR POS REF ALT Frq Rsq BETA SE P", SNP, paste0("chr", chr), pos, other_allele, effect_allele, eafs, ".99", b, s, p
    ),
    REGENIE = rows_of(
      "CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ INFO N TEST BETA SE CHISQ LOG10P EXTRA",
      chr23, pos, SNP, other_allele, effect_allele, eafs, ".9", n, "ADD", b, s, "1", l, "NA", sep = " "
    ),
    SAIGE = rows_of(
      "CHR POS MarkerID Allele1 Allele2 AC_Allele2 AF_Allele2 MissingRate BETA SE Tstat var p.value N", sprintf("%02s", chr), pos, SNP,
      other_allele, effect_allele, "7", eafs, "0", b, s, "1", "1", p, n
    ),
    `PLINK 1 linear` = rows_of(
      " CHR SNP BP A1 TEST NMISS BETA STAT P", paste0("  ", chr23), SNP, pos, effect_allele, "ADD", n, b, z, p, sep = "   "
    ),
    `PLINK 1 logistic` = rows_of(
      "CHR SNP BP A1 TEST NMISS OR SE L95 U95 STAT P", chr23, SNP, pos, effect_allele, "ADD", n, or, s, lo, hi, z, p, sep = " "
    ),
    `PLINK 2 linear` = rows_of(
      "#CHROM POS ID REF ALT PROVISIONAL_REF? A1 OMITTED A1_FREQ TEST OBS_CT BETA SE T_STAT P ERRCODE",
      chr, pos, SNP, effect_allele, other_allele, "Y", effect_allele, other_allele, eafs, "ADD", n, b, s, z, p, "."
    ),
    `PLINK 2 logistic` = rows_of(
      "#CHROM POS ID REF ALT A1 FIRTH? TEST OBS_CT A1_FREQ OR LOG(OR)_SE Z_STAT P ERRCODE",
      chr, pos, SNP, effect_allele, other_allele, effect_allele, "N", "ADD", n, eafs, or, s, z, p, "."
    ),
    METAL = rows_of(
      "MarkerName Allele1 Allele2 Freq1 FreqSE Effect StdErr P-value Direction TotalSampleSize",
      SNP, tolower(effect_allele), tolower(other_allele), eafs, "0", b, s, p, "++-", n
    ),
    `BOLT-LMM` = rows_of(
      "SNP CHR BP GENPOS ALLELE1 ALLELE0 A1FREQ F_MISS CHISQ_LINREG P_LINREG BETA SE CHISQ_BOLT_LMM_INF P_BOLT_LMM_INF CHISQ_BOLT_LMM P_BOLT_LMM",
      SNP, chr23, pos, "0.001", effect_allele, other_allele, eafs, "0", "1", ".9", b, s, "1", ".8", "1", p
    ),
    fastGWA = rows_of(
      "CHR SNP POS A1 A2 N AF1 BETA SE P", chr23, SNP, pos, effect_allele, other_allele, n, eafs, b, s, p
    ),
    COJO = rows_of("SNP A1 A2 freq b se p N", SNP, effect_allele, other_allele, eafs, b, s, p, n, sep = " "),
    Neale = rows_of(
      "variant minor_allele minor_AF low_confidence_variant n_complete_samples AC ytx beta se tstat pval",
      paste(chr, pos, other_allele, effect_allele, sep = ":"), ifelse(eaf < .5, effect_allele, other_allele),
      g(pmin(eaf, 1 - eaf)), "false", n, "1", "1", b, s, z, p
    ),
    OpenGWAS = rows_of(
      "chr position beta se p n id rsid ea nea eaf trait", chr, pos, b, s, p, n, "ieu-a-2", SNP, effect_allele, other_allele,
      eafs, "body", sep = ","
    )
  ))
}

write_gwas_text <- function(lines, ext = ".txt", folder = tempfile("gwas")) {
  dir.create(folder, showWarnings = FALSE)
  path <- file.path(folder, paste0("table", ext))
  writeLines(lines, path)
  path
}
