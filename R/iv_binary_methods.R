# Methods of iv_binary objects.

#' @rdname iv_binary
#' @export
coef.iv_binary <- function(object, ...) {
  check_dots(...)
  check_made(object)
  object$coefficients
}

#' @rdname iv_binary
#' @export
vcov.iv_binary <- function(object, ...) {
  check_dots(...)
  check_made(object)
  object$vcov
}

#' @rdname iv_binary
#' @export
nobs.iv_binary <- function(object, ...) {
  check_dots(...)
  check_list(object)
  object$nobs
}

#' @rdname iv_binary
#' @export
formula.iv_binary <- function(x, ...) {
  check_dots(...)
  check_list(x)
  x$formula
}

#' @rdname iv_binary
#' @export
confint.iv_binary <- function(object, parm, level = 0.95, ...) {
  check_dots(...)
  check_made(object)
  check_number(level, "level", 0, 1, open = TRUE)
  b <- object$coefficients
  se <- setNames(rep(NA_real_, length(b)), names(b))
  se[rownames(object$vcov)] <- sqrt(diag(object$vcov))
  tail <- (1 - level) / 2
  half <- stats::qt(1 - tail, object$df) * se
  out <- cbind(b - half, b + half)
  dimnames(out) <- list(names(b), paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3), "%"))
  if (!missing(parm)) out <- out[check_parm(parm, names(b)), , drop = FALSE]
  out
}

#' @rdname iv_binary
#' @export
tidy.iv_binary <- function(x, conf.int = TRUE, conf.level = 0.95, exponentiate = FALSE, ...) {
  check_dots(...)
  check_made(x)
  check_flag(conf.int, "conf.int")
  check_flag(exponentiate, "exponentiate")
  if (exponentiate && x$scale == "risk difference") {
    abort_argument(
      "exponentiate", "FALSE on the scale of a risk difference", "TRUE",
      hint = "exp() makes a ratio of a log risk ratio or log odds ratio only."
    )
  }
  b <- x$coefficients
  se <- setNames(rep(NA_real_, length(b)), names(b))
  se[rownames(x$vcov)] <- sqrt(diag(x$vcov))
  out <- data.frame(
    term = names(b), estimate = unname(b), std.error = unname(se), statistic = unname(b / se),
    p.value = unname(2 * stats::pt(-abs(b / se), x$df)), row.names = NULL
  )
  if (conf.int) {
    ci <- confint(x, level = conf.level)
    out$conf.low <- unname(ci[, 1])
    out$conf.high <- unname(ci[, 2])
  }
  if (exponentiate) {
    columns <- intersect(c("estimate", "conf.low", "conf.high"), names(out))
    out[columns] <- exp(out[columns])
  }
  out$df <- x$df
  out$outcome <- x$outcome
  out$scale <- x$scale
  out
}

#' @rdname iv_binary
#' @export
glance.iv_binary <- function(x, ...) {
  check_dots(...)
  check_made(x)
  first <- glance(x$linear)
  data.frame(
    nobs = x$nobs, cases = x$cases, estimator = x$estimator, link = if (is.null(x$link)) NA_character_ else x$link,
    scale = x$scale, se_type = x$vcov_type, statistic.weakinst = first$statistic.weakinst,
    p.value.weakinst = first$p.value.weakinst,
    statistic.overid = hansen_of(x)[["statistic"]], p.value.overid = hansen_of(x)[["p-value"]]
  )
}

hansen_of <- function(x) {
  if (is.null(x$hansen)) c(df1 = NA, df2 = NA, statistic = NA_real_, "p-value" = NA_real_) else x$hansen
}

#' @rdname iv_binary
#' @export
as.data.frame.iv_binary <- function(x, row.names = NULL, optional = FALSE, stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_made(x)
  effects <- tidy(x)
  effects <- effects[effects$term %in% x$endogenous, ]
  out <- data.frame(
    id.exposure = effects$term, id.outcome = x$outcome, outcome = x$outcome, exposure = effects$term,
    method = binary_name(x$estimator, x$link), nsnp = as.double(x$linear$engine$f$L), b = effects$estimate,
    se = effects$std.error, pval = effects$p.value, lo_ci = effects$conf.low, up_ci = effects$conf.high
  )
  out <- cbind(out, ratio_columns(out$b, out$lo_ci, out$up_ci, rep(x$scale, nrow(out)), c("or", "rr")))
  none <- x$estimator == "glm"
  out <- cbind(out, data.frame(
    nobs = as.double(x$nobs), estimator = x$estimator, vcov = x$vcov_type,
    fstat = if (none) {
      NA_real_
    } else {
      unname(x$linear$strength$partial_f)[match(effects$term, names(x$linear$strength$partial_f))]
    },
    fstat_type = if (none) NA_character_ else "partial", scale = x$scale, units = x$units, row.names = NULL
  ))
  asked_frame(out, row.names, stringsAsFactors)
}

ratio_kinds <- c(or = "log odds ratio", rr = "log risk ratio", hr = "log hazard ratio")

# The kinds of ratio among these scales.
kinds_of <- function(scale) names(ratio_kinds)[ratio_kinds %in% scale]

# exp() of an effect and its 95 % limits, each ratio under its own name: or, or_lci95, or_uci95, rr, ...
ratio_columns <- function(b, lo, up, scale, kinds = kinds_of(scale)) {
  each <- lapply(kinds, function(kind) {
    own <- scale == ratio_kinds[[kind]]
    out <- lapply(list(b, lo, up), function(v) ifelse(own, exp(v), NA_real_))
    setNames(out, paste0(kind, c("", "_lci95", "_uci95")))
  })
  as.data.frame(do.call(c, each))
}

binary_name <- function(estimator, link) {
  if (estimator == "2sls") return("2SLS (risk difference)")
  if (estimator == "msmm") return("Multiplicative structural mean model")
  way <- c(
    tsps = "Two-stage predictor substitution", tsri = "Two-stage residual inclusion",
    glm = "Regression without instruments"
  )[[estimator]]
  sprintf("%s (%s)", way, link)
}

#' @rdname iv_binary
#' @export
print.iv_binary <- function(x, digits = max(3, getOption("digits") - 3), ...) {
  check_dots(...)
  check_made(x)
  cat("\nCall:\n", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(sprintf("%s: coefficients on the scale of a %s\n", binary_name(x$estimator, x$link), x$scale))
  pointed(print.default(format(x$coefficients, digits = digits), print.gap = 2, quote = FALSE))
  cat("\n")
  invisible(x)
}

#' @rdname iv_binary
#' @export
summary.iv_binary <- function(object, ...) {
  check_dots(...)
  check_made(object)
  rows <- tidy(object)
  table <- as.matrix(rows[c("estimate", "std.error", "statistic", "p.value")])
  letter <- if (is.finite(object$df)) "t" else "z"
  dimnames(table) <- list(rows$term, c("Estimate", "Std. Error", paste(letter, "value"), sprintf("Pr(>|%s|)", letter)))
  weak <- object$linear$diagnostics
  weak <- weak[startsWith(rownames(weak), "Weak"), , drop = FALSE]
  structure(class = "summary.iv_binary", list(
    fit = object, coefficients = table,
    diagnostics = if (is.null(object$hansen)) weak else rbind(weak, "Hansen J" = object$hansen)
  ))
}

#' @export
print.summary.iv_binary <- function(x, digits = max(3, getOption("digits") - 3),
                                    signif.stars = getOption("show.signif.stars"), ...) {
  check_dots(...)
  check_printed(x, "summary.iv_binary")
  fit <- x$fit
  cat("\nCall:\n", paste(deparse(fit$call), collapse = "\n"), "\n\n", sep = "")
  cat(sprintf(
    "%s\n%s people, %s cases%s\n", binary_name(fit$estimator, fit$link), big(fit$nobs), big(fit$cases),
    if (is.null(fit$linear$weights)) "" else ", weighted"
  ))
  errors <- if (fit$vcov_type == "cluster") sprintf("cluster, %d clusters", fit$cluster$count) else fit$vcov_type
  cat(
    sprintf(
      "Scale: %s; standard errors: %s%s\n\n", fit$scale, errors,
      if (fit$estimator %in% c("tsps", "tsri")) ", both stages" else ""
    )
  )
  pointed(stats::printCoefmat(x$coefficients, digits = digits, signif.stars = signif.stars, na.print = "NA"))
  if (fit$scale != "risk difference") {
    rows <- as.data.frame(fit)
    cat(sprintf("\n%s with 95 %% interval\n", if (fit$scale == "log odds ratio") "Odds ratio" else "Risk ratio"))
    pointed(
      print(
        data.frame(exposure = rows$exposure, ratio = exp(rows$b), lower = exp(rows$lo_ci), upper = exp(rows$up_ci)),
        digits = digits, row.names = FALSE
      )
    )
  }
  if (length(fit$control)) cat("\nCoefficient of the first-stage residual:", format(fit$control, digits = digits), "\n")
  if (fit$estimator != "glm") {
    cat("\nDiagnostic tests:\n")
    pointed(
      stats::printCoefmat(
        x$diagnostics, cs.ind = 1:2, tst.ind = 3, has.Pvalue = TRUE, P.values = TRUE, digits = digits,
        signif.stars = signif.stars, na.print = "NA"
      )
    )
  }
  if (length(fit$na.action)) cat("  ", deleted_words(fit$na.action), "\n", sep = "")
  invisible(x)
}
