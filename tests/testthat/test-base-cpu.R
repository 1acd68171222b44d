with_threads <- function(n, code) {
  old <- options(LatentMR.threads = n)
  on.exit(options(old))
  force(code)
}

# Of glue.c: what a loop of the core would get now.
threads_here <- function() .Call(C_ffi_test_threads)
has_threads <- function() with_threads(2, threads_here()) == 2
crossproduct <- function(x = outer(1:300, 1:150, function(i, j) cos(i * j))) .Call(C_ffi_product, x, x, TRUE)

test_that("the number of threads changes no bit of moments, products or fits", {
  set.seed(1)
  g <- random_genotypes(33500, 70, .02)
  g[, 9] <- ifelse(is.na(g[, 9]), 1, g[, 9])
  data <- moments_data(g, environment = rep(c("a", "b"), c(33000, 500)))
  blocks <- draw_blocks(data$environment, NULL, 3L, 1L)
  y <- stats::rnorm(3000)
  run <- function() {
    out <- lapply(list(1e9, 1), function(memory) moments_pass(data, blocks, memory, cpu_level()))
    for (k in 1:2) out[[k]]$seconds <- NULL
    x <- g[1:3000, ]
    x[is.na(x)] <- 0
    # More people than a block of rows has: instruments of UJIVE from memory and from a stream.
    leave_out <- iv_fit(x[, 1] + y, x[, 2] + x[, 3] + y, x[, 3:9], estimator = "ujive")
    list(out, crossproduct(x), leave_out$coefficients, suppressWarnings(as.data.frame(latent_mr(simulate_mr("snp", n = 500, seed = 1), seed = 1))))
  }
  one <- with_threads(1, run())
  for (threads in c(2, 3, 7)) expect_identical(with_threads(threads, run()), one)
})

test_that("work of several threads stops when asked", {
  set.seed(2)
  data <- moments_data(random_genotypes(3000, 200, .02), environment = rep(c("a", "b"), 1500))
  # Polls are those of the main thread's turns: their number varies, the first ones are there.
  with_threads(3, for (poll in 0:6) {
    expect_identical(stopped_at(poll, mr_moments(data, folds = 2, seed = 1, disclosure = FALSE)), "stopped")
  })
})

test_that("the option is a whole number from 1", {
  run <- function() crossproduct()
  for (bad in list(0, 1.5, NA, "2", c(1, 2), 5000)) {
    error <- tryCatch(with_threads(bad, run()), error = identity)
    expect_s3_class(error, "latentmr_error_argument")
    expect_match(conditionMessage(error), "`options(LatentMR.threads)` must be one whole number from 1 to 1024", fixed = TRUE)
  }
})

test_that("unset, the default is polite: half of the cores, two while packages are checked, one in a fork", {
  old <- options(LatentMR.threads = NULL)
  on.exit(options(old))
  cores <- parallel::detectCores()
  skip_if(is.na(cores))
  expect_lte(threads_here(), max(1, cores %/% 2))
  skip_if_not(has_threads())
  limit <- Sys.getenv("_R_CHECK_LIMIT_CORES_", NA)
  on.exit(if (is.na(limit)) Sys.unsetenv("_R_CHECK_LIMIT_CORES_") else Sys.setenv("_R_CHECK_LIMIT_CORES_" = limit), add = TRUE)
  Sys.setenv("_R_CHECK_LIMIT_CORES_" = "TRUE")
  expect_identical(with_threads(4, threads_here()), 2L)
  skip_on_os("windows")
  with_threads(2, crossproduct()) # the parent has used its threads, which a child does not have
  child <- parallel::mcparallel(with_threads(4, list(threads_here(), crossproduct())), mc.set.seed = FALSE)

  expect_identical(parallel::mccollect(child)[[1]], list(1L, crossproduct()))
})
