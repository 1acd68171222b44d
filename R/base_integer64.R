# 64-bit integers of package bit64 (data.table::fread() makes them): a double vector whose
# bits are a whole number. Read as doubles they are garbage, so that every entry point
# turns them into numbers first; nothing of bit64 is needed for that.

is_integer64 <- function(x) inherits(x, "integer64")

# x as it is, or the numbers of an integer64 vector; those beyond 2^53, which a double
# cannot tell apart, are an error that names `arg`.
plain_integers <- function(x, arg) {
  if (!is_integer64(x)) return(x)
  bits <- writeBin(as.double(unclass(x)), raw(), endian = "little")
  parts <- matrix(readBin(bits, "integer", length(bits) / 2, size = 2, signed = FALSE, endian = "little"), 4)
  top <- parts[4, ] - 65536 * (parts[4, ] >= 32768)
  value <- parts[1, ] + parts[2, ] * 2^16 + parts[3, ] * 2^32 + top * 2^48
  # The bits of bit64's NA; its neighbours round to the same double.
  value[colSums(parts != c(0, 0, 0, 32768)) == 0] <- NA
  odd <- parts[1, ] %% 2 == 1 # 2^53 + 1 has become 2^53
  if (any(abs(value) > 2^53 | abs(value) == 2^53 & odd, na.rm = TRUE)) {
    abort_argument(
      arg, "whole numbers of at most 2^53, or text", "integer64 with larger ones",
      hint = "Codes of that length are labels: turn them into text with as.character()."
    )
  }
  attributes(value) <- attributes(unclass(x))
  attr(value, "class") <- NULL
  value
}

# The same for the columns of a data frame (anything else is given back as it is).
plain_columns <- function(data) {
  if (!is.data.frame(data)) return(data)
  long <- which(vapply(data, is_integer64, NA))
  for (j in long) data[[j]] <- plain_integers(data[[j]], names(data)[j])
  data
}
