#' Instrumental variable estimation on matrices
#'
#' The workhorse behind [iv_reg()]: ordinary least squares, two-stage least
#' squares, limited information maximum likelihood, Fuller's and any other k-class,
#' the jackknife instrumental variable estimators and two-step GMM, with their
#' covariances and first-stage and specification tests, at the accuracy of a QR
#' decomposition. No intercept is added: give it as a column of `w`.
#'
#' @details
#' With `P` the projection on `(z, w)` and `M_W` the residual maker of `w`:
#'
#' * `"ols"`, `"2sls"`, `"liml"` are the k-class
#'   `(X'M_W X - kappa X'M_ZW X) b = X'M_W y - kappa X'M_ZW y` with `kappa` 0, 1,
#'   and the smallest root of `|R0 - kappa R1| = 0`,
#'   `R0 = [y X]'M_W[y X]`, `R1 = [y X]'M_ZW[y X]`; `"fuller"` (Fuller 1977) takes
#'   LIML's minus `fuller / (n - K - L)`, `"kclass"` the one given; `"b2sls"`, bias-adjusted two-stage
#'   least squares (Kolesar, Chetty, Friedman, Glaeser and Imbens 2015), `1 + L / (n - K - L)`. Others are `"kclass"`: that
#'   of Nagar in Stata's ivreg2 is `kappa = 1 + (L - k) / n`, that of Donald and Newey (2001) `n / (n - L + 2)`.
#' * `"jive1"` (Angrist, Imbens and Krueger 1999) uses the prediction of `x` by `(z, w)`
#'   that leaves the person (with `cluster`, the whole cluster) out, beside `w`. It is
#'   sensitive to the number of covariates, which `"ujive"` is not.
#' * `"ujive"` (Kolesar 2013) uses the instrument `G x`, the difference of the
#'   predictions of `x` by `(z, w)` and by `w` that leave the person (with
#'   `cluster`, the whole cluster) out, beside `w` itself. The covariates are
#'   partialled out of outcome and exposure too, so that adding a linear function
#'   of `w` to `y` does not move the estimate. People (clusters) without whom
#'   a column is not identified carry no instrument; a warning counts them.
#'
#' * `"gmm"` (Hansen 1982) minimises `g'S^-1 g`, `g = (z, w)'(y - xb - wc)`, with
#'   `S = sum e_i^2 q_i q_i'`, `q` the row of `(z, w)` (summed within clusters first
#'   when `vcov = "cluster"`), at the residuals of two-stage least squares. Its covariance is the sandwich
#'   with `S` at its own residuals; `Hansen J` is the minimum.
#'
#' Covariances: `"iid"` (`s2 (X~'X)^-1`, `s2 = e'e / (n - m)`); `"HC0"` to `"HC3"` and `"cluster"` (sandwich with
#' the projected regressors `X~`, factors `n / (n - m)` for HC1 and `G / (G - 1) (n - 1) / (n - m)` for clusters;
#' equal to `sandwich::vcovHC()` and `vcovCL(type = "HC1")`). HC2 and HC3 divide `e_i^2` by `1 - h_i` and
#' `(1 - h_i)^2`, with `h_i = x~_i'(X~'X~)^-1 x~_i` (the diagonal of a projection, from 0 to 1). Clusters in several ways (Cameron, Gelbach and Miller
#' 2011): the signed sum over each way and their interactions, `G` the smallest number of clusters, as in fixest and
#' Stata's ivreg2 (sandwich has the `G` of each way). `"CR2"` (Bell and McCaffrey 2002; Pustejovsky and Tipton
#' 2018): residuals of a cluster multiplied by `(I - H_gg)^(-1/2)`, `H` the projection on `X~`, and t tests with
#' Satterthwaite's degrees of freedom, for few or unequal clusters; equal to `clubSandwich::vcovCR(type = "CR2")`,
#' with weights to its value for the rows multiplied by their roots. The diagnostic tests beside it are those of
#' `"cluster"`. `"bekker"` for LIML and Fuller (Bekker 1994; the first two terms of Hansen, Hausman and Newey 2008);
#' `"many"` for UJIVE, the many-instrument heteroskedastic error of Chao, Swanson, Hausman, Newey and Woutersen
#' (2012): the sum of `e_i^2 (Gx)_i^2` and of `e_i x_i e_j x_j G_ij G_ji` over pairs (of people, or of clusters).
#'
#' Robust errors of LIML, Fuller and the other k-classes are `(X~'X)^-1 X~' diag(e^2) X~ (X~'X)^-1` with the k-class's
#' own regressors `X~ = X - kappa M_ZW X` (as ivmodel). With `meat = "projected"` the middle has those of two-stage
#' least squares, `P_ZW X`, and the outer matrices stay: Stata's `ivregress liml, vce(robust)`. Both are consistent, and
#' equal at `kappa = 1`.
#'
#' A column of `w` (or `z`) that depends linearly on those before it has
#' coefficient `NA` (is dropped), as in [lm()], by the same rule: less than `tol`
#' of its norm is left.
#'
#' @section Other packages: Numbers are those of ivreg, fixest, ivmodel, sandwich and of Stata's ivregress with its
#' option `small`, but for:
#' * Stata without `small`: `"iid"` errors divide by `n`, robust and clustered ones have no factor, tests are normal.
#' * AER (HC2, HC3, `hatvalues()`): its `h_i = x_i'(X~'X~)^-1 x~_i`, the share of `y_i` in its own fitted value `x_i'b`, may be
#'   below 0 or above 1; ours, which is ivreg's, is the leverage in the regression on `X~`. The two have one sum.
#' * clubSandwich and estimatr with weights: see `"CR2"` above.
#' * momentfit: its two-step errors are `(G'S^-1 G)^-1` with the `S` of the first step, its J has the weight of the
#'   last.
#' * ManyIV: the row `old ujive` of its `ujive()` has `G x` against `y` and `x` before the covariates are taken out, the
#'   row `ujive` the instrument `P_Z x - (h_ZW - h_W) / (1 - h_ZW) M_ZW x`, `h` the leverages. Bias-adjusted two-stage
#'   least squares is refused where the instruments explain less than chance would (ManyIV: an infinite error).
#' * ivreg with every regressor among the instruments: least squares with a warning there, an error here
#'   (`estimator = "ols"`).
#'
#' @param y Outcome: numeric vector of length n.
#' @param x Endogenous variables: numeric n x k matrix or vector (`NULL` with
#'   `"ols"`).
#' @param z Excluded instruments: numeric n x L matrix or vector, L >= k. `"ols"` does not use them.
#' @param w Exogenous variables including any intercept: numeric n x K matrix or
#'   vector, or `NULL`.
#' @param estimator `"2sls"`, `"b2sls"`, `"liml"`, `"fuller"`, `"kclass"`, `"jive1"`, `"ujive"`,
#'   `"gmm"` or `"ols"`.
#' @param vcov The error (formulas under Details): `"iid"`, classical, one variance for everybody; `"HC0"`, robust to
#'   heteroskedasticity; `"HC1"`, the same for finite samples, times n / (n - K - k); `"HC2"` and `"HC3"`, with residuals
#'   corrected for leverage, once and twice; `"cluster"`, robust, and people of a cluster may be correlated; `"CR2"`, by
#'   cluster with correction and degrees of freedom for few clusters; `"bekker"` (LIML, Fuller), for many instruments,
#'   one variance; `"many"` (UJIVE), for many instruments, robust. `NULL` is `"cluster"` when `cluster` is given,
#'   else `"iid"`; `"HC1"` for `"gmm"`, which has `"HC0"`, `"HC1"` and `"cluster"` only: its weight follows.
#' @param cluster Vector of length n without missing values, or several in a list or data frame; with `"ujive"` and
#'   `"jive1"` the first stage leaves whole clusters out. Clusters whose weights are all zero do not count.
#' @param weights Non-negative weights (inverse variances), length n, or `NULL`.
#' @param kappa The constant of estimator `"kclass"`: from 0, least squares, to where the effect is not identified.
#' @param fuller The constant of estimator `"fuller"`: 1 makes it nearly unbiased, 4
#'   gives the least mean squared error; 0 is LIML.
#' @param tol Relative norm under which a column counts as dependent.
#' @param meat Middle of the robust and clustered errors (but CR2) of k-class estimators: `"kclass"`, or `"projected"` as
#'   in Stata; see Details.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `iv_reg` with all its methods except those that
#'   need a formula; see [iv_reg()].
#' @section Missing values: an error that names the argument and counts the
#'   rows. [iv_reg()] has `na.action`.
#' @section Errors: `latentmr_error_argument` for wrong shapes and values,
#'   `latentmr_error_unidentified` when the instruments do not identify the effects.
#' @references Kolesar, Chetty, Friedman, Glaeser and Imbens (2015), JBES 33:474. Donald and Newey (2001), Econometrica
#'   69:1161. Cameron, Gelbach and Miller
#'   (2011), JBES 29:238. Bell and McCaffrey (2002), Survey Methodology 28:169. Pustejovsky and Tipton (2018), JBES
#'   36:672. Kolesar (2013), Estimation in an instrumental variables model with treatment effect heterogeneity.
#'   Bekker (1994), Econometrica 62:657. Hansen, Hausman and Newey (2008), JBES 26:398. Chao et al. (2012),
#'   Econometric Theory 28:42. Fuller (1977), Econometrica 45:939. Angrist, Imbens and Krueger (1999), Journal of
#'   Applied Econometrics 14:57. Hansen (1982), Econometrica 50:1029. Montiel Olea and Pflueger (2013), JBES 31:358.
#' @examples
#' set.seed(1)
#' z <- matrix(rbinom(1500, 2, 0.3), 300)
#' u <- rnorm(300)
#' x <- drop(z %*% rep(0.4, 5)) + u + rnorm(300)
#' y <- 0.5 * x - u + rnorm(300)
#' fit <- iv_fit(y, x, z, w = rep(1, 300))
#' coef(fit)
#' summary(fit, vcov = "HC1")$diagnostics
#' @export
iv_fit <- function(y, x = NULL, z = NULL, w = NULL, estimator = "2sls", vcov = NULL,
                   cluster = NULL, weights = NULL, kappa = NULL, fuller = 1, tol = 1e-7, meat = "kclass", ...) {
  check_dots(...)
  check_given()
  control <- check_kappa(estimator, kappa, fuller, meat)
  asked <- asked_type(vcov, cluster, estimator)
  if (inherits(asked$cluster, "formula")) {
    abort_argument("cluster", "a vector, or several in a list", "a formula", hint = "Formulas are for iv_reg().")
  }
  check_idle("z", estimator == "ols" && is.null(x), "endogenous variables `x`; regressors of \"ols\" stand in `x` or `w`")
  check_number(tol, "tol", min = 0, max = 0.1)
  y <- iv_vector(y, "y", NULL)
  n <- length(y)
  rows <- list(
    y = y, x = iv_matrix(x, "x", n), z = iv_matrix(z, "z", n), w = iv_matrix(w, "w", n), root = NULL
  )
  for (part in c("x", "w")) {
    if (!is.null(rows[[part]]) && any(colSums(rows[[part]] != y, na.rm = TRUE) == 0)) {
      abort_argument(part, "without the outcome", "one with a column that is `y`")
    }
  }
  rows["root"] <- list(weight_roots(weights, n))
  fit <- iv_engine(rows, estimator, asked$type, asked$cluster, tol, control)
  if (fit$vcov_type != "CR2") warn_uneven_clusters(fit$cluster, rows$root)
  fit$call <- match.call()
  fit
}

# The engine on checked rows: a complete iv_reg object without formula parts.
iv_engine <- function(rows, estimator, vcov, cluster, tol = 1e-7, control = list(fuller = 1)) {
  check_iv_vcov(vcov, estimator, cluster)
  cluster <- iv_cluster(cluster, length(rows$y), rows$root)
  warn_unused_cluster(vcov, estimator, cluster)
  ols <- estimator == "ols"
  if (ols) rows["z"] <- list(NULL)
  if (!ols && is.null(rows$x)) {
    abort_argument(
      "x", "the endogenous variables", "NULL", hint = "Without endogenous variables use estimator = \"ols\"."
    )
  }
  if (!ols && is.null(rows$z)) abort_argument("z", "the excluded instruments", "NULL")
  if (is.null(rows$x) && is.null(rows$w)) abort_argument("w", "a matrix of regressors when there is no `x`", "NULL")
  if (is.null(rows$names)) {
    rows$names <- lapply(c(x = "x", z = "z", w = "w"), function(part) column_names(rows[[part]], part))
  }
  repeated <- intersect(rows$names$x, rows$names$w)
  if (length(repeated)) {
    abort(
      sprintf("%s is in both `x` and `w`.", quote_all(repeated)), "latentmr_error_argument",
      hint = "A regressor is endogenous (`x`) or exogenous (`w`)."
    )
  }
  f <- with_finite(rows, iv_factor(rows, forced = if (ols) 1L else 1L + NCOL0(rows$x), tol))
  if (!ols) {
    check_order(f)
    check_endogenous(f)
  } else if (f$n <= f$K + f$k) {
    abort(sprintf("%d rows are too few for %d regressors.", f$n, f$K + f$k), "latentmr_error_argument")
  }
  fit <- list(estimator = estimator, f = f, f2 = f, groups = list(order = NULL, start = NULL))
  if (identical(control$meat, "projected")) fit$meat <- "projected"
  if (estimator %in% c("ujive", "jive1")) fit <- add_jackknife(fit, cluster)
  if (estimator == "gmm") {
    fit <- add_gmm(fit, vcov, cluster)
  } else {
    fit$est <- iv_estimate(fit$f2, iv_kappa(f, estimator, control))
    fit$unscaled <- iv_unscaled(fit$f2, fit$est$hinv)
  }
  infer <- iv_infer(fit, vcov, cluster)
  iv_object(fit, infer, vcov, cluster)
}

iv_kappa <- function(f, estimator, control) {
  switch(estimator,
    ols = 0, liml = kclass_liml(factor_moments(f)),
    fuller = kclass_fuller(factor_moments(f), control$fuller), kclass = given_kappa(f, control$kappa),
    b2sls = bias_kappa(f), 1
  )
}

# The k-class exists below the smallest root of |X'M_W X - kappa X'M_ZW X| = 0, which with one
# endogenous variable is 1 + F L / (n - K - L), F the first-stage F.
largest_kappa <- function(f) {
  if (f$k == 0) return(Inf)
  parts <- iv_parts(f)
  1 / max(Re(eigen(solve(parts$h + parts$v, parts$v), only.values = TRUE)$values))
}

given_kappa <- function(f, kappa) {
  if (kappa <= 1) return(kappa)
  most <- largest_kappa(f)
  if (kappa >= most) {
    abort_argument(
      "kappa", sprintf("below %s, from where on the instruments do not identify the effect", format(most, digits = 8)),
      describe(kappa)
    )
  }
  kappa
}

# Kolesar et al. (2015): 2SLS without the bias of many instruments.
bias_kappa <- function(f) {
  kappa <- 1 + f$L / (f$n - f$K - f$L)
  if (kappa >= largest_kappa(f)) {
    abort(
      sprintf(
        "Bias-adjusted 2SLS does not exist: the instruments explain less of %s than as many random ones would (a first-stage F below 1).",
        quote_all(f$rows$names$x[f$rows$keep_x])
      ),
      c("latentmr_error_unidentified", "latentmr_error_singular"),
      hint = "weakiv_set() gives the effects that the data allow."
    )
  }
  kappa
}

# UJIVE and JIVE1: their instrument takes the place of z.
add_jackknife <- function(fit, cluster) {
  f <- fit$f
  jive1 <- fit$estimator == "jive1"
  if (length(cluster)) {
    check_one_way(cluster, sprintf("estimator \"%s\"", fit$estimator))
    fit$groups <- cluster_order(cluster)
  }
  jack <- .Call(
    C_ffi_ujive_instrument, f$rows, f$r, as.integer(jive1), fit$groups$order, fit$groups$start, cpu_level()
  )
  check_left_out(jack$skipped, fit$estimator, length(cluster) > 0)
  colnames(jack$p) <- f$rows$names$x[f$rows$keep_x]
  rows <- f$rows
  rows$z <- jack$p
  # The dropped columns of w stay dropped.
  fit$instrument <- jack$p
  fit$skipped <- jack$skipped
  fit$f2 <- iv_factor(rows, forced = 1L + NCOL0(rows$x), f$tol)
  if (fit$f2$L < f$k) abort_first_stage(f, seq_len(f$k))
  fit
}

# People without whom a column is not identified.
check_left_out <- function(skipped, estimator, clustered) {
  n <- length(skipped)
  skipped <- sum(skipped)
  if (estimator == "jive1" && skipped > 0) {
    abort(
      sprintf(
        "JIVE1 does not exist: %d of %d people cannot be left out of the first stage, a column is not identified without %s.",
        skipped, n, if (clustered) "their cluster" else "them"
      ),
      c("latentmr_error_leverage", "latentmr_error_singular"),
      hint = "estimator = \"ujive\" gives such people no instrument."
    )
  }
  if (skipped == n) {
    abort(
      sprintf(
        "No %s can be left out of the first stage: each identifies a column alone.",
        if (clustered) "cluster" else "person"
      ),
      c("latentmr_error_unidentified", "latentmr_error_singular"),
      hint = if (clustered) {
        "Covariates that are constant within one cluster only (dummies of the clusters) make leaving it out impossible."
      }
    )
  }
  if (skipped > 0) {
    warn(
      sprintf(
        if (clustered) {
          "%d of %d people do not count: with their whole cluster left out of the first stage, a column is not identified."
        } else {
          "%d of %d people carry no instrument: a column is not identified without them."
        },
        skipped, n
      ),
      "latentmr_warning_leverage", hint = if (clustered) "Smaller clusters leave more people for the first stage."
    )
  }
}

iv_object <- function(fit, infer, vcov, cluster) {
  f <- fit$f2
  rows <- f$rows
  x_names <- rows$names$x
  w_names <- rows$names$w
  coefficients <- setNames(rep(NA_real_, length(x_names) + length(w_names)), c(x_names, w_names))
  coefficients[rows$keep_x] <- fit$est$beta
  coefficients[length(x_names) + rows$keep_w] <- fit$est$gamma
  # engine order (W, X) -> object order (x, w)
  turn <- c(f$K + seq_len(f$k), seq_len(f$K))
  kept <- names(coefficients)[!is.na(coefficients)]
  dimnames <- list(kept, kept)
  df <- f$n - f$K - f$k
  new_iv_reg(
    coefficients = coefficients,
    vcov = structure(infer$vcov[turn, turn, drop = FALSE], dimnames = dimnames),
    df_terms = if (!is.null(infer$df)) setNames(infer$df[turn], kept),
    cov.unscaled = structure(fit$unscaled[turn, turn, drop = FALSE], dimnames = dimnames),
    sigma = sqrt(fit$est$rss / df), rss = fit$est$rss, df.residual = df, rank = f$K + f$k,
    nobs = f$n, n = length(rows$y), residuals = setNames(infer$residuals, names(rows$y)),
    estimator = fit$estimator, kappa = fit$est$kappa, vcov_type = vcov, cluster = cluster,
    diagnostics = infer$diagnostics, strength = infer$strength,
    endogenous = x_names, exogenous = w_names, instruments = fit$f$rows$names$z,
    aliased_instruments = setdiff(fit$f$rows$names$z, fit$f$rows$names$z[fit$f$rows$keep_z]),
    weights = if (!is.null(rows$root)) rows$root^2, engine = fit
  )
}

new_iv_reg <- function(...) new_object("iv_reg", list(...))
