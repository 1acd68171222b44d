# The block and the instruments of an estimator as maps on the rows of people, from
# moments: what src/core/iv/iv_stream.h reads.

# The factor of iv_factor() for a stream. W and Z are orthonormal, so that their blocks
# of R are unit matrices.
# `columns`: Z itself is asked for, not only sums of squares and of products with it.
row_model <- function(context, block, columns = TRUE) {
  cache <- context$rows$cache
  at <- Position(function(known) identical(known$block, block), cache$models, nomatch = length(cache$models) + 1L)
  f <- if (at <= length(cache$models)) cache$models[[at]]$f else new_row_model(context$rows, context$view, block)
  if (columns && is.null(f$rows$basis)) f$rows$basis <- row_basis(context$view, block)
  cache$models[[at]] <- list(block = block, f = f)
  f
}

new_row_model <- function(rows, view, block) {
  maps <- cached_maps(rows, view, block)
  x <- view$columns$exposure
  yx <- c(view$columns$outcome[1], x)
  scores <- t(block$g[match(yx, c(view$columns$outcome, x)), block$kept, drop = FALSE])
  stream <- row_stream(rows, view, maps, block$slopes)
  stream["hat"] <- list(hat_without(rows, view, block))
  if (is.null(stream$hat)) {
    stream$metric <- .Call(C_ffi_scores_metric, block$factor, length(view$columns$variants), block$directions)
  }
  stream$L <- nrow(scores)
  left <- block$partial$residual[yx, residual_at(block$partial, yx)] - crossprod(scores)
  row_factor(stream, maps, view, scores, left)
}

# The maps of the block of every cell of the set, with what the core asks beside them.
row_stream <- function(rows, view, maps, slopes) {
  g <- view$columns$variants
  x <- view$columns$exposure
  unit <- pick_map(view, x)
  cells <- rep(list(NULL), rows$stream$cells)
  for (map in maps$cells) {
    after <- unit - map$column %*% t(map$explained[x, , drop = FALSE])
    predicted <- variant_map(view, slopes) - map$column %*% crossprod(map$explained[g, , drop = FALSE], slopes)
    own <- list(
      map = cbind(map$column, after, after - predicted), explained = t(map$explained[g, , drop = FALSE]),
      place = map$place, intercept = map$intercept, center = map$center
    )
    for (at in cells_of(rows, map)) cells[[at]] <- c(own, list(fill = rows$fill[, at]))
  }
  list(
    stream = rows$stream, who = rows$who, cells = cells, x = as.integer(x - length(g)) - 1L,
    y = as.integer(view$columns$outcome[1] - length(g)) - 1L, K = maps$K
  )
}

# Positions among rows$cells of the people that a map is for; fold 0: of every fold.
cells_of <- function(rows, map) {
  which(rows$cells$environment == map$environment & (map$fold == 0 | rows$cells$fold == map$fold))
}

# scores: L x (1 + k) of y and X; left: [y X]'M_ZW[y X].
row_factor <- function(stream, maps, view, scores, left) {
  K <- maps$K
  L <- nrow(scores)
  k <- ncol(scores) - 1L
  p <- K + L + k + 1L
  xy <- c(1L + seq_len(k), 1L)
  at <- K + L + seq_len(k + 1L)
  r <- .Call(C_ffi_unit, p)
  r[seq_len(K), at] <- block_products(maps, c(view$columns$exposure, view$columns$outcome[1]))
  r[K + seq_len(L), at] <- scores[, xy]
  r[at, at] <- chol(left[xy, xy])
  names <- list(x = sprintf("x%d", seq_len(k)), z = character(L), w = character(K))
  list(
    rows = c(stream, list(names = names, keep_x = seq_len(k), keep_z = seq_len(L), keep_w = seq_len(K))),
    r = r, tol = 1e-7, W = seq_len(K), Z = K + seq_len(L), X = K + L + seq_len(k), Y = p, K = K, L = L, k = k,
    n = length(stream$who)
  )
}

# The same model with columns over people as instruments, one for each exposure; `forms` of the
# pass that made them (src/core/iv/iv_stream.h) save reading the genotypes again.
given_model <- function(f, given, forms = NULL) {
  k <- f$k
  stream <- f$rows
  stream["forms"] <- list(forms)
  cross <- .Call(C_ffi_iv_cross, stream, f$r, given, cpu_level())
  w <- cross[seq_len(f$K), , drop = FALSE]
  gram <- crossprod(given) - crossprod(w)
  scale <- sqrt(pmax(diag(gram), 0))
  if (any(scale <= f$tol * sqrt(colSums(given^2)))) abort_first_stage(f, which(scale <= f$tol * sqrt(colSums(given^2))))
  half <- tryCatch(chol(gram / outer(scale, scale)), error = function(e) abort_first_stage(f, seq_len(k)))
  half <- half %*% diag(scale, k)
  stream[c("basis", "metric", "hat")] <- NULL
  stream$L <- k
  stream[c("given", "given_w", "given_r")] <- list(given, w, half)
  wx <- f$r[f$W, c(f$X, f$Y), drop = FALSE]
  scores <- backsolve(half, t(cross[f$K + seq_len(k + 1L), , drop = FALSE]) - crossprod(w, wx), transpose = TRUE)
  zx <- c(f$Z, f$X, f$Y)
  left <- crossprod(f$r[zx, c(f$X, f$Y), drop = FALSE]) - crossprod(scores)
  at <- f$K + k + seq_len(k + 1L)
  r <- diag(f$K + 2L * k + 1L)
  r[f$W, at] <- wx
  r[f$K + seq_len(k), at] <- scores
  r[at, at] <- chol(left)
  f[c("rows", "r", "L", "Z", "X", "Y")] <- list(stream, r, k, f$K + seq_len(k), f$K + k + seq_len(k), f$K + 2L * k + 1L)
  f
}

row_basis <- function(view, block) {
  .Call(C_ffi_scores_basis, block$factor, length(view$columns$variants), block$directions)
}

# ---- the block as orthonormal columns ----

cached_maps <- function(rows, view, block) {
  for (known in rows$cache$maps) if (identical(known$part, block$part)) return(known$maps)
  maps <- if (is.null(block$partial$maps)) place_cells(cell_maps(view, block$partial, 0L)) else block$partial$maps
  rows$cache$maps <- c(rows$cache$maps, list(list(part = block$part, maps = maps)))
  maps
}

# list(K, cells): for each environment (or environment and fold) the columns over its
# people, (u - center)'column beside an intercept; `explained`: their products with all
# columns (src/core/moments/partial.h); place: which of the K they are, the intercept first.
cell_maps <- function(view, got, fold) {
  inner <- nrow(got$inner_kept)
  lapply(seq_along(view$environments), function(e) {
    kept <- c(got$inner_kept[, e], got$common_kept)
    list(
      environment = view$environments[e], fold = fold, n = view$n[e], center = view$mean[, e],
      column = got$column[[e]][, kept, drop = FALSE], explained = got$explained[[e]][, kept, drop = FALSE],
      # columns of a cell alone, then those that cells share, by name
      shared = rep(c(NA_character_, sprintf("fold %d", fold)), c(sum(got$inner_kept[, e]), sum(got$common_kept)))
    )
  })
}

# A cell of a fold with the columns that all folds share behind its own; `last` of partial_out().
with_shared <- function(cell, last) {
  column <- last$column[[1]][, last$common_kept, drop = FALSE]
  cell$column <- cbind(cell$column, column - cell$column %*% crossprod(cell$explained, column))
  cell$explained <- cbind(cell$explained, last$explained[[1]][, last$common_kept, drop = FALSE])
  cell$shared <- c(cell$shared, rep("all", ncol(column)))
  cell
}

# Numbers the columns: intercepts and columns of one cell are its own.
place_cells <- function(cells) {
  known <- character()
  K <- 0L
  for (i in seq_along(cells)) {
    names <- cells[[i]]$shared
    names <- ifelse(is.na(names), sprintf("cell %d", i), names)
    names <- c(sprintf("intercept %d", i), if (length(names)) make.unique(names, sep = " # "))
    known <- c(known, setdiff(names, known))
    cells[[i]]$place <- match(names, known) - 1L
    cells[[i]]$intercept <- 1 / sqrt(cells[[i]]$n)
  }
  list(cells = cells, K = length(known))
}

# Products of the K columns with columns of the view, over everybody.
block_products <- function(maps, columns) {
  out <- matrix(0, maps$K, length(columns))
  for (cell in maps$cells) {
    out[cell$place + 1L, ] <- rbind(sqrt(cell$n) * cell$center[columns], t(cell$explained[columns, , drop = FALSE]))
  }
  out
}

# ---- k-class ----

# A list of list(block, estimator, vcov): the sandwiches of several estimates. One pass
# over the people for all whose rows are taken about the same means.
kclass_covariances <- function(context, wanted) {
  folded <- vapply(wanted, function(one) !is.null(one$block$part$folds), NA)
  unlist(lapply(unname(split(wanted, folded)), function(some) covariances_pass(context, some)), recursive = FALSE)
}

covariances_pass <- function(context, wanted) {
  rows <- context$rows
  fits <- lapply(wanted, kclass_row_fit, rows, context$view)
  k <- length(context$view$columns$exposure)
  cells <- lapply(seq_len(rows$stream$cells), function(at) meat_cell(rows, context$view, at, fits))
  by <- row_clusters(rows)
  meats <- .Call(
    C_ffi_row_meats, rows[c("stream", "who")], cells, length(fits), k, by$index, as.integer(by$count), cpu_level()
  )
  Map(function(one, fit, i) {
    factor <- small_sample(context$sandwich, length(rows$who), fit$maps$K + k, by$count)
    vcov <- factor * fit$hinv %*% matrix(meats[, , i], k) %*% fit$hinv
    c(one, list(vcov = (vcov + t(vcov)) / 2))
  }, wanted, fits, seq_along(fits))
}

kclass_row_fit <- function(one, rows, view) {
  m <- one$block$kclass
  kappa <- switch(one$estimator, ols = 0, "2sls" = 1, liml = kclass_liml(m), fuller = kclass_fuller(m))
  x <- 1L + seq_len(m$k)
  list(
    b = kclass_fit(m, kappa)$coefficients, kappa = kappa, hinv = solve0((m$r0 - kappa * m$r1)[x, x, drop = FALSE]),
    maps = cached_maps(rows, view, one$block), slopes = one$block$slopes
  )
}

# Residual and projected exposures of every fit as maps on the rows of a cell.
meat_cell <- function(rows, view, at, fits) {
  cells <- lapply(fits, function(fit) Find(function(map) at %in% cells_of(rows, map), fit$maps$cells))
  if (is.null(cells[[1]])) return(NULL)
  list(
    map = do.call(cbind, Map(function(fit, cell) fit_map(view, fit, cell), fits, cells)),
    fill = rows$fill[, at], center = cells[[1]]$center
  )
}

# y and X after the block, then e = y - X b and x~ = X - kappa (X after the instruments).
fit_map <- function(view, fit, cell) {
  after <- function(map) map - cell$column %*% crossprod(cell$explained, map)
  x <- pick_map(view, view$columns$exposure)
  residual <- after(pick_map(view, view$columns$outcome[1]) - x %*% fit$b)
  exposure <- after(x)
  if (fit$kappa != 0) exposure <- exposure - fit$kappa * (exposure - after(variant_map(view, fit$slopes)))
  cbind(residual, exposure)
}
