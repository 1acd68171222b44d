# The bound of Cramer and Rao for bench-mechanism-sparsity.R, masks known: root mean squared error that no estimate which learns
# the rows can undercut, as the information of the joint likelihood (src/core/effect/joint.h) at the laws that the data are drawn from;
# beside it that of 2SLS which knows rows and laws of the latents. Nothing is estimated: seconds.
#   Rscript bench/bench-mechanism-bound.R [draws, 60]
# `Rscript bench/bench-mechanism-bound.R`: ratios 1.13, 1.08, 1.09, 1.09, 1.13, 1.30 and 1.07 (A, B, C, I, N, W, X).
suppressPackageStartupMessages(library(LatentMR))
inside <- asNamespace("LatentMR")
arguments <- as.integer(commandArgs(TRUE))
draws <- if (length(arguments)) arguments[1] else 60
cells <- list(
  A = list(), B = list(one = TRUE), C = list(correlation = .5), I = list(moved = 1, pool = 4), N = list(n = 500),
  W = list(strength = .5, n = 5000), X = list(moved = 3, d = 8, sites = 10)
)

# Laws of (l, x, y) by site, as draw() of bench-mechanism-sparsity.R has them; z = l, which the bound does not see.
laws_of <- function(seed, d = 6, sites = 6, n = 2000, moved = 2, strength = 1, correlation = 0, pool = d, one = FALSE) {
  set.seed(seed)
  repeat {
    touched <- vapply(seq_len(sites), function(e) as.integer(seq_len(d) %in% sample.int(pool, moved)), integer(d))
    if (all(rowSums(touched) < sites / 2) && (pool < d || all(rowSums(touched) > 0))) break
  }
  sample <- lapply(seq_len(sites), function(e) {
    on <- which(touched[, e] == 1)
    k <- length(on)
    eta <- sample(c(-1, 1), k, TRUE) * stats::runif(k, .7, 1.3) * strength
    load <- matrix(0, d, if (one) 1 else k)
    load[if (one) cbind(on, 1) else cbind(on, seq_len(k))] <- eta
    h <- rep(if (one) 1 else 1 / sqrt(k), ncol(load))
    # Sources: latents, h, noise of x, noise of y.
    l <- cbind(t(chol(stats::toeplitz(correlation^(0:(d - 1))))), load, 0, 0)
    u <- c(numeric(d), h, 0, 0)
    x <- colSums(l) / sqrt(d) + u + c(numeric(d + length(h)), 1, 0)
    all <- rbind(l, x, x + u + c(numeric(d + length(h)), 0, 1))
    list(n = n, mean = c(load %*% stats::rnorm(ncol(load)), 0, 0), cov = unname(tcrossprod(all)))
  })
  all <- function(what) do.call(cbind, lapply(sample, `[[`, what))
  list(laws = list(n = vapply(sample, `[[`, 0, "n"), mean = all("mean"), cov = all("cov")), sample = sample, touched = touched)
}

# Variance of the effect: learned rows, and 1 / sum of what each environment's untouched latents tell when all else is known.
bounds <- function(p) {
  learned <- inside$joint_fit(p$laws, p$touched, 1)$covariance[1, 1]
  d <- nrow(p$touched)
  told <- mapply(function(s, e) {
    u <- s$cov[d + 2, ] - s$cov[d + 1, ]
    noise <- u[d + 2] - u[d + 1]
    left <- p$touched[, e] == 0
    on <- which(!left)
    # What is left of u and of the untouched latents after the touched ones less what the untouched say of them.
    zz <- s$cov[seq_len(d), seq_len(d)]
    control <- diag(d)[, on, drop = FALSE]
    control[left, ] <- -solve(zz[left, left], zz[left, on, drop = FALSE])
    cu <- crossprod(control, u[seq_len(d)])
    rest <- noise - sum(cu * solve(crossprod(control, zz %*% control), cu))
    xl <- s$cov[d + 1, seq_len(d)][left]
    s$n * sum(xl * solve(zz[left, left], xl)) / rest
  }, p$sample, seq_along(p$sample))
  c(learned = learned, known = 1 / sum(told))
}

table <- do.call(rbind, lapply(names(cells), function(name) {
  v <- vapply(5000 + seq_len(draws), function(seed) bounds(do.call(laws_of, c(list(seed), cells[[name]]))), c(learned = 0, known = 0))
  data.frame(cell = name, draws = draws, t(sqrt(rowMeans(v))), ratio = sqrt(mean(v["learned", ]) / mean(v["known", ])))
}))
table[-(1:2)] <- lapply(table[-(1:2)], signif, 3)
print(table, row.names = FALSE)
