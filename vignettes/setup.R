# What every vignette starts with.
knitr::opts_chunk$set(
  collapse = FALSE, comment = "", fig.width = 7, fig.align = "center", dpi = 84, dev = "png"
)
options(width = 96, LatentMR.quiet = TRUE)

# A table of bench/results with the date and the command that made it. The date is
# shown when the index belongs to this very table.
bench_results <- function(file) {
  path <- file.path("results", file)
  index <- utils::read.csv("results/index.csv")
  index <- index[index$file == file, ]
  out <- utils::read.csv(path, strip.white = TRUE)
  current <- nrow(index) == 1 && identical(unname(tools::md5sum(path)), index$md5)
  attr(out, "made") <- sprintf(
    "`%s`%s", if (nrow(index)) index$command else "bench/",
    if (current) paste0(", results of ", index$date) else ""
  )
  out
}
made <- function(x) attr(x, "made")
