# What is cited is what is installed.
test_that("version, title, licence and name agree in DESCRIPTION, CITATION.cff, codemeta.json and citation()", {
  root <- testthat::test_path("..", "..")
  skip_if_not(file.exists(file.path(root, "CITATION.cff")), "no source tree here")
  own <- as.list(read.dcf(file.path(root, "DESCRIPTION"))[1, ])
  cff <- readLines(file.path(root, "CITATION.cff"), encoding = "UTF-8")
  meta <- readLines(file.path(root, "codemeta.json"), encoding = "UTF-8")
  of_cff <- function(field) gsub("^\"|\"$", "", sub(sprintf("^%s: ", field), "", grep(sprintf("^%s: ", field), cff, value = TRUE)))
  of_meta <- function(field) {
    sub(sprintf(".*\"%s\": \"([^\"]*)\".*", field), "\\1", grep(sprintf("^  \"%s\": \"", field), meta, value = TRUE))
  }
  title <- paste0(own$Package, ": ", own$Title)
  said <- utils::citation("LatentMR")
  expect_identical(c(of_cff("version"), of_meta("version")), rep(own$Version, 2))
  expect_identical(c(of_cff("title"), of_meta("name"), said[[1]]$title), rep(title, 3))
  expect_match(said[[1]]$note, own$Version, fixed = TRUE)
  expect_match(own$License, "GPL-3|GPL [(]>= 3[)]|GPL [(]== 3[)]")
  expect_identical(c(of_cff("license"), basename(of_meta("license"))), rep("GPL-3.0-only", 2))
  # Papers of CITATION.cff are among those of citation().
  urls <- sub("^ +url: ", "", grep("^ +url: ", cff, value = TRUE))
  expect_gt(length(urls), 0)
  expect_identical(setdiff(urls, unlist(lapply(said, function(entry) entry$url))), character())
})
