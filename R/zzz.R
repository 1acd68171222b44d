# Methods for generics of packages that need not be installed: registered when
# they are loaded.
.onLoad <- function(libname, pkgname) {
  register_later("sandwich", "estfun", "iv_reg")
  register_later("sandwich", "bread", "iv_reg")
  register_later("sandwich", "vcovHC", "iv_reg")
  register_later("clubSandwich", "model_matrix", "iv_reg")
  register_later("clubSandwich", "vcovCR", "iv_reg")
  # Another package has a generic of this name: whichever is attached last works.
  register_later("report", "report", "latent_mr")
}

register_later <- function(package, generic, class) {
  method <- get(paste(generic, class, sep = "."), envir = topenv())
  register <- function(...) registerS3method(generic, class, method, envir = asNamespace(package))
  if (isNamespaceLoaded(package)) register()
  setHook(packageEvent(package, "onLoad"), register)
}

.onUnload <- function(libpath) library.dynam.unload("LatentMR", libpath)
