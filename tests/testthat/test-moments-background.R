# Background variants that cannot tell what structure there is are not used (R/moments_background.R).

# Two ancestries, 12 instruments, background of `wide` independent variants or all of them copies of one.
block_people <- function(n = 500, wide = 0L, copies = 12L, environments = 2L) {
  with_seed(11, {
    q <- stats::runif(n)
    e <- factor(paste0("site", 1 + (q + stats::rnorm(n, sd = .3) > .5)))
    if (environments == 1) e[] <- "site1"
    g <- vapply(seq_len(12 + wide + 1), function(j) stats::rbinom(n, 2, .2 + (.2 + .3 * (j %% 2)) * q) + 0, q)
    x <- rowSums(g[, 1:12]) / 4 + 2 * q + stats::rnorm(n)
    y <- .3 * x + 2 * q + stats::rnorm(n)
    b <- g[, -(1:12), drop = FALSE]
    if (!wide) {
      b <- b[, rep(1, copies)]
      b[cbind(seq_len(copies), seq_len(copies))] <- (b[cbind(seq_len(copies), seq_len(copies))] + 1) %% 3
    }
    colnames(g) <- paste0("rs", seq_len(ncol(g)))
    colnames(b) <- paste0("b", seq_len(ncol(b)))
    list(g = g[, 1:12], b = b, x = x, y = y, e = droplevels(e))
  })
}

block_data <- function(d, background = d$b) {
  suppressMessages(mr_data(d$g, d$x, d$y, d$e, kind = "genotype", background = background))
}

test_that("background variants in one block: the fit is that without them, and says so", {
  d <- block_people()
  alone <- suppressWarnings(latent_mr(block_data(d, NULL), seed = 1))
  expect_gt(ncol(alone$encoder$variant), 0)
  for (data in list(block_data(d), suppressMessages(mr_moments(block_data(d), seed = 1, disclosure = FALSE)))) {
    fit <- suppressMessages(suppressWarnings(latent_mr(data, seed = 1)))
    expect_identical(fit$mode, "panel")
    if (inherits(data, "mr_data")) expect_equal(as.data.frame(fit), as.data.frame(alone))
    says <- "The background variants given count as 1.0 independent ones, the instruments as 10.9, too few to tell: the panel's own structure is used instead."
    expect_identical(mode_words(fit), paste("Mode: panel.", says))
    told <- verdict(fit)
    expect_identical(told$finding[told$check == "background variants"], says)
    expect_false(told$objects[told$check == "background variants"])
  }
  expect_match(gsub("\n +", " ", paste(capture.output(print(fit)), collapse = "\n")), says, fixed = TRUE)
})

test_that("background variants that tell are used; one environment and no component asked for stay as they are", {
  used <- function(d, control = encoder_control()) suppressMessages(add_background(block_data(d), control))
  wide <- used(block_people(wide = 60L))
  expect_null(wide$background_fit$fallback)
  expect_identical(ncol(wide$structure), wide$background_fit$components)
  expect_gt(ncol(wide$structure), 0)
  expect_null(used(block_people(environments = 1L))$background_fit$fallback)
  none <- used(block_people(), encoder_control(max_components = 0))
  expect_null(none$background_fit$fallback)
  expect_true(has_components(list(background = none$background_fit)))
  why <- function(count, background) {
    background_fallback(count, c(background = background, instruments = 12), 2, background_defaults)
  }
  expect_identical(why(0, 500), "none")
  expect_identical(why(3, 11.9), "linked")
  expect_null(why(3, 12))
})

test_that("the number of independent variants is that of their correlations given the components", {
  d <- block_people(wide = 20L)
  d$b[, 2] <- ifelse(seq_along(d$x) %% 3 == 0, d$b[, 2], d$b[, 1])
  data <- block_data(d)
  fit <- suppressMessages(add_background(data, encoder_control(background_r2 = 1)))$background_fit
  expect_gt(fit$components, 0)
  both <- cbind(d$g, d$b)
  panel <- panel_source(data, list(data$genotypes, data$background), seq_len(ncol(d$b)))
  view <- moments_view(mr_moments(panel, folds = 1, seed = 1L, disclosure = FALSE))
  found <- background_components(view, data, ncol(both), encoder_control())
  independent <- function(r) {
    own <- sum(diag(r))
    own^2 / max(sum(r^2) - own^2 / nrow(both), sum(diag(r)^2))
  }
  # What a component explains of a variant: its correlation with the people's scores.
  scores <- scale(both, scale = FALSE) %*% found$loadings[, seq_len(fit$components), drop = FALSE]
  given <- cor(d$b) - tcrossprod(cor(d$b, scores))
  expect_equal(fit$effective[["background"]], independent(given), tolerance = 1e-8)
  expect_equal(fit$effective[["instruments"]], independent(cor(d$g)), tolerance = 1e-8)
  plain <- effective_panel(view, 12, found, 0)[["background"]]
  expect_equal(plain, independent(cor(d$b)), tolerance = 1e-8)
  expect_lt(plain, fit$effective[["background"]])
})
