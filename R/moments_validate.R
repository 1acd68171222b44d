# Moments that come back from a file or from another site are looked at whole
# before anything is computed from them: the fields (R/base_object_rules.R), their
# names against each other, and every number against what sums over people can be
# (src/core/moments/moments_check.h).

# Data with rows, or moments.
check_data <- function(data, arg = "data") {
  check_data_class(data, arg)
  if (inherits(data, "mr_moments")) check_moments(data, arg) else check_mr_data(data, arg)
}

check_data_class <- function(data, arg = "data") {
  if (inherits(data, c("mr_moments", "mr_data"))) return(invisible())
  hint <- if (inherits(data, "formula")) {
    "iv_reg(), iv_binary() and iv_curve() take formulas; genotypes, exposure and outcome of people go to mr_data()."
  } else if (is.data.frame(data) && any(grepl("^(beta|b|bx|beta[.]exposure)$", names(data)))) {
    paste(
      "Tables of associations go through read_gwas(); then mr_moments_from_summary() makes moments of several ancestries,",
      "and summary_mr() has the usual estimators of one."
    )
  } else if (is.data.frame(data)) {
    "mr_data() takes its columns: genotypes, exposure, outcome and environment."
  }
  abort_argument(arg, "made by mr_data(), read_mr_data() or mr_moments()", describe(data), hint)
}

# The fields, and one pass over genotypes in memory: copies are between 0 and 2, whole
# if they are counts, and nothing is infinite.
check_mr_data <- function(data, arg) {
  check_object(data, "mr_data", arg)
  x <- data$genotypes[["x"]]
  if (is.null(x)) return(invisible(data))
  limits <- if (data$kind == "continuous") c(-.Machine$double.xmax, .Machine$double.xmax) else c(0, 2)
  bad <- .Call(C_ffi_copies_outside, x, limits, data$kind == "genotype")
  if (!is.null(bad)) {
    must <- c(genotype = "0, 1, 2 or NA", dosage = "from 0 to 2 or NA", continuous = "finite or NA")[[data$kind]]
    field_fault("mr_data", arg)("$genotypes$x", must, sprintf(
      "%s for %s", format(x[bad[1], bad[2]]), data$variants$snp[bad[2]]
    ))
  }
  invisible(data)
}

# Encoders hand over people without traits (R/encoder_blind.R): others stand in for them.
with_traits <- function(data) {
  if (typeof(data) != "list" || length(.subset2(data, "outcome")) || length(.subset2(data, "exposure"))) return(data)
  class <- oldClass(data)
  data <- unclass(data)
  data$outcome <- data$exposure <- numeric(length(data[["environment"]]))
  data$exposure_name <- "exposure"
  data$outcome_name <- "outcome"
  structure(data, class = class)
}

check_moments <- function(m, arg) {
  check_object(m, "mr_moments", arg)
  fault <- field_fault("mr_moments", arg)
  check_moment_blocks(m, fault)
  if (m$kind != "continuous" && any(m$gpilot != 0)) {
    fault("$gpilot", "0 for every variant whose copies are counted", "another number")
  }
  if (is.null(m$gg) && !(only_squares(m) && unlinked(m))) fault("$gg", "a matrix of sums over people", "missing")
  if (only_squares(m)) {
    check_unlinked(m, fault)
    return(invisible(m))
  }
  found <- .Call(
    C_ffi_moments_check, m, as.double(m$blocks$n), match(m$kind, c("genotype", "dosage", "continuous")) - 1L
  )
  if (!is.null(found)) moment_fault(m, found, fault)
  check_moment_binary(m, fault)
  check_moment_families(m, fault)
  invisible(m)
}

# Families are of two or more of the people; without any the sums are zero.
check_moment_families <- function(m, fault) {
  f <- m$family
  if (is.null(f)) return(invisible())
  bad <- which(f$people > m$blocks$n | f$people < 2 * f$families | (f$people > 0) != (f$families > 0))
  if (length(bad)) {
    fault(
      sprintf("$family$people[%d]", bad[1]),
      sprintf("from twice %s families to %s people", big(f$families[bad[1]]), big(m$blocks$n[bad[1]])),
      big(f$people[bad[1]])
    )
  }
  if (any(f$cross[, f$families == 0] != 0)) {
    fault("$family$cross", "0 in a block without families", "another number")
  }
}

check_moment_blocks <- function(m, fault) {
  blocks <- m$blocks
  if (!identical(levels(blocks$environment), m$environments)) {
    fault("$blocks$environment", "a factor whose levels are `environments`", "one with other levels")
  }
  empty <- setdiff(m$environments, blocks$environment)
  if (length(empty)) {
    fault("$blocks", "a table with a block of every environment", sprintf("one without %s", quote_all(empty, 3)))
  }
  twice <- anyDuplicated(blocks[c("environment", "fold")])
  if (twice) {
    fault("$blocks", "a table with one block for a fold of an environment",
          sprintf(
            "one with fold %d of %s twice", blocks$fold[twice], quote_all(as.character(blocks$environment[twice]))
          ))
  }
  if (sum(as.numeric(blocks$n)) > 2^52) {
    fault("$blocks$n", "counts of people", sprintf("%s in all", format(sum(as.numeric(blocks$n)))))
  }
}

# Where the number is, in words.
moment_fault <- function(m, found, fault) {
  columns <- c(m$covariates, m$structure, m$exposure, m$outcome)
  flags <- sprintf("the missing flag of %s", m$variants$snp[m$missing])
  sides <- list(
    gg = list(m$variants$snp, m$variants$snp), gm = list(m$variants$snp, flags), mm = list(flags, flags),
    sg = list(m$variants$snp),
    sm = list(flags), gx = list(m$variants$snp, columns), mx = list(flags, columns), sx = list(columns),
    xx = list(columns, columns)
  )[[found$part]]
  at <- unique(c(sides[[1]][found$row], if (length(sides) > 1) sides[[2]][found$column]))
  block <- m$blocks[found$block, ]
  number <- function(x) format(x, digits = 7, big.mark = ",", trim = TRUE)
  range <- if (found$least == found$most) {
    number(found$least)
  } else {
    c(
      if (is.finite(found$least)) paste("from", number(found$least)),
      if (is.finite(found$most)) paste("to", number(found$most))
    )
  }
  what <- if (!is.null(range) && !startsWith(range[1], "from")) {
    NULL
  } else if (found$whole) {
    "a whole number"
  } else {
    "a finite number"
  }
  must <- paste(c(what, range, if (found$whole == 2) "that differs from `sg` by an even one"), collapse = " ")
  fault(
    sprintf("$%s[, %d]", found$part, found$block),
    sprintf("%s for %s in fold %d of %s (%s people)", must, paste(at, collapse = " and "), block$fold,
            quote_all(as.character(block$environment)), big(block$n)),
    if (is.nan(found$value)) "NA" else number(found$value)
  )
}

# The outcome of a 0/1 trait is its own square.
check_moment_binary <- function(m, fault) {
  n <- as.numeric(m$blocks$n)
  for (q in length(m$pilot) - length(m$outcome) + which(m$binary)) {
    cases <- m$sx[q, ] + n * m$pilot[q]
    squares <- m$xx[q * (q + 1) / 2, ] + 2 * m$pilot[q] * m$sx[q, ] + n * m$pilot[q]^2
    if (all(abs(squares - cases) <= 1e-6 * n) && all(cases >= -1e-6 * n & cases <= (1 + 1e-6) * n)) next
    fault("$binary", "FALSE for an outcome whose sums are not those of 0 and 1", "TRUE")
  }
  invisible()
}
