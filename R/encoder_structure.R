# Genotypes: structure against independent blocks (src/core/encoder/structure.h), in the
# panel and structure modes.

fit_structure <- function(moments, view, n_latent, control, seed) {
  p <- nrow(moments$variants)
  mode <- if (length(moments$structure)) "structure" else "panel"
  includes <- moments$structure_includes_instruments
  s <- view$columns$structure
  slopes <- NULL
  working <- view
  if (mode == "structure" && isTRUE(includes)) {
    slopes <- structure_slopes(view)
    working <- view_without_structure(view, slopes)
    s <- integer()
  }
  say_work("Spectrum of the variants", 1e-9 * p^3) # measured: 3 s for 1,500
  fit <- if (only_squares(moments)) {
    unlinked_spectrum(view)
  } else {
    structure_spectrum(working, p, s, moments$block, moments$variants, control)
  }
  refuse_spent_panel(fit$values, view, moments)
  null <- .Call(
    C_ffi_structure_null, panel_people(moments, view), length(fit$values), fit$rank_w,
    control$draws, seed, if (unlinked(moments)) 2L else -1L, progress_of("Null line of the encoder")
  )
  threshold <- unname(stats::quantile(null, control$level))
  columns <- length(fit$values)
  above <- sum(fit$values > threshold)
  # Partialling out a direction for nothing costs 1/p of the strength, missing one
  # costs bias: hence a lower line than that of the test, where the panel can spare it.
  near <- sum(fit$values > stats::quantile(null, min(control$partial_level, control$level))) - above
  taken <- above + min(near, columns %/% 10)
  check_latent_total(n_latent, columns, p)
  k <- if (is.null(n_latent)) min(taken, columns %/% 2) else n_latent[2]
  m <- if (is.null(n_latent)) columns - k else n_latent[1]
  seen <- seq_len(max(min(m, ncol(fit$directions) - k), 0))
  if (mode == "structure" && is.na(includes) && is.null(n_latent) && above >= length(moments$structure)) {
    inform(
      sprintf(
        "The panel adds %d directions to the %d structure columns given.", k, length(moments$structure)
      ),
      "latentmr_message_structure",
      hint = paste(
        "If those columns were computed with the instruments among their variants,",
        "say `structure_includes_instruments = TRUE` in mr_data(): much of this is then mechanical."
      )
    )
  }
  list(
    method = "structure", mode = mode,
    values = fit$values, threshold = threshold, null = null, above = above, taken = taken,
    directions = fit$directions,
    variant = fit$directions[, seq_len(k), drop = FALSE],
    invariant = fit$directions[, k + seen, drop = FALSE],
    n_latent = c(invariant = as.integer(m), variant = as.integer(k)), unlinked = fit$unlinked, within = fit$within,
    dropped = p - columns, capped = is.null(n_latent) && taken > columns %/% 2,
    block = fit$block, rank_w = fit$rank_w, structure_slopes = slopes, background = moments$background,
    structure_mean = if (!is.null(slopes)) pooled_mean(view)[view$columns$structure]
  )
}

# As many structure columns as people leave nothing of the variants.
refuse_spent_panel <- function(values, view, moments) {
  if (length(values)) return(invisible())
  columns <- length(moments$structure)
  people <- plural(view_people(view), "participant")
  abort(
    if (columns) {
      sprintf("%s are too few for %s: nothing of the instruments is left beside them.", people, plural(columns, "structure column"))
    } else {
      sprintf("Nothing of the instruments of %s is left to learn from.", people)
    },
    "latentmr_error_unidentified",
    hint = if (columns) "Give fewer columns in `structure`: the leading components of the genome." else "Give more people."
  )
}

# Of variants taken as independent: differences of frequency are all there is, so that M has the rank of the
# environments less one. What has none of them is not written down.
unlinked_spectrum <- function(view) {
  g <- view$columns$variants
  n <- sum(view$n)
  within <- rowSums(variant_squares(view)) / n
  between <- (view$mean - pooled_mean(view))[g, , drop = FALSE] * rep(sqrt(view$n / n), each = length(g))
  s <- svd(between / sqrt(within), nv = 0)
  rank <- min(length(view$n) - 1L, length(g))
  keep <- seq_len(rank)
  list(
    values = c(s$d[keep]^2, numeric(length(g) - rank)), directions = s$u[, keep, drop = FALSE] / sqrt(within),
    block = seq_along(g), rank_w = length(view$n) - 1L, unlinked = TRUE, within = within
  )
}

structure_spectrum <- function(view, p, s, block, variants, control) {
  .Call(
    C_ffi_structure, view, as.integer(p), if (length(s)) as.integer(s[1] - 1) else 0L, length(s),
    block_codes(block), chromosome_codes(variants), variant_positions(variants),
    linkage_limits(p, view_people(view), control)
  )
}

# Pooled regression of the variants on [1, structure]: s x p slopes.
structure_slopes <- function(view) {
  g <- view$columns$variants
  s <- view$columns$structure
  total <- Reduce(`+`, lapply(view$cross, function(a) a[s, c(s, g), drop = FALSE]))
  center <- view$mean - pooled_mean(view)
  total <- total + center[s, , drop = FALSE] %*% (view$n * t(center[c(s, g), , drop = FALSE]))
  ss <- total[, seq_along(s), drop = FALSE]
  sg <- total[, -seq_along(s), drop = FALSE]
  qr.coef(qr(ss, tol = 1e-10), sg) |> replace_na_by(0)
}

# The view of (G - S slopes, C, S, D, Y).
view_without_structure <- function(view, slopes) {
  g <- view$columns$variants
  s <- view$columns$structure
  view$mean[g, ] <- view$mean[g, ] - crossprod(slopes, view$mean[s, , drop = FALSE])
  view$cross <- lapply(view$cross, function(a) {
    a[, g] <- a[, g] - a[, s, drop = FALSE] %*% slopes
    a[g, ] <- a[g, ] - crossprod(slopes, a[s, , drop = FALSE])
    a
  })
  # A variant that the structure columns explain has nothing left but rounding errors.
  left <- Reduce(`+`, lapply(view$cross, diag)) + (view$mean - pooled_mean(view))^2 %*% view$n
  spent <- g[left[g] <= 1e-11 * sum(view$n) * view$scale[g]]
  view$mean[spent, ] <- 0
  view$cross <- lapply(view$cross, function(a) {
    a[spent, ] <- 0
    a[, spent] <- 0
    a
  })
  view
}

fit_background <- function(moments, view, control) {
  p <- nrow(moments$variants)
  s <- view$columns$structure
  panel <- structure_spectrum(view, p, s, moments$block, moments$variants, control)
  refuse_spent_panel(panel$values, view, moments)
  background <- moments$background
  list(
    method = "structure", mode = "background", values = background$values,
    threshold = NA_real_, components = background$components, directions = panel$directions,
    variant = panel$directions[, 0, drop = FALSE], invariant = panel$directions,
    n_latent = c(invariant = ncol(panel$directions), variant = 0L), dropped = p - ncol(panel$directions),
    block = panel$block,
    panel_values = panel$values, background = background
  )
}
