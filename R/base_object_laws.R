# What the fields of an object must be to each other, beyond their sizes: called with
# the object, its sizes and fault(field, must, was), when all fields have passed.

object_laws <- list(
  mr_verdict = function(x, sizes, fault) text_attributes(x, c("headline", "unseen"), fault),
  summary.iv_reg = function(x, sizes, fault) {
    if (sizes$n < x$nobs) fault("$residuals", sprintf("%s numbers", big(x$nobs)), describe(x$residuals))
  },
  summary.mr_data = function(x, sizes, fault) {
    for (name in c("exposure_name", "environments", "flow")) {
      if (!NROW(x[[name]])) fault(paste0("$", name), "not empty", describe(x[[name]]))
    }
  },
  summary.latent_mr = function(x, sizes, fault) {
    if (!nrow(x$estimates)) fault("$estimates", "a row for each estimate", "empty")
  },
  leave_one_out = function(x, sizes, fault) text_attributes(x, "over", fault),
  clumps = function(x, sizes, fault) text_attributes(x, "rule", fault),
  environment_test = function(x, sizes, fault) {
    for (name in c("environments", "columns")) {
      value <- attr(x, name)
      if (!is.null(value) && (!is.numeric(value) || is.object(value) && !inherits(value, "table"))) {
        fault(paste0(": attribute ", name), "numbers", describe(value))
      }
    }
  },
  plink_bed = function(x, sizes, fault) {
    files <- x$files
    people <- x$samples[!grepl("^-[0-9]+$", x$samples$iid), ] # several withdrawn samples may share a negative number
    if (anyDuplicated(people$iid) && anyDuplicated(people[c("fid", "iid")])) {
      fault("$samples", "different people", "one with a person twice")
    }
    if (!nrow(files) || !identical(
      as.numeric(files$first), 1 + cumsum(c(0, as.numeric(files$variants)))[seq_len(nrow(files))]
    )) {
      fault("$files$first", "where the variants of each file begin", "elsewhere")
    }
    if (sum(as.numeric(files$variants)) != nrow(x$variants)) {
      fault(
        "$variants", sprintf("a table of the %s variants in the files", big(sum(files$variants))), describe(x$variants)
      )
    }
  },
  mr_data = function(x, sizes, fault) {
    check_source_law(x$genotypes, "$genotypes", fault)
    if (!is.null(x$background)) check_source_law(x$background, "$background", fault)
    check_parents_law(x$parents, fault)
    size <- dim(x$exposure)
    good <- if (sizes$x == 1) {
      is.null(size) && length(x$exposure) == sizes$n
    } else {
      identical(as.numeric(size), c(sizes$n, sizes$x))
    }
    if (!good) {
      fault("$exposure", sprintf("%s of %s people", plural(sizes$x, "exposure"), big(sizes$n)), describe(x$exposure))
    }
    if (sizes$e && any(tabulate(x$environment, sizes$e) == 0)) {
      fault("$environment", "a factor whose levels all occur", "one with an empty level")
    }
  },
  latent_instruments = function(x, sizes, fault) {
    coded <- x$method == "code" || !is.null(x[["mixing"]])
    if (coded) {
      of <- if (x$method == "code") "selected" else "mixing"
      if (is.null(x[[of]]) || x[[of]] == "linear") {
        fault(paste0("$", of), "the encoder of the code", describe(x[[of]]))
      }
      if (is.null(x[["parameters"]])) fault("$parameters", "the numbers of the code", "missing")
      kept <- paste0("encoder_", x[[of]])
      if (kept %in% names(object_rules())) {
        check_table(as.list(x$parameters), kept, "$parameters", list2env(mget("G", sizes), parent = baseenv()), fault)
      }
      if (is.null(x[["code_center"]])) fault("$code_center", sprintf("%s numbers", big(sizes$r)), "missing")
    }
    if (x$method == "sparse") {
      for (name in c("map", "touched", "majority", "stable")) {
        if (is.null(x[[name]])) fault(paste0("$", name), "there with encoder = \"mechanism_sparsity\"", "missing")
      }
    }
    if (!coded && sizes$r != sizes$G) {
      fault("$directions", sprintf("combinations of %s variants", big(sizes$G)), describe(x$directions))
    }
    for (name in if (x$method == "structure" && x$mode != "background") c("above", "taken", "block")) {
      if (is.null(x[[name]])) fault(paste0("$", name), if (name == "block") "numbers" else "one number", "missing")
    }
    if (is.null(x$structure_slopes) != is.null(x$structure_mean)) {
      fault("$structure_slopes", "there with `structure_mean`, and not without", "otherwise")
    }
    if (!identical(names(x$center), x$variants$snp)) fault("$center", "named by the variants", "named otherwise")
    if (!identical(rownames(x$imputation), x$variants$snp)) {
      fault("$imputation", "a matrix with a row for each variant by name", "another")
    }
  },
  latent_mr = function(x, sizes, fault) {
    lost <- setdiff(x$methods$id, names(x$estimates)[lengths(x$estimates) > 0])
    if (length(lost)) {
      fault("$estimates", "a list with each of `methods`", sprintf("one without %s", quote_all(lost, 3)))
    }
    if (!x$leading %in% x$methods$id) {
      fault("$leading", paste("one of", quote_all(x$methods$id, 30)), quote_all(x$leading))
    }
    m <- x$latent$kclass
    if (any(diag(m$r1) > diag(m$r0) * (1 + 1e-9))) fault("$latent$kclass$r1", "at most `r0` on the diagonal", "more")
    if (m$df != m$n - m$K - m$L) fault("$latent$kclass$df", "`n` less `K` and `L`", format(m$df))
    if (m$L + m$K > m$n) fault("$latent$kclass$L", sprintf("with `K` at most `n` (%s)", big(m$n)), big(m$L))
    # Noise of null variants is known from fewer than there are people.
    if (m$n > x$nobs || m$n < x$nobs && !isTRUE(x$latent$own_noise)) fault("$latent$kclass$n", big(x$nobs), big(m$n))
    if (x$latent$n != x$nobs) fault("$latent$n", big(x$nobs), big(x$latent$n))
  },
  encoder_autoencoder = function(x, sizes, fault) {
    inputs <- sizes$r + if (is.null(x[["warm"]])) 0 else ncol(x$warm$map)
    if (x$shape[1] != inputs) fault("$shape", sprintf("of %s inputs", big(inputs)), sprintf("of %s", big(x$shape[1])))
  },
  iv_factor = function(x, sizes, fault) {
    if (any(x$r[lower.tri(x$r)] != 0)) fault("$r", "upper triangular", "another matrix")
    for (name in c("K", "L", "k")) {
      if (x[[name]] != sizes[[name]]) fault(paste0("$", name), big(sizes[[name]]), big(x[[name]]))
    }
    if (x$n > sizes$n) fault("$n", sprintf("at most %s", big(sizes$n)), big(x$n))
    if (!identical(as.numeric(c(x$W, x$Z, x$X, x$Y)), as.numeric(seq_len(sizes$p)))) {
      fault("$W", "the columns of `r` in order, with `Z`, `X` and `Y`", "others")
    }
  },
  iv_grouping = function(x, sizes, fault) {
    if (any(x$index >= x$count)) fault("$index", sprintf("numbers below %s", big(x$count)), "larger ones")
  },
  iv_clusters = function(x, sizes, fault) {
    if (is.null(x[["index"]]) == is.null(x[["ways"]])) {
      fault("$index", "there, or `ways`", if (is.null(x[["ways"]])) "missing" else "there beside `ways`")
    }
    if (is.null(x[["ways"]])) return(object_laws$iv_grouping(x, sizes, fault))
    if (sizes$m < 2 || sizes$m > 4) fault("$counts", "of two to four groupings", sprintf("of %d", sizes$m))
    sets <- unlist(lapply(seq_len(sizes$m), function(m) utils::combn(sizes$m, m, length, simplify = FALSE)))
    if (!identical(as.numeric(lapply(x$ways, `[[`, "sign")), (-1)^(sets + 1))) {
      fault("$ways", "groupings and their interactions, with signs", "others")
    }
    counts <- vapply(x$ways, function(way) as.numeric(way$count), 0)
    if (any(counts[seq_len(sizes$m)] != x$counts) || x$count != min(x$counts)) {
      fault("$counts", "the numbers of clusters of `ways`", "others")
    }
  },
  iv_reg = function(x, sizes, fault) {
    kept <- names(x$coefficients)[!is.na(x$coefficients)]
    if (is.null(names(x$coefficients)) || anyDuplicated(names(x$coefficients))) {
      fault("$coefficients", "numbers with names", "without, or with one twice")
    }
    for (name in c("vcov", "cov.unscaled")) {
      if (!identical(dimnames(x[[name]]), list(kept, kept))) {
        fault(paste0("$", name), "a matrix named by the coefficients", "named otherwise")
      }
    }
    f <- x$engine$f2
    est <- x$engine$est
    if (length(est$beta) != f$k || length(est$gamma) != f$K) {
      fault("$engine$est", "a number for each regressor", "others")
    }
    names <- c(f$rows$names$x[f$rows$keep_x], f$rows$names$w[f$rows$keep_w])
    if (!identical(unname(x$coefficients[names]), c(est$beta, est$gamma))) {
      fault("$coefficients", "those of the fit", "others")
    }
    if (x$nobs != f$n) fault("$nobs", big(f$n), big(x$nobs))
    if (f$k > 0 && f$L > 0) for (name in c("diagnostics", "strength")) {
      if (is.null(x[[name]])) fault(paste0("$", name), "there with instruments", "missing")
    }
    if (!identical(x$engine$estimator, x$estimator)) {
      fault("$engine$estimator", quote_all(x$estimator), quote_all(x$engine$estimator))
    }
    if (!identical(est$shift, 1 - est$kappa) && !is.na(est$kappa)) {
      fault("$engine$est$shift", "1 - `kappa`", format(est$shift))
    }
    if (x$estimator %in% c("ujive", "jive1") && is.null(x$engine$instrument)) {
      fault("$engine$instrument", "a column for each endogenous variable", "missing")
    }
    iv_frame_law(x, fault)
    groups <- x$engine$groups
    if (is.null(groups$order) != is.null(groups$start)) {
      fault("$engine$groups", "both `order` and `start`, or none", "one of them")
    }
    if (!is.null(groups$order) && (!identical(
      sort(groups$order), seq_len(sizes$n) - 1L
    ) || is.unsorted(groups$start, strictly = TRUE) ||
                                   groups$start[1] != 0 || groups$start[length(groups$start)] != sizes$n)) {
      fault("$engine$groups", "every row once, by cluster", "others")
    }
  },
  iv_binary = function(x, sizes, fault) {
    kept <- names(x$coefficients)[!is.na(x$coefficients)]
    if (!identical(dimnames(x$vcov), list(kept, kept))) {
      fault("$vcov", "a matrix named by the coefficients", "named otherwise")
    }
  },
  iv_curve = function(x, sizes, fault) {
    if (x$nobs != sizes$n) fault("$nobs", big(sizes$n), big(x$nobs))
    kept <- paste0("curve_", x$solver)
    if (kept %in% names(object_rules())) {
      check_table(x$curve, kept, "$curve", list2env(mget("w", sizes), parent = baseenv()), fault)
    }
  }
)

# What predict() takes of a formula.
iv_frame_law <- function(x, fault) {
  if (is.null(x$terms)) return(invisible())
  for (name in names(x$terms)) {
    terms <- x$terms[[name]]
    if (!is.null(terms) && !inherits(terms, "terms")) {
      fault(paste0("$terms$", name), "the terms of a formula", describe(terms))
    }
  }
  if (is.null(x$terms$full)) fault("$terms$full", "the terms of a formula", "missing")
  variables <- vapply(as.list(attr(x$terms$full, "variables"))[-1], deparse1, "")
  kinds <- attr(x$terms$full, "dataClasses")
  wrong <- intersect(names(kinds), names(x$model))
  wrong <- wrong[vapply(wrong, function(name) stats::.MFclass(x$model[[name]]) != kinds[[name]], NA)]
  if (length(wrong)) {
    fault(sprintf("$model$%s", wrong[1]), kinds[[wrong[1]]], stats::.MFclass(x$model[[wrong[1]]]))
  }
  if (!all(variables %in% names(x$model))) {
    fault("$model", paste("a data frame with columns", quote_all(variables, 20)), "another")
  }
  contrasts <- x$contrasts
  if (!all(vapply(contrasts, function(one) is.null(one) || is.list(one) && !is.null(names(one)), NA))) {
    fault("$contrasts", "lists of contrasts by variable", "others")
  }
}

# Settings are those that their function takes, within its limits.
law_of_settings <- function(constructor) {
  force(constructor)
  function(x, sizes, fault) {
    settings <- setdiff(names(formals(constructor)), "...")
    if (!setequal(names(x), settings)) {
      lost <- setdiff(settings, names(x))
      fault(
        "", paste("a list of", list_some(settings, 30)),
        if (length(lost)) sprintf("one without %s", quote_all(lost)) else "one with others"
      )
    }
    text <- vapply(x, function(v) !is.character(v) || all(validUTF8(v)), NA)
    if (!all(text)) fault(paste0("$", names(x)[!text][1]), "text in UTF-8", "other bytes")
    tryCatch(do.call(constructor, unclass(x), quote = TRUE), latentmr_error_argument = function(e) {
      text <- strsplit(conditionMessage(e), "\n", fixed = TRUE)[[1]][1]
      fault(
        paste0("$", e$argument), sub("^`[^`]*` must be (.*), not .*$", "\\1", text),
        sub("^.*, not (.*)[.]$", "\\1", text)
      )
    })
  }
}

# Rows of parents are rows of their genotypes.
check_parents_law <- function(parents, fault) {
  if (is.null(parents[["genotypes"]])) return(invisible())
  check_parents_source(parents$genotypes, fault)
  for (name in c("father", "mother")) {
    at <- parents[[name]]
    rows <- dim(parents$genotypes)[1]
    if (is.null(at)) fault(paste0("$parents$", name), "the row of everybody's parent", "missing")
    if (any(at > rows, na.rm = TRUE)) {
      fault(paste0("$parents$", name), sprintf("numbers from 1 to %s", big(rows)), big(max(at, na.rm = TRUE)))
    }
  }
}

# All rows of a file may be parents.
check_parents_source <- function(source, fault) {
  if (inherits(source, "genotype_bed") && is.null(source[["rows"]])) source$rows <- integer()
  check_source_law(source, "$parents$genotypes", fault)
}

# Genotypes are in memory or in files, at places that these have.
check_source_law <- function(source, path, fault) {
  if (!inherits(source, "genotypes")) fault(path, "an object of class genotypes", "a plain list")
  if (inherits(source, "genotype_dosages")) return(check_dosages_law(source, path, fault))
  if (!inherits(source, c("genotype_matrix", "genotype_bed"))) return(invisible())
  if (is.null(source[["bed"]])) {
    if (is.null(source[["x"]])) fault(path, "a list with a matrix `x` or with files `bed`", "one without")
    return(invisible())
  }
  size <- list(rows = nrow(source$bed$samples), cols = nrow(source$bed$variants))
  for (name in names(size)) {
    at <- source[[name]]
    if (is.null(at)) fault(paste0(path, "$", name), "places in the files", "missing")
    if (length(at) && max(at) > size[[name]]) {
      fault(paste0(path, "$", name), sprintf("numbers from 1 to %s", big(size[[name]])), big(max(at)))
    }
  }
}

# Dosages in memory: two bytes for each person and variant, a scale for each variant, and places among these.
check_dosages_law <- function(source, path, fault) {
  at <- function(name) paste0(path, "$", name)
  scale <- source[["scale"]]
  if (!is.integer(scale) || is.object(scale) || anyNA(scale) || any(scale < 1 | scale > 32767)) {
    fault(at("scale"), "whole numbers from 1 to 32767", describe(scale))
  }
  people <- source[["people"]]
  if (!is.integer(people) || length(people) != 1 || is.na(people) || people < 0) {
    fault(at("people"), "one whole number", describe(people))
  }
  size <- 2 * as.numeric(people) * length(scale)
  raw <- source[["raw"]]
  if (!is.raw(raw) || length(raw) != size) fault(at("raw"), sprintf("%s bytes", big(size)), describe(raw))
  most <- c(rows = people, cols = length(scale))
  for (name in names(most)) {
    place <- source[[name]]
    if (is.null(place)) next
    if (!is.integer(place) || anyNA(place) || any(place < 1 | place > most[[name]])) {
      fault(at(name), sprintf("whole numbers from 1 to %s", big(most[[name]])), describe(place))
    }
  }
}

text_attributes <- function(x, names, fault) {
  for (name in names) {
    value <- attr(x, name)
    if (!is.null(value) && (!is.character(value) || is.object(value) || anyNA(value) || !all(validUTF8(value)))) {
      fault(paste0(": attribute ", name), "text", describe(value))
    }
  }
}
