cpu_level <- function() {
  limit <- getOption("LatentMR.cpu")
  level <- .Call(C_ffi_cpu_level)
  if (is.null(limit)) level else min(level, as.integer(limit))
}
