# Several exposures: their effects given each other, with one latent block and
# the same instruments for all.

multi_none <- c("latent_reml", "latent_outlier", "egger", "weighted_median", "score", "latent_score")

# From latent_mr() after the encoder: the object of class latent_mvmr.
latent_multi <- function(moments, fitted, learned, view, rows, chosen, level, by_environment, notes, seed, cases) {
  blocks <- multi_blocks(chosen, learned, view)
  problem <- multi_problem(blocks$latent)
  if (!is.null(problem)) {
    abort(
      sprintf("Nothing can be estimated: %s.", problem), "latentmr_error_unidentified",
      hint = "Check the exposures and the outcome named, or give more people, more variants, fewer exposures."
    )
  }
  estimates <- multi_estimates(chosen, blocks, learned, view, rows, level)
  headline <- multi_headline(chosen, moments$kind, !is.null(rows), estimates)
  fit <- list(
    estimates = estimates, methods = chosen, headline = headline, level = level, encoder = fitted,
    exposure = moments$exposure, outcome = moments$outcome, kind = moments$kind, mode = learned$mode,
    variants = moments$variants, flow = moments$flow, seed = seed, rows_used = !is.null(rows),
    binary = isTRUE(moments$binary), cases = cases, nobs = view_people(view),
    latent = blocks$latent[c("kclass", "part", "n", "rank")], clustered = !is.null(rows$cluster),
    clusters = if (!is.null(rows$cluster)) nlevels(droplevels(factor(rows$cluster))),
    columns = list(covariates = moments$covariates, structure = moments$structure), versions = made_with()
  )
  if (by_environment) {
    some <- function(environments) {
      part <- if (!is.null(rows)) rows_subset(rows, rows$environment %in% environments)
      one <- view_subset(view, environments)
      multi_estimates(chosen, multi_blocks(chosen, learned, one), learned, one, part, level)
    }
    each <- setNames(view$environments, view$environments)
    fit$by_environment <- lapply(each, some)
    if (length(each) > 1) fit$leave_one_out <- lapply(each, function(e) some(setdiff(each, e))[headline])
  }
  fit$diagnostics <- multi_diagnostics(fit, blocks$latent, rows, view)
  fit$unavailable <- unavailable_words(estimates, chosen)
  fit$warnings <- c(notes, fitted$warnings, multi_warnings(fit))
  for (text in fit$warnings) warn(text, "latentmr_warning_fit")
  structure(fit, class = "latent_mvmr")
}

# One basis of instruments for all exposures: the scores of each, side by side.
multi_scores <- function(view, part, directions) {
  partial <- block_partial(view, part)
  parts <- lapply(view$columns$exposure, function(j) {
    view$columns$exposure <- j
    block_scores(view, part, directions, partial)
  })
  first <- parts[[1]]
  g <- do.call(rbind, c(list(first$scores$g[2, ]), lapply(parts, function(p) p$scores$g[1, ])))
  yx <- c(view$columns$outcome[1], view$columns$exposure)
  r0 <- partial$residual[yx, yx]
  list(
    partial = partial, part = part, scores = first$scores["n_kept"], n = first$n, rank = first$rank,
    variance = first$n * view$scale[yx],
    directions = first$directions, kclass = kclass_moments(r0, r0 - tcrossprod(g), first$n, first$scores$n_kept, first$rank)
  )
}

multi_blocks <- function(chosen, encoder, view) {
  wanted <- unique(c(chosen$block, "latent"))
  blocks <- lapply(setNames(wanted, wanted), function(kind) {
    multi_scores(view, latent_block(kind, encoder, view), if (kind == "latent") instrument_directions(encoder))
  })
  if ("latent_2sls_only" %in% chosen$id) {
    blocks$only <- multi_scores(view, latent_block("basic", encoder, view), encoder$invariant)
  }
  blocks
}

# Why no effect can be estimated from a block, or NULL.
multi_problem <- function(block) {
  m <- block$kclass
  L <- block$scores$n_kept
  free <- block$n - block$rank - L
  if (L < m$k) return(sprintf("%d instruments are left after partialling out, fewer than the %d exposures", L, m$k))
  if (free < 5) return(sprintf("%.0f people are too few for %.0f columns and %.0f instruments", block$n, block$rank, L))
  before <- diag(m$r0)
  nothing <- 1e-11
  if (before[1] <= nothing * block$variance[1]) return("the outcome does not vary, given what is partialled out")
  if (any(before[-1] <= nothing * block$variance[-1])) return("an exposure does not vary, given what is partialled out")
  if (any(diag(m$r1)[-1] <= nothing * before[-1])) return("an exposure is an exact function of the instruments and of what is partialled out")
  if (m$r1[1, 1] <= nothing * before[1]) return("the outcome is an exact function of the instruments and of what is partialled out")
  if (collinear(m$r0[-1, -1], 1e-9)) return("an exposure is an exact function of the others and of what is partialled out")
  if (collinear((m$r0 - m$r1)[-1, -1], 1e-9)) return("the instruments move the exposures in one and the same way")
  if (collinear(m$r1, 1e-11)) return("the outcome is an exact function of the exposures and of what is partialled out")
  NULL
}

# A list by id; each estimate has vectors over the exposures.
multi_estimates <- function(chosen, blocks, encoder, view, rows, level) {
  context <- list(encoder = encoder, view = view, rows = rows, level = level, sandwich = row_error(rows))
  lapply(setNames(chosen$id, chosen$id), function(id) {
    block <- blocks[[if (id == "latent_2sls_only") "only" else mr_block(id)]]
    problem <- if (id %in% multi_none) "it has no multivariable form here" else multi_problem(block)
    if (!is.null(problem)) return(multi_empty(id, block, problem))
    tryCatch(multi_one(id, block, context), latentmr_error = function(e) {
      multi_empty(id, block, sub("[.]?\n.*|[.]$", "", conditionMessage(e)))
    })
  })
}

multi_empty <- function(id, block, note) {
  none <- rep(NA_real_, block$kclass$k)
  list(
    id = id, b = none, se = none, se_plain = none, lo = none, up = none, pval = none, df = NA_real_, vcov = NA_character_,
    fstat = none, nsnp = block$scores$n_kept, nobs = block$n, note = note
  )
}

multi_one <- function(id, block, context) {
  m <- block$kclass
  k <- m$k
  L <- m$sizes[2]
  rows <- context$rows
  estimator <- sub("^latent_", "", id)
  many <- id %in% c("latent_liml", "latent_fuller", "latent_ujive", "latent_jive1", "latent_nagar") && context$encoder$kind != "continuous"
  errors <- function(v) sqrt(diag(v)[seq_len(k)])
  if (id %in% c("ivw", "ivw_fixed")) {
    fit <- multi_ivw(block, context, id == "ivw")
    return(multi_finish(id, block, fit$b, fit$se, if (id == "ivw") "random" else "fixed", Inf, 1, context$level, fit$nsnp))
  }
  if (id %in% binary_methods()) {
    linear <- row_linear(context, block)
    fit <- suppressWarnings(binary_object(linear, estimator, "logit", context$sandwich), classes = "latentmr_warning_solutions")
    return(multi_finish(id, block, fit$coefficients[seq_len(k)], errors(fit$vcov), context$sandwich, Inf, 1, context$level))
  }
  if (id %in% c("latent_ujive", "latent_jive1", "latent_gmm")) {
    vcov <- if (id == "latent_ujive") "many" else context$sandwich
    fit <- row_estimate(context, block, estimator, vcov)
    b <- fit$b
    se <- errors(fit$vcov)
  } else if (id == "latent_nagar") {
    fit <- multi_nagar(m)
    b <- fit$b
    se <- errors(fit$vcov)
    vcov <- "iid"
  } else {
    kind <- if (id %in% c("latent_liml", "latent_fuller")) estimator else if (id == "ols") "ols" else "2sls"
    kappa <- switch(kind, ols = 0, "2sls" = 1, liml = kclass_liml(m), fuller = kclass_fuller(m))
    fit <- kclass_fit(m, kappa)
    b <- fit$coefficients
    bekker <- kind %in% c("liml", "fuller") && !identical(context$sandwich, "cluster")
    vcov <- if (bekker) "bekker" else if (is.null(rows)) "iid" else context$sandwich
    se <- errors(if (bekker) kclass_bekker(m, b) else if (is.null(rows)) fit$vcov else row_covariance(context, block, kind))
  }
  factor <- 1
  df <- Inf
  if (many) {
    df <- max(L - k, 1)
    factor <- sqrt(max(1, multi_sargan(block)$ratio, na.rm = TRUE))
  }
  multi_finish(id, block, b, se, vcov, df, factor, context$level)
}

# Nagar's estimator is the k-class at 1 + L / (n - K - L); its error as
# src/core/moments/scores.h has it for one exposure.
multi_nagar <- function(m) {
  df <- m$sizes[1] - m$sizes[2] - m$sizes[3]
  x <- 1L + seq_len(m$k)
  strength <- (m$r0 - m$r1)[x, x, drop = FALSE]
  h <- strength - m$sizes[2] / df * m$r1[x, x, drop = FALSE]
  inverse <- solve0(h)
  b <- drop(inverse %*% ((m$r0 - m$r1)[x, 1] - m$sizes[2] / df * m$r1[x, 1]))
  v <- c(1, -b)
  list(b = b, vcov = drop(v %*% m$r1 %*% v) / df * inverse %*% strength %*% inverse)
}

# Regression of the variants' associations with the outcome on those with all
# exposures (Burgess and Thompson 2015, Am J Epidemiol 181:251).
multi_ivw <- function(block, context, random) {
  view <- context$view
  pairs <- lapply(view$columns$exposure, function(j) {
    view$columns$exposure <- j
    variant_associations(variant_sums(block, view, context$encoder))
  })
  input <- summary_input(pairs[[1]])
  bx <- vapply(pairs, function(a) a$bx[input$index], numeric(length(input$index)))
  fit <- if (length(input$index)) summary_gls(bx, input$by, input$sy, input$rho)
  if (is.null(fit)) abort("the variants do not tell the exposures apart", "latentmr_error_unidentified")
  list(b = fit$b, se = fit$se * if (random) random_factor(fit) else 1, nsnp = length(input$index))
}

multi_finish <- function(id, block, b, se, vcov, df, factor, level, nsnp = block$scores$n_kept) {
  if (any(!is.finite(c(b, se)))) return(multi_empty(id, block, "its variance is not positive: too few people or clusters"))
  half <- stats::qt((1 + level) / 2, df) * se * factor
  shown <- stats::qt(.975, df) * se * factor / stats::qnorm(.975)
  k <- block$kclass$k
  list(
    id = id, b = unname(b), se = unname(shown), se_plain = unname(se), lo = unname(b - half), up = unname(b + half),
    pval = unname(2 * stats::pnorm(-abs(b / shown))), df = df, vcov = vcov,
    fstat = if (id == "ols") rep(NA_real_, k) else vapply(seq_len(k), function(j) conditional_f(block$kclass, j), 0),
    nsnp = nsnp, nobs = block$n
  )
}

multi_sargan <- function(block) {
  m <- block$kclass
  if (!is.null(multi_problem(block)) || m$sizes[2] <= m$k) return(list(statistic = NA_real_, df = 0, pval = NA_real_, ratio = NA_real_))
  row <- kclass_tests(m, kclass_fit(m, 1)$coefficients)$sargan
  list(statistic = row[["statistic"]], df = row[["df1"]], pval = row[["p-value"]], ratio = row[["statistic"]] / row[["df1"]])
}

multi_headline <- function(chosen, kind, has_rows, estimates) {
  order <- if (kind == "continuous") c("latent_2sls", "latent_liml", "latent_ujive") else c(if (has_rows) "latent_ujive", "latent_nagar", "latent_2sls", "latent_liml")
  order <- c(order, chosen$id)
  order <- order[order %in% chosen$id]
  good <- vapply(estimates[order], function(x) all(is.finite(x$b)), NA)
  order[c(which(good), 1)[1]]
}

multi_diagnostics <- function(fit, block, rows, view) {
  m <- block$kclass
  tests <- kclass_tests(m, kclass_fit(m, 1)$coefficients)
  df <- m$sizes[1] - m$sizes[2] - m$sizes[3]
  conditional <- vapply(seq_len(m$k), function(j) conditional_f(m, j), 0)
  hansen <- if (!is.null(rows)) {
    tryCatch(row_tests(row_context(rows, view), block)$hansen, latentmr_error = function(e) NULL)
  }
  over <- function(j) {
    b <- vapply(fit$by_environment, function(x) x[[fit$headline]]$b[j], 0)
    se <- vapply(fit$by_environment, function(x) x[[fit$headline]]$se[j], 0)
    cochran_q(b, se)
  }
  list(
    first_stage = data.frame(
      exposure = fit$exposure, partial_f = vapply(tests$partial_f, `[[`, 0, "statistic"), df1 = m$sizes[2], df2 = df,
      conditional_f = conditional, conditional_df1 = m$sizes[2] - m$k + 1,
      conditional_p = stats::pf(conditional, m$sizes[2] - m$k + 1, df, lower.tail = FALSE)
    ),
    cragg_donald = tests$cragg_donald, sargan = multi_sargan(block),
    hansen = if (is.null(hansen)) list(statistic = NA_real_, df = m$sizes[2] - m$k, pval = NA_real_) else
      list(statistic = hansen[["statistic"]], df = hansen[["df1"]], pval = hansen[["p-value"]]),
    q = if (length(fit$by_environment)) data.frame(exposure = fit$exposure, t(vapply(seq_len(m$k), over, numeric(4)))),
    ar = multi_ar(m, fit$exposure, fit$level)
  )
}

# Anderson-Rubin sets by projection (Dufour and Taamouti 2005).
multi_ar <- function(m, names, level) {
  sets <- lapply(seq_len(m$k), function(j) kclass_ar_set(m, level, j))
  data.frame(term = rep(names, vapply(sets, nrow, 0L)), do.call(rbind, sets))
}

multi_warnings <- function(fit) {
  weak <- fit$diagnostics$first_stage
  weak <- weak[weak$conditional_f < 10, ]
  if (!nrow(weak)) return(character())
  sprintf(
    "Weak instruments for %s given the other exposures (conditional F %s): read the Anderson-Rubin sets.",
    paste(weak$exposure, collapse = ", "), paste(sprintf("%.1f", weak$conditional_f), collapse = ", ")
  )
}
