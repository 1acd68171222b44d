# Moments of dosages: whole numbers against doubles, one thread, in the same run.
#   Rscript bench/bench-dosage.R                 n = 500,000, p = 1,000 (8 GB of memory, some minutes)
#   Rscript bench/bench-dosage.R 100000 200      another size
# The dense pass runs on a share of the variants where it would take minutes, and is scaled by the
# number of products (said in the table). Every product of a few columns is compared with R's, exactly.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE, LatentMR.threads = 1L)
size <- as.numeric(commandArgs(TRUE))
n <- if (length(size)) size[1] else 5e5
p <- if (length(size) > 1) size[2] else 1000
folds <- 5L
covariates <- 12
# Processor seconds: everything runs in one thread, and other work on the machine does not count. The
# parts of a pass are seconds on the clock.
seconds <- function(expr) {
  time <- system.time(expr)
  time[["user.self"]] + time[["sys.self"]]
}
rows <- list()
report <- function(scale, what, seconds, note = "") {
  rows[[length(rows) + 1]] <<- data.frame(n = n, p = p, scale = scale, what = what, seconds = round(seconds, 3), note = note)
  cat(sprintf("  %-46s %9.3f s  %s\n", what, seconds, note))
}

# Dosages of n people: nine tenths certain calls, the others anywhere; each variant another part of
# a long draw, so that this takes seconds. 1 % of calls of every twentieth variant are missing.
draw_bytes <- function(n, p, scale) {
  draw <- function(f, size) {
    call <- 2 * scale * (rbinom(size, 2, f) / 2)
    k <- ifelse(runif(size) < .9, call, pmin(pmax(round(call + rnorm(size, 0, .3 * scale)), 0), 2 * scale))
    packBits(intToBits(as.integer(k - scale)))[rep(c(TRUE, TRUE, FALSE, FALSE), size)]
  }
  length <- min(n, 2e5)
  bank <- lapply(seq(.05, .5, length.out = 8), draw, size = length)
  raw <- raw(2 * n * p)
  for (v in seq_len(p)) {
    from <- sample.int(length, 1)
    one <- bank[[sample.int(8, 1)]]
    one <- c(one[(2 * from - 1):(2 * length)], one[seq_len(2 * from - 2)])
    column <- rep_len(one, 2 * n)
    if (v %% 20 == 0) {
      gone <- sample.int(n, n %/% 100)
      column[2 * gone - 1] <- as.raw(0)
      column[2 * gone] <- as.raw(0x80)
    }
    raw[(v - 1) * 2 * n + seq_len(2 * n)] <- column
  }
  raw
}

run <- function(scale) {
  cat(sprintf("n = %.0f, p = %.0f, scale %d, 4 environments x %d folds, %d numeric columns\n", n, p, scale, folds, covariates))
  table <- data.frame(
    snp = sprintf("rs%d", seq_len(p)), chr = NA_character_, pos = NA_real_, effect_allele = "A", other_allele = "C"
  )
  x <- LatentMR:::genotype_dosages(draw_bytes(n, p, scale), rep(scale, p), n, table)
  environment <- factor(sample.int(4, n, TRUE))
  blocks <- LatentMR:::draw_blocks(environment, NULL, folds, 1L)
  columns <- list(matrix(rnorm(n * covariates), n))
  from <- LatentMR:::bits.genotype_dosages(x, blocks$order + 1L)
  exact <- function(level) {
    .Call(LatentMR:::C_ffi_moments_dosage, from$source, blocks$order, from$person, blocks$table$n, columns, 4e9, level, NULL)
  }
  best <- LatentMR:::cpu_level()
  names <- c("plain C", "POPCNT", "AVX2", "AVX-512", "AVX-512")
  took <- list()
  for (level in unique(c(best, if (best > 2) 2L))) {
    took[[names[level + 1]]] <- seconds(out <- exact(level))
    report(scale, paste("whole numbers,", names[level + 1]), took[[names[level + 1]]], sprintf(
      "reading %.2f, products %.2f, numeric columns %.2f; %.0f G products/s", out$seconds[1], out$seconds[2], out$seconds[3],
      n * p * (p + 1) / 2 / out$seconds[2] / 1e9
    ))
  }
  some <- seq_len(min(p, 8))
  k <- round(LatentMR:::decode.genotype_dosages(x, some) * scale)
  k[is.na(k)] <- 0
  block <- rep(seq_along(blocks$table$n), blocks$table$n)
  for (b in c(1, max(block))) {
    g <- crossprod(k[blocks$order[block == b] + 1, ]) / scale^2
    stopifnot(identical(out$parts$gg[seq_len(length(some) * (length(some) + 1) / 2), b], g[upper.tri(g, TRUE)]))
  }
  rm(k, out)
  share <- if (n * p > 1e8) 1 / 4 else 1
  some <- seq_len(round(p * share))
  columns_of <- function(p) (p + covariates) * (p + covariates + 1)
  times <- columns_of(p) / columns_of(length(some))
  g <- LatentMR:::decode.genotype_dosages(x, some)
  for (level in unique(c(best, if (best > 2) 2L))) {
    dense <- seconds(
      .Call(LatentMR:::C_ffi_moments_dense, g, FALSE, blocks$order, blocks$table$n, columns, level, NULL)
    ) * times
    name <- names[level + 1]
    report(scale, paste("doubles,", name), dense, paste0(
      if (share < 1) sprintf("on %d variants, x %.0f; ", length(some), times), sprintf("ratio %.1f", dense / took[[name]])
    ))
  }
}

set.seed(1)
for (scale in c(255L, 16384L)) run(scale)
if (!length(size)) write.csv(do.call(rbind, rows), "bench/results/dosage.csv", row.names = FALSE)
