#' The verdict on a fit: may its first line be published?
#'
#' What the print and the report say first, as a table: the effect with its interval, the strength of the
#' instruments, every test that can object, whether the environments agree, and what no test can see.
#'
#' Tests with a p-value are corrected together (Holm), so that data without a fault are objected to in at most five
#' of a hundred analyses. They are Sargan's J (Hansen's where people are heteroskedastic or clustered: `"J"`),
#' Cochran's Q over environments (`"Q"`), dependence of the instruments on covariates given the structure that was
#' partialled out (`"HSIC"`), and Steiger's test against the direction (`"direction"`, one-sided: the instruments
#' explain more of the outcome). What has no p-value objects by a fixed line: in panel mode one region of the genome
#' that holds more than half of the variants, and fewer than ten variants; an identification that was forced, and a
#' first stage most of which lies in what was partialled out: the share of the exposure's association with the panel
#' in those directions is above .8 and larger than that many directions drawn at random hold in one of a thousand
#' draws (Beta(k/2, (p - k)/2)); and clusters whose number does not bear an error (`"clusters"`): one of them holds more
#' than half of the people, or they count as fewer than five of one size, \eqn{(\sum n_g)^2 / \sum n_g^2}. With continuous instruments the effects by the invariant and by the variant block
#' stand side by side (`"two blocks"`, never an objection): where the confounder is tied to what stays, the variant
#' block is the valid one, and nothing in the data tells.
#'
#' J and Q of continuous instruments count the learning of the directions. Where they do not (see "Errors given the
#' encoder" in [latent_mr()]) they reject too often: they are told, and do not object.
#'
#' With families (`mr_data(family = )`) the first line and these tests are those of the family rows, and one test
#' more compares population and family estimates (`"families"`, see [latent_mr()]). It objects to the population
#' rows: the first line, which is the families', stands, and a sentence after it says that the others do not.
#'
#' Negative controls (`latent_mr(controls = )`) object when the first line's estimator finds an effect on one of them
#' (`"negative controls"`, Holm over the controls, then with the other tests).
#'
#' With background variants in the data (rows, one exposure) their own associations with exposure and residual are
#' looked at, after the components (`"background variants"`): what the two have in common beyond people's noise is
#' structure that is left. Genes that act on both traits are kept out by LD scores, as in LD-score regression: only the
#' intercept counts. The finding says by how much this would shift the effect and what shift would be seen; it objects
#' where the shift is more than half of the error of the first line. Where the background variants hold no linkage
#' the two cannot be told apart, and nothing objects. `fit$diagnostics$null` has the numbers, `vignette("method")`
#' formula and assumptions, `bench/bench-null-variants.R` size and power.
#'
#' What no test of unrelated people sees: confounding that is alike in all environments and that all instruments
#' share. Assortative mating, and parents who act on their children, are of this kind: only families show them. Nor
#' does it see who is not in the sample: where the exposure and something else that moves the outcome decide who takes
#' part, or who is still alive, all variants are biased alike (`field_survivors` of `bench/bench-trust.R`, where half of
#' the people have died).
#'
#' @param fit A fit of [latent_mr()].
#' @param ... Not used.
#' @return Data frame of class `mr_verdict`, one row a check: `check`, `finding` (a sentence), `statistic`, `pval`,
#'   `p_holm` (`NA` for what is not a test), `objects` (`TRUE`: the first line must not be published as it stands).
#'   Attributes: `headline` (the first line), `withheld` (why there is no point estimate, or `NULL`), `unseen` (what
#'   cannot be seen).
#' @section Errors: `latentmr_error_argument` for other objects.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 500, seed = 1)
#' verdict(latent_mr(data, seed = 1))
#' @export
verdict <- function(fit, ...) {
  check_given("fit")
  UseMethod("verdict")
}

#' @export
verdict.default <- function(fit, ...) {
  abort_argument("fit", "a fit of latent_mr()", describe(fit))
}

#' @rdname verdict
#' @export
verdict.latent_mr <- function(fit, ...) {
  check_dots(...)
  check_made(fit)
  verdict_of(fit)
}

verdict_of <- function(fit) {
  rows <- c(
    list(strength_check(fit)), test_checks(fit), null_check(fit), family_checks(fit), control_checks(fit),
    fixed_checks(fit), list(agreement_check(fit))
  )
  out <- as.data.frame(data.table::rbindlist(rows))
  tested <- which(is.finite(out$pval) & out$corrected)
  out$p_holm[tested] <- stats::p.adjust(out$pval[tested], "holm")
  rejected <- !is.na(out$p_holm) & out$p_holm < .05
  # What is true of the population rows alone is no objection to a first line of families.
  population <- rejected & out$check == "families" & is_family(fit$leading)
  out$objects <- out$objects | (rejected & !population & out$material)
  out[c("corrected", "material")] <- NULL
  structure(
    out, class = c("mr_verdict", "data.frame"), headline = verdict_headline(fit, out, any(population)),
    withheld = fit$withheld, unseen = unseen_words(fit)
  )
}

check_row <- function(check, finding, statistic = NA_real_, pval = NA_real_, objects = FALSE,
                      corrected = is.finite(pval), material = TRUE) {
  list(
    check = check, finding = finding, statistic = unname(statistic), pval = unname(pval), p_holm = NA_real_,
    objects = objects, corrected = corrected, material = material
  )
}

# F: no objection. Weak instruments have no point estimate in the first line.
strength_check <- function(fit) {
  d <- head_diagnostics(fit)
  f <- min(if (is.na(d$f_effective)) d$f else d$f_effective)
  words <- if (!is.finite(f)) {
    "not known"
  } else if (f < 5) {
    "too weak for a point estimate"
  } else if (f < 10) {
    "weak"
  } else {
    "strong enough"
  }
  check_row("strength", sprintf("The instruments are %s (F = %.1f).", words, f), f)
}

test_checks <- function(fit) {
  d <- head_diagnostics(fit)
  robust <- isTRUE(is.finite(d$hansen$pval))
  j <- if (robust) d$hansen else d$sargan
  rows <- list()
  counted <- !learning_uncounted(fit)
  given <- if (counted) "" else paste(";", uncounted_words)
  add <- function(...) rows[[length(rows) + 1L]] <<- check_row(...)
  if (isTRUE(is.finite(j$pval))) {
    add(
      "J",
      sprintf(
        "The instruments %s (%s J, %s%s).", if (j$pval < .05) "disagree: structure or pleiotropy is left" else "agree",
        if (robust) "Hansen's" else "Sargan's", p_is(j$pval), given
      ),
      j$statistic, j$pval, corrected = counted
    )
  }
  q <- d$q
  if (is.data.frame(q)) q <- if (any(is.finite(q$Q_pval))) unlist(q[which.min(q$Q_pval), c("Q", "Q_df", "Q_pval")])
  if (isTRUE(is.finite(q[["Q_pval"]]))) {
    add(
      "Q",
      sprintf(
        "The environments %s (Cochran's Q, %s%s).", if (q[["Q_pval"]] < .05) "disagree" else "agree",
        p_is(q[["Q_pval"]]), given
      ),
      q[["Q"]], q[["Q_pval"]], corrected = counted
    )
  }
  # Of what is partialled out (structure columns) nothing is left to follow.
  h <- d$hsic_covariates
  if (!is.null(h) && is.finite(h[["pval"]])) {
    follow <- if (h[["pval"]] < .05) "still follow" else "do not follow"
    words <- sprintf("The instruments %s the covariates (%s).", follow, p_is(h[["pval"]]))
    add("HSIC", words, h[["statistic"]], h[["pval"]])
  }
  if (length(fit$exposure) == 1) {
    way <- whole_direction(head_kclass(fit), fit$exposure, fit$outcome)$direction
    if (is.finite(way$z)) {
      against <- stats::pnorm(way$z)
      add(
        "direction",
        sprintf(
          "The instruments explain %s of the outcome than of the exposure (against that direction: %s).",
          if (way$z < 0) "more" else "less", p_is(against)
        ),
        way$z, against
      )
    }
  }
  rows
}

family_checks <- function(fit) {
  test <- fit$family$contrast
  if (!isTRUE(is.finite(test$pval))) return(NULL)
  list(check_row(
    "families",
    sprintf(
      "Population and family estimates %s (%s).",
      if (test$pval < .05) "differ: parents, mating or ancestry bias the population rows" else "agree", p_is(test$pval)
    ),
    test$statistic, test$pval
  ))
}

# Negative controls, corrected among themselves first.
control_checks <- function(fit) {
  x <- fit$controls
  if (is.null(x)) return(NULL)
  p <- stats::p.adjust(x$pval, "holm")
  if (!any(is.finite(p))) return(NULL)
  at <- which.min(p)
  heard <- x$outcome[is.finite(p) & p < .05]
  list(check_row(
    "negative controls",
    if (length(heard)) {
      sprintf(
        "The exposure seems to move what it cannot: %s (%s).", paste(unique(heard), collapse = ", "), p_is(p[at])
      )
    } else {
      what <- if (nrow(x) == 1) "The negative control is" else "The negative controls are"
      sprintf("%s silent (%s).", what, p_is(p[at]))
    },
    (x$b / x$se)[at], p[at]
  ))
}

# Of a first line from the population. What is learned of structure does not enter the family rows.
fixed_checks <- function(fit) {
  if (is_family(fit$leading)) return(cluster_check(fit))
  encoder <- fit$encoder
  rows <- list()
  object <- function(check, finding, statistic = NA_real_) {
    rows[[length(rows) + 1L]] <<- check_row(check, finding, statistic, objects = TRUE)
  }
  if (fit$kind != "continuous" && fit$mode == "panel") {
    linked <- linked_share(encoder)
    if (linked$share > .5) {
      object(
        "one region",
        sprintf(
          "%s holds %.0f %% of the variants: linkage cannot be told from ancestry.", sentence_case(linked$what),
          100 * linked$share
        ),
        linked$share
      )
    }
    if (nrow(fit$variants) < FEW_VARIANTS) {
      object(
        "few variants", sprintf("Only %d variants: too few to tell what moves from what does not.", nrow(fit$variants)),
        nrow(fit$variants)
      )
    }
  }
  if (length(fallback_words(fit))) {
    rows[[length(rows) + 1L]] <- check_row("background variants", fallback_words(fit))
  }
  lost <- fit$diagnostics$lost
  if (!is.null(lost) && isTRUE(lost[["share"]] > .8) && lost[["pval"]] < .001) {
    object("first stage lost", sprintf(
      "%.0f %% of the association of the instruments with the exposure was partialled out (F %.1f before, %.1f after): what was taken for structure may be the exposure's own genetics, as under assortative mating (families show it).",
      100 * lost[["share"]], lost[["before"]], fit$diagnostics$f
    ), lost[["share"]])
  }
  rows <- c(rows, cluster_check(fit), block_check(fit))
  forced <- grep("^Not identified, forced", fit$warnings, value = TRUE)
  if (length(forced)) object("identification", forced[1])
  rows
}

cluster_check <- function(fit) {
  sizes <- fit$cluster_sizes
  if (is.null(sizes) || (!is_uneven(sizes) && sizes$effective >= 5)) return(NULL)
  list(check_row("clusters", cluster_words(sizes), sizes$effective, objects = TRUE))
}

# What stays and what moves can give two answers, and nothing in the data says which block is confounded.
block_check <- function(fit) {
  still <- fit$estimates$latent_2sls_only
  moving <- fit$estimates$latent_2sls_variant
  if (length(fit$exposure) > 1 || !all(is.finite(c(still$b, moving$b))) || is.null(moving)) return(NULL)
  z <- (still$b - moving$b) / sqrt(normal_se(still$se, still$df)^2 + normal_se(moving$se, moving$df)^2)
  list(check_row("two blocks", sprintf(
    "What stays gives %s, what moves %s%s: the analysis takes what moves for confounded, and the data cannot say whether that is so.",
    format_estimate(still$b, still$lo, still$up), format_estimate(moving$b, moving$lo, moving$up),
    if (abs(z) > stats::qnorm(.975)) ", another effect" else ""
  ), z))
}

agreement_check <- function(fit) {
  e <- fit$diagnostics$environments
  if (is.null(e) || nrow(e) < 2) {
    return(check_row("environments", "One environment, or no estimates by environment: agreement was not looked at."))
  }
  if (length(fit$exposure) > 1) return(check_row("environments", "Estimates by environment are in the summary."))
  head <- fit$estimates[[fit$leading]]
  inside <- sum(e$lo <= head$b[1] & head$b[1] <= e$up, na.rm = TRUE)
  check_row(
    "environments",
    sprintf("%d of %d environments have the effect in their own interval.", inside, sum(is.finite(e$b))), inside
  )
}

unseen_words <- function(fit) {
  if (is_family(fit$leading)) {
    return("Cannot be seen: variants that act on the outcome by other ways and all in one direction, siblings who act on each other, and who takes part.")
  }
  "Cannot be seen: bias that all environments and all variants share: assortative mating, parents' effects (families show these), other ways to the outcome all in one direction, and who takes part or survives."
}

# The first line, a sentence for each exposure; an objection comes before the number.
verdict_headline <- function(fit, rows, population = FALSE) {
  against <- rows$check[rows$objects]
  warning <- if (length(against)) {
    sprintf("Do not publish this as it stands: %s.", paste(objection_words(against), collapse = "; "))
  }
  c(
    warning, vapply(seq_along(fit$exposure), function(j) headline_sentence(fit, j), ""),
    if (is.null(fit$withheld)) odds_note(fit),
    if (population) "This is the estimate within families; those of the population differ from it and must not be published."
  )
}

objection_words <- function(check) {
  words <- c(
    J = "the instruments disagree (J)", Q = "the environments disagree (Q)",
    HSIC = "the instruments follow covariates (HSIC)",
    "negative controls" = "the exposure moves what it cannot (negative controls)",
    "background variants" = "structure is left (background variants)",
    direction = "the instruments explain more of the outcome (direction)",
    families = "population and family estimates differ (families)",
    "one region" = "one region holds most variants", "few variants" = "there are too few variants",
    "first stage lost" = "strength was taken for structure (first stage lost)",
    clusters = "its error is by clusters that are too few or too unequal (clusters)",
    identification = "nothing identifies the effect (identification)"
  )
  unname(ifelse(check %in% names(words), words[check], check))
}

headline_sentence <- function(fit, j) {
  head <- fit$estimates[[fit$leading]]
  exposure <- shorten(fit$exposure[j])
  if (!is.null(fit$withheld)) {
    return(
      sprintf(
        "%s on %s: no point estimate, %s: %s.", exposure, shorten(fit$outcome), fit$withheld,
        withheld_set(fit, j)
      )
    )
  }
  given <- if (length(fit$exposure) > 1) ", the other exposures held fixed," else ""
  more <- sprintf("1 %s more %s%s", exposure_units(fit)[j], exposure, given)
  sprintf("%s %s.", more, switch(effect_scales(fit),
    "risk difference" = risk_words(fit, head, j),
    "mean difference" = mean_words(fit, head, j),
    ratio_words(fit, head, j)
  ))
}

# Units of the exposures, "unit" where they are not known; and of the outcome, NA.
exposure_units <- function(fit) {
  unit <- if (is.null(fit$units)) NA_character_ else fit$units[seq_along(fit$exposure)]
  rep_len(ifelse(is.na(unit), "unit", unit), length(fit$exposure))
}

outcome_unit <- function(fit) if (is.null(fit$units) || isTRUE(fit$binary)) NA else fit$units[[length(fit$units)]]

# Which way the effect goes, with its sign left out where it is clear.
effect_way <- function(head, j) {
  b <- head$b[j]
  lo <- head$lo[j]
  up <- head$up[j]
  sure <- isTRUE(lo > 0) || isTRUE(up < 0)
  turn <- sure && b < 0
  list(
    sure = sure, verb = if (!sure) "changes" else if (turn) "lowers" else "raises",
    b = if (turn) -b else b, lo = if (turn) -up else lo, up = if (turn) -lo else up
  )
}

no_clear <- function(way) if (way$sure) "" else ": no clear effect"

mean_words <- function(fit, head, j) {
  way <- effect_way(head, j)
  unit <- outcome_unit(fit)
  text <- format_estimate(way$b, way$lo, way$up)
  if (!is.na(unit)) text <- sub(" (", sprintf(" %s (", unit), text, fixed = TRUE)
  sprintf("%s %s by %s%s", way$verb, shorten(fit$outcome), text, no_clear(way))
}

# Cases per 1,000 people, and the odds ratio.
risk_words <- function(fit, head, j) {
  way <- effect_way(head, j)
  kind <- if (!way$sure) " by %s cases" else if (way$verb == "raises") ": %s more cases" else ": %s fewer cases"
  text <- strsplit(format_estimate(1000 * way$b, 1000 * way$lo, 1000 * way$up), " (", fixed = TRUE)[[1]]
  odds <- fit_odds(fit, data.frame(b = head$b[j], lo_ci = head$lo[j], up_ci = head$up[j]))
  paste0(
    way$verb, " the risk of ", shorten(fit$outcome), sprintf(kind, text[1]), " per 1,000 people (", text[2],
    if (!is.null(odds)) paste0(", odds ratio ", format_ratio(odds$b, odds$lo, odds$up, log = FALSE)), no_clear(way)
  )
}

ratio_words <- function(fit, head, j) {
  way <- effect_way(head, j)
  what <- sub("^log ([a-z]+) ratio$", "\\1", effect_scales(fit))
  sprintf(
    "multiplies the %s of %s by %s%s", what, shorten(fit$outcome), format_ratio(head$b[j], head$lo[j], head$up[j]),
    no_clear(way)
  )
}

withheld_set <- function(fit, j) {
  if (!all(is.finite(fit$estimates[[fit$leading]]$b))) return("nothing is said of the effect")
  weak_set_words(
    set_of(fit, j, head_diagnostics(fit)$set),
    if (isTRUE(fit$binary)) 1000 else 1, if (isTRUE(fit$binary)) "cases per 1,000 people" else outcome_unit(fit)
  )
}

# Why the first line has no point estimate, or NULL.
withheld_words <- function(fit) {
  head <- fit$estimates[[fit$leading]]
  if (is_family(fit$leading) && !all(is.finite(head$b))) {
    return(paste("families do not give one:", if (is.null(head$note)) "it could not be computed" else head$note))
  }
  f <- min(head_diagnostics(fit)$f)
  if (isTRUE(f < 5)) {
    sprintf("the instruments are weak (%sF = %.1f)", if (length(fit$exposure) > 1) "conditional " else "", f)
  }
}

# What a set that stands in for an interval says, in other units if need be.
weak_set_words <- function(set, times = 1, unit = NA) {
  level <- format(100 * set$level[1])
  set[c("lo", "up")] <- lapply(set[c("lo", "up")], `*`, times)
  of <- if (is.na(unit)) "" else paste0(" ", unit)
  number <- function(v) formatC(v, digits = 3, format = "g")
  switch(set$ci_type[1],
    interval = sprintf("effects from %s to %s%s fit the data (%s %% set)", number(set$lo), number(set$up), of, level),
    line = sprintf("every effect fits the data (%s %% set)", level),
    empty = sprintf("no effect fits the data (the %s %% set is empty: the instruments contradict each other)", level),
    sprintf(
      "effects %s%s fit the data (%s %% set)",
      paste(
        ifelse(
          set$lo == -Inf, paste("up to", number(set$up)),
          ifelse(set$up == Inf, paste("from", number(set$lo)), sprintf("from %s to %s", number(set$lo), number(set$up)))
        ),
        collapse = " and "
      ),
      of, level
    )
  )
}

#' @export
print.mr_verdict <- function(x, ...) {
  check_dots(...)
  check_printed(x, "mr_verdict")
  if (is.null(attr(x, "headline")) || !all(c("finding", "objects") %in% names(x))) return(NextMethod())
  cat_page(attr(x, "headline"))
  cat_page(paste0(ifelse(x$objects, "! ", "  "), x$finding), exdent = 4, initial = "  ")
  cat_page(attr(x, "unseen"), exdent = 2, initial = "  ")
  invisible(x)
}
