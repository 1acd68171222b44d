# The slow twin of src/core/effect/joint.h. With A = I + D from v to the coordinates of now and the fitted law O = C'C,
# W = C^-1, an entry D_ab moves the covariance by e_a O_b' + O_b e_a' and the mean by e_a m_b; what is an environment's own is
# projected out of each environment's derivatives. Entries of a covariance are rows of two places, the first not before the
# second.

# `laws` of joint_laws() as list(sample = for each environment n, mean, cov; latents, rest = positions, size; exposure =
# which of `rest`).
ref_joint_laws <- function(laws, d, exposures) {
  size <- nrow(laws$mean)
  list(
    sample = lapply(seq_along(laws$n), function(e) {
      list(n = laws$n[e], mean = laws$mean[, e], cov = laws$cov[, (e - 1) * size + seq_len(size)])
    }),
    latents = seq_len(d), rest = seq(d + 1, size - 1), size = size, exposure = size - d - rev(seq_len(exposures))
  )
}

ref_joint <- function(laws, touched, start) {
  laws <- ref_joint_laws(laws, nrow(touched), length(start))
  ref_joint_fit(laws, ref_joint_roles(laws, touched == 1), start)
}

ref_joint_turned <- function(law, map) {
  law$mean <- drop(crossprod(map, law$mean))
  law$cov <- crossprod(map, law$cov %*% map)
  law
}

# Which entries are shared by the environments, which are an environment's own; the others are 0.
ref_joint_roles <- function(laws, touched) {
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
ref_joint_fit <- function(laws, roles, start, steps = 40L) {
  map <- diag(laws$size)
  map[laws$rest[laws$exposure], laws$size] <- -start
  state <- list(map = map, sample = lapply(laws$sample, ref_joint_turned, map))
  state$law <- ref_joint_start(state$sample, roles, laws)
  value <- ref_joint_value(state)
  of <- which(roles$mix[, 1] == laws$size)
  for (i in seq_len(steps)) {
    if (!is.finite(value)) break
    if (i == steps - 10L) old <- state$map
    score <- ref_joint_score(state, roles)
    size <- 1
    repeat {
      new <- ref_joint_moved(state, score, roles, size)
      after <- ref_joint_value(new)
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
ref_joint_start <- function(sample, roles, laws) {
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
    law$cov <- ref_joint_full(law$cov)
    law$mean[own$left] <- mean[own$left]
    law
  })
  while (any(vapply(law, function(x) is.null(ref_joint_root(x)), NA))) {
    law <- lapply(law, function(x) replace(x, "cov", list(.7 * x$cov + .3 * diag(diag(x$cov)))))
  }
  law
}

ref_joint_root <- function(law) tryCatch(chol(law$cov), error = function(e) NULL)

ref_joint_full <- function(low) low + t(low) - diag(diag(low))

# n times the divergence of the sample from the law, summed; infinite where a law is none.
ref_joint_value <- function(state) {
  sum(mapply(function(s, law) {
    root <- ref_joint_root(law)
    if (is.null(root)) return(Inf)
    w <- backsolve(root, diag(nrow(root)))
    turned <- ref_joint_turned(list(mean = s$mean - law$mean, cov = s$cov), w)
    s$n * (sum(diag(turned$cov)) - determinant(turned$cov)$modulus - nrow(w) + sum(turned$mean^2))
  }, state$sample, state$law))
}

# Derivatives of one environment by what is shared and what is its own, and what the sample has above the law, whitened.
ref_joint_slopes <- function(s, law, own, roles) {
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
ref_joint_score <- function(state, roles) {
  parts <- Map(ref_joint_slopes, state$sample, state$law, roles$own, MoreArgs = list(roles = roles))
  n <- vapply(state$sample, `[[`, 0, "n")
  qrs <- lapply(parts, function(x) qr(x$own, tol = 1e-9))
  rest <- Map(function(q, x) qr.resid(q, x$shared), qrs, parts)
  information <- Reduce(`+`, Map(function(x, n) n * crossprod(x), rest, n))
  gradient <- Reduce(`+`, Map(function(x, p, n) n * crossprod(x, p$excess), rest, parts, n))
  inverse <- ref_joint_inverse(information)
  step <- drop(inverse %*% gradient)
  list(
    step = step, inverse = inverse, gain = sum(step * gradient),
    own = Map(function(q, x) qr.coef(q, x$excess - x$shared %*% step), qrs, parts)
  )
}

# Directions that nothing tells (lengths of rows, mixtures of rows that are always touched together) do not move.
ref_joint_inverse <- function(m) {
  unit <- sqrt(pmax(diag(m), 1e-12 * max(diag(m))))
  e <- eigen(m / outer(unit, unit), symmetric = TRUE)
  keep <- e$values > 1e-9 * e$values[1]
  v <- e$vectors[, keep, drop = FALSE] / unit
  v %*% (t(v) / e$values[keep])
}

ref_joint_moved <- function(state, score, roles, size) {
  step <- size * score$step
  mixed <- nrow(roles$mix)
  pairs <- mixed + seq_len(nrow(roles$shared))
  turn <- diag(nrow(state$map))
  turn[roles$mix] <- turn[roles$mix] + step[seq_len(mixed)]
  back <- t(solve(turn))
  state$map <- state$map %*% back
  state$sample <- lapply(state$sample, ref_joint_turned, back)
  state$law <- Map(function(law, own, move) {
    low <- law$cov * lower.tri(law$cov, TRUE)
    low[roles$shared] <- low[roles$shared] + step[pairs] * own$kept
    low[own$cov] <- low[own$cov] + size * move[seq_len(nrow(own$cov))]
    law$cov <- ref_joint_full(low)
    law$mean[own$left] <- law$mean[own$left] + step[max(pairs) + own$left]
    law$mean[own$mean] <- law$mean[own$mean] + size * move[nrow(own$cov) + seq_along(own$mean)]
    law
  }, state$law, roles$own, score$own)
  state
}
