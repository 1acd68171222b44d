# Confidence intervals of the coefficients.

#' @rdname iv_methods
#' @importFrom stats confint
#' @export
confint.iv_reg <- function(object, parm, level = 0.95, vcov = NULL, cluster = NULL, component = "stage2",
                           complete = TRUE, df = NULL, vcov. = NULL, ...) {
  if (!is.function(one_spelling(vcov, vcov.))) check_dots(...)
  check_made(object)
  check_number(level, "level", 0, 1, open = TRUE)
  check_choice(component, "component", c("stage2", "stage1"))
  check_flag(complete, "complete")
  est <- coef(object, component = component, complete = complete)
  chosen <- if (component == "stage1") {
    check_stage1_vcov(one_spelling(vcov, vcov.), cluster)
    list(
      v = stage1_vcov(object),
      df_each = if (is.null(df)) object$engine$f$n - object$engine$f$K - object$engine$f$L else df
    )
  } else {
    chosen_vcov(object, vcov, cluster, vcov., df, ...)
  }
  se <- setNames(rep(NA_real_, length(est)), names(est))
  shown <- intersect(rownames(chosen$v), names(est))
  se[shown] <- sqrt(diag(chosen$v))[shown]
  each <- degrees_of(chosen$df_each, names(est))
  a <- c((1 - level) / 2, 1 - (1 - level) / 2)
  ci <- cbind(est + stats::qt(a[1], each) * se, est + stats::qt(a[2], each) * se)
  dimnames(ci) <- list(names(est), paste(format(100 * a, trim = TRUE, scientific = FALSE, digits = 3), "%"))
  if (missing(parm)) return(ci)
  ci[check_parm(parm, names(est)), , drop = FALSE]
}

# One number for all coefficients, or that of each (NA where it has none).
degrees_of <- function(df, names) if (is.null(names(df))) rep(df, length(names)) else unname(df[names])
