# Argument checks. Each names the argument as the user typed it, what it must
# be, what it was, and (hint) what to do next.

abort_argument <- function(arg, must, was, hint = NULL, class = NULL) {
  abort(
    sprintf("`%s` must be %s, not %s.", arg, must, was),
    c(class, "latentmr_error_argument"),
    hint = hint, argument = arg
  )
}

check_flag <- function(x, arg, null = FALSE, na = FALSE) {
  if (null && is.null(x)) return(invisible(x))
  if (is.logical(x) && length(x) == 1 && (na || !is.na(x))) return(invisible(x))
  abort_argument(arg, if (na) "TRUE, FALSE or NA" else "TRUE or FALSE", describe(x))
}

check_number <- function(x, arg, min = -Inf, max = Inf, whole = FALSE, null = FALSE,
                         open = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  good <- is.numeric(x) && length(x) == 1 && is.finite(x) &&
    (if (open) x > min && x < max else x >= min && x <= max) && (!whole || x == round(x))
  if (good) return(invisible(x))
  range <- if (is.finite(min) && is.finite(max)) {
    sprintf(if (open) " strictly between %s and %s" else " from %s to %s", format(min), format(max))
  } else if (is.finite(min)) {
    sprintf(if (open) " above %s" else " of at least %s", format(min))
  } else if (is.finite(max)) {
    sprintf(if (open) " below %s" else " of at most %s", format(max))
  } else {
    ""
  }
  abort_argument(
    arg, paste0(if (whole) "one whole number" else "one number", range, if (null) " or NULL"),
    describe(x), hint
  )
}

check_string <- function(x, arg, null = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  if (is.character(x) && length(x) == 1 && !is.na(x) && nzchar(x)) return(invisible(x))
  abort_argument(arg, paste0("one character string", if (null) " or NULL"), describe(x), hint)
}

check_strings <- function(x, arg, null = FALSE, hint = NULL) {
  if (null && is.null(x)) return(invisible(x))
  if (is.character(x) && length(x) > 0 && !anyNA(x) && all(nzchar(x))) return(invisible(x))
  abort_argument(
    arg, paste0("a character vector without missing or empty entries", if (null) " or NULL"),
    describe(x), hint
  )
}

check_choice <- function(x, arg, choices) {
  if (is.character(x) && length(x) == 1 && x %in% choices) return(invisible(x))
  hint <- NULL
  if (is.character(x) && length(x) == 1 && !is.na(x)) {
    near <- choices[utils::adist(x, choices, ignore.case = TRUE) <= 2]
    if (length(near)) hint <- sprintf("Did you mean \"%s\"?", near[1])
  }
  abort_argument(arg, paste("one of", quote_all(choices)), describe(x), hint)
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
  if (is.matrix(x)) return(sprintf("a %s matrix of %d x %d", typeof(x), nrow(x), ncol(x)))
  if (is.object(x) && !is.factor(x)) return(sprintf("an object of class <%s>", class(x)[1]))
  kind <- if (is.factor(x)) "factor" else if (is.numeric(x)) "numeric" else typeof(x)
  if (length(x) == 1 && is.atomic(x)) {
    if (is.na(x)) return(if (is.nan(x)) "NaN" else "NA")
    if (is.character(x)) return(sprintf("\"%s\"", x))
    if (is.numeric(x) && !is.factor(x)) return(sprintf("the number %s", format(x)))
    if (is.logical(x)) return(as.character(x))
  }
  if (is.list(x)) return(sprintf("a list of length %d", length(x)))
  sprintf("a %s vector of length %d", kind, length(x))
}

# One number per call out of R's own generator, so that set.seed() works; the
# core's streams start from it.
draw_seed <- function(seed) {
  check_number(seed, "seed", min = 0, max = .Machine$integer.max, whole = TRUE, null = TRUE)
  if (is.null(seed)) sample.int(.Machine$integer.max, 1L) else as.integer(seed)
}

# Runs `code` with R's default generators from `seed` and puts the session's own
# stream back.
with_seed <- function(seed, code) {
  force(seed) # may itself come from the session's stream
  old <- globalenv()[[".Random.seed"]]
  on.exit(if (is.null(old)) {
    rm(".Random.seed", envir = globalenv())
  } else {
    assign(".Random.seed", old, globalenv())
  })
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  code
}

cpu_level <- function() {
  limit <- getOption("LatentMR.cpu")
  level <- .Call(C_ffi_cpu_level)
  if (is.null(limit)) level else min(level, as.integer(limit))
}
