#' Moments from summary statistics by ancestry
#'
#' Rebuilds the moments that [latent_mr()] needs from tables of associations (GWAS) of the exposure and of the
#' outcome in several ancestries or cohorts, without any person's row. The result is an `mr_moments` object.
#'
#' In environment e with n people, a variant with frequency f, effect b and error s, and the correlations R of the
#' variants,
#' \deqn{sd_j^2 = 2 f_j (1 - f_j), \quad G'G = n\,\mathrm{diag}(sd) R\,\mathrm{diag}(sd), \quad G'X_j = n\,sd_j^2 b_{xj},
#' \quad G'Y_j = n\,sd_j^2 b_{yj},}{sd^2 = 2 f (1 - f), G'G = n diag(sd) R diag(sd), G'X = n sd^2 b_x, G'Y = n sd^2
#' b_y,}
#' \deqn{X'X = n v_x, \quad v_x = \mathrm{median}_j\; sd_j^2 ((n_j - 2) s_j^2 + b_j^2).}{X'X = n v_x,
#' v_x = median_j sd_j^2 ((n_j - 2) s_j^2 + b_j^2).}
#' With the same people, their own R and their own sd (the column `sd`) these are the moments of the rows (after the
#' covariates of the GWAS, by Frisch, Waugh and Lovell), but for the means of the traits, which every estimator takes
#' out by environment; with Hardy and Weinberg's sd they are as near as the genotypes are to that law. Where
#' the outcome is of others, n is that of the exposure (the harmonic mean over variants) and the noise is made right:
#' \deqn{Y'Y = n v_y \bar{(n / n_y)}, \quad X'Y = c\, n \sqrt{v_x v_y}\, \bar{(n / \sqrt{n_x n_y})},}{Y'Y =
#' n v_y mean(n / n_y), X'Y = c n sqrt(v_x v_y) mean(n / sqrt(n_x n_y)),}
#' c the cross-trait intercept of LD-score regression (Bulik-Sullivan et al. 2015, Nat Genet 47:1236), that is, the
#' correlation of the traits times \eqn{n_s / \sqrt{n_x n_y}}{n_s / sqrt(n_x n_y)} for \eqn{n_s}{n_s} people in both.
#'
#' @section Noise (`overlap`, `null`): One number for each environment (or one for all) is c. Several exposures need a
#'   list with a matrix for each environment, named by it: a row and a column for each trait, the exposures in their
#'   order and the outcome last. A matrix with a row for each trait and environment (environments within traits, the
#'   outcome last) also has what environments share: stratification that is the same everywhere adds up over
#'   ancestries, and only the intercepts between them show it. Where it has such entries, or intercepts of a trait
#'   with itself other than 1, the noise is taken from it alone and not from what is left of the traits.
#'   `null` estimates this matrix from variants that are no instruments, `list(exposure = , outcome = )`, tables
#'   like the others: with a column `ldscore` by LD-score regression of the products of z statistics, weighted as
#'   there; without it by the mean of the products. Variants whose \eqn{z^2}{z^2} is above 30 times its spread (its
#'   median over that of a normal law, at least 1) are left out: a fixed limit of 30, as usual, cuts a background of
#'   many small effects where LD scores are high and makes intercepts of it (bias .02 on .3 at a heritability of .5 and
#'   360,000 people). The errors of the intercepts count as degrees of freedom of the noise (`kclass` of the fit), so
#'   that intervals are wider for them; below 50 (LD scores that hardly differ, or few variants) they are refused.
#'
#'   The mean of the products holds a polygenic background too. Where exposure and outcome share a genetic
#'   correlation that does not run through the exposure, it takes too much away (-0.18 on an effect of 0.3 at a
#'   genetic correlation of 0.5). Inflated null variants (p < .05) without LD scores are therefore refused, unless
#'   `null$polygenic` is `FALSE`: your word that they carry no effects.
#' @section Linkage (`ld`): `NULL` takes the variants as independent: clump them first. Structure is then seen by
#'   allele frequencies alone. A matrix has the variants' names as row names (`rs1`, counting the effect alleles of
#'   the first table, or `rs1_A_G`, effect allele first) and an attribute `n`, the people behind it; without it they
#'   are those of the associations. Genotypes of a reference panel have their own number. The null line of the
#'   encoder uses the smaller of it and the GWAS's: correlations from 500 people in an analysis of 5,000 are taken
#'   for directions of structure otherwise.
#' @section What is not there: The covariance of exposure and outcome in the same people (least squares and
#'   Wu-Hausman's test: `NA` with the reason, unless `overlap` is given, not 0, of one environment at a time, and the
#'   sample sizes are equal, when the samples are taken as the same) and rows of people (UJIVE, robust
#'   errors, cross-fitting, jackknife, curves, HSIC).
#' @section Effects on a 0/1 outcome: Effects are in the scale of the table. Logistic effects are log odds: `v_y`
#'   then comes out as \eqn{1 / (p (1 - p))}{1 / (p (1 - p))}, p the share of cases, and nothing else changes. A column
#'   `scale` (`"log odds ratio"` or `"log hazard ratio"`, as of [read_gwas()]), or these words in `units`, are handed
#'   on: `scale` of the rows of a fit says them, with the columns `or`, `or_lci95` and `or_uci95`, or `hr` and so on.
#' @section What can be reached: Let the noise of a variant's effects on exposure and outcome in all environments be
#'   known, with the covariance \eqn{\Omega}{Omega} (overlap is in it), and its effect on the exposure normal with variance
#'   \eqn{\tau^2}{tau^2}. With d = (1, ..., 1, b, ..., b), the number of 1 and b that of the environments, and d' its
#'   derivative in b, Cramer and Rao's bound is
#'   \deqn{1 / \mathrm{Var}(b) \le \sum_j \tau^2 \kappa_j \frac{\lambda_j}{1 + \lambda_j}, \quad \lambda = \tau^2 d^T
#'   \Omega^{-1} d, \quad \kappa = d'^T \Omega^{-1} d' - (d^T \Omega^{-1} d')^2 / (d^T \Omega^{-1} d);}{1 / Var(b) <=
#'   sum tau^2 kappa lambda / (1 + lambda), lambda = tau^2 d^T Omega^-1 d, kappa = d'^T Omega^-1 d' - (d^T Omega^-1
#'   d')^2 / (d^T Omega^-1 d);}
#'   with one environment and p variants alike \eqn{s^2 / (p \tau^2) + \det \Omega / (p \tau^4)}{s^2 / (p tau^2) + det
#'   Omega / (p tau^4)}, \eqn{s^2}{s^2} the variance of the noise of y - b x. Four ancestries of 2,000, 60 variants, one
#'   sample, two, half overlap: best error .043, .071, .057; `latent_reml` .048, .062, .056, known to 11 %
#'   (`PEOPLE=2000 Rscript bench/bench-summary.R 40 distinct`).
#' @section Where it must not be used: one ancestry only (nothing shows structure; [latent_mr()] refuses);
#'   frequencies of another population than the associations (a column `eaf` from a reference panel of few people
#'   moves by its own noise); traits in other units by ancestry (rank normal scores of different spread); instruments
#'   chosen in the same tables (winner's curse); linked variants without `ld`; effects of mixed models for rare
#'   outcomes on a liability scale.
#'
#' @param exposure,outcome Data frames, one row for each variant and environment, with columns `SNP`,
#'   `effect_allele`, `other_allele`, `eaf` (frequency of the effect allele), `beta`, `se`, `samplesize` and
#'   `environment` (TwoSampleMR's names without suffix); without `environment` all rows are one. Optional: `chr`,
#'   `pos`, `units`, `exposure` or `outcome` (name of the trait), `sd` (standard deviation of the counted alleles,
#'   divisor n; for imputed or inbred genotypes). Several exposures: a list of such frames, whose names name them.
#' @param ld `NULL`, a matrix, genotypes, or a list of these by environment: see Linkage.
#' @param null `NULL`, or `list(exposure = , outcome = )` of null variants: see Noise.
#' @param overlap `NULL` (0, with a warning, unless `null` is given), a number, a number for each environment (by
#'   name, or in order), a list of matrices by environment, or one matrix of all: see Noise.
#' @param ... Nothing: an argument without a use is an error.
#' @return An `mr_moments` object ([mr_moments()]) of kind `"dosage"` with one block for each environment. Its `flow`
#'   counts every variant that was read, turned and removed.
#' @section Errors: `latentmr_error_argument` for frames without the columns, other environments in one table than in
#'   another, an `overlap` that is no correlation matrix; `latentmr_error_empty` where no variant is left;
#'   `latentmr_error_polygenic` for null variants with a polygenic background. `latentmr_warning_units`: a trait has
#'   other units in one environment; `latentmr_warning_overlap`: the overlap was taken as 0, or the intercepts had to
#'   be brought together.
#' @seealso [frequency_alignment()]: is stratification left in the associations? [combine_moments()] for sites that
#'   share sums over people; [read_gwas()] for the tables.
#' @examples
#' set.seed(1)
#' table <- function(environment, f, b, n) {
#'   sd <- sqrt(2 * f * (1 - f))
#'   data.frame(
#'     SNP = paste0("rs", seq_along(f)), effect_allele = "A", other_allele = "G", eaf = f,
#'     beta = b + rnorm(length(f)) / (sqrt(n) * sd), se = 1 / (sqrt(n) * sd), samplesize = n, environment = environment
#'   )
#' }
#' f <- lapply(1:3, function(k) plogis(rnorm(40, 0, .8)))
#' b <- rnorm(40, 0, .08)
#' x <- do.call(rbind, Map(table, c("EUR", "AFR", "EAS"), f, list(b), 20000))
#' y <- do.call(rbind, Map(table, c("EUR", "AFR", "EAS"), f, list(.3 * b), 8000))
#' moments <- mr_moments_from_summary(x, y, overlap = 0)
#' moments
#' latent_mr(moments, seed = 1)
#' @export
mr_moments_from_summary <- function(exposure, outcome, ld = NULL, null = NULL, overlap = NULL, ...) {
  check_dots(...)
  check_given()
  frames <- gwas_frames(exposure, outcome)
  check_one_unit(frames, c(rep("exposure", length(frames) - 1), "outcome"))
  g <- harmonise_gwas(frames)
  linkage <- gwas_linkage(ld, g$variants, g$environments)
  if (length(linkage$keep) < nrow(g$variants)) g <- gwas_within(g, linkage$keep)
  if (nrow(g$variants) > max_variants) {
    abort_argument(
      "exposure", sprintf("of at most %s variants", big(max_variants)), sprintf("of %s", big(nrow(g$variants))),
      "Choose the instruments first."
    )
  }
  sizes <- gwas_sizes(g)
  names <- vapply(frames, `[[`, "", "name")
  check_gwas_sizes(g, sizes)
  warn_gwas_units(g, sizes, names)
  noise <- gwas_noise(overlap, null, g, names)
  # Effects one by one of many variants: what is left of the traits is not what the people leave.
  noise$pooled <- noise$pooled || is.null(ld) && nrow(g$variants) > min(sizes$n) / 10
  build_moments(g, sizes, linkage, noise, names, vapply(frames, `[[`, "", "units"))
}

# The variants that the linkage has too.
gwas_within <- function(g, keep) {
  gone <- nrow(g$variants) - length(keep)
  for (name in c("beta", "se", "eaf", "samplesize", "sd", "ldscore")) g[[name]] <- g[[name]][keep, , drop = FALSE]
  g$variants <- g$variants[keep, ]
  last <- g$flow$action == "analysed"
  g$flow <- flow_add(g$flow[!last, ], "variants", "not in `ld`", "removed", gone, length(keep))
  g$flow <- flow_add(g$flow, "variants", "variants", "analysed", length(keep), length(keep))
  g
}

# Per cell (environments within traits): people of the block, variance of the trait, noise of a score.
# list(n: of the environments, f, sd: variants x environments, variance, noise: of the cells, mixed).
gwas_sizes <- function(g) {
  every <- length(g$environments)
  first <- seq_len(every)
  f <- g$eaf[, first, drop = FALSE]
  sd <- g$sd[, first, drop = FALSE]
  if (anyNA(sd)) sd <- sqrt(2 * f * (1 - f))
  n <- round(nrow(f) / colSums(1 / g$samplesize[, first, drop = FALSE]))
  environment <- rep(first, length.out = ncol(g$beta))
  wide <- sd[, environment, drop = FALSE]
  each <- wide^2 * ((g$samplesize - 2) * g$se^2 + g$beta^2)
  variance <- apply(each, 2, stats::median)
  share <- rep(n[environment], each = nrow(f)) / g$samplesize
  list(
    n = n, f = f, sd = sd, environment = environment, each = each, variance = variance, share = share,
    noise = variance * colMeans(share)
  )
}

# A variant explains less than the whole trait.
check_gwas_sizes <- function(g, sizes) {
  share <- sweep((sizes$sd[, sizes$environment, drop = FALSE] * g$beta)^2, 2, sizes$variance, `/`)
  if (max(share) < 1) return(invisible())
  at <- arrayInd(which.max(share), dim(share))
  abort_argument(
    if (g$cells$trait[at[2]] == max(g$cells$trait)) "outcome" else "exposure",
    "of associations that so many people can have",
    sprintf(
      "one where \"%s\" explains more than the whole trait (%s: effect %s, error %s, samplesize %s)", g$variants$snp[at[1]],
      quote_all(g$cells$environment[at[2]]), format(g$beta[at], digits = 3), format(g$se[at], digits = 3),
      big(g$samplesize[at])
    ),
    "Do `samplesize`, `se` and `eaf` belong to these effects? Is `samplesize` in thousands?"
  )
}

# In other units a trait has another spread; frequencies or sizes that are not those of the
# associations scatter it between the variants.
warn_gwas_units <- function(g, sizes, names) {
  for (t in seq_along(names)) {
    at <- which(g$cells$trait == t)
    spread <- stats::setNames(sqrt(sizes$variance[at]), g$environments)
    warn_units(spread, rep(0, length(at)), names[t])
    scatter <- apply(sizes$each[, at, drop = FALSE], 2, stats::mad) / sizes$variance[at]
    odd <- which(scatter > .5)
    if (length(odd) && nrow(g$beta) >= 10) {
      warn(
        sprintf(
          "n se^2 2 f (1 - f), the variance of \"%s\", differs by %s between the variants of %s.", names[t],
          percent(max(scatter)), quote_all(g$environments[odd], 3)
        ),
        "latentmr_warning_units", column = names[t], environment = g$environments[odd], ratio = max(scatter),
        hint = "Are `eaf` and `samplesize` those of the associations, and `beta` per allele?"
      )
    }
  }
}

build_moments <- function(g, sizes, linkage, noise, names, units) {
  every <- length(g$environments)
  traits <- length(names)
  p <- nrow(g$variants)
  overlap <- stats::cov2cor(noise$overlap) # what is more than sampling is in `summary` alone
  mean <- 2 * sizes$f
  n <- sizes$n
  column <- function(t, e) (t - 1) * every + e
  gx <- vapply(seq_len(every), function(e) {
    as.vector(n[e] * sizes$sd[, e]^2 * g$beta[, column(seq_len(traits), e), drop = FALSE])
  }, numeric(p * traits))
  xx <- vapply(seq_len(every), function(e) {
    at <- column(seq_len(traits), e)
    both <- crossprod(sqrt(sizes$share[, at, drop = FALSE])) / p
    all <- n[e] * overlap[at, at, drop = FALSE] * both * sqrt(outer(sizes$variance[at], sizes$variance[at]))
    diag(all) <- n[e] * sizes$noise[at]
    all[upper.tri(all, TRUE)]
  }, numeric(traits * (traits + 1) / 2))
  pairs <- !is.null(linkage$r) || p <= unlinked_limit()
  products <- if (pairs) {
    list(gg = vapply(seq_len(every), function(e) {
      summary_products(sizes$sd[, e], mean[, e], n[e], linkage$r[[e]])
    }, numeric(p * (p + 1) / 2)) |> matrix(ncol = every))
  } else {
    list(squares = rep(n, each = p) * (sizes$sd^2 + mean^2))
  }
  none <- function(rows) matrix(0, rows, every)
  cells <- data.frame(
    environment = rep(g$environments, traits), trait = rep(names, each = every), n = p / colSums(1 / g$samplesize),
    n_min = apply(g$samplesize, 2, min), n_max = apply(g$samplesize, 2, max), variance = sizes$variance,
    noise = sizes$noise, stringsAsFactors = FALSE
  )
  out <- new_object("mr_moments", c(products, list(
    kind = "dosage", variants = g$variants, covariates = NULL, structure = NULL, outcome = names[traits],
    exposure = names[-traits], units = if (all(is.na(units))) NULL else units, structure_includes_instruments = NA,
    block = if (is.null(linkage$r)) factor(seq_len(p)), environments = g$environments,
    blocks = data.frame(
      environment = factor(g$environments, g$environments), fold = 1L, n = as.integer(n), stringsAsFactors = FALSE
    ),
    pilot = numeric(traits), gpilot = numeric(p), missing = integer(),
    gm = none(0), mm = none(0), sg = matrix(rep(n, each = p) * mean, p), sm = none(0), gx = matrix(gx, ncol = every),
    mx = none(0), sx = none(traits), xx = matrix(xx, ncol = every), background = NULL, flow = g$flow, seed = NULL,
    clustered = FALSE, binary = FALSE, disclosure = TRUE, withheld = character(),
    summary = c(list(traits = cells), noise, list(ld = linkage$words, n_ref = linkage$n_ref))
  )))
  check_moments(out, "exposure")
}

# Packed upper triangle of the uncentred products of counts. Correlations of other people, and squares of
# Hardy and Weinberg, can ask for more or less than counts of alleles allow.
summary_products <- function(sd, mean, n, r) {
  products <- outer(mean, mean) + if (is.null(r)) diag(sd^2, length(sd)) else r * outer(sd, sd)
  most <- 2 * outer(mean, mean, pmin)
  own <- diag(products)
  products <- pmin(pmax(products, 0), most)
  diag(products) <- own
  n * products[upper.tri(products, TRUE)]
}
