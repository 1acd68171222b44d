# What one release of moments, made by mr_moments() as it comes, gives away. Each attack sees
# the object only; the rows are used to say whether what it claims is a row. Expectation: the release is
# refused, or no claim is a row ("possible" stands for a release from which nothing was found).
source("bench/attacks/outsider.R")

# Cross products of all columns of one block, with the constant first, over its people: from
# the fields of the object, with the pilots put back.
columns_of <- function(m, b) {
  p <- nrow(m$variants)
  q <- length(m$pilot)
  n <- m$blocks$n[b]
  gg <- matrix(0, p, p)
  gg[upper.tri(gg, TRUE)] <- m$gg[, b]
  gg <- gg + t(gg) - diag(diag(gg), p)
  sg <- m$sg[, b]
  gx <- matrix(m$gx[, b], p, q)
  if (m$kind == "continuous" || any(m$gpilot != 0)) { # centred at the pilot of the variant
    gg <- gg + outer(sg, m$gpilot) + outer(m$gpilot, sg) + n * outer(m$gpilot, m$gpilot)
    gx <- gx + outer(m$gpilot, m$sx[, b])
    sg <- sg + n * m$gpilot
  }
  sx <- m$sx[, b] + n * m$pilot
  gx <- gx + outer(sg, m$pilot)
  xx <- matrix(0, q, q)
  xx[upper.tri(xx, TRUE)] <- m$xx[, b]
  xx <- xx + t(xx) - diag(diag(xx), q)
  s0 <- m$sx[, b]
  xx <- xx + outer(s0, m$pilot) + outer(m$pilot, s0) + n * outer(m$pilot, m$pilot)
  rbind(c(n, sg, sx), cbind(sg, gg, gx), cbind(sx, t(gx), xx))
}

# Lenstra, Lenstra and Lovasz on the Gram matrix G of whole-number columns: returns U with
# short U[i, ] G U[i, ]'.
reduce <- function(G, delta = .9, steps = 4000) {
  k <- nrow(G)
  U <- diag(k)
  dot <- function(a, b) sum(a * (G %*% b))
  i <- 2
  for (step in seq_len(steps)) {
    if (i > k) break
    mu <- matrix(0, k, k); B <- numeric(k)
    H <- U %*% G %*% t(U)
    for (a in seq_len(i)) {
      for (b in seq_len(a - 1)) mu[a, b] <- (H[a, b] - sum(mu[a, seq_len(b - 1)] * mu[b,
        seq_len(b - 1)] * B[seq_len(b - 1)])) / max(B[b], 1e-9)
      B[a] <- H[a, a] - sum(mu[a, seq_len(a - 1)]^2 * B[seq_len(a - 1)])
    }
    for (b in rev(seq_len(i - 1))) {
      r <- round(mu[i, b])
      if (is.finite(r) && r != 0) {
        U[i, ] <- U[i, ] - r * U[b, ]
        mu[i, seq_len(b - 1)] <- mu[i, seq_len(b - 1)] - r * mu[b, seq_len(b - 1)]
        mu[i, b] <- mu[i, b] - r
      }
    }
    if (B[i] >= (delta - mu[i, i - 1]^2) * B[i - 1]) i <- i + 1 else {
      U[c(i - 1, i), ] <- U[c(i, i - 1), ]
      i <- max(i - 1, 2)
    }
  }
  U
}

# Claim: a combination whose squares sum to 1 is one person with 1, and its products with the columns are
# that person's row.
claim_short <- function(G) {
  whole <- abs(G - round(G)) < 1e-6
  keep <- which(diag(whole) & rowMeans(whole) > .5)
  keep <- keep[vapply(keep, function(i) all(whole[i, keep]), TRUE)]
  if (length(keep) < 2) return(NULL)
  g <- G[keep, keep, drop = FALSE]
  U <- reduce(g)
  short <- which(abs(rowSums((U %*% g) * U) - 1) < 1e-6)
  lapply(short, function(s) { r <- drop(U[s, ] %*% G[keep, ]); if (r[1] < 0) -r else r })
}
# Claim: a column all of whose values but those of one person lie on a grid (step h): the products with whole
# columns are, modulo h, the rest times the person's genotypes.
claim_grid <- function(G, p, steps = c(1, .5, .1, .05, .01, .001, 1e-4, 2.54, 12)) {
  claims <- list()
  for (j in seq_len(nrow(G) - 1) + 1) for (h in steps) {
    off <- function(v) { f <- v / h - floor(v / h + 1e-9); f * h }
    f <- off(G[j, 1]) # rest of the sum: of the one person, when there is one
    if (f < h * 1e-4 || f > h * (1 - 1e-4)) next
    for (v in c(f, f - h)) {
      others <- setdiff(seq_len(p) + 1, j)
      rest <- off(G[j, others])
      pick <- sapply(rest, function(r) { d <- sapply(0:2, function(k) { x <- abs(off(k * v) - r); min(x, h - x) });
        if (min(d) < h * 1e-5) which.min(d) - 1 else NA })
      if (!anyNA(pick)) {
        row <- rep(NA_real_, nrow(G)); row[1] <- 1; row[others] <- pick
        claims <- c(claims, list(row))
      }
    }
  }
  claims
}
# Claim: single carriers, of one variant or by whom two columns differ.
claim_single <- function(G, p) {
  claims <- list()
  for (j in seq_len(p) + 1) {
    het <- 2 * G[1, j] - G[j, j]
    hom <- (G[j, j] - G[1, j]) / 2
    if (abs(het + hom - 1) < 1e-9) claims <- c(claims, list(G[j, ] / if (hom > .5) 2 else 1))
    for (k in seq_len(nrow(G))) if (k != j) {
      d <- G[j, ] - G[k, ]
      if (abs((d[j] - d[k]) - 1) < 1e-9) claims <- c(claims, list(d * sign(d[1] + .1)))
    }
  }
  claims
}
# Claim: the largest value of a column is so far out that its products are its row.
claim_outlier <- function(G, p) {
  lapply(seq_len(nrow(G) - p - 1) + p + 1, function(j) {
    x <- G[j, j] - G[1, j]^2 / G[1, 1]
    v <- G[j, ] - G[1, ] * G[1, j] / G[1, 1]
    r <- rep(NA_real_, nrow(G)); r[1] <- 1
    r[seq_len(p) + 1] <- round(v[seq_len(p) + 1] / sqrt(x) + G[1, seq_len(p) + 1] / G[1, 1])
    r
  })
}

# A claim counts when it is certain: it names at least six variants (or all) and more than chance would.
# Chance: the same claim against people of another draw of the same design.
hits <- function(claims, rows, p) {
  sum(vapply(claims, function(r) {
    use <- which(!is.na(r[seq_len(p) + 1]))
    length(use) >= 8 && any(colSums(abs(t(rows[, use, drop = FALSE]) - r[use + 1]), na.rm = TRUE) < .01)
  }, TRUE))
}
recovered <- function(m, rows) {
  p <- nrow(m$variants)
  rows <- rows[, match(m$variants$snp, colnames(rows)), drop = FALSE]
  one <- list(); other <- list()
  sets <- c(as.list(seq_len(nrow(m$blocks))), split(seq_len(nrow(m$blocks)), m$blocks$environment),
    list(seq_len(nrow(m$blocks))))
  for (s in sets) {
    G <- Reduce(`+`, lapply(s, columns_of, m = m))
    one <- c(one, claim_short(G), claim_single(G, p), claim_grid(G, p))
    other <- c(other, claim_outlier(G, p))
  }
  set.seed(9)
  mixed <- apply(rows, 2, sample)
  c(certain = hits(one, rows, p), guess = max(0, hits(other, rows, p) - hits(other, mixed, p) - 3))
}
# Bytes of the object that are a person's: identifiers, or values of exposure and outcome to all digits.
carried <- function(m, ids, values) {
  bytes <- serialize(m, NULL, xdr = FALSE)
  text <- rawToChar(bytes[bytes != as.raw(0)])
  found <- sum(vapply(ids, function(i) grepl(i, text, fixed = TRUE, useBytes = TRUE), TRUE))
  pool <- unlist(rapply(unclass(m), as.numeric, classes = c("numeric", "integer"), how = "unlist"))
  found + sum(values[values %% .25 != 0] %in% pool)
}
one_release <- function(make, seed) {
  set.seed(seed)
  d <- make()
  m <- do.call(mr_moments, c(list(d$data), d$extra))
  r <- recovered(m, d$rows)
  ids <- rownames(d$rows)
  r <- c(r, carried = carried(m, ids, c(d$data$exposure, d$data$outcome)))
  if (any(r > 0)) stop("recovered: ", paste(names(r), r, collapse = ", "), " of ", nrow(d$rows), " people")
  "nothing"
}

# The designs: n people, p variants, and what is planted.
base <- function(n, p, sites = 1, maf = .3, plant = identity, kind = "genotype", extra = list(), ...) {
  force(plant)
  function() {
    env <- rep(letters[seq_len(sites)], length.out = n)
    g <- matrix(as.double(rbinom(n * p, 2, rep_len(maf, p)[rep(seq_len(p), each = n)])), n, p,
      dimnames = list(sprintf("person_%05d_x", seq_len(n)), paste0("rs", seq_len(p))))
    x <- round(rnorm(n) + g[, 1], 3)
    y <- round(x + rnorm(n), 3)
    d <- plant(list(g = g, x = x, y = y, env = env, covariates = data.frame(age = round(rnorm(n, 50, 9)),
      row.names = rownames(g))))
    data <- suppressWarnings(mr_data(d$g, setNames(d$x, rownames(g)), setNames(d$y, rownames(g)), setNames(d$env,
      rownames(g)),
      covariates = d$covariates, structure = d$structure, background = d$background, cluster = d$cluster, kind = kind))
    list(data = data, rows = d$g, extra = extra)
  }
}
plants <- list(
  nothing = identity,
  `one carrier` = function(d) { d$g[, 2] <- 0; d$g[7, 2] <- 1; d },
  `twenty carriers` = function(d) { d$g[, 2] <- 0; d$g[1:20, 2] <- 1; d },
  `variants that differ in one person` = function(d) { d$g[, 2] <- d$g[, 3]; d$g[5, 2] <- (d$g[5, 3] + 1) %% 3; d },
  `sum of three variants differs from a fourth in one person` = function(d) { d$g[, 4] <- pmin(2, d$g[, 1] * (d$g[,
    2] == 0)); d$g[, 3] <- d$g[, 4]; d$g[9, 3] <- (d$g[9, 4] + 1) %% 3; d },
  `age with one half year` = function(d) { d$covariates$age[11] <- 50.5; d },
  `age with one value of three tenths` = function(d) { d$covariates$age[11] <- 50.3; d },
  `exposure of whole numbers but one` = function(d) { d$x <- round(5 * d$x); d$x[4] <- d$x[4] + .37; d },
  `outcome in tenths but one in hundredths` = function(d) { d$y <- round(d$y, 1); d$y[8] <- d$y[8] + .03; d },
  `exposure of whole numbers but two` = function(d) { d$x <- round(5 * d$x); d$x[4] <- d$x[4] + .37;
    d$x[44 %% length(d$x) + 1] <- 1.005; d },
  `inches in centimetres but one` = function(d) { d$x <- 2.54 * round(65 + 3 * d$x); d$x[4] <- 160; d },
  `months in years but one` = function(d) { d$covariates$age <- 12 * d$covariates$age; d$covariates$age[3] <- 555; d },
  `covariates that differ in one person` = function(d) { d$covariates$again <- d$covariates$age;
    d$covariates$again[6] <- 51.5; d },
  `dummy of one person` = function(d) { d$covariates$flag <- as.numeric(seq_along(d$x) == 3); d },
  `two dummies that differ in one person` = function(d) { d$covariates$a <- as.numeric(seq_along(d$x) %% 3 == 1);
    d$covariates$b <- d$covariates$a; d$covariates$b[4] <- 0; d },
  `three dummies that add up but for one person` = function(d) { i <- seq_along(d$x);
    d$covariates$a <- as.numeric(i %% 4 == 1); d$covariates$b <- as.numeric(i %% 4 == 2);
    d$covariates$c <- as.numeric(i %% 4 == 1 | i %% 4 == 2); d$covariates$c[8] <- 1; d },
  `dummy of twelve people` = function(d) { d$covariates$flag <- as.numeric(seq_along(d$x) %in% sample(length(d$x),
    12)); d },
  `an exposure far out` = function(d) { d$x[5] <- 1e4; d },
  `an outcome far out` = function(d) { d$y[5] <- -1e6; d },
  `a structure column that is one person` = function(d) { d$structure <- cbind(pc1 = rnorm(length(d$x)), pc2 = c(1,
    rnorm(length(d$x) - 1) * 1e-6)); rownames(d$structure) <- rownames(d$g); d },
  `structure of whole numbers` = function(d) { d$structure <- cbind(pc1 = round(rnorm(length(d$x), 0, 2)),
    pc2 = round(rnorm(length(d$x), 0, 2))); rownames(d$structure) <- rownames(d$g); d },
  `exposure is a variant` = function(d) { d$x <- d$g[, 1] + (seq_along(d$x) == 9); d },
  `outcome is the exposure but for one` = function(d) { d$y <- d$x; d$y[2] <- d$y[2] + 1; d },
  `covariate that does not vary` = function(d) { d$covariates$flat <- 1; d },
  `missing call of one person` = function(d) { d$g[9, 1] <- NA; d },
  `missing calls of half` = function(d) { d$g[sample(length(d$g), length(d$g) / 3)] <- NA; d },
  `binary traits` = function(d) { d$x <- as.numeric(d$x > 0); d$y <- as.numeric(d$y > 0); d },
  `binary with ten cases` = function(d) { d$y <- as.numeric(rank(d$y) > length(d$y) - 10); d },
  `families` = function(d) { d$cluster <- setNames(rep(seq_len(ceiling(length(d$x) / 2)), each = 2)[seq_along(d$x)],
    rownames(d$g)); d },
  `background with single carriers` = function(d) { d$background <- matrix(rbinom(nrow(d$g) * 30, 2, .3), nrow(d$g),
    30, dimnames = list(rownames(d$g), paste0("bg", 1:30))); d$background[, 1] <- 0; d$background[3, 1] <- 1; d },
  `a site of eleven` = function(d) { d$env <- ifelse(seq_along(d$x) <= 11, "small", d$env); d },
  `names of sites that are people` = function(d) { d$env[1:3] <- "person_of_site"; d },
  `repeated people` = function(d) { d$g[2, ] <- d$g[1, ]; d$x[2] <- d$x[1]; d$y[2] <- d$y[1]; d },
  `everybody the same but ten` = function(d) { d$g[-(1:20), ] <- matrix(d$g[21, ], nrow(d$g) - 20, ncol(d$g),
    byrow = TRUE); d },
  `exposure with 15 decimals` = function(d) { d$x <- rnorm(length(d$x)); d },
  `powers of two` = function(d) { d$covariates$code <- 2^(seq_along(d$x) %% 20); d }
)
sizes <- list(c(40, 4), c(120, 10), c(160, 12), c(200, 15), c(300, 20), c(400, 40))
for (plant in names(plants)) for (size in sizes[if (plant == "nothing") seq_along(sizes) else c(2, 4, 5)]) {
  attack("disclosure", sprintf("%s, %d people, %d variants", plant, size[1], size[2]), "possible",
    local({ f <- base(size[1], size[2], plant = plants[[plant]]); s <- size[1]; function() one_release(f, s) }),
      "nothing", limit = 120)
}
dosage <- list(
  `dosages, one not whole` = function(d) { d$g[7, 2] <- .3; d },
  `dosages, one not whole in each variant` = function(d) { for (j in seq_len(ncol(d$g))) d$g[j + 3, j] <- .37; d },
  `dosages, nine not whole` = function(d) { d$g[1:9, 2] <- .25; d },
  `dosages, all with three decimals` = function(d) { d$g[] <- round(pmin(2, pmax(0, d$g + rnorm(length(d$g), 0, .1))),
    3); d },
  `dosages, one with a fourth decimal` = function(d) { d$g[] <- round(pmin(2, pmax(0, d$g + rnorm(length(d$g), 0,
    .1))), 2); d$g[4, ] <- d$g[4, ] * .9 + .0123; d }
)
for (plant in names(dosage)) for (size in sizes[c(2, 4, 5)]) {
  attack("disclosure", sprintf("%s, %d people, %d variants", plant, size[1], size[2]), "possible",
    local({ f <- base(size[1], size[2], plant = dosage[[plant]], kind = "dosage"); s <- size[1];
      function() one_release(f, s) }), "nothing", limit = 120)
}
for (folds in c(1, 2, 5, 10, 50)) for (sites in c(1, 2, 5)) for (maf in c(.02, .1, .5)) {
  attack("disclosure", sprintf("%d folds asked, %d sites of 100, frequency %g", folds, sites, maf), "possible",
    local({ f <- base(100 * sites, 8, sites, maf, extra = list(folds = folds)); s <- folds; function() one_release(f,
      s) }), "nothing", limit = 120)
}
for (p in c(100, 150, 300)) {
  attack("disclosure", sprintf("%d variants in 200 people", p), "possible", local({ f <- base(200, p); s <- p;
    function() one_release(f, s) }), "nothing", limit = 120)
}
