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
  spec <- list(centre = mean(rows$x), scale = stats::sd(rows$x))
  w <- cbind(1, rows$w)
  colnames(w) <- c("one", sprintf("w%d", seq_len(ncol(rows$w))))
  knots <- unique(stats::quantile((rows$x - spec$centre) / spec$scale, seq(1, 6) / 7, names = FALSE))
  models <- list(constant = list(label = "constant", value = mean(rows$y)))
  spline <- c(spec, list(degree = 3, knots = knots))
  models$regression <- reference_fit(rows, w, spline, NULL, "regression, no instrument")
  for (degree in 1:3) {
    z <- reference_instruments(rows$z, rows$x, w, if (degree == 1) 1 else degree + 1)
    name <- c("linear", "quadratic", "cubic")[degree]
    models[[name]] <- reference_fit(rows, w, c(spec, list(degree = degree)), z, paste(name, "2SLS"))
  }
  wald <- c(statistic = NA_real_, df = 2, p.value = NA_real_)
  cubic <- models$cubic
  if (!is.null(cubic$vcov)) {
    bend <- intersect(c("x2", "x3"), rownames(cubic$vcov))
    cov <- cubic$vcov[bend, bend]
    statistic <- tryCatch(
      drop(cubic$coef[bend] %*% solve(cov, cubic$coef[bend], tol = 1e-30)),
      error = function(e) NA_real_
    )
    wald <- c(statistic = statistic, df = length(bend), p.value = stats::pchisq(statistic, length(bend), lower.tail = FALSE))
  }
  list(models = models, wald = wald, endogeneity = endogeneity_test(rows, w, spline))
}

reference_fit <- function(rows, w, spec, z, label) {
  columns <- reference_columns(rows$x, spec)
  size <- apply(columns, 2, stats::sd)
  even <- columns / rep(size, each = nrow(columns))
  y <- rows$y / stats::sd(rows$y) # powers of skewed exposures, outcomes in odd units
  fit <- tryCatch(
    if (is.null(z)) iv_fit(y, x = even, w = w, estimator = "ols", vcov = "HC1") else iv_fit(y, even, z, w, vcov = "HC1"),
    error = function(e) NULL
  )
  out <- list(label = label, spec = spec)
  if (is.null(fit)) return(out) # too few instruments for this degree, or collinear powers
  size <- size / stats::sd(rows$y)
  coef <- stats::coef(fit)[colnames(columns)] / size
  coef[is.na(coef)] <- 0
  out$coef <- coef
  kept <- rownames(stats::vcov(fit))
  scale <- replace(setNames(rep(1 / stats::sd(rows$y), length(kept)), kept), intersect(kept, names(size)), size[intersect(kept, names(size))])
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

# Partially linear control function: y on a spline of x, covariates and the
# first-stage residual; robust t of the residual (Wu 1973; Hausman 1978).
endogeneity_test <- function(rows, w, spline) {
  missing <- c(statistic = NA_real_, p.value = NA_real_)
  tryCatch(
    {
      z <- reference_instruments(rows$z, rows$x, w, 3)
      residual <- stats::residuals(iv_fit(scale(rows$x)[, 1], w = unname(cbind(z, w)), estimator = "ols"))
      columns <- cbind(residual = as.vector(residual), scale(reference_columns(rows$x, spline)))
      fit <- iv_fit(scale(rows$y)[, 1], x = columns, w = w, estimator = "ols", vcov = "HC1")
      t <- stats::coef(fit)[["residual"]] / sqrt(stats::vcov(fit)["residual", "residual"])
      c(statistic = t^2, p.value = stats::pchisq(t^2, 1, lower.tail = FALSE))
    },
    error = function(e) missing
  )
}
