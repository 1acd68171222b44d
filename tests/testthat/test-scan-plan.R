# Which pairs are done together.

test_that("columns with the same people have the same code", {
  x <- matrix(stats::rnorm(60), 10, 6)
  x[3, c(2, 5)] <- NA
  x[c(1, 4), 3] <- NA
  x[c(2, 3), 4] <- NA # the same number and sum of places as column 3
  codes <- function(x) pattern_codes(column_marks(x))
  expect_identical(codes(x), c(1L, 2L, 3L, 4L, 2L, 1L))
  # Three places with the same sum and the same sum of squares: 1, 5, 6 and 2, 3, 7.
  y <- matrix(0, 10, 2)
  y[c(1, 5, 6), 1] <- NA
  y[c(2, 3, 7), 2] <- NA
  expect_identical(codes(y), 1:2)
})

test_that("every pair is in one job and one chunk, and chunks are no larger than asked", {
  outcomes <- list(values = matrix(0, 5, 11), names = paste0("y", 1:11))
  outcomes$values[2, 4:6] <- NA
  outcomes$marks <- column_marks(outcomes$values)
  exposures <- list(marks = column_marks(matrix(0, 5, 3)), names = paste0("x", 1:3))
  jobs <- scan_jobs(exposures, outcomes, list(x1 = 1:3, x2 = 4, x3 = 1:3))
  expect_length(jobs, 4)
  for (size in c(1, 2, 3, 5, 7, 16, 100)) {
    chunks <- scan_chunks(jobs, size)
    sizes <- vapply(chunks, function(chunk) sum(vapply(chunk, job_pairs, 0)), 0)
    expect_lte(max(sizes), size)
    pairs <- do.call(rbind, lapply(unlist(chunks, recursive = FALSE), function(job) expand.grid(job[1:2])))
    expect_identical(sum(duplicated(pairs)), 0L)
    expect_identical(nrow(pairs), 33L)
  }
  expect_length(scan_chunks(jobs, 33), 1)
})

test_that("moments of a job are those of its people, whether summed or taken off the whole", {
  cohort <- scan_missing(scan_cohort())
  cohort$site[1:12] <- "d" # an environment that loses people and goes
  cohort$outcomes$y2[c(1:4, 30:40)] <- NA
  cohort$g[, 14] <- 0
  cohort$g[c(2, 33, 50), 14] <- c(1, 1, NA) # carried by two of the missing alone
  cohort$outcomes$y1[c(2, 33, 50)] <- NA
  for (given in list(character(), c("covariates", "structure"), "cluster")) {
    data <- do.call(mr_data, c(
      list(cohort$g, seq_len(360), 360:1 %% 97, cohort$site, ids = cohort$ids, kind = "genotype"), cohort[given]
    ))
    total <- scan_total(data, list(list(list())), 1e9)
    for (y in names(cohort$outcomes)) {
      job <- list(
        exposures = list(values = as.matrix(cohort$exposures["x2"]), names = "x2"),
        outcomes = list(values = as.matrix(cohort$outcomes[y]), names = y)
      )
      part <- suppressWarnings(job_data(job, data, encoder_control()))
      asked <- list(seed = 3L, memory = 1e9)
      summed <- part_moments(part, data, asked)
      taken <- part_moments(part, data, c(asked, list(total = total)))
      expect_identical(unclass(taken), unclass(summed))
      expect_gt(sum(taken$mm), 0)
    }
  }
  expect_identical(dim(taken$gg), c(105L, 4L))
  few <- scan_cohort()
  data <- mr_data(few$g, few$exposures$x1, few$outcomes$y1, few$site, ids = few$ids, kind = "genotype")
  expect_null(scan_total(data, list(list(list(variants = 1:3))), 1e9))
})
