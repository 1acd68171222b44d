# The list of discrepancies: ours run now, and the phrases looked up in the help pages.
library(LatentMR)
source(test_path("discrepancies.R"), local = TRUE)

# Without the quotes around code, which hang on the locale.
plain <- function(text) gsub("\\s+", " ", gsub("[\u2018\u2019'`]", "", paste(text, collapse = " ")))
page_text <- local({
  pages <- tools::Rd_db("LatentMR")
  kept <- list()
  function(page) {
    if (is.null(kept[[page]])) {
      text <- utils::capture.output(tools::Rd2txt(pages[[paste0(page, ".Rd")]], options = list(underline_titles = FALSE, width = 10000)))
      kept[[page]] <<- plain(gsub("_\b", "", text))
    }
    kept[[page]]
  }
})

test_that("every line of the list holds", {
  for (l in lines) {
    what <- paste(l$kind, l$what, l$peer, sep = " | ")
    expect_true(l$status %in% c("equal", "refused", "explained"), label = what)
    expect_true(isTRUE(suppressMessages(eval(l$check, l$envir))), label = what)
    if (l$status == "explained") expect_true(nzchar(l$phrase), label = what)
    if (nzchar(l$phrase)) expect_true(grepl(plain(l$phrase), page_text(l$page), fixed = TRUE), label = paste("phrase in", l$page, ":", what))
  }
})

test_that("the table is the list", {
  skip_if_not(file.exists(test_path("discrepancies.csv")))
  expect_equal(utils::read.csv(test_path("discrepancies.csv"), colClasses = "character")$ours, discrepancy_table()$ours)
})
