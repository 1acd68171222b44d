# Log risk ratios and log odds ratios of 0/1 outcomes among the rows of
# latent_mr(): the same block and instruments as the other latent estimators.

binary_effects <- function(estimator) function(block, context) {
  row <- row_binary(context, block, estimator)
  list(b = row$b, covariance = row$vcov, vcov = context$sandwich, control = row$control, several = row$several)
}

binary_warnings <- function(fit) {
  out <- character()
  if (isTRUE(fit$estimates$latent_msmm$several)) {
    out <- "The multiplicative structural mean model has several solutions: the log risk ratio shown is the one that fits the moments best, and the data do not tell them apart."
  }
  cases <- fit$cases
  columns <- fit$latent$rank
  ratios <- vapply(latent_registry()[fit$methods$id], function(x) "0/1 outcome" %in% x$needs, NA)
  if (length(cases) && min(cases, fit$nobs - cases) < 10 * columns && any(ratios)) {
    out <- c(out, sprintf(
      "%s of %s people have the rarer outcome, fewer than 10 for each of the %s columns partialled out: log odds ratios and log risk ratios are unstable.",
      big(min(cases, fit$nobs - cases)), big(fit$nobs), big(columns)
    ))
  }
  out
}

# ---- the scale that people report ----

# Share of the people with the outcome, NULL where it is not known.
overall_risk <- function(fit) {
  if (!isTRUE(fit$binary) || !length(fit$cases)) return(NULL)
  risk <- fit$cases / fit$nobs
  if (risk > 0 && risk < 1) risk
}

# The odds ratio of one unit that belongs to a risk difference b: of the logistic curve that has the slope b where the
# risk is p, the overall one: exp(b / (p (1 - p))). It needs no second fit, has the test of the risk difference, and is
# the same in expectation when cases were sampled. With normal exposures the slope of a logistic curve, averaged
# over people, is log OR (p (1 - p) - Var P), so that the log is too small by the share of the outcome's
# variance that the exposure explains.
fit_odds <- function(fit, rows) {
  risk <- overall_risk(fit)
  if (is.null(risk)) return(NULL)
  at <- risk * (1 - risk)
  data.frame(b = exp(rows$b / at), lo = exp(rows$lo_ci / at), up = exp(rows$up_ci / at))
}

cases_words <- function(cases, n) sprintf("%s cases, %s", big(cases), percent(cases / n))

odds_note <- function(fit) {
  risk <- overall_risk(fit)
  if (is.null(risk) || effect_scales(fit) != "risk difference") return(NULL)
  sprintf("Odds ratio: of a logistic curve with this slope at the overall risk, %s.", percent(risk))
}

# Risk differences per 1,000 people and odds ratios of all rows on that scale.
odds_table <- function(fit, rows) {
  rows <- rows[rows$scale == "risk difference" & rows$environment == "pooled" & is.finite(rows$b), ]
  odds <- fit_odds(fit, rows)
  if (is.null(odds) || !nrow(rows)) return(NULL)
  data.frame(
    method = rows$method, exposure = rows$exposure, per_1000 = 1000 * rows$b, per_1000_lo = 1000 * rows$lo_ci,
    per_1000_up = 1000 * rows$up_ci, odds_ratio = odds$b, odds_ratio_lo = odds$lo, odds_ratio_up = odds$up
  )
}

# The cases of 0/1 outcomes in moments.
moment_cases <- function(moments) {
  if (!isTRUE(moments$binary) || length(moments$outcome) != 1) return(NULL)
  at <- length(moments$pilot)
  round(sum(moments$sx[at, ] + as.numeric(moments$blocks$n) * moments$pilot[at]))
}
