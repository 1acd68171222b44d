# Environments that each touch few latents (src/core/encoder/sparse_shift.h). Where no
# direction is invariant everywhere, most are invariant in most environments: rows whose law
# changes between few pairs of environments are latents (up to those that always change
# together), and the largest set of environments in which the law of a row is one and the
# same is the set that leaves it alone.

sparse_limits <- c(directions = 16L, environments = 30L)
# Of what rows that are one and the same would save, pairs that change, the determinant takes back: with 5 for any
# number of pairs rows of 16 latents fell together from 16 environments on.
sparse_tau <- function(pairs) max(5, pairs / 3)
# The smaller the last eps, the sharper the rows: at .001 a row that is a little off in two latents costs less than one
# more pair that changes, and with ten environments and eight latents four masks of a hundred were wrong.
sparse_last <- 1e-5

fit_sparse <- function(moments, view, n_latent, control, seed, rows = NULL) {
  reference <- check_sparse(moments, view, n_latent, control)
  if (control$sparse_mixing != "linear") return(fit_sparse_code(moments, view, control, seed, rows, reference))
  new_sparse(sparse_learned(moments, view, control, seed, rows, reference), moments, view, control, seed)
}

new_sparse <- function(fit, moments, view, control, seed) {
  about <- encoder_frame(moments, view, NULL, control, seed)
  new_object("latent_instruments", c(fit, replace(about, "encoder", "mechanism_sparsity")))
}

# tolerance: of the masks (sparse_people_of()).
sparse_learned <- function(moments, view, control, seed, rows, reference, tolerance = 0) {
  base <- fit_stationary(moments, view, NULL, control, seed, rows)
  columns <- ncol(base$directions)
  if (columns > sparse_limits[["directions"]]) {
    abort(
      sprintf(
        "encoder = \"mechanism_sparsity\" takes at most %d directions, and the instruments span %d.",
        sparse_limits[["directions"]], columns
      ),
      "latentmr_error_encoder", hint = "Give fewer instruments, or their leading principal components."
    )
  }
  laws <- sparse_laws(view, base$directions)
  found <- sparse_found(laws, reference, control, seed, tolerance)
  latents <- sprintf("l%d", seq_len(columns))
  never <- rowSums(found$touched) == 0
  map <- laws$map %*% found$rows
  base[c("method", "mode")] <- list("sparse", "sparse")
  base$invariant <- map[, never, drop = FALSE]
  base$variant <- map[, !never, drop = FALSE]
  base$n_latent <- c(invariant = sum(never), variant = sum(!never))
  touched <- `dimnames<-`(found$touched, list(latents, view$environments))
  base$warnings <- sparse_warnings(touched, found$majority, reference)
  c(base, list(
    map = map, stable = found$stable, touched = touched,
    majority = setNames(found$majority, latents), starts = sort(found$values),
    details = list(stability = sparse_stability(laws, found$first, control$sparse_starts, seed))
  ))
}

# Rows, masks and what comes with them: list(rows, touched, majority, stable, values, first = rows before the refit).
sparse_found <- function(laws, reference, control, seed, tolerance = 0) {
  search <- sparse_rows(laws, control$sparse_starts, seed)
  laws$n <- sparse_people_of(laws$n, tolerance)
  masks <- sparse_masks(laws, search$rows, reference)
  # Rows come in the order of a random start: by what touches them instead.
  order <- do.call(order, c(list(rowSums(masks$touched)), asplit(-masks$touched, 2)))
  rows <- search$rows[, order, drop = FALSE]
  touched <- masks$touched[order, , drop = FALSE]
  majority <- masks$majority[order]
  nulls <- sparse_nulls(laws, control$draws, seed)
  touched <- sparse_leave_out(laws, sparse_refit(laws, rows, touched, nulls)$rows, touched, reference)
  refit <- sparse_refit(laws, rows, touched, nulls)
  alone <- as.integer(rowSums(touched == 0))
  list(
    rows = refit$rows, touched = touched, majority = ifelse(alone > 0L, alone, majority), stable = refit$stable,
    values = search$values, first = search$rows
  )
}

# A code is off by more than chance, and with many people every test of "the same law" sees that: its environments
# count as people of whom there are never more than 1 / tolerance.
sparse_people_of <- function(n, tolerance) 1 / (1 / n + tolerance)

# encoder = "auto", where no direction is invariant everywhere: `linear` is the linear encoder, or a code's blocks.
sparse_stands_in <- function(linear, view, n_latent, control, of = "instruments") {
  environments <- length(view$environments)
  if (!is.null(n_latent) || ncol(linear$invariant) || environments < 4) return(FALSE)
  if (environments > sparse_limits[["environments"]]) return(FALSE)
  if (ncol(linear$directions) > sparse_limits[["directions"]]) return(FALSE)
  if (!is.null(control$reference) && !control$reference %in% view$environments) return(FALSE)
  inform(
    sprintf(
      "No combination of the %s has one law in all environments: latents that few environments touch are looked for (encoder = \"mechanism_sparsity\").",
      of
    ),
    "latentmr_message_encoder"
  )
  TRUE
}

# Refuses what cannot be; the position of the reference environment, 0 for none.
check_sparse <- function(moments, view, n_latent, control) {
  if (!is.null(n_latent)) {
    abort_argument(
      "n_latent", "NULL with encoder = \"mechanism_sparsity\"", describe(n_latent),
      "Which environments touch which latents decides how many instruments each environment has."
    )
  }
  environments <- length(view$environments)
  reference <- control$reference
  if (!is.null(reference) && !reference %in% view$environments) {
    abort_argument(
      "reference", paste("one of the environments,", quote_all(view$environments, 10)), quote_all(reference),
      near_hint(reference, view$environments)
    )
  }
  least <- if (is.null(reference)) 3L else 2L
  if (environments < least) {
    abort(
      sprintf(
        "encoder = \"mechanism_sparsity\" needs at least %d environments%s, and there %s %d.", least,
        if (is.null(reference)) " to tell which of two laws of a latent is the common one" else "",
        if (environments == 1) "is" else "are", environments
      ),
      "latentmr_error_encoder",
      hint = if (environments == 2) "encoder_control(reference = ) names the environment that touches no latent."
    )
  }
  if (environments > sparse_limits[["environments"]]) {
    abort(
      sprintf(
        "encoder = \"mechanism_sparsity\" takes at most %d environments, and there are %d.",
        sparse_limits[["environments"]], environments
      ),
      "latentmr_error_encoder", hint = "Merge environments that are alike."
    )
  }
  if (is.null(reference)) 0L else match(reference, view$environments)
}

# Laws of the coordinates (z - mu) map, in which the mean covariance within environments is
# the unit matrix: list(map, n, mean (d x E), cov (a list of d x d)).
sparse_laws <- function(view, directions, whiten = TRUE) {
  g <- view$columns$variants
  covariances <- function(map) Map(function(a, n) crossprod(map, a[g, g, drop = FALSE] %*% map) / n, view$cross, view$n)
  if (whiten) {
    within <- Reduce(`+`, covariances(directions)) / length(view$n)
    directions <- directions %*% backsolve(chol(within), diag(ncol(directions)))
  }
  list(
    map = directions, n = view$n, cov = covariances(directions),
    mean = crossprod(directions, view$mean[g, , drop = FALSE] - pooled_mean(view)[g])
  )
}

# M of every pair of environments, side by side: d x (d pairs).
sparse_pairs <- function(laws) {
  pairs <- utils::combn(length(laws$n), 2)
  do.call(cbind, lapply(seq_len(ncol(pairs)), function(p) {
    e <- pairs[1, p]
    f <- pairs[2, p]
    tcrossprod(laws$mean[, e] - laws$mean[, f]) + tcrossprod(laws$cov[[e]] - laws$cov[[f]]) / 2
  }))
}

# list(rows = d x d, columns of length one; values = objective of every start).
sparse_rows <- function(laws, starts, seed, last = sparse_last) {
  tau <- sparse_tau(choose(length(laws$n), 2))
  fit <- .Call(C_ffi_sparse_rows, sparse_pairs(laws), nrow(laws$mean), tau, last, as.integer(starts), seed)
  list(rows = fit$directions, values = fit$values)
}

# Environments that disagree on the mean or the variance of x b: chi-square on 2 degrees of
# freedom for each pair, with the kurtosis of normal variables.
sparse_disagreement <- function(laws, b) {
  m <- as.vector(crossprod(laws$mean, b))
  v <- vapply(laws$cov, function(s) sum(b * (s %*% b)), 0)
  outer(m, m, "-")^2 / outer(v / laws$n, v / laws$n, "+") +
    outer(log(v), log(v), "-")^2 / outer(2 / laws$n, 2 / laws$n, "+")
}

# 1.5: the rows are estimated, and their error moves the statistic of every pair.
sparse_limit <- function(environments) 1.5 * stats::qchisq(1 - .01 / choose(environments, 2), 2)

# touched (d x E, 0/1) and majority: environments that leave the latent alone. Without a
# majority (and without a reference) every environment counts as touching it.
sparse_masks <- function(laws, rows, reference) {
  environments <- length(laws$n)
  limit <- sparse_limit(environments)
  keep <- t(apply(rows, 2, function(b) {
    .Call(C_ffi_sparse_agreement, sparse_disagreement(laws, b), limit, reference)
  }))
  majority <- as.integer(rowSums(keep))
  if (!reference) keep[2 * majority <= environments, ] <- 0L
  list(touched = 1L - keep, majority = majority)
}

# Each environment of a majority against the others together, which is sharper than pair by pair: of those that differ
# the farthest is taken out, until none does. A touch that is missed costs bias, one too many an instrument of many.
sparse_leave_out <- function(laws, rows, touched, reference) {
  for (j in seq_len(ncol(rows))) {
    while (sum(touched[j, ] == 0) > 2) {
      own <- which(touched[j, ] == 0)
      t <- sparse_against_others(laws, rows[, j], own)
      t[own == reference] <- 0
      if (max(t) < 1.5 * stats::qchisq(.99, 2)) break
      touched[j, own[which.max(t)]] <- 1L
    }
  }
  touched
}

sparse_against_others <- function(laws, b, own) {
  n <- laws$n[own]
  m <- as.vector(crossprod(laws$mean[, own, drop = FALSE], b))
  v <- vapply(laws$cov[own], function(s) sum(b * (s %*% b)), 0)
  vapply(seq_along(own), function(i) {
    rest <- sum(n[-i])
    center <- sum(n[-i] * m[-i]) / rest
    spread <- sum(n[-i] * (v[-i] + (m[-i] - center)^2)) / rest
    (m[i] - center)^2 / (v[i] / n[i] + spread / rest) + log(v[i] / spread)^2 / (2 / n[i] + 2 / rest)
  }, 0)
}

# 99 % points of the eigenvalues of M when nothing changes, by number of environments, drawn once
# when first asked for.
sparse_nulls <- function(laws, draws, seed) {
  known <- list()
  d <- nrow(laws$mean)
  function(n) {
    key <- as.character(length(n))
    if (is.null(known[[key]])) {
      drawn <- .Call(C_ffi_stationary_null, rep(mean(laws$n), length(n)), d, min(draws, 200L), seed, NULL)
      known[[key]] <<- null_point(drawn, .99)
    }
    known[[key]]
  }
}

# Every row anew, in closed form: the part of it in the stationary subspace of the
# environments that leave it alone. `stable`: the dimension of that subspace, given (a fold
# less, R/latent_jackknife.R) or from the null line; 0 where a row stays as it was.
sparse_refit <- function(laws, rows, touched, nulls, stable = NULL) {
  taken <- integer(ncol(rows))
  for (j in seq_len(ncol(rows))) {
    own <- which(touched[j, ] == 0)
    if (length(own) < 2 || identical(stable[j], 0L)) next
    space <- sparse_stationary(laws, own)
    count <- if (is.null(stable)) max(1L, sum(space$values <= nulls(laws$n[own]))) else stable[j]
    u <- space$vectors[, seq_len(count), drop = FALSE]
    b <- u %*% solve(crossprod(u), crossprod(u, rows[, j]))
    b <- b / sqrt(sum(b^2))
    if (is.null(stable) && abs(sum(b * rows[, j])) <= .8) next
    rows[, j] <- b
    taken[j] <- as.integer(count)
  }
  list(rows = rows, stable = taken)
}

# Stationary subspace analysis of some environments: values ascending, directions in x.
sparse_stationary <- function(laws, own) {
  share <- laws$n[own] / sum(laws$n[own])
  center <- laws$mean[, own, drop = FALSE]
  center <- center - as.vector(center %*% share)
  pooled <- Reduce(`+`, Map(`*`, laws$cov[own], share)) + center %*% (share * t(center))
  whiten <- backsolve(chol(pooled), diag(nrow(center)))
  m <- crossprod(whiten, center)
  total <- m %*% (share * t(m))
  for (i in seq_along(own)) {
    total <- total + share[i] * tcrossprod(crossprod(whiten, laws$cov[[own[i]]] %*% whiten) - diag(nrow(m))) / 2
  }
  eigen <- eigen(total, symmetric = TRUE)
  order <- rev(seq_along(eigen$values))
  list(values = eigen$values[order], vectors = whiten %*% eigen$vectors[, order, drop = FALSE])
}

# The rows learned from the people of `view`, masks held.
sparse_relearned <- function(encoder, view) {
  laws <- sparse_laws(view, encoder$map, whiten = FALSE)
  d <- ncol(encoder$map)
  encoder$map <- encoder$map %*% sparse_refit(laws, diag(d), encoder$touched, NULL, encoder$stable)$rows
  encoder
}
