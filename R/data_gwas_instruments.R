# A table of associations as `instruments`: its variants found in the genotypes by name or by
# place, alleles compared, effects turned to the counted allele as weights of an allele score.

# A frame of read_gwas() when `x` is a table (data frame or file) with an effect allele and
# effects; anything else, such as names, as it is.
instrument_table <- function(x, source, encoding = utf8) {
  if (inherits(x, "gwas")) return(one_environment(check_gwas(x, "instruments")))
  known <- if (is.data.frame(x)) names(x) else text_header(x)
  if (is.null(known) || !has_associations(known)) return(x)
  given <- list(
    environment = NA_character_, trait = NA_character_, encoding = encoding, weights_only = TRUE,
    variants = list(
      snp = source$variants$snp, a = clean_allele(source$variants$effect_allele, source$p),
      b = clean_allele(source$variants$other_allele, source$p)
    )
  )
  one_environment(read_one_gwas(x, given, encoding))
}

has_associations <- function(names) {
  if (!length(names)) return(FALSE)
  found <- gwas_columns(names, character(), "instruments")
  vcf <- startsWith(names[1], "##fileformat=VCF")
  effect <- length(intersect(names(found$at), c("beta", "or", "hr", "z"))) || !is.null(found$wide)
  vcf || effect && "effect_allele" %in% names(found$at)
}

# The cells of the first line of a file, NULL for what is none (a pipe is not opened: it can
# be read once only).
text_header <- function(x) {
  if (!is_path(x) || !utils::file_test("-f", x)) return(NULL)
  lines <- suppressWarnings(or_else(header_lines(x), NULL))
  if (is.null(lines)) return(NULL)
  if (startsWith(lines[1], "##fileformat=VCF")) return(lines[1])
  line <- iconv(lines[length(lines)], utf8, "ASCII", sub = "")
  gsub("[\"']", "", strsplit(trimws(line), "[\t ,;]+")[[1]])
}

one_environment <- function(table) {
  several <- unique(paste(table$environment, table$trait, sep = "\r"))
  if (length(several) == 1) return(table)
  abort_argument(
    "instruments", "associations of one environment and one trait",
    sprintf("of %s and %s", plural(length(unique(table$environment)), "environment"),
            plural(length(unique(table$trait)), "trait")),
    "Choose one: subset(table, environment == \"EUR\"). Names of variants alone may come from several."
  )
}

# For each row of the table the variant of the data (`at`, NA for none), how the alleles stand
# to each other (`status`) and the sign that turns the effect to the counted allele (NA: unknown).
match_associations <- function(table, source) {
  variants <- source$variants
  own <- plain_names(data.frame(
    snp = table$SNP, effect_allele = table$effect_allele, other_allele = table$other_allele
  ))
  pairs <- matched_pairs(lower(own), lower(plain_names(variants)))
  pairs <- rbind(pairs, matched_pairs(lower(table$SNP), lower(variants$snp)))
  left <- setdiff(seq_len(nrow(table)), pairs$row)
  place <- variant_place(table$chr, table$pos)
  by_place <- matched_pairs(place[left], variant_place(variants$chr, known_positions(variants$pos)))
  pairs <- unique(rbind(pairs, data.frame(row = left[by_place$row], at = by_place$at)))
  effect <- clean_allele(variants$effect_allele, source$p)[pairs$at]
  other <- clean_allele(variants$other_allele, source$p)[pairs$at]
  status <- allele_status(table$effect_allele[pairs$row], table$other_allele[pairs$row], effect, other)
  palindrome <- status == "palindromic"
  a_or_t <- function(x) x %in% c("A", "T")
  same <- palindromic_alleles(effect, other) & a_or_t(table$effect_allele[pairs$row]) == a_or_t(effect)
  status[palindrome & !same] <- "other alleles"
  status[palindrome & (is.na(effect) | is.na(other))] <- "no alleles in the data"
  best <- order(pairs$row, match(status, association_status))
  best <- best[!duplicated(pairs$row[best])]
  out <- data.frame(at = rep(NA_integer_, nrow(table)), status = "not in the data")
  out$at[pairs$row[best]] <- pairs$at[best]
  out$status[pairs$row[best]] <- status[best]
  by_frequency(out, table, source)
}

association_status <- c(
  "same allele", "flipped", "other strand", "other strand, flipped", "palindromic", "no alleles in the data",
  "other alleles"
)

known_positions <- function(pos) ifelse(!is.na(pos) & pos > 0, pos, NA)

# All pairs (row of a, position in b) of equal keys that are not NA.
matched_pairs <- function(a, b) {
  out <- list()
  again <- stats::ave(seq_along(b), b, FUN = seq_along)
  for (k in seq_len(max(0, again[!is.na(b)]))) {
    at <- match(a, ifelse(again == k & !is.na(b), b, NA), incomparables = NA)
    if (all(is.na(at))) break
    out[[k]] <- data.frame(row = which(!is.na(at)), at = at[!is.na(at)])
  }
  if (length(out)) do.call(rbind, out) else data.frame(row = integer(), at = integer())
}

ambiguous_frequency <- c(.42, .58) # of palindromic variants, as in TwoSampleMR

# The strand of palindromic variants by the frequency of the effect allele, in everybody.
by_frequency <- function(found, table, source) {
  found$sign <- unname(allele_sign[found$status])
  doubtful <- which(found$status == "palindromic")
  if (!length(doubtful)) return(found)
  ours <- counted_frequency(source, found$at[doubtful])
  theirs <- table$eaf[doubtful]
  far <- function(f) !is.na(f) & (f < ambiguous_frequency[1] | f > ambiguous_frequency[2])
  clear <- far(ours) & far(theirs)
  found$status[doubtful] <- ifelse(clear, "palindromic, by frequency", "palindromic, strand unknown")
  found$sign[doubtful] <- ifelse(clear, ifelse((ours < .5) == (theirs < .5), 1, -1), NA)
  found
}

counted_frequency <- function(source, cols) {
  everybody <- factor(rep("all", source$n))
  counts <- scan(pick(source$genotypes, NULL, cols), seq_len(source$n), everybody)
  f <- as.vector(counts$mean) / 2
  ifelse(as.vector(counts$called) > 0 & f >= 0 & f <= 1, f, NA)
}

# The source with the variants of the table, `weight` among their columns, and the account.
choose_associations <- function(source, table, arg) {
  found <- match_associations(table, source)
  there <- !is.na(found$at)
  other <- there & found$status == "other alleles"
  used <- there & !other
  again <- used & duplicated(ifelse(used, found$at, -seq_along(found$at)))
  used <- used & !again
  if (!any(used)) abort_no_association(table, source, arg, sum(other))
  absent <- table$SNP[!there]
  if (length(absent)) warn_absent(absent, nrow(table), source, arg)
  cols <- sort(found$at[used])
  row <- which(used)[match(cols, found$at[used])]
  weight <- found$sign[row] * table$beta[row]
  gone <- setdiff(found$at[other], cols)
  reasons <- c("not chosen" = source$p - length(cols) - length(gone), "other alleles than the table" = length(gone))
  source <- keep_source_variants(source, cols, absent, reasons)
  source$variants$weight <- weight
  source$weighing <- weighing_counts(found$status[row], found$sign[row], sum(again))
  inform(weighing_words(table, source, sum(!is.na(weight)), length(gone), arg), "latentmr_message_weights")
  source
}

weighing_counts <- function(status, sign, again) {
  c(
    "weight turned to the counted allele" = sum(sign %in% -1),
    "weight on the other strand" = sum(startsWith(status, "other strand")),
    "palindromic, aligned by frequency" = sum(status == "palindromic, by frequency"),
    "palindromic, strand unknown: no weight" = sum(status == "palindromic, strand unknown"),
    "no alleles in the data: no weight" = sum(status == "no alleles in the data"),
    "several rows for one variant: the first taken" = again
  )
}

weighing_words <- function(table, source, weights, mismatched, arg) {
  counts <- source$weighing
  counts <- counts[counts > 0]
  sprintf(
    "`%s`: associations with %s; %s of %s variants are in the genotypes%s, %s with a weight for allele scores.%s", arg,
    quote_all(unique(table$trait)), big(source$p), big(nrow(table)),
    if (mismatched) sprintf(" (%s with other alleles left out)", big(mismatched)) else "", big(weights),
    if (length(counts)) {
      sprintf(" %s.", sentence_case(paste(sprintf("%s: %s", names(counts), big_each(counts)), collapse = "; ")))
    } else {
      ""
    }
  )
}

abort_no_association <- function(table, source, arg, other) {
  abort(
    sprintf(
      "None of the %s variants in `%s` is in the genotypes%s: %s; the genotypes have %s.", big(nrow(table)), arg,
      if (other) sprintf(" with its alleles (%s with others)", big(other)) else "", quote_all(table$SNP, 3),
      quote_all(source$variants$snp, 3)
    ),
    c("latentmr_error_variants", "latentmr_error_argument"), argument = arg,
    hint = "Look for another kind of name (rsid, chr:pos) or another genome build."
  )
}

warn_absent <- function(absent, total, source, arg) {
  cause <- variant_cause(absent, source$variants)
  warn(
    sprintf("%s of the %s variants in `%s` %s not in the genotypes: %s.%s", big(length(absent)), big(total), arg,
            if (length(absent) == 1) "is" else "are", quote_all(absent, 5), cause_words(cause)),
    "latentmr_warning_variants", variants = absent, hint = cause$remedy
  )
}

# Matrices of parents have the columns of the genotypes as they were given.
check_chosen_parents <- function(instruments, parents) {
  if (is.null(instruments) || !is.list(parents) || is.data.frame(parents)) return(invisible())
  abort_argument("parents", "NULL, \"fam\" or \"siblings\" when `instruments` chooses among the variants", describe(parents),
                 "Choose the columns of all the matrices beforehand.")
}
