# What cannot be estimated is refused, what is doubtful is warned about.

# Errors unless `force`; the texts of what was forced or is to be warned about.
identification <- function(encoder, view, moments, force) {
  notes <- character()
  refuse <- function(message, hint) {
    if (!force) {
      abort(message, "latentmr_error_unidentified", hint = paste(hint, "`force = TRUE` goes on all the same."))
    }
    notes <<- c(notes, paste("Not identified, forced:", message))
  }
  environments <- length(view$environments)
  left <- ncol(instrument_directions(encoder))
  if (left == 0) {
    abort(
      "No invariant direction is left: the law of every combination of the instruments moves between the environments.",
      "latentmr_error_unidentified", hint = "Name environments that share more of what the instruments come from."
    )
  }
  if (moments$kind == "continuous") {
    if (environments < 2) {
      refuse(
        "Continuous instruments from one environment: nothing shows which part of them is confounded.",
        "Name at least two environments in mr_data()."
      )
    } else {
      change <- stationary_change_test(encoder)
      if (change[["pval"]] > .05 || ncol(encoder$variant) == 0) {
        refuse(
          sprintf(
            "The law of the instruments does not differ between the environments (%s), so confounded directions cannot be told from valid ones.",
            p_is(change[["pval"]])
          ),
          "Environments must differ in what confounds the instruments."
        )
      }
    }
    return(notes)
  }
  if (left < 3) {
    refuse(
      sprintf(
        "%d of %d directions of the panel carry structure and %d are left: at least 3 are needed.",
        ncol(encoder$variant), ncol(encoder$directions), left
      ),
      "Give more independent variants, or the components of the genome in `structure`."
    )
  }
  if (environments < 2 && encoder$mode == "panel") {
    refuse(
      "Genotypes from one environment with neither `structure` nor `background`: structure cannot be told from chance.",
      "Name recruitment sites as environments, or give components or background variants in mr_data()."
    )
  }
  notes
}

# Coarse genotypes mix the blocks: the best predictor of the invariant part from
# few of them depends on the variant part.
FEW_VARIANTS <- 10L

latent_warnings <- function(fit) {
  d <- fit$diagnostics
  encoder <- fit$encoder
  k <- ncol(encoder$variant)
  text <- character()
  add <- function(...) text <<- c(text, sprintf(...))
  if (fit$kind != "continuous") {
    if (encoder$mode == "panel") {
      environments <- length(encoder$environments)
      found <- min(encoder$above, k)
      if (environments - 1 < found) {
        add(
          "%d directions of structure but only %d environments, and no `structure` or `background`: differences between people within environments were seen only through the panel itself.",
          found, environments
        )
      }
      linked <- linked_share(encoder)
      if (linked$share > .5) {
        add(
          "Not identified from this panel alone: %s holds %.0f %% of the variants, where linkage cannot be told from ancestry. Use variants from several regions, or give genome-wide components in `structure`.",
          linked$what, 100 * linked$share
        )
      }
      if (nrow(fit$variants) < FEW_VARIANTS) {
        add(
          "Only %d variants: so few genotypes cannot tell what moves from what does not, and their invariant block carries the confounding of both. Do not read the row of the invariant block alone; use more variants.",
          nrow(fit$variants)
        )
      }
      if (found == 0 && !isTRUE(encoder$capped)) add("No direction of the panel moves or carries structure beyond chance (k = 0): the latent estimates partial out little more than 2SLS does.")
    }
    if (encoder$mode == "background" && encoder$components == 0) {
      add("No component of instruments and background stands out: the latent estimates partial out no more than 2SLS does. More background variants see finer structure.")
    }
    if (encoder$mode == "background" && encoder$components == encoder$control$max_components) {
      add("%d components were taken, the most allowed (encoder_control(max_components = )): there may be more.", encoder$components)
    }
    if (isTRUE(encoder$capped)) {
      add("%d directions carry structure, more than half of the panel; the leading %d were taken.", encoder$taken, k)
    }
    if (isTRUE(d$change[["pval"]] > .05)) {
      add("Allele frequencies do not differ between the environments (%s): only structure within them can be seen.", p_is(d$change[["pval"]]))
    }
  }
  if (encoder$dropped > 0) {
    add("%d of %d directions of the instruments were dropped: constant or collinear within environments.", encoder$dropped, nrow(fit$variants))
  }
  if (isTRUE(fit$clusters < 20)) {
    add("Only %d clusters: errors that allow for clusters are too small with so few.", fit$clusters)
  }
  nagar <- fit$estimates$latent_nagar
  if (isTRUE(nagar$vcov == "iid") && length(fit$exposure) == 1) {
    add("The jackknife needs at least three folds of people (mr_moments(folds = )): the error of Nagar's estimator is the classical one.")
  }
  chosen <- if (fit$kind != "continuous") chosen_threshold(exposure_z(fit))
  if (length(chosen)) {
    add(
      "All %d variants are associated with %s at p < %g or nearly so, %d of them barely: if they were chosen in these people, F is too large and the estimates lean towards least squares. Choose them, or take `weights`, in other people.",
      chosen[["variants"]], paste(fit$exposure, collapse = " or "), chosen[["p"]], chosen[["barely"]]
    )
  }
  if (!is.null(fit$unavailable)) add("%s", fit$unavailable)
  several <- length(fit$exposure) > 1
  weak <- which(several & d$f < 10)
  if (length(weak)) {
    add(
      "Weak instruments for %s given the other exposures (conditional F %s): read the Anderson-Rubin sets.",
      paste(fit$exposure[weak], collapse = ", "), paste(sprintf("%.1f", d$f[weak]), collapse = ", ")
    )
  }
  f <- if (several) NA else if (is.na(d$f_effective)) d$f else d$f_effective
  if (is.finite(f) && f < 10) {
    add("Weak instruments (%s F = %.1f, below 10): read the Anderson-Rubin set.", if (is.na(d$f_effective)) "partial" else "effective", f)
  }
  reml <- fit$estimates$latent_reml
  if (isTRUE(reml$disagree)) add("The four REML fits disagree by more than two standard errors: compare the rows of UJIVE, 2SLS and LIML.")
  if (isTRUE(d$sargan$pval < .01) && isTRUE(d$sargan$i2 > .1)) {
    add(
      "Sargan's J rejects (J/df = %.2f, %s): the instruments disagree by more than chance, through pleiotropy or structure that is left.",
      d$sargan$ratio, p_is(d$sargan$pval)
    )
    # Where it can be done and was not.
    if (!several && fit$kind != "continuous" && is.null(fit$estimates$latent_outlier) && encoder$method != "code" && !isTRUE(fit$crossfit > 0)) {
      text[length(text)] <- paste(text[length(text)], "The estimator \"latent_outlier\" makes controls of those that stand out.")
    }
  }
  if (length(fit$dropped)) {
    add("Collinear or constant columns were left out of the partialled block, in some environment at least: %s.", paste(fit$dropped, collapse = ", "))
  }
  text
}

# Signs of instruments that were chosen in the same people: |z| of many variants
# within (-.25, 1) of a usual threshold and none below. Variants chosen elsewhere
# scatter by 1 here, so that about half of those so near would be below. The slack
# is for what was adjusted for.
chosen_threshold <- function(z) {
  for (p in c(5e-8, 5e-6, 1e-5, 1e-4, .001, .01)) {
    gap <- z - stats::qnorm(p / 2, lower.tail = FALSE)
    barely <- sum(gap < 1)
    if (barely >= 6 && all(gap > -.25)) return(c(variants = length(z), p = p, barely = barely))
  }
  NULL
}

exposure_z <- function(fit) {
  a <- variant_associations(fit$latent$variants)
  # Of several exposures the one that a variant was chosen for.
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
