# The bridges against the packages that they lead to. Random summary data, and
# latent_mr() fits with independent and with linked variants.

quiet <- function(code) suppressWarnings(suppressMessages(code))
internal <- function(name) getFromNamespace(name, "LatentMR")

summary_data <- function(seed, correlated) {
  set.seed(seed)
  L <- sample(c(3, 5, 12, 30), 1)
  bx <- rnorm(L, .1, .05) * sample(c(-1, 1), L, TRUE)
  sy <- runif(L, .01, .05)
  rho <- if (correlated) stats::cov2cor(crossprod(matrix(rnorm(2 * L^2), 2 * L)))
  list(bx = bx, sx = runif(L, .005, .02), by = .4 * bx + rnorm(L) * sy * sample(c(.7, 2), 1), sy = sy, rho = rho)
}

linked_fit <- function(methods) {
  d <- simulate_mr("snp", cell = 3, n = 300, seed = 4)
  z <- internal("mr_genotypes")(d)
  set.seed(6)
  linked <- vapply(1:8, function(i) ifelse(runif(nrow(z)) < .7, z[, 1], z[, 2]), numeric(nrow(z)))
  z <- cbind(z[, 1:20], linked)
  colnames(z) <- paste0("rs", seq_len(ncol(z)))
  data <- quiet(mr_data(z, d$exposure, d$outcome, d$environment, kind = "genotype"))
  quiet(latent_mr(data, methods = methods, by_environment = FALSE, seed = 1))
}
panel_fit <- function(methods) {
  quiet(latent_mr(simulate_mr("snp", cell = 3, n = 300, seed = 2), methods = methods, by_environment = FALSE, seed = 1))
}
ids <- c("latent_2sls", "ivw_fixed", "ivw", "egger", "weighted_median")

test_that("MendelianRandomization: the estimators on 200 random data sets", {
  skip_if_not_installed("MendelianRandomization")
  for (seed in 1:200) {
    a <- summary_data(seed, seed %% 2 == 0)
    input <- list(bx = a$bx, bxse = a$sx, by = a$by, byse = a$sy)
    if (!is.null(a$rho)) input$correlation <- a$rho
    object <- do.call(MendelianRandomization::mr_input, input)
    for (random in c(TRUE, FALSE)) {
      ours <- internal("summary_ivw")(a, random)
      theirs <- MendelianRandomization::mr_ivw(object, model = if (random) "random" else "fixed")
      expect_equal(c(ours$b, ours$se, ours$q[["Q"]]), c(theirs@Estimate, theirs@StdError, theirs@Heter.Stat[1]), tolerance = 1e-6)
    }
    ours <- internal("summary_egger")(a)
    theirs <- MendelianRandomization::mr_egger(object)
    expect_equal(
      unname(c(ours$b, ours$se, ours$intercept[1:2], ours$q[["Q"]])),
      c(theirs@Estimate, theirs@StdError.Est, theirs@Intercept, theirs@StdError.Int, theirs@Heter.Stat[1]), tolerance = 1e-6
    )
    if (!is.null(a$rho)) next
    theirs <- MendelianRandomization::mr_median(object, iterations = 2)
    expect_equal(internal("summary_median")(a, 1L)$b, theirs@Estimate, tolerance = 1e-6)
  }
})

test_that("MendelianRandomization: its functions run on as_mrinput() and agree with our rows", {
  skip_if_not_installed("MendelianRandomization")
  for (fit in list(panel_fit(ids), linked_fit(ids))) {
    rows <- as.data.frame(fit)
    input <- quiet(as_mrinput(fit))
    expect_s4_class(input, "MRInput")
    ours <- function(id) unlist(rows[rows$estimator == id, c("b", "se", "lo_ci", "up_ci", "pval")], use.names = FALSE)
    theirs <- MendelianRandomization::mr_ivw(input, model = "random")
    expect_equal(ours("ivw"), c(theirs@Estimate, theirs@StdError, theirs@CILower, theirs@CIUpper, theirs@Pvalue), tolerance = 1e-6)
    expect_equal(variant_tests(fit)$Q[2], theirs@Heter.Stat[1], tolerance = 1e-6)
    theirs <- MendelianRandomization::mr_ivw(input, model = "fixed")
    expect_equal(ours("ivw_fixed")[1:2], c(theirs@Estimate, theirs@StdError), tolerance = 1e-6)
    theirs <- MendelianRandomization::mr_egger(input)
    expect_equal(ours("egger")[1:2], c(theirs@Estimate, theirs@StdError.Est), tolerance = 1e-6)
    e <- variant_tests(fit)[1, ]
    expect_equal(c(e$egger_intercept, e$se, e$pval), c(theirs@Intercept, theirs@StdError.Int, theirs@Pleio.pval), tolerance = 1e-6)
    theirs <- MendelianRandomization::mr_median(input, iterations = 20000)
    expect_equal(ours("weighted_median")[1], theirs@Estimate, tolerance = 1e-6)
    expect_lt(abs(log(ours("weighted_median")[2] / theirs@StdError)), .1)
    all <- quiet(MendelianRandomization::mr_allmethods(input))
    expect_identical(nrow(all@Values), 15L)
    expect_false(anyNA(all@Values[, 2]))
  }
})

test_that("MendelianRandomization: with the whole correlation its IVW is our 2SLS", {
  skip_if_not_installed("MendelianRandomization")
  fit <- panel_fit(ids)
  theirs <- MendelianRandomization::mr_ivw(quiet(as_mrinput(fit, correlation = TRUE)))
  expect_lt(abs(theirs@Estimate - as.data.frame(fit)$b[1]), .01)
})

test_that("TwoSampleMR: its functions and plots run on our frames and agree", {
  skip_if_not_installed("TwoSampleMR")
  fit <- panel_fit(ids)
  frame <- as_twosample(fit)
  rows <- as.data.frame(fit)
  theirs <- quiet(TwoSampleMR::mr(frame, method_list = c("mr_ivw_fe", "mr_ivw", "mr_egger_regression", "mr_weighted_median")))
  expect_identical(names(rows)[1:9], names(theirs))
  expect_equal(rows$b[2:4], theirs$b[1:3], tolerance = 1e-6)
  expect_equal(rows$se[2:4], theirs$se[1:3], tolerance = 1e-6)
  # Its weighted median weights by second-order variances.
  expect_lt(abs(rows$b[5] - theirs$b[4]), rows$se[5])
  expect_equal(variant_tests(fit)$Q, quiet(TwoSampleMR::mr_heterogeneity(frame))$Q, tolerance = 1e-6)
  expect_equal(variant_tests(fit)[1, c("egger_intercept", "se")], quiet(TwoSampleMR::mr_pleiotropy_test(frame))[5:6], tolerance = 1e-6)
  single <- quiet(TwoSampleMR::mr_singlesnp(frame))
  expect_identical(names(single_variant(fit)), names(single))
  expect_equal(single_variant(fit)[c("SNP", "b", "se")], single[c("SNP", "b", "se")], tolerance = 1e-6, ignore_attr = TRUE)
  left <- quiet(TwoSampleMR::mr_leaveoneout(frame))
  expect_equal(as.data.frame(leave_one_out(fit, "variant", method = "ivw"))[names(left)], left, tolerance = 1e-6, ignore_attr = TRUE)
  for (plot in list(
    TwoSampleMR::mr_scatter_plot(rbind(theirs, rows[1:9]), frame), TwoSampleMR::mr_forest_plot(single_variant(fit)),
    TwoSampleMR::mr_funnel_plot(single_variant(fit)), TwoSampleMR::mr_leaveoneout_plot(leave_one_out(fit, "variant", method = "ivw"))
  )) {
    expect_s3_class(plot[[1]], "ggplot")
  }
  expect_identical(nrow(TwoSampleMR::generate_odds_ratios(rows[1:9])), nrow(rows))
})

test_that("TwoSampleMR: the frame is that of format_data() and harmonise_data()", {
  skip_if_not_installed("TwoSampleMR")
  fit <- panel_fit("ivw")
  fit$variants$chr <- "1"
  fit$variants$pos <- seq_len(nrow(fit$variants))
  frame <- as_twosample(fit, units = c("SD", "SD"))
  frame$effect_allele.exposure <- frame$effect_allele.outcome <- "A"
  frame$other_allele.exposure <- frame$other_allele.outcome <- rep(c("G", "T"), nrow(frame) / 2)
  input <- function(t) {
    data.frame(
      SNP = frame$SNP, beta = frame[[paste0("beta.", t)]], se = frame[[paste0("se.", t)]],
      effect_allele = "A", other_allele = frame$other_allele.exposure, eaf = frame$eaf.exposure,
      pval = frame[[paste0("pval.", t)]], samplesize = frame[[paste0("samplesize.", t)]], chr = "1",
      pos = fit$variants$pos, units = "SD", trait_id = t, Phenotype = t
    )
  }
  theirs <- quiet(TwoSampleMR::harmonise_data(
    TwoSampleMR::format_data(input("exposure"), type = "exposure", id_col = "trait_id"),
    TwoSampleMR::format_data(input("outcome"), type = "outcome", id_col = "trait_id"), action = 1
  ))
  expect_identical(names(frame), names(theirs))
  expect_identical(vapply(frame, class, ""), vapply(theirs, class, ""))
  theirs <- theirs[match(frame$SNP, theirs$SNP), ]
  for (name in c("beta.exposure", "se.outcome", "eaf.outcome", "mr_keep")) expect_equal(frame[[name]], theirs[[name]])
  expect_identical(names(attr(frame, "log")), names(attr(theirs, "log")))
})
