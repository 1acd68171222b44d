#' Effects within strata of the exposure
#'
#' The stratum tables that users of `SUMnlmr` and `DRMR` know, from the data of a
#' curve, for comparison. With several instruments the first-stage prediction is the score.
#'
#' @details
#' * `"residual"` (Staley and Burgess 2017): strata are quantiles of the residual of
#'   the exposure on the instrument; the effect is the outcome association in the stratum over
#'   the exposure association in everybody, as in nlmr (DRMR and SUMnlmr divide by the stratum's own: `by / bx`).
#' * `"doubly-ranked"` (Tian et al. 2023): people are sorted by the instrument into
#'   pre-strata of as many people as strata, ranked by exposure in each, and the k-th ranked of all
#'   pre-strata make stratum k; the effect is the ratio in the stratum.
#'
#' Known failures. Residual strata need a linear, homogeneous effect of the
#' instrument on the exposure. Doubly-ranked strata need that the instrument keeps ranks;
#' both condition on a collider when it does not, and negative-control outcomes
#' (age, sex) then show effects (Hamilton et al. 2024). Estimates are local slopes, not
#' values of the curve, and the level is not identified.
#'
#' Ties (of genotypes nearly everybody in pre-strata) are drawn with the seed of the curve, whatever the order of the
#' people in the file, and a message counts them.
#'
#' @param fit An `iv_curve`.
#' @param strata Number of strata, 2 to 100 (at most n / 20).
#' @param method `"residual"`, `"doubly-ranked"`, or both.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame, one row per method and stratum: `method`, `stratum`; of the
#'   exposure `size`, `min`, `1q`, `mean`, `3q`, `max`; `Fvalue` of the instrument in the
#'   stratum; associations in the stratum `bx`, `bxse`, `by`, `byse` (per unit of the score); effect `est` and its error
#'   `se`, by the names of `DRMR::getSummaryInf()` (whose `target`, the true effect of simulated data, is not here);
#'   `xmean`, and for pictures `xmin` and `xmax`, of `SUMnlmr::create_nlmr_summary()`: quantiles .1 and .9 of the
#'   exposure in the stratum, .2 below in the lowest and .8 above in the highest.
#' @section Errors: `latentmr_error_argument`.
#' @references Staley and Burgess (2017), Genetic Epidemiology 41:341. Tian, Mason, Liu
#'   and Burgess (2023), PLoS Genetics 19:e1010823. Hamilton et al. (2024), European
#'   Journal of Epidemiology 10.1007/s10654-024-01113-9.
#' @examples
#' set.seed(1)
#' z <- rnorm(1000)
#' u <- rnorm(1000)
#' d <- data.frame(z, x = .5 * z + u, y = (.5 * z + u)^2 + u + rnorm(1000))
#' fit <- iv_curve(y ~ x | z, data = d, seed = 1)
#' stratum_table(fit, strata = 5)
#' @export
stratum_table <- function(fit, strata = 10, method = c("residual", "doubly-ranked"), ...) {
  check_dots(...)
  check_given()
  if (!inherits(fit, "iv_curve")) abort_argument("fit", "an iv_curve", describe(fit))
  check_made(fit)
  check_number(strata, "strata", min = 2, max = min(100, fit$nobs %/% 20), whole = TRUE)
  check_strings(method, "method")
  for (m in method) check_choice(m, "method", c("residual", "doubly-ranked"))
  d <- fit$data
  w <- unname(cbind(rep(1, fit$nobs), d$w))
  first <- iv_fit(d$x, w = unname(cbind(w, d$z)), estimator = "ols")
  score <- if (ncol(d$z) == 1) d$z[, 1] else drop(d$z %*% first_stage_slopes(first, ncol(w), ncol(d$z)))
  # as.vector: leave no names behind
  residual <- as.vector(stats::residuals(iv_fit(d$x, w = unname(cbind(w, score)), estimator = "ols")))
  overall <- association(d$x, score, d$w, seq_along(d$x))
  out <- lapply(method, function(m) {
    group <- if (m == "residual") {
      rank_groups(residual, strata, fit$seed, list(d$x, d$y))
    } else {
      double_ranks(score, d$x, strata, fit$seed, list(d$y))
    }
    rows <- lapply(seq_len(strata), function(k) {
      ends <- c(if (k == 1) .2 else .1, if (k == strata) .8 else .9)
      stratum_row(d, score, which(group == k), ends, if (m == "residual") overall)
    })
    cbind(data.frame(method = m, stratum = seq_len(strata)), do.call(rbind, rows))
  })
  do.call(rbind, out)
}

first_stage_slopes <- function(first, skip, count) {
  slopes <- stats::coef(first)[skip + seq_len(count)]
  slopes[is.na(slopes)] <- 0
  slopes
}

# Values but for rounding.
rounded <- function(v) {
  width <- 1e-9 * max(abs(v))
  if (width > 0) round(v / width) else numeric(length(v))
}

# Noise for each person that does not hang on the order of the file: drawn for the people sorted.
drawn_noise <- function(seed, ...) {
  out <- numeric(length(..1))
  out[order(...)] <- with_seed(seed, stats::runif(length(out)))
  out
}

# Equal values have no order of their own: it is drawn. `by`: what else tells people apart.
rank_groups <- function(v, strata, seed, by = NULL) {
  key <- rounded(v)
  place <- integer(length(v))
  place[order(key, do.call(drawn_noise, c(list(seed, key), by)))] <- seq_along(v)
  group <- ceiling(place * strata / length(v))
  inform_ties(key, group, "the same residual", "strata")
  group
}

# Ties of the instrument are broken at random, as its users do; people left over at
# the end form a smaller pre-stratum.
double_ranks <- function(score, x, strata, seed, by = NULL) {
  key <- rounded(score)
  by_score <- order(key, do.call(drawn_noise, c(list(seed, key, x), by)))
  pre <- (seq_along(score) - 1) %/% strata
  inform_ties(key[by_score], pre, "the same score", "pre-strata")
  sorted <- by_score[order(pre, x[by_score])]
  group <- integer(length(score))
  group[sorted] <- stats::ave(seq_along(pre), pre, FUN = seq_along)
  group
}

# How many people have their value in common with people of another group.
inform_ties <- function(key, group, value, groups) {
  apart <- vapply(split(group, key), function(g) length(unique(g)) > 1, NA)
  cut <- sum(as.character(key) %in% names(apart)[apart])
  if (!cut) return(invisible())
  inform(
    sprintf(
      "%s with %s in different %s: who is in which was drawn with the seed of the curve.",
      if (cut == 1) "1 person is" else paste(big(cut), "people are"), value, groups
    ), "latentmr_message_ties"
  )
}

association <- function(v, score, w, rows) {
  design <- unname(cbind(score[rows], 1, w[rows, , drop = FALSE]))
  fit <- iv_fit(v[rows], w = design, estimator = "ols")
  c(unname(stats::coef(fit)[1]), sqrt(stats::vcov(fit)[1, 1]))
}

stratum_row <- function(d, score, rows, ends, overall) {
  x <- d$x[rows]
  bx <- association(d$x, score, d$w, rows)
  by <- association(d$y, score, d$w, rows)
  base <- if (is.null(overall)) bx else overall
  q <- stats::quantile(x, c(.25, .75, ends), names = FALSE)
  data.frame(
    size = length(x), min = min(x), "1q" = q[1], mean = mean(x), "3q" = q[2], max = max(x),
    Fvalue = (bx[1] / bx[2])^2, bx = bx[1], bxse = bx[2], by = by[1], byse = by[2],
    est = by[1] / base[1], se = by[2] / abs(base[1]), xmean = mean(x), xmin = q[3], xmax = q[4], check.names = FALSE
  )
}
