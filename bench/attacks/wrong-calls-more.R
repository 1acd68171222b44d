# 242 more wrong calls and odd files, by somebody who had only the help pages of iv_reg(), iv_fit(), their methods, wild_test(),
# mr_power(), mr_data() and the readers. Expectations were written before the first run, see wrong-calls.R; eight were themselves
# wrong and were put right after it.
#   Rscript bench/attacks/wrong-calls-more.R     # bench/results/wrong-calls-more.csv
source("bench/attacks/wrong.R")

home <- getwd()
folder <- tempfile("more")
dir.create(folder)
setwd(folder)
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
set.seed(61)
n <- 240
d <- data.frame(z1 = rbinom(n, 2, .3), z2 = rbinom(n, 2, .5), z3 = rnorm(n), age = rnorm(n, 60, 8), fam = rep(1:24, 10), site = rep(letters[1:6], 40))
u <- rnorm(n)
d$bmi <- d$z1 + .5 * d$z2 + u + rnorm(n)
d$sbp <- 120 + d$bmi - u + rnorm(n)
d$case <- rbinom(n, 1, plogis(d$bmi - 1))
Z <- as.matrix(d[c("z1", "z2", "z3")])
one <- rep(1, n)
fit <- iv_reg(sbp ~ age | bmi | z1 + z2 + z3, d)
liml <- iv_reg(sbp ~ age | bmi | z1 + z2 + z3, d, "liml")
ujive <- iv_reg(sbp ~ age | bmi | z1 + z2 + z3, d, "ujive")
gmm <- iv_reg(sbp ~ age | bmi | z1 + z2 + z3, d, "gmm")
ols <- iv_reg(sbp ~ bmi + age, d, "ols")
clustered <- iv_reg(sbp ~ age | bmi | z1 + z2 + z3, d, cluster = ~fam)
just <- iv_reg(sbp ~ 1 | bmi | z1, d)

# ---- iv_fit(): 40 ----
try_calls("iv_fit", "refuse", c(
  iv_fit(d$sbp, d$bmi), iv_fit(d$sbp, z = Z), iv_fit(y = NULL, d$bmi, Z), iv_fit(d$sbp, d, Z), iv_fit(d, d$bmi, Z), iv_fit(d$sbp, d$bmi, d["site"]),
  iv_fit(d$sbp, d$bmi, Z, w = d$site), iv_fit(factor(d$sbp), d$bmi, Z), iv_fit(d$sbp, d$bmi, t(Z)), iv_fit(d$sbp[-1], d$bmi, Z, one),
  iv_fit(d$sbp, cbind(d$bmi, d$age), Z[, 1], one), iv_fit(d$sbp, d$bmi, Z, one, estimator = NA), iv_fit(d$sbp, d$bmi, Z, one, estimator = c("2sls", "liml")),
  iv_fit(d$sbp, d$bmi, Z, one, estimator = 2), iv_fit(d$sbp, d$bmi, Z, one, estimator = "LIML"), iv_fit(d$sbp, d$bmi, Z, one, vcov = "robust"),
  iv_fit(d$sbp, d$bmi, Z, one, vcov = "HC4"), iv_fit(d$sbp, d$bmi, Z, one, vcov = c("HC0", "HC1")), iv_fit(d$sbp, d$bmi, Z, one, vcov = diag(2)),
  iv_fit(d$sbp, d$bmi, Z, one, vcov = "bekker"), iv_fit(d$sbp, d$bmi, Z, one, vcov = "many"), iv_fit(d$sbp, d$bmi, Z, one, "gmm", vcov = "iid"),
  iv_fit(d$sbp, d$bmi, Z, one, "gmm", vcov = "HC3"), iv_fit(d$sbp, d$bmi, Z, one, "liml", vcov = "CR2", cluster = d$fam, meat = "projected"),
  iv_fit(d$sbp, d$bmi, Z, one, vcov = "CR2"), iv_fit(d$sbp, d$bmi, Z, one, cluster = ~fam), iv_fit(d$sbp, d$bmi, Z, one, cluster = one),
  iv_fit(d$sbp, d$bmi, Z, one, cluster = replace(d$fam, 3, NA)), iv_fit(d$sbp, d$bmi, Z, one, weights = 0 * one), iv_fit(d$sbp, d$bmi, Z, one, weights = replace(one, 1, Inf)),
  iv_fit(d$sbp, d$bmi, Z, one, weights = TRUE), iv_fit(d$sbp, d$bmi, Z, one, "kclass", kappa = NA), iv_fit(d$sbp, d$bmi, Z, one, "kclass", kappa = c(.5, 1)),
  iv_fit(d$sbp, d$bmi, Z, one, "kclass", kappa = -1), iv_fit(d$sbp, d$bmi, Z, one, "kclass", kappa = 100), iv_fit(d$sbp, d$bmi, Z, one, "fuller", fuller = NA),
  iv_fit(d$sbp, d$bmi, Z, one, tol = -1), iv_fit(replace(d$sbp, 4, NaN), d$bmi, Z, one), iv_fit(d$sbp, d$bmi, replace(Z, 5, -Inf), one), iv_fit(d$sbp, d$bmi, Z[1:3, ], one[1:3])
))

# ---- iv_reg() and its methods: 62 ----
try_calls("iv_reg", "refuse", c(
  iv_reg(sbp ~ age | bmi | z1, as.list(d)[1:2]), iv_reg(sbp ~ age | bmi | z1, as.matrix(d[1:5])), iv_reg(sbp ~ age | bmi | z1, data = "d"), iv_reg(sbp ~ age || bmi | z1, d),
  iv_reg(sbp ~ age | bmi, d, "jive"), iv_reg(sbp ~ age | bmi + z1 | z1, d), iv_reg(sbp ~ age | site | z1 + z2 + z3, d), iv_reg(sbp ~ z1 | bmi | z1, d),
  iv_reg(sbp ~ age + bmi | bmi | z1, d), iv_reg(sbp ~ 0 | bmi | 0, d), iv_reg(sbp ~ age | log(bmi - 100) | z1, d), iv_reg(sbp ~ age | bmi | site2, d),
  iv_reg(sbp ~ age | bmi | z1, d, vcov = "HC1", meat = "stata"), iv_reg(sbp ~ age | bmi | z1, d, cluster = ~ fam + nobody), iv_reg(sbp ~ age | bmi | z1, d, cluster = list(d$fam, 1:3)),
  iv_reg(sbp ~ age | bmi | z1, d, cluster = sbp ~ fam), iv_reg(sbp ~ age | bmi | z1, d, weights = "age"), iv_reg(sbp ~ age | bmi | z1, d, weights = 1:2),
  iv_reg(sbp ~ age | bmi | z1, d, subset = "age"), iv_reg(sbp ~ age | bmi | z1, d, contrasts = "contr.sum"), iv_reg(sbp ~ age | bmi | z1, d, level = .9),
  iv_reg(sbp ~ age | bmi | z1, transform(d, bmi = NA)), iv_reg(sbp ~ age | bmi | z1, transform(d, sbp = list(1))), iv_reg(sbp ~ age | bmi | z1, transform(d, z1 = 1)),
  iv_reg(sbp ~ age | bmi | z1, transform(d, bmi = age)), iv_reg(sbp ~ age | bmi | z1, d[1:2, ]), iv_reg(sbp ~ age | bmi | z1, d, na.action = na.fail(1)),
  vcov(fit, "HC5"), vcov(fit, cluster = 1:3), vcov(fit, ~ nobody), vcov(fit, "iid", cluster = ~fam), vcov(fit, component = "stage3"), vcov(ujive, "bekker"), vcov(gmm, "HC2"),
  vcov(fit, complete = "yes"), confint(fit, parm = "z1"), confint(fit, parm = 7), confint(fit, level = 1), confint(fit, level = "95"), confint(fit, df = -1),
  confint(fit, vcov = diag(2)), confint(fit, vcov = "HC1", vcov. = "HC0"), summary(fit, vcov = mean), summary(fit, df = NA), summary(fit, diagnostics = "all"),
  predict(fit, d["bmi"]), predict(fit, transform(d, age = "old")), predict(fit, level = 2, interval = "confidence"), predict(fit, type = "link"), predict(fit, se.fit = "yes"),
  anova(fit), anova(fit, fit), anova(fit, ols, test = "LR"), residuals(fit, "student"), model.matrix(fit, "stage1"), hatvalues(fit, "stage3"), update(fit, . ~ nobody | . | .),
  weakiv_test(fit, beta = c(1, 2)), weakiv_test(fit, vcov = "CR2", cluster = ~fam), weakiv_set(fit, "tF"), weakiv_set(just, "tF", level = .9), ar_set(fit, vcov = "HC9")
))
try_calls("iv_reg", "told", c(
  iv_reg(sbp ~ bmi + age | z1 + age, d, vcov = "iid", cluster = ~fam)
))
try_calls("iv_reg", "fine", c(
  iv_reg(sbp ~ age | bmi | z1 + z2, transform(d, site = factor(site)), weights = age), iv_reg(log(sbp) ~ poly(age, 2) | bmi | z1 + I(z2^2), d), vcov(clustered, "HC1"),
  weakiv_set(just, "tF"), confint(fit, "bmi", cluster = ~site), summary(clustered, df = Inf), iv_reg(sbp ~ age | bmi | z1, d, subset = age > 50 & !is.na(bmi))
))

# ---- wild_test(): 22 ----
try_calls("wild_test", "refuse", c(
  wild_test(), wild_test("fit", cluster = d$fam), wild_test(ujive, cluster = ~fam), wild_test(gmm, cluster = ~fam), wild_test(fit, "sbp", cluster = ~fam), wild_test(fit, c("bmi", "age"), cluster = ~fam),
  wild_test(fit, beta = "0", cluster = ~fam), wild_test(fit, beta = c(0, 1), cluster = ~fam), wild_test(fit, cluster = "nobody"), wild_test(fit, cluster = d$fam[-1]), wild_test(clustered, weights = "Webb"),
  wild_test(clustered, weights = 1), wild_test(clustered, reps = 98), wild_test(clustered, reps = 999.5), wild_test(clustered, reps = Inf), wild_test(clustered, level = 95), wild_test(clustered, seed = "one"),
  wild_test(clustered, by = 2), wild_test(clustered, B = 999), wild_test(clustered, cluster = one), wild_test(ols, cluster = ~fam), wild_test(clustered, level = NA)
))
try_calls("wild_test", "fine", c(
  wild_test(liml, cluster = ~site), wild_test(ols, "bmi", cluster = ~site, level = NULL), wild_test(clustered, "age", reps = 99, seed = 3, level = NULL), wild_test(clustered, reps = 199, weights = "mammen", seed = 1, level = NULL)
))

# ---- mr_power(): 24 ----
try_calls("mr_power", "refuse", c(
  mr_power(.02), mr_power(.02, 1000), mr_power(.02, 1000, .2, .8), mr_power("2 %", 1000, .2), mr_power(0, 1000, .2), mr_power(1, 1000, .2), mr_power(-.1, 1000, .2), mr_power(NA, 1000, .2),
  mr_power(.02, 0, .2), mr_power(.02, 1000, "small"), mr_power(.02, 1000, 9), mr_power(.02, effect = .2, power = 1.2), mr_power(.02, effect = .2, power = .01), mr_power(.02, effect = 0, power = .8),
  mr_power(.02, 1000, 1.2, outcome = "binary"), mr_power(.02, 1000, 1.2, outcome = "binary", cases = 30), mr_power(.02, 1000, -1.2, outcome = "binary", cases = .3), mr_power(.02, 1000, .2, cases = .3),
  mr_power(.02, 1000, .2, sd_outcome = 0), mr_power(.02, 1000, .2, family_size = 2.5), mr_power(.02, 1000, .2, within = TRUE), mr_power(.02, 1000, .2, alpha = 5), mr_power(.02, 1000, .2, instruments = 0), mr_power(.02, 1000, .2, alhpa = .01)
))
try_calls("mr_power", "fine", c(mr_power(c(.01, .02), 1000, .2), mr_power(.02, 1000, power = .8), mr_power(.02, effect = 1.2, power = .8, outcome = "binary", cases = c(.1, .5)), mr_power(.02, 1000, -.2)))

# ---- mr_data() and readers: 56 ----
ids <- sprintf("%03d", 1:n)
g <- matrix(as.numeric(Z[, 1:2]), n, dimnames = list(ids, c("rs1", "rs2")))
v <- function(x) stats::setNames(x, ids)
place <- v(rep(c("a", "b"), n / 2))
make <- function(g. = g, x = v(d$bmi), y = v(d$sbp), e = place, ...) mr_data(g., x, y, e, ...)
try_calls("mr_data", "refuse", c(
  make(x = v(d$case)[-1], e = place[-2], ids = ids), make(x = stats::setNames(d$bmi, rep("001", n))), make(y = v(rep(NaN, n))), make(e = place[1:100], ids = ids), make(e = v(rep(NA, n))), make(x = v(as.list(d$bmi))),
  make(y = v(sample(c(0, 1, 2), n, TRUE))), make(y = v(sample(c("yes", "no", "maybe"), n, TRUE))), make(g * 1.7, kind = "genotype"), make(replace(g, 1:3, 9)), make(replace(g, 7, Inf)), make(`colnames<-`(g, c("rs1", ""))[, 0]),
  make(as.character(g)), make(covariates = data.frame(age = replace(d$age, 2, Inf), row.names = ids)), make(covariates = data.frame(age = d$age[1:9])), make(covariates = list(d$age)), make(structure = matrix("x", n, 2, dimnames = list(ids, NULL))),
  make(structure_includes_instruments = "no"), make(background = "others"), make(block = c(1, NA)), make(variants = data.frame(snp = "rs1")), make(variants = list(chr = 1)), make(outcome_kind = "count"), make(units = 3), make(scale_traits = "z"),
  make(scale_traits = c(sbp = "sd")), make(categorical = 1), make(instruments = "rs9"), make(instruments = character()), make(family = v(d$fam), parents = "both"), make(parents = list(mother = g)), make(keep = ids[1:50]), make(id = "iid"),
  make(ids = ids, cluster = v(d$fam)[1:100]), make(ids = ids[-1]), make(chr = 1)
))
try_calls("mr_data", "told", c(
  make(y = v(d$case + 1)), make(x = v(d$bmi * ifelse(place == "a", 1, 38.67))), make(x = v(replace(d$bmi, 1:6, -99))), make(e = v(ifelse(d$bmi > 1, "high", "low"))), make(g + 1e-4), make(cluster = v(d$fam)[1:100]), make(y = v(d$sbp)[-(1:50)]), make(e = v(rep(c("A", "a"), n / 2)))
))
panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
who <- samples(read_plink(panel))$iid
ph <- data.frame(IID = who, ldl = rnorm(length(who)), sbp = rnorm(length(who)), site = rep(c("n", "s"), length.out = length(who)))
put <- function(text, file = "f.txt") {
  con <- file(file, "wb")
  writeBin(if (is.raw(text)) text else charToRaw(enc2utf8(paste0(text, collapse = ""))), con)
  close(con)
  file
}
lines_of <- function(sep = "\t", end = "\n", table = ph) c(paste(names(table), collapse = sep), end, paste0(do.call(paste, c(unname(table), sep = sep)), end))
read <- function(file, ...) read_mr_data(panel, file, "ldl", "sbp", "site", ...)
try_calls("files", "refuse", c(
  read(put(c("# made by hand\n", lines_of()))),
  read(put(c(lines_of()[1], "\n"))), read(put(c(lines_of(), "extra\tline\n"))), read(put(c(lines_of(), who[1], "\t1\t2\tn\t9\n"))), read(put(gsub("site", "Site2", lines_of(), fixed = TRUE))), read(put(sub("ldl", "sbp", lines_of(), fixed = TRUE))),
  read(put(as.raw(c(0x50, 0x4b, 3, 4, 1:50)))), read(put(as.raw(c(0x28, 0xb5, 0x2f, 0xfd, 1:50)))), read(put(c("##fileformat=VCFv4.2\n#CHROM\tPOS\n"))), read(put(c(as.raw(c(0xff, 0xfe)), as.raw(rbind(utf8ToInt("IID ldl"), 0))))),
  read(put(c(charToRaw("IID\tldl\tsbp\tsite\nx\t1\t2\t"), as.raw(c(0xe9, 0x0a))))), read("f.txt", encoding = "UTF-99"), read(put(lines_of()), exposure = "ldl"), read(put(lines_of()), na_codes = NA_character_ == 1), read(put(lines_of()), remove = "gone.txt"),
  read(put(lines_of()), cluster = c("site", "ldl")), read(put(lines_of()), instruments = data.frame(snp = "rs0")), read(put(lines_of(table = transform(ph, ldl = "NA")))), read(put(lines_of(table = transform(ph, site = "n"))), structure = "site"),
  read_plink(paste0(panel, ".pdf")), read_plink(c(panel, "nowhere")), read_genotypes("nowhere"), read_genotypes(put("not genotypes\n", "g.raw")), read_genotypes(put(as.raw(1:20), "g.bgen")), read_gwas(put("a b c\n1 2 3\n", "t.tsv")), read_gwas(data.frame(x = 1))
))
try_calls("files", "told", c(
  read(put(lines_of(table = transform(ph, IID = sub("^HG0+", "HG", IID))))), read(put(lines_of(table = transform(ph, ldl = replace(ldl, 1:9, -99)))))
))
try_calls("files", "fine", c(
  read(put(lines_of(end = "\r\n"))), read(put(lines_of(sep = ","))), read(put(lines_of(sep = ";"))), read(put(lines_of(sep = "   "))), read(put(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw(paste0(lines_of(), collapse = ""))))),
  read(put(sub("\n$", "", paste0(lines_of(), collapse = "")))), read(ph[sample(nrow(ph)), ]), read(put(lines_of(table = transform(ph, ldl = replace(format(ldl), 3, "n/a")))))
))

table <- do.call(rbind, rows)
setwd(home)
utils::write.csv(table, Sys.getenv("ATTACKS", "bench/results/wrong-calls-more.csv"), row.names = FALSE)
print(stats::xtabs(~ kind + outcome, table))
cat(sprintf("%d of %d as expected\n", sum(table$held), nrow(table)))
