# Errors that include the learning of the encoder: every fold of the moments is left
# out in turn, the directions are learned anew from the moments of the others and the
# effect is estimated with them (delete-one-group jackknife). Numbers of directions are those of
# everybody. A code is held: its stationary directions are learned anew, not the map
# from the instruments to it.

check_jackknife <- function(jackknife, data, encoder, crossfit) {
  check_flag(jackknife, "jackknife")
  if (!jackknife) return(invisible())
  refuse <- function(rule, was, why) abort_argument("jackknife", paste("FALSE with", rule), was, why)
  kind <- data$kind
  if (kind != "continuous") {
    refuse(
      "genotypes and dosages", sprintf("TRUE with instruments of kind \"%s\"", kind),
      "Their estimators have errors of their own: see \"Spectral REML\"."
    )
  }
  if (crossfit) refuse("`crossfit`", "TRUE", "It takes the folds for itself.")
  if (encoder == "autoencoder") {
    refuse("encoder = \"autoencoder\"", "TRUE", "It would have to be trained for every fold.")
  }
  several <- if (inherits(data, "mr_moments")) length(data$exposure) > 1 else !is.null(dim(data$exposure))
  if (several) {
    refuse("several exposures", "TRUE", "Estimate one at a time.")
  }
  if (!inherits(data, "mr_moments")) return(invisible())
  folds <- length(unique(data$blocks$fold))
  if (folds < 5) {
    abort_argument(
      "jackknife", "FALSE with fewer than 5 folds in `data`", sprintf("TRUE with %d", folds),
      "mr_moments(folds = ) makes more."
    )
  }
}

# The estimates with the errors of those that can be repeated replaced; `set` is that of
# R/latent_working.R.
jackknife_encoder <- function(estimates, chosen, set, level) {
  repeated <- vapply(latent_registry()[chosen$id], `[[`, NA, "relearned")
  chosen <- chosen[repeated, ]
  if (!nrow(chosen)) return(estimates)
  moments <- fold_moments(set)
  means <- moments_means(moments)
  folds <- sort(unique(moments$blocks$fold))
  without <- vapply(folds, function(f) {
    view <- view_delete_blocks(set$view, moments, which(moments$blocks$fold == f), means)
    one <- list(encoder = relearned(set$encoder, view), view = view, moments = moments)
    vapply(estimate_methods(chosen, one, NULL, level), `[[`, 0, "b")
  }, numeric(nrow(chosen)))
  without <- matrix(without, nrow(chosen), dimnames = list(chosen$id, NULL))
  for (id in chosen$id) {
    if (is.na(estimates[[id]]$b)) next
    estimates[[id]] <- refinished(estimates[[id]], without[id, ], level)
  }
  estimates
}

# The estimate with the error of what it is without each fold. One that cannot be computed (a
# fold without which nothing can be estimated) leaves no interval.
refinished <- function(estimate, without, level) {
  error <- jackknife_error(without)
  estimate$se_conditional <- estimate$se_plain
  new <- c(
    interval(estimate$b, t_half(error$se, error$df), level),
    list(se_plain = error$se, vcov = "jackknife", factor = 1, df = error$df, without = without)
  )
  estimate[names(new)] <- new
  estimate
}

# The encoder with its directions learned from the people of `view`.
relearned <- function(encoder, view) {
  m <- ncol(encoder$invariant)
  k <- ncol(encoder$variant)
  from <- which(rowSums(abs(cbind(encoder$invariant, encoder$variant))) > 0)
  if (encoder$method != "code") from <- view$columns$variants
  inside <- view
  inside$mean <- view$mean[from, , drop = FALSE]
  inside$cross <- lapply(view$cross, function(x) x[from, from, drop = FALSE])
  inside$scale <- view$scale[from]
  inside$columns <- list(variants = seq_along(from))
  found <- .Call(C_ffi_stationary, inside, length(from))$directions
  if (ncol(found) < m + k) {
    abort(
      "A fold is needed to see as many directions as there are: nothing is left for the jackknife.",
      "latentmr_error_unidentified"
    )
  }
  directions <- matrix(0, length(view$columns$variants), ncol(found))
  directions[from, ] <- found
  encoder$directions <- directions
  encoder$invariant <- directions[, seq_len(m), drop = FALSE]
  encoder$variant <- directions[, ncol(found) + 1L - rev(seq_len(k)), drop = FALSE]
  encoder
}

# Delete-one-fold jackknife of Nagar's estimate: directions held fixed, fold f
# taken out of every environment. For each set of environments in `sets` a list
# (se, df); one pass over the folds serves all sets.
nagar_jackknife <- function(moments, view, sets, part_of, instruments = view$columns$instruments) {
  folds <- sort(unique(moments$blocks$fold))
  if (length(folds) < 3) return(vector("list", length(sets)))
  means <- moments_means(moments)
  parts <- lapply(sets, function(set) part_of(view_subset(view, set)))
  bases <- Map(function(set, part) full_rank_variants(view_subset(view, set), part, instruments), sets, parts)
  b <- vapply(folds, function(f) {
    gone <- which(moments$blocks$fold == f)
    left <- view_delete_blocks(view, moments, gone, means)
    mapply(function(set, part, basis) {
      if (!is.null(part$folds)) part$folds$skip <- gone
      nagar_only(view_subset(left, intersect(set, left$environments)), part, basis)
    }, sets, parts, bases)
  }, numeric(length(sets)))
  b <- matrix(b, nrow = length(sets))
  lapply(seq_along(sets), function(i) {
    x <- b[i, is.finite(b[i, ])]
    if (length(x) >= 3) jackknife_error(x)
  })
}

# Variants of full rank given what is partialled out.
full_rank_variants <- function(view, part, instruments) {
  if (!length(view$n)) return(integer())
  variants <- length(view$columns$variants)
  whole <- length(instruments) == variants
  block <- block_scores(view, part, if (!whole) diag(1, variants)[, instruments, drop = FALSE])
  if (is.null(block_problem(block))) instruments[which(block$kept)] else integer()
}

# Nagar's estimate from variants of full rank, without the ordered basis of block_scores().
nagar_only <- function(view, part, variants) {
  if (!length(variants) || !length(view$n)) return(NA_real_)
  partial <- block_partial(view, part)
  n <- view_people(view)
  if (n - partial$rank - length(variants) < 5) return(NA_real_)
  traits <- c(view$columns$outcome, view$columns$exposure)
  all <- partial$residual
  out <- .Call(
    C_ffi_controls, all[variants, variants, drop = FALSE], all[variants, traits, drop = FALSE], seq_along(variants),
    numeric(length(variants))
  )
  # Without this fold the variants lose rank: the fold has no leave-out estimate.
  if (out$rank < length(variants)) return(NA_real_)
  r0 <- all[traits, traits]
  kclass_nagar(kclass_moments(r0, r0 - out$explained, n, out$rank, partial$rank))$coefficients
}

# Jackknife errors of Nagar's estimate for everybody, every environment
# ("only <e>") and all but one ("not <e>"). The sets other than "pooled" are left
# to the classical error when there are many variants: each costs a factorisation
# per fold.
latent_jackknife <- function(chosen, set, no_rows, by_environment) {
  encoder <- set$encoder
  view <- set$view
  wanted <- "latent_nagar" %in% chosen$id || no_rows
  if (!wanted || encoder$kind == "continuous" || length(view$columns$exposure) > 1) return(NULL)
  sets <- list(pooled = view$environments)
  if (by_environment && length(view$environments) > 1 && nrow(encoder$variants) <= 300) {
    each <- setNames(as.list(view$environments), paste("only", view$environments))
    rest <- setNames(
      lapply(view$environments, function(e) setdiff(view$environments, e)), paste("not", view$environments)
    )
    sets <- c(sets, each, rest)
  }
  # A code's instruments are its columns of What.
  instruments <- if (encoder$method == "code") which(rowSums(encoder$invariant) > 0) else view$columns$instruments
  jackknife <- nagar_jackknife(fold_moments(set), view, sets, function(v) latent_block("latent", encoder, v), instruments)
  setNames(jackknife, names(sets))
}
