quiet <- function(code) suppressWarnings(suppressMessages(code))
kin_table <- function(...) data.frame(ID1 = c("a", "a", "e"), ID2 = c("b", "c", "f"), Kinship = c(.251, .246, .02), ...)

test_that("families are connected components, named by their first member", {
  family <- families(kin_table())
  expect_s3_class(family, c("families", "factor"), exact = TRUE)
  expect_identical(as.character(family), c("a", "a", "a", "e", "f"))
  expect_identical(names(family), c("a", "b", "c", "e", "f"))
  family <- families(kin_table(), ids = c("d", "c", "b", "f"))
  # b and c are linked through a, who is not in the study.
  expect_identical(as.character(family), c("d", "c", "c", "f"))
  expect_identical(as.character(families(kin_table(), threshold = .01)), c("a", "a", "a", "e", "e"))
  expect_identical(nlevels(families(kin_table(), threshold = .25)), 4L)
  expect_identical(nlevels(families(kin_table()[0, ], ids = c(3, 1, 2))), 3L)
})

test_that("KING's limits: the default links the third degree and not the fourth", {
  for (degree in 0:4) {
    kin <- data.frame(ID1 = "a", ID2 = "b", Kinship = 2^-(degree + 1))
    expect_identical(nlevels(families(kin)), if (degree <= 3) 1L else 2L)
  }
})

test_that("families equal flooding, on random graphs and a long chain", {
  for (seed in 1:20) {
    set.seed(seed)
    ids <- paste0("p", sample(60))
    m <- sample(c(5, 30, 80), 1)
    kin <- data.frame(ID1 = sample(ids, m, TRUE), ID2 = sample(ids, m, TRUE), Kinship = runif(m, -.1, .5))
    threshold <- runif(1, .01, .4)
    study <- sample(ids, sample(c(20, 60), 1))
    if (!any(c(kin$ID1, kin$ID2) %in% study)) next
    got <- quiet(families(kin, study, threshold))
    expect_identical(setNames(as.character(got), names(got)), families_twin(kin$ID1, kin$ID2, kin$Kinship, study, threshold))
  }
  chain <- data.frame(ID1 = 1:4999, ID2 = 2:5000, Kinship = .1)
  expect_warning(
    family <- families(chain[sample(4999), ]), "One family holds 5,000 of 5,000 people, chained",
    class = "latentmr_warning_kinship"
  )
  expect_identical(nlevels(family), 1L)
  expect_no_warning(families(chain, ids = c(1:40, 6001:7000)))
})

test_that("members of one large family are compared too", {
  set.seed(1)
  g <- matrix(rbinom(300 * 40, 2, .4), 300)
  make <- function(family) {
    x <- g[, 1] + rnorm(300)
    suppressMessages(mr_data(g, x, x + rnorm(300), rep(c("a", "b"), 150), family = family, kind = "genotype"))
  }
  said <- testthat::capture_warnings(make(c(rep(1, 280), 2:21)))
  expect_match(said, "not alike as full siblings", all = FALSE)
  expect_match(said, "The largest of 21 clusters holds 93 % of the people, so that they count as 1.1", all = FALSE)
})

test_that("tables of KING and plink 2 as files; both kinds together", {
  dir <- new_dir()
  within <- file.path(dir, "king.kin")
  between <- file.path(dir, "king.kin0")
  writeLines(c("FID\tID1\tID2\tN_SNP\tZ0\tPhi\tHetHet\tIBS0\tKinship\tError", "01\t001\t002\t99\t0\t.25\t.1\t0\t0.26\t0"), within)
  writeLines(c("#FID1\tIID1\tFID2\tIID2\tNSNP\tHETHET\tIBS0\tKINSHIP", "01\t002\t7\t003\t99\t.1\t0\t0.13",
               "7\t003\t8\t004\t99\t.1\t.1\t-0.02"), between)
  family <- families(c(within, between))
  expect_identical(setNames(as.character(family), names(family)), c("001" = "001", "002" = "001", "003" = "001", "004" = "004"))
  by_pair <- suppressMessages(families(c(within, between), ids = c("01_001", "7_003", "9_009")))
  expect_identical(as.character(by_pair), c("01_001", "01_001", "9_009"))
  expect_message(families(within, "01_001"), "FID_IID", class = "latentmr_message_ids")
})

test_that("one IID for several people", {
  kin <- data.frame(FID1 = c("x", "x"), ID1 = c("1", "1"), FID2 = c("x", "y"), ID2 = c("2", "1"), Kinship = .3)
  expect_message(family <- families(kin), class = "latentmr_message_ids")
  expect_identical(names(family), c("x_1", "x_2", "y_1"))
  expect_error(families(kin, ids = c("1", "2")), class = "latentmr_error_ids")
})

test_that("what is wrong with a kinship table is said", {
  kin <- kin_table()
  expect_conditions({
    families(1)
    families("/no/such/file.kin0")
    families(data.frame(ID1 = "a", ID2 = "b", PropIBD = .5))
    families(data.frame(ID1 = "a", ID2 = "b", Kinship = "high"))
    families(data.frame(ID1 = c("a", NA), ID2 = "b", Kinship = .5))
    families(kin[0, ])
    families(kin, ids = c("x", "y"))
    families(kin, ids = c("a", "a"))
    families(kin, threshold = 0)
  })
  expect_warning(family <- families(transform(kin, Kinship = c(NaN, .3, .1))), class = "latentmr_warning_kinship")
  expect_identical(as.character(family), c("a", "b", "a", "e", "e"))
  expect_snapshot(families(kin, ids = letters[1:8]))
})

test_that("families as the clusters of mr_data() and read_mr_data(); others are on their own", {
  parts <- known_parts()
  kin <- data.frame(ID1 = c("p001", "p002"), ID2 = c("p003", "p900"), Kinship = .2)
  d <- known_data(cluster = families(kin), parts = parts)
  expect_identical(nlevels(d$cluster), 199L)
  expect_identical(d$cluster[1], d$cluster[3])
  expect_s3_class(d$cluster, "factor", exact = TRUE)
  bare <- lapply(parts[c("bmi", "sbp", "site")], unname)
  covariates <- `rownames<-`(parts$covariates, NULL)
  by_ids <- mr_data(parts$g, bare$bmi, bare$sbp, bare$site, covariates, kind = "genotype", ids = parts$ids, cluster = families(kin))
  expect_identical(by_ids$cluster, d$cluster)
  files <- known_files(parts = parts)
  from_files <- read_mr_data(files$bfile, files$pheno, "bmi", "sbp", "site", cluster = families(kin, read_plink(files$bfile)))
  expect_identical(from_files$cluster, d$cluster)
  expect_error(read_mr_data(files$bfile, files$pheno, "bmi", "sbp", "site", cluster = 1:3), class = "latentmr_error_argument")
})

test_that("with families latent_mr() leaves whole families out of the first stage", {
  d <- sib_data(100, 6, 20, seed = 3)
  expect_identical(nlevels(d$cluster), 100L)
  fit <- quiet(latent_mr(d, methods = "latent_ujive", by_environment = FALSE, seed = 1))
  z <- mr_genotypes(d)
  site <- outer(as.integer(d$environment), 1:2, "==") + 0
  v <- z %*% fit$encoder$variant
  # With 100 people a column the directions have one slope for both sites.
  w <- cbind(site, v)
  # One refit of both first stages without each family.
  predicted <- numeric(length(d$exposure))
  for (family in levels(d$cluster)) {
    at <- d$cluster == family
    predict_from <- function(x) x[at, , drop = FALSE] %*% replace_na_by(qr.coef(qr(x[!at, ]), d$exposure[!at]), 0)
    predicted[at] <- predict_from(cbind(w, z)) - predict_from(w)
  }
  predicted <- ref_resid(w, predicted)
  expect_equal(as.data.frame(fit)$b, sum(predicted * d$outcome) / sum(predicted * d$exposure), tolerance = 1e-8)
})

test_that("sib pairs with weak instruments: leaving families out removes the bias of leaving persons out", {
  runs <- vapply(1:6, function(seed) {
    d <- sib_data(400, 20, 5, seed = seed)
    alone <- d
    alone["cluster"] <- list(NULL)
    b <- function(x) quiet(as.data.frame(latent_mr(x, methods = "latent_ujive", by_environment = FALSE, force = TRUE, seed = 1)))$b
    c(b(alone), b(d)) - .3
  }, numeric(2))
  expect_gt(mean(runs[1, ] - runs[2, ]), .03)
  expect_gt(mean(runs[1, ] > runs[2, ]), .8)
})
