run_closure <- function(z, given = 0L, limit = .01, level = cpu_level()) .Call(C_ffi_closure, unname(z), given, limit, level)

test_that("latents behind polynomials of degree 2, 3 and 4 come back exactly", {
  latents <- with_seed(3, matrix(rnorm(1500 * 4), 1500))
  latents[1:700, 1:2] <- 1.5 * latents[1:700, 1:2] + 1
  for (degree in 2:4) {
    # Degree 4 has 69 columns: more than the table of inner products takes.
    m <- monomials(latents, degree)[, -1]
    z <- m %*% with_seed(degree, qr.Q(qr(matrix(rnorm(ncol(m)^2), ncol(m)))))
    fit <- run_closure(z)
    code <- sweep(z, 2, fit$center) %*% fit$map
    expect_identical(dim(fit$map), c(ncol(m), 4L))
    trial <- fit$trials[nrow(fit$trials), ]
    expect_identical(trial[1:3], c(4, degree, ncol(m)))
    expect_lt(trial[4], 1e-10)
    # The cliff: one latent more closes nothing.
    if (degree > 2) expect_gt(fit$trials[nrow(fit$trials) - 1, 4], .05)
    expect_gt(min(cancor(code, latents)$cor), 1 - if (degree < 4) 1e-6 else 1e-2)
  }
})

test_that("c is that of the definition, and no small turn of the latents lowers it", {
  d <- draw_latents("normal", 700, 2, 5)
  z <- monomials(cbind(d$V, d$W), 2)[, -1]
  z <- z + with_seed(1, matrix(rnorm(length(z)), nrow(z))) * .3
  fit <- run_closure(z, 4L, 1)
  code <- sweep(z, 2, fit$center) %*% fit$map
  c_of <- function(latents) ref_closure_c(z, latents)
  expect_equal(fit$trials[1, 4], c_of(code), tolerance = 1e-8)
  expect_gt(fit$trials[1, 4], 1e-4)
  turned <- with_seed(2, replicate(10, c_of(code + z %*% matrix(rnorm(14 * 4), 14) * 1e-3)))
  expect_true(all(turned > fit$trials[1, 4]))
})

test_that("leading components only: table and rows give the c of the definition", {
  # 12 directions take the table, 70 the rows; the leading 9 and 69 serve 2 and 4 latents.
  for (d in c(2L, 4L)) {
    p <- if (d == 2) 12 else 70
    columns <- if (d == 2) 9 else 69
    smooth <- scale(monomials(with_seed(1, matrix(rnorm(1000 * d), 1000)), if (d == 2) 3 else 4)[, -1])
    z <- smooth %*% with_seed(p, matrix(rnorm(columns * p), columns)) + with_seed(2, matrix(rnorm(1000 * p), 1000)) * .05
    fit <- run_closure(z, d, Inf)
    expect_identical(fit$trials[1, 3], columns)
    leading <- prcomp(z, scale. = TRUE)$x[, seq_len(columns)]
    expect_equal(fit$trials[1, 4], ref_closure_c(leading, sweep(z, 2, fit$center) %*% fit$map), tolerance = 1e-6)
    # Another instruction set, another rounding.
    expect_equal(run_closure(z, d, Inf, 0L)$trials[1, 4], fit$trials[1, 4], tolerance = 1e-3)
  }
})

test_that("what is not closed is said: linear mixing of many, noise, too few columns", {
  noise <- with_seed(1, matrix(rnorm(2000 * 14), 2000))
  expect_identical(ncol(run_closure(noise)$map), 0L)
  expect_identical(nrow(run_closure(noise[, 1:4])$trials), 0L)
  expect_identical(nrow(run_closure(cbind(1, noise[1:9, ]))$trials), 0L)
  expect_identical(run_closure(cbind(noise[, 1:5], noise[, 1:5], 7))$rank, 5L)
  # Two-valued columns close (f^2 is linear in f) and hold no polynomials of two latents.
  coins <- (noise[, 1:9] > 0) + 0
  expect_identical(ncol(run_closure(coins)$map), 0L)
  # Functions whose squares nearly stay in a rich span, but which say little about the instruments.
  rich <- scale(monomials(with_seed(1, matrix(runif(2000), 1000)), 10)[, -1])
  rich <- qr.Q(qr(rich)) %*% with_seed(66, matrix(rnorm(65 * 66), 65)) * sqrt(1000) + with_seed(2, matrix(rnorm(66000), 1000)) * .05
  fit <- run_closure(rich, 2L)
  expect_lt(fit$trials[1, 4], .01)
  expect_lt(fit$trials[1, 5], .8)
  expect_identical(ncol(fit$map), 0L)
  d <- suppressMessages(mr_data(noise, noise[, 1], noise[, 2], rep(1:2, 1000), kind = "continuous"))
  expect_error(learn_instruments(d, "closure", seed = 1), "c\\(4\\)", class = "latentmr_error_encoder")
})

test_that("the published design, polynomials of degree 2 and 3: exact blocks, estimate near the oracle", {
  for (mixing in c("poly2", "poly3")) {
    d <- simulate_mr("authors", mixing = mixing, environments = 3, n = 2000, seed = 7)
    fit <- suppressWarnings(latent_mr(d, "auto", by_environment = FALSE, seed = 1))
    encoder <- fit$encoder
    expect_identical(encoder$selected, "closure")
    expect_identical(unname(encoder$n_latent), c(2L, 2L))
    expect_gt(min(cancor(predict(encoder, d), d$truth$W)$cor), .99)
    expect_gt(min(cancor(cbind(predict(encoder, d), predict(encoder, d, "variant")), cbind(d$truth$W, d$truth$V))$cor), 1 - 1e-6)
    expect_lt(abs(fit$estimates$latent_2sls$b - 1), .05)
    expect_lt(sum(encoder$check), .005)
    shown <- plot(encoder)$data
    expect_identical(shown$value[shown$part == "latents"], encoder$details$closure$trials$c)
    expect_identical(shown$value[shown$panel == "Directions of the code"], encoder$values)
    expect_output(print(encoder), "c\\(4\\).*4 latents mixed by polynomials")
  }
  # 2SLS on the instruments is off by more than .2 here.
  expect_gt(fit$estimates[["2sls"]]$b, 1.2)
})
