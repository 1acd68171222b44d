# Background mode: principal components of the standardised [instruments,
# background variants], computed from moments in a first pass and then scored for
# every person. The instruments are in the panel of the components on purpose:
# what components miss of ancestry still correlates with the instruments.

# Data whose structure columns start with the components; `background` is spent.
add_background <- function(data, control = encoder_control()) {
  if (is.null(data$background)) return(data)
  sources <- list(data$genotypes, data$background)
  kind <- data$kind
  x <- data$background$x
  if (data$kind == "genotype" && !is.null(x) && !all(is.na(x) | x == 0 | x == 1 | x == 2)) data$kind <- "dosage"
  p <- nrow(data$variants)
  chosen <- thin_background(data, sources, control)
  panel <- panel_source(data, sources, chosen$keep)
  spread <- panel_moments(panel)
  m <- ncol(spread$total)
  top <- min(control$max_components + 1L, m)
  use <- spread$sd > 0
  eig <- .Call(C_ffi_eigen_top, spread$corr[use, use, drop = FALSE], as.integer(min(top, sum(use))))
  count <- tracy_widom_count(eig$values, spread$corr[use, use, drop = FALSE], spread$n)
  count <- min(count, control$max_components)
  loadings <- matrix(0, m, count)
  loadings[use, ] <- eig$vectors[, seq_len(count), drop = FALSE] / spread$sd[use]
  scores <- panel_scores(panel, loadings, spread)
  colnames(scores) <- if (count) paste0("PC", seq_len(count))
  both <- cbind(scores, data$structure)
  data["structure"] <- list(if (ncol(both)) both)
  data$background_fit <- list(
    components = count, values = eig$values, variants = m - p, dropped = chosen$dropped, instruments = p
  )
  data["background"] <- list(NULL)
  data$kind <- kind
  inform(
    sprintf(
      "Background: %d components of %d instruments and %d background variants (%d dropped as linked, %d to keep the panel at %d).",
      count, p, m - p, chosen$dropped[["linked"]], chosen$dropped[["thinned"]], max_background
    ),
    "latentmr_message_background"
  )
  data
}

max_background <- 4000L

# Greedy pruning within environments in file order, then an even thinning so
# that the panel's covariance stays small.
thin_background <- function(data, sources, control) {
  total <- nrow(data$background$variants)
  window <- 500L
  keep <- logical(total)
  chromosome <- chromosome_codes(data$background$variants)
  step <- 2000L
  for (from in seq(1L, total, by = step)) {
    to <- min(total, from + step - 1L)
    recent <- which(keep[seq_len(from - 1L)])
    recent <- recent[recent > from - window]
    columns <- c(recent, from:to)
    r2 <- within_r2(data, data$background, columns)
    pass <- c(rep(TRUE, length(recent)), logical(to - from + 1L))
    for (j in length(recent) + seq_len(to - from + 1L)) {
      near <- pass & columns > columns[j] - window & columns < columns[j]
      if (!is.null(chromosome)) near <- near & chromosome[columns] == chromosome[columns[j]]
      pass[j] <- !any(r2[j, near] > control$background_r2)
    }
    keep[columns] <- pass
  }
  kept <- which(keep)
  linked <- total - length(kept)
  room <- max(max_background - nrow(data$variants), 100L)
  thinned <- max(length(kept) - room, 0L)
  if (thinned) kept <- kept[unique(round(seq(1, length(kept), length.out = room)))]
  list(keep = kept, dropped = c(linked = linked, thinned = thinned))
}

within_r2 <- function(data, source, columns) {
  pseudo <- panel_data(data, subset_source(source, columns))
  within <- Reduce(`+`, lapply(moments_environments(mr_moments(pseudo, folds = 1, seed = 1L)), function(e) {
    e$cross[seq_along(columns), seq_along(columns), drop = FALSE]
  }))
  sd <- sqrt(diag(within))
  sd[sd <= 0] <- Inf
  (within / outer(sd, sd))^2
}

subset_source <- function(source, columns) {
  if (is.null(source$bed)) return(list(x = source$x[, columns, drop = FALSE]))
  list(bed = source$bed, rows = source$rows, cols = source$cols[columns])
}

# Instruments and kept background as one mr_data whose genotypes stay in the file
# when both are in the same one.
panel_source <- function(data, sources, keep) {
  background <- subset_source(sources[[2]], keep)
  instruments <- sources[[1]]
  same <- !is.null(instruments$bed) && !is.null(background$bed) &&
    identical(instruments$bed$files, background$bed$files) && identical(instruments$rows, background$rows)
  source <- if (same) {
    list(bed = instruments$bed, rows = instruments$rows, cols = c(instruments$cols, background$cols))
  } else {
    list(x = cbind(source_matrix(instruments, source_columns(instruments)), source_matrix(background, source_columns(background))))
  }
  panel_data(data, source)
}

source_columns <- function(source) seq_len(if (is.null(source$bed)) ncol(source$x) else length(source$cols))

panel_data <- function(data, source) {
  count <- length(source_columns(source))
  data$genotypes <- source
  data$variants <- data.frame(
    snp = paste0("v", seq_len(count)), chr = NA_character_, pos = NA_real_,
    effect_allele = NA_character_, other_allele = NA_character_
  )
  data$covariates <- matrix(0, length(data$outcome), 0)
  data[c("structure", "background", "block", "cluster")] <- list(NULL)
  data
}

panel_moments <- function(panel) {
  m <- mr_moments(panel, folds = 1, seed = 1L)
  means <- moments_means(m)
  parts <- moments_environments(m, means)
  g <- seq_len(nrow(m$variants))
  center <- means$mean[g, , drop = FALSE]
  n <- sum(means$n)
  pooled <- as.vector(center %*% means$n) / n
  total <- Reduce(`+`, lapply(parts, function(x) x$cross[g, g, drop = FALSE]))
  total <- total + (center - pooled) %*% (means$n * t(center - pooled))
  sd <- sqrt(pmax(diag(total), 0) / n)
  list(
    total = total, corr = total / n / outer(pmax(sd, 1e-300), pmax(sd, 1e-300)), sd = sd, center = pooled, n = n,
    imputation = means$mu[g, , drop = FALSE] + m$gpilot
  )
}

# Scores of every person, a slab of variants at a time.
panel_scores <- function(panel, loadings, spread) {
  scores <- matrix(0, length(panel$outcome), ncol(loadings))
  if (!ncol(loadings)) return(scores)
  for (from in seq(1L, nrow(loadings), by = 256L)) {
    columns <- from:min(nrow(loadings), from + 255L)
    x <- mr_genotypes(panel, columns)
    x <- impute_from(x, panel$environment, spread$imputation[columns, , drop = FALSE])
    scores <- scores + sweep(x, 2, spread$center[columns]) %*% loadings[columns, , drop = FALSE]
  }
  scores
}

# Number of components above the 99 % point of the Tracy-Widom law (Johnstone 2001,
# Ann. Stat. 29:295; sequentially as Patterson et al. 2006, PLoS Genet 2:e190):
# linkage left among the variants makes the effective number of people smaller.
tracy_widom_count <- function(values, corr, n) {
  m <- ncol(corr)
  trace <- sum(diag(corr))
  squares <- sum(corr^2)
  quantile_99 <- 2.0234
  count <- 0L
  for (j in seq_along(values)) {
    left <- m - j + 1
    s1 <- trace - sum(values[seq_len(j - 1)])
    s2 <- squares - sum(values[seq_len(j - 1)]^2)
    effective <- min(n, left / max(s2 * left / s1^2 - 1, 1e-12))
    a <- sqrt(effective - 1)
    b <- sqrt(left)
    center <- (a + b)^2 / effective
    scale <- (a + b) * (1 / a + 1 / b)^(1 / 3) / effective
    if (!isTRUE((values[j] / (s1 / left) - center) / scale > quantile_99)) break
    count <- j
  }
  count
}

fit_background <- function(moments, view, control) {
  p <- nrow(moments$variants)
  s <- view$columns$structure
  panel <- structure_spectrum(view, p, s, moments$block, moments$variants, control)
  background <- moments$background
  list(
    method = "structure", mode = "background", values = background$values,
    threshold = NA_real_, components = background$components, directions = panel$directions,
    variant = panel$directions[, 0, drop = FALSE], invariant = panel$directions,
    n_latent = c(invariant = ncol(panel$directions), variant = 0L), dropped = p - ncol(panel$directions), block = panel$block,
    panel_values = panel$values, background = background
  )
}
