# Files of moments: what is written comes back to the last bit, and nothing else is taken.
quietly <- function(x) suppressWarnings(suppressMessages(x))

# `n` people in each environment; factors, two exposures' worth of columns.
site_data <- function(n = 700, p = 6, environments = c("a", "b"), seed = 1, centres = c("k", "l", "m"), ...) {
  set.seed(seed)
  total <- n * length(environments)
  g <- matrix(rbinom(total * p, 2, rep(seq(.2, .5, length.out = p), each = total)), total, p)
  colnames(g) <- paste0("rs", seq_len(p))
  x <- as.vector(g %*% rep(c(.3, -.2), length.out = p)) + rnorm(total)
  y <- .4 * x + rnorm(total)
  variants <- data.frame(snp = colnames(g), effect_allele = "A", other_allele = "G", chr = "1", pos = seq_len(p) * 1000)
  quietly(mr_data(
    g, x, y, rep(environments, each = n), covariates = data.frame(age = rnorm(total, 50, 8), centre = sample(centres, total, TRUE)),
    variants = variants, kind = "genotype", ...
  ))
}
exported <- function(m, ...) {
  file <- tempfile(fileext = ".lmrm")
  quietly(export_moments(m, file, ...))
  file
}
plain_moments <- function(m) {
  attr(m, "audit") <- NULL
  m
}

test_that("a file gives the moments back, every bit", {
  for (m in list(
    quietly(mr_moments(site_data())), quietly(mr_moments(site_data(units = c("mmol/L", "mmHg")))),
    quietly(mr_moments(site_data(block = c("u", "v", "v", "u", "w", "w"))))
  )) {
    file <- tempfile()
    sent <- quietly(export_moments(m, file))
    back <- read_moments(file)
    expect_identical(back, sent)
    expect_type(back$gg, "integer")
    expect_identical(attr(back, "audit"), attr(sent, "audit"))
    expect_identical(fingerprint(back), fingerprint(sent))
  }
  # Limits that change nothing leave the moments what they were.
  m <- quietly(mr_moments(site_data(2000), folds = 2))
  expect_identical(plain_moments(read_moments(exported(m))), m)
  expect_identical(nrow(attr(read_moments(exported(m)), "audit")), 0L)
})

test_that("several outcomes are one file, each with its own account", {
  data <- site_data()
  set.seed(2)
  more <- data.frame(y = data$outcome, sbp = rnorm(1400), chd = rbinom(1400, 1, .3))
  m <- quietly(mr_moments(data, folds = 2, outcomes = more))
  file <- exported(m)
  back <- read_moments(file)
  expect_identical(plain_moments(back), m)
  expect_identical(back$binary, c(FALSE, FALSE, TRUE))
  expect_equal(quietly(latent_scan(back, seed = 1))$b, quietly(latent_scan(m, seed = 1))$b, tolerance = 0)
  # A case that few people have, of the third outcome only.
  more$chd[-(1:12)] <- 0
  expect_error(quietly(mr_moments(data, folds = 2, outcomes = more)), "chd", class = "latentmr_error_disclosure")
  # Sites that code one of several outcomes otherwise.
  more$chd <- rep(1:4, 350)
  other <- quietly(mr_moments(data, folds = 2, outcomes = more))
  expect_warning(
    combine_moments(m, other), "\"chd\" is 0 or 1 at site 1 and has other values at site 2.",
    class = "latentmr_warning_units", fixed = TRUE
  )
})

test_that("dosages, names beyond ASCII, no covariates", {
  set.seed(3)
  g <- matrix(round(runif(900 * 4, 0, 2), 2), 900)
  data <- quietly(mr_data(g, rnorm(900), rnorm(900), rep("\u00c5land", 900), kind = "dosage"))
  m <- quietly(mr_moments(data, folds = 2))
  file <- exported(m)
  expect_identical(plain_moments(read_moments(file)), m)
  expect_type(read_moments(file)$gg, "double")
  expect_error(export_moments(m, file, min_carriers = 40), "`min_carriers` must be 20 for dosages", class = "latentmr_error_argument")
})

test_that("what is rare or crowded is withheld or merged, with an account", {
  data <- site_data(400)
  m <- quietly(mr_moments(data, folds = 10))
  expect_lt(min(m$blocks$n), 100)
  sent <- quietly(export_moments(m, tempfile()))
  # 6 variants: 27 sums / (qnorm(.1) + qnorm(.95))^2 = 204.6 people. Without: 5 numeric columns more, 110 people.
  expect_gte(min(sent$blocks$n), 205)
  free <- quietly(export_moments(m, tempfile(), max_power = 1))
  expect_gte(min(free$blocks$n), 110)
  expect_lt(min(free$blocks$n), 205)
  expect_identical(sum(sent$blocks$n), 800L)
  account <- attr(sent, "audit")
  expect_identical(account$what, c("folds", "folds"))
  expect_identical(account$environment, c("a", "b"))
  expect_message(export_moments(m, tempfile()), "Disclosure control: folds merged in a [(][0-9]+ fewer[)], b [(]", class = "latentmr_message_disclosure")
  expect_identical(rowSums(sent$gg), rowSums(m$gg))
  data <- site_data(700)
  m <- quietly(mr_moments(data, folds = 10))
  # More carriers than a variant has.
  rare <- data
  rare$genotypes$x[, 2] <- rep(c(1, 0), c(60, 1340)) # 60 carriers in a, none in b
  expect_identical(quietly(mr_moments(rare, folds = 2))$withheld, character())
  file <- tempfile()
  sent <- quietly(export_moments(mr_moments(rare, folds = 2), file, min_carriers = 80))
  expect_identical(sent$withheld, "rs2")
  expect_identical(attr(sent, "audit")[1, c("name", "reason")], data.frame(name = "rs2", reason = "few carriers"))
  expect_identical(attr(read_moments(file), "audit"), attr(sent, "audit"))
  expect_identical(tail(flow(sent)$remaining[flow(sent)$unit == "variants"], 1), 5L)
  expect_error(export_moments(m, file, min_people = 1000), "11 columns need 1,000 people in every environment, and \"a\" has 700", class = "latentmr_error_disclosure")
  expect_error(
    export_moments(quietly(mr_moments(site_data(100), folds = 1)), file), "11 columns need 205 people in every environment.*a power of 0.1 [(]max_power[)]", class = "latentmr_error_disclosure"
  )
})

test_that("cells of two rare alleles, and of an allele and a trait: by hand", {
  one <- function(g, y) {
    data <- moments_data(g, cbind(d = sin(seq_along(y)), y = y))
    mr_moments(data, folds = 1, disclosure = FALSE)
  }
  n <- 1000
  y <- rep(0:1, each = n / 2)
  limits <- release_defaults
  # 40 carriers each; `both` of them are the same people; all of them have y = 0 or spread.
  g <- function(both, spread = 20) {
    first <- c(seq_len(20), 500 + seq_len(20))
    second <- c(first[seq_len(both)], 100 + seq_len(40 - both - spread), 600 + seq_len(spread))
    cbind(replace(numeric(n), first, 1), replace(numeric(n), second, 1), rep(c(0, 1, 2, 1), n / 4))
  }
  why <- function(...) release_short(one(g(...), y), limits)
  expect_identical(why(0), character(3))
  # Two people share: 8 copies or fewer could be two people.
  expect_identical(sum(nzchar(why(2))), 1L)
  expect_identical(sum(nzchar(why(8))), 1L)
  expect_identical(why(9), character(3))
  # 2 or 4 copies among the cases could be two people, 5 cannot.
  expect_identical(nzchar(why(0, 2)), c(FALSE, TRUE, FALSE))
  expect_identical(nzchar(why(0, 4)), c(FALSE, TRUE, FALSE))
  expect_identical(why(0, 5), character(3))
  expect_identical(why(0, 0), character(3))
  # The other allele counted: the same.
  flip <- g(2)
  flip[, 2] <- 2 - flip[, 2]
  expect_identical(sum(nzchar(release_short(one(flip, y), limits))), 1L)
})

test_that("what was not made to leave does not leave", {
  data <- site_data()
  expect_error(
    export_moments(mr_moments(data, disclosure = FALSE), tempfile()), "made with disclosure = FALSE", class = "latentmr_error_disclosure"
  )
  expect_error(export_moments(data, tempfile()), "`m` must be an mr_moments object", class = "latentmr_error_argument")
  m <- quietly(mr_moments(data))
  expect_error(export_moments(m, tempfile(), min_people = 10), "min_people` must be one whole number of at least 30", class = "latentmr_error_argument")
  expect_error(export_moments(m, tempfile(), min_carriers = 1), "at least 20", class = "latentmr_error_argument")
  expect_error(export_moments(m, tempfile(), max_columns = .5), "max_columns", class = "latentmr_error_argument")
  expect_error(export_moments(m, tempfile(), max_power = .01), "max_power", class = "latentmr_error_argument")
  expect_error(export_moments(m, tempfile(), min_cell = 2), "at least 3", class = "latentmr_error_argument")
  expect_error(export_moments(m, file.path(tempdir(), "no", "such")), class = "latentmr_error_io")
  bad <- m
  bad$variants$snp[1] <- "rs1\033[2J"
  expect_error(export_moments(bad, tempfile()), "no control characters", class = "latentmr_error_argument")
})

# The parts of a file, changed and put together again, with a right sum unless said otherwise.
file_parts <- function(file) {
  bytes <- readBin(file, "raw", file.size(file))
  ends <- which(bytes == as.raw(10))[3]
  lines <- strsplit(rawToChar(bytes[seq_len(ends)]), "\n")[[1]]
  size <- as.numeric(strsplit(lines[3], " ")[[1]][2:3])
  rest <- bytes[-seq_len(ends)]
  list(lines = lines, header = rawToChar(rest[seq_len(size[1])]), body = rest[-seq_len(size[1])])
}
put_together <- function(parts, lines = NULL, sum = TRUE) {
  header <- charToRaw(parts$header)
  rest <- c(header, parts$body)
  file <- tempfile()
  if (is.null(lines)) {
    lines <- c(
      parts$lines[1], if (sum) paste("md5", bytes_sum(rest)) else parts$lines[2],
      sprintf("bytes %d %d", length(header), length(parts$body))
    )
  }
  writeBin(c(charToRaw(paste0(paste(lines, collapse = "\n"), "\n")), rest), file)
  file
}
with_header <- function(parts, change) {
  header <- jsonlite::parse_json(parts$header)
  parts$header <- as.character(jsonlite::toJSON(change(header), auto_unbox = TRUE, null = "null", digits = NA))
  parts
}
# The numbers of one array changed.
with_array <- function(parts, name, change) {
  arrays <- jsonlite::parse_json(parts$header)$arrays
  size <- vapply(arrays, function(a) a$rows * a$columns * c(int32 = 4, float64 = 8)[[a$type]], 0)
  at <- which(vapply(arrays, `[[`, "", "name") == name)
  place <- sum(size[seq_len(at - 1)]) + seq_len(size[at])
  kind <- if (arrays[[at]]$type == "int32") integer() else double()
  x <- readBin(parts$body[place], kind, 1e6, endian = "little")
  parts$body[place] <- writeBin(as(change(x), typeof(kind)), raw(), endian = "little")
  parts
}

# ---- families ----

family_site <- function(seed = 1, families = 1300, p = 4, flip = FALSE) {
  s <- sibship_parts(rep(c(2, 3, 1, 1), length.out = families), p, seed = seed)
  s$site <- rep(paste("site", seed), length(s$y))
  alleles <- data.frame(snp = paste0("rs", 1:p), chr = 1, pos = 1:p, effect_allele = "A", other_allele = "C")
  if (flip) {
    s$g[, 2:3] <- 2 - s$g[, 2:3]
    alleles[2:3, 4:5] <- alleles[2:3, 5:4]
  }
  list(parts = s, data = sibship_data(s, covariates = data.frame(age = sin(seq_along(s$y))), variants = alleles))
}

test_that("sums within families travel: sites together are as if they had none of it, and the pooled fit", {
  sites <- list(family_site(1), family_site(2, flip = TRUE))
  files <- lapply(sites, function(s) exported(quietly(mr_moments(s$data, folds = 2))))
  back <- lapply(files, read_moments)
  expect_identical(attr(back[[1]], "audit")$what, character())
  expect_identical(back[[2]]$family, quietly(mr_moments(sites[[2]]$data, folds = 2))$family)
  both <- quietly(combine_moments(back))
  open <- quietly(combine_moments(lapply(sites, function(s) mr_moments(s$data, folds = 2, seed = 1, disclosure = FALSE))))
  expect_equal(both$family, open$family, tolerance = 1e-12)
  # Everybody at once, with their rows.
  join <- function(name) do.call(if (name == "g") rbind else c, lapply(sites, function(s) s$parts[[name]]))
  all <- stats::setNames(lapply(c("g", "x", "y", "site"), join), c("g", "x", "y", "site"))
  all$family <- unlist(lapply(sites, function(s) paste(s$parts$site, s$parts$family)))
  second <- all$site == "site 2"
  all$g[second, 2:3] <- 2 - all$g[second, 2:3]
  pooled <- sibship_data(all, covariates = data.frame(age = unlist(lapply(sites, function(s) sin(seq_along(s$parts$y))))))
  rows <- quietly(latent_mr(mr_moments(pooled, folds = 2, seed = 1, disclosure = FALSE), seed = 1, by_environment = FALSE))
  fit <- quietly(latent_mr(both, seed = 1, by_environment = FALSE))
  expect_setequal(names(fit$estimates), names(rows$estimates))
  for (id in names(rows$estimates)) {
    expect_equal(fit$estimates[[id]]$b, rows$estimates[[id]]$b, tolerance = 1e-8, ignore_attr = TRUE, label = id)
  }
  expect_identical(fit$headline, "family_nagar")
  # Without them: fewer families than a test of who is among them asks for, and higher limits for what is counted on rows.
  few <- quietly(mr_moments(sites[[1]]$data, folds = 2))
  few$family$families[] <- 80L
  few$family$people[] <- 200L
  limits <- release_defaults
  expect_match(families_short(few, limits), "too few families to keep a test of which are in it to a power of 0.1")
  # 14 products of 4 variants: 14 (1 / families + 1 / units) = (qnorm(.1) + qnorm(.95))^2, by hand.
  units <- few$blocks$n[1] - 200 + 80
  expect_equal(release_rows(few, 1), 1 / (1 / 80 + 1 / units))
  limits$max_power <- pnorm(sqrt(14 / release_rows(few, 1)) - qnorm(.95)) + 1e-3
  expect_false(grepl("power", families_short(few, limits)))
  expect_match(families_short(few, utils::modifyList(limits, list(min_people = 81))), "fewer than 81 families")
  file <- tempfile()
  expect_message(
    sent <- export_moments(quietly(mr_moments(sites[[1]]$data, folds = 2)), file, min_carriers = 25),
    "sums within families left out [(]carriers and cells are counted by family on the rows only", class = "latentmr_message_disclosure"
  )
  expect_identical(attr(sent, "audit")$what, "families")
  expect_null(sent$family)
  expect_identical(read_moments(file), sent)
  expect_output(print(read_moments(file)), "left out: carriers and cells are counted by family")
})

test_that("hostile sums within families are refused", {
  m <- quietly(mr_moments(family_site(1, 1000)$data, folds = 1))
  parts <- file_parts(exported(m))
  refused <- function(parts, pattern, class = "latentmr_error_exchange") {
    expect_error(read_moments(put_together(parts)), pattern, class = class)
  }
  refused(with_header(parts, function(h) { h$families <- NULL; h["families"] <- list(NULL); h }), "are not the 7")
  refused(with_header(parts, function(h) { h$families$people[[1]] <- 1.5; h }), "people` is not an array of wholes")
  refused(with_header(parts, function(h) { h$families$families[[1]] <- 5000L; h }), "from twice 5,000 families", "latentmr_error_moments")
  refused(with_header(parts, function(h) { h$families$families[[1]] <- 40L; h }), "do not allow sums within families", "latentmr_error_moments")
  refused(with_array(parts, "family", function(x) replace(x, 1, NaN)), "cross", "latentmr_error_moments")
  # More than the sums of all people leave, and no squares.
  refused(with_array(parts, "family", function(x) 40 * x), "not positive semidefinite")
  refused(with_array(parts, "family", function(x) replace(x, 2, 50 * x[1])), "not positive semidefinite")
  # A file without the field, as they were before: read as one without families.
  plain <- file_parts(exported(quietly(mr_moments(site_data(), folds = 1))))
  old <- with_header(plain, function(h) h[names(h) != "families"])
  expect_identical(read_moments(put_together(old)), read_moments(put_together(plain)))
})

# ---- hostile files ----

test_that("hostile files are refused by class", {
  m <- quietly(mr_moments(site_data(), folds = 2))
  parts <- file_parts(exported(m))
  expect_identical(plain_moments(read_moments(put_together(parts))), plain_moments(read_moments(exported(m))))
  refused <- function(file, pattern, class = "latentmr_error_exchange") {
    expect_error(read_moments(file), pattern, class = class)
    expect_error(read_moments(file), class = "latentmr_error_exchange")
  }
  # Other files.
  rds <- tempfile(fileext = ".lmrm")
  saveRDS(m, rds)
  refused(rds, "an R object|as R objects are")
  saveRDS(m, rds, compress = FALSE)
  refused(rds, "an R object")
  writeLines("snp,beta", rds)
  refused(rds, "no file of export_moments")
  file.create(empty <- tempfile())
  refused(empty, "no file of export_moments")
  expect_error(read_moments(tempdir()), class = "latentmr_error_io")
  expect_error(read_moments(tempfile()), class = "latentmr_error_io")
  expect_error(read_moments(1), class = "latentmr_error_argument")
  # Cut short, longer, changed, of another version.
  bytes <- readBin(exported(m), "raw", 1e7)
  for (size in c(10, 30, 60, 90, 500, length(bytes) - 1)) {
    writeBin(bytes[seq_len(size)], rds)
    refused(rds, "first bytes|cut short|damaged|bytes follow")
  }
  writeBin(c(bytes, as.raw(0)), rds)
  refused(rds, "bytes follow", "latentmr_error_checksum")
  for (at in c(300, length(bytes) - 9)) {
    writeBin(replace(bytes, at, as.raw(bitwXor(as.integer(bytes[at]), 1L))), rds)
    refused(rds, "do not have the MD5 sum", "latentmr_error_checksum")
  }
  refused(put_together(parts, c("LatentMR-moments 2", parts$lines[2:3])), "does not read")
  refused(put_together(parts, c(parts$lines[1:2], "bytes 999999999999 999999999999999")), "bytes follow", "latentmr_error_checksum")
  refused(put_together(parts, c(parts$lines[1:2], "bytes -1 5")), "damaged in its first lines")
  # Headers.
  deep <- parts
  deep$header <- paste0(strrep("[", 1e5), strrep("]", 1e5))
  refused(put_together(deep), "nested too deeply")
  deep$header <- paste0("{\"a\":\"", strrep("[", 1e5), "\"}")
  refused(put_together(deep), "fields of its header")
  deep$header <- "{\"a\": "
  refused(put_together(deep), "nested too deeply|not JSON")
  deep$header <- "{\"format\": nonsense}"
  refused(put_together(deep), "not JSON")
  header <- function(change) put_together(with_header(parts, change))
  refused(header(function(h) c(h, list(code = "system('true')"))), "not those of the format (\"code\")" |> gsub(pattern = "([()])", replacement = "[\\1]"))
  refused(header(function(h) { h$kind <- NULL; h }), "not those of the format")
  refused(header(function(h) { h$variants$snp[[1]] <- "rs1\nrs2"; h }), "variants[$]snp` is not an array of text")
  refused(header(function(h) { h$outcome <- list("\u202eemos"); h }), "outcome` is not an array of texts")
  refused(header(function(h) { h$outcome <- "y"; h }), "outcome` is not an array of texts")
  refused(header(function(h) { h$binary <- list(1); h }), "binary` is not an array of flags")
  refused(header(function(h) { h$binary <- list(TRUE); h }), "FALSE for an outcome whose sums are not those of 0 and 1")
  refused(header(function(h) { h$outcome <- list("y", "more"); h }), "arrays are not as large as its names say")
  refused(header(function(h) { h$variants$snp[[2]] <- h$variants$snp[[1]]; h }), "variants[$]snp", "latentmr_error_moments")
  refused(header(function(h) { h$variants$snp[[2]] <- NULL; h }), "differ in length|arrays are not as large")
  refused(header(function(h) { h$blocks$n[[1]] <- -5; h }), "blocks[$]n", "latentmr_error_moments")
  refused(header(function(h) { h$blocks$n[[1]] <- 1.5; h }), "blocks[$]n` is not an array of wholes")
  refused(header(function(h) { h$blocks$environment[[1]] <- 9; h }), "of no environment")
  refused(header(function(h) { h$arrays[[1]]$columns <- 1e9; h }), "not as large as its names say")
  refused(header(function(h) { h$arrays[[1]]$type <- "object"; h }), "not as large as its names say")
  refused(header(function(h) { h$arrays[[1]] <- NULL; h }), "are not the 7")
  refused(header(function(h) { h$disclosure$limits$min_people <- 5; h }), "limits are not allowed")
  refused(header(function(h) { h$disclosure$limits$min_people <- 2000; h }), "ask for 2,000 people", "latentmr_error_moments")
  refused(header(function(h) { h$disclosure$limits$min_carriers <- 340; h }), "do not allow", "latentmr_error_moments")
  refused(header(function(h) { h$fingerprint$variants <- "0"; h }), "another fingerprint than it says [(]\"variants\"", "latentmr_error_moments")
  # Numbers.
  array <- function(name, change) put_together(with_array(parts, name, change))
  refused(array("gg", function(x) replace(x, 1, NA)), "gg", "latentmr_error_moments")
  refused(array("gx", function(x) replace(x, 3, NaN)), "gx", "latentmr_error_moments")
  refused(array("sx", function(x) replace(x, 1, Inf)), "sx", "latentmr_error_moments")
  refused(array("pilot", function(x) replace(x, 1, Inf)), "pilot", "latentmr_error_moments")
  refused(array("gg", function(x) -x), "gg", "latentmr_error_moments")
  refused(array("xx", function(x) replace(x, 1, -1)), "xx", "latentmr_error_moments")
})

test_that("cross products that pass pair by pair and are of no people", {
  m <- quietly(mr_moments(site_data(), folds = 1))
  # Three columns with correlations -.9 each: every pair is possible, all three are not.
  q <- length(m$pilot)
  a <- unpack(m$xx[, 1], q)
  d <- sqrt(diag(a))
  for (i in 1:3) for (j in 1:3) if (i != j) a[i, j] <- -.9 * d[i] * d[j]
  m$sx[] <- 0
  m$xx[, 1] <- a[upper.tri(a, TRUE)]
  m$gx[] <- 0
  expect_silent(check_moments(m, "m"))
  file <- tempfile()
  writeBin(exchange_bytes(list(moments = m, limits = release_defaults, suppressed = suppressed_rows("folds", "a", "a", 1, "")[0, ])), file)
  expect_error(read_moments(file), "fold 1 of \"a\" are not positive semidefinite", class = "latentmr_error_exchange")
  expect_true(is_positive(crossprod(matrix(rnorm(30), 5))[1:3, 1:3] |> cov2cor()))
  expect_true(is_positive(cov2cor(crossprod(matrix(rnorm(30), 3))))) # of rank 3
  expect_false(is_positive(matrix(c(1, -.9, -.9, -.9, 1, -.9, -.9, -.9, 1), 3)))
})

test_that("what is written aside takes its name when it is whole", {
  m <- quietly(mr_moments(site_data()))
  folder <- tempfile()
  dir.create(folder)
  file <- file.path(folder, "site.lmrm")
  quietly(export_moments(m, file))
  before <- tools::md5sum(file)
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "site.lmrm")
  expect_error(quietly(export_moments(m, file, min_people = 1e6)), class = "latentmr_error_disclosure")
  expect_identical(tools::md5sum(file), before)
})

test_that("Python reads the file by the lines of the help page", {
  python <- Sys.which("python3")
  skip_if(python == "", "no python3")
  page <- tools::Rd_db("LatentMR")[["export_moments.Rd"]]
  skip_if(is.null(page), "installed without help")
  text <- utils::capture.output(tools::Rd2ex(page, commentDontrun = FALSE))
  code <- utils::capture.output(tools::Rd2txt(page, options = list(underline_titles = FALSE)))
  from <- grep("import hashlib", code)
  to <- grep("return top, out", code)
  indent <- attr(regexpr("^ *", code[from]), "match.length")
  script <- tempfile(fileext = ".py")
  writeLines(c(substring(code[from:to], indent + 1), "import sys", "top, out = read_moments(sys.argv[1])",
    "print(top['outcome'], [b for b in top['blocks']['n']])", "print(repr(sum(sum(c) for c in out['gg'])), out['xx'][-1][-1].hex())"), script)
  m <- quietly(mr_moments(site_data(), folds = 2))
  said <- system2(python, c(script, exported(m)), stdout = TRUE)
  sent <- read_moments(exported(m))
  expect_identical(said[1], sprintf("['%s'] [%s]", sent$outcome, paste(sent$blocks$n, collapse = ", ")))
  numbers <- strsplit(said[2], " ")[[1]]
  expect_identical(as.numeric(numbers[1]), sum(as.numeric(sent$gg)))
  expect_identical(as.numeric(numbers[2]), sent$xx[nrow(sent$xx), ncol(sent$xx)])
})

test_that("the fingerprint is of names, not of people", {
  a <- quietly(mr_moments(site_data(seed = 1)))
  b <- quietly(mr_moments(site_data(seed = 2)))
  expect_identical(fingerprint(a), fingerprint(b))
  expect_named(fingerprint(a), c("variants", "columns", "version"))
  expect_identical(fingerprint(a)[["version"]], as.character(packageVersion("LatentMR")))
  turned <- keep_variants(a, TRUE)
  turned$variants <- turned$variants[6:1, ]
  expect_identical(fingerprint_of(turned), fingerprint(a))
  turned$variants$effect_allele[1] <- "C"
  expect_identical(which(fingerprint_of(turned) != fingerprint(a)), c(variants = 1L))
  a["units"] <- list(c("kg", "m"))
  expect_identical(which(fingerprint(a) != fingerprint(b)), c(columns = 2L))
  expect_error(fingerprint(1), "must be an mr_moments object", class = "latentmr_error_argument")
})

# ---- attacks ----

test_that("membership: power at most .10 at the defaults, by a test on frequencies and by one on all products", {
  # Eight variants in one environment of just as many people as the defaults ask for.
  n <- membership_least(8, .1)
  expect_identical(n, ceiling(44 / (qnorm(.1) + qnorm(.95))^2))
  power <- function(use, ...) mean(vapply(1:12, function(seed) membership_power(n, 8, seed, use, ...), 0))
  expect_lte(power("frequencies"), .10)
  expect_lte(power("products"), .10)
  # Forty in as many: more than that is found, and they are not written.
  expect_gt(mean(vapply(1:3, function(seed) membership_power(n, 40, seed, "products", export = FALSE), 0)), .2)
  expect_error(membership_power(n, 40, 1), "cannot leave the site", class = "latentmr_error_disclosure")
  expect_equal(membership_share(8, n), .1, tolerance = .01)
})

test_that("membership of a pair of siblings, whose differences and means are both known: at most .10", {
  # F pairs and nobody else: both parts have F rows, and 14 products of 4 variants.
  families <- ceiling(2 * membership_least(4, .1))
  pairs <- function(n, f) {
    allele <- function() matrix(rbinom(n * 4, 1, rep(f, each = n)), n)
    parents <- list(allele(), allele(), allele(), allele())
    child <- function() {
      pick <- function(a, b) ifelse(matrix(runif(n * 4) < .5, n), a, b)
      pick(parents[[1]], parents[[2]]) + pick(parents[[3]], parents[[4]])
    }
    one <- child()
    two <- child()
    v <- rep(2 * f * (1 - f), each = n)
    list(u = (one - two) / sqrt(v), w = ((one + two) / 2 - rep(2 * f, each = n)) / sqrt(.75 * v))
  }
  power <- vapply(1:15, function(seed) {
    set.seed(seed)
    f <- runif(4, .2, .5)
    members <- pairs(families, f)
    others <- pairs(3000, f)
    half <- upper.tri(diag(4))
    scale <- lapply(others, function(z) apply(z^2, 2, var))
    score <- function(z, part) {
      sums <- crossprod(members[[part]]) / families
      off <- sums * half
      square <- (diag(sums) - 1) / scale[[part]]
      rowSums((z[[part]] %*% off) * z[[part]]) + (z[[part]]^2 - 1) %*% square
    }
    all <- function(z) score(z, "u") + score(z, "w") + z$w %*% colMeans(members$w)
    mean(all(members) > quantile(all(others), .95))
  }, 0)
  expect_lte(mean(power), .105)
  expect_gt(mean(power), .07) # the test sees them
})

test_that("single carriers, dummies, outliers, more columns than people: none is written", {
  written <- function(design, n, p) {
    data <- attack_data(design, n, p, 1)
    tryCatch({
      m <- quietly(mr_moments(data))
      file <- tempfile()
      quietly(export_moments(m, file, max_power = 1))
      back <- read_moments(file)
      attack_recovered(attack_release(back, lattices = 0), attack_truth(data), back$variants$snp)
    }, latentmr_error_disclosure = function(e) "refused")
  }
  expect_identical(written("common", 100, 120), "refused") # more columns than people
  expect_identical(written("common", 110, 30), "refused") # fewer, but more than a tenth
  for (design in c("groups", "outlier", "zeros", "twin covariates")) expect_identical(written(design, 200, 8), "refused", label = design)
  for (design in c("singletons", "rare", "missing calls", "twins of variants", "carrier as covariate")) {
    expect_identical(written(design, 300, 8), 0L, label = design)
  }
})

test_that("50 variants of a site are less than 50 kB", {
  m <- quietly(mr_moments(site_data(1100, p = 50, environments = c("a", "b", "c"), centres = "k"), folds = 2))
  file <- exported(m, max_power = 1)
  expect_identical(nrow(read_moments(file)$variants), 50L)
  expect_lt(file.size(file), 50000)
})
