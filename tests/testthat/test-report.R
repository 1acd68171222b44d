quiet <- function(code) suppressWarnings(suppressMessages(code))
report_data <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
report_fit <- quiet(latent_mr(report_data, seed = 1))

sections <- c(
  "Question", "Participants", "Variants", "Environments", "Encoder", "Estimates", "Falsification tests", "Sensitivity",
  "STROBE-MR checklist", "Software, settings and code"
)

# One page for most tests: the slow part is drawing.
page <- local({
  text <- NULL
  function() {
    if (is.null(text)) {
      text <<- report_text(report_fit,
        data = report_data, units = c("mmol/L", "mmHg"), question = "Does <LDL> raise \"SBP\" & why?",
        code = c("data <- read_mr_data(\"x\",", "  exposure = \"ldl\")")
      )
    }
    text
  }
})

test_that("the page stands alone: language, headings in order, one script of its own, no outside resource", {
  skip_without_report()
  html <- page()
  expect_has(html, "<html lang=\"en\">")
  expect_has(html, "<title>Effect of exposure on outcome</title>")
  headings <- regmatches(html, gregexpr("<h[1-6][^>]*>[^<]*", html))[[1]]
  levels <- as.integer(substr(headings, 3, 3))
  expect_identical(sum(levels == 1), 1L)
  expect_identical(levels[1], 1L)
  expect_true(all(diff(levels) <= 1))
  expect_identical(sub("<[^>]*>", "", headings[-1]), sections)
  expect_length(tags(html, "script"), 1)
  expect_false(grepl("(src|href)=\"(?!data:|#)", html, perl = TRUE))
  expect_false(grepl("@import|url\\(", html))
  links <- sub("#", "", attribute(tags(html, "a"), "href"))
  links <- links[!grepl("^data:text/csv", links)]
  anchors <- attribute(regmatches(html, gregexpr("<(h2|main|header)[^>]*>", html))[[1]], "id")
  expect_true(all(links %in% anchors))
  expect_true(all(c("variants", "tests", "software") %in% links))
  expect_lt(file.size(attr(html, "file")), 5e6)
})

test_that("pictures have words and tables have heads", {
  skip_without_report()
  html <- page()
  images <- tags(html, "img")
  expect_length(images, 11)
  alt <- attribute(images, "alt")
  expect_true(all(nchar(alt) > 30))
  expect_identical(anyDuplicated(alt), 0L)
  tables <- regmatches(html, gregexpr("(?s)<table.*?</table>", html, perl = TRUE))[[1]]
  expect_gte(length(tables), 9)
  for (table in tables) {
    expect_match(table, "aria-label=\"[^\"]+")
    expect_match(table, "<th scope=\"col\"", fixed = TRUE)
    rows <- length(gregexpr("<tr>", table)[[1]]) - 1
    expect_identical(length(gregexpr("<th scope=\"row\"", table)[[1]]), as.integer(rows))
  }
})

test_that("the page shows the numbers of the fit", {
  skip_without_report()
  html <- page()
  frame <- as.data.frame(report_fit)
  shown <- format_estimate(frame$b, frame$lo_ci, frame$up_ci)
  for (text in c(frame$method, shown)) expect_has(html, text)
  e <- report_fit$diagnostics$environments
  for (text in sprintf("%.3f", e$weight)) expect_has(html, text)
  expect_has(html, sprintf("Q = %.1f on %.0f df", variant_tests(report_fit)$Q[1], variant_tests(report_fit)$Q_df[1]))
  expect_has(html, "Does &#60;LDL&#62; raise &#34;SBP&#34; &#38; why?")
  expect_has(html, "fit &#60;- latent_mr(")
  expect_has(html, "  exposure = &#34;ldl&#34;)")
  expect_has(html, "seed = 1L?\\)", fixed = FALSE)
  table <- environment_table(report_data)
  expect_has(html, sprintf("%.2f (%.2f)", table$exposure_mean[1], table$exposure_sd[1]))
  plain <- gsub("</?strong>", "", html)
  for (line in test_lines(report_fit)) expect_has(plain, paste0("<li>", html_text(line), "</li>"))
})

test_that("the first screen has the units asked for, strength, the tests and the environments", {
  skip_without_report()
  first <- sub("<nav.*", "", page())
  expect_has(first, "<p class=\"headline\">1 mmol/L more exposure ")
  expect_match(first, "(raises|lowers|changes) outcome by [-0-9.]+ mmHg \\(")
  said <- verdict(report_fit)
  expect_has(first, paste0("<p>", html_text(paste(checks_words(report_fit, said), environments_words(report_fit, said))), "</p>"))
})

test_that("errors are told by row: not all are robust", {
  words <- errors_words(report_fit)
  frame <- as.data.frame(report_fit)
  expect_setequal(frame$vcov, c("HC1", "bekker", "many", "reml"))
  name <- function(id) frame$method[frame$estimator == id]
  of <- function(id) sub("^.*: ", "", grep(name(id), strsplit(words, "; ")[[1]], value = TRUE, fixed = TRUE))
  expect_identical(of("ols"), "robust to heteroskedasticity (HC1)")
  expect_identical(of("latent_liml"), "for many instruments of equal variances (bekker)")
  expect_identical(of("latent_ujive"), "for many instruments, from rows of people robust to heteroskedasticity (many)")
  expect_identical(error_in_words(iv_vcov_types) == iv_vcov_types, rep(FALSE, length(iv_vcov_types)))
  grouped <- report_fit
  grouped$clustered <- TRUE
  grouped$clusters <- 12L
  expect_match(errors_words(grouped), "sums over 12 clusters$")
  expect_match(strobe_mr(report_fit)$answer[strobe_items()$item == "6c"], words, fixed = TRUE)
})

test_that("the call in the page gives the same numbers", {
  code <- regmatches(report_code(report_fit, NULL), regexpr("fit &#60;- [^\n]*", report_code(report_fit, NULL)))
  call <- gsub("&#60;", "<", gsub("&#34;", "\"", code))
  data <- report_data
  env <- environment()
  quiet(eval(parse(text = sub("data = report_data|data = [a-z_]+", "data = data", call)), env))
  expect_equal(as.data.frame(fit), as.data.frame(report_fit))
})

test_that("names of the data are text, whatever they hold", {
  skip_without_report()
  nasty <- "<script>alert('x')</script> & \"LDL\" `r stop()` $x$ ```{=html} **b**"
  data <- report_data
  data$exposure_name <- nasty
  data$outcome_name <- "H\u00f6he \u6771\u4eac\n## fake heading"
  levels(data$environment)[1] <- "<b>site</b>"
  data$variants$snp[1] <- "<i>rs1"
  fit <- quiet(latent_mr(data, seed = 1))
  fit$warnings <- "<img src=x onerror=alert(1)>"
  # The same names in a curve, which has a section of its own.
  curve <- quiet(iv_curve(report_fit, report_data, seed = 1))
  curve$names[c("exposure", "outcome")] <- list(fit$exposure, fit$outcome)
  html <- report_text(fit, data = data, curve = curve)
  expect_has(html, "<h2[^>]*>Dose-response</h2>", fixed = FALSE)
  expect_has(html, sprintf("Average derivative %.4g", average_derivative(curve)$estimate))
  expect_has(html, "alt=\"Dose-response curve\\. At &#60;script", fixed = FALSE)
  expect_length(tags(html, "script"), 1)
  expect_length(tags(html, "b"), 0)
  expect_length(tags(html, "i"), 0)
  expect_length(tags(html, "img"), 12)
  expect_false(grepl("onerror=alert(1)>", html, fixed = TRUE))
  expect_has(html, "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62; &#38; &#34;LDL&#34; &#96;r stop()&#96;")
  expect_has(html, "H&#246;he &#26481;&#20140; ## fake heading")
  expect_identical(sum(grepl("fake", regmatches(html, gregexpr("<h2[^>]*>[^<]*", html))[[1]])), 0L)
  # All that came from the data is ASCII, so no reader can mistake its encoding.
  expect_false(grepl("[^ -~\n\t]", html))
})

test_that("fits from moments, without estimates, of continuous instruments; the message, and its option", {
  skip_without_report()
  fit <- quiet(latent_mr(mr_moments(report_data, folds = 4, seed = 1, disclosure = FALSE), seed = 1, by_environment = FALSE))
  for (id in names(fit$estimates)) {
    fit$estimates[[id]][c("b", "se", "lo", "up", "pval", "fstat")] <- NA_real_
    fit$estimates[[id]]$note <- "a reason"
  }
  # The message, the path that comes back, and the option that silences.
  file <- withr::local_tempfile(fileext = ".html")
  read <- function() paste(readLines(file, encoding = "UTF-8"), collapse = "\n")
  expect_message(out <- withVisible(report(fit, file)), "Report written: .*[.]html \\(", class = "latentmr_message_report")
  expect_identical(out, list(value = file, visible = FALSE))
  html <- read()
  expect_has(html, "could not be estimated: a reason")
  expect_has(html, "needs rows of people")
  expect_has(html, "report(data = )")
  continuous <- simulate_mr("authors", n = 300, seed = 1)
  fit <- quiet(latent_mr(continuous, seed = 1, by_environment = FALSE))
  withr::local_options(LatentMR.quiet = TRUE)
  expect_silent(report(fit, file, data = continuous))
  html <- read()
  expect_has(html, "continuous instruments have no counted allele")
  expect_length(tags(html, "img"), 3)
})

test_that("several exposures: a row for each, its conditional F, and what is left out is said", {
  skip_without_report()
  data <- two_data(two_exposures())
  fit <- quiet(latent_mr(data, seed = 1))
  html <- report_text(fit, data = data, units = c("mmol/L", "mg/dL", "mmHg"))
  expect_has(html, "<title>Effects of ldl, hdl on y, given each other</title>")
  headings <- sub("<[^>]*>", "", regmatches(html, gregexpr("<h2[^>]*>[^<]*", html))[[1]])
  expect_setequal(headings, sections)
  frame <- as.data.frame(fit)
  rows <- sprintf("<th scope=\"row\"[^>]*>%s[^<]*</th><td[^>]*>%s</td><td[^>]*>%s</td>", gsub("([()])", "\\\\\\1", frame$method), frame$exposure, gsub("([().])", "\\\\\\1", format_estimate(frame$b, frame$lo_ci, frame$up_ci)))
  for (row in rows) expect_has(html, row, fixed = FALSE)
  strength <- summary(fit)$first_stage
  for (f in sprintf("%.1f (9, %.0f df)", strength$conditional_f, strength$df2)) expect_has(html, f)
  local <- as.data.frame(fit, environments = TRUE)
  local <- local[local$estimator == fit$headline & local$environment != "pooled", ]
  expect_identical(nrow(local), 6L)
  for (text in format_estimate(local$b, local$lo_ci, local$up_ci)) expect_has(html, text)
  expect_has(html, "Effects are in mmHg per mmol/L (ldl), per mg/dL (hdl).")
  expect_has(html, "are for one exposure at a time and are left out here. The report of a fit of ldl or hdl alone has them.")
  expect_has(html, sprintf("%.2f (%.2f)", mean(data$exposure[data$environment == "a", "hdl"]), sd(data$exposure[data$environment == "a", "hdl"])))
  # Spectrum, latents, forest, quality of the instruments.
  expect_length(tags(html, "img"), 4)
  table <- strobe_mr(fit, data)
  expect_snapshot(print(data.frame(item = table$item, status = table$status), row.names = FALSE))
  expect_match(table$answer[table$item == "11b"], "ldl: .*hdl: ")
  expect_match(table$answer[table$item == "12b"], sprintf("ldl %.1f on 2 df .*hdl %.1f on 2 df", fit$diagnostics$q$Q[1], fit$diagnostics$q$Q[2]))
  expect_match(paste(table$answer, collapse = " "), "(age)", fixed = TRUE)
  expect_conditions({
    report(fit, "x.html", units = c("mmol/L", "mmHg"))
    report(fit, "x.html", curve = structure(list(), class = "iv_curve"))
    report(fit, "x.html", data = report_data)
  })
  # From moments, one environment's worth of parts missing, hostile names, no estimate.
  fit <- quiet(latent_mr(mr_moments(data, seed = 1, disclosure = FALSE), seed = 1, by_environment = FALSE, methods = c("ols", "latent_2sls")))
  expect_identical(errors_words(fit), "Ordinary regression (OLS), Structure removed (2SLS): classical (iid)")
  fit$exposure[1] <- fit$diagnostics$first_stage$exposure[1] <- "<b>ldl</b>"
  fit$diagnostics$ar$term[fit$diagnostics$ar$term == "ldl"] <- "<b>ldl</b>"
  for (id in names(fit$estimates)) {
    fit$estimates[[id]][c("b", "se", "lo", "up", "pval", "fstat")] <- list(rep(NA_real_, 2))
    fit$estimates[[id]]$note <- "a reason"
  }
  html <- report_text(fit)
  expect_length(tags(html, "b"), 0)
  expect_has(html, "could not be estimated: a reason")
  expect_false(grepl("Estimates by environment", html))
})

test_that("covariates are named among what is partialled out only when there are any", {
  d <- two_exposures()
  with <- quiet(latent_mr(two_data(d), methods = "latent_2sls", seed = 1, by_environment = FALSE))
  none <- quiet(latent_mr(suppressMessages(mr_data(d$g, d$x[, 1], d$y, d$site)), methods = "latent_2sls", seed = 1, by_environment = FALSE))
  expect_match(block_words(with), "covariates$")
  expect_no_match(block_words(none), "covariates")
})

test_that("wrong arguments and missing tools are named", {
  other <- simulate_mr("snp", cell = 3, n = 200, seed = 3)
  curve <- structure(list(names = list(exposure = "a", outcome = "b")), class = "iv_curve")
  expect_conditions({
    report(report_fit)
    report(report_fit, "x.pdf")
    report(report_fit, "/nowhere/at/all/x.html")
    report(report_fit, "x.html", data = other)
    report(report_fit, "x.html", data = 1)
    report(report_fit, "x.html", curve = curve)
    report(report_fit, "x.html", units = "mmHg")
    report(report_fit, "x.html", code = 1)
    strobe_mr(report_data)
  })
  skip_without_report()
  # A machine without pandoc.
  old <- Sys.getenv(c("PATH", "RSTUDIO_PANDOC"))
  on.exit({
    do.call(Sys.setenv, as.list(old))
    rmarkdown::find_pandoc(cache = FALSE)
  })
  empty <- tempfile("empty")
  dir.create(empty)
  Sys.setenv(PATH = empty, RSTUDIO_PANDOC = empty)
  rmarkdown::find_pandoc(cache = FALSE)
  expect_error(report(report_fit, tempfile(fileext = ".html")), "pandoc, version 2.0", class = "latentmr_error_package")
})

test_that("the page in a browser: nothing cut, nothing said, nothing fetched", {
  skip_on_cran()
  skip_without_report()
  skip_if_not_installed("jsonlite")
  chromium <- find_chromium()
  skip_if(is.na(chromium), "no Chromium")
  m <- measured_report(attr(page(), "file"), c(390, 768, 1280, 1920), chromium)
  skip_if(is.null(m), "Chromium does not run here")
  expect_identical(m$width, c(390L, 768L, 1280L, 1920L))
  expect_true(all(m$page <= m$width))
  for (count in c("cut", "scrolled", "console", "requests")) expect_identical(m[[count]], rep(0L, 4), label = count)
  expect_identical(c(m$images, m$loaded), rep(11L, 8))
  expect_true(all(m$tables > 8))
  # A click on the head of F sorts by it, a second one the other way round.
  expect_identical(unique(m$sorted), "ascending descending")
  # WCAG 2 AAA for text.
  expect_true(all(m$contrast >= 7))
  expect_identical(unique(m$title), "Effect of exposure on outcome")
})

test_that("a document for word processors holds the same numbers and pictures", {
  skip_without_report()
  copy <- file.path(tempfile("docx"), "page.html")
  dir.create(dirname(copy))
  file.copy(attr(page(), "file"), copy)
  file <- html_to_docx(copy)
  parts <- utils::unzip(file, list = TRUE)$Name
  expect_length(grep("^word/media/.*png$", parts), 11)
  folder <- tempfile("docx")
  utils::unzip(file, "word/document.xml", exdir = folder)
  xml <- paste(readLines(file.path(folder, "word/document.xml"), encoding = "UTF-8", warn = FALSE), collapse = " ")
  text <- gsub("<[^>]*>", "", xml)
  frame <- as.data.frame(report_fit)
  for (shown in format_estimate(frame$b, frame$lo_ci, frame$up_ci)) expect_has(text, shown)
  for (section in c(sections, "Effect of exposure on outcome", report_fit$variants$snp[1])) expect_has(text, section)
  expect_gte(length(gregexpr("<w:tbl>", xml, fixed = TRUE)[[1]]), 9)
  words <- attribute(regmatches(xml, gregexpr("<wp:docPr [^>]*>", xml))[[1]], "descr")
  expect_length(words, 11)
  expect_true(all(nchar(words) > 30))
  # Neither the script of the page nor its file.
  expect_false(grepl("aria-sort|as CSV", text))
  # From a fit, whatever the case of the ending.
  small <- quiet(latent_mr(simulate_mr("authors", n = 300, seed = 1), seed = 1, by_environment = FALSE, methods = "latent_2sls"))
  document <- tempfile(fileext = ".DOCX")
  expect_message(report(small, document), "Report written: .*[.]DOCX")
  expect_true("word/document.xml" %in% utils::unzip(document, list = TRUE)$Name)
  short <- report_variant_table(report_fit, report_data, document = TRUE)
  expect_false(grepl("in site|<a |click|>SE<", short))
  expect_has(short, report_fit$variants$snp[1])
})

test_that("a picture that breaks off, as on a full disk, is no picture", {
  path <- tempfile(fileext = ".png")
  on.exit(unlink(path))
  ggplot2::ggsave(path, ggplot2::ggplot(), width = 1, height = 1, dpi = 72)
  expect_silent(check_png(path))
  writeBin(readBin(path, "raw", file.size(path) %/% 2), path)
  expect_error(check_png(path), "is not whole", class = "latentmr_error_io")
  unlink(path)
  expect_error(check_png(path), "is not whole", class = "latentmr_error_io")
})

test_that("the policy of the page lets its own script run, and no other", {
  skip_if_not_installed("jsonlite")
  skip_if(Sys.which("sha256sum") == "", "no sha256sum")
  template <- paste(readLines(system.file("report", "template.html", package = "LatentMR")), collapse = "\n")
  script <- regmatches(template, regexpr("(?s)(?<=<script>).*?(?=</script>)", template, perl = TRUE))
  hash <- sub(".*script-src 'sha256-([^']*)'.*", "\\1", template)
  file <- tempfile()
  on.exit(unlink(file))
  writeBin(charToRaw(script), file)
  digits <- substr(system2("sha256sum", file, stdout = TRUE), 1, 64)
  bytes <- as.raw(strtoi(substring(digits, seq(1, 63, 2), seq(2, 64, 2)), 16L))
  expect_identical(hash, jsonlite::base64_enc(bytes))
  # pandoc would take a dollar sign for a variable of its own.
  expect_false(grepl("$", script, fixed = TRUE))
})

# Colours of the style sheet by name, for light and dark.
sheet_colours <- function() {
  template <- readLines(system.file("report", "template.html", package = "LatentMR"))
  roots <- grep(":root \\{", template, value = TRUE)
  lapply(roots, function(line) {
    found <- regmatches(line, gregexpr("--[a-z]+: #[0-9a-f]{6}(?=;)", line, perl = TRUE))[[1]]
    setNames(sub(".*: ", "", found), sub("--([a-z]+):.*", "\\1", found))
  })
}

# WCAG 2's contrast of two colours.
contrast_of <- function(a, b) {
  light <- function(colour) {
    v <- grDevices::col2rgb(colour)[, 1] / 255
    sum(ifelse(v <= .03928, v / 12.92, ((v + .055) / 1.055)^2.4) * c(.2126, .7152, .0722))
  }
  l <- sort(c(light(a), light(b)))
  (l[2] + .05) / (l[1] + .05)
}

test_that("text has a contrast of 7 or more on every ground, light and dark", {
  expect_equal(contrast_of("#000000", "#ffffff"), 21)
  expect_equal(contrast_of("#767676", "#ffffff"), 4.54, tolerance = .001)
  schemes <- sheet_colours()
  expect_length(schemes, 2)
  for (colours in schemes) {
    for (ground in c("back", "key", "warn", "code")) for (text in c("text", "soft", "link")) {
      expect_gte(contrast_of(colours[[text]], colours[[ground]]), 7, label = paste(text, "on", ground))
    }
  }
  expect_lt(contrast_of(schemes[[2]][["back"]], "#000000"), 1.3)
})

test_that("every answer of the checklist points to a section that is on the page and over what it names", {
  skip_without_report()
  html <- page()
  table <- strobe_mr(report_fit, report_data)
  rows <- regmatches(html, gregexpr("<tr><th scope=\"row\" data-label=\"Item\">.*?</tr>", html, perl = TRUE))[[1]]
  expect_length(rows, nrow(table))
  linked <- sub(".*<a href=\"#([a-z]+)\">([^<]*)</a>.*", "\\1", rows)
  linked[!grepl("<a href", rows)] <- ""
  expect_identical(linked, table$where)
  expect_true(all(table$where[table$status == "answered"] != ""))
  anchors <- attribute(regmatches(html, gregexpr("<(h2|header)[^>]*>", html))[[1]], "id")
  expect_identical(setdiff(table$where, c(anchors, "")), character())
  expect_identical(setdiff(anchors, names(report_sections)), character())
  # The sections hold what the answers name.
  section <- function(id) sub("<h2.*", "", sub(sprintf("(?s).*?id=\"%s\"[^>]*>", id), "", html, perl = TRUE))
  expect_has(section("participants"), "Table 1.")
  expect_has(section("variants"), "class=\"sheet sortable\"")
  expect_has(section("answer"), "report first")
  expect_has(section("software"), "latent_mr(")
})

test_that("without a point estimate the first screen names none, in the sentence or in the table", {
  fit <- report_fit
  fit$withheld <- "the instruments are weak (F = 2.0)"
  fit$headline <- NA_character_
  html <- report_head(fit)
  expect_match(html, "no point estimate, the instruments are weak (F = 2.0): effects from", fixed = TRUE)
  expect_no_match(html, "report first")
  expect_no_match(html, "<strong>Latent")
  expect_match(headline_words(fit), "^no point estimate, the instruments are weak")
})

test_that("tables of a 0/1 outcome are in cases and odds ratios, the first with rows of this scale alone", {
  d <- quiet(simulate_mr("snp", cell = 3, n = 600, seed = 1))
  set.seed(1)
  d$outcome <- as.double(rbinom(length(d$outcome), 1, plogis(-1 + .5 * d$exposure)))
  fit <- quiet(latent_mr(d, by_environment = FALSE, seed = 1))
  rows <- as.data.frame(fit)
  whole <- estimates_table(fit)
  first <- estimates_table(fit, brief = TRUE)
  for (html in c(whole, first)) for (title in c("Cases per 1,000 (95 %)", "Odds ratio")) expect_match(html, title, fixed = TRUE)
  expect_match(whole, "risk ratio")
  expect_no_match(first, "risk ratio")
  ols <- rows[rows$estimator == "ols", ]
  odds <- fit_odds(fit, ols)
  expect_match(first, format_ratio(odds$b, odds$lo, odds$up, log = FALSE), fixed = TRUE)
  expect_match(headline_words(fit), "^risk difference ")
})

test_that("the page of tables of associations says what tables are, and its code runs without data", {
  skip_without_report()
  t <- noisy_tables()
  # Two variants of A and T: one with a frequency far from a half, one where it does not tell the strand.
  twin <- t$x$SNP %in% c("rs1", "rs3")
  far <- ifelse(t$x$SNP == "rs1", .2, .5)
  for (table in c("x", "y")) {
    t[[table]]$other_allele[twin] <- "T"
    t[[table]]$eaf[twin] <- far[twin]
  }
  moments <- mr_moments_from_summary(t$x, t$y, overlap = .2)
  fit <- quiet(latent_mr(moments, seed = 1))
  html <- report_text(fit)
  for (text in c(
    "1: the strand is settled by the frequencies of both tables; 1 left out", "from the table of the exposure",
    "none: the variants are taken as independent", "noise of exposure and outcome correlates by 0.20 (given)",
    "learned from the allele frequencies alone", "towards zero where exposure and outcome are of different people",
    "People behind the associations", "20,000", "# data: as made by mr_moments_from_summary()",
    "report(fit, &#34;report.html&#34;)"
  )) expect_has(html, text)
  untrue <- "same calls|in these people|associations in the same people|One sample|report\\(data = |genotypes alone|read_mr_data|, data = data\\)"
  expect_false(grepl(untrue, html))
  expect_condition_text(
    report(fit, tempfile(fileext = ".html"), data = moments), "latentmr_error_argument",
    paste0("`data` must be NULL or the mr_data object of the fit, not ", describe(moments), ".\ni Moments hold no people: leave `data` out.")
  )
})

test_that("an intercept that rounds to nothing has no minus", {
  expect_identical(egger_words(data.frame(egger_intercept = c(-.00001, -.00126, NA), se = .001)), c("0.0000 (SE 0.0010)", "-0.0013 (SE 0.0010)", "NA"))
})

test_that("the page of summary_mr() has its estimates, every variant, code that runs, and nothing from outside", {
  skip_without_report()
  quiet <- function(code) suppressMessages(code)
  path <- system.file("extdata", "lipids.tsv", package = "LatentMR")
  ldl <- quiet(read_gwas(path, trait = "LDL <i>", columns = c(beta = "ldl_beta", se = "ldl_se")))
  chd <- quiet(read_gwas(path, trait = "CHD", columns = c(beta = "chd_beta", se = "chd_se"), scale = "log odds ratio"))
  fit <- summary_mr(ldl, chd, action = 1, seed = 7)
  html <- report_text(fit, question = "Does it?")
  expect_match(html, "Inverse variance weighted: odds ratio 17.0 (6.02 to 48.1) for one unit more LDL &#60;i&#62;", fixed = TRUE)
  expect_false(grepl("<i>", html, fixed = TRUE))
  sheet <- sub(".*(<table class=\"sheet.*?</table>).*", "\\1", html)
  expect_identical(lengths(regmatches(sheet, gregexpr("<tr>", sheet))), nrow(attr(fit, "harmonised")) + 1L)
  expect_match(html, "Does it?", fixed = TRUE)
  expect_match(html, "fit &#60;- summary_mr(exposure = ldl, outcome = chd, action = 1, seed = 7L)", fixed = TRUE)
  expect_identical(unique(substr(attribute(tags(html, "img"), "src"), 1, 5)), "data:")
  expect_error(report(fit[1:2, ], tempfile(fileext = ".html")), class = "latentmr_error_argument")
})

test_that("the page of summary_mr() of several environments names them all", {
  skip_without_report()
  data <- suppressMessages(simulate_mr("snp", cell = 3, n = 200, seed = 1))
  data$variants[c("effect_allele", "other_allele")] <- list("A", "G")
  fit <- summary_mr(as_gwas(data), as_gwas(data, "outcome"), c("ivw", "egger"), seed = 1)
  html <- report_text(fit)
  for (e in unique(fit$environment)) expect_match(html, sprintf("Inverse variance weighted in %s: change of the outcome", e), fixed = TRUE)
  expect_length(tags(html, "header"), 1)
})
