# People of one table that another does not know: why, as far as the identifiers tell.

# Loses more than this share of the rows: worth a warning.
lost_share <- .02

# Each way of writing an identifier that programs are known to change: what it is called,
# how both sides are written to compare them, and the mend.
id_causes <- list(
  list(
    "leading zeros are lost", function(x) sub("^([^0-9]*)0+([0-9])", "\\1\\2", x),
    "Read identifiers as text: give the path of the file, or read.delim(colClasses = \"character\")."
  ),
  list(
    "numbers were written as 1e+05", function(x) {
      number <- grepl("^[0-9.]+[eE][+]?[0-9]+$", x)
      x[number] <- number_strings(as.numeric(x[number]))
      x
    },
    "Read identifiers as text: give the path of the file, or read.delim(colClasses = \"character\")."
  ),
  list(
    "decimals were added", function(x) sub("^([0-9]+)[.]0+$", "\\1", x),
    "Read identifiers as text, or write them without decimals."
  ),
  list(
    "one side repeats the identifier (1001_1001)", function(x) sub("^(.+)_\\1$", "\\1", x), "Write both sides as IID."
  ),
  list(
    "one side is FID_IID and the other IID", function(x) sub("^[^_]+_", "", x),
    "Write both sides as IID, or both as FID and IID."
  ),
  list("capital and small letters differ", lower, "Write both sides alike."),
  list("blanks or marks were changed", function(x) gsub("[^A-Za-z0-9]", "", x), "Write both sides alike."),
  list(
    "one side has an X in front, as data.frame() puts it", function(x) sub("^X", "", x),
    "Use data.frame(check.names = FALSE)."
  ),
  list("one side has letters in front", function(x) sub("^[^0-9]+", "", x), "Write both sides alike.")
)

# The cause by which most of the lost are found: list(words, remedy), or NULL when none
# finds a tenth of them.
lost_cause <- function(lost, known, causes = id_causes) {
  lost <- unique(lost[!is.na(lost)])
  known <- setdiff(known, c(NA, ""))
  best <- NULL
  most <- max(1, length(lost) / 10)
  for (cause in causes) {
    theirs <- cause[[2]](known)
    theirs[!nzchar(theirs) | theirs %in% theirs[duplicated(theirs)]] <- NA
    at <- match(cause[[2]](lost), theirs, incomparables = NA)
    found <- sum(!is.na(at))
    if (found < most || found == 0) next
    most <- found + 1
    first <- which(!is.na(at))[1]
    best <- list(
      words = sprintf(
        "%s: \"%s\" here is \"%s\" there (%s would be found)", cause[[1]], lost[first], known[at[first]], big(found)
      ),
      remedy = cause[[3]]
    )
  }
  best
}

# The same for names of variants.
variant_causes <- list(
  list("one side has \"chr\" in front", function(x) sub("^[Cc]hr|^CHR", "", x),
       "Write both sides alike: paste0(\"chr\", names), or sub(\"^chr\", \"\", names)."),
  list("capital and small letters differ", lower, "Write both sides alike, for example with tolower()."),
  list(
    "the marks between the parts differ", function(x) gsub("[-_/:. ]+", ":", sub("^chr", "", lower(x))),
    "Write both sides alike, for example with gsub()."
  ),
  list("one side has alleles behind", function(x) sub(
    "([:_][acgtdi]+){1,2}$", "", gsub("[-_/:. ]+", ":", sub("^chr", "", lower(x)))
  ),
       "Write both sides alike, for example with sub(\"_[ACGT]+$\", \"\", names).")
)

# What `names` may be when they are no names of `variants`: list(words, remedy).
variant_cause <- function(names, variants) {
  place <- paste(variants$chr, number_strings(variants$pos), sep = ":")
  short <- sub("^([^:_]+)[:_]([0-9]+)([:_].*)?$", "\\1:\\2", sub("^[Cc][Hh][Rr]", "", names))
  at <- which(short %in% place)
  cause <- lost_cause(names, c(variants$snp, plain_names(variants)), variant_causes)
  if (!is.null(cause) || !length(at)) return(cause)
  list(
    words = sprintf("places instead of names: \"%s\" here is \"%s\" there (%s would be found)", names[at[1]],
                    variants$snp[match(short[at[1]], place)], big(length(at))),
    remedy = "Look the names up: v <- variants(read_plink(bfile)); v$snp[paste(v$chr, v$pos, sep = \":\") %in% places]."
  )
}

cause_words <- function(cause) if (is.null(cause)) "" else sprintf(" Likely cause: %s.", cause$words)

# An argument whose names leave out people whom the others know: they are lost as missing.
warn_partial_piece <- function(own, ids, arg) {
  gone <- !ids %in% own
  if (sum(gone) <= lost_share * length(ids)) return(invisible())
  cause <- lost_cause(ids[gone], own)
  warn(
    sprintf(
      "`%s` has no value for %s of %s (%s), such as %s.%s", arg, big(sum(gone)), plural(length(ids), "participant"),
      percent(mean(gone)), quote_all(ids[gone], 3), cause_words(cause)
    ),
    "latentmr_warning_ids", ids = ids[gone], argument = arg,
    hint = if (is.null(cause)) {
      sprintf(
        "They are left out, as flow() counts. If they belong in, give `%s` a value, or NA, for everybody.", arg
      )
    } else {
      cause$remedy
    }
  )
}

# ids: of everybody who should be found; known: those that are there.
warn_lost_ids <- function(ids, known, what = "phenotype row", where = "genotypes") {
  gone <- !ids %in% known
  if (!any(gone) || sum(gone) <= lost_share * length(ids)) return(invisible())
  cause <- lost_cause(ids[gone], known)
  warn(
    sprintf("%s of %s (%s) %s no %s, such as %s.%s", big(sum(gone)), plural(length(ids), what), percent(mean(gone)),
            if (sum(gone) == 1) "has" else "have", where, quote_all(unique(ids[gone]), 3),
            cause_words(cause)),
    "latentmr_warning_ids", ids = unique(ids[gone]),
    hint = if (is.null(cause)) {
      "If these people were never genotyped, nothing is wrong: flow() counts them."
    } else {
      cause$remedy
    }
  )
}
