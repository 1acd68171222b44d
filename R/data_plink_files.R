# From a prefix to the three files of a PLINK file set, read and checked.

# `abort()` for a file: every such error has the class latentmr_error_file.
abort_file <- function(message, hint = NULL, class = NULL, ...) {
  abort(message, c(class, "latentmr_error_file"), hint = hint, ...)
}

# The prefix as typed, with or without .bed, as an absolute path.
plink_prefix <- function(prefix) {
  if (!file.exists(paste0(prefix, ".bed"))) prefix <- sub("[.](bed|bim|fam)$", "", prefix)
  folder <- dirname(path.expand(prefix))
  if (!dir.exists(folder)) {
    abort_file(sprintf(
      "There is no folder '%s' (for `prefix` \"%s\").", folder, prefix
    ), class = "latentmr_error_file_missing",
               hint = "Give the path and the common start of the .bed, .bim and .fam files.")
  }
  file.path(normalizePath(folder, winslash = "/"), basename(prefix))
}

check_plink_files <- function(prefix) {
  files <- paste0(prefix, c(".bed", ".bim", ".fam"))
  there <- file.exists(files)
  if (all(there)) return(files)
  folder <- if (dir.exists(prefix)) prefix else dirname(prefix)
  near <- sort(sub("[.]bed$", "", dir(folder, "[.]bed$")))
  convert <- convert_hint(prefix)
  hint <- if (!is.null(convert)) {
    convert
  } else if (any(there)) {
    sprintf("%s there: the three files of a set have the same name but for the ending.",
            if (sum(there) == 1) paste0("'", basename(files[there]), "' is") else "The other two are")
  } else if (file.exists(paste0(prefix, ".pgen"))) {
    sprintf(
      "There is a PLINK 2 file set: read_pgen(\"%s\") reads it, or convert it with plink2 --pfile %s --make-bed --out %s.",
      basename(prefix), basename(prefix), basename(prefix)
    )
  } else if (length(near)) {
    paste0("File sets in '", folder, "': ", quote_all(near, 5), ".")
  } else {
    "Give the path and the common start of the .bed, .bim and .fam files."
  }
  abort_file(sprintf("There is no file '%s'.", files[!there][1]), hint, "latentmr_error_file_missing")
}

# How files of other formats become a set.
convert_hint <- function(prefix) {
  name <- basename(prefix)
  option <- c(
    "[.]vcf([.]b?gz)?$" = "--vcf %s", "[.]bcf([.]gz)?$" = "--bcf %s", "[.](pgen|pvar|psam)$" = "--pfile %s",
    "[.]bgen$" = "--bgen %s ref-first", "[.](ped|map)$" = "--pedmap %s", "[.]gds$" = NA, "[.]raw$" = NA
  )
  at <- which(vapply(names(option), grepl, NA, lower(name)))
  if (!length(at)) return(NULL)
  out <- substr(name, 1, regexpr(names(option)[at], lower(name)) - 1)
  if (is.na(option[at])) {
    return(if (endsWith(lower(name), ".raw")) {
      sprintf("A .raw table goes to mr_data(\"%s\", ...), which reads its identifiers as text.", name)
    } else {
      sprintf("Convert it: SNPRelate::snpgdsGDS2BED(\"%s\", \"%s\").", name, out)
    })
  }
  given <- if (grepl("pfile|pedmap", option[at])) out else name
  plink2 <- paste("plink2", sprintf(option[at], given))
  to_set <- sprintf("Convert it to a PLINK 1 file set: %s --make-bed --out %s. Then give \"%s\".", plink2, out, out)
  if (grepl("map", option[at])) return(to_set)
  sprintf("%s For dosages: %s --export A --out %s, and mr_data(\"%s.raw\", ...).", to_set, plink2, out, out)
}

read_bim <- function(path) as_frame(.Call(C_ffi_read_bim, path))
read_fam <- function(path) check_repeated_samples(as_frame(.Call(C_ffi_read_fam, path)), path, "lines %d and %d")

# Ids name one person, but for those who withdrew. `places`: how two of them are said; `above`: lines
# of the file above the first.
check_repeated_samples <- function(samples, path, places, above = 0L) {
  if (!anyDuplicated(samples$iid)) return(samples)
  gone <- withdrawn_samples(samples)
  again <- which(duplicated(samples[c("fid", "iid")]) & !gone)
  if (length(again)) {
    second <- again[1]
    first <- which(samples$fid == samples$fid[second] & samples$iid == samples$iid[second])[1]
    abort_file(
      sprintf(
        "'%s' has the sample \"%s %s\" in %s.", path, samples$fid[second], samples$iid[second],
        sprintf(places, first + above, second + above)
      ),
      "Family and individual id together must name one sample: rename or remove one of them.", "latentmr_error_format"
    )
  }
  if (any(gone)) {
    inform(sprintf("%s of '%s' have a negative number several samples share (\"%s\"): taken as withdrawn, they match nobody.",
                   plural(sum(gone), "sample"), path, samples$iid[gone][1]), "latentmr_message_withdrawn")
  }
  samples
}

# UK Biobank numbers those who withdrew -1, -2, ..., the same number several times.
withdrawn_samples <- function(samples) {
  negative <- grepl("^-[0-9]+$", samples$iid)
  negative & samples$iid %in% samples$iid[negative][duplicated(samples$iid[negative])]
}

# One file set: list(files = one row, samples, variants).
read_plink_set <- function(prefix) {
  paths <- check_plink_files(prefix)
  variants <- read_bim(paths[2])
  samples <- read_fam(paths[3])
  opened <- .Call(C_ffi_bed_open, paths[1], nrow(samples), nrow(variants))
  if (opened$looked >= 100 && opened$unset == opened$looked) {
    warn(
      sprintf("The last sample of '%s', \"%s %s\", has two copies of the effect allele in all %s variants looked at.", paths[3],
              utils::tail(samples$fid, 1), utils::tail(samples$iid, 1), big(opened$looked)),
      "latentmr_warning_samples",
      hint = "That is also what a fam file with a line too many shows: compare the three files with their source."
    )
  }
  files <- data.frame(
    bed = paths[1], bim = paths[2], fam = paths[3], size = opened$size, mtime = opened$mtime,
    first = 1L, variants = nrow(variants), sum = content_sum(paths[1], opened$size)
  )
  list(files = files, samples = samples, variants = variants)
}

# A sum over all bytes, of files that take no time to read twice: a copy of the file that was opened is that file.
summed_bytes <- 2^28
content_sum <- function(path, size) if (size <= summed_bytes) unname(tools::md5sum(path)) else NA_character_

# The bed files of an object as the core wants them. One that was written again with what it
# held before (copied, restored) goes under its new time; whatever else changed is the core's to refuse.
opened_files <- function(bed) {
  files <- bed$files
  now <- file.info(files$bed, extra_cols = FALSE)
  again <- which(now$size == files$size & abs(as.numeric(now$mtime) - files$mtime) > 1e-6 & !is.na(files[["sum"]]))
  for (f in again) {
    opened <- .Call(C_ffi_bed_open, files$bed[f], nrow(bed$samples), files$variants[f])
    if (identical(content_sum(files$bed[f], opened$size), files$sum[f])) files$mtime[f] <- opened$mtime
  }
  as.list(files[c("bed", "size", "mtime", "variants")])
}

check_same_samples <- function(set, first) {
  ours <- set$samples
  theirs <- first$samples
  hint <- "File sets read together hold the same samples in the same order: make them so with plink --keep and --indiv-sort."
  if (nrow(ours) != nrow(theirs)) {
    abort_file(sprintf("'%s' has %s, '%s' has %s.", set$files$fam, plural(nrow(ours), "sample"), first$files$fam,
                       plural(nrow(theirs), "sample")), hint, "latentmr_error_samples")
  }
  differs <- which(ours$fid != theirs$fid | ours$iid != theirs$iid)
  if (!length(differs)) return(invisible())
  i <- differs[1]
  abort_file(
    sprintf("Line %d of '%s' is the sample \"%s %s\", of '%s' it is \"%s %s\" (%s).", i, set$files$fam,
            ours$fid[i], ours$iid[i], first$files$fam, theirs$fid[i], theirs$iid[i],
            if (length(differs) == 1) "the only difference" else paste(big(length(differs)), "lines differ")),
    hint, "latentmr_error_samples"
  )
}

# Repeated ids get their alleles, those without a name their place; what is then
# still repeated is numbered.
name_variants <- function(variants) {
  old <- variants$snp
  if (!anyDuplicated(old) && !"." %in% old) return(variants)
  variants <- unique_variant_names(variants)$variants
  changed <- which(variants$snp != old)
  if (length(changed)) {
    inform(sprintf(
      "%s without an id of %s own named by place and alleles, such as \"%s\" (was \"%s\").",
      plural(length(changed), "variant"), if (length(changed) == 1) "its" else "their", variants$snp[changed[1]],
      old[changed[1]]
    ), "latentmr_message_names")
  }
  variants
}

# A list of equally long columns as a data frame, without the cost of checks.
as_frame <- function(columns) {
  structure(columns, class = "data.frame", row.names = .set_row_names(length(columns[[1]])))
}
