# Several exposures in mr_data(), mr_moments() and latent_mr().

quiet <- function(expr) suppressWarnings(suppressMessages(expr))

of <- function(fit, id, exposure = c("ldl", "hdl")) {
  rows <- as.data.frame(fit)
  rows[rows$estimator == id & rows$exposure %in% exposure, ]
}

test_that("least squares and 2SLS are those of AER::ivreg()", {
  skip_if_not_installed("AER")
  skip_if_not_installed("sandwich")
  d <- two_exposures()
  data <- two_data(d)
  fit <- quiet(latent_mr(data, methods = c("ols", "2sls", "latent_2sls"), seed = 1, by_environment = FALSE))
  moments <- quiet(latent_mr(mr_moments(data, seed = 1, disclosure = FALSE), methods = c("ols", "2sls", "latent_2sls"), seed = 1, by_environment = FALSE))
  frame <- data.frame(y = d$y, d$x, d$g, site = d$site, age = d$age)
  two <- AER::ivreg(as.formula(paste("y ~ ldl + hdl + site + age |", paste(colnames(d$g), collapse = " + "), "+ site + age")), data = frame)
  ols <- lm(y ~ ldl + hdl + site + age, frame)
  for (case in list(list("2sls", two), list("ols", ols))) {
    expect_equal(of(fit, case[[1]])$b, unname(coef(case[[2]])[2:3]), tolerance = 1e-8)
    expect_equal(of(moments, case[[1]])$b, unname(coef(case[[2]])[2:3]), tolerance = 1e-8)
    expect_equal(of(fit, case[[1]])$se, sqrt(diag(sandwich::vcovHC(case[[2]], "HC1")))[2:3], tolerance = 1e-7, ignore_attr = TRUE)
    expect_equal(of(moments, case[[1]])$se, sqrt(diag(vcov(case[[2]])))[2:3], tolerance = 1e-7, ignore_attr = TRUE)
  }
  expect_equal(of(moments, "latent_2sls")$b, of(fit, "latent_2sls")$b, tolerance = 1e-8)
})

test_that("every estimator is the one of iv_fit() on the columns of the block", {
  d <- two_exposures(n = 700, p = 8)
  data <- two_data(d)
  ids <- c("latent_2sls", "latent_liml", "latent_fuller", "latent_ujive", "latent_jive1", "latent_gmm")
  fit <- quiet(latent_mr(data, methods = ids, seed = 1, by_environment = FALSE))
  moments <- mr_moments(data, seed = 1, disclosure = FALSE)
  rows <- LatentMR:::dense_rows(data, fit$encoder, LatentMR:::moments_view(moments))
  w <- LatentMR:::block_columns(fit$latent$part, rows, LatentMR:::moments_view(moments))
  errors <- c(latent_2sls = "HC1", latent_liml = "bekker", latent_fuller = "bekker", latent_ujive = "many", latent_jive1 = "HC1", latent_gmm = "HC1")
  for (id in ids) {
    twin <- iv_fit(d$y, unname(d$x), rows$instruments, w, sub("latent_", "", id), vcov = errors[[id]])
    expect_equal(of(fit, id)$b, unname(coef(twin)[1:2]), tolerance = 1e-7)
    expect_equal(fit$estimates[[id]]$se_plain, sqrt(diag(vcov(twin)))[1:2], tolerance = 1e-6, ignore_attr = TRUE)
  }
  twin <- iv_fit(d$y, unname(d$x), rows$instruments, w)
  strength <- first_stage(twin)
  expect_equal(summary(fit)$first_stage$conditional_f, strength$table$conditional_f, tolerance = 1e-7)
  expect_equal(summary(fit)$first_stage$conditional_p, strength$table$conditional_p, tolerance = 1e-6)
  expect_equal(fit$diagnostics$cragg_donald, strength$joint$f[1], tolerance = 1e-7)
  expect_equal(of(fit, "latent_2sls")$fstat, strength$table$conditional_f, tolerance = 1e-7)
  expect_equal(fit$diagnostics$sargan$statistic, unname(twin$diagnostics["Sargan", 3]), tolerance = 1e-7)
  sets <- weakiv_set(twin, "AR")
  expect_equal(ar_set(fit)[c("ci_type", "lo", "up")], sets[c("ci_type", "lo", "up")], tolerance = 1e-6)
  # LM and CLR of a fit count that the first stage's variance is estimated, the others' do not.
  m <- LatentMR:::head_kclass(fit)
  expect_equal(LatentMR:::kclass_weakiv_test(m, c(0.3, -0.2)), weakiv_test(twin, c(0.3, -0.2)), tolerance = 1e-6)
  expect_identical(weakiv_test(fit, c(hdl = -0.2, ldl = 0.3)), LatentMR:::kclass_weakiv_test(m, c(0.3, -0.2), sqrt(1 + m$L / m$df)))
  expect_identical(weakiv_set(fit)$method, rep("AR", nrow(weakiv_set(fit))))
})

test_that("the conditional F, Nagar's estimator and inverse-variance weighting by their formulas", {
  d <- two_exposures(n = 600, p = 10)
  d$y <- d$y + drop(d$g %*% rnorm(10, 0, 0.3)) # pleiotropy, so that the random effects count
  data <- two_data(d)
  fit <- quiet(latent_mr(data, methods = c("latent_2sls", "latent_nagar", "ivw", "ivw_fixed"), seed = 1, by_environment = FALSE, control = encoder_control()))
  view <- LatentMR:::moments_view(mr_moments(data, seed = 1, disclosure = FALSE))
  rows <- LatentMR:::dense_rows(data, fit$encoder, view)
  w <- LatentMR:::block_columns(fit$latent$part, rows, view)
  m <- function(a) qr.resid(qr(w), as.matrix(a))
  z <- m(rows$instruments)
  x <- m(d$x)
  y <- m(d$y)
  L <- qr(z)$rank
  df <- nrow(z) - qr(w)$rank - L
  # Sanderson and Windmeijer: the F of what instrumented hdl leaves of ldl, L - 1 degrees of freedom
  zhat <- function(a) qr.fitted(qr(z), a)
  other <- zhat(x[, 2])
  delta <- sum(other * x[, 1]) / sum(other^2)
  left <- x[, 1] - delta * x[, 2]
  F <- sum(zhat(left)^2) / (L - 1) / (sum((left - zhat(left))^2) / df)
  expect_equal(summary(fit)$first_stage$conditional_f[1], F, tolerance = 1e-7)
  # Nagar
  S <- crossprod(x - zhat(x)) / df
  s <- drop(crossprod(x - zhat(x), y - zhat(y))) / df
  expect_equal(of(fit, "latent_nagar")$b, drop(solve(crossprod(zhat(x)) - L * S, crossprod(zhat(x), y) - L * s)), tolerance = 1e-7, ignore_attr = TRUE)
  # one exposure: the error is that of the single estimator
  one <- LatentMR:::kclass_moments(fit$latent$kclass$r0[1:2, 1:2], fit$latent$kclass$r1[1:2, 1:2], 600, L, qr(w)$rank)
  single <- quiet(mr_data(d$g, d$x[, 1], d$y, d$site, covariates = data.frame(age = d$age), kind = "genotype"))
  alone <- quiet(latent_mr(single, methods = "latent_nagar", seed = 1, by_environment = FALSE))$estimates$latent_nagar
  expect_equal(LatentMR:::kclass_nagar(one)$coefficients, alone$b, tolerance = 1e-7)
  expect_equal(sqrt(LatentMR:::kclass_nagar(one)$vcov[1]), alone$se_plain, tolerance = 1e-7)
  # IVW: regression of the variants' associations, each adjusted for the block
  g <- m(d$g)
  slope <- function(v) drop(crossprod(g, v)) / colSums(g^2)
  by <- slope(y)
  sy <- sqrt((sum(y^2) - by^2 * colSums(g^2)) / (nrow(g) - qr(w)$rank - 1) / colSums(g^2))
  rho <- cov2cor(crossprod(g)) * outer(fit$encoder$block, fit$encoder$block, "==")
  V <- solve(rho * outer(sy, sy))
  bx <- cbind(slope(x[, 1]), slope(x[, 2]))
  H <- solve(t(bx) %*% V %*% bx)
  b <- drop(H %*% t(bx) %*% V %*% by)
  q <- drop(t(by - bx %*% b) %*% V %*% (by - bx %*% b)) / (length(by) - 2)
  expect_gt(q, 1.5)
  expect_equal(of(fit, "ivw_fixed")$b, b, tolerance = 1e-7)
  expect_equal(of(fit, "ivw_fixed")$se, sqrt(diag(H)), tolerance = 1e-7)
  expect_equal(of(fit, "ivw")$se, sqrt(diag(H) * max(1, q)), tolerance = 1e-7)
})

test_that("the truth is found, and sites add up", {
  d <- two_exposures(n = 6000, p = 12, seed = 3)
  data <- two_data(d)
  fit <- quiet(latent_mr(data, methods = c("ols", "latent_2sls", "latent_liml"), seed = 1, by_environment = FALSE))
  near <- function(id) abs(of(fit, id)$b - c(0.3, -0.2)) / of(fit, id)$se
  expect_true(all(near("latent_liml") < 3))
  expect_gt(near("ols")[1], 10)
  half <- rep(c(TRUE, FALSE), length.out = 6000)
  part <- function(keep) {
    mr_moments(two_data(list(g = d$g[keep, ], x = d$x[keep, ], y = d$y[keep], site = d$site[keep], age = d$age[keep])), seed = 1, disclosure = FALSE)
  }
  whole <- quiet(latent_mr(mr_moments(data, seed = 1, disclosure = FALSE), methods = "2sls", seed = 1, by_environment = FALSE))
  sites <- quiet(latent_mr(combine_moments(part(half), part(!half)), methods = "2sls", seed = 1, by_environment = FALSE))
  expect_equal(of(sites, "2sls")$b, of(whole, "2sls")$b, tolerance = 1e-9)
  expect_equal(of(sites, "2sls")$se, of(whole, "2sls")$se, tolerance = 1e-9)
})

test_that("frames, print and pictures", {
  d <- two_exposures()
  fit <- quiet(latent_mr(two_data(d), seed = 1))
  single <- quiet(mr_data(d$g, d$x[, 1], d$y, d$site, kind = "genotype"))
  alone <- quiet(latent_mr(single, seed = 1, by_environment = FALSE))
  rows <- as.data.frame(fit)
  expect_identical(names(rows), names(as.data.frame(alone)))
  expect_identical(vapply(rows, class, ""), vapply(as.data.frame(alone), class, ""))
  expect_identical(rows$exposure[1:4], c("ldl", "hdl", "ldl", "hdl"))
  expect_identical(unique(rows$fstat_type[!is.na(rows$fstat)]), "conditional")
  expect_true(all(is.na(rows$b[rows$estimator == "latent_reml"])))
  every <- as.data.frame(fit, environments = TRUE)
  expect_setequal(unique(every$environment), c("pooled", "a", "b", "c"))
  expect_identical(names(tidy(fit)), names(tidy(alone)))
  expect_identical(nrow(glance(fit)), 1L)
  expect_output(print(fit), "given each other")
  expect_output(print(summary(fit)), "Structure removed \\(REML\\): no estimate, it has no multivariable form here")
  expect_no_match(paste(capture.output(print(fit)), collapse = " "), "REML")
  expect_output(print(summary(fit)), "conditional_f")
  picture <- ggplot2::ggplot_build(plot(fit))
  expect_gt(nrow(picture$data[[3]]), 4)
  expect_error(as_twosample(fit), class = "latentmr_error_argument")
  expect_error(weakiv_set(fit, "CLR"), class = "latentmr_error_argument")
  expect_snapshot(two_data(d))
  expect_identical(names(samples(two_data(d)))[3:5], c("ldl", "hdl", "y"))
})

test_that("0/1 outcomes with two exposures", {
  d <- two_exposures()
  d$y <- as.double(d$y > median(d$y))
  fit <- quiet(latent_mr(two_data(d), methods = c("latent_2sls", "latent_tsri", "latent_msmm"), seed = 1, by_environment = FALSE))
  rows <- as.data.frame(fit)
  expect_identical(rows$scale[c(1, 3, 5)], c("risk difference", "log odds ratio", "log risk ratio"))
  expect_true(all(is.finite(rows$b)))
  expect_equal(rows$or, c(NA, NA, exp(rows$b[3:4]), NA, NA))
  expect_equal(rows$rr[5:6], exp(rows$b[5:6]))
})

test_that("missing exposures are counted; bad ones refused", {
  d <- two_exposures()
  gaps <- d
  gaps$x[3, 2] <- NA
  data <- two_data(gaps)
  expect_identical(length(data$outcome), 499L)
  log <- flow(data)
  expect_identical(log$count[log$reason == "exposure hdl missing" & log$environment == "(all)"], 1L)
  bad <- function(x) quiet(mr_data(d$g, x, d$y, d$site, kind = "genotype"))
  expect_conditions(bad(cbind(ldl = d$x[, 1], hdl = 1)))
  expect_conditions(bad(cbind(ldl = d$x[, 1], ldl = d$x[, 2])))
  expect_conditions(bad(data.frame(ldl = d$x[, 1], hdl = letters[1:5])))
  expect_error(bad(cbind(d$x, Inf)), class = "latentmr_error_argument")
  expect_identical(bad(unname(d$x))$exposure_name, c("x1", "x2"))
  twice <- bad(cbind(ldl = d$x[, 1], double = 2 * d$x[, 1]))
  expect_conditions(quiet(latent_mr(twice, seed = 1)))
  many <- bad(unname(cbind(d$x, matrix(rnorm(500 * 12), 500))))
  expect_error(quiet(latent_mr(many, seed = 1)), class = "latentmr_error_unidentified")
})

test_that("several exposures from a phenotype table", {
  panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
  bed <- read_plink(panel)
  people <- samples(bed)
  set.seed(1)
  pheno <- data.frame(IID = people$iid, ldl = rnorm(nrow(people)), hdl = rnorm(nrow(people)), sbp = rnorm(nrow(people)), site = rep(c("n", "s"), length.out = nrow(people)))
  pheno$hdl[1:20] <- -9
  data <- quiet(read_mr_data(bed, pheno, c("ldl", "hdl"), "sbp", "site", instruments = head(variants(bed)$snp, 20)))
  expect_identical(colnames(data$exposure), c("ldl", "hdl"))
  expect_equal(unname(data$exposure[, "ldl"]), pheno$ldl[-(1:20)])
  expect_identical(data$outcome_name, "sbp")
  expect_error(read_mr_data(bed, pheno, c("ldl", "ldl"), "sbp", "site"), class = "latentmr_error_argument")
  expect_error(read_mr_data(bed, pheno, c("ldl", "lp"), "sbp", "site"), class = "latentmr_error_argument")
})

test_that("a fit of several exposures is a latent_mr like any other", {
  d <- two_exposures()
  data <- two_data(d)
  fit <- quiet(latent_mr(data, methods = c("latent_2sls", "latent_liml"), seed = 1))
  expect_identical(class(fit), "latent_mr")
  # Environments: the rows of both, those of the frame.
  e <- fit$diagnostics$environments
  local <- as.data.frame(fit, environments = TRUE)
  local <- local[local$estimator == fit$headline & local$environment != "pooled", ]
  local <- local[order(match(local$exposure, c("ldl", "hdl"))), ]
  expect_identical(paste(e$exposure, e$environment), paste(local$exposure, local$environment))
  expect_equal(e$b, local$b)
  expect_equal(e$f, local$fstat)
  # Leaving an environment out is fitting the others with the same directions.
  left <- leave_one_out(fit)
  expect_identical(paste(left$exposure, left$SNP), paste(c("ldl", "hdl"), rep(c("a", "b", "c", "All"), each = 2)))
  expect_equal(left$b[7:8], fit$estimates[[fit$headline]]$b)
  expect_equal(left$b[1:2], fit$leave_one_out$a$b)
  expect_output(print(left), "effect of hdl on y")
  # What is told of it.
  q <- vapply(1:2, function(j) cochran_q(e$b[e$exposure == c("ldl", "hdl")[j]], e$se[e$exposure == c("ldl", "hdl")[j]])[["Q"]], 0)
  expect_equal(fit$diagnostics$q$Q, q)
  expect_equal(glance(fit)$statistic.weakinst, min(summary(fit)$first_stage$conditional_f))
  expect_identical(each_estimate(fit, "se_plain", NA_real_)[1:2], fit$estimates$latent_2sls$se_plain)
  lines <- test_lines(fit)
  expect_match(lines, "conditional F = [0-9.]+ \\(ldl\\), [0-9.]+ \\(hdl\\)", all = FALSE)
  expect_match(lines, "Cochran Q over environments: .*\\(ldl\\), .*\\(hdl\\)", all = FALSE)
  # What is about one exposure says so.
  for (ask in list(as_twosample, single_variant, direction_test, function(x) plausibly_exogenous(x, .1), function(x) leave_one_out(x, "variant"),
                   function(x) plot(x, "scatter"))) {
    expect_error(ask(fit), "one exposure", class = "latentmr_error_argument")
  }
})

test_that("cross-fitting several exposures shows the rows of everybody's encoder too", {
  data <- two_data(two_exposures())
  ids <- c("ols", "latent_2sls")
  fit <- quiet(latent_mr(data, methods = ids, crossfit = 3, seed = 1, by_environment = FALSE))
  plain <- quiet(latent_mr(data, methods = ids, seed = 1, by_environment = FALSE))
  rows <- as.data.frame(fit)
  expect_identical(rows$crossfit, c(0L, 0L, 3L, 3L, 0L, 0L))
  expect_identical(rows$method[5:6], rep("Structure removed (2SLS), not cross-fitted", 2))
  expect_equal(rows$b[c(1, 2, 5, 6)], as.data.frame(plain)$b)
  expect_gt(min(abs(rows$b[3:4] - rows$b[5:6])), 1e-8)
})
