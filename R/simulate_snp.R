# Genotypes of mixed ancestry in several sites (see simulate_mr()).

simulate_snp <- function(cell = 1, n = NULL, effect = 0.3, h2 = NULL, stress = "plain", pleiotropy = 0,
                         background = 0, missing = 0) {
  check_number(cell, "cell", min = 1, max = 16, whole = TRUE)
  check_number(n, "n", min = 10, max = 1e7, whole = TRUE, null = TRUE)
  check_number(effect, "effect")
  check_number(h2, "h2", min = 0, max = 1, null = TRUE)
  check_choice(stress, "stress", c("plain", "none", "opposite", "sparse", "heteroskedastic"))
  check_number(pleiotropy, "pleiotropy", min = 0)
  check_number(background, "background", min = 0, max = 1e6, whole = TRUE)
  law <- snp_cells[cell, ]
  check_missing(missing, law$sites)
  if (is.null(n)) n <- law$n
  if (is.null(h2)) h2 <- law$h2

  site <- rep(seq_len(law$sites), each = n)
  shares <- draw_ancestry(cell, law, site)
  draw <- function(p) {
    frequencies <- draw_frequencies(p, law)
    x <- if (cell == 11) {
      draw_linked_genotypes(shares, frequencies, rep_len(rep(seq_len(p), each = 5), p))
    } else {
      draw_genotypes(shares, frequencies)
    }
    list(x = x, frequencies = frequencies)
  }
  panel <- draw(law$variants)
  traits <- draw_traits(panel$x, shares, site, effect, h2, law$site_sd, stress, pleiotropy,
    structure = switch(as.character(cell), "2" = "curved", "10" = "slopes", "linear")
  )
  names <- paste0("snp", seq_len(law$variants))
  other <- if (background) {
    x <- draw(background)$x
    colnames(x) <- paste0("background", seq_len(background))
    lose_calls(x, missing, site)
  }
  colnames(panel$x) <- colnames(panel$frequencies) <- names(traits$strength) <- names
  list(
    x = lose_calls(panel$x, missing, site), exposure = traits$exposure, outcome = traits$outcome,
    environment = site_factor(site), background = other, kind = "genotype",
    truth = c(
      list(effect = effect, Q = shares, frequencies = panel$frequencies),
      traits[c("strength", "score", "confounder")],
      list(block = if (cell == 11) factor(rep(seq_len(law$variants / 5), each = 5)))
    )
  )
}

# Fst, ancestries, sites and variants of each cell; h2 of the exposure, people
# per site, standard deviation of the sites' own level in the confounder.
snp_cells <- data.frame(
  fst = c(.1, .1, .02, .02, .02, .005, .05, .05, .05, .05, .05, .1, .05, .0002, .03, .03),
  ancestries = c(3, 3, 3, 5, 5, 3, 6, 4, 3, 3, 3, 4, 3, 3, 4, 3),
  sites = c(6, 6, 6, 8, 12, 8, 5, 2, 6, 6, 6, 8, 6, 6, 8, 4),
  variants = c(50, 50, 50, 50, 100, 100, 100, 50, 20, 50, 100, 50, 100, 50, 200, 40),
  n = c(rep(2000, 5), 5000, 2000, 5000, rep(2000, 7), 1000),
  h2 = c(rep(.15, 14), .05, .15),
  site_sd = c(rep(0, 7), .5, .3, .3, .3, .3, .3, .5, .3, .3),
  rare = c(rep(FALSE, 15), TRUE)
)

# Balding and Nichols: ancestries x variants.
draw_frequencies <- function(p, law) {
  f0 <- if (law$rare) stats::runif(p, .01, .2) else stats::runif(p, .1, .9)
  k <- law$ancestries
  scale <- (1 - law$fst) / law$fst
  f <- matrix(stats::rbeta(p * k, rep(f0, each = k) * scale, rep(1 - f0, each = k) * scale), k)
  pmin(pmax(f, .01), .99)
}

draw_ancestry <- function(cell, law, site) {
  k <- law$ancestries
  a <- if (cell == 12) {
    main <- (seq_len(law$sites) - 1) %% k + 1
    ifelse(outer(main, seq_len(k), `==`), 3, .05)
  } else if (cell == 13) {
    matrix(.2 + stats::rexp(k), law$sites, k, byrow = TRUE)
  } else {
    .2 + matrix(stats::rexp(law$sites * k), law$sites)
  }
  draw_dirichlet(2 * a[site, , drop = FALSE])
}

# One draw per row of shapes.
draw_dirichlet <- function(shapes) {
  draws <- matrix(stats::rgamma(length(shapes), shapes), nrow(shapes))
  draws / rowSums(draws)
}

genotype_cells <- 2^22 # drawn at a time

# Two independent alleles at every variant: people x variants, whole numbers.
draw_genotypes <- function(shares, frequencies) {
  n <- nrow(shares)
  p <- ncol(frequencies)
  out <- matrix(0L, n, p)
  for (columns in column_slabs(n, p)) {
    chance <- shares %*% frequencies[, columns, drop = FALSE]
    size <- length(chance)
    out[, columns] <- (stats::runif(size) < chance) + (stats::runif(size) < chance)
  }
  out
}

column_slabs <- function(n, p) split(seq_len(p), (seq_len(p) - 1) %/% max(1, genotype_cells %/% n))

# Per haplotype an allele uses the common uniform of its block with probability
# .77, its own otherwise.
draw_linked_genotypes <- function(shares, frequencies, block, common = .77) {
  n <- nrow(shares)
  chance <- shares %*% frequencies
  haplotype <- function() {
    own <- matrix(stats::runif(length(chance)), n)
    shared <- matrix(stats::runif(n * max(block)), n)[, block, drop = FALSE]
    pick <- stats::runif(length(chance)) < common
    own[pick] <- shared[pick]
    own < chance
  }
  haplotype() + haplotype()
}

# Confounder, exposure and outcome on given genotypes. Lack of a strength in
# every variant would leave no score: such a sparse draw is made again.
draw_traits <- function(x, shares, site, effect, h2, site_sd, stress = "plain", pleiotropy = 0,
                        structure = "linear", confounding = 1, individual = 0.5) {
  n <- nrow(x)
  p <- ncol(x)
  sites <- max(site)
  noise <- function(sd = 1) sd * stats::rnorm(n)
  ancestry <- standardise(drop(shares %*% stats::rnorm(ncol(shares))))
  if (structure == "curved") ancestry <- ancestry + .7 * (ancestry^2 - 1)
  if (structure == "slopes") {
    slopes <- matrix(stats::rnorm(sites * ncol(shares), 0, .5), sites)
    ancestry <- ancestry + rowSums(standardise(shares) * slopes[site, , drop = FALSE])
  }
  confounder <- ancestry + (site_sd * stats::rnorm(sites))[site]
  if (!stress %in% c("none", "opposite")) confounder <- confounder + noise(individual)

  strength <- stats::rnorm(p)
  if (stress == "sparse") {
    repeat {
      kept <- stats::runif(p) < .2
      if (any(kept)) break
    }
    strength <- strength * kept * stats::rt(p, 3)
  }
  score <- standardise(drop(x %*% strength))
  exposure <- sqrt(h2) * score + .5 * confounder + noise(.8)
  extra <- 0 # what moves the outcome beside exposure and confounder
  if (stress == "opposite") {
    v <- noise()
    exposure <- exposure + .7 * v
    extra <- -1.5 * v
  }
  if (stress == "heteroskedastic") {
    spread <- exp(.3 * score)
    v <- noise(stats::runif(sites, 0, 1.5)[site]) * spread
    exposure <- exposure + v
    extra <- v + noise(stats::runif(sites, 0, 3)[site]) * spread
  }
  outcome <- effect * exposure + confounding * confounder + extra + noise()
  if (pleiotropy > 0) {
    outcome <- outcome + drop(standardise(x) %*% stats::rnorm(p, 0, .15 * pleiotropy / sqrt(p)))
  }
  list(exposure = exposure, outcome = outcome, confounder = confounder, strength = strength, score = score)
}

check_missing <- function(missing, sites) {
  good <- is.numeric(missing) && length(missing) %in% c(1, sites) && all(is.finite(missing)) &&
    all(missing >= 0 & missing < 1)
  if (good) return(invisible(missing))
  abort_argument(
    "missing", sprintf("one share from 0 to below 1, or one for each of the %d sites", sites), describe(missing)
  )
}

# Calls lost at random, at the rate of the person's site.
lose_calls <- function(x, missing, site) {
  if (all(missing == 0)) return(x)
  rate <- rep_len(missing, max(site))[site]
  for (columns in column_slabs(nrow(x), ncol(x))) {
    part <- x[, columns, drop = FALSE]
    part[stats::runif(length(part)) < rate] <- NA
    x[, columns] <- part
  }
  x
}

site_factor <- function(site) factor(paste0("site", site), paste0("site", seq_len(max(site))))
