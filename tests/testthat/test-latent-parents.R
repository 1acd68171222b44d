# Parents' genotypes as controls, and parents imputed from siblings.
quiet <- function(code) suppressWarnings(suppressMessages(code))
parents_fit <- function(data, ..., methods = NULL) {
  quiet(latent_mr(data, methods = methods, by_environment = FALSE, seed = 1, ...))
}

test_that("trios: the genotype less half the parents' as instrument, the parents' as controls", {
  s <- sibship_parts(rep(1:2, 80), 8)
  s$g[cbind(3, 2)] <- NA
  s$father[cbind(5, 1)] <- NA
  data <- sibship_data(s, parents = list(father = s$father, mother = s$mother))
  expect_output(print(data), "parents +both genotyped of 240 participants")
  fit <- parents_fit(data)
  middle <- (s$father + s$mother) / 2
  z <- s$g - middle
  z[is.na(z)] <- 0
  middle[5, 1] <- mean(middle[, 1], na.rm = TRUE)
  w <- cbind(outer(s$site, unique(s$site), "==") + 0, middle)
  by_hand <- iv_fit(s$y, s$x, z, w = w, vcov = "cluster", cluster = s$family)
  expect_equal(fit$estimates$family_2sls$b, coef(by_hand)[["x"]])
  expect_equal(fit$estimates$family_2sls$se_plain, sqrt(vcov(by_hand)[1, 1]))
  expect_equal(fit$estimates$family_ujive$b, ujive_twin(s$y, s$x, z, w, s$family), tolerance = 1e-8)
  expect_identical(fit$headline, "family_ujive")
  expect_identical(fit$family[c("people", "families", "trios")], list(people = 240L, families = 160L, trios = 240L))
  expect_output(print(summary(fit)), "[(]240\\s+with\\s+both\\s+parents\\s+genotyped[)]")
  # A part of the people and of the variants.
  part <- data[1:150, 3:8]
  again <- sibship_data(lapply(s[c("x", "y", "family", "site")], `[`, 1:150) |> c(list(g = s$g[1:150, 3:8])),
    parents = list(father = s$father[1:150, 3:8], mother = s$mother[1:150, 3:8]))
  expect_equal(parents_fit(part)$estimates$family_ujive$b, parents_fit(again)$estimates$family_ujive$b)
})

test_that("trios and pairs of siblings together: one set of slopes, each with its own controls", {
  s <- sibship_parts(rep(2, 120), 6, seed = 2)
  s$father[1:120, ] <- NA
  age <- rnorm(240)
  fit <- parents_fit(sibship_data(s, covariates = data.frame(age = age), parents = list(father = s$father, mother = s$mother)))
  sib <- 1:120
  within <- function(v) within_twin(v[sib], s$family[sib])
  middle <- ((s$father + s$mother) / 2)[-sib, ]
  y <- c(within(s$y), s$y[-sib])
  x <- c(within(s$x), s$x[-sib])
  z <- rbind(apply(s$g[sib, ], 2, within_twin, s$family[sib]), s$g[-sib, ] - middle)
  own <- cbind(outer(s$site[-sib], unique(s$site), "==") + 0, middle)
  w <- cbind(c(within(age), age[-sib]), rbind(matrix(0, 120, ncol(own)), own))
  expect_equal(fit$estimates$family_2sls$b, coef(iv_fit(y, x, z, w = w))[["x"]])
  expect_equal(fit$estimates$family_ujive$b, ujive_twin(y, x, z, w, s$family), tolerance = 1e-8)
  expect_identical(fit$family[c("people", "families", "trios")], list(people = 240L, families = 120L, trios = 120L))
})

test_that("the fam file's fathers and mothers; siblings and clusters from it", {
  s <- sibship_parts(rep(2, 60), 6, seed = 3)
  first <- match(1:60, s$family)
  dir <- new_dir()
  child <- paste0("c", 1:120)
  g <- rbind(s$g, s$father[first, ], s$mother[first, ])
  iid <- c(child, paste0("f", 1:60), paste0("m", 1:60))
  prefix <- write_bed_files(file.path(dir, "trios"), g, fid = c(s$family, 1:60, 1:60), iid = iid, snp = paste0("rs", 1:6))
  fam <- read.table(paste0(prefix, ".fam"), colClasses = "character")
  fam[1:120, 3] <- paste0("f", s$family)
  fam[1:120, 4] <- paste0("m", s$family)
  write.table(fam, paste0(prefix, ".fam"), quote = FALSE, row.names = FALSE, col.names = FALSE)
  pheno <- data.frame(IID = c(child, "f1"), x = c(s$x, 0), y = c(s$y, 0), site = c(s$site, s$site[1]))
  read <- function(pheno, ...) quiet(read_mr_data(prefix, pheno, "x", "y", "site", parents = "fam", ...))
  data <- read(pheno[-121, ])
  expect_identical(nlevels(data$family), 60L)
  matrices <- sibship_data(s, parents = list(father = s$father, mother = s$mother))
  expect_equal(parents_fit(data, methods = c("family_2sls", "family_ujive"))$estimates[[2]]$b, parents_fit(matrices)$estimates$family_ujive$b)
  # A father who is a participant is in the cluster of his children.
  both <- read(pheno)
  expect_identical(nlevels(both$cluster), 60L)
  expect_identical(both$cluster[both$ids == "f1"], both$cluster[both$ids == "c1"])
  expect_true(is.na(both$family[both$ids == "f1"]))
  expect_identical(parents_fit(both, methods = "family_2sls")$family$people, 120L)
  expect_equal(parents_fit(data[, 2:5], methods = "family_2sls")$estimates[[1]]$nsnp, 4)
})

test_that("parents' effects are gone given the parents' genotypes", {
  error <- vapply(1:8, function(seed) {
    s <- sibship_parts(rep(1, 900), 12, seed = seed)
    fit <- parents_fit(sibship_data(s, parents = list(father = s$father, mother = s$mother)), methods = c("latent_ujive", "family_ujive"))
    c(fit$estimates$latent_ujive$b, fit$estimates$family_ujive$b, fit$family$contrast$pval < .05) - c(.3, .3, 0)
  }, numeric(3))
  expect_gt(mean(error[1, ]), .15)
  expect_lt(abs(mean(error[2, ])), .05)
  expect_gte(mean(error[3, ]), .875)
})

test_that("the expected parents equal going through all alleles and transmissions", {
  for (f in c(.1, .5, .7)) for (shared in c(0:2, -1)) {
    grid <- as.matrix(expand.grid(0:2, 0:2))
    got <- .Call(
      C_ffi_parent_impute, grid[, 1, drop = FALSE] + 0, grid[, 2, drop = FALSE] + 0, matrix(f), rep(1L, 9), matrix(rep(as.integer(shared), 9))
    )$parents[, 1]
    twin <- apply(grid, 1, function(g) parent_mean_twin(g[1], g[2], f, shared))
    # What the genotypes exclude is taken as not known.
    excluded <- is.na(twin)
    twin[excluded] <- apply(grid[excluded, , drop = FALSE], 1, function(g) parent_mean_twin(g[1], g[2], f, -1))
    expect_equal(got, twin, info = paste(f, shared))
  }
  one <- .Call(C_ffi_parent_impute, matrix(c(NA, 1)), matrix(c(1, 1)), matrix(c(.3, 1), 1), 1:2, NULL)
  expect_equal(one, list(one = matrix(c(.6, 2)), two = matrix(c(.6, 2)), parents = matrix(c(.6, 2))))
})

test_that("imputed parents: rows of their own, by hand, never the headline", {
  s <- shared_parts(150, 8)
  data_of <- function(parents) {
    quiet(mr_data(s$g, s$x, s$y, s$site, kind = "genotype", family = s$family, ids = s$ids, variants = s$variants, parents = parents))
  }
  frequency <- sapply(c("site 0", "site 1"), function(site) colMeans(s$g[s$site == site, ]) / 2)
  odd <- seq(1, 300, 2)
  by_hand <- function(shared) {
    mid <- t(sapply(seq_len(150), function(i) sapply(1:8, function(j) {
      parent_mean_twin(s$g[odd[i], j], s$g[odd[i] + 1, j], frequency[j, s$site[odd[i]]], if (is.null(shared)) -1 else shared[i, j])
    })))
    w <- cbind(outer(s$site, unique(s$site), "==") + 0, mid[s$family, ])
    iv_fit(s$y, s$x, s$g, w = w, vcov = "cluster", cluster = s$family)
  }
  for (known in c(FALSE, TRUE)) {
    fit <- parents_fit(data_of(if (known) s$segments else "siblings"))
    twin <- by_hand(if (known) s$shared)
    expect_equal(fit$estimates$imputed_2sls$b, coef(twin)[["x"]])
    expect_equal(fit$estimates$imputed_2sls$se_plain, sqrt(vcov(twin)[1, 1]))
    expect_identical(fit$headline, "family_ujive")
    expect_identical(fit$family$imputed, 300L)
    expect_output(print(summary(fit)), "Parents imputed: from 150 pairs of siblings; assumes random\\s+mating")
  }
  # Families of three and four: nobody is in two pairs.
  four <- imputed_set(sibship_data(sibship_parts(rep(3:4, 20), 6), parents = "siblings"), 1:140)
  expect_length(four$one, 60)
  expect_identical(anyDuplicated(c(four$one, four$two)), 0L)
})

test_that("imputed parents are free of parents' effects, and narrower where sharing is known", {
  got <- vapply(1:8, function(seed) {
    s <- shared_parts(500, 12, seed = seed)
    data <- quiet(mr_data(s$g, s$x, s$y, s$site, kind = "genotype", family = s$family, ids = s$ids, variants = s$variants, parents = s$segments))
    e <- parents_fit(data, methods = c("family_ujive", "imputed_ujive"))$estimates
    c(e$imputed_ujive$b - e$family_ujive$b, e$imputed_ujive$se_plain / e$family_ujive$se_plain)
  }, numeric(2))
  expect_lt(abs(mean(got[1, ])), .05)
  expect_lt(mean(got[2, ]), 1)
})

test_that("what is wrong with parents is said", {
  s <- sibship_parts(rep(2, 60), 6)
  both <- list(father = s$father, mother = s$mother)
  none <- s$father + NA
  expect_conditions({
    sibship_data(s, parents = "mother")
    sibship_data(s, parents = "fam")
    sibship_data(s, parents = list(father = s$father))
    sibship_data(s, parents = list(father = s$father[, -1], mother = s$mother))
    sibship_data(s, parents = list(father = s$father[-1, ], mother = s$mother))
    sibship_data(s, parents = list(father = s$father + 1, mother = s$mother))
    sibship_data(s, parents = list(father = none, mother = s$mother))
    sibship_data(s, parents = lapply(both, function(x) x[120:1, ]))
    sibship_data(s, parents = lapply(both, function(x) 2 - x))
    sibship_data(s, parents = data.frame(ID1 = "a", ID2 = "b"))
    sibship_data(s, parents = data.frame(ID1 = "a", ID2 = "b", IBDType = "IBD3", Chr = 1, StartMB = 1, StopMB = 2))
    sibship_data(within(s, family <- NULL), parents = "siblings")
    quiet(latent_mr(sibship_data(s), methods = "imputed_2sls"))
  })
})
