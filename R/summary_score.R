# External weights of an allele score, matched to the variants of the data.

# list(direction, table): weight of the counted allele of every variant, and what
# became of every row of `score_weights`.
allele_score <- function(weights, variants, kind) {
  if (is.null(weights)) return(carried_score(variants[["weight"]], variants, kind))
  if (kind == "continuous") {
    abort_argument(
      "score_weights", "NULL for continuous instruments", describe(weights), "An allele score counts alleles."
    )
  }
  given <- weight_columns(weights)
  found <- match_weights(given, variants)
  at <- found$at
  status <- found$status
  status[!is.finite(given$beta)] <- "no weight"
  status[given$beta %in% 0 & status %in% names(allele_sign)] <- "of weight 0"
  status[is.na(at)] <- "not in the data"
  used <- status %in% names(allele_sign)
  again <- used & duplicated(ifelse(used, at, -seq_along(at)))
  status[again] <- "repeated"
  used <- used & !again
  direction <- numeric(nrow(variants))
  direction[at[used]] <- given$beta[used] * allele_sign[status[used]]
  table <- data.frame(SNP = given$shown, status = status, weight = NA_real_, stringsAsFactors = FALSE)
  table$weight[used] <- direction[at[used]]
  if (!any(direction != 0)) {
    abort(
      sprintf("No variant is left for the allele score: %s.", count_words(status)),
      c("latentmr_error_weights", "latentmr_error_argument"), argument = "score_weights",
      hint = if (all(status == "of weight 0")) {
        "Every weight is 0: which column of the table has the effects?"
      } else {
        "`score_weights` and the data are matched by SNP, effect_allele and other_allele."
      }
    )
  }
  score <- list(direction = direction, table = table)
  inform(score_words(score, nrow(variants)), "latentmr_message_weights")
  score
}

# The weights that came with the instruments (read_mr_data()).
carried_score <- function(weight, variants, kind) {
  known <- is.finite(weight)
  if (kind == "continuous" || !any(weight[known] != 0)) return(NULL)
  table <- data.frame(
    SNP = variants$snp, status = ifelse(known, "of the instruments", "no weight"), weight = ifelse(known, weight, NA),
    stringsAsFactors = FALSE
  )
  inform(
    sprintf("Allele score: the weights that came with the instruments, %s of %s variants.", big(sum(known)),
            big(nrow(variants))),
    "latentmr_message_weights"
  )
  list(direction = ifelse(known, weight, 0), table = table)
}

# Each weight with a variant of its name (also the one that it had before read_plink() told
# several of one name apart) and, among several, with one whose alleles fit.
match_weights <- function(given, variants) {
  key <- clean_snp(variants$snp)
  plain <- clean_snp(plain_names(variants))
  effect <- clean_allele(variants$effect_allele, nrow(variants))
  other <- clean_allele(variants$other_allele, nrow(variants))
  status_of <- function(rows, at) allele_status(given$effect[rows], given$other[rows], effect[at], other[at])
  at <- match(given$snp, key)
  status <- status_of(seq_along(at), at)
  for (i in which(is.na(at) & given$snp %in% plain)) {
    candidates <- which(plain == given$snp[i])
    each <- status_of(rep(i, length(candidates)), candidates)
    best <- order(match(each, names(allele_sign)))[1]
    at[i] <- candidates[best]
    status[i] <- each[best]
  }
  list(at = at, status = status)
}

# Names of columns in small letters, the usual ones of TwoSampleMR and of association tables.
weight_names <- list(
  SNP = c("snp", "rsid", "rs_id", "rs", "variant_id", "variant", "markername", "marker", "id"),
  effect_allele = c("effect_allele", "effect_allele.exposure", "ea", "effectallele", "tested_allele", "allele1", "a1"),
  other_allele = c(
    "other_allele", "other_allele.exposure", "oa", "nea", "non_effect_allele", "noneffect_allele", "otherallele",
    "allele2", "a2"
  ),
  beta = c("beta", "beta.exposure", "weight", "effect_weight", "b", "effect", "est")
)

weight_columns <- function(weights) {
  must <- "a data frame, or the path of a text file, with columns SNP, effect_allele, other_allele and beta"
  if (is.character(weights) && length(weights) == 1 && !is.na(weights)) weights <- weight_file(weights)
  if (!is.data.frame(weights) || !nrow(weights)) abort_argument("score_weights", must, describe(weights))
  small <- lower(names(weights))
  at <- vapply(weight_names, function(names) match(names, small)[!is.na(match(names, small))][1], 1L)
  if (anyNA(at)) {
    abort_argument("score_weights", must, sprintf("one without `%s`", names(at)[is.na(at)][1]), sprintf(
      "Its columns are %s. Taken are TwoSampleMR's names of an exposure and the usual ones (rsid, EA, NEA, A1, A2, BETA)%s.",
      quote_all(names(weights), 20),
      if (is.na(at[["beta"]]) && "or" %in% small) "; of an odds ratio give the logarithm as beta" else ""
    ))
  }
  usual <- names(weights)[at] == names(at) | small[at] == paste0(names(at), ".exposure")
  if (!all(usual)) {
    inform(sprintf(
      "`score_weights`: %s.", paste(sprintf("%s is \"%s\"", names(at), names(weights)[at])[!usual], collapse = ", ")
    ),
           "latentmr_message_weights")
  }
  pick <- function(name) weights[[at[[name]]]]
  beta <- pick("beta")
  if (is.character(beta) || is.factor(beta)) {
    found <- numbers_in_text(as.character(beta))
    if (is.null(found$values)) {
      abort_argument(
        "score_weights", "a table whose weights are numbers",
        sprintf("one with %s in \"%s\"", quote_all(found$odd, 3), names(weights)[at[["beta"]]])
      )
    }
    beta <- found$values
  }
  if (!is.numeric(beta)) abort_argument("score_weights", "a table whose weights are numbers", describe(beta))
  n <- nrow(weights)
  shown <- as.character(pick("SNP"))
  list(
    shown = shown, snp = clean_snp(shown), effect = clean_allele(pick("effect_allele"), n),
    other = clean_allele(pick("other_allele"), n), beta = as.double(beta)
  )
}

# Every cell is text: an allele "T" is no TRUE.
weight_file <- function(path) {
  table <- open_text_table(path, "score_weights")
  as_frame(stats::setNames(table$columns(seq_along(table$names)), table$names))
}

count_words <- function(status) {
  counts <- table(factor(status, unique(status)))
  paste(sprintf("%d %s", counts, names(counts)), collapse = ", ")
}

score_words <- function(score, panel) {
  table <- score$table
  used <- !is.na(table$weight)
  turned <- sum(grepl("flipped", table$status[used]))
  strand <- sum(grepl("strand", table$status[used]))
  text <- sprintf(
    "Allele score: %d of %d weights used for the %d variants of the panel (%d flipped to the counted allele, %d on the other strand).",
    sum(used), nrow(table), panel, turned, strand
  )
  if (all(used)) return(text)
  out <- split(table$SNP[!used], factor(table$status[!used], unique(table$status[!used])))
  paste0(text, " Left out: ", paste(sprintf("%s (%s)", names(out), vapply(out, quote_all, "")), collapse = "; "), ".")
}
