# Tables that never change are made when they are first asked for, and kept for the
# session. Stored, they would be a tenth of the package; made at every use, they are a
# tenth of a small fit.

made <- new.env(parent = emptyenv())

made_once <- function(name, make) {
  known <- made[[name]]
  if (is.null(known)) {
    known <- make()
    assign(name, known, made)
  }
  known
}

package_version_text <- function() {
  made_once("package version", function() as.character(utils::packageVersion(topenv_name())))
}

topenv_name <- function() getNamespaceName(topenv())[[1]]
