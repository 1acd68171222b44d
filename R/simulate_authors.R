# The design of the published method (see simulate_mr()).

simulate_authors <- function(mixing = "poly1", environments = 2, n = 10000, effect = 1, mixing_seed = NULL) {
  check_choice(mixing, "mixing", c("poly1", "poly2", "poly3", "mlp"))
  check_number(environments, "environments", min = 2, max = 3, whole = TRUE)
  check_number(n, "n", min = 10, max = 1e7, whole = TRUE)
  check_number(effect, "effect")
  check_number(mixing_seed, "mixing_seed", min = 0, max = .Machine$integer.max, whole = TRUE, null = TRUE)
  if (is.null(mixing_seed)) mixing_seed <- if (environments == 2) 100 else 123

  sigma <- matrix(c(1, .5, .5, 1), 2)
  eta <- if (environments == 2) {
    list(c(1, 1), c(2, 2))
  } else {
    list(c(1, 1), c(2, 1), c(1, 2))
  }
  total <- n * environments
  environment <- rep(seq_len(environments), each = n)
  normal <- function(columns) matrix(stats::rnorm(total * columns), total)
  confounder <- normal(2) + 2 * (environment - 1)
  root <- chol(sigma)
  invalid <- normal(2) %*% root + confounder * do.call(rbind, eta)[environment, ]
  valid <- normal(2) %*% root
  latent <- cbind(invalid, valid)
  x <- rowSums(latent) + rowSums(confounder) + stats::rnorm(total)
  y <- effect * x + rowSums(confounder) + stats::rnorm(total)

  degree <- if (mixing == "mlp") 0L else as.integer(sub("poly", "", mixing))
  maps <- with_seed(as.integer(mixing_seed), if (degree) draw_polynomial_mixing(degree) else draw_mlp_mixing())
  z <- if (degree) {
    monomials(latent, degree) %*% maps[[1]]
  } else {
    hidden <- latent %*% maps[[1]]
    pmax(hidden, .2 * hidden) %*% maps[[2]]
  }
  colnames(z) <- paste0("z", seq_len(ncol(z)))
  list(
    x = z, exposure = x, outcome = y, kind = "continuous",
    environment = factor(paste0("e", environment)),
    truth = list(effect = effect, W = valid, V = invalid, H = confounder, mixing = maps, sigma = sigma)
  )
}

# Singular values below a fifth of the largest are raised to it.
draw_polynomial_mixing <- function(degree, columns = 4L) {
  p <- choose(columns + degree, degree)
  parts <- svd(matrix(stats::rnorm(p * p), p))
  list(parts$u %*% (pmax(parts$d, parts$d[1] / 5) * t(parts$v)))
}

draw_mlp_mixing <- function(columns = 4L) {
  lapply(1:2, function(layer) {
    m <- matrix(stats::runif(columns^2, -1, 1), columns)
    m / rep(sqrt(colSums(m^2)), each = columns)
  })
}

# All products of columns of x up to a degree, the constant first. Each is an
# earlier one times a column no later than its own first factor.
monomials <- function(x, degree) {
  out <- list(rep(1, nrow(x)))
  last <- list(list(value = out[[1]], to = ncol(x)))
  for (d in seq_len(degree)) {
    last <- unlist(lapply(last, function(m) {
      lapply(seq_len(m$to), function(j) list(value = m$value * x[, j], to = j))
    }), recursive = FALSE)
    out <- c(out, lapply(last, `[[`, "value"))
  }
  do.call(cbind, out)
}
