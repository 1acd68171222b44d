# Objects changed as a file, another version or a hostile site could have changed them.
# bench/attacks/objects.R runs all of this; the tests run a seeded part.

# One object of every class, with the calls that read it. A call's value is compared
# with that of the object as it was; `print` is run for what it might do to memory.
attack_objects <- function() {
  set.seed(7)
  n <- 90
  p <- 6
  e <- rep(c("a", "b", "c"), length.out = n)
  f <- c(a = .2, b = .35, c = .5)[e]
  g <- vapply(seq_len(p), function(j) stats::rbinom(n, 2, pmin(pmax(f + stats::rnorm(1, 0, .05), .05), .95)), numeric(n))
  g[sample(length(g), 12)] <- NA
  colnames(g) <- paste0("rs", seq_len(p))
  u <- stats::rnorm(n)
  x <- drop(ifelse(is.na(g), 0, g) %*% seq(.2, .7, length.out = p)) + u + stats::rnorm(n)
  y <- .5 * x + u + stats::rnorm(n)
  z <- g[, 1:3]
  z[is.na(z)] <- 0
  d <- data.frame(y, x, w = stats::rnorm(n), z1 = z[, 1], z2 = z[, 2], z3 = z[, 3], yb = as.numeric(y > stats::median(y)), family = rep(1:30, 3))
  quiet <- function(expr) suppressWarnings(suppressMessages(expr))
  data <- quiet(mr_data(
    g, x, y, e, covariates = data.frame(age = stats::rnorm(n), sex = rep(0:1, n / 2)), structure = cbind(PC1 = stats::rnorm(n)),
    block = c(1, 1, 2, 2, 3, 3), cluster = rep(1:30, 3), kind = "genotype", structure_includes_instruments = TRUE
  ))
  moments <- quiet(mr_moments(data, folds = 3, seed = 1, disclosure = FALSE))
  prefix <- file.path(tempfile("attack"), "set")
  dir.create(dirname(prefix))
  LatentMR:::write_plink(prefix, unname(g))
  bed <- read_plink(prefix)
  in_files <- quiet(mr_data(bed, x, y, e, kind = "genotype", ids = dimnames(bed)[[1]]))
  encoder <- quiet(learn_instruments(data, seed = 1, n_latent = c(4, 2)))
  fit <- quiet(latent_mr(data, n_latent = c(4, 2), methods = c("latent_2sls", "latent_nagar"), seed = 1, by_environment = FALSE))
  iv <- iv_reg(y ~ w | x | z1 + z2 + z3, d, vcov = "cluster", cluster = ~family)
  jack <- quiet(iv_reg(y ~ w | x | z1 + z2 + z3, d, "ujive", vcov = "cluster", cluster = ~family))
  binary <- quiet(iv_binary(yb ~ w | x | z1 + z2 + z3, d))
  curve <- quiet(iv_curve(y ~ w | x | z1 + z2, d, control = curve_control(members = 1, units = 5, instrument_units = 5, polish = 2), seed = 1))
  curve_uses <- list(predict = function(f) stats::predict(f, c(-1, 0, 1), interval = "confidence"), slope = function(f) average_derivative(f))
  run <- function(m, ...) as.data.frame(latent_mr(m, n_latent = c(4, 2), methods = c("latent_2sls", "latent_nagar"), by_environment = FALSE, seed = 1, ...))
  list(
    mr_moments = list(object = moments, uses = list(
      latent_mr = run, combine_moments = function(m) unclass(combine_moments(m, moments))[c("gg", "sg", "gx", "sx", "xx")],
      learn_instruments = function(m) learn_instruments(m, n_latent = c(4, 2), seed = 1)$directions
    )),
    mr_data = list(object = data, uses = list(
      mr_moments = function(d) unclass(mr_moments(d, folds = 2, seed = 1, disclosure = FALSE))[c("gg", "gm", "sg", "gx", "sx", "xx")],
      latent_mr = run, predict = function(d) stats::predict(encoder, d), variants = function(d) variants(d)
    )),
    mr_data_in_files = list(object = in_files, uses = list(
      mr_moments = function(d) unclass(mr_moments(d, folds = 2, seed = 1, disclosure = FALSE))[c("gg", "gm", "sg", "gx")]
    )),
    plink_bed = list(object = bed, uses = list(
      as.matrix = function(b) as.matrix(b), index = function(b) b[1:5, 2:3],
      mr_data = function(b) unclass(quiet(mr_data(b, x, y, e, kind = "genotype", ids = dimnames(bed)[[1]])))$counts$n1
    )),
    latent_instruments = list(object = encoder, uses = list(
      predict = function(l) stats::predict(l, data), variant = function(l) stats::predict(l, data, type = "variant")
    )),
    latent_mr = list(object = fit, uses = list(
      leave_one_out = function(f) as.data.frame(leave_one_out(f, "variant")), weakiv = function(f) weakiv_set(f),
      negative_control = function(f) as.data.frame(negative_control(f, "age", data)), single_variant = function(f) single_variant(f)
    )),
    iv_reg = list(object = iv, uses = list(
      vcov = function(f) stats::vcov(f, "HC1"), weakiv_test = function(f) weakiv_test(f), predict = function(f) stats::predict(f, se.fit = TRUE),
      first_stage = function(f) unlist(unclass(first_stage(f))[c("tests", "conditional")]), hatvalues = function(f) stats::hatvalues(f),
      overid_test = function(f) unlist(unclass(overid_test(f))[c("statistic", "p.value")])
    )),
    ujive = list(object = jack, uses = list(vcov = function(f) stats::vcov(f, "many"), summary = function(f) stats::coef(summary(f)))),
    iv_binary = list(object = binary, uses = list(confint = function(f) stats::confint(f), tidy = function(f) tidy(f))),
    iv_curve = list(object = curve, uses = list(
      predict = function(f) stats::predict(f, c(-1, 0, 1), interval = "confidence"), slope = function(f) average_derivative(f),
      effect = function(f) average_effect(f, 0, 1)
    )),
    encoder_control = list(object = encoder_control(), uses = list(learn = function(k) learn_instruments(data, control = k, seed = 1)$directions)),
    codes = list(object = quiet(learn_instruments(data, "autoencoder", seed = 1, control = encoder_control(
      autoencoder = autoencoder_control(units = 16, epochs = 5, batch = 30)
    ))), uses = list(
      predict = function(l) stats::predict(l, data), variant = function(l) stats::predict(l, data, type = "variant"),
      environment_test = function(l) as.data.frame(environment_test(l, data, seed = 1))
    )),
    flow = attack_flow(), several = attack_several(g, x, y, e),
    sieve = list(object = quiet(iv_curve(y ~ x | w, d, estimator = "sieve", seed = 1)), uses = curve_uses),
    kiv = list(object = quiet(iv_curve(y ~ x | z1 + z2 + z3, d, estimator = "kiv", seed = 1)), uses = list(predict = function(f) stats::predict(f, c(-1, 0, 1)))),
    surface = list(object = quiet(iv_curve(y ~ w | x | z1 + z2 + z3, d, seed = 1, control = curve_control(covariates = "flexible", members = 1, units = 5, polish = 1))), uses = curve_uses),
    families = list(object = quiet(families(data.frame(ID1 = c("1", "3"), ID2 = c("2", "4"), Kinship = .25), ids = as.character(1:90))), uses = list(
      mr_data = function(f) as.integer(quiet(mr_data(unname(g), x, y, e, kind = "genotype", cluster = f, ids = as.character(1:90)))$cluster)
    )),
    curve_control = list(object = curve_control(members = 1, units = 5, instrument_units = 5, polish = 2), uses = list(
      iv_curve = function(k) quiet(iv_curve(y ~ x | z1, d, control = k, seed = 1))$model$coef
    ))
  )
}

# Continuous instruments through a nonlinear mixing, and its encoder.
attack_flow <- function() {
  set.seed(3)
  n <- 150
  e <- rep(1:3, length.out = n)
  z <- cbind(stats::rnorm(n), stats::rnorm(n) * e)
  z <- cbind(z[, 1] + .3 * z[, 2], z[, 2] + .2 * z[, 1]^3)
  data <- suppressWarnings(suppressMessages(mr_data(z, stats::rnorm(n), stats::rnorm(n), e)))
  list(
    object = suppressWarnings(suppressMessages(learn_instruments(data, "flow", n_latent = c(1, 1), seed = 1, control = encoder_control(flow = flow_control(starts = 1, rounds = 1))))),
    uses = list(predict = function(l) stats::predict(l, data), variant = function(l) stats::predict(l, data, type = "variant"))
  )
}

# Two exposures, with estimates by environment and cross-fitting.
attack_several <- function(g, x, y, e) {
  set.seed(5)
  quiet <- function(expr) suppressWarnings(suppressMessages(expr))
  data <- quiet(mr_data(g, cbind(x1 = x, x2 = stats::rnorm(length(x))), y, e, kind = "genotype"))
  list(
    object = quiet(latent_mr(data, n_latent = c(4, 2), methods = c("latent_2sls", "latent_liml"), seed = 1, crossfit = 2)),
    uses = list(
      as.data.frame = function(f) as.data.frame(f), weakiv_test = function(f) weakiv_test(f, c(0, 0)), confint = function(f) stats::confint(f),
      leave_one_out = function(f) as.data.frame(leave_one_out(f)), environment = function(f) as.data.frame(f, environments = TRUE)
    )
  )
}

# Paths of the parts of a list, to some depth.
attack_paths <- function(x, depth = 4, at = list()) {
  if (typeof(x) != "list" || depth == 0 || is.null(names(x))) return(list())
  out <- list()
  for (name in names(x)) {
    path <- c(at, name)
    part <- .subset2(x, name)
    if (is.language(part) || is.function(part) || is.environment(part)) next
    out <- c(out, list(path), attack_paths(part, depth - 1, path))
  }
  out
}

# Changes of one part: functions of it. NULL takes it out.
attack_changes <- function(part) {
  all <- list(
    dataframe = function(x) data.frame(a = 1:3), bytes = function(x) as.raw(1:3), deep = function(x) Reduce(function(a, b) list(a), 1:200, list()),
    removed = function(x) NULL, empty = function(x) list(NULL), text = function(x) "a", list = function(x) list(list()), true = function(x) TRUE,
    fun = function(x) list(sum), nothing = function(x) x[0], letters = function(x) letters
  )
  if (is.list(part)) {
    all <- c(all, list(
      last = function(x) utils::head(unclass(x), -1), twice = function(x) c(unclass(x), unclass(x)), unnamed = function(x) unname(x),
      renamed = function(x) stats::setNames(x, paste0(names(x), "x"))
    ))
  }
  if (is.data.frame(part)) {
    all$rows <- function(x) structure(x, row.names = c(NA_integer_, -10L * (nrow(x) + 1L)))
    all$vast <- function(x) structure(list(), names = character(), class = "data.frame", row.names = c(NA_integer_, -.Machine$integer.max))
    all$repeated <- function(x) x[c(seq_len(nrow(x)), 1), ]
    all$fewer <- function(x) x[-1, ]
  }
  if (is.atomic(part) && length(part)) {
    all <- c(all, list(
      shorter = function(x) x[-length(x)], longer = function(x) c(x, x[1]), doubled = function(x) c(x, x),
      flat = function(x) {
        attributes(x) <- NULL
        x
      },
      torn = function(x) attack_torn(x)
    ))
    cell <- function(value) {
      force(value)
      function(x) {
        x[[attack_at(x)]] <- value
        x
      }
    }
    if (is.numeric(part) && !is.factor(part)) {
      all <- c(all, list(
        na = cell(NA), nan = cell(NaN), inf = cell(Inf), minus = function(x) {
          i <- attack_at(x)
          x[[i]] <- -abs(x[[i]]) - 1
          x
        }, half = function(x) {
          i <- attack_at(x)
          x[[i]] <- x[[i]] + .5
          x
        }, huge = cell(1e300), zero = cell(0), most = cell(.Machine$integer.max), wide = function(x) rep_len(x, 1e5),
        vast = function(x) seq_len(2^31), words = function(x) replace(x, seq_along(x), as.character(x)), whole = function(x) replace(x, seq_along(x), round(x) + 0i),
        factor = function(x) factor(x), date = function(x) structure(as.double(x), class = "Date"), raw = function(x) as.raw(seq_along(x) %% 256)
      ))
    }
    if (length(part) > 1) {
      all$repeated <- function(x) replace(x, 2, x[1])
      all$reversed <- function(x) replace(x, seq_along(x), rev(x))
    }
    if (!is.null(dim(part)) && length(dim(part)) == 2) {
      all$turned <- function(x) t(x)
      all$misnamed <- function(x) structure(x, dimnames = lapply(dim(x), function(n) paste0("q", seq_len(n))))
    }
    if (!is.null(names(part)) && length(part)) all$misnamed <- function(x) stats::setNames(x, rev(paste0("q", seq_along(x))))
    if (is.character(part)) all <- c(all, list(na = cell(NA_character_), blank = cell(""), bytes = cell("\xff\xfe"),
      long = cell(strrep("a", 1e6)), vast = function(x) as.character(seq_len(2^31)), factor = function(x) factor(x), number = function(x) seq_along(x) + 0))
    if (is.factor(part)) {
      all <- c(all, list(
        na = function(x) replace(x, 1, NA), levels = function(x) {
          attr(x, "levels") <- levels(x)[1]
          x
        }, codes = function(x) structure(replace(unclass(x), 1, 99L), class = class(x))
      ))
    }
  }
  all
}

attack_at <- function(x) 1L + (length(x) * 7L) %/% 11L

# Dimensions or names that do not fit, as readRDS() takes them.
attack_torn <- function(x) {
  text <- rawToChar(serialize(x, NULL, ascii = TRUE))
  if (!is.null(dim(x))) {
    d <- dim(x)
    line <- function(d) paste0("\n13\n", length(d), "\n", paste(d, collapse = "\n"), "\n")
    text <- sub(line(d), line(replace(d, length(d), 100L * (d[length(d)] + 1L))), text, fixed = TRUE)
    return(unserialize(charToRaw(text)))
  }
  structure(list(x), names = c("a"))
}

# The object itself as something else of its class.
attack_wholes <- function(x) {
  as <- function(value) {
    force(value)
    function(x) structure(value, class = oldClass(x))
  }
  list(
    number = as(1), words = as(letters), nothing = as(list()), fun = function(x) structure(function(...) 1, class = oldClass(x)),
    place = function(x) structure(new.env(), class = oldClass(x)), unnamed = function(x) structure(unname(unclass(x)), class = oldClass(x)),
    twice = function(x) structure(c(unclass(x), unclass(x)), class = oldClass(x)), vast = as(seq_len(2^31)),
    half = function(x) structure(utils::head(unclass(x), length(unclass(x)) %/% 2), class = oldClass(x)),
    parts = function(x) structure(lapply(unclass(x), function(part) list()), class = oldClass(x))
  )
}

# The object with one part changed, or NULL when nothing changed.
attack_apply <- function(x, path, change) {
  name <- path[[1]]
  class <- oldClass(x)
  bare <- unclass(x)
  if (length(path) > 1) {
    part <- attack_apply(.subset2(bare, name), path[-1], change)
    if (is.null(part)) return(NULL)
    value <- list(part)
  } else {
    before <- .subset2(bare, name)
    after <- change(before)
    if (identical(after, before)) return(NULL)
    value <- if (is.list(after) && length(after) == 1 && is.null(names(after)) && is.null(oldClass(after))) after else list(after)
    if (is.null(after)) value <- NULL
  }
  keep <- attributes(bare)
  bare <- as.list(bare)
  if (is.null(value)) bare[[name]] <- NULL else bare[name] <- value
  keep$names <- names(bare)
  attributes(bare) <- keep
  class(bare) <- class
  bare
}

# All cases of an object: data frame of path and change, and the changed objects by
# attack_case().
attack_cases <- function(object) {
  paths <- attack_paths(object)
  rbind(data.frame(path = ".", change = names(attack_wholes(object))), do.call(rbind, lapply(paths, function(path) {
    part <- object
    for (name in path) part <- .subset2(part, name)
    changes <- names(attack_changes(part))
    data.frame(path = paste(path, collapse = "$"), change = changes)
  })))
}

attack_case <- function(object, path, change) {
  if (path == ".") return(tryCatch(attack_wholes(object)[[change]](object), error = function(e) NULL))
  path <- as.list(strsplit(path, "$", fixed = TRUE)[[1]])
  part <- object
  for (name in path) part <- .subset2(part, name)
  out <- tryCatch(attack_apply(object, path, attack_changes(part)[[change]]), error = function(e) NULL)
  if (is.null(out) || identical(out, object)) NULL else out
}

# What came of a call: "refused" (an error of a class of the package), "same", "warned" (another
# value, with a warning of the package), "raw" (an error of another kind) or "differs".
attack_verdict <- function(use, bad, want) {
  warned <- FALSE
  got <- tryCatch(
    withCallingHandlers(
      list(value = use(bad)), message = function(m) invokeRestart("muffleMessage"),
      warning = function(w) {
        warned <<- warned || inherits(w, "latentmr_warning")
        invokeRestart("muffleWarning")
      }
    ),
    latentmr_error = function(e) c(verdict = if (inherits(e, "latentmr_error_internal")) "raw" else "refused", class = class(e)[1], text = conditionMessage(e)),
    error = function(e) c(verdict = "raw", class = class(e)[1], text = conditionMessage(e))
  )
  if (is.character(got)) return(as.list(got))
  list(verdict = if (identical(got$value, want)) "same" else if (warned) "warned" else "differs", class = "", text = "")
}

# Changes that leave an object which this package could have made from other data: a number in place of another
# of its range, in a place that says neither a size nor a position; a part that need not be there, taken out.
attack_possible <- function(path, change) {
  place <- grepl("(^|[$])(rows|cols|keep_[wzx]|order|start|index|count|n|K|L|k|[WZXY]|sizes|shape|hinges|first|fold|missing)$", path)
  number <- change %in% c("half", "minus", "huge", "zero", "most", "repeated", "reversed", "turned")
  optional <- grepl("^(block|structure|naive|by_environment|leave_one_out|background|units|ids|cluster)$", path) &
    change %in% c("removed", "empty", "nothing")
  unknown <- grepl("(fstat|se|se_plain|vcov|pos|chr|snp|allele|values|null|threshold|up|lo|pval|b)$", path) &
    change %in% c("inf", "na", "nan", "shorter", "longer", "doubled", "blank", "long", "words", "number", "nothing", "letters", "wide")
  number & !place | optional | unknown
}
