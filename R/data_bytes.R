# From a path to the text of a file: the one way for every text file that is read
# whole. Bytes are taken once, from a file or a pipe, and looked at before use.

check_file <- function(path, arg) {
  classes <- c("latentmr_error_io", "latentmr_error_argument")
  if (dir.exists(path)) {
    abort(sprintf("`%s` must be a file; %s is a directory.", arg, path), classes, argument = arg)
  }
  if (!file.exists(path)) {
    abort(sprintf("`%s`: there is no file %s.", arg, path), classes, argument = arg,
          hint = if (!grepl("^(/|~|[A-Za-z]:)", path)) sprintf("The working directory is %s.", getwd()))
  }
  if (file.access(path, 4) != 0) {
    abort(sprintf("`%s`: the file %s may not be read.", arg, path), classes, argument = arg)
  }
}

# The text of a file as raw bytes: UTF-8, without a byte order mark, unpacked.
# vcf: a VCF file is no error.
file_text <- function(path, arg, encoding = utf8, vcf = FALSE) {
  check_file(path, arg)
  bytes <- file_bytes(path.expand(path), arg)
  if (starts_with(bytes, gzip_magic)) bytes <- gunzip_bytes(bytes, path, arg)
  # A file with a byte order mark says itself what it is.
  foreign <- encoding != utf8 && !starts_with(bytes, utf8_mark)
  check_kind(bytes, path, arg, foreign && grepl("^UTF-?(16|32)", upper(encoding)), vcf)
  if (foreign) bytes <- to_utf8(bytes, encoding, path, arg)
  mark <- withCallingHandlers(.Call(C_ffi_check_text, bytes, path), latentmr_error_format = function(e) {
    if (grepl("is not valid UTF-8", conditionMessage(e), fixed = TRUE)) abort_not_utf8(e)
  })
  if (mark) bytes[-seq_len(mark)] else bytes
}

utf8 <- "UTF-8"
utf8_mark <- c(0xef, 0xbb, 0xbf)

abort_not_utf8 <- function(e) {
  abort(
    sub("\n.*", "", conditionMessage(e)), c("latentmr_error_encoding", "latentmr_error_format", "latentmr_error_file"),
    hint = paste(
      "Files of Windows and old Excel are often in Latin 1: say encoding = \"latin1\" where the function has that argument,",
      "or convert the file: iconv -f latin1 -t utf-8."
    )
  )
}

to_utf8 <- function(bytes, encoding, path, arg) {
  out <- iconv(list(bytes), encoding, utf8, toRaw = TRUE)[[1]]
  if (!is.null(out)) return(out)
  abort(sprintf("`%s`: %s is not a text in %s.", arg, path, encoding),
        c("latentmr_error_encoding", "latentmr_error_format", "latentmr_error_file"), argument = arg,
        hint = "See iconvlist() for the names of encodings.")
}

check_encoding <- function(encoding) {
  check_string(encoding, "encoding")
  known <- tryCatch(
    !is.null(iconv(list(charToRaw("a")), utf8, encoding, toRaw = TRUE)[[1]]), error = function(e) FALSE,
    warning = function(w) FALSE
  )
  if (known) return(invisible(encoding))
  abort_argument("encoding", "the name of an encoding that iconv() knows", describe(encoding),
                 "The usual ones are \"UTF-8\", \"latin1\" and \"windows-1252\"; iconvlist() has all.")
}

file_bytes <- function(path, arg) {
  limit <- memory_limit()
  bytes <- .Call(C_ffi_read_bytes, path, limit)
  if (is.raw(bytes)) bytes else abort_large_file(path, bytes, limit, arg)
}

abort_large_file <- function(path, bytes, limit, arg) {
  abort(
    sprintf(
      "`%s`: %s holds at least %s, more than the %s allowed.", arg, path, format_bytes(bytes), format_bytes(limit)
    ),
    c("latentmr_error_memory", "latentmr_error_argument"), argument = arg, bytes = bytes, limit = limit,
    hint = "Write the columns needed to a smaller file, or raise options(LatentMR.memory = )."
  )
}

starts_with <- function(bytes, magic) {
  length(bytes) >= length(magic) && all(bytes[seq_along(magic)] == as.raw(magic))
}

gzip_magic <- c(0x1f, 0x8b)

# R's connection unpacks gzip data, several members one after the other too (as
# bgzip writes them). It says nothing when the end is lacking: the check sum and
# length with which the last member ends must be those of what came out.
gunzip_bytes <- function(bytes, path, arg) {
  copy <- tempfile()
  on.exit(unlink(copy))
  writeBin(bytes, copy)
  limit <- memory_limit()
  parts <- list()
  total <- 0
  whole <- tryCatch({
    connection <- gzfile(copy, "rb")
    on.exit(close(connection), add = TRUE, after = FALSE)
    while (length(part <- readBin(connection, "raw", 2^24))) {
      total <- total + length(part)
      if (total > limit) break
      parts[[length(parts) + 1]] <- part
    }
    TRUE
  }, warning = function(w) FALSE, error = function(e) FALSE)
  if (total > limit) abort_large_file(path, total, limit, arg)
  text <- unlist(parts)
  if (is.null(text)) text <- raw()
  if (whole && gzip_complete(bytes, text)) return(text)
  abort(sprintf("`%s`: the compressed file %s is damaged or was cut short.", arg, path),
        c("latentmr_error_format", "latentmr_error_file"), argument = arg, hint = "Copy or make it again.")
}

gzip_complete <- function(bytes, text) {
  n <- length(bytes)
  if (n < 18) return(FALSE)
  size <- sum(as.integer(bytes[n - 3:0]) * 256^(0:3))
  # The length is kept modulo 2^32.
  if (size > length(text)) return(FALSE)
  if (length(text) >= 2^32 && length(text) %% 2^32 == size) size <- length(text)
  identical(.Call(C_ffi_crc32, text, as.double(size)), bytes[n - 7:4])
}

# What else a file may be, known by its first bytes whatever its name, and what to
# do about it.
foreign_kinds <- list(
  list("compressed with zstd", c(0x28, 0xb5, 0x2f, 0xfd), "Unpack it with unzstd."),
  list("compressed with bzip2", c(0x42, 0x5a, 0x68), "Unpack it with bunzip2."),
  list("compressed with xz", c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00), "Unpack it with unxz."),
  list("compressed with compress", c(0x1f, 0x9d), "Unpack it with uncompress."),
  list("a zip archive or an Excel workbook (xlsx)", c(0x50, 0x4b, 0x03, 0x04),
       "Unpack it with unzip, or save the sheet as CSV (UTF-8)."),
  list("an old Excel workbook (xls)", c(0xd0, 0xcf, 0x11, 0xe0), "Save the sheet as CSV (UTF-8)."),
  list("an R object written by saveRDS()", c(0x58, 0x0a), "Give the data frame that readRDS() returns."),
  list("an R object written by saveRDS()", c(0x41, 0x0a, 0x33), "Give the data frame that readRDS() returns."),
  list("an R workspace written by save()", c(0x52, 0x44, 0x58), "load() it and give the data frame."),
  list("a text in UTF-32", c(0xff, 0xfe, 0x00, 0x00), "Save it as UTF-8, for example with iconv -f utf-32 -t utf-8."),
  list(
    "a text in UTF-16", c(0xff, 0xfe),
    "Say encoding = \"UTF-16\" where the function has that argument, or save it as UTF-8: iconv -f utf-16 -t utf-8."
  ),
  list(
    "a text in UTF-16", c(0xfe, 0xff),
    "Say encoding = \"UTF-16\" where the function has that argument, or save it as UTF-8: iconv -f utf-16 -t utf-8."
  ),
  list("a Parquet file", c(0x50, 0x41, 0x52, 0x31), "Read it with arrow::read_parquet() and give the data frame."),
  list(
    "an Arrow or Feather file", c(0x41, 0x52, 0x52, 0x4f, 0x57, 0x31),
    "Read it with arrow::read_feather() and give the data frame."
  ),
  list("an HDF5 file", c(0x89, 0x48, 0x44, 0x46), "Write the table it holds as text."),
  list("a Stata file", charToRaw("<stata_dta>"), "Read it with haven::read_dta() and give the data frame."),
  list("an SPSS file", charToRaw("$FL2"), "Read it with haven::read_sav() and give the data frame."),
  list("a PDF", charToRaw("%PDF"), "Give the table as text."),
  list("a PLINK bed or pgen file", c(0x6c, 0x1b), "Give the text table, or the prefix as `bfile`."),
  list("a VCF file", charToRaw("##fileformat=VCF"), "Convert it with plink2 --vcf <file> --make-bed --out <prefix>.")
)

# wide: two or four bytes a letter are as they should be.
check_kind <- function(bytes, path, arg, wide = FALSE, vcf = FALSE) {
  for (kind in foreign_kinds) {
    if (vcf && kind[[1]] == "a VCF file") next
    if (wide && grepl("UTF-(16|32)", kind[[1]])) next
    if (starts_with(bytes, kind[[2]])) abort_kind(kind[[1]], kind[[3]], path, arg)
  }
  page <- c("<!doctype", "<html", "<?xml")
  top <- utils::head(bytes, 64)
  if (!any(top == 0)) {
    top <- chartr("DOCTYPEHML", "doctypehml", rawToChar(top[top < 0x80]))
    if (any(startsWith(trimws(top), page))) {
      abort_kind("a web page or XML", "Was it downloaded without logging in? Get the table itself.", path, arg)
    }
  }
  # UTF-16 without a mark: every second byte of plain letters is zero.
  if (wide) return(invisible())
  half <- utils::head(bytes, 200)
  if (length(half) >= 8 && (all(half[c(FALSE, TRUE)] == 0) || all(half[c(TRUE, FALSE)] == 0))) {
    abort_kind(
      "a text in UTF-16",
      "Say encoding = \"UTF-16\" where the function has that argument, or save it as UTF-8: iconv -f utf-16 -t utf-8.",
      path, arg
    )
  }
}

abort_kind <- function(kind, remedy, path, arg) {
  abort(sprintf(
    "`%s`: %s is %s, not a text table.", arg, path, kind
  ), c("latentmr_error_format", "latentmr_error_file"),
        argument = arg, hint = remedy)
}
