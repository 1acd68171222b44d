# The map of the package and what every export owes its reader. Runs where help
# pages are installed (R CMD check, make test).

pages <- function() tools::Rd_db("LatentMR")
flat <- function(rd) paste(unlist(rd), collapse = " ")
parts <- function(rd, tag) Filter(function(x) identical(attr(x, "Rd_tag"), tag), rd)

test_that("?LatentMR leads to every export", {
  db <- pages()
  skip_if(!length(db), "help pages are not installed")
  map <- flat(db[["LatentMR-package.Rd"]])
  exports <- getNamespaceExports("LatentMR")
  missing <- exports[!vapply(exports, function(name) grepl(paste0("(^|[^A-Za-z0-9_.])", name, "([^A-Za-z0-9_]|$)"), map), NA)]
  expect_identical(missing, character(), info = "Add them to the section of their task in R/LatentMR-package.R.")
})

test_that("every export has a page with an example and a value", {
  db <- pages()
  skip_if(!length(db), "help pages are not installed")
  aliases <- lapply(db, function(rd) vapply(parts(rd, "\\alias"), function(x) flat(x), ""))
  for (name in setdiff(getNamespaceExports("LatentMR"), c("tidy", "glance", "augment"))) {
    page <- names(Filter(function(a) name %in% a, aliases))
    expect_length(page, 1)
    expect_gt(length(parts(db[[page[1]]], "\\examples")), 0, label = paste("examples of", name))
    expect_gt(length(parts(db[[page[1]]], "\\value")), 0, label = paste("value of", name))
  }
})

test_that("no export hides a function of the packages that are used beside it", {
  for (package in c("TwoSampleMR", "MendelianRandomization", "ivreg", "AER", "fixest", "npiv", "broom")) {
    if (!nzchar(system.file(package = package))) next
    ours <- setdiff(getNamespaceExports("LatentMR"), c("tidy", "glance", "augment"))
    expect_identical(intersect(ours, getNamespaceExports(package)), character(), info = package)
  }
})

test_that("one option silences all messages", {
  g <- matrix(rbinom(200 * 3, 2, .3), 200, 3)
  make <- function() mr_data(g, exposure = seq_len(200) + g[, 1], outcome = sin(seq_len(200)), environment = rep(c("a", "b"), 100), kind = "genotype")
  expect_message(make(), class = "latentmr_message")
  old <- options(LatentMR.quiet = TRUE)
  on.exit(options(old))
  expect_silent(make())
})

test_that("the citation names the package, the method, its note and the checklist", {
  cited <- citation("LatentMR")
  expect_match(cited[1]$title, "LatentMR")
  expect_match(cited[1]$note, as.character(utils::packageVersion("LatentMR")), fixed = TRUE)
  expect_length(cited, 4)
  expect_match(cited[3]$note, "vignette(\"method\"", fixed = TRUE)
})
