cpu_level <- function() {
  limit <- getOption("LatentMR.cpu")
  level <- .Call(C_ffi_cpu_level)
  if (is.null(limit)) level else min(level, as.integer(limit))
}

# What options(LatentMR.threads) says: a whole number from 1, or NULL. Asked by glue_tick().
asked_threads <- function() {
  asked <- getOption("LatentMR.threads")
  if (is.null(asked)) return(NULL)
  if (!is.numeric(asked) || length(asked) != 1 || is.na(asked) || asked < 1 || asked != round(asked) || asked > 1024) {
    abort_argument("options(LatentMR.threads)", "one whole number from 1 to 1024, or NULL for half of the cores", describe(asked))
  }
  as.integer(asked)
}
