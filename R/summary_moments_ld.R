# Linkage for moments from summary statistics: matrices of correlations, genotypes of a reference, or
# none.

ld_must <- paste(
  "NULL, a matrix of correlations, genotypes (the prefix of PLINK files, read_plink()), mr_data or mr_moments, or a",
  "list of these, one for each environment by name"
)

# list(r: a matrix for each environment or NULL, keep: places among the variants, n_ref, words).
gwas_linkage <- function(ld, variants, environments) {
  p <- nrow(variants)
  if (is.null(ld)) {
    return(list(r = NULL, keep = seq_len(p), n_ref = rep(Inf, length(environments)), words = "none"))
  }
  each <- if (is.list(ld) && !is.object(ld)) ld else stats::setNames(rep(list(ld), length(environments)), environments)
  absent <- setdiff(environments, names(each))
  if (length(absent)) abort_argument("ld", ld_must, sprintf("a list without %s", quote_all(absent)))
  one <- lapply(environments, function(e) ld_source(each[[e]], e, variants))
  keep <- Reduce(intersect, lapply(one, function(x) which(!is.na(x$at))))
  if (!length(keep)) {
    abort(
      "No variant of the tables of associations is in `ld` with the same alleles.", "latentmr_error_empty",
      hint = "Variants are matched by name, in a matrix also by names such as rs1_A_G (effect allele first)."
    )
  }
  r <- lapply(one, function(x) ld_part(x, keep))
  words <- unique(vapply(one, `[[`, "", "words"))
  list(r = r, keep = keep, n_ref = vapply(one, `[[`, 0, "n"), words = paste(words, collapse = " and "))
}

# list(at: place of each variant, NA where it is not there; sign; n; words; and r, or genotypes).
ld_source <- function(x, environment, variants) {
  if (is.matrix(x) && is.numeric(x)) return(ld_matrix(x, variants))
  if (inherits(x, c("mr_data", "mr_moments"))) return(ld_of_people(x, environment, variants))
  if (is.character(x)) x <- read_plink(x)
  if (!inherits(x, c("plink_bed", "genotypes"))) abort_argument("ld", ld_must, describe(x))
  source <- genotype_source(x, "ld")
  if (source$n < 10) abort_argument("ld", "genotypes of at least 10 people", sprintf("of %d", source$n))
  c(ld_match(source$variants, variants), list(genotypes = source$genotypes, n = source$n, words = "a reference panel"))
}

ld_matrix <- function(x, variants) {
  size <- dim(x)
  if (size[1] != size[2]) {
    abort_argument(
      "ld", "a square matrix of correlations", describe(x),
      "Of a matrix of genotypes give cor(genotypes) with attr(, \"n\") <- nrow(genotypes), or an mr_data object."
    )
  }
  good <- size[1] == size[2] && !anyNA(x) && max(abs(x - t(x))) < 1e-6 && max(abs(diag(x) - 1)) < 1e-6 &&
    max(abs(x)) < 1 + 1e-6
  if (!good) {
    abort_argument("ld", "a symmetric matrix of correlations without NA, 1 on the diagonal", describe(x))
  }
  names <- rownames(x)
  if (is.null(names)) {
    abort_argument("ld", "a matrix whose rows are named by the variants", "one without row names",
                   "Names are those of the variants, or with alleles: rs1_A_G, effect allele first.")
  }
  n <- attr(x, "n")
  if (is.null(n)) {
    inform(
      "`ld`: taken as of the people of the associations themselves.", "latentmr_message_ld",
      hint = "attr(ld, \"n\") <- 503 says of how many people a reference is: directions from few are noise."
    )
    n <- Inf
  } else {
    if (!is.numeric(n) || length(n) != 1 || is.na(n) || n < 10) {
      abort_argument("ld", "a matrix whose attribute \"n\" is at least 10 people", describe(n))
    }
  }
  part <- strsplit(names, "_(?=[ACGTDI]+_[ACGTDI]+$)", perl = TRUE)
  snp <- vapply(part, `[`, "", 1)
  alleles <- vapply(part, `[`, "", 2)
  table <- data.frame(
    snp = snp, effect_allele = sub("_.*", "", alleles), other_allele = sub(".*_", "", alleles), stringsAsFactors = FALSE
  )
  words <- "a matrix of correlations"
  c(ld_match(table, variants, unnamed = TRUE), list(r = unname(unclass(x)), n = as.numeric(n), words = words))
}

ld_of_people <- function(x, environment, variants) {
  if (inherits(x, "mr_data")) x <- mr_moments(x, folds = 1, seed = 1L, disclosure = FALSE)
  check_moments(x, "ld")
  if (!environment %in% x$environments) {
    abort_argument("ld", sprintf("of people of the environment \"%s\"", environment), sprintf(
      "of %s", quote_all(x$environments)
    ))
  }
  one <- moments_environment(x, environment)
  g <- seq_len(nrow(x$variants))
  sd <- sqrt(diag(one$cross)[g])
  r <- one$cross[g, g, drop = FALSE] / outer(sd, sd)
  found <- ld_match(x$variants, variants)
  found$at[which(!(sd[found$at] > 0))] <- NA
  c(found, list(r = r, n = one$n, words = "a reference panel"))
}

# `unnamed`: variants without alleles count the effect alleles of the associations.
ld_match <- function(table, variants, unnamed = FALSE) {
  key <- join_keys(lapply(list(variants, table), function(x) {
    list(SNP = x$snp, effect_allele = x$effect_allele, other_allele = x$other_allele)
  }))
  at <- match(key[[1]], key[[2]])
  effect <- clean_allele(table$effect_allele, nrow(table))[at]
  other <- clean_allele(table$other_allele, nrow(table))[at]
  same <- known_equal(effect, variants$effect_allele) & known_equal(other, variants$other_allele)
  swapped <- known_equal(effect, variants$other_allele) & known_equal(other, variants$effect_allele)
  if (unnamed) same <- same | is.na(effect) & is.na(other)
  at[!same & !swapped] <- NA
  list(at = at, sign = ifelse(swapped & !same, -1, 1))
}

ld_part <- function(x, keep) {
  at <- x$at[keep]
  r <- if (is.null(x$genotypes)) x$r[at, at, drop = FALSE] else ld_of_genotypes(decode(x$genotypes, at))
  r <- r * outer(x$sign[keep], x$sign[keep])
  diag(r) <- 1
  r
}

# Correlations of genotypes, missing calls at the mean; 0 of a variant that does not vary.
ld_of_genotypes <- function(g) {
  g <- sweep(g, 2, colMeans(g, na.rm = TRUE))
  g[is.na(g)] <- 0
  size <- sqrt(colSums(g^2))
  size[size <= 0] <- Inf
  core_product(t(g), g) / outer(size, size)
}
