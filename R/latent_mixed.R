# Relatedness as random effects: rows are made independent with the covariance that relatives (by the background
# variants) and clusters give to what the exposure does not explain, then the instrumental-variable estimators run on
# them, beside everything the latent estimators partial out.

random_terms <- c("background", "cluster")

check_random <- function(random, data, crossfit) {
  if (is.null(random)) return(NULL)
  must <- "NULL, \"background\", \"cluster\" or both"
  if (!is.character(random) || !length(random) || anyNA(random) || !all(random %in% random_terms)) {
    abort_argument("random", must, describe(random))
  }
  if (!inherits(data, "mr_data")) {
    abort_argument("random", "NULL for moments", describe(random), "Relatedness needs rows of people: give mr_data.")
  }
  if (crossfit) abort_argument("random", "NULL with crossfit", describe(random), "Relatives are in all folds.")
  if ("background" %in% random && is.null(data$background)) {
    abort_argument(
      "random", "without \"background\" where `data` has no background variants", describe(random),
      "mr_data(background = ) or read_mr_data(background = \"others\") gives them."
    )
  }
  if ("cluster" %in% random && is.null(data$cluster)) {
    abort_argument(
      "random", "without \"cluster\" where `data` has no clusters", describe(random), "mr_data(cluster = ) names them."
    )
  }
  n <- length(data$outcome)
  # The factor, its room while R has not let go of the last one, and the relatedness.
  need <- 8 * n^2 * (2 + ("background" %in% random))
  if (need > memory_limit()) {
    abort(
      sprintf(
        "Random effects of %s participants would take %s of memory, above the budget of %s.", big(n),
        format_bytes(need), format_bytes(memory_limit())
      ),
      c("latentmr_error_memory", "latentmr_error_argument"), argument = "random", bytes = need, limit = memory_limit(),
      hint = paste(
        "Of so many people give the polygenic predictors that leave out one chromosome (step 1 of regenie) as",
        "covariates, and clusters to mr_data(cluster = ); or options(LatentMR.memory = \"16GB\")."
      )
    )
  }
  unique(random)
}

# n x n: mean product of the background variants, each less its mean in the environment and over its standard
# deviation; a missing call is that mean (VanRaden 2008, J Dairy Sci 91:4414, within environments).
relatedness_matrix <- function(data, people = seq_along(data$outcome)) {
  n <- length(people)
  environment <- as.character(as.integer(data$environment[people]))
  variants <- nrow(data$background$variants)
  out <- matrix(0, n, n)
  used <- 0
  for (from in seq(1L, variants, by = 1000L)) {
    z <- decode(data$background, from:min(variants, from + 999L), people)
    called <- !is.na(z)
    z[!called] <- 0
    mean <- rowsum(z, environment) / pmax(rowsum(called + 0, environment), 1)
    z <- (z - mean[environment, , drop = FALSE]) * called
    sd <- sqrt(colMeans(z^2))
    keep <- sd > 0
    z <- z[, keep, drop = FALSE] / rep(sd[keep], each = n)
    .Call(C_ffi_mean_product, out, z, used, used + sum(keep)) # changes `out`
    used <- used + sum(keep)
  }
  out
}

# What the mixed rows are made of; NULL without random effects. `data`: with its background variants.
mixed_set <- function(set, data, random) {
  if (is.null(random)) return(NULL)
  rows <- population_rows(set)
  # In an order that does not depend on that of the file: leaving one row out does not turn with it.
  ids <- as.character(data$ids)
  first <- if (is.null(data$cluster)) ids else as.integer(data$cluster)
  order <- order(first, ids, method = "radix")
  parts <- list(
    y = rows$y[order], columns = cbind(rows$x, rows$w, rows$z)[order, , drop = FALSE],
    at = rep(c("x", "w", "z"), c(ncol(rows$x), ncol(rows$w), ncol(rows$z))),
    cluster = if (!is.null(data$cluster)) as.integer(droplevels(data$cluster[order])), terms = list(), together = FALSE
  )
  if ("background" %in% random) parts$terms$background <- relatedness_matrix(data, order)
  if ("cluster" %in% random) {
    if (constant_within(parts$y, parts$cluster)) return(c(between_clusters(parts), list(random = random)))
    parts$terms$cluster <- parts$cluster
  }
  c(parts, list(random = random))
}

constant_within <- function(y, cluster) {
  first <- y[match(cluster, cluster)]
  anyDuplicated(cluster) > 0 && max(abs(y - first)) <= 1e-12 * max(abs(y))
}

# An outcome that is the same within clusters says something between them only: means of clusters. Their own
# random effect is then the residual.
between_clusters <- function(parts) {
  size <- tabulate(parts$cluster)
  mean_of <- function(x) rowsum(x, parts$cluster) / size
  parts$y <- drop(mean_of(parts$y))
  parts$columns <- unname(mean_of(parts$columns))
  k <- parts$terms$background
  if (!is.null(k)) parts$terms$background <- t(unname(mean_of(t(unname(mean_of(k))))))
  parts["cluster"] <- list(NULL)
  parts$together <- TRUE
  parts
}

# As R/latent_estimates.R describes a block. The covariance is that of the outcome less the effect of the exposure,
# in two steps: first of the outcome alone.
mixed_block <- function(set) {
  part <- function(columns, what) columns[, set$at == what, drop = FALSE]
  w <- part(set$columns, "w")
  found <- tryCatch({
    first <- mixed_rows(set, components_of(set$y, w, set$terms))
    b <- iv_engine(first[c("y", "x", "z", "w", "root")], "2sls", "HC1", NULL)$coefficients[seq_len(first$k)]
    components_of(drop(set$y - part(set$columns, "x") %*% b), w, set$terms)
  }, latentmr_error = function(e) e)
  if (inherits(found, "condition")) {
    return(no_rows(sum(set$at == "x"), sub("[.]?\n.*|[.]$", "", conditionMessage(found))))
  }
  rows <- mixed_rows(set, found)
  block <- own_block(rows, length(rows$y))
  block$components <- found
  block
}

components_of <- function(y, w, terms) {
  if (length(terms)) return(mixed_components(y, w, terms))
  list(variance = c(residual = 1), se = c(residual = NA_real_))
}

mixed_rows <- function(set, components) {
  white <- cbind(set$y, set$columns)
  if (length(set$terms)) white <- mixed_whiten(white, set$terms, components$variance)
  part <- function(what) white[, c(FALSE, set$at == what), drop = FALSE]
  x <- part("x")
  list(
    y = white[, 1], x = x, z = part("z"), w = part("w"), root = NULL, k = ncol(x), cluster = set$cluster,
    absorbed = 0L, variance = colSums(cbind(white[, 1], x)^2)
  )
}

# ---- estimators ----

mixed_effects <- function(estimator) function(block, context) {
  rows <- block$own
  vcov <- if (estimator == "ujive") "many" else if (is.null(rows$cluster)) "HC1" else "cluster"
  own_effects(rows, estimator, if (estimator == "liml" && vcov == "HC1") "bekker" else vcov)
}

# ---- what a fit keeps ----

random_account <- function(set, block) {
  if (is.null(block)) return(NULL)
  list(
    terms = set$random, variance = block$components$variance, se = block$components$se, together = set$together,
    rows = length(set$y)
  )
}

random_words <- function(fit) {
  x <- fit$random
  if (is.null(x)) return(NULL)
  what <- c(background = "relatives (background variants)", cluster = "clusters")[x$terms]
  if (is.null(x$variance)) return(sprintf("Random effects of %s: no estimate.", paste(what, collapse = " and ")))
  v <- x$variance[names(x$variance) != "residual"]
  shares <- if (length(v)) {
    sprintf(
      ": %s of what the exposure does not explain",
      paste(sprintf("%.0f %% %s", 100 * v / sum(x$variance), names(v)), collapse = ", ")
    )
  }
  sprintf(
    "Random effects of %s%s%s", paste(what, collapse = " and "), if (is.null(shares)) "" else shares,
    if (x$together) {
      sprintf("; the outcome is the same within clusters: estimated between %s of them", big(x$rows))
    } else {
      ""
    }
  )
}
