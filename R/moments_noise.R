# Moments rebuilt from summary statistics (R/summary_moments.R) carry `summary`: what the frames say
# of the noise of exposure and outcome, which people's rows would show by themselves.
#
#   traits    environment, trait, n (harmonic mean over the variants), n_min, n_max, variance (of the
#             trait), noise (of a score, per person of the block)
#   overlap   correlation of the noise, traits x environments on both sides, environments within
#             traits: the intercepts of LD-score regression
#   known     was the overlap given or estimated; same: are exposure and outcome of the same people
#   pooled    is the noise of several environments together that of `overlap`, with what they share
#   noise_df  people's worth of knowledge of it (Inf: given)
#   source    of the overlap, ld: of the linkage, in words; n_ref: people behind the linkage, Inf for
#             those of the associations themselves
#
# A score of the instruments, z'X with z of unit length, has the noise
#   Omega = mean_j sum_ef a_je a_jf C_ef / sum_e a_je^2,  a_je^2 = n_e Var(g_je),
# C_ef the covariance of environments e and f. What environments share, as stratification of one kind
# does, adds up over them: it is in e != f.

# list(cov, environments, traits, df) for a view, or NULL where rows or their sums show the noise.
view_noise <- function(m) {
  if (is.null(m$summary) || !m$summary$pooled) return(NULL)
  scale <- sqrt(m$summary$traits$noise)
  list(
    cov = m$summary$overlap * outer(scale, scale), environments = m$environments,
    traits = length(m$exposure) + 1L, df = m$summary$noise_df
  )
}

noise_subset <- function(noise, keep) {
  if (is.null(noise)) return(NULL)
  every <- length(noise$environments)
  at <- as.vector(outer(keep, (seq_len(noise$traits) - 1L) * every, "+"))
  noise$cov <- noise$cov[at, at, drop = FALSE]
  noise$environments <- noise$environments[keep]
  noise
}

# Covariance of the noise of a score, outcome first, then the exposures.
score_noise <- function(view) {
  noise <- view$noise
  weight <- noise_weights(variant_squares(view))
  every <- length(noise$environments)
  block <- function(t, u) {
    sum(weight * noise$cov[(t - 1) * every + seq_len(every), (u - 1) * every + seq_len(every)])
  }
  order <- c(noise$traits, seq_len(noise$traits - 1L))
  outer(order, order, Vectorize(block))
}

# environments x environments: mean over the variants of a_e a_f / sum a^2.
noise_weights <- function(squares) {
  total <- rowSums(squares)
  keep <- total > 0
  share <- sqrt(pmax(squares[keep, , drop = FALSE], 0) / total[keep])
  crossprod(share) / sum(keep)
}

# Sums of squares of the variants, a column for each environment.
variant_squares <- function(view) {
  g <- view$columns$variants
  matrix(unlist(lapply(view$cross, function(a) cross_diagonal(a)[g])), ncol = length(view$n))
}

# People behind the null line of the encoder: linkage known from fewer of them makes directions that
# are noise.
panel_people <- function(m, view) {
  n <- view_people(view)
  reference <- m$summary$n_ref
  if (is.null(reference)) return(n)
  here <- reference[match(view$environments, m$environments)]
  min(n, 1 / sum((view$n / n)^2 / here))
}

# TRUE where variants are taken as unlinked: nothing but frequencies can show structure.
unlinked <- function(m) identical(m$summary$ld, "none")

# Why a number that needs the covariance of exposure and outcome in the same people has none, or NULL.
no_covariance <- function(m) {
  if (is.null(m$summary)) return(NULL)
  if (!m$summary$known) return("the covariance of exposure and outcome is not known from summary statistics: give `overlap`")
  if (!m$summary$same) return("exposure and outcome are not of the same people")
  if (m$summary$pooled) {
    return("the noise is that of the associations (`overlap`, `null`), not what is left of the traits of the people")
  }
}

# Lines of the print.
summary_words <- function(m) {
  s <- m$summary
  n <- function(trait) range(s$traits[s$traits$trait == trait, c("n_min", "n_max")])
  sizes <- vapply(unique(s$traits$trait), function(trait) {
    sprintf("%s %s", trait, paste(unique(big_each(round(n(trait)))), collapse = " to "))
  }, "")
  c(
    "  made from     summary statistics: no person's row is in it",
    sprintf("  sample sizes  %s", paste(sizes, collapse = ", ")),
    sprintf("  linkage       %s", linkage_words(s)),
    sprintf("  overlap       %s", overlap_words(s))
  )
}

linkage_words <- function(s) {
  if (s$ld == "none") return("none: the variants are taken as independent")
  sprintf("%s, %s", s$ld, if (all(is.infinite(s$n_ref))) {
    "of the same people"
  } else {
    sprintf("%s people", paste(unique(big_each(range(s$n_ref))), collapse = " to "))
  })
}

# Correlation of the noise of exposure and outcome, environments within exposures.
overlap_each <- function(s) {
  e <- nrow(s$overlap) / length(unique(s$traits$trait))
  exposures <- seq_len(nrow(s$overlap) - e)
  outcome <- rep(nrow(s$overlap) - e + seq_len(e), length.out = length(exposures))
  stats::cov2cor(s$overlap)[cbind(exposures, outcome)]
}

overlap_words <- function(s) {
  range <- paste(unique(sprintf("%.2f", range(overlap_each(s)))), collapse = " to ")
  sprintf("noise of exposure and outcome correlates by %s (%s)", range, s$source)
}
