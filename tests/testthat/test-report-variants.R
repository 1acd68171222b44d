quiet <- function(code) suppressWarnings(suppressMessages(code))
sheet_data <- simulate_cohort("hgdp", n = 60, sites = 4, variants = 25, missing = .02, seed = 3)
sheet_fit <- quiet(latent_mr(sheet_data, seed = 1, by_environment = FALSE, methods = c("ols", "latent_2sls")))

# The file inside the page as a data frame.
read_link <- function(html) {
  link <- regmatches(html, regexpr("data:text/csv;charset=utf-8,[^\"]*", html))
  text <- utils::URLdecode(sub("^[^,]*,", "", link))
  utils::read.csv(text = text, check.names = FALSE, encoding = "UTF-8")
}

test_that("the table of variants has every variant, with the associations of as_twosample()", {
  sheet <- variant_sheet(sheet_fit, sheet_data)
  frame <- as_twosample(sheet_fit)
  expect_identical(sheet$SNP, sheet_data$variants$snp)
  for (name in c("beta.exposure", "se.exposure", "beta.outcome", "se.outcome")) expect_identical(sheet[[name]], frame[[name]])
  # The exposure by lm() given exactly what the fit partials out.
  z <- mr_genotypes(sheet_data)
  e <- sheet_data$environment
  means <- sheet_fit$encoder$imputation
  for (j in seq_len(ncol(z))) z[is.na(z[, j]), j] <- means[j, as.character(e[is.na(z[, j])])]
  v <- predict(sheet_fit$encoder, sheet_data, "variant")
  free <- lm(sheet_data$exposure ~ e * v + sheet_data$covariates)
  if (sheet_fit$latent$variants$df == free$df.residual - 1) {
    whole <- lm(sheet_data$exposure ~ z[, 1] + e * v + sheet_data$covariates)
    expect_equal(sheet$F[1], anova(free, whole)$F[2], tolerance = 1e-6)
    expect_equal(sheet$R2[1], 1 - deviance(whole) / deviance(free), tolerance = 1e-6)
  }
  each <- variants(sheet_data, environments = TRUE)
  expect_equal(sheet[["eaf.site2"]], each$eaf[each$environment == "site2"])
  expect_equal(sheet$hwe_p_least, as.vector(tapply(each$hwe_p, factor(each$snp, sheet$SNP), min)))
  expect_equal(sheet$eaf, colMeans(mr_genotypes(sheet_data), na.rm = TRUE) / 2, ignore_attr = TRUE)
  expect_false("call_rate" %in% names(variant_sheet(sheet_fit)))
})

test_that("the file in the page is the table, to six figures, whatever the names hold", {
  fit <- sheet_fit
  data <- sheet_data
  nasty <- c("a,b", "\"q\" <b>", "50%", "x#y", "rs\u00e9", "line\nbreak")
  fit$variants$snp[1:6] <- data$variants$snp[1:6] <- nasty
  html <- report_variant_table(fit, data)
  expect_match(html, "download=\"variants.csv\"", fixed = TRUE)
  back <- read_link(html)
  sheet <- variant_sheet(fit, data)
  expect_identical(names(back), names(sheet))
  expect_identical(enc2utf8(back$SNP), enc2utf8(sheet$SNP))
  for (name in names(sheet)[vapply(sheet, is.double, NA)]) expect_equal(as.double(back[[name]]), sheet[[name]], tolerance = 1e-5, info = name)
  expect_false(grepl("<b>", html, fixed = TRUE))
  rows <- regmatches(html, gregexpr("<tr><th scope=\"row\">", html))[[1]]
  expect_length(rows, 25)
  expect_has(html, sprintf("<td>%.1f</td>", sheet$F[3]))
})

test_that("of very many variants the page shows the strongest and the file has all", {
  p <- 700L
  fit <- sheet_fit
  set.seed(1)
  bx <- rnorm(p)
  fit$latent$variants <- list(
    gg = diag(500, p), gyx = cbind(rnorm(p), bx) * 500, r0 = diag(15000, 2), least = rep(0, p), mean = rep(.6, p),
    df = 1400, n = 1500, block = seq_len(p)
  )
  fit$variants <- data.frame(snp = sprintf("rs%d", seq_len(p)), chr = NA, pos = NA, effect_allele = "A", other_allele = "C")
  html <- report_variant_table(fit, NULL)
  expect_length(regmatches(html, gregexpr("<tr><th scope=\"row\">", html))[[1]], 500)
  expect_identical(nrow(read_link(html)), p)
  shown <- regmatches(html, gregexpr("(?<=<th scope=\"row\">)rs[0-9]+", html, perl = TRUE))[[1]]
  expect_setequal(shown, fit$variants$snp[order(-abs(bx))[1:500]])
  expect_has(html, "the 500 of largest F of 700")
})

test_that("provenance and quality are those of the data", {
  html <- report_variant_quality(sheet_fit, sheet_data)
  whole <- variants(sheet_data)
  expect_has(html, sprintf("%.1f%% at the median, %.1f%% at least", 100 * median(whole$call_rate), 100 * min(whole$call_rate)))
  each <- variants(sheet_data, environments = TRUE)
  expect_has(html, sprintf("0 of %d tests below p = 1e-6; smallest p = %s", sum(!is.na(each$hwe_p)), format_p(min(each$hwe_p))))
  data <- sheet_data
  data$removed_variants <- data.frame(snp = c("rs<1", "rs2"), reason = "constant")
  expect_has(report_variant_quality(sheet_fit, data), "<th scope=\"row\">rs&#60;1</th><td>constant</td>")
  expect_has(report_variant_quality(sheet_fit, NULL), "report(data = )")
  expect_identical(palindromes(data.frame(effect_allele = c("A", "C", "A", NA), other_allele = c("T", "G", "C", "A"))), 2L)
})
