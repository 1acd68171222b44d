# Cross products of the directions of an encoder, D'A D for the cross products A of an
# environment, each computed once: scores of everybody, of every environment and without each
# of them are sums of these (src/core/moments/scores.h).

# The view with a place for them. `apart`: environments will be asked for one by one.
turned_view <- function(view, directions, apart) {
  cache <- new.env(parent = emptyenv())
  cache$directions <- directions
  cache$environments <- view$environments
  cache$cross <- view$cross
  cache$people <- view$n
  cache$each <- vector("list", length(view$cross))
  cache$apart <- apart
  view$turned <- cache
  view
}

# What the rank of the cross products of environments is at most.
turned_rank <- function(cache, at = seq_along(cache$people)) {
  as.integer(min(max(sum(cache$people[at]) - 1, 0), nrow(cache$directions)))
}

turned_each <- function(cache, at) {
  for (e in at) {
    if (is.null(cache$each[[e]])) {
      cache$each[[e]] <- .Call(C_ffi_turn, cache$cross[[e]], cache$directions, turned_rank(cache, e))
    }
  }
  cache$each[at]
}

turned_whole <- function(cache) {
  if (is.null(cache$whole)) {
    cache$whole <- if (cache$apart) {
      .Call(C_ffi_sum, turned_each(cache, seq_along(cache$cross)))
    } else {
      .Call(C_ffi_turn, .Call(C_ffi_sum, cache$cross), cache$directions, turned_rank(cache))
    }
  }
  cache$whole
}

# What the core reads of them for a view after `partial`, the directions from `from` (0-based)
# on; NULL where there are none.
turned_products <- function(view, partial, from) {
  cache <- view$turned
  if (is.null(cache) || is.null(from) || is.null(partial$taken)) return(NULL)
  here <- match(view$environments, cache$environments)
  gone <- setdiff(seq_along(cache$environments), here)
  if (length(gone) < length(here)) {
    cross <- c(list(turned_whole(cache)), turned_each(cache, gone))
    sign <- rep(c(1, -1), c(1, length(gone)))
  } else {
    cross <- turned_each(cache, here)
    sign <- rep(1, length(here))
  }
  list(cross = cross, sign = sign, from = as.integer(from), taken = partial$taken)
}
