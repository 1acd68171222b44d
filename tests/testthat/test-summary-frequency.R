# Three environments of variants with effects that know nothing of frequencies, and a part along them.
frequency_table <- function(p, kappa = 0, seed = 1, effects = 3) {
  set.seed(seed)
  base <- stats::runif(p, .1, .9)
  f <- vapply(1:3, function(k) pmin(pmax(base + stats::rnorm(p, 0, .1), .02), .98), numeric(p))
  b <- stats::rnorm(p, 0, effects * stats::rbinom(p, 1, .3))
  do.call(rbind, lapply(1:3, function(e) {
    sd <- sqrt(2 * f[, e] * (1 - f[, e]))
    z <- b + stats::rnorm(p) + kappa * (f[, 1] - f[, 2]) / sd
    data.frame(
      SNP = paste0("rs", seq_len(p)), effect_allele = "A", other_allele = "G", eaf = f[, e],
      beta = z / (100 * sd), se = 1 / (100 * sd), samplesize = 10000, environment = c("u", "v", "w")[e]
    )
  }))
}

test_that("the law over random signs has the mean and the variance that are said", {
  x <- frequency_table(40, effects = 2)
  found <- frequency_alignment(x)
  expect_identical(found$environment, c("u", "v", "w"))
  here <- x$environment == "u"
  z <- (x$beta / x$se)[here]
  f <- vapply(c("u", "v", "w"), function(e) x$eaf[x$environment == e], numeric(40))
  u <- (f[, -1] - f[, 1]) / sqrt(2 * f[, 1] * (1 - f[, 1]))
  q <- qr.Q(qr(u))
  expect_equal(found$statistic[1], sum(crossprod(q, z)^2))
  set.seed(3)
  draws <- replicate(20000, sum(crossprod(q, z * sample(c(-1, 1), 40, TRUE))^2))
  expect_equal(found$expected[1] * sum(z^2), mean(draws), tolerance = .03)
  expect_equal(found$pval[1], mean(draws >= found$statistic[1]), tolerance = .1)
  # Which allele is counted does not matter.
  turned <- x
  at <- x$SNP %in% paste0("rs", 1:15)
  turned[at, c("eaf", "beta")] <- cbind(1 - x$eaf[at], -x$beta[at])
  expect_equal(frequency_alignment(turned), found)
})

test_that("mean and variance are those of all signs", {
  set.seed(4)
  z <- stats::rnorm(8, 0, 2)
  u <- matrix(stats::rnorm(16), 8)
  q <- qr.Q(qr(u))
  signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), 8)))
  all <- colSums(crossprod(q, t(signs) * z)^2)
  found <- alignment_row(z, u)
  mean <- mean(all)
  variance <- mean((all - mean)^2)
  expect_equal(found$expected * sum(z^2), mean)
  expect_equal(found$pval, stats::pgamma(found$statistic, mean^2 / variance, mean / variance, lower.tail = FALSE))
})

test_that("effects along frequencies are found, others are not", {
  expect_lt(max(frequency_alignment(frequency_table(300, kappa = 2))$p_holm), 1e-4)
  # 40 draws x 3 of no alignment: the share below .05 is .05, with a standard error of .02.
  pval <- unlist(lapply(1:40, function(s) frequency_alignment(frequency_table(100, seed = s))$pval))
  expect_lt(mean(pval < .05), .12)
  expect_gt(stats::ks.test(pval, "punif")$p.value, .001)
})

test_that("moments and people give the same as their tables", {
  people <- associated_people()
  rows <- data.frame(effect_allele = "A", other_allele = "G")[rep(1, 12), ]
  data <- hush(mr_data(people$g, people$x, people$y, people$environment, kind = "genotype", variants = rows))
  from_rows <- frequency_alignment(data)
  expect_equal(from_rows, frequency_alignment(mr_moments(data, disclosure = FALSE)), tolerance = 1e-10)
  expect_identical(from_rows$environment, rep(c("a", "b", "c"), 2))
  table <- frequency_alignment(association_table(people, "x"))
  # z of a regression is that of a correlation less what the variant explains.
  expect_equal(table$statistic, from_rows$statistic[1:3], tolerance = .1)
  expect_equal(table$expected, from_rows$expected[1:3], tolerance = .1)
})

test_that("what says nothing of frequencies is refused", {
  x <- frequency_table(20)
  expect_condition_text(
    frequency_alignment(x[x$environment == "u", ]), "latentmr_error_argument",
    "`data` must be of two environments or more, not of one.\ni Frequencies have nothing to differ from."
  )
  expect_error(frequency_alignment(simulate_mr("authors", n = 100, seed = 1)), class = "latentmr_error_argument")
  expect_error(frequency_alignment(1), class = "latentmr_error_argument")
  same <- x
  same$eaf <- .3
  expect_true(all(is.na(frequency_alignment(same)$pval)))
})

test_that("variants that are not used are said, and what `data` may be", {
  x <- frequency_table(30)
  x$other_allele[x$SNP %in% c("rs1", "rs2")] <- "T"
  x$eaf[x$SNP %in% c("rs1", "rs2")] <- .5
  expect_condition_text(frequency_alignment(x), "latentmr_message_variants", paste0(
    "`data`: 28 variants are used: 2 palindromic with a frequency that does not tell the strand."
  ))
  expect_condition_text(frequency_alignment("a"), "latentmr_error_argument", paste0(
    "`data` must be a table of associations, as of read_gwas(), mr_data or mr_moments, not \"a\"."
  ))
})
