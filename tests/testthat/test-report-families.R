quiet <- function(code) suppressWarnings(suppressMessages(code))

test_that("families have a section with the numbers of the fit, others have none", {
  s <- sibship_parts(rep(2, 150), 20, seed = 3)
  data <- quiet(mr_data(s$g, s$x, s$y, s$site, family = s$family, kind = "genotype"))
  fit <- quiet(latent_mr(data, seed = 1, by_environment = FALSE))
  expect_true(has_family_rows(fit))
  html <- report_families(fit)
  rows <- as.data.frame(fit)
  for (id in c("latent_ujive", "family_ujive", "family_2sls")) {
    one <- rows[rows$estimator == id, ]
    at <- which(rows$estimator %in% c("latent_ujive", "latent_2sls") | startsWith(rows$estimator, "family_"))
    shown <- format_estimate(rows$b[at], rows$lo_ci[at], rows$up_ci[at])[match(id, rows$estimator[at])]
    expect_has(html, sprintf("data-label=\"Estimator\">%s</th>", one$method))
    expect_has(html, shown)
  }
  expect_has(html, "people within families")
  expect_has(html, html_text(contrast_words(fit)))
  x <- fit$family$contrast
  half <- qnorm(.975) * x$se
  expect_has(html, format_estimate(x$difference, x$difference - half, x$difference + half))
  skip_without_report()
  page <- report_text(fit, data = data)
  expect_has(page, "<h2 id=\"families\">Families</h2>")
  plain <- quiet(latent_mr(data, seed = 1, by_environment = FALSE, methods = c("ols", "latent_2sls")))
  expect_false(has_family_rows(plain))
})

test_that("the settings shown are those that the encoder reads", {
  data <- quiet(simulate_mr("snp", cell = 3, n = 150, seed = 1))
  panel <- quiet(learn_instruments(data, seed = 1))
  expect_identical(names(settings_applied(panel)), c("level", "partial_level", "draws", "r2_min", "ld_window"))
  continuous <- quiet(learn_instruments(simulate_mr("authors", n = 200, seed = 1), encoder = "linear", seed = 1))
  expect_identical(names(settings_applied(continuous)), c("dimension_level", "draws", "null"))
  # A setting that is not shown changes nothing, one that is shown does.
  same <- quiet(learn_instruments(data, seed = 1, control = encoder_control(dimension_level = .6, max_components = 3)))
  expect_identical(same$variant, panel$variant)
  other <- quiet(learn_instruments(data, seed = 1, control = encoder_control(level = .6, partial_level = .55)))
  expect_false(identical(other$threshold, panel$threshold))
})

test_that("random effects have their sentence in the report", {
  fit <- list(
    random = list(terms = c("background", "cluster"), variance = c(background = 1, cluster = 2, residual = 7), together = FALSE)
  )
  expect_has(report_random(fit), html_text("Random effects of relatives (background variants) and clusters: 10 % background, 20 % cluster"))
  fit$random$together <- TRUE
  fit$random$rows <- 400
  expect_has(report_random(fit), "estimated between 400 of them")
  expect_null(report_random(list()))
})
