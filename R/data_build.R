# From a frame of phenotypes and a source of genotypes to the mr_data object:
# what mr_data() and read_mr_data() share.

build_mr_data <- function(frame, source, background = NULL, block = NULL, kind = "auto", includes = NA,
                          names = c("exposure", "outcome"), lists = NULL, log = new_flow(), units = NULL,
                          scales = NULL, parents = NULL) {
  check_genotype_ids(source$ids, frame$ids, "genotypes")
  if (!is.null(background)) check_genotype_ids(background$ids, frame$ids, "background")
  people <- filter_rows(frame, source$ids, background$ids, lists, log)
  alive <- people$alive
  environment <- droplevels(frame$environment[alive])
  traits <- analysed_traits(frame, alive, environment, names, units, scales)
  check_copies(traits$exposure, traits$outcome, names, frame, alive)
  sex <- source$sex[people$rows]
  warn_sex(pick_frame(frame$covariates, alive), sex)

  log <- log_scaling(people$log, traits$scaling)
  covariates <- code_covariates(pick_frame(frame$covariates, alive))
  structure <- drop_constant_columns(frame$structure[alive, , drop = FALSE])
  log <- log_columns(log, "covariates", ncol(frame$covariates), covariates$dropped)
  log <- log_columns(log, "structure columns", ncol(frame$structure), structure$dropped)
  check_structure_size(structure$x, length(alive))

  scan <- scan_variants(source, people$rows, environment)
  kind <- decide_kind(source, scan, people$rows, kind, "genotypes")
  log <- log_variants_read(log, source)
  kept <- filter_variants(source, people$rows, environment, scan, kind, log)
  log <- kept$log
  if (!length(kept$cols)) abort_no_variant(log)
  log <- flow_add(log, "variants", "analysed", "analysed", length(kept$cols), length(kept$cols))
  check_chromosomes(source$variants[kept$cols, , drop = FALSE], names(frame$covariates), kind)
  renamed <- unique_variant_names(source$variants[kept$cols, , drop = FALSE])
  log <- flow_add(log, "variants", "name missing or repeated: renamed", "changed", renamed$changed)
  back <- build_background(background, people$background_rows, environment, renamed$variants$snp, kind, log)
  if (kind == "dosage") warn_quality(renamed$variants, scan_pick(scan[c("called", "mean", "ss")], kept$cols), sex)

  family <- parents_family(if (!is.null(frame$family)) unname(droplevels(frame$family[alive])), parents, people$rows)
  check_sibships(family, kind, parents)
  warn_unlike_siblings(family, source, people$rows, kept$cols, environment, scan$mean)
  check_imputation(parents, kind, frame$ids[alive])
  cluster <- if (!is.null(frame$cluster)) droplevels(frame$cluster[alive])
  cluster <- family_clusters(family, cluster, parents, people$rows)
  if (!is.null(cluster) && nlevels(cluster) < 2) {
    abort_argument("cluster", "at least 2 groups among the analysed participants", "one")
  }
  warn_uneven_clusters(cluster)
  new_mr_data(
    genotypes = pick(source$genotypes, people$rows, kept$cols), variants = renamed$variants, kind = kind,
    outcome = traits$outcome, exposure = traits$exposure,
    outcome_name = names[length(names)], exposure_name = names[-length(names)],
    units = traits$units, scaling = traits$scaling,
    environment = unname(environment), covariates = covariates$x, covariate_coding = covariates$coding,
    structure = if (!is.null(frame$structure)) structure$x, structure_includes_instruments = includes,
    background = back$background, block = if (!is.null(block)) droplevels(block[kept$cols]),
    cluster = if (!is.null(cluster)) unname(cluster), family = family,
    ids = frame$ids[alive], sex = if (any(!is.na(sex))) sex,
    flow = back$log,
    counts = counts_of(scan_pick(scan[c("called", "n0", "n1", "n2", "mean", "ss")], kept$cols), kind),
    removed_variants = kept$removed, flagged_variants = kept$flagged,
    parents = parents_of_people(parents, source, people$rows, kept$cols)
  )
}

# Outcome and exposure of the people analysed, looked at and in the scale asked for.
analysed_traits <- function(frame, alive, environment, names, units, scales) {
  exposure <- piece_pick(frame$exposure, alive)
  outcome <- frame$outcome[alive]
  several <- !is.null(dim(exposure))
  labels <- if (several) sprintf("exposure$%s", colnames(exposure)) else "exposure"
  Map(check_varies, exposure_columns(exposure), labels, "Nothing can be estimated from a trait that does not vary.")
  check_varies(outcome, "outcome", "Nothing can be estimated from a trait that does not vary.")
  for (x in exposure_columns(exposure)) warn_constant_within(x, environment, "exposure")
  warn_constant_within(outcome, environment, "outcome")
  warn_values(exposure, outcome, names, pick_frame(frame$covariates, alive), environment)
  out <- scale_pieces(
    exposure, outcome, environment, names, units, if (is.null(scales)) rep("none", length(names)) else scales
  )
  out$outcome <- unname(out$outcome)
  out$exposure <- if (several) `rownames<-`(out$exposure, NULL) else unname(out$exposure)
  out
}

# The call that made the data, as lines of text: what was written into it is not code to read.
with_call <- function(x, call, name, most = 30) {
  given <- as.list(call)
  given[[1]] <- as.name(name)
  long <- vapply(given, function(a) !is.language(a) && length(a) > 20, NA)
  given[long] <- list(as.name("..."))
  lines <- deparse(as.call(given), width.cutoff = 80L, nlines = most)
  lines[1] <- paste("data <-", lines[1])
  x$made <- lines
  x
}

new_mr_data <- function(...) new_object("mr_data", list(...))

pick_frame <- function(x, rows) {
  if (is.null(x)) x <- data.frame(row.names = seq_len(max(rows)))
  x[rows, , drop = FALSE]
}

drop_constant_columns <- function(x) {
  if (is.null(x)) return(NULL)
  marks <- column_marks(x)
  varies <- marks[, "low"] < marks[, "high"]
  rownames(x) <- NULL
  list(x = if (all(varies)) x else x[, varies, drop = FALSE], dropped = colnames(x)[!varies])
}

# What varies of the structure, and people enough to say so.
check_structure_size <- function(x, people) {
  if (is.null(x)) return(invisible())
  if (!ncol(x)) abort_argument("structure", "a matrix with a column that varies", "constant in every column")
  if (ncol(x) < people - 1) return(invisible())
  abort(
    sprintf("%s are too few for %s.", plural(people, "participant"), plural(ncol(x), "structure column")),
    c("latentmr_error_unidentified", "latentmr_error_argument"), argument = "structure",
    hint = "Give fewer: the first principal components."
  )
}

log_columns <- function(log, unit, read, dropped) {
  if (is.null(read) || !read) return(log)
  log <- flow_add(log, unit, "read", "read", read, read)
  reason <- if (length(dropped)) sprintf("constant (%s)", paste(dropped, collapse = ", ")) else "constant"
  flow_add(log, unit, reason, "removed", length(dropped), read - length(dropped))
}

warn_constant_within <- function(x, environment, what) {
  flat <- levels(environment)[tapply(x, environment, function(v) length(unique(v)) < 2)]
  if (length(flat)) {
    warn(
      sprintf("The %s does not vary in %s: no effect can be estimated there.", what, quote_all(flat)),
      "latentmr_warning_constant", environments = flat
    )
  }
}

abort_no_variant <- function(log, unit = "variants") {
  removed <- log$unit == unit & log$environment == flow_all & log$action == "removed" & log$count > 0
  rows <- log[removed, , drop = FALSE]
  abort(
    sprintf("No variant is left: %s.", paste(sprintf("%s (%s)", rows$reason, big_each(rows$count)), collapse = ", ")),
    c("latentmr_error_empty", "latentmr_error_argument"), flow = log
  )
}

# A missing name (NA, "", ".") becomes chr:pos:other:effect where these are
# known; repeats get their alleles, what is then still repeated is numbered.
unique_variant_names <- function(variants) {
  old <- variants$snp
  variants$snp <- names_by_alleles(variants)
  variants$snp <- make.unique(filled_names(variants), sep = "_")
  rownames(variants) <- NULL
  list(variants = variants, changed = sum(is.na(old) | variants$snp != old))
}

# Names that occur more than once, with the alleles where these are known: plain_names() takes them off again.
names_by_alleles <- function(variants) {
  snp <- variants$snp
  repeated <- (duplicated(snp) | duplicated(snp, fromLast = TRUE)) & !snp %in% c(NA, "", ".")
  at <- which(repeated & !is.na(variants$other_allele) & !is.na(variants$effect_allele))
  snp[at] <- paste(snp, variants$other_allele, variants$effect_allele, sep = ":")[at]
  snp
}

# As they stand in lists and messages, of variants that are left out too.
filled_names <- function(variants) {
  snp <- variants$snp
  blank <- is.na(snp) | snp %in% c("", ".")
  place <- paste(variants$chr, number_strings(variants$pos), variants$other_allele, variants$effect_allele, sep = ":")
  known <- !is.na(variants$chr) & !is.na(variants$pos)
  snp[blank] <- ifelse(known[blank], place[blank], "unnamed")
  snp
}

log_variants_read <- function(log, source, unit = "variants") {
  unused <- if (is.null(source$unused)) 0L else source$unused
  log <- flow_add(log, unit, "read", "read", source$p + unused, source$p + unused)
  if (is.null(source$unused)) return(log)
  reasons <- if (is.null(source$reasons)) c("not chosen" = unused) else source$reasons
  log <- flow_add_each(log, unit, reasons, source$p + unused)
  log <- flow_add(log, unit, "chosen, not in the files", "noted", length(source$absent))
  for (reason in names(source$weighing)) log <- flow_add(log, unit, reason, "noted", source$weighing[[reason]])
  log
}

without_variants <- function(source, gone) {
  if (any(gone)) source$genotypes <- pick(source$genotypes, NULL, which(!gone))
  source$variants <- source$variants[!gone, , drop = FALSE]
  source$p <- sum(!gone)
  source
}

build_background <- function(background, rows, environment, instruments, kind, log) {
  if (is.null(background)) return(list(background = NULL, log = log))
  unit <- "background variants"
  log <- log_variants_read(log, background, unit)
  own <- background$variants$snp %in% instruments
  background <- without_variants(background, own)
  log <- flow_add(log, unit, "also an instrument", "removed", sum(own), background$p)
  warn_chromosomes(background$variants$chr, "Background variants are")
  single <- background$variants$chr %in% c("Y", "MT")
  background <- without_variants(background, single)
  log <- flow_add(log, unit, "on chromosome Y or in the mitochondria", "removed", sum(single), background$p)
  if (background$p) {
    scan <- scan_variants(background, rows, environment)
    if (scan$inf[1] > 0) {
      abort_argument("background", "finite or missing",
                     sprintf(
                       "infinite (variant \"%s\", row %d)", background$variants$snp[scan$inf[2]], rows[scan$inf[1]]
                     ))
    }
    check_background_counts(background, scan, kind)
    kept <- filter_variants(background, rows, environment, scan, "dosage", log, unit, full = FALSE)
    log <- kept$log
  }
  if (!background$p || !length(kept$cols)) {
    alone <- any(own) && all(own)
    abort_argument(
      "background", "variants that vary and are not instruments",
      if (alone) sprintf("%s that all are", plural(sum(own), "instrument")) else "without any such variant",
      "Give other variants, or background = \"others\" with `instruments`."
    )
  }
  log <- flow_add(log, unit, "analysed", "analysed", length(kept$cols), length(kept$cols))
  renamed <- unique_variant_names(background$variants[kept$cols, , drop = FALSE])
  if (renamed$changed) {
    log <- flow_add(log, unit, "name missing or repeated: renamed", "changed", renamed$changed)
  }
  out <- pick(background$genotypes, rows, kept$cols)
  out$variants <- renamed$variants
  list(background = out, log = log)
}

# Beside genotypes or dosages they are such too.
check_background_counts <- function(background, scan, kind) {
  outside <- which(is.finite(scan$lo) & (scan$lo < -dosage_rounding | scan$hi > 2 + dosage_rounding))
  if (kind == "continuous" || !length(outside)) return(invisible())
  at <- outside[1]
  abort_argument(
    "background", "allele counts or dosages from 0 to 2, as the instruments are, or NA",
    sprintf("from %s to %s (variant \"%s\")", format(scan$lo[at], digits = 3), format(scan$hi[at], digits = 3),
            filled_names(background$variants)[at]),
    "Give principal components and other numbers to `structure`."
  )
}
