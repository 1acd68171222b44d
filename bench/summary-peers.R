# Four other methods for summary statistics, for bench-summary.R on the same tables. They are on no package server:
# PEERS names a folder with copies of their repositories (hhoulei/MREILLS, hhoulei/TEMR, YangLabHKUST/MR-APSS), each
# in a folder of that name; without it these arms are left out. Their files are read where they stand.
#   MREILLS  Hou, Chen, Zhou 2025: all ancestries; settings of its own example (r1 .1, lambda 100, L-BFGS-B). Its bootstrap
#            stops where there is one exposure, so that the error here is a bootstrap over variants (20) around its estimate.
#   TEMR     Hou et al. 2025 (AJHG): borrows from the last column, here the largest ancestry, for each of the others. It
#            gives a likelihood-ratio test; the interval is that of a normal estimate with this test. First other ancestry.
#   MR-APSS  Hu et al. 2022 (PNAS 119:e2106858119): one pair of tables, the largest ancestry's; background by LD-score
#            regression of the null variants where scores are there, else their covariance as intercepts and no polygenic
#            part; no correction for selection but where the instruments were chosen in the table (p < 5e-8).
#   CAMERA   (yoonsucho/CAMERA) does not install: two of its packages (TwoSampleMR, winnerscurse) are on no server, and its
#            function for this step asks for a summary that lavaan no longer gives. Its model, two populations with one
#            effect, weighted ("RadialSEMa"), is fitted by lavaan itself to the first two ancestries, where lavaan is.
peer_folder <- Sys.getenv("PEERS")

peer_functions <- function(name) {
  files <- list.files(file.path(peer_folder, name, "R"), "[.]R$", full.names = TRUE)
  if (!nzchar(peer_folder) || !length(files)) return(NULL)
  env <- new.env(parent = parent.env(globalenv())) # `row` and others here are not theirs
  # MREILLS takes `[i, ]` of a matrix with one column for a matrix: so it does.
  env$`[.one_column` <- function(x, i, j) structure(unclass(x)[i, j, drop = FALSE], class = "one_column")
  if (name == "MR-APSS") env$`%<>%` <- magrittr::`%<>%`
  if (name == "TEMR") env[["ginv"]] <- MASS::ginv
  env$mle <- stats4::mle
  for (file in files) sys.source(file, env)
  env
}

peer_columns <- function(t, column) {
  snp <- unique(t$SNP)
  out <- vapply(ancestries, function(e) t[[column]][t$environment == e][match(snp, t$SNP[t$environment == e])], numeric(length(snp)))
  dimnames(out) <- list(snp, ancestries)
  out
}

quietly <- function(call) {
  sink(nullfile())
  on.exit(sink())
  tryCatch(suppressMessages(suppressWarnings(call)), error = function(e) NULL)
}

mreills_row <- function(peer, x, y, draws = 20) {
  bx <- peer_columns(x, "beta")
  sx <- peer_columns(x, "se")
  by <- peer_columns(y, "beta")
  sy <- peer_columns(y, "se")
  fit <- function(at) {
    data <- lapply(ancestries, function(e) list(
      betaGX = structure(bx[at, e, drop = FALSE], class = "one_column"), sebetaGX = sx[at, e, drop = FALSE], betaGY = by[at, e], sebetaGY = sy[at, e]
    ))
    peer$MREILLS(data, r1 = .1, meth = "L-BFGS-B", lambda = 100)$par
  }
  b <- quietly(fit(seq_len(nrow(bx))))
  if (is.null(b)) return(row("peers", "mreills", NA, NA, NA))
  se <- sd(replicate(draws, { v <- quietly(fit(sample(nrow(bx), replace = TRUE))); if (is.null(v)) NA else v }), na.rm = TRUE)
  row("peers", "mreills", b, b - 1.96 * se, b + 1.96 * se)
}

temr_row <- function(peer, x, y) {
  last <- c(ancestries[-1], ancestries[1])
  at <- function(t, column) peer_columns(t, column)[, last]
  fit <- quietly(peer$TEMR(at(x, "beta"), at(y, "beta"), at(x, "se"), at(y, "se"), NULL, "CG"))
  if (is.null(fit)) return(row("peers", "temr", NA, NA, NA))
  one <- fit$resultall[[1]]
  se <- abs(one$beta) / sqrt(abs(one$stat))
  row("peers", "temr", unname(one$beta), unname(one$beta - 1.96 * se), unname(one$beta + 1.96 * se))
}

# Its tables are z statistics over sqrt(n): effects of a standardised variant on a standardised trait, as ours are but for
# the factor sd of a variant, which both traits share.
mrapss_row <- function(peer, x, y, null, curse) {
  first <- function(t) t[t$environment == ancestries[1], ]
  scores <- "ldscore" %in% names(null$exposure)
  as_theirs <- function(t) data.frame(
    SNP = t$SNP, A1 = t$effect_allele, A2 = t$other_allele, Z = t$beta / t$se, N = t$samplesize,
    chi2 = (t$beta / t$se)^2, P = 2 * pnorm(-abs(t$beta / t$se))
  )
  c0 <- cov(vapply(null[c("exposure", "outcome")], function(t) { t <- first(t); t$beta / t$se }, numeric(nrow(first(null$exposure)))))
  omega <- matrix(0, 2, 2)
  if (scores) {
    a <- rbind(first(null$exposure), first(x))
    b <- rbind(first(null$outcome), first(y))
    est <- quietly(peer$est_paras(
      as_theirs(a[!duplicated(a$SNP), ]), as_theirs(b[!duplicated(b$SNP), ]), 
      ld = data.frame(CHR = 1, BP = seq_len(nrow(a)), SNP = a$SNP, L2 = a$ldscore), M = nrow(a)
    ))
    if (is.null(est)) return(row("peers", "mrapss", NA, NA, NA))
    c0 <- est$C
    omega <- est$Omega
  }
  one <- first(x)
  two <- first(y)
  root <- function(t) sqrt(t$samplesize)
  data <- data.frame(
    b.exp = one$beta / one$se / root(one), b.out = two$beta / two$se / root(two), se.exp = 1 / root(one), se.out = 1 / root(two),
    L2 = if (scores) one$ldscore else 1, Threshold = if (curse) 5e-8 else 1, pval.exp = 2 * pnorm(-abs(one$beta / one$se))
  )
  fit <- quietly(peer$MRAPSS(data, C = c0, Omega = omega, Cor.SelectionBias = curse))
  if (is.null(fit)) return(row("peers", "mrapss", NA, NA, NA))
  row("peers", "mrapss", fit$beta, fit$beta - 1.96 * fit$beta.se, fit$beta + 1.96 * fit$beta.se)
}

camera_row <- function(x, y) {
  columns <- list(x = peer_columns(x, "beta"), y = peer_columns(y, "beta"), s = peer_columns(y, "se"))
  w <- abs(columns$x) / columns$s
  o <- columns$y / columns$x * w
  data <- data.frame(w1 = w[, 1], w2 = w[, 2], o1 = o[, 1], o2 = o[, 2])
  fit <- quietly(lavaan::parameterEstimates(lavaan::sem("o1 ~ b * w1\no2 ~ b * w2", data))[1, ])
  if (is.null(fit)) return(row("peers", "camera", NA, NA, NA))
  row("peers", "camera", fit$est, fit$est - 1.96 * fit$se, fit$est + 1.96 * fit$se)
}

peer_sets <- if (nzchar(peer_folder)) sapply(c("MREILLS", "TEMR", "MR-APSS"), peer_functions, simplify = FALSE)

peer_rows <- function(x, y, null, curse = FALSE) {
  rbind(
    if (!is.null(peer_sets$MREILLS)) mreills_row(peer_sets$MREILLS, x, y),
    if (!is.null(peer_sets$TEMR)) temr_row(peer_sets$TEMR, x, y),
    if (!is.null(peer_sets$`MR-APSS`)) mrapss_row(peer_sets$`MR-APSS`, x, y, null, curse),
    if (nzchar(peer_folder) && requireNamespace("lavaan", quietly = TRUE)) camera_row(x, y)
  )
}
