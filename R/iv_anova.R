# Comparison of nested fits.

#' @rdname iv_methods
#' @importFrom stats anova
#' @export
anova.iv_reg <- function(object, object2, test = "F", vcov = NULL, cluster = NULL, vcov. = NULL, ...) {
  if (!is.function(one_spelling(vcov, vcov.))) check_dots(...)
  check_made(object)
  check_choice(test, "test", c("F", "Chisq"))
  if (missing(object2) || !inherits(object2, "iv_reg")) {
    abort_argument(
      "object2", "a second fit, nested with the first", if (missing(object2)) "left out" else describe(object2)
    )
  }
  check_made(object2)
  small <- if (object$rank <= object2$rank) object else object2
  large <- if (object$rank <= object2$rank) object2 else object
  extra <- setdiff(names(coef(large, complete = FALSE)), names(coef(small, complete = FALSE)))
  nested <- all(names(coef(small, complete = FALSE)) %in% names(coef(large, complete = FALSE)))
  if (!nested || !length(extra) || small$nobs != large$nobs) {
    abort_argument("object2", "nested with `object`, on the same rows", "another model")
  }
  chosen <- chosen_vcov(large, vcov, cluster, vcov., ...)
  q <- length(extra)
  stat <- quadratic(chosen$v[extra, extra, drop = FALSE], large$coefficients[extra])
  sign <- if (identical(small, object)) 1 else -1
  p <- if (test == "F") pf(stat / q, q, chosen$df, lower.tail = FALSE) else pchisq(stat, q, lower.tail = FALSE)
  out <- data.frame(Res.Df = c(object$df.residual, object2$df.residual))
  plain <- chosen$type == "iid"
  if (plain) out$RSS <- c(object$rss, object2$rss)
  out$Df <- c(NA, sign * q)
  if (plain) out[["Sum of Sq"]] <- c(NA, object$rss - object2$rss)
  out[[test]] <- c(NA, if (test == "F") stat / q else stat)
  out[[if (test == "F") "Pr(>F)" else "Pr(>Chisq)"]] <- c(NA, p)
  models <- vapply(list(object, object2), function(o) if (is.null(o$formula)) "iv_fit()" else deparse1(o$formula), "")
  structure(out, heading = c(
    if (plain) "Analysis of Variance Table\n" else "Wald test\n",
    paste0("Model ", 1:2, ": ", models, collapse = "\n")
  ), class = c("anova", "data.frame"))
}
