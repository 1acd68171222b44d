# A scan in parts: inst/batch. On a real one-node Slurm with `make cluster` (LATENTMR_CLUSTER=true), else by hand.
batch_file <- function(name) system.file("batch", name, package = "LatentMR")

# `outcomes`: 12 or fewer; `n`: people of each of six environments.
batch_study <- function(folder, outcomes = 12, n = 300) {
  study <- file.path(folder, "study.R")
  writeLines(c(
    sprintf("data <- LatentMR::simulate_mr('snp', cell = 3, n = %d, seed = 1)", n),
    "set.seed(1)",
    sprintf("outcomes <- as.data.frame(sapply(1:%d, function(j) j / 12 * data$outcome + rnorm(length(data$outcome))))", outcomes),
    "names(outcomes) <- paste0('y', seq_along(outcomes))",
    "arguments <- list(seed = 3)"
  ), study)
  study
}

sequential <- function(study) {
  own <- new.env()
  sys.source(study, own)
  as.data.frame(suppressWarnings(suppressMessages(latent_scan(own$data, own$outcomes, seed = 3))))
}

run_script <- function(...) {
  said <- suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), c("--no-init-file", ...), stdout = TRUE, stderr = TRUE, env = "R_ENABLE_JIT=0"
  ))
  list(text = paste(said, collapse = "\n"), status = if (is.null(attr(said, "status"))) 0L else attr(said, "status"))
}

expect_same_scan <- function(table, study) {
  got <- utils::read.csv(table)
  want <- sequential(study)
  at <- match(want$outcome, got$outcome)
  expect_false(anyNA(at))
  for (name in c("b", "se", "pval", "p_holm", "p_bh")) expect_equal(got[[name]][at], want[[name]], tolerance = 1e-12, label = name)
}

test_that("parts are those of the whole, are not done twice, and what is missing is named", {
  skip_on_cran()
  folder <- withr::local_tempdir()
  study <- batch_study(folder, outcomes = 4, n = 60)
  parts <- file.path(folder, "parts")
  table <- file.path(folder, "table.csv")
  expect_identical(run_script(batch_file("chunk.R"), study, parts, 2, 1)$status, 0L)
  logs <- file.path(folder, "logs")
  dir.create(logs)
  writeLines("out of memory", file.path(logs, "scan-2.log"))
  gone <- run_script(batch_file("gather.R"), parts, 2, table, logs)
  expect_identical(gone$status, 3L)
  expect_match(gone$text, "missing: 2 of 2")
  expect_match(gone$text, "out of memory")
  expect_match(run_script(batch_file("chunk.R"), study, parts, 2, 1)$text, "is there")
  expect_identical(withr::with_envvar(c(SLURM_ARRAY_TASK_ID = "2"), run_script(batch_file("chunk.R"), study, parts, 2))$status, 0L)
  expect_identical(run_script(batch_file("gather.R"), parts, 2, table)$status, 0L)
  expect_same_scan(table, study)
  expect_identical(run_script(batch_file("chunk.R"), study, parts, 2, 3)$status, 1L)
  expect_identical(list.files(parts, all.files = TRUE, no.. = TRUE), sprintf("part-%04d-of-0002.rds", 1:2))
})

test_that("12 outcomes over 4 jobs of Slurm: equal to sequential; a cancelled job is reported and resumed", {
  skip_if_not(identical(Sys.getenv("LATENTMR_CLUSTER"), "true"), "make cluster runs this")
  skip_if(Sys.which("sbatch") == "", "no Slurm")
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  dir.create("logs")
  study <- batch_study(folder)
  submit <- function(...) system2("sbatch", c(...), stdout = TRUE)
  array <- c("--array=1-4", batch_file("slurm.sh"), study, "parts", "4")
  # One part is cancelled before it starts.
  id <- sub(".* ", "", submit("--hold", array))
  system2("scancel", paste0(id, "_3"))
  system2("scontrol", c("release", id))
  # Slurm itself says when all parts have ended: a job that comes after them.
  ended <- function(id) {
    system2("sbatch", c("--wait", paste0("--dependency=afterany:", id), "--output=/dev/null", "--wrap=true"), stdout = FALSE)
  }
  expect_identical(ended(id), 0L)
  gone <- run_script(batch_file("gather.R"), "parts", 4, "table.csv", "logs")
  expect_identical(gone$status, 3L)
  expect_match(gone$text, "missing: 3 of 4")
  before <- file.mtime(list.files("parts", full.names = TRUE))
  expect_identical(ended(sub(".* ", "", submit(array))), 0L)
  expect_identical(run_script(batch_file("gather.R"), "parts", 4, "table.csv", "logs")$status, 0L)
  files <- list.files("parts", full.names = TRUE)
  expect_identical(file.mtime(files[-3]), before)
  expect_same_scan("table.csv", study)
})

test_that("chunks as jobs of future.batchtools: equal to sequential; a cancelled job is reported with its log and resumed", {
  skip_if_not(identical(Sys.getenv("LATENTMR_CLUSTER"), "true"), "make cluster runs this")
  skip_if_not_installed("future.batchtools")
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  own <- new.env()
  sys.source(batch_study(folder), own)
  # The first job cancels itself before it begins.
  lines <- readLines(batch_file("batchtools.tmpl"))
  once <- "mkdir cancelled 2>/dev/null && { echo \"cancelled by the test\"; scancel $SLURM_JOB_ID; exec sleep 60; }"
  writeLines(append(lines, once, length(lines) - 1), "once.tmpl")
  run <- function(template) {
    jobs <- batchtools::makeClusterFunctionsSlurm(template)
    old <- suppressWarnings(future::plan(future.batchtools::batchtools_custom, cluster.functions = jobs, workers = 4))
    on.exit(future::plan(old))
    suppressWarnings(suppressMessages(latent_scan(own$data, own$outcomes, chunk = 3, folder = "chunks", seed = 3)))
  }
  e <- expect_error(run("once.tmpl"), class = "latentmr_error_worker")
  expect_match(conditionMessage(e), "expired")
  expect_lt(length(list.files("chunks", "^chunk-")), 4)
  # A slow file system may lose a job again; what is there stays.
  scan <- NULL
  for (attempt in 1:3) {
    if (is.null(scan)) scan <- tryCatch(run(batch_file("batchtools.tmpl")), latentmr_error_worker = function(e) NULL)
  }
  want <- suppressWarnings(suppressMessages(latent_scan(own$data, own$outcomes, seed = 3)))
  expect_identical(as.data.frame(scan), as.data.frame(want))
})
