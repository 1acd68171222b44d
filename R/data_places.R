# Integer codes, or NULL when chromosomes are not known for every variant (0 and
# NA stand for unknown in PLINK's bim).
chromosome_codes <- function(variants) {
  chr <- plain_chromosome(variants$chr)
  if (!length(chr) || anyNA(chr) || any(chr %in% c("0", "", "NA"))) return(NULL)
  as.integer(factor(chr))
}

# Base pairs; 0 stands for unknown in PLINK's bim.
variant_positions <- function(variants) {
  position <- as.double(variants$pos)
  if (length(position) != nrow(variants)) return(NULL)
  ifelse(is.finite(position) & position > 0, position, NaN)
}

block_codes <- function(block) if (!is.null(block)) as.integer(factor(block, unique(block)))

# Window of near pairs, and the r^2 above which near and far pairs count as linked.
linkage_limits <- function(p, n, control) {
  by_chance <- stats::qchisq(1 - .01 / max(choose(p, 2), 1), 1) / n
  c(control$ld_window, by_chance, max(control$r2_min, by_chance))
}
