# Attacks by somebody who had read the help pages and not the code. This file holds what outsider_*.R
# share: an attack runs in a process of its own, so that a crash is an outcome like any
# other, and has an expectation that was written down before it ran. From the root of the sources:
#   Rscript bench/attacks/outsider_files.R                        # and _disclosure, _objects
#   sh tools/sanitize.sh bench/attacks/outsider_files.R           # the same under ASan and UBSan
# PER=: cases for each object or function; ONLY=: a regular expression. A row for each attack is added to
# bench/results/attacks-outsider.csv, or to the file ATTACKS=.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE, LatentMR.memory = "1GB", warn = 1, digits = 7)

# What may come of an attack:
#   refuse      an error of the package's own class
#   same        the number, or the text, of the object or file that was not touched
#   refuse|same either
#   possible    any of these, or another result, that the help page describes
expected <- function(expect, outcome) {
  switch(expect,
    refuse = outcome == "refused",
    same = outcome == "same",
    "refuse|same" = outcome %in% c("refused", "same"),
    possible = outcome %in% c("refused", "same", "changed")
  )
}

# The outcome of one call; `reference` is its value when nothing was touched.
outcome_of <- function(call, reference = NULL, limit = 20) {
  heard <- character()
  result <- tryCatch(
    {
      setTimeLimit(cpu = limit, elapsed = 10 * limit, transient = TRUE)
      value <- withCallingHandlers(call(),
        warning = function(w) {
          raw <- !any(grepl("^(latentmr_|lifecycle_|deprecated)", class(w)))
          heard <<- c(heard, paste0(if (raw) "base warning: ", conditionMessage(w)))
          invokeRestart("muffleWarning")
        },
        message = function(m) {
          heard <<- c(heard, conditionMessage(m))
          invokeRestart("muffleMessage")
        }
      )
      setTimeLimit()
      if (isTRUE(all.equal(value, reference, tolerance = 1e-8))) {
        list("same", "")
      } else {
        list("changed", paste(utils::head(all.equal(value, reference), 2), collapse = "; "))
      }
    },
    error = function(e) {
      setTimeLimit()
      text <- conditionMessage(e)
      if (inherits(e, "latentmr_error")) {
        internal <- inherits(e, "latentmr_error_internal")
        list(if (internal) "raw error" else "refused", text)
      } else if (grepl("time limit", text)) {
        list("hang", text)
      } else {
        where <- substr(deparse(conditionCall(e))[1], 1, 60)
        list("raw error", sprintf("%s: %s <%s>", class(e)[1], text, where))
      }
    }
  )
  raw <- grep("^base warning", heard, value = TRUE)
  told <- length(heard) > 0
  list(outcome = result[[1]], text = result[[2]], told = told, raw = raw[1])
}

worst <- c("same", "refused", "changed", "raw error", "hang", "crash")

# Runs `calls` (a named list of functions of the attacked thing) in a process of its own and adds
# a row to the table: the worst outcome over the calls, and where it was met.
table_file <- file.path(getwd(), Sys.getenv("ATTACKS", "bench/results/attacks-outsider.csv"))
only <- Sys.getenv("ONLY", "")
count <- 0L
attack <- function(kind, name, expect, calls, references = NULL, limit = 60) {
  count <<- count + 1L
  if (nzchar(only) && !grepl(only, paste(kind, name))) return(invisible())
  if (is.function(calls)) {
    calls <- list(call = calls)
    references <- list(call = references)
  }
  job <- parallel::mcparallel({
    grDevices::pdf(NULL)
    out <- lapply(names(calls), function(n) outcome_of(calls[[n]], references[[n]], limit = limit / 3))
    names(out) <- names(calls)
    out
  })
  got <- parallel::mccollect(job, wait = FALSE, timeout = 10 * limit)
  if (is.null(got)) {
    tools::pskill(job$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(job))
    row <- data.frame(kind, name, expect, outcome = "hang", call = "", text = "")
  } else if (!is.list(got[[1]])) {
    row <- data.frame(kind, name, expect, outcome = "crash", call = "", text = paste(unlist(got), collapse = " "))
    suppressWarnings(parallel::mccollect(job, wait = FALSE))
  } else {
    suppressWarnings(parallel::mccollect(job, wait = FALSE))
    rank <- vapply(got[[1]], function(o) match(o$outcome, worst), 1L)
    fine <- vapply(got[[1]], function(o) expected(expect, o$outcome), TRUE)
    i <- if (all(fine)) which.max(rank) else which(!fine)[which.max(rank[!fine])]
    o <- got[[1]][[i]]
    row <- data.frame(kind, name, expect, outcome = o$outcome, call = paste(names(got[[1]])[i],
      if (any(!fine)) sprintf("(%d of %d calls)", sum(!fine), length(fine)) else ""), text = o$text)
    row$text <- paste0(row$text, if (o$told) " [told]", if (!is.na(o$raw)) paste0(" [", o$raw, "]"))
  }
  row$text <- substr(gsub("[\r\n]+", " ", iconv(row$text, "UTF-8", "UTF-8", sub = "?")), 1, 300)
  # Without folders of the machine.
  row$text <- gsub("[^ '\"(|,]*/Rtmp[[:alnum:]]*(/[a-z_]+[0-9a-f]{6,})?", "<tmp>", row$text)
  row$held <- expected(expect, row$outcome)
  utils::write.table(row, table_file, sep = ",", row.names = FALSE, qmethod = "double",
    append = file.exists(table_file), col.names = !file.exists(table_file))
  if (!row$held) cat(sprintf("[%d] %s | %s | expected %s, got %s | %s | %s\n", count, kind, name, expect, row$outcome,
    row$call, row$text))
  invisible(row)
}
