# Linked variants of one study, of people whose two strands differ or not (inbred): in the
# inbred, PLINK's r2 of haplotypes is the squared correlation of counts.
linked_panel <- function(n, p, seed, inbred = FALSE) {
  set.seed(seed)
  strand <- function() {
    h <- matrix(0, n, p)
    h[, 1] <- rbinom(n, 1, .4)
    for (j in 2:p) {
      new <- rbinom(n, 1, .25) == 1
      h[, j] <- ifelse(new, rbinom(n, 1, runif(1, .15, .5)), h[, j - 1])
    }
    h
  }
  first <- strand()
  list(
    g = first + if (inbred) first else strand(), p = round(stats::setNames(runif(p)^4, paste0("rs", seq_len(p))), 3),
    variants = data.frame(
      chr = rep(1:2, each = p / 2), snp = paste0("rs", seq_len(p)), pos = rep(1e4 * seq_len(p / 2), 2),
      effect_allele = "A", other_allele = "G"
    )
  )
}

panel_files <- function(x) {
  prefix <- tempfile("panel")
  id <- sprintf("%03d", seq_len(nrow(x$g)))
  LatentMR:::write_plink(prefix, x$g, x$variants, data.frame(fid = id, iid = id, sex = 1L))
  prefix
}

# Genotypes of a matrix as files.
genotypes_of <- function(g, variants) {
  panel_files(list(g = g, variants = cbind(variants, effect_allele = "A", other_allele = "G")))
}

# The slow obvious clump(): one variant after the other, correlations by cor().
slow_clump <- function(g, variants, p, environment, r2, kb, threshold, ld) {
  for (e in unique(environment)) {
    rows <- environment == e
    g[rows, ] <- apply(g[rows, , drop = FALSE], 2, function(x) ifelse(is.na(x), mean(x, na.rm = TRUE), x))
  }
  within <- apply(g, 2, function(x) x - ave(x, environment))
  measure <- function(j, k) {
    if (ld == "within") return(sum(within[, j] * within[, k])^2 / sum(within[, j]^2) / sum(within[, k]^2))
    max(vapply(unique(environment), function(e) cor(g[environment == e, j], g[environment == e, k])^2, 0))
  }
  index <- rep(NA_character_, ncol(g))
  for (j in order(p, variants$chr, variants$pos)) {
    if (p[j] > threshold || !is.na(index[j])) next
    index[j] <- variants$snp[j]
    for (k in which(is.na(index) & p <= threshold & variants$chr == variants$chr[j])) {
      near <- abs(variants$pos[k] - variants$pos[j]) < 1000 * kb
      if (near && measure(j, k) >= r2) index[k] <- variants$snp[j]
    }
  }
  index
}
