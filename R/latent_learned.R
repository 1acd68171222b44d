# What a fit says of the learning of its directions: scores for the tests of R/iv_learned.R, errors of environments.

# The instruments' products with outcome and exposure, in the coordinates where the instruments of everybody are
# orthonormal; `like`: those of everybody, to whose directions learned ones are turned (orthogonal Procrustes), as they
# are known but for a rotation.
learned_scores <- function(encoder, block, view, like = NULL) {
  w <- instrument_directions(encoder)
  g <- view$columns$variants
  traits <- c(view$columns$outcome, view$columns$exposure)
  products <- block$partial$residual[g, traits, drop = FALSE]
  if (is.null(like)) {
    s <- block$partial$residual[g, g]
    e <- eigen(crossprod(w, s %*% w), symmetric = TRUE)
    keep <- e$values > 1e-9 * e$values[1]
    root <- e$vectors[, keep, drop = FALSE] %*% diag(1 / sqrt(e$values[keep]), sum(keep))
    return(list(scores = crossprod(w %*% root, products), map = crossprod(w, s), root = root, n = block$n))
  }
  turn <- svd(like$map %*% w)
  crossprod(w %*% turn$v %*% t(turn$u) %*% like$root, products) * like$n / block$n
}

# What tests and sets of other effects and levels are made of (`fit$learned`); NULL with masks held, and where a fold
# leaves 2SLS without an error.
learned_parts <- function(again, estimates) {
  if (is.null(again$scores) || !isTRUE(is.finite(estimates$latent_2sls$se))) return(NULL)
  list(scores = unname(again$scores), folds = lapply(again$folds, unname), spread = estimates$latent_2sls$se)
}

# TRUE where tests and sets take directions that were learned as known, so that they reject too often.
learning_uncounted <- function(fit) {
  fit$kind == "continuous" && is.null(fit$learned) && fit$encoder$method != "sparse" &&
    is.null(leading_diagnostics(fit))
}

uncounted_words <- "given the directions as learned, which rejects too often"

# Of environment_estimates(). The sets of single environments take the directions as known: there are none.
learned_environments <- function(each, again, level, keep) {
  lapply(setNames(names(each), names(each)), function(e) {
    without <- matrix(again$environments[, e, ], dim(again$environments)[1])
    rownames(without) <- rownames(again$environments)
    one <- each[[e]]
    estimates <- learned_errors(one$estimates, without, level)
    one$estimates <- estimates[intersect(names(estimates), keep)]
    if (!is.null(again$scores)) one$strength[c("ar", "set")] <- NULL
    one
  })
}

learned_diagnostics <- function(fit, again) {
  d <- fit$diagnostics
  if (all(is.finite(d$wu_hausman))) {
    d$wu_hausman <- unname(learned_hausman(again$difference[1], again$difference[-1]))
    d$wu_hausman_robust <- rep(NA_real_, 4)
  }
  local <- d$q_method
  if (local %in% rownames(again$environments)) {
    value <- function(name) vapply(fit$by_environment, function(x) given(x[[local]][[name]]), 0)
    q <- learned_q(value("b"), again$environments[local, , ], value("se_conditional"))
    if (!is.null(q)) d$q <- q
  }
  if (is.null(fit$learned)) return(d)
  d$sargan <- learned_sargan(fit$learned)
  d$sargan$i2 <- if (is.na(d$sargan$ratio)) NA_real_ else max(0, 1 - 1 / d$sargan$ratio)
  d$hansen <- list(
    statistic = NA_real_, df = d$sargan$df, pval = NA_real_,
    note = "Sargan's is, and counts the learning of the instruments"
  )
  d$set <- d$ar <- learned_ar_set(fit$learned, fit$level)
  d
}

given <- function(x) if (is.null(x)) NA_real_ else x
