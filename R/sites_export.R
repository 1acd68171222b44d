#' Moments of a site as a file for others
#'
#' `export_moments()` writes the moments of a site into a file that may be sent away: sums over people, checked once more
#' against limits that the data holder sets, with an account of what was left out and why. `read_moments()` reads
#' such a file of somebody else. The file is data: names as text and numbers, nothing that R would run, so that it can
#' be taken from a stranger, which [readRDS()] cannot.
#'
#' **The limits.** [mr_moments()] with `disclosure = TRUE` looks at the rows and makes moments from which no row is known to
#' be found. On top of that, in every block of people (a fold of an environment):
#' * at least `min_people` people, and variants and numeric columns at most `max_columns` of the people;
#' * so many people that somebody who has a person's genotypes for all p variants, the frequencies of everybody and the
#'   linkage between variants, finds out whether the person is among them with a power of at most `max_power` at level .05:
#'   \eqn{n \ge p (p + 3) / 2 / (\Phi^{-1}(m) + 1.645)^2}{n >= p (p + 3) / 2 / (qnorm(max_power) + 1.645)^2},
#'   which at .1 is 493 people for 10 variants, 1,743 for 20 and 10,039 for 50. From frequencies alone the power at `max_columns =
#'   .1` would be .09; the cross products tell much more (`bench/bench-membership.R`: .67 for 98 variants in 1,000
#'   people). A data holder to whom membership is no secret can raise it, to 1 for no limit;
#'
#'   For both folds are merged; where an environment as a whole is too small it is an error;
#' * no or at least `min_carriers` carriers of a variant (people who differ from the most common genotype);
#' * of two alleles, and of an allele and a covariate or trait of 0 and 1: nobody or at least `min_cell` people have both,
#'   whichever allele is counted. It is made sure from the copies in the sums (more than 4 or 2 for each of `min_cell` - 1
#'   people), which asks for somewhat more people than `min_cell`.
#'
#' For these folds are merged, down to five; variants that still do not hold them are withheld. All that is in
#' `suppressed` of the header, with a reason. Limits can be raised above those of [mr_moments()], not lowered.
#'
#' **Families.** Sums within families ([mr_moments()]) are written where a family counts as one person and everything
#' above holds for families and for what remains of all people without them; somebody who knows the genotypes of a whole
#' family can test both, so that 1 / n above is 1 / families + 1 / (people without siblings + families). Folds are
#' merged for it, down to five; else they are left out, which is in `suppressed` with the reason. Carriers and cells
#' of families are counted on the rows, at `min_carriers = 20` and `min_cell = 3`: with higher ones they are left out.
#' The page `vignette("disclosure")` says what the rules do and do not prevent, in plain words.
#'
#' **One file.** Two files of nearly the same people give away those in whom they differ, to all digits. No program can
#' see what was sent before: make one file of a data set, and keep to it.
#'
#' **The format** (version 1). Three lines of text: `LatentMR-moments 1`, `md5` with the MD5 sum of all that comes after the
#' third line, `bytes` with the lengths of the header and of the numbers. Then the header, JSON in UTF-8: names, alleles, blocks,
#' limits, what was suppressed, and `arrays`, the list of the matrices (with families eight of them, else seven; name, type, rows, columns), which follow one after
#' the other by columns: `int32` or `float64`, little-endian, every bit of them kept. The sum finds damage on the way; it is no
#' signature. Python reads it in fifteen lines:
#' ```
#' import hashlib, json, struct
#' def read_moments(path):
#'     with open(path, "rb") as f:
#'         assert f.readline() == b"LatentMR-moments 1\n"
#'         md5 = f.readline().split()[1].decode()
#'         header, numbers = map(int, f.readline().split()[1:])
#'         rest = f.read()
#'     assert len(rest) == header + numbers and hashlib.md5(rest).hexdigest() == md5
#'     top, at, out = json.loads(rest[:header]), header, {}
#'     for a in top["arrays"]:
#'         code = "<%d%s" % (a["rows"] * a["columns"], {"int32": "i", "float64": "d"}[a["type"]])
#'         flat = struct.unpack_from(code, rest, at)
#'         out[a["name"]] = [flat[i * a["rows"]:(i + 1) * a["rows"]] for i in range(a["columns"])]
#'         at += struct.calcsize(code)
#'     return top, out
#' ```
#'
#' @param m An `mr_moments` object made with `disclosure = TRUE` (one site, or several that were combined).
#' @param file Path of the file. It is written aside and renamed when it is whole (one that was there is replaced, with a message); for `read_moments()` the file to read.
#' @param min_people Smallest number of people in a block, at least 30.
#' @param min_carriers Smallest number of carriers of a variant in a block that has any, at least 20. For dosages 20.
#' @param max_columns Variants and numeric columns for each person of a block, at most 1/3.
#' @param min_cell Smallest number of people with two rare things at once, at least 3.
#' @param max_power Largest power of a test of who is in the data, from .06 to 1 (no limit).
#' @param ... Nothing: an argument without a use is an error.
#' @return `export_moments()`: invisibly the moments as written, an `mr_moments` object with the attribute `audit`, a data frame
#'   of what was suppressed: `what` (`"folds"`, `"variant"`, `"families"`), `name`, `environment`, `count`, `reason`. `read_moments()`: an
#'   `mr_moments` object with the same attribute, the same numbers to the last bit.
#' @section Errors: `latentmr_error_disclosure` when the moments cannot leave the site, with the reason;
#'   `latentmr_error_argument` for a limit below the least; `latentmr_error_io` when the file cannot be written or read. A file
#'   that is not as `export_moments()` writes it is refused with `latentmr_error_exchange`, and with
#'   `latentmr_error_moments` too when its numbers are not those of people: other files (`.rds` among them), a wrong sum,
#'   a length that does not fit, another version, names with control characters, JSON that is nested deeply, numbers
#'   that are not finite, not whole where they must be, negative counts, cross products that are not positive
#'   semidefinite, limits in the header that the numbers do not hold, another fingerprint.
#' @seealso [combine_moments()] for what to do with the files of several sites, [fingerprint()].
#' @examples
#' set.seed(1)
#' g <- matrix(rbinom(800 * 4, 2, .3), 800, 4)
#' x <- g[, 1] + rnorm(800)
#' data <- mr_data(g, x, x + rnorm(800), rep(c("a", "b"), 400), kind = "genotype")
#' file <- tempfile(fileext = ".lmrm")
#' sent <- export_moments(mr_moments(data), file)
#' attr(sent, "audit") # what was left out
#' file.size(file)
#' read_moments(file)
#' @export
export_moments <- function(m, file, min_people = 30, min_carriers = 20, max_columns = 0.1, min_cell = 3,
                           max_power = 0.1, ...) {
  check_dots(...)
  check_given()
  if (!inherits(m, "mr_moments")) {
    abort_argument("m", "an mr_moments object", describe(m), "Make one with mr_moments().")
  }
  check_string(file, "file")
  limits <- check_release_limits(min_people, min_carriers, max_columns, min_cell, max_power)
  check_moments(m, "m")
  check_text_names(m)
  audit <- audit_moments(m, limits)
  write_files(stats::setNames(list(exchange_bytes(audit)), file), say = TRUE)
  say_suppressed(audit$suppressed)
  invisible(structure(audit$moments, audit = audit$suppressed))
}

say_suppressed <- function(suppressed) {
  variants <- suppressed$name[suppressed$what == "variant"]
  folds <- suppressed[suppressed$what == "folds", ]
  families <- suppressed$reason[suppressed$what == "families"]
  if (!nrow(suppressed)) return(invisible())
  inform(
    sprintf(
      "Disclosure control: %s.", paste(c(
        if (length(variants)) sprintf("%s withheld (%s)", plural(length(variants), "variant"), quote_all(variants, 5)),
        if (nrow(folds)) {
          sprintf("folds merged in %s", list_some(sprintf("%s (%d fewer)", folds$environment, folds$count), 5))
        },
        if (length(families)) sprintf("sums within families left out (%s)", families)
      ), collapse = ", ")
    ),
    "latentmr_message_disclosure"
  )
}

# A name that the reader would refuse is not written.
check_text_names <- function(m) {
  all <- unlist(c(
    m[c("outcome", "exposure", "units", "covariates", "structure", "environments")], m$variants$snp,
    lapply(m$coding, as.character)
  ))
  bad <- which(unprintable(all))
  if (!length(bad)) return(invisible())
  abort_argument(
    "m", "one whose names have no control characters",
    sprintf("with the name %s", encodeString(all[bad[1]], quote = "\"")),
    "Rename it before mr_moments()."
  )
}

# Control characters, and those that turn the direction of text.
unprintable <- function(x) {
  x <- as.character(x)
  bad <- !validUTF8(x)
  bad[!bad] <- grepl("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", enc2utf8(x[!bad]), perl = TRUE)
  bad & !is.na(x)
}
