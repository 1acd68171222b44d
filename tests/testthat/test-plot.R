quiet <- function(code) suppressWarnings(suppressMessages(code))
plot_data <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
plot_fit <- quiet(latent_mr(plot_data, seed = 1))

# Computed without a warning or a message; in full: drawn as well.
draws <- function(plot, full = FALSE) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_s3_class(plot, "ggplot")
  expect_silent(if (full) ggplot2::ggplotGrob(plot) else ggplot2::ggplot_build(plot))
  size <- attr(plot, "size")
  expect_true(all(size >= 2 & size <= 40))
  plot
}

test_that("every picture of a fit is drawn and brings its data", {
  for (type in setdiff(fit_pictures, c("history", "quality", "mask"))) {
    p <- draws(plot(plot_fit, type, data = plot_data, units = c("mmol/L", "mmHg")), full = TRUE)
    expect_gt(nrow(p$data), 0)
  }
  expect_identical(plot(plot_fit)$labels$title, "Estimates of the effect of exposure on outcome")
  expect_match(plot(plot_fit, units = c("mmol/L", "mmHg"))$labels$x, "(mmHg per mmol/L)", fixed = TRUE)
  expect_match(plot(plot_fit)$labels$x, "(units of outcome per unit of exposure)", fixed = TRUE)
})

test_that("the forest shows the table, the sets and what is left out", {
  data <- plot(plot_fit)$data
  frame <- as.data.frame(plot_fit)
  rows <- data[data$kind == "estimate" & data$environment == "pooled", ]
  expect_equal(rows$b, frame$b)
  expect_equal(rows$up, frame$up_ci)
  expect_identical(rows$estimator[rows$headline], plot_fit$headline)
  left <- data[data$group == "One left out", ]
  expect_equal(left$b, unname(vapply(plot_fit$leave_one_out, `[[`, 0, "b")))
  set <- data[data$kind == "set" & data$environment == "pooled", ]
  expect_equal(c(set$lo, set$up), unlist(weakiv_set(plot_fit, "CLR")[c("lo", "up")], use.names = FALSE))
})

test_that("the ends of an environment's Anderson-Rubin set are where its F test has p = .05", {
  ends <- plot_fit$diagnostics$ar_environments
  expect_identical(names(ends), levels(plot_data$environment))
  z <- mr_genotypes(plot_data)
  checked <- 0
  for (e in names(ends)) {
    people <- plot_data$environment == e
    v <- predict(plot_fit$encoder, plot_data, "variant")[people, , drop = FALSE]
    for (b0 in c(ends[[e]]$lo, ends[[e]]$up)) {
      if (!is.finite(b0)) next
      r <- (plot_data$outcome - b0 * plot_data$exposure)[people]
      p <- anova(lm(r ~ v), lm(r ~ v + z[people, ]))[2, "Pr(>F)"]
      expect_equal(p, .05, tolerance = 1e-4)
      checked <- checked + 1
    }
  }
  expect_gt(checked, 0)
})

test_that("open ends are arrows and an empty set is words", {
  fit <- plot_fit
  whole <- data.frame(lo = -Inf, up = Inf, ci_type = "line", level = .95)
  fit$diagnostics$set <- whole
  fit$diagnostics$set_environments[] <- list(data.frame(lo = NA_real_, up = NA_real_, ci_type = "empty", level = .95))
  fit$by_environment <- fit$leave_one_out <- NULL
  p <- draws(plot(fit))
  arrows <- Filter(function(l) !is.null(l$geom_params$arrow), p$layers)
  tips <- vapply(arrows, function(l) sum(l$data$key == "1 ar Right at any strength (CLR)"), 0)
  expect_identical(sum(tips), 2)
  texts <- unlist(lapply(p$layers, function(l) if (inherits(l$geom, "GeomText")) l$data$text))
  expect_true("whole line" %in% texts)
  fit$diagnostics$set <- data.frame(lo = c(-Inf, 2), up = c(1, Inf), ci_type = "rays", level = .95)
  expect_identical(sum(plot(fit)$data$kind == "set" & plot(fit)$data$environment == "pooled"), 2L)
  draws(plot(fit))
})

test_that("no row is the first where no estimate is given, no set is of population rows beside a family's, no arrow is told of without one", {
  fit <- plot_fit
  words <- function(p) paste(p$labels$caption, collapse = " ")
  expect_match(words(plot(fit)), "Diamond: the estimate to report first")
  fit$withheld <- "the instruments are weak (F = 2.0)"
  fit$headline <- NA_character_
  for (type in c("forest", "environments")) {
    expect_false(any(plot(fit, type)$data$headline), info = type)
    expect_no_match(words(plot(fit, type)), "Diamond", info = type)
  }
  expect_no_match(words(plot_forest(plot_fit, NULL, whole = FALSE)), "arrows")
  family <- quiet(latent_mr(sibship_data(sibship_parts(rep(2, 300), 12)), seed = 1))
  expect_match(family$leading, "family")
  expect_false(any(plot(family)$data$kind == "set"))
})

test_that("limits keep the bulk in the picture", {
  # Ten intervals of half width 1 about 0 and one of 1,000.
  b <- rep(0, 11)
  half <- c(rep(1, 10), 1000)
  expect_identical(robust_limits(b, b - half, b + half, 0), c(-8, 8))
  expect_identical(robust_limits(b[-11] + 3, b[-11] + 2, b[-11] + 4), c(0, 4))
  expect_identical(robust_limits(b[-11] + 99, b[-11] + 98, b[-11] + 100, zero = FALSE), c(98, 100))
  expect_identical(robust_limits(NA_real_, NA_real_, NA_real_), c(-1, 1))
  expect_identical(robust_limits(5, NA_real_, NA_real_), c(0, 5))
})

test_that("long names are cut in the middle, numbers have two figures of the error", {
  expect_identical(shorten("short"), "short")
  expect_identical(shorten(strrep("ab", 30), 10), "ababa...ab")
  expect_identical(shorten("a\n  b"), "a b")
  expect_identical(format_estimate(c(.12345, NA), c(-.00004, NA), c(.24694, NA)), c("0.12 (0.00 to 0.25)", "not estimated"))
  expect_identical(format_estimate(1234.5, 1200, 1270), "1234 (1200 to 1270)")
})

test_that("of many variants twenty-four are named and the data keep all", {
  fit <- plot_fit
  set.seed(1)
  p <- 400L
  gg <- rep(500, p)
  bx <- rnorm(p, .1, .05)
  fit$latent$variants <- list(
    gg = diag(gg), gyx = cbind(.3 * bx + rnorm(p, 0, .04), bx) * gg, r0 = diag(1500, 2), least = rep(0, p), mean = rep(.6, p),
    df = 1400, n = 1500, block = seq_len(p)
  )
  fit$variants <- data.frame(snp = c("all", sprintf("rs%d", 2:p)), chr = NA, pos = NA, effect_allele = "A", other_allele = "C")
  loo <- draws(plot(fit, "leave_one_out"))
  expect_identical(nrow(loo$data), p + 1L)
  expect_identical(sum(loo$data$shown), 25L)
  move <- abs(loo$data$b - loo$data$b[loo$data$all])[!loo$data$all]
  expect_gte(min(move[loo$data$shown[!loo$data$all]]), max(move[!loo$data$shown[!loo$data$all]]))
  expect_match(loo$labels$caption, "24 of 400 variants")
  single <- draws(plot(fit, "single_variant"))
  expect_identical(sum(single$data$shown), 26L)
  scatter <- draws(plot(fit, "scatter"))
  expect_identical(nrow(scatter$data), p)
  expect_true(all(scatter$data$bx >= 0))
  funnel <- draws(plot(fit, "funnel"))
  expect_identical(sum(funnel$data$outside), sum(funnel$data$b != funnel$data$shown))
})

test_that("the lines of the scatter are the estimates", {
  fit <- quiet(latent_mr(plot_data, seed = 1, methods = c("latent_2sls", "ivw", "egger"), by_environment = FALSE))
  lines <- scatter_lines(fit, summary_input(fit_associations(fit, "x")))
  frame <- as.data.frame(fit)
  expect_equal(lines$slope[1:3], frame$b)
  expect_equal(lines$intercept[lines$method == "MR Egger"], variant_tests(fit)$egger_intercept[1])
})

test_that("the spectrum names what lies at its foot", {
  encoder <- plot_fit$encoder
  data <- draws(plot(encoder))$data
  expect_equal(data$value, encoder$values)
  expect_identical(sum(data$part == "variant"), as.integer(encoder$n_latent[["variant"]]))
  encoder$values <- c(10, 5, rep(-1, length(encoder$values) - 2))
  encoder$threshold <- 1
  p <- draws(plot(encoder))
  expect_identical(min(p$data$shown), .01)
  expect_match(p$labels$caption, sprintf("%d of %d", length(encoder$values) - 2, length(encoder$values)))
})

test_that("densities are of the latents, by environment", {
  p <- draws(plot(plot_fit$encoder, "latent", data = plot_data))
  w <- predict(plot_fit$encoder, plot_data, "invariant")[, 1]
  w <- (w - mean(w)) / sd(w)
  one <- p$data[p$data$latent == "Invariant 1" & p$data$environment == levels(plot_data$environment)[1], ]
  people <- plot_data$environment == levels(plot_data$environment)[1]
  expect_equal(one$mean[1], mean(w[people]))
  expect_equal(one$density, density(w[people], from = min(one$value), to = max(one$value), n = 128)$y)
  expect_equal(sum(one$density) * diff(one$value[1:2]), 1, tolerance = .02)
})

test_that("what has no numbers for a picture is refused by name", {
  expect_conditions({
    plot(plot_fit, "skatter")
    plot(plot_fit, "latent")
    plot(plot_fit, "history")
    plot(plot_fit, units = "mmHg")
  })
  fit <- quiet(latent_mr(plot_data, seed = 1, by_environment = FALSE, methods = c("ols", "latent_2sls")))
  expect_error(plot(fit, "environments"), class = "latentmr_error_argument")
  expect_error(plot(fit, "first_stage"), class = "latentmr_error_argument")
  draws(plot(fit))
  continuous <- simulate_mr("authors", n = 400, seed = 1)
  fit <- quiet(latent_mr(continuous, seed = 1))
  expect_error(plot(fit, "scatter"), class = "latentmr_error_argument")
  for (type in c("environments", "spectrum", "latent")) draws(plot(fit, type, data = continuous))
})

test_that("awkward names, estimates that are NA and many environments are drawn", {
  fit <- plot_fit
  fit$exposure <- paste("LDL <b>&\"cholesterol\"", strrep("very ", 30), "\u00e9")
  fit$outcome <- "\u6771\u4eac %s %d"
  for (id in names(fit$estimates)) fit$estimates[[id]][c("b", "se", "lo", "up", "pval")] <- NA_real_
  draws(plot(fit), full = TRUE)
  draws(plot(fit, "environments"))
  # Environments whose shortened names agree stay apart; of many the largest are shown.
  many <- simulate_cohort("hgdp", n = 40, sites = 7, variants = 10, seed = 1)
  levels(many$environment) <- paste0(strrep("north ", 5), seq_len(7), strrep(" west", 9))
  fit <- quiet(latent_mr(many, seed = 1, methods = c("ols", "latent_2sls")))
  p <- draws(plot(fit))
  expect_identical(sum(p$data$group == "Each environment" & p$data$kind == "estimate"), 7L)
  p <- draws(plot_environments(fit, NULL, max_panels = 5))
  expect_identical(length(unique(p$data$panel)), 5L)
  expect_match(p$labels$caption, "4\\slargest\\sof\\s7")
  expect_match(plot_first_stage(fit, 3)$labels$caption, "3\\slargest\\sof\\s7")
  p <- draws(plot_latents(fit$encoder, many, leading = 1, max_environments = 4))
  expect_identical(length(unique(p$data$environment)), 4L)
})

test_that("histories have a panel per quantity and the taken restart in front", {
  encoder <- plot_fit$encoder
  encoder$history <- data.frame(epoch = rep(1:3, 2), restart = rep(1:2, each = 3), reconstruction = 6:1, mmd_between = 1:6)
  encoder$details$kept <- 2L
  p <- draws(plot(encoder, "history"))
  expect_identical(levels(p$data$quantity), c("reconstruction", "mmd_between"))
  expect_identical(p$data$kept, rep(rep(c(FALSE, TRUE), each = 3), 2))
  expect_identical(p$labels$x, "Epoch")
  expect_identical(history_words("held_out_nmmd"), "Held out normalised MMD")
  expect_identical(history_words("hsic_within"), "HSIC within")
})

test_that("the curve's picture has its bands and the exposure in its data", {
  set.seed(1)
  z <- rnorm(300)
  u <- rnorm(300)
  fit <- iv_curve(y ~ x | z, data = data.frame(z, x = z + u, y = (z + u)^2 + u), seed = 1)
  p <- draws(plot(fit, units = c("mmol/L", "mmHg")))
  expect_equal(unname(as.matrix(p$data[c("fit", "lwr", "upr")])), unname(predict(fit, p$data$at, "confidence")[, c("fit", "lwr", "upr")]))
  expect_equal(p$data$uhigh, unname(predict(fit, p$data$at, "uniform")[, "upr"]))
  expect_identical(c(p$labels$x, p$labels$y), c("x (mmol/L)", "y (mmHg)"))
  draws(plot(fit, references = NULL))
  expect_error(plot(fit, type = "history"), class = "latentmr_error_argument")
  expect_error(plot(fit, references = "line"), class = "latentmr_error_argument")
  loop <- iv_curve(y ~ x | z, data = fit$data[c("x", "y")] |> as.data.frame() |> cbind(z = z), seed = 1, control = curve_control(solver = "adam", adam = adam_control(steps = 200)))
  p <- draws(plot(loop, type = "history"))
  expect_setequal(levels(p$data$quantity), c("lagrangian", "residual"))
  draws(plot(loop))
})

test_that("one axis has one scale, and one row is the headline of a cross-fitted fit", {
  data <- plot_data
  data$outcome <- as.numeric(data$outcome > 0)
  fit <- quiet(latent_mr(data, seed = 1, methods = c("ols", "latent_ujive", "latent_tsri"), by_environment = FALSE))
  p <- draws(plot(fit))
  expect_identical(unique(p$data$estimator), c("ols", "latent_ujive", "ar"))
  expect_match(p$labels$caption, "two-stage\\sresidual\\sinclusion\\)\\s\\(log\\sodds\\sratio\\)")
  expect_match(p$labels$x, "risk difference per unit of the\\sexposure")
  fit <- quiet(latent_mr(plot_data, seed = 1, crossfit = 3))
  p <- draws(plot(fit))
  expect_identical(sum(p$data$headline), 1L)
  expect_false(grepl("not cross-fitted", p$data$label[p$data$headline]))
  rows <- draws(plot(fit, "environments"))$data
  expect_identical(anyDuplicated(rows[c("environment", "estimator")]), 0L)
})

test_that("quality is drawn over what the data would show", {
  p <- draws(plot(plot_fit, "quality"), full = TRUE)
  table <- as.data.frame(plot_fit$quality)
  tests <- table[table$quantity != "first-stage F", ]
  expect_equal(p$data$ratio, tests$value / tests$detectable)
  expect_equal(draws(plot(learn_instruments(plot_data, seed = 1), "quality"))$data$value, tests$value)
  expect_error(plot(plot_fit$encoder, "quality"), class = "latentmr_error_argument")
  named <- unlist(lapply(p$layers, function(l) if (inherits(l$geom, "GeomText")) l$data$latent))
  above <- tests[tests$quantity == "mmd" & tests$block == "invariant" & tests$value > tests$detectable, ]
  expect_setequal(named, above$latent)
  # Thousands of latents, more environments than rows to show them.
  n <- 200
  many <- tests[rep(which(tests$quantity == "mmd")[1], n * 40), ]
  many$latent <- rep(sprintf("w%d", seq_len(n)), 40)
  many$against <- rep(sprintf("site %d", 1:40), each = n)
  many$n <- rep(1:40, each = n)
  many$value <- rep_len(c(0, 2 * many$detectable[1], 0, 0), nrow(many))
  p <- draws(plot_quality(structure(rbind(many, tests[tests$quantity == "hsic", ]), class = class(plot_fit$quality), used = 10L, people = 20L)))
  expect_match(p$labels$caption, "From\\s10\\sof\\s20\\speople")
  expect_match(p$labels$caption, "30\\slargest\\sof\\s40")
  expect_setequal(setdiff(levels(p$data$key), paste("hsic", tests$against)), sprintf("mmd site %d", 11:40))
  fit <- quiet(latent_mr(mr_moments(plot_data, folds = 4, seed = 1, disclosure = FALSE), seed = 1))
  expect_conditions(plot(fit, "quality"))
})

test_that("every environment has an axis, the same for all, whatever the number of panels", {
  p <- plot(plot_fit, "environments")
  grDevices::pdf(NULL)
  grob <- ggplot2::ggplotGrob(p)
  grDevices::dev.off()
  drawn <- function(pattern) sum(!vapply(grob$grobs[grepl(pattern, grob$layout$name)], inherits, NA, "zeroGrob"))
  panels <- length(plot_fit$encoder$environments) + 1L
  expect_gt(panels %% 3, 0) # the last row is not full
  expect_identical(drawn("^axis-b"), panels)
  ranges <- lapply(ggplot2::ggplot_build(p)$layout$panel_params, function(one) one$x.range)
  expect_length(unique(ranges), 1)
})

test_that("components of background variants are computed once for the pictures of the same data", {
  data <- simulate_cohort("hgdp", n = 60, sites = 3, variants = 25, background = 80, seed = 1)
  fit <- quiet(latent_mr(data, seed = 1, by_environment = FALSE))
  expect_identical(fit$mode, "background")
  withr::defer(made$drawn <- NULL)
  made$drawn <- NULL
  first <- plot(fit, "latent", data = data)
  expect_equal(plot(fit, "latent", data = data)$data, first$data)
  control <- fit$encoder$control
  whole <- quiet(add_background(data, control))$structure
  expect_identical(background_structure(data, control), whole)
  # What is kept is taken, by data that differ it is not.
  made$drawn$structure <- "kept"
  expect_identical(background_structure(data, control), "kept")
  other <- data
  other$outcome <- rev(other$outcome)
  expect_identical(background_structure(other, control), whole)
  # The same people, traits and counts with genotypes of one another are other data.
  made$drawn$structure <- "kept"
  turned <- other
  sites <- split(seq_along(other$outcome), other$environment)
  turned$background$x[unlist(sites), ] <- other$background$x[unlist(lapply(sites, rev)), ]
  expect_identical(background_structure(turned, control), quiet(add_background(turned, control))$structure)
})
