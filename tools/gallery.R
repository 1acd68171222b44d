library(LatentMR)
data <- simulate_cohort("hgdp", n = 400, sites = 6, variants = 40, seed = 1)
fit <- suppressWarnings(latent_mr(data, seed = 1))
curve <- iv_curve(fit, data, seed = 1)

#' Forest: estimators, environments, each left out
plot(fit)

#' Every estimator in every environment
plot(fit, "environments")

#' Strength by environment
plot(fit, "first_stage")

#' Associations of the variants
plot(fit, "scatter")

#' Ratio estimates and their precision
plot(fit, "funnel")

#' Single variants
plot(fit, "single_variant")

#' Without each variant
plot(fit, "leave_one_out")

#' Spectrum of the encoder
plot(fit, "spectrum")

#' Latents by environment
plot(fit, "latent", data = data)

#' Quality of the instruments
plot(fit, "quality")

#' Dose-response curve
plot(curve)
