# Curves of two or three exposures, h(x1, x2): class `iv_surface`. The closed form of
# src/core/curve/curve_vector_fit.h, shrunk to the plane of linear 2SLS.

# Priors: five variances (in units of the residual variance) with weights, for the products of exposures and for
# the tanh blocks; the first is nothing. A bend is expected, because `shrink` alone decides about the plane: mass on
# it here would hide what is far from a parabola. The band expects rougher surfaces than the estimate, as for one
# exposure.
vector_priors <- list(
  estimate = c(1e-6, .1, 1, 10, 100, 0, .1, .2, .3, .4, 1e-6, .01, .1, 1, 10, .1, .2, .3, .3, .1),
  band = c(1e-6, .1, 1, 10, 100, 0, .1, .2, .3, .4, 1e-6, .1, 1, 10, 100, .05, .2, .3, .3, .15)
)

vector_model <- function(rows, control, seed) {
  sizes <- list(members = control$members, units = control$units, instrument_units = control$instrument_units)
  model <- .Call(
    C_ffi_vector_fit, rows$y, rows$x, rows$z, vector_bent(rows), rows$w, sizes, vector_priors, seed, cpu_level()
  )
  names(model$numbers) <- c(
    "q", "fixed", "base", "kept", "y_mean", "y_sd", "s2", "s2_band", "ratio", "gain"
  )
  model
}

# The instruments that products, cubes and tanh units are made of: those given, or, of more than five, the
# exposures that they predict.
vector_bent <- function(rows) {
  z <- rows$z[, !duplicated(rows$z, MARGIN = 2), drop = FALSE]
  if (ncol(z) <= 5) return(z)
  w <- unname(cbind(1, rows$w))
  fitted <- apply(rows$x, 2, function(x) {
    first <- iv_fit(x, w = unname(cbind(w, z)), estimator = "ols")
    z %*% first_stage_slopes(first, ncol(w), ncol(z))
  })
  plain_matrix(fitted)
}

check_vector <- function(rows, estimator, control) {
  refused <- c(
    if (estimator != "f2bmld") sprintf("estimator = \"%s\"", estimator),
    if (control$solver != "closed") "solver = \"adam\"",
    if (control$covariates == "flexible") "covariates = \"flexible\"",
    if (control$band != "posterior") sprintf("band = \"%s\"", control$band),
    if (control$shape != "free") sprintf("shape = \"%s\"", control$shape)
  )
  if (length(refused)) {
    abort_argument(
      "formula", sprintf("one with a single exposure, with %s", refused[1]),
      sprintf("one with %d: %s", ncol(rows$x), quote_all(rows$names$exposure)),
      hint = "Several exposures need estimator = \"f2bmld\" and the defaults of curve_control()."
    )
  }
  check_shape(control, estimator)
  check_curve_rows(rows)
  k <- ncol(rows$x)
  order <- qr(cbind(1, rows$w, scale(rows$x)), tol = 1e-6)
  lost <- order$pivot[-seq_len(order$rank)] - 1 - ncol(rows$w) # covariates may repeat each other
  if (any(lost > 0)) {
    abort(
      sprintf("Collinear exposures: %s.", quote_all(rows$names$exposure[lost[lost > 0]])), "latentmr_error_singular",
      hint = "Leave out an exposure that the others and the covariates determine."
    )
  }
  distinct <- sum(!duplicated(rows$z, MARGIN = 2))
  if (distinct < k) {
    abort(
      sprintf("%d instrument%s for %d exposures.", distinct, if (distinct == 1) "" else "s", k),
      c("latentmr_error_unidentified", "latentmr_error_argument"), argument = "formula",
      hint = "At least as many instruments as exposures: let each have its own."
    )
  }
}

vector_fit <- function(rows, estimator, control, seed) {
  check_vector(rows, estimator, control)
  fit <- new_object("iv_surface", list(
    control = control, seed = seed, nobs = length(rows$y), names = rows$names, data = rows[c("y", "x", "z", "w")],
    model = vector_model(rows, control, seed)
  ))
  fit$range <- apply(rows$x, 2, stats::quantile, c(.1, .9), names = FALSE)
  fit$references <- vector_references(rows)
  fit$identification <- vector_identification(fit)
  fit$shrink <- vector_shrink(fit)
  fit$tests <- vector_tests(fit)
  fit
}

# Positive-part shrinkage (James and Stein 1961) of the difference from the plane: `V / D`, what noise gives of
# its mean square over what there is. Fewer instrument functions than slopes and products: the plane alone.
vector_shrink <- function(fit) {
  id <- fit$identification
  if (id$most < id$needed) return(0)
  max(0, 1 - fit$model$numbers[["ratio"]])
}

# Features at rows of x times `times`, in units of the outcome; `by`: the exposure of a derivative.
vector_at <- function(fit, x, times, by = 0L) {
  model <- fit$model
  standard <- (x - rep(model$centre, each = nrow(x))) / rep(model$scale, each = nrow(x))
  out <- .Call(C_ffi_vector_at, model$nets, plain_matrix(standard), by - 1L, as.matrix(times), cpu_level())
  out * model$numbers[["y_sd"]] / (if (by) model$scale[by] else 1)
}

# The plane of the instruments as given and that of the basis, in coordinates of the features: as for one exposure.
vector_shrunk <- function(fit) {
  model <- fit$model
  plane <- function(slopes) replace(numeric(length(model$point)), seq_along(slopes), slopes)
  given <- fit$references$plane
  slopes <- if (is.null(given$coef)) {
    drop(model$plane)
  } else {
    given$coef / given$spec$scale * drop(model$scale) / model$numbers[["y_sd"]]
  }
  plane(slopes) + fit$shrink * (drop(model$point) - plane(drop(model$plane)))
}

vector_value <- function(fit, x, by = 0L) {
  both <- vector_at(fit, x, cbind(vector_shrunk(fit), fit$model$coef), by)
  level <- if (by) 0 else fit$model$numbers[["y_mean"]]
  list(fit = both[, 1] + level, unshrunk = both[, 2] + level)
}

# Variances of contrasts of the unshrunk fit: rows of `weights` over the rows of x.
vector_covariance <- function(fit, x, by = 0L, weights = NULL) {
  columns <- vector_at(fit, x, diag(length(fit$model$coef)), by)
  numbers <- fit$model$numbers
  level <- if (by) 0 else numbers[["s2_band"]] * numbers[["y_sd"]]^2 / fit$nobs
  if (is.null(weights)) return(columns %*% fit$model$cov %*% t(columns) + level)
  columns <- weights %*% columns
  columns %*% fit$model$cov %*% t(columns) + level * tcrossprod(rowSums(weights))
}

# In pieces, because the covariance is square in the points.
vector_std_error <- function(fit, x, by = 0L) {
  pieces <- split(seq_len(nrow(x)), (seq_len(nrow(x)) - 1) %/% 200)
  as.double(unlist(lapply(pieces, function(i) {
    sqrt(pmax(diag(vector_covariance(fit, x[i, , drop = FALSE], by)), 0))
  })))
}
