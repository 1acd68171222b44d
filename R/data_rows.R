# Some people of an mr_data object, for learning: what does not concern an encoder is
# left as it is.
rows_of_data <- function(data, keep) {
  data$genotypes <- pick(data$genotypes, keep)
  for (name in c("ids", "outcome")) data[[name]] <- data[[name]][keep]
  for (name in c(
    "exposure", "related", "sex"
  )) if (!is.null(data[[name]])) data[[name]] <- piece_pick(data[[name]], keep)
  data$environment <- droplevels(data$environment[keep])
  for (name in c("covariates", "structure")) {
    if (!is.null(data[[name]])) data[[name]] <- rows_of_matrix(data[[name]], keep)
  }
  for (name in c("cluster", "family")) {
    if (!is.null(data[[name]])) data[[name]] <- droplevels(data[[name]][keep])
  }
  if (!is.null(data$parents)) data$parents <- pick_parents(data$parents, keep)
  data
}

# x[keep, , drop = FALSE] of doubles without names of rows.
rows_of_matrix <- function(x, keep) {
  out <- .Call(C_ffi_part, x, keep, seq_len(ncol(x)))
  colnames(out) <- colnames(x)
  out
}

# environment: codes of the columns of `values` (variants x environments); `center`: what every variant then loses.
impute_from <- function(z, environment, values, center = NULL) {
  if (is.null(center) && !anyNA(z)) return(z)
  out <- .Call(C_ffi_impute, z, as.integer(environment), values, center)
  if (!is.null(dimnames(z))) dimnames(out) <- dimnames(z)
  out
}
