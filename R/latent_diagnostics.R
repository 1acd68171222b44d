# Diagnostics of the latent block: strength, overidentification, heterogeneity,
# and whether the instruments follow what was measured.

# each: environment_strength() of every environment, or NULL.
latent_diagnostics <- function(fit, block, each, set, rows) {
  encoder <- set$encoder
  view <- set$view
  moments <- set$source$moments
  m <- block$kclass
  sargan <- block_sargan(block)
  sargan$i2 <- if (is.na(sargan$ratio)) NA_real_ else max(0, 1 - 1 / sargan$ratio)
  local <- local_method(fit)
  missing_note <- "needs rows of people: moments only were given or used"
  sandwich <- if (!is.null(rows)) {
    tryCatch(sandwich_diagnostics(rows, block, view), latentmr_error = function(e) {
      missing_note <<- sub("\n.*", "", conditionMessage(e))
      NULL
    })
  }
  directions <- instrument_directions(encoder)
  start <- direction_start(encoder, "latent")
  change <- if (moments$kind == "continuous") {
    if (length(view$environments) > 1) stationary_change_test(encoder)
  } else {
    of_people(view, "counts", allele_count_test(moments))
  }
  list(
    f = block_f(block), first_stage = first_stages(m, fit$exposure),
    f_effective = if (is.null(sandwich)) NA_real_ else sandwich$f_effective,
    f_effective_note = if (is.null(sandwich)) missing_note else if (m$k > 1) "is for one exposure",
    sargan = sargan, wu_hausman = if (is.null(no_covariance(moments))) latent_wu_hausman(m) else rep(NA_real_, 4),
    wu_hausman_robust = if (is.null(sandwich)) rep(NA_real_, 4) else unname(sandwich$wu_hausman),
    hansen = if (is.null(sandwich)) {
      list(statistic = NA_real_, df = sargan$df, pval = NA_real_, note = missing_note)
    } else {
      sandwich$hansen
    },
    cragg_donald = kclass_tests(m, kclass_fit(m, 1)$coefficients)$cragg_donald,
    environments = environment_table_of(fit, local, each, block, encoder, view),
    q = heterogeneity(fit, local), q_method = local, ar = exposure_sets(m, fit$exposure, fit$level),
    ar_environments = lapply(each, `[[`, "ar"), set = weak_sets(m, fit$exposure, fit$level),
    set_environments = lapply(each, `[[`, "set"),
    lost = of_exposure(set, "lost strength", lost_strength(encoder, view)),
    change = if (moments$kind == "continuous") change else change$panel,
    per_variant = if (moments$kind != "continuous") change$per_variant,
    hsic_covariates = if (length(view$columns$covariates)) {
      of_people(view, "hsic covariates", linear_hsic(
        view, block$part, directions, view$columns$covariates, start, view$columns$structure
      ))
    },
    hsic_structure = if (length(view$columns$structure)) {
      of_people(view, "hsic structure", linear_hsic(view, block$part, directions, view$columns$structure, start))
    }
  )
}

# A row for each exposure: F by itself, and given the other exposures (Sanderson and
# Windmeijer's conditional F).
first_stages <- function(m, exposure) {
  partial <- kclass_tests(m, kclass_fit(m, 1)$coefficients)$partial_f
  conditional <- vapply(seq_len(m$k), function(j) conditional_f(m, j), 0)
  df <- m$L - m$k + 1
  data.frame(
    exposure = exposure, partial_f = vapply(partial, `[[`, 0, "statistic"), df1 = m$L, df2 = m$df,
    conditional_f = conditional,
    conditional_df1 = df, conditional_p = stats::pf(conditional, df, m$df, lower.tail = FALSE)
  )
}

# Anderson-Rubin sets, of several exposures by projection (Dufour and Taamouti 2005).
exposure_sets <- function(m, exposure, level) {
  if (m$k == 1) return(kclass_ar_set(m, level))
  sets <- lapply(seq_len(m$k), function(j) kclass_ar_set(m, level, j))
  data.frame(term = rep(exposure, vapply(sets, nrow, 0L)), do.call(rbind, sets))
}

# What stands in for an interval where instruments are weak: the conditional likelihood
# ratio, which is never empty; of several exposures Anderson and Rubin's.
weak_sets <- function(m, exposure, level) {
  if (m$k == 1) kclass_weakiv_set(m, "CLR", level, many_spread(m)) else exposure_sets(m, exposure, level)
}

local_values <- function(fit, local, name, j) {
  vapply(fit$by_environment, function(x) x[[local]][[name]][j], 0, USE.NAMES = FALSE)
}

# Rows of environments, for several exposures those of each exposure; the share of an
# environment in the pooled first stage is told for one.
environment_table_of <- function(fit, local, each, block, encoder, view) {
  if (!length(each)) return(NULL)
  k <- length(fit$exposure)
  rows <- lapply(seq_len(k), function(j) {
    data.frame(
      environment = view$environments, n = view$n, f = vapply(each, function(x) x$f[j], 0, USE.NAMES = FALSE),
      weight = if (k == 1 && !is_family(local)) environment_weights(block, encoder, view) else NA_real_,
      b = local_values(fit, local, "b", j), se = local_values(fit, local, "se", j),
      lo = local_values(fit, local, "lo", j), up = local_values(fit, local, "up", j)
    )
  })
  if (k == 1) return(rows[[1]])
  cbind(exposure = rep(fit$exposure, each = length(view$environments)), do.call(rbind, rows))
}

# Cochran's Q over environments: Q, Q_df, Q_pval, I2, a row for each of several exposures.
heterogeneity <- function(fit, local) {
  q <- lapply(seq_along(fit$exposure), function(j) {
    se <- normal_se(local_values(fit, local, "se", j), local_values(fit, local, "df", 1))
    cochran_q(local_values(fit, local, "b", j), se)
  })
  if (length(q) == 1) return(q[[1]])
  data.frame(exposure = fit$exposure, do.call(rbind, q))
}

# First-stage F and Anderson-Rubin set of one environment, from its latent block; NA and
# NULL where it has no estimate.
environment_strength <- function(block, level, exposure) {
  if (!is.null(block_problem(block))) return(list(f = rep(NA_real_, length(exposure))))
  m <- block$kclass
  list(f = block_f(block), ar = exposure_sets(m, exposure, level), set = weak_sets(m, exposure, level))
}

# Share of each environment in the pooled first stage: with the pooled 2SLS
# fitted exposure x-hat, sum_e x-hat'x over the sum of all; under heterogeneous
# effects the pooled estimand is the average with these weights.
environment_weights <- function(block, encoder, view) {
  g <- view$columns$variants
  x <- view$columns$exposure[1]
  share <- vapply(view$environments, function(e) {
    one <- view_subset(view, e)
    sum(block$slopes[, 1] * partial_traits(block_partial(one, latent_block("latent", encoder, one), x), g, x))
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

# Share of the exposure's association with the panel that lies in the directions partialled
# out, beyond the environments; what k directions drawn at random hold has the law
# Beta(k/2, (p - k)/2). NULL where no direction of the panel is partialled out.
lost_strength <- function(encoder, view) {
  k <- ncol(encoder$variant)
  one <- length(view$columns$exposure) == 1
  if (!one || encoder$mode != "panel" || encoder$kind == "continuous" || !k || k == direction_count(encoder)) {
    return(NULL)
  }
  part <- latent_block("basic", encoder, view)
  partial <- block_partial(view, part)
  basic <- block_scores(view, part, panel_directions(encoder), partial, direction_start(encoder, "all"))
  removed <- block_scores(view, part, encoder$variant, partial, direction_start(encoder, "variant"))
  explained <- function(b) b$kclass$r0[2, 2] - b$kclass$r1[2, 2]
  share <- explained(removed) / explained(basic)
  p <- basic$kclass$L
  c(share = share, pval = stats::pbeta(share, k / 2, (p - k) / 2, lower.tail = FALSE), before = block_f(basic))
}
