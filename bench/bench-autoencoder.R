# The autoencoder: published design (help page of simulate_mr(), design "authors"), all eight cells, started from the
# closed form and at random, one setting of the penalties for all; seconds of a training epoch beside PyTorch
# (bench/pytorch/autoencoder.py); binomial autoencoder beside the linear default on SNP cells. Resumes run by run
# (bench/results/autoencoder-runs.csv).
#
#   Rscript bench/bench-autoencoder.R [seeds, 8] [parts: warm random snp speed]
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments)) as.integer(arguments[1]) else 8)
parts <- if (length(arguments) > 1) arguments[-1] else c("warm", "random", "snp", "speed")
results <- "bench/results"
dir.create(results, FALSE, TRUE)
store <- file.path(results, "autoencoder-runs.csv")
runs <- if (file.exists(store)) utils::read.csv(store) else NULL

# Runs `code` unless this line is there already; every line is written at once.
once <- function(part, cell, seed, code) {
  if (any(runs$part == part & runs$cell == cell & runs$seed == seed)) return(invisible())
  spent <- system.time(values <- suppressWarnings(code()))
  line <- data.frame(
    part = part, cell = cell, seed = seed, values, seconds = round(spent[["user.self"]] + spent[["sys.self"]], 2)
  )
  runs <<- rbind(runs, line)
  utils::write.csv(runs, store, row.names = FALSE)
  cat(sprintf("%-8s %-14s seed %d: %+.4f  (%.1f s)\n", part, cell, seed, line$latent, line$seconds))
}

published <- function(mixing, environments, seed, start) {
  d <- simulate_mr("authors", mixing = mixing, environments = environments, n = 10000, seed = seed)
  degree <- switch(mixing, poly1 = 1, poly2 = 2, poly3 = 3, mlp = 0)
  # As published: at random the decoder is told the kind of mixing. From the closed form it is not.
  settings <- if (start == "warm") {
    autoencoder_control()
  } else {
    autoencoder_control(warm_start = FALSE, kernel = "rbf", mmd = 50, hsic = 50, epochs = 300, settle = .6, ramp = .1, restarts = 1,
      decoder = if (degree) "polynomial" else "mlp", decoder_degree = max(degree, 1))
  }
  control <- encoder_control(autoencoder = settings)
  fit <- latent_mr(d, "autoencoder", n_latent = c(2, 2), methods = c("2sls", "latent_2sls", "latent_2sls_only"),
    by_environment = FALSE, force = TRUE, control = control, seed = seed)
  b <- with(as.data.frame(fit), stats::setNames(b, estimator)) - 1
  dummies <- outer(as.integer(d$environment), seq_len(environments), "==") + 0
  oracle <- unname(coef(iv_fit(d$outcome, d$exposure, d$truth$W, rep(1, nrow(dummies))))[1]) - 1
  look <- fit$encoder$details$held_out
  data.frame(
    latent = b[["latent_2sls"]], other = b[["latent_2sls_only"]], raw = b[["2sls"]], oracle = oracle,
    criterion = look$nhsic + look$nmmd, noise = look$noise, reconstruction = look$reconstruction, epoch = look$epoch,
    from = if (is.null(fit$encoder$details$warm_start)) "random" else fit$encoder$details$warm_start
  )
}
cells <- expand.grid(environments = 2:3, mixing = c("poly1", "poly2", "poly3", "mlp"), stringsAsFactors = FALSE)
for (start in intersect(c("warm", "random"), parts)) for (seed in seeds) for (i in seq_len(nrow(cells))) {
  cell <- cells[i, ]
  once(start, sprintf("%s E=%d", cell$mixing, cell$environments), seed, function() published(cell$mixing, cell$environments, seed, start))
}

# SNP cells: the headline of the linear default (`latent`) and UJIVE with the autoencoder's blocks (`other`), effect 0.3.
snp <- function(number, seed) {
  d <- simulate_mr("snp", cell = number, seed = seed)
  linear <- latent_mr(d, by_environment = FALSE, seed = seed)
  deep <- latent_mr(d, "autoencoder", methods = c("2sls", "latent_ujive"), by_environment = FALSE, seed = seed,
    control = encoder_control(autoencoder = autoencoder_control(warm_start = FALSE, restarts = 1)))
  value <- function(fit, name) with(as.data.frame(fit), b[estimator == name]) - .3
  look <- deep$encoder$details$held_out
  data.frame(
    latent = value(linear, linear$headline), other = value(deep, "latent_ujive"), raw = value(linear, "2sls"), oracle = NA,
    criterion = look$nhsic + look$nmmd, noise = look$noise, reconstruction = look$reconstruction, epoch = look$epoch,
    from = "random"
  )
}
if ("snp" %in% parts) for (seed in seeds) for (number in c(1, 3, 8, 9)) {
  once("snp", sprintf("cell %d", number), seed, function() snp(number, seed))
}

if (!is.null(runs)) {
  table <- do.call(rbind, lapply(split(runs, list(runs$cell, runs$part), drop = TRUE), function(x) {
    data.frame(
      part = x$part[1], cell = x$cell[1], seeds = nrow(x), bias = mean(x$latent), sd = sd(x$latent),
      other_bias = mean(x$other), other_sd = sd(x$other), raw_bias = mean(x$raw), oracle_bias = mean(x$oracle),
      oracle_sd = sd(x$oracle), within_noise = mean(x$criterion <= 3 * x$noise), moved = mean(x$epoch > 0), seconds = stats::median(x$seconds),
      from = paste(sort(unique(x$from)), collapse = "+")
    )
  }))
  print(table, digits = 3, row.names = FALSE)
  numbers <- vapply(table, is.numeric, NA)
  table[numbers] <- lapply(table[numbers], signif, 4)
  utils::write.csv(table, file.path(results, "autoencoder.csv"), row.names = FALSE)
}

# Seconds of processor time of a training epoch: p = 15, two environments of 10,000, batch 500 of each, one thread.
# PyTorch computes the biased statistics, a little less work than the unbiased ones here. It takes the BLAS of the system, and with the reference BLAS the ratios flatter: PEER_LIBRARY_PATH names the
# directory of another libblas.so.3 (OpenBLAS) for it.
peer_lines <- function(python) {
  blas <- Sys.getenv("PEER_LIBRARY_PATH")
  system2(python, "bench/pytorch/autoencoder.py", stdout = TRUE,
    env = if (nzchar(blas)) c(paste0("LD_LIBRARY_PATH=", blas), "OPENBLAS_NUM_THREADS=1"))
}
if ("speed" %in% parts) {
  set.seed(1)
  z <- LatentMR:::monomials(matrix(stats::rnorm(20000 * 4), 20000), 2)[, -1] %*% matrix(stats::rnorm(14 * 15), 14)
  z <- unname(LatentMR:::standardise(z))
  rows <- list(z, z, rep(0, 15), NULL, rep(1:2, each = 10000), 2L)
  epoch <- function(kernel, degree, precision) {
    control <- autoencoder_control(kernel = kernel, held_out = 0, settle = 0, ramp = 0, warm_start = FALSE)
    run <- function(epochs) {
      control$epochs <- epochs
      options <- LatentMR:::autoencoder_options(control)
      options[3:4] <- 1e6 # no look at held-out rows between the first and the last
      shape <- c(15L, 15L, 2L, 2L, 64L, degree, 0L, 0L)
      spent <- system.time(.Call(LatentMR:::C_ffi_ae_fit, shape, rows, options, NULL, 1L, 1L, precision, NULL, LatentMR:::cpu_level()))
      spent[["user.self"]] + spent[["sys.self"]]
    }
    count <- if (kernel == "rbf") 5 else 20
    min(vapply(1:3, function(k) (run(count + 1) - run(1)) / count, 0))
  }
  speed <- expand.grid(precision = c("single", "double"), decoder = c("monomials of degree 2", "net"), kernel = c("poly2", "rbf"), stringsAsFactors = FALSE)
  speed$seconds <- mapply(
    function(kernel, decoder, precision) epoch(kernel, if (decoder == "net") 0L else 2L, as.integer(precision == "single")),
    speed$kernel, speed$decoder, speed$precision
  )
  speed$what <- "LatentMR"
  python <- Filter(
    function(p) nzchar(p) && system2(p, c("-c", shQuote("import torch")), stdout = FALSE, stderr = FALSE) == 0,
    unique(c(Sys.getenv("PYTHON"), Sys.which("python3"), "/usr/bin/python3"))
  )
  if (length(python)) {
    peer <- utils::read.csv(text = peer_lines(python[1]), header = FALSE)
    names(peer) <- c("kernel", "name", "seconds")
    ours <- speed$seconds[match(peer$kernel, speed$kernel)] # monomials, single
    cat(sprintf("%s: PyTorch (%s) takes %.1f times as long\n", peer$kernel, peer$name, peer$seconds / ours), sep = "")
    speed <- rbind(speed, data.frame(
      precision = "single", decoder = "monomials of degree 2", kernel = peer$kernel, seconds = peer$seconds,
      what = paste0("PyTorch, ", peer$name)
    ))
  }
  print(speed, digits = 3, row.names = FALSE)
  speed$seconds <- signif(speed$seconds, 3)
  utils::write.csv(speed, file.path(results, "autoencoder-speed.csv"), row.names = FALSE)
}
