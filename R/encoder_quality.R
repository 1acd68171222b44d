# Instrument quality: does what the encoder calls invariant stay, is it independent
# of the rest and of what was measured, is it strong? One data frame.
#
# The work grows with people x latents, so people are drawn (within environments)
# when there are more than QUALITY_WORK allows.

QUALITY_WORK <- 1e6L
QUALITY_PEOPLE <- c(2000L, 100000L)
QUALITY_LEAST <- 6L # people of an environment below which it has no row

quality_report <- function(object, data, seed) {
  if (!inherits(data, "mr_data")) {
    return(
      new_quality(quality_blanks(object, "needs rows of people: moments hold means and covariances only"), 0L, NULL)
    )
  }
  people <- quality_people(data, sum(object$n_latent), seed)
  some <- if (length(people) < length(data$environment)) rows_of_data(data, people) else data
  codes <- lapply(encoded(object, some, c("invariant", "variant")), function(code) standardised(unname(code)))
  names(codes) <- c("invariant", "variant")
  e <- some$environment
  measured <- list(covariates = standardised(some$covariates), `structure columns` = standardised(some$structure))
  rows <- c(
    list(
      quality_latents(codes$invariant, "w", "invariant", e, seed),
      quality_latents(codes$variant, "v", "variant", e, seed)
    ),
    list(quality_hsic(codes$invariant, codes$variant, "variant block", e, seed)),
    lapply(names(measured), function(name) quality_hsic(codes$invariant, measured[[name]], name, e, seed))
  )
  new_quality(do.call(rbind, rows), length(people), length(data$environment))
}

# Positions of the people used; small environments are kept whole.
quality_people <- function(data, latents, seed) {
  n <- length(data$environment)
  room <- min(max(QUALITY_WORK %/% max(latents, 1L), QUALITY_PEOPLE[1]), QUALITY_PEOPLE[2])
  if (n <= room) return(seq_len(n))
  drawn <- with_seed(seed, lapply(split(seq_len(n), data$environment), function(rows) {
    rows[sample.int(length(rows), min(length(rows), max(100L, floor(room * length(rows) / n))))]
  }))
  sort(unlist(drawn, use.names = FALSE))
}

# Columns that vary, standardised over everybody; NULL stays NULL.
standardised <- function(x) {
  if (is.null(x) || !length(x)) return(NULL)
  out <- .Call(C_ffi_standardise, x)
  if (all(out$sd > 0)) out$x else out$x[, out$sd > 0, drop = FALSE]
}

quality_row <- function(quantity, block, latent, against, value = NA_real_, detectable = NA_real_, shift = NA_real_,
                        p_value = NA_real_, n = NA_integer_, note = NA_character_) {
  data.frame(
    quantity = quantity, block = block, latent = latent, against = against, value = value,
    detectable = detectable, detectable_shift = shift, p_value = p_value, n = n, note = note
  )
}

# `keep` rises; all rows are not copied.
rows_kept <- function(x, keep) if (length(keep) < nrow(x)) x[keep, , drop = FALSE] else x

# Each latent in each environment against the others.
quality_latents <- function(code, letter, block, environment, seed) {
  if (is.null(code) || !ncol(code)) return(NULL)
  labels <- sprintf("%s%d", letter, seq_len(ncol(code)))
  size <- table(environment)
  large <- names(size)[size >= QUALITY_LEAST]
  if (length(large) < 2) return(quality_row("mmd", block, labels, "environments", note = "needs two environments"))
  keep <- which(environment %in% large)
  e <- droplevels(environment[keep])
  found <- quality_latent(rows_kept(code, keep), e, seed, progress_of(sprintf("Quality of the %s block", block)))
  quality_row(
    "mmd", block, rep(labels, each = nlevels(e)), rep(levels(e), length(labels)), found$value, found$detectable,
    found$detectable_shift, found$p_value, rep(tabulate(e), length(labels))
  )
}

# MMD^2 of environment e against the others from the pairs D_fg,
#   |mu_e - mu_o|^2 = sum_f q_f D_ef - 1/2 sum_fg q_f q_g D_fg,  q_f = n_f / (n - n_e).
# n p_e (1 - p_e) times it has the null law of one of E - 1 contrasts.
# Environment after environment within each column of x.
quality_latent <- function(x, environment, seed, progress = NULL) {
  g <- mmd_groups(x, NULL, environment, "rbf", 1, 1)
  pairs <- quality_pairs(g, seed, progress)
  groups <- length(g$size)
  contrasts <- groups - 1
  mean <- pairs$null[1, ] / contrasts
  variance <- pairs$null[2, ] / contrasts
  gap <- vapply(seq_len(groups), function(e) {
    q <- replace(g$size, e, 0) / (g$n - g$size[e])
    crossprod(pairs$biased, as.vector(outer(seq_len(groups) == e, q) - outer(q, q) / 2))
  }, numeric(ncol(g$x$x)))
  gap <- matrix(t(gap), groups)
  share <- g$size / g$n
  weight <- g$n * share * (1 - share)
  law <- function(moment) rep(moment, each = groups)
  shape <- mean^2 / variance
  scale <- variance / mean
  detectable <- law(vapply(2 * shape, chisq_detectable, 0) * scale / 2) / weight
  list(
    value = as.vector(gap) - law(mean) / weight, detectable = detectable, detectable_shift = normal_shift(detectable),
    p_value = stats::pgamma(as.vector(weight * gap), shape = law(shape), scale = law(scale), lower.tail = FALSE)
  )
}

# Of every column: null law (its mean and variance) and MMD^2 of the pairs of groups. One dimension
# needs few frequencies, and the null law is that of the features drawn.
quality_pairs <- function(g, seed, progress) {
  columns <- seq_len(ncol(g$x$x))
  if (g$n > 1000L) {
    return(
      .Call(C_ffi_mmd_columns, g$x$x, g$x$k, g$label, length(g$levels), 15L, draw_seed(seed), progress, cpu_level())
    )
  }
  of <- lapply(columns, function(j) {
    if (!is.null(progress)) on.exit(progress(j / length(columns)))
    one <- g
    one$x$x <- g$x$x[, j, drop = FALSE]
    mmd_numbers(one, "exact")
  })
  list(
    null = vapply(of, function(x) x$numbers[c("trace_mean", "trace_var")], numeric(2)),
    biased = vapply(of, function(x) as.vector(x$biased), numeric(length(g$levels)^2))
  )
}

# The shift of the mean, in standard deviations, that has this MMD^2 when both laws are
# normal: MMD^2 = 2 / sqrt(3) (1 - exp(-shift^2 / 6)) at width 1.
normal_shift <- function(mmd2) {
  share <- mmd2 * sqrt(3) / 2
  out <- rep(NA_real_, length(share))
  out[share < 1] <- sqrt(-6 * log1p(-share[share < 1]))
  out
}

# The invariant block against other columns, within environments.
quality_hsic <- function(code, other, name, environment, seed) {
  row <- function(...) quality_row("hsic", "invariant", "block", name, ...)
  if (is.null(other) || !ncol(other)) {
    return(
      row(
        note = if (name == "variant block") "there is no variant block" else sprintf("`data` has no %s that vary", name)
      )
    )
  }
  if (is.null(code) || !ncol(code)) return(row(note = "there is no invariant block"))
  size <- table(environment)
  keep <- which(environment %in% names(size)[size >= QUALITY_LEAST])
  if (!length(keep)) return(row(note = sprintf("no environment has %d people", QUALITY_LEAST)))
  e <- droplevels(environment[keep])
  pair <- hsic_pair(rows_kept(code, keep), rows_kept(other, keep), e, "rbf", NULL, 1)
  table <- hsic_table(pair, choose_approximation("auto", pair$n, pair$kernels), 50, seed)
  statistic <- sum(table["n", ] * table["biased", ])
  law <- gamma_law(sum(table["trace_mean", ]), sum(table["trace_var", ]))
  # Normalised over all environments: <Kc, Lc> against the root of |Kc|^2 |Lc|^2.
  per_unit <- 1 / sum(ifelse(table["normalised", ] > 0, table["n", ] * table["biased", ] / table["normalised", ], 0))
  row(
    value = (statistic - sum(table["trace_mean", ])) * per_unit, detectable = gamma_detectable(law) * per_unit,
    p_value = gamma_tail(statistic, law), n = length(keep)
  )
}

# What the report would hold, with the reason why it does not.
quality_blanks <- function(object, note) {
  latents <- function(letter, block) {
    count <- object$n_latent[[block]]
    if (count) quality_row("mmd", block, sprintf("%s%d", letter, seq_len(count)), "environments", note = note)
  }
  hsic <- quality_row("hsic", "invariant", "block", c("variant block", "covariates", "structure columns"), note = note)
  do.call(rbind, list(latents("w", "invariant"), latents("v", "variant"), hsic))
}

# First-stage F of a fit, pooled and by environment.
quality_strength <- function(fit) {
  d <- fit$diagnostics
  row <- function(against, value, n, note = NA_character_) {
    quality_row("first-stage F", "instruments", "all", against, value, n = as.integer(n), note = note)
  }
  e <- d$environments
  rbind(
    row("pooled", d$f, fit$nobs),
    row(
      "pooled, effective", d$f_effective, fit$nobs,
      if (is.null(d$f_effective_note)) NA_character_ else d$f_effective_note
    ),
    if (isTRUE(nrow(e) > 1)) row(e$environment, e$f, e$n, ifelse(is.na(e$f), "too few people", NA_character_))
  )
}

new_quality <- function(table, used, people) {
  rownames(table) <- NULL
  structure(table, class = c("instrument_quality", "data.frame"), used = used, people = people)
}

add_strength <- function(quality, fit) {
  strength <- quality_strength(fit)
  # The encoder's own table may be absent (by_environment = FALSE).
  if (is.null(quality)) return(new_quality(strength, 0L, NULL))
  new_quality(rbind(as.data.frame(quality), strength), attr(quality, "used"), attr(quality, "people"))
}

#' @export
as.data.frame.instrument_quality <- function(x, row.names = NULL, optional = FALSE, stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_printed(x, "instrument_quality")
  attributes(x)[c("used", "people")] <- NULL
  class(x) <- "data.frame"
  asked_frame(x, row.names, stringsAsFactors)
}

#' @export
`[.instrument_quality` <- function(x, ...) as.data.frame(x)[...]

#' @export
print.instrument_quality <- function(x, ...) {
  check_dots(...)
  check_printed(x, "instrument_quality")
  cat_page(quality_lines(x), prefix = "    ", initial = "  ")
  invisible(x)
}

# One sentence per question.
quality_lines <- function(x) {
  table <- as.data.frame(x)
  used <- attr(x, "used")
  people <- attr(x, "people")
  tests <- table[table$quantity != "first-stage F", ]
  if (nrow(tests) && all(is.na(tests$p_value)) && length(unique(tests$note)) == 1) {
    return(c(
      sprintf("Laws between environments (MMD) and independence (HSIC): %s.", tests$note[1]),
      quality_strength_words(table[table$quantity == "first-stage F", ])
    ))
  }
  on <- if (isTRUE(used < people)) sprintf(" (%s of %s people)", big(used), big(people)) else ""
  c(
    quality_change_words(table[table$block == "invariant" & table$quantity == "mmd", ], "Invariant latents", on),
    quality_change_words(table[table$block == "variant" & table$quantity == "mmd", ], "Variant latents", ""),
    unlist(lapply(which(table$quantity == "hsic"), function(i) quality_hsic_words(table[i, ]))),
    quality_strength_words(table[table$quantity == "first-stage F", ])
  )
}

# The line in the print of a fit; the sentences are in its summary.
quality_line <- function(x) {
  table <- as.data.frame(x)
  moves <- table[table$quantity == "mmd" & table$block == "invariant" & !is.na(table$p_value), ]
  hsic <- table[table$quantity == "hsic" & table$against == "variant block" & !is.na(table$p_value), ]
  if (!nrow(moves) && !nrow(hsic)) return(NULL)
  adjusted <- stats::p.adjust(moves$p_value, "holm")
  parts <- c(
    if (nrow(moves)) {
      sprintf(
        "%d of %d invariant latents change between environments (Holm 5 %%; a shift of %s SD would be seen)",
        length(unique(moves$latent[adjusted < .05])), length(unique(moves$latent)),
        format_shift(stats::median(moves$detectable_shift))
      )
    },
    if (nrow(hsic)) {
      sprintf(
        "normalised kernel HSIC with the variant block %s (%s)", format(max(hsic$value, 0), digits = 2),
        p_is(hsic$p_value)
      )
    }
  )
  sprintf("Instrument quality: %s. Details: summary(fit)$quality.", paste(parts, collapse = "; "))
}

quality_change_words <- function(rows, what, on) {
  if (!nrow(rows)) return(NULL)
  if (all(is.na(rows$p_value))) return(sprintf("%s between environments (MMD): %s.", what, rows$note[1]))
  latents <- unique(rows$latent)
  # Holm over all latents and environments, the smallest of a latent.
  adjusted <- tapply(stats::p.adjust(rows$p_value, "holm"), factor(rows$latent, latents), min)
  moved <- latents[adjusted < .05]
  top <- rows[which.max(rows$value), ]
  count <- sprintf(
    "%d of %d %s (MMD, Holm 5 %%)%s", length(moved), length(latents), if (length(latents) == 1) "changes" else "change",
    on
  )
  seen <- sprintf(
    "a shift of the mean of %s standard deviations would have been seen in most environments",
    format_shift(stats::median(rows$detectable_shift))
  )
  if (what == "Variant latents") {
    return(sprintf("%s between environments: %s. That they change is what they are there for.", what, count))
  }
  worst <- sprintf("largest MMD^2 %s (%s in %s)", format(top$value, digits = 2), top$latent, top$against)
  if (!length(moved)) return(sprintf("%s between environments: %s, %s; %s.", what, count, worst, seen))
  sprintf(
    "%s between environments: %s: %s; %s. With many people changes too small to matter are found: read the size.",
    what, count, list_some(moved, 5), worst
  )
}

format_shift <- function(x) if (is.na(x)) "several" else formatC(x, digits = 2, format = "fg", flag = "#")

quality_hsic_words <- function(row) {
  start <- sprintf("Invariant block against the %s, within environments, before anything is partialled out (kernel HSIC)", row$against)
  if (is.na(row$p_value)) return(sprintf("%s: %s.", start, row$note))
  depends <- row$p_value < .05
  found <- if (depends) "they depend on each other" else "no dependence found"
  meaning <- switch(row$against,
    `variant block` = if (depends) {
      "What moves can carry its confounding into the instruments: the latent estimators partial it out, the invariant block alone does not."
    } else {
      "Sees what moves in the instruments; not what moves nowhere."
    },
    covariates = "Sees confounding that a measured covariate carries, also when it is the same everywhere.",
    "Shows whether structure that was measured reaches the instruments."
  )
  sprintf(
    "%s: %s (normalised %s, %s; %s would have been seen). %s", start, found, format(max(row$value, 0), digits = 2),
    p_is(row$p_value),
    format(row$detectable, digits = 2), meaning
  )
}

quality_strength_words <- function(rows) {
  if (!nrow(rows)) return(NULL)
  own <- rows$value[!startsWith(rows$against, "pooled")]
  own <- own[is.finite(own)]
  sprintf(
    "First-stage F: %.1f for everybody%s. Above 10 is usual; it says nothing about validity.", rows$value[1],
    if (length(own)) sprintf(", %.1f to %.1f by environment", min(own), max(own)) else ""
  )
}
