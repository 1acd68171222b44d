#' Dosages from BGEN files
#'
#' Opens one or several BGEN files (layout 2: versions 1.2 and 1.3) as one table of samples by variants.
#' Nothing is decoded before it is asked for and no file stays open: the object can be saved, and used
#' again as long as the files are where they were. It goes where an object of [read_plink()] goes:
#' [read_mr_data()], [mr_data()], `background`.
#'
#' @param path Path of a `.bgen` file, or of several (one per chromosome), which hold the same samples in
#'   the same order.
#' @param sample Path of the `.sample` file, one for all files or one for each. `NULL` takes the file of the
#'   same name beside a BGEN file, where there is one; `FALSE` takes none.
#' @param index Path of the index (`.bgi`, made by bgenix), one for each file. `NULL` takes `<path>.bgi`
#'   where it is and RSQLite is installed; without an index the file is gone through once. `FALSE` takes none. What an
#'   index says of its variants is compared with the file (of 5,000, spread over it, where there are more).
#' @param variants Names of the variants to read, or `NULL`: all. A name is the rsid, or what a variant without an id of
#'   its own is called here (`rs2:C:T`, `1:500:T:C`: other and effect allele). With an index only these are looked up.
#' @param multiallelic What becomes of variants of more than two alleles: `"refuse"` (an error), `"leave_out"`
#'   (counted and said) or `"split"`: one variant for each allele but the first, which counts its copies.
#'
#' @section What is counted:
#' The expected copies of the second allele (0 to 2): `effect_allele`; the first is `other_allele`. In the files of
#' UK Biobank, and those that `plink2 --export bgen-1.2 ref-first` writes, the first allele is the reference (without
#' `ref-first` plink2
#' writes it last: look at `variants()`).
#' Dosages are exact: a whole number over \eqn{2^B - 1}, where \eqn{B} (1 to 32) is the number of bits of the file. Phased
#' genotypes count the second allele on both haplotypes. One copy (X in men) is taken twice, as in PLINK's files;
#' people without a copy, and genotypes that the file flags as missing, are `NA`. More than two copies are an error.
#'
#' @section Names:
#' Identifiers are those of the `.sample` file (columns 1 and 2; its `sex`: 1 male, 2 female), else those in the
#' BGEN file; where both are there, they must agree. Variants are named by rsid, under the rules of [read_plink()].
#' Chromosomes are written one way, `1`, not `01` or `chr1`: BGEN file and index may differ.
#'
#' @section Compression:
#' zlib is always read, in about half the time where libdeflate was there when the package was installed (Debian:
#' `libdeflate-dev`). zstd is read when libzstd was there when the package was installed (Debian:
#' `libzstd-dev`); else the error has the command that writes the file again:
#' `plink2 --bgen x.bgen ref-first --sample x.sample --export bgen-1.2 ref-first bits=8 --out y`.
#'
#' @section Errors:
#' As [read_plink()]: `latentmr_error_file_missing`, `latentmr_error_io`, `latentmr_error_format` (not a BGEN file, layout 1,
#' damaged, changed since it was opened, index of another file), `latentmr_error_samples` (no identifiers, or those of two
#' files differ), `latentmr_error_variants` (no variant of `variants` is there), `latentmr_error_package` (an
#' `index` without RSQLite), `latentmr_error_memory`, `latentmr_error_argument`.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `genotype_bgen` with methods for `dim()`, `dimnames()`, `[`, `as.matrix()` (doubles, missing
#'   `NA`), [variants()] and [samples()].
#' @source Format: <https://www.chg.ox.ac.uk/~gav/bgen_format/spec/latest.html>.
#' @seealso [read_genotypes()], which knows a format by its content; `vignette("genotypes")` for VCF, BCF and Hail.
#' @examples
#' path <- system.file("extdata", "small.bgen", package = "LatentMR")
#' bgen <- read_bgen(path)
#' bgen
#' bgen[1:3, ]
#' variants(bgen)
#' @export
read_bgen <- function(path, sample = NULL, index = NULL, variants = NULL, multiallelic = "refuse", ...) {
  check_dots(...)
  check_given("path")
  check_paths(path)
  sample <- beside_files(sample, path, "sample", one_for_all = TRUE)
  index <- beside_files(index, path, "index")
  check_variant_names(variants)
  check_choice(multiallelic, "multiallelic", c("refuse", "leave_out", "split"))
  sets <- lapply(seq_along(path), function(f) read_bgen_file(path[f], sample[[f]], index[[f]], variants, multiallelic))
  check_wanted(variants, lapply(sets, `[[`, "found"))
  out <- joined_files(sets, "genotype_bgen")
  out$files$bits <- vapply(seq_along(path), function(f) {
    first <- match(f, out$at$file)
    if (is.na(first)) NA_integer_ else .Call(C_ffi_bgen_bits, bgen_source(out, first))[1]
  }, 1L)
  out
}

# For each file NULL (look), FALSE (none) or a path.
beside_files <- function(x, path, arg, one_for_all = FALSE) {
  n <- length(path)
  if (is.null(x) || identical(x, FALSE)) return(rep(list(x), n))
  must <- sprintf("%s, NULL or FALSE", if (one_for_all) "a path, or one for each file" else "a path for each file")
  if (!is.character(x) || anyNA(x) || !(length(x) == n || one_for_all && length(x) == 1)) {
    abort_argument(arg, must, describe(x))
  }
  as.list(rep_len(x, n))
}

# list(files, samples, variants, at, left_out, found: names of `wanted`).
read_bgen_file <- function(path, sample, index, wanted, multiallelic) {
  path <- genotype_path(path, "bgen", "Give the path of the .bgen file.")
  refuse_other_format(path, "bgen")
  opened <- .Call(C_ffi_bgen_open, path)
  if (opened$packing == 2 && !.Call(C_ffi_bgen_zstd)) abort_zstd(path)
  opened$path <- path
  samples <- bgen_samples(opened, sample)
  index <- find_index(index, path)
  table <- if (is.null(index)) bgen_table(opened, wanted) else indexed_table(index, opened, wanted)
  table <- pick_wanted(resolve_alleles(table, path, multiallelic), wanted)
  list(
    files = file_identity(path, opened$size, opened$mtime), samples = samples, left_out = table$left_out,
    variants = table$variants, at = table$at, found = table$found
  )
}

abort_zstd <- function(path) {
  abort_file(
    sprintf("'%s' is packed by zstd, which LatentMR was built without.", path),
    sprintf("Write it again: plink2 --bgen %s ref-first --sample <sample file> --export bgen-1.2 ref-first bits=8 --out <new name>. Or install libzstd (Debian: libzstd-dev) and LatentMR again.",
            basename(path)),
    "latentmr_error_format"
  )
}

# ---- variants ----

bgen_variants <- function(opened, starts = NULL) {
  .Call(C_ffi_bgen_variants, opened[c("path", "size", "mtime", "samples")], starts)
}

# From the file itself: columns of C_ffi_bgen_variants.
bgen_table <- function(opened, wanted) {
  all <- bgen_variants(opened)
  keep <- wanted_variants(wanted, all$rsid, function(at) all$pos[at])
  lapply(all, `[`, keep)
}

# One row for each variant of two alleles, or each further allele of others. `places`: the columns that say
# where a variant is.
resolve_alleles <- function(table, path, multiallelic, places = c("start", "bytes", "pos")) {
  many <- which(table$alleles > 2)
  left_out <- integer()
  found <- table$rsid
  if (length(many)) {
    if (multiallelic == "refuse") abort_multiallelic(table, many, path)
    if (multiallelic == "split" && any(table$alleles > 32)) {
      abort_file(
        sprintf("'%s' has a variant of %s alleles, more than the 32 that are read.", path, big(max(table$alleles))),
        "Say multiallelic = \"leave_out\".", "latentmr_error_format"
      )
    }
    if (multiallelic == "leave_out") {
      table <- lapply(table[names(table) != "all"], `[`, -many)
      left_out <- c("of more than two alleles" = length(many))
    }
  }
  times <- table$alleles - 1L
  row <- rep(seq_along(times), times)
  allele <- sequence(times)
  effect <- table$second[row]
  more <- which(times[row] > 1)
  effect[more] <- vapply(more, function(k) table$more[[row[k]]][allele[k] + 1L], "")
  snp <- table$rsid[row]
  snp[is.na(snp)] <- "."
  pos <- table$pos[row]
  list(
    variants = data.frame(
      snp = snp, chr = plain_chromosome(table$chr[row]),
      pos = if (all(pos <= .Machine$integer.max)) as.integer(pos) else pos,
      effect_allele = effect, other_allele = table$first[row]
    ),
    at = data.frame(
      file = rep(1L, length(row)), lapply(table[places], `[`, row), alleles = table$alleles[row], allele = allele
    ),
    left_out = left_out, found = found
  )
}

abort_multiallelic <- function(table, many, path) {
  first <- many[1]
  abort_file(
    sprintf("'%s' has %s of more than two alleles, such as \"%s\" (%s of them).", path, plural(length(many), "variant"),
            table$rsid[first], big(table$alleles[first])),
    "Say multiallelic = \"split\" (one variant for each further allele) or \"leave_out\".", "latentmr_error_format"
  )
}

# ---- index ----

# The path of an index to use, or NULL.
find_index <- function(index, path) {
  if (identical(index, FALSE)) return(NULL)
  there <- all(vapply(c("DBI", "RSQLite"), requireNamespace, NA, quietly = TRUE))
  if (is.null(index)) {
    index <- paste0(path, ".bgi")
    return(if (there && file.exists(index)) index)
  }
  if (!file.exists(index)) {
    abort_file(
      sprintf("There is no file '%s'.", index), "Say index = FALSE to go without one.", "latentmr_error_file_missing"
    )
  }
  if (there) return(index)
  abort("An index (.bgi) is read by the package RSQLite, which is not installed.", "latentmr_error_package",
        hint = "install.packages(\"RSQLite\"), or index = FALSE: the file is gone through once.")
}

# The same columns from the index; alleles beyond the second from the file.
indexed_table <- function(index, opened, wanted) {
  found <- tryCatch(query_index(index, wanted), error = function(e) {
    abort_index(index, opened, sprintf("it cannot be read (%s)", conditionMessage(e)))
  })
  check_index(found, index, opened, wanted)
  rows <- found$rows
  keep <- wanted_variants(wanted, rows$rsid, function(at) rows$position[at])
  rows <- rows[keep, , drop = FALSE]
  rows <- rows[order(rows$file_start_position), , drop = FALSE]
  text <- function(x) replace(as.character(x), x %in% c("", "."), NA)
  table <- list(
    start = as.numeric(rows$file_start_position), bytes = as.numeric(rows$size_in_bytes), rsid = text(rows$rsid),
    chr = text(rows$chromosome), pos = as.numeric(rows$position), alleles = as.integer(rows$number_of_alleles),
    first = text(rows$allele1), second = text(rows$allele2), more = vector("list", nrow(rows))
  )
  for (name in c("first", "second")) table[[name]][table[[name]] %in% "0"] <- NA
  check_index_rows(table, index, opened)
  many <- which(table$alleles > 2)
  if (length(many)) {
    table$more[many] <- bgen_variants(opened, table$start[many])$more
  }
  table
}

query_index <- function(index, wanted) {
  base <- DBI::dbConnect(RSQLite::SQLite(), index, flags = RSQLite::SQLITE_RO, bigint = "numeric", synchronous = NULL)
  on.exit(DBI::dbDisconnect(base))
  columns <- paste("SELECT chromosome, position, rsid, number_of_alleles, allele1, allele2, file_start_position,",
                   "size_in_bytes FROM Variant")
  rows <- if (is.null(wanted)) {
    DBI::dbGetQuery(base, columns)
  } else {
    parts <- name_parts(wanted)
    unique(rbind(
      query_where(base, columns, "rsid", unique(c(wanted, parts$id))),
      query_where(base, columns, "position", unique(parts$pos))
    ))
  }
  meta <- if (DBI::dbExistsTable(base, "Metadata")) DBI::dbGetQuery(base, "SELECT file_size FROM Metadata")
  list(rows = rows, size = meta$file_size)
}

# Rows whose column is among `values`, by 500.
query_where <- function(base, columns, name, values) {
  parts <- split(values, (seq_along(values) - 1) %/% 500)
  do.call(rbind, lapply(unname(parts), function(part) {
    DBI::dbGetQuery(
      base, paste0(columns, " WHERE ", name, " IN (", paste(rep("?", length(part)), collapse = ","), ")"),
      params = as.list(part)
    )
  }))
}

# What the index says stands in the file: of all variants, or of as many as this, spread over them.
index_looks <- 5000

check_index_rows <- function(table, index, opened) {
  n <- length(table$start)
  if (!n) return(invisible())
  at <- unique(round(seq(1, n, length.out = min(n, index_looks))))
  there <- bgen_variants(opened, table$start[at])
  said <- lapply(table[c("rsid", "chr", "pos", "alleles", "first", "second")], `[`, at)
  there <- there[names(said)]
  said$chr <- plain_chromosome(said$chr)
  there$chr <- plain_chromosome(there$chr)
  same <- Reduce(`&`, Map(function(a, b) same_values(as.character(a), as.character(b)), said, there))
  if (all(same)) return(invisible())
  i <- which(!same)[1]
  words <- function(x) {
    sprintf("\"%s\" (%s:%s, %s and %s)", x$rsid[i], x$chr[i], number_strings(x$pos[i]), x$first[i], x$second[i])
  }
  abort_index(
    index, opened, sprintf("it has %s where the file has %s", words(said), words(there))
  )
}

# An index of another file, or an old one, is refused before it is followed.
check_index <- function(found, index, opened, wanted) {
  rows <- found$rows
  if (length(found$size) == 1 && !is.na(found$size) && found$size != opened$size) {
    abort_index(
      index, opened, sprintf("it is of a file of %s bytes, and this one has %s", big(found$size), big(opened$size))
    )
  }
  if (is.null(wanted) && nrow(rows) != opened$variants) {
    abort_index(index, opened, sprintf("it has %s, the file %s", plural(nrow(rows), "variant"), big(opened$variants)))
  }
  number <- function(name, from, to) {
    x <- rows[[name]]
    is.numeric(x) && !anyNA(x) && all(x >= from & x <= to & x == trunc(x))
  }
  is_text <- function(x) all(is.na(x) | validUTF8(as.character(x)))
  good <- !nrow(rows) || number("file_start_position", 20, opened$size) && number("size_in_bytes", 1, opened$size) &&
    number("position", 0, 2^32 - 1) && number("number_of_alleles", 2, 65535) &&
    all(rows$file_start_position + rows$size_in_bytes <= opened$size) &&
    all(vapply(rows[c("rsid", "chromosome", "allele1", "allele2")], is_text, NA))
  if (!good) abort_index(index, opened, "it points to places that the file does not have")
}

abort_index <- function(index, opened, why) {
  abort_file(
    sprintf("The index '%s' does not belong to '%s': %s.", index, basename(opened$path), why),
    "Make it again (bgenix -g <file> -index -clobber), or say index = FALSE: the file is gone through once.",
    "latentmr_error_format"
  )
}

# ---- samples ----

bgen_samples <- function(opened, sample) {
  given <- is.character(sample)
  path <- if (given) sample else if (is.null(sample)) sub("[.][bB][gG][eE][nN]$", ".sample", opened$path)
  own <- opened$ids
  if (given || (!is.null(path) && path != opened$path && file.exists(path))) {
    return(read_sample_file(path, opened, own))
  }
  if (is.null(own)) {
    abort_file(sprintf("'%s' does not say who its %s are.", opened$path, plural(opened$samples, "sample")),
               "Give its .sample file: sample = \"<path>\".", "latentmr_error_samples")
  }
  if (anyNA(own)) {
    abort_file(sprintf("Sample %d of '%s' has no identifier.", which(is.na(own))[1], opened$path),
               "Give its .sample file: sample = \"<path>\".", "latentmr_error_samples")
  }
  check_repeated_samples(data.frame(fid = own, iid = own, sex = NA_integer_), opened$path, "places %d and %d")
}

# Two lines of header: names, and the types of the columns (0 for the first three).
read_sample_file <- function(path, opened, own) {
  if (!file.exists(path)) abort_file(sprintf("There is no file '%s'.", path), NULL, "latentmr_error_file_missing")
  table <- open_text_table(path, "sample", missing = character())
  names <- lower(table$names)
  cells <- table$columns(seq_along(names))
  good <- length(names) && grepl("^#?(id|fid|iid)", names[1]) && table$rows &&
    all(vapply(cells, `[`, "", 1) %in% c("0", "D", "C", "P", "B"))
  if (!good) {
    abort_file(
      sprintf("'%s' is not a .sample file: below the names of its columns (ID_1 ID_2 missing ...) stands a line of types (0 0 0 ...).",
              path), "Write it again: plink2 --export bgen-1.2 makes one.", "latentmr_error_format"
    )
  }
  cells <- stats::setNames(lapply(cells, `[`, -1), names)
  if (table$rows - 1 != opened$samples) {
    abort_file(sprintf("'%s' has %s, '%s' has %s.", path, plural(table$rows - 1, "sample"), opened$path,
                       plural(opened$samples, "sample")),
               "The .sample file belongs to another BGEN file: give the one that came with it.", "latentmr_error_samples")
  }
  second <- length(names) > 1 && grepl("^(id_?2|iid)$", names[2])
  empty <- which(!nzchar(cells[[if (second) 2 else 1]]))
  if (length(empty)) {
    abort_file(sprintf("Line %d of '%s' has no identifier.", empty[1] + 2L, path), "Write the file again.",
               "latentmr_error_format")
  }
  samples <- data.frame(fid = cells[[1]], iid = cells[[if (second) 2 else 1]],
                        sex = sex_of_text(cells[["sex"]], opened$samples))
  check_own_ids(samples, own, path, opened)
  check_repeated_samples(samples, path, "lines %d and %d", 2L)
}

sex_of_text <- function(x, n) {
  if (is.null(x)) return(rep(NA_integer_, n))
  rep(1:2, 3)[match(lower(x), c("1", "2", "m", "f", "male", "female"))]
}

# Where the BGEN file names its samples, they are those of the .sample file, in its order.
check_own_ids <- function(samples, own, path, opened) {
  if (is.null(own) || all(grepl("^(\\(?anonymous_)?sample_[0-9]+\\)?$", own))) return(invisible())
  same <- own == samples$iid | own == samples$fid | own == paste(samples$fid, samples$iid, sep = "_")
  wrong <- which(!same %in% TRUE)
  if (!length(wrong)) return(invisible())
  abort_file(
    sprintf("Sample %d is \"%s\" in '%s' and \"%s\" in '%s' (%s).", wrong[1], own[wrong[1]], opened$path,
            samples$iid[wrong[1]], path,
            if (length(wrong) == 1) "the only difference" else paste(big(length(wrong)), "samples differ")),
    "The .sample file belongs to another BGEN file. sample = FALSE takes the identifiers of the BGEN file.", "latentmr_error_samples"
  )
}

# ---- class genotypes ----

# Variants at positions `cols` as the core reads them.
bgen_source <- function(x, cols = NULL) {
  at <- x$at[file_cols(x, cols), , drop = FALSE]
  files <- opened_bgen(x)
  list(
    bgen = list(path = files$path, size = files$size, mtime = files$mtime), n_samples = nrow(x$people),
    file = at$file - 1L, start = at$start, pos = at$pos, alleles = at$alleles, allele = at$allele,
    most = max(0, at$bytes)
  )
}

opened_bgen <- function(x) {
  files <- x$files
  now <- file.info(files$path, extra_cols = FALSE)
  for (f in which(abs(as.numeric(now$mtime) - files$mtime) > 1e-6)) {
    if (same_content(files, f, now[f, ])) files$mtime[f] <- .Call(C_ffi_bgen_open, files$path[f])$mtime
  }
  files
}

scan.genotype_bgen <- function(x, rows, environment) {
  .Call(C_ffi_variant_scan, bgen_source(x), file_rows(x, rows), as.integer(environment), nlevels(environment))
}

decode.genotype_bgen <- function(x, cols = NULL, rows = NULL) {
  everybody <- is.null(x$rows) && is.null(rows)
  .Call(C_ffi_source_matrix, bgen_source(x, cols), if (!everybody) file_rows(x, rows))
}

bits.genotype_bgen <- function(x, rows) list(source = bgen_source(x), person = file_rows(x, rows) - 1L)

# Up to 14 bits numerators fit two bytes.
numerators.genotype_bgen <- function(x, rows) if (all(x$files$bits %in% 1:14)) bits(x, rows)

counted_words.genotype_bgen <- function(x) "the second of the file"
