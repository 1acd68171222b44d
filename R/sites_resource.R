# PLINK files as a DataSHIELD resource: format "PLINK", the url of the .bed file, its .bim and .fam beside it. resourcer
# asks its resolvers who can open a resource; ours is registered when resourcer is loaded.

register_plink_resource <- function(...) {
  class <- getExportedValue("R6", "R6Class")
  home <- asNamespace("resourcer")
  self <- NULL # R6 puts the object in its place
  client <- class("PlinkResourceClient", inherit = home$FileResourceClient, public = list(
    getValue = function(...) resource_plink(self$downloadFile())
  ), parent_env = environment())
  resolver <- class("PlinkResourceResolver", inherit = home$ResourceResolver, public = list(
    isFor = function(x) inherits(x, "resource") && identical(lower(x$format), "plink"),
    newClient = function(x) client$new(x)
  ), parent_env = environment())
  home$registerResourceResolver(resolver$new())
}

resource_plink <- function(bed) read_plink(sub("[.]bed$", "", bed))
