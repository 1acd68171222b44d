# Power of a study: how many people, which effect, or how often it is seen.

#' Power of Mendelian randomization in one sample
#'
#' Power of the test that the effect is zero, the people needed for a power, or the smallest effect that is seen
#' with it: give two of `n`, `effect` and `power`, and the third is computed. All are large-sample formulas for one
#' instrument or a score that explains `r2` of the variance of the exposure; with many weak instruments 2SLS is
#' biased, which is no power and is left out here (look at the column `f`).
#'
#' With non-centrality \eqn{\lambda}, power is \eqn{P(\chi^2_1(\lambda) > \chi^2_{1, 1 - \alpha})}, two-sided.
#'
#' * Continuous outcome (Brion, Shakhbazov and Visscher 2013): \eqn{\lambda = N R^2 b^2 \sigma_x^2 / \sigma_e^2} with
#'   \eqn{\sigma_e^2 = \sigma_y^2 - b \sigma_x^2 (2 b_{OLS} - b)}.
#' * Binary outcome, risk difference: the same on the 0/1 scale, with K the share of cases,
#'   \eqn{b = K (OR / (1 + K (OR - 1)) - 1)}
#'   per standard deviation of the exposure and \eqn{\sigma_e^2 = K(1 - K) - b^2} (their supplement; no confounding).
#' * Binary outcome, odds ratio (Burgess 2014): \eqn{\lambda = N R^2 K (1 - K) (\log OR)^2}.
#'
#' @section Families: With families of `family_size` people, instruments correlated by `relatedness` (1/2 for siblings,
#'   the
#' coefficient of relationship) and residuals of the outcome by `family_correlation`, the variance of the estimate with
#' errors by family ([families()]) is that of unrelated people times \eqn{1 + (m - 1) r \rho} (Moulton 1986).
#' `within = TRUE`: comparisons within
#' families, whose instruments are free of parents' effects and of ancestry: N people count as
#' \eqn{N (m - 1)/m (1 - r)/(1 - \rho)}. For binary outcomes \eqn{\rho} is on the 0/1 scale.
#'
#' @param r2 Share of the variance of the exposure that the instruments explain, between 0 and 1.
#' @param n Number of people analysed.
#' @param effect Continuous: units of the outcome per unit of the exposure. Binary: odds ratio per standard
#'   deviation of the exposure.
#' @param power Power, between `alpha` and 1.
#' @param outcome `"continuous"` or `"binary"`.
#' @param cases Share of cases among the people analysed (binary).
#' @param observational The slope of least squares, if it is another than `effect` (continuous): confounding changes the
#'   residual variance. `NULL`: no confounding.
#' @param sd_exposure,sd_outcome Standard deviations (continuous; 1: effects are in standard deviations).
#' @param family_size,relatedness,family_correlation,within See Families; `family_size = 1`: unrelated people.
#' @param instruments Number of instruments, for `f`.
#' @param alpha Level of the test.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame, a row for each method and each element of `r2`, `n`, `effect`, `power` and `cases`
#'   (recycled): `method`, `r2`, `n` (rounded up to whole families when computed), `effect` (the smallest above
#'   zero, or odds ratio above 1, when computed), `power`, `alpha`, `cases` (binary), `ncp` and `f` (expected
#'   first-stage F, \eqn{1 + N R^2 / (L (1 - R^2))}).
#' @section Errors: `latentmr_error_argument`: not two of the three; an effect larger than the variance of the outcome
#'   allows.
#' @references Brion, Shakhbazov and Visscher (2013), Int J Epidemiol 42:1497. Burgess (2014), Int J Epidemiol 43:922.
#'   Moulton (1986), Journal of Econometrics 32:385.
#' @examples
#' mr_power(r2 = .02, n = c(5000, 10000, 20000), effect = .2)
#' mr_power(r2 = .02, effect = 1.2, power = .8, outcome = "binary", cases = .5)
#' mr_power(r2 = .02, n = 20000, power = .8, family_size = 2, family_correlation = .3, within = TRUE)
#' @export
mr_power <- function(r2, n = NULL, effect = NULL, power = NULL, outcome = "continuous", cases = NULL,
                     observational = NULL, sd_exposure = 1, sd_outcome = 1, family_size = 1, relatedness = 1 / 2,
                     family_correlation = 0,
                     within = FALSE, instruments = 1, alpha = 0.05, ...) {
  check_dots(...)
  check_given()
  check_choice(outcome, "outcome", c("continuous", "binary"))
  given <- list(n = n, effect = effect, power = power)
  missing <- names(given)[vapply(given, is.null, NA)]
  if (length(missing) != 1) {
    abort_argument(
      "n, effect, power", "two of the three, the third NULL", if (length(missing)) "fewer" else "all three"
    )
  }
  check_number(alpha, "alpha", 0, .5, open = TRUE)
  check_number(instruments, "instruments", 1, whole = TRUE)
  check_idle(c("relatedness", "family_correlation"), family_size == 1, "a `family_size` above 1")
  factor <- family_factor(family_size, relatedness, family_correlation, within)
  grid <- power_grid(r2, given, cases, outcome, alpha)
  scales <- list(sd_exposure = sd_exposure, sd_outcome = sd_outcome, observational = observational)
  check_power_scales(scales, outcome)
  rows <- lapply(power_methods[[outcome]], function(method) {
    lapply(
      seq_len(nrow(grid)),
      function(i) power_row(method, grid[i, ], missing, factor, scales, alpha, family_size, instruments)
    )
  })
  out <- do.call(rbind, unlist(rows, recursive = FALSE))
  if (outcome == "continuous") out$cases <- NULL
  out
}

# What n people count as, against unrelated ones: a share.
family_factor <- function(m, r, rho, within) {
  check_number(m, "family_size", 1, whole = TRUE)
  check_number(r, "relatedness", 0, 1)
  check_number(rho, "family_correlation", 0, 1)
  check_flag(within, "within")
  if (!within) return(1 / (1 + (m - 1) * r * rho))
  if (m < 2) abort_argument("family_size", "at least 2 with within = TRUE", describe(m))
  if (rho == 1 || r == 1) {
    abort_argument(if (r == 1) "relatedness" else "family_correlation", "below 1 with within = TRUE", "1")
  }
  (m - 1) / m * (1 - r) / (1 - rho)
}

power_grid <- function(r2, given, cases, outcome, alpha) {
  numbers <- function(x, arg, low, high, what) {
    if (is.numeric(x) && length(x) && all(is.finite(x)) && all(x > low & x < high)) return(as.double(x))
    abort_argument(arg, what, describe(x))
  }
  parts <- list(r2 = numbers(r2, "r2", 0, 1, "numbers strictly between 0 and 1"))
  if (!is.null(given$n)) parts$n <- numbers(given$n, "n", 1, Inf, "numbers of people, above 1")
  if (!is.null(given$effect)) {
    binary <- outcome == "binary"
    parts$effect <- numbers(
      given$effect, "effect", if (binary) 0 else -Inf, Inf, if (binary) "odds ratios, above 0" else "numbers"
    )
  }
  if (!is.null(given$power)) parts$power <- numbers(given$power, "power", alpha, 1, "numbers between alpha and 1")
  if (outcome == "binary") {
    parts$cases <- numbers(cases, "cases", 0, 1, "the share of cases, between 0 and 1, with a binary outcome")
  } else if (!is.null(cases)) {
    abort_argument("cases", "NULL with a continuous outcome", describe(cases), "Say outcome = \"binary\".")
  }
  size <- max(lengths(parts))
  odd <- lengths(parts)[size %% lengths(parts) != 0]
  if (length(odd)) {
    abort_argument(names(odd)[1], sprintf("of a length that divides %d", size), sprintf("of length %d", odd[1]))
  }
  out <- as.data.frame(lapply(parts, rep_len, size))
  for (name in setdiff(c("n", "effect", "power", "cases"), names(out))) out[[name]] <- NA_real_
  out
}

check_power_scales <- function(scales, outcome) {
  check_number(scales$sd_exposure, "sd_exposure", 0, open = TRUE)
  check_number(scales$sd_outcome, "sd_outcome", 0, open = TRUE)
  check_number(scales$observational, "observational", null = TRUE)
  if (outcome == "continuous") return(invisible())
  for (arg in c("sd_exposure", "sd_outcome")) if (scales[[arg]] != 1) {
    abort_argument(
      arg, "1 with a binary outcome", describe(scales[[arg]]),
      "The odds ratio is per standard deviation of the exposure."
    )
  }
  if (!is.null(scales$observational)) {
    abort_argument("observational", "NULL with a binary outcome", describe(scales$observational))
  }
}

# Non-centrality for each person and each unit of r2; NA where no such outcome exists.
power_methods <- list(
  continuous = list(list(name = "2SLS", ncp = function(effect, cases, s) {
    slope <- if (is.null(s$observational)) effect else s$observational
    left <- s$sd_outcome^2 - effect * s$sd_exposure^2 * (2 * slope - effect)
    if (left > 0) effect^2 * s$sd_exposure^2 / left else NA_real_
  }, start = function(s) s$sd_outcome / s$sd_exposure, to = identity)),
  binary = list(
    list(name = "risk difference", ncp = function(effect, cases, s) {
      b <- cases * (effect / (1 + cases * (effect - 1)) - 1)
      left <- cases * (1 - cases) - b^2
      if (left > 0) b^2 / left else NA_real_
    }, start = function(s) 1, to = exp),
    list(
      name = "odds ratio", ncp = function(effect, cases, s) cases * (1 - cases) * log(effect)^2, start = function(s) 1,
      to = exp
    )
  )
)

power_of <- function(ncp, alpha) stats::pchisq(stats::qchisq(1 - alpha, 1), 1, ncp, lower.tail = FALSE)

needed_ncp <- function(power, alpha) {
  top <- 4 * (stats::qnorm(1 - alpha / 2) + stats::qnorm((1 + power) / 2))^2 + 1
  stats::uniroot(function(ncp) power_of(ncp, alpha) - power, c(0, top), tol = 1e-10)$root
}

power_row <- function(method, row, missing, factor, scales, alpha, family_size, instruments) {
  each <- function(effect) method$ncp(effect, row$cases, scales)
  if (missing == "effect") {
    row$effect <- smallest_effect(method, each, needed_ncp(row$power, alpha) / (row$n * row$r2 * factor), scales)
  }
  one <- each(row$effect)
  if (is.na(one)) {
    abort_argument("effect", "one that leaves the outcome some variance of its own", sprintf(
      "the number %s", format(row$effect)
    ),
                   "Check the standard deviations, `observational`, and whether the effect is per unit.")
  }
  if (missing == "n") {
    if (one == 0) {
      abort_argument(
        "effect", if (is.na(row$cases)) "other than 0" else "other than 1", format(row$effect),
        "No number of people finds an effect that is not there."
      )
    }
    row$n <- ceiling(needed_ncp(row$power, alpha) / (one * row$r2 * factor) / family_size) * family_size
  }
  ncp <- row$n * row$r2 * factor * one
  if (missing != "effect") row$power <- power_of(ncp, alpha)
  data.frame(
    method = method$name, r2 = row$r2, n = row$n, effect = row$effect, power = row$power, alpha = alpha,
    cases = row$cases, ncp = ncp,
    f = 1 + row$n * row$r2 / (instruments * (1 - row$r2))
  )
}

# The smallest effect above none (0, or an odds ratio of 1) whose non-centrality is `target`.
smallest_effect <- function(method, each, target, scales) {
  gap <- function(step) each(method$to(step)) - target
  step <- method$start(scales) * 1e-3
  while (isTRUE(gap(step) < 0) && step < 1e6) step <- step * 1.05
  if (!isTRUE(gap(step) >= 0)) {
    abort_argument(
      "n", "large enough for some effect to be seen with that power", "too small",
      "Give more people, stronger instruments or less power."
    )
  }
  method$to(
    stats::uniroot(gap, c(if (step > method$start(scales) * 1e-3) step / 1.05 else 0, step), tol = step * 1e-10)$root
  )
}
