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
    (endsWith(name, ".default") && grepl("abort_argument(", text, fixed = TRUE))
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
  function(name) if (grepl("moments", name)) moments else if (grepl("iv_reg", name)) fit
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
  expect_identical(message(nobs(fit, 3)), "Unknown argument: \"(unnamed)\".\ni The arguments are \"object\".")
  expect_identical(
    message(nobs(fit, use = 1, 2)), "Unknown arguments: \"use\", \"(unnamed)\".\ni The arguments are \"object\"."
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
