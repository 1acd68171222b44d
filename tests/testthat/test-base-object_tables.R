# Tables that are only printed, changed as a file could have changed them.
line <- iv_reg(mpg ~ hp | wt | disp + cyl + gear, data = mtcars)
snp <- suppressMessages(simulate_mr("snp", cell = 3, n = 60, seed = 1))
fit <- suppressMessages(suppressWarnings(latent_mr(snp, methods = c("latent_2sls", "latent_nagar"), seed = 1)))
tables <- suppressWarnings(suppressMessages(list(
  summary(line), first_stage(line), overid_test(line), direction_test(line), plausibly_exogenous(line, .01),
  leave_one_out(fit), verdict(fit), summary(fit), summary(snp), summary(fit$encoder, snp),
  summary(fit$encoder, snp)$quality, environment_test(snp, seed = 1)
)))
text_of <- function(x) utils::capture.output(print(x))

changed <- list(
  short = function(v) if (is.data.frame(v)) v[0, ] else v[-1],
  text = function(v) "text", list = function(v) list(list(1)), call = function(v) quote(stop("it was run")),
  raw = function(v) as.raw(1:3), `not UTF-8` = function(v) "\xff\xfe", environment = function(v) new.env(),
  rows = function(v) structure(list(1), names = "x", row.names = c(NA, -2147483647L), class = "data.frame"),
  sequence = function(v) seq_len(2^31 - 1)
)

test_that("a changed table is refused, or prints as it did", {
  for (table in tables) {
    class <- class(table)[1]
    want <- text_of(table)
    bare <- unclass(table)
    for (name in names(bare)) {
      for (change in names(changed)) {
        bad <- bare
        bad[name] <- list(changed[[change]](bare[[name]]))
        got <- tryCatch(text_of(structure(bad, class = class(table))), error = identity)
        good <- inherits(got, "latentmr_error_object") || identical(got, want) ||
          name %in% c("call", "na.action") || name == "quality" && change == "short" || is.null(bare[[name]]) ||
          change == "text" && is.character(bare[[name]])
        expect_true(good, info = paste(class, name, change, if (is.character(got)) "printed" else conditionMessage(got)))
      }
    }
  }
})

test_that("a table that claims rows which are not there is refused, and a part of one prints", {
  for (table in tables) {
    if (!is.data.frame(table)) next
    attr(table, "row.names") <- c(NA, -2147483647L)
    expect_error(print(table), class = "latentmr_error_object")
  }
  v <- verdict(fit)
  expect_output(print(v[, c("check", "pval")]), "strength")
  attr(v, "headline") <- quote(stop("it was run"))
  expect_error(print(v), "attribute headline` must be text", class = "latentmr_error_object")
})

test_that("what a data set or a file set carries along is looked at by every method", {
  bed <- read_plink(file.path(system.file("extdata", package = "LatentMR"), "chr21"))
  for (name in c("father", "sex")) {
    bad <- bed
    bad$samples[[name]] <- lapply(bad$samples[[name]], list)
    expect_error(samples(bad), sprintf("samples[$]%s` must be", name), class = "latentmr_error_object")
  }
  bad <- bed
  bad$variants$effect_allele <- NULL
  expect_error(variants(bad), "effect_allele` must be", class = "latentmr_error_object")
  bad["samples"] <- list(quote(a))
  expect_error(dim(bad), "samples` must be", class = "latentmr_error_object")
  bad <- snp
  bad$counts$called <- bad$counts$called[-1]
  expect_error(print(bad), "counts[$]called` must be", class = "latentmr_error_object")
  bad <- snp
  bad["flow"] <- list(new.env())
  for (use in list(function(x) x[1:90, ], split, flow)) {
    expect_error(use(bad), "flow` must be", class = "latentmr_error_object")
  }
  bad <- fit$encoder
  bad$above <- "1"
  expect_error(print(bad), "above` must be", class = "latentmr_error_object")
  bad <- line
  bad$sigma <- "2"
  expect_error(sigma(bad), "sigma` must be", class = "latentmr_error_object")
})

test_that("a call in the settings of an object is not run, and an object of another type is refused", {
  encoder <- suppressWarnings(learn_instruments(simulate_mr("snp", cell = 3, n = 60, seed = 1), seed = 1))
  ran <- FALSE
  encoder$control$r2_min <- quote(ran <<- TRUE)
  expect_error(print(encoder), class = "latentmr_error_object")
  expect_false(ran)
  encoder$control$r2_min <- quote(stop("it was run"))
  expect_error(summary(encoder), class = "latentmr_error_object")
  for (what in list(NA, "a", 1:3)) {
    expect_error(dim(structure(what, class = "plink_bed")), class = "latentmr_error_object")
    expect_error(dim(structure(what, class = "mr_data")), class = "latentmr_error_object")
  }
  encoder <- suppressWarnings(
    learn_instruments(simulate_mr("snp", cell = 3, n = 60, seed = 1), n_latent = c(45, 5), seed = 1)
  )
  expect_output(print(encoder), "given")
  encoder$n_latent_given <- "four"
  expect_error(print(encoder), "n_latent_given", class = "latentmr_error_object")
})
