# The core of the linear encoder against its slow twins.

small_cell <- function(cell = 3, n = 300, ...) {
  d <- simulate_mr("snp", cell = cell, n = n, seed = 11, ...)
  list(z = mr_genotypes(d), e = d$environment, x = d$exposure, y = d$outcome, d = d)
}

no_places <- function(p) data.frame(chr = rep(NA_character_, p), pos = NA_real_)

test_that("structure spectrum is that of explicit matrices", {
  for (cell in c(3, 9, 11)) {
    s <- small_cell(cell)
    view <- ref_view(s$z, s$e, s$x, s$y)
    p <- ncol(s$z)
    ref <- ref_structure_matrix(s$z, s$e)
    got <- structure_spectrum(view_of(view, p), p, integer(), NULL, no_places(p), encoder_control())
    expect_equal(got$values, ref$values, tolerance = 1e-9)
    expect_identical(got$block, as.integer(ref$block))
    expect_identical(got$rank_w, 5L)
    # Same leading subspace, whatever the signs.
    expect_equal(abs(got$directions[, 1:2]), abs(ref$directions[, 1:2]), tolerance = 1e-6)
  }
})

test_that("components given are part of W", {
  s <- small_cell(7)
  pcs <- prcomp(s$z)$x[, 1:3]
  p <- ncol(s$z)
  view <- view_of(ref_view(s$z, s$e, s$x, s$y, s = pcs), p, structure = 3)
  got <- structure_spectrum(view, p, view$columns$structure, NULL, no_places(p), encoder_control())
  expect_equal(got$values, ref_structure_matrix(s$z, s$e, pcs)$values, tolerance = 1e-8)
  expect_identical(got$rank_w, 4L + 3L)
})

test_that("given blocks and chromosomes are respected", {
  s <- small_cell(11)
  p <- ncol(s$z)
  view <- view_of(ref_view(s$z, s$e, s$x, s$y), p)
  # Small blocks (products by the entries that are not zero) and large ones.
  for (size in c(1, 5, 25, 50)) {
    block <- rep(seq_len(100 / size), each = size)
    got <- structure_spectrum(view, p, integer(), factor(block), no_places(p), encoder_control())
    ref <- ref_structure_matrix(s$z, s$e, block = block)
    expect_equal(got$values, ref$values, tolerance = 1e-9)
    expect_equal(abs(got$directions[, 1]), abs(ref$directions[, 1]), tolerance = 1e-6)
  }
  chromosome <- rep(1:50, each = 2)
  got <- structure_spectrum(view, p, integer(), NULL, data.frame(chr = chromosome, pos = NA), encoder_control())
  expect_equal(got$block, as.integer(ref_structure_matrix(s$z, s$e, chromosome = chromosome)$block))
})

test_that("any number of variants has its spectrum", {
  s <- small_cell(11)
  for (p in 2:40) {
    view <- view_of(ref_view(s$z[, seq_len(p)], s$e, s$x, s$y), p)
    got <- structure_spectrum(view, p, integer(), factor(seq_len(p)), no_places(p), encoder_control())
    expect_equal(
      got$values, ref_structure_matrix(s$z[, seq_len(p)], s$e, block = seq_len(p))$values, tolerance = 1e-9
    )
  }
})

test_that("near variants of one chromosome are joined as soon as they correlate", {
  s <- small_cell(11)
  p <- ncol(s$z)
  view <- view_of(ref_view(s$z, s$e, s$x, s$y), p)
  blocks <- function(places, ...) structure_spectrum(view, p, integer(), NULL, places, encoder_control(r2_min = .9, ...))$block
  twin <- function(...) as.integer(ref_structure_matrix(s$z, s$e, ..., r2_min = .9)$block)
  chromosome <- rep(1:5, each = 20)
  position <- rep(1e6 * (1:20), 5)
  places <- data.frame(chr = chromosome, pos = position)
  near <- outer(chromosome, chromosome, "==") & abs(outer(position, position, "-")) <= 3e6
  expect_identical(blocks(places), twin(chromosome = chromosome, near = near))
  expect_lt(max(blocks(places)), 60)
  expect_identical(blocks(places, ld_window = 0), twin())
  # Without chromosomes, or without a position, nothing is near.
  expect_identical(blocks(transform(places, chr = "0")), twin())
  expect_identical(blocks(transform(places, pos = 0)), twin(chromosome = chromosome))
  places$pos[1:20] <- NA
  near[1:20, ] <- near[, 1:20] <- FALSE
  expect_identical(blocks(places), twin(chromosome = chromosome, near = near))
})

test_that("the null quantile is that of drawn matrices, in both forms", {
  set.seed(5)
  ref <- mean(ref_null_draws(2000, 20, 3, 80))
  exact <- .Call(C_ffi_structure_null, 2000, 20L, 3L, 400L, 1L, 1L, NULL)
  expect_equal(mean(exact), ref, tolerance = .05)
  big <- .Call(C_ffi_structure_null, 4000, 80L, 3L, 100L, 1L, 1L, NULL)
  fast <- .Call(C_ffi_structure_null, 4000, 80L, 3L, 100L, 2L, 0L, NULL)
  expect_equal(quantile(fast, .95), quantile(big, .95), tolerance = .06)
  # With few people per variant it is A, not the means, that decides.
  big <- .Call(C_ffi_structure_null, 400, 80L, 1L, 60L, 1L, 1L, NULL)
  fast <- .Call(C_ffi_structure_null, 400, 80L, 1L, 60L, 2L, 0L, NULL)
  expect_equal(mean(fast), mean(big), tolerance = .08)
  expect_identical(exact, .Call(C_ffi_structure_null, 2000, 20L, 3L, 400L, 1L, 1L, NULL))
})

test_that("pure noise has no direction above the null, 95 times in 100", {
  set.seed(8)
  above <- replicate(40, {
    z <- matrix(rbinom(2000 * 20, 2, .3), 2000)
    e <- factor(rep(1:4, each = 500))
    max(structure_spectrum(view_of(ref_view(z, e, z[, 1], z[, 2]), 20), 20L, integer(), NULL, no_places(20), encoder_control())$values)
  })
  limit <- quantile(.Call(C_ffi_structure_null, 2000, 20L, 3L, 400L, 1L, 1L, NULL), .95)
  expect_lte(mean(above > limit), .15)
  expect_gt(mean(above > .6 * limit), .5)
})

test_that("partialling out from moments is regression on rows", {
  s <- small_cell(3)
  set.seed(1)
  w <- cbind(rnorm(length(s$x)), s$z[, 1] + rnorm(length(s$x)))
  p <- ncol(s$z)
  view <- view_of(ref_view(s$z, s$e, s$x, s$y, covariates = w), p, covariates = 2)
  v <- diag(p)[, 1:3] + .1
  got <- partial_out(view, variant_map(view, v), pick_map(view, view$columns$covariates))
  block <- ref_block(s$e, s$z %*% v, w)
  expect_equal(got$residual, unname(crossprod(ref_residual(cbind(s$z, w, s$x, s$y), block))), tolerance = 1e-9)
  expect_equal(got$rank, qr(block)$rank)
  # A collinear covariate is dropped, not inverted.
  twice <- partial_out(view, variant_map(view, cbind(v, v[, 1])), pick_map(view, view$columns$covariates[c(1, 1, 2)]))
  some <- as.integer(c(view$columns$outcome, 2, view$columns$exposure))
  few <- partial_out(view, variant_map(view, v), pick_map(view, view$columns$covariates), maps = TRUE, of = some)
  expect_equal(few$residual, got$residual[, some], tolerance = 1e-12)
  expect_identical(residual_at(few, some[3:1]), 3:1)
  expect_identical(few[c("taken", "rank", "inner_kept", "common_kept")], got[c("taken", "rank", "inner_kept", "common_kept")])
  expect_equal(twice$residual, got$residual, tolerance = 1e-7)
  expect_identical(twice$common_kept, c(TRUE, FALSE, TRUE))
  expect_equal(twice$rank, got$rank)
})

test_that("taking people out of an environment is not having had them", {
  set.seed(2)
  x <- matrix(rnorm(300), 100)
  whole <- colMeans(x)
  out <- 1:17
  about <- sweep(x[out, ], 2, whole)
  left <- .Call(
    C_ffi_moment_delete, 100, whole, crossprod(sweep(x, 2, whole)), 17, colSums(about), crossprod(about)
  )
  rest <- x[-out, ]
  expect_equal(left$n, 83)
  expect_equal(left$mean, colMeans(rest))
  expect_equal(left$cross, crossprod(sweep(rest, 2, colMeans(rest))))
})

test_that("scores and Nagar's estimate are those of explicit columns", {
  s <- small_cell(3)
  p <- ncol(s$z)
  view <- view_of(ref_view(s$z, s$e, s$x, s$y), p)
  ref <- ref_structure_matrix(s$z, s$e)
  v <- ref$directions[, 1:2]
  partial <- partial_out(view, variant_map(view, v), matrix(0, p + 2, 0))
  got <- .Call(C_ffi_scores, partial$residual, diag(Reduce(`+`, view$cross)), p, p + 2:1, ref$directions[, -(1:2)], p - 2L, NULL)
  r0 <- partial$residual[p + 2:1, p + 2:1]
  nagar <- kclass_nagar(kclass_moments(r0, r0 - tcrossprod(got$g), nrow(s$z), got$n_kept, partial$rank))
  expect_equal(c(nagar$coefficients, sqrt(nagar$vcov)), unname(ref_nagar(s$y, s$x, s$z, ref_block(s$e, s$z %*% v))), tolerance = 1e-7)
  expect_equal(got$n_kept, p - 2)
})

test_that("REML: gradient and Hessian are those of finite differences", {
  set.seed(4)
  g <- matrix(rnorm(30, 0, 2), 2)
  w <- runif(15)
  s <- runif(15, .5, 1.5)
  f <- function(par) .Call(C_ffi_test_reml, g, w, s, c(1.1, .3, .9), c(.6, .8), mean(w), par)
  for (par in list(c(.4, .2, .5, .3), c(-1, -2, .01, 1.5), c(0, 1, 2, .1))) {
    step <- diag(4) * 1e-5
    slope <- apply(step, 1, function(h) (f(par + h)$value - f(par - h)$value) / 2e-5)
    bend <- apply(step, 1, function(h) (f(par + h)$gradient - f(par - h)$gradient) / 2e-5)
    expect_equal(f(par)$gradient, slope, tolerance = 1e-6)
    expect_equal(f(par)$hessian, bend, tolerance = 1e-6)
  }
})

# Scores with strength, structure and pleiotropy; none of the one or the other in some designs.
reml_design <- function(seed, m, g, psi, tau, size = FALSE) {
  withr::local_seed(seed)
  w <- sort(runif(m)^2, decreasing = TRUE)
  s <- if (size) seq(1.9, .1, length.out = m) else rep(1, m)
  d <- c(.6, .8)
  strength <- rnorm(m, 0, sqrt(g * s))
  scores <- rbind(strength, .3 * strength + rnorm(m, 0, tau)) + outer(d, rnorm(m, 0, sqrt(psi * w))) +
    t(chol(matrix(c(1, .3, .3, 1), 2))) %*% matrix(rnorm(2 * m), 2)
  list(g = unname(scores), w = w, s = s, om = c(1, .3, 1), d = d)
}

test_that("REML: the steps end where a general optimiser does, and where the gradient is rounding", {
  designs <- list(
    reml_design(1, 60, 4, 2, .8), reml_design(2, 400, 1, .5, .3), reml_design(3, 400, .3, 5, 1.5),
    reml_design(4, 1500, 9, 1, 1, TRUE), reml_design(5, 200, 25, .2, .1)
  )
  for (x in designs) {
    f <- function(par) .Call(C_ffi_test_reml, x$g, x$w, x$s, x$om, x$d, mean(x$w), par)
    for (start in list(c(.2, 0, .3, .3), c(1, 1, 1, .05), c(-1, -1, .05, 1))) {
      top <- .Call(C_ffi_test_reml_climb, x$g, x$w, x$s, x$om, x$d, mean(x$w), start)
      expect_true(top$converged)
      at <- f(top$par)
      expect_lt(abs(top$value - at$value), 1e-9 * abs(at$value))
      # What rounding leaves of sums over the scores; damped steps alone stop at 1e-7 of the value.
      expect_lt(max(abs(at$gradient)), 1e-10 * ncol(x$g))
      expect_true(all(eigen(at$hessian, symmetric = TRUE)$values < 1e-6))
      # From beside it back to it, never to another top.
      ref <- optim(
        top$par + c(.02, -.02, .01, .01), function(p) -f(p)$value, function(p) -f(p)$gradient, method = "BFGS",
        control = list(reltol = 1e-15, maxit = 1000)
      )
      expect_lt(abs(-ref$value - at$value), 1e-8 * abs(at$value))
      expect_lt(max(abs(abs(ref$par[1:2]) - abs(top$par[1:2]))), 1e-4)
    }
  }
})

# Many variants for the people: eigenvalues of the sample differ widely though nothing is structured (Marchenko and
# Pastur 1967), and strength goes with them. What one strength for all leaves is no structure.
test_that("REML: no structure is found where strength follows the variance of the directions", {
  set.seed(12)
  m <- 600
  s <- (1 + sqrt(.5) * cos(pi * (seq_len(m) - .5) / m))^2
  s <- s / mean(s)
  lambda <- pmax(s - 1, 0)^2 / max(s - 1)^2
  noise <- t(chol(matrix(c(1, .5, .5, 1), 2))) %*% matrix(rnorm(2 * m), 2)
  strength <- rnorm(m, 0, sqrt(8 * s))
  g <- rbind(strength, .3 * strength) + noise
  om <- matrix(c(1, .5, .5, 1), 2)
  fits <- .Call(C_ffi_reml, g, rep(TRUE, m), lambda, s, om, g, 1L, om, .3)
  expect_lt(max(fits[, 7]), .002)
  expect_lt(max(abs(fits[, 1])), 3 * fits[1, 2])
  one <- .Call(C_ffi_reml, g, rep(TRUE, m), lambda, rep(1, m), om, g, 1L, om, .3)
  expect_gt(max(one[, 7]), .02)
})

test_that("REML fits are those of a general optimiser on rows", {
  for (cell in c(3, 13)) {
    s <- small_cell(cell, n = 400)
    fit <- latent_mr(s$d, methods = "latent_reml", seed = 3) |> suppressWarnings()
    encoder <- fit$encoder
    ref <- ref_structure_matrix(s$z, s$e)
    k <- ncol(encoder$variant)
    block <- ref_block(s$e, s$z %*% ref$directions[, seq_len(k)], interact = isTRUE(fit$latent$part$interact))
    twin <- ref_reml(s$y, s$x, s$z, s$e, ref$directions, ref$values, k, encoder$threshold, NULL, block)
    got <- fit$estimates$latent_reml
    expect_equal(unname(got$fits[, "loglik"]), unname(twin$fits[, "value"]), tolerance = 1e-6)
    expect_equal(unname(got$fits[, "theta"]), unname(twin$fits[, "theta"]), tolerance = 1e-3)
    expect_equal(unname(got$fits[, "se"]), unname(twin$fits[, "s"]), tolerance = 1e-3)
    expect_equal(got$b, twin$b, tolerance = 1e-4)
    expect_equal((got$up - got$lo) / 2, twin$half * got$factor, tolerance = 1e-3)
  }
})

test_that("stationary subspace is that of explicit matrices", {
  d <- simulate_mr("authors", mixing = "poly1", environments = 3, n = 500, seed = 2)
  z <- mr_genotypes(d)
  ref <- ref_stationary(z, d$environment)
  got <- .Call(C_ffi_stationary, view_of(ref_view(z, d$environment, d$exposure, d$outcome), ncol(z)), ncol(z))
  expect_equal(got$values, ref$values, tolerance = 1e-7)
  expect_equal(abs(got$directions), abs(ref$directions), tolerance = 1e-5)
})

test_that("the stationary null is that of drawn people", {
  set.seed(6)
  n <- c(150, 300)
  ref <- replicate(300, max(ref_stationary(matrix(rnorm(450 * 3), 450), rep(1:2, n))$values))
  got <- .Call(C_ffi_stationary_null, n, 3L, 1000L, 1L, NULL)
  expect_gt(stats::ks.test(ref, got)$p.value, 1e-3)
})
