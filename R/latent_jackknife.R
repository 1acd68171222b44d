# Errors that include the learning of the encoder: every fold of the moments is left
# out in turn, the directions are learned anew from the moments of the others and the
# effect is estimated with them (delete-one-group jackknife). Numbers of directions are those of
# everybody. A code is held: its stationary directions are learned anew, not the map
# from the instruments to it.

# TRUE or FALSE from what was asked: NULL is TRUE wherever it can be done.
check_jackknife <- function(jackknife, data, encoder, crossfit) {
  if (!is.null(jackknife)) check_flag(jackknife, "jackknife")
  if (isFALSE(jackknife)) return(FALSE)
  against <- jackknife_refusal(data, encoder, crossfit)
  if (is.null(against)) return(TRUE)
  if (is.null(jackknife)) return(FALSE)
  abort_argument("jackknife", paste("FALSE with", against[1]), against[2], against[3])
}

# Where it cannot be: c(the rule, what was given, why); NULL elsewhere.
jackknife_refusal <- function(data, encoder, crossfit) {
  moments <- inherits(data, "mr_moments")
  several <- if (moments) length(data$exposure) > 1 else !is.null(dim(data$exposure))
  folds <- if (moments) length(unique(data$blocks$fold)) else Inf
  if (data$kind != "continuous") {
    c(
      "genotypes and dosages", sprintf("TRUE with instruments of kind \"%s\"", data$kind),
      "Their estimators have errors of their own: see \"Spectral REML\"."
    )
  } else if (crossfit) {
    c("`crossfit`", "TRUE", "It takes the folds for itself.")
  } else if (encoder == "autoencoder") {
    c("encoder = \"autoencoder\"", "TRUE", "It would have to be trained for every fold.")
  } else if (several) {
    c("several exposures", "TRUE", "Estimate one at a time.")
  } else if (folds < 5) {
    c("fewer than 5 folds in `data`", sprintf("TRUE with %d", folds), "mr_moments(folds = ) makes more.")
  }
}

# What is estimated anew without each fold; `set` is that of R/latent_working.R, `whole` its latent block. `apart`: of
# single environments too.
# NULL, unless `sure`, where directions are lost without a fold.
#   estimates     estimators x folds, of those that can be repeated; latent_2sls is among them
#   environments  by environment, of those that are for one: estimators x environments x folds, or NULL
#   difference    ordinary regression less 2SLS, both given the latent block: of everybody, then of each fold
#   scores, folds learned_scores() of everybody and a list of those without each fold; NULL with masks held, whose
#                 instruments are other columns in every fold
relearn_folds <- function(chosen, set, whole, level, apart, sure) {
  if (sure) return(relearned_folds(chosen, set, whole, level, apart))
  tryCatch(relearned_folds(chosen, set, whole, level, apart), latentmr_error_unidentified = function(e) NULL)
}

relearned_folds <- function(chosen, set, whole, level, apart) {
  repeated <- vapply(latent_registry(), `[[`, NA, "relearned")
  chosen <- method_rows(union(intersect(chosen$id, names(which(repeated))), "latent_2sls"))
  sparse <- set$encoder$method == "sparse"
  like <- if (!sparse) learned_scores(set$encoder, whole, set$view)
  each <- lapply(sets_without_folds(set, sparse), fold_again, chosen, level, apart, like)
  pick <- function(name) vapply(each, `[[`, each[[1]][[name]], name)
  list(
    estimates = matrix(pick("estimates"), nrow(chosen), dimnames = list(chosen$id, NULL)),
    environments = if (apart) pick("environments"),
    difference = c(ols_less_2sls(whole), pick("difference")),
    scores = like$scores, folds = if (!sparse) lapply(each, `[[`, "scores")
  )
}

fold_again <- function(one, chosen, level, apart, like) {
  effects <- function(chosen, one, blocks = set_blocks(chosen, one)) {
    vapply(estimate_methods(chosen, one, NULL, level, blocks = blocks), `[[`, 0, "b")
  }
  blocks <- set_blocks(chosen, one)
  local <- chosen[!vapply(latent_registry()[chosen$id], `[[`, NA, "everybody"), ]
  by_environment <- function(e) {
    inside <- one
    inside$view <- view_subset(one$view, e)
    effects(local, inside)
  }
  list(
    estimates = effects(chosen, one, blocks),
    environments = if (apart) {
      each <- vapply(one$view$environments, by_environment, numeric(nrow(local)))
      matrix(each, nrow(local), dimnames = list(local$id, one$view$environments))
    },
    difference = ols_less_2sls(blocks$latent),
    scores = if (!is.null(like)) learned_scores(one$encoder, blocks$latent, one$view, like)
  )
}

ols_less_2sls <- function(block) {
  if (!is.null(block_problem(block))) return(NA_real_)
  kclass_fit(block$kclass, 0)$coefficients - kclass_fit(block$kclass, 1)$coefficients
}

# Those whose errors are asked for, and latent_2sls, which says what the learning adds.
learned_methods <- function(chosen, again) {
  if (is.null(again)) chosen else method_rows(union(chosen$id, "latent_2sls"))
}

# The people but those of each fold, with directions learned from them.
sets_without_folds <- function(set, sparse) {
  moments <- fold_moments(set)
  means <- moments_means(moments)
  lapply(sort(unique(moments$blocks$fold)), function(f) {
    gone <- which(moments$blocks$fold == f)
    view <- view_delete_blocks(if (sparse) set$base$view else set$view, moments, gone, means)
    if (sparse) return(sparse_columns(moments, sparse_relearned(set$base$encoder, view), moments, view))
    list(encoder = relearned(set$encoder, view), view = view, moments = moments)
  })
}

# The estimates with errors that count the learning: those that were repeated by the jackknife, others that rest on the
# encoder (from rows, or on another scale) by what it adds to latent_2sls. `without`: estimators x folds.
learned_errors <- function(estimates, without, level) {
  rests <- vapply(latent_registry()[names(estimates)], rests_on_encoder, NA)
  own <- names(estimates) %in% rownames(without)
  told <- vapply(estimates, function(x) all(is.finite(x$b)), NA)
  given <- estimates$latent_2sls
  for (id in names(estimates)[own & told]) estimates[[id]] <- refinished(estimates[[id]], without[id, ], level)
  if (!isTRUE(is.finite(given$se))) return(estimates)
  more <- max(1, estimates$latent_2sls$se / given$se)
  for (id in names(estimates)[rests & !own & told]) {
    estimates[[id]] <- widened(estimates[[id]], more, estimates$latent_2sls$df, level)
  }
  estimates
}

rests_on_encoder <- function(method) {
  method$partialled == "latent" || method$instruments %in% c("latent", "invariant", "variant")
}

widened <- function(estimate, more, df, level) {
  estimate$se_conditional <- estimate$se_plain
  new <- c(
    interval(estimate$b, estimate$se * more, df, level),
    list(se_plain = estimate$se_plain * more, vcov = "learned", df = df)
  )
  estimate[names(new)] <- new
  estimate
}

# The estimate with the error of what it is without each fold. One that cannot be computed (a
# fold without which nothing can be estimated) leaves no interval.
refinished <- function(estimate, without, level) {
  error <- jackknife_error(without)
  estimate$se_conditional <- estimate$se_plain
  new <- c(
    interval(estimate$b, error$se * estimate$factor, error$df, level),
    list(se_plain = error$se, vcov = "jackknife", factor = estimate$factor, df = error$df, without = without)
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

# Delete-one-fold jackknife of Nagar's estimate of everybody, directions held fixed: list(se, df), NULL with fewer
# than three folds. `shared`: of a set (R/latent_shared.R); a fold is then left out once for all traits.
nagar_jackknife <- function(moments, view, part_of, instruments = view$columns$instruments, shared = NULL) {
  folds <- sort(unique(moments$blocks$fold))
  if (length(folds) < 3) return(NULL)
  basis <- full_rank_variants(view, part_of(view), instruments)
  if (!length(basis)) return(NULL)
  whole <- if (is.null(shared)) view else shared$view
  products <- of_people(whole, "without folds", {
    means <- moments_means(moments)
    part <- part_of(whole)
    lapply(folds, function(f) {
      gone <- which(moments$blocks$fold == f)
      if (!is.null(part$folds)) part$folds$skip <- gone
      nagar_products(view_delete_blocks(whole, moments, gone, means), part, basis)
    })
  })
  without <- vapply(products, nagar_only, 0, if (is.null(shared)) TRUE else shared_traits(shared))
  without <- without[is.finite(without)]
  if (length(without) >= 3) jackknife_error(without)
}

# Variants of full rank given what is partialled out.
full_rank_variants <- function(view, part, instruments) {
  if (!length(view$n)) return(integer())
  variants <- length(view$columns$variants)
  whole <- length(instruments) == variants
  block <- block_scores(view, part, if (!whole) diag(1, variants)[, instruments, drop = FALSE])
  if (is.null(block_problem(block))) instruments[which(block$kept)] else integer()
}

# Cross products of the outcomes and exposures of a view before and after variants of full rank; NULL where they cannot
# be estimated from.
nagar_products <- function(view, part, variants) {
  if (!length(variants) || !length(view$n)) return(NULL)
  partial <- block_partial(view, part)
  n <- view_people(view)
  if (n - partial$rank - length(variants) < 5) return(NULL)
  traits <- c(view$columns$outcome, view$columns$exposure)
  all <- partial$residual
  out <- .Call(
    C_ffi_controls, all[variants, variants, drop = FALSE], all[variants, traits, drop = FALSE], seq_along(variants),
    numeric(length(variants))
  )
  # Without this fold the variants lose rank: the fold has no leave-out estimate.
  if (out$rank < length(variants)) return(NULL)
  r0 <- all[traits, traits]
  list(r0 = r0, r1 = r0 - out$explained, n = n, L = out$rank, K = partial$rank)
}

# Nagar's estimate of some of their traits, without the ordered basis of block_scores().
nagar_only <- function(products, traits = TRUE) {
  if (is.null(products)) return(NA_real_)
  pick <- function(r) r[traits, traits]
  kclass_nagar(kclass_moments(pick(products$r0), pick(products$r1), products$n, products$L, products$K))$coefficients
}

# The check of Nagar's error in everybody (nagar_errors()), where it is asked for.
latent_jackknife <- function(chosen, set, no_rows) {
  encoder <- set$encoder
  view <- set$view
  wanted <- "latent_nagar" %in% chosen$id || no_rows
  if (!wanted || encoder$kind == "continuous" || length(view$columns$exposure) > 1) return(NULL)
  # A code's instruments are its columns of What.
  instruments <- if (encoder$method == "code") which(rowSums(encoder$invariant) > 0) else view$columns$instruments
  nagar_jackknife(shared_folds(set), view, function(v) latent_block("latent", encoder, v), instruments, set$shared)
}
