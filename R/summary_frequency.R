#' Are effects aligned with differences of allele frequencies?
#'
#' Stratification that is left in a GWAS moves a variant's effect by what its frequency differs between the populations
#' that are mixed. This asks, trait by trait and environment by environment, whether effects follow the frequencies:
#' it needs effects and frequencies and nothing else.
#'
#' In environment e the z statistic of variant j is regressed on \eqn{u_{jf} = (f_{jf} - f_{je}) / sd_{je}}{u_jf = (f_jf
#' - f_je) / sd_je}, the differences to the frequencies of the other environments f, without intercept: stratification
#' between people who are more or less like f gives z a part proportional to u. Which allele is counted does not matter,
#' and a random sign for every variant gives the law when effects know nothing of frequencies: the statistic
#' \eqn{|Q'z|^2}{|Q'z|^2}, Q an orthonormal basis of u, has over all signs the mean \eqn{\mathrm{tr}\,S}{tr S} and the
#' variance \eqn{2 (|S|^2 - \sum_j |Q_j|^4 z_j^4)}{2 (|S|^2 - sum |Q_j|^4 z_j^4)}, \eqn{S = Q'\mathrm{diag}(z^2) Q}{S =
#' Q'diag(z^2) Q}; a gamma law of this mean and variance gives the p-value, whatever the number and the law of true
#' effects.
#'
#' It sees stratification along the differences between the environments given, not along others (between people of
#' one environment who differ in nothing that the environments differ in). Instruments have effects of their own, which
#' are noise here: variants that are no instruments have more power. Selection that moved frequencies by the effects
#' looks like stratification.
#'
#' @param data A table of associations as `exposure` of [mr_moments_from_summary()], `mr_moments` or `mr_data`, of two
#'   environments or more.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame with a row for each trait and environment: `trait`, `environment`, `nsnp`, `axes` (other
#'   environments that differ), `share` (of the sum of z^2 that lies along them), `expected` (when effects know nothing
#'   of frequencies), `statistic`, `pval`, `p_holm` (Holm's, over all rows) and `detectable` (the share above
#'   `expected` that is found with 80 % power at 5 %).
#' @section Errors: `latentmr_error_argument` for other data, and for one environment.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 600, seed = 1)
#' frequency_alignment(data)
#' @export
frequency_alignment <- function(data, ...) {
  check_dots(...)
  check_given()
  x <- alignment_input(data)
  every <- ncol(x$f)
  if (every < 2) {
    abort_argument("data", "of two environments or more", "of one", "Frequencies have nothing to differ from.")
  }
  rows <- lapply(seq_len(ncol(x$z)), function(i) {
    e <- (i - 1L) %% every + 1L
    cbind(
      data.frame(trait = x$traits[(i - 1L) %/% every + 1L], environment = x$environments[e], stringsAsFactors = FALSE),
      alignment_row(x$z[, i], (x$f[, -e, drop = FALSE] - x$f[, e]) / x$sd[, e])
    )
  })
  out <- do.call(rbind, rows)
  out$p_holm <- stats::p.adjust(out$pval, "holm")
  out[c("trait", "environment", "nsnp", "axes", "share", "expected", "statistic", "pval", "p_holm", "detectable")]
}

# list(z: variants x environments within traits, f, sd: variants x environments, traits, environments).
alignment_input <- function(data) {
  if (is.data.frame(data)) {
    frame <- gwas_frame(data, "data", "exposure")
    if (is.na(frame$name)) frame$name <- "trait"
    g <- harmonise_gwas(list(frame))
    lost <- gwas_lost_words(g$flow)
    if (nzchar(lost)) {
      inform(
        sprintf("`data`: %s are used: %s.", plural(nrow(g$variants), "variant"), lost), "latentmr_message_variants"
      )
    }
    return(list(
      z = g$beta / g$se, f = g$eaf, sd = sqrt(2 * g$eaf * (1 - g$eaf)), traits = frame$name,
      environments = g$environments
    ))
  }
  if (!inherits(data, c("mr_data", "mr_moments"))) {
    abort_argument("data", "a table of associations, as of read_gwas(), mr_data or mr_moments", describe(data))
  }
  check_data(data)
  if (inherits(data, "mr_data")) {
    data["background"] <- list(NULL)
    data["family"] <- list(NULL)
    data <- mr_moments(data, folds = 1, seed = 1L, disclosure = FALSE)
  }
  if (data$kind == "continuous") abort_argument("data", "of genotypes or dosages", "of continuous instruments")
  view <- moments_view(data)
  g <- view$columns$variants
  traits <- c(view$columns$exposure, view$columns$outcome)
  squares <- variant_squares(view)
  z <- lapply(traits, function(t) vapply(seq_along(view$n), function(e) {
    a <- view$cross[[e]]
    cross_traits(a, g, t)[, 1] / sqrt(squares[, e] * cross_diagonal(a)[t]) * sqrt(view$n[e])
  }, numeric(length(g))))
  list(
    z = matrix(unlist(z), length(g)), f = view$mean[g, , drop = FALSE] / 2,
    sd = sqrt(squares / rep(view$n, each = length(g))), traits = c(data$exposure, data$outcome),
    environments = view$environments
  )
}

alignment_row <- function(z, u) {
  use <- is.finite(z) & rowSums(!is.finite(u)) == 0
  z <- z[use]
  basis <- qr(u[use, , drop = FALSE])
  axes <- basis$rank
  none <- data.frame(
    nsnp = length(z), axes = axes, share = NA_real_, expected = NA_real_, statistic = NA_real_, pval = NA_real_,
    detectable = NA_real_
  )
  if (!axes || length(z) <= axes + 1) return(none)
  q <- qr.Q(basis)[, seq_len(axes), drop = FALSE]
  s <- crossprod(q * z)
  mean <- sum(diag(s))
  variance <- 2 * (sum(s^2) - sum(rowSums(q^2)^2 * z^4))
  if (!(variance > 1e-12 * mean^2)) return(none)
  statistic <- sum(crossprod(q, z)^2)
  scale <- variance / (2 * mean)
  df <- mean / scale
  none$share <- statistic / sum(z^2)
  none$expected <- mean / sum(z^2)
  none$statistic <- statistic
  none$pval <- stats::pgamma(statistic, shape = df / 2, scale = 2 * scale, lower.tail = FALSE)
  none$detectable <- scale * alignment_ncp(df) / sum(z^2)
  none
}

# What a chi-square test on df degrees of freedom at 5 % finds with 80 % power.
alignment_ncp <- function(df) {
  limit <- stats::qchisq(.95, df)
  stats::uniroot(function(ncp) stats::pchisq(limit, df, ncp, lower.tail = FALSE) - .8, c(.01, 20 + 10 * df))$root
}
