# How many mutations of a file or an object a test tries: few here; LATENTMR_MUTATIONS=10000, as `make campaign`
# sets it, asks for many.
mutations <- function(usual) as.integer(Sys.getenv("LATENTMR_MUTATIONS", usual))
