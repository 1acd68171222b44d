# Covariates of sites that do not have the same groups: a group that nobody of a site
# is in is a column of zeros there, and against another reference the columns are sums and
# differences of those there are. Numeric columns are stored about their pilots, so that
# such maps apply to the stored sums as they are.

# Sites whose covariates are those of all, in the order of the first.
align_covariates <- function(sites) {
  if (length(unique(lapply(sites, function(s) list(s$covariates, s$coding)))) == 1) return(sites)
  if (!all(vapply(sites, function(s) all(s$covariates %in% s$coding$column), NA))) return(sites)
  variables <- lapply(sites, function(s) unique(s$coding$variable))
  if (!all(vapply(variables, setequal, NA, variables[[1]]))) return(sites)
  # Numbers at one site and groups at another: the columns differ, and that is said.
  for (v in variables[[1]]) {
    if (length(unique(vapply(sites, function(s) anyNA(site_coding(s, v)$level), NA))) > 1) return(sites)
  }
  coding <- do.call(rbind, lapply(variables[[1]], function(v) common_coding(sites, v)))
  if (is.null(coding)) return(sites)
  rownames(coding) <- NULL
  lapply(sites, recode_covariates, coding = coding)
}

site_coding <- function(s, variable) s$coding[s$coding$variable == variable, , drop = FALSE]

common_coding <- function(sites, variable) {
  own <- lapply(sites, site_coding, variable)
  first <- own[[1]]
  if (anyNA(first$level)) return(first)
  levels <- unique(unlist(lapply(own, function(x) c(x$reference[1], x$level))))
  if (length(levels) < 2) return(NULL)
  data.frame(
    column = paste0(variable, levels[-1]), variable = variable, level = levels[-1],
    reference = rep(levels[1], length(levels) - 1)
  )
}

recode_covariates <- function(s, coding) {
  c <- length(s$covariates)
  map <- matrix(0, nrow(coding), c, dimnames = list(coding$column, s$covariates))
  constant <- numeric(nrow(coding))
  for (i in seq_len(nrow(coding))) {
    own <- site_coding(s, coding$variable[i])
    own <- own[!is.na(own$column), , drop = FALSE]
    level <- coding$level[i]
    if (is.na(level)) {
      at <- own$column[is.na(own$level)]
      if (length(at) != 1) return(s)
      map[i, at] <- 1
    } else if (level %in% own$level) {
      map[i, own$column[match(level, own$level)]] <- 1
    } else if (level %in% site_coding(s, coding$variable[i])$reference) {
      map[i, own$column] <- -1
      constant[i] <- 1
    }
  }
  map_numeric(s, map, constant, coding)
}

# The numeric columns as `map` times them, plus `constant`; those after the covariates stay.
map_numeric <- function(s, map, constant, coding) {
  old <- ncol(map)
  q <- length(s$pilot)
  rest <- q - old
  whole <- matrix(0, nrow(map) + rest, q)
  whole[seq_len(nrow(map)), seq_len(old)] <- map
  whole[cbind(nrow(map) + seq_len(rest), old + seq_len(rest))] <- 1
  p <- nrow(s$variants)
  side <- function(x, rows) apply(x, 2, function(v) matrix(v, rows, q) %*% t(whole))
  s$gx <- keep_matrix(side(s$gx, p), p * nrow(whole), ncol(s$gx))
  s$mx <- keep_matrix(side(s$mx, length(s$missing)), length(s$missing) * nrow(whole), ncol(s$mx))
  s$sx <- whole %*% s$sx
  xx <- apply(s$xx, 2, function(v) {
    out <- whole %*% unpack(v, q) %*% t(whole)
    out[upper.tri(out, TRUE)]
  })
  s$xx <- keep_matrix(xx, nrow(whole) * (nrow(whole) + 1) / 2, ncol(s$xx))
  s$pilot <- as.vector(whole %*% s$pilot) + c(constant, numeric(rest))
  s["covariates"] <- list(if (nrow(coding)) coding$column)
  s$coding <- coding
  if (!is.null(s$family)) s$family$cross <- map_family(s$family$cross, whole, p)
  s
}

keep_matrix <- function(x, rows, columns) matrix(as.numeric(x), rows, columns)

# Differences from the mean of the siblings have no constant.
map_family <- function(cross, map, p) {
  both <- matrix(0, p + nrow(map), p + ncol(map))
  both[cbind(seq_len(p), seq_len(p))] <- 1
  both[p + seq_len(nrow(map)), p + seq_len(ncol(map))] <- map
  out <- apply(cross, 2, function(v) {
    a <- both %*% unpack(v, ncol(both)) %*% t(both)
    a[upper.tri(a, TRUE)]
  })
  keep_matrix(out, nrow(both) * (nrow(both) + 1) / 2, ncol(cross))
}

# ---- what the numbers mean at each site ----

check_same_definitions <- function(first, other, k) {
  traits <- c(first$exposure, first$outcome)
  scaled <- list(first$scaled, other$scaled)
  if (any(lengths(scaled) != length(traits))) return(invisible())
  bad <- which(scaled[[1]] != scaled[[2]])
  if (!length(bad)) return(invisible())
  words <- c(none = "as it is", sd = "divided by its SD", inverse_normal = "as normal scores")
  say <- function(x) ifelse(x %in% names(words), words[x], x)
  abort_combine(
    sprintf(
      "Site %d cannot be combined with site 1: \"%s\" is %s there and %s at site 1.", k, traits[bad[1]],
      say(scaled[[2]][bad[1]]), say(scaled[[1]][bad[1]])
    ),
    "Give the same `scale_traits` to mr_data() at every site.", part = "scaled", columns = traits[bad], site = k
  )
}

# Another version may count another thing; that is no error yet.
warn_site_versions <- function(sites) {
  version <- vapply(sites, function(s) if (is.null(s$version)) NA_character_ else s$version, "")
  known <- unique(version[!is.na(version)])
  if (length(known) < 2) return(invisible())
  at <- vapply(known, function(v) paste(which(version %in% v), collapse = ", "), "")
  warn(
    sprintf("The sites have other versions of the package: %s.", paste(sprintf("%s (%s)", known, at), collapse = "; ")),
    "latentmr_warning_version", versions = version, hint = "Make the moments with one version at every site."
  )
}

# An outcome of 0 and 1 here and of other numbers there is two outcomes.
warn_site_binary <- function(sites) {
  outcomes <- sites[[1]]$outcome
  for (j in seq_along(outcomes)) {
    binary <- vapply(sites, function(s) isTRUE(s$binary[j]), NA)
    if (all(binary) || !any(binary)) next
    warn(
      sprintf(
        "\"%s\" is 0 or 1 at %s and has other values at %s.", outcomes[j],
        paste("site", paste(which(binary), collapse = ", ")), paste("site", paste(which(!binary), collapse = ", "))
      ),
      "latentmr_warning_units", column = outcomes[j], hint = "Code the outcome alike at every site."
    )
  }
}
