control <- encoder_control(draws = 50)
flow_mixing <- encoder_control(draws = 50, sparse_mixing = "flow", flow = flow_control(starts = 2, rounds = 4))
touched_by <- cbind(diag(3L), 0L)

learn_mixed <- function(people, control, ...) learn_instruments(people$data, "mechanism_sparsity", control = control, ...)

test_that("behind a smooth net the flow's code holds the latents, its masks and its estimate are right", {
  people <- mixed_people(sparse_people(touched_by, n = 1000, strength = 1.5))
  data <- people$data
  encoder <- learn_mixed(people, flow_mixing, seed = 1)
  expect_equal(masks_in_order(encoder, people), touched_by)
  mcc <- function(encoder) matched_correlation(stats::cor(people$l, predict(encoder, data, type = "code")))
  expect_gt(mcc(encoder), .98)
  linear <- suppressWarnings(learn_mixed(people, control, seed = 1))
  expect_lt(mcc(linear), .95)
  expect_identical(encoder$mixing, "flow")
  expect_s3_class(encoder$history, "data.frame")
  expect_identical(encoder$details$fits$invariant, c(0, 0))
  run <- function(jackknife) {
    latent_mr(data, "mechanism_sparsity", methods = c("2sls", "latent_2sls"), control = flow_mixing, seed = 1,
              by_environment = FALSE, jackknife = jackknife)
  }
  fit <- run(FALSE)
  hand <- sparse_by_hand(predict(encoder, data, type = "code"), encoder$touched, data)
  own <- fit$estimates$latent_2sls
  expect_equal(c(own$b, own$se_plain), c(hand$b, hand$se), tolerance = 1e-8)
  expect_lt(abs(own$b - 1), 3 * own$se_plain)
  # The others see the instruments, not the code.
  all <- ivreg_by_hand(data$outcome, data$exposure, mr_genotypes(data), model.matrix(~ data$environment - 1))
  expect_equal(fit$estimates$`2sls`$b, all$b, tolerance = 1e-8)
  expect_gt(all$b - 1, 3 * all$se)
  # Folds: the map to the code is held, the rows of its columns are learned anew.
  moved <- run(TRUE)$estimates$latent_2sls
  expect_identical(moved$vcov, "jackknife")
  expect_equal(moved$b, own$b, tolerance = 1e-10)
  source <- sparse_data(data, encoder, mr_moments(data, seed = 1, disclosure = FALSE), NULL)$base
  moments <- mr_moments(source$data, folds = 10, seed = 1, disclosure = FALSE)
  without <- vapply(1:10, function(f) {
    less <- view_delete_blocks(source$view, moments, which(moments$blocks$fold == f))
    rows <- sparse_relearned(source$encoder, less)
    set <- sparse_columns(moments, rows, moments, less)
    estimate_methods(method_rows("latent_2sls"), set, NULL, .95)[[1]]$b
  }, 0)
  expect_equal(moved$se_plain, sqrt(.9 * sum((without - mean(without))^2)), tolerance = 1e-8)
  expect_true(all(c("sparse_mixing", "flow$starts") %in% names(settings_applied(encoder))))
  # Numbers alone: another session predicts the same.
  file <- tempfile(fileext = ".rds")
  saveRDS(encoder, file)
  expect_identical(predict(readRDS(file), data, type = "code"), predict(encoder, data, type = "code"))
  text <- paste(capture.output(print(encoder)), collapse = "\n")
  expect_match(text, "mechanism_sparsity encoder (sparse rows on the code of the flow), 3 instruments", fixed = TRUE)
  expect_match(text, "stability between 2 starts: MCC of the latents 0.9", fixed = TRUE)
  expect_match(text, "held-out loss: linear", fixed = TRUE)
})

test_that("behind polynomials the closure's code is exact", {
  people <- mixed_people(sparse_people(touched_by, n = 600, strength = 1.5), polynomial = TRUE)
  closure <- encoder_control(draws = 50, sparse_mixing = "closure")
  encoder <- learn_mixed(people, closure, seed = 1)
  expect_equal(masks_in_order(encoder, people), touched_by)
  straight <- people
  straight$data <- suppressWarnings(mr_data(
    people$l, people$data$exposure, people$data$outcome, people$data$environment, kind = "continuous"
  ))
  plain <- learn_mixed(straight, encoder_control(draws = 50), seed = 1)
  # As if the latents themselves were the instruments.
  expect_equal(
    abs(diag(unname(
      stats::cor(predict(encoder, people$data, type = "code"), predict(plain, straight$data, type = "code"))
    ))),
    rep(1, 3), tolerance = 1e-6
  )
  b <- function(people, control) {
    latent_mr(people$data, "mechanism_sparsity", methods = "latent_2sls", control = control, seed = 1,
              by_environment = FALSE, jackknife = FALSE)$estimates$latent_2sls$b
  }
  expect_equal(b(people, closure), b(straight, encoder_control(draws = 50)), tolerance = 1e-6)
  # Auto finds the closure, sees that nothing of it stays and looks for the rows.
  expect_message(
    auto <- learn_instruments(people$data, "auto", control = encoder_control(draws = 50), seed = 1),
    "No combination of the latents", class = "latentmr_message_encoder"
  )
  expect_identical(auto$selected, "mechanism_sparsity")
  expect_equal(auto$touched, encoder$touched)
  expect_match(capture.output(print(auto))[1], "auto encoder (mechanism_sparsity taken, sparse rows on the code of the closure)",
               fixed = TRUE)
})

test_that("a code without an invariant block is there by itself, and nothing is estimated from it", {
  people <- mixed_people(sparse_people(touched_by, n = 300), polynomial = TRUE)
  encoder <- learn_instruments(people$data, "closure", n_latent = c(0, 3), control = control, seed = 1)
  expect_identical(encoder$n_latent, c(invariant = 0L, variant = 3L))
  expect_gt(min(stats::cancor(predict(encoder, people$data, type = "variant"), people$l)$cor), 1 - 1e-9)
  expect_null(encoder$check)
  expect_match(paste(capture.output(print(encoder)), collapse = "\n"), "stability: exact, no start is drawn", fixed = TRUE)
  expect_error(
    latent_mr(people$data, "closure", n_latent = c(0, 3), control = control, seed = 1), "No invariant direction is left",
    class = "latentmr_error_unidentified"
  )
  for (wrong in list(c(0, 0), c(-1, 3))) {
    expect_error(
      learn_instruments(people$data, "closure", n_latent = wrong, seed = 1),
      "`n_latent` must be c(invariant, variant), two whole numbers, or NULL", fixed = TRUE, class = "latentmr_error_argument"
    )
  }
  expect_error(
    learn_instruments(people$data, "linear", n_latent = c(0, 3), seed = 1), "at least one invariant",
    class = "latentmr_error_argument"
  )
})

test_that("a code asks for rows, and what is no mixing is refused", {
  people <- sparse_people(touched_by, n = 200)
  moments <- mr_moments(people$data, seed = 1)
  expect_error(
    latent_mr(moments, "mechanism_sparsity", control = flow_mixing, seed = 1),
    "`data` must be an mr_data object with sparse_mixing = \"flow\", not made by mr_moments()", fixed = TRUE,
    class = "latentmr_error_argument"
  )
  expect_error(encoder_control(sparse_mixing = "net"), "`sparse_mixing` must be one of", class = "latentmr_error_argument")
  expect_error(
    learn_mixed(people, encoder_control(sparse_mixing = "closure"), seed = 1), "not closed under products",
    class = "latentmr_error_encoder"
  )
  fit <- latent_mr(people$data, "mechanism_sparsity", methods = "latent_2sls", control = flow_mixing, seed = 1,
                   by_environment = FALSE, jackknife = FALSE)
  expect_error(
    negative_control(fit, people$data$outcome, data = moments), "Moments hold no rows", class = "latentmr_error_argument"
  )
  # Changed objects.
  for (field in c("parameters", "code_center")) {
    encoder <- fit$encoder
    encoder[field] <- NULL
    expect_error(predict(encoder, people$data), class = "latentmr_error_object")
  }
})

test_that("MCC is that of the best matching, and blocks agree by their canonical correlations", {
  set.seed(1)
  a <- matrix(rnorm(400), 100)
  b <- a[, c(3, 1, 4, 2)] %*% diag(c(-1, 2, 1, -3)) + matrix(rnorm(400, 0, .2), 100)
  r <- stats::cor(a, b)
  orders <- as.matrix(expand.grid(rep(list(1:4), 4)))
  orders <- orders[apply(orders, 1, function(o) !anyDuplicated(o)), ]
  expect_equal(matched_correlation(r), max(apply(orders, 1, function(o) mean(abs(r[cbind(1:4, o)])))), tolerance = 1e-12)
  expect_equal(block_agreement(a[, 1:2], b), mean(stats::cancor(a[, 1:2], b)$cor), tolerance = 1e-12)
  expect_equal(block_agreement(a, a %*% matrix(rnorm(16), 4)), 1, tolerance = 1e-12)
  three <- stability_of(list(a, b, a), function(x, y) matched_correlation(stats::cor(x, y)), "latents")
  expect_equal(three$median, matched_correlation(r))
  expect_identical(three$fits, 3L)
})

test_that("an environment counts as no more people than the tolerance lets it", {
  expect_equal(sparse_people_of(c(10, 1e9), .001), c(1 / .101, 1000), tolerance = 1e-5)
  expect_identical(sparse_people_of(c(10, 20), 0), c(10, 20))
})

test_that("restarts of the autoencoder are compared", {
  people <- sparse_people(touched_by, n = 100)
  run <- function(restarts) {
    suppressWarnings(learn_instruments(people$data, "autoencoder", n_latent = c(1, 2), seed = 1, control = encoder_control(
      draws = 20, autoencoder = autoencoder_control(restarts = restarts, epochs = 3, warm_start = FALSE)
    )))
  }
  stability <- run(2)$details$stability
  expect_identical(stability$of, "invariant block")
  expect_true(stability$median >= 0 && stability$median <= 1)
  expect_match(paste(capture.output(print(run(1))), collapse = "\n"), "unknown, there was one", fixed = TRUE)
})
