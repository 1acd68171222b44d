#' Test of independence by kernels
#'
#' Are two samples of the same people independent - within each environment, when one is
#' given? The Hilbert-Schmidt independence criterion is 0 in the population exactly when
#' they are (with an RBF or delta kernel; the polynomial kernels see moments up to their
#' degree only). The statistic is n times its biased form; with environments their sum over
#' the environments.
#'
#' With Gram matrices \eqn{K}, \eqn{L} of `x` and `y`, \eqn{H = I - 11'/n},
#' \eqn{K_c = HKH}:
#' * biased: \eqn{\mathrm{tr}(KHLH)/n^2}, at least 0; its mean under independence is about
#'   \eqn{\mathrm{tr}(K_c)\mathrm{tr}(L_c)/(n^2(n-1))}, not 0;
#' * unbiased (Song et al. 2012): \eqn{[\mathrm{tr}(\tilde K\tilde L) + 1'\tilde K1\,1'\tilde L1/((n-1)(n-2))
#'   - 2/(n-2)\,1'\tilde K\tilde L1]/(n(n-3))}, tilde: zero diagonal; may be negative;
#' * normalised: \eqn{\langle K_c,L_c\rangle/(\|K_c\|\|L_c\|)} in \[0, 1\], free of scale: for
#'   reporting and thresholds.
#'
#' Kernels: `"rbf"` \eqn{\exp(-|a-b|^2/(2\sigma^2))} averaged over \eqn{s\sigma}, s in `scales`;
#' `"poly2"`, `"poly3"` \eqn{(a'b+1)^q}; `"delta"` 1 where all columns agree; `"ibs"`
#' \eqn{1 - \sum_c|a_c-b_c|/(2d)} for allele counts. The default is RBF for numbers and delta
#' for labels. \eqn{\sigma} is the median distance between people (over 1,000 evenly
#' spaced rows when there are more); where more than half of the pairs agree, as on
#' few SNPs, the median of the positive distances.
#'
#' No n x n matrix is held: the exact form goes by tiles in O(n) memory and O(n^2) time.
#' Above 5,000 rows `approximation = "auto"` takes features: random Fourier
#' features (Rahimi and Recht 2007) for RBF, exact maps for polynomials and labels.
#'
#' Null laws:
#' * `"trace_gamma"` (default; Zhang et al. 2011): gamma with mean
#'   \eqn{\mathrm{tr}(K_c)\mathrm{tr}(L_c)/n^2} and variance \eqn{2\|K_c\|^2\|L_c\|^2/n^4}, for any kernel; with a
#'   polynomial kernel, whose diagonal has no bound, the exact mean and variance over all permutations
#'   (Kazi-Aoual et al. 1995) instead, as the former reject 8 % at n = 100. From features, where it costs nothing, the
#'   gamma is shifted to the third cumulant too (Hall 1983; Buckley and Eagleson 1988): the law is a sum of weighted
#'   chi-squares, and with one numeric column on each side a gamma of its mean and variance rejects 1.4 % at the 1 %
#'   level;
#' * `"gamma"` (Gretton et al. 2008): moments from the off-diagonal means; kernels with
#'   unit diagonal (all but the polynomials), exact form only;
#' * `"permutation"`: the rows of `y` are permuted, within environments when given;
#'   p = (1 + number of permuted statistics at or above the observed) / (permutations + 1);
#' * `"block"`, `"linear"`: unbiased statistic over blocks of random rows, a normal law for
#'   their mean; one-sided. Right-skewed blocks make it conservative: use 100 blocks or more.
#'
#' A sample that a model was trained on to be independent is no test sample: use rows
#' that were held out. At biobank size every test rejects; read the normalised HSIC.
#'
#' @param x,y Samples of the same n people, row by row: numeric vector, matrix or data
#'   frame, or a factor. Missing or infinite values are an error.
#' @param environment NULL, or n labels: the statistic within each environment, averaged
#'   with the same weight for every environment, i.e. each person weighs 1/p_e with p_e the
#'   share of their environment. At least 4 people in each.
#' @param kernel NULL, one of `"rbf"`, `"poly2"`, `"poly3"`, `"delta"`, `"ibs"`, or two of them
#'   (for `x` and for `y`).
#' @param bandwidth NULL for the median heuristic, or \eqn{\sigma} (one number, or one for
#'   `x` and one for `y`).
#' @param scales RBF widths as multiples of \eqn{\sigma} (at most 8).
#' @param features Number of random frequencies; each gives a cosine and a sine.
#' @param block Rows in a block; NULL is the square root of the rows.
#' @param seed NULL, or a whole number: fixes the random features or blocks.
#' @param method One of `"trace_gamma"`, `"permutation"`, `"gamma"`, `"block"`, `"linear"`.
#' @param cluster NULL, or one label per row, for `method = "permutation"`: people of a cluster (a family, say) need
#'   not be independent. Whole clusters of `y` are exchanged with clusters of the same size, in the same
#'   environment, their people in the order of the data; clusters alone in their size stay, and are counted in the
#'   print. Members must be exchangeable: list them in one order (child, parent) or at random.
#' @param permutations Number of random permutations.
#' @param approximation `"auto"`, `"exact"` or `"features"` for the two gamma laws. (Permutations
#'   above 5,000 rows use low-rank factors of the Gram matrices.)
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `htest`: `statistic`, `parameter`, `p.value`, `estimate`, `method`,
#'   `data.name`. `estimate` is named: `HSIC` (biased), `unbiased HSIC` (exact form only) and `normalised HSIC`, of
#'   environments their mean; of `"block"` and `"linear"` the mean unbiased `HSIC`.
#' @section Errors: `latentmr_error_argument` for samples of different length, missing
#'   values, constant samples, groups that are too small, and combinations without a formula.
#' @references Gretton, Bousquet, Smola and Schoelkopf (2005), ALT. Song, Smola, Gretton, Bedo and Borgwardt (2012),
#'   JMLR 13. Kornblith et al. (2019), ICML (normalised form). Hall (1983), Ann Probab 11. Buckley and Eagleson
#'   (1988), Aust J Stat 30. Gretton, Fukumizu, Teo, Song, Schoelkopf and Smola (2008), NIPS. Zhang, Peters, Janzing
#'   and Schoelkopf (2011), UAI. Kazi-Aoual, Hitier, Sabatier and Lebreton (1995), Comput Stat Data Anal 20. Zhang,
#'   Filippi, Gretton and Sejdinovic (2018), Stat Comput.
#' @seealso [mmd_test()], [environment_test()], [families()] for `cluster`. C: `src/core/kernel/hsic.c`,
#'   `gram_sums.c`, `features.c`, `kernel_test.c`, `exchange.c`.
#' @examples
#' set.seed(1)
#' x <- rnorm(200)
#' hsic_test(x, x^2 + rnorm(200))
#' hsic_test(x, sample(c("a", "b"), 200, replace = TRUE))$estimate
#' hsic_test(x, rnorm(200), method = "permutation", permutations = 99, seed = 1)
#' @export
hsic_test <- function(x, y, environment = NULL, method = "trace_gamma", kernel = NULL, bandwidth = NULL,
                      scales = 1, cluster = NULL, permutations = 999, approximation = "auto", features = 100,
                      block = NULL, seed = NULL, ...) {
  check_dots(...)
  check_given()
  name <- paste(deparse1(substitute(x)), "and", deparse1(substitute(y)))
  if (!is.null(environment)) name <- paste(name, "within", deparse1(substitute(environment)))
  check_choice(method, "method", c("trace_gamma", "permutation", "gamma", "block", "linear"))
  check_number(permutations, "permutations", min = 1, max = 1e7, whole = TRUE)
  check_idle_law(method, approximation)
  pair <- hsic_pair(x, y, environment, kernel, bandwidth, scales, least = 6L)
  check_idle(c("bandwidth", "scales"), !"rbf" %in% pair$kernels, "kernel = \"rbf\"")
  cluster <- check_cluster(cluster, pair$n, method, pair$rows)
  refuse_constant(pair$x$x, "x")
  refuse_constant(pair$y$x, "y")
  if (method %in% c("block", "linear")) return(hsic_normal(pair, method, block, seed, name))
  approximation <- test_approximation(approximation, pair$n, pair$kernels, method)
  seed <- draw_seed(seed)
  table <- hsic_table(pair, approximation, features, seed, gretton = method == "gamma")
  estimate <- c(
    HSIC = mean(table["biased", ]), "unbiased HSIC" = mean(table["unbiased", ]),
    "normalised HSIC" = mean(table["normalised", ])
  )
  if (approximation == "features") estimate <- estimate[-2]
  statistic <- sum(table["n", ] * table["biased", ])
  if (method == "permutation") {
    draws <- .Call(
      C_ffi_hsic_permute, pair$x$x, pair$x$k, pair$y$x, pair$y$k, pair$rows,
      lapply(pair$rows, function(rows) exchange_plan(list(seq_along(rows)), cluster[rows])),
      as.integer(permutations), seed, 0L, progress_of("HSIC test by permutation"), cpu_level()
    )
    how <- permutation_words(cluster, pair$rows, if (is.null(environment)) "" else " within environments")
    return(kernel_htest(
      c("n HSIC" = draws$stat[1]), c(permutations = permutations), draws$p, estimate,
      paste0("HSIC test of independence (", how, ")"), name
    ))
  }
  rows <- if (method == "gamma") c("gamma_mean", "gamma_var") else null_moments(pair$kernels, approximation)
  law <- gamma_law(sum(table[rows[1], ]), sum(table[rows[2], ]), sum(table["trace_third", ]))
  kernel_htest(
    c("n HSIC" = statistic), law, gamma_tail(statistic, law), estimate,
    sprintf("HSIC test of independence (%s%s)", if (method == "gamma") "gamma" else "trace gamma",
            if (approximation == "features") ", features" else ""),
    name
  )
}

hsic_pair <- function(x, y, environment, kernel, bandwidth, scales, least = 4L) {
  x <- kernel_sample(x, "x")
  y <- kernel_sample(y, "y", nrow(x$x))
  n <- nrow(x$x)
  if (n < least) abort_argument("x", sprintf("a sample of at least %d rows", least), sprintf("one of %d", n))
  x <- kernel_numbers(x, entry(kernel, 1, "kernel"), entry(bandwidth, 1, "bandwidth"), scales, "x")
  y <- kernel_numbers(y, entry(kernel, 2, "kernel"), entry(bandwidth, 2, "bandwidth"), scales, "y")
  list(x = x, y = y, n = n, kernels = c(x$kernel, y$kernel), rows = row_groups(environment, n, "environment", least))
}

# One column per environment.
hsic_table <- function(pair, approximation, features = 100, seed = NULL, gretton = FALSE) {
  x <- pair$x
  y <- pair$y
  table <- if (approximation == "exact") {
    .Call(C_ffi_hsic, x$x, x$k, y$x, y$k, pair$rows, as.integer(gretton), cpu_level())
  } else {
    levels <- as.integer(c(max(x$labels, 0), max(y$labels, 0)))
    .Call(
      C_ffi_hsic_features, x$x, x$k, y$x, y$k, pair$rows, feature_number(features), levels,
      draw_seed(seed), cpu_level()
    )
  }
  rownames(table) <- c(
    "n", "biased", "unbiased", "normalised", "trace_mean", "trace_var", "gamma_mean", "gamma_var",
    "exact_mean", "exact_var", "trace_third"
  )
  table
}

hsic_block_table <- function(pair, approximation, block, seed) {
  rows <- shuffled(pair$rows, draw_seed(seed))
  one <- function(r) {
    size <- block_size(block, approximation, length(r), 4L)
    .Call(C_ffi_hsic_blocks, pair$x$x, pair$x$k, pair$y$x, pair$y$k, r, size, cpu_level())
  }
  table <- vapply(rows, one, numeric(3))
  rownames(table) <- c("mean", "sd", "blocks")
  table
}

hsic_normal <- function(pair, method, block, seed, name) {
  table <- hsic_block_table(pair, method, block, seed)
  check_blocks(table["blocks", ])
  share <- table["blocks", ] / sum(table["blocks", ])
  mean <- sum(share * table["mean", ])
  se <- sqrt(sum(share^2 * table["sd", ]^2 / table["blocks", ]))
  normal_htest(mean, se, sum(table["blocks", ]), c(HSIC = mean), "HSIC test of independence", method, name)
}
