quiet <- function(code) suppressWarnings(suppressMessages(code))
quiet_data <- function(...) moved_traits(mr_data(...))

# C of a cross-fitted fit, from rows: for every fold the directions of the reference
# encoder on the people of the others, with a slope in every environment and fold.
ref_crossfit_block <- function(d, fold, k, interact = TRUE, block = NULL, covariates = NULL, s = NULL) {
  z <- mr_genotypes(d)
  e <- d$environment
  columns <- lapply(sort(unique(fold)), function(f) {
    inside <- fold == f
    v <- if (d$kind == "continuous") {
      fit <- ref_stationary(z[!inside, ], e[!inside])
      fit$directions[, ncol(z) + 1 - seq_len(k), drop = FALSE]
    } else {
      ref_structure_matrix(z[!inside, ], e[!inside], s[!inside, , drop = FALSE], block)$directions[, seq_len(k), drop = FALSE]
    }
    inner <- if (is.null(s)) z %*% v else s
    cells <- lapply(levels(e), function(l) {
      here <- inside & e == l
      cbind(here, if (interact) here * inner)
    })
    cbind(do.call(cbind, cells), if (!interact || !is.null(s)) inside * (z %*% v))
  })
  unname(cbind(do.call(cbind, columns), covariates, if (!interact) s))
}

fold_of <- function(d, seed, crossfit, folds = 10) {
  moments <- mr_moments(d, folds = folds, seed = seed, disclosure = FALSE)
  drawn <- draw_blocks(d$environment, d$cluster, as.integer(folds), as.integer(seed))
  out <- integer(length(d$exposure))
  out[drawn$order + 1] <- rep((drawn$table$fold - 1) %% crossfit + 1, drawn$table$n)
  out
}

ref_2sls <- function(d, block, z) {
  r <- ref_residual(cbind(d$outcome, d$exposure, z), block)
  h <- qr.fitted(qr(r[, -(1:2)], tol = 1e-9), r[, 2])
  sum(h * r[, 1]) / sum(h * r[, 2])
}

test_that("genotypes: estimates are those of explicit fold-wise regressions", {
  d <- simulate_mr("snp", cell = 3, n = 500, seed = 4)
  d$covariates <- cbind(age = sin(seq_along(d$exposure)) + d$exposure / 3)
  fit <- quiet(latent_mr(d, crossfit = 3, seed = 1, methods = c("latent_2sls", "latent_nagar", "latent_ujive"), by_environment = FALSE))
  fold <- fold_of(d, 1, 3)
  k <- ncol(fit$encoder$variant)
  expect_gt(k, 0)
  block <- ref_crossfit_block(d, fold, k, isTRUE(fit$latent$part$interact), fit$encoder$block, d$covariates)
  z <- mr_genotypes(d) %*% fit$encoder$directions[, -seq_len(k)]
  frame <- as.data.frame(fit)
  b <- setNames(frame$b, paste(frame$estimator, frame$crossfit))
  expect_equal(b[["latent_2sls 3"]], ref_2sls(d, block, z), tolerance = 1e-7)
  expect_equal(b[["latent_nagar 3"]], ref_nagar(d$outcome, d$exposure, z, block)[["b"]], tolerance = 1e-6)
  ujive <- iv_fit(d$outcome, d$exposure, z, block, estimator = "ujive", vcov = "many")
  expect_equal(b[["latent_ujive 3"]], unname(coef(ujive)[1]), tolerance = 1e-6)
  expect_equal(fit$latent$rank, qr(block, tol = 1e-10)$rank)

  # Enough people for slopes by environment and fold: the other shape of C.
  d <- simulate_mr("snp", cell = 1, n = 900, seed = 4)
  fit <- quiet(latent_mr(mr_moments(d, folds = 4, seed = 2, disclosure = FALSE), crossfit = 2, seed = 1, methods = "latent_2sls", by_environment = FALSE))
  expect_true(fit$latent$part$interact)
  k <- ncol(fit$encoder$variant)
  block <- ref_crossfit_block(d, fold_of(d, 2, 2, 4), k, TRUE, fit$encoder$block)
  expect_equal(as.data.frame(fit)$b[1], ref_2sls(d, block, mr_genotypes(d) %*% fit$encoder$directions[, -seq_len(k)]), tolerance = 1e-7)
})

test_that("structure mode: slopes of the structure columns by environment and fold", {
  d <- simulate_mr("snp", cell = 3, n = 500, seed = 4)
  d$structure <- cbind(PC1 = d$truth$Q[, 1] + .1 * cos(seq_along(d$exposure)))
  for (n in c(500, 150)) {
    keep <- ave(seq_along(d$exposure), d$environment, FUN = seq_along) <= n
    part <- quiet_data(
      mr_genotypes(d)[keep, ], d$exposure[keep], d$outcome[keep], d$environment[keep], structure = d$structure[keep, , drop = FALSE], kind = "genotype"
    )
    fit <- quiet(latent_mr(part, crossfit = 2, seed = 1, methods = "latent_2sls", by_environment = FALSE, n_latent = c(40, 2)))
    interact <- fit$latent$part$interact
    expect_identical(interact, n == 500)
    block <- ref_crossfit_block(part, fold_of(part, 1, 2), 2, interact, fit$encoder$block, s = part$structure)
    expect_equal(as.data.frame(fit)$b[1], ref_2sls(part, block, mr_genotypes(part) %*% fit$encoder$directions[, -(1:2)]), tolerance = 1e-7)
  }
})

test_that("continuous instruments: rows and moments, pooled and by environment", {
  d <- simulate_mr("authors", environments = 3, n = 400, seed = 2)
  fit <- quiet(latent_mr(d, crossfit = 4, seed = 5))
  k <- ncol(fit$encoder$variant)
  fold <- fold_of(d, 5, 4)
  block <- ref_crossfit_block(d, fold, k)
  m <- ncol(fit$encoder$directions) - k
  z <- mr_genotypes(d) %*% fit$encoder$directions[, seq_len(m)]
  frame <- as.data.frame(fit)
  own <- frame$estimator == "latent_2sls" & frame$crossfit == 4
  expect_equal(frame$b[own], ref_2sls(d, block, z), tolerance = 1e-7)
  sums <- as.data.frame(quiet(latent_mr(mr_moments(d, seed = 5, disclosure = FALSE), crossfit = 4, seed = 5)))
  expect_equal(sums$b[sums$estimator == "latent_2sls"], frame$b[frame$estimator == "latent_2sls"], tolerance = 1e-8)
  # One environment alone: its own slopes only.
  here <- d$environment == "e2"
  every <- as.data.frame(fit, environments = TRUE)
  part <- list(outcome = d$outcome[here], exposure = d$exposure[here])
  expect_equal(
    every$b[every$environment == "e2" & every$estimator == "latent_2sls"], ref_2sls(part, block[here, ], z[here, ]), tolerance = 1e-7
  )
  expect_identical(unique(every$crossfit[every$environment == "e2" & every$estimator == "latent_2sls"]), 4L)
})

test_that("the naive row stands under the cross-fitted one and is the fit without cross-fitting", {
  d <- simulate_mr("snp", cell = 3, n = 400, seed = 4)
  plain <- as.data.frame(quiet(latent_mr(d, seed = 1)))
  fit <- quiet(latent_mr(d, crossfit = 5, seed = 1))
  frame <- as.data.frame(fit)
  expect_identical(names(frame), c(names(plain), "crossfit"))
  naive <- frame[frame$crossfit == 0, ]
  # REML stops within its tolerance; the others are the same to rounding.
  exact <- naive$estimator != "latent_reml"
  for (name in c("b", "se")) {
    expect_equal(naive[[name]][exact], plain[[name]][exact], tolerance = 1e-12)
    expect_equal(naive[[name]], plain[[name]], tolerance = 1e-8)
  }
  at <- which(frame$crossfit == 5)
  expect_identical(frame$estimator[at], frame$estimator[at + 1])
  expect_identical(frame$method[at + 1], paste0(frame$method[at], ", not cross-fitted"))
  expect_identical(nrow(tidy(fit)), nrow(frame))
  expect_identical(tidy(fit)$estimate, frame$b)
  all <- summary(fit)$estimates
  expect_equal(nrow(all), nrow(as.data.frame(fit, environments = TRUE)))
  expect_output(print(summary(fit)), "encoder of each of 5 folds from the others")
  # What is kept is small: no moments, no rows.
  expect_lt(as.numeric(object.size(fit)), 1.3 * as.numeric(object.size(quiet(latent_mr(d, seed = 1)))))
})

test_that("the jackknife of a cross-fitted Nagar estimate leaves folds out of their own piece", {
  d <- simulate_mr("snp", cell = 3, n = 300, seed = 4)
  m <- mr_moments(d, folds = 4, seed = 1, disclosure = FALSE)
  fit <- quiet(latent_mr(m, crossfit = 2, seed = 1, methods = "latent_nagar", by_environment = FALSE))
  k <- ncol(fit$encoder$variant)
  four <- fold_of(d, 1, 4, 4)
  block <- ref_crossfit_block(d, (four - 1) %% 2 + 1, k, FALSE, fit$encoder$block)
  z <- mr_genotypes(d)
  b <- sapply(1:4, function(f) {
    in_f <- four != f
    ref_nagar(d$outcome[in_f], d$exposure[in_f], z[in_f, ], block[in_f, ])[["b"]]
  })
  # With all variants as instruments, as the jackknife takes them.
  expect_equal(fit$estimates$latent_nagar$jackknife$se, sqrt(3 / 4 * sum((b - mean(b))^2)), tolerance = 1e-6)
})

test_that("cross-fitted and naive estimates agree where the encoder is good", {
  b <- sapply(1:4, function(seed) {
    m <- mr_moments(simulate_mr("authors", n = 1500, seed = seed), seed = seed, disclosure = FALSE)
    frame <- as.data.frame(quiet(latent_mr(m, crossfit = 5, seed = seed, by_environment = FALSE, methods = "latent_2sls")))
    frame$b
  })
  expect_lt(abs(mean(b[1, ]) - 1), .04)
  expect_lt(max(abs(b[1, ] - b[2, ])), .05)
  expect_gt(max(abs(b[1, ] - b[2, ])), 1e-4)
})

test_that("what cannot be cross-fitted", {
  d <- simulate_mr("snp", cell = 3, n = 100, seed = 1, background = 400)
  plain <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  expect_conditions({
    latent_mr(plain, crossfit = 1)
    latent_mr(plain, crossfit = "five")
    latent_mr(mr_moments(plain, folds = 4, seed = 1, disclosure = FALSE), crossfit = 5)
    quiet(latent_mr(d, crossfit = 2))
    quiet(latent_mr(simulate_mr("authors", n = 60, seed = 1), crossfit = 30, seed = 1))
  })
  # Environments smaller than the folds, and clusters: some folds lack an environment.
  d <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  keep <- c(1:100, 101:200, 201:212)
  few <- quiet_data(
    mr_genotypes(d)[keep, 1:12], d$exposure[keep], d$outcome[keep], d$environment[keep],
    cluster = rep(1:106, each = 2), kind = "genotype"
  )
  fit <- quiet(latent_mr(few, crossfit = 10, seed = 1, methods = c("latent_2sls", "latent_ujive")))
  expect_true(all(is.finite(as.data.frame(fit)$b)))
})

test_that("encoders that read rows: fold-wise fits, instruments of every fold, any number of workers", {
  # Learns a direction from the people it is given: other folds, other codes.
  entry <- list(rotated = list(
    genotypes = FALSE,
    fit = function(input, n_latent, control, seed) list(parameters = list(map = prcomp(input$z)$rotation)),
    encode = function(parameters, z) z %*% parameters$map
  ))
  with_encoders(entry)
  d <- simulate_mr("authors", environments = 3, n = 300, seed = 2)
  d$covariates <- cbind(age = cos(seq_along(d$exposure)) + d$exposure / 3)
  fit <- quiet(latent_mr(d, "rotated", n_latent = c(2, 2), crossfit = 3, seed = 5))
  fold <- fold_of(d, 5, 3)
  z <- mr_genotypes(d)
  cells <- lapply(1:3, function(f) {
    inside <- fold == f
    others <- moved_traits(mr_data(z[!inside, ], d$exposure[!inside], d$outcome[!inside], d$environment[!inside], kind = "continuous"))
    encoder <- quiet(learn_instruments(others, "rotated", n_latent = c(2, 2), seed = 9))
    v <- predict(encoder, z, "variant")
    list(
      block = do.call(cbind, lapply(levels(d$environment), function(l) (inside & d$environment == l) * cbind(1, v))),
      w = inside * predict(encoder, z)
    )
  })
  block <- unname(cbind(do.call(cbind, lapply(cells, `[[`, "block")), d$covariates))
  w <- unname(do.call(cbind, lapply(cells, `[[`, "w")))
  frame <- as.data.frame(fit)
  at <- function(id) frame$b[frame$estimator == id & frame$crossfit == 3]
  expect_equal(at("latent_2sls"), ref_2sls(d, block, w), tolerance = 1e-7)
  expect_equal(at("latent_ujive"), unname(coef(iv_fit(d$outcome, d$exposure, w, block, estimator = "ujive", vcov = "many"))[1]), tolerance = 1e-6)
  expect_identical(frame$nsnp[frame$estimator == "latent_2sls"], c(6, 2))
  naive <- quiet(latent_mr(d, "rotated", n_latent = c(2, 2), jackknife = FALSE, seed = 5))
  expect_equal(frame[frame$crossfit == 0, c("b", "se")], as.data.frame(naive)[c("b", "se")], tolerance = 1e-9, ignore_attr = TRUE)
  expect_equal(fit$diagnostics$hsic_covariates, naive$diagnostics$hsic_covariates)
  expect_length(fit$fold_encoders, 3)
})

test_that("fold-wise fits: the same numbers for any number of workers, the session's generator untouched", {
  skip_if_not_installed("future")
  skip_on_os("windows")
  with_encoders(list(noisy = list(
    genotypes = FALSE,
    fit = function(input, n_latent, control, seed) list(parameters = with_seed(seed, list(map = qr.Q(qr(matrix(rnorm(ncol(input$z)^2), ncol(input$z))))))),
    encode = function(parameters, z) z %*% parameters$map + .1 * sin(z)
  )))
  d <- simulate_mr("authors", n = 150, seed = 2)
  run <- function() as.data.frame(quiet(latent_mr(d, "noisy", n_latent = c(2, 2), crossfit = 2, seed = 5, force = TRUE, by_environment = FALSE)))
  set.seed(9)
  before <- .Random.seed
  old <- future::plan(future::sequential)
  on.exit(future::plan(old), add = TRUE)
  one <- run()
  expect_identical(.Random.seed, before)
  future::plan(future::multicore, workers = 2)
  expect_identical(run(), one)
})
