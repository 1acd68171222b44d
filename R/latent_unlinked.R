# Scores of variants taken as independent (R/moments_unlinked.R), without matrices of pairs: with
# R = D - B B' what is left of the variants, D^-1/2 B = U c W', the instruments explain
#   x' R^- y = s_x's_y + sum c^2 / (1 - c^2) (u's_x)(u's_y),  s = D^-1/2 x,
# over c < 1; c = 1 are directions that were taken out. Directions that carry no structure are
# exchangeable: their scores enter by their sum of squares and products and their number alone.

unlinked_scores <- function(view, part, directions, partial) {
  x <- partial$unlinked
  p <- length(x$d)
  traits <- c(view$columns$outcome, view$columns$exposure) - p
  n <- view_people(view)
  state <- unlinked_state(x, traits)
  rest <- is.null(directions) || isTRUE(attr(directions, "rest"))
  lead <- if (is.null(directions)) matrix(0, length(traits), 0) else lead_scores(state, directions)
  g <- lead
  if (rest) {
    left <- state$explained - tcrossprod(lead)
    count <- state$rank - ncol(lead)
    without <- attr(directions, "without")
    gone <- !is.null(part$inner_directions) || !is.null(part$common_directions)
    if (!is.null(without) && ncol(without) && !gone) {
      out <- lead_scores(state, state$inverse(attr(directions, "within") * without))
      left <- left - tcrossprod(out)
      count <- count - ncol(out)
    }
    e <- eigen(left, TRUE)
    root <- e$vectors * rep(sqrt(pmax(e$values, 0)), each = nrow(left))
    few <- seq_len(min(count, ncol(root)))
    g <- cbind(lead, root[, few, drop = FALSE], matrix(0, nrow(left), count - length(few)))
  }
  r0 <- x$own[traits, traits, drop = FALSE]
  list(
    part = part, partial = partial, directions = directions, g = g, kept = rep(TRUE, ncol(g)), n = n,
    rank = partial$rank, slopes = state$inverse(x$traits[, traits[-1], drop = FALSE]), factor = NULL,
    size = rep(1, ncol(g)),
    variance = n * view$scale[p + traits],
    kclass = if (is.null(view$noise)) {
      kclass_moments(r0, r0 - tcrossprod(g), n, ncol(g), partial$rank)
    } else {
      noise_kclass(view, g, n, ncol(g), partial$rank)
    }
  )
}

# list(x, traits, explained, rank, inverse): R^- as a function.
unlinked_state <- function(x, traits) {
  root <- sqrt(x$d)
  s <- x$traits[, traits, drop = FALSE] / root
  b <- x$b / root
  u <- matrix(0, length(root), 0)
  weight <- numeric()
  gone <- 0L
  if (ncol(b)) {
    e <- eigen(crossprod(b), TRUE)
    use <- e$values > 1e-12
    u <- b %*% (e$vectors[, use, drop = FALSE] / rep(sqrt(e$values[use]), each = ncol(b)))
    kernel <- e$values[use] > 1 - 1e-8
    gone <- sum(kernel)
    weight <- ifelse(kernel, -1, e$values[use] / pmax(1 - e$values[use], 1e-8))
  }
  inner <- crossprod(u, s)
  list(
    x = x, traits = traits, explained = crossprod(s) + crossprod(inner, weight * inner), rank = length(root) - gone,
    inverse = function(v) {
      v <- v / root
      (v + u %*% (weight * crossprod(u, v))) / root
    }
  )
}

# Traits x directions: scores of the directions made orthonormal in their order.
lead_scores <- function(state, directions) {
  directions <- unclass(directions)
  x <- state$x
  if (!ncol(directions)) return(matrix(0, length(state$traits), 0))
  square <- crossprod(directions, x$d * directions) - crossprod(crossprod(x$b, directions))
  scale <- 1 / sqrt(diag(square))
  root <- chol(square * outer(scale, scale))
  y <- scale * crossprod(directions, x$traits[, state$traits, drop = FALSE])
  t(backsolve(root, y, transpose = TRUE))
}

invariant_directions <- function(encoder) {
  if (isTRUE(encoder$unlinked)) instrument_directions(encoder) else encoder$invariant
}

unlinked_components <- function(view, of) {
  block <- block_scores(view, of$part, NULL, of$partial)
  block$problem <- sprintf("components of more than %s unlinked variants are not computed", big(unlinked_limit()))
  block
}

# Products of the variants with trait `x` after partialling out.
partial_traits <- function(partial, g, x) {
  if (is.null(partial$unlinked)) return(partial$residual[g, residual_at(partial, x)])
  partial$unlinked$traits[, x - length(g)]
}
