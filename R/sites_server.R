# The side of the data holder in DataSHIELD (inst/DATASHIELD). Rows stay in the session at the site; what leaves are the
# bytes of an exchange file (R/sites_file.R), by the same rules (R/sites_audit.R), and what a session was
# told is kept so that two answers cannot be subtracted (R/sites_ledger.R).

#' Server functions for DataSHIELD
#'
#' What a data holder's DataSHIELD server (Opal, Molgenis Armadillo, DSLite) runs when an analyst calls
#' [ds.mr_moments()] or [ds.mr_scan()]. The package is its own server package: install it there and take the methods and
#' options of its file `DATASHIELD` into the profile. Analysts do not call these functions.
#'
#' `mrDataDS` (assign) makes the data of a whole table: there is no argument that leaves people out. `mrShapeDS`
#' (aggregate) says which variants, columns and environments there are, with numbers of people where these are not
#' small.
#' `mrMomentsDS` (aggregate) returns the bytes of an exchange file, which [export_moments()] describes.
#'
#' Rules of a session: the people, their environments and who are siblings are those of the first answer (two answers
#' whose people differ by one are that person, two whose families differ by one that family);
#' the folds too; the same question has the same answer, with folds drawn alike always;
#' variants and columns of all answers together stay within `max_columns` of the people; at most `max_requests`
#' different questions.
#' With `latentmr.ledger` these rules hold over sessions.
#'
#' Options, which the administrator sets (`getOption("latentmr.min_people")`, then `"default.latentmr.min_people"`):
#' `latentmr.min_people` (30), `latentmr.min_carriers` (20), `latentmr.max_columns` (0.1), `latentmr.min_cell` (3),
#' `latentmr.max_power` (0.1), as in [export_moments()]; `latentmr.max_requests` (20); `latentmr.ledger`: a file that keeps what was answered, one for each study.
#'
#' What a person who may also call other packages' functions can do is not prevented: subsets made by them before
#' `mrDataDS` are other people. Offer these functions in a profile without subsetting functions.
#'
#' @param D A data frame in the session: one row for each participant.
#' @param exposure,outcome,environment,covariates,id,family Names of columns, separated by commas; `environment`, `covariates`,
#'   `id` and `family` (full siblings have the same value) may be `NULL`. Several outcomes are of the people who have all of them.
#' @param variants Names of variants, separated by commas: columns of `genotypes`.
#' @param genotypes A data frame, genotype files ([read_genotypes()]) or a resource of them
#'   (format PLINK, PGEN or BGEN) in the session, joined by `id`; `NULL` takes `D`.
#' @param alleles A data frame in the session with the columns `snp`, `effect_allele`, `other_allele`; `NULL` when the
#'   genotypes are PLINK files, or when all sites count the same alleles.
#' @param units Units of exposures and outcomes, separated by commas, or `NULL`.
#' @param site Name of the environment where `environment` is `NULL`.
#' @param kind,folds As in [mr_data()] and [mr_moments()].
#' @param mr What `mrDataDS` made.
#' @return `mrDataDS`: an object that stays at the site. `mrShapeDS`: a list. `mrMomentsDS`: raw bytes.
#' @section Errors: What a rule refuses is an error that says so and gives no number; the log of the server has
#'   the reason.
#' @examples
#' # What a server does, without one
#' set.seed(1)
#' g <- matrix(rbinom(600 * 3, 2, .4), 600, 3, dimnames = list(NULL, c("rs1", "rs2", "rs3")))
#' D <- data.frame(ldl = g[, 1] + rnorm(600), sbp = rnorm(600), g)
#' mr <- mrDataDS(D, exposure = "ldl", outcome = "sbp", variants = "rs1,rs2,rs3", site = "here")
#' mrShapeDS(mr)$people
#' length(mrMomentsDS(mr, folds = 2)) # bytes that leave
#' @name mrDataDS
NULL

#' @rdname mrDataDS
#' @export
mrDataDS <- function(D, exposure, outcome, environment = NULL, covariates = NULL, variants = NULL, genotypes = NULL,
                     alleles = NULL, id = NULL, units = NULL, site = "site", kind = "genotype", family = NULL) {
  site_answer({
    check_given()
    if (!is.data.frame(D)) abort_argument("D", "a data frame", describe(D))
    D <- as.data.frame(D)
    rownames(D) <- NULL
    columns <- lapply(
      list(
        exposure = exposure, outcome = outcome, environment = environment, covariates = covariates, id = id,
        variants = variants, units = units, family = family
      ),
      split_names
    )
    check_site_columns(D, unlist(columns[c("exposure", "outcome", "environment", "covariates", "id", "family")]))
    ids <- if (is.null(columns$id)) as.character(seq_len(nrow(D))) else as.character(D[[columns$id]])
    g <- site_genotypes(if (is.null(genotypes)) D else genotypes, columns, ids, alleles, joined = !is.null(genotypes))
    x <- D[columns$exposure]
    y <- site_outcomes(D[columns$outcome])
    here <- if (is.null(environment)) rep(site, nrow(D)) else as.character(D[[columns$environment]])
    data <- site_quiet(mr_data(
      g$x, if (ncol(x) == 1) x[[1]] else as.matrix(x), y[[1]], here,
      covariates = if (length(columns$covariates)) as.data.frame(D)[columns$covariates], ids = ids, kind = kind,
      variants = g$variants, units = site_units(columns),
      family = if (!is.null(columns$family)) as.character(D[[columns$family]])
    ))
    data$exposure_name <- columns$exposure
    data$outcome_name <- columns$outcome[1]
    structure(class = "mr_site", list(
      data = data, outcomes = if (ncol(y) > 1) rows_of(y, match(data$ids, ids)), units = columns$units,
      outcome = columns$outcome, constants = constant_groups(data, D, ids, columns$covariates),
      people = site_people(data)
    ))
  })
}

# Whom an answer is about: identifiers, environments and who are siblings, whatever their families are called.
site_people <- function(data) {
  order <- order(data$ids, method = "radix")
  text <- paste(data$ids, data$environment, sep = "\t")
  if (!is.null(data$family)) {
    family <- sibships(data)[order]
    family[is.na(family)] <- -which(is.na(family))
    text[order] <- paste(text[order], match(family, family), sep = "\t")
  }
  text_sum(text[order])
}

# People who miss one of several outcomes are left out of all: moments are of the same people.
site_outcomes <- function(y) {
  lost <- !stats::complete.cases(y)
  if (ncol(y) > 1 && any(lost)) y[[1]][lost] <- NA
  y
}

rows_of <- function(table, at) {
  table <- table[at, , drop = FALSE]
  rownames(table) <- NULL
  table
}

# For mr_data(), which has the first outcome.
site_units <- function(columns) {
  traits <- c(columns$exposure, columns$outcome)
  if (length(columns$outcome) < 2 || is.null(columns$units)) return(columns$units)
  if (length(columns$units) != length(traits)) {
    abort_argument("units", sprintf("%d units, one for each exposure and outcome", length(traits)),
                   plural(length(columns$units), "unit"))
  }
  columns$units[seq_len(length(columns$exposure) + 1)]
}

split_names <- function(x) {
  if (is.null(x)) return(NULL)
  check_strings(x, "columns")
  out <- trimws(unlist(strsplit(x, ",", fixed = TRUE)))
  out[nzchar(out)]
}

check_site_columns <- function(D, columns) {
  absent <- setdiff(columns, names(D))
  if (length(absent)) {
    abort(
      sprintf("The table has no column %s.", quote_all(absent, 5)),
      c("latentmr_error_column", "latentmr_error_argument"), argument = "D"
    )
  }
}

# The matrix of the variants asked for, and their alleles.
site_genotypes <- function(from, columns, ids, alleles, joined) {
  if (inherits(from, "ResourceClient")) from <- from$getValue()
  variants <- columns$variants
  if (!length(variants)) abort_argument("variants", "names of variants", "empty")
  if (inherits(from, c("plink_bed", "genotypes"))) {
    table <- variants(from)
    check_site_columns(stats::setNames(as.list(table$snp), table$snp), variants)
    table <- table[match(variants, table$snp), , drop = FALSE]
    return(list(x = from[, variants, drop = FALSE], variants = table))
  }
  if (!is.data.frame(from)) abort_argument("genotypes", "a data frame or genotype files", describe(from))
  check_site_columns(from, variants)
  x <- as.matrix(as.data.frame(from)[variants])
  if (joined && !is.null(columns$id)) {
    check_site_columns(from, columns$id)
    x <- x[match(ids, as.character(from[[columns$id]])), , drop = FALSE]
  }
  rownames(x) <- NULL
  table <- data.frame(snp = variants)
  if (!is.null(alleles)) {
    check_site_columns(alleles, c("snp", "effect_allele", "other_allele"))
    at <- match(variants, as.character(alleles$snp))
    for (name in c("effect_allele", "other_allele")) table[[name]] <- as.character(alleles[[name]])[at]
  }
  list(x = x, variants = table)
}

# A factor with one group here has no column; which group it was the others must know.
constant_groups <- function(data, D, ids, covariates) {
  lost <- setdiff(covariates, data$covariate_coding$variable)
  rows <- match(data$ids, ids)
  out <- lapply(lost, function(name) {
    column <- D[[name]]
    if (is.numeric(column)) return(NULL)
    level <- as.character(column[rows[1]])
    data.frame(column = NA_character_, variable = name, level = level, reference = level)
  })
  do.call(rbind, out)
}

#' @rdname mrDataDS
#' @export
mrShapeDS <- function(mr) {
  session <- parent.frame()
  site_answer({
    check_given()
    check_site(mr)
    ledger_people(session, mr)
    data <- mr$data
    n <- tabulate(data$environment, nlevels(data$environment))
    names(n) <- levels(data$environment)
    n[n < site_limits()$min_people] <- NA
    list(
      variants = data$variants[c("snp", "effect_allele", "other_allele")], covariates = colnames(data$covariates),
      exposure = data$exposure_name, outcome = mr$outcome, units = mr$units, kind = data$kind, people = n,
      version = package_version_text()
    )
  })
}

#' @rdname mrDataDS
#' @export
mrMomentsDS <- function(mr, variants = NULL, folds = 10) {
  session <- parent.frame()
  site_answer({
    check_given()
    check_site(mr)
    limits <- site_limits()
    data <- mr$data
    wanted <- split_names(variants)
    if (!is.null(wanted)) {
      check_site_columns(stats::setNames(as.list(data$variants$snp), data$variants$snp), wanted)
      data <- site_quiet(data[, wanted])
    }
    question <- list(
      folds = folds, variants = data$variants$snp,
      columns = c(colnames(data$covariates), data$exposure_name, mr$outcome)
    )
    ledger_people(session, mr)
    ledger_allows(session, question, min(table(data$environment)), limits)
    m <- site_quiet(mr_moments(data, folds = folds, outcomes = mr$outcomes))
    if (!is.null(mr$outcomes)) m["units"] <- list(mr$units)
    m["coding"] <- list(rbind(m$coding, mr$constants))
    audit <- audit_moments(m, limits)
    blocks <- seq_len(nrow(audit$moments$blocks))
    ledger_allows(session, question, min(vapply(blocks, release_rows, 0, m = audit$moments)), limits)
    ledger_note(session, question)
    exchange_bytes(audit)
  })
}

check_site <- function(mr) {
  if (!inherits(mr, "mr_site")) abort_argument("mr", "made by mrDataDS", describe(mr))
}

site_option <- function(name, default) {
  value <- getOption(paste0("latentmr.", name), getOption(paste0("default.latentmr.", name), default))
  if (is.character(default) || is.null(default)) value else as.numeric(value)
}

site_limits <- function() {
  do.call(check_release_limits, Map(site_option, names(release_defaults), release_defaults))
}

# What a site answers with is an answer or a short refusal: messages of errors count people and quote values.
site_answer <- function(expr) {
  tryCatch(expr, latentmr_error = function(e) {
    message("LatentMR: ", conditionMessage(e))
    stop(refusal(e), call. = FALSE)
  })
}

refusal <- function(e) {
  if (inherits(e, "latentmr_error_ledger") || inherits(e, "latentmr_error_column")) return(conditionMessage(e))
  if (inherits(e, "latentmr_error_disclosure")) {
    return(paste(
      "The disclosure rules of this site refuse that: too few people for the columns, small groups, outliers or",
      "too few carriers. Its log has the reason."
    ))
  }
  known <- is.character(e$argument) && grepl("^[A-Za-z_.]+$", e$argument[1])
  named <- if (known) sprintf(" (argument `%s`)", e$argument[1]) else ""
  sprintf("Not possible at this site%s: %s. Its log has the reason.", named, class(e)[1])
}

site_quiet <- function(expr) suppressMessages(suppressWarnings(expr))
