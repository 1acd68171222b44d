# Shaping of kernel tests: null laws from their moments, htest objects.

# A gamma law of this mean and variance; with a third cumulant a shifted one that has all
# three (Hall 1983, Buckley and Eagleson 1988).
gamma_law <- function(mean, var, third = NaN) {
  if (!isTRUE(third > 0)) return(c(shape = mean^2 / var, scale = var / mean))
  c(shape = 4 * var^3 / third^2, scale = third / (2 * var), shift = mean - 2 * var^2 / third)
}

# Which moments of the null law: see hsic_test(). Features are for samples so large
# that the trace form holds for any kernel.
null_moments <- function(kernels, approximation) {
  kind <- if (any(kernels %in% c("poly2", "poly3")) && approximation == "exact") "exact" else "trace"
  paste0(kind, c("_mean", "_var"))
}

# How far above its null mean the statistic must lie on average to be found at 5 %
# with 80 % power: gamma(shape, scale) is scale/2 times a chi-square of 2 shape
# degrees of freedom, and under a change that chi-square is noncentral.
gamma_detectable <- function(law) chisq_detectable(2 * law[["shape"]]) * law[["scale"]] / 2

# Noncentrality that a 5 % chi-square test finds with 80 % power.
chisq_detectable <- function(df) {
  if (!is.finite(df) || df <= 0) return(NA_real_)
  bar <- stats::qchisq(.95, df)
  stats::uniroot(function(v) stats::pchisq(bar, df, v) - .2, c(0, 10 + 10 * df), tol = 1e-8)$root
}

gamma_tail <- function(statistic, law) {
  if (!is.na(law["shift"])) statistic <- statistic - law[["shift"]]
  stats::pgamma(statistic, shape = law[["shape"]], scale = law[["scale"]], lower.tail = FALSE)
}

kernel_htest <- function(statistic, parameter, p, estimate, method, name, ...) {
  structure(class = "htest", list(
    statistic = statistic, parameter = parameter, p.value = p, estimate = estimate,
    method = method, data.name = name, ...
  ))
}

normal_htest <- function(mean, se, blocks, estimate, what, method, name) {
  z <- mean / se
  kernel_htest(
    c(z = z), c(blocks = blocks), stats::pnorm(z, lower.tail = FALSE), estimate,
    sprintf("%s (%s)", what, if (method == "linear") "linear time" else "blocks"), name
  )
}

# What a permutation may exchange (src/core/kernel/exchange.h): the rows of each stratum,
# or its whole clusters among those of the same size, members in the order of the
# data. `strata`: row numbers, each row once.
exchange_plan <- function(strata, cluster = NULL) {
  parts <- lapply(unname(strata), function(rows) {
    if (is.null(cluster)) return(list(member = rows, size = 1L, units = length(rows)))
    code <- match(cluster[rows], unique(cluster[rows]))
    size <- tabulate(code)
    sizes <- sort(unique(size))
    list(member = rows[order(size[code], code)], size = sizes, units = tabulate(match(size, sizes), length(sizes)))
  })
  lapply(c(member = "member", size = "size", units = "units"), function(name) {
    as.integer(unlist(lapply(parts, `[[`, name), use.names = FALSE))
  })
}

# Arguments of a test that its null law does not read.
check_idle_law <- function(method, approximation) {
  normal <- method %in% c("block", "linear")
  check_idle("permutations", method != "permutation", "method = \"permutation\"", up = 2)
  check_idle("block", !normal, "method = \"block\"", up = 2)
  check_idle("features", normal || identical(approximation, "exact"), "approximation = \"features\"", up = 2)
}

check_cluster <- function(cluster, n, method, strata) {
  if (is.null(cluster)) return(NULL)
  if (method != "permutation") {
    abort_argument(
      "method", "\"permutation\" when `cluster` is given", describe(method),
      "The other null laws take people to be independent."
    )
  }
  cluster <- group_factor(cluster, n, "cluster")
  plan <- exchange_plan(strata, cluster)
  if (all(plan$units == 1)) {
    abort_argument(
      "cluster", "a grouping with at least two clusters of the same size (within a stratum or environment)",
      "one where every cluster has a size of its own", "Whole clusters are exchanged with clusters of the same size."
    )
  }
  cluster
}

# "permutation of whole clusters (3 of 40 cannot move)"
permutation_words <- function(cluster, strata, within) {
  if (is.null(cluster)) return(paste0("permutation", within))
  plan <- exchange_plan(strata, cluster)
  fixed <- sum(plan$units == 1)
  sprintf(
    "permutation of whole clusters%s%s", within,
    if (fixed) sprintf(", %d of %d alone in their size cannot move", fixed, sum(plan$units)) else ""
  )
}

check_blocks <- function(blocks, least = 2) {
  if (min(blocks) < least) {
    abort_argument("block", "small enough for two blocks in each group", sprintf("one that leaves %d", min(blocks)))
  }
}

refuse_constant <- function(x, arg) {
  if (all(.Call(C_ffi_standardise, x)$sd == 0)) {
    abort_argument(arg, "a sample that varies", "a constant",
      hint = "A constant is independent of everything: there is nothing to test."
    )
  }
}

test_approximation <- function(approximation, n, kernels, method) {
  choice <- choose_approximation(approximation, n, kernels)
  if (method == "gamma") {
    if (approximation == "features") {
      abort_argument("approximation", "\"exact\" for method = \"gamma\"", "\"features\"",
        hint = "method = \"trace_gamma\" works from features."
      )
    }
    if (any(kernels %in% c("poly2", "poly3"))) {
      abort_argument("method", "\"trace_gamma\" or \"permutation\" with a polynomial kernel", "\"gamma\"",
        hint = "The gamma moments of Gretton et al. need k(a, a) = 1."
      )
    }
    return("exact")
  }
  choice
}
