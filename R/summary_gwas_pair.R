# Two frames of read_gwas(), of exposure and outcome: matched, harmonised, handed over, and the
# estimators of summary-data Mendelian randomization on them.

check_no_frame <- function(outcome) {
  if (is.null(outcome)) return(invisible())
  abort_argument("outcome", "NULL where the first argument is a fit, which has its outcome", describe(outcome))
}

# The pairs of environments: a list of two frames each, named.
gwas_pairs <- function(exposure, outcome, args = c("fit", "outcome")) {
  check_gwas(exposure, args[1])
  if (is.null(outcome)) abort_argument(args[2], "a frame of read_gwas() of the outcome", "NULL")
  check_gwas(outcome, args[2])
  for (k in 1:2) {
    traits <- unique(list(exposure, outcome)[[k]]$trait)
    if (length(traits) > 1) abort_argument(args[k], "of one trait", sprintf("of %s", quote_all(traits)))
  }
  environments <- lapply(list(exposure, outcome), function(x) unique(x$environment))
  if (all(lengths(environments) == 1)) {
    name <- environments[[1]]
    if (is.na(name)) name <- environments[[2]]
    if (is.na(name)) name <- "all"
    return(stats::setNames(list(list(exposure, outcome)), name))
  }
  both <- intersect(environments[[1]], environments[[2]])
  both <- both[!is.na(both)]
  if (!length(both)) {
    abort_argument(args[2], sprintf("of environments of the exposure (%s)", quote_all(environments[[1]])),
                   sprintf("of %s", quote_all(environments[[2]])))
  }
  warn_one_sided(environments, both, args)
  lapply(stats::setNames(nm = both), function(e) {
    lapply(list(exposure, outcome), function(x) x[x$environment %in% e, , drop = FALSE])
  })
}

warn_one_sided <- function(environments, both, args) {
  alone <- lapply(environments, setdiff, c(both, NA))
  if (!any(lengths(alone))) return(invisible())
  words <- sprintf("%s (`%s`)", vapply(alone, quote_all, ""), args)[lengths(alone) > 0]
  warn(
    sprintf("Environments of one table only are left out: %s.", paste(words, collapse = ", ")),
    "latentmr_warning_environment", environment = unlist(alone), hint = "Tables are matched by `environment`."
  )
}

# harmonised_pair() of every environment, with a word on what is lost.
harmonised_pairs <- function(exposure, outcome, action, args = c("fit", "outcome")) {
  pairs <- gwas_pairs(exposure, outcome, args)
  for (pair in pairs) check_other_table(pair[[1]], pair[[2]], args[2])
  h <- lapply(pairs, function(pair) harmonised_pair(pair[[1]], pair[[2]], action))
  words <- unlist(lapply(names(h), function(e) pair_words(h[[e]], e)))
  if (length(words)) inform(paste(words, collapse = "\n"), "latentmr_message_variants")
  for (e in names(h)) {
    told <- !h[[e]]$palindromic & !h[[e]]$remove
    warn_mirrored(h[[e]]$x$eaf[told], h[[e]]$y$eaf[told], h[[e]]$x$trait[1], h[[e]]$y$trait[1], e)
  }
  h
}

pair_words <- function(h, environment) {
  lost <- c(
    "not in the outcome's table" = h$lost, "with other alleles" = sum(h$remove),
    "palindromic, not kept" = sum(!h$keep & !h$remove)
  )
  lost <- lost[lost > 0]
  if (!length(lost)) return(NULL)
  sprintf(
    "%s: %s of %s variants of \"%s\" are used (%s).", environment, big(sum(h$keep)), big(h$all), h$x$trait[1],
    paste(big_each(lost), names(lost), collapse = ", ")
  )
}

# Frequencies of one population that are those of the other allele, of many variants.
warn_mirrored <- function(first, second, of, name, environment) {
  clear <- which(abs(first - .5) > .1 & is.finite(second))
  mirrored <- sum(abs(second - (1 - first))[clear] < .1)
  if (mirrored < 3 || mirrored < .2 * length(clear)) return(invisible())
  warn(
    sprintf(
      "`eaf` of \"%s\" in %s is near one minus that of \"%s\" for %s of %s variants.", name, quote_all(environment), of,
      big(mirrored), big(length(clear))
    ),
    "latentmr_warning_gwas", trait = name, environment = environment,
    hint = "Is it the frequency of the effect allele, and not of the other or the minor allele?"
  )
}

# x, y: rows of both frames, the outcome's effect and frequency turned; remove, palindromic,
# ambiguous, keep, counts. `action`: what palindromic variants are taken for.
harmonised_pair <- function(exposure, outcome, action) {
  x_all <- as.data.frame(exposure)
  y_all <- as.data.frame(outcome)
  key <- join_keys(list(x_all, y_all))
  at <- match(key[[1]], key[[2]])
  x <- x_all[!is.na(at), , drop = FALSE]
  y <- y_all[at[!is.na(at)], , drop = FALSE]
  if (!nrow(x)) {
    abort(
      sprintf(
        "Exposure and outcome have no variant in common: %s; %s.", quote_all(x_all$SNP, 3), quote_all(y_all$SNP, 3)
      ),
      c("latentmr_error_variants", "latentmr_error_argument"), argument = "outcome",
      hint = "They are matched by SNP: read both with the same kind of names."
    )
  }
  status <- allele_status(y$effect_allele, y$other_allele, x$effect_allele, x$other_allele)
  palindromic <- palindromic_alleles(x$effect_allele, x$other_allele)
  same <- pmin(x$effect_allele, x$other_allele) == pmin(y$effect_allele, y$other_allele) &
    pmax(x$effect_allele, x$other_allele) == pmax(y$effect_allele, y$other_allele)
  remove <- ifelse(palindromic | status == "palindromic", !same, status == "other alleles")
  middle <- function(f) is.na(f) | (f > ambiguous_frequency[1] & f < ambiguous_frequency[2])
  ambiguous <- palindromic & !remove & (middle(x$eaf) | middle(y$eaf))
  label <- ifelse(y$effect_allele == x$effect_allele, 1, -1)
  sign <- unname(allele_sign[status])
  by_side <- ifelse((x$eaf < .5) == (y$eaf < .5), 1, -1)
  sign[palindromic] <- if (action == 2) ifelse(ambiguous, label, by_side)[palindromic] else label[palindromic]
  sign[remove] <- 1
  y$beta <- y$beta * sign
  y$eaf <- ifelse(sign < 0, 1 - y$eaf, y$eaf)
  list(
    x = x, y = y, remove = remove, palindromic = palindromic, ambiguous = ambiguous,
    keep = !remove & !switch(action, FALSE, ambiguous, palindromic), switched = sum(sign < 0),
    flipped = sum(startsWith(status, "other strand")), lost = sum(is.na(at)), all = nrow(x_all)
  )
}

gwas_id <- function(x, environment, several) {
  if (several) sprintf("%s (%s)", x$trait, environment) else x$trait
}

gwas_twosample <- function(x, units, outcome, type, action) {
  check_choice(type, "type", c("exposure", "outcome"))
  check_number(action, "action", 1, 3, whole = TRUE)
  if (!is.null(units)) {
    abort_argument("units", "NULL for frames of read_gwas(), which have their own", describe(units))
  }
  if (is.null(outcome)) return(gwas_side(check_gwas(x, "fit"), type))
  harmonised_frames(harmonised_pairs(x, outcome, action), action)
}

# Of all environments, one below the other.
harmonised_frames <- function(h, action) {
  parts <- lapply(names(h), function(e) harmonised_frame(h[[e]], e, length(h) > 1, action))
  columns <- Reduce(union, lapply(parts, names))
  filled <- lapply(parts, function(p) {
    p[setdiff(columns, names(p))] <- NA
    p[columns]
  })
  out <- do.call(rbind, filled)
  rownames(out) <- NULL
  attr(out, "log") <- do.call(rbind, lapply(parts, attr, "log"))
  out
}

# The frame of format_data().
gwas_side <- function(x, type) {
  x <- as.data.frame(x)
  id <- gwas_id(x, x$environment, length(unique(x$environment)) > 1)
  front <- x[c("beta", "se", "effect_allele", "other_allele", "eaf")]
  columns <- twosample_columns(c(as.list(front), gwas_rest(x), list(id = id)), type, x$trait)
  last <- paste0("id.", type)
  cbind(
    data.frame(SNP = clean_snp(x$SNP), stringsAsFactors = FALSE), columns[setdiff(names(columns), last)], columns[last]
  )
}

gwas_rest <- function(x) as.list(x[c("pval", "samplesize", "ncase", "ncontrol", "chr", "pos", "units")])

harmonised_frame <- function(h, environment, several, action) {
  side <- function(x, type) {
    twosample_columns(
      c(list(se = x$se), gwas_rest(x), list(id = gwas_id(x, environment, several))), type, x$trait
    )
  }
  outcome <- side(h$y, "outcome")
  exposure <- side(h$x, "exposure")
  id <- match("id.outcome", names(outcome))
  out <- data.frame(
    SNP = clean_snp(h$x$SNP),
    effect_allele.exposure = h$x$effect_allele, other_allele.exposure = h$x$other_allele,
    effect_allele.outcome = ifelse(h$remove, h$y$effect_allele, h$x$effect_allele),
    other_allele.outcome = ifelse(h$remove, h$y$other_allele, h$x$other_allele),
    beta.exposure = h$x$beta, beta.outcome = h$y$beta, eaf.exposure = h$x$eaf, eaf.outcome = h$y$eaf,
    remove = h$remove, palindromic = h$palindromic, ambiguous = h$ambiguous,
    outcome[c(id, seq_along(outcome)[-id])], exposure,
    action = action, SNP_index = 1L, mr_keep = h$keep, stringsAsFactors = FALSE
  )
  attr(out, "log") <- data.frame(
    id.exposure = exposure$id.exposure[1], id.outcome = outcome$id.outcome[1], alleles = "2-2",
    switched_alleles = h$switched, flipped_alleles_basic = h$flipped, flipped_alleles_palindrome = 0,
    incompatible_alleles = sum(h$remove), ambiguous_alleles = sum(h$ambiguous), candidate_variants = h$all,
    variants_absent_from_reference = h$lost, total_variants = nrow(out), total_variants_for_mr = sum(h$keep),
    proxy_variants = 0
  )
  out
}

# What the estimators take of a pair, with the correlation of the variants.
pair_input <- function(h, correlation) {
  x <- h$x[h$keep, , drop = FALSE]
  y <- h$y[h$keep, , drop = FALSE]
  list(
    index = seq_len(nrow(x)), bx = x$beta, sx = x$se, by = y$beta, sy = y$se, snp = x$SNP,
    rho = variant_correlation(correlation, x$SNP)
  )
}

variant_correlation <- function(correlation, snp) {
  if (is.null(correlation) || isFALSE(correlation)) return(NULL)
  must <- "NULL, or a correlation matrix with the names of the variants as its row and column names"
  good <- is.matrix(correlation) && is.numeric(correlation) && nrow(correlation) == ncol(correlation) &&
    !is.null(rownames(correlation)) && identical(rownames(correlation), colnames(correlation))
  if (!good) abort_argument("correlation", must, describe(correlation))
  absent <- setdiff(snp, rownames(correlation))
  if (length(absent)) abort_argument("correlation", must, sprintf("one without %s", quote_all(absent, 3)))
  rho <- unname(correlation[snp, snp, drop = FALSE])
  if (!all(is.finite(rho)) || max(abs(rho - t(rho))) > 1e-8 || max(abs(diag(rho) - 1)) > 1e-8 ||
        is.null(or_else(chol(rho), NULL))) {
    abort_argument("correlation", "symmetric and positive definite, with ones on its diagonal", "another matrix")
  }
  rho
}

gwas_mrinput <- function(exposure, outcome, correlation, action) {
  check_number(action, "action", 1, 3, whole = TRUE)
  pairs <- gwas_pairs(exposure, outcome)
  if (length(pairs) > 1) {
    abort_argument(
      "fit", "of one environment", sprintf("of %s", quote_all(names(pairs))),
      "Give one of them: subset(frame, environment == \"EUR\")."
    )
  }
  make <- suggested("MendelianRandomization", "mr_input")
  h <- harmonised_pairs(exposure, outcome, action)[[1]]
  a <- pair_input(h, correlation)
  x <- h$x[h$keep, ]
  arguments <- list(
    bx = a$bx, bxse = a$sx, by = a$by, byse = a$sy, exposure = x$trait[1], outcome = h$y$trait[1], snps = a$snp,
    effect_allele = x$effect_allele, other_allele = x$other_allele, eaf = x$eaf
  )
  if (!is.null(a$rho)) arguments$correlation <- a$rho
  do.call(make, arguments)
}

#' Mendelian randomization from two tables of associations
#'
#' Inverse-variance weighting, MR-Egger and the weighted median on frames of [read_gwas()], to stand beside
#' [mr_moments_from_summary()] with [latent_mr()]. They take every variant as a valid instrument (or their direct
#' effects as balanced, or half of the weight as valid) and know nothing of structure.
#'
#' @inheritSection as_twosample Tables of associations
#' @param exposure,outcome Frames of [read_gwas()], of one trait each.
#' @param methods Among `"ivw"` (multiplicative random effects), `"ivw_fixed"`, `"egger"`, `"weighted_median"`.
#' @param correlation Correlations of the variants, a matrix with their names, signs for the exposure's effect
#'   alleles; `NULL`: independent variants. The weighted median does not use it.
#' @param action See [as_twosample()].
#' @param level Confidence level.
#' @param seed Seed of the bootstrap errors of the weighted median; `NULL` draws one.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame with a row for each environment and method: TwoSampleMR's `id.exposure`, `id.outcome`,
#'   `outcome`, `exposure`, `method`, `nsnp`, `b`, `se`, `pval`, then `lo_ci`, `up_ci`, `environment`, `scale` (of the
#'   outcome), `Q`, `Q_df`, `Q_pval`, `egger_intercept`, `egger_se`, `egger_pval` in the rows of MR-Egger, and `note` (why
#'   there is no estimate). Variants that are not used are counted in a message, environments of one table only in a
#'   warning. P-values and intervals are normal. `attr(, "harmonised")` is the frame of [as_twosample()]. Its print is a page,
#'   `as.data.frame()` has every column, [plot()][plot.summary_mr] draws variants and slopes, [report()] writes a page of all; any part is a plain data frame.
#' @section Errors: `latentmr_error_argument` and `latentmr_error_variants` for frames that do not fit together.
#' @references See the column `reference` of [mr_methods()].
#' @examples
#' lipids <- system.file("extdata", "lipids.tsv", package = "LatentMR")
#' ldl <- read_gwas(lipids, trait = "LDL cholesterol", columns = c(beta = "ldl_beta", se = "ldl_se"))
#' chd <- read_gwas(lipids, trait = "coronary disease", columns = c(beta = "chd_beta", se = "chd_se"),
#'                  scale = "log odds ratio")
#' summary_mr(ldl, chd, action = 1, seed = 1)[c("method", "nsnp", "b", "se", "pval")]
#' @export
summary_mr <- function(exposure, outcome, methods = c("ivw", "egger", "weighted_median"), correlation = NULL,
                       action = 2, level = .95, seed = NULL, ...) {
  check_dots(...)
  check_given()
  check_strings(methods, "methods")
  for (method in methods) check_choice(method, "methods", summary_methods())
  check_number(action, "action", 1, 3, whole = TRUE)
  check_number(level, "level", 0, 1, open = TRUE)
  check_idle("correlation", all(methods == "weighted_median"), "the other `methods`")
  asked <- match.call()
  asked$seed <- seed <- draw_seed(seed)
  pairs <- harmonised_pairs(exposure, outcome, action, c("exposure", "outcome"))
  several <- length(pairs) > 1
  rows <- lapply(names(pairs), function(e) {
    h <- pairs[[e]]
    a <- pair_input(h, correlation)
    fits <- lapply(methods, summary_method, a, seed)
    base <- data.frame(
      id.exposure = gwas_id(h$x[1, ], e, several), id.outcome = gwas_id(h$y[1, ], e, several), outcome = h$y$trait[1],
      exposure = h$x$trait[1], method = summary_names(methods), stringsAsFactors = FALSE
    )
    cbind(base, summary_rows(fits, level), environment = e, scale = h$y$scale[1], summary_extras(fits))
  })
  out <- do.call(rbind, rows)
  attr(out, "harmonised") <- harmonised_frames(pairs, action)
  attr(out, "level") <- level
  attr(out, "call") <- asked
  out <- folded_table(out)
  class(out) <- c("summary_mr", class(out))
  out
}

summary_rows <- function(fits, level) {
  b <- vapply(fits, `[[`, 0, "b")
  se <- vapply(fits, `[[`, 0, "se")
  half <- stats::qnorm((1 + level) / 2) * se
  data.frame(
    nsnp = vapply(fits, function(f) as.double(f$nsnp), 0), b = b, se = se, pval = wald_p(b, se), lo_ci = b - half,
    up_ci = b + half
  )
}

summary_extras <- function(fits) {
  part <- function(name) {
    t(vapply(fits, function(f) if (is.null(f[[name]])) rep(NA_real_, 3) else unname(f[[name]]), numeric(3)))
  }
  q <- part("q")
  intercept <- part("intercept")
  data.frame(
    Q = q[, 1], Q_df = q[, 2], Q_pval = q[, 3], egger_intercept = intercept[, 1], egger_se = intercept[, 2],
    egger_pval = intercept[, 3],
    note = vapply(fits, function(f) if (is.null(f$note)) NA_character_ else f$note, "")
  )
}
