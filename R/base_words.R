# Numbers for the eye.

format_p <- function(p) {
  ifelse(
    is.na(p), "NA",
    ifelse(
      p < 1e-300, "< 1e-300",
      ifelse(p < 1e-4, format(p, digits = 1, scientific = TRUE), formatC(p, digits = 2, format = "fg", flag = "#"))
    )
  )
}

format_b <- function(x) ifelse(is.na(x), "NA", formatC(x, digits = 4, format = "f"))

p_is <- function(p) {
  text <- format_p(p)
  if (startsWith(text, "<")) paste("p", text) else paste("p =", text)
}

quote_all <- function(x, max = 8) {
  shown <- sprintf("\"%s\"", utils::head(x, max))
  paste0(paste(shown, collapse = ", "), if (length(x) > max) sprintf(" and %d more", length(x) - max))
}

# What the user gave, in words.
describe <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.data.frame(x)) return(sprintf("a data frame of %d rows and %d columns", nrow(x), ncol(x)))
  if (is.function(x)) return("a function")
  if (is.environment(x) && !is.object(x)) return("an environment")
  if (is.matrix(x)) {
    article <- if (typeof(x) == "integer") "an" else "a"
    return(sprintf("%s %s matrix of %d x %d", article, typeof(x), nrow(x), ncol(x)))
  }
  if (is.object(x) && !is.factor(x)) return(sprintf("an object of class <%s>", class(x)[1]))
  kind <- if (is.factor(x)) "factor" else if (is.numeric(x)) "numeric" else typeof(x)
  if (length(x) == 1 && is.atomic(x)) {
    if (is.na(x)) return(if (is.nan(x)) "NaN" else "NA")
    if (is.character(x)) return(sprintf("\"%s\"", x))
    if (is.numeric(x) && !is.factor(x)) return(sprintf("the number %s", format(x)))
    if (is.logical(x)) return(as.character(x))
  }
  if (is.list(x)) return(sprintf("a list of length %.0f", length(x)))
  sprintf("a %s vector of length %.0f", kind, length(x))
}

big <- function(x) trimws(format(x, big.mark = ",", scientific = FALSE, trim = TRUE))

big_each <- function(x) vapply(x, big, "", USE.NAMES = FALSE)

# Columns of text side by side, the first to the left, the others to the right.
paste_columns <- function(columns) {
  wide <- lapply(columns, function(text) {
    gap <- strrep(" ", max(nchar(text, "width")) - nchar(text, "width"))
    list(text = text, gap = gap)
  })
  parts <- lapply(seq_along(wide), function(i) {
    if (i == 1) paste0(wide[[i]]$text, wide[[i]]$gap) else paste0(wide[[i]]$gap, wide[[i]]$text)
  })
  sub(" +$", "", paste0("  ", do.call(paste, c(parts, sep = "  "))))
}

# As naprint(), in English whatever the language of the session.
deleted_words <- function(action) {
  sprintf("(%s deleted due to missingness)", plural(length(action), "observation"))
}

plural <- function(n, word) paste0(big(n), " ", word, if (n != 1) "s")

percent <- function(x) {
  ifelse(x > 0 & x < .0005, "<0.1%", sprintf("%.1f%%", 100 * x))
}

list_some <- function(x, max) {
  paste0(paste(utils::head(x, max), collapse = ", "), if (length(x) > max) sprintf(" and %d more", length(x) - max))
}

in_words <- function(seconds) {
  if (seconds < 90) {
    whole <- max(1, round(seconds))
    sprintf("%.0f second%s", whole, if (whole == 1) "" else "s")
  } else if (seconds < 5400) {
    sprintf("%.0f minutes", seconds / 60)
  } else {
    sprintf("%.1f hours", seconds / 3600)
  }
}

format_bytes <- function(bytes) {
  unit <- max(0, min(4, floor(log10(max(bytes, 1)) / 3)))
  value <- bytes / 1000^unit
  paste(
    format(value, digits = 3, nsmall = 0, scientific = FALSE, trim = TRUE), c("bytes", "kB", "MB", "GB", "TB")[unit + 1]
  )
}

level_words <- function(level) paste0(format(100 * level), "%")

wrap_words <- function(x, width = 80) paste(strwrap(x, width), collapse = "\n")

# Long names lose their middle: what tells them apart is often the end.
shorten <- function(x, width = 40) {
  x <- gsub("[[:space:]]+", " ", as.character(x))
  tail <- (width - 3) %/% 3
  n <- nchar(x)
  ifelse(n > width, paste0(substr(x, 1, width - 3 - tail), "...", substr(x, n - tail + 1, n)), x)
}

format_estimate <- function(b, lo, up) {
  digits <- interval_digits(b, lo, up)
  number <- function(x) fixed(x, digits)
  ifelse(is.na(b), "not estimated", sprintf("%s (%s to %s)", number(b), number(lo), number(up)))
}

# Decimals that show two figures of the typical half width.
interval_digits <- function(b, lo, up) {
  half <- stats::median(abs(up - lo)[is.finite(up - lo)] / 2)
  if (!is.finite(half) || half <= 0) return(2)
  max(0, 1 - floor(log10(half)))
}

# A number with so many decimals; powers of ten where these would be long.
fixed <- function(x, digits) {
  if (digits > 6 || isTRUE(max(abs(x[is.finite(x)]), 0) >= 1e9)) return(formatC(signif(x, 3), digits = 3, format = "g"))
  formatC(round(x, digits) + 0, digits = digits, format = "f")
}

# Case by a fixed map of the ASCII letters: that of a locale turns IID into other
# letters (Turkish).
lower <- function(x) chartr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", x)
upper <- function(x) chartr("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", x)

# Near names for a hint, the nearest first; NULL for none.
near_names <- function(name, names, max = 3) {
  if (!length(names) || is.na(name)) return(NULL)
  away <- utils::adist(lower(name), lower(names))[1, ]
  near <- names[order(away)][seq_len(min(max, length(names)))]
  close <- sort(away)[1] <= max(2, nchar(name) / 3)
  if (close) sprintf("Did you mean \"%s\"?", near[1]) else sprintf("The nearest columns are %s.", quote_all(near))
}

# The settings of a control; those that are controls themselves print themselves.
print_settings <- function(x, width) {
  plain <- x[!vapply(x, is.list, NA)]
  values <- vapply(plain, function(v) if (is.null(v)) "NULL" else format(v), "")
  cat(sprintf(paste0("  %-", width, "s %s\n"), names(plain), values), sep = "")
}

sentence_case <- function(x) paste0(upper(substr(x, 1, 1)), substring(x, 2))

# Begins a sentence: "the data frame" in sentence case, the name of a file as it is.
first_word <- function(label) if (startsWith(label, "the ")) sentence_case(label) else label

# "Did you mean ...? " for a name nearly right, "" for none.
near_hint <- function(name, names) {
  away <- utils::adist(lower(name), lower(names))[1, ]
  if (min(away) <= max(2, nchar(name) / 4)) sprintf("Did you mean \"%s\"? ", names[which.min(away)]) else ""
}

# Each with the digits of its own interval.
each_interval <- function(b, lo, up) as.character(mapply(format_estimate, b, lo, up, USE.NAMES = FALSE))

# Ratios with three figures, of estimates on log scales (`log = FALSE`: they are ratios already).
format_ratio <- function(b, lo, up, log = TRUE) {
  number <- function(x) {
    x <- if (log) exp(x) else x
    ifelse(x >= 1e4, "> 9999", ifelse(x < 1e-3, "< 0.001", formatC(x, digits = 3, format = "fg", flag = "#")))
  }
  tidied <- function(x) sub("[.]$", "", number(x))
  ifelse(is.na(b), "not estimated", sprintf("%s (%s to %s)", tidied(b), tidied(lo), tidied(up)))
}

is_ratio <- function(scale) startsWith(scale, "log ")
