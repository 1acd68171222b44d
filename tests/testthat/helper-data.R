# A small cohort with everything in it, identifiers included, and no randomness.
known_parts <- function(n = 200) {
  ids <- sprintf("p%03d", seq_len(n))
  i <- seq_len(n)
  g <- cbind(rs1 = i %% 3, rs2 = (i %/% 3) %% 3, rs3 = (i %/% 9) %% 2, rs4 = (i * i) %% 3 %% 2 + (i %% 5 == 0))
  rownames(g) <- ids
  named <- function(x) stats::setNames(x, ids)
  list(
    g = g, bmi = named(25 + g[, 1] + sin(i)), sbp = named(120 + cos(i) + .5 * g[, 1]),
    site = named(rep(c("west", "east"), length.out = n)),
    covariates = data.frame(age = 40 + i %% 30, sex = c("F", "M")[1 + (i %/% 2) %% 2], row.names = ids),
    pcs = matrix(c(sin(2 * i), cos(3 * i)), n, dimnames = list(ids, c("PC1", "PC2"))),
    ids = ids
  )
}

known_data <- function(n = 200, ..., parts = known_parts(n)) {
  bmi <- parts$bmi
  sbp <- parts$sbp
  mr_data(parts$g, bmi, sbp, parts$site, parts$covariates, kind = "genotype", ...)
}
