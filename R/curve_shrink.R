# How far the curve may leave the line: s = 8 (1 - tau V / D) within [0, 1], D the mean
# squared difference of the fit from linear 2SLS, V what noise alone gives of it.
#
# Strong instruments: from D = 3 V on, and no more than 4 (gain + 1/2), gain the log evidence of the curve's prior over
# that of the line. The evidence weighs noise in the coordinates of the instruments, where it is even; D is mostly of
# what they hardly see, so that alone it lets straight truths go. Weak instruments see one
# bend, for which D / V is the square of its t: the line is left at `alone` (2.5 % of true lines), where
# the control function bends alike at `alike` (10 % on its side: a second opinion, no proof). With
# fewer than two directions there is nothing but a line to estimate.
weak_gate <- c(alone = 5, alike = 1.64)

curve_shrink <- function(fit) {
  if (fit$identification$most < 2) return(0)
  numbers <- fit$model$summary
  strong <- fit$identification$strong
  tau <- if (strong) 3 else weak_gate[[if (fit$alike) "alike" else "alone"]]
  uneven <- isTRUE(fit$uneven$found)
  noise <- numbers[["ratio"]] * if (uneven) fit$uneven$factor else 1
  s <- min(
    8 * (1 - tau * noise), if (strong) 4 * (numbers[["gain"]] + .5),
    if (uneven) 4 * (most_evidence(linearity_tests(fit)$p[["linearity"]]) - .5)
  )
  min(1, max(0, s))
}

# The largest log evidence that a p-value can stand for (Sellke, Bayarri and Berger 2001, American Statistician 55:62).
most_evidence <- function(p) if (isTRUE(p < exp(-1))) -log(-exp(1) * p * log(p)) else 0

# Whether the control function supports the bend of quadratic 2SLS: it bends for sure
# (1 %), the same way, by a compatible amount, and its assumption (the first-stage residual
# does not depend on the instruments) is not contradicted by the residual's variance.
bends_alike <- function(references) {
  quadratic <- references$models$quadratic
  bend <- references$bend
  if (is.null(quadratic$coef) || !"x2" %in% rownames(quadratic$vcov) || anyNA(bend)) return(FALSE)
  b <- quadratic$coef[["x2"]]
  se <- sqrt(quadratic$vcov["x2", "x2"])
  isTRUE(
    bend[["p.variance"]] > .05 && abs(bend[["estimate"]]) > stats::qnorm(.995) * bend[["std.error"]] &&
      sign(bend[["estimate"]]) == sign(b) && abs(bend[["estimate"]] - b) < 2 * se
  )
}

# Square of the exposure in the regression of the outcome on exposure, its square and a
# cubic of the first-stage residual (Blundell and Powell 2003), in the units of quadratic
# 2SLS; and the test that the variance of that residual is the same at all instruments
# (Breusch and Pagan 1979, with White's errors).
control_bend <- function(rows, w, residual) {
  missing <- c(estimate = NA_real_, std.error = NA_real_, p.variance = NA_real_)
  if (is.null(residual)) return(missing)
  or_else(
    {
      u <- scale(rows$x)[, 1]
      size <- stats::sd(rows$y)
      columns <- cbind(x = u, x2 = u^2, r = residual, r2 = residual^2, r3 = residual^3)
      fit <- iv_fit(rows$y / size, x = columns, w = w, estimator = "ols", vcov = "HC1")
      z <- reference_instruments(rows$z, rows$x, w, 2)
      spread <- iv_fit(columns[, "r2"] / stats::sd(columns[, "r2"]), x = z, w = w, estimator = "ols", vcov = "HC1")
      c(
        estimate = stats::coef(fit)[["x2"]] * size, std.error = sqrt(stats::vcov(fit)["x2", "x2"]) * size,
        p.variance = joint_wald(stats::coef(spread), stats::vcov(spread), colnames(z))[["p.value"]]
      )
    },
    missing
  )
}
