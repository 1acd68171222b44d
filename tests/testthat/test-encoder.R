panel_data_cell <- function(cell = 3, n = 600, seed = 4, ...) simulate_mr("snp", cell = cell, n = n, seed = seed, ...)

test_that("the panel mode finds as many directions as there are ancestries less one", {
  expect_identical(learn_instruments(panel_data_cell(1), seed = 1)$n_latent[["variant"]], 2L)
  expect_identical(learn_instruments(panel_data_cell(3, 1200), seed = 1)$n_latent[["variant"]], 2L)
  expect_lte(learn_instruments(panel_data_cell(14), seed = 1)$n_latent[["variant"]], 1L)
})

test_that("what is partialled out reaches at least to what is found", {
  error <- expect_error(encoder_control(partial_level = .99), class = "latentmr_error_argument")
  expect_match(conditionMessage(error), "`partial_level` must be at most `level` (0.95), not 0.99.", fixed = TRUE)
  expect_identical(encoder_control(level = .5001)$partial_level, .6)
})

test_that("directions close below the line are partialled out too, as far as the panel can spare them", {
  panels <- lapply(1:6, function(seed) panel_data_cell(13, 200, seed = seed))
  for (d in panels) {
    e <- learn_instruments(d, seed = 1)
    line <- quantile(e$null, c(.6, .95), names = FALSE)
    found <- sum(e$values > line[2])
    expect_identical(e$above, found)
    expect_identical(e$n_latent[["variant"]], found + min(sum(e$values > line[1]) - found, 10L))
  }
  strict <- encoder_control(partial_level = .95)
  same <- vapply(panels, function(d) {
    e <- learn_instruments(d, control = strict, seed = 1)
    e$above == e$n_latent[["variant"]]
  }, TRUE)
  expect_true(all(same))
  few <- simulate_mr("snp", cell = 14, n = 300, seed = 2)
  few$genotypes$x <- few$genotypes$x[, 1:9]
  few$variants <- few$variants[1:9, ]
  e <- learn_instruments(few, control = encoder_control(partial_level = .51), seed = 1)
  expect_identical(e$n_latent[["variant"]], e$above)
})

test_that("the variant block carries ancestry, the invariant block does not", {
  d <- panel_data_cell(1, 1000)
  encoder <- learn_instruments(d, seed = 1)
  v <- predict(encoder, d, type = "variant")
  w <- predict(encoder, d)
  expect_identical(dim(v), c(6000L, 2L))
  expect_identical(dim(w), c(6000L, 48L))
  share <- function(x) summary(lm(d$truth$Q[, 1] ~ x))$r.squared
  expect_gt(share(v), .5)
  expect_lt(share(w), .15)
})

test_that("moments give what rows give", {
  d <- panel_data_cell(3, missing = .05)
  a <- learn_instruments(d, seed = 1)
  b <- learn_instruments(mr_moments(d, seed = 9, disclosure = FALSE), seed = 1)
  for (part in c("values", "threshold", "center", "imputation", "n_latent")) {
    expect_equal(a[[part]], b[[part]], tolerance = 1e-8)
  }
  expect_equal(abs(a$variant), abs(b$variant), tolerance = 1e-8)
})

test_that("missing calls are scored at the mean of the environment", {
  d <- panel_data_cell(3, 400, missing = .1)
  encoder <- learn_instruments(d, seed = 1)
  z <- mr_genotypes(d)
  for (e in levels(d$environment)) for (j in seq_len(ncol(z))) {
    i <- d$environment == e
    z[i & is.na(z[, j]), j] <- mean(z[i, j], na.rm = TRUE)
  }
  expect_equal(unname(predict(encoder, d, "variant")), unname(sweep(z, 2, colMeans(z)) %*% encoder$variant), tolerance = 1e-8)
  expect_equal(unname(predict(encoder, mr_genotypes(d), "variant", environment = d$environment)), unname(predict(encoder, d, "variant")))
})

test_that("structure given: W holds it; with the instruments in it, they are residualised first", {
  d <- panel_data_cell(7, 500)
  pcs <- prcomp(mr_genotypes(d), rank. = 5)$x
  with_structure <- function(includes) {
    mr_data(mr_genotypes(d), d$exposure, d$outcome, d$environment, structure = pcs,
            structure_includes_instruments = includes, kind = "genotype")
  }
  no <- learn_instruments(with_structure(FALSE), seed = 1)
  ref <- ref_structure_matrix(mr_genotypes(d), d$environment, pcs)
  expect_equal(no$values, ref$values, tolerance = 1e-7)
  yes <- learn_instruments(with_structure(TRUE), seed = 1)
  residual <- qr.resid(qr(cbind(1, pcs)), mr_genotypes(d))
  expect_equal(yes$values, ref_structure_matrix(residual, d$environment)$values, tolerance = 1e-6)
  expect_lt(yes$n_latent[["variant"]], no$n_latent[["variant"]])
  expect_message(learn_instruments(with_structure(NA), seed = 1), "structure_includes_instruments")
  v <- predict(yes, with_structure(TRUE), "variant")
  expect_equal(unname(v), unname(residual %*% yes$variant), tolerance = 1e-6)
})

test_that("background: components of instruments and background together", {
  d <- panel_data_cell(1, 400, background = 150)
  expect_message(encoder <- learn_instruments(d, seed = 1), "components")
  both <- cbind(mr_genotypes(d), mr_background(d))
  ref <- prcomp(both, scale. = TRUE)
  expect_identical(encoder$mode, "background")
  expect_equal(encoder$values[1:3], ref$sdev[1:3]^2, tolerance = 1e-2)
  scored <- add_background(d, NULL)
  expect_identical(ncol(scored$structure), encoder$components)
  expect_gt(abs(cor(scored$structure[, 1], ref$x[, 1])), .99)
  expect_gte(encoder$components, 2)
  expect_lte(encoder$components, 4)
})

# Instruments in linkage blocks of five (cell 11).
linked_panel <- function(background = 150, n = 500, seed = 4) {
  simulate_mr("snp", cell = 11, n = n, seed = seed, background = background)
}

test_that("background components: the slow twin, blocks given and found", {
  d <- linked_panel(60)
  z <- mr_genotypes(d)
  for (given in c(TRUE, FALSE)) {
    d["block"] <- list(if (given) d$truth$block)
    control <- encoder_control(max_components = 9)
    view <- moments_view(mr_moments(panel_data(d, genotype_matrix(cbind(z, mr_background(d)))), folds = 1, seed = 1L, disclosure = FALSE))
    found <- background_components(view, d, ncol(z) + 60L, control)
    alone <- d
    alone["background"] <- list(NULL)
    block <- learn_instruments(alone, seed = 1)$block
    x <- cbind(z, mr_background(d))
    ref <- reference_components(x, ncol(z), d$environment, block, 10)
    expect_equal(found$values, ref$values, tolerance = 1e-8)
    scores <- sweep(x, 2, colMeans(x)) %*% found$loadings
    expect_equal(abs(diag(cor(scores, ref$scores))), rep(1, 10), tolerance = 1e-6)
    expect_equal(colMeans(scores^2), found$values, tolerance = 1e-8)
    expect_identical(found$count, as.integer(ref$count))
  }
})

test_that("linkage between the instruments makes no component", {
  components <- vapply(1:3, function(seed) {
    suppressMessages(suppressWarnings(learn_instruments(linked_panel(300, 500, seed), seed = 1)))$components
  }, 1L)
  # Three ancestries: two components, and now and then one more. By the panel's plain
  # correlation every one of the 20 blocks has its own.
  expect_true(all(components >= 2 & components <= 5))
})

test_that("background variants linked to an instrument are dropped", {
  d <- panel_data_cell(3, 400, background = 40)
  b <- mr_background(d)
  near <- mr_genotypes(d)[, 1:3]
  near[1, ] <- 2 - near[1, ]
  both <- cbind(b, near)
  colnames(both) <- paste0("b", 1:43)
  with_places <- function(chr_b = NULL, pos_b = NULL, background = both) {
    v <- d$variants
    data <- mr_data(mr_genotypes(d), d$exposure, d$outcome, d$environment, kind = "genotype", background = background)
    if (is.null(chr_b)) return(data)
    data$variants$chr <- "1"
    data$variants$pos <- seq_len(nrow(v)) * 1e3
    data$background$variants$chr <- chr_b
    data$background$variants$pos <- pos_b
    data
  }
  linked <- function(data) suppressMessages(add_background(data, NULL))$background_fit$dropped[["linked"]]
  alone <- linked(with_places(background = `colnames<-`(b, paste0("b", 1:40))))
  expect_identical(linked(with_places()), alone + 3L)
  expect_identical(linked(with_places("1", seq_len(43) * 1e3)), alone + 3L)
  expect_identical(linked(with_places("2", seq_len(43) * 1e3)), alone)
  expect_identical(linked(with_places("1", 1e8 + seq_len(43) * 1e3)), alone)
})

test_that("linked background variants are dropped and counted", {
  d <- panel_data_cell(3, 400, background = 40)
  b <- mr_background(d)
  doubled <- cbind(b, b[, 1:10])[, order(c(1:40, 1:10))]
  colnames(doubled) <- paste0("b", 1:50)
  # One call differs, so that the copies are linked and not duplicates.
  doubled[1, ] <- rep_len(0:2, 50)
  twice <- mr_data(mr_genotypes(d), d$exposure, d$outcome, d$environment, kind = "genotype", background = doubled)
  scored <- suppressMessages(add_background(twice, NULL))
  expect_identical(scored$background_fit$dropped[["linked"]], twice_linked(doubled, d$environment))
})

test_that("continuous instruments: dimensions and blocks of the published design", {
  for (environments in 2:3) {
    d <- simulate_mr("authors", mixing = "poly1", environments = environments, n = 3000, seed = 5)
    encoder <- learn_instruments(d, seed = 1)
    expect_identical(unname(encoder$n_latent), c(2L, 2L))
    w <- predict(encoder, d)
    expect_gt(min(cancor(w, d$truth$W)$cor), .98)
    expect_lt(max(cancor(w, d$truth$V)$cor), .1)
  }
})

test_that("the permutation null serves rows and refuses moments", {
  d <- simulate_mr("authors", mixing = "poly1", environments = 2, n = 400, seed = 5)
  control <- encoder_control(null = "permutation", draws = 60)
  expect_identical(unname(learn_instruments(d, control = control, seed = 1)$n_latent), c(2L, 2L))
  expect_error(learn_instruments(mr_moments(d, disclosure = FALSE), control = control, seed = 1), class = "latentmr_error_argument")
})

test_that("n_latent is obeyed", {
  d <- panel_data_cell(3, 300)
  encoder <- learn_instruments(d, n_latent = c(10, 5), seed = 1)
  expect_identical(unname(encoder$n_latent), c(10L, 5L))
  expect_identical(dim(encoder$invariant), c(50L, 10L))
})

test_that("the seed decides the null, the session's generator is left alone", {
  d <- panel_data_cell(3, 200)
  set.seed(1)
  a <- learn_instruments(d, seed = 3)
  first <- runif(1)
  set.seed(1)
  expect_identical(first, runif(1))
  expect_identical(a$threshold, learn_instruments(d, seed = 3)$threshold)
})

test_that("messages and prints", {
  d <- panel_data_cell(3, 200)
  encoder <- learn_instruments(d, seed = 1)
  expect_snapshot({
    encoder
    summary(encoder)$spectrum[1:3, c("direction", "part")]
    encoder_control()
  })
  expect_conditions({
    learn_instruments(1)
    learn_instruments(d, encoder = "lineer")
    learn_instruments(d, n_latent = 3)
    learn_instruments(d, n_latent = c(40, 20))
    learn_instruments(d, control = list())
    learn_instruments(d, seed = -1)
    predict(encoder)
    predict(encoder, matrix(1, 2, 3))
    predict(encoder, d, type = "both")
    encoder_control(level = 2)
  })
})

test_that("the plot carries its data", {
  p <- plot(learn_instruments(panel_data_cell(3, 200), seed = 1))
  expect_s3_class(p, "ggplot")
  expect_identical(nrow(p$data), 50L)
  expect_silent(ggplot2::ggplot_build(p))
})

test_that("residual linkage of neighbours is no structure when positions are known", {
  set.seed(6)
  n <- 20000
  # Two sites that mix two populations; groups of three variants with r^2 about .03.
  share <- rbeta(n, 2, 2)
  f <- rbind(a <- runif(60, .2, .8), pmin(pmax(a + rnorm(60, 0, .06), .05), .95))
  haplotype <- function() {
    u <- matrix(runif(n * 60), n)
    pick <- runif(n * 60) < .42
    u[pick] <- matrix(runif(n * 20), n)[, rep(1:20, each = 3)][pick]
    u < cbind(share, 1 - share) %*% f
  }
  g <- haplotype() + haplotype()
  site <- ifelse(runif(n) < share, "a", "b")
  x <- rnorm(n)
  data <- function(...) suppressMessages(mr_data(g, x, rnorm(n), site, kind = "genotype", ...))
  places <- data.frame(snp = paste0("s", 1:60), chr = rep(1:20, each = 3), pos = 1e6 + 1e4 * (1:60))
  colnames(g) <- places$snp
  known <- learn_instruments(data(variants = places), seed = 1)
  expect_identical(known$n_latent[["variant"]], 1L)
  expect_identical(as.vector(table(known$block)), rep(3L, 20))
  expect_gt(learn_instruments(data(), seed = 1)$n_latent[["variant"]], 10)
})

test_that("moments hold the background components of the control given, which the encoder must share", {
  d <- panel_data_cell(1, 400, background = 150)
  quiet <- suppressMessages
  few <- quiet(mr_moments(d, seed = 1, control = encoder_control(max_components = 1), disclosure = FALSE))
  expect_identical(few$background$components, 1L)
  expect_gt(quiet(mr_moments(d, seed = 1, disclosure = FALSE))$background$components, 1L)
  # Without a control, that of the moments; the fit says so.
  taken <- quiet(learn_instruments(few, seed = 1))
  expect_identical(taken$control$max_components, 1L)
  expect_identical(taken$values, quiet(learn_instruments(d, control = encoder_control(max_components = 1), seed = 1))$values)
  expect_error(learn_instruments(few, control = encoder_control(), seed = 1), class = "latentmr_error_argument")
  said <- tryCatch(latent_mr(few, control = encoder_control(background_r2 = .1), seed = 1), error = conditionMessage)
  expect_match(said, "background_r2 = 0.05, max_components = 1, with which the background components of `data` were computed", fixed = TRUE)
  expect_match(said, "not background_r2 = 0.1, max_components = 20", fixed = TRUE)
  expect_error(mr_moments(d, control = list(max_components = 1), disclosure = FALSE), class = "latentmr_error_argument")
  # The defaults stand where moments are made, and are those of encoder_control().
  expect_equal(unclass(encoder_control())[names(background_defaults)], background_defaults)
})
