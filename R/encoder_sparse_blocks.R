# What is estimated from with encoder = "mechanism_sparsity". In environment e the untouched
# latents y_U are instruments; the touched ones, less what the untouched say of them,
# y_j - y_U'g_j, are controls. g comes from covariances pooled over environments: with those of
# e itself the controls would be residuals of the same people, which gains nothing and makes
# errors too small; without g a touched latent that correlates with the untouched is a collider.
# Each stands in a column that is zero outside e, behind the instruments of the data.

#
# The columns of a code stand among the instruments of `base`, where the rows of the latents are learned anew without
# a fold (R/latent_jackknife.R).

sparse_data <- function(data, learned, moments, view) {
  base <- list(data = data, encoder = learned, view = view)
  if (sparse_coded(learned)) {
    if (!inherits(data, "mr_data")) {
      abort_argument(
        "data", "the mr_data object of the encoder", describe(data), "Moments hold no rows, which its code reads."
      )
    }
    base <- sparse_code_columns(data, learned, moments)
    moments <- base$moments
  }
  c(sparse_columns(base$data, base$encoder, moments, base$view), list(base = base[c("data", "encoder", "view")]))
}

# Latents of the encoder as columns of the view, by environment.
sparse_columns <- function(data, learned, moments, view) {
  maps <- sparse_maps(learned, view)
  wide <- sparse_view(view, maps)
  picks <- function(role) {
    at <- which(maps$role == role)
    `[<-`(matrix(0, length(wide$columns$variants), length(at)),
          cbind(length(view$columns$variants) + at, seq_along(at)), 1)
  }
  encoder <- learned
  encoder$invariant <- picks("instrument")
  encoder$variant <- picks("control")
  encoder$directions <- cbind(encoder$invariant, encoder$variant)
  list(
    data = if (inherits(data, "mr_data")) sparse_rows_data(data, learned, view, maps) else data,
    moments = moments, view = wide, encoder = encoder
  )
}

# columns: p x (d E) maps from instruments to the columns; environment and role of each.
sparse_maps <- function(encoder, view) {
  laws <- sparse_laws(view, encoder$map, whiten = FALSE)
  touched <- unname(encoder$touched[, view$environments, drop = FALSE] == 1)
  pooled <- sparse_pooled(laws, touched)
  d <- nrow(touched)
  columns <- lapply(seq_along(view$n), function(e) {
    turn <- diag(d)
    on <- touched[, e]
    if (any(on) && !all(on)) {
      turn[!on, on] <- -sparse_slopes(pooled[!on, !on, drop = FALSE], pooled[!on, on, drop = FALSE])
    }
    encoder$map %*% turn
  })
  list(
    columns = do.call(cbind, columns), environment = rep(seq_along(view$n), each = d),
    role = ifelse(touched, "control", "instrument")
  )
}

# Covariance of two latents from the environments that touch at most one of them.
sparse_pooled <- function(laws, touched) {
  d <- nrow(touched)
  sum <- people <- matrix(0, d, d)
  for (e in seq_along(laws$n)) {
    use <- 1 - outer(touched[, e], touched[, e])
    sum <- sum + laws$n[e] * use * laws$cov[[e]]
    people <- people + laws$n[e] * use
  }
  ifelse(people > 0, sum / pmax(people, 1), 0)
}

# Entries are of different people: what is not positive is cut off.
sparse_slopes <- function(a, b) {
  e <- eigen(a, symmetric = TRUE)
  keep <- e$values > 1e-3 * max(e$values)
  v <- e$vectors[, keep, drop = FALSE]
  v %*% (crossprod(v, b) / e$values[keep])
}

# The view with these columns behind the instruments.
sparse_view <- function(view, maps) {
  p <- length(view$columns$variants)
  q <- ncol(maps$columns)
  width <- view_width(view)
  rest <- setdiff(seq_len(width), view$columns$variants)
  new <- c(seq_len(p), p + q + seq_along(rest))
  old <- c(seq_len(p), rest)
  parts <- lapply(seq_along(view$n), function(e) {
    own <- which(maps$environment == e)
    map <- matrix(0, width, p + q + length(rest))
    map[cbind(old, new)] <- 1
    map[seq_len(p), p + own] <- maps$columns[, own]
    mean <- numeric(ncol(map))
    mean[new] <- view$mean[old, e]
    list(n = view$n[e], mean = mean, cross = crossprod(map, view$cross[[e]] %*% map))
  })
  shifted <- lapply(view$columns[c("covariates", "structure", "exposure", "outcome")], function(at) at + q)
  columns <- c(list(variants = seq_len(p + q)), shifted, list(instruments = view$columns$instruments))
  out <- make_view(parts, columns, view$environments)
  out$shift <- q
  out
}

# The same columns for people.
sparse_rows_data <- function(data, learned, view, maps) {
  z <- mr_genotypes(data)
  if (!sparse_coded(learned)) z <- impute_genotypes(z, data$environment, learned)
  g <- view$columns$variants
  e <- as.integer(data$environment)
  wide <- matrix(0, nrow(z), ncol(maps$columns))
  for (at in seq_along(view$n)) {
    who <- which(e == at)
    own <- which(maps$environment == at)
    centred <- sweep(z[who, , drop = FALSE], 2, view$mean[g, at])
    wide[who, own] <- core_product(centred, maps$columns[, own, drop = FALSE])
  }
  names <- sprintf("%s_%s", ifelse(maps$role == "control", "touched", "latent"), seq_len(ncol(wide)))
  data$genotypes <- genotype_matrix(unname(cbind(z, wide)))
  data[c("background", "block", "family")] <- list(NULL)
  data$variants <- data$variants[c(seq_along(g), rep(1L, ncol(wide))), , drop = FALSE]
  data$variants$snp <- c(data$variants$snp[seq_along(g)], names)
  data
}
