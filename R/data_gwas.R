# Tables of genome-wide associations: one frame, whatever program wrote them.

#' Read the results of genome-wide association studies
#'
#' Reads tables of associations (summary statistics) of the usual programs, archives and biobanks into one frame
#' with TwoSampleMR's column names. What the table is, is seen from its header, not from its name. Nothing is
#' guessed: what is missing is asked for by name, and every row left out or changed is counted ([flow()]).
#'
#' @param file Path of a text file (also gzip or bgzip) or of a GWAS-VCF file, several paths, a data frame (also one
#'   of TwoSampleMR with its suffixes), an `MRInput` of MendelianRandomization, or a list of any of these: they are stacked. Names of several are their
#'   environments.
#' @param environment Ancestry or cohort of each file, or `NULL`: the names of `file`, a column `environment`,
#'   `ancestry` or `population`, or the ancestries of a Pan-UKB file. Of a Pan-UKB file, or a column, the
#'   environments to keep. Where nothing says it, it is `NA`.
#' @param trait Name of the trait, one or one for each file. `NULL`: a column, the GWAS-SSF metadata, the sample of
#'   a GWAS-VCF, else the name of the file.
#' @param snps Names of the variants to keep (`NULL`: all): rsids, or chr:pos with or without alleles.
#' @param region Regions to keep, as `"1:55039447-55064852"`, one or more. A bgzip file with its tabix index (.tbi)
#'   is then read there only, if the command tabix is installed; anything else is read whole, with the same result.
#' @param samplesize,ncase,ncontrol Numbers of people, for tables without them: one number, or one by environment
#'   (named). A column goes first. `ncase + ncontrol` is the sample size where that is not known.
#' @param units Units of the trait.
#' @param scale `"linear"`, `"log odds ratio"` or `"log hazard ratio"`: scale of `beta`, for tables that do not say it.
#' @param variants The alleles of tables that name only one (PLINK 1): the bim or pvar file, or a data frame with
#'   columns for the name and the two alleles.
#' @param columns Names of columns for what is not recognised or wrongly taken, such as
#'   `c(beta = "Effect_INT", se = "SE_INT")`. Fields are `SNP`, `chr`, `pos`, `effect_allele`, `other_allele`, `eaf`,
#'   `beta`, `or`, `hr`, `se`, `pval`, `log10p` (minus the decimal logarithm), `z`, `lower`, `upper` (95 %
#'   interval), `samplesize`, `ncase`, `ncontrol`, `test`, `trait`, `environment`, `units`, `sd`, `ldscore`.
#' @param role `"exposure"` or `"outcome"`: which half of a harmonised frame of TwoSampleMR, or of an `MRInput`.
#' @param encoding See [read_mr_data()].
#'
#' @section Formats:
#' GWAS-SSF (also the harmonised files of the GWAS Catalog, with `hm_` columns; `<file>-meta.yaml` beside it gives
#' trait, ancestry and sample size), GWAS-VCF, FinnGen, Pan-UKB (one row for each ancestry; low-confidence rows are
#' removed; the meta-analysis columns are not an ancestry), Biobank Japan, the Neale lab, REGENIE, SAIGE, PLINK 1
#' (`.assoc`, `.assoc.linear`, `.assoc.logistic`), PLINK 2 (`.glm.*`), METAL, BOLT-LMM, GCTA (fastGWA, COJO),
#' OpenGWAS and TwoSampleMR, and any table with the usual names. The effect allele is ALT in those with REF and ALT,
#' `ALLELE1` in REGENIE and BOLT-LMM, `Allele2` in SAIGE, `A1` elsewhere.
#'
#' @section Values:
#' Of REGENIE and PLINK only the additive test is kept. Odds and hazard ratios become logarithms; a standard error
#' beside them is of the logarithm unless it fits the p-values only as that of the ratio itself. A lacking standard
#' error comes from the 95 % interval, the test statistic or the p-value, lacking effects from z, frequency and
#' sample size (for a trait of variance 1), with a message. p-values of 0 come from `beta / se`; without an error such
#' a row is removed. Rows without effect, standard error above 0 or two alleles are removed, as are those with an error
#' code of PLINK 2 and with `mr_keep` `FALSE`. A column of effects and one of ratios must agree in sign. Chromosomes are
#' `1` to `22`, `X`, `Y`, `XY`, `MT` whatever the spelling. Variants without a name are `chr:pos:other:effect`; several
#' alleles under one name make it `name:other:effect`, with a message, and functions that join tables take such variants
#' by name and alleles.
#'
#' @return A data frame of class `gwas` with the columns `SNP`, `chr` (text), `pos` (base pairs), `effect_allele`,
#'   `other_allele`, `eaf` (frequency of the effect allele), `beta`, `se`, `pval`, `samplesize`, `ncase`, `ncontrol`,
#'   `environment`, `trait` (text), `units`, `scale`: always these, `NA` where not known, and `sd` (standard deviation of
#'   the counted alleles) and `ldscore` of a table that has them; one row for each variant, environment and trait.
#'   `beta`, `se`, `pval`, `SNP` and alleles are never `NA`. [flow()] gives the account.
#' @section Errors: `latentmr_error_gwas` when a column is missing or holds what it cannot (`field`);
#'   `latentmr_error_column`, `latentmr_error_format`, `latentmr_error_empty` when no row is left. Warnings
#'   `latentmr_warning_gwas`: p-values that do not fit, frequencies outside of 0 and 1, repeated variants that
#'   disagree, effects against their ratios; `latentmr_warning_variants`: `snps` that are not there.
#' @references Hayhurst and others (2022), GWAS-SSF, bioRxiv 2022.07.15.500230. Lyon and others (2021), GWAS-VCF, Genome
#'   Biol 22:32.
#' @seealso [read_mr_data()], which takes such a table as `instruments`; [mr_moments_from_summary()]; [as_gwas()] and
#'   [write_gwas()]; [as_twosample()], [as_mrinput()] and [summary_mr()].
#' @examples
#' path <- tempfile(fileext = ".txt")
#' writeLines(c(
#'   "CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ N TEST BETA SE CHISQ LOG10P EXTRA",
#'   "1 55505647 rs11591147 G T 0.017 40000 ADD -0.47 0.03 245.4 54.6 NA",
#'   "19 45412079 rs7412 C T 0.081 40000 ADD -0.55 0.013 1790 391.2 NA"
#' ), path)
#' ldl <- read_gwas(path, environment = "EUR", trait = "LDL cholesterol", units = "SD")
#' ldl
#' flow(ldl)
#' @export
read_gwas <- function(file, environment = NULL, trait = NULL, snps = NULL, region = NULL, samplesize = NULL,
                      ncase = NULL, ncontrol = NULL, units = NULL, scale = NULL, variants = NULL, columns = NULL,
                      role = NULL, encoding = "UTF-8", ...) {
  check_dots(...)
  check_given(hints = list(file = "Give the path of a table of associations, or a data frame."))
  files <- gwas_files(file)
  check_strings(environment, "environment", null = TRUE)
  trait <- one_each(trait, "trait", length(files))
  given <- list(
    samplesize = people_number(samplesize, "samplesize"), ncase = people_number(ncase, "ncase"),
    ncontrol = people_number(ncontrol, "ncontrol"), units = units, scale = scale, columns = columns,
    variants = allele_table(variants, encoding), snps = wanted_snps(snps, encoding), region = parse_regions(region)
  )
  check_string(units, "units", null = TRUE)
  if (!is.null(scale)) check_choice(scale, "scale", gwas_scales)
  if (!is.null(role)) check_choice(role, "role", c("exposure", "outcome"))
  check_encoding(encoding)
  check_idle_encoding(encoding, files, variants, snps)
  check_idle("role", !any(vapply(files, has_halves, NA)), "a harmonised frame of TwoSampleMR, or an 'MRInput'")
  home <- file_environments(files, environment)
  parts <- lapply(seq_along(files), function(i) {
    one <- given
    one$environment <- home$each[i]
    one$keep <- if (is.na(home$each[i])) home$keep else home$each[i]
    one$trait <- trait[i]
    one$role <- role
    read_one_gwas(files[[i]], one, encoding)
  })
  stack_gwas(parts)
}

gwas_scales <- c("linear", "log odds ratio", "log hazard ratio")

gwas_columns_out <- c(
  "SNP", "chr", "pos", "effect_allele", "other_allele", "eaf", "beta", "se", "pval", "samplesize", "ncase", "ncontrol",
  "environment", "trait", "units", "scale"
)

# Kept where a table has them: standard deviation of the counted alleles and LD score, for
# mr_moments_from_summary().
gwas_columns_more <- c("sd", "ldscore")

# A list of paths and data frames.
gwas_files <- function(file) {
  if (isS4(file) && inherits(file, "MRInput")) file <- mrinput_frame(file)
  if (is.matrix(file)) {
    abort_argument(
      "file", "the path of a table of associations, a data frame, or several of these", describe(file),
      "A matrix has values of one type only: make the table a data frame (as.data.frame() of one that is text)."
    )
  }
  files <- if (is.data.frame(file)) list(file) else as.list(file)
  good <- length(files) && (is.character(file) || is.list(file)) && all(vapply(files, function(f) {
    is.data.frame(f) || is.character(f) && length(f) == 1 && !is.na(f) && nzchar(f)
  }, NA))
  if (!good) {
    abort_argument("file", "the path of a table of associations, a data frame, or several of these", describe(file))
  }
  files
}

# An input of MendelianRandomization as a harmonised frame.
mrinput_frame <- function(x) {
  of <- function(name) {
    value <- attr(x, name, exact = TRUE)
    if (length(value) == length(x@betaX)) value else rep(NA, length(x@betaX))
  }
  out <- data.frame(
    SNP = of("snps"), effect_allele.exposure = of("effect_allele"), other_allele.exposure = of("other_allele"),
    eaf.exposure = of("eaf"), beta.exposure = x@betaX, se.exposure = x@betaXse, exposure = x@exposure
  )
  other <- stats::setNames(out, sub("exposure", "outcome", names(out)))
  other[c("beta.outcome", "se.outcome", "outcome")] <- list(x@betaY, x@betaYse, x@outcome)
  cbind(out, other[-1])
}

one_each <- function(x, arg, n) {
  check_strings(x, arg, null = TRUE)
  if (is.null(x)) return(rep(NA_character_, n))
  if (!length(x) %in% c(1, n)) abort_argument(arg, sprintf("one, or %d as there are files", n), describe(x))
  rep_len(enc2utf8(x), n)
}

people_number <- function(x, arg) {
  if (is.null(x)) return(NULL)
  if (is.numeric(x) && length(x) && all(is.finite(x)) && all(x > 0) && (length(x) == 1 || !is.null(names(x)))) return(x)
  abort_argument(arg, "one number above 0, or several named by environment", describe(x))
}

# each: environment of each file, NA where the file says it; keep: those to keep of what it says.
file_environments <- function(files, environment) {
  n <- length(files)
  named <- names(files)
  if (is.null(environment)) {
    return(list(each = if (is.null(named)) rep(NA_character_, n) else ifelse(nzchar(named), named, NA), keep = NULL))
  }
  if (length(environment) == n) return(list(each = enc2utf8(environment), keep = enc2utf8(environment)))
  if (n == 1) return(list(each = NA_character_, keep = enc2utf8(environment)))
  abort_argument("environment", sprintf("one for each of the %d files", n), describe(environment))
}

read_one_gwas <- function(file, given, encoding) {
  source <- if (is.data.frame(file)) gwas_frame_source(file, given$role) else gwas_text_source(file, given, encoding)
  check_gwas_columns(given$columns, source$names, source$label)
  found <- gwas_columns(source$names, given$columns, source$label)
  if (!is.null(source$format)) found$format <- source$format
  x <- read_gwas_cells(source, found, given)
  g <- list(x = x, log = new_flow(), scale = given$scale, units = given$units, said = character(), ratio = FALSE)
  quiet <- isTRUE(given$weights_only)
  if (is.null(g$scale) && (found$binary || isTRUE(source$binary))) g$scale <- "log odds ratio"
  frame <- gwas_values(g, source$label, quiet)
  attr(frame, "format") <- found$format
  frame
}

# From the columns as they came to the frame.
gwas_values <- function(g, label, quiet = FALSE) {
  read <- environment_counts(g$x$environment)
  g$log <- flow_add(g$log, "variants", sprintf("read from %s", label), "read", read, read)
  g <- additive_only(g)
  if (!is.null(g$x$low_confidence)) {
    g <- gwas_drop(g, upper(as.character(g$x$low_confidence)) %in% c("TRUE", "T", "1"), "low confidence")
    g$x$low_confidence <- NULL
  }
  g <- without_errors(g)
  g <- usable_alleles(g)
  g <- usable_effects(g, label)
  g <- usable_errors(g, label)
  g <- usable_frequencies(g, label)
  g <- allele_sd(g)
  g <- usable_pvalues(g, label)
  g <- distinct_variants(g, label)
  x <- g$x
  n <- length(x$SNP)
  if (!n) {
    abort(sprintf("%s: no association is left: %s.", label, gwas_left_words(g$log)),
          c("latentmr_error_empty", "latentmr_error_argument"), argument = "file")
  }
  said <- paste(g$said, collapse = "; ")
  if (nzchar(said) && !quiet) inform(sprintf("%s: %s.", label, said), "latentmr_message_gwas")
  text <- function(own, column) if (is.null(column)) rep(if (is.null(own)) NA_character_ else own, n) else column
  x$units <- text(g$units, x$units)
  x$scale <- text(g$scale, x$scale)
  left <- environment_counts(x$environment)
  new_gwas(x, flow_add(g$log, "variants", "associations", "analysed", left, left))
}

gwas_left_words <- function(log) {
  rows <- log[log$environment == flow_all & log$action != "analysed" & log$count > 0, ]
  paste(sprintf("%s %s", big_each(rows$count), rows$reason), collapse = ", ")
}

new_gwas <- function(x, log) {
  columns <- c(gwas_columns_out, intersect(gwas_columns_more, names(x)))
  frame <- structure(x[columns], row.names = seq_along(x$SNP), class = c("gwas", "data.frame"))
  attr(frame, "flow") <- log
  frame
}

stack_gwas <- function(parts) {
  if (length(parts) == 1) return(parts[[1]])
  columns <- unique(c(gwas_columns_out, unlist(lapply(parts, names))))
  x <- lapply(stats::setNames(columns, columns), function(name) {
    unlist(lapply(parts, function(p) if (is.null(p[[name]])) rep(NA_real_, nrow(p)) else .subset2(p, name)),
           use.names = FALSE)
  })
  key <- paste(x$environment, x$trait, x$SNP, sep = "\r")
  if (anyDuplicated(key)) {
    again <- which(duplicated(key))[1]
    abort_argument(
      "file", "tables of different environments or traits",
      sprintf("tables of which several have %s, trait \"%s\", environment %s", quote_all(x$SNP[again]), x$trait[again],
              if (is.na(x$environment[again])) "not said" else quote_all(x$environment[again])),
      "Give each its `environment`, or its `trait`."
    )
  }
  log <- do.call(rbind, lapply(parts, attr, "flow"))
  log$step <- cumsum(c(TRUE, diff(log$step) != 0))
  frame <- new_gwas(x, log)
  attr(frame, "format") <- unique(vapply(parts, attr, "", "format"))
  frame
}

#' @rdname flow
#' @export
flow.gwas <- function(x, ...) {
  check_dots(...)
  log <- attr(x, "flow")
  left <- if (is.data.frame(log)) log$count[log$action == "analysed" & log$environment == flow_all]
  if (!is.data.frame(log) || sum(left) != nrow(x)) {
    abort_argument("x", "a frame as read_gwas() gave it", "one that was cut or joined since, which has no account")
  }
  log
}

#' @rdname read_gwas
#' @param x A frame of `read_gwas()`.
#' @param n How many rows to print.
#' @param ... Nothing: an argument without a use is an error.
#' @export
print.gwas <- function(x, n = 6, ...) {
  check_dots(...)
  check_number(n, "n", min = 0, whole = TRUE)
  if (all(gwas_columns_out %in% names(x))) {
    said <- function(values) {
      if (all(is.na(values))) "not said" else paste(unique(values[!is.na(values)]), collapse = ", ")
    }
    environments <- table(factor(x$environment, unique(x$environment)))
    cat(sprintf("%s of %s\n", plural(nrow(x), "association"), list_some(sprintf("\"%s\"", unique(x$trait)), 4)))
    cat(sprintf("environments: %s\n", if (length(environments)) {
      list_some(sprintf("%s (%s)", names(environments), big_each(environments)), 8)
    } else {
      "not said"
    }))
    cat(sprintf("units: %s; scale: %s\n", said(x$units), said(x$scale)))
  }
  shown <- as.data.frame(x)[seq_len(min(n, nrow(x))), setdiff(names(x), c("trait", "units", "scale")), drop = FALSE]
  known <- vapply(shown, function(v) !all(is.na(v)), NA)
  print(shown[known], digits = 4, row.names = FALSE)
  if (nrow(x) > n) cat(sprintf("... and %s more\n", big(nrow(x) - n)))
  invisible(x)
}

#' @rdname read_gwas
#' @param row.names,optional,stringsAsFactors As for every data frame.
#' @export
as.data.frame.gwas <- function(x, row.names = NULL, optional = FALSE, ..., stringsAsFactors = FALSE) {
  check_dots(...)
  attr(x, "flow") <- attr(x, "format") <- NULL
  asked_frame(structure(x, class = "data.frame"), row.names, stringsAsFactors)
}

# The frame as other functions need it: of the class, with values in `columns`. What is missing
# is asked for by the argument of read_gwas() that gives it.
check_gwas <- function(x, arg, columns = character()) {
  if (!is.data.frame(x) || !all(gwas_columns_out %in% names(x)) || !nrow(x)) {
    abort_argument(arg, "a frame of read_gwas() with rows", describe(x), "read_gwas() takes data frames too.")
  }
  check_gwas_values(x, arg)
  for (name in columns) {
    bad <- is.na(x[[name]])
    if (!any(bad)) next
    abort(
      sprintf("`%s`: `%s` is not known for %s of %s associations, such as %s.", arg, name, big(sum(bad)), big(nrow(x)),
              quote_all(x$SNP[bad], 3)),
      c("latentmr_error_gwas", "latentmr_error_argument"), argument = arg, field = name,
      hint = if (name %in% c("chr", "pos", "eaf")) {
        sprintf("Name the column: read_gwas(columns = c(%s = \"...\")).", name)
      } else {
        sprintf("read_gwas(%s = ) gives it.", name)
      }
    )
  }
  invisible(x)
}

# What every column holds as read_gwas() leaves it: words, and what is good. Frames are data frames, which users change.
gwas_value_rules <- list(
  SNP = list("the name of every variant", function(v) !is.na(v) & nzchar(v)),
  effect_allele = list("the allele of every variant", function(v) !is.na(v)),
  other_allele = list("the allele of every variant", function(v) !is.na(v)),
  beta = list("finite numbers", is.finite), se = list("finite numbers above 0", function(v) is.finite(v) & v > 0),
  pval = list("numbers from 0 to 1", function(v) is.na(v) | v >= 0 & v <= 1),
  eaf = list("numbers from 0 to 1, or NA", function(v) is.na(v) | v >= 0 & v <= 1),
  samplesize = list("numbers above 0, or NA", function(v) is.na(v) | v > 0)
)

check_gwas_values <- function(x, arg) {
  for (name in names(gwas_value_rules)) {
    rule <- gwas_value_rules[[name]]
    value <- .subset2(x, name)
    number <- name %in% c("beta", "se", "pval", "eaf", "samplesize")
    typed <- if (number) {
      !is.object(value) && (is.numeric(value) || is.logical(value) && all(is.na(value)))
    } else {
      is.character(value) || is.factor(value)
    }
    if (!number && typed) value <- as.character(value)
    bad <- if (typed) which(!rule[[2]](value)) else integer()
    if (typed && !length(bad)) next
    was <- if (!typed) {
      describe(value)
    } else {
      sprintf("%s for %s", if (number) format(value[bad[1]]) else encodeString(value[bad[1]], quote = "\""),
              if (name == "SNP") sprintf("row %s", big(bad[1])) else quote_all(x$SNP[bad], 3))
    }
    abort_argument(
      sprintf("%s$%s", arg, name), rule[[1]], was, "read_gwas() leaves such rows out and counts them: leave them out too.",
      class = "latentmr_error_gwas"
    )
  }
}
