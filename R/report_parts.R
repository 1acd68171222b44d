# The sections of the report, each as HTML from the fit.

# Where an item of the checklist is answered: anchors of the page and what stands over them.
report_sections <- c(
  answer = "Answer", question = "Question", participants = "Participants", variants = "Variants",
  environments = "Environments", families = "Families", encoder = "Encoder", estimates = "Estimates",
  tests = "Falsification tests", sensitivity = "Sensitivity", curve = "Dose-response", strobe = "STROBE-MR checklist",
  software = "Software, settings and code"
)

report_question <- function(fit, question, units) {
  scale <- if (is.null(units) && isTRUE(fit$binary)) {
    "The outcome is 0/1: effects are risk differences per unit of the exposure, unless the scale says otherwise."
  } else if (is.null(units)) {
    "Effects are in units of the outcome per unit of the exposure."
  } else {
    each <- paste("per", utils::head(units, -1))
    if (length(each) > 1) each <- sprintf("%s (%s)", each, fit$exposure)
    log <- outcome_scale(fit)
    paste0(
      sprintf("Effects are in %s %s.", utils::tail(units, 1), paste(each, collapse = ", ")),
      if (is_ratio(log)) sprintf(" exp() of an effect is the %s.", sub("^log ", "", log))
    )
  }
  several <- length(fit$exposure) > 1
  asked <- if (!is.null(question)) {
    question
  } else if (several) {
    sprintf(
      "What are the effects of %s on %s, each with the others held?", paste(fit$exposure, collapse = ", "), fit$outcome
    )
  } else {
    sprintf("What is the effect of %s on %s?", fit$exposure, fit$outcome)
  }
  paste0(
    html_p(html_text(asked)), html_p(html_text(scale)),
    html_p(paste0(
      "Mendelian randomization takes genetic variants as instruments. The estimates are effects if the instruments (1) ",
      if (several) "move every exposure beyond what they do to the others" else "are associated with the exposure",
      ", (2) share no cause with the outcome, given what is partialled out, and (3) touch the outcome through the ",
      if (several) "exposures" else "exposure",
      " only. The environments serve (2): what moves between them, or carries structure within them, is learned from the ",
      if (is.null(fit$tables)) "genotypes" else table_genotypes(fit$tables), " alone and partialled out."
    ))
  )
}

# ---- environments ----

report_environments <- function(fit) {
  e <- fit$diagnostics$environments
  if (is.null(e)) {
    sizes <- fit$encoder$environments
    return(
      html_table(data.frame(Environment = names(sizes), People = big_each(sizes)), "People by environment", "People")
    )
  }
  several <- length(fit$exposure) > 1
  out <- unlist(
    lapply(seq_along(fit$exposure), function(j) vapply(fit$leave_one_out, function(x) x$b[j], 0, USE.NAMES = FALSE))
  )
  half <- (e$up - e$lo) / 2
  frame <- data.frame(
    Environment = e$environment, People = big_each(e$n), F = ifelse(is.na(e$f), "", sprintf("%.1f", e$f)),
    Weight = ifelse(is.na(e$weight), "", sprintf("%.3f", e$weight)),
    "Estimate (interval)" = format_estimate(e$b, e$lo, e$up),
    "Without it" = if (length(out)) format_estimates(out, half) else "", check.names = FALSE
  )
  if (several) {
    names(frame)[names(frame) == "F"] <- "Conditional F"
    frame <- cbind(Exposure = e$exposure, frame[names(frame) != "Weight"])
  }
  paste0(
    html_p(html_text(paste0(
      sprintf("Estimates by environment are those of %s.", short_name(fit$diagnostics$q_method)),
      if (!several) {
        " Weight: share of the pooled first stage; if the effect differs between environments, the pooled estimate is their average with these weights."
      }
    ))),
    html_table(frame, "Environments", setdiff(names(frame), c("Environment", "Exposure")))
  )
}

# Numbers alone, with the decimals that intervals of this half width ask for.
format_estimates <- function(b, half) {
  digits <- interval_digits(b, b - half, b + half)
  ifelse(is.na(b), "", formatC(round(b, digits) + 0, digits = digits, format = "f"))
}

# ---- encoder ----

report_encoder <- function(fit) {
  e <- fit$encoder
  mode <- switch(fit$mode,
    panel = "panel mode: structure is learned from the instruments themselves",
    structure = "structure mode: components of ancestry were given",
    background = "background mode: components are learned from background variants together with the instruments",
    code = "a code trained on the rows of people",
    sparse = "latents that few environments touch", continuous = "continuous instruments"
  )
  rows <- list(
    c("Encoder", paste0(e$encoder, ", ", mode)), c("Partialled out", block_words(fit)),
    c(
      "Latent dimensions",
      sprintf(
        "%d invariant, %d variant%s", e$n_latent[["invariant"]], e$n_latent[["variant"]],
        if (is.null(e$n_latent_given)) " (chosen)" else " (given)"
      )
    ),
    if (length(fit$columns$covariates)) c("Covariates", paste(fit$columns$covariates, collapse = ", ")),
    if (length(fit$columns$structure)) c("Structure columns", paste(fit$columns$structure, collapse = ", ")),
    if (length(fit$dropped)) c("Left out as collinear", paste(fit$dropped, collapse = ", "))
  )
  frame <- as.data.frame(do.call(rbind, rows))
  names(frame) <- c("Part", "What was done")
  paste0(
    html_table(frame, "The encoder and what is partialled out"),
    html_p("Exposure and outcome are not looked at when the encoder is fitted.")
  )
}

# ---- estimates and tests ----

# `brief`: the columns to read first.
estimates_table <- function(fit, brief = FALSE) {
  rows <- as.data.frame(fit)
  if (brief && isTRUE(fit$binary)) rows <- one_scale(rows, fit$leading)
  several <- length(fit$exposure) > 1
  f <- ifelse(is.na(rows$fstat), "", sprintf("%.1f", rows$fstat))
  frame <- data.frame(Estimator = paste0(rows$method, ifelse(is_headline(fit, rows), " (report first)", "")))
  if (isTRUE(fit$binary)) {
    for (column in utils::head(effect_columns(rows, fit), -1)) {
      frame[[sentence_case(column[1])]] <- column[-1]
    }
  } else {
    title <- sprintf("Estimate (%s interval)", level_words(fit$level))
    frame[[title]] <- format_estimate(rows$b, rows$lo_ci, rows$up_ci)
  }
  if (is_ratio(outcome_scale(fit)) && !isTRUE(fit$binary)) {
    if (!brief) frame$Scale <- rows$scale
    title <- sprintf("%s (%s interval)", sentence_case(sub("^log ", "", outcome_scale(fit))), level_words(fit$level))
    frame[[title]] <- ifelse(is.na(rows$b), "", format_estimate(exp(rows$b), exp(rows$lo_ci), exp(rows$up_ci)))
  }
  frame$p <- format_p(rows$pval)
  # Beside odds ratios there is no room for it.
  if (!brief || !isTRUE(fit$binary)) frame[[if (several) "Conditional F" else "F"]] <- f
  if (!brief) {
    frame$Instruments <- rows$nsnp
    frame$Error <- ifelse(is.na(rows$vcov), "", rows$vcov)
  }
  if (several) frame <- cbind(frame[1], Exposure = rows$exposure, frame[-1])
  caption <- if (brief) {
    "Estimates"
  } else {
    sprintf(
      if (several) "Estimates of the effects of %s on %s, given each other" else "Estimates of the effect of %s on %s",
      paste(fit$exposure, collapse = ", "), fit$outcome
    )
  }
  html_table(frame, caption, setdiff(names(frame)[-1], c("Exposure", "Error", "Scale")))
}

report_estimates <- function(fit) {
  paste0(
    estimates_table(fit), html_p(html_text(paste0("Errors: ", errors_words(fit), ".")), "note"),
    if (length(fit$exposure) > 1) {
      report_strength(fit)
    } else {
      html_p(html_text(sprintf("Anderson-Rubin: %s.", ar_words(fit$diagnostics$ar))))
    },
    report_random(fit), if (!is.null(fit$unavailable)) html_p(html_text(fit$unavailable))
  )
}

report_random <- function(fit) {
  if (is.null(fit$random)) return(NULL)
  html_p(html_text(sprintf(
    "%s. Rows were made independent with this covariance before the estimators of random effects ran; parents who act on their children through the instruments themselves stay unseen.",
    random_words(fit)
  )))
}

report_strength <- function(fit) {
  s <- fit$diagnostics$first_stage
  ar <- vapply(seq_along(fit$exposure), function(j) ar_words(set_of(fit, j)), "")
  frame <- data.frame(
    Exposure = s$exposure, F = sprintf("%.1f (%d, %.0f df)", s$partial_f, as.integer(s$df1), s$df2),
    "Conditional F" = sprintf("%.1f (%d, %.0f df)", s$conditional_f, as.integer(s$conditional_df1), s$df2),
    p = format_p(s$conditional_p), "Anderson-Rubin, by projection" = ar, check.names = FALSE
  )
  paste0(
    html_p(
      "What the instruments explain of each exposure: F by itself; conditional F (Sanderson and Windmeijer 2016) beyond what they explain of the others, the one that counts here, with its p."
    ),
    html_table(frame, "Strength of the instruments for each exposure", c("F", "Conditional F", "p"))
  )
}

# The lines of the print: what each test says and what it cannot see. In bold what
# stands before the first number.
report_tests <- function(fit) {
  lines <- test_lines(fit)
  cut <- attr(regexpr("^[^:=.(]{3,80}?(?= =|:| \\()", lines, perl = TRUE), "match.length")
  cut <- pmax(cut, 0)
  bold <- ifelse(cut > 0, paste0("<strong>", html_text(substr(lines, 1, cut)), "</strong>"), "")
  html_list(paste0(bold, html_text(substring(lines, cut + 1))))
}

report_quality <- function(fit) {
  if (is.null(fit$quality)) return(NULL)
  paste0(html_p("<strong>Quality of the instruments</strong>"), html_list(html_text(quality_lines(fit$quality))))
}

# What further tests need nothing but the fit.
report_further <- function(fit) {
  attempt <- function(code) tryCatch(code, latentmr_error = function(e) NULL)
  lines <- c(
    attempt(direction_words(direction_test(fit)$direction)),
    if (nrow(fit$variants) > 2) attempt({
      left <- leave_one_out(fit, "chromosome")
      if (sum(is.finite(left$b)) > 2) leave_one_out_words(left)
    })
  )
  if (length(lines)) html_list(html_text(lines))
}

report_summary_methods <- function(fit) {
  if (length(fit$exposure) > 1) {
    return(html_p(html_text(sprintf(
      "Tables and pictures of single variants (scatter, funnel, leave-one-out), the direction test and the dose-response curve are for one exposure at a time and are left out here. The report of a fit of %s alone has them.",
      paste(fit$exposure, collapse = " or ")
    ))))
  }
  if (fit$kind == "continuous") {
    return(
      html_p("Tables and pictures of single variants are for genotypes: continuous instruments have no counted allele.")
    )
  }
  input <- summary_input(fit_associations(fit, "A table of variants"))
  ids <- c("ivw", "egger", "weighted_median")
  found <- lapply(ids, summary_method, input, fit$encoder$seed)
  b <- vapply(found, `[[`, 0, "b")
  se <- vapply(found, `[[`, 0, "se")
  half <- stats::qnorm((1 + fit$level) / 2) * se
  estimates <- data.frame(
    Method = short_name(ids), format_estimate(b, b - half, b + half), p = format_p(wald_p(b, se))
  )
  names(estimates)[2] <- sprintf("Estimate (%s interval)", level_words(fit$level))
  q <- variant_tests(fit)
  egger <- q[1, ]
  paste0(
    html_p(if (is.null(fit$tables)) {
      "Summary-data methods on the variants' associations in the same people, given what is partialled out. One sample: weak instruments pull these towards least squares."
    } else {
      "Summary-data methods on the associations of the tables, given what is partialled out. Weak instruments pull these towards zero where exposure and outcome are of different people, towards least squares as far as the people are the same."
    }),
    html_table(estimates, "Summary-data estimates", names(estimates)[-1]),
    html_table(data.frame(
      Test = c(paste("Heterogeneity,", q$method), "Intercept of MR-Egger"),
      Statistic = c(
        ifelse(is.na(q$Q), "NA", sprintf("Q = %.1f on %.0f df", q$Q, q$Q_df)),
        egger_words(egger)
      ),
      p = format_p(c(q$Q_pval, egger$pval))
    ), "Heterogeneity and directional pleiotropy", c("Statistic", "p"))
  )
}

egger_words <- function(test) {
  b <- round(test$egger_intercept, 4) + 0
  ifelse(is.na(b), "NA", sprintf("%.4f (SE %.4f)", b, test$se))
}

report_curve <- function(curve) {
  values <- curve_table(curve, 3)
  effect <- average_derivative(curve)
  half <- if (is.na(effect$std.error)) {
    NULL
  } else if (isFALSE(is.na(effect$note))) {
    sprintf("; unshrunk %s; %s", format(effect$unshrunk, digits = 3), effect$note)
  } else {
    sprintf("; unshrunk %s", format_estimate(effect$unshrunk, effect$conf.low, effect$conf.high))
  }
  tests <- curve$tests[!is.na(curve$tests$p.value), ]
  paste0(
    html_p(
      html_text(
        sprintf(
          "Estimated by %s on %s people. Average derivative %.4g%s.", curve_label(curve), big(curve$nobs),
          effect$estimate, if (is.null(half)) "" else half
        )
      )
    ),
    html_p(html_text(sprintf(
      "Directions of the curve that the instruments see: %d of at most %d%s.", curve$identification$directions,
      curve$identification$most,
      if (curve$identification$directions < 2) "; a bend is hardly identified" else ""
    ))),
    if (nrow(tests)) {
      html_table(data.frame(Test = trimws(tests$test), p = format_p(tests$p.value)), "Tests of the curve", "p")
    },
    html_table(values, "Values of the curve and of its references", names(values)[-1])
  )
}

report_strobe <- function(fit, data, curve) {
  table <- strobe_mr(fit, data, curve)
  frame <- data.frame(
    Item = paste(table$item, table$topic), "What it asks" = table$asks, Status = table$status,
    Answer = ifelse(table$answer == "", "-", table$answer), check.names = FALSE
  )
  links <- sprintf(" <a href=\"#%s\">%s</a>", table$where, html_text(report_sections[table$where]))
  paste0(
    html_p(
      "The checklist of Skrivankova et al. (2021), BMJ 375:n2233, in our words. What the analysis holds is filled in; the rest is yours to write."
    ),
    html_table(
      frame, "STROBE-MR checklist", class = "checklist", after = list(Answer = ifelse(nzchar(table$where), links, ""))
    )
  )
}

# ---- software ----

report_software <- function(fit) {
  applied <- settings_applied(fit$encoder)
  software_table(
    fit$versions, c("Seed", fit$seed), c("Level", format(fit$level)),
    c(
      "Settings of the encoder that applied",
      paste(names(applied), vapply(applied, format_setting, ""), sep = " = ", collapse = ", ")
    )
  )
}

# `made`: versions that the estimates are of, NULL: those that are here; `...`: rows.
software_table <- function(made, ...) {
  version <- function(package) as.character(utils::packageVersion(package))
  libraries <- utils::sessionInfo()
  rows <- list(
    c("LatentMR", if (is.null(made)) version("LatentMR") else made[["LatentMR"]]),
    c("R", if (is.null(made)) as.character(getRversion()) else made[["R"]]),
    c(
      "Report made with",
      sprintf(
        "LatentMR %s, R %s, rmarkdown %s, ggplot2 %s", version("LatentMR"), getRversion(), version("rmarkdown"),
        version("ggplot2")
      )
    ),
    c("Platform", R.version$platform),
    c("BLAS, LAPACK", sprintf("%s, %s", basename(libraries$BLAS), basename(libraries$LAPACK))),
    ..., c("Made on", format(Sys.time(), "%Y-%m-%d %H:%M %Z"))
  )
  frame <- as.data.frame(do.call(rbind, rows))
  names(frame) <- c("What", "Value")
  html_table(frame, "Software and settings")
}

format_setting <- function(x) if (is.null(x)) "NULL" else paste(format(x), collapse = " ")

# Of all constants of encoder_control() those that this encoder has read.
settings_applied <- function(encoder) {
  control <- encoder$control
  taken <- c(encoder$encoder, encoder$selected, encoder$mixing)
  names <- if (encoder$mode == "background") {
    c("background_r2", "max_components", "r2_min", "ld_window")
  } else if (encoder$method == "structure") {
    c("level", "partial_level", "draws", "r2_min", "ld_window")
  } else {
    c(
      "dimension_level", "draws", "null", if (any(taken %in% c("auto", "closure"))) "closure",
      if (encoder$method == "code") "check",
      if (encoder$method == "sparse") c("reference", "sparse_starts", "sparse_mixing")
    )
  }
  out <- control[names]
  for (part in c("flow", "autoencoder")) {
    if (part %in% taken || part == "flow" && "auto" %in% taken) {
      own <- unclass(control[[part]])
      names(own) <- paste0(part, "$", names(own))
      out <- c(out, own)
    }
  }
  out
}

# `code`: the user's lines for the data, else the call that the data remember.
report_code <- function(fit, code, data = NULL) {
  call <- fit$call
  call$seed <- fit$seed
  if (is.null(code)) code <- data$made
  people <- is.null(fit$tables)
  maker <- if (people) "read_mr_data() or mr_data()" else "mr_moments_from_summary()"
  lines <- c(
    "library(LatentMR)", if (is.null(code)) sprintf("# data: as made by %s", maker) else code,
    deparse_assignment("fit", call, "latent_mr"), "fit",
    if (people) "report(fit, \"report.html\", data = data)" else "report(fit, \"report.html\")"
  )
  html_code(lines)
}

deparse_assignment <- function(name, call, func) {
  call[[1]] <- as.name(func)
  lines <- deparse(call, width.cutoff = 80)
  # Data that were written into the call are not code to read.
  if (length(lines) > 20) lines <- c(utils::head(lines, 5), "  # ... (the call holds data)")
  lines[1] <- paste(name, "<-", lines[1])
  lines
}
