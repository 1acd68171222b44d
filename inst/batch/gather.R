# The parts of a scan as one table, p-values adjusted over all of them; or which parts are missing, with the end of their logs,
# and exit status 3.
#   Rscript gather.R folder K table.csv [folder of logs]
given <- commandArgs(TRUE)
if (length(given) < 3) stop("Rscript gather.R folder K table.csv [folder of logs]", call. = FALSE)
parts <- as.integer(given[2])
file <- file.path(given[1], sprintf("part-%04d-of-%04d.rds", seq_len(parts), parts))
absent <- which(!file.exists(file))
if (length(absent)) {
  message("missing: ", paste(absent, collapse = ", "), " of ", parts)
  logs <- if (length(given) > 3) list.files(given[4], full.names = TRUE)
  for (k in absent) {
    own <- logs[grepl(sprintf("[^0-9]%d[.][a-z]+$", k), logs)]
    for (log in own) message("--- ", log, "\n", paste(utils::tail(readLines(log, warn = FALSE), 10), collapse = "\n"))
    if (!length(own)) message("--- part ", k, ": no log")
  }
  message("Submit the array again: parts that are there are not done again.")
  quit(status = 3)
}
table <- do.call(rbind, lapply(file, function(x) readRDS(x)$result))
table$p_holm <- stats::p.adjust(table$pval, "holm")
table$p_bh <- stats::p.adjust(table$pval, "BH")
utils::write.csv(table, given[3], row.names = FALSE)
message(given[3], ": ", nrow(table), " rows")
