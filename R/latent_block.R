# The partialled-out block C of each estimator, as maps on the moments and as
# columns on the rows. A block is list(inner, common): `inner` columns have a
# slope in every environment, `common` ones a single slope.
#   basic      [1, e, covariates]
#   structure  [1, e, structure or leading panel components, covariates]
#   latent     [1, e, Vhat / S / PC by mode, covariates] (design of the encoder)

latent_block <- function(kind, encoder, view) {
  columns <- view$columns
  part <- list(
    inner_directions = NULL, inner_columns = integer(),
    common_directions = NULL, common_columns = columns$covariates
  )
  if (kind == "structure") {
    if (length(columns$structure)) {
      part$common_columns <- c(columns$structure, columns$covariates)
    } else {
      part$common_directions <- of_people(view, "components", panel_components(view))
    }
  }
  if (kind == "latent") {
    v <- encoder$variant
    s <- columns$structure
    moving <- encoder$mode %in% c("panel", "continuous", "code", "sparse")
    inner <- if (moving) ncol(v) else length(s)
    cells <- length(view$n) * max(1, encoder$crossfit)
    width <- cells * (1 + inner) + length(columns$covariates) +
      if (encoder$mode == "structure") ncol(v) else 0
    # With few people per column the interactions cost more than they buy.
    interact <- encoder$kind == "continuous" || view_people(view) >= 100 * width
    if (moving) {
      # A column that is zero elsewhere has its slope in its own environment.
      inside <- interact && encoder$mode != "sparse"
      part[[if (inside) "inner_directions" else "common_directions"]] <- v
      if (encoder$mode %in% c("code", "sparse")) part$common_columns <- c(s, columns$covariates)
    } else {
      if (interact) part$inner_columns <- s
      part$common_columns <- c(if (!interact) s, columns$covariates)
      if (encoder$mode == "structure") part$common_directions <- v
    }
    part$interact <- interact
    part$folds <- encoder$folds
  }
  part
}

block_map <- function(view, directions, columns) {
  cbind(if (!is.null(directions)) variant_map(view, directions), pick_map(view, columns))
}

block_partial <- function(view, part, of = NULL) {
  if (!is.null(part$folds)) return(crossfit_partial(view, part))
  partial_out(
    view,
    block_map(view, part$inner_directions, part$inner_columns),
    block_map(view, part$common_directions, part$common_columns), maps = TRUE, of
  )
}

# Names of the columns of C that were dropped as explained by the others.
block_dropped <- function(partial, part, names_of) {
  inner <- c(
    if (!is.null(part$inner_directions)) paste0("Vhat", seq_len(ncol(part$inner_directions))),
    names_of[part$inner_columns]
  )
  common <- c(
    if (!is.null(part$common_directions)) paste0("Vhat", seq_len(ncol(part$common_directions))),
    names_of[part$common_columns]
  )
  unique(c(inner[rowSums(!partial$inner_kept) > 0], common[!partial$common_kept]))
}

# The min(10, p/2) leading principal components of the standardised panel.
panel_components <- function(view) {
  if (in_squares(view)) return(matrix(0, length(view$columns$variants), 0))
  found <- .Call(C_ffi_panel_components, view, view$columns$instruments)
  directions <- matrix(0, length(view$columns$variants), ncol(found))
  directions[seq_len(nrow(found)), ] <- found
  directions
}
