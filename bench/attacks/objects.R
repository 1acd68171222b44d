# Changed objects of every class, as a file of another version or of a hostile site brings them, in the calls
# that read them; each change in a child process, which may die. Writes bench/results/attacks-objects.csv.
#   Rscript bench/attacks/objects.R [changes a class, 60] [seed, 1] [classes]
#   sh tools/sanitize.sh bench/attacks/objects.R       # the same on a build under ASan and UBSan
library(LatentMR)
options(LatentMR.quiet = TRUE, warn = -1, width = 200)
sys.source("tests/testthat/helper-attack-objects.R", envir = globalenv())
arguments <- suppressWarnings(as.integer(commandArgs(TRUE)))
number <- if (length(arguments) && !is.na(arguments[1])) arguments[1] else 60L
seed <- if (length(arguments) > 1) arguments[2] else 1L
sanitized <- nzchar(Sys.getenv("LATENTMR_SANITIZE"))

# All calls with one changed object.
attacked <- function(target, case) {
  bad <- attack_case(target$object, case$path, case$change)
  if (is.null(bad)) return(data.frame())
  bad <- unserialize(serialize(bad, NULL))
  do.call(rbind, lapply(names(target$uses), function(use) {
    setTimeLimit(elapsed = 60, transient = TRUE)
    on.exit(setTimeLimit())
    found <- attack_verdict(target$uses[[use]], bad, target$want[[use]])
    text <- strsplit(found$text, "\n")[[1]][1]
    data.frame(use = use, outcome = if (text %in% "reached elapsed time limit") "endless" else found$verdict, class = found$class, text = text)
  }))
}

# The cases from `first` on, one after the other in a child that leaves what it found in `folder`. Where
# it dies, the case that killed it has left nothing.
in_children <- function(target, cases) {
  folder <- tempfile("attacked")
  dir.create(folder)
  kept <- file.path(folder, seq_len(nrow(cases)))
  first <- 1
  while (first <= nrow(cases)) {
    job <- parallel::mcparallel(for (i in first:nrow(cases)) saveRDS(attacked(target, cases[i, ]), kept[i]), silent = TRUE)
    parallel::mccollect(job)
    dead <- which(!file.exists(kept))[1]
    if (is.na(dead)) break
    saveRDS(data.frame(use = NA, outcome = "crash", class = "", text = NA), kept[dead])
    first <- dead + 1
  }
  found <- lapply(kept, readRDS)
  cbind(object = target$class, cases[rep(seq_along(found), vapply(found, NROW, 0L)), ], do.call(rbind, found))
}

targets <- attack_objects()
if (length(arguments) > 2) targets <- targets[commandArgs(TRUE)[-(1:2)]]
set.seed(seed)
rows <- do.call(rbind, lapply(names(targets), function(class) {
  target <- targets[[class]]
  target$want <- lapply(target$uses, function(use) suppressMessages(use(target$object)))
  cases <- attack_cases(target$object)
  cases <- cases[sort(sample(nrow(cases), min(number, nrow(cases)))), ]
  target$class <- class
  out <- suppressWarnings(in_children(target, cases))
  possible <- attack_possible(out$path, out$change)
  out$outcome[out$outcome == "differs" & possible] <- "possible"
  out$outcome[out$outcome == "differs"] <- "SILENT"
  bad <- out[out$outcome %in% c("raw", "SILENT", "crash", "endless"), ]
  if (nrow(bad)) print(bad, right = FALSE, row.names = FALSE)
  message(class, ": ", paste(names(table(out$outcome)), table(out$outcome), collapse = ", "))
  out
}))

print(table(rows$object, rows$outcome))
cat(nrow(unique(rows[c("object", "path", "change")])), "changes,", nrow(rows), "calls", if (sanitized) "under sanitizers", "\n")
rows$text <- NULL
rows$build <- if (sanitized) "asan" else "plain"
write.csv(rows, "bench/results/attacks-objects.csv", row.names = FALSE, na = "")
