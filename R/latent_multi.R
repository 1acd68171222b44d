# Several exposures: their effects given each other, with one latent block and
# the same instruments for all.

# From latent_mr() after the encoder: the object of class latent_mvmr.
latent_multi <- function(moments, set, rows, chosen, level, by_environment, notes, seed, cases) {
  fitted <- set$fitted
  view <- set$view
  blocks <- set_blocks(chosen, set)
  problem <- block_problem(blocks$latent)
  if (!is.null(problem)) {
    abort(
      sprintf("Nothing can be estimated: %s.", problem), "latentmr_error_unidentified",
      hint = "Check the exposures and the outcome named, or give more people, more variants, fewer exposures."
    )
  }
  estimates <- estimate_methods(chosen, set, rows, level, blocks = blocks)
  headline <- choose_headline(chosen, set$encoder, !is.null(rows), estimates)
  fit <- list(
    estimates = estimates, methods = chosen, headline = headline, level = level, encoder = fitted,
    exposure = moments$exposure, outcome = moments$outcome, kind = moments$kind, mode = set$encoder$mode,
    variants = moments$variants, flow = moments$flow, seed = seed, rows_used = !is.null(rows),
    binary = isTRUE(moments$binary), cases = cases, nobs = view_people(view),
    latent = blocks$latent[c("kclass", "part", "n", "rank")], clustered = !is.null(rows$cluster),
    clusters = if (!is.null(rows$cluster)) nlevels(droplevels(factor(rows$cluster))),
    columns = list(covariates = moments$covariates, structure = moments$structure), versions = made_with()
  )
  if (by_environment) {
    some <- function(environments, chosen) subset_estimates(chosen, set, rows, environments, NULL, level)
    each <- setNames(view$environments, view$environments)
    fit$by_environment <- lapply(each, some, chosen)
    if (length(each) > 1) fit$leave_one_out <- lapply(each, function(e) some(setdiff(each, e), method_rows(headline)))
  }
  fit$diagnostics <- multi_diagnostics(fit, blocks$latent, rows, view)
  fit$unavailable <- unavailable_words(estimates, chosen)
  fit$warnings <- c(notes, fitted$warnings, multi_warnings(fit))
  for (text in fit$warnings) warn(text, "latentmr_warning_fit")
  structure(fit, class = "latent_mvmr")
}

multi_diagnostics <- function(fit, block, rows, view) {
  m <- block$kclass
  tests <- kclass_tests(m, kclass_fit(m, 1)$coefficients)
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
      exposure = fit$exposure, partial_f = vapply(tests$partial_f, `[[`, 0, "statistic"), df1 = m$L, df2 = m$df,
      conditional_f = conditional, conditional_df1 = m$L - m$k + 1,
      conditional_p = stats::pf(conditional, m$L - m$k + 1, m$df, lower.tail = FALSE)
    ),
    cragg_donald = tests$cragg_donald, sargan = block_sargan(block),
    hansen = if (is.null(hansen)) list(statistic = NA_real_, df = m$L - m$k, pval = NA_real_) else
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
