# Maximum likelihood of rows and effect with the masks held (src/core/effect/joint.h). Population laws of latents l, a covariate c,
# exposures x and the outcome y = x'b + .3 c + u; z = A l.
joint_population <- function(touched, effect, seed = 1) {
  set.seed(seed)
  d <- nrow(touched)
  k <- length(effect)
  a <- matrix(rnorm(d^2), d)
  slope <- matrix(rnorm(d * k), d)
  parts <- lapply(seq_len(ncol(touched)), function(e) {
    on <- touched[, e]
    eta <- on * runif(d, .7, 1.3) * (1 + .2 * e)
    # Independent sources: l0 (toeplitz), h for each touched latent, c, noise of x, noise of y.
    root <- t(chol(toeplitz(.4^(0:(d - 1)))))
    l <- cbind(root, diag(eta, d), .2, matrix(0, d, k + 1))
    own <- cbind(matrix(0, 1, 2 * d), 1, matrix(0, 1, k + 1))
    u <- cbind(matrix(0, 1, d), t(on), 0, matrix(0, 1, k), 1)
    x <- t(slope) %*% l + rep(1, k) %*% u + cbind(matrix(0, k, 2 * d + 1), diag(k), 0) + rep(.5, k) %*% own
    all <- rbind(l, own, x, effect %*% x + .3 * own + u)
    mean <- c(eta * rnorm(d), rnorm(k + 2))
    turn <- diag(nrow(all))
    turn[seq_len(d), seq_len(d)] <- a
    list(mean = drop(turn %*% mean), cov = turn %*% tcrossprod(all) %*% t(turn))
  })
  at <- list(variants = seq_len(d), covariates = d + 1L, structure = integer(), exposure = d + 1L + seq_len(k), outcome = d + k + 2L)
  n <- 1000 + 100 * seq_len(ncol(touched))
  view <- list(
    n = n, mean = vapply(parts, `[[`, numeric(d + k + 2), "mean"), cross = Map(function(p, n) n * p$cov, parts, n), columns = at
  )
  list(view = view, encoder = list(map = solve(t(a)), touched = touched))
}

joint_at <- function(p, start, map = p$encoder$map) {
  laws <- joint_laws(p$view, replace(p$encoder, "map", list(map)))
  fit <- joint_fit(laws, p$encoder$touched, start)
  own <- nrow(fit$map) - rev(seq_along(start))
  list(
    fit = fit, laws = laws, b = -fit$map[own, nrow(fit$map)] * laws$scale, value = fit$value,
    se = sqrt(diag(fit$covariance))[own - nrow(p$encoder$touched)] * laws$scale
  )
}

touched <- cbind(c(1, 0, 0, 0), c(0, 1, 0, 1), c(0, 0, 1, 0), c(0, 0, 0, 1), c(1, 0, 0, 0), c(0, 0, 1, 0))

test_that("with the laws themselves the effects are exact from rows that are off, with correlated latents and a covariate", {
  for (effect in list(.7, c(.7, -.4))) {
    p <- joint_population(touched, effect)
    set.seed(3)
    off <- p$encoder$map %*% (diag(4) + .05 * matrix(rnorm(16), 4))
    found <- joint_at(p, rep(0, length(effect)), off)
    expect_lt(max(abs(found$b - effect)), 1e-5)
    expect_lt(found$value, 1e-5)
  }
})

# Samples of these laws, as moments would have them.
joint_sample <- function(p, seed) {
  set.seed(seed)
  p$rows <- lapply(seq_along(p$view$n), function(e) {
    n <- p$view$n[e]
    root <- chol(p$view$cross[[e]] / n)
    matrix(rnorm(n * nrow(root)), n) %*% root + rep(p$view$mean[, e], each = n)
  })
  p$view$mean <- vapply(p$rows, colMeans, p$view$mean[, 1])
  p$view$cross <- lapply(p$rows, function(r) crossprod(sweep(r, 2, colMeans(r))))
  p
}

test_that("the likelihood of the rows is at its maximum there, by differences over every parameter", {
  p <- joint_sample(joint_population(touched, .7), 2)
  found <- joint_at(p, 0)
  expect_gt(found$value, 10)
  laws <- found$laws
  d <- 4
  q <- nrow(laws$mean)
  # By the definition: the rows of people in v = (l, c, x, u), the density of the laws there, the Jacobian of the map.
  coordinates <- lapply(p$rows, function(r) {
    whole <- matrix(0, ncol(r), q)
    whole[1:d, 1:d] <- p$encoder$map
    spread <- sqrt(Reduce(`+`, lapply(p$view$cross, function(s) diag(s)[-(1:d)])) / sum(p$view$n))
    whole[cbind(d + 1:3, d + 1:3)] <- 1 / spread
    sweep(r, 2, as.vector(p$view$mean %*% (p$view$n / sum(p$view$n)))) %*% whole
  })
  minus2 <- function(map, law) {
    sum(mapply(function(r, s) {
      v <- sweep(r %*% map, 2, s$mean)
      sum((v %*% solve(s$cov)) * v) + nrow(v) * (as.numeric(determinant(s$cov)$modulus) - 2 * log(abs(det(map))))
    }, coordinates, law))
  }
  h <- 1e-4
  slope <- function(move) (minus2(move(h)$map, move(h)$law) - minus2(move(-h)$map, move(-h)$law)) / (2 * h)
  slopes <- NULL
  add <- function(move) slopes <<- c(slopes, slope(move))
  same <- list(map = found$fit$map, law = lapply(1:6, function(e) {
    list(mean = found$fit$mean[, e], cov = found$fit$cov[, (e - 1) * q + 1:q])
  }))
  for (i in 1:d) for (j in 1:d) add(function(t) replace(same, "map", list(same$map %*% replace(diag(q), cbind(i, j), (i == j) + t))))
  for (i in d + 1:2) add(function(t) replace(same, "map", list(same$map %*% replace(diag(q), cbind(i, q), t))))
  shift <- function(e, at, part) function(t) {
    for (k in e) same$law[[k]][[part]][at] <- same$law[[k]][[part]][at] + t
    same
  }
  for (i in 1:d) {
    left <- which(touched[i, ] == 0)
    add(shift(left, i, "mean"))
    for (e in which(touched[i, ] == 1)) {
      add(shift(e, i, "mean"))
      add(shift(e, rbind(c(i, q), c(q, i)), "cov"))
    }
    for (j in 1:i) {
      both <- touched[i, ] * touched[j, ]
      at <- unique(rbind(c(i, j), c(j, i)))
      add(shift(which(both == 0), at, "cov"))
      for (e in which(both == 1)) add(shift(e, at, "cov"))
    }
  }
  for (e in 1:6) {
    for (i in (d + 1):q) add(shift(e, i, "mean"))
    for (i in d + 1:2) for (j in 1:i) add(shift(e, unique(rbind(c(i, j), c(j, i))), "cov"))
    add(shift(e, rbind(c(q, d + 2), c(d + 2, q)), "cov"))
    add(shift(e, cbind(q, q), "cov"))
  }
  # Against the curvature, which is of the order of the people.
  expect_lt(max(abs(slopes)) / sum(p$view$n), 1e-4)
  # Neither does it see which combinations of the instruments are given, nor units.
  turned <- p
  turned$view$mean <- 3 * p$view$mean
  turned$view$cross <- lapply(p$view$cross, `*`, 9)
  last <- nrow(p$view$mean)
  turned$view$mean[last, ] <- turned$view$mean[last, ] * 5
  turned$view$cross <- lapply(turned$view$cross, function(s) {
    s[last, ] <- 5 * s[last, ]
    s[, last] <- 5 * s[, last]
    s
  })
  other <- joint_at(turned, 0, p$encoder$map %*% diag(c(2, .5, 1, 3)))
  expect_equal(other$b, 5 * found$b, tolerance = 1e-4)
  expect_equal(other$se, 5 * found$se, tolerance = 1e-4)
})

test_that("it is its slow twin, for one effect and two, with rows that are never or always touched together", {
  always <- rbind(0, 0, cbind(c(1, 1), c(0, 0), c(1, 1), 0, 0))
  for (case in list(list(touched, .7), list(touched, c(.7, -.4)), list(always, .7))) {
    p <- joint_sample(joint_population(case[[1]], case[[2]]), 4)
    laws <- joint_laws(p$view, p$encoder)
    start <- 0 * case[[2]]
    fast <- joint_fit(laws, case[[1]], start)
    slow <- ref_joint(laws, case[[1]], start)
    expect_true(fast$converged)
    for (what in c("map", "covariance")) expect_equal(fast[[what]], slow[[what]], tolerance = 1e-10)
    expect_equal(fast$value, ref_joint_value(slow), tolerance = 1e-10)
    expect_equal(fast$mean, vapply(slow$law, `[[`, fast$mean[, 1], "mean"), tolerance = 1e-10)
    expect_equal(fast$cov, do.call(cbind, lapply(slow$law, `[[`, "cov")), tolerance = 1e-10)
  }
})

test_that("it stops when asked to, and where an environment is no law says that there is no maximum", {
  p <- joint_sample(joint_population(touched, .7), 4)
  laws <- joint_laws(p$view, p$encoder)
  expect_gt(polls_of(joint_fit(laws, touched, 0)), 6)
  expect_identical(stopped_at(7, joint_fit(laws, touched, 0)), "stopped")
  laws$cov[1, 1] <- 0
  expect_false(joint_fit(laws, touched, 0)$converged)
})

test_that("errors are what the estimate strays by", {
  p <- joint_population(touched, .7)
  runs <- vapply(1:40, function(seed) unlist(joint_at(joint_sample(p, seed), .7)[c("b", "se")]), c(b = 0, se = 0))
  expect_lt(abs(mean(runs["b", ]) - .7), 3 * sd(runs["b", ]) / sqrt(40))
  expect_lt(abs(log(sd(runs["b", ]) / mean(runs["se", ]))), 3 / sqrt(2 * 40))
})

test_that("latent_mr() reports it first with encoder = \"mechanism_sparsity\" and refuses it elsewhere", {
  people <- sparse_people(six_sites(), n = 500, seed = 2)
  control <- encoder_control(draws = 50)
  fit <- suppressWarnings(latent_mr(people$data, "mechanism_sparsity", control = control, seed = 1))
  table <- as.data.frame(fit)
  expect_identical(fit$headline, "latent_joint")
  row <- table[table$estimator == "latent_joint", ]
  expect_identical(row$vcov, "jackknife")
  expect_lt(abs(row$b - 1), 3 * row$se)
  moments <- suppressWarnings(latent_mr(
    mr_moments(people$data, seed = 1, disclosure = FALSE), "mechanism_sparsity", methods = "latent_joint", control = control,
    seed = 1, jackknife = FALSE, by_environment = FALSE
  ))
  own <- as.data.frame(moments)
  expect_equal(own$b, row$b, tolerance = 1e-6)
  expect_identical(own$vcov, "likelihood")
  # Single environments have that of two stages.
  alone <- as.data.frame(fit, environments = TRUE)
  expect_true("latent_2sls" %in% alone$estimator[alone$environment != alone$environment[1]])
  other <- simulate_mr("authors", n = 300, seed = 1)
  error <- tryCatch(suppressWarnings(latent_mr(other, "linear", methods = "latent_joint", seed = 1)), error = identity)
  expect_s3_class(error, "latentmr_error_argument")
  expect_match(conditionMessage(error), "touched latents")
})
