#' Simulated data with a known causal effect
#'
#' Two families of designs. `"authors"` is the simulation of the published method: continuous
#' instruments that mix an exogenous block with a confounded one. `"snp"` draws genotypes of people of
#' mixed ancestry who live in several sites; the outcome and the exposure move with ancestry.
#'
#' @section Design "authors":
#' In environment e = 1, .., E, with H the confounder, V the confounded and W the exogenous block, two
#' columns each:
#' \deqn{H \sim N(2(e-1) 1, I), \quad V = \tilde V + H \eta_e, \quad \tilde V \sim N(0, \Sigma), \quad W \sim N(0, \Sigma),}
#' \deqn{Z = g(V, W), \quad X = (V, W) 1 + H 1 + N(0, 1), \quad Y = \theta X + H 1 + N(0, 1),}
#' with \eqn{\Sigma} = (1, 1/2; 1/2, 1), \eqn{\eta} = I, 2I for two environments and I, diag(2, 1),
#' diag(1, 2) for three. The mixing g is the same in all environments: `"poly1"`, `"poly2"`, `"poly3"`
#' multiply all monomials of (V, W) up to that degree (the constant included: 5, 15, 35 instruments) by
#' a square Gaussian matrix whose singular values are raised to at least a fifth of the largest; `"mlp"`
#' is two 4 x 4 linear layers with columns of length one and a leaky ReLU (slope 0.2) between.
#' Arguments: `mixing` (one of these, default `"poly1"`), `environments` (2 or 3), `n` (people per
#' environment, 10,000), `effect` (\eqn{\theta}, 1), `mixing_seed` (the draw of g, by default the same
#' for every `seed`: 100 for two environments, 123 for three).
#' `truth` holds `effect`, `W`, `V`, `H`, `mixing` (the matrices of g) and `sigma`.
#'
#' @section Design "snp":
#' Ancestral frequencies f0 ~ U(0.1, 0.9); frequencies of ancestry k after Balding and Nichols,
#' \deqn{f_k \sim Beta(f_0 (1-F)/F, (1-f_0)(1-F)/F),} kept inside 0.01 and 0.99; a person of site e has
#' ancestry shares Q ~ Dirichlet(2 a_e), a_e = 0.2 + Gamma(1, 1), and genotypes G ~ Bin(2, Q f). With
#' u = Q N(0, I) standardised, s ~ N(0, I) and v_e ~ N(0, v^2) per site,
#' \deqn{U = u + 0.5 N(0,1) + v_e, \quad X = \sqrt{h^2} std(G s) + 0.5 U + 0.8 N(0,1), \quad Y = \theta X + U + N(0,1).}
#' Arguments:
#' * `cell`, 1 to 16 (default 1): the row of the table below.
#' * `n`: people per site (the table's).
#' * `effect`: \eqn{\theta} (0.3).
#' * `h2`: \eqn{h^2} (0.15; 0.05 in cell 15).
#' * `stress`: `"plain"`; `"none"` drops the 0.5 N(0,1) of U; `"opposite"` does so and confounds
#'   individuals against the sign of structure (X + 0.7 v, Y - 1.5 v); `"sparse"` multiplies s by a
#'   Bernoulli(0.2) and a t with 3 degrees of freedom; `"heteroskedastic"` adds noise whose spread
#'   differs between sites (U(0, 1.5) in X, U(0, 3) in Y) and grows with the score, exp(0.3 score), that
#'   of X entering Y too.
#' * `pleiotropy`: a; Y gains std(G) N(0, (0.15 a)^2 / p) (0).
#' * `background`: number of further variants of the same law that affect nothing (0), kept as
#'   `background` of the data.
#' * `missing`: share of the calls of instruments and background lost at random, one number or one per
#'   site (0).
#'
#' | cell | F | ancestries | sites | variants | n | v | what is special |
#' |---|---|---|---|---|---|---|---|
#' | 1 | 0.1 | 3 | 6 | 50 | 2,000 | 0 | |
#' | 2 | 0.1 | 3 | 6 | 50 | 2,000 | 0 | u + 0.7 (u^2 - 1): the confounder bends with ancestry |
#' | 3 | 0.02 | 3 | 6 | 50 | 2,000 | 0 | |
#' | 4 | 0.02 | 5 | 8 | 50 | 2,000 | 0 | |
#' | 5 | 0.02 | 5 | 12 | 100 | 2,000 | 0 | |
#' | 6 | 0.005 | 3 | 8 | 100 | 5,000 | 0 | |
#' | 7 | 0.05 | 6 | 5 | 100 | 2,000 | 0 | |
#' | 8 | 0.05 | 4 | 2 | 50 | 5,000 | 0.5 | two sites |
#' | 9 | 0.05 | 3 | 6 | 20 | 2,000 | 0.3 | few variants |
#' | 10 | 0.05 | 3 | 6 | 50 | 2,000 | 0.3 | u + sum of std(Q_k) N(0, 0.5^2), drawn for each site |
#' | 11 | 0.05 | 3 | 6 | 100 | 2,000 | 0.3 | linkage in blocks of five: per haplotype an allele takes its block's common
#' uniform with probability 0.77 |
#' | 12 | 0.1 | 4 | 8 | 50 | 2,000 | 0.3 | near-pure sites: a = 3 for one ancestry, 0.05 for the others |
#' | 13 | 0.05 | 3 | 6 | 100 | 2,000 | 0.3 | the same a in every site |
#' | 14 | 0.0002 | 3 | 6 | 50 | 2,000 | 0.5 | no structure |
#' | 15 | 0.03 | 4 | 8 | 200 | 2,000 | 0.3 | h2 = 0.05 |
#' | 16 | 0.03 | 3 | 4 | 40 | 1,000 | 0.3 | rare: f0 ~ U(0.01, 0.2) |
#'
#' `truth` holds `effect`, `Q` (ancestry shares), `frequencies` (ancestries x variants), `strength` (s),
#' `score` (std(G s)), `confounder` (U) and `block` (linkage blocks of cell 11).
#'
#' @param design `"authors"` or `"snp"`.
#' @param ... Arguments of the design, by name; see the sections below.
#' @param seed Whole number; NULL takes one from R's generator. The same seed gives the same data
#'   whatever the session's generator is, and the session's own stream is left as it was.
#' @return An `mr_data` object (see [mr_data()]) with the known truth in its element `truth`.
#'   Environments are named `e1`, `e2`, .. in `"authors"`, `site1`, `site2`, .. in `"snp"`.
#' @section Errors: `latentmr_error_argument` for an argument that is unknown or out of its range.
#' @references
#' The published design: <https://arxiv.org/abs/2602.19782>.
#'
#' Balding DJ, Nichols RA (1995). A method for quantifying differentiation between populations at
#' multi-allelic loci and its implications for investigating identity and paternity. Genetica 96, 3-12.
#' @seealso [simulate_cohort()] for cohorts on real allele frequencies.
#' @examples
#' data <- simulate_mr("authors", mixing = "poly2", environments = 2, n = 500, seed = 1)
#' data
#' data$truth$effect
#' simulate_mr("snp", cell = 3, n = 200, seed = 1)
#' @export
simulate_mr <- function(design, ..., seed = NULL) {
  check_given()
  check_choice(design, "design", c("authors", "snp"))
  draw <- switch(design, authors = simulate_authors, snp = simulate_snp)
  given <- list(...)
  check_design_arguments(given, formals(draw), design)
  parts <- with_seed(draw_seed(seed), do.call(draw, given))
  with_call(simulated_data(parts), match.call(), "simulate_mr")
}

check_design_arguments <- function(given, known, design) {
  names <- names(given)
  if (length(given) && (is.null(names) || !all(nzchar(names)))) {
    abort_argument("...", "arguments given by name", "one without a name",
      hint = sprintf("Design \"%s\" takes %s.", design, quote_all(names(known), Inf)))
  }
  if (anyDuplicated(names)) {
    abort_argument("...", "arguments given once", sprintf("`%s` twice", names[duplicated(names)][1]))
  }
  for (name in names) check_choice(name, "...", names(known))
}

simulated_data <- function(parts) {
  exposure <- parts$exposure # these names stay with the data
  outcome <- parts$outcome
  ids <- parts$ids
  if (is.null(ids)) ids <- paste0("id", seq_along(exposure))
  rownames(parts$x) <- ids
  if (!is.null(parts$background)) rownames(parts$background) <- ids
  # Strong confounding by environment is what a design is there for, no mistake.
  data <- withCallingHandlers(
    mr_data(
      parts$x, exposure, outcome, parts$environment,
      covariates = parts$covariates, background = parts$background, ids = ids,
      kind = parts$kind, variants = parts$variants
    ),
    latentmr_warning_environment = function(w) invokeRestart("muffleWarning"),
    latentmr_warning_units = function(w) invokeRestart("muffleWarning")
  )
  data$truth <- parts$truth
  data
}
