# 203 more, made up from the help pages by someone who had read part of the code: arguments that go with another choice
# than the one made (an estimator, an encoder, a kind of data), arguments that take part in nothing, and odd files.
# Expectations as in wrong-calls.R, and
#   heard   an error or a word: an argument without a use must not pass in silence
#   Rscript bench/attacks/wrong-calls-unused.R     # bench/results/wrong-calls-unused.csv
source("bench/attacks/wrong.R")

home <- getwd()
folder <- tempfile("unused")
dir.create(folder)
setwd(folder)
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
set.seed(71)
n <- 240
d <- data.frame(z1 = rbinom(n, 2, .3), z2 = rbinom(n, 2, .5), z3 = rnorm(n), age = rnorm(n, 60, 8), fam = rep(1:24, 10), site = rep(letters[1:6], 40))
u <- rnorm(n)
d$ldl <- d$z1 + .5 * d$z2 + d$z3 + u + rnorm(n)
d$sbp <- 120 + d$ldl - u + rnorm(n)
d$chd <- rbinom(n, 1, plogis(d$ldl - 1))
Z <- as.matrix(d[c("z1", "z2", "z3")])
one <- rep(1, n)
iv <- iv_reg(sbp ~ age | ldl | z1 + z2 + z3, d)
clustered <- iv_reg(sbp ~ age | ldl | z1 + z2 + z3, d, cluster = ~fam)
curve <- quiet(iv_curve(sbp ~ ldl | z1 + z2 + z3, d, seed = 1, control = curve_control(members = 1, polish = 0)))
snp <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
snp$variants[c("effect_allele", "other_allele")] <- list("A", "G")
snp$variants$chr <- rep(c("1", "2"), each = 25)
snp$variants$pos <- 1e6 * seq_len(50)
fast <- function(x = snp, ..., by_environment = FALSE) latent_mr(x, ..., by_environment = by_environment, seed = 1)
fit <- quiet(latent_mr(snp, methods = c("latent_2sls", "latent_ujive", "ivw"), seed = 1))
encoder <- quiet(learn_instruments(snp, seed = 1))
moments <- quiet(mr_moments(snp, folds = 2, disclosure = FALSE, seed = 1))
authors <- simulate_mr("authors", mixing = "poly1", n = 300, seed = 1)
told_before <- function(expr) suppressWarnings(expr, "latentmr_warning_fit") # what speaks against a fit is no answer to an argument
gwas <- data.frame(
  SNP = paste0("rs", 1:6), chr = "1", pos = 1:6 * 1e6, effect_allele = c("A", "C", "G", "T", "A", "C"), other_allele = c("G", "T", "A", "C", "C", "A"),
  eaf = c(.2, .3, .4, .25, .35, .15), beta = c(.1, -.2, .15, .3, .12, .2), se = .02, samplesize = 9000
)
gwas$pval <- 2 * pnorm(-abs(gwas$beta / gwas$se))
x <- quiet(read_gwas(gwas, trait = "ldl"))
y <- quiet(read_gwas(transform(gwas, beta = beta / 2), trait = "sbp"))

# ---- arguments of the IV engine that go with another choice: 40 ----
try_calls("iv", "heard", c(
  iv_reg(sbp ~ age | ldl | z1 + z2, d, fuller = 4), iv_reg(sbp ~ age | ldl | z1 + z2, d, "liml", fuller = 4), iv_reg(sbp ~ age | ldl | z1 + z2, d, "liml", kappa = 1),
  iv_reg(sbp ~ age | ldl | z1 + z2, d, "ujive", meat = "projected"),
  iv_fit(d$sbp, d$ldl, Z, one, "fuller", kappa = 1), iv_fit(d$sbp, d$ldl, Z, one, "gmm", fuller = 2),
  iv_binary(chd ~ age | ldl | z1 + z2, d, "2sls", link = "log"), iv_binary(chd ~ age | ldl | z1 + z2, d, vcov = "HC0", cluster = ~fam),
  iv_compare(iv, c("ols", "2sls"), fuller = 4), wild_test(clustered, by = "fam", reps = 99, level = NULL),
  wild_test(iv, cluster = ~ fam + site, by = "nobody", reps = 99), wild_test(iv, cluster = ~ fam + site, by = 3, reps = 99),
  tidy(iv, instruments = TRUE, component = "stage1"), tidy(iv, component = "stage1", vcov = "HC1"),
  confint(iv, component = "stage1", cluster = ~fam), anova(iv, iv_reg(sbp ~ age + I(age^2) | ldl | z1 + z2 + z3, d), cluster = ~fam, vcov = "HC1"),
  augment(iv, data = d[-1, ]), rstudent(iv, "stage3"), plot(iv, which = c(1, 7)), vcov(iv, component = "stage1", type = "HC1"), vcov(iv, component = "stage1", cluster = ~fam), weakiv_set(iv, vcov = "HC1", cluster = ~fam),
  first_stage(iv, vcov = "HC1", cluster = ~fam), overid_test(iv, vcov = "HC0", cluster = ~fam), endogeneity_test(iv, "ldl", vcov = "HC0", cluster = ~fam), ar_set(iv, vcov = "iid", cluster = ~fam), residuals(iv, type = "projected", component = "stage1")
))

# ---- curves, kernels, power, hazards: 44 ----
kiv <- function(...) iv_curve(sbp ~ ldl | z1 + z2 + z3, d, "kiv", seed = 1, control = curve_control(...))
closed <- function(...) iv_curve(sbp ~ ldl | z1 + z2 + z3, d, seed = 1, control = curve_control(members = 1, polish = 0, ...))
g012 <- matrix(rbinom(n * 3, 2, .4), n)
try_calls("kernels and curves", "heard", c(
  closed(draws = 50), closed(rank = 20), closed(tuning = "held-out"), closed(adam = adam_control(steps = 5)), kiv(band = "bootstrap"), kiv(shape = "increasing"),
  kiv(solver = "adam"), kiv(covariates = "flexible"), iv_curve(sbp ~ ldl | z1, d, seed = 1, control = curve_control(solver = "adam", adam = adam_control(steps = 20), members = 2)),
  hsic_test(d$ldl, d$sbp, permutations = 50), hsic_test(d$ldl, d$sbp, block = 10), hsic_test(d$ldl, d$sbp, method = "block", block = 1), hsic_test(d$ldl, d$sbp, kernel = "poly2", bandwidth = 2),
  hsic_test(d$ldl, d$sbp, kernel = "poly2", scales = c(1, 2)), hsic_test(d$ldl, d$sbp, cluster = d$fam), hsic_test(d$site, d$site, kernel = "delta", bandwidth = 3),
  mmd_test(d$ldl, environment = d$site, permutations = 50), mmd_test(d$ldl, environment = d$site, strata = d$fam), mmd_test(d$ldl, environment = d$site, cluster = d$fam), mmd_test(d$ldl, environment = d$site, block = 5),
  mmd_test(d$ldl, environment = d$site, kernel = "poly3", bandwidth = 1), mmd_test(d$ldl, environment = d$site, approximation = "exact", features = 7),
  environment_test(Z, d$site, conditional = "column"), environment_test(Z, d$site, max_columns = 2.5), environment_test(encoder, snp, type = "code"), environment_test(encoder, covariates = d["age"], data = snp), environment_test(snp, environment = "site"),
  mr_power(.02, 1000, .2, relatedness = .25), mr_power(.02, 1000, .2, family_correlation = .3), mr_power(.02, 1000, 1.2, outcome = "binary", cases = .3, sd_outcome = 2), mr_power(.02, 1000, 1.2, outcome = "binary", cases = .3, observational = .5),
  mr_power(.02, 1000, 1.2, outcome = "binary", cases = .3, sd_exposure = 2), predict(curve, c(1, 2), interval = "confidence", derivative = NA),
  plot(curve, type = "history"), stratum_table(curve, c(5, 10)), average_effect(curve, 0, 1:3), average_derivative(curve, newdata = d)
))

# ---- encoders, fits, scans: 46 ----
control <- function(...) told_before(latent_mr(snp, by_environment = FALSE, seed = 1, control = encoder_control(...)))
try_calls("encoders and fits", "heard", c(
  control(reference = "site1"), control(sparse_starts = 5), control(sparse_mixing = "flow"), control(closure = .5), control(flow = flow_control(starts = 1)), control(autoencoder = autoencoder_control(epochs = 5)), control(check = .5), control(null = "gaussian"),
  control(dimension_level = .9), control(max_components = 3), control(background_r2 = .5), told_before(learn_instruments(authors, seed = 1, control = encoder_control(reference = "e1"))), told_before(learn_instruments(authors, seed = 1, control = encoder_control(r2_min = .5))),
  told_before(learn_instruments(authors, seed = 1, control = encoder_control(partial_level = .9))), told_before(learn_instruments(authors, "closure", seed = 1, control = encoder_control(sparse_starts = 3))),
  told_before(fast(jackknife = TRUE)), told_before(fast(methods = "latent_2sls", score_weights = data.frame(SNP = "snp1", effect_allele = "A", other_allele = "G", beta = 1))),
  told_before(fast(random = "cluster")), told_before(fast(crossfit = 2, jackknife = TRUE)), told_before(fast(moments, methods = "latent_ujive")), told_before(fast(encoder = "closure")), told_before(fast(n_latent = c(1, 2), encoder = "autoencoder")),
  leave_one_out(fit, "environment", "latent_liml"), as_twosample(fit, outcome = y), as_twosample(fit, type = "outcome"), as_twosample(fit, action = 1), as_mrinput(fit, outcome = y), as_twosample(x, y, action = "2"), predict(encoder, snp, environment = snp$environment),
  predict(encoder, snp, type = "code"), plot(fit, "latent"), plot(fit, "history"), plot(fit, "mask"),
  update(fit, methods = "nobody"), negative_control(fit, rnorm(600), snp, methods = "latent_tsri"), negative_control(iv, "age", d[-1, ]), negative_control(iv, rnorm(n), d), strobe_mr(fit, data = authors), report(fit, "a.html", data = authors),
  latent_scan(snp, seed = 1, rows = TRUE, chunk = 2.5), latent_scan(snp, outcomes = list(names = "a"), seed = 1), latent_scan(moments, outcomes = data.frame(a = rnorm(600)), seed = 1)
))

# ---- simulation, variants, moments: 24 ----
try_calls("variants and moments", "heard", c(
  simulate_mr("authors", cell = 3), simulate_mr("authors", stress = "none"), simulate_mr("snp", mixing = "mlp"), simulate_mr("snp", environments = 2), simulate_mr("snp", cell = 1:2), simulate_mr("snp", n = 50, pleiotropy = -1),
  simulate_cohort("hgdp", n = 30, sites = 2, populations = rep("a", 159)), simulate_cohort("hgdp", n = 30, sites = 2, variants = 10, overwrite = TRUE),
  simulate_cohort("hgdp", n = 30, sites = 2, variants = 10, missing = c(.1, .1, .1)),
  select_variants(snp, maf = .01, build = 38), select_variants(snp, regions = data.frame(chr = "1", start = 1, end = 2), build = 37), select_variants(snp, info = .8), select_variants(snp, maf = .6), select_variants(snp, call_rate = .9, of = "background"),
  clump(snp, threshold = 1, environment = "site"), clump(snp, c(snp1 = .01), kb = 0), clump(snp, data.frame(SNP = "snp1", pval = -1)), mr_moments(snp, seed = 3, disclosure = TRUE), mr_moments(snp, control = encoder_control(level = .9)),
  mr_moments(snp, outcomes = data.frame(a = c(NA, rnorm(599)))), as_gwas(snp, c("exposure", "outcome")), frequency_alignment(snp, environments = 2)
))

# ---- tables of associations and other files: 40 ----
put <- function(lines, file = "f.txt", sep = "\n") {
  con <- file(file, "wb")
  writeBin(charToRaw(paste0(paste(lines, collapse = sep), sep)), con)
  close(con)
  file
}
table <- function(g = gwas, sep = "\t") c(paste(names(g), collapse = sep), do.call(paste, c(unname(lapply(g, as.character)), sep = sep)))
panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
bed <- read_plink(panel)
who <- samples(bed)$iid
pheno <- data.frame(IID = who, ldl = rnorm(length(who)), sbp = rnorm(length(who)), site = rep(c("n", "s"), length.out = length(who)), smoker = rep(c(0, 1), length.out = length(who)))
read <- function(p = pheno, ...) read_mr_data(panel, p, "ldl", "sbp", "site", ...)
try_calls("files", "heard", c(
  read_gwas(put(table(transform(gwas, chr = "chr99")))), read_gwas(put(table(transform(gwas, chr = "1p36")))), read_gwas(put(table(transform(gwas, pos = paste0(pos / 1e6, "Mb"))))), read_gwas(put(c("# build 37", table(), "# end"))),
  read_gwas(put(table(transform(gwas, eaf = paste0(100 * eaf, "%"))))), read_gwas(put(table(transform(gwas, effect_allele = "<DEL>")))), read_gwas(put(table(transform(gwas, effect_allele = "AT/G")))), read_gwas(put(table(transform(gwas, se = 0)))),
  read_gwas(put(table(gwas[c(1:6, 6)]))), read_gwas(put(table(transform(gwas, samplesize = "9k")))), read_gwas(gwas, ncase = 100, ncontrol = 100), read_gwas(gwas[names(gwas) != "samplesize"], samplesize = c(EUR = 5)),
  read_gwas(gwas, role = "exposure"), read_gwas(gwas, variants = "nowhere.bim"), read_gwas(gwas, encoding = "latin1"), read_gwas(gwas, environment = c("a", "b")), read_gwas(gwas, region = "99:1-1000"), read_gwas(gwas, columns = c(beta = "beta", beta = "se")),
  summary_mr(x, y, correlation = diag(6)), summary_mr(x, y, "weighted_median", correlation = `dimnames<-`(diag(6), list(x$SNP, x$SNP)), seed = 1), write_gwas(x, "o.tsv", metadata = FALSE, assembly = "GRCh37"),
  mr_moments_from_summary(x, y, overlap = c(a = 0)), mr_moments_from_summary(x, y, overlap = 0, ld = matrix(2, 6, 6, dimnames = list(x$SNP, x$SNP))), families(data.frame(ID1 = "a", ID2 = "b", Kinship = "0,25"), encoding = "latin1"),
  families(data.frame(ID1 = "a", ID2 = "b", Kinship = .25), encoding = "latin1"), read(pheno, encoding = "latin1"), read(transform(pheno, smoker = ifelse(smoker == 1, "TRUE", "2")), covariates = "smoker"), read(transform(pheno, ldl = replace(as.character(ldl), 7, "TRUE"))),
  read(id = "iid", categorical = "ldl"), read(structure_includes_instruments = TRUE), read(block = c(nobody = 1)), read(parents = "fam"), read_bgen(system.file("extdata", "small.bgen", package = "LatentMR"), sample = TRUE),
  read_bgen(system.file("extdata", "small.bgen", package = "LatentMR"), multiallelic = "keep"), read_genotypes(panel, multiallelic = "split"), read_plink(panel, variants = "rs1"), bed[1:3, 1:2, exact = TRUE], as.matrix(bed, double = "no")
))
try_calls("files", "fine", c(
  stopifnot(read_gwas(put(table(transform(gwas, chr = "chr01"))))$chr == "1"), stopifnot(read_gwas(put(table(transform(gwas, chr = "23"))))$chr == "X"), stopifnot(nrow(read_gwas(put(table(), sep = "\r\n"))) == 6), read_gwas(put(table(sep = ","))),
  stopifnot(all.equal(read_gwas(put(table(transform(gwas, pos = format(pos, scientific = TRUE)))))$pos, gwas$pos)), stopifnot(all.equal(summary_mr(x, y, "ivw_fixed")$b, .5)), read(transform(pheno, smoker = smoker == 1), covariates = "smoker"),
  stopifnot(ncol(as.matrix(read(transform(pheno, smoker = c("no", "yes")[smoker + 1]), covariates = "smoker")$covariates)) == 1)
))

# Put right after the first run: levels and degrees of freedom of what is not asked for pass, as base R's and broom's do (other
# packages hand on both); `meat` and `by` are kept for later; seeds harm nobody, nor data and units of pictures that have no place for them; the
# others have a use after all.
try_calls("put right", "fine", c(
  plot(fit, "forest", data = snp), plot(encoder, "spectrum", data = snp), plot(fit, "first_stage", units = c("a", "b")),
  iv_binary(chd ~ age | ldl | z1 + z2, d, "msmm", link = "log"), tidy(iv, component = "stage1", df = 5), read_gwas(gwas, samplesize = c(EUR = 5)),
  iv_reg(sbp ~ age | ldl | z1 + z2, d, "liml", meat = "projected"), iv_reg(sbp ~ age | ldl | z1 + z2, d, "liml", vcov = "bekker", meat = "projected"), iv_fit(d$sbp, d$ldl, NULL, one, "ols"), iv_fit(d$sbp, NULL, Z, one, "ols"), wild_test(clustered, level = NULL, reps = 99, by = 1, seed = 1), predict(iv, d, df = 5), predict(iv, d, level = .9), predict(iv, d, se.fit = TRUE, level = .9), tidy(iv, conf.int = FALSE, conf.level = .9), tidy(iv, instruments = TRUE, vcov = "HC1"), glance(iv, df = 3),
  kiv(units = 5), kiv(members = 2), kiv(polish = 3), hsic_test(d$ldl, d$sbp, features = 10), hsic_test(d$ldl, d$sbp, method = "permutation", permutations = 9, approximation = "features"), predict(curve, c(1, 2), level = .9), tidy(curve, conf.int = FALSE, conf.level = .8),
  simulate_cohort("hgdp", n = 30, sites = NULL, admixed = TRUE, variants = 10), simulate_cohort("hgdp", n = 30, sites = 2, variants = 10, block_size = 50), told_before(fast(control = encoder_control(ld_window = 5), encoder = "linear")),
  read_gwas(put(table(transform(gwas, SNP = "")))), summary_mr(x, y, "ivw", seed = 1)
))

table <- do.call(rbind, rows)
setwd(home)
utils::write.csv(table, Sys.getenv("ATTACKS", "bench/results/wrong-calls-unused.csv"), row.names = FALSE)
print(stats::xtabs(~ kind + outcome, table))
cat(sprintf("%d of %d as expected\n", sum(table$held), nrow(table)))
