# Errors, warnings and messages are pinned as class and conditionMessage().
# testthat prints a condition another way in each of its versions, so that a
# snapshot that shows one is red on another machine.
#
# One condition, its text in the test:
#   expect_condition_text(f(1), "latentmr_error_argument", "`x` must be ...")
# Several, their text in _snaps/:
#   expect_conditions({
#     f(1)
#     f(NA)
#   })

# The conditions that an expression signals, in their order. Warnings and
# messages do not end it; an error does.
conditions_of <- function(expr) {
  caught <- list()
  keep <- function(condition) caught[[length(caught) + 1]] <<- condition
  tryCatch(
    withCallingHandlers(
      expr,
      warning = function(w) {
        keep(w)
        tryInvokeRestart("muffleWarning")
      },
      message = function(m) {
        keep(m)
        tryInvokeRestart("muffleMessage")
      }
    ),
    error = keep
  )
  caught
}

# The classes of a condition but for those that every one of its kind has.
condition_class <- function(condition) {
  common <- c("error", "warning", "message", "condition", paste0("latentmr_", c("error", "warning", "message")))
  own <- setdiff(class(condition), common)
  if (length(own)) own else class(condition)[1]
}

# Each expression of `code`, evaluated on its own in `env`, and below it what it
# signals: an error in one does not stop the next.
condition_lines <- function(code, env) {
  calls <- if (is.call(code) && identical(code[[1]], quote(`{`))) as.list(code)[-1] else list(code)
  unlist(lapply(calls, function(call) {
    said <- conditions_of(eval(call, env))
    text <- vapply(said, function(condition) {
      paste0(paste(condition_class(condition), collapse = ", "), ": ", sub("\n$", "", conditionMessage(condition)))
    }, "")
    if (!length(text)) text <- "signals nothing"
    label <- gsub("[ \n]+", " ", paste(deparse(call, width.cutoff = 500L), collapse = " "))
    c(label, paste0("  ", gsub("\n", "\n  ", text)))
  }))
}

# `transform` changes the lines before they are compared, as in expect_snapshot().
expect_conditions <- function(code, transform = identity) {
  lines <- condition_lines(substitute(code), parent.frame())
  lines <- transform(unlist(strsplit(lines, "\n", fixed = TRUE)))
  expect_snapshot(cat(lines, sep = "\n"))
}

# The first condition of `class` that `expr` signals has this text (the line end of
# a message left away). Returns the condition.
expect_condition_text <- function(expr, class, text) {
  said <- conditions_of(expr)
  of_class <- Filter(function(condition) inherits(condition, class), said)
  if (!length(of_class)) {
    seen <- if (length(said)) vapply(said, function(condition) base::class(condition)[1], "") else "nothing"
    fail(sprintf("signals %s, not a condition of class %s", paste(seen, collapse = ", "), class))
    return(invisible())
  }
  expect_identical(sub("\n$", "", conditionMessage(of_class[[1]])), text)
  invisible(of_class[[1]])
}
