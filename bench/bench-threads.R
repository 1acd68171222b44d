# What a second thread brings: seconds on the clock with options(LatentMR.threads = 1) and 2, alternating three times in
# one run, and whether the numbers are the same bits. A machine with other work on it measures that work.
#   Rscript bench/bench-threads.R [n = 300000] [p = 800] [only: part of a job's name]     writes bench/results/threads.csv
# The file's rows of jobs that ran are replaced. one, two: the least seconds of the three; seconds of the first call of a
# job are not counted, in which the system clears the pages of its memory.
suppressMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
given <- commandArgs(TRUE)
n <- if (length(given)) as.numeric(given[1]) else 300000
p <- if (length(given) > 1) as.numeric(given[2]) else 800
only <- if (length(given) > 2) given[3] else ""
set.seed(1)
level <- LatentMR:::cpu_level()

# Calls 0, 1, 2 and a hundredth missing, four to a byte.
prefix <- tempfile("threads")
con <- file(paste0(prefix, ".bed"), "wb")
writeBin(as.raw(c(0x6c, 0x1b, 0x01)), con)
codes <- sample(c(0, 1, 2, 3), 4 * 2^16, TRUE, c(.25, .01, .44, .3))
bytes <- as.raw(colSums(matrix(codes, 4) * 4^(0:3)))
for (v in seq_len(p)) writeBin(rep_len(bytes[(sample.int(2^16, 1) + seq_len(2^16)) %% 2^16 + 1], ceiling(n / 4)), con)
close(con)
writeLines(sprintf("f i%d 0 0 0 -9", seq_len(n)), paste0(prefix, ".fam"))
writeLines(sprintf("%d rs%d 0 %d A G", seq_len(p) %% 20 + 1, seq_len(p), seq_len(p) * 100000), paste0(prefix, ".bim"))
covariates <- matrix(rnorm(n * 20), n, dimnames = list(NULL, paste0("c", 1:20)))
data <- suppressWarnings(mr_data(read_plink(prefix), exposure = rnorm(n), outcome = rnorm(n), environment = sample(letters[1:4], n, TRUE), covariates = covariates, ids = sprintf("i%d", seq_len(n))))
blocks <- LatentMR:::draw_blocks(data$environment, NULL, 10L, 1L)

# Dosages on a grid of 1 / 255, a hundredth missing, two bytes each.
dosages <- function(n, p) {
  k <- sample(-255:255, 2^18, TRUE)
  k[sample.int(2^18, 2600)] <- -32768L
  half <- rbind(as.raw(bitwAnd(k, 255L)), as.raw(bitwShiftR(bitwAnd(k, 65535L), 8L)))
  raw <- unlist(lapply(seq_len(p), function(v) as.vector(half[, (sample.int(2^18, 1) + seq_len(n)) %% 2^18 + 1])))
  list(source = list(dosages = raw, scale = rep(255L, p), people = as.integer(n), col = seq_len(p) - 1L))
}
from <- if (grepl(only, "the pass of moments of dosages")) dosages(n, p / 2)
columns <- LatentMR:::numeric_columns(data)

outcomes <- matrix(rnorm(n * 40), n, dimnames = list(NULL, paste0("y", 1:40)))
gaps <- lapply(1:4, function(k) sample(n, n / 20))
for (j in 1:40) outcomes[gaps[[(j - 1) %% 4 + 1]], j] <- NA
few <- suppressWarnings(data[, 1:300])
x <- matrix(rnorm(4000 * 6), 4000)
y <- cbind(x[, 1]^2 + 3 * rnorm(4000))
dense <- matrix(rnorm(4000 * 2000), 4000)

jobs <- list(
  "moments of calls, 4 environments x 10 folds" = function() mr_moments(data, 10, seed = 1, disclosure = FALSE),
  "the pass of these moments" = function() LatentMR:::moments_pass(data, blocks, 4e9, level),
  "the pass of moments of dosages, half of the variants" = function() {
    .Call(LatentMR:::C_ffi_moments_dosage, from$source, blocks$order, blocks$order, blocks$table$n, columns, 4e9, level, NULL)
  },
  "scan of 40 outcomes in 4 patterns, 300 variants" = function() suppressWarnings(latent_scan(few, outcomes, seed = 1, force = TRUE, rows = FALSE)),
  "HSIC test, 4,000 permutations of factors" = function() hsic_test(x[, 1], y, method = "permutation", permutations = 4000, seed = 1)$p.value,
  "HSIC test, 400 permutations of Gram matrices" = function() hsic_test(x[1:3000, ], y[1:3000], method = "permutation", permutations = 400, seed = 1)$p.value,
  "MMD test, 6,000 permutations of factors" = function() mmd_test(y, environment = rep(1:4, 1000), method = "permutation", permutations = 6000, seed = 1)$p.value,
  "a dense product, 2,000 x 4,000 x 2,000" = function() .Call(LatentMR:::C_ffi_product, dense, dense, TRUE),
  "people of files, latent_mr(), 300 variants" = function() suppressWarnings(as.data.frame(latent_mr(few, seed = 1)))
)
jobs <- jobs[grepl(only, names(jobs))]
kept <- if (file.exists("bench/results/threads.csv")) utils::read.csv("bench/results/threads.csv")
table <- NULL
for (job in names(jobs)) {
  value <- list(jobs[[job]]())
  seconds <- matrix(NA, 3, 2)
  for (round in 1:3) for (threads in 1:2) {
    options(LatentMR.threads = threads)
    seconds[round, threads] <- system.time(value[[threads]] <- jobs[[job]]())[["elapsed"]]
    if (is.list(value[[threads]])) value[[threads]]$seconds <- NULL
  }
  best <- apply(seconds, 2, min)
  same <- identical(value[[1]], value[[2]])
  table <- rbind(table, data.frame(job, people = n, variants = p, one = best[1], two = best[2], ratio = round(best[1] / best[2], 2), same))
  print(table[nrow(table), ], row.names = FALSE)
}
if (identical(names(kept), names(table))) table <- rbind(table, kept[!kept$job %in% table$job, ])
if (dir.exists("bench/results")) utils::write.csv(table, "bench/results/threads.csv", row.names = FALSE)
unlink(paste0(prefix, c(".bed", ".bim", ".fam")))
