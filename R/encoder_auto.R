# encoder = "auto" for continuous instruments: polynomial closure where the products of
# latents close, else the flow where it predicts held-out people better than a linear
# code does, else the linear encoder.

fit_auto <- function(input, n_latent, control, seed) {
  closed <- try_closure(input, control)
  details <- list(closure = closed[c("trials", "d", "rank", "rows")])
  if (closed$d) return(list(selected = "closure", parameters = closed[c("center", "map")], details = details))
  base <- flow_base(input, closed, n_latent, control, seed)
  details$before <- base[c("values", "threshold", "null")]
  stay <- function(reason) {
    list(selected = "linear", details = details, notes = paste0("No flow was tried: ", reason, "."))
  }
  problem <- flow_problem(base, input)
  if (!is.null(problem)) return(stay(problem))
  if (stationary_change_test(base)[["pval"]] > .05) return(stay("nothing moves between the environments"))
  # Where the mixing is linear the first round of hinges gains nothing.
  w <- if (is.null(n_latent)) base$invariant else n_latent[1]
  probe <- flow_start(input, base, min(max(w, 1), ncol(base$x) - 1), 0, control, seed, least = control$flow$gain / 5)
  gain <- probe$loss[1] - probe$loss[2]
  if (gain <= control$flow$gain) {
    details$losses <- c(linear = probe$loss[1], flow = probe$loss[2])
    return(list(selected = "linear", details = details))
  }
  fitted <- flow_search(input, base, n_latent, control, seed)
  fitted$details$closure <- details$closure
  c(list(selected = "flow"), fitted)
}

# Lines of print() for the encoders of this and the neighbouring files.
code_lines <- function(x) {
  d <- x$details
  c(
    if (!is.null(d$closure)) paste0("closure: ", closure_words(d$closure)),
    if (!is.null(d$losses)) {
      sprintf(
        "held-out loss: linear %.3f, flow %.3f%s", d$losses[["linear"]], d$losses[["flow"]],
        if (is.null(d$fits)) "" else sprintf(" (best of %d fits, %d hinges)", nrow(d$fits), d$fits$hinges[d$fits$taken])
      )
    },
    if (!is.null(d$before) && has_code(x)) {
      paste("spectrum before:", paste(format(utils::head(d$before$values, 10), digits = 3), collapse = " "))
    },
    if (x$method == "code") stability_line(x, drawn = x$selected != "closure")
  )
}
