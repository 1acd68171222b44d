clean_allele <- function(x, p) {
  x <- if (is.null(x)) rep(NA_character_, p) else upper(as.character(x))
  x[!grepl("^([ACGT]+|[DI])$", x)] <- NA
  x
}

palindromic_alleles <- function(a, b) paste0(pmin(a, b), pmax(a, b)) %in% c("AT", "CG")

clean_snp <- function(x) lower(gsub("[[:space:]]", "", x))

# How the alleles of a weight stand to those of the data. A palindromic pair (A/T, C/G)
# can be on either strand, so that its sign is unknown.
allele_status <- function(effect, other, data_effect, data_other) {
  strand <- function(x) chartr("ACGT", "TGCA", x)
  pair <- function(a, b) !is.na(a) & !is.na(b) & a == data_effect & b == data_other
  turned <- function(a, b) !is.na(a) & !is.na(b) & a == data_other & b == data_effect
  is_true <- function(x) !is.na(x) & x
  out <- rep("other alleles", length(effect))
  out[is_true(turned(strand(effect), strand(other)))] <- "other strand, flipped"
  out[is_true(pair(strand(effect), strand(other)))] <- "other strand"
  out[is_true(turned(effect, other))] <- "flipped"
  out[is_true(pair(effect, other))] <- "same allele"
  out[is.na(data_effect) | is.na(data_other)] <- "no alleles in the data"
  out[is.na(effect) | is.na(other)] <- "no alleles given"
  out[palindromic_alleles(effect, other)] <- "palindromic"
  out
}

allele_sign <- c("same allele" = 1, flipped = -1, "other strand" = 1, "other strand, flipped" = -1)
