# encoder = "mechanism_sparsity" behind a nonlinear mixing: the code of a closure or of a flow without an invariant
# block, which is linear in the latents, then sparse rows on its columns as on instruments.

fit_sparse_code <- function(moments, view, control, seed, data, reference) {
  mixing <- control$sparse_mixing
  if (!inherits(data, "mr_data")) {
    abort_argument(
      "data", sprintf("an mr_data object with sparse_mixing = \"%s\"", mixing), "made by mr_moments()",
      "Moments hold no rows, which the code is learned from: encoder_control(sparse_mixing = \"linear\") takes them."
    )
  }
  input <- row_input(data, encoder_frame(moments, view, NULL, control, seed))
  learned <- if (mixing == "closure") {
    fit_closure(input, NULL, control, seed)
  } else {
    fit_flow(input, NULL, control, seed, empty = TRUE)
  }
  code <- encode_rows(mixing, learned$parameters, input$z)
  of <- code_source(data, code)
  # A closure is exact, a flow comes near the mixing.
  tolerance <- if (mixing == "flow") control$flow$tolerance / 5 else 0
  fit <- sparse_learned(of$moments, of$view, control, seed, of$data, reference, tolerance)
  fit$dropped <- 0L
  if (mixing == "flow") {
    fit$details$stability <- sparse_code_stability(learned$starts, code, fit$map, input, control, seed)
  }
  fit$details <- c(fit$details, learned$details[setdiff(names(learned$details), "stability")])
  fit[c("mixing", "parameters", "code_center", "history", "restart")] <- list(
    mixing, learned$parameters, unname(colMeans(code)), learned$history, learned$restart
  )
  new_sparse(fit, moments, view, control, seed)
}

has_code <- function(encoder) encoder$method == "code" || sparse_coded(encoder)

sparse_coded <- function(encoder) encoder$method == "sparse" && !is.null(encoder$mixing)

# The code's columns behind the instruments, and the encoder as maps on them: list(data, moments, view, encoder).
sparse_code_columns <- function(data, learned, moments) {
  z <- impute_genotypes(mr_genotypes(data), data$environment, learned)
  code <- sweep(encode_rows(learned$mixing, learned$parameters, z), 2, learned$code_center)
  wide <- estimation_blocks_data(data, learned, moments, z, list(invariant = code, variant = code[, 0, drop = FALSE]))
  wide$encoder <- learned
  wide$encoder$map <- rbind(matrix(0, ncol(z), ncol(learned$map)), learned$map)
  wide
}

# ---- stability between starts ----

# Latents of two fits, matched by their correlations (the largest first): the mean of those, MCC.
matched_correlation <- function(r) {
  r <- abs(r)
  taken <- numeric(min(dim(r)))
  for (i in seq_along(taken)) {
    at <- arrayInd(which.max(r), dim(r))
    taken[i] <- r[at]
    r <- r[-at[1], -at[2], drop = FALSE]
  }
  mean(taken)
}

# What details$stability holds: the median over pairs of fits of `agree` of two of them, how many fits and of what.
stability_of <- function(fits, agree, of) {
  pairs <- utils::combn(length(fits), 2, simplify = FALSE)
  values <- vapply(pairs, function(p) agree(fits[[p[1]]], fits[[p[2]]]), 0)
  list(median = stats::median(values), least = min(values), fits = length(fits), of = of)
}

# Searches with other seeds: rows of length one, in coordinates whose covariance within environments is the unit matrix.
sparse_stability <- function(laws, rows, starts, seed) {
  if (ncol(rows) < 2) return(NULL)
  seeds <- with_seed(seed, sample.int(.Machine$integer.max, 2))
  fits <- c(list(rows), lapply(seeds, function(s) sparse_rows(laws, starts, s)$rows))
  stability_of(fits, function(a, b) matched_correlation(crossprod(a, b)), "latents")
}

# Latents from the code of every start (people's rows), the first of which has given `map`.
sparse_code_stability <- function(starts, code, map, input, control, seed) {
  if (length(starts) < 2) return(NULL)
  e <- input$environment
  some <- stability_rows(e)
  latents <- function(code, map) within_environments(core_product(code[some, , drop = FALSE], map), e[some])
  others <- lapply(starts[-1], function(parameters) {
    code <- encode_rows("flow", parameters, input$z)
    of <- code_source(input$data, code)
    laws <- sparse_laws(of$view, fit_directions(of))
    latents(code, laws$map %*% sparse_rows(laws, control$sparse_starts, seed)$rows)
  })
  stability_of(c(list(latents(code, map)), others), function(a, b) matched_correlation(stats::cor(a, b)), "latents")
}

# Flows of other starts are one code up to a linear map of each block: mean canonical correlation of their invariant
# blocks of m columns (of the codes where there is none).
flow_stability <- function(starts, m, input) {
  if (length(starts) < 2) return(NULL)
  some <- stability_rows(input$environment)
  blocks <- lapply(starts, function(parameters) {
    code <- encode_rows("flow", parameters, input$z)
    if (m > 0 && m < ncol(code)) code <- core_product(code, fit_directions(code_source(input$data, code))[, seq_len(m)])
    code[some, , drop = FALSE]
  })
  stability_of(blocks, block_agreement, if (m > 0) "invariant block" else "code")
}

# Stationary directions of a code, those that stay first.
fit_directions <- function(of) .Call(C_ffi_stationary, of$view, nrow(of$moments$variants))$directions

# Mean canonical correlation of two blocks.
block_agreement <- function(a, b) {
  basis <- function(x) qr.Q(qr(sweep(x, 2, colMeans(x))))
  mean(svd(crossprod(basis(a), basis(b)), 0, 0)$d)
}

# At most 5,000 people tell how alike two codes are.
stability_rows <- function(environment, most = 5000) {
  unique(floor(seq(1, length(environment), length.out = min(most, length(environment)))))
}

within_environments <- function(x, environment) {
  for (e in unique(environment)) {
    who <- environment == e
    x[who, ] <- sweep(x[who, , drop = FALSE], 2, colMeans(x[who, , drop = FALSE]))
  }
  x
}

# The line of print(); `drawn`: FALSE where nothing in the encoder is.
stability_line <- function(x, drawn = TRUE) {
  s <- x$details$stability
  if (is.null(s)) {
    return(if (drawn) "stability between starts: unknown, there was one" else "stability: exact, no start is drawn")
  }
  sprintf(
    "stability between %d starts: %s of the %s %.3f (median of the pairs; least %.3f)", as.integer(s$fits),
    if (s$of == "latents") "MCC" else "canonical correlation", s$of, s$median, s$least
  )
}
