# Choosing one variant of every group in linkage disequilibrium, by p-values (clumping).
# LD are cross products of the moments: there is no other code for it.

#' The strongest of linked variants
#'
#' Greedy clumping as PLINK's `--clump`, on one's own genotypes and by environment: the variant with the smallest
#' p-value is kept, variants linked with it within `kb` are removed, and so on with those that are left.
#'
#' Linkage of variants j and k is the squared correlation of their counts, from the cross products
#' \eqn{S_e} of counts about the means of environment e (those of [mr_moments()]; missing calls take the mean of
#' their environment):
#' \describe{
#' \item{`"within"`}{\eqn{(\sum_e S_{e,jk})^2 / (\sum_e S_{e,jj} \sum_e S_{e,kk})}, all environments pooled within
#'   environments: differences in frequency between environments make no linkage.}
#' \item{`"max"`}{\eqn{\max_e S_{e,jk}^2 / (S_{e,jj} S_{e,kk})}: linked in any environment. Chance makes
#'   this large where an environment is small.}
#' }
#' With one environment this is the procedure of PLINK 1.9's `--clump` with `--clump-p1` and `--clump-p2` equal to
#' `threshold`. PLINK measures linkage there by haplotype frequencies that it estimates (those of `--ld`, not of
#' `--r2`): the
#' variants are the same unless a pair lies on the two sides of `r2` by the two measures. It also leaves missing
#' calls out pair by pair, and knows founders only. Equal p-values are taken in the order of chromosome and
#' position. Variants whose chromosome or position is not known are near to all others, and then all are.
#'
#' P-values from the same people's exposure choose variants whose association is overestimated (winner's
#' curse), which pulls the estimates towards least squares: take `p` of another study, or of one half of the
#' people (`split()`), where there is one. With `p = NULL` a message says so.
#'
#' @param x An object of [mr_data()] or [read_mr_data()], the paths of genotype files (PLINK, PGEN, BGEN; see
#'   [read_genotypes()]), or what reads them.
#' @param p P-values: a numeric vector named by variant, or a data frame with columns `SNP` (or `rsid`, `id`,
#'   `variant_id`) and `pval` (or `P`, `p_value`, `pval.exposure`). A variant named twice has its smallest. `NULL`,
#'   for data with one
#'   exposure: of the linear regression of the exposure on each variant, environments, covariates and structure.
#' @param r2 Variants are linked when their squared correlation is at least this.
#' @param kb Linked variants are removed that are nearer than this many kilobases (1,000 base pairs) to the one that
#'   stays.
#' @param threshold Variants with a larger p-value are not looked at and do not stay.
#' @param ld `"within"` or `"max"`, see Details.
#' @param environment For files: a factor, text or whole numbers, the group of each person in the order of the fam
#'   file; `NULL`: one group. Data have their own.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame of class `clumps` with a row for each variant that has a p-value, in the order of the
#'   genotypes: `SNP`, `chr`, `pos`, `pval`, `kept`, `index` (the variant that stands for it: itself when kept, `NA`
#'   when `pval` is above the threshold) and `r2` (with the index). Use it as `read_mr_data(instruments = )` or
#'   `data[, clumps]`: the kept variants stay, and [flow()] counts the others by reason.
#' @section Errors: `latentmr_error_argument`, also for a clumping that keeps nothing in `data[, clumps]`;
#'   `latentmr_error_variants` when no p-value belongs to a variant of `x`;
#'   `latentmr_error_memory` when more than 5,000 variants within the threshold lie within `kb`. Warning
#'   `latentmr_warning_linkage`: an `r2` that unlinked variants reach by chance in one pair of a hundred.
#' @references Purcell et al. (2007), Am J Hum Genet 81:559. Chang et al. (2015), GigaScience 4:7 (PLINK 1.9).
#' @examples
#' panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
#' bed <- read_plink(panel)
#' set.seed(1)
#' gwas <- data.frame(SNP = variants(bed)$snp, pval = runif(nrow(variants(bed))))
#' kept <- clump(bed, gwas, r2 = 0.1, kb = 250, threshold = 0.05, environment = samples(bed)$fid)
#' kept
#' table(kept$kept)
#' @export
clump <- function(x, p = NULL, r2 = 0.001, kb = 10000, threshold = 5e-8, ld = "within", environment = NULL, ...) {
  check_dots(...)
  check_given("x")
  check_number(r2, "r2", min = 0, max = 1)
  check_number(kb, "kb", min = 0)
  check_number(threshold, "threshold", min = 0, max = 1)
  check_choice(ld, "ld", c("within", "max"))
  data <- clump_data(x, environment, is.null(p))
  found <- if (is.null(p)) exposure_pvalues(data) else given_pvalues(p, data$variants)
  row <- which(!is.na(found))
  use <- which(!is.na(found) & found <= threshold)
  warn_linkage_limit(r2, data$environment, ld)
  place <- variant_places(data$variants, use)
  pairs <- linked_pairs(data, use[place$order], place, r2, 1000 * kb, ld)
  clumped <- greedy_clumps(found[use], place$order, pairs)
  out <- data.frame(
    SNP = data$variants$snp, chr = data$variants$chr, pos = data$variants$pos, pval = found, kept = FALSE,
    index = NA_character_, r2 = NA_real_
  )
  out$index[use] <- out$SNP[use[clumped$index]]
  out$r2[use] <- clumped$r2
  out$kept[use] <- clumped$index == seq_along(use)
  out <- out[row, , drop = FALSE]
  rownames(out) <- NULL
  structure(out, class = c("clumps", "data.frame"), rule = clump_words(r2, kb, threshold))
}

# How flow() names the two rules.
clump_words <- function(r2, kb, threshold) {
  c(
    linked = sprintf("linked with a stronger variant (r2 >= %s within %s kb)", format(r2), big(kb)),
    weak = sprintf("p-value above %s", format(threshold))
  )
}

# What moments are computed from: genotypes, variants, environment.
clump_data <- function(x, environment, computed) {
  if (inherits(x, "mr_data")) {
    check_made(x)
    if (!is.null(environment)) {
      abort_argument("environment", "NULL for data, which have their own", describe(environment))
    }
    if (computed && !is.null(dim(x$exposure))) {
      abort_argument("p", "given where there are several exposures", "NULL", "Each exposure has its own p-values.")
    }
    return(x)
  }
  if (is.character(x) && length(x) && is.null(dim(x))) x <- opened_genotypes(x, "x")
  if (!inherits(x, c("plink_bed", "genotypes"))) {
    abort_argument("x", "an mr_data object, files of genotypes, or what read_genotypes() returns", describe(x))
  }
  if (computed) {
    abort_argument("p", "given where `x` has no exposure", "NULL", "Take a published study's, or x = mr_data(...).")
  }
  source <- genotype_source(x, "x")
  group <- if (is.null(environment)) factor(rep("all", source$n)) else clump_groups(environment, source$n)
  known <- which(!is.na(group))
  new_mr_data(
    genotypes = pick(source$genotypes, known),
    variants = source$variants, kind = if (hard_calls(source$genotypes)) "genotype" else "dosage",
    environment = droplevels(group[known]), covariates = matrix(0, length(known), 0),
    covariate_coding = code_covariates(data.frame(row.names = seq_along(known)))$coding,
    structure_includes_instruments = NA, ids = NULL, flow = new_flow(),
    removed_variants = data.frame(snp = character(), reason = character()),
    flagged_variants = data.frame(snp = character(), environment = character(), reason = character())
  )
}

clump_groups <- function(environment, n) {
  group <- unname(as_environment(environment))
  if (length(group) != n) {
    abort_argument("environment", sprintf("of length %s, one for each person of `x`", big(n)), describe(environment))
  }
  if (anyNA(group)) {
    inform(
      sprintf("%s without an environment left out.", plural(sum(is.na(group)), "participant")),
      "latentmr_message_clump"
    )
  }
  if (all(is.na(group))) abort_argument("environment", "known for somebody", "missing for everybody")
  group
}

# ---- p-values ----

p_columns <- c("pval", "p", "p_value", "pvalue", "p.value", "p-value", "pval.exposure")

# Of every variant of the data, NA where there is none.
given_pvalues <- function(p, variants) {
  must <- "a numeric vector named by variant, or a data frame with the columns SNP and pval"
  if (is.data.frame(p)) {
    name <- match(variant_columns, lower(names(p)))
    value <- match(p_columns, lower(names(p)))
    if (all(is.na(name)) || all(is.na(value))) {
      abort_argument("p", must, sprintf("a data frame with the columns %s", quote_all(names(p), 8)))
    }
    p <- setNames(p[[value[!is.na(value)][1]]], as.character(p[[name[!is.na(name)][1]]]))
  }
  p <- numbers_of_text(p)
  if (!is.numeric(p) || is.object(p) || is.null(names(p)) || !is.null(dim(p))) {
    abort_argument(
      "p", must, describe(p),
      if (is.numeric(p) && length(p) > 1) "Name it: setNames(p, variants(x)$snp), where it is in their order."
    )
  }
  bad <- which(!is.na(p) & !(p >= 0 & p <= 1))
  if (length(bad)) {
    abort_argument(
      "p", "between 0 and 1, or NA", sprintf("%s for %s", format(p[[bad[1]]]), quote_all(names(p)[bad[1]])),
      "Logarithms of p-values are turned by 10^-x."
    )
  }
  p <- smallest_of_each(p[!is.na(p)])
  at <- match(variants$snp, names(p))
  plain <- plain_names(variants)
  at[is.na(at)] <- match(plain[is.na(at)], names(p))
  if (all(is.na(at))) abort_no_pvalue(names(p), variants)
  unused <- length(p) - length(unique(at[!is.na(at)]))
  if (unused) {
    inform(
      sprintf("%s of %s p-values are of variants that `x` does not have.", big(unused), big(length(p))),
      "latentmr_message_clump"
    )
  }
  unname(p[at])
}

# P-values that were read as text; what is no number is said.
numbers_of_text <- function(p) {
  if (is.factor(p)) p <- setNames(as.character(p), names(p))
  if (!is.character(p) || is.null(names(p)) || !is.null(dim(p))) return(p)
  text <- trimws(p)
  out <- suppressWarnings(as.numeric(text))
  odd <- which(is.na(out) & !is.na(p) & !text %in% c("", "NA", ".", "NaN"))
  if (length(odd)) {
    abort_argument(
      "p", "numbers", sprintf("\"%s\" for %s", p[[odd[1]]], quote_all(names(p)[odd[1]])),
      "Read the column as numbers, with a point in decimals."
    )
  }
  setNames(out, names(p))
}

smallest_of_each <- function(p) {
  p <- p[order(p)]
  again <- duplicated(names(p))
  several <- unique(names(p)[again])
  if (length(several)) {
    inform(
      sprintf(
        "%s several p-values, such as %s: the smallest counts.",
        if (length(several) == 1) "1 variant has" else paste(big(length(several)), "variants have"),
        quote_all(several, 3)
      ), "latentmr_message_clump"
    )
  }
  p[!again]
}

abort_no_pvalue <- function(names, variants) {
  if (!length(names)) {
    abort_argument("p", "numbers between 0 and 1, some of them not missing", "missing for every variant")
  }
  cause <- variant_cause(names, variants)
  abort(
    sprintf(
      "None of the %s variants in `p` is in `x`: %s; `x` has %s.%s", big(length(names)), quote_all(names, 3),
      quote_all(variants$snp, 3), cause_words(cause)
    ),
    c("latentmr_error_variants", "latentmr_error_argument"), argument = "p",
    hint = if (is.null(cause)) "Look for another kind of name (rsid, chr:pos)." else cause$remedy
  )
}

# Of the exposure on each variant given environments, covariates and structure.
exposure_pvalues <- function(data) {
  inform(
    "P-values of the exposure in the same people: variants so chosen look stronger than they are (winner's curse).",
    "latentmr_message_clump"
  )
  total <- nrow(data$variants)
  unlist(lapply(split(seq_len(total), (seq_len(total) - 1L) %/% 500L), function(cols) {
    view <- plain_view(data, cols, traits = TRUE)
    partial <- partial_out(
      view, pick_map(view, integer()), pick_map(view, c(view$columns$structure, view$columns$covariates))
    )
    block <- list(partial = partial, n = view_people(view), rank = partial$rank)
    variant_associations(variant_sums(block, view, list()))$px
  }), use.names = FALSE)
}

# Moments of some variants as one block an environment.
plain_view <- function(data, cols, traits = FALSE) {
  part <- data
  part$genotypes <- pick(data$genotypes, NULL, cols)
  if (traits) {
    part$variants <- data$variants[cols, , drop = FALSE]
    part[c("background", "block", "cluster", "family", "parents", "counts", "truth")] <- list(NULL)
  } else {
    part <- panel_data(part, part$genotypes)
    part[c("parents", "counts", "truth")] <- list(NULL)
  }
  moments_view(mr_moments(part, folds = 1, seed = 1L, disclosure = FALSE))
}

# ---- linkage ----

warn_linkage_limit <- function(r2, environment, ld) {
  size <- table(environment)
  n <- if (ld == "max") min(size) else sum(size) - length(size) + 1
  chance <- stats::qchisq(.99, 1) / n
  if (r2 >= chance) return(invisible())
  warn(
    sprintf(
      "r2 = %s is less than what chance gives: 1 of 100 pairs of unlinked variants is above %s %s.", format(r2),
      format(chance, digits = 2), if (ld == "max") {
        sprintf("in the %s people of \"%s\"", big(n), names(size)[which.min(size)])
      } else {
        sprintf("in %s people", big(sum(size)))
      }
    ),
    "latentmr_warning_linkage", chance = chance,
    hint = paste(
      "Variants are removed that are not linked: take a larger r2", if (ld == "max") ", or ld = \"within\"", ".",
      sep = ""
    )
  )
}

# Candidates in the order of the genome; unknown places come as one chromosome without positions.
variant_places <- function(variants, use) {
  chr <- plain_chromosome(variants$chr[use])
  pos <- as.double(variants$pos[use])
  if (!length(pos)) pos <- rep(NA_real_, length(use))
  unknown <- length(chr) < length(use) || anyNA(chr) || any(chr %in% c("0", "", "NA")) || any(!(pos > 0) %in% TRUE)
  if (unknown) return(list(order = seq_along(use), chr = rep(1L, length(use)), pos = rep(0, length(use))))
  number <- suppressWarnings(as.numeric(chr))
  code <- match(chr, unique(chr[order(number, chr, method = "radix")]))
  order <- order(code, pos, method = "radix")
  list(order = order, chr = code[order], pos = pos[order])
}

clump_tile <- 2500L

# Pairs with r2 of at least `least` within `reach` base pairs, as positions among the ordered
# candidates `cols`. Tiles overlap by `reach`, so that every such pair is in one.
linked_pairs <- function(data, cols, place, least, reach, ld) {
  parts <- lapply(tiles_of(place, reach), function(tile) {
    if (length(tile) < 2) return(NULL)
    r2 <- linkage(data, cols[tile], ld)
    near <- outer(place$pos[tile], place$pos[tile], function(a, b) abs(a - b) < reach)
    # Rounding of a correlation of 1.
    at <- which(near & r2 >= least - 1e-12 & upper.tri(r2), arr.ind = TRUE)
    cbind(tile[at[, 1]], tile[at[, 2]], pmin(r2[at], 1))
  })
  pairs <- do.call(rbind, parts)
  if (is.null(pairs)) pairs <- matrix(0, 0, 3)
  pairs[!duplicated(pairs[, 1:2, drop = FALSE]), , drop = FALSE]
}

tiles_of <- function(place, reach, size = clump_tile) {
  n <- length(place$pos)
  if (!n) return(list())
  gap <- c(TRUE, diff(place$chr) != 0 | diff(place$pos) > reach)
  segments <- split(seq_len(n), cumsum(gap))
  unlist(lapply(segments, function(segment) {
    tiles <- list()
    while (length(segment) > size) {
      one <- first_tile(segment, place$pos, reach, size)
      tiles <- c(tiles, list(one$tile))
      segment <- one$following
    }
    c(tiles, list(segment))
  }), recursive = FALSE, use.names = FALSE)
}

# The next tile of a segment and where the one after it starts: behind the first, or no tile is large enough.
first_tile <- function(segment, pos, reach, size) {
  for (width in pmin(c(size, 2L * size), length(segment))) {
    following <- segment[pos[segment] > pos[segment[width]] - reach]
    if (width == length(segment)) following <- integer()
    if (length(following) < length(segment)) return(list(tile = segment[seq_len(width)], following = following))
  }
  abort(
    sprintf("More than %s variants within the threshold lie within `kb` of each other.", big(2 * size)),
    c("latentmr_error_memory", "latentmr_error_argument"), argument = "kb",
    hint = "Take a smaller `threshold` or a smaller `kb`."
  )
}

linkage <- function(data, cols, ld) {
  view <- plain_view(data, cols)
  g <- view$columns$variants
  if (ld == "within") return(squared_correlation(Reduce(`+`, view$cross)[g, g, drop = FALSE]))
  Reduce(pmax, lapply(view$cross, function(s) squared_correlation(s[g, g, drop = FALSE])))
}

# `value`: p-values of the candidates; `order`: their positions in the order of the genome, in which
# the pairs are numbered. Of each candidate the index and the r2 with it.
greedy_clumps <- function(value, order, pairs) {
  n <- length(value)
  other <- c(pairs[, 2], pairs[, 1])
  size <- rep(pairs[, 3], 2)
  of <- split(seq_along(other), factor(c(pairs[, 1], pairs[, 2]), seq_len(n)))
  index <- rep(NA_integer_, n)
  r2 <- rep(NA_real_, n)
  for (i in order(value[order], seq_len(n))) {
    if (!is.na(index[i])) next
    near <- of[[i]]
    near <- near[is.na(index[other[near]])]
    index[other[near]] <- i
    r2[other[near]] <- size[near]
    index[i] <- i
    r2[i] <- 1
  }
  back <- order(order)
  list(index = order[index[back]], r2 = r2[back])
}

#' @export
print.clumps <- function(x, ...) {
  check_dots(...)
  check_printed(x, "clumps")
  if (!all(names(object_rules()$clumps()) %in% names(x))) return(NextMethod())
  rule <- attr(x, "rule")
  kept <- x$kept %in% TRUE
  lines <- c(
    sprintf("<clumps> %s kept of %s with a p-value", big(sum(kept)), plural(nrow(x), "variant")),
    if (length(rule) == 2) sprintf(
      "  %s %s", c(big(sum(!kept & !is.na(x$index))), big(sum(is.na(x$index)))), rule[c("linked", "weak")]
    )
  )
  cat(lines, sep = "\n")
  best <- as.data.frame(x)[kept, , drop = FALSE]
  best <- utils::head(best[order(best$pval), c("SNP", "chr", "pos", "pval")], 6)
  best$stands_for <- vapply(best$SNP, function(snp) sum(x$index %in% snp) - 1, 0)
  if (nrow(best)) print(best, row.names = FALSE)
  invisible(x)
}
