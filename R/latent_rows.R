# What estimators ask of the rows: errors that allow for heteroskedasticity and
# clusters, and estimators that leave people out. Genotypes stay in memory as 2-bit codes
# (dosages and continuous instruments where they lie) and pass by in blocks; nothing
# of the size people x variants is made (src/core/iv/iv_stream.h).
#
# A list:
#   stream    codes or numbers, variants, columns (covariates, structure, exposures, outcome),
#             person (0-based rows of the data in the order of the stream), cell (of each,
#             0-based), cells (number)
#   cells     data frame: environment and fold of every cell
#   who       people of this set, 0-based positions in the stream
#   fill      variants x cells: what stands for a missing call
#   cluster   factor in the order of the stream, or NULL; clusters stand together
#   cache     environment: maps and errors of this set, each computed once
#   whole     the projection of everybody, where people are left out of it (R/latent_hat.R), or NULL

# NULL, with a note, when the codes would not fit the memory budget.
latent_rows <- function(data, encoder, view, fold = NULL) {
  p <- nrow(data$variants)
  packed <- data$kind == "genotype"
  columns <- view_width(view) - p + max(0L, ncol(encoder$variant))
  need <- row_bytes(length(data$outcome), p, packed, columns, nlevels(data$environment))
  budget <- memory_limit()
  if (need > budget) {
    inform(
      sprintf(
        "Errors and estimators that need rows would take %s of memory, above the budget of %s: moments are used instead.",
        format_bytes(need), format_bytes(budget)
      ),
      hint = "options(LatentMR.memory = \"16GB\") raises the budget."
    )
    return(NULL)
  }
  folds <- max(1L, fold)
  cell <- (as.integer(data$environment) - 1L) * folds + (if (is.null(fold)) 1L else fold) - 1L
  # Pairs of a scan that are of the same people read the same codes.
  order <- of_people(
    view, "row order", row_order(cell, data$cluster, if (!packed) row_chunk(p, nlevels(data$environment) * folds))
  )
  cells <- expand.grid(fold = seq_len(folds), environment = levels(data$environment), stringsAsFactors = FALSE)
  list(
    stream = list(
      codes = if (packed) of_people(view, "row codes", row_codes(data$genotypes, order)),
      numbers = if (!packed) mr_genotypes(data), variants = p,
      person = order - 1L, columns = unlist(lapply(numeric_columns(data), columns_apart), recursive = FALSE),
      cell = cell[order], cells = nrow(cells)
    ),
    cells = cells, who = seq_along(order) - 1L,
    fill = row_fill(encoder, cells$environment, p), cluster = if (!is.null(data$cluster)) data$cluster[order],
    cache = new.env(parent = emptyenv())
  )
}

# The columns of a code behind the instruments are complete.
row_fill <- function(encoder, environments, p) {
  fill <- encoder_fill(encoder, environments)
  unname(rbind(fill, matrix(0, p - nrow(fill), ncol(fill))))
}

# 2-bit codes of people in this order, one variant after the other (src/core/genotype/panel.h).
row_codes <- function(source, order) {
  codes <- bits(source, order)
  .Call(C_ffi_moments_pack, codes$source, codes$person)
}

# Codes, the numbers of a person (positions, leverages, instruments of UJIVE, and the `columns`
# as they are and as forms, src/core/iv/iv_stream.h), and matrices of variants x variants: about ten, and two more for
# each environment (its products, and those of its directions, R/moments_turned.R). With few people a projection, how
# it is made and what lifts it (R/latent_hat.R).
row_bytes <- function(n, p, packed, columns, environments) {
  n * (if (packed) p / 4 else 0) + n * (100 + 16 * columns) + (80 + 16 * environments) * p^2 +
    if (n <= 2 * p) 24 * n^2 else 0
}

columns_apart <- function(x) {
  if (is.matrix(x)) lapply(seq_len(ncol(x)), function(j) as.double(x[, j])) else list(as.double(x))
}

# Numbers are read where they lie, every person's in another place of each column: cell after
# cell within as many people as a cache holds, so that a piece of memory is fetched once for all
# cells. A cell has a thousand of them, more than a block of the core.
row_chunk <- function(p, cells) max(2^20 %/% p, 1024 * cells)

# Cell after cell, within each `chunk` people when given; clusters stay together, those of one
# cell first among its people.
row_order <- function(cell, cluster, chunk = NULL) {
  if (is.null(cluster)) {
    if (is.null(chunk)) return(order(cell, method = "radix"))
    return(order((seq_along(cell) - 1L) %/% as.integer(chunk), cell, method = "radix"))
  }
  first <- tapply(cell, cluster, min)
  mixed <- tapply(cell, cluster, max) > first
  id <- as.integer(cluster)
  order(as.vector(mixed[id]), as.vector(first[id]), id, cell, method = "radix")
}

# The people of these environments.
rows_subset <- function(rows, environments) {
  keep <- which(rows$cells$environment %in% environments) - 1L
  rows$who <- which(rows$stream$cell %in% keep) - 1L
  rows$cache <- new.env(parent = emptyenv())
  rows
}

# The robust error of these rows, and the part of a context that the functions below read.
row_error <- function(rows) if (is.null(rows)) NULL else if (is.null(rows$cluster)) "HC1" else "cluster"

row_context <- function(rows, view) list(rows = rows, view = view, sandwich = row_error(rows))

# list(index, count, start) of the people of a set; start: where each cluster begins.
row_clusters <- function(rows) {
  if (is.null(rows$cluster)) return(NULL)
  out <- iv_cluster(rows$cluster[rows$who + 1L], length(rows$who))
  out$start <- c(0L, cumsum(tabulate(out$index + 1L, out$count)))
  out
}

# ---- what estimators ask ----
# `context` (R/latent_estimates.R) has the rows, the view and the kind of error;
# `block` the columns partialled out and the instruments (block_scores()).

# Covariance of the effects of a k-class estimator ("ols", "2sls", "liml", "fuller")
# that allows for heteroskedasticity, and for clusters where there are any. One pass over
# the people serves 2SLS in all blocks of the context.
row_covariance <- function(context, block, estimator) {
  cache <- context$rows$cache
  found <- function(one) {
    Find(function(x) identical(x$estimator, one$estimator) && identical(x$block, one$block), cache$covariances)
  }
  asked <- list(block = block, estimator = estimator)
  if (is.null(found(asked))) {
    wanted <- lapply(
      Filter(function(x) is.null(x$own) && is.null(block_problem(x)), unname(context$blocks)),
      function(x) list(block = x, estimator = "2sls")
    )
    if (!any(vapply(wanted, identical, NA, asked))) wanted <- c(list(asked), wanted)
    wanted <- Filter(function(one) is.null(found(one)), wanted)
    cache$covariances <- c(cache$covariances, kclass_covariances(context, wanted))
  }
  found(asked)$vcov
}

# Effects and covariance: list(b, vcov), one row and column for each exposure.
row_estimate <- function(context, block, estimator, type = context$sandwich) {
  gmm <- estimator == "gmm"
  f <- row_model(context, block, columns = gmm || !is.null(context$rows$cluster))
  if (gmm) row_gmm(context, f, type) else row_jackknife(context, f, estimator, type)
}

# Hansen's J and the robust Wu-Hausman test of 2SLS, and the effective F.
row_tests <- function(context, block) {
  factor_tests(row_model(context, block), row_clusters(context$rows), context$sandwich)
}

factor_tests <- function(f, by, sandwich) {
  # effective_f() needs the trace of the robust first stage alone: without clusters the
  # matrix itself is not made.
  s <- iv_scores(f, iv_estimate(f, 1), robust = TRUE, tests = TRUE, cluster = by, first = length(by) > 0)
  trace <- if (length(by)) sum(diag(matrix(s$first[, , 1], f$L))) else s$trace[[1]]
  adjust <- small_sample(sandwich, f$n, f$K + f$L, by$count)
  list(
    f_effective = if (f$k == 1) sum(f$r[f$Z, f$X]^2) / (adjust * trace) else NA_real_,
    wu_hausman = robust_wu(f, s, sandwich, by), hansen = hansen(f, s)
  )
}

# A second stage for a 0/1 outcome: b, vcov, and the coefficients of residuals that it adds.
row_binary <- function(context, block, estimator) {
  f <- row_model(context, block)
  by <- row_clusters(context$rows)
  fit <- binary_fit(f, estimator, "logit", context$sandwich, by)
  effects <- f$K + seq_len(f$k)
  list(
    b = fit$beta, vcov = fit$vcov[effects, effects, drop = FALSE], control = fit$control,
    several = isTRUE(fit$solutions > 1)
  )
}

# ---- how ----

# UJIVE and JIVE1: their instrument beside the block, as one column for each exposure.
row_jackknife <- function(context, f, estimator, type) {
  by <- row_clusters(context$rows)
  jack <- .Call(C_ffi_ujive_instrument, f$rows, f$r, as.integer(estimator == "jive1"), NULL, by$start, cpu_level())
  check_left_out(jack$skipped, estimator, length(by) > 0)
  given <- given_model(f, jack$p, jack$forms)
  est <- iv_estimate(given, 1)
  s <- iv_scores(given, est, robust = TRUE, cluster = if (type != "HC1") by, trace = FALSE)
  x <- given$K + seq_len(f$k)
  middle <- s$coef[x, x, drop = FALSE] * small_sample(type, f$n, f$K + f$k, by$count)
  if (type == "many") {
    theta <- backsolve(given$rows$given_r, given$r[given$Z, given$X, drop = FALSE])
    pairs <- .Call(
      C_ffi_ujive_pairs, f$rows, f$r, as.double(c(est$gamma, est$beta)), jack$leverage, NULL, by$start, cpu_level()
    )
    middle <- middle + t(theta) %*% pairs %*% theta
  }
  vcov <- est$hinv %*% middle %*% est$hinv
  list(b = est$beta, vcov = (vcov + t(vcov)) / 2)
}

row_gmm <- function(context, f, type) {
  by <- row_clusters(context$rows)
  fit <- add_gmm(list(estimator = "gmm", f = f, f2 = f), type, by)
  effects <- f$K + seq_len(f$k)
  list(b = fit$est$beta, vcov = gmm_covariance(fit, type, by)$vcov[effects, effects, drop = FALSE])
}

