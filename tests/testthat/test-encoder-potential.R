flow_example <- function(d, hinges = 5, n = 48L) {
  with_seed(d, list(
    x = cbind(rnorm(n) * rep(c(1, 2), c(16, n - 16)), matrix(rnorm(n * (d - 1)), n)),
    theta = c(diag(d) + matrix(rnorm(d^2) * .2, d), replicate(hinges, c(runif(1, .2, .8), rnorm(1), 2 * rnorm(d)))),
    first = c(0L, 16L, n), e = rep(1:2, c(16, n - 16))
  ))
}

test_that("forward pass, loss and gradient at every level", {
  for (d in c(2, 3, 4, 5, 7)) {
    s <- flow_example(d)
    ref <- ref_flow(s$theta, 5, s$x)
    for (level in unique(c(0L, 2L, cpu_level()))) {
      odd <- .Call(C_ffi_flow_forward, s$theta, 5L, s$x[1:13, ], level)
      expect_equal(odd$code, ref$code[1:13, ], tolerance = 1e-12)
      expect_equal(odd$logdet, ref$logdet[1:13], tolerance = 1e-11)
      at <- function(theta) .Call(C_ffi_flow_gradient, theta, 5L, s$x, s$first, 2L - (d == 2), level)
      one <- at(s$theta)
      expect_equal(one$loss, ref_flow_loss(s$theta, 5, s$x, s$e, 2 - (d == 2)), tolerance = 1e-11)
      expect_equal(colMeans(one$scores), one$gradient, tolerance = 1e-11)
      expect_lt(gradient_error(function(t) at(t)$loss, s$theta, one$gradient), 1e-7)
      # Without an invariant block.
      none <- function(theta) .Call(C_ffi_flow_gradient, theta, 5L, s$x, s$first, 0L, level)
      expect_equal(none(s$theta)$loss, ref_flow_loss(s$theta, 5, s$x, s$e, 0), tolerance = 1e-11)
      expect_lt(gradient_error(function(t) none(t)$loss, s$theta, none(s$theta)$gradient), 1e-7)
    }
  }
})

test_that("far arguments neither overflow nor lose the line", {
  theta <- c(diag(2), 1, 0, 1, 0)
  x <- cbind(c(-1e4, -50, 0, 50, 1e4, 1e-9), 1)
  out <- .Call(C_ffi_flow_forward, theta, 1L, x, cpu_level())
  expect_equal(out$code[, 1], x[, 1] + ref_softplus(x[, 1]), tolerance = 1e-14)
  expect_equal(out$logdet, log1p(plogis(x[, 1])), tolerance = 1e-14)
})

test_that("a singular A is an error of the core, not a number", {
  s <- flow_example(2)
  theta <- replace(s$theta, 1:4, 0)
  expect_error(.Call(C_ffi_flow_gradient, theta, 5L, s$x, s$first, 1L, 0L), class = "latentmr_error_singular")
})

small_flow <- encoder_control(flow = flow_control(starts = 2, rounds = 4, rows = 1500))

test_that("an invertible network: the flow is taken, its blocks are right, 2SLS is not", {
  d <- simulate_mr("authors", mixing = "mlp", environments = 3, n = 3000, seed = 3)
  fit <- suppressWarnings(latent_mr(d, "auto", by_environment = FALSE, seed = 2, control = small_flow))
  encoder <- fit$encoder
  expect_identical(encoder$selected, "flow")
  expect_gt(encoder$details$losses[["linear"]] - encoder$details$losses[["flow"]], .5)
  expect_identical(unname(encoder$n_latent), c(2L, 2L))
  expect_gt(min(cancor(predict(encoder, d), d$truth$W)$cor), .95)
  linear <- learn_instruments(d, n_latent = c(2, 2), seed = 1)
  # The linear code leaks ten times as much of V into What.
  leak <- function(w) max(cancor(w, d$truth$V)$cor)
  expect_lt(leak(predict(encoder, d)), leak(predict(linear, d)) / 2)
  expect_lt(abs(fit$estimates$latent_2sls$b - 1), .06)
  expect_gt(fit$estimates[["2sls"]]$b, 1.15)
  # Plain numbers: another session predicts the same.
  expect_true(all(vapply(encoder$parameters, is.numeric, NA)))
  file <- tempfile(fileext = ".rds")
  saveRDS(encoder, file)
  expect_identical(predict(readRDS(file), d), predict(encoder, d))
  again <- learn_instruments(d, "auto", control = small_flow, seed = 2)
  expect_identical(again$parameters, encoder$parameters)
  expect_equal(predict(encoder, mr_genotypes(d)[1:3, ], environment = d$environment[1:3]), predict(encoder, d)[1:3, ], ignore_attr = TRUE)
  expect_output(print(encoder), "held-out loss")
  expect_output(print(summary(fit)), "Auto encoder (flow taken)", fixed = TRUE)
  shown <- plot(encoder)$data
  expect_identical(shown$value[shown$panel == "Directions of the instruments"], encoder$details$before$values)
  training <- plot(encoder, "history")$data
  expect_equal(min(training$value[training$quantity == "held_out" & training$kept]), encoder$details$losses[["flow"]])
  fits <- encoder$details$fits
  expect_identical(sum(fits$taken), 1L)
  expect_equal(fits$held_out[fits$taken], min(fits$held_out[fits$invariant == fits$invariant[fits$taken]]))
})

test_that("linear mixing stays linear: the hinges gain nothing", {
  d <- simulate_mr("authors", mixing = "poly1", environments = 2, n = 1500, seed = 5)
  auto <- learn_instruments(d, "auto", seed = 1)
  linear <- learn_instruments(d, seed = 1)
  expect_identical(auto$selected, "linear")
  expect_identical(auto$invariant, linear$invariant)
  expect_lt(auto$details$losses[["linear"]] - auto$details$losses[["flow"]], .01)
})

test_that("negative control: nothing moves, every encoder is refused", {
  latents <- draw_latents("normal", 1500, 1, 4)
  latents$e <- rep(c("a", "b"), 750)
  maps <- with_seed(8, draw_mlp_mixing())
  hidden <- cbind(latents$V, latents$W) %*% maps[[1]]
  d <- as_continuous(pmax(hidden, .2 * hidden) %*% maps[[2]], latents)
  for (encoder in c("linear", "auto", "flow")) {
    expect_error(
      suppressWarnings(latent_mr(d, encoder, seed = 1, control = small_flow)), "does not differ", class = "latentmr_error_unidentified"
    )
  }
  poly <- as_continuous(monomials(cbind(latents$V, latents$W), 2), latents)
  expect_error(latent_mr(poly, "closure", seed = 1), "does not differ", class = "latentmr_error_unidentified")
})

test_that("negative control: V1 + V2 has one law, only its dependence on V1 - V2 gives it away", {
  latents <- draw_latents("normal", 3000, 2, 6)
  first <- latents$e == "e1"
  v <- with_seed(9, matrix(rnorm(12000), 6000)) * ifelse(cbind(first, !first), 1, sqrt(2))
  z <- monomials(cbind(v, latents$W), 2)[, -1]
  encoder <- learn_instruments(as_continuous(z, latents), "auto", seed = 1)
  expect_identical(encoder$selected, "closure")
  expect_identical(unname(encoder$n_latent), c(2L, 2L))
  expect_lt(max(cancor(predict(encoder, as_continuous(z, latents)), v)$cor), .1)
  # A code that takes the sum for invariant: the check sees it within environments.
  wrong <- .Call(C_ffi_code_check, cbind(rowSums(v)), cbind(v[, 1] - v[, 2]), as.integer(factor(latents$e)), 2L, cpu_level())
  expect_gt(wrong[1], .08)
  expect_lt(abs(wrong[2]), .005)
})

test_that("a mixing that cannot be inverted alarms", {
  latents <- draw_latents("normal", 3000, 2, 1)
  m <- monomials(cbind(latents$V, latents$W), 2)[, -1]
  z <- scale(m) %*% with_seed(12, matrix(rnorm(14 * 4), 14))
  d <- as_continuous(z, latents)
  expect_warning(
    encoder <- learn_instruments(d, "flow", n_latent = c(2, 2), seed = 1, control = small_flow), "check", class = "latentmr_warning_fit"
  )
  expect_gt(sum(encoder$check), .02)
})

test_that("the check is that of canonical correlations", {
  d <- draw_latents("laplace", 200, 3, 2)
  e <- as.integer(factor(d$e))
  v <- d$V + d$W^2
  got <- .Call(C_ffi_code_check, d$W, v, e, 3L, cpu_level())
  expect_equal(got, unname(ref_code_check(d$W, v, d$e)), tolerance = 1e-9)
  expect_gt(got[1], .5)
  # A constant column adds nothing, a block of none is no error.
  expect_equal(.Call(C_ffi_code_check, cbind(d$W, 1), v, e, 3L, cpu_level()), got, tolerance = 1e-6)
  expect_identical(.Call(C_ffi_code_check, d$W, v[, 0], e, 3L, cpu_level())[1], 0)
})

test_that("the permuted null is that of permuted labels", {
  x <- with_seed(1, matrix(rt(400 * 3, 5), 400))
  x <- qr.Q(qr(scale(x, TRUE, FALSE))) * 20
  e <- rep(1:3, c(100, 100, 200))
  got <- .Call(C_ffi_stationary_permuted, x, e, 3L, 400L, 1L, cpu_level())
  for (m in 1:3) {
    ref <- with_seed(2, ref_permuted(x[, seq_len(m), drop = FALSE], e, 400))
    expect_gt(ks.test(got[, m], ref)$p.value, .001)
  }
  expect_identical(got, .Call(C_ffi_stationary_permuted, x, e, 3L, 400L, 1L, cpu_level()))
  # Of many rows some are used, and the null is that of all.
  many <- with_seed(3, matrix(rnorm(50000)))
  null <- function(n) .Call(C_ffi_stationary_permuted, scale(many[seq_len(n), , drop = FALSE]), rep(1:2, n / 2), 2L, 300L, 1L, cpu_level())
  expect_equal(50000 * mean(null(50000)), 10000 * mean(null(10000)), tolerance = .25)
  # Gaussian draws are too narrow for these tails.
  normal <- .Call(C_ffi_stationary_null, c(100, 100, 200), 3L, 400L, 1L, NULL)
  expect_gt(quantile(got[, 3], .95), 1.2 * quantile(normal, .95))
})

test_that("heavy and light tails do not fool the dimension", {
  right <- function(law, ...) {
    mean(vapply(1:12, function(seed) {
      latents <- draw_latents(law, 1000, 3, seed)
      data <- as_continuous(cbind(latents$V, latents$W) %*% with_seed(seed, matrix(rnorm(16), 4)), latents)
      identical(unname(learn_instruments(data, control = encoder_control(...), seed = seed)$n_latent), c(2L, 2L))
    }, NA))
  }
  for (law in c("uniform", "laplace", "t5")) expect_gte(right(law), 11 / 12)
  # The Gaussian null calls invariant directions moving.
  expect_lt(right("t5", null = "gaussian", dimension_level = .95), 11 / 12)
})

test_that("missing, collinear and constant instruments", {
  d <- simulate_mr("authors", mixing = "poly2", environments = 3, n = 1500, seed = 3)
  z <- mr_genotypes(d)
  hostile <- cbind(z, z[, 1] - z[, 2], 5, z[, 3])
  hostile[cbind(seq(1, 4500, 90), 2)] <- NA
  data <- moved_traits(mr_data(hostile, d$exposure, d$outcome, d$environment, kind = "continuous"))
  encoder <- learn_instruments(data, "closure", seed = 1)
  expect_gt(min(cancor(predict(encoder, data)[-seq(1, 4500, 90), ], d$truth$W[-seq(1, 4500, 90), ])$cor), .99)
  expect_identical(dim(predict(encoder, data)), c(4500L, encoder$n_latent[["invariant"]]))
  expect_true(all(is.finite(predict(encoder, data))))
  expect_error(predict(encoder, hostile[, -1]), class = "latentmr_error_argument")
  # Fewer people than instruments: nothing closes, nothing crashes.
  few <- moved_traits(mr_data(with_seed(1, matrix(rnorm(60 * 80), 60)), rnorm(60), rnorm(60), rep(1:2, 30), kind = "continuous"))
  expect_error(learn_instruments(few, "closure", seed = 1), class = "latentmr_error_encoder")
  expect_identical(learn_instruments(few, "auto", seed = 1)$selected, "linear")
})

test_that("wrong input is refused in words", {
  d <- simulate_mr("authors", mixing = "mlp", n = 200, seed = 1)
  single <- moved_traits(mr_data(mr_genotypes(d), d$exposure, d$outcome, rep("a", 400), kind = "continuous"))
  thin <- moved_traits(mr_data(mr_genotypes(d)[1:210, ], d$exposure[1:210], d$outcome[1:210], d$environment[1:210], kind = "continuous"))
  wide <- moved_traits(mr_data(with_seed(1, matrix(rnorm(400 * 20), 400)), d$exposure, d$outcome, d$environment, kind = "continuous"))
  one <- moved_traits(mr_data(mr_genotypes(d)[, 1, drop = FALSE], d$exposure, d$outcome, d$environment, kind = "continuous"))
  g <- simulate_mr("snp", cell = 9, n = 60, seed = 2)
  expect_error(latent_mr(single, "auto", seed = 1), class = "latentmr_error_unidentified")
  expect_error(suppressWarnings(learn_instruments(single, "flow", seed = 1)), class = "latentmr_error_encoder")
  expect_error(learn_instruments(thin, "flow", seed = 1), class = "latentmr_error_encoder")
  expect_error(learn_instruments(one, "flow", seed = 1), "direction", class = "latentmr_error_encoder")
  expect_error(learn_instruments(d, "flow", n_latent = c(4, 3), seed = 1), class = "latentmr_error_argument")
  expect_error(flow_control(rounds = 9), class = "latentmr_error_argument")
  expect_identical(learn_instruments(g, "auto", seed = 1)$invariant, learn_instruments(g, seed = 1)$invariant)
  expect_conditions({
    learn_instruments(g, "flow")
    learn_instruments(wide, "flow", seed = 1)
    learn_instruments(mr_moments(d, disclosure = FALSE), "auto")
    learn_instruments(d, "closure", seed = 1)
  })
})
