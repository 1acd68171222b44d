#!/bin/sh
# DSI, DSLite and resourcer for the tests over DSLite. DSI asks for R >= 4.3; on an older R (Debian 12 has 4.2) that line
# is relaxed in a copy of its sources, which is said, and the copy is installed. Packages already there are left alone.
#   tools/datashield.sh [library]
set -eu
library=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
Rscript --no-init-file - "$work" "$library" <<'R'
arguments <- commandArgs(TRUE)
work <- arguments[1]
library <- if (length(arguments) > 1 && nzchar(arguments[2])) arguments[2] else .libPaths()[1]
if (identical(getOption("repos")[["CRAN"]], "@CRAN@")) options(repos = c(CRAN = "https://cloud.r-project.org"))
have <- function(name) requireNamespace(name, quietly = TRUE)
for (name in c("DSI", "resourcer", "DSLite")) {
  if (have(name)) next
  file <- utils::download.packages(name, work, type = "source", available = utils::available.packages(filters = list()))[1, 2]
  utils::untar(file, exdir = work)
  path <- file.path(work, name, "DESCRIPTION")
  lines <- readLines(path)
  old <- grep("R *[(]>= *4[.][3-9]", lines)
  if (getRversion() < "4.3" && length(old)) {
    message(name, ": \"", trimws(lines[old[1]]), "\" relaxed in a copy, as this is R ", getRversion())
    lines <- gsub("R *[(]>= *4[.][3-9][.0-9]*[)]", "R (>= 4.1)", lines)
    writeLines(lines, path)
    # CRAN's sums of the unchanged files.
    unlink(file.path(work, name, "MD5"))
  }
  needed <- tools::package_dependencies(name, utils::available.packages(), which = c("Depends", "Imports", "LinkingTo"))[[name]]
  if (is.null(needed)) {
    fields <- read.dcf(path, c("Depends", "Imports", "LinkingTo"))
    needed <- sub("[ (].*", "", trimws(unlist(strsplit(fields[!is.na(fields)], ","))))
  }
  absent <- setdiff(needed, c("R", rownames(utils::installed.packages())))
  if (length(absent)) utils::install.packages(absent, library)
  utils::install.packages(file.path(work, name), library, repos = NULL, type = "source")
  if (!have(name)) stop(name, " does not install", call. = FALSE)
}
R
