# Runs the benchmarks (bench/bench-*.R), each in an R of its own; every one
# writes its table to bench/results/. Names on the command line pick some:
#   Rscript bench/run.R bench-published
chosen <- commandArgs(TRUE)
files <- list.files("bench", "^bench-.*[.]R$", full.names = TRUE)
if (length(chosen)) files <- files[sub("[.]R$", "", basename(files)) %in% chosen]
if (!length(files)) stop("no such benchmark", call. = FALSE)
dir.create("bench/results", showWarnings = FALSE)
failed <- character()
for (file in files) {
  cat("==", basename(file), "\n")
  seconds <- system.time(status <- system2(file.path(R.home("bin"), "Rscript"), file))[["elapsed"]]
  cat(sprintf("   %.0f s\n", seconds))
  if (status) failed <- c(failed, basename(file))
}
system2(file.path(R.home("bin"), "Rscript"), "bench/index.R")
if (length(failed)) stop("failed: ", paste(failed, collapse = ", "), call. = FALSE)
