# The methods of an IV fit, as ivreg has them.

#' Methods of IV fits
#'
#' @param object,x,model,object2 An `iv_reg` object.
#' @param component Which part: `"stage2"` (the structural equation) or `"stage1"` (first
#'   stages) for `coef` and `vcov`; `"regressors"`, `"projected"` or
#'   `"instruments"` for `model.matrix`; see [terms()] and [formula()].
#' @param complete Whether coefficients that are not identified stay as `NA`.
#' @param type Covariance to use instead of the one of the fit (`vcov`), or a one-sided formula of
#'   clusters; kind of prediction (`"response"` only), of leverage (`"stage2"`: `h_i` in [iv_fit()]), or of residual: as in ivreg `"projected"` (a matrix) is the regressors
#'   less their projections, `"regressors"` the outcome less its fit by the projected regressors.
#' @param cluster Clusters, as in [iv_reg()]; given alone it means `"cluster"`. A formula is
#'   evaluated in the data of the fit, which must not have changed since; a vector has a value for each row
#'   of the data or of the fit.
#' @param parm,level Coefficients and level of `confint`.
#' @param newdata,na.action,se.fit,interval As in [predict.lm()]; with `se.fit` the result is a matrix with the columns
#'   `fit` and `se.fit` (and `lwr`, `upr`), as ivreg's.
#' @param df Degrees of freedom instead of those of the covariance (`predict`: instead of the
#'   normal distribution).
#' @param vcov,vcov. Covariance, two spellings: `NULL` is that of the fit, else a type, a one-sided formula of
#'   clusters, a matrix or a function of the fit.
#' @param use.fallback No effect: the number is always known (what [step()] asks with).
#' @param formula. Changes to the formula, see [update.formula()].
#' @param evaluate Whether the new call is evaluated.
#' @param test `"F"` or `"Chisq"`.
#' @param digits,signif.stars Digits and stars shown, as in [stats::printCoefmat()].
#' @param ... For the function `vcov`; else an error: no argument is ignored.
#' @return What the generic says. `vcov` of a type runs one pass over the data.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' vcov(fit, type = "HC1")
#' confint(fit)
#' predict(fit, newdata = data.frame(hp = 100, wt = 3), interval = "confidence")
#' anova(iv_reg(mpg ~ 1 | wt | disp + cyl, data = mtcars), fit)
#' @name iv_methods
NULL

#' @rdname iv_methods
#' @importFrom stats coef
#' @export
coef.iv_reg <- function(object, component = "stage2", complete = TRUE, ...) {
  check_dots(...)
  check_list(object)
  check_choice(component, "component", c("stage2", "stage1"))
  if (component == "stage1") check_made(object)
  out <- if (component == "stage2") object$coefficients else stage1_coef(object)
  if (complete) out else out[!is.na(out)]
}

# Columns of the first stage: those of the instruments' formula, else (w, z).
stage1_order <- function(object) {
  f <- object$engine$f
  if (f$k == 0 || f$L == 0) abort("This fit has no first stage.", "latentmr_error_argument", argument = "component")
  names <- c(f$rows$names$w, f$rows$names$z)
  kept <- c(f$rows$keep_w, NCOL0(f$rows$w) + f$rows$keep_z)
  turn <- match(object$stage1_names, names)
  if (!length(turn) || anyNA(turn) || length(turn) != length(names)) turn <- seq_along(names)
  list(names = names, kept = kept, turn = turn, wz = c(f$W, f$Z))
}

# Coefficients of the first stages, "x:w" names when there are several.
stage1_coef <- function(object) {
  o <- stage1_order(object)
  f <- object$engine$f
  b <- backsolve(f$r[o$wz, o$wz, drop = FALSE], f$r[o$wz, f$X, drop = FALSE])
  full <- matrix(NA_real_, length(o$names), f$k, dimnames = list(o$names, f$rows$names$x[f$rows$keep_x]))
  full[o$kept, ] <- b
  full <- full[o$turn, , drop = FALSE]
  if (f$k == 1) return(full[, 1])
  setNames(as.vector(full), as.vector(outer(rownames(full), colnames(full), function(r, c) paste(c, r, sep = ":"))))
}

check_stage1_vcov <- function(vcov, cluster) {
  if (is.null(cluster) && (is.null(vcov) || identical(vcov, "iid"))) return(invisible())
  abort_argument(
    if (is.null(cluster)) "type" else "cluster",
    "left out for component \"stage1\", whose covariance is the classical one",
    describe(if (is.null(cluster)) vcov else cluster),
    hint = "first_stage() has robust tests of the first stages."
  )
}

stage1_vcov <- function(object) {
  o <- stage1_order(object)
  f <- object$engine$f
  inverse <- matrix(NA_real_, length(o$names), length(o$names))
  inverse[o$kept, o$kept] <- chol2inv(f$r[o$wz, o$wz, drop = FALSE])
  inverse <- inverse[o$turn, o$turn]
  kept <- !is.na(diag(inverse))
  s2 <- crossprod(f$r[f$X, f$X, drop = FALSE]) / (f$n - f$K - f$L)
  names <- names(stage1_coef(object))[rep(kept, f$k)]
  structure(kronecker(s2, inverse[kept, kept, drop = FALSE]), dimnames = list(names, names))
}

#' @rdname iv_methods
#' @importFrom stats vcov
#' @export
vcov.iv_reg <- function(object, type = NULL, component = "stage2", complete = TRUE, cluster = NULL, ...) {
  check_dots(...)
  check_list(object)
  check_choice(component, "component", c("stage2", "stage1"))
  check_flag(complete, "complete")
  if (component == "stage1" || !is.null(type) || !is.null(cluster)) check_made(object)
  v <- if (component == "stage1") {
    check_stage1_vcov(type, cluster)
    stage1_vcov(object)
  } else if (is.null(type) && is.null(cluster)) {
    object$vcov
  } else {
    iv_with_vcov(object, type, cluster)$vcov
  }
  aliased <- is.na(coef(object, component = component))
  stats::.vcov.aliased(aliased, v, complete = complete)
}

#' @rdname iv_methods
#' @importFrom stats residuals naresid
#' @export
residuals.iv_reg <- function(object, type = "response", ...) {
  check_dots(...)
  check_list(object)
  check_choice(type, "type", c("response", "pearson", "deviance", "working", "projected", "regressors"))
  if (type == "projected") return(naresid(object$na.action, projection_residuals(object)))
  e <- object$residuals
  if (type == "regressors") e <- e + drop(projection_residuals(object) %*% stats::na.omit(object$coefficients))
  if (type %in% c("pearson", "deviance") && !is.null(object$weights)) e <- sqrt(object$weights) * e
  naresid(object$na.action, e)
}

# Regressors less their projections, columns in the order of the coefficients.
projection_residuals <- function(object) {
  check_made(object)
  names <- names(object$coefficients)[!is.na(object$coefficients)]
  model.matrix(object)[, names, drop = FALSE] - model.matrix(object, "projected")[, names, drop = FALSE]
}

#' @rdname iv_methods
#' @importFrom stats fitted
#' @export
fitted.iv_reg <- function(object, ...) {
  check_dots(...)
  check_made(object)
  fit <- object$engine$f$rows$y - object$residuals
  if (!is.null(object$offset)) fit <- fit + object$offset
  naresid(object$na.action, fit)
}

#' @rdname iv_methods
#' @importFrom stats nobs
#' @export
nobs.iv_reg <- function(object, use.fallback = FALSE, ...) {
  check_dots(...)
  check_list(object)
  object$nobs
}

#' @rdname iv_methods
#' @importFrom stats df.residual
#' @export
df.residual.iv_reg <- function(object, ...) {
  check_dots(...)
  check_list(object)
  object$df.residual
}

#' @rdname iv_methods
#' @importFrom stats weights
#' @export
weights.iv_reg <- function(object, ...) {
  check_dots(...)
  check_list(object)
  naresid(object$na.action, object$weights)
}

#' @rdname iv_methods
#' @importFrom stats deviance
#' @export
deviance.iv_reg <- function(object, ...) {
  check_dots(...)
  check_made(object)
  object$rss
}

#' @rdname iv_methods
#' @importFrom stats sigma
#' @export
sigma.iv_reg <- function(object, ...) {
  check_dots(...)
  check_made(object)
  object$sigma
}

#' @rdname iv_methods
#' @importFrom stats terms
#' @export
terms.iv_reg <- function(x, component = "regressors", ...) {
  check_dots(...)
  check_choice(component, "component", c("regressors", "instruments", "full"))
  need_formula(x)
  x$terms[[component]]
}

#' @rdname iv_methods
#' @importFrom stats formula
#' @export
formula.iv_reg <- function(x, component = "complete", ...) {
  check_dots(...)
  check_choice(component, "component", c("complete", "regressors", "instruments"))
  need_formula(x)
  if (component == "complete") return(x$formula)
  if (is.null(x$terms[[component]])) NULL else formula(x$terms[[component]])
}

#' @rdname iv_methods
#' @importFrom stats update
#' @export
update.iv_reg <- function(object, formula., ..., evaluate = TRUE) {
  need_formula(object)
  call <- object$call
  extras <- match.call(expand.dots = FALSE)$...
  if (!missing(formula.)) {
    if (!inherits(formula., "formula")) abort_argument("formula.", "a formula such as . ~ . + age", describe(formula.))
    call$formula <- formula(update(Formula::Formula(written_formula(object, parent.frame())), formula.))
  }
  for (name in names(extras)) call[[name]] <- extras[[name]]
  if (evaluate) eval(call, parent.frame()) else call
}

# The parts that the user wrote: y ~ w | x | z has become y ~ x + w | z + w in the fit, where leaving w out of the
# regressors would make it an instrument.
written_formula <- function(object, envir) {
  kept <- formula(object)
  written <- object$call$formula
  if (is.name(written)) {
    written <- get0(as.character(written), environment(kept), ifnotfound = get0(as.character(written), envir))
  }
  if (is.call(written) && identical(written[[1]], as.name("~"))) {
    written <- stats::as.formula(written, environment(kept))
  }
  if (!inherits(written, "formula") || "." %in% all.vars(written)) return(kept)
  same <- tryCatch(identical(formula(iv_formula(written)), kept), latentmr_error = function(e) FALSE)
  if (same) written else kept
}

need_formula <- function(object, hint = "Fit it with iv_reg().") {
  check_list(object)
  if (is.null(object$terms)) {
    abort("This fit was made by iv_fit() and has no formula.", "latentmr_error_argument", hint = hint)
  }
  if (inherits(object$formula, "formula")) return(invisible())
  field_fault(class(object)[1], "object")("$formula", "a formula", describe(object$formula))
}

#' @rdname iv_methods
#' @importFrom stats model.matrix
#' @export
model.matrix.iv_reg <- function(object, component = "regressors", ...) {
  check_dots(...)
  check_made(object)
  check_choice(component, "component", c("regressors", "projected", "instruments"))
  rows <- object$engine$f$rows
  names <- names(object$coefficients)
  if (component == "instruments") {
    if (!is.null(object$terms$instruments)) {
      return(model.matrix(object$terms$instruments, object$model, contrasts.arg = object$contrasts$instruments))
    }
    out <- cbind(design_matrix(rows$z), design_matrix(rows$w))
    colnames(out) <- c(rows$names$z, rows$names$w)
    return(out)
  }
  if (component == "regressors" && !is.null(object$terms)) {
    return(model.matrix(object$terms$regressors, object$model, contrasts.arg = object$contrasts$regressors))
  }
  if (component == "projected" && object$estimator == "gmm") {
    out <- gmm_projected(object)
    rownames(out) <- names(object$residuals)
    return(out[, names[names %in% colnames(out)], drop = FALSE])
  }
  x <- if (component == "projected") iv_projected(object) else design_matrix(rows$x)
  out <- cbind(x, design_matrix(rows$w))
  dimnames(out) <- list(names(object$residuals), c(rows$names$x, rows$names$w))
  out[, names, drop = FALSE]
}

# The projected regressors X~ behind estfun: (1 - kappa) X + kappa X^, X^ the
# fitted values of the first stage (UJIVE: on its own instrument and w).
iv_projected <- function(object) {
  f <- object$engine$f2
  rows <- f$rows
  shift <- object$engine$est$shift
  if (f$L == 0 || f$k == 0) return(design_matrix(rows$x))
  wz <- c(f$W, f$Z)
  b <- backsolve(f$r[wz, wz, drop = FALSE], f$r[wz, f$X, drop = FALSE])
  hat <- design_matrix(rows$z)[, rows$keep_z, drop = FALSE] %*% b[f$K + seq_len(f$L), , drop = FALSE]
  if (f$K > 0) hat <- hat + design_matrix(rows$w)[, rows$keep_w, drop = FALSE] %*% b[seq_len(f$K), , drop = FALSE]
  if (shift == 0) hat else shift * design_matrix(rows$x) + (1 - shift) * hat
}
