# Covariances and tests of a fitted IV model, from one pass over the rows.

iv_vcov_types <- c("iid", "HC0", "HC1", "HC2", "HC3", "cluster", "CR2", "bekker", "many")

# Runs the pass. `est` from iv_estimate(); `f` the factor it came from. `tests`
# asks for the sums behind the robust tests, `all` for that over every moment;
# `combine` (k x k) replaces X by X combine in the sums of the first stage.
iv_scores <- function(f, est, robust = FALSE, tests = FALSE, power = 0L, cluster = NULL, leverage = FALSE,
                      all = FALSE, combine = NULL, first = tests, trace = TRUE) {
  pass <- function(by) iv_scores_pass(f, est, robust, tests, power, by, leverage, all, combine, first, trace)
  if (is.null(cluster$ways)) return(pass(cluster))
  passes <- lapply(cluster$ways, pass)
  out <- passes[[1]]
  for (sum in c("coef", "first", "over", "all", "wu")) {
    out[[sum]] <- Reduce(`+`, Map(function(way, one) way$sign * one[[sum]], cluster$ways, passes))
  }
  out
}

iv_scores_pass <- function(f, est, robust, tests, power, cluster, leverage, all, combine, first, trace) {
  parts <- iv_parts(f)
  k <- f$k
  options <- list(
    shift = est$shift, robust = as.integer(robust), tests = as.integer(tests && k > 0 && f$L > 0),
    all = as.integer(all), power = as.integer(power), combine = combine,
    cluster = if (length(cluster)) cluster$index, clusters = as.integer(cluster$count),
    leverage = as.integer(leverage), first = as.integer(first), trace = as.integer(trace),
    inv_tilde = solve0(parts$h + est$shift^2 * parts$v)
  )
  if (tests && k > 0 && f$L > 0) {
    o <- parts$h + parts$v
    # A combination of X may be exogenous: then what is left of X loses rank.
    left <- qr(f$r[f$X, f$X, drop = FALSE], tol = f$tol)
    parts$own <- sort(left$pivot[seq_len(left$rank)])
    options$inv_hat <- solve0(parts$h)
    options$inv_left <- 0 * parts$v
    options$inv_left[parts$own, parts$own] <- solve0(parts$v[parts$own, parts$own, drop = FALSE])
    options$wu_b <- solve0(o) %*% parts$h
    options$wu_hat <- qr.coef(qr(f$r[f$Z, f$X, drop = FALSE]), f$r[f$Z, f$Y])
    options$wu_left <- qr.coef(left, f$r[f$X, f$Y])
    options$wu_left[is.na(options$wu_left)] <- 0
  }
  out <- .Call(C_ffi_iv_scores, f$rows, f$r, as.double(c(est$gamma, est$beta)), options, cpu_level())
  c(out, list(parts = parts, options = options))
}

# h = X^'M_W X^, v = X'M_ZW X.
iv_parts <- function(f) {
  list(
    h = crossprod(f$r[f$Z, f$X, drop = FALSE]), v = crossprod(f$r[f$X, f$X, drop = FALSE])
  )
}

# Small-sample factors: HC1 n / (n - m); clusters G / (G - 1) (n - 1) / (n - m),
# as Stata, fixest and sandwich::vcovCL(type = "HC1"). The regressions of the tests
# have the latter beside CR2 too.
small_sample <- function(type, n, m, clusters) {
  switch(type, HC1 = n / (n - m), cluster = , CR2 = clusters / (clusters - 1) * (n - 1) / (n - m), 1)
}

type_power <- function(type) switch(type, HC2 = 1L, HC3 = 2L, 0L)

# From type and cluster: residuals, covariance of (W, X), robust tests.
# `fit` has f (the instruments' factor), f2 (the factor the estimate is from: the
# same, or that of UJIVE's instrument), est.
iv_infer <- function(fit, type, cluster = NULL) {
  if (fit$estimator == "gmm") return(gmm_infer(fit, type, cluster))
  f2 <- fit$f2
  est <- fit$est
  robust <- !(type %in% c("iid", "bekker"))
  by <- if (type %in% c("cluster", "CR2") || (type == "many" && length(cluster))) cluster
  same <- is.null(fit$instrument)
  tests <- fit$estimator != "ols"
  scored <- est
  if (identical(fit$meat, "projected")) scored$shift <- 0
  s2 <- iv_scores(f2, scored, robust, tests = robust && same && tests, power = type_power(type), cluster = by)
  s1 <- if (same) s2 else iv_scores(fit$f, est, robust, tests = robust, power = type_power(type), cluster = by)
  m <- f2$K + f2$k
  df <- f2$n - m
  x <- f2$K + seq_len(f2$k)
  reduced <- NULL
  if (type == "iid") {
    vcov <- est$rss / df * fit$unscaled
  } else if (type == "CR2") {
    if (!is.null(fit$meat)) abort_argument("vcov", "another than \"CR2\" with meat = \"projected\"", "\"CR2\"")
    reduced <- iv_bias_reduced(f2, est, cluster)
    vcov <- reduced$vcov
  } else if (type == "bekker") {
    vcov <- iv_bekker(f2, est)
  } else {
    middle <- s2$coef * small_sample(type, f2$n, m, cluster$count)
    if (type == "many" && f2$k > 0) middle[x, x] <- middle[x, x] + ujive_pairs(fit, est)
    vcov <- iv_sandwich(f2, est$hinv, middle)
  }
  if (any(!is.finite(vcov))) {
    abort(
      sprintf("The \"%s\" covariance does not exist: a row has leverage one.", type),
      "latentmr_error_leverage", hint = "HC0, HC1 and \"iid\" exist; or drop the column that this row alone identifies."
    )
  }
  vcov <- (vcov + t(vcov)) / 2
  list(
    vcov = if (is.null(cluster$ways)) vcov else positive_part(vcov), df = reduced$df, residuals = s2$residuals,
    diagnostics = if (tests && fit$f$L > 0) iv_diagnostics(fit, s1, type, by),
    strength = if (fit$f$k > 0 && fit$f$L > 0) iv_strength(fit, s1, type, by)
  )
}

# CR2 and Satterthwaite's degrees of freedom (src/core/iv/iv_cr2.h), in engine order (W, X).
iv_bias_reduced <- function(f, est, cluster) {
  check_one_way(cluster, "vcov = \"CR2\"")
  m <- f$K + f$k
  x <- f$K + seq_len(f$k)
  parts <- iv_parts(f)
  half <- block <- diag(m)
  half[x, x] <- if (f$k > 0) chol(parts$h + est$shift^2 * parts$v)
  block[x, x] <- est$hinv
  to_basis <- iv_back(f) %*% block %*% t(half)
  options <- c(list(
    shift = est$shift, inv_half = if (f$k > 0) backsolve(half[x, x, drop = FALSE], diag(f$k)) else numeric(),
    contrast = t(to_basis)
  ), cluster_order(cluster))
  out <- .Call(C_ffi_iv_cr2, f$rows, f$r, as.double(c(est$gamma, est$beta)), options, cpu_level())
  list(vcov = to_basis %*% out$middle %*% t(to_basis), df = out$df)
}

# With clusters in several ways the difference of sums need not be a covariance: negative
# eigenvalues become zero (Cameron, Gelbach and Miller 2011), and that is said.
positive_part <- function(v) {
  e <- eigen(v, symmetric = TRUE)
  if (all(e$values >= -1e-12 * max(e$values))) return(v)
  warn(
    "The covariance clustered in several ways is not positive semi-definite: its negative eigenvalues were set to zero.",
    "latentmr_warning_vcov", hint = "Few clusters in one of the ways do this; compare with each way alone."
  )
  tcrossprod(e$vectors %*% diag(sqrt(pmax(e$values, 0)), length(e$values)))
}

# The pair sums of the many-instrument variance, in the coordinates of x~.
ujive_pairs <- function(fit, est) {
  f2 <- fit$f2
  theta <- backsolve(f2$r[f2$Z, f2$Z, drop = FALSE], f2$r[f2$Z, f2$X, drop = FALSE])
  pairs <- .Call(
    C_ffi_ujive_pairs, fit$f$rows, fit$f$r, as.double(c(est$gamma, est$beta)), NULL,
    fit$groups$order, fit$groups$start, cpu_level()
  )
  t(theta) %*% pairs %*% theta
}

# s2 (W block) and Bekker's covariance of the effects, in orthogonal coordinates.
iv_bekker <- function(f, est) {
  m <- factor_moments(f)
  back <- iv_back(f)
  block <- diag(f$K + f$k)
  x <- f$K + seq_len(f$k)
  block <- block * est$rss / (f$n - f$K - f$k)
  block[x, x] <- kclass_bekker(m, est$beta)
  back %*% block %*% t(back)
}

# The matrix of ivreg: weak instruments per endogenous variable, Wu-Hausman,
# Sargan; with a robust covariance the first two are robust Wald tests and
# Hansen's J is added. Clustered tests have G - 1 degrees of freedom, as Stata's.
iv_diagnostics <- function(fit, s, type, cluster) {
  f <- fit$f
  tests <- kclass_tests(factor_moments(f), fit$est$beta)
  robust <- !(type %in% c("iid", "bekker"))
  weak <- tests$partial_f
  wu <- tests$wu_hausman
  if (robust) {
    df2 <- if (length(cluster)) cluster$count - 1 else f$n - f$K - f$L
    weak <- lapply(seq_len(f$k), function(j) f_row(robust_first(f, s, j, type, cluster), f$L, df2))
    wu <- robust_wu(f, s, type, cluster)
  }
  names <- f$rows$names$x[f$rows$keep_x]
  names(weak) <- if (f$k > 1) sprintf("Weak instruments (%s)", names) else "Weak instruments"
  out <- do.call(rbind, c(weak, list("Wu-Hausman" = wu, Sargan = tests$sargan)))
  if (robust) out <- rbind(out, "Hansen J" = hansen(f, s))
  out
}

robust_first <- function(f, s, j, type, cluster) {
  quadratic(first_stage_meat(f, s, j, type, cluster), f$r[f$Z, f$X[j]]) / f$L
}

# Covariance of the scores of the first stage of variable j.
first_stage_meat <- function(f, s, j, type, cluster) {
  small_sample(if (type == "many") "HC0" else type, f$n, f$K + f$L, cluster$count) * matrix(s$first[, , j], f$L)
}

effective_f <- function(f, s, type, cluster) sum(f$r[f$Z, f$X]^2) / sum(diag(first_stage_meat(f, s, 1, type, cluster)))

# The scores r of X^ given (W, X): r'y = V o^-1 X^'y - H o^-1 V'y.
robust_wu <- function(f, s, type, cluster) {
  own <- s$parts$own
  m <- length(own)
  df2 <- f$n - f$K - f$k - m
  if (m == 0 || df2 <= 0) return(f_row(NA_real_, m, df2))
  if (length(cluster)) df2 <- cluster$count - 1
  adjust <- small_sample(if (type == "many") "HC0" else type, f$n, f$K + f$k + m, cluster$count)
  h <- s$parts$h
  v <- s$parts$v
  o <- solve0(h + v)
  ry <- v %*% o %*% crossprod(f$r[f$Z, f$X, drop = FALSE], f$r[f$Z, f$Y]) -
    h %*% o %*% crossprod(f$r[f$X, f$X, drop = FALSE], f$r[f$X, f$Y])
  f_row(quadratic(adjust * s$wu[own, own, drop = FALSE], ry[own]) / m, m, df2)
}

# b'A^-1 b, NA when A is singular (fewer clusters than restrictions).
quadratic <- function(a, b) {
  scale <- sqrt(pmax(diag(a), 0))
  if (anyNA(scale) || any(scale == 0)) return(NA_real_)
  a <- a / outer(scale, scale)
  half <- or_else(chol(a), NULL)
  if (is.null(half) || min(diag(half)) < 1e-7) return(NA_real_)
  sum(backsolve(half, b / scale, transpose = TRUE)^2)
}

# Smallest value of (g_y - g_x b)'S^-1(g_y - g_x b), S from the residuals of the fit.
hansen <- function(f, s) {
  over <- f$L - f$k
  if (over <= 0) return(chisq_row(NA, 0))
  chisq_row(least_moments(s$over, f$r[f$Z, c(f$X, f$Y), drop = FALSE]), over)
}

# min over b of (g_y - g_x b)'S^-1(g_y - g_x b), g = (g_x, g_y); NA when S is singular.
least_moments <- function(s, g) {
  scale <- sqrt(pmax(diag(s), 0))
  if (anyNA(scale) || any(scale == 0)) return(NA_real_)
  half <- .Call(C_ffi_unit_factor, s, 1 / scale, 1e-14)
  if (is.null(half)) return(NA_real_)
  white <- backsolve(half, g / scale, transpose = TRUE)
  y <- ncol(g)
  sum(qr.resid(qr(white[, -y, drop = FALSE]), white[, y])^2)
}

# First-stage strength: partial F (homoskedastic), robust F (of the covariance),
# effective F (Montiel Olea and Pflueger 2013; one endogenous variable; with the
# small-sample factor of the covariance, so that with one instrument it is the robust F), and
# Cragg-Donald.
iv_strength <- function(fit, s, type, cluster) {
  f <- fit$f
  names <- f$rows$names$x[f$rows$keep_x]
  tests <- kclass_tests(factor_moments(f), fit$est$beta)
  robust <- !(type %in% c("iid", "bekker")) && fit$estimator != "ols"
  list(
    partial_f = setNames(vapply(tests$partial_f, `[[`, 0, "statistic"), names),
    robust_f = if (robust) setNames(vapply(seq_len(f$k), function(j) robust_first(f, s, j, type, cluster), 0), names),
    effective_f = if (f$k > 1) {
      NA_real_
    } else if (robust) {
      effective_f(f, s, type, cluster)
    } else {
      sum(f$r[f$Z, f$X]^2) / s$trace[[1]]
    },
    cragg_donald = tests$cragg_donald, basmann = tests$basmann,
    df = c(L = f$L, residual = f$n - f$K - f$L)
  )
}
