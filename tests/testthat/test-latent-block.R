# Components of the panel against their slow twin, eigen() of the correlation matrix.

components_twin <- function(view) {
  g <- view$columns$instruments
  center <- view$mean[g, , drop = FALSE] - pooled_mean(view)[g]
  total <- Reduce(`+`, view$cross)[g, g, drop = FALSE] + center %*% (view$n * t(center))
  use <- which(diag(total) > 1e-11 * view_people(view) * view$scale[g])
  count <- min(10, length(use) %/% 2)
  top <- eigen(stats::cov2cor(total[use, use, drop = FALSE]), symmetric = TRUE)
  directions <- matrix(0, length(view$columns$variants), count)
  directions[use, ] <- top$vectors[, seq_len(count)] / sqrt(diag(total)[use] / view_people(view))
  directions
}

# Columns up to their sign.
expect_components <- function(view, tolerance = 1e-8) {
  got <- panel_components(view)
  want <- components_twin(view)
  expect_identical(dim(got), dim(want))
  signs <- sign(colSums(got * want))
  expect_equal(got, want %*% diag(signs, ncol(want)), tolerance = tolerance)
}

components_view <- function(n, p, constant = FALSE) {
  withr::local_seed(7)
  e <- rep(c("a", "b", "c"), n)
  ancestry <- matrix(rnorm(3 * n * 12), 3 * n) %*% diag(12:1 / 6)
  z <- matrix(rbinom(length(e) * p, 2, plogis(ancestry %*% matrix(rnorm(12 * p, 0, .4), 12))), length(e)) + 0
  if (constant) z[e == "b", c(2, 5)] <- 1
  data <- suppressWarnings(mr_data(z, rnorm(length(e)), rnorm(length(e)), e, cbind(age = rnorm(length(e)))))
  moments_view(mr_moments(data, folds = 1, seed = 1, disclosure = FALSE))
}

test_that("the leading components are those of eigen()", {
  for (p in c(3, 4, 30)) expect_components(components_view(80, p))
})

test_that("of fewer people than half of the variants they come from a factor", {
  view <- components_view(40, 300, constant = TRUE)
  expect_components(view)
  expect_components(view_subset(view, "b"), 1e-7)
  # A variant without variance here has no part.
  expect_identical(panel_components(view_subset(view, "b"))[c(2, 5), ], matrix(0, 2, 10))
  expect_components(view_subset(view, c("a", "c")), 1e-7)
  # So few people that some components are none: they say nothing, and are not NaN.
  few <- view_subset(components_view(10, 60), "a")
  expect_true(all(is.finite(panel_components(few))))
})
