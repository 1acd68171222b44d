# What every vignette starts with.
knitr::opts_chunk$set(
  collapse = FALSE, comment = "", fig.width = 7, fig.align = "center", dpi = 72, dev = "png"
)
options(width = 108, LatentMR.quiet = TRUE)

# A table of bench/results with the date, commit and command that made it. They are
# shown when the index belongs to this very table.
bench_results <- function(file) {
  path <- file.path("results", file)
  if (!file.exists(path) || length(readLines(path, 2)) < 2) return(NULL)
  index <- utils::read.csv("results/index.csv", colClasses = "character")
  index <- index[index$file == file, ]
  out <- utils::read.csv(path, colClasses = "character")
  out[] <- lapply(out, function(column) utils::type.convert(trimws(column), as.is = TRUE))
  current <- nrow(index) == 1 && identical(unname(tools::md5sum(path)), index$md5)
  attr(out, "made") <- sprintf(
    "`%s`%s", if (nrow(index)) index$command else "bench/",
    if (!current) "" else paste0(", results of ", index$date, if (isTRUE(nzchar(index$commit))) paste0(" (", index$commit, ")"))
  )
  out
}
made <- function(x) attr(x, "made")

# Whether a page may go on with a table; says so when there is none.
measured <- function(x) {
  if (is.null(x)) cat("\n*No results in this version.*\n")
  !is.null(x)
}

# Runs the code of a chunk in an R of its own, on the objects given. For report(),
# which knits a page and cannot do so inside another one.
run_outside <- function(label, ...) {
  objects <- tempfile(fileext = ".rds")
  script <- tempfile(fileext = ".R")
  saveRDS(list(...), objects)
  writeLines(c(
    "library(LatentMR)", sprintf("list2env(readRDS(%s), globalenv())", deparse(objects)), knitr::knit_code$get(label)
  ), script)
  status <- system2(file.path(R.home("bin"), "Rscript"), c("--no-init-file", script),
    stdout = FALSE, stderr = FALSE, env = paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  )
  if (status) stop("chunk ", label, " does not run", call. = FALSE)
}
