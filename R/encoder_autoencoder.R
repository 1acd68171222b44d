# The cross-environment autoencoder (src/core/autoencoder/autoencoder.h), an entry of
# row_encoders().
#
# Its inputs are the whitened instruments and, with a warm start, the standardised
# code of the closed-form encoder it starts from: the linear map of the encoder then
# starts as that code and the net beside it at (nearly) zero.

autoencoder_entry <- function() {
  list(fit = fit_autoencoder, encode = encode_autoencoder, lines = autoencoder_lines, genotypes = TRUE)
}

fit_autoencoder <- function(input, n_latent, control, seed) {
  warm <- autoencoder_warm(input, n_latent, control, seed)
  control <- control$autoencoder
  size <- autoencoder_size(warm, n_latent, input$kind)
  frame <- autoencoder_frame(input, if (control$warm_start) warm, size)
  degree <- decoder_degree(control, warm)
  binomial <- input$kind != "continuous"
  related <- control$relatedness > 0
  target <- autoencoder_target(input, binomial)
  shape <- c(
    inputs = ncol(frame$x), outputs = ncol(target$values), size, units = control$units, degree = degree,
    binomial = binomial, related = related
  )
  storage.mode(shape) <- "integer"
  rows <- list(
    x = frame$x, target = target$values, offset = target$offset,
    exposure = if (related) standardise(as.double(input$data$related)), label = input$environment,
    environments = max(input$environment)
  )
  runs <- autoencoder_runs(shape, rows, frame$skip, control, seed)
  best <- choose_restart(runs, control)
  fit <- runs[[best]]
  u <- .Call(C_ffi_ae_encode, shape, fit$theta, frame$x, cpu_level())
  spread <- apply(u, 2, stats::sd)
  m <- size[["invariant"]]
  k <- size[["variant"]]
  pick <- diag(1, m + k)
  look <- autoencoder_look(fit)
  list(
    parameters = list(
      shape = shape, theta = fit$theta, warm = frame$warm, center = frame$center, whiten = frame$whiten,
      code_center = colMeans(u), code_scale = spread
    ),
    split = list(invariant = pick[, seq_len(m), drop = FALSE], variant = pick[, m + seq_len(k), drop = FALSE]),
    history = do.call(rbind, lapply(seq_along(runs), function(r) cbind(restart = r, autoencoder_history(runs[[r]])))),
    restart = best, warnings = autoencoder_warnings(look),
    details = list(
      held_out = look, restarts = length(runs), kept = best, warm_start = frame$selected, decoder = degree,
      likelihood = if (binomial) "binomial" else "gaussian", relatedness = control$relatedness,
      stability = autoencoder_stability(runs, shape, frame$x, m, input$environment)
    )
  )
}

# The closed-form encoder to start from, as an object that predicts: the best one
# where there is a choice. It also chooses the dimensions.
autoencoder_warm <- function(input, n_latent, control, seed) {
  known <- names(row_encoders())
  encoder <- if (input$kind == "continuous" && "auto" %in% known) "auto" else "linear"
  moments <- mr_moments(input$data, folds = 1, seed = 1L, disclosure = FALSE)
  view <- moments_view(moments)
  fit <- function(encoder) suppressWarnings(learn(input$data, moments, view, encoder, n_latent, control, seed))
  # Dimensions that the best one does not have (`n_latent` is given) leave the linear one.
  tryCatch(fit(encoder), latentmr_error_argument = function(e) if (encoder == "linear") stop(e) else fit("linear"))
}

# Instruments that carry structure leave many directions; the code keeps this many.
AUTOENCODER_MAX_INVARIANT <- 20L

autoencoder_size <- function(warm, n_latent, kind) {
  if (!is.null(n_latent)) return(c(invariant = as.integer(n_latent[1]), variant = as.integer(n_latent[2])))
  m <- max(ncol(warm$invariant), 1L)
  k <- ncol(warm$variant)
  if (kind != "continuous") m <- min(m, AUTOENCODER_MAX_INVARIANT)
  c(invariant = m, variant = k)
}

autoencoder_frame <- function(input, warm, size) {
  moments <- mr_moments(input$data, folds = 1, seed = 1L, disclosure = FALSE)
  view <- moments_view(moments)
  g <- view$columns$variants
  center <- as.vector(view$mean[g, , drop = FALSE] %*% (view$n / sum(view$n)))
  whiten <- .Call(C_ffi_stationary, view, length(g))$directions
  if (!ncol(whiten)) abort("No instrument varies: there is nothing to encode.", "latentmr_error_unidentified")
  frame <- list(center = center, whiten = whiten)
  if (!is.null(warm)) {
    # The directions of genotypes come with the most structured first: the last ones
    # of the invariant block are the ones furthest from it.
    invariant <- warm$invariant
    if (warm$method != "code" && ncol(invariant) > size[["invariant"]]) {
      pick <- if (warm$method == "stationary") {
        seq_len(size[["invariant"]])
      } else {
        ncol(invariant) + 1L - rev(seq_len(size[["invariant"]]))
      }
      invariant <- invariant[, pick, drop = FALSE]
    }
    frame$selected <- if (warm$method == "code") warm$selected else "linear"
    frame$warm <- list(
      selected = frame$selected, parameters = warm$parameters,
      center = if (warm$method == "code") warm$code_center else unname(warm$center),
      map = cbind(invariant, warm$variant)[, seq_len(sum(size)), drop = FALSE]
    )
    code <- warm_code(frame$warm, input$z)
    frame$warm$code_center <- colMeans(code)
    frame$warm$code_scale <- apply(code, 2, stats::sd)
    r <- ncol(whiten)
    frame$skip <- rbind(matrix(0, r, sum(size)), diag(1, sum(size)))
  }
  frame$x <- autoencoder_inputs(frame, input$z)
  frame
}

warm_code <- function(warm, z) {
  code <- if (warm$selected == "linear") z else encode_rows(warm$selected, warm$parameters, z)
  core_product(sweep(code, 2, warm$center), warm$map)
}

autoencoder_inputs <- function(frame, z) {
  x <- core_product(sweep(z, 2, frame$center), frame$whiten)
  if (!is.null(frame$warm)) {
    code <- warm_code(frame$warm, z)
    x <- cbind(x, sweep(sweep(code, 2, frame$warm$code_center), 2, frame$warm$code_scale, "/"))
  }
  unname(x)
}

# What the decoder is to give back: NaN where a call was missing.
autoencoder_target <- function(input, binomial) {
  z <- unname(input$z)
  if (binomial) {
    offset <- stats::qlogis(pmin(pmax(colMeans(z) / 2, 1e-3), 1 - 1e-3))
  } else {
    z <- if (length(input$missing)) standardise(z) else half_whitened(z)
    offset <- rep(0, ncol(z))
  }
  z[input$missing] <- NaN
  list(values = z, offset = offset)
}

# Principal components, each divided by the square root of its standard deviation, so
# that small ones count more than in the instruments themselves and less than if
# whitened; the mean of their variances is 1.
half_whitened <- function(z) {
  z <- sweep(z, 2, colMeans(z))
  e <- eigen(crossprod(z) / nrow(z), symmetric = TRUE)
  keep <- e$values > 1e-8 * e$values[1]
  out <- core_product(z, sweep(e$vectors[, keep, drop = FALSE], 2, e$values[keep]^.25, "/"))
  out / sqrt(mean(out^2))
}

# Degree of the polynomial decoder, 0 for the net.
decoder_degree <- function(control, warm) {
  if (control$decoder == "mlp") return(0L)
  if (control$decoder == "polynomial") return(control$decoder_degree)
  if (!identical(warm$selected, "closure")) return(0L)
  found <- warm$details$closure
  min(as.integer(found$trials$degree[found$trials$latents == found$d]), 3L)
}

autoencoder_options <- function(control) {
  kernel <- c(rbf = 0, poly2 = 2, poly3 = 3)[[control$kernel]]
  warm <- control$warm_start
  lapply(list(
    epochs = control$epochs, batch = control$batch, patience = control$patience, every = AUTOENCODER$every,
    held_out = control$held_out, rate = control$rate, decay = control$weight_decay, clip = control$clip,
    settle = control$settle,
    ramp = control$ramp, related = control$relatedness, slack = AUTOENCODER$slack,
    slack_absolute = AUTOENCODER$slack_absolute,
    start_scale = if (warm) AUTOENCODER$start_warm else 1, kernel = kernel, mmd = control$mmd, hsic = control$hsic,
    entropy = control$entropy, settle_rate = AUTOENCODER$settle_rate, turns = if (warm) 0 else AUTOENCODER$turns
  ), as.double)
}

# Constants of training that are no settings: epochs between looks at the held-out
# rows; reconstruction may be this much above the best one seen (relative, and in
# units of the variance of an instrument) for parameters to be taken; size of the
# net's last layer beside a warm start.
AUTOENCODER <- list(every = 5, slack = .05, slack_absolute = .02, start_warm = .01, settle_rate = .01, turns = 6)

autoencoder_runs <- function(shape, rows, skip, control, seed) {
  restarts <- control$restarts
  if (is.null(restarts)) restarts <- if (control$warm_start) 1L else 3L
  options <- autoencoder_options(control)
  single <- as.integer(control$precision == "single")
  one <- function(r, step) {
    done <- 0
    progress <- function(share) {
      now <- floor(100 * share)
      if (now > done) step(now - done)
      done <<- now
    }
    .Call(C_ffi_ae_fit, shape, rows, options, skip, seed, as.integer(r), single, progress, cpu_level())
  }
  # The core has its own streams.
  runs <- spread_work("Training of the autoencoder", 100 * restarts, function(step) {
    if (restarts == 1) return(list(one(1L, step)))
    over_workers(seq_len(restarts), one, step = step)
  })
  keep_finished(runs, shape, control)
}

# Restarts that diverged are left out; when all did, the last good state goes with
# the error.
keep_finished <- function(runs, shape, control) {
  failed <- vapply(runs, function(x) !is.null(x$problem), NA)
  if (all(failed)) {
    abort(
      sprintf("Training stopped: %s.", runs[[1]]$problem), "latentmr_error_nonfinite",
      hint = sprintf(
        "Lower `rate` (now %s) or `clip` in encoder_control(); the last good state is in the condition's `state`.",
        format(control$rate)
      ),
      state = list(parameters = runs[[1]]$theta, shape = shape, history = autoencoder_history(runs[[1]]))
    )
  }
  for (text in unique(vapply(runs[failed], `[[`, "", "problem"))) {
    warn(sprintf("A restart of the autoencoder was left out: %s.", text), "latentmr_warning_fit")
  }
  runs[!failed]
}

# The smallest criterion among the restarts whose reconstruction is near the best.
choose_restart <- function(runs, control) {
  held <- vapply(runs, function(x) c(x$held[1], x$held[2] + x$held[3]), c(0, 0))
  near <- held[1, ] <= min(held[1, ]) * (1 + AUTOENCODER$slack) + AUTOENCODER$slack_absolute
  which(near)[which.min(held[2, near])]
}

# Of restarts that finished: how alike their invariant blocks of m columns are.
autoencoder_stability <- function(runs, shape, x, m, environment) {
  if (length(runs) < 2) return(NULL)
  some <- x[stability_rows(environment), , drop = FALSE]
  blocks <- lapply(runs, function(f) {
    .Call(C_ffi_ae_encode, shape, f$theta, some, cpu_level())[, seq_len(m), drop = FALSE]
  })
  stability_of(blocks, block_agreement, "invariant block")
}

autoencoder_look <- function(fit) {
  setNames(as.list(fit$held), c("reconstruction", "nhsic", "nmmd", "noise", "epoch"))
}

autoencoder_history <- function(fit) {
  lines <- fit$history[seq_len(fit$lines), , drop = FALSE]
  lines[is.nan(lines)] <- NA
  out <- as.data.frame(lines)
  names(out) <- c(
    "epoch", "loss", "reconstruction", "mmd", "hsic_within", "hsic_pooled", "logdet", "held_out_reconstruction",
    "held_out_nhsic", "held_out_nmmd", "held_out_noise"
  )
  out
}

autoencoder_warnings <- function(look) {
  if (!isTRUE(look$nhsic + look$nmmd > 3 * look$noise)) return(NULL)
  sprintf(
    paste(
      "On held-out people the blocks of the code are not independent, or What is not the same everywhere: normalised HSIC within",
      "environments %s, normalised MMD %s, where %s is the noise. More restarts or epochs may help."
    ),
    format(look$nhsic, digits = 2), format(look$nmmd, digits = 2), format(look$noise, digits = 2)
  )
}

encode_autoencoder <- function(parameters, z) {
  u <- .Call(C_ffi_ae_encode, parameters$shape, parameters$theta, autoencoder_inputs(parameters, z), cpu_level())
  sweep(sweep(u, 2, parameters$code_center), 2, parameters$code_scale, "/")
}

autoencoder_lines <- function(x) {
  d <- x$details
  look <- d$held_out
  decoder <- if (d$decoder) sprintf("polynomial decoder of degree %d", d$decoder) else "net decoder"
  c(
    sprintf(
      "%s, %s likelihood%s", decoder, d$likelihood,
      if (d$relatedness > 0) sprintf(", relatedness term %s", format(d$relatedness)) else ""
    ),
    if (is.null(d$warm_start)) "started at random" else sprintf("started from the %s encoder", d$warm_start),
    sprintf(
      "epoch %d%s: held-out reconstruction %s, nHSIC within %s, nMMD across %s (noise %s)", look$epoch,
      if (d$restarts > 1) {
        sprintf(" of restart %d of %d", d$kept, d$restarts)
      } else if (look$epoch == 0) {
        " (its start)"
      } else {
        ""
      },
      format(look$reconstruction, digits = 3), format(look$nhsic, digits = 2), format(look$nmmd, digits = 2),
      format(look$noise, digits = 2)
    ),
    stability_line(x)
  )
}

# The exposure enters training with this term.
check_relatedness <- function(encoder, control, crossfit) {
  if (encoder != "autoencoder" || control$autoencoder$relatedness == 0 || crossfit >= 2) return(invisible())
  abort_argument(
    "crossfit", "at least 2 with a relatedness term", describe(as.numeric(crossfit)),
    "The encoder then sees the exposure: people must be encoded by nets that have not seen them."
  )
}
