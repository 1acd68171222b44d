# Raw columns of a small cohort with structure: what mr_data() takes.
scan_cohort <- function(n = 360, p = 14, seed = 1) {
  with_seed(seed, {
    site <- rep(c("a", "b", "c"), length.out = n)
    ancestry <- stats::rnorm(n) + (site == "b")
    prob <- stats::plogis(outer(ancestry, stats::rnorm(p, 0, .4)) + rep(stats::rnorm(p, -.5, .3), each = n))
    g <- matrix(stats::rbinom(n * p, 2, prob), n, p, dimnames = list(sprintf("p%03d", seq_len(n)), paste0("rs", seq_len(p))))
    g[cbind(sample(n, 20), sample(p, 20, TRUE))] <- NA
    full <- g
    full[is.na(full)] <- 0
    u <- ancestry + stats::rnorm(n)
    x1 <- drop(full %*% stats::rnorm(p, .35, .1)) + u + stats::rnorm(n)
    x2 <- drop(full %*% stats::rnorm(p, .2, .1)) - u + stats::rnorm(n)
    list(
      g = g, site = site, ids = rownames(g),
      covariates = data.frame(age = stats::rnorm(n, 50, 9), sex = rep(c("f", "m", "m"), length.out = n)),
      structure = cbind(pc1 = ancestry + stats::rnorm(n, 0, .2), pc2 = stats::rnorm(n)),
      background = matrix(
        stats::rbinom(n * 40, 2, stats::plogis(outer(ancestry, stats::rnorm(40, 0, .6)))), n, 40,
        dimnames = list(rownames(g), paste0("bg", 1:40))
      ),
      cluster = rep(seq_len(n / 2), each = 2),
      exposures = data.frame(x1 = x1, x2 = x2),
      outcomes = data.frame(
        y1 = .3 * x1 + u + stats::rnorm(n), y2 = stats::rnorm(n), case = as.numeric(.4 * x2 + u + stats::rnorm(n) > 0)
      )
    )
  })
}

# Some values of the traits missing, in three patterns of the outcomes and two of the exposures.
scan_missing <- function(cohort) {
  n <- nrow(cohort$g)
  with_seed(9, {
    cohort$exposures$x2[sample(n, 15)] <- NA
    cohort$outcomes$y2[sample(n, 25)] <- NA
    cohort$outcomes$case[sample(n, 5)] <- NA
  })
  cohort
}

# The slow twin: mr_data() of the pair's own people, then latent_mr(). Returns what a scan must say of it.
scan_twin <- function(cohort, exposure, outcome, given, rows, instruments = NULL, ...) {
  g <- cohort$g
  if (!is.null(instruments)) g <- g[, instruments, drop = FALSE]
  data <- do.call(mr_data, c(
    list(g, cohort$exposures[[exposure]], cohort$outcomes[[outcome]], cohort$site, ids = cohort$ids, kind = "genotype"),
    cohort[given]
  ))
  if ("background" %in% given) data <- background_twin(cohort, exposure, outcome, given)
  data$exposure_name <- exposure
  data$outcome_name <- outcome
  if (!rows) data <- mr_moments(data, folds = 1, seed = 3, disclosure = FALSE)
  latent_mr(data, seed = 3, by_environment = FALSE, jackknife = FALSE, ...)
}

# The pair's own people with the components of everybody.
background_twin <- function(cohort, exposure, outcome, given) {
  everybody <- do.call(mr_data, c(
    list(cohort$g, seq_along(cohort$ids), cos(seq_along(cohort$ids)), cohort$site, ids = cohort$ids, kind = "genotype"),
    cohort[given]
  ))
  everybody <- add_background(everybody, encoder_control())
  part <- everybody[!is.na(cohort$exposures[[exposure]] + cohort$outcomes[[outcome]]), ]
  at <- match(part$ids, cohort$ids)
  part$exposure <- cohort$exposures[[exposure]][at]
  part$outcome <- cohort$outcomes[[outcome]][at]
  part
}

# Largest relative difference of numbers; Inf where one is missing and the other is not.
scan_distance <- function(a, b) {
  if (!identical(is.na(a), is.na(b))) return(Inf)
  max(0, abs(a - b) / pmax(abs(b), 1e-4), na.rm = TRUE)
}
