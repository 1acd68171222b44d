# Interval and p-value of the effects b, from the half width at any level. The error
# shown is the half width at 95 % over 1.96, so that the usual b -/+ 1.96 se gives the
# interval, whatever its law.
interval <- function(b, half, level) {
  se <- half(.95) / stats::qnorm(.975)
  h <- half(level)
  list(b = b, se = se, lo = b - h, up = b + h, pval = normal_p(b, se))
}

# Half width t_df se factor.
t_half <- function(se, df = Inf, factor = 1) function(level) stats::qt(1 - (1 - level) / 2, df) * se * factor

# Delete-one-group jackknife from the estimates without each of g groups:
# se^2 = (g - 1) / g sum (b_{-f} - mean)^2 on g - 1 degrees of freedom (Wolter 2007,
# Introduction to Variance Estimation, chapter 4).
jackknife_error <- function(without) {
  g <- length(without)
  list(se = sqrt((g - 1) / g * sum((without - mean(without))^2)), df = g - 1)
}

# Two-sided, of no effect.
normal_p <- function(b, se = 1) 2 * stats::pnorm(-abs(b / se))
