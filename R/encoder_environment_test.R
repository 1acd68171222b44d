#' Does the law of the data change across environments?
#'
#' The question behind every use of environments: without a change in the law of the
#' instruments nothing identifies their invariant part, and a latent that is called
#' invariant must not change. Three scopes, one row of the result per test:
#' * `joint`: all columns together, the k-sample MMD test of [mmd_test()] (statistic n times
#'   the pooled biased MMD^2, trace-gamma law). Columns are standardised over all people (RBF
#'   kernel); allele counts of up to 5,000 people take the IBS kernel;
#' * `column`: each column alone. Numbers: the same MMD test. Allele counts: the chi-square test of the
#'   2 x E table of allele counts, E - 1 degrees of freedom (for dosages it is conservative);
#' * `conditional`, when there are covariates: all columns against the environment given the
#'   covariates, kernel test KCI (Zhang et al. 2011, gamma law) from low-rank factors: a change that
#'   the covariates account for does not count. `conditional = "column"` does each column as well.
#'
#' `p_adjusted` is Holm's over the columns of one scope. `effect` is free of scale: the normalised MMD
#' (0 to 1), or for allele counts the share of the variance between environments (chi-square over the number of
#' alleles, an Fst). `detectable` is the smallest `effect` that the test would find with 80 % power: for MMD the
#' mean of the null law plus the noncentrality that a chi-square test of its degrees of freedom needs (a gamma law is
#' a scaled chi-square), for allele counts the noncentrality. Not
#' rejecting says no more than that a change, if any, is below it. At biobank size all tests reject: read `effect`.
#'
#' @param x A `latent_instruments` object (with `data`), a numeric matrix or data frame (rows are people), or
#'   `mr_data`: then its genotypes, environments, and covariates with structure columns are taken. For `mr_data`
#'   missing calls are allowed: they are left out of the allele counts and take the pooled mean elsewhere, which
#'   hides changes rather than making them. In a matrix allele counts (only 0, 1, 2, NA) are recognised; in other
#'   columns missing values are an error.
#' @param environment One label per row; at least two environments of at least 6 people.
#' @param covariates NULL or a numeric matrix or data frame with the same rows.
#' @param conditional `"joint"`, `"column"` or `"none"`.
#' @param max_columns Most columns in the joint and conditional tests; above it, that many evenly spaced ones
#'   (the column tests take all).
#' @param seed NULL or a whole number: fixes the random features used above 5,000 people.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame of class `environment_test`: `scope`, `variable`, `method`, `n`, `statistic`,
#'   `p_value`, `p_adjusted`, `effect`, `detectable`. Constant columns have NA. `attr(, "htest")` is the
#'   `htest` object of the joint test (NULL when everything is constant).
#' @section Errors: `latentmr_error_argument` for missing values in columns that are no allele counts, fewer than two
#'   environments, an environment below 6 people, covariates of other length.
#' @references Gretton et al. (2012), JMLR 13. Zhang, Peters, Janzing and Schoelkopf (2011), UAI. Huang et al.
#'   (2020), JMLR 21 (the environment as a variable). Holm (1979), Scand J Stat.
#' @seealso [mmd_test()]. C: `src/core/kernel/mmd.c`, `kernel_conditional.c`, `allele_shift.c`.
#' @examples
#' data <- simulate_mr("authors", n = 300, seed = 1)
#' environment_test(data)
#' set.seed(1)
#' z <- cbind(moves = c(rnorm(100), rnorm(100, 1)), stays = rnorm(200))
#' environment_test(z, rep(c("a", "b"), each = 100))
#' @export
environment_test <- function(x, ...) {
  check_given("x")
  UseMethod("environment_test")
}

#' @rdname environment_test
#' @export
environment_test.default <- function(x, environment, covariates = NULL, conditional = "joint",
                                     max_columns = 500, seed = NULL, ...) {
  check_dots(...)
  check_given("environment")
  if (is.atomic(x) && is.null(dim(x)) && is.numeric(x)) x <- matrix(x, dimnames = list(NULL, deparse1(substitute(x))))
  if (is.data.frame(x) && length(x) && all(vapply(x, is.numeric, NA))) x <- as.matrix(x)
  if (!is.matrix(x) || !is.numeric(x) || !nrow(x) || !ncol(x)) {
    abort_argument("x", "a numeric matrix or data frame (rows are people), or mr_data", describe(x))
  }
  storage.mode(x) <- "double"
  genotype <- is_allele_count(x)
  if (!genotype) kernel_sample(x, "x")
  names <- if (is.null(colnames(x))) paste0("column", seq_len(ncol(x))) else colnames(x)
  columns <- function(cols) x[, cols, drop = FALSE]
  environment_frame(columns, names, genotype, environment, nrow(x), covariates, conditional, max_columns, seed)
}

#' @rdname environment_test
#' @export
environment_test.mr_data <- function(x, conditional = "joint", max_columns = 500, seed = NULL, ...) {
  check_dots(...)
  check_made(x)
  covariates <- cbind(x$covariates, x$structure)
  if (!length(covariates)) covariates <- NULL
  environment_frame(
    function(cols) mr_genotypes(x, cols), x$variants$snp, x$kind != "continuous", x$environment,
    length(x$outcome), covariates, conditional, max_columns, seed
  )
}

#' @rdname environment_test
#' @param data For a `latent_instruments` object: `mr_data` to test its latents on, people who were not used in
#'   learning them (on those an invariant latent was chosen to pass).
#' @param type The block whose latents are tested: `"invariant"` (must not move; the conditional test is given
#'   the variant block and the covariates) or `"variant"` (should move).
#' @export
environment_test.latent_instruments <- function(x, data, type = "invariant", conditional = "joint",
                                                max_columns = 500, seed = NULL, ...) {
  check_dots(...)
  check_made(x)
  check_choice(type, "type", c("invariant", "variant"))
  if (missing(data) || !inherits(data, "mr_data")) {
    abort_argument("data", "an mr_data object", if (missing(data)) "missing" else describe(data),
      hint = "People who were not used in learning the instruments give an honest test."
    )
  }
  check_data(data)
  check_same_instruments(nrow(data$variants), data$variants$snp, x, "data")
  codes <- stats::predict(x, data, type = type)
  if (!ncol(codes)) abort_argument("type", "a block with at least one latent", sprintf("\"%s\", which is empty", type))
  covariates <- cbind(
    data$covariates, data$structure, if (type == "invariant") stats::predict(x, data, type = "variant")
  )
  if (!length(covariates)) covariates <- NULL
  environment_frame(
    function(cols) codes[, cols, drop = FALSE], colnames(codes), FALSE, data$environment, nrow(codes), covariates,
    conditional, max_columns, seed
  )
}

is_allele_count <- function(x) all(is.na(x) | x == 0 | x == 1 | x == 2) && !all(is.na(x))

# columns(cols): the matrix of some columns, so that files are read by parts.
environment_frame <- function(columns, names, genotype, environment, n, covariates, conditional,
                              max_columns, seed) {
  check_choice(conditional, "conditional", c("joint", "column", "none"))
  if (conditional == "column" && is.null(covariates)) {
    abort_argument("conditional", "\"joint\" or \"none\" without covariates", "\"column\"", "It goes with covariates.")
  }
  check_number(max_columns, "max_columns", min = 1, whole = TRUE)
  environment <- group_factor(environment, n, "environment")
  if (nlevels(environment) < 2) abort_argument("environment", "labels of at least two environments", "labels of one")
  row_groups(environment, n, "environment", 6L)
  seed <- draw_seed(seed)
  p <- length(names)
  spread <- if (p > max_columns) unique(round(seq(1, p, length.out = max_columns))) else seq_len(p)
  label <- as.integer(environment)

  raw <- columns(spread)
  scaled <- .Call(C_ffi_standardise, raw)
  joint <- joint_row(raw, scaled, genotype, environment, seed)
  rows <- list(
    joint$row,
    if (genotype) allele_rows(columns, names, environment, n) else mmd_rows(columns, names, environment, seed)
  )
  if (!is.null(covariates) && conditional != "none") {
    given <- scaled_covariates(covariates, n)
    rows <- c(rows, list(conditional_row(scaled, given, environment, "all")))
    if (conditional == "column") {
      step <- progress_steps("Conditional tests of columns", p)
      one <- function(j) {
        on.exit(step())
        z <- .Call(C_ffi_standardise, columns(j))
        conditional_row(z, given, environment, names[j])
      }
      rows <- c(rows, lapply(seq_len(p), one))
    }
  }
  out <- do.call(rbind, rows)
  family <- paste(out$scope, out$variable == "all")
  out$p_adjusted <- stats::ave(out$p_value, family, FUN = function(v) stats::p.adjust(v, "holm"))
  out <- out[c("scope", "variable", "method", "n", "statistic", "p_value", "p_adjusted", "effect", "detectable")]
  structure(
    out, class = c("environment_test", "data.frame"), htest = joint$htest,
    environments = table(environment), columns = c(all = p, joint = length(spread))
  )
}

test_row <- function(scope, variable, method, n, statistic = NA_real_, p = NA_real_, effect = NA_real_,
                     detectable = NA_real_) {
  data.frame(
    scope = scope, variable = variable, method = method, n = n, statistic = statistic, p_value = p,
    effect = effect, detectable = detectable
  )
}

joint_row <- function(raw, scaled, genotype, environment, seed) {
  n <- nrow(raw)
  if (all(scaled$sd == 0)) return(list(row = test_row("joint", "all", "MMD", n), htest = NULL))
  ibs <- genotype && n <= EXACT_ROWS && !anyNA(raw)
  x <- if (ibs) raw else scaled$x
  kernel <- if (ibs) "ibs" else "rbf"
  row <- mmd_row("joint", "all", x, kernel, environment, seed)
  htest <- mmd_test(x, environment = environment, kernel = kernel, seed = seed)
  htest$data.name <- sprintf("%d columns by environment", ncol(raw))
  list(row = row, htest = htest)
}

mmd_row <- function(scope, variable, x, kernel, environment, seed) {
  g <- mmd_groups(x, NULL, environment, kernel, NULL, 1)
  how <- choose_approximation("auto", g$n, g$x$kernel)
  m <- mmd_numbers(g, how, seed = seed)$numbers
  law <- gamma_law(m[["trace_mean"]], m[["trace_var"]], m[["trace_third"]])
  statistic <- g$n * m[["biased"]]
  per_unit <- m[["normalised"]] / statistic
  test_row(
    scope, variable, if (how == "exact") "MMD" else "MMD, features", g$n, statistic, gamma_tail(statistic, law),
    m[["normalised"]], if (statistic > 0) (m[["trace_mean"]] + gamma_detectable(law)) * per_unit else NA_real_
  )
}

mmd_rows <- function(columns, names, environment, seed) {
  step <- progress_steps("MMD tests of columns", length(names))
  one <- function(j) {
    on.exit(step())
    z <- .Call(C_ffi_standardise, columns(j))
    if (z$sd == 0) return(test_row("column", names[j], "MMD", length(environment)))
    mmd_row("column", names[j], z$x, "rbf", environment, seed)
  }
  do.call(rbind, lapply(seq_along(names), one))
}

allele_rows <- function(columns, names, environment, n) {
  width <- max(1, floor(8e6 / n)) # 64 MB of calls at a time
  parts <- split(seq_along(names), (seq_along(names) - 1) %/% width)
  table <- do.call(rbind, lapply(parts, function(cols) {
    .Call(C_ffi_allele_shift, columns(cols), as.integer(environment), nlevels(environment))
  }))
  df <- table[, 2]
  detectable <- vapply(unique(df), chisq_detectable, 0)[match(df, unique(df))]
  test_row(
    "column", names, "allele counts", as.integer(round(table[, 4])), table[, 1],
    stats::pchisq(table[, 1], df, lower.tail = FALSE), table[, 3],
    ifelse(is.na(table[, 1]), NA_real_, detectable / (2 * table[, 4]))
  )
}

scaled_covariates <- function(covariates, n) {
  if (is.atomic(covariates) && is.null(dim(covariates)) && is.numeric(covariates)) covariates <- matrix(covariates)
  if (is.data.frame(covariates) && length(covariates) && all(vapply(covariates, is.numeric, NA))) {
    covariates <- as.matrix(covariates)
  }
  if (!is.matrix(covariates) || !is.numeric(covariates) || nrow(covariates) != n) {
    abort_argument("covariates", sprintf("a numeric matrix or data frame of %d rows", n), describe(covariates),
      hint = "Code factors as columns first: model.matrix(~ 0 + f)."
    )
  }
  .Call(C_ffi_standardise, kernel_sample(covariates, "covariates")$x)
}

conditional_row <- function(scaled, given, environment, variable) {
  n <- nrow(scaled$x)
  given <- given$x[, given$sd > 0, drop = FALSE]
  row <- test_row("conditional", variable, "KCI", n)
  if (all(scaled$sd == 0) || !ncol(given)) return(row)
  width <- function(x) 1 / (2 * .Call(C_ffi_kernel_median, x, cpu_level())[1]^2)
  xs <- cbind(scaled$x, given / 2)
  out <- .Call(
    C_ffi_kci, xs, c(0, 0, 0, width(xs)), given, c(0, 0, 0, width(given)), as.integer(environment),
    nlevels(environment), cpu_level()
  )
  law <- gamma_law(out[2], out[3])
  row$statistic <- out[1]
  row$p_value <- gamma_tail(out[1], law)
  row
}

#' @export
print.environment_test <- function(x, digits = 3, rows = 10, ...) {
  check_dots(...)
  check_printed(x, "environment_test")
  sizes <- attr(x, "environments")
  if (is.null(sizes)) return(NextMethod())
  cat(sprintf("Does the law change across %d environments? n = %s\n", length(sizes), paste(sizes, collapse = " + ")))
  counts <- attr(x, "columns")
  if (counts[["joint"]] < counts[["all"]]) {
    cat(sprintf("Joint tests on %d evenly spaced columns of %d.\n", counts[["joint"]], counts[["all"]]))
  }
  columns <- x$scope == "column"
  shown <- as.data.frame(x)[c(which(!columns), utils::head(which(columns)[order(x$p_value[columns])], rows)), ]
  for (name in c("statistic", "p_value", "p_adjusted", "effect", "detectable")) {
    shown[[name]] <- format(signif(shown[[name]], digits))
  }
  print.data.frame(shown, row.names = FALSE)
  if (sum(columns) > rows) cat(sprintf("... %d columns in all; as.data.frame() has them.\n", sum(columns)))
  cat(
    sprintf(
      "Holm-adjusted p below .05: %d of %d columns.\n", sum(x$p_adjusted[columns] < .05, na.rm = TRUE), sum(columns)
    )
  )
  invisible(x)
}

#' @export
as.data.frame.environment_test <- function(x, row.names = NULL, optional = FALSE, stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_printed(x, "environment_test")
  attributes(x)[c("htest", "environments", "columns")] <- NULL
  class(x) <- "data.frame"
  asked_frame(x, row.names, stringsAsFactors)
}
