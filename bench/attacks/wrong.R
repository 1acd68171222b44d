# What the files of wrong calls share: the outcome of a call, and whether it is the one expected.
# The beginning of a message on one line, without folders of the machine: "<tmp>", "<library>", "~".
text_of <- function(x) {
  x <- substr(gsub("[\r\n]+", " | ", x), 1, 90)
  x <- gsub("[^ '\"(|,]*/Rtmp[[:alnum:]]*(/[a-z_]+[0-9a-f]{6,})?", "<tmp>", x)
  x <- gsub(paste0(.libPaths()[1], "/"), "<library>/", x, fixed = TRUE)
  gsub(paste0(path.expand("~"), "/"), "~/", x, fixed = TRUE)
}

suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.memory = "1GB", warn = 1)
rows <- list()
own <- function(condition) any(grepl("^latentmr_", class(condition)))

# The outcome of one call: refused, told, silent, or what base R said.
outcome_of <- function(call, envir) {
  said <- raw <- NULL
  hear <- function(restart) function(condition) {
    text <- conditionMessage(condition)
    if (own(condition)) said <<- c(said, text) else raw <<- c(raw, text)
    invokeRestart(restart)
  }
  setTimeLimit(elapsed = 60, transient = TRUE)
  on.exit(setTimeLimit())
  result <- tryCatch(
    {
      utils::capture.output(withCallingHandlers(force(eval(call, new.env(parent = envir))),
        warning = hear("muffleWarning"), message = hear("muffleMessage")))
      NULL
    },
    error = identity
  )
  if (inherits(result, "latentmr_error_internal") || inherits(result, "error") && !own(result)) {
    return(c("base R's error", conditionMessage(result)))
  }
  if (inherits(result, "error")) return(c("refused", conditionMessage(result)))
  if (length(raw)) return(c("base R's warning", raw[1]))
  if (length(said)) c("told", said[1]) else c("silent", "")
}
holds <- function(expect, outcome) {
  switch(
    expect, refuse = outcome == "refused", told = outcome == "told", heard = outcome %in% c("refused", "told"),
    fine = outcome %in% c("told", "silent")
  )
}
try_calls <- function(kind, expect, calls) {
  calls <- as.list(substitute(calls))[-1]
  envir <- parent.frame()
  for (call in calls) {
    got <- outcome_of(call, envir)
    row <- data.frame(
      kind = kind, call = paste(deparse(call, width.cutoff = 200L), collapse = " "), expected = expect, outcome = got[1],
      held = holds(expect, got[1]), text = text_of(got[2])
    )
    rows[[length(rows) + 1]] <<- row
    if (!row$held) cat(sprintf("%s: %s\n    expected %s, got %s: %s\n", kind, substr(row$call, 1, 150), expect, row$outcome, row$text))
  }
}
