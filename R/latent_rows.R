# The same blocks and instruments as columns over people, for what moments cannot
# give: leverages (UJIVE) and sandwich errors.

# NULL, with a note, when the dense columns would not fit the memory budget.
latent_rows <- function(data, encoder, view, fold = NULL) {
  n <- length(data$outcome)
  p <- nrow(data$variants)
  need <- 8 * n * (3 * p + length(view$columns$covariates) + 4 * ncol(encoder$variant) * length(view$n) * max(1, encoder$crossfit))
  budget <- memory_limit()
  if (need > budget) {
    inform(
      sprintf(
        "Errors and estimators that need rows would take %s of memory, above the budget of %s: moments are used instead.",
        format_bytes(need), format_bytes(budget)
      ),
      hint = "options(LatentMR.memory = \"16GB\") raises the budget."
    )
    return(NULL)
  }
  z <- impute_genotypes(mr_genotypes(data), data$environment, encoder)
  list(
    z = z, x = data$exposure, y = data$outcome, environment = data$environment,
    covariates = data$covariates, structure = data$structure, cluster = data$cluster, fold = fold,
    instruments = z %*% instrument_directions(encoder)
  )
}

rows_subset <- function(rows, keep) {
  rows$environment <- droplevels(rows$environment[keep])
  rows$x <- piece_pick(rows$x, keep)
  for (name in c("y", "fold")) rows[[name]] <- rows[[name]][keep]
  for (name in c("z", "covariates", "structure", "instruments")) {
    if (!is.null(rows[[name]])) rows[[name]] <- rows[[name]][keep, , drop = FALSE]
  }
  if (!is.null(rows$cluster)) rows$cluster <- droplevels(factor(rows$cluster[keep]))
  rows
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
      v <- rows$z %*% directions
      sweep(v, 2, colMeans(v))
    },
    numeric[, columns - length(view$columns$variants), drop = FALSE]
  )
}

# ---- what estimators ask of the rows ----
# `context` (R/latent_estimates.R) has the rows, the view and the kind of error;
# `block` the columns partialled out and the instruments (block_scores()).

# Covariance of the effects of a k-class estimator ("ols", "2sls", "liml", "fuller")
# that allows for heteroskedasticity, and for clusters where there are any.
row_covariance <- function(context, block, estimator) row_estimate(context, block, estimator)$vcov

# Effects and covariance: list(b, vcov), one row and column for each exposure.
row_estimate <- function(context, block, estimator, type = context$sandwich) {
  fit <- row_linear(context, block, estimator, type)
  effects <- seq_len(NCOL(context$rows$x))
  list(b = unname(fit$coefficients[effects]), vcov = unname(vcov(fit)[effects, effects, drop = FALSE]))
}

# Hansen's J and the robust Wu-Hausman test of 2SLS, and the effective F.
row_tests <- function(context, block) {
  fit <- row_linear(context, block)
  list(f_effective = fit$strength$effective_f, wu_hausman = fit$diagnostics["Wu-Hausman", ], hansen = fit$diagnostics["Hansen J", ])
}

# The fitted model itself, for second stages that are not linear.
row_linear <- function(context, block, estimator = "2sls", type = context$sandwich) {
  rows <- context$rows
  clustered <- type == "cluster" || (estimator %in% c("ujive", "jive1") && !is.null(rows$cluster))
  z <- if (is.null(block$directions)) rows$z else rows$z %*% block$directions
  iv_fit(
    y = rows$y, x = unname(rows$x), z = if (estimator != "ols") z, w = block_columns(block$part, rows, context$view),
    estimator = estimator, vcov = type, cluster = if (clustered) rows$cluster
  )
}

# The part of a context that these functions read.
row_context <- function(rows, view) list(rows = rows, view = view, sandwich = row_error(rows))

row_error <- function(rows) if (is.null(rows)) NULL else if (is.null(rows$cluster)) "HC1" else "cluster"
