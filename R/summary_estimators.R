# Summary-data estimators from per-variant associations (bx, sx) with the exposure
# and (by, sy) with the outcome. `rho` is the correlation of the variants or NULL
# for independent ones. Errors are first order (sx is used by the median's
# bootstrap only), as in the packages that users compare with.
#   gls: by ~ columns, covariance sy_i sy_j rho_ij; `q` = residual sum of squares

summary_gls <- function(columns, by, sy, rho = NULL) {
  columns <- as.matrix(columns)
  if (is.null(rho)) {
    a <- columns / sy
    y <- by / sy
  } else {
    root <- chol(rho * outer(sy, sy))
    a <- backsolve(root, columns, transpose = TRUE)
    y <- drop(backsolve(root, by, transpose = TRUE))
  }
  fit <- qr(a)
  df <- length(y) - ncol(a)
  if (fit$rank < ncol(a) || df < 0) return(NULL)
  b <- qr.coef(fit, y)
  q <- sum(qr.resid(fit, y)^2)
  list(b = unname(b), se = sqrt(diag(chol2inv(qr.R(fit)))), q = q, df = df, sigma = if (df > 0) sqrt(q / df) else NA_real_)
}

# Multiplicative random effects: errors grow with the residual error and never
# shrink below those of fixed effects.
random_factor <- function(fit) max(1, fit$sigma, na.rm = TRUE)

summary_ivw <- function(a, random = TRUE) {
  fit <- if (length(a$bx)) summary_gls(a$bx, a$by, a$sy, a$rho)
  if (is.null(fit)) return(summary_none("no variant is associated with the exposure"))
  list(
    b = fit$b, se = fit$se * if (random) random_factor(fit) else 1, nsnp = length(a$bx),
    q = q_row(fit), factor = if (random) random_factor(fit) else 1
  )
}

# Every variant is turned so that it raises the exposure: the intercept depends on
# it, and so does the sign of the correlations.
summary_egger <- function(a) {
  if (length(a$bx) < 3) return(summary_none("MR-Egger needs at least three variants"))
  sign <- ifelse(a$bx < 0, -1, 1)
  rho <- if (!is.null(a$rho)) a$rho * outer(sign, sign)
  fit <- summary_gls(cbind(1, a$bx * sign), a$by * sign, a$sy, rho)
  if (is.null(fit)) return(summary_none("the variants have one and the same association with the exposure"))
  se <- fit$se * random_factor(fit)
  list(
    b = fit$b[2], se = se[2], nsnp = length(a$bx), q = q_row(fit), factor = random_factor(fit),
    intercept = c(egger_intercept = fit$b[1], se = se[1], pval = normal_p(fit$b[1], se[1]))
  )
}

summary_median <- function(a, seed, draws = 1000L) {
  use <- a$bx != 0
  if (sum(use) < 3) return(summary_none("the weighted median needs at least three variants"))
  out <- .Call(
    C_ffi_weighted_median, a$bx[use], a$sx[use], a$by[use], a$sy[use], (a$bx[use] / a$sy[use])^2, draws, seed
  )
  list(b = out[1], se = out[2], nsnp = sum(use))
}

summary_none <- function(note) list(b = NA_real_, se = NA_real_, nsnp = 0, note = note)

q_row <- function(fit) {
  c(Q = fit$q, Q_df = fit$df, Q_pval = if (fit$df > 0) stats::pchisq(fit$q, fit$df, lower.tail = FALSE) else NA_real_)
}

normal_p <- function(b, se) 2 * stats::pnorm(-abs(b / se))

summary_names <- c(
  ivw_fixed = "Inverse variance weighted (fixed effects)", ivw = "Inverse variance weighted", egger = "MR Egger",
  weighted_median = "Weighted median"
)

summary_methods <- function() names(summary_names)

summary_method <- function(id, a, seed) {
  switch(id,
    ivw_fixed = summary_ivw(a, random = FALSE), ivw = summary_ivw(a), egger = summary_egger(a),
    weighted_median = summary_median(a, seed)
  )
}

# One of them as a row of the table of latent_mr().
summary_estimate <- function(id, block, context) {
  a <- variant_associations(variant_sums(block, context$view, context$encoder))
  fit <- summary_method(id, summary_input(a), context$encoder$seed)
  if (!is.null(fit$note)) return(empty_estimate(id, block, fit$note))
  vcov <- c(ivw_fixed = "fixed", ivw = "random", egger = "random", weighted_median = "bootstrap")[[id]]
  out <- finish_estimate(
    id, block, fit$b, fit$se, vcov, Inf, 1, context$level, fit[intersect(c("q", "intercept"), names(fit))]
  )
  out$nsnp <- fit$nsnp
  out
}
