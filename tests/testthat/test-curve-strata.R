set.seed(4)
n <- 1000
z <- rbinom(n, 2, .3)
u <- rnorm(n)
data <- data.frame(z, x = .8 * z + u + rnorm(n))
data$y <- .5 * data$x + u + rnorm(n)
fit <- iv_curve(y ~ x | z, data, seed = 1)

test_that("stratum tables have the columns of SUMnlmr and DRMR and their numbers", {
  t <- stratum_table(fit, 5)
  expect_named(t, c(
    "method", "stratum", "size", "min", "1q", "mean", "3q", "max", "Fvalue", "bx", "bxse", "by", "byse",
    "est", "se", "xmean", "xmin", "xmax"
  ))
  expect_equal(tapply(t$size, t$method, sum), c(`doubly-ranked` = 1000, residual = 1000), ignore_attr = TRUE)
  # residual strata by hand
  r <- resid(lm(x ~ z, data))
  group <- ceiling(rank(r) / 200)
  bx <- coef(lm(x ~ z, data))[[2]]
  for (k in 1:5) {
    m <- summary(lm(y ~ z, data[group == k, ]))$coefficients
    row <- t[t$method == "residual" & t$stratum == k, ]
    expect_equal(row$est, m[2, 1] / bx)
    expect_equal(row$byse, m[2, 2])
    own <- summary(lm(x ~ z, data[group == k, ]))$coefficients
    expect_equal(c(row$bx, row$bxse, row$Fvalue), c(own[2, 1:2], own[2, 3]^2), ignore_attr = TRUE)
    expect_equal(row$xmean, mean(data$x[group == k]))
    ends <- quantile(data$x[group == k], c(if (k == 1) .2 else .1, if (k == 5) .8 else .9))
    expect_equal(c(row$xmin, row$xmax), ends, ignore_attr = TRUE)
  }
  # doubly-ranked: pre-strata of five, the k-th ranked of each
  dr <- t[t$method == "doubly-ranked", ]
  expect_equal(dr$size, rep(200, 5))
  expect_false(is.unsorted(dr$mean))
  expect_identical(dr, stratum_table(fit, 5, "doubly-ranked"), ignore_attr = TRUE)
})

test_that("each pre-stratum gives one person to each stratum", {
  score <- seq_len(12)
  x <- c(3, 1, 2, 9, 8, 7, 4, 6, 5, 10, 12, 11)
  expect_equal(LatentMR:::double_ranks(score, x, 3, 1L), c(3, 1, 2, 3, 2, 1, 1, 3, 2, 1, 3, 2))
})

test_that("arguments of stratum_table() are checked", {
  expect_conditions({
    stratum_table(1)
    stratum_table(fit, 1)
    stratum_table(fit, 5, "halves")
  })
})

test_that("a negative control is silent when the instrument is exogenous, loud when not", {
  set.seed(5)
  quiet <- negative_control(fit, rnorm(n), "age")
  expect_true(all(quiet$tests$p.value > .01, na.rm = TRUE))
  loud <- negative_control(fit, z + rnorm(n), "ancestry")
  expect_lt(loud$tests$p.value[1], 1e-6)
  # one instrument given, two coordinates for a SNP: the robust Wald test by hand
  q <- qr.Q(qr(cbind(1, z, z^2)))[, -1]
  y <- (z + (rnorm(n) -> e))
  hand <- negative_control(fit, y)
  v <- y - mean(y)
  g <- crossprod(q, v)
  expect_equal(hand$tests$statistic[1], drop(t(g) %*% solve(crossprod(q * v), g)), tolerance = 1e-4)
  expect_output(print(quiet), "Negative control age")
  expect_conditions({
    negative_control(fit, 1:3)
    negative_control(fit, rep(1, 1000))
    negative_control(fit, c(NA, rnorm(999)), "bmi")
  })
})

test_that("a curve from a latent_mr fit uses its instruments and its block", {
  cohort <- simulate_mr("snp", cell = 3, n = 600, seed = 1)
  latent <- suppressWarnings(latent_mr(cohort, seed = 1, by_environment = FALSE))
  curve <- suppressWarnings(iv_curve(latent, cohort, seed = 1))
  expect_equal(curve$nobs, latent$nobs)
  expect_equal(curve$names$instruments, "score")
  expect_true(all(is.finite(as.data.frame(curve)$estimate)))
  expect_output(print(curve), "Dose-response curve")
  expect_conditions({
    iv_curve(latent)
    iv_curve(latent, data.frame(x = 1))
  })
})

test_that("ties of the residual are drawn, and said", {
  v <- rep(c(1, 2, 3, 4), each = 25) + rep(c(0, 1e-13), 50) # rounding is no order
  expect_message(group <- rank_groups(v, 5, seed = 1), "people are with the same residual in different strata", class = "latentmr_message_ties")
  expect_identical(tabulate(group), rep(20L, 5))
  expect_identical(sort(unique(group[1:25])), c(1, 2))
  # Who is in which is no matter of the order of the file: 20 of each 25 go to the first stratum.
  expect_false(identical(group[1:25], rep(c(1, 2), c(20, 5))))
  expect_identical(suppressMessages(rank_groups(v, 5, seed = 1)), group)
  expect_silent(rank_groups(c(3, 1, 2, 4), 2, seed = 1))
  expect_identical(rank_groups(c(3, 1, 2, 4), 2, seed = 1), c(2, 1, 1, 2))
})

test_that("who is in which stratum is no matter of the order of the file, and ties are counted", {
  set.seed(3)
  d <- data.frame(z = rbinom(200, 2, .4))
  d$x <- round(d$z + rnorm(200), 1)
  d$y <- d$x + rnorm(200)
  control <- curve_control(members = 1)
  conditions <- character()
  table <- function(d) withCallingHandlers(
    stratum_table(suppressMessages(iv_curve(y ~ x | z, data = d, control = control, seed = 1)), 4),
    latentmr_message_ties = function(m) {
      conditions <<- c(conditions, conditionMessage(m))
      invokeRestart("muffleMessage")
    }
  )
  expect_equal(table(d[sample(200), ]), table(d), tolerance = 1e-10)
  # with pre-strata of four, every genotype value is in more than one
  expect_true("200 people are with the same score in different pre-strata: who is in which was drawn with the seed of the curve.\n" %in% conditions)
})
