# Writes bench/results/index.csv: for every table its date and commit (those that
# brought it; today and none when it is not committed yet), the command that makes it,
# and its checksum, by which readers see that the date belongs to this table.
#   Rscript bench/index.R
files <- setdiff(list.files("bench/results", "[.]csv$"), "index.csv")
scripts <- list.files(c("bench", "bench/attacks", "tools"), "[.]R$", full.names = TRUE)
text <- vapply(scripts, function(s) paste(readLines(s), collapse = "\n"), "")
command <- vapply(files, function(file) {
  name <- sub("[.]csv$", "", file)
  makes <- grepl(paste0("results/", file), text, fixed = TRUE) |
    (grepl(paste0("\"", file, "\""), text, fixed = TRUE) & grepl("bench/results", text, fixed = TRUE)) |
    basename(scripts) == paste0("bench-", name, ".R")
  makes <- scripts[makes & !scripts %in% c("bench/index.R", "bench/run.R")]
  if (length(makes)) paste("Rscript", makes[1]) else NA_character_
}, "")
date <- vapply(file.path("bench/results", files), function(path) {
  changed <- length(system2("git", c("status", "--porcelain", path), stdout = TRUE)) > 0
  day <- if (!changed) system2("git", c("log", "-1", "--format=%cs.%h", "--", path), stdout = TRUE)
  if (length(day)) day else paste0(format(Sys.Date()), ".")
}, "")
index <- data.frame(
  file = files, date = sub("[.].*", "", date), commit = sub(".*[.]", "", date), command = command,
  md5 = tools::md5sum(file.path("bench/results", files)), row.names = NULL
)
write.csv(index, "bench/results/index.csv", row.names = FALSE)
if (anyNA(command)) message("no script found for: ", paste(files[is.na(command)], collapse = ", "))
