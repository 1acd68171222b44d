# Families by flooding: everybody reachable over links, one person at a time.
families_twin <- function(a, b, kinship, ids, threshold) {
  link <- kinship >= threshold
  a <- a[link]
  b <- b[link]
  out <- setNames(rep(NA_character_, length(ids)), ids)
  for (id in ids) {
    if (!is.na(out[[id]])) next
    family <- id
    repeat {
      more <- unique(c(family, b[a %in% family], a[b %in% family]))
      if (length(more) == length(family)) break
      family <- more
    }
    out[intersect(family, ids)] <- id
  }
  out
}

# Pairs of full siblings in independent populations, with half the confounder shared
# by the pair; the true effect is .3. Returns mr_data with cluster = pair.
sib_data <- function(pairs, p, strength, sites = 2, seed = 1) {
  set.seed(seed)
  n <- 2 * pairs
  f <- runif(p, .2, .8)
  allele <- function() matrix(rbinom(pairs * p, 1, rep(f, each = pairs)), pairs)
  parents <- list(allele(), allele(), allele(), allele())
  child <- function() {
    pick <- function(a, b) ifelse(matrix(runif(pairs * p) < .5, pairs), a, b)
    pick(parents[[1]], parents[[2]]) + pick(parents[[3]], parents[[4]])
  }
  g <- rbind(child(), child())
  pair <- rep(seq_len(pairs), 2)
  shared <- function() .7071 * (rnorm(pairs)[pair] + rnorm(n))
  u <- shared()
  x <- scale(drop(g %*% rnorm(p))) * sqrt(strength * p / n) + .7 * u + .7 * shared()
  y <- .3 * x + u + rnorm(n)
  id <- paste0("s", seq_len(n))
  rownames(g) <- id
  site <- paste("site", pair %% sites)
  mr_data(g, setNames(drop(x), id), setNames(drop(y), id), setNames(site, id),
          cluster = families(data.frame(ID1 = id[1:pairs], ID2 = id[pairs + 1:pairs], Kinship = .25)), kind = "genotype")
}
