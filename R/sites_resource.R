# Genotype files as a DataSHIELD resource: format "PLINK" (url of the .bed file, its .bim and .fam beside it), "PGEN"
# (.pgen, with .pvar and .psam) or "BGEN" (.bgen, with .sample where it has one). resourcer
# asks its resolvers who can open a resource; ours is registered when resourcer is loaded.

register_genotype_resource <- function(...) {
  class <- getExportedValue("R6", "R6Class")
  home <- asNamespace("resourcer")
  self <- NULL # R6 puts the object in its place
  client <- class("GenotypeResourceClient", inherit = home$FileResourceClient, public = list(
    getValue = function(...) read_genotypes(self$downloadFile())
  ), parent_env = environment())
  resolver <- class("GenotypeResourceResolver", inherit = home$ResourceResolver, public = list(
    isFor = function(x) inherits(x, "resource") && isTRUE(lower(x$format) %in% c("plink", "pgen", "bgen")),
    newClient = function(x) client$new(x)
  ), parent_env = environment())
  home$registerResourceResolver(resolver$new())
}
