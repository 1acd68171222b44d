quiet <- function(code) suppressWarnings(suppressMessages(code))
strobe_data <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
strobe_fit <- quiet(latent_mr(strobe_data, seed = 1))

test_that("all twenty items are there, in order, each answered or left to write", {
  table <- strobe_mr(strobe_fit)
  expect_identical(names(table), c("item", "section", "topic", "asks", "status", "answer", "where"))
  expect_identical(unique(as.integer(sub("[a-z]", "", table$item))), 1:20)
  expect_identical(anyDuplicated(table$item), 0L)
  parts <- c(table(as.integer(sub("[a-z]", "", table$item))))
  # Parts of the published checklist: 4a-e, 6a-e, 9a-b, 10a-d, 11a-d, 12a-b, 13a-e, 16a-c.
  expected <- rep(1L, 20)
  expected[c(4, 6, 9, 10, 11, 12, 13, 16)] <- c(5L, 5L, 2L, 4L, 4L, 2L, 5L, 3L)
  expect_identical(unname(parts), expected)
  expect_true(all(table$status %in% c("answered", "in part", "for you to write", "not applicable")))
  expect_identical(table$answer == "", table$status == "for you to write")
  expect_true(all(nzchar(unlist(table[c("section", "topic", "asks")]))))
})

test_that("answers are those of the fit and of what is given", {
  answer <- function(table, item) table$answer[table$item == item]
  status <- function(table, item) table$status[table$item == item]
  bare <- strobe_mr(strobe_fit)
  expect_match(answer(bare, "4b"), paste0("^", big(strobe_fit$nobs), " people"))
  head <- strobe_fit$estimates[[strobe_fit$headline]]
  expect_match(answer(bare, "11b"), formatC(head$b, digits = 2, format = "f"), fixed = TRUE)
  ols <- lm(outcome ~ exposure + environment, unclass(strobe_data)[c("outcome", "exposure", "environment")])
  expect_match(answer(bare, "13d"), formatC(coef(ols)[["exposure"]], digits = 2, format = "f"), fixed = TRUE)
  share <- direction_test(strobe_fit)$direction$snp_r2.exposure
  expect_match(answer(bare, "13c"), sprintf("explain %.2g %% of the variance of exposure", 100 * share), fixed = TRUE)
  expect_match(answer(bare, "9a"), "seed 1;", fixed = TRUE)
  expect_identical(status(bare, "10b"), "for you to write")
  expect_identical(status(strobe_mr(strobe_fit, strobe_data), "10b"), "answered")
  expect_identical(status(bare, "13b"), "for you to write")
  curve <- quiet(iv_curve(strobe_fit, strobe_data, seed = 1))
  expect_identical(status(strobe_mr(strobe_fit, curve = curve), "13b"), "answered")
  plain <- strobe_mr(quiet(latent_mr(strobe_data, seed = 1, by_environment = FALSE, methods = "latent_2sls")))
  expect_identical(status(plain, "13d"), "for you to write")
  expect_identical(status(plain, "17"), "for you to write")
  people <- strobe_fit
  people$flow$count[people$flow$reason == "exposure missing"] <- 7L
  expect_match(answer(strobe_mr(people), "4b"), "removed: exposure missing 7")
})

test_that("variants that nobody chose are not left out, and background variants are told apart", {
  chosen <- strobe_fit
  rows <- data.frame(
    step = 99:104, unit = rep(c("variants", "background variants"), each = 3),
    reason = rep(c("read", "not chosen", "analysed"), 2), action = rep(c("read", "removed", "analysed"), 2),
    environment = flow_all, count = c(660L, 600L, 60L, 660L, 60L, 600L), remaining = NA
  )
  chosen$flow <- rbind(strobe_fit$flow[strobe_fit$flow$unit != "variants", ], rows)
  answer <- function(fit) strobe_mr(fit)$answer[strobe_items()$item == "4c"]
  expect_match(answer(chosen), "variants, chosen from 660; no variants removed. To see ancestry: 600 background variants; no background variants removed. ", fixed = TRUE)
  expect_match(answer(strobe_fit), "^[0-9]+ variants; no variants removed\\. Provenance")
  chosen["flow"] <- list(NULL)
  expect_match(answer(chosen), "^[0-9]+ variants\\. Provenance")
})

test_that("heterogeneity over variants, limits and cases are told; what is not computed is not called answered", {
  table <- strobe_mr(strobe_fit)
  of <- function(table, item) table[table$item == item, ]
  q <- variant_tests(strobe_fit)[2, ]
  told <- sprintf("Over variants: Cochran's Q = %.1f on %d df (%s), I2 = %.0f%%.", q$Q, as.integer(q$Q_df), p_is(q$Q_pval), 100 * max(0, 1 - q$Q_df / q$Q))
  expect_match(of(table, "12b")$answer, told, fixed = TRUE)
  expect_identical(of(table, "12b")$status, "in part")
  expect_identical(of(table, "15")[c("status", "where")], data.frame(status = "in part", where = "answer", row.names = 35L))
  said <- verdict(strobe_fit)
  for (text in c(attr(said, "unseen"), checks_words(strobe_fit, said), said$finding[said$objects])) {
    expect_match(of(table, "15")$answer, text, fixed = TRUE)
  }
  cases <- strobe_fit
  cases$binary <- TRUE
  cases$cases <- 30
  expect_match(of(strobe_mr(cases), "10b")$answer, sprintf("Outcome: 30 cases, %s.", percent(30 / cases$nobs)), fixed = TRUE)
  expect_identical(of(strobe_mr(cases), "10b")$status, "in part")
})

test_that("fits of tables of associations claim no people, no one sample and no tests that need rows", {
  t <- noisy_tables()
  fit_of <- function(...) quiet(latent_mr(quiet(mr_moments_from_summary(t$x, t$y, ...)), seed = 1))
  of <- function(fit) {
    table <- strobe_mr(fit)
    expect_identical(table$answer == "", table$status == "for you to write")
    split(table, table$item)
  }
  given <- of(fit_of(overlap = c(EUR = .1, AFR = .2, EAS = .3)))
  expect_identical(given[["10d"]]$status, "in part")
  expect_match(given[["10d"]]$answer, "correlation of their noise: EUR 0.10, AFR 0.20, EAS 0.30 (given).", fixed = TRUE)
  expect_match(of(fit_of())[["10d"]]$answer, "EUR 0.00, AFR 0.00, EAS 0.00 (not given, assumed 0).", fixed = TRUE)
  expect_match(given[["10c"]]$answer, "^Summary statistics of 3 environments")
  expect_identical(c(given[["6d"]]$status, given[["10a"]]$status, given[["13d"]]$status), rep("for you to write", 3))
  expect_identical(c(given[["10a"]]$where, given[["10d"]]$where), c("", "variants"))
  people <- "exposure 20,000 people (EUR), 20,000 people (AFR), 20,000 people (EAS); outcome 8,000 people (EUR)"
  expect_match(given[["4b"]]$answer, people, fixed = TRUE)
  said <- vapply(given, function(item) item$answer, "")
  untrue <- "no participants|call rates|[Ee]ffective F[^:]|Hansen tests|Individual-level|One sample|missing genotype|people that are analysed"
  expect_identical(grep(untrue, said, value = TRUE), setNames(character(), character()))
})
