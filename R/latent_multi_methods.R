#' Effects of several exposures
#'
#' What [latent_mr()] returns when the data have several exposures: their effects given
#' each other (multivariable Mendelian randomization), one row per estimator and exposure.
#'
#' @details
#' The encoder does not see exposures, so the latent block is the one that a single
#' exposure would have; all exposures enter one model with the same instruments. OLS, 2SLS, LIML, Fuller,
#' UJIVE, JIVE1, GMM and the estimators for 0/1 outcomes take several exposures as they are; Nagar's is
#' the k-class at `1 + L / (n - K - L)` with its classical error; `ivw` and `ivw_fixed` regress the
#' variants' associations with the outcome on those with all exposures (Burgess and Thompson 2015). Spectral REML,
#' MR-Egger, the weighted median and allele scores have no multivariable form here: their rows are `NA` and say so.
#' Intervals of LIML, Fuller, UJIVE, JIVE1 and Nagar's estimator on genotypes use t on `L - k` degrees of freedom
#' and the factor `sqrt(max(1, J / df))`, as in [latent_mr()].
#'
#' The F of an exposure is Sanderson and Windmeijer's conditional F: what the instruments
#' explain of it beyond what they explain of the others. Anderson-Rubin sets are projections (Dufour
#' and Taamouti 2005).
#'
#' @param x,object An object of class `latent_mvmr`.
#' @param row.names,optional,y,... Not used.
#' @param environments `TRUE` adds the rows of every environment.
#' @param beta,method,level As in [weakiv_test()].
#' @return `as.data.frame()` has the columns of [latent_mr()]'s. `summary()$first_stage`: a row per
#'   exposure with `partial_f`, `df1`, `df2`, `conditional_f`, `conditional_df1`, `conditional_p`.
#' @section Errors: `latentmr_error_unidentified` when the instruments do not tell the
#'   exposures apart, or an exposure is a function of the others; those of [latent_mr()].
#' @references Sanderson and Windmeijer (2016), Journal of Econometrics 190:212. Burgess and Thompson (2015), American
#'   Journal of Epidemiology 181:251. Dufour and Taamouti (2005), Econometrica 73:1351.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' set.seed(1)
#' ldl <- data$exposure
#' hdl <- as.vector(data$genotypes$x %*% rnorm(nrow(data$variants), 0, 0.2)) + rnorm(length(ldl))
#' both <- mr_data(data$genotypes$x, cbind(ldl, hdl), data$outcome, data$environment)
#' fit <- latent_mr(both, seed = 1)
#' fit
#' summary(fit)$first_stage
#' @name latent_mvmr
NULL

#' @rdname latent_mvmr
#' @export
as.data.frame.latent_mvmr <- function(x, row.names = NULL, optional = FALSE, environments = FALSE, ...) {
  check_flag(environments, "environments")
  if (environments && is.null(x$by_environment)) {
    abort_argument("environments", "FALSE for a fit made with by_environment = FALSE", "TRUE")
  }
  out <- multi_rows(x, x$estimates, "pooled")
  if (environments) {
    out <- do.call(rbind, c(list(out), lapply(names(x$by_environment), function(e) multi_rows(x, x$by_environment[[e]], e))))
  }
  rownames(out) <- NULL
  out
}

# The frame of estimate_rows(), a row per estimator and exposure.
multi_rows <- function(fit, estimates, environment) {
  one <- function(j) {
    single <- lapply(estimates, function(e) {
      for (name in c("b", "se", "lo", "up", "pval", "fstat")) e[[name]] <- e[[name]][j]
      e$fstat_type <- if (is.na(e$fstat)) NA_character_ else "conditional"
      e
    })
    estimate_rows(list(exposure = fit$exposure[j], outcome = fit$outcome, binary = fit$binary), single, environment)
  }
  k <- length(fit$exposure)
  out <- do.call(rbind, lapply(seq_len(k), one))
  out[order(rep(seq_along(estimates), k)), ]
}

#' @rdname latent_mvmr
#' @export
tidy.latent_mvmr <- function(x, ...) {
  rows <- as.data.frame(x)
  df <- rep(vapply(x$estimates, `[[`, 0, "df"), each = length(x$exposure))
  data.frame(
    term = rows$exposure, estimate = rows$b, std.error = rows$se, statistic = rows$b / rows$se,
    p.value = rows$pval, conf.low = rows$lo_ci, conf.high = rows$up_ci, df = unname(df),
    outcome = rows$outcome, method = rows$method, estimator = rows$estimator, scale = rows$scale
  )
}

#' @rdname latent_mvmr
#' @export
glance.latent_mvmr <- function(x, ...) {
  d <- x$diagnostics
  data.frame(
    nobs = x$nobs, environments = length(x$encoder$environments), nsnp = nrow(x$variants), mode = x$mode,
    headline = x$headline, exposures = length(x$exposure), statistic.weakinst = min(d$first_stage$conditional_f),
    p.value.weakinst = max(d$first_stage$conditional_p), cragg_donald = d$cragg_donald,
    statistic.overid = d$sargan$statistic, p.value.overid = d$sargan$pval
  )
}

#' @rdname latent_mvmr
#' @export
ar_set.latent_mvmr <- function(object, level = 0.95, ...) {
  check_number(level, "level", 0, 1, open = TRUE)
  multi_ar(object$latent$kclass, object$exposure, level)
}

#' @rdname latent_mvmr
#' @export
weakiv_test.latent_mvmr <- function(object, beta = 0, ...) {
  kclass_weakiv_test(object$latent$kclass, check_beta(beta, object$exposure))
}

#' @rdname latent_mvmr
#' @export
weakiv_set.latent_mvmr <- function(object, method = "AR", level = 0.95, ...) {
  check_choice(method, "method", c("CLR", "LM", "AR"))
  if (method != "AR") {
    abort_argument("method", sprintf("\"AR\" with %d exposures", length(object$exposure)), sprintf("\"%s\"", method))
  }
  data.frame(method = method, ar_set(object, level))
}

#' @rdname latent_mvmr
#' @export
flow.latent_mvmr <- function(x, ...) x$flow

#' @rdname latent_mvmr
#' @export
variants.latent_mvmr <- function(x, ...) x$variants

#' @rdname latent_mvmr
#' @export
print.latent_mvmr <- function(x, ...) {
  d <- x$diagnostics
  percent <- format(100 * x$level)
  cat(sprintf("Effects of %s on %s, given each other\n", paste(x$exposure, collapse = ", "), x$outcome))
  cat(sprintf(
    "%s people, %d environments, %d %s; %s\n", big(x$nobs), length(x$encoder$environments),
    nrow(x$variants), if (x$kind == "continuous") "instruments" else "variants", encoder_words(x$encoder)
  ))
  if (!is.null(x$flow)) cat(format_flow(x$flow), sep = "\n")
  cat(sprintf("Partialled out: %s%s\n\n", block_words(x), if (x$crossfit) sprintf("; the encoder cross-fitted over %d folds", x$crossfit) else ""))
  head <- x$estimates[[x$headline]]
  for (j in seq_along(x$exposure)) {
    cat(sprintf(
      "%s, %s: %s, %s %% interval %s to %s, %s\n", short_name(x$headline), x$exposure[j], format_b(head$b[j]), percent,
      format_b(head$lo[j]), format_b(head$up[j]), p_is(head$pval[j])
    ))
  }
  cat("\n")
  print_table(as.data.frame(x), percent, exposures = TRUE)
  cat("\nStrength of each exposure's instruments given the others (conditional F), Anderson-Rubin sets by projection\n")
  sets <- vapply(x$exposure, function(e) ar_words(d$ar[d$ar$term == e, ]), "")
  print(data.frame(
    exposure = x$exposure, F = round(d$first_stage$partial_f, 1), conditional_F = round(d$first_stage$conditional_f, 1),
    set = unname(sets)
  ), row.names = FALSE, right = FALSE)
  cat(sprintf("\nSargan J = %.1f on %d df, %s%s\n", d$sargan$statistic, as.integer(d$sargan$df), p_is(d$sargan$pval),
    if (!is.na(d$hansen$pval)) sprintf("; robust (Hansen) %s", p_is(d$hansen$pval)) else ""))
  if (!is.null(d$q)) {
    cat(sprintf("Cochran Q over environments (%s): %s\n", short_name(x$headline), paste(sprintf(
      "%s %.1f on %d df, %s", d$q$exposure, d$q$Q, as.integer(d$q$Q_df), vapply(d$q$Q_pval, p_is, "")
    ), collapse = "; ")))
  }
  notes <- unlist(lapply(x$estimates, `[[`, "note"))
  for (id in names(notes)) cat(strwrap(sprintf("%s: no estimate, %s.", short_name(id), notes[[id]]), 96, exdent = 2), sep = "\n")
  if (length(x$warnings)) {
    cat("\nWarnings\n")
    for (text in x$warnings) cat(strwrap(text, 96, initial = "  ! ", prefix = "    "), sep = "\n")
  }
  invisible(x)
}

#' @rdname latent_mvmr
#' @export
summary.latent_mvmr <- function(object, ...) {
  out <- list(
    fit = object, estimates = as.data.frame(object, environments = !is.null(object$by_environment)),
    first_stage = object$diagnostics$first_stage, sargan = object$diagnostics$sargan, hansen = object$diagnostics$hansen,
    heterogeneity = object$diagnostics$q
  )
  structure(out, class = "summary.latent_mvmr")
}

#' @export
print.summary.latent_mvmr <- function(x, ...) {
  print(x$fit)
  cat("\nFirst stages\n")
  print(x$first_stage, digits = 4, row.names = FALSE)
  headline <- x$estimates[x$estimates$estimator == x$fit$headline & x$estimates$environment != "pooled", ]
  if (nrow(headline)) {
    cat("\nEnvironments\n")
    print(headline[c("exposure", "environment", "b", "se", "lo_ci", "up_ci", "fstat")], digits = 4, row.names = FALSE)
  }
  invisible(x)
}
