# What formats of files with dosages have in common (class `genotype_files`, over `genotypes`): a
# table of files, samples, variants, and `at`, where each variant stands in its file. `rows` and `cols`
# are positions in the whole, NULL for all. A format adds decode(), and scan() and bits() where
# it can do better than through doubles.

genotype_files <- function(files, samples, variants, at, class, left_out = integer()) {
  structure(
    list(files = files, people = samples, table = variants, at = at, left_out = left_out, rows = NULL, cols = NULL),
    class = c(class, "genotype_files", "genotypes")
  )
}

file_rows <- function(x, rows = NULL) at_positions(x$rows, rows, nrow(x$people))
file_cols <- function(x, cols = NULL) at_positions(x$cols, cols, nrow(x$table))

#' @export
dim.genotype_files <- function(x) {
  if (!is.list(x) || !is.data.frame(x$people) || !is.data.frame(x$table)) check_made(x)
  c(length(file_rows(x)), length(file_cols(x)))
}

#' @export
variants.genotype_files <- function(x, ...) {
  check_dots(...)
  check_made(x)
  part_of(x$table, x$cols)
}

#' @export
samples.genotype_files <- function(x, ...) {
  check_dots(...)
  check_made(x)
  part_of(x$people, x$rows)
}

part_of <- function(table, at) if (is.null(at)) table else table[at, , drop = FALSE]

pick.genotype_files <- function(x, rows = NULL, cols = NULL) {
  if (!is.null(rows)) x$rows <- file_rows(x, rows)
  if (!is.null(cols)) x$cols <- file_cols(x, cols)
  x
}

#' @export
dimnames.genotype_files <- function(x) {
  check_made(x)
  names_of_files(x)
}

# Of an object that was looked at.
names_of_files <- function(x) list(sample_names(part_of(x$people, x$rows)), part_of(x$table, x$cols)$snp)

#' @export
as.matrix.genotype_files <- function(x, ...) {
  check_dots(...)
  check_made(x)
  dosage_matrix(x, NULL, NULL)
}

#' @export
`[.genotype_files` <- function(x, i, j, ..., drop = TRUE) {
  check_dots(...)
  check_made(x)
  check_flag(drop, "drop")
  if (!missing(i) && missing(j) && nargs() - (!missing(drop)) < 3) {
    abort_argument("i", "one of two indices", "the only one",
                   "Samples are rows and variants are columns: x[i, ] or x[, j].")
  }
  names <- dimnames(x)
  rows <- if (!missing(i)) as_positions(i, dim(x)[1], names[[1]], "i", "sample")
  cols <- if (!missing(j)) as_positions(j, dim(x)[2], names[[2]], "j", "variant")
  out <- dosage_matrix(x, rows, cols)
  if (drop) drop(out) else out
}

dosage_matrix <- function(x, rows, cols) {
  size <- dim(x)
  if (!is.null(rows)) size[1] <- length(rows)
  if (!is.null(cols)) size[2] <- length(cols)
  check_matrix_memory(size[1], size[2], 8)
  out <- decode(x, cols, rows)
  names <- names_of_files(x)
  if (!is.null(rows)) names[[1]] <- names[[1]][rows]
  if (!is.null(cols)) names[[2]] <- names[[2]][cols]
  dimnames(out) <- names
  out
}

#' @export
print.genotype_files <- function(x, ...) {
  check_dots(...)
  check_made(x)
  size <- dim(x)
  names <- dimnames(x)
  some <- utils::head(variants(x), 4)
  alleles <- sprintf("%s counts %s (other %s)", some$snp, some$effect_allele, some$other_allele)
  more <- nrow(x$files) - 1
  lines <- c(
    sprintf("<%s> %s x %s, read when asked for", class(x)[1], plural(size[1], "sample"), plural(size[2], "variant")),
    sprintf("files:    %s%s (%s)", x$files$path[1], if (more) paste(" and", plural(more, "more file")) else "",
            format_bytes(sum(x$files$size))),
    paste0("dosage:   copies of the effect allele (", counted_words(x), "), 0 to 2"),
    paste("samples: ", first_few(names[[1]])),
    paste("variants:", first_few(alleles, 3)),
    left_out_words(x$left_out),
    paste("memory:  ", format_bytes(8 * size[1] * as.numeric(size[2])), "by as.matrix()")
  )
  cat(lines, sep = "\n")
  invisible(x)
}

counted_words <- function(x) UseMethod("counted_words")

# c(reason = number): what the file has and the object has not.
left_out_words <- function(left_out) {
  left_out <- left_out[left_out > 0]
  if (length(left_out)) paste("left out:", paste(big(left_out), names(left_out), collapse = ", "))
}

# ---- in parts ----

# Positions of the variants that are decoded together: 64 MB of doubles.
column_parts <- function(x, rows, values = 2^23) {
  p <- dim(x)[2]
  width <- max(1, floor(values / max(1, length(rows))))
  split(seq_len(p), (seq_len(p) - 1) %/% width)
}

# The scan of a format that only decodes, a part after the other.
scan.genotype_files <- function(x, rows, environment) scan_in_parts(x, rows, environment, column_parts(x, rows))

scan_in_parts <- function(x, rows, environment, cols) {
  parts <- lapply(cols, function(cols) {
    .Call(C_ffi_variant_scan, decode(x, cols, rows), seq_along(rows), as.integer(environment), nlevels(environment))
  })
  out <- lapply(stats::setNames(nm = setdiff(names(parts[[1]]), "inf")), function(name) {
    do.call(if (is.matrix(parts[[1]][[name]])) rbind else c, unname(lapply(parts, `[[`, name)))
  })
  infinite <- which(vapply(parts, function(part) part$inf[1] > 0, NA))
  out$inf <- c(0L, 0L)
  if (length(infinite)) out$inf <- parts[[infinite[1]]]$inf + c(0L, cols[[infinite[1]]][1] - 1L)
  out
}

words.genotype_files <- function(x) paste("read when needed from", plural(nrow(x$files), "file"))

# ---- opening ----

# What identifies a file that was opened.
file_identity <- function(path, size, mtime) {
  data.frame(path = path, size = size, mtime = mtime, sum = content_sum(path, size))
}

# The path of a file that is there.
genotype_path <- function(path, what, hint) {
  if (dir.exists(path)) {
    abort_file(
      sprintf("'%s' is a folder.", path), sprintf("Give the path of the %s file.", what), "latentmr_error_file_missing"
    )
  }
  if (!file.exists(path)) {
    near <- sort(dir(dirname(path), paste0("[.]", what, "$")))
    abort_file(
      sprintf("There is no file '%s'.", path),
      if (length(near)) sprintf("Files in '%s': %s.", dirname(path), quote_all(near, 5)) else hint,
      "latentmr_error_file_missing"
    )
  }
  normalizePath(path, winslash = "/")
}

# The same file under another time is that file when its bytes are those that were opened.
same_content <- function(files, f, now) {
  isTRUE(now$size == files$size[f]) && !is.na(files$sum[f]) &&
    identical(content_sum(files$path[f], files$size[f]), files$sum[f])
}

# Sets of several files hold the same people: the ids decide.
check_same_people <- function(sets) {
  first <- sets[[1]]
  for (set in sets[-1]) {
    hint <- "Files read together hold the same samples in the same order: make them so with plink2 --keep and --indiv-sort."
    if (nrow(set$samples) != nrow(first$samples)) {
      abort_file(
        sprintf("'%s' has %s, '%s' has %s.", set$files$path, plural(nrow(set$samples), "sample"), first$files$path,
                plural(nrow(first$samples), "sample")), hint, "latentmr_error_samples"
      )
    }
    differs <- which(set$samples$fid != first$samples$fid | set$samples$iid != first$samples$iid)
    if (length(differs)) {
      i <- differs[1]
      abort_file(
        sprintf("Sample %d of '%s' is \"%s\", of '%s' it is \"%s\" (%s).", i, set$files$path, set$samples$iid[i],
                first$files$path, first$samples$iid[i], if (length(differs) == 1) {
                  "the only difference"
                } else {
                  paste(big(length(differs)), "samples differ")
                }), hint, "latentmr_error_samples"
      )
    }
  }
}

# One object of the sets of several files, each list(files, samples, variants, at, left_out).
join_sets <- function(sets, class) {
  check_same_people(sets)
  bind <- function(name) as.data.frame(data.table::rbindlist(lapply(sets, `[[`, name)))
  left_out <- unlist(lapply(sets, `[[`, "left_out"))
  at <- bind("at")
  at$file <- rep(seq_along(sets), vapply(sets, function(set) nrow(set$variants), 1L))
  genotype_files(
    bind("files"), sets[[1]]$samples, equal_alleles(name_variants(bind("variants"))), at, class,
    if (length(left_out)) tapply(left_out, names(left_out), sum)[unique(names(left_out))] else integer()
  )
}

joined_files <- function(sets, class) {
  out <- join_sets(sets, class)
  if (!nrow(out$table)) {
    abort_file("The files have no variant of two alleles.", "Say multiallelic = \"split\".", "latentmr_error_format")
  }
  left <- left_out_words(out$left_out)
  if (!is.null(left)) inform(sprintf("`path`: %s.", left), "latentmr_message_variants")
  out
}

# ---- variants by name ----

# Names are ids of the file, or those that variants without an id of their own are given (name_variants()):
# id:other:effect and chr:pos:other:effect. What of the second kind could stand behind: list(id, pos).
name_parts <- function(wanted) {
  pattern <- "^(.+):[^:]+:[^:]+$"
  id <- sub(pattern, "\\1", wanted[grepl(pattern, wanted)])
  place <- "^[^:]+:([0-9]+)$"
  list(id = id, pos = as.numeric(sub(place, "\\1", id[grepl(place, id)])))
}

long_names <- function(variants) {
  blank <- is.na(variants$snp) | variants$snp %in% c("", ".")
  id <- ifelse(blank, paste(variants$chr, number_strings(variants$pos), sep = ":"), variants$snp)
  make.unique(paste(id, variants$other_allele, variants$effect_allele, sep = ":"), sep = "_")
}

# `wanted`: names to read, NULL for all. Which variants of a file may be among them, before alleles are looked at;
# `pos`: a function that gives positions of some.
wanted_variants <- function(wanted, ids, pos) {
  if (is.null(wanted)) return(seq_along(ids))
  parts <- name_parts(wanted)
  keep <- ids %in% c(wanted, parts$id)
  blank <- which(is.na(ids) | ids %in% c("", "."))
  if (length(parts$pos) && length(blank)) keep[blank] <- keep[blank] | pos(blank) %in% parts$pos
  which(keep)
}

# Of variants whose alleles are known those that are wanted; what was asked for by the long name has it.
pick_wanted <- function(resolved, wanted) {
  if (is.null(wanted)) return(resolved)
  long <- long_names(resolved$variants)
  by_id <- resolved$variants$snp %in% wanted
  by_long <- long %in% wanted
  resolved$found <- c(resolved$found, long)
  resolved$variants$snp[by_long & !by_id] <- long[by_long & !by_id]
  keep <- which(by_id | by_long)
  for (name in c("variants", "at")) {
    resolved[[name]] <- resolved[[name]][keep, , drop = FALSE]
    rownames(resolved[[name]]) <- NULL
  }
  resolved
}

# Of all files together: names that none has are shown, and none at all is an error.
check_wanted <- function(wanted, found) {
  if (is.null(wanted)) return(invisible())
  absent <- setdiff(wanted, unlist(found))
  if (length(absent) == length(unique(wanted))) {
    abort(
      sprintf("None of the %s in `variants` is in the files.", plural(length(unique(wanted)), "name")),
      c("latentmr_error_variants", "latentmr_error_argument"), argument = "variants", variants = absent,
      hint = sprintf("The first are %s. Variant names are compared as they are written.", quote_all(absent, 3))
    )
  }
  if (length(absent)) {
    warn(
      sprintf("%s in `variants` that the files do not have, such as %s.", plural(length(absent), "name"),
              quote_all(absent, 3)),
      "latentmr_warning_variants", variants = absent
    )
  }
}

check_variant_names <- function(variants) {
  hint <- if (is.factor(variants)) {
    "as.character() makes names of it."
  } else if (is.numeric(variants)) {
    "Names are taken here; positions by x[, j] of what is read."
  } else if (is.list(variants)) {
    "Give its column of names."
  } else if (is.character(variants) && !length(variants)) {
    "NULL reads all."
  }
  check_strings(variants, "variants", null = TRUE, hint = hint)
}

# Two equal alleles tell nothing of which is counted.
equal_alleles <- function(variants) {
  same <- which(variants$effect_allele == variants$other_allele)
  if (!length(same)) return(variants)
  inform(
    sprintf(
      "%s with two equal alleles, such as \"%s\" (%s and %s): which one is counted is not known, and they are taken as unknown.",
      plural(length(same), "variant"), variants$snp[same[1]], variants$effect_allele[same[1]],
      variants$other_allele[same[1]]
    ), "latentmr_message_variants"
  )
  variants[same, c("effect_allele", "other_allele")] <- NA_character_
  variants
}

# ---- paths ----

check_paths <- function(path) {
  if (!is.character(path) || !length(path) || anyNA(path) || !all(nzchar(path))) {
    hint <- if (inherits(path, c("plink_bed", "genotypes"))) {
      "It is open already: give it to mr_data() or read_mr_data() as it is."
    } else if (is.matrix(path) || is.data.frame(path) || inherits(path, "mr_data")) {
      "Genotypes in memory go to mr_data() as they are."
    }
    abort_argument("path", "the path of a file, or of several, as text", describe(path), hint)
  }
  if (anyDuplicated(path)) abort_argument("path", "different files", sprintf("\"%s\" twice", path[anyDuplicated(path)]))
}

# A file of another format, given to the reader of one.
refuse_other_format <- function(path, own) {
  if (dir.exists(path) || !file.exists(path)) return(invisible())
  kind <- content_kind(path)
  readers <- c(bed = "read_plink()", pgen = "read_pgen()", bgen = "read_bgen()", raw = "read_genotypes()")
  if (is.na(kind) || kind == own) return(invisible())
  if (!kind %in% names(readers)) abort_foreign(kind, path)
  words <- c(
    bed = "a bed file of PLINK 1", pgen = "a pgen file of PLINK 2", bgen = "a BGEN file", raw = "a .raw table of PLINK"
  )
  abort_file(
    sprintf("'%s' is %s.", path, words[[kind]]),
    sprintf("It is read by %s; read_genotypes() knows all formats.", readers[[kind]]),
    "latentmr_error_format"
  )
}
