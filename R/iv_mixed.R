# Variance components of rows, and rows made independent with them (src/core/iv/mixed.h). Terms: a named
# list of relatedness matrices (n x n) and of groups (integers, one a row).

# Restricted maximum likelihood of y given the columns of w. Named by term, `residual` last: list(variance, se, loglik);
# an error of NA where a component is at its bound.
mixed_components <- function(y, w, terms) {
  w <- independent_columns(w)
  size <- sqrt(mean(stats::lm.fit(w, y)$residuals^2))
  fit <- .Call(C_ffi_mixed_reml, y / size, w, unname(terms))
  parts <- c(names(terms), "residual")
  inside <- fit$variance > ifelse(parts == "residual", MIXED_LEAST, 0)
  se <- rep(NA_real_, length(parts))
  se[inside] <- sqrt(diag(solve0(fit$information[inside, inside, drop = FALSE])))
  list(
    variance = setNames(fit$variance * size^2, parts), se = setNames(se * size^2, parts),
    loglik = fit$loglik - (length(y) - ncol(w)) * log(size)
  )
}

# As in src/core/iv/mixed.h.
MIXED_LEAST <- 1e-6

independent_columns <- function(w) {
  q <- qr(w)
  unname(w[, sort(q$pivot[seq_len(q$rank)]), drop = FALSE])
}

# Columns whose rows are uncorrelated, with variance 1, where those of `columns` have the covariance of the terms.
mixed_whiten <- function(columns, terms, variance) .Call(C_ffi_mixed_whiten, unname(terms), unname(variance), columns)
