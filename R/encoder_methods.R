# Methods of what learn_instruments() returns.

#' @rdname learn_instruments
#' @param x,object A `latent_instruments` object.
#' @param ... Nothing: an argument without a use is an error.
#' @export
print.latent_instruments <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat(sprintf(
    "Latent instruments: %s, %d %s, %d environments\n", encoder_words(x),
    nrow(x$variants), if (x$kind == "continuous") "instruments" else "variants", length(x$environments)
  ))
  if (x$dropped > 0) {
    cat(sprintf(
      "  %d %s dropped: constant or collinear within environments\n", x$dropped,
      if (x$dropped == 1) "direction" else "directions"
    ))
  }
  if (x$mode == "background") {
    cat(
      sprintf(
        "  %d components of instruments and background are partialled out, every variant stays an instrument\n",
        x$components
      )
    )
    return(invisible(x))
  }
  if (x$method == "sparse") return(print_sparse(x))
  cat(sprintf(
    "  invariant block %d, variant block %d of %d directions%s\n", x$n_latent[["invariant"]], x$n_latent[["variant"]],
    direction_count(x), if (is.null(x$n_latent_given)) " (chosen)" else " (given)"
  ))
  if (x$method == "structure") {
    cat(sprintf(
      "  %d directions above the null line %s%s%s; leading eigenvalues %s\n", x$above, format(x$threshold, digits = 3),
      if (is.null(x$n_latent_given) && x$taken > x$above) {
        sprintf(", %d close below it also taken", x$taken - x$above)
      } else {
        ""
      },
      if (isTRUE(x$capped)) sprintf(", of which %d, half of the panel, were taken", x$n_latent[["variant"]]) else "",
      paste(format(utils::head(x$values, 5), digits = 3), collapse = " ")
    ))
    sizes <- table(x$block)
    cat(sprintf("  %d linkage-disequilibrium blocks, the largest of %d variants\n", length(sizes), max(sizes)))
  } else {
    cat(sprintf(
      "  eigenvalues%s %s\n", if (x$method == "code") " of the code" else "",
      paste(format(utils::head(x$values, 10), digits = 3), collapse = " ")
    ))
  }
  if (!is.null(x$check)) {
    cat(sprintf(
      "  check: excess dependence %.4f (within environments %.4f, on the environment %.4f), alarm above %s\n",
      sum(x$check), x$check[["within"]], x$check[["between"]], format(x$control$check)
    ))
  }
  lines <- row_encoders()[[x$encoder]]$lines
  if (!is.null(lines)) cat(paste0("  ", lines(x), "\n"), sep = "")
  cat_page(x$notes, initial = "  ", prefix = "    ")
  cat_page(x$warnings, initial = "  ! ", prefix = "    ")
  invisible(x)
}

# Its name, and what it chose or in which mode.
encoder_words <- function(x) {
  if (sparse_coded(x)) {
    return(sprintf(
      "%s encoder (%ssparse rows on the code of the %s)", x$encoder,
      if (identical(x$selected, "mechanism_sparsity")) "mechanism_sparsity taken, " else "", x$mixing
    ))
  }
  if (is.null(x$selected)) return(sprintf("%s encoder, %s mode", x$encoder, x$mode))
  if (x$encoder == x$selected) return(sprintf("%s encoder", x$encoder))
  sprintf("%s encoder (%s taken)", x$encoder, x$selected)
}

#' @rdname learn_instruments
#' @export
summary.latent_instruments <- function(object, data = NULL, ...) {
  check_dots(...)
  check_made(object)
  quality <- object$quality
  if (!is.null(data)) {
    if (!inherits(data, "mr_data")) {
      abort_argument(
        "data", "an mr_data object, or NULL", describe(data), "It holds the people for whom quality is reported."
      )
    }
    check_data(data)
    quality <- quality_report(object, data, object$seed)
  }
  structure(
    list(object = object, spectrum = spectrum_data(object), quality = quality), class = "summary.latent_instruments"
  )
}

#' @export
print.summary.latent_instruments <- function(x, ...) {
  check_dots(...)
  check_printed(x, "summary.latent_instruments")
  pointed(print(x$object))
  cat("\nSpectrum (leading directions)\n")
  pointed(print(utils::head(x$spectrum, 20), digits = 4, row.names = FALSE))
  if (!is.null(x$quality)) {
    cat("\nQuality of the instruments\n")
    pointed(print(x$quality))
  }
  invisible(x)
}

#' @rdname learn_instruments
#' @param newdata An `mr_data` object or a matrix with the same instruments in the
#'   same order (people x instruments, missing calls allowed).
#' @param type `"invariant"` (What) or `"variant"` (Vhat); `"code"`, all latents in the order of `touched`, with
#'   `encoder = "mechanism_sparsity"`.
#' @param environment For a matrix: the environment of every person, used for
#'   missing calls; unknown ones take the pooled mean.
#' @export
predict.latent_instruments <- function(object, newdata, type = c("invariant", "variant", "code"), environment = NULL,
                                       ...) {
  check_dots(...)
  check_made(object)
  if (missing(type)) type <- "invariant"
  check_choice(type, "type", c("invariant", "variant", if (object$method == "sparse") "code"))
  if (missing(newdata)) {
    abort_argument(
      "newdata", "an mr_data object or a matrix of instruments", "missing", "The encoder keeps no rows of anybody."
    )
  }
  check_idle("environment", inherits(newdata, "mr_data"), "a matrix as `newdata`")
  out <- encoded(object, newdata, type, environment)[[1]]
  dimnames(out) <- block_names(newdata, type, ncol(out))
  out
}

# The blocks of these types, of people read once.
encoded <- function(object, newdata, types, environment = NULL) {
  new <- new_instruments(object, newdata, environment)
  code <- has_code(object)
  z <- impute_genotypes(new$z, new$environment, object, if (!code) as.vector(object$center))
  if (code) return(code_blocks(object, z)[types])
  if (!is.null(object$structure_slopes)) {
    columns <- length(object$structure_mean)
    given <- if (is.null(new$structure)) 0L else ncol(new$structure)
    if (given != columns) {
      abort_argument(
        "newdata",
        sprintf("an mr_data object with the %d structure columns, which this encoder takes out first", columns),
        sprintf("one with %d", given)
      )
    }
    z <- z - core_product(sweep(new$structure, 2, object$structure_mean), object$structure_slopes)
  }
  lapply(types, function(type) {
    core_product(z, switch(type, invariant = object$invariant, variant = object$variant, code = object$map))
  })
}

check_same_instruments <- function(columns, names, object, arg) {
  known <- names(object$center)
  if (columns == length(known) && (is.null(names) || identical(as.character(names), known))) return(invisible())
  abort_argument(
    arg, sprintf("with the %d instruments of the encoder, in their order", length(known)),
    sprintf("%d columns%s", columns, if (columns == length(known)) " in another order or with other names" else "")
  )
}

# Instruments, environments and structure columns of people that the encoder has not seen.
new_instruments <- function(object, newdata, environment) {
  structure_columns <- NULL
  if (inherits(newdata, "mr_data")) {
    check_mr_data(with_traits(newdata), "newdata")
    z <- mr_genotypes(newdata)
    environment <- newdata$environment
    names <- newdata$variants$snp
    structure_columns <- newdata$structure
  } else if (is.matrix(newdata) && is.numeric(newdata)) {
    z <- newdata
    storage.mode(z) <- "double"
    names <- colnames(newdata)
  } else {
    abort_argument("newdata", "an mr_data object or a numeric matrix", describe(newdata))
  }
  check_same_instruments(ncol(z), names, object, "newdata")
  if (any(is.infinite(z))) {
    abort_argument("newdata", "finite instruments (missing calls allowed)", "with infinite entries")
  }
  if (is.null(environment)) environment <- rep(NA, nrow(z))
  if (length(environment) != nrow(z)) {
    abort_argument("environment", sprintf("the environment of each of the %d people", nrow(z)), describe(environment))
  }
  list(z = z, environment = environment, structure = structure_columns)
}

block_names <- function(newdata, type, columns) {
  list(
    if (inherits(newdata, "mr_data")) newdata$ids else rownames(newdata),
    sprintf("%s%d", switch(type, invariant = "w", variant = "v", code = "l"), seq_len(columns))
  )
}

# Missing calls as the moments take them: the variant's mean in the person's
# environment. An environment that the encoder has not seen takes the pooled mean.
impute_genotypes <- function(z, environment, encoder, center = NULL) {
  known <- unique(as.character(environment))
  impute_from(z, match(as.character(environment), known), encoder_fill(encoder, known), center)
}

# variants x environments: what stands for a missing call there.
encoder_fill <- function(encoder, environments) {
  values <- cbind(encoder$imputation, unseen = encoder$center)
  values[, match(environments, colnames(encoder$imputation), nomatch = ncol(values)), drop = FALSE]
}

# All of the panel that is not partialled out, in the encoder's order.
instrument_directions <- function(encoder) {
  if (encoder$method %in% c("code", "sparse")) return(encoder$invariant)
  k <- ncol(encoder$variant)
  if (isTRUE(encoder$unlinked)) return(with_rest(encoder$invariant, encoder, encoder$variant))
  total <- ncol(encoder$directions)
  # Continuous: small eigenvalues first, so the variant block is at the end.
  # All that is not variant is usually the invariant block: no copy then.
  if (encoder$method != "stationary" && ncol(encoder$invariant) == total - k) return(encoder$invariant)
  keep <- if (encoder$method == "stationary") seq_len(total - k) else k + seq_len(total - k)
  encoder$directions[, keep, drop = FALSE]
}

# Where "all", the "variant", "invariant" or "latent" directions begin among those of the
# encoder (0-based); NULL where they are none of its columns or few.
direction_start <- function(encoder, which) {
  if (encoder$method != "structure") return(NULL)
  switch(which, all = , variant = 0L, latent = , invariant = ncol(encoder$variant))
}

# The blocks of people with these instruments (complete rows).
code_blocks <- function(object, z) {
  selected <- if (object$method == "sparse") object$mixing else object$selected
  code <- sweep(encode_rows(selected, object$parameters, z), 2, object$code_center)
  list(
    invariant = core_product(code, object$invariant), variant = core_product(code, object$variant),
    code = if (object$method == "sparse") core_product(code, object$map)
  )
}

spectrum_data <- function(x) {
  data.frame(
    direction = seq_along(x$values), value = x$values,
    null = rep_len(x$threshold, length(x$values)),
    part = if (x$mode == "background") {
      ifelse(seq_along(x$values) <= x$components, "variant", "invariant")
    } else if (x$method == "sparse") {
      ifelse(x$values <= x$threshold, "invariant", "variant")
    } else if (x$method %in% c("stationary", "code")) {
      ifelse(seq_along(x$values) <= x$n_latent[["invariant"]], "invariant", "variant")
    } else {
      ifelse(seq_along(x$values) <= x$n_latent[["variant"]], "variant", "invariant")
    }
  )
}

# Does the law of continuous instruments move at all? The encoder's largest
# eigenvalue against its null for all of them.
stationary_change_test <- function(encoder) {
  # A flow was fitted to what moves: the instruments themselves are asked.
  if (!is.null(encoder$details$before)) encoder <- encoder$details$before
  top <- max(encoder$values)
  c(statistic = top, pval = (1 + sum(encoder$null >= top)) / (length(encoder$null) + 1))
}

# The encoder's directions, in order, with all that stand behind them. `without`: those that are no instruments.
with_rest <- function(directions, encoder, without = NULL) {
  structure(directions, rest = TRUE, without = without, within = encoder$within)
}

panel_directions <- function(encoder) {
  if (isTRUE(encoder$unlinked)) with_rest(encoder$directions, encoder) else encoder$directions
}

# Of how many directions: those that carry no structure are not written down (unlinked_spectrum()).
direction_count <- function(encoder) if (isTRUE(encoder$unlinked)) length(encoder$values) else ncol(encoder$directions)

instrument_count <- function(encoder) {
  if (isTRUE(encoder$unlinked)) return(direction_count(encoder) - ncol(encoder$variant))
  ncol(instrument_directions(encoder))
}
