# One part of a scan: part k of K of the outcomes, one file. What is there already is not done again, so that the whole
# array can be submitted anew after a failure.
#   Rscript chunk.R study.R folder K [k]
# study.R is your own: it defines `data` and `outcomes`, and may define `arguments`, a list of further arguments of
# latent_scan(). k comes from the fourth argument or from the scheduler: LATENTMR_TASK (1 to K),
# SLURM_ARRAY_TASK_ID (1 to K) or BATCH_TASK_INDEX (Google Batch, 0 to K - 1).
# The seed is the same in every part: 1, unless `arguments` has another.
given <- commandArgs(TRUE)
if (length(given) < 3) stop("Rscript chunk.R study.R folder K [k]", call. = FALSE)
folder <- given[2]
parts <- as.integer(given[3])
number <- c(
  if (length(given) > 3) given[4], Sys.getenv(c("LATENTMR_TASK", "SLURM_ARRAY_TASK_ID"), NA),
  as.integer(Sys.getenv("BATCH_TASK_INDEX", NA)) + 1
)
k <- as.integer(number[!is.na(number)][1])
if (is.na(parts) || is.na(k) || k < 1 || k > parts) stop("no part: k must be from 1 to K", call. = FALSE)
file <- file.path(folder, sprintf("part-%04d-of-%04d.rds", k, parts))
if (file.exists(file)) {
  message(file, " is there")
  quit()
}
library(LatentMR)
study <- new.env()
sys.source(given[1], study)
names <- colnames(study$outcomes)
mine <- names[(seq_along(names) - 1) %% parts + 1 == k]
arguments <- utils::modifyList(list(seed = 1), as.list(study$arguments))
result <- if (length(mine)) {
  as.data.frame(do.call(latent_scan, c(list(study$data, outcomes = study$outcomes[mine]), arguments)))
}
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
aside <- tempfile(".new-", folder)
saveRDS(list(part = k, parts = parts, outcomes = mine, result = result), aside)
if (!file.rename(aside, file)) stop("cannot write ", file, call. = FALSE)
message(file, ": ", length(mine), " outcomes")
