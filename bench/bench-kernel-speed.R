# Speed of the HSIC tests beside dHSIC, one thread, same run; then n = 100,000 with
# its peak memory. Processor seconds, best of several runs, so that other work on
# the machine counts little.
suppressPackageStartupMessages(library(LatentMR))
cpu <- function(f, times = 5) {
  min(vapply(seq_len(times), function(i) {
    gc(FALSE)
    s <- proc.time()
    f()
    sum((proc.time() - s)[1:2])
  }, 0))
}
has_peer <- requireNamespace("dHSIC", quietly = TRUE)
rows <- list()
note <- function(n, d, what, ours, peer) {
  rows[[length(rows) + 1]] <<- data.frame(n = n, d = d, what = what, seconds = ours, dHSIC = peer, ratio = peer / ours)
  cat(sprintf("n = %-6d d = %d  %-30s %8.4f s   dHSIC %8.3f s   x %.0f\n", n, d, what, ours, peer, peer / ours))
}
n <- 2000
for (d in c(1, 5)) {
  set.seed(1)
  x <- matrix(rnorm(n * d), n)
  y <- x + 3 * matrix(rnorm(n * d), n)
  peer <- function(method, ...) if (has_peer) cpu(function() dHSIC::dhsic.test(list(x, y), method = method, ...), 2) else NA
  gamma <- peer("gamma")
  note(n, d, "gamma", cpu(function() for (i in 1:5) hsic_test(x, y, method = "gamma")) / 5, gamma)
  note(n, d, "trace gamma", cpu(function() for (i in 1:5) hsic_test(x, y)) / 5, gamma)
  # 20 permutations of the peer, times ten: their cost is in the permutations.
  note(n, d, "200 permutations", cpu(function() hsic_test(x, y, method = "permutation", permutations = 200, seed = 1), 2), 10 * peer("permutation", B = 20))
}

# What the process has held at its peak, in MB (Linux).
peak <- function() {
  status <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
  line <- grep("^VmHWM", status, value = TRUE)
  if (length(line)) as.numeric(gsub("[^0-9]", "", line)) / 1024 else NA
}
set.seed(1)
x <- rnorm(1e5)
y <- rnorm(1e5)
for (what in c("features", "block", "linear", "permutation")) {
  seconds <- system.time(switch(what,
    features = hsic_test(x, y, seed = 1), block = hsic_test(x, y, method = "block", seed = 1),
    linear = hsic_test(x, y, method = "linear", seed = 1),
    permutation = hsic_test(x, y, method = "permutation", permutations = 200, seed = 1)
  ))[["elapsed"]]
  cat(sprintf("n = 100000 %-12s %6.2f s, process peak %.0f MB\n", what, seconds, peak()))
  rows[[length(rows) + 1]] <- data.frame(n = 1e5, d = 1, what = what, seconds = seconds, dHSIC = NA, ratio = NA)
}
write.csv(do.call(rbind, rows), "bench/results/kernel-speed.csv", row.names = FALSE)
