# The closed solver: output layers solved exactly, hidden layers drawn at random and
# polished (src/core/curve/curve_closed.h), shrunk to the line of linear 2SLS.

# Priors of the closed solver: five variances (in units of the residual variance)
# with weights, for the square of the exposure and for the tanh block. Weak instruments see little
# more than a parabola: there the square has a flat prior, so that the fit without tanh units
# is quadratic 2SLS, a tenth of the mass (of the band: a hundredth, more would only widen it where
# nothing is seen) is on what else a curve may do, and the gate of `shrink` alone decides
# about the line. Strong instruments tell bends from noise: no mass on
# parabolas, and the band expects rougher curves than the estimate, because a posterior that is as
# smooth as the estimate covers too little where the truth bends.
curve_priors <- local({
  flat <- c(1000, .01, .1, 1, 10, 1, 0, 0, 0, 0)
  square <- c(0, .01, .1, 1, 10, .5, .1, .15, .15, .1)
  weak <- c(flat, 0, .03, .1, .3, 1, .9, .02, .03, .03, .02)
  weak_band <- c(flat, 0, .03, .1, .3, 1, .99, .002, .003, .003, .002)
  list(
    weak = weak, strong = c(square, 0, .01, .1, .3, 1, 0, 0, .2, .35, .45),
    weak_band = weak_band, strong_band = c(square, 0, .01, .3, 1, 3, 0, 0, .2, .5, .3)
  )
})

closed_options <- function(control) {
  list(
    members = control$members, units = control$units, instrument_units = control$instrument_units,
    polish = control$polish,
    polish_rate = .02, strong = .13 # above this strength the instruments count as strong
  )
}

# `learned`: a closed model whose hidden layers stay as they are.
closed_fit <- function(rows, control, seed, learned = NULL) {
  frozen <- if (!is.null(learned)) {
    c(learned$scale[["a_mean"]], learned$scale[["a_scale"]], learned$features$slope, learned$features$shift)
  }
  .Call(
    C_ffi_curve_closed, rows$y, rows$x, rows$z, rows$w, closed_options(control), curve_priors, frozen, seed,
    cpu_level()
  )
}

# Features at x times `by`, in units of outcome and exposure. The outcome's unit is that
# of `unit`, the model of the whole sample.
closed_at <- function(model, x, by, derivative, unit = model) {
  standard <- (x - model$scale[["a_mean"]]) / model$scale[["a_scale"]]
  out <- .Call(C_ffi_curve_at, model$features, standard, as.integer(derivative), as.matrix(by), cpu_level())
  out * unit$scale[["y_sd"]] / (if (derivative) model$scale[["a_scale"]] else 1)
}

closed_unit <- function(model, derivative) {
  model$scale[["y_sd"]] / (if (derivative) model$scale[["a_scale"]] else 1)
}

# Linear 2SLS in feature coordinates: of the instruments as given, which is what s = 0
# returns; and of the basis of the fit, from which the curve's difference is taken. With
# many instruments the basis has more of their bias, and its line is not the better one.
two_lines <- function(fit) {
  model <- fit$model
  line <- function(slope) replace(numeric(length(model$point)), 1, slope)
  given <- fit$references$models$linear
  basis <- model$summary[["linear"]]
  slope <- if (is.null(given$coef)) {
    basis
  } else {
    given$coef[[1]] / given$spec$scale * model$scale[["a_scale"]] / model$scale[["y_sd"]]
  }
  list(given = line(slope), basis = line(basis))
}

closed_shrunk <- function(fit) {
  if (is_shaped(fit)) return(fit$shape$point)
  line <- two_lines(fit)
  line$given + fit$shrink * (fit$model$point - line$basis)
}

closed_value <- function(fit, at, derivative) {
  level <- if (derivative) 0 else fit$model$scale[["y_mean"]]
  each <- vapply(curve_parts(fit), function(p) {
    last <- length(p$coef)
    shift <- if (derivative) 0 else p$coef[last] * fit$model$scale[["y_sd"]]
    drop(closed_at(p$model, at$x, p$coef[-last], derivative, fit$model)) + shift
  }, numeric(length(at$x)))
  list(
    fit = drop(closed_at(fit$model, at$x, closed_shrunk(fit), derivative)) + level,
    unshrunk = rowMeans(matrix(each, length(at$x))) + level
  )
}

closed_covariance <- function(fit, at, derivative) {
  parts <- curve_parts(fit)
  each <- lapply(parts, function(p) {
    features <- length(p$coef) - 1
    columns <- closed_at(p$model, at$x, diag(features), derivative, fit$model)
    level <- if (derivative) 0 else fit$model$scale[["y_sd"]]
    columns <- cbind(columns, rep(level, length(at$x)))
    columns %*% p$cov %*% t(columns)
  })
  cov <- Reduce(`+`, each) / length(parts)^2
  (cov + t(cov)) / 2
}

closed_mean_slope <- function(fit) {
  slopes <- vapply(curve_parts(fit), function(p) {
    m <- c(p$model$mean_slope, 0)
    c(sum(m * p$coef), drop(m %*% p$cov %*% m))
  }, numeric(2))
  estimate <- sum(fit$model$mean_slope * closed_shrunk(fit))
  closed_unit(fit$model, TRUE) * c(estimate, mean(slopes[1, ]), sqrt(sum(slopes[2, ])) / ncol(slopes))
}

closed_lines <- function(fit, number) {
  id <- fit$identification
  c(
    sprintf(
      "Shrinkage to linear 2SLS: s = %s (log evidence of a bend %s, noise / difference V/D = %s)", number(fit$shrink),
      number(fit$model$summary[["gain"]]), number(fit$model$summary[["ratio"]])
    ),
    uneven_lines(fit, number),
    if (!id$strong && id$most > 1 && fit$alike) {
      sprintf(
        "The control function bends alike: s leaves 0 at V/D = %.2g instead of %.2g", 1 / weak_gate[["alike"]],
        1 / weak_gate[["alone"]]
      )
    }
  )
}
