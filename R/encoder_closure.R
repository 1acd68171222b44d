# Polynomial mixing of continuous instruments (src/core/encoder/closure.h).

fit_closure <- function(input, n_latent, control, seed) {
  tried <- try_closure(input, control)
  if (!tried$d) {
    abort(
      paste0("The instruments are not closed under products: ", closure_words(tried), "."), "latentmr_error_encoder",
      hint = "The mixing is no polynomial with room for it: encoder = \"auto\" or \"flow\" takes others."
    )
  }
  list(parameters = tried[c("center", "map")], details = list(closure = tried[c("trials", "d", "rank", "rows")]))
}

encode_closure <- function(parameters, z) core_product(sweep(z, 2, parameters$center), parameters$map)

# A value put in for a missing one is no polynomial of the latents: people with all instruments serve when
# they are at least half.
try_closure <- function(input, control) {
  z <- unname(input$z)
  whole <- setdiff(seq_len(nrow(z)), (input$missing - 1L) %% nrow(z) + 1L)
  if (length(whole) < nrow(z) && 2 * length(whole) >= nrow(z)) z <- z[whole, , drop = FALSE]
  fit <- .Call(C_ffi_closure, z, 0L, control$closure, cpu_level())
  colnames(fit$trials) <- c("latents", "degree", "columns", "c", "explained", "steps")
  fit$trials <- as.data.frame(fit$trials)
  fit$d <- ncol(fit$map)
  fit
}

closure_words <- function(x) {
  t <- x$trials
  if (!nrow(t)) {
    return(sprintf("%d directions leave no room for the products of two latents or more (5 are needed)", x$rank))
  }
  limits <- sprintf("c(%d) = %s", as.integer(t$latents), vapply(pmax(t$c, 0), function(v) format(v, digits = 2), ""))
  paste0(
    paste(limits, collapse = ", "),
    if (x$d) sprintf("; %d latents mixed by polynomials of degree %d", x$d, as.integer(t$degree[t$latents == x$d]))
  )
}
