# Times to an event: bias, error and coverage of 95 % intervals of the difference in hazard, by iv_hazard() with few strong
# and many weak instruments, strata, clusters and delayed entry, and by latent_hazard() in structured cohorts.
# LATENTMR_BENCH_DRAWS sets the draws (default 1,000; a quarter of them for the latent designs).
library(LatentMR)
draws <- as.numeric(Sys.getenv("LATENTMR_BENCH_DRAWS", "1000"))
options(LatentMR.quiet = TRUE)

# An additive hazard of the exposure (effect 0.01) and a confounder u, from zero on; follow-up of 10 to 20.
effect <- 0.01
people <- function(design, n = 2000) {
  L <- if (startsWith(design, "weak")) 60 else 5
  stratum <- rep(1:4, length.out = n)
  family <- if (design == "clusters") rep(seq_len(n / 4), each = 4) else seq_len(n)
  shift <- if (design == "strata") stratum else rep(0, n)
  z <- matrix(rbinom(n * L, 2, 0.3 + 0.1 * shift), n)
  if (design == "clusters") z <- z[family, ]
  shared <- if (design == "clusters") rexp(n / 4)[family] else rexp(n)
  u <- (shared + rexp(n)) / 2
  strength <- c(weak = 1.7, weaker = 1.2)[design]
  if (is.na(strength)) strength <- 1.2
  x <- drop(z %*% rep(strength / L^0.75, L)) + shift + 1.5 * u + rexp(n)
  death <- rexp(n, 0.01 + effect * x + 0.03 * u + 0.02 * shift)
  entry <- if (design == "entry") runif(n, 0, 6) else rep(0, n)
  end <- entry + runif(n, 10, 20)
  d <- list(
    time = pmin(death, end), event = as.numeric(death <= end), entry = entry, x = x, z = z,
    strata = if (design == "strata") stratum, cluster = if (design == "clusters") family
  )
  seen <- death > entry
  lapply(d, function(v) if (is.null(v)) NULL else if (is.matrix(v)) v[seen, ] else v[seen])
}

# What the outcome of a simulated cohort has beside the exposure's effect carries the confounding.
cohort <- function(cell) {
  data <- simulate_mr("snp", cell = cell, n = 400)
  u <- as.numeric(scale(data$outcome - data$truth$effect * data$exposure))
  rate <- pmax(0.2 + effect * data$exposure + 0.02 * u, 1e-3)
  death <- rexp(length(u), rate)
  list(data = data, time = pmin(death, 8), event = as.numeric(death <= 8))
}

fit_of <- function(design) {
  if (startsWith(design, "cohort")) {
    d <- cohort(as.integer(sub("cohort ", "", design)))
    return(latent_hazard(d$data, d$time, d$event, seed = 1))
  }
  d <- people(design)
  iv_hazard(d$time, d$event, d$x, d$z, entry = d$entry, strata = d$strata, cluster = d$cluster)
}

one <- function(design) {
  fit <- tryCatch(suppressWarnings(fit_of(design)), latentmr_error = function(e) NULL)
  if (is.null(fit)) return(matrix(NA_real_, 4, 3))
  cbind(fit$estimates$b, fit$estimates$se, fit$fstat)
}

out <- NULL
for (design in c("strong", "weak", "weaker", "strata", "clusters", "entry", "cohort 1", "cohort 3")) {
  set.seed(1)
  count <- if (startsWith(design, "cohort")) ceiling(draws / 4) else draws
  values <- vapply(seq_len(count), function(i) one(design), matrix(0, 4, 3))
  for (k in 1:4) {
    b <- values[k, 1, ]
    se <- values[k, 2, ]
    good <- is.finite(b)
    row <- data.frame(
      design = design, estimator = c("ujive", "iv", "two_stage", "naive")[k], mean_f = mean(values[k, 3, good]),
      truth = effect, failed = sum(!good), bias = mean(b[good]) - effect, mcse = sd(b[good]) / sqrt(sum(good)),
      median_bias = median(b[good]) - effect,
      sd = sd(b[good]), mean_se = mean(se[good]), coverage = mean(abs(b[good] - effect) < stats::qnorm(.975) * se[good]),
      draws = count
    )
    print(row, digits = 3)
    out <- rbind(out, row)
  }
}
write.csv(out, "bench/results/hazard.csv", row.names = FALSE)
