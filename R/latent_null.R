# Structure that is left, seen by the background variants: taken through the same map as the instruments, a variant
# that is no instrument has scores whose products with exposure and residual should be people's noise. What is more is
# structure, or genes that act on both; the latter grows with the LD score of the variant, the former does not
# (Bulik-Sullivan et al. 2015, Nat Genet 47:291 and 1236).

null_wanted <- function(data) {
  !is.null(data$background) && !length(data$structure) && NCOL(data$exposure) == 1 && NCOL(data$outcome) == 1
}

# From the view of [instruments, background variants], what the latent block partials out taken out of them
# (R/latent_block.R): list(scores (outcome, exposure), noise: their covariance for a variant that nothing is tied to,
# ldscore, people).
null_scores <- function(view, loadings, ldscore, instruments) {
  n <- view_people(view)
  covariates <- view$columns$covariates
  interact <- n >= 100 * (length(view$n) * (1 + ncol(loadings)) + length(covariates))
  partial <- block_partial(view, list(
    inner_directions = if (interact) loadings, inner_columns = integer(),
    common_directions = if (!interact) loadings, common_columns = covariates
  ))
  traits <- c(view$columns$outcome, view$columns$exposure)
  variants <- view$columns$variants[-seq_len(instruments)]
  squares <- diag(partial$residual)[variants]
  keep <- squares > 1e-7 * n * view$scale[variants]
  if (n - partial$rank < 10 || sum(keep) < LEAST_NULL_SCORES) return(NULL)
  list(
    scores = unname(partial$residual[variants[keep], traits, drop = FALSE] / sqrt(squares[keep])),
    noise = unname(partial$residual[traits, traits]) / (n - partial$rank), ldscore = ldscore[keep]
  )
}

LEAST_NULL_SCORES <- 50L

# LD scores that differ less say nothing of a slope.
LEAST_LD_SPREAD <- .25

# Weighted regression of products on [1, LD score] (or their mean) with the error of HC3. Its degrees of freedom are
# Satterthwaite's: few variants of high LD score carry the slope, and a product of two normal scores has the kurtosis 9,
# so that the square of its residual varies by 8 times its squared mean.
null_regression <- function(product, columns, weight) {
  h <- solve0(crossprod(columns * weight, columns))
  b <- drop(h %*% crossprod(columns * weight, product))
  left <- drop(product - columns %*% b) * weight / (1 - rowSums((columns %*% h) * columns) * weight)
  share <- drop(columns %*% h[, 1])^2 * weight
  list(b = b, se = sqrt(drop(h %*% crossprod(columns * left) %*% h)[1]), df = sum(share)^2 / (4 * sum(share^2)))
}

# What scores have beyond people's noise by the background variants: `more`, the intercepts less that noise (2 x 2,
# outcome first), and for the estimate b `excess`, that of exposure and residual, with its error.
null_noise_of <- function(null, b) {
  y <- null$scores[, 1]
  x <- null$scores[, 2]
  v <- y - b * x
  linked <- stats::sd(null$ldscore) >= LEAST_LD_SPREAD
  columns <- cbind(rep(1, length(x)), if (linked) pmax(null$ldscore, 1))
  turn <- rbind(c(0, 1), c(1, -b))
  people <- turn %*% null$noise %*% t(turn)
  spread <- function(square, least) {
    pmax(drop(columns %*% null_regression(square, columns, 1 / rowSums(columns)^2)$b), .3 * least)
  }
  weight <- 1 / (spread(x^2, people[1, 1]) * spread(v^2, people[2, 2]))
  weight <- weight / mean(weight)
  fit <- null_regression(x * v, columns, weight)
  intercept <- function(product) null_regression(product, columns, weight)$b[1]
  cross <- intercept(x * y)
  list(
    excess = fit$b[1] - people[1, 2], se = fit$se, df = fit$df, linked = linked,
    more = matrix(c(intercept(y^2), cross, cross, intercept(x^2)), 2) - null$noise
  )
}

# Of a first line that partials components out: list(bias: what the structure that is left would add to it, se,
# statistic, df, pval, detectable: bias that is seen in four of five samples, linked: told from genes that act on both,
# variants, `noise` per score by the null variants, `people`: by people, b: Nagar's estimate with the former).
null_diagnostic <- function(fit, null) {
  if (is.null(null) || fit$mode != "background" || !is.null(leading_diagnostics(fit))) return(NULL)
  m <- fit$latent$kclass
  people <- m$r1 / m$df
  signal <- (m$r0 - m$r1) - m$L * people
  b <- fit$estimates[[fit$leading]]$b
  if (length(b) != 1 || !is.finite(b) || !(signal[2, 2] > 0)) return(NULL)
  found <- null_noise_of(null, b)
  if (!all(is.finite(c(found$excess, found$se))) || !(found$se > 0)) return(NULL)
  size <- m$L / signal[2, 2]
  # The instruments' own signal is in the noise of null variants, and not in theirs.
  noise <- people + found$more
  corrected <- (m$r0 - m$r1) - m$L * noise
  statistic <- found$excess / found$se
  list(
    bias = size * found$excess, se = size * found$se, statistic = statistic, df = found$df,
    pval = 2 * stats::pt(-abs(statistic), found$df),
    detectable = sum(stats::qt(c(.975, .8), found$df)) * size * found$se, linked = found$linked,
    variants = nrow(null$scores), noise = noise, people = people,
    b = if (corrected[2, 2] > 0) corrected[1, 2] / corrected[2, 2] else NA_real_
  )
}

# For the verdict. Objects where the shift is more than half of the first line's error, and not where the background
# holds no linkage: structure and genes that act on both are one there.
null_check <- function(fit) {
  d <- fit$diagnostics$null
  if (is.null(d)) return(NULL)
  shift <- format_b(d$bias)
  seen <- sprintf("a shift of %s would be seen in four of five samples", format_b(d$detectable))
  finding <- if (d$pval >= .05) {
    sprintf("The background variants show no structure that is left (%s; %s).", p_is(d$pval), seen)
  } else {
    sprintf(
      "The background variants still move exposure and outcome together, %s: a shift of about %s (%s; %s).",
      if (d$linked) "as structure that is left does" else "by structure or by genes that act on both", shift,
      p_is(d$pval), seen
    )
  }
  head <- fit$estimates[[fit$leading]]
  list(check_row(
    "background variants", finding, d$statistic, d$pval, corrected = d$linked,
    material = isTRUE(abs(d$bias) > head$se / 2)
  ))
}

# For the tests of summary and report.
null_line <- function(d) {
  if (is.null(d)) return(NULL)
  sprintf(
    "Background variants = %s of shift (error %s), %s. Sees structure that the components leave%s; not what moves the instruments alone.",
    format_b(d$bias), format_b(d$se), p_is(d$pval),
    if (d$linked) "" else " and, without linkage to tell them apart, genes that act on both traits"
  )
}
