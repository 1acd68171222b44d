# Coverage of 95 % intervals of `latent_2sls` on the published design (help page of simulate_mr(), design "authors"),
# errors given the encoder and by latent_mr(jackknife = TRUE), seeds 5001 and following. Resumes cell by cell.
#   Rscript bench/bench-jackknife.R [draws of the polynomial cells, 100] [of the others, 40]
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- as.integer(commandArgs(TRUE))
draws <- if (length(arguments)) arguments[1] else 100
slow <- if (length(arguments) > 1) arguments[2] else 40
file <- "bench/results/jackknife.csv"
done <- if (file.exists(file)) utils::read.csv(file) else NULL
cells <- rbind(
  expand.grid(environments = 2:3, n = c(10000, 1000), mixing = "poly1", encoder = "linear", stringsAsFactors = FALSE),
  expand.grid(environments = 2:3, n = 10000, mixing = c("poly2", "mlp"), encoder = "auto", stringsAsFactors = FALSE)
)
one <- function(cell, seed) {
  d <- simulate_mr("authors", mixing = cell$mixing, environments = cell$environments, n = cell$n, seed = seed)
  seconds <- sum(system.time(
    fit <- suppressWarnings(latent_mr(d, cell$encoder, by_environment = FALSE, jackknife = TRUE, force = TRUE, seed = seed))
  )[c("user.self", "sys.self")])
  e <- fit$estimates$latent_2sls
  data.frame(b = e$b - 1, given = e$se_conditional, jackknife = e$se_plain, in_jackknife = e$lo <= 1 & 1 <= e$up,
    in_given = abs(e$b - 1) <= stats::qnorm(.975) * e$se_conditional, seconds = seconds)
}
for (i in seq_len(nrow(cells))) {
  cell <- cells[i, ]
  times <- if (cell$mixing == "mlp") slow else draws
  same <- done$encoder == cell$encoder & done$mixing == cell$mixing & done$environments == cell$environments & done$n == cell$n
  if (any(same & done$draws >= times)) next
  x <- do.call(rbind, lapply(5000 + seq_len(times), function(seed) one(cell, seed)))
  done <- rbind(done[!same, ], data.frame(
    encoder = cell$encoder, mixing = cell$mixing, environments = cell$environments, n = cell$n, draws = times, bias = mean(x$b), sd = stats::sd(x$b),
    se_given = mean(x$given), se_jackknife = sqrt(mean(x$jackknife^2)), coverage_given = mean(x$in_given), coverage_jackknife = mean(x$in_jackknife),
    seconds = stats::median(x$seconds)
  ))
  numbers <- vapply(done, is.numeric, NA)
  done[numbers] <- lapply(done[numbers], signif, 4)
  utils::write.csv(done, file, row.names = FALSE)
  print(done[nrow(done), ], row.names = FALSE)
}
