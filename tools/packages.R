# Installs packages from R's configured mirror (the public one when none is set).
repos <- getOption("repos")
repos[repos == "@CRAN@"] <- "https://cloud.r-project.org"
library <- system2(file.path(R.home("bin"), "Rscript"), "tools/library.R", stdout = TRUE)
utils::install.packages(
  commandArgs(TRUE), lib = library, repos = repos, Ncpus = parallel::detectCores(), quiet = TRUE
)
