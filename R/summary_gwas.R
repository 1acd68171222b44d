# From individual data to a table of associations, and such a table into a file.

#' Associations of every variant, by environment
#'
#' The table of associations that a study would publish, from its own people or moments: the frame of [read_gwas()],
#' one row for each variant and environment. `mr_moments_from_summary()` takes it.
#'
#' Within each environment: regression of the trait on the variant, with the covariates and structure columns of the
#' data, \eqn{\beta_j = \tilde g_j'\tilde y / \tilde g_j'\tilde g_j} with what the covariates leave of both, and
#' \eqn{se_j^2 = (\tilde y'\tilde y - \beta_j \tilde g_j'\tilde y) / ((n - K - 1)\,\tilde g_j'\tilde g_j)} with
#' K columns and the intercept. Missing calls are the mean of the environment. Errors are classical. P-values
#' are of the t law. A 0/1 trait has risk differences. With clusters or families errors are too small.
#'
#' @param x An object of [mr_data()], [read_mr_data()] or [mr_moments()], of genotypes or dosages.
#' @param trait Name of an exposure or of the outcome, or `"exposure"` (the first) or `"outcome"`.
#' @param ... Nothing: an argument without a use is an error.
#' @return A frame as of [read_gwas()].
#' @section Errors: `latentmr_error_argument` for another trait and for continuous instruments.
#' @seealso [write_gwas()] writes it, [as_twosample()] and [summary_mr()] take it.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 600, seed = 1)
#' data$variants[c("effect_allele", "other_allele")] <- list("A", "G")
#' exposure <- as_gwas(data, "exposure")
#' exposure
#' summary_mr(exposure, as_gwas(data, "outcome"), "ivw")[c("environment", "b", "se")]
#' @export
as_gwas <- function(x, trait = "exposure", ...) {
  check_dots(...)
  check_given("x")
  check_data(x, "x")
  if (x$kind == "continuous") {
    abort_argument(
      "x", "of genotypes or dosages", "of continuous instruments", "Associations are per copy of an allele."
    )
  }
  traits <- if (inherits(x, "mr_data")) x$exposure_name else x$exposure
  outcome <- if (inherits(x, "mr_data")) x$outcome_name else x$outcome
  at <- trait_position(trait, traits, outcome)
  if (inherits(x, "mr_data")) {
    for (name in c("background", "family")) x[name] <- list(NULL)
    x <- mr_moments(x, folds = 1, seed = 1L, disclosure = FALSE)
  }
  view <- moments_view(x)
  column <- c(view$columns$exposure, view$columns$outcome)[at]
  rows <- lapply(seq_along(view$n), function(e) environment_associations(view, e, column))
  frame <- associations_frame(x$variants, rows, view$environments)
  frame$trait <- rep(c(traits, outcome)[at], length(frame$SNP))
  unit <- if (is.null(x$units)) NA_character_ else unname(x$units)[at]
  scale <- log_scale(unit)
  frame$units <- rep(if (is.na(scale)) unit else NA_character_, length(frame$SNP))
  frame$scale <- rep(if (is.na(scale)) "linear" else scale, length(frame$SNP))
  usable_associations(frame)
}

usable_associations <- function(frame) {
  log <- flow_add(new_flow(), "variants", "variants of the data", "read", frame$environment, frame$environment)
  g <- list(x = frame, log = log)
  g <- gwas_drop(g, is.na(frame$effect_allele) | is.na(frame$other_allele), "alleles not known")
  g <- gwas_drop(
    g, !(is.finite(g$x$beta) & is.finite(g$x$se) & g$x$se > 0), "no variation left within the environment"
  )
  if (!length(g$x$SNP)) {
    abort_argument("x", "of variants that vary, with alleles", sprintf("one without: %s", gwas_left_words(g$log)),
                   "The alleles are the columns effect_allele and other_allele of mr_data(variants = ).")
  }
  log <- flow_add(g$log, "variants", "associations", "analysed", g$x$environment, g$x$environment)
  new_gwas(g$x, log)
}

trait_position <- function(trait, exposures, outcome) {
  check_string(trait, "trait")
  at <- match(trait, c(exposures, outcome))
  if (!is.na(at)) return(at)
  if (trait == "exposure") return(1L)
  if (trait == "outcome") return(length(exposures) + 1L)
  known <- quote_all(c(exposures, outcome))
  abort_argument("trait", sprintf("\"exposure\", \"outcome\" or one of %s", known), describe(trait))
}

# beta, se, pval, eaf, n of every variant within environment e.
environment_associations <- function(view, e, column) {
  g <- view$columns$variants
  s <- view$cross[[e]]
  c <- c(view$columns$covariates, view$columns$structure)
  c <- c[diag(s)[c] > ROUNDING_SHARE * view$n[e] * view$scale[c]]
  gg <- diag(s)[g]
  gy <- s[g, column]
  yy <- s[column, column]
  if (length(c)) {
    c <- c[full_rank(s[c, c, drop = FALSE])]
    inverse <- chol2inv(chol(s[c, c, drop = FALSE]))
    b <- s[g, c, drop = FALSE] %*% inverse
    gg <- gg - rowSums(b * s[g, c, drop = FALSE])
    gy <- gy - drop(b %*% s[c, column])
    yy <- yy - drop(s[column, c] %*% inverse %*% s[c, column])
  }
  df <- view$n[e] - 2 - length(c)
  gg[!(gg > pmax(ASSOCIATION_SHARE * diag(s)[g], ROUNDING_SHARE * view$n[e] * view$scale[g]))] <- NA
  beta <- gy / gg
  se <- if (df > 0) sqrt(pmax(yy - beta * gy, 0) / df / gg) else rep(NA_real_, length(g))
  list(
    beta = beta, se = se, pval = pmax(2 * stats::pt(-abs(beta / se), df), smallest_p), eaf = view$mean[g, e] / 2,
    n = rep(view$n[e], length(g))
  )
}

associations_frame <- function(variants, rows, environments) {
  long <- function(field) unlist(lapply(rows, `[[`, field), use.names = FALSE)
  each <- function(x) rep(x, length(rows))
  n <- nrow(variants)
  none <- rep(NA_real_, n * length(rows))
  list(
    SNP = each(variants$snp), chr = each(as.character(variants$chr)), pos = each(as.integer(variants$pos)),
    effect_allele = each(clean_allele(variants$effect_allele, n)),
    other_allele = each(clean_allele(variants$other_allele, n)), eaf = long("eaf"), beta = long("beta"),
    se = long("se"), pval = long("pval"), samplesize = long("n"), ncase = none, ncontrol = none,
    environment = rep(environments, each = n)
  )
}

#' Write a table of associations as GWAS-SSF
#'
#' The format of the GWAS Catalog: tab-separated text, `chromosome` (1 to 25), `base_pair_location`, `effect_allele`,
#' `other_allele`, `beta`, `standard_error`, `effect_allele_frequency`, `p_value` (`neg_log_10_p_value` where one is
#' too small for a number), `rsid`, `n`, of log scales also `odds_ratio` or `hazard_ratio` (exp of `beta`, which stays the
#' logarithm that `standard_error` is of), sorted by place, missing values `#NA`; with `metadata` also
#' `<path>-meta.yaml` with what the frame knows (trait, ancestry, numbers of people). [read_gwas()] reads both.
#'
#' @param x A frame of [read_gwas()] or [as_gwas()], of one trait and one environment, with chromosomes and positions.
#' @param path File to write; a name that ends in `.gz` is compressed. One that was there is replaced, with a message.
#' @param metadata `FALSE` writes no metadata.
#' @param assembly Genome assembly for the metadata, such as `"GRCh37"`; `NULL`: not said.
#' @param ... Nothing: an argument without a use is an error.
#' @return The paths, invisibly. Files are written aside and renamed: what was there stays where writing fails.
#' @section Errors: `latentmr_error_gwas` for unknown chromosomes or positions, `latentmr_error_io`.
#' @references Hayhurst and others (2022), bioRxiv 2022.07.15.500230.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 600, seed = 1)
#' data$variants[c("effect_allele", "other_allele")] <- list("A", "G")
#' one <- subset(as_gwas(data, "exposure"), environment == environment[1])
#' one$chr <- "1"
#' one$pos <- seq_len(nrow(one)) * 1000L
#' path <- write_gwas(one, tempfile(fileext = ".tsv.gz"))
#' read_gwas(path[1])
#' @export
write_gwas <- function(x, path, metadata = TRUE, assembly = NULL, ...) {
  check_dots(...)
  check_given(c("x", "path"))
  check_gwas(x, "x", c("chr", "pos"))
  check_string(path, "path")
  check_flag(metadata, "metadata")
  check_string(assembly, "assembly", null = TRUE)
  check_idle("assembly", !metadata, "metadata = TRUE")
  if (nrow(unique(as.data.frame(x)[c("trait", "environment")])) > 1) {
    abort_argument(
      "x", "of one trait and one environment", "of several", "Write one file each: split(x, x$environment)."
    )
  }
  code <- c(stats::setNames(1:22, 1:22), X = 23, Y = 24, MT = 25)
  chromosome <- unname(code[x$chr])
  if (anyNA(chromosome)) {
    odd <- quote_all(unique(x$chr[is.na(chromosome)]))
    abort_argument("x", "of chromosomes 1 to 22, X, Y and MT", paste("of", odd))
  }
  contents <- list(ssf_bytes(x, chromosome, endsWith(path, ".gz")))
  names(contents) <- path
  if (metadata) contents[[paste0(path, "-meta.yaml")]] <- ssf_lines(x, assembly)
  write_files(contents, say = TRUE)
}

ssf_bytes <- function(x, chromosome, pack) {
  out <- data.frame(
    chromosome = chromosome, base_pair_location = x$pos, effect_allele = x$effect_allele, other_allele = x$other_allele,
    beta = x$beta, standard_error = x$se, effect_allele_frequency = x$eaf
  )
  if (all(x$pval > smallest_p)) {
    out$p_value <- x$pval
  } else {
    out$neg_log_10_p_value <- ifelse(
      x$pval > smallest_p, -log10(x$pval), -(log(2) + stats::pnorm(-abs(x$beta / x$se), log.p = TRUE)) / log(10)
    )
  }
  out$rsid <- x$SNP
  out$n <- x$samplesize
  ratio <- c("log odds ratio" = "odds_ratio", "log hazard ratio" = "hazard_ratio")[gwas_single(x$scale)]
  if (!is.na(ratio)) out[[ratio]] <- exp(x$beta)
  out <- out[order(chromosome, x$pos), ]
  bytes <- table_bytes(out, na = "#NA", quote = FALSE, scipen = 50)
  if (!pack) return(bytes)
  path <- tempfile()
  on.exit(unlink(path))
  connection <- gzfile(path, "wb")
  writeBin(bytes, connection)
  close(connection)
  readBin(path, "raw", file.size(path))
}

ssf_lines <- function(x, assembly) {
  of <- function(name) {
    v <- x[[name]]
    if (all(is.na(v))) NULL else format(max(v, na.rm = TRUE), scientific = FALSE)
  }
  text <- function(v) sprintf("\"%s\"", gsub("([\\\\\"])", "\\\\\\1", v))
  line <- function(key, value) if (!is.null(value) && !is.na(value)) sprintf("%s: %s", key, value)
  sample <- c(
    line("sample_ancestry_category", if (!is.na(x$environment[1])) text(x$environment[1])),
    line("sample_size", of("samplesize")), line("case_count", of("ncase")), line("control_count", of("ncontrol"))
  )
  c(
    "# GWAS-SSF metadata", "trait_description:", paste0("  - ", text(x$trait[1])),
    if (length(sample)) c("samples:", paste0(c("  - ", rep("    ", length(sample) - 1)), sample)),
    line("genome_assembly", assembly), "file_type: GWAS-SSF v1.0"
  )
}
