# What is scanned: traits as matrices over the people of the data, and the instruments of
# each exposure as positions among its variants.

# list(values, names, marks): of trait_table() and column_marks(), or what planned_outcomes() returns. `x`: NULL for
# those of the data. Of moments there are no values.
scan_traits <- function(x, data, arg) {
  traits <- traits_of(x, data, arg)
  if (is.null(traits$source)) traits$marks <- column_marks(traits$values)
  traits
}

traits_of <- function(x, data, arg) {
  if (inherits(data, "mr_moments")) return(moments_named(x, data, arg))
  if (is.null(x)) return(own_traits(data, arg))
  if (arg == "outcomes" && is.character(x) && is.null(dim(x)) && length(x) == 1 && !is.na(x) && !file.exists(x)) {
    abort_argument(
      arg, "a table with a column for each trait, or the path of a file of them",
      sprintf("%s, which is no file", quote_all(x))
    )
  }
  source <- if (arg == "outcomes") outcome_source(x)
  if (is.null(source)) trait_table(x, data, arg) else planned_outcomes(source, data)
}

own_traits <- function(data, arg) {
  if (arg == "outcomes") return(list(values = matrix(data$outcome), names = data$outcome_name))
  list(values = unname(as.matrix(data$exposure)), names = data$exposure_name)
}

moments_named <- function(x, m, arg) {
  known <- if (arg == "outcomes") m$outcome else m$exposure
  if (is.null(x)) x <- known
  must <- sprintf("NULL or among %s, as `data` holds no rows", quote_all(known, 12))
  if (!is.character(x) || !length(x) || anyNA(x)) abort_argument(arg, must, describe(x))
  unknown <- setdiff(x, known)
  if (length(unknown)) abort_argument(arg, must, quote_all(unknown, 5), near_names(unknown, known))
  x <- unique(x)
  list(values = matrix(0, 1, length(x)), names = x)
}

# A list of positions for each exposure; NULL: all variants for all.
scan_instruments <- function(x, exposures, variants) {
  if (is.null(x)) return(NULL)
  must <- "NULL or a list with the variants of each exposure, named by exposure"
  if (!is.list(x) || is.data.frame(x) || is.null(names(x))) abort_argument("instruments", must, describe(x))
  absent <- setdiff(exposures, names(x))
  if (length(absent)) abort_argument("instruments", must, sprintf("one without %s", quote_all(absent, 5)))
  unknown <- setdiff(names(x), exposures)
  if (length(unknown)) {
    abort_argument(
      "instruments", must, sprintf("one with %s, which is no exposure", quote_all(unknown, 5)),
      near_names(unknown, exposures)
    )
  }
  lapply(setNames(exposures, exposures), function(name) {
    arg <- sprintf("instruments$%s", name)
    own <- x[[name]]
    if (!length(own)) abort_argument(arg, "names or positions of variants of `data`", "empty")
    if (is.character(own)) {
      at <- match(own, variants$snp)
      if (anyNA(at)) {
        abort_argument(
          arg, "names of variants of `data`", quote_all(own[is.na(at)], 5),
          "removed_variants of the data says which were taken out, and flow() why."
        )
      }
    } else {
      at <- as_positions(own, nrow(variants), variants$snp, arg, "variant")
    }
    sort(unique(at))
  })
}
