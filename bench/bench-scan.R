# Scans: seconds a pair, memory, and the ratio to loops over two-stage least squares on some of the pairs.
#
#   Rscript bench/bench-scan.R outcomes [people, 500000] [outcomes, 1000] [pairs of the loops, 10]
#   Rscript bench/bench-scan.R exposures [people, 50000] [exposures, 3000] [pairs of the loops, 10]
#
# outcomes   1 exposure, 400 variants, 4 environments; 5 % of the values of an outcome are missing, in 20 patterns that
#            outcomes share. The outcomes are in a file each (8 bytes a value) and are read some at a time, once to plan and once
#            to estimate: the row of the one pass is what had passed when the second reading began.
# exposures  each with 20 variants of its own, 1 outcome, 4 environments, one structure column
# The loops, complete cases, one fit a pair, genotypes already decoded in memory, environments as covariates:
#   ivreg    summary(ivreg()) of the package AER or ivreg: estimate, error, tests of strength and endogeneity
#   two lm   lm() of the exposure on the variants, then of the outcome on its fitted values, as OneSampleMR's tsps()
# They know no encoder, no structure and no verdict. ivreg takes n p^2 work anew for each pair.
# Data are made by a process of their own (the same call with `make`), so that the peak is that of the scan.
# Writes bench/results/scan.csv (or RESULTS/scan.csv), a row for each measurement; rows of the same design and size are replaced.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
making <- "make" %in% arguments
arguments <- setdiff(arguments, "make")
design <- match.arg(arguments[1], c("outcomes", "exposures"))
size <- as.integer(arguments[-1])
asked <- function(k, default) if (length(size) >= k) size[k] else default
n <- asked(1, c(outcomes = 500000L, exposures = 50000L)[[design]])
count <- asked(2, c(outcomes = 1000L, exposures = 3000L)[[design]])
looped <- min(asked(3, 10L), count)
folder <- Sys.getenv("SCAN_FOLDER")
p <- if (design == "outcomes") 400L else 20L * min(count, 50L) # variants of a set of files
sets <- if (design == "outcomes") 1L else ceiling(count / 50)
file_of <- function(...) file.path(folder, paste0(...))

make <- function() {
  set.seed(1)
  environment <- factor(sample(letters[1:4], n, TRUE))
  ancestry <- stats::rnorm(n) + (environment == "b")
  signal <- numeric(n)
  exposures <- list()
  for (k in seq_len(sets)) {
    f <- stats::runif(p, .1, .5)
    g <- matrix(0, n, p)
    for (j in seq_len(p)) {
      tilt <- stats::plogis(stats::qlogis(f[j]) + .1 * stats::rnorm(1) * ancestry)
      g[, j] <- (stats::runif(n) < tilt) + (stats::runif(n) < tilt)
    }
    variants <- data.frame(
      snp = sprintf("rs%d", (k - 1) * p + seq_len(p)), chr = (seq_len(p) - 1) %% 22 + 1, pos = 2e6 * seq_len(p),
      effect_allele = "A", other_allele = "G"
    )
    LatentMR:::write_plink(file_of("set", k), g, variants)
    if (design == "outcomes") {
      signal <- drop(g %*% stats::rnorm(p, .03, .03))
    } else {
      own <- split(seq_len(p), (seq_len(p) - 1) %/% 20)
      exposures <- c(exposures, lapply(own, function(at) {
        drop(g[, at] %*% stats::rnorm(20, .1, .05)) + .5 * ancestry + stats::rnorm(n)
      }))
    }
  }
  if (design == "outcomes") {
    exposure <- ancestry + stats::rnorm(n) + signal
    patterns <- lapply(1:20, function(k) sample(n, n * .05))
    for (j in seq_len(count)) {
      y <- .1 * (j %% 2) * exposure + ancestry + stats::rnorm(n)
      y[patterns[[(j - 1) %% 20 + 1]]] <- NA
      writeBin(y, file_of("y", j))
    }
    saveRDS(list(environment = environment, exposure = exposure), file_of("people"), compress = FALSE)
  } else {
    exposures <- matrix(unlist(exposures[seq_len(count)]), n)
    outcome <- .2 * exposures[, 1] + ancestry + stats::rnorm(n)
    saveRDS(list(
      environment = environment, exposures = exposures, outcome = outcome, pc = ancestry + stats::rnorm(n, 0, .1)
    ), file_of("people"), compress = FALSE)
  }
}

if (making) {
  make()
  quit("no")
}
folder <- tempfile("scan")
dir.create(folder)
Sys.setenv(SCAN_FOLDER = folder)
script <- sub("--file=", "", grep("^--file=", commandArgs(), value = TRUE))
stopifnot(system2(file.path(R.home("bin"), "Rscript"), c(shQuote(script), "make", design, n, count)) == 0)
people <- readRDS(file_of("people"))
out <- file.path(Sys.getenv("RESULTS", "bench/results"), "scan.csv")
methods <- c("latent_2sls", "latent_liml", "latent_nagar")
rows <- list()
peak_MB <- function() {
  status <- if (file.exists("/proc/self/status")) readLines("/proc/self/status") else character()
  round(as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE)))[1] / 1024)
}
note <- function(what, pairs, run, variants = if (design == "outcomes") p else 20L) {
  time <- system.time(value <- run())
  rows[[length(rows) + 1]] <<- data.frame(
    design = design, people = n, variants = variants, traits = count, what = what, pairs = pairs,
    seconds = round(sum(time[1:2]), 2), clock = round(time[[3]], 2), per_pair = signif(sum(time[1:2]) / pairs, 3), peak_MB = peak_MB()
  )
  print(rows[[length(rows)]], row.names = FALSE)
  invisible(value)
}
data <- mr_data(
  read_plink(vapply(seq_len(sets), function(k) file_of("set", k), "")), exposure = stats::rnorm(n), outcome = stats::rnorm(n),
  environment = people$environment, ids = sprintf("id%d", seq_len(n)),
  structure = if (design == "exposures") cbind(pc = people$pc)
)
ivreg <- if (requireNamespace("ivreg", quietly = TRUE)) {
  ivreg::ivreg
} else if (requireNamespace("AER", quietly = TRUE)) {
  AER::ivreg
}
environment <- people$environment
loops <- function(pair, pairs) {
  if (!is.null(ivreg)) {
    note("loop over ivreg", pairs, function() {
      for (j in seq_len(pairs)) {
        one <- pair(j)
        summary(with(one, ivreg(y ~ x + environment | g + environment)), diagnostics = TRUE)
      }
    })
  }
  note("loop over two lm", pairs, function() {
    for (j in seq_len(pairs)) {
      one <- pair(j)
      here <- !is.na(one$y)
      one <- list(y = one$y[here], x = one$x[here], g = one$g[here, ], e = environment[here])
      first <- with(one, stats::lm(x ~ g + e))
      summary(with(one, stats::lm(y ~ fitted(first) + e)))
    }
  })
}

if (design == "outcomes") {
  names <- sprintf("y%d", seq_len(count))
  taken <- 0
  planned <- NULL
  read <- function(names) {
    if (taken == count) planned <<- proc.time()
    taken <<- taken + length(names)
    as.data.frame(lapply(stats::setNames(names, names), function(name) readBin(file_of(name), "double", n)))
  }
  exposures <- cbind(x = people$exposure)
  began <- proc.time()
  scan <- note("latent_scan()", count, function() {
    latent_scan(data, list(names = names, read = read), exposures, methods = methods, seed = 1)
  })
  one_pass <- planned - began
  rows[[2]] <- transform(
    rows[[1]], what = "of it the one pass over the outcomes", seconds = round(sum(one_pass[1:2]), 2),
    clock = round(one_pass[[3]], 2), per_pair = signif(sum(one_pass[1:2]) / count, 3)
  )
  if (looped > 0) {
    g <- LatentMR:::mr_genotypes(data, seq_len(p))
    loops(function(j) list(y = read(names[j])[[1]], x = people$exposure, g = g), looped)
  }
} else {
  own <- split(data$variants$snp, (seq_len(nrow(data$variants)) - 1) %/% 20)[seq_len(count)]
  names(own) <- sprintf("x%d", seq_along(own))
  exposures <- people$exposures
  colnames(exposures) <- names(own)
  scan <- note("latent_scan()", count, function() {
    latent_scan(data, cbind(y = people$outcome), exposures, instruments = own, methods = methods, seed = 1)
  })
  some <- seq_len(looped)
  if (looped > 0) {
    note("latent_scan(rows = TRUE), UJIVE", looped, function() {
      latent_scan(data, cbind(y = people$outcome), exposures[, some, drop = FALSE], instruments = own[some], rows = TRUE,
                  seed = 1, methods = c("latent_2sls", "latent_liml", "latent_ujive"))
    })
    g <- lapply(own[some], function(v) LatentMR:::mr_genotypes(data, match(v, data$variants$snp)))
    loops(function(j) list(y = people$outcome, x = exposures[, j], g = g[[j]]), looped)
  }
}
print(table(objections = nchar(scan$objections) > 0, holm = scan$p_holm < .05))
table <- do.call(rbind, rows)
table$times_scan <- signif(table$per_pair / table$per_pair[1], 3)
print(table, row.names = FALSE)
if (file.exists(out)) {
  before <- utils::read.csv(out)
  same <- before$design == design & before$people == n & before$traits == count
  if (identical(names(before), names(table))) table <- rbind(before[!same, ], table)
}
utils::write.csv(table, out, row.names = FALSE)
unlink(folder, recursive = TRUE)
