# What the blocks of a release must be like, so that nobody can be told from it. Each
# limit is attacked in bench/attacks/, whose table says what gives way without it.
#
# The counts of a block (the constant, allele counts, 0/1 columns) span a lattice whose
# scalar products are released. A vector of it that is zero for all but few people gives
# their sums of every other column away, and shows itself by its small square. No vector
# is shorter than the smallest residual sum of squares of a column given those before
# it, in any order: well_apart() keeps that above a limit.
disclosure_limits <- list(
  people = 30, # in a block
  per_column = 3, # people for each column and the constant
  per_numeric = 10, # people for each numeric column and the constant
  group = 10, # people who differ from all others in a numeric column
  grid = 10, # people whose value lies between those that all others could have
  carriers = 20, # people who differ from all others in a variant
  squares = 10, # residual squares of a variant given the other columns
  cell = 3, # people in a cell of two columns of two values
  share = .25, # of one person in a combination of the numeric columns
  share_all = .75, # of one person in a combination of these and continuous instruments
  folds = 5 # of an environment that variants must not cost it: the jackknife needs them
)

least_people <- function(variants, numeric) {
  limit <- disclosure_limits
  max(limit$people, limit$per_column * (variants + numeric + 1), limit$per_numeric * (numeric + 1))
}

few <- function(count, least) count > 0 & count < least

# How many differ from the most common value.
differing <- function(x) length(x) - max(tabulate(match(x, unique(x))))

# The columns that hold what each person brings along, besides the genotypes: n x q
# with names, and their 0/1 columns, the left-out group of every factor among them.
personal_columns <- function(data) {
  parts <- numeric_columns(data)
  x <- do.call(cbind, lapply(parts, as.matrix))
  colnames(x) <- c(colnames(data$covariates), colnames(data$structure), data$exposure_name, data$outcome_name)
  two <- which(apply(x, 2, function(column) length(unique(column)) == 2))
  groups <- x[, two, drop = FALSE]
  groups <- sweep(groups, 2, groups[1, ], "!=") + 0
  coding <- data$covariate_coding
  for (variable in unique(coding$variable[!is.na(coding$level)])) {
    own <- coding$column[coding$variable == variable]
    left <- 1 - rowSums(data$covariates[, own, drop = FALSE])
    reference <- paste0(variable, coding$reference[match(variable, coding$variable)])
    groups <- cbind(groups, matrix(left, dimnames = list(NULL, reference)))
  }
  z <- if (data$kind == "continuous") `colnames<-`(mr_genotypes(data), data$variants$snp)
  list(x = x, groups = groups, z = z, off = off_grids(cbind(x, z), data$environment, pairs = ncol(x)))
}

# Why the people of a block cannot be released with these columns: words, or NULL.
# `z` are continuous instruments, `off` says who is off a grid (R/moments_grids.R).
people_fault <- function(x, groups, z = NULL, off = NULL) {
  limit <- disclosure_limits
  all <- cbind(x, groups, z)
  apart <- apply(all, 2, differing)
  small <- which(few(apart, limit$group))
  if (length(small)) {
    count <- apart[small[1]]
    who <- if (count == 1) "one person differs" else sprintf("%d people differ", count)
    return(sprintf("%s from the others in `%s`", who, colnames(all)[small[1]]))
  }
  small <- small_cell(groups)
  if (!is.null(small)) return(small)
  small <- if (!is.null(off)) which(few(colSums(off), limit$grid))
  if (length(small)) {
    count <- sum(off[, small[1]])
    who <- if (count == 1) "one person has a value" else sprintf("%d people have values", count)
    return(sprintf("%s of %s (round these)", who, colnames(off)[small[1]]))
  }
  heavy <- heaviest(x)
  if (heavy$share > limit$share) return(heavy_words(heavy, "numeric columns"))
  if (is.null(z)) return(NULL)
  heavy <- heaviest(cbind(x, z))
  if (heavy$share > limit$share_all) heavy_words(heavy, "columns")
}

heavy_words <- function(heavy, columns) {
  sprintf("one person has %s of a combination of %s, `%s` most of all", percent(heavy$share), columns, heavy$column)
}

small_cell <- function(groups) {
  n <- nrow(groups)
  if (ncol(groups) < 2) return(NULL)
  both <- crossprod(groups)
  one <- outer(diag(both), rep(1, ncol(both)))
  cells <- list(both, one - both, t(one) - both, n - one - t(one) + both)
  smallest <- do.call(pmin, lapply(cells, function(count) ifelse(count > 0, count, n)))
  at <- which(smallest < disclosure_limits$cell & upper.tri(both), arr.ind = TRUE)
  if (!nrow(at)) return(NULL)
  count <- smallest[at[1, , drop = FALSE]]
  sprintf(
    "a cell of `%s` by `%s` holds %s", colnames(groups)[at[1, 1]], colnames(groups)[at[1, 2]],
    if (count == 1) "one person" else sprintf("%d people", count)
  )
}

# The largest leverage: the largest share that one person has in the squares of a
# combination of the columns and the constant; and the column that weighs most in it.
# On the rows, as the cross products would not show columns that differ by 1e-7.
heaviest <- function(x) {
  x <- scale(x)
  x <- x[, attr(x, "scaled:scale") > 0, drop = FALSE]
  if (!ncol(x)) return(list(share = 1 / nrow(x), column = NA))
  found <- qr(x, tol = 1e-11)
  share <- 1 / nrow(x) + rowSums(qr.Q(found)[, seq_len(found$rank), drop = FALSE]^2)
  who <- which.max(share)
  weight <- qr.coef(found, replace(numeric(nrow(x)), who, 1))
  list(share = share[who], column = colnames(x)[which.max(abs(weight))])
}

# Variants of block b of `m` that cannot be released with the others: few people
# differ from the rest, or from what a whole-number combination of the columns says.
# `differ`: how many differ, for instruments that are not counted.
short_variants <- function(m, b, differ = NULL) {
  p <- nrow(m$variants)
  n <- m$blocks$n[b]
  products <- unpack(m$gg[, b], p)
  if (is.null(differ)) differ <- differing_counts(diag(products), m$sg[, b], n)
  bad <- few(differ, disclosure_limits$carriers)
  left <- residual_products(m, b, products)
  # A continuous instrument counts in its own standard deviations.
  if (m$kind == "continuous") left <- scaled_products(left, n)
  check <- which(!bad & differ > 0)
  bad[check] <- !well_apart(left[check, check, drop = FALSE], disclosure_limits$squares)
  bad
}

# 0, 1 and 2 copies are counted by the sums of g and of its square.
differing_counts <- function(square, sum, n) {
  two <- (square - sum) / 2
  one <- sum - 2 * two
  n - pmax(one, two, n - one - two)
}

# Which columns pivoting keeps so that each has residual squares above `least` given
# those kept before it.
well_apart <- function(products, least) {
  keep <- diag(products) > least
  if (sum(keep) < 2) return(keep)
  keep[keep] <- seq_len(sum(keep)) %in% pivoted(products[keep, keep, drop = FALSE], least)$pivot
  keep
}

# Cross products of the instruments given the constant and the numeric columns.
residual_products <- function(m, b, products) {
  q <- nrow(m$sx)
  n <- m$blocks$n[b]
  gx <- matrix(m$gx[, b], ncol = q) - outer(m$sg[, b], m$sx[, b]) / n
  xx <- unpack(m$xx[, b], q) - outer(m$sx[, b], m$sx[, b]) / n
  residual_given(products - outer(m$sg[, b], m$sg[, b]) / n, gx, xx)
}

residual_given <- function(gg, gx, xx) {
  half <- half_inverse(xx)
  gg - tcrossprod(gx[, half$use, drop = FALSE] %*% half$root)
}

# Independent columns `use`, and the factor R of their cross products scaled by `scale`:
# R'R = products / (scale scale').
independent <- function(products) {
  d <- diag(products)
  use <- which(d > 0)
  found <- pivoted(products[use, use, drop = FALSE] / sqrt(outer(d[use], d[use])), 1e-10)
  use <- use[found$pivot]
  list(use = use, scale = sqrt(d[use]), factor = found$factor)
}

# (root root') is the inverse of the cross products of the columns `use`.
half_inverse <- function(products) {
  part <- independent(products)
  if (!length(part$use)) return(list(use = part$use, root = matrix(0, 0, 0)))
  list(use = part$use, root = backsolve(part$factor, diag(length(part$use))) / part$scale)
}

# The numeric columns that the variants tell of all but a few people: what is left
# given the variants, as a share of what is left without them, in people.
told_columns <- function(m, b) {
  q <- nrow(m$sx)
  n <- m$blocks$n[b]
  gx <- matrix(m$gx[, b], ncol = q) - outer(m$sg[, b], m$sx[, b]) / n
  xx <- unpack(m$xx[, b], q) - outer(m$sx[, b], m$sx[, b]) / n
  told_given(unpack(m$gg[, b], nrow(gx)) - outer(m$sg[, b], m$sg[, b]) / n, gx, xx, n)
}

told_given <- function(gg, gx, xx, n) {
  part <- independent(gg)
  left <- xx
  if (length(part$use)) {
    left <- xx - crossprod(backsolve(part$factor, gx[part$use, , drop = FALSE] / part$scale, transpose = TRUE))
  }
  whole <- half_inverse(xx)
  before <- 1 / rowSums(whole$root^2)
  after <- half_inverse(left)
  rest <- numeric(ncol(xx))
  rest[after$use] <- 1 / rowSums(after$root^2)
  whole$use[rest[whole$use] / before * n < disclosure_limits$group]
}

scaled_products <- function(products, n) {
  d <- sqrt(pmax(diag(products), 0) / n)
  d[d <= 0] <- Inf
  products / outer(d, d)
}

unpack <- function(triangle, p) {
  out <- matrix(0, p, p)
  out[upper.tri(out, TRUE)] <- triangle
  out[lower.tri(out)] <- t(out)[lower.tri(out)]
  out
}
