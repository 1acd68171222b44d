# A fit again with other arguments, and what was fitted as a formula.

#' @rdname latent_mr
#' @details `update(fit, ...)` makes the fit again with other arguments of `latent_mr()` (`data =
#' ` included; an argument `NULL`
#'   goes back to its default), `evaluate = FALSE` gives the call. `formula(fit)` says what was fitted: outcome ~
#'   what was adjusted for (the latent directions or components, counted, too) | exposure | instruments.
#' @param evaluate `FALSE` gives the call of `update()` instead of the fit.
#' @importFrom stats update
#' @export
update.latent_mr <- function(object, ..., evaluate = TRUE) {
  check_flag(evaluate, "evaluate")
  extras <- as.list(substitute(list(...)))[-1]
  known <- names(formals(latent_mr))
  given <- names(extras)
  if (is.null(given)) given <- rep("", length(extras))
  wrong <- given[!given %in% known]
  if (length(wrong)) {
    abort(
      sprintf(
        "Unknown argument%s: %s.", if (length(wrong) > 1) "s" else "",
        quote_all(ifelse(nzchar(wrong), wrong, "(unnamed)"))
      ),
      "latentmr_error_argument", argument = wrong[1], hint = sprintf("The arguments are %s.", quote_all(known, Inf))
    )
  }
  check_list(object)
  call <- object$call
  if (!is.call(call)) {
    abort_argument("object", "a fit that kept its call", "one without it", "Fit again with latent_mr().")
  }
  for (name in given) call[[name]] <- extras[[name]]
  if (!evaluate) return(call)
  frame <- parent.frame()
  if (is.name(call$data)) {
    name <- as.character(call$data)
    found <- get0(name, frame)
    # R's own data() stands in for data that are not here.
    if (is.null(found) || is.function(found)) {
      abort_argument(
        "data", sprintf("the data of the fit, `%s` of its call", name), "absent here",
        "Give them: update(fit, data = )."
      )
    }
  }
  eval(call, frame)
}

#' @rdname latent_mr
#' @importFrom stats formula
#' @export
formula.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  sum_of <- function(names) Reduce(function(a, b) call("+", a, b), lapply(names, as.name))
  directions <- if (x$mode == "background") x$encoder$components else ncol(x$encoder$variant)
  removed <- any(method_rows(x$methods$id)$partialled == "latent")
  what <- if (x$mode == "background") "component" else "latent direction"
  latent <- if (removed && isTRUE(directions > 0)) plural(directions, what)
  adjusted <- sum_of(c("environment", x$columns$structure, latent, x$columns$covariates))
  instruments <- as.name(plural(nrow(x$variants), if (x$kind == "continuous") "instrument" else "variant"))
  right <- call("|", call("|", adjusted, sum_of(x$exposure)), instruments)
  stats::as.formula(call("~", as.name(x$outcome), right), env = baseenv())
}
