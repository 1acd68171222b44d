# Some people (and variants) of a data set, as a data set: the rules for environments and
# variants hold anew.

#' Parts of a data set
#'
#' `data[i, ]` keeps some people, `data[, j]` some instruments, `split()` makes a data set of every environment (or
#' of the levels of any other factor). What holds for the whole holds for the part: environments of
#' fewer than 10 people and variants that no longer vary are removed, as [mr_data()] says, with a row in
#' [flow()]. Nothing is scaled anew: units and `scale_traits` stay those of the whole.
#'
#' @param x An object of [mr_data()] or [read_mr_data()].
#' @param i,j Participants and instruments: positions, identifiers (names of variants), negative positions, or
#'   `TRUE` and `FALSE` for each. Missing: all. Nobody may be named twice; the order of the data stays. For `j` also the
#'   result of [clump()]: the variants it kept, the others counted by reason.
#' @param f What to split by: a factor, character vector or whole numbers with a value for every participant, or the
#'   name of a column of `samples(x)`. People with a missing value are left out, with a message.
#' @param genotypes `TRUE` adds a column of counted alleles for every variant.
#' @param row.names,optional,stringsAsFactors As in [as.data.frame()].
#' @param drop Without effect.
#' @param ... Nothing: an argument without a use is an error.
#' @return `[`: an `mr_data` object. `split()`: a list of them, named by level. `as.data.frame()`: [samples()],
#'   with genotypes when asked for.
#' @section Errors: `latentmr_error_argument`: an index that names nobody, or names somebody twice; a part in which
#'   the exposure or the outcome does not vary; `latentmr_error_empty`: nobody, or no variant, is left.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' data[1:100, ]
#' sites <- split(data)
#' names(sites)
#' head(as.data.frame(data))
#' @name mr_data-parts
NULL

#' @rdname mr_data-parts
#' @export
`[.mr_data` <- function(x, i, j, ..., drop = FALSE) {
  check_dots(...)
  check_made(x)
  if (nargs() - (!missing(drop)) < 3) {
    abort_argument("i", "given with a comma, data[i, ]", "alone", "people: data[i, ]; instruments: data[, j].")
  }
  rows <- if (missing(i)) {
    seq_along(x$outcome)
  } else {
    once(as_positions(i, length(x$outcome), x$ids, "i", "participant"), "i")
  }
  clumps <- if (!missing(j) && inherits(j, "clumps")) clumped_apart(j, x$variants, "j")
  cols <- if (missing(j)) {
    seq_len(nrow(x$variants))
  } else if (!is.null(clumps)) {
    clumps$cols
  } else {
    once(as_positions(j, nrow(x$variants), x$variants$snp, "j", "variant"), "j")
  }
  if (!length(rows)) abort_argument("i", "at least one participant", "none")
  if (!length(cols)) abort_argument("j", "at least one variant", "none")
  part <- part_of_data(x, sort(rows), sort(cols), clumps$removed)
  if (!is.null(part$made)) part$made <- c(part$made, "# then a part of it, data[i, j]: flow() has the counts")
  part
}

once <- function(at, arg) {
  if (!anyDuplicated(at)) return(at)
  abort_argument(arg, "without repeats", sprintf("one with position %d twice", at[anyDuplicated(at)]))
}

part_of_data <- function(x, rows, cols, reasons = NULL) {
  people <- part_of_people(x, rows)
  part_of_variants(people$data, x, people$rows, cols, people$flow, reasons)
}

# list(data, rows, flow): the people that stay, with all but their genotypes.
part_of_people <- function(x, rows) {
  log <- x$flow
  # The way went on.
  log <- log[!(log$action == "analysed" & log$unit %in% c(
    "participants", "variants", "background variants"
  )), , drop = FALSE]
  drop <- function(left, reason) {
    stays <- logical(length(x$outcome))
    stays[left] <- TRUE
    gone <- rows[!stays[rows]]
    rows <<- left
    log <<- flow_add(log, "participants", reason, "removed", x$environment[gone], x$environment[rows])
  }
  everybody <- rows
  rows <- seq_along(x$outcome)
  drop(everybody, "not chosen by [i, ]")
  size <- tabulate(x$environment[rows], nlevels(x$environment))
  small <- levels(x$environment)[size > 0 & size < smallest_environment]
  drop(
    if (length(small)) rows[!x$environment[rows] %in% small] else rows,
    sprintf("environment of fewer than %d", smallest_environment)
  )
  if (length(small)) warn_small_environments(small)
  if (!length(rows)) abort_nobody(log)
  left <- droplevels(x$environment[rows])
  log <- flow_add(log, "participants", "analysed", "analysed", left, left)
  list(data = people_of_data(x, rows), rows = rows, flow = log)
}

# All that has a row for each person, but the genotypes.
people_of_data <- function(x, rows) {
  x$genotypes <- genotype_matrix(matrix(0, length(x$outcome), 0))
  out <- rows_of_data(x, rows)
  several <- !is.null(dim(x$exposure))
  for (k in seq_along(x$exposure_name)) {
    check_varies(exposure_columns(out$exposure)[[k]], if (several) sprintf(
      "exposure$%s", x$exposure_name[k]
    ) else "exposure",
                 "In this part nothing can be estimated.")
  }
  check_varies(out$outcome, "outcome", "In this part nothing can be estimated.")
  for (name in c("covariates", "structure")) {
    if (is.null(x[[name]])) next
    kept <- drop_constant_columns(out[[name]])
    out[[name]] <- kept$x
  }
  if (!is.null(x$covariate_coding)) {
    out$covariate_coding <- x$covariate_coding[x$covariate_coding$column %in% colnames(out$covariates), , drop = FALSE]
  }
  out
}

part_of_variants <- function(out, x, rows, cols, log, reasons = NULL) {
  environment <- out$environment
  source <- list(genotypes = x$genotypes, n = length(x$outcome), p = nrow(x$variants), variants = x$variants)
  source <- without_variants(source, !seq_len(source$p) %in% cols)
  if (is.null(reasons)) reasons <- c("not chosen by [, j]" = nrow(x$variants) - source$p)
  log <- flow_add_each(log, "variants", reasons, nrow(x$variants))
  scan <- scan_variants(source, rows, environment)
  kept <- filter_variants(source, rows, environment, scan, x$kind, log)
  if (!length(kept$cols)) abort_no_variant(kept$log)
  log <- flow_add(kept$log, "variants", "analysed", "analysed", length(kept$cols), length(kept$cols))
  at <- cols[kept$cols]
  out$genotypes <- pick(source$genotypes, rows, kept$cols)
  out$variants <- `rownames<-`(x$variants[at, , drop = FALSE], NULL)
  if (!is.null(x$block)) out$block <- droplevels(x$block[at])
  if (!is.null(x$parents)) out$parents <- pick_parents(out$parents, cols = at)
  if (!is.null(x$truth)) {
    whole <- lengths(x$truth) == nrow(x$variants)
    out$truth[whole] <- lapply(x$truth[whole], `[`, at)
  }
  if (!is.null(x$background)) {
    table <- x$background$variants
    background <- list(genotypes = x$background, n = length(x$outcome), p = nrow(table), variants = table)
    back <- build_background(background, rows, environment, out$variants$snp, log)
    out$background <- back$background
    log <- back$log
  }
  out$counts <- counts_of(scan_pick(scan[c("called", "n0", "n1", "n2", "mean", "ss")], kept$cols), x$kind)
  out$removed_variants <- rbind(x$removed_variants, kept$removed)
  out$flagged_variants <- kept$flagged
  out$flow <- log
  out
}

#' @rdname mr_data-parts
#' @export
split.mr_data <- function(x, f = x$environment, drop = FALSE, ...) {
  check_dots(...)
  check_made(x)
  must <- "a value for every participant, or the name of a column of samples(x)"
  if (is.character(f) && length(f) == 1 && length(x$outcome) != 1) {
    table <- samples(x)
    if (!f %in% names(table)) abort_argument("f", must, describe(f), near_names(f, names(table)))
    f <- table[[f]]
  }
  if (!is.atomic(f) || is.null(f) || length(f) != length(x$outcome)) abort_argument("f", must, describe(f))
  if (is_continuous(f)) abort_argument("f", must, "continuous numbers", "Cut them into groups with cut().")
  f <- droplevels(as_groups(unname(f), "f"))
  if (anyNA(f)) {
    inform(
      sprintf("%s without a value of `f` in no part.", plural(sum(is.na(f)), "participant")), "latentmr_message_split"
    )
  }
  sapply(levels(f), function(level) x[which(f == level), ], simplify = FALSE)
}

#' @rdname mr_data-parts
#' @export
as.data.frame.mr_data <- function(x, row.names = NULL, optional = FALSE, genotypes = FALSE,
                                  stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_flag(genotypes, "genotypes")
  check_flag(stringsAsFactors, "stringsAsFactors")
  out <- samples(x)
  if (genotypes) {
    calls <- mr_genotypes(x)
    colnames(calls) <- x$variants$snp
    twice <- colnames(calls)[colnames(calls) %in% names(out)]
    if (length(twice)) {
      colnames(calls) <- utils::tail(make.unique(c(names(out), colnames(calls)), sep = "_"), ncol(calls))
      inform(
        sprintf("Variants called like another column are called %s here.",
                quote_all(paste0(twice, " -> ", colnames(calls)[match(twice, x$variants$snp)]), 5)),
        "latentmr_message_names", variants = twice
      )
    }
    out <- cbind(out, as.data.frame(calls, optional = TRUE))
  }
  if (!is.null(row.names)) {
    if (!is.atomic(row.names) || length(row.names) != nrow(out) || anyNA(row.names) || anyDuplicated(row.names)) {
      abort_argument("row.names", sprintf("%s different names, or NULL", big(nrow(out))), describe(row.names))
    }
    rownames(out) <- as.character(row.names)
  }
  out
}
