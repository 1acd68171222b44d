# Which covariance a fit or a method uses, and the degrees of freedom that go with it.

# Cluster given means clustered: `vcov` NULL is then "cluster", else "iid", and "HC1" for
# two-step GMM, whose weight follows. `vcov = ~ family` says both at once.
asked_type <- function(vcov, cluster, estimator) {
  if (inherits(vcov, "formula")) {
    if (!is.null(cluster)) abort_argument("vcov", "a type when `cluster` is given", "a formula")
    cluster <- vcov
    vcov <- NULL
  }
  if (is.null(vcov)) vcov <- if (!is.null(cluster)) "cluster" else if (estimator == "gmm") "HC1" else "iid"
  list(type = vcov, cluster = cluster)
}

check_iv_vcov <- function(vcov, estimator, cluster) {
  check_choice(vcov, "vcov", iv_vcov_types)
  only <- list(bekker = c("liml", "fuller"), many = "ujive")[[vcov]]
  wrong <- (!is.null(only) && !(estimator %in% only)) || (estimator == "gmm" && !(vcov %in% c("HC0", "HC1", "cluster")))
  if (wrong) {
    abort_argument(
      "vcov", sprintf("an error that estimator \"%s\" has", estimator), sprintf("\"%s\"", vcov),
      hint = if (is.null(only)) {
        "The weight of two-step GMM is \"HC0\", \"HC1\" or \"cluster\"; with that of \"iid\" it is \"2sls\"."
      } else {
        sprintf("\"%s\" goes with estimator = %s.", vcov, paste0("\"", only, "\"", collapse = " or "))
      }
    )
  }
  if (vcov %in% c("cluster", "CR2") && is.null(cluster)) {
    abort_argument("cluster", sprintf("given with vcov = \"%s\"", vcov), "NULL")
  }
}

# A cluster that the error does not use is said; the jackknife uses it in its first stage.
warn_unused_cluster <- function(vcov, estimator, cluster) {
  if (is.null(cluster) || vcov %in% c("cluster", "CR2", "many") || estimator %in% c("ujive", "jive1")) {
    return(invisible())
  }
  text <- if (vcov == "bekker") {
    "Bekker's error takes people as independent"
  } else {
    sprintf("The \"%s\" error takes people as independent", vcov)
  }
  warn(
    paste0(text, ": `cluster` is not used."), "latentmr_warning_cluster",
    hint = "vcov = \"cluster\" (or leaving `vcov` out) gives the error that allows for clusters."
  )
}

# The same fit with another covariance: one pass over the rows.
iv_with_vcov <- function(object, vcov, cluster = NULL) {
  given <- !is.null(cluster) || inherits(vcov, "formula")
  asked <- asked_type(vcov, cluster, object$estimator)
  type <- asked$type
  cluster <- if (given) {
    iv_cluster(fit_cluster(object, asked$cluster), object$n, object$engine$f$rows$root)
  } else {
    object$cluster
  }
  check_iv_vcov(type, object$estimator, cluster)
  if (given && !(type %in% c("cluster", "CR2", "many"))) {
    abort_argument("vcov", "\"cluster\" or \"CR2\" when `cluster` is given", sprintf("\"%s\"", type))
  }
  if (identical(type, object$vcov_type) && identical(cluster, object$cluster)) return(object)
  infer <- iv_infer(object$engine, type, cluster)
  f <- object$engine$f2
  turn <- c(f$K + seq_len(f$k), seq_len(f$K))
  names <- c(f$rows$names$x[f$rows$keep_x], f$rows$names$w[f$rows$keep_w])
  v <- structure(infer$vcov[turn, turn, drop = FALSE], dimnames = list(names, names))
  kept <- names(object$coefficients)[!is.na(object$coefficients)]
  object$vcov <- v[kept, kept, drop = FALSE]
  object$df_terms <- if (!is.null(infer$df)) setNames(infer$df[turn], names)[kept]
  object$vcov_type <- type
  object$cluster <- cluster
  object$diagnostics <- infer$diagnostics
  object$strength <- infer$strength
  object
}

# Clusters given to a method, for the rows of the fit.
fit_cluster <- function(object, cluster) {
  if (inherits(cluster, "iv_clusters")) return(cluster)
  data <- if (inherits(cluster, "formula") || is.character(cluster) && length(cluster) < object$n) fit_data(object)
  if (!is.null(data)) {
    at <- data_rows(object, data)
    cluster <- lapply(
      cluster_list(cluster_values(cluster, data)), function(v) if (is.null(at)) fit_rows(v, object) else v[at]
    )
  } else {
    cluster <- lapply(cluster_list(cluster), fit_rows, object)
  }
  if (length(cluster) == 1) cluster[[1]] else cluster
}

# The data of a fit, as its call names them: that they have not changed since is checked on
# the outcome.
fit_data <- function(object) {
  need_formula(object, "Give `cluster` as a vector with a value for each row, or fit with iv_reg().")
  envir <- environment(object$formula)
  data <- if (is.null(object$call$data)) envir else tryCatch(eval(object$call$data, envir), error = function(e) NULL)
  hint <- "Give `cluster` as a vector for the rows of the fit, or fit again."
  if (is.null(data)) {
    abort(
      sprintf("The data of the fit, `%s`, are not found where its formula was made.", deparse1(object$call$data)),
      "latentmr_error_argument", argument = "cluster", hint = hint
    )
  }
  if (!is.data.frame(data)) return(data)
  data <- plain_columns(data)
  outcome <- tryCatch(eval(object$formula[[2]], data, envir), error = function(e) NULL)
  at <- data_rows(object, data)
  now <- if (is.null(outcome) || is.null(at)) NULL else as.vector(outcome)[at]
  if (!identical(now, as.vector(stats::model.response(object$model)))) {
    abort(
      "The data have changed since the fit: their outcome is another.", "latentmr_error_argument", argument = "cluster",
      hint = hint
    )
  }
  data
}

# Rows of `data` that the fit uses: by their names, which na.action and subset keep.
data_rows <- function(object, data) {
  if (!is.data.frame(data)) return(NULL)
  at <- match(rownames(object$model), rownames(data))
  if (anyNA(at)) NULL else at
}

# Values for all rows of the data, cut to those of the fit.
fit_rows <- function(values, object) {
  rows <- length(values)
  gone <- object$na.action
  if (rows == object$n) return(values)
  if (length(gone) && rows == object$n + length(gone)) return(values[-gone])
  data <- if (!is.null(object$formula)) {
    tryCatch(eval(object$call$data, environment(object$formula)), error = function(e) NULL)
  }
  at <- if (is.data.frame(data) && nrow(data) == rows) data_rows(object, data)
  if (is.null(at)) values else values[at]
}

# What a method was asked for: `vcov` NULL (that of the fit), a type, a formula of clusters, a
# matrix, or a function of the fit; `vcov.` is ivreg's spelling of it, `cluster` alone means
# clustered; `df` replaces the degrees of freedom. v; df, one number, for joint tests;
# df_each for the coefficients; object, the fit with that covariance; type.
chosen_vcov <- function(object, vcov = NULL, cluster = NULL, vcov. = NULL, df = NULL, ...) {
  vcov <- one_spelling(vcov, vcov.)
  if (!is.null(df)) check_df(df)
  if (is.function(vcov) || is.matrix(vcov)) {
    if (!is.null(cluster)) abort_argument("cluster", "NULL when `vcov` is a matrix or a function", describe(cluster))
    v <- if (is.function(vcov)) vcov(object, ...) else vcov
    check_given_vcov(v, object)
    used <- if (is.null(df)) object$df.residual else df
    return(list(v = v, df = used, df_each = used, object = object, type = "given"))
  }
  if (!is.null(vcov) || !is.null(cluster)) object <- iv_with_vcov(object, vcov, cluster)
  each <- if (is.null(object$df_terms)) inference_df(object) else object$df_terms
  list(
    v = vcov(object, complete = FALSE), df = if (is.null(df)) inference_df(object) else df,
    df_each = if (is.null(df)) each else df, object = object, type = object$vcov_type
  )
}

one_spelling <- function(vcov, vcov.) {
  if (!is.null(vcov) && !is.null(vcov.)) {
    abort_argument("vcov.", "NULL when `vcov` is given, of which it is another spelling", describe(vcov.))
  }
  if (is.null(vcov)) vcov. else vcov
}

check_df <- function(df) {
  good <- is.numeric(df) && length(df) == 1 && !is.na(df) && df > 0
  if (!good) abort_argument("df", "one positive number, Inf for the normal distribution", describe(df))
}

check_given_vcov <- function(v, object) {
  names <- names(object$coefficients)[!is.na(object$coefficients)]
  square <- is.matrix(v) && is.numeric(v) && nrow(v) == ncol(v) && identical(rownames(v), colnames(v))
  if (square && all(names %in% rownames(v))) {
    return(invisible())
  }
  abort_argument("vcov", sprintf("a matrix with rows and columns named %s", quote_all(names)), describe(v))
}

# The t quantile's degrees of freedom: n - m, with clusters their number minus one.
inference_df <- function(object) {
  clustered <- object$vcov_type %in% c("cluster", "CR2") || (object$vcov_type == "many" && length(object$cluster))
  if (clustered) object$cluster$count - 1 else object$df.residual
}

# Covariance behind a test: `vcov` one of `types` or a formula of clusters, `cluster` as in
# iv_reg(), given alone it means clustered; nothing given: `otherwise`. type, cluster.
test_vcov <- function(object, vcov, cluster, types, otherwise) {
  given <- !is.null(cluster) || inherits(vcov, "formula")
  type <- otherwise
  if (given || !is.null(vcov)) {
    asked <- asked_type(vcov, cluster, object$estimator)
    type <- asked$type
    cluster <- asked$cluster
  }
  check_choice(type, "vcov", types)
  cluster <- if (given) {
    iv_cluster(fit_cluster(object, cluster), object$n, object$engine$f$rows$root)
  } else {
    object$cluster
  }
  if (type == "cluster" && is.null(cluster)) {
    abort_argument(
      "cluster", "given with vcov = \"cluster\" for a fit without clusters", "NULL",
      hint = "`cluster` takes ~ family, as in iv_reg()."
    )
  }
  if (given && type != "cluster") abort_argument("vcov", "\"cluster\" when `cluster` is given", sprintf("\"%s\"", type))
  list(type = type, cluster = cluster)
}
