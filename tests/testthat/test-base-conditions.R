# What R raises while a loop of C is polled comes out as itself; nothing is left open.

bed_set <- function() read_plink(file.path(system.file("extdata", package = "LatentMR"), "chr21"))

test_that("files that are being read: genotypes decoded, scanned, counted", {
  bed <- bed_set()
  expect_interruptible(function() as.matrix(bed), least = 1)
  n <- nrow(bed$samples)
  traits <- data.frame(iid = bed$samples$iid, x = sin(seq_len(n)), y = cos(seq_len(n)), e = rep_len(c("a", "b"), n))
  data <- function() {
    suppressMessages(mr_data(bed, exposure = traits$x, outcome = traits$y, environment = traits$e, ids = traits$iid))
  }
  d <- data()
  expect_interruptible(function() data()$variants, least = 1)
  expect_interruptible(function() mr_moments(d, folds = 2, seed = 1, disclosure = FALSE)$gx, least = 2)
})

test_that("files that are being written: neither the file nor anything beside it", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "a.txt")
  writeLines("before", file)
  run <- function() write_files(setNames(list(raw(2e7)), file))
  for (poll in 0:2) {
    expect_identical(stopped_at(poll, run()), "stopped")
    expect_identical(timed_out_at(poll, run()), "timed out")
    expect_identical(dir(folder, all.files = TRUE, no.. = TRUE), "a.txt")
    expect_identical(readLines(file), "before")
  }
  expect_identical(polls_of(run()), 3L)
  expect_identical(file.size(file), 2e7)
  beside <- file.path(folder, "b.txt")
  expect_identical(stopped_at(1, .Call(C_ffi_write_file, beside, raw(2e7))), "stopped")
  expect_false(file.exists(beside))
})

test_that("moments: dense, combined", {
  d <- simulate_mr("authors", mixing = "poly2", environments = 2, n = 400, seed = 3)
  expect_interruptible(function() mr_moments(d, folds = 2, seed = 1, disclosure = FALSE)$gx)
  sites <- lapply(1:3, function(seed) mr_moments(simulate_mr("snp", cell = 3, n = 300, seed = seed), folds = 2, seed = 1, disclosure = FALSE))
  names(sites) <- c("a", "b", "c")
  expect_interruptible(function() combine_moments(sites)$gx, least = 1)
})

test_that("encoders, estimates and curves", {
  d <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  expect_interruptible(function() suppressWarnings(latent_mr(d, seed = 1))$methods, least = 10)
  set.seed(1)
  z <- matrix(rnorm(800), 400)
  x <- drop(z %*% c(1, .5)) + rnorm(400)
  frame <- data.frame(y = x^2 + rnorm(400), x, z1 = z[, 1], z2 = z[, 2])
  curve <- function(...) average_derivative(iv_curve(y ~ x | z1 + z2, frame, control = curve_control(members = 1, ...), seed = 1))$estimate
  expect_interruptible(function() curve(), least = 2)
  expect_interruptible(function() curve(solver = "adam", adam = adam_control(steps = 300)), least = 4)
})

test_that("tests by permutation", {
  set.seed(2)
  x <- rnorm(200)
  y <- x^2 + rnorm(200)
  expect_interruptible(function() hsic_test(x, y, method = "permutation", permutations = 49, seed = 1)$p.value)
  expect_interruptible(function() mmd_test(x, y, method = "permutation", permutations = 49, seed = 1)$p.value)
})

test_that("what a report of progress raises: an error, and a warning that options(warn = 2) makes one", {
  set.seed(1)
  z <- rnorm(400)
  x <- z + rnorm(400)
  rows <- list(x = x, y = x + rnorm(400), z = as.matrix(z), w = matrix(0, 400, 0))
  calls <- 0
  # Reports come five times a second: the loop is longer than that, whatever the machine.
  run <- function(report) adam_fit(rows, curve_control(solver = "adam", adam = adam_control(steps = 1e8)), 1L, report)
  own <- function(share) {
    calls <<- calls + 1
    stop(structure(class = c("my_error", "error", "condition"), list(message = "enough", call = NULL)))
  }
  expect_identical(tryCatch(run(own), my_error = conditionMessage), "enough")
  expect_identical(calls, 1)
  old <- options(warn = 2)
  on.exit(options(old))
  expect_match(tryCatch(run(function(share) warning("careful")), error = conditionMessage), "careful")
})

test_that("a loop inside the report of another: the inner stop is the inner call's", {
  z <- unname(mr_genotypes(simulate_mr("authors", mixing = "poly2", environments = 2, n = 400, seed = 3)))
  inner <- function() .Call(C_ffi_closure, z, 0L, .01, cpu_level())
  want <- inner()
  seen <- NULL
  nested <- function(share) {
    .Call(C_ffi_test_stop_at, 0L, function(share) stop("inner"))
    seen <<- tryCatch(inner(), error = conditionMessage)
  }
  expect_identical(at_poll(1, nested, inner()), want)
  expect_identical(seen, "inner")
})

test_that("a script goes on after a time limit, and an interrupt of the system stops it", {
  skip_on_os("windows")
  code <- c(
    "library(LatentMR)",
    "d <- simulate_mr('authors', mixing = 'poly2', environments = 2, n = 2000, seed = 3)",
    "long <- function() learn_instruments(d, 'autoencoder', n_latent = c(2, 2), seed = 1, control = encoder_control(",
    "  autoencoder = autoencoder_control(epochs = 1e4, warm_start = FALSE)))",
    "invisible(learn_instruments(d, 'closure', n_latent = c(2, 2), seed = 1))", # packages are loaded
    "invisible(future::plan())",
    "out <- try({ setTimeLimit(elapsed = 1); long() }, silent = TRUE)",
    "setTimeLimit()",
    "cat(class(out), conditionMessage(attr(out, 'condition')), '\\n')",
    "# R itself does not hear one while it starts a command: a second follows.",
    "system(sprintf('(sleep 1; kill -INT %1$d; sleep 3; kill -INT %1$d) 2>/dev/null', Sys.getpid()), wait = FALSE)",
    "cat(tryCatch(long(), interrupt = function(c) class(c)), '\\n')"
  )
  file <- tempfile(fileext = ".R")
  on.exit(unlink(file))
  writeLines(code, file)
  # R from 4.5 on keeps SIGINT ignored where it starts so, as a shell's background commands do.
  listen <- "--default-signal=INT"
  listens <- suppressWarnings(system2("env", c(listen, "true"), stdout = FALSE, stderr = FALSE)) == 0
  rscript <- file.path(R.home("bin"), "Rscript")
  said <- suppressWarnings(system2(
    if (listens) "env" else rscript, c(if (listens) c(listen, rscript), file), stdout = TRUE, stderr = FALSE,
    env = c(paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep)), "LANGUAGE=en")
  ))
  expect_identical(attr(said, "status"), NULL)
  expect_identical(trimws(said), c("try-error reached elapsed time limit", "interrupt condition"))
})

test_that("no snapshot shows a condition as testthat prints it, and each has its test", {
  files <- list.files(test_path("_snaps"), "^[^.]*[.]md$", full.names = TRUE)
  expect_gt(length(files), 0)
  expect_true(all(file.exists(test_path(sub("(.*)[.]md$", "test-\\1.R", basename(files))))))
  shown <- unlist(lapply(files, function(file) {
    lines <- grep("^    (Error|Warning|Message|Condition)( <|$)", readLines(file, encoding = "UTF-8"), value = TRUE)
    if (length(lines)) paste(basename(file), trimws(lines))
  }))
  expect_identical(shown, NULL)
})

test_that("a warning inside a part says which part", {
  seen <- NULL
  value <- withCallingHandlers(
    said_of("In \"B\"", {
      warn("1 of 9 people.", "latentmr_warning_leverage", count = 1)
      2
    }),
    warning = function(w) {
      seen <<- w
      invokeRestart("muffleWarning")
    }
  )
  expect_identical(value, 2)
  expect_identical(conditionMessage(seen), "In \"B\": 1 of 9 people.")
  expect_s3_class(seen, c("latentmr_warning_leverage", "latentmr_warning"))
  expect_identical(seen$count, 1)
})
