# Falsification tests of a fit, from moments.

# Allele counts by environment: chi-squared of the 2 x E table of every variant,
# Holm-adjusted, and their sum for the panel.
allele_count_test <- function(moments) {
  e <- moments$blocks$environment
  total <- t(rowsum(t(moments$sg), e))
  miss <- matrix(0, nrow(moments$variants), ncol(total))
  if (length(moments$missing)) miss[moments$missing, ] <- t(rowsum(t(moments$sm), e))
  n <- as.vector(rowsum(as.double(moments$blocks$n), e))
  alleles <- 2 * (rep(n, each = nrow(total)) - miss)
  frequency <- rowSums(total) / rowSums(alleles)
  expected <- alleles * frequency
  other <- alleles * (1 - frequency)
  terms <- (total - expected)^2 * (1 / expected + 1 / other)
  usable <- alleles > 0
  terms[!usable | !is.finite(terms)] <- 0
  df <- pmax(rowSums(usable) - 1, 0)
  df[!is.finite(frequency) | frequency <= 0 | frequency >= 1] <- 0
  statistic <- rowSums(terms)
  pval <- ifelse(df > 0, stats::pchisq(statistic, df, lower.tail = FALSE), NA_real_)
  list(
    per_variant = data.frame(
      snp = moments$variants$snp, statistic = statistic, df = df, pval = pval,
      p_holm = stats::p.adjust(pval, "holm")
    ),
    panel = c(
      statistic = sum(statistic), df = sum(df),
      pval = if (sum(df)) stats::pchisq(sum(statistic), sum(df), lower.tail = FALSE) else NA_real_
    )
  )
}

# Linear HSIC of two blocks of columns within environments: sum_e ||X_e'Y_e||_F^2
# of standardised columns, null by a gamma law with mean tr K tr L / n and variance
# 2 ||K||^2 ||L||^2 / n^2 (Zhang et al. 2011, UAI, for the centred Gram matrices). Both given the
# directions of the block and the columns `given`.
linear_hsic <- function(view, part, directions, columns, from = NULL, given = integer()) {
  statistic <- center <- variance <- 0
  normal <- 0
  size <- drop(sqrt(view$scale[view$columns$variants]) %*% abs(directions))^2
  for (e in view$environments) {
    one <- view_subset(view, e)
    inner <- block_map(one, cbind(part$inner_directions, part$common_directions), given)
    of <- if (!is.null(from) && !is.null(view$turned)) columns
    partial <- partial_out(one, inner, matrix(0, view_width(one), 0), of = of)
    residual <- partial$residual
    g <- view$columns$variants
    at <- residual_at(partial, columns)
    turned <- turned_products(one, partial, from)
    xx <- .Call(C_ffi_scores_products, residual, length(g), directions, turned)
    xy <- core_product(directions, residual[g, at, drop = FALSE], transposed = TRUE)
    yy <- residual[columns, at, drop = FALSE]
    # A column that the block explains, or that does not vary here, says nothing.
    whole <- if (is.null(turned)) {
      colSums(directions * core_product(one$cross[[1]][g, g, drop = FALSE], directions))
    } else {
      diag(turned$cross[[1]])[from + seq_len(ncol(directions))]
    }
    use_x <- diag(xx) > pmax(1e-8 * whole, 1e-11 * one$n * size)
    use_y <- diag(yy) > pmax(1e-8 * diag(one$cross[[1]])[columns], 1e-11 * one$n * view$scale[columns])
    if (!any(use_x) || !any(use_y)) next
    sx <- sqrt(diag(xx)[use_x])
    sy <- sqrt(diag(yy)[use_y])
    squares <- .Call(C_ffi_symmetric_squares, xx, replace(numeric(length(use_x)), use_x, 1 / sx)) # of the correlations
    rxy <- xy[use_x, use_y, drop = FALSE] / outer(sx, sy)
    ryy <- yy[use_y, use_y, drop = FALSE] / outer(sy, sy)
    n <- one$n
    statistic <- statistic + n^2 * sum(rxy^2)
    center <- center + n * length(sx) * length(sy)
    variance <- variance + 2 * n^2 * squares * sum(ryy^2)
    normal <- normal + n^2 * sqrt(squares * sum(ryy^2))
  }
  if (!center) return(c(statistic = NA_real_, normalised = NA_real_, pval = NA_real_))
  c(
    statistic = statistic, normalised = statistic / normal,
    pval = stats::pgamma(statistic, shape = center^2 / variance, scale = variance / center, lower.tail = FALSE)
  )
}

# Cochran's Q over environments of one estimator.
cochran_q <- function(b, se) {
  use <- is.finite(b) & is.finite(se) & se > 0
  if (sum(use) < 2) return(c(Q = NA_real_, Q_df = max(sum(use) - 1, 0), Q_pval = NA_real_, I2 = NA_real_))
  w <- 1 / se[use]^2
  q <- sum(w * (b[use] - sum(w * b[use]) / sum(w))^2)
  df <- sum(use) - 1
  c(Q = q, Q_df = df, Q_pval = stats::pchisq(q, df, lower.tail = FALSE), I2 = max(0, (q - df) / q))
}

latent_wu_hausman <- function(k) {
  if (k$df < 5) return(rep(NA_real_, 4))
  unname(kclass_tests(k, kclass_fit(k, 1)$coefficients)$wu_hausman)
}

latent_basmann <- function(k) {
  if (k$L < 2 || k$df < 5) return(c(0, NA, NA, NA))
  unname(kclass_tests(k, kclass_fit(k, 1)$coefficients)$basmann)
}
