variant_flow <- function(d, reason, environment = "(all)") {
  f <- flow(d)
  f$count[f$reason == reason & f$environment == environment & f$unit == "variants"]
}

with_genotypes <- function(g, kind = "genotype", ...) {
  parts <- known_parts(nrow(g))
  parts$g <- `rownames<-`(g, parts$ids)
  mr_data(parts$g, parts$bmi, parts$sbp, parts$site, kind = kind, ...)
}

test_that("every rule for variants removes or keeps, counts and names", {
  base <- known_parts()$g
  west <- known_parts()$site == "west"
  g <- cbind(
    base, uncalled = NA, flat = 1, same = base[, 2], mirror = 2 - base[, 3], sum = (base[, 3] + base[, 4]) / 1,
    only_east = ifelse(west, NA, base[, 1]), flat_west = ifelse(west, 2, base[, 2])
  )
  g[5, "rs3"] <- NA
  g[5, "mirror"] <- NA
  d <- with_genotypes(pmin(g, 2))
  expect_identical(d$variants$snp, c("rs1", "rs2", "rs3", "rs4", "sum", "only_east", "flat_west"))
  expect_identical(
    d$removed_variants,
    data.frame(snp = c("uncalled", "flat", "same", "mirror"),
               reason = c("no call in any environment", "constant", rep("same values as an earlier variant", 2)))
  )
  expect_identical(d$flagged_variants, data.frame(
    snp = c("only_east", "flat_west"), environment = "west",
    reason = c("no call in an environment", "constant in an environment")
  ))
  expect_identical(variant_flow(d, "read"), 11L)
  expect_identical(variant_flow(d, "same values as an earlier variant"), 2L)
  expect_identical(variant_flow(d, "no call in an environment", "west"), 1L)
  expect_identical(variant_flow(d, "no call in an environment", "east"), 0L)
  expect_identical(variant_flow(d, "constant in an environment", "west"), 1L)
  expect_identical(variant_flow(d, "analysed"), 7L)
})

test_that("different missing calls make different variants", {
  g <- known_parts()$g
  g <- cbind(g, twin = g[, 1])
  g[3, "twin"] <- NA
  expect_identical(with_genotypes(g)$variants$snp, c("rs1", "rs2", "rs3", "rs4", "twin"))
})

test_that("collinear variants go, the later one of them", {
  set.seed(1)
  z <- matrix(rnorm(200 * 4), 200, dimnames = list(NULL, letters[1:4]))
  z <- cbind(z[, 1:2], sum = z[, 1] - 2 * z[, 2], z[, 3:4])
  d <- with_genotypes(z, "continuous")
  expect_identical(d$variants$snp, letters[1:4])
  expect_identical(d$removed_variants, data.frame(snp = "sum", reason = "collinear with earlier variants"))
  z[, "sum"] <- z[, "sum"] + 1e-3 * rnorm(200)
  expect_identical(dim(with_genotypes(z, "continuous"))[2], 5L)
})

test_that("collinearity is not looked for when it cannot be seen, and the flow says so", {
  g <- rbind(diag(22), 0, 0)
  g <- cbind(g, g[, 1] + g[, 2])
  d <- with_genotypes(g)
  expect_identical(dim(d), c(24L, 23L))
  expect_true(any(grepl("^collinearity not looked for", flow(d)$reason)))
  expect_false(collinear_checked(1e6, 100))
  expect_true(collinear_checked(1e5, 100))
  expect_false(collinear_checked(50, 50))
})

test_that("kind is what the values allow", {
  g <- known_parts()$g + 0
  expect_message(d <- with_genotypes(g, "auto"), "kind = \"genotype\"", class = "latentmr_message_kind")
  expect_identical(d$kind, "genotype")
  g[1, 1] <- NA
  g[2, 2] <- 1.5
  expect_message(d <- with_genotypes(g, "auto"), "kind = \"dosage\"")
  expect_identical(d$kind, "dosage")
  g[2, 2] <- -.5
  expect_error(with_genotypes(g, "auto"), "-0.5 in 1 of 799 calls", class = "latentmr_error_argument")
  expect_message(d <- with_genotypes(g - .5, "auto"), "kind = \"continuous\"")
  expect_identical(d$kind, "continuous")
  expect_identical(with_genotypes(g, "continuous")$kind, "continuous")
  g[2, 2] <- -9
  expect_identical(with_genotypes(g, "continuous")$kind, "continuous")
})

test_that("values that are no genotypes are errors that show them", {
  g <- known_parts()$g + 0
  bad <- function(value, kind) {
    g[7, 2] <- value
    with_genotypes(g, kind)
  }
  expect_conditions({
    bad(.5, "genotype")
    bad(2.2, "dosage")
    bad(-9, "auto")
    bad(3, "genotype")
    bad(Inf, "continuous")
    with_genotypes(g[, 1, drop = FALSE] * 0)
    with_genotypes(g[, 1, drop = FALSE] * NA)
  })
  expect_error(bad(-Inf, "auto"), class = "latentmr_error_argument")
  expect_error(with_genotypes(g * 0), class = "latentmr_error_empty")
})

test_that("variant names that are missing or repeated are made unique and counted", {
  g <- unname(known_parts()$g)
  variants <- data.frame(snp = c(".", "rs9", "rs9", NA), chr = c(1, 2, 2, NA), pos = c(81e6, 5, 6, NA),
                         effect_allele = c("A", "C", "G", NA), other_allele = c("T", "G", "C", NA))
  d <- with_genotypes(g, variants = variants)
  expect_identical(d$variants$snp, c("1:81000000:T:A", "rs9:G:C", "rs9:C:G", "unnamed"))
  expect_identical(variant_flow(d, "name missing or repeated: renamed"), 4L)
  expect_identical(d$variants$effect_allele, variants$effect_allele)
})

test_that("the variant table is matched by name", {
  g <- known_parts()$g
  variants <- data.frame(snp = rev(colnames(g)), effect_allele = c("A", "C", "G", "T"))
  expect_identical(with_genotypes(g, variants = variants)$variants$effect_allele, c("T", "G", "C", "A"))
  expect_conditions({
    with_genotypes(g, variants = variants[-1, ])
    with_genotypes(g, variants = transform(variants, snp = c("a", "b", "rs2", "rs1")))
    with_genotypes(g, variants = "rs1")
    with_genotypes(g, variants = data.frame(name = 1:4))
  })
})

test_that("blocks follow their variants", {
  g <- known_parts()$g
  g[, 2] <- 1
  expect_identical(as.character(with_genotypes(g, block = c(1, 1, 2, 2))$block), c("1", "2", "2"))
  d <- with_genotypes(g, block = c(rs4 = "x", rs3 = "y", rs2 = "z", rs1 = "x"))
  expect_identical(as.character(d$block), c("x", "y", "x"))
  expect_identical(levels(d$block), c("x", "y"))
  expect_conditions({
    with_genotypes(g, block = 1:3)
    with_genotypes(g, block = c(1, 1, NA, 2))
    with_genotypes(g, block = c(rs1 = 1, rs2 = 1))
    with_genotypes(g, block = list(1))
  })
})

test_that("background variants are no instruments, and vary", {
  parts <- known_parts()
  b <- cbind(rs2 = parts$g[, 2], flat = 1, none = NA, b1 = parts$g[, 1], b2 = 2 - parts$g[, 3])
  d <- with_genotypes(parts$g, background = b[200:1, ])
  expect_identical(d$background$variants$snp, c("b1", "b2"))
  expect_identical(mr_background(d), unname(b[, 4:5]))
  expect_identical(mr_background(d, 2), unname(b[, 5, drop = FALSE]))
  f <- flow(d)
  f <- f[f$unit == "background variants" & f$action == "removed", ]
  expect_identical(f$count, c(1L, 0L, 1L, 1L))
  d <- with_genotypes(parts$g, background = b[-(1:5), ])
  expect_identical(length(d$ids), 195L)
  expect_conditions({
    with_genotypes(parts$g, background = b[, 1:3])
    with_genotypes(parts$g, background = unname(b))
    with_genotypes(parts$g, background = replace(b, 703, Inf))
  })
})

test_that("a site of three alleles that was split keeps both pairs, and weights find theirs", {
  p <- known_parts()
  split <- replace(colnames(p$g), 2, colnames(p$g)[1])
  g <- `colnames<-`(p$g, split)
  frame <- data.frame(snp = split, effect_allele = c("A", "T", "A", "A"), other_allele = "G")
  make <- function(frame) suppressMessages(mr_data(g, p$bmi, p$sbp, p$site, kind = "genotype", variants = frame))
  d <- make(frame)
  expect_identical(d$variants$snp[1:2], paste0(split[1], c(":G:A", ":G:T")))
  expect_identical(d$variants$effect_allele, frame$effect_allele)
  expect_identical(flow(d)$count[flow(d)$reason == "name missing or repeated: renamed"], 2L)
  expect_error(make(frame[c(2:4, 1), ]), "in the order of the genotypes where names repeat", class = "latentmr_error_argument")
  weights <- data.frame(SNP = split[1], effect_allele = c("T", "G"), other_allele = c("G", "A"), beta = c(.2, .1))
  score <- suppressMessages(allele_score(weights, d$variants, "genotype"))
  expect_identical(score$table$weight, c(.2, -.1))
})
