# Prints the packages that DESCRIPTION declares and R does not find: those the
# package and its tests use ("package"), or a Config/Needs/ field.
kind <- commandArgs(TRUE)[1]
field <- function(...) {
  text <- read.dcf("DESCRIPTION", fields = c(...))
  names <- sub("[ (].*", "", trimws(unlist(strsplit(text[!is.na(text)], ","))))
  setdiff(names[nzchar(names)], "R")
}
wanted <- if (kind == "package") {
  # DataSHIELD's packages ask for a newer R than Debian 12 has, and for much else: tools/datashield.sh.
  setdiff(field("Depends", "Imports", "LinkingTo", "Suggests"), c("DSI", "DSLite", "resourcer", "R6", "future.batchtools"))
} else {
  field(paste0("Config/Needs/", kind))
}
found <- nzchar(vapply(wanted, function(p) system.file(package = p), ""))
writeLines(wanted[!found])
