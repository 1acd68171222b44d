# What is doubtful about a fit: rules in the order of their warnings, each a function of the
# fit that returns its text, or nothing.

latent_warnings <- function(fit) {
  about <- function(rules, fit) as.character(unlist(lapply(rules, function(rule) rule(fit)), use.names = FALSE))
  structure <- if (fit$kind != "continuous") about(genotype_rules, fit)
  fit$diagnostics <- head_diagnostics(fit)
  c(population_notes(structure, is_family(fit$leading)), about(warning_rules, fit))
}

# Coarse genotypes mix the blocks: the best predictor of the invariant part from
# few of them depends on the variant part.
FEW_VARIANTS <- 10L

in_panel_mode <- function(fit) fit$encoder$mode == "panel"
in_background_mode <- function(fit) fit$encoder$mode == "background"
directions_found <- function(fit) min(fit$encoder$above, ncol(fit$encoder$variant))

genotype_rules <- list(
  few_environments = function(fit) {
    if (!in_panel_mode(fit)) return(NULL)
    environments <- length(fit$encoder$environments)
    if (environments - 1 >= directions_found(fit)) return(NULL)
    sprintf(
      "%d directions of structure but only %d environments, and no `structure` or `background`: differences between people within environments were seen only through the panel itself.",
      directions_found(fit), environments
    )
  },
  linked_panel = function(fit) {
    if (!in_panel_mode(fit)) return(NULL)
    linked <- linked_share(fit$encoder)
    if (linked$share <= .5) return(NULL)
    sprintf(
      "Not identified from this panel alone: %s holds %.0f %% of the variants, where linkage cannot be told from ancestry. Use variants from several regions, or give genome-wide components in `structure`.",
      linked$what, 100 * linked$share
    )
  },
  few_variants = function(fit) {
    if (!in_panel_mode(fit) || nrow(fit$variants) >= FEW_VARIANTS) return(NULL)
    sprintf(
      "Only %d variants: so few genotypes cannot tell what moves from what does not, and their invariant block carries the confounding of both. Do not read the row \"%s\"; use more variants.",
      nrow(fit$variants), short_name("latent_2sls_only")
    )
  },
  nothing_moves = function(fit) {
    if (!in_panel_mode(fit) || directions_found(fit) > 0 || isTRUE(fit$encoder$capped)) return(NULL)
    "No direction of the panel moves or carries structure beyond chance (k = 0): the latent estimates partial out little more than 2SLS does."
  },
  no_component = function(fit) {
    if (!in_background_mode(fit) || fit$encoder$components > 0) return(NULL)
    if (fit$encoder$control$max_components == 0) return("No component was taken, as asked.")
    "No component of instruments and background stands out: the latent estimates partial out no more than 2SLS does. More background variants see finer structure."
  },
  all_components = function(fit) {
    if (!in_background_mode(fit) || fit$encoder$components == 0) return(NULL)
    if (fit$encoder$components != fit$encoder$control$max_components) return(NULL)
    sprintf(
      "%d components were taken, the most allowed (encoder_control(max_components = )): there may be more.",
      fit$encoder$components
    )
  },
  capped = function(fit) {
    if (!isTRUE(fit$encoder$capped)) return(NULL)
    sprintf(
      "%d directions carry structure, more than half of the panel; the leading %d were taken.", fit$encoder$taken,
      ncol(fit$encoder$variant)
    )
  },
  same_frequencies = function(fit) {
    p <- fit$diagnostics$change[["pval"]]
    if (isTRUE(p > .05)) {
      sprintf(
        "Allele frequencies do not differ between the environments (%s): only structure within them can be seen.",
        p_is(p)
      )
    }
  }
)

warning_rules <- list(
  missed_touch = function(fit) {
    factor <- fit$estimates[[fit$leading]]$factor
    if (fit$encoder$method != "sparse" || !isTRUE(factor > 1)) return(NULL)
    sprintf(
      "The instruments disagree (Sargan's J, %s): an environment touches a latent that counts as left alone there, or effects differ. Intervals of the latent rows are %.2f times as wide for that.",
      p_is(fit$diagnostics$sargan$pval), factor
    )
  },
  dropped_directions = function(fit) {
    if (fit$encoder$dropped == 0) return(NULL)
    sprintf(
      "%d of %d directions of the instruments were dropped: constant or collinear within environments.",
      fit$encoder$dropped, nrow(fit$variants)
    )
  },
  few_clusters = function(fit) if (!is.null(fit$cluster_sizes)) cluster_words(fit$cluster_sizes),
  folds_disagree = function(fit) {
    e <- fit$estimates$latent_nagar
    folds <- e$jackknife
    if (is.null(folds) || !isTRUE(e$vcov == "many")) return(NULL)
    ratio <- folds$se / e$se_plain
    if (!isTRUE(folds$df * ratio^2 > stats::qchisq(.999, folds$df))) return(NULL)
    sprintf(
      "The error of Nagar's estimate is %.1f times as large by folds of people as from the moments of all: people who depend on one another (relatives, batches), or noise that differs between them. Give `cluster` to mr_data(), or use rows.",
      ratio
    )
  },
  encoder_held = function(fit) {
    if (!isTRUE(fit$held)) return(NULL)
    "Errors take the encoder as known, and are too small: without some fold of people fewer directions are seen."
  },
  chosen_here = function(fit) {
    chosen <- if (fit$kind != "continuous") chosen_threshold(fit$latent$z)
    if (!length(chosen)) return(NULL)
    sprintf(
      "All %d variants are associated with %s at p < %g or nearly so, %d of them barely: if they were chosen in these people, F is too large and the estimates lean towards least squares. Choose them, or take `weights`, in other people.",
      chosen[["variants"]], paste(fit$exposure, collapse = " or "), chosen[["p"]], chosen[["barely"]]
    )
  },
  unavailable = function(fit) fit$unavailable,
  weak = function(fit) {
    d <- fit$diagnostics
    if (length(fit$exposure) > 1) {
      at <- which(d$f < 10)
      if (!length(at)) return(NULL)
      return(sprintf(
        "Weak instruments for %s given the other exposures (conditional F %s): read the Anderson-Rubin sets.",
        paste(fit$exposure[at], collapse = ", "), paste(sprintf("%.1f", d$f[at]), collapse = ", ")
      ))
    }
    f <- if (is.na(d$f_effective)) d$f else d$f_effective
    if (!is.finite(f) || f >= 10) return(NULL)
    sprintf(
      "Weak instruments (%s F = %.1f, below 10): quote the %s.",
      if (is.na(d$f_effective)) "classical" else "effective", f,
      if (is.null(d$set)) "Anderson-Rubin set, ar_set(fit)" else "interval valid with weak instruments, weakiv_set(fit)"
    )
  },
  reml_disagrees = function(fit) {
    if (!isTRUE(fit$estimates$latent_reml$disagree)) return(NULL)
    "The four REML fits disagree by more than two standard errors: compare the rows of UJIVE, 2SLS and LIML."
  },
  instruments_disagree = function(fit) {
    sargan <- fit$diagnostics$sargan
    if (!isTRUE(sargan$pval < .01) || !isTRUE(sargan$i2 > .1)) return(NULL)
    text <- sprintf(
      "Sargan's J rejects (J/df = %.2f, %s): the instruments disagree by more than chance, through pleiotropy or structure that is left.",
      sargan$ratio, p_is(sargan$pval)
    )
    # Where it can be done and was not.
    could <- length(fit$exposure) == 1 && fit$kind != "continuous" && fit$encoder$method != "code" &&
      !isTRUE(fit$crossfit > 0)
    if (!could || !is.null(fit$estimates$latent_outlier)) return(text)
    paste(text, "The estimator \"latent_outlier\" makes controls of those that stand out.")
  },
  dropped_columns = function(fit) {
    if (!length(fit$dropped)) return(NULL)
    sprintf(
      "Collinear or constant columns were left out of the partialled block, in some environment at least: %s.",
      paste(fit$dropped, collapse = ", ")
    )
  }
)

# Signs of instruments that were chosen in the same people: |z| of five variants or more less than 1 above a usual
# threshold and none below. Variants chosen elsewhere scatter by 1 here, so that about half of those so near would
# be below. The slack is for what else was adjusted for. |z| is given the environments and covariates alone, as
# whoever chose them has adjusted: after a latent block it has moved, and the edge is blurred.
chosen_threshold <- function(z) {
  for (p in c(5e-8, 5e-6, 1e-5, 1e-4, .001, .01)) {
    gap <- z - stats::qnorm(p / 2, lower.tail = FALSE)
    barely <- sum(gap < 1)
    if (barely >= 5 && all(gap > -.25)) return(c(variants = length(z), p = p, barely = barely))
  }
  NULL
}

# |z| of the variants with the exposure, of several with that which a variant was chosen for, given the columns of
# `partial`.
exposure_z <- function(block, view, encoder) {
  a <- variant_associations(variant_sums(block, view, encoder))
  do.call(pmax, as.data.frame(abs(as.matrix(a$bx / a$sx))))[a$usable]
}

# The largest share of the panel in one linkage-disequilibrium block, or in one
# region (same chromosome, neighbours within 1 Mb) when positions are known.
linked_share <- function(encoder) {
  variants <- encoder$variants
  block <- max(table(encoder$block)) / length(encoder$block)
  region <- 0
  if (!is.null(chromosome_codes(variants)) && all(is.finite(variants$pos)) && any(variants$pos > 0)) {
    at <- order(chromosome_codes(variants), variants$pos)
    chr <- chromosome_codes(variants)[at]
    gap <- c(TRUE, diff(chr) != 0 | diff(variants$pos[at]) > 1e6)
    region <- max(table(cumsum(gap))) / length(at)
  }
  if (block >= region) {
    list(share = block, what = "one linkage-disequilibrium block")
  } else {
    list(share = region, what = "one region of the genome (neighbours within 1 Mb)")
  }
}
