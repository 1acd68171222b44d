test_that("a seed gives the same data under any generator and leaves the session's stream alone", {
  draw <- function(seed = NULL) simulate_mr("snp", cell = 16, n = 30, seed = seed)
  set.seed(4)
  after <- stats::runif(2)
  set.seed(4)
  first <- draw(7)
  expect_identical(stats::runif(2), after)
  old <- RNGkind("Wichmann-Hill", "Ahrens-Dieter")
  on.exit(RNGkind(old[1], old[2]))
  expect_identical(draw(7), first)
  expect_identical(RNGkind()[1:2], c("Wichmann-Hill", "Ahrens-Dieter"))
  expect_false(identical(draw(8)$exposure, first$exposure))
  set.seed(4)
  one <- draw()
  two <- draw()
  set.seed(4)
  expect_identical(draw(), one)
  expect_false(identical(one$exposure, two$exposure))
})

test_that("the published design has its instruments, its moving and its standing block", {
  p <- c(poly1 = 5, poly2 = 15, poly3 = 35, mlp = 4)
  for (mixing in names(p)) {
    drawn <- with_seed(1, simulate_authors(mixing, 3, n = 40))
    expect_equal(dim(drawn$x), c(120, p[[mixing]]))
  }
  drawn <- with_seed(2, simulate_authors("poly1", 3, n = 40000))
  truth <- drawn$truth
  for (e in 1:3) {
    rows <- drawn$environment == paste0("e", e)
    eta <- list(c(1, 1), c(2, 1), c(1, 2))[[e]]
    expect_equal(colMeans(truth$H[rows, ]), rep(2 * (e - 1), 2), tolerance = .02)
    expect_lt(max(abs(colMeans(truth$W[rows, ]))), .02)
    expect_lt(max(abs(stats::cov(truth$W[rows, ]) - c(1, .5, .5, 1))), .03)
    expect_lt(max(abs(colMeans(truth$V[rows, ]) - 2 * (e - 1) * eta)), .05)
    expect_lt(max(abs(stats::cov(truth$V[rows, ]) - (c(1, .5, .5, 1) + diag(eta^2)))), .15)
  }
  structural <- stats::lm(drawn$outcome ~ drawn$exposure + truth$H)
  expect_equal(unname(stats::coef(structural)), c(0, 1, 1, 1), tolerance = .02)
  exposure <- stats::lm(drawn$exposure ~ truth$V + truth$W + truth$H)
  expect_equal(unname(stats::coef(exposure)), c(0, rep(1, 6)), tolerance = .03)
})

test_that("the mixing is the same for every seed, holds all monomials and is not ill-conditioned", {
  x <- matrix(stats::rnorm(28), 7)
  for (degree in 1:3) {
    ours <- monomials(x, degree)
    twin <- monomials_twin(x, degree)
    expect_equal(sort(ours[1, ]), sort(twin[1, ]))
    expect_equal(sort(colSums(ours)), sort(colSums(twin)))
    values <- svd(draw_polynomial_mixing(degree)[[1]])$d
    expect_gte(min(values), max(values) / 5 * (1 - 1e-12))
  }
  maps <- draw_mlp_mixing()
  expect_equal(unlist(lapply(maps, function(m) colSums(m^2))), rep(1, 8))
  a <- with_seed(1, simulate_authors("poly2", n = 10))
  b <- with_seed(2, simulate_authors("poly2", n = 10))
  expect_identical(a$truth$mixing, b$truth$mixing)
  expect_equal(a$x, structure(
    monomials(cbind(a$truth$V, a$truth$W), 2) %*% a$truth$mixing[[1]],
    dimnames = list(NULL, paste0("z", 1:15))
  ))
})

# OLS, 2SLS on the instruments, the same with environments partialled out, on W:
# biases of the published design, degree 3, from an independent simulation.
test_that("the published design has the biases known for it", {
  known <- list(c(.304, .297, .228, .003), c(.368, .363, .224, .000))
  for (e in 2:3) {
    d <- with_seed(e, simulate_authors("poly3", e))
    one <- rep(1, length(d$outcome))
    dummies <- stats::model.matrix(~ d$environment)
    bias <- c(
      stats::cov(d$exposure, d$outcome) / stats::var(d$exposure),
      tsls_twin(d$outcome, d$exposure, d$x, one), tsls_twin(d$outcome, d$exposure, d$x, dummies),
      tsls_twin(d$outcome, d$exposure, d$truth$W, one)
    ) - 1
    expect_lt(max(abs(bias - known[[e - 1]]) / c(.005, .005, .01, .04)), 1)
  }
})

test_that("frequencies differ between ancestries as Fst says", {
  for (cell in c(1, 6, 14)) {
    law <- snp_cells[cell, ]
    law$ancestries <- 2
    f <- with_seed(cell, draw_frequencies(4e4, law))
    hudson <- sum((f[1, ] - f[2, ])^2) / sum(f[1, ] * (1 - f[2, ]) + f[2, ] * (1 - f[1, ]))
    expect_equal(hudson, law$fst, tolerance = .03)
    expect_true(all(f >= .01 & f <= .99))
    expect_equal(mean(f), .5, tolerance = .02)
  }
  rare <- with_seed(1, draw_frequencies(4e4, snp_cells[16, ]))
  expect_equal(mean(rare), .105, tolerance = .03)
})

test_that("genotypes are two alleles at the person's own frequency", {
  shares <- rbind(c(1, 0), c(.25, .75))[rep(1:2, each = 50000), ]
  f <- rbind(c(.1, .9, .5), c(.5, .1, .5))
  q <- rbind(f[1, ], c(.4, .3, .5))
  x <- with_seed(1, draw_genotypes(shares, f))
  expect_type(x, "integer")
  for (g in 1:2) {
    rows <- seq_len(50000) + (g - 1) * 50000
    expect_lt(max(abs(colMeans(x[rows, ]) - 2 * q[g, ])), .015)
    expect_lt(max(abs(apply(x[rows, ], 2, stats::var) - 2 * q[g, ] * (1 - q[g, ]))), .02)
  }
  expect_lt(max(abs(stats::cor(x[1:50000, ])[upper.tri(diag(3))])), .02)
})

test_that("linkage is .77 squared inside a block and none between blocks", {
  shares <- matrix(1, 50000, 1)
  x <- with_seed(3, draw_linked_genotypes(shares, matrix(.3, 1, 6), rep(1:2, each = 3)))
  r <- stats::cor(x)
  inside <- outer(rep(1:2, each = 3), rep(1:2, each = 3), `==`) & upper.tri(r)
  expect_lt(max(abs(r[inside] - .77^2)), .02)
  expect_lt(max(abs(r[1:3, 4:6])), .02)
  expect_lt(max(abs(colMeans(x) - .6)), .015)
  data <- with_seed(3, simulate_snp(11, n = 400))
  expect_equal(as.integer(data$truth$block), rep(1:20, each = 5))
})

test_that("ancestry shares follow each cell's law", {
  for (cell in 1:16) {
    q <- with_seed(cell, simulate_snp(cell, n = 300))$truth$Q
    expect_equal(rowSums(q), rep(1, nrow(q)))
    expect_equal(ncol(q), snp_cells$ancestries[cell])
  }
  site <- rep(1:6, each = 4000)
  same <- rowsum(with_seed(1, draw_ancestry(13, snp_cells[13, ], site)), site) / 4000
  expect_lt(max(apply(same, 2, function(m) diff(range(m)))), .03)
  moving <- rowsum(with_seed(1, draw_ancestry(1, snp_cells[1, ], site)), site) / 4000
  expect_gt(max(apply(moving, 2, function(m) diff(range(m)))), .2)
  site <- rep(1:8, each = 4000)
  pure <- rowsum(with_seed(1, draw_ancestry(12, snp_cells[12, ], site)), site) / 4000
  expect_lt(max(abs(pure[cbind(1:8, rep(1:4, 2))] - 3 / 3.15)), .01)
})

test_that("exposure and outcome follow their equations, stressed or not", {
  for (stress in c("plain", "none", "opposite", "sparse", "heteroskedastic")) {
    d <- with_seed(11, simulate_snp(8, n = 20000, effect = -.7, stress = stress))
    t <- d$truth
    first <- stats::lm(d$exposure ~ t$score + t$confounder)
    second <- d$outcome + .7 * d$exposure - t$confounder
    expect_lt(max(abs(stats::coef(first) - c(0, sqrt(.15), .5))), if (stress == "heteroskedastic") .1 else .03)
    expect_equal(mean(t$score^2), 1)
    e <- stats::residuals(first)
    moments <- c(stats::var(e), stats::var(second), stats::cov(e, second))
    known <- switch(stress,
      opposite = c(.64 + .49, 1 + 2.25, -.7 * 1.5), heteroskedastic = NA, c(.64, 1, 0)
    )
    if (!anyNA(known)) expect_lt(max(abs(moments - known)), .05)
    site <- as.integer(d$environment)
    if (stress == "heteroskedastic") {
      spread <- tapply(e[t$score > 1]^2, site[t$score > 1], mean) / tapply(e[t$score < -1]^2, site[t$score < -1], mean)
      expect_gt(max(spread), 1.3)
      expect_gt(moments[3], .05)
    }
    expect_lt(abs(mean(t$strength == 0) - if (stress == "sparse") .8 else 0), .2)
  }
  none <- with_seed(11, simulate_snp(13, n = 500, stress = "none"))$truth
  site <- rep(1:6, each = 500)
  u <- stats::lm(none$confounder ~ factor(site) + none$Q)
  expect_lt(stats::sigma(u), 1e-8)
})

test_that("special confounders are curved or differ by site, and pleiotropy has its size", {
  d <- with_seed(5, simulate_snp(2, n = 5000))$truth
  linear <- stats::lm(d$confounder ~ d$Q)
  curved <- stats::lm(d$confounder ~ d$Q + I(stats::fitted(linear)^2) + I(d$Q[, 1]^2) + I(d$Q[, 2]^2) + I(d$Q[, 1] * d$Q[, 2]))
  expect_equal(stats::sigma(curved), .5, tolerance = .02)
  expect_gt(stats::sigma(linear), .6)
  site <- factor(rep(1:6, each = 5000))
  d <- with_seed(5, simulate_snp(10, n = 5000))$truth
  expect_equal(stats::sigma(stats::lm(d$confounder ~ site * d$Q)), .5, tolerance = .02)
  expect_gt(stats::sigma(stats::lm(d$confounder ~ site + d$Q)), .51)
  off <- vapply(1:30, function(seed) {
    d <- with_seed(seed, simulate_snp(14, n = 300, pleiotropy = 10))
    r <- d$outcome - .3 * d$exposure - d$truth$confounder
    stats::var(r) - 1
  }, 0)
  expect_lt(abs(mean(off) - 1.5^2), .4)
})

test_that("the oracle that knows ancestry finds the effect, who ignores it does not", {
  estimates <- vapply(1:8, function(seed) {
    d <- with_seed(seed, simulate_snp(1))
    e <- stats::model.matrix(~ d$environment)
    c(tsls_twin(d$outcome, d$exposure, d$x, cbind(e, d$truth$Q[, -1])), tsls_twin(d$outcome, d$exposure, d$x, e[, 1]))
  }, numeric(2))
  expect_lt(abs(mean(estimates[1, ]) - .3), .04)
  expect_gt(mean(estimates[2, ]), .8)
})

test_that("calls are lost at the rate asked, by site, background too", {
  missing <- c(0, .02, .1, .3)
  data <- simulate_mr("snp", cell = 16, missing = missing, background = 60, seed = 1)
  for (part in list(mr_genotypes(data), mr_background(data))) {
    share <- tapply(rowMeans(is.na(part)), data$environment, mean)
    expect_lt(max(abs(share - missing)), .01)
    expect_identical(share[[1]], 0)
  }
  expect_identical(data$truth$effect, .3)
  expect_identical(colnames(data$truth$frequencies), paste0("snp", 1:40))
  # The same people and traits with and without lost calls.
  whole <- simulate_mr("snp", cell = 16, background = 60, seed = 1)
  expect_identical(whole$exposure, data$exposure)
  part <- mr_genotypes(data)
  expect_identical(part[!is.na(part)], mr_genotypes(whole)[!is.na(part)])
})

test_that("simulations are mr_data objects, silent and named", {
  expect_silent(data <- simulate_mr("snp", cell = 8, n = 100, seed = 1))
  expect_s3_class(data, "mr_data")
  expect_identical(data$kind, "genotype")
  expect_identical(levels(data$environment), c("site1", "site2"))
  expect_identical(c(data$exposure_name, data$outcome_name), c("exposure", "outcome"))
  expect_silent(data <- simulate_mr("authors", n = 100, seed = 1))
  expect_identical(data$kind, "continuous")
  expect_identical(levels(data$environment), c("e1", "e2"))
})

test_that("bad arguments of simulate_mr() are named", {
  expect_conditions({
    simulate_mr("author")
    simulate_mr("snp", cel = 2)
    simulate_mr("snp", 2)
    simulate_mr("snp", cell = 1, cell = 2)
    simulate_mr("authors", cell = 2)
    simulate_mr("authors", mixing = "poly4")
    simulate_mr("authors", environments = 4)
    simulate_mr("authors", n = 1)
    simulate_mr("snp", cell = 17)
    simulate_mr("snp", n = NA)
    simulate_mr("snp", stress = "all")
    simulate_mr("snp", h2 = 2)
    simulate_mr("snp", missing = 1)
    simulate_mr("snp", missing = c(.1, .2))
    simulate_mr("snp", background = -1)
    simulate_mr("snp", pleiotropy = "a")
    simulate_mr("snp", effect = NaN)
    simulate_mr("snp", seed = 1.5)
  })
})
