# Tests that stand in every print: linearity, endogeneity; and what is identified.

# p-value of sum_j lambda_j chi2_1 > t: inversion of the characteristic function by
# Davies' sum (1973, Biometrika 60:415) with 2^14 terms; the period covers
# the statistic and twenty standard deviations. Below 1e-6, where rounding rules, the
# scaled chi-square of Satterthwaite.
weighted_chisq <- function(t, lambda, terms = 2^14) {
  lambda <- lambda[lambda > 1e-10 * max(lambda)]
  if (!length(lambda) || !is.finite(t)) return(NA_real_)
  period <- max(t, sum(lambda)) + 20 * sqrt(2 * sum(lambda^2))
  k <- seq_len(terms) - .5
  u <- 2 * pi * k / period
  angle <- -u * t
  size <- 0
  for (l in lambda) {
    angle <- angle + atan(2 * u * l) / 2
    size <- size - log1p((2 * u * l)^2) / 4
  }
  p <- .5 + sum(exp(size) * sin(angle) / k) / pi
  if (p < 1e-6) {
    df <- sum(lambda)^2 / sum(lambda^2)
    p <- stats::pchisq(t * df / sum(lambda), df, lower.tail = FALSE)
  }
  min(p, 1)
}

# Variance-component score test: the moments left by linear 2SLS against all
# features at once, with the robust covariance of those moments. The hidden layers are taken as
# they were before they saw the outcome.
curve_score_test <- function(model) {
  line <- model$cross[, 1]
  left <- model$g - line * model$summary[["linear"]]
  project <- diag(length(line)) - tcrossprod(line) / sum(line^2)
  features <- project %*% model$start[, -1, drop = FALSE]
  weight <- c(1, rep(ncol(features) - 1, ncol(features) - 1)^-.5)
  features <- features * rep(weight, each = nrow(features))
  statistic <- sum(crossprod(features, left)^2)
  middle <- project %*% model$omega_linear %*% project
  lambda <- eigen(crossprod(features, middle %*% features), symmetric = TRUE, only.values = TRUE)$values
  c(statistic = statistic, p.value = weighted_chisq(statistic, lambda))
}

# Cauchy combination (Liu and Xie 2020, JASA 115:393).
combine_p <- function(p) {
  p <- pmin(pmax(p[!is.na(p)], 1e-15), 1 - 1e-15)
  if (!length(p)) return(NA_real_)
  .5 - atan(mean(tan((.5 - p) * pi))) / pi
}

curve_tests <- function(fit) {
  score <- curve_score_test(fit$model)
  cubic <- fit$references$wald
  data.frame(
    test = c("linearity", "  score", "  cubic Wald", "endogeneity"),
    statistic = c(NA, score[["statistic"]], cubic[["statistic"]], fit$references$endogeneity[["statistic"]]),
    df = c(NA, NA, cubic[["df"]], 1),
    p.value = c(combine_p(c(score[["p.value"]], cubic[["p.value"]])), score[["p.value"]], cubic[["p.value"]], fit$references$endogeneity[["p.value"]])
  )
}

# Canonical correlations between the instruments and the leading components of
# the treatment features, and how many of them are not noise: sequential
# likelihood-ratio tests at 5 %.
curve_identification <- function(fit) {
  model <- fit$model
  n <- fit$nobs
  parts <- eigen(model$gram, symmetric = TRUE)
  keep <- which(parts$values > 1e-4 * parts$values[1])
  keep <- utils::head(keep, 8)
  scores <- model$cross %*% parts$vectors[, keep, drop = FALSE] %*% diag(parts$values[keep]^-.5, length(keep))
  rho <- pmin(svd(scores, 0, 0)$d, 1 - 1e-12)
  q <- nrow(model$cross)
  p <- length(keep)
  r <- seq_along(rho) - 1
  statistic <- -(n - (p + q + 1) / 2) * rev(cumsum(rev(log1p(-rho^2))))
  p_value <- stats::pchisq(statistic, (p - r) * (q - r), lower.tail = FALSE)
  seen <- match(TRUE, p_value > .05, nomatch = length(rho) + 1) - 1
  list(
    directions = seen, most = min(p, q), correlations = rho, p.value = p_value,
    strength = model$summary[["strength"]], strong = model$summary[["strong"]] > 0,
    first_stage = model$summary[["first_stage"]], instruments = q
  )
}
