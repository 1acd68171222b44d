# Filters of variants by what is known of them: calls, frequencies, Hardy-Weinberg proportions,
# alleles and places.

#' Leave out variants of poor quality or in difficult regions
#'
#' The usual filters of variants, one after the other in the order of the arguments. What is `NULL` is not asked for.
#' Every rule is a row of [flow()], with the number it removed.
#'
#' With several environments a variant must be good in each: call rates and Hardy-Weinberg tests are taken within
#' environments, since over all of them together the test rejects whatever differs in frequency. The
#' frequency is that over everybody (`maf`) or the lowest of any environment (`maf_within`). A variant without
#' calls in an
#' environment has call rate 0 there, and no test.
#'
#' Regions are those of long-range linkage disequilibrium and the major histocompatibility complex. Components of
#' ancestry that are computed from background variants should not see them (`of = "background"`); as
#' instruments their variants are pleiotropic and linked over megabases. [ld_regions()] has the places.
#'
#' @param data An object of [mr_data()] or [read_mr_data()].
#' @param call_rate Lowest share of people with a call, in every environment.
#' @param maf,maf_within Lowest frequency of the rarer allele, over everybody and in every environment.
#' @param hwe Lowest p-value of the exact test of Hardy-Weinberg proportions, in every environment; on X of women
#'   (see [variants()]). For genotypes only.
#' @param palindromic Largest frequency of the rarer allele, over everybody and in any environment, with which
#'   palindromic variants (A/T, C/G) stay: their strand is told by the frequency alone. 0: all of them go.
#'   TwoSampleMR's
#'   rule is .42.
#' @param regions `"long_range"`, `"hla"`, or both; or a data frame with columns `chr`, `start`, `end` (base pairs,
#'   ends
#'   included).
#' @param build 37 or 38: the genome build of the positions in `data`, for regions by name.
#' @param info Lowest quality of imputation, R2, in every environment (see [variants()]). For dosages only.
#' @param of `"instruments"` or `"background"`.
#' @param ... Nothing: an argument without a use is an error.
#' @return The `mr_data` object without these variants; `summary()` names those removed.
#' @section Errors: `latentmr_error_argument`: an argument is not as described, or asks for what `data` do not have
#'   (frequencies of continuous instruments, tests of dosages, alleles, positions); `latentmr_error_empty`: no
#'   variant is
#'   left.
#' @references Anderson et al. (2010), Nature Protocols 5:1564. Wigginton, Cutler and Abecasis (2005), Am J Hum
#'   Genet 76:887.
#' @examples
#' panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
#' people <- samples(read_plink(panel))
#' set.seed(1)
#' pheno <- data.frame(IID = people$iid, ldl = rnorm(nrow(people)), sbp = rnorm(nrow(people)), pop = people$fid)
#' data <- read_mr_data(panel, pheno, "ldl", "sbp", "pop")
#' good <- select_variants(data, call_rate = 0.95, maf = 0.05, palindromic = 0.42)
#' flow(good)[flow(good)$unit == "variants" & flow(good)$environment == "(all)", c("reason", "count", "remaining")]
#' @export
select_variants <- function(data, call_rate = NULL, maf = NULL, maf_within = NULL, hwe = NULL, palindromic = NULL,
                            regions = NULL, build = NULL, info = NULL, of = "instruments", ...) {
  check_dots(...)
  check_given("data")
  if (!inherits(data, "mr_data")) {
    abort_argument("data", "an mr_data object", describe(data), "Make one with mr_data() or read_mr_data().")
  }
  check_made(data)
  check_choice(of, "of", c("instruments", "background"))
  check_number(call_rate, "call_rate", 0, 1, null = TRUE)
  check_number(maf, "maf", 0, .5, null = TRUE)
  check_number(maf_within, "maf_within", 0, .5, null = TRUE)
  check_number(hwe, "hwe", 0, 1, null = TRUE)
  check_number(palindromic, "palindromic", 0, .5, null = TRUE)
  check_number(info, "info", 0, 1, null = TRUE)
  table <- region_table(regions, build)
  frequency <- !is.null(maf) || !is.null(maf_within) || !is.null(palindromic)
  panel <- filter_panel(data, of, !is.null(hwe), frequency, !is.null(info))
  filters <- list(call_rate, maf, maf_within, hwe, palindromic, regions, info)
  if (all(vapply(filters, is.null, NA))) {
    inform("No filter was given: all variants stay.", "latentmr_message_variants")
  }
  bad <- list()
  for (rule in list(
    call_rate_rule(panel, call_rate), maf_rule(panel, maf), maf_within_rule(panel, maf_within), hwe_rule(panel, hwe),
    palindromic_rule(panel, palindromic), region_rule(panel, table), info_rule(panel, info)
  )) bad[names(rule)] <- rule
  without_bad(data, of, bad, panel$variants$snp)
}

# ---- what is known of the variants ----

# variants, counts by environment, size of the environments, and HWE counts.
filter_panel <- function(data, of, tested, frequency, imputed = FALSE) {
  if (of == "background" && is.null(data$background)) {
    abort_argument("of", "\"instruments\" where data have no background", "\"background\"")
  }
  kind <- data$kind
  if (of == "instruments") {
    variants <- data$variants
    counts <- mr_counts(data)
    genotypes <- data$genotypes
  } else {
    genotypes <- data$background
    variants <- genotypes$variants
    kind <- if (has_dosages(data)) "dosage" else "genotype"
    rows <- seq_along(data$environment)
    counts <- name_scan(scan(genotypes, rows, data$environment), data$environment)
  }
  if (kind == "continuous" && (tested || frequency)) {
    abort_argument("data", "genotypes or dosages, for rules about frequencies", "continuous instruments")
  }
  if (kind != "genotype" && tested) {
    abort_argument("hwe", "NULL for dosages", "given", "The test is of counts of genotypes.")
  }
  if (kind != "dosage" && imputed) {
    abort_argument("info", "NULL without dosages", "given", "It is the quality of imputation that dosages have.")
  }
  of_hwe <- list(genotypes = genotypes, variants = variants, sex = data$sex, environment = data$environment)
  list(
    variants = variants, counts = counts, size = tabulate(data$environment, nlevels(data$environment)),
    hwe = if (tested) hwe_counts(of_hwe, counts), sex = data$sex
  )
}

has_dosages <- function(data) {
  background <- data$background
  !hard_calls(background) && any(scan(background, seq_along(data$environment), data$environment)$odd > 0)
}

row_least <- function(x) do.call(pmin, c(asplit(x, 2), na.rm = TRUE))

# Frequencies of the rarer allele, NA where nobody is called.
rarer <- function(counts) {
  eaf <- ifelse(counts$called > 0, counts$mean / 2, NA)
  pmin(eaf, 1 - eaf)
}

# ---- the rules: which variants are bad, named by the reason ----

one_rule <- function(reason, bad) stats::setNames(list(unname(bad %in% TRUE)), reason)

call_rate_rule <- function(panel, least) {
  if (is.null(least)) return(NULL)
  rate <- row_least(sweep(panel$counts$called, 2, panel$size, "/"))
  one_rule(sprintf("call rate below %s in an environment", format(least)), rate < least)
}

maf_rule <- function(panel, least) {
  if (is.null(least)) return(NULL)
  one_rule(sprintf("frequency below %s", format(least)), rarer(pool_counts(panel$counts))[, 1] < least)
}

maf_within_rule <- function(panel, least) {
  if (is.null(least)) return(NULL)
  one_rule(sprintf("frequency below %s in an environment", format(least)), row_least(rarer(panel$counts)) < least)
}

hwe_rule <- function(panel, least) {
  if (is.null(least)) return(NULL)
  n <- panel$hwe
  p <- .Call(C_ffi_hwe, as.vector(n$n0), as.vector(n$n1), as.vector(n$n2))
  p <- matrix(p, nrow(panel$variants))
  one_rule(sprintf("Hardy-Weinberg p below %s in an environment", format(least)), row_least(p) < least)
}

palindromic_rule <- function(panel, most) {
  if (is.null(most)) return(NULL)
  pair <- paste0(panel$variants$effect_allele, panel$variants$other_allele)
  if (nrow(panel$variants) && all(is.na(panel$variants$effect_allele) | is.na(panel$variants$other_allele))) {
    abort_argument("palindromic", "NULL for variants without alleles", format(most), "Give alleles in `variants`.")
  }
  highest <- -row_least(-cbind(rarer(panel$counts), rarer(pool_counts(panel$counts))))
  words <- if (most > 0) sprintf("palindromic, frequency above %s", format(most)) else "palindromic"
  one_rule(words, upper(pair) %in% c("AT", "TA", "CG", "GC") & (most == 0 | highest > most))
}

region_rule <- function(panel, table) {
  if (is.null(table)) return(NULL)
  chr <- plain_chromosome(panel$variants$chr)
  pos <- as.double(panel$variants$pos)
  known <- !is.na(chr) & (pos > 0) %in% TRUE
  if (!length(known) || !any(known)) {
    abort_argument("regions", "NULL for variants without chromosome and position", "given")
  }
  if (!all(known)) {
    inform(
      sprintf("%s without a place stay: no region is known of them.", plural(sum(!known), "variant")),
      "latentmr_message_regions"
    )
  }
  inside <- function(rows) {
    Reduce(`|`, lapply(rows, function(i) chr == table$chr[i] & pos >= table$start[i] & pos <= table$end[i]))
  }
  lapply(split(seq_len(nrow(table)), factor(table$words, unique(table$words))), function(rows) inside(rows) & known)
}

info_rule <- function(panel, least) {
  if (is.null(least)) return(NULL)
  info <- imputation_info(panel$counts)
  info[!info_known(panel$variants, panel$sex), ] <- NA
  one_rule(sprintf("imputation R2 below %s in an environment", format(least)), row_least(info) < least)
}

# ---- what is left ----

without_bad <- function(data, of, bad, snp) {
  unit <- c(instruments = "variants", background = "background variants")[[of]]
  log <- data$flow
  last <- log$action == "analysed" & log$unit == unit
  log <- log[!last, , drop = FALSE]
  left <- seq_along(snp)
  removed <- list()
  for (reason in names(bad)) {
    gone <- left[bad[[reason]][left] %in% TRUE]
    left <- setdiff(left, gone)
    removed[[reason]] <- data.frame(snp = snp[gone], reason = rep(reason, length(gone)))
    log <- flow_add(log, unit, reason, "removed", length(gone), length(left))
  }
  if (!length(left)) abort_no_variant(log, unit)
  data$flow <- flow_add(log, unit, "analysed", "analysed", length(left), length(left))
  if (of == "background") return(keep_background(data, left))
  data <- keep_instruments(data, left)
  data$removed_variants <- rbind(data$removed_variants, do.call(rbind, unname(removed)))
  if (!is.null(data$made)) data$made <- c(data$made, "# then without some variants, select_variants(): see flow()")
  data
}

keep_background <- function(data, left) {
  table <- data$background$variants
  data$background <- pick(data$background, NULL, left)
  data$background$variants <- `rownames<-`(table[left, , drop = FALSE], NULL)
  data
}

# The people are the same: so are the counts.
keep_instruments <- function(data, left) {
  whole <- if (!is.null(data$truth)) lengths(data$truth) == nrow(data$variants)
  data$genotypes <- pick(data$genotypes, NULL, left)
  data$variants <- `rownames<-`(data$variants[left, , drop = FALSE], NULL)
  if (!is.null(data$counts)) data$counts <- scan_pick(data$counts, left)
  if (!is.null(data$block)) data$block <- droplevels(data$block[left])
  if (!is.null(data$parents)) data$parents <- pick_parents(data$parents, cols = left)
  if (!is.null(data$truth)) data$truth[whole] <- lapply(data$truth[whole], `[`, left)
  flagged <- data$flagged_variants
  if (!is.null(flagged)) data$flagged_variants <- flagged[flagged$snp %in% data$variants$snp, , drop = FALSE]
  data
}
