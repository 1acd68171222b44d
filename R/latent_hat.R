# UJIVE without each environment, from one projection on what is partialled out and the instruments over everybody
# (src/core/iv/iv_hat.h): what leaves with an environment are its people and the columns that are zero outside it.

# list(hat, w, block, maps, environments, who), or NULL where a factor of the instruments for each set is less work or
# people are not left out one by one. `id`: the estimator.
whole_hat <- function(rows, view, block, id) {
  n <- length(rows$who)
  single <- id %in% c("latent_ujive", "latent_jive1") && is.null(rows$cluster) && is.null(block$part$folds)
  if (!single || n > 2 * block$kclass$L || length(view$environments) < 3 || !is.null(block_problem(block))) return(NULL)
  f <- row_model(row_context(rows, view), block)
  c(
    .Call(C_ffi_iv_hat, f$rows, f$r, cpu_level()),
    list(block = block, maps = cached_maps(rows, view, block), environments = view$environments, who = rows$who)
  )
}

# The projection of these rows; NULL where there is none of everybody, or columns or instruments count here that do not
# there (or the other way round).
hat_without <- function(rows, view, block) {
  whole <- rows$whole
  here <- match(view$environments, whole$environments)
  kept <- function(of, at) list(of$part, of$kclass$L, of$partial$inner_kept[, at], of$partial$common_kept)
  if (is.null(whole) || !identical(kept(whole$block, here), kept(block, seq_along(here)))) return(NULL)
  at <- match(rows$who, whole$who)
  cell <- whole$maps$cells[[setdiff(seq_along(whole$environments), here)]]
  own <- cell$place[c(TRUE, is.na(cell$shared))] + 1L
  lift <- .Call(C_ffi_iv_hat_lift, whole$hat, at - 1L, whole$w[-at, own, drop = FALSE])
  if (!is.null(lift)) list(hat = whole$hat, at = at - 1L, lift = lift)
}
