# Kernel statistics straight from their definitions, with n x n matrices in plain R.

ref_median <- function(x) {
  d <- sort(as.vector(dist(x)))
  d[length(d) %/% 2 + 1]
}

ref_gram <- function(x, kernel = "rbf", sigma = ref_median(x), scales = 1) {
  x <- as.matrix(x)
  square <- as.matrix(dist(x))^2
  manhattan <- as.matrix(dist(x, method = "manhattan"))
  out <- switch(kernel,
    rbf = Reduce(`+`, lapply(scales, function(s) exp(-square / (2 * (s * sigma)^2)))) / length(scales),
    poly2 = (tcrossprod(x) + 1)^2,
    poly3 = (tcrossprod(x) + 1)^3,
    delta = (manhattan == 0) + 0,
    ibs = 1 - manhattan / (2 * ncol(x))
  )
  unname(out)
}

ref_centre <- function(k) {
  h <- diag(nrow(k)) - 1 / nrow(k)
  h %*% k %*% h
}

ref_hsic <- function(k, l) {
  n <- nrow(k)
  kc <- ref_centre(k)
  lc <- ref_centre(l)
  kt <- k - diag(diag(k))
  lt <- l - diag(diag(l))
  one <- rep(1, n)
  c(
    biased = sum(kc * lc) / n^2,
    unbiased = (sum(kt * lt) + sum(kt) * sum(lt) / ((n - 1) * (n - 2)) -
      2 / (n - 2) * sum(one %*% kt %*% lt)) / (n * (n - 3)),
    normalised = sum(kc * lc) / sqrt(sum(kc^2) * sum(lc^2))
  )
}

# Moments of n HSIC_b under independence: trace form and that of Gretton et al.
ref_null <- function(k, l) {
  n <- nrow(k)
  kc <- ref_centre(k)
  lc <- ref_centre(l)
  off <- row(k) != col(k)
  mx <- mean(k[off])
  my <- mean(l[off])
  v <- 2 * (n - 4) * (n - 5) / (n * (n - 1) * (n - 2) * (n - 3)) * mean((kc * lc)[off]^2)
  c(
    trace_mean = sum(diag(kc)) * sum(diag(lc)) / n^2, trace_var = 2 * sum(kc^2) * sum(lc^2) / n^4,
    gamma_mean = 1 + mx * my - mx - my, gamma_var = n^2 * v
  )
}

ref_mmd_pair <- function(k, label, unbiased = FALSE) {
  e <- split(seq_along(label), label)
  part <- function(a, b, same) {
    block <- k[a, b, drop = FALSE]
    if (same && unbiased) (sum(block) - sum(diag(block))) / (length(a) * (length(a) - 1)) else mean(block)
  }
  outer(seq_along(e), seq_along(e), Vectorize(function(i, j) {
    if (i == j) return(0)
    part(e[[i]], e[[i]], TRUE) + part(e[[j]], e[[j]], TRUE) - 2 * part(e[[i]], e[[j]], FALSE)
  }))
}

ref_mmd_pooled <- function(k, label, unbiased = FALSE) {
  p <- as.vector(table(label)) / length(label)
  sum(outer(p, p) * ref_mmd_pair(k, label, unbiased)) / 2
}

# K of labels, 1{e = e'} / p_e.
ref_label <- function(label) {
  p <- table(label) / length(label)
  outer(label, label, "==") / as.vector(p[as.character(label)])
}

kernel_case <- function(n = 150, d = 3, seed = 1) {
  with_seed(seed, {
    x <- matrix(rnorm(n * d), n)
    list(
      x = x, y = cbind(x[, 1]^2, 0) + matrix(rnorm(2 * n), n), e = sample(c("a", "b", "c"), n, TRUE, c(.5, .3, .2)),
      g = matrix(rbinom(4 * n, 2, .3), n) + 0
    )
  })
}

with_cpu <- function(level, code) {
  old <- options(LatentMR.cpu = level)
  on.exit(options(old))
  code
}

# Kernel matrix and gradient in the rows of z of sum_ij c_ij k(z_i, z_j), C symmetric:
# exp(-gamma |a - b|^2) or (a'b + 1)^degree.
ref_gram_of <- function(z, k) {
  if (is.null(k$degree)) exp(-k$gamma * as.matrix(dist(z))^2) else (tcrossprod(z) + 1)^k$degree
}

ref_gram_gradient <- function(z, k, c) {
  if (is.null(k$degree)) {
    ck <- c * ref_gram_of(z, k)
    return(-4 * k$gamma * (rowSums(ck) * z - ck %*% z))
  }
  2 * (c * k$degree * (tcrossprod(z) + 1)^(k$degree - 1)) %*% z
}
