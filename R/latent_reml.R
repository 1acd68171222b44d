# Spectral REML: the fits are in src/core/effect/reml.c, their average and interval here.

reml_estimate <- function(block, encoder, view, level) {
  k <- ncol(encoder$variant)
  total <- ncol(encoder$directions)
  lambda <- encoder$values[k + seq_len(total - k)] / encoder$threshold
  basic <- block_scores(view, latent_block("basic", encoder, view), encoder$directions)
  b0 <- block$scores$nagar[1]
  fits <- .Call(
    C_ffi_reml, block$scores$g, block$scores$kept, lambda, block$scores$noise, basic$scores$g,
    as.integer(max(k, 1)), basic$scores$noise, b0
  )
  dimnames(fits) <- list(
    c("sq top", "sq noise", "edge top", "edge noise"),
    c("theta", "se", "loglik", "strength", "structure", "pleiotropy", "structure_share", "pleiotropy_share", "converged", "weight")
  )
  list(id = "latent_reml", b = b0 + sum(fits[, "weight"] * fits[, "theta"]), fits = fits, level = level)
}

# half(level) = sqrt(sum w_f (t s_f)^2 + z^2 V), V the variance of the four fits
# (weighted or not, the larger); with rows times max(1, heteroskedastic error of
# UJIVE / Nagar's error).
reml_interval <- function(estimate, block, context, ujive = NULL) {
  fits <- estimate$fits
  df <- max(block$scores$n_kept - 1, 1)
  theta <- fits[, "theta"]
  weight <- fits[, "weight"]
  spread <- max(mean((theta - mean(theta))^2), sum(weight * (theta - sum(weight * theta))^2))
  inflate <- 1
  if (!is.null(context$rows)) {
    if (is.null(ujive)) ujive <- estimate_one("latent_ujive", block, context)
    om <- block$scores$noise
    o <- om[2, 2] - 2 * estimate$b * om[1, 2] + estimate$b^2 * om[1, 1]
    gx <- block$scores$g[1, ]
    nagar <- sqrt(sum(gx^2) * o) / abs(sum(gx^2) - block$scores$n_kept * om[1, 1])
    inflate <- max(1, ujive$se_plain / nagar, na.rm = TRUE)
  }
  half <- function(level) {
    a <- 1 - level
    inflate * sqrt(sum(weight * (stats::qt(1 - a / 2, df) * fits[, "se"])^2) + stats::qnorm(1 - a / 2)^2 * spread)
  }
  b <- estimate$b
  se <- half(.95) / stats::qnorm(.975)
  h <- half(context$level)
  list(
    id = "latent_reml", b = b, se = se, lo = b - h, up = b + h,
    pval = 2 * stats::pnorm(-abs(b / se)), vcov = "reml",
    fstat = block_f(block), fstat_type = "partial",
    nsnp = block$scores$n_kept, nobs = block$n, se_plain = sqrt(sum(weight * fits[, "se"]^2)), factor = inflate, df = df,
    fits = fits,
    disagree = diff(range(fits[, "theta"])) > 2 * sqrt(mean((stats::qt(.975, df) * fits[, "se"])^2)),
    structure_share = sum(weight * fits[, "structure_share"]),
    pleiotropy_share = sum(weight * fits[, "pleiotropy_share"])
  )
}
