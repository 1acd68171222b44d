plain_paths <- function(dir) {
  here <- getwd()
  function(x) gsub(dir, "<dir>", gsub(here, "<here>", x, fixed = TRUE), fixed = TRUE)
}

test_that("files give what matrices give", {
  f <- known_files()
  parts <- known_parts()
  same_data(read_known(f), known_data())
  same_data(read_known(f, f$pheno), known_data())
  d <- read_known(f, structure = c("PC1", "PC2"), cluster = "family", structure_includes_instruments = TRUE)
  same_data(d, known_data(structure = parts$pcs))
  expect_true(d$structure_includes_instruments)
  expect_identical(nlevels(d$cluster), 50L)
  expect_identical(d$variants$effect_allele, rep("A", 4))
  expect_null(d$genotypes$x)
})

test_that("rows of the phenotype file are found by identifier", {
  f <- known_files()
  set.seed(1)
  pheno <- f$pheno[sample(200), ]
  same_data(read_known(f, pheno), known_data())
  d <- read_known(f, rbind(pheno[1:150, ], pheno[1:3, ]))
  expect_identical(flow(d)$count[match("copy of an earlier row", flow(d)$reason)], 3L)
  expect_identical(d$ids, sort(pheno$IID[1:150]))
  expect_error(read_known(f, rbind(pheno, transform(pheno[5, ], bmi = 1))), class = "latentmr_error_ids")
})

test_that("identifiers are text: zeros and big numbers survive", {
  parts <- known_parts()
  parts$ids <- sprintf("%09d", 100000 * seq_len(200))
  rownames(parts$g) <- parts$ids
  f <- known_files(parts = parts)
  d <- read_known(f)
  expect_identical(d$ids[1:2], c("000100000", "000200000"))
  parts$ids <- sprintf("%d", 100000L * seq_len(200))
  rownames(parts$g) <- parts$ids
  f <- known_files(parts = parts)
  expect_identical(read_known(f)$ids[3], "300000")
  expect_identical(read_known(f, transform(f$pheno, IID = as.numeric(IID)))$ids[3], "300000")
})

test_that("FID_IID is tried, taken and said", {
  parts <- known_parts()
  f <- known_files(fid = "fam")
  pheno <- transform(f$pheno, IID = paste0("fam_", IID))
  expect_message(d <- read_known(f, pheno), "FID_IID", class = "latentmr_message_ids")
  same_data(d, known_data())
})

test_that("one IID in several families is joined by the pair", {
  parts <- known_parts()
  iid <- rep(1:2, 100)
  fid <- rep(1:100, each = 2)
  f <- known_files(fid = fid, iid = iid)
  pheno <- cbind(FID = fid, transform(f$pheno, IID = iid))
  d <- read_known(f, pheno[200:1, ], remove = "7_2")
  expect_identical(d$ids, setdiff(paste(fid, iid, sep = "_"), "7_2"))
  expect_identical(d$exposure, unname(parts$bmi[-14]))
  expect_error(read_known(f, pheno[-1]), class = "latentmr_error_ids")
  pasted <- transform(pheno[-1], IID = paste(fid, iid, sep = "_"))
  expect_identical(read_known(f, pasted, remove = "7_2")$ids, d$ids)
  list <- file.path(f$dir, "two.txt")
  writeLines(c("FID IID", "7 2", "8 1"), list)
  expect_identical(length(read_known(f, pheno, remove = list)$ids), 198L)
})

test_that("a repeated IID of people without phenotypes is no obstacle", {
  parts <- known_parts()
  f <- known_files(iid = replace(parts$ids, 199:200, "same"))
  expect_identical(read_known(f, f$pheno[1:150, ])$ids, parts$ids[1:150])
})

test_that("the identifier column is found or named", {
  f <- known_files()
  for (name in c("iid", "#IID", "id", "EID", "person_id")) {
    expect_identical(dim(read_known(f, stats::setNames(f$pheno, c(name, names(f$pheno)[-1])))), c(200L, 4L))
  }
  named <- stats::setNames(f$pheno, c("who", names(f$pheno)[-1]))
  expect_identical(dim(read_known(f, named, id = "who")), c(200L, 4L))
  expect_conditions({
    read_known(f, named)
    read_known(f, named, id = "Who")
  })
})

test_that("several phenotype files are joined by identifier", {
  f <- known_files()
  a <- file.path(f$dir, "a.csv")
  b <- file.path(f$dir, "b.txt.gz")
  data.table::fwrite(f$pheno[200:1, c("IID", "bmi", "site")], a)
  con <- gzfile(b, "w")
  write.table(f$pheno[c("IID", "sbp", "sex", "age", "PC1")], con, row.names = FALSE, quote = FALSE)
  close(con)
  same_data(read_known(f, c(a, b)), known_data())
  data.table::fwrite(f$pheno[11:200, c("IID", "bmi", "site")], a)
  d <- read_known(f, c(a, b))
  expect_identical(d$ids, f$pheno$IID[11:200])
  expect_identical(flow(d)$count[match("environment missing", flow(d)$reason)], 10L)
  mixed <- read_mr_data(f$bfile, c(a, b), "bmi", "sbp", "site", structure = "PC1")
  expect_identical(dim(mixed$structure), c(190L, 1L))
  data.table::fwrite(f$pheno[c("IID", "bmi", "sbp")], a)
  expect_error(read_known(f, c(a, f$path)), class = "latentmr_error_column")
})

test_that("codes for missing values are applied and counted by column", {
  f <- known_files()
  pheno <- f$pheno
  pheno$bmi[1:3] <- -9
  pheno$sex[4] <- "-9"
  pheno$site[5] <- "unknown"
  pheno$PC1[6] <- -9
  d <- suppressWarnings(read_known(f, pheno, structure = "PC1", na_codes = c(-9, "unknown")))
  expect_identical(d$ids, pheno$IID[-(1:6)])
  v <- flow(d)[flow(d)$unit == "values", ]
  expect_identical(v$count, c(3L, 1L, 1L, 1L))
  expect_snapshot(print(d))
  expect_identical(length(read_known(f, f$pheno, na_codes = NULL)$ids), 200L)
  path <- file.path(f$dir, "text.tsv")
  pheno$bmi <- as.character(pheno$bmi)
  pheno$bmi[7] <- "unknown"
  data.table::fwrite(pheno, path, sep = "\t")
  expect_identical(length(read_known(f, path, na_codes = c("-9", "unknown"))$ids), 194L)
  expect_error(read_known(f, path), "holds \"unknown\"", class = "latentmr_error_argument")
  pheno$bmi[7] <- "N/A"
  data.table::fwrite(pheno, path, sep = "\t")
  expect_warning(expect_identical(length(read_known(f, path)$ids), 194L), "\"unknown\"")
})

test_that("keep and remove take vectors and files of one or two columns", {
  f <- known_files()
  ids <- f$pheno$IID
  one <- file.path(f$dir, "withdrawn.csv")
  writeLines(c(ids[1:3], "nobody"), one)
  d <- read_known(f, remove = one)
  expect_identical(d$ids, ids[-(1:3)])
  fl <- flow(d)
  expect_identical(fl$count[match("on the list `remove`", fl$reason)], 3L)
  expect_identical(fl$count[match("on the list `remove`, not in the data", fl$reason)], 1L)
  two <- file.path(f$dir, "keep list.txt")
  writeLines(c("FID\tIID", paste(ids[11:60], ids[11:60], sep = "\t")), two)
  expect_identical(read_known(f, keep = two)$ids, ids[11:60])
  expect_identical(read_known(f, keep = two, remove = ids[11])$ids, ids[12:60])
  writeLines(character(), one)
  expect_identical(length(read_known(f, remove = one)$ids), 200L)
  expect_identical(length(read_known(f, remove = character())$ids), 200L)
  expect_error(read_known(f, keep = one), class = "latentmr_error_empty")
  expect_error(read_known(f, remove = "p999"), class = "latentmr_error_list")
  writeLines(c("a b c"), one)
  expect_conditions(transform = plain_paths(f$dir), {
    read_known(f, remove = one)
    read_known(f, remove = file.path(f$dir, "none.txt"))
    read_known(f, keep = "lost.txt")
    read_known(f, keep = list(1))
  })
})

test_that("instruments and background are chosen by name", {
  f <- known_files()
  d <- read_known(f, instruments = c("rs3", "rs1"))
  expect_identical(d$variants$snp, c("rs1", "rs3"))
  expect_identical(mr_genotypes(d), unname(known_parts()$g[, c(1, 3)]) + 0)
  expect_identical(flow(d)$count[match("not chosen", flow(d)$reason)], 2L)
  expect_warning(d <- read_known(f, instruments = c("rs1", "rs77", "rs78")), "\"rs77\", \"rs78\"", class = "latentmr_warning_variants")
  expect_identical(flow(d)$count[match("chosen, not in the files", flow(d)$reason)], 2L)
  list <- file.path(f$dir, "list.txt")
  writeLines(c("beta\trsid", ".1\trs2", ".2\trs4"), list)
  d <- read_known(f, instruments = list, background = "others")
  expect_identical(d$variants$snp, c("rs2", "rs4"))
  expect_identical(d$background$variants$snp, c("rs1", "rs3"))
  expect_identical(mr_background(d), unname(known_parts()$g[, c(1, 3)]) + 0)
  expect_identical(read_known(f, instruments = list, background = "rs3")$background$variants$snp, "rs3")
  expect_conditions({
    read_known(f, instruments = "1:100")
    read_known(f, background = "others")
    read_known(f, instruments = 3)
  })
})

test_that("background may be other files of the same people, in another order", {
  f <- known_files()
  g <- known_parts()$g
  b <- cbind(b1 = g[, 2], b2 = 2 - g[, 3], rs1 = g[, 1])
  write_bed_files(file.path(f$dir, "more"), b[200:6, ])
  d <- read_known(f, background = file.path(f$dir, "more"))
  expect_identical(d$ids, rownames(g)[6:200])
  expect_identical(mr_background(d), unname(b[6:200, 1:2]) + 0)
  expect_identical(mr_background(mr_subset(d, 3:9)), unname(b[8:14, 1:2]) + 0)
})

test_that("paths and names with spaces and non-ASCII letters work", {
  skip_if(!l10n_info()$`UTF-8`, "the locale has no such letters in paths")
  parts <- known_parts()
  parts$ids <- paste0("\u00e9\u00e9-", parts$ids)
  rownames(parts$g) <- parts$ids
  dir <- file.path(tempdir(), "donn\u00e9es du site")
  dir.create(dir, showWarnings = FALSE)
  f <- known_files(dir, parts)
  d <- read_known(f)
  expect_identical(d$ids, parts$ids)
  names(f$pheno)[2] <- "poids \u00e0 jeun"
  data.table::fwrite(f$pheno, f$path, sep = "\t")
  d <- read_mr_data(f$bfile, f$path, "poids \u00e0 jeun", "sbp", "site")
  expect_identical(d$exposure_name, "poids \u00e0 jeun")
})

test_that("what is wrong with the phenotypes is said", {
  f <- known_files()
  empty <- file.path(f$dir, "empty.tsv")
  file.create(empty)
  header <- file.path(f$dir, "header.tsv")
  writeLines(paste(names(f$pheno), collapse = "\t"), header)
  ragged <- file.path(f$dir, "ragged.tsv")
  writeLines(c("IID\tbmi\tsbp\tsite\tage\tsex", "p001\t1\t2\ta\t3\tM", "p002\t1"), ragged)
  text <- f$pheno
  text$bmi <- paste0(text$bmi, "kg")
  read <- function(...) read_mr_data(f$bfile, ...)
  expect_conditions(transform = plain_paths(f$dir), {
    read_known(f, file.path(f$dir, "no.tsv"))
    read_known(f, f$dir)
    read_known(f, header)
    read_known(f, ragged)
    read_known(f, 7)
    read_known(f, text)
    read(f$path, "BMI", "sbp", "site")
    read(f$path, "bmi", "sbp", "site", covariates = c("agee", "sex", "smoke"))
    read(f$path, "bmi", "bmi", "site")
    read(f$path, "bmi", "sbp", "site", covariates = c("age", "site"))
    read(f$path, c("bmi", "sbp"), "sbp", "site")
    read(f$path, "bmi", "sbp", "PC1")
    read(f$path, "bmi", "sbp", "site", structure = "sex")
    read(f$path, "bmi", "sbp", "site", na_codes = NA)
    read(transform(f$pheno, IID = paste0("x", IID)), "bmi", "sbp", "site")
    read(f$pheno[0, ], "bmi", "sbp", "site")
  })
  expect_error(read_known(f, empty), class = "latentmr_error_format")
  expect_error(read_known(f, header), class = "latentmr_error_empty")
})

test_that("every rule for variants works from files too", {
  g <- known_parts()$g
  west <- known_parts()$site == "west"
  g <- cbind(
    g, uncalled = NA, flat = 1, same = g[, 2], mirror = 2 - g[, 3], sum = pmin(g[, 3] + g[, 4], 2),
    only_east = ifelse(west, NA, g[, 1]), flat_west = ifelse(west, 2, g[, 2])
  )
  g[5, c("rs3", "mirror")] <- NA
  parts <- known_parts()
  parts$g <- g
  f <- known_files(parts = parts)
  d <- read_known(f)
  same_data(d, known_data(parts = parts))
  expect_identical(d$removed_variants$snp, c("uncalled", "flat", "same", "mirror"))
  expect_identical(d$flagged_variants$snp, c("only_east", "flat_west"))
})

test_that("repeated variant names are found under the name in the list", {
  parts <- known_parts()
  f <- known_files(parts = parts, snp = c("rs1", "rs5", "rs5", "rs6"))
  d <- suppressMessages(read_known(f, instruments = c("rs1", "rs5")))
  expect_identical(mr_genotypes(d), unname(parts$g[, 1:3]) + 0)
})

test_that("one file alone is told what it is missing; numbers for alleles and places are said", {
  path <- file.path(new_dir(), "people.csv")
  writeLines(c("iid,ldl,sbp,site", "1,2,3,a"), path)
  expect_error(read_mr_data(path), "`pheno` the table of people: read_mr_data", class = "latentmr_error_argument")
  expect_error(read_mr_data(path, path, "ldl", "sbp", "site"), "A table of people is `pheno`", class = "latentmr_error_format")
  p <- known_parts()
  coded <- data.frame(snp = colnames(p$g), chr = 1, pos = 0, effect_allele = 1, other_allele = 2)
  make <- function(variants) suppressWarnings(suppressMessages(mr_data(p$g, p$bmi, p$sbp, p$site, variants = variants)))
  shown <- function(data) gsub("\\s+", " ", paste(capture.output(print(data)), collapse = " "))
  text <- shown(make(coded))
  expect_match(text, "Alleles are numbers, which do not say which bases they are")
  expect_match(text, "Positions are all 0: what lies close together is not known")
  coded[c("pos", "effect_allele", "other_allele")] <- list(seq_len(nrow(coded)) * 1000, "A", "C")
  expect_no_match(shown(make(coded)), "Alleles are numbers|Positions are all 0")
})
