# Spectral REML: the fits are in src/core/effect/reml.c, their average and interval here.

reml_effects <- function(block, context) {
  encoder <- context$encoder
  k <- ncol(encoder$variant)
  total <- direction_count(encoder)
  lambda <- encoder$values[k + seq_len(total - k)] / encoder$threshold
  basic <- block_scores(
    context$view, latent_block("basic", encoder, context$view), panel_directions(encoder),
    from = direction_start(encoder, "all")
  )
  b0 <- kclass_nagar(block$kclass)$coefficients
  # Exposure first: reml.h has a = (1, theta).
  noise <- function(m) (m$r1 / m$df)[2:1, 2:1]
  fits <- .Call(
    C_ffi_reml, block$g[2:1, , drop = FALSE], block$kept, lambda, block$size, noise(block$kclass),
    basic$g[2:1, , drop = FALSE], as.integer(max(k, 1)), noise(basic$kclass), b0
  )
  dimnames(fits) <- list(
    c("sq top", "sq noise", "edge top", "edge noise"),
    c(
      "theta", "se", "loglik", "strength", "structure", "pleiotropy", "structure_share", "pleiotropy_share",
      "converged", "weight"
    )
  )
  weight <- fits[, "weight"]
  theta <- fits[, "theta"]
  list(
    b = b0 + sum(weight * theta), fits = fits,
    disagree = diff(range(theta)) > 2 * sqrt(mean((stats::qt(.975, reml_df(block)) * fits[, "se"])^2)),
    structure_share = sum(weight * fits[, "structure_share"]),
    pleiotropy_share = sum(weight * fits[, "pleiotropy_share"])
  )
}

reml_df <- function(block) max(block$kclass$L - 1, 1)

# Half width of the 95 % interval: sqrt(sum w_f (t s_f)^2 + z^2 V), V the variance of the four fits
# (weighted or not, the larger); with rows times max(1, heteroskedastic error of
# UJIVE / Nagar's error). Where Sargan's J rejects at 5 %, times sqrt(J / df), as UJIVE and
# LIML have it: the model calls what is left structure or balanced pleiotropy, and the data do
# not tell which. Taking off what its own variance of pleiotropy explains was measured: intervals then
# cover .68 instead of .95 where all sites share one confounded law (bench/bench-trust.R, 40 draws).
reml_errors <- function(effects, block, context) {
  fits <- effects$fits
  df <- reml_df(block)
  theta <- fits[, "theta"]
  weight <- fits[, "weight"]
  spread <- max(mean((theta - mean(theta))^2), sum(weight * (theta - sum(weight * theta))^2))
  inflate <- 1
  if (!is.null(context$rows)) {
    nagar <- standard_errors(nagar_vcov(block$kclass, effects$b))
    inflate <- max(1, context$estimate("latent_ujive")$se_plain / nagar, na.rm = TRUE)
  }
  t <- stats::qt(.975, df)
  half <- sqrt(sum(weight * (t * fits[, "se"])^2) + stats::qnorm(.975)^2 * spread)
  j <- block_sargan(block)
  if (isTRUE(j$pval < .05)) inflate <- inflate * sqrt(max(1, j$ratio))
  list(se = half / t, vcov = "reml", df = df, factor = inflate)
}
