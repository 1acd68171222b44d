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

# The lines of the recipe page below a heading, to be run by bash.
recipe <- function(heading) {
  lines <- readLines(batch_file("README.md"))
  from <- grep(heading, lines, fixed = TRUE)[1]
  after <- seq_along(lines) > from
  code <- after & (startsWith(lines, "    ") | !nzchar(lines))
  first <- which(after & startsWith(lines, "    "))[1]
  last <- c(which(!code & seq_along(lines) > first), length(lines) + 1)[1] - 1
  substring(lines[first:last], 5)
}

# Two outcomes in a file, which study.R reads by the name `outcomes` evaluates to.
file_study <- function(folder, outcomes) {
  writeLines(c(
    "data <- LatentMR::simulate_mr('snp', cell = 3, n = 60, seed = 1)",
    sprintf("outcomes <- read.csv(%s)", outcomes), "arguments <- list(seed = 3)"
  ), file.path(folder, "study.R"))
  own <- simulate_mr("snp", cell = 3, n = 60, seed = 1)
  set.seed(1)
  y <- as.data.frame(sapply(1:4, function(j) j / 4 * own$outcome + rnorm(length(own$outcome))))
  utils::write.csv(stats::setNames(y, paste0("y", 1:4)), file.path(folder, "outcomes.csv"), row.names = FALSE)
}

# Runs lines in `folder`, with a stand-in for a program in front of the path.
run_recipe <- function(lines, folder, name = NULL, stand_in = NULL) {
  bin <- withr::local_tempdir()
  if (!is.null(name)) {
    writeLines(c("#!/bin/bash", "set -eu", stand_in), file.path(bin, name))
    Sys.chmod(file.path(bin, name), "755")
  }
  writeLines(c("set -eu", lines), file.path(bin, "recipe.sh"))
  withr::local_dir(folder)
  withr::local_envvar(
    PATH = paste(bin, R.home("bin"), Sys.getenv("PATH"), sep = ":"), R_ENABLE_JIT = "0",
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep)
  )
  said <- suppressWarnings(system2("bash", file.path(bin, "recipe.sh"), stdout = TRUE, stderr = TRUE))
  expect_null(attr(said, "status"), info = paste(said, collapse = "\n"))
}

expect_gathered <- function(folder, parts) {
  withr::local_dir(folder)
  expect_identical(run_script(batch_file("gather.R"), parts, 4, "table.csv")$status, 0L)
  expect_same_scan("table.csv", "study.R")
}

test_that("the lines for Swiss Army Knife, with a stand-in for dx: inputs and new files are those of a folder", {
  skip_if_not(identical(Sys.getenv("LATENTMR_CLUSTER"), "true"), "make cluster runs this")
  skip_if(Sys.which("bash") == "", "no bash")
  folder <- withr::local_tempdir()
  file_study(folder, "'outcomes.csv'")
  file.copy(batch_file("chunk.R"), folder)
  file.create(file.path(folder, "latentmr.tar.gz"))
  run_recipe(recipe("Swiss Army Knife"), folder, "dx", c(
    "[ \"$1 $2\" = 'run swiss-army-knife' ]",
    "work=$(mktemp -d)",
    "for given; do case \"$given\" in",
    "  -iin=*) cp \"${given#-iin=}\" \"$work\" ;;",
    "  -iimage_file=*) [ -e \"${given#-iimage_file=}\" ] ;;",
    "  -icmd=*) cmd=${given#-icmd=} ;;",
    "  --destination=*) to=.${given#--destination=} ;;",
    "esac; done",
    "(cd \"$work\"; touch .before; sleep .01; bash -c \"$cmd\")",
    "mkdir -p \"$to\"",
    "find \"$work\" -maxdepth 1 -type f -newer \"$work/.before\" -exec cp {} \"$to\" \\;",
    "rm -rf \"$work\""
  ))
  expect_gathered(folder, "parts")
})

test_that("the lines for dsub, with a stand-in: variables of the tasks file, an empty folder, outputs by their names", {
  skip_if_not(identical(Sys.getenv("LATENTMR_CLUSTER"), "true"), "make cluster runs this")
  skip_if(Sys.which("bash") == "", "no bash")
  folder <- withr::local_tempdir()
  dir.create(file.path(folder, "bucket"))
  file_study(file.path(folder, "bucket"), "Sys.getenv('OUTCOMES')")
  run_recipe(recipe("**dsub**"), folder, "dsub", c(
    "here=$PWD",
    "while [ $# -gt 0 ]; do case \"$1\" in",
    "  --tasks) tasks=$2 ;; --command) command=$2 ;;",
    "  --provider|--project|--regions|--logging|--image) ;;",
    "  *) exit 2 ;;",
    "esac; shift 2; done",
    "IFS=$'\\t' read -ra head < \"$tasks\"",
    "tail -n +2 \"$tasks\" | while IFS=$'\\t' read -ra cell; do",
    "  data=$(mktemp -d); mkdir \"$data/workingdir\"; out=()",
    "  for i in \"${!head[@]}\"; do",
    "    kind=${head[i]%% *}; name=${head[i]##* }; value=${cell[i]}",
    "    if [ \"$kind\" = --env ]; then export \"$name=$value\"; continue; fi",
    "    path=$data/${kind#--}/gs/${value#gs://}; mkdir -p \"$(dirname \"$path\")\"; export \"$name=$path\"",
    "    if [ \"$kind\" = --input ]; then cp \"$here/${value#gs://}\" \"$path\"; else out+=(\"$path\" \"${value#gs://}\"); fi",
    "  done",
    "  (cd \"$data/workingdir\"; bash -c \"$command\" < /dev/null)",
    "  mkdir -p \"$here/$(dirname \"${out[1]}\")\"; cp \"${out[0]}\" \"$here/${out[1]}\"; rm -rf \"$data\"",
    "done"
  ))
  Sys.setenv(OUTCOMES = file.path(folder, "bucket", "outcomes.csv"))
  withr::defer(Sys.unsetenv("OUTCOMES"))
  expect_gathered(file.path(folder, "bucket"), "parts")
})

test_that("the command of scan.wdl, its placeholders filled, in an empty folder: one file that its output finds", {
  skip_if_not(identical(Sys.getenv("LATENTMR_CLUSTER"), "true"), "make cluster runs this")
  skip_if(Sys.which("bash") == "", "no bash")
  folder <- withr::local_tempdir()
  file_study(folder, "'outcomes.csv'")
  text <- paste(readLines(batch_file("scan.wdl")), collapse = "\n")
  command <- sub("(?s).*command <<<\n(.*?)>>>.*", "\\1", text, perl = TRUE)
  inputs <- regmatches(text, gregexpr("(?<=~\\{)[^}]*(?=\\})", text, perl = TRUE))[[1]]
  expect_setequal(inputs, c("sep=' ' files", "study", "parts", "k"))
  declared <- sub("(?s).*task part \\{\\s*input \\{(.*?)\\}.*", "\\1", text, perl = TRUE)
  for (name in c("files", "study", "parts", "k")) expect_match(declared, paste0("(File|Int|[]]) ", name, "\n"))
  parts <- file.path(folder, "parts")
  dir.create(parts)
  for (k in 1:4) {
    work <- withr::local_tempdir()
    values <- list("sep=' ' files" = file.path(folder, "outcomes.csv"), study = file.path(folder, "study.R"), parts = 4, k = k)
    filled <- command
    for (name in names(values)) filled <- gsub(paste0("~{", name, "}"), values[[name]], filled, fixed = TRUE)
    run_recipe(strsplit(filled, "\n")[[1]], work)
    done <- Sys.glob(file.path(work, "parts", "*.rds"))
    expect_length(done, 1)
    file.copy(done, parts)
  }
  expect_gathered(folder, "parts")
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
