# The whole of bench/curves.R (hours); `Rscript bench/curves.R table` prints what there is.
source("bench/curves.R")
