# Where the bands of the closed solver come from. A band is a list of parts, each with a
# `model` (its features), `coef` and `cov` (order: features, level; standard units of
# the outcome); the unshrunk fit is their mean, and parts are independent.

other_band <- function(fit, rows) {
  band <- fit$control$band
  if (band == "posterior") return(NULL) # is part of the model
  own <- curve_solver(fit)$band
  if (!is.null(own)) return(own(fit, rows))
  abort_argument(
    "control", sprintf("band = \"posterior\" with %s", curve_label(fit)), sprintf("band = \"%s\"", band),
    hint = "The sandwich and the bootstrap belong to estimator = \"f2bmld\", solver = \"closed\", covariates = \"linear\"."
  )
}

closed_band <- function(fit, rows) {
  if (fit$control$band == "bootstrap") bootstrap_band(fit, rows) else sandwich_band(fit, rows)
}

curve_parts <- function(fit) {
  if (!is.null(fit$band)) return(fit$band$parts)
  model <- fit$model
  coef <- if (is_shaped(fit)) fit$shape$coef else model$coef
  list(list(model = model, coef = c(coef, 0), cov = with_level(model$cov, model$summary[["s2_band"]] / fit$nobs)))
}

with_level <- function(cov, variance) rbind(cbind(cov, 0), c(numeric(ncol(cov)), variance))

pick_rows <- function(rows, i) {
  list(y = rows$y[i], x = rows$x[i], z = rows$z[i, , drop = FALSE], w = rows$w[i, , drop = FALSE], names = rows$names)
}

# Coefficients on the features of `from` as coefficients on those of `to`, which has the
# same hidden layers and units of exposure but other means and scales, and the level.
convert_features <- function(from, to, coef) {
  f <- from$features
  t <- to$features
  coef <- as.matrix(coef)
  tanh <- -(1:2)
  ratio <- rep(f$block / t$block, each = nrow(f$slope))
  out <- coef
  out[tanh, ] <- coef[tanh, ] * ratio
  out[2, ] <- coef[2, ] * t$square[3] / f$square[3]
  out[1, ] <- coef[1, ] + coef[2, ] / f$square[3] * (t$square[2] - f$square[2])
  level <- out[1, ] * t$mean[1] - coef[1, ] * f$mean[1] +
    coef[2, ] / f$square[3] * (t$square[1] - f$square[1]) +
    colSums(out[tanh, , drop = FALSE] * t$mean[tanh]) - colSums(coef[tanh, , drop = FALSE] * f$mean[tanh])
  unname(rbind(out, level))
}

# People drawn with replacement, hidden layers kept, output layers and their weights
# solved again. Each draw has its own seed, drawn before the work is given out.
bootstrap_band <- function(fit, rows) {
  n <- fit$nobs
  seeds <- with_seed(fit$seed, sample.int(.Machine$integer.max, fit$control$draws))
  one <- function(seed, step) {
    step()
    drawn <- pick_rows(rows, with_seed(seed, sample.int(n, n, TRUE)))
    again <- if (max(drawn$y) > min(drawn$y) && max(drawn$x) > min(drawn$x)) {
      tryCatch(
        closed_fit(drawn, fit$control, fit$seed, learned = fit$model),
        latentmr_error_singular = function(e) NULL # the instruments do not vary
      )
    }
    if (is.null(again)) return(NULL)
    out <- convert_features(again, fit$model, again$coef) * again$scale[["y_sd"]] / fit$model$scale[["y_sd"]]
    level <- (again$scale[["y_mean"]] - fit$model$scale[["y_mean"]]) / fit$model$scale[["y_sd"]]
    out[nrow(out)] <- out[nrow(out)] + level
    out
  }
  draws <- spread_work("Bootstrap of the curve", length(seeds), function(step) {
    over_workers(seeds, one, step = step)
  })
  lost <- sum(lengths(draws) == 0)
  if (lost > length(seeds) / 2) {
    abort(
      sprintf(
        "In %d of %d bootstrap draws the outcome, the exposure or the instruments do not vary.", lost, length(seeds)
      ),
      "latentmr_error_singular",
      hint = "Use band = \"posterior\"."
    )
  }
  draws <- do.call(cbind, draws)
  list(
    method = "bootstrap", draws = ncol(draws), lost = lost,
    parts = list(list(model = fit$model, coef = c(fit$model$coef, 0), cov = stats::cov(t(draws))))
  )
}

# Features are learned on one half and serve in 2SLS on the other, where the errors
# are White's; then the halves change places. The features are the directions of
# the curve that the instruments of the first half see.
sandwich_band <- function(fit, rows) {
  n <- fit$nobs
  order <- with_seed(fit$seed, sample.int(n))
  halves <- list(order[seq_len(n %/% 2)], order[-seq_len(n %/% 2)])
  if (n < 200) {
    abort_argument(
      "control", "band = \"posterior\" with fewer than 200 rows", "band = \"sandwich\"",
      hint = "Halves of the rows are too small."
    )
  }
  parts <- lapply(list(halves, rev(halves)), function(h) {
    learned <- closed_fit(pick_rows(rows, h[[1]]), fit$control, fit$seed)
    seen <- curve_identification(list(model = learned, nobs = length(h[[1]])))
    used <- closed_fit(pick_rows(rows, h[[2]]), fit$control, fit$seed, learned = learned)
    keep <- seq_len(max(1, min(seen$directions, nrow(used$cross) - 1)))
    v <- convert_features(learned, used, seen$features[, keep, drop = FALSE])
    v <- v[-nrow(v), , drop = FALSE]
    first <- used$cross %*% v
    bread <- or_else(solve(crossprod(first), tol = 1e-30), {
      abort(
        "Half of the rows cannot identify what the other half has learned.", "latentmr_error_singular",
        hint = "Use band = \"posterior\"."
      )
    })
    coef <- v %*% bread %*% crossprod(first, used$g)
    cov <- bread %*% crossprod(first, used$omega %*% first) %*% bread
    level <- (used$scale[["y_mean"]] - fit$model$scale[["y_mean"]]) / fit$model$scale[["y_sd"]]
    unit <- used$scale[["y_sd"]] / fit$model$scale[["y_sd"]]
    list(
      model = used, coef = c(coef * unit, level), directions = length(keep),
      cov = with_level(v %*% cov %*% t(v), used$summary[["s2_band"]] / length(h[[2]])) * unit^2
    )
  })
  list(method = "sandwich", parts = parts)
}
