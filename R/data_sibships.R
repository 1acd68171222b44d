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
