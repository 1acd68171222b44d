# Background mode: principal components of the standardised [instruments,
# background variants], computed from moments in a first pass and then scored for
# every person (src/core/encoder/background.h). The instruments are in the panel of the
# components on purpose: what components miss of ancestry still correlates with them.

# The settings of encoder_control() that the components depend on, at its defaults.
background_defaults <- list(background_r2 = 0.05, max_components = 20L, r2_min = 0.05, ld_window = 3e6)

# From encoder_control(), or NULL for the defaults.
background_settings <- function(control) {
  if (is.null(control)) background_defaults else check_control(control)[names(background_defaults)]
}

# Settings of components for data that have none; the others may be meant for the encoder.
warn_background_settings <- function(control, data) {
  if (!is.null(data$background)) return(invisible())
  by <- c(background_r2 = "background variants", max_components = "background variants")
  warn_idle_settings(control, by, background_defaults, "`data` without background")
}

check_control <- function(control) {
  if (inherits(control, "encoder_control")) return(check_made(control))
  abort_argument("control", "made by encoder_control()", describe(control))
}

# Data whose structure columns start with the components; `background` is spent. Where it cannot tell what structure
# there is (`fallback`, below) there are no such columns, and the panel is left to its own structure.
# `control`: encoder_control(), or NULL for its defaults. `look`: a function of the panel's view (with traits and
# covariates), the loadings of the components and the LD scores of its background variants, called on the way.
add_background <- function(data, control, look = NULL) {
  if (is.null(data$background)) return(data)
  control <- background_settings(control)
  sources <- list(data$genotypes, data$background)
  kind <- data$kind
  if (data$kind == "genotype" && has_dosages(data)) data$kind <- "dosage"
  p <- nrow(data$variants)
  of <- min(p + ncol(data$background), max_background)
  say_work("Background variants", 1e-9 * of^3) # measured: 11 s for 2,200
  chosen <- thin_background(data, sources, control)
  panel <- panel_source(data, sources, chosen$keep, covariates = !is.null(look))
  moments <- mr_moments(panel, folds = 1, seed = 1L, disclosure = FALSE)
  view <- moments_view(moments)
  found <- background_components(view, data, nrow(moments$variants), control)
  count <- min(found$count, control$max_components)
  loadings <- found$loadings[, seq_len(count), drop = FALSE]
  effective <- effective_panel(view, p, found, count)
  fallback <- background_fallback(count, effective, nlevels(data$environment), control)
  if (!is.null(look) && is.null(fallback)) look(view, loadings, chosen$ldscore)
  scores <- panel_scores(panel, loadings[, if (is.null(fallback)) seq_len(count) else 0L, drop = FALSE], moments, view)
  colnames(scores) <- if (ncol(scores)) paste0("PC", seq_len(count))
  both <- cbind(scores, data$structure)
  data["structure"] <- list(if (ncol(both)) both)
  data$background_fit <- list(
    components = count, values = found$values, variants = length(chosen$keep), dropped = chosen$dropped,
    instruments = p, effective = effective, fallback = fallback,
    control = control
  )
  data["background"] <- list(NULL)
  data$kind <- kind
  inform(
    sprintf(
      "Background: %d components of %d instruments and %d background variants (%d dropped as linked, %d to keep the panel at %d)%s.",
      count, p, length(chosen$keep), chosen$dropped[["linked"]], chosen$dropped[["thinned"]], max_background,
      if (is.null(fallback)) "" else ", not used"
    ),
    "latentmr_message_background"
  )
  data
}

# Why the panel's own structure is used instead of components, or NULL: "none" (no component stands out), "linked" (the
# background is worth fewer independent variants than the instruments, where components left more bias than the
# panel: bench/bench-background.R). One environment has nothing else, and whoever asks for no component gets none.
background_fallback <- function(count, effective, environments, control) {
  if (environments < 2 || control$max_components == 0) return(NULL)
  if (count == 0) return("none")
  if (effective[["background"]] < effective[["instruments"]]) "linked"
}

# How many independent variants the columns `at` of a panel are worth, by their correlations (less `load`, the part of
# components in them): m^2 / sum r^2, less what chance adds to r^2.
effective_variants <- function(view, at, load = matrix(0, length(at), 0)) {
  center <- view$mean - pooled_mean(view)
  squares <- Reduce(`+`, lapply(view$cross, diag)) + drop(center^2 %*% view$n)
  varies <- squares[at] > 0
  at <- at[varies]
  if (!length(at)) return(0)
  load <- load[varies, , drop = FALSE]
  sd <- sqrt(squares)
  own <- 1 - rowSums(load^2)
  shared <- 0
  for (some in split(seq_along(at), (seq_along(at) - 1) %/% 256L)) {
    to <- at[some]
    total <- Reduce(`+`, lapply(view$cross, function(a) a[at, to, drop = FALSE])) +
      center[at, , drop = FALSE] %*% (view$n * t(center[to, , drop = FALSE]))
    shared <- shared + sum((total / outer(sd[at], sd[to]) - tcrossprod(load, load[some, , drop = FALSE]))^2)
  }
  sum(own)^2 / max(shared - sum(own)^2 / view_people(view), sum(own^2))
}

# Of the background given the components, and of the instruments as they are.
effective_panel <- function(view, instruments, found, count) {
  own <- view$columns$variants[seq_len(instruments)]
  others <- setdiff(view$columns$variants, own)
  parts <- seq_len(count)
  squares <- Reduce(`+`, lapply(view$cross, diag)) + drop((view$mean - pooled_mean(view))^2 %*% view$n)
  root <- sqrt(squares[others] / view_people(view))
  load <- found$loadings[others, parts, drop = FALSE] * root * rep(sqrt(found$values[parts]), each = length(others))
  c(background = effective_variants(view, others, load), instruments = effective_variants(view, own))
}

# Are components of background variants among the structure columns?
has_components <- function(moments) !is.null(moments$background) && is.null(moments$background[["fallback"]])

background_components <- function(view, data, columns, control) {
  p <- nrow(data$variants)
  .Call(
    C_ffi_background, view, as.integer(columns), p, as.integer(min(control$max_components + 1L, columns)),
    block_codes(data$block), chromosome_codes(data$variants), variant_positions(data$variants),
    linkage_limits(p, view_people(view), control)
  )
}

max_background <- 4000L

# Greedy pruning within environments in file order, background variants linked to
# an instrument first, then an even thinning so that the panel's covariance stays small.
# `ldscore` of those kept: sum of r2 with the background variants around, kept or not.
thin_background <- function(data, sources, control) {
  p <- nrow(data$variants)
  total <- nrow(data$background$variants)
  window <- 500L
  keep <- logical(total)
  ldscore <- numeric(total)
  chromosome <- chromosome_codes(data$background$variants)
  step <- 2000L
  for (from in seq(1L, total, by = step)) {
    to <- min(total, from + step - 1L)
    columns <- max(1L, from - window):to
    recent <- columns[columns < from]
    r2 <- within_r2(panel_source(data, sources, columns))
    own <- ld_sums(r2[-seq_len(p), -seq_len(p), drop = FALSE], data, columns, columns >= from, window, control)
    ldscore[columns] <- ldscore[columns] + own
    linked <- r2 > control$background_r2
    free <- !colSums(linked[seq_len(p), -seq_len(p), drop = FALSE] & near_instruments(data, columns, control))
    linked <- linked[-seq_len(p), -seq_len(p), drop = FALSE]
    pass <- c(keep[recent], logical(to - from + 1L))
    for (j in length(recent) + seq_len(to - from + 1L)) {
      near <- pass & columns > columns[j] - window & columns < columns[j]
      if (!is.null(chromosome)) near <- near & chromosome[columns] == chromosome[columns[j]]
      pass[j] <- free[j] && !any(linked[near, j])
    }
    keep[columns] <- pass
  }
  kept <- which(keep)
  linked <- total - length(kept)
  room <- max(max_background - p, 100L)
  thinned <- max(length(kept) - room, 0L)
  if (thinned) kept <- kept[unique(round(seq(1, length(kept), length.out = room)))]
  list(keep = kept, ldscore = ldscore[kept], dropped = c(linked = linked, thinned = thinned))
}

# What a step adds to the LD scores of its columns: sums of r2, less what chance adds, over pairs of which one at least
# is new, close to each other in the file and, where that is known, on the chromosome.
ld_sums <- function(r2, data, columns, new, window, control) {
  r2 <- r2 - (1 - r2) / max(length(data$environment) - 2, 1)
  places <- data$background$variants[columns, c("chr", "pos")]
  chromosome <- chromosome_codes(places)
  far <- abs(outer(columns, columns, "-")) >= window
  if (!is.null(chromosome)) {
    position <- variant_positions(places)
    apart <- abs(outer(position, position, "-")) > control$ld_window
    far <- far | outer(chromosome, chromosome, "!=") | (apart & !is.na(apart))
  }
  r2[far] <- 0
  rowSums(r2[, new, drop = FALSE]) + ifelse(new, rowSums(r2[, !new, drop = FALSE]), 0)
}

# p x columns: may an instrument and a background variant be linked, by where they are?
# Yes when that is not known.
near_instruments <- function(data, columns, control) {
  p <- nrow(data$variants)
  places <- rbind(data$variants[c("chr", "pos")], data$background$variants[columns, c("chr", "pos")])
  chromosome <- chromosome_codes(places)
  if (is.null(chromosome)) return(matrix(TRUE, p, length(columns)))
  position <- variant_positions(places)
  apart <- abs(outer(position[seq_len(p)], position[-seq_len(p)], "-"))
  outer(chromosome[seq_len(p)], chromosome[-seq_len(p)], "==") & (is.na(apart) | apart <= control$ld_window)
}

within_r2 <- function(panel) {
  view <- moments_view(mr_moments(panel, folds = 1, seed = 1L, disclosure = FALSE))
  g <- view$columns$variants
  squared_correlation(Reduce(`+`, view$cross)[g, g, drop = FALSE])
}

# 0 with a column that does not vary.
squared_correlation <- function(cross) {
  sd <- sqrt(diag(cross))
  sd[sd <= 0] <- Inf
  (cross / outer(sd, sd))^2
}

# Instruments and kept background as one mr_data.
panel_source <- function(data, sources, keep, covariates = FALSE) {
  panel_data(data, beside(sources[[1]], pick(sources[[2]], NULL, keep)), covariates)
}

panel_data <- function(data, source, covariates = FALSE) {
  count <- dim(source)[2]
  data$genotypes <- source
  data$variants <- data.frame(
    snp = paste0("v", seq_len(count)), chr = NA_character_, pos = NA_real_,
    effect_allele = NA_character_, other_allele = NA_character_
  )
  if (!covariates) data$covariates <- matrix(0, length(data$environment), 0)
  data[c("structure", "background", "block", "cluster", "family")] <- list(NULL)
  data
}

# Scores of every person, a slab of variants at a time.
panel_scores <- function(panel, loadings, moments, view) {
  scores <- matrix(0, length(panel$environment), ncol(loadings))
  if (!ncol(loadings)) return(scores)
  center <- pooled_mean(view)
  imputation <- moments_means(moments)$mu + moments$gpilot
  for (from in seq(1L, nrow(loadings), by = 256L)) {
    columns <- from:min(nrow(loadings), from + 255L)
    x <- mr_genotypes(panel, columns)
    x <- impute_from(x, panel$environment, imputation[columns, , drop = FALSE], center[columns])
    scores <- scores + core_product(x, loadings[columns, , drop = FALSE])
  }
  scores
}
