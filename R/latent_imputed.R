# Rows with parents imputed from pairs of siblings (src/core/moments/family_impute.h): genotypes as instruments,
# given the mean genotypes that the parents are expected to have had. Under random mating what is
# left of the parents is independent of the siblings' genotypes.

# Of family_set(): pairs of siblings of one environment, nobody in two of them; frequencies.
imputed_set <- function(data, who) {
  if (is.null(data$parents) || !is.null(data$parents$genotypes)) return(NULL)
  group <- interaction(data$family[who], data$environment[who], drop = TRUE, lex.order = TRUE)
  order <- order(as.integer(group))
  place <- stats::ave(seq_along(order), group[order], FUN = seq_along)
  whole <- 2 * (tabulate(group)[as.integer(group[order])] %/% 2)
  used <- order[place <= whole]
  pairs <- list(one = used[c(TRUE, FALSE)], two = used[c(FALSE, TRUE)])
  list(
    one = pairs$one, two = pairs$two, frequency = mr_counts(data)$mean / 2,
    shared = shared_alleles(data, who[pairs$one], who[pairs$two])
  )
}

# Alleles that the pairs share by descent at each variant, -1 where it is not known; NULL without a table.
shared_alleles <- function(data, one, two) {
  segments <- data$parents$shared
  if (is.null(segments)) return(NULL)
  key <- function(a, b) paste(pmin(a, b), pmax(a, b), sep = "\r")
  at <- match(key(segments$id1, segments$id2), key(data$ids[one], data$ids[two]))
  chr <- data$variants$chr
  pos <- data$variants$pos
  out <- matrix(-1L, length(one), length(chr))
  # Who has a segment was looked at: elsewhere nothing is shared.
  out[unique(at[!is.na(at)]), !is.na(chr) & !is.na(pos)] <- 0L
  for (i in which(!is.na(at))) {
    out[at[i], which(chr == segments$chr[i] & pos >= segments$from[i] & pos <= segments$to[i])] <- segments$shared[i]
  }
  out
}

# As family_rows().
imputed_rows <- function(set, environments = levels(set$environment)) {
  pairs <- set$imputed
  keep <- which(set$environment[pairs$one] %in% environments)
  if (!length(keep)) return(NULL)
  one <- pairs$one[keep]
  two <- pairs$two[keep]
  who <- c(one, two)
  found <- .Call(
    C_ffi_parent_impute, set$z[one, , drop = FALSE], set$z[two, , drop = FALSE], pairs$frequency,
    as.integer(set$environment[one]), pairs$shared[keep, , drop = FALSE]
  )
  cells <- outer(as.character(set$environment[who]), environments, "==") + 0
  list(
    y = set$y[who], x = set$x[who, , drop = FALSE], z = rbind(found$one, found$two),
    w = cbind(cells, set$covariates[who, , drop = FALSE], rbind(found$parents, found$parents)), root = NULL,
    k = ncol(set$x), cluster = set$cluster[who], absorbed = 0L, people = length(who),
    families = length(unique(set$family[who])), trios = 0L,
    variance = colSums(centered(cbind(set$y, set$x)[who, , drop = FALSE])^2)
  )
}
