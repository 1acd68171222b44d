# Errors by clusters are as good as their effective number, not their count (Carter, Schnepel and Steigerwald 2017,
# Rev Econ Stat 99:698): here (sum n)^2 / sum n^2, which is the count where all have one size.
cluster_sizes <- function(cluster) {
  size <- as.numeric(tabulate(match(cluster, unique(cluster))))
  list(count = length(size), effective = sum(size)^2 / sum(size^2), share = max(size) / sum(size))
}

is_uneven <- function(sizes) sizes$share > .5

# What is wrong with clusters of these sizes, or NULL.
cluster_words <- function(sizes) {
  if (is_uneven(sizes) || (sizes$count >= 20 && sizes$effective < 20)) {
    return(sprintf(
      "The largest of %s clusters holds %.0f %% of the people, so that they count as %.1f of one size: errors that allow for clusters are too small with so few.",
      big(sizes$count), 100 * sizes$share, sizes$effective
    ))
  }
  if (sizes$count < 20) {
    sprintf("Only %d clusters: errors that allow for clusters are too small with so few.", sizes$count)
  }
}

# One cluster of most people is said wherever clusters are taken; few of them by the fit.
warn_uneven_clusters <- function(cluster, root = NULL) {
  groupings <- if (inherits(cluster, "iv_clusters")) {
    lapply(if (is.null(cluster$ways)) list(cluster) else cluster$ways[seq_along(cluster$counts)], `[[`, "index")
  } else {
    list(cluster)
  }
  for (grouping in groupings) {
    if (!is.null(root)) grouping <- grouping[root > 0]
    sizes <- if (length(grouping)) cluster_sizes(grouping)
    if (is.null(sizes) || !is_uneven(sizes)) next
    warn(
      cluster_words(sizes), "latentmr_warning_cluster", clusters = sizes$count, effective = sizes$effective,
      share = sizes$share,
      hint = "Give smaller clusters, such as families of the second degree and closer (families(threshold = .0884)), or none."
    )
  }
}
