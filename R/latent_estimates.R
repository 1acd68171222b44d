# Estimates of one set of people (everybody, one environment, or all but one).

# What an estimator reads: the moments after its block, and the ordered,
# orthonormal scores of its instruments (src/core/moments/scores.h).
block_scores <- function(view, part, directions, partial = block_partial(view, part)) {
  n <- view_people(view)
  variance <- n * view$scale
  if (is.null(directions)) directions <- all_instruments(view)
  scores <- .Call(
    C_ffi_scores, partial$residual, variance, length(view$columns$variants), view$columns$exposure[1],
    view$columns$outcome[1], directions, n - partial$rank
  )
  # kclass.h wants outcome first.
  r0 <- scores$total[2:1, 2:1]
  r1 <- r0 - tcrossprod(scores$g)[2:1, 2:1]
  list(
    partial = partial, part = part, scores = scores, n = n, rank = partial$rank,
    directions = directions, variance = variance[c(view$columns$outcome[1], view$columns$exposure[1])],
    kclass = kclass_moments(r0, r1, n, scores$n_kept, partial$rank)
  )
}

# NULL when the instruments are all the variants of the view; with a code they are
# its first columns.
all_instruments <- function(view) {
  variants <- length(view$columns$variants)
  instruments <- length(view$columns$instruments)
  if (instruments < variants) diag(1, variants, instruments)
}

# All blocks that the chosen methods need, each computed once.
estimation_blocks <- function(chosen, encoder, view) {
  wanted <- unique(c(chosen$block, "latent"))
  blocks <- lapply(setNames(wanted, wanted), function(kind) {
    part <- latent_block(kind, encoder, view)
    directions <- if (kind == "latent") instrument_directions(encoder)
    block_scores(view, part, directions)
  })
  if ("latent_2sls_only" %in% chosen$id) {
    blocks$only <- block_scores(view, latent_block("basic", encoder, view), encoder$invariant)
  }
  for (id in intersect(score_methods(), chosen$id)) {
    score <- matrix(0, length(view$columns$variants), 1)
    score[view$columns$instruments] <- encoder$score
    blocks[[id]] <- block_scores(view, latent_block(mr_block(id), encoder, view), score)
  }
  blocks
}

estimate_methods <- function(chosen, blocks, encoder, view, rows, jackknife, level, moments = NULL) {
  context <- list(
    blocks = blocks, encoder = encoder, view = view, rows = rows, jackknife = jackknife, level = level,
    moments = moments, sandwich = row_error(rows)
  )
  estimates <- lapply(setNames(chosen$id, chosen$id), function(id) {
    block <- blocks[[block_name(id)]]
    problem <- block_problem(block)
    if (!is.null(problem)) return(empty_estimate(id, block, problem))
    attempt_estimate(id, block, estimate_one(id, block, context))
  })
  # Spectral REML borrows the sandwich of UJIVE for its own interval.
  if ("latent_reml" %in% chosen$id && is.null(estimates$latent_reml$note)) {
    estimates$latent_reml <- attempt_estimate(
      "latent_reml", blocks$latent,
      reml_interval(estimates$latent_reml, blocks$latent, context, estimates$latent_ujive)
    )
  }
  estimates
}

# Where estimation_blocks() keeps the block of an estimator.
block_name <- function(id) {
  if (id == "latent_2sls_only") "only" else if (id %in% score_methods()) id else mr_block(id)
}

# Why nothing can be estimated from a block, or NULL.
block_problem <- function(block) {
  L <- block$scores$n_kept
  free <- block$n - block$rank - L
  if (L < 1) return("no instrument is left after partialling out")
  if (free < 5) return(sprintf("%.0f people are too few for %.0f columns and %.0f instruments", block$n, block$rank, L))
  before <- diag(block$kclass$r0)
  after <- diag(block$kclass$r1)
  nothing <- 1e-11
  if (!(before[2] > nothing * block$variance[2])) return("the exposure does not vary, given what is partialled out")
  if (!(before[1] > nothing * block$variance[1])) return("the outcome does not vary, given what is partialled out")
  if (after[2] <= nothing * before[2]) return("the exposure is an exact function of the instruments and of what is partialled out")
  if (after[1] <= nothing * before[1]) return("the outcome is an exact function of the instruments and of what is partialled out")
  if (block$kclass$r1[1, 2]^2 >= (1 - nothing) * after[1] * after[2]) {
    return("the outcome is an exact function of the exposure and of what is partialled out")
  }
  NULL
}

# One estimator that fails (a cluster that cannot be left out, say) leaves the
# others standing: its row is NA and carries the reason.
attempt_estimate <- function(id, block, estimate) {
  tryCatch(estimate, latentmr_error = function(e) {
    empty_estimate(id, block, sub("[.]?\n.*|[.]$", "", conditionMessage(e)))
  })
}

estimate_one <- function(id, block, context) {
  b <- se <- vcov <- NULL
  details <- list()
  quantile_df <- Inf
  factor <- 1
  m <- block$kclass
  many <- id %in% c("latent_liml", "latent_fuller", "latent_ujive", "latent_jive1", "latent_nagar") && context$encoder$kind != "continuous"
  if (id %in% c("ols", "2sls", "2sls_structure", "latent_2sls", "latent_2sls_only", score_methods())) {
    fit <- kclass_fit(m, if (id == "ols") 0 else 1)
    b <- fit$coefficients
    if (is.null(context$rows)) {
      se <- sqrt(fit$vcov[1, 1])
      vcov <- "iid"
    } else {
      se <- sqrt(row_covariance(context, block, if (id == "ols") "ols" else "2sls")[1, 1])
      vcov <- context$sandwich
    }
  } else if (id %in% c("latent_liml", "latent_fuller")) {
    fit <- kclass_fit(m, if (id == "latent_liml") kclass_liml(m) else kclass_fuller(m))
    b <- fit$coefficients
    # Bekker's error takes people as independent.
    clustered <- identical(context$sandwich, "cluster")
    vcov <- if (clustered) "cluster" else "bekker"
    se <- if (clustered) {
      sqrt(row_covariance(context, block, sub("latent_", "", id))[1, 1])
    } else {
      sqrt(kclass_bekker(m, b)[1, 1])
    }
  } else if (id == "latent_ujive") {
    row <- row_estimate(context, block, "ujive", "many")
    b <- row$b
    se <- sqrt(row$vcov[1, 1])
    vcov <- "many"
  } else if (id %in% c("latent_jive1", "latent_gmm")) {
    estimator <- sub("latent_", "", id)
    row <- row_estimate(context, block, estimator)
    b <- row$b
    se <- sqrt(row$vcov[1, 1])
    vcov <- context$sandwich
  } else if (id == "latent_nagar") {
    b <- block$scores$nagar[1]
    details$se_classical <- block$scores$nagar[2]
    jack <- context$jackknife
    if (is.null(jack)) {
      se <- block$scores$nagar[2]
      vcov <- "iid"
    } else {
      se <- jack$se
      vcov <- "jackknife"
      quantile_df <- jack$df
    }
  } else if (id == "latent_reml") {
    return(reml_estimate(block, context$encoder, context$view, context$level))
  } else if (id %in% binary_methods()) {
    return(binary_estimate(id, block, context))
  } else if (id == "latent_outlier") {
    return(outlier_estimate(block, context))
  } else if (id %in% summary_methods()) {
    return(summary_estimate(id, block, context))
  }
  if (many && vcov != "jackknife") {
    quantile_df <- max(block$scores$n_kept - 1, 1)
    factor <- sqrt(max(1, block_sargan(block)$ratio, na.rm = TRUE))
  }
  finish_estimate(id, block, b, se, vcov, quantile_df, factor, context$level, details)
}

mr_block <- function(id) {
  table <- mr_methods()
  table$block[match(id, table$id)]
}

# Sargan's J at 2SLS with its ratio to the degrees of freedom.
block_sargan <- function(block) {
  if (!is.null(block_problem(block)) || block$scores$n_kept < 2) {
    return(list(statistic = NA_real_, df = 0, pval = NA_real_, ratio = NA_real_))
  }
  row <- kclass_tests(block$kclass, kclass_fit(block$kclass, 1)$coefficients)$sargan
  list(
    statistic = row[["statistic"]], df = row[["df1"]], pval = row[["p-value"]],
    ratio = row[["statistic"]] / row[["df1"]]
  )
}

full_rank_variants <- function(view, part, instruments) {
  if (!length(view$n)) return(integer())
  variants <- length(view$columns$variants)
  whole <- length(instruments) == variants
  block <- block_scores(view, part, if (!whole) diag(1, variants)[, instruments, drop = FALSE])
  if (is.null(block_problem(block))) instruments[which(block$scores$kept)] else integer()
}

nagar_only <- function(view, part, variants) {
  if (!length(variants) || !length(view$n)) return(NA_real_)
  partial <- block_partial(view, part)
  df <- view_people(view) - partial$rank
  if (df - length(variants) < 5) return(NA_real_)
  tryCatch(
    .Call(
      C_ffi_nagar_only, partial$residual, variants, view$columns$exposure[1], view$columns$outcome[1], df
    ),
    # Without this fold the variants lose rank: the fold has no leave-out estimate.
    latentmr_error_singular = function(e) NA_real_
  )
}
