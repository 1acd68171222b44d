# Structure that is left, by the scores of background variants, against rows written out.
quiet <- function(code) suppressWarnings(suppressMessages(code))

# Two sites; background variants in runs of six, of which `decay` copies the one before; `tied`: how much ancestry moves
# both traits, `genes`: the background's effects on both.
null_parts <- function(n = 600, p = 20, m = 150, tied = 0, genes = 0, fst = .03, decay = .9, seed = 1) {
  set.seed(seed)
  f <- runif(p + m, .2, .8)
  q <- rbeta(n, 2, 2)
  step <- sample(c(-1, 1), p + m, TRUE) * sqrt(fst * f * (1 - f))
  g <- matrix(rbinom(n * (p + m), 2, pmin(pmax(rep(f, each = n) + outer(q - .5, 2 * step), .05), .95)), n)
  for (j in p + seq_len(m)) {
    if (j %% 12 > 6) {
      copy <- runif(n) < decay
      g[copy, j] <- g[copy, j - 1]
    }
  }
  gene <- if (genes > 0) genes * drop(scale(scale(g[, -seq_len(p)]) %*% rnorm(m))) else 0
  colnames(g) <- paste0("v", seq_len(p + m))
  u <- rnorm(n)
  a <- drop(scale(q))
  x <- drop(scale(scale(g[, seq_len(p)]) %*% rep(.3, p))) + u + tied * a + gene + rnorm(n)
  list(
    z = g[, seq_len(p)], b = g[, -seq_len(p)], x = x, y = .3 * x + u + tied * a + gene + rnorm(n), age = rnorm(n),
    site = rep(c("a", "b"), n / 2)
  )
}

null_data <- function(s) {
  quiet(mr_data(
    s$z, s$x, s$y, s$site, covariates = data.frame(age = s$age), background = s$b, ids = sprintf("i%04d", seq_along(s$x))
  ))
}

test_that("scores, noise and LD scores of background variants are those of the rows", {
  s <- null_parts(n = 1500, m = 120, tied = .5)
  s$b[sample(length(s$b), 500)] <- NA
  data <- null_data(s)
  source <- quiet(working_source(data, encoder_control(), 0L, NULL, 1L, TRUE))
  null <- source$null
  kept <- thin_background(data, list(data$genotypes, data$background), background_defaults)
  whole <- apply(s$b, 2, function(v) ifelse(is.na(v), ave(v, s$site, FUN = function(x) mean(x, na.rm = TRUE)), v))
  pc <- source$data$structure
  expect_gte(ncol(pc), 1)
  slopes <- model.matrix(~ s$site * pc)
  by <- qr(cbind(slopes, s$age))
  b <- qr.resid(by, whole[, kept$keep])
  traits <- qr.resid(by, cbind(s$y, s$x))
  expect_equal(null$scores, unname(crossprod(b, traits) / sqrt(colSums(b^2))), tolerance = 1e-8)
  expect_equal(null$noise, unname(crossprod(traits) / (length(s$x) - by$rank)), tolerance = 1e-8)
  r2 <- cor(qr.resid(qr(model.matrix(~ s$site)), whole))^2
  r2 <- r2 - (1 - r2) / (length(s$x) - 2)
  expect_equal(null$ldscore, unname(rowSums(r2))[kept$keep], tolerance = 1e-8)
  expect_gt(sd(null$ldscore), LEAST_LD_SPREAD)
})

test_that("LD scores stop where chromosomes and windows do", {
  data <- list(
    environment = rep("a", 200),
    background = list(variants = data.frame(chr = rep(c("1", "2"), each = 30), pos = rep(seq_len(30) * 400, 2)))
  )
  control <- modifyList(background_defaults, list(ld_window = 1000))
  near <- outer(rep(1:2, each = 30), rep(1:2, each = 30), "==") & abs(outer(rep(1:30, 2), rep(1:30, 2), "-")) <= 2
  r2 <- matrix(.5, 60, 60)
  expect_equal(
    ld_sums(r2, data, 1:60, rep(TRUE, 60), 500L, control), rowSums((.5 - .5 / 198) * near), tolerance = 1e-12
  )
  # Pairs of old columns were counted before.
  new <- rep(c(FALSE, TRUE), each = 30)
  pairs <- outer(new, new, "|")
  expect_equal(ld_sums(r2, data, 1:60, new, 500L, control), rowSums((.5 - .5 / 198) * near * pairs), tolerance = 1e-12)
})

test_that("the intercept is a weighted regression on LD scores with the error of HC3", {
  set.seed(2)
  l <- rexp(200) + 1
  y <- 2 + .7 * l + rnorm(200)
  w <- runif(200)
  fit <- lm(y ~ l, weights = w)
  h <- solve(crossprod(cbind(1, l) * sqrt(w)))
  meat <- crossprod(cbind(1, l) * w * resid(fit) / (1 - hatvalues(fit)))
  found <- null_regression(y, unname(cbind(1, l)), w)
  expect_equal(found$b, unname(coef(fit)), tolerance = 1e-10)
  expect_equal(found$se, sqrt((h %*% meat %*% h)[1, 1]), tolerance = 1e-10)
  # Variances that are 1 / weight: Satterthwaite's degrees of freedom of products of normal scores.
  each <- (h %*% t(cbind(1, l) * w))[1, ]^2 / w
  expect_equal(found$df, 2 * sum(each)^2 / (8 * sum(each^2)), tolerance = 1e-10)
})

test_that("genes that act on both are in the slope, structure is in the intercept", {
  set.seed(3)
  m <- 20000
  l <- 1 + 4 * rexp(m)
  noise <- matrix(c(2, .8, .8, 1), 2)
  scores <- function(gene, tied) {
    effect <- rnorm(m) * sqrt(gene * l)
    ancestry <- rnorm(m) * sqrt(tied)
    matrix(rnorm(2 * m), m) %*% chol(noise) + cbind(effect + ancestry + .3 * ancestry, .8 * effect + ancestry)
  }
  of <- function(gene, tied, ld = l) null_noise_of(list(scores = scores(gene, tied), noise = noise, ldscore = ld), .3)
  genes <- of(.3, 0)
  expect_lt(abs(genes$excess / genes$se), 3)
  expect_gt(of(.3, 0, rep(1, m))$excess / genes$se, 10)
  expect_false(of(.3, 0, rep(1, m))$linked)
  both <- of(.3, .5)
  # Ancestry of variance .5 moves the exposure by 1 and the residual y - .3 x by 1: an excess of .5.
  expect_lt(abs(both$excess - .5), 4 * both$se)
  expect_gt(both$excess / both$se, 5)
  expect_equal(both$more[2, 2], .5, tolerance = .5)
})

test_that("the verdict says what is left, objects where it matters, and not where nothing is", {
  left <- null_data(null_parts(tied = 1))
  blind <- quiet(latent_mr(left, control = encoder_control(max_components = 0), seed = 1, by_environment = FALSE))
  d <- blind$diagnostics$null
  m <- blind$latent$kclass
  expect_equal(d$people, m$r1 / m$df)
  expect_gt(d$bias, 2 * d$se)
  expect_equal(d$detectable, (qt(.975, d$df) + qt(.8, d$df)) * d$se)
  expect_equal(d$pval, 2 * pt(-abs(d$bias / d$se), d$df))
  signal <- m$r0 - m$r1 - m$L * d$noise
  expect_equal(d$b, signal[1, 2] / signal[2, 2])
  expect_match(null_line(d), sprintf("= %s of shift (error %s)", format_b(d$bias), format_b(d$se)), fixed = TRUE)
  said <- verdict(blind)
  expect_true(said$objects[said$check == "background variants"])
  expect_match(attr(said, "headline")[1], "structure is left (background variants)", fixed = TRUE)
  # Of no consequence, and where structure cannot be told from genes, it is said and does not object.
  small <- blind
  small$diagnostics$null$bias <- 1e-6
  expect_false(any(verdict(small)$objects[said$check == "background variants"]))
  unlinked <- blind
  unlinked$diagnostics$null$linked <- FALSE
  row <- verdict(unlinked)[said$check == "background variants", ]
  expect_false(row$objects)
  expect_match(row$finding, "by structure or by genes that act on both", fixed = TRUE)
  clean <- quiet(latent_mr(null_data(null_parts(seed = 4)), seed = 1, by_environment = FALSE))
  row <- verdict(clean)[verdict(clean)$check == "background variants", ]
  expect_false(row$objects)
  expect_match(row$finding, "show no structure that is left", fixed = TRUE)
})

test_that("it is not looked at with families or too few variants", {
  s <- null_parts(n = 400, m = 60)
  data <- null_data(s)
  few <- s
  few$b <- s$b[, 1:12]
  expect_null(quiet(latent_mr(null_data(few), seed = 1, by_environment = FALSE))$diagnostics$null)
  data$family <- factor(rep(seq_len(200), 2))
  expect_null(quiet(latent_mr(data, seed = 1, by_environment = FALSE))$diagnostics$null)
})
