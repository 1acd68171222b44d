# The family rows: instruments that are free of parents, mating and ancestry. Of siblings
# every column less the mean of the family (so that family means of the genotypes are partialled
# out), of people whose parents were genotyped the genotype less half the parents', given the
# parents'. Both are chance at meiosis (Mendel). Whole families are left out of the first
# stage and errors are by family.

is_family <- function(id) startsWith(id, "family_")

# What the rows are made of: the people who may inform. NULL without families, and from moments.
family_set <- function(set) {
  data <- set$source$data
  if (!inherits(data, "mr_data") || is.null(data$family)) return(NULL)
  trio <- has_parents(data)
  who <- which(trio | in_sibship(data$family, !trio))
  p <- length(set$view$columns$variants)
  numeric <- do.call(cbind, numeric_columns(data))[who, , drop = FALSE]
  at <- lapply(set$view$columns[c("outcome", "exposure", "covariates")], function(j) numeric[, j - p, drop = FALSE])
  out <- list(
    y = unname(at$outcome[, 1]), x = unname(at$exposure), covariates = unname(at$covariates),
    z = autosomes(decode(data$genotypes, NULL, who), data$variants$chr), family = data$family[who],
    cluster = data$cluster[who],
    environment = data$environment[who], trio = trio[who], people = length(data$outcome)
  )
  if (any(out$trio)) out$parents <- parents_of(data, who[out$trio])
  out["imputed"] <- list(imputed_set(data, who))
  out
}

# The columns of these environments: y, x, z, w, cluster, and `absorbed`, the family means
# among what is partialled out. NULL where nobody informs.
family_rows <- function(set, environments = levels(set$environment)) {
  inside <- set$environment %in% environments
  trio <- inside & set$trio
  sib <- in_sibship(set$family, inside & !set$trio)
  if (!any(trio | sib)) return(NULL)
  cells <- outer(as.character(set$environment), environments, "==") + 0
  one <- family_part(set, which(sib), cells)
  two <- if (any(trio)) trio_part(set, which(trio), cells)
  k <- ncol(set$x)
  w <- join_columns(one$w, two$w)
  own <- join_columns(NULL, two$own, length(one$y))
  list(
    y = c(one$y, two$y), x = rbind(one$x, two$x), z = rbind(one$z, two$z),
    w = if (NCOL0(w) + NCOL0(own)) cbind(w, own), root = NULL, k = k,
    cluster = c(set$cluster[which(sib)], set$cluster[which(trio)]), absorbed = one$families,
    people = sum(trio | sib), families = one$families + length(unique(set$family[which(trio)])), trios = sum(trio),
    variance = colSums(centered(cbind(set$y, set$x)[trio | sib, , drop = FALSE])^2)
  )
}

centered <- function(x) x - rep(colMeans(x), each = nrow(x))

# `w`: rows of both kinds share the slopes of the covariates.
join_columns <- function(one, two, before = 0L) {
  if (!is.null(one) && !is.null(two)) return(rbind(one, two))
  if (is.null(two)) return(one)
  rbind(matrix(0, before, ncol(two)), two)
}

# Siblings: all less the mean of the family. Environments that siblings share are gone with it.
family_part <- function(set, who, cells) {
  family <- as.integer(droplevels(set$family[who]))
  families <- max(family, 0L)
  center <- function(x) .Call(C_ffi_family_center, x, family, families)
  columns <- center(cbind(set$y[who], set$x[who, , drop = FALSE], set$covariates[who, , drop = FALSE]))
  k <- ncol(set$x)
  moved <- center(cells[who, , drop = FALSE])
  list(
    y = columns[, 1], x = columns[, 1L + seq_len(k), drop = FALSE], z = center(set$z[who, , drop = FALSE]),
    w = cbind(columns[, -seq_len(1L + k), drop = FALSE], moved), families = families
  )
}

# People with both parents: their genotypes less half of the parents', whose own are partialled out.
trio_part <- function(set, who, cells) {
  at <- match(who, which(set$trio))
  left <- .Call(
    C_ffi_parent_center, set$z[who, , drop = FALSE], set$parents$father[at, , drop = FALSE],
    set$parents$mother[at, , drop = FALSE]
  )
  moved <- matrix(0, length(who), ncol(cells))
  list(
    y = set$y[who], x = set$x[who, , drop = FALSE], z = left$left,
    w = cbind(set$covariates[who, , drop = FALSE], moved), own = cbind(cells[who, , drop = FALSE], left$parents)
  )
}

FEW_FAMILIES <- 5L
no_siblings <- "no family of two or more siblings, or with both parents, is left"

# As R/latent_estimates.R describes a block; `rows` are what its estimators read.
family_block <- function(set, environments, made = family_rows) {
  rows <- made(set, environments)
  k <- ncol(set$x)
  if (is.null(rows)) return(no_family(k, no_siblings))
  block <- own_block(rows, rows$people)
  if (length(unique(rows$cluster)) < FEW_FAMILIES) {
    block$problem <- sprintf("fewer than %d families inform", FEW_FAMILIES)
  } else if (cluster_sizes(rows$cluster)$effective < FEW_FAMILIES) {
    block$problem <- "most people who inform are of one family or few"
  }
  block
}

# Rows of its own as a block: y, x, z, w, `absorbed` columns that are gone already.
own_block <- function(rows, n) {
  named <- lapply(c(x = "x", z = "z", w = "w"), function(part) column_names(rows[[part]], part))
  f <- iv_factor(c(rows[c("y", "x", "z", "w")], list(root = NULL, names = named)), 1L + rows$k)
  m <- factor_moments(f)
  # Every family mean is one person less.
  m <- kclass_moments(m$r0, m$r1, m$n - rows$absorbed, m$L, m$K)
  list(own = rows, own_factor = f, kclass = m, n = n, rank = m$K + rows$absorbed, variance = rows$variance)
}

no_family <- function(k, problem) {
  c(no_rows(k, problem), list(own = list(people = 0L, families = 0L, trios = 0L)))
}

no_rows <- function(k, problem) {
  none <- matrix(0, k + 1L, k + 1L)
  list(kclass = kclass_moments(none, none, 1, 0, 0), n = 1, rank = 0, variance = rep(0, k + 1L), problem = problem)
}

# ---- estimators ----

family_effects <- function(estimator) function(block, context) {
  own_effects(block$own, estimator, if (estimator == "ujive") "many" else "cluster")
}

own_effects <- function(rows, estimator, vcov) {
  fit <- iv_engine(rows[c("y", "x", "z", "w", "root")], estimator, vcov, rows$cluster)
  k <- ncol(rows$x)
  list(
    b = unname(fit$coefficients[seq_len(k)]), covariance = unname(fit$vcov[seq_len(k), seq_len(k), drop = FALSE]),
    vcov = vcov
  )
}

# ---- population against family ----

# The difference of the two UJIVEs with the error of their stacked influence functions, summed by
# cluster: one model whose rows are the people once as the population's and once as the
# families', with an exposure, instruments and controls for each, so that its covariance
# is that of both. A list; `note` where it cannot be had.
family_contrast <- function(set, rows, environments) {
  k <- rows$k
  none <- list(b = rep(NA_real_, k), family = rep(NA_real_, k), difference = rep(NA_real_, k), se = rep(NA_real_, k),
               statistic = NA_real_, df = k, pval = NA_real_)
  tryCatch(c(contrast_test(set, rows), list(df = k)), latentmr_error = function(e) {
    c(none, list(note = sub("[.]?\n.*|[.]$", "", conditionMessage(e))))
  })
}

contrast_test <- function(set, rows) {
  both <- stacked_rows(population_rows(set), rows)
  fit <- suppressWarnings(iv_engine(both[c("y", "x", "z", "w", "root")], "ujive", "many", both$cluster))
  k <- rows$k
  own <- diag(k)
  turn <- cbind(own, -own)
  b <- unname(fit$coefficients[seq_len(2 * k)])
  v <- turn %*% unname(fit$vcov[seq_len(2 * k), seq_len(2 * k)]) %*% t(turn)
  d <- drop(turn %*% b)
  statistic <- drop(d %*% solve(v, d))
  list(
    b = b[seq_len(k)], family = b[k + seq_len(k)], difference = d, se = sqrt(diag(v)), statistic = statistic,
    pval = stats::pchisq(statistic, k, lower.tail = FALSE)
  )
}

population_rows <- function(set) {
  rows <- dense_rows(set$data, set$encoder, set$view, set$fold)
  part <- latent_block("latent", set$encoder, set$view)
  numeric <- do.call(cbind, numeric_columns(set$data))
  p <- length(set$view$columns$variants)
  list(
    y = numeric[, set$view$columns$outcome[1] - p], x = unname(numeric[, set$view$columns$exposure - p, drop = FALSE]),
    z = rows$instruments, w = block_columns(part, rows, set$view), cluster = set$data$cluster
  )
}

stacked_rows <- function(one, two) {
  n <- c(length(one$y), length(two$y))
  diagonal <- function(a, b) {
    a <- if (is.null(a)) matrix(0, n[1], 0) else unname(a)
    b <- if (is.null(b)) matrix(0, n[2], 0) else unname(b)
    rbind(cbind(a, matrix(0, n[1], ncol(b))), cbind(matrix(0, n[2], ncol(a)), b))
  }
  out <- lapply(c(x = "x", z = "z", w = "w"), function(part) diagonal(one[[part]], two[[part]]))
  need <- 8 * sum(n) * sum(vapply(out, ncol, 0L)) * 3
  if (need > memory_limit()) {
    abort(
      sprintf("its rows would take %s of memory, above the budget", format_bytes(need)), "latentmr_error_memory",
      bytes = need, limit = memory_limit()
    )
  }
  c(out, list(y = c(one$y, two$y), root = NULL, cluster = c(as.integer(one$cluster), as.integer(two$cluster))))
}

# ---- what a fit keeps ----

family_account <- function(set, block, estimates) {
  if (is.null(block)) return(NULL)
  rows <- block$own
  out <- list(
    people = rows$people, families = rows$families, trios = rows$trios, imputed = 2L * length(set$family$imputed$one)
  )
  if (!is.null(block$problem)) return(out)
  if ("family_ujive" %in% names(estimates)) out$contrast <- family_contrast(set, rows)
  if (!is.null(block$moments)) out$contrast <- family_moments_contrast(set, block)
  out
}

# Strength and tests of rows of their own, under the names of latent_diagnostics().
row_diagnostics <- function(fit, block) {
  if (is.null(block) || !is.null(block_problem(block))) return(NULL)
  m <- block$kclass
  tests <- own_tests(block)
  sargan <- block_sargan(block)
  sargan$i2 <- if (is.na(sargan$ratio)) NA_real_ else max(0, 1 - 1 / sargan$ratio)
  list(
    kclass = m, f = block_f(block), first_stage = first_stages(m, fit$exposure), f_effective = tests$f_effective,
    f_effective_note = if (m$k > 1) "is for one exposure" else if (is.null(block$own_factor)) "needs rows of people",
    sargan = sargan, wu_hausman = latent_wu_hausman(m),
    wu_hausman_robust = unname(tests$wu_hausman),
    hansen = list(
      statistic = tests$hansen[["statistic"]], df = tests$hansen[["df1"]], pval = tests$hansen[["p-value"]]
    ),
    cragg_donald = kclass_tests(m, kclass_fit(m, 1)$coefficients)$cragg_donald,
    ar = exposure_sets(m, fit$exposure, fit$level), set = weak_sets(m, fit$exposure, fit$level)
  )
}

# From rows with errors by family or cluster; there are none from sums.
own_tests <- function(block) {
  if (!is.null(block$own_factor)) {
    by <- if (!is.null(block$own$cluster)) iv_cluster(block$own$cluster, block$n)
    return(factor_tests(block$own_factor, by, if (is.null(by)) "HC1" else "cluster"))
  }
  none <- c(statistic = NA_real_, df1 = block$kclass$L - block$kclass$k, "p-value" = NA_real_)
  list(f_effective = NA_real_, wu_hausman = rep(NA_real_, 4), hansen = none)
}

# The diagnostics of what is reported first. What only the population rows need (structure
# that is partialled out) is no test of the family rows.
head_diagnostics <- function(fit) {
  d <- fit$diagnostics
  own <- leading_diagnostics(fit)
  if (is.null(own)) return(d)
  d[names(own)] <- own
  if (is_family(fit$leading)) d[c("lost", "hsic_covariates", "hsic_structure")] <- list(NULL)
  d
}

# ---- words ----

family_words <- function(fit) {
  x <- fit$family
  if (is.null(x)) return(NULL)
  sprintf(
    "Families: %s with %s inform the family rows%s%s",
    if (x$families == 1) "1 family" else paste(big(x$families), "families"), plural(x$people, "participant"),
    if (x$trios) sprintf(" (%s with both parents genotyped)", big(x$trios)) else "",
    if (fit$nobs > x$people) {
      sprintf("; the other %s count in the population rows only", plural(fit$nobs - x$people, "participant"))
    } else {
      ""
    }
  )
}

imputed_words <- function(fit) {
  if (!isTRUE(fit$family$imputed > 0)) return(NULL)
  sprintf(
    "Parents imputed: from %s of siblings; assumes random mating within environments, which the rows within families do not.",
    plural(fit$family$imputed / 2, "pair")
  )
}

contrast_words <- function(fit) {
  x <- fit$family$contrast
  if (is.null(x)) return(NULL)
  if (!is.finite(x$pval)) {
    return(sprintf("Population against family: no test%s.", if (is.null(x$note)) "" else paste0(", ", x$note)))
  }
  sprintf(
    "Population less family estimate (%s): %s, %s. A small p says that parents, mating or ancestry bias the population rows; the family rows are free of these.",
    short_name(if (fit$rows_used) "latent_ujive" else "latent_nagar"),
    of_each(fit, sprintf("%s (error %s)", format_b(x$difference), format_b(x$se))), p_is(x$pval)
  )
}
