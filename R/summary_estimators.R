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
  list(
    b = unname(b), se = sqrt(diag(chol2inv(qr.R(fit)))), q = q, df = df, sigma = if (df > 0) sqrt(q / df) else NA_real_
  )
}

# Multiplicative random effects: errors grow with the residual error and never
# shrink below those of fixed effects.
random_factor <- function(fit) max(1, fit$sigma, na.rm = TRUE)

# Of several exposures (bx a column for each) all at once (Burgess and Thompson 2015, Am J
# Epidemiol 181:251).
summary_ivw <- function(a, random = TRUE) {
  if (!NROW(a$bx)) return(summary_none("no variant is associated with the exposure"))
  fit <- summary_gls(a$bx, a$by, a$sy, a$rho)
  if (is.null(fit)) {
    return(
      summary_none(
        if (NCOL(a$bx) > 1) {
          "the variants do not tell the exposures apart"
        } else {
          "no variant is associated with the exposure"
        }
      )
    )
  }
  list(
    b = fit$b, se = fit$se * if (random) random_factor(fit) else 1, nsnp = NROW(a$bx),
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
    intercept = c(egger_intercept = fit$b[1], se = se[1], pval = wald_p(fit$b[1], se[1]))
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


# id -> name, reference, the most exposures, name of the error, fit(associations, seed).
summary_estimators <- function() {
  list(
    ivw = list(
      name = "Inverse variance weighted", reference = "Burgess et al. 2013, Genet Epidemiol 37:658; random effects",
      exposures = Inf, error = "random", fit = function(a, seed) summary_ivw(a)
    ),
    ivw_fixed = list(
      name = "Inverse variance weighted (fixed effects)", reference = "Burgess et al. 2013, Genet Epidemiol 37:658",
      exposures = Inf, error = "fixed", fit = function(a, seed) summary_ivw(a, random = FALSE)
    ),
    egger = list(
      name = "MR Egger", reference = "Bowden et al. 2015, Int J Epidemiol 44:512", exposures = 1, error = "random",
      fit = function(a, seed) summary_egger(a)
    ),
    weighted_median = list(
      name = "Weighted median", reference = "Bowden et al. 2016, Genet Epidemiol 40:304", exposures = 1,
      error = "bootstrap",
      fit = function(a, seed) summary_median(a, seed)
    )
  )
}

summary_methods <- function() names(summary_estimators())

summary_names <- function(ids) vapply(summary_estimators()[ids], `[[`, "", "name", USE.NAMES = FALSE)

summary_method <- function(id, a, seed) summary_estimators()[[id]]$fit(a, seed)

# As estimators of latent_mr(), on the variants after the fit's own block.
summary_effects <- function(id) function(block, context) {
  a <- variant_associations(variant_sums(block, context$view, context$encoder))
  fit <- summary_method(id, summary_input(a), context$encoder$seed)
  if (!is.null(fit$note)) return(fit["note"])
  c(
    list(b = fit$b, covariance = fit$se, vcov = summary_estimators()[[id]]$error, nsnp = fit$nsnp),
    fit[intersect(c("q", "intercept"), names(fit))]
  )
}

summary_errors <- function(effects, block, context) list(se = effects$covariance, vcov = effects$vcov)
