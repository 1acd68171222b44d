# GWAS-VCF (Lyon and others 2021): the numbers of one study in the columns FORMAT and <study>;
# and files with a block of columns for each ancestry (Pan-UKB).

vcf_source <- function(bytes, path, label) {
  at <- grepRaw("\n#CHROM", bytes, fixed = TRUE)
  head <- if (length(at)) strsplit(rawToChar(bytes[seq_len(at)]), "\r?\n")[[1]]
  table <- if (length(at)) open_text_bytes(bytes[-seq_len(at)], path, "file", missing = gwas_missing())
  fixed <- c("#CHROM", "POS", "ID", "REF", "ALT", "FORMAT")
  if (is.null(table) || !all(fixed %in% table$names) || !any(grepl("^##FORMAT=<ID=ES,", head))) {
    abort(
      sprintf("`file`: %s is a VCF file without associations (no FORMAT field ES).", path),
      c("latentmr_error_format", "latentmr_error_file"), argument = "file",
      hint = "GWAS-VCF has ES, SE and LP. Genotypes are converted: plink2 --vcf <file> --make-bed --out <prefix>."
    )
  }
  study <- setdiff(seq_along(table$names), seq_len(match("FORMAT", table$names)))
  if (length(study) != 1) {
    abort_gwas(
      sprintf("%s has %s: %s.", label, plural(length(study), "study column"), quote_all(table$names[study])), "study",
      "Cut out one of them: bcftools view -s <study>."
    )
  }
  if (!table$rows) {
    abort_no_rows(path)
  }
  cells <- table$columns(c(match(fixed, table$names), study))
  values <- vcf_values(cells[[6]], cells[[7]])
  columns <- c(stats::setNames(cells[1:5], c("chr", "pos", "snp", "ref", "alt")), values)
  columns$pos <- as.double(columns$pos)
  c(
    list(names = names(columns), rows = table$rows, label = label, format = "GWAS-VCF", name = table$names[study],
         cells = function(at, numbers) unname(columns[at])),
    vcf_study(head)
  )
}

# The fields of the study by variant: named by our columns, those that are there.
vcf_values <- function(format, study) {
  fields <- c(ES = "beta", SE = "se", LP = "lp", AF = "eaf", SS = "n", NC = "ncase", EZ = "z")
  out <- lapply(fields, function(f) rep(NA_character_, length(study)))
  names(out) <- fields
  for (kind in unique(format)) {
    rows <- which(format %in% kind)
    keys <- strsplit(kind, ":", fixed = TRUE)[[1]]
    parts <- data.table::tstrsplit(study[rows], ":", fixed = TRUE, fill = NA)
    for (key in intersect(keys, names(fields))) {
      at <- match(key, keys)
      if (at <= length(parts)) out[[fields[[key]]]][rows] <- parts[[at]]
    }
  }
  out <- lapply(out, function(v) ifelse(v %in% c(".", ""), NA, v))
  out[!vapply(out, function(v) all(is.na(v)), NA)]
}

vcf_study <- function(head) {
  line <- grep("^##SAMPLE=<", head, value = TRUE)[1]
  of <- function(key) {
    hit <- regmatches(line, regexpr(sprintf("[<,]%s=[^,>]+", key), line))
    if (length(hit) && !is.na(line)) sub("^[^=]*=", "", hit)
  }
  number <- function(key) {
    n <- suppressWarnings(as.double(of(key)))
    if (length(n) && is.finite(n) && n > 0) n
  }
  cases <- number("TotalCases")
  list(
    binary = identical(of("StudyType"), "CaseControl"), ncase = cases, ncontrol = number("TotalControls"),
    samplesize = number("TotalSamples")
  )
}

# The ancestries of a wide file: those asked for, else all but the meta-analyses.
wide_environments <- function(names, keep) {
  found <- sub("^beta_", "", grep("^beta_", names, value = TRUE))
  if (is.null(keep)) return(found[!grepl("^meta", found)])
  absent <- setdiff(keep, found)
  if (length(absent)) {
    abort_argument("environment", sprintf("among those of the file, %s", quote_all(found)), quote_all(absent))
  }
  keep
}

# One block of rows for each ancestry.
wide_cells <- function(x, environments, source, of, keep, given, at) {
  blocks <- lapply(environments, function(name) {
    one <- x
    for (field in c("effect_allele", "other_allele")) one[[field]] <- of(field, at[[field]])[keep]
    cell <- function(prefix, field) {
      column <- match(paste0(prefix, "_", name), source$names)
      if (!is.na(column)) of(field, column)[keep]
    }
    one$beta <- cell("beta", "beta")
    one$se <- cell("se", "se")
    one$eaf <- cell("af", "eaf")
    if (is.null(one$eaf)) one$eaf <- cell("af_controls", "eaf")
    one$log10p <- cell("neglog10_pval", "log10p")
    if (is.null(one$log10p)) one <- c(one, wide_pvalues(cell("pval", "pval")))
    one$low_confidence <- cell("low_confidence", "low_confidence")
    own <- given
    own$environment <- name
    own$keep <- NULL
    complete_cells(one, source, NULL, own)
  })
  fields <- unique(unlist(lapply(blocks, names)))
  n <- length(keep)
  stats::setNames(lapply(fields, function(f) {
    unlist(lapply(blocks, function(b) if (is.null(b[[f]])) rep(NA, n) else b[[f]]), use.names = FALSE)
  }), fields)
}

# Older files of Pan-UKB have natural logarithms under the name pval.
wide_pvalues <- function(p) {
  if (is.null(p)) return(NULL)
  if (any(p < 0, na.rm = TRUE)) list(log10p = -p / log(10)) else list(pval = p)
}
