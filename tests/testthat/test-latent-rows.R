# The stream against its slow twin: the block and the instruments as explicit columns
# over people (dense_rows(), block_columns()) through iv_fit().

rows_cohort <- function(kind = "genotype", n = 700, p = 10, missing = .03, cluster = NULL, structure = FALSE, exposures = 1,
                        binary = FALSE, sites = 3, seed = 1) {
  withr::local_seed(seed)
  site <- sample(rep(seq_len(sites), length.out = n))
  family <- rep_len(seq_len(n %/% 2), n)
  if (identical(cluster, "within")) site <- site[family]
  ancestry <- rnorm(n) + site / 2
  slope <- rnorm(p, 0, .5)
  z <- matrix(rbinom(n * p, 2, plogis(outer(ancestry, slope) - .5)), n)
  if (kind == "dosage") z <- pmin(pmax(z + matrix(runif(n * p, -.3, .3), n), 0), 2)
  if (kind == "continuous") z <- z + matrix(rnorm(n * p), n) * site
  x <- matrix(rnorm(n * exposures), n) + z %*% matrix(rnorm(p * exposures, 0, .4), p) + ancestry
  y <- .3 * rowSums(x) - ancestry + rnorm(n) * (1 + abs(ancestry)) + rnorm(n)[family]
  z[sample(n * p, missing * n * p)] <- NA
  colnames(x) <- if (exposures > 1) paste0("x", seq_len(exposures))
  quiet(mr_data(
    z, if (exposures > 1) x else drop(x), if (binary) as.numeric(y > mean(y)) else y, paste0("s", site),
    cbind(age = rnorm(n), sex = rbinom(n, 1, .5)), structure = if (structure) cbind(a = ancestry + rnorm(n), b = rnorm(n)),
    cluster = if (!is.null(cluster)) family, kind = kind
  ))
}

quiet <- function(code) suppressWarnings(suppressMessages(code))

# Both sides of a comparison.
both <- function(data, crossfit = 0L, environments = NULL, methods = c("ols", "2sls", "2sls_structure", "latent_2sls", "latent_2sls_only")) {
  set <- quiet(working_set(
    data, function(source) learn(source$data, source$moments, source$view, "linear", if (data$kind == "continuous") c(8, 2), encoder_control(draws = 50), 1L),
    encoder_control(), as.integer(crossfit), seed = 1L
  ))
  rows <- working_rows(set)
  dense <- dense_rows(set$data, set$encoder, set$view, set$fold)
  if (!is.null(environments)) {
    rows <- rows_subset(rows, environments)
    keep <- dense$environment %in% environments
    for (name in c("z", "covariates", "structure")) dense[[name]] <- dense[[name]][keep, , drop = FALSE]
    for (name in c("y", "fold", "cluster", "environment")) dense[[name]] <- dense[[name]][keep]
    dense$x <- as.matrix(dense$x)[keep, ]
    dense$environment <- droplevels(dense$environment)
    set$view <- view_subset(set$view, environments)
  }
  table <- mr_methods()
  blocks <- set_blocks(table[table$id %in% methods, ], set)
  list(context = list(rows = rows, view = set$view, sandwich = row_error(rows), blocks = blocks), dense = dense, view = set$view)
}

twin <- function(set, block, estimator, type) {
  dense <- set$dense
  iv_fit(
    dense$y, unname(dense$x), if (estimator != "ols") if (is.null(block$directions)) dense$z else dense$z %*% block$directions,
    block_columns(block$part, dense, set$view), estimator, type,
    cluster = if (type == "cluster" || estimator %in% c("ujive", "jive1")) dense$cluster
  )
}

expect_twin <- function(got, fit, tolerance = 1e-9) {
  k <- seq_along(got$b)
  expect_equal(got$b, unname(coef(fit)[k]), tolerance = tolerance)
  expect_equal(unname(got$vcov), unname(vcov(fit)[k, k, drop = FALSE]), tolerance = tolerance)
}

expect_all_twins <- function(set) {
  context <- set$context
  type <- context$sandwich
  for (name in names(context$blocks)) {
    block <- context$blocks[[name]]
    for (estimator in c("ols", "2sls", if (startsWith(name, "latent")) c("liml", "fuller"))) {
      fit <- twin(set, block, estimator, type)
      expect_equal(row_covariance(context, block, estimator), unname(vcov(fit))[seq_len(block$kclass$k), seq_len(block$kclass$k), drop = FALSE], tolerance = 1e-9)
    }
  }
  block <- context$blocks$latent
  expect_twin(row_estimate(context, block, "ujive", "many"), twin(set, block, "ujive", "many"))
  expect_twin(row_estimate(context, block, "jive1"), twin(set, block, "jive1", type))
  expect_twin(row_estimate(context, block, "gmm"), twin(set, block, "gmm", type))
  fit <- twin(set, block, "2sls", type)
  got <- row_tests(context, block)
  expect_equal(got$hansen, fit$diagnostics["Hansen J", ], tolerance = 1e-9)
  expect_equal(got$wu_hausman, fit$diagnostics["Wu-Hausman", ], tolerance = 1e-9)
  expect_equal(got$f_effective, fit$strength$effective_f, tolerance = 1e-9)
}

# iv_fit() and the stream end in the same sums over pairs, so these are compared with
# double sums over dense matrices too.
expect_pairs <- function(set) {
  block <- set$context$blocks$latent
  dense <- set$dense
  w <- block_columns(block$part, dense, set$view)
  w <- qr.Q(qr(w))[, seq_len(qr(w)$rank), drop = FALSE]
  z <- dense$z %*% block$directions
  x <- as.matrix(unname(dense$x))
  k <- seq_len(ncol(x))
  by <- if (is.null(dense$cluster)) seq_along(dense$y) else as.integer(dense$cluster)
  instrument <- cbind(ref_ujive_g(z, w, by) %*% x, w)
  b <- drop(solve(crossprod(instrument, cbind(x, w)), crossprod(instrument, dense$y)))
  got <- quiet(row_estimate(set$context, block, "ujive", "many"))
  expect_equal(got$b, unname(b[k]), tolerance = 1e-9)
  expect_equal(unname(got$vcov), unname(ref_many(dense$y, x, z, w, b, by)), tolerance = 1e-9)
}

test_that("the error of UJIVE is that of double sums over pairs of people, and of clusters", {
  expect_pairs(both(rows_cohort(n = 130, p = 6)))
  expect_pairs(both(rows_cohort(n = 130, p = 6, exposures = 2, missing = 0)))
  expect_pairs(both(rows_cohort("dosage", n = 130, p = 6)))
  expect_pairs(both(rows_cohort(n = 130, p = 6, cluster = "within")))
})

test_that("errors, jackknife estimators, GMM and tests are those of explicit columns", {
  for (kind in c("genotype", "dosage", "continuous")) expect_all_twins(both(rows_cohort(kind)))
  expect_all_twins(both(rows_cohort(missing = 0, structure = TRUE)))
  expect_all_twins(both(rows_cohort(exposures = 2)))
})

test_that("with clusters, within environments and across them", {
  expect_all_twins(both(rows_cohort(cluster = "within")))
  expect_all_twins(both(rows_cohort(cluster = "across", n = 500, structure = TRUE)))
  expect_all_twins(both(rows_cohort(cluster = "across", n = 500, exposures = 2)))
})

test_that("for people of some environments, and fold by fold", {
  expect_all_twins(both(rows_cohort(), environments = "s2"))
  expect_all_twins(both(rows_cohort(cluster = "across"), environments = c("s1", "s3")))
  expect_all_twins(both(rows_cohort(n = 900), crossfit = 2))
  expect_all_twins(both(rows_cohort(n = 900, structure = TRUE, cluster = "within"), crossfit = 2))
})

test_that("0/1 outcomes have the second stages of iv_binary()", {
  for (cluster in list(NULL, "within")) {
    set <- both(rows_cohort(binary = TRUE, cluster = cluster))
    block <- set$context$blocks$latent
    linear <- twin(set, block, "2sls", set$context$sandwich)
    for (estimator in c("msmm", "tsri", "tsps")) {
      got <- row_binary(set$context, block, estimator)
      want <- quiet(binary_object(linear, estimator, "logit", set$context$sandwich))
      expect_equal(got$b, want$coefficients[[1]], tolerance = 1e-6)
      expect_equal(got$vcov[1, 1], want$vcov[1, 1], tolerance = 1e-6)
    }
  }
})

test_that("blocks of people end anywhere", {
  # One block holds 496 people at most: none beyond, one beyond, several blocks, cells within one.
  for (n in c(496, 497, 1000)) {
    set <- both(rows_cohort(n = n, p = 5, sites = 4))
    expect_twin(row_estimate(set$context, set$context$blocks$latent, "ujive", "many"), twin(set, set$context$blocks$latent, "ujive", "many"))
  }
})

test_that("people whom one column identifies carry no instrument, and JIVE1 says so", {
  data <- rows_cohort(missing = 0)
  data$covariates <- cbind(data$covariates, alone = as.numeric(seq_along(data$outcome) == 7))
  set <- both(data)
  block <- set$context$blocks$latent
  expect_warning(got <- row_estimate(set$context, block, "ujive", "many"), "1 of 700 people carry no instrument", class = "latentmr_warning_leverage")
  expect_twin(got, quiet(twin(set, block, "ujive", "many")))
  expect_error(row_estimate(set$context, block, "jive1"), "1 of 700 people cannot be left out", class = "latentmr_error_leverage")
})

test_that("every instruction set gives the same numbers", {
  set <- both(rows_cohort())
  block <- set$context$blocks$latent
  estimates <- lapply(0:cpu_level(), function(level) {
    withr::local_options(LatentMR.cpu = level)
    set$context$rows <- rows_subset(set$context$rows, levels(set$dense$environment))
    list(row_estimate(set$context, block, "ujive", "many"), row_covariance(set$context, block, "2sls"))
  })
  for (one in estimates[-1]) expect_equal(one, estimates[[1]], tolerance = 1e-10)
})

test_that("genotypes are two bits, dosages stay where they are; what does not fit is said", {
  data <- rows_cohort(n = 701, p = 6)
  set <- both(data)
  stream <- set$context$rows$stream
  expect_identical(length(stream$codes), 6L * 176L)
  expect_null(stream$numbers)
  dosage <- both(rows_cohort("dosage"))$context$rows$stream
  expect_null(dosage$codes)
  expect_identical(dim(dosage$numbers), c(700L, 10L))
  moments <- mr_moments(data, seed = 1, disclosure = FALSE)
  encoder <- quiet(learn_instruments(data, seed = 1))
  withr::local_options(LatentMR.memory = 1e4)
  expect_message(rows <- latent_rows(data, encoder, moments_view(moments)), "above the budget of 10 kB: moments are used instead")
  expect_null(rows)
  expect_error(dense_rows(data, encoder, moments_view(moments)), "above the budget", class = "latentmr_error_memory")
})

test_that("the passes over people can be interrupted", {
  set <- both(rows_cohort(n = 40000, p = 6, missing = .01))
  block <- set$context$blocks$latent
  fresh <- function(code) {
    set$context$rows$cache <- new.env()
    code(set$context)
  }
  expect_interruptible(function() fresh(function(context) row_covariance(context, block, "2sls")), least = 1, among = 1)
  expect_interruptible(function() fresh(function(context) row_estimate(context, block, "ujive", "many")), among = 2)
  expect_interruptible(function() fresh(function(context) row_tests(context, block)), least = 1, among = 1)
})

test_that("who carries no instrument is said with the environment", {
  set.seed(5)
  site <- rep(c("A", "B", "C"), each = 60)
  g <- matrix(rbinom(180 * 6, 2, .2 + .1 * rep(1:3, each = 60)), 180)
  g[, 1] <- 0
  g[5, 1] <- 1
  x <- drop(g %*% rep(.5, 6)) + rnorm(180)
  data <- suppressMessages(mr_data(g, x, x + rnorm(180), site, kind = "genotype"))
  said <- character()
  withCallingHandlers(latent_mr(data, methods = "latent_ujive", seed = 1), warning = function(w) {
    if (inherits(w, "latentmr_warning_leverage")) said <<- c(said, conditionMessage(w))
    invokeRestart("muffleWarning")
  })
  expect_identical(sub(":.*", "", said), c("1 of 180 people carry no instrument", "In \"A\"", "Without \"B\"", "Without \"C\""))
})

interleaved <- function(set) {
  rows <- set$context$rows
  stream <- rows$stream
  kept <- stream$person[rows$who + 1L]
  cell <- stream$cell[order(stream$person)]
  order <- row_order(cell, NULL, 50)
  stream$person <- order - 1L
  stream$cell <- cell[order]
  rows$stream <- stream
  rows$who <- which(stream$person %in% kept) - 1L
  rows$cache <- new.env(parent = emptyenv())
  set$context$rows <- rows
  set
}

test_that("numbers are read cell after cell within as many people as a cache holds", {
  cell <- c(2, 0, 1, 0, 2, 0, 1, 1, 0)
  expect_identical(row_order(cell, NULL), order(cell))
  expect_identical(row_order(cell, NULL, 4), c(2L, 4L, 3L, 1L, 6L, 7L, 8L, 5L, 9L))
  expect_identical(row_order(cell, NULL, 100), order(cell))
  expect_gte(row_chunk(5000, 40), 1024 * 40)
  # The order changes no number: cells that change in the middle of a block, many times.
  expect_all_twins(interleaved(both(rows_cohort("dosage"))))
  expect_all_twins(interleaved(both(rows_cohort("dosage", n = 900), crossfit = 2)))
  expect_all_twins(interleaved(both(rows_cohort("continuous"), environments = c("s1", "s3"))))
})

test_that("without an environment from one projection of everybody, as from the explicit columns", {
  without <- function(data, gone, id = "latent_ujive") {
    all <- both(data)
    part <- both(data, environments = setdiff(all$view$environments, gone))
    part$context$rows["whole"] <- list(whole_hat(all$context$rows, all$view, all$context$blocks$latent, id))
    part
  }
  hat <- function(set) {
    got <- hat_without(set$context$rows, set$view, set$context$blocks$latent)
    if (!is.null(got)) got$hat[got$at + 1, got$at + 1] + crossprod(got$lift)
  }
  cohorts <- list(
    rows_cohort(n = 150, p = 80), rows_cohort(n = 150, p = 80, exposures = 2, structure = TRUE, missing = 0),
    rows_cohort("dosage", n = 160, p = 90, sites = 4), rows_cohort("continuous", n = 225, p = 120)
  )
  for (data in cohorts) {
    for (gone in c("s1", "s3")) {
      part <- without(data, gone)
      block <- part$context$blocks$latent
      z <- if (is.null(block$directions)) part$dense$z else part$dense$z %*% block$directions
      columns <- qr(cbind(block_columns(block$part, part$dense, part$view), z)[order(part$dense$environment), ])
      twin <- tcrossprod(qr.Q(columns)[, seq_len(columns$rank)])
      expect_equal(hat(part), twin, tolerance = 1e-9)
      expect_pairs(part)
      expect_twin(row_estimate(part$context, block, "jive1"), twin(part, block, "jive1", "HC1"))
    }
  }
  expect_null(hat(without(cohorts[[1]], "s2", "latent_gmm")))
  expect_null(hat(without(rows_cohort(n = 200, p = 80), "s2")))
  expect_null(hat(without(rows_cohort(n = 150, p = 80, cluster = "within"), "s2")))
  expect_null(hat(without(rows_cohort(n = 150, p = 80, sites = 2), "s2")))
  # An instrument more than the others have people for.
  expect_null(hat(without(rows_cohort(n = 150, p = 110), "s2")))
})

test_that("what a group takes with it is no projection of the others", {
  withr::local_seed(1)
  z <- cbind(rep(1:0, c(4, 8)), matrix(rnorm(24), 12))
  hat <- tcrossprod(qr.Q(qr(z)))
  column <- matrix(z[1:4, 1] / 2)
  lift <- function(at, own) .Call(C_ffi_iv_hat_lift, hat, at, own)
  expect_null(lift(4:11, matrix(0, 4, 1)))
  expect_equal(hat[5:12, 5:12] + crossprod(lift(4:11, column)), tcrossprod(qr.Q(qr(z[5:12, -1]))))
  expect_error(lift(11:4, column), "does not rise")
  # Rounding may leave a pivot that is not quite 0.
  for (i in 1:20) {
    z[1:4, 1] <- rnorm(4)
    hat <- tcrossprod(qr.Q(qr(z)))
    expect_null(lift(4:11, matrix(0, 4, 1)))
  }
})
