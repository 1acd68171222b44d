control <- encoder_control(draws = 50)

population <- function(touched, eta = 1, a = NULL) {
  d <- nrow(touched)
  set.seed(4)
  if (is.null(a)) a <- matrix(rnorm(d^2), d)
  set.seed(5)
  parts <- lapply(seq_len(ncol(touched)), function(e) {
    by <- eta * touched[, e] * (1 + .2 * e)
    list(mean = a %*% (by * .5 * (-1)^e), cov = a %*% (diag(d) + diag(by^2, d)) %*% t(a))
  })
  list(view = population_view(do.call(cbind, lapply(parts, `[[`, "mean")), lapply(parts, `[[`, "cov")), a = a)
}

sparse_fit <- function(view, reference = 0L) {
  laws <- sparse_laws(view, diag(nrow(view$mean) - 2))
  rows <- sparse_rows(laws, 20, 1L)$rows
  masks <- sparse_masks(laws, rows, reference)
  list(laws = laws, rows = laws$map %*% rows, own = rows, masks = masks)
}

test_that("with the laws themselves the rows are the latents and the masks exact", {
  touched <- cbind(c(1, 0, 0, 0), c(0, 1, 0, 0), c(0, 0, 1, 0), c(0, 0, 0, 1), 0)
  p <- population(touched)
  fit <- sparse_fit(p$view)
  product <- abs(crossprod(fit$rows, p$a)) # latents are z'b: b'A is a row of a permutation
  product <- product / apply(product, 1, max)
  place <- apply(product, 1, which.max)
  expect_identical(sort(place), 1:4)
  product[cbind(1:4, place)] <- 0
  expect_lt(max(product), 1e-3)
  expect_equal(fit$masks$touched, touched[place, ], ignore_attr = TRUE)
  expect_identical(fit$masks$majority, rep(4L, 4))
  # The refit is exact to rounding.
  again <- sparse_refit(fit$laws, fit$own, fit$masks$touched, function(n) 1e-6)
  product <- abs(crossprod(fit$laws$map %*% again$rows, p$a))
  product <- product / apply(product, 1, max)
  product[cbind(1:4, place)] <- 0
  expect_lt(max(product), 1e-6)
})

test_that("with many environments and latents the rows do not fall together", {
  set.seed(9)
  repeat {
    touched <- vapply(1:16, function(e) as.integer(1:10 %in% sample.int(10, 3)), integer(10))
    if (all(rowSums(touched) < 8)) break
  }
  p <- population(touched)
  fit <- sparse_fit(p$view)
  product <- abs(crossprod(fit$rows, p$a))
  place <- apply(product, 1, which.max)
  expect_identical(sort(place), 1:10)
  expect_identical(fit$masks$touched, touched[place, ])
})

test_that("latents that are always touched together may stay mixed, their masks are right", {
  touched <- cbind(c(1, 1, 0, 0), c(1, 1, 0, 0), c(0, 0, 1, 0), c(0, 0, 0, 1), 0)
  p <- population(touched)
  fit <- sparse_fit(p$view)
  product <- abs(crossprod(fit$rows, p$a))
  product <- product / apply(product, 1, max)
  together <- which(apply(product, 1, which.max) <= 2)
  expect_length(together, 2)
  expect_lt(max(product[together, 3:4]), 1e-3)
  expect_equal(fit$masks$touched[together, ], touched[1:2, ], ignore_attr = TRUE)
})

test_that("what touches a latent alike in most environments is taken for its law", {
  touched <- cbind(1:4 == 1, 1:4 == 1, 1:4 == 1, 1:4 == 1, 1:4 == 2, 1:4 == 3) + 0
  p <- population(touched)
  p$view$mean[] <- 0
  same <- p$view$cross[[1]]
  for (e in 2:4) p$view$cross[[e]] <- same
  fit <- sparse_fit(p$view)
  product <- abs(crossprod(fit$rows, p$a))
  first <- which.max(product[, 1] / rowSums(product))
  expect_identical(fit$masks$touched[first, ], c(0L, 0L, 0L, 0L, 1L, 1L))
})

test_that("estimates are 2SLS with the instruments of each environment, worked out by hand", {
  people <- sparse_people(six_sites())
  encoder <- learn_instruments(people$data, "mechanism_sparsity", control = control, seed = 1)
  expect_equal(masks_in_order(encoder, people), six_sites())
  expect_identical(unname(encoder$majority), rep(4L, 6))
  fit <- latent_mr(people$data, "mechanism_sparsity", control = control, seed = 1, by_environment = FALSE,
                   jackknife = FALSE)
  # By hand: columns that are zero outside their environment.
  hand <- sparse_by_hand(predict(encoder, people$data, type = "code"), encoder$touched, people$data)
  row <- as.data.frame(fit)
  row <- row[row$estimator == "latent_2sls", ]
  expect_equal(row$b, hand$b, tolerance = 1e-9)
  expect_equal(row$se, hand$se, tolerance = 1e-9)
  expect_equal(row$nsnp, 24)
  expect_lt(abs(row$b - 1), 3 * row$se)
  # The usual estimate, which takes all instruments, is far off.
  all <- as.data.frame(fit)
  expect_gt(all$b[all$estimator == "2sls"] - 1, 3 * row$se)
})

test_that("moments give the estimates of rows, and their wide view is that of wide rows", {
  people <- sparse_people(six_sites(), n = 400, corr = .3)
  moments <- mr_moments(people$data, seed = 1, disclosure = FALSE)
  here <- encoder_control(draws = 50, null = "gaussian")
  pick <- function(data) {
    f <- latent_mr(data, "mechanism_sparsity", methods = c("latent_2sls", "latent_liml"), control = here, seed = 1,
                   by_environment = FALSE, jackknife = FALSE)
    as.data.frame(f)$b
  }
  expect_equal(pick(moments), pick(people$data), tolerance = 1e-9)
  encoder <- learn_instruments(moments, "mechanism_sparsity", control = here, seed = 1)
  view <- moments_view(moments)
  maps <- sparse_maps(encoder, view)
  wide <- sparse_view(view, maps)
  rows <- sparse_rows_data(people$data, encoder, view, maps)
  direct <- moments_view(mr_moments(rows, seed = 1, disclosure = FALSE))
  expect_equal(wide$mean, direct$mean, tolerance = 1e-9)
  expect_equal(wide$cross, direct$cross, tolerance = 1e-9)
  expect_equal(wide$scale, direct$scale, tolerance = 1e-9)
  expect_identical(wide$columns$outcome, direct$columns$outcome)
})

test_that("the instruments of each environment are those of the subset form", {
  people <- sparse_people(six_sites(), n = 2000, seed = 3)
  data <- people$data
  encoder <- learn_instruments(data, "mechanism_sparsity", control = control, seed = 1)
  view <- moments_view(mr_moments(data, seed = 1, disclosure = FALSE))
  spaces <- ref_subset_instruments(view, 6L)
  expect_equal(vapply(spaces, ncol, 0L), unname(colSums(encoder$touched == 0)))
  for (e in 1:6) {
    mine <- encoder$map[, encoder$touched[, e] == 0]
    root <- chol(view$cross[[e]][1:6, 1:6])
    angle <- svd(crossprod(qr.Q(qr(root %*% mine)), qr.Q(qr(root %*% spaces[[e]]))))$d
    expect_gt(min(angle), .98)
  }
})

test_that("the jackknife holds the masks and relearns the rows", {
  people <- sparse_people(six_sites(), n = 500, seed = 2)
  run <- function(jackknife, data = people$data) {
    latent_mr(data, "mechanism_sparsity", methods = "latent_2sls", control = control, seed = 1, by_environment = FALSE,
              jackknife = jackknife)
  }
  moments <- mr_moments(people$data, seed = 1, disclosure = FALSE)
  fit <- run(TRUE, moments)
  row <- as.data.frame(fit)
  expect_identical(row$vcov, "jackknife")
  # By hand: without each fold, from the moments of the others.
  encoder <- fit$encoder
  view <- moments_view(moments)
  without <- vapply(sort(unique(moments$blocks$fold)), function(f) {
    less <- view_delete_blocks(view, moments, which(moments$blocks$fold == f))
    set <- sparse_data(moments, sparse_relearned(encoder, less), moments, less)
    estimate_methods(method_rows("latent_2sls"), set[c("encoder", "view", "moments")], NULL, .95)[[1]]$b
  }, 0)
  # From everybody the rows stay (the dimension of their subspaces is held); from fewer they move.
  expect_true(any(encoder$stable > 0))
  expect_equal(sparse_relearned(encoder, view)$map, encoder$map, tolerance = 1e-6)
  less <- view_delete_blocks(view, moments, which(moments$blocks$fold == 1))
  moved <- colSums(abs(sparse_relearned(encoder, less)$map - encoder$map))
  expect_true(all(moved[encoder$stable > 0] > 1e-4))
  expect_true(all(moved[encoder$stable == 0] < 1e-12))
  k <- length(without)
  expect_equal(fit$estimates$latent_2sls$se_plain, sqrt((k - 1) / k * sum((without - mean(without))^2)), tolerance = 1e-9)
  expect_equal(as.data.frame(run(FALSE))$b, row$b, tolerance = .02)
})

test_that("with nothing touched every latent is an instrument everywhere, which latent_mr() calls unidentified", {
  people <- sparse_people(matrix(0L, 3, 4), n = 500)
  encoder <- learn_instruments(people$data, "mechanism_sparsity", control = control, seed = 1)
  expect_true(all(encoder$touched == 0))
  expect_identical(encoder$n_latent, c(invariant = 3L, variant = 0L))
  expect_error(
    latent_mr(people$data, "mechanism_sparsity", control = control, seed = 1), "does not differ between the environments",
    class = "latentmr_error_unidentified"
  )
  fit <- suppressWarnings(latent_mr(people$data, "mechanism_sparsity", methods = "latent_2sls", control = control, seed = 1,
                                    force = TRUE, by_environment = FALSE, jackknife = FALSE))
  e <- people$data$environment
  z <- mr_genotypes(people$data)
  by <- do.call(cbind, lapply(levels(e), function(k) z * (e == k)))
  hand <- ivreg_by_hand(people$data$outcome, people$data$exposure, by, model.matrix(~ e - 1))
  expect_equal(as.data.frame(fit)$b, hand$b, tolerance = 1e-9)
})

test_that("a reference environment makes two environments enough", {
  people <- sparse_people(cbind(c(0L, 0L, 0L), c(1L, 0L, 0L)), n = 3000, seed = 2)
  encoder <- learn_instruments(people$data, "mechanism_sparsity", seed = 1,
                               control = encoder_control(draws = 50, reference = "site1"))
  expect_identical(sum(encoder$touched[, "site1"]), 0L)
  expect_identical(masks_in_order(encoder, people)[, 2], c(1L, 0L, 0L))
})

test_that("what cannot be is refused", {
  two <- sparse_people(cbind(c(0L, 0L), c(1L, 0L)), n = 200)$data
  learn_sparse <- function(data, ...) learn_instruments(data, "mechanism_sparsity", ..., seed = 1)
  expect_error(learn_sparse(two), "needs at least 3 environments", class = "latentmr_error_encoder")
  expect_error(
    learn_sparse(two, control = encoder_control(reference = "site3")), "`reference` must be one of the environments",
    class = "latentmr_error_argument"
  )
  three <- sparse_people(diag(3L), n = 200)$data
  expect_error(learn_sparse(three, n_latent = c(1, 2)), "`n_latent` must be NULL", class = "latentmr_error_argument")
  expect_error(latent_mr(three, "mechanism_sparsity", crossfit = 2), "`crossfit` must be 0", class = "latentmr_error_argument")
  genotypes <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  expect_error(learn_sparse(genotypes), "`encoder` must be", class = "latentmr_error_argument")
})

test_that("without a majority of any latent nothing is identified", {
  people <- sparse_people(matrix(1L, 2, 4), n = 2000, strength = 1:4)
  said <- testthat::capture_warnings(
    encoder <- learn_instruments(people$data, "mechanism_sparsity", control = control, seed = 1)
  )
  expect_match(said, "no majority of environments|No instrument in \"site1\"", all = TRUE)
  expect_length(said, 2)
  expect_true(all(encoder$touched == 1))
  expect_error(
    suppressWarnings(latent_mr(people$data, "mechanism_sparsity", control = control, seed = 1)),
    "No latent keeps one law", class = "latentmr_error_unidentified"
  )
})

test_that("the print shows the masks and how thin each majority is", {
  people <- sparse_people(diag(3L), n = 1000, seed = 3)
  encoder <- learn_instruments(people$data, "mechanism_sparsity", control = control, seed = 1)
  text <- paste(capture.output(print(encoder)), collapse = "\n")
  expect_match(text, "3 latents, 0 touched in no environment", fixed = TRUE)
  expect_match(text, "2 of 3 (thin)", fixed = TRUE)
  expect_match(text, "site1 site2 site3 alone", fixed = TRUE)
  expect_identical(dim(predict(encoder, people$data, type = "code")), c(3000L, 3L))
  expect_s3_class(summary(encoder)$spectrum, "data.frame")
  expect_error(predict(encoder, people$data, type = "codes"), class = "latentmr_error_argument")
})

test_that("auto takes it where no direction is invariant everywhere, and says so", {
  people <- sparse_people(six_sites(), n = 500, seed = 2)
  here <- encoder_control(draws = 50, flow = flow_control(starts = 1, rounds = 1, rows = 300, gain = 10))
  expect_message(
    encoder <- learn_instruments(people$data, "auto", control = here, seed = 1),
    "latents that few environments touch are looked for", class = "latentmr_message_encoder"
  )
  expect_identical(encoder$encoder, "auto")
  expect_identical(encoder$selected, "mechanism_sparsity")
  expect_warning(
    direct <- learn_instruments(people$data, "mechanism_sparsity", control = here, seed = 1), "`control` is not used",
    class = "latentmr_warning"
  )
  expect_identical(encoder$touched, direct$touched)
  expect_match(capture.output(print(encoder))[1], "auto encoder (mechanism_sparsity taken)", fixed = TRUE)
  expect_error(
    suppressMessages(latent_mr(people$data, "auto", control = here, seed = 1, crossfit = 2)), "`crossfit` must be 0",
    class = "latentmr_error_argument"
  )
  few <- sparse_people(diag(3L), n = 500, seed = 3)
  expect_false("touched" %in% names(learn_instruments(few$data, "auto", control = here, seed = 1)))
})

test_that("an environment of a majority that differs from the others together is taken out of it", {
  touched <- cbind(c(1, 0, 0, 0), c(0, 1, 0, 0), c(0, 0, 1, 0), c(0, 0, 0, 1), 0)
  p <- population(touched, a = diag(4))
  laws <- sparse_laws(p$view, diag(4))
  b <- diag(4)
  none <- 0 * touched
  expect_equal(sparse_leave_out(laws, b, none, 0L), touched, ignore_attr = TRUE)
  # By hand, the third latent in the third environment against the others.
  own <- 1:5
  m <- laws$mean[3, ]
  v <- vapply(laws$cov, function(s) s[3, 3], 0)
  n <- 1e6
  together <- mean(v[-3]) + mean((m[-3] - mean(m[-3]))^2)
  t <- (m[3] - mean(m[-3]))^2 / (v[3] / n + together / (4 * n)) + log(v[3] / together)^2 / (2 / n + 2 / (4 * n))
  expect_equal(sparse_against_others(laws, b[, 3], own)[3], t, tolerance = 1e-10)
  # The reference stays.
  expect_identical(sparse_leave_out(laws, b, none, 3L)[, 3], numeric(4))
})

test_that("ten environments and eight latents: every mask is right", {
  set.seed(8)
  repeat {
    touched <- vapply(1:10, function(e) as.integer(1:8 %in% sample(8, 3)), integer(8))
    if (all(rowSums(touched) > 0 & rowSums(touched) < 5)) break
  }
  for (seed in 1:3) {
    people <- sparse_people(touched, n = 2000, seed = seed)
    encoder <- learn_instruments(people$data, "mechanism_sparsity", control = encoder_control(draws = 20), seed = 1)
    expect_equal(masks_in_order(encoder, people), touched)
  }
})

test_that("where J rejects at 1 % intervals are wider by its root over the degrees of freedom", {
  people <- sparse_people(six_sites(), n = 500, seed = 2)
  run <- function(data, ...) {
    latent_mr(data, "mechanism_sparsity", methods = "latent_2sls", control = control, seed = 1, by_environment = FALSE, ...)
  }
  plain <- run(people$data, jackknife = FALSE)
  expect_gt(plain$diagnostics$sargan$pval, .01)
  expect_identical(plain$estimates$latent_2sls$factor, 1)
  expect_false(any(grepl("times as wide for that", plain$warnings)))
  # One latent acts on the outcome by itself.
  wrong <- people$data
  wrong$outcome <- wrong$outcome + people$l[, 1]
  for (jackknife in c(TRUE, FALSE)) {
    expect_warning(
      expect_warning(fit <- run(wrong, jackknife = jackknife), "times as wide for that", class = "latentmr_warning_fit"),
      "Sargan's J rejects", class = "latentmr_warning_fit"
    )
    j <- fit$diagnostics$sargan
    expect_lt(j$pval, .01)
    e <- fit$estimates$latent_2sls
    expect_equal(e$factor, sqrt(j$statistic / j$df), tolerance = 1e-12)
    half <- if (jackknife) qt(.975, 9) * e$se_plain else qnorm(.975) * e$se_plain
    expect_equal((e$up - e$lo) / 2, half * e$factor, tolerance = 1e-9)
  }
})
