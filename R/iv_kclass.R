# k-class estimators and tests from cross products (src/core/iv/kclass.h). `m` is
# the list of kclass_moments(): r0 = [y X]'M_W[y X], r1 = [y X]'M_ZW[y X] (y
# first), k exposures X, n people, L = rank of the instruments given W, K = rank of W, and
# df = n - K - L.

kclass_moments <- function(r0, r1, n, L, K) {
  n <- as.double(n)
  L <- as.double(L)
  K <- as.double(K)
  list(
    r0 = unname(as.matrix(r0)), r1 = unname(as.matrix(r1)), k = ncol(as.matrix(r0)) - 1L, n = n, L = L, K = K,
    df = n - K - L
  )
}

# Of a latent_mr() fit, the cross products behind what it reports first: those of its latent block, or,
# with families, of siblings and parents, with random effects, of the rows made independent.
head_kclass <- function(fit) {
  own <- leading_diagnostics(fit)
  if (is.null(own)) fit$latent$kclass else own$kclass
}

# Of rows of their own, where these lead.
leading_diagnostics <- function(fit) {
  kind <- sub("_.*", "", fit$leading)
  if (kind %in% c("family", "mixed")) fit$diagnostics[[kind]]
}

# As the core takes them.
kclass_sizes <- function(m) c(m$n, m$L, m$K)

kclass_liml <- function(m) .Call(C_ffi_kclass_liml, m$r0, m$r1, kclass_sizes(m))

# Fuller's constant `a`: kappa of LIML minus a / (n - K - L).
kclass_fuller <- function(m, a = 1) kclass_liml(m) - a / m$df

# kappa: 0 OLS, 1 2SLS, kclass_liml(m) LIML, kclass_fuller(m) Fuller. Returns coefficients[k], vcov
# (classical, n - K - k degrees of freedom), s2, kappa, df.
kclass_fit <- function(m, kappa) {
  fit <- .Call(C_ffi_kclass_fit, m$r0, m$r1, kclass_sizes(m), as.double(kappa))
  c(fit, list(kappa = kappa, df = m$n - m$K - m$k))
}

# Bekker's covariance at LIML's coefficients.
kclass_bekker <- function(m, b) .Call(C_ffi_kclass_bekker, m$r0, m$r1, kclass_sizes(m), as.double(b))

# Nagar's estimator (Nagar 1959, Econometrica 27:575): the k-class at 1 + L / df. `h` is the
# matrix it inverts, not positive where the instruments explain less than chance would.
kclass_nagar <- function(m) {
  normal <- .Call(C_ffi_kclass_nagar, m$r0, m$r1, kclass_sizes(m))
  b <- drop(nagar_inverse(m, normal$h) %*% normal$g)
  list(coefficients = b, vcov = nagar_vcov(m, b, normal$h), h = normal$h)
}

# Its covariance at the coefficients b with many instruments, h^-1 S h^-1. The estimate solves X'A(y - X b) = 0
# with A = P - L / df M_ZW, so that S = see h + tr(A^2) (see Om_XX + s s'), where Om = r1 / df is the noise,
# see = v'Om v that of e = y - X b, s = Om_Xe, v = (1, -b) and tr(A^2) = L + L^2 / df: exact for normal noise of
# one variance, and for any when all people have the same leverage (Hahn and Hausman 2002, Econometrica 70:163;
# Chao et al. 2012, Econom Theory 28:42, where A has a zero diagonal).
nagar_vcov <- function(m, b, h = .Call(C_ffi_kclass_nagar, m$r0, m$r1, kclass_sizes(m))$h) {
  x <- 1L + seq_len(m$k)
  inverse <- nagar_inverse(m, h)
  noise <- m$r1 / m$df
  v <- c(1, -b)
  s <- (noise %*% v)[x]
  see <- drop(v %*% noise %*% v)
  inverse %*% (see * h + (m$L + m$L^2 / m$df) * (see * noise[x, x, drop = FALSE] + tcrossprod(s))) %*% inverse
}

nagar_inverse <- function(m, h) {
  unit <- sqrt(diag(m$r0)[-1])
  tryCatch(solve(h / outer(unit, unit), tol = 0), error = function(e) h * NaN) / outer(unit, unit)
}

# Homoskedastic tests at the coefficients b as a list of
# c(df1, df2, statistic, p-value) rows, in ivreg's layout, and Cragg-Donald.
kclass_tests <- function(m, b) {
  test <- .Call(C_ffi_kclass_test, m$r0, m$r1, kclass_sizes(m), as.double(b))
  over <- m$L - m$k
  list(
    partial_f = lapply(test$partial_f, f_row, m$L, m$df),
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
  ar_pieces(m, qf(level, m$L, m$df), level, j)
}

# All effects whose Anderson-Rubin F is at most `crit`.
ar_pieces <- function(m, crit, level, j = 1L) {
  set <- .Call(C_ffi_ar_set, m$r0, m$r1, kclass_sizes(m), as.double(crit), j - 1L)
  none <- length(set$lo) == 0
  data.frame(
    ci_type = c("empty", "interval", "rays", "line")[set$type + 1L],
    lo = if (none) NA_real_ else set$lo, up = if (none) NA_real_ else set$up, level = level
  )
}

# Anderson-Rubin test of the effects b: c(df1, df2, statistic, p-value).
kclass_ar_test <- function(m, b) {
  f <- .Call(C_ffi_ar_statistic, m$r0, m$r1, kclass_sizes(m), as.double(b))
  f_row(f, m$L, m$df)
}
