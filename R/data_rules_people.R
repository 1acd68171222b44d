# The rules for participants, in the order in which they are applied. A frame is
# the table before them: ids, exposure, outcome, environment, covariates,
# structure, cluster, one row per phenotype row read.

smallest_environment <- 10L

# Returns the rows of the frame that stay, their positions among the genotypes
# (and background genotypes), and the log.
filter_rows <- function(frame, genotype_ids, background_ids = NULL, lists = NULL, log = new_flow()) {
  unit <- "participants"
  environment <- frame$environment
  alive <- seq_along(frame$ids)
  log <- flow_add(log, unit, "phenotype rows", "read", environment, environment)
  drop <- function(bad, reason) {
    bad[is.na(bad)] <- FALSE
    gone <- alive[bad]
    alive <<- alive[!bad]
    log <<- flow_add(log, unit, reason, "removed", environment[gone], environment[alive])
  }
  drop(is.na(frame$ids[alive]), "identifier missing")
  columns <- frame[setdiff(names(frame), "ids")]
  columns <- columns[!vapply(columns, is.null, NA)]
  check_repeats(frame$ids[alive], lapply(columns, piece_pick, alive), "the phenotypes")
  drop(duplicated(frame$ids[alive]), "copy of an earlier row")
  for (name in names(lists)) log <- log_list(log, lists[[name]], name, c(frame$ids, genotype_ids))
  if (!is.null(lists$remove)) drop(frame$ids[alive] %in% lists$remove, "on the list `remove`")
  if (!is.null(lists$keep)) drop(!frame$ids[alive] %in% lists$keep, "not on the list `keep`")
  check_overlap(frame$ids[alive], genotype_ids)
  warn_lost_ids(frame$ids[alive], genotype_ids)
  lone <- sum(!genotype_ids %in% frame$ids)
  drop(!frame$ids[alive] %in% genotype_ids, "not among the genotypes")
  if (!is.null(background_ids)) drop(!frame$ids[alive] %in% background_ids, "not among the background genotypes")
  drop(is.na(environment[alive]), "environment missing")
  if (is.null(dim(frame$exposure))) {
    drop(is.na(frame$exposure[alive]), "exposure missing")
  } else {
    for (name in colnames(frame$exposure)) drop(
      is.na(frame$exposure[alive, name]), sprintf("exposure %s missing", name)
    )
  }
  drop(is.na(frame$outcome[alive]), "outcome missing")
  for (name in names(frame$covariates)) {
    drop(is.na(frame$covariates[[name]][alive]), sprintf("covariate %s missing", name))
  }
  if (!is.null(frame$structure)) drop(rowSums(is.na(frame$structure[alive, , drop = FALSE])) > 0, "structure missing")
  if (!is.null(frame$cluster)) drop(is.na(frame$cluster[alive]), "cluster missing")
  size <- table(environment[alive])
  small <- names(size)[size > 0 & size < smallest_environment]
  drop(as.character(environment[alive]) %in% small, sprintf("environment of fewer than %d", smallest_environment))
  if (!length(alive)) abort_nobody(log)
  if (length(small)) {
    warn_small_environments(small)
  }
  log <- flow_add(log, unit, "analysed", "analysed", environment[alive], environment[alive])
  log <- flow_add(log, unit, "genotyped, without phenotype row", "noted", c("(unknown)" = lone, "(all)" = lone))
  at <- match(frame$ids[alive], genotype_ids)
  by_genotype <- order(at)
  alive <- alive[by_genotype]
  list(
    alive = alive, rows = at[by_genotype], log = log,
    background_rows = if (!is.null(background_ids)) match(frame$ids[alive], background_ids)
  )
}

warn_small_environments <- function(small) {
  warn(
    sprintf("%s %s removed, with fewer than %d participants: %s.", big(length(small)),
            if (length(small) == 1) "environment was" else "environments were", smallest_environment, quote_all(small)),
    "latentmr_warning_small_environment", environments = small
  )
}

# A list that matches nobody was not read as it was meant, and the people on it would
# stay in the analysis, or all go.
log_list <- function(log, list, name, ids) {
  if (is.null(list)) return(log)
  unknown <- sum(!list %in% ids)
  if (length(list) && unknown == length(list)) {
    cause <- lost_cause(list, ids)
    abort(
      sprintf("None of the %s in `%s` is in the data: %s; the data have %s.%s", plural(unknown, "identifier"), name,
              quote_all(list, 3), quote_all(unique(ids[!is.na(ids)]), 3),
              cause_words(cause)),
      c("latentmr_error_list", "latentmr_error_argument"), argument = name,
      hint = if (!is.null(cause)) {
        cause$remedy
      } else if (name == "remove") {
        "If nobody on the list is left to remove, leave it out."
      }
    )
  }
  # Lists of withdrawals name people of other studies too; those whom another way of writing finds are ours.
  cause <- if (unknown) lost_cause(setdiff(list, ids), setdiff(ids, list))
  if (!is.null(cause)) {
    warn(
      sprintf("%s of %s in `%s` %s not in the data, such as %s.%s", big(unknown), plural(
        length(list), "identifier"
      ), name,
              if (unknown == 1) "is" else "are", quote_all(setdiff(list, ids), 3), cause_words(cause)),
      "latentmr_warning_ids", ids = setdiff(list, ids), hint = cause$remedy
    )
  }
  flow_add(log, "participants", sprintf("on the list `%s`, not in the data", name), "noted", unknown)
}

check_overlap <- function(ids, genotype_ids) {
  if (!length(ids) || any(ids %in% genotype_ids)) return(invisible())
  first <- function(x) quote_all(x[!is.na(x)], 3)
  cause <- lost_cause(ids, genotype_ids)
  abort(
    sprintf("No identifier of the phenotypes is among the genotypes. Phenotypes: %s. Genotypes: %s.%s", first(ids),
            first(genotype_ids), cause_words(cause)),
    "latentmr_error_ids",
    hint = if (!is.null(cause)) {
      cause$remedy
    } else {
      "Look for another kind of identifier, or for another release of the data."
    }
  )
}

abort_nobody <- function(log) {
  rows <- log[log$unit == "participants" & log$environment == flow_all & log$action %in% c("read", "removed") &
                log$count > 0, , drop = FALSE]
  abort(
    sprintf("No participant is left of %s: %s.", big(rows$count[1]),
            paste(sprintf("%s (%s)", rows$reason[-1], big_each(rows$count[-1])), collapse = ", ")),
    c("latentmr_error_empty", "latentmr_error_argument"), flow = log
  )
}

# Genotype rows must be one per person.
check_genotype_ids <- function(ids, wanted, arg) {
  twice <- unique(ids[!is.na(ids) & duplicated(ids)])
  twice <- twice[twice %in% wanted]
  if (length(twice)) {
    abort(
      sprintf("%s %s more than one row in `%s`: %s.", big(length(twice)),
              if (length(twice) == 1) "identifier has" else "identifiers have", arg, quote_all(twice, 5)),
      "latentmr_error_ids", argument = arg, ids = twice,
      hint = "Which row is the person cannot be known: keep one row per participant."
    )
  }
}
