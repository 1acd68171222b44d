quiet <- function(code) suppressWarnings(suppressMessages(code))

# A panel with alleles: A/G, C/T, A/C in turn.
lettered <- function(...) {
  d <- simulate_mr("snp", cell = 3, n = 300, seed = 4, ...)
  p <- nrow(d$variants)
  d$variants$effect_allele <- rep(c("A", "C", "A"), length.out = p)
  d$variants$other_allele <- rep(c("G", "T", "C"), length.out = p)
  d
}

published <- function(d) {
  data.frame(
    SNP = d$variants$snp, effect_allele = d$variants$effect_allele, other_allele = d$variants$other_allele,
    beta = d$truth$strength + .3, stringsAsFactors = FALSE
  )
}

test_that("weights are matched by allele: same, flipped, other strand, left out", {
  panel <- data.frame(
    snp = paste0("rs", 1:9), effect_allele = c("A", "A", "A", "A", "A", "A", "A", NA, "A"),
    other_allele = c("G", "G", "G", "G", "G", "T", "G", "G", "G")
  )
  given <- data.frame(
    SNP = c("RS1", "rs2", "rs3", "rs4", "rs5", "rs6", "rs7", "rs8", "rs9", "rs10", "rs1", "rs2 "),
    effect_allele = c("a", "G", "T", "C", "A", "A", "A", "A", NA, "A", "A", "A"),
    other_allele = c("g", "A", "C", "T", "C", "T", "G", "G", "G", "G", "G", "T"),
    beta = c(1, 2, 3, 4, 5, 6, NA, 8, 9, 10, 11, 12)
  )
  expect_message(score <- allele_score(given, panel, "genotype"), class = "latentmr_message_weights")
  expect_identical(score$table$status, c(
    "same allele", "flipped", "other strand", "other strand, flipped", "other alleles", "palindromic", "no weight",
    "no alleles in the data", "no alleles given", "not in the data", "repeated", "palindromic"
  ))
  expect_identical(score$direction, c(1, -2, 3, -4, 0, 0, 0, 0, 0))
  expect_identical(score$table$weight, c(1, -2, 3, -4, rep(NA, 8)))
  expect_snapshot(cat(strwrap(score_words(score, 9), 80), sep = "\n"))
  # TwoSampleMR's own names.
  named <- setNames(given, c("SNP", "effect_allele.exposure", "other_allele.exposure", "beta.exposure"))
  expect_identical(quiet(allele_score(named, panel, "genotype"))$direction, score$direction)
})

test_that("score rows are two-stage least squares with the score, by explicit regressions", {
  d <- lettered(missing = .03)
  set.seed(2)
  d$covariates <- cbind(age = rnorm(length(d$exposure)))
  weights <- published(d)
  weights$beta[1] <- -weights$beta[1]
  weights[1, 2:3] <- weights[1, 3:2] # the same weight, of the other allele
  fit <- quiet(latent_mr(d, score_weights = weights, seed = 1))
  frame <- as.data.frame(fit)
  expect_true(all(c("score", "latent_score") %in% frame$estimator))
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  s <- drop(z %*% published(d)$beta)
  by_hand <- function(block) {
    r <- ref_residual(cbind(d$outcome, d$exposure, s), block)
    b <- sum(r[, 3] * r[, 1]) / sum(r[, 3] * r[, 2])
    e <- r[, 1] - b * r[, 2]
    n <- nrow(r)
    m <- qr(block)$rank + 1
    c(b, sqrt(sum((r[, 3] * e)^2) * n / (n - m)) / abs(sum(r[, 3] * r[, 2])))
  }
  blocks <- list(
    score = cbind(ref_dummies(d$environment), d$covariates),
    latent_score = cbind(ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact), d$covariates)
  )
  for (id in names(blocks)) {
    row <- frame[frame$estimator == id, ]
    expect_equal(c(row$b, row$se), by_hand(blocks[[id]]), tolerance = 1e-6, ignore_attr = TRUE)
    expect_identical(row$nsnp, 1)
  }
  sums <- as.data.frame(quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), score_weights = weights, seed = 1)))
  expect_equal(sums$b[match(names(blocks), sums$estimator)], frame$b[match(names(blocks), frame$estimator)], tolerance = 1e-8)
  expect_equal(variants(fit)$score_weight, published(d)$beta)
})

test_that("Fuller, JIVE1 and GMM of the latent block are those of explicit columns", {
  d <- lettered()
  fit <- quiet(latent_mr(d, methods = c("latent_liml", "latent_fuller", "latent_jive1", "latent_gmm"), by_environment = FALSE, seed = 1))
  z <- mr_genotypes(d)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  yx <- cbind(d$outcome, d$exposure)
  r0 <- crossprod(ref_residual(yx, block))
  r1 <- crossprod(ref_residual(yx, cbind(block, z)))
  L <- qr(cbind(block, z))$rank - qr(block)$rank
  kappa <- min(eigen(solve(r1, r0))$values) - 1 / (length(d$outcome) - qr(block)$rank - L)
  m <- r0 - kappa * r1
  b <- vapply(fit$estimates, `[[`, 0, "b")
  expect_equal(b[["latent_fuller"]], m[1, 2] / m[2, 2], tolerance = 1e-7)
  expect_false(isTRUE(all.equal(b[["latent_fuller"]], b[["latent_liml"]], tolerance = 1e-6)))
  # JIVE1: fitted values that leave the person out (Angrist, Imbens and Krueger 1999).
  q <- qr(cbind(block, z))
  h <- rowSums(qr.Q(q)[, seq_len(q$rank)]^2)
  out <- (qr.fitted(q, d$exposure) - h * d$exposure) / (1 - h)
  r <- ref_residual(cbind(d$outcome, d$exposure, out), block)
  expect_equal(b[["latent_jive1"]], sum(r[, 3] * r[, 1]) / sum(r[, 3] * r[, 2]), tolerance = 1e-7)
  # Two-step GMM.
  full <- qr.Q(q)[, seq_len(q$rank)]
  x <- cbind(d$exposure, block)
  step <- function(weight) {
    a <- t(x) %*% full %*% weight %*% t(full)
    drop(solve(a %*% x, a %*% d$outcome))
  }
  e <- drop(d$outcome - x %*% step(diag(ncol(full))))
  expect_equal(b[["latent_gmm"]], unname(step(solve(crossprod(full * e)))[1]), tolerance = 1e-6)
})

test_that("wrong weights are named", {
  d <- lettered()
  w <- published(d)
  expect_conditions({
    latent_mr(d, score_weights = 1:50)
    latent_mr(d, score_weights = w[c("SNP", "beta")])
    latent_mr(d, score_weights = transform(w, beta = "a"))
    latent_mr(d, score_weights = transform(w, SNP = paste0("x", SNP)))
    latent_mr(d, methods = "score")
  })
  continuous <- simulate_mr("authors", n = 200, seed = 1)
  expect_error(latent_mr(continuous, score_weights = w), "NULL for continuous", class = "latentmr_error_argument")
})

test_that("instruments chosen in the same people are noticed, others are not", {
  set.seed(6)
  for (p in c(5e-8, 1e-4)) {
    line <- qnorm(p / 2, lower.tail = FALSE)
    truth <- rexp(4000, 1 / 1.5)
    here <- abs(truth + rnorm(4000))
    elsewhere <- abs(truth + rnorm(4000))
    expect_identical(unname(chosen_threshold(here[here > line])[c("variants", "p")]), c(sum(here > line), p))
    expect_null(chosen_threshold(here[elsewhere > line]))
  }
  expect_null(chosen_threshold(numeric()))
  d <- lettered()
  whole <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  expect_null(chosen_threshold(whole$latent$z))
  # The t of each variant beside the environments, whatever was partialled out later and estimated.
  g <- mr_genotypes(d)
  t <- apply(g, 2, function(g) coef(summary(lm(d$exposure ~ d$environment + g)))["g", "t value"])
  expect_equal(whole$latent$z, unname(abs(t)), tolerance = 1e-6)
  z <- seq(3.3, 4.2, length.out = ncol(g))
  whole$latent$z <- z
  barely <- sum(z < 1 + qnorm(.0005, lower.tail = FALSE))
  expect_match(latent_warnings(whole), sprintf("All 50 variants .* p < 0.001 .* %d of them barely", barely), all = FALSE)
})

test_that("weights find the variants that read_plink() told apart, by their alleles", {
  # As read_plink() names two variants that were both rs1: other allele, then the one counted.
  panel <- data.frame(snp = c("rs1:G:A", "rs1:G:T", "rs2"), effect_allele = c("A", "T", "A"), other_allele = "G")
  given <- data.frame(SNP = c("rs1", "rs1", "rs2", "rs1:G:T"), effect_allele = c("T", "G", "A", "T"), other_allele = c("G", "A", "G", "G"),
                      beta = c(.2, .3, .4, .5))
  score <- quiet(allele_score(given, panel, "genotype"))
  expect_identical(score$table$status, c("same allele", "flipped", "same allele", "repeated"))
  expect_identical(score$direction, c(-.3, .2, .4))
  # None of the alleles fits: said as for any other variant.
  odd <- data.frame(SNP = c("rs1", "rs2"), effect_allele = c("AT", "A"), other_allele = c("G", "G"), beta = 1)
  expect_identical(quiet(allele_score(odd, panel, "genotype"))$table$status, c("other alleles", "same allele"))
})

test_that("weights are read from a file as other tables are, under the usual names", {
  panel <- data.frame(snp = c("rs1", "rs2", "rs3"), effect_allele = c("A", "T", "C"), other_allele = c("G", "G", "A"))
  path <- tempfile(fileext = ".txt.gz")
  file <- gzfile(path, "w")
  # A T alone in its column is no TRUE; words for a missing weight; decimal commas.
  writeLines(c("rsid;EA;NEA;BETA", "rs1;A;G;0,25", "rs2;T;G;None", "rs3;A;C;-1,5"), file)
  close(file)
  expect_message(score <- allele_score(path, panel, "genotype"), "SNP is \"rsid\", effect_allele is \"EA\", other_allele is \"NEA\", beta is \"BETA\"")
  expect_identical(score$direction, c(.25, 0, 1.5))
  expect_identical(score$table$status, c("same allele", "no weight", "flipped"))
  writeLines(c("SNP A1 A2 OR", "rs1 A G 1.2"), path)
  expect_error(allele_score(path, panel, "genotype"), "without `beta`.*logarithm", class = "latentmr_error_argument")
  expect_error(allele_score("none.txt", panel, "genotype"), class = "latentmr_error_io")
  writeLines(c("SNP A1 A2 beta", "rs1 A G high"), path)
  expect_error(allele_score(path, panel, "genotype"), "weights are numbers, not one with \"high\"", class = "latentmr_error_argument")
})
