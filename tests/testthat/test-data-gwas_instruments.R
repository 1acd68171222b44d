# Tables of associations as instruments: variants by name or place, alleles, weights.
set.seed(1)
n <- 300
alleles <- data.frame(
  snp = paste0("rs", 1:9), chr = 1:9, pos = 1:9 * 100,
  effect_allele = c("A", "A", "A", "A", "A", "C", "A", "A", "G"), other_allele = c("G", "G", "G", "G", "T", "G", "T", "C", "T")
)
eaf <- c(.3, .4, .2, .6, .2, .8, .5, .3, .4)
g <- matrix(rbinom(n * 9, 2, rep(eaf, each = n)), n, dimnames = list(NULL, alleles$snp))
x <- drop(g %*% rep(.2, 9)) + rnorm(n)
y <- .3 * x + rnorm(n)
site <- rep(c("a", "b", "c"), length.out = n)
# Row by row: as counted; the other allele; the other strand; the other strand and allele; A/T of one
# side; C/G from the other strand (its frequency says so); A/T near one half; other alleles; by place.
table <- data.frame(
  SNP = c(alleles$snp[1:8], "chr9:900"), effect_allele = c("A", "G", "T", "C", "A", "G", "A", "A", "G"),
  other_allele = c("G", "A", "C", "T", "T", "C", "T", "G", "T"), beta = 1:9 / 10, se = .01,
  eaf = c(.3, .6, .2, .4, .21, .81, .49, .3, .4)
)
# By hand: C/G with the effect allele G at .81 is the counted C at .8 seen from the other strand.
want <- c(.1, -.2, .3, -.4, .5, .6, NA, .9)
make <- function(instruments, ...) {
  suppressWarnings(suppressMessages(mr_data(g, x, y, site, variants = alleles, kind = "genotype", instruments = instruments, ...)))
}
count_of <- function(data, reason) {
  log <- flow(data)
  log$count[log$unit == "variants" & log$reason == reason & log$environment == "(all)"]
}

test_that("effects are turned to the counted allele, and what was done is counted", {
  data <- make(table)
  expect_identical(data$variants$snp, alleles$snp[-8])
  expect_equal(data$variants$weight, want)
  counts <- c(
    "other alleles than the table" = 1, "weight turned to the counted allele" = 2, "weight on the other strand" = 2,
    "palindromic, aligned by frequency" = 2, "palindromic, strand unknown: no weight" = 1, "chosen, not in the files" = 0
  )
  for (reason in names(counts)) expect_equal(count_of(data, reason), counts[[reason]], info = reason)
  expect_equal(variants(data)$weight, want)
  # The palindrome on one strand in both, with the rarer allele elsewhere: the sign turns.
  other <- transform(table, eaf = replace(eaf, 5, .79))
  expect_equal(make(other)$variants$weight[5], -.5)
  expect_message(
    suppressWarnings(mr_data(g, x, y, site, variants = alleles, kind = "genotype", instruments = table), classes = "latentmr_warning"),
    "`instruments`: associations with \"trait\"; 8 of 9 variants are in the genotypes (1 with other alleles left out), 7 with a weight",
    fixed = TRUE, class = "latentmr_message_weights"
  )
})

test_that("every spelling of the table gives the same weights", {
  named <- setNames(table, c("MarkerName", "EA", "NEA", "Effect", "StdErr", "EAF"))
  ratios <- transform(table, OR = exp(beta))[c("SNP", "effect_allele", "other_allele", "OR", "eaf")]
  bare <- table[c("SNP", "effect_allele", "other_allele", "beta", "eaf")]
  path <- tempfile(fileext = ".tsv")
  write.table(named, path, sep = "\t", quote = FALSE, row.names = FALSE)
  for (instruments in list(named, ratios, bare, path, suppressMessages(read_gwas(table)), table[sample(9), ])) {
    expect_equal(make(instruments)$variants$weight, want)
  }
  # One allele only, as PLINK 1 writes it: the other one is that of the data.
  one <- data.frame(SNP = alleles$snp, A1 = alleles$effect_allele, TEST = "ADD", NMISS = n, BETA = 1:9 / 10, STAT = 3, P = .003)
  expect_equal(make(one)$variants$weight, replace(1:9 / 10, 5:7, NA))
  # Names alone carry nothing.
  expect_null(make(c("rs1", "rs2"))$variants$weight)
  expect_null(make(data.frame(snp = c("rs1", "rs2"), beta = 1))$variants$weight)
  expect_identical(make(c("rs2", "rs1"))$variants$snp, c("rs1", "rs2"))
})

test_that("variants of one name, missing ones, and none at all", {
  twice <- rbind(table[1, ], transform(table[1, ], SNP = "1:100", beta = 7))
  data <- make(twice)
  expect_equal(data$variants$weight, .1)
  expect_equal(count_of(data, "several rows for one variant: the first taken"), 1)
  more <- rbind(table, transform(table[1, ], SNP = "rs99"))
  expect_warning(
    suppressMessages(mr_data(g, x, y, site, variants = alleles, kind = "dosage", instruments = more)),
    "1 of the 10 variants in `instruments` is not in the genotypes: \"rs99\"", class = "latentmr_warning_variants"
  )
  expect_error(make(transform(table, SNP = paste0("q", 1:9))), "None of the 9 variants", class = "latentmr_error_variants")
  expect_error(make(table[8, ]), "with its alleles (1 with others)", class = "latentmr_error_variants", fixed = TRUE)
  expect_error(make(cbind(table, environment = rep(c("a", "b", "c"), 3))), "one environment", class = "latentmr_error_argument")
  expect_error(
    mr_data(g, x, y, site, variants = alleles, instruments = table, parents = list(father = g, mother = g)), "`parents` must be",
    class = "latentmr_error_argument"
  )
  # Genotypes without alleles: instruments, but no weights.
  blind <- suppressWarnings(suppressMessages(mr_data(g, x, y, site, kind = "genotype", instruments = table[1:8, ])))
  expect_true(all(is.na(blind$variants$weight)))
  expect_equal(count_of(blind, "no alleles in the data: no weight"), 8)
})

test_that("the weights are those of the score in latent_mr(), from rows and from moments", {
  data <- make(table)
  given <- data.frame(
    SNP = data$variants$snp, effect_allele = data$variants$effect_allele, other_allele = data$variants$other_allele, beta = want
  )
  plain <- make(alleles$snp[-8])
  expect_null(plain$variants$weight)
  methods <- c("score", "latent_score")
  fit <- function(data, ...) suppressWarnings(suppressMessages(latent_mr(data, methods = methods, seed = 1, ...)))
  carried <- fit(data)
  # A/T and C/G cannot be matched by alleles alone: the rest of the weights is the same.
  direction <- replace(want, is.na(want), 0)
  score <- drop(scale(g[, -8], scale = FALSE) %*% direction)
  d <- factor(site)
  reference <- iv_reg(y ~ d | x | score, data = data.frame(y, x, d, score))
  expect_equal(as.data.frame(carried)$b[1], coef(reference)[["x"]], tolerance = 1e-8)
  expect_identical(carried$score$table$status, ifelse(is.na(want), "no weight", "of the instruments"))
  moments <- suppressMessages(mr_moments(data, disclosure = FALSE))
  expect_equal(as.data.frame(fit(moments))$b, as.data.frame(carried)$b, tolerance = 1e-8)
  expect_false(isTRUE(all.equal(as.data.frame(fit(data, score_weights = transform(given, beta = rev(beta))))$b, as.data.frame(carried)$b)))
  expect_error(fit(plain), "score_weights", class = "latentmr_error_argument")
  expect_equal(data[, -1]$variants$weight, want[-1])
})

test_that("read_mr_data(): real alleles, frequencies of the panel, the others as background", {
  panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
  bed <- read_plink(panel)
  v <- variants(bed)
  people <- samples(bed)
  set.seed(2)
  pheno <- data.frame(IID = people$iid, ldl = rnorm(nrow(people)), sbp = rnorm(nrow(people)), site = people$fid)
  counts <- colMeans(suppressMessages(as.matrix(bed)), na.rm = TRUE) / 2
  chosen <- which(counts > .1 & counts < .9)
  gwas <- data.frame(
    chr = v$chr[chosen], pos = v$pos[chosen], effect_allele = v$other_allele[chosen], other_allele = v$effect_allele[chosen],
    eaf = 1 - counts[chosen], beta = seq_along(chosen) / 100, se = .01
  )
  data <- suppressWarnings(suppressMessages(
    read_mr_data(panel, pheno, "ldl", "sbp", "site", instruments = gwas, background = "others")
  ))
  at <- match(data$variants$snp, v$snp[chosen])
  expect_false(anyNA(at))
  doubtful <- paste0(v$effect_allele, v$other_allele)[chosen][at] %in% c("AT", "TA", "CG", "GC") &
    abs(counts[chosen][at] - .5) < .08
  expect_equal(data$variants$weight, unname(ifelse(doubtful, NA, -gwas$beta[at])))
  expect_length(intersect(data$background$variants$snp, v$snp[chosen]), 0)
})
