#' Block moments: everything that linear estimators need, in one pass
#'
#' Reads the genotypes once and keeps, for every block of people, the sums and
#' cross products of all columns: variants, covariates, structure columns,
#' exposure and outcome. A block is a fold within an environment. Encoders,
#' estimators, leave-one-out tables, cross-fitting and jackknife errors are
#' computed from these small matrices, with no further look at any person, and
#' the moments of several sites add up ([combine_moments()]). By default blocks are made
#' so that the object may be handed on.
#'
#' For genotypes (0, 1, 2 copies) the cross products are exact integers, counted
#' from two bits a genotype: with \eqn{h = [g \ge 1]}{h = [g >= 1]} and
#' \eqn{d = [g = 2]}{d = [g = 2]} as bit strings over people, \eqn{g = h + d} and
#' \deqn{\sum g_i g_j = |h_i \wedge h_j| + |h_i \wedge h_j \wedge (d_i \oplus d_j)| + 3 |d_i \wedge d_j|.}{sum g_i g_j =
#' |h_i & h_j| + |h_i & h_j & (d_i xor d_j)| + 3 |d_i & d_j|.}
#' They are the same on every processor and for every `memory`. Dosages that come as whole numbers k of steps of 1 / s
#' (BGEN and PGEN files) are summed as such, exactly, and divided once: below 8.4 million people in a block at
#' s = 16384. Numeric columns, other dosages and continuous instruments are summed in double precision about a
#' pilot value (their mean), so that a large mean costs no digits. Files are
#' streamed: the genotypes are never decoded into a matrix.
#'
#' Where `data` have families (`mr_data(family = )`) the object also keeps the cross products of all columns less the
#' mean of the siblings, so that [latent_mr()] has `family_2sls` and `family_nagar` from it. With `disclosure = TRUE`
#' they are there where they hold limits of their own, and else left out with the reason.
#'
#' With `disclosure = FALSE` missing genotypes are set to the mean of the variant over
#' the people of the same environment who have a call. The rule is applied when the moments are
#' read, because that mean changes when sites are combined: the object keeps the
#' cross products of genotypes with the missing flags, from which with
#' \eqn{x = g + \mu m} everything follows. A variant without a call, or with one
#' value only, in an environment takes its mean over all environments there; the
#' print counts these.
#'
#' @param data An [mr_data()] object.
#' @param folds Number of folds in every environment, at least 1. They serve
#'   cross-fitting and the delete-one-fold jackknife (ask for 50 when there are few
#'   variants). Folds of an environment differ in size by one person at most;
#'   when `data` has clusters, whole clusters stay together and the sizes are as
#'   equal as that allows. An environment with fewer people than folds gets fewer
#'   blocks, and so does one too small for `disclosure = TRUE`.
#' @param seed Whole number for the draw of the folds. `NULL` takes one from R's
#'   generator with `disclosure = FALSE`, so that [set.seed()] works; with
#'   `disclosure = TRUE` it always draws the same, so that doing it again tells
#'   nothing new.
#' @param memory Work memory, as a number of bytes or text such as `"500MB"` or
#'   `"2GB"`; `NULL` is `"1GB"`. When the bits of all people do not fit, the
#'   genotypes are read several times. The result comes on top: four bytes for each
#'   of p (p + 1) / 2 pairs of p variants in each block, and up to four times as
#'   much when all variants have missing calls.
#' @param control [encoder_control()] for the components of background variants (`background_r2`, `max_components`,
#'   `r2_min`, `ld_window`), which are computed here; `NULL` for its defaults.
#' @param disclosure `TRUE` makes moments that may leave the machine: see Disclosure
#'   control. `FALSE` keeps every block, variant and flag as it is, for use where the
#'   rows are; people's rows can be computed from such an object, which is marked.
#' @param outcomes Several outcomes instead of that of `data`, for [latent_scan()]: a matrix or data frame with a column
#'   for each, as `outcomes` there, without missing values: all are of the same people. They cost a column each, the
#'   cross products of the genotypes are the same for all; limits of disclosure control hold for every one.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `mr_moments`, a list of plain matrices that can be saved with [saveRDS()]. With p
#'   variants, of which pm have missing calls, q numeric columns and B blocks: `gg` (p (p + 1) / 2 by B: upper
#'   triangle by columns), `gm` (p pm by B), `mm`, `sg`, `sm`, `gx`, `mx`, `sx`, `xx`, the `blocks` (environment,
#'   fold, n), the pilots (`pilot` of the numeric columns, `gpilot` of the variants), `missing` (the variants with
#'   missing calls), the names of all columns (`outcome`, `exposure`, their `units`, `covariates`, `structure`,
#'   `environments`), `variants` (data frame), `kind`, `flow`, `seed`, `disclosure` (as given) and `withheld` (names
#'   of variants left out). Other fields are private. Genotype sums are integers. The numeric columns are in the
#'   order covariates, structure, exposure, outcome.
#' @section Disclosure control: Cross products of few people are these people. A block of
#'   24 people with 30 common variants gave all 24 rows, exposures and outcomes
#'   included, in less than a second; one carrier, one missing call or one person by whom
#'   two variants differ gives that person. With `disclosure = TRUE`, in every block:
#'   * at least max(30, 3 (p + q + 1), 10 (q + 1)) people for p variants and q numeric
#'     columns. Folds are lowered until it holds; an environment that is too small as a
#'     whole is an error.
#'   * no or at least 20 people differ from the most common value of a variant (of dosages: rounded, and
#'     half the expected copies of the rarer allele, min(sum, 2n - sum) / 2), and its residual
#'     sum of squares given the constant, the numeric columns and the other variants is at least 10 (allele
#'     counts; variances, for continuous
#'     instruments). No whole-number combination of the variants is then short, that is,
#'     different from zero for few people only: a vector of a lattice is at least as long
#'     as the shortest of its Gram-Schmidt vectors (Lenstra, Lenstra and Lovasz 1982,
#'     Mathematische Annalen 261:515). Folds of an environment are lowered, to no fewer
#'     than five where there were five, until every variant holds it; those that still do
#'     not are withheld, with a warning. So are variants without half of their calls.
#'   * no or at least 10 people differ from the most common value of a numeric column, or
#'     are in a group of a factor; the cells of two columns of two values hold no or at
#'     least 3 people; nobody has more than a quarter of the squares of any combination of
#'     numeric columns (leverage), nor more than three quarters with continuous instruments
#'     in it; and the variants leave at least 10 people's worth of every numeric column
#'     unexplained. Otherwise it is an error that names the column: merge groups, take
#'     ranks or logarithms, leave the column out.
#'   * no or at least 10 people have a value of a numeric column, of a sum or difference of two, or a
#'     dosage between the steps that the others keep to (whole numbers, tenths, 2.54 and so on): what a sum of
#'     products leaves over, modulo the step, is such a person's genotype. An error names column and step; of
#'     dosages the variant is withheld. Combinations of three or more columns are not searched.
#'   * a missing call takes the genotype of a random person of the same block (the same
#'     environment, for dosages and continuous instruments), and the flags are left out: sums
#'     over few missing calls are rows of people. Estimates from data with missing calls
#'     therefore differ a little from those with `disclosure = FALSE`.
#'   * sums within families W, and what they leave of the sums of all people, A - W, hold the same limits, a family
#'     being one person of either: at least as many families as people above; none or 20 families in which a variant
#'     differs, none or 10 for a numeric column, none or 3 for two at once; no family with more than a quarter of the
#'     squares of numeric columns; residual squares of at least 10 with a family's own divided by half its size. Folds
#'     are lowered for it, to no fewer than five; else the sums within families are left out, with a message. All
#'     genotypes must fit into `memory`. A missing call then takes that of a sibling
#'     where one has it, and else is drawn from the environment.
#'   * no seed, and no count of people who were left out.
#'
#'   What it does for you: from one such object, by itself, none of the attacks known to us
#'   recovered a row (`bench/attacks/README.md`: none of 52,860 people in 71 releases, 11,930 rows from
#'   182 data sets with `disclosure = FALSE`): lattice reduction, search trees, single carriers,
#'   dummies, outliers, differences of columns, by block, environment and altogether. Lattice
#'   reduction finds people where there are fewer of them than columns; where they are more than twice as
#'   many, strangers fit the cross products A as rows r of the data do:
#'   \eqn{r' A^{-1} r \le 1}{r' A^-1 r <= 1}.
#'
#'   What it does not do. Two objects made of nearly the same people give away those in whom they differ, to all
#'   digits: make one, and keep to it. Somebody who knows the rows of most people of a block can subtract them.
#'   Somebody who holds the numeric columns of everybody in a block can compute genotypes (`bench/attacks/beyond.R`:
#'   of 40 people). Somebody who has a person's genotypes can test, weakly, whether the person is in the data (Homer
#'   et al. 2008, PLoS Genetics 4:e1000167). Counts of people who carry two rare alleles, or one and a trait, are
#'   not bounded from below. There is no noise in the numbers, so nothing here is differential privacy.
#' @section Errors: `latentmr_error_argument` when an argument is not as described,
#'   `latentmr_error_disclosure` when moments cannot be released (the message says why),
#'   `latentmr_error_object` when `data` is of another version or was changed on the way
#'   (see [latent_mr()]), and those of reading files (see [read_plink()]).
#' @section Progress: Long passes report through the progressr package:
#'   `progressr::with_progress(mr_moments(data))`. What they will take is said before
#'   they start; `options(LatentMR.quiet = TRUE)` silences it.
#' @examples
#' set.seed(1)
#' g <- matrix(rbinom(300 * 4, 2, .3), 300, 4)
#' x <- g[, 1] + rnorm(300)
#' data <- mr_data(g, x, x + rnorm(300), rep(c("a", "b"), 150), kind = "genotype")
#' moments <- mr_moments(data) # one that may leave the machine
#' moments
#' mr_moments(data, folds = 5, disclosure = FALSE) # one that must not
#' @export
mr_moments <- function(data, folds = 10, seed = NULL, memory = NULL, control = NULL, disclosure = TRUE,
                       outcomes = NULL, ...) {
  check_dots(...)
  check_given()
  if (!inherits(data, "mr_data")) {
    abort_argument("data", "an mr_data object", describe(data), "Make one with mr_data() or read_mr_data().")
  }
  check_object(with_traits(data), "mr_data", "data")
  check_number(folds, "folds", min = 1, max = 10000, whole = TRUE)
  if (!is.null(control)) warn_background_settings(check_control(control), data)
  check_flag(disclosure, "disclosure")
  data <- with_outcomes(add_background(data, control), outcomes)
  memory <- if (is.null(memory)) 1e9 else memory_bytes(memory)
  p <- nrow(data$variants)
  if (p > max_variants) {
    abort_argument("data", sprintf("one of at most %s variants", big(max_variants)), sprintf("one of %s", big(p)),
                   "Cross products of more variants do not fit into a matrix: choose the instruments first.")
  }
  make <- if (disclosure) safe_moments else whole_moments
  make(data, as.integer(folds), seed, memory)
}

whole_moments <- function(data, folds, seed, memory) {
  seed <- draw_seed(seed)
  blocks <- draw_blocks(data$environment, data$cluster, folds, seed)
  new_moments(data, blocks, moments_pass(data, blocks, memory), seed, family_sums(data, blocks))
}

max_variants <- 46340L

# Numeric columns in the order that the whole package relies on.
numeric_columns <- function(data) {
  Filter(length, list(data$covariates, data$structure, data$exposure, data$outcome))
}

moments_bytes <- function(p, pm, blocks) 4 * blocks * (p * (p + 1) / 2 + p * pm + pm * (pm + 1) / 2)

#' @export
print.mr_moments <- function(x, ...) {
  check_dots(...)
  check_moments(x, "x")
  cat(format_moments(x), sep = "\n")
  invisible(x)
}

format_moments <- function(x) {
  n <- x$blocks$n
  per <- tapply(n, x$blocks$environment, sum)
  odd <- moments_unusual(x)
  sizes <- if (min(n) == max(n)) {
    sprintf("%s people each", big(min(n)))
  } else {
    sprintf("%s to %s people", big(min(n)), big(max(n)))
  }
  share <- sum(x$sm) / (sum(n) * nrow(x$variants))
  c(
    sprintf("<mr_moments> %s, %s", exposures_words(x$exposure), outcomes_words(x$outcome)),
    sprintf("%s participants in %s, %s (%s)", big(sum(n)), plural(length(x$environments), "environment"),
            plural(nrow(x$variants), "variant"), x$kind),
    paste0("  environments  ", list_some(sprintf("%s (%s)", names(per), big_each(per)), 6)),
    sprintf("  blocks        %s: folds within environments, %s%s", big(length(n)), sizes,
            if (x$clustered) ", clusters whole" else ""),
    sprintf("  columns       %s, %s, %s, %s", plural(length(x$covariates), "covariate"),
            plural(
              length(x$structure), "structure column"
            ), if (length(x$exposure) == 1) "exposure" else plural(length(x$exposure), "exposure"),
            if (length(x$outcome) == 1) "outcome" else plural(length(x$outcome), "outcome")),
    if (!is.null(x$summary)) {
      NULL
    } else if (isTRUE(x$disclosure)) {
      "  missing       calls drawn from other people of the block"
    } else {
      sprintf("  missing       %s of calls, in %s; set to the mean of the environment", percent(share),
              plural(length(x$missing), "variant"))
    },
    if (nrow(odd)) {
      sprintf("  not varying   %s in some environment (%s): missing calls there take the mean over all",
              plural(length(unique(odd$snp)), "variant"), list_some(unique(odd$snp), 3))
    },
    if (!is.null(x$family)) {
      sprintf("  families      sums within %s of siblings, %s", big(sum(x$family$families)),
              plural(sum(x$family$people), "participant"))
    },
    if (!is.null(x$withheld_families)) {
      strwrap(paste("left out:", x$withheld_families), 80, initial = "  families      ", prefix = strrep(" ", 16))
    },
    sprintf("  memory        %s", format_bytes(as.numeric(utils::object.size(x)))),
    disclosure_words(x)
  )
}

outcomes_words <- function(names) {
  if (length(names) == 1) return(paste("outcome", names))
  sprintf("%s (%s)", plural(length(names), "outcome"), list_some(names, 4))
}

# What the object gives away, without comfort.
disclosure_words <- function(x) {
  if (!is.null(x$summary)) return(summary_words(x))
  if (!isTRUE(x$disclosure)) {
    return(c(
      sprintf("  disclosure    NOT CONTROLLED: people's rows can be computed from blocks of %s;", big(min(x$blocks$n))),
      "                keep it on this machine (made with disclosure = FALSE)"
    ))
  }
  c(
    if (length(x$withheld)) {
      sprintf("  withheld      %s (%s)", plural(length(x$withheld), "variant"), list_some(x$withheld, 3))
    },
    "  disclosure    one release, on its own, gave no row away to the attacks of ?mr_moments;",
    "                another one of nearly the same people does: the difference is the people who differ"
  )
}
