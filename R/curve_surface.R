# Curves that depend on covariates: h(x, w) by blocks with a prior variance each.

surface_sizes <- function(control) c(members = as.integer(control$members), xi = 50L, psi = 50L, joint = 100L)

# "auto": when its evidence beats that of covariates that enter linearly.
surface_wanted <- function(rows, control) {
  few <- ncol(rows$w) <= 8 && length(rows$y) <= 20000
  control$solver == "closed" && control$shape == "free" && ncol(rows$w) > 0 &&
    (control$covariates == "flexible" || (control$covariates == "auto" && few))
}

surface_fit <- function(rows, control, seed) {
  sizes <- surface_sizes(control)
  model <- .Call(C_ffi_surface_fit, rows$y, rows$x, rows$z, rows$w, sizes, seed, cpu_level())
  names(model$numbers) <- c("q", "s2", "gain", "y_mean", "y_sd", "a_mean", "a_sd")
  model$sizes <- sizes
  model$rows <- some_people(rows$w)
  if (control$covariates == "auto" && !(model$numbers[["gain"]] > 5)) return(NULL)
  model
}

# Features of member m at (x, w) times `by`; w NULL: averaged over rows of the data.
surface_at <- function(model, m, x, w, by, derivative) {
  average <- is.null(w)
  if (average) w <- model$rows
  w <- (w - rep(model$x_mean, each = nrow(w))) / rep(model$x_sd, each = nrow(w))
  a <- (x - model$numbers[["a_mean"]]) / model$numbers[["a_sd"]]
  out <- .Call(
    C_ffi_surface_at, model$weight, model$block, model$mean, model$sizes, m - 1L, a, w,
    as.integer(average), as.integer(derivative), as.matrix(by), cpu_level()
  )
  out * surface_unit(model, derivative)
}

surface_unit <- function(model, derivative) {
  model$numbers[["y_sd"]] / (if (derivative) model$numbers[["a_sd"]] else 1)
}

surface_each <- function(model, x, w, derivative) {
  each <- vapply(seq_len(model$sizes[["members"]]), function(m) {
    drop(surface_at(model, m, x, w, model$coef[, m], derivative))
  }, numeric(length(x)))
  matrix(each, length(x))
}

surface_value <- function(fit, at, derivative) {
  level <- if (derivative) 0 else fit$curve$numbers[["y_mean"]]
  one_curve(level + rowMeans(surface_each(fit$curve, at$x, at$w, derivative)))
}

# Mixture over the nets: mean of their covariances, and of their differences.
surface_covariance <- function(fit, at, derivative) {
  model <- fit$curve
  members <- model$sizes[["members"]]
  columns <- nrow(model$coef)
  each <- surface_each(model, at$x, at$w, derivative)
  each <- each - rowMeans(each)
  cov <- tcrossprod(each) / members
  for (m in seq_len(members)) {
    f <- surface_at(model, m, at$x, at$w, diag(columns), derivative)
    cov <- cov + f %*% model$cov[, , m] %*% t(f) / members
  }
  if (!derivative) cov <- cov + model$numbers[["s2"]] * surface_unit(model, FALSE)^2 / fit$nobs
  cov
}

surface_lines <- function(fit, number) {
  sprintf(
    "The curve depends on the covariates (log evidence against linear ones %s); averaged over people below; no shrinkage",
    number(fit$curve$numbers[["gain"]])
  )
}
