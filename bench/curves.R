# Mean squared errors of curves on designs with known truth, every estimator on the
# same draws; false nonlinearity and coverage of the bands.
#
#   Rscript bench/curves.R                        all cells, 100 draws (20 at n > 2,000; KIV on the first 20, npiv on the first 10)
#   Rscript bench/curves.R run kiv-1000 40        cells whose name starts so, 40 draws (a $ at its end: no others)
#   Rscript bench/curves.R coverage kiv 100 bootstrap   coverage of one kind of band
#   Rscript bench/curves.R null tian 300          false nonlinearity
#   Rscript bench/curves.R table                  the tables of what has been run
#
# Cell by cell, and within a cell draw by draw: bench/results/curves/<cell>.csv is
# extended where it stopped. Draw k of a cell starts from seed 300,000 + k (coverage
# 600,000, null 500,000) whatever ran before; the solver's settings were chosen on others.
suppressPackageStartupMessages(library(LatentMR))
source("bench/curve-designs.R")

cells <- list()
cell <- function(name, draws, code, truth = NULL) {
  cells[[name]] <<- list(name = name, draws = draws, make = code, truth = truth)
}
sigmoid <- function(x) log(abs(16 * x - 8) + 1) * sign(x - .5)
for (n in c(1000, 5000)) local({
  n <- n
  draws <- if (n > 2000) 20 else 100
  cell(sprintf("kiv-%d-sigmoid", n), draws, function() kiv_design(n), sigmoid)
  if (n == 1000) cell("kiv-1000-linear", draws, function() kiv_design(n, "linear"))
})
for (s in names(zoo_shapes)) local({
  s <- s
  cell(paste0("zoo-2000-", s), 100, function() zoo_design(2000, s))
})
for (s in c("sin", "step", "abs", "linear")) local({
  s <- s
  cell(paste0("agmm-2000-", s), 100, function() agmm_design(2000, s))
})
for (d in list(c(1000, .9, 100), c(1000, .5, 100), c(5000, .9, 20))) local({
  d <- d
  cell(sprintf("demand-%d-rho%g", d[1], d[2]), d[3], function() demand_design(d[1], d[2]))
})
for (s in c("A2", "B2", "C2", "C1")) for (n in c(1e4, 1e5)) local({
  s <- s
  n <- n
  cell(sprintf("tian-%s-%g", s, n), 20, function() tian_design(n, s))
})
for (r2 in c(.01, .03, .1, .3)) for (s in c("linear", "quadratic")) for (n in c(1e4, 1e5)) local({
  s <- s
  n <- n
  r2 <- r2
  truth <- prs_shapes[[s]]
  cell(sprintf("prs-%g-%s-%g", r2, s, n), 20, function() prs_design(n, r2, s), truth)
})

# npiv's curve ends where the data end.
sieve_mse <- function(fit, d) curve_mse(predict(fit, pmin(pmax(d$grid, min(d$x)), max(d$x))), d)

# KIV above 5,000 rows, and npiv above 2,000 or with covariates, take too long for a table.
peers_of <- function(formula, data, d, grid, seed) {
  kiv <- sieve <- NA
  if (length(d$y) <= 5000) kiv <- tryCatch(curve_mse(predict(iv_curve(formula, data, estimator = "kiv", seed = seed), grid), d), error = function(e) NA)
  if (seed <= 10 && !length(d$w) && ncol(d$z) == 1 && length(d$y) <= 2000 && requireNamespace("npiv", quietly = TRUE)) {
    sieve <- tryCatch(sieve_mse(iv_curve(formula, data, estimator = "sieve", seed = seed), d), error = function(e) NA)
  }
  c(kiv, sieve)
}

one_draw <- function(cell, seed) {
  set.seed(3e5 + seed)
  d <- cell$make()
  data <- data.frame(y = d$y, x = d$x)
  z <- sprintf("z%d", seq_len(ncol(d$z)))
  data[z] <- as.data.frame(d$z)
  w <- colnames(d$w)
  if (length(w)) data[w] <- as.data.frame(d$w)
  right <- paste(c(if (length(w)) paste(w, collapse = "+"), "x", paste(z, collapse = "+")), collapse = "|")
  formula <- as.formula(paste("y ~", right))
  grid <- as.data.frame(d$grid)
  names(grid) <- c("x", w)
  seconds <- sum(system.time(fit <- iv_curve(formula, data, seed = seed))[c("user.self", "sys.self")])
  value <- function(m) curve_mse(LatentMR:::reference_value(fit$references$models[[m]], grid$x), d)
  band <- predict(fit, grid, interval = "confidence")
  peers <- if (seed <= 20) peers_of(formula, data, d, grid, seed) else c(NA, NA)
  p <- setNames(fit$tests$p.value, trimws(fit$tests$test))
  data.frame(
    seed = seed, curve = curve_mse(band[, "fit"], d), unshrunk = curve_mse(band[, "unshrunk"], d),
    constant = value("constant"), regression = value("regression"), linear = value("linear"),
    quadratic = value("quadratic"), cubic = value("cubic"), kiv = peers[1], npiv = peers[2],
    shrink = fit$shrink, strength = fit$identification$strength, p.linearity = p[["linearity"]],
    p.score = p[["score"]], p.cubic = p[["cubic Wald"]], seconds = seconds
  )
}

directory <- "bench/results/curves"
dir.create(directory, showWarnings = FALSE, recursive = TRUE)
run_cell <- function(cell, draws) {
  file <- file.path(directory, paste0(cell$name, ".csv"))
  done <- if (file.exists(file)) utils::read.csv(file)$seed else integer()
  for (seed in setdiff(seq_len(draws), done)) {
    utils::write.table(one_draw(cell, seed), file, sep = ",", row.names = FALSE, col.names = !file.exists(file), append = file.exists(file))
  }
}

# Coverage of pointwise bands over the central 90 % of the exposure, and of uniform
# bands there: 500 draws.
coverage_cells <- list(
  "kiv-1000-sigmoid" = list(make = function() kiv_design(1000), truth = sigmoid),
  "prs-0.1-quadratic-1e4" = list(make = function() prs_design(1e4, .1, "quadratic"), truth = prs_shapes$quadratic),
  "zoo-2000-abs" = list(make = function() {
    d <- zoo_design(2000, "abs")
    slope <- stats::coef(stats::lm(d$truth ~ abs(d$grid)))
    d$truth_at <- function(x) slope[1] + slope[2] * abs(x)
    d
  })
)
coverage_draw <- function(cell, seed, band) {
  set.seed(6e5 + seed)
  d <- cell$make()
  truth <- if (is.null(d$truth_at)) cell$truth else d$truth_at
  z <- as.data.frame(d$z)
  data <- cbind(data.frame(y = d$y, x = d$x), z)
  control <- curve_control(band = band, draws = if (band == "bootstrap") 100 else 200)
  fit <- iv_curve(as.formula(paste("y ~ x |", paste(names(z), collapse = "+"))), data, control = control, seed = seed)
  q <- quantile(d$x, c(.05, .95))
  at <- seq(q[1], q[2], length.out = 60)
  held <- function(band, h) mean(band[, "lwr"] <= h & h <= band[, "upr"])
  slope <- (truth(at + 1e-4) - truth(at - 1e-4)) / 2e-4
  pointwise <- predict(fit, at, "confidence")
  data.frame(
    seed = seed, pointwise = held(pointwise, truth(at)), width = mean(pointwise[, "upr"] - pointwise[, "lwr"]),
    uniform = as.numeric(held(predict(fit, at, "uniform"), truth(at)) == 1),
    derivative = held(predict(fit, at, "confidence", derivative = TRUE), slope)
  )
}
run_coverage <- function(name, draws, band) {
  file <- file.path(directory, sprintf("coverage-%s-%s.csv", name, band))
  done <- if (file.exists(file)) utils::read.csv(file)$seed else integer()
  for (seed in setdiff(seq_len(draws), done)) {
    utils::write.table(coverage_draw(coverage_cells[[name]], seed, band), file, sep = ",", row.names = FALSE, col.names = !file.exists(file), append = file.exists(file))
  }
}

# False nonlinearity: linear truth, share of p < .05 over 1,000 draws.
null_cells <- list(
  "tian-C1" = function() tian_design(1e4, "C1"), "prs-0.03-linear" = function() prs_design(1e4, .03, "linear"),
  "prs-0.3-linear" = function() prs_design(1e4, .3, "linear"), "kiv-1000-linear" = function() kiv_design(1000, "linear")
)
# Only what the tests are made of: the features before they saw the outcome (hence no
# polishing), the line and the cubic. The p-values are those of iv_curve().
linearity_of <- function(d, seed) {
  rows <- list(y = d$y, x = d$x, z = d$z + 0, w = matrix(0, length(d$y), 0))
  fit <- list(
    model = LatentMR:::closed_fit(rows, curve_control(polish = 0), as.integer(seed)),
    references = list(wald = LatentMR:::cubic_wald(LatentMR:::polynomial_reference(rows, 3)), endogeneity = c(statistic = NA, p.value = NA))
  )
  LatentMR:::curve_tests(fit)$p.value
}
run_null <- function(name, draws) {
  file <- file.path(directory, paste0("null-", name, ".csv"))
  done <- if (file.exists(file)) utils::read.csv(file)$seed else integer()
  for (seed in setdiff(seq_len(draws), done)) {
    set.seed(5e5 + seed)
    p <- linearity_of(null_cells[[name]](), seed)
    row <- data.frame(seed = seed, linearity = p[1], score = p[2], cubic = p[3])
    utils::write.table(row, file, sep = ",", row.names = FALSE, col.names = !file.exists(file), append = file.exists(file))
  }
}

tables <- function() {
  files <- list.files(directory, "[.]csv$", full.names = TRUE)
  name <- sub("[.]csv$", "", basename(files))
  main <- !grepl("^(coverage|null)-", name)
  rows <- do.call(rbind, lapply(which(main), function(i) {
    r <- utils::read.csv(files[i])
    data.frame(cell = name[i], draws = nrow(r), t(signif(apply(r[-1], 2, median, na.rm = TRUE), 3)), worst = round(max(r$curve), 3),
      to_linear = round(median(r$curve / r$linear), 2), to_quadratic = round(median(r$curve / r$quadratic), 2)
    )
  }))
  print(rows, row.names = FALSE)
  utils::write.csv(rows, "bench/results/curves.csv", row.names = FALSE)
  rates <- do.call(rbind, lapply(which(!main), function(i) {
    r <- utils::read.csv(files[i])
    null <- grepl("^null", name[i])
    out <- if (null) colMeans(r[c("linearity", "score", "cubic")] < .05, na.rm = TRUE) else colMeans(r[-1])
    data.frame(cell = name[i], draws = nrow(r), what = names(out), rate = round(unname(out), 4))
  }))
  if (is.null(rates)) return(invisible())
  print(rates, row.names = FALSE)
  utils::write.csv(rates, "bench/results/curve-rates.csv", row.names = FALSE)
}

arguments <- commandArgs(TRUE)
what <- if (length(arguments)) arguments[1] else "run"
prefix <- if (length(arguments) > 1) arguments[2] else ""
count <- if (length(arguments) > 2) as.integer(arguments[3])
kind <- if (length(arguments) > 3) arguments[4]
or <- function(a, b) if (is.null(a)) b else a
if (what == "run") for (c in cells) if (startsWith(paste0(c$name, "$"), prefix)) run_cell(c, or(count, c$draws))
if (what == "coverage" || !length(arguments)) for (n in names(coverage_cells)) if (startsWith(n, prefix)) run_coverage(n, or(count, 500), or(kind, "posterior"))
if (what == "null" || !length(arguments)) for (n in names(null_cells)) if (startsWith(n, prefix)) run_null(n, or(count, 1000))
tables()
