# Regions of the genome in which variants are linked over megabases.

#' Regions of long-range linkage disequilibrium
#'
#' The regions that [select_variants()] knows by name: those of Anderson et al. (2010, Nature Protocols 5:1564,
#' after Price et al. 2008, Am J Hum Genet 83:132) for `"long_range"`, which were given on build 36 and are here as
#' the plinkQC package
#' carries them over to builds 37 and 38 (pieces shorter than 100 kb left out); for `"hla"` the major
#' histocompatibility complex as the Genome Reference Consortium bounds it. They were found in people
#' of European ancestry.
#'
#' @param build 37 or 38.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame with `name`, `chr`, `start` and `end` (base pairs, ends included).
#' @examples
#' head(ld_regions(38))
#' @export
ld_regions <- function(build, ...) {
  check_dots(...)
  check_given("build")
  if (!(is.numeric(build) || is.character(build)) || length(build) != 1 || !build %in% c(37, 38)) {
    abort_argument("build", "37 or 38", describe(build))
  }
  rows <- known_regions[known_regions$build == as.numeric(build), c("name", "chr", "start", "end")]
  `rownames<-`(rows, NULL)
}

region_types <- c("numeric", "character", "character", "numeric", "numeric")

known_regions <- utils::read.table(header = TRUE, colClasses = region_types, text = "
build name chr start end
37 hla 6 28477797 33448354
37 long_range 1 48227412 52227412
37 long_range 2 86146488 101133568
37 long_range 2 183291754 190291755
37 long_range 3 47524995 50024996
37 long_range 3 83417309 86917310
37 long_range 5 44464242 50464243
37 long_range 5 128972100 131972101
37 long_range 6 25392020 33392022
37 long_range 6 56892040 63942041
37 long_range 6 139958306 142458307
37 long_range 7 55032505 66362565
37 long_range 8 7962589 11962591
37 long_range 8 42880842 49837447
37 long_range 8 111930823 114930824
37 long_range 10 36959993 43679994
37 long_range 11 87860351 90860352
37 long_range 12 33108732 41713733
37 long_range 20 32536338 35066586
38 hla 6 28510120 33480577
38 long_range 1 47761740 51761740
38 long_range 2 85919365 100517106
38 long_range 2 182427027 189427029
38 long_range 3 47483505 49987563
38 long_range 3 83368158 86868160
38 long_range 5 44464140 51168409
38 long_range 5 129636407 132636409
38 long_range 6 25391792 33424245
38 long_range 6 57788603 58453888
38 long_range 6 61109122 61357029
38 long_range 6 139637169 142137170
38 long_range 7 54964812 66897578
38 long_range 8 8105067 12105082
38 long_range 8 43025699 48924888
38 long_range 8 110918594 113918595
38 long_range 10 36671065 43184546
38 long_range 11 88127183 91127184
38 long_range 12 32955798 41319931
38 long_range 20 33948532 36438183
")

region_words <- c(long_range = "in a region of long-range LD", hla = "in the HLA region")

# Rows with chr, start, end and the words of flow(); NULL for none.
region_table <- function(regions, build) {
  if (is.null(regions)) {
    if (!is.null(build)) abort_argument("build", "NULL without `regions`", describe(build))
    return(NULL)
  }
  if (is.data.frame(regions)) return(own_regions(regions, build))
  must <- "\"long_range\", \"hla\", both, or a data frame with the columns chr, start and end"
  if (!is.character(regions) || !length(regions) || !all(regions %in% names(region_words))) {
    abort_argument("regions", must, describe(regions))
  }
  if (is.null(build)) {
    abort_argument("build", "37 or 38 with regions by name", "NULL", "It is the genome build of the positions.")
  }
  table <- ld_regions(build)
  table <- do.call(rbind, lapply(unique(regions), function(name) table[table$name == name, ]))
  table$words <- sprintf("%s (build %s)", region_words[table$name], format(build))
  table
}

own_regions <- function(regions, build) {
  must <- "a data frame with the columns chr, start and end (base pairs)"
  names(regions) <- lower(names(regions))
  if (!all(c("chr", "start", "end") %in% names(regions)) || !nrow(regions)) {
    abort_argument("regions", must, sprintf("one with the columns %s", quote_all(names(regions))))
  }
  start <- regions$start
  end <- regions$end
  if (!is.numeric(start) || !is.numeric(end)) {
    abort_argument(
      "regions", "one whose start and end are numbers", sprintf("text such as %s", quote_all(c(start, end), 1)),
      "Base pairs without commas: as.numeric()."
    )
  }
  wrong <- which(!(start >= 0 & start <= end) %in% TRUE | is.na(regions$chr))
  if (length(wrong)) {
    i <- wrong[1]
    abort_argument(
      "regions", "one whose every row has a chromosome and a start up to its end",
      sprintf("%s:%s-%s in row %d", regions$chr[i], number_strings(start[i]), number_strings(end[i]), i)
    )
  }
  if (!is.null(build)) abort_argument("build", "NULL with your own regions", describe(build))
  chr <- plain_chromosome(regions$chr)
  warn_chromosomes(chr, "`regions` are")
  data.frame(chr = chr, start = start, end = end, words = "in one of the regions given")
}
