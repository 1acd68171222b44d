# latent_mr() from rows of people: all default estimators, with errors that allow for
# heteroskedasticity and UJIVE. Processor seconds of one core and the peak of memory.
#
#   Rscript bench/bench-rows.R            all four designs
#   Rscript bench/bench-rows.R wide deep  these
#
#   flagship  500,000 people x 1,000 variants in a bed file, 4 environments
#   wide      3,127 people x 1,599 variants in a bed file, 7 environments
#   deep      100,000 people x 400 variants in a bed file, 4 environments
#   dense     200,000 people x 200 imputed dosages in memory, 4 environments
#
# Each design runs in a process of its own. `peak` is what the process took at most while
# latent_mr() ran (VmHWM after a reset; "" where the system does not say), `before` what it
# held when that started, `data` the size of the instruments as they are given.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)

designs <- list(
  flagship = list(n = 500000L, p = 1000L, environments = 4L, kind = "genotype"),
  wide = list(n = 3127L, p = 1599L, environments = 7L, kind = "genotype"),
  deep = list(n = 100000L, p = 400L, environments = 4L, kind = "genotype"),
  dense = list(n = 200000L, p = 200L, environments = 4L, kind = "dosage")
)

# Megabytes from /proc/self/status.
memory_field <- function(name) {
  status <- "/proc/self/status"
  if (!file.exists(status)) return(NA_real_)
  line <- grep(paste0("^", name, ":"), readLines(status), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
reset_peak <- function() try(suppressWarnings(cat("5", file = "/proc/self/clear_refs")), silent = TRUE)

# Ancestry moves the variants between environments and the outcome; the errors of both
# stages grow with it.
draw_people <- function(n, environments) {
  environment <- rep_len(seq_len(environments), n)
  ancestry <- stats::rnorm(n) + environment / 2
  list(environment = paste0("e", environment), ancestry = ancestry)
}

draw_variant <- function(people) {
  stats::rbinom(length(people$ancestry), 2L, stats::plogis(stats::rnorm(1) + stats::rnorm(1, 0, .15) * people$ancestry))
}

draw_traits <- function(people, score) {
  n <- length(score)
  spread <- .5 + abs(people$ancestry) / 2
  x <- score + people$ancestry / 2 + stats::rnorm(n) * spread
  list(x = x, y = .3 * x - people$ancestry / 2 + stats::rnorm(n) * spread)
}

# Two bits a genotype, variant after variant, 1 % of calls missing.
write_bed <- function(prefix, n, p, people) {
  codes <- c(3L, 2L, 0L)
  effect <- stats::rnorm(p, 0, .3 / sqrt(p))
  score <- numeric(n)
  bed <- file(paste0(prefix, ".bed"), "wb")
  on.exit(close(bed))
  writeBin(as.raw(c(0x6c, 0x1b, 0x01)), bed)
  padding <- -n %% 4L
  for (v in seq_len(p)) {
    g <- draw_variant(people)
    score <- score + g * effect[v]
    code <- codes[g + 1L]
    code[stats::runif(n) < .01] <- 1L
    four <- matrix(c(code, integer(padding)), 4)
    writeBin(as.raw(four[1, ] + 4L * four[2, ] + 16L * four[3, ] + 64L * four[4, ]), bed)
  }
  utils::write.table(data.frame(1, paste0("rs", seq_len(p)), 0, seq_len(p) * 100000L, "A", "G"), paste0(prefix, ".bim"),
                     quote = FALSE, row.names = FALSE, col.names = FALSE, sep = "\t")
  utils::write.table(data.frame(seq_len(n), seq_len(n), 0, 0, 0, -9), paste0(prefix, ".fam"),
                     quote = FALSE, row.names = FALSE, col.names = FALSE, sep = "\t")
  score
}

make_data <- function(design) {
  set.seed(1)
  people <- draw_people(design$n, design$environments)
  covariates <- cbind(age = stats::rnorm(design$n), sex = stats::rbinom(design$n, 1L, .5))
  if (design$kind == "genotype") {
    prefix <- file.path(Sys.getenv("BENCH_FOLDER", tempdir()), sprintf("rows-%d-%d", design$n, design$p))
    score <- write_bed(prefix, design$n, design$p, people)
    z <- read_plink(prefix)
  } else {
    z <- matrix(0, design$n, design$p)
    for (v in seq_len(design$p)) {
      g <- draw_variant(people)
      z[, v] <- pmin(pmax(g + round(stats::runif(design$n, -.2, .2), 3), 0), 2)
    }
    score <- drop(z %*% stats::rnorm(design$p, 0, .3 / sqrt(design$p)))
  }
  traits <- draw_traits(people, score)
  ids <- if (design$kind == "genotype") as.character(seq_len(design$n))
  suppressWarnings(mr_data(z, traits$x, traits$y, people$environment, covariates, kind = design$kind, ids = ids))
}

run <- function(name) {
  design <- designs[[name]]
  data <- make_data(design)
  gc()
  before <- memory_field("VmRSS")
  reset_peak()
  spent <- system.time(fit <- suppressWarnings(latent_mr(data, seed = 1)))
  peak <- memory_field("VmHWM")
  size <- design$n * design$p * if (design$kind == "genotype") .25 else 8
  estimates <- as.data.frame(fit)
  cat(sprintf(
    "%-9s %7d %6d %8.1f %9.0f %9.0f %8.0f %10s %d\n", name, design$n, design$p, spent[["user.self"]] + spent[["sys.self"]],
    before, peak, size / 1e6, fit$headline, sum(is.finite(estimates$b))
  ))
  invisible(fit)
}

asked <- commandArgs(TRUE)
if (!length(asked)) asked <- names(designs)
if (length(asked) == 1) {
  run(asked)
} else {
  cat(sprintf("%-9s %7s %6s %8s %9s %9s %8s %10s %s\n", "design", "people", "p", "cpu s", "before MB", "peak MB", "data MB", "headline", "estimates"))
  script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
  for (name in asked) system2(file.path(R.home("bin"), "Rscript"), c(script, name))
}
