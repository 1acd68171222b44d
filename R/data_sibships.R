# Siblings: who may inform the rows of families (R/latent_family.R).

check_sibships <- function(family, kind, parents = NULL) {
  if (is.null(family)) return(invisible())
  if (kind == "continuous") {
    abort_argument(
      "family", "NULL with continuous instruments", "given",
      "Chance at meiosis is of alleles: within families only genotypes and dosages are known to be free of the rest."
    )
  }
  if (!is.null(parents$genotypes) || sum(in_sibship(family)) > 1) return(invisible())
  abort_argument(
    "family", "one with at least one family of two or more analysed participants", "one where everybody is alone",
    "Siblings have the same value."
  )
}

# Full siblings share half: the correlation of two of a family over the variants, within environments, is .5.
# Far below it the groups are something else (sites, households, half siblings). Some hundred pairs and variants tell.
warn_unlike_siblings <- function(family, source, rows, variants, environment, mean, most = 400L) {
  if (is.null(family)) return(invisible())
  # A member and the next: of families of any size.
  at <- order(family, na.last = NA)
  next_to <- which(family[at][-1] == family[at][-length(at)])
  next_to <- next_to[unique(round(seq(1, length(next_to), length.out = min(most, length(next_to)))))]
  first <- at[next_to]
  second <- at[next_to + 1L]
  cols <- variants[unique(round(seq(1, length(variants), length.out = min(most, length(variants)))))]
  if (length(second) < 10) return(invisible())
  pair <- c(first, second)
  g <- decode(source$genotypes, cols, rows[pair]) - t(mean[cols, as.integer(environment)[pair], drop = FALSE])
  a <- g[seq_along(second), , drop = FALSE]
  b <- g[length(second) + seq_along(second), , drop = FALSE]
  known <- !is.na(a) & !is.na(b)
  size <- sqrt(sum(a[known]^2) * sum(b[known]^2))
  if (!size > 0) return(invisible())
  alike <- sum(a[known] * b[known]) / size
  if (alike + 3 / sqrt(sum(known)) > .4) return(invisible())
  warn(
    sprintf(
      "People who share a value of `family` are not alike as full siblings are: their genotypes correlate by %s, not by about .5 (%s).",
      format(alike, digits = 2), plural(length(second), "pair")
    ),
    "latentmr_warning_family", correlation = alike,
    hint = "Families are full siblings: not sites, households, half siblings or parents with children. Are identifiers of families those of other people?"
  )
}

# Members of families of two or more among `others`.
in_sibship <- function(family, others = rep(TRUE, length(family))) {
  size <- tabulate(family[others], nlevels(family))
  others & !is.na(family) & size[as.integer(family)] > 1
}

# Families are clusters, with parents that are participants too, and those who have one in common; clusters
# that are given must hold families whole. `rows` of the genotypes, in which parents$father stands.
family_clusters <- function(family, cluster, parents = NULL, rows = NULL) {
  if (is.null(family)) return(cluster)
  if (is.null(cluster)) {
    if (is.null(parents$family)) return(alone_apart(family))
    return(parent_components(family, parents, rows))
  }
  first <- match(family, family)
  torn <- which(!is.na(family) & cluster != cluster[first])
  if (!length(torn)) return(cluster)
  abort_argument(
    "cluster", "one that keeps families whole", sprintf("one that parts family \"%s\"", family[torn[1]]),
    "Leave it out: families are then the clusters."
  )
}

# Who has no family is one alone.
alone_apart <- function(family) {
  code <- as.integer(family)
  alone <- is.na(code)
  code[alone] <- nlevels(family) + seq_len(sum(alone))
  factor(code, levels = seq_len(max(code)), labels = make.unique(c(levels(family), rep("alone", sum(alone)))))
}

parent_components <- function(family, parents, rows) {
  first <- rows[match(family, family)]
  a <- rep(rows, 3)
  b <- c(parents$father[rows], parents$mother[rows], ifelse(is.na(family), NA, first))
  use <- !is.na(b)
  found <- .Call(C_ffi_components, length(parents$father), as.integer(a[use]), as.integer(b[use]))
  factor(found[rows])
}

sibships_words <- function(x) {
  sib <- in_sibship(x$family)
  sprintf(
    "%s of two or more, of %s", big(length(unique(x$family[sib]))), plural(sum(sib), "participant")
  )
}

# What a son and a daughter get of the X chromosome differs by more than chance.
autosomes <- function(z, chr) {
  z[, chr %in% "X"] <- NA
  z
}
