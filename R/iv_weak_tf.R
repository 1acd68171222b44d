# The tF interval (Lee, McCrary, Moreira and Porter 2022, AER 112:3260): one endogenous variable, one instrument, t
# compared with a number that depends on the first-stage F.

# Its critical value c at F, f = sqrt(F). The worst case is errors of the two equations that are perfectly correlated:
# with f ~ N(m, 1) then t = f (f - m) / m, and c is the curve at which |t| > c(f) has probability alpha for every m.
# Only the ends of the two tails count: at b > m and at -d < 0,
#   b (b - m) / m = c(b),  d (d + m) / m = c(d),  P(f > b) + P(f < -d) = alpha,
# where d is the b of a smaller m, m' = m d / (d + 2 m), at which t is the same. So b(m) is found
# from the b of smaller m; it begins as q + q m^2 / 2 + m^3, q the usual two-sided quantile, below which c is infinite.
# From m = 3 on the lower tail is nothing, and c = z f / (f - z), z the one-sided quantile,
# until it meets q, at F = 104.67.
tf_critical <- function(F, alpha = 0.05) {
  f <- sqrt(F)
  q <- stats::qnorm(1 - alpha / 2)
  z <- stats::qnorm(1 - alpha)
  if (f <= q) return(Inf)
  if (f > 3 + z) return(max(q, z * f / (f - z)))
  curve <- made_once(paste("tF", alpha), function() tf_tails(alpha))
  m <- stats::approx(curve$b, curve$m, f)$y
  f * (f - m) / m
}

# b at m = 0, step, 2 step, .. What is interpolated is b less its beginning.
tf_tails <- function(alpha, step = 0.002, last = 3.01) {
  q <- stats::qnorm(1 - alpha / 2)
  m <- seq(0, last, step)
  start <- q + q * m^2 / 2 + m^3
  more <- numeric(length(m))
  for (i in which(m > 0.02)) {
    b <- d <- start[i] + more[i - 1]
    repeat {
      at <- m[i] * d / (d + 2 * m[i])
      j <- min(floor(at / step) + 1, i - 1)
      up <- if (j == i - 1) b - start[i] else more[j + 1]
      d <- q + q * at^2 / 2 + at^3 + more[j] + (up - more[j]) * (at - m[j]) / step
      new <- m[i] + stats::qnorm(alpha - stats::pnorm(-d - m[i]), lower.tail = FALSE)
      if (abs(new - b) < 1e-12) break
      b <- (b + new) / 2
    }
    more[i] <- b - start[i]
  }
  list(m = m, b = start + more)
}

# Critical value at the fit's own first stage. `object`: a fit with the covariance that both t and F have.
tf_of_fit <- function(object) {
  s <- object$strength
  F <- unname(if (is.null(s$robust_f)) s$partial_f else s$robust_f)
  critical <- tf_critical(F)
  term <- endogenous_kept(object)
  se <- sqrt(object$vcov[term, term])
  data.frame(
    term = term, f = F, critical = critical, std.error = se * critical / stats::qnorm(0.975), row.names = NULL
  )
}

# Whether the paper's law is that of the fit.
has_tf <- function(fit) {
  f <- fit$engine$f
  f$k == 1 && f$L == 1 && fit$estimator == "2sls"
}

tf_set <- function(fit, level, vcov, cluster) {
  f <- fit$engine$f
  if (!has_tf(fit)) {
    was <- if (fit$estimator == "2sls") {
      sprintf("\"tF\" with %d endogenous variable%s and %d instruments", f$k, if (f$k == 1) "" else "s", f$L)
    } else {
      sprintf("\"tF\" with estimator \"%s\"", fit$estimator)
    }
    abort_argument(
      "method", "\"CLR\", \"LM\" or \"AR\" unless the fit is 2SLS with one endogenous variable and one instrument", was
    )
  }
  if (level != 0.95) abort_argument("level", "0.95 for method \"tF\", which is known for it", describe(level))
  object <- if (is.null(vcov) && is.null(cluster)) fit else iv_with_vcov(fit, vcov, cluster)
  tf <- tf_of_fit(object)
  half <- tf$std.error * stats::qnorm(0.975)
  b <- object$coefficients[[tf$term]]
  data.frame(
    method = "tF", term = tf$term, ci_type = if (is.finite(half)) "interval" else "line", lo = b - half, up = b + half,
    level = level
  )
}
