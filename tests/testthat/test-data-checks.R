test_that("messages name the argument, what it must be and what it was", {
  p <- known_parts()
  make <- function(...) {
    args <- utils::modifyList(list(genotypes = p$g, exposure = p$bmi, outcome = p$sbp, environment = p$site, kind = "genotype"), list(...))
    do.call(mr_data, args)
  }
  expect_conditions({
    make(exposure = factor(p$bmi))
    make(exposure = replace(as.character(p$bmi), 2, "4.02 mmol/L"))
    make(outcome = numeric())
    make(exposure = replace(p$bmi, 3, Inf))
    make(exposure = p$bmi * 0 + 1)
    make(outcome = p$sbp * NA)
    make(exposure = list(1))
    make(exposure = as.Date("2020-01-01") + 1:200)
    make(environment = sin(p$bmi))
    make(environment = matrix(1, 200, 2))
    make(environment = list("a"))
    make(environment = character())
    make(kind = "snp")
    make(genotypes = "cohort")
    make(genotypes = matrix("a", 2, 2))
    make(genotypes = matrix(TRUE, 2, 2))
    make(genotypes = p$g[0, ])
    make(genotypes = data.frame(id = p$ids, p$g))
    make(structure = data.frame(PC1 = "a"))
    make(structure = matrix(1, 200, 2, dimnames = list(p$ids, c("a", "a"))))
    make(structure = replace(p$pcs, 5, -Inf))
    make(structure = p$pcs * 0)
    make(structure = letters)
    make(structure_includes_instruments = TRUE)
    make(structure_includes_instruments = "yes")
    make(cluster = matrix(1, 2, 2))
    make(cluster = stats::setNames(rep(1, 200), p$ids))
  })
})

test_that("rows that cannot be joined are errors that say why", {
  p <- known_parts()
  make <- function(g = p$g, x = p$bmi, y = p$sbp, e = p$site, ...) mr_data(g, x, y, e, kind = "genotype", ...)
  bare <- lapply(p[c("bmi", "sbp", "site")], unname)
  twice <- p$g[c(1:200, 7), ]
  changed <- c(p$bmi, p012 = 1)
  expect_conditions({
    make(x = bare$bmi)
    make(x = bare$bmi, y = bare$sbp, e = bare$site)
    make(g = unname(p$g))
    make(g = unname(p$g), x = bare$bmi, y = bare$sbp, e = bare$site[-1])
    make(x = bare$bmi, y = bare$sbp, e = bare$site, ids = p$ids[-1])
    make(ids = paste0("x", p$ids))
    make(ids = replace(p$ids, 4, "other"))
    make(ids = 1:200 + .5)
    make(ids = list(1))
    make(g = twice)
    make(x = changed)
    make(g = unname(p$g)[-1, ], x = bare$bmi, y = bare$sbp, e = bare$site, ids = p$ids)
    make(g = `rownames<-`(p$g, paste(p$ids, p$ids, sep = "_")))
  })
  expect_error(make(x = changed), class = "latentmr_error_ids")
  expect_error(make(x = bare$bmi, y = bare$sbp, e = c(bare$site, "west"), ids = p$ids), class = "latentmr_error_argument")
})

test_that("a row repeated with other values is an error, whatever column differs", {
  p <- known_parts()
  ids <- p$ids[c(1:200, 9)]
  again <- c(1:200, 9)
  make <- function(x = unname(p$bmi)[again], e = unname(p$site)[again], s = unname(p$pcs)[again, ], cl = again) {
    mr_data(p$g, x, unname(p$sbp)[again], e, structure = s, cluster = cl, ids = ids, kind = "genotype")
  }
  expect_identical(length(make()$ids), 200L)
  expect_error(make(x = replace(unname(p$bmi)[again], 201, NA)), "\"p009\"", class = "latentmr_error_ids")
  expect_error(make(e = replace(unname(p$site)[again], 201, "east")), "\"p009\"")
  expect_error(make(s = replace(unname(p$pcs)[again, ], 402, 0)), "\"p009\"")
  expect_error(make(cl = replace(again, 201, 10)), "\"p009\"")
})

test_that("nobody left is an error with the account", {
  p <- known_parts()
  p$bmi[] <- rep(c(NA, 1), c(195, 5))
  p$sbp[199] <- NA
  expect_conditions(mr_data(p$g, p$bmi, p$sbp, p$site, kind = "genotype"))
  one <- suppressMessages(tryCatch(mr_data(matrix(1), 1, 1, "a", kind = "genotype"), error = identity))
  expect_s3_class(one, "latentmr_error_empty")
  expect_s3_class(one$flow, "data.frame")
})

test_that("traits that do not vary in an environment are named", {
  p <- known_parts()
  p$bmi[p$site == "west"] <- 26
  expect_warning(known_data(parts = p), "does not vary in \"west\"", class = "latentmr_warning_constant")
})

test_that("one-column matrices and data frames are traits, with their names", {
  p <- known_parts()
  p$bmi <- as.matrix(p$bmi)
  p$sbp <- as.data.frame(p$sbp)
  p$site <- as.data.frame(p$site)
  expect_identical(known_data(parts = p)$outcome, known_data()$outcome)
  expect_identical(known_data(parts = p)$exposure, known_data()$exposure)
})

test_that("environments are groups in an order of their own", {
  level <- function(x) levels(as_environment(x))
  expect_identical(level(c("b", "A", "a", NA, "")), c("A", "a", "b"))
  expect_identical(level(c(10, 9, NA, 100000)), c("9", "10", "100000"))
  expect_identical(level(factor(c("b", "a"), levels = c("b", "a"))), c("b", "a"))
  expect_identical(level(c(TRUE, FALSE)), c("FALSE", "TRUE"))
  expect_true(is.na(as_environment(factor(c("x", "")))[2]))
})

test_that("the names of traits are those the user wrote", {
  d <- data.frame(ldl = 1)
  expect_identical(label_of(quote(ldl), "exposure"), "ldl")
  expect_identical(label_of(quote(d$ldl), "exposure"), "ldl")
  expect_identical(label_of(quote(d[["ldl"]]), "exposure"), "ldl")
  expect_identical(label_of(quote(d[, 1]), "exposure"), "exposure")
  expect_identical(label_of(quote(log(ldl)), "exposure"), "exposure")
})

test_that("marks of a column tell its values, its places of missing ones and its ends", {
  x <- cbind(c(1, NA, -0, 3), c(1, NaN, 0, 3), c(1, 0, NA, 3), c(1, NA, Inf, -Inf), NA, c(3, NA, 0, 1))
  marks <- column_marks(x)
  expect_identical(marks[, "missing"], c(1, 1, 1, 1, 4, 1))
  expect_identical(unname(marks[4, c("infinite", "first", "low", "high")]), c(2, 3, -Inf, Inf))
  expect_identical(unname(marks[c(1, 5), c("low", "high")]), cbind(c(0, NaN), c(3, NaN)))
  expect_identical(match(marks[, "who"], marks[, "who"]), c(1L, 1L, 3L, 1L, 5L, 1L))
  expect_identical(match(marks[, "values"], marks[, "values"]), c(1L, 1L, 3L, 4L, 5L, 6L))
  expect_identical(column_marks(x[, 3]), marks[3, , drop = FALSE])
  expect_true(all(marks[, c("who", "values")] < 2^53))
  # A few thousand columns that differ in one bit or one place.
  near <- vapply(1:2000, function(k) replace(as.double(1:50), 1 + k %% 50, k / 1024 + 2^-40), numeric(50))
  gone <- vapply(1:49, function(k) replace(numeric(50), k + 0:1, NA), numeric(50))
  expect_false(anyDuplicated(column_marks(near)[, "values"]) > 0)
  expect_false(anyDuplicated(column_marks(gone)[, "who"]) > 0)
})
