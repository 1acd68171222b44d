# Outcomes of two values in mr_data() and latent_mr().

quiet <- function(expr) suppressWarnings(suppressMessages(expr))

binary_cohort <- function(seed = 1, n = 200) {
  data <- quiet(simulate_mr("snp", cell = 3, n = n, seed = seed))
  set.seed(seed)
  data$outcome <- as.double(rbinom(length(data$outcome), 1, plogis(-0.5 + 0.3 * data$exposure + 0.3 * rnorm(length(data$outcome)))))
  data
}

test_that("0/1 outcomes are found; scales, units and ratios stand in the frame", {
  data <- binary_cohort()
  usual <- quiet(latent_mr(data, seed = 1, by_environment = FALSE))
  expect_true("latent_msmm" %in% usual$methods$id)
  expect_false(any(c("latent_tsri", "latent_tsps") %in% usual$methods$id))
  fit <- quiet(latent_mr(data, methods = c(usual$methods$id, "latent_tsri"), seed = 1, by_environment = FALSE))
  rows <- as.data.frame(fit)
  expect_identical(utils::tail(names(rows), 9), c(
    "scale", "units", "note", "or", "or_lci95", "or_uci95", "rr", "rr_lci95", "rr_uci95"
  ))
  scale <- setNames(rows$scale, rows$estimator)
  expect_identical(scale[["latent_msmm"]], "log risk ratio")
  expect_identical(scale[["latent_tsri"]], "log odds ratio")
  expect_identical(unique(scale[!names(scale) %in% c("latent_msmm", "latent_tsri")]), "risk difference")
  # every ratio under its own name, none for a risk difference
  for (kind in c("or", "rr")) {
    own <- rows$scale == c(or = "log odds ratio", rr = "log risk ratio")[[kind]]
    expect_identical(!is.na(rows[[kind]]), own)
    expect_equal(rows[[kind]][own], exp(rows$b[own]))
    expect_equal(rows[[paste0(kind, "_lci95")]][own], exp(rows$lo_ci[own]), tolerance = 1e-6)
  }
  expect_output(print(fit), "people \\([0-9,]+ cases")
  expect_identical(tidy(fit)$scale, rows$scale)
  # the forest has one scale
  expect_false(any(c("latent_msmm", "latent_tsri") %in% LatentMR:::forest_data(fit)$estimator))
  plain <- quiet(latent_mr(simulate_mr("snp", cell = 3, n = 200, seed = 1), seed = 1, by_environment = FALSE))
  expect_identical(unique(as.data.frame(plain)$scale), "mean difference")
  expect_false("or" %in% names(as.data.frame(plain)))
})

test_that("the estimates are those of iv_binary() on the same columns", {
  data <- binary_cohort()
  fit <- quiet(latent_mr(data, methods = c("latent_msmm", "latent_tsps", "latent_tsri"), seed = 1, by_environment = FALSE))
  view <- LatentMR:::moments_view(mr_moments(data, seed = 1, disclosure = FALSE))
  rows <- LatentMR:::dense_rows(data, fit$encoder, view)
  w <- LatentMR:::block_columns(fit$latent$part, rows, view)
  z <- rows$instruments
  colnames(w) <- paste0("w", seq_len(ncol(w)))
  colnames(z) <- paste0("z", seq_len(ncol(z)))
  frame <- data.frame(y = data$outcome, x = data$exposure, w, z)
  formula <- as.formula(sprintf("y ~ 0 + %s | x | %s", paste(colnames(w), collapse = " + "), paste(colnames(z), collapse = " + ")))
  for (id in fit$methods$id) {
    twin <- iv_binary(formula, frame, sub("latent_", "", id))
    expect_equal(fit$estimates[[id]]$b, coef(twin)[["x"]], tolerance = 1e-6)
    expect_equal(fit$estimates[[id]]$se, sqrt(vcov(twin)["x", "x"]), tolerance = 1e-5)
  }
})

test_that("from moments: risk differences, and a word on what needs rows", {
  data <- binary_cohort()
  moments <- mr_moments(data, seed = 1, disclosure = FALSE)
  expect_true(moments$binary)
  rows <- as.data.frame(quiet(latent_mr(moments, seed = 1, by_environment = FALSE)))
  expect_identical(unique(rows$scale), "risk difference")
  expect_true(all(is.na(rows[c("or", "rr")])))
  expect_error(latent_mr(moments, methods = "latent_tsri"), class = "latentmr_error_argument")
  other <- mr_moments(simulate_mr("snp", cell = 3, n = 200, seed = 1), seed = 1, disclosure = FALSE)
  expect_conditions(latent_mr(other, methods = "latent_msmm"))
})

test_that("environments without cases or with clusters do not stop the others", {
  data <- binary_cohort()
  data$outcome[data$environment == levels(data$environment)[1]] <- 0
  fit <- quiet(latent_mr(data, methods = c("latent_2sls", "latent_tsri"), seed = 1))
  first <- fit$by_environment[[1]]
  expect_true(is.na(first$latent_tsri$b))
  expect_match(first$latent_tsri$note, "outcome does not vary")
  expect_true(is.finite(fit$by_environment[[2]]$latent_tsri$b))
  data <- binary_cohort()
  data$cluster <- factor(rep_len(1:100, length(data$outcome)))
  clustered <- quiet(latent_mr(data, methods = c("latent_tsri", "latent_liml"), seed = 1, by_environment = FALSE))
  plain <- quiet(latent_mr(binary_cohort(), methods = c("latent_tsri", "latent_liml"), seed = 1, by_environment = FALSE))
  expect_identical(as.data.frame(clustered)$vcov, c("cluster", "cluster"))
  expect_identical(as.data.frame(plain)$vcov, c("HC1", "bekker"))
  expect_equal(as.data.frame(clustered)$b, as.data.frame(plain)$b, tolerance = 1e-8)
  expect_false(isTRUE(all.equal(as.data.frame(clustered)$se, as.data.frame(plain)$se, tolerance = 1e-3)))
})

test_that("codings of traits in mr_data()", {
  set.seed(1)
  n <- 60
  g <- matrix(rbinom(3 * n, 2, 0.4), n)
  x <- rnorm(n)
  y <- rep(0:1, n / 2)
  e <- rep(c("a", "b"), each = n / 2)
  of <- function(outcome, exposure = x) quiet(mr_data(g, exposure, outcome, e))
  expect_identical(of(y == 1)$outcome, as.double(y))
  expect_identical(of(factor(ifelse(y == 1, "yes", "no")))$outcome, as.double(y))
  expect_identical(of(y + 1)$outcome, as.double(y))
  expect_identical(of(x, y == 1)$exposure, as.double(y))
  expect_identical(of(x, y + 1)$exposure, y + 1) # an exposure moves by its origin only
  expect_conditions({
    mr_data(g, x, y + 1, e)
    mr_data(g, x, factor(ifelse(y == 1, "yes", "no")), e)
    mr_data(g, x, rep(0:2, n / 3), e)
    mr_data(g, x, factor(rep(c("a", "b", "c"), n / 3)), e)
  })
  expect_snapshot(print(of(y + 1)))
})

test_that("columns of two values in phenotype tables", {
  panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
  people <- samples(read_plink(panel))
  set.seed(1)
  ill <- runif(nrow(people)) < 0.3
  pheno <- data.frame(
    IID = people$iid, ldl = rnorm(nrow(people)), ill = ill, code = ifelse(seq_along(ill) == 5, -9, ill + 1),
    word = ifelse(ill, "yes", "no"), site = rep(c("n", "s"), length.out = nrow(people))
  )
  of <- function(outcome) quiet(read_mr_data(panel, pheno, "ldl", outcome, "site", instruments = head(variants(read_plink(panel))$snp, 20)))
  expect_identical(of("ill")$outcome, as.double(ill))
  expect_identical(of("code")$outcome, as.double(ill[-5]))
  expect_identical(of("word")$outcome, as.double(ill))
})
