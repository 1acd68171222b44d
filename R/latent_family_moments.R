# The rows within families from sums within families (R/moments_family.R): 2SLS, and Nagar's estimator as the
# moment twin of UJIVE. Errors and the contrast are jackknifes over the folds, which hold families whole.

family_moments_block <- function(moments, environments, view = NULL, without = integer()) {
  blocks <- setdiff(which(moments$blocks$environment %in% environments), without)
  people <- sum(moments$family$people[blocks])
  families <- sum(moments$family$families[blocks])
  k <- length(moments$exposure)
  if (families < FEW_FAMILIES) {
    return(no_family(k, if (families) sprintf("fewer than %d families inform", FEW_FAMILIES) else no_siblings))
  }
  block <- block_scores(family_view(moments, blocks, people, view), family_controls(moments, view), NULL)
  m <- block$kclass
  # One intercept is counted that is none; every family mean is one person less.
  block$kclass <- kclass_moments(m$r0, m$r1, people - families, m$L, m$K - 1)
  block$own <- list(people = people, families = families, trios = 0L)
  block$moments <- list(moments = moments, environments = environments, view = view)
  block
}

# A view of one group whose means are zero.
family_view <- function(moments, blocks, people, view) {
  cross <- family_cross(moments, blocks)
  columns <- if (is.null(view)) moment_columns(moments) else family_columns(moments, view)
  list(
    n = as.double(people), mean = matrix(0, nrow(cross), 1), cross = list(cross), columns = columns,
    environments = "families", scale = diag(cross) / people
  )
}

# The columns of a fit's view: another outcome of negative_control(), fewer covariates.
family_columns <- function(moments, view) {
  own <- moment_columns(moments)
  shift <- length(own$variants) - length(view$columns$variants)
  for (name in c("outcome", "exposure", "covariates")) own[[name]] <- as.integer(view$columns[[name]] + shift)
  own
}

family_controls <- function(moments, view) {
  columns <- if (is.null(view)) moment_columns(moments) else family_columns(moments, view)
  list(
    inner_directions = NULL, inner_columns = integer(), common_directions = NULL, common_columns = columns$covariates
  )
}

# The effects of a k-class estimator without each fold: effects x folds; NULL where there are fewer than three folds.
family_without <- function(block, kind) {
  m <- block$moments
  folds <- sort(unique(m$moments$blocks$fold))
  if (length(folds) < 3) return(NULL)
  out <- vapply(folds, function(f) {
    left <- family_moments_block(m$moments, m$environments, m$view, which(m$moments$blocks$fold == f))
    if (!is.null(block_problem(left))) return(rep(NA_real_, block$kclass$k))
    as.vector(kclass_estimate(left$kclass, kind)$b)
  }, numeric(block$kclass$k))
  matrix(out, block$kclass$k)
}

# From rows where there are any, else from sums.
family_kclass <- function(kind) function(block, context) {
  rows <- block$own
  if (!is.null(rows$y) && kind != "nagar") return(family_effects(kind)(block, context))
  out <- kclass_estimate(block$kclass, kind)
  out$vcov <- "iid"
  if (is.null(block$moments)) return(out)
  without <- family_without(block, kind)
  if (is.null(without) || anyNA(without)) return(out)
  out$jackknife <- apply(without, 1, function(b) jackknife_error(b)$se)
  out$folds <- ncol(without)
  out
}

family_errors <- function(effects, block, context) {
  if (is.null(effects$jackknife)) return(list(se = standard_errors(effects$covariance), vcov = effects$vcov))
  list(se = effects$jackknife, vcov = "jackknife", df = effects$folds - 1)
}

# Nagar's estimates of population and families, and the jackknife of their difference.
family_moments_contrast <- function(set, block) {
  k <- block$kclass$k
  none <- list(
    b = rep(NA_real_, k), family = rep(NA_real_, k), difference = rep(NA_real_, k), se = rep(NA_real_, k),
    statistic = NA_real_, df = k, pval = NA_real_
  )
  if (k > 1) return(c(none, list(note = "it is for one exposure, from moments")))
  moments <- set$source$moments
  view <- set$view
  part <- latent_block("latent", set$encoder, view)
  basis <- full_rank_variants(view, part, view$columns$instruments)
  means <- moments_means(set$moments)
  folds <- sort(unique(set$moments$blocks$fold))
  own <- family_without(block, "nagar")
  if (is.null(own) || !length(basis)) return(c(none, list(note = "it needs three folds or more")))
  whole <- c(nagar_only(nagar_products(view, part, basis)), kclass_estimate(block$kclass, "nagar")$b)
  population <- vapply(folds, function(f) {
    gone <- which(set$moments$blocks$fold == f)
    if (!is.null(part$folds)) part$folds$skip <- gone
    nagar_only(nagar_products(view_delete_blocks(view, set$moments, gone, means), part, basis))
  }, 0)
  error <- jackknife_error(population - own[1, ])
  d <- whole[1] - whole[2]
  list(
    b = whole[1], family = whole[2], difference = d, se = error$se, statistic = (d / error$se)^2, df = k,
    pval = 2 * stats::pt(-abs(d / error$se), error$df)
  )
}
