# Variants taken as independent, and too many for matrices of pairs: their squares alone are kept. A moments
# object then has `squares` (variants x blocks) and no `gg`; a view has, for each environment, in place of
# the cross products
#   squares (p: of the variants about their mean), traits (p x q), own (q x q),
# and what is left after partialling out has `unlinked`: d, b, traits, own with diag(d) - b b' for the variants.

UNLINKED_PAIRS <- 1000L

unlinked_limit <- function() UNLINKED_PAIRS

only_squares <- function(m) is.null(m$gg) && !is.null(m$squares)

in_squares <- function(view) inherits(view$cross[[1]], "unlinked_cross")

unlinked_means <- function(m) {
  n <- as.numeric(m$blocks$n)
  people <- rep(n, each = nrow(m$sg))
  mu <- m$sg / people
  left <- m$squares / people - mu^2
  state <- ifelse(left <= 1e-12 * m$squares / people, 2L, 0L)
  list(mu = mu, state = state, n = n, mean = rbind(m$sg, m$sx) / rep(n, each = nrow(m$sg) + nrow(m$sx)))
}

unlinked_environment <- function(m, e, means) {
  p <- nrow(m$sg)
  q <- nrow(m$sx)
  n <- means$n[e]
  center <- means$mean[p + seq_len(q), e]
  own <- matrix(0, q, q)
  own[upper.tri(own, TRUE)] <- m$xx[, e]
  own[lower.tri(own)] <- t(own)[lower.tri(own)]
  cross <- list(
    squares = m$squares[, e] - n * means$mu[, e]^2, traits = matrix(m$gx[, e], p, q) - n * outer(means$mu[, e], center),
    own = own - n * outer(center, center)
  )
  list(n = n, mean = means$mean[, e], cross = structure(cross, class = "unlinked_cross"))
}

cross_diagonal <- function(a) if (inherits(a, "unlinked_cross")) c(a$squares, diag(a$own)) else diag(a)

# Cross products of the columns `seen`, all variants among them.
cross_some <- function(a, seen) {
  if (!inherits(a, "unlinked_cross")) return(.Call(C_ffi_pick, a, seen))
  traits <- seen[seen > length(a$squares)] - length(a$squares)
  a$traits <- a$traits[, traits, drop = FALSE]
  a$own <- a$own[traits, traits, drop = FALSE]
  a
}

# Products of the variants with the traits in columns `at` of the view.
cross_traits <- function(a, g, at) {
  if (inherits(a, "unlinked_cross")) return(a$traits[, at - length(g), drop = FALSE])
  a[g, at, drop = FALSE]
}

# R/moments_view.R, partial_out(), where inner and common columns are maps of variants.
unlinked_partial <- function(view, inner, common) {
  p <- length(view$columns$variants)
  inner <- inner[seq_len(p), , drop = FALSE]
  common <- common[seq_len(p), , drop = FALSE]
  each <- lapply(view$cross, function(a) {
    take_directions(list(d = a$squares, b = matrix(0, p, 0), traits = a$traits, own = a$own), inner)
  })
  sum_of <- function(name) Reduce(`+`, lapply(each, `[[`, name))
  all <- list(
    d = sum_of("d"), b = do.call(cbind, lapply(each, `[[`, "b")), traits = sum_of("traits"), own = sum_of("own")
  )
  taken <- take_directions(all, common)
  rank <- length(each) + sum(vapply(each, function(x) sum(x$kept), 0L)) + sum(taken$kept)
  list(
    unlinked = taken[c("d", "b", "traits", "own")], rank = rank,
    inner_kept = matrix(unlist(lapply(each, `[[`, "kept")), ncol(inner)) + 0L, common_kept = taken$kept + 0L
  )
}

# `x` with the columns of `map` taken out; kept: which of them were there.
take_directions <- function(x, map) {
  x$kept <- logical(ncol(map))
  if (!ncol(map)) return(x)
  half <- x$d * map - x$b %*% crossprod(x$b, map)
  before <- colSums(x$d * map^2)
  square <- crossprod(map, half)
  there <- diag(square) > 1e-7 * before & before > 0
  scale <- ifelse(there, 1 / sqrt(pmax(diag(square), 1e-300)), 0)
  e <- eigen(square * outer(scale, scale), TRUE)
  use <- e$values > 1e-7
  x$kept[which(there)[seq_len(sum(use))]] <- TRUE
  root <- scale * (e$vectors[, use, drop = FALSE] / rep(sqrt(e$values[use]), each = ncol(map)))
  own <- half %*% root
  traits <- crossprod(root, crossprod(map, x$traits))
  x$b <- cbind(x$b, own)
  x$traits <- x$traits - own %*% traits
  x$own <- x$own - crossprod(traits)
  x
}

# The first fault of sums over independent variants (moments_check() for those with pairs).
check_unlinked <- function(m, fault) {
  n <- rep(as.numeric(m$blocks$n), each = nrow(m$sg))
  good <- is.finite(m$sg) & m$sg >= 0 & m$sg <= 2 * n
  if (!all(good)) fault("$sg", "counts of alleles, from 0 to twice the people", format(m$sg[!good][1]))
  good <- is.finite(m$squares) & m$squares >= m$sg^2 / n * (1 - 1e-9) & m$squares <= 2 * m$sg * (1 + 1e-9)
  if (!all(good)) fault("$squares", "squares that counts of alleles can have", format(m$squares[!good][1]))
  if (!all(is.finite(m$gx)) || !all(is.finite(m$xx))) fault("$gx", "finite numbers", "others")
  if (nrow(m$blocks) != length(m$environments) || length(m$missing)) {
    fault("$blocks", "one block for each environment, without missing calls", "another table")
  }
}
