# References, tests and identification of a curve of several exposures.

# Columns of a plane or of a quadratic with products, in standard units; names x1, x1:x2.
vector_columns <- function(x, spec) {
  u <- (x - rep(spec$centre, each = nrow(x))) / rep(spec$scale, each = nrow(x))
  k <- ncol(u)
  name <- sprintf("x%d", seq_len(k))
  colnames(u) <- name
  if (spec$degree == 1) return(u)
  pairs <- vector_pairs(k)
  second <- u[, pairs[1, ], drop = FALSE] * u[, pairs[2, ], drop = FALSE]
  colnames(second) <- sprintf("%s:%s", name[pairs[1, ]], name[pairs[2, ]])
  cbind(u, second)
}

vector_pairs <- function(k) {
  all <- which(upper.tri(diag(k), diag = TRUE), arr.ind = TRUE)
  t(all[order(all[, 1], all[, 2]), , drop = FALSE])
}

# Instruments of a quadratic: with products and cubes, of which those that the others determine are left out.
vector_instruments <- function(rows, w) {
  b <- scale(vector_bent(rows))
  pairs <- vector_pairs(ncol(b))
  z <- cbind(scale(rows$z), b[, pairs[1, ], drop = FALSE] * b[, pairs[2, ], drop = FALSE], b^3)
  order <- qr(cbind(w, z), tol = 1e-6)
  keep <- order$pivot[seq_len(order$rank)] - ncol(w)
  z <- z[, sort(keep[keep > 0]), drop = FALSE]
  colnames(z) <- sprintf("z%d", seq_len(ncol(z)))
  z
}

vector_references <- function(rows) {
  w <- reference_covariates(rows)
  spec <- list(centre = colMeans(rows$x), scale = apply(rows$x, 2, stats::sd))
  z <- rows$z[, !duplicated(rows$z, MARGIN = 2), drop = FALSE]
  colnames(z) <- sprintf("z%d", seq_len(ncol(z)))
  list(
    constant = list(label = "constant", value = mean(rows$y)),
    regression = vector_reference(rows, w, c(spec, list(degree = 2)), NULL, "quadratic regression, no instrument"),
    plane = vector_reference(rows, w, c(spec, list(degree = 1)), z, "plane, 2SLS"),
    quadratic = vector_reference(
      rows, w, c(spec, list(degree = 2)), vector_instruments(rows, w), "quadratic with products, 2SLS"
    )
  )
}

vector_reference <- function(rows, w, spec, z, label) {
  columns <- vector_columns(rows$x, spec)
  unit <- stats::sd(rows$y)
  fit <- or_else(
    if (is.null(z)) {
      iv_fit(rows$y / unit, x = columns, w = w, estimator = "ols", vcov = "HC1")
    } else {
      iv_fit(rows$y / unit, columns, z, w, vcov = "HC1")
    },
    NULL
  )
  out <- list(label = label, spec = spec)
  names <- colnames(columns)
  if (is.null(fit) || anyNA(stats::coef(fit)[names])) return(out) # too few instruments for this degree
  out$coef <- stats::coef(fit)[names] * unit
  out$vcov <- stats::vcov(fit)[names, names] * unit^2
  out$level <- mean(rows$y) - sum(colMeans(columns) * out$coef)
  if (spec$degree == 1 && !is.null(z)) out$f <- first_stage(fit)$table$conditional_f
  out
}

vector_reference_value <- function(model, x) {
  if (!is.null(model$value)) return(rep(model$value, nrow(x)))
  if (is.null(model$coef)) return(rep(NA_real_, nrow(x)))
  model$level + drop(vector_columns(x, model$spec) %*% model$coef)
}

# Robust Wald tests in the quadratic: that it is a plane; that it has no products.
vector_tests <- function(fit) {
  model <- fit$references$quadratic
  k <- ncol(fit$data$x)
  pairs <- vector_pairs(k)
  second <- sprintf("x%d:x%d", pairs[1, ], pairs[2, ])
  of <- function(columns) {
    if (is.null(model$coef)) return(c(statistic = NA_real_, df = length(columns), p.value = NA_real_))
    joint_wald(model$coef, model$vcov, columns)
  }
  rows <- rbind(of(second), of(second[pairs[1, ] != pairs[2, ]]))
  data.frame(
    test = c("plane", "no interaction"), statistic = rows[, "statistic"], df = rows[, "df"],
    p.value = rows[, "p.value"], row.names = NULL
  )
}

# What the instruments see: directions of the surface, the exposures one by one (R2, and F given the others:
# Sanderson and Windmeijer 2016), and the share of people where they move exposures jointly.
vector_identification <- function(fit) {
  model <- fit$model
  k <- ncol(fit$data$x)
  seen <- canonical_directions(model, fit$nobs)
  explained <- colSums(model$cross[, seq_len(k), drop = FALSE]^2)
  left <- colSums(qr.resid(qr(cbind(1, fit$data$w)), fit$data$x)^2) / drop(model$scale)^2
  f <- fit$references$plane$f
  some <- unique(round(seq(1, fit$nobs, length.out = 200)))
  c(seen[c("directions", "most", "correlations", "p.value")], list(
    needed = k + k * (k + 1) / 2, first_stage = pmin(explained / left, 1),
    conditional_f = if (is.null(f)) rep(NA_real_, k) else f, instruments = nrow(model$cross),
    seen = 1 - mean(vector_extrapolates(fit, fit$data$x[some, , drop = FALSE]))
  ))
}

# Whether the surface at x is extrapolation. Its mixed derivative enters the data through
# P(X1 > x1, X2 > x2 | Z), and likewise its slopes through each margin: a point is seen where the instruments
# shift people into the orthant that lies beyond it, away from the medians (likelihood ratio with the instruments
# and their products, 5 % over all points asked for by Bonferroni; at most 20,000 evenly spaced people). Corners
# without people are not.
vector_extrapolates <- function(fit, x) {
  some <- unique(round(seq(1, fit$nobs, length.out = min(fit$nobs, 20000))))
  data <- lapply(fit$data[c("x", "z", "w")], function(m) m[some, , drop = FALSE])
  n <- length(some)
  w <- cbind(1, data$w)
  z <- qr.Q(qr(cbind(w, vector_instruments(data, w))))
  fixed <- qr(w)$rank
  df <- ncol(z) - fixed
  middle <- apply(data$x, 2, stats::median)
  p <- vapply(seq_len(nrow(x)), function(i) {
    side <- ifelse(x[i, ] >= middle, 1, -1)
    beyond <- rep(TRUE, n)
    for (j in seq_along(side)) beyond <- beyond & side[j] * (data$x[, j] - x[i, j]) >= 0
    shares <- drop(crossprod(z, beyond))^2
    total <- sum(beyond) - sum(shares[seq_len(fixed)])
    if (!(total > 1e-9)) return(1)
    r2 <- min(sum(shares[-seq_len(fixed)]) / total, 1)
    stats::pchisq(-(n - (ncol(z) + 2) / 2) * log1p(-r2), df, lower.tail = FALSE)
  }, 0)
  p >= .05 / nrow(x)
}
