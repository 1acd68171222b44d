#' Moments and scans of sites through DataSHIELD
#'
#' `ds.mr_moments()` asks every site for its moments and adds them up: the estimates are those of all people together, and no
#' row leaves a site. `ds.mr_scan()` does so with many exposures and outcomes, in one answer of each site, and estimates
#' the effect of each exposure on each outcome by [latent_scan()]. Each site runs the server functions of this package
#' ([mrDataDS]), under the limits that its administrator sets.
#'
#' What the sites do not have alike is brought together without a row: alleles that are counted the other way round,
#' groups of a factor that a site does not have, another reference group ([combine_moments()]). Variants that some site
#' withholds, or removed when it read them, are left out at all, with a message. A variant for which a site's table has
#' no column is an error of that site that names it: ask again without it.
#'
#' Sites that count alleles without saying which (`alleles = NULL` and no PLINK files) are taken to count the same.
#' Counts of people who were left out do not travel: `flow()` begins with what was analysed.
#'
#' @param exposure,outcome,exposures,outcomes Names of columns: one or several. Several outcomes
#'   are of the people who have all of them; [latent_mr()] takes one, `ds.mr_scan()` any number.
#' @param variants Names of the variants.
#' @param data Name of the table in the sessions, as assigned by `DSI::datashield.assign.table()`.
#' @param environment Name of a column, or `NULL`: each site is an environment of its own, by its name.
#' @param covariates Names of columns, or `NULL`.
#' @param genotypes Name of a table, or of a resource of genotype files (format PLINK, PGEN or BGEN; the last two with
#'   `kind = "dosage"`) assigned by `DSI::datashield.assign.resource()`, that holds
#'   the variants; `NULL`: they are columns of `data`.
#' @param alleles Name of a table in the sessions with `snp`, `effect_allele`, `other_allele`, or `NULL`.
#' @param id Name of the column of identifiers, needed with `genotypes`.
#' @param units Units of exposures and outcomes, or `NULL`.
#' @param family Name of the column of families (full siblings have the same value), or `NULL`. Estimates within
#'   families stand beside the others where every site's families hold its limits ([export_moments()]); else a message
#'   has the reason.
#' @param instruments `NULL`: all variants are instruments of every exposure; or a list with the names of the variants of each
#'   exposure, named by exposure.
#' @param kind,folds As in [mr_data()] and [mr_moments()].
#' @param conns Connections of `DSI::datashield.login()`; `NULL` takes those that DSI finds.
#' @param encoder,n_latent,methods,level,force,seed As in [latent_scan()].
#' @param ... Nothing: an argument without a use is an error.
#' @return `ds.mr_moments()`: an `mr_moments` object of all sites, for [latent_mr()] or [latent_scan()]. The attribute `sites` has each
#'   site's own. `ds.mr_scan()`: a data frame of class `latent_scan`, a row for each pair.
#' @section Errors: `latentmr_error_package` without DSI; `latentmr_error_combine` when the sites cannot be added up; what a
#'   site refuses is DSI's error, with the site's words in `DSI::datashield.errors()`; an answer that is no exchange file is
#'   `latentmr_error_exchange`.
#' @examples
#' \dontrun{
#' # DSOpal and DSMolgenisArmadillo log in alike; see vignette("disclosure")
#' conns <- DSI::datashield.login(builder$build(), assign = TRUE, symbol = "D")
#' variants <- c("rs1", "rs2", "rs3")
#' moments <- ds.mr_moments("ldl", "chd", variants, covariates = c("age", "sex"), conns = conns)
#' latent_mr(moments)
#' ds.mr_scan(c("ldl", "hdl"), c("chd", "stroke"), c("rs1", "rs2", "rs3"), conns = conns)
#' }
#' @export
ds.mr_moments <- function(exposure, outcome, variants, data = "D", environment = NULL, covariates = NULL,
                          genotypes = NULL, alleles = NULL, id = NULL, units = NULL, kind = "genotype", folds = 10,
                          family = NULL, conns = NULL, ...) {
  check_dots(...)
  check_given()
  if (!requireNamespace("DSI", quietly = TRUE)) {
    abort("DataSHIELD needs the package DSI.", "latentmr_error_package", hint = "install.packages(\"DSI\")")
  }
  names <- list(
    exposure = exposure, outcome = outcome, variants = variants, environment = environment, covariates = covariates,
    id = id, units = units, family = family
  )
  optional <- c("environment", "covariates", "id", "units", "family")
  for (name in names(names)) check_strings(names[[name]], name, null = name %in% optional)
  for (symbol in c("data", "genotypes", "alleles")) check_string(get(symbol), symbol, null = symbol != "data")
  if (is.null(conns)) conns <- DSI::datashield.connections_find()
  sites <- vapply(conns, function(conn) conn@name, "")
  check_number(folds, "folds", min = 1, max = 10000, whole = TRUE)
  for (site in sites) {
    call <- site_call(names, data, genotypes, alleles, kind, site)
    DSI::datashield.assign.expr(conns[sites == site], "LatentMR.data", call)
  }
  shapes <- DSI::datashield.aggregate(conns, quote(mrShapeDS(LatentMR.data)))
  common <- common_variants(shapes, variants)
  ask <- call("mrMomentsDS", as.name("LatentMR.data"), paste(common, collapse = ","), folds)
  answers <- DSI::datashield.aggregate(conns, ask)
  moments <- lapply(stats::setNames(nm = sites), function(site) {
    bytes <- answers[[site]]
    if (!is.raw(bytes)) abort_exchange(site, "its answer is not the bytes of an exchange file")
    moments_of_bytes(bytes, site)
  })
  structure(combine_moments(unname(moments)), sites = moments)
}

#' @rdname ds.mr_moments
#' @export
ds.mr_scan <- function(exposures, outcomes, variants, data = "D", environment = NULL, covariates = NULL,
                       genotypes = NULL, alleles = NULL, id = NULL, units = NULL, kind = "genotype", folds = 10,
                       family = NULL,
                       instruments = NULL, encoder = "linear", n_latent = NULL, methods = NULL, level = 0.95,
                       force = FALSE, seed = NULL, conns = NULL, ...) {
  check_dots(...)
  check_given()
  moments <- ds.mr_moments(
    exposures, outcomes, variants, data, environment, covariates, genotypes, alleles, id, units, kind, folds, family,
    conns
  )
  latent_scan(
    moments, instruments = common_instruments(instruments, moments$variants$snp), encoder = encoder,
    n_latent = n_latent, methods = methods, level = level, force = force, seed = seed
  )
}

# A variant that not all sites have is no instrument; an exposure that loses all of its own has none.
common_instruments <- function(instruments, common) {
  if (!is.list(instruments)) return(instruments)
  lapply(instruments, function(own) if (is.character(own)) intersect(own, common) else own)
}

# Text without blanks and symbols: what servers let pass.
site_call <- function(names, data, genotypes, alleles, kind, site) {
  text <- lapply(names, function(x) if (!is.null(x)) paste(x, collapse = ","))
  symbols <- lapply(list(genotypes = genotypes, alleles = alleles), function(x) if (!is.null(x)) as.name(x))
  given <- Filter(Negate(is.null), c(text, symbols))
  as.call(c(list(as.name("mrDataDS"), as.name(data)), given, list(site = site, kind = kind)))
}

common_variants <- function(shapes, asked) {
  here <- lapply(shapes, function(s) as.character(s$variants$snp))
  common <- Reduce(intersect, here)
  if (!length(common)) abort_combine("The sites have no variant in common.", "Choose variants that every site has.")
  lost <- setdiff(asked, common)
  if (length(lost)) {
    inform(
      sprintf("%s left out, as not every site has them: %s.", plural(length(lost), "variant"), quote_all(lost, 5)),
      "latentmr_message_variants"
    )
  }
  common
}
