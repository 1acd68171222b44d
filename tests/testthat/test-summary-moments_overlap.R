# Null variants of three ancestries and two traits with noise of correlation `shape`, and a slope on the LD score.
null_tables <- function(m = 6000, shape = diag(6), slope = 0, seed = 1, scores = TRUE) {
  set.seed(seed)
  l <- stats::rexp(m, 1 / 40) + 1
  load <- chol(shape + 1e-12 * diag(6))
  z <- matrix(stats::rnorm(6 * m), m) %*% load
  # Exposure and outcome share their polygenic part, ancestries too.
  z <- z + sqrt(slope * l / 40) * stats::rnorm(m)
  f <- stats::runif(m, .1, .9)
  sd <- sqrt(2 * f * (1 - f))
  one <- function(k, n) do.call(rbind, lapply(1:3, function(e) {
    out <- data.frame(
      SNP = paste0("null", seq_len(m)), effect_allele = "A", other_allele = "G", eaf = f, beta = z[, 3 * k + e] / (sqrt(n) * sd),
      se = 1 / (sqrt(n) * sd), samplesize = n, environment = c("EUR", "AFR", "EAS")[e]
    )
    if (scores) out$ldscore <- l
    out
  }))
  list(exposure = one(0, 20000), outcome = one(1, 8000))
}

shared_shape <- function(within = .3, between = .2) {
  one <- rep(c(1, .6), each = 3)
  between * tcrossprod(one) + diag(6) + within * kronecker(matrix(c(0, 1, 1, 0), 2), diag(3))
}

test_that("the noise of a score is what variants without effects have, through the same map", {
  t <- plain_tables()
  shape <- shared_shape()
  m <- mr_moments_from_summary(t$x, t$y, overlap = shape)
  view <- moments_view(m)
  omega <- score_noise(view)
  # Slow twin: draws of the noise of every variant, summed over environments with their weights.
  a <- sqrt(variant_squares(view))
  sigma <- sqrt(m$summary$traits$noise)
  set.seed(1)
  draws <- lapply(1:400, function(i) {
    z <- (matrix(stats::rnorm(30 * 6), 30) %*% chol(shape)) * rep(sigma, each = 30)
    cbind(rowSums(a * z[, 4:6]), rowSums(a * z[, 1:3])) / sqrt(rowSums(a^2))
  })
  twin <- crossprod(do.call(rbind, draws)) / (400 * 30)
  expect_equal(omega, twin, tolerance = .04)
  # By hand: one environment alone has its own numbers.
  one <- view_subset(view, "AFR")
  expect_equal(score_noise(one)[2, 2], shape[2, 2] * sigma[2]^2)
  expect_equal(score_noise(one)[1, 2], shape[2, 5] * sigma[2] * sigma[5])
  block <- set_blocks(method_rows("latent_2sls"), list(encoder = learn_instruments(m, seed = 1), view = view))$latent
  expect_equal(block$kclass$r1, block$kclass$df * omega)
  expect_equal(block$kclass$n, block$kclass$df + block$kclass$K + block$kclass$L)
  # J of instruments that agree is about its degrees of freedom, however few variants the noise is known from.
  set.seed(2)
  t$y$beta <- t$y$beta + stats::rnorm(nrow(t$y)) * t$y$se
  m <- mr_moments_from_summary(t$x, t$y, overlap = shape)
  few <- m
  few$summary$noise_df <- 400
  j <- function(m) hush(latent_mr(m, seed = 1, methods = "latent_nagar"))$diagnostics$sargan$statistic
  expect_equal(j(few), j(m), tolerance = .1)
  expect_gt(j(m), stats::qchisq(.001, 30))
  expect_lt(j(m), stats::qchisq(.999, 30))
})

test_that("a matrix without anything shared is one number for each ancestry", {
  t <- plain_tables()
  t$y$samplesize <- t$x$samplesize # one ratio everywhere: people and noise weigh alike
  t$y$se <- t$x$se
  shape <- diag(6)
  shape[cbind(1:3, 4:6)] <- shape[cbind(4:6, 1:3)] <- .2
  ids <- c("ols", "latent_2sls", "latent_liml", "latent_nagar")
  fit <- function(overlap) {
    m <- mr_moments_from_summary(t$x, t$y, overlap = overlap)
    list(m = m, fit = hush(latent_mr(m, seed = 1, methods = ids)))
  }
  table <- function(x) as.data.frame(x$fit)[c("b", "se", "nobs")]
  a <- fit(shape)
  b <- fit(.2)
  expect_false(a$m$summary$pooled)
  expect_equal(table(a), table(b))
  matrices <- stats::setNames(rep(list(matrix(c(1, .2, .2, 1), 2)), 3), c("EAS", "AFR", "EUR"))
  expect_equal(table(fit(matrices)), table(b))
  # Least squares by hand: everybody's sums, given the environment.
  v <- matrix(b$m$summary$traits$variance, 3)
  expect_equal(a$fit$estimates$ols$b, sum(.2 * sqrt(v[, 1] * v[, 2])) / sum(v[, 1]))
  # Nobody in both samples: no covariance, however it is written.
  expect_identical(fit(diag(6))$fit$estimates$ols$note, "exposure and outcome are not of the same people")
})

test_that("noise beyond that of one environment's people gives no least squares", {
  t <- plain_tables()
  t$y$samplesize <- t$x$samplesize
  t$y$se <- t$x$se
  own <- list(EUR = diag(2) * 1.1, AFR = diag(2), EAS = diag(2))
  own <- lapply(own, function(x) x + matrix(c(0, .2, .2, 0), 2))
  why <- "the noise is that of the associations (`overlap`, `null`), not what is left of the traits of the people"
  for (overlap in list(shared_shape(), own)) {
    m <- mr_moments_from_summary(t$x, t$y, overlap = overlap)
    expect_true(m$summary$pooled)
    fit <- hush(latent_mr(m, seed = 1, methods = c("ols", "latent_2sls")))
    expect_identical(fit$estimates$ols$note, why)
    expect_true(all(is.na(fit$diagnostics$wu_hausman)))
  }
  expect_condition_text(
    mr_moments_from_summary(t$x, t$y, overlap = unname(own)), "latentmr_error_argument",
    "`overlap` must be a list named \"EUR\", \"AFR\", \"EAS\", not a list without names."
  )
})

test_that("one number is the correlation of the noise in one environment too", {
  t <- lapply(plain_tables(), function(x) x[x$environment == "EUR", ])
  for (overlap in c(.25, 0, -.5)) {
    m <- mr_moments_from_summary(t$x, t$y, overlap = overlap)
    expect_identical(m$summary$overlap, matrix(c(1, overlap, overlap, 1), 2))
    v <- m$summary$traits$noise
    expect_equal(m$xx[2, 1], 20000 * overlap * sqrt(prod(v)))
  }
})

test_that("the mean over null variants is their covariance, and what it is worth is counted", {
  t <- plain_tables()
  null <- null_tables(3000, shared_shape(), scores = FALSE)
  expect_condition_text(
    mr_moments_from_summary(t$x, t$y, null = null), "latentmr_error_polygenic", paste0(
      "The null variants vary 1.13 times as much as sampling explains: stratification or a polygenic background, which they ",
      "cannot tell apart.\ni With a genetic correlation of exposure and outcome the mean of such products takes too much away. ",
      "Add a column `ldscore` to the tables, give `overlap`, or say `polygenic = FALSE` in `null` where you know that they carry no effects."
    )
  )
  m <- mr_moments_from_summary(t$x, t$y, null = c(null, polygenic = FALSE))
  expect_equal(m$summary$overlap, shared_shape(), tolerance = .1)
  expect_gt(m$summary$noise_df, 2000)
  expect_lte(m$summary$noise_df, 3000)
  expect_identical(m$summary$source, "the mean over 3,000 null variants")
  # Without inflation nothing has to be said.
  plain <- mr_moments_from_summary(t$x, t$y, null = null_tables(3000, scores = FALSE, seed = 2))
  expect_lt(max(abs(plain$summary$overlap - diag(6))), .1)
})

test_that("LD scores tell a polygenic background from what all variants share", {
  t <- plain_tables()
  null <- null_tables(20000, shared_shape(), slope = .5)
  m <- mr_moments_from_summary(t$x, t$y, null = null)
  expect_lt(max(abs(m$summary$overlap - shared_shape())), .1)
  expect_lt(m$summary$noise_df, 20000)
  # A background of many small effects that is ten times the noise is not cut where LD scores are high.
  strong <- mr_moments_from_summary(t$x, t$y, null = null_tables(20000, shared_shape(), slope = 8))
  expect_lt(abs(mean(strong$summary$overlap - shared_shape())), .08)
  # Slow twin of the intercept's error: the spread over new draws.
  found <- vapply(1:30, function(s) {
    null <- null_tables(4000, shared_shape(), slope = .3, seed = s)
    z <- null$exposure$beta[1:4000] / null$exposure$se[1:4000]
    y <- null$outcome$beta[1:4000] / null$outcome$se[1:4000]
    l <- null$exposure$ldscore[1:4000]
    fit <- block_regression(z * y, l, 1 / l)
    c(fit$b[1], fit$variance)
  }, numeric(2))
  expect_equal(sqrt(mean(found[2, ])), stats::sd(found[1, ]), tolerance = .35)
  # lm() with these weights.
  null <- null_tables(1000, seed = 4)
  y <- (null$exposure$beta[1:1000] / null$exposure$se[1:1000])^2
  l <- null$exposure$ldscore[1:1000]
  expect_equal(block_regression(y, l, 1 / l)$b, unname(stats::coef(stats::lm(y ~ l, weights = 1 / l))))
})

test_that("what null variants cannot say is refused", {
  t <- plain_tables()
  null <- null_tables(500)
  expect_error(mr_moments_from_summary(t$x, t$y, null = null, overlap = 0), "NULL when `null` is given", class = "latentmr_error_argument")
  expect_error(mr_moments_from_summary(t$x, t$y, null = null$exposure), class = "latentmr_error_argument")
  few <- lapply(null, function(x) x[x$SNP %in% paste0("null", 1:50), ])
  expect_error(mr_moments_from_summary(t$x, t$y, null = few), "at least 200 variants", class = "latentmr_error_argument")
  flat <- lapply(null_tables(4000), function(x) transform(x, ldscore = 30 + (seq_along(ldscore) %% 4000) / 4000))
  expect_condition_text(mr_moments_from_summary(t$x, t$y, null = flat), "latentmr_error_argument", paste0(
    "`null` must be tables of variants whose LD scores tell the intercepts, not of 4,000 variants with LD scores from 30 to 31, ",
    "as good as 1 without a background.\ni Noise known as from 50 or fewer moves the estimate itself. Take more variants over the ",
    "genome, with low and high LD scores, or give `overlap`."
  ))
  other <- lapply(null, function(x) x[x$environment != "EAS", ])
  expect_error(mr_moments_from_summary(t$x, t$y, null = other), "traits and environments", class = "latentmr_error_argument")
  # Another order of the environments is the same.
  turned <- lapply(null, function(x) x[order(x$environment), ])
  a <- mr_moments_from_summary(t$x, t$y, null = null)
  expect_equal(mr_moments_from_summary(t$x, t$y, null = turned)$summary$overlap, a$summary$overlap)
})
