# Continuous instruments, linear mixing: latents that stay, and latents that a confounder moves between environments
# in mean and spread. Assumptions of the linear encoder hold; nothing of the package is used.
continuous_instruments <- function(seed, n = 600, environments = 4, p = 4, noise = 0, heavy = FALSE, effect = .5) {
  set.seed(4711)
  mixing <- matrix(rnorm(p * 4), p)
  set.seed(seed)
  e <- rep(seq_len(environments), each = n)
  all <- environments * n
  draw <- function(k) if (heavy) rt(k, 5) / sqrt(5 / 3) else rnorm(k)
  still <- cbind(draw(all), draw(all))
  spread <- c(.6, 1, 1.6, 2.2)[e]
  hidden <- draw(all) * spread + c(0, .8, -.6, 1.2)[e]
  moving <- cbind(.8 * hidden + draw(all), -.5 * hidden * spread + draw(all) * spread)
  instruments <- cbind(still, moving) %*% t(mixing) + noise * matrix(draw(all * p), all)
  exposure <- drop(still %*% c(.5, .4) + moving %*% c(.5, .3)) + hidden + draw(all)
  list(
    instruments = instruments, exposure = exposure, outcome = effect * exposure - 1.2 * hidden + draw(all),
    environment = paste0("c", e), effect = effect
  )
}
