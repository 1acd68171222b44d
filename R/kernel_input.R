# Samples, kernels and row groups as the kernel statistics take them.

KERNELS <- c("rbf", "poly2", "poly3", "delta", "ibs")
EXACT_ROWS <- 5000L # above this no Gram matrix, by default not even tile by tile

# A sample: double matrix (labels as codes), checked.
kernel_sample <- function(x, arg, rows = NULL) {
  x <- plain_numbers(x, arg)
  labels <- is.factor(x) || is.character(x) || is.logical(x) && !is.matrix(x)
  if (labels) {
    if (anyNA(x)) abort_missing(arg, sum(is.na(x)))
    code <- as.integer(factor(x))
    return(list(x = matrix(as.double(code - 1L)), labels = max(code)))
  }
  if (is.data.frame(x) && length(x) && all(vapply(x, is.numeric, NA))) x <- as.matrix(x)
  if (!is.numeric(x) || length(dim(x)) > 2) {
    abort_argument(arg, "a numeric vector or matrix (rows are people), or a factor", describe(x))
  }
  x <- as.matrix(x)
  if (!nrow(x) || !ncol(x)) abort_argument(arg, "a sample with at least one row and column", describe(x))
  if (!is.null(rows) && nrow(x) != rows) {
    abort_argument(arg, sprintf("of %d rows, as the other sample", rows), sprintf("of %d rows", nrow(x)))
  }
  storage.mode(x) <- "double"
  # A sum that is finite is one of finite numbers.
  bad <- if (is.finite(sum(x))) 0 else sum(!is.finite(x))
  if (bad) abort_missing(arg, bad)
  list(x = x, labels = NULL)
}

abort_missing <- function(arg, count) {
  abort_argument(
    arg, "without missing or infinite values", sprintf("with %d of them", count),
    hint = "Kernel statistics have no rule for missing values: drop those rows in all samples, or impute."
  )
}

# The numbers that the core takes: kind, degree, offset, gamma... `sigma` is the RBF
# width: given, or the median heuristic.
kernel_numbers <- function(sample, kernel, bandwidth, scales, arg) {
  if (is.null(kernel)) kernel <- if (is.null(sample$labels)) "rbf" else "delta"
  check_choice(kernel, "kernel", KERNELS)
  check_number(bandwidth, "bandwidth", min = 0, open = TRUE, null = TRUE)
  if (!is.null(sample$labels) && kernel != "delta") {
    abort_argument("kernel", sprintf("\"delta\" for labels (`%s` is a factor)", arg), describe(kernel))
  }
  if (kernel == "delta") {
    # The core's indicators count labels from 0.
    if (is.null(sample$labels) && ncol(sample$x) == 1) {
      code <- match(sample$x, unique(as.vector(sample$x)))
      sample <- list(x = matrix(as.double(code - 1L)), labels = max(code))
    }
    return(c(sample, list(kernel = kernel, k = c(2, 0, 0), sigma = NA_real_)))
  }
  if (kernel == "ibs") {
    if (min(sample$x) < 0 || max(sample$x) > 2) {
      abort_argument(arg, "between 0 and 2 (calls or dosages) for kernel = \"ibs\"", "with values outside")
    }
    return(c(sample, list(kernel = kernel, k = c(3, 0, 0), sigma = NA_real_)))
  }
  if (kernel != "rbf") {
    degree <- if (kernel == "poly2") 2 else 3
    return(c(sample, list(kernel = kernel, k = c(1, degree, 1), sigma = NA_real_)))
  }
  if (!is.numeric(scales) || !length(scales) || length(scales) > 8 || !all(is.finite(scales)) || any(scales <= 0)) {
    abort_argument("scales", "one to eight positive numbers", describe(scales))
  }
  sigma <- bandwidth
  if (is.null(sigma)) sigma <- .Call(C_ffi_kernel_median, sample$x, cpu_level())[1]
  c(sample, list(kernel = kernel, k = c(0, 0, 0, 1 / (2 * (sigma * scales)^2)), sigma = sigma))
}

# kernel = "rbf" or c("rbf", "delta"): entry i, NULL when not given.
entry <- function(x, i, arg) {
  if (is.null(x)) return(NULL)
  if (!is.vector(x) || !(length(x) %in% 1:2)) abort_argument(arg, "one value or two (for `x` and for `y`)", describe(x))
  x[[min(i, length(x))]]
}

# Rows of each group; every group needs `least` of them.
row_groups <- function(group, n, arg, least = 1L) {
  if (is.null(group)) return(list(all = seq_len(n)))
  group <- group_factor(group, n, arg)
  small <- table(group) < least
  if (any(small)) {
    abort_argument(
      arg, sprintf("a grouping with at least %d rows in each group", least),
      sprintf("one where %s has %d", quote_all(names(small)[small], 3), min(table(group)))
    )
  }
  split(seq_len(n), group)
}

group_factor <- function(group, n, arg) {
  if (!is.atomic(group) || length(group) != n) {
    abort_argument(arg, sprintf("one label for each of the %d rows", n), describe(group))
  }
  if (anyNA(group)) abort_argument(arg, "without missing labels", sprintf("with %d of them", sum(is.na(group))))
  droplevels(as.factor(group))
}

# The way the statistic is computed.
choose_approximation <- function(approximation, n, kernels) {
  check_choice(approximation, "approximation", c("auto", "exact", "features"))
  mapped <- all(kernels != "ibs")
  if (approximation == "auto") return(if (n > EXACT_ROWS && mapped) "features" else "exact")
  if (approximation == "features" && !mapped) {
    abort_argument("approximation", "\"exact\" with the IBS kernel", "\"features\"")
  }
  approximation
}

feature_number <- function(features) {
  check_number(features, "features", min = 1, max = 10000, whole = TRUE)
  as.integer(features)
}

block_size <- function(block, approximation, n, least) {
  check_number(block, "block", min = least, max = n, whole = TRUE, null = TRUE)
  if (approximation == "linear") return(least)
  if (is.null(block)) as.integer(max(least, floor(sqrt(n)))) else as.integer(block)
}

# Rows in random order, for blocks of people who stand beside each other by chance.
shuffled <- function(rows, seed) {
  with_seed(seed, lapply(rows, function(r) r[sample.int(length(r))]))
}
