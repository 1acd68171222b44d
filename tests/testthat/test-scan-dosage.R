# Scans over dosages of files.

# Files of dosages, as read_bgen() and read_pgen() open them.
dosage_files <- list(
  bgen = function(folder, n) {
    path <- file.path(folder, "d.bgen")
    write_bgen_file(path, lapply(1:8, drawn_variant, n = n, bits = 8, phased = FALSE), sprintf("p%03d", seq_len(n)))
    read_bgen(path)
  },
  pgen = function(folder, n) {
    prefix <- file.path(folder, "d")
    writer <- pgenlibr::NewPgenWriter(paste0(prefix, ".pgen"), n, 8L, dosage_present = TRUE)
    for (j in 1:8) {
      x <- pmin(2, pmax(0, rbinom(n, 2, .4) + rnorm(n, 0, .2)))
      pgenlibr::AppendDosages(writer, replace(x, sample(n, 3), NA))
    }
    pgenlibr::ClosePgenWriter(writer)
    writeLines(c("#CHROM\tPOS\tID\tREF\tALT", sprintf("1\t%d\trs%d\tA\tG", 1:8 * 100L, 1:8)), paste0(prefix, ".pvar"))
    writeLines(c("#IID", sprintf("p%03d", seq_len(n))), paste0(prefix, ".psam"))
    read_pgen(prefix)
  }
)

for (format in names(dosage_files)) test_that(sprintf("dosages of a %s file go through a scan as through latent_mr()", format), {
  if (format == "pgen") skip_if_not_installed("pgenlibr")
  withr::local_seed(12)
  n <- 240
  file <- suppressMessages(dosage_files[[format]](withr::local_tempdir(), n))
  site <- rep(c("a", "b", "c"), length.out = n)
  g <- as.matrix(file)
  g[is.na(g)] <- 1
  u <- rnorm(n)
  traits <- data.frame(x = drop(g %*% rep(.5, 8)) + u + rnorm(n), y = u + rnorm(n))
  rownames(traits) <- rownames(g)
  traits$y[3:9] <- NA
  named <- function(x) setNames(x, rownames(g))
  make <- function(y) suppressWarnings(suppressMessages(mr_data(file, named(traits$x), named(y), named(site))))
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
