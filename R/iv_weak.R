# Tests and sets that hold however weak the instruments are, homoskedastic, from
# the cross products of kclass_moments(): [y X]'P[y X] = R0 - R1 in coordinates where
# the variance R1 / (n - K - L) of the reduced form is the identity. There e points
# along v = (1, -b), and what is independent of it across v, which loses no digits
# whatever the size of b.

weakiv_whiten <- function(m) {
  scale <- sqrt(diag(m$r0))
  df <- m$df
  half <- chol(m$r1 / outer(scale, scale) / df)
  n <- (m$r0 - m$r1) / outer(scale, scale)
  white <- backsolve(half, t(backsolve(half, n, transpose = TRUE)), transpose = TRUE)
  list(n = (white + t(white)) / 2, half = half, scale = scale, df = df)
}

# The reduced form's variance is itself estimated, from df people, which adds to the variance of N = [y X]'P[y X] about
# its L: L (1 + L / df) in place of L. LM and CLR take the variance as known; `spread` = many_spread(m) brings
# N - L back to the variance that they take it to have (latent_mr(), whose panels may have as many variants as half
# of the people; 1 is what iv_reg() and other programs do). AR, an F, counts df itself.
many_spread <- function(m) if (m$L > m$k) sqrt(1 + m$L / m$df) else 1

weakiv_parts <- function(m, beta, spread = 1) {
  w <- weakiv_whiten(m)
  v <- w$half %*% (c(1, -beta) * w$scale)
  basis <- qr.Q(qr(v), complete = TRUE)
  q <- crossprod(basis, w$n %*% basis)
  exact <- max(0, q[1, 1])
  q <- q / spread + diag(m$L * (1 - 1 / spread), m$k + 1)
  x <- 1L + seq_len(m$k)
  roots <- eigen(q[x, x, drop = FALSE], symmetric = TRUE)
  ar <- max(0, q[1, 1])
  list(
    ar = exact, q = ar, rank = max(0, roots$values[m$k]), df = w$df, L = m$L,
    lm = min(ar, sum(crossprod(roots$vectors, q[x, 1])^2 / roots$values))
  )
}

# AR ~ F(L, df); Kleibergen's (2002) LM ~ F(k, df) over k; Moreira's (2003)
# conditional likelihood ratio, several effects as in Kleibergen (2007).
kclass_weakiv_test <- function(m, beta, spread = 1) {
  p <- weakiv_parts(m, beta, spread)
  gap <- p$rank - p$q
  root <- sqrt(gap^2 + 4 * p$rank * p$lm)
  lr <- if (gap > 0) 2 * p$rank * p$lm / (gap + root) else (root - gap) / 2
  data.frame(
    test = c("AR", "LM", "CLR"), statistic = c(p$ar / p$L, p$lm / m$k, lr),
    df1 = c(p$L, m$k, NA), df2 = c(p$df, p$df, NA),
    p.value = c(
      pf(p$ar / p$L, p$L, p$df, lower.tail = FALSE), pf(p$lm / m$k, m$k, p$df, lower.tail = FALSE),
      clr_p_value(lr, p$rank, p$L, m$k, p$df)
    )
  )
}

# P(LR > lr | rank) of Andrews, Moreira and Stock (2007): with the share B of the LM in
# the AR statistic, LR > lr exactly when AR > (rank + lr) / (1 + rank B / lr); AR is
# chi-squared(L), B beta(k / 2, (L - k) / 2), here B = sin^2. Without overidentification
# all three tests are the Anderson-Rubin test.
clr_p_value <- function(lr, rank, L, k, df) {
  if (L == k) return(pf(lr / L, L, df, lower.tail = FALSE))
  if (lr <= 0) return(1)
  norm <- lbeta(k / 2, (L - k) / 2) - log(2)
  integrand <- function(angle) {
    bound <- (rank + lr) / (1 + rank * sin(angle)^2 / lr)
    weight <- exp((L - k - 1) * log(cos(angle)) - norm) * if (k > 1) sin(angle)^(k - 1) else 1
    pchisq(bound, L, lower.tail = FALSE) * weight
  }
  # The weight has its mass within a few of its own widths from its mode.
  cut <- min(pi / 2, 12 * sqrt(max(k, 1) / (L - k)))
  parts <- c(0, if (cut < 1.2) cut, pi / 2)
  p <- sum(vapply(seq_len(length(parts) - 1), function(i) {
    stats::integrate(
      integrand, parts[i], parts[i + 1], rel.tol = 1e-9, abs.tol = 1e-13, subdivisions = 500L, stop.on.error = FALSE
    )$value
  }, 0))
  min(1, p)
}

# The two roots of |N - root Omega| = 0: the range of L times the AR statistic over
# all effects of one variable.
weakiv_roots <- function(m) {
  pmax(0, rev(eigen(weakiv_whiten(m)$n, symmetric = TRUE, only.values = TRUE)$values))
}

# Sets of one endogenous variable. With Q = L AR(b) and the roots l1 <= l2:
# the rank statistic is l1 + l2 - Q, so LR = Q - l1 and LM = Q - l1 l2 / (l1 + l2 - Q)
# are functions of Q, and each set is an Anderson-Rubin set at another level, for LM
# joined with the complement of a second one around the effect that LIML fits worst.
kclass_weakiv_set <- function(m, method, level, spread = 1) {
  L <- m$L
  if (method == "AR" || L == 1) return(kclass_ar_set(m, level))
  roots <- L + (weakiv_roots(m) - L) / spread
  at <- function(q) (L + spread * (q - L)) / L
  total <- sum(roots)
  line <- data.frame(ci_type = "line", lo = -Inf, up = Inf, level = level)
  if (method == "CLR") {
    excess <- function(lr) clr_p_value(lr, roots[2] - lr, L, 1, Inf) - (1 - level)
    if (excess(roots[2]) >= 0) return(line)
    lr <- stats::uniroot(excess, c(0, roots[2]), tol = 1e-10 * max(1, L), maxiter = 500)$root
    return(ar_pieces(m, at(roots[1] + lr), level))
  }
  crit <- qf(level, 1, m$df)
  if (crit >= (sqrt(roots[2]) - sqrt(roots[1]))^2) return(line)
  high <- (total + crit + sqrt((total - crit)^2 - 4 * prod(roots))) / 2
  low <- (prod(roots) + crit * total) / high
  join_pieces(ar_pieces(m, at(low), level), complement(ar_pieces(m, at(high), level)), level)
}

complement <- function(set) {
  ends <- c(-Inf, as.vector(rbind(set$lo, set$up)), Inf)
  lo <- ends[c(TRUE, FALSE)]
  up <- ends[c(FALSE, TRUE)]
  data.frame(lo = lo[lo < up], up = up[lo < up])
}

join_pieces <- function(a, b, level) {
  lo <- c(a$lo, b$lo)
  up <- c(a$up, b$up)
  o <- order(lo)
  lo <- lo[o]
  up <- up[o]
  group <- cumsum(c(TRUE, lo[-1] > cummax(up)[-length(up)]))
  lo <- as.vector(tapply(lo, group, min))
  up <- as.vector(tapply(up, group, max))
  pieces <- length(lo)
  type <- if (pieces == 1) {
    if (all(is.finite(c(lo, up)))) "interval" else if (any(is.finite(c(lo, up)))) "rays" else "line"
  } else if (pieces == 2 && lo[1] == -Inf && up[2] == Inf) {
    "rays"
  } else {
    "union"
  }
  data.frame(ci_type = type, lo = lo, up = up, level = level)
}
