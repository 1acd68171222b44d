# Largest difference between a gradient and central differences, relative to the
# size of the gradient.
gradient_error <- function(f, x, gradient, h = 1e-5) {
  numeric <- x
  for (i in seq_along(x)) {
    up <- down <- x
    up[i] <- x[i] + h
    down[i] <- x[i] - h
    numeric[i] <- (f(up) - f(down)) / (2 * h)
  }
  max(abs(numeric - gradient)) / max(abs(gradient))
}
