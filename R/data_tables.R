# The variants and the participants of an mr_data object as data frames.

#' Variants and participants of a data set
#'
#' @param x An object made by [mr_data()] or [read_mr_data()].
#' @param environments `TRUE` gives a row for each variant and environment,
#'   `FALSE` one for each variant over all participants.
#' @param ... Nothing: an argument without a use is an error.
#' @return `variants()`: a data frame (printed folded, see [print.mr_table()]) with `snp`, `chr`, `pos`, `effect_allele`
#'   (the allele that is counted), `other_allele`, `weight` where `instruments` was a table of associations
#'   ([read_mr_data()]), with `environments = TRUE` also
#'   `environment`, then `n` (participants), `call_rate` (share of these with a
#'   call), and over the calls: for genotypes and dosages `eaf` (frequency of the
#'   effect allele, mean / 2) and `maf` (that of the rarer one), for continuous
#'   instruments `mean` and `sd`. By environment, genotypes have `hwe_p`: the exact
#'   test of Hardy-Weinberg proportions given the allele counts (Wigginton, Cutler
#'   and Abecasis 2005, Am J Hum Genet 76:887); over all environments together it
#'   is not given, because it would test that they have the same frequencies. On chromosome
#'   X it is the test of the women (sex of the fam file), `NA` where sex is not known.
#'   Dosages have `info`, the quality of imputation as the dosages themselves tell it: their variance over that of
#'   genotypes of the same frequency in Hardy-Weinberg proportions,
#'   \eqn{R^2 = var(x) / (2 p (1 - p))}{R2 = var(x) / (2 p (1 - p))} with \eqn{p} the frequency (MaCH's r2: Li et al.
#'   2010, Genet Epidemiol 34:816; `plink2 --freq cols=+machr2`). It is 1 for certain
#'   calls and may be a little above; over all environments together it is that within them. On chromosome X it is `NA` where there
#'   are men.
#'   Where nobody is called, frequencies and p-values are `NA`. `block` is the LD
#'   block when blocks were given.
#'
#'   `samples()`: a data frame with a row for each participant in the analysed
#'   order: `id`, `environment`, `cluster` when given, then the exposure, the
#'   outcome, the coded covariates and the structure columns under their names.
#' @examples
#' set.seed(1)
#' g <- matrix(rbinom(200 * 3, 2, .3), 200, 3)
#' data <- mr_data(g, rnorm(200), rnorm(200), rep(c("a", "b"), 100), kind = "genotype")
#' variants(data)
#' variants(data, environments = TRUE)
#' head(samples(data))
#' @name mr_data-tables
NULL

#' @rdname mr_data-tables
#' @export
variants.mr_data <- function(x, environments = FALSE, ...) {
  check_dots(...)
  check_made(x)
  check_flag(environments, "environments")
  counts <- mr_counts(x)
  check_counts(counts, x)
  levels <- levels(x$environment)
  size <- as.integer(table(x$environment))
  p <- nrow(x$variants)
  info <- if (x$kind == "dosage") if (environments) imputation_info(counts) else pooled_info(counts)
  if (!environments) {
    counts <- pool_counts(counts)
    size <- length(x$outcome)
  }
  groups <- length(size)
  out <- x$variants[rep(seq_len(p), each = groups), , drop = FALSE]
  if (!is.null(x$block)) out$block <- rep(x$block, each = groups)
  if (environments) out$environment <- rep(levels, times = p)
  long <- function(m) as.vector(t(m))
  n <- rep(size, times = p)
  called <- long(counts$called)
  mean <- ifelse(called > 0, long(counts$mean), NA)
  out$n <- n
  out$call_rate <- called / n
  if (x$kind == "continuous") {
    out$mean <- mean
    out$sd <- ifelse(called > 1, sqrt(long(counts$ss) / (called - 1)), NA)
  } else {
    out$eaf <- mean / 2
    out$maf <- pmin(out$eaf, 1 - out$eaf)
  }
  if (x$kind == "dosage") out$info <- ifelse(rep(info_known(x$variants, x$sex), each = groups), long(info), NA)
  if (environments && x$kind == "genotype") {
    tested <- hwe_counts(x, counts)
    out$hwe_p <- .Call(C_ffi_hwe, long(tested$n0), long(tested$n1), long(tested$n2))
  }
  rownames(out) <- NULL
  shown <- c(VARIANT_COLUMNS, "environment", "eaf", "mean", "sd", "info", "call_rate", "hwe_p")
  folded_table(out, order(out$call_rate), "lowest call rate first", shown)
}

# What was counted when the data were made is still theirs.
check_counts <- function(counts, x) {
  fault <- field_fault("mr_data", "x")
  size <- c(nrow(x$variants), nlevels(x$environment))
  names <- if (x$kind == "genotype") c("called", "n0", "n1", "n2", "mean", "ss") else c("called", "mean", "ss")
  for (name in names) {
    m <- if (is.list(counts)) counts[[name]]
    if (!is.numeric(m) || !identical(dim(m), size)) {
      fault(
        paste0("$counts$", name), sprintf("a matrix of %d variants x %d environments", size[1], size[2]), describe(m)
      )
    }
  }
  n <- rep(tabulate(x$environment, size[2]), each = size[1])
  good <- counts$called >= 0 & counts$called <= n & (counts$called == 0 | is.finite(counts$mean) & counts$ss >= 0)
  if (x$kind == "genotype") {
    total <- counts$n1 + 2 * counts$n2
    good <- good & counts$n0 >= 0 & counts$n1 >= 0 & counts$n2 >= 0 &
      counts$n0 + counts$n1 + counts$n2 == counts$called &
      (counts$called == 0 | abs(total - counts$mean * counts$called) <= 1e-6 * n)
  }
  if (!all(good %in% TRUE)) {
    fault(
      "$counts", "counts of calls that add up",
      sprintf("others for %s", x$variants$snp[(which(!good | is.na(good))[1] - 1) %% size[1] + 1])
    )
  }
}

# Counts over all environments from those by environment.
pool_counts <- function(counts) {
  n <- rowSums(counts$called)
  mean <- rowSums(counts$mean * counts$called) / pmax(n, 1)
  list(
    called = as.matrix(n), mean = as.matrix(mean),
    ss = as.matrix(rowSums(counts$ss + counts$called * (counts$mean - mean)^2))
  )
}

#' @rdname mr_data-tables
#' @export
samples.mr_data <- function(x, ...) {
  check_dots(...)
  check_made(x)
  out <- data.frame(id = if (is.null(x$ids)) NA_character_ else x$ids, environment = x$environment)
  if (!is.null(x$cluster)) out$cluster <- x$cluster
  if (!is.null(x$family)) out$family <- x$family
  traits <- c(exposure_columns(x$exposure), list(x$outcome))
  names(traits) <- c(x$exposure_name, x$outcome_name)
  columns <- c(
    list(out, as.data.frame(traits, optional = TRUE), as.data.frame(x$covariates, optional = TRUE)),
    if (!is.null(x$structure)) list(as.data.frame(x$structure, optional = TRUE))
  )
  do.call(cbind, columns)
}
