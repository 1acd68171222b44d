# Would masks chosen by the joint likelihood be better than those of the encoder? Greedy moves of single marks from the encoder's
# masks, by -2 log likelihood + log(people) times the parameters that are an environment's own (BIC), a majority kept: error of
# the effect with the encoder's masks, with these and with the true ones, beside 2SLS that knows latents and masks; wrong marks.
# Seeds 7001 and following. The outcome is in this likelihood: errors would have to allow for the choice, which is not done.
#   Rscript bench/bench-mechanism-masks.R [draws, 20 [cells, W A]]
# `Rscript bench/bench-mechanism-masks.R 20 W A`: errors .0114, .0106, .0106 and .00912 in W (.1 wrong marks a draw, then none),
# .0161, .0161, .0161 and .0142 in A (no wrong mark before or after); .3 to .45 s of processor time a draw.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
source("bench/mechanism-designs.R")
inside <- asNamespace("LatentMR")
arguments <- commandArgs(TRUE)
draws <- if (length(arguments)) as.integer(arguments[1]) else 20L
chosen <- if (length(arguments) > 1) arguments[-1] else c("W", "A")

joint_of <- function(touched, laws) {
  fit <- inside$joint_fit(laws, touched, 1 / laws$scale)
  on <- colSums(touched)
  own <- sum(on * (on + 1) / 2 + 2 * on)
  q <- nrow(fit$map)
  list(
    b = if (fit$converged) -fit$map[q - 1, q] * laws$scale else NA, touched = touched,
    criterion = if (fit$converged) fit$value + log(sum(laws$n)) * own else Inf
  )
}

greedy <- function(best, laws) {
  repeat {
    trials <- lapply(seq_along(best$touched), function(k) {
      touched <- best$touched
      touched[k] <- 1L - touched[k]
      if (any(2 * rowSums(touched) >= ncol(touched) & rowSums(touched) > rowSums(best$touched))) return(best)
      joint_of(touched, laws)
    })
    criteria <- vapply(trials, `[[`, 0, "criterion")
    if (!(min(criteria) < best$criterion)) return(best)
    best <- trials[[which.min(criteria)]]
  }
}

# Rows of the encoder in the order of the true latents, by the largest correlations.
places <- function(r) {
  out <- integer(nrow(r))
  for (k in seq_along(out)) {
    at <- which(r == max(r), arr.ind = TRUE)[1, ]
    out[at[2]] <- at[1]
    r[at[1], ] <- r[, at[2]] <- -1
  }
  out
}

one <- function(cell, seed) {
  s <- do.call(draw, c(list(seed), cell))
  s$correlation <- if (is.null(cell$correlation)) 0 else cell$correlation
  made <- as_moments(s)
  encoder <- suppressMessages(suppressWarnings(learn_instruments(made$moments, "mechanism_sparsity", seed = 1)))
  view <- inside$moments_view(made$moments)
  laws <- inside$joint_laws(view, encoder)
  found <- unname(encoder$touched)
  true <- s$touched[places(abs(stats::cor(s$l, stats::predict(encoder, made$data, type = "code")))), ]
  first <- joint_of(found, laws)
  seconds <- sum(system.time(moved <- greedy(first, laws))[c("user.self", "sys.self")])
  c(
    encoder = first$b - 1, chosen = moved$b - 1, true = joint_of(true, laws)$b - 1, oracle = oracle(s) - 1,
    wrong = sum(found != true), wrong_chosen = sum(moved$touched != true), seconds = seconds
  )
}

for (name in chosen) {
  r <- vapply(7000 + seq_len(draws), function(seed) one(cells[[name]], seed), numeric(7))
  errors <- signif(sqrt(rowMeans(r[1:4, , drop = FALSE]^2, na.rm = TRUE)), 3)
  print(data.frame(cell = name, draws = draws, as.list(errors), as.list(round(rowMeans(r[5:7, , drop = FALSE]), 2))), row.names = FALSE)
}
