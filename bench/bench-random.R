# Seconds and memory of random effects (background variants and clusters together) by the number of people.
#
#   Rscript bench/bench-random.R               1,000 and 2,000 people
#   Rscript bench/bench-random.R 5000 10000    as many
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE, LatentMR.memory = "16GB")
for (file in list.files("bench/designs", "[.]R$", full.names = TRUE)) source(file)

# The most memory that this process ever held, in GB.
peak <- function() {
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  if (length(line)) as.numeric(gsub("[^0-9]", "", line)) / 1024^2 else NA
}

sizes <- as.integer(commandArgs(TRUE))
if (!length(sizes)) sizes <- c(1000L, 2000L)
table <- do.call(rbind, lapply(sizes, function(n) {
  set.seed(1)
  d <- relatives(families = n / 4, background = 1500)
  data <- suppressWarnings(mr_data(
    d$genotypes, d$exposure, d$outcome, d$environment, ids = d$ids, background = d$background, cluster = d$family
  ))
  seconds <- system.time(fit <- suppressWarnings(latent_mr(
    data, methods = "mixed_ujive", random = c("background", "cluster"), by_environment = FALSE, seed = 1
  )))
  v <- fit$random$variance / sum(fit$random$variance)
  data.frame(
    people = n, seconds = round(sum(seconds[1:2]), 1), peak_gb = round(peak(), 2), relatives = round(v[["background"]], 2),
    clusters = round(v[["cluster"]], 2), b = signif(fit$estimates$mixed_ujive$b, 3), se = signif(fit$estimates$mixed_ujive$se, 2)
  )
}))
write.csv(table, "bench/results/random.csv", row.names = FALSE)
print(table, row.names = FALSE)
