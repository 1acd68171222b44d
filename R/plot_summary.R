# The picture of summary_mr().

#' Plot of estimates from two tables of associations
#'
#' Associations of the variants with outcome and exposure, and the slope of each estimator; a panel for each
#' environment.
#'
#' @param x A result of [summary_mr()].
#' @param ... Nothing: an argument without a use is an error.
#' @return A `ggplot`; its `data` is what is drawn.
#' @section Errors: `latentmr_error_package_missing` without ggplot2.
#' @examples
#' lipids <- system.file("extdata", "lipids.tsv", package = "LatentMR")
#' ldl <- read_gwas(lipids, trait = "LDL cholesterol", columns = c(beta = "ldl_beta", se = "ldl_se"))
#' chd <- read_gwas(lipids, trait = "coronary disease", columns = c(beta = "chd_beta", se = "chd_se"),
#'                  scale = "log odds ratio")
#' plot(summary_mr(ldl, chd, action = 1, seed = 1))
#' @export
plot.summary_mr <- function(x, ...) {
  check_dots(...)
  h <- attr(x, "harmonised")
  rows <- as.data.frame(x)
  if (is.null(h) || is.null(rows$egger_intercept)) {
    abort_argument("x", "a whole result of summary_mr()", "part of one", "Give it as summary_mr() made it.")
  }
  h <- h[h$mr_keep, ]
  turn <- ifelse(h$beta.exposure < 0, -1, 1)
  place <- rows$environment[match(h$id.exposure, rows$id.exposure)]
  data <- data.frame(
    SNP = h$SNP, bx = turn * h$beta.exposure, bx_se = h$se.exposure, by = turn * h$beta.outcome, by_se = h$se.outcome,
    environment = place
  )
  lines <- data.frame(
    method = factor(rows$method, unique(rows$method)), slope = rows$b,
    intercept = ifelse(is.na(rows$egger_intercept), 0, rows$egger_intercept), environment = rows$environment
  )
  per <- c("per allele", paste(if (isTRUE(is_ratio(rows$scale[1]))) rows$scale[1], "per allele"))
  plot <- scatter_picture(data, lines[is.finite(lines$slope), ], rows$exposure[1], rows$outcome[1], trimws(per), "")
  if (length(unique(rows$environment)) > 1) plot + ggplot2::facet_wrap("environment", scales = "free") else plot
}
