# Words that do not depend on the locale.

test_that("case is folded by a fixed map of the ASCII letters", {
  expect_identical(lower("IID ID1 KINSHIP \u0130"), "iid id1 kinship \u0130")
  expect_identical(upper(c("iid", NA, "\u0131")), c("IID", NA, "\u0131"))
  expect_identical(upper(lower(paste(LETTERS, collapse = ""))), paste(LETTERS, collapse = ""))
})

test_that("nothing in R/ folds case by the locale", {
  files <- list.files(file.path("..", "..", "R"), "[.]R$", full.names = TRUE)
  skip_if(!length(files), "no sources here")
  for (file in files) {
    code <- unlist(lapply(parse(file, keep.source = FALSE), function(e) all.names(e)))
    expect_identical(intersect(code, c("tolower", "toupper", "casefold")), character(), info = file)
    text <- paste(deparse(parse(file, keep.source = FALSE)), collapse = " ")
    expect_false(grepl("ignore.case = TRUE", text, fixed = TRUE), info = file)
  }
})

test_that("a Turkish locale finds the columns it is told of", {
  old <- Sys.getlocale("LC_CTYPE")
  on.exit(suppressWarnings(Sys.setlocale("LC_CTYPE", old)))
  skip_if(!nzchar(suppressWarnings(Sys.setlocale("LC_CTYPE", "tr_TR.UTF-8"))), "no Turkish locale here")
  f <- known_files()
  expect_identical(length(read_known(f)$ids), 200L)
  expect_identical(nlevels(families(data.frame(ID1 = "a", ID2 = "b", KINSHIP = .25))), 1L)
  expect_identical(memory_bytes("1KIB"), 1000)
})
