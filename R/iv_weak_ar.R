#' Anderson-Rubin confidence set
#'
#' All effects `b` of the endogenous variable that the Anderson-Rubin test
#' does not reject: `(y - bx)'P(y - bx) / L <= F (y - bx)'M_ZW(y - bx) / (n - K - L)`.
#' Its coverage does not depend on the strength of the instruments. It need not be
#' an interval. Several endogenous variables: the projection on each, see [weakiv_set()].
#'
#' @param fit A fit: [iv_reg()], or a fit of another function that has a method.
#' @param level Confidence level.
#' @param vcov,cluster As in [weakiv_set()]; `"iid"`, equal error variances, is the default here.
#' @param ... For methods.
#' @return Data frame with one row per piece and columns `ci_type`, `lo`, `up`, `level`; with several endogenous
#'   variables `term` first. `ci_type`: `"interval"`; `"rays"` (everything outside an interval, two rows); `"line"`
#'   (all effects: the instruments say nothing); `"empty"` (one row, limits `NA`: every effect is rejected, i.e. the
#'   overidentifying restrictions are).
#' @section Missing values: limits are `NA` only in an empty set.
#' @section Errors: `latentmr_error_argument` for a fit without instruments.
#' @references Anderson and Rubin (1949), Annals of Mathematical Statistics 20:46.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' ar_set(fit)
#' @export
ar_set <- function(fit, level = 0.95, ...) {
  check_given("fit")
  UseMethod("ar_set")
}

#' @export
ar_set.default <- function(fit, ...) abort_argument("fit", "a fit of iv_reg(), iv_fit() or latent_mr()", describe(fit))

#' @rdname ar_set
#' @export
ar_set.iv_reg <- function(fit, level = 0.95, vcov = "iid", cluster = NULL, ...) {
  check_dots(...)
  check_made(fit)
  check_number(level, "level", 0, 1, open = TRUE)
  several <- fit_moments(fit)$k > 1
  if (!is.null(cluster) && missing(vcov)) vcov <- NULL
  set <- weakiv_set(fit, "AR", level, vcov, cluster)
  explained_set(set[c(if (several) "term", "ci_type", "lo", "up", "level")])
}

# Sets that are no intervals say what that means.
explained_set <- function(set) {
  words <- c(
    empty = "Empty: no effect fits all instruments, they disagree. That is no precision: weakiv_set() has the conditional likelihood ratio set, which is never empty.",
    line = "The whole line: every effect fits, the instruments are too weak to exclude any.",
    rays = "Two rays: everything but the gap between them fits, the instruments are weak."
  )
  note <- unname(words[intersect(names(words), set$ci_type)])
  if (length(note)) folded_table(set, note = note) else set
}
