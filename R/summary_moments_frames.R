# Tables of association studies as mr_moments_from_summary() takes them, and brought to common
# variants and alleles by the rules of combine_moments().

gwas_needed <- c("SNP", "effect_allele", "other_allele", "eaf", "beta", "se", "samplesize")

# One frame: list(name, units, data) with the columns under their own names and in their own types.
gwas_frame <- function(x, arg, role) {
  must <- paste("a data frame with the columns", paste(gwas_needed, collapse = ", "), "and environment")
  if (!is.data.frame(x) || !nrow(x)) {
    abort_argument(arg, must, describe(x), "read_gwas() makes such frames from files.")
  }
  absent <- setdiff(gwas_needed, names(x))
  if (length(absent)) {
    hint <- if (any(paste0(absent, ".", role) %in% names(x))) {
      sprintf("Take the suffix \".%s\" of TwoSampleMR off.", role)
    } else {
      "Rename the columns that have them, or add what the study says: mr_moments_from_summary() guesses nothing."
    }
    abort_argument(arg, must, sprintf("without %s", paste(absent, collapse = ", ")), hint)
  }
  numbers <- intersect(c("eaf", "beta", "se", "samplesize", "sd", "ldscore", "ncase"), names(x))
  for (column in numbers) {
    if (!is.numeric(x[[column]]) || is.factor(x[[column]])) {
      abort_argument(arg, sprintf("a data frame whose `%s` is numbers", column), sprintf(
        "one where it is %s", describe(x[[column]])
      ))
    }
  }
  n <- nrow(x)
  out <- data.frame(
    SNP = as.character(x$SNP), key = join_keys(list(x))[[1]], effect_allele = clean_allele(x$effect_allele, n),
    other_allele = clean_allele(x$other_allele, n),
    environment = if (all(is.na(x[["environment"]]))) rep("all", n) else as.character(x[["environment"]]),
    chr = gwas_column(x, "chr", NA_character_), pos = as.numeric(gwas_column(x, "pos", NA_real_)),
    stringsAsFactors = FALSE
  )
  out[numbers] <- lapply(x[numbers], as.numeric)
  if (anyNA(out$environment) || !all(nzchar(out$environment))) {
    abort_argument(arg, "a data frame whose `environment` is named in every row", "one with missing names")
  }
  said <- lapply(c(scale = "scale", units = "units"), function(name) {
    unique(as.character(x[[name]][!is.na(x[[name]])]))
  })
  # Environments of which no unit is known.
  bare <- unique(out$environment[is.na(gwas_column(x, "units", NA_character_))])
  list(name = gwas_name(x, role), units = gwas_units(x), said = said, bare = bare, data = out)
}

gwas_column <- function(x, name, otherwise) {
  value <- x[[name]]
  if (is.null(value)) rep(otherwise, nrow(x)) else if (is.factor(value)) as.character(value) else value
}

gwas_single <- function(x) {
  value <- unique(as.character(x[!is.na(x)]))
  if (length(value) == 1 && nzchar(value)) value else NA_character_
}

# A scale of odds or hazards is the unit of its effects.
gwas_units <- function(x) {
  scale <- gwas_single(x[["scale"]])
  if (!is.na(scale) && scale != "linear") scale else gwas_single(x[["units"]])
}

# Sums of several environments are of one unit: also where one is known in some of them only, as of tables of z that
# were read beside tables of effects.
check_one_unit <- function(frames, arguments) {
  for (t in seq_along(frames)) {
    bare <- frames[[t]]$bare
    if (!length(bare) || !length(frames[[t]]$said$units)) next
    abort_argument(
      arguments[t], "a data frame with the same `units` everywhere",
      sprintf("one with %s in some rows and none in %s", quote_all(frames[[t]]$said$units), quote_all(bare)),
      "Effects made from z, frequency and sample size are in SD. Bring the others to it, or say it of them: read_gwas(units = \"SD\")."
    )
  }
  for (t in seq_along(frames)) for (field in c("scale", "units")) {
    several <- frames[[t]]$said[[field]]
    if (length(several) > 1) {
      abort_argument(
        arguments[t], sprintf("a data frame with the same `%s` everywhere", field),
        paste("one with", quote_all(several)),
        "Bring all environments to one, or leave the others out."
      )
    }
  }
}

gwas_name <- function(x, role) {
  for (column in c(role, "Phenotype", "phenotype", "trait")) {
    name <- gwas_single(x[[column]])
    if (!is.na(name)) return(name)
  }
  NA_character_
}

# Exposures, then the outcome, with names that differ.
gwas_frames <- function(exposure, outcome, where = c("exposure", "outcome")) {
  several <- is.list(exposure) && !is.data.frame(exposure)
  exposures <- if (several) exposure else list(exposure)
  if (!length(exposures)) abort_argument(where[1], "a data frame or a list of such", describe(exposure))
  args <- if (several) sprintf("%s[[%d]]", where[1], seq_along(exposures)) else where[1]
  frames <- c(
    Map(gwas_frame, unname(exposures), args, MoreArgs = list(role = "exposure")),
    list(gwas_frame(outcome, where[2], "outcome"))
  )
  k <- length(exposures)
  name <- vapply(frames, `[[`, "", "name")
  given <- if (several && !is.null(names(exposures))) names(exposures) else rep(NA_character_, k)
  standing <- c(if (k > 1) paste0("exposure", seq_len(k)) else "exposure", "outcome")
  given <- ifelse(is.na(given) | !nzchar(given), standing[seq_len(k)], given)
  name <- make.unique(ifelse(is.na(name), c(given, standing[k + 1]), name), sep = "_")
  key <- join_keys(lapply(frames, `[[`, "data"))
  for (t in seq_along(frames)) {
    frames[[t]]$name <- name[t]
    frames[[t]]$data$key <- key[[t]]
  }
  check_gwas_environments(frames, args)
  for (t in seq_len(k)) check_other_table(frames[[t]]$data, frames[[k + 1]]$data, where[2])
  frames
}

# One table given twice.
check_other_table <- function(x, y, arg) {
  if (nrow(x) < 2 || !identical(x$beta, y$beta) || !identical(x$se, y$se)) return(invisible())
  abort_argument(arg, "a table of another trait than the exposure", "one with the same effects and errors")
}

check_gwas_environments <- function(frames, args) {
  first <- unique(frames[[1]]$data$environment)
  for (t in seq_along(frames)[-1]) {
    here <- unique(frames[[t]]$data$environment)
    if (setequal(first, here)) next
    abort_argument(
      if (t == length(frames)) "outcome" else args[t],
      sprintf("of the environments of the first exposure (%s)", quote_all(first)), paste("of", quote_all(here)),
      "Every environment needs every trait: leave out the others, or name them alike."
    )
  }
}

# Matrices variants x (environments within traits) of the columns, for the variants of the first frame.
association_cells <- function(frames, environments) {
  key <- unique(frames[[1]]$data$key)
  cells <- expand.grid(environment = environments, trait = seq_along(frames), stringsAsFactors = FALSE)
  at <- repeated <- matrix(0L, length(key), nrow(cells))
  pick <- function(column, none) {
    matrix(unlist(lapply(seq_len(nrow(cells)), function(i) {
      value <- frames[[cells$trait[i]]]$data[[column]]
      if (is.null(value)) rep(none, length(key)) else value[at[, i]]
    })), length(key))
  }
  for (i in seq_len(nrow(cells))) {
    data <- frames[[cells$trait[i]]]$data
    here <- which(data$environment == cells$environment[i])
    at[, i] <- here[match(key, data$key[here])]
    repeated[, i] <- key %in% data$key[here][duplicated(data$key[here])]
  }
  numbers <- lapply(
    stats::setNames(nm = c("eaf", "beta", "se", "samplesize", "sd", "ldscore", "pos")), pick, none = NA_real_
  )
  c(numbers, list(
    key = key, cells = cells, at = at, repeated = repeated > 0, effect = pick("effect_allele", NA_character_),
    other = pick("other_allele", NA_character_), chr = pick("chr", NA_character_)
  ))
}

# list(beta, se, eaf, samplesize, sd, ldscore: variants x cells; variants; flow).
harmonise_gwas <- function(frames, log = new_flow()) {
  environments <- unique(frames[[1]]$data$environment)
  g <- association_cells(frames, environments)
  every <- unique(unlist(lapply(frames, function(f) f$data$key)))
  log <- flow_add(log, "variants", "in the tables of associations", "read", length(every), length(every))
  keep <- rep(TRUE, length(g$key))
  drop <- function(bad, reason) {
    bad[is.na(bad)] <- TRUE
    gone <- keep & rowSums(bad) > 0
    each <- vapply(environments, function(e) {
      sum(rowSums(bad[gone, g$cells$environment == e, drop = FALSE]) > 0)
    }, 0)
    keep <<- keep & !gone
    log <<- flow_each(log, reason, "removed", sum(gone), each, sum(keep))
  }
  log <- flow_add(
    log, "variants", "not in the first table", "removed", length(every) - length(g$key), length(g$key)
  )
  drop(is.na(g$at), "not in every table and environment")
  drop(g$repeated, "more than once in an environment")
  drop(
    !(is.finite(g$beta) & is.finite(g$se) & g$se > 0 & is.finite(g$samplesize) & g$samplesize >= 3),
    "without effect, error or sample size"
  )
  drop(!(is.finite(g$eaf) & g$eaf > 0 & g$eaf < 1), "without a frequency between 0 and 1")
  drop(is.na(g$effect) | is.na(g$other) | g$effect == g$other, "without two alleles")
  sign <- gwas_signs(g)
  drop(sign$other, "other alleles")
  drop(sign$palindromic, "palindromic with a frequency that does not tell the strand")
  if (sum(keep) < 1) {
    abort(
      paste0("No variant is left of the tables of associations: ", gwas_lost_words(log), "."), "latentmr_error_empty",
      hint = "They are matched by SNP, effect_allele and other_allele, in every environment."
    )
  }
  log <- note_turned(log, g, sign$sign, keep, environments)
  gwas_kept(g, sign$sign, keep, frames, environments, log)
}

# `left` variants, the same in every environment.
flow_each <- function(log, reason, action, all, each, left) {
  counts <- c(stats::setNames(all, flow_all), each)
  flow_add(log, "variants", reason, action, counts, stats::setNames(rep(left, length(counts)), names(counts)))
}

gwas_lost_words <- function(log) {
  lost <- log[log$action == "removed" & log$environment == flow_all & log$count > 0, ]
  paste(sprintf("%s %s", big_each(lost$count), lost$reason), collapse = ", ")
}

# 1 where the effect allele of a cell is that of the first, -1 where it is the other one.
gwas_signs <- function(g) {
  effect <- g$effect[, 1]
  other <- g$other[, 1]
  size <- ncol(g$effect)
  status <- vapply(seq_len(size), function(i) {
    allele_status(g$effect[, i], g$other[, i], effect, other)
  }, character(length(g$key)))
  status <- matrix(status, length(g$key))
  sign <- matrix(unname(allele_sign[status]), length(g$key))
  twin <- matrix(palindromic_alleles(effect, other), length(g$key), size)
  label <- ifelse(g$effect == effect & g$other == other, 1, ifelse(g$effect == other & g$other == effect, -1, NA))
  sign[twin] <- label[twin]
  wrong <- is.na(sign)
  told <- palindromic_signs(g, sign)
  sign[twin] <- told$sign[twin]
  list(sign = sign, other = wrong, palindromic = twin & !wrong & is.na(sign))
}

# Of one environment both traits have one strand or the other, which the frequency tells away from a
# half. Environments differ in frequency: there the names of the alleles must agree with it.
palindromic_signs <- function(g, sign) {
  eaf <- ifelse(sign < 0, 1 - g$eaf, g$eaf)
  middle <- g$eaf > .42 & g$eaf < .58
  side <- ifelse(middle, NA, sign(eaf - .5))
  first <- match(g$cells$environment, g$cells$environment[g$cells$trait == 1])
  turned <- side != side[, first]
  sign <- ifelse(turned, -sign, sign)
  across <- side[, first] != side[, 1]
  sign[across] <- NA
  list(sign = sign)
}

note_turned <- function(log, g, sign, keep, environments) {
  turned <- sign[keep, , drop = FALSE] < 0
  each <- vapply(environments, function(e) sum(rowSums(turned[, g$cells$environment == e, drop = FALSE]) > 0), 0)
  flow_each(
    log, "turned to the effect allele of the first table", "changed", sum(rowSums(turned) > 0), each, sum(keep)
  )
}

gwas_kept <- function(g, sign, keep, frames, environments, log) {
  part <- function(x) x[keep, , drop = FALSE]
  sign <- part(sign)
  eaf <- ifelse(sign < 0, 1 - part(g$eaf), part(g$eaf))
  data <- frames[[1]]$data[g$at[keep, 1], ]
  first <- match(g$cells$environment, g$cells$environment)
  for (i in which(g$cells$trait > 1)) {
    warn_mirrored(
      eaf[, first[i]], eaf[, i], frames[[1]]$name, frames[[g$cells$trait[i]]]$name, g$cells$environment[i]
    )
  }
  list(
    beta = part(g$beta) * sign, se = part(g$se), eaf = eaf, samplesize = part(g$samplesize), sd = part(g$sd),
    ldscore = part(g$ldscore), environments = environments, cells = g$cells,
    variants = data.frame(
      snp = data$SNP, chr = as.character(data$chr), pos = data$pos, effect_allele = g$effect[keep, 1],
      other_allele = g$other[keep, 1], stringsAsFactors = FALSE
    ),
    flow = note_frequencies(log, eaf, g$cells, environments, sum(keep))
  )
}

# Frequencies of one environment that differ by trait: another ancestry, or another strand.
note_frequencies <- function(log, eaf, cells, environments, left) {
  first <- match(cells$environment, cells$environment[cells$trait == 1])
  far <- abs(eaf - eaf[, first]) > .2
  each <- vapply(environments, function(e) sum(rowSums(far[, cells$environment == e, drop = FALSE]) > 0), 0)
  log <- flow_each(
    log, "frequencies of exposure and outcome more than 0.2 apart", "noted", sum(rowSums(far) > 0), each, left
  )
  flow_add(log, "variants", "variants", "analysed", left, left)
}
