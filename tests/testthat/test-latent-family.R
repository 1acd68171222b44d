# Rows within families against what is made by hand.
quiet <- function(code) suppressWarnings(suppressMessages(code))
family_methods <- c("latent_ujive", "family_ujive", "family_2sls")
family_fit_of <- function(data, ..., methods = family_methods) {
  quiet(latent_mr(data, methods = methods, by_environment = FALSE, seed = 1, ...))
}

test_that("the core leaves the mean of the family out, missing calls and people alone among it", {
  set.seed(2)
  family <- sample(12, 40, TRUE)
  x <- matrix(rnorm(120), 40)
  x[sample(120, 30)] <- NA
  x[family == 3, 1] <- NA
  twin <- apply(x, 2, within_twin, family)
  expect_equal(.Call(C_ffi_family_center, x, family, 12L), twin)
  expect_error(.Call(C_ffi_family_center, x, replace(family, 1, 13L), 12L), "13")
})

test_that("pairs: family_2sls is the 2SLS of differences between siblings, with its cluster error", {
  s <- sibship_parts(rep(2, 150), 8)
  fit <- family_fit_of(sibship_data(s))
  one <- match(1:150, s$family)
  two <- 301 - match(1:150, rev(s$family))
  dy <- s$y[one] - s$y[two]
  dx <- s$x[one] - s$x[two]
  dz <- s$g[one, ] - s$g[two, ]
  hat <- qr.fitted(qr(dz), dx)
  b <- sum(hat * dy) / sum(hat * dx)
  e <- dy - b * dx
  expect_equal(fit$estimates$family_2sls$b, b)
  # sum over families of (sum of x^ e)^2, the factor G / (G - 1) (n - 1) / (n - 1) of 300 people and one column.
  v <- sum((hat * e)^2) / sum(hat * dx)^2 * 150 / 149
  expect_equal(fit$estimates$family_2sls$se_plain, sqrt(v))
  expect_identical(fit$estimates$family_2sls$vcov, "cluster")
})

test_that("families of any size, covariates and missing calls: family dummies by hand; UJIVE family by family", {
  sizes <- rep(c(1, 2, 3, 4, 2), 20)
  s <- sibship_parts(sizes, 6, seed = 3)
  s$g[sample(length(s$g), 60)] <- NA
  age <- rnorm(length(s$y))
  s$y <- s$y + .5 * age
  data <- sibship_data(s, covariates = data.frame(age = age))
  fit <- family_fit_of(data)
  inside <- ave(s$family, s$family, FUN = length) > 1
  z <- apply(s$g[inside, ], 2, within_twin, s$family[inside])
  dummies <- outer(s$family[inside], unique(s$family[inside]), "==") + 0
  by_hand <- iv_fit(s$y[inside], s$x[inside], z, w = cbind(age = age[inside], dummies))
  expect_equal(fit$estimates$family_2sls$b, coef(by_hand)[["x"]])
  within <- function(v) within_twin(v[inside], s$family[inside])
  expect_equal(
    fit$estimates$family_ujive$b,
    ujive_twin(within(s$y), within(s$x), z, cbind(within(age)), s$family[inside]), tolerance = 1e-8
  )
  # The covariance is that of sandwich for the second stage without the families' dummies.
  skip_if_not_installed("sandwich")
  yd <- within(s$y)
  xd <- within(s$x)
  wd <- within(age)
  first <- lm(xd ~ 0 + wd + z)
  hat <- fitted(first)
  second <- lm(yd ~ 0 + hat + wd)
  second$residuals <- yd - coef(second)[[1]] * xd - coef(second)[[2]] * wd
  v <- sandwich::vcovCL(second, s$family[inside], type = "HC1")
  expect_equal(fit$estimates$family_2sls$se_plain, sqrt(v[1, 1]), tolerance = 1e-6)
  # Who is alone counts in the population rows only.
  expect_identical(fit$family[c("people", "families", "trios")], list(people = sum(inside), families = 80L, trios = 0L))
  expect_identical(fit$estimates$family_ujive$nobs, sum(inside))
  expect_output(print(fit), "80\\s+families\\s+of\\s+220\\s+participants\\s+inform\\s+the\\s+estimate")
  expect_output(print(summary(fit)), "Families:\\s+80\\s+families\\s+with\\s+220\\s+participants\\s+inform\\s+the\\s+family\\s+rows;\\s+the\\s+other\\s+20")
})

test_that("siblings at several sites keep the site's difference out of the estimate", {
  s <- sibship_parts(rep(3, 60), 5, seed = 4)
  s$site <- paste("site", rep_len(1:2, 180))
  s$y <- s$y + 5 * (s$site == "site 1")
  fit <- family_fit_of(sibship_data(s))
  d <- outer(s$family, 1:60, "==") + 0
  by_hand <- iv_fit(s$y, s$x, apply(s$g, 2, within_twin, s$family), w = cbind(d, s$site == "site 1"))
  expect_equal(fit$estimates$family_2sls$b, coef(by_hand)[["x"]])
})

test_that("the contrast is the difference of the two rows; its error that of a bootstrap of families", {
  s <- sibship_parts(rep(2, 250), 8, parents = .3, seed = 5)
  fit <- family_fit_of(sibship_data(s))
  test <- fit$family$contrast
  expect_equal(test$b, fit$estimates$latent_ujive$b)
  expect_equal(test$family, fit$estimates$family_ujive$b)
  expect_equal(test$difference, test$b - test$family)
  expect_equal(test$statistic, (test$difference / test$se)^2)
  expect_equal(test$pval, pchisq(test$statistic, 1, lower.tail = FALSE))
  site <- outer(s$site, unique(s$site), "==") + 0
  v <- s$g %*% fit$encoder$variant
  w <- if (isTRUE(fit$latent$part$interact)) cbind(site, do.call(cbind, lapply(1:2, function(j) v * site[, j]))) else cbind(site, v)
  yd <- within_twin(s$y, s$family)
  xd <- within_twin(s$x, s$family)
  zd <- apply(s$g, 2, within_twin, s$family)
  difference <- function(rows) {
    ujive <- function(y, x, z, w) {
      coef(quiet(iv_fit(y, x, z, w = w, estimator = "ujive", cluster = s$family[rows])))[[1]]
    }
    ujive(s$y[rows], s$x[rows], s$g[rows, ], w[rows, ]) - ujive(yd[rows], xd[rows], zd[rows, ], NULL)
  }
  expect_equal(difference(seq_along(s$y)), test$difference)
  set.seed(1)
  members <- split(seq_along(s$y), s$family)
  drawn <- replicate(150, difference(unlist(members[sample(250, replace = TRUE)])))
  expect_gt(test$se / sd(drawn), .8)
  expect_lt(test$se / sd(drawn), 1.25)
})

test_that("parents' effects: population biased and found, families not; without them nothing is found", {
  runs <- vapply(1:8, function(seed) {
    unlist(lapply(c(.5, 0), function(parents) {
      fit <- family_fit_of(sibship_data(sibship_parts(rep(2, 500), 15, parents = parents, seed = seed)))
      own <- fit$estimates$family_ujive
      c(
        fit$estimates$latent_ujive$b - .3, own$b - .3, own$lo < .3 && own$up > .3, fit$family$contrast$pval < .05,
        fit$headline == "family_ujive"
      )
    }))
  }, numeric(10))
  mean <- rowMeans(runs)
  expect_gt(mean[1], .15)
  expect_lt(abs(mean[2]), .05)
  expect_gte(mean[4], .875)
  expect_lt(abs(mean[6]), .05)
  expect_lt(abs(mean[7]), .05)
  expect_lte(mean[9], .25)
  expect_gte(mean[3], .75)
  expect_gte(mean[8], .75)
  # No pre-test decides what is reported first.
  expect_true(all(runs[c(5, 10), ] == 1))
})

test_that("the verdict: one test more, corrected with the others, that objects to the population rows alone", {
  s <- sibship_parts(rep(2, 500), 15, seed = 1)
  fit <- family_fit_of(sibship_data(s))
  v <- verdict(fit)
  at <- match("families", v$check)
  expect_equal(v$pval[at], fit$family$contrast$pval)
  tested <- is.finite(v$pval)
  expect_equal(v$p_holm[tested], p.adjust(v$pval[tested], "holm"))
  expect_lt(v$p_holm[at], .05)
  expect_false(v$objects[at])
  expect_match(attr(v, "headline"), "those of the population differ from it", all = FALSE)
  expect_no_match(paste(attr(v, "headline"), collapse = " "), "Do not publish")
  expect_no_match(attr(v, "unseen"), "mating")
  # A first line from the population is objected to.
  other <- fit
  other$leading <- "latent_ujive"
  expect_true(verdict(other)$objects[at])
  expect_match(attr(verdict(other), "headline")[1], "families")
  expect_output(print(summary(fit)), "Population less family estimate [(]Structure removed [(]UJIVE[)][)]")
  # Strength, J and sets of the first line are those of the families.
  expect_equal(v$statistic[v$check == "strength"], fit$diagnostics$family$f_effective)
  expect_equal(generics::glance(fit)$statistic.weakinst, fit$diagnostics$family$f)
  expect_equal(ar_set(fit), fit$diagnostics$family$ar, ignore_attr = TRUE)
  own <- iv_fit(within_twin(s$y, s$family), within_twin(s$x, s$family), apply(s$g, 2, within_twin, s$family), vcov = "cluster", cluster = s$family)
  expect_equal(fit$diagnostics$family$hansen$statistic, own$diagnostics["Hansen J", "statistic"])
  expect_equal(fit$diagnostics$family$f_effective, own$strength$effective_f, tolerance = 1e-6)
})

test_that("one site is enough within families; environments have their own estimates", {
  s <- sibship_parts(rep(2, 200), 8, seed = 6)
  s$site <- rep("one", 400)
  fit <- family_fit_of(sibship_data(s))
  expect_match(fit$warnings, "^Population rows: Not identified, forced", all = FALSE)
  s <- sibship_parts(rep(2, 200), 8, seed = 6)
  data <- sibship_data(s)
  fit <- quiet(latent_mr(data, seed = 1))
  part <- quiet(latent_mr(data[data$environment == "site 1", ], seed = 1))
  expect_equal(fit$by_environment[["site 1"]]$family_ujive$b, part$estimates$family_ujive$b)
  expect_equal(fit$leave_one_out[["site 0"]]$b, part$estimates$family_ujive$b)
  expect_identical(unique(subset(as.data.frame(fit, environments = TRUE), estimator == "family_ujive")$environment), c("pooled", "site 0", "site 1"))
  expect_equal(coef(quiet(update(fit, methods = "family_2sls", data = data))), c(exposure = fit$estimates$family_2sls$b), ignore_attr = TRUE)
})

test_that("families without siblings left, methods without families, wrong families", {
  s <- sibship_parts(rep(2, 100), 6, seed = 7)
  data <- sibship_data(s)
  alone <- data[!duplicated(s$family), ]
  fit <- family_fit_of(alone, force = TRUE)
  expect_match(fit$estimates$family_ujive$note, "no family of two or more siblings")
  expect_identical(fit$leading, "family_ujive")
  expect_match(fit$withheld, "^families do not give one: no family")
  expect_match(attr(verdict(fit), "headline"), "no point estimate, families do not give one", all = FALSE)
  few <- family_fit_of(data[s$family %in% 1:4 | !duplicated(s$family), ], force = TRUE)
  expect_match(few$estimates$family_2sls$note, "fewer than 5 families inform")
  expect_conditions({
    sibship_data(within(s, family <- seq_along(family)))
    sibship_data(s, cluster = rep_len(1:2, 200))
    suppressMessages(mr_data(s$g + .5, s$x, s$y, s$site, kind = "continuous", family = s$family))
    quiet(latent_mr(suppressMessages(mr_data(s$g, s$x, s$y, s$site, kind = "genotype")), methods = "family_2sls"))
  })
})

test_that("the family of a participant stays with the data", {
  s <- sibship_parts(rep(c(1, 2), 60), 6, seed = 8)
  s$family <- paste0("f", s$family)
  s$family[1] <- NA
  data <- sibship_data(s)
  expect_identical(as.character(data$family), s$family)
  expect_identical(nlevels(data$cluster), 120L)
  expect_identical(anyDuplicated(levels(data$cluster)), 0L)
  expect_identical(as.character(samples(data)$family), s$family)
  part <- data[30:90, ]
  expect_identical(as.character(part$family), s$family[30:90])
  expect_output(print(data), "families    60 of two or more, of 120 participants")
  # Clusters that hold families whole stay as they are.
  wider <- sibship_data(s, cluster = rep(1:60, each = 3))
  expect_identical(nlevels(wider$cluster), 60L)
  files <- known_files()
  # Made-up families are no siblings.
  expect_warning(
    from_file <- read_mr_data(files$bfile, files$pheno, "bmi", "sbp", "site", family = "family"), "not alike as full siblings"
  )
  expect_identical(as.character(from_file$family), as.character(rep(1:50, 4)))
})

test_that("negative controls within families: another outcome, by hand", {
  s <- sibship_parts(rep(2, 150), 8, seed = 9)
  age <- rnorm(300)
  data <- sibship_data(s, covariates = data.frame(age = age))
  fit <- family_fit_of(data)
  got <- quiet(negative_control(fit, "age", data, methods = "family_2sls"))
  within <- function(v) within_twin(v, s$family)
  by_hand <- iv_fit(within(age), within(s$x), apply(s$g, 2, within_twin, s$family))
  expect_equal(as.data.frame(got)$b[1], coef(by_hand)[[1]])
})
