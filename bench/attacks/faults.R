# Faults of the machine while the package works: processes killed, Ctrl-C, full and closed disks,
# files that shrink while they are read, forks. What is asked: a file under its final name is
# whole or the one that was there before; an interrupt comes back within a second and leaves
# memory and open files as they were; everything else is an error of a class.
#   Rscript bench/attacks/faults.R [pieces = all] [times = 20]      (Linux; pieces: kill,interrupt,disk,shrink,fork)
# Appends to bench/results/faults.csv: piece, job, cases, faults, what was seen.
suppressMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
given <- commandArgs(TRUE)
pieces <- if (length(given) && given[1] != "all") strsplit(given[1], ",")[[1]] else c("kill", "interrupt", "disk", "shrink", "fork")
times <- if (length(given) > 1) as.integer(given[2]) else 20L
rscript <- file.path(R.home("bin"), "Rscript")
scratch <- tempfile("faults")
dir.create(scratch)
results <- NULL
note <- function(piece, job, cases, faults, seen) {
  results <<- rbind(results, data.frame(piece, job, cases, faults, seen))
  cat(sprintf("%-10s %-28s %4d cases %3d faults  %s\n", piece, job, cases, faults, seen))
}

# The cohort that the jobs work on, in a file.
cohort <- suppressWarnings(simulate_cohort("hgdp", n = 600, sites = 3, variants = 60, seed = 1))
saveRDS(cohort, file.path(scratch, "cohort.rds"))
start <- sprintf(
  "suppressMessages(library(LatentMR)); options(LatentMR.quiet = TRUE); d <- readRDS('%s'); setwd(commandArgs(TRUE)[1]);
   fit <- function() suppressWarnings(latent_mr(d, seed = 1));", file.path(scratch, "cohort.rds")
)
writing <- c(
  report = "f <- fit(); cat('go', file = 'started'); report(f, 'report.html', data = d)",
  simulate_cohort = "cat('go', file = 'started'); simulate_cohort('hgdp', n = 20000, sites = 3, variants = 200, prefix = 'cohort', seed = 1)",
  export_moments = if (exists("export_moments")) {
    "d <- suppressWarnings(simulate_cohort('hgdp', n = 900, sites = 3, variants = 40, seed = 1)); m <- mr_moments(d, folds = 1); cat('go', file = 'started'); for (i in 1:200) export_moments(m, 'site.moments', max_power = 1)"
  }
)

child <- function(code, folder, wait = FALSE, before = "") {
  script <- file.path(folder, "job.R")
  writeLines(c("cat(Sys.getpid(), file = file.path(commandArgs(TRUE)[1], 'pid'))", start, code), script)
  system(sprintf("%s %s --no-init-file %s %s > %s 2>&1%s", before, rscript, script, folder, file.path(folder, "log"), if (wait) "" else " &"))
}
until <- function(holds, seconds = 60) {
  for (i in seq_len(seconds * 50)) if (holds()) return(TRUE) else Sys.sleep(.02)
  FALSE
}
products <- function(folder) setdiff(dir(folder), c("job.R", "log", "pid", "started"))
sums <- function(folder) tools::md5sum(file.path(folder, products(folder)))

kill <- function() for (job in names(writing)) {
  whole <- file.path(scratch, paste0("whole-", job))
  dir.create(whole)
  took <- system.time(child(writing[[job]], whole, wait = TRUE))[["elapsed"]]
  complete <- sums(whole)
  stopifnot(length(complete) > 0)
  names(complete) <- basename(names(complete))
  faults <- left <- 0
  for (i in seq_len(times)) {
    folder <- file.path(scratch, sprintf("kill-%s-%d", job, i))
    dir.create(folder)
    child(writing[[job]], folder)
    until(function() file.exists(file.path(folder, "started")))
    Sys.sleep(stats::runif(1, 0, took / 2))
    tools::pskill(as.integer(readLines(file.path(folder, "pid"), warn = FALSE)), tools::SIGKILL)
    Sys.sleep(.1)
    found <- sums(folder)
    named <- basename(names(found))
    final <- named %in% names(complete)
    # A page or a file of moments holds the time that it was made: its end says that it is whole.
    same <- found[final] == complete[named[final]] |
      vapply(names(found)[final], function(f) identical(tail(readLines(f, warn = FALSE, skipNul = TRUE), 1), tail(readLines(file.path(whole, basename(f)), warn = FALSE, skipNul = TRUE), 1)), NA)
    faults <- faults + any(!same)
    left <- left + any(!final)
  }
  note("kill", job, times, faults, sprintf("%d left a file under another name", left))
}

# Signals come from a process beside; how long the call went on after it is measured in the child.
long <- c(
  latent_mr = "suppressWarnings(latent_mr(big, seed = 1))",
  mr_moments = "mr_moments(big, folds = 10, seed = 1, disclosure = FALSE)",
  iv_curve = "iv_curve(y ~ x | z, data = rows, estimator = 'kiv')",
  hsic_test = "hsic_test(rows$x, rows$y, method = 'permutation', permutations = 20000L)",
  autoencoder = "suppressWarnings(learn_instruments(simulate_mr('authors', mixing = 'mlp', environments = 2, n = 4000, seed = 3), 'autoencoder', seed = 1))"
)
interrupt <- function() for (job in names(long)) {
  folder <- file.path(scratch, paste0("interrupt-", job))
  dir.create(folder)
  child(sprintf("
    set.seed(1); n <- 4000; p <- 400; x <- matrix(rbinom(n * p, 2, .3), n); z <- rnorm(n)
    big <- suppressWarnings(mr_data(x, exposure = rnorm(n), outcome = rnorm(n), environment = rep(c('a', 'b'), n / 2)))
    rows <- data.frame(x = z + rnorm(n), y = rnorm(n), z = z)
    status <- function() as.numeric(gsub('[^0-9]', '', grep('^VmRSS', readLines('/proc/self/status'), value = TRUE)))
    fds <- function() length(dir('/proc/self/fd'))
    late <- numeric(); wrong <- 0
    for (i in 1:%d) {
      if (i == 6) first <- c(status(), fds())
      wait <- runif(1, .05, .6)
      system(sprintf('(sleep %%.3f; kill -INT %%d) &', wait, Sys.getpid()))
      begin <- proc.time()[['elapsed']]
      how <- tryCatch({ repeat { %s }; 'ended' }, interrupt = function(c) 'stopped', error = function(e) conditionMessage(e))
      late <- c(late, proc.time()[['elapsed']] - begin - wait)
      wrong <- wrong + (how != 'stopped')
    }
    gc(); last <- c(status(), fds())
    cat(max(late), wrong, last - first, file = 'result')", times + 6L, long[[job]]), folder, wait = TRUE)
  result <- tryCatch(scan(file.path(folder, "result"), quiet = TRUE), error = function(e) c(NA, NA, NA, NA))
  note("interrupt", job, times, sum(result[1] > 1.5, result[2] > 0, result[4] != 0, is.na(result[1])), sprintf(
    "longest wait %.2f s (with the signal's own delay), memory %+.0f kB, files %+.0f", result[1], result[3], result[4]
  ))
}

classed <- function(folder, class = "latentmr_error") {
  log <- paste(readLines(file.path(folder, "log"), warn = FALSE), collapse = " ")
  grepl(class, log) && !grepl("caught segfault|Bus error", log)
}
as_class <- function(code) sprintf("tryCatch({ %s }, error = function(e) cat(class(e), conditionMessage(e)))", code)
disk <- function() {
  small <- file.path(scratch, "small")
  dir.create(small)
  mounted <- suppressWarnings(system2("mount", c("-t", "tmpfs", "-o", "size=64k", "tmpfs", small), stdout = FALSE, stderr = FALSE)) == 0
  if (!mounted) note("disk", "full", 0L, 0L, "left out: no right to mount")
  if (mounted) on.exit(system2("umount", small))
  for (job in names(writing)) {
    code <- sub("cat('go', file = 'started');", "", writing[[job]], fixed = TRUE)
    if (mounted) {
      old <- paste(rep("what was there before", 100), collapse = "\n")
      target <- c(report = "report.html", simulate_cohort = "cohort.bed", export_moments = "site.moments")[[job]]
      writeLines(old, file.path(small, target))
      folder <- file.path(scratch, paste0("full-", job))
      dir.create(folder)
      child(paste0("setwd('", small, "'); ", as_class(code)), folder, wait = TRUE)
      kept <- identical(paste(readLines(file.path(small, target), warn = FALSE), collapse = "\n"), old)
      note("disk", paste("full,", job), 1L, sum(!kept, !classed(folder, "latentmr_error_io")), if (kept) "the old file stays" else "the old file is gone")
      unlink(file.path(small, dir(small)))
    }
    folder <- file.path(scratch, paste0("closed-", job))
    dir.create(folder)
    child(paste0("setwd('/proc'); ", as_class(code)), folder, wait = TRUE)
    note("disk", paste("closed folder,", job), 1L, as.integer(!classed(folder, "latentmr_error_io")), tail(c("", readLines(file.path(folder, "log"), warn = FALSE)), 1))
  }
}

shrink <- function() {
  n <- 60000; p <- 600
  prefix <- file.path(scratch, "shrinks")
  write <- function() {
    con <- file(paste0(prefix, ".bed"), "wb")
    writeBin(as.raw(c(0x6c, 0x1b, 0x01)), con)
    for (v in seq_len(p)) writeBin(as.raw(sample(c(0, 2, 8, 10, 160), n / 4, TRUE)), con)
    close(con)
  }
  writeLines(sprintf("f i%d 0 0 0 -9", seq_len(n)), paste0(prefix, ".fam"))
  writeLines(sprintf("%d rs%d 0 %d A G", seq_len(p) %% 20 + 1, seq_len(p), seq_len(p) * 1e5), paste0(prefix, ".bim"))
  faults <- errors <- 0
  for (i in seq_len(times)) {
    write()
    folder <- file.path(scratch, sprintf("shrink-%d", i))
    dir.create(folder)
    child(as_class(sprintf(
      "cat('go', file = 'started'); b <- read_plink('%s'); for (k in 1:20) suppressWarnings(mr_moments(mr_data(b, rnorm(%d), rnorm(%d), rep(c('a', 'b'), %d)), folds = 2, disclosure = FALSE)); cat('ended')",
      prefix, n, n, n / 2)), folder)
    until(function() file.exists(file.path(folder, "started")))
    Sys.sleep(stats::runif(1, 0, 3))
    system2("truncate", c("-s", as.character(sample.int(n * p / 4, 1)), paste0(prefix, ".bed")))
    until(function() length(readLines(file.path(folder, "log"), warn = FALSE)) > 0, 120)
    ended <- any(grepl("ended", readLines(file.path(folder, "log"), warn = FALSE)))
    faults <- faults + !(ended || classed(folder))
    errors <- errors + !ended
  }
  note("shrink", "bed file", times, faults, sprintf("%d errors of a class, %d had ended", errors - faults, times - errors))
}

fork <- function() {
  calls <- list(
    latent_mr = function() suppressWarnings(as.data.frame(latent_mr(cohort, seed = 1))),
    mr_moments = function() mr_moments(cohort, folds = 3, seed = 1, disclosure = FALSE)$gg,
    hsic_test = function() hsic_test(as.numeric(1:200), sin(1:200), seed = 1)$p.value
  )
  for (job in names(calls)) {
    want <- calls[[job]]()
    got <- parallel::mclapply(seq_len(times), function(i) calls[[job]](), mc.cores = 2)
    note("fork", job, times, sum(!vapply(got, identical, NA, want)), "children give what their parent gives")
  }
}

all_pieces <- list(kill = kill, interrupt = interrupt, disk = disk, shrink = shrink, fork = fork)
for (piece in pieces) all_pieces[[piece]]()
unlink(scratch, recursive = TRUE)
if (dir.exists("bench/results")) {
  file <- "bench/results/faults.csv"
  old <- if (file.exists(file)) utils::read.csv(file) else NULL
  utils::write.csv(rbind(old[!old$piece %in% pieces, ], results), file, row.names = FALSE)
}
quit(status = sum(results$faults) > 0)
