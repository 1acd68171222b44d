# Encoders that read rows and give a code that need not be linear in the
# instruments.
#
# A new encoder joins with one entry in row_encoders():
#   fit(input, n_latent, control, seed), where `input` is a list of
#       z            people x instruments, complete (missing calls at the mean of
#                    their environment) and `missing`, the positions that were
#                    missing (empty when none was)
#       environment  codes 1..E, one per person
#       kind         "continuous", "dosage" or "genotype"
#       data         the mr_data object, without exposure and outcome (R/encoder_blind.R)
#     returns a list of
#       parameters   all that encode() needs: numbers, plain vectors and matrices, so
#                    that an object saved with saveRDS() predicts the same later
#       split        list(invariant, variant): d x m and d x k maps from the centred
#                    code to the two blocks; NULL takes the stationary subspace of
#                    the code (R/encoder_stationary.R), by its null or `n_latent`
#       spectrum     the value of code_spectrum(), when fit() has computed it
#       history      data frame of training (`step` or `epoch`, `restart`, losses) for plot(), or NULL
#       restart      the one of these restarts that was taken
#       notes        character, shown by print()
#       warnings     character, raised as latentmr_warning_fit and shown by print()
#       details      named list kept as $details for print(), summary(), plot()
#       selected     the encoder whose parameters these are, when it chose among several
#   encode(parameters, z): the code, people x d
#   lines(object): lines for print(), may be absent
#   check: TRUE for the distribution-free check of the code with its alarm
#   genotypes: TRUE when it takes allele counts and dosages
# learn_instruments(), latent_mr(), predict(), print() and plot() then know it.
row_encoders <- function() {
  list(
    auto = list(fit = fit_auto, lines = code_lines),
    closure = list(fit = fit_closure, encode = encode_closure, lines = code_lines, check = TRUE),
    flow = list(fit = fit_flow, encode = encode_flow, lines = code_lines, check = TRUE),
    autoencoder = autoencoder_entry()
  )
}

encoder_names <- function() c("linear", moment_encoders, names(row_encoders()))

# From moments too: fit() as fit_linear() and fit_sparse().
moment_encoders <- "mechanism_sparsity"

# Linear stays linear on genotypes; what cannot be is refused before any work.
resolve_encoder <- function(encoder, data) {
  check_choice(encoder, "encoder", encoder_names())
  if (encoder == "linear") return(encoder)
  if (encoder %in% moment_encoders && data$kind == "continuous") return(encoder)
  if (inherits(data, "mr_moments") && !encoder %in% moment_encoders) {
    abort_argument(
      "data", sprintf("an mr_data object for encoder = \"%s\"", encoder), "made by mr_moments()",
      "Moments hold no rows, which every encoder but \"linear\" and \"mechanism_sparsity\" reads."
    )
  }
  if (data$kind == "continuous") return(encoder)
  if (encoder == "auto") return("linear")
  if (!isTRUE(row_encoders()[[encoder]]$genotypes)) {
    abort_argument(
      "encoder", "\"linear\" or \"auto\" for genotypes and dosages", sprintf("\"%s\"", encoder),
      if (encoder %in% moment_encoders) {
        "Every variant moves a little between sites: no direction of allele counts is left alone."
      } else {
        "It inverts a smooth mixing of continuous instruments, which allele counts are not."
      }
    )
  }
  encoder
}

learn <- function(data, moments, view, encoder, n_latent, control, seed) {
  encoder <- resolve_encoder(encoder, data)
  data <- blind_data(data, encoder == "autoencoder" && control$autoencoder$relatedness > 0)
  moments <- blind_moments(moments)
  view <- blind_view(view)
  if (encoder == "linear") return(fit_linear(moments, view, n_latent, control, seed, rows = data))
  if (encoder == "mechanism_sparsity") return(fit_sparse(moments, view, n_latent, control, seed, rows = data))
  fit_code(data, moments, view, encoder, n_latent, control, seed)
}

# What fit() of an encoder of rows is handed (see above).
row_input <- function(data, about) {
  z <- mr_genotypes(data)
  list(
    missing = which(is.na(z)), z = impute_genotypes(z, data$environment, about),
    environment = as.integer(data$environment), kind = data$kind, data = data
  )
}

fit_code <- function(data, moments, view, encoder, n_latent, control, seed) {
  check_n_latent(n_latent, nrow(moments$variants), least = if (encoder %in% empty_encoders) 0L else 1L)
  about <- encoder_frame(moments, view, n_latent, control, seed)
  input <- row_input(data, about)
  fitted <- row_encoders()[[encoder]]$fit(input, n_latent, control, seed)
  selected <- if (is.null(fitted$selected)) encoder else fitted$selected
  about$encoder <- encoder
  kept <- list(
    selected = selected, history = fitted$history, restart = fitted$restart, notes = fitted$notes,
    warnings = fitted$warnings, details = fitted$details
  )
  sparse <- function(fit) {
    fit$encoder <- encoder
    fit[c("selected", "notes", "warnings")] <- list("mechanism_sparsity", kept$notes, c(kept$warnings, fit$warnings))
    fit$details <- c(fit$details, kept$details[setdiff(names(kept$details), names(fit$details))])
    fit
  }
  if (selected == "linear") {
    linear <- fit_linear(moments, view, n_latent, control, seed, rows = data)
    if (encoder == "auto" && sparse_stands_in(linear, view, n_latent, control)) {
      return(sparse(fit_sparse(moments, view, NULL, replace(control, "sparse_mixing", "linear"), seed, rows = data)))
    }
    linear$encoder <- encoder
    linear[names(kept)] <- kept
    return(linear)
  }
  code <- encode_rows(selected, fitted$parameters, input$z)
  spectrum <- fitted$spectrum
  if (is.null(spectrum)) spectrum <- code_spectrum(data, code, if (is.null(fitted$split)) n_latent, control, seed)
  split <- if (is.null(fitted$split)) spectrum[c("invariant", "variant")] else fitted$split
  blocks <- list(invariant = split$invariant, directions = spectrum$directions)
  if (encoder == "auto" && sparse_stands_in(blocks, view, n_latent, control, "latents")) {
    return(sparse(fit_sparse(moments, view, NULL, replace(control, "sparse_mixing", selected), seed, rows = data)))
  }
  check <- if (isTRUE(row_encoders()[[selected]]$check)) check_code(code, split, input)
  kept$warnings <- c(kept$warnings, check_alarm(check, control))
  new_object("latent_instruments", c(
    spectrum[c("values", "threshold", "null", "directions")],
    lapply(split, unname),
    list(
      method = "code", mode = "code", parameters = fitted$parameters, code_center = colMeans(code), check = check,
      n_latent = c(invariant = ncol(split$invariant), variant = ncol(split$variant)), dropped = 0L
    ),
    kept, about
  ))
}

# Those whose code needs no invariant block: n_latent = c(0, d) gives the code alone.
empty_encoders <- c("closure", "flow")

encode_rows <- function(selected, parameters, z) {
  encoder <- row_encoders()[[selected]]
  if (is.null(encoder)) {
    abort_argument(
      "object$selected", paste("one of", quote_all(names(row_encoders()), 20)), quote_all(selected),
      class = "latentmr_error_object", hint = "It is a code of another version of the package, or was changed on the way."
    )
  }
  encoder$encode(parameters, z)
}

# The columns of a code as instruments: list(data, moments, view).
code_source <- function(data, code) {
  panel <- panel_data(data, genotype_matrix(unname(code)))
  panel$kind <- "continuous"
  moments <- mr_moments(panel, folds = 1, seed = 1L, disclosure = FALSE)
  list(data = panel, moments = moments, view = moments_view(moments))
}

# The stationary subspace of the columns of a code.
code_spectrum <- function(data, code, n_latent, control, seed, tolerance = 0) {
  of <- code_source(data, code)
  fit_stationary(of$moments, of$view, n_latent, control, seed, of$data, tolerance)
}

check_alarm <- function(check, control) {
  if (is.null(check) || !isTRUE(sum(check) > control$check)) return(NULL)
  sprintf(
    "The check of the code alarms: excess dependence %.3f (invariant on variant block within environments %.3f, on the environment %.3f), above %s. The mixing may not be invertible, or the fit is poor: try another `seed` or more starts.",
    sum(check), check[["within"]], check[["between"]], format(control$check)
  )
}

# What latent_mr() estimates from. For a code the two blocks stand as further
# columns behind the instruments: the latent estimators take the columns of What
# as instruments and partial out those of Vhat, the others see the instruments.
estimation_data <- function(data, learned, moments, view) {
  if (learned$method == "sparse") return(sparse_data(data, learned, moments, view))
  if (learned$method != "code") return(list(data = data, moments = moments, view = view, encoder = learned))
  z <- impute_genotypes(mr_genotypes(data), data$environment, learned)
  c(estimation_blocks_data(data, learned, moments, z, code_blocks(learned, z)), list(z = z))
}

# The same for blocks given from elsewhere (of the people not used in learning, say).
estimation_blocks_data <- function(data, learned, moments, z, blocks, folds = max(moments$blocks$fold)) {
  p <- ncol(z)
  m <- ncol(blocks$invariant)
  k <- ncol(blocks$variant)
  wide <- data
  wide$genotypes <- genotype_matrix(unname(cbind(z, blocks$invariant, blocks$variant)))
  wide$kind <- "continuous"
  wide["background"] <- list(NULL) # not removed: `$` would find background_fit
  wide["block"] <- list(NULL)
  wide["family"] <- list(NULL)
  wide$variants <- data$variants[c(seq_len(p), rep(1L, m + k)), , drop = FALSE]
  wide$variants$snp <- c(data$variants$snp, sprintf("What%d", seq_len(m)), sprintf("Vhat%d", seq_len(k)))
  wide_moments <- mr_moments(wide, folds = folds, seed = moments$seed, disclosure = FALSE)
  wide_view <- moments_view(wide_moments)
  wide_view$columns$instruments <- seq_len(p)
  pick <- rbind(matrix(0, p, m + k), diag(1, m + k))
  encoder <- learned
  encoder$directions <- pick
  encoder$invariant <- pick[, seq_len(m), drop = FALSE]
  encoder$variant <- pick[, m + seq_len(k), drop = FALSE]
  list(data = wide, moments = wide_moments, view = wide_view, encoder = encoder)
}
