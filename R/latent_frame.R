# The result as data frames: TwoSampleMR's nine columns first.

#' @rdname latent_mr
#' @param x,object A `latent_mr` object.
#' @param row.names,stringsAsFactors As in [as.data.frame()].
#' @param optional No effect: the columns have names.
#' @param ... Nothing: an argument without a use is an error.
#' @param environments `TRUE` adds the rows of every environment.
#' @export
as.data.frame.latent_mr <- function(x, row.names = NULL, optional = FALSE, environments = FALSE,
                                    stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_made(x)
  check_flag(environments, "environments")
  if (environments && is.null(x$by_environment)) {
    abort_argument("environments", "FALSE for a fit made with by_environment = FALSE", "TRUE")
  }
  asked_frame(all_rows(x, environments), row.names, stringsAsFactors)
}

all_rows <- function(x, environments = !is.null(x$by_environment)) {
  pooled <- pooled_rows(x)
  if (!environments) return(pooled)
  more <- lapply(names(x$by_environment), function(e) {
    estimates <- x$by_environment[[e]]
    rows <- estimate_rows(x, estimates[intersect(c(x$methods$id, local_method(x)), names(estimates))], e)
    if (isTRUE(x$crossfit > 0)) rows$crossfit <- crossfit_column(x, rows)
    rows
  })
  out <- do.call(rbind, c(list(pooled), more))
  rownames(out) <- NULL
  out
}

# The estimates of everybody in the order of their rows: under every cross-fitted
# one the same estimator with the encoder of everybody (`naive`).
pooled_estimates <- function(x) {
  ids <- x$methods$id
  place <- c(seq_along(ids), match(names(x$naive), ids) + .5)
  list(
    estimates = c(x$estimates[ids], x$naive)[order(place)],
    naive = rep(c(FALSE, TRUE), c(length(ids), length(x$naive)))[order(place)]
  )
}

pooled_rows <- function(x) {
  all <- pooled_estimates(x)
  rows <- estimate_rows(x, all$estimates, "pooled")
  if (!isTRUE(x$crossfit > 0)) return(rows)
  naive <- rep(all$naive, each = length(x$exposure))
  rows$crossfit <- ifelse(naive, 0L, crossfit_column(x, rows))
  rows$method <- paste0(rows$method, ifelse(naive, ", not cross-fitted", ""))
  rows
}

crossfit_column <- function(x, rows) {
  ifelse(method_rows(rows$estimator)$partialled == "latent", x$crossfit, 0L)
}

# A row for each estimator and exposure.
estimate_rows <- function(fit, estimates, environment) {
  k <- length(fit$exposure)
  each <- function(name) {
    unlist(lapply(estimates, function(x) rep_len(if (is.null(x[[name]])) NA else x[[name]], k)), use.names = FALSE)
  }
  ids <- as.character(each("id"))
  exposure <- rep(fit$exposure, length(estimates))
  scale <- effect_scales(fit, ids)
  fstat <- as.double(each("fstat"))
  out <- data.frame(
    id.exposure = exposure, id.outcome = fit$outcome, outcome = fit$outcome, exposure = exposure,
    method = short_name(ids), nsnp = as.double(each("nsnp")), b = as.double(each("b")), se = as.double(each("se")),
    pval = as.double(each("pval")), lo_ci = as.double(each("lo")), up_ci = as.double(each("up")),
    df = as.double(each("df")), nobs = as.double(each("nobs")),
    environment = environment, estimator = ids, vcov = as.character(each("vcov")), fstat = fstat,
    fstat_type = ifelse(is.na(fstat), NA_character_, as.character(each("fstat_type"))), scale = scale,
    units = row_units(fit, scale, exposure), note = as.character(each("note")), stringsAsFactors = FALSE
  )
  kinds <- if (isTRUE(fit$binary)) c("or", "rr") else kinds_of(scale)
  if (!length(kinds)) return(out)
  half <- stats::qt(.975, out$df) * out$se
  cbind(out, ratio_columns(out$b, out$b - half, out$b + half, scale, kinds))
}

row_units <- function(fit, scale, exposure) {
  known <- if (is.null(fit$units)) rep(NA_character_, length(fit$exposure) + 1) else fit$units
  unit <- known[match(exposure, fit$exposure)]
  vapply(
    seq_along(scale), function(i) effect_units(scale[i], fit$outcome, exposure[i], c(unit[i], known[length(known)])), ""
  )
}

#' @importFrom generics tidy
#' @rdname latent_mr
#' @export
tidy.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  rows <- as.data.frame(x)
  data.frame(
    term = rows$exposure, estimate = rows$b, std.error = rows$se, statistic = rows$b / rows$se,
    p.value = rows$pval, conf.low = rows$lo_ci, conf.high = rows$up_ci,
    df = rows$df, outcome = rows$outcome, method = rows$method, estimator = rows$estimator, scale = rows$scale,
    units = rows$units
  )
}

#' @importFrom generics glance
#' @rdname latent_mr
#' @export
glance.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  d <- head_diagnostics(x)
  # Of several exposures the weakest, and the one whose effects differ most.
  q <- as.list(d$q)
  differ <- which.min(c(q$Q_pval, 2))
  if (differ > length(q$Q_pval)) differ <- 1
  data.frame(
    nobs = x$nobs, environments = length(x$encoder$environments), nsnp = nrow(x$variants),
    mode = x$mode, headline = x$headline, exposures = length(x$exposure),
    n_invariant = x$encoder$n_latent[["invariant"]],
    n_variant = x$encoder$n_latent[["variant"]],
    statistic.weakinst = min(d$f), p.value.weakinst = max(d$first_stage$conditional_p), fstat_effective = d$f_effective,
    cragg_donald = d$cragg_donald, statistic.overid = d$sargan$statistic, p.value.overid = d$sargan$pval,
    statistic.heterogeneity = q$Q[differ], p.value.heterogeneity = q$Q_pval[differ]
  )
}

#' @rdname ar_set
#' @export
ar_set.latent_mr <- function(fit, level = 0.95, ...) {
  check_dots(...)
  check_made(fit)
  check_number(level, "level", 0, 1, open = TRUE)
  learned <- head_learned(fit)
  if (!is.null(learned)) return(explained_set(learned_ar_set(learned, level)))
  explained_set(exposure_sets(head_kclass(fit), fit$exposure, level))
}

#' @rdname latent_mr
#' @export
flow.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  if (is.null(x$flow)) return(flow.default(NULL))
  folded_flow(x$flow)
}

#' @rdname latent_mr
#' @export
variants.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  out <- x$variants
  if (x$kind == "continuous") return(folded_table(out, columns = VARIANT_COLUMNS))
  out$block <- x$encoder$block
  out$score_weight <- x$score$direction
  d <- x$diagnostics$per_variant
  out <- cbind(out, count_statistic = d$statistic, count_df = d$df, count_p = d$pval, count_p_holm = d$p_holm)
  rank <- if (is.null(out$count_p)) seq_len(nrow(out)) else order(out$count_p)
  first <- if (is.null(out$count_p)) "" else "smallest p of the test of counts first"
  folded_table(out, rank, first, c(VARIANT_COLUMNS, "block", "count_p"))
}

#' @rdname latent_mr
#' @param parm Names of exposures, or their numbers.
#' @export
coef.latent_mr <- function(object, ...) {
  check_dots(...)
  check_made(object)
  b <- object$estimates[[object$leading]]$b
  setNames(if (is.null(object$withheld)) b else rep(NA_real_, length(b)), object$exposure)
}

#' @rdname latent_mr
#' @export
vcov.latent_mr <- function(object, ...) {
  check_dots(...)
  check_made(object)
  se <- object$estimates[[object$leading]]$se
  if (!is.null(object$withheld)) se[] <- NA_real_
  `dimnames<-`(diag(se^2, length(se)), list(object$exposure, object$exposure))
}

#' @rdname latent_mr
#' @export
confint.latent_mr <- function(object, parm = object$exposure, level = object$level, ...) {
  check_dots(...)
  check_made(object)
  if (!identical(level, object$level)) {
    abort_argument(
      "level", sprintf("%s, the level of the fit", format(object$level)), describe(level),
      "Fit again with latent_mr(level = )."
    )
  }
  head <- object$estimates[[object$leading]]
  out <- cbind(head$lo, head$up)
  if (!is.null(object$withheld)) out[] <- NA_real_
  dimnames(out) <- list(object$exposure, paste(format(100 * c((1 - level) / 2, (1 + level) / 2), trim = TRUE), "%"))
  out[check_parm(parm, object$exposure), , drop = FALSE]
}

#' @rdname latent_mr
#' @export
nobs.latent_mr <- function(object, ...) {
  check_dots(...)
  check_list(object)
  object$nobs
}
