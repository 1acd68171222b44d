# Every estimator, for one exposure and for two, on every kind of data.

# estimates.csv: the numbers of the estimators when those of one and of several
# exposures had code of their own. They were checked against iv_fit(), AER and
# formulas then and are still (test-latent_mr.R, test-latent-multi.R and others).
estimate_cases <- function(k) {
  d <- two_exposures(n = 400, p = 10)
  if (k == 1) d$x <- d$x[, "ldl"]
  made <- function(g = d$g, y = d$y, kind = "genotype", ...) {
    data <- suppressMessages(mr_data(g, d$x, y, d$site, covariates = data.frame(age = d$age), kind = kind, ...))
    data$variants$effect_allele[] <- "A"
    data$variants$other_allele[] <- "G"
    data
  }
  weights <- data.frame(SNP = colnames(d$g), effect_allele = "A", other_allele = "G", beta = seq(.1, .5, length.out = 10))
  table <- mr_methods()
  ids <- table$id[!grepl("^(family|imputed|mixed)_|^latent_joint$", table$id)]
  binary <- c("latent_msmm", "latent_tsri", "latent_tsps")
  linear <- setdiff(ids, binary)
  rows <- c("latent_ujive", "latent_jive1", "latent_gmm", binary)
  scores <- c("score", "latent_score")
  smooth <- setdiff(linear, c(scores, "latent_reml", "latent_outlier", "ivw", "ivw_fixed", "egger", "weighted_median"))
  z <- d$g + sin(outer(seq_len(400), 1:10)) * (1 + (d$site == "b"))
  pc <- cbind(PC1 = d$g[, 1] + cos(seq_len(400)), PC2 = d$age^2)
  fit <- function(data, ids, ...) {
    suppressWarnings(suppressMessages(latent_mr(data, methods = ids, by_environment = FALSE, seed = 1, ...)))
  }
  list(
    genotypes = fit(made(), linear, score_weights = weights),
    `genotypes, moments` = fit(mr_moments(made(), seed = 3, disclosure = FALSE), setdiff(linear, rows), score_weights = weights),
    dosages = fit(made(g = .9 * d$g + .05, kind = "dosage"), setdiff(linear, scores)),
    structure = fit(made(structure = pc), setdiff(linear, scores)),
    clusters = fit(made(cluster = rep(1:100, each = 4)), setdiff(linear, scores)),
    `linkage blocks` = fit(made(block = rep(1:5, each = 2)), setdiff(linear, c(scores, rows))),
    `0/1 outcome` = fit(made(y = as.double(d$y > median(d$y))), setdiff(ids, scores)),
    `cross-fitted` = fit(made(), setdiff(linear, scores), crossfit = 3),
    continuous = fit(made(g = z, kind = "continuous"), smooth, n_latent = c(7, 3), jackknife = FALSE),
    `continuous, moments` = fit(mr_moments(made(g = z, kind = "continuous"), seed = 1, disclosure = FALSE), setdiff(smooth, rows), n_latent = c(7, 3), jackknife = FALSE)
  )
}

estimate_numbers <- c("b", "se", "lo_ci", "nsnp", "fstat")

estimate_table <- function() {
  frames <- lapply(1:2, function(k) {
    fits <- estimate_cases(k)
    do.call(rbind, Map(function(name, fit) {
      frame <- as.data.frame(fit)
      # The file holds the errors of which a normal law has the same 95 % interval.
      frame$se <- normal_se(frame$se, frame$df)
      latent <- mr_methods()$partialled[match(frame$estimator, mr_methods()$id)] == "latent"
      crossfit <- if (is.null(frame$crossfit)) ifelse(latent, fit$crossfit, 0) else frame$crossfit
      cbind(case = name, exposure = paste(k, frame$exposure), frame["estimator"], crossfit, frame[c(estimate_numbers, "vcov")])
    }, names(fits), fits))
  })
  out <- do.call(rbind, frames)
  rownames(out) <- NULL
  out
}

test_that("every estimator gives the numbers it has always given", {
  old <- utils::read.csv("estimates.csv", stringsAsFactors = FALSE)
  new <- estimate_table()
  key <- function(x) paste(x$case, x$exposure, x$estimator, x$crossfit)
  expect_identical(anyDuplicated(key(new)), 0L)
  at <- match(key(old), key(new))
  expect_identical(key(old)[is.na(at)], character())
  expect_identical(new$vcov[at], old$vcov)
  # Other processors round otherwise, and REML stops within its tolerance.
  expect_identical(is.na(new$b[at]), is.na(old$b))
  has <- !is.na(old$b)
  for (name in estimate_numbers) expect_equal(as.double(new[[name]][at][has]), as.double(old[[name]][has]), tolerance = 1e-8, info = name)
})

test_that("scores with fewer people than instruments, or with kept products, are those of all directions", {
  withr::local_seed(6)
  n <- 300
  p <- 60L
  e <- rep(c("a", "b", "c"), c(170, 90, 40))
  z <- matrix(rbinom(n * p, 2, .35), n) + 0
  data <- suppressWarnings(mr_data(z, rnorm(n) + drop(z %*% rnorm(p, 0, .2)), rnorm(n), e, cbind(age = rnorm(n))))
  encoder <- list(
    method = "structure", directions = diag(p)[, sample(p)] + matrix(rnorm(p^2, 0, .1), p), mode = "panel", kind = "genotype"
  )
  encoder$directions[, 7] <- encoder$directions[, 6]
  encoder$variant <- encoder$directions[, 1:2]
  encoder$invariant <- encoder$directions[, 3:p]
  kept <- turned_view(moments_view(mr_moments(data, folds = 1, seed = 1, disclosure = FALSE)), encoder$directions, TRUE)
  traits <- c(kept$columns$outcome, kept$columns$exposure)
  for (environments in list(c("a", "b", "c"), c("b", "c"), "b", "c")) {
    view <- view_subset(kept, environments)
    part <- latent_block("latent", encoder, view)
    partial <- block_partial(view, part)
    for (directions in list(instrument_directions(encoder), NULL)) {
      all <- if (is.null(directions)) p else ncol(directions)
      start <- if (!is.null(directions)) direction_start(encoder, "latent")
      block <- block_scores(view, part, directions, partial, start)
      slow <- .Call(C_ffi_scores, partial$residual, view_people(view) * view$scale, p, traits, directions, all, NULL)
      expect_identical(block$kept, slow$kept)
      expect_equal(block$g, slow$g, tolerance = 1e-8)
      expect_equal(block$slopes, slow$slopes[, -1, drop = FALSE], tolerance = 1e-8)
      # What is made of it is orthonormal after the block, and has these scores.
      basis <- row_basis(view, block)
      g <- seq_len(p)
      expect_equal(crossprod(basis, partial$residual[g, g] %*% basis), diag(sum(block$kept)), tolerance = 1e-7)
      expect_equal(t(crossprod(basis, partial$residual[g, traits])), block$g[, block$kept], tolerance = 1e-7)
    }
  }
  expect_lt(sum(block$kept), p - 2)
})

test_that("blocks of some environments from the columns that are read are those from all, few people and equal variants included", {
  withr::local_seed(7)
  n <- 300
  p <- 60L
  e <- rep(c("a", "b", "c"), c(180, 80, 40))
  z <- matrix(rbinom(n * p, 2, .35), n) + 0
  z[e != "a", 5] <- z[e != "a", 4]
  data <- suppressWarnings(mr_data(
    z, rnorm(n) + drop(z %*% rnorm(p, 0, .2)), rnorm(n), e, cbind(age = rnorm(n)), structure = cbind(S = rnorm(n))
  ))
  encoder <- list(
    method = "structure", directions = diag(p) + matrix(rnorm(p^2, 0, .1), p), mode = "structure", kind = "genotype", crossfit = 0
  )
  encoder$variant <- encoder$directions[, 1:2]
  encoder$invariant <- encoder$directions[, 3:p]
  moments <- mr_moments(data, folds = 1, seed = 1, disclosure = FALSE)
  plain <- moments_view(moments)
  set <- list(encoder = encoder, moments = moments)
  chosen <- method_rows(c("ols", "2sls", "2sls_structure", "latent_2sls", "latent_2sls_only"))
  seen <- integer()
  for (some in list("a", "b", "c", c("b", "c"), c("a", "c"))) {
    set$view <- view_subset(turned_view(plain, encoder$directions, TRUE), some)
    fast <- set_blocks(chosen, set)
    set$view <- view_subset(plain, some)
    slow <- set_blocks(chosen, set)
    expect_identical(names(fast), names(slow))
    for (key in names(fast)) {
      expect_equal(fast[[key]]$kclass, slow[[key]]$kclass, tolerance = 1e-8)
      expect_equal(fast[[key]]$slopes, slow[[key]]$slopes, tolerance = 1e-7)
      expect_identical(fast[[key]]$kept, slow[[key]]$kept)
      expect_null(slow[[key]]$partial$of)
      seen <- c(seen, length(fast[[key]]$partial$of))
    }
  }
  # All variants and two traits where people are enough, as many as people less one in a small environment, traits alone.
  expect_setequal(unique(seen), c(0L, 41L, 2L))
})

test_that("estimators of single variants have their rows in single environments, beside others of the same block", {
  d <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  fit <- suppressWarnings(latent_mr(d, methods = c("latent_2sls", "ivw", "egger"), seed = 1))
  rows <- as.data.frame(fit, environments = TRUE)
  at <- function(id, e) unlist(rows[rows$estimator == id & rows$environment == e, c("b", "se")], use.names = FALSE)
  # from all cross products of what is left
  expect_equal(at("ivw", "site1"), c(.4769090391, .1797925113), tolerance = 1e-8)
  expect_equal(at("egger", "site6"), c(.4367516755, .3227023004), tolerance = 1e-8)
  alone <- as.data.frame(suppressWarnings(latent_mr(d, methods = "ivw", seed = 1)), environments = TRUE)
  expect_equal(rows$b[rows$estimator == "ivw"], alone$b)
})
