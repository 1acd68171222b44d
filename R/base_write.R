# Files are written aside, in their own folder, and take their names once all of them
# are whole: nobody reads half a file, and where writing fails what was there stays.

# contents: named list, path -> raw bytes or lines of text. The paths, invisibly. `say`: which files are replaced.
write_files <- function(contents, call = user_call(), say = FALSE) {
  named <- names(contents)
  files <- vapply(path.expand(named), real_file, "", USE.NAMES = FALSE)
  for (k in seq_along(files)) check_writable(files[k], named[k], call)
  aside <- character()
  on.exit(unlink(aside))
  failed <- function(k, reason) {
    abort_write(named[k], reason, call, if (file.exists(files[k])) "The file that was there is unchanged.")
  }
  for (k in seq_along(files)) {
    # Short: a name may be as long as the system allows already.
    aside[k] <- tempfile(".new-", dirname(files[k]))
    reason <- .Call(C_ffi_write_file, aside[k], content_bytes(contents[[k]]))
    if (!is.null(reason)) failed(k, reason)
    # A file that only its owner may read stays so.
    if (file.exists(files[k])) Sys.chmod(aside[k], file.mode(files[k]), use_umask = FALSE)
  }
  replaced <- named[file.exists(files)]
  for (k in seq_along(files)) {
    reason <- NULL
    done <- withCallingHandlers(file.rename(aside[k], files[k]), warning = function(w) {
      reason <<- sub(".*reason '(.*)'.*", "\\1", conditionMessage(w))
      invokeRestart("muffleWarning")
    })
    if (!done) failed(k, reason)
  }
  if (say && length(replaced)) {
    inform(
      sprintf(
        "Replaced, as %s there already: %s.", if (length(replaced) == 1) "it was" else "they were",
        list_some(replaced, 6)
      ),
      "latentmr_message_overwrite", files = replaced
    )
  }
  invisible(named)
}

# Files that hold what cannot be made again are replaced only where that is asked for.
refuse_overwrite <- function(files, arg, overwrite) {
  check_flag(overwrite, "overwrite")
  there <- files[file.exists(path.expand(files))]
  if (overwrite || !length(there)) return(invisible())
  abort_argument(
    arg, "a name whose files are not there yet", sprintf("that of %s", list_some(unname(there), 6)),
    "Take another name; overwrite = TRUE replaces them.", class = c("latentmr_error_io", "latentmr_error_file")
  )
}

# Where a link leads, so that the link stays one.
real_file <- function(path) if (file.exists(path)) normalizePath(path, winslash = "/") else path

check_writable <- function(file, named, call) {
  folder <- dirname(file)
  if (!dir.exists(folder)) {
    abort_write(
      named, sprintf("there is no folder '%s'", folder), call, "dir.create() makes it.", "latentmr_error_file_missing"
    )
  }
  if (dir.exists(file)) abort_write(named, "a folder has that name", call)
  if (file.exists(file) && file.access(file, 2) != 0) abort_write(named, "the file is read-only", call)
}

abort_write <- function(file, reason, call, hint = NULL, class = NULL) {
  abort(
    sprintf("Cannot write '%s': %s.", file, reason), c(class, "latentmr_error_io", "latentmr_error_file"), hint = hint,
    call = call
  )
}

content_bytes <- function(x) {
  if (is.raw(x)) return(x)
  charToRaw(paste(c(enc2utf8(x), if (length(x)) ""), collapse = "\n"))
}

# A data frame as the bytes of a text file of columns between tabs.
table_bytes <- function(frame, ...) {
  path <- tempfile()
  on.exit(unlink(path))
  tryCatch(data.table::fwrite(frame, path, sep = "\t", ...), error = function(e) {
    if (is_time_limit(e)) stop(e)
    abort_write(
      path, sub(": '.*", "", conditionMessage(e)), user_call(),
      "Temporary files are written there: the environment variable TMPDIR names another folder."
    )
  })
  readBin(path, "raw", file.size(path))
}
