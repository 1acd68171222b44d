# Two acts with a known effect. First the main job on real genotypes: a cohort simulated on the HGDP panel
# is written to PLINK and phenotype files, read back and analysed. Then siblings whose parents act on them,
# which no comparison of environments shows.
#   Rscript demo.R <folder>
library(LatentMR)

# Most of the code runs once or twice: compiling it would take longer than it saves.
invisible(compiler::enableJIT(0))

folder <- c(commandArgs(TRUE), "demo")[1]
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
prefix <- file.path(folder, "cohort")
truth <- simulate_cohort("hgdp",
  n = 800, sites = 8, variants = 250, background = 1000, effect = 0.3, h2 = 0.8, confounding = 0.7, individual = 2,
  missing = 0.01, prefix = prefix, seed = 5
)$truth

data <- read_mr_data(prefix, paste0(prefix, ".pheno.tsv"),
  exposure = "exposure", outcome = "outcome", environment = "site", covariates = c("age", "sex"),
  instruments = readLines(paste0(prefix, ".instruments.txt")), background = "others"
)
fit <- latent_mr(data, seed = 1)
print(fit)

beside_truth <- function(fit, effect) {
  rows <- as.data.frame(fit)
  cat("\nThe simulated effect of the exposure is ", effect, ". Beside it:\n", sep = "")
  print(data.frame(
    estimator = rows$estimator, estimate = round(rows$b, 3), se = round(rows$se, 3), error = round(rows$b - effect, 3),
    interval = sprintf("%.2f to %.2f", rows$lo_ci, rows$up_ci),
    covers = ifelse(rows$lo_ci <= effect & effect <= rows$up_ci, "yes", "no"),
    headline = ifelse(rows$estimator == fit$headline, "<-", "")
  ), row.names = FALSE, right = FALSE)
}
beside_truth(fit, truth$effect)
cat(
  "\nStructure biases the first two. Components take it out and leave the bias of 2SLS with many weak variants,\n",
  "which LIML and UJIVE have not.\n", sep = ""
)
result <- as.data.frame(fit, environments = TRUE)

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
written <- c("result.csv", "forest.png", "cohort.bed", "cohort.pheno.tsv")
made <- tryCatch(
  {
    options(LatentMR.quiet = TRUE)
    report(fit, file.path(folder, "report.html"),
      data = data, question = "What is the effect of the exposure on the outcome in the simulated cohort?",
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

# ---- second act ----
cat("\nSecond act: 1,200 pairs of siblings. What their parents do for them acts on the outcome.\n\n")
set.seed(1)
families <- 1200
frequency <- matrix(stats::runif(8 * 60, .2, .8), 8)[rep(1:8, each = families / 8), ]
parent <- function() matrix(stats::rbinom(length(frequency), 2, frequency), families)
pass <- function(g) matrix(stats::rbinom(length(g), 1, g / 2), families)
father <- parent()
mother <- parent()
strength <- stats::rnorm(60, 0, .2)
home <- drop(scale((father + mother) %*% strength, scale = FALSE))
sibling <- function() {
  g <- pass(father) + pass(mother)
  exposure <- drop(g %*% strength) + .5 * home + stats::rnorm(families)
  list(g = g, exposure = exposure, outcome = .3 * exposure + .6 * home + stats::rnorm(families))
}
pair <- list(sibling(), sibling())
siblings <- mr_data(rbind(pair[[1]]$g, pair[[2]]$g), c(pair[[1]]$exposure, pair[[2]]$exposure),
  c(pair[[1]]$outcome, pair[[2]]$outcome),
  environment = rep(rep(paste0("site", 1:8), each = families / 8), 2),
  family = rep(seq_len(families), 2), ids = paste0("id", seq_len(2 * families)), kind = "genotype"
)
fit <- latent_mr(siblings, seed = 1)
print(fit)
beside_truth(fit, .3)
cat("\nParents give genes and a home: every comparison between families is biased alike, siblings are not.\n")

cat("\nWritten: ", paste(file.path(folder, c(made, written)), collapse = ", "), "\n", sep = "")
