# Simple estimators on the same data, printed beside every curve.

# Columns of a polynomial or spline in standard units of the exposure.
reference_columns <- function(x, spec) {
  u <- (x - spec$centre) / spec$scale
  out <- outer(u, seq_len(spec$degree), "^")
  if (length(spec$knots)) out <- cbind(out, pmax(outer(u, spec$knots, "-"), 0)^3)
  colnames(out) <- sprintf("x%d", seq_len(ncol(out)))
  out
}

# Powers of the instruments up to `degree`, as in [z .. z^(degree)]; of their
# first-stage index when there are more than five. Linear in z for degree 1.
reference_instruments <- function(z, x, w, degree) {
  z <- scale(z)
  z <- z[, !duplicated(z, MARGIN = 2), drop = FALSE]
  base <- z
  if (ncol(z) > 5) {
    first <- iv_fit(x, w = unname(cbind(z, w)), estimator = "ols")
    index <- stats::fitted(first)
    base <- as.matrix((index - mean(index)) / stats::sd(index))
  }
  many <- apply(base, 2, function(v) length(unique(v)) > 4)
  powers <- if (degree > 1) {
    lapply(seq(2, degree), function(k) base[, many, drop = FALSE]^k)
  }
  out <- do.call(cbind, c(list(z), powers))
  colnames(out) <- sprintf("z%d", seq_len(ncol(out)))
  out
}

curve_references <- function(rows) {
  spec <- reference_spec(rows)
  w <- reference_covariates(rows)
  knots <- unique(stats::quantile((rows$x - spec$centre) / spec$scale, seq(1, 6) / 7, names = FALSE))
  spline <- c(spec, list(degree = 3, knots = knots))
  residual <- first_residual(rows, w)
  models <- list(
    constant = list(label = "constant", value = mean(rows$y)),
    regression = reference_fit(rows, w, spline, NULL, "regression, no instrument"),
    linear = polynomial_reference(rows, 1), quadratic = polynomial_reference(rows, 2),
    cubic = polynomial_reference(rows, 3)
  )
  list(
    models = models, wald = cubic_wald(rows, w, models), endogeneity = residual_test(rows, w, spline, residual),
    bend = control_bend(rows, w, residual)
  )
}

reference_spec <- function(rows) list(centre = mean(rows$x), scale = stats::sd(rows$x))

reference_covariates <- function(rows) {
  w <- cbind(1, rows$w)
  colnames(w) <- c("one", sprintf("w%d", seq_len(ncol(rows$w))))
  w
}

# 2SLS with a polynomial of the exposure, instruments with one power more.
polynomial_reference <- function(rows, degree) {
  w <- reference_covariates(rows)
  z <- reference_instruments(rows$z, rows$x, w, if (degree == 1) 1 else degree + 1)
  reference_fit(
    rows, w, c(reference_spec(rows), list(degree = degree)), z, paste(c("linear", "quadratic", "cubic")[degree], "2SLS")
  )
}

# That the cubic is a line: White's errors from the residuals of linear 2SLS, which is right if it is. Those of the
# cubic itself are bent to the few people at the ends, where its instruments weigh most, and far too small there.
cubic_wald <- function(rows, w, models) {
  cubic <- models$cubic
  if (is.null(cubic$vcov) || is.null(models$linear$coef)) {
    return(c(statistic = NA_real_, df = 2, p.value = NA_real_))
  }
  kept <- intersect(names(cubic$coef), rownames(cubic$vcov))
  columns <- cbind(reference_columns(rows$x, cubic$spec)[, kept], w)
  z <- cbind(reference_instruments(rows$z, rows$x, w, 4), w)
  linear <- models$linear
  left <- qr.resid(qr(w), rows$y - linear$coef[[1]] * reference_columns(rows$x, linear$spec)[, 1])
  projected <- qr.fitted(qr(z), columns)
  sizes <- sqrt(colMeans(projected^2))
  even <- projected / rep(sizes, each = nrow(projected))
  or_else(
    {
      bread <- solve(crossprod(even), tol = 1e-30)
      vcov <- bread %*% crossprod(even * left) %*% bread / outer(sizes, sizes)
      dimnames(vcov) <- list(colnames(columns), colnames(columns))
      joint_wald(cubic$coef, vcov * nrow(even) / (nrow(even) - ncol(even)), c("x2", "x3"))
    },
    c(statistic = NA_real_, df = 2, p.value = NA_real_)
  )
}

# Wald test that the coefficients of these columns are all 0 (of those that were kept).
joint_wald <- function(coef, vcov, columns) {
  columns <- intersect(columns, rownames(vcov))
  statistic <- or_else(
    drop(coef[columns] %*% solve(vcov[columns, columns], coef[columns], tol = 1e-30)),
    NA_real_
  )
  c(
    statistic = statistic, df = length(columns), p.value = stats::pchisq(statistic, length(columns), lower.tail = FALSE)
  )
}

reference_fit <- function(rows, w, spec, z, label) {
  columns <- reference_columns(rows$x, spec)
  size <- apply(columns, 2, stats::sd)
  even <- columns / rep(size, each = nrow(columns))
  y <- rows$y / stats::sd(rows$y) # powers of skewed exposures, outcomes in odd units
  fit <- or_else(
    if (is.null(z)) {
      iv_fit(y, x = even, w = w, estimator = "ols", vcov = "HC1")
    } else {
      iv_fit(y, even, z, w, vcov = "HC1")
    },
    NULL
  )
  out <- list(label = label, spec = spec)
  if (is.null(fit)) return(out) # too few instruments for this degree, or collinear powers
  size <- size / stats::sd(rows$y)
  coef <- stats::coef(fit)[colnames(columns)] / size
  coef[is.na(coef)] <- 0
  out$coef <- coef
  kept <- rownames(stats::vcov(fit))
  scale <- replace(
    setNames(rep(1 / stats::sd(rows$y), length(kept)), kept), intersect(kept, names(size)),
    size[intersect(kept, names(size))]
  )
  out$vcov <- stats::vcov(fit) / outer(scale, scale)
  out$level <- mean(rows$y) - sum(colMeans(columns) * coef)
  out
}

reference_value <- function(model, x, derivative = FALSE) {
  if (!is.null(model$value)) return(rep(if (derivative) 0 else model$value, length(x)))
  if (is.null(model$coef)) return(rep(NA_real_, length(x)))
  if (derivative) { # exact to rounding for cubics
    step <- 1e-4 * model$spec$scale
    return((reference_value(model, x + step) - reference_value(model, x - step)) / (2 * step))
  }
  model$level + drop(reference_columns(x, model$spec) %*% model$coef)
}

# What instruments, with their powers, leave of the standardised exposure.
first_residual <- function(rows, w) {
  or_else(
    {
      z <- reference_instruments(rows$z, rows$x, w, 3)
      as.vector(stats::residuals(iv_fit(scale(rows$x)[, 1], w = unname(cbind(z, w)), estimator = "ols")))
    },
    NULL
  )
}

# Partially linear control function: y on a spline of x, covariates and the
# first-stage residual; robust t of the residual (Wu 1973; Hausman 1978).
residual_test <- function(rows, w, spline, residual) {
  missing <- c(statistic = NA_real_, p.value = NA_real_)
  if (is.null(residual)) return(missing)
  or_else(
    {
      columns <- cbind(residual = residual, scale(reference_columns(rows$x, spline)))
      fit <- iv_fit(scale(rows$y)[, 1], x = columns, w = w, estimator = "ols", vcov = "HC1")
      t <- stats::coef(fit)[["residual"]] / sqrt(stats::vcov(fit)["residual", "residual"])
      c(statistic = t^2, p.value = stats::pchisq(t^2, 1, lower.tail = FALSE))
    },
    missing
  )
}
