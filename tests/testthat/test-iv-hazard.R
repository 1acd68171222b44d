test_that("by hand: four people", {
  # Between 0 and 1 all four are at risk, then the last three, two, one.
  # naive: A = 4.75 + 2/3, b = (3 - 5/4) + (0 - 2/3) + 0
  # iv: A = 1.5 + 1/3, b = 1/2 - 1/3; two-stage: A = 1.5 (1 + 2/3 + 1/2), 1.5 the first stage
  fit <- iv_hazard(1:4, c(1, 1, 0, 1), c(3, 0, 1, 1), c(1, 0, 1, 0))
  expect_equal(coef(fit)[["naive"]], 1 / 5)
  expect_equal(coef(fit)[["iv"]], 1 / 11)
  expect_equal(coef(fit)[["two_stage"]], 2 / 39)
  expect_identical(fit$events, 3)
  expect_identical(fit$person_time, 10)
})

test_that("time by time the estimates are the same: strata, delayed entry, ties, covariates, clusters", {
  for (late in c(FALSE, TRUE)) for (whole in c(FALSE, TRUE)) {
    set.seed(1)
    d <- hazard_people(60, late = late, whole = whole)
    family <- rep(1:20, length.out = nrow(d))
    fit <- function(...) coef(iv_hazard(d$time, d$event, d$x, d$z, entry = d$entry, ...))
    slow <- function(...) slow_hazard(d$time, d$event, d$x, d$z, entry = d$entry, ...)
    expect_equal(fit(), slow(), tolerance = 1e-8)
    expect_equal(fit(w = d$w, strata = d$strata), slow(w = d$w, strata = d$strata), tolerance = 1e-8)
    expect_equal(
      fit(w = d$w, strata = d$strata, cluster = family), slow(w = d$w, strata = d$strata, cluster = family),
      tolerance = 1e-8
    )
  }
})

test_that("ahaz 1.15.1 without instruments and ivtools 2.3.0 in two stages (peers/test-hazard-peers.R)", {
  n <- 500
  set.seed(1)
  z <- cbind(a = rbinom(n, 2, .3), b = rbinom(n, 2, .4))
  w <- rnorm(n)
  u <- rexp(n)
  x <- 1 + .5 * z[, 1] + .4 * z[, 2] + .2 * w + u + rexp(n)
  death <- rexp(n, .05 + .01 * x + .02 * u)
  end <- runif(n, 5, 15)
  got <- iv_hazard(pmin(death, end), death <= end, x, z, w)$estimates
  expect_equal(got$b[4], 0.01759866548822, tolerance = 1e-10)
  expect_equal(got$se[4], 0.00392130887391, tolerance = 1e-10)
  expect_equal(got$b[3], 0.03391109090007, tolerance = 1e-10)
  # Its error is with n - 1.
  expect_equal(got$se[3] * sqrt(n / (n - 1)), 0.01491519813731, tolerance = 1e-6)
})

test_that("errors are those of the delete-one jackknife, of people and of clusters", {
  set.seed(2)
  d <- hazard_people(240, late = TRUE)
  family <- rep(seq_len(ceiling(nrow(d) / 3)), each = 3)[seq_len(nrow(d))]
  fit_without <- function(out, cluster = NULL) {
    k <- setdiff(seq_len(nrow(d)), out)
    coef(iv_hazard(
      d$time[k], d$event[k], d$x[k], d$z[k, ], d$w[k], d$entry[k], d$strata[k], cluster[k]
    ))
  }
  spread <- function(b) sqrt((ncol(b) - 1) * rowMeans((b - rowMeans(b))^2))
  one <- iv_hazard(d$time, d$event, d$x, d$z, d$w, d$entry, d$strata)$estimates$se
  expect_equal(one, unname(spread(vapply(seq_len(nrow(d)), fit_without, numeric(4)))), tolerance = .05)
  by <- iv_hazard(d$time, d$event, d$x, d$z, d$w, d$entry, d$strata, family)$estimates$se
  groups <- split(seq_len(nrow(d)), family)
  expect_equal(by, unname(spread(vapply(groups, fit_without, numeric(4), cluster = family))), tolerance = .06)
  alone <- iv_hazard(d$time, d$event, d$x, d$z, d$w, d$entry, d$strata, seq_len(nrow(d)))$estimates$se
  expect_equal(alone, one * sqrt(nrow(d) / (nrow(d) - 1)), tolerance = 1e-8)
})

test_that("the pairs term is the sum over different people, or people of different clusters", {
  set.seed(6)
  q <- qr.Q(qr(matrix(rnorm(60), 20)))
  m <- rnorm(20)
  e <- rnorm(20)
  cluster <- rep(1:7, length.out = 20)
  slow <- function(apart) {
    sum(vapply(1:20, function(i) vapply(1:20, function(j) {
      if (apart[i] == apart[j]) return(0)
      one <- which(apart == apart[i])
      other <- which(apart == apart[j])
      p <- tcrossprod(q[one, , drop = FALSE], q[other, , drop = FALSE])
      sum(m[one] * (p %*% e[other])) * sum(e[one] * (p %*% m[other])) / length(one) / length(other)
    }, 0), numeric(20)))
  }
  first <- list(q = q, error = e)
  expect_equal(LatentMR:::pairs_term(first, m, NULL), slow(1:20))
  expect_equal(LatentMR:::pairs_term(first, m, factor(cluster)), slow(cluster))
  # It is in the error.
  d <- hazard_people(200, L = 30)
  stages <- LatentMR:::hazard_first_stage(d$x, unclass(d$z), matrix(0, 200, 0), factor(d$strata), NULL)
  follow <- as.list(d[c("time", "event", "entry")])
  got <- LatentMR:::risk_integrals(follow, cbind(d$x, stages$fitted, stages$jackknife), factor(d$strata))
  fit <- LatentMR:::solve_hazard(d$event, got, 3, 1)
  expect_equal(
    iv_hazard(d$time, d$event, d$x, d$z, strata = d$strata)$estimates$se[1],
    sqrt(fit$half[1, 1]^2 * (sum(fit$psi^2) + LatentMR:::pairs_term(stages, fit$martingale, NULL)))
  )
})

test_that("many weak instruments pull all but UJIVE; a seeded run", {
  set.seed(3)
  b <- vapply(1:40, function(i) {
    d <- hazard_people(800, L = 40)
    fit <- iv_hazard(d$time, d$event, d$x, d$z, d$w, strata = d$strata)
    rbind(coef(fit), fit$estimates$se)
  }, matrix(0, 2, 4))
  error <- apply(b[1, , ], 1, sd) / sqrt(40)
  off <- rowMeans(b[1, , ]) - .01
  expect_lt(abs(off[["ujive"]]), 3 * error[["ujive"]])
  expect_gt(off[["naive"]], 10 * error[["naive"]])
  expect_gt(off[["two_stage"]], 2 * error[["two_stage"]])
  covered <- rowMeans(abs(b[1, , ] - .01) < 1.96 * b[2, , ])
  expect_gt(covered[["ujive"]], .85)
  expect_lt(covered[["naive"]], .5)
})

test_that("scales: time, exposure, units in the frame", {
  set.seed(4)
  d <- hazard_people(150)
  ldl <- d$x
  death <- d$event
  fit <- iv_hazard(d$time, death, ldl, d$z, time_unit = "years")
  frame <- as.data.frame(fit)
  expect_identical(names(frame)[1:9], c(
    "id.exposure", "id.outcome", "outcome", "exposure", "method", "nsnp", "b", "se", "pval"
  ))
  expect_identical(frame$units[1], "events of death per 1,000 person-years per unit of ldl")
  expect_identical(unique(frame$scale), "hazard difference")
  plain <- iv_hazard(d$time, death, ldl, d$z)
  expect_equal(coef(fit), 1000 * coef(plain))
  expect_equal(coef(iv_hazard(10 * d$time, death, ldl, d$z)), coef(plain) / 10)
  expect_equal(coef(iv_hazard(d$time, death, 5 + 2 * ldl, d$z)), coef(plain) / 2)
  expect_equal(confint(plain, "iv", level = .95)[1, ], unlist(plain$estimates[2, 4:5]), ignore_attr = TRUE)
  expect_equal(sqrt(diag(vcov(plain)))[["iv"]], plain$estimates$se[2])
  expect_identical(nobs(plain), 150L)
  expect_identical(tidy(plain)$estimate, plain$estimates$b)
  expect_output(print(fit), "per 1,000 person-years")
  # What survival::Surv() returns.
  surv <- structure(cbind(time = d$time, status = death), class = "Surv", type = "right")
  expect_identical(iv_hazard(surv, x = ldl, z = d$z)$estimates, plain$estimates)
  late <- structure(cbind(start = 0 * d$time, stop = d$time, status = death), class = "Surv", type = "counting")
  expect_identical(iv_hazard(late, x = ldl, z = d$z)$estimates, plain$estimates)
  # Repeated instruments and covariates, and those of strata, add nothing.
  twice <- iv_hazard(d$time, death, ldl, cbind(d$z, d$z[, 1]), cbind(1, d$w, d$w), strata = d$strata)
  expect_equal(twice$estimates, iv_hazard(d$time, death, ldl, d$z, d$w, strata = d$strata)$estimates)
})

test_that("what is no follow-up is refused", {
  set.seed(5)
  d <- hazard_people(50)
  left <- structure(cbind(time = 1:50, status = 1), class = "Surv", type = "left")
  expect_conditions({
    iv_hazard(-d$time, d$event, d$x, d$z)
    iv_hazard(d$time, 0 * d$event, d$x, d$z)
    iv_hazard(d$time, d$event + 1, d$x, d$z)
    iv_hazard(d$time, x = d$x, z = d$z)
    iv_hazard(replace(d$time, 3, NA), d$event, d$x, d$z)
    iv_hazard(d$time, d$event, d$x, d$z, entry = d$time)
    iv_hazard(d$time, d$event, d$x, d$z[1:3, ])
    iv_hazard(d$time, d$event, replace(d$x, 1, Inf), d$z)
    iv_hazard(d$time, d$event, rep(1, 50), d$z)
    iv_hazard(d$time, d$event, d$x, d$w, d$w)
    iv_hazard(d$time, d$event, d$x, matrix(rnorm(2500), 50))
    iv_hazard(left, x = d$x, z = d$z)
    iv_hazard(d$time, d$event, d$x, d$z, cluster = rep(1, 50))
    iv_hazard(d$time, d$event, d$x, d$z, strata = c(NA, rep(1, 49)))
    confint(iv_hazard(d$time, d$event, d$x, d$z), "b")
  })
})

test_that("an exposure among the covariates, or among the instruments, is not identified", {
  set.seed(5)
  d <- hazard_people(50)
  said <- paste0(
    "The exposure is a function of strata and covariates.\n",
    "i Take it, and what it is made of, out of the covariates."
  )
  refused <- function(expr, text) expect_condition_text(expr, "latentmr_error_unidentified", text)
  refused(iv_hazard(d$time, d$event, d$x, d$z, w = cbind(d$x)), said)
  refused(iv_hazard(d$time, d$event, 1e6 + d$x, d$z, w = cbind(d$w, d$x - 3 * d$w)), said)
  refused(iv_hazard(d$time, d$event, rep(1:2, 25), d$z, strata = rep(1:2, 25)), said)
  refused(iv_hazard(d$time, d$event, d$z[, 1] + d$z[, 2], d$z), paste0(
    "The exposure is a function of instruments, strata and covariates: nothing in it is left to be confounded.\n",
    "i Take it, and what it is made of, out of the instruments."
  ))
})

test_that("times, events and entries of other kinds say what to give", {
  set.seed(5)
  d <- hazard_people(50)
  on <- as.Date("2020-01-01") + seq_len(50)
  many <- structure(cbind(time = d$time, status = rep(0:1, 25)), class = "Surv", type = "mright")
  none <- structure(cbind(time = d$time, status = 0), class = "Surv", type = "right")
  expect_conditions({
    iv_hazard(on, d$event, d$x, d$z)
    iv_hazard(on - on[1], d$event, d$x, d$z)
    iv_hazard(as.character(d$time), d$event, d$x, d$z)
    iv_hazard(d$time, factor(d$event), d$x, d$z)
    iv_hazard(d$time, rep(c("alive", "dead"), 25), d$x, d$z)
    iv_hazard(d$time, 2 * d$event, d$x, d$z)
    iv_hazard(d$time, d$event[1:3], d$x, d$z)
    iv_hazard(many, x = d$x, z = d$z)
    iv_hazard(none, x = d$x, z = d$z)
    iv_hazard(none, x = d$x, z = d$z, entry = d$time / 2)
    iv_hazard(structure(1:3, class = "Surv"), x = d$x, z = d$z)
    iv_hazard(d$time, d$event, d$x, d$z, entry = replace(d$time / 2, 4, d$time[4]))
    iv_hazard(d$time, d$event, d$x, d$z, entry = rep(-1, 50))
  })
})
