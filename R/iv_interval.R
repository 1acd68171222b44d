# Intervals and p-values of the effects b with errors se: one law for both, t on df degrees of freedom.
interval <- function(b, se, df, level) {
  half <- stats::qt((1 + level) / 2, df) * se
  list(b = b, se = se, lo = b - half, up = b + half, pval = wald_p(b, se, df))
}

# What the errors named in the column `vcov` are.
error_in_words <- function(types) {
  words <- c(
    iid = "classical", HC0 = "robust to heteroskedasticity", HC1 = "robust to heteroskedasticity",
    HC2 = "robust to heteroskedasticity", HC3 = "robust to heteroskedasticity", cluster = "robust, by cluster",
    CR2 = "robust, by cluster", bekker = "for many instruments of equal variances",
    many = "for many instruments, from rows of people robust to heteroskedasticity",
    jackknife = "jackknife over folds of people",
    learned = "widened by what the learning of the instruments adds to 2SLS in the jackknife",
    reml = "of restricted maximum likelihood",
    likelihood = "of maximum likelihood", random = "random effects over variants", fixed = "of variants that agree",
    bootstrap = "bootstrap over variants"
  )
  unname(ifelse(types %in% names(words), words[types], types))
}

# Delete-one-group jackknife from the estimates without each of g groups:
# se^2 = (g - 1) / g sum (b_{-f} - mean)^2 on g - 1 degrees of freedom (Wolter 2007,
# Introduction to Variance Estimation, chapter 4).
jackknife_error <- function(without) {
  g <- length(without)
  list(se = sqrt((g - 1) / g * sum((without - mean(without))^2)), df = g - 1)
}

# Two-sided, of no effect.
wald_p <- function(b, se = 1, df = Inf) 2 * stats::pt(-abs(b / se), df)

# The error of which a normal law has the same 95 % interval, for tests that compare many estimates.
normal_se <- function(se, df) se * stats::qt(.975, df) / stats::qnorm(.975)
