# The slow twins of encoder = "mechanism_sparsity", from its definition, and data whose
# environments each touch few latents.

# Objective of the rows by its definition; b: columns of any length, pairs: list of matrices.
ref_sparse_value <- function(pairs, b, eps, tau = 5) {
  u <- sweep(b, 2, sqrt(colSums(b^2)), "/")
  total <- 0
  for (j in seq_len(ncol(u))) for (m in pairs) {
    q <- as.numeric(t(u[, j]) %*% m %*% u[, j])
    total <- total + log(1 + q / eps) / log(1 / eps)
  }
  total - tau * log(abs(det(u)))
}

# Largest set of environments in which all pairs agree, by trying every one.
ref_agreement <- function(t, limit, reference = 0) {
  n <- nrow(t)
  best <- list(size = 0, sum = Inf, set = integer())
  for (code in 1:(2^n - 1)) {
    set <- which(bitwAnd(code, 2^(0:(n - 1))) > 0)
    if (reference && !reference %in% set) next
    values <- t[set, set][lower.tri(diag(length(set)))]
    if (any(values >= limit)) next
    if (length(set) > best$size || length(set) == best$size && sum(values) < best$sum) {
      best <- list(size = length(set), sum = sum(values), set = set)
    }
  }
  as.integer(seq_len(n) %in% best$set)
}

# A view of one population: means (p x E), covariances by environment, as n people would have them.
population_view <- function(mean, cov, n = 1e6) {
  p <- nrow(mean)
  traits <- function(s) rbind(cbind(s, matrix(0, p, 2)), cbind(matrix(0, 2, p), diag(2)))
  view <- list(
    n = rep(n, ncol(mean)), mean = rbind(mean, matrix(0, 2, ncol(mean))), cross = lapply(cov, function(s) n * traits(s)),
    turned = NULL
  )
  view <- view_of(view, p)
  view$columns$instruments <- seq_len(p)
  view
}

# l = baseline + eta h of what environment e touches (rows of `touched`), z = A l; x and y with the
# environment's h as confounder.
sparse_people <- function(touched, n = 1000, strength = 1, corr = 0, seed = 1, effect = 1) {
  set.seed(seed)
  d <- nrow(touched)
  strength <- rep_len(strength, ncol(touched))
  a <- qr.Q(qr(matrix(rnorm(d^2), d))) %*% diag(seq(1, 3, length.out = d)) %*% qr.Q(qr(matrix(rnorm(d^2), d)))
  one <- lapply(seq_len(ncol(touched)), function(e) {
    on <- which(touched[, e] == 1)
    l <- matrix(rnorm(n * d), n) %*% chol(toeplitz(corr^(0:(d - 1))))
    h <- matrix(rnorm(n * length(on)), n) + rep(rnorm(length(on)), each = n)
    l[, on] <- l[, on] + h %*% diag(strength[e] * sample(c(-1, 1), length(on), TRUE), length(on))
    u <- if (length(on)) rowSums(h) / sqrt(length(on)) else numeric(n)
    list(l = l, u = u)
  })
  l <- do.call(rbind, lapply(one, `[[`, "l"))
  u <- unlist(lapply(one, `[[`, "u"))
  x <- rowSums(l) / sqrt(d) + u + rnorm(length(u))
  e <- factor(rep(sprintf("site%d", seq_len(ncol(touched))), each = n), sprintf("site%d", seq_len(ncol(touched))))
  data <- suppressWarnings(mr_data(l %*% t(a), x, effect * x + u + rnorm(length(u)), e, kind = "continuous"))
  list(data = data, l = l, a = a, touched = touched)
}

# The same latents behind a smooth invertible net, or (polynomial) behind all monomials of degree one and two.
mixed_people <- function(people, polynomial = FALSE, seed = 7) {
  set.seed(seed)
  d <- ncol(people$l)
  turn <- function() qr.Q(qr(matrix(rnorm(d^2), d)))
  z <- people$l %*% turn()
  if (polynomial) {
    pairs <- rbind(utils::combn(d, 2), NA)[1:2, ]
    z <- cbind(z, z^2, z[, pairs[1, ]] * z[, pairs[2, ]])
    z <- z %*% qr.Q(qr(matrix(rnorm(ncol(z)^2), ncol(z))))
  } else {
    for (layer in 1:2) z <- (.2 * z + .8 * log1p(exp(2 * z)) / 2) %*% turn()
  }
  data <- people$data
  people$data <- suppressWarnings(mr_data(z, data$exposure, data$outcome, data$environment, kind = "continuous"))
  people
}

# 2SLS of the untouched latents of each environment (people x latents), as in R/encoder_sparse_blocks.R but by rows.
sparse_by_hand <- function(y, touched, data) {
  e <- data$environment
  at <- seq_len(nlevels(e))
  covariances <- lapply(levels(e), function(site) stats::cov(y[e == site, ]) * (sum(e == site) - 1) / sum(e == site))
  free <- function(k) 1 - outer(touched[, k], touched[, k])
  pooled <- Reduce(`+`, Map(function(s, k) s * free(k), covariances, at)) / Reduce(`+`, lapply(at, free))
  instruments <- controls <- NULL
  for (k in at) {
    on <- touched[, k] == 1
    inside <- as.numeric(e == levels(e)[k])
    instruments <- cbind(instruments, inside * y[, !on])
    if (any(on)) controls <- cbind(controls, inside * (y[, on] - y[, !on] %*% solve(pooled[!on, !on], pooled[!on, on])))
  }
  ivreg_by_hand(data$outcome, data$exposure, instruments, cbind(model.matrix(~ e - 1), controls))
}

# Every site touches two of six latents; every latent is touched by two sites.
six_sites <- function() {
  touched <- matrix(0L, 6, 6)
  for (e in 1:6) touched[c(e, e %% 6 + 1), e] <- 1L
  touched
}

# Masks in the order of the true latents, by the largest correlation.
masks_in_order <- function(encoder, people) {
  found <- abs(stats::cor(people$l, predict(encoder, people$data, type = "code")))
  unname(encoder$touched[apply(found, 1, which.max), ])
}

# The second form: for every set of floor(E/2) + 1 environments its stationary subspace; the
# instruments of an environment are what the subspaces of all sets with it span.
ref_subset_instruments <- function(view, p, level = .99, draws = 200L) {
  environments <- length(view$n)
  spaces <- lapply(utils::combn(environments, environments %/% 2 + 1, simplify = FALSE), function(set) {
    one <- view
    one[c("n", "cross")] <- list(view$n[set], view$cross[set])
    one$mean <- view$mean[, set, drop = FALSE]
    fit <- .Call(C_ffi_stationary, one, p)
    null <- .Call(C_ffi_stationary_null, one$n, p, draws, 1L, NULL)
    list(set = set, directions = fit$directions[, fit$values <= quantile(null, level), drop = FALSE])
  })
  lapply(seq_len(environments), function(e) {
    all <- do.call(cbind, lapply(Filter(function(s) e %in% s$set, spaces), `[[`, "directions"))
    if (!ncol(all)) return(matrix(0, p, 0))
    within <- view$cross[[e]][1:p, 1:p] / view$n[e]
    root <- chol(within)
    s <- svd(root %*% all)
    backsolve(root, s$u[, s$d > .35 * s$d[1], drop = FALSE])
  })
}

# 2SLS of y on x with instruments z, given w; HC1 error.
ivreg_by_hand <- function(y, x, z, w) {
  left <- function(v) qr.resid(qr(w), v)
  y <- left(y)
  x <- left(x)
  fitted <- qr.fitted(qr(left(z)), x)
  b <- sum(fitted * y) / sum(fitted * x)
  e <- y - x * b
  n <- length(y)
  list(b = b, se = sqrt(sum((fitted * e)^2) * n / (n - qr(w)$rank - 1)) / sum(fitted^2))
}
