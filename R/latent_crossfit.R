# Cross-fitting from moments: the variant block of every fold is learned on the
# people of the other folds.
#
# Bases rotate from fold to fold, so codes of different folds are never added up.
# What is added up are cross products after Vhat has been partialled out, with its
# own intercepts and slopes in every (environment, fold); instruments are the
# directions of the panel that are left, the same in all folds, so residualised.
# Covariates and structure columns with one slope come last, over everybody.

check_crossfit <- function(crossfit, data) {
  check_number(crossfit, "crossfit", min = 0, max = 100, whole = TRUE)
  if (crossfit == 1) {
    abort_argument(
      "crossfit", "0, or a number of folds of at least 2", "the number 1", "One fold leaves nobody to learn from."
    )
  }
  if (crossfit == 0 || !inherits(data, "mr_moments")) return(as.integer(crossfit))
  folds <- length(unique(data$blocks$fold))
  if (folds == 1) {
    abort_argument("crossfit", "0 with moments of one fold", describe(crossfit), "mr_moments(folds = ) makes more.")
  }
  if (crossfit > folds) {
    abort_argument(
      "crossfit", sprintf("at most %d, the folds that `data` holds", folds), describe(crossfit),
      "mr_moments(folds = ) makes more."
    )
  }
  as.integer(crossfit)
}

check_sparse_crossfit <- function(encoder, crossfit) {
  if (encoder != "mechanism_sparsity" || !crossfit) return(invisible())
  abort_argument(
    "crossfit", "0 with encoder = \"mechanism_sparsity\"", describe(as.numeric(crossfit)),
    "Its errors include the learning of the rows by the jackknife."
  )
}

# The encoder with the variant block of every fold: `pieces` is a list of
# (blocks of `moments` in the fold, p x k directions learned without them). The
# dimension k and the linkage blocks are those found in everybody: neither looks at
# exposure or outcome, and they make the folds comparable.
crossfit_linear <- function(encoder, moments, view, crossfit) {
  if (encoder$mode == "background") {
    abort_argument(
      "crossfit", "0 with `background` variants", describe(as.numeric(crossfit)),
      "Their components are computed from everybody: nothing else is learned that could be learned fold by fold."
    )
  }
  folds <- list(moments = moments, means = moments_means(moments), skip = integer())
  group <- crossfit_group(moments$blocks$fold, crossfit)
  folds$pieces <- lapply(seq_len(crossfit), function(f) {
    others <- blocks_view(folds, which(group != f), view)
    list(blocks = which(group == f), variant = fold_variant(encoder, moments, others))
  })
  encoder$folds <- folds
  encoder$crossfit <- crossfit
  encoder
}

# Folds of the moments dealt to `crossfit` groups.
crossfit_group <- function(fold, crossfit) (match(fold, sort(unique(fold))) - 1L) %% crossfit + 1L

# k directions, padded with zeros when the people given span fewer.
fold_variant <- function(encoder, moments, view) {
  view <- blind_view(view)
  k <- ncol(encoder$variant)
  p <- nrow(moments$variants)
  out <- matrix(0, p, k)
  if (!k) return(out)
  found <- if (encoder$method == "stationary") {
    d <- .Call(C_ffi_stationary, view, p)$directions
    d[, rev(seq_len(ncol(d))), drop = FALSE]
  } else {
    s <- view$columns$structure
    if (!is.null(encoder$structure_slopes)) {
      view <- view_without_structure(view, structure_slopes(view))
      s <- integer()
    }
    structure_spectrum(view, p, s, encoder$block, moments$variants, encoder$control)$directions
  }
  use <- seq_len(min(k, ncol(found)))
  out[, use] <- found[, use]
  out
}

# The view of some blocks of the moments, in the environments of `view` that have
# people among them.
blocks_view <- function(folds, blocks, view) {
  m <- folds$moments
  e <- as.integer(m$blocks$environment)
  all <- match(view$environments, m$environments)
  here <- all[all %in% e[blocks]]
  if (!length(here)) return(NULL)
  parts <- lapply(here, function(i) {
    b <- blocks[e[blocks] == i]
    n <- sum(as.double(m$blocks$n[b]))
    got <- .Call(C_ffi_moments_collect, m, b, n, folds$means$mu[, i], NULL)
    list(n = n, mean = got$mean, cross = got$cross)
  })
  out <- make_view(parts, view$columns, m$environments[here])
  out$scale <- view$scale
  out
}

# As block_partial(), fold by fold, then the columns that all share; `view` names the environments. `maps`: the
# block as columns over people (place_cells()).
crossfit_partial <- function(view, part) {
  width <- view_width(view)
  total <- before <- 0
  rank <- 0
  inner_kept <- common_kept <- NULL
  cells <- list()
  for (f in seq_along(part$folds$pieces)) {
    piece <- part$folds$pieces[[f]]
    one <- blocks_view(part$folds, setdiff(piece$blocks, part$folds$skip), view)
    if (is.null(one)) next
    inner <- block_map(one, if (!is.null(part$inner_directions)) piece$variant, part$inner_columns)
    common <- block_map(one, if (!is.null(part$common_directions)) piece$variant, integer())
    got <- partial_out(one, inner, common, maps = TRUE)
    cells <- c(cells, cell_maps(one, got, f))
    total <- total + got$residual
    before <- before + Reduce(`+`, lapply(one$cross, diag))
    rank <- rank + got$rank
    inner_kept <- cbind(inner_kept, got$inner_kept)
    common_kept <- cbind(common_kept, got$common_kept)
  }
  rest <- folds_rest(view, part, total, before)
  last <- partial_out(rest$view, matrix(0, width, 0), rest$map, maps = TRUE)
  list(
    residual = last$residual, rank = rank + last$rank - 1, inner_kept = inner_kept,
    common_kept = c(if (length(common_kept)) apply(common_kept > 0, 1, all), last$common_kept),
    maps = place_cells(lapply(cells, with_shared, last))
  )
}

# What the folds leave, as a view, and the columns that all share. What the folds explain of
# one but for rounding errors is not there any more: a column of zeros is dropped.
folds_rest <- function(view, part, total, before) {
  columns <- part$common_columns
  spent <- columns[diag(total)[columns] <= 1e-7 * before[columns]]
  total[spent, ] <- total[, spent] <- 0
  list(
    view = list(n = view_people(view), mean = matrix(0, view_width(view), 1), cross = list(total)),
    map = pick_map(view, columns)
  )
}

# The same block as columns over people; rows$fold is the fold of everybody.
crossfit_columns <- function(part, rows, view) {
  cells <- lapply(seq_along(part$folds$pieces), function(f) {
    variant <- part$folds$pieces[[f]]$variant
    inside <- rows$fold == f
    dummies <- (outer(as.integer(rows$environment), seq_len(nlevels(rows$environment)), "==") & inside) + 0
    inner <- side_columns(if (!is.null(part$inner_directions)) variant, part$inner_columns, rows, view)
    common <- side_columns(if (!is.null(part$common_directions)) variant, integer(), rows, view)
    cbind(
      dummies, do.call(cbind, lapply(seq_len(ncol(inner)), function(j) dummies * inner[, j])),
      common * inside
    )
  })
  out <- cbind(do.call(cbind, cells), side_columns(NULL, part$common_columns, rows, view))
  unname(out[, colSums(abs(out)) > 0, drop = FALSE])
}

# The fold of every row of `data`: the draw of mr_moments() once more.
crossfit_rows <- function(data, moments, crossfit) {
  drawn <- draw_blocks(data$environment, data$cluster, working_folds(crossfit), moments$seed)
  group <- crossfit_group(drawn$table$fold, crossfit)
  out <- integer(length(data$outcome))
  out[drawn$order + 1L] <- rep(group, drawn$table$n)
  out
}

# `plain` (R/latent_working.R) with the blocks of the encoders of the folds, which are
# learned here unless a fit has them.
crossfit_data <- function(plain, crossfit, encoders = NULL) {
  fitted <- plain$fitted
  source <- plain$source
  plain$fold <- if (inherits(source$data, "mr_data")) crossfit_rows(source$data, source$moments, crossfit)
  if (fitted$method != "code") {
    plain$encoder <- crossfit_linear(fitted, source$moments, source$view, crossfit)
    plain$fold_encoders <- lapply(plain$encoder$folds$pieces, `[`, "variant")
    return(plain)
  }
  if (is.null(encoders)) encoders <- crossfit_encoders(fitted, source$data, plain$fold, crossfit)
  code <- crossfit_code(encoders, plain$z, plain$fold)
  wide <- estimation_blocks_data(source$data, fitted, source$moments, plain$z, code, working_folds(crossfit))
  group <- crossfit_group(wide$moments$blocks$fold, crossfit)
  wide$encoder$crossfit <- crossfit
  wide$encoder$folds <- list(
    moments = wide$moments, means = moments_means(wide$moments), skip = integer(),
    pieces = lapply(seq_len(crossfit), function(f) list(blocks = which(group == f), variant = wide$encoder$variant))
  )
  plain[names(wide)] <- wide
  plain$fold_encoders <- encoders
  plain
}

# An encoder that reads rows, fitted without each fold, with the dimensions found in
# everybody. The seeds are drawn beforehand: the numbers do not depend on the
# workers of future::plan().
crossfit_encoders <- function(fitted, data, fold, crossfit) {
  seeds <- with_seed(fitted$seed, sample.int(.Machine$integer.max, crossfit))
  data <- blind_data(data, fitted$control$autoencoder$relatedness > 0)
  one <- function(f, step) {
    part <- rows_of_data(data, which(fold != f))
    moments <- mr_moments(part, folds = 1, seed = 1L, disclosure = FALSE)
    out <- learn(part, moments, moments_view(moments), fitted$selected, fitted$n_latent, fitted$control, seeds[f])
    step()
    out
  }
  spread_work("Encoders of the folds", crossfit, function(step) over_workers(seq_len(crossfit), one, step = step))
}

# Blocks of everybody by the encoder that has not seen them. What has columns of its
# own in every fold, zero outside it: instruments of two folds share no basis. The
# columns of Vhat may be shared, as its slopes differ between folds anyway.
crossfit_code <- function(encoders, z, fold) {
  m <- max(vapply(encoders, function(x) ncol(x$invariant), 0L))
  k <- max(vapply(encoders, function(x) ncol(x$variant), 0L))
  invariant <- matrix(0, nrow(z), m * length(encoders))
  variant <- matrix(0, nrow(z), k)
  for (f in seq_along(encoders)) {
    inside <- which(fold == f)
    blocks <- code_blocks(encoders[[f]], z[inside, , drop = FALSE])
    invariant[inside, (f - 1) * m + seq_len(ncol(blocks$invariant))] <- blocks$invariant
    variant[inside, seq_len(ncol(blocks$variant))] <- blocks$variant
  }
  list(invariant = invariant, variant = variant)
}

# What the encoder of everybody gives: estimates of the latent block, and of the
# invariant block alone, whose codes no two folds share.
naive_estimates <- function(chosen, plain, has_rows, level) {
  alone <- vapply(latent_registry()[chosen$id], `[[`, "", "instruments") %in% c("invariant", "variant")
  chosen <- chosen[chosen$partialled == "latent" | alone, , drop = FALSE]
  if (!nrow(chosen)) return(list())
  jackknife <- latent_jackknife(chosen, plain, FALSE)
  estimate_methods(chosen, plain, if (has_rows) working_rows(plain), level, jackknife)
}

# A code that was put together from folds is no one code: its dependence on measured
# columns is that of the encoder of everybody.
whole_hsic <- function(d, plain) {
  part <- latent_block("latent", plain$encoder, plain$view)
  directions <- instrument_directions(plain$encoder)
  for (what in c("covariates", "structure")) {
    name <- paste0("hsic_", what)
    given <- if (what == "covariates") plain$view$columns$structure
    if (!is.null(d[[name]])) {
      d[[name]] <- linear_hsic(plain$view, part, directions, plain$view$columns[[what]], given = given)
    }
  }
  d
}

add_naive <- function(fit, naive) {
  alone <- intersect(c("latent_2sls_only", "latent_2sls_variant"), names(naive))
  fit$estimates[alone] <- naive[alone]
  fit$naive <- naive[setdiff(names(naive), alone)]
  fit
}
