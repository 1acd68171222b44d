# Block moments from a bed file: parts, memory, and peers in the same run.
#   Rscript bench/bench-moments.R            both sizes
#   Rscript bench/bench-moments.R small      without n = 500,000
# OPENBLAS=/path/to/libblas.so.3 (of OpenBLAS) adds that peer, on the whole file.
# Peers are run on a share of the variants where they would take minutes, and
# scaled by the number of products (said in the table).
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
only_small <- "small" %in% commandArgs(TRUE)
dir <- tempfile("bench")
dir.create(dir)

# A bed file of n x p genotypes with a share of missing calls: every variant draws
# bytes from a table of its own, so that writing takes seconds. Frequencies vary.
write_bed <- function(prefix, n, p, missing) {
  bytes <- ceiling(n / 4)
  con <- file(paste0(prefix, ".bed"), "wb")
  on.exit(close(con))
  writeBin(as.raw(c(0x6c, 0x1b, 0x01)), con)
  base <- sample.int(4096L, bytes + 4096L, TRUE)
  for (v in seq_len(p)) {
    f <- stats::runif(1, .05, .5)
    code <- sample(c(0L, 1L, 2L, 3L), 4096 * 4, TRUE, c((1 - missing) * c(f^2, 0, 2 * f * (1 - f), (1 - f)^2) + c(0, missing, 0, 0)))
    table <- as.raw(colSums(matrix(code, 4) * c(1L, 4L, 16L, 64L)))
    writeBin(table[base[sample.int(4096L, 1) + seq_len(bytes)]], con)
  }
  writeLines(sprintf("f%d i%d 0 0 0 -9", seq_len(n), seq_len(n)), paste0(prefix, ".fam"))
  writeLines(sprintf("1 rs%d 0 %d A G", seq_len(p), seq_len(p)), paste0(prefix, ".bim"))
}

# An mr_data object over the whole file, without the checks of mr_data(), which
# are not what is measured here.
cohort <- function(prefix, n, p, environments, covariates) {
  info <- .Call(LatentMR:::C_ffi_bed_open, paste0(prefix, ".bed"), as.integer(n), as.integer(p))
  bed <- structure(class = "plink_bed", list(
    files = data.frame(bed = paste0(prefix, ".bed"), bim = "", fam = "", size = info$size, mtime = info$mtime, first = 1L, variants = as.integer(p)),
    samples = data.frame(iid = seq_len(n)), variants = data.frame(snp = seq_len(p))
  ))
  x <- matrix(stats::rnorm(n * covariates), n, dimnames = list(NULL, sprintf("c%d", seq_len(covariates))))
  LatentMR:::new_mr_data(
    genotypes = list(bed = bed, rows = seq_len(n), cols = seq_len(p)), variants = data.frame(snp = sprintf("rs%d", seq_len(p))),
    kind = "genotype", exposure = stats::rnorm(n), outcome = stats::rnorm(n), exposure_name = "d", outcome_name = "y",
    environment = factor(sample.int(environments, n, TRUE)), covariates = x, structure = NULL,
    covariate_coding = LatentMR:::code_covariates(as.data.frame(x))$coding, structure_includes_instruments = NA,
    removed_variants = data.frame(snp = character(), reason = character()),
    flagged_variants = data.frame(snp = character(), environment = character(), reason = character())
  )
}

# Processor seconds: everything runs in one thread, and other work on the machine
# does not count. The parts of a pass are seconds on the clock.
seconds <- function(expr) processor(system.time(expr))
processor <- function(time) time[["user.self"]] + time[["sys.self"]]
# Highest resident memory of this process since the last call, where Linux tells.
peak <- function() {
  on.exit(try(cat("5", file = "/proc/self/clear_refs"), silent = TRUE))
  status <- tryCatch(readLines("/proc/self/status"), error = function(e) "")
  line <- grep("^VmHWM", status, value = TRUE)
  if (length(line)) as.numeric(gsub("[^0-9]", "", line)) / 1e6 else NA
}
rows <- list()
report <- function(job, what, seconds, note = "") {
  rows[[length(rows) + 1]] <<- data.frame(job = job, what = what, seconds = round(seconds, 3), note = note)
  cat(sprintf("  %-44s %9.3f s  %s\n", what, seconds, note))
}

run <- function(job, n, p, folds, covariates, missing, peer_share) {
  cat(sprintf("%s: n = %d, p = %d, 4 environments x %d folds, %d + 2 numeric columns, %.0f %% missing\n", job, n, p, folds, covariates, 100 * missing))
  prefix <- file.path(dir, "cohort")
  write_bed(prefix, n, p, missing)
  data <- cohort(prefix, n, p, 4, covariates)
  gc(full = TRUE)
  before <- peak()
  time <- system.time(m <- mr_moments(data, folds, seed = 1, disclosure = FALSE))
  took <- processor(time)
  top <- peak()
  report(job, "mr_moments", took, sprintf(
    "%.2f s on the clock, peak %.2f GB (%.2f GB before), result %.2f GB", time[["elapsed"]], top, before, as.numeric(utils::object.size(m)) / 1e9
  ))
  rm(m)
  gc(full = TRUE)
  blocks <- LatentMR:::draw_blocks(data$environment, NULL, as.integer(folds), 1L)
  for (level in unique(c(LatentMR:::cpu_level(), if (LatentMR:::cpu_level() > 2) 2L))) {
    out <- LatentMR:::moments_pass(data, blocks, 1e9, level)
    name <- c("plain C", "POPCNT", "AVX2", "AVX-512", "AVX-512 VPOPCNTDQ")[level + 1]
    for (k in 1:3) report(job, sprintf("  %s, %s", c("reading and permuting", "counting", "numeric columns")[k], name), out$seconds[k])
    rm(out)
  }
  some <- seq_len(round(p * peer_share))
  scaled <- sprintf("on %d variants, x %.0f", length(some), 1 / peer_share^2)
  gg <- NULL
  decode <- seconds(g <- LatentMR:::bed_matrix(data$genotypes$bed, NULL, some))
  product <- seconds({
    g[is.na(g)] <- 0
    gg <- crossprod(g)
  })
  report(job, "decode + R's BLAS, one crossprod only", decode / peer_share + product / peer_share^2, scaled)
  rm(g)
  if (requireNamespace("BEDMatrix", quietly = TRUE)) {
    b <- suppressMessages(BEDMatrix::BEDMatrix(prefix, n = n, p = p))
    read <- seconds(g <- b[, some])
    product <- seconds({
      g[is.na(g)] <- 0
      gg <- crossprod(g)
    })
    report(job, "BEDMatrix + crossprod, one crossprod only", read / peer_share + product / peer_share^2, scaled)
    cat(sprintf("  ratio %.0f\n", (read / peer_share + product / peer_share^2) / took))
  }
  if (nzchar(Sys.getenv("OPENBLAS"))) {
    code <- "a <- commandArgs(TRUE); n <- as.integer(a[2]); p <- as.integer(a[3]); library(LatentMR)
      o <- .Call(LatentMR:::C_ffi_bed_open, a[1], n, p); f <- list(a[1], o$size, o$mtime, p)
      t <- system.time({sum <- 0; for (i in split(seq_len(n), (seq_len(n) - 1) %/% 50000)) {
        g <- .Call(LatentMR:::C_ffi_bed_matrix, f, n, i - 1L, integer(p), seq_len(p) - 1L, TRUE); g[is.na(g)] <- 0
        sum <- sum + crossprod(g)}}); cat(t[[1]] + t[[2]])"
    file <- file.path(dir, "openblas.R")
    writeLines(code, file)
    answer <- system2(file.path(R.home("bin"), "Rscript"), c(shQuote(file), shQuote(paste0(prefix, ".bed")), n, p), stdout = TRUE,
                      env = c(paste0("LD_PRELOAD=", Sys.getenv("OPENBLAS")), "OPENBLAS_NUM_THREADS=1"))
    other <- as.numeric(utils::tail(answer, 1))
    report(job, "decode + OpenBLAS, one crossprod only", other, sprintf("ratio %.1f", other / took))
  }
  unlink(paste0(prefix, c(".bed", ".bim", ".fam")))
}

set.seed(1)
if (!only_small) run("biobank", 500000, 1000, 10, 25, .01, .1)
run("cohort", 100000, 500, 10, 25, .01, .4)
run("crossproduct", 50000, 1000, 1, 0, 0, .2)

if (dir.exists("bench/results")) utils::write.csv(do.call(rbind, rows), "bench/results/moments.csv", row.names = FALSE)
unlink(dir, recursive = TRUE)
