# Which rows of a table of associations are read: regions (through a tabix index where there
# is one) and named variants; and the names that variants get.

place_pattern <- "^([cC][hH][rR])?([0-9]{1,2}|[xXyYmM]|[xX][yY]|[mM][tT])[:_-]([0-9]+)([:_-].*)?$"

# "chr:pos" of names that say it, NA of others.
name_place <- function(names) {
  is_place <- grepl(place_pattern, names)
  out <- rep(NA_character_, length(names))
  part <- function(k) sub(place_pattern, paste0("\\", k), names[is_place])
  out[is_place] <- variant_place(part(2), part(3))
  out
}

variant_place <- function(chr, pos) {
  out <- paste(plain_chromosome(chr), format(as.double(pos), scientific = FALSE, trim = TRUE), sep = ":")
  out[is.na(chr) | is.na(pos)] <- NA
  out
}

# Chromosome and position from the names where there is no column, alleles too where there is
# none at all (chr:pos:ref:alt).
named_variants <- function(x, source, ref, alt) {
  if (is.null(x$SNP) && (is.null(x$chr) || is.null(x$pos))) need_column("SNP", "names of the variants", source)
  if (is.null(x$SNP)) x$SNP <- rep(NA_character_, length(x$chr))
  several <- grepl("[,;]", x$SNP)
  x$SNP[several] <- sub("[,;].*$", "", x$SNP[several])
  place <- if (is.null(x$chr) || is.null(x$pos)) name_place(x$SNP)
  if (!is.null(place)) {
    x$chr <- sub(":.*", "", place)
    x$pos <- as.double(sub(".*:", "", place))
  }
  x$chr <- of_unique(x$chr, plain_chromosome)
  warn_chromosomes(unique(x$chr), sprintf("%s: variants are", source$label))
  x$chr[x$chr %in% c("0", "", "NA")] <- NA
  x$pos <- as.integer(ifelse(x$pos > 0 & x$pos < 2^31, x$pos, NA))
  pattern <- "^[^:_]+[:_][0-9]+[:_]([A-Za-z]+)[:_/]([A-Za-z]+)$"
  if (is.null(ref) && !any(gwas_columns(source$names, character(), "")$at["effect_allele"] > 0, na.rm = TRUE) &&
        all(grepl(pattern, x$SNP))) {
    x$other_allele <- sub(pattern, "\\1", x$SNP)
    x$effect_allele <- sub(pattern, "\\2", x$SNP)
  }
  x
}

# Those without a name get chr:pos:other:effect.
fill_names <- function(x) {
  none <- which(is.na(x$SNP))
  x$SNP[none] <- paste(x$chr[none], x$pos[none], x$other_allele[none], x$effect_allele[none], sep = ":")
  x
}

wanted_snps <- function(snps, encoding) {
  if (is.null(snps)) return(NULL)
  names <- read_variant_list(snps, "snps", encoding)
  places <- name_place(names)
  list(names = lower(names), places = places[!is.na(places)])
}

# data frame of chr, from, to: sorted, overlapping ones as one.
parse_regions <- function(region) {
  if (is.null(region)) return(NULL)
  check_strings(region, "region", hint = "Give \"chr:from-to\", such as \"1:55039447-55064852\".")
  pattern <- "^([^:]+):([0-9,]+)-([0-9,]+)$"
  good <- grepl(pattern, region)
  number <- function(k) as.double(gsub(",", "", sub(pattern, k, region)))
  if (!all(good) || any(number("\\2") > number("\\3"))) {
    odd <- if (all(good)) region else region[!good][1]
    abort_argument("region", "\"chr:from-to\" with from not above to", describe(odd))
  }
  out <- data.frame(chr = plain_chromosome(sub(pattern, "\\1", region)), from = number("\\2"), to = number("\\3"))
  out <- out[order(out$chr, out$from), ]
  merged <- out[0, ]
  for (i in seq_len(nrow(out))) {
    last <- nrow(merged)
    if (last && merged$chr[last] == out$chr[i] && out$from[i] <= merged$to[last] + 1) {
      merged$to[last] <- max(merged$to[last], out$to[i])
    } else {
      merged <- rbind(merged, out[i, ])
    }
  }
  merged
}

# Positions of the rows to keep.
wanted_rows <- function(x, given, source) {
  keep <- rep(TRUE, length(x$SNP))
  if (!is.null(given$region)) {
    inside <- rep(FALSE, length(keep))
    for (i in seq_len(nrow(given$region))) {
      r <- given$region[i, ]
      inside <- inside | !is.na(x$pos) & x$chr %in% r$chr & x$pos >= r$from & x$pos <= r$to
    }
    keep <- inside
  }
  if (!is.null(given$snps)) {
    wanted <- lower(x$SNP) %in% given$snps$names
    place <- if (length(given$snps$places)) variant_place(x$chr, x$pos)
    if (!is.null(place)) wanted <- wanted | place %in% given$snps$places
    if (any(keep & wanted)) warn_not_found(given$snps$names, x$SNP, place, source)
    keep <- keep & wanted
  }
  if (any(keep)) return(which(keep))
  asked <- paste(c(if (!is.null(given$snps)) "`snps`", if (!is.null(given$region)) "`region`"), collapse = " and ")
  abort(
    sprintf("%s has no variant of %s.", first_word(source$label), asked),
    c("latentmr_error_variants", "latentmr_error_argument"), argument = if (is.null(given$snps)) "region" else "snps",
    hint = sprintf("Its variants are called like %s. Is it another genome build?", quote_all(x$SNP, 3))
  )
}

# Names that were asked for and are not in the table.
warn_not_found <- function(names, own, places, source) {
  absent <- names[!names %in% lower(own) & !(name_place(names) %in% places & !is.na(name_place(names)))]
  if (!length(absent)) return(invisible())
  warn(
    sprintf(
      "%s: %s of the %s variants in `snps` %s not there: %s.", source$label, big(length(absent)), big(length(names)),
      if (length(absent) == 1) "is" else "are", quote_all(absent, 5)
    ),
    "latentmr_warning_variants", variants = absent,
    hint = sprintf("Its variants are called like %s.", quote_all(own, 3))
  )
}

# The header and the rows of the regions as text, through the index; NULL where there is none,
# no command tabix, an index older than its file, or no row.
tabix_bytes <- function(path, region) {
  index <- paste0(path, c(".tbi", ".csi"))
  index <- index[file.exists(index)]
  tabix <- unname(Sys.which("tabix"))
  if (!length(index) || !nzchar(tabix) || file.mtime(index[1]) < file.mtime(path)) return(NULL)
  file <- shQuote(path.expand(path))
  names <- suppressWarnings(system2(tabix, c("-l", file), stdout = TRUE, stderr = FALSE))
  if (!is.null(attr(names, "status")) || !length(names)) return(NULL)
  at <- match(region$chr, plain_chromosome(names))
  region <- region[order(at), ]
  at <- sort(at)
  rows <- tempfile()
  on.exit(unlink(rows))
  if (length(at)) {
    places <- sprintf("%s:%.0f-%.0f", names[at], region$from[seq_along(at)], region$to[seq_along(at)])
    if (system2(tabix, c(file, shQuote(places)), stdout = rows, stderr = FALSE) != 0) return(NULL)
  }
  head <- header_lines(path)
  body <- if (file.exists(rows)) readBin(rows, "raw", file.size(rows)) else raw()
  if (is.null(head) || !length(body)) NULL else c(charToRaw(paste0(paste(head, collapse = "\n"), "\n")), body)
}

# The lines of a gzip file up to the first that does not begin with "##".
header_lines <- function(path, most = 10000) {
  connection <- gzfile(path, "rt")
  on.exit(close(connection))
  out <- character()
  while (length(out) < most) {
    line <- readLines(connection, 1, warn = FALSE)
    if (!length(line)) return(NULL)
    out <- c(out, line)
    if (!startsWith(line, "##")) return(out)
  }
  NULL
}
