# Slow twins of the block moments, on explicit matrices, and objects made by hand.

moments_data <- function(g, x = NULL, environment = NULL, kind = "genotype", cluster = NULL, structure = NULL) {
  n <- nrow(g)
  p <- ncol(g)
  if (is.null(x)) x <- cbind(age = as.numeric(seq_len(n)), d = sin(seq_len(n)), y = cos(seq_len(n)^2))
  if (is.null(environment)) environment <- rep("all", n)
  storage.mode(g) <- "double"
  q <- ncol(x)
  LatentMR:::new_mr_data(
    genotypes = genotype_matrix(g),
    variants = data.frame(snp = paste0("rs", seq_len(p)), chr = NA_character_, pos = NA_real_,
                          effect_allele = rep(c("A", "C"), length.out = p), other_allele = rep(c("G", "T"), length.out = p)),
    kind = kind, exposure = x[, q - 1], outcome = x[, q], exposure_name = "ldl", outcome_name = "sbp",
    environment = factor(environment), covariates = x[, seq_len(q - 2), drop = FALSE],
    covariate_coding = LatentMR:::code_covariates(as.data.frame(x[, seq_len(q - 2), drop = FALSE]))$coding,
    structure = structure,
    removed_variants = data.frame(snp = character(), reason = character()),
    flagged_variants = data.frame(snp = character(), environment = character(), reason = character()),
    structure_includes_instruments = NA, background = NULL, block = NULL, cluster = if (!is.null(cluster)) factor(cluster), ids = as.character(seq_len(n)),
    flow = data.frame(step = 1L, unit = "participants", reason = "read", action = "read", environment = "(all)", count = n, remaining = n)
  )
}

# Genotypes with missing calls, some columns constant or without any call.
random_genotypes <- function(n, p, missing = .1) {
  g <- matrix(stats::rbinom(n * p, 2, rep(stats::runif(p, .05, .9), each = n)), n, p)
  g[stats::runif(n * p) < missing] <- NA
  g
}

# Sums over the people of each block, straight from the rows.
reference_blocks <- function(data, blocks, m) {
  g <- data$genotypes$x
  miss <- is.na(g) + 0
  g <- sweep(g, 2, m$gpilot)
  g[is.na(g)] <- 0
  x <- sweep(cbind(data$covariates, data$structure, data$exposure, data$outcome), 2, m$pilot)
  miss <- miss[, m$missing, drop = FALSE]
  size <- blocks$table$n
  ends <- cumsum(size)
  pack <- function(a) a[upper.tri(a, TRUE)]
  parts <- lapply(seq_along(size), function(b) {
    i <- blocks$order[(ends[b] - size[b] + 1):ends[b]] + 1
    gi <- g[i, , drop = FALSE]
    mi <- miss[i, , drop = FALSE]
    xi <- x[i, , drop = FALSE]
    list(
      gg = pack(crossprod(gi)), gm = c(crossprod(gi, mi)), mm = pack(crossprod(mi)), sg = colSums(gi), sm = colSums(mi),
      gx = c(crossprod(gi, xi)), mx = c(crossprod(mi, xi)), sx = colSums(xi), xx = pack(crossprod(xi))
    )
  })
  lapply(stats::setNames(nm = names(parts[[1]])), function(k) {
    matrix(unlist(lapply(parts, function(part) unname(part[[k]]))), ncol = length(size))
  })
}

# The missing rule on the rows: the mean of the environment, or the mean of all
# where the variant has no call or one value there.
impute_rows <- function(g, environment) {
  for (v in seq_len(ncol(g))) {
    pooled <- if (all(is.na(g[, v]))) 0 else mean(g[, v], na.rm = TRUE)
    for (e in levels(environment)) {
      i <- environment == e
      seen <- g[i & !is.na(g[, v]), v]
      g[i & is.na(g[, v]), v] <- if (length(unique(seen)) > 1) mean(seen) else pooled
    }
  }
  g
}

imputed_rows <- function(data) {
  unname(cbind(impute_rows(data$genotypes$x, data$environment), data$covariates, data$structure, data$exposure, data$outcome))
}

counts <- c("gg", "gm", "mm", "sg", "sm")
sums <- c("gx", "mx", "sx", "xx")

# Agreement to 1e-12 of the size that the terms of a sum can have.
expect_close <- function(object, expected, tolerance = 1e-12) {
  scale <- max(abs(expected), 1)
  testthat::expect_lte(max(0, abs(object - expected)) / scale, tolerance)
}

# The same data with its genotypes in bed files, among other people and variants.
in_bed_files <- function(data, people, variants, dir = tempfile("moments")) {
  dir.create(dir)
  g <- data$genotypes$x
  n <- as.integer(nrow(g) + people)
  p <- as.integer(ncol(g) + variants)
  rows <- sample(n, nrow(g))
  cols <- sample(p, ncol(g))
  whole <- random_genotypes(n, p)
  whole[rows, cols] <- g
  cut <- p %/% 3
  parts <- list(seq_len(cut), (cut + 1):p)
  files <- lapply(seq_along(parts), function(k) {
    bed <- file.path(dir, sprintf("set %d.bed", k))
    part <- whole[, parts[[k]], drop = FALSE]
    writeBin(c(as.raw(c(0x6c, 0x1b, 0x01)), .Call(LatentMR:::C_ffi_bed_pack, part)), bed)
    info <- .Call(LatentMR:::C_ffi_bed_open, bed, n, ncol(part))
    data.frame(bed = bed, bim = "", fam = "", size = info$size, mtime = info$mtime, first = parts[[k]][1], variants = ncol(part))
  })
  bed <- structure(class = "plink_bed", list(
    files = do.call(rbind, files), samples = data.frame(fid = "0", iid = as.character(seq_len(n))),
    variants = data.frame(snp = as.character(seq_len(p)), chr = NA_character_, pos = NA_real_, effect_allele = NA_character_,
                          other_allele = NA_character_)
  ))
  data$genotypes <- genotype_bed(bed, rows, cols)
  data
}

# Can these be sums over people? The rules of src/core/moments/moments_check.h on whole
# matrices, block by block: TRUE, or FALSE.
possible_moments <- function(m) {
  p <- length(m$gpilot)
  unpack <- function(x, k) {
    a <- matrix(0, k, k)
    a[upper.tri(a, TRUE)] <- x
    a + t(a) - diag(diag(a), k)
  }
  whole <- function(x) all(is.finite(x)) && all(x == round(x))
  between <- function(x, lo, hi, room = 0) all(is.finite(x)) && all(x >= lo - room) && all(x <= hi + room)
  copies <- m$kind != "continuous"
  for (b in seq_along(m$blocks$n)) {
    n <- m$blocks$n[b]
    q <- length(m$pilot)
    o <- length(m$missing)
    gg <- unpack(m$gg[, b], p)
    mm <- unpack(m$mm[, b], o)
    xx <- unpack(m$xx[, b], q)
    gm <- matrix(m$gm[, b], p, o)
    sm <- m$sm[, b]
    sg <- m$sg[, b]
    if (!whole(sm) || !whole(mm) || !between(sm, 0, n) || !identical(as.numeric(diag(mm)), as.numeric(sm))) return(FALSE)
    if (!between(mm, pmax(0, outer(sm, sm, "+") - n), outer(sm, sm, pmin))) return(FALSE)
    called <- rep(n, p)
    called[m$missing] <- n - sm
    absent <- matrix(0, o, p)
    absent[, m$missing] <- mm
    people <- t(sm - absent)
    if (copies) {
      room <- if (m$kind == "genotype") 0 else 1e-9 * n
      if (!between(sg, 0, 2 * called, room) || !between(diag(gg), 0, 2 * sg, room)) return(FALSE)
      if (!between(gg, 0, 2 * outer(sg, sg, pmin), room) || !between(gm, 0, pmin(array(sg, dim(gm)), 2 * people), room)) return(FALSE)
    }
    if (!all(gm[people == 0] == 0)) return(FALSE)
    if (m$kind == "genotype") {
      n2 <- (diag(gg) - sg) / 2
      n1 <- 2 * sg - diag(gg)
      if (!whole(c(sg, gg, gm, n1, n2)) || any(c(n1, n2, called - n1 - n2) < 0)) return(FALSE)
    } else if (!all(diag(gg) * called >= sg^2 * (1 - 1e-8))) {
      return(FALSE)
    }
    # All columns together: the covariances obey Cauchy and Schwarz.
    gx <- matrix(m$gx[, b], p, q)
    mx <- matrix(m$mx[, b], o, q)
    raw <- rbind(cbind(gg, gm, gx), cbind(t(gm), mm, mx), cbind(t(gx), t(mx), xx))
    if (!all(is.finite(raw)) || !all(is.finite(m$sx[, b]))) return(FALSE)
    sum <- c(sg, sm, m$sx[, b])
    spread <- n * raw - outer(sum, sum)
    limit <- sqrt(outer(pmax(diag(spread), 0), pmax(diag(spread), 0))) + 1e-9 * n * sqrt(outer(pmax(diag(raw), 0), pmax(diag(raw), 0)))
    if (any(diag(spread) < -1e-8 * n * diag(raw)) || any(abs(spread) > limit * (1 + 1e-9))) return(FALSE)
  }
  TRUE
}
