# How long an interrupt may have to wait: the longest processor time between two questions
# whether to stop, over the whole of a call, from a library that is preloaded and counts
# them (bench/interrupt_gap.c; Linux). p variants, 2,000 people, 2 environments.
#   Rscript bench/bench-interrupt.R [p ...]      (installed package; p = 5000 takes minutes)
# Writes bench/results/interrupt.csv: processor seconds of the call, and the longest wait.
sizes <- as.integer(commandArgs(TRUE))
if (!length(sizes)) sizes <- c(500L, 1500L, 5000L)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
library <- tempfile(fileext = ".so")
stopifnot(system2("cc", c("-shared", "-fPIC", "-O1", "-o", library, file.path(here, "interrupt_gap.c"), "-ldl")) == 0)

stages <- c(
  "mr_data" = "data <- mr_data(x, exposure = y + rnorm(n), outcome = y, environment = e)",
  "mr_moments" = "moments <- mr_moments(data, folds = 2, seed = 1, disclosure = FALSE)",
  "learn_instruments" = "encoder <- learn_instruments(moments, seed = 1)",
  "latent_mr" = "fit <- latent_mr(moments, seed = 1)",
  "latent_mr of people" = "fit <- latent_mr(data, seed = 1)"
)

one <- function(p, stage) {
  gap <- tempfile()
  before <- stages[seq_len(match(stage, names(stages)) - 1)]
  before <- before[names(before) %in% c("mr_data", "mr_moments")]
  script <- tempfile(fileext = ".R")
  writeLines(c(
    "suppressMessages(library(LatentMR)); options(LatentMR.quiet = TRUE); set.seed(1)",
    sprintf("n <- 2000; p <- %d; y <- rnorm(n); e <- rep(c('a', 'b'), n / 2)", p),
    "x <- matrix(rbinom(n * p, 2, .3), n, dimnames = list(NULL, paste0('rs', seq_len(p))))",
    sprintf("suppressWarnings({ %s })", before),
    sprintf("invisible(file.create('%s.reset')); start <- proc.time()", gap),
    sprintf("suppressWarnings({ %s })", stages[[stage]]),
    "cat(sum((proc.time() - start)[1:2]))"
  ), script)
  seconds <- system2(
    file.path(R.home("bin"), "Rscript"), script, stdout = TRUE, stderr = FALSE,
    env = c(paste0("LD_PRELOAD=", library), paste0("GAP_FILE=", gap), "OMP_NUM_THREADS=1")
  )
  data.frame(p = p, call = stage, seconds = as.numeric(seconds), longest = scan(gap, quiet = TRUE))
}

grid <- expand.grid(stage = names(stages), p = sizes, stringsAsFactors = FALSE)
table <- do.call(rbind, Map(one, grid$p, grid$stage))
print(table, digits = 2)
if (dir.exists("bench/results")) {
  utils::write.csv(format(table, digits = 2), "bench/results/interrupt.csv", row.names = FALSE)
}
