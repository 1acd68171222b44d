# External weights of an allele score, matched to the variants of the data.

# list(direction, table): weight of the counted allele of every variant, and what
# became of every row of `weights`.
score_weights <- function(weights, variants, kind) {
  if (is.null(weights)) return(NULL)
  if (kind == "continuous") {
    abort_argument("weights", "NULL for continuous instruments", describe(weights), "An allele score counts alleles.")
  }
  given <- weight_columns(weights)
  known <- list(
    snp = clean_snp(variants$snp), effect = clean_allele(variants$effect_allele, nrow(variants)),
    other = clean_allele(variants$other_allele, nrow(variants))
  )
  at <- match(given$snp, known$snp)
  status <- allele_status(given$effect, given$other, known$effect[at], known$other[at])
  status[!is.finite(given$beta)] <- "no weight"
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
      c("latentmr_error_weights", "latentmr_error_argument"), argument = "weights",
      hint = "`weights` and the data are matched by SNP, effect_allele and other_allele."
    )
  }
  score <- list(direction = direction, table = table)
  inform(score_words(score, nrow(variants)), "latentmr_message_weights")
  score
}

# The columns, under TwoSampleMR's names too.
weight_columns <- function(weights) {
  must <- "a data frame with columns SNP, effect_allele, other_allele and beta"
  if (!is.data.frame(weights) || !nrow(weights)) abort_argument("weights", must, describe(weights))
  pick <- function(name, also = NULL) {
    found <- intersect(c(name, paste0(name, ".exposure"), also), names(weights))
    if (!length(found)) abort_argument("weights", must, sprintf("one without `%s`", name), "The columns of an exposure of TwoSampleMR are taken too.")
    weights[[found[1]]]
  }
  beta <- pick("beta", "weight")
  if (!is.numeric(beta)) abort_argument("weights", "a data frame whose column `beta` is numeric", describe(beta))
  n <- nrow(weights)
  shown <- as.character(pick("SNP", "snp"))
  list(
    shown = shown, snp = clean_snp(shown), effect = clean_allele(pick("effect_allele"), n),
    other = clean_allele(pick("other_allele"), n), beta = as.double(beta)
  )
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
