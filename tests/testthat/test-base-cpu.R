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

# Everything that goes over threads at one level of instructions, each with and without missing values, and with
# memory for everything and for one chunk.
over_threads <- function(level) {
  set.seed(3)
  n <- 17000L
  p <- 41
  order <- sample.int(n) - 1L
  size <- c(16000L, 1000L)
  columns <- lapply(1:11, function(k) sin(k * seq_len(n)))
  drawn <- lapply(c(0, .02), function(missing) {
    g <- random_genotypes(n, p, missing)
    storage.mode(g) <- "double"
    if (!missing) g[is.na(g)] <- 1
    list(calls = g, dosages = .Call(C_ffi_dosage_pack, g / c(1, 2), rep(510L, p)))
  })
  function() {
    lapply(drawn, function(x) {
      lapply(list(1e9, 1), function(memory) {
        calls <- .Call(C_ffi_moments_bits, x$calls, order, order, size, columns, memory, level, FALSE, 1L, NULL)
        source <- list(dosages = x$dosages, scale = rep(510L, p), people = n, col = seq_len(p) - 1L)
        dosages <- .Call(C_ffi_moments_dosage, source, order, order, size, columns, memory, level, NULL)
        lapply(list(calls, dosages), function(pass) pass[setdiff(names(pass), "seconds")])
      })
    })
  }
}

test_that("passes over calls and dosages: the same bits plain and by vectors, for any memory and number of threads", {
  for (level in unique(c(0L, cpu_level()))) {
    run <- over_threads(level)
    one <- with_threads(1, run())
    for (threads in 2:3) expect_identical(with_threads(threads, run()), one)
  }
})

test_that("looking at variants, columns and rows, scans: the same bits for any number of threads", {
  set.seed(4)
  g <- random_genotypes(700, 41, .02)
  codes <- tempfile()
  write_plink(codes, g, data.frame(snp = paste0("v", 1:41), chr = 1, pos = 1:41, effect_allele = "A", other_allele = "C"))
  on.exit(unlink(paste0(codes, c(".bed", ".bim", ".fam"))))
  x <- matrix(rnorm(21000), 700)
  x[x > 3] <- NA
  rows <- sample.int(700, 500)
  data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
  outcomes <- data.frame(a = data$outcome, b = rev(data$outcome))
  outcomes$b[1:30] <- NA
  run <- function() {
    scan <- suppressWarnings(latent_scan(data, outcomes, seed = 1, force = TRUE))
    list(
      scan.genotype_bed(genotype_bed(read_plink(codes)), rows, factor(rows %% 3)), column_marks(x),
      .Call(C_ffi_part, x, rows, 30:1), as.data.frame(scan)
    )
  }
  one <- with_threads(1, run())
  for (threads in 2:3) expect_identical(with_threads(threads, run()), one)
})

test_that("permutation tests: the same bits for any number of threads, by factors and by Gram matrices", {
  set.seed(5)
  x <- cbind(rnorm(300))
  y <- cbind(x^2 + rnorm(300), rnorm(300))
  label <- rep(c("a", "b", "c"), 100)
  strata <- rep(1:2, 150)
  cluster <- rep(1:100, each = 3)
  sample_of <- function(z) kernel_numbers(kernel_sample(z, "x"), NULL, 1, 1, "x")
  a <- sample_of(x)
  b <- sample_of(y)
  rows <- split(1:300, strata)
  run <- function() {
    lapply(0:1, function(dense) {
      plans <- lapply(rows, function(r) exchange_plan(list(seq_along(r))))
      list(
        .Call(C_ffi_hsic_permute, a$x, a$k, b$x, b$k, rows, plans, 50L, 1L, dense, NULL, cpu_level()),
        .Call(C_ffi_hsic_permute, a$x, a$k, b$x, b$k, list(1:300), list(exchange_plan(list(1:300), cluster)), 50L, 1L,
              dense, NULL, cpu_level()),
        .Call(C_ffi_mmd_permute, b$x, b$k, as.integer(factor(label)), 3L, exchange_plan(rows), 50L, 1L, dense, NULL,
              cpu_level())
      )
    })
  }
  one <- with_threads(1, run())
  for (threads in c(2, 3, 7)) expect_identical(with_threads(threads, run()), one)
  with_threads(3, for (poll in 0:1) {
    expect_identical(stopped_at(poll, hsic_test(x, y, method = "permutation", permutations = 500, seed = 1)), "stopped")
    expect_identical(stopped_at(poll, mmd_test(x, environment = label, method = "permutation", permutations = 500, seed = 1)), "stopped")
  })
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
