test_that("the check of pages sees wrong code", {
  page <- function(...) list(info = "{r, eval = FALSE}", code = list(c(...)))
  expect_length(doc_problems(page("fit <- latent_mr(data, encoder = \"linear\")", "plot(fit)")), 0)
  expect_match(doc_problems(page("latent_mr(data, enkoder = \"linear\")")), "latent_mr() takes no `enkoder`", fixed = TRUE)
  expect_match(doc_problems(page("lapply(x, function(d) list(f = latent_mrr(d)))")), "no function latent_mrr()", fixed = TRUE)
  expect_match(doc_problems(page("LatentMR::no_such(1)")), "no function no_such()", fixed = TRUE)
  expect_match(doc_problems(page("fit <- latent_mr(")), "^<text>:2:0") # the parser's words are in the language of the session
  expect_length(doc_problems(page("iv_curve(y ~ x | z, data = d)", "iv_curve(fit, control = curve_control())")), 0)
  expect_length(doc_problems(page("f <- function(a) a", "f(1)", "other::thing(z = 1)")), 0)
  blocks <- list(info = c("bash", "r"), code = list("if [ x", "x <- 1"))
  expect_length(doc_problems(blocks), 0)
})

test_that("code in vignettes and README parses and calls functions and arguments that exist, run or not", {
  pages <- doc_pages()
  skip_if_not(length(pages) > 0, "no pages here")
  for (page in pages) expect_identical(doc_problems(doc_blocks(page)), NULL, info = basename(page))
})

test_that("shell recipes in vignettes are syntactically right", {
  skip_on_os("windows")
  skip_if(Sys.which("bash") == "", "no bash")
  for (page in doc_pages()) {
    blocks <- doc_blocks(page)
    for (code in blocks$code[grepl("^\\{?(bash|sh)\\b", blocks$info)]) {
      file <- tempfile()
      writeLines(code, file)
      status <- suppressWarnings(system2("bash", c("-n", file), stdout = FALSE, stderr = FALSE))
      expect_identical(status, 0L, info = paste(basename(page), code[1]))
    }
  }
})

test_that("every table a vignette reads is in the index of benchmarks", {
  folder <- testthat::test_path("..", "..", "vignettes", "results")
  skip_if_not(dir.exists(folder), "no source tree here")
  index <- utils::read.csv(file.path(folder, "index.csv"))
  text <- unlist(lapply(grep("[.]Rmd$", doc_pages(), value = TRUE), readLines))
  read <- regmatches(text, regexec("bench_results\\(\"([^\"]+)\"\\)", text))
  read <- unique(unlist(lapply(read, `[`, 2)))
  read <- read[!is.na(read)]
  for (file in read) {
    expect_true(file.exists(file.path(folder, file)), info = file)
    expect_true(file %in% index$file, info = file)
  }
  scripts <- sub("^Rscript ", "", index$command)
  expect_true(all(file.exists(file.path(folder, "..", "..", scripts))))
})

test_that("C files that the method names exist", {
  core <- testthat::test_path("..", "..", "src", "core")
  skip_if_not(dir.exists(core), "no source tree here")
  method <- grep("method[.]Rmd$", doc_pages(), value = TRUE)
  text <- readLines(method)
  named <- unique(unlist(regmatches(text, gregexpr("`[a-z_0-9]+[.]c`", text))))
  expect_gt(length(named), 15)
  expect_identical(setdiff(gsub("`", "", named), basename(list.files(core, recursive = TRUE))), character())
})

test_that("each of the 15 formulas of the method has its file, in the table and beside it", {
  core <- testthat::test_path("..", "..", "src", "core")
  skip_if_not(dir.exists(core), "no source tree here")
  text <- readLines(grep("method[.]Rmd$", doc_pages(), value = TRUE))
  rows <- regmatches(text, regexec("^[|] (.+) [|] `([a-z]+/[a-z_0-9.]+[.]c)` [|]$", text))
  files <- vapply(rows[lengths(rows) == 3], `[`, "", 3)
  expect_length(files, 15)
  expect_identical(files[!file.exists(file.path(core, files))], character())
  # Each is named again where its formula stands.
  named <- unlist(regmatches(text, gregexpr("`[a-z_0-9.]+[.]c`", text)))
  expect_identical(setdiff(sprintf("`%s`", basename(files)), named), character())
  shown <- setdiff(grep("^[$][$]", text), grep("^[$][$] Z = g", text)) # the model is nobody's code
  for (line in shown) expect_match(paste(text[line - 0:12], collapse = " "), "`[a-z_0-9.]+[.]c`", info = text[line])
})

test_that("the README's example gives the README's output", {
  readme <- grep("README.md$", doc_pages(), value = TRUE)
  skip_if_not(length(readme) == 1, "no source tree here")
  blocks <- doc_blocks(readme)
  at <- which(blocks$info == "text")
  expect_length(at, 1)
  folder <- tempfile("readme")
  dir.create(folder)
  home <- setwd(folder)
  old <- options(OutDec = ".") # what R itself prints
  on.exit({
    setwd(home)
    options(old)
  })
  scope <- new.env()
  shown <- capture.output(for (line in parse(text = blocks$code[[at - 1]])) {
    value <- withVisible(suppressWarnings(suppressMessages(eval(line, scope))))
    if (value$visible) print(value$value)
  })
  expect_same_page(trimws(shown, "right"), blocks$code[[at]])
})

test_that("pages are compared by words exactly, by numbers to a few in the last shown digit", {
  expect_success(expect_same_page(c("b", "x 0.313 (2 of 3)"), c("b", "x 0.314 (2 of 3)")))
  expect_failure(expect_same_page("x 0.313", "x 0.331"))
  expect_failure(expect_same_page("x 0.313", "y 0.313"))
  expect_failure(expect_same_page(c("x", "y"), "x"))
})

test_that("the plan of the site names every help page and every article once", {
  root <- testthat::test_path("..", "..")
  skip_if_not(file.exists(file.path(root, "_pkgdown.yml")), "no source tree here")
  lines <- readLines(file.path(root, "_pkgdown.yml"))
  text <- paste(lines, collapse = " ")
  parts <- regmatches(text, gregexpr("contents: \\[[^]]*\\]", text))[[1]]
  named <- trimws(unlist(strsplit(gsub("contents: \\[|\\]", "", parts), ",")))
  pages <- sub("[.]Rd$", "", list.files(file.path(root, "man"), "[.]Rd$"))
  articles <- sub("[.]Rmd$", "", list.files(file.path(root, "vignettes"), "[.]Rmd$"))
  expect_gt(length(articles), 5)
  expect_setequal(named, c(pages, articles))
  expect_identical(anyDuplicated(named), 0L)
})

test_that("the page of words has every name of an estimator, and every word of its bracket", {
  page <- help_text("LatentMR_words")
  has <- function(word) grepl(lower(word), lower(page), fixed = TRUE)
  for (name in mr_methods()$name) {
    parts <- strsplit(sub(")", "", name, fixed = TRUE), " (", fixed = TRUE)[[1]]
    inside <- unlist(strsplit(parts[-1], ", ", fixed = TRUE))
    for (word in c(parts[1], setdiff(inside, "fixed effects"))) expect_true(has(word), label = sprintf("\"%s\" of \"%s\"", word, name))
  }
})

test_that("the help of fits has every word of the column vcov", {
  for (topic in c("latent_mr", "iv_fit")) {
    page <- help_text(topic)
    for (word in c("iid", "HC1", "cluster", "bekker", "many")) expect_match(page, word, fixed = TRUE)
  }
  page <- help_text("latent_mr")
  for (word in c("jackknife", "learned", "reml", "likelihood", "random", "fixed", "bootstrap")) expect_match(page, word, fixed = TRUE)
  words <- c("iid", "HC0", "HC1", "HC2", "HC3", "cluster", "CR2", "bekker", "many", "jackknife", "learned", "reml", "likelihood", "random", "fixed", "bootstrap")
  expect_false(any(LatentMR:::error_in_words(words) == words))
})
