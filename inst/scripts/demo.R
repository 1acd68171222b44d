# The main job on real genotypes: a cohort with a known effect, simulated on the
# HGDP panel, is written to PLINK and phenotype files, read back and analysed.
#   Rscript demo.R <folder>
library(LatentMR)

folder <- c(commandArgs(TRUE), "demo")[1]
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
prefix <- file.path(folder, "cohort")
truth <- simulate_cohort("hgdp",
  n = 2000, sites = 8, variants = 100, background = 1000, effect = 0.3, missing = 0.01, prefix = prefix, seed = 1
)$truth

data <- read_mr_data(prefix, paste0(prefix, ".pheno.tsv"),
  exposure = "exposure", outcome = "outcome", environment = "site", covariates = c("age", "sex"),
  instruments = readLines(paste0(prefix, ".instruments.txt")), background = "others"
)
fit <- latent_mr(data, seed = 1)
print(fit)

result <- as.data.frame(fit)
effects <- result[result$environment == "pooled", ]
cat("\nThe simulated effect of the exposure is ", truth$effect, ". Beside it:\n", sep = "")
print(data.frame(
  estimator = effects$estimator, estimate = round(effects$b, 3), se = round(effects$se, 3),
  error = round(effects$b - truth$effect, 3),
  interval = sprintf("%.2f to %.2f", effects$lo_ci, effects$up_ci),
  covers = ifelse(effects$lo_ci <= truth$effect & truth$effect <= effects$up_ci, "yes", "no"),
  headline = ifelse(effects$estimator == fit$headline, "<-", "")
), row.names = FALSE, right = FALSE)

# Written beside their places and renamed, so that nobody finds half a file.
into_place <- function(name, write) {
  aside <- file.path(folder, paste0("new-", name))
  write(aside)
  stopifnot(file.rename(aside, file.path(folder, name)))
}
into_place("result.csv", function(path) utils::write.csv(result, path, row.names = FALSE))
forest <- plot(fit) +
  ggplot2::geom_vline(xintercept = truth$effect, colour = "firebrick") +
  ggplot2::labs(subtitle = sprintf("Red: the simulated effect, %s", format(truth$effect)))
into_place("forest.png", function(path) ggplot2::ggsave(path, forest, width = 8, height = 7.5, dpi = 150))
curve <- iv_curve(fit, data, seed = 1)
written <- c("result.csv", "forest.png", "cohort.bed", "cohort.pheno.tsv")
made <- tryCatch(
  {
    options(LatentMR.quiet = TRUE)
    report(fit, file.path(folder, "report.html"),
      data = data, curve = curve, question = "What is the effect of the exposure on the outcome in the simulated cohort?",
      code = c(
        "data <- read_mr_data(\"cohort\", \"cohort.pheno.tsv\",", "  exposure = \"exposure\", outcome = \"outcome\",",
        "  environment = \"site\", covariates = c(\"age\", \"sex\"),",
        "  instruments = readLines(\"cohort.instruments.txt\"), background = \"others\"", ")"
      )
    )
    "report.html"
  },
  latentmr_error_package = function(e) {
    cat("\nNo report:", conditionMessage(e), "\n")
    NULL
  }
)
cat("\nWritten: ", paste(file.path(folder, c(made, written)), collapse = ", "), "\n", sep = "")
