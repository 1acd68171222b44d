table_pair <- function(people, ...) list(x = association_table(people, "x", ...), y = association_table(people, "y", ...))

rows_moments <- function(people) {
  variants <- data.frame(effect_allele = "A", other_allele = "G")[rep(1, ncol(people$g)), ]
  data <- hush(mr_data(people$g, people$x, people$y, people$environment, kind = "genotype", variants = variants))
  hush(mr_moments(data, folds = 1, disclosure = FALSE))
}

all_moments <- c(
  "ols", "2sls", "2sls_structure", "latent_2sls", "latent_liml", "latent_fuller", "latent_nagar", "latent_reml",
  "latent_2sls_only", "latent_outlier", "ivw", "egger"
)

test_that("the same people and their own linkage give what the rows give, in every estimator", {
  people <- associated_people()
  t <- table_pair(people)
  moments <- mr_moments_from_summary(t$x, t$y, ld = hush(own_linkage(people)), overlap = own_overlap(people)) |> hush()
  rows <- hush(latent_mr(rows_moments(people), seed = 1, methods = all_moments))
  fit <- hush(latent_mr(moments, seed = 1, methods = all_moments))
  a <- as.data.frame(rows, environments = TRUE)
  b <- as.data.frame(fit, environments = TRUE)
  expect_identical(b$method, a$method)
  expect_equal(b[c("b", "se", "pval", "nsnp")], a[c("b", "se", "pval", "nsnp")], tolerance = 1e-8)
  expect_identical(fit$encoder$n_latent, rows$encoder$n_latent)
  expect_equal(fit$diagnostics$sargan, rows$diagnostics$sargan, tolerance = 1e-8)
  expect_equal(fit$diagnostics$wu_hausman, rows$diagnostics$wu_hausman, tolerance = 1e-8)
  # `overlap` was given: ordinary regression is that number.
  expect_match(test_lines(fit), "rest on `overlap` as it was given", fixed = TRUE, all = FALSE)
  expect_false(any(grepl("overlap", test_lines(rows))))
  for (over in c("environment", "variant")) {
    expect_equal(leave_one_out(fit, over)$b, leave_one_out(rows, over)$b, tolerance = 1e-8)
  }
})

test_that("squares of Hardy and Weinberg and four digits move the estimates by 0.002 at most", {
  people <- associated_people(c(a = 6000, b = 5000, c = 5500), p = 15, seed = 3)
  exact <- table_pair(people)
  rough <- table_pair(people, digits = 4, sd = FALSE)
  fit <- function(t) {
    m <- mr_moments_from_summary(t$x, t$y, ld = own_linkage(people), overlap = own_overlap(people))
    as.data.frame(latent_mr(m, seed = 1, methods = setdiff(all_moments, "latent_outlier")))
  }
  a <- hush(fit(rough))
  b <- hush(fit(exact))
  expect_lt(max(abs(a$b - b$b)), 2e-3)
  expect_lt(max(abs(a$se / b$se - 1)), .02)
})

test_that("several exposures are those of the rows", {
  people <- associated_people(exposures = 2, seed = 5)
  second <- people
  second$x <- people$x[, 2]
  first <- people
  first$x <- people$x[, 1]
  overlap <- lapply(stats::setNames(nm = c("a", "b", "c")), function(e) {
    here <- people$environment == e
    stats::cor(cbind(people$x, people$y)[here, ])
  })
  moments <- hush(mr_moments_from_summary(
    list(u = association_table(first, "x"), w = association_table(second, "x")), association_table(people, "y"),
    ld = own_linkage(people), overlap = overlap
  ))
  expect_identical(moments$exposure, c("u", "w"))
  rows <- rows_moments(people)
  ids <- c("ols", "2sls", "latent_2sls", "latent_liml", "latent_nagar")
  a <- as.data.frame(hush(latent_mr(rows, seed = 1, methods = ids)))
  b <- as.data.frame(hush(latent_mr(moments, seed = 1, methods = ids)))
  expect_equal(b[c("b", "se")], a[c("b", "se")], tolerance = 1e-8)
})

test_that("the sums of two samples are those of the formulas, by hand", {
  t <- plain_tables(p = 4)
  m <- mr_moments_from_summary(t$x, t$y, overlap = c(EUR = .1, AFR = .2, EAS = .3))
  x <- t$x[t$x$environment == "AFR", ]
  y <- t$y[t$y$environment == "AFR", ]
  s <- 2 * x$eaf * (1 - x$eaf)
  view <- moments_view(m)$cross[[2]]
  expect_equal(diag(view)[1:4], 20000 * s)
  expect_equal(max(abs(view[1:4, 1:4][upper.tri(diag(4))])), 0, tolerance = 1e-6)
  expect_equal(view[1:4, 5], 20000 * s * x$beta)
  expect_equal(view[1:4, 6], 20000 * s * y$beta)
  v <- stats::median(s * (19998 * x$se^2 + x$beta^2))
  w <- stats::median(s * (7998 * y$se^2 + y$beta^2))
  expect_equal(view[5, 5], 20000 * v)
  expect_equal(view[6, 6], 20000 * w * 20000 / 8000)
  expect_equal(view[5, 6], .2 * 20000 * sqrt(v * w * 20000 / 8000))
  # Sizes that differ by variant: the harmonic mean is the size of the block.
  x <- transform(t$x, samplesize = samplesize * rep(c(.5, 1, 1, 1), 3), se = se / sqrt(rep(c(.5, 1, 1, 1), 3)))
  m <- mr_moments_from_summary(x, t$y, overlap = 0)
  expect_identical(m$blocks$n, rep(16000L, 3))
})

test_that("alleles, strands and palindromes are brought together, and every variant is accounted for", {
  t <- plain_tables()
  base <- mr_moments_from_summary(t$x, t$y, overlap = 0)
  y <- t$y
  at <- y$SNP == "rs1" & y$environment == "AFR" # A/G: the other allele counted
  y[at, c("effect_allele", "other_allele")] <- c("G", "A")
  y$eaf[at] <- 1 - y$eaf[at]
  y$beta[at] <- -y$beta[at]
  at <- y$SNP == "rs2" & y$environment == "EUR" # C/T on the other strand
  y[at, c("effect_allele", "other_allele")] <- c("G", "A")
  at <- y$SNP == "rs4" # other strand and other allele
  y[at, c("effect_allele", "other_allele")] <- rep(c("A", "G"), each = sum(at))
  y[at, c("eaf", "beta")] <- cbind(1 - y$eaf[at], -y$beta[at])
  turned <- mr_moments_from_summary(t$x, y, overlap = 0)
  expect_equal(turned[c("gg", "gx", "xx")], base[c("gg", "gx", "xx")])
  log <- flow(turned)
  expect_identical(log$count[log$action == "changed"], c(2L, 1L, 2L, 1L))

  y$other_allele[y$SNP == "rs5" & y$environment == "EAS"] <- "T" # A/T: third allele
  y <- y[!(y$SNP == "rs6" & y$environment == "EUR"), ]
  y$se[y$SNP == "rs7"][2] <- NA
  y$eaf[y$SNP == "rs8"][1] <- 1
  y$effect_allele[y$SNP == "rs9"] <- "<CN0>"
  y <- rbind(y, y[y$SNP == "rs10" & y$environment == "AFR", ])
  less <- mr_moments_from_summary(t$x, y, overlap = 0)
  expect_identical(less$variants$snp, setdiff(paste0("rs", 1:30), paste0("rs", 5:10)))
  log <- flow(less)
  gone <- log[log$action == "removed" & log$environment == "(all)", ]
  expect_identical(gone$count, c(0L, 1L, 1L, 1L, 1L, 1L, 1L, 0L))
  expect_identical(gone$remaining, c(30L, 29L, 28L, 27L, 26L, 25L, 24L, 24L))
})

test_that("a palindrome is told by its frequency within an ancestry, and left out where that does not tell", {
  t <- plain_tables(p = 12)
  both <- function(snp, eaf) {
    for (k in c("x", "y")) {
      at <- t[[k]]$SNP == snp
      t[[k]][at, c("effect_allele", "other_allele")] <<- rep(c("A", "T"), each = sum(at))
      t[[k]]$eaf[at] <<- eaf
    }
  }
  both("rs1", c(.2, .3, .1))
  both("rs2", c(.2, .45, .1)) # near a half
  both("rs3", c(.2, .7, .1)) # on the other side of it in one ancestry
  base <- mr_moments_from_summary(t$x, t$y, overlap = 0)
  expect_identical(base$variants$snp, setdiff(paste0("rs", 1:12), c("rs2", "rs3")))
  y <- t$y
  at <- y$SNP == "rs1" & y$environment == "EAS" # the other strand: A means T
  y[at, c("eaf", "beta")] <- cbind(1 - y$eaf[at], -y$beta[at])
  other <- mr_moments_from_summary(t$x, y, overlap = 0)
  expect_equal(other$gx, base$gx)
})

test_that("least squares and Wu-Hausman's test are NA with the reason where nothing tells them", {
  t <- plain_tables()
  expect_warning(m <- mr_moments_from_summary(t$x, t$y), class = "latentmr_warning_overlap")
  fit <- hush(latent_mr(m, seed = 1))
  expect_identical(
    fit$estimates$ols$note, "the covariance of exposure and outcome is not known from summary statistics: give `overlap`"
  )
  expect_true(is.na(fit$estimates$ols$b))
  expect_true(all(is.na(fit$diagnostics$wu_hausman)))
  m <- mr_moments_from_summary(t$x, t$y, overlap = .1)
  expect_identical(hush(latent_mr(m, seed = 1))$estimates$ols$note, "exposure and outcome are not of the same people")
  expect_condition_text(
    latent_mr(m, methods = "latent_ujive"), "latentmr_error_argument",
    paste0(
      "`methods` must be estimators that need moments only, when `data` holds no rows, not \"latent_ujive\".\n",
      "i latent_nagar is the moment twin of latent_ujive, family_nagar that of family_ujive (which leaves out each family's rows)."
    )
  )
})

test_that("the null line of unlinked variants is that of frequencies alone", {
  draw <- .Call(C_ffi_structure_null, 5000, 40L, 1L, 4000L, 1L, 2L, NULL)
  expect_equal(stats::quantile(draw * 5000, c(.1, .5, .9), names = FALSE), stats::qchisq(c(.1, .5, .9), 40), tolerance = .02)
  # Two contrasts: the larger root of a 2 x 2 Wishart matrix, with the trace of both.
  two <- .Call(C_ffi_structure_null, 5000, 40L, 2L, 4000L, 1L, 2L, NULL) * 5000
  set.seed(2)
  twin <- replicate(4000, max(eigen(tcrossprod(matrix(stats::rnorm(80), 2)), TRUE, TRUE)$values))
  expect_equal(stats::quantile(two, c(.1, .5, .9)), stats::quantile(twin, c(.1, .5, .9)), tolerance = .03)
  expect_identical(.Call(C_ffi_structure_null, 5000, 40L, 0L, 3L, 1L, 2L, NULL), numeric(3))
})

test_that("the null line is at the smaller of the people of the associations and of the linkage", {
  people <- associated_people()
  t <- table_pair(people)
  ld <- own_linkage(people)
  ld <- lapply(ld, function(r) structure(r, n = 100))
  m <- mr_moments_from_summary(t$x, t$y, ld = ld, overlap = 0)
  view <- moments_view(m)
  share <- c(700, 500, 600) / 1800
  expect_equal(panel_people(m, view), 100 / sum(share^2))
  expect_equal(panel_people(m, view_subset(view, "b")), 100)
  whole <- mr_moments_from_summary(t$x, t$y, ld = hush(own_linkage(people)), overlap = 0) |> hush()
  few <- learn_instruments(m, seed = 1)
  all <- learn_instruments(whole, seed = 1)
  expect_gt(few$threshold, 2 * all$threshold)
  expect_equal(few$values, all$values)
})

test_that("linkage comes from matrices with alleles, moments, data and PLINK files", {
  people <- associated_people()
  t <- table_pair(people)
  r <- own_linkage(people)
  base <- hush(mr_moments_from_summary(t$x, t$y, ld = r, overlap = 0))
  turned <- lapply(r, function(one) {
    sign <- rep(c(1, -1), 6)
    out <- one * outer(sign, sign)
    rownames(out) <- paste0(rownames(one), ifelse(sign > 0, "_A_G", "_G_A"))
    out[12:1, 12:1]
  })
  expect_equal(hush(mr_moments_from_summary(t$x, t$y, ld = turned, overlap = 0))$gg, base$gg)
  m <- mr_moments_from_summary(t$x, t$y, ld = rows_moments(people), overlap = 0)
  expect_equal(m$gg, base$gg)
  expect_identical(m$summary$n_ref, c(700, 500, 600))
  prefix <- file.path(tempfile("ld"), "panel")
  dir.create(dirname(prefix))
  here <- people$environment == "a"
  write_plink(prefix, people$g[here, 1:10], variants = data.frame(snp = colnames(people$g)[1:10], effect_allele = "A", other_allele = "G"))
  m <- mr_moments_from_summary(t$x, t$y, ld = prefix, overlap = 0)
  expect_identical(m$variants$snp, paste0("rs", 1:10))
  one <- cov2cor(moments_view(m)$cross[[1]][1:10, 1:10])
  expect_equal(one, unname(r$a[1:10, 1:10]), tolerance = 1e-6)
  expect_identical(m$summary$n_ref, rep(700, 3))
})

test_that("tables of read_gwas() are taken as they are", {
  t <- plain_tables()
  read <- function(x, trait, scale = NULL) {
    parts <- lapply(unique(x$environment), function(e) {
      path <- tempfile(fileext = ".tsv")
      utils::write.table(x[x$environment == e, ], path, sep = "\t", row.names = FALSE, quote = FALSE)
      hush(read_gwas(path, environment = e, trait = trait, scale = scale))
    })
    do.call(rbind, parts)
  }
  x <- read(transform(t$x, pval = 2 * stats::pnorm(-abs(beta / se))), "bmi")
  y <- read(transform(t$y, pval = 2 * stats::pnorm(-abs(beta / se))), "t2d", "log odds ratio")
  m <- mr_moments_from_summary(x, y, overlap = 0)
  expect_equal(m$gx, mr_moments_from_summary(t$x, t$y, overlap = 0)$gx, tolerance = 1e-6)
  expect_identical(c(m$exposure, m$outcome, m$units), c("bmi", "t2d", NA, "log odds ratio"))
})

test_that("moments from summary statistics are checked, saved and not combined", {
  t <- plain_tables()
  m <- mr_moments_from_summary(t$x, t$y, overlap = .1)
  path <- tempfile()
  saveRDS(m, path)
  expect_identical(as.data.frame(hush(latent_mr(readRDS(path), seed = 1))), as.data.frame(hush(latent_mr(m, seed = 1))))
  bad <- m
  bad$summary$overlap[1, 2] <- 5
  expect_error(latent_mr(bad), class = "latentmr_error_moments")
  expect_condition_text(
    combine_moments(m, m), "latentmr_error_combine", paste0(
      "Site 2 cannot be combined with site 1: moments from summary statistics do not add up.\n",
      "i Give all frames to one mr_moments_from_summary(), the environments stacked."
    )
  )
})

test_that("what is wrong with a table is said by name", {
  t <- plain_tables()
  must <- "a data frame with the columns SNP, effect_allele, other_allele, eaf, beta, se, samplesize and environment"
  expect_condition_text(
    mr_moments_from_summary(t$x[names(t$x) != "eaf"], t$y), "latentmr_error_argument", paste0(
      "`exposure` must be ", must, ", not without eaf.\n",
      "i Rename the columns that have them, or add what the study says: mr_moments_from_summary() guesses nothing."
    )
  )
  suffix <- t$y
  names(suffix) <- paste0(names(suffix), ".outcome")
  expect_error(mr_moments_from_summary(t$x, suffix), "Take the suffix \".outcome\" of TwoSampleMR off", fixed = TRUE)
  expect_condition_text(
    mr_moments_from_summary(t$x, t$y[t$y$environment != "EAS", ]), "latentmr_error_argument", paste0(
      "`outcome` must be of the environments of the first exposure (\"EUR\", \"AFR\", \"EAS\"), not of \"EUR\", \"AFR\".\n",
      "i Every environment needs every trait: leave out the others, or name them alike."
    )
  )
  other <- transform(t$y, effect_allele = "A", other_allele = "AT")
  expect_error(mr_moments_from_summary(t$x, other, overlap = 0), class = "latentmr_error_empty")
  expect_error(mr_moments_from_summary(t$x, t$y, overlap = 2), class = "latentmr_error_argument")
  expect_error(mr_moments_from_summary(t$x, t$y, overlap = matrix(1, 6, 6)), "positive definite", class = "latentmr_error_argument")
  units <- t$x
  units$beta[units$environment == "AFR"] <- 50 * units$beta[units$environment == "AFR"]
  units$se[units$environment == "AFR"] <- 50 * units$se[units$environment == "AFR"]
  expect_warning(mr_moments_from_summary(units, t$y, overlap = 0), class = "latentmr_warning_units")
  size <- transform(t$x, samplesize = samplesize * rep(c(1, .05), length.out = nrow(t$x)))
  expect_warning(mr_moments_from_summary(size, t$y, overlap = 0), class = "latentmr_warning_units")
})

test_that("a matrix of genotypes is no matrix of correlations", {
  t <- plain_tables(p = 4)
  genotypes <- matrix(0:2, 30, 4, dimnames = list(NULL, paste0("rs", 1:4)))
  expect_condition_text(
    mr_moments_from_summary(t$x, t$y, ld = list(EUR = genotypes, AFR = genotypes, EAS = genotypes), overlap = 0),
    "latentmr_error_argument", paste0(
      "`ld` must be a square matrix of correlations, not an integer matrix of 30 x 4.\n",
      "i Of a matrix of genotypes give cor(genotypes) with attr(, \"n\") <- nrow(genotypes), or an mr_data object."
    )
  )
})
