# Wrong calls and odd files, made up from the help pages alone. Each has an expectation, written down first; about 15
# were themselves wrong and were put right after the first run:
#   refuse  an error of the package's own class
#   told    a result, with a warning or message of the package's own class
#   fine    a result as the help page has it, and no word is needed
# What base R says by itself (its errors, its warnings) never holds, nor does a result in silence where a word was
# expected. From the root of the sources:
#   Rscript bench/attacks/wrong-calls.R     # bench/results/wrong-calls.csv, a line for each
source("bench/attacks/wrong.R")

# ---- what the calls are made with ----
home <- getwd()
folder <- tempfile("wrong")
dir.create(folder)
setwd(folder)
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
set.seed(16)
n <- 300
ids <- sprintf("p%03d", 1:n)
site <- rep(c("north", "south", "west"), each = n / 3)
g <- sapply(1:8, function(j) rbinom(n, 2, c(north = .2, south = .35, west = .5)[site]))
dimnames(g) <- list(ids, paste0("rs", 1:8))
u <- rnorm(n)
ldl <- drop(g %*% rep(.4, 8)) + u + rnorm(n)
sbp <- 120 + 2 * ldl - u + rnorm(n, sd = 3)
chd <- rbinom(n, 1, plogis(ldl - mean(ldl)))
named <- function(x) stats::setNames(x, ids)
people <- data.frame(age = round(rnorm(n, 60, 8)), sex = rep(c("F", "M"), n / 2), row.names = ids)
data <- quiet(mr_data(g, named(ldl), named(sbp), named(site)))
binary_data <- quiet(mr_data(g, named(ldl), named(chd), named(site)))
moments <- quiet(mr_moments(data, folds = 3, disclosure = FALSE, seed = 1))
fit <- quiet(latent_mr(data, methods = c("latent_2sls", "latent_ujive", "ivw"), seed = 1))
encoder <- quiet(learn_instruments(data, seed = 1))
d <- data.frame(ldl, sbp, chd, z1 = g[, 1], z2 = g[, 2], z3 = g[, 3], age = people$age, sex = people$sex, site, cl = rep(1:20, 15))
iv <- iv_reg(sbp ~ age | ldl | z1 + z2 + z3, data = d)
ols <- iv_reg(sbp ~ ldl + age, data = d, estimator = "ols")
two <- iv_reg(sbp ~ 1 | ldl + age | z1 + z2 + z3, data = d)
binary <- quiet(iv_binary(chd ~ age | ldl | z1 + z2, data = d))
curve <- quiet(iv_curve(sbp ~ ldl | z1 + z2 + z3, data = d, seed = 1, control = curve_control(members = 1)))
panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
bed <- read_plink(panel)
who <- samples(bed)$iid
pheno <- data.frame(IID = who, ldl = rnorm(length(who)), sbp = rnorm(length(who)), site = rep(c("n", "s"), length.out = length(who)),
                    age = 40 + seq_along(who) %% 30)
as_file <- function(table, file, ...) {
  utils::write.table(table, file, sep = "\t", quote = FALSE, row.names = FALSE, ...)
  file
}
invisible(as_file(pheno, "ok.txt"))
read <- function(pheno = "ok.txt", ...) read_mr_data(panel, pheno, "ldl", "sbp", "site", ...)
change <- function(column, rows, value, ...) {
  table <- pheno
  table[[column]] <- as.character(table[[column]])
  table[[column]][rows] <- value
  as_file(table, "changed.txt", ...)
}

# ---- mr_data() ----
try_calls("mr_data", "refuse", c(
  mr_data(), mr_data(g), mr_data(g, ldl, sbp), mr_data(NULL, ldl, sbp, site), mr_data("g", ldl, sbp, site),
  mr_data(g[1:10, ], ldl, sbp, site), mr_data(g, ldl[-1], sbp, site), mr_data(g, named(ldl), sbp, site),
  mr_data(g, named(ldl), named(sbp), rnorm(n)), mr_data(g, as.character(ldl > 1), named(sbp), named(site)),
  mr_data(g, named(ldl), named(rep(1, n)), named(site)), mr_data(g, named(rep(NA_real_, n)), named(sbp), named(site)),
  mr_data(g, named(replace(ldl, 3, Inf)), named(sbp), named(site)), mr_data(g, named(ldl), named(sbp), named(Sys.Date() + 1:n)),
  mr_data(g, named(Sys.Date() + ldl), named(sbp), named(site)), mr_data(g, named(ldl), named(sbp), list(site)),
  mr_data(g, named(ldl), named(sbp), named(site), kind = "snp"), mr_data(g + .3, named(ldl), named(sbp), named(site), kind = "genotype"),
  mr_data(g * 2, named(ldl), named(sbp), named(site), kind = "dosage"), mr_data(-g, named(ldl), named(sbp), named(site), kind = "genotype"),
  mr_data(g, named(ldl), named(sbp), named(site), covariates = "age"), mr_data(g, named(ldl), named(sbp), named(site), covariates = ~age),
  mr_data(g, named(ldl), named(sbp), named(site), covariates = people[1:5, ]),
  mr_data(g, named(ldl), named(sbp), named(site), structure = "PC1"), mr_data(g, named(ldl), named(sbp), named(site), block = 1:3),
  mr_data(g, named(ldl), named(sbp), named(site), ids = ids[1:5]), mr_data(g, named(ldl), named(sbp), named(site), ids = rep("a", n)),
  mr_data(g, named(ldl), named(sbp), named(site), cluster = "family"), mr_data(g, named(ldl), named(sbp), named(site), variants = "rs1"),
  mr_data(g, named(ldl), named(sbp), named(site), variants = data.frame(snp = c("a", "b"))),
  mr_data(g, named(ldl), named(sbp), named(site), units = "mmol/L"), mr_data(g, named(ldl), named(sbp), named(site), units = c(ldl = "a", sbp = "b")),
  mr_data(g, named(ldl), named(sbp), named(site), scale_traits = TRUE), mr_data(g, named(ldl), named(sbp), named(site), scale_traits = c(bmi = "sd")),
  mr_data(g, named(ldl), named(sbp), named(site), categorical = "batch"), mr_data(g, named(ldl), named(sbp), named(site), outcome_kind = "binary"),
  mr_data(g, named(ldl), named(sbp), named(site), family = 1:3), mr_data(g, named(ldl), named(sbp), named(site), parents = "mother"),
  mr_data(g, named(ldl), named(sbp), named(site), parents = list(g, g)), mr_data(g, named(ldl), named(sbp), named(site), center = TRUE),
  mr_data(iv, ldl, sbp, site), mr_data(data, ldl, sbp, site), mr_data(t(g), named(ldl), named(sbp), named(site)),
  mr_data(g, named(sample(0:2, n, TRUE)), named(sample(0:2, n, TRUE)), named(site)),
  mr_data(array(1, c(n, 2, 2)), ldl, sbp, site), mr_data(g, cbind(a = ldl, a = ldl), sbp, site, ids = ids),
  mr_data(matrix(NA_real_, n, 2, dimnames = list(ids, NULL)), named(ldl), named(sbp), named(site)),
  mr_data(g, named(complex(n, 1, 1)), named(sbp), named(site)), mr_data(g, quote(ldl), named(sbp), named(site)),
  mr_data(g[, 0], named(ldl), named(sbp), named(site)), mr_data(g, named(ldl), named(sbp), named(1:n)),
  mr_data(`rownames<-`(g, rep("x", n)), named(ldl), named(sbp), named(site))
))
try_calls("mr_data", "told", c(
  mr_data(unname(g), unname(ldl), unname(sbp), site), mr_data(g, named(replace(ldl, 1:20, -999)), named(sbp), named(site)),
  mr_data(g, named(ldl * ifelse(site == "west", 100, 1)), named(sbp), named(site)), mr_data(g, named(ldl), named(chd + 1), named(site)),
  mr_data(g, named(ldl), named(factor(chd, labels = c("well", "ill"))), named(site)),
  mr_data(g, named(ldl), named(sbp), named(cut(ldl, 3, labels = FALSE))), mr_data(g, named(ldl), named(sbp), named(sub("west", "North ", site))),
  mr_data(g, named(ldl), named(sbp), named(replace(site, 1:4, "tiny"))), mr_data(g, named(ldl)[1:280], named(sbp)[1:280], named(site)[1:280]),
  mr_data(g, named(format(ldl)), named(sbp), named(site)), mr_data(g, named(ldl), named(sbp), named(site), scale_traits = c(outcome = "inverse_normal"))
))

# ---- files ----
try_calls("files", "refuse", c(
  read("no.txt"), read(character()), read(NA), read(1), read(folder), read(list(pheno)), read(pheno[-1]), read(pheno[-2]),
  read(`names<-`(pheno, c("IID", "ldl", "ldl", "site", "age"))), read_mr_data(panel, pheno, "ldl", "ldl", "site"),
  read_mr_data(panel, pheno, "LDL", "sbp", "site"), read_mr_data(panel, pheno, 2, "sbp", "site"), read_mr_data(panel, pheno, "ldl", "sbp", "sbp"),
  read_mr_data(panel, pheno, "ldl", c("sbp", "age"), "site"), read_mr_data("chr99", pheno, "ldl", "sbp", "site"),
  read_mr_data(paste0(panel, ".vcf"), pheno, "ldl", "sbp", "site"), read(id = "eid"), read(id = 1), read(covariates = "bmi"),
  read(covariates = "ldl"), read(cluster = "family"), read(instruments = "rs0"), read(instruments = 1:3), read(instruments = character()),
  read(keep = "nobody"), read(keep = 1i), read(remove = list(1)), read(remove = "no_list.txt"), read(na_codes = TRUE), read(na_codes = list(-9)),
  read(background = "all"), read(encoding = "ebcdic"), read(encoding = 8), read(categorical = "age"), read(structure = "PC1"),
  read(sep = "\t"), read(header = FALSE), read(change("ldl", 5, "high")), read(change("ldl", 5, "<0.5")), read(change("ldl", 5, "1,5")),
  read(change("ldl", 1:9, "3.2 mmol/L")), read(change("sbp", 2, "1e400")), read(change("sbp", 2, "Inf")),
  read({ writeLines(c("IID\tldl\tsbp\tsite", "a\t1\t2"), "short.txt"); "short.txt" }),
  read({ writeLines("", "empty.txt"); "empty.txt" }), read({ file.create("none.txt"); "none.txt" }),
  read({ writeBin(as.raw(0:255), "bytes.txt"); "bytes.txt" }), read({ saveRDS(pheno, "a.txt"); "a.txt" }),
  read({ writeLines(c("<html>", "<body>"), "page.txt"); "page.txt" }), read({ writeLines("{\"a\": 1}", "j.txt"); "j.txt" }),
  read({ as_file(rbind(pheno, transform(pheno[1, ], ldl = 99)), "twice.txt") }), read(as_file(pheno[0, ], "header.txt")),
  read_plink(), read_plink(""), read_plink(NA), read_plink(c(panel, panel)), read_plink(folder), read_plink(7), read_plink(list(panel)),
  bed[9999, 1], bed[1, "rs0"], bed["nobody", ], bed[1.5, 1], bed[, NA], as.matrix(bed, 3), as.matrix(bed, type = "double"),
  families("no.kin"), families(data.frame(a = 1), "x"), families(pheno, who), families(matrix(1:4, 2), who), families(threshold = 2)
))
try_calls("files", "told", c(
  read(change("IID", 1:90, paste0("x", 1:90))), read(change("sbp", 1:30, "999")), read(change("age", 1:9, "999"), covariates = "age"),
  read({ as_file(rbind(pheno, pheno[1:3, ]), "again.txt"); x <- pheno; x$ldl <- sub(".", ",", format(x$ldl), fixed = TRUE); as_file(x, "comma.txt") }),
  read(instruments = c(variants(bed)$snp[1:3], "rs0")),
  read(as_file(transform(pheno, IID = paste0(samples(bed)$fid, "_", IID)), "fidiid.txt"))
))
try_calls("files", "fine", c(
  read(change("age", 1:5, "NA"), covariates = "age"), read(change("age", 1:5, "-"), covariates = "age"), read(change("ldl", 1:9, "-9")),
  read(change("site", 1:3, "")), read({ utils::write.table(pheno, "rn.txt"); "rn.txt" }), read({ utils::write.csv(pheno, "c.csv", row.names = FALSE); "c.csv" }),
  read({ x <- gzfile("packed.txt", "w"); writeLines(readLines("ok.txt"), x); close(x); "packed.txt" }),
  read(pheno[rev(seq_len(nrow(pheno))), ]), read(keep = who[1:200]), read(na_codes = NULL), read(remove = c(who[1], "nobody"))
))

# ---- latent_mr(), moments, encoders ----
try_calls("latent_mr", "refuse", c(
  latent_mr(), latent_mr(NULL), latent_mr(g), latent_mr(d), latent_mr(sbp ~ ldl | z1), latent_mr(fit), latent_mr(iv), latent_mr("data"),
  latent_mr(data, "pca"), latent_mr(data, encoder = NULL), latent_mr(data, n_latent = -1), latent_mr(data, n_latent = "auto"), latent_mr(data, n_latent = 99),
  latent_mr(data, methods = "2SLS"), latent_mr(data, methods = character()), latent_mr(data, methods = NA), latent_mr(data, methods = "latent_msmm"),
  latent_mr(data, methods = "family_ujive"), latent_mr(data, methods = "score"), latent_mr(moments, methods = "latent_ujive"),
  latent_mr(data, score_weights = c(1, 2)), latent_mr(data, score_weights = data.frame(SNP = "rs1")), latent_mr(data, score_weights = "w.txt"),
  latent_mr(data, crossfit = 1), latent_mr(data, crossfit = 1.5), latent_mr(data, crossfit = "yes"), latent_mr(data, crossfit = 1e6),
  latent_mr(data, level = 95), latent_mr(data, level = 0), latent_mr(data, level = NA), latent_mr(data, force = "yes"), latent_mr(data, by_environment = NA),
  latent_mr(data, jackknife = TRUE), latent_mr(data, control = list(level = .9)), latent_mr(data, control = curve_control()),
  latent_mr(data, seed = -1), latent_mr(data, seed = "a"), latent_mr(data, seed = 1.5), latent_mr(data, seed = c(1, 2)), latent_mr(data, verbose = FALSE),
  mr_moments(g), mr_moments(data, folds = 0), mr_moments(data, folds = 1e5), mr_moments(data, folds = "three"), mr_moments(data, disclosure = "no"),
  mr_moments(data, memory = -1), mr_moments(data, memory = "lots"), combine_moments(), combine_moments(moments, data), combine_moments(list()),
  learn_instruments(g), learn_instruments(data, encoder = "flowing"), encoder_control(level = 2), encoder_control(draws = 0), encoder_control(levl = .9),
  encoder_control(flow = list(starts = 1)), encoder_control(autoencoder = encoder_control()), predict(encoder), predict(encoder, g[, 1:2]),
  predict(encoder, "data"), negative_control(fit), negative_control(fit, "age"), negative_control(fit, rnorm(3)), leave_one_out(fit, "person"),
  leave_one_out(iv), single_variant(iv), variant_tests(data), outlying_variants(fit), direction_test(data), direction_test(ols),
  plausibly_exogenous(fit, gamma = -1), plausibly_exogenous(fit, gamma = "a"), as_twosample(iv), as_mrinput(encoder), flow(iv), flow(g), verdict(iv), verdict(),
  samples(iv), variants(fit, 3), mr_power(), mr_power(r2 = 2, n = 100, effect = .1), mr_power(r2 = .02), mr_power(r2 = .02, n = 1000, effect = .2, power = .8),
  mr_power(r2 = .02, n = -1, effect = .2), mr_power(r2 = .02, n = 1000, effect = .2, outcome = "survival"), simulate_mr("dag"), simulate_mr("snp", cell = 99),
  simulate_mr("snp", n = 0), simulate_cohort("chr22"), simulate_cohort("chr21", n = -5), simulate_cohort("chr21", effect = "big"), report(iv), report(fit, "no/such/folder/a.html"),
  report(fit, 3), strobe_mr(iv), plot(fit, "pie"), plot(fit, type = 1), plot(iv, which = 99), data[1:5, 1:2, 1], data[, "rs0"], data["nobody", ], data[9999, ],
  data[0, ], split(data, "site"), update(fit, encoder = "pca"), update(iv, estimator = "lasso"), summary(fit, digits = "a"), print(fit, digits = -1), coef(fit, 3),
  as.data.frame(fit, exponentiate = "yes"), confint(fit, level = 2), confint(fit, "nobody"), environment_test(g), environment_test(g, site[1:3]), environment_test(iv, site)
))

# ---- the IV engine ----
try_calls("iv", "refuse", c(
  iv_reg(), iv_reg("sbp ~ ldl"), iv_reg(sbp ~ ldl, d), iv_reg(sbp ~ age | ldl, data = 3), iv_reg(~ age | ldl | z1, d), iv_reg(sbp ~ age | ldl | z1 | z2, d),
  iv_reg(sbp ~ age | ldl | ldl, d), iv_reg(sbp ~ age | ldl | age, d), iv_reg(sbp ~ sbp | ldl | z1, d), iv_reg(sbp ~ ldl | ldl | z1, d), iv_reg(sbp ~ 1 | ldl | z9, d),
  iv_reg(sex ~ 1 | ldl | z1, d), iv_reg(sbp ~ 1 | ldl + age | z1, d), iv_reg(sbp ~ 1 | ldl | z1, d, estimator = "TSLS"), iv_reg(sbp ~ 1 | ldl | z1, d, vcov = "hc9"),
  iv_reg(sbp ~ 1 | ldl | z1, d, cluster = ~nobody), iv_reg(sbp ~ 1 | ldl | z1, d, cluster = "nobody"), iv_reg(sbp ~ 1 | ldl | z1, d, cluster = 1:3),
  iv_reg(sbp ~ 1 | ldl | z1, d, vcov = "cluster"), iv_reg(sbp ~ 1 | ldl | z1, d, weights = -age), iv_reg(sbp ~ 1 | ldl | z1, d, weights = nobody), iv_reg(sbp ~ 1 | ldl | z1, d, weights = sex),
  iv_reg(sbp ~ 1 | ldl | z1, d, subset = age > 999), iv_reg(sbp ~ 1 | ldl | z1, d, subset = nobody > 3), iv_reg(sbp ~ 1 | ldl | z1, d, offset = 1:3), iv_reg(sbp ~ 1 | ldl | z1, d, na.action = "no_such"),
  iv_reg(sbp ~ 1 | ldl | z1, d, kappa = 1), iv_reg(sbp ~ 1 | ldl | z1, d, estimator = "kclass"), iv_reg(sbp ~ 1 | ldl | z1, d, estimator = "fuller", fuller = -1), iv_reg(sbp ~ 1 | ldl | z1, d, tol = 9),
  iv_reg(sbp ~ 1 | ldl | z1, d, meat = "projected"), iv_reg(sbp ~ 1 | ldl | z1, d, method = "2sls"), iv_reg(sbp ~ 1 | ldl | z1, d, x = TRUE), iv_reg(log(-sbp) ~ 1 | ldl | z1, d),
  iv_reg(sbp ~ poly(nobody, 2) | ldl | z1, d), iv_reg(sbp ~ f(age) | ldl | z1, d), iv_reg(cbind(sbp, age) ~ 1 | ldl | z1, d), iv_reg(sbp ~ 1 | ldl | I(ldl * 0), d), iv_reg(sbp ~ 1 | ldl | z1, d[0, ]), iv_reg(sbp ~ 1 | ldl | z1, d[1:2, ]),
  iv_fit(), iv_fit(sbp), iv_fit(sbp, ldl), iv_fit(sbp, ldl, g[1:9, ]), iv_fit(sbp, "ldl", g), iv_fit(sbp, ldl, g, w = "age"), iv_fit(c(NA, sbp[-1]), ldl, g), iv_fit(sbp, ldl, g, cluster = 1), iv_fit(sbp, ldl, g, weights = 1:3), iv_fit(d, ldl, g), iv_fit(sbp, ldl, g, data = d),
  coef(iv, "stage3"), vcov(iv, "HC7"), vcov(iv, type = 3), vcov(iv, cluster = ~nobody), confint(iv, "nobody"), confint(iv, 9), confint(iv, level = 95), predict(iv, newdata = 3), predict(iv, newdata = d["age"]), predict(iv, newdata = transform(d, age = "old")),
  predict(iv, d, interval = "both"), predict(iv, std = TRUE), residuals(iv, "student"), model.matrix(iv, "z"), anova(iv, "HC1"), anova(iv, data), anova(iv, iv_reg(sbp ~ 1 | ldl | z1, d[-1, ])), summary(iv, "HC9"), summary(iv, vcov = "cluster"), summary(iv, robust = TRUE),
  tidy(iv, conf.int = "yes"), tidy(iv, conf.level = 95), tidy(iv, exponentiate = TRUE), glance(iv, 3), first_stage(ols), first_stage(fit, robust = TRUE), first_stage("iv"), ar_set(ols), ar_set(iv, level = 95), ar_set(iv, vcov = "HC9"), weakiv_test(iv, beta = "a"), weakiv_test(iv, beta = c(1, 2)), weakiv_test(ols), weakiv_test(iv, H0 = 1),
  weakiv_set(iv, "clr"), weakiv_set(iv, "tF"), weakiv_set(two, "CLR"), overid_test(ols), overid_test(iv, instruments = "z9"), overid_test(iv, instruments = 1), overid_test(iv, instruments = c("z1", "z2", "z3")), endogeneity_test(ols), endogeneity_test(iv, "age"), endogeneity_test(d),
  wild_test(iv), wild_test(iv, "nobody", cluster = ~cl), wild_test(iv, cluster = ~cl, reps = 10), wild_test(iv, cluster = ~cl, weights = "normal"), wild_test(two, cluster = ~cl), wild_test(d), iv_compare(ols), iv_compare(iv, "lasso"), iv_compare(iv, character()), update(iv, formula = 3), update(iv, . ~ . + nobody), influence(iv, do = 1), cooks.distance(iv, 3), plot(iv, "forest"), plot(iv, main = 3, nothing = 1),
  iv_binary(sbp ~ age | ldl | z1, d), iv_binary(chd ~ ldl, d), iv_binary(chd ~ age | ldl | z1, d, estimator = "2sri"), iv_binary(chd ~ age | ldl | z1, d, link = "cloglog"), iv_binary(chd ~ age | ldl | z1, d, weights = -1), iv_binary(1 ~ age | ldl | z1, d), iv_binary(chd ~ age | ldl | z1, d, family = binomial()),
  iv_curve(sbp ~ ldl, d), iv_curve(sbp ~ ldl + age | z1, d), iv_curve(sbp ~ sex | z1, d), iv_curve(d), iv_curve(sbp ~ ldl | z1, d, estimator = "spline"), iv_curve(sbp ~ ldl | z1, d, control = list(units = 3)), iv_curve(sbp ~ ldl | z1, d[1:9, ]), curve_control(units = -1), curve_control(solver = "sgd"), curve_control(band = 95), predict(curve, "a"), predict(curve, newdata = d["age"]), predict(curve, level = 2), average_effect(curve), average_effect(curve, 1, NA), average_effect(iv, 1, 2), average_derivative(fit), stratum_table(curve, 1), stratum_table(curve, 5, "quantile"), stratum_table(iv), plot(curve, "lines"), plot(curve, level = 3),
  hsic_test(ldl), hsic_test(ldl, sbp[-1]), hsic_test(ldl, "a"), hsic_test(ldl, sbp, method = "perm"), hsic_test(ldl, sbp, kernel = "poly"), hsic_test(ldl, sbp, permutations = -1), hsic_test(ldl, sbp, bandwidth = 0), hsic_test(c(NA, ldl[-1]), sbp), mmd_test(ldl), mmd_test(ldl, environment = 1), mmd_test(g, g[, 1]), mmd_test(ldl, sbp, method = "permutation", permutations = 0)
))
try_calls("iv", "told", c(
  iv_reg(sbp ~ ldl | z1, d), iv_reg(sbp ~ 1 | ldl | z1, d, vcov = "HC1", cluster = ~cl), iv_binary(I(chd + 1) ~ age | ldl | z1, d), vcov(iv, cluster = list(d$site, d$sex))
))
try_calls("iv", "fine", c(
  iv_reg(sbp ~ age | ldl | z1 + z2, d, cluster = "cl"), iv_reg(sbp ~ age | ldl | z1, transform(d, age = replace(age, 1:9, NA))), iv_reg(sbp ~ factor(site) | ldl | z1, d), iv_fit(sbp, ldl, g, cbind(1, people$age)),
  predict(iv, newdata = d[1:3, ]), summary(iv, vcov = "HC3"), ar_set(iv, level = .5), wild_test(two, "age", cluster = ~cl, reps = 99, seed = 1, level = NULL), vcov(iv, cluster = ~ site + sex:site)
))

# ---- a fit that somebody changed ----
hit <- function(x, field, value) {
  x[field] <- list(value)
  x
}
try_calls("changed", "refuse", c(
  formula(hit(iv, "formula", globalenv())), update(hit(iv, "formula", 3), . ~ . - age), predict(hit(iv, "terms", NULL), d),
  coef(structure(1, class = "iv_reg")), vcov(structure("a", class = "iv_reg")), nobs(structure(1:3, class = "iv_reg")), df.residual(structure(1, class = "iv_reg")), residuals(structure("x", class = "iv_reg")), weights(structure(TRUE, class = "iv_reg")),
  sigma(structure(1, class = "iv_reg")), deviance(structure(1, class = "iv_reg")), formula(structure(1, class = "iv_reg")), terms(structure(1, class = "iv_reg")), print(structure(1, class = "iv_reg")), summary(structure("a", class = "iv_reg")), tidy(structure(1, class = "iv_reg")), glance(structure(1, class = "iv_reg")),
  coef(structure(1, class = "latent_mr")), vcov(structure(1, class = "latent_mr")), confint(structure(1, class = "latent_mr")), nobs(structure(1, class = "latent_mr")), print(structure(1, class = "latent_mr")), summary(structure(1, class = "latent_mr")), as.data.frame(structure(1, class = "latent_mr")), update(structure(1, class = "latent_mr")), formula(structure("x", class = "latent_mr")), plot(structure(1, class = "latent_mr")), verdict(structure(1, class = "latent_mr")), flow(structure(1, class = "latent_mr")),
  coef(structure(1, class = "iv_binary")), vcov(structure(1, class = "iv_binary")), print(structure(1, class = "iv_binary")), nobs(structure(1, class = "iv_binary")), print(structure(1, class = "iv_curve")), predict(structure(1, class = "iv_curve")), plot(structure(1, class = "iv_curve")), nobs(structure(1, class = "iv_curve")), print(structure(1, class = "mr_data")), dim(structure("a", class = "mr_data")), summary(structure(1, class = "mr_data")), as.data.frame(structure(1, class = "mr_data")), split(structure(1, class = "mr_data")), print(structure(1, class = "mr_moments")), print(structure(1, class = "plink_bed")), dim(structure(1, class = "plink_bed")), print(structure(1, class = "latent_instruments")), predict(structure(1, class = "latent_instruments"), data)
))

table <- do.call(rbind, rows)
setwd(home)
utils::write.csv(table, Sys.getenv("ATTACKS", "bench/results/wrong-calls.csv"), row.names = FALSE)
print(stats::xtabs(~ kind + outcome, table))
cat(sprintf("%d of %d as expected\n", sum(table$held), nrow(table)))
