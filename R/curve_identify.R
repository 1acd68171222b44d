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

linearity_tests <- function(fit) {
  score <- curve_score_test(fit$model)
  cubic <- fit$references$wald
  p <- c(score = score[["p.value"]], cubic = cubic[["p.value"]])
  list(score = score, cubic = cubic, p = c(linearity = combine_p(p), p))
}

curve_tests <- function(fit) {
  line <- linearity_tests(fit)
  tests <- data.frame(
    test = c("linearity", "  score", "  cubic Wald", "endogeneity"),
    statistic = c(NA, line$score[["statistic"]], line$cubic[["statistic"]], fit$references$endogeneity[["statistic"]]),
    df = c(NA, NA, line$cubic[["df"]], 1), p.value = c(unname(line$p), fit$references$endogeneity[["p.value"]])
  )
  if (!is_shaped(fit)) return(tests)
  rbind(
    tests, data.frame(test = "monotonicity", statistic = fit$shape$statistic, df = NA, p.value = fit$shape$p.value)
  )
}

# Canonical correlations between the instruments and the leading components of
# the treatment features, and how many of them are not noise: sequential
# likelihood-ratio tests at 5 %.
curve_identification <- function(fit) {
  model <- fit$model
  seen <- canonical_directions(model, fit$nobs)
  moved <- moved_range(model)
  c(list(moved = moved$range, still = moved$still), seen[c("directions", "most", "correlations", "p.value")], list(
    strength = model$summary[["strength"]], strong = model$summary[["strong"]] > 0,
    first_stage = model$summary[["first_stage"]], instruments = nrow(model$cross), features = seen$features
  ))
}

canonical_directions <- function(model, n) {
  parts <- eigen(model$gram, symmetric = TRUE)
  keep <- which(parts$values > 1e-4 * parts$values[1])
  keep <- utils::head(keep, 8)
  components <- parts$vectors[, keep, drop = FALSE] %*% diag(parts$values[keep]^-.5, length(keep))
  scores <- model$cross %*% components
  directions <- svd(scores, 0)
  rho <- pmin(directions$d, 1 - 1e-12)
  q <- nrow(model$cross)
  p <- length(keep)
  r <- seq_along(rho) - 1
  statistic <- -(n - (p + q + 1) / 2) * rev(cumsum(rev(log1p(-rho^2))))
  p_value <- stats::pchisq(statistic, (p - r) * (q - r), lower.tail = FALSE)
  seen <- match(TRUE, p_value > .05, nomatch = length(rho) + 1) - 1
  list(
    directions = seen, most = min(p, q), correlations = rho, p.value = p_value,
    features = components %*% directions$v # canonical functions of the exposure, sum of squares 1
  )
}

# The exposures that the instruments move: from the first to the last percentile across which
# the instruments shift people (5 % in all: Bonferroni over the percentiles), without stretches of
# more than ten percentiles inside
# that they do not. A range of NA: none.
moved_range <- function(model) {
  base <- model$summary[["base"]] - model$summary[["fixed"]]
  p <- stats::pchisq(model$moved[, 2], base, lower.tail = FALSE)
  sure <- !is.na(p) & p < .05 / nrow(model$moved)
  from <- model$moved[, 1]
  to <- model$moved[, 3] # the next exposure above: of others than `from` where it is discrete
  none <- data.frame(from = numeric(), to = numeric())
  if (!any(sure)) return(list(range = c(NA_real_, NA_real_), still = none))
  ends <- range(which(sure))
  gap <- rle(sure[ends[1]:ends[2]])
  last <- ends[1] - 1 + cumsum(gap$lengths)
  long <- which(!gap$values & gap$lengths > 10)
  list(
    range = c(from[ends[1]], to[ends[2]]),
    still = if (length(long)) data.frame(from = to[last[long] - gap$lengths[long]], to = from[last[long] + 1]) else none
  )
}

# Whether the curve at x is extrapolation: outside the 1st to 99th percentile of the
# exposure, or where the instruments do not move it.
curve_extrapolates <- function(fit, x) {
  out <- curve_outside(fit)
  rowSums(outer(x, out$from, ">") & outer(x, out$to, "<")) > 0
}

curve_outside <- function(fit) {
  id <- fit$identification
  seen <- c(max(fit$range[1], id$moved[1]), min(fit$range[2], id$moved[2]))
  if (anyNA(seen)) return(data.frame(from = -Inf, to = Inf))
  rbind(data.frame(from = c(-Inf, seen[2]), to = c(seen[1], Inf)), id$still)
}
