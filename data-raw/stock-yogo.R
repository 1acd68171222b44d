# Critical values of Stock and Yogo (2005) that have no formula, by simulation of
# their weak-instrument asymptotics: LIML and Fuller with one endogenous variable, 2SLS and
# LIML with two. Writes R/iv_stock_yogo_tables.R. Run from the package's directory:
#   Rscript data-raw/stock-yogo.R
#
# With L instruments, concentration mu2 in every direction (the smallest eigenvalue; larger ones
# elsewhere are less weak), errors u of variance one correlated rho with V (k columns):
# u = V rho + sqrt(1 - rho^2) e. Everything depends on the cross products of (u, lambda + V)
# only: the k rows along lambda, and a Wishart matrix of the L - k others.
# The critical value of the Cragg-Donald F is the 95 % quantile of noncentral chi-squared(L,
# L mu2 / L) / L at the mu2 where the worst rho meets the limit (their bound for k > 1).
suppressMessages(library(LatentMR))
quantile_at <- LatentMR:::noncentral_quantile
draws <- as.numeric(Sys.getenv("LATENTMR_DRAWS", "1e5"))
# The worst rho is small for the relative bias of Fuller, towards one for 2SLS, between for LIML.
rhos <- c(0.1, 0.5, 0.7, 0.85, 0.95, 0.999)
rhos_two <- c(0.7, 0.85, 0.95, 0.999)

# Draws with their mirror images in e: bias has no part that is odd in e.
draw_one <- function(L, n = draws / 2) {
  v <- rnorm(n)
  e <- rnorm(n)
  vv <- if (L > 1) rchisq(n, L - 1) else 0 * v
  ve <- rnorm(n) * sqrt(vv)
  ee <- ifelse(vv > 0, ve^2 / vv, 0) + if (L > 2) rchisq(n, L - 2) else 0
  list(v = c(v, v), e = c(e, -e), vv = c(vv, vv), ve = c(ve, -ve), ee = c(ee, ee))
}

# Size of LIML's 5 % Wald test and the mean of Fuller's estimate (constant 1).
rates_one <- function(d, mu2, rho) {
  mu <- sqrt(mu2)
  r <- sqrt(1 - rho^2)
  n1 <- (mu + d$v)^2 + d$vv
  a <- (mu + d$v) * d$v + d$vv
  n2 <- rho * a + r * ((mu + d$v) * d$e + d$ve)
  n3 <- rho^2 * (d$v^2 + d$vv) + 2 * rho * r * (d$v * d$e + d$ve) + r^2 * (d$e^2 + d$ee)
  half <- (n3 + n1 - 2 * rho * n2) / 2
  det <- pmax(n1 * n3 - n2^2, 0)
  kappa <- det / (half + sqrt(pmax(half^2 - r^2 * det, 0)))
  wald <- function(kappa) {
    b <- (n2 - kappa * rho) / (n1 - kappa)
    list(b = b, w = b^2 * (n1 - kappa) / (1 - 2 * rho * b + b^2))
  }
  # 2SLS has a known mean (L > 2): a control
  fuller <- wald(kappa - 1)$b
  c(size = mean(wald(kappa)$w > qchisq(0.95, 1)), bias = abs(mean(fuller)))
}

# Three by three cross products of (u, lambda + V) with two endogenous variables, both concentrations mu2,
# rho along the first: cross products as a list of vectors.
draw_two <- function(L, n = draws) {
  normal <- function(rows) array(rnorm(n * rows * 3), c(n, rows, 3))
  list(top = normal(2), rest = if (L > 2) wishart3(n, L - 2) else NULL)
}

# Bartlett: columns of the lower factor; with fewer than three rows the factor is cut.
wishart3 <- function(n, df) {
  x <- function(j) if (df >= j) sqrt(rchisq(n, df - j + 1)) else numeric(n)
  z <- function(j) if (df >= j) rnorm(n) else numeric(n)
  t11 <- x(1); t22 <- x(2); t33 <- x(3)
  t21 <- z(1); t31 <- z(1); t32 <- z(2)
  list(
    "11" = t11^2, "12" = t11 * t21, "13" = t11 * t31, "22" = t21^2 + t22^2, "23" = t21 * t31 + t22 * t32,
    "33" = t31^2 + t32^2 + t33^2
  )
}

rates_two <- function(d, mu2, rho) {
  mu <- sqrt(mu2)
  r <- sqrt(1 - rho^2)
  # columns of the two top rows: e, x1 = lambda_1 + v1, x2; rows 1 and 2
  e <- d$top[, , 1]
  v1 <- d$top[, , 2]
  v2 <- d$top[, , 3]
  x1 <- v1
  x1[, 1] <- x1[, 1] + mu
  x2 <- v2
  x2[, 2] <- x2[, 2] + mu
  u <- rho * v1 + r * e
  s <- d$rest
  zero <- 0
  part <- function(name) if (is.null(s)) zero else s[[name]]
  # the rest in the order e, v1, v2
  uu <- rowSums(u^2) + r^2 * part("11") + 2 * rho * r * part("12") + rho^2 * part("22")
  u1 <- rowSums(u * x1) + r * part("12") + rho * part("22")
  u2 <- rowSums(u * x2) + r * part("13") + rho * part("23")
  m11 <- rowSums(x1^2) + part("22")
  m12 <- rowSums(x1 * x2) + part("23")
  m22 <- rowSums(x2^2) + part("33")
  # against Sigma = (1, rho, 0; rho, 1, 0; 0, 0, 1): (u - rho x1) / r, x1, x2 have unit variance
  a11 <- (uu - 2 * rho * u1 + rho^2 * m11) / r^2
  a12 <- (u1 - rho * m11) / r
  a13 <- (u2 - rho * m12) / r
  kappa <- smallest_root(a11, a12, a13, m11, m12, m22)
  test <- function(kappa) {
    p <- m11 - kappa
    q <- m22 - kappa
    c1 <- u1 - kappa * rho
    det <- p * q - m12^2
    b1 <- (q * c1 - m12 * u2) / det
    b2 <- (p * u2 - m12 * c1) / det
    list(b1 = b1, w = (b1 * c1 + b2 * u2) / (1 - 2 * rho * b1 + b1^2 + b2^2))
  }
  tsls <- test(0)
  c(
    size_2sls = mean(tsls$w > qchisq(0.95, 2)), size_liml = mean(test(kappa)$w > qchisq(0.95, 2)),
    bias = mean(tsls$b1) / rho
  )
}

# Smallest eigenvalue of symmetric 3 x 3 matrices (Smith 1961).
smallest_root <- function(a, b, c, d, e, f) {
  q <- (a + d + f) / 3
  p <- sqrt(((a - q)^2 + (d - q)^2 + (f - q)^2 + 2 * (b^2 + c^2 + e^2)) / 6)
  A <- (a - q) / p
  D <- (d - q) / p
  F <- (f - q) / p
  b <- b / p
  c <- c / p
  e <- e / p
  half <- (A * (D * F - e^2) - b * (b * F - e * c) + c * (b * e - D * c)) / 2
  q + 2 * p * cos(acos(pmin(1, pmax(-1, half))) / 3 + 2 * pi / 3)
}

# The mu2 at which a falling rate meets a limit: a grid, splines of the logarithms.
crossing <- function(mu2, rate, limit) {
  below <- which(rate < limit)
  if (!length(below)) return(NA_real_)
  i <- below[1]
  if (i == 1) return(mu2[1])
  near <- seq(max(1, i - 5), min(length(mu2), i + 4))
  near <- near[rate[near] > 0]
  curve <- stats::splinefun(log(mu2[near]), log(rate[near]), method = "natural")
  exp(stats::uniroot(function(x) curve(x) - log(limit), log(mu2[c(i - 1, i)]), extendInt = "downX")$root)
}

value <- function(mu2, L) if (is.na(mu2)) NA_real_ else quantile_at(0.95, L, mu2) / L
sizes <- c(0.1, 0.15, 0.2, 0.25)
biases <- c(0.05, 0.1, 0.2, 0.3)

one_row <- function(L) {
  set.seed(1000 + L)
  d <- draw_one(L)
  mu2 <- exp(seq(log(0.05), log(30 + L), length.out = 26))
  worst <- vapply(mu2, function(m) {
    all <- vapply(rhos, function(rho) rates_one(d, m, rho), c(size = 0, bias = 0))
    c(size = max(all["size", ]), relative = max(all["bias", ] / rhos), bias = max(all["bias", ]))
  }, numeric(3))
  at <- function(name, limits) vapply(limits, function(l) value(crossing(mu2, worst[name, ], l), L), 0)
  c(L, at("size", sizes), at("relative", biases), at("bias", biases))
}

two_row <- function(L) {
  set.seed(2000 + L)
  d <- draw_two(L)
  mu2 <- exp(seq(log(0.3), log(30 + 25 * L), length.out = 26))
  worst <- vapply(mu2, function(m) {
    all <- vapply(rhos_two, function(rho) rates_two(d, m, rho), numeric(3))
    c(max(all[1, ]), max(all[2, ]), if (L > 3) all[3, 4] else NA)
  }, numeric(3))
  at <- function(i, limits) vapply(limits, function(l) if (all(is.na(worst[i, ]))) NA_real_ else value(crossing(mu2, worst[i, ], l), L), 0)
  c(L, at(3, biases), at(1, sizes), at(2, sizes))
}
if (!nzchar(Sys.getenv("LATENTMR_CHECK"))) {
  one <- t(vapply(1:30, one_row, numeric(13)))
  two <- t(vapply(2:12, two_row, numeric(13)))
  rows <- function(x) apply(x, 1, function(r) paste(c(r[1], ifelse(is.na(r[-1]), "NA", sprintf("%.2f", r[-1]))), collapse = ", "))
  body <- function(name, x) c(sprintf("%s <- c(", name), paste0("  ", rows(x), c(rep(",", nrow(x) - 1), "")), ")")
  writeLines(c(
    "# Made by data-raw/stock-yogo.R: critical values of the Cragg-Donald F by simulation.",
    "# A row per number of instruments L, then four columns each for the limits of stock_yogo():",
    "# one endogenous variable: size of LIML, relative bias and bias of Fuller, L = 1 to 30;",
    "# two: relative bias and size of 2SLS, size of LIML, L = 2 to 12.",
    body("stock_yogo_one", one), body("stock_yogo_two", two)
  ), "R/iv_stock_yogo_tables.R")
}
