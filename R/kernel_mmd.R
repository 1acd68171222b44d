#' Test that two samples, or all environments, have one law
#'
#' The k-sample kernel test. The maximum mean discrepancy is 0 in the population exactly when all
#' laws agree (with an RBF or delta kernel; the polynomial kernels compare moments up to their
#' degree only). The statistic is n times its pooled biased form, which is also n times the HSIC
#' of the sample with its label.
#'
#' For two samples, \eqn{\mathrm{MMD}^2 = \overline{K_{xx}} + \overline{K_{yy}} - 2\overline{K_{xy}}}; the unbiased form
#' leaves the diagonals out and may be negative. For environments with shares \eqn{p_e}, mean
#' embeddings \eqn{\mu_e} and pooled \eqn{\mu},
#' \deqn{\sum_e p_e\|\mu_e-\mu\|^2 = \tfrac12\sum_{e,e'}p_ep_{e'}\mathrm{MMD}^2(e,e') = \mathrm{HSIC}(x, e)}
#' with the label kernel \eqn{1\{e=e'\}/p_e}, so that small environments count by their law and
#' not by their size squared. For two groups it is \eqn{p_1p_2\mathrm{MMD}^2}. The normalised form divides by
#' \eqn{\|K_c\|\sqrt{E-1}/N} and lies in \[0, 1\].
#'
#' Null laws: `"trace_gamma"` (default, `"gamma"` is the same here), a gamma law with mean
#' \eqn{\mathrm{tr}(K_c)(E-1)/N} and variance \eqn{2\|K_c\|^2(E-1)/N^2} (polynomial kernels: the exact moments over
#' all permutations, see [hsic_test()]); `"permutation"` of the labels, within
#' `strata` when given, p = (1 + number at or above the observed) / (permutations + 1); `"block"` and
#' `"linear"`, a one-sided normal test of the mean over disjoint blocks.
#'
#' @inheritParams hsic_test
#' @param x Sample: numeric vector, matrix or data frame (rows are people), or a factor.
#'   Missing or infinite values are an error.
#' @param y Second sample with the same columns, or NULL when `environment` is given.
#' @param environment NULL, or one label for each row of `x`.
#' @param kernel NULL, or one of `"rbf"`, `"poly2"`, `"poly3"`, `"delta"`, `"ibs"`; see [hsic_test()].
#' @param bandwidth NULL for the median heuristic on all rows, or \eqn{\sigma}.
#' @param block Rows of each group in a block; NULL is the square root of the smallest group.
#' @param method One of `"trace_gamma"`, `"gamma"`, `"permutation"`, `"block"`, `"linear"`.
#' @param strata NULL, or one label per row (of `x`, then of `y`): labels are permuted within strata.
#' @param cluster NULL, or one label per row (of `x`, then of `y`), for `method = "permutation"`: the labels of a
#'   whole cluster (a family, say) move together, to a cluster of the same size.
#' @param permutations Number of random permutations.
#' @param approximation `"auto"`, `"exact"` or `"features"` for the gamma law.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `htest`: `statistic`, `parameter`, `p.value`, `estimate`, `method`, `data.name`.
#'   `estimate` is named: `MMD^2` (two samples) or `pooled MMD^2` (environments), biased, the same `unbiased` (exact
#'   form only) and `normalised`; of `"block"` and `"linear"` the mean unbiased one. But for these, `pairs` has the
#'   MMD^2 between every two groups, two symmetric matrices `biased` and (exact form) `unbiased`.
#' @section Errors: `latentmr_error_argument` for missing values, samples of different width, constant samples,
#'   fewer than two groups, groups below 2 people, and combinations without a formula.
#' @references Gretton, Borgwardt, Rasch, Schoelkopf and Smola (2012), JMLR 13. Zaremba, Gretton and
#'   Blaschko (2013), NIPS (block form). Zhang et al. (2011), UAI (trace form).
#' @seealso [hsic_test()], [environment_test()]. [families()] for `cluster`. C: `src/core/kernel/mmd.c`, `gram_sums.c`,
#'   `kernel_test.c`, `exchange.c`.
#' @examples
#' set.seed(1)
#' mmd_test(rnorm(100), rnorm(100, sd = 2))
#' mmd_test(iris[1:4], environment = iris$Species)$pairs$unbiased
#' mmd_test(iris[1:4], environment = iris$Species, method = "permutation", permutations = 99, seed = 1)
#' @export
mmd_test <- function(x, y = NULL, environment = NULL, method = "trace_gamma", kernel = NULL,
                     bandwidth = NULL, scales = 1, strata = NULL, cluster = NULL, permutations = 999,
                     approximation = "auto", features = 100, block = NULL, seed = NULL, ...) {
  check_dots(...)
  check_given()
  other <- if (is.null(y)) c("by", deparse1(substitute(environment))) else c("and", deparse1(substitute(y)))
  name <- paste(c(deparse1(substitute(x)), other), collapse = " ")
  check_choice(method, "method", c("trace_gamma", "gamma", "permutation", "block", "linear"))
  check_number(permutations, "permutations", min = 1, max = 1e7, whole = TRUE)
  check_idle_law(method, approximation)
  g <- mmd_groups(x, y, environment, kernel, bandwidth, scales)
  check_idle(c("bandwidth", "scales"), g$x$kernel != "rbf", "kernel = \"rbf\"")
  refuse_constant(g$x$x, "x")
  if (!is.null(strata) && method != "permutation") {
    abort_argument("method", "\"permutation\" when `strata` are given", describe(method))
  }
  rows <- row_groups(strata, g$n, "strata")
  cluster <- check_cluster(cluster, g$n, method, rows)
  label <- if (g$two) "MMD^2" else "pooled MMD^2"
  factor <- if (g$two) g$n^2 / prod(g$size) else 1
  if (method %in% c("block", "linear")) {
    out <- mmd_blocks(g, method, block, seed)
    check_blocks(out[["blocks"]])
    return(normal_htest(
      out[["mean"]], out[["sd"]] / sqrt(out[["blocks"]]), out[["blocks"]],
      stats::setNames(factor * out[["mean"]], label), "MMD test of equal laws", method, name
    ))
  }
  approximation <- test_approximation(approximation, g$n, g$x$kernel, "trace_gamma")
  seed <- draw_seed(seed)
  found <- mmd_numbers(g, approximation, features, seed)
  numbers <- found$numbers
  forms <- c("biased", if (approximation == "exact") "unbiased")
  estimate <- stats::setNames(
    c(factor * numbers[forms], numbers[["normalised"]]),
    c(label, if (approximation == "exact") paste("unbiased", label), "normalised")
  )
  pairs <- lapply(found[forms], `dimnames<-`, list(g$levels, g$levels))
  if (method == "permutation") {
    draws <- .Call(
      C_ffi_mmd_permute, g$x$x, g$x$k, g$label, length(g$levels), exchange_plan(rows, cluster),
      as.integer(permutations), seed, 0L, progress_of("MMD test by permutation"), cpu_level()
    )
    how <- permutation_words(cluster, rows, if (is.null(strata)) "" else " within strata")
    return(kernel_htest(
      c("n MMD" = draws$stat[1]), c(permutations = permutations), draws$p, estimate,
      sprintf("MMD test of equal laws, %d groups (%s)", length(g$levels), how), name, pairs = pairs
    ))
  }
  statistic <- g$n * numbers[["biased"]]
  moments <- null_moments(g$x$kernel, approximation)
  law <- gamma_law(numbers[[moments[1]]], numbers[[moments[2]]], numbers[["trace_third"]])
  kernel_htest(
    c("n MMD" = statistic), law, gamma_tail(statistic, law), estimate,
    sprintf("MMD test of equal laws, %d groups (trace gamma%s)", length(g$levels),
            if (approximation == "features") ", features" else ""),
    name, pairs = pairs
  )
}

# One sample with labels, whatever way the groups came.
mmd_groups <- function(x, y, environment, kernel, bandwidth, scales, least = 2L) {
  if (is.null(y) == is.null(environment)) {
    abort("Give either `y` (a second sample) or `environment` (labels for the rows of `x`).", "latentmr_error_argument")
  }
  two <- !is.null(y)
  if (two) {
    sizes <- c(NROW(x), NROW(y))
    labels <- vapply(list(x, y), function(v) is.factor(v) || is.character(v), NA)
    if (labels[1] != labels[2]) {
      abort_argument("y", sprintf("%s, as `x`", if (labels[1]) "labels" else "numbers"), describe(y))
    }
    if (labels[1]) {
      x <- factor(c(as.character(x), as.character(y)))
    } else {
      if (NCOL(x) != NCOL(y)) {
        abort_argument("y", sprintf("of %d columns, as `x`", NCOL(x)), sprintf("of %d columns", NCOL(y)))
      }
      if (!is.null(colnames(x)) && !is.null(colnames(y)) && !identical(colnames(x), colnames(y))) {
        abort_argument(
          "y", sprintf("of the columns of `x`, %s", quote_all(colnames(x))), quote_all(colnames(y)), "In their order."
        )
      }
      x <- rbind(kernel_sample(x, "x")$x, kernel_sample(y, "y")$x)
    }
    environment <- factor(rep(c("x", "y"), sizes), levels = c("x", "y"))
  }
  x <- kernel_sample(x, "x")
  n <- nrow(x$x)
  environment <- group_factor(environment, n, "environment")
  if (nlevels(environment) < 2) abort_argument("environment", "labels of at least two groups", "labels of one")
  row_groups(environment, n, if (two) "y" else "environment", least)
  list(
    x = kernel_numbers(x, kernel, bandwidth, scales, "x"), n = n, two = two, label = as.integer(environment),
    levels = levels(environment), size = tabulate(environment)
  )
}

mmd_numbers <- function(g, approximation, features = 100, seed = NULL) {
  groups <- length(g$levels)
  out <- if (approximation == "exact") {
    .Call(C_ffi_mmd, g$x$x, g$x$k, g$label, groups, cpu_level())
  } else {
    .Call(
      C_ffi_mmd_features, g$x$x, g$x$k, g$label, groups, feature_number(features),
      as.integer(max(g$x$labels, 0)), draw_seed(seed), cpu_level()
    )
  }
  names(out$numbers) <- c(
    "n", "biased", "unbiased", "normalised", "trace_mean", "trace_var", "exact_mean", "exact_var", "trace_third"
  )
  out
}

mmd_blocks <- function(g, approximation, block, seed) {
  rows <- shuffled(split(seq_len(g$n), g$label), draw_seed(seed))
  size <- block_size(block, approximation, min(g$size), 2L)
  out <- .Call(
    C_ffi_mmd_blocks, g$x$x, g$x$k, unlist(rows, use.names = FALSE), cumsum(lengths(rows)), size,
    as.integer(approximation == "linear"), cpu_level()
  )
  stats::setNames(out, c("mean", "sd", "blocks"))
}
