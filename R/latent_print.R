# A page that a doctor can read.

#' @rdname latent_mr
#' @export
print.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  d <- x$diagnostics
  several <- length(x$exposure) > 1
  percent <- format(100 * x$level)
  cat(if (several) sprintf(
    "Effects of %s on %s, given each other\n", paste(x$exposure, collapse = ", "), x$outcome
  ) else
    sprintf("Effect of %s on %s\n", x$exposure, x$outcome))
  cat(sprintf(
    "%s people, %d environments, %d %s; %s\n", format(x$nobs, big.mark = ","),
    length(x$encoder$environments), nrow(x$variants),
    if (x$kind == "continuous") "instruments" else "variants", encoder_words(x$encoder)
  ))
  if (!is.null(x$flow)) cat(format_flow(x$flow), sep = "\n")
  for (text in c(family_words(x), imputed_words(x), random_words(x))) cat(strwrap(text, 98, exdent = 2), sep = "\n")
  if (isTRUE(x$binary)) {
    cat(sprintf("The outcome is 0/1%s: estimates are risk differences unless the scale says otherwise\n",
      if (length(x$cases)) sprintf(" (%s cases, %s)", big(x$cases), percent(x$cases / x$nobs)) else ""))
  }
  cat(sprintf("Partialled out: %s\n", block_words(x)))
  if (isTRUE(x$crossfit > 0)) {
    cat(
      sprintf("Cross-fitted: encoder of each of %d folds from the others, slopes by environment and fold\n", x$crossfit)
    )
  }
  cat("\n")
  print_verdict(verdict(x))
  if (is.null(x$withheld)) for (j in seq_along(x$exposure)) cat(headline_print(x, j, percent))
  cat("\n")
  print_table(as.data.frame(x), percent, several)
  print_formless(x)
  for (text in c(
    if (!is.null(x$score)) score_words(x$score, nrow(x$variants)), outlier_words(x$estimates$latent_outlier)
  )) {
    cat(strwrap(text, 98, prefix = "  ", initial = ""), sep = "\n")
  }
  cat("\nTests (what each says; what it cannot see)\n")
  for (line in test_lines(x)) cat(strwrap(line, 98, prefix = "    ", initial = "  "), sep = "\n")
  print_environments(x)
  absent <- unlist(lapply(x$by_environment, function(e) e[[local_method(x)]]$note))
  for (e in names(absent)) cat(
    strwrap(sprintf("%s: no estimate, %s.", e, absent[[e]]), 96, initial = "  ", prefix = "    "), sep = "\n"
  )
  if (length(x$warnings)) {
    cat("\nWarnings\n")
    for (text in x$warnings) cat(strwrap(text, 96, initial = "  ! ", prefix = "    "), sep = "\n")
  }
  invisible(x)
}

# The first lines: what objects before the number, and what nothing sees.
print_verdict <- function(said) {
  width <- min(getOption("width"), 98)
  cat(strwrap(attr(said, "headline"), width, exdent = 2), sep = "\n")
  for (text in said$finding[said$objects]) cat(strwrap(text, width, initial = "  ! ", prefix = "    "), sep = "\n")
  cat(strwrap(attr(said, "unseen"), width, exdent = 2), sep = "\n")
}

# The estimate to report first, of one exposure.
headline_print <- function(x, j, percent) {
  head <- x$estimates[[x$leading]]
  name <- paste0(short_name(x$leading), if (length(x$exposure) > 1) paste0(", ", x$exposure[j]))
  sprintf(
    "%s: %s, %s %% interval %s to %s, %s\n", name, format_b(head$b[j]), percent, format_b(head$lo[j]),
    format_b(head$up[j]), p_is(head$pval[j])
  )
}

# The Anderson-Rubin set of one exposure.
set_of <- function(x, j, set = x$diagnostics$ar) if (length(x$exposure) > 1) set[set$term == x$exposure[j], ] else set

# Estimators that take fewer exposures than there are.
print_formless <- function(x) {
  notes <- unlist(lapply(x$estimates, `[[`, "note"))
  for (id in names(notes)[notes == no_form]) {
    cat(strwrap(sprintf("%s: no estimate, %s.", short_name(id), no_form), 96, exdent = 2), sep = "\n")
  }
}

print_environments <- function(x) {
  e <- x$diagnostics$environments
  if (!isTRUE(length(unique(e$environment)) > 1)) return(invisible())
  several <- length(x$exposure) > 1
  cat(sprintf(
    "\nEnvironments (%s%s)\n", short_name(x$diagnostics$q_method),
    if (several) "; F is conditional" else if (anyNA(e$weight)) "" else "; weight = share of the pooled first stage"
  ))
  left <- unlist(
    lapply(seq_along(x$exposure), function(j) vapply(x$leave_one_out, function(v) v$b[j], 0, USE.NAMES = FALSE))
  )
  out <- data.frame(
    environment = e$environment, n = e$n, F = round(e$f, 1), weight = round(e$weight, 3),
    b = format_b(e$b), se = format_b(e$se), without_it = format_b(left)
  )
  if (several || anyNA(e$weight)) out <- out[names(out) != "weight"]
  if (several) out <- cbind(exposure = e$exposure, out)
  pointed(print(out, row.names = FALSE))
}

print_table <- function(rows, percent, exposures = FALSE) {
  out <- data.frame(
    method = rows$method, b = format_b(rows$b), se = format_b(rows$se),
    interval = ifelse(is.na(rows$b), "", sprintf("%s to %s", format_b(rows$lo_ci), format_b(rows$up_ci))),
    p = format_p(rows$pval), nsnp = rows$nsnp, F = ifelse(is.na(rows$fstat), "", sprintf("%.1f", rows$fstat)),
    error = rows$vcov
  )
  names(out)[4] <- paste(percent, "% interval")
  if (exposures) out <- cbind(out[1], exposure = rows$exposure, out[-1])
  if (!is.null(rows$or)) {
    out$scale <- sub("difference", "diff.", rows$scale)
    out$ratio <- ifelse(
      is.na(rows$or), "", sprintf("%s (%s to %s)", format_b(rows$or), format_b(rows$or_lci95), format_b(rows$or_uci95))
    )
  }
  old <- options(width = if (is.null(rows$or)) 120 else 170)
  on.exit(options(old))
  pointed(print(out, row.names = FALSE, right = FALSE))
}

block_words <- function(x) {
  k <- ncol(x$encoder$variant)
  s <- x$encoder$n_structure
  slopes <- if (isFALSE(x$latent$part$interact)) "one slope" else "a slope in every environment"
  what <- switch(x$mode,
    panel = sprintf(
      "%d of %d directions of the panel that move or carry structure (%s)", k, ncol(x$encoder$directions), slopes
    ),
    code = sprintf("the %d variant columns of the code (%s)", k, slopes),
    sparse = sprintf("in every environment the latents that it touches (%d in all)", sum(x$encoder$touched)),
    continuous = sprintf(
      "%d of %d directions of the instruments that move (%s)", k, ncol(x$encoder$directions), slopes
    ),
    structure = sprintf("the structure columns (%s) and %d directions of the panel", slopes, k),
    background = sprintf("%d components of instruments and background variants (%s)", x$encoder$components, slopes)
  )
  paste0("the environments, ", what, if (length(x$columns$covariates)) ", covariates")
}

ar_words <- function(set) {
  level <- format(100 * set$level[1])
  pieces <- sprintf("[%s, %s]", format_b(set$lo), format_b(set$up))
  switch(set$ci_type[1],
    interval = sprintf("%s %% set %s", level, pieces),
    rays = sprintf("%s %% set %s: everything but a gap", level, paste(pieces, collapse = " and ")),
    line = sprintf("%s %% set is the whole line: the instruments say nothing", level),
    empty = sprintf("%s %% set is empty: overidentification is rejected, no effect fits all instruments", level)
  )
}

test_lines <- function(x) {
  x$diagnostics <- d <- head_diagnostics(x)
  c(
    contrast_words(x), strength_lines(x), sargan_line(d), hausman_line(d), heterogeneity_line(x), dependence_lines(d),
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
    sprintf("F = %.1f (effective F: %s)", d$f, d$f_effective_note)
  } else {
    sprintf("F = %.1f, effective F = %.1f", d$f, d$f_effective)
  }
  c(
    sprintf("Strength: %s. Above 10 the interval can be trusted; says nothing about validity.", f),
    sprintf("Anderson-Rubin: %s. Right whatever the strength; not when instruments are invalid.", sets)
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
    "Wu-Hausman: least squares against latent 2SLS %s. A small p says that least squares is confounded, or that the instruments are invalid; not which.",
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
      "Instruments against covariates (HSIC) %s. Sees confounding that a measured covariate carries, also when it is the same everywhere; not what nobody measured.",
      p_is(d$hsic_covariates[["pval"]])
    ),
    if (!is.null(d$hsic_structure)) sprintf(
      "Instruments against structure columns, before these are partialled out (HSIC) %s. A small p shows why they are needed.",
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

#' @rdname latent_mr
#' @export
summary.latent_mr <- function(object, ...) {
  check_dots(...)
  check_made(object)
  estimates <- all_rows(object)
  estimates$se_plain <- each_estimate(object, "se_plain", NA_real_)
  estimates$note <- each_estimate(object, "note", NA_character_)
  d <- object$diagnostics
  k <- object$latent$kclass
  rows <- rbind(
    weak_rows(d$first_stage),
    `Wu-Hausman` = d$wu_hausman,
    `Wu-Hausman (robust)` = d$wu_hausman_robust,
    Sargan = c(d$sargan$df, NA, d$sargan$statistic, d$sargan$pval),
    Basmann = latent_basmann(k),
    `Hansen J` = c(d$hansen$df, NA, d$hansen$statistic, d$hansen$pval)
  )
  colnames(rows) <- c("df1", "df2", "statistic", "p-value")
  structure(
    list(
      fit = object, estimates = estimates, diagnostics = rows, first_stage = d$first_stage, heterogeneity = d$q,
      encoder = object$encoder, quality = object$quality
    ),
    class = "summary.latent_mr"
  )
}

# One entry of every estimate, in the order of the rows of the result.
each_estimate <- function(fit, name, missing) {
  local <- c(fit$methods$id, local_method(fit))
  all <- c(pooled_estimates(fit)$estimates, unlist(unname(lapply(fit$by_environment, function(x) {
    x[intersect(local, names(x))]
  })), recursive = FALSE))
  k <- length(fit$exposure)
  unlist(lapply(all, function(x) rep_len(if (is.null(x[[name]])) missing else x[[name]], k)), use.names = FALSE)
}

# The F of each exposure's instruments (given the other exposures) as rows of tests.
weak_rows <- function(first) {
  out <- as.matrix(first[c("conditional_df1", "df2", "conditional_f", "conditional_p")])
  rownames(out) <- if (nrow(first) == 1) "Weak instruments" else sprintf("Weak instruments (%s)", first$exposure)
  out
}

#' @export
print.summary.latent_mr <- function(x, ...) {
  check_dots(...)
  check_printed(x, "summary.latent_mr")
  pointed(print(x$fit))
  cat("\nQuality of the instruments (see ?learn_instruments)\n")
  pointed(print(x$quality))
  cat("\nDiagnostics of the latent block\n")
  pointed(print(round(x$diagnostics, 4)))
  if (nrow(x$first_stage) > 1) {
    cat("\nFirst stages\n")
    pointed(print(x$first_stage, digits = 4, row.names = FALSE))
  }
  cat("\nAll estimates (se_plain: error without the J factor)\n")
  shown <- if (nrow(x$first_stage) > 1) c("method", "exposure") else "method"
  pointed(
    print(
      x$estimates[c(shown, "environment", "b", "se", "se_plain", "lo_ci", "up_ci", "pval", "vcov", "fstat")],
      digits = 4, row.names = FALSE
    )
  )
  invisible(x)
}
