# Rows, laws and effect in one, masks held (encoder = "mechanism_sparsity"): maximum likelihood of the means and
# covariances of all environments. In the coordinates v = (latents, covariates, exposures, u), u = y - x'b - c'g,
#   latents that e does not touch have one mean, two of which e touches one at most one covariance, in all environments;
#   u has covariance 0 with the latents that e does not touch, and with the covariates;
#   whatever else there is in an environment is its own.
# The step is Fisher's scoring. With A = I + D from v to the coordinates of now and the fitted law O = C'C, W = C^-1, an
# entry D_ab moves the covariance by e_a O_b' + O_b e_a' and the mean by e_a m_b; what is an environment's own is
# projected out of each environment's derivatives, so that a step solves one system of what all share.
#
# Entries of a covariance are rows of two places, the first not before the second.

# Latents times environments, above which it runs when asked for: time goes with the fourth power of the latents.
joint_most <- 200L

joint_effects <- function(block, context) {
  encoder <- context$encoder
  laws <- joint_laws(context$view, encoder)
  touched <- unname(encoder$touched[, context$view$environments, drop = FALSE]) == 1
  start <- kclass_fit(block$kclass, 1)$coefficients / laws$scale
  fit <- joint_fit(laws, joint_roles(laws, touched), start)
  if (is.character(fit)) return(list(note = fit))
  own <- laws$exposure
  list(
    b = -fit$map[laws$rest[own], laws$size] * laws$scale,
    covariance = fit$covariance[own, own, drop = FALSE] * outer(laws$scale, laws$scale)
  )
}

joint_errors <- function(effects, block, context) list(se = standard_errors(effects$covariance), vcov = "likelihood")

# Laws of (latents, covariates, exposures, outcome): list(sample = for each environment n, mean, cov; latents, rest =
# positions, size; exposure = which of `rest`; scale = unit of an effect).
joint_laws <- function(view, encoder) {
  d <- ncol(encoder$map)
  columns <- view$columns
  rest <- c(columns$structure, columns$covariates, columns$exposure, columns$outcome)
  spread <- sqrt(Reduce(`+`, lapply(view$cross, function(a) diag(a)[rest])) / sum(view$n))
  map <- matrix(0, view_width(view), d + length(rest))
  map[columns$variants[seq_len(nrow(encoder$map))], seq_len(d)] <- encoder$map
  map[cbind(rest, d + seq_along(rest))] <- 1 / spread
  centre <- pooled_mean(view)
  exposure <- length(rest) - rev(seq_along(columns$exposure))
  list(
    sample = lapply(seq_along(view$n), function(e) {
      joint_turned(list(n = view$n[e], mean = view$mean[, e] - centre, cov = view$cross[[e]] / view$n[e]), map)
    }),
    latents = seq_len(d), rest = d + seq_len(length(rest) - 1), size = ncol(map), exposure = exposure,
    scale = spread[length(rest)] / spread[exposure]
  )
}

joint_turned <- function(law, map) {
  law$mean <- drop(crossprod(map, law$mean))
  law$cov <- crossprod(map, law$cov %*% map)
  law
}

# Which entries are shared by the environments, which are an environment's own; the others are 0.
joint_roles <- function(laws, touched) {
  low <- which(lower.tri(diag(laws$size), TRUE), arr.ind = TRUE)
  inside <- low[, 1] <= length(laws$latents)
  outcome <- low[, 1] == laws$size
  always <- !inside & !outcome | outcome & low[, 2] %in% c(laws$rest[laws$exposure], laws$size)
  list(
    low = low, shared = low[inside, ],
    mix = rbind(unname(as.matrix(expand.grid(laws$latents, laws$latents))), cbind(laws$size, laws$rest)),
    own = lapply(seq_len(ncol(touched)), function(e) {
      on <- which(touched[, e])
      free <- always | inside & low[, 1] %in% on & low[, 2] %in% on | outcome & low[, 2] %in% on
      list(
        cov = low[free, , drop = FALSE], mean = c(on, laws$rest, laws$size), left = which(!touched[, e]),
        kept = !free[inside]
      )
    })
  )
}

# list(map to v, sample and law in v, covariance of b and g), or why there is none. Laws may drift along a flat ridge
# that says nothing of b: after the last step it is enough that ten moved b and g by less than a tenth of their errors.
joint_fit <- function(laws, roles, start, steps = 40L) {
  map <- diag(laws$size)
  map[laws$rest[laws$exposure], laws$size] <- -start
  state <- list(map = map, sample = lapply(laws$sample, joint_turned, map))
  state$law <- joint_start(state$sample, roles, laws)
  value <- joint_value(state)
  of <- which(roles$mix[, 1] == laws$size)
  for (i in seq_len(steps)) {
    if (!is.finite(value)) break
    if (i == steps - 10L) old <- state$map
    score <- joint_score(state, roles)
    size <- 1
    repeat {
      new <- joint_moved(state, score, roles, size)
      after <- joint_value(new)
      if (after <= value || score$gain * size < 1e-6) break
      size <- size / 2
    }
    state <- new
    value <- after
    covariance <- score$inverse[of, of, drop = FALSE]
    still <- i == steps && all(abs(state$map - old)[laws$rest, laws$size] < .1 * sqrt(diag(covariance)))
    if (score$gain < 1e-6 || still) return(c(state, list(covariance = covariance)))
  }
  "the likelihood of all environments has no maximum near"
}

# What is shared: averages over the environments that have it. Where that is no law, all come nearer to independence.
joint_start <- function(sample, roles, laws) {
  n <- vapply(sample, `[[`, 0, "n")
  at <- vapply(sample, function(s) s$cov[roles$shared], numeric(nrow(roles$shared)))
  kept <- vapply(roles$own, `[[`, logical(nrow(roles$shared)), "kept")
  means <- vapply(sample, function(s) s$mean[laws$latents], numeric(length(laws$latents)))
  left <- vapply(roles$own, function(own) laws$latents %in% own$left, logical(length(laws$latents)))
  average <- function(x, use) (x * use) %*% n / pmax(use %*% n, 1)
  cov <- average(at, kept)
  mean <- average(means, left)
  law <- lapply(seq_along(sample), function(e) {
    own <- roles$own[[e]]
    law <- sample[[e]]
    law$cov[] <- 0
    law$cov[own$cov] <- sample[[e]]$cov[own$cov]
    law$cov[roles$shared[own$kept, , drop = FALSE]] <- cov[own$kept]
    law$cov <- joint_full(law$cov)
    law$mean[own$left] <- mean[own$left]
    law
  })
  while (any(vapply(law, function(x) is.null(joint_root(x)), NA))) {
    law <- lapply(law, function(x) replace(x, "cov", list(.7 * x$cov + .3 * diag(diag(x$cov)))))
  }
  law
}

joint_root <- function(law) tryCatch(chol(law$cov), error = function(e) NULL)

joint_full <- function(low) low + t(low) - diag(diag(low))

# n times the divergence of the sample from the law, summed; infinite where a law is none.
joint_value <- function(state) {
  sum(mapply(function(s, law) {
    root <- joint_root(law)
    if (is.null(root)) return(Inf)
    w <- backsolve(root, diag(nrow(root)))
    turned <- joint_turned(list(mean = s$mean - law$mean, cov = s$cov), w)
    s$n * (sum(diag(turned$cov)) - determinant(turned$cov)$modulus - nrow(w) + sum(turned$mean^2))
  }, state$sample, state$law))
}

# Derivatives of one environment by what is shared and what is its own, and what the sample has above the law, whitened.
joint_slopes <- function(s, law, own, roles) {
  root <- chol(law$cov)
  w <- t(backsolve(root, diag(nrow(root))))
  low <- roles$low
  weight <- ifelse(low[, 1] == low[, 2], sqrt(.5), 1)
  both <- function(u, v) weight * (u[low[, 1], ] * v[low[, 2], ] + u[low[, 2], ] * v[low[, 1], ])
  entry <- function(at) {
    half <- ifelse(at[, 1] == at[, 2], .5, 1)
    both(w[, at[, 1], drop = FALSE], w[, at[, 2], drop = FALSE]) * rep(half, each = nrow(low))
  }
  none <- function(columns) matrix(0, nrow(w), columns)
  mix <- roles$mix
  d <- max(roles$shared)
  left <- replace(numeric(d), own$left, 1)
  off <- s$mean - law$mean
  excess <- w %*% (s$cov + tcrossprod(off) - law$cov) %*% t(w)
  list(
    shared = cbind(
      rbind(w[, mix[, 1]] * rep(law$mean[mix[, 2]], each = nrow(w)), both(w[, mix[, 1]], root[, mix[, 2]])),
      rbind(none(nrow(roles$shared)), entry(roles$shared) * rep(own$kept, each = nrow(low))),
      rbind(w[, seq_len(d)] * rep(left, each = nrow(w)), matrix(0, nrow(low), d))
    ),
    own = cbind(
      rbind(none(nrow(own$cov)), entry(own$cov)), rbind(w[, own$mean], matrix(0, nrow(low), length(own$mean)))
    ),
    excess = c(w %*% off, weight * excess[low])
  )
}

# The step of what is shared and of each environment's own; gain: twice what the likelihood should gain.
joint_score <- function(state, roles) {
  parts <- Map(joint_slopes, state$sample, state$law, roles$own, MoreArgs = list(roles = roles))
  n <- vapply(state$sample, `[[`, 0, "n")
  qrs <- lapply(parts, function(x) qr(x$own, tol = 1e-9))
  rest <- Map(function(q, x) qr.resid(q, x$shared), qrs, parts)
  information <- Reduce(`+`, Map(function(x, n) n * crossprod(x), rest, n))
  gradient <- Reduce(`+`, Map(function(x, p, n) n * crossprod(x, p$excess), rest, parts, n))
  inverse <- joint_inverse(information)
  step <- drop(inverse %*% gradient)
  list(
    step = step, inverse = inverse, gain = sum(step * gradient),
    own = Map(function(q, x) qr.coef(q, x$excess - x$shared %*% step), qrs, parts)
  )
}

# Directions that nothing tells (lengths of rows, mixtures of rows that are always touched together) do not move.
joint_inverse <- function(m) {
  unit <- sqrt(pmax(diag(m), 1e-12 * max(diag(m))))
  e <- eigen(m / outer(unit, unit), symmetric = TRUE)
  keep <- e$values > 1e-9 * e$values[1]
  v <- e$vectors[, keep, drop = FALSE] / unit
  v %*% (t(v) / e$values[keep])
}

joint_moved <- function(state, score, roles, size) {
  step <- size * score$step
  mixed <- nrow(roles$mix)
  pairs <- mixed + seq_len(nrow(roles$shared))
  turn <- diag(nrow(state$map))
  turn[roles$mix] <- turn[roles$mix] + step[seq_len(mixed)]
  back <- t(solve(turn))
  state$map <- state$map %*% back
  state$sample <- lapply(state$sample, joint_turned, back)
  state$law <- Map(function(law, own, move) {
    low <- law$cov * lower.tri(law$cov, TRUE)
    low[roles$shared] <- low[roles$shared] + step[pairs] * own$kept
    low[own$cov] <- low[own$cov] + size * move[seq_len(nrow(own$cov))]
    law$cov <- joint_full(low)
    law$mean[own$left] <- law$mean[own$left] + step[max(pairs) + own$left]
    law$mean[own$mean] <- law$mean[own$mean] + size * move[nrow(own$cov) + seq_along(own$mean)]
    law
  }, state$law, roles$own, score$own)
  state
}
