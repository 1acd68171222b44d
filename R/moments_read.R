# Reading moments: means and centred cross products of (G, C, S, D, Y) by
# environment or block, after the missing rule. Everything linear starts here.

# Means that impute (`mu`, about the pilots) and means of all columns (`mean`), a
# column for each environment; `state`: 0, 1 no call, 2 one value only.
moments_means <- function(m) {
  if (only_squares(m)) return(unlinked_means(m))
  e <- as.integer(m$blocks$environment)
  out <- .Call(C_ffi_moments_means, m, as.integer(m$blocks$n), e, length(m$environments))
  inside <- outer(e, seq_along(m$environments), "==") + 0
  out$n <- as.vector(m$blocks$n %*% inside)
  g <- m$sg %*% inside
  g[m$missing, ] <- g[m$missing, , drop = FALSE] + out$mu[m$missing, , drop = FALSE] * (m$sm %*% inside)
  total <- rbind(g, m$sx %*% inside)
  out$mean <- c(m$gpilot, m$pilot) + total / rep(out$n, each = nrow(total))
  out
}

# list(n, mean, cross): cross products about the mean of the environment.
# `means` saves work when several are read.
moments_environment <- function(m, e, means = moments_means(m)) {
  e <- environment_index(m, e)
  if (only_squares(m)) return(unlinked_environment(m, e, means))
  out <- .Call(
    C_ffi_moments_collect, m, which(as.integer(m$blocks$environment) == e), means$n[e], means$mu[, e], NULL
  )
  list(n = means$n[e], mean = out$mean, cross = out$cross)
}

# list(n, sum, cross) about the mean of the block's environment, so that the
# blocks of an environment add up to it.
moments_block <- function(m, b, means = moments_means(m)) {
  e <- as.integer(m$blocks$environment)[b]
  n <- as.numeric(m$blocks$n[b])
  out <- .Call(C_ffi_moments_collect, m, as.integer(b), n, means$mu[, e], means$mean[, e])
  list(n = n, sum = out$sum, cross = out$cross)
}

environment_index <- function(m, e) if (is.character(e)) match(e, m$environments) else as.integer(e)

# Names of the columns of the cross products, in order.
moments_columns <- function(m) {
  c(m$variants$snp, m$covariates, m$structure, m$exposure, m$outcome)
}

# Variants that have no call or one value only in an environment.
moments_unusual <- function(m) {
  state <- moments_means(m)$state
  at <- which(state > 0, arr.ind = TRUE)
  data.frame(
    snp = m$variants$snp[at[, 1]], environment = m$environments[at[, 2]],
    reason = c("no call", "one value only")[state[at]]
  )
}
