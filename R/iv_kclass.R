# k-class estimators and tests from cross products (src/core/iv/kclass.h). `m` is
# the list of kclass_moments(): r0 = [y X]'M_W[y X], r1 = [y X]'M_ZW[y X] (y
# first), n people, L = rank of the instruments given W, K = rank of W.

kclass_moments <- function(r0, r1, n, L, K) {
  list(
    r0 = unname(as.matrix(r0)), r1 = unname(as.matrix(r1)),
    sizes = c(as.double(n), as.double(L), as.double(K)), k = ncol(as.matrix(r0)) - 1L
  )
}

kclass_liml <- function(m) .Call(C_ffi_kclass_liml, m$r0, m$r1, m$sizes)

# Fuller's constant `a`: kappa of LIML minus a / (n - K - L).
kclass_fuller <- function(m, a = 1) kclass_liml(m) - a / (m$sizes[1] - m$sizes[3] - m$sizes[2])

# kappa: 0 OLS, 1 2SLS, kclass_liml(m) LIML, kclass_fuller(m) Fuller. Returns coefficients[k], vcov
# (classical, n - K - k degrees of freedom), s2, kappa, df.
kclass_fit <- function(m, kappa) {
  fit <- .Call(C_ffi_kclass_fit, m$r0, m$r1, m$sizes, as.double(kappa))
  c(fit, list(kappa = kappa, df = m$sizes[1] - m$sizes[3] - m$k))
}

# Bekker's covariance at LIML's coefficients.
kclass_bekker <- function(m, b) .Call(C_ffi_kclass_bekker, m$r0, m$r1, m$sizes, as.double(b))

# Homoskedastic tests at the coefficients b as a list of
# c(df1, df2, statistic, p-value) rows, in ivreg's layout, and Cragg-Donald.
kclass_tests <- function(m, b) {
  test <- .Call(C_ffi_kclass_test, m$r0, m$r1, m$sizes, as.double(b))
  n <- m$sizes[1]
  L <- m$sizes[2]
  K <- m$sizes[3]
  over <- L - m$k
  list(
    partial_f = lapply(test$partial_f, f_row, L, n - K - L),
    wu_hausman = f_row(test$wu_hausman, test$wu_df[1], test$wu_df[2]),
    sargan = chisq_row(test$sargan, over), basmann = chisq_row(test$basmann, over),
    cragg_donald = test$cragg_donald
  )
}

f_row <- function(statistic, df1, df2) {
  if (is.nan(statistic)) statistic <- NA_real_
  c(df1 = df1, df2 = df2, statistic = statistic, "p-value" = pf(statistic, df1, df2, lower.tail = FALSE))
}

chisq_row <- function(statistic, df) {
  if (df <= 0) return(c(df1 = 0, df2 = NA, statistic = NA, "p-value" = NA))
  c(df1 = df, df2 = NA, statistic = statistic, "p-value" = pchisq(statistic, df, lower.tail = FALSE))
}

# Anderson-Rubin set of endogenous variable `j`: one row per piece.
kclass_ar_set <- function(m, level = 0.95, j = 1L) {
  ar_pieces(m, qf(level, m$sizes[2], m$sizes[1] - m$sizes[3] - m$sizes[2]), level, j)
}

# All effects whose Anderson-Rubin F is at most `crit`.
ar_pieces <- function(m, crit, level, j = 1L) {
  set <- .Call(C_ffi_ar_set, m$r0, m$r1, m$sizes, as.double(crit), j - 1L)
  none <- length(set$lo) == 0
  data.frame(
    ci_type = c("empty", "interval", "rays", "line")[set$type + 1L],
    lo = if (none) NA_real_ else set$lo, up = if (none) NA_real_ else set$up, level = level
  )
}

# Anderson-Rubin test of the effects b: c(df1, df2, statistic, p-value).
kclass_ar_test <- function(m, b) {
  f <- .Call(C_ffi_ar_statistic, m$r0, m$r1, m$sizes, as.double(b))
  f_row(f, m$sizes[2], m$sizes[1] - m$sizes[3] - m$sizes[2])
}
