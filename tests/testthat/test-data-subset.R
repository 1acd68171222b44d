quiet <- function(expr) suppressWarnings(suppressMessages(expr))

test_that("a part of a data set is the data set of these people", {
  parts <- known_parts()
  data <- known_data(parts = parts)
  keep <- c(3:60, 90:140)
  few <- function(x) if (is.null(dim(x))) x[keep] else x[keep, , drop = FALSE]
  again <- known_data(parts = lapply(parts, few))
  part <- data[keep, ]
  same_data(part, again)
  same_data(data[-setdiff(seq_len(200), keep), ], again)
  same_data(data[sprintf("p%03d", rev(keep)), ], again) # the order of the data stays
  same_data(data[seq_len(200) %in% keep, ], again)
  expect_identical(environment_table(part), environment_table(again))
  fate <- flow(part)
  total <- fate[fate$unit == "participants" & fate$environment == "(all)", ]
  expect_identical(total$count[total$reason == "not chosen by [i, ]"], 200L - length(keep))
  expect_identical(total$count[total$action == "analysed"], length(keep))
  fit <- function(d) as.data.frame(quiet(latent_mr(d, methods = c("ols", "2sls"), by_environment = FALSE, force = TRUE, seed = 1)))
  expect_equal(fit(part), fit(again))
  # Taken apart twice.
  same_data(data[1:140, ][c(3:60, 90:140), ], again)
})

test_that("parts of files and of variants", {
  f <- known_files()
  data <- read_known(f, structure = c("PC1", "PC2"), cluster = "family")
  part <- data[c("p010", "p011", paste0("p", 100:150)), c("rs3", "rs1")]
  expect_identical(variants(part)$snp, c("rs1", "rs3"))
  right <- read_known(f, f$pheno[f$pheno$IID %in% c("p010", "p011", paste0("p", 100:150)), ], instruments = c("rs1", "rs3"), structure = c("PC1", "PC2"), cluster = "family")
  same_data(part, right)
  expect_identical(part$cluster, right$cluster)
})

test_that("variants that no longer vary and small environments go, as in the whole", {
  parts <- known_parts()
  parts$g[1:100, "rs3"] <- 0
  data <- known_data(parts = parts)
  part <- quiet(data[1:100, ])
  expect_false("rs3" %in% variants(part)$snp)
  expect_identical(part$removed_variants$reason[part$removed_variants$snp == "rs3"], "constant")
  expect_warning(part <- data[c(which(data$environment == "west"), which(data$environment == "east")[1:9]), ],
                 class = "latentmr_warning_small_environment")
  expect_identical(levels(part$environment), "west")
  expect_identical(sum(flow(part)$count[flow(part)$reason == "environment of fewer than 10" & flow(part)$environment == "(all)"]), 9L)
})

test_that("split gives a data set for each environment, column or vector", {
  parts <- known_parts()
  data <- known_data(parts = parts)
  sites <- split(data)
  expect_named(sites, c("east", "west"))
  expect_identical(vapply(sites, function(d) length(d$outcome), 1L), c(east = 100L, west = 100L))
  same_data(sites$west, data[data$environment == "west", ])
  young <- split(data, data$covariates[, "age"] < 55)
  expect_named(young, c("FALSE", "TRUE"))
  expect_identical(names(split(data, "sexM")), c("0", "1"))
  half <- rep(c("a", NA), 100)
  expect_message(some <- split(data, half), "100 participants without a value")
  expect_named(some, "a")
  # Moments of the parts add up to those of the whole.
  whole <- quiet(mr_moments(data, disclosure = FALSE, folds = 1))
  added <- quiet(do.call(combine_moments, unname(lapply(sites, mr_moments, disclosure = FALSE, folds = 1))))
  a <- as.data.frame(quiet(latent_mr(whole, methods = c("ols", "2sls"), force = TRUE, by_environment = FALSE, seed = 1)))
  b <- as.data.frame(quiet(latent_mr(added, methods = c("ols", "2sls"), force = TRUE, by_environment = FALSE, seed = 1)))
  expect_equal(a$b, b$b)
})

test_that("as.data.frame has the rows of samples, and genotypes when asked", {
  data <- known_data()
  expect_identical(as.data.frame(data), samples(data))
  wide <- as.data.frame(data, genotypes = TRUE)
  expect_equal(as.matrix(wide[variants(data)$snp]), mr_genotypes(data), ignore_attr = TRUE)
  expect_identical(rownames(as.data.frame(data, row.names = data$ids))[2], data$ids[2])
  expect_error(as.data.frame(data, genotypes = 2), class = "latentmr_error_argument")
  expect_error(as.data.frame(data, row.names = c("a", "a")), class = "latentmr_error_argument")
})

test_that("wrong indices are named", {
  data <- known_data()
  expect_error(data[1:10], "given with a comma", class = "latentmr_error_argument")
  expect_error(data[c(1, 1), ], "position 1 twice", class = "latentmr_error_argument")
  expect_error(data["nobody", ], "nobody", class = "latentmr_error_argument")
  expect_error(data[201, ], "positions from 1 to 200", class = "latentmr_error_argument")
  expect_error(data[0, ], "at least one participant", class = "latentmr_error_argument")
  expect_error(data[, "rs9"], "rs9", class = "latentmr_error_argument")
  expect_error(data[which(data$environment == "west")[1:5], ], class = "latentmr_error_empty") |> suppressWarnings()
  expect_error(split(data, rnorm(200)), "continuous", class = "latentmr_error_argument")
  expect_error(split(data, "sit"), class = "latentmr_error_argument")
  expect_error(split(data, 1:3), class = "latentmr_error_argument")
  one <- data
  one$outcome[1:20] <- 5
  expect_error(one[1:20, ], "`outcome` must be different between the 20", class = "latentmr_error_argument")
})
