#' Inference that holds with weak instruments
#'
#' Tests of given effects, and the sets of effects that are not rejected, whose
#' size does not depend on the strength of the instruments: Anderson-Rubin,
#' Kleibergen's Lagrange multiplier and Moreira's conditional likelihood ratio.
#' For equal error variances, or robust to heteroskedasticity or to dependence within clusters.
#'
#' @details
#' With `e = y - X beta`, `P` the projection on the instruments after the covariates,
#' `s` variances and covariances of the first-stage residuals (divisor
#' `n - K - L`), `T = X - e s_eX / s_ee` (the first stage independent of `e`):
#'
#' * `AR = e'Pe / s_ee`, shown over L, `F(L, n - K - L)`: tests the effects and the
#'   exclusion of the instruments jointly;
#' * `LM = e'PT (T'PT)^-1 T'Pe / s_ee`, shown over k, `F(k, n - K - L)`: tests the effects
#'   only; loses power far from the estimate, where its set can have a second piece;
#' * `CLR = (AR - r + sqrt((AR - r)^2 + 4 r LM)) / 2` with the smallest root `r` of `T'PT` against
#'   the variance of `T`, p-value given `r` by the integral of Andrews, Moreira and
#'   Stock; nearly the most powerful. With several effects the same with Kleibergen's
#'   (2007) statistic.
#'
#' With as many instruments as effects the three are the same test. With more, quote the CLR set where instruments are
#' weak (F below 10): it is never empty and about as short as can be. The Anderson-Rubin set tests the instruments as
#' well: it is wider with many of them, and narrow or empty where they disagree, which is no precision.
#'
#' LM and CLR take the variance of the first stage as known. With many instruments for the people it is not: at
#' L = 1,500 and n = 3,000 both reject a true effect in 10 to 20 of a hundred. For fits of [latent_mr()] the deviation
#' of `[y X]'P[y X] / s` from `L` is therefore divided by \eqn{\sqrt{1 + L/(n - K - L)}}, its standard deviation over
#' the one that they take it to have where instruments are weak (the same \eqn{L + L^2/(n - K - L)} as in Nagar's error,
#' Hahn and Hausman 2002); where
#' they are strong the set is a little too wide. For [iv_reg()] the tests are those of other programs.
#'
#' Robust (`vcov` `"HC0"`, `"HC1"`, `"cluster"`): Kleibergen's (2005) statistics of the moments
#' `g = Q_Z'(y - X beta)`, in orthonormal coordinates of the instruments given the covariates. `S` is the covariance
#' of the contributions of people (sums of clusters) to `g`, about their mean; `D = Q_Z'X - cov(Q_Z'X, g) S^-1 g`.
#' Then `AR = g'S^-1 g`, `LM = g'S^-1 D (D'S^-1 D)^-1 D'S^-1 g`, and `CLR` as above with the rank statistic
#' `D'var(D)^-1 D` as `r`, with several effects the Kleibergen-Paap test that `D` has rank k - 1 (the quasi-CLR test
#' of Kleibergen 2005, 2007; its size: Andrews and Guggenheim 2017). HC1 multiplies `S` by `n / (n - K - L)`,
#' clusters by `G / (G - L) (n - 1) / (n - K)`; the F have `n - K - L` and `G - L` degrees of freedom, as
#' Hotelling's test. Residuals are those under the hypothesis, which keeps the size with 60 clusters
#' (`bench/bench-weak-iv.R`). Robust sets of one effect are found on 512 directions around the circle of effects
#' (the infinite one included) with root finding between them; with clusters there must be more of them than
#' instruments. ivreg2's robust Anderson-Rubin test is the Wald test of the instruments in the regression of `y` on
#' `(z, w)`: its residuals are those of that regression.
#'
#' For fits of [latent_mr()] on continuous instruments whose directions were learned anew without each fold
#' (`jackknife`), sets that take the directions as known covered .50 to .80 where they should cover .95. There the only set is
#' Anderson and Rubin's with the learning counted: `g(b) = W'(y - b x)`, the scores of orthonormal instruments after the
#' latent block, `V(b)` their jackknife covariance over folds (directions turned to those of everybody), and
#' `g'g / tr V` on `F(nu, nu d)`, `nu = tr(V)^2 / tr(V^2)`, `d` folds less one (Box 1954; Brunner, Dette and Munk 1997).
#'
#' `"tF"` (Lee, McCrary, Moreira and Porter 2022), for two-stage least squares with one endogenous variable and one
#' instrument: `b -/+ c(F) se`, `se` and the first-stage `F` with the same covariance. `c` is the curve at which a t test
#' has size 5 % in the worst case, errors of both stages that are perfectly correlated, for every strength: 18.66 at
#' `F = 4`, 2.80 at 16, 1.96 from 104.67 on, infinite below 3.84. It is computed from the paper's equation, not
#' interpolated in its table, whose numbers are these rounded up. The Anderson-Rubin set needs no such worst case, and
#' is the shorter one where errors are little correlated.
#'
#' Sets of one effect for equal variances are exact: their ends solve quadratic equations. With several endogenous
#' variables only `"AR"`, projected on each axis (Dufour and Taamouti 2005): at
#' least the stated coverage, one effect at a time or all at once.
#'
#' @param fit A fit of [iv_reg()], [iv_fit()] or [latent_mr()].
#' @param beta Effects to test, one for each endogenous variable.
#' @param method `"CLR"`, `"LM"`, `"AR"`, or `"tF"`.
#' @param level Confidence level.
#' @param cluster Clusters, as in [iv_reg()], where not those of the fit; given alone it means `vcov = "cluster"`.
#' @param vcov `"iid"`, `"HC0"`, `"HC1"`, `"cluster"` or a formula of clusters. `NULL` is that of the fit; `"HC1"` for
#'   HC2, HC3 and many-instrument errors, `"iid"` for Bekker's and for the sets of several effects. `"tF"` takes those
#'   of [iv_fit()]. Fits of [latent_mr()] have `"iid"` only: their sets come from moments of many instruments; robust
#'   are the intervals of `as.data.frame(fit)`.
#' @param ... For methods.
#' @return `weakiv_test()`: data frame with columns `test` (`AR`, `LM`, `CLR`), `statistic`,
#'   `df1`, `df2`, `p.value`.
#'
#'   `weakiv_set()`: data frame with one row per piece and columns `method`, `term`,
#'   `ci_type`, `lo`, `up`, `level`. `ci_type`: `"interval"`; `"rays"` (everything
#'   outside an interval, or a half-line); `"union"` (LM, robust or clustered CLR, sets that count the learning: two intervals, or an interval and two
#'   half-lines); `"line"` (every effect: the instruments say nothing); `"empty"` (AR: every
#'   effect is rejected, i.e. the overidentifying restrictions are; limits `NA`).
#' @section Missing values: limits are `NA` only in an empty set; `df1` and `df2` of CLR.
#' @section Errors: `latentmr_error_argument` for a fit without instruments, for `beta` of
#'   another length than the endogenous variables, for LM, CLR and robust sets of several, and for tF but with
#'   2SLS, one endogenous variable, one instrument and level 0.95;
#'   `latentmr_error_weights` when the covariance of the reduced form is singular.
#' @references Anderson and Rubin (1949), Annals of Mathematical Statistics 20:46. Kleibergen (2002), Econometrica
#'   70:1781; (2005), Econometrica 73:1103; (2007), Journal of Econometrics 139:181. Andrews and Guggenheim (2017),
#'   Econometric Theory 33:1046. Moreira (2003), Econometrica 71:1027. Andrews, Moreira and Stock (2007), Journal of
#'   Econometrics 139:116. Mikusheva (2010), Journal of Econometrics 157:236. Dufour and Taamouti (2005),
#'   Econometrica 73:1351. Box (1954), Annals of Mathematical Statistics 25:290. Brunner, Dette and Munk (1997), JASA
#'   92:1494. Lee, McCrary, Moreira and Porter (2022), American Economic Review 112:3260.
#' @seealso [ar_set()], [first_stage()]
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' weakiv_test(fit, beta = -3)
#' weakiv_set(fit)
#' rbind(weakiv_set(fit, "AR"), weakiv_set(fit, "LM"))
#' weakiv_set(fit, "AR", vcov = "HC1")
#' weakiv_set(iv_reg(mpg ~ hp | wt | disp, data = mtcars), "tF", vcov = "HC1")
#' @export
weakiv_test <- function(fit, beta = 0, ...) {
  check_given("fit")
  UseMethod("weakiv_test")
}

#' @export
weakiv_test.default <- function(fit, ...) {
  abort_argument("fit", "a fit of iv_reg(), iv_fit() or latent_mr()", describe(fit))
}

#' @rdname weakiv_test
#' @export
weakiv_set <- function(fit, method = "CLR", level = 0.95, ...) {
  check_given("fit")
  UseMethod("weakiv_set")
}

#' @export
weakiv_set.default <- function(fit, ...) {
  abort_argument("fit", "a fit of iv_reg(), iv_fit() or latent_mr()", describe(fit))
}

#' @rdname weakiv_test
#' @export
weakiv_test.iv_reg <- function(fit, beta = 0, vcov = NULL, cluster = NULL, ...) {
  check_dots(...)
  check_made(fit)
  m <- fit_moments(fit)
  beta <- check_beta(beta, endogenous_kept(fit))
  asked <- weakiv_vcov(fit, vcov, cluster)
  if (asked$type == "iid") return(kclass_weakiv_test(m, beta))
  robust_weakiv_test(reduced_form(fit$engine$f, asked$type, asked$cluster), beta)
}

# The covariance of the tests: the one asked for, or that of the fit.
weakiv_vcov <- function(fit, vcov, cluster) {
  own <- switch(fit$vcov_type,
    iid = , bekker = "iid", HC0 = "HC0", cluster = , CR2 = "cluster",
    many = if (is.null(fit$cluster)) "HC1" else "cluster", "HC1"
  )
  test_vcov(fit, vcov, cluster, c("iid", weakiv_types), own)
}

#' @rdname weakiv_test
#' @export
weakiv_set.iv_reg <- function(fit, method = "CLR", level = 0.95, vcov = NULL, cluster = NULL, ...) {
  check_dots(...)
  check_made(fit)
  check_choice(method, "method", c("CLR", "LM", "AR", "tF"))
  check_number(level, "level", 0, 1, open = TRUE)
  m <- fit_moments(fit)
  if (method == "tF") return(tf_set(fit, level, vcov, cluster))
  terms <- endogenous_kept(fit)
  asked <- weakiv_vcov(fit, vcov, cluster)
  type <- asked$type
  if (m$k == 1 && type == "iid") {
    set <- kclass_weakiv_set(m, method, level)
  } else if (m$k == 1) {
    set <- robust_weakiv_set(reduced_form(fit$engine$f, type, asked$cluster), method, level)
  } else {
    if (type != "iid" && !(is.null(vcov) && is.null(cluster))) {
      abort_argument(
        "vcov", sprintf("\"iid\" for the sets of %d endogenous variables", m$k), sprintf("\"%s\"", type),
        hint = "weakiv_test() tests given effects with every covariance."
      )
    }
    if (method != "AR") {
      abort_argument("method", sprintf("\"AR\" with %d endogenous variables", m$k), sprintf("\"%s\"", method))
    }
    sets <- lapply(seq_len(m$k), function(j) kclass_ar_set(m, level, j))
    terms <- rep(terms, vapply(sets, nrow, 0L))
    set <- do.call(rbind, sets)
  }
  explained_set(data.frame(method = method, term = terms, set))
}

#' @rdname weakiv_test
#' @export
weakiv_test.latent_mr <- function(fit, beta = 0, ...) {
  check_dots(...)
  check_made(fit)
  learned <- head_learned(fit)
  if (!is.null(learned)) {
    test <- learned_ar_test(learned, check_beta(beta, 1))
    return(data.frame(
      test = "AR", statistic = test[["statistic"]], df1 = test[["df1"]], df2 = test[["df2"]],
      p.value = test[["p-value"]]
    ))
  }
  m <- head_kclass(fit)
  kclass_weakiv_test(m, check_beta(beta, if (length(fit$exposure) > 1) fit$exposure else 1), many_spread(m))
}

#' @rdname weakiv_test
#' @export
weakiv_set.latent_mr <- function(fit, method = fit_set_method(fit), level = 0.95, vcov = "iid", ...) {
  check_dots(...)
  check_made(fit)
  check_choice(method, "method", c("CLR", "LM", "AR"))
  if (!identical(vcov, "iid")) {
    abort_argument(
      "vcov", "\"iid\" for a fit of latent_mr(), whose sets take one variance of the residuals", describe(vcov),
      "The intervals of as.data.frame(fit) are robust (column `vcov`); iv_reg() on columns of your own has robust sets."
    )
  }
  check_number(level, "level", 0, 1, open = TRUE)
  k <- length(fit$exposure)
  learned <- head_learned(fit)
  if (!is.null(learned)) {
    if (method != "AR") {
      abort_argument(
        "method", "\"AR\" where the set counts the learning of the instruments", sprintf("\"%s\"", method)
      )
    }
    return(explained_set(data.frame(method = method, term = fit$exposure, learned_ar_set(learned, level))))
  }
  if (k > 1) {
    if (method != "AR") abort_argument("method", sprintf("\"AR\" with %d exposures", k), sprintf("\"%s\"", method))
    return(explained_set(data.frame(method = method, as.data.frame(ar_set(fit, level)))))
  }
  m <- head_kclass(fit)
  explained_set(data.frame(method = method, term = fit$exposure, kclass_weakiv_set(m, method, level, many_spread(m))))
}

fit_set_method <- function(fit) if (length(fit$exposure) > 1 || !is.null(head_learned(fit))) "AR" else "CLR"

# The cross products of a fit that has instruments.
fit_moments <- function(fit) {
  f <- fit$engine$f
  if (f$L == 0 || f$k == 0) abort_argument("fit", "a fit with instruments", "one without")
  factor_moments(f)
}

endogenous_kept <- function(fit) {
  rows <- fit$engine$f$rows
  rows$names$x[rows$keep_x]
}

# One effect per endogenous variable; names, when given, put them in order.
check_beta <- function(beta, terms) {
  k <- if (is.numeric(terms)) terms else length(terms)
  if (k > 1 && identical(beta, 0)) beta <- rep(0, k)
  if (!is.numeric(beta) || length(beta) != k || any(!is.finite(beta))) {
    abort_argument(
      "beta", sprintf("%d finite number%s, one for each endogenous variable", k, if (k == 1) "" else "s"),
      describe(beta)
    )
  }
  if (!is.null(names(beta)) && is.character(terms)) {
    if (!setequal(names(beta), terms)) {
      abort_argument("beta", paste("named", quote_all(terms)), paste("named", quote_all(names(beta))))
    }
    beta <- beta[terms]
  }
  as.double(beta)
}
