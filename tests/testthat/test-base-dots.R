# No method swallows an argument. Over every function that the package exports or
# registers as a method: `...` is read, refused or handed on.

takes_dots <- function(f) "..." %in% names(formals(f))

mentions_dots <- function(e) {
  if (is.name(e)) return(as.character(e) %in% c("...", "...length", "nargs"))
  if (!is.call(e) && !is.pairlist(e)) return(FALSE)
  any(vapply(as.list(e), function(part) !missing(part) && mentions_dots(part), NA))
}

own_functions <- function(keep = takes_dots) {
  home <- asNamespace("LatentMR")
  # methods that the tests register themselves are functions there, not names
  methods <- unlist(Filter(is.character, as.list(getNamespaceInfo(home, "S3methods")[, 3])))
  found <- sapply(sort(unique(c(methods, getNamespaceExports(home)))), function(name) get0(name, home), simplify = FALSE)
  Filter(function(f) is.function(f) && identical(environment(f), home) && keep(f), found)
}

test_that("every function that users call takes `...`", {
  # R itself calls dim() and dimnames(), with the object alone; the client of DataSHIELD calls the three on the server,
  # with arguments that their list of functions fixes
  without <- names(own_functions(Negate(takes_dots)))
  expect_identical(without[!grepl("^dim(names)?[.]", without)], c("mrDataDS", "mrMomentsDS", "mrShapeDS"))
})

# Generics hand on; a default method that only refuses its object needs no look at the rest.
only_dispatches <- function(name, f) {
  text <- paste(deparse(body(f)), collapse = " ")
  grepl("UseMethod(", text, fixed = TRUE) ||
    (endsWith(name, ".default") && !grepl("check_given(", text, fixed = TRUE) && grepl("abort_argument(", text, fixed = TRUE))
}

test_that("every function with `...` does something with it", {
  all <- own_functions()
  expect_gt(length(all), 100)
  silent <- Filter(function(name) !only_dispatches(name, all[[name]]) && !mentions_dots(body(all[[name]])), names(all))
  expect_identical(silent, character())
})

# Called on an object of the class where arguments are read before they are refused; the
# others refuse before they look at their object.
specimen <- local({
  d <- data.frame(iv_design(n = 60, L = 3, seed = 2)[c("y", "x", "z", "w")])
  fit <- iv_reg(y ~ w.w1 | x1 | z.z1 + z.z2 + z.z3, d)
  moments <- suppressMessages(mr_moments(
    mr_data(matrix(rbinom(180, 2, .4), 60), d$x1, d$y, rep(1:2, 30), kind = "genotype"), disclosure = FALSE
  ))
  function(name) {
    if (name == "update.iv_curve") return(list(call = quote(iv_curve(y ~ x | z))))
    if (grepl("moments", name)) moments else if (grepl("iv_reg", name)) fit
  }
})

test_that("a wrong argument name is refused, by every method and function", {
  all <- own_functions()
  all <- all[!vapply(names(all), function(name) only_dispatches(name, all[[name]]), NA)]
  for (name in setdiff(names(all), c("[.instrument_quality", "[.mr_table"))) {
    f <- all[[name]]
    first <- if (name == "iv_reg") y ~ x | z else if (name == "simulate_mr") "snp" else specimen(name)
    error <- tryCatch(f(first, not_an_argument = 1), error = identity)
    expect_s3_class(error, "latentmr_error_argument")
    # combine_moments() takes any number of sites, by whatever name
    if (!name %in% c("combine_moments", "c.mr_moments")) expect_match(conditionMessage(error), "not_an_argument", info = name)
  }
})

test_that("an argument nearly right is told", {
  fit <- specimen("iv_reg")
  message <- function(e) conditionMessage(tryCatch(e, error = identity))
  expect_identical(message(coef(fit, componnet = "stage1")), "Unknown argument: \"componnet\".\ni Did you mean \"component\"?")
  expect_identical(message(deviance(fit, 3)), "Unknown argument: \"(unnamed)\".\ni The arguments are \"object\".")
  expect_identical(
    message(deviance(fit, use = 1, 2)), "Unknown arguments: \"use\", \"(unnamed)\".\ni The arguments are \"object\"."
  )
})

test_that("as.data.frame() does what data.frame() asks of it", {
  frame <- as.data.frame(structure(list(a = c("u", "v")), class = c("environment_test", "data.frame"), row.names = 1:2),
    row.names = c("p", "q"), stringsAsFactors = TRUE)
  expect_identical(frame, data.frame(a = factor(c("u", "v")), row.names = c("p", "q")))
  expect_error(asked_frame(frame, row.names = "one"), class = "latentmr_error_argument")
})

test_that("units given by name are not taken by position", {
  expect_identical(check_units(c(outcome = "mmHg", exposure = "mmol/L")), c("mmol/L", "mmHg"))
  expect_identical(check_units(c("mmol/L", "mmHg")), c("mmol/L", "mmHg"))
  expect_identical(check_units(c(outcome = "a", b = "b", c = "c"), c("b", "c")), c("b", "c", "a"))
  expect_error(check_units(c(x = "mmHg", exposure = "mmol/L")), "named \"exposure\", \"outcome\"", class = "latentmr_error_argument")
})

test_that("functions that were without `...` name what they do not know, and what is near", {
  said <- function(expr, text) expect_condition_text(expr, "latentmr_error_argument", text)
  said(mr_data(1, 2, 3, 4, covariats = 5), "Unknown argument: \"covariats\".\ni Did you mean \"covariates\"?")
  said(read_mr_data("a", keeps = 1), "Unknown argument: \"keeps\".\ni Did you mean \"keep\"?")
  said(latent_mr(1, crossfits = 2), "Unknown argument: \"crossfits\".\ni Did you mean \"crossfit\"?")
  said(read_bgen("a", variant_names = "rs1"), paste0(
    "Unknown argument: \"variant_names\".\n",
    "i The arguments are \"path\", \"sample\", \"index\", \"variants\", \"multiallelic\"."
  ))
  said(mr_power(.02, 1000, .2, alhpa = .01), "Unknown argument: \"alhpa\".\ni Did you mean \"alpha\"?")
  said(mr_methods("all"), "Unknown argument: \"(unnamed)\".\ni There are no arguments.")
  said(single_variant(1, method = "ivw"), "Unknown argument: \"method\".\ni The arguments are \"fit\".")
  # Part of a name is still that argument.
  expect_condition_text(clump(1, thresh = 2), "latentmr_error_argument", "`threshold` must be one number from 0 to 1, not the number 2.")
  # What must be given is named without the dots.
  said(latent_hazard(), paste0(
    "`x` must be given.\ni The arguments are \"x\", \"time\", \"event\", \"data\", \"entry\", \"name\", \"time_unit\", ",
    "\"level\", \"seed\"."
  ))
})

test_that("an argument that the others leave without a use is refused, at its default it is not", {
  d <- iv_design(n = 60, L = 3, seed = 2)
  fit <- iv_fit(d$y, d$x, d$z, d$w)
  a <- d$x[, 1]
  data <- simulate_mr("snp", cell = 3, n = 60, seed = 1)
  gwas <- data.frame(SNP = c("rs1", "rs2"), effect_allele = "A", other_allele = "G", beta = c(.1, .2), se = .02)
  idle <- expression(
    iv_fit(d$y, d$x, d$z, d$w, "liml", fuller = 4), iv_fit(d$y, NULL, d$z, d$w, "ols"), iv_compare(fit, "ols", fuller = 4), tidy(fit, instruments = TRUE, component = "stage1"),
    iv_binary(y > 0 ~ 1 | x | z, data.frame(y = d$y, x = a, z = d$z[, 1]), "2sls", link = "log"), ar_set(fit, vcov = "iid", cluster = rep(1:10, 6)),
    hsic_test(a, d$y, permutations = 9), hsic_test(a, d$y, block = 5), hsic_test(a, d$y, kernel = "poly2", bandwidth = 1),
    hsic_test(a, d$y, approximation = "exact", features = 9), mmd_test(a, d$y, permutations = 9), mmd_test(a, d$y, kernel = "poly2", scales = 2),
    environment_test(d$z, rep(1:2, 30), conditional = "column"), mr_power(.02, 1000, .2, relatedness = .25),
    mr_power(.02, 1000, 1.2, outcome = "binary", cases = .3, sd_outcome = 2), negative_control(fit, rnorm(60), data.frame(a)),
    simulate_cohort(n = 10, sites = 1, overwrite = TRUE), families(data.frame(ID1 = "a", ID2 = "b", Kinship = .25), encoding = "latin1"),
    read_gwas(gwas, role = "exposure"), read_gwas(gwas, encoding = "latin1"), read_gwas(gwas, environment = c("a", "b")),
    read_gwas(gwas, samplesize = c(EUR = 100)), summary_mr(read_gwas(gwas), read_gwas(gwas), "weighted_median", correlation = diag(2)),
    predict(learn_instruments(data, seed = 1), data, environment = data$environment)
  )
  for (call in as.list(idle)) {
    error <- tryCatch(suppressWarnings(suppressMessages(eval(call))), error = identity)
    expect_s3_class(error, "latentmr_error_argument")
    expect_match(if (inherits(error, "error")) conditionMessage(error) else deparse1(call), "left out|must be")
  }
  expect_s3_class(hsic_test(a, d$y, permutations = 999, features = 100, block = NULL), "htest")
  expect_s3_class(iv_fit(d$y, d$x, d$z, d$w, "liml", fuller = 1L), "iv_reg")
  expect_error(
    iv_fit(d$y, d$x, d$z, d$w, "liml", fuller = 4), "`fuller` must be left out here, not the number 4.\ni It goes with estimator = \"fuller\".",
    fixed = TRUE
  )
  expect_error(
    hsic_test(a, d$y, permutations = 9), "`permutations` must be left out here, not the number 9.\ni It goes with method = \"permutation\".", fixed = TRUE
  )
  expect_match(tryCatch(mr_power(.02, 1000, 1.2, outcome = "binary", cases = .3, sd_outcome = 2), error = conditionMessage), "^`sd_outcome`")
})

test_that("settings that nothing reads are told, those that something reads are not", {
  settings <- function(...) {
    said <- Filter(function(x) inherits(x, "latentmr_warning_setting"), conditions_of(learn_instruments(...)))
    unlist(lapply(said, `[[`, "settings"))
  }
  snp <- simulate_mr("snp", cell = 3, n = 60, seed = 1)
  authors <- simulate_mr("authors", n = 100, seed = 1)
  expect_identical(settings(snp, seed = 1, control = encoder_control(reference = "site1", level = .9)), "reference")
  expect_identical(settings(snp, seed = 1, control = encoder_control(max_components = 3, null = "gaussian")), c("null", "max_components"))
  expect_null(settings(snp, seed = 1, control = encoder_control(level = .9, partial_level = .7, draws = 50, r2_min = .1, ld_window = 1)))
  expect_identical(settings(authors, seed = 1, control = encoder_control(reference = "e1", draws = 50, r2_min = .1)), c("r2_min", "reference"))
  expect_null(settings(authors, "auto", seed = 1, control = encoder_control(reference = "e1", draws = 50, check = .5)))
  d <- data.frame(z = sin(1:60), x = sin(1:60) + cos(1:60), y = cos(1:60))
  curve <- function(...) {
    said <- Filter(function(x) inherits(x, "latentmr_warning_setting"), conditions_of(
      iv_curve(y ~ x | z, d, seed = 1, control = curve_control(members = 1, polish = 0, ...))
    ))
    unlist(lapply(said, `[[`, "settings"))
  }
  expect_identical(curve(draws = 60, rank = 20), c("rank", "draws"))
  expect_null(curve(units = 20))
})
