# The rules for variants: kind, calls by environment, constant, repeated and
# collinear columns.

collinear_tolerance <- 1e-8
collinear_work <- 5e9   # largest n p^2 for which collinearity is looked for
collinear_cells <- 5e7  # and largest n p
slab_cells <- 2^23      # genotypes compared at a time

# Counts of every variant in every environment (see src/core/genotype/variant_scan.h).
scan_variants <- function(source, rows, environment) {
  name_scan(scan(source$genotypes, as.integer(rows), environment), environment)
}

name_scan <- function(scan, environment) {
  for (name in c("called", "n0", "n1", "n2", "mean", "ss")) colnames(scan[[name]]) <- levels(environment)
  scan
}

scan_pick <- function(scan, cols) {
  lapply(scan, function(x) if (is.matrix(x)) x[cols, , drop = FALSE] else x[cols])
}

# What mr_data keeps of a scan.
counts_of <- function(scan, kind) {
  if (kind == "genotype") scan[c("called", "n0", "n1", "n2", "mean", "ss")] else scan[c("called", "mean", "ss")]
}

mr_counts <- function(data) {
  if (!is.null(data$counts)) {
    check_counts(data$counts, data)
    return(data$counts)
  }
  counts_of(scan_variants(data, seq_along(data$outcome), data$environment), data$kind)
}

decide_kind <- function(source, scan, rows, kind, arg) {
  if (scan$inf[1] > 0) {
    abort_argument(arg, "finite or missing",
                   sprintf("infinite (variant \"%s\", row %d)", source$variants$snp[scan$inf[2]], rows[scan$inf[1]]))
  }
  if (hard_calls(source$genotypes)) {
    if (!kind %in% c("auto", "genotype")) {
      abort_argument("kind", "\"auto\" or \"genotype\" when the genotypes come from PLINK files", describe(kind))
    }
    return("genotype")
  }
  odd <- which(scan$odd > 0)
  inside <- all(scan$lo >= 0 & scan$hi <= 2 | !is.finite(scan$lo))
  if (kind != "continuous" && length(odd) && is.null(numerators(source$genotypes, 1L))) {
    check_call_codes(decode(source$genotypes, odd, rows), sum(as.numeric(scan$called)), kind, arg)
  }
  if (kind == "auto") {
    found <- if (!length(odd)) "genotype" else if (inside) "dosage" else "continuous"
    why <- switch(found,
      genotype = "every value is 0, 1, 2 or missing",
      dosage = "every value is between 0 and 2, not all whole",
      continuous = sprintf("variant \"%s\" reaches from %s to %s", source$variants$snp[odd[1]],
                           format(min(scan$lo[odd[1]]), digits = 3), format(scan$hi[odd[1]], digits = 3))
    )
    inform(sprintf("`%s` taken as kind = \"%s\": %s.", arg, found, why), "latentmr_message_kind")
    return(found)
  }
  if (kind == "genotype" && length(odd)) {
    abort_argument(arg, "0, 1, 2 or NA with kind = \"genotype\"",
                   sprintf("%s (variant \"%s\", %s such %s)", format(scan$odd_value[odd[1]]),
                            source$variants$snp[odd[1]],
                           big(scan$odd[odd[1]]), if (scan$odd[odd[1]] == 1) "value" else "values"),
                   "Imputed dosages are kind = \"dosage\".")
  }
  if (kind == "dosage" && !inside) {
    bad <- which(!(scan$lo >= 0 & scan$hi <= 2) & is.finite(scan$lo))[1]
    abort_argument(arg, "between 0 and 2, or NA, with kind = \"dosage\"",
                   sprintf("from %s to %s (variant \"%s\")", format(scan$lo[bad], digits = 3),
                           format(scan$hi[bad], digits = 3), source$variants$snp[bad]),
                   "Dosages count the copies of the effect allele; other instruments are kind = \"continuous\".")
  }
  kind
}

# Applies the rules in order and writes each into the log.
filter_variants <- function(source, rows, environment, scan, kind, log, unit = "variants", full = TRUE) {
  p <- length(scan$lo)
  cols <- seq_len(p)
  snp <- filled_names(source$variants)
  removed <- flagged <- list()
  total <- rowSums(scan$called)
  drop <- function(bad, reason) {
    removed[[length(removed) + 1]] <<- data.frame(snp = snp[cols[bad]], reason = rep(reason, sum(bad)))
    cols <<- cols[!bad]
    log <<- flow_add(log, unit, reason, "removed", sum(bad), length(cols))
  }
  drop(total[cols] == 0, "no call in any environment")
  drop(scan$lo[cols] == scan$hi[cols], "constant")
  if (full && length(cols)) {
    drop(cols %in% repeated_variants(source, rows, scan, cols, kind), "same values as an earlier variant")
    checked <- collinear_checked(length(rows), length(cols))
    if (checked) {
      drop(cols %in% collinear_variants(source, rows, environment, scan, cols), "collinear with earlier variants")
    } else {
      log <- flow_add(log, unit, collinear_skipped, "noted", 0L)
    }
  }
  uncalled <- scan$called[cols, , drop = FALSE] == 0
  still <- !uncalled & constant_here(scan, cols)
  for (what in list(list(uncalled, "no call in an environment"), list(still, "constant in an environment"))) {
    at <- which(what[[1]], arr.ind = TRUE)
    flagged[[length(flagged) + 1]] <- data.frame(
      snp = snp[cols[at[, 1]]], environment = colnames(uncalled)[at[, 2]], reason = rep(what[[2]], nrow(at))
    )
    count <- c(stats::setNames(sum(rowSums(what[[1]]) > 0), flow_all),
               stats::setNames(colSums(what[[1]]), colnames(uncalled)))
    log <- flow_add(log, unit, what[[2]], "noted", count)
  }
  list(cols = cols, log = log, removed = do.call(rbind, removed), flagged = do.call(rbind, flagged))
}

collinear_skipped <- "collinearity not looked for (too large, or not more people than variants)"

collinear_checked <- function(n, p) n > p + 1 && n * p^2 <= collinear_work && n * p <= collinear_cells

# Rounding leaves a little around the mean of equal numbers.
constant_here <- function(scan, cols) {
  noise <- scan$called * (16 * .Machine$double.eps * scan$mean)^2
  (scan$ss <= noise)[cols, , drop = FALSE]
}

# Columns equal to an earlier one, or (genotypes) to 2 minus an earlier one.
# Equal hashes are candidates; the values decide.
repeated_variants <- function(source, rows, scan, cols, kind) {
  key <- if (kind == "genotype") pmin(scan$hash, scan$mirror)[cols] else scan$hash[cols]
  first <- match(key, key)
  again <- which(first != seq_along(key))
  equal <- logical(length(again))
  for (some in split(seq_along(again), (seq_along(again) - 1) %/% max(1, slab_cells %/% (2 * length(rows))))) {
    a <- decode(source$genotypes, cols[again[some]], rows)
    b <- decode(source$genotypes, cols[first[again[some]]], rows)
    equal[some] <- vapply(seq_along(some), function(j) {
      identical(a[, j], b[, j]) || (kind == "genotype" && identical(a[, j], 2 - b[, j]))
    }, NA)
  }
  cols[again[equal]]
}

collinear_variants <- function(source, rows, environment, scan, cols) {
  fill <- environment_means(scan_pick(scan, cols))
  # A matrix in memory is not copied for its people.
  if (in_memory(source$genotypes)) {
    x <- decode(source$genotypes, if (length(cols) < source$p) cols)
  } else {
    x <- decode(source$genotypes, cols, rows)
    rows <- seq_along(rows)
  }
  kept <- .Call(C_ffi_variant_rank, x, rows, as.integer(environment), fill, collinear_tolerance)
  cols[!kept]
}

# What stands for a missing call: the mean of the environment, the pooled mean
# where nobody is called or all calls are equal.
environment_means <- function(counts) {
  pooled <- rowSums(counts$mean * counts$called) / pmax(1, rowSums(counts$called))
  fill <- counts$mean
  none <- counts$called == 0 | constant_here(counts, seq_len(nrow(fill)))
  fill[none] <- pooled[row(fill)[none]]
  fill
}
