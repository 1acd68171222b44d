# Sites in memory through DSLite: what comes back is the pooled fit, and what must not leave does not.
skip_if_not_installed("DSI")
skip_if_not_installed("DSLite")
quietly <- function(x) suppressWarnings(suppressMessages(x))

# The people of one site as a table, with its alleles.
ds_people <- function(n, seed, centres = c("k", "l"), p = 6) {
  set.seed(seed)
  g <- matrix(rbinom(n * p, 2, rep(seq(.25, .5, length.out = p), each = n)), n, p, dimnames = list(NULL, paste0("rs", seq_len(p))))
  u <- rnorm(n)
  x <- as.vector(g %*% rep(c(.3, .2, .25), length.out = p)) + .5 * u + rnorm(n)
  y <- .4 * x + .5 * u + rnorm(n)
  data.frame(id = sprintf("%d_%d", seed, seq_len(n)), ldl = x, sbp = y, age = rnorm(n, 50, 8), centre = sample(centres, n, TRUE), g)
}
ds_alleles <- function(p = 6) data.frame(snp = paste0("rs", seq_len(p)), effect_allele = "A", other_allele = "G")

# Connections to servers that hold these lists of tables.
ds_sites <- function(tables, resources = NULL, include = "LatentMR", frame = parent.frame()) {
  builder <- DSI::newDSLoginBuilder()
  for (name in names(tables)) {
    symbol <- paste0("latentmr_server_", name)
    config <- DSLite::defaultDSConfiguration(include = include)
    server <- DSLite::newDSLiteServer(tables = tables[[name]], resources = if (is.null(resources)) list() else resources[[name]], config = config)
    assign(symbol, server, globalenv())
    builder$append(server = name, url = symbol, driver = "DSLiteDriver")
  }
  conns <- quietly(DSI::datashield.login(builder$build()))
  for (name in names(tables)) {
    for (table in names(tables[[name]])) DSI::datashield.assign.table(conns[name], table, table)
  }
  symbols <- paste0("latentmr_server_", names(tables))
  withr::defer({
    quietly(DSI::datashield.logout(conns))
    rm(list = intersect(symbols, ls(globalenv())), envir = globalenv())
  }, frame)
  conns
}
silent_progress <- function(frame = parent.frame()) {
  withr::local_options(datashield.progress = FALSE, datashield.errors.print = FALSE, .local_envir = frame)
}

test_that("two sites with swapped alleles, other groups and a variant less are the pooled fit", {
  silent_progress()
  a <- ds_people(900, 1, c("k", "l", "m"))
  b <- ds_people(900, 2, c("l", "m"))
  whole <- rbind(a, b)
  # Site b counts the other allele of two variants and lacks a third; site c has one centre only.
  c <- ds_people(900, 3, "m")
  whole <- rbind(whole, c)
  b[c("rs2", "rs5")] <- 2 - b[c("rs2", "rs5")]
  alleles <- ds_alleles()
  turned <- alleles
  turned[c(2, 5), 2:3] <- alleles[c(2, 5), 3:2]
  b$rs6 <- NULL
  conns <- ds_sites(list(
    one = list(D = a, A = alleles), two = list(D = b, A = turned[1:5, ]), three = list(D = c, A = alleles)
  ))
  # A site that lacks a variant says so; those that all have go on.
  expect_error(
    ds.mr_moments("ldl", "sbp", paste0("rs", 1:6), covariates = c("age", "centre"), alleles = "A", id = "id", folds = 4, conns = conns)
  )
  expect_match(paste(unlist(DSI::datashield.errors()), collapse = " "), "The table has no column \"rs6\"")
  m <- quietly(ds.mr_moments(
    "ldl", "sbp", paste0("rs", 1:5), covariates = c("age", "centre"), alleles = "A", id = "id", folds = 4, conns = conns
  ))
  expect_identical(m$environments, c("one", "two", "three"))
  expect_identical(m$covariates, c("age", "centrel", "centrem"))
  expect_true(m$disclosure)
  # The same people with their rows.
  pooled <- quietly(mr_data(
    as.matrix(whole[paste0("rs", 1:5)]), whole$ldl, whole$sbp, factor(rep(c("one", "two", "three"), each = 900), c("one", "two", "three")),
    covariates = whole[c("age", "centre")], kind = "genotype", variants = alleles[1:5, ], ids = whole$id
  ))
  open <- quietly(mr_moments(pooled, folds = 4, seed = 1, disclosure = FALSE))
  for (e in 1:3) {
    expect_equal(moments_environment(m, e)$cross, moments_environment(open, e)$cross, tolerance = 1e-10)
  }
  fit <- quietly(latent_mr(m, seed = 1))
  rows <- quietly(latent_mr(open, seed = 1))
  expect_setequal(names(fit$estimates), names(rows$estimates))
  for (id in names(fit$estimates)) expect_equal(fit$estimates[[id]]$b, rows$estimates[[id]]$b, tolerance = 1e-8, ignore_attr = TRUE, label = id)
  for (id in c("ols", "2sls", "latent_2sls", "latent_liml")) {
    expect_equal(fit$estimates[[id]]$se, rows$estimates[[id]]$se, tolerance = 1e-8, ignore_attr = TRUE, label = id)
  }
})

test_that("eight sites, and what travels", {
  silent_progress()
  tables <- lapply(stats::setNames(1:8, paste0("s", 1:8)), function(k) list(D = ds_people(450, k)))
  conns <- ds_sites(tables)
  m <- quietly(ds.mr_moments("ldl", "sbp", paste0("rs", 1:6), covariates = "age", id = "id", folds = 2, conns = conns))
  whole <- do.call(rbind, lapply(tables, `[[`, "D"))
  rownames(whole) <- NULL
  open <- quietly(mr_moments(quietly(mr_data(
    as.matrix(whole[paste0("rs", 1:6)]), whole$ldl, whole$sbp, rep(paste0("s", 1:8), each = 450), covariates = whole["age"], kind = "genotype", ids = whole$id
  )), folds = 2, seed = 1, disclosure = FALSE))
  fit <- quietly(latent_mr(m, seed = 1))$estimates
  rows <- quietly(latent_mr(open, seed = 1))$estimates
  for (id in names(rows)) expect_equal(fit[[id]]$b, rows[[id]]$b, tolerance = 1e-8, ignore_attr = TRUE, label = id)
  expect_length(attr(m, "sites"), 8)
})

test_that("differencing, other folds, too much and too many: refused", {
  silent_progress()
  a <- ds_people(600, 1)
  missing <- a
  missing$age[17] <- NA
  conns <- ds_sites(list(one = list(D = a, E = a[-17, ], M = missing)))
  ask <- function(...) {
    given <- utils::modifyList(list(
      exposure = "ldl", outcome = "sbp", variants = paste0("rs", 1:3), id = "id", folds = 2, conns = conns
    ), list(...))
    quietly(do.call(ds.mr_moments, given))
  }
  said <- function() paste(unlist(DSI::datashield.errors()), collapse = " ")
  refused <- function(pattern, ...) {
    expect_error(ask(...))
    expect_match(said(), pattern)
    expect_false(grepl("600|599|one person", said()))
  }
  first <- ask()
  expect_identical(ask(), first)
  # One person less, by another table or by a covariate that he lacks.
  refused("people or their environments are not those of the first answer", data = "E")
  refused("people or their environments are not those of the first answer", data = "M", covariates = "age")
  refused("people or their environments", environment = "centre")
  refused("earlier answers had 2 folds", folds = 3)
  # Answers add up: with .02 300 people in a block have room for 6 columns.
  expect_s3_class(ask(variants = paste0("rs", 4:6)), "mr_moments")
  old <- options(latentmr.max_columns = .02)
  refused("variants and columns of all answers together are too many", variants = c("rs1", "rs6"))
  options(old)
  old <- options(latentmr.max_requests = 2)
  refused("all the answers that the site gives", variants = c("rs1", "rs6"))
  options(old)
  expect_s3_class(ask(variants = c("rs1", "rs6")), "mr_moments")
  expect_s3_class(ask(variants = paste0("rs", 4:6)), "mr_moments") # asked before
})

test_that("a ledger in a file holds over sessions", {
  silent_progress()
  file <- tempfile()
  withr::local_options(latentmr.ledger = file)
  a <- ds_people(600, 1)
  ask <- function(conns) quietly(ds.mr_moments("ldl", "sbp", paste0("rs", 1:3), id = "id", folds = 2, conns = conns))
  first <- ask(ds_sites(list(one = list(D = a))))
  expect_identical(ask(ds_sites(list(one = list(D = a)))), first)
  expect_error(ask(ds_sites(list(one = list(D = a[-5, ])))))
  expect_match(paste(unlist(DSI::datashield.errors()), collapse = " "), "not those of the first answer")
  expect_false(any(grepl("1_5", readLines(file))))
  writeLines("nonsense", file)
  expect_error(ask(ds_sites(list(one = list(D = a)))))
})

test_that("small groups, outliers, rare variants and too many columns: refused without a number", {
  silent_progress()
  a <- ds_people(400, 1, p = 45)
  a$carrier <- replace(numeric(400), 1:45, 1)
  a$one <- replace(numeric(400), 7, 1)
  a$far <- replace(a$ldl, 9, 1000)
  a$rs1 <- replace(numeric(400), 3, 1)
  ask <- function(conns, exposure = "ldl", variants = paste0("rs", 2:6), ...) {
    quietly(ds.mr_moments(exposure, "sbp", variants, id = "id", folds = 2, conns = conns, ...))
  }
  refused <- function(...) {
    expect_error(ask(ds_sites(list(one = list(D = a))), ...))
    expect_match(paste(unlist(DSI::datashield.errors()), collapse = " "), "disclosure rules of this site refuse that|too many for the people")
    expect_false(grepl("one person|[0-9]{2}", sub("^.*refuse", "", paste(unlist(DSI::datashield.errors()), collapse = " "))))
  }
  refused(covariates = "one")
  refused(exposure = "far")
  refused(variants = "rs1")
  refused(variants = paste0("rs", 2:44)) # 45 columns of 400 people
  # The single carrier among others: withheld, and the rest is answered.
  m <- ask(ds_sites(list(one = list(D = a))), variants = paste0("rs", 1:4))
  expect_identical(m$variants$snp, paste0("rs", 2:4))
  expect_identical(m$withheld, "rs1")
})

test_that("what the site says of its data is shapes, and an answer is bytes", {
  silent_progress()
  a <- ds_people(400, 1)
  a$place <- rep(c("u", "v"), c(380, 20))
  conns <- ds_sites(list(one = list(D = a)))
  call <- quote(mrDataDS(D, exposure = "ldl", outcome = "sbp", variants = "rs1,rs2", environment = "place"))
  DSI::datashield.assign.expr(conns, "mr", call)
  shape <- DSI::datashield.aggregate(conns, quote(mrShapeDS(mr)))$one
  expect_identical(shape$people, c(u = 380L, v = NA))
  expect_identical(shape$variants$snp, c("rs1", "rs2"))
  server <- get("latentmr_server_one", globalenv())
  expect_error(mrShapeDS(1), "Not possible at this site [(]argument `mr`[)]: latentmr_error_argument")
  expect_error(mrDataDS(a, "ldl", "sbp", variants = "rs99"), "The table has no column \"rs99\"")
  expect_error(mrDataDS(a, "ldl", "id", variants = "rs1"), "Not possible at this site")
  # The analyst believes no site.
  expect_error(moments_of_bytes(serialize(1, NULL), "one"), class = "latentmr_error_exchange")
})

test_that("genotypes from resources: PLINK, BGEN, PGEN", {
  silent_progress()
  skip_if_not_installed("resourcer")
  suppressPackageStartupMessages(withr::local_package("resourcer")) # which registers its own resolvers when attached
  folder <- withr::local_tempdir()
  quietly(simulate_cohort(n = 600, seed = 1, prefix = file.path(folder, "panel")))
  files <- list.files(folder)
  prefix <- sub("[.]bed$", "", file.path(folder, grep("[.]bed$", files, value = TRUE)[1]))
  bed <- read_plink(prefix)
  pheno <- data.frame(iid = as.character(bed$samples$iid), x = sin(seq_len(nrow(bed$samples))), y = cos(3 * seq_len(nrow(bed$samples))))
  resource <- resourcer::newResource(name = "geno", url = paste0("file://", prefix, ".bed"), format = "PLINK")
  conns <- ds_sites(list(one = list(D = pheno)), list(one = list(geno = resource)), include = c("LatentMR", "resourcer"))
  DSI::datashield.assign.resource(conns, "G", "geno")
  g <- bed[, ]
  common <- names(which(pmin(colMeans(g, na.rm = TRUE), 2 - colMeans(g, na.rm = TRUE)) > .3 & !colSums(is.na(g))))[1:4]
  m <- quietly(ds.mr_moments("x", "y", common, genotypes = "G", id = "iid", folds = 1, conns = conns))
  expect_identical(m$variants$effect_allele, bed$variants$effect_allele[match(m$variants$snp, bed$variants$snp)])
  expect_identical(as.vector(m$sg), as.vector(colSums(g[, m$variants$snp])))
  # Dosages.
  formats <- c(BGEN = system.file("extdata", "small.bgen", package = "LatentMR"))
  if (requireNamespace("pgenlibr", quietly = TRUE)) formats["PGEN"] <- test_path("fixtures", "small.pgen")
  for (format in names(formats)) {
    path <- normalizePath(formats[[format]])
    files <- read_genotypes(path)
    ids <- as.character(samples(files)$iid)
    pheno <- data.frame(iid = rev(ids), x = sin(seq_along(ids)), y = cos(3 * seq_along(ids)))
    resource <- resourcer::newResource(name = "geno", url = paste0("file://", path), format = format)
    conns <- ds_sites(list(one = list(D = pheno)), list(one = list(geno = resource)), include = c("LatentMR", "resourcer"))
    DSI::datashield.assign.resource(conns, "G", "geno")
    m <- quietly(ds.mr_moments(
      "x", "y", "rs377419413", genotypes = "G", id = "iid", kind = "dosage", folds = 1, conns = conns
    ))
    g <- files[, "rs377419413"]
    expect_identical(m$variants$effect_allele, variants(files)$effect_allele[variants(files)$snp == "rs377419413"])
    x <- pheno$x[match(ids, pheno$iid)]
    expect_equal(as.vector(m$gx[1, 1] - m$sg[1, 1] * m$sx[1, 1] / 60), sum((g - mean(g)) * x), tolerance = 1e-10, info = format)
  }
})

test_that("a scan of several exposures and outcomes is that of all people together", {
  silent_progress()
  traits <- function(seed) {
    d <- ds_people(900, seed)
    d$hdl <- d$rs1 * .4 + rnorm(900)
    d$dbp <- .3 * d$ldl + rnorm(900)
    d$chd <- as.integer(d$sbp + rnorm(900) > 0)
    d$dbp[seed] <- NA
    d
  }
  tables <- list(one = traits(4), two = traits(5))
  tables$two$rs2 <- 2 - tables$two$rs2
  alleles <- ds_alleles()
  turned <- alleles
  turned[2, 2:3] <- alleles[2, 3:2]
  conns <- ds_sites(list(one = list(D = tables$one, A = alleles), two = list(D = tables$two, A = turned)))
  own <- list(ldl = paste0("rs", 1:6), hdl = c("rs1", "rs4"))
  units <- c("mmol/L", "mmol/L", "mmHg", "mmHg", "cases")
  scan <- quietly(ds.mr_scan(
    c("ldl", "hdl"), c("sbp", "dbp", "chd"), paste0("rs", 1:6), covariates = "age", alleles = "A", id = "id", units = units,
    folds = 2, instruments = own, seed = 1, conns = conns
  ))
  whole <- do.call(rbind, tables)
  whole$rs2 <- ifelse(seq_len(nrow(whole)) > 900, 2 - whole$rs2, whole$rs2)
  whole$site <- rep(c("one", "two"), each = 900)
  whole <- whole[!is.na(whole$dbp), ]
  rownames(whole) <- NULL
  pooled <- quietly(mr_data(
    as.matrix(whole[own$ldl]), as.matrix(whole[c("ldl", "hdl")]), whole$sbp, whole$site, covariates = whole["age"],
    kind = "genotype", variants = alleles
  ))
  open <- quietly(mr_moments(pooled, folds = 2, seed = 1, disclosure = FALSE, outcomes = whole[c("sbp", "dbp", "chd")]))
  rows <- quietly(latent_scan(open, instruments = own, seed = 1))
  a <- as.data.frame(scan)
  b <- as.data.frame(rows)
  expect_identical(a[c("exposure", "outcome", "nobs", "nsnp")], b[c("exposure", "outcome", "nobs", "nsnp")])
  expect_identical(nrow(a), 6L)
  for (column in c("b", "se", "b_nagar", "se_nagar", "b_liml", "se_liml", "F", "J")) {
    expect_equal(a[[column]], b[[column]], tolerance = 1e-8, info = column)
  }
  # A question that asks for more outcomes than the site has people for.
  old <- options(latentmr.max_columns = .005)
  withr::defer(options(old))
  expect_error(ds.mr_scan("hdl", c("sbp", "dbp"), paste0("rs", 1:6), covariates = "age", alleles = "A", id = "id", folds = 2, conns = conns))
  expect_match(paste(unlist(DSI::datashield.errors()), collapse = " "), "too few people for the columns|too many for the people")
})

test_that("families: fits and scans of two sites are those of all people together; one family less is refused", {
  silent_progress()
  site <- function(seed) {
    s <- sibship_parts(rep(c(2, 1), 450), 4, seed = seed)
    n <- length(s$y)
    colnames(s$g) <- paste0("rs", 1:4)
    data.frame(id = sprintf("%d_%d", seed, seq_len(n)), ldl = s$x, sbp = s$y, dbp = .2 * s$x + cos(seq_len(n)),
               f = sprintf("f%d_%d", seed, s$family), s$g)
  }
  tables <- list(one = site(1), two = site(2))
  torn <- tables$one
  torn$f[1] <- "nobody else's"
  conns <- ds_sites(list(one = list(D = tables$one, E = torn), two = list(D = tables$two, E = tables$two)))
  ask <- function(data = "D", outcome = "sbp", f = "f") {
    quietly(ds.mr_moments("ldl", outcome, paste0("rs", 1:4), data = data, id = "id", folds = 2, family = f, conns = conns))
  }
  m <- ask()
  expect_identical(sum(m$family$families), 900L)
  whole <- do.call(rbind, tables)
  rownames(whole) <- NULL
  pooled <- quietly(mr_data(
    as.matrix(whole[paste0("rs", 1:4)]), whole$ldl, whole$sbp, rep(c("one", "two"), each = nrow(tables$one)), kind = "genotype",
    family = whole$f
  ))
  open <- quietly(mr_moments(pooled, folds = 2, seed = 1, disclosure = FALSE))
  fit <- quietly(latent_mr(m, seed = 1, by_environment = FALSE))
  rows <- quietly(latent_mr(open, seed = 1, by_environment = FALSE))
  expect_true("family_nagar" %in% names(fit$estimates))
  for (id in names(rows$estimates)) {
    expect_equal(fit$estimates[[id]]$b, rows$estimates[[id]]$b, tolerance = 1e-8, ignore_attr = TRUE, label = id)
  }
  scan <- quietly(ds.mr_scan(
    "ldl", c("sbp", "dbp"), paste0("rs", 1:4), id = "id", folds = 2, family = "f", seed = 1, conns = conns
  ))
  both <- quietly(mr_moments(pooled, folds = 2, seed = 1, disclosure = FALSE, outcomes = whole[c("sbp", "dbp")]))
  want <- quietly(latent_scan(both, seed = 1))
  expect_equal(scan$b, want$b, tolerance = 1e-8)
  expect_identical(scan$estimator, want$estimator)
  expect_true(all(scan$estimator == "family_nagar"))
  for (call in list(quote(ask("E")), quote(ask(f = NULL)))) {
    expect_error(eval(call))
    expect_match(paste(unlist(DSI::datashield.errors()), collapse = " "), "or other people are siblings")
  }
})
