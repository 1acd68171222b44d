#' A simulated cohort on real genotypes
#'
#' Draws people from a panel of real genotypes, several sites of them, and gives them a confounder that
#' follows ancestry, an exposure and an outcome with a known causal effect. With `prefix` the cohort is
#' also written as the files that a study would have.
#'
#' @section Genotypes:
#' Site e has population weights \eqn{a_e = 0.2 + Gamma(1, 1)}. With `admixed = TRUE` a person's ancestry
#' shares are Q ~ Dirichlet(2 a_e), else the person belongs to one population, drawn with probability
#' proportional to \eqn{a_e}; with `sites = NULL` every population is a site of its own. Without
#' `block_size` variants are independent given ancestry, G ~ Bin(2, Q f), where f are the panel's
#' frequencies by population, (copies + 1/2) / (2 people + 1). With `block_size` each run of so many
#' variants is copied, both alleles and all linkage, from one person of the panel: one of a population
#' drawn from Q, anew for every run.
#'
#' @section Exposure and outcome:
#' With u = Q N(0, I) standardised, one level N(0, 0.3^2) per site, and s ~ N(0, I) on the instruments,
#' \deqn{U = u + i N(0,1) + level, \quad X = \sqrt{h^2} std(G s) + 0.5 U + 0.02 (age - 55) + 0.2 [sex = 2] + 0.8 N(0,1),}
#' \deqn{Y = \theta X + c U + 0.02 (age - 55) - 0.2 [sex = 2] + N(0,1),}
#' age uniform from 40 to 70, sex 1 or 2 with even chances.
#'
#' @section Files:
#' `prefix.bed`, `.bim`, `.fam` (family id = individual id, the panel's variants in its order, instruments
#' and background together), `prefix.pheno.tsv` with the columns `iid`, `site`, `age`, `sex`, `exposure`,
#' `outcome`, and `prefix.instruments.txt` and `prefix.background.txt`, one variant name a line.
#'
#' @param panel `"hgdp"` or `"chr21"` (see [panels]), or a `plink_bed` (see [read_plink()]) with
#'   `populations`.
#' @param n People per site.
#' @param sites Number of sites, or NULL: one for each population, unmixed.
#' @param admixed Whether people are of mixed ancestry.
#' @param variants Number of instruments, drawn among the panel's variants that are common enough.
#' @param background Number of further variants, not instruments and without effect.
#' @param maf Smallest minor allele frequency, mean over the populations, of either.
#' @param effect The causal effect \eqn{\theta}.
#' @param h2 The share \eqn{h^2}: the score enters the exposure with its square root.
#' @param confounding The confounder's coefficient c in the outcome.
#' @param individual Standard deviation i of the part of the confounder that no ancestry shows. It biases 2SLS with many
#'   weak variants, also where structure is taken out.
#' @param missing Share of calls lost at random, one number or one per site.
#' @param populations For a `plink_bed`: the population of each of its people, NA to leave one out. NULL
#'   for the two panels, whose regions and super-populations are taken.
#' @param block_size Variants copied together; NULL for 50 on `"chr21"` and independent variants
#'   elsewhere. In `"hgdp"`, whose order is random, there is no linkage to keep.
#' @param prefix Path and beginning of the names of files to write, or NULL.
#' @param seed As in [simulate_mr()].
#' @param overwrite `TRUE`: files of these names that are there already are replaced; `FALSE`: they are an error, unless
#'   all six are there, as of a cohort that was simulated before.
#' @param ... Nothing: an argument without a use is an error.
#' @return An `mr_data` object, genotypes in memory, covariates `age` and `sex`, environments `site1`, ..
#'   (or the populations). Its element `truth` holds `effect`, `Q`, `frequencies` (populations x
#'   instruments), `strength`, `score`, `confounder`, and `files` (NULL without `prefix`).
#' @section Errors: `latentmr_error_argument` for arguments out of range, `latentmr_error_file_missing`
#'   when the folder of `prefix` does not exist.
#' @seealso [simulate_mr()] for designs without a panel.
#' @examples
#' data <- simulate_cohort("hgdp", n = 100, sites = 3, variants = 20, seed = 1)
#' data
#' prefix <- file.path(tempdir(), "cohort")
#' simulate_cohort("chr21", n = 100, sites = 2, variants = 10, prefix = prefix, seed = 1)
#' head(read.delim(paste0(prefix, ".pheno.tsv")))
#' @export
simulate_cohort <- function(panel = "hgdp", n = 1000, sites = 8, admixed = TRUE, variants = 100, background = 0,
                            maf = 0.05, effect = 0.3, h2 = 0.15, confounding = 1, individual = 0.5, missing = 0,
                            populations = NULL, block_size = NULL, prefix = NULL, seed = NULL, overwrite = FALSE, ...) {
  check_dots(...)
  check_number(n, "n", min = 10, max = 1e7, whole = TRUE)
  check_number(sites, "sites", min = 1, max = 1e4, whole = TRUE, null = TRUE)
  check_flag(admixed, "admixed")
  check_number(variants, "variants", min = 1, whole = TRUE)
  check_number(background, "background", min = 0, whole = TRUE)
  check_number(maf, "maf", min = 0, max = 0.5)
  check_number(effect, "effect")
  check_number(h2, "h2", min = 0, max = 1)
  check_number(confounding, "confounding")
  check_number(individual, "individual", min = 0)
  check_number(block_size, "block_size", min = 1, whole = TRUE, null = TRUE)
  check_string(prefix, "prefix", null = TRUE)
  refuse_cohort(prefix, overwrite)
  check_idle("overwrite", is.null(prefix), "`prefix`")
  source <- open_panel(panel, populations)
  site_names <- if (is.null(sites)) levels(source$population) else paste0("site", seq_len(sites))
  check_missing(missing, length(site_names))
  if (is.null(block_size)) block_size <- source$block_size

  parts <- with_seed(draw_seed(seed), {
    site <- rep(seq_along(site_names), each = n)
    shares <- draw_membership(site, nlevels(source$population), admixed, pure_sites = is.null(sites))
    chosen <- pick_from_panel(source, variants, background, maf)
    x <- draw_from_panel(source, chosen, shares, block_size)
    traits <- draw_traits(
      fill_missing(x[, chosen$instrument, drop = FALSE]), shares, site, effect, h2,
      site_sd = 0.3, confounding = confounding, individual = individual
    )
    person <- add_age_and_sex(traits, effect)
    list(
      x = lose_calls(x, missing, site), chosen = chosen, site = factor(site_names[site], site_names),
      shares = shares, traits = traits, person = person
    )
  })
  cohort_data(parts, source, effect, prefix)
}

# The panel with its populations and, for the shipped ones, how far linkage goes.
open_panel <- function(panel, populations) {
  if (inherits(panel, "plink_bed")) {
    n <- nrow(panel$samples)
    if (!is.atomic(populations) || is.null(populations) || length(populations) != n) {
      abort_argument("populations", sprintf("a vector with the population of each of the %d people of `panel`", n),
        describe(populations))
    }
    population <- factor(populations)
    if (!nlevels(population)) abort_argument("populations", "known for somebody", "missing for all")
    return(panel_of(panel, population))
  }
  if (!is.character(panel)) {
    abort_argument("panel", "\"hgdp\", \"chr21\" or a plink_bed object", describe(panel),
      "Open your own PLINK files with read_plink().")
  }
  check_choice(panel, "panel", c("hgdp", "chr21"))
  if (!is.null(populations)) {
    abort_argument("populations", "NULL for a panel of the package", describe(populations))
  }
  prefix <- file.path(system.file("extdata", package = "LatentMR"), panel)
  people <- utils::read.delim(paste0(prefix, ".samples.tsv"))
  bed <- read_plink(prefix)
  population <- people[[if (panel == "hgdp") "region" else "super_population"]]
  panel_of(bed, factor(population[match(bed$samples$iid, people$iid)]), if (panel == "chr21") 50)
}

# Copies of the effect allele and frequencies by population, at every variant.
panel_of <- function(bed, population, block_size = NULL) {
  rows <- which(!is.na(population))
  x <- bed_matrix(bed, rows, seq_len(nrow(bed$variants)))
  population <- population[rows]
  copies <- rowsum(ifelse(is.na(x), 0, x), population)
  people <- rowsum(1 - is.na(x), population)
  list(
    x = x, population = population, variants = bed$variants,
    frequencies = (copies + 0.5) / (2 * people + 1), block_size = block_size
  )
}

draw_membership <- function(site, populations, admixed, pure_sites) {
  one <- diag(populations)
  if (pure_sites) return(one[site, , drop = FALSE])
  weights <- .2 + matrix(stats::rexp(max(site) * populations), max(site))
  if (admixed) return(draw_dirichlet(2 * weights[site, , drop = FALSE]))
  one[draw_population(weights[site, , drop = FALSE]), , drop = FALSE]
}

# One population per row, with probabilities proportional to the row.
draw_population <- function(weights) {
  k <- ncol(weights)
  at <- stats::runif(nrow(weights)) * rowSums(weights)
  reached <- 0
  drawn <- rep(1L, nrow(weights))
  for (j in seq_len(k - 1)) {
    reached <- reached + weights[, j]
    drawn <- drawn + (at > reached)
  }
  drawn
}

# Positions in the panel, in its order, and which of them are instruments.
pick_from_panel <- function(source, variants, background, maf) {
  mean_frequency <- colMeans(source$frequencies)
  varies <- apply(source$x, 2, function(g) length(unique(g[!is.na(g)])) > 1)
  common <- which(varies & pmin(mean_frequency, 1 - mean_frequency) >= maf)
  wanted <- variants + background
  if (wanted > length(common)) {
    abort_argument(
      if (background) "background" else "variants",
      sprintf("at most %d: so many variants of the panel have a minor allele frequency of %s",
        length(common) - if (background) variants else 0, format(maf)),
      describe(if (background) background else variants), "Ask for fewer, or lower `maf`."
    )
  }
  drawn <- common[sample.int(length(common), wanted)]
  order <- order(drawn)
  list(at = drawn[order], instrument = (seq_len(wanted) <= variants)[order])
}

draw_from_panel <- function(source, chosen, shares, block_size) {
  if (is.null(block_size)) return(draw_genotypes(shares, source$frequencies[, chosen$at, drop = FALSE]))
  x <- matrix(0L, nrow(shares), length(chosen$at))
  members <- split(seq_along(source$population), source$population)
  sizes <- lengths(members)
  first <- cumsum(c(0, sizes))
  members <- unlist(members)
  for (columns in split(seq_along(chosen$at), (chosen$at - 1) %/% block_size)) {
    population <- draw_population(shares)
    donor <- members[first[population] + ceiling(stats::runif(nrow(x)) * sizes[population])]
    x[, columns] <- as.integer(source$x[donor, chosen$at[columns]])
  }
  x
}

fill_missing <- function(x) {
  if (!anyNA(x)) return(x)
  means <- colMeans(x, na.rm = TRUE)
  gaps <- which(is.na(x), arr.ind = TRUE)
  x[gaps] <- means[gaps[, 2]]
  x
}

# Two measured causes of exposure and outcome.
add_age_and_sex <- function(traits, effect) {
  n <- length(traits$exposure)
  age <- round(stats::runif(n, 40, 70), 1)
  sex <- sample.int(2, n, replace = TRUE)
  shift <- .02 * (age - 55)
  to_exposure <- shift + .2 * (sex == 2)
  list(
    age = age, sex = sex, exposure = traits$exposure + to_exposure,
    outcome = traits$outcome + effect * to_exposure + shift - .2 * (sex == 2)
  )
}

cohort_data <- function(parts, source, effect, prefix) {
  n <- nrow(parts$x)
  ids <- sprintf("id%0*d", nchar(n), seq_len(n))
  person <- parts$person
  variants <- source$variants[parts$chosen$at, ]
  colnames(parts$x) <- variants$snp
  instrument <- parts$chosen$instrument
  frequencies <- source$frequencies[, parts$chosen$at[instrument], drop = FALSE]
  colnames(frequencies) <- variants$snp[instrument]
  colnames(parts$shares) <- rownames(frequencies)
  names(parts$traits$strength) <- variants$snp[instrument]
  files <- if (!is.null(prefix)) {
    write_cohort(prefix, parts$x, ids, person, parts$site, variants, instrument)
  }
  data <- simulated_data(list(
    x = parts$x[, instrument, drop = FALSE], exposure = person$exposure, outcome = person$outcome,
    environment = parts$site, ids = ids, kind = "genotype",
    covariates = data.frame(age = person$age, sex = person$sex, row.names = ids),
    background = if (!all(instrument)) parts$x[, !instrument, drop = FALSE],
    variants = variants[instrument, c("snp", "chr", "pos", "effect_allele", "other_allele")],
    truth = c(
      list(effect = effect, Q = parts$shares, frequencies = frequencies),
      parts$traits[c("strength", "score", "confounder")], list(files = files)
    )
  ))
  with_call(data, match.call(), "simulate_cohort")
}

# All six files are there only where a cohort was simulated before: that is made again. Some of them may be of people.
refuse_cohort <- function(prefix, overwrite) {
  check_flag(overwrite, "overwrite")
  files <- if (!is.null(prefix)) cohort_files(prefix) else character()
  refuse_overwrite(files, "prefix", overwrite || all(file.exists(path.expand(files))))
}

cohort_files <- function(prefix) {
  vapply(c(
    bed = ".bed", bim = ".bim", fam = ".fam", pheno = ".pheno.tsv",
    instruments = ".instruments.txt", background = ".background.txt"
  ), function(ending) paste0(prefix, ending), "")
}

write_cohort <- function(prefix, x, ids, person, site, variants, instrument) {
  files <- cohort_files(prefix)
  plink <- plink_contents(prefix, x, variants, samples = data.frame(iid = ids, fid = ids, sex = person$sex))
  pheno <- data.frame(
    iid = ids, site = site, age = person$age, sex = person$sex,
    exposure = person$exposure, outcome = person$outcome
  )
  write_files(c(plink, setNames(
    list(table_bytes(pheno), variants$snp[instrument], variants$snp[!instrument]),
    files[c("pheno", "instruments", "background")]
  )), say = TRUE)
  files
}
