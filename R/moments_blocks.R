# People by block: `order` are 0-based positions, block after block.
draw_blocks <- function(environment, cluster, folds, seed) {
  fold <- .Call(
    C_ffi_moments_folds, as.integer(environment), nlevels(environment), if (!is.null(cluster)) as.integer(cluster),
    if (is.null(cluster)) length(environment) else nlevels(cluster), folds, seed
  )
  block <- (as.integer(environment) - 1L) * folds + fold
  size <- tabulate(block, nlevels(environment) * folds)
  used <- which(size > 0)
  table <- data.frame(
    environment = factor(levels(environment)[(used - 1L) %/% folds + 1L], levels(environment)),
    fold = (used - 1L) %% folds + 1L, n = size[used]
  )
  list(order = order(block, method = "radix") - 1L, table = table)
}

# `fill`: a seed; missing genotypes are then drawn from the people of the block.
moments_pass <- function(data, blocks, memory, level = cpu_level(), wide = NULL, fill = NULL) {
  columns <- numeric_columns(data)
  n <- blocks$table$n
  report <- announce(data, blocks$table, memory, level)
  whole <- if (data$kind == "dosage") numerators(data$genotypes, blocks$order + 1L)
  if (!is.null(whole)) {
    return(.Call(C_ffi_moments_dosage, whole$source, blocks$order, whole$person, n, columns, memory, level, report))
  }
  if (data$kind != "genotype") {
    return(
      .Call(C_ffi_moments_dense, mr_genotypes(data), data$kind == "continuous", blocks$order, n, columns, level, report)
    )
  }
  if (is.null(wide)) wide <- max(n) > .Machine$integer.max %/% 4L
  codes <- bits(data$genotypes, blocks$order + 1L)
  .Call(C_ffi_moments_bits, codes$source, blocks$order, codes$person, n, columns, memory, level, wide, fill, report)
}

new_moments <- function(data, blocks, pass, seed, family = NULL) {
  p <- nrow(data$variants)
  new_object("mr_moments", c(
    list(
      kind = data$kind, variants = data$variants, covariates = colnames(data$covariates),
      structure = colnames(data$structure), outcome = data$outcome_name, exposure = data$exposure_name,
      units = data$units,
      structure_includes_instruments = data$structure_includes_instruments, block = data$block,
      environments = levels(data$environment), blocks = blocks$table, pilot = pass$pilot,
      gpilot = if (is.null(pass$gpilot)) numeric(p) else pass$gpilot, missing = pass$missing
    ),
    pass$parts, list(
      background = data$background_fit, flow = data$flow, seed = seed, clustered = !is.null(data$cluster),
      binary = binary_outcomes(data$outcome), disclosure = FALSE, withheld = character(),
      family = family, withheld_families = NULL, coding = coding_of(data), scaled = scaled_traits(data),
      version = package_version_text()
    )
  ))
}

# Of each outcome: is it 0 or 1 for everybody?
binary_outcomes <- function(outcome) {
  if (is.null(outcome)) return(FALSE)
  y <- as.matrix(outcome)
  first <- y[seq_len(min(1000, nrow(y))), , drop = FALSE]
  vapply(seq_len(ncol(y)), function(j) all(first[, j] %in% 0:1) && all(y[, j] %in% 0:1), NA)
}

# Says what a long pass will take; a function of the share done, or NULL when the
# pass is short; progress ends with `frame`. Rates: products of two genotypes a second, measured on one core.
announce <- function(data, blocks, memory, level, frame = parent.frame(2)) {
  n <- sum(blocks$n)
  p <- nrow(data$variants)
  rate <- if (data$kind == "genotype") c(13, 57, 100, 100, 300)[level + 1] else c(2, 2, 8, 16, 16)[level + 1]
  seconds <- n * p^2 * 2 / (rate * 1e9)
  if (seconds < 2) return(NULL)
  if (seconds > 20) {
    passes <- max(1, ceiling(3 * n * p / 8 / memory))
    inform(sprintf(
      "Moments of %s participants and %s variants: about %s, %s over the genotypes, up to %s for the result.",
      big(n), big(p), in_words(seconds), if (passes == 1) "one pass" else paste(big(passes), "passes"),
      format_bytes(moments_bytes(p, p, nrow(blocks)))
    ))
  }
  progress_of("Moments", frame, say = FALSE, after = 0)
}
