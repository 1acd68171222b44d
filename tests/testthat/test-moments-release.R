# What mr_moments() releases, attacked: helper-attacks.R.
quiet_release <- function(...) suppressMessages(suppressWarnings(mr_moments(...)))
broken_into <- function(data, m, ...) attack_recovered(attack_release(m, ...), attack_truth(data), m$variants$snp)
pairs <- function(m, part) rowsum(t(m[[part]]), as.integer(m$blocks$environment))

test_that("the attacks recover rows from moments without disclosure control", {
  data <- attack_data("common", 12, 30, 1)
  m <- mr_moments(data, seed = 1, disclosure = FALSE)
  expect_identical(broken_into(data, m), 36L)
  data <- attack_data("common", 60, 30, 1) # blocks of 6
  expect_gte(broken_into(data, mr_moments(data, seed = 1, disclosure = FALSE), lattices = 3), 18)
  data <- attack_data("common", 24, 30, 2) # one block of 24
  expect_gte(broken_into(data, mr_moments(data, folds = 1, seed = 1, disclosure = FALSE), lattices = 1), 24)
  data <- attack_data("common", 12, 10, 1) # fewer columns than people
  expect_gte(broken_into(data, mr_moments(data, folds = 1, seed = 1, disclosure = FALSE)), 24)
})

test_that("too few people are refused", {
  data <- attack_data("common", 12, 30, 1)
  expect_condition_text(
    mr_moments(data), "latentmr_error_disclosure",
    paste0(
      "These moments cannot be released: 34 columns need 105 people in every environment, with no small group and no outlier, ",
      "and \"a\" has 12, \"b\" has 12, \"c\" has 12.\ni Merge environments or levels, take fewer columns, ",
      "transform what has outliers, or keep the moments on this machine with disclosure = FALSE."
    )
  )
  expect_error(mr_moments(attack_data("common", 104, 30, 1)), class = "latentmr_error_disclosure")
  expect_s3_class(quiet_release(attack_data("common", 105, 30, 1)), "mr_moments")
  expect_error(mr_moments(attack_data("common", 49, 2, 1)), class = "latentmr_error_disclosure")
})

# One block an environment, so that only cells and outliers are at stake; weights are
# those that anybody could know.
test_that("nothing is recovered from a release, whatever is rare in it", {
  designs <- c("rare", "singletons", "twins of variants", "missing calls", "carrier as covariate", "score", "components")
  for (design in designs) {
    data <- attack_data(design, 150, 10, 1)
    weights <- if (design == "score") stats::setNames(attack_weights(10), paste0("rs", 1:10))
    open <- mr_moments(data, folds = 1, seed = 1, disclosure = FALSE)
    if (design != "components") expect_gte(broken_into(data, open, weights = weights), 1)
    m <- quiet_release(data, folds = 2)
    expect_identical(broken_into(data, m, weights = weights), 0L, label = design)
  }
})

test_that("small groups and outliers are refused by name", {
  said <- c(
    groups = "in `centrex[1-6]`|`centrek`", outlier = "has [0-9.]+% of a combination of numeric columns, `[xy]` most",
    "twin covariates" = "has [0-9.]+% of a combination of numeric columns, `(age|corrected)`",
    zeros = "(differ|differs) from the others in `packs`", "continuous twins" = "of a combination of columns, `rs[0-9]+`"
  )
  for (design in names(said)) {
    data <- attack_data(design, 150, 30, 1)
    expect_gte(broken_into(data, mr_moments(data, folds = 1, seed = 1, disclosure = FALSE), lattices = 0), 1)
    expect_error(mr_moments(data), said[[design]], class = "latentmr_error_disclosure")
  }
})

test_that("small groups and cells: by hand", {
  n <- 60
  x <- cbind(age = sin(seq_len(n)), d = rep(0:1, c(52, 8)))
  expect_match(people_fault(x, x[, 0]), "8 people differ from the others in `d`")
  x[, "d"] <- rep(0:1, c(50, 10))
  expect_null(people_fault(x, x[, 0]))
  expect_null(people_fault(cbind(x, one = 1), x[, 0]))
  groups <- cbind(f = rep(0:1, c(30, 30)), d = rep(0:1, c(28, 32)))
  expect_identical(small_cell(groups), "a cell of `f` by `d` holds 2 people")
  groups[, "d"] <- rep(0:1, c(27, 33))
  expect_null(small_cell(groups))
  # The reference level of a factor counts as well.
  data <- attack_data("common", 200, 4, 1)
  data$covariates <- cbind(b = rep(0:1, 300), c = 1 - rep(0:1, 300))
  data$covariates[1:3, ] <- 0
  data$covariate_coding <- data.frame(column = c("b", "c"), variable = "v", level = c("b", "c"), reference = "a")
  expect_error(mr_moments(data), "3 people differ from the others in `va`", class = "latentmr_error_disclosure")
})

test_that("the share of one person is his leverage", {
  set.seed(1)
  x <- cbind(a = rnorm(50), b = rnorm(50), k = 1)
  x[7, "b"] <- 20
  h <- stats::hatvalues(stats::lm(x[, 1] ~ x[, 2]))
  expect_equal(heaviest(x)$share, max(stats::hatvalues(stats::lm(rnorm(50) ~ x[, 1:2]))))
  expect_identical(heaviest(x)$column, "b")
  twin <- cbind(a = x[, 1], b = replace(x[, 1], 9, x[9, 1] + 1e-6))
  expect_gt(heaviest(twin)$share, .9)
  expect_equal(heaviest(x[, "k", drop = FALSE])$share, 1 / 50)
})

test_that("variants are short when few differ, in counts and given the others", {
  set.seed(2)
  g <- matrix(rbinom(400 * 5, 2, .4), 400)
  g[, 2] <- rep(0:1, c(381, 19))
  g[, 3] <- rep(c(0:1, 0), c(100, 20, 280))
  g[, 5] <- g[, 4]
  at <- order(g[, 4])[1:12]
  g[at[1:9], 5] <- (g[at[1:9], 4] + 1) %% 3
  m <- function(g) mr_moments(moments_data(g), folds = 1, seed = 1, disclosure = FALSE)
  expect_identical(which(short_variants(m(g), 1)), c(2L, if (sum((g[, 5] - g[, 4])^2) < 10) 5L else 4L))
  g[at, 5] <- (g[at, 4] + 1) %% 3
  expect_identical(which(short_variants(m(g), 1)), 2L)
  g[, 1] <- 1 # constant: tells nothing
  expect_identical(which(short_variants(m(g), 1)), 2L)
  # Given numeric columns too.
  data <- moments_data(g)
  data$covariates <- cbind(age = g[, 3] + c(.01, numeric(399)))
  expect_identical(which(short_variants(mr_moments(data, folds = 1, disclosure = FALSE), 1)), c(2L, 3L))
})

test_that("residual squares and told columns are those of regressions", {
  set.seed(3)
  g <- matrix(rbinom(300 * 4, 2, .4), 300)
  data <- moments_data(g)
  data$covariates <- cbind(age = rnorm(300, 50, 9), twice = 0)
  data$covariates[, 2] <- 2 * data$covariates[, 1]
  m <- mr_moments(data, folds = 1, disclosure = FALSE)
  fit <- stats::lm(g ~ data$covariates[, 1] + data$exposure + data$outcome)
  expect_equal(residual_products(m, 1, crossprod(g)), crossprod(stats::resid(fit)), ignore_attr = TRUE)
  expect_identical(told_columns(m, 1), integer())
  data$exposure <- as.vector(g %*% c(1, 2, 1, 3)) + rnorm(300, 0, .3)
  expect_identical(told_columns(mr_moments(data, folds = 1, disclosure = FALSE), 1), 3L)
})

test_that("without missing calls the sums are those of the rows", {
  data <- attack_data("common", 700, 8, 4)
  m <- quiet_release(data)
  whole <- mr_moments(data, seed = 1, disclosure = FALSE)
  expect_lt(nrow(m$blocks), nrow(whole$blocks) + 1)
  expect_gte(min(m$blocks$n), least_people(8, 4))
  for (part in c("gg", "sg")) expect_identical(pairs(m, part), pairs(whole, part))
  for (part in c("gx", "sx", "xx")) expect_equal(pairs(m, part), pairs(whole, part), tolerance = 1e-12)
  expect_type(m$gg, "integer")
})

test_that("a release holds no seed, no flags, no counts of people left out, and is the same again", {
  data <- attack_data("missing calls", 300, 8, 5)
  data$flow <- flow_add(data$flow, "participants", "no outcome", "removed", 1, 899)
  set.seed(9)
  m <- quiet_release(data)
  expect_identical(m, quiet_release(data))
  expect_null(m$seed)
  expect_true("seed" %in% names(m))
  expect_identical(m$missing, integer())
  expect_identical(lengths(m[c("gm", "mm", "sm", "mx")]), c(gm = 0L, mm = 0L, sm = 0L, mx = 0L))
  kept <- flow(m)
  expect_identical(unique(kept$action[kept$unit == "participants"]), "analysed")
  expect_identical(kept$remaining[kept$action == "analysed" & kept$unit == "variants"], nrow(m$variants))
  expect_true(m$disclosure)
  expect_false(mr_moments(data, disclosure = FALSE)$disclosure)
  expect_false(identical(m$sg, quiet_release(data, seed = 2)$sg))
})

test_that("the account of variants ends with those withheld", {
  data <- attack_data("singletons", 300, 8, 5)
  expect_warning(m <- suppressMessages(mr_moments(data)), "4 variants withheld", class = "latentmr_warning_disclosure")
  expect_identical(m$withheld, paste0("rs", 1:4))
  rows <- flow(m)[flow(m)$unit == "variants", ]
  expect_identical(rows$count[rows$reason == withheld_reason], 4L)
  expect_identical(utils::tail(rows$remaining, 1), 4L)
  expect_false(is.unsorted(flow(m)$step))
})

test_that("missing calls are drawn from those who have one", {
  set.seed(6)
  n <- 1500
  g <- matrix(rbinom(n * 4, 2, .4), n)
  g[, 1] <- 1
  whole <- g
  g[sample(length(g), 900)] <- NA
  g[1:800, 4] <- NA # more than half
  data <- moments_data(g)
  blocks <- draw_blocks(data$environment, NULL, 3L, 1L)
  out <- moments_pass(data, blocks, 1e9, 0L, fill = 7L)
  plain <- moments_pass(data, blocks, 1e9, 0L)
  sums <- rowSums(out$parts$sg)
  lost <- colSums(is.na(g))
  expect_identical(sums[1], as.numeric(n)) # everybody's is 1
  for (v in 2:3) {
    seen <- g[!is.na(g[, v]), v]
    expect_lt(abs(sums[v] - n * mean(seen)), 4 * sqrt(lost[v]) * stats::sd(seen))
    square <- rowSums(out$parts$gg)[v * (v + 1) / 2]
    expect_identical((square - sums[v]) %% 2, 0)
  }
  expect_identical(out$filled, sum(lost[1:3]) + 0)
  expect_identical(out$parts$sm[1:3, ], 0 * plain$parts$sm[1:3, ])
  expect_identical(out$parts$sm[4, ], plain$parts$sm[4, ])
  for (level in setdiff(0:.Call(C_ffi_cpu_level), 3)) {
    expect_identical(moments_pass(data, blocks, 1, as.integer(level), fill = 7L)$parts, out$parts)
  }
  expect_false(identical(moments_pass(data, blocks, 1e9, 0L, fill = 8L)$parts, out$parts))
  # Dosages: rows at hand.
  data$kind <- "dosage"
  filled <- complete_calls(data, 7L)$genotypes$x
  expect_identical(which(is.na(filled)), which(is.na(g) & col(g) == 4))
  expect_identical(filled[!is.na(g)], g[!is.na(g)])
  expect_identical(unique(filled[, 1]), 1)
})

test_that("moments of some variants are those of the data without the others", {
  set.seed(7)
  g <- random_genotypes(200, 6, .1)
  g[, 2] <- ifelse(is.na(g[, 2]), 1, g[, 2])
  data <- moments_data(g, environment = rep(c("a", "b"), 100))
  data$block <- factor(c("u", "v", "v", "w", "w", "w"))
  few <- data
  few$genotypes$x <- g[, c(1, 2, 5)]
  few$variants <- data$variants[c(1, 2, 5), ]
  rownames(few$variants) <- NULL
  few$block <- droplevels(data$block[c(1, 2, 5)])
  make <- function(data) mr_moments(data, folds = 3, seed = 1, disclosure = FALSE)
  expect_identical(keep_variants(make(data), c(1, 2, 5)), make(few))
  part <- keep_variants(make(data), TRUE, 2:3)
  for (k in c(counts, sums)) expect_identical(part[[k]], make(data)[[k]][, 2:3, drop = FALSE])
})

test_that("merged blocks are those of fewer folds", {
  data <- moments_data(random_genotypes(90, 3, .1), environment = rep(c("a", "b", "b"), 30))
  blocks <- draw_blocks(data$environment, NULL, 6L, 1L)
  m <- new_moments(data, blocks, moments_pass(data, blocks, 1e9), 1L)
  merged <- merge_blocks(blocks, c(2L, 3L))
  expect_identical(merged$table$fold, c(1L, 2L, 1L, 2L, 3L))
  direct <- new_moments(data, merged, moments_pass(data, merged, 1e9), 1L)
  for (k in c(counts, sums)) expect_equal(merge_moments(m, c(2L, 3L))[[k]], direct[[k]], tolerance = 1e-13)
  expect_identical(merge_moments(m, c(2L, 3L))$blocks, direct$blocks)
  expect_type(merge_moments(m, c(2L, 3L))$gg, "integer")
  expect_identical(fold_steps(10L), c(10L, 5L, 3L, 2L, 1L))
  # Blocks of environments that have fewer are dealt over the folds.
  table <- data.frame(environment = factor(c("a", "a", "a", "b", "c", "c")), fold = c(1:3, 1L, 1:2))
  expect_identical(dealt_folds(table), c(1L, 2L, 3L, 1L, 2L, 3L))
})

test_that("a cluster that lives in two environments stays in one fold", {
  data <- attack_data("common", 400, 8, 8)
  small <- data$environment == "a" & seq_along(data$environment) > 100
  data <- mr_subset(data, !small)
  n <- length(data$outcome)
  data$cluster <- factor((seq_len(n) * 7) %% (n %/% 2))
  m <- quiet_release(data)
  expect_identical(tabulate(m$blocks$environment), rep(tabulate(m$blocks$environment)[1], 3))
  data["cluster"] <- list(NULL)
  expect_gt(length(unique(tabulate(quiet_release(data)$blocks$environment))), 1)
})

test_that("sites combine, with what one of them withheld left out", {
  one <- attack_data("common", 600, 8, 10)
  two <- attack_data("singletons", 600, 8, 11)
  a <- quiet_release(one)
  b <- quiet_release(two)
  expect_warning(both <- combine_moments(a, b), "4 variants withheld by a site", class = "latentmr_warning_disclosure")
  expect_identical(both$variants$snp, paste0("rs", 5:8))
  expect_true(both$disclosure)
  expect_identical(both$withheld, paste0("rs", 1:4))
  expect_true("seed" %in% names(both))
  expect_identical(pairs(both, "sg") - pairs(b, "sg"), pairs(a, "sg")[, 5:8])
  open <- mr_moments(one, seed = 1, disclosure = FALSE)
  expect_false(suppressWarnings(combine_moments(open, b))$disclosure)
  expect_false(combine_moments(open, open)$disclosure)
  expect_match(format_moments(open), "NOT CONTROLLED", all = FALSE)
})

test_that("two releases that differ by one person give that person", {
  data <- attack_data("common", 600, 8, 12)
  row <- 17
  a <- quiet_release(data)
  b <- quiet_release(mr_subset(data, -row))
  total <- function(m) attack_block_products(m, seq_len(nrow(m$blocks)))$products
  left <- total(a) - total(b)
  truth <- attack_truth(data)
  expect_identical(nrow(a$variants), 8L)
  expect_equal(left[1, -1], unname(c(truth$g[row, ], truth$x[row, ])), tolerance = 1e-6)
  expect_match(format_moments(a), "the difference is the people who differ", all = FALSE)
})

test_that("latent_mr() fits a release, and prints say what it is", {
  data <- attack_data("common", 700, 8, 13)
  m <- quiet_release(data, folds = 4)
  same <- mr_moments(data, folds = 4, seed = 1, disclosure = FALSE)
  a <- as.data.frame(suppressWarnings(latent_mr(m, methods = c("ols", "2sls", "latent_2sls"), seed = 1)))
  b <- as.data.frame(suppressWarnings(latent_mr(same, methods = c("ols", "2sls", "latent_2sls"), seed = 1)))
  expect_equal(a$b, b$b, tolerance = 1e-9)
  expect_snapshot(print(m), transform = function(x) sub("[0-9.]+ kB", "<size>", x))
  expect_condition_text(mr_moments(data, disclosure = NA), "latentmr_error_argument", "`disclosure` must be TRUE or FALSE, not NA.")
})
