# The scale of a row, and ratios where it is a logarithm.

log_odds_fit <- function(scale = "log odds ratio", units = NA) {
  t <- plain_tables()
  t$y$scale <- scale
  t$y$units <- units
  t$y$outcome <- "CHD"
  hush(latent_mr(mr_moments_from_summary(t$x, t$y, overlap = .1), seed = 1, methods = c("2sls", "latent_2sls")))
}

test_that("an outcome in log odds or log hazards says so in every row, with the ratios", {
  for (word in c("odds", "hazard")) {
    kind <- c(odds = "or", hazard = "hr")[[word]]
    fit <- log_odds_fit(sprintf("log %s ratio", word), units = "mmol/L")
    rows <- as.data.frame(fit, environments = TRUE)
    expect_identical(unique(rows$scale), sprintf("log %s ratio", word))
    expect_identical(unique(rows$units), sprintf("log %s of CHD per unit of exposure", word))
    # .3 without noise: exp(.3).
    expect_equal(rows[[kind]][1], 1.3498588, tolerance = 1e-4)
    expect_equal(log(rows[[kind]]), rows$b)
    expect_identical(grep("^(or|rr|hr)(_|$)", names(rows), value = TRUE), paste0(kind, c("", "_lci95", "_uci95")))
    limits <- lapply(paste0(kind, c("_lci95", "_uci95")), function(name) log(rows[[name]]))
    expect_equal(limits[[2]] - limits[[1]], 2 * 1.959964 * rows$se, tolerance = 1e-6)
    expect_identical(unique(tidy(fit)$scale), sprintf("log %s ratio", word))
    lines <- capture.output(print(fit))
    expect_match(lines, sprintf("multiplies the %s of CHD by 1\\.35 \\(", word), all = FALSE)
    expect_match(lines, sprintf("method  +%s ratio \\(95 %% interval\\)", word), all = FALSE)
    expect_match(paste(lines, collapse = " "), sprintf("without any one +the log %s ratio is 0\\.300", word))
    path <- suppressMessages(report(fit, tempfile(fileext = ".html")))
    html <- paste(readLines(path, warn = FALSE), collapse = "\n")
    expect_match(html, sprintf("Effects are in log %s ratio per", word))
    expect_match(html, sprintf("of an effect is the %s ratio", word))
    expect_match(html, sprintf("%s ratio (95%% interval)", c(odds = "Odds", hazard = "Hazard")[[word]]), fixed = TRUE)
  }
  expect_identical(unique(as.data.frame(log_odds_fit(NA, "log odds"))$scale), "log odds ratio")
  plain <- as.data.frame(log_odds_fit("linear", "mmol/L"))
  expect_identical(unique(plain$scale), "mean difference")
  expect_null(plain$or)
})

test_that("scales and units that differ between environments are not added up", {
  t <- plain_tables()
  t$y$scale <- ifelse(t$y$environment == "AFR", "linear", "log odds ratio")
  expect_condition_text(
    mr_moments_from_summary(t$x, t$y, overlap = 0), "latentmr_error_argument", paste0(
      "`outcome` must be a data frame with the same `scale` everywhere, not one with \"log odds ratio\", \"linear\".\n",
      "i Bring all environments to one, or leave the others out."
    )
  )
  t$x$units <- t$x$environment
  expect_condition_text(
    mr_moments_from_summary(t$x, transform(t$x, beta = 2 * beta), overlap = 0), "latentmr_error_argument", paste0(
      "`exposure` must be a data frame with the same `units` everywhere, not one with \"EUR\", \"AFR\", \"EAS\".\n",
      "i Bring all environments to one, or leave the others out."
    )
  )
})

test_that("associations of moments in log odds are log odds again", {
  t <- plain_tables()
  t$y$scale <- "log odds ratio"
  m <- mr_moments_from_summary(t$x, t$y, overlap = 0)
  again <- as_gwas(m, "outcome")
  expect_identical(unique(again$scale), "log odds ratio")
  expect_true(all(is.na(again$units)))
})
