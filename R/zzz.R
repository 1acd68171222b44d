# Methods for generics of packages that need not be installed: registered when
# they are loaded.
.onLoad <- function(libname, pkgname) {
  register_later("sandwich", "estfun", "iv_reg")
  register_later("sandwich", "bread", "iv_reg")
  register_later("sandwich", "vcovHC", "iv_reg")
  register_later("clubSandwich", "model_matrix", "iv_reg")
  register_later("clubSandwich", "vcovCR", "iv_reg")
  for (generic in c("find_formula", "find_statistic", "get_df")) register_later("insight", generic, "iv_reg")
  register_later("performance", "model_performance", "iv_reg")
  register_later("performance", "r2", "iv_reg")
  register_later("marginaleffects", "get_predict", "iv_reg")
  register_later("emmeans", "recover_data", "iv_reg")
  register_later("emmeans", "emm_basis", "iv_reg")
  # marginaleffects takes classes that it does not list when this option names them.
  when_loaded("marginaleffects", function(...) {
    options(marginaleffects_model_classes = union(getOption("marginaleffects_model_classes"), "iv_reg"))
  })
  when_loaded("resourcer", register_genotype_resource)
  # Another package has a generic of this name: whichever is attached last works.
  register_later("report", "report", "latent_mr")
  register_absent()
}

register_later <- function(package, generic, class) {
  method <- get(paste(generic, class, sep = "."), envir = topenv())
  when_loaded(package, function(...) {
    home <- asNamespace(package)
    if (exists(generic, home)) registerS3method(generic, class, method, envir = home)
  })
}

when_loaded <- function(package, action) {
  if (isNamespaceLoaded(package)) action()
  setHook(packageEvent(package, "onLoad"), action)
}

.onUnload <- function(libpath) library.dynam.unload("LatentMR", libpath)

# What generics of R would do with the lists that our objects are: garbage, or an error of their own.
absent_methods <- list(
  mr_data = c(
    rbind = "Give all people to one mr_data(); moments of separate data sets go together by combine_moments().",
    c = "Give all people to one mr_data(); moments of separate data sets go together by combine_moments().",
    cbind = "Make it again with mr_data(), with more columns.", merge = "Give more columns to mr_data().",
    subset = "Some people are data[i, ], some instruments data[, j].", plot = "plot() draws a fit of latent_mr()."
  ),
  mr_moments = c(
    rbind = "combine_moments() adds up moments of several sites.",
    cbind = "combine_moments() adds up moments of several sites.",
    "+" = "combine_moments() adds up moments of several sites.", plot = "plot() draws a fit of latent_mr()."
  ),
  gwas = c(plot = "plot() draws a fit of latent_mr(); summary_mr() gives estimates."),
  latent_mr = c(
    residuals = "iv_curve(fit, data) and plot(fit) show how outcome and exposure go together.",
    fitted = "The fit is of an effect, not of each person's outcome: coef(fit), as.data.frame(fit).",
    predict = "The fit is of an effect: coef(fit) is the change of the outcome per unit of the exposure.",
    anova = "verdict(fit) and overid_test(fit) test the fit; as.data.frame(fit) compares estimators.",
    augment = "A fit keeps no person's row: predict(fit$encoder, data) has the latents of people."
  ),
  latent_scan = c(tidy = "It is a data frame with a row for each estimate: as.data.frame(scan)."),
  iv_reg = c(
    logLik = "Estimators with instruments have no likelihood: anova() compares models, overid_test() tests instruments.",
    extractAIC = "Estimators with instruments have no likelihood: anova() compares models.",
    drop1 = "anova(fit, smaller) tests what is left out; update() makes the smaller fit.",
    simulate = "No law of the outcome is assumed: predict() and residuals() are what a simulation needs."
  ),
  iv_binary = c(
    predict = "It estimates an effect, not each person's risk: tidy(fit, exponentiate = TRUE).",
    anova = "tidy(fit) has the tests of single effects."
  )
)

register_absent <- function() {
  for (class in names(absent_methods)) {
    for (generic in names(absent_methods[[class]])) {
      home <- Filter(function(package) exists(generic, asNamespace(package), inherits = FALSE), c("stats", "generics"))
      home <- if (length(home)) asNamespace(home[1]) else baseenv()
      method <- absent_method(generic, class, absent_methods[[class]][[generic]])
      registerS3method(generic, class, method, envir = home)
    }
  }
}

absent_method <- function(generic, class, what) {
  force(generic)
  force(class)
  force(what)
  function(...) {
    abort(
      sprintf("There is no %s of a <%s> object.", if (generic == "+") "sum" else paste0(generic, "()"), class),
      "latentmr_error_argument", hint = what
    )
  }
}
