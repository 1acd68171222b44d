# Sentences about a fit, the same in its print, its summary and the report.

# The Anderson-Rubin set of one exposure.
set_of <- function(x, j, set = x$diagnostics$ar) if (length(x$exposure) > 1) set[set$term == x$exposure[j], ] else set

# What is estimated, in whom.
title_words <- function(fit) {
  several <- length(fit$exposure) > 1
  name <- shorten(fit$exposure, 30)
  what <- if (several) {
    sprintf("Effects of %s on %s, given each other", list_some(name, 4), shorten(fit$outcome, 30))
  } else {
    sprintf("Effect of %s on %s", name, shorten(fit$outcome, 30))
  }
  cases <- if (length(fit$cases)) sprintf(" (%s)", cases_words(fit$cases, fit$nobs)) else ""
  inform <- if (is_family(fit$leading)) {
    people <- plural(fit$family$people, "participant")
    sprintf("; %s of %s inform the estimate", families_words(fit$family$families), people)
  }
  paste0(
    sprintf(
      "%s: %s people%s, %s, %s", what, big(fit$nobs), cases,
      plural(length(fit$encoder$environments), "environment"),
      plural(nrow(fit$variants), if (fit$kind == "continuous") "instrument" else "variant")
    ),
    inform
  )
}

families_words <- function(n) if (isTRUE(n == 1)) "1 family" else paste(big(n), "families")

# Strength, and how many tests there were.
checks_words <- function(fit, said) {
  tests <- sum(is.finite(said$p_holm)) # what could object
  against <- sum(said$objects)
  d <- head_diagnostics(fit)
  several <- length(fit$exposure) > 1
  f <- if (several || is.na(d$f_effective)) d$f else d$f_effective
  strength <- if (!all(is.finite(f))) {
    "not known"
  } else {
    enough <- if (min(f) < 10) "weak: weakiv_set(fit) is right for that too" else "enough"
    if (!is.null(fit$withheld)) enough <- "too weak"
    kind <- if (several) "conditional " else if (is.na(d$f_effective)) "classical " else "effective "
    sprintf("%sF = %s, %s", kind, of_each(fit, sprintf("%.1f", f)), enough)
  }
  sprintf(
    "Strength: %s.%s", strength,
    if (tests && !against) sprintf(" None of %s objects.", plural(tests, "test")) else ""
  )
}

# Whether the environments agree.
environments_words <- function(fit, said) {
  e <- fit$diagnostics$environments
  n <- length(fit$encoder$environments)
  if (n == 1) return("Environments: one, so that agreement was not looked at.")
  if (is.null(e)) return(sprintf("Environments: %d, agreement not looked at (by_environment = FALSE).", n))
  q <- fit$diagnostics$q
  q <- if (is.data.frame(q)) q$Q_pval else q[["Q_pval"]]
  p <- if (any(is.finite(q))) sprintf(" (p = %s)", format_p(min(q, na.rm = TRUE))) else ""
  if (!any(is.finite(e$b))) return(sprintf("Environments: %d, in none of them alone an estimate.", n))
  agree <- if (!any(is.finite(q))) {
    "were not compared"
  } else {
    c("differ", "do not differ clearly", "agree")[findInterval(min(q, na.rm = TRUE), c(-1, .05, .2))]
  }
  if (length(fit$exposure) > 1) return(sprintf("Environments: the effects in %d of them %s%s.", n, agree, p))
  inside <- said$statistic[said$check == "environments"]
  known <- sum(is.finite(e$b))
  without <- vapply(fit$leave_one_out, function(v) v$b[1], 0, USE.NAMES = FALSE)
  without <- without[is.finite(without)]
  scale <- effect_scales(fit)
  times <- if (scale == "risk difference") 1000 else 1
  it <- if (is_ratio(scale)) paste("the", scale) else "it"
  head <- fit$estimates[[fit$leading]]
  digits <- interval_digits(0, times * head$lo[1], times * head$up[1])
  number <- function(v) fixed(times * v, digits)
  sprintf(
    "Environments: they %s%s; the effect is in the interval of %d of %d%s.", agree, p, as.integer(inside), known,
    if (length(without) && is.null(fit$withheld)) {
      sprintf("; without any one %s is %s to %s", it, number(min(without)), number(max(without)))
    } else {
      ""
    }
  )
}

# What the rows called "structure removed" leave out.
removed_words <- function(fit) {
  if (is_family(fit$leading) || !any(method_rows(fit$methods$id)$partialled == "latent")) return(NULL)
  paste(c(sprintf("Structure removed: %s.", block_words(fit)), mode_words(fit)), collapse = " ")
}

# Which way to see structure was taken where there is a choice, and why (bench/bench-trust.R, bench-snp-panels.R).
mode_words <- function(fit) {
  if (fit$mode == "background" && isTRUE(fit$encoder$components == 0)) {
    return("Mode: background, where nothing stands out: no structure is removed.")
  }
  if (fit$mode == "background") return("Mode: background, as such variants were given (in simulations the mode with the smallest error).")
  if (length(fallback_words(fit))) return(sprintf("Mode: %s. %s", fit$mode, fallback_words(fit)))
  if (fit$mode != "structure") return(NULL)
  sprintf(
    "Mode: structure, as given; its columns %s the instruments (`structure_includes_instruments`).",
    if (is.null(fit$encoder$structure_slopes)) "count as made without" else "were made with"
  )
}

# Why background variants that were given are not used, or nothing.
fallback_words <- function(fit) {
  background <- fit$encoder$background
  if (is.null(background[["fallback"]])) return(character())
  both <- fit$mode == "structure"
  own <- paste0(if (both) "the structure columns and ", "the panel's own structure ", if (both) "are" else "is")
  sprintf(
    "%s: %s used instead.",
    if (background$fallback == "none") {
      "No component stands out of the background variants given"
    } else {
      sprintf(
        "The background variants given count as %.1f independent ones, the instruments as %.1f, too few to tell",
        background$effective[["background"]], background$effective[["instruments"]]
      )
    },
    own
  )
}

further_words <- function(fit) {
  n <- length(fit$warnings)
  more <- c(if (length(removed_words(fit))) "what was removed", if (n) plural(n, "warning"))
  sprintf(
    "More: summary(fit)%s, verdict(fit), plot(fit), report(fit).",
    if (length(more)) paste0(" (", paste(more, collapse = ", "), ")") else ""
  )
}

block_words <- function(x) {
  k <- ncol(x$encoder$variant)
  s <- x$encoder$n_structure
  slopes <- if (isFALSE(x$latent$part$interact)) "one slope" else "a slope in every environment"
  what <- switch(x$mode,
    panel = sprintf(
      "%d of %s directions of the panel that move or carry structure (%s)", k, big(direction_count(x$encoder)), slopes
    ),
    code = sprintf("the %d variant columns of the code (%s)", k, slopes),
    sparse = sprintf("in every environment the latents that it touches (%d in all)", sum(x$encoder$touched)),
    continuous = sprintf(
      "%d of %d directions of the instruments that move (%s)", k, direction_count(x$encoder), slopes
    ),
    structure = sprintf("the structure columns (%s) and %d directions of the panel", slopes, k),
    background = sprintf(
      "%s of instruments and background variants (%s)", plural(x$encoder$components, "component"), slopes
    )
  )
  paste0("the environments, ", what, if (length(x$columns$covariates)) ", covariates")
}

ar_words <- function(set) {
  level <- format(100 * set$level[1])
  pieces <- sprintf("[%s, %s]", format_b(set$lo), format_b(set$up))
  switch(set$ci_type[1],
    interval = sprintf("%s %% set %s", level, pieces),
    rays = sprintf("%s %% set %s: everything but a gap", level, paste(pieces, collapse = " and ")),
    union = sprintf("%s %% set %s", level, paste(pieces, collapse = " and ")),
    line = sprintf("%s %% set is the whole line: every effect fits, the instruments are too weak to say anything", level),
    empty = sprintf("%s %% set is empty: no effect fits all instruments, they disagree; that is no precision", level)
  )
}

# Of tables whose `overlap` was given, ordinary regression is that number in other units.
echo_words <- function(fit) {
  if (!identical(fit$tables$source, "given") || !any(is.finite(fit$estimates$ols$b))) return(NULL)
  sprintf(
    "\"%s\" and Wu-Hausman rest on `overlap` as it was given, the correlation of the traits in the same people: they say it again in other units, and are no finding of the tables.",
    short_name("ols")
  )
}

test_lines <- function(x) {
  x$diagnostics <- d <- head_diagnostics(x)
  c(
    contrast_words(x), strength_lines(x), sargan_line(d), hausman_line(d), echo_words(x), heterogeneity_line(x),
    dependence_lines(d),
    null_line(d$null),
    quality_line(x$quality), change_line(x),
    reml_line(x$estimates$latent_reml),
    if (is_family(x$leading)) {
      "Families see parents' effects, mating and ancestry; not variants that all act on the outcome in one direction by other ways."
    } else {
      "Confounding with one law in every environment, untied to structure (assortative mating, parents' effects), is invisible to all of these but HSIC against a covariate that measures it; mr_data(family = ) shows it."
    }
  )
}

# Words for each of several exposures.
of_each <- function(x, words) {
  if (length(x$exposure) == 1) return(words)
  paste(sprintf("%s (%s)", words, x$exposure), collapse = ", ")
}

strength_lines <- function(x) {
  d <- x$diagnostics
  sets <- of_each(x, vapply(seq_along(x$exposure), function(j) ar_words(set_of(x, j)), ""))
  if (length(x$exposure) > 1) {
    return(c(
      sprintf(
        "Strength: conditional F = %s. Above 10 the intervals can be trusted; says nothing about validity.",
        of_each(x, sprintf("%.1f", d$f))
      ),
      sprintf(
        "Anderson-Rubin: %s. By projection, so wide; right whatever the strength; not when instruments are invalid.",
        sets
      )
    ))
  }
  f <- if (is.na(d$f_effective)) {
    sprintf("classical F = %.1f (the robust one, effective F: %s)", d$f, d$f_effective_note)
  } else {
    sprintf("effective F = %.1f (robust: the one to judge by), classical F = %.1f", d$f_effective, d$f)
  }
  c(
    sprintf("Strength: %s. Above 10 the interval can be trusted; says nothing about validity.", f),
    set_lines(x, sets)
  )
}

# The set to quote where instruments are weak, and Anderson and Rubin's where that is another.
set_lines <- function(x, sets) {
  if (!is.null(head_learned(x))) {
    return(sprintf(
      "Interval valid with weak instruments (Anderson-Rubin, the learning of the instruments counted): %s. Where F is below 10 quote this one. Not right when instruments are invalid.",
      sets
    ))
  }
  d <- x$diagnostics
  given <- if (learning_uncounted(x)) paste0(" (", uncounted_words, ")") else ""
  c(
    if (!is.null(d$set)) sprintf(
      "Interval valid with weak instruments (CLR): %s%s. Where F is below 10 quote this one; it is never empty. Not right when instruments are invalid.",
      ar_words(d$set), given
    ),
    sprintf(
      "Anderson-Rubin: %s%s. A joint test of effect and instruments, wider with many; quote it only where a reader asks for it by name.",
      sets, given
    )
  )
}

sargan_line <- function(d) {
  sprintf(
    "Sargan J = %.1f on %d df (J/df %.2f), %s%s. Sees instruments that disagree; not a bias that all share.",
    d$sargan$statistic, as.integer(d$sargan$df), d$sargan$ratio, p_is(d$sargan$pval),
    if (!is.na(d$hansen$pval)) {
      sprintf("; robust (Hansen) %s", p_is(d$hansen$pval))
    } else if (!is.null(d$hansen$note)) {
      sprintf("; robust (Hansen): %s", d$hansen$note)
    } else {
      ""
    }
  )
}

hausman_line <- function(d) {
  p <- if (is.na(d$wu_hausman_robust[4])) d$wu_hausman[4] else d$wu_hausman_robust[4]
  if (!is.finite(p)) return(NULL)
  sprintf(
    "Wu-Hausman: ordinary regression against 2SLS, structure removed from both, %s. A small p says that ordinary regression is confounded, or that the instruments are invalid; not which.",
    p_is(p)
  )
}

heterogeneity_line <- function(x) {
  q <- as.list(x$diagnostics$q)
  if (!any(is.finite(q$Q))) return(NULL)
  p <- vapply(q$Q_pval, p_is, "")
  if (length(x$exposure) > 1) {
    return(sprintf(
      "Cochran Q over environments: %s. Sees effects that differ between environments; not a bias that is the same in all.",
      of_each(x, sprintf("%.1f on %d df, %s", q$Q, as.integer(q$Q_df), p))
    ))
  }
  sprintf(
    "Cochran Q over environments = %.1f on %d df, %s, I2 = %.0f %%. Sees effects that differ between environments; not a bias that is the same in all.",
    q$Q, as.integer(q$Q_df), p, 100 * q$I2
  )
}

dependence_lines <- function(d) {
  c(
    if (!is.null(d$hsic_covariates)) sprintf(
      "Instruments, after all that is partialled out, against covariates (linear HSIC) %s. Sees confounding that a measured covariate carries, also when it is the same everywhere; not what nobody measured.",
      p_is(d$hsic_covariates[["pval"]])
    ),
    if (!is.null(d$hsic_structure)) sprintf(
      "Instruments against structure columns, before these are partialled out (linear HSIC) %s. A small p shows why they are needed.",
      p_is(d$hsic_structure[["pval"]])
    )
  )
}

change_line <- function(x) {
  d <- x$diagnostics
  if (is.null(d$change)) return(NULL)
  if (x$kind == "continuous") {
    return(
      sprintf(
        "Law of the instruments between environments: %s. A small p is needed: nothing can be learned from what does not move.",
        p_is(d$change[["pval"]])
      )
    )
  }
  sprintf(
    "Allele counts between environments: %d of %d variants differ (Holm 5 %%), panel %s. Differences are what the encoder learns from.",
    sum(d$per_variant$p_holm < .05, na.rm = TRUE), nrow(d$per_variant), p_is(d$change[["pval"]])
  )
}

reml_line <- function(reml) {
  if (is.null(reml$fits)) return(NULL)
  sprintf(
    "REML components: %.0f %% of what the instruments say about the outcome beyond the effect is structure or pleiotropy that is left (the data do not tell which), the rest chance.",
    100 * (reml$structure_share + reml$pleiotropy_share)
  )
}

# "Ordinary regression (OLS), ...: robust to heteroskedasticity (HC1); ..."
errors_words <- function(fit) {
  rows <- pooled_rows(fit)
  rows <- rows[!is.na(rows$vcov), ]
  types <- unique(rows$vcov)
  who <- vapply(types, function(type) paste(unique(rows$method[rows$vcov == type]), collapse = ", "), "")
  words <- paste(sprintf("%s: %s (%s)", who, error_in_words(types), types), collapse = "; ")
  if (fit$clustered) sprintf("%s; by cluster: sums over %s", words, plural(fit$clusters, "cluster")) else words
}
