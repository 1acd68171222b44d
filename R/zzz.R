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
