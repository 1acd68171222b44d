# Brings README.md up to date with the installed package: the output of its example,
# the picture (man/figures/README-forest.png) and the table of benchmarks, from
# bench/results. Run by `make docs`.
suppressPackageStartupMessages(library(LatentMR))
options(LatentMR.quiet = TRUE, width = 100)
readme <- readLines("README.md", encoding = "UTF-8")

between <- function(lines, name, new) {
  at <- match(sprintf(c("<!-- %s -->", "<!-- end of %s -->"), name), lines)
  stopifnot(!anyNA(at))
  c(lines[seq_len(at[1])], new, lines[at[2]:length(lines)])
}

# ---- the example and its picture ----
at <- match("<!-- example -->", readme)
fence <- which(startsWith(readme, "```"))
fence <- fence[fence > at][1:2]
code <- parse(text = readme[(fence[1] + 1):(fence[2] - 1)])
home <- setwd(tempdir())
output <- capture.output(for (line in code) {
  value <- withVisible(suppressWarnings(eval(line, globalenv())))
  if (value$visible) print(value$value)
})
setwd(home)
readme <- between(readme, "output", c("```text", trimws(output, "right"), "```"))

dir.create("man/figures", showWarnings = FALSE)
picture <- plot(fit) +
  ggplot2::geom_vline(xintercept = 0.3, colour = "#b2182b", linetype = "longdash") +
  ggplot2::labs(subtitle = "Red line: the simulated effect, 0.3")
ggplot2::ggsave("man/figures/README-forest.png", picture, width = 7.5, height = 5.4, dpi = 96)

# ---- benchmarks ----
index <- read.csv("bench/results/index.csv", colClasses = "character")
result <- function(file) {
  out <- read.csv(file.path("bench/results", file), colClasses = "character")
  out[] <- lapply(out, function(x) type.convert(trimws(x), as.is = TRUE))
  out
}
row <- function(file, what, here, other) {
  at <- match(file, index$file)
  sprintf("| %s | %s | %s | `%s`, %s (%s) |", what, here, other, index$command[at], index$date[at], index$commit[at])
}
rows <- c(
  with(result("snp-panels.csv"), {
    plain <- headline & grepl("^plain", id) & mode == "panel"
    row("snp-panels.csv", "RMSE in 16 structured cohorts, over the better 2SLS of adjusting for sites or for sites and 10 components",
      sprintf("%.2f on average, %.2f at worst; coverage %.1f %%", mean(ratio[plain]), max(ratio[plain]), 100 * mean(coverage[plain])), "1 is the better of the two")
  }),
  with(result("trust-summary.csv"), {
    against <- function(mine, other, what, name) {
      at <- which(first == mine & over == other)
      row("trust-summary.csv", sprintf("RMSE in %d designs made without the package (%d data sets), %s", cells[at], draws[at], what),
        sprintf("%.2f (%.2f to %.2f); coverage %.0f %%", rmse_ratio[at], ratio_lo[at], ratio_up[at], 100 * coverage[at]),
        sprintf("1 is %s; coverage %.0f %%", name, 100 * other_coverage[at]))
    }
    c(
      against("panel:headline", "liml_panel_pc", "instruments alone", "LIML with sites and 10 components of the instruments"),
      against("background:headline", "ujive_genome_pc_with", "background variants given", "UJIVE with sites and 10 components of background and instruments")
    )
  }),
  with(result("iv.csv"), row("iv.csv", sprintf("2SLS, HC1 and diagnostics, %s rows, 50 instruments", format(n[1], big.mark = ",", scientific = FALSE)),
    sprintf("%.2f s (`iv_fit`)", seconds[what == "2sls, HC1" & who == "iv_fit"]),
    sprintf("fixest %.1f s, ivreg %.0f s", seconds[what == "2sls, HC1" & who == "fixest"], seconds[what == "2sls, HC1" & who == "ivreg"]))),
  with(result("weak-iv-speed.csv"), row("weak-iv-speed.csv", "LIML, Fuller, AR and CLR sets, 100,000 rows",
    sprintf("%.2f s", seconds[who == "LatentMR"]), sprintf("ivmodel %.0f s", seconds[who == "ivmodel"]))),
  with(result("bed-read.csv"), row("bed-read.csv", "50,000 x 1,000 genotypes from a bed file",
    sprintf("%.2f s", elapsed[reader == "LatentMR, integer"]),
    sprintf("pgenlibr %.2f s, BEDMatrix %.2f s", elapsed[reader == "pgenlibr, integer"], elapsed[reader == "BEDMatrix, integer"]))),
  with(result("moments.csv"), row("moments.csv", "All cross products of 500,000 people x 1,000 variants, 40 blocks",
    sprintf("%.1f s", seconds[job == "biobank" & what == "mr_moments"]), {
      peer <- seconds[job == "biobank" & grepl("OpenBLAS", what)]
      if (length(peer)) sprintf("one crossproduct by OpenBLAS %.0f s", peer) else "none"
    })),
  with(result("kernel-speed.csv"), row("kernel-speed.csv", "HSIC test, 2,000 people, 200 permutations",
    sprintf("%.2f s", seconds[n == 2000 & d == 1 & what == "200 permutations"]),
    sprintf("dHSIC %.0f s", dHSIC[n == 2000 & d == 1 & what == "200 permutations"])))
)
readme <- between(readme, "benchmarks", c("| what | LatentMR | others | command, date (commit) |", "|:--|:--|:--|:--|", rows))
writeLines(readme, "README.md", useBytes = TRUE)
