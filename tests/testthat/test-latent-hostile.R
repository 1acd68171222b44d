# Data that users really have: constant columns, too few people, columns that say
# the same twice. A classed error or a right answer, never a number out of
# rounding errors.
small_panel <- function(n = 300, p = 8, environments = 3, seed = 1) {
  with_seed(seed, {
    e <- rep(letters[seq_len(environments)], length.out = n)
    f <- matrix(runif(p * environments, .2, .8), p)
    g <- vapply(seq_len(p), function(j) rbinom(n, 2, f[j, match(e, letters)]) + 0, numeric(n))
    colnames(g) <- paste0("rs", seq_len(p))
    u <- rnorm(n) + match(e, letters) / 2
    x <- as.vector(g %*% rnorm(p)) + u + rnorm(n)
    list(g = g, x = x, y = .3 * x + u + rnorm(n), e = e, n = n)
  })
}
panel_mr <- function(d, ...) suppressMessages(mr_data(d$g, d$x, d$y, d$e, kind = "genotype", ...))
hush <- function(code) suppressWarnings(suppressMessages(code))
columns_of <- function(fit, id, name) {
  rows <- as.data.frame(fit)
  rows[[name]][rows$estimator == id]
}

test_that("an instrument that the structure columns explain is no instrument", {
  d <- small_panel(p = 10)
  s <- d$g[, 1:3]
  colnames(s) <- paste0("s", 1:3)
  data <- panel_mr(d, structure = s)
  fit <- hush(latent_mr(data, seed = 1))
  expect_identical(columns_of(fit, "2sls_structure", "nsnp"), 7)
  r <- ref_residual(cbind(d$y, d$x, d$g[, -(1:3)]), cbind(outer(d$e, unique(d$e), "==") + 0, s))
  h <- qr.fitted(qr(r[, -(1:2)]), r[, 2])
  expect_equal(columns_of(fit, "2sls_structure", "b"), sum(h * r[, 1]) / sum(h * r[, 2]), tolerance = 1e-8)
  expect_identical(fit$encoder$dropped, 3L)
  expect_identical(ncol(fit$encoder$directions), 7L)
  expect_match(fit$warnings, "3 of 10 directions of the instruments were dropped", all = FALSE)
  expect_output(print(fit$encoder), "3 directions dropped")
  inside <- hush(latent_mr(panel_mr(d, structure = s, structure_includes_instruments = TRUE), seed = 1))
  expect_identical(inside$encoder$dropped, 3L)
})

test_that("an environment without variation has NA and the reason, the others stand", {
  d <- small_panel()
  for (name in c("x", "y")) {
    still <- d
    still[[name]][d$e == "a"] <- 0
    fit <- hush(latent_mr(suppressWarnings(panel_mr(still)), seed = 1))
    rows <- as.data.frame(fit, environments = TRUE)
    expect_true(all(is.na(rows$b[rows$environment == "a"])))
    expect_true(all(is.finite(rows$b[rows$environment != "a"])))
    expect_match(fit$by_environment$a$latent_ujive$note, "does not vary")
    expect_output(print(summary(fit)), "a: no estimate, the (exposure|outcome) does not vary")
    expect_match(na.omit(summary(fit)$estimates$note), "does not vary")
  }
  none <- d
  none$g[d$e == "a", ] <- NA
  fit <- hush(latent_mr(suppressWarnings(panel_mr(none)), seed = 1))
  rows <- as.data.frame(fit, environments = TRUE)
  expect_true(all(is.na(rows$b[rows$environment == "a" & rows$estimator != "ols"])))
  expect_match(fit$by_environment$a$latent_ujive$note, "no instrument is left")
})

test_that("what cannot be estimated at all says why", {
  d <- small_panel()
  few <- small_panel(40, 60, 2)
  gone <- d
  gone$x <- 1 + 2 * d$g[, 3]
  same <- d
  same$y <- 2 * d$x + 1
  pooled <- d
  pooled$e[d$e == "a"] <- "pooled"
  expect_conditions({
    latent_mr(panel_mr(few), seed = 1, force = TRUE)
    latent_mr(mr_moments(panel_mr(few), seed = 1, disclosure = FALSE), seed = 1)
    latent_mr(panel_mr(gone), seed = 1)
    latent_mr(mr_moments(panel_mr(gone), seed = 1, disclosure = FALSE), seed = 1)
    latent_mr(panel_mr(same), seed = 1)
    latent_mr(panel_mr(pooled), seed = 1)
  })
  expect_error(latent_mr(panel_mr(same), seed = 1), class = "latentmr_error_argument")
})

test_that("one estimator that fails leaves the others standing", {
  d <- small_panel()
  fit <- hush(latent_mr(panel_mr(d, cluster = d$e), seed = 1, methods = c("latent_2sls", "latent_ujive")))
  expect_identical(fit$headline, "latent_2sls")
  rows <- as.data.frame(fit)
  expect_identical(is.na(rows$b), c(FALSE, TRUE))
  expect_match(fit$warnings, "UJIVE\\) could not be estimated: No cluster can be left out", all = FALSE)
  expect_match(fit$warnings, "Only 3 clusters", all = FALSE)
  expect_output(print(fit))
})

test_that("the law of the instruments: permuted labels decide for heavy tails, given dimensions do not excuse", {
  z <- with_seed(1, matrix(rt(1200 * 3, 2), 1200))
  y <- with_seed(2, rnorm(1200))
  data <- suppressMessages(mr_data(z, z[, 1] + y, y, rep(1:2, 600), kind = "continuous"))
  control <- encoder_control(null = "permutation", draws = 40)
  expect_error(latent_mr(data, control = control, seed = 1), "does not differ", class = "latentmr_error_unidentified")
  same <- suppressMessages(mr_data(with_seed(3, matrix(rnorm(1200 * 3), 1200)), z[, 1] + y, y, rep(1:2, 600), kind = "continuous"))
  expect_error(latent_mr(same, n_latent = c(2, 1), seed = 1), class = "latentmr_error_unidentified")
  moving <- suppressMessages(mr_data(with_seed(3, matrix(rnorm(1200 * 3), 1200)) * c(1, 3), z[, 1] + y, y, rep(1:2, 600), kind = "continuous"))
  expect_conditions(latent_mr(moving, seed = 1, force = TRUE))
})

test_that("dimensions asked for are given or refused, never cut", {
  d <- small_panel()
  data <- panel_mr(d, structure = cbind(pc = d$g[, 1]))
  expect_identical(unname(learn_instruments(data, n_latent = c(5, 2), seed = 1)$n_latent), c(5L, 2L))
  expect_conditions(learn_instruments(data, n_latent = c(6, 2), seed = 1))
})

test_that("rows of environments that were not fitted are refused", {
  fit <- hush(latent_mr(panel_mr(small_panel()), seed = 1, by_environment = FALSE))
  expect_conditions(as.data.frame(fit, environments = TRUE))
  expect_s3_class(plot(fit), "ggplot")
  expect_output(print(summary(fit)))
})

test_that("sites combined: the print counts each site's people once", {
  d <- small_panel()
  half <- function(keep) mr_moments(suppressMessages(mr_data(d$g[keep, ], d$x[keep], d$y[keep], d$e[keep], kind = "genotype")), seed = 1, disclosure = FALSE)
  together <- combine_moments(half(d$e != "c"), half(d$e == "c"))
  lines <- grep("analysed", format_flow(together$flow), value = TRUE)
  expect_match(lines, "site 1: analysed +200 +200 +100 +100$", all = FALSE)
  expect_match(lines, "site 2: analysed +100 +100 +100$", all = FALSE)
  whole <- as.data.frame(hush(latent_mr(mr_moments(panel_mr(d), seed = 1, disclosure = FALSE), seed = 1)))
  parts <- as.data.frame(hush(latent_mr(together, seed = 1)))
  expect_equal(parts$b, whole$b, tolerance = 1e-8)
})

test_that("one or two folds: Nagar's error needs none, its check is not there", {
  d <- small_panel()
  fit <- hush(latent_mr(mr_moments(panel_mr(d), folds = 2, seed = 1, disclosure = FALSE), seed = 1))
  expect_identical(columns_of(fit, "latent_nagar", "vcov"), "many")
  expect_null(fit$estimates$latent_nagar$jackknife)
})

test_that("new people: other columns, lengths and infinities are refused", {
  d <- small_panel()
  encoder <- learn_instruments(panel_mr(d), seed = 1)
  s <- cbind(p1 = d$x + seq_along(d$x), p2 = d$y - d$x)
  inside <- learn_instruments(panel_mr(d, structure = s, structure_includes_instruments = TRUE), seed = 1)
  expect_conditions({
    predict(encoder, d$g[1:5, ], environment = "a")
    predict(encoder, d$g[1:5, ] + Inf)
    predict(encoder, d$g[1:5, 8:1])
    predict(inside, panel_mr(d))
    predict(inside, panel_mr(d, structure = s[, 1, drop = FALSE]))
  })
  unseen <- d$g[1:2, ] * NA
  expect_equal(
    unname(predict(encoder, unseen, environment = c("elsewhere", "a"), type = "variant")[2, ]),
    as.vector((encoder$imputation[, "a"] - encoder$center) %*% encoder$variant)
  )
  expect_true(all(predict(encoder, unseen, type = "variant") == 0))
})

test_that("background: no component is said, dimensions are not to be given", {
  d <- small_panel(environments = 1) # with more of them the panel's own structure stands in
  b <- with_seed(5, matrix(rbinom(300 * 5, 2, .3) + 0, 300, dimnames = list(NULL, paste0("b", 1:5))))
  data <- panel_mr(d, background = b)
  fit <- hush(latent_mr(data, seed = 1, by_environment = FALSE, methods = "latent_2sls"))
  expect_identical(fit$encoder$components, 0L)
  expect_match(fit$warnings, "No component of instruments and background stands out", all = FALSE)
  expect_conditions(suppressMessages(latent_mr(data, n_latent = c(4, 2), seed = 1)))
})

test_that("rows beyond the memory allowed: moments, and it is said", {
  data <- panel_mr(small_panel())
  old <- options(LatentMR.memory = "5kB")
  on.exit(options(old))
  expect_message(fit <- suppressWarnings(latent_mr(data, seed = 1)), "moments are used instead")
  expect_identical(fit$diagnostics$hansen$pval, NA_real_)
  expect_match(fit$diagnostics$hansen$note, "needs rows")
  expect_conditions(suppressMessages(latent_mr(data, seed = 1, methods = "latent_ujive")))
})

test_that("slopes by environment need 100 people per column", {
  slopes <- function(n) {
    d <- suppressMessages(mr_data(g[seq_len(n), ], y[seq_len(n)], y[seq_len(n)] + g[seq_len(n), 1], e[seq_len(n)], kind = "genotype"))
    encoder <- learn_instruments(d, n_latent = c(4, 2), seed = 1, control = encoder_control(draws = 20))
    latent_block("latent", encoder, moments_view(mr_moments(d, seed = 1, disclosure = FALSE)))$interact
  }
  d <- small_panel(1000, environments = 2)
  g <- d$g
  y <- d$x
  e <- d$e
  # 2 environments x (1 + 2 directions) = 6 columns.
  expect_false(slopes(598))
  expect_true(slopes(600))
})

test_that("half of a small panel, at most, is taken as its components", {
  fit <- hush(latent_mr(panel_mr(small_panel()), seed = 1, methods = c("2sls_structure", "latent_2sls"), by_environment = FALSE))
  expect_identical(columns_of(fit, "2sls_structure", "nsnp"), 4)
})

test_that("components are counted at the 99 % point of Tracy and Widom's law", {
  # 2.0234 is that point (Johnstone 2001, table 1); for independent variants the
  # centre and scale are his.
  n <- 200
  m <- 50
  a <- sqrt(n - 1)
  b <- sqrt(m)
  value <- function(x) (a + b)^2 / n + x * (a + b) * (1 / a + 1 / b)^(1 / 3) / n
  count <- function(x) .Call(C_ffi_test_background_count, c(value(x), 1, 1), as.integer(m), as.double(m), as.double(n))
  expect_identical(count(2.0), 0L)
  expect_identical(count(2.1), 1L)
})
