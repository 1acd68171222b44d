# Quality of imputation, told by the dosages themselves: the share of the variance of genotypes
# of that frequency that they have.

# Variance of genotypes in Hardy-Weinberg proportions, 2 p (1 - p) with p = mean / 2.
expected_variance <- function(counts) counts$mean * (1 - counts$mean / 2)

# R2 of each variant in each environment; NA where nobody is called or nothing varies.
imputation_info <- function(counts) {
  expected <- expected_variance(counts)
  info <- counts$ss / counts$called / expected
  info[!(counts$called > 0 & expected > 0)] <- NA
  info
}

# Over all environments, but within them: differences of frequency are no quality.
pooled_info <- function(counts) {
  expected <- rowSums(counts$called * expected_variance(counts))
  as.matrix(ifelse(expected > 0, rowSums(counts$ss) / expected, NA))
}

# Men count none or two copies of a variant on X: the measure is of women.
info_known <- function(variants, sex) {
  chr <- plain_chromosome(variants$chr)
  !(chr %in% "X") | (!is.null(sex) && all(sex %in% 2L))
}

# What a difference must exceed to be said: this much, and so many of its standard errors. That of R2 is
# about R2 sqrt((1 / v - 1) / n) for calls, v the expected variance: from the fourth moment of
# two draws.
quality_apart <- list(difference = .2, errors = 4)

warn_quality <- function(variants, counts, sex) {
  info <- imputation_info(counts)
  info[!info_known(variants, sex), ] <- NA
  error <- info * sqrt(pmax(1 / expected_variance(counts) - 1, 1) / counts$called)
  of <- function(i) c(which.max(info[i, ]), which.min(info[i, ]))
  apart <- vapply(which(rowSums(!is.na(info)) > 1), function(i) {
    at <- of(i)
    gap <- info[i, at[1]] - info[i, at[2]]
    if (gap > quality_apart$difference && gap > quality_apart$errors * sqrt(sum(error[i, at]^2))) i else NA_integer_
  }, 0L)
  apart <- apart[!is.na(apart)]
  if (!length(apart)) return(invisible())
  words <- vapply(apart, function(i) {
    at <- of(i)
    sprintf("\"%s\" %s in %s, %s in %s", variants$snp[i], format(info[i, at[1]], digits = 2), colnames(info)[at[1]],
            format(info[i, at[2]], digits = 2), colnames(info)[at[2]])
  }, "")
  warn(
    sprintf("The quality of imputation (R2) of %s differs between environments: %s.", plural(length(apart), "variant"),
            list_some(words, 3)),
    "latentmr_warning_imputation", variants = variants$snp[apart],
    hint = paste(
      "Such a variant is a weaker instrument in one environment for no reason of biology; variants(data, environments = TRUE)",
      "has all, and select_variants(data, info = 0.8) leaves out what is poor in any environment."
    )
  )
}
