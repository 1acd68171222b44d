# Memory as users write it ("2GB", 5e8) and as messages show it.

memory_bytes <- function(x, arg = "memory") {
  must <- "a number of bytes or a string such as \"500MB\" or \"2GB\""
  if (is.numeric(x) && length(x) == 1 && !is.na(x) && x > 0) return(as.numeric(x))
  if (!is.character(x) || length(x) != 1 || is.na(x)) abort_argument(arg, must, describe(x))
  pattern <- "^ *([0-9]+[.]?[0-9]*) *([kmgt]?)i?b? *$"
  if (!grepl(pattern, lower(x))) abort_argument(arg, must, describe(x))
  number <- as.numeric(sub(pattern, "\\1", lower(x)))
  unit <- sub(pattern, "\\2", lower(x))
  if (!number) abort_argument(arg, must, describe(x))
  number * 1000^match(unit, c("", "k", "m", "g", "t"), 1L) / 1000
}

# The largest result that a reader returns without being told to.
memory_limit <- function() {
  limit <- getOption("LatentMR.memory")
  if (is.null(limit)) 8e9 else memory_bytes(limit, "options(LatentMR.memory)")
}
