# The IV engine: from rows to the triangular factor of (W, Z, X, y), and from the
# factor to the estimates. Everything here is small algebra in the coordinates of
# Q; the rows are touched in C only.

# rows: y (n), x (n x k endogenous), z (n x L excluded), w (n x K exogenous), each
# a double matrix, a list of double vectors or NULL; root = square roots of the
# weights or NULL.
# Returns r (the factor of the kept columns), its block indices, the kept columns
# of each matrix, n (people with a positive weight).
iv_factor <- function(rows, forced, tol = 1e-7, path = 0L) {
  cols <- vapply(rows[c("w", "z", "x")], NCOL0, 0L)
  fit <- .Call(
    C_ffi_iv_factor, rows, tol, as.integer(forced), as.integer(path), cpu_level()
  )
  part <- rep.int(c("w", "z", "x", "y"), c(cols, 1L))
  kept <- fit$kept
  rows$keep_w <- which(kept[part == "w"])
  rows$keep_z <- which(kept[part == "z"])
  rows$keep_x <- which(kept[part == "x"])
  part <- part[kept]
  list(
    rows = rows, r = fit$r[kept, kept, drop = FALSE], path = fit$path, tol = tol,
    W = which(part == "w"), Z = which(part == "z"), X = which(part == "x"), Y = which(part == "y"),
    K = sum(part == "w"), L = sum(part == "z"), k = sum(part == "x"),
    n = if (is.null(rows$root)) length(rows$y) else sum(rows$root > 0)
  )
}

# Cross products [y X]'M_W[y X] and [y X]'M_ZW[y X] from the factor.
factor_moments <- function(f) {
  yx <- c(f$Y, f$X)
  kclass_moments(
    crossprod(f$r[c(f$Z, f$X, f$Y), yx, drop = FALSE]), crossprod(f$r[c(f$X, f$Y), yx, drop = FALSE]),
    f$n, f$L, f$K
  )
}

# The estimate of a k-class from the factor, at QR accuracy for kappa <= 1.
# shift multiplies the part of X that the instruments do not explain: 1 - kappa.
# beta (k), gamma (K), hinv = (x~'X)^-1 after W, rss.
iv_estimate <- function(f, kappa) {
  r <- f$r
  rzx <- r[f$Z, f$X, drop = FALSE]
  rxx <- r[f$X, f$X, drop = FALSE]
  ry <- r[, f$Y]
  if (f$k == 0) {
    beta <- numeric()
    hinv <- matrix(0, 0, 0)
  } else if (kappa <= 1) {
    s <- sqrt(1 - kappa)
    tall <- qr(rbind(rzx, s * rxx), tol = f$tol, LAPACK = FALSE)
    if (tall$rank < f$k) abort_first_stage(f, tall$pivot[(tall$rank + 1):f$k])
    beta <- qr.coef(tall, c(ry[f$Z], s * ry[f$X]))
    hinv <- chol2inv(qr.R(tall))
  } else {
    # crossprod() loses nothing here: LIML's kappa itself has this accuracy.
    scale <- sqrt(colSums(rbind(rzx, rxx)^2))
    h <- (crossprod(rzx) + (1 - kappa) * crossprod(rxx)) / outer(scale, scale)
    half <- or_else(chol(h), abort_first_stage(f, seq_len(f$k)))
    hinv <- chol2inv(half) / outer(scale, scale)
    beta <- drop(hinv %*% (crossprod(rzx, ry[f$Z]) + (1 - kappa) * crossprod(rxx, ry[f$X])))
  }
  rwx <- r[f$W, f$X, drop = FALSE]
  gamma <- if (f$K == 0) numeric() else backsolve(r[f$W, f$W, drop = FALSE], ry[f$W] - drop(rwx %*% beta))
  rss <- sum((ry[f$Z] - drop(rzx %*% beta))^2) + sum((ry[f$X] - drop(rxx %*% beta))^2) + ry[f$Y]^2
  list(beta = unname(beta), gamma = unname(gamma), hinv = hinv, rss = unname(rss), kappa = kappa, shift = 1 - kappa)
}

abort_first_stage <- function(f, which) {
  names <- f$rows$names$x[f$rows$keep_x[which]]
  abort(
    sprintf(
      "The instruments do not identify the effect of %s: %s first stage is zero, or a combination of the others'.",
      quote_all(names), if (length(names) > 1) "each" else "its"
    ),
    c("latentmr_error_unidentified", "latentmr_error_singular"), variables = names,
    hint = "Give instruments that move each exposure in its own way."
  )
}

# T^-1 with X~ = S T, S = (Q_W, x~) orthogonal: from scores in S to the
# coefficients of (W, X).
iv_back <- function(f) {
  m <- f$K + f$k
  top <- diag(m)
  if (f$K > 0) {
    top[seq_len(f$K), ] <- f$r[f$W, c(f$W, f$X), drop = FALSE]
  }
  backsolve(top, diag(m))
}

# The covariance of (gamma, beta) from a middle matrix in the coordinates S; the
# identity gives (X~'X)^-1.
iv_sandwich <- function(f, hinv, middle) {
  back <- iv_back(f)
  block <- diag(f$K + f$k)
  x <- f$K + seq_len(f$k)
  block[x, x] <- hinv
  half <- back %*% block
  half %*% middle %*% t(half)
}

iv_unscaled <- function(f, hinv) {
  middle <- diag(f$K + f$k)
  x <- f$K + seq_len(f$k)
  if (f$k > 0) middle[x, x] <- solve(hinv)
  out <- iv_sandwich(f, hinv, middle)
  (out + t(out)) / 2
}

# X that the instruments reproduce exactly is not endogenous.
check_endogenous <- function(f) {
  if (f$k == 0) return(invisible())
  left <- sqrt(colSums(f$r[f$X, f$X, drop = FALSE]^2))
  whole <- sqrt(colSums(f$r[, f$X, drop = FALSE]^2))
  bad <- left <= f$tol * whole
  if (any(bad)) {
    names <- f$rows$names$x[f$rows$keep_x[bad]]
    abort(
      sprintf(
        "%s %s an exact linear function of the instruments and covariates.", quote_all(names),
        if (sum(bad) > 1) "are" else "is"
      ),
      c("latentmr_error_exogenous", "latentmr_error_argument"), variables = names,
      hint = "An exogenous regressor stands among the instruments too: y ~ x + w | z + w, or `w`."
    )
  }
}

check_order <- function(f) {
  if (f$L < f$k) {
    abort(
      sprintf(
        "%d instrument%s (after dropping dependent ones) cannot identify the effects of %d variables.",
        f$L, if (f$L == 1) "" else "s", f$k
      ),
      c("latentmr_error_unidentified", "latentmr_error_singular")
    )
  }
  if (f$n <= f$K + f$L) {
    abort(
      sprintf("%d rows are too few for %d instruments and %d exogenous columns.", f$n, f$L, f$K),
      c("latentmr_error_unidentified", "latentmr_error_singular")
    )
  }
}
