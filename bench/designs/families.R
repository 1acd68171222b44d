# Families: mating that is not random, parents who act on their children, relatives
# measured together. Siblings and parents are kept, so that family estimates can be
# compared on the same draws. Base R only.

# One child of each couple and locus: an allele from each parent, loci unlinked.
child_of <- function(mother, father) {
  half <- function(g) (g == 2) + (g == 1) * (runif(length(g)) < .5)
  out <- half(mother) + half(father)
  matrix(out, nrow(mother), ncol(mother))
}

# Couples: women sorted by one trait meet men sorted by another, both blurred so that
# the traits of a couple correlate by about r.
couples <- function(of_women, of_men, r) {
  blur <- function(x) {
    if (abs(r) < 1e-8) return(rnorm(length(x)))
    sqrt(abs(r)) * unit(x) + sqrt(1 - abs(r)) * rnorm(length(x))
  }
  w <- order(blur(of_women))
  m <- order(sign(r + 1e-12) * blur(of_men))
  cbind(woman = w, man = m)
}

# Mating over generations within each site. on: "outcome", "exposure" or "cross" (her
# exposure with his outcome); r: one correlation, or one for each site; dynastic: the
# effects of the mean of the parents' scores on both traits.
mating <- function(families = 1500, sites = 4, variants = 50, background = 0, on = "cross", r = .4, generations = 4,
                   drift = .01, effect = .3, h2 = .5, siblings = 2, dynastic = c(0, 0), free = .4, direct = .3) {
  m <- variants + background
  f <- runif(m, .2, .8)
  r <- rep_len(r, sites)
  beta <- rnorm(variants)
  gamma <- rnorm(variants) # of the outcome's own loci, a second panel that nobody uses as instrument
  pieces <- lapply(seq_len(sites), function(s) {
    fs <- if (drift > 0) pmin(pmax(rbeta(m + variants, c(f, f[seq_len(variants)]) * (1 - drift) / drift, (1 - c(f, f[seq_len(variants)])) * (1 - drift) / drift), .05), .95) else c(f, f[seq_len(variants)])
    size <- families
    draw <- function() matrix(rbinom(size * (m + variants), 2, rep(fs, each = size)), size)
    scores <- function(g) {
      scale <- sqrt(2 * f * (1 - f))
      list(
        a = drop(g[, seq_len(variants)] %*% (beta / scale[seq_len(variants)])) / sqrt(sum(beta^2)),
        b = drop(g[, m + seq_len(variants)] %*% (gamma / scale[seq_len(variants)])) / sqrt(sum(gamma^2))
      )
    }
    live <- function(g, parents = NULL) {
      sc <- scores(g)
      u <- rnorm(nrow(g))
      x <- sqrt(h2) * (sc$a - mean(sc$a)) + sqrt(1 - h2) * (sqrt(free) * u + sqrt(1 - free) * rnorm(nrow(g)))
      y <- effect * x + sqrt(direct) * (sc$b - mean(sc$b)) + sqrt(free) * u + rnorm(nrow(g), sd = .8)
      if (!is.null(parents)) {
        x <- x + dynastic[1] * parents
        y <- y + dynastic[2] * parents + effect * dynastic[1] * parents
      }
      list(x = x, y = y, a = sc$a)
    }
    women <- draw()
    men <- draw()
    tw <- live(women)
    tm <- live(men)
    for (generation in seq_len(generations)) {
      pair <- switch(on,
        outcome = couples(tw$y, tm$y, r[s]), exposure = couples(tw$x, tm$x, r[s]), cross = couples(tw$x, tm$y, r[s])
      )
      mother <- women[pair[, 1], ]
      father <- men[pair[, 2], ]
      a <- (tw$a[pair[, 1]] + tm$a[pair[, 2]]) / 2
      parents <- a - mean(a)
      if (generation == generations) break
      women <- child_of(mother, father)
      men <- child_of(mother, father)
      tw <- live(women, parents)
      tm <- live(men, parents)
    }
    kids <- lapply(seq_len(siblings), function(k) {
      g <- child_of(mother, father)
      t <- live(g, parents)
      list(g = g, x = t$x, y = t$y)
    })
    keep <- seq_len(m)
    list(
      g = do.call(rbind, lapply(kids, function(k) k$g[, keep])), x = unlist(lapply(kids, `[[`, "x")),
      y = unlist(lapply(kids, `[[`, "y")), family = rep(paste0("s", s, "f", seq_len(size)), siblings),
      mother = mother[rep(seq_len(size), siblings), keep], father = father[rep(seq_len(size), siblings), keep], site = rep(s, size * siblings)
    )
  })
  all <- function(name) do.call(if (is.matrix(pieces[[1]][[name]])) rbind else c, lapply(pieces, `[[`, name))
  g <- all("g")
  name_all(list(
    genotypes = g[, seq_len(variants)], background = if (background) g[, variants + seq_len(background)],
    exposure = all("x"), outcome = all("y"), environment = paste0("site", all("site")), family = all("family"),
    mother = all("mother")[, seq_len(variants)], father = all("father")[, seq_len(variants)],
    truth = list(effect = effect, adjust = (all("mother") + all("father"))[, seq_len(variants)])
  ))
}

# Relatives measured together: families of full siblings, one law of ancestry at all sites (mixtures of two
# populations), traits with a polygenic part (of background variants, genetic correlation rg) and an environment that
# a family shares, in which exposure and outcome hang together. `controls`: two traits that the exposure cannot move,
# one of them what families share.
relatives <- function(families = 400, siblings = 4, sites = 4, variants = 40, background = 400, fst = .01, effect = .3,
                      h2 = .15, polygenic = .3, rg = 0, shared = .3, structure = .3) {
  m <- variants + background
  site <- sample(rep_len(seq_len(sites), families))
  p <- split_populations(m, 2, fst)
  q <- matrix(rbeta(2 * families, 2, 2), 2)
  parent <- function(k) draw_calls(outer(q[k, ], p[, 1]) + outer(1 - q[k, ], p[, 2]))
  mother <- parent(1)
  father <- parent(2)
  g <- do.call(rbind, lapply(seq_len(siblings), function(k) child_of(mother, father)))
  n <- nrow(g)
  family <- rep(seq_len(families), siblings)
  ancestry <- unit(colMeans(q)[family])
  home <- matrix(rnorm(2 * families), families) %*% chol(matrix(c(1, .6, .6, 1), 2))
  score <- function(columns, effects) unit(drop(g[, columns] %*% effects))
  one <- rnorm(background)
  two <- rg * one + sqrt(1 - rg^2) * rnorm(background)
  others <- variants + seq_len(background)
  u <- rnorm(n)
  part <- function(k, effects) {
    sqrt(polygenic) * score(others, effects) + sqrt(shared) * home[family, k] + sqrt(structure) * ancestry + .5 * u
  }
  x <- part(1, one) + sqrt(h2 / (1 - h2)) * score(seq_len(variants), rnorm(variants)) + rnorm(n, sd = .6)
  name_all(list(
    genotypes = g[, seq_len(variants)], background = g[, others], exposure = x,
    outcome = effect * x + part(2, two) + rnorm(n, sd = .6), environment = paste0("site", site[family]),
    family = paste0("f", family),
    controls = data.frame(home = home[family, 2] + rnorm(n), other = sqrt(polygenic) * score(others, rnorm(background)) + rnorm(n)),
    truth = list(effect = effect, adjust = cbind(ancestry))
  ))
}
