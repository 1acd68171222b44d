# The block and instruments of latent estimators as columns over people, for methods
# that cannot read a stream (curves), and as the twin of the stream in the tests.

# Stops when they would not fit the memory budget: the genotypes, the instruments and
# the block.
dense_rows <- function(data, encoder, view, fold = NULL) {
  n <- length(data$outcome)
  p <- nrow(data$variants)
  cells <- length(view$n) * max(1, encoder$crossfit)
  need <- 8 * n * (2 * p + length(view$columns$covariates) + 2 * ncol(encoder$variant) * cells)
  budget <- memory_limit()
  if (need > budget) {
    abort(
      sprintf("The rows would take %s of memory, above the budget of %s.", format_bytes(need), format_bytes(budget)),
      c("latentmr_error_memory", "latentmr_error_argument"), argument = "data", bytes = need, limit = budget,
      hint = "options(LatentMR.memory = \"16GB\") raises the budget."
    )
  }
  z <- impute_genotypes(mr_genotypes(data), data$environment, encoder)
  list(
    z = z, x = data$exposure, y = data$outcome, environment = data$environment,
    covariates = data$covariates, structure = data$structure, cluster = data$cluster, fold = fold,
    instruments = core_product(z, instrument_directions(encoder))
  )
}

# Explicit columns of C; `part` from latent_block().
block_columns <- function(part, rows, view) {
  if (!is.null(part$folds)) return(crossfit_columns(part, rows, view))
  dummies <- outer(as.integer(rows$environment), seq_len(nlevels(rows$environment)), "==") + 0
  inner <- side_columns(part$inner_directions, part$inner_columns, rows, view)
  interacted <- lapply(seq_len(ncol(inner)), function(j) dummies * inner[, j])
  unname(do.call(cbind, c(
    list(dummies), interacted,
    list(side_columns(part$common_directions, part$common_columns, rows, view))
  )))
}

side_columns <- function(directions, columns, rows, view) {
  numeric <- cbind(rows$covariates, rows$structure)
  cbind(
    if (!is.null(directions)) {
      v <- core_product(rows$z, directions)
      sweep(v, 2, colMeans(v))
    },
    numeric[, columns - length(view$columns$variants), drop = FALSE]
  )
}
