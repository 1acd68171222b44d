# What pairs of an exposure and an outcome share that are of the same people and variants (R/scan_pairs.R): all
# columns are partialled out of all traits at once, and all traits go through one factor of the instruments.
#
# `shared` of a set: list(view, pick, exposure, outcome, set): the view with all traits, its columns that are those of
# the set's view, which of its exposures and outcomes are meant, and data, moments and encoder of all traits. NULL
# elsewhere. What is computed once stands in the environment `people` of both views (of_people()).

# `of`: columns that are enough where nothing is shared (partial_out()).
shared_partial <- function(set, kind, part, of = NULL) {
  shared <- set$shared
  if (is.null(shared)) return(block_partial(set$view, part, of))
  partial <- of_people(shared$view, paste("partial", kind), block_partial(shared$view, part))
  partial$residual <- partial$residual[shared$pick, shared$pick, drop = FALSE]
  if (is.null(partial$taken)) return(partial)
  rows <- function(x) x[shared$pick, , drop = FALSE]
  partial$taken <- rows(partial$taken)
  partial[c("column", "explained")] <- lapply(partial[c("column", "explained")], lapply, rows)
  partial
}

# `of`: list(kind, part, partial) with the partial of shared_partial().
shared_scores <- function(set, key, of, directions, from) {
  shared <- set$shared
  if (is.null(shared) || !is.null(of$partial$unlinked)) {
    return(block_scores(set$view, of$part, directions, of$partial, from))
  }
  scores <- of_people(shared$view, paste("scores", key), {
    partial <- of_people(shared$view, paste("partial", of$kind), block_partial(shared$view, of$part))
    trait_scores(shared$view, directions, partial, from)
  })
  rows <- shared_traits(shared)
  scores$g <- scores$g[rows, , drop = FALSE]
  scores$slopes <- scores$slopes[, rows, drop = FALSE]
  traits_block(scores, set$view, of$part, directions, of$partial)
}

# The outcome and the exposure among all outcomes, then all exposures.
shared_traits <- function(shared) c(shared$outcome, length(shared$view$columns$outcome) + shared$exposure)

# Moments of folds, of all traits.
shared_folds <- function(set) {
  if (is.null(set$shared)) return(fold_moments(set))
  of_people(set$shared$view, "folds", fold_moments(set$shared$set))
}

# What depends on people, genotypes and the exposure.
of_exposure <- function(set, what, expr) {
  of_people(set$view, paste(what, set$shared$exposure), expr)
}
