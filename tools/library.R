# Prints the library to install into: the first one when it can be written,
# else the user's own, made on the way.
library <- .libPaths()[1]
if (file.access(library, 2) != 0) {
  library <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1]
  dir.create(library, recursive = TRUE, showWarnings = FALSE)
}
stopifnot(file.access(library, 2) == 0)
cat(library)
