# What a second thread brings: seconds on the clock with options(LatentMR.threads = 1) and 2, alternating in one
# run, and whether the numbers are the same bits. A machine with other work on it measures that work.
#   Rscript bench/bench-threads.R [n = 200000] [p = 600]         writes bench/results/threads.csv
suppressMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
given <- as.numeric(commandArgs(TRUE))
n <- if (length(given)) given[1] else 200000
p <- if (length(given) > 1) given[2] else 600
set.seed(1)
prefix <- tempfile("threads")
con <- file(paste0(prefix, ".bed"), "wb")
writeBin(as.raw(c(0x6c, 0x1b, 0x01)), con)
# Calls 0, 1, 2 and a hundredth missing, four to a byte.
codes <- sample(c(0, 1, 2, 3), 4 * 2^16, TRUE, c(.25, .01, .44, .3))
bytes <- as.raw(colSums(matrix(codes, 4) * 4^(0:3)))
for (v in seq_len(p)) writeBin(rep_len(bytes[(sample.int(2^16, 1) + seq_len(2^16)) %% 2^16 + 1], ceiling(n / 4)), con)
close(con)
writeLines(sprintf("f i%d 0 0 0 -9", seq_len(n)), paste0(prefix, ".fam"))
writeLines(sprintf("%d rs%d 0 %d A G", seq_len(p) %% 20 + 1, seq_len(p), seq_len(p) * 100000), paste0(prefix, ".bim"))
covariates <- matrix(rnorm(n * 20), n, dimnames = list(NULL, paste0("c", 1:20)))
data <- suppressWarnings(mr_data(read_plink(prefix), exposure = rnorm(n), outcome = rnorm(n), environment = sample(letters[1:4], n, TRUE), covariates = covariates, ids = sprintf("i%d", seq_len(n))))
dense <- matrix(rnorm(2000 * 1000), 2000)

jobs <- list(
  "moments of calls, 4 environments x 10 folds" = function() mr_moments(data, 10, seed = 1, disclosure = FALSE),
  "the pass of these moments" = function() {
    out <- LatentMR:::moments_pass(data, LatentMR:::draw_blocks(data$environment, NULL, 10L, 1L), 4e9, LatentMR:::cpu_level())
    out$seconds <- NULL
    out
  },
  "a dense product, 1,000 x 2,000 x 1,000" = function() .Call(LatentMR:::C_ffi_product, dense, dense, TRUE),
  "people of files, latent_mr()" = function() suppressWarnings(as.data.frame(latent_mr(data, seed = 1)))
)
table <- NULL
for (job in names(jobs)) {
  rounds <- if (grepl("latent_mr", job)) 1 else 3
  seconds <- matrix(NA, rounds, 2)
  value <- list()
  for (round in seq_len(rounds)) for (threads in 1:2) {
    options(LatentMR.threads = threads)
    seconds[round, threads] <- system.time(value[[threads]] <- jobs[[job]]())[["elapsed"]]
  }
  best <- apply(seconds, 2, min)
  table <- rbind(table, data.frame(job, one = best[1], two = best[2], ratio = round(best[1] / best[2], 2), same = identical(value[[1]], value[[2]])))
  print(table[nrow(table), ], row.names = FALSE)
}
if (dir.exists("bench/results")) utils::write.csv(table, "bench/results/threads.csv", row.names = FALSE)
unlink(paste0(prefix, c(".bed", ".bim", ".fam")))
