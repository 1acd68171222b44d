# From text to columns, beside R's own read.table() as the slow twin.

open_written <- function(text, ..., arg = "pheno") {
  path <- file.path(new_dir(), "x.txt")
  writeBin(charToRaw(text), path)
  open_text_table(path, arg, ...)
}
columns_of <- function(text, numbers = FALSE, ...) {
  table <- open_written(text, ...)
  stats::setNames(table$columns(seq_along(table$names), numbers), table$names)
}
table_error <- function(text) {
  gsub("'?/[^ ]*/(x[^ ']*)'?", "<\\1>", conditionMessage(tryCatch(columns_of(text), latentmr_error_format = identity)))
}

test_that("every separator, quote and line end is read as read.table() reads it", {
  set.seed(1)
  cells <- c("a", "b c", "NA", "", "1", "-2.5", "\u00e9\u00df", "x\"y", "1,5", "1;5", "p|q", " edge ", "two\nlines")
  for (separator in c("\t", ",", ";", "|", " ")) {
    for (end in c("\n", "\r\n")) {
      for (quote in c(TRUE, FALSE)) {
        if (separator == " " && !quote) next
        if (!l10n_info()$`UTF-8`) cells <- cells[!grepl("[^ -~\n]", cells)]
        usable <- cells[quote | !grepl(paste0("[\"\n", separator, "]"), cells)]
        usable <- if (separator == " ") setdiff(usable, " edge ") else usable
        frame <- as.data.frame(lapply(1:4, function(j) sample(usable, 25, TRUE)))
        # No record may be empty, nor fewer in the first than in the others.
        frame[[1]] <- sprintf("i%d", 1:25)
        names(frame) <- c("id", "A", "b b", if (l10n_info()$`UTF-8`) "\u00e7" else "c")
        shown <- function(x) if (quote) paste0("\"", gsub("\"", "\"\"", x), "\"") else x
        lines <- do.call(paste, c(lapply(frame, shown), sep = separator))
        text <- paste0(paste(c(paste(shown(names(frame)), collapse = separator), lines), collapse = end), end)
        twin <- utils::read.table(
          text = text, sep = separator, header = TRUE, quote = "\"", colClasses = "character", na.strings = NULL,
          check.names = FALSE, comment.char = "", encoding = "UTF-8"
        )
        # Blanks around a cell are no part of it, unless it is quoted.
        if (!quote) twin[] <- lapply(twin, trimws)
        if (end == "\r\n") twin[] <- lapply(twin, function(x) gsub("\r", "", x))
        expect_identical(as.list(twin), columns_of(text, missing = character()), info = paste(separator, end, quote))
      }
    }
  }
})

test_that("numbers are those of R, correctly rounded, in every locale", {
  set.seed(2)
  x <- c(stats::rnorm(2000), exp(stats::rnorm(2000, 0, 150)), stats::rnorm(50) * 1e-310, 2^53 + 0:5, 5e-324, 1.7976931348623157e308)
  text <- c(sprintf("%.17g", x), "1.", ".5", "+3", "-0", "1E5", "1e+05", "0.000000000000000000000000000000000001", "123456789012345678901234567890")
  expect <- c(x, 1, .5, 3, 0, 1e5, 1e5, 1e-36, 123456789012345678901234567890)
  read <- function() columns_of(paste0("x\n", paste(text, collapse = "\n")), TRUE)$x
  expect_identical(read(), expect)
  old <- Sys.getlocale("LC_NUMERIC")
  on.exit(suppressWarnings(Sys.setlocale("LC_NUMERIC", old)))
  if (nzchar(suppressWarnings(Sys.setlocale("LC_NUMERIC", "de_DE.UTF-8")))) expect_identical(read(), expect)
  for (odd in c("0x1A", "1d5", "1L", "Inf", "1e", "e5", "1.2.3", "--1", "1 2", "1e999", "+", ".", "1,5")) {
    expect_type(columns_of(paste0("x\ty\n", odd, "\t1\n"), TRUE, missing = character())$x, "character")
  }
})

test_that("what is missing, what is a number and what is text", {
  got <- columns_of("id\tx\tt\n01\t1\tNA\n02\tNA\tb\n03\t\"NA\"\t\"\"\n04\t\t.\n", c(FALSE, TRUE, TRUE))
  expect_identical(got, list(id = sprintf("%02d", 1:4), x = c(1, NA, NA, NA), t = c(NA, "b", NA, NA)))
  expect_identical(columns_of("x\ty\n1\t2\n?\t3\n", TRUE), list(x = c("1", "?"), y = c(2, 3)))
})

test_that("row names, trailing separators, blank lines and an empty file", {
  row_names <- "\"IID\" \"age\"\n\"1\" \"a\" 5\n\"2\" \"b\" 6\n"
  expect_identical(columns_of(row_names, TRUE), list(`(row names)` = c(1, 2), IID = c("a", "b"), age = c(5, 6)))
  unnamed <- columns_of("\"\",\"IID\"\n\"1\",\"a\"\n")
  expect_identical(unname(unnamed), list("1", "a"))
  for (text in c("IID\tage\t\na\t5\t\nb\t6\t\n", "IID\tage\na\t5\t\nb\t6\t\t\n", "IID\tage\t\t\na\t5\nb\t6\t\n", "\n\nIID\tage\n\na\t5\n \t \nb\t6\n\n\n")) {
    expect_identical(columns_of(text, c(FALSE, TRUE)), list(IID = c("a", "b"), age = c(5, 6)), info = text)
  }
  # The last column empty everywhere is a column.
  expect_identical(columns_of("a\tb\n1\t\n2\t\n"), list(a = c("1", "2"), b = c(NA_character_, NA)))
  for (text in c("", "\n", " \t\n\r\n")) expect_identical(open_written(text)$names, character())
  expect_identical(open_written("a b\n")$rows, 0)
  expect_identical(columns_of("a\rb\rc\r", header = FALSE)[[1]], c("a", "b", "c"))
})

test_that("a line that does not fit is named", {
  expect_identical(table_error("a b c\n1 2 3\n1 2\n1 2 3\n"), paste0(
    "`pheno`: line 3 of <x.txt> has 2 cells, the first line 3 (separated by blanks).\n",
    "i Every line must have as many cells as the first: write missing values as NA, and put text with separators in quotes."
  ))
  expect_match(table_error("a,b\n\n\"1\n1\",2\n1,2,3\n"), "line 5 of <x.txt> has 3 cells, the first line 2 (separated by \",\")", fixed = TRUE)
  expect_match(table_error("a\tb\n1\t2\n1\t2\t3\t4\n"), "line 3 of <x.txt> has 4 cells, the first line 2 (separated by tabs)", fixed = TRUE)
  # Row names on some lines only.
  expect_match(table_error("a b\n1 2\nx 1 2\n"), "line 3 of <x.txt> has 3 cells", fixed = TRUE)
  expect_match(table_error("a,b\n1,2\n\"1,2\n3,4\n"), "^Line 3 of <x.txt> opens a quote that is never closed")
  expect_match(table_error("a,b\n1,2\n\"1\" x,2\n"), "^Line 3 of <x.txt> has letters after a closing quote")
  expect_match(table_error(paste0("a,b\n1,", strrep("x", 2e6), "\n1,2\n")), "^Line 2 of <x.txt> has a cell of 2000002 bytes")
})

test_that("the separator is the one by which the first two lines agree", {
  first <- function(text) names(columns_of(text))
  expect_identical(first("id;a,b;c\n1;2;3\n"), c("id", "a,b", "c"))
  expect_identical(first("id a,b\n1 2\n"), c("id", "a,b"))
  expect_identical(first("id\ta,b,c\n1\t2\n"), c("id", "a,b,c"))
  expect_identical(first("id,\"a;b\",c\n1,2,3\n"), c("id", "a;b", "c"))
  expect_identical(first("id\n1,5\n2,5\n"), "id")
  expect_identical(first("id,a\n"), c("id", "a"))
})
