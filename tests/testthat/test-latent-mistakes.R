# Mistakes that were met by someone who knew the help pages only: what is said, word by word.

quietly <- function(expr) suppressWarnings(suppressMessages(expr))

people <- function(n = 120, p = 12, seed = 1) {
  set.seed(seed)
  env <- rep(c("a", "b", "c"), length.out = n)
  freq <- matrix(stats::runif(3 * p, .2, .8), 3, dimnames = list(c("a", "b", "c"), NULL))
  g <- matrix(stats::rbinom(n * p, 2, freq[env, ]), n)
  u <- stats::rnorm(n)
  x <- rowSums(g[, 1:6]) + u + stats::rnorm(n)
  list(g = g, x = x, y = x - u + stats::rnorm(n), env = env)
}

made <- function(...) quietly(mr_data(...))

test_that("a variant without a name that is left out is called as one that stays, and the data are taken", {
  d <- people()
  for (name in c("", NA, ".")) {
    g <- cbind(d$g, d$g[, 1], 1)
    colnames(g) <- c(paste0("r", 1:12), name, name)
    data <- made(g, d$x, d$y, d$env)
    expect_identical(data$removed_variants$snp, c("unnamed", "unnamed"))
    expect_identical(data$removed_variants$reason, c("constant", "same values as an earlier variant"))
    expect_identical(data$variants$snp, paste0("r", 1:12))
    check_object(data, "mr_data", "data")
  }
  # With a place, by the place; in the list of variants without calls, and in the background too.
  g <- d$g
  g[d$env == "a", 3] <- NA
  place <- data.frame(snp = c("r1", "", "", "."), chr = "1", pos = 1:4, effect_allele = "A", other_allele = "G")
  data <- made(cbind(g[, 1:3], 2 - g[, 1]), d$x, d$y, d$env, variants = place, background = `colnames<-`(cbind(g[, 4:12], 0), rep("", 10)))
  expect_identical(data$removed_variants$snp, "1:4:G:A")
  expect_identical(data$flagged_variants$snp, "1:3:G:A")
  expect_identical(data$background$variants$snp, c("unnamed", paste0("unnamed_", 1:8)))
  expect_identical(subset(flow(data), unit == "background variants" & action == "changed")$count, 9L)
  check_object(data, "mr_data", "data")
})

test_that("as many structure columns as people within environments leave no instruments, from rows and from moments", {
  d <- people()
  set.seed(1)
  s <- matrix(stats::rnorm(120 * 118), 120)
  for (k in c(117, 118)) {
    data <- made(d$g, d$x, d$y, d$env, structure = s[, seq_len(k)])
    text <- sprintf("120 participants are too few for %d structure columns: nothing of the instruments is left beside them.\ni Give fewer columns in `structure`: the leading components of the genome.", k)
    expect_condition_text(quietly(latent_mr(data, seed = 1)), "latentmr_error_unidentified", text)
    expect_condition_text(quietly(latent_mr(mr_moments(data, disclosure = FALSE), seed = 1)), "latentmr_error_unidentified", text)
    expect_condition_text(quietly(learn_instruments(data, seed = 1)), "latentmr_error_unidentified", text)
  }
})

test_that("parents who are their own children, or each other, are refused", {
  d <- people()
  d$g[5, 2] <- NA
  other <- d$g
  other[] <- ifelse(d$g == 1, 2, d$g)
  with <- function(father, mother) made(d$g, d$x, d$y, d$env, kind = "genotype", parents = list(father = father, mother = mother))
  own <- "must be other people than the %s, not the genotypes of the %s again, all the same.\ni Give the genotypes of the father and of the mother of each participant."
  said <- function(arg, who) sprintf(paste0("`parents$%s` ", own), arg, who, who)
  expect_condition_text(with(d$g, d$g), "latentmr_error_argument", said("father", "participants"))
  expect_condition_text(with(other, d$g), "latentmr_error_argument", said("mother", "participants"))
  expect_condition_text(with(other, other), "latentmr_error_argument", said("mother", "fathers"))
})

test_that("men who are called women are said, by words and by PLINK's codes", {
  with_sex <- function(given, sex) {
    said <- conditions_of(warn_sex(data.frame(sex = given), sex))
    vapply(said, conditionMessage, "")
  }
  sex <- rep(1:2, 50)
  text <- "\"sex\" disagrees with the sex of the genotype files in 100 of 100 participants (100.0%).\ni Men and women are exchanged: turn the codes of one of the two."
  expect_identical(with_sex(3 - sex, sex), text)
  expect_identical(with_sex(c("Female", "Male")[sex], sex), text)
  expect_identical(with_sex(factor(c("F", "M")[sex]), sex), text)
  expect_identical(with_sex(c("Male", "Female")[sex], sex), character())
  # 0 and 1 are not PLINK's: who is who is not known.
  expect_identical(with_sex(sex - 1, sex), character())
  expect_identical(with_sex(2 - sex, sex), character())
})

test_that("frames of associations that were changed are refused where they are handed over", {
  frame <- data.frame(SNP = paste0("rs", 1:5), ea = "A", nea = "G", beta = c(.1, .2, -.1, .3, .2), se = .02, eaf = .3, n = 5000, trait = "x")
  x <- quietly(read_gwas(frame))
  y <- quietly(read_gwas(transform(frame, beta = beta / 2 + c(.01, 0, .02, 0, -.01), trait = "y")))
  change <- function(column, at, to) {
    y[[column]][at] <- to
    y
  }
  hint <- "\ni read_gwas() leaves such rows out and counts them: leave them out too."
  said <- function(expr, text) expect_condition_text(quietly(expr), "latentmr_error_gwas", paste0(text, hint))
  said(summary_mr(x, change("beta", 1, NA), "ivw"), "`outcome$beta` must be finite numbers, not NA for \"rs1\".")
  said(summary_mr(x, change("se", 2:3, 0), "ivw"), "`outcome$se` must be finite numbers above 0, not 0 for \"rs2\", \"rs3\".")
  said(summary_mr(change("beta", 1, Inf), x, "ivw"), "`exposure$beta` must be finite numbers, not Inf for \"rs1\".")
  said(as_twosample(x, outcome = change("eaf", 4, 1.5)), "`outcome$eaf` must be numbers from 0 to 1, or NA, not 1.5 for \"rs4\".")
  said(as_twosample(change("pval", 4, 2)), "`fit$pval` must be numbers from 0 to 1, not 2 for \"rs4\".")
  said(summary_mr(x, change("SNP", 2, NA), "ivw"), "`outcome$SNP` must be the name of every variant, not NA for row 2.")
  said(summary_mr(x, change("effect_allele", 2, NA), "ivw"), "`outcome$effect_allele` must be the allele of every variant, not NA for \"rs2\".")
  said(summary_mr(x, change("beta", 1:5, "a"), "ivw"), "`outcome$beta` must be finite numbers, not a character vector of length 5.")
  expect_silent(check_gwas(change("eaf", 1:5, NA), "x"))
})

test_that("files that were there are not replaced in silence", {
  folder <- withr::local_tempdir()
  prefix <- file.path(folder, "mine")
  writeLines("genotypes of people", paste0(prefix, ".bed"))
  cohort <- function(...) simulate_cohort("hgdp", n = 10, sites = 2, variants = 2, prefix = prefix, seed = 1, ...)
  expect_condition_text(cohort(), "latentmr_error_argument", sprintf(
    "`prefix` must be a name whose files are not there yet, not that of %s.bed.\ni Take another name; overwrite = TRUE replaces them.", prefix
  ))
  expect_identical(list.files(folder), "mine.bed")
  expect_identical(readLines(paste0(prefix, ".bed")), "genotypes of people")
  quietly(cohort(overwrite = TRUE))
  expect_identical(readBin(paste0(prefix, ".bed"), "raw", 3), as.raw(c(0x6c, 0x1b, 0x01)))
  # All six are there: a simulated cohort, made again.
  expect_message(suppressWarnings(cohort()), "Replaced, as they were there already", class = "latentmr_message_overwrite")
  unlink(paste0(prefix, ".background.txt"))
  expect_error(cohort(), class = "latentmr_error_argument")
  expect_condition_text(cohort(overwrite = NA), "latentmr_error_argument", "`overwrite` must be TRUE or FALSE, not NA.")

  x <- quietly(read_gwas(data.frame(SNP = "rs1", chr = 1, pos = 10, ea = "A", nea = "G", beta = .1, se = .02, n = 5000, trait = "x")))
  table <- file.path(folder, "x.tsv")
  expect_silent(write_gwas(x, table))
  replaced <- expect_condition_text(write_gwas(x, table), "latentmr_message_overwrite", sprintf(
    "Replaced, as they were there already: %s, %s-meta.yaml.", table, table
  ))
  expect_identical(replaced$files, c(table, paste0(table, "-meta.yaml")))
  expect_condition_text(write_files(stats::setNames(list("a"), table), say = TRUE), "latentmr_message_overwrite",
                        sprintf("Replaced, as it was there already: %s.", table))
})

test_that("names and groups in another encoding are named as such", {
  d <- people()
  hint <- "\ni If they are Latin 1: x <- iconv(x, \"latin1\", \"UTF-8\")."
  said <- function(expr, text) expect_condition_text(quietly(expr), "latentmr_error_encoding", paste0(text, hint))
  said(mr_data(d$g, d$x, d$y, paste0(d$env, "\xe9")), "Values of `environment` are not all in UTF-8: \"a<e9>\", \"b<e9>\", \"c<e9>\" and 117 more.")
  said(mr_data(d$g, d$x, d$y, d$env, ids = c("\xe9", 2:120)), "Identifiers are not all in UTF-8: \"<e9>\".")
  said(mr_data(d$g, d$x, d$y, d$env, covariates = stats::setNames(data.frame(d$y^2), "\xe9")), "Names of the columns of `covariates` are not all in UTF-8: \"<e9>\".")
  latin <- "M\xfcnchen"
  Encoding(latin) <- "latin1"
  expect_identical(levels(quietly(mr_data(d$g, d$x, d$y, ifelse(d$env == "a", latin, d$env)))$environment), c("M\u00fcnchen", "b", "c"))
})

test_that("columns of haven are told how to keep their codes for missing values", {
  d <- people()
  labelled <- function(x, ...) structure(x, class = c(..., "haven_labelled", "vctrs_vctr", "double"))
  spss <- "haven::zap_missing() makes its codes for missing values NA; then haven::zap_labels() for numbers, haven::as_factor() for groups."
  plain <- "haven::zap_labels() leaves its numbers, haven::as_factor() makes it groups."
  ends <- function(expr, text) expect_match(conditionMessage(expect_error(quietly(expr), class = "latentmr_error_argument")), paste0("\ni ", text), fixed = TRUE)
  ends(mr_data(d$g, labelled(d$x, "haven_labelled_spss"), d$y, d$env), spss)
  ends(mr_data(d$g, d$x, labelled(d$y), d$env), plain)
  ends(mr_data(d$g, d$x, d$y, labelled(as.numeric(factor(d$env)))), plain)
  frame <- data.frame(a = d$y)
  frame$a <- labelled(frame$a, "haven_labelled_spss")
  ends(mr_data(d$g, d$x, d$y, d$env, covariates = frame), spss)
})

test_that("a unit whose squares are no numbers is refused, at either end", {
  d <- people()
  text <- "`%s` must be numbers whose squares can be computed, from 1e-140 to 1e140 in size, not %s at most.\ni Give it in another unit."
  large <- c(1e300, d$y[-1])
  small <- d$x * 1e-300
  expect_condition_text(made(d$g, d$x, large, d$env), "latentmr_error_argument", sprintf(text, "outcome", "1e+300"))
  expect_condition_text(made(d$g, small, d$y, d$env), "latentmr_error_argument", sprintf(text, "exposure", format(max(abs(small)), digits = 3)))
  expect_condition_text(made(d$g, d$x, d$y, d$env, covariates = data.frame(a = large)), "latentmr_error_argument", sprintf(text, "covariates$a", "1e+300"))
  expect_condition_text(made(d$g, d$x, d$y, d$env, structure = large), "latentmr_error_argument", sprintf(text, "structure", "1e+300"))
  # 1e100 is as good as 1.
  expect_equal(coef(quietly(latent_mr(made(d$g, d$x, d$y * 1e100, d$env), seed = 1))) / 1e100, coef(quietly(latent_mr(made(d$g, d$x, d$y, d$env), seed = 1))))
})

test_that("names that cannot be people, and numbers of rows, are no identifiers", {
  d <- people()
  site <- c(a = "Oslo", b = "Bergen", c = "Lund")[d$env]
  error <- expect_condition_text(made(d$g, d$x, d$y, site), "latentmr_error_ids", "The names of `environment` are no identifiers: 3 different ones for 120 rows (\"a\", \"b\", \"c\").\ni unname(environment) where its rows are in the order of the others.")
  expect_identical(error$argument, "environment")
  expect_identical(made(d$g, d$x, d$y, unname(site))$environment, factor(site, c("Bergen", "Lund", "Oslo")) |> unname())
  # model.matrix() numbers its rows.
  s <- matrix(d$y^2, dimnames = list(1:120, "s"))
  expect_message(made_loud <- mr_data(d$g, d$x, d$y, d$env, structure = s, kind = "genotype"), "taken to be in the same order", class = "latentmr_message_order")
  expect_identical(unname(made_loud$structure[, 1]), d$y^2)
  expect_condition_text(made(d$g, d$x, d$y, d$env, structure = s[120:1, , drop = FALSE]), "latentmr_error_ids", "`structure` has identifiers (names or row names) and `exposure` has none: they cannot be joined.\ni Name `exposure` by participant, or give the identifiers of the rows in `ids`. If the names of `structure` (\"120\", \"119\", \"118\" and 117 more) only number its rows: rownames(structure) <- NULL.")
})

test_that("background that is not counted, beside genotypes", {
  d <- people()
  b <- matrix(c(-1.5, stats::rnorm(119), rep(0:2, 40)), 120, dimnames = list(NULL, c("b1", "b2")))
  b[2, 1] <- 2.75
  b[, 1] <- pmin(pmax(b[, 1], -1.5), 2.75)
  expect_condition_text(made(d$g, d$x, d$y, d$env, background = b), "latentmr_error_argument", "`background` must be allele counts or dosages from 0 to 2, as the instruments are, or NA, not from -1.5 to 2.75 (variant \"b1\").\ni Give principal components and other numbers to `structure`.")
  expect_identical(made(d$g + .5, d$x, d$y, d$env, kind = "continuous", background = b)$background$variants$snp, c("b1", "b2"))
})

test_that("variants called as a trait keep their own columns", {
  d <- people()
  colnames(d$g) <- c("x", "y", "id", paste0("r", 4:12))
  data <- with(d, made(g, x, y, env))
  expect_condition_text(as.data.frame(data, genotypes = TRUE), "latentmr_message_names", "Variants called like another column are called \"x -> x_1\", \"y -> y_1\", \"id -> id_1\" here.")
  frame <- quietly(as.data.frame(data, genotypes = TRUE))
  expect_identical(names(frame), c("id", "environment", "x", "y", "x_1", "y_1", "id_1", paste0("r", 4:12)))
  expect_identical(frame$x, d$x)
  expect_identical(frame$y_1, as.double(d$g[, "y"]))
})

test_that("negative controls that are the traits of the fit", {
  d <- people()
  data <- with(d, made(g, x, y, env))
  fit <- quietly(latent_mr(data, seed = 1))
  said <- function(expr, text) expect_condition_text(quietly(expr), "latentmr_error_argument", text)
  said(negative_control(fit, data$outcome * 10 + 1, data = data, name = "sbp"), "`outcome` must be a trait that the exposure cannot affect (`sbp`), not \"y\" of the fit itself.")
  said(negative_control(fit, data.frame(a = d$y^2, b = -data$exposure), data = data), "`outcome` must be a trait that the exposure cannot affect (`b`), not \"x\" of the fit itself.")
  said(negative_control(fit, d$y^2, data = data, name = 5), "`name` must be one character string or NULL, not the number 5.")
  said(latent_mr(data, controls = data.frame(a = data$outcome)), "`controls` must be a trait that the exposure cannot affect (`a`), not \"y\" of the fit itself.")
  rows <- data.frame(y = d$y, x = d$x, d$g)
  iv <- iv_reg(y ~ 1 | x | X1 + X2 + X3, rows)
  said(negative_control(iv, rows$y, name = "a"), "`outcome` must be a trait that the exposure cannot affect (`a`), not \"outcome\" of the fit itself.")
  said(negative_control(iv, rows$x, name = "a"), "`outcome` must be a trait that the exposure cannot affect (`a`), not \"x\" of the fit itself.")
  curve <- quietly(iv_curve(y ~ x | X1 + X2 + X3, rows, seed = 1))
  said(negative_control(curve, rows$y, name = "a"), "`outcome` must be a trait that the exposure cannot affect (`a`), not \"y\" of the fit itself.")
  said(negative_control(curve, rows$y^2, name = NA), "`name` must be one character string, not NA.")
})

test_that("times named by others, instruments of others, weights of 0", {
  d <- people()
  data <- with(d, made(g, x, y, env, variants = data.frame(snp = paste0("r", 1:12), effect_allele = "A", other_allele = "G")))
  time <- stats::setNames(seq_len(120) / 10, paste0("x", 201:320))
  expect_condition_text(latent_hazard(data, time, rep(1, 120)), "latentmr_error_ids", "None of the names of `time` is a participant of the data: \"x201\", \"x202\", \"x203\" and 117 more; the data have \"1\", \"2\", \"3\" and 117 more.\ni Name `time` by the identifiers of samples(data), or unname() it where it is in their order.")
  encoder <- quietly(learn_instruments(data, seed = 1))
  expect_condition_text(environment_test(encoder, data = data[, 1:4]), "latentmr_error_argument", "`data` must be with the 12 instruments of the encoder, in their order, not 4 columns.")
  expect_condition_text(predict(encoder, d$g[, 1:4]), "latentmr_error_argument", "`newdata` must be with the 12 instruments of the encoder, in their order, not 4 columns.")
  weights <- data.frame(SNP = paste0("r", 1:12), effect_allele = "A", other_allele = "G", beta = 0)
  expect_condition_text(quietly(latent_mr(data, score_weights = weights, seed = 1)), "latentmr_error_weights", "No variant is left for the allele score: 12 of weight 0.\ni Every weight is 0: which column of the table has the effects?")
  expect_condition_text(autoencoder_control(units = 4), "latentmr_error_argument", "`units` must be a multiple of 16, not the number 4.")
})

test_that("a law of the instruments that differs, but by no direction, is said as that", {
  set.seed(1)
  data <- made(matrix(stats::rnorm(480), 120), stats::rnorm(120), stats::rnorm(120), rep(c("a", "b"), 60), kind = "continuous")
  encoder <- quietly(learn_instruments(data, seed = 1))
  expect_identical(ncol(encoder$variant), 0L)
  encoder$values <- 5
  encoder$null <- c(6, rep(1, 98)) # p = (1 + 1) / (99 + 1)
  view <- list(environments = c("a", "b"))
  text <- function() conditionMessage(tryCatch(identification(encoder, view, list(kind = "continuous"), FALSE), error = identity))
  expect_match(text(), "^The law of the instruments does not differ between the environments \\(p = 0.020; a direction moves where p is below 0.001, encoder_control\\(dimension_level = \\), and none does\\), so confounded")
  encoder$null <- c(rep(6, 30), rep(1, 69))
  expect_match(text(), "^The law of the instruments does not differ between the environments \\(p = 0.31\\), so confounded")
})

test_that("an object without one of its fields is refused by every method, not met by an error of R", {
  d <- people()
  rows <- data.frame(y = d$y, b = as.numeric(d$y > mean(d$y)), x = d$x, d$g)
  data <- with(d, made(g, x, y, env, covariates = data.frame(age = d$y^2)))
  objects <- list(
    iv_reg = iv_reg(y ~ 1 | x | X1 + X2 + X3, rows), iv_binary = iv_binary(b ~ 1 | x | X1 + X2 + X3, rows),
    mr_data = data, latent_instruments = quietly(learn_instruments(data, seed = 1)), latent_mr = quietly(latent_mr(data, seed = 1))
  )
  verbs <- list(
    iv_reg = c("summary", "glance"), iv_binary = "as.data.frame", mr_data = c("print", "summary"), latent_instruments = "print",
    latent_mr = c("summary", "formula", "flow")
  )
  fields <- list(
    iv_reg = c("diagnostics", "strength"), iv_binary = c("units", "link", "outcome"),
    mr_data = c("covariate_coding", "flagged_variants", "removed_variants", "flow"), latent_instruments = c("block", "above", "taken"),
    latent_mr = c("headline", "mode", "rows_used", "diagnostics", "outcome", "kind", "variants", "flow")
  )
  lost <- character()
  for (class in names(objects)) for (field in fields[[class]]) {
    bare <- unclass(objects[[class]])
    bare[[field]] <- NULL
    cut <- structure(bare, class = class(objects[[class]]))
    for (verb in verbs[[class]]) {
      utils::capture.output(said <- tryCatch({
        quietly(print(get(verb)(cut)))
        NULL
      }, error = identity))
      if (inherits(said, "error") && !inherits(said, "latentmr_error_object")) lost <- c(lost, sprintf("%s$%s %s: %s", class, field, verb, conditionMessage(said)))
    }
  }
  expect_identical(lost, character())
  cut <- objects$latent_mr
  cut$mode <- NULL
  expect_condition_text(print(cut), "latentmr_error_object", "`x$mode` must be one text, not missing.\ni The <latent_mr> object was made by another version of the package, or changed on the way: make it again.")
})

test_that("what an object cannot do, it says", {
  set.seed(1)
  d <- data.frame(y = stats::rnorm(50), x = stats::rnorm(50), z = stats::rnorm(50))
  fit <- iv_reg(y ~ 1 | x | z, d)
  said <- function(expr, text) expect_condition_text(expr, "latentmr_error_argument", text)
  none <- "Estimators with instruments have no likelihood: anova() compares models"
  said(logLik(fit), paste0("There is no logLik() of a <iv_reg> object.\ni ", none, ", overid_test() tests instruments."))
  said(stats::AIC(fit), paste0("There is no logLik() of a <iv_reg> object.\ni ", none, ", overid_test() tests instruments."))
  said(stats::extractAIC(fit), paste0("There is no extractAIC() of a <iv_reg> object.\ni ", none, "."))
  said(stats::drop1(fit), "There is no drop1() of a <iv_reg> object.\ni anova(fit, smaller) tests what is left out; update() makes the smaller fit.")
  said(stats::simulate(fit), "There is no simulate() of a <iv_reg> object.\ni No law of the outcome is assumed: predict() and residuals() are what a simulation needs.")
  said(augment(structure(list(), class = "latent_mr")), "There is no augment() of a <latent_mr> object.\ni A fit keeps no person's row: predict(fit$encoder, data) has the latents of people.")
  said(tidy(structure(list(), class = "latent_scan")), "There is no tidy() of a <latent_scan> object.\ni It is a data frame with a row for each estimate: as.data.frame(scan).")
  said(plot(structure(list(), class = "mr_data")), "There is no plot() of a <mr_data> object.\ni plot() draws a fit of latent_mr().")
})
