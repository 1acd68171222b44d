# Size of the kernel tests at 5 % over 1,000 null draws each (resumes), of the feature form at 1 % too, and power of
# the forms for large n beside the full test. Monte Carlo error of a size over 1,000 draws: .007, at 1 % .003.
#   Rscript bench/bench-kernel-tests.R [draws]
suppressPackageStartupMessages(library(LatentMR))
arguments <- as.numeric(commandArgs(TRUE))
draws <- if (length(arguments)) arguments[1] else 1000
p_values <- function(p, times = draws) {
  vapply(seq_len(times), function(i) {
    set.seed(i)
    p()
  }, 0)
}
share <- function(p, times = draws) mean(p_values(p, times) <= .05)
# Every row is written when it is done, and not done again by the next run.
file <- "bench/results/kernel-tests.csv"
rows <- if (file.exists(file)) read.csv(file) else NULL
note <- function(what, n, value, kind = "size", times = draws) {
  if (any(rows$kind == kind & rows$test == what & rows$n == n & rows$draws >= times)) return(invisible())
  row <- data.frame(kind = kind, test = what, n = n, draws = times, rejected = value)
  rows <<- rbind(rows, row)
  write.csv(rows, file, row.names = FALSE)
  cat(sprintf("%-5s %-42s n = %-6d %.3f\n", kind, what, as.integer(n), value))
}
size <- function(what, n, p, times = draws) note(what, n, share(p, times), "size", times)
n <- 100
e <- rep(1:3, c(50, 30, 20))
x <- function(d = 2) matrix(rnorm(n * d), n)
size("hsic trace gamma", n, function() hsic_test(x(), rnorm(n))$p.value)
size("hsic gamma", n, function() hsic_test(x(), rnorm(n), method = "gamma")$p.value)
size("hsic permutation", n, function() hsic_test(x(), rnorm(n), method = "permutation", permutations = 99)$p.value)
size("hsic trace gamma, within e", n, function() hsic_test(x() + e, rnorm(n) + e, e)$p.value)
size("hsic permutation within e", n, function() hsic_test(x() + e, rnorm(n) + e, e, "permutation", permutations = 99)$p.value)
size("hsic trace gamma, poly2", n, function() hsic_test(x(), rnorm(n), kernel = "poly2")$p.value)
size("hsic with a label (delta)", n, function() hsic_test(x(), sample(c("a", "b", "c"), n, TRUE))$p.value)
size("mmd trace gamma, 3 groups", n, function() mmd_test(x(), environment = e)$p.value)
size("mmd permutation, 3 groups", n, function() mmd_test(x(), environment = e, method = "permutation", permutations = 99)$p.value)
size("mmd trace gamma, IBS, 20 SNPs", n, function() mmd_test(matrix(rbinom(20 * n, 2, .2), n), environment = e, kernel = "ibs")$p.value)
size("allele counts, one SNP", n, function() environment_test(cbind(rbinom(n, 2, .3)), e)$p_value[2])
size("conditional (KCI)", n, function() {
  s <- rnorm(n) + e
  environment_test(cbind(sin(s) + rnorm(n)), e, s)$p_value[3]
})
size("mmd linear time", 2000, function() mmd_test(rnorm(1000), rnorm(1000), method = "linear")$p.value)
size("mmd blocks", 2000, function() mmd_test(rnorm(1000), rnorm(1000), method = "block", block = 10)$p.value)
size("hsic linear time", 2000, function() hsic_test(rnorm(2000), rnorm(2000), method = "linear")$p.value)
size("hsic blocks (20 rows)", 2000, function() hsic_test(rnorm(2000), rnorm(2000), method = "block", block = 20)$p.value)
# Both levels from the same draws.
sizes <- function(what, n, p, times = draws) {
  at <- paste(what, c("5 %", "1 %"), sep = ", ")
  if (all(vapply(at, function(a) any(rows$test == a & rows$n == n & rows$draws >= times), NA))) return(invisible())
  value <- p_values(p, times)
  note(at[1], n, mean(value <= .05), "size", times)
  note(at[2], n, mean(value <= .01), "size", times)
}
feature_test <- function(n) function() hsic_test(rnorm(n), rnorm(n), approximation = "features", features = 50)$p.value
sizes("hsic features", 2000, feature_test(2000))
# Families of three who share: labels of people, and of whole families.
family <- rep(1:34, each = 3)[1:99]
shared <- function() rnorm(34)[family] + .5 * rnorm(99)
size("hsic permutation of people, families", 99, function() hsic_test(shared(), shared(), method = "permutation", permutations = 99)$p.value)
size("hsic permutation of families", 99, function() hsic_test(shared(), shared(), method = "permutation", permutations = 99, cluster = family)$p.value)
size("mmd permutation of families, 2 groups", 99, function() {
  mmd_test(shared(), environment = rep(1:2, c(48, 51)), method = "permutation", permutations = 99, cluster = family)$p.value
})
# The forms for biobanks at their own size (a tenth of a second each).
sizes("hsic features", 100000, feature_test(1e5))
size("hsic blocks", 100000, function() hsic_test(rnorm(1e5), rnorm(1e5), method = "block")$p.value, draws)

# Power at n = 5,000 against a weak dependence of the variance, beside the full test.
power <- min(draws, 200)
weak <- function(method, ...) function() {
  x <- rnorm(5000)
  y <- rnorm(5000) * (1 + .06 * x)
  hsic_test(x, y, method = method, ...)$p.value
}
note("hsic exact", 5000, share(weak("trace_gamma", approximation = "exact"), power), "power", power)
note("hsic features (100)", 5000, share(weak("trace_gamma", approximation = "features"), power), "power", power)
note("hsic blocks (70 rows)", 5000, share(weak("block"), power), "power", power)
note("hsic linear time", 5000, share(weak("linear"), power), "power", power)
