# Which columns of a table of associations hold what, known by the header alone. Names are
# compared in small letters, without a leading "#".

# What each program or consortium calls its columns, where the usual names below would be
# read wrongly or are not enough: `needs` in the header tell it. The first that fits is taken.
gwas_formats <- function() list(
  `GWAS-SSF` = list(
    needs = c("chromosome", "base_pair_location", "effect_allele", "other_allele"),
    SNP = c("hm_rsid", "rsid", "rs_id", "variant_id")
  ),
  SAIGE = list(
    needs = c("allele1", "allele2", "af_allele2"), SNP = c("markerid", "snpid", "rsid"), effect_allele = "allele2",
    other_allele = "allele1", eaf = "af_allele2", ncase = c("n_case", "n.cases"), ncontrol = c("n_ctrl", "n.controls"),
    binary = c("af_case", "af.cases", "n_case", "n.cases", "af_ctrl")
  ),
  `BOLT-LMM` = list(
    needs = c("allele1", "allele0", "bp", "a1freq"), effect_allele = "allele1", other_allele = "allele0", pos = "bp",
    pval = c("p_bolt_lmm", "p_bolt_lmm_inf", "p_linreg")
  ),
  REGENIE = list(
    needs = c("genpos", "allele0", "allele1", "a1freq"), effect_allele = "allele1", other_allele = "allele0",
    pos = "genpos", binary = c("n_cases", "a1freq_cases")
  ),
  `PLINK 2` = list(
    needs = c("id", "ref", "alt", "a1", "obs_ct"), effect_allele = "a1", other_allele = c("omitted", "ax"), SNP = "id",
    samplesize = "obs_ct", z = c("t_stat", "z_stat"), binary = c("or", "log(or)_se", "z_stat")
  ),
  `PLINK 1` = list(
    needs = c("snp", "a1", "test", "nmiss"), effect_allele = "a1", other_allele = "a2", samplesize = "nmiss",
    z = "stat", binary = "or"
  ),
  `PLINK 1` = list(
    needs = c("snp", "a1", "a2", "f_a", "f_u"), effect_allele = "a1", other_allele = "a2", binary = "or"
  ),
  `Pan-UKB` = list(needs = c("chr", "pos", "ref", "alt"), wide = "^beta_", effect_allele = "alt", other_allele = "ref"),
  FinnGen = list(
    needs = c("ref", "alt", "sebeta"), effect_allele = "alt", other_allele = "ref",
    eaf = c("af_alt", "af", "maf_alt"), binary = c("af_alt_cases", "num_cases")
  ),
  BBJ = list(
    needs = c("ref", "alt", "frq", "rsq"), effect_allele = "alt", other_allele = "ref", eaf = "frq",
    SNP = c("rsid", "snp")
  ),
  Neale = list(
    needs = c("variant", "minor_allele", "minor_af", "ytx"), samplesize = "n_complete_samples",
    low_confidence = "low_confidence_variant"
  ),
  METAL = list(
    needs = c("markername", "allele1", "allele2", "direction"), effect_allele = "allele1", other_allele = "allele2",
    samplesize = c("totalsamplesize", "n", "weight")
  ),
  METAL = list( # its scheme by sample sizes: these are the weights
    needs = c("markername", "allele1", "allele2", "weight", "zscore"), effect_allele = "allele1",
    other_allele = "allele2", samplesize = c("totalsamplesize", "n", "weight")
  )
)

# Beside these any table with the usual names.
gwas_names <- function() list(
  SNP = c(
    "hm_rsid", "rsid", "rsids", "rs_id", "rs_number", "rs", "snp", "snpid", "snp_id", "markername", "marker",
    "markerid", "marker_id", "id", "variant_id", "variant", "name"
  ),
  chr = c("hm_chrom", "chr", "chrom", "chromosome", "chr_name", "chr_id"),
  pos = c(
    "hm_pos", "pos", "bp", "base_pair_location", "position", "base_pair", "chr_position", "chr_pos", "bp_hg19",
    "pos_b37", "genpos", "basepair"
  ),
  ref = c("ref", "reference"), alt = c("alt", "alternate"),
  eaf = c(
    "hm_effect_allele_frequency", "effect_allele_frequency", "effect_allele_freq", "eaf", "a1freq", "a1_freq", "freq1",
    "freq", "freq_a1", "af1", "af_alt", "alt_af", "pooled_alt_af", "af", "freq.a1.1000g.eur", "freq.allele1.hapmapceu",
    "alt_freqs", "frq", "freq_tested_allele", "freq_tested_allele_in_hrs"
  ),
  minor_af = "minor_af", minor_allele = "minor_allele",
  beta = c("hm_beta", "beta", "effect", "b", "effect_size", "effectsize", "est", "estimate", "log_odds", "logor"),
  or = c("hm_odds_ratio", "odds_ratio", "or", "oddsratio"), hr = c("hazard_ratio", "hr"),
  se = c(
    "standard_error", "se", "stderr", "std_err", "sebeta", "log(or)_se", "se_beta", "se_dgc", "stderror",
    "standarderror"
  ),
  lower = c("hm_ci_lower", "ci_lower", "l95", "ci_lower95"), upper = c("hm_ci_upper", "ci_upper", "u95", "ci_upper95"),
  pval = c(
    "p_value", "pval", "p", "pvalue", "p-value", "p.value", "p_val", "p.val", "p_dgc", "gc_pvalue", "pval_nominal"
  ),
  log10p = c(
    "neg_log_10_p_value", "neglog10_pval", "mlogp", "mlog10p", "log10p", "log10_p", "neg_log10_p", "pvalue_neg_log10",
    "neglog10p", "lp"
  ),
  z = c("z", "zscore", "z_score", "z-score", "zstat", "tstat", "t_stat", "z_stat"),
  samplesize = c(
    "samplesize", "n", "n_total", "ntotal", "sample_size", "n_samples", "num_samples", "totaln", "neff", "ns"
  ),
  ncase = c("ncase", "n_cases", "n_case", "num_cases", "ncases", "cases", "n_cas"),
  ncontrol = c("ncontrol", "n_controls", "n_control", "n_ctrl", "num_controls", "ncontrols", "controls", "n_con"),
  test = "test", low_confidence = "low_confidence", trait = c("phenotype", "trait", "exposure", "outcome"),
  environment = c("environment", "ancestry", "population"), units = "units", scale = "scale", sd = "sd",
  ldscore = c("ldscore", "ld_score", "l2"), errcode = "errcode", mr_keep = "mr_keep"
)

# Pairs of names of the effect allele and the other one: never one of this and one of that.
gwas_allele_pairs <- list(
  c("hm_effect_allele", "hm_other_allele"), c("effect_allele", "other_allele"), c("effect_allele", "noneffect_allele"),
  c("effect_allele", "non_effect_allele"), c("effectallele", "otherallele"), c("effectallele", "noneffectallele"),
  c("ea", "nea"), c("ea", "oa"), c("ea", "non_ea"), c("tested_allele", "other_allele"),
  c("coded_allele", "noncoded_allele"),
  c("a1", "a2"), c("a1", "a0"), c("allele1", "allele2"), c("allele1", "allele0"), c("alt", "ref"),
  c("alternate", "reference")
)

plain_header <- function(names) lower(trimws(sub("^#+", "", names)))

# The fields that `columns =` may name, in the words of TwoSampleMR where it has one.
gwas_fields <- function() c(
  "SNP", "chr", "pos", "effect_allele", "other_allele", "eaf", "beta", "or", "hr", "se", "pval", "log10p", "z", "lower",
  "upper", "samplesize", "ncase", "ncontrol", "test", "trait", "environment", "units", "sd", "ldscore"
)

# list(format, at, binary): which column each field is in (positions, by field).
gwas_columns <- function(names, given, label) {
  small <- plain_header(names)
  for (role in c("exposure", "outcome")) {
    ours <- endsWith(small, paste0(".", role))
    if (any(ours)) small[ours] <- sub(sprintf("[.]%s$", role), "", small[ours])
  }
  formats <- gwas_formats()
  fits <- vapply(formats, function(f) {
    all(f$needs %in% small) && (is.null(f$wide) || any(grepl(f$wide, small)))
  }, NA)
  format <- if (any(fits)) formats[[which(fits)[1]]] else list()
  find <- function(candidates) {
    at <- match(candidates, small)
    at[!is.na(at)][1]
  }
  usual <- gwas_names()
  at <- vapply(names(usual), function(field) find(c(format[[field]], usual[[field]])), 1L)
  alleles <- c(effect_allele = find(format$effect_allele), other_allele = find(format$other_allele))
  if (is.null(format$effect_allele)) alleles[] <- allele_pair(small)
  at <- c(at, alleles)
  at <- at[!is.na(at)]
  at[names(given)] <- match(given, names)
  twice <- names[at][names[at] %in% names[duplicated(names)]]
  if (length(twice)) {
    field <- names(at)[match(twice[1], names[at])]
    abort_gwas(sprintf("%s has several columns \"%s\".", first_word(label), twice[1]), field)
  }
  list(
    format = if (any(fits)) names(formats)[which(fits)[1]] else "table", at = at,
    binary = any(format$binary %in% small), wide = format$wide
  )
}

# The first pair that is there; of an effect allele alone, that.
allele_pair <- function(small) {
  for (pair in gwas_allele_pairs) {
    at <- match(pair, small)
    if (!anyNA(at)) return(at)
  }
  alone <- match(unique(vapply(gwas_allele_pairs, `[`, "", 1)), small)
  c(alone[!is.na(alone)][1], NA_integer_)
}

# Names that the user gave for the fields.
check_gwas_columns <- function(columns, names, label) {
  if (is.null(columns)) return(character())
  fields <- gwas_fields()
  if (!is.character(columns) || anyNA(columns) || is.null(names(columns)) || anyDuplicated(names(columns))) {
    abort_argument(
      "columns", "a character vector named by fields, such as c(se = \"StdErr\")", describe(columns)
    )
  }
  unknown <- setdiff(names(columns), fields)
  if (length(unknown)) {
    abort_argument("columns", sprintf("named by %s", quote_all(fields, Inf)), sprintf("by \"%s\"", unknown[1]))
  }
  absent <- columns[!columns %in% names]
  if (length(absent)) {
    abort(
      sprintf("`columns`: %s has no column \"%s\".", label, absent[1]),
      c("latentmr_error_column", "latentmr_error_argument"), argument = "columns", columns = unname(absent),
      hint = near_names(absent[[1]], names)
    )
  }
  columns
}
