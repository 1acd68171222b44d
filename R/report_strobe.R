#' The STROBE-MR checklist of an analysis
#'
#' The twenty items of the checklist for reports of Mendelian randomization studies, by
#' their parts, each answered from the fit or marked as the author's to write.
#'
#' @inheritParams report
#' @param fit A [latent_mr()] fit.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame with a row for each part of an item: `item` (`"1"`, ..., `"4a"`, ...,
#'   `"20"`), `section`, `topic`, `asks` (in our words), `status` (`"answered"`, `"in part"`:
#'   the analysis holds some of it; `"for you to write"`; `"not applicable"`), `answer` (text,
#'   empty where there is none) and `where`: the anchor of the section of [report()] that shows it, such as
#'   `"variants"`, empty where none does.
#' @section Errors: `latentmr_error_argument` for anything but a fit, data or a curve of another analysis.
#' @references Skrivankova et al. (2021), Strengthening the reporting of observational
#'   studies in epidemiology using Mendelian randomisation (STROBE-MR): explanation and elaboration,
#'   BMJ 375:n2233, table 3.
#' @seealso [report()]
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' fit <- latent_mr(data, seed = 1)
#' table <- strobe_mr(fit, data)
#' table(table$status)
#' table[table$item == "6c", ]
#' @export
strobe_mr <- function(fit, data = NULL, curve = NULL, ...) {
  check_dots(...)
  check_given()
  if (!inherits(fit, "latent_mr")) abort_argument("fit", "a latent_mr() fit", describe(fit))
  check_made(fit)
  check_report_parts(fit, data, curve)
  items <- strobe_items()
  answers <- strobe_answers(fit, data, curve)
  missing <- setdiff(names(answers), items$item)
  stopifnot(!length(missing))
  at <- match(items$item, names(answers))
  items$status <- vapply(at, function(i) if (is.na(i)) "for you to write" else answers[[i]][1], "")
  items$answer <- vapply(at, function(i) if (is.na(i)) "" else answers[[i]][2], "")
  shown <- items$status %in% c("answered", "in part")
  items$where <- ifelse(shown, unname(strobe_places[items$item]), "")
  items$where[is.na(items$where)] <- ""
  items
}

# item -> section of the report that shows what is answered.
strobe_places <- c(
  "3" = "question", "4b" = "participants", "4c" = "variants", "5" = "question", "6a" = "question", "6b" = "encoder",
  "6c" = "encoder", "6d" = "variants", "6e" = "estimates", "7" = "tests", "8" = "sensitivity", "9a" = "software",
  "10a" = "participants", "10b" = "participants", "10c" = "environments",
  "10d" = "variants", "11a" = "variants", "11b" = "answer", "11c" = "estimates",
  "11d" = "estimates", "12a" = "tests", "12b" = "tests", "13a" = "estimates", "13b" = "curve", "13c" = "sensitivity",
  "13d" = "answer", "13e" = "sensitivity", "15" = "answer", "17" = "environments", "19" = "software"
)

# What each part asks, in our words.
# Long: one list of texts, an item a line.
strobe_items <- function() {
  rows <- list(
    c(
      "1", "Title and abstract", "Title and abstract",
      "Mendelian randomization named as the design in title or abstract, when it is a main purpose"
    ),
    c(
      "2", "Introduction", "Background",
      "Rationale; the exposure; is an effect plausible; why Mendelian randomization helps"
    ),
    c(
      "3", "Introduction", "Objectives",
      "Objectives and hypotheses fixed in advance; that the method estimates effects under assumptions"
    ),
    c(
      "4a", "Methods", "Setting", "Design, underlying population, places and dates of recruitment, exposure, follow-up"
    ),
    c(
      "4b", "Methods", "Participants",
      "Eligibility, sources and selection of participants; sample size; power calculations"
    ),
    c("4c", "Methods", "Genetic variants", "Measurement, quality control and selection of variants"),
    c("4d", "Methods", "Traits", "How exposure, outcome and other variables were measured; diagnostic criteria"),
    c("4e", "Methods", "Ethics", "Ethics approval and consent"),
    c(
      "5", "Methods", "Assumptions", "Relevance, independence and exclusion stated, and assumptions of further analyses"
    ),
    c("6a", "Methods", "Quantitative variables", "Scale, units and model"),
    c("6b", "Methods", "Handling of variants", "How variants entered and how weights were chosen"),
    c("6c", "Methods", "Estimator and covariates", "Estimator and its statistics; covariates in both stages"),
    c("6d", "Methods", "Missing data", "How missing data were dealt with"),
    c("6e", "Methods", "Multiple testing", "How multiple testing was dealt with"),
    c("7", "Methods", "Assessing assumptions", "Methods or knowledge used to assess or justify the assumptions"),
    c("8", "Methods", "Sensitivity analyses", "Sensitivity and additional analyses done"),
    c("9a", "Methods", "Software", "Software and packages, versions and settings"),
    c("9b", "Methods", "Preregistration", "Was the protocol registered, when and where"),
    c("10a", "Results", "Numbers at each stage", "People at each stage and reasons for exclusion; a flow diagram"),
    c("10b", "Results", "Summary of traits", "Summary statistics of exposure, outcome and other variables"),
    c("10c", "Results", "Heterogeneity of sources", "Heterogeneity between studies, when sources are meta-analyses"),
    c("10d", "Results", "Two samples", "In two-sample designs: similarity of the samples and their overlap"),
    c(
      "11a", "Results", "Variant associations",
      "Associations of variants with exposure and outcome, on an interpretable scale"
    ),
    c("11b", "Results", "Estimates", "Estimates with their uncertainty, on an interpretable scale"),
    c("11c", "Results", "Absolute risk", "Relative risks translated into absolute risks, where relevant"),
    c("11d", "Results", "Plots", "Plots of the results"),
    c("12a", "Results", "Validity of assumptions", "What the assessments of the assumptions found"),
    c("12b", "Results", "Further statistics", "Heterogeneity across variants: I2, Q, E-value"),
    c("13a", "Results", "Robustness", "Sensitivity analyses for violated assumptions"),
    c("13b", "Results", "Additional analyses", "Other sensitivity or additional analyses"),
    c("13c", "Results", "Direction", "Assessment of the direction of the effect"),
    c("13d", "Results", "Other designs", "Comparison with estimates that are not Mendelian randomization"),
    c("13e", "Results", "Further plots", "Further plots, such as leave-one-out"),
    c("14", "Discussion", "Key results", "Key results against the objectives"),
    c(
      "15", "Discussion", "Limitations",
      "Validity of the assumptions, other biases, imprecision; direction and size of bias"
    ),
    c("16a", "Discussion", "Meaning", "Cautious interpretation, in comparison with other studies"),
    c(
      "16b", "Discussion", "Mechanism", "Biological mechanisms; gene-environment equivalence; causal language with care"
    ),
    c("16c", "Discussion", "Clinical relevance", "Relevance for practice or policy; likely effects of interventions"),
    c(
      "17", "Discussion", "Generalizability",
      "To other populations, other periods of exposure, other levels of exposure"
    ),
    c("18", "Other", "Funding", "Funding and the role of funders"),
    c("19", "Other", "Data and sharing", "Data used and where they can be had; code"),
    c("20", "Other", "Conflicts of interest", "Conflicts of interest of the authors")
  )
  out <- as.data.frame(do.call(rbind, rows))
  names(out) <- c("item", "section", "topic", "asks")
  out
}

# item -> c(status, answer), for what the object knows: what every fit answers, and
# what depends on there being one exposure or several.
strobe_answers <- function(fit, data, curve) {
  out <- c(
    strobe_common(fit, data, curve), if (length(fit$exposure) > 1) strobe_several(fit) else strobe_single(fit, curve)
  )
  if (!is.null(fit$tables)) out[strobe_of_people] <- strobe_tables(fit)[strobe_of_people]
  out[!vapply(out, is.null, NA)]
}

# Long: one list of answers, by item.
strobe_common <- function(fit, data, curve) {
  d <- fit$diagnostics
  several <- length(fit$exposure) > 1
  genotype <- fit$kind != "continuous"
  word <- if (genotype) "variant" else "instrument"
  environments <- length(fit$encoder$environments)
  removed <- flow_removed(fit$flow, "participants")
  cases <- if (length(fit$cases)) sprintf(" Outcome: %s.", cases_words(fit$cases, fit$nobs)) else ""
  sets <- if (!several) ar_words(d$ar) else {
    paste(fit$exposure, vapply(fit$exposure, function(e) ar_words(d$ar[d$ar$term == e, ]), ""), collapse = "; ")
  }
  list(
    "3" = c("in part", "Effects are estimated under the assumptions of item 5. The objectives are yours to write."),
    "4b" = c(
      "in part", sprintf("%s people analysed in %s%s.", big(fit$nobs), plural(environments, "environment"), removed)
    ),
    "4c" = c("in part", sprintf(
      "%s%s%s.%s Provenance, call rates and frequencies are in the report; how they were genotyped and chosen is yours to write.",
      plural(nrow(fit$variants), word), chosen_words(fit$flow), flow_removed(fit$flow, "variants"),
      background_words(fit$flow)
    )),
    "5" = c("answered", sprintf(
      "Relevance: the %ss predict %s. Independence: given %s, they share no cause with the outcome. Exclusion: they touch the outcome through the %s only. Confounding with one law in every environment and not tied to structure is assumed absent.",
      word, if (several) "each exposure beyond the others" else "the exposure", block_words(fit),
      if (several) "exposures" else "exposure"
    )),
    "6a" = if (!is.null(fit$units)) c("in part", sprintf(
      "Linear model; effects are in %s%s. Transformations before that are yours to write.",
      paste(unique(row_units(fit, effect_scales(fit, "ols"), fit$exposure)), collapse = "; "),
      if (any(grepl("^SD [(]", fit$units))) ", scaled as the units say" else ""
    )) else c(
      "in part",
      "Exposure and outcome enter as given, in a linear model: effects are in units of the outcome per unit of the exposure (a risk difference for a 0/1 outcome). Units and transformations are yours to write."
    ),
    "6b" = c("answered", sprintf(
      "%s, all entered together; no external weights. The %s encoder (%s mode) was fitted without exposure and outcome%s.",
      if (genotype) "Counts of the effect allele" else "Continuous instruments", fit$encoder$encoder, fit$mode,
      crossfit_words(fit)
    )),
    "6c" = c("answered", sprintf(
      "%s (reported first), beside %s. The same columns in both stages: %s%s. Errors: %s.", short_name(fit$leading),
      paste(setdiff(fit$methods$name, short_name(fit$leading)), collapse = ", "), block_words(fit),
      if (length(fit$columns$covariates)) sprintf(" (%s)", paste(fit$columns$covariates, collapse = ", ")) else "",
      errors_words(fit)
    )),
    "6d" = c("answered", paste0(
      "People with a missing exposure, outcome, environment or covariate are left out and counted in the flow; a missing genotype call takes the mean of the variant in the person's environment.",
      if (!is.null(data)) sprintf(" %s of calls were missing.", percent(missing_share(data)))
    )),
    "6e" = c("in part", sprintf(
      "%s and one outcome; %sthe estimators are not independent tests. Adjustment over further traits is yours to write.",
      if (several) sprintf("%d exposures", length(fit$exposure)) else "One exposure",
      if (genotype && !is.null(d$per_variant)) "tests of single variants are Holm-adjusted; " else ""
    )),
    "8" = c("answered", sprintf(
      "%s estimators%s%s%s.", nrow(fit$methods),
      if (!is.null(fit$by_environment)) "; each environment and each left out" else "",
      if (genotype && !several) "; summary-data methods, each variant left out" else "",
      if (!is.null(curve)) "; dose-response curve" else ""
    )),
    "9a" = c("answered", sprintf(
      "LatentMR %s, R %s; seed %d; settings of the encoder in the report.",
      if (is.null(fit$versions)) utils::packageVersion("LatentMR") else fit$versions[["LatentMR"]],
      if (is.null(fit$versions)) getRversion() else fit$versions[["R"]], fit$seed
    )),
    "10a" = if (!is.null(fit$flow)) {
      c("answered", "Flow of participants and variants by step and environment; flow(fit) is the table.")
    },
    "10b" = if (!is.null(data)) {
      c("answered", paste0(
        "Table 1 of the report: exposure, outcome and covariates by environment, with standardised differences.", cases
      ))
    } else if (nzchar(cases)) {
      c("in part", sprintf("%s Exposure and covariates: strobe_mr(fit, data).", trimws(cases)))
    },
    "10c" = c("not applicable", "Individual-level data; heterogeneity between environments is under 12b."),
    "10d" = c("not applicable", "One sample: exposure and outcome of the same people, complete overlap."),
    "11b" = c(
      if (all(is.finite(fit$estimates[[fit$leading]]$b))) "answered" else "in part",
      paste0(
        short_name(fit$leading), if (several) paste0(", ", fit$exposure), ": ",
        vapply(seq_along(fit$exposure), function(j) headline_words(fit, j), ""), collapse = " "
      )
    ),
    "11c" = if (isTRUE(fit$binary)) {
      c("answered", "The linear estimates are risk differences per unit of the exposure: absolute risks.")
    },
    "13a" = c(
      "answered",
      paste0(
        "LIML, ", if (genotype && !several) "MR-Egger, weighted median, " else "", "Anderson-Rubin set: ", sets, "."
      )
    ),
    "13d" = if (any(is.finite(fit$estimates$ols$b))) {
      ols <- fit$estimates$ols
      c(
        "answered",
        sprintf(
          "Least squares: %s.",
          paste0(if (several) paste0(fit$exposure, " "), format_estimate(ols$b, ols$lo, ols$up), collapse = "; ")
        )
      )
    },
    "15" = c("in part", paste(limits_words(fit), "Direction and size of what may be left are yours to discuss.")),
    "19" = c("in part", "The code of the analysis is in the report; where the data can be had is yours to write.")
  )
}

# Long: one list of answers, by item.
strobe_single <- function(fit, curve) {
  d <- fit$diagnostics
  genotype <- fit$kind != "continuous"
  list(
    "7" = c("in part", sprintf(
      "Relevance: F, effective F. Independence: %sallele counts or law by environment%s. Exclusion: Sargan and Hansen tests%s. Biological knowledge is yours to add.",
      if (!is.null(d$hsic_covariates)) "HSIC of the instruments with the covariates, " else "",
      if (!is.null(fit$by_environment)) ", effects by environment (Cochran's Q)" else "",
      if (genotype) ", intercept of MR-Egger" else ""
    )),
    "11a" = if (genotype) {
      c(
        "answered",
        "The table of variants: associations with exposure and outcome per copy of the effect allele, F and R2, for every variant; as_twosample(fit) is the frame, the scatter shows them."
      )
    } else {
      c("not applicable", "Continuous instruments have no counted allele.")
    },
    "11d" = c(
      "answered",
      if (genotype) {
        "Forest over estimators and environments; scatter and funnel of the variants."
      } else {
        "Forest over estimators and environments."
      }
    ),
    "12a" = c("answered", paste(test_lines(fit)[1:3], collapse = " ")),
    "12b" = c("in part", paste(c(
      if (genotype) variants_q_words(fit), sargan_words(d$sargan),
      if (is.finite(d$q[["Q"]])) sprintf("Over environments: %s.", q_words(d$q)), no_e_value
    ), collapse = " ")),
    "13b" = if (!is.null(curve)) {
      c(
        "answered",
        sprintf(
          "Dose-response curve by %s: average derivative %.4g.", curve_label(curve), average_derivative(curve)$estimate
        )
      )
    },
    "13c" = {
      said <- tryCatch(direction_words(direction_test(fit)$direction), latentmr_error = function(e) NULL)
      if (!is.null(said)) c("answered", said)
    },
    "13e" = if (genotype || !is.null(fit$leave_one_out)) {
      c(
        "answered",
        paste(
          c(
            if (!is.null(fit$leave_one_out)) "Each environment left out",
            if (genotype) "each variant left out, single variants"
          ),
          collapse = "; "
        )
      )
    },
    "17" = if (!is.null(d$environments)) {
      c("in part", sprintf(
        "Estimates by environment are given; heterogeneity %s. Populations, periods and levels beyond the data are yours to discuss.",
        if (is.finite(d$q[["Q_pval"]])) p_is(d$q[["Q_pval"]]) else "not tested"
      ))
    }
  )
}

strobe_several <- function(fit) {
  d <- fit$diagnostics
  q <- d$q[is.finite(d$q$Q), ]
  list(
    "7" = c("in part", sprintf(
      "Relevance: F and conditional F of each exposure. Exclusion: Sargan and Hansen tests%s. Biological knowledge is yours to add.",
      if (!is.null(fit$by_environment)) "; effects by environment (Cochran's Q)" else ""
    )),
    "11d" = c("answered", "Forest over estimators, a panel for each exposure."),
    "12a" = c("answered", paste(test_lines(fit)[1:3], collapse = " ")),
    "12b" = c("in part", paste(c(
      sargan_words(d$sargan),
      if (isTRUE(nrow(q) > 0)) sprintf(
        "Cochran's Q over environments: %s.",
        paste(
          sprintf("%s %.1f on %d df (%s)", q$exposure, q$Q, as.integer(q$Q_df), vapply(q$Q_pval, p_is, "")),
          collapse = "; "
        )
      ),
      no_e_value
    ), collapse = " ")),
    "13e" = if (!is.null(fit$leave_one_out)) c("answered", "Each environment left out."),
    "17" = if (length(fit$by_environment) > 1) {
      c(
        "in part",
        "Estimates by environment are given. Populations, periods and levels beyond the data are yours to discuss."
      )
    }
  )
}

no_e_value <- "The E-value is not computed: yours to add."

sargan_words <- function(j) {
  if (is.finite(j$statistic)) {
    sprintf("Over variants: Sargan J = %.1f on %d df (%s).", j$statistic, as.integer(j$df), p_is(j$pval))
  }
}

q_words <- function(q) {
  sprintf(
    "Cochran's Q = %.1f on %d df (%s), I2 = %.0f%%", q[["Q"]], as.integer(q[["Q_df"]]), p_is(q[["Q_pval"]]),
    100 * max(0, 1 - q[["Q_df"]] / q[["Q"]])
  )
}

# Of the single variants' ratios, about the inverse-variance weighted mean.
variants_q_words <- function(fit) {
  q <- unlist(variant_tests(fit)[2, c("Q", "Q_df", "Q_pval")])
  if (is.finite(q[["Q"]])) sprintf("Over variants: %s.", q_words(q))
}

# What can bias the first line, from its verdict.
limits_words <- function(fit) {
  said <- verdict(fit)
  paste(c(said$finding[said$objects], checks_words(fit, said), attr(said, "unseen")), collapse = " ")
}

# Variants that nobody asked for are not left out.
not_chosen <- function(flow) grepl("^not chosen", flow$reason)

counted <- function(flow, unit, rows) sum(flow$count[flow$unit == unit & flow$environment == flow_all & rows])

chosen_words <- function(flow) {
  if (!counted(flow, "variants", not_chosen(flow))) return("")
  sprintf(", chosen from %s", big(counted(flow, "variants", flow$action == "read")))
}

background_words <- function(flow) {
  n <- counted(flow, "background variants", flow$action == "analysed")
  if (!n) return("")
  sprintf(" To see ancestry: %s%s.", plural(n, "background variant"), flow_removed(flow, "background variants"))
}

flow_removed <- function(flow, unit) {
  if (is.null(flow)) return("")
  rows <- flow$unit == unit & flow$environment == flow_all & flow$action == "removed" & flow$count > 0
  rows <- flow[rows & !not_chosen(flow), ]
  if (!nrow(rows)) return(sprintf("; no %s removed", unit))
  paste0("; removed: ", paste(rows$reason, big_each(rows$count), collapse = "; "))
}

crossfit_words <- function(fit) {
  if (isTRUE(fit$crossfit > 1)) {
    sprintf(", on other folds than those it is used in (%d folds)", as.integer(fit$crossfit))
  } else {
    ", on the people that are analysed"
  }
}
