# The package is installed without byte code (DESCRIPTION: 1.4 MB of it), but for the functions
# named in R/zzz.R: those that R itself would compile, at their second call, during the first fit
# of a session. Prints those that it compiles there and that are not named.
#   Rscript tools/compiled.R      (installed package)
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
home <- asNamespace("LatentMR")
compiler <- asNamespace("compiler")
seen <- list()
compile <- compiler$tryCmpfun
unlockBinding("tryCmpfun", compiler)
assign("tryCmpfun", function(f) {
  if (identical(environment(f), home)) seen[[length(seen) + 1L]] <<- body(f)
  compile(f)
}, compiler)
fit <- function(data) suppressWarnings(latent_mr(data, seed = 1))
invisible(capture.output({
  print(fit(simulate_mr("snp", cell = 3, n = 2000, seed = 1)))
  print(fit(simulate_mr("authors", environments = 3, n = 2000, seed = 1)))
}))
functions <- Filter(is.function, mget(ls(home, all.names = TRUE), home))
found <- vapply(seen, function(code) names(which(vapply(functions, function(f) identical(body(f), code), NA)))[1], "")
writeLines(setdiff(sort(unique(found)), home$compiled))
