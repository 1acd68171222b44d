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

# Full siblings (sizes: members of each family) at two sites, with what parents do: the mean of
# their scores acts on both traits (`parents`). The true effect is .3. Raw parts, joined by row.
sibship_parts <- function(sizes, p, parents = .5, h2 = .5, seed = 1) {
  set.seed(seed)
  families <- length(sizes)
  f <- runif(p, .2, .8)
  allele <- function() matrix(rbinom(families * p, 1, rep(f, each = families)), families)
  four <- list(allele(), allele(), allele(), allele())
  family <- rep(seq_len(families), sizes)
  half <- function(a, b) ifelse(matrix(runif(length(family) * p) < .5, ncol = p), a[family, ], b[family, ])
  g <- half(four[[1]], four[[2]]) + half(four[[3]], four[[4]])
  beta <- rnorm(p)
  scale <- sqrt(sum(beta^2 * 2 * f * (1 - f)))
  of <- function(x) drop(x %*% beta - sum(2 * f * beta)) / scale
  both <- (of(four[[1]] + four[[2]]) + of(four[[3]] + four[[4]]))[family] / 2
  u <- rnorm(length(family))
  x <- sqrt(h2) * of(g) + parents * both + sqrt((1 - h2) / 2) * (u + rnorm(length(family)))
  y <- .3 * x + parents * both + .6 * u + .5 * rnorm(families)[family] + .5 * rnorm(length(family))
  list(
    g = g, x = x, y = y, family = family, site = paste("site", family %% 2),
    father = (four[[1]] + four[[2]])[family, ], mother = (four[[3]] + four[[4]])[family, ]
  )
}

sibship_data <- function(s, ...) {
  parts <- list(genotypes = s$g, exposure = s$x, outcome = s$y, environment = s$site, family = s$family)
  suppressMessages(do.call(mr_data, c(parts, list(kind = "genotype", ...))))
}

# Less the mean of the members of the family who have a value; NA and who is alone with one: 0.
within_twin <- function(x, family) {
  out <- numeric(length(x))
  for (f in unique(family)) {
    at <- which(family == f & !is.na(x))
    if (length(at) > 1) out[at] <- x[at] - mean(x[at])
  }
  out
}

# UJIVE by fitting both first stages again without every cluster.
ujive_twin <- function(y, x, z, w, cluster) {
  predicted <- numeric(length(y))
  for (one in unique(cluster)) {
    at <- cluster == one
    from <- function(columns) {
      if (!ncol(columns)) return(numeric(sum(at)))
      slopes <- qr.coef(qr(columns[!at, , drop = FALSE]), x[!at])
      drop(columns[at, , drop = FALSE] %*% ifelse(is.na(slopes), 0, slopes))
    }
    predicted[at] <- from(cbind(w, z)) - from(w)
  }
  if (ncol(w)) predicted <- ref_resid(w, predicted)
  sum(predicted * y) / sum(predicted * x)
}

# Half the expected sum of the parents' alleles given two siblings' genotypes and how many alleles they share, by
# going through all alleles and all transmissions. NA where it cannot be.
parent_mean_twin <- function(g1, g2, f, shared) {
  alleles <- as.matrix(expand.grid(a = 0:1, b = 0:1, c = 0:1, d = 0:1))
  total <- mean <- 0
  for (i in seq_len(16)) for (one in 1:4) for (two in 1:4) {
    from <- function(k) c((k - 1) %/% 2 + 1, (k - 1) %% 2 + 3)
    x <- alleles[i, ]
    same <- sum(from(one) == from(two))
    if (shared %in% 0:2 && same != shared) next
    if (sum(x[from(one)]) != g1 || sum(x[from(two)]) != g2) next
    p <- prod(ifelse(x == 1, f, 1 - f)) / 16
    total <- total + p
    mean <- mean + p * sum(x) / 2
  }
  if (total > 0) mean / total else NA
}

# Pairs of siblings on one chromosome of `p` variants, with the segments that they share.
shared_parts <- function(pairs, p, parents = .5, seed = 1) {
  s <- sibship_parts(rep(2, pairs), p, parents = parents, seed = seed)
  set.seed(seed + 1000)
  f <- colMeans(s$father) / 2
  allele <- function() matrix(rbinom(pairs * p, 1, rep(f, each = pairs)), pairs)
  four <- list(allele(), allele(), allele(), allele())
  pick <- function() matrix(runif(pairs * p) < .5, pairs)
  way <- list(pick(), pick(), pick(), pick())
  child <- function(i) ifelse(way[[i]], four[[1]], four[[2]]) + ifelse(way[[i + 1]], four[[3]], four[[4]])
  odd <- seq(1, 2 * pairs, 2)
  s$g[odd, ] <- child(1)
  s$g[odd + 1, ] <- child(3)
  s$father <- (four[[1]] + four[[2]])[s$family, ]
  s$mother <- (four[[3]] + four[[4]])[s$family, ]
  s$shared <- (way[[1]] == way[[3]]) + (way[[2]] == way[[4]])
  beta <- rnorm(p)
  of <- function(g) drop(scale(g, scale = FALSE) %*% beta) / sqrt(sum(beta^2 * 2 * f * (1 - f)))
  both <- of((s$father + s$mother) / 2)
  u <- rnorm(2 * pairs)
  s$x <- sqrt(.5) * of(s$g) + parents * both + .5 * (u + rnorm(2 * pairs))
  s$y <- .3 * s$x + parents * both + .6 * u + .5 * rnorm(pairs)[s$family] + .5 * rnorm(2 * pairs)
  s$ids <- paste0("p", seq_along(s$x))
  at <- which(s$shared > 0, arr.ind = TRUE)
  s$segments <- data.frame(
    ID1 = s$ids[odd[at[, 1]] + 1], ID2 = s$ids[odd[at[, 1]]], IBDType = paste0("IBD", s$shared[at]), Chr = 1,
    StartMB = at[, 2] - .1, StopMB = at[, 2] + .1
  )
  s$variants <- data.frame(snp = paste0("rs", seq_len(p)), chr = 1, pos = seq_len(p) * 1e6)
  s
}
