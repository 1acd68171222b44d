# Builds the vignettes (all, or those named) with the installed package into doc/
# and prints the seconds that each took.
#   Rscript tools/vignettes.R [LatentMR genotypes ..]
if (!requireNamespace("rmarkdown", quietly = TRUE) || !rmarkdown::pandoc_available("1.14")) {
  stop("vignettes need rmarkdown and pandoc (https://pandoc.org/installing.html)", call. = FALSE)
}
chosen <- commandArgs(TRUE)
files <- list.files("vignettes", "[.]Rmd$", full.names = TRUE)
if (length(chosen)) files <- files[sub("[.]Rmd$", "", basename(files)) %in% chosen]
if (!length(files)) stop("no such vignette", call. = FALSE)
dir.create("doc", showWarnings = FALSE)
# Built in a copy, which keeps the sources clean: with `intermediates_dir` rmarkdown looks for files in the page by
# reading its code as text, with warnings about what that is not.
scratch <- tempfile("vignettes")
dir.create(scratch)
invisible(file.copy("vignettes", scratch, recursive = TRUE))
for (file in files) {
  code <- sprintf("rmarkdown::render('%s', output_dir = '%s', quiet = TRUE)", file.path(scratch, file), normalizePath("doc"))
  seconds <- system.time(
    status <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = FALSE)
  )[["elapsed"]]
  if (status) stop(file, " does not build", call. = FALSE)
  cat(sprintf("doc/%s  %.1f s\n", sub("Rmd$", "html", basename(file)), seconds))
}
