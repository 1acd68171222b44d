# One number per call out of R's own generator, so that set.seed() works; the
# core's streams start from it.
draw_seed <- function(seed) {
  check_number(seed, "seed", min = 0, max = .Machine$integer.max, whole = TRUE, null = TRUE)
  if (is.null(seed)) sample.int(.Machine$integer.max, 1L) else as.integer(seed)
}

# Runs `code` with R's default generators from `seed` and puts the session's own
# stream back.
with_seed <- function(seed, code) {
  force(seed) # may itself come from the session's stream
  old <- globalenv()[[".Random.seed"]]
  on.exit(if (is.null(old)) {
    rm(".Random.seed", envir = globalenv())
  } else {
    assign(".Random.seed", old, globalenv())
  })
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  code
}
