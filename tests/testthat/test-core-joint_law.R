# src/core/effect/joint_law.h by central differences of the divergence.

test_that("the gradient by every parameter, away from the maximum, is that of central differences", {
  d <- 3
  q <- 6 # latents, a covariate, an exposure, u
  touched <- cbind(c(1L, 0L, 1L), c(0L, 0L, 0L), c(0L, 1L, 0L))
  set.seed(1)
  law <- function() {
    r <- matrix(rnorm(3 * q^2), q)
    cov <- lapply(1:3, function(e) tcrossprod(r[, (e - 1) * q + 1:q]) / q + diag(q))
    list(n = c(20, 30, 50), mean = matrix(rnorm(3 * q), q), cov = do.call(cbind, cov))
  }
  sample <- law()
  fitted <- law()
  low <- which(lower.tri(diag(q), TRUE), arr.ind = TRUE)
  for (e in 1:3) { # what the model says is 0
    at <- low[low[, 1] == q & low[, 2] <= d + 1 & !(low[, 2] %in% which(touched[, e] == 1)), , drop = FALSE]
    fitted$cov[cbind(at[, 1], at[, 2] + (e - 1) * q)] <- fitted$cov[cbind(at[, 2], at[, 1] + (e - 1) * q)] <- 0
  }
  value_of <- function(sample, law) .Call(C_ffi_test_joint, sample, law, touched, 1L)
  base <- value_of(sample, fitted)
  turned <- function(m) { # coordinates v = m^-1 of those of now
    back <- t(solve(m))
    sample$mean <- crossprod(back, sample$mean)
    sample$cov <- do.call(cbind, lapply(1:3, function(e) crossprod(back, sample$cov[, (e - 1) * q + 1:q] %*% back)))
    # The density is of the coordinates given.
    value_of(sample, fitted)$value
  }
  entry <- function(t, i, j, e) {
    for (k in e) {
      at <- unname(unique(rbind(c(i, j), c(j, i)))) + rep(c(0, (k - 1) * q), each = 1 + (i != j))
      fitted$cov[at] <- fitted$cov[at] + t
    }
    value_of(sample, fitted)$value
  }
  mean_of <- function(t, j, e) {
    fitted$mean[j, e] <- fitted$mean[j, e] + t
    value_of(sample, fitted)$value
  }
  slope <- function(f) (f(1e-5) - f(-1e-5)) / 2e-5
  # Parameters in the order of the header.
  mixes <- rbind(as.matrix(expand.grid(1:d, 1:d)), cbind(q, c(4, 5)))
  shared <- apply(mixes, 1, function(m) slope(function(t) turned(replace(diag(q), cbind(m[1], m[2]), (m[1] == m[2]) + t))))
  inside <- low[low[, 1] <= d, ]
  shared <- c(shared, apply(inside, 1, function(p) {
    e <- which(touched[p[1], ] * touched[p[2], ] == 0)
    slope(function(t) entry(t, p[1], p[2], e))
  }), vapply(1:d, function(j) slope(function(t) mean_of(t, j, which(touched[j, ] == 0))), 0))
  found <- 0
  for (e in 1:3) {
    x <- base$designs[[e]]
    last <- ncol(x)
    own <- seq_len(last - 1 - length(shared))
    gradient <- -2 * sample$n[e] * drop(crossprod(x[, -last], x[, last]))
    found <- found + gradient[-own]
    on <- which(touched[, e] == 1)
    free <- apply(low, 1, function(p) {
      if (p[1] <= d) all(p %in% on) else if (p[1] < q) TRUE else p[2] %in% c(on, 5, 6)
    })
    mine <- c(
      apply(low[free, ], 1, function(p) slope(function(t) entry(t, p[1], p[2], e))),
      vapply(c(on, 4:6), function(j) slope(function(t) mean_of(t, j, e)), 0)
    )
    expect_lt(max(abs(gradient[own] - mine)) / max(abs(mine)), 1e-7)
  }
  expect_lt(max(abs(found - shared)) / max(abs(shared)), 1e-7)
})

test_that("the divergence is its definition", {
  touched <- matrix(c(1L, 0L), 2)
  set.seed(2)
  s <- crossprod(matrix(rnorm(40), 10))
  o <- diag(4) + .1
  m <- rnorm(4)
  got <- .Call(C_ffi_test_joint, list(n = 7, mean = cbind(m), cov = s), list(mean = cbind(0 * m), cov = o), touched, 1L)$value
  w <- solve(o)
  expect_equal(got, 7 * (sum(w * s) - log(det(w %*% s)) - 4 + sum(m * (w %*% m))), tolerance = 1e-12)
})
