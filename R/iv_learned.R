# Tests and sets of instruments that were learned from the people themselves (continuous instruments of latent_mr()).
# Each fold of the moments left out in turn, the directions learned anew (R/latent_jackknife.R), says how far the
# products of instruments and traits move; conditional tests take them to move by people's noise alone and reject what
# is true.
#
# A statistic is the square |x|^2 of a vector: of the scores of the instruments with outcome - b exposure (J at 2SLS,
# Anderson and Rubin's at any b), or of the effects of environments about their mean (Q). Its law is that of a
# weighted sum of chi-squares; with V the jackknife covariance of x, |x|^2 / tr V is referred to F on nu =
# tr(V)^2 / tr(V^2) and nu d degrees of freedom, d folds less one (Box 1954, Ann Math Stat 25:290; Brunner, Dette and
# Munk 1997, JASA 92:1494). `learned`: list(scores, folds, spread), the scores of everybody (columns outcome and
# exposure), a list of those without each fold, and the error of the effect.

# c(df1, df2, F, p-value). x: the vector of everybody; folds: a column for each fold; most: its free dimensions.
box_test <- function(x, folds, most) {
  d <- ncol(folds) - 1
  v <- d / (d + 1) * tcrossprod(folds - rowMeans(folds))
  trace <- sum(diag(v))
  # Unbiased for normal columns: E tr(V)^2 = T + 2 S / d, E tr(V^2) = S (1 + 1/d) + T / d, T = tr^2 and S of the truth.
  truth <- solve(matrix(c(1, 1 / d, 2 / d, 1 + 1 / d), 2), c(trace^2, sum(v^2)))
  nu <- min(max(truth[1] / truth[2], 1), most)
  f_row(sum(x^2) / trace, nu, nu * d)
}

# Of the first line's own rows, where these are not the latent ones: NULL.
head_learned <- function(fit) if (is.null(leading_diagnostics(fit))) fit$learned

# Their 2SLS estimate.
scores_effect <- function(a) sum(a[, 1] * a[, 2]) / sum(a[, 2]^2)

scores_left <- function(a, b) a[, 1] - b * a[, 2]

# J at 2SLS in the form of block_sargan(), so that J / df is the F.
learned_sargan <- function(learned) {
  df <- nrow(learned$scores) - 1
  if (df < 1) return(list(statistic = NA_real_, df = 0, pval = NA_real_, ratio = NA_real_))
  folds <- vapply(learned$folds, function(a) scores_left(a, scores_effect(a)), numeric(df + 1))
  test <- box_test(scores_left(learned$scores, scores_effect(learned$scores)), folds, df)
  list(statistic = test[["statistic"]] * df, df = df, pval = test[["p-value"]], ratio = test[["statistic"]])
}

# Anderson and Rubin's test of an effect.
learned_ar_test <- function(learned, b) {
  m <- nrow(learned$scores)
  folds <- matrix(vapply(learned$folds, scores_left, numeric(m), b), m)
  box_test(scores_left(learned$scores, b), folds, m)
}

# Effects that it does not reject: signs of p - (1 - level) over the whole line, ends by bisection.
learned_ar_set <- function(learned, level) {
  at <- function(angle) scores_effect(learned$scores) + learned$spread * tan(angle)
  excess <- function(angle) learned_ar_test(learned, at(angle))[["p-value"]] - (1 - level)
  grid <- seq(-pi / 2, pi / 2, length.out = 403)[2:402]
  value <- vapply(grid, excess, 0)
  inside <- value >= 0
  frame <- function(type, lo, up) data.frame(ci_type = type, lo = lo, up = up, level = level)
  if (!any(inside)) return(frame("empty", NA_real_, NA_real_))
  if (all(inside)) return(frame("line", -Inf, Inf))
  ends <- vapply(which(diff(inside) != 0), function(i) stats::uniroot(excess, grid[i + 0:1], tol = 1e-12)$root, 0)
  cut <- c(if (inside[1]) -Inf, at(ends), if (inside[length(inside)]) Inf)
  lo <- cut[c(TRUE, FALSE)]
  type <- if (length(lo) == 1) "interval" else if (length(lo) == 2 && !is.finite(cut[1])) "rays" else "union"
  frame(type, lo, cut[c(FALSE, TRUE)])
}

# ---- effects without each fold ----

# Cochran's Q, its weights those of everybody. se: of the environments, the learning not counted.
learned_q <- function(b, folds, se) {
  use <- which(is.finite(b) & is.finite(se) & is.finite(rowSums(folds)))
  if (length(use) < 2) return(NULL)
  w <- 1 / se[use]^2
  about <- function(b) sqrt(w) * (b - sum(w * b) / sum(w))
  df <- length(use) - 1
  test <- box_test(about(b[use]), apply(folds[use, , drop = FALSE], 2, about), df)
  q <- df * test[["statistic"]]
  c(Q = q, Q_df = df, Q_pval = test[["p-value"]], I2 = max(0, (q - df) / q))
}

# Ordinary regression against 2SLS, both given the latent block: c(df1, df2, F, p-value).
learned_hausman <- function(difference, folds) {
  error <- jackknife_error(folds)
  f_row((difference / error$se)^2, 1, error$df)
}
