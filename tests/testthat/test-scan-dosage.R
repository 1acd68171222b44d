# Scans over dosages of files.

test_that("dosages of a BGEN file go through a scan as through latent_mr()", {
  withr::local_seed(12)
  path <- file.path(withr::local_tempdir(), "d.bgen")
  n <- 240
  write_bgen_file(path, lapply(1:8, drawn_variant, n = n, bits = 8, phased = FALSE), sprintf("p%03d", seq_len(n)))
  bgen <- suppressMessages(read_bgen(path))
  site <- rep(c("a", "b", "c"), length.out = n)
  g <- as.matrix(bgen)
  g[is.na(g)] <- 1
  u <- rnorm(n)
  traits <- data.frame(x = drop(g %*% rep(.5, 8)) + u + rnorm(n), y = u + rnorm(n))
  rownames(traits) <- rownames(g)
  traits$y[3:9] <- NA
  named <- function(x) setNames(x, rownames(g))
  make <- function(y) suppressWarnings(suppressMessages(mr_data(bgen, named(traits$x), named(y), named(site))))
  whole <- make(rnorm(n))
  expect_identical(whole$kind, "dosage")
  for (rows in c(FALSE, TRUE)) {
    scan <- suppressWarnings(suppressMessages(latent_scan(whole, traits["y"], traits["x"], rows = rows, seed = 3)))
    pair <- make(traits$y)
    if (!rows) pair <- mr_moments(pair, folds = 1, seed = 3, disclosure = FALSE)
    fit <- suppressWarnings(latent_mr(pair, seed = 3, by_environment = FALSE, jackknife = FALSE))
    want <- as.data.frame(fit)
    want <- want[want$estimator == scan$estimator, ]
    expect_identical(scan$nobs, n - 7)
    expect_lt(max(abs(c(scan$b / want$b, scan$se / want$se) - 1)), 1e-8)
  }
})
