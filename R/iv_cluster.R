# Clusters: from what the user gave to the 0-based indices that the core reads.
#
# An `iv_clusters` object has `index` (n) and `count`. Groupings in several ways (Cameron,
# Gelbach and Miller 2011) have `ways` instead of an index: each grouping and each of their
# interactions with a sign, and every sum over clusters is the signed sum over them; `count`
# is then the least number of clusters, as fixest, ivreg2 and reghdfe have it.

# Values of `cluster` for the rows of `data`: a formula (`~ g`, `~ g + h`, `~ g:h`), names
# of columns, a vector, or several of them. One vector, or a list of them.
cluster_values <- function(cluster, data) {
  if (inherits(cluster, "formula")) {
    if (length(cluster) != 2) {
      abort_argument("cluster", "a one-sided formula such as ~ family", sprintf("`%s`", deparse1(cluster)))
    }
    ways <- cluster_ways(cluster[[2]])
    values <- lapply(ways, cluster_value, data, environment(cluster))
    return(if (length(values) == 1) values[[1]] else setNames(values, vapply(ways, deparse1, "")))
  }
  if (is.character(cluster) && is.data.frame(data) && length(cluster) <= 4 && nrow(data) != length(cluster)) {
    unknown <- setdiff(cluster, names(data))
    if (length(unknown)) {
      abort_argument("cluster", "a column of `data`", describe(unknown), hint = near_names(unknown[1], names(data)))
    }
    return(if (length(cluster) == 1) data[[cluster]] else as.list(data[cluster]))
  }
  if (is.data.frame(data) && NROW(if (is.list(cluster) && length(cluster)) cluster[[1]] else cluster) != nrow(data)) {
    abort_argument("cluster", sprintf("as long as `data` has rows (%d)", nrow(data)), describe(cluster))
  }
  cluster
}

# g + h -> list(g, h)
cluster_ways <- function(e) {
  if (is.call(e) && identical(e[[1]], as.name("+")) && length(e) == 3) {
    return(c(cluster_ways(e[[2]]), cluster_ways(e[[3]])))
  }
  if (is.call(e) && identical(e[[1]], as.name("("))) return(cluster_ways(e[[2]]))
  list(e)
}

# The value of one grouping; g:h (or fixest's g^h) is their interaction.
cluster_value <- function(e, data, envir) {
  crossed <- is.call(e) && length(e) == 3 && as.character(e[[1]])[1] %in% c(":", "^")
  if (crossed) {
    parts <- lapply(as.list(e)[-1], function(part) code_values(cluster_value(part, data, envir), "cluster"))
    return(parts[[1]] * (max(c(parts[[2]], 0), na.rm = TRUE) + 1) + parts[[2]])
  }
  value <- tryCatch(eval(e, data, envir), error = function(e) NULL)
  if (is.null(value) || is.function(value)) {
    near <- if (is.data.frame(data)) near_names(all.vars(e)[1], names(data))
    abort_argument("cluster", "a variable of `data`", sprintf("\"%s\"", deparse1(e)), hint = near)
  }
  value
}

# Codes 1, 2, .. in order of appearance, NA for NA: labels of any kind.
code_values <- function(v, arg) {
  if (!is.atomic(v) || is.complex(v) || !is.null(dim(v)) && NCOL(v) > 1) {
    abort_argument(arg, "a vector of labels", describe(v))
  }
  v <- as.vector(if (is.factor(v)) as.integer(v) else plain_integers(v, arg))
  match(v, unique(v[!is.na(v)]))
}

# What stands beside the model frame: rows of it go as na.action says.
cluster_frame <- function(cluster) {
  if (!is.list(cluster)) return(plain_integers(cluster, "cluster"))
  lengths <- lengths(cluster)
  if (any(lengths != lengths[1])) {
    abort_argument("cluster", "groupings of one length", paste("of lengths", paste(lengths, collapse = ", ")))
  }
  if (length(cluster) == 1) return(cluster[[1]])
  do.call(cbind, lapply(cluster, code_values, "cluster"))
}

# The object, for the n rows of a fit. Clusters without any weight do not count; their
# rows, which add nothing to any sum, go to the first.
iv_cluster <- function(cluster, n, root = NULL) {
  if (is.null(cluster) || inherits(cluster, "iv_clusters")) return(cluster)
  columns <- cluster_list(cluster)
  if (!length(columns)) abort_argument("cluster", sprintf("a vector of length %d", n), "one without columns")
  if (length(columns) > 4) abort_argument("cluster", "at most four groupings", sprintf("%d of them", length(columns)))
  codes <- lapply(columns, function(v) {
    if (!is.atomic(v) || !is.null(dim(v)) || length(v) != n) {
      abort_argument("cluster", sprintf("a vector of length %d", n), describe(v))
    }
    if (anyNA(v)) abort_argument("cluster", "without missing values", sprintf("one with %d", sum(is.na(v))))
    one_grouping(code_values(v, "cluster"), root)
  })
  for (way in codes) if (way$count < 2) abort_argument(
    "cluster", "at least two clusters", if (is.null(root)) "one" else "one that has weight"
  )
  if (length(codes) == 1) return(structure(codes[[1]], class = "iv_clusters"))
  sets <- unlist(
    lapply(seq_along(codes), function(m) utils::combn(length(codes), m, simplify = FALSE)), recursive = FALSE
  )
  ways <- lapply(sets, function(set) {
    joint <- Reduce(function(to, way) to * way$count + way$index, codes[set], 0)
    c(one_grouping(joint, root), sign = (-1)^(length(set) + 1))
  })
  structure(class = "iv_clusters", list(
    count = min(vapply(codes, `[[`, 0L, "count")), counts = vapply(codes, `[[`, 0L, "count"), ways = ways,
    names = names(columns)
  ))
}

cluster_list <- function(cluster) {
  if (is.list(cluster)) return(as.list(cluster))
  if (is.matrix(cluster)) return(setNames(lapply(seq_len(ncol(cluster)), function(j) cluster[, j]), colnames(cluster)))
  list(cluster)
}

one_grouping <- function(code, root) {
  seen <- unique(if (is.null(root)) code else code[root > 0])
  index <- match(code, seen, nomatch = 1L) - 1L
  list(index = index, count = length(seen))
}

# f(by) summed over the groupings with their signs, for what is linear in sums of
# products within clusters.
over_ways <- function(cluster, f) {
  if (is.null(cluster$ways)) return(f(cluster))
  Reduce(`+`, lapply(cluster$ways, function(way) way$sign * f(way)))
}

check_one_way <- function(cluster, what) {
  if (!is.null(cluster$ways)) {
    abort_argument("cluster", sprintf("one grouping for %s", what), sprintf("%d of them", length(cluster$counts)))
  }
}

# Rows sorted by cluster (0-based), and where each begins, as the core wants them.
cluster_order <- function(cluster) {
  list(order = order(cluster$index) - 1L, start = c(0L, cumsum(tabulate(cluster$index + 1L, cluster$count))))
}
