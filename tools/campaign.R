# The long campaign of `make campaign`: hours, in pieces that are run once for each commit, so that it can be
# stopped and goes on. Lines in bench/results/campaign.csv: commit, piece, whether it ended well, its last words,
# minutes; a piece that never ran has a line without a commit, so that the table has every piece.
#   Rscript tools/campaign.R [regex of pieces]
# tools/setup.sh installs what it lacks; valgrind and gctorture pieces are left out, with a word, where they cannot run.
here <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
setwd(file.path(dirname(here), ".."))
given <- commandArgs(TRUE)
file <- "bench/results/campaign.csv"
commit <- system("git rev-parse --short HEAD", intern = TRUE)
chapters <- sort(unique(sub("^test-([a-z]+).*", "\\1", dir("tests/testthat", "^test-.*[.]R$"))))
has <- function(program) nzchar(Sys.which(program))
rscript <- function(...) paste("Rscript", ...)

torture <- "options(testthat.progress.max_fails = 1e9); library(testthat); library(LatentMR); gctorture2(%d); test_dir('tests/testthat', filter = '%s', package = 'LatentMR', load_package = 'installed', stop_on_failure = TRUE, reporter = 'summary')"
pieces <- c(
  list(
    "wrong calls" = rscript("bench/attacks/wrong-calls.R"),
    "forged objects" = "sh tools/sanitize.sh bench/attacks/objects.R",
    "attacks from outside, files" = rscript("bench/attacks/outsider_files.R"),
    "attacks from outside, objects" = rscript("bench/attacks/outsider_objects.R"),
    "mutations" = paste(
      "env LATENTMR_MUTATIONS=10000",
      rscript("tools/test.R tests/testthat '^(data-plink-mutations|data-bgen_genotypes|moments-validate)$'")
    ),
    "attacks on releases" = rscript("bench/attacks/run.R"),
    "kills" = rscript("bench/attacks/faults.R kill 100"),
    "interrupts" = rscript("bench/attacks/faults.R interrupt 200"),
    "disks" = rscript("bench/attacks/faults.R disk"),
    "files that shrink" = rscript("bench/attacks/faults.R shrink 100"),
    "forks" = rscript("bench/attacks/faults.R fork 50"),
    "mutated BGEN files" = "sh tools/bgen_mutations.sh 10000",
    "other processors" = "sh tools/core.sh",
    "other compilers" = "sh tools/cross.sh",
    "stricter compilers" = "sh tools/lint.sh deep",
    "locales" = "sh tools/locales.sh",
    "wait for an interrupt, p = 5,000" = rscript("bench/bench-interrupt.R 5000"),
    "people, 500,000 x 1,000" = rscript("bench/bench-rows.R flagship")
  ),
  stats::setNames(sprintf("sh tools/sanitize.sh '^%s'", chapters), paste("sanitizers,", chapters)),
  stats::setNames(
    sprintf("valgrind -q --error-exitcode=9 R --vanilla -q -e \"library(LatentMR); source('tools/valgrind.R')\" --args %s", "all"),
    "valgrind"
  ),
  stats::setNames(rscript("-e", shQuote(sprintf(torture, 101L, chapters))), paste("gctorture,", chapters))
)
every <- names(pieces)
if (length(given)) pieces <- pieces[grepl(given[1], every)]
done <- if (file.exists(file)) utils::read.csv(file, colClasses = c(commit = "character")) else NULL
done <- done[!is.na(done$well), ]
write_table <- function() {
  open <- setdiff(every, done$piece)
  never <- if (length(open)) data.frame(commit = "", piece = open, well = NA, words = "not run", minutes = NA)
  utils::write.csv(rbind(done, never), file, row.names = FALSE, na = "")
}
for (piece in names(pieces)) {
  if (any(done$commit == commit & done$piece == piece)) next
  command <- pieces[[piece]]
  program <- sub(" .*", "", command)
  cat(piece, ": ", substr(command, 1, 100), "\n", sep = "")
  if (!has(program)) {
    cat("  left out:", program, "is not installed\n")
    next
  }
  begin <- Sys.time()
  log <- file.path(".setup", "campaign.log")
  dir.create(".setup", showWarnings = FALSE)
  status <- system(paste(command, ">", log, "2>&1"))
  words <- utils::tail(c("", grep("[^[:space:]]", readLines(log, warn = FALSE), value = TRUE)), 1)
  line <- data.frame(
    commit, piece, well = status == 0, words = substr(gsub("[\",]", " ", words), 1, 120),
    minutes = round(as.numeric(difftime(Sys.time(), begin, units = "mins")), 1)
  )
  cat(sprintf("  %s, %.1f minutes: %s\n", if (status == 0) "well" else "FAULT", line$minutes, line$words))
  done <- rbind(done, line)
  write_table()
}
write_table()
open <- done[done$commit == commit & !done$well, ]
cat(sprintf(
  "%d of %d pieces at %s, %d with a fault; %d never ran\n", sum(done$commit == commit), length(every), commit, nrow(open),
  length(setdiff(every, done$piece))
))
quit(status = nrow(open) > 0)
