# Objects of every class, as users get them.
class_objects <- function() {
  quiet <- function(x) suppressWarnings(suppressMessages(x))
  panel <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
  plain <- simulate_mr("authors", n = 200, seed = 1)
  few <- quiet(mr_data(
    cbind(a = rep(0:2, 60), b = rep(0:1, each = 90)), exposure = sin(1:180), outcome = as.numeric(1:180 %% 7 == 0),
    environment = rep(c("u", "v"), 90), cluster = rep(1:60, 3), structure = cbind(s = cos(1:180)), ids = sprintf("p%d", 1:180),
    block = c("l", "m")
  ))
  g <- mr_genotypes(panel)
  colnames(g) <- panel$variants$snp
  back <- quiet(mr_data(g[, 1:25], panel$exposure, panel$outcome, panel$environment, background = g[, 26:50]))
  short <- encoder_control(autoencoder = autoencoder_control(epochs = 2, units = 16))
  fit <- quiet(latent_mr(panel, seed = 1))
  set.seed(1)
  d <- data.frame(z = rnorm(120), z2 = rnorm(120), u = rnorm(120), g = rep(1:30, 4))
  d$x <- d$z + d$z2 / 2 + d$u
  d$y <- d$x + d$u + rnorm(120)
  d$y[3] <- NA
  d$b <- as.numeric(d$u + d$x + 2 * sin(1:120) > 0)
  iv <- iv_reg(y ~ x | z + z2, d)
  curve <- iv_curve(y ~ x | z, d, seed = 1)
  list(
    panel, plain, few, back, mr_moments(panel, disclosure = FALSE), quiet(mr_moments(few, disclosure = FALSE)), fit,
    quiet(latent_mr(panel, seed = 1, crossfit = 2, methods = "latent_2sls")), quiet(latent_mr(few, seed = 1, force = TRUE)), quiet(latent_mr(back, seed = 1, force = TRUE)),
    quiet(latent_mr(panel, seed = 1, by_environment = FALSE, methods = "latent_outlier")), fit$encoder,
    quiet(learn_instruments(plain, encoder = "autoencoder", seed = 1, control = short)), quiet(learn_instruments(plain, seed = 1)),
    quiet(latent_mr(sparse_people(diag(3L), n = 300, seed = 3)$data, "mechanism_sparsity", seed = 1)),
    learn_instruments(sparse_people(diag(3L), n = 300, seed = 3)$data, "mechanism_sparsity", seed = 1),
    iv, iv_reg(y ~ x | z + z2, d, cluster = ~g, estimator = "gmm"), iv_reg(y ~ x | z, d, estimator = "ujive", weights = rep(1:2, 60)),
    iv_fit(d$b, d$x, d$z), iv_binary(b ~ x | z + z2, data = d, estimator = "tsri"), iv_binary(b ~ x | z + z2, data = d, estimator = "msmm"),
    iv_hazard(exp(d$y)[-3], rep(1, 119), d$x[-3], d$z[-3], cluster = seq_len(119), time_unit = "years"),
    curve, iv_curve(y ~ x + b | z + z2, d, seed = 1), quiet(iv_curve(fit, panel, seed = 1)), iv_curve(y ~ x | z, d, estimator = "kiv", seed = 1),
    iv_curve(y ~ x | z, d, control = curve_control(band = "bootstrap", draws = 50), seed = 1), first_stage(iv), direction_test(fit),
    quiet(clump(panel, r2 = .1)), environment_test(few, seed = 1), overid_test(fit), plausibly_exogenous(fit, .1), verdict(fit), negative_control(curve, rnorm(119), "nothing")
  )
}

# What the value section of a help page has in code.
value_codes <- function(topic) {
  path <- test_path("../../man", paste0(topic, ".Rd"))
  rd <- if (file.exists(path)) tools::parse_Rd(path) else tools::Rd_db("LatentMR")[[paste0(topic, ".Rd")]]
  tags <- vapply(rd, attr, "", "Rd_tag")
  code <- function(x) {
    if (identical(attr(x, "Rd_tag"), "\\code")) return(paste(unlist(x), collapse = ""))
    if (is.list(x)) unlist(lapply(x, code))
  }
  trimws(unlist(strsplit(unlist(lapply(rd[tags == "\\value"], code)), ",", fixed = TRUE)))
}

test_that("an object has the fields that its help page names, and private ones, and no others", {
  objects <- class_objects()
  class_of <- vapply(objects, function(x) intersect(class(x), names(public_fields))[1], "")
  expect_setequal(class_of, names(public_fields))
  for (class in names(public_fields)) {
    held <- unique(unlist(lapply(objects[class_of == class], names)))
    expect_identical(setdiff(held, known_fields(class)), character(), info = class)
    # A field that nothing has is described in vain.
    expect_identical(setdiff(public_fields[[class]][[2]], held), character(), info = class)
    expect_identical(setdiff(public_fields[[class]][[2]], value_codes(public_fields[[class]]$topic)), character(), info = class)
    expect_length(intersect(public_fields[[class]][[2]], private[[class]]), 0)
  }
})

test_that("the outcome comes before the exposure", {
  for (fields in public_fields) {
    at <- match(c("outcome", "exposure"), fields[[2]])
    if (!anyNA(at)) expect_lt(at[1], at[2])
  }
  data <- simulate_mr("authors", n = 100, seed = 1)
  expect_lt(match("outcome", names(data)), match("exposure", names(data)))
})

test_that("what is read back from files is among the fields of the class", {
  for (class in intersect(names(object_rules()), c(names(public_fields), names(private)))) {
    expect_identical(setdiff(names(object_rules()[[class]]()), known_fields(class)), character(), info = class)
  }
})

test_that("an object holds the version that made it, and one of another version is refused by that name", {
  ours <- as.character(utils::packageVersion("LatentMR"))
  set.seed(1)
  d <- data.frame(z = rnorm(60), u = rnorm(60))
  d <- transform(d, x = z + u, y = z + 2 * u)
  data <- simulate_mr("snp", cell = 3, n = 120, seed = 1)
  iv <- iv_reg(y ~ x | z, d)
  objects <- list(
    mr_data = data, mr_moments = mr_moments(data, disclosure = FALSE), iv_reg = iv,
    latent_instruments = suppressWarnings(learn_instruments(data, seed = 1)), iv_curve = iv_curve(y ~ x | z, d, estimator = "kiv", seed = 1)
  )
  for (class in names(objects)) {
    old <- objects[[class]]
    expect_identical(old$version, ours, info = class)
    old$version <- "0.0.1"
    expect_identical(check_object(old, class, "x"), old, info = class)
    old[[names(object_rules()[[class]]())[1]]] <- NULL
    said <- tryCatch(check_object(old, class, "x"), latentmr_error_object = conditionMessage)
    expect_match(said, sprintf("<%s> object was made by version 0.0.1 of the package (this is %s), or", class, ours), fixed = TRUE, info = class)
  }
  for (odd in list(NULL, NA, character(), "a\nb", list("0.0.1"), mean, ours)) {
    iv$version <- odd
    expect_null(version_of(iv))
  }
  iv$versions <- c(LatentMR = "0.0.2", R = "9")
  expect_identical(version_of(iv), "0.0.2")
})

test_that("a constructor takes no field that its class has not", {
  expect_error(new_object("mr_verdict", list(check = "a", finding = "b", extra = 1)), "extra")
  expect_identical(names(new_object("negative_control", list(name = "a", tests = 1, fit = NULL))), c("fit", "tests", "name"))
})

test_that("a table of rules names no field twice: the second would not be looked at", {
  for (class in names(object_rules())) {
    expect_identical(anyDuplicated(names(object_rules()[[class]]())), 0L, info = class)
  }
})
