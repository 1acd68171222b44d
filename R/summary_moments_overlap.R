# The noise of associations of exposure and outcome: correlations traits x environments, given, from LD
# scores or from null variants.

# list(overlap, known, same, pooled, noise_df, source): fields of `summary` (R/moments_noise.R).
gwas_noise <- function(overlap, null, g, names) {
  every <- length(g$environments)
  size <- every * length(names)
  if (!is.null(overlap) && !is.null(null)) {
    abort_argument("overlap", "NULL when `null` is given", describe(overlap), "Give one of the two.")
  }
  done <- function(matrix, source, pooled, df = Inf, known = TRUE) {
    outcome <- size - every + seq_len(every)
    same <- same_sizes(g) && any(matrix[-outcome, outcome] != 0) # nobody in both is two samples
    list(
      overlap = unname(matrix), known = known, same = same, pooled = pooled, noise_df = df, source = source
    )
  }
  if (!is.null(null)) {
    found <- null_noise(null, g, names)
    return(done(found$overlap, found$source, TRUE, found$df))
  }
  if (is.null(overlap)) {
    warn_no_overlap(names)
    return(done(diag(size), "taken as of different people", unequal_sizes(g), known = FALSE))
  }
  matrix <- if (is.matrix(overlap) && nrow(overlap) == size) {
    check_noise_matrix(overlap, names, g$environments)
  } else {
    overlap_by_environment(overlap, names, g$environments)
  }
  done(matrix, "given", unequal_sizes(g) || beyond_people(matrix, every))
}

# Does the matrix hold what people of one environment do not show: noise that environments share, or more of it
# than sampling gives?
beyond_people <- function(matrix, every) {
  environment <- rep(seq_len(every), length.out = nrow(matrix))
  across <- outer(environment, environment, "!=")
  any(abs(matrix[across]) > 1e-8) || any(abs(diag(matrix) - 1) > 1e-8)
}

warn_no_overlap <- function(names) {
  warn(
    sprintf("The overlap of the samples of %s is not given: taken as 0.", quote_all(names)),
    "latentmr_warning_overlap",
    hint = paste(
      "Different people: overlap = 0 says so. Else the correlation of the traits times (people in both) / sqrt(n_x n_y),",
      "the cross-trait intercept of LD-score regression, or `null` to estimate it."
    )
  )
}

# Are sample sizes of exposures and outcome the same, variant by variant?
same_sizes <- function(g) {
  every <- length(g$environments)
  first <- g$samplesize[, rep(seq_len(every), length.out = ncol(g$samplesize)), drop = FALSE]
  all(g$samplesize == first)
}

# Where the ratio of the sample sizes differs by environment, noise weighs otherwise than people do.
unequal_sizes <- function(g) {
  every <- length(g$environments)
  n <- 1 / colMeans(1 / g$samplesize)
  ratio <- n / n[rep(seq_len(every), length.out = length(n))]
  spread <- tapply(ratio, g$cells$trait, function(r) max(r) / min(r))
  any(spread > 1.01)
}

noise_must <- function(size) {
  sprintf(
    "NULL, numbers between -1 and 1 for each environment, or a correlation matrix of %d x %d (see \"Noise\")",
    size, size
  )
}

check_noise_matrix <- function(x, names, environments) {
  size <- length(names) * length(environments)
  good <- is.numeric(x) && ncol(x) == size && all(is.finite(x)) && max(abs(x - t(x))) < 1e-6 && all(diag(x) > 0)
  if (!good) abort_argument("overlap", noise_must(size), describe(x))
  least <- min(eigen(x, TRUE, only.values = TRUE)$values)
  if (least < 1e-6) {
    abort_argument(
      "overlap", "a positive definite matrix", sprintf("one with the eigenvalue %s", format(least, digits = 3)),
      "Its intercepts do not go together: estimate all of them from the same variants."
    )
  }
  unclass(x)
}

# One number for each environment is for one exposure; several need a matrix of all traits.
overlap_by_environment <- function(x, names, environments) {
  every <- length(environments)
  size <- length(names) * every
  if (is.list(x) && !is.data.frame(x)) return(overlap_matrices(x, names, environments))
  good <- is.numeric(x) && is.null(dim(x)) && length(x) %in% c(1, every) && all(is.finite(x)) && all(abs(x) < 1)
  if (!good) abort_argument("overlap", noise_must(size), describe(x))
  if (length(names) > 2 && any(x != 0)) {
    abort_argument(
      "overlap", "0, a matrix, or a list of a matrix of all traits for each environment, with several exposures",
      describe(x), "Exposures overlap with one another too."
    )
  }
  if (!is.null(names(x))) {
    absent <- setdiff(environments, names(x))
    if (length(absent)) {
      abort_argument("overlap", paste("named", quote_all(environments)), paste("named", quote_all(names(x))))
    }
    x <- x[environments]
  }
  out <- diag(size)
  if (length(names) > 2) return(out)
  at <- cbind(seq_len(every), every + seq_len(every))
  out[at] <- out[at[, 2:1, drop = FALSE]] <- x
  out
}

overlap_matrices <- function(x, names, environments) {
  traits <- length(names)
  every <- length(environments)
  if (!setequal(names(x), environments)) {
    named <- function(names) if (is.null(names)) "a list without names" else paste("a list named", quote_all(names))
    abort_argument("overlap", named(environments), named(names(x)))
  }
  out <- matrix(0, traits * every, traits * every)
  for (e in seq_len(every)) {
    at <- (seq_len(traits) - 1) * every + e
    one <- x[[environments[e]]]
    if (!is.matrix(one) || nrow(one) != traits) {
      abort_argument("overlap", sprintf("a list of matrices of %d x %d traits", traits, traits), describe(one))
    }
    out[at, at] <- check_noise_matrix(one, names, environments[e])
  }
  out
}

# ---- from null variants ----

null_must <- "NULL or list(exposure = , outcome = ) of tables like `exposure` and `outcome`"
least_null <- 200L
least_noise <- 50 # variances of noise known to sqrt(2 / 50), a fifth

# list(overlap, df, source).
null_noise <- function(null, g, names) {
  if (!is.list(null) || is.data.frame(null) || !all(c("exposure", "outcome") %in% names(null))) {
    abort_argument("null", null_must, describe(null))
  }
  check_flag(null$polygenic, "null$polygenic", null = TRUE)
  frames <- gwas_frames(null$exposure, null$outcome, c("null$exposure", "null$outcome"))
  h <- harmonise_gwas(frames)
  if (!identical(h$environments, g$environments) || length(frames) != length(names)) {
    if (!setequal(h$environments, g$environments) || length(frames) != length(names)) {
      abort_argument(
        "null", "of the traits and environments of the instruments",
        sprintf("of %s in %s", plural(length(frames), "trait"), quote_all(h$environments))
      )
    }
    h <- reorder_environments(h, g$environments, length(names))
  }
  z <- h$beta / h$se
  base <- function(variants) clean_snp(plain_names(variants))
  keep <- !base(h$variants) %in% base(g$variants) & unassociated(z)
  if (sum(keep) < least_null) {
    abort_argument(
      "null", sprintf("tables of at least %d variants that are no instruments and not associated", least_null),
      sprintf("of %d", sum(keep)), "Intercepts of few variants are noise: take thousands, over the genome."
    )
  }
  scores <- h$ldscore[keep, , drop = FALSE]
  z <- z[keep, , drop = FALSE]
  found <- if (anyNA(scores)) {
    mean_noise(z, null$polygenic)
  } else {
    check_loose(score_noise_matrix(z, scores, h$samplesize[keep, , drop = FALSE]), scores)
  }
  found$overlap <- together(found$overlap)
  found
}

# Not strongly associated with any trait: z^2 up to 30 times its spread, which the median tells of noise and of a
# background of many small effects. A limit that the background reaches would cut it most where LD scores are high
# and turn slopes into intercepts.
unassociated <- function(z) {
  spread <- apply(z^2, 2, stats::median) / stats::qchisq(.5, 1)
  rowSums(z^2 > 30 * pmax(rep(spread, each = nrow(z)), 1)) == 0
}

reorder_environments <- function(h, environments, traits) {
  every <- length(environments)
  at <- match(environments, h$environments)
  at <- as.vector(outer(at, (seq_len(traits) - 1) * every, "+"))
  for (name in c("beta", "se", "eaf", "samplesize", "ldscore")) h[[name]] <- h[[name]][, at, drop = FALSE]
  h$environments <- environments
  h
}

# Intercepts estimated one by one need not be a covariance together.
together <- function(x) {
  e <- eigen(x, TRUE)
  if (min(e$values) > 1e-3) return(x)
  warn(
    "The intercepts were not a covariance matrix together: brought to the nearest one.", "latentmr_warning_overlap",
    hint = "Few null variants, or LD scores of another population, do this."
  )
  e$vectors %*% (pmax(e$values, 1e-3) * t(e$vectors))
}

check_loose <- function(found, scores) {
  if (found$df >= least_noise) return(found)
  abort_argument(
    "null", "tables of variants whose LD scores tell the intercepts",
    sprintf(
      "of %s variants with LD scores from %s to %s, as good as %.0f without a background", big(nrow(scores)),
      format(min(scores), digits = 2), format(max(scores), digits = 2), found$df
    ),
    sprintf(paste(
      "Noise known as from %d or fewer moves the estimate itself. Take more variants over the genome, with low and high LD",
      "scores, or give `overlap`."
    ), least_noise)
  )
}

# Blocks of neighbours, for the delete-one-block jackknife.
null_blocks <- function(m) ceiling(seq_len(m) * min(200, m %/% 20) / m)

# What one block less does to a mean or a regression is its error; of a covariance of m independent draws it
# is (c_aa c_bb + c_ab^2) / m.
noise_people <- function(overlap, variance) {
  d <- diag(overlap)
  people <- (outer(d, d) + overlap^2) / variance
  stats::median(people[is.finite(people)])
}

mean_noise <- function(z, polygenic) {
  m <- nrow(z)
  block <- null_blocks(m)
  count <- tabulate(block)
  overlap <- crossprod(z) / m
  sums <- vapply(split(seq_len(m), block), function(at) as.vector(crossprod(z[at, , drop = FALSE])), numeric(ncol(z)^2))
  without <- (rowSums(sums) - sums) / rep(m - count, each = nrow(sums))
  k <- length(count)
  variance <- matrix((k - 1) / k * rowSums((without - rowMeans(without))^2), ncol(z))
  if (!isFALSE(polygenic)) refuse_inflated(overlap, sums, count)
  list(
    overlap = overlap, df = min(m, noise_people(overlap, variance)),
    source = sprintf("the mean over %s null variants", big(m))
  )
}

refuse_inflated <- function(overlap, sums, count) {
  size <- ncol(overlap)
  diagonal <- (seq_len(size) - 1) * size + seq_len(size)
  each <- colMeans(sums[diagonal, , drop = FALSE]) / count
  mean <- mean(diag(overlap))
  error <- sqrt(sum((each - mean)^2 * count^2)) / sum(count)
  if (mean - 1 <= 1.64 * error) return(invisible())
  abort(
    sprintf(
      "The null variants vary %.2f times as much as sampling explains: stratification or a polygenic background, which they cannot tell apart.",
      mean
    ),
    c("latentmr_error_polygenic", "latentmr_error_argument"), argument = "null",
    hint = paste(
      "With a genetic correlation of exposure and outcome the mean of such products takes too much away. Add a column",
      "`ldscore` to the tables, give `overlap`, or say `polygenic = FALSE` in `null` where you know that they carry no effects."
    )
  )
}

# ---- LD-score regression ----

# z: variants x cells. Products z_a z_b on the LD score l = sqrt(l_a l_b), times the sample sizes over their mean,
# weights 1 / (l var): Bulik-Sullivan et al. 2015, Nat Genet 47:291 and 1236.
score_noise_matrix <- function(z, scores, samplesize) {
  size <- ncol(z)
  l <- pmax(scores, 1)
  n <- sqrt(samplesize) / rep(colMeans(sqrt(samplesize)), each = nrow(z))
  x <- l * n^2
  own <- lapply(seq_len(size), function(a) intercept_fit(z[, a]^2, x[, a], l[, a]))
  overlap <- variance <- matrix(0, size, size)
  expected <- vapply(seq_len(size), function(a) pmax(own[[a]]$b[1] + own[[a]]$b[2] * x[, a], .1), numeric(nrow(z)))
  for (a in seq_len(size)) for (b in seq_len(a)) {
    at <- sqrt(x[, a] * x[, b])
    ll <- sqrt(l[, a] * l[, b])
    y <- z[, a] * z[, b]
    first <- block_regression(y, at, 1 / (ll * expected[, a] * expected[, b]))
    cross <- first$b[1] + first$b[2] * at
    spread <- expected[, a] * expected[, b] + (if (a == b) expected[, a] else cross)^2
    fit <- block_regression(y, at, 1 / (ll * spread))
    overlap[a, b] <- overlap[b, a] <- fit$b[1]
    variance[a, b] <- variance[b, a] <- fit$variance
  }
  m <- nrow(z)
  list(
    overlap = overlap, df = max(min(m, noise_people(overlap, variance)), 1),
    source = sprintf("LD-score intercepts of %s variants", big(m))
  )
}

# Two rounds of weights from the fit itself.
intercept_fit <- function(y, x, l) {
  spread <- l
  for (round in 1:3) {
    fit <- block_regression(y, x, 1 / spread)
    spread <- l * pmax(fit$b[1] + fit$b[2] * x, .1)^2
  }
  fit
}

# Weighted regression of y on (1, x) with the delete-one-block variance of its intercept.
block_regression <- function(y, x, w) {
  block <- null_blocks(length(y))
  s <- rowsum(cbind(w, w * x, w * x^2, w * y, w * x * y), block)
  solve_of <- function(t) {
    det <- t[, 1] * t[, 3] - t[, 2]^2
    cbind((t[, 3] * t[, 4] - t[, 2] * t[, 5]) / det, (t[, 1] * t[, 5] - t[, 2] * t[, 4]) / det)
  }
  total <- matrix(colSums(s), 1)
  without <- solve_of(matrix(total, nrow(s), 5, byrow = TRUE) - s)[, 1]
  k <- nrow(s)
  list(b = drop(solve_of(total)), variance = (k - 1) / k * sum((without - mean(without))^2))
}
