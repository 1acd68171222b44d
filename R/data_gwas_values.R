# From the columns of a table of associations to effects, errors and p-values on one scale.
# Every row left out, and every value changed, is counted by environment.

# A running account: the columns `x` (a list of equally long vectors), and the log.
gwas_drop <- function(g, bad, reason) {
  bad <- !is.na(bad) & bad
  here <- g$x$environment
  gone <- environment_counts(here[bad])
  g$log <- flow_add(g$log, "variants", reason, "removed", gone, environment_counts(if (any(bad)) here[!bad] else here))
  if (any(bad)) g$x <- lapply(g$x, function(v) if (is.null(v)) v else v[!bad])
  g
}

# As flow_counts(), for millions of rows.
environment_counts <- function(x) {
  found <- unique(x)
  n <- tabulate(match(x, found), length(found))
  c(stats::setNames(length(x), flow_all), stats::setNames(n, ifelse(is.na(found), flow_unknown, found)))
}

gwas_changed <- function(g, which, reason) {
  which <- !is.na(which) & which
  if (any(which)) g$log <- flow_add(g$log, "variants", reason, "changed", g$x$environment[which])
  g
}

# Numbers, whatever the cells came as; other text is an error that names column and cells.
gwas_number <- function(x, field, label) {
  if (is.null(x)) return(NULL)
  x <- plain_integers(x, field)
  if (is.factor(x)) x <- as.character(x)
  if (is.logical(x) && all(is.na(x))) x <- as.double(x)
  if (is.numeric(x)) return(as.double(x))
  if (is.character(x)) {
    found <- numbers_in_text(x)
    if (!is.null(found$values)) {
      if (found$comma) inform(sprintf("%s: decimal commas read in %s.", label, field), "latentmr_message_comma")
      return(found$values)
    }
    abort_gwas(
      sprintf("%s: the column %s holds %s.", label, field, quote_all(found$odd, 3)), field,
      odd_hint(found$odd, codes = FALSE)
    )
  }
  abort_gwas(sprintf("%s: the column %s is %s.", label, field, describe(x)), field)
}

abort_gwas <- function(message, field, hint = NULL) {
  abort(message, c("latentmr_error_gwas", "latentmr_error_argument"), argument = "file", field = field, hint = hint)
}

# Only the additive test: PLINK and REGENIE write one line for each test and covariate.
additive_only <- function(g) {
  if (is.null(g$x$test)) return(g)
  additive <- upper(g$x$test) %in% c("ADD", "ADD-WGR", "ADD-SPA", "ADD-FIRTH", NA)
  g <- gwas_drop(g, !additive, "another test than the additive one")
  g$x$test <- NULL
  g
}

# Rows that their program or TwoSampleMR marks as not to be used.
without_errors <- function(g) {
  if (!is.null(g$x$errcode)) {
    g <- gwas_drop(g, !g$x$errcode %in% c(".", NA), "with an error code of PLINK 2")
    g$x$errcode <- NULL
  }
  if (!is.null(g$x$mr_keep)) {
    g <- gwas_drop(g, upper(g$x$mr_keep) %in% c("FALSE", "F", "0"), "mr_keep is FALSE")
    g$x$mr_keep <- NULL
  }
  g
}

# f of a column with few different values.
of_unique <- function(x, f) {
  u <- unique(x)
  f(u)[match(x, u)]
}

usable_alleles <- function(g) {
  for (name in c("effect_allele", "other_allele")) if ("TRUE" %in% g$x[[name]]) {
    abort_gwas(
      sprintf("The column %s holds TRUE and FALSE, not alleles.", name), name,
      "A column of T alone is read as TRUE: give the path of the file, or read.csv(colClasses = \"character\")."
    )
  }
  clean <- function(x) of_unique(x, function(u) clean_allele(u, length(u)))
  given <- lapply(g$x[c("effect_allele", "other_allele")], as.character)
  g$x$effect_allele <- clean(g$x$effect_allele)
  g$x$other_allele <- clean(g$x$other_allele)
  bad <- is.na(g$x$effect_allele) | is.na(g$x$other_allele) | g$x$effect_allele == g$x$other_allele
  odd <- unique(c(given[[1]][is.na(g$x$effect_allele)], given[[2]][is.na(g$x$other_allele)]))
  g <- odd_alleles(g, odd[!is.na(odd) & nzchar(odd)], sum(bad))
  gwas_drop(g, bad, "alleles unknown, or not two of A, C, G, T strings, D, I")
}

# What stands where alleles should, in `rows` rows: said, and refused where it is all.
odd_alleles <- function(g, odd, rows) {
  if (!length(odd)) return(g)
  holds <- sprintf("%s, not A, C, G, T strings, D or I", quote_all(odd, 3))
  if (rows == length(g$x$SNP)) {
    codes <- all(odd %in% c("0", "1", "2", "3", "4"))
    abort_gwas(
      sprintf("The columns of alleles hold %s.", holds), "effect_allele",
      if (codes) {
        paste(
          "Give letters: codes 1 and 2 do not say which bases they are (the bim file of the study does; PLINK writes",
          "letters with --alleleACGT). Where 1 to 4 are A, C, G, T: chartr(\"1234\", \"ACGT\", allele)."
        )
      } else {
        "Name the columns of the alleles: columns = c(effect_allele = \"..\", other_allele = \"..\")."
      }
    )
  }
  g$said <- c(g$said, sprintf("%s left out: alleles %s", plural(rows, "row"), holds))
  g
}

# Effects as regression coefficients; ratios as their logarithms.
usable_effects <- function(g, label) {
  ratio <- if (!is.null(g$x$or)) "or" else if (!is.null(g$x$hr)) "hr"
  g$ratio <- is.null(g$x$beta) && !is.null(ratio)
  if (g$ratio) {
    value <- g$x[[ratio]]
    g <- gwas_drop(g, value <= 0, sprintf("%s ratio of 0 or less", if (ratio == "or") "an odds" else "a hazard"))
    g$x$beta <- log(g$x[[ratio]])
    g$scale <- if (ratio == "or") "log odds ratio" else "log hazard ratio"
  } else if (!is.null(g$x$beta)) {
    refuse_ratios(g$x$beta, label)
    if (!is.null(ratio)) g <- beside_ratios(g, ratio, label)
  }
  g$x$or <- g$x$hr <- NULL
  if (is.null(g$x$beta)) g <- effects_from_z(g)
  gwas_drop(g, !is.finite(g$x$beta), "no effect size")
}

# Effects and ratios in one table: of one sign, and on the scale of the ratios where they are their logarithms.
beside_ratios <- function(g, ratio, label) {
  log <- suppressWarnings(log(g$x[[ratio]]))
  known <- is.finite(log) & is.finite(g$x$beta)
  against <- known & sign(log) * sign(g$x$beta) < 0
  name <- if (ratio == "or") "odds" else "hazard"
  if (any(against)) {
    words <- sprintf(
      "%s: %s of %s effects have another sign than the logarithms of the %s ratios, such as %s", label,
      big(sum(against)), big(sum(known)), name, quote_all(g$x$SNP[against], 3)
    )
    hint <- sprintf("Which is of the effect allele? Name it: columns = c(beta = ) or c(%s = ).", ratio)
    if (mean(against[known]) > .5) abort_gwas(paste0(words, "."), "beta", hint)
    warn(paste0(words, ": the effects are taken."), "latentmr_warning_gwas", hint = hint)
  }
  near <- stats::median(abs(log - g$x$beta)[known]) <= .05 * stats::median(abs(g$x$beta[known]))
  if (is.null(g$scale) && isTRUE(near)) g$scale <- sprintf("log %s ratio", name)
  g
}

# Odds ratios under the name of beta: all positive, and around 1.
refuse_ratios <- function(beta, label) {
  beta <- beta[is.finite(beta)]
  if (length(beta) < 20 || any(beta <= 0) || abs(stats::median(beta) - 1) > .3) return(invisible())
  abort_gwas(
    sprintf("%s: all effects are positive, with a median of %s: they look like odds ratios.", label,
            format(stats::median(beta), digits = 3)),
    "beta", "If they are, say so: columns = c(or = \"<the column>\")."
  )
}

# z, frequency and sample size give the effect for a trait of variance 1 (Zhu and others 2016,
# Nat Genet 48:481): b = z / sqrt(2 f (1 - f) (n + z^2)).
effects_from_z <- function(g) {
  x <- g$x
  s <- 1 / sqrt(2 * x$eaf * (1 - x$eaf) * (x$samplesize + x$z^2))
  g$x$beta <- x$z * s
  g$x$se <- s
  g$units <- "SD"
  g$said <- c(g$said, "effects are from z, frequency and sample size, for a trait of variance 1")
  g
}

# Standard errors: given, else from the interval, the statistic or the p-value.
usable_errors <- function(g, label) {
  x <- g$x
  if (is.null(x$logp)) refuse_log_pvalues(x$pval, label)
  stat <- if (!is.null(x$z)) abs(x$z) else if (!is.null(x$pval)) gwas_z(x$pval, x$logp)
  if (is.null(x$se)) {
    g$x$se <- rep(NA_real_, length(x$beta))
  } else if (g$ratio && !is.null(stat)) {
    g <- errors_of_ratios(g, stat)
  }
  if (!is.null(x$lower) && !is.null(x$upper)) {
    width <- if (g$ratio) suppressWarnings(log(x$upper) - log(x$lower)) else x$upper - x$lower
    g <- fill_errors(g, width / (2 * stats::qnorm(.975)), "the 95 % intervals")
  }
  from <- if (is.null(x$z)) "the p-values" else "the test statistics"
  if (!is.null(stat)) g <- fill_errors(g, abs(x$beta) / stat, from)
  g$x$lower <- g$x$upper <- NULL
  bare <- if (is.null(x$pval)) FALSE else is.na(g$x$se) & x$pval %in% c(0, 1)
  if (any(bare)) g <- gwas_drop(g, bare, "no standard error, and none from a p-value of 0 or 1")
  gwas_drop(g, !is.finite(g$x$se) | g$x$se <= 0, "no standard error above 0")
}

# -log10(p) under the name of p: many above 1, none below 0.
refuse_log_pvalues <- function(pval, label) {
  pval <- pval[is.finite(pval)]
  above <- sum(pval > 1)
  if (above < 3 || above < .05 * length(pval) || any(pval < 0)) return(invisible())
  abort_gwas(
    sprintf(
      "%s: %s of %s p-values are above 1, up to %s.", label, big(above), big(length(pval)),
      format(max(pval), digits = 3)
    ),
    "pval", "If they are -log10(p), say so: columns = c(log10p = \"<the column>\")."
  )
}

fill_errors <- function(g, se, from) {
  new <- is.na(g$x$se) & is.finite(se) & se > 0
  if (!any(new)) return(g)
  g$x$se[new] <- se[new]
  g$said <- c(g$said, sprintf("%s from %s", plural(sum(new), "standard error"), from))
  g
}

# Beside an odds ratio stands the error of its logarithm, or (some tables) of itself: the one
# that fits the statistic.
errors_of_ratios <- function(g, stat) {
  off <- function(se) {
    ratio <- abs(g$x$beta) / se / stat
    stats::median(abs(log(ratio[is.finite(ratio) & ratio > 0 & stat > .5])))
  }
  own <- off(g$x$se)
  delta <- off(g$x$se / exp(g$x$beta))
  if (is.na(own) || own < .02 || delta > own / 3) return(g)
  g$x$se <- g$x$se / exp(g$x$beta)
  g$said <- c(g$said, "standard errors were of the odds ratios and are of their logarithms now")
  g
}

# |z| of a two-sided p-value, also of one too small for a number (`logp`: natural logarithm).
gwas_z <- function(p, logp = NULL) {
  if (is.null(logp)) logp <- suppressWarnings(log(p))
  out <- suppressWarnings(-stats::qnorm(logp - log(2), log.p = TRUE))
  out[is.infinite(out)] <- NA
  out
}

smallest_p <- .Machine$double.xmin

# p-values; those that are missing, or 0 because no number is that small, from beta and se.
usable_pvalues <- function(g, label) {
  x <- g$x
  own <- pmax(2 * stats::pnorm(-abs(x$beta / x$se)), smallest_p)
  if (is.null(x$pval)) {
    g$x$pval <- own
    g$said <- c(g$said, "p-values are from beta and se")
    return(g)
  }
  zero <- !is.na(x$pval) & x$pval < smallest_p
  outside <- !is.na(x$pval) & (x$pval < 0 | x$pval > 1)
  warn_pvalues(x$beta / x$se, x$pval, label)
  g <- gwas_changed(g, zero, "p-value of 0 taken from beta and se")
  g <- gwas_changed(g, outside & !zero, "p-value outside [0, 1] taken from beta and se")
  new <- is.na(x$pval) | zero | outside
  g$x$pval[new] <- own[new]
  g$x$logp <- NULL
  g
}

# Where they do not belong to beta / se something was read wrongly: the scale, or a column.
warn_pvalues <- function(z, p, label) {
  use <- which(is.finite(z) & p > 1e-300 & p < .3)
  if (length(use) < 5) return(invisible())
  off <- stats::median(abs(z[use])) / stats::median(gwas_z(p[use]))
  if (off > .7 && off < 1.4) return(invisible())
  warn(
    sprintf("%s: beta / se is %s times what the p-values say (median).", label, format(off, digits = 2)),
    "latentmr_warning_gwas", ratio = off,
    hint = "Is the effect on another scale than its error, or the p-value of another test? See `columns`."
  )
}

usable_frequencies <- function(g, label) {
  f <- g$x$eaf
  if (all(is.na(f))) return(g)
  outside <- !is.na(f) & (f < 0 | f > 1)
  if (mean(outside[!is.na(f)]) > .5 && max(f, na.rm = TRUE) <= 100) {
    abort_gwas(sprintf("%s: frequencies go up to %s: they look like percentages.", label, format(max(f, na.rm = TRUE))),
               "eaf", "Divide them by 100.")
  }
  if (any(outside)) {
    warn(sprintf("%s: %s of the effect allele outside [0, 1] set to missing.", label, frequencies(sum(outside))),
         "latentmr_warning_gwas")
  }
  g <- gwas_changed(g, outside, "frequency outside [0, 1] set to missing")
  g$x$eaf[outside] <- NA
  g
}

# A column `sd` is that of the counted alleles, which are 0 to 2.
allele_sd <- function(g) {
  if (is.null(g$x$sd)) return(g)
  # It goes with Hardy and Weinberg's where frequencies differ; one number for all is that of a trait.
  hardy <- log(2 * g$x$eaf * (1 - g$x$eaf)) / 2
  use <- is.finite(hardy) & g$x$sd %in% g$x$sd[g$x$sd > 0]
  differ <- sum(use) >= 5 && stats::sd(hardy[use]) > .1
  near <- !differ || isTRUE(suppressWarnings(stats::cor(hardy[use], log(g$x$sd[use]))) > .5)
  fits <- near && all(g$x$sd > 0 & g$x$sd < 1.001, na.rm = TRUE)
  if (!fits) g$x$sd <- NULL
  g$said <- c(g$said, if (fits) {
    "`sd` is taken as the standard deviation of the counted alleles"
  } else {
    "the column `sd` is not that of counted alleles and left out"
  })
  g
}

frequencies <- function(n) if (n == 1) "1 frequency" else paste(big(n), "frequencies")

# One row for each variant, environment and trait. Several alternative alleles under one name
# get them into their names, as in read_plink().
distinct_variants <- function(g, label) {
  if (!anyDuplicated(g$x$SNP)) {
    return(gwas_drop(g, logical(length(g$x$SNP)), "repeated: the first is kept"))
  }
  pair <- paste(pmin(g$x$effect_allele, g$x$other_allele), pmax(g$x$effect_allele, g$x$other_allele))
  group <- paste(g$x$environment, g$x$trait, sep = "\r")
  key <- paste(group, g$x$SNP, pair, sep = "\r")
  again <- duplicated(key)
  if (any(again)) {
    first <- match(key[again], key)
    swapped <- g$x$effect_allele[again] != g$x$effect_allele[first]
    other <- abs(g$x$beta[again] - ifelse(swapped, -1, 1) * g$x$beta[first]) > 1e-6 * abs(g$x$beta[first])
    if (any(other)) {
      warn(sprintf("%s: %s more than once with other effects, such as %s; the first is kept.", label,
                   if (sum(other) == 1) "1 variant stands there" else paste(big(sum(other)), "variants stand there"),
                   quote_all(unique(g$x$SNP[again][other]), 3)), "latentmr_warning_gwas")
    }
  }
  g <- gwas_drop(g, again, "repeated: the first is kept")
  key <- paste(g$x$environment, g$x$trait, g$x$SNP, sep = "\r")
  several <- g$x$SNP %in% g$x$SNP[duplicated(key)]
  if (!any(several)) return(g)
  names <- unique(g$x$SNP[several])
  g$x$SNP[several] <- paste(g$x$SNP[several], g$x$other_allele[several], g$x$effect_allele[several], sep = ":")
  g$said <- c(g$said, sprintf(
    "%s of several alleles: these are in the names now (%s), and tables are joined by name and alleles",
    plural(length(names), "variant"), quote_all(unique(g$x$SNP[several]), 2)
  ))
  gwas_changed(g, several, "several alleles under one name: named with them")
}
