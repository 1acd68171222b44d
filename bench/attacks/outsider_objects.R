# Objects that somebody sends: one thing changed in an object of every documented class, then every
# documented method is called on it. Expectation: an error of the package's class, or what the method gave
# before (it does not use what was changed).
source("bench/attacks/outsider.R")
old <- options(warn = -1)

text_of <- function(x) utils::capture.output(print(x))
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
set.seed(3)
snp <- quiet(simulate_mr("snp", cell = 3, n = 60, seed = 1))
snp$variants$chr <- as.character(rep(1:5, length.out = nrow(snp$variants)))
authors <- quiet(simulate_mr("authors", n = 120, seed = 1))
folder <- system.file("extdata", package = "LatentMR")
panel <- read_plink(file.path(folder, "chr21"))
moments <- quiet(mr_moments(snp, folds = 5, disclosure = FALSE, seed = 1))
encoder <- quiet(learn_instruments(snp, seed = 1))
closure <- quiet(learn_instruments(quiet(simulate_mr("authors", mixing = "poly2", n = 300, seed = 1)),
  encoder = "auto", seed = 1))
fit <- quiet(latent_mr(snp, methods = c("latent_2sls", "latent_liml", "latent_nagar", "ivw", "egger",
  "latent_outlier"), seed = 1))
line <- iv_reg(mpg ~ hp | wt | disp + cyl + gear, data = mtcars)
smaller <- iv_reg(mpg ~ 1 | wt | disp + cyl + gear, data = mtcars)
matrixfit <- iv_fit(mtcars$mpg, mtcars$wt, as.matrix(mtcars[, c("disp", "cyl", "gear")]), w = cbind(1, mtcars$hp))
d <- data.frame(z1 = rbinom(200, 2, .3), z2 = rbinom(200, 2, .4), age = rnorm(200))
u <- rnorm(200)
d$x <- d$z1 + d$z2 + u + rnorm(200)
d$y <- rbinom(200, 1, plogis(-.5 + .4 * d$x - u))
d$c <- d$x^2 + u
binary <- quiet(iv_binary(y ~ age | x | z1 + z2, data = d))
curve <- quiet(iv_curve(c ~ x | z1 + z2, data = d, seed = 1))
kin <- data.frame(FID1 = 0, ID1 = c("ann", "ann", "eve"), FID2 = 0, ID2 = c("bob", "cid", "fay"), Kinship = c(.251,
  .246, .02))

printed <- list(print = text_of)
framed <- c(printed, list(format = function(x) as.data.frame(x)))
m_data <- c(printed, list(summary = function(x) text_of(summary(x)), flow = flow, variants = variants,
  `variants by environment` = function(x) variants(x, TRUE),
  samples = samples, dim = dim, `[` = function(x) text_of(x[1:90, ]), split = function(x) names(split(x)),
    as.data.frame = as.data.frame,
  environment_test = function(x) environment_test(x, seed = 1)$table, mr_moments = function(x) unclass(mr_moments(x,
    folds = 3, disclosure = FALSE, seed = 1))[c("gg", "gx", "xx")],
  learn_instruments = function(x) text_of(learn_instruments(x, seed = 1))))
m_fit <- c(printed, list(summary = function(x) text_of(summary(x)), as.data.frame = as.data.frame, tidy = tidy,
  glance = glance, coef = coef, vcov = vcov,
  confint = confint, nobs = nobs, flow = flow, variants = variants, formula = function(x) deparse(formula(x)),
    update = function(x) deparse(update(x, seed = 2, evaluate = FALSE)),
  plot = function(x) class(plot(x)), scatter = function(x) plot(x, "scatter")$data, first_stage = function(x) plot(x,
    "first_stage")$data, verdict = function(x) text_of(verdict(x)),
  leave_one_out = function(x) leave_one_out(x), `leave_one_out variant` = function(x) leave_one_out(x, "variant"),
    single_variant = single_variant, variant_tests = variant_tests, as_twosample = as_twosample,
    direction_test = direction_test,
  overid_test = overid_test, ar_set = ar_set, weakiv_set = weakiv_set, weakiv_test = weakiv_test,
    plausibly_exogenous = function(x) plausibly_exogenous(x, .01),
  outlying_variants = outlying_variants, strobe_mr = function(x) strobe_mr(x)))
m_line <- c(printed, list(summary = function(x) text_of(summary(x)), HC1 = function(x) summary(x,
  vcov = "HC1")$coefficients, coef = coef, vcov = vcov, confint = confint, tidy = tidy, glance = function(x) glance(x,
  diagnostics = TRUE),
  residuals = residuals, fitted = fitted, nobs = nobs, df.residual = df.residual, deviance = deviance, sigma = sigma,
    hatvalues = hatvalues, influence = function(x) influence(x)$hatvalues, cooks = cooks.distance,
  dfbeta = dfbeta, rstudent = rstudent, model.matrix = function(x) unclass(model.matrix(x)),
    first_stage = function(x) text_of(first_stage(x)), overid_test = overid_test,
  weakiv_test = weakiv_test, weakiv_set = weakiv_set, ar_set = ar_set, iv_compare = iv_compare,
    direction_test = direction_test, plausibly_exogenous = function(x) plausibly_exogenous(x, .01)))
m_reg <- c(m_line, list(predict = function(x) predict(x, mtcars[1:3, ], interval = "confidence"),
  update = function(x) deparse(update(x, . ~ . , evaluate = FALSE)), augment = augment,
  formula = function(x) deparse1(formula(x)), terms = function(x) deparse1(formula(terms(x))),
  anova = function(x) text_of(anova(x, smaller)), weights = weights))
m_encoder <- c(printed, list(summary = function(x) text_of(summary(x)), predict = function(x) predict(x, snp),
  variant = function(x) predict(x, snp, type = "variant"), environment_test = function(x) environment_test(x, snp,
  seed = 1)$table, plot = function(x) plot(x)$data))
m_curve <- c(printed, list(summary = function(x) text_of(summary(x)), as.data.frame = as.data.frame, tidy = tidy,
  glance = glance, nobs = nobs, predict = function(x) predict(x, c(-1, 0, 1), interval = "confidence"),
  slope = function(x) predict(x, 0:1, derivative = TRUE),
  average_effect = function(x) average_effect(x, 0, 1), average_derivative = average_derivative,
    stratum_table = function(x) stratum_table(x, 3), plot = function(x) class(plot(x, references = character())),
    negative_control = function(x) text_of(negative_control(x, d$age, "age"))))
m_binary <- c(printed, list(summary = function(x) text_of(summary(x)), coef = coef, vcov = vcov, confint = confint,
  tidy = tidy, glance = glance, as.data.frame = as.data.frame, nobs = nobs, formula = function(x) deparse1(formula(x))))
m_moments <- c(printed, list(combine = function(x) unclass(combine_moments(x, moments))[c("gg", "gx", "xx")],
  c = function(x) unclass(c(moments, x))[c("gg", "gx", "xx")], latent_mr = function(x) as.data.frame(latent_mr(x,
  methods = c("ols", "latent_2sls"), by_environment = FALSE, seed = 1))[, c("b", "se")],
  learn_instruments = function(x) text_of(learn_instruments(x, seed = 1))))
m_plink <- c(printed, list(dim = dim, dimnames = dimnames, variants = variants, samples = samples,
  `[` = function(x) x[1:5, 2:4], as.matrix = as.matrix))

objects <- list(
  mr_data = list(snp, m_data), `mr_data continuous` = list(authors, m_data), plink_bed = list(panel, m_plink),
    mr_moments = list(moments, m_moments),
  latent_instruments = list(encoder, m_encoder), `latent_instruments nonlinear` = list(closure, m_encoder[1:2]),
    latent_mr = list(fit, m_fit), iv_reg = list(line, m_reg), `iv_reg of iv_fit` = list(matrixfit, m_line),
  iv_binary = list(binary, m_binary), iv_curve = list(curve, m_curve),
  summary.iv_reg = list(summary(line), printed), iv_first_stage = list(first_stage(line), printed),
    influence.iv_reg = list(influence(line), list(hatvalues = hatvalues, cooks = cooks.distance, rstudent = rstudent,
    dfbeta = dfbeta)),
  summary.latent_mr = list(quiet(summary(fit)), printed), summary.mr_data = list(quiet(summary(snp)), printed),
    summary.latent_instruments = list(quiet(summary(encoder, snp)), printed),
  instrument_quality = list(quiet(summary(encoder, snp)$quality), framed), summary.iv_curve = list(summary(curve),
    printed), summary.iv_binary = list(summary(binary), printed),
  leave_one_out = list(quiet(leave_one_out(fit)), printed), mr_verdict = list(quiet(verdict(fit)), printed),
    direction_test = list(direction_test(line), printed), overid_test = list(overid_test(line), printed),
  environment_test = list(quiet(environment_test(snp, seed = 1)), framed),
    plausibly_exogenous = list(plausibly_exogenous(line, .01), printed),
    negative_control = list(quiet(negative_control(curve, d$age, "age")), printed),
  negative_control_table = list(quiet(negative_control(fit, data.frame(a = rnorm(360), b = rnorm(360)), snp)),
    printed), families = list(families(kin), printed),
  adam_control = list(adam_control(), c(printed, use = function(x) text_of(curve_control(adam = x)))),
    autoencoder_control = list(autoencoder_control(), c(printed,
    use = function(x) text_of(encoder_control(autoencoder = x)))),
  flow_control = list(flow_control(), c(printed, use = function(x) text_of(encoder_control(flow = x)))),
    curve_control = list(curve_control(members = 1, polish = 1), c(printed,
    use = function(x) predict(iv_curve(c ~ x | z1, d, control = x, seed = 1), 0:1))),
  encoder_control = list(encoder_control(), c(printed, use = function(x) text_of(learn_instruments(snp, control = x,
    seed = 1))))
)

# Every place in an object: positions of the fields down to four levels, attributes apart.
places <- function(x, at = integer(), depth = 4) {
  here <- list(at)
  if (depth == 0 || !is.list(unclass(x)) || is.data.frame(x) && length(at) > 3) return(here)
  c(here, unlist(lapply(seq_along(unclass(x)), function(i) places(unclass(x)[[i]], c(at, i), depth - 1)),
    recursive = FALSE))
}
name_of <- function(x, at) { out <- ""; for (i in at) { x <- unclass(x); n <- names(x)[i]; out <- paste0(out, "$",
  if (is.null(n) || is.na(n)) i else n); x <- x[[i]] }; if (nzchar(out)) out else "object" }
get_at <- function(x, at) { for (i in at) x <- unclass(x)[[i]]; x }
set_at <- function(x, at, value, drop = FALSE) {
  if (!length(at)) return(value)
  a <- attributes(x); y <- unclass(x)
  if (length(at) == 1) {
    if (drop) { y[[at]] <- NULL; a$names <- a$names[-at]; attributes(y) <- a; return(y) }
    y[at] <- list(value)
  } else y[at[1]] <- list(set_at(y[[at[1]]], at[-1], value, drop))
  attributes(y) <- a
  y
}
keep <- function(y, x) { a <- attributes(x); a[c("dim", "dimnames", "names", "row.names")] <- NULL;
  attributes(y) <- c(attributes(y), a[setdiff(names(a), names(attributes(y)))]); y }
some <- function(x) if (length(x)) 1 + (sum(utf8ToInt(paste(class(x), collapse = ""))) %% length(x)) else 1L
changes <- list(
  `taken out` = NULL,
  NULL. = function(x) NULL,
  `one element short` = function(x) if (length(unclass(x))) keep(unclass(x)[-length(unclass(x))], x) else 1,
  `one element long` = function(x) if (length(unclass(x))) keep(unclass(x)[c(seq_along(unclass(x)), 1)], x) else 1,
  empty = function(x) keep(unclass(x)[0], x),
  `NaN` = function(x) { if (!is.numeric(x)) return(NaN); x[some(x)] <- NaN; x },
  `NA everywhere` = function(x) { if (!is.atomic(x)) return(NA); y <- x; y[] <- NA; y },
  Inf. = function(x) { if (!is.numeric(x)) return(Inf); x[some(x)] <- Inf; x },
  negative = function(x) { if (!is.numeric(x)) return(-1); x[] <- -abs(x) - 1L; x },
  text = function(x) { if (is.list(x)) return("text"); y <- rep("text", length(x)); attributes(y) <- attributes(x); y },
  list = function(x) { if (is.list(x)) return(list(list())); y <- as.list(x); attributes(y) <- attributes(x); y },
  complex = function(x) if (is.numeric(x)) { y <- as.complex(x); attributes(y) <- attributes(x); y } else 1i,
  raw = function(x) as.raw(seq_len(min(length(x), 9))),
  `a function` = function(x) function(...) stop("it was called"),
  `a symbol` = function(x) quote(missing_thing),
  `a call` = function(x) quote(stop("it was run")),
  environment = function(x) new.env(),
  S4 = function(x) asS4(if (is.list(x)) x else list(x)),
  `names taken off` = function(x) { if (is.null(names(x)) && is.null(dimnames(x))) return(list(x));
    if (is.null(dim(x)) || is.data.frame(x)) names(x) <- NULL else dimnames(x) <- NULL; x },
  `names all the same` = function(x) { if (is.null(names(x))) return(list(a = x, a = x)); y <- x; attr(y,
    "names") <- rep(names(x)[1], length(x)); y },
  `names reversed` = function(x) { if (length(names(x)) < 2) return(rev(as.list(x))); attr(x,
    "names") <- rev(names(x)); x },
  `a dimension more` = function(x) { if (!is.atomic(x) || !length(x)) return(array(0, c(1, 1, 1))); array(x,
    c(length(x), 1, 1)) },
  `turned over` = function(x) {
    if (is.matrix(x)) t(x) else if (is.data.frame(x)) as.data.frame(t(as.matrix(x))) else rev(unclass(x))
  },
  `class taken off` = function(x) if (is.object(x)) unclass(x) else structure(x, class = "forged"),
  `class of a factor` = function(x) structure(list(1), class = "factor", levels = "a"),
  `class of a table with rows that are not there` = function(x) structure(list(x), names = "x", row.names = c(NA,
    -2147483647L), class = "data.frame"),
  `a sequence of a thousand million` = function(x) 1:1e9,
  `a text of a million letters` = function(x) strrep("x", 1e6),
  `bytes that are not UTF-8` = function(x) { y <- "\xff\xfe"; Encoding(y) <- "UTF-8"; y },
  `a list in itself fifty deep` = function(x) { for (i in 1:50) x <- list(x); x },
  `a date` = function(x) as.Date("2020-01-01"),
  `huge numbers` = function(x) { if (!is.numeric(x)) return(1e308); y <- as.double(x); attributes(y) <- attributes(x);
    y[] <- 1e308; y }
)
per <- as.integer(Sys.getenv("PER", "16"))
set.seed(20)
for (o in names(objects)) {
  x <- objects[[o]][[1]]; calls <- objects[[o]][[2]]
  references <- lapply(calls, function(f) tryCatch({ grDevices::pdf(NULL); on <- grDevices::dev.cur();
    v <- quiet(f(x)); grDevices::dev.off(on); v }, error = function(e) e))
  bad <- vapply(references, inherits, TRUE, "error")
  if (any(bad)) cat(o, ": methods that do not apply:", paste(names(bad)[bad], vapply(references[bad],
    function(e) substr(conditionMessage(e), 1, 60), ""), sep = ": ", collapse = "; "), "\n")
  calls <- calls[!bad]; references <- references[!bad]
  at <- places(x)
  for (i in seq_len(per)) {
    place <- at[[sample(length(at), 1)]]
    change <- sample(names(changes), 1)
    value <- tryCatch(if (change == "taken out") { if (!length(place)) list() else set_at(x, place, NULL,
      TRUE) } else set_at(x, place, changes[[change]](get_at(x, place))), error = function(e) NULL)
    if (is.null(value) || identical(value, x)) next
    if (!length(place)) value <- tryCatch({ class(value) <- class(x); value }, error = function(e) NULL)
    if (is.null(value)) next
    name <- sprintf("%s: %s %s", o, name_of(x, place), sub("[.]$", "", change))
    attack("objects", name, "refuse|same", lapply(calls, function(f) { force(f); function() f(value) }), references)
  }
}
