flow_count <- function(d, reason, environment = "(all)", unit = "participants") {
  f <- flow(d)
  f$count[f$reason == reason & f$environment == environment & f$unit == unit]
}

test_that("the object has the parts that every later step reads", {
  d <- known_data(structure = known_parts()$pcs, cluster = rep(1:50, 4), ids = known_parts()$ids)
  expect_s3_class(d, "mr_data")
  expect_identical(dim(d), c(200L, 4L))
  expect_type(d$exposure, "double")
  expect_null(names(d$exposure))
  expect_identical(levels(d$environment), c("east", "west"))
  expect_identical(colnames(d$covariates), c("age", "sexM"))
  expect_identical(d$ids, known_parts()$ids)
  expect_identical(c(d$exposure_name, d$outcome_name), c("bmi", "sbp"))
  expect_identical(d$kind, "genotype")
  expect_identical(colnames(d$structure), c("PC1", "PC2"))
  expect_identical(nlevels(d$cluster), 50L)
  expect_identical(d$variants$snp, c("rs1", "rs2", "rs3", "rs4"))
  expect_identical(unname(known_parts()$g + 0), mr_genotypes(d))
  expect_identical(mr_genotypes(d, c(3, 1)), mr_genotypes(d)[, c(3, 1)])
})

test_that("rows are joined by identifier whatever their order", {
  parts <- known_parts()
  straight <- known_data(parts = parts)
  shuffled <- parts
  set.seed(1)
  for (name in c("bmi", "sbp", "site")) shuffled[[name]] <- sample(parts[[name]])
  shuffled$covariates <- parts$covariates[sample(200), ]
  expect_identical(known_data(parts = shuffled), straight)
  o <- sample(200)
  shuffled$g <- parts$g[o, ]
  d <- known_data(parts = shuffled)
  expect_identical(d$ids, parts$ids[o])
  expect_identical(d$exposure, unname(parts$bmi[o]))
  expect_identical(mr_genotypes(d), unname(parts$g[o, ] + 0))
})

test_that("`ids` names what has no names", {
  parts <- known_parts()
  plain <- lapply(parts[c("bmi", "sbp", "site")], unname)
  d <- mr_data(parts$g[200:1, ], plain$bmi, plain$sbp, plain$site, ids = parts$ids, kind = "genotype")
  expect_identical(d$exposure, unname(parts$bmi[200:1]))
  bare <- mr_data(unname(parts$g), plain$bmi, plain$sbp, plain$site, ids = 100000 * seq_len(200), kind = "genotype")
  expect_identical(bare$ids[1:2], c("100000", "200000"))
  expect_message(mr_data(unname(parts$g), plain$bmi, plain$sbp, plain$site, kind = "genotype"), class = "latentmr_message_order")
  expect_message(
    d <- mr_data(as.data.frame(unname(parts$g)), plain$bmi, plain$sbp, plain$site, data.frame(a = 1:200)[200:1, , drop = FALSE], kind = "genotype"),
    class = "latentmr_message_order"
  )
  expect_identical(d$covariates[, "a"], as.double(200:1))
})

test_that("every rule for participants removes, counts by environment and keeps the rest", {
  parts <- known_parts(202)
  ids <- parts$ids
  parts$g <- parts$g[-(1:2), ]
  parts$bmi[c(3, 4)] <- c(NA, NaN)
  parts$sbp[5] <- NA
  parts$site[6] <- NA
  parts$covariates$age[7:8] <- NA
  parts$covariates$sex[8:9] <- NA
  parts$pcs[10, 2] <- NA
  cluster <- stats::setNames(rep(1:101, 2), ids)
  cluster[11] <- NA
  parts$site[12:14] <- "tiny"
  extra <- lapply(parts[c("bmi", "sbp", "site")], function(x) c(x, x[20]))
  again <- c(ids, ids[20])
  row <- function(x) rbind(x, x[20, , drop = FALSE])
  covariates <- rbind(parts$covariates, p020b = parts$covariates[20, ])
  attr(covariates, "row.names") <- seq_len(203)
  expect_warning(
    d <- mr_data(parts$g, unname(extra$bmi), unname(extra$sbp), unname(extra$site), covariates,
                 structure = unname(row(parts$pcs)), ids = again, cluster = unname(c(cluster, cluster[20])), kind = "genotype"),
    "\"tiny\"", class = "latentmr_warning_small_environment"
  )
  expect_identical(d$ids, ids[15:202])
  count <- function(...) flow_count(d, ...)
  expect_identical(count("phenotype rows"), 203L)
  expect_identical(count("copy of an earlier row"), 1L)
  expect_identical(count("not among the genotypes"), 2L)
  expect_identical(count("exposure missing"), 2L)
  expect_identical(count("exposure missing", "west"), 1L)
  expect_identical(count("outcome missing"), 1L)
  expect_identical(count("environment missing"), 1L)
  expect_identical(count("environment missing", "(unknown)"), 1L)
  expect_identical(count("covariate age missing"), 2L)
  expect_identical(count("covariate sex missing"), 1L)
  expect_identical(count("structure missing"), 1L)
  expect_identical(count("cluster missing"), 1L)
  expect_identical(count("environment of fewer than 10", "tiny"), 3L)
  expect_identical(count("analysed"), 188L)
  expect_snapshot(print(d))
})

test_that("the flow table adds up", {
  parts <- known_parts()
  parts$bmi[c(1, 9, 30)] <- NA
  d <- known_data(parts = parts)
  f <- flow(d)
  f <- f[f$unit == "participants" & !is.na(f$remaining), ]
  whole <- f[f$environment == "(all)", ]
  by <- f[f$environment != "(all)", ]
  expect_identical(as.integer(tapply(by$remaining, by$step, sum)), whole$remaining)
  expect_identical(as.integer(tapply(by$count, by$step, sum)), whole$count)
  gone <- whole$action == "removed"
  expect_identical(whole$remaining[gone], c(200L, 200L, 200L, 200L, 197L, 197L, 197L, 197L, 197L))
  expect_identical(utils::tail(whole$remaining, 1), length(d$exposure))
})

test_that("missing identifiers are removed and counted", {
  parts <- known_parts()
  ids <- parts$ids
  ids[c(4, 5, 6)] <- c(NA, "", NA)
  d <- mr_data(parts$g, unname(parts$bmi), unname(parts$sbp), unname(parts$site), ids = ids, kind = "genotype")
  expect_identical(flow_count(d, "identifier missing"), 3L)
  expect_identical(flow_count(d, "genotyped, without phenotype row"), 3L)
  expect_identical(length(d$ids), 197L)
  names(parts$bmi)[4] <- NA
  d <- known_data(parts = parts)
  expect_identical(flow_count(d, "identifier missing"), 1L)
  expect_identical(flow_count(d, "exposure missing"), 1L)
})

test_that("identifiers need not be ASCII", {
  parts <- known_parts()
  odd <- paste0("Zo\u00eb ", seq_len(200))
  rownames(parts$g) <- odd
  names(parts$bmi) <- names(parts$sbp) <- names(parts$site) <- iconv(odd, "UTF-8", "latin1")
  rownames(parts$covariates) <- odd
  expect_identical(known_data(parts = parts)$ids, odd)
})

test_that("one environment is a data set; whether it identifies anything is decided later", {
  parts <- known_parts()
  parts$site[] <- "here"
  expect_identical(levels(known_data(parts = parts)$environment), "here")
})

test_that("mr_subset keeps every part in step", {
  parts <- known_parts()
  d <- known_data(structure = parts$pcs, cluster = stats::setNames(rep(1:50, 4), parts$ids),
                  background = matrix(rep(0:2, 200)[1:400], 200, dimnames = list(parts$ids, c("b1", "b2"))))
  rows <- which(d$environment == "east")[1:20]
  s <- mr_subset(d, rows)
  expect_identical(dim(s), c(20L, 4L))
  expect_identical(s$ids, d$ids[rows])
  expect_identical(mr_genotypes(s), mr_genotypes(d)[rows, ])
  expect_identical(mr_background(s), mr_background(d)[rows, ])
  expect_identical(s$covariates, d$covariates[rows, ])
  expect_identical(s$structure, d$structure[rows, ])
  expect_identical(levels(s$environment), "east")
  expect_identical(as.character(s$cluster), as.character(d$cluster[rows]))
  expect_identical(rowSums(mr_counts(s)$called), rep(20, 4))
  expect_identical(mr_subset(d, d$environment == "east")$ids, d$ids[d$environment == "east"])
})

test_that("a plink_bed is joined by the names of its samples", {
  parts <- known_parts()
  dir <- new_dir()
  bed <- read_plink(write_bed_files(file.path(dir, "a"), parts$g))
  d <- mr_data(bed, parts$bmi[200:1], parts$sbp, parts$site, background = read_plink(write_bed_files(file.path(dir, "b"), cbind(b1 = parts$g[, 1]))))
  expect_identical(d$exposure, unname(parts$bmi))
  expect_identical(mr_genotypes(d), unname(parts$g) + 0)
  expect_identical(mr_background(d), unname(parts$g[, 1, drop = FALSE]) + 0)
  expect_error(mr_data(bed, unname(parts$bmi), unname(parts$sbp), unname(parts$site)), class = "latentmr_error_ids")
  expect_error(mr_data(bed, parts$bmi, parts$sbp, parts$site, variants = data.frame(snp = 1:4)), "must be NULL")
  expect_error(mr_data(bed, parts$bmi, parts$sbp, parts$site, kind = "dosage"), class = "latentmr_error_argument")
  twice <- read_plink(write_bed_files(file.path(dir, "c"), parts$g, fid = rep(1:100, 2), iid = rep(c("x", "y"), each = 100)))
  named <- lapply(parts[c("bmi", "sbp", "site")], stats::setNames, paste(rep(1:100, 2), rep(c("x", "y"), each = 100), sep = "_"))
  expect_identical(mr_data(twice, named$bmi, named$sbp, named$site)$exposure, unname(parts$bmi))
})

test_that("the object survives saveRDS, files and all", {
  f <- known_files()
  d <- read_mr_data(f$bfile, f$path, "bmi", "sbp", "site")
  path <- file.path(f$dir, "d.rds")
  saveRDS(d, path)
  expect_identical(mr_genotypes(readRDS(path)), mr_genotypes(d))
  expect_lt(file.size(path), 2e4)
})

test_that("a bed file that changed since it was opened is an error, not another answer", {
  f <- known_files()
  d <- read_mr_data(f$bfile, f$path, "bmi", "sbp", "site")
  write_bed_files(f$bfile, known_parts()$g[c(2:200, 1), ])
  Sys.setFileTime(paste0(f$bfile, ".bed"), Sys.time() + 5)
  expect_error(mr_counts(mr_subset(d, 1:50)), class = "latentmr_error_format")
  expect_error(mr_genotypes(d), class = "latentmr_error_format")
})
