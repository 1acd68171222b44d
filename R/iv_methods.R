# The methods of an IV fit, as ivreg has them.

#' Methods of IV fits
#'
#' @param object,x,model,object2 An `iv_reg` object.
#' @param component Which part: `"stage2"` (the structural equation) or `"stage1"` (first
#'   stages) for `coef` and `vcov`; `"regressors"`, `"projected"` or
#'   `"instruments"` for `model.matrix`; see [terms()] and [formula()].
#' @param complete Whether coefficients that are not identified stay as `NA`.
#' @param type Covariance to use instead of the one of the fit (`vcov`); kind of
#'   residual or leverage.
#' @param cluster Cluster for `type = "cluster"`, where the fit has none.
#' @param parm,level Coefficients and level of `confint`.
#' @param newdata,na.action,se.fit,interval,df As in [predict.lm()]; intervals use
#'   the normal distribution unless `df` is given.
#' @param vcov Covariance: `NULL` is that of the fit, else a type, a matrix or a
#'   function of the fit.
#' @param formula. Changes to the formula, see [update.formula()].
#' @param evaluate Whether the new call is evaluated.
#' @param test `"F"` or `"Chisq"`.
#' @param digits Digits shown.
#' @param ... Passed on where a function is given for `vcov`; else not used.
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
  check_choice(component, "component", c("stage2", "stage1"))
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
  check_choice(component, "component", c("stage2", "stage1"))
  v <- if (component == "stage1") {
    stage1_vcov(object)
  } else if (is.null(type)) {
    object$vcov
  } else {
    iv_with_vcov(object, type, cluster)$vcov
  }
  aliased <- is.na(coef(object, component = component))
  stats::.vcov.aliased(aliased, v, complete = complete)
}

# The same fit with another covariance: one pass over the rows.
iv_with_vcov <- function(object, type, cluster = NULL) {
  if (!is.null(cluster)) cluster <- iv_cluster(omit_rows(cluster, object), object$n)
  if (is.null(cluster)) cluster <- object$cluster
  check_iv_vcov(type, object$estimator, cluster)
  if (identical(type, object$vcov_type) && identical(cluster, object$cluster)) return(object)
  infer <- iv_infer(object$engine, type, cluster)
  f <- object$engine$f2
  turn <- c(f$K + seq_len(f$k), seq_len(f$K))
  names <- c(f$rows$names$x[f$rows$keep_x], f$rows$names$w[f$rows$keep_w])
  v <- structure(infer$vcov[turn, turn, drop = FALSE], dimnames = list(names, names))
  kept <- names(object$coefficients)[!is.na(object$coefficients)]
  object$vcov <- v[kept, kept, drop = FALSE]
  object$vcov_type <- type
  object$cluster <- cluster
  object$diagnostics <- infer$diagnostics
  object$strength <- infer$strength
  object
}

# A cluster given for all rows of the data, cut to the rows of the fit.
omit_rows <- function(cluster, object) {
  gone <- object$na.action
  if (length(gone) && length(cluster) == object$n + length(gone)) cluster[-gone] else cluster
}

# Covariance and degrees of freedom that an interval or a test uses.
chosen_vcov <- function(object, vcov, ...) {
  if (is.null(vcov)) return(list(v = vcov(object, complete = FALSE), df = inference_df(object)))
  if (is.function(vcov)) return(list(v = vcov(object, ...), df = object$df.residual))
  if (is.matrix(vcov)) return(list(v = vcov, df = object$df.residual))
  other <- iv_with_vcov(object, vcov, ...)
  list(v = other$vcov, df = inference_df(other))
}

inference_df <- function(object) {
  clustered <- object$vcov_type == "cluster" || (object$vcov_type == "many" && length(object$cluster))
  if (clustered) object$cluster$count - 1 else object$df.residual
}

#' @rdname iv_methods
#' @importFrom stats confint
#' @export
confint.iv_reg <- function(object, parm, level = 0.95, vcov = NULL, ...) {
  check_number(level, "level", 0, 1, open = TRUE)
  est <- object$coefficients
  chosen <- chosen_vcov(object, vcov, ...)
  se <- setNames(rep(NA_real_, length(est)), names(est))
  se[rownames(chosen$v)] <- sqrt(diag(chosen$v))
  a <- c((1 - level) / 2, 1 - (1 - level) / 2)
  q <- stats::qt(a, chosen$df)
  ci <- cbind(est + q[1] * se, est + q[2] * se)
  colnames(ci) <- paste(format(100 * a, trim = TRUE, scientific = FALSE, digits = 3), "%")
  if (missing(parm)) return(ci)
  if (is.character(parm) && any(!(parm %in% names(est)))) {
    abort_argument("parm", paste("among", quote_all(names(est))), quote_all(setdiff(parm, names(est))))
  }
  ci[parm, , drop = FALSE]
}

#' @rdname iv_methods
#' @importFrom stats residuals naresid
#' @export
residuals.iv_reg <- function(object, type = "response", ...) {
  check_dots(...)
  check_choice(type, "type", c("response", "pearson", "deviance", "working"))
  e <- object$residuals
  if (type %in% c("pearson", "deviance") && !is.null(object$weights)) e <- sqrt(object$weights) * e
  naresid(object$na.action, e)
}

#' @rdname iv_methods
#' @importFrom stats fitted
#' @export
fitted.iv_reg <- function(object, ...) {
  check_dots(...)
  fit <- object$engine$f$rows$y - object$residuals
  if (!is.null(object$offset)) fit <- fit + object$offset
  naresid(object$na.action, fit)
}

#' @rdname iv_methods
#' @importFrom stats nobs
#' @export
nobs.iv_reg <- function(object, ...) {
  check_dots(...)
  object$nobs
}

#' @rdname iv_methods
#' @importFrom stats df.residual
#' @export
df.residual.iv_reg <- function(object, ...) {
  check_dots(...)
  object$df.residual
}

#' @rdname iv_methods
#' @importFrom stats weights
#' @export
weights.iv_reg <- function(object, ...) {
  check_dots(...)
  naresid(object$na.action, object$weights)
}

#' @rdname iv_methods
#' @importFrom stats deviance
#' @export
deviance.iv_reg <- function(object, ...) {
  check_dots(...)
  object$rss
}

#' @rdname iv_methods
#' @importFrom stats sigma
#' @export
sigma.iv_reg <- function(object, ...) {
  check_dots(...)
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
    call$formula <- formula(update(Formula::Formula(formula(object)), formula.))
  }
  for (name in names(extras)) call[[name]] <- extras[[name]]
  if (evaluate) eval(call, parent.frame()) else call
}

need_formula <- function(object) {
  if (is.null(object$terms)) {
    abort("This fit was made by iv_fit() and has no formula.", "latentmr_error_argument", hint = "Fit it with iv_reg().")
  }
}

#' @rdname iv_methods
#' @importFrom stats model.matrix
#' @export
model.matrix.iv_reg <- function(object, component = "regressors", ...) {
  check_dots(...)
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

#' @rdname iv_methods
#' @importFrom stats hatvalues
#' @export
hatvalues.iv_reg <- function(model, type = "stage2", ...) {
  check_dots(...)
  check_choice(type, "type", c("stage2", "stage1", "both", "maximum"))
  s <- iv_scores(model$engine$f2, model$engine$est, leverage = TRUE)
  h <- s$leverage
  if (type != "stage2") {
    f <- model$engine$f
    if (f$L == 0) abort("This fit has no first stage.", "latentmr_error_argument", argument = "type")
    h1 <- if (is.null(model$engine$instrument)) s$leverage1 else iv_scores(f, model$engine$est, leverage = TRUE)$leverage1
    h <- combined_leverage(model, h1, h, type)
  }
  naresid(model$na.action, setNames(h, names(model$residuals)))
}

# ivreg's: leverages relative to their means, geometric mean or maximum.
combined_leverage <- function(model, h1, h2, type) {
  if (type == "stage1") return(h1)
  mean1 <- (length(model$instruments) + length(model$exogenous)) / model$nobs
  mean2 <- length(model$coefficients) / model$nobs
  mean2 * if (type == "both") sqrt(h1 / mean1 * h2 / mean2) else pmax(h1 / mean1, h2 / mean2)
}

#' @rdname iv_methods
#' @importFrom stats predict na.pass
#' @export
predict.iv_reg <- function(object, newdata, na.action = na.pass, se.fit = FALSE, interval = "none",
                           level = 0.95, df = Inf, ...) {
  check_dots(...)
  check_choice(interval, "interval", c("none", "confidence", "prediction"))
  check_flag(se.fit, "se.fit")
  check_number(level, "level", 0, 1, open = TRUE)
  if (missing(newdata)) {
    X <- model.matrix(object)
    gone <- object$na.action
  } else {
    need_formula(object)
    frame <- stats::model.frame(
      stats::delete.response(object$terms$regressors), newdata,
      na.action = na.action, xlev = object$levels
    )
    X <- model.matrix(stats::delete.response(object$terms$regressors), frame, contrasts.arg = object$contrasts$regressors)
    gone <- NULL
  }
  ok <- !is.na(object$coefficients)
  X <- X[, names(object$coefficients)[ok], drop = FALSE]
  fit <- drop(X %*% object$coefficients[ok])
  if (missing(newdata) && !is.null(object$offset)) fit <- fit + object$offset
  if (!se.fit && interval == "none") return(naresid(gone, fit))
  se <- sqrt(rowSums((X %*% vcov(object, complete = FALSE)) * X))
  out <- if (se.fit) cbind(fit = fit, se.fit = se) else cbind(fit = fit)
  if (interval != "none") {
    wide <- if (interval == "prediction") sqrt(se^2 + object$sigma^2) else se
    q <- stats::qt((1 + level) / 2, df)
    out <- cbind(out, lwr = fit - q * wide, upr = fit + q * wide)
  }
  naresid(gone, out)
}

#' @rdname iv_methods
#' @importFrom stats anova
#' @export
anova.iv_reg <- function(object, object2, test = "F", vcov = NULL, ...) {
  check_choice(test, "test", c("F", "Chisq"))
  if (!inherits(object2, "iv_reg")) abort_argument("object2", "a second fit, nested with the first", describe(object2))
  small <- if (object$rank <= object2$rank) object else object2
  large <- if (object$rank <= object2$rank) object2 else object
  extra <- setdiff(names(coef(large, complete = FALSE)), names(coef(small, complete = FALSE)))
  nested <- all(names(coef(small, complete = FALSE)) %in% names(coef(large, complete = FALSE)))
  if (!nested || !length(extra) || small$nobs != large$nobs) {
    abort_argument("object2", "nested with `object`, on the same rows", "another model")
  }
  chosen <- chosen_vcov(large, vcov, ...)
  q <- length(extra)
  stat <- quadratic(chosen$v[extra, extra, drop = FALSE], large$coefficients[extra])
  sign <- if (identical(small, object)) 1 else -1
  p <- if (test == "F") pf(stat / q, q, chosen$df, lower.tail = FALSE) else pchisq(stat, q, lower.tail = FALSE)
  out <- data.frame(Res.Df = c(object$df.residual, object2$df.residual))
  plain <- is.null(vcov) && large$vcov_type == "iid"
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

# sandwich's generics, registered when that package is loaded (R/zzz.R).

# Scores of the projected regressors: e_i w_i X~_i.
estfun.iv_reg <- function(x, ...) {
  kept <- names(x$coefficients)[!is.na(x$coefficients)]
  projected <- model.matrix(x, component = "projected")[, kept, drop = FALSE]
  weights <- if (is.null(x$weights)) 1 else x$weights
  as.vector(x$residuals) * weights * projected
}

bread.iv_reg <- function(x, ...) x$cov.unscaled * x$nobs

# meatHC() divides estfun by model.matrix(): it must see the projected regressors.
vcovHC.iv_reg <- function(x, ...) {
  class(x) <- c("iv_reg_projected", "iv_reg")
  sandwich::vcovHC.default(x, ...)
}

#' @export
model.matrix.iv_reg_projected <- function(object, ...) {
  check_dots(...)
  class(object) <- "iv_reg"
  model.matrix(object, component = "projected")
}
