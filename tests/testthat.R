library(testthat)
library(LatentMR)

test_check("LatentMR")
