# Outcomes in a file or behind a function: the rows of the table in memory.

quiet <- function(expr) suppressMessages(suppressWarnings(expr))
cohort <- scan_missing(scan_cohort())
data <- quiet(mr_data(
  cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype"
))
scan <- function(outcomes, ...) quiet(latent_scan(data, outcomes, cohort$exposures["x1"], seed = 3, ...))
table <- `rownames<-`(cohort$outcomes, cohort$ids)
whole <- as.data.frame(scan(table, chunk = 2))
same_rows <- function(x) expect_equal(as.data.frame(x), whole, tolerance = 1e-10)
write <- function(folder, x, name = "y.tsv", sep = "\t") {
  path <- file.path(folder, name)
  utils::write.table(x, path, sep = sep, quote = FALSE, row.names = FALSE)
  path
}
people <- function(x) cbind(FID = 0, IID = rownames(x), format(x, digits = 17))

test_that("rows are those of the table in memory: by identifier in any order, and by place", {
  folder <- withr::local_tempdir()
  turned <- people(table)[rev(seq_len(nrow(table))), ]
  is.na(turned[-(1:2)]) <- is.na(table[rev(seq_len(nrow(table))), ])
  same_rows(scan(write(folder, turned), chunk = 2))
  planned <- planned_outcomes(file_source(file.path(folder, "y.tsv")), data)
  expect_identical(planned_outcomes(planned$source, data, nrow(table)), planned) # one column at a time
  expect_identical(planned$marks, column_marks(unname(as.matrix(table))))
  back <- as.data.frame(scan(write(folder, turned[ncol(turned):1], "y.csv", ","), chunk = 2))
  same_rows(`rownames<-`(back[match(whole$outcome, back$outcome), ], NULL))
  placed <- turned[rev(seq_len(nrow(table))), -(1:2)]
  same_rows(scan(write(folder, placed, "placed.tsv"), chunk = 2))
})

test_that("a function reads what a chunk needs, and no more", {
  asked <- list()
  read <- function(names) {
    asked[[length(asked) + 1]] <<- names
    table[rev(seq_len(nrow(table))), c(names, "y1"), drop = FALSE]
  }
  same_rows(scan(list(names = names(table), read = read), chunk = 1))
  expect_identical(asked[[1]], names(table))
  expect_identical(sort(unlist(asked[-1])), sort(names(table)))
  expect_true(all(lengths(asked[-1]) == 1))
})

test_that("a stopped scan goes on with the file, and not with a changed one", {
  folder <- withr::local_tempdir()
  path <- write(folder, people(table))
  parts <- file.path(folder, "parts")
  same_rows(scan(path, chunk = 1, folder = parts))
  files <- list.files(parts, "^chunk", full.names = TRUE)
  expect_length(files, 3)
  unlink(files[2])
  kept <- file.mtime(files[-2])
  same_rows(scan(path, chunk = 1, folder = parts))
  expect_identical(file.mtime(files[-2]), kept)
  other <- people(table)
  other$y1[5] <- "0.25"
  write(folder, other)
  expect_error(scan(path, chunk = 1, folder = parts), "of another scan", class = "latentmr_error_argument")
  # A file that changes, or a function that forgets, in the middle of a scan.
  source <- file_source(path)
  write(folder, people(table)[-1, ])
  expect_error(source_table(source, "y1"), "has changed since the scan began", class = "latentmr_error_io")
  expect_error(
    scan(list(names = "noise", read = function(names) data.frame(noise = stats::rnorm(nrow(table))))),
    "one whose values have changed", class = "latentmr_error_argument"
  )
})

test_that("what is no file of outcomes is said", {
  error <- expect_error(scan("nofile.tsv"), class = "latentmr_error_argument")
  expect_match(conditionMessage(error), "or the path of a file of them, not \"nofile.tsv\", which is no file.", fixed = TRUE)
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  writeLines(c("IID\ta\tb", "1\t2", "2\t3\t4\t5"), "ragged.tsv")
  writeLines(c("FID\tIID", "1\t2"), "none.tsv")
  writeLines(c("IID\ta\ta", "p001\t2\t2"), "twice.tsv")
  writeLines(c("IID\ta", "zz\t2"), "strangers.tsv")
  writeLines(c("IID\ta", paste0(cohort$ids, "\tred")), "text.tsv")
  con <- gzfile("packed.gz", "w")
  writeLines("IID\ta", con)
  close(con)
  dir.create("sub")
  expect_conditions({
    latent_scan(data, "y1")
    latent_scan(data, "sub")
    latent_scan(data, "packed.gz")
    latent_scan(data, "none.tsv")
    latent_scan(data, "twice.tsv")
    latent_scan(data, "strangers.tsv")
    latent_scan(data, "text.tsv")
    latent_scan(data, list(names = "a", read = function(names) 1))
    latent_scan(data, list(name = "a", read = identity))
  }, transform = function(lines) gsub("'/[^']*/", "'", lines))
  expect_error(latent_scan(data, "ragged.tsv"), "'.*ragged.tsv' cannot be read", class = "latentmr_error_format")
})
