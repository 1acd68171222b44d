# The two stages of additive hazards with instruments (R/iv_hazard.R).

# ---- the first stage ----

# Fitted values and what is left, of x given strata and w; the instrument of UJIVE; the projection on what strata and w
# leave of the instruments.
hazard_first_stage <- function(x, z, w, strata, cluster, tol = 1e-7) {
  n <- length(x)
  dummies <- outer(as.integer(strata), seq_len(nlevels(strata)), "==") + 0
  within <- function(m) m - apply(m, 2, function(column) stats::ave(column, strata))
  kept <- basis_of(within(w), sqrt(colSums(w^2)), tol)
  s <- sweep(dummies, 2, sqrt(colSums(dummies)), "/")
  base <- cbind(s, kept$q)
  left <- function(m) m - base %*% crossprod(base, m)
  residual <- left(z)
  q <- basis_of(residual - base %*% crossprod(base, residual), sqrt(colSums(z^2)), tol)$q
  after <- drop(left(matrix(x)))
  fitted <- drop(q %*% crossprod(q, after))
  error <- after - fitted
  L <- ncol(q)
  df <- n - ncol(base) - L
  refuse_first_stage(x - mean(x), after, error, L, df)
  list(
    w = w[, kept$which, drop = FALSE], q = q, fitted = fitted, error = error, after = after,
    jackknife = left_out(after, error, base, q, cluster), fstat = (sum(fitted^2) / L) / (sum(error^2) / df), L = L
  )
}

# An exposure of which strata and covariates leave nothing has no effect of its own; one of which the instruments leave
# nothing is its own instrument.
refuse_first_stage <- function(x, after, error, L, df) {
  least <- 1e-14 * sum(x^2)
  said <- if (sum(after^2) <= least) {
    c("The exposure is a function of strata and covariates.", "Take it, and what it is made of, out of the covariates.")
  } else if (!L) {
    c("The instruments are functions of strata and covariates.", "Give other instruments, or more people.")
  } else if (df < 1) {
    c("There are fewer people than columns.", "Give other instruments, or more people.")
  } else if (sum(error^2) <= least) {
    c(
      "The exposure is a function of instruments, strata and covariates: nothing in it is left to be confounded.",
      "Take it, and what it is made of, out of the instruments."
    )
  }
  if (!is.null(said)) abort(said[1], "latentmr_error_unidentified", hint = said[2])
}

# Orthonormal columns, without those that are functions of earlier ones; `size`: their lengths before.
basis_of <- function(m, size, tol) {
  size <- ifelse(size > 0, size, 1)
  found <- qr(sweep(m, 2, size, "/"), tol = tol)
  which <- sort(found$pivot[seq_len(found$rank)])
  big <- which[sqrt(colSums(sweep(m, 2, size, "/")[, which, drop = FALSE]^2)) > tol]
  if (!length(big)) return(list(q = matrix(0, nrow(m), 0), which = integer()))
  list(q = qr.Q(qr(sweep(m, 2, size, "/")[, big, drop = FALSE])), which = big)
}

# UJIVE (Kolesar 2013): the prediction of x from the others less that without instruments, of other people or clusters.
left_out <- function(after, error, base, q, cluster) {
  h <- rowSums(base^2)
  whole <- h + rowSums(q^2)
  out <- after / (1 - h) - error / (1 - whole)
  if (is.null(cluster)) {
    out[whole > 1 - 1e-8] <- 0
    return(out)
  }
  for (rows in Filter(function(rows) length(rows) > 1, split(seq_along(after), cluster))) {
    own <- tcrossprod(base[rows, , drop = FALSE])
    both <- own + tcrossprod(q[rows, , drop = FALSE])
    unit <- diag(length(rows))
    solved <- or_else(solve(unit - own, after[rows]) - solve(unit - both, error[rows]), NULL)
    # Nobody else informs: such people say nothing.
    out[rows] <- if (is.null(solved)) 0 else solved
  }
  out
}

# ---- the second stage ----

# Integrals over the risk sets of columns f over people (about the means of their strata), with f. Of each person
#   spent  int (f_i - fbar) dt      at     f_i - fbar at the end
#   mean   int fbar dt              cum    int dN / S0          cum_f  int fbar dN / S0
# `paths`: fbar over the intervals between times, of every stratum.
risk_integrals <- function(follow, f, strata) {
  n <- length(follow$time)
  out <- list(f = f, spent = f, at = f, mean = f, cum = numeric(n), cum_f = f)
  paths <- lapply(unname(split(seq_len(n), strata)), function(rows) {
    part <- stratum_integrals(follow$time[rows], follow$event[rows], follow$entry[rows], f[rows, , drop = FALSE])
    for (name in c("f", "spent", "at", "mean", "cum_f")) out[[name]][rows, ] <<- part[[name]]
    out$cum[rows] <<- part$cum
    c(list(rows = rows), part$path)
  })
  out$paths <- paths
  out
}

stratum_integrals <- function(time, event, entry, f) {
  f <- sweep(f, 2, colMeans(f))
  grid <- sort(unique(c(0, entry, time)))
  path <- list(from = match(entry, grid), to = match(time, grid) - 1L, dt = diff(grid))
  sums <- risk_sums(cbind(1, f), path)
  at_risk <- round(sums[, 1])
  path$bar <- sums[, -1, drop = FALSE] / pmax(at_risk, 1)
  path$bar[at_risk == 0, ] <- 0
  jump <- tabulate(path$to[event == 1], length(path$dt)) / pmax(at_risk, 1)
  mean <- along(path, path$bar * path$dt)
  list(
    f = f, spent = f * (time - entry) - mean, at = f - path$bar[path$to, , drop = FALSE], mean = mean,
    cum = drop(along(path, matrix(jump))), cum_f = along(path, path$bar * jump), path = path
  )
}

# Sums of the rows of x over those at risk in every interval: interval k ends at time k + 1 of the grid.
risk_sums <- function(x, path) {
  change <- matrix(0, length(path$dt) + 1L, ncol(x))
  come <- rowsum(x, path$from)
  gone <- rowsum(x, path$to + 1L)
  at <- as.integer(rownames(come))
  change[at, ] <- come
  at <- as.integer(rownames(gone))
  change[at, ] <- change[at, , drop = FALSE] - gone
  matrix(apply(change, 2, cumsum), ncol = ncol(x))[seq_along(path$dt), , drop = FALSE]
}

# Of each person the sum over the intervals in which they are at risk.
along <- function(path, per_cell) {
  total <- rbind(0, matrix(apply(per_cell, 2, cumsum), nrow(per_cell)))
  total[path$to + 1L, , drop = FALSE] - total[path$from, , drop = FALSE]
}

# theta of sum_i int (h_i - hbar)(dN_i - Y_i theta'g_i dt) = 0, `h` and `g` columns of f; psi: each person's part in the
# equations, martingale: what the hazard leaves of the event.
solve_hazard <- function(event, got, h, g) {
  f <- got$f
  a <- crossprod(f[, h, drop = FALSE], got$spent[, g, drop = FALSE])
  size <- sqrt(abs(diag(a)))
  half <- or_else(solve(a / outer(size, size)) / outer(size, size), NULL)
  if (is.null(half) || !all(is.finite(half))) return(NULL)
  theta <- drop(half %*% colSums(event * got$at[, h, drop = FALSE]))
  slope <- drop(got$spent[, g, drop = FALSE] %*% theta)
  own <- drop(f[, g, drop = FALSE] %*% theta)
  cross <- f[, h, drop = FALSE]
  for (path in got$paths) {
    cross[path$rows, ] <- along(
      path, path$bar[, h, drop = FALSE] * drop(path$bar[, g, drop = FALSE] %*% theta) * path$dt
    )
  }
  psi <- event * got$at[, h, drop = FALSE] - f[, h, drop = FALSE] * (got$cum + slope) +
    got$cum_f[, h, drop = FALSE] + own * got$mean[, h, drop = FALSE] - cross
  list(theta = theta, half = half, psi = psi, martingale = event - got$cum - slope)
}

# ---- estimators ----

hazard_estimators <- c(
  ujive = "Additive hazards, UJIVE", iv = "Additive hazards, IV", two_stage = "Additive hazards, two-stage",
  naive = "Additive hazards, no instruments"
)

# Estimate and error of the exposure's effect.
hazard_estimate <- function(estimator, follow, got, first, cluster) {
  w <- 3L + seq_len(ncol(got$f) - 3L)
  h <- c(c(ujive = 3L, iv = 2L, two_stage = 2L, naive = 1L)[[estimator]], w)
  g <- c(if (estimator == "two_stage") 2L else 1L, w)
  fit <- solve_hazard(follow$event, got, h, g)
  if (is.null(fit)) return(c(b = NA_real_, se = NA_real_))
  psi <- fit$psi
  project <- function(m) first$q %*% crossprod(first$q, m)
  if (estimator %in% c("iv", "two_stage")) {
    psi[, 1] <- psi[, 1] + drop(project(fit$martingale)) * first$error
  }
  if (estimator == "two_stage") {
    psi <- psi - fit$theta[1] * project(got$spent[, h, drop = FALSE]) * first$error
  }
  part <- drop(psi %*% fit$half[1, ])
  if (!is.null(cluster)) part <- rowsum(part, as.integer(cluster))
  count <- length(part)
  variance <- sum(part^2)
  if (estimator == "ujive") variance <- variance + fit$half[1, 1]^2 * pairs_term(first, fit$martingale, cluster)
  if (!is.null(cluster)) variance <- variance * count / (count - 1)
  c(b = fit$theta[1], se = sqrt(max(variance, 0)))
}

# sum over different people (clusters) of P_ij m_j e_i P_ij m_i e_j: what the first stage's errors add when
# instruments are many, beside what the squares of each person have (Chao et al. 2012).
pairs_term <- function(first, martingale, cluster) {
  m <- first$q * martingale
  e <- first$q * first$error
  if (!is.null(cluster)) {
    m <- rowsum(m, as.integer(cluster))
    e <- rowsum(e, as.integer(cluster))
  }
  s <- crossprod(e, m)
  sum(s * t(s)) - sum(rowSums(m * e)^2)
}

hazard_object <- function(follow, rows, names, time_unit, level, unit = NA) {
  cluster <- rows$cluster
  if (!is.null(cluster) && nlevels(cluster) < 2) abort_argument("cluster", "at least 2 groups", "one")
  if (stats::var(rows$x) == 0) abort_argument("x", "an exposure that varies", "a constant")
  first <- hazard_first_stage(rows$x, rows$z, rows$w, rows$strata, cluster)
  got <- risk_integrals(follow, cbind(rows$x, first$fitted, first$jackknife, first$w), rows$strata)
  found <- vapply(names(hazard_estimators), hazard_estimate, numeric(2), follow, got, first, cluster)
  per <- if (is.null(time_unit)) 1 else 1000
  b <- per * found[1, ]
  se <- per * found[2, ]
  df <- if (is.null(cluster)) Inf else nlevels(cluster) - 1
  reach <- stats::qt((1 + level) / 2, df)
  spent <- follow$time - follow$entry
  sums <- rowsum(cbind(1, follow$event, spent), rows$strata, reorder = TRUE)
  new_object("iv_hazard", list(
    estimates = data.frame(
      estimator = names(hazard_estimators), b = b, se = se, lo_ci = b - reach * se, up_ci = b + reach * se,
      pval = 2 * stats::pt(-abs(b / se), df), row.names = NULL
    ),
    fstat = first$fstat, nobs = length(spent), events = sum(follow$event), person_time = sum(spent),
    strata = data.frame(
      stratum = rownames(sums), n = sums[, 1], events = sums[, 2], person_time = sums[, 3], row.names = NULL
    ),
    time_unit = time_unit, per = per, scale = "hazard difference",
    units = hazard_units(names, time_unit, unit), exposure = names[1], outcome = names[2], level = level,
    clusters = if (!is.null(cluster)) nlevels(cluster), delayed = sum(follow$entry > 0), instruments = first$L,
    covariates = ncol(first$w)
  ))
}

# "events of death per 1,000 person-years per mmol/L of ldl"
hazard_units <- function(names, time_unit, unit = NA) {
  sprintf(
    "events%s per %s per %s of %s", if (names[2] == "event") "" else paste(" of", names[2]),
    if (is.null(time_unit)) "person and unit of time" else paste0("1,000 person-", time_unit),
    if (length(unit) && !is.na(unit)) unit else "unit", names[1]
  )
}
