# What the pictures of the report show, in words, for readers who do not see them.

# `whole`: of the picture that has the environments too.
alt_forest <- function(fit, whole = TRUE) {
  rows <- as.data.frame(fit)
  if (whole) {
    return(sprintf(
      "Forest plot of everybody, of each of %s and without each of them; the numbers are in the table of environments.",
      plural(length(fit$encoder$environments), "environment")
    ))
  }
  if (length(fit$exposure) > 1) {
    return(sprintf(
      "Forest plot, a panel for each exposure. %s.",
      paste(rows$exposure, rows$method, format_estimate(rows$b, rows$lo_ci, rows$up_ci), collapse = "; ")
    ))
  }
  paste0(
    "Forest plot. ", paste(paste(rows$method, format_estimate(rows$b, rows$lo_ci, rows$up_ci)), collapse = "; "), ". ",
    "Anderson-Rubin: ", ar_words(fit$diagnostics$ar), "."
  )
}

alt_environments <- function(fit) {
  sprintf(
    "Estimates of %s in everybody and in each of %s; those of %s are in the table of environments.",
    plural(nrow(fit$methods), "method"), plural(length(fit$by_environment), "environment"),
    short_name(local_method(fit))
  )
}

alt_first_stage <- function(fit) {
  e <- fit$diagnostics$environments
  f <- e$f[is.finite(e$f)]
  sprintf(
    "First-stage F: %.1f in everybody, %s in single environments; shares of the pooled first stage from %.3f to %.3f.",
    fit$diagnostics$f, if (length(f)) sprintf("%.1f to %.1f", min(f), max(f)) else "none", min(e$weight), max(e$weight)
  )
}

alt_spectrum <- function(fit) {
  data <- spectrum_data(fit$encoder)
  sprintf(
    "Eigenvalues of the encoder from %.3g to %.3g; %d of %d belong to the variant block%s.", max(data$value),
    min(data$value),
    sum(data$part == "variant"), nrow(data),
    if (all(is.na(data$null))) {
      ""
    } else {
      sprintf(", null line from %.3g to %.3g", min(data$null, na.rm = TRUE), max(data$null, na.rm = TRUE))
    }
  )
}

alt_latents <- function(plot) {
  data <- plot$data
  spread <- vapply(split(data$mean, data$latent), function(m) diff(range(m)), 0)
  paste0(
    "Densities of latent variables by environment. Largest difference between the means of environments, in standard deviations: ",
    paste(names(spread), sprintf("%.2f", spread), collapse = ", "), "."
  )
}

alt_scatter <- function(fit) {
  sprintf(
    "Associations of the variants with %s against those with %s; slopes are in the tables of estimates.", fit$outcome,
    fit$exposure
  )
}

alt_funnel <- function(plot) {
  sprintf(
    "Ratio estimates of %s against their precision; median ratio %.3g.", plural(nrow(plot$data), "variant"),
    stats::median(plot$data$b)
  )
}

alt_variants <- function(plot, what) {
  rows <- plot$data[!plot$data$all, ]
  all <- plot$data[plot$data$all, ]
  sprintf(
    "%s: %s%s, estimates from %.3g to %.3g; all variants together %.3g.", what, plural(nrow(rows), "variant"),
    if (all(rows$shown)) "" else sprintf(", of which %d are drawn", sum(rows$shown)), min(rows$b), max(rows$b), all$b[1]
  )
}

alt_curve <- function(curve) {
  at <- unname(stats::quantile(curve$data$x, c(.05, .25, .5, .75, .95)))
  paste0(
    "Dose-response curve. ",
    paste(sprintf("At %s = %.3g: %.3g", curve$names$exposure, at, predict(curve, at)), collapse = "; "), "."
  )
}

alt_quality <- function(fit) {
  paste(
    "Change of the latents between environments and dependence of the invariant block.",
    paste(quality_lines(fit$quality), collapse = " ")
  )
}
