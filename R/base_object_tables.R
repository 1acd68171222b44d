# Tables and summaries that are only printed, by the same rules: they come back from files as fits
# do. `r`: rows. A user's part of a table, which lacks columns, prints as a data frame.

table_numbers <- function(size = "r", ...) numbers(size, na = TRUE, inf = TRUE, ...)
table_texts <- function(size = "r", ...) texts(size, na = TRUE, ...)

# A matrix of coefficients or tests with a row for each and columns of numbers.
table_matrix <- function(rows, ...) numbers(rows, 4, na = TRUE, inf = TRUE, ...)

# A data frame whose columns are numbers, texts, factors or logical.
plain_frame <- function(null = FALSE, optional = FALSE, empty = FALSE) {
  rule <- frame(NULL, null = null, optional = optional)
  rule$fault <- function(value, rule, sizes) {
    if (!is.data.frame(value) || !empty && !nrow(value)) return(describe(value))
    good <- vapply(unclass(value), function(x) {
      is.factor(x) || is.character(x) && !is.object(x) && all(validUTF8(x)) || (is.numeric(x) || is.logical(x)) &&
        !is.object(x)
    }, NA)
    if (!all(good)) sprintf("one whose column `%s` is another thing", names(value)[!good][1])
  }
  rule$size <- list()
  rule$what <- c("a data frame of numbers and texts", "rows")
  rule
}

first_stage_rules <- function() list(
  table = plain_frame(), joint = plain_frame(), critical = plain_frame(null = TRUE, optional = TRUE),
  tf = frame(1, critical = table_numbers(1), std.error = table_numbers(1), null = TRUE, optional = TRUE), vcov = text()
)

summary_iv_rules <- function() list(
  estimator = text(), vcov_type = text(), coefficients = table_matrix("k"), aliased = flags("all"),
  residuals = numbers("n"), nobs = number(min = 1),
  weights = numbers("n", min = 0, null = TRUE), sigma = table_numbers(1),
  df.residual = table_numbers(1), r.squared = table_numbers(1), adj.r.squared = table_numbers(1),
  waldtest = table_numbers(4), diagnostics = table_matrix("tests", null = TRUE),
  strength = parts(effective_f = table_numbers(1, null = TRUE), null = TRUE), kappa = table_numbers(1, null = TRUE),
  clusters = numbers(null = TRUE), df_terms = numbers(null = TRUE, na = TRUE, inf = TRUE),
  aliased_instruments = texts("gone", null = TRUE)
)

table_rules <- function() c(summary_rules(), printed_rules())

summary_rules <- function() list(
  iv_first_stage = first_stage_rules,
  summary.iv_reg = summary_iv_rules,
  influence.iv_reg = function() list(
    dfbeta = numbers("n", "k", na = TRUE, inf = TRUE), sigma = table_numbers("n"), dffits = table_numbers("n"),
    cookd = table_numbers("n"), hatvalues = table_numbers("n"), rstudent = table_numbers("n"),
    df.residual = table_numbers(1)
  ),
  summary.iv_binary = function() list(
    fit = object_of("iv_binary"), coefficients = table_matrix("k"), diagnostics = table_matrix("tests", null = TRUE)
  ),
  summary.iv_surface = function() list(
    fit = object_of("iv_surface"), tests = plain_frame(), effects = plain_frame(), identification = plain_frame()
  ),
  summary.iv_curve = function() list(
    fit = object_of("iv_curve"), tests = plain_frame(), effects = plain_frame(), identification = plain_frame()
  ),
  summary.latent_instruments = function() list(
    object = object_of("latent_instruments"), spectrum = plain_frame(),
    quality = plain_frame(null = TRUE, optional = TRUE, empty = TRUE)
  ),
  summary.latent_mr = function() list(
    fit = object_of("latent_mr"), odds = plain_frame(null = TRUE, optional = TRUE),
    quality = plain_frame(null = TRUE, optional = TRUE, empty = TRUE), diagnostics = table_matrix("tests"),
    first_stage = plain_frame(), estimates = frame(
      "r", method = table_texts(), exposure = table_texts(), environment = table_texts(), b = table_numbers(),
      se = table_numbers(), se_plain = table_numbers(), lo_ci = table_numbers(), up_ci = table_numbers(),
      pval = table_numbers(), vcov = table_texts(), fstat = table_numbers()
    )
  ),
  summary.mr_data = function() list(
    exposure_name = texts("x"), outcome_name = text(),
    units = texts(na = TRUE, null = TRUE, optional = TRUE), kind = text(among = moment_kinds),
    n = number(min = 0), p = number(min = 0), environments = frame(
      "e", environment = texts("e"), n = numbers("e", min = 0), missing_calls = table_numbers("e")
    ),
    covariates = plain_frame(null = TRUE, empty = TRUE), removed_variants = plain_frame(empty = TRUE),
    flagged_variants = plain_frame(empty = TRUE),
    flow = flow_rule()
  )
)

printed_rules <- function() list(
  leave_one_out = function() list(
    exposure = table_texts(), SNP = table_texts(), b = table_numbers(), se = table_numbers(), p = table_numbers(),
    nsnp = table_numbers()
  ),
  mr_verdict = function() list(
    check = table_texts(), finding = texts("r"), statistic = table_numbers(), pval = table_numbers(),
    objects = flags("r")
  ),
  direction_test = function() list(
    direction = plain_frame(), variants = plain_frame(null = TRUE, optional = TRUE, empty = TRUE)
  ),
  overid_test = function() list(
    test = texts("r"), statistic = table_numbers(), df1 = table_numbers(), df2 = table_numbers(),
    p.value = table_numbers()
  ),
  environment_test = function() list(
    scope = texts("r"), variable = table_texts(), method = table_texts(), n = table_numbers(),
    statistic = table_numbers(), p_value = table_numbers(), p_adjusted = table_numbers(), effect = table_numbers(),
    detectable = table_numbers()
  ),
  instrument_quality = function() list(
    quantity = table_texts(), block = table_texts(), latent = table_texts(), against = table_texts(),
    value = table_numbers(), detectable = table_numbers(), detectable_shift = table_numbers(),
    p_value = table_numbers(), n = table_numbers(), note = table_texts()
  ),
  plausibly_exogenous = function() list(
    term = table_texts(), scale = table_numbers(), b_min = table_numbers(), b_max = table_numbers(),
    lo_ci = table_numbers(), up_ci = table_numbers()
  ),
  negative_control = function() list(name = text(), tests = plain_frame()),
  clumps = function() list(
    SNP = texts("r"), chr = table_texts(), pos = table_numbers(), pval = numbers("r", min = 0, max = 1),
    kept = flags("r"), index = table_texts(), r2 = table_numbers()
  )
)

# A part of a table is a table of its own: what is there must hold.
check_printed <- function(x, class, arg = "x") {
  part <- is.data.frame(x) && typeof(x) == "list" && !all(names(rules_of(class)) %in% names(x))
  if (!part) return(check_object(x, class, arg))
  check_claims(x, class, arg)
  torn <- torn_part(x)
  if (!is.null(torn)) field_fault(class, arg)(torn$path, torn$must, torn$was)
  invisible(x)
}
