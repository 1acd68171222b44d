# Methods of iv_hazard objects.

#' @export
print.iv_hazard <- function(x, digits = 4, ...) {
  check_dots(...)
  check_made(x)
  check_number(digits, "digits", 1, 15, whole = TRUE)
  number <- function(v) format(v, digits = digits)
  e <- x$estimates
  time <- if (is.null(x$time_unit)) "person-time" else paste0("person-", x$time_unit)
  cat(
    sprintf("<iv_hazard> effect of %s on the hazard of %s", x$exposure, x$outcome),
    sprintf("%s in %s (%s, %s %s)", plural(x$events, "event"), plural(x$nobs, "participant"), if (
      nrow(x$strata) == 1) "one baseline" else plural(nrow(x$strata), "baseline"), format_point(x$person_time), time),
    if (x$delayed) sprintf("%s came under observation after time 0", plural(x$delayed, "participant")),
    sprintf("%s; partial F %s of %s", x$units, number(x$fstat), plural(x$instruments, "instrument")),
    sep = "\n"
  )
  shown <- data.frame(
    estimate = e$b, se = e$se, lower = e$lo_ci, upper = e$up_ci, p = e$pval, row.names = hazard_estimators[e$estimator]
  )
  names(shown)[3:4] <- paste0(format(100 * x$level), "% ", c("from", "to"))
  print(shown, digits = digits)
  cat(if (is.null(x$clusters)) "Errors: robust" else sprintf("Errors: by %s clusters", big(x$clusters)), "\n", sep = "")
  invisible(x)
}

format_point <- function(x) format(signif(x, 6), big.mark = ",", scientific = FALSE, trim = TRUE, digits = 6)

#' @export
coef.iv_hazard <- function(object, ...) {
  check_dots(...)
  check_made(object)
  setNames(object$estimates$b, object$estimates$estimator)
}

# Variances: the estimators are not one model.
#' @export
vcov.iv_hazard <- function(object, ...) {
  check_dots(...)
  check_made(object)
  names <- object$estimates$estimator
  structure(diag(object$estimates$se^2), dimnames = list(names, names))
}

#' @export
nobs.iv_hazard <- function(object, ...) {
  check_dots(...)
  check_made(object)
  object$nobs
}

#' @export
confint.iv_hazard <- function(object, parm, level = object$level, ...) {
  check_dots(...)
  check_made(object)
  check_number(level, "level", 0.5, 1, open = TRUE)
  e <- object$estimates
  if (missing(parm)) parm <- e$estimator
  if (!is.character(parm) || !length(parm) || !all(parm %in% e$estimator)) {
    abort_argument("parm", sprintf("among %s", quote_all(e$estimator)), describe(parm))
  }
  reach <- stats::qt((1 + level) / 2, if (is.null(object$clusters)) Inf else object$clusters - 1)
  at <- match(parm, e$estimator)
  out <- cbind(e$b[at] - reach * e$se[at], e$b[at] + reach * e$se[at])
  dimnames(out) <- list(parm, paste(format(100 * c(1 - level, 1 + level) / 2, trim = TRUE), "%"))
  out
}

#' @export
as.data.frame.iv_hazard <- function(x, row.names = NULL, optional = FALSE, stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_made(x)
  check_flag(stringsAsFactors, "stringsAsFactors")
  e <- x$estimates
  out <- data.frame(
    id.exposure = x$exposure, id.outcome = x$outcome, outcome = x$outcome, exposure = x$exposure,
    method = unname(hazard_estimators[e$estimator]), nsnp = as.double(x$instruments), b = e$b, se = e$se, pval = e$pval,
    lo_ci = e$lo_ci, up_ci = e$up_ci, nobs = x$nobs, events = x$events, person_time = x$person_time,
    estimator = e$estimator, fstat = x$fstat, scale = x$scale, units = x$units, stringsAsFactors = stringsAsFactors
  )
  out$nsnp[out$estimator == "naive"] <- 0
  if (!is.null(row.names)) rownames(out) <- row.names
  out
}

#' @export
tidy.iv_hazard <- function(x, conf.int = TRUE, conf.level = 0.95, ...) {
  check_dots(...)
  check_made(x)
  check_flag(conf.int, "conf.int")
  check_number(conf.level, "conf.level", 0.5, 1, open = TRUE)
  e <- x$estimates
  out <- data.frame(
    term = x$exposure, estimator = e$estimator, estimate = e$b, std.error = e$se, statistic = e$b / e$se,
    p.value = e$pval
  )
  if (conf.int) {
    limits <- confint(x, level = conf.level)
    out$conf.low <- unname(limits[, 1])
    out$conf.high <- unname(limits[, 2])
  }
  out
}
