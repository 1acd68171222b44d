#' Combine the moments of several sites
#'
#' Adds block moments made from different people, without any of their rows:
#' the result is what [mr_moments()] would have given on all of them together.
#'
#' All sites must have the same exposure, outcome, covariate and structure columns
#' (structure columns must mean the same everywhere, as components projected from
#' one reference do) and the same variants; these are matched by name. Where effect
#' and other allele are swapped, the counts are recoded exactly to the alleles of
#' the first site by \eqn{g \to 2 - g}{g -> 2 - g}, using the stored missing flags;
#' other alleles are an error. Groups of a factor that a site does not have are columns of zeros there, and another
#' reference group is recoded to that of the first site, exactly. Environments that bear the same name are taken as one
#' and their folds of the same number are added; others stand side by side.
#' Numeric columns are brought to a common pilot value (what is subtracted before sums are taken, [mr_moments()]).
#' Variants that a site withheld for disclosure control are left out of all, with a warning; the result
#' is marked as controlled when every site's moments are. Sums within families are added where every site has them;
#' where one does not all are left without, with a message (`latentmr_message_families`) that has that site's reason. Sites with the same people, means and variances get a warning.
#'
#' @param ... Two or more `mr_moments` objects, or one list of them.
#' @return An `mr_moments` object. Its `flow` has those of the sites one below the
#'   other, numbered in a column `site`.
#' @section Errors: `latentmr_error_argument` for an argument that is not an
#'   `mr_moments` object; `latentmr_error_moments` for one that no sums over people can
#'   be, whose fields do not fit each other, or of another version, with the field and
#'   what it must be; `latentmr_error_combine` when kinds, columns, variants,
#'   alleles, positions, LD blocks, or the units or scaling of traits differ, with the names of what differs, and
#'   when a site computed background components of its own. A
#'   swap of alleles that are each other's complement (A/T, C/G) may be a change of
#'   strand instead: `latentmr_warning_palindromic` lists these. `latentmr_warning_units`: a
#'   trait has a standard deviation in one environment that is more than three times that in the
#'   others, or the outcome is 0 or 1 at some sites only; sites in other units add up to a number that means nothing.
#'   `latentmr_warning_version`: sites have other versions of the package ([fingerprint()]).
#' @examples
#' set.seed(1)
#' site <- function(n, environment) {
#'   g <- matrix(rbinom(n * 3, 2, .4), n, 3)
#'   mr_data(g, rnorm(n), rnorm(n), rep(environment, n), kind = "genotype")
#' }
#' combine_moments(mr_moments(site(200, "a")), mr_moments(site(300, "b")))
#' @export
combine_moments <- function(...) {
  check_given()
  sites <- list(...)
  if (length(sites) == 1 && is.list(sites[[1]]) && !inherits(sites[[1]], "mr_moments")) sites <- sites[[1]]
  if (!length(sites)) abort_argument("...", "one or more mr_moments objects", "empty")
  for (k in seq_along(sites)) {
    if (!inherits(sites[[k]], "mr_moments")) {
      abort_argument(sprintf("..%d", k), "an mr_moments object", describe(sites[[k]]), "Make one with mr_moments().")
    }
    check_moments(sites[[k]], sprintf("..%d", k))
  }
  if (length(sites) == 1) return(sites[[1]])
  names(sites) <- NULL
  sites <- align_covariates(leave_withheld(sites))
  for (k in seq_along(sites)[-1]) {
    check_same_columns(sites[[1]], sites[[k]], k)
    check_same_definitions(sites[[1]], sites[[k]], k)
  }
  maps <- lapply(seq_along(sites), function(k) match_variants(sites[[1]], sites[[k]], k))
  warn_palindromic(sites[[1]], maps)
  warn_same_people(sites)
  warn_site_versions(sites)
  warn_site_binary(sites)
  warn_site_units(sites)
  units <- same_units(sites)
  say_family_lost(sites)
  out <- add_sites(sites, maps)
  out["units"] <- list(units)
  out
}

# People, means and variances of the traits and other numeric columns of each environment: the same numbers at two
# sites are the same people, whatever the environment is called.
site_marks <- function(m) {
  q <- length(m$pilot)
  if (!q) return(NULL)
  by <- as.character(m$blocks$environment)
  n <- as.vector(rowsum(as.numeric(m$blocks$n), by))
  mean <- rowsum(t(m$sx), by) / n
  square <- rowsum(t(m$xx[cumsum(seq_len(q)), , drop = FALSE]), by) / n
  variance <- pmax(square - mean^2, 0)
  list(
    value = cbind(n, mean + rep(m$pilot, each = nrow(mean)), variance), unit = cbind(n, sqrt(variance), variance),
    names = rownames(mean)
  )
}

warn_same_people <- function(sites) {
  marks <- lapply(sites, site_marks)
  for (k in seq_along(sites)[-1]) for (j in seq_len(k - 1)) {
    a <- marks[[j]]
    b <- marks[[k]]
    if (is.null(a) || is.null(b) || ncol(a$value) != ncol(b$value)) next
    same <- vapply(seq_along(b$names), function(i) {
      any(apply(abs(a$value - rep(b$value[i, ], each = nrow(a$value))) <= 1e-9 * a$unit, 1, all))
    }, NA)
    if (!any(same)) next
    warn(
      sprintf(
        "Sites %d and %d have the same people, means and variances in %s: everybody there would count twice.", j, k,
        quote_all(b$names[same], 3)
      ),
      "latentmr_warning_duplicate", sites = c(j, k), environment = b$names[same],
      hint = "Was one file read twice? Errors would be too small. fingerprint() says what a file is of."
    )
  }
}

# The units of all sites; a site that does not say its own is taken to have the others'.
same_units <- function(sites) {
  known <- lapply(sites, `[[`, "units")
  traits <- c(sites[[1]]$exposure, sites[[1]]$outcome)
  out <- rep(NA_character_, length(traits))
  for (j in seq_along(traits)) {
    here <- vapply(known, function(u) if (is.null(u)) NA_character_ else u[j], "")
    said <- unique(here[!is.na(here)])
    if (!length(said)) next
    out[j] <- said[1]
    if (length(said) == 1) next
    words <- sprintf(
      "\"%s\" is in %s at site %d and in %s at site %d", traits[j], said[1], match(said[1], here), said[2],
      match(said[2], here)
    )
    # Standard deviations differ a little between sites.
    if (all(grepl("^SD [(]", said))) {
      warn(sprintf("%s.", words), "latentmr_warning_units", column = traits[j], units = said,
           hint = "Effects per standard deviation of a site are those of other amounts elsewhere: give the unit itself, or one number for all sites.")
    } else {
      abort_combine(sprintf("%s: they cannot be combined.", words), "Bring all sites to one unit.", part = "units")
    }
  }
  if (all(is.na(out))) NULL else out
}

#' @rdname combine_moments
#' @export
c.mr_moments <- function(...) combine_moments(...)

# A variant that one site withheld is left out at all of them.
leave_withheld <- function(sites) {
  withheld <- unique(unlist(lapply(sites, `[[`, "withheld")))
  here <- unique(unlist(lapply(sites, function(s) intersect(s$variants$snp, withheld))))
  if (!length(withheld)) return(sites)
  if (length(here)) {
    warn(
      sprintf("%s withheld by a site for disclosure control, left out at all sites (%s).",
              plural(length(here), "variant"), quote_all(here, 5)),
      "latentmr_warning_disclosure", variants = here
    )
  }
  lapply(sites, function(s) {
    s <- keep_variants(s, !(s$variants$snp %in% withheld))
    s$withheld <- withheld
    s
  })
}

abort_combine <- function(message, hint = NULL, ...) {
  abort(message, "latentmr_error_combine", hint = hint, ...)
}

check_same_columns <- function(first, other, k) {
  if (!is.null(first$summary) || !is.null(other$summary)) {
    abort_combine(
      sprintf("Site %d cannot be combined with site 1: moments from summary statistics do not add up.", k),
      "Give all frames to one mr_moments_from_summary(), the environments stacked.", part = "summary", site = k
    )
  }
  if (has_components(first) || has_components(other)) {
    abort_combine(
      sprintf(
        "Site %d cannot be combined with site 1: background components were computed at the sites, each with its own meaning.",
        k
      ),
      "Project every site on one set of loadings, give the scores as `structure`, and leave `background` out.",
      part = "background", site = k
    )
  }
  for (part in c("kind", "exposure", "outcome", "covariates", "structure", "structure_includes_instruments")) {
    if (identical(first[[part]], other[[part]])) next
    words <- function(x) if (!length(x)) "none" else if (is.character(x)) quote_all(x) else as.character(x)
    abort_combine(
      sprintf(
        "Site %d cannot be combined with site 1: `%s` differs (%s, not %s).", k, part, words(other[[part]]),
        words(first[[part]])
      ),
      "Prepare all sites with the same columns in the same order.", part = part, site = k
    )
  }
}

# For each variant of the first site: its place at the other, and the recoding
# g' = a (1 - m) + c g.
match_variants <- function(first, other, k) {
  a <- first$variants
  from <- match(a$snp, other$variants$snp)
  extra <- setdiff(other$variants$snp, a$snp)
  if (anyNA(from) || length(extra)) {
    lost <- a$snp[is.na(from)]
    abort_combine(
      paste0(
        sprintf("Site %d does not have the variants of site 1:", k),
        if (length(lost)) sprintf(" %d missing there (%s)", length(lost), quote_all(lost, 5)),
        if (length(lost) && length(extra)) ",",
        if (length(extra)) sprintf(" %d only there (%s)", length(extra), quote_all(extra, 5)), "."
      ),
      "Choose the same variants at every site before mr_moments().", variants = c(lost, extra), site = k
    )
  }
  b <- other$variants[from, , drop = FALSE]
  same <- equal_or_unknown(a$effect_allele, b$effect_allele) & equal_or_unknown(a$other_allele, b$other_allele)
  swapped <- !same & known_equal(a$effect_allele, b$other_allele) & known_equal(a$other_allele, b$effect_allele) &
    first$kind != "continuous"
  abort_differing(a, b, !same & !swapped, k, c("effect_allele", "other_allele"), "alleles")
  moved <- !is.na(a$pos) & !is.na(b$pos) & a$pos != b$pos |
    !is.na(a$chr) & !is.na(b$chr) & plain_chromosome(a$chr) != plain_chromosome(b$chr)
  abort_differing(a, b, moved, k, c("chr", "pos"), "places")
  if (!identical(as.character(first$block), as.character(other$block[from]))) {
    abort_combine(
      sprintf("Site %d has other LD blocks than site 1.", k), "Give the same `block` at every site.", site = k
    )
  }
  list(from = from, swapped = swapped, a = ifelse(swapped, 2, 0), c = ifelse(swapped, -1, 1))
}

equal_or_unknown <- function(a, b) is.na(a) & is.na(b) | known_equal(a, b)
known_equal <- function(a, b) !is.na(a) & !is.na(b) & a == b

abort_differing <- function(a, b, bad, k, columns, what) {
  if (!any(bad)) return(invisible())
  show <- function(x) paste(x[[columns[1]]], x[[columns[2]]], sep = if (what == "alleles") "/" else ":")
  at <- utils::head(which(bad), 5)
  lines <- sprintf("%s (%s, not %s)", a$snp[at], show(b[at, ]), show(a[at, ]))
  abort_combine(
    sprintf("Site %d has other %s than site 1 for %s: %s%s.", k, what, plural(sum(bad), "variant"),
            paste(lines, collapse = ", "), if (sum(bad) > 5) ", ..." else ""),
    "Drop these variants at every site, or correct them.", variants = a$snp[bad], site = k
  )
}

warn_palindromic <- function(first, maps) {
  swapped <- Reduce(`|`, lapply(maps, `[[`, "swapped"))
  pair <- upper(paste0(first$variants$effect_allele, first$variants$other_allele))
  doubtful <- which(swapped & pair %in% c("AT", "TA", "CG", "GC"))
  if (length(doubtful)) {
    warn(
      sprintf("%s with complementary alleles swapped between sites (%s): recoded as a swap, but it may be a change of strand.",
              plural(length(doubtful), "variant"), quote_all(first$variants$snp[doubtful], 5)),
      "latentmr_warning_palindromic", variants = first$variants$snp[doubtful],
      hint = "Compare the allele frequencies of the sites, or leave these variants out."
    )
  }
}

# Standard deviation and mean of each trait in every environment of every site.
site_spreads <- function(sites) {
  one <- function(k) {
    m <- sites[[k]]
    q <- nrow(m$sx)
    traits <- q - length(c(m$exposure, m$outcome)) + seq_along(c(m$exposure, m$outcome))
    group <- m$blocks$environment
    n <- tapply(as.numeric(m$blocks$n), group, sum)
    means <- function(x) matrix(apply(x, 1, function(v) tapply(v, group, sum)), length(n)) / c(n)
    mean <- means(m$sx[traits, , drop = FALSE])
    square <- means(m$xx[traits * (traits + 1) / 2, , drop = FALSE])
    list(label = names(n), site = rep(k, length(n)), sd = sqrt(pmax(square - mean^2, 0)),
         mean = mean + rep(m$pilot[traits], each = length(n)))
  }
  parts <- lapply(seq_along(sites), one)
  label <- unlist(lapply(parts, `[[`, "label"))
  site <- unlist(lapply(parts, `[[`, "site"))
  twice <- label %in% label[duplicated(label)]
  list(label = ifelse(twice, sprintf("%s of site %d", label, site), label),
       sd = do.call(rbind, lapply(parts, `[[`, "sd")), mean = do.call(rbind, lapply(parts, `[[`, "mean")))
}

# Sites in other units add up to a number that means nothing.
warn_site_units <- function(sites) {
  found <- site_spreads(sites)
  names <- c(sites[[1]]$exposure, sites[[1]]$outcome)
  for (j in seq_along(names)) {
    sd <- found$sd[, j]
    mean <- found$mean[, j]
    # A trait of 0 and 1 has no unit.
    if (all(abs(sd^2 - mean * (1 - mean)) < 1e-6)) next
    warn_units(stats::setNames(sd, found$label), mean, names[j])
  }
}

add_sites <- function(sites, maps) {
  first <- sites[[1]]
  environments <- unique(unlist(lapply(sites, `[[`, "environments")))
  keys <- lapply(sites, function(s) cbind(match(as.character(s$blocks$environment), environments), s$blocks$fold))
  every <- unique(do.call(rbind, keys))
  every <- every[order(every[, 1], every[, 2]), , drop = FALSE]
  label <- function(key) paste(key[, 1], key[, 2])
  targets <- lapply(keys, function(key) match(label(key), label(every)))
  n <- numeric(nrow(every))
  for (k in seq_along(sites)) n[targets[[k]]] <- n[targets[[k]]] + sites[[k]]$blocks$n
  if (max(n) > .Machine$integer.max) {
    abort_combine(
      sprintf("One fold of an environment would have %s people, more than %s.", big(max(n)), big(.Machine$integer.max))
    )
  }
  missing <- sort(unique(unlist(lapply(seq_along(sites), function(k) match(sites[[k]]$missing, maps[[k]]$from)))))
  pilot <- common_pilot(sites)
  gpilot <- common_gpilot(sites, maps)
  recodings <- lapply(seq_along(sites), function(k) {
    shift <- sites[[k]]$gpilot[maps[[k]]$from] - gpilot
    list(n = as.integer(sites[[k]]$blocks$n), target = targets[[k]], from = maps[[k]]$from, a = maps[[k]]$a + shift,
         c = maps[[k]]$c, delta = sites[[k]]$pilot - pilot)
  })
  parts <- .Call(
    C_ffi_moments_combine, sites, recodings, as.integer(missing), nrow(every),
    !is.integer(first$gg) || max(n) > .Machine$integer.max %/% 4L
  )
  first$environments <- environments
  first$blocks <- data.frame(
    environment = factor(environments[every[, 1]], environments), fold = as.integer(every[, 2]), n = as.integer(n)
  )
  first$pilot <- pilot
  first$gpilot <- gpilot
  first$missing <- as.integer(missing)
  first[names(parts)] <- parts
  first["background"] <- list(NULL) # of a site whose components were not used
  first["family"] <- list(combined_family(sites, recodings, nrow(every)))
  first["withheld_families"] <- list(joined_reasons(sites))
  first$flow <- bind_flows(lapply(sites, `[[`, "flow"))
  first["seed"] <- list(unique(unlist(lapply(sites, `[[`, "seed"))))
  first$disclosure <- all(vapply(sites, function(s) isTRUE(s$disclosure), NA))
  version <- unique(unlist(lapply(sites, `[[`, "version")))
  if (length(version)) first$version <- paste(version, collapse = ", ")
  first$binary <- Reduce(`&`, lapply(sites, `[[`, "binary"))
  first$clustered <- all(vapply(sites, `[[`, NA, "clustered"))
  first
}

# Pilots stay when all sites share them; otherwise the mean of everybody.
common_pilot <- function(sites) {
  pilots <- lapply(sites, `[[`, "pilot")
  if (all(vapply(pilots, identical, NA, pilots[[1]]))) return(pilots[[1]])
  n <- vapply(sites, function(s) sum(as.numeric(s$blocks$n)), 0)
  total <- Reduce(
    `+`, lapply(seq_along(sites), function(k) n[k] / sum(n) * (pilots[[k]] + rowSums(sites[[k]]$sx) / n[k]))
  )
  as.vector(total)
}

common_gpilot <- function(sites, maps) {
  pilots <- lapply(seq_along(sites), function(k) sites[[k]]$gpilot[maps[[k]]$from])
  if (all(vapply(pilots, identical, NA, pilots[[1]]))) return(pilots[[1]])
  n <- vapply(sites, function(s) sum(as.numeric(s$blocks$n)), 0)
  Reduce(`+`, Map(`*`, pilots, n / sum(n)))
}

bind_flows <- function(flows) {
  site <- 0L
  out <- list()
  for (flow in flows) {
    if (is.null(flow)) next
    own <- if (is.null(flow$site)) rep(1L, nrow(flow)) else flow$site
    flow$site <- site + own
    site <- max(flow$site, site)
    out <- c(out, list(flow))
  }
  do.call(rbind, out)
}
