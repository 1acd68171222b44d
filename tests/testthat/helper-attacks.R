# Attacks on a release of block moments. Each takes what the holder of a release has
# (the sums of a block) and returns rows of people: genotypes and numeric columns.
# Plain R; nothing of the package is used but the layout of the object. Run over many
# data sets by bench/attacks/run.R.

attack_unpack <- function(triangle, p) {
  out <- matrix(0, p, p)
  out[upper.tri(out, TRUE)] <- triangle
  out[lower.tri(out)] <- t(out)[lower.tri(out)]
  out
}

# Cross products of u = (1, G, M, X) over the people of the blocks `at` of an
# mr_moments object, X in its own units, with what each column is.
attack_block_products <- function(m, at) {
  p <- nrow(m$variants)
  q <- length(m$pilot)
  o <- length(m$missing)
  n <- sum(m$blocks$n[at])
  add <- function(part) rowSums(m[[part]][, at, drop = FALSE])
  sx <- add("sx")
  sg <- add("sg")
  sm <- add("sm")
  gx <- matrix(add("gx"), p, q)
  mx <- matrix(add("mx"), o, q)
  gm <- matrix(add("gm"), p, o)
  # Continuous instruments are summed about pilots, as numeric columns are.
  gg <- attack_unpack(add("gg"), p) + outer(sg, m$gpilot) + outer(m$gpilot, sg) + n * outer(m$gpilot, m$gpilot)
  gx <- gx + outer(m$gpilot, sx)
  sg <- sg + n * m$gpilot
  top <- cbind(n, rbind(sg), rbind(sm), rbind(sx + n * m$pilot))
  g <- cbind(sg, gg, gm, gx + outer(sg, m$pilot))
  mm <- cbind(sm, t(gm), attack_unpack(add("mm"), o), mx + outer(sm, m$pilot))
  xx <- attack_unpack(add("xx"), q) + outer(sx, m$pilot) + outer(m$pilot, sx) + n * outer(m$pilot, m$pilot)
  x <- cbind(sx + n * m$pilot, t(gx) + outer(m$pilot, sg), t(mx) + outer(m$pilot, sm), xx)
  list(
    n = n, products = unname(rbind(top, g, mm, x)),
    what = rep(c("one", "g", "m", "x"), c(1, p, o, q))
  )
}

# Columns that hold whole numbers, as far as their sums tell.
attack_whole_columns <- function(b) {
  s <- b$products[1, ]
  square <- diag(b$products)
  whole <- abs(s - round(s)) < 1e-6 & abs(square - round(square)) < 1e-6
  which(whole & square > 0)
}

# ---- short vectors: LLL on a matrix of scalar products ----

# `gram`: scalar products of whole-number vectors, which may be dependent. Returns the
# coefficients of a reduced basis of what they span, one row each (Cohen 1993,
# algorithms 2.6.3 and 2.6.8).
attack_lll <- function(gram, delta = .99, most = 30000) {
  basis <- diag(nrow(gram))[order(diag(gram)), , drop = FALSE]
  r <- basis %*% gram %*% t(basis)
  mu <- diag(nrow(r))
  size <- numeric(nrow(r))
  k <- 1
  for (step in seq_len(most)) {
    if (k > nrow(basis)) break
    before <- seq_len(k - 1)
    if (k > 1) {
      half <- forwardsolve(mu[before, before, drop = FALSE], r[k, before])
      mu[k, before] <- ifelse(size[before] > 1e-7, half / size[before], 0)
      for (j in rev(before)) {
        c <- round(mu[k, j])
        if (c == 0) next
        basis[k, ] <- basis[k, ] - c * basis[j, ]
        r[k, ] <- r[k, ] - c * r[j, ]
        r[, k] <- r[, k] - c * r[, j]
        mu[k, seq_len(j)] <- mu[k, seq_len(j)] - c * mu[j, seq_len(j)]
      }
    }
    if (r[k, k] < 1e-7) { # it depends on the others and is spent
      basis <- basis[-k, , drop = FALSE]
      r <- r[-k, -k, drop = FALSE]
      next
    }
    size[k] <- max(r[k, k] - sum(mu[k, before]^2 * size[before]), 0)
    if (k > 1 && size[k] < (delta - mu[k, k - 1]^2) * size[k - 1]) {
      swap <- c(k - 1, k)
      basis[swap, ] <- basis[rev(swap), ]
      r[swap, ] <- r[rev(swap), ]
      r[, swap] <- r[, rev(swap)]
      k <- k - 1
    } else {
      k <- k + 1
    }
  }
  basis
}

# ---- the attacks ----

# Vectors of the lattice of the whole-number columns that are not zero for one person
# only: then the sums weighted with them are that person's row. One carrier, one
# missing call, one person by whom two variants or a variant and a covariate differ,
# a dummy of one person, more columns than people: all are such vectors.
attack_lattice <- function(b, unit = 1, reduce = TRUE) {
  whole <- if (unit == 1) attack_whole_columns(b) else which(b$what %in% c("one", "g"))
  scale <- ifelse(b$what[whole] == "g", 1 / unit, 1)
  gram <- round(b$products[whole, whole] * outer(scale, scale))
  b$products[whole, whole] <- gram / outer(scale, scale)
  basis <- rbind(if (reduce) sweep(attack_lll(gram), 2, scale, "*"), diag(length(whole)))
  attack_lone_rows(b, basis, whole, if (unit == 1) 1e-9 else 1e-4)
}

# Differences of pairs of numeric columns, and the columns themselves; `also`: "g" for
# instruments that are no counts.
attack_pairs <- function(b, also = NULL) {
  x <- which(b$what %in% c("x", "one", also))
  pairs <- utils::combn(length(x), 2)
  apart <- matrix(0, ncol(pairs), length(x))
  apart[cbind(seq_len(ncol(pairs)), pairs[1, ])] <- 1
  apart[cbind(seq_len(ncol(pairs)), pairs[2, ])] <- -1
  attack_lone_rows(b, rbind(apart, diag(length(x))), x, 1e-7)
}

# A numeric column whose formula in the variants is known but for what it says of one
# person: `weights` by name of variant, in the object `m`.
attack_formula <- function(b, m, weights) {
  g <- match(names(weights), m$variants$snp)
  if (anyNA(g)) return(NULL)
  at <- which(b$what %in% c("g", "x"))
  x <- which(b$what[at] == "x")
  w <- matrix(0, length(x), length(at))
  w[cbind(seq_along(x), x)] <- 1
  w[, g] <- rep(-weights, each = length(x))
  attack_lone_rows(b, w, at, 1e-6)
}

# Rows from combinations w = basis (columns `at`) that only one person has: there
# (sum w)^2 = sum w^2.
attack_lone_rows <- function(b, basis, at, tolerance = 1e-9) {
  sums <- basis %*% b$products[at, , drop = FALSE]
  total <- sums[, 1]
  square <- rowSums((sums[, at, drop = FALSE]) * basis)
  alone <- square > 0 & abs(total^2 - square) <= tolerance * square
  rows <- sums[alone, , drop = FALSE] / total[alone]
  unique(rows[, b$what %in% c("g", "x"), drop = FALSE])
}

# An outlier dominates the sums of his column: his genotypes by rounding.
attack_outlier <- function(b) {
  g <- which(b$what == "g")
  n <- b$n
  rows <- lapply(which(b$what == "x"), function(x) {
    about <- b$products[x, ] - b$products[1, ] * b$products[1, x] / n
    far <- sqrt(max(about[x], 0))
    guess <- function(sign) round(b$products[1, g] / n + sign * about[g] / far)
    rbind(guess(1), guess(-1))
  })
  attack_genotypes_only(do.call(rbind, rows), b)
}

attack_genotypes_only <- function(g, b) cbind(g, matrix(NA_real_, NROW(g), sum(b$what == "x")))

# More people than columns: with A = sum r r' over the people's rows r = (1, g), every
# row has r' A^-1 r <= 1, and strangers have about p / (n - p): while that is above 1
# few candidates are left (a search tree over the variants, cut where the sum passes
# 1), and how often each occurs is the least squares solution of sum c r r' = A.
attack_ellipsoid <- function(b, most = 1e5) {
  g <- which(b$what == "g")
  at <- c(1, g[diag(b$products)[g] > 0])
  a <- b$products[at, at]
  root <- tryCatch(chol(a), error = function(e) NULL)
  if (is.null(root)) return(NULL)
  row <- matrix(1, 1, 1)
  z <- matrix(1 / root[1, 1], 1, 1)
  left <- 1 - z[, 1]^2
  for (j in 2:nrow(a)) {
    k <- nrow(row)
    if (3 * k > most) return(NULL)
    known <- as.vector(z %*% root[seq_len(j - 1), j])
    value <- rep(0:2, each = k)
    new <- (value - known) / root[j, j]
    rest <- left - new^2
    keep <- which(rest >= -1e-9)
    of <- (keep - 1) %% k + 1
    row <- cbind(row[of, , drop = FALSE], value[keep])
    z <- cbind(z[of, , drop = FALSE], new[keep])
    left <- rest[keep]
  }
  pairs <- which(upper.tri(a, TRUE), arr.ind = TRUE)
  if (nrow(row) > 3000) return(NULL)
  count <- attack_nonnegative(t(row[, pairs[, 1], drop = FALSE] * row[, pairs[, 2], drop = FALSE]), a[pairs])
  who <- rep(seq_len(nrow(row)), pmax(round(count), 0))
  out <- matrix(0, length(who), length(g))
  out[, match(at[-1], g)] <- row[who, -1]
  attack_genotypes_only(out, b)
}

# Least squares with coefficients of at least 0 (Lawson and Hanson 1974, chapter 23).
attack_nonnegative <- function(x, y, most = 3 * length(y)) {
  coef <- numeric(ncol(x))
  free <- logical(ncol(x))
  for (step in seq_len(most)) {
    gain <- as.vector(crossprod(x, y - x %*% coef))
    gain[free] <- -Inf
    if (max(gain) < 1e-7) break
    free[which.max(gain)] <- TRUE
    repeat {
      new <- replace(coef, free, qr.coef(qr(x[, free, drop = FALSE]), y))
      new[is.na(new)] <- 0
      if (all(new[free] > 1e-10)) break
      low <- free & new <= 1e-10
      coef <- coef + min(coef[low] / pmax(coef[low] - new[low], 1e-12)) * (new - coef)
      coef[!free] <- 0
      free <- free & coef > 1e-10
      if (!any(free)) break
    }
    coef <- ifelse(free, new, 0)
  }
  coef
}

# The sets of blocks to attack: each on its own, those of an environment together, all.
attack_sets <- function(m) {
  each <- seq_len(nrow(m$blocks))
  unique(c(as.list(each), split(each, m$blocks$environment), list(each)))
}

# All attacks on all sets of blocks: the rows found. The lattice is reduced in at most
# `lattices` of them.
attack_release <- function(m, sets = attack_sets(m), unit = 1, weights = NULL, lattices = Inf) {
  do.call(rbind, lapply(seq_along(sets), function(i) {
    b <- attack_block_products(m, sets[[i]])
    counts <- m$kind == "genotype"
    rbind(
      if (m$kind != "continuous") attack_lattice(b, unit, reduce = i <= lattices),
      attack_pairs(b, if (m$kind == "continuous") "g"), if (length(weights)) attack_formula(b, m, weights),
      if (counts) attack_outlier(b), if (counts && sum(b$what == "g") <= 12) attack_ellipsoid(b)
    )
  }))
}
