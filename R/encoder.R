#' Learn latent instruments
#'
#' Splits the instruments into an invariant block (What), whose law is the same in
#' every environment and which is independent of the rest, and a variant block
#' (Vhat), which moves between environments or carries structure within them. The
#' exposure and the outcome are never looked at.
#'
#' **Continuous instruments** (`encoder = "linear"`): stationary subspace analysis. With X the instruments whitened
#' by their pooled covariance, and m_e, S_e their mean and covariance in environment e (share p_e),
#' \deqn{M = \sum_e p_e [ m_e m_e' + (S_e - I)^2 / 2 ].} Eigenvectors with small eigenvalues are the invariant
#' block. Its size is the largest m whose m-th smallest eigenvalue stays below the 99.9 % point
#' (`encoder_control(dimension_level = )`) of the largest eigenvalue of M for m variables that do not change (von
#' Buenau et al. 2009, Phys. Rev. Lett. 103:214101; Hara et al. 2012, Neural Networks 33). From people's rows that
#' null comes from permuted labels of the environments (`src/core/encoder/stationary_permuted.c`), so that heavy and
#' light tails do not mislead it; from moments it is drawn from Gaussian variables.
#'
#' **Nonlinear mixing of continuous instruments**, Z = g(V, W):
#' * `encoder = "closure"` (`src/core/encoder/closure.c`), polynomial g with more instruments than latents. When
#'   span(1, Z) holds all polynomials of degree q in d latents, f in span(Z) is of degree one if and only if its
#'   square is in span(1, Z). With res() the residual on (1, Z), orthonormal f = X U in the whitened instruments
#'   minimise \deqn{c(d) = d^{-2} \sum_{ij} || res(f_i f_j) ||^2 / n.} The d taken is the largest with c(d) < .01
#'   and c(d + 1) > 10 c(d) (or no larger one possible), whose polynomials explain four fifths of the instruments.
#'   The latents come back exactly, up to an affine map, without any randomness; the stationary subspace of the code
#'   is then the split. At most 8 latents and 128 directions.
#' * `encoder = "flow"` (`src/core/encoder/flow.c`, `src/core/encoder/flow_model.c`), as many instruments as latents (2
#'   to 16, or the latents of a closure). A potential flow
#'   \deqn{f(x) = A u, \quad u = x + \sum_h r_h^2 c_h \mathrm{softplus}(c_h'x + b_h), \quad J = I + \sum_h r_h^2 \sigma_h c_h c_h',}
#'   injective by construction, whose code (w, v) = f(x) minimises
#'   \deqn{\frac12 \log\det Cov(w) + \sum_e p_e \frac12 \log\det Cov_e(v) - mean \log\det J - \log|\det A|,}
#'   the Gaussian likelihood with one law for w, one per environment for v, both independent within environments. Hinges
#'   are added by the score, all parameters follow the natural gradient, held-out people choose round, start and
#'   dimension of w. The stationary subspace of the code is the split (an eigenvalue below the `tolerance` of
#'   [flow_control()] counts as invariant).
#' * `encoder = "auto"`: closure where it applies; else the flow where it gains more than the `gain` of
#'   [flow_control()] in held-out loss over a linear code; else `"linear"`, or `"mechanism_sparsity"` where that finds no
#'   invariant direction among four environments or more (a message says so). On genotypes and dosages it is `"linear"`.
#'
#' `n_latent = c(0, d)` gives the code of `"closure"` and `"flow"` without an invariant block (d or fewer latents, all in
#' `predict(type = "variant")`), from which nothing is estimated. The print shows how stable a code is between starts:
#' for latents that are found one by one the mean correlation of matched latents (MCC), for a block the mean canonical
#' correlation, the median over pairs of starts; one near 1 does not say that the code is right, one far from
#' 1 that it is not.
#'
#' `$details` holds c(d), the spectrum before and the held-out losses with every fit of the flow, `$history` its
#' losses by round, `$check` the distribution-free check of the code (`src/core/encoder/code_check.c`): with
#' \eqn{\phi} all monomials of degree one and two of standardised coordinates,
#' \deqn{\frac1n [ \sum_e n_e Pillai(\phi(w), \phi(v) | e) + n Pillai(\phi(w), e) ]} less its mean under
#' independence. Above .02 it alarms (a warning): g may not be invertible, or the fit is poor. `print()` shows all
#' of this, `plot()` draws it.
#'
#' **Genotypes and dosages**: structure against independent blocks. With B the
#' covariance between and N the covariance within environments (given the
#' components in `structure`, if any), T the block-diagonal inverse root of N over
#' linkage-disequilibrium blocks, and A+ the positive part of T'NT outside the blocks,
#' \deqn{M = T'BT + A_+^2 / 2.}
#' Directions with an eigenvalue above the 95 % point of the largest eigenvalue
#' without structure (by simulation) count as found; those above its 60 % point
#' (`encoder_control(partial_level = )`) form the variant block, at most half of them.
#' Three modes: `panel` (nothing else given), `structure` (components given; when
#' they were computed with the instruments among their variants, say
#' `structure_includes_instruments = TRUE` in [mr_data()]) and `background`
#' (variants given from which the components are computed here, together with the
#' instruments; then no panel block is added). The instruments enter those components
#' whitened within their linkage-disequilibrium blocks; background variants linked to an
#' instrument or to one another are dropped (`encoder_control(background_r2 = )`) and
#' counted, because a block of linked variants makes a component that says nothing of
#' ancestry (Patterson et al. 2006, PLoS Genetics 2:e190).
#'
#' **Autoencoder** (`encoder = "autoencoder"`): the published method, a cross-environment autoencoder trained on
#' people's rows so that What has one law in all environments and is independent of Vhat within them: see
#' [autoencoder_control()] for its loss, its start and how weights are chosen. It needs an `mr_data` object;
#' `n_latent = NULL` takes the dimensions of the encoder it starts from (at most 20 invariant ones for genotypes).
#' `$history` holds every look at the held-out people.
#'
#' **Environments that touch few latents** (`encoder = "mechanism_sparsity"`, continuous instruments; from rows or
#' moments where they mix latents linearly): where every latent is touched by some environment, no direction is
#' invariant
#' everywhere and the linear encoder finds none, yet in each environment most latents are untouched and are valid
#' instruments there. Rows b whose law changes between few pairs (e, f) of environments minimise
#' \deqn{\sum_j \sum_{ef} c \log(1 + b_j'M_{ef} b_j / \epsilon) - \tau \log|\det B|, \quad
#' M_{ef} = (m_e - m_f)(m_e - m_f)' + (S_e - S_f)^2 / 2}
#' (`src/core/encoder/sparse_shift.h`), tau a third of the number of pairs, 5 at least. The largest set of environments in which mean and variance of a row agree is the
#' set that leaves it alone; its row is then learned anew from these in closed form. [latent_mr()] takes the
#' untouched latents of an environment as its instruments and partials the touched ones out there, less what the
#' untouched say of them; its first line, `latent_joint`, is the maximum of the normal likelihood of means and
#' covariances of all environments over rows and effect together, masks held (`src/core/effect/joint.h`): two-stage least squares
#' takes estimated rows for known, which costs precision and biases it towards the confounded estimate
#' (`bench/bench-mechanism-sparsity.R`). `latent_joint` assumes that what touches a latent is independent of the untouched
#' ones, and that covariates are exogenous in every environment; with other laws than normal ones it is no longer the
#' most precise, but as right.
#' With `encoder_control(sparse_mixing = "closure")` or `"flow"` the instruments may be a
#' nonlinear mixing: the code of these encoders, learned without an invariant block (for the flow, one normal law of all
#' latents per environment), is linear in the latents, and the rows are looked for in it (`"auto"` does so where it takes
#' a closure or a flow whose code has no invariant direction). A flow is an approximation that many people see through:
#' for its masks no environment counts as more than 5 / `tolerance` people ([flow_control()]; 1,000).
#' Assumed: the mixing is the same everywhere, and linear unless so given; an environment that touches a
#' latent changes its mean, variance or a covariance; more than half of the environments leave a latent
#' alone (or `encoder_control(reference = )` names one that touches none). Latents always touched
#' together may stay mixed, which does no harm. Not visible: what touches a latent in the same way in most
#' environments. The print shows which environment touches which latent, and how thin the majority of each latent is;
#' `plot(, "mask")` draws it. At most 16 directions and 30 environments. The idea is Lachapelle et al.
#' 2024, arXiv 2401.04890; the linear form is ours.
#'
#' Missing genotypes count as the variant's mean in the person's environment.
#'
#' @section Instrument quality (`summary(object)$quality`):
#' A data frame of class `instrument_quality`; it prints as sentences. A row per question:
#' * `mmd`: does the law of a latent (`w1`.. invariant, `v1`.. variant) in the environment named in `against` differ
#'   from its law in the others? `value` is \eqn{MMD^2} (of [mmd_test()], RBF kernel of width 1 on the standardised
#'   latent) less its mean when nothing differs, \eqn{(\mathrm{tr} K_c/n)/(n p_e(1-p_e))}, so that 0 is no
#'   difference.
#' * `hsic`: is the invariant block independent, within environments, of the variant block, of the covariates, of
#'   the structure columns? `value` is the normalised HSIC of [hsic_test()] (0 to 1) less its mean under
#'   independence. The last two are what can see confounding that is the same in all environments.
#' * `first-stage F`, in `summary(latent_mr())$quality` only: of the instruments given all that is partialled out.
#'
#' `detectable` is the smallest `value` that the test would find with about 80 % power: the noncentrality that a
#' chi-square test needs, of the degrees of freedom of its null law (trace gamma, see [hsic_test()]); `detectable_shift`
#' is the shift of the mean, in standard
#' deviations, that has this MMD between two normal laws. `p_value` is not adjusted; the sentences use Holm's over
#' all latents and environments of a block. What cannot be computed is NA, with the reason in `note`: from moments
#' alone all but F. With many people and latents the report is of some people, drawn within environments
#' (a million latents x people, at least 2,000 people, at most 100,000); with many people random features stand in for
#' the kernels.
#'
#' The people are those that the encoder was learned on, where an invariant latent was chosen to pass: `summary(object,
#' data = others)` is the honest test, as is [environment_test()]. Blocks are tested as they are,
#' not residualised as the estimators take them.
#'
#' @param data An `mr_data` object, or `mr_moments` (the same result, for genotypes; for continuous instruments the
#'   null differs as said above).
#' @param encoder `"linear"`, the closed form; `"mechanism_sparsity"`, where every latent is touched somewhere; `"auto"`, `"closure"` or `"flow"` for continuous instruments that are
#'   a nonlinear mixing (`mr_data` only); or `"autoencoder"`.
#' @param n_latent `c(invariant, variant)` dimensions, or `NULL` to choose.
#' @param control [encoder_control()]. For moments with background components it must have the settings they were
#'   computed with (`mr_moments(control = )`); these are taken when none is given.
#' @param seed One whole number for the null draws; `NULL` takes one from R's
#'   generator.
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `latent_instruments`: `values` (eigenvalues of M), `threshold`, `invariant` and
#'   `variant` (p x m maps from centred instruments to the two blocks; of an encoder that reads rows from its code),
#'   `n_latent`, `center`, `block`, `mode`, `encoder`, `kind`, `variants`, `environments` (people in each),
#'   `quality`, `history` (of training), `touched` (latents x environments, 0/1) and `majority` (environments that leave
#'   each latent alone) of `"mechanism_sparsity"`, `control`, `seed`. Others are private. `predict()` gives the blocks for
#'   people, `plot()` the spectrum with its null line.
#' @section Errors: `latentmr_error_argument` for a wrong argument; `latentmr_error_object` for `data` of another
#'   version, or changed on the way (see [latent_mr()]); `latentmr_error_encoder` where `"closure"`, `"flow"` or
#'   `"mechanism_sparsity"`, asked for by name, cannot be fitted. Whether anything is identified is decided by [latent_mr()]. Warnings of
#'   class `latentmr_warning_fit` where a check alarms.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' encoder <- learn_instruments(data, seed = 1)
#' encoder
#' head(predict(encoder, data, type = "variant"))
#' summary(encoder)$quality
#'
#' mixed <- simulate_mr("authors", mixing = "poly2", n = 500, seed = 1)
#' learn_instruments(mixed, encoder = "auto", seed = 1)
#' @export
learn_instruments <- function(data, encoder = "linear", n_latent = NULL,
                              control = encoder_control(), seed = NULL, ...) {
  check_dots(...)
  check_given()
  check_choice(encoder, "encoder", encoder_names())
  check_data(data)
  control <- moments_control(control, data, !missing(control), encoder)
  encoder <- resolve_encoder(encoder, data)
  seed <- draw_seed(seed)
  if (inherits(data, "mr_data")) data <- add_background(data, control)
  moments <- if (inherits(data, "mr_data")) mr_moments(data, seed = seed, disclosure = FALSE) else data
  object <- learn(data, moments, moments_view(moments), encoder, n_latent, control, seed)
  object$quality <- quality_report(object, data, seed)
  for (text in object$warnings) warn(text, "latentmr_warning_fit")
  object
}

fit_linear <- function(moments, view, n_latent, control, seed, rows = NULL) {
  check_n_latent(n_latent, nrow(moments$variants))
  if (!is.null(moments$background) && !is.null(n_latent)) {
    abort_argument(
      "n_latent", "NULL when `data` has background variants",
      sprintf("c(%d, %d)", as.integer(n_latent[1]), as.integer(n_latent[2])),
      "Their components are partialled out and every variant stays an instrument."
    )
  }
  fit <- if (moments$kind == "continuous") {
    fit_stationary(moments, view, n_latent, control, seed, rows)
  } else if (has_components(moments)) {
    fit_background(moments, view, control)
  } else {
    fit_structure(moments, view, n_latent, control, seed)
  }
  new_object("latent_instruments", c(fit, encoder_frame(moments, view, n_latent, control, seed)))
}

# What every encoder keeps of the data it was fitted to.
encoder_frame <- function(moments, view, n_latent, control, seed) {
  shares <- view$n / sum(view$n)
  g <- view$columns$variants
  list(
    encoder = "linear", kind = moments$kind, variants = moments$variants,
    imputation = structure(
      moments_means(moments)$mu[g, , drop = FALSE] + moments$gpilot,
      dimnames = list(moments$variants$snp, view$environments)
    ),
    center = setNames(as.vector(view$mean[g, , drop = FALSE] %*% shares), moments$variants$snp),
    environments = setNames(view$n, view$environments),
    n_latent_given = n_latent, control = control, seed = seed
  )
}

# least: invariant ones.
check_n_latent <- function(n_latent, p, least = 1L) {
  if (is.null(n_latent)) return(invisible())
  good <- is.numeric(n_latent) && length(n_latent) == 2 && all(is.finite(n_latent)) &&
    all(n_latent == round(n_latent)) && all(n_latent >= 0) && n_latent[1] >= least && sum(n_latent) >= 1
  if (!good) {
    abort_argument(
      "n_latent",
      sprintf("c(invariant, variant), two whole numbers%s, or NULL", if (least) " with at least one invariant" else ""),
      describe(n_latent)
    )
  }
  if (sum(n_latent) > p) {
    abort_argument(
      "n_latent", sprintf("at most %d dimensions in all, the number of instruments", p),
      sprintf("%d + %d", as.integer(n_latent[1]), as.integer(n_latent[2]))
    )
  }
}

# Collinear instruments span fewer directions than there are columns.
check_latent_total <- function(n_latent, columns, p) {
  if (is.null(n_latent) || sum(n_latent) <= columns) return(invisible())
  abort_argument(
    "n_latent", sprintf("at most %d dimensions in all, the independent directions of the %d instruments", columns, p),
    sprintf("%d + %d", as.integer(n_latent[1]), as.integer(n_latent[2]))
  )
}
