# Intervals and p-values of the effects b with errors se: one law for both, t on df degrees of freedom.
interval <- function(b, se, df, level) {
  half <- stats::qt((1 + level) / 2, df) * se
  list(b = b, se = se, lo = b - half, up = b + half, pval = wald_p(b, se, df))
}

# What the errors called `vcov` allow for, in words.
error_in_words <- function(vcov) {
  words <- c(
    iid = "one variance of the residuals for everybody",
    HC0 = "robust to unequal variances of the residuals (White)",
    HC1 = "robust to unequal variances of the residuals, with the factor n / (n - k)",
    HC2 = "robust to unequal variances of the residuals, corrected for leverage",
    HC3 = "robust to unequal variances of the residuals, corrected for leverage as by the jackknife",
    cluster = "robust to dependence within clusters",
    CR2 = "robust to dependence within clusters, corrected for few of them (Bell and McCaffrey)",
    bekker = "one variance of the residuals for everybody, larger for many instruments (Bekker)",
    many = "larger for many instruments; from rows of people robust to unequal variances, and to clusters if any",
    jackknife = "from the estimates without each fold of people",
    reml = "from the likelihood, larger where UJIVE's robust error or Sargan's J asks for it",
    random = "larger where the variants' ratios disagree (multiplicative random effects)",
    fixed = "as if all variants' ratios were one (fixed effects)",
    bootstrap = "from redrawn associations of the variants"
  )
  unname(words[vcov])
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
