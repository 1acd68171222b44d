# One trait twice, names where columns are due, and what generics of R would do with data.

refused <- function(expr, text, class = "latentmr_error_argument") expect_condition_text(expr, class, text)
given <- function(...) {
  p <- known_parts()
  parts <- utils::modifyList(
    list(genotypes = p$g, exposure = p$bmi, outcome = p$sbp, environment = p$site, kind = "genotype"), list(...)
  )
  do.call(mr_data, parts)
}

test_that("exposure, outcome and what is adjusted for are different numbers", {
  p <- known_parts()
  hint <- "\ni Nothing can be estimated of a trait from itself: leave it out, or give the column that was meant."
  refused(mr_data(p$g, p$bmi, 2 * p$bmi + 1, p$site), paste0(
    "`outcome` must be other numbers than the exposure, not the same up to unit and origin: \"outcome\" is \"bmi\".", hint
  ))
  refused(given(covariates = data.frame(age = unname(p$sbp), row.names = p$ids)), paste0(
    "`covariates` must be other numbers than the outcome, not the same up to unit and origin: \"age\" is \"outcome\".", hint
  ))
  refused(given(structure = cbind(PC1 = p$bmi)), paste0(
    "`structure` must be other numbers than the exposure, not the same up to unit and origin: \"PC1\" is \"exposure\".", hint
  ))
})

test_that("a name where a column is due, and a matrix that lies on its side", {
  refused(given(exposure = "bmi"), paste0(
    "`exposure` must be the values, one for each participant, not \"bmi\".\n",
    "i If that is the name of a column, give the column itself, d$bmi; read_mr_data() takes names."
  ))
  refused(given(genotypes = t(known_parts()$g)), "`genotypes` must be a matrix of people in rows, not one of people in columns.\ni Turn it: t(genotypes).")
})

test_that("text as numbers is told, words for cases have their order, groups named as missing warn", {
  p <- known_parts()
  as_text <- stats::setNames(format(p$bmi, digits = 10), p$ids)
  expect_condition_text(given(exposure = as_text), "latentmr_message_coding", "`exposure` is text, read as the numbers that it holds.")
  comma <- stats::setNames(sub(".", ",", sprintf("%.4f", p$bmi), fixed = TRUE), p$ids)
  expect_condition_text(given(exposure = comma), "latentmr_message_comma", "`exposure` has decimal commas, read as such.")
  cases <- stats::setNames(rep(0:1, c(120, 80)), p$ids)
  words <- stats::setNames(factor(c("control", "case")[cases + 1]), p$ids)
  expect_identical(suppressMessages(given(outcome = words))$outcome, as.double(cases))
  expect_condition_text(given(environment = replace(p$site, 1:20, ".")), "latentmr_warning_levels", paste0(
    "Groups of the environment may stand for missing values: \".\".\n",
    "i If they do, set them to NA: these people are then left out, and counted."
  ))
  refused(given(cluster = p$bmi), paste0(
    "`cluster` must be a vector with the family or site of each participant, or NULL, not continuous numbers.\n",
    "i Everybody would be alone: give the column that groups people."
  ))
})

test_that("places and alleles of variants are looked at, names that are none are made up", {
  table <- data.frame(snp = paste0("rs", 1:4), chr = 1, pos = 1:4, effect_allele = "A", other_allele = "G")
  refused(given(variants = transform(table, pos = c("1,000", "2,000", "3,000", "4,000"))), paste0(
    "`variants$pos` must be places in base pairs, or NA, not text with \"1,000\", \"2,000\", \"3,000\" and 1 more in it.\n",
    "i A comma with three digits behind it may be a decimal comma or mark thousands: write them with a point, or without a mark."
  ))
  refused(given(variants = transform(table, pos = -pos)), "`variants$pos` must be places in base pairs, or NA, not -1.")
  refused(given(variants = transform(table, other_allele = "A")), "`variants` must be a data frame with two alleles of every variant, not one with \"A\" twice for \"rs1\".")
  g <- known_parts()$g
  nameless <- given(genotypes = cbind(g, g[, 1]))
  expect_identical(nameless$removed_variants$snp, "unnamed")
  expect_silent(check_object(nameless, "mr_data", "data"))
  colnames(g)[2] <- "rs\xe9"
  refused(given(genotypes = g), class = "latentmr_error_encoding", paste0(
    "The names of 1 variant are not UTF-8.\ni Say what they are: colnames(x) <- iconv(colnames(x), \"latin1\", \"UTF-8\")."
  ))
})

test_that("kinship is a share, a row without a person is named", {
  pairs <- data.frame(ID1 = "a", ID2 = "b", Kinship = .25)
  refused(families(transform(pairs, Kinship = 25)), paste0(
    "`kin` must be a table of kinship coefficients, at most 1, not one with 25 (the table).\ni They are shares: .25 for siblings."
  ))
  expect_condition_text(families(transform(pairs, Kinship = 1)), "latentmr_warning_kinship", paste0(
    "1 pair of 1 in the table has a kinship above .5.\ni Relatedness is twice the kinship: halve it. Kinship is .25 for siblings."
  ))
  refused(families(transform(pairs, ID1 = NA)), "`kin`: row 1 of the table has no ID1.", "latentmr_error_ids")
})

test_that("generics that have no method say what there is", {
  d <- given()
  there <- "Give all people to one mr_data(); moments of separate data sets go together by combine_moments()."
  refused(rbind(d, d), paste0("There is no rbind() of a <mr_data> object.\ni ", there))
  refused(c(d, d), paste0("There is no c() of a <mr_data> object.\ni ", there))
  refused(subset(d, age > 1), "There is no subset() of a <mr_data> object.\ni Some people are data[i, ], some instruments data[, j].")
  m <- structure(list(), class = "mr_moments")
  refused(m + m, "There is no sum of a <mr_moments> object.\ni combine_moments() adds up moments of several sites.")
  fit <- structure(list(), class = "latent_mr")
  for (generic in list(predict, residuals, fitted, anova)) expect_error(generic(fit), "There is no ", class = "latentmr_error_argument")
  expect_error(plot(d), "There is no plot", class = "latentmr_error_argument")
})

test_that("bars within a part, variables outside the data and functions that are not there", {
  d <- data.frame(y = sin(1:40), x = cos(1:40), z = sin(2 * (1:40)), fam = rep(1:10, 4), "a b" = cos(3 * (1:40)), check.names = FALSE)
  refused(iv_reg(y ~ fam + (1 | fam) | x | z, d), paste0(
    "`formula` must be parts with single bars between them, not one with (1 | fam).\n",
    "i There are no random effects of groups here: errors for groups are cluster = ~ group."
  ))
  expect_error(iv_reg(y ~ fam || x | z, d), "single bars", class = "latentmr_error_argument")
  expect_identical(iv_reg(y ~ `a b` | x | z, d)$nobs, 40L)
  other <- sin(5 * (1:40))
  expect_condition_text(iv_reg(y ~ other | x | z, d), "latentmr_message_formula", "\"other\" is no column of `data`: the variable of that name where the formula was written is used.")
  refused(iv_reg(d$y ~ d$fam | d$x | d$z, d[1:20, ]), "`formula` must be one of columns of `data`, not one of d$..., which has other rows.\ni Leave the d$ out.")
  hint <- "\ni Its variables are columns of `data`, or have one value for each of its rows; its functions are there."
  expect_error(iv_reg(y ~ nofun(fam) | x | z, d), "`formula` cannot be used: ", class = "latentmr_error_argument", fixed = TRUE)
})

test_that("units that no square can hold, and more structure than people", {
  p <- known_parts()
  refused(given(outcome = 1e300 * p$sbp), paste0(
    "`outcome` must be numbers whose squares can be computed, from 1e-140 to 1e140 in size, not ",
    format(1e300 * max(p$sbp, na.rm = TRUE), digits = 3), " at most.\ni Give it in another unit."
  ))
  wide <- outer(1:200, 1:210, function(i, j) sin(i * j))
  dimnames(wide) <- list(p$ids, NULL)
  refused(given(structure = wide), "200 participants are too few for 210 structure columns.\ni Give fewer: the first principal components.")
})

test_that("tables of associations: -log10(p) under p, one table twice, effects that were changed", {
  table <- data.frame(
    SNP = paste0("rs", 1:6), effect_allele = "A", other_allele = "C", eaf = .3, beta = c(.1, .02, .1, .005, .2, .01),
    se = .01, samplesize = 1e4
  )
  logs <- transform(table, pval = c(22, 1.3, 22, .2, 80, .5))
  expect_error(read_gwas(logs), "of 6 p-values are above 1, up to 80", class = "latentmr_error_gwas")
  g <- read_gwas(table)
  refused(summary_mr(g, g), "`outcome` must be a table of another trait than the exposure, not one with the same effects and errors.")
  refused(mr_moments_from_summary(g, g), "`outcome` must be a table of another trait than the exposure, not one with the same effects and errors.")
  changed <- g
  changed$beta[2] <- NA
  refused(summary_mr(g, changed), class = "latentmr_error_gwas", paste0(
    "`outcome$beta` must be finite numbers, not NA for \"rs2\".\n",
    "i read_gwas() leaves such rows out and counts them: leave them out too."
  ))
})
