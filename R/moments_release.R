# Moments that may leave the machine: blocks as large as the limits ask
# (R/moments_limits.R), missing calls drawn, variants withheld, nothing else aboard.

safe_moments <- function(data, folds, seed, memory) {
  # The same draw whenever nothing else is asked: a second release tells nothing new.
  seed <- if (is.null(seed)) 1L else draw_seed(seed)
  siblings <- complete_siblings(data, seed, memory)
  data <- complete_calls(siblings$data, seed)
  personal <- personal_columns(data)
  families <- !is.null(data$family) && is.null(siblings$why)
  blocks <- draw_blocks(data$environment, data$cluster, folds, seed)
  blocks <- merge_blocks(blocks, folds_for_people(data, personal, blocks, folds))
  within <- if (families) family_sums(data, blocks)
  moments <- new_moments(data, blocks, moments_pass(data, blocks, memory, fill = seed), NULL, within)
  moments["withheld_families"] <- list(siblings$why)
  table <- if (families) sibling_table(data, personal)
  gone <- withheld_variants(moments, blocks, data)
  if (all(gone)) {
    abort_disclosure("no variant has enough carriers in every block", "Ask for fewer folds, merge environments,")
  }
  moments <- keep_variants(moments, !gone)
  data <- keep_dense(data, !gone)
  k <- same_folds(folds_for_variants(moments, blocks, data), data)
  moments <- release_families(merge_moments(moments, k), merge_blocks(blocks, k), data, sibling_keep(table, !gone))
  check_told(moments)
  withheld <- data$variants$snp[gone]
  say_released(moments, folds, withheld)
  say_families(moments)
  released(moments, withheld)
}

# A column that the variants determine for all but few people shows these.
check_told <- function(m) {
  for (b in seq_len(nrow(m$blocks))) {
    told <- told_columns(m, b)
    if (length(told)) {
      names <- paste0("`", c(m$covariates, m$structure, m$exposure, m$outcome)[told], "`", collapse = ", ")
      where <- quote_all(as.character(m$blocks$environment[b]))
      abort_disclosure(
        sprintf("in %s the variants tell %s of all but a few people", where, names),
        "Leave the column out or take other variants,"
      )
    }
  }
}

say_released <- function(m, folds, withheld) {
  count <- tabulate(m$blocks$environment)
  fewer <- count < folds
  if (any(fewer)) {
    inform(sprintf(
      "Disclosure control: not %d folds but %s.", folds,
      list_some(sprintf("%d in %s", count[fewer], m$environments[fewer]), 6)
    ), "latentmr_message_disclosure")
  }
  if (length(withheld)) {
    warn(
      sprintf("Disclosure control: %s withheld, as few people carry them or tell them from others (%s).",
              plural(length(withheld), "variant"), quote_all(withheld, 5)),
      "latentmr_warning_disclosure", variants = withheld,
      hint = "Larger environments, or fewer folds, would keep more of them."
    )
  }
}

abort_disclosure <- function(what, hint = paste("Merge environments or levels, take fewer columns,",
                                                "transform what has outliers,")) {
  abort(
    sprintf("These moments cannot be released: %s.", what), "latentmr_error_disclosure",
    hint = paste(hint, "or keep the moments on this machine with disclosure = FALSE.")
  )
}

# ---- people ----

fold_steps <- function(folds) unique(folds %/% seq_len(folds))

merged_fold <- function(fold, k) (fold - 1L) %% k + 1L

# Block of every person, 1-based.
block_of <- function(blocks) {
  out <- integer(length(blocks$order))
  out[blocks$order + 1L] <- rep(seq_along(blocks$table$n), blocks$table$n)
  out
}

# For every environment the most folds that its people allow; an error that says why
# where there is none.
folds_for_people <- function(data, personal, blocks, folds) {
  fold <- blocks$table$fold[block_of(blocks)]
  least <- least_people(nrow(data$variants), ncol(personal$x))
  fault <- character()
  k <- vapply(levels(data$environment), function(e) {
    here <- which(data$environment == e)
    if (length(here) < least) {
      fault <<- c(fault, sprintf("%s has %s", quote_all(e), big(length(here))))
      return(NA_integer_)
    }
    for (k in fold_steps(folds)) {
      why <- blocks_fault(here, merged_fold(fold[here], k), k, least, personal)
      if (is.null(why)) return(k)
    }
    fault <<- c(fault, sprintf("%s: %s", quote_all(e), why))
    NA_integer_
  }, 0L)
  if (length(fault)) {
    abort_disclosure(sprintf(
      "%s columns need %s people in every environment, with no small group and no outlier, and %s",
      big(nrow(data$variants) + ncol(personal$x)), big(least), list_some(fault, 5)
    ))
  }
  same_folds(k, data)
}

blocks_fault <- function(here, fold, k, least, personal) {
  for (f in seq_len(k)) {
    rows <- here[fold == f]
    if (length(rows) < least) return("too few people")
    pick <- function(columns) columns[rows, , drop = FALSE]
    why <- people_fault(
      pick(personal$x), pick(personal$groups), if (!is.null(personal$z)) pick(personal$z), pick(personal$off)
    )
    if (!is.null(why)) return(why)
  }
}

# A cluster that lives in several environments stays in one fold only when the folds
# of all of them are merged alike.
same_folds <- function(k, data) {
  spread <- !is.null(data$cluster) && any(rowSums(table(data$cluster, data$environment) > 0) > 1)
  if (spread) rep(min(k), length(k)) else k
}

# ---- merging ----

# Target of every block when the folds of environment e become k[e].
merged_blocks <- function(table, k) {
  e <- as.integer(table$environment)
  fold <- merged_fold(table$fold, k[e])
  key <- e * (max(fold) + 1) + fold
  target <- match(key, sort(unique(key)))
  first <- match(seq_len(max(target)), target)
  n <- as.vector(rowsum(table$n, target))
  list(target = target, table = data.frame(environment = table$environment[first], fold = fold[first], n = n))
}

merge_blocks <- function(blocks, k) {
  merged <- merged_blocks(blocks$table, k)
  list(order = blocks$order[order(rep(merged$target, blocks$table$n), method = "radix")], table = merged$table)
}

merge_moments <- function(m, k) {
  merged <- merged_blocks(m$blocks, k)
  if (nrow(merged$table) == nrow(m$blocks)) return(m)
  for (part in block_parts) m[[part]] <- add_columns(m[[part]], merged$target)
  if (!is.null(m$family)) m$family <- merge_family(m$family, merged$target)
  m$blocks <- merged$table
  m
}

block_parts <- c("gg", "gm", "mm", "sg", "sm", "gx", "mx", "sx", "xx")

add_columns <- function(x, target) {
  out <- matrix(x[0], nrow(x), max(target))
  for (b in seq_len(max(target))) out[, b] <- Reduce(`+`, lapply(which(target == b), function(i) x[, i]))
  out
}

# ---- variants ----

# Variants that cannot be in the release: lacking half their calls in a block, or short
# in one even when the folds are as few as they may become.
withheld_variants <- function(m, blocks, data) {
  gone <- seq_len(nrow(m$variants)) %in% m$missing[rowSums(m$sm) > 0]
  k <- vapply(split(m$blocks$fold, m$blocks$environment), function(fold) least_folds(max(fold)), 0L)
  coarse <- merge_moments(m, k)
  blocks <- merge_blocks(blocks, k)
  for (b in seq_len(nrow(coarse$blocks))) {
    if (all(gone)) break
    bad <- short_in_block(keep_variants(coarse, !gone, b), 1, keep_dense(data, !gone), blocks, b)
    gone[!gone] <- bad
  }
  gone
}

short_in_block <- function(m, column, data, blocks, b) {
  if (data$kind == "genotype") return(short_variants(m, column))
  ends <- cumsum(blocks$table$n)
  rows <- blocks$order[(ends[b] - blocks$table$n[b] + 1):ends[b]] + 1L
  x <- decode(data$genotypes, NULL, rows)
  if (data$kind != "dosage") return(short_variants(m, column, apply(x, 2, differing)))
  short_variants(m, column, expected_carriers(m, column)) | few(rounded_differing(x), disclosure_limits$carriers) |
    few_off(x, disclosure_limits$grid)
}

# Copies of the rarer allele that a block is expected to have, over two: of certain copies at least that
# many carry one.
expected_carriers <- function(m, b) {
  n <- m$blocks$n[b]
  copies <- pmin(m$sg[, b], 2 * n - m$sg[, b])
  ifelse(copies > 1e-9 * n, copies / 2, 0)
}

# How many differ from the most common of 0, 1 and 2 copies, rounded.
rounded_differing <- function(x) {
  none <- colSums(x <= .5, na.rm = TRUE)
  two <- colSums(x >= 1.5, na.rm = TRUE)
  nrow(x) - pmax(none, two, colSums(!is.na(x)) - none - two)
}

# For every environment the most folds in which no variant is short.
folds_for_variants <- function(m, blocks, data) {
  vapply(seq_along(m$environments), function(e) {
    at <- which(as.integer(m$blocks$environment) == e)
    here <- keep_variants(m, TRUE, at)
    for (k in fold_steps(length(at))) {
      part <- merge_moments(here, rep(k, length(m$environments)))
      merged <- merge_blocks(blocks, ifelse(seq_along(m$environments) == e, k, 1L))
      own <- which(as.integer(merged$table$environment) == e)
      short <- vapply(seq_len(k), function(b) any(short_in_block(part, b, data, merged, own[b])), NA)
      if (!any(short)) break
    }
    k
  }, 0L)
}

# The moments of some variants (and some blocks).
keep_variants <- function(m, keep, blocks = TRUE) {
  p <- nrow(m$variants)
  v <- seq_len(p)[keep]
  if (length(v) == p && isTRUE(blocks)) return(m)
  o <- which(m$missing %in% v)
  q <- length(m$pilot)
  rows <- list(
    gg = triangle_rows(v), gm = outer(v, (o - 1) * p, "+"), mm = triangle_rows(o), sg = v, sm = o,
    gx = outer(v, (seq_len(q) - 1) * p, "+"), mx = outer(o, (seq_len(q) - 1) * length(m$missing), "+"),
    sx = TRUE, xx = TRUE
  )
  for (part in block_parts) m[[part]] <- m[[part]][as.vector(rows[[part]]), blocks, drop = FALSE]
  if (!is.null(m$family)) m$family <- keep_family(m$family, p, q, v, blocks)
  m$missing <- match(m$missing[o], v)
  m$variants <- m$variants[v, , drop = FALSE]
  rownames(m$variants) <- NULL
  m$gpilot <- m$gpilot[v]
  if (!is.null(m$block)) m$block <- droplevels(m$block[v])
  m$blocks <- m$blocks[blocks, , drop = FALSE]
  rownames(m$blocks) <- NULL
  m
}

# Places of the columns `v` (ascending) in a packed upper triangle.
triangle_rows <- function(v) unlist(lapply(seq_along(v), function(j) v[j] * (v[j] - 1) / 2 + v[seq_len(j)]))

# ---- dosages and continuous instruments, whose rows are at hand ----

# A missing call takes the value of a random person of the same environment who has
# one; where more than half are missing it stays. Dosages as whole numbers stay whole.
complete_calls <- function(data, seed) {
  if (data$kind == "genotype") return(data)
  whole <- data$kind == "dosage" && !is.null(numerators(data$genotypes, 1L))
  called <- scan(data$genotypes, seq_along(data$environment), data$environment)$called
  some <- which(rowSums(called) < length(data$environment))
  if (whole && !length(some)) return(data)
  x <- drawn_calls(decode(data$genotypes, if (whole) some), data$environment, seed)
  data$genotypes <- if (whole) replace_dosages(held_dosages(data$genotypes), some, x) else genotype_matrix(x)
  data
}

drawn_calls <- function(x, environment, seed) {
  with_seed(seed, for (e in levels(environment)) {
    here <- which(environment == e)
    for (v in which(colSums(is.na(x[here, , drop = FALSE])) > 0)) {
      lost <- here[is.na(x[here, v])]
      called <- setdiff(here, lost)
      if (length(called) >= length(lost)) x[lost, v] <- x[called[sample.int(length(called), length(lost), TRUE)], v]
    }
  })
  x
}

keep_dense <- function(data, keep) {
  if (data$kind != "genotype") data$genotypes <- pick(data$genotypes, NULL, which(keep))
  data
}

# ---- what leaves ----

released <- function(m, withheld) {
  for (part in c("gm", "mm", "sm", "mx")) m[[part]] <- m[[part]][0, , drop = FALSE]
  m$missing <- integer()
  m$blocks$fold <- dealt_folds(m$blocks)
  m["seed"] <- list(NULL)
  m["flow"] <- list(released_flow(m$flow, length(withheld)))
  m$disclosure <- TRUE
  m$withheld <- withheld
  m
}

# Numbers of folds, so that environments with fewer blocks than others do not all
# leave in the same fold of the jackknife.
dealt_folds <- function(table) {
  count <- tabulate(table$environment)
  before <- c(0, cumsum(count))[seq_along(count)]
  as.integer((table$fold - 1 + ifelse(count == max(count), 0, before)[as.integer(table$environment)]) %% max(count) + 1)
}

# Counts of people who were left out stay at home: of two releases they would say who
# is new. What became of variants and columns goes along.
released_flow <- function(flow, withheld) {
  if (is.null(flow)) return(NULL)
  analysed <- flow$action == "analysed"
  own <- flow$unit %in% c("variants", "background variants", "covariates", "structure columns")
  gone <- NULL
  end <- flow[analysed, , drop = FALSE]
  count <- flow$remaining[flow$unit == "variants" & analysed]
  if (length(count)) {
    gone <- utils::tail(flow_add(flow, "variants", withheld_reason, "removed", withheld, count - withheld), 1)
    end[end$unit == "variants", c("count", "remaining")] <- count - withheld
  }
  out <- rbind(flow[own & !analysed & flow$environment == flow_all, , drop = FALSE], gone, end)
  out$step <- match(out$step, unique(out$step))
  rownames(out) <- NULL
  out
}

withheld_reason <- "few carriers, or few who tell them from others: withheld"
