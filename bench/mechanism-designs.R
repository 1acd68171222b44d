# Sites that each touch few latents, for bench-mechanism-sparsity.R and bench-mechanism-masks.R: d = 6 latents, 6 sites
# (X: 8 and 10), effect 1.
#   A two latents a site, a confounder for each      B two, one confounder for both
#   C as A, latents correlated .5                    I one, two latents touched nowhere
#   N as A, 500 people a site                        W as A, half as strong, 5,000 a site
#   X as A, three latents a site
# A latent moves by eta h with |eta| from .7 to 1.3, h ~ N(m, 1), m ~ N(0, 1).
cells <- list(
  A = list(), B = list(one = TRUE), C = list(correlation = .5), I = list(moved = 1, pool = 4), N = list(n = 500),
  W = list(strength = .5, n = 5000), X = list(moved = 3, d = 8, sites = 10)
)

draw <- function(seed, d = 6, sites = 6, n = 2000, moved = 2, strength = 1, correlation = 0, pool = d, one = FALSE) {
  set.seed(seed)
  s <- svd(matrix(stats::rnorm(d^2), d))
  mixing <- s$u %*% (pmax(s$d, max(s$d) / 5) * t(s$v))
  repeat { # every latent is left alone by a majority, and those of the pool are touched somewhere
    touched <- vapply(seq_len(sites), function(e) as.integer(seq_len(d) %in% sample.int(pool, moved)), integer(d))
    if (all(rowSums(touched) < sites / 2) && (pool < d || all(rowSums(touched) > 0))) break
  }
  site <- rep(seq_len(sites), each = n)
  l <- matrix(stats::rnorm(n * sites * d), n * sites) %*% chol(stats::toeplitz(correlation^(0:(d - 1))))
  u <- numeric(n * sites)
  for (e in seq_len(sites)) {
    who <- which(site == e)
    on <- which(touched[, e] == 1)
    m <- stats::rnorm(length(on))
    eta <- sample(c(-1, 1), length(on), TRUE) * stats::runif(length(on), .7, 1.3) * strength
    h <- if (one) matrix(stats::rnorm(n, m[1]), n, length(on)) else vapply(m, function(x) stats::rnorm(n, x), numeric(n))
    h <- matrix(h, n)
    l[who, on] <- l[who, on] + sweep(h, 2, eta, "*")
    u[who] <- if (one) h[, 1] else rowSums(h) / sqrt(length(on))
  }
  x <- rowSums(l) / sqrt(d) + u + stats::rnorm(length(u))
  list(z = l %*% t(mixing), x = x, y = x + u + stats::rnorm(length(u)), site = paste0("site", site), l = l, touched = touched)
}

as_moments <- function(s) {
  site <- factor(s$site, unique(s$site))
  data <- suppressMessages(suppressWarnings(mr_data(s$z, s$x, s$y, site, kind = "continuous")))
  list(data = data, moments = mr_moments(data, seed = 1, disclosure = FALSE))
}

# 2SLS with the true untouched latents of every site, given the true touched ones less what the others say.
oracle <- function(s) {
  y <- x <- z <- NULL
  for (e in unique(s$site)) {
    who <- s$site == e
    on <- s$touched[, match(e, unique(s$site))] == 1
    l <- scale(s$l[who, ], scale = FALSE)
    # The law of the latents without touches is known: correlation^|i - j|.
    known <- stats::toeplitz(s$correlation^(0:(ncol(l) - 1)))
    control <- l[, on, drop = FALSE] - l[, !on, drop = FALSE] %*% solve(known[!on, !on], known[!on, on, drop = FALSE])
    left <- qr.resid(qr(cbind(1, control)), cbind(s$y[who], s$x[who], l[, !on]))
    fitted <- qr.fitted(qr(left[, -(1:2)]), left[, 2])
    y <- c(y, left[, 1])
    x <- c(x, left[, 2])
    z <- c(z, fitted)
  }
  sum(z * y) / sum(z * x)
}

# Wrong marks of the masks, latents by their largest correlation.
wrong_marks <- function(encoder, s, data) {
  r <- abs(stats::cor(s$l, stats::predict(encoder, data, type = "code")))
  sum(encoder$touched[apply(r, 1, which.max), ] != s$touched)
}
