# The slow obvious additive hazards: the estimating equations time by time, the first stage by lm().
slow_hazard <- function(time, event, x, z, w = NULL, entry = 0 * time, strata = rep(1, length(x)),
                        cluster = seq_along(x)) {
  s <- factor(strata)
  w <- if (is.null(w)) matrix(0, length(x), 0) else as.matrix(w)
  base <- cbind(if (nlevels(s) > 1) model.matrix(~s) else 1, w)
  predict_from <- function(m, rows) drop(m %*% qr.coef(qr(m[rows, , drop = FALSE]), x[rows]))
  everybody <- seq_along(x)
  fitted <- predict_from(cbind(base, z), everybody)
  jackknife <- x
  for (one in unique(cluster)) {
    out <- which(cluster == one)
    rows <- setdiff(everybody, out)
    jackknife[out] <- predict_from(cbind(base, z), rows)[out] - predict_from(base, rows)[out]
  }
  solve_for <- function(h, g) {
    a <- b <- 0
    for (stratum in levels(s)) {
      mine <- s == stratum
      grid <- sort(unique(c(0, entry[mine], time[mine])))
      for (k in seq_along(grid)[-1]) {
        risk <- which(mine & entry < grid[k] & time >= grid[k])
        if (!length(risk)) next
        center <- colMeans(h[risk, , drop = FALSE])
        left <- sweep(h[risk, , drop = FALSE], 2, center)
        a <- a + crossprod(left, g[risk, , drop = FALSE]) * (grid[k] - grid[k - 1])
        for (i in risk[time[risk] == grid[k] & event[risk] == 1]) b <- b + h[i, ] - center
      }
    }
    unname(solve(a, b)[1])
  }
  c(
    ujive = solve_for(cbind(jackknife, w), cbind(x, w)), iv = solve_for(cbind(fitted, w), cbind(x, w)),
    two_stage = solve_for(cbind(fitted, w), cbind(fitted, w)), naive = solve_for(cbind(x, w), cbind(x, w))
  )
}

# Additive hazards of an exposure (effect .01) and a confounder; two strata whose baselines, exposures and
# frequencies differ.
hazard_people <- function(n, L = 3, late = FALSE, whole = FALSE) {
  strata <- rep(c("a", "b"), length.out = n)
  z <- matrix(rbinom(n * L, 2, ifelse(strata == "a", .3, .5)), n)
  u <- rexp(n)
  w <- rnorm(n)
  x <- drop(z %*% rep(.8 / sqrt(L), L)) + .2 * w + u + rexp(n) + (strata == "a")
  death <- rexp(n, .03 + .01 * x + .03 * u + .05 * (strata == "b"))
  entry <- if (late) runif(n, 0, 3) else rep(0, n)
  end <- entry + runif(n, 4, 12)
  time <- pmin(death, end)
  if (whole) time <- ceiling(time)
  data.frame(
    time = time, event = as.numeric(death <= end), entry = entry, x = x, w = w, strata = strata, z = I(z)
  )[time > entry, ]
}
