# What background variants say of structure that is left, and whether their noise makes a better estimator. All sites
# share one law of ancestry (bench/designs/ancestry.R); background variants in linkage act on exposure and outcome with
# heritability `h2` and genetic correlation `rg`. Genotypes are drawn a few times, traits many times on each.
#
#   Rscript bench/bench-null-variants.R            4 sets of genotypes, 50 traits on each (200 draws a cell)
#   Rscript bench/bench-null-variants.R 2 30       2 sets, 30 traits on each
#
# Tables are written after every cell.
#
# Diagnostic (bench/results/null-variants-test.csv): how often it rejects at 5 %, by LD scores and by the plain
# mean, the shift that it finds and the bias that the estimate has. Estimators (bench/results/null-variants.csv): Nagar's and
# a random-effects likelihood with people's noise and with that of the null variants, UJIVE with the package's components
# and with ten components that include the instruments.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)

# genes: share of causal variants, heritability of each trait, correlation; structured: effect of ancestry on exposure and
# outcome; components: partialled out, as the package finds them, or none.
cell <- function(fst = .02, h2 = .3, rg = 0, causal = .5, structured = c(.5, .5), components = TRUE) {
  list(fst = fst, h2 = h2, rg = rg, causal = causal, structured = structured, components = components)
}
none <- c(0, 0)
cells <- list(
  no_genes = cell(h2 = 0, structured = none), rg0 = cell(structured = none), rg0_few = cell(causal = .05, structured = none),
  rg5 = cell(rg = .5, structured = none), `rg-5` = cell(rg = -.5, structured = none),
  rg5_h5 = cell(rg = .5, h2 = .5, structured = none),
  law = cell(), law_rg5 = cell(rg = .5), `law_rg-5` = cell(rg = -.5), law_h1 = cell(h2 = .1, rg = .5),
  fine = cell(fst = .003, structured = c(.9, .9)), fine_rg5 = cell(fst = .003, rg = .5, structured = c(.9, .9)),
  blind = cell(components = FALSE), blind_rg5 = cell(rg = .5, components = FALSE)
)

N <- 2000L
INSTRUMENTS <- 50L
BACKGROUND <- 800L
EFFECT <- .3

# Eight variants apart, then twelve in linkage, and so on: what pruning keeps has LD scores from 1 to about 10.
linked <- function(b, chunk = c(rep(1, 8), 12), decay = .95) {
  start <- unlist(lapply(rep_len(chunk, ncol(b)), seq_len))[seq_len(ncol(b))]
  for (j in which(start != 1)) {
    copy <- runif(nrow(b)) < decay
    b[copy, j] <- b[copy, j - 1]
  }
  b
}

genotypes_of <- function(fst, components) {
  p <- split_populations(INSTRUMENTS + BACKGROUND, 2, fst)
  q <- rbeta(N, 2, 2)
  g <- draw_calls(outer(q, p[, 1]) + outer(1 - q, p[, 2]))
  z <- g[, seq_len(INSTRUMENTS)]
  b <- linked(g[, -seq_len(INSTRUMENTS)])
  colnames(z) <- paste0("rs", seq_len(INSTRUMENTS))
  colnames(b) <- paste0("bg", seq_len(BACKGROUND))
  site <- paste0("site", sample(rep_len(1:4, N)))
  data <- suppressWarnings(mr_data(z, rnorm(N), rnorm(N), site, background = b, ids = paste0("id", seq_len(N))))
  kept <- LatentMR:::thin_background(data, list(data$genotypes, data$background), LatentMR:::background_defaults)
  pc <- if (components) LatentMR:::add_background(data, NULL)$structure
  sites <- model.matrix(~ site)
  panel <- scale(cbind(z, b[, kept$keep]))
  ten <- svd(panel, nu = 10, nv = 0)$u
  list(
    z = z, b = b, null = b[, kept$keep], ldscore = kept$ldscore, w = cbind(sites, pc), ten = unname(cbind(sites, ten)),
    ancestry = unit(q), components = NCOL(pc) * !is.null(pc)
  )
}

# Exposure and outcome as columns, one pair a draw: list(x, y).
traits_of <- function(g, cell, draws) {
  normal <- function(rows) matrix(rnorm(rows * draws), rows)
  each <- function(m) scale(m)
  gene <- normal(BACKGROUND) * (runif(BACKGROUND * draws) < cell$causal)
  other <- cell$rg * gene + sqrt(1 - cell$rg^2) * normal(BACKGROUND) * (gene != 0)
  s <- scale(g$b)
  u <- normal(N)
  size <- sqrt(cell$h2 / (1 - cell$h2) * 1.5)
  own <- sqrt(.1 / .9 * 1.5) * each(scale(g$z) %*% normal(INSTRUMENTS))
  x <- own + size * each(s %*% gene) + cell$structured[1] * g$ancestry + sqrt(.6) * u + sqrt(.6) * normal(N)
  y <- EFFECT * x + size * each(s %*% other) + cell$structured[2] * g$ancestry + sqrt(.6) * u + sqrt(.6) * normal(N)
  list(x = x, y = y)
}

# Nagar's estimate of scores g (outcome, exposure) with a noise, its interval; `known`: error of the noise's part in it.
nagar <- function(g, noise, df, known = 0) {
  count <- nrow(g)
  h <- sum(g[, 2]^2) - count * noise[2, 2]
  b <- (sum(g[, 1] * g[, 2]) - count * noise[1, 2]) / h
  v <- c(1, -b)
  see <- drop(v %*% noise %*% v)
  s <- sum(noise[2, ] * v)
  se <- sqrt(pmax(see * h + (count + count^2 / df) * (see * noise[2, 2] + s^2), 0) / h^2 + (count * known / h)^2)
  half <- qt(.975, count - 1) * se
  if (h > 0) c(b, b - half, b + half) else rep(NA_real_, 3)
}

# G_j ~ N(0, strength a a' + noise), a = (effect, 1).
likelihood <- function(g, noise, start) {
  least <- tryCatch(chol(noise), error = function(e) NULL)
  if (is.null(least) || !is.finite(start)) return(rep(NA_real_, 3))
  minus <- function(p) {
    a <- c(p[1], 1)
    v <- exp(p[2]) * tcrossprod(a) + noise
    .5 * (nrow(g) * log(det(v)) + sum((g %*% solve(v)) * g))
  }
  from <- c(start, log(max(mean(g[, 2]^2) - noise[2, 2], .1)))
  fit <- tryCatch(optim(from, minus, method = "BFGS", hessian = TRUE), error = function(e) NULL)
  if (is.null(fit)) return(rep(NA_real_, 3))
  half <- qt(.975, nrow(g) - 1) * sqrt(tryCatch(solve(fit$hessian)[1, 1], error = function(e) NA))
  c(fit$par[1], fit$par[1] - half, fit$par[1] + half)
}

ujive <- function(g, x, y, w) {
  fit <- iv_fit(y, cbind(x = x), unname(g$z), unname(w), estimator = "ujive", vcov = "many")
  b <- unname(coef(fit)[1])
  half <- qt(.975, INSTRUMENTS - 1) * sqrt(vcov(fit)[1, 1])
  c(b, b - half, b + half)
}

one_set <- function(name, cell, set, draws) {
  set.seed(1000 * match(name, names(cells)) + set)
  g <- genotypes_of(cell$fst, cell$components)
  t <- traits_of(g, cell, draws)
  w <- qr(g$w)
  null <- qr.resid(w, g$null)
  null <- null / rep(sqrt(colSums(null^2)), each = N)
  basis <- qr.Q(qr(qr.resid(w, g$z)))
  do.call(rbind, lapply(seq_len(draws), function(i) {
    both <- qr.resid(w, cbind(t$y[, i], t$x[, i]))
    scores <- crossprod(basis, both)
    total <- crossprod(both) / (N - w$rank)
    df <- N - w$rank - ncol(basis)
    people <- (crossprod(both) - crossprod(scores)) / df
    plain <- nagar(scores, people, df)
    seen <- list(scores = crossprod(null, both), noise = total, ldscore = g$ldscore)
    found <- LatentMR:::null_noise_of(seen, plain[1])
    flat <- LatentMR:::null_noise_of(replace(seen, "ldscore", list(rep(1, length(g$ldscore)))), plain[1])
    size <- ncol(basis) / (sum(scores[, 2]^2) - ncol(basis) * people[2, 2])
    rows <- rbind(
      nagar = plain, nagar_null = nagar(scores, people + found$more, df, found$se), nagar_null_mean = nagar(scores, people + flat$more, df, flat$se),
      likelihood = likelihood(scores, people, plain[1]), likelihood_null = likelihood(scores, people + found$more, plain[1]),
      ujive_components = ujive(g, t$x[, i], t$y[, i], g$w), ujive_ten = ujive(g, t$x[, i], t$y[, i], g$ten)
    ) - EFFECT
    test <- function(f) 2 * pt(-abs(f$excess / f$se), f$df)
    data.frame(
      cell = name, set = set, draw = i, arm = rownames(rows), b = rows[, 1], lo = rows[, 2], up = rows[, 3],
      components = g$components, variants = length(g$ldscore), shift = size * found$excess, se = size * found$se, p = test(found),
      p_mean = test(flat), row.names = NULL
    )
  }))
}

arguments <- as.integer(commandArgs(TRUE))
sets <- if (length(arguments)) arguments[1] else 4L
draws <- if (length(arguments) > 1) arguments[2] else 50L
by_cell <- function(rows, f) do.call(rbind, lapply(split(rows, factor(rows$cell, unique(rows$cell))), f))
tests_of <- function(runs) by_cell(runs[runs$arm == "nagar", ], function(r) {
  data.frame(
    cell = r$cell[1], draws = nrow(r), components = mean(r$components), variants = round(mean(r$variants)),
    bias = signif(mean(r$b), 2), shift = signif(mean(r$shift), 2), shift_sd = signif(sd(r$shift), 2),
    shift_se = signif(mean(r$se), 2), detectable = signif(2.8 * mean(r$se), 2), rejects = round(mean(r$p < .05), 3),
    rejects_mean = round(mean(r$p_mean < .05), 3), row.names = NULL
  )
})
table_of <- function(runs) by_cell(runs, function(r) do.call(rbind, lapply(split(r, factor(r$arm, unique(r$arm))), function(s) {
  good <- is.finite(s$b)
  data.frame(
    cell = s$cell[1], arm = s$arm[1], draws = nrow(s), without = sum(!good), bias = signif(mean(s$b[good]), 2),
    sd = signif(sd(s$b[good]), 2), rmse = signif(sqrt(mean(s$b[good]^2)), 3),
    coverage = round(mean(s$lo <= 0 & s$up >= 0, na.rm = TRUE), 3), width = signif(median(s$up - s$lo, na.rm = TRUE), 2),
    row.names = NULL
  )
})))
runs <- NULL
for (name in names(cells)) {
  for (set in seq_len(sets)) runs <- rbind(runs, one_set(name, cells[[name]], set, draws))
  write.csv(tests_of(runs), "bench/results/null-variants-test.csv", row.names = FALSE)
  write.csv(table_of(runs), "bench/results/null-variants.csv", row.names = FALSE)
}
print(tests_of(runs), row.names = FALSE)
print(table_of(runs), row.names = FALSE)
