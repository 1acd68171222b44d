# The moments of an mr_moments object by environment, in the form that the core
# reads (src/core/moments/moment_view.h), with the positions of the columns.

moments_view <- function(m, environments = m$environments) {
  means <- moments_means(m)
  parts <- lapply(environments, function(e) moments_environment(m, e, means))
  view <- make_view(parts, moment_columns(m), environments)
  view$noise <- noise_subset(view_noise(m), match(environments, m$environments))
  view
}

# `scale`: variance of every column over everybody, against which subsets and
# residuals judge whether anything but rounding errors is left.
make_view <- function(parts, columns, environments) {
  view <- list(
    n = vapply(parts, function(x) as.double(x$n), 0),
    mean = matrix(unlist(lapply(parts, `[[`, "mean")), ncol = length(parts)),
    cross = lapply(parts, `[[`, "cross"),
    columns = columns, environments = environments
  )
  within <- Reduce(`+`, lapply(view$cross, cross_diagonal))
  view$scale <- as.vector(within + (view$mean - pooled_mean(view))^2 %*% view$n) / sum(view$n)
  view
}

# Positions of (G, C, S, D, Y) among the columns.
moment_columns <- function(m) {
  sizes <- c(
    variants = nrow(m$variants), covariates = length(m$covariates), structure = length(m$structure),
    exposure = length(m$exposure), outcome = length(m$outcome)
  )
  ends <- cumsum(sizes)
  columns <- setNames(lapply(seq_along(sizes), function(i) seq_len(sizes[[i]]) + ends[[i]] - sizes[[i]]), names(sizes))
  # The variants that are instruments themselves: all, unless columns of a code
  # stand behind them (R/encoder_rows.R).
  c(columns, list(instruments = columns$variants))
}

view_subset <- function(view, environments) {
  keep <- match(environments, view$environments)
  list(
    n = view$n[keep], mean = view$mean[, keep, drop = FALSE], cross = view$cross[keep],
    columns = view$columns, environments = view$environments[keep], scale = view$scale, turned = view$turned,
    noise = noise_subset(view$noise, keep)
  )
}

# What depends on people and genotypes alone: computed once where several traits share the view's `people`, an
# environment (R/scan_pairs.R).
of_people <- function(view, what, expr) {
  if (is.null(view$people)) return(expr)
  if (!exists(what, view$people, inherits = FALSE)) assign(what, expr, view$people)
  get(what, view$people, inherits = FALSE)
}

view_people <- function(view) sum(view$n)
view_width <- function(view) nrow(view$mean)

# A view of the same people with the block b of `m` taken out of its environment.
view_delete_blocks <- function(view, m, blocks, means = moments_means(m)) {
  view[c("turned", "people")] <- NULL
  for (b in blocks) {
    e <- match(as.character(m$blocks$environment[b]), view$environments)
    if (is.na(e)) next
    # About the mean of those who are left, where blocks went before.
    means$mean[, as.integer(m$blocks$environment)[b]] <- view$mean[, e]
    block <- moments_block(m, b, means)
    if (block$n >= view$n[e]) {
      view <- view_subset(view, view$environments[-e])
      next
    }
    left <- .Call(
      C_ffi_moment_delete, view$n[e], view$mean[, e], view$cross[[e]],
      as.double(block$n), block$sum, block$cross
    )
    view$n[e] <- left$n
    view$mean[, e] <- left$mean
    view$cross[[e]] <- left$cross
  }
  view
}

# Maps: width x k matrices that pick or combine columns of the view.
pick_map <- function(view, columns) {
  map <- matrix(0, view_width(view), length(columns))
  map[cbind(columns, seq_along(columns))] <- 1
  map
}

variant_map <- function(view, directions) {
  map <- matrix(0, view_width(view), ncol(directions))
  map[view$columns$variants, ] <- directions
  map
}

# Partial [1, e, inner, e x inner, common] out; see src/core/moments/partial.h. `of`: the columns that
# what is left is wanted with, where not with all: read by residual_at().
partial_out <- function(view, inner, common, maps = FALSE, of = NULL) {
  if (in_squares(view)) return(unlinked_partial(view, inner, common))
  c(.Call(C_ffi_partial, view, inner, common, maps, of), list(of = of))
}

# Where columns of the view stand among those of partial$residual.
residual_at <- function(partial, columns) if (is.null(partial$of)) columns else match(columns, partial$of)

pooled_mean <- function(view) as.vector(view$mean %*% (view$n / sum(view$n)))
