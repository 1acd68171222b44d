# Seconds of the curve solvers, one process, best of three (processor time: the two
# differ on a machine with other work): the three-net loop, the closed solver, KIV
# with its tuning. The loop beside PyTorch's (bench/pytorch/curve_loop.py), in the same run,
# where a python3 with torch is found (or named by the variable PYTHON).
suppressPackageStartupMessages(library(LatentMR))
source("bench/curve-designs.R")
best <- function(code) {
  min(vapply(1:3, function(k) {
    gc(FALSE)
    spent <- system.time(code())
    spent[["user.self"]] + spent[["sys.self"]]
  }, 0))
}
plain <- function(d, w = matrix(0, length(d$y), 0)) list(y = d$y, x = d$x, z = d$z + 0, w = w)
set.seed(1)
n <- 5000
loop <- list(y = rnorm(n), x = rnorm(n), z = matrix(rnorm(n)), w = matrix(rnorm(2 * n), n))
control <- curve_control("adam", adam = adam_control(width = 50, batch = 32, steps = 1000))
rows <- data.frame(
  what = "three-net loop, 1,000 outer steps, width 50, batch 32, three inputs",
  seconds = best(function() LatentMR:::adam_fit(loop, control, 1L))
)
python <- Filter(
  function(p) nzchar(p) && system2(p, c("-c", shQuote("import torch")), stdout = FALSE, stderr = FALSE) == 0,
  unique(c(Sys.getenv("PYTHON"), Sys.which("python3"), "/usr/bin/python3"))
)
if (length(python)) {
  peer <- utils::read.csv(text = system2(python[1], "bench/pytorch/curve_loop.py", stdout = TRUE), header = FALSE)
  rows <- rbind(rows, data.frame(what = sprintf("  the same by PyTorch, %s", peer$V1), seconds = peer$V2))
  cat(sprintf("PyTorch (%s) takes %.0f times as long\n", peer$V1, peer$V2 / rows$seconds[1]), sep = "")
}
for (n in c(1e4, 1e5)) {
  d <- plain(kiv_design(n))
  rows <- rbind(rows, data.frame(
    what = sprintf("closed solver, n = %s", format(n, big.mark = ",", scientific = FALSE)),
    seconds = best(function() LatentMR:::closed_fit(d, curve_control(), 1L))
  ))
}
d <- plain(kiv_design(4000))
rows <- rbind(rows, data.frame(what = "KIV with tuning, n = 4,000", seconds = best(function() LatentMR:::kiv_fit(d, curve_control(), 1L))))
d <- demand_design(4000, .5)
rows <- rbind(rows, data.frame(
  what = "KIV with tuning, n = 4,000, two covariates",
  seconds = best(function() LatentMR:::kiv_fit(plain(d, d$w), curve_control(), 1L))
))
print(rows, row.names = FALSE)
dir.create("bench/results", showWarnings = FALSE)
utils::write.csv(rows, "bench/results/curve-speed.csv", row.names = FALSE)
