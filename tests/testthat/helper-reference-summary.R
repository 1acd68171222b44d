# Published summary data, and slow twins of the summary-data estimators.

# 28 variants, LDL cholesterol and coronary heart disease (log odds ratio): Waterworth
# et al. 2010, Arterioscler Thromb Vasc Biol 30:2264, as in the package
# MendelianRandomization (GPL-2 | GPL-3).
lipids <- function() {
  list(
    bx = c(
      .026, -.044, -.038, -.023, -.017, -.031, -.018, .046, .059, .004, .011, -.005, .004, .022, -.005, -.002,
      -.002, .004, .011, .009, -.011, -.003, -.012, 3e-04, -.015, -.008, .009, -.036
    ),
    sx = c(
      .004, .004, .004, .003, .003, .006, .004, .007, .004, .003, .004, .005, .005, .005, .004, .004, .003, .004,
      .004, .003, .004, .003, .004, .003, .003, .004, .003, .007
    ),
    by = c(
      .0677, -.1625, -.1054, -.0619, -.0834, -.1278, -.0408, .077, .157, -.0305, .01, .1823, -.0408, .1989, .01,
      .0488, .01, -.0408, -.0305, -.0408, -.0202, -.0619, .0296, .0677, -.0726, -.0726, 0, .0198
    ),
    sy = c(
      .0286, .03, .031, .0243, .0222, .0667, .0373, .0543, .0306, .0236, .0277, .0403, .0344, .0335, .0378, .0292,
      .0253, .0319, .0316, .0241, .0285, .0217, .0298, .0239, .022, .0246, .0255, .0647
    )
  )
}

# Six correlated variants, serum calcium and fasting glucose, from the same package.
calcium_glucose <- function() {
  upper <- c(
    .06971347, .09378641, -.04972124, -.172356, .08131511, -.3060742, .07896531, -.0803666, .3490322, -.1290077,
    -.1035624, -.01395116, -.1337653, .4464494, -.2888231
  )
  rho <- diag(6)
  rho[upper.tri(rho)] <- upper
  rho[lower.tri(rho)] <- t(rho)[lower.tri(rho)]
  list(
    bx = c(.006246051, .005895818, .01822305, .005981963, .008251297, .006506792),
    sx = c(.002330815, .003378754, .003184402, .002332896, .002294364, .003522892),
    by = c(.02804893, .009531279, .03645535, .01049286, .02356808, .002043086),
    sy = c(.01221235, .01983954, .0173487, .01193856, .0122093, .01788444), rho = rho
  )
}

# 79 variants, body mass index (GIANT 2015) and coronary heart disease
# (CARDIoGRAMplusC4D 2015): test data of TwoSampleMR (MIT, copyright 2019 Gibran Hemani).
bmi_chd <- function() as.list(utils::read.csv("bmi-chd.csv"))

# Generalised least squares written out.
ref_gls <- function(x, y, sy, rho = diag(length(y))) {
  omega <- solve(diag(sy, length(sy)) %*% rho %*% diag(sy, length(sy)))
  x <- as.matrix(x)
  inverse <- solve(t(x) %*% omega %*% x)
  b <- inverse %*% t(x) %*% omega %*% y
  r <- y - x %*% b
  q <- drop(t(r) %*% omega %*% r)
  df <- length(y) - ncol(x)
  list(b = drop(b), se = sqrt(diag(inverse)), q = q, factor = sqrt(max(1, q / df)))
}

ref_weighted_median <- function(ratio, w) {
  o <- order(ratio)
  s <- (cumsum(w[o]) - w[o] / 2) / sum(w)
  if (length(s) == 1) return(ratio)
  stats::approx(s, ratio[o], .5, rule = 2)$y
}
