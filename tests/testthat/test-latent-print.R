# The print: the answer on one small page, whatever the mode; the rest is in the summary.
quiet <- function(code) suppressWarnings(suppressMessages(code))

binary_print_data <- function(n = 600) {
  d <- quiet(simulate_mr("snp", cell = 3, n = n, seed = 1))
  set.seed(1)
  d$outcome <- as.double(rbinom(length(d$outcome), 1, plogis(-1 + .5 * d$exposure)))
  d
}

print_fits <- function() {
  snp <- quiet(simulate_mr("snp", cell = 3, n = 300, seed = 1))
  binary <- binary_print_data()
  structure <- snp
  structure$structure <- cbind(PC1 = snp$truth$Q[, 1], PC2 = snp$truth$Q[, 2])
  structure$structure_includes_instruments <- FALSE
  many <- quiet(simulate_cohort("hgdp", n = 100, sites = 14, variants = 40, seed = 1))
  named <- snp
  named$exposure_name <- strrep("a long name of a trait ", 12)
  named$outcome_name <- strrep("outcome", 30)
  named$units <- c(strrep("u", 30), "mmHg")
  pleiotropic <- snp
  pleiotropic$outcome <- snp$outcome + drop(scale(LatentMR:::mr_genotypes(snp)[, 1:8]) %*% rep(c(.4, -.4), 4))
  lapply(list(
    panel = snp, background = simulate_mr("snp", cell = 3, n = 300, background = 200, seed = 2), structure = structure,
    family = sibship_data(sibship_parts(rep(2, 300), 12)), continuous = simulate_mr("authors", n = 500, seed = 1),
    binary = binary, several = two_data(two_exposures(n = 500, p = 8)),
    weak = simulate_mr("snp", cell = 3, n = 80, seed = 2), moments = mr_moments(snp, seed = 1, disclosure = FALSE),
    binary_moments = mr_moments(binary, seed = 1, disclosure = FALSE), many = many, named = named,
    pleiotropic = pleiotropic
  ), function(data) quiet(latent_mr(data, seed = 1)))
}

shown <- function(fit, width = 80) {
  old <- options(width = width)
  on.exit(options(old))
  capture.output(print(fit))
}

fits <- print_fits()

test_that("at most 25 lines within the width, in every mode; the estimate reported first is there", {
  expect_true(!is.null(fits$weak$withheld))
  for (name in names(fits)) {
    fit <- fits[[name]]
    for (width in c(40, 60, 80, 120)) {
      lines <- shown(fit, width)
      expect_lte(length(lines), 25, label = paste(name, width, "lines"))
      expect_lte(max(nchar(lines)), width, label = paste(name, width, "columns"))
      expect_identical(sum(startsWith(lines, "> ")), if (is.null(fit$withheld)) length(fit$exposure) else 0L, label = name)
      # p of the first line, in whatever place; what was removed is told, or where it is.
      start <- grep("^  method", lines)[1]
      table <- gsub("\\s+", " ", paste(lines[seq(start, start + which(!nzchar(lines[-seq_len(start)]))[1] - 1)], collapse = " "))
      if (is.null(fit$withheld)) {
        for (p in fit$estimates[[fit$leading]]$pval) expect_true(grepl(LatentMR:::format_p(p), table, fixed = TRUE), label = paste(name, width, "p"))
      }
      text <- gsub("\\s+", " ", paste(lines, collapse = " "))
      removed <- is.null(LatentMR:::removed_words(fit)) || grepl("Structure removed: the env|[(]what was removed", text)
      expect_true(removed, label = paste(name, width, "what was removed"))
      # On 40 columns verdict(fit) has what there is no room for.
      foot <- any(startsWith(lines, "Cannot be seen: ")) && any(startsWith(lines, "Environments: "))
      expect_true(foot || (width == 40 && "  ... the rest: verdict(fit)" %in% lines), label = paste(name, width))
      expect_no_match(paste(lines, collapse = "\n"), "NULL|NaN|character\\(0\\)")
    }
  }
})

test_that("estimators have one name: in print, summary, frame, picture; TwoSampleMR's are kept", {
  fit <- fits$panel
  names <- as.data.frame(fit)$method
  lines <- shown(fit, 120)
  table <- grep("^(> |  )[A-Z].*[0-9] to ", lines, value = TRUE)
  expect_identical(sub("  .*", "", substring(table, 3)), names)
  expect_identical(setdiff(forest_data(fit)$label[forest_data(fit)$group == "All people"], names), "Right at any strength (CLR)")
  expect_identical(
    mr_methods()$name[match(c("ivw", "egger", "weighted_median"), mr_methods()$id)],
    c("Inverse variance weighted", "MR Egger", "Weighted median")
  )
  latent <- mr_methods()$id[startsWith(mr_methods()$id, "latent_")]
  said <- mr_methods()$name[match(latent, mr_methods()$id)]
  expect_identical(latent[!grepl("^(Structure removed|What (does not )?moves?)", said)], character())
})

test_that("environments without an estimate of their own are not said to hold the effect", {
  fit <- fits$panel
  fit$diagnostics$environments$b[] <- NA
  expect_true(sprintf("Environments: %d, in none of them alone an estimate.", length(fit$encoder$environments)) %in% shown(fit, 100))
})

test_that("in the C locale nothing but ASCII", {
  old <- Sys.getlocale("LC_CTYPE")
  on.exit(Sys.setlocale("LC_CTYPE", old))
  Sys.setlocale("LC_CTYPE", "C")
  for (fit in fits) expect_no_match(paste(shown(fit), collapse = "\n"), "[^ -~\n]")
})

test_that("the sentence has the units, its figures come from the interval, and the row is the same", {
  d <- quiet(simulate_mr("snp", cell = 3, n = 300, seed = 1))
  in_units <- function(x, y) {
    d$exposure <- d$exposure * x
    d$outcome <- d$outcome * y
    d$exposure_name <- "LDL"
    d$outcome_name <- "SBP"
    d$units <- c("mmol/L", "mmHg")
    fit <- quiet(latent_mr(d, methods = c("ols", "latent_ujive"), by_environment = FALSE, seed = 1))
    lines <- shown(fit, 100)
    list(fit = fit, lines = lines, sentence = lines[startsWith(lines, "1 mmol/L")])
  }
  one <- in_units(1, 1)
  head <- one$fit$estimates$latent_ujive
  expect_match(one$sentence, sprintf(
    "^1 mmol/L more LDL raises SBP by %.2f mmHg \\(%.2f to %.2f\\)\\.$", head$b, head$lo, head$up
  ))
  expect_match(one$lines[grepl("^> ", one$lines)], sprintf("%.2f (%.2f to %.2f)", head$b, head$lo, head$up), fixed = TRUE)
  # a thousand million times smaller and larger: three figures, never 0.0000
  expect_match(in_units(1, 1e-9)$sentence, "by [0-9.]+e-10 mmHg \\([0-9.]+e-1[01] to [0-9.]+e-10\\)")
  large <- in_units(1, 1e6)
  expect_match(large$sentence, sprintf("by %.0f mmHg", large$fit$estimates$latent_ujive$b))
  expect_match(in_units(-1, 1)$sentence, sprintf("lowers SBP by %.2f mmHg \\(%.2f to %.2f\\)", head$b, head$lo, head$up))
})

test_that("0/1 outcomes: cases per 1,000 people and the odds ratio, by hand", {
  fit <- fits$binary
  d <- binary_print_data()
  head <- fit$estimates[[fit$leading]]
  p <- mean(d$outcome)
  odds <- exp(c(head$b, head$lo, head$up) / (p * (1 - p)))
  text <- gsub("\\s+", " ", paste(shown(fit, 200), collapse = " "))
  figures <- function(x) format(signif(x, 3), nsmall = 2)
  expect_match(text, sprintf(
    "%.0f more cases per 1,000 people (%.0f to %.0f), odds ratio %s (%s to %s)", 1000 * head$b, 1000 * head$lo,
    1000 * head$up, figures(odds[1]), figures(odds[2]), figures(odds[3])
  ), fixed = TRUE)
  expect_match(text, sprintf("%d cases, %.1f%%", sum(d$outcome), 100 * p), fixed = TRUE)
  table <- summary(fit)$odds
  row <- table[table$method == LatentMR:::short_name(fit$leading), ]
  expect_equal(unlist(row[c("per_1000", "odds_ratio", "odds_ratio_lo")], use.names = FALSE), c(1000 * head$b, odds[1:2]))
  # moments know the cases
  expect_identical(fits$binary_moments$cases, sum(d$outcome))
  expect_match(paste(shown(fits$binary_moments), collapse = " "), "odds ratio")
  expect_null(summary(fits$panel)$odds)
  expect_match(paste(capture.output(print(summary(fit))), collapse = " "), "odds_ratio")
})

test_that("the odds ratio is about that of a logistic regression where nothing confounds", {
  # A logistic law, no confounder: glm() is right, and the slope of least squares at the mean risk is near it.
  set.seed(1)
  x <- rnorm(2e5)
  for (case in list(c(.3, -2.2), c(-.3, -.5), c(.2, -4))) {
    y <- rbinom(2e5, 1, plogis(case[2] + case[1] * x))
    rows <- data.frame(b = coef(lm(y ~ x))[[2]], lo_ci = NA, up_ci = NA)
    odds <- log(LatentMR:::fit_odds(list(binary = TRUE, cases = sum(y), nobs = 2e5), rows)$b)
    glm <- coef(glm(y ~ x, family = binomial))[[2]]
    expect_equal(odds, glm, tolerance = .06)
    # case-control samples have the same odds ratio
    keep <- y == 1 | runif(2e5) < mean(y) / (1 - mean(y))
    rows$b <- coef(lm(y[keep] ~ x[keep]))[[2]]
    expect_equal(log(LatentMR:::fit_odds(list(binary = TRUE, cases = sum(y[keep]), nobs = sum(keep)), rows)$b), glm, tolerance = .06)
  }
})

test_that("effects on the log scales are read as ratios, and a withheld risk in cases", {
  d <- binary_print_data()
  fit <- quiet(latent_mr(d, methods = "latent_msmm", by_environment = FALSE, seed = 1))
  head <- fit$estimates$latent_msmm
  expect_match(attr(verdict(fit), "headline"), sprintf("multiplies the risk of outcome by %s", format(signif(exp(head$b), 3), nsmall = 2)), fixed = TRUE, all = FALSE)
  expect_match(shown(fit), "^> .*risk ratio", all = FALSE)
  few <- quiet(latent_mr(binary_print_data(60), by_environment = FALSE, seed = 1))
  expect_lt(few$diagnostics$f, 5)
  expect_match(attr(verdict(few), "headline"), "cases per 1,000 people.* fit the data", all = FALSE)
})

test_that("structure columns that are partialled out do not object; the summary tells of them", {
  expect_lt(fits$background$diagnostics$hsic_structure[["pval"]], 1e-6)
  expect_false(any(verdict(fits$background)$objects))
  for (fit in fits[c("background", "structure")]) {
    before <- verdict(fit)
    fit$diagnostics$hsic_structure[["pval"]] <- 1e-50
    expect_identical(verdict(fit), before)
    expect_match(paste(capture.output(print(summary(fit))), collapse = " "), "before\\s+these\\s+are\\s+partialled\\s+out")
  }
  # where the whole panel is invariant its block alone would be 2SLS again
  expect_false("latent_2sls_only" %in% fits$background$methods$id)
})

test_that("the mode that was taken and why, where there is a choice", {
  one <- function(fit, width = 80) gsub("\\s+", " ", paste(shown(fit, width), collapse = " "))
  for (width in c(60, 80, 120)) {
    expect_match(one(fits$background, width), "Mode: background, as such variants were given", fixed = TRUE)
    expect_match(one(fits$structure, width), "its columns count as made without the instruments (`structure_includes_instruments`)", fixed = TRUE)
  }
  expect_no_match(one(fits$panel), "Mode: ")
  expect_gt(fits$background$encoder$components, 0)
  blank <- fits$background
  blank$encoder$components <- 0L
  expect_match(one(blank), "Mode: background, where nothing stands out: no structure is removed.", fixed = TRUE)
  told <- quiet(simulate_mr("snp", cell = 3, n = 300, seed = 1))
  told$structure <- cbind(PC1 = told$truth$Q[, 1], PC2 = told$truth$Q[, 2])
  told$structure_includes_instruments <- TRUE
  expect_match(one(quiet(latent_mr(told, seed = 1, by_environment = FALSE))), "were made with the instruments", fixed = TRUE)
})

test_that("what objects stands before the number, with its warning counted", {
  lines <- shown(fits$pleiotropic)
  expect_identical(lines[3], "Do not publish this as it stands:")
  expect_match(lines[4], "^  ! The instruments disagree")
  expect_lt(grep("^  ! ", lines)[1], grep("more exposure|point estimate", lines)[1])
  expect_match(paste(lines, collapse = " "), sprintf("%d\\s+warning", length(fits$pleiotropic$warnings)))
})

test_that("the summary adds: no line of the print is in it, and it has the warnings", {
  for (name in c("panel", "binary", "several", "family", "weak")) {
    fit <- fits[[name]]
    more <- capture.output(print(summary(fit)))
    # What is partialled out names the rows of the one and is told in the other.
    again <- intersect(trimws(shown(fit)), trimws(more))
    expect_identical(again[nchar(again) > 40], character(), label = name)
    for (text in fit$warnings) expect_match(gsub("\\s+", " ", paste(more, collapse = " ")), substr(text, 1, 40), fixed = TRUE)
  }
})

test_that("a summary fits its page, repeats the names of rows in every part, and explains its errors, sets and F", {
  for (name in c("panel", "several", "binary")) {
    old <- options(width = 60)
    lines <- capture.output(print(summary(fits[[name]])))
    options(old)
    expect_lte(max(nchar(lines)), 60, label = name)
    parts <- sum(startsWith(lines, "latent_ujive"))
    expect_gte(parts, 2 * length(fits[[name]]$exposure), label = name)
    text <- gsub("\\s+", " ", paste(lines, collapse = " "))
    for (error in unique(as.data.frame(fits[[name]])$vcov)) {
      if (!is.na(error)) expect_match(text, sprintf("vcov \"%s\": %s", error, error_in_words(error)), fixed = TRUE)
    }
  }
  text <- gsub("\\s+", " ", paste(capture.output(print(summary(fits$panel))), collapse = " "))
  expect_match(text, "Interval valid with weak instruments (CLR): 95 % set [", fixed = TRUE)
  expect_match(text, "effective F = 6.7 (robust: the one to judge by), classical F = 6.7", fixed = TRUE)
})

test_that("every error that a fit can have is said in words", {
  used <- unlist(lapply(fits, function(fit) as.data.frame(fit)$vcov))
  types <- unique(c(iv_vcov_types, used[!is.na(used)], vapply(summary_estimators(), `[[`, "", "error"), "jackknife"))
  expect_false(anyNA(error_in_words(types)))
})

test_that("words of agreement fit the p", {
  fit <- fits$panel
  said <- verdict(fit)
  for (case in list(c(.01, "they differ (p"), c(.055, "they do not differ clearly (p = 0.055)"), c(.6, "they agree (p"))) {
    fit$diagnostics$q[["Q_pval"]] <- as.double(case[1])
    expect_match(environments_words(fit, said), case[2], fixed = TRUE)
  }
})
