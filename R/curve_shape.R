# Curves that never fall, or never rise: `curve_control(shape = )`. The coefficients b of the closed form are
# moved by the least (b - m)' C^-1 (b - m), m their posterior mean and C their covariance, that makes the slope of
# the curve keep its sign at a grid of exposures: a quadratic programme, solved by quadprog.

curve_shapes <- c("free", "increasing", "decreasing")

shape_sign <- function(fit) switch(fit$control$shape, increasing = 1, decreasing = -1)

is_shaped <- function(fit) !is.null(fit$shape)

# The same fit without its shape: bands and errors are those of the free fit, projected.
unshaped <- function(fit) {
  fit$shape <- NULL
  fit
}

# Settings of other estimators, and a shape that this one cannot have.
check_shape <- function(control, estimator) {
  closed <- "estimator = \"f2bmld\""
  kernel <- "estimator = \"kiv\""
  idle <- if (estimator != "kiv") c(tuning = kernel, rank = kernel)
  if (estimator != "f2bmld") idle <- c(idle, solver = closed)
  if (control$band != "bootstrap") idle <- c(idle, draws = "band = \"bootstrap\"")
  if (control$solver != "adam") idle <- c(idle, adam = "solver = \"adam\"")
  warn_idle_settings(control, idle, curve_control(), sprintf("estimator = \"%s\"", estimator))
  if (control$covariates == "flexible" && estimator != "f2bmld") {
    abort_argument(
      "control", sprintf("covariates = \"linear\" with estimator = \"%s\"", estimator), "covariates = \"flexible\""
    )
  }
  if (control$shape == "free") return(invisible())
  if (estimator != "f2bmld") {
    abort_argument(
      "control", sprintf("shape = \"free\" with estimator = \"%s\"", estimator),
      sprintf("shape = \"%s\"", control$shape),
      hint = "A shape needs the closed form of estimator = \"f2bmld\"."
    )
  }
  if (!requireNamespace("quadprog", quietly = TRUE)) {
    abort(
      sprintf("`shape = \"%s\"` needs the package quadprog.", control$shape), "latentmr_error_package",
      hint = "install.packages(\"quadprog\")"
    )
  }
}

check_shape_settings <- function(shape, solver, covariates, band) {
  check_choice(shape, "shape", curve_shapes)
  if (shape == "free") return(invisible())
  refused <- c(solver = solver == "adam", covariates = covariates == "flexible", band = band != "posterior")
  if (!any(refused)) return(invisible())
  name <- names(which(refused))[1]
  given <- c(solver = solver, covariates = covariates, band = band)[[name]]
  abort_argument(
    "shape", sprintf("\"free\" with %s = \"%s\"", name, given), sprintf("\"%s\"", shape),
    hint = "A shape needs solver = \"closed\", covariates \"auto\" or \"linear\", band = \"posterior\"."
  )
}

# Where the slope keeps its sign: 100 points from the 1st to the 99th percentile, and 10 on to
# each end of the data.
shape_points <- function(fit) {
  ends <- range(fit$data$x)
  r <- fit$range
  sort(unique(c(seq(ends[1], r[1], length.out = 11), curve_grid(fit), seq(r[2], ends[2], length.out = 11))))
}

# Slopes (times the sign) of each coefficient at the grid; and the directions of the posterior that change
# slopes there, orthonormal in its metric: t moves coefficients by lift t, slopes by moves t.
shape_cone <- function(fit) {
  model <- fit$model
  slopes <- shape_sign(fit) * closed_at(model, shape_points(fit), diag(length(model$coef)), TRUE) /
    closed_unit(model, TRUE)
  parts <- eigen(model$cov, symmetric = TRUE)
  keep <- parts$values > 1e-12 * parts$values[1]
  root <- parts$vectors[, keep, drop = FALSE] %*% diag(sqrt(parts$values[keep]), sum(keep))
  seen <- svd(slopes %*% root)
  keep <- which(seen$d > 1e-6 * seen$d[1])
  list(
    slopes = slopes, lift = root %*% seen$v[, keep, drop = FALSE],
    moves = seen$u[, keep, drop = FALSE] %*% diag(seen$d[keep], length(keep))
  )
}

# The shortest t with slopes + moves t >= 0.
shape_step <- function(cone, slopes) {
  k <- ncol(cone$moves)
  if (all(slopes >= 0)) return(numeric(k))
  unit <- max(abs(slopes))
  scale <- sqrt(rowSums(cone$moves^2))
  solved <- tryCatch(
    quadprog::solve.QP(diag(k), numeric(k), t(cone$moves / scale), -slopes / scale / unit),
    error = function(e) {
      if (is_time_limit(e)) stop(e)
      abort(
        sprintf("The quadratic programme of the shape failed: %s", conditionMessage(e)), "latentmr_error_noconv",
        hint = "Use shape = \"free\"."
      )
    }
  )
  solved$solution * unit
}

# The projected curves, and the test that the free fit is this far from the cone by noise alone. The
# null is the flat curve, of all curves of the shape the one whose estimates leave it most; the noise is that of
# the moments, heteroskedastic errors allowed for, through the map that the fit takes them by.
curve_shape <- function(fit, draws = 499) {
  if (fit$control$shape == "free") return(NULL)
  cone <- shape_cone(fit)
  projected <- function(coef) {
    step <- shape_step(cone, drop(cone$slopes %*% coef))
    list(coef = coef + drop(cone$lift %*% step), distance = sum(step^2))
  }
  free <- projected(fit$model$coef)
  shrunk <- projected(closed_shrunk(fit))
  p <- 1
  if (free$distance > 0) {
    root <- eigen(fit$model$omega, symmetric = TRUE)
    q <- length(root$values)
    root <- root$vectors %*% (sqrt(pmax(root$values, 0)) * t(root$vectors))
    noise <- shape_sign(fit) * root %*% with_seed(fit$seed, matrix(stats::rnorm(q * draws), q))
    far <- apply(cone$slopes %*% fit$model$map %*% noise, 2, function(slopes) sum(shape_step(cone, slopes)^2))
    p <- (1 + sum(far >= free$distance)) / (1 + draws)
  }
  list(point = shrunk$coef, coef = free$coef, moved = shrunk$distance > 0, statistic = free$distance, p.value = p)
}

# The narrowest band around all curves of the shape inside the free fit's band: what holds such a curve everywhere
# still does. Where there is none, both limits give way by the same least amount. Outside the data
# the limit that the shape sets is that of the end, the other one at least that.
shape_bounds <- function(fit, at, lower, upper, derivative) {
  sign <- shape_sign(fit)
  if (derivative) {
    limits <- list(lower(at), upper(at))
    clip <- if (sign > 0) pmax else pmin
    against <- sign * (if (sign > 0) limits[[2]] else limits[[1]]) < 0
    return(lapply(limits, function(v) ifelse(against, NA_real_, clip(v, 0))))
  }
  grid <- list(x = sign * sort(sign * shape_points(fit)))
  low <- cummax(lower(grid))
  high <- rev(cummin(rev(upper(grid))))
  room <- max(0, low - high) / 2
  line <- function(v) stats::approx(grid$x, v, at$x, rule = 2)$y
  low <- line(low - room)
  high <- line(high + room)
  before <- sign * at$x < sign * grid$x[1]
  after <- sign * at$x > sign * grid$x[length(grid$x)]
  list(ifelse(before, pmin(lower(at), low), low), ifelse(after, pmax(upper(at), high), high))
}

# Effects of a curve with a shape: the limits of the free fit, as far as the shape allows their
# sign. `way`: 1 where the effect is of more exposure, -1 of less. Where the free limits lie wholly on the side that
# the shape excludes, no value inside them has it: there is no interval and no p-value.
shaped_frame <- function(fit, frame, unshrunk, way) {
  if (!is_shaped(fit)) return(frame)
  frame$unshrunk <- unshrunk
  way <- way * shape_sign(fit)
  against <- (way > 0 & frame$conf.high < 0 | way < 0 & frame$conf.low > 0) %in% TRUE
  for (name in c("conf.low", "conf.high")) {
    frame[[name]] <- ifelse(way > 0, pmax(frame[[name]], 0), ifelse(way < 0, pmin(frame[[name]], 0), frame[[name]]))
  }
  frame[against, c("conf.low", "conf.high", "p.value")] <- NA_real_
  frame$note <- ifelse(against, "the data contradict the shape: no interval", NA_character_)
  frame
}

shape_words <- function(fit, number) {
  if (!is_shaped(fit)) return(NULL)
  sprintf(
    "held %s (%s; test of it: p = %s%s)", fit$control$shape,
    if (fit$shape$moved) "by projection" else "as it is without being held", number(fit$shape$p.value),
    if (fit$shape$p.value < .05) ", the data contradict it" else ""
  )
}
