# The one road from data to what is estimated from: latent_mr(), and iv_curve() and
# negative_control() of a fit, take it and no other, so that they cannot disagree.
#
#   rows or moments -> background components -> moments -> view -> encoder
#     -> columns of a code -> folds -> rows
#
# data      mr_data or mr_moments
# encoder   what learn_instruments() returns, or a function(source) that learns it from
#           list(data, moments, view)
# control   encoder_control(), for the background components
# crossfit  number of folds, 0 for none; `fold_encoders` those of a fit
# outcome   NULL for that of the data; list(values, name) for another trait of the people;
#           list(column, drop) for a covariate, which `drop` takes out of the covariates
# score     allele_score()
#
# Returns a list:
#   data, moments, view   with components, and the columns of a code, in them
#   fitted                the encoder as it was learned
#   encoder               the same as maps on the columns of `view`, with `score` and `folds`
#   fold                  of every person, when cross-fitted from rows
#   fold_encoders         kept by a fit, so that the same can be set up again
#   plain                 the list that crossfit = 0 gives, when cross-fitted
#   family                the people of families (R/latent_family.R), or NULL; from moments too
#   families              are there any
#   mixed                 rows and terms of random effects (R/latent_mixed.R), or NULL
#   base                  list(data, encoder, view) below the columns of encoder = "mechanism_sparsity"
#   source                list(data, moments, view) before the code; `null` when asked for: scores of the background
#                         variants (R/latent_null.R), or NULL
working_set <- function(data, encoder, control, crossfit = 0L, outcome = NULL, seed = NULL, score = NULL,
                        fold_encoders = NULL, random = NULL, null = FALSE) {
  source <- working_source(data, control, crossfit, outcome, seed, null)
  fitted <- if (is.function(encoder)) encoder(source) else encoder
  set <- estimation_data(source$data, fitted, source$moments, source$view)
  set$source <- source
  set$fitted <- fitted
  if (crossfit) {
    plain <- set
    set <- crossfit_data(plain, crossfit, fold_encoders)
    set$plain <- working_outcome(plain, outcome, score)
  }
  set <- working_outcome(set, outcome, score)
  set["family"] <- list(family_set(set))
  set["mixed"] <- list(mixed_set(set, data, random))
  set$families <- has_families(set$source$data)
  set
}

# The set that a fit was estimated from, of other people or another outcome when asked.
working_again <- function(fit, data, outcome = NULL) {
  working_set(data, fit$encoder, fit$encoder$control, fit$crossfit, outcome, fit$seed, fit$score, fit$fold_encoders,
              fit$random$terms)
}

# Ten folds serve the jackknife. Without cross-fitting they are made when they are asked for:
# with few people in each they take most of the time and memory of the moments.
working_folds <- function(crossfit) max(10L, crossfit)

fold_moments <- function(set) {
  folds <- max(set$moments$blocks$fold)
  if (folds > 1 || !inherits(set$data, "mr_data")) return(set$moments)
  if (!is.null(set$shared)) {
    return(moments_traits(shared_folds(set), set$shared$exposure, set$shared$outcome, set$moments$binary))
  }
  data <- if (set$encoder$method == "sparse") set$base$data else set$data
  data["family"] <- list(NULL)
  whole_moments(data, working_folds(0L), set$moments$seed, 1e9)
}

working_source <- function(data, control, crossfit, outcome, seed, null = FALSE) {
  if (inherits(data, "mr_moments")) one_outcome(data)
  if (inherits(data, "mr_moments")) return(list(data = data, moments = data, view = moments_view(data)))
  if (!is.null(outcome$values)) {
    data$outcome <- outcome$values
    data$outcome_name <- outcome$name
  }
  scores <- NULL
  instruments <- nrow(data$variants)
  look <- function(view, loadings, ldscore) scores <<- null_scores(view, loadings, ldscore, instruments)
  data <- add_background(data, control, if (null && null_wanted(data)) look)
  plain <- data
  plain["family"] <- list(NULL) # families are read from the rows
  moments <- mr_moments(plain, folds = if (crossfit) working_folds(crossfit) else 1, seed = seed, disclosure = FALSE)
  list(data = data, moments = moments, view = moments_view(moments), null = scores)
}

working_outcome <- function(set, outcome, score) {
  set$encoder$score <- score$direction
  if (is.null(outcome$column)) return(set)
  covariates <- set$view$columns$covariates
  name <- set_columns(set)[covariates]
  set$view$columns$outcome <- covariates[match(outcome$column, name)]
  set$view$columns$covariates <- covariates[!name %in% outcome$drop]
  set$column <- outcome$column
  set
}

# With a place for the products of its directions (R/moments_turned.R).
turned_set <- function(set, apart) {
  if (in_squares(set$view)) return(set)
  if (set$encoder$method == "structure") set$view <- turned_view(set$view, set$encoder$directions, apart)
  set
}

# Its people in a stream (R/latent_rows.R); NULL from moments and where they do not fit.
working_rows <- function(set) {
  if (!inherits(set$data, "mr_data")) return(NULL)
  latent_rows(set$data, set$encoder, set$view, set$fold)
}

# Names of the columns of its view, in which columns may stand behind the instruments.
set_columns <- function(set) {
  names <- moments_columns(set$moments)
  shift <- set$view$shift
  if (is.null(shift)) return(names)
  append(names, character(shift), nrow(set$moments$variants))
}
