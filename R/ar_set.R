#' Anderson-Rubin confidence set
#'
#' All effects `b` of the one endogenous variable that the Anderson-Rubin test
#' does not reject: `(y - bx)'P(y - bx) / L <= F (y - bx)'M_ZW(y - bx) / (n - K - L)`.
#' Its coverage does not depend on the strength of the instruments. It need not be
#' an interval.
#'
#' @param object A fit: [iv_reg()] with one endogenous variable, or a fit of
#'   another function that has a method.
#' @param level Confidence level.
#' @param ... For methods.
#' @return Data frame with one row per piece and columns `ci_type`, `lo`, `up`,
#'   `level`. `ci_type`: `"interval"`; `"rays"` (everything outside an interval,
#'   two rows); `"line"` (all effects: the instruments say nothing); `"empty"`
#'   (one row, limits `NA`: every effect is rejected, i.e. the overidentifying
#'   restrictions are).
#' @section Missing values: limits are `NA` only in an empty set.
#' @section Errors: `latentmr_error_argument` with several endogenous variables or
#'   without instruments.
#' @references Anderson and Rubin (1949), Annals of Mathematical Statistics 20:46.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' ar_set(fit)
#' @export
ar_set <- function(object, level = 0.95, ...) UseMethod("ar_set")

#' @rdname ar_set
#' @export
ar_set.iv_reg <- function(object, level = 0.95, ...) {
  check_number(level, "level", 0, 1, open = TRUE)
  f <- object$engine$f
  if (f$L == 0 || f$k == 0) abort_argument("object", "a fit with instruments", "one without")
  if (f$k > 1) {
    abort_argument("object", "a fit with one endogenous variable", sprintf("one with %d", f$k))
  }
  kclass_ar_set(factor_moments(f), level)
}
