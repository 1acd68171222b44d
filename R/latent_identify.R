# What cannot be estimated is refused; what is doubtful is warned about (R/latent_warnings.R).

has_families <- function(data) !is.null(data$family)

# What does not concern the family rows.
population_notes <- function(texts, families) {
  if (families && length(texts)) paste("Population rows:", texts) else texts
}

# Errors unless `force`; the texts of what was forced or is to be warned about.
identification <- function(encoder, view, moments, force) {
  notes <- character()
  refuse <- function(message, hint, forced = "`force = TRUE` goes on all the same.") {
    if (!force) abort(message, "latentmr_error_unidentified", hint = paste(c(hint, forced), collapse = " "))
    notes <<- c(notes, paste("Not identified, forced:", message))
  }
  environments <- length(view$environments)
  left <- if (encoder$method == "sparse") sum(encoder$touched == 0) else instrument_count(encoder)
  if (left == 0) refuse_nothing_left(encoder, moments$kind)
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
            "The law of the instruments does not differ between the environments (%s%s), so confounded directions cannot be told from valid ones.",
            p_is(change[["pval"]]), if (change[["pval"]] > .05) {
              ""
            } else {
              sprintf("; a direction moves where p is below %s, encoder_control(dimension_level = ), and none does",
                      format(1 - encoder$control$dimension_level))
            }
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
        ncol(encoder$variant), direction_count(encoder), left
      ),
      "Give more independent variants, or the components of the genome in `structure`."
    )
  }
  if (environments < 2 && encoder$mode == "panel" && !is.null(moments$summary)) {
    refuse(
      "Tables of one ancestry: nothing in them tells structure from chance.",
      "summary_mr(exposure, outcome) has the usual estimators for one ancestry, which take every variant as valid; tables of further ancestries go into read_gwas(c(EUR = , AFR = )).",
      forced = NULL
    )
  } else if (environments < 2 && encoder$mode == "panel") {
    refuse(
      "Genotypes from one environment with neither `structure` nor `background`: structure cannot be told from chance.",
      "Name recruitment sites as environments, or give components or background variants in mr_data()."
    )
  }
  notes
}

refuse_nothing_left <- function(encoder, kind) {
  if (encoder$method == "sparse") {
    abort(
      "No latent keeps one law in more than half of the environments: nowhere is an instrument left.",
      "latentmr_error_unidentified",
      hint = "Name more environments, or one that touches no latent: encoder_control(reference = )."
    )
  }
  abort(
    "No invariant direction is left: the law of every combination of the instruments moves between the environments.",
    "latentmr_error_unidentified", hint = if (kind == "continuous") {
      "Where each environment moves few latents, encoder = \"mechanism_sparsity\" finds which are left alone in each."
    } else {
      "Name environments that share more of what the instruments come from."
    }
  )
}
