# The example of the README for several seeds: does the 95 % interval of the adjusted 2SLS row and of the first line
# hold the simulated effect, and does Hansen's J object?
#
#   Rscript bench/bench-readme.R [seeds]     6
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
seeds <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 6L
lines <- readLines("README.md", encoding = "UTF-8")
fence <- which(startsWith(lines, "```"))
fence <- fence[fence > match("<!-- example -->", lines)][1:2]
code <- parse(text = lines[(fence[1] + 1):(fence[2] - 1)])
# Of the example: cohort, data, fit. Its own seed is replaced.
with_seed <- function(call, seed) {
  if (is.call(call)) {
    if (identical(call[[1]], quote(simulate_cohort))) call$seed <- seed
    call[] <- lapply(call, with_seed, seed)
  }
  call
}
home <- setwd(tempdir())
rows <- lapply(seq_len(seeds), function(seed) {
  here <- new.env()
  for (line in code[2:4]) suppressWarnings(eval(with_seed(line, seed), here))
  e <- as.data.frame(here$fit)
  holds <- e$lo_ci <= here$truth$effect & here$truth$effect <= e$up_ci
  at <- match(c("2sls_structure", here$fit$headline), e$estimator)
  data.frame(
    seed = seed, adjusted = signif(e$b[at[1]], 3), adjusted_holds = holds[at[1]], headline = signif(e$b[at[2]], 3),
    headline_holds = holds[at[2]], hansen_p = signif(here$fit$diagnostics$hansen$pval, 2)
  )
})
setwd(home)
table <- do.call(rbind, rows)
print(table, row.names = FALSE)
write.csv(table, "bench/results/readme.csv", row.names = FALSE)
