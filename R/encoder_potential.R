# Smooth invertible mixing of continuous instruments (src/core/encoder/flow.h).

# The most directions that a flow is fitted to.
flow_max <- 16L

# empty: no invariant block, whatever `n_latent` says.
fit_flow <- function(input, n_latent, control, seed, empty = FALSE) {
  closed <- try_closure(input, control)
  base <- flow_base(input, closed, n_latent, control, seed)
  if (empty) n_latent <- c(0L, ncol(base$x))
  problem <- flow_problem(base, input)
  if (!is.null(problem)) abort(paste0("No flow can be fitted: ", problem, "."), "latentmr_error_encoder")
  fitted <- flow_search(input, base, n_latent, control, seed)
  fitted$details$closure <- closed[c("trials", "d", "rank", "rows")]
  fitted
}

encode_flow <- function(parameters, z) {
  x <- core_product(sweep(z, 2, parameters$center), parameters$map)
  .Call(C_ffi_flow_forward, parameters$theta, parameters$hinges, x, cpu_level())$code
}

# What the flow starts from: the latents of a closure, or the whitened instruments,
# invariant directions first.
flow_base <- function(input, closed, n_latent, control, seed) {
  center <- colMeans(input$z)
  map <- if (closed$d) closed$map else diag(1, ncol(input$z))
  z <- core_product(sweep(input$z, 2, center), map)
  spectrum <- code_spectrum(input$data, z, NULL, control, seed)
  check_latent_total(n_latent, ncol(spectrum$directions), ncol(input$z))
  list(
    x = core_product(z, spectrum$directions), center = unname(center), map = unname(map %*% spectrum$directions),
    values = spectrum$values, threshold = spectrum$threshold, null = spectrum$null,
    invariant = spectrum$n_latent[["invariant"]]
  )
}

flow_problem <- function(base, input) {
  d <- ncol(base$x)
  sizes <- table(input$data$environment)
  if (length(sizes) < 2) return("there is one environment and two are needed")
  if (d < 2) return(sprintf("the instruments have %d direction and two are needed", d))
  if (d > flow_max) return(sprintf("the instruments have %d directions and %d is the most", d, flow_max))
  # Three quarters are fitted to, and a covariance needs more people than dimensions.
  least <- ceiling((4 * d + 4) * 4 / 3)
  if (min(sizes) < least) {
    return(
      sprintf(
        "environment %s has %d people and %.0f are needed for %d directions", names(which.min(sizes)), min(sizes),
        least, d
      )
    )
  }
  NULL
}

flow_start <- function(input, base, w, start, control, seed, least = 0) {
  environments <- nlevels(input$data$environment)
  # Time grows with the people: of many environments fewer each.
  rows <- min(control$flow$rows, max(500, 6 * control$flow$rows %/% environments))
  options <- list(
    rounds = control$flow$rounds, hinges = 4, candidates = 600, train = rows, held = rows, fisher = 2500, steps = 25,
    last = 60, least = least
  )
  fit <- .Call(
    C_ffi_flow, base$x, input$environment, environments, as.integer(w), options, seed,
    as.integer(start), cpu_level()
  )
  c(fit, list(row = data.frame(
    invariant = w, start = start, hinges = fit$hinges, linear = fit$loss[1], held_out = fit$loss[2],
    training = fit$loss[3]
  )))
}

# One start for every dimension of the invariant block, the largest whose held-out loss
# is within .01 of the best, then more starts for that.
flow_search <- function(input, base, n_latent, control, seed, first = NULL) {
  d <- ncol(base$x)
  dimensions <- if (is.null(n_latent)) seq_len(d - 1) else min(n_latent[1], d - 1)
  # Every fit has its own stream of (seed, start): the same numbers under any plan of workers.
  run <- function(w, start) {
    one <- function(i) flow_start(input, base, w[i], start[i], control, seed)
    over_workers(seq_along(w), one)
  }
  fits <- run(dimensions, rep(0, length(dimensions)))
  held <- function(fits) vapply(fits, function(f) f$loss[2], 0)
  w <- max(dimensions[held(fits) <= min(held(fits)) + .01])
  more <- function(starts) run(rep(w, length(starts)), starts)
  fits <- c(fits, more(seq_len(control$flow$starts - 1)))
  choose <- function(fits) {
    same <- vapply(fits, function(f) f$row$invariant == w, NA)
    best <- which(same)[which.min(held(fits)[same])]
    code <- .Call(C_ffi_flow_forward, fits[[best]]$theta, fits[[best]]$hinges, base$x, cpu_level())$code
    spectrum <- code_spectrum(input$data, code, n_latent, control, seed, tolerance = control$flow$tolerance)
    list(best = best, spectrum = spectrum, check = check_code(code, spectrum, input))
  }
  chosen <- choose(fits)
  if (isTRUE(sum(chosen$check) > control$check)) {
    fits <- c(fits, more(control$flow$starts - 1 + seq_len(control$flow$starts)))
    chosen <- choose(fits)
  }
  table <- do.call(rbind, lapply(fits, `[[`, "row"))
  table$taken <- seq_along(fits) == chosen$best
  best <- fits[[chosen$best]]
  # The code of every start in the dimension taken, the best one first.
  starts <- c(chosen$best, setdiff(which(table$invariant == w), chosen$best))
  parameters <- lapply(fits[starts], function(f) {
    list(center = base$center, map = base$map, theta = f$theta, hinges = f$hinges)
  })
  list(
    parameters = parameters[[1]], spectrum = chosen$spectrum, history = flow_history(fits), restart = chosen$best,
    starts = parameters,
    details = list(
      fits = table,
      before = base[c("values", "threshold", "null")],
      losses = c(linear = best$loss[1], flow = best$loss[2]),
      stability = flow_stability(parameters, chosen$spectrum$n_latent[["invariant"]], input)
    )
  )
}

# Losses after every round of every fit.
flow_history <- function(fits) {
  do.call(rbind, lapply(seq_along(fits), function(i) {
    rounds <- fits[[i]]$rounds
    data.frame(
      restart = i, invariant = fits[[i]]$row$invariant, step = cumsum(rounds[, 3]), training = rounds[, 1],
      held_out = rounds[, 2]
    )
  }))
}

# Excess dependence of a code's two blocks and of the invariant one on the
# environment (src/core/encoder/code_check.h). NULL without one of the blocks.
check_code <- function(code, split, input) {
  if (!ncol(split$invariant) || !ncol(split$variant)) return(NULL)
  x <- sweep(code, 2, colMeans(code))
  out <- .Call(
    C_ffi_code_check, x %*% split$invariant, x %*% split$variant, input$environment, nlevels(input$data$environment),
    cpu_level()
  )
  c(within = out[1], between = out[2])
}
