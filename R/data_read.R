#' Genotypes and phenotypes from files
#'
#' Opens PLINK files, reads the phenotype file, joins them by identifier and
#' builds the object of [mr_data()], whose rules for participants and variants
#' hold here too. Nothing is joined by position.
#'
#' @param bfile Prefix of the bed/bim/fam files (one, or several with the same
#'   people), or of other files that [read_genotypes()] knows (PGEN, BGEN, .raw), or an object of [read_plink()],
#'   [read_pgen()] or [read_bgen()].
#' @param pheno Phenotypes: path of a text file (any separator, with a header,
#'   also gzipped), several paths, or a data frame; see Text files and Values. Several
#'   files are joined by identifier; a column may stand in one of them only.
#' @param exposure Name of a column, or of several: effects are then estimated given each other.
#' @param outcome,environment Names of one column each.
#' @param cluster Name of a column, or the result of [families()].
#' @param family Name of the column with the sibship of each participant, or the result of [families()] of full
#'   siblings; see Families in [mr_data()].
#' @param parents `"fam"`, or another value of [mr_data()]'s `parents`.
#' @param covariates,structure Names of columns, any number.
#' @param background Variants to learn structure from: `"others"` (all that are
#'   not instruments), names of variants in `bfile`, a file with such names, or
#'   the prefix of other PLINK files of the same people (or a `plink_bed`).
#' @param instruments Names of the variants to use as instruments, or a file with
#'   them (one per line, or a table with a column `snp`, `rsid`, `id`, ...), the result of [clump()], or
#'   `NULL`: all. Names that the files do not have are counted in [flow()] and
#'   listed in a warning; when none is found it is an error. Also a table of associations, see Associations as
#'   instruments.
#' @param id Name of the column with the identifiers. `NULL` looks for `IID`,
#'   `id`, `eid`, `person_id`, in this order, whatever the case.
#' @param keep,remove Identifiers of the people to keep or to remove (withdrawn
#'   consent): a vector, or a file with one column (identifier) or two (FID and
#'   IID), with or without header; an empty file is an empty list.
#' @param na_codes Values that mean missing in the columns used, numbers or text.
#'   Applied to every column but identifiers, before anything else is made of the
#'   values; counted by column in [flow()]. `NULL`: none.
#' @param categorical,outcome_kind,units,scale_traits See [mr_data()].
#' @param encoding Of all text files named, such as `"latin1"` or `"UTF-16"` ([iconvlist()]); a file with the byte
#'   order mark of UTF-8 is read as UTF-8 all the same.
#' @param structure_includes_instruments,block See [mr_data()]; `block` is named
#'   by variant, or has a value for each instrument in the order of the files.
#'
#' @section Identifiers:
#' Read as text. They are compared with the IID column of the fam file and with
#' FID_IID (family and individual joined by `_`), and what finds more people is
#' taken; a message says so when it is FID_IID. When one IID stands for several
#' people, a phenotype file with both columns is joined by the pair.
#'
#' @section Associations as instruments:
#' `instruments` may be a frame of [read_gwas()], or a data frame or file that it reads: a table with an effect
#' allele and effects, of one environment and one trait. Its variants are found by name, else by chromosome and
#' position with fitting alleles; those whose alleles are others than in the genotypes are left out. The effects
#' become the column `weight` of `variants(data)`: per counted allele (turned, or from the other strand, where
#' needed). Palindromic variants (A/T, C/G) are aligned by the frequency of the effect allele where that is below
#' .42 or above .58 in the table and in the genotypes; others have no weight and stay instruments. [flow()]
#' counts all this. [latent_mr()] uses the weights as `score_weights` unless others are given.
#'
#' @section Text files:
#' Files are read into memory whole, from a file or a pipe (`remove = "/dev/stdin"`,
#' bash's `<(cut -f1 list.txt)`) to its end, and nothing is read a second time. They
#' are UTF-8 (or what `encoding` says), with or without a byte order mark; gzip is known by its first bytes, not
#' by the name, and must be complete. A NUL byte, another control character or a byte
#' that is not UTF-8 is an error that names file and line, and so is a file that is
#' written meanwhile. What is no text table (zstd, zip and xlsx, RDS, UTF-16, VCF, a web
#' page, ...) is named, with what to do. A file larger than
#' `getOption("LatentMR.memory")` (8 GB unless set) is refused.
#'
#' @inheritSection mr_data Errors
#' @param ... Nothing: an argument without a use is an error.
#' @return An object of class `mr_data`. Genotypes stay in the files until they
#'   are needed.
#' @examples
#' panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
#' people <- samples(read_plink(panel))
#' set.seed(1)
#' pheno <- data.frame(IID = people$iid, ldl = rnorm(nrow(people)), sbp = rnorm(nrow(people)),
#'                     site = rep(c("north", "south"), length.out = nrow(people)))
#' pheno$ldl[1:20] <- -9
#' data <- read_mr_data(panel, pheno, "ldl", "sbp", "site", remove = people$iid[100])
#' data
#' head(variants(data, environments = TRUE))
#' @export
read_mr_data <- function(bfile, pheno, exposure, outcome, environment, covariates = NULL, structure = NULL,
                         background = NULL, instruments = NULL, id = NULL, cluster = NULL, keep = NULL,
                         remove = NULL, na_codes = -9, structure_includes_instruments = NA, block = NULL,
                         categorical = NULL, outcome_kind = "auto", encoding = "UTF-8", units = NULL,
                         scale_traits = "none", family = NULL, parents = NULL, ...) {
  check_dots(...)
  check_given(hints = given_hints)
  roles <- check_roles(exposure, outcome, environment, covariates, structure, cluster, family)
  check_string(id, "id", null = TRUE)
  check_flag(structure_includes_instruments, "structure_includes_instruments", na = TRUE)
  check_includes(structure_includes_instruments, structure)
  check_na_codes(na_codes)
  check_categorical(categorical, covariates)
  check_choice(outcome_kind, "outcome_kind", outcome_kinds)
  check_encoding(encoding)
  check_idle_encoding(encoding, pheno, keep, remove, instruments, background)
  traits <- c(roles$exposure, roles$outcome)
  units <- trait_units(units, traits)
  scales <- trait_scaling(scale_traits, traits)
  source <- genotype_source(opened_genotypes(bfile, "bfile"), "bfile")

  tables <- read_tables(
    pheno, unlist(roles), id, c(roles$environment, roles$cluster, roles$family, categorical), encoding
  )
  people <- canonical_ids(source, tables)
  source$ids <- people$ids
  recoded <- apply_na_codes(tables, na_codes)
  converted <- convert_columns(recoded$tables, roles, categorical)
  tables <- lapply(converted$tables, function(table) {
    table$ids <- to_canonical(table$ids, table$fid, people, table$label)
    table
  })
  frame <- frame_of(tables, roles, outcome_kind)
  if (inherits(cluster, "families")) frame$cluster <- families_of(cluster, frame$ids, people, "cluster")
  if (inherits(family, "families")) frame$family <- families_of(family, frame$ids, people, "family")
  log <- log_values(new_flow(), recoded$counts, na_codes, converted$words)
  lists <- list(
    keep = read_id_list(keep, "keep", people, encoding), remove = read_id_list(remove, "remove", people, encoding)
  )
  instruments <- instrument_table(instruments, source, encoding)
  background <- background_source(background, source, instruments, people, encoding)
  source <- choose_variants(source, instruments, "instruments", encoding)
  parents <- parents_source(parents, source)
  data <- build_mr_data(
    frame, source, background, as_block(block, source), if (hard_calls(source$genotypes)) "genotype" else "auto",
    structure_includes_instruments, traits, lists, log, units, scales, parents
  )
  if (is.null(instruments)) inform_all_instruments(source, background)
  with_call(data, match.call(), "read_mr_data")
}

check_roles <- function(exposure, outcome, environment, covariates, structure, cluster, family) {
  check_strings(exposure, "exposure", hint = "Give the name of a column of the phenotype file, or of several.")
  check_string(outcome, "outcome", hint = "Give the name of a column of the phenotype file.")
  check_string(environment, "environment", hint = "Give the name of a column of the phenotype file.")
  check_strings(covariates, "covariates", null = TRUE)
  check_strings(structure, "structure", null = TRUE)
  groups <- list(cluster = cluster, family = family)
  groups[vapply(groups, inherits, NA, "families")] <- NULL
  for (name in names(groups)) {
    check_string(groups[[name]], name, null = TRUE, hint = "Give the name of a column, or the result of families().")
  }
  roles <- list(exposure = exposure, outcome = outcome, environment = environment,
                covariates = covariates, structure = structure)
  used <- unlist(roles)
  twice <- unique(used[duplicated(used)])
  if (length(twice)) {
    where <- names(roles)[vapply(roles, function(x) twice[1] %in% x, NA)]
    abort(
      sprintf(
        "The column \"%s\" is named more than once, in %s.", twice[1], paste0("`", where, "`", collapse = " and ")
      ),
      "latentmr_error_argument", argument = where[1],
      hint = "One column has one role. The environment and the structure are always accounted for: they are not covariates."
    )
  }
  roles$cluster <- groups$cluster
  roles$family <- groups$family
  roles
}

log_values <- function(log, counts, codes, words) {
  for (column in names(counts)) {
    reason <- sprintf("%s in %s set to missing", paste(codes, collapse = ", "), column)
    log <- flow_add(log, "values", reason, "changed", counts[[column]])
  }
  for (column in names(words)) {
    reason <- sprintf("%s in %s taken as missing", quote_all(names(words[[column]])), column)
    log <- flow_add(log, "values", reason, "changed", sum(words[[column]]))
  }
  log
}

check_na_codes <- function(x) {
  if (is.null(x) || ((is.numeric(x) || is.character(x)) && !anyNA(x))) return(invisible())
  abort_argument("na_codes", "numbers or text without missing values, or NULL", describe(x))
}

# The frame that build_mr_data() reads, from one table as it stands or from
# several joined by identifier.
frame_of <- function(tables, roles, outcome_kind = "auto") {
  of <- function(role) {
    columns <- roles[[role]]
    if (is.null(columns)) return(NULL)
    home <- vapply(columns, function(column) which(vapply(tables, function(t) column %in% names(t$columns), NA))[1], 1L)
    if (length(unique(home)) == 1) {
      values <- tables[[home[1]]]$columns[columns]
      ids <- tables[[home[1]]]$ids
    } else {
      ids <- union_ids(lapply(tables[unique(home)], `[[`, "ids"))
      values <- Map(function(column, at) {
        check_repeats(tables[[at]]$ids, list(tables[[at]]$columns[[column]]), tables[[at]]$label)
        tables[[at]]$columns[[column]][match(ids, tables[[at]]$ids, incomparables = NA)]
      }, columns, home)
      values <- as.data.frame(stats::setNames(values, columns), optional = TRUE)
    }
    list(values = values, ids = ids)
  }
  parts <- lapply(stats::setNames(names(roles), names(roles)), of)
  parts <- parts[!vapply(parts, is.null, NA)]
  pieces <- Map(function(role, part) {
    values <- part$values
    if (length(tables) > 1) attr(values, "ids") <- part$ids
    switch(role,
      exposure = check_exposures(values, roles$exposure),
      outcome = check_trait(values, role, outcome_kind),
      environment = as_environment(values), covariates = as_covariates(values),
      structure = as_structure(values), cluster = as_cluster(values), family = as_cluster(values, "family")
    )
  }, names(parts), parts)
  if (length(tables) == 1) return(c(list(ids = tables[[1]]$ids), lapply(pieces, unname_rows)))
  joined <- assemble_pieces(pieces, NULL, NULL, NULL)
  c(list(ids = joined$ids), joined$pieces)
}

# Families of the rows of the frame; rows without identifier have none.
families_of <- function(families, ids, people, arg) {
  check_families(families)
  names(families) <- to_canonical(names(families), NULL, people, paste0("`", arg, "`"))
  families <- complete_families(families, ids)
  as_cluster(unname(families[match(ids, names(families))]))
}

unname_rows <- function(x) if (is.null(dim(x))) unname(x) else `rownames<-`(x, NULL)

# What recode_binary() makes 0 and 1 of.
is_two_valued <- function(x) is.logical(x) || (is.factor(x) && nlevels(plain_factor(x)) == 2)
