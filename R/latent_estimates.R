# Runs the registry (R/latent_methods.R) on one set of people: everybody, one
# environment, or all but one. k exposures are k columns.
#
# A block is what is partialled out together with the instruments:
#   part         the columns (R/latent_block.R), partial: the moments after them
#   directions   the instruments as maps on the variants; NULL: all variants
#   slopes       variants x k: coefficients in the prediction of the exposures by the instruments
#   g, kept      (1 + k) x m scores of outcome and exposures, the instruments that count
#                (src/core/moments/scores.h)
#   factor       what row_basis() makes the instruments orthonormal with
#   size         variance of the variants along each of them (src/core/moments/scores.h)
#   kclass       cross products before and after the instruments (R/iv_kclass.R)
#   n, rank      people, rank of the columns; variance: what traits were before them
#   own          rows of its own, which stand beside moments (R/latent_family.R, R/latent_mixed.R); `own_factor` of
#                them, `problem`: why they do not inform
# The context of an estimator:
#   encoder, view, moments, rows   of R/latent_working.R; rows NULL from moments
#   blocks       list of blocks; $latent is that of the latent estimators
#   sandwich     error that rows allow for, "HC1" or "cluster"; NULL from moments
#   jackknife    check of the error of Nagar's estimator by the folds, where there is one
#   level        of confidence
#   folds()      moments of folds (R/latent_working.R)
#   estimate(id) another estimator's result, computed once
# What estimators ask of rows (R/latent_rows.R) is asked by block, so that the factor of a
# block can be shared by all that use it.

# The set of people: list(encoder, view, moments), moments for halves and folds only.
estimate_methods <- function(chosen, set, rows, level, jackknife = NULL, blocks = set_blocks(chosen, set),
                             step = function() invisible()) {
  registry <- latent_registry()
  done <- list()
  context <- c(set[c("encoder", "view", "moments")], list(
    rows = rows, blocks = blocks, sandwich = row_error(rows), jackknife = jackknife, level = level,
    folds = function() fold_moments(set),
    estimate = function(id) {
      if (is.null(done[[id]])) done[[id]] <<- estimate_one(registry[[id]], context)
      done[[id]]
    }
  ))
  lapply(setNames(chosen$id, chosen$id), function(id) {
    on.exit(step())
    context$estimate(id)
  })
}

estimate_one <- function(method, context) {
  block <- context$blocks[[block_key(method)]]
  if (block$kclass$k > method$exposures) return(empty_estimate(method, block, no_form))
  problem <- block_problem(block)
  if (!is.null(problem)) return(empty_estimate(method, block, problem))
  # One that fails (a cluster that cannot be left out, say) leaves the others standing: its
  # row is NA and carries the reason.
  tryCatch(
    {
      effects <- method$fit(block, context)
      if (!is.null(effects$note)) return(empty_estimate(method, block, effects$note))
      finish_estimate(method, block, effects, method$error(effects, block, context), context)
    },
    latentmr_error = function(e) empty_estimate(method, block, sub("[.]?\n.*|[.]$", "", conditionMessage(e)))
  )
}

no_form <- "it has no multivariable form here"

# The row of the result. `se_plain` is the error without the factor, `se` with it: b, se and df give the interval
# and p (R/iv_interval.R).
finish_estimate <- function(method, block, effects, error, context) {
  b <- as.vector(effects$b)
  m <- block$kclass
  df <- if (is.null(error$df)) Inf else error$df
  factor <- if (is.null(error$factor)) 1 else error$factor
  if (method$many && context$encoder$kind != "continuous" && is.null(error$df)) {
    df <- max(m$L - m$k, 1)
    factor <- sqrt(max(1, block_sargan(block)$ratio, na.rm = TRUE))
  }
  # A touch that was missed shows in J, and how many were is no more certain than that.
  if (context$encoder$method == "sparse" && method$instruments == "latent" && is.null(error$factor)) {
    sargan <- block_sargan(block)
    if (isTRUE(sargan$pval < .01)) factor <- sqrt(sargan$ratio)
  }
  se <- as.vector(error$se)
  if (any(!is.finite(c(b, se)))) {
    return(empty_estimate(method, block, "its variance is not positive: too few people or clusters"))
  }
  out <- c(
    list(id = method$id), interval(b, se * factor, df, context$level),
    list(vcov = error$vcov, se_plain = se, factor = factor, df = df), block_strength(method, block)
  )
  effects[c("b", "covariance", "vcov")] <- NULL
  out[names(effects)] <- effects
  out
}

empty_estimate <- function(method, block, note) {
  none <- rep(NA_real_, block$kclass$k)
  list(
    id = method$id, b = none, se = none, se_plain = none, lo = none, up = none, pval = none, vcov = NA_character_,
    df = NA_real_,
    fstat = none, fstat_type = NA_character_, nsnp = block$kclass$L, nobs = block$n, note = note
  )
}

block_strength <- function(method, block) {
  m <- block$kclass
  without <- method$instruments == "none"
  list(
    fstat = if (without) rep(NA_real_, m$k) else block_f(block),
    fstat_type = if (without) NA_character_ else if (m$k > 1) "conditional" else "partial", nsnp = m$L, nobs = block$n
  )
}

# F of each exposure's instruments, given the other exposures.
block_f <- function(block) vapply(seq_len(block$kclass$k), function(j) conditional_f(block$kclass, j), 0)

# ---- blocks ----

block_key <- function(method) {
  instruments <- if (method$instruments == "none") "variants" else method$instruments
  if (method$partialled == instruments) instruments else paste(method$partialled, instruments)
}

# The blocks that the chosen estimators need and that of the latent ones, each computed once.
set_blocks <- function(chosen, set) {
  encoder <- set$encoder
  view <- set$view
  methods <- c(latent_registry()[chosen$id], list(list(partialled = "latent", instruments = "latent")))
  key <- vapply(methods, block_key, "")
  # Associations of single variants are read from all that is left.
  whole <- vapply(Filter(function(x) "variants" %in% x$needs, methods), `[[`, "", "partialled")
  methods <- methods[!duplicated(key)]
  kinds <- vapply(methods, `[[`, "", "partialled")
  parts <- lapply(setdiff(kinds, c("family", "imputed", "mixed")), function(kind) {
    part <- latent_block(kind, encoder, view)
    of <- if (!kind %in% whole) columns_read(methods[kinds == kind], encoder, view)
    list(kind = kind, part = part, partial = shared_partial(set, kind, part, of))
  })
  blocks <- lapply(methods, function(method) {
    if (method$partialled == "family") {
      if (!is.null(set$family)) return(family_block(set$family, view$environments))
      return(family_moments_block(set$source$moments, view$environments, view))
    }
    if (method$partialled == "mixed") return(mixed_block(set$mixed))
    if (method$partialled == "imputed") return(family_block(set$family, view$environments, imputed_rows))
    of <- Find(function(x) x$kind == method$partialled, parts)
    if (method$partialled == "structure" && in_squares(view)) return(unlinked_components(view, of))
    shared_scores(
      set, block_key(method), of, block_directions(method$instruments, encoder, view),
      direction_start(encoder, method$instruments)
    )
  })
  setNames(blocks, unique(key))
}

# The columns that these methods read of what is left, in some of the environments (of everybody more is asked); NULL:
# all. Directions whose products are at hand need the traits only, and no more variants count than there are people.
columns_read <- function(methods, encoder, view) {
  if (length(view$n) >= length(view$turned$environments)) return(NULL)
  instruments <- vapply(methods, `[[`, "", "instruments")
  apart <- instruments[vapply(instruments, function(x) is.null(direction_start(encoder, x)), NA)]
  most <- if (length(apart)) view_people(view) - length(view$n) else 0
  p <- length(view$columns$variants)
  if (!all(apart %in% c("none", "variants")) || most >= p || length(view$columns$instruments) < p) return(NULL)
  c(seq_len(max(most, 0)), view$columns$outcome, view$columns$exposure)
}

# NULL when the instruments are all the variants of the view; with a code they are
# its first columns.
block_directions <- function(instruments, encoder, view) {
  all <- length(view$columns$variants)
  own <- view$columns$instruments
  switch(instruments,
    latent = instrument_directions(encoder), invariant = invariant_directions(encoder), variant = encoder$variant,
    score = matrix(replace(numeric(all), own, encoder$score)),
    if (length(own) < all) diag(1, all, length(own))
  )
}

# `from`: where the directions begin among those of the encoder (direction_start()).
block_scores <- function(view, part, directions, partial = block_partial(view, part), from = NULL) {
  if (!is.null(partial$unlinked)) return(unlinked_scores(view, part, directions, partial))
  scores <- trait_scores(view, directions, partial, from, function() block_partial(view, part))
  traits_block(scores, view, part, directions, partial)
}

# Scores of all outcomes, then all exposures of the view, and the instruments that count. No more
# instruments are left than people less columns: where the first so many all are, the others
# need not be looked at; else `whole()` is the partial with all columns.
trait_scores <- function(view, directions, partial, from, whole = NULL) {
  n <- view_people(view)
  traits <- c(view$columns$outcome, view$columns$exposure)
  variants <- length(view$columns$variants)
  turned <- turned_products(view, partial, from)
  scores_of <- function(count, partial) {
    .Call(
      C_ffi_scores, partial$residual, n * view$scale, variants, residual_at(partial, traits), directions,
      as.integer(count), turned
    )
  }
  all <- if (is.null(directions)) variants else ncol(directions)
  most <- max(n - partial$rank, 0)
  scores <- scores_of(min(all, most), partial)
  if (most < all && scores$n_kept < most) {
    scores <- scores_of(all, if (is.null(partial$of) || !is.null(turned)) partial else whole())
  }
  c(scores, list(beyond = all - length(scores$kept)))
}

# The block of one outcome and its exposures; the rows of `scores` are theirs.
traits_block <- function(scores, view, part, directions, partial) {
  n <- view_people(view)
  traits <- c(view$columns$outcome, view$columns$exposure)
  r0 <- partial$residual[traits, residual_at(partial, traits)]
  list(
    part = part, partial = partial, directions = directions,
    g = cbind(scores$g, matrix(0, length(traits), scores$beyond)),
    kept = c(scores$kept, logical(scores$beyond)), n = n, rank = partial$rank,
    slopes = scores$slopes[, -1, drop = FALSE], factor = scores[c("factor", "scale", "kept")],
    size = c(scores$size, numeric(scores$beyond)),
    variance = n * view$scale[traits],
    kclass = if (is.null(view$noise)) {
      kclass_moments(r0, r0 - tcrossprod(scores$g), n, scores$n_kept, partial$rank)
    } else {
      noise_kclass(view, scores$g, n, scores$n_kept, partial$rank)
    }
  )
}

# Cross products before and after the instruments, from their scores g and the noise. Its people are those that
# the noise is known from: J is n times a share of r0.
noise_kclass <- function(view, g, n, kept, rank) {
  omega <- score_noise(view)
  df <- min(view$noise$df, n - rank - kept)
  r1 <- df * omega
  kclass_moments(r1 + tcrossprod(g), r1, df + kept + rank, kept, rank)
}

# Why nothing can be estimated from a block, or NULL.
block_problem <- function(block) {
  if (!is.null(block$problem)) return(block$problem)
  m <- block$kclass
  several <- m$k > 1
  if (m$L < 1) return("no instrument is left after partialling out")
  if (m$L < m$k) {
    return(sprintf("%.0f instruments are left after partialling out, fewer than the %d exposures", m$L, m$k))
  }
  if (m$df < 5) return(sprintf("%.0f people are too few for %.0f columns and %.0f instruments", m$n, m$K, m$L))
  before <- diag(m$r0)
  after <- diag(m$r1)
  nothing <- 1e-11
  an <- if (several) "an exposure" else "the exposure"
  still <- !(before > nothing * block$variance)
  if (any(still[-1])) return(paste(an, "does not vary, given what is partialled out"))
  if (still[1]) return("the outcome does not vary, given what is partialled out")
  spent <- after <= nothing * before
  if (any(spent[-1])) return(paste(an, "is an exact function of the instruments and of what is partialled out"))
  if (spent[1]) return("the outcome is an exact function of the instruments and of what is partialled out")
  x <- 1L + seq_len(m$k)
  if (several && collinear(m$r0[x, x], 1e-9)) {
    return("an exposure is an exact function of the others and of what is partialled out")
  }
  if (several && collinear((m$r0 - m$r1)[x, x], 1e-9)) {
    return("the instruments move the exposures in one and the same way")
  }
  if (collinear(m$r1, nothing / 2)) {
    return(
      sprintf(
        "the outcome is an exact function of the %s and of what is partialled out",
        if (several) "exposures" else "exposure"
      )
    )
  }
  NULL
}

# Sargan's J at 2SLS with its ratio to the degrees of freedom.
block_sargan <- function(block) {
  m <- block$kclass
  if (!is.null(block_problem(block)) || m$L <= m$k) {
    return(list(statistic = NA_real_, df = 0, pval = NA_real_, ratio = NA_real_))
  }
  row <- kclass_tests(m, kclass_fit(m, 1)$coefficients)$sargan
  list(
    statistic = row[["statistic"]], df = row[["df1"]], pval = row[["p-value"]],
    ratio = row[["statistic"]] / row[["df1"]]
  )
}
