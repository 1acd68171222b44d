test_that("the bar moves with the share, once, and the time is said before", {
  old <- options(progressr.enable = TRUE)
  on.exit(options(old))
  steps <- numeric()
  said <- character()
  run <- function() {
    report <- progress_of("Counting", long = -1, after = 0)
    for (share in c(0, .105, .5, .3, .5, 1)) report(share)
  }
  withCallingHandlers(
    run(),
    progression = function(p) if (p$type == "update") steps <<- c(steps, p$amount),
    latentmr_message_time = function(m) {
      said <<- c(said, conditionMessage(m))
      invokeRestart("muffleMessage")
    }
  )
  expect_equal(steps[steps > 0], c(10, 40, 50))
  expect_length(said, 1)
  expect_match(said, "^Counting: about [0-9]+ seconds?")
})

test_that("short work and quiet sessions have neither bar nor words", {
  expect_silent(withCallingHandlers(
    {
      step <- progress_steps("Counting", 3)
      for (i in 1:3) step()
    },
    progression = function(p) stop("a bar")
  ))
  old <- options(LatentMR.quiet = TRUE)
  on.exit(options(old))
  expect_null(progress_of("Counting"))
  expect_silent(progress_steps("Counting", 1)())
  enabled <- options(progressr.enable = TRUE)
  on.exit(options(enabled), add = TRUE)
  expect_silent(withCallingHandlers(spread_work("Counting", 3, function(step) step()), progression = function(p) stop("a bar")))
})

test_that("C loops reach the bar of the session", {
  # Calling handlers must see what is signalled inside a C loop.
  old <- options(progressr.enable = TRUE)
  on.exit(options(old))
  seen <- numeric()
  set.seed(1)
  z <- rnorm(400)
  d <- data.frame(z, x = z + rnorm(400), y = z + rnorm(400))
  bar <- function(share) signalCondition(structure(class = c("seen", "condition"), list(message = "", call = NULL, share = share)))
  rows <- list(x = d$x, y = d$y, z = as.matrix(d$z), w = matrix(0, 400, 0))
  fit <- function() adam_fit(rows, curve_control(solver = "adam", adam = adam_control(steps = 600)), 1L, NULL)
  withCallingHandlers(at_poll(3, bar, fit()), seen = function(c) seen <<- c(seen, c$share))
  expect_length(seen, 1)
  shares <- shares_of(fit)
  expect_true(all(shares >= 0 & shares <= 1))
  expect_false(is.unsorted(shares))
  expect_identical(seen > shares[1] && seen < 1, TRUE)
  pair <- hsic_pair(matrix(rnorm(900)), matrix(rnorm(900)), rep(c("a", "b", "c"), 300), NULL, NULL, 1)
  plans <- lapply(pair$rows, function(rows) exchange_plan(list(seq_along(rows)), NULL))
  permute <- function(report) {
    .Call(C_ffi_hsic_permute, pair$x$x, pair$x$k, pair$y$x, pair$y$k, pair$rows, plans, 2000L, 1L, 1L, report, cpu_level())
  }
  shares <- shares_of(function() permute(NULL))
  expect_false(is.unsorted(shares))
  expect_lt(max(shares), 1)
  # Three strata of the same size: the last third is the last stratum's.
  expect_gt(max(shares), 2 / 3)
  # Without a test at the wheel, the bar hears of it as often as the clock says: never out of order.
  heard <- numeric()
  withCallingHandlers(permute(bar), seen = function(c) heard <<- c(heard, c$share))
  expect_false(is.unsorted(heard))
})

test_that("times read as people say them", {
  expect_identical(in_words(c(3.2)), "3 seconds")
  expect_identical(in_words(.2), "1 second")
  expect_identical(in_words(180), "3 minutes")
  expect_identical(in_words(9000), "2.5 hours")
})

test_that("a batch job says how far it is, an interactive session does not", {
  said <- function(batch, shares = c(.2, .4, .6, 1), every = 0) {
    lines <- character()
    speak <- speaker("Counting", long = -1, after = 0, every = function(taken) every, batch = batch)
    withCallingHandlers(for (share in shares) speak(share), latentmr_message = function(m) {
      lines <<- c(lines, class(m)[1], sub(",? about .*\n", "", conditionMessage(m)))
      invokeRestart("muffleMessage")
    })
    lines
  }
  first <- "Counting:"
  line <- function(share) c("latentmr_message_progress", sprintf("Counting: %d %%", share))
  expect_identical(said(TRUE), c("latentmr_message_time", first, line(40), line(60)))
  expect_identical(said(FALSE), c("latentmr_message_time", first))
  expect_identical(said(TRUE, every = 100), c("latentmr_message_time", first))
})

test_that("bars and documents are no logs", {
  old <- options(progressr.enable = FALSE, knitr.in.progress = NULL)
  on.exit(options(old))
  expect_identical(in_batch(), !interactive())
  options(knitr.in.progress = TRUE)
  expect_false(in_batch())
  options(progressr.enable = TRUE, knitr.in.progress = NULL)
  expect_false(in_batch())
})

test_that("work on workers speaks, of its own pieces alone", {
  shares <- numeric()
  out <- spread_work("Folds", 4, function(step) vapply(1:4, function(i) {
    other <- progressr::progressor(50, enable = TRUE)
    other(amount = 50)
    step()
    i^2
  }, 0), speak = function(share) shares <<- c(shares, share))
  expect_identical(out, c(1, 4, 9, 16))
  expect_identical(shares, c(.25, .5, .75, 1))
})

test_that("a worker that dies is an error that says so, not an interrupt", {
  skip_on_cran()
  skip_if_not_installed("future")
  old <- suppressWarnings(future::plan(future::multisession, workers = 2))
  withr::defer(suppressWarnings(future::plan(old)))
  e <- expect_error(
    suppressWarnings(over_workers(1:2, function(i) if (i == 1) tools::pskill(Sys.getpid(), 9L) else i)),
    class = "latentmr_error_worker"
  )
  expect_match(conditionMessage(e), "A worker of future::plan() ended before its work did: ", fixed = TRUE)
  expect_match(conditionMessage(e), "A scan with a `folder` keeps the chunks that are done.", fixed = TRUE)
})

test_that("two seconds of wait are said, but in documents and tests twenty", {
  expect_identical(long_wait(), 20)
  withr::local_envvar(TESTTHAT = "")
  expect_identical(long_wait(), 2)
  expect_message(say_work("Counting", 3), "Counting: about 3 seconds.", fixed = TRUE, class = "latentmr_message_time")
  expect_silent(say_work("Counting", 1.9))
  withr::with_options(list(knitr.in.progress = TRUE), {
    expect_identical(long_wait(), 20)
    expect_silent(say_work("Counting", 3))
  })
  withr::local_options(LatentMR.quiet = TRUE)
  expect_silent(say_work("Counting", 300))
})

test_that("a speaker keeps what it was made with: a page that is knitted later does not silence it", {
  withr::local_options(progressr.enable = FALSE, knitr.in.progress = NULL)
  speak <- speaker("Counting", say = FALSE, after = 0, every = function(taken) 0)
  expect_identical(get("batch", environment(speak)), in_batch())
  options(knitr.in.progress = TRUE)
  expect_identical(get("batch", environment(speak)), !interactive())
})
