# Rows, laws and effect in one, masks held (encoder = "mechanism_sparsity"): maximum likelihood of the means and
# covariances of all environments, src/core/effect/joint.h.

joint_effects <- function(block, context) {
  laws <- joint_laws(context$view, context$encoder)
  touched <- context$encoder$touched[, context$view$environments, drop = FALSE]
  start <- kclass_fit(block$kclass, 1)$coefficients / laws$scale
  fit <- joint_fit(laws, touched, start)
  if (!fit$converged) return(list(note = "the likelihood of all environments has no maximum near"))
  own <- nrow(fit$map) - rev(seq_along(start))
  at <- own - nrow(touched)
  list(
    b = -fit$map[own, nrow(fit$map)] * laws$scale,
    covariance = fit$covariance[at, at, drop = FALSE] * outer(laws$scale, laws$scale)
  )
}

joint_errors <- function(effects, block, context) list(se = standard_errors(effects$covariance), vcov = "likelihood")

# Laws of (latents, covariates, exposures, outcome): list(n, mean = variables x environments, cov = the covariances,
# side by side; scale = unit of each effect).
joint_laws <- function(view, encoder) {
  d <- ncol(encoder$map)
  columns <- view$columns
  rest <- c(columns$structure, columns$covariates, columns$exposure, columns$outcome)
  spread <- sqrt(Reduce(`+`, lapply(view$cross, function(a) diag(a)[rest])) / sum(view$n))
  map <- matrix(0, view_width(view), d + length(rest))
  map[columns$variants[seq_len(nrow(encoder$map))], seq_len(d)] <- encoder$map
  map[cbind(rest, d + seq_along(rest))] <- 1 / spread
  exposure <- length(rest) - rev(seq_along(columns$exposure))
  list(
    n = view$n, mean = crossprod(map, view$mean - pooled_mean(view)),
    cov = do.call(cbind, Map(function(a, n) crossprod(map, a %*% map) / n, view$cross, view$n)),
    scale = spread[length(rest)] / spread[exposure]
  )
}

# start: effects. list(map to v, mean and cov of the laws in v as those of `laws`, covariance of the slopes of u, value,
# steps, converged).
joint_fit <- function(laws, touched, start) {
  storage.mode(touched) <- "integer"
  .Call(C_ffi_joint, laws, touched, length(start), start)
}
