# Scans: seconds a pair, and the ratio to a loop over two-stage least squares on some of the pairs.
#
#   Rscript bench/bench-scan.R          the designs at full size (some hours, 16 GB)
#   Rscript bench/bench-scan.R 100      each at a hundredth: a tenth of the people, a tenth of the traits
#
# outcomes   1,000 outcomes, 1 exposure, 500,000 people, 400 variants, 4 environments; 5 % of the values of an outcome
#            are missing, in 20 patterns that outcomes share
# exposures  3,000 exposures with 20 variants each, 1 outcome, 50,000 people, 4 environments
# The loop: ivreg (of AER or ivreg) with environments as covariates on 10 pairs; complete cases, one fit a pair, genotypes
# already decoded in memory. It knows no encoder, no structure and no tests but its own.
# Writes bench/results/scan.csv (or RESULTS/scan.csv): design, size, what, seconds, pairs, seconds a pair, memory.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE)
arguments <- commandArgs(TRUE)
part <- sqrt(if (length(arguments)) as.numeric(arguments[1]) else 1)
out <- file.path(Sys.getenv("RESULTS", "bench/results"), "scan.csv")
ivreg <- if (requireNamespace("ivreg", quietly = TRUE)) {
  ivreg::ivreg
} else if (requireNamespace("AER", quietly = TRUE)) {
  AER::ivreg
}
methods <- c("latent_2sls", "latent_liml", "latent_nagar")
rows <- list()
note <- function(design, n, p, what, pairs, run) {
  gc(reset = TRUE)
  time <- system.time(value <- run())
  memory <- sum(gc()[, 6])
  rows[[length(rows) + 1]] <<- data.frame(
    design = design, people = n, variants = p, what = what, pairs = pairs, seconds = round(sum(time[1:2]), 2),
    per_pair = signif(sum(time[1:2]) / pairs, 3), peak_MB = round(memory)
  )
  print(rows[[length(rows)]], row.names = FALSE)
  invisible(value)
}

# Genotypes of structured people, written set after set: prefixes of PLINK files.
write_sets <- function(n, p, sets, environment, ancestry) {
  vapply(seq_len(sets), function(k) {
    prefix <- file.path(tempdir(), sprintf("scan-%d-%d-%d", n, p, k))
    f <- stats::runif(p, .1, .5)
    g <- vapply(seq_len(p), function(j) {
      stats::rbinom(n, 2, stats::plogis(stats::qlogis(f[j]) + .1 * stats::rnorm(1) * ancestry)) + 0
    }, numeric(n))
    variants <- data.frame(
      snp = sprintf("rs%d", (k - 1) * p + seq_len(p)), chr = (seq_len(p) - 1) %% 22 + 1, pos = 2e6 * seq_len(p), effect_allele = "A", other_allele = "G"
    )
    LatentMR:::write_plink(prefix, g, variants)
    prefix
  }, "")
}

# ---- many outcomes ----
set.seed(1)
n <- round(500000 / part)
p <- 400
count <- round(1000 / part)
environment <- factor(sample(letters[1:4], n, TRUE))
ancestry <- stats::rnorm(n) + (environment == "b")
data <- mr_data(
  read_plink(write_sets(n, p, 1, environment, ancestry)), exposure = stats::rnorm(n), outcome = stats::rnorm(n),
  environment = environment, ids = sprintf("id%d", seq_len(n))
)
decode <- function(data, cols) LatentMR:::mr_genotypes(data, cols)
exposure <- ancestry + stats::rnorm(n)
for (from in seq(1, p, 100)) exposure <- exposure + drop(decode(data, from + 0:99) %*% stats::rnorm(100, .03, .03))
patterns <- lapply(1:20, function(k) sample(n, n * .05))
outcomes <- vapply(seq_len(count), function(j) {
  y <- .1 * (j %% 2) * exposure + ancestry + stats::rnorm(n)
  y[patterns[[(j - 1) %% 20 + 1]]] <- NA
  y
}, numeric(n))
colnames(outcomes) <- sprintf("y%d", seq_len(count))
exposures <- cbind(x = exposure)
scan <- note("outcomes", n, p, "latent_scan()", count, function() {
  latent_scan(data, outcomes, exposures, methods = methods, seed = 1)
})
note("outcomes", n, p, "latent_scan(), all estimators of moments", count, function() {
  latent_scan(data, outcomes, exposures, seed = 1)
})
if (!is.null(ivreg)) {
  g <- decode(data, seq_len(p))
  some <- seq_len(min(count, 10))
  note("outcomes", n, p, "loop over ivreg", length(some), function() {
    for (j in some) summary(ivreg(outcomes[, j] ~ exposure + environment | g + environment))
  })
  rm(g)
}
print(table(objections = nchar(scan$objections) > 0, holm = scan$p_holm < .05))

# ---- many exposures, each with its own variants ----
n <- round(50000 / part)
count <- round(3000 / part)
sets <- max(1, round(22 / part))
each <- ceiling(count / sets)
count <- each * sets
environment <- factor(sample(letters[1:4], n, TRUE))
ancestry <- stats::rnorm(n) + (environment == "b")
data <- mr_data(
  read_plink(write_sets(n, 20 * each, sets, environment, ancestry)), exposure = stats::rnorm(n),
  outcome = stats::rnorm(n), environment = environment, ids = sprintf("id%d", seq_len(n)), structure = cbind(pc = ancestry + stats::rnorm(n, 0, .1))
)
own <- split(data$variants$snp, (seq_len(nrow(data$variants)) - 1) %/% 20)
names(own) <- sprintf("x%d", seq_along(own))
exposures <- vapply(own, function(v) {
  drop(decode(data, match(v, data$variants$snp)) %*% stats::rnorm(length(v), .1, .05)) + .5 * ancestry + stats::rnorm(n)
}, numeric(n))
outcome <- cbind(y = .2 * exposures[, 1] + ancestry + stats::rnorm(n))
scan <- note("exposures", n, 20, "latent_scan()", length(own), function() {
  latent_scan(data, outcome, exposures, instruments = own, methods = methods, seed = 1)
})
note("exposures", n, 20, "latent_scan(rows = TRUE), UJIVE", min(length(own), 10), function() {
  some <- names(own)[seq_len(min(length(own), 10))]
  latent_scan(data, outcome, exposures[, some, drop = FALSE], instruments = own, rows = TRUE, seed = 1,
              methods = c("latent_2sls", "latent_liml", "latent_ujive"))
})
if (!is.null(ivreg)) {
  some <- seq_len(min(length(own), 10))
  g <- lapply(own[some], function(v) decode(data, match(v, data$variants$snp)))
  note("exposures", n, 20, "loop over ivreg", length(some), function() {
    for (j in some) summary(ivreg(outcome ~ exposures[, j] + environment | g[[j]] + environment))
  })
}
table <- do.call(rbind, rows)
base <- with(table[table$what == "loop over ivreg", ], stats::setNames(per_pair, design))
table$ratio_to_loop <- signif(unname(base[table$design]) / table$per_pair, 3)
print(table, row.names = FALSE)
utils::write.csv(table, out, row.names = FALSE)
