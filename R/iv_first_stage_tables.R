# Critical values of Stock and Yogo (2005). One endogenous variable and 2SLS:
# computed from their definitions. With L instruments and concentration mu2 the
# first-stage F is noncentral chi-squared(L, mu2) / L; the instruments are weak when
# mu2 is below the value at which the bias (size) reaches the limit, and the critical
# value is the 95 % quantile there. Their tables are simulations of the same numbers
# (16.38 for 16.57, the size of 10 % with one instrument); see Skeels and Windmeijer
# (2018), Econometrics 6:44. LIML and Fuller, and two endogenous variables: tables of
# our own simulations of the definitions (R/iv_stock_yogo_tables.R).

# Largest bias of 2SLS relative to OLS: 1 - mu2 E[1 / chi2(L + 2, mu2)]; the mean is
# over the Poisson(mu2 / 2) mixture of 1 / (L + 2 J). Needs L > 2.
relative_bias <- function(mu2, L) {
  j <- seq(0, stats::qpois(1 - 1e-14, mu2 / 2))
  1 - mu2 * sum(stats::dpois(j, mu2 / 2) / (L + 2 * j))
}

# Rejection rate of the 5 % Wald test of the true effect at correlation one, the
# worst case. With z ~ N(0, 1) along the first stage, q ~ chi2(L - 1) across it and
# s = mu + z: W = (s z + q)^2 (s^2 + q) / (mu s)^2.
wald_size <- function(mu2, L, crit = stats::qchisq(0.95, 1)) {
  mu <- sqrt(mu2)
  if (L == 1) {
    # z (mu + z) beyond +- sqrt(crit) mu
    high <- sqrt(mu2 + 4 * sqrt(crit) * mu)
    low <- mu2 - 4 * sqrt(crit) * mu
    outer <- stats::pnorm((-mu - high) / 2) + stats::pnorm((high - mu) / 2, lower.tail = FALSE)
    inner <- if (low > 0) diff(stats::pnorm((-mu + c(-1, 1) * sqrt(low)) / 2)) else 0
    return(outer + inner)
  }
  z <- seq(-7, 7, length.out = 401)
  s <- mu + z
  target <- crit * mu2 * s^2
  b <- s * z
  f <- function(q) (b + q)^2 * (s^2 + q)
  tail <- function(q) stats::pchisq(pmax(q, 0), L - 1, lower.tail = FALSE)
  start <- pmax(0, -b)
  p <- tail(bisect(f, target, start, start + target^(1 / 3) + abs(b) + 1))
  # where b < 0 the numerator is positive again below -b: rises to `top`, falls
  top <- pmax(0, -(2 * s^2 + b) / 3)
  over <- b < 0 & f(top) > target
  from <- bisect(f, target, 0 * z, top)
  to <- bisect(function(q) -f(q), -target, top, start)
  p <- p + ifelse(over, tail(from) - tail(to), 0)
  sum(p * stats::dnorm(z)) * (z[2] - z[1])
}

# First point of [lo, up] where the increasing f passes its target, vectorised.
bisect <- function(f, target, lo, up) {
  for (step in 1:40) {
    mid <- (lo + up) / 2
    below <- f(mid) < target
    lo[below] <- mid[below]
    up[!below] <- mid[!below]
  }
  up
}

# qchisq() gives up on large noncentralities; Sankaran's (1963) power of a normal.
noncentral_quantile <- function(p, df, ncp) {
  if (ncp < 5000) return(stats::qchisq(p, df, ncp = ncp))
  h <- 1 - 2 / 3 * (df + ncp) * (df + 3 * ncp) / (df + 2 * ncp)^2
  v <- (df + 2 * ncp) / (df + ncp)^2
  m <- (h - 1) * (1 - 3 * h)
  mean <- 1 + h * v * (h - 1 - 0.5 * (2 - h) * m * v)
  (df + ncp) * (mean + stats::qnorm(p) * h * sqrt(2 * v) * (1 + 0.5 * m * v))^(1 / h)
}

# A data frame of critical values for k endogenous variables, NULL when there are none.
stock_yogo <- function(L, k = 1) {
  if (k == 1) return(rbind(stock_yogo_exact(L), stock_yogo_table(stock_yogo_one, L, c(
    "size of the 5 % Wald test, LIML", "relative bias of Fuller", "bias of Fuller"
  ))))
  if (k == 2) return(stock_yogo_table(stock_yogo_two, L, c(
    "relative bias of 2SLS", "size of the 5 % Wald test", "size of the 5 % Wald test, LIML"
  )))
  NULL
}

stock_yogo_table <- function(values, L, criteria) {
  values <- matrix(values, ncol = 1 + 4 * length(criteria), byrow = TRUE)
  row <- match(L, values[, 1])
  if (is.na(row)) return(NULL)
  limits <- ifelse(
    startsWith(rep(criteria, each = 4), "size"), rep(c(0.1, 0.15, 0.2, 0.25), length(criteria)), c(0.05, 0.1, 0.2, 0.3)
  )
  data.frame(statistic = "Cragg-Donald F", criterion = rep(criteria, each = 4), limit = limits, value = values[row, -1])
}

stock_yogo_exact <- function(L) made_once(paste("Stock and Yogo", L), function() {
  value <- function(mu2) noncentral_quantile(0.95, L, mu2) / L
  solve_for <- function(rate, limit) {
    gap <- function(mu2) rate(mu2, L) - limit
    if (gap(1e-6) <= 0) return(0)
    stats::uniroot(gap, c(1e-6, 20 * L), extendInt = "downX", tol = 1e-4)$root
  }
  bias <- c(0.05, 0.1, 0.2, 0.3)
  size <- c(0.1, 0.15, 0.2, 0.25)
  data.frame(
    statistic = "Cragg-Donald F", criterion = rep(c("relative bias of 2SLS", "size of the 5 % Wald test"), each = 4),
    limit = c(bias, size),
    value = c(
      if (L > 2) vapply(bias, function(b) value(solve_for(relative_bias, b)), 0) else rep(NA_real_, 4),
      vapply(size, function(a) value(solve_for(wald_size, a)), 0)
    )
  )
})

# Montiel Olea and Pflueger (2013): critical values of the effective F for the bias
# of 2SLS, relative to its worst case, above tau; the simplified ones, which hold
# whatever the covariance of the reduced form. `s` is that of the first-stage scores.
montiel_pflueger <- function(s) {
  tau <- c(0.05, 0.1, 0.2, 0.3)
  trace <- sum(diag(s))
  largest <- max(eigen(s, symmetric = TRUE, only.values = TRUE)$values)
  x <- 1 / tau
  df <- trace^2 * (1 + 2 * x) / (sum(s^2) + 2 * x * trace * largest)
  data.frame(
    statistic = "effective F", criterion = "bias of 2SLS relative to the worst case", limit = tau,
    value = stats::qchisq(0.95, df, ncp = x * df) / df
  )
}
