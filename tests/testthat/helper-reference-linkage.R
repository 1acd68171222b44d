# Correlations judged after structure, as core/encoder/linkage.h says it, slowly: all
# pairs on one chromosome, none near another.
reference_linkage <- function(within, n, limit) {
  r <- within / outer(sqrt(diag(within)), sqrt(diag(within)))
  p <- nrow(r)
  upper <- upper.tri(r)
  edge <- 1.02 * (1 + sqrt(p / n))^2
  linked <- r^2 > max(.25, limit) & !diag(p)
  fit <- matrix(0, p, p)
  out <- r
  count <- 0
  if (any(r[upper]^2 > limit)) for (round in 1:8) {
    e <- eigen(ifelse(linked, fit, r), symmetric = TRUE)
    fit <- matrix(0, p, p)
    count <- 0
    for (k in seq_len(min(p - 1, 20))) {
      if (e$values[k] <= edge) break
      product <- outer(e$vectors[, k], e$vectors[, k])
      use <- upper & !linked
      use <- use & abs(product) >= stats::median(abs(product[use])) & product != 0
      if (stats::median((r / product)[use]) <= e$values[k] / 2) next
      fit <- fit + (e$values[k] - (p - sum(e$values[1:k])) / (p - k)) * product
      count <- count + 1
    }
    own <- 1 / sqrt(pmax(1 - diag(fit), .05))
    out <- (r - fit) * outer(own, own)
    diag(out) <- 1
    now <- out^2 > limit & !diag(p)
    if (identical(now, linked)) break
    linked <- now
  }
  list(correlation = out, components = count)
}
