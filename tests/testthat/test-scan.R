# latent_scan(): its rows are those of latent_mr() for each pair, over the grid of options.

grid <- list(
  panel = character(), covariates = "covariates", structure = c("structure", "covariates"), background = "background",
  clusters = "cluster"
)

expect_scan_equal <- function(cohort, given, rows, instruments = NULL, ...) {
  everybody <- do.call(mr_data, c(
    list(cohort$g, seq_along(cohort$ids), cos(seq_along(cohort$ids)), cohort$site, ids = cohort$ids, kind = "genotype"),
    cohort[given]
  ))
  scan <- latent_scan(
    everybody, cohort$outcomes, cohort$exposures, instruments = instruments, rows = rows, seed = 3, chunk = 4, ...
  )
  estimates <- as.data.frame(scan, estimates = TRUE)
  for (i in seq_len(nrow(scan))) {
    x <- scan$exposure[i]
    y <- scan$outcome[i]
    fit <- suppressWarnings(scan_twin(cohort, x, y, given, rows, instruments[[x]], ...))
    twin <- as.data.frame(fit)
    own <- estimates[estimates$exposure == x & estimates$outcome == y, ]
    info <- paste(c(given, if (rows) "rows", x, y), collapse = " ")
    verdict <- verdict(fit)
    j <- verdict[verdict$check == "J", ]
    way <- direction_test(fit)$direction
    expect_identical(
      c(own[c("estimator", "vcov")], scan[i, c("estimator", "objections", "correct_causal_direction", "withheld", "note")]),
      c(twin[c("estimator", "vcov")], list(
        estimator = fit$leading, objections = paste(verdict$check[verdict$objects], collapse = ", "),
        correct_causal_direction = way$correct_causal_direction,
        withheld = if (is.null(attr(verdict, "withheld"))) NA_character_ else attr(verdict, "withheld"),
        note = if (length(fit$warnings)) paste(fit$warnings, collapse = " ") else NA_character_
      )), info = info
    )
    names <- c("nsnp", "b", "se", "pval", "lo_ci", "up_ci", "df", "nobs", "fstat")
    far <- c(
      vapply(names, function(name) scan_distance(own[[name]], twin[[name]]), 0),
      J = scan_distance(c(scan$J[i], scan$J_pval[i]), c(j$statistic, j$pval)),
      steiger_pval = scan_distance(scan$steiger_pval[i], way$steiger_pval)
    )
    expect_lt(max(far), 1e-8, label = paste(info, names(far)[which.max(far)]))
  }
  invisible(scan)
}

# Each setting from moments and from rows, complete and not, and each two of these together.
from_rows <- c(panel = TRUE, covariates = FALSE, structure = TRUE, background = FALSE, clusters = TRUE)
for (name in names(grid)) {
  test_that(paste("every row is that of latent_mr(): complete,", name), {
    expect_scan_equal(scan_cohort(), grid[[name]], rows = from_rows[[name]])
  })
  test_that(paste("every row is that of latent_mr(): each pair's own people,", name), {
    cohort <- scan_missing(scan_cohort())
    scan <- expect_scan_equal(cohort, grid[[name]], rows = !from_rows[[name]])
    expect_identical(
      scan$nobs, as.vector(vapply(cohort$exposures, function(x) {
        vapply(cohort$outcomes, function(y) sum(!is.na(x) & !is.na(y)), 0L)
      }, integer(3))) + 0
    )
  })
}

test_that("weights of an allele score, methods and level are handed on", {
  cohort <- scan_missing(scan_cohort())
  weights <- data.frame(SNP = colnames(cohort$g), effect_allele = "A", other_allele = "G", beta = seq(.1, 1.4, .1))
  cohort$variants <- data.frame(snp = colnames(cohort$g), chr = "1", pos = 1:14, effect_allele = "A", other_allele = "G")
  scan <- expect_scan_equal(
    cohort, "variants", rows = FALSE, methods = c("latent_nagar", "latent_score"), score_weights = weights, level = .9
  )
  expect_null(scan$b_liml)
  expect_true(all(is.finite(scan$b_nagar)))
})

test_that("instruments by exposure are its own variants", {
  cohort <- scan_missing(scan_cohort())
  own <- list(x2 = c("rs3", "rs1", "rs9", "rs12", "rs14"), x1 = paste0("rs", 2:11))
  scan <- expect_scan_equal(cohort, c("structure", "covariates"), rows = FALSE, instruments = own)
  expect_lt(max(scan$nsnp[scan$exposure == "x2"]), min(scan$nsnp[scan$exposure == "x1"]))
  expect_error(
    expect_scan_equal(cohort, "structure", rows = FALSE, instruments = c(own, unused = "rs1")), "\"unused\"",
    class = "latentmr_error_argument"
  )
})

test_that("tables of the scan: multiple testing by hand, order, data.table in and out", {
  cohort <- scan_missing(scan_cohort())
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  shuffled <- sample(nrow(cohort$g))
  outcomes <- cohort$outcomes[shuffled, c("case", "y1", "y2")]
  rownames(outcomes) <- cohort$ids[shuffled]
  scan <- latent_scan(data, outcomes, data.table::as.data.table(cohort$exposures), seed = 3)
  expect_identical(scan$exposure, rep(c("x1", "x2"), each = 3))
  expect_identical(scan$outcome, rep(c("case", "y1", "y2"), 2))
  # Holm (1979) and Benjamini and Hochberg (1995), step by step.
  p <- scan$pval
  at <- order(p)
  holm <- bh <- numeric(6)
  holm[at] <- pmin(1, cummax(p[at] * (6:1)))
  bh[at] <- rev(cummin(rev(p[at] * 6 / 1:6)))
  expect_equal(scan$p_holm, holm)
  expect_equal(scan$p_bh, bh)
  expect_s3_class(data.table::as.data.table(scan), "data.table")
  expect_identical(class(as.data.frame(scan)), "data.frame")
  one <- latent_scan(data, cohort$outcomes, seed = 3)
  expect_identical(one$b, latent_scan(data, cohort$outcomes, cohort$exposures["x1"], seed = 3)$b)
})

test_that("a pair without an estimate stops nothing and says why", {
  cohort <- scan_cohort()
  cohort$outcomes$flat <- 1
  cohort$outcomes$few <- replace(rep(NA_real_, 360), 1:30, stats::rnorm(30))
  cohort$outcomes$none <- NA_real_
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  scan <- suppressWarnings(latent_scan(data, cohort$outcomes, seed = 3))
  expect_identical(scan$outcome, names(cohort$outcomes))
  expect_true(all(is.finite(scan$b[1:3])))
  expect_identical(scan$b[c(4, 6)], c(NA_real_, NA_real_))
  expect_match(scan$note[4], "`outcome` must be different between the 360 analysed participants, not constant (1)", fixed = TRUE)
  expect_match(scan$note[6], "Nobody has both the exposure and the outcome.", fixed = TRUE)
  expect_identical(is.na(scan$p_holm), is.na(scan$pval))
})

test_that("the print has counts, the smallest p-values, and no row of what was not estimated", {
  cohort <- scan_cohort()
  cohort$outcomes$none <- NA_real_
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  scan <- latent_scan(data, cohort$outcomes, methods = "latent_nagar", seed = 3)
  withr::local_options(width = 200)
  text <- utils::capture.output(print(scan, n = 2))
  expect_identical(text[1], "<latent_scan> 4 pairs: 1 exposure and 4 outcomes, from moments")
  expect_match(text[2], "of 3 estimated$")
  expect_match(text[4], "no estimate +1: see the column `note`")
  expect_identical(text[5], "Smallest p-values (2 of 4)")
  expect_length(text, 8)
  expect_match(text[7], scan$outcome[which.min(scan$pval)])
  expect_match(utils::capture.output(print(scan[c("outcome", "b")]))[1], "outcome")
  nothing <- latent_scan(data, cohort$outcomes["none"], seed = 3)
  expect_length(utils::capture.output(print(nothing)), 4)
  expect_identical(nothing$p_holm, NA_real_)
})

test_that("environments that a pair loses are named in its row, and no warning is raised for each", {
  cohort <- scan_cohort()
  cohort$site[1:12] <- "d"
  cohort$outcomes$y2[1:4] <- NA
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  expect_silent(scan <- latent_scan(data, cohort$outcomes, methods = "latent_nagar", seed = 3))
  expect_identical(scan$environments, c(4L, 3L, 4L))
  expect_identical(scan$nobs, c(360, 348, 360))
  expect_match(scan$note[2], "1 environment was removed, with fewer than 10 participants: \"d\".", fixed = TRUE)
})

test_that("folds that all pairs share are those of each pair, from moments of folds and from rows", {
  cohort <- scan_cohort()
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  chosen <- c("latent_nagar", "latent_outlier")
  moments <- mr_moments(data, folds = 6, seed = 3, disclosure = FALSE, outcomes = cohort$outcomes)
  scan <- as.data.frame(latent_scan(moments, methods = chosen, seed = 3), estimates = TRUE)
  for (y in names(cohort$outcomes)) {
    one <- mr_moments(data, folds = 6, seed = 3, disclosure = FALSE, outcomes = cohort$outcomes[y])
    twin <- suppressWarnings(latent_mr(one, methods = chosen, seed = 3, by_environment = FALSE, jackknife = FALSE))
    twin <- as.data.frame(twin)
    own <- scan[scan$outcome == y, ]
    expect_identical(own[c("estimator", "vcov")], twin[c("estimator", "vcov")], ignore_attr = TRUE)
    for (name in c("b", "se", "pval")) expect_lt(scan_distance(own[[name]], twin[[name]]), 1e-8)
  }
  cohort <- scan_missing(cohort)
  cohort$exposures <- cohort$exposures["x2"]
  expect_scan_equal(cohort, "covariates", rows = TRUE, methods = chosen)
})
