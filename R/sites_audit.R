# What may leave a site: one set of rules for files (R/sites_export.R) and for DataSHIELD
# (R/sites_server.R). They stand on those of mr_moments(disclosure = TRUE), which looks
# at the rows; what is asked for here, more people for each column, more carriers and no small
# cells, can be seen in the sums. Nothing here is made less strict than there.

release_defaults <- list(min_people = 30, min_carriers = 20, max_columns = .1, min_cell = 3, max_power = .1)

check_release_limits <- function(min_people, min_carriers, max_columns, min_cell, max_power) {
  floor <- "mr_moments() holds this already: the limit can be raised, not lowered."
  check_number(min_people, "min_people", min = disclosure_limits$people, whole = TRUE, hint = floor)
  check_number(min_carriers, "min_carriers", min = disclosure_limits$carriers, whole = TRUE, hint = floor)
  check_number(max_columns, "max_columns", min = 1e-6, max = 1 / disclosure_limits$per_column, hint = floor)
  check_number(min_cell, "min_cell", min = disclosure_limits$cell, whole = TRUE, hint = floor)
  check_number(max_power, "max_power", min = .06, max = 1)
  list(
    min_people = min_people, min_carriers = min_carriers, max_columns = max_columns, min_cell = min_cell,
    max_power = max_power
  )
}

# Moments that hold the limits, and the account of what was changed for it:
# list(moments, suppressed): a data frame of what, name, environment, count and reason.
audit_moments <- function(m, limits, arg = "m") {
  if (!isTRUE(m$disclosure)) {
    abort_release(
      "they were made with disclosure = FALSE, from which people's rows can be computed",
      "Make them with mr_moments(data), which looks at the rows."
    )
  }
  if (!is.null(m[["summary"]])) {
    abort_release("they were made from tables of associations, not from people", "Send these tables instead.")
  }
  if (has_components(m)) {
    abort_release(
      "background components were computed at this site, with a meaning of their own",
      "Project every site on one set of loadings, give the scores as `structure`, and leave `background` out."
    )
  }
  if (m$kind == "dosage" && limits$min_carriers > disclosure_limits$carriers) {
    abort_argument(
      "min_carriers", sprintf("%d for dosages", disclosure_limits$carriers), describe(limits$min_carriers),
      "Carriers of dosages are counted on the rows, by mr_moments(): their sums do not show them."
    )
  }
  before <- table(m$blocks$environment)
  m <- release_folds(m, folds_by_people(m, limits))
  gone <- release_withheld(m, limits)
  if (all(gone$gone)) abort_release("no variant has enough carriers in every block", "Merge environments.")
  names <- m$variants$snp[gone$gone]
  m <- keep_variants(m, !gone$gone)
  m <- release_folds(m, folds_by_variants(m, limits))
  m <- audit_families(m, limits)
  after <- table(m$blocks$environment)
  suppressed <- rbind(
    suppressed_rows(
      "folds", names(before), names(before), as.integer(before - after), "few people or carriers in a fold"
    ),
    suppressed_rows("variant", names, rep(flow_all, length(names)), rep(1L, length(names)), gone$reason[gone$gone])
  )
  earlier <- suppressed_rows(
    "variant", m$withheld, rep(flow_all, length(m$withheld)), rep(1L, length(m$withheld)), withheld_reason
  )
  lost <- m$withheld_families
  families <- suppressed_rows("families", rep("sums within families", length(lost)), flow_all, 1L, lost)
  suppressed <- rbind(earlier, suppressed[suppressed$count > 0, ], families)
  rownames(suppressed) <- NULL
  m$withheld <- c(m$withheld, names)
  m["flow"] <- list(release_flow(m$flow, length(names)))
  list(moments = m, suppressed = suppressed, limits = limits)
}

suppressed_rows <- function(what, name, environment, count, reason) {
  data.frame(
    what = rep(what, length(name)), name = as.character(name), environment = rep_len(environment, length(name)),
    count = rep_len(as.integer(count), length(name)), reason = rep_len(as.character(reason), length(name))
  )
}

abort_release <- function(why, hint) {
  abort(sprintf("These moments cannot leave the site: %s.", why), "latentmr_error_disclosure", hint = hint)
}

# Accounts of several sites do not add up to one.
release_flow <- function(flow, withheld) {
  if (is.null(flow) || !is.null(flow$site)) return(NULL)
  if (withheld) released_flow(flow, withheld) else flow
}

# ---- people ----

release_columns <- function(m) nrow(m$variants) + length(m$pilot)

release_least <- function(m, limits) {
  columns <- release_columns(m)
  max(
    limits$min_people, ceiling(columns / limits$max_columns - 1e-9), least_people(nrow(m$variants), length(m$pilot)),
    membership_least(nrow(m$variants), limits$max_power)
  )
}

# A test of whether a person whose p genotypes are known is among n people: each of the p (p + 3) / 2 sums of
# variants, squares and products lies nearer to the person's own values than to those of strangers by 1 / n, and the sum
# of all these is a normal deviate that members shift by sqrt(p (p + 3) / 2 / n). At level .05 it finds
# Phi(shift - 1.645) of them (bench/bench-membership.R). The people needed for at most `power`:
membership_least <- function(p, power) {
  if (power >= 1) return(0)
  ceiling(p * (p + 3) / 2 / (stats::qnorm(power) + stats::qnorm(.95))^2)
}

membership_share <- function(p, n) stats::pnorm(sqrt(p * (p + 3) / 2 / n) - stats::qnorm(.95))

folds_by_people <- function(m, limits) {
  least <- release_least(m, limits)
  total <- tapply(as.numeric(m$blocks$n), m$blocks$environment, sum)
  few <- total < least
  if (any(few)) {
    abort_release(
      sprintf(
        "%s columns need %s people in every environment, and %s", big(release_columns(m)), big(least),
        list_some(sprintf("%s has %s", vapply(names(total)[few], quote_all, ""), big_each(total[few])), 5)
      ),
      people_hint(m, limits)
    )
  }
  alike(m, most_folds(m, function(blocks) all(blocks$n >= least)))
}

# What asks for so many people, and what to do.
people_hint <- function(m, limits) {
  p <- nrow(m$variants)
  known <- membership_least(p, limits$max_power) == release_least(m, limits)
  paste0(
    if (known) {
      sprintf(
        "So many keep a test of who is among them, by genotypes known from elsewhere, to a power of %s (max_power). ",
        format(limits$max_power)
      )
    },
    "Take fewer variants or columns, or merge or leave out environments, before mr_moments()."
  )
}

# For every environment the largest number of folds that `good(moments)` holds for.
most_folds <- function(m, good) {
  vapply(seq_along(m$environments), function(e) {
    own <- keep_blocks(m, e)
    steps <- fold_steps(nrow(own$blocks))
    for (k in steps) {
      merged <- merge_moments(own, k)
      if (good(if (identical(names(formals(good)), "blocks")) merged$blocks else merged)) return(k)
    }
    1L
  }, 0L)
}

# The blocks of one environment, which becomes the only one; folds are numbered from 1.
keep_blocks <- function(m, e) {
  at <- which(as.integer(m$blocks$environment) == e)
  m <- keep_variants(m, TRUE, at)
  m$environments <- m$environments[e]
  m$blocks$environment <- factor(rep(m$environments, length(at)))
  m$blocks$fold <- seq_along(at)
  m
}

# Whole clusters may live in several environments: their folds stay the same ones.
alike <- function(m, k) {
  count <- tabulate(m$blocks$environment)
  if (isTRUE(m$clustered) && length(unique(count)) == 1) rep(min(k), length(k)) else k
}

release_folds <- function(m, k) {
  own <- stats::ave(seq_len(nrow(m$blocks)), m$blocks$environment, FUN = seq_along)
  m$blocks$fold <- as.integer(own)
  m <- merge_moments(m, k)
  m$blocks$fold <- dealt_folds(m$blocks)
  m
}

# ---- variants ----

# As in mr_moments(): a variant must not cost an environment more folds than down to five.
release_withheld <- function(m, limits) {
  count <- tabulate(m$blocks$environment)
  floor <- vapply(count, function(k) {
    steps <- fold_steps(k)
    if (k < disclosure_limits$folds) 1L else min(steps[steps >= disclosure_limits$folds])
  }, 0L)
  coarse <- release_folds(m, alike(m, floor))
  gone <- logical(nrow(m$variants))
  reason <- character(length(gone))
  for (b in seq_len(nrow(coarse$blocks))) {
    if (all(gone)) break
    bad <- release_short(keep_variants(coarse, !gone, b), limits)
    reason[!gone] <- bad
    gone[!gone] <- nzchar(bad)
  }
  list(gone = gone, reason = reason)
}

folds_by_variants <- function(m, limits) {
  alike(m, most_folds(m, function(moments) {
    all(vapply(seq_len(nrow(moments$blocks)), function(b) {
      !any(nzchar(release_short(keep_variants(moments, TRUE, b), limits)))
    }, NA))
  }))
}

# Of moments of one block: why each variant cannot be in it, "" where it can.
release_short <- function(m, limits) {
  p <- nrow(m$variants)
  products <- unpack(m$gg[, 1], p)
  why <- character(p)
  why[short_variants(m, 1, if (m$kind != "genotype") rep(m$blocks$n, p))] <- withheld_reason
  if (m$kind != "genotype") return(why)
  differ <- differing_counts(diag(products), m$sg[, 1], m$blocks$n)
  why[few(differ, limits$min_carriers)] <- "few carriers"
  free <- which(!nzchar(why))
  cell <- variants_in_cells(m, free, products[free, free, drop = FALSE], limits$min_cell)
  why[free[cell]] <- "few people carry it together with another allele or trait"
  why
}

# Cells of two rare things: copies of one allele among the carriers of another, or among the people
# with a 1 (or a 0) of a column of 0 and 1. A person adds up to four copies of two alleles, and up to
# two of one, so that more copies than that in cell - 1 people mean that there are more people.
variants_in_cells <- function(m, free, products, cell) {
  n <- m$blocks$n
  sum <- m$sg[free, 1]
  gone <- logical(length(free))
  small <- function(count, each) count > .5 & count < each * (cell - 1) + .5
  groups <- group_columns(m)
  for (j in groups) {
    q <- length(m$pilot)
    one <- m$sx[j, 1] + n * m$pilot[j]
    both <- matrix(m$gx[, 1], ncol = q)[free, j] + sum * m$pilot[j]
    other <- sum - both
    gone <- gone | small(both, 2) | small(2 * one - both, 2) | small(other, 2) | small(2 * (n - one) - other, 2)
  }
  p <- length(free)
  first <- matrix(sum, p, p)
  second <- t(first)
  bad <- small(products, 4) | small(2 * first - products, 4) | small(2 * second - products, 4) |
    small(4 * n - 2 * first - 2 * second + products, 4)
  diag(bad) <- FALSE
  rare <- pmin(sum, 2 * n - sum)
  repeat {
    here <- bad & !gone & rep(!gone, each = p)
    if (!any(here)) return(gone)
    worst <- order(-rowSums(here), rare)[1]
    gone[worst] <- TRUE
  }
}

# Numeric columns that hold 0 and 1, as far as sums tell.
group_columns <- function(m) {
  q <- length(m$pilot)
  n <- m$blocks$n
  sum <- m$sx[, 1] + n * m$pilot
  square <- diag(unpack(m$xx[, 1], q)) + 2 * m$pilot * m$sx[, 1] + n * m$pilot^2
  which(abs(square - sum) < 1e-6 * n & abs(sum - round(sum)) < 1e-6 * n & sum > .5 & sum < n - .5)
}

# ---- families ----

# With sums within families, in fewer folds (down to five) where they need it, or without.
audit_families <- function(m, limits) {
  if (is.null(m$family)) return(m)
  k <- most_folds(m, function(moments) !nzchar(families_short(moments, limits)))
  k <- pmax(k, vapply(tabulate(m$blocks$environment), least_folds, 0L))
  fewer <- release_folds(m, alike(m, k))
  why <- families_short(fewer, limits)
  if (nzchar(why)) without_families(m, why) else fewer
}

# Why the sums within families of some block cannot leave, or "". A family is one row of them. Somebody who knows the
# genotypes of a whole family can test it in them and in the rest, whose shifts add up:
# p (p + 3) / 2 (1 / families + 1 / units).
families_short <- function(m, limits) {
  if (limits$min_carriers > disclosure_limits$carriers || limits$min_cell > disclosure_limits$cell) {
    return("carriers and cells are counted by family on the rows only, to the least `min_carriers` and `min_cell`")
  }
  p <- nrow(m$variants)
  columns <- release_columns(m)
  least <- max(limits$min_people, ceiling(columns / limits$max_columns - 1e-9), least_people(p, length(m$pilot)))
  known <- membership_least(p, limits$max_power)
  for (b in which(m$family$families > 0)) {
    if (release_rows(m, b, FALSE) < least) return(sprintf("a fold has fewer than %s families", big(least)))
    if (release_rows(m, b) < known) {
      return(sprintf("a fold has too few families to keep a test of which are in it to a power of %s", limits$max_power))
    }
    if (few_families_tell(m, b)) return("few families tell variants from the other columns")
  }
  ""
}

# People of a block, as far as its sums can be told apart by them: `together` in W and the rest at once.
release_rows <- function(m, b, together = TRUE) {
  families <- m$family$families[b]
  if (is.null(families) || families == 0) return(m$blocks$n[b])
  rest <- family_units(m)[b]
  if (together) families * rest / (families + rest) else min(families, rest)
}

# As far as sums show it: squares count twice within families, so that a pair with one allele more is one.
few_families_tell <- function(m, b) {
  part <- family_products(m, b)
  v <- seq_len(part$variants)
  short <- function(a) {
    left <- residual_given(a[v, v, drop = FALSE], a[v, -v, drop = FALSE], a[-v, -v, drop = FALSE])
    !all(well_apart(left, disclosure_limits$squares))
  }
  length(v) > 0 && (short(2 * part$within) || short(part$rest))
}
