# What sums within families (R/moments_family.R) must be like to be released. Beside the cross products A of all people
# of a block they give W, those of the differences between siblings, and with it A - W, those of everybody else and of
# the means of families. A family is one row of either, whatever its size, and both must hold the limits of
# R/moments_limits.R. A family of many must not look like many carriers: where squares are counted its own are divided
# by half its size within families, and its mean counts once.

# Who is who, before blocks are drawn: `unit` is the same for siblings of one environment and one's own for others.
# `columns`: variants (`plain`: not of the X chromosome, which has no part in W), then numeric columns; `off`: which
# differences of siblings and which sums over units lie between the steps that the others keep to, and of whom they are.
sibling_table <- function(data, personal) {
  sib <- sibships(data)
  unit <- ifelse(is.na(sib), max(sib, 0L, na.rm = TRUE) + seq_along(sib), sib)
  unit <- match(unit, unique(unit))
  plain <- !data$variants$chr %in% "X"
  g <- decode(data$genotypes)
  colnames(g) <- data$variants$snp
  x <- personal$x
  order <- order(unit)
  next_one <- which(diff(unit[order]) == 0)
  first <- order[next_one]
  apart <- x[order[next_one + 1], , drop = FALSE] - x[first, , drop = FALSE]
  usual <- apply(x, 2, function(column) stats::ave(column, data$environment, FUN = most_common))
  leader <- match(seq_len(max(unit)), unit)
  off <- function(values, of) off_grids(values, droplevels(data$environment[of]), pairs = ncol(x))
  list(
    unit = unit, columns = cbind(g, x), plain = plain, variants = ncol(g), groups = personal$groups,
    dosage = data$kind == "dosage",
    off = list(list(off = off(apart, first), unit = unit[first]),
               list(off = off(rowsum(x - usual, unit), leader), unit = seq_along(leader)))
  )
}

most_common <- function(x) x[match(which.max(tabulate(match(x, x))), seq_along(x))]

# Without some variants.
sibling_keep <- function(table, keep) {
  if (is.null(table)) return(NULL)
  table$columns <- table$columns[, c(keep, rep(TRUE, ncol(table$columns) - table$variants)), drop = FALSE]
  table$plain <- table$plain[keep]
  table$variants <- sum(keep)
  table
}

# Why W of these people cannot be released beside A, in words without a count; NULL where it can.
sibling_fault <- function(table, who) {
  unit <- match(table$unit[who], unique(table$unit[who]))
  size <- tabulate(unit)
  if (all(size == 1)) return(NULL)
  p <- table$variants
  least <- least_people(p, ncol(table$columns) - p)
  if (min(sum(size > 1), length(size)) < least) return(sprintf("a block has fewer than %s families", big(least)))
  use <- c(table$plain, rep(TRUE, ncol(table$columns) - p))
  x <- unname(table$columns[who, use, drop = FALSE])
  if (anyNA(x)) return("more than half of the calls of a variant are missing")
  part <- list(
    names = colnames(table$columns)[use], variants = sum(table$plain), groups = table$groups[who, , drop = FALSE],
    dosage = table$dosage
  )
  off <- lapply(table$off, function(o) off_by_unit(o, table$unit[who]))
  why <- part_fault(c(part, sibling_differences(x, part, unit, size), list(off = off[[1]])), "families")
  if (!is.null(why)) return(why)
  part_fault(c(part, sibling_means(x, part, unit, size), list(off = off[[2]])), "families, by their means,")
}

# How many units of the block are off each grid.
off_by_unit <- function(o, units) {
  here <- o$unit %in% units
  if (!any(here) || !ncol(o$off)) return(integer())
  colSums(rowsum(o$off[here, , drop = FALSE] + 0, o$unit[here]) > 0)
}

sibling_differences <- function(x, part, unit, size) {
  sib <- size[unit] > 1
  family <- match(unit[sib], unique(unit[sib]))
  center <- function(x) .Call(C_ffi_family_center, x[sib, , drop = FALSE] + 0, family, max(family))
  left <- center(x)
  differ <- function(left) rowsum((abs(left) > 1e-9) + 0, family) > 0
  copies <- x[, seq_len(part$variants), drop = FALSE]
  list(
    n = max(family), products = crossprod(left * sqrt(4 / size[unit[sib]])),
    differ = differ(if (part$dosage) cbind(center(round(copies)), left[, -seq_len(part$variants)]) else left),
    groups_differ = differ(center(part$groups)),
    share = largest_share(left[, -seq_len(part$variants), drop = FALSE], family, 0),
    steps = if (part$dosage) short_steps(center(copies) * size[unit[sib]], family)
  )
}

sibling_means <- function(x, part, unit, size) {
  mean <- rowsum(x, unit) / size
  numeric <- mean[, -seq_len(part$variants), drop = FALSE]
  about <- numeric - rep(colSums(numeric * size) / sum(size), each = nrow(numeric))
  usual <- function(x) abs(x - rep(apply(x, 2, most_common), each = nrow(x))) > 1e-9
  copies <- x[, seq_len(part$variants), drop = FALSE]
  list(
    n = length(size), products = crossprod(centered_columns(mean)),
    differ = usual(if (part$dosage) cbind(rowsum(round(copies), unit) / size, numeric) else mean),
    groups_differ = usual(rowsum(part$groups, unit) / size),
    share = largest_share(about * sqrt(size), seq_along(size), size / sum(size)),
    steps = if (part$dosage) short_steps(rowsum(copies, unit), seq_along(size))
  )
}

centered_columns <- function(x) x - rep(colMeans(x), each = nrow(x))

# The most of one unit in the squares of any combination of columns (no less than it: the trace of its part).
largest_share <- function(x, unit, own) {
  norm <- sqrt(colSums(x^2))
  x <- x[, norm > 0, drop = FALSE] / rep(norm[norm > 0], each = nrow(x))
  if (!ncol(x)) return(0)
  found <- qr(x, tol = 1e-11)
  max(rowsum(rowSums(qr.Q(found)[, seq_len(found$rank), drop = FALSE]^2), unit)[, 1] + own)
}

# Dosages: variants of which few units are off the steps that the others keep to (few_off()).
short_steps <- function(x, unit) {
  bad <- logical(ncol(x))
  for (step in c(1, .5, .1, .01, .001)) {
    off <- rowsum((abs(x - step * round(x / step)) > 1e-9) + 0, unit) > 0
    bad <- bad | few(colSums(off), disclosure_limits$grid)
  }
  bad
}

part_fault <- function(part, who) {
  limit <- disclosure_limits
  v <- seq_len(part$variants)
  names <- c(part$names, colnames(part$groups))
  differ <- cbind(part$differ, part$groups_differ)
  count <- colSums(differ)
  bad <- few(count, ifelse(seq_along(count) %in% v, limit$carriers, limit$group))
  if (any(bad)) return(sprintf("few %s differ in %s", who, quote_all(unique(names[bad]), 3)))
  if (any(part$steps)) {
    return(sprintf("few %s have dosages between the steps of %s", who, quote_all(names[v][part$steps], 3)))
  }
  binary <- differ[, c(v, length(part$names) + seq_len(ncol(part$groups))), drop = FALSE] + 0
  colnames(binary) <- c(part$names[v], colnames(part$groups))
  if (!is.null(small_cell(binary))) return(sprintf("few %s differ in one variant or trait and another", who))
  if (any(few(part$off, limit$grid))) return(sprintf("few %s have values between the steps of the others", who))
  if (part$share > limit$share) return(sprintf("one of the %s has much of a combination of numeric columns", who))
  gg <- part$products[v, v, drop = FALSE]
  gx <- part$products[v, -v, drop = FALSE]
  xx <- part$products[-v, -v, drop = FALSE]
  check <- which(count[v] > 0)
  short <- check[!well_apart(residual_given(gg, gx, xx)[check, check, drop = FALSE], limit$squares)]
  if (length(short)) return(sprintf("few %s tell %s from the other columns", who, quote_all(names[short], 3)))
  told <- told_given(gg, gx, xx, part$n)
  if (length(told)) return(sprintf("variants tell %s of all but a few %s", quote_all(part$names[-v][told], 3), who))
  NULL
}

# ---- which folds, or none ----

# Moments with their sums within families, in as many folds as these allow (five at least where there were five), or
# without.
release_families <- function(m, blocks, data, table) {
  if (is.null(m$family)) return(m)
  k <- tabulate(m$blocks$environment)
  for (e in seq_along(k)) {
    found <- sibling_folds(blocks, e, k, table)
    if (!is.null(found$why)) return(without_families(m, found$why))
    k[e] <- found$k
  }
  merge_moments(m, same_folds(k, data))
}

least_folds <- function(k) {
  steps <- fold_steps(k)
  if (k < disclosure_limits$folds) 1L else min(steps[steps >= disclosure_limits$folds])
}

sibling_folds <- function(blocks, e, count, table) {
  for (k in fold_steps(count[e])) {
    if (k < least_folds(count[e])) break
    merged <- merge_blocks(blocks, ifelse(seq_along(count) == e, k, 1L))
    block <- block_of(merged)
    own <- which(as.integer(merged$table$environment) == e)
    why <- NULL
    for (b in own) if (is.null(why)) why <- sibling_fault(table, which(block == b))
    if (is.null(why)) break
  }
  list(k = k, why = why)
}

without_families <- function(m, why) {
  m["family"] <- list(NULL)
  m$withheld_families <- why
  m
}

say_families <- function(m) {
  if (is.null(m$withheld_families)) return(invisible())
  inform(
    sprintf("Disclosure control: sums within families are left out: %s.", m$withheld_families),
    "latentmr_message_disclosure",
    hint = "disclosure = FALSE keeps them, for use where the rows are."
  )
}

# ---- missing calls ----

# In W and in A siblings must have the same genotypes. A missing call takes that of the first sibling who has one, which
# leaves the pair without a difference, as it is where nothing is released; where no sibling has one, and for who has no
# sibling, that of a random person. list(data, why): why there can be no sums within families.
complete_siblings <- function(data, seed, memory) {
  if (is.null(data$family)) return(list(data = data))
  need <- 8 * length(data$environment) * (nrow(data$variants) + 1)
  if (need > memory) {
    why <- sprintf("the genotypes of all people take %s and `memory` is less", format_bytes(need))
    return(list(data = data, why = why))
  }
  if (data$kind != "genotype") return(list(data = data))
  x <- decode(data$genotypes)
  sib <- sibships(data)
  some <- which(colSums(is.na(x[!is.na(sib), , drop = FALSE])) > 0)
  x <- with_seed(seed, {
    for (v in some) x[, v] <- sibling_calls(x[, v], sib, data$environment)
    x
  })
  if (!anyNA(x)) return(list(data = if (length(some)) set_genotypes(data, x) else data))
  data <- set_genotypes(data, drawn_calls(x, data$environment, seed))
  list(data = data)
}

set_genotypes <- function(data, x) {
  data$genotypes <- genotype_matrix(x)
  data
}

sibling_calls <- function(x, sib, environment) {
  lost <- which(is.na(x) & !is.na(sib))
  known <- which(!is.na(x) & !is.na(sib))
  x[lost] <- x[known[match(sib[lost], sib[known])]]
  lost <- lost[is.na(x[lost])]
  for (e in unique(as.character(environment[lost]))) {
    called <- which(!is.na(x) & environment == e)
    here <- lost[environment[lost] == e]
    family <- match(sib[here], unique(sib[here]))
    if (length(called)) x[here] <- x[called[sample.int(length(called), max(family), TRUE)]][family]
  }
  x
}

# ---- of sums, where no rows are ----

# W and A - W of block b, A about the mean of the block, of the columns that differ within families.
family_products <- function(m, b) {
  p <- nrow(m$variants)
  q <- length(m$pilot)
  sum <- c(m$sg[, b], m$sx[, b])
  gx <- matrix(m$gx[, b], p, q)
  all <- rbind(cbind(unpack(m$gg[, b], p), gx), cbind(t(gx), unpack(m$xx[, b], q))) - outer(sum, sum) / m$blocks$n[b]
  within <- family_cross(m, b)
  use <- diag(within) > 0
  list(within = within[use, use, drop = FALSE], rest = (all - within)[use, use, drop = FALSE],
       variants = sum(use[seq_len(p)]))
}

# Rows of A - W: people without siblings, and families.
family_units <- function(m) as.numeric(m$blocks$n) - m$family$people + m$family$families
