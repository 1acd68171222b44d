# Speed of the IV engine beside fixest (one thread) and ivreg, in one run on the
# same arrays: 2SLS with all diagnostics, iid and HC1; UJIVE with its error.
# LATENTMR_BENCH_N sets the number of rows (default 500,000).
library(LatentMR)
n <- as.numeric(Sys.getenv("LATENTMR_BENCH_N", "500000"))
L <- 50
K <- 20
set.seed(1)
z <- matrix(rnorm(n * L), n)
w <- cbind(1, matrix(rnorm(n * (K - 1)), n))
u <- rnorm(n)
x <- drop(z %*% rep(0.02, L)) + u + rnorm(n)
y <- 0.5 * x + u + rnorm(n)
colnames(z) <- paste0("z", seq_len(L))
colnames(w) <- c("one", paste0("w", seq_len(K - 1)))
data <- data.frame(y, x, z, w[, -1])
megabytes <- 8 * n * (L + K + 2) / 2^20

timed <- function(expr) {
  gc(reset = TRUE)
  base <- sum(gc()[, 2])
  seconds <- system.time(value <- expr)[["elapsed"]]
  list(seconds = seconds, peak = (sum(gc()[, 6]) - base) / megabytes, value = value)
}
rows <- list()
note <- function(what, who, t) {
  rows[[length(rows) + 1]] <<- data.frame(n = n, what = what, who = who, seconds = t$seconds, peak_over_data = t$peak)
  cat(sprintf("%-34s %-10s %8.2f s  %5.2f x the data\n", what, who, t$seconds, t$peak))
  invisible(t$value)
}
W <- paste(colnames(w)[-1], collapse = " + ")
Z <- paste(colnames(z), collapse = " + ")
formula <- as.formula(paste("y ~", W, "| x |", Z))
for (vcov in c("iid", "HC1")) {
  ours <- note(paste("2sls,", vcov), "iv_fit", timed(iv_fit(y, x, z, w, vcov = vcov)))
  byform <- note(paste("2sls,", vcov), "iv_reg", timed(iv_reg(formula, data, vcov = vcov)))
  stopifnot(all.equal(coef(ours)[["x"]], coef(byform)[["x"]], tolerance = 1e-9))
  if (requireNamespace("fixest", quietly = TRUE)) {
    fixest::setFixest_nthreads(1)
    f <- as.formula(paste("y ~", W, "| x ~", Z))
    theirs <- note(paste("2sls,", vcov), "fixest", timed({
      m <- fixest::feols(f, data, vcov = if (vcov == "iid") "iid" else "hetero")
      fixest::fitstat(m, ~ ivf + wh + sargan)
      m
    }))
    stopifnot(all.equal(coef(ours)[["x"]], coef(theirs)[["fit_x"]], tolerance = 1e-6))
    stopifnot(all.equal(sqrt(ours$vcov["x", "x"]), fixest::se(theirs)[["fit_x"]], tolerance = 1e-6))
  }
  if (requireNamespace("ivreg", quietly = TRUE)) {
    theirs <- note(paste("2sls,", vcov), "ivreg", timed({
      m <- ivreg::ivreg(formula, data = data)
      if (vcov == "iid") summary(m) else summary(m, vcov. = function(o, ...) sandwich::vcovHC(o, type = "HC1"))
      m
    }))
    stopifnot(all.equal(coef(ours)[["x"]], coef(theirs)[["x"]], tolerance = 1e-8))
  }
  invisible(gc())
}
note("liml, bekker", "iv_fit", timed(iv_fit(y, x, z, w, "liml", "bekker")))
note("ujive, many", "iv_fit", timed(iv_fit(y, x, z, w, "ujive", "many")))
z <- cbind(z, matrix(rnorm(n * 150), n))
colnames(z) <- paste0("z", seq_len(ncol(z)))
megabytes <- 8 * n * (200 + K + 2) / 2^20
note("ujive, many, 200 instruments", "iv_fit", timed(iv_fit(y, x, z, w, "ujive", "many")))
dir.create("bench/results", showWarnings = FALSE, recursive = TRUE)
utils::write.csv(do.call(rbind, rows), "bench/results/iv.csv", row.names = FALSE)
