empty_estimate <- function(id, block, note) {
  list(
    id = id, b = NA_real_, se = NA_real_, lo = NA_real_, up = NA_real_, pval = NA_real_,
    vcov = NA_character_, fstat = NA_real_, fstat_type = NA_character_,
    nsnp = block$scores$n_kept, nobs = block$n, note = note
  )
}

# b -/+ t_df se factor; the column `se` is the half width over 1.96, so that the
# usual b -/+ 1.96 se gives the interval; `se_plain` is without the factor.
finish_estimate <- function(id, block, b, se, vcov, df, factor, level, details = list()) {
  if (!is.finite(b) || !is.finite(se)) return(empty_estimate(id, block, "its variance is not positive: too few people or clusters"))
  a <- 1 - level
  half <- stats::qt(1 - a / 2, df) * se * factor
  se_shown <- stats::qt(.975, df) * se * factor / stats::qnorm(.975)
  f <- block_f(block)
  c(
    list(
      id = id, b = b, se = se_shown, lo = b - half, up = b + half,
      pval = 2 * stats::pnorm(-abs(b / se_shown)), vcov = vcov,
      fstat = if (id == "ols") NA_real_ else f, fstat_type = if (id == "ols") NA_character_ else "partial",
      nsnp = block$scores$n_kept, nobs = block$n, se_plain = se, factor = factor, df = df
    ),
    details
  )
}

block_f <- function(block) {
  m <- block$kclass
  L <- m$sizes[2]
  free <- m$sizes[1] - m$sizes[3] - L
  ((m$r0[2, 2] - m$r1[2, 2]) / L) / (m$r1[2, 2] / free)
}
