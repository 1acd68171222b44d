# Genotypes to a PLINK file set, as read_plink() reads it.

# genotypes: matrix of 0, 1, 2, NA, samples in rows; copies of the effect allele.
# variants: data frame with any of snp, chr, pos, cm, effect_allele, other_allele;
# samples: data frame with any of fid, iid, father, mother, sex, phenotype. What
# is not given takes the dimnames or PLINK's codes for unknown.
write_plink <- function(prefix, genotypes, variants = NULL, samples = NULL) {
  check_string(prefix, "prefix")
  write_files(plink_contents(prefix, genotypes, variants, samples))
  invisible(prefix)
}

# What the three files hold, for write_files().
plink_contents <- function(prefix, genotypes, variants, samples) {
  if (!is.matrix(genotypes) || !is.numeric(genotypes) || !length(genotypes)) {
    abort_argument("genotypes", "a numeric matrix, samples in rows and variants in columns", describe(genotypes))
  }
  n <- nrow(genotypes)
  p <- ncol(genotypes)
  bim <- fill_columns(variants, "variants", p, list(
    chr = "0", snp = default_names(colnames(genotypes), "snp", p), cm = 0, pos = 0L, effect_allele = "0",
    other_allele = "0"
  ))
  iid <- default_names(rownames(genotypes), "id", n)
  if (!is.null(samples$iid)) iid <- as.character(samples$iid)
  fam <- fill_columns(samples, "samples", n, list(
    fid = iid, iid = iid, father = "0", mother = "0", sex = 0L, phenotype = -9
  ))
  packed <- .Call(C_ffi_bed_pack, genotypes)
  if (is.double(packed)) {
    at <- c((packed - 1) %% n, (packed - 1) %/% n) + 1
    abort_argument("genotypes", "0, 1, 2 or NA everywhere", sprintf(
      "%s in row %s, column %s", format(genotypes[packed]), at[1], at[2]
    ),
                   "PLINK 1 files hold counts of an allele; dosages would be lost.")
  }
  text <- function(frame) table_bytes(frame, quote = FALSE, col.names = FALSE, scipen = 999)
  setNames(
    list(c(as.raw(c(0x6c, 0x1b, 0x01)), packed), text(bim), text(fam)),
    paste0(prefix, c(".bed", ".bim", ".fam"))
  )
}

default_names <- function(names, stem, n) if (is.null(names)) paste0(stem, seq_len(n)) else names

# The given columns over the defaults, checked; NA becomes the default too.
fill_columns <- function(given, arg, rows, columns) {
  if (!is.null(given) && (!is.data.frame(given) || nrow(given) != rows)) {
    abort_argument(arg, sprintf("a data frame of %s, or NULL", plural(rows, "row")), describe(given))
  }
  for (name in names(columns)) {
    value <- given[[name]]
    default <- rep_len(columns[[name]], rows)
    if (is.null(value)) value <- default
    if (is.factor(value)) value <- as.character(value)
    value[is.na(value)] <- default[is.na(value)]
    if (is.character(value) && any(bad <- !nzchar(value) | grepl("[[:space:]]", value))) {
      abort_argument(
        sprintf("%s$%s", arg, name), "text without spaces", sprintf("\"%s\" in row %d", value[bad][1], which(bad)[1])
      )
    }
    columns[[name]] <- value
  }
  as_frame(columns)
}
