levels_here <- setdiff(0:.Call(C_ffi_cpu_level), 3)
pass <- function(data, folds = 3L, level = 0L, memory = 1e9, wide = NULL, seed = 1L) {
  blocks <- draw_blocks(data$environment, data$cluster, folds, seed)
  out <- moments_pass(data, blocks, memory, as.integer(level), wide)
  new_moments(data, blocks, out, seed)
}

test_that("counts are those of crossprod(), exactly, at every level", {
  set.seed(1)
  for (n in c(1, 63, 64, 65, 1000)) {
    p <- if (n == 1000) 37 else 6
    g <- random_genotypes(n, p)
    g[, 2] <- NA
    g[, 3] <- 2
    g[, 4] <- 0
    data <- moments_data(g, environment = if (n > 1) rep(c("a", "b"), length.out = n))
    blocks <- draw_blocks(data$environment, NULL, 3L, 1L)
    m <- pass(data)
    expected <- reference_blocks(data, blocks, m)
    expect_type(m$gg, "integer")
    for (k in counts) expect_equal(m[[k]] + 0, expected[[k]], tolerance = 0, info = paste(n, k))
    for (k in sums) expect_close(m[[k]], expected[[k]])
    for (level in levels_here) expect_identical(pass(data, level = level), m)
    expect_equal(pass(data, wide = TRUE)$gm, m$gm + 0, tolerance = 0)
  }
})

test_that("neither memory nor instruction set changes a bit of the result", {
  set.seed(2)
  n <- 40000 # several chunks, the first block of more than one
  g <- random_genotypes(n, 35, .02)
  g[, 7] <- ifelse(is.na(g[, 7]), 0, g[, 7])
  data <- moments_data(g, environment = rep(c("a", "b"), c(33000, 7000)))
  whole <- pass(data, 1L, level = max(levels_here))
  expect_identical(whole$missing, setdiff(1:35, 7L))
  for (level in levels_here) expect_identical(pass(data, 1L, level = level, memory = 1), whole)
  g[is.na(g)] <- 0
  expect_equal(whole$gg[, 1] + 0, crossprod(g[1:33000, ])[upper.tri(diag(35), TRUE)], tolerance = 0)
})

test_that("bed files give what the matrix gives, in one pass or in many", {
  set.seed(10)
  g <- random_genotypes(16500, 70, .02)
  g[, 9] <- ifelse(is.na(g[, 9]), 1, g[, 9])
  data <- moments_data(g, environment = rep(c("a", "b"), c(16100, 400)))
  filed <- in_bed_files(data, people = 31, variants = 7)
  whole <- pass(data, 2L)
  expect_identical(pass(filed, 2L), whole)
  expect_identical(pass(filed, 2L, memory = 1, level = max(levels_here)), whole)
  expect_false(9L %in% whole$missing)
  expect_identical(mr_moments(filed, folds = 2, seed = 1, memory = "5MB", disclosure = FALSE), whole)

  files <- filed$genotypes$bed$files
  con <- file(files$bed[2], "r+b")
  seek(con, 3, rw = "write")
  writeBin(as.raw(0), con)
  close(con)
  Sys.setFileTime(files$bed[2], Sys.time() + 60)
  expect_error(mr_moments(filed, disclosure = FALSE), "set 2.bed", class = "latentmr_error_format")
  file.remove(files$bed)
  expect_error(mr_moments(filed, disclosure = FALSE), "[.]bed", class = "latentmr_error_io")
})

test_that("many numeric columns take every path of the kernel", {
  set.seed(3)
  g <- random_genotypes(700, 13)
  for (q in c(2, 8, 15, 17, 24, 32, 41, 57)) {
    data <- moments_data(g, matrix(rnorm(700 * q), 700))
    m <- pass(data, 2L)
    expected <- reference_blocks(data, draw_blocks(data$environment, NULL, 2L, 1L), m)
    for (k in sums) expect_close(m[[k]], expected[[k]])
    for (level in levels_here) expect_identical(pass(data, 2L, level = level), m)
  }
})

test_that("dosages and continuous instruments take the dense path", {
  set.seed(4)
  g <- random_genotypes(500, 9) + runif(4500, 0, .01)
  for (kind in c("dosage", "continuous")) {
    data <- moments_data(if (kind == "dosage") g else 1e6 + g, kind = kind, environment = rep(c("a", "b"), 250))
    m <- pass(data)
    expect_identical(any(m$gpilot != 0), kind == "continuous")
    expected <- reference_blocks(data, draw_blocks(data$environment, NULL, 3L, 1L), m)
    for (k in c(counts, sums)) expect_close(m[[k]], expected[[k]], 1e-11)
  }
  expect_identical(pass(moments_data(g[, 0 + 1:3], kind = "dosage"))$missing, 1:3)
})

test_that("reading imputes the mean of the environment", {
  set.seed(5)
  n <- 600
  g <- random_genotypes(n, 8, .15)
  e <- rep(c("a", "b", "c"), c(300, 200, 100))
  g[e == "c", 2] <- NA # no call in c
  g[e == "b", 3] <- ifelse(is.na(g[e == "b", 3]), NA, 1) # one value in b
  g[, 4] <- ifelse(is.na(g[, 4]), 0, g[, 4]) # complete
  for (kind in c("genotype", "dosage", "continuous")) {
    data <- moments_data(g, environment = e, kind = kind)
    m <- pass(data, 4L)
    x <- imputed_rows(data)
    for (k in 1:3) {
      i <- data$environment == levels(data$environment)[k]
      out <- moments_environment(m, k)
      expect_equal(out$n, sum(i))
      expect_equal(out$mean, colMeans(x[i, ]), tolerance = 1e-13)
      expect_equal(out$cross, crossprod(scale(x[i, ], scale = FALSE)), tolerance = 1e-12, ignore_attr = TRUE)
      parts <- lapply(which(m$blocks$environment == levels(data$environment)[k]), moments_block, m = m)
      expect_equal(Reduce(`+`, lapply(parts, `[[`, "cross")), out$cross, tolerance = 1e-11)
      expect_close(Reduce(`+`, lapply(parts, `[[`, "sum")), numeric(11), 1e-9)
    }
    expect_equal(moments_unusual(m), data.frame(snp = c("rs3", "rs2"), environment = c("b", "c"), reason = c("one value only", "no call")))
  }
})

test_that("a block is summed about the mean of its environment", {
  set.seed(6)
  data <- moments_data(random_genotypes(90, 4), environment = rep(c("a", "b"), c(60, 30)))
  blocks <- draw_blocks(data$environment, NULL, 3L, 1L)
  m <- pass(data)
  x <- imputed_rows(data)
  i <- blocks$order[sum(blocks$table$n[1:4]) + seq_len(blocks$table$n[5])] + 1
  d <- sweep(x[i, ], 2, colMeans(x[61:90, ]))
  out <- moments_block(m, 5)
  expect_equal(out$n, 10)
  expect_equal(out$sum, colSums(d), tolerance = 1e-12)
  expect_equal(out$cross, crossprod(d), tolerance = 1e-12)
})

test_that("a mean of 1e8 standard deviations costs no digits", {
  set.seed(7)
  n <- 3000
  x <- matrix(rnorm(n * 3), n)
  far <- x + 1e8
  x <- far - 1e8 # what the rounded numbers hold
  g <- random_genotypes(n, 3, 0)
  near <- moments_environment(pass(moments_data(g, x)), 1)
  out <- moments_environment(pass(moments_data(g, far)), 1)
  expect_equal(out$cross, near$cross, tolerance = 1e-12)
  expect_equal(out$mean[4:6] - 1e8, near$mean[4:6], tolerance = 1e-6)
})

test_that("one person can be a block, and small environments have fewer", {
  set.seed(8)
  data <- moments_data(random_genotypes(7, 3, 0), environment = c("a", "a", rep("b", 5)))
  m <- mr_moments(data, folds = 4, seed = 1, disclosure = FALSE)
  expect_identical(tabulate(m$blocks$environment), c(2L, 4L))
  expect_identical(m$blocks$n, c(1L, 1L, 2L, 1L, 1L, 1L))
  expect_equal(sum(m$sg), sum(data$genotypes$x))
})

test_that("folds are balanced, follow the seed, and keep clusters whole", {
  e <- factor(rep(c("a", "b"), c(1003, 500)))
  a <- draw_blocks(e, NULL, 10L, 5L)
  expect_lte(diff(range(a$table$n[1:10])), 1)
  expect_identical(sort(a$order), 0:1502)
  expect_identical(a, draw_blocks(e, NULL, 10L, 5L))
  expect_false(identical(a$order, draw_blocks(e, NULL, 10L, 6L)$order))
  data <- moments_data(random_genotypes(40, 2))
  set.seed(1)
  m <- mr_moments(data, disclosure = FALSE)
  set.seed(1)
  expect_identical(mr_moments(data, disclosure = FALSE), m)
  expect_identical(mr_moments(data, seed = m$seed, disclosure = FALSE), m)

  cluster <- factor(rep(1:501, each = 3)) # the 335th lives in both environments
  fold <- .Call(C_ffi_moments_folds, as.integer(e), 2L, as.integer(cluster), 501L, 10L, 5L)
  expect_true(all(tapply(fold, cluster, function(f) length(unique(f))) == 1))
  expect_lte(diff(range(table(fold[e == "a"]))), 6)
  expect_true(mr_moments(moments_data(random_genotypes(60, 2), cluster = rep(1:20, 3)), seed = 1, disclosure = FALSE)$clustered)
})

test_that("arguments are checked", {
  data <- moments_data(random_genotypes(20, 2))
  expect_conditions({
    mr_moments(1:3, disclosure = FALSE)
    mr_moments(data, folds = 0, disclosure = FALSE)
    mr_moments(data, folds = 2.5, disclosure = FALSE)
    mr_moments(data, seed = -1, disclosure = FALSE)
    mr_moments(data, memory = "lots", disclosure = FALSE)
    mr_moments(data, memory = -1, disclosure = FALSE)
  })
  data$exposure[3] <- NaN
  expect_error(mr_moments(data, disclosure = FALSE), "`data$exposure` must be", fixed = TRUE, class = "latentmr_error_object")
  # The pass looks too.
  blocks <- draw_blocks(data$environment, data$cluster, 2L, 1L)
  expect_error(moments_pass(data, blocks, 1e9), "numeric column 2", class = "latentmr_error_nonfinite")
  data$exposure[3] <- Inf
  expect_error(moments_pass(data, blocks, 1e9), "numeric column 2", class = "latentmr_error_nonfinite")
  data$exposure[3] <- 0
  data$genotypes$x[5, 2] <- 1.5
  expect_error(mr_moments(data, disclosure = FALSE), "person 5, variant 2 is 1.5", class = "latentmr_error_format")
})

test_that("print shows blocks, sizes, missing calls and memory", {
  set.seed(9)
  g <- random_genotypes(120, 5, .2)
  g[1:40, 2] <- 0
  data <- moments_data(g, environment = rep(c("east", "west", "north"), each = 40), cluster = rep(1:60, 2))
  expect_snapshot(print(mr_moments(data, folds = 4, seed = 3, disclosure = FALSE)), transform = function(x) sub("[0-9.]+ kB", "<size>", x))
})

test_that("long passes say what they take, and report progress", {
  data <- moments_data(random_genotypes(10, 2))
  expect_null(announce(data, data.frame(n = 10), 1e9, 4L))
  data$variants <- data$variants[rep(1:2, 10000), ]
  old <- options(progressr.enable = TRUE)
  on.exit(options(old))
  here <- environment()
  expect_conditions(step <- announce(data, data.frame(n = 500000), 1e9, 0L, here))
  amounts <- numeric()
  withCallingHandlers(
    for (share in c(.004, .25, .251, 1)) step(share),
    progression = function(p) if (p$type == "update") amounts <<- c(amounts, p$amount)
  )
  expect_equal(amounts, c(25, 75))
})

test_that("an interrupt leaves the next call intact", {
  set.seed(11)
  g <- random_genotypes(400, 40)
  data <- moments_data(g[rep(1:400, 40), rep(1:40, 30)])
  blocks <- draw_blocks(data$environment, NULL, 1L, 1L)
  run <- function(level, report) {
    .Call(C_ffi_moments_bits, data$genotypes$x, blocks$order, blocks$order, blocks$table$n, numeric_columns(data), 1e9, level, FALSE, NULL, report)
  }
  shares <- shares_of(function() run(0L, NULL))
  expect_gt(length(shares), 3)
  expect_true(all(shares >= 0 & shares <= 1))
  expect_false(is.unsorted(shares))
  expect_error(at_poll(1, function(share) stop("enough"), run(0L, NULL)), "enough")
  fast <- run(max(levels_here), NULL)
  expect_equal(fast$parts$sg[1:40] + 0, 40 * colSums(g, na.rm = TRUE), tolerance = 0)
})

test_that("the glue protects what it makes", {
  skip_on_cran()
  set.seed(12)
  data <- moments_data(random_genotypes(30, 4), environment = rep(c("a", "b"), 15))
  m <- pass(data)
  dense <- data
  dense$kind <- "dosage"
  filed <- in_bed_files(data, 3, 2)
  blocks <- draw_blocks(data$environment, NULL, 3L, 1L)
  person <- filed$genotypes$rows[blocks$order + 1L] - 1L
  source <- bits(filed$genotypes, seq_along(filed$outcome))$source
  columns <- numeric_columns(data)
  n <- blocks$table$n
  means <- moments_means(m)
  recoding <- list(n = n, target = seq_along(n), from = 1:4, a = numeric(4), c = rep(1, 4), delta = numeric(3))
  sites <- list(m, m)
  recodings <- list(recoding, recoding)
  mu <- means$mu[, 1]
  e <- as.integer(data$environment)
  be <- as.integer(m$blocks$environment)
  calls <- quote(list( # not a function: compiling it under torture takes a minute
    .Call(C_ffi_moments_folds, e, 2L, NULL, 30L, 3L, 1L),
    .Call(C_ffi_moments_bits, source, blocks$order, person, n, columns, 1e9, 0L, FALSE, NULL, NULL)$parts,
    .Call(C_ffi_moments_dense, data$genotypes$x, FALSE, blocks$order, n, columns, 0L, NULL)$parts,
    .Call(C_ffi_moments_means, m, n, be, 2L),
    .Call(C_ffi_moments_collect, m, 1:3, 15, mu, NULL),
    .Call(C_ffi_moments_combine, sites, recodings, m$missing, 6L, FALSE)
  ))
  plain <- eval(calls)
  gctorture(TRUE)
  tortured <- eval(calls)
  gctorture(FALSE)
  expect_identical(tortured, plain)
  expect_identical(plain[[2]], unclass(m)[names(plain[[2]])])
})
