# Call rates, frequencies and Hardy-Weinberg tests of variants() against plink 1.9.

test_that("variants() agrees with plink --missing --freq --hardy", {
  plink <- Sys.which(c("plink1.9", "plink"))
  plink <- plink[nzchar(plink)][1]
  skip_if(is.na(plink), "plink is not installed")
  set.seed(1)
  n <- 300
  g <- matrix(rbinom(n * 40, 2, rep(runif(40, .02, .5), each = n)), n)
  g[sample(n * 40, 300)] <- NA
  dimnames(g) <- list(paste0("i", 1:n), paste0("rs", 1:40))
  dir <- tempfile("peer")
  dir.create(dir)
  prefix <- file.path(dir, "a")
  write_plink(prefix, g)
  data <- mr_data(read_plink(prefix), setNames(rnorm(n), rownames(g)), setNames(rnorm(n), rownames(g)),
                  setNames(rep(c("a", "b"), n / 2), rownames(g)))
  run <- function(...) system2(plink, c("--bfile", prefix, "--allow-no-sex", "--out", file.path(dir, "out"), ...), stdout = FALSE)
  read <- function(ending) read.table(file.path(dir, paste0("out.", ending)), header = TRUE)
  run("--missing", "--freq")
  v <- variants(data)
  at <- match(v$snp, read("lmiss")$SNP)
  expect_equal(1 - v$call_rate, read("lmiss")$F_MISS[at], tolerance = 1e-3)
  expect_equal(v$maf, read("frq")$MAF[at], tolerance = 1e-3)
  e <- variants(data, environments = TRUE)
  for (site in c("a", "b")) {
    keep <- file.path(dir, "keep")
    who <- samples(read_plink(prefix))[rep(c("a", "b"), n / 2) == site, c("fid", "iid")]
    write.table(who, keep, quote = FALSE, row.names = FALSE, col.names = FALSE)
    run("--hardy", "--keep", keep)
    hardy <- read("hwe")
    hardy <- hardy[hardy$TEST %in% c("ALL", "ALL(NP)"), ]
    ours <- e[e$environment == site, ]
    expect_equal(ours$hwe_p, hardy$P[match(ours$snp, hardy$SNP)], tolerance = 1e-3)
  }
})
