# Per-variant associations with exposure and outcome, adjusted for the fit's own
# block C, from the cross products that are left after C was partialled out.

# What a fit keeps for them, no person's row: gg and gyx are cross products of the variants
# with one another and with outcome and exposures, r0 those of the traits.
variant_sums <- function(block, view, encoder) {
  g <- view$columns$instruments
  traits <- c(view$columns$outcome, view$columns$exposure)
  x <- block$partial$unlinked
  residual <- block$partial$residual
  products <- if (is.null(x)) {
    list(gg = residual[g, g, drop = FALSE], gyx = residual[g, traits, drop = FALSE], r0 = residual[traits, traits])
  } else {
    at <- traits - length(g)
    list(squares = x$d, low = x$b, gyx = x$traits[, at, drop = FALSE], r0 = x$own[at, at, drop = FALSE])
  }
  c(products, list(
    least = pmax(
      ASSOCIATION_SHARE * Reduce(`+`, lapply(view$cross, function(a) cross_diagonal(a)[g])),
      ROUNDING_SHARE * block$n * view$scale[g]
    ),
    mean = pooled_mean(view)[g],
    df = block$n - block$rank - 1, n = block$n, block = encoder$block
  ))
}

ROUNDING_SHARE <- 1e-11

# beta = g'y / g'g and se^2 = (y'y - beta g'y) / (df g'g) on residuals; NA for a
# variant that C explains. With several exposures bx, sx and px have a column for each.
variant_associations <- function(sums) {
  gg <- sums_squares(sums)
  usable <- is.finite(gg) & gg > sums$least & sums$df > 0
  gg[!usable] <- NA
  beta <- sums$gyx / gg
  rss <- pmax(rep(diag(sums$r0), each = nrow(beta)) - beta * sums$gyx, 0)
  se <- sqrt(rss / sums$df / gg)
  se[is.na(se) | se <= 0] <- NA
  pval <- 2 * stats::pt(-abs(beta / se), sums$df)
  x <- if (ncol(beta) == 2) 2L else -1L
  list(
    bx = beta[, x], by = beta[, 1], sx = se[, x], sy = se[, 1], px = pval[, x], py = pval[, 1],
    usable = usable & rowSums(is.na(se)) == 0, gg = sums$gg, block = sums$block
  )
}

# The usable variants for summary_ivw() and the others. Variants of one block of
# linkage disequilibrium are correlated, those of different blocks independent;
# a variant that the others of its block determine is left out.
summary_input <- function(a, correlation = "block") {
  keep <- which(a$usable)
  rho <- NULL
  if (correlation == "full" && length(keep)) {
    keep <- keep[full_rank(a$gg[keep, keep, drop = FALSE])]
    rho <- stats::cov2cor(a$gg[keep, keep, drop = FALSE])
  } else if (correlation == "block" && anyDuplicated(a$block[keep])) {
    by_block <- split(keep, a$block[keep])
    keep <- sort(unlist(lapply(by_block, function(j) {
      if (length(j) > 1) j[full_rank(a$gg[j, j, drop = FALSE])] else j
    }), use.names = FALSE))
    same <- outer(a$block[keep], a$block[keep], "==")
    if (sum(same) > length(keep)) rho <- stats::cov2cor(a$gg[keep, keep, drop = FALSE]) * same
  }
  list(
    index = keep, bx = piece_pick(a$bx, keep), sx = piece_pick(a$sx, keep), by = a$by[keep], sy = a$sy[keep], rho = rho
  )
}

fit_associations <- function(fit, what) {
  check_variant_fit(fit, what)
  variant_associations(fit$latent$variants)
}

check_variant_fit <- function(fit, what) {
  if (!inherits(fit, "latent_mr")) {
    abort_argument(
      "fit", "a latent_mr() fit", describe(fit),
      if (inherits(fit, "latent_instruments")) "latent_mr() adds exposure and outcome to the instruments."
    )
  }
  check_made(fit)
  need_one_exposure(fit, what)
  if (fit$kind == "continuous") {
    abort_argument(
      "fit", "a latent_mr() fit on genotypes or dosages", "one on continuous instruments",
      sprintf("%s is about counted alleles, which continuous instruments do not have.", what)
    )
  }
}

need_one_exposure <- function(fit, what) {
  k <- length(fit$exposure)
  if (k == 1) return(invisible())
  abort_argument(
    "fit", "a latent_mr() fit of one exposure", sprintf("one of %d", k),
    sprintf("%s is about one exposure at a time: fit %s alone.", what, paste(fit$exposure, collapse = " or "))
  )
}

# Of what variant_sums() keeps: squares of the variants, and products among some.
sums_squares <- function(sums) if (is.null(sums$gg)) sums$squares - rowSums(sums$low^2) else diag(sums$gg)

sums_products <- function(sums, at) {
  if (!is.null(sums$gg)) return(sums$gg[at, at, drop = FALSE])
  diag(sums$squares[at], length(at)) - tcrossprod(sums$low[at, , drop = FALSE])
}

need_pairs <- function(fit, what) {
  if (!is.null(fit$latent$variants$gg)) return(invisible())
  abort_argument(
    "fit", sprintf("of at most %s unlinked variants", big(unlinked_limit())), sprintf("of %s", big(nrow(fit$variants))),
    sprintf("%s needs the products of all pairs: take the strongest.", what)
  )
}
