# Diagnostics of the latent block: strength, overidentification, heterogeneity,
# and whether the instruments follow what was measured.

latent_diagnostics <- function(fit, block, encoder, view, rows, moments) {
  sargan <- block_sargan(block)
  sargan$i2 <- if (is.na(sargan$ratio)) NA_real_ else max(0, 1 - 1 / sargan$ratio)
  local <- local_method(fit)
  b <- vapply(fit$by_environment, function(x) x[[local]]$b, 0)
  se <- vapply(fit$by_environment, function(x) x[[local]]$se, 0)
  each <- if (length(b)) environment_strength(encoder, view, fit$level)
  per_environment <- if (length(b)) {
    data.frame(
      environment = view$environments, n = view$n, f = vapply(each, `[[`, 0, "f", USE.NAMES = FALSE),
      weight = environment_weights(block, encoder, view), b = unname(b), se = unname(se)
    )
  }
  missing_note <- "needs rows of people: moments only were given or used"
  sandwich <- if (!is.null(rows)) {
    tryCatch(sandwich_diagnostics(rows, block, view), latentmr_error = function(e) {
      missing_note <<- sub("\n.*", "", conditionMessage(e))
      NULL
    })
  }
  directions <- instrument_directions(encoder)
  change <- if (moments$kind == "continuous") {
    if (length(view$environments) > 1) stationary_change_test(encoder)
  } else {
    allele_count_test(moments)
  }
  list(
    f = block_f(block), f_effective = if (is.null(sandwich)) NA_real_ else sandwich$f_effective,
    f_effective_note = if (is.null(sandwich)) missing_note else NULL,
    sargan = sargan, wu_hausman = latent_wu_hausman(block$kclass),
    wu_hausman_robust = if (is.null(sandwich)) rep(NA_real_, 4) else unname(sandwich$wu_hausman),
    hansen = if (is.null(sandwich)) {
      list(statistic = NA_real_, df = sargan$df, pval = NA_real_, note = missing_note)
    } else {
      sandwich$hansen
    },
    environments = per_environment,
    q = cochran_q(b, se), q_method = local,
    ar = kclass_ar_set(block$kclass, fit$level),
    ar_environments = lapply(each, `[[`, "ar"),
    change = if (moments$kind == "continuous") change else change$panel,
    per_variant = if (moments$kind != "continuous") change$per_variant,
    hsic_covariates = if (length(view$columns$covariates)) linear_hsic(view, block$part, directions, view$columns$covariates),
    hsic_structure = if (length(view$columns$structure)) linear_hsic(view, block$part, directions, view$columns$structure)
  )
}

# First-stage F and Anderson-Rubin set of every environment alone; NA and NULL
# where it has no estimate.
environment_strength <- function(encoder, view, level) {
  lapply(setNames(view$environments, view$environments), function(e) {
    one <- view_subset(view, e)
    block <- block_scores(one, latent_block("latent", encoder, one), instrument_directions(encoder))
    if (!is.null(block_problem(block))) return(list(f = NA_real_))
    list(f = block_f(block), ar = kclass_ar_set(block$kclass, level))
  })
}

# Share of each environment in the pooled first stage: with the pooled 2SLS
# fitted exposure x-hat, sum_e x-hat'x over the sum of all; under heterogeneous
# effects the pooled estimand is the average with these weights.
environment_weights <- function(block, encoder, view) {
  directions <- block$directions
  g <- view$columns$variants
  x <- view$columns$exposure[1]
  residual <- block$partial$residual
  zz <- .Call(C_ffi_turn, residual, directions)
  zx <- crossprod(directions, residual[g, x])
  pi <- replace_na_by(qr.coef(qr(zz, tol = 1e-9), zx), 0)
  share <- vapply(view$environments, function(e) {
    one <- view_subset(view, e)
    r <- block_partial(one, latent_block("latent", encoder, one))$residual
    sum(pi * crossprod(directions, r[g, x]))
  }, 0, USE.NAMES = FALSE)
  share / sum(share)
}

# Effective F (Montiel Olea and Pflueger 2013) and Hansen's J, robust as the data ask.
sandwich_diagnostics <- function(rows, block, view) {
  tests <- row_tests(row_context(rows, view), block)
  hansen <- tests$hansen
  list(
    f_effective = tests$f_effective, wu_hausman = tests$wu_hausman,
    hansen = list(statistic = hansen[["statistic"]], df = hansen[["df1"]], pval = hansen[["p-value"]])
  )
}
