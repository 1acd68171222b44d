# The chunks of a scan, here or at the workers of future::plan(), and their files: each takes its
# name when it is whole, so that a scan that was stopped goes on where it was.

# The chunks' parts, in order. `folder`: NULL, or where files are kept.
run_chunks <- function(chunks, data, asked, folder) {
  files <- if (!is.null(folder)) file.path(folder, chunk_names(length(chunks)))
  open <- if (is.null(files)) seq_along(chunks) else which(!file.exists(files))
  if (length(files) > length(open)) {
    inform(
      sprintf("%d of %d chunks are in '%s' already.", length(files) - length(open), length(files), folder),
      "latentmr_message_scan"
    )
  }
  pairs <- vapply(chunks, function(jobs) sum(vapply(jobs, job_size, 0)), 0)
  if (length(open)) {
    data <- scan_background(data, asked$control)
    asked$total <- scan_total(data, chunks, asked$memory)
  }
  done <- spread_work("Scan", sum(pairs[open]), function(step) {
    over_workers(chunks_of(chunks, files, open), run_chunk, data = data, asked = asked, step = step)
  })
  if (is.null(files)) return(done)
  lapply(seq_along(files), function(k) read_chunk(files[k]))
}

chunks_of <- function(chunks, files, open) {
  lapply(open, function(k) list(jobs = chunks[[k]], file = files[k]))
}

job_size <- function(job) as.double(length(job$exposures$names)) * length(job$outcomes$names)

chunk_names <- function(count) {
  sprintf("chunk-%0*d-of-%d.rds", nchar(count), seq_len(count), count)
}

# One chunk; with a file the result stands there alone. An interrupt leaves no file.
run_chunk <- function(chunk, data, asked, step) {
  asked$kept <- new.env(parent = emptyenv())
  parts <- lapply(loaded_jobs(chunk$jobs, data), run_job, data, asked, step)
  out <- list(
    table = bind_rows(lapply(parts, `[[`, "table")), estimates = bind_rows(lapply(parts, `[[`, "estimates"))
  )
  if (length(chunk$file) != 1) return(out)
  write_object(out, chunk$file)
  NULL
}

write_object <- function(x, file) write_files(setNames(list(serialize(x, NULL)), file))

read_chunk <- function(file) {
  damaged <- function(e) {
    abort(
      sprintf("'%s' is no chunk of a scan, or was damaged.", file), c("latentmr_error_io", "latentmr_error_file"),
      hint = "Delete the file and run the scan again: only this chunk is computed anew."
    )
  }
  x <- tryCatch(unserialize(readBin(file, "raw", file.size(file))), error = damaged)
  if (!is.list(x) || !is.data.frame(x$table) || !is.data.frame(x$estimates)) damaged()
  x
}

# ---- the folder ----

scan_mark <- "scan.txt"

# Makes the folder, or sees that it is of this scan: its fingerprint stands in a file there.
open_folder <- function(folder, fingerprint, chunks, seed) {
  check_string(folder, "folder", null = TRUE)
  if (is.null(folder)) return(NULL)
  folder <- path.expand(folder)
  if (file.exists(folder) && !dir.exists(folder)) {
    abort_write(
      folder, "a file of this name is there", user_call(), "`folder` must be a folder, or the name of a new one."
    )
  }
  if (!dir.exists(folder) && !dir.create(folder, showWarnings = FALSE)) {
    abort_write(folder, "the folder cannot be made", user_call(), "Its parent must be there.")
  }
  mark <- file.path(folder, scan_mark)
  here <- list.files(folder, all.files = TRUE, no.. = TRUE)
  if (file.exists(mark)) {
    if (identical(readLines(mark, warn = FALSE)[1], fingerprint)) return(folder)
    abort_argument(
      "folder", "empty, new, or of this same scan", sprintf("'%s', of another scan", folder),
      "Data, traits, instruments, settings, `chunk` and `seed` must be the same to go on; else take another folder."
    )
  }
  if (length(here[!startsWith(here, ".new-")])) {
    abort_argument(
      "folder", "empty, new, or of this same scan", sprintf("'%s', which holds other files", folder)
    )
  }
  write_files(setNames(list(c(
    fingerprint, sprintf("latent_scan() of LatentMR %s: %d chunks.", made_with()[["LatentMR"]], chunks),
    sprintf("seed %d", seed)
  )), mark))
  folder
}

# The seed of the scan that the folder is of, where none is given: what it drew goes on.
scan_seed <- function(seed, folder) {
  mark <- if (is.null(seed) && is.character(folder) && length(folder) == 1) file.path(path.expand(folder), scan_mark)
  lines <- if (length(mark) && !is.na(mark) && file.exists(mark)) readLines(mark, warn = FALSE)
  kept <- grep("^seed [0-9]{1,10}$", lines, value = TRUE)
  if (length(kept)) seed <- as.double(sub("seed ", "", kept[1]))
  draw_seed(seed)
}

# Of everything that the numbers depend on, as text.
scan_fingerprint <- function(data, chunks, asked) {
  about <- list(made_with()[["LatentMR"]], unclass(data_marks(data)), asked, lapply(chunks, lapply, job_marks))
  object_digest(about)
}

# Genotypes in files are known by the files, in memory by their sums.
data_marks <- function(data) {
  if (inherits(data, "mr_moments")) return(data)
  keep <- c(
    "kind", "variants", "environment", "covariates", "structure", "structure_includes_instruments", "block", "cluster",
    "family", "ids"
  )
  background <- data$background
  c(
    unclass(data)[keep], list(counts = mr_counts(data)),
    if (!is.null(background)) list(unclass(background)[c("variants", "rows", "cols")])
  )
}

job_marks <- function(job) {
  list(
    job$exposures[c("names", "marks")], job$outcomes[c("names", "marks")], job$variants, job$score_weights
  )
}
