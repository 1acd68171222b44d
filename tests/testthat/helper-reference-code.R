# Slow twins of the encoders that read rows, from their definitions alone.

# F(U) / d^2 of latents that lie in the span of the instruments: residuals of all
# products on (1, Z) by QR.
ref_closure_c <- function(z, latents) {
  n <- nrow(z)
  f <- qr.Q(qr(scale(latents, TRUE, FALSE))) * sqrt(n)
  on <- qr(cbind(1, z), tol = 1e-10)
  d <- ncol(f)
  total <- 0
  for (i in seq_len(d)) for (j in seq_len(d)) total <- total + sum(qr.resid(on, f[, i] * f[, j])^2) / n
  total / d^2
}

ref_softplus <- function(t) pmax(t, 0) + log1p(exp(-abs(t)))

# f(x) and log det J, person by person.
ref_flow <- function(theta, hinges, x) {
  d <- ncol(x)
  a <- matrix(theta[seq_len(d^2)], d)
  h <- matrix(theta[-seq_len(d^2)], d + 2)
  code <- x
  logdet <- numeric(nrow(x))
  for (i in seq_len(nrow(x))) {
    u <- x[i, ]
    jacobian <- diag(d)
    for (k in seq_len(hinges)) {
      c <- h[-(1:2), k]
      t <- sum(c * x[i, ]) + h[2, k]
      u <- u + h[1, k]^2 * c * ref_softplus(t)
      jacobian <- jacobian + h[1, k]^2 * plogis(t) * tcrossprod(c)
    }
    code[i, ] <- a %*% u
    logdet[i] <- log(det(jacobian))
  }
  list(code = code, logdet = logdet, a = a)
}

# Minus the Gaussian log likelihood per person, without its constant.
ref_flow_loss <- function(theta, hinges, x, e, w) {
  f <- ref_flow(theta, hinges, x)
  cov_ml <- function(y) crossprod(scale(y, TRUE, FALSE)) / nrow(y)
  half <- function(y) .5 * log(det(cov_ml(y)))
  invariant <- f$code[, seq_len(w), drop = FALSE]
  variant <- f$code[, setdiff(seq_len(ncol(f$code)), seq_len(w)), drop = FALSE]
  moving <- vapply(split(seq_along(e), e), function(i) length(i) / length(e) * half(variant[i, , drop = FALSE]), 0)
  half(invariant) + sum(moving) - mean(f$logdet) - log(abs(det(f$a)))
}

# Excess of the check, from canonical correlations.
ref_code_check <- function(w, v, e) {
  phi <- function(x) {
    x <- scale(x)
    products <- lapply(seq_len(ncol(x)), function(b) x[, seq_len(b)] * x[, b])
    cbind(x, do.call(cbind, products))
  }
  pw <- phi(w)
  pv <- phi(v)
  n <- length(e)
  within <- sum(vapply(split(seq_len(n), e), function(i) {
    length(i) * (sum(cancor(pw[i, ], pv[i, ])$cor^2) - ncol(pw) * ncol(pv) / (length(i) - 1))
  }, 0)) / n
  dummies <- outer(e, unique(e)[-1], "==") + 0
  c(within = within, between = sum(cancor(pw, dummies)$cor^2) - ncol(pw) * ncol(dummies) / (n - 1))
}

# Draws of the largest eigenvalue of M of whitened columns, labels permuted.
ref_permuted <- function(x, e, draws) {
  replicate(draws, {
    e <- sample(e)
    m <- matrix(0, ncol(x), ncol(x))
    for (k in unique(e)) {
      y <- x[e == k, , drop = FALSE]
      s <- crossprod(scale(y, TRUE, FALSE)) / nrow(y) - diag(ncol(x))
      m <- m + mean(e == k) * (tcrossprod(colMeans(y)) + s %*% s / 2)
    }
    max(eigen(m, TRUE, TRUE)$values)
  })
}

# Latents of the published design with another law of everything that is drawn.
draw_latents <- function(law, n, environments, seed) {
  with_seed(seed, {
    total <- n * environments
    draw <- function() {
      matrix(switch(law,
        normal = rnorm(2 * total), uniform = runif(2 * total, -1, 1) * sqrt(3),
        laplace = rexp(2 * total) * sample(c(-1, 1), 2 * total, TRUE) / sqrt(2), t5 = rt(2 * total, 5) / sqrt(5 / 3)
      ), total)
    }
    e <- rep(seq_len(environments), each = n)
    eta <- if (environments == 2) list(c(1, 1), c(2, 2)) else list(c(1, 1), c(2, 1), c(1, 2))
    h <- draw() + 2 * (e - 1)
    root <- chol(matrix(c(1, .5, .5, 1), 2))
    v <- draw() %*% root + h * do.call(rbind, eta)[e, ]
    w <- draw() %*% root
    x <- rowSums(cbind(v, w, h)) + rnorm(total)
    list(V = v, W = w, H = h, e = paste0("e", e), x = x, y = x + rowSums(h) + rnorm(total))
  })
}

as_continuous <- function(z, latents) {
  moved_traits(mr_data(z, latents$x, latents$y, latents$e, kind = "continuous"))
}

# Data of which the environments explain most of the traits, as they do by design here.
moved_traits <- function(code) {
  withCallingHandlers(
    suppressMessages(code), latentmr_warning_environment = function(w) {
      if (startsWith(conditionMessage(w), "The environments explain")) invokeRestart("muffleWarning")
    }
  )
}
