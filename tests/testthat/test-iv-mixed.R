# Variance components and whitened rows against matrices written out.

mixed_case <- function(n = 120, size = 4, seed = 1) {
  set.seed(seed)
  z <- scale(matrix(rbinom(n * 60, 2, .3), n))
  group <- rep(seq_len(n / size), each = size)
  list(
    y = drop(z %*% rnorm(60)) / 10 + rnorm(n / size, sd = .6)[group] + rnorm(n), w = cbind(1, rnorm(n)),
    terms = list(background = tcrossprod(z) / 60, cluster = group)
  )
}

matrices_of <- function(terms, n) {
  c(lapply(terms, function(a) if (is.matrix(a)) a else outer(a, a, "==") + 0), list(residual = diag(n)))
}

reml_twin <- function(s, y, w, terms) {
  v <- Reduce(`+`, Map(`*`, matrices_of(terms, length(y)), s))
  inverse <- solve(v)
  inner <- t(w) %*% inverse %*% w
  p <- inverse - inverse %*% w %*% solve(inner, t(w) %*% inverse)
  c(-(determinant(v)$modulus + determinant(inner)$modulus + drop(y %*% p %*% y)) / 2)
}

test_that("likelihood, score and average information are those of the formula; the score is the slope", {
  case <- mixed_case()
  for (terms in list(case$terms, case$terms[1], case$terms[2])) {
    s <- c(.4, .3, .9)[c(seq_along(terms), 3)]
    got <- .Call(C_ffi_test_mixed_point, case$y, case$w, unname(terms), s)
    expect_equal(got$loglik, reml_twin(s, case$y, case$w, terms), tolerance = 1e-10)
    slope <- vapply(seq_along(s), function(k) {
      h <- replace(numeric(length(s)), k, 1e-5)
      (reml_twin(s + h, case$y, case$w, terms) - reml_twin(s - h, case$y, case$w, terms)) / 2e-5
    }, 0)
    expect_equal(got$score, slope, tolerance = 1e-6)
    a <- matrices_of(terms, 120)
    v <- solve(Reduce(`+`, Map(`*`, a, s)))
    p <- v - v %*% case$w %*% solve(t(case$w) %*% v %*% case$w, t(case$w) %*% v)
    q <- vapply(a, function(one) drop(one %*% p %*% case$y), numeric(120))
    expect_equal(got$information, unname(t(q) %*% p %*% q) / 2, tolerance = 1e-9)
  }
})

test_that("more rows than a panel of the inverse", {
  case <- mixed_case(600)
  s <- c(.2, .4, 1)
  got <- .Call(C_ffi_test_mixed_point, case$y, case$w, unname(case$terms), s)
  expect_equal(got$loglik, reml_twin(s, case$y, case$w, case$terms), tolerance = 1e-10)
  k <- case$terms$background
  p <- solve(s[1] * k + s[2] * outer(case$terms$cluster, case$terms$cluster, "==") + diag(600))
  p <- p - p %*% case$w %*% solve(t(case$w) %*% p %*% case$w, t(case$w) %*% p)
  py <- drop(p %*% case$y)
  expect_equal(got$score[c(1, 3)], -c(sum(p * k) - drop(py %*% k %*% py), sum(diag(p)) - sum(py^2)) / 2)
})

test_that("the trace of a relatedness: by what the others leave, with a small share, none and beside another", {
  case <- mixed_case()
  other <- tcrossprod(matrix(rnorm(120 * 200), 120)) / 200
  for (terms in list(case$terms, c(case$terms, list(other = other)))) for (share in c(.4, 1e-5, 0)) {
    s <- c(share, c(.3, .2)[seq_along(terms)[-1] - 1], .9)
    got <- .Call(C_ffi_test_mixed_point, case$y, case$w, unname(terms), s)
    p <- solve(Reduce(`+`, Map(`*`, matrices_of(terms, 120), s)))
    p <- p - p %*% case$w %*% solve(t(case$w) %*% p %*% case$w, t(case$w) %*% p)
    py <- p %*% case$y
    score <- vapply(matrices_of(terms, 120), function(a) (sum(py * (a %*% py)) - sum(p * a)) / 2, 0)
    expect_equal(got$score, unname(score), tolerance = 1e-9, info = paste(length(terms), share))
  }
})

test_that("the variances are at the top of the likelihood, in the units of the outcome", {
  case <- mixed_case()
  fit <- mixed_components(case$y, case$w, case$terms)
  top <- stats::optim(
    log(fit$variance) + .3, function(l) -reml_twin(exp(l), case$y, case$w, case$terms), method = "BFGS",
    control = list(reltol = 1e-13)
  )
  expect_equal(unname(fit$variance), unname(exp(top$par)), tolerance = 1e-4)
  expect_equal(fit$loglik, -top$value, tolerance = 1e-9)
  ten <- mixed_components(10 * case$y, cbind(case$w, case$w[, 2]), case$terms)
  expect_equal(ten$variance, 100 * fit$variance, tolerance = 1e-6)
  expect_equal(ten$se, 100 * fit$se, tolerance = 1e-5)
})

test_that("balanced groups: the estimates of the analysis of variance, and 0 at the bound", {
  set.seed(3)
  group <- rep(1:40, each = 5)
  y <- rnorm(40)[group] + rnorm(200)
  means <- rowMeans(matrix(y, ncol = 5, byrow = TRUE))
  within <- sum((y - means[group])^2) / 160
  fit <- mixed_components(y, matrix(1, 200), list(cluster = group))
  expect_equal(unname(fit$variance), c(stats::var(means) - within / 5, within), tolerance = 1e-6)
  # Groups that differ less than chance.
  y <- y - means[group]
  none <- mixed_components(y, matrix(1, 200), list(cluster = group))
  expect_identical(none$variance[["cluster"]], 0)
  expect_equal(none$variance[["residual"]], stats::var(y), tolerance = 1e-6)
  expect_identical(is.na(none$se), c(cluster = TRUE, residual = FALSE))
})

test_that("whitened rows have the generalised least squares of the matrices", {
  case <- mixed_case()
  s <- c(.5, .2, .8)
  v <- Reduce(`+`, Map(`*`, matrices_of(case$terms, 120), s))
  white <- mixed_whiten(cbind(case$y, case$w), case$terms, s)
  expect_equal(crossprod(white), t(cbind(case$y, case$w)) %*% solve(v, cbind(case$y, case$w)), ignore_attr = TRUE)
})

test_that("a relatedness matrix that cannot be one, and a stop in the middle", {
  case <- mixed_case()
  case$terms$background <- -10 * case$terms$background
  expect_error(mixed_components(case$y, case$w, case$terms), "not positive semidefinite", class = "latentmr_error_singular")
  case <- mixed_case(400)
  expect_interruptible(function() mixed_components(case$y, case$w, case$terms))
  expect_interruptible(function() mixed_whiten(cbind(case$y, case$w), case$terms, c(.1, .2, .3)))
})
