# Chromosomes: one code for each, and those on which copies are not 0, 1 and 2 in everybody.

# 1, 01, 1.0 and chr1 are one, X and 0X; 23, 24, 25 and 26 are PLINK's codes for X, Y, XY and MT.
plain_chromosome <- function(chr) {
  text <- upper(trimws(as.character(chr)))
  text <- sub("^CHR(OMOSOME)?[ _]?", "", text)
  text <- sub("^0+([0-9A-Z])", "\\1", text)
  text <- sub("^([0-9]+)[.]0+$", "\\1", text)
  coded <- c("23" = "X", "24" = "Y", "25" = "XY", "26" = "MT", M = "MT", MITO = "MT")
  at <- match(text, names(coded))
  text[!is.na(at)] <- coded[at[!is.na(at)]]
  text
}

# What chromosomes are called, in whatever species: numbers (PLINK takes up to 95), perhaps with an arm or a part of a
# genome (2L, 1A), sex chromosomes, Roman numerals, and what looks like the name of a scaffold.
chromosome_pattern <- paste0(
  "^([0-9]|[1-8][0-9]|9[0-5])[ABDLR]?$|^[XYZW]$|^XY$|^MT$|^PAR[12]?$|^[IVX]+$|",
  "^(UN|LG|HLA|CONTIG|SCAFFOLD)[0-9]*$|[._*-]|^NA$|^$"
)

# `chr` folded; `what` begins the sentence.
warn_chromosomes <- function(chr, what) {
  odd <- unique(chr[!is.na(chr) & !grepl(chromosome_pattern, chr)])
  if (!length(odd)) return(invisible())
  warn(
    sprintf("%s on chromosomes that no genome has: %s.", what, quote_all(odd, 5)),
    "latentmr_warning_chromosome", codes = odd, hint = paste(
      "Chromosomes are numbers up to 95, X, Y, XY, MT, 0 (not placed), arms (2L), Roman numerals and names of scaffolds;",
      "\"chr\" in front is passed over. Is it another column?"
    )
  )
}

# Of the instruments that stay. Y and mitochondria pass from one parent and have one copy.
check_chromosomes <- function(variants, covariates, kind) {
  if (kind == "continuous") return(invisible())
  warn_chromosomes(variants$chr, "Instruments are")
  single <- which(variants$chr %in% c("Y", "MT"))
  if (length(single)) {
    abort(
      sprintf("%s on chromosome Y or in the mitochondria, such as %s: they have one copy, of one parent, and are no instruments here.",
              if (length(single) == 1) "1 variant is" else paste(
                big(length(single)), "variants are"
              ), quote_all(variants$snp[single], 3)),
      c("latentmr_error_chromosome", "latentmr_error_argument"), variants = variants$snp[single],
      hint = "Name the others in `instruments`, or write files without them: plink2 --chr 1-23 --make-bed."
    )
  }
  x <- sum(variants$chr %in% "X")
  if (!x) return(invisible())
  text <- sprintf("%s on chromosome X: men have one copy, which PLINK counts as 0 or 2. Hardy-Weinberg tests are of women.",
                  if (x == 1) "1 instrument is" else paste(big(x), "instruments are"))
  if (any(lower(covariates) %in% sex_columns)) return(inform(text, "latentmr_message_chromosome"))
  warn(
    text, "latentmr_warning_chromosome",
    hint = "Give sex among the covariates: the counts differ between men and women."
  )
}

sex_columns <- c(
  "sex", "gender", "sexe", "geschlecht", "male", "female", "sex_at_birth", "genetic_sex", "f.31.0.0", "p31", "31-0.0"
)

# Numbers of people with 0, 1, 2 copies for Hardy-Weinberg tests: on X those of women (of
# nobody where sex is not known).
hwe_counts <- function(data, counts) {
  found <- counts[c("n0", "n1", "n2")]
  x <- which(data$variants$chr %in% "X")
  if (!length(x)) return(found)
  women <- which(!is.na(data$sex) & data$sex == 2)
  for (name in names(found)) found[[name]][x, ] <- 0L
  if (!length(women)) return(found)
  scan <- scan(pick(data$genotypes, NULL, x), women, data$environment[women])
  for (name in names(found)) found[[name]][x, ] <- as.integer(scan[[name]])
  found
}

# Words, and PLINK's codes: both values known (TRUE for the women), else NA.
is_female <- function(values) {
  words <- list(c("1", "2"), c("m", "f"), c("male", "female"), c("man", "woman"), c("men", "women"))
  small <- lower(trimws(values))
  for (pair in words) if (all(small %in% pair) && length(unique(small)) == 2) return(small == pair[2])
  rep(NA, length(values))
}

# Sex in a covariate beside that of the fam file: other people differ in one of a hundred,
# rows of others in every second.
warn_sex <- function(covariates, sex) {
  if (is.null(sex) || is.null(covariates)) return(invisible())
  for (name in names(covariates)[lower(names(covariates)) %in% sex_columns]) {
    given <- as.character(covariates[[name]])
    known <- !is.na(sex) & !is.na(given)
    values <- unique(given[known])
    if (sum(known) < 20 || length(values) != 2) next
    female <- is_female(values)
    first <- given[known] == values[1]
    agree <- mean(first == (sex[known] == 2))
    # Of a code of its own (0 and 1, say) it is not known who is who: the better of both.
    agree <- if (is.na(female[1])) max(agree, 1 - agree) else if (female[1]) agree else 1 - agree
    if (agree >= .98) next
    off <- round(sum(known) * (1 - agree))
    warn(
      sprintf("\"%s\" disagrees with the sex of the genotype files in %s of %s participants (%s).", name, big(off), big(sum(known)),
              percent(1 - agree)),
      "latentmr_warning_sex", column = name, share = 1 - agree,
      hint = if (agree < .02) {
        "Men and women are exchanged: turn the codes of one of the two."
      } else if (agree < .8) {
        "That many: the rows of the two belong to different people. Compare the identifiers."
      } else {
        "Mixed up samples, or another coding of sex in part of the people."
      }
    )
  }
}
