targets <- attack_objects()

test_that("changed objects are refused, or nothing comes of it: a sample of every class", {
  set.seed(20)
  for (class in names(targets)) {
    target <- targets[[class]]
    cases <- attack_cases(target$object)
    cases <- cases[sample(nrow(cases), min(nrow(cases), mutations(2))), ]
    want <- lapply(target$uses, function(use) suppressWarnings(suppressMessages(use(target$object))))
    for (i in seq_len(nrow(cases))) {
      bad <- attack_case(target$object, cases$path[i], cases$change[i])
      for (use in if (!is.null(bad)) names(target$uses)) {
        found <- attack_verdict(target$uses[[use]], bad, want[[use]])
        if (found$verdict == "differs" && attack_possible(cases$path[i], cases$change[i])) found$verdict <- "possible"
        expect_true(
          found$verdict %in% c("refused", "same", "warned", "possible"),
          info = paste(class, cases$path[i], cases$change[i], use, found$verdict, found$text)
        )
      }
    }
  }
})

refused <- function(class, path, change, use, pattern) {
  target <- targets[[class]]
  part <- target$object
  keep <- oldClass(part)
  part <- unclass(part)
  part[[path]] <- change(part[[path]])
  expect_error(target$uses[[use]](structure(part, class = keep)), pattern, class = "latentmr_error_object")
}

test_that("what once crashed or passed as a number is refused by its field", {
  refused("plink_bed", "files", function(x) NULL, "as.matrix", "[$]files` must be")
  refused("iv_reg", c("engine", "f", "rows", "keep_z"), function(x) c(x, 1:50), "vcov", "keep_z` must be")
  refused("mr_moments", "structure", function(x) c(x, letters), "latent_mr", "must be")
  refused("mr_moments", "variants", function(x) x[c(1:6, rep(1, 10)), ], "combine_moments", "must be")
  refused("latent_mr", c("latent", "kclass", "r1"), function(x) -x, "weakiv", "r1` must be")
  refused("iv_reg", c("engine", "f2", "r"), function(x) x + 1, "vcov", "upper triangular")
  refused("codes", c("parameters", "whiten"), function(x) x[, -1], "predict", "must be")
  refused("kiv", c("curve", "centre"), function(x) rbind(x, x), "predict", "centre` must be")
  refused("several", c("by_environment", "a", "latent_liml", "se"), function(x) "a", "environment", "se` must be")
})

test_that("people without traits are looked at too, and copies that nobody carries", {
  data <- targets$mr_data$object
  data$genotypes$x[3, 2] <- 1e300
  encoder <- targets$latent_instruments$object
  expect_error(predict(encoder, data), "from 0|0, 1, 2", class = "latentmr_error_object")
  data[c("outcome", "exposure", "exposure_name", "outcome_name")] <- list(NULL)
  expect_error(predict(encoder, data), "0, 1, 2", class = "latentmr_error_object")
})

test_that("what is asked for and not there is counted before it is touched", {
  long <- seq_len(2^31 - 1)
  words <- as.character(long)
  bed <- structure(class = "plink_bed", list(
    files = data.frame(bed = "a", size = 1e9, mtime = 1, first = 1L, variants = .Machine$integer.max),
    samples = data.frame(fid = "a", iid = "a"),
    variants = structure(
      list(snp = words, chr = words, pos = long, effect_allele = words, other_allele = words),
      class = "data.frame", row.names = c(NA_integer_, -.Machine$integer.max)
    )
  ))
  file <- tempfile()
  on.exit(unlink(file))
  saveRDS(bed, file)
  expect_lt(file.size(file), 2000)
  error <- tryCatch(as.matrix(readRDS(file)), error = identity)
  expect_s3_class(error, c("latentmr_error_memory", "latentmr_error_object"), exact = FALSE)
  expect_match(conditionMessage(error), "asks for [0-9.]+ GB that are not there yet, more than the 8 GB allowed")
  moments <- unclass(targets$mr_moments$object)
  moments$values <- words
  moments <- structure(moments, class = "mr_moments")
  expect_error(combine_moments(moments, targets$mr_moments$object), class = "latentmr_error_memory")
  # A sequence of ordinary length is what the package itself keeps.
  expect_no_error(as.matrix(targets$plink_bed$object))
})

test_that("objects are looked at whole: atomic, empty, functions and places of the class", {
  for (class in c("mr_moments", "mr_data", "plink_bed", "latent_instruments", "latent_mr", "iv_reg", "iv_curve")) {
    target <- targets[[class]]
    for (change in names(attack_wholes(target$object))) {
      bad <- attack_case(target$object, ".", change)
      found <- attack_verdict(target$uses[[1]], bad, NULL)
      expect_false(found$verdict == "raw", info = paste(class, change, found$text))
    }
  }
})
