# Where the cells of a table of associations come from: a data frame, a text file, a GWAS-VCF.
# list(names, rows, cells(at, numbers), label), with what else the file says of itself.

# Which traits a harmonised frame is of.
gwas_halves <- function(x) {
  vapply(c("exposure", "outcome"), function(r) any(endsWith(lower(names(x)), paste0("beta.", r))), NA)
}
has_halves <- function(file) is.data.frame(file) && any(gwas_halves(file))

gwas_frame_source <- function(x, role) {
  names <- names(x)
  if (!length(names) || !nrow(x)) {
    abort_no_rows("the data frame")
  }
  x <- plain_columns(x)
  halves <- gwas_halves(x)
  if (all(halves) && is.null(role)) {
    abort_argument("role", "\"exposure\" or \"outcome\" for a frame that has both", "NULL")
  }
  if (any(halves)) {
    role <- if (is.null(role)) names(which(halves)) else role
    other <- setdiff(c("exposure", "outcome"), role)
    keep <- !endsWith(names, paste0(".", other)) & names != other
    x <- x[keep]
    half <- paste0("mr_keep.", role)
    if (all(c(half, "mr_keep") %in% names(x))) x[[half]] <- x[[half]] & x$mr_keep
    x$mr_keep <- if (!half %in% names(x)) x$mr_keep
    names <- names(x)
  }
  list(
    names = names, rows = nrow(x), label = "the data frame",
    cells = function(at, numbers) lapply(at, function(j) x[[j]])
  )
}

abort_no_rows <- function(what) {
  abort(
    sprintf("`file`: %s has no rows.", what), c("latentmr_error_empty", "latentmr_error_argument"), argument = "file"
  )
}

gwas_missing <- function() c(missing_cells, "#NA", "-nan", "None")

gwas_text_source <- function(path, given, encoding) {
  check_file(path, "file")
  bytes <- if (!is.null(given$region)) tabix_bytes(path, given$region)
  if (is.null(bytes)) bytes <- file_text(path, "file", encoding, vcf = TRUE)
  label <- basename(path)
  if (starts_with(bytes, charToRaw("##fileformat=VCF"))) return(vcf_source(bytes, path, label))
  bytes <- without_comments(bytes)
  table <- open_text_bytes(bytes, path, "file", missing = gwas_missing())
  if (!table$rows) {
    abort_no_rows(path)
  }
  c(
    list(names = table$names, rows = table$rows, label = label, cells = table$columns,
         name = sub("[.](gz|bgz|tsv|txt|csv|h|assoc|linear|logistic|regenie|meta|stats)$", "", label)),
    ssf_metadata(path)
  )
}

# Without the lines at the beginning that start with "##".
without_comments <- function(bytes) {
  hash <- charToRaw("##")
  if (!starts_with(bytes, hash)) return(bytes)
  from <- c(0L, which(bytes[seq_len(min(length(bytes), 1e6))] == charToRaw("\n"))) # lines begin behind these
  comment <- vapply(from, function(at) identical(bytes[at + 1:2], hash), NA)
  if (all(comment)) return(raw())
  bytes[-seq_len(from[match(FALSE, comment)])]
}

# The metadata that stand beside a GWAS-SSF file: trait, ancestry, people.
ssf_metadata <- function(path) {
  beside <- c(paste0(path, "-meta.yaml"), paste0(sub("[.]gz$", "", path), "-meta.yaml"))
  beside <- beside[file.exists(beside)]
  if (!length(beside)) return(NULL)
  lines <- strsplit(rawToChar(file_text(beside[1], "file")), "\r?\n")[[1]]
  Encoding(lines) <- "UTF-8"
  of <- function(key) {
    hit <- grep(sprintf("^[ -]*%s *:", key), lines, value = TRUE)
    value <- yaml_text(sub("^[^:]*:", "", hit))
    value[nzchar(value) & !value %in% c("null", "~", "NA", "NR")]
  }
  # A key whose values are the items of a list below it.
  below <- function(key) {
    at <- grep(sprintf("^[ -]*%s *: *$", key), lines)
    unlist(lapply(at, function(i) {
      rest <- lines[-seq_len(i)]
      items <- rest[cumsum(!grepl("^ *- +([^:]+|\".*\"|'.*') *$", rest)) == 0]
      yaml_text(sub("^ *- +", "", items))
    }))
  }
  total <- function(key) {
    n <- suppressWarnings(as.double(of(key)))
    if (length(n) && all(is.finite(n))) sum(n)
  }
  ancestry <- c(of("sample_ancestry_category"), below("sample_ancestry_category"))
  if (!length(ancestry)) ancestry <- c(of("sample_ancestry"), below("sample_ancestry"))
  trait <- c(of("trait_description"), below("trait_description"))
  list(
    trait = if (length(trait)) trait[1], environment = if (length(unique(ancestry)) == 1) ancestry[1],
    samplesize = total("sample_size"), ncase = total("case_count"), ncontrol = total("control_count")
  )
}

# One value of YAML: plain, or in quotes of which the double ones have escapes.
yaml_text <- function(x) {
  x <- trimws(x)
  double <- grepl("^\".*\"$", x)
  single <- grepl("^'.*'$", x)
  x[double] <- gsub("\\\\([\"\\\\])", "\\1", substring(x[double], 2, nchar(x[double]) - 1))
  x[single] <- gsub("''", "'", substring(x[single], 2, nchar(x[single]) - 1), fixed = TRUE)
  x
}

# The columns that are needed, of the rows that are asked for: x, a list by field.
read_gwas_cells <- function(source, found, given) {
  wide <- if (!is.null(found$wide)) wide_environments(source$names, given$keep)
  of <- function(field, at = found$at[[field]]) {
    if (is.null(at) || is.na(at)) return(NULL)
    numeric <- !field %in% gwas_text_fields
    cell <- source$cells(at, numeric)[[1]]
    if (numeric) gwas_number(cell, sprintf("\"%s\"", source$names[at]), source$label) else gwas_text(cell)
  }
  at <- as.list(found$at)
  x <- list(SNP = of("SNP", at$SNP), chr = of("chr", at$chr), pos = of("pos", at$pos))
  x <- named_variants(x, source, of("ref", at$ref), of("alt", at$alt))
  keep <- wanted_rows(x, given, source)
  x <- lapply(x, function(v) if (is.null(v)) v else v[keep])
  rest <- setdiff(names(at), c("SNP", "chr", "pos"))
  if (!is.null(wide)) return(wide_cells(x, wide, source, of, keep, given, at))
  for (field in rest) {
    if (!is.null(x[[field]])) next
    cells <- of(field, at[[field]])[keep]
    if (!all(is.na(cells))) x[[field]] <- cells
  }
  complete_cells(x, source, found, given)
}

gwas_text_fields <- c(
  "SNP", "chr", "effect_allele", "other_allele", "ref", "alt", "minor_allele", "test", "low_confidence", "trait",
  "environment", "units", "scale", "errcode", "mr_keep"
)

gwas_text <- function(x) {
  x <- plain_integers(x, "file")
  x <- if (is.numeric(x)) format_each(x) else enc2utf8(as.character(x))
  x[!nzchar(x) | x %in% gwas_missing()] <- NA
  x
}

# What was asked for and is not in the columns: from the arguments, the metadata, or an error.
complete_cells <- function(x, source, found, given) {
  x <- fill_names(other_alleles(x, source, given))
  n <- length(x$SNP)
  if (is.null(x$beta) && is.null(x$or) && is.null(x$hr) && is.null(x$z)) need_column("beta", "effects", source)
  if (is.null(x$eaf) && !is.null(x$minor_af)) {
    minor <- upper(x$minor_allele)
    other <- ifelse(minor == upper(x$other_allele), 1 - x$minor_af, NA)
    x$eaf <- ifelse(minor == upper(x$effect_allele), x$minor_af, other)
  }
  if (!is.null(x$log10p)) {
    # Minus the logarithm, unless all are the logarithm itself.
    x$logp <- log(10) * if (all(x$log10p <= 0, na.rm = TRUE)) x$log10p else -x$log10p
    x$pval <- exp(x$logp)
    x$log10p <- NULL
  }
  if (is.null(x$se) && is.null(x$pval) && is.null(x$z) && (is.null(x$lower) || is.null(x$upper))) {
    if (!isTRUE(given$weights_only)) need_column("se", "standard errors", source)
    x$se <- rep(1, n)
  }
  if (is.null(x$eaf)) x$eaf <- rep(NA_real_, n)
  x <- gwas_environment(x, source, given)
  x$trait <- gwas_trait(x, source, given)
  for (name in c("samplesize", "ncase", "ncontrol")) x[[name]] <- people_column(x, name, source, given)
  check_case_count(x, source$label)
  both <- x$ncase + x$ncontrol
  x$samplesize <- ifelse(is.na(x$samplesize), both, x$samplesize)
  if (is.null(x$beta) && is.null(x$or) && is.null(x$hr) && (all(is.na(x$eaf)) || all(is.na(x$samplesize)))) {
    need_column(
      if (all(is.na(x$eaf))) "eaf" else "samplesize", "effects (z-scores need frequency and sample size)", source
    )
  }
  x$minor_af <- x$minor_allele <- x$ref <- x$alt <- NULL
  x
}

need_column <- function(field, what, source) {
  by <- if (field %in% c("samplesize", "ncase", "ncontrol")) sprintf("Say read_gwas(%s = ), or name", field) else "Name"
  abort_gwas(
    sprintf("%s has no column with the %s.", first_word(source$label), what), field,
    sprintf("%s the column: columns = c(%s = \"...\"). The columns are %s.", by, field, quote_all(source$names, 30))
  )
}

# The other allele from REF and ALT (PLINK 2: the effect allele is one of them) or from `variants`.
other_alleles <- function(x, source, given) {
  if (is.null(x$effect_allele)) need_column("effect_allele", "effect allele", source)
  n <- length(x$SNP)
  if (is.null(x$other_allele)) {
    x$other_allele <- rep(NA_character_, n)
    if (!is.null(x$ref) && !is.null(x$alt)) {
      x$other_allele <- ifelse(x$effect_allele == x$alt, x$ref, ifelse(x$effect_allele == x$ref, x$alt, NA))
      many <- is.na(x$other_allele) & grepl(",", x$alt)
      x$other_allele[many] <- x$ref[many]
    } else if (!is.null(given$variants)) {
      x$other_allele <- looked_up_allele(x, given$variants)
    } else {
      abort_gwas(
        sprintf("%s names one allele only.", first_word(source$label)), "other_allele",
        "Give the bim or pvar file: read_gwas(variants = ); or name the column: columns = c(other_allele = \"...\")."
      )
    }
  }
  x
}

looked_up_allele <- function(x, variants) {
  at <- match(x$SNP, variants$snp)
  a <- variants$a[at]
  b <- variants$b[at]
  effect <- upper(x$effect_allele)
  ifelse(effect == a, b, ifelse(effect == b, a, NA))
}

# list(snp, a, b) from a bim, a pvar, or a data frame.
allele_table <- function(variants, encoding) {
  if (is.null(variants)) return(NULL)
  must <- "a bim or pvar file, or a data frame with a column of names and two of alleles"
  if (is.character(variants) && length(variants) == 1 && !is.na(variants)) {
    list <- read_list_file(variants, "variants", c(variant_columns, "#chrom", "chrom"), encoding)
    if (is.null(list$header) && length(list$columns) == 6) list$header <- c("chr", "snp", "cm", "pos", "a1", "a2")
    variants <- as_frame(stats::setNames(list$columns, list$header))
  }
  if (!is.data.frame(variants)) abort_argument("variants", must, describe(variants))
  found <- gwas_columns(names(variants), character(), "variants")$at[c("SNP", "effect_allele", "other_allele")]
  if (anyNA(found)) abort_argument("variants", must, sprintf("one with %s", quote_all(names(variants))))
  n <- nrow(variants)
  list(
    snp = as.character(variants[[found[1]]]), a = clean_allele(variants[[found[2]]], n),
    b = clean_allele(variants[[found[3]]], n)
  )
}

gwas_environment <- function(x, source, given) {
  n <- length(x$SNP)
  if (is.null(x$environment)) {
    if (is.na(given$environment) && length(given$keep) > 1) {
      abort_argument("environment", "one name for a table without a column of environments", quote_all(given$keep))
    }
    own <- if (!is.na(given$environment)) given$environment else source$environment
    x$environment <- rep(if (is.null(own)) NA_character_ else own, n)
    return(x)
  }
  found <- unique(x$environment)
  if (is.null(given$keep) || length(found) == 1 && length(given$keep) == 1) {
    if (!is.null(given$keep)) x$environment[] <- given$keep
    return(x)
  }
  absent <- setdiff(given$keep, found)
  if (length(absent)) {
    abort_argument("environment", sprintf("among those of %s: %s", source$label, quote_all(found)), quote_all(absent))
  }
  keep <- x$environment %in% given$keep
  lapply(x, function(v) if (is.null(v)) v else v[keep])
}

gwas_trait <- function(x, source, given) {
  n <- length(x$SNP)
  if (!is.na(given$trait)) return(rep(given$trait, n))
  if (!is.null(x$trait) && !all(is.na(x$trait))) return(x$trait)
  own <- if (!is.null(source$trait)) source$trait else source[["name"]] # `$` would take `names`
  rep(if (is.null(own)) "trait" else enc2utf8(own), n)
}

people_column <- function(x, name, source, given) {
  own <- x[[name]]
  n <- length(x$SNP)
  if (is.null(own)) own <- rep(NA_real_, n)
  own[!is.na(own) & own <= 0] <- NA
  other <- given[[name]]
  if (is.null(other)) other <- source[[name]]
  if (is.null(other)) return(own)
  if (is.null(names(other))) return(ifelse(is.na(own), as.double(other), own))
  here <- unique(x$environment)
  if (anyNA(own) && !any(here %in% names(other))) {
    must <- paste("named by environments, such as", quote_all(here, 3))
    if (all(is.na(here))) must <- "one number for a table of no environment"
    abort_argument(name, must, paste("named", quote_all(names(other), 3)))
  }
  other <- unname(other[x$environment])
  ifelse(is.na(own), as.double(other), own)
}

# Cases are people, and with the controls all of them.
check_case_count <- function(x, label) {
  off <- which(x$samplesize > 1.1 * (x$ncase + x$ncontrol))
  if (length(off)) {
    i <- off[1]
    warn(
      sprintf(
        "%s: %s cases and %s controls are fewer than the sample size, %s (row %d).", label, big(x$ncase[i]), big(x$ncontrol[i]),
        big(x$samplesize[i]), i
      ), "latentmr_warning_gwas", hint = "A column goes before the arguments: see which is right."
    )
  }
  for (name in c("ncase", "ncontrol")) {
    bad <- which(x[[name]] > x$samplesize)
    if (!length(bad)) next
    abort_gwas(
      sprintf(
        "%s: %s is %s of %s people (row %d).", label, name, big(x[[name]][bad[1]]), big(x$samplesize[bad[1]]), bad[1]
      ), name,
      sprintf("Say which is right: read_gwas(samplesize = , %s = ), or `columns`.", name)
    )
  }
}
