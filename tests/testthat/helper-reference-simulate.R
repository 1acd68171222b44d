# Two-stage least squares by two least-squares fits; the effect of x.
tsls_twin <- function(y, x, z, w) {
  fitted <- qr.fitted(qr(cbind(w, z)), x)
  unname(qr.coef(qr(cbind(fitted, w)), y)[1])
}

# All products of powers of the columns of x that sum up to at most a degree.
monomials_twin <- function(x, degree) {
  powers <- as.matrix(expand.grid(rep(list(0:degree), ncol(x))))
  powers <- powers[rowSums(powers) <= degree, ]
  apply(powers, 1, function(k) apply(x, 1, function(row) prod(row^k)))
}
